"""Numbers as people type them, and as we show them: ``"1.5 GB"`` is 1500 where MB are asked for."""

from __future__ import annotations

import re

from mldocker_lab.errors import UsageError

__all__ = ["number", "quantity"]

_BYTES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_BINARY = {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_TIMES = {"ms": 0.001, "s": 1, "sec": 1, "seconds": 1, "min": 60, "minutes": 60, "h": 3600}
_FORM = re.compile(r"(-?\d[\d.,\s_]*|-?\.\d+)\s*(.*)", re.DOTALL)
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_WHOLE = 100  # from here on no decimals are shown


def number(said: str | float, unit: str = "") -> float:
    """What somebody means who says this where a number of ``unit`` is asked for.

    Blanks and commas may group thousands, a single comma may stand for the decimal point, "about"
    and "~" are nothing. Another unit of bytes or of time is converted.

    Args:
        said: a number, or a number and a unit.
        unit: the unit of the result; "" for a bare number.

    Raises:
        UsageError: it is no number, or its unit is another one.
    """
    if not isinstance(said, str):
        return said
    text = re.sub(r"^(about|ca\.|~|≈)\s*", "", said.strip(), flags=re.IGNORECASE)
    form = _FORM.fullmatch(text)
    wanted = f"a number of {unit}" if unit else "a number"
    if not form:
        raise UsageError(f"{said!r} is no number", f"say {wanted}, for example 12")
    digits = re.sub(r"[\s_]", "", form[1])
    plain = digits.replace(",", "") if _THOUSANDS.fullmatch(digits) else digits.replace(",", ".")
    factor = _factor(form[2].strip(), unit)
    try:
        value = float(plain)
    except ValueError:
        raise UsageError(f"{said!r} is no number", f"say {wanted}, for example 12") from None
    if factor is None:
        raise UsageError(f"{form[2].strip()!r} is not the unit asked for", f"say {wanted}")
    value *= factor
    return int(value) if value.is_integer() else value


def _factor(given: str, unit: str) -> float | None:
    """What a number in ``given`` is multiplied with to be one in ``unit``; None if it cannot be."""
    if not given or _one(given) == _one(unit):
        return 1
    for scale in (_BYTES | _BINARY, _TIMES):
        if given.lower() in scale and unit.lower() in scale:
            return scale[given.lower()] / scale[unit.lower()]
    return None


def _one(word: str) -> str:
    return word.lower().removesuffix("s")


def quantity(value: float, unit: str = "") -> str:
    """``7.3123`` of MB → ``"7.31 MB"``; whole numbers as they are, thousands apart by a blank."""
    if float(value).is_integer() or abs(value) >= _WHOLE:
        text = f"{value:,.0f}".replace(",", " ")
    else:
        text = f"{value:.3g}"
    return f"{text} {unit}".strip()
