"""``mldocker.yaml``: the six lines that tell how a service is asked.

    port: 8080
    ready: /ready
    predict: /predict
    sample: {"rooms": 3}
    model: /models/model.onnx
    memory: 512m

All of them are optional; what cannot be asked without them is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.audit.model import Target

__all__ = ["NAME", "Service"]

NAME = "mldocker.yaml"
_KEYS = frozenset(
    ["port", "ready", "predict", "sample", "model", "memory", "seconds", "grace", "environment"]
)


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is asked.

    Attributes:
        port: the port it listens on.
        ready: a path that answers 2xx once it can predict; "" if nobody said.
        predict: a path that takes ``sample``; "" if nobody said.
        sample: the JSON body of one prediction.
        model: the model's file in the image; "" if nobody said.
        memory: what it may take.
        seconds: how long it may take to get ready.
        grace: seconds it has to end when it is asked to stop.
        environment: variables it needs.
    """

    port: int = 8080
    ready: str = ""
    predict: str = ""
    sample: Any = None
    model: str = ""
    memory: str = "512m"
    seconds: float = 60
    grace: float = 10
    environment: Mapping[str, str] | None = None

    @classmethod
    def of(cls, target: Target) -> Service:
        """What the project's file says; the port is that of EXPOSE if it says none.

        Raises:
            UsageError: the file is no mapping of these keys.
        """
        exposed = next((s.words[0][0] for s in target.chain if s.keyword == "EXPOSE"), "8080")
        number = exposed.partition("/")[0]
        port = int(number) if number.isdecimal() and number.isascii() else 8080
        text = target.project.text(NAME) or target.project.read(NAME)
        return cls(port=port) if text is None else cls._read(text, port)

    @classmethod
    def _read(cls, text: str, port: int) -> Service:
        try:
            data = yaml.safe_load(text) or {}
            unknown = set(data) - _KEYS
        except (yaml.YAMLError, TypeError) as error:
            raise UsageError(f"{NAME} cannot be read: {error}", "write it as name: value") from None
        if not isinstance(data, dict) or unknown:
            said = ", ".join(sorted(map(str, unknown))) or "no mapping"
            raise UsageError(f"{NAME} has {said}", f"it knows {', '.join(sorted(_KEYS))}")
        told: dict[str, Any] = {"port": port, **data}
        return cls(**told)
