"""Make this machine ready, see whether it is, and open the first lesson."""

from __future__ import annotations

import os
import time
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab import proof as proofs
from mldocker_lab.lab.building import built_pair
from mldocker_lab.lab.engine import find_engine, supplied
from mldocker_lab.lab.supplying import ensure_mlflow
from mldocker_lab.supply import bases, mlflow_image, wheels
from mldocker_lab.units import took
from mldocker_lab.widgets.progress import watch

if TYPE_CHECKING:
    from datetime import datetime

    from mldocker_lab.pair import Pair

__all__ = ["Ready", "doctor", "jupyter_arguments", "up"]

ROOT = Path(__file__).resolve().parents[2]
_FIRST_LESSON = "notebooks/00_preflight.ipynb"
_PROOF = ROOT / "notebooks" / "contexts" / "00_preflight"


@dataclass(frozen=True)
class Ready:
    """The lab is ready: which engine, why, and the tiny pair that proves it, or when one did."""

    engine: str
    source: str
    seconds: float
    proof: Pair | None
    proved: datetime | None = None

    def __str__(self) -> str:
        lines = [f"ready after {took(self.seconds)}: {self.engine} ({self.source})"]
        if self.proof:
            lines += ["", repr(self.proof)]
        elif self.proved:
            day = self.proved.astimezone().date()
            lines += [f"proved with a pair on {day}; `mldocker-lab up --proof` builds it again"]
        return "\n".join(lines)

    __repr__ = __str__


def up(*, proof: bool | None = None, models: bool = False) -> Ready:
    """Find or start an engine, prepare base images, wheels and mirror, prove it with a tiny pair.

    Does nothing that is done already; can be interrupted and called again.

    Args:
        proof: build the tiny pair at the end; None builds it once for each engine.
        models: make MLflow's image, too, which is otherwise made when a lesson first needs it.

    Raises:
        NoEngine: there is none and none can be started here.
        SupplyError: a base image or a wheel could not be had.
    """
    began = time.monotonic()
    engine = find_engine()
    bench = supplied(engine)
    # Not needed before lesson 06, but then there may be no network.
    watch(wheels.fetch(bases.architecture(engine), (mlflow_image.SET,)))
    if models:
        ensure_mlflow(engine)
    pair, proved = None, None
    if proof is not False and _PROOF.is_dir():
        claim = proofs.claim(str(engine.info().get("ID", "")), bases.fingerprint(), _PROOF)
        proved = None if proof else proofs.proved(claim)
        if proved is None:
            pair = built_pair(bench, _PROOF)
            proofs.record(claim)
    return Ready(engine.name, engine.source, time.monotonic() - began, pair, proved)


def doctor() -> Any:
    """What works on this machine, what does not, and what to do about it."""
    from mldocker_lab.engine import doctor as examining

    return examining.examine()


def jupyter_arguments() -> list[str]:
    """Arguments that open JupyterLab on the first lesson."""
    arguments = [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url=/lab/tree/{_FIRST_LESSON}"]
    arguments.append("--ContentsManager.allow_hidden=True")  # .dockerignore is a file to edit
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    try:
        webbrowser.get()
    except webbrowser.Error:
        arguments.append("--no-browser")
    return arguments
