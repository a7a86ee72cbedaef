"""A host from the XML that ``nvidia-smi -q -x`` prints, whoever it comes from.

The parser is defusedxml's: no entities, nothing fetched. What a version of nvidia-smi does not
print is not known; a file that ends early or is no such XML is a host about which nothing is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from mldocker_lab.gpu.host import Fact, Gpu, Host, brand, capability, fact

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["from_xml"]

_SOURCE = "nvidia-smi -q -x"
_WINDOWS_MODELS = ("wddm", "tcc", "mcdm")


def from_xml(data: bytes | str, *, name: str = "the host", origin: str = "given") -> Host:
    """The host that printed this.

    Args:
        data: the XML.
        name: how to call it.
        origin: as for ``Host``.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    nothing = Host(name=name, origin=origin, source=_SOURCE)
    try:
        root: Element = fromstring(data)
    except ParseError as error:
        return _with(nothing, f"the XML is damaged or ends early: {error}")
    except (DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        return _with(nothing, f"the XML is refused: {type(error).__name__}")
    if root.tag != "nvidia_smi_log":
        return _with(
            nothing, f"this is no output of nvidia-smi -q -x: it begins with <{root.tag[:40]}>"
        )
    cards = root.findall("gpu")
    return Host(
        name=name,
        origin=origin,
        source=_SOURCE,
        platform="windows" if any(map(_windows, cards)) else "linux",
        driver=_fact(root, "driver_version"),
        cuda=_fact(root, "cuda_version") or _fact(root, "cuda_umd_version"),
        gpus=tuple(map(_card, cards)),
    )


def _card(card: Element) -> Gpu:
    name = _text(card, "product_name")
    told = _fact(card, "product_brand")
    architecture = _text(card, "product_architecture")
    mig = _text(card, "mig_mode/current_mig").lower()
    return Gpu(
        name,
        Fact(brand(told.value), told.source) if told else None,
        _fact(card, "compute_cap") or capability(name, architecture),
        {"enabled": True, "disabled": False}.get(mig),
    )


def _windows(card: Element) -> bool:
    """Windows has driver models, Linux has none; under WSL2 the same is printed as on Windows."""
    models = (
        _text(card, "driver_model/current_dm"),
        _text(card, "driver_model/driver_model_current"),
    )
    return any(one.lower() in _WINDOWS_MODELS for one in models)


def _text(of: Element, path: str) -> str:
    return (of.findtext(path) or "").strip()


def _fact(of: Element, tag: str) -> Fact | None:
    return fact(_text(of, tag), f"{_SOURCE}: {tag}")


def _with(host: Host, problem: str) -> Host:
    return Host(name=host.name, origin=host.origin, source=host.source, problems=(problem,))
