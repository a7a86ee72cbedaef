"""What the editor knows by heart: instructions, their flags, the lab's bases. Our own words.

Source of what there is: the Dockerfile reference, https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

from mldocker_lab.server.schema import Completion, Help, Instruction

__all__ = ["vocabulary"]

_OWNER = ("chown=", "who owns the copies: user:group, by name or number")
_MODE = ("chmod=", "the copies' rights, in octal: 644")
_LINK = ("link", "a layer that stands on its own: it stays when the layers below change")
_EXCLUDE = ("exclude=", "a pattern of files to leave out")

_INSTRUCTIONS = {
    "FROM": (
        "Begins a stage from an image, or from an earlier stage.",
        "FROM mldocker-lab/python:3.11-slim AS server",
        (("platform=", "which variant of the image: linux/amd64, linux/arm64"),),
    ),
    "RUN": (
        "Runs a command; what it changed becomes a layer. What a later RUN deletes stays in it.",
        "RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt",
        (
            ("mount=type=cache,target=", "a folder that stays between builds, in no layer"),
            ("mount=type=bind,source=", "files of the context, there only while this runs"),
            ("mount=type=secret,id=", "a secret, there only while this runs, in no layer"),
            ("mount=type=tmpfs,target=", "a folder in memory, gone afterwards"),
            ("network=", "none, host or default"),
            ("security=", "insecure or sandbox"),
        ),
    ),
    "COPY": (
        "Copies files of the build context, or of another stage, into a new layer.",
        "COPY --from=trainer /model.onnx /app/",
        (
            ("from=", "a stage or an image to copy from"),
            _OWNER,
            _MODE,
            _LINK,
            ("parents", "keep the folders above each file"),
            _EXCLUDE,
        ),
    ),
    "ADD": (
        "Like COPY, but unpacks archives and fetches addresses. Prefer COPY where it does.",
        "ADD --checksum=sha256:… https://example.org/weights.bin /models/",
        (
            _OWNER,
            _MODE,
            _LINK,
            ("checksum=", "what the download must hash to"),
            ("keep-git-dir", "keep .git of a repository"),
            _EXCLUDE,
        ),
    ),
    "ENV": ("Sets a variable, at build time and at run time.", "ENV PYTHONUNBUFFERED=1", ()),
    "ARG": (
        "A variable of the build alone. Its value shows in the history: no place for a secret.",
        "ARG VERSION=3.11",
        (),
    ),
    "WORKDIR": ("The folder in which what follows runs; made if missing.", "WORKDIR /app", ()),
    "USER": ("Who runs what follows, and the container.", "USER 1000:1000", ()),
    "CMD": (
        "What a container runs if you name nothing. As a JSON list it receives signals itself.",
        'CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]',
        (),
    ),
    "ENTRYPOINT": (
        "The program of the container; CMD becomes its arguments.",
        'ENTRYPOINT ["python", "-m", "serve"]',
        (),
    ),
    "EXPOSE": ("Says which port the program uses; it publishes none.", "EXPOSE 8000", ()),
    "HEALTHCHECK": (
        "A command that tells whether the container can do its work.",
        "HEALTHCHECK --interval=10s CMD python -m health",
        (
            ("interval=", "time between two tries"),
            ("timeout=", "how long a try may take"),
            ("start-period=", "how long failures do not count at the start"),
            ("start-interval=", "time between tries in the start period"),
            ("retries=", "failures in a row that mean unhealthy"),
        ),
    ),
    "LABEL": ("Facts about the image, for people and tools.", 'LABEL version="1"', ()),
    "VOLUME": (
        "A folder kept outside of the container's layer; what builds write there later is lost.",
        "VOLUME /data",
        (),
    ),
    "SHELL": ("The shell that RUN, CMD and ENTRYPOINT use.", 'SHELL ["/bin/bash", "-c"]', ()),
    "STOPSIGNAL": ("The signal that asks the container to stop.", "STOPSIGNAL SIGTERM", ()),
    "ONBUILD": (
        "An instruction for whoever builds on this image.",
        "ONBUILD COPY requirements.txt .",
        (),
    ),
    "MAINTAINER": ("Old. Write a LABEL.", 'LABEL maintainer="you"', ()),
}

_BASES = (
    ("mldocker-lab/python:3.11-slim", "Python on a small Debian: for what serves"),
    ("mldocker-lab/python:3.11-devel", "the same with compilers: for what builds"),
)


def vocabulary() -> Help:
    """All of it."""
    return Help(
        [
            Instruction(
                keyword, says, example, [Completion(f"--{word}", told) for word, told in flags]
            )
            for keyword, (says, example, flags) in _INSTRUCTIONS.items()
        ],
        [Completion(name, says) for name, says in _BASES],
    )
