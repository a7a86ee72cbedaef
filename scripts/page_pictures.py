"""The README's picture of the panels, from what the browser tests saw.

MLDOCKER_SCREENSHOTS=shots .venv/bin/python -m pytest tests/browser
.venv/bin/python scripts/page_pictures.py shots
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).resolve().parent.parent / "docs"
SHOWN = ("course-new", "course-failed", "dockerfile-typo-light", "course-passed", "engine-running")
WIDTH, SECONDS, COLOURS = 960, 3, 64


def main(folder: Path) -> None:
    """One picture after the other, small enough for a page."""
    frames = []
    for name in SHOWN:
        seen = Image.open(folder / f"{name}.png").convert("RGB")
        small = seen.resize(
            (WIDTH, round(seen.height * WIDTH / seen.width)), Image.Resampling.LANCZOS
        )
        frames.append(small.quantize(COLOURS))
    first, *others = frames
    first.save(
        DOCS / "course.gif",
        save_all=True,
        append_images=others,
        duration=SECONDS * 1000,
        loop=0,
        optimize=True,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
