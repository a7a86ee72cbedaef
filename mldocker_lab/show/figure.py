"""A sheet to draw on, and the picture it becomes: pixels together with the words for them.

Everything is placed in units of one pixel on a page of ``WIDTH``, from the top left corner; the PNG
has two of its own pixels for each, so it stays sharp on a dense screen. The sheet is a light card
with round corners and sees to its own contrast: it reads the same on a light and on a dark page.
Nothing here touches pyplot, whose figures are global and stay alive.
"""

from __future__ import annotations

import io
import warnings
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, Patch, Polygon, Rectangle

from mldocker_lab.show.words import middle, one_line

__all__ = [
    "BLUE",
    "CARD",
    "GREEN",
    "INK",
    "LINE",
    "MARGIN",
    "ORANGE",
    "SKY",
    "SOFT",
    "VERMILLION",
    "WIDTH",
    "Picture",
    "Sheet",
    "tint",
]

WIDTH = 900
MARGIN = 28
INK, SOFT, LINE, CARD = "#1f2328", "#59636e", "#d1d9e0", "#fdfdfb"

# Colours that people with any kind of colour vision tell apart: M. Okabe and K. Ito, "Color
# Universal Design", 2008, https://jfly.uni-koeln.de/color/ (vermillion is darkened, so that white
# letters on it have a contrast of 4.5 and more).
ORANGE, SKY, GREEN, BLUE, VERMILLION = "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#bd4f00"

