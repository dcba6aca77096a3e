"""The result model as plain data and back, without loss: how worker processes hand their results on.

`encode` makes what `json.dumps` takes; `decode` checks every field against the model's own annotations, so that
whatever else comes through the pipe is a `ValueError` and never half a result.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import types
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def encode(value: object) -> Any:
    """A model object, or a part of one, as dicts, lists, texts and numbers; bytes as base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, tuple):
        return [encode(one) for one in value]
    if isinstance(value, dict):
        return {str(key): encode(one) for key, one in value.items()}
    if dataclasses.is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def decode(kind: type[T], data: object) -> T:
    """The object of class `kind` that `encode` made `data` of. Raises `ValueError` for anything else."""
    decoded: T = _decode(kind, data)
    return decoded


def _decode(kind: Any, data: object) -> Any:
    origin = get_origin(kind)
    if origin is Literal:
        return _one_of(get_args(kind), data)
    if origin in (types.UnionType, Union):
        return None if data is None else _decode(_not_none(kind), data)
    if origin is tuple:
        return tuple(_decode(get_args(kind)[0], one) for one in _is(list, data))
    if origin is dict:
        return {_is(str, key): _decode(get_args(kind)[1], one) for key, one in _is(dict, data).items()}
    if kind is bytes:
        return base64.b64decode(_is(str, data), validate=True)
    if kind is float:
        return float(_is((int, float), data))
    return _object(kind, data) if dataclasses.is_dataclass(kind) else _is(kind, data)


def _object(kind: Any, data: object) -> Any:
    found = _is(dict, data)
    hints = _hints(kind)
    if found.keys() != hints.keys():
        raise ValueError(f"{kind.__name__} has the fields {', '.join(hints)}, not {', '.join(map(str, found))}"[:500])
    return kind(**{name: _decode(hint, found[name]) for name, hint in hints.items()})


def _is(kind: Any, data: object) -> Any:
    """`data` if it is of exactly this type: True is no number here."""
    if type(data) not in (kind if isinstance(kind, tuple) else (kind,)):
        raise ValueError(f"{type(data).__name__} where {kind} belongs")
    return data


def _one_of(values: tuple[Any, ...], data: object) -> Any:
    if not isinstance(data, str) or data not in values:
        raise ValueError(f"{data!r:.50} is none of {', '.join(values)}")
    return data


def _not_none(kind: Any) -> Any:
    return next(one for one in get_args(kind) if one is not types.NoneType)


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
