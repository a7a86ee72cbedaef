"""``mldocker.yaml``: the few lines that tell how to ask a service, so that it can be watched.

    dockerfile: Dockerfile      # and `target: server`, if it has several
    port: 8080
    ready: /ready               # answers 2xx once it can predict
    predict: /predict           # POST
    sample: [[0.1, 2.3]]        # its JSON body
    model: /models/pumps.onnx   # where the container looks for its weights
    weights: models/pumps.onnx  # the file to mount there; without it, the image has its own

Every line may be missing; what cannot be judged without it is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import yaml

from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

__all__ = ["FILE", "Adapter"]

FILE = "mldocker.yaml"
_TEXTS = ("dockerfile", "target", "ready", "predict", "model", "weights", "memory")


@dataclass(frozen=True, slots=True)
class Adapter:
    """How to run and ask a project's service.

    Attributes:
        dockerfile: its Dockerfile, relative to the project; "" to find it.
        target: the stage that is shipped; "" for the last.
        port: where it listens inside the container.
        ready: a path that answers 2xx once it can predict; "" if unknown.
        predict: a path that takes ``sample``; "" if unknown.
        sample: a JSON body for it.
        model: where the container looks for its weights; "" if unknown.
        weights: the project's file that is mounted there; "" if the image needs none.
        environment: variables it needs.
        memory: the limit to run it under, like "512m".
        cpus: processors' worth of time.
        seconds: how long it may take to be ready.
    """

    dockerfile: str = ""
    target: str = ""
    port: int = 8080
    ready: str = ""
    predict: str = ""
    sample: Any = None
    model: str = ""
    weights: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    memory: str = "1g"
    cpus: float = 1.0
    seconds: float = 60.0

    @classmethod
    def load(cls, folder: Path, port: int = 8080) -> Self:
        """The project's own, or one that knows nothing.

        Args:
            folder: the project's.
            port: where it listens if the file does not say.

        Raises:
            UsageError: the file is there and makes no sense; the message names the line.
        """
        path = folder / FILE
        if not path.is_file():
            return cls(port=port)
        return cls.parse(path.read_text(encoding="utf-8"), port)

    @classmethod
    def parse(cls, text: str, port: int = 8080) -> Self:
        """What a text says.

        Args:
            text: YAML.
            port: where it listens if the text does not say.

        Raises:
            UsageError: it is no mapping of the names above.
        """
        try:
            told = yaml.safe_load(text) or {}
        except yaml.YAMLError as error:
            raise UsageError(f"{FILE} cannot be read: {' '.join(str(error).split())}") from error
        known = {one.name for one in fields(cls)}
        if not isinstance(told, dict) or (unknown := set(map(str, told)) - known):
            names = f" {', '.join(sorted(unknown))}" if isinstance(told, dict) else " no mapping"
            raise UsageError(f"{FILE} has{names}", f"its names are {', '.join(sorted(known))}")
        try:
            return cls(
                **{"port": port, **{n: _as_it_should(n, value) for n, value in told.items()}}
            )
        except (TypeError, ValueError) as error:
            raise UsageError(f"{FILE}: {error}") from error


def _as_it_should(name: str, value: Any) -> Any:
    if name in _TEXTS:
        if not isinstance(value, str):
            raise TypeError(f"{name} is a text, not {value!r}")
        return value
    if name == "port":
        return int(value)
    if name in ("cpus", "seconds"):
        return float(value)
    if name == "environment":
        return {str(key): str(one) for key, one in dict(value or {}).items()}
    return value
