"""onnxruntime-gpu, asked what it runs on: here if you say so, else as it was when it was recorded.

``python wheel.py record`` records it anew: 1.6 GB to download, 4 GB on the engine.
"""

import json
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import mldocker_lab as lab
from mldocker_lab.gpu.badge import Badge
from mldocker_lab.home import home
from mldocker_lab.lab import find_engine
from mldocker_lab.supply.wheels import download

HERE = Path(__file__).parent
RECORDED = HERE / "recorded.json"
#: What is installed beside the model, and whether CUDA's wheels have to be loaded by hand.
IMAGES = {"the wheel alone": False, "with CUDA beside it": True}
TEXT = """FROM mldocker-lab/python:3.11-slim
WORKDIR /app
RUN --mount=type=bind,source=wheels,target=/wheels \\
    pip install --no-cache-dir --find-links /wheels {names}
COPY model.onnx ask.py ./
CMD ["python", "ask.py"]
"""
HOW = {"gpus": {"gpus": "all"}, "cdi": {"devices": ["nvidia.com/gpu=all"]}}


def recorded():
    return json.loads(RECORDED.read_text())


def run(which, way=None):
    """Fetch, build, run; ``way`` is how this engine passes GPUs, None if it does not."""
    wanted = [name for name in recorded()["wheels"] if IMAGES[which] or "onnx" in name]
    folder = home("gpu-wheels", "cuda" if IMAGES[which] else "alone")
    (folder / "wheels").mkdir(exist_ok=True)
    missing = [name for name in wanted if not _there(folder / "wheels", name)]
    if missing:
        download(missing, "amd64", folder / "wheels")
    for name in ("model.onnx", "ask.py"):
        shutil.copy(HERE / name, folder)
    image = lab.build(folder, text=TEXT.format(names=" ".join(wanted)), weigh=False)
    loads = {"environment": {"PRELOAD": "1"} if IMAGES[which] else {}}
    status, said = lab.call(image, **loads, **HOW.get(way, {}))
    freeze = lab.call(image, ["pip", "freeze"])[1].split()
    return {"exit": status, "said": said, "packages": freeze}


def tell(which, *, fetch=False, way=None):
    """Print the badge, where the run is from, and what it said; returns the run."""
    found = recorded()
    if fetch:
        told, badge = "run here, now", lab.gpu.probe(way).badge if way else Badge("no GPU")
        one = run(which, way)
    else:
        told, badge = f"recorded on {found['date']}, {found['machine']}", Badge("no GPU")
        one = found["runs"][which]
    print(f"[{badge.basis}] {which}: {told}\n\n{plain(one['said'])}\n\nexit status {one['exit']}")
    return one


def plain(said):
    """Without colours, times and source lines of the library, which say nothing here."""
    text = re.sub(r"\x1b\[[0-9;]*m|0x[0-9a-f]{6,}", "", said)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ ", "", text)
    text = re.sub(r"\[([EW]):onnxruntime:[^\]]*\] (\S+ onnxruntime::.*?FAIL : )?", r"[\1] ", text)
    return "\n".join(line[:500] for line in text.splitlines() if line.strip())


def _there(folder, name):
    file, _, version = name.partition("==")
    return any(folder.glob(f"{file.replace('-', '_')}-{version}-*.whl"))


def record():
    """Run both on this machine, and keep what they say."""
    engine = find_engine()
    machine = f"{engine.name} on a machine without a GPU"
    engine.close()
    found = recorded()
    found |= {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine}
    found["runs"] = {which: run(which) for which in IMAGES}
    RECORDED.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__" and sys.argv[-1] == "record":
    record()
