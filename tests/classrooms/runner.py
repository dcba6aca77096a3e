"""A model of the machine that runs a workflow's job: its `run:` steps for real, what others provide in their place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.classrooms.conftest import ROOT, git


@dataclass(kw_only=True)
class Job:
    """One run of the job in `folder`, on a clone of `learner`. What was printed is in `printed`, by step."""

    folder: Path
    learner: Path
    printed: dict[str, str] = field(default_factory=dict)
    used: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: str | None = None

    @property
    def new_environment(self) -> str:
        """The lines that steps have appended to `$GITHUB_ENV`."""
        return self._file("env").read_text(encoding="utf-8")

    @property
    def summary(self) -> str:
        """The job's summary."""
        return self._file("summary").read_text(encoding="utf-8")

    @property
    def results(self) -> Path:
        """The folder with the results."""
        return self.folder / "temp/results"

    def run(self) -> None:
        """Take the steps one by one."""
        (self.folder / "temp").mkdir(parents=True)
        for name in ("env", "summary"):
            self._file(name).touch()
        job = yaml.safe_load((self.learner / ".github/workflows/classroom.yml").read_text())["jobs"]
        (steps,) = (one["steps"] for one in job.values())
        exercises = job["run-autograding-tests"]["env"]["EXERCISES"]
        for step in steps:
            name = step.get("name") or step["uses"]
            if self._holds(step.get("if")):
                if "uses" in step:
                    self._use(step["uses"].partition("@")[0], step.get("with", {}))
                else:
                    self._run(name, step, exercises)

    def _holds(self, condition: str | None) -> bool:
        """Conditions as they stand in the workflow, and whether they hold here: the cache has the environment."""
        return {
            None: not self.failed,
            "always()": True,
            "steps.environment.outputs.cache-hit != 'true'": False,
            "always() && env.RUNNERS != ''": "RUNNERS=" in self.new_environment,
        }[condition]

    def _run(self, name: str, step: dict[str, Any], exercises: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "CI": "true",
            "EXERCISES": exercises,
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_ENV": str(self._file("env")),
            "GITHUB_STEP_SUMMARY": str(self._file("summary")),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-c", step["run"]],
            cwd=self.folder / step.get("working-directory", "."), env=environment, timeout=110, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.printed[name] = done.stdout
        if done.returncode:
            self.failed = self.failed or name

    def _use(self, action: str, given: dict[str, Any]) -> None:
        self.used[action if action not in self.used else f"{action} again"] = given
        if action == "actions/checkout" and "repository" not in given:
            git(self.folder, "clone", "-q", str(self.learner), given["path"])
        elif action == "actions/checkout":
            _sparse(self.folder / given["path"], given["sparse-checkout"].split())
        elif action == "actions/cache":
            (self.folder / given["path"]).symlink_to(sys.prefix)

    def _file(self, name: str) -> Path:
        return self.folder / f"temp/github-{name}"


def _sparse(target: Path, folders: list[str]) -> None:
    """The course as git checks it out: these folders, and the files that lie directly in a folder above one.

    What is compiled already comes along, so that not every job compiles the grader anew.
    """
    above = {parent for folder in folders for parent in Path(folder).parents}
    for parent in above:
        (target / parent).mkdir(parents=True, exist_ok=True)
        for path in (ROOT / parent).iterdir():
            if path.is_file():
                shutil.copy(path, target / parent)
    for folder in folders:
        shutil.copytree(ROOT / folder, target / folder)
