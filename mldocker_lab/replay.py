"""A recorded pair in place of a built one, where no engine can run.

It answers the same calls with what was recorded, and every result says when and on what engine.
What was not recorded is refused, never made up.
"""

from __future__ import annotations

import heapq
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mldocker_lab.build.tape import Tape
from mldocker_lab.errors import UsageError
from mldocker_lab.pair import SIDES, Pair, key
from mldocker_lab.widgets.view import showing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.report.events import Event

__all__ = ["RecordedPair", "recording_of"]

_SPEED = 10.0


def recording_of(folder: Path) -> Path:
    """Where the recording of a pair's folder lies: beside it, so that no build sends it along."""
    folder = folder.resolve()
    return folder.with_name(f"{folder.name}.jsonl")


class RecordedPair(Pair):
    """A pair whose builds come from a recording.

    Args:
        folder: the build context that was built.
        path: the recording.

    Raises:
        UsageError: there is no such recording.
        Corrupted: it is damaged.
    """

    def __init__(self, folder: Path, path: Path) -> None:
        super().__init__(folder, bench=None)  # type: ignore[arg-type]  # nothing is built
        self.tape = Tape.load(path)

    def _engine(self) -> dict[str, Any]:
        return {"name": self.tape.engine, "recorded": self.tape.recorded, **self.tape.machine}

    def _new_base(self, *, mounts: bool = False) -> None:
        """A recording has its own."""

    def _round(
        self,
        note: str,
        edit: str = "",
        *,
        overlay: Mapping[str, bytes] | None = None,
        parallel: bool = True,
    ) -> dict[str, BuildReport]:
        """Play both builds of a round, ten times as fast as they were."""
        del overlay, parallel
        names = {side: key(side, edit) for side in SIDES}
        self._must_have(names["bad"])
        rows = {side: self.tape.sides[name].folding().rows() for side, name in names.items()}
        with showing(self.new_view(), rows, f"{note}; {self.tape.recorded}") as view:
            for side, event in self._paced(names):
                view.event(side, event)
        reports = self.tape.reports
        return {side: replace(reports[name], name=side) for side, name in names.items()}

    def _paced(self, names: Mapping[str, str]) -> Iterator[tuple[str, Event]]:
        """The events of both sides in the order they happened, slow enough to be seen."""
        sides = (self._named(side, name) for side, name in names.items())
        live = os.environ.get("MLDOCKER_LIVE") != "0"
        now = 0.0
        for side, event in heapq.merge(*sides, key=lambda pair: pair[1].at):
            if live and event.at > now:
                time.sleep((event.at - now) / _SPEED)
                now = event.at
            yield side, event

    def _named(self, side: str, name: str) -> Iterator[tuple[str, Event]]:
        for event in self.tape.events(name):
            yield side, event

    def _events_of(self, name: str) -> Iterator[Event]:
        return self.tape.events(name)

    def _must_have(self, name: str) -> None:
        if name not in self.tape.sides:
            edits = [side.partition(" after ")[2] for side in self.tape.sides if " after " in side]
            known = ", ".join(dict.fromkeys(edits)) or "no edit"
            raise UsageError(
                f"this was not recorded: {name} ({self.tape.recorded})",
                f"recorded are the cold builds and after: {known}. "
                "`mldocker-lab doctor` says how to get an engine and build it for real",
            )
