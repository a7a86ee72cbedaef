"""Gate A: what the image demands with ``NVIDIA_REQUIRE_*``, asked before the container starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mldocker_lab.gpu.require import evaluate
from mldocker_lab.gpu.verdict import CANNOT_TELL, REFUSED, RUNS, Gate, cannot_tell
from mldocker_lab.gpu.versions import as_version, plausible

if TYPE_CHECKING:
    from mldocker_lab.gpu.host import Gpu, Host
    from mldocker_lab.gpu.image import Image

__all__ = ["Way", "because", "cards", "image_gate", "no_driver"]

#: How the GPU is asked for. With CDI nobody looks at the image's demands.
Way = Literal["gpus", "runtime", "cdi"]


def image_gate(image: Image, host: Host, way: Way = "gpus") -> Gate:
    """A: what the image demands.

    Args:
        image: the image.
        host: the host; every card of it has to do.
        way: "gpus" (``--gpus``), "runtime" (``--runtime=nvidia``) or "cdi".
    """
    return _not_asked(image, way) or no_driver(host) or _unreadable(image) or _asked(image, host)


def no_driver(host: Host) -> Gate | None:
    """The refusal of a host that is known to have no driver."""
    said = f"the host has no NVIDIA driver: {host.no_driver}"
    return Gate(REFUSED, said) if host.no_driver else None


def cards(host: Host) -> tuple[Gpu | None, ...]:
    """Its cards; one of which nothing is known if none is."""
    return host.gpus or (None,)


def because(host: Host, reason: str) -> str:
    """A reason, and what could not be read of the host."""
    said = "; ".join(host.problems)
    return f"{reason} ({said})" if reason and said else reason or said


def _not_asked(image: Image, way: Way) -> Gate | None:
    env = image.environment
    if way == "cdi":
        return Gate(RUNS, "with CDI nobody asks: what does not fit fails later, inside CUDA")
    if way == "runtime" and env.devices() is None:
        return Gate(RUNS, "it asks for no GPU (NVIDIA_VISIBLE_DEVICES): nobody asks its demands")
    return None


def _unreadable(image: Image) -> Gate | None:
    env = image.environment
    if unsupported := env.capabilities().unsupported:
        said = ", ".join(unsupported)[:80]
        return Gate(REFUSED, f"NVIDIA_DRIVER_CAPABILITIES asks for what there is not: {said}")
    if env.disables_requirements:
        return Gate(RUNS, "NVIDIA_DISABLE_REQUIRE switches this gate off")
    if env.problem:
        return cannot_tell(f"{env.problem}: the toolkit cannot tell what the image demands")
    return None if env.requirements else Gate(RUNS, "the image demands nothing")


def _asked(image: Image, host: Host) -> Gate:
    """All demands have to be met, by all cards."""
    facts = [_plausible(host.facts(gpu)) for gpu in cards(host)]
    answers = [evaluate(one, known) for known in facts for one in image.environment.requirements]
    refused = next((one for one in answers if one.verdict == REFUSED), None)
    unknown = next((one for one in answers if one.verdict == CANNOT_TELL), None)
    if refused:
        return refused
    if unknown or host.problems:
        return cannot_tell(because(host, unknown.reason if unknown else ""))
    return answers[0]


def _plausible(facts: dict[str, str | None]) -> dict[str, str | None]:
    """What no driver and no card has is a slip, and a slip is no fact."""
    odd = {
        key
        for key in ("cuda", "driver", "arch")
        if as_version(facts[key]) is not None and plausible(key, facts[key]) is None
    }
    return {key: None if key in odd else value for key, value in facts.items()}
