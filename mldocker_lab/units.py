"""Bytes, seconds, ratios in words. Decimal units (1 MB = 1 000 000 bytes), as registries count."""

from __future__ import annotations

__all__ = ["divided", "size", "times", "took"]

_STEP = 1000
_MINUTE = 60


def size(n: float | None) -> str:
    """``195_300_000`` → ``"195 MB"``; None (not measured) → ``"–"``.

    Three significant digits below 1000, decimal units.
    """
    if n is None:
        return "–"
    value, units = float(n), ["B", "kB", "MB", "GB", "TB"]
    for unit in units:
        if abs(value) < _STEP - 0.5 or unit == units[-1]:
            break
        value /= _STEP
    text = f"{value:.0f}" if unit == "B" or abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004
    return f"{text} {unit}"


def took(seconds: float | None) -> str:
    """``4.23`` → ``"4.2 s"``, ``83`` → ``"1 min 23 s"``; None → ``"–"``."""
    if seconds is None:
        return "–"
    if seconds < _MINUTE - 0.05:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest:02d} s"


def times(ratio: float | None) -> str:
    """``5.87`` → ``"5.9×"``, ``1234.5`` → ``"1 234×"``; None → ``"–"``."""
    if ratio is None:
        return "–"
    text = f"{ratio:.1f}" if abs(ratio) < 99.95 else f"{ratio:,.0f}"  # noqa: PLR2004 - three digits
    return f"{text.replace(',', ' ')}×"


def divided(bad: float | None, good: float | None) -> float | None:
    """``bad / good``; None where either is not measured or there is nothing to divide by."""
    return bad / good if bad is not None and good else None
