"""JSON, JUnit and the workers' format: promises kept, nothing lost, nothing half written."""

from __future__ import annotations

import dataclasses
import json
import typing
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.report import atomic, json_file, junit
from grader.report.result import SCHEMA, CheckResult, Event, Place, Result
from grader.report.wire_format import decode, encode
from tests.report import examples
from tests.report.golden import assert_golden

# Texts as pipes and learners make them: lone surrogates included.
ANY_TEXT = st.text(alphabet=st.characters(), max_size=20)
st.register_type_strategy(str, ANY_TEXT)
st.register_type_strategy(bytes, st.binary(max_size=20))
st.register_type_strategy(float, st.floats(allow_nan=False))


def test_the_public_json_is_as_promised() -> None:
    public = json_file.to_public(examples.everything())
    assert_golden("everything.json", json.dumps(public, ensure_ascii=False, indent=1) + "\n")


def test_keys_and_their_order_are_a_contract() -> None:
    public = json_file.to_public(examples.result(examples.exercise("echo_server", [examples.crashed()])))
    exercise = public["exercises"][0]
    assert " ".join(public) == "schema submission score max_score seconds protections exercises"
    assert " ".join(exercise) == "name title order status score max_score checks"
    assert " ".join(exercise["checks"][0]) == (
        "name claim status score max_score seconds finding expected arrived hint where conversation"
    )
    assert " ".join(exercise["checks"][0]["where"]) == "file line code"
    assert " ".join(exercise["checks"][0]["conversation"][0]) == "at_ms from kind connection size data note"


def test_a_passed_check_has_nulls() -> None:
    public = json_file.to_public(examples.result(examples.exercise("x", [examples.passed("echoes")])))
    check = public["exercises"][0]["checks"][0]
    assert [check[key] for key in ("finding", "expected", "arrived", "hint", "where", "conversation")] == [
        None, None, None, None, None, [],
    ]  # fmt: skip


def test_all_texts_in_the_json_are_printable() -> None:
    public = json_file.to_public(examples.result(examples.exercise("x", [examples.hostile()])))

    def texts(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return [text for one in inner for text in texts(one)]

    assert all(text.isprintable() for text in texts(public))


def test_long_data_are_cut_in_their_middle() -> None:
    event = Event(at=0.0123456, source="peer", kind="data", data=b"a" * 1024 + b"z" * 1024, size=9999)
    check = dataclasses.replace(examples.crashed(), conversation=(event,))
    public = json_file.to_public(examples.result(examples.exercise("x", [check])))
    shown = public["exercises"][0]["checks"][0]["conversation"][0]
    assert (shown["at_ms"], shown["size"]) == (12.35, 9999)
    assert shown["data"].startswith("b'aaa")
    assert shown["data"].endswith("zzz'")
    assert len(shown["data"]) < 210


def test_json_is_written_and_loaded(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    json_file.write(examples.everything(), path)
    assert json_file.load(path) == json_file.to_public(examples.everything())
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("text", ["{}", "[]", '{"schema": "other"}', "no json"])
def test_other_files_are_not_loaded(tmp_path: Path, text: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"schema|Expecting"):
        json_file.load(path)


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "result.json", tmp_path / "elsewhere"
    elsewhere.write_text("old")
    path.symlink_to(elsewhere)
    atomic.write_text(path, "new")
    assert path.read_text() == "new"
    assert elsewhere.read_text() == "old"


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "result.json"
    folder.mkdir()
    with pytest.raises(OSError, match="result"):
        atomic.write_text(folder, "new")
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic.write_text(tmp_path / "no" / "result.json", "new")


def test_devices_are_written_to_and_not_replaced() -> None:
    atomic.write_text(Path("/dev/null"), "new")
    assert not Path("/dev/null").is_file()


def test_junit_is_as_golden(tmp_path: Path) -> None:
    path = tmp_path / "result.xml"
    junit.write(examples.everything(), path)
    assert_golden("everything.xml", path.read_text(encoding="utf-8"))


def test_junit_counts_each_outcome_once(tmp_path: Path) -> None:
    path = tmp_path / "result.xml"
    junit.write(examples.everything(), path)
    root = ET.parse(path).getroot()
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == [exercise.name for exercise in examples.everything().exercises]
    for suite in suites:
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        for element, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.get(attribute, "")) == sum(case.find(element) is not None for case in cases)


def test_junit_of_hostile_text_is_xml(tmp_path: Path) -> None:
    path = tmp_path / "result.xml"
    junit.write(examples.result(examples.exercise("x", [examples.hostile()])), path)
    failure = ET.parse(path).getroot().find(".//failure")
    assert failure is not None
    assert failure.text is not None
    assert "<script>" in failure.text
    assert all(char == "\n" or char.isprintable() for char in failure.text)


@pytest.mark.timeout(300)  # to make a whole result up takes a tenth of a second of processor
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.from_type(Result))
def test_the_model_survives_the_pipe(result: Result) -> None:
    assert decode(Result, json.loads(json.dumps(encode(result)))) == result


def test_each_part_survives_alone() -> None:
    check = examples.missing_tail()
    assert decode(CheckResult, json.loads(json.dumps(encode(check)))) == check


def damaged(path: str, value: object) -> dict[str, typing.Any]:
    """A check as plain data with one field changed; `path` is dotted."""
    data: dict[str, typing.Any] = json.loads(json.dumps(encode(examples.crashed())))
    *parents, name = path.split(".")
    inner: typing.Any = data
    for parent in parents:
        inner = inner[int(parent)] if parent.isdigit() else inner[parent]
    inner[int(name) if name.isdigit() else name] = value
    return data


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("score", "1"),
        ("score", True),
        ("score", 1.5),
        ("seconds", None),
        ("status", "excellent"),
        ("status", 1),
        ("name", None),
        ("where", []),
        ("where.line", "14"),
        ("conversation", {}),
        ("conversation.0", {}),
        ("conversation.0.data", "no base64"),
        ("conversation.0.kind", "magic"),
        ("evidence.caret", "x"),
        ("one_more", 1),
    ],
)
def test_what_is_no_result_is_refused(path: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decode(CheckResult, damaged(path, value))


def test_protections_are_texts() -> None:
    data = encode(examples.everything())
    data["protections"] = {"files": 1}
    with pytest.raises(ValueError, match="int where"):
        decode(Result, data)


def test_the_schema_is_the_one_of_the_contract() -> None:
    assert SCHEMA == "socket-exercises/result/v1"
    assert Place(file="a.py", line=1, code="x").function == ""
