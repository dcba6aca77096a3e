"""JUnit's readers take the XML: it keeps to a schema, and its counts are those of its cases."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.report import junit
from grader.report.result import Result
from tests.classrooms import results


@pytest.fixture(scope="module")
def validate() -> Callable[[Path], None]:
    """Raises if an XML file does not keep to the schema."""
    import xmlschema  # takes a second to load, and every process collects this module

    return xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd")).validate


@pytest.mark.parametrize("result", results.ALL.values(), ids=results.ALL)
def test_what_is_written_keeps_to_the_schema(result: Result, tmp_path: Path, validate: Callable[[Path], None]) -> None:
    path = tmp_path / "result.xml"
    junit.write(result, path)
    validate(path)
    root = ET.parse(path).getroot()
    for counted in (root, *root.iter("testsuite")):
        assert counted.get("tests") == str(len(list(counted.iter("testcase"))))
        for element, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert counted.get(count) == str(len(list(counted.iter(element))))


def test_hostile_text_is_printable(tmp_path: Path) -> None:
    for element in junit.to_xml(results.hostile()).iter():
        assert (element.text or "").replace("\n", "").isprintable()
        assert all(value.isprintable() for value in element.attrib.values())
