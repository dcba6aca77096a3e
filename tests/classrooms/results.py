"""Results that writers are tried on: every kind of failure, and hostile text wherever a learner's text can come in."""

from __future__ import annotations

import dataclasses

from grader.report.result import CheckResult, Evidence, ExerciseResult, Finding, Place, Result, Stand
from tests.report import examples

EVIL = (
    "::set-output name=x::1\n::error file=a.py::b\r\n::stop-commands::x %0A::notice::y `rm -rf` @everyone #1 | a | ]]> "
    "<script>alert(1)</script> <img src=x onerror=y> ![i](http://h/) [l](javascript:z) &lt; ~~~ \u202egnp.exe \u2028 "
    "\x1b[31m \x00 \ud800 EOF\nRUNNERS=stolen\n"
)


def hostile_check() -> CheckResult:
    """A check in which all that a learner's program can influence is `EVIL`, and long."""
    place = Place(file=EVIL, line=3, code=EVIL * 1000, function=EVIL)
    check = examples.check(
        "keeps_what_it_is_given",
        Finding(sentence=EVIL, expected=EVIL, arrived=EVIL * 100, caret=1, difference=EVIL),
        status="crashed",
        where=place,
    )
    evidence = Evidence(
        exception=EVIL, frames=(place, place), stdout_tail=EVIL, stderr_tail=EVIL, notes=(EVIL,), difference=EVIL,
        stands=(Stand(kind="waiting", place=place, call="recv", thread=EVIL),),
    )  # fmt: skip
    return dataclasses.replace(check, evidence=evidence)


def hostile_exercise() -> ExerciseResult:
    """An exercise with hostile text in its notes and checks."""
    return examples.exercise("echo_server", [examples.passed("is_there", 2), hostile_check()], notes=(EVIL,))


def hostile() -> Result:
    """A submission whose folder has a hostile name, too."""
    broken = dataclasses.replace(examples.broken(finding=EVIL), name="chat_client")
    return dataclasses.replace(examples.result(hostile_exercise(), broken), submission=EVIL)


ALL = {
    "everything": examples.everything(),
    "hostile": hostile(),
    "interrupted": dataclasses.replace(examples.everything(), complete=False),
    "perfect": examples.result(
        examples.exercise("echo_server", [examples.passed("a", 2), examples.passed("b")], status="passed")
    ),
}
