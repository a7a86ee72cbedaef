"""What a result about GPUs rests on: a real GPU, a recorded host, or no GPU at all."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab.show.table import bundle

if TYPE_CHECKING:
    from mldocker_lab.gpu.host import Host
    from mldocker_lab.show.table import Table

__all__ = ["Badge", "Basis", "badge"]

#: What a claim rests on.
Basis = Literal["real GPU", "recorded host", "made-up host", "given facts", "no GPU"]

_COLOURS: dict[Basis, str] = {
    "real GPU": "#007a59",
    "recorded host": "#0060a0",
    "made-up host": "#8a5a00",
    "given facts": "#8a5a00",
    "no GPU": "#555555",
}
_SAID: dict[Basis, str] = {
    "real GPU": "asked of the card in this machine",
    "recorded host": "computed from facts that another machine's driver printed",
    "made-up host": "computed from facts put together by us; no machine was asked",
    "given facts": "computed from the facts given; no machine was asked",
    "no GPU": "there is none here: what needs one is not attempted",
}


@dataclass(frozen=True, repr=False)
class Badge:
    """What a page or a result rests on.

    Attributes:
        basis: in two words.
        what: which card or host, "" if there is nothing to name.
    """

    basis: Basis
    what: str = ""

    def __repr__(self) -> str:
        return f"[{self.basis}] {f'{self.what}: ' if self.what else ''}{_SAID[self.basis]}"

    def to_dict(self) -> dict[str, str]:
        """The badge as JSON sees it."""
        return {"basis": self.basis, "what": self.what, "means": _SAID[self.basis]}

    def chip(self) -> str:
        """The badge as a coloured word alone."""
        style = (
            f"background:{_COLOURS[self.basis]};color:#fff;border-radius:4px;padding:2px 8px;"
            "font-weight:bold;white-space:nowrap"
        )
        return f'<span style="{style}">{self.basis}</span>'

    def to_html(self) -> str:
        """The badge as a coloured word and what it means."""
        said = f"{self.what}: {_SAID[self.basis]}" if self.what else _SAID[self.basis]
        return f"<p>{self.chip()} {escape(said)}</p>\n"

    def over(self, table: Table, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """A table in the forms a notebook shows; the badge above it as HTML, below it as text."""
        forms = bundle([table], include, exclude)
        if "text/html" in forms:
            forms["text/html"] = self.to_html() + forms["text/html"]
        if "text/plain" in forms:
            forms["text/plain"] = f"{table.to_text()}\n\n{self!r}"
        return forms

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        forms = {"text/plain": repr(self), "text/html": self.to_html()}
        wanted = set(include or forms) - set(exclude or ())
        return {kind: form for kind, form in forms.items() if kind in wanted}


def badge(host: Host) -> Badge:
    """The badge of what is said about a host."""
    if host.origin == "this machine":
        return (
            Badge("no GPU")
            if host.no_driver or not host.gpus
            else Badge("real GPU", str(host.gpus[0]))
        )
    basis: dict[str, Basis] = {"recorded": "recorded host", "made-up": "made-up host"}
    return Badge(basis.get(host.origin, "given facts"), host.name)
