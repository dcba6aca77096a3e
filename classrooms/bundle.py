"""What a copy of the course consists of: the files that grading needs, those that learners read, and no others.

`grader/` and the peers go whole, but for the graders of exercises that were not chosen. Solutions, the right, wrong and
hostile submissions, the project's tests and all that only its authors run stay at home.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from classrooms.trimmed import dependencies, trimmed_project
from grader.course import ROOT, ExerciseInfo
from grader.index import MARK, index_text

# By path from the top of the copy, always with "/".
Files = dict[str, bytes]

TEMPLATES = Path(__file__).parent / "templates"
FOLDERS = ("grader", "fixtures/peers")
SUFFIXES = (".py", ".ini", ".html", ".css")
# Run by the course's authors only.
AT_HOME = ("grader/index.py",)


def grading_files(chosen: Sequence[ExerciseInfo], root: Path = ROOT) -> Files:
    """What grading the chosen exercises needs."""
    graders = {f"grader/test_{info.name}.py" for info in chosen}
    files = {name: (root / name).read_bytes() for name in ("LICENSE", "fixtures/__init__.py", *_sources(root, graders))}
    files["pyproject.toml"] = trimmed_project((root / "pyproject.toml").read_text(encoding="utf-8")).encode()
    return files


def reading_files(chosen: Sequence[ExerciseInfo], root: Path = ROOT) -> Files:
    """The lessons of the chosen exercises, what they refer to, and the list of exercises."""
    names = ["exercises/GLOSSARY.md", *(f"exercises/{info.name}.md" for info in chosen)]
    files = {name: (root / name).read_bytes() for name in names}
    files["exercises/README.md"] = index_text(tuple(chosen)).removeprefix(MARK).encode()
    return files


def stub_files(chosen: Sequence[ExerciseInfo], root: Path = ROOT) -> Files:
    """What learners write in."""
    return {name: (root / name).read_bytes() for name in (f"exercises/{info.name}.py" for info in chosen)}


def autograder_files(chosen: Sequence[ExerciseInfo], root: Path = ROOT) -> Files:
    """A grader for a classroom system to run: in `course/`, what it has to install beside it."""
    course = grading_files(chosen, root) | reading_files(chosen, root)
    requirements = dependencies((root / "pyproject.toml").read_text(encoding="utf-8"))
    return {f"course/{name}": data for name, data in course.items()} | {
        "requirements.txt": "".join(f"{one}\n" for one in requirements).encode()
    }


def template(name: str) -> bytes:
    """A file of `classrooms/templates`."""
    return (TEMPLATES / name).read_bytes()


def _sources(root: Path, graders: set[str]) -> Iterator[str]:
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            other = name.startswith("grader/test_") and name not in graders
            if path.suffix in SUFFIXES and path.is_file() and not other and name not in AT_HOME:
                yield name
