"""JUnit XML from the result model: one testsuite for each exercise, one testcase for each check."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

from grader.report.atomic import write_text
from grader.report.literals import safe
from grader.report.plain_text import told
from grader.report.result import CheckResult, ExerciseResult, Result

# How a status is told in JUnit's words; only our own fault is an error.
_ELEMENTS = {
    "failed": "failure",
    "crashed": "failure",
    "hung": "failure",
    "not_run": "skipped",
    "grader_error": "error",
}


def write(result: Result, path: Path) -> None:
    """Write the result as JUnit XML to `path`, in one step."""
    root = to_xml(result)
    ET.indent(root)
    write_text(path, f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n')


def to_xml(result: Result) -> ET.Element:
    """The `testsuites` element."""
    root = ET.Element("testsuites", _counts(check for exercise in result.exercises for check in exercise.checks))
    root.set("name", safe(result.submission))
    root.set("time", f"{result.seconds:.3f}")
    root.extend(_suite(exercise) for exercise in result.exercises)
    return root


def _counts(checks: Iterable[CheckResult]) -> dict[str, str]:
    """`tests`, `failures`, `errors` and `skipped`, as attributes."""
    found = [_ELEMENTS.get(check.status, "") for check in checks]
    numbers = {
        "tests": len(found),
        "failures": found.count("failure"),
        "errors": found.count("error"),
        "skipped": found.count("skipped"),
    }
    return {name: str(number) for name, number in numbers.items()}


def _suite(exercise: ExerciseResult) -> ET.Element:
    suite = ET.Element("testsuite", {"name": exercise.name, **_counts(exercise.checks)})
    suite.set("time", f"{sum(check.seconds for check in exercise.checks):.3f}")
    suite.append(_properties(exercise.score, exercise.max_score))
    suite.extend(_case(exercise, check) for check in exercise.checks)
    return suite


def _case(exercise: ExerciseResult, check: CheckResult) -> ET.Element:
    case = ET.Element("testcase", {"classname": exercise.name, "name": check.name, "time": f"{check.seconds:.3f}"})
    case.append(_properties(check.score, check.max_score))
    element = _ELEMENTS.get(check.status)
    if element:
        message = safe(check.finding or check.claim)
        child = ET.SubElement(case, element, {"message": message, "type": check.status})
        child.text = "\n".join(safe(line) for line in told(check))
    return case


def _properties(score: int, max_score: int) -> ET.Element:
    properties = ET.Element("properties")
    ET.SubElement(properties, "property", {"name": "score", "value": str(score)})
    ET.SubElement(properties, "property", {"name": "max_score", "value": str(max_score)})
    return properties
