"""Arguments and results as plain data: JSON with what JSON lacks marked, never pickle.

A marked value is an object with the key `$`: bytes, tuples, dictionaries, generators (arguments only), and `other` for
a result of a type that does not travel, which is described by its type and the start of its `repr`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 20  # deep enough for any exercise's result, far below what exhausts the parser
MAX_REPR = 200
MAX_MESSAGE = 64 * 1024 * 1024  # bytes; the largest honest result (fetch_url's 5 MB as JSON) is a tenth of it


class Malformed(ValueError):
    """A message that does not follow this module's format; only the learner's process can have written it."""


@dataclass(frozen=True)
class Other:
    """A value that does not travel as data: its type's name and the start of its `repr`."""

    type: str
    text: str


@dataclass(frozen=True)
class Generator:
    """An argument that arrives at the learner's function as a generator of these items.

    Before the item at `pauses_before`, if given, it tells the grader and waits until it may go on (see `Call.resume`).
    """

    items: tuple[Any, ...]
    pauses_before: int | None = None


def encode(value: object, depth: int = 0) -> Any:
    """Turn `value` into what `json.dumps` takes; a type that does not travel becomes `other`."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and value.bit_length() < 256:
        return int(value)
    if depth >= MAX_DEPTH:
        return describe(value)
    if isinstance(value, bytes | bytearray):
        return {"$": "bytes", "base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, list):
        return [encode(item, depth + 1) for item in value]
    if isinstance(value, tuple):
        return {"$": "tuple", "items": [encode(item, depth + 1) for item in value]}
    if isinstance(value, dict):
        return {
            "$": "dict",
            "items": [[encode(key, depth + 1), encode(item, depth + 1)] for key, item in value.items()],
        }
    if isinstance(value, Generator):
        items = [encode(item, depth + 1) for item in value.items]
        return {"$": "generator", "items": items, "pauses_before": value.pauses_before}
    return describe(value)


def describe(value: object) -> dict[str, str]:
    """Name a value that does not travel: `{"$": "other", "type": …, "text": …}`."""
    try:
        text = repr(value)
    except BaseException as error:  # a learner's __repr__ may do anything
        text = f"<repr failed: {type(error).__name__}>"
    return {"$": "other", "type": type(value).__name__, "text": text[:MAX_REPR]}


def decode(value: Any, depth: int = 0) -> Any:
    """Turn parsed JSON back into values. Raises `Malformed` for anything `encode` does not write."""
    if depth > MAX_DEPTH + 1:
        raise Malformed("nested too deeply")
    if isinstance(value, list):
        return [decode(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    try:
        return _decode_marked(value, depth)
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(f"a marked value is not whole: {error}") from error


def _decode_marked(value: dict[str, Any], depth: int) -> Any:
    match value.get("$"):
        case "bytes":
            return base64.b64decode(value["base64"], validate=True)
        case "tuple":
            return tuple(decode(item, depth + 1) for item in value["items"])
        case "dict":
            return {decode(key, depth + 1): decode(item, depth + 1) for key, item in value["items"]}
        case "generator":
            items = tuple(decode(item, depth + 1) for item in value["items"])
            pauses_before = value["pauses_before"]
            return _generate(items) if pauses_before is None else Generator(items, int(pauses_before))
        case "other":
            return Other(str(value["type"]), str(value["text"]))
    raise Malformed("an object without a mark")


def _generate(items: tuple[Any, ...]) -> Iterator[Any]:
    yield from items


def pack(message: dict[str, Any]) -> bytes:
    """One message of the control channel: 4 bytes of length (network order), then JSON."""
    body = json.dumps(message).encode("ascii")
    return len(body).to_bytes(4, "big") + body


class Unpacker:
    """Cuts a byte stream of packed messages into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Take bytes as they arrive; yield the messages that are now whole.

        Raises `Malformed` at the first that is none; those before it have been yielded by then.
        """
        self._buffer += data
        while len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[:4], "big")
            if length > MAX_MESSAGE:
                raise Malformed(f"a message of {length} bytes")
            if len(self._buffer) < 4 + length:
                break
            body = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            yield _parse(body)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"a message that is not JSON: {type(error).__name__}") from error
    if not isinstance(message, dict):
        raise Malformed("a message that is not an object")
    return message
