"""Docker for ML engineers: a workbook that runs.

In a notebook::

    import mldocker_lab as lab

    pair = lab.build_pair("contexts/03_cache")

Importing this costs next to nothing: a name is loaded when it is first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"

#: Public name -> the module that defines it. The names notebooks use, and no others.
_HOME = {
    "Health": "mldocker_lab.run.options",
    "Pair": "mldocker_lab.pair",
    "Secret": "mldocker_lab.build.secrets",
    "audit": "mldocker_lab.lab",
    "artifact_store": "mldocker_lab.lab",
    "bars": "mldocker_lab.show.bars",
    "build": "mldocker_lab.lab",
    "build_pair": "mldocker_lab.lab",
    "call": "mldocker_lab.lab",
    "clean": "mldocker_lab.lab",
    "context": "mldocker_lab.lab",
    "digest": "mldocker_lab.lab",
    "doctor": "mldocker_lab.lab",
    "exercise": "mldocker_lab.lab",
    "explore": "mldocker_lab.lab",
    "gpu": "mldocker_lab.gpus",
    "grid": "mldocker_lab.show.grid",
    "guesses": "mldocker_lab.guessing.ask",
    "inspect": "mldocker_lab.lab",
    "jump": "mldocker_lab.jumping",
    "latencies": "mldocker_lab.show.latency",
    "lesson": "mldocker_lab.lessons",
    "model_registry": "mldocker_lab.lab",
    "predict": "mldocker_lab.guessing.ask",
    "pull_cost": "mldocker_lab.lab",
    "registry": "mldocker_lab.lab",
    "replay": "mldocker_lab.lab",
    "run": "mldocker_lab.lab",
    "up": "mldocker_lab.lab",
    "volume": "mldocker_lab.lab",
    "wheel": "mldocker_lab.lab",
    "workbench": "mldocker_lab.lab",
}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604 the keys are strings


class _Verbs(ModuleType):
    """The package: ``lab.run`` and ``lab.build`` stay verbs though sub-packages share their names.

    Loading ``mldocker_lab.run`` would otherwise put the module in the place of the verb. The
    module is found as ever: ``from mldocker_lab.run import ask``.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Verbs


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext mldocker_lab``: the magics ``%%dockerfile`` and ``%compare``."""
    import_module("mldocker_lab.magics").register(shell)


def _in_a_kernel() -> InteractiveShell | None:
    """The shell of the notebook that imports this; asks IPython only if somebody loaded it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell if getattr(shell, "kernel", None) is not None else None


if _shell := _in_a_kernel():  # where no engine can run, lessons show what was recorded
    import_module("mldocker_lab.recorded").install(_shell)