_DPI = 200
_INCH = 100  # units of the sheet in an inch
_POINT = 72 / _INCH  # points in a unit
_RADIUS = 14
_INSET = 1  # a hatch stays this far inside its box
_GRID, _MARK = 0.5, 2.5  # a thin line lies under the boxes, a thick one over them


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn figure: PNG where pictures can be shown, its description where they cannot.

    Attributes:
        png: the image file.
        alt: what it shows, in a sentence or two, with the numbers.
        width: pixels it should take on the page.
    """

    png: bytes = field(repr=False)
    alt: str
    width: int = WIDTH

    def __repr__(self) -> str:
        """The description: for those who listen, and for pages that show no pictures."""
        return self.alt

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/png": self.png, "text/plain": self.alt}
        wanted = set(include or data) - set(exclude or ())
        metadata = {"image/png": {"alt": self.alt, "width": self.width}}
        return {kind: data[kind] for kind in data if kind in wanted}, metadata


class Sheet:
    """A card of ``WIDTH`` by ``height``; x grows to the right, y downwards."""

    def __init__(self, height: float) -> None:
        self.height = height
        self._figure = Figure(figsize=(WIDTH / _INCH, height / _INCH), dpi=_DPI, facecolor="none")
        self._canvas = FigureCanvasAgg(self._figure)
        self._axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()
        self._axes.set_xlim(0, WIDTH)
        self._axes.set_ylim(height, 0)
        self.box(0.5, 0.5, WIDTH - 1, height - 1, fill=CARD, edge=LINE, radius=_RADIUS, layer=0)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 13,
        room: float | None = None,
        align: Literal["left", "center", "right"] = "left",
        colour: str = INK,
        bold: bool = False,
        code: bool = False,
        back: str | None = None,
    ) -> float:
        """Write on one line around the height ``y``; returns the width it takes.

        Args:
            x: where it starts, ends or is centred, after ``align``.
            y: the middle of the line.
            words: what to write.
            size: of the letters.
            room: width it must not exceed; longer text loses its middle.
            align: which part of it stands at ``x``.
            colour: of the letters.
            bold: heavier letters.
            code: letters of equal width.
            back: a colour to lay under the letters, where they stand on a pattern.
        """
        shown = (
            one_line(words) if room is None else self.fit(words, room, size, code=code, bold=bold)
        )
        under = (
            {"facecolor": back, "edgecolor": "none", "boxstyle": "round,pad=0.2"} if back else None
        )
        self._axes.text(
            x,
            y,
            shown,
            fontproperties=_font(size, code=code, bold=bold),
            color=colour,
            ha=align,
            va="center_baseline",
            bbox=under,
            parse_math=False,
            zorder=3,
        )
        return self.width_of(shown, size, code=code, bold=bold)

    def fit(
        self, words: str, room: float, size: float, *, code: bool = False, bold: bool = False
    ) -> str:
        """The words, their middle left out as far as needed to be no wider than ``room``."""
        whole = one_line(words)

        def too_wide(length: int) -> bool:
            return self.width_of(middle(whole, length), size, code=code, bold=bold) > room

        if not too_wide(len(whole)):
            return whole
        return middle(whole, bisect_left(range(len(whole)), x=True, key=too_wide) - 1)

    def width_of(self, words: str, size: float, *, code: bool = False, bold: bool = False) -> float:
        """How wide the words would stand."""
        renderer = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
        font = _font(size, code=code, bold=bold)
        width, _, _ = renderer.get_text_width_height_descent(words, font, ismath=False)
        return float(width) * _INCH / _DPI

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        edge: str = "none",
        hatch: str = "",
        hatch_colour: str = CARD,
        radius: float = 0,
        weight: float = 1,
        layer: float = 1,
    ) -> None:
        """A rectangle, its corners rounded by ``radius``; the hatch is laid over the fill."""
        style: dict[str, Any] = {
            "linewidth": weight * _POINT,
            "facecolor": fill,
            "edgecolor": edge,
            "zorder": layer,
        }
        if radius:
            corners = f"round,pad=0,rounding_size={radius}"
            patch: Patch = FancyBboxPatch((x, y), width, height, boxstyle=corners, **style)
        else:
            patch = Rectangle((x, y), width, height, **style)
        self._axes.add_patch(patch)
        if hatch:
            over: dict[str, Any] = {
                "facecolor": "none",
                "edgecolor": hatch_colour,
                "hatch": hatch,
                "linewidth": 0,
            }
            inner = max(width - 2 * _INSET, 0), max(height - 2 * _INSET, 0)
            self._axes.add_patch(Rectangle((x + _INSET, y + _INSET), *inner, **over))

    def line(
        self, x: float, y: float, to_x: float, to_y: float, *, colour: str = LINE, weight: float = 1
    ) -> None:
        """A straight line: under the boxes if it is thin, over them if it is not."""
        self._axes.plot(
            [x, to_x],
            [y, to_y],
            color=colour,
            linewidth=weight * _POINT,
            solid_capstyle="butt",
            zorder=_MARK if weight > 1 else _GRID,
        )

    def diamond(self, x: float, y: float, size: float, *, edge: str) -> None:
        """A hollow diamond around a point."""
        corners = [(x - size, y), (x, y - size), (x + size, y), (x, y + size)]
        self._axes.add_patch(
            Polygon(corners, facecolor=CARD, edgecolor=edge, linewidth=1.5 * _POINT)
        )

    def picture(self, alt: str) -> Picture:
        """The sheet as PNG; the same drawing always gives the same bytes."""
        out = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a letter the font lacks is a box, not a failed cell
            self._canvas.print_png(out, metadata={"Software": None})  # type: ignore[no-untyped-call]
        return Picture(out.getvalue(), one_line(alt))


def tint(colour: str, strength: float) -> str:
    """The colour thinned with the card's: 1 is the colour itself, 0 is the card."""
    pairs = zip(_rgb(colour), _rgb(CARD), strict=True)
    return "#" + "".join(f"{round(c * strength + w * (1 - strength)):02x}" for c, w in pairs)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


@lru_cache(maxsize=64)
def _font(size: float, *, code: bool, bold: bool) -> FontProperties:
    """Fonts that come with matplotlib, so that a figure is the same on every machine."""
    family = "DejaVu Sans Mono" if code else "DejaVu Sans"
    return FontProperties(family=family, size=size * _POINT, weight="bold" if bold else "normal")
