"""What the documents say is so: links lead somewhere, commands are the ones that are run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = (".", "docs", "exercises", "fixtures")
DOCUMENTS = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_files_lead_to_files(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_peers_named_in_a_command_exist(document: Path) -> None:
    peers = re.findall(r"python3? -m fixtures\.peers\.(\w+)", document.read_text(encoding="utf-8"))
    missing = [peer for peer in peers if not (ROOT / "fixtures" / "peers" / f"{peer}.py").is_file()]
    assert not missing


def test_ci_runs_the_command_that_the_readme_gives() -> None:
    command = 'python -m pip install "nox[uv]" && python -m nox -s tests'
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip()
    assert script.splitlines()[-1].replace(" --quiet", "") == command


def test_sessions_named_in_documents_exist() -> None:
    defined = set(re.findall(r"@nox\.session\ndef (\w+)", (ROOT / "noxfile.py").read_text(encoding="utf-8")))
    named = {name for path in DOCUMENTS for name in re.findall(r"nox -s (\w+)", path.read_text(encoding="utf-8"))}
    assert named <= defined


def test_the_figures_we_publish_are_those_of_the_record() -> None:
    said = json.loads((ROOT / "fixtures" / "graded.json").read_text(encoding="utf-8"))
    text = (ROOT / "fixtures" / "README.md").read_text(encoding="utf-8")
    assert f"(`{said['state']}`" in text
    for kind, title in {"solution": "solutions", "right": "right", "wrong": "wrong"}.items():
        entries = [entry for name, entry in said["submissions"].items() if name.startswith(f"{kind}/")]
        counts, odd = [entry["gradings"] for entry in entries], sum(len(entry["odd"]) for entry in entries)
        row = rf"\| {title} \| {len(entries)} \| {min(counts):,} times[^|]* \| {sum(counts):,} \| {odd} \|"
        assert re.search(row, text), (
            f"no row with {len(entries)} {title}, {min(counts):,} times, {sum(counts):,}, {odd}"
        )
