"""Which installed packages does the server load, and what do they weigh? Run it in an image."""

import sys
from importlib import metadata
from pathlib import Path

import app  # noqa: F401
import uvicorn  # noqa: F401

SHOWN = 14


def weight(paths):
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


loaded = {name.partition(".")[0] for name in sys.modules}
packages = {}
for module, names in metadata.packages_distributions().items():
    for name in names:
        packages[name] = packages.get(name, False) or module in loaded

sizes = {}
for name in packages:
    files = metadata.distribution(name).files or ()
    sizes[name] = weight(Path(file.locate()) for file in files)

for name in sorted(sizes, key=sizes.get, reverse=True)[:SHOWN]:
    print(f"{name:20}{sizes[name]:7.1f} MB   {'loaded' if packages[name] else 'never loaded'}")

used = sum(size for name, size in sizes.items() if packages[name])
cache = weight(Path("/root/.cache/pip").rglob("*")) if Path("/root/.cache").exists() else 0.0
print()
print(f"{len(packages)} packages, {sum(packages.values())} of them loaded")
print(f"{'loaded':20}{used:7.1f} MB")
print(f"{'never loaded':20}{sum(sizes.values()) - used:7.1f} MB")
print(f"{'downloads of pip':20}{cache:7.1f} MB")
