"""What is asked: a number, one of several choices, or which steps of a Dockerfile run again."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from html import escape
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab.dockerfile.parse import FILESYSTEM, load
from mldocker_lab.errors import UsageError
from mldocker_lab.guessing.numbers import number, quantity
from mldocker_lab.report.build import BuildReport, briefly

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Answer", "Kind", "Question", "ask", "html_of"]

Kind = Literal["number", "choice", "steps"]

#: A number, a choice, or the numbers (from 1) of the steps that run again.
Answer = float | str | list[int]

_ID = re.compile(r"[A-Za-z0-9_]+/[A-Za-z0-9_-]+")
_CODE = re.compile(r"`([^`]+)`")
_YES = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Question:
    """One prediction to make.

    Attributes:
        id: "<lesson>/<word>".
        text: the question; what stands between `backticks` is shown as code.
        kind: number, choice or steps.
        unit: of a number; may be "".
        choices: what can be chosen.
        steps: the RUN, COPY and ADD instructions of the Dockerfile, each on one line,
            without the mounts of a RUN.
    """

    id: str
    text: str
    kind: Kind
    unit: str = ""
    choices: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()

    @property
    def lesson(self) -> str:
        """The part before the slash."""
        return self.id.partition("/")[0]

    @property
    def place(self) -> str:
        """The class of the elements that show it, by which its live form finds them."""
        return "mldocker-guess-" + self.id.replace("/", "-")

    def like(self, other: Question) -> bool:
        """Whether a guess at one is a guess at the other: the words may differ, the form not."""
        return self._form() == other._form()

    def _form(self) -> tuple[object, ...]:
        return self.id, self.kind, self.unit, self.choices, self.steps

    def to_dict(self) -> dict[str, Any]:
        """The question as JSON sees it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Question:
        """The question that ``to_dict`` wrote."""
        lists = {name: tuple(data[name]) for name in ("choices", "steps")}
        return cls(**{**data, **lists})

    def read(self, said: Any) -> Answer:
        """What somebody means who says this: a guess.

        Raises:
            UsageError: it does not answer the question.
        """
        if self.kind == "number":
            if isinstance(said, bool) or not isinstance(said, str | Real):
                raise UsageError(f"{said!r} is no number", "say for example 12")
            return number(said if isinstance(said, str) else _plain(said), self.unit)
        if self.kind == "choice":
            found = self._choice(said)
            if found is None:
                raise UsageError(
                    f"{said!r} is none of the choices",
                    "say " + " or ".join(map(repr, self.choices)),
                )
            return found
        return self._numbers([said] if isinstance(said, str | int) else said)

    def seen(self, value: Any) -> Answer:
        """A measured value, in the form of a guess.

        Args:
            value: a number; a choice (True and False are "yes" and "no"); for steps a BuildReport,
                or the instructions that ran.

        Raises:
            UsageError: it cannot be compared with a guess.
        """
        if self.kind == "steps" and isinstance(value, BuildReport):
            return self._ran(value)
        if self.kind == "choice":
            found = self._choice(value)
            return str(value) if found is None else found  # the world may know more than we asked
        return self.read(value)

    def shown(self, answer: Answer) -> str:
        """An answer in words."""
        if isinstance(answer, list):
            return "; ".join(self.steps[n - 1] for n in answer) or "none of them"
        return answer if isinstance(answer, str) else quantity(answer, self.unit)

    def _choice(self, said: Any) -> str | None:
        word = _YES[said] if isinstance(said, bool) else str(said)
        return next((one for one in self.choices if one.lower() == word.strip().lower()), None)

    def _numbers(self, said: Iterable[int | str]) -> list[int]:
        found = set()
        for one in said:
            hits = self._named(one) if isinstance(one, str) else [one]
            if not hits or not all(1 <= n <= len(self.steps) for n in hits):
                raise UsageError(f"there is no step {one!r}", f"they are 1 to {len(self.steps)}")
            found.update(hits)
        return sorted(found)

    def _named(self, text: str) -> list[int]:
        """The steps that are exactly this; else those that contain it."""
        same = [n for n, step in enumerate(self.steps, 1) if step == text]
        return same or [n for n, step in enumerate(self.steps, 1) if text in step]

    def _ran(self, report: BuildReport) -> list[int]:
        """The numbers of the steps that ran: by instruction, its first occurrence for the first."""
        left = [step for step in report.steps if step.keyword in FILESYSTEM]
        ran = []
        for n, text in enumerate(self.steps, 1):
            step = next((one for one in left if briefly(one.instruction) == briefly(text)), None)
            if step is None:
                raise UsageError(
                    f"that build had no step {text!r}",
                    "measure with a build of the Dockerfile that was asked about",
                )
            left.remove(step)
            if step.status == "run":
                ran.append(n)
        return ran

    @property
    def _field(self) -> str:
        """A number to be filled in."""
        return f"______ {self.unit}".rstrip()

    def to_text(self) -> str:
        """The question as plain text, its choices or steps below."""
        lines = [f"Predict. {self.text}"]
        lines += [f"  ( ) {one}" for one in self.choices]
        lines += [f"  [ ] {n}  {one}" for n, one in enumerate(self.steps, 1)]
        if self.kind == "number":
            lines += [f"  {self._field}"]
        return "\n".join(lines)

    def to_html(self) -> str:
        """The same as HTML, without ids, scripts and colours of its own."""
        said = f"<p><strong>Predict.</strong> {html_of(self.text)}"
        if self.kind == "number":
            return f"{said} {escape(self._field)}</p>\n"
        rows = [html_of(one) for one in self.choices] or [
            f"<code>{escape(one)}</code>" for one in self.steps
        ]
        tag = "ul" if self.choices else "ol"
        listed = "".join(f"<li>{row}</li>\n" for row in rows)
        return f"{said}</p>\n<{tag}>\n{listed}</{tag}>\n"


def ask(
    id: str,  # noqa: A002 - what it is
    text: str,
    *,
    unit: str | None = None,
    choices: Sequence[str] | None = None,
    steps: str | Path | Sequence[str] | None = None,
) -> Question:
    """A question; its kind follows from what is given.

    Raises:
        UsageError: no such question can be asked, or there is no such Dockerfile.
    """
    if not _ID.fullmatch(id):
        raise UsageError(f"{id!r} does not name a prediction", 'for example "05/tag"')
    if sum(given is not None for given in (unit, choices, steps)) > 1:
        raise UsageError("a prediction has a unit, choices or steps", "give one of the three")
    if choices is not None:
        if len(set(choices)) < 2:  # noqa: PLR2004 - one is no choice
            raise UsageError("a choice needs two different things to choose from")
        return Question(id, text, "choice", choices=tuple(choices))
    if steps is not None:
        found = _steps(Path(steps)) if isinstance(steps, str | Path) else tuple(steps)
        return Question(id, text, "steps", steps=found)
    return Question(id, text, "number", unit=unit or "")


def html_of(text: str) -> str:
    """Text with `code` as HTML."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _steps(path: Path) -> tuple[str, ...]:
    found = (one for one in load(path).instructions if one.keyword in FILESYSTEM)
    return tuple(briefly(one.oneline) for one in found)


def _plain(value: Any) -> float:
    """NumPy's numbers and their like as Python's own, which JSON knows."""
    return int(value) if float(value).is_integer() else float(value)
