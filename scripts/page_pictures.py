"""The README's pictures of JupyterLab, from what the browser tests saw.

MLDOCKER_SCREENSHOTS=shots .venv/bin/python -m pytest tests/browser
.venv/bin/python scripts/page_pictures.py shots
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).resolve().parent.parent / "docs"
SHOWN = ("course-new", "course-failed", "dockerfile-typo-light", "course-passed", "engine-running")
SINGLE = {
    "course-failed": "check.png",
    "dockerfile-typo-light": "dockerfile.png",
    "sides-edit": "sides.png",
}
WIDTH, SECONDS, COLOURS, MOST_BYTES = 960, 3, 64, 150_000


def main(folder: Path) -> None:
    """Three pictures, and one after the other as a tour, small enough for a page."""
    (DOCS / "images").mkdir(exist_ok=True)
    for name, file in SINGLE.items():
        path = DOCS / "images" / file
        seen(folder, name).save(path, optimize=True)
        if path.stat().st_size > MOST_BYTES:
            sys.exit(f"{path} is too large for a page: {path.stat().st_size} bytes")
    first, *others = (seen(folder, name) for name in SHOWN)
    first.save(
        DOCS / "course.gif",
        save_all=True,
        append_images=others,
        duration=SECONDS * 1000,
        loop=0,
        optimize=True,
    )


def seen(folder: Path, name: str) -> Image.Image:
    """What a test saw, as wide as a page and in few colours."""
    whole = Image.open(folder / f"{name}.png").convert("RGB")
    size = (WIDTH, round(whole.height * WIDTH / whole.width))
    return whole.resize(size, Image.Resampling.LANCZOS).quantize(COLOURS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
