"""Two folders that pip reads like indexes, with a stand-in for torch that only knows its version.

The real indexes are laid out like this: the usual one gets each new PyTorch, one for an older CUDA
stays as it is.
"""

import mldocker_lab as lab

TEXT = """FROM mldocker-lab/python:3.11-slim
COPY usual /usual
COPY cu121 /cu121
ENV PIP_INDEX_URL=file:///usual CU121=file:///cu121
RUN pip install --no-deps {line}
CMD ["python", "-c", "import torch; print(torch.version)"]
"""
#: What stands behind ``pip install``.
LINES = (
    "torch --extra-index-url $CU121",
    "torch==2.5.1 --extra-index-url $CU121",
    "torch --index-url $CU121",
)


def folder(name, *versions):
    files = {}
    for version in versions:
        files |= lab.wheel("torch", version, f"version = {version!r}\n", into=f"{name}/torch")
    wheels = [path.rpartition("/")[2] for path in files]
    links = "".join(f'<a href="{wheel.replace("+", "%2B")}">{wheel}</a>\n' for wheel in wheels)
    return files | {f"{name}/torch/index.html": links.encode()}


INDEXES = folder("usual", "2.5.1", "2.9.1") | folder("cu121", "2.5.1+cu121")


def taken(line):
    """The version that ``pip install line`` takes, in a container."""
    built = lab.build("contexts/07_gpu", text=TEXT.format(line=line), files=INDEXES, weigh=False)
    return lab.call(built)[1].strip()
