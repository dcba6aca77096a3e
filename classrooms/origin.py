"""Where the course lives on GitHub, and at which commit: what a learner's workflow grades with."""

from __future__ import annotations

import argparse
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from grader.course import ROOT

GITHUB = re.compile(r"github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$")
# What the workflow takes from the course at the pinned commit.
GRADED_WITH = ("grader", "fixtures/peers", "exercises", "pyproject.toml")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A repository on GitHub as `OWNER/NAME`, and the full name of a commit in it."""

    course: str
    commit: str


def repository(text: str) -> str:
    """`OWNER/NAME`, checked: it goes into a workflow."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", text):
        raise argparse.ArgumentTypeError(f"give the course's repository as OWNER/NAME, and not {text}")
    return text


def commit(text: str) -> str:
    """A commit's full name, checked: a branch or tag could be moved."""
    if not re.fullmatch(r"[0-9a-f]{40}", text):
        raise argparse.ArgumentTypeError(f"give a commit as its 40 hexadecimal digits, and not {text}")
    return text


def course_on_github(root: Path = ROOT) -> str | None:
    """`OWNER/NAME` of the remote `origin`, if that is on GitHub."""
    found = GITHUB.search(_git(root, "remote", "get-url", "origin") or "")
    return found[1] if found else None


def head(root: Path = ROOT) -> str | None:
    """The commit that is checked out."""
    return _git(root, "rev-parse", "--verify", "HEAD")


def doubts(pinned: str, root: Path = ROOT) -> list[str]:
    """What may keep the workflow from grading as here, in sentences."""
    found = []
    if _git(root, "status", "--porcelain", "--", *GRADED_WITH):
        found.append("There are changes here that are not committed; the workflow grades without them.")
    if not _git(root, "branch", "--remotes", "--contains", pinned):
        found.append(f"No remote branch is known to have the commit {pinned[:10]}; push it before learners start.")
    return found


def _git(root: Path, *words: str) -> str | None:
    """What git prints, or None where it fails or is missing."""
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
