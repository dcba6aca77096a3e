"""What runs and what does not: `nox -s coverage`.

Every line and branch of a solution must be run by its grader: one that never runs is a promise nobody checks. Of the
harness and the reports, the project's tests must run 95 % of the branches.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coverage import Coverage, CoverageData

from grader.harness import launcher
from tests.proof import tracing
from tests.proof.grading import grade, job
from tests.proof.submissions import ROOT, find_submissions

if TYPE_CHECKING:
    from collections.abc import Sequence

HARNESS_BRANCHES = 95.0
# For other systems, and the checks themselves, of which `nox -s mutate` says more.
LEFT_OUT = {
    *(ROOT / "grader").glob("test_*.py"),
    *(ROOT / "grader/harness" / name for name in ("fence/macos.py", "fence/windows.py", "system/portable.py")),
}
# Attacks are tried where every file in /tmp is one that they have left.
FOLDER = "/var/tmp" if Path("/var/tmp").is_dir() else None
# Within a fence a process cannot write down what it ran, and waits for ever at its end for one that tries.
NOT_TRACED = "tests/fence/test_open.py::test_a_program_still[runs_threads_and_processes]"


@dataclass(frozen=True, kw_only=True)
class Covered:
    """One file: branches and lines that ran, and those that did not, in words."""

    name: str
    lines: int
    all_lines: int
    branches: int
    all_branches: int
    missing: str

    @property
    def whole(self) -> bool:
        """Whether everything ran."""
        return self.lines == self.all_lines and self.branches == self.all_branches


def solutions(exercises: Sequence[str]) -> list[Covered]:
    """What the graders make the solutions run."""
    chosen = [
        one for one in find_submissions() if one.kind == "solution" and (one.exercise in exercises or not exercises)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= tracing.prepare(folder)
        tracing.trace_launchers_if_asked()
        for submission in chosen:
            grade(job(submission))
        pairs = tracing.read(folder)
        del os.environ[tracing.VARIABLE]
        by_name = {Path(file).name: noted for file, noted in pairs.items()}
        data = CoverageData(str(folder / "data"))
        data.add_arcs({str(one.path): by_name.get(one.path.name, set()) for one in chosen})
        return _read(data, [one.path for one in chosen])


def harness(arguments: Sequence[str]) -> tuple[list[Covered], bool]:
    """What the project's tests make the rest run, and whether they passed.

    What runs inside a learner's process is traced in our own way.
    """
    traced = (launcher.INSIDE, launcher.INSIDE.with_name("fence"))
    # A process that ends late may still write down what it ran while the folder is removed.
    with tempfile.TemporaryDirectory(dir=FOLDER, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        environment = os.environ | tracing.prepare(folder, *traced) | {"COVERAGE_FILE": str(folder / "data")}
        command = [sys.executable, "-m", "coverage"]
        tests = subprocess.run([*command, "run", "-m", "pytest", *arguments], env=environment, cwd=ROOT, check=False)
        subprocess.run([*command, "combine", "--quiet"], env=environment, cwd=ROOT, check=True)
        data = CoverageData(str(folder / "data"))
        data.read()
        by_launchers = {Path(file): pairs for file, pairs in tracing.read(folder).items()}
        data.add_arcs({str(file): pairs for file, pairs in by_launchers.items() if file.parent in traced})
        files = [Path(file) for file in data.measured_files()]
        return _read(data, sorted(file for file in files if file not in LEFT_OUT)), tests.returncode == 0


def _read(data: CoverageData, files: Sequence[Path]) -> list[Covered]:
    data.write()
    coverage = Coverage(data_file=data.data_filename(), config_file=str(ROOT / "pyproject.toml"))
    coverage.set_option("run:source", None)
    coverage.load()
    report = Path(data.data_filename()).with_suffix(".json")
    coverage.json_report([str(file) for file in files], outfile=str(report))
    return [_covered(name, one) for name, one in json.loads(report.read_text())["files"].items()]


def _covered(name: str, one: dict[str, Any]) -> Covered:
    sums = one["summary"]
    branches = [f"{start}→{'exit' if end < 0 else end}" for start, end in one["missing_branches"]]
    return Covered(
        name=os.path.relpath(name, ROOT),
        lines=sums["covered_lines"],
        all_lines=sums["num_statements"],
        branches=sums["covered_branches"],
        all_branches=sums["num_branches"],
        missing=", ".join([*map(str, one["missing_lines"]), *branches]),
    )


def show(files: Sequence[Covered]) -> float:
    """Print a line for each file; the result is the percentage of branches that ran."""
    for file in files:
        print(f"{file.lines:5}/{file.all_lines:<5}{file.branches:5}/{file.all_branches:<5}{file.name}  {file.missing}")
    branches, every = sum(file.branches for file in files), sum(file.all_branches for file in files)
    return 100.0 * branches / every if every else 100.0


def main() -> int:
    """Measure both, or what is asked for; the result is the exit status."""
    parser = argparse.ArgumentParser(prog="nox -s coverage --", description="What graders and tests make run.")
    parser.add_argument("exercises", nargs="*", metavar="EXERCISE", help="only these solutions, and not the harness")
    parser.add_argument("--only", choices=("solutions", "harness"), help="only this half")
    options = parser.parse_args()
    good = True
    if options.only != "harness":
        files = solutions(options.exercises)
        print("lines      branches  solutions, as run by their graders")
        print(f"{show(files):.1f} % of branches, 100 wanted\n")
        good = bool(files) and all(file.whole for file in files)
    if options.only != "solutions" and not options.exercises:
        files, passed = harness(["-q", "-m", "not slow and not thorough", "--deselect", NOT_TRACED])
        print("lines      branches  harness and reports, as run by the tests")
        percentage = show(files)
        print(f"{percentage:.1f} % of branches, {HARNESS_BRANCHES:.0f} wanted")
        if not passed:
            print("The tests did not pass; some of this may be missing for that reason.")
        good = good and passed and percentage >= HARNESS_BRANCHES
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
