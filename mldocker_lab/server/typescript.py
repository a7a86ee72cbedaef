"""The schema and the routes in TypeScript.

    python -m mldocker_lab.server.typescript     writes frontend/src/schema.ts

A test compares the file with what this writes.
"""

from __future__ import annotations

import sys
import types
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from mldocker_lab.server import schema
from mldocker_lab.server.routes import EVENTS, PREFIX, ROUTES, Route

__all__ = ["FILE", "typescript"]

FILE = Path(__file__).resolve().parents[1] / "frontend" / "src" / "schema.ts"

_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}
_HEAD = (
    "// Written by mldocker_lab/server/typescript.py from schema.py and routes.py. Do not edit.\n"
)


def typescript() -> str:
    """The file's text."""
    classes = [
        one
        for name in schema.__all__
        if is_dataclass(one := getattr(schema, name)) and name != "Nothing"
    ]
    routes = "\n".join(map(_route, ROUTES))
    types_ = "\n".join(map(_types, ROUTES))
    return "\n".join(
        [
            _HEAD,
            *map(_interface, classes),
            f"export const PREFIX = '{PREFIX}';\n",
            f"export const EVENTS = '{EVENTS}';\n",
            f"export const ROUTES = {{\n{routes}\n}} as const;\n",
            f"export interface IRoutes {{\n{types_}\n}}",
            "",
        ]
    )


def _interface(kind: Any) -> str:
    hints = get_type_hints(kind)
    rows = [f"  {field.name}: {_type(hints[field.name])};" for field in fields(kind)]
    return f"export interface I{kind.__name__} {{\n" + "\n".join(rows) + "\n}\n"


def _type(kind: Any) -> str:
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(f"'{one}'" for one in inside)
    if origin is list:
        one = _type(inside[0])
        return f"({one})[]" if " " in one else f"{one}[]"
    if origin in (Union, types.UnionType):
        return " | ".join(map(_type, inside))
    return str(_PLAIN.get(kind) or f"I{kind.__name__}")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _route(route: Route) -> str:
    again = str(route.again).lower()
    said = f"verb: '{route.verb}', path: '{route.path}', again: {again}"
    return f"  {_camel(route.name)}: {{ {said} }},"


def _types(route: Route) -> str:
    names = " ".join(f"{name}: string;" for name in route.names)
    sent = "null" if route.body is schema.Nothing else _type(route.body)
    named = f"{{ {names} }}" if names else "null"
    return (
        f"  {_camel(route.name)}: {{ named: {named}; body: {sent}; reply: {_type(route.reply)} }};"
    )


if __name__ == "__main__":
    FILE.write_text(typescript(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name}: {len(ROUTES)} routes\n")
