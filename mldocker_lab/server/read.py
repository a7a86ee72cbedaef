"""From JSON to a class of the schema, or a sentence that says what is wrong with it."""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from mldocker_lab.errors import UsageError

__all__ = ["read"]

T = TypeVar("T")


def read(kind: type[T], told: Any, at: str = "the request") -> T:
    """Take JSON for what it should be.

    Args:
        kind: a dataclass of the schema.
        told: what arrived.
        at: what it is called in an error.

    Raises:
        UsageError: it is something else.
    """
    if not isinstance(told, dict):
        raise UsageError(f"{at} is no object")
    assert is_dataclass(kind)  # noqa: S101
    hints = get_type_hints(kind)
    known = {field.name: field.default for field in fields(kind)}
    if odd := told.keys() - known.keys():
        raise UsageError(f"{at} has an unknown field {min(odd)!r}")
    missing = [name for name, default in known.items() if default is MISSING and name not in told]
    if missing:
        raise UsageError(f"{at} lacks {missing[0]!r}")
    return kind(**{name: _value(hints[name], told[name], name) for name in told})


def _value(kind: Any, told: Any, at: str) -> Any:
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        fits = told in inside and isinstance(told, str)
    elif origin is list:
        if isinstance(told, list):
            return [_value(inside[0], one, at) for one in told]
        fits = False
    elif origin in (Union, types.UnionType):
        if told is None:
            return None
        return _value(next(one for one in inside if one is not type(None)), told, at)
    elif is_dataclass(kind):
        return read(cast("type[Any]", kind), told, at)
    else:
        fits = type(told) is kind
    if not fits:
        raise UsageError(f"{at!r} is not what it should be")
    return told
