"""Change what a Dockerfile starts from, and leave every other byte of it alone.

Builds are started cold this way: from bases that no cache has seen, with cache mounts that nobody
else uses. The user's cache is neither read nor thrown away.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from mldocker_lab.dockerfile.instruction import mount_target, split_mount
from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.dockerfile.words import words_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mldocker_lab.dockerfile.parse import Dockerfile, Instruction

__all__ = ["external_images", "with_bases", "with_cache_ids"]


def external_images(
    dockerfile: Dockerfile, args: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The images it takes from outside, each once, in order: bases, COPY --from, mounts from=.

    ``scratch`` is not an image. With ``args``, FROM lines are read with these build arguments.
    """
    found = []
    fresh = _with_args(dockerfile, args)
    for one in fresh.instructions:
        if one.stage is not None and one.keyword == "FROM":
            stage = fresh.stages[one.stage]
            found += [stage.base] if stage.base_stage is None else []
        found += [name for name in _sources(one) if _is_image(fresh, one, name)]
    return tuple(dict.fromkeys(name for name in found if name != "scratch"))


def with_bases(
    dockerfile: Dockerfile, images: Mapping[str, str], args: Mapping[str, str] | None = None
) -> str:
    """The source with external images replaced by others.

    Args:
        dockerfile: what to rewrite.
        images: old name to new name; FROM lines are compared after variables are replaced.
        args: the build arguments of the build to come.
    """
    fresh = _with_args(dockerfile, args)
    return _edited(fresh, list(_base_edits(fresh, images)))


def with_cache_ids(dockerfile: Dockerfile, prefix: str) -> str:
    """The source with ``id=PREFIX-ID`` on every cache mount; ID is its own id, or its target.

    A mount of one stage only also gets ``sharing=locked``, if it does not say how it is shared.
    While BuildKit measures its disk (it does so to clean up), a mount looks as if it were in use,
    and a shared one is then replaced by a new, empty one (moby/buildkit issue 883): builds would
    download again what the mount holds. A locked one is waited for. The steps of a stage run one
    after the other anyway; those of two stages may run at once, and could wait for each other.
    """
    stages: dict[str, set[int | None]] = {}
    for one in dockerfile.instructions:
        for mount in one.mounts if one.keyword == "RUN" else ():
            if mount.get("type") == "cache":
                stages.setdefault(_own_id(mount), set()).add(one.stage)

    def renamed(fields: list[str]) -> list[str]:
        values = {_key(field): field.partition("=")[2] for field in fields}
        if values.get("type") != "cache":
            return fields
        own = _own_id(values)
        kept = [field for field in fields if _key(field) != "id"]
        alone = "sharing" not in values and len(stages.get(own, ())) == 1
        return [*kept, f"id={prefix}-{own}", *(["sharing=locked"] if alone else [])]

    edits = [edit for one in dockerfile.instructions for edit in _mount_edits(one, renamed)]
    return _edited(dockerfile, edits)


def _own_id(mount: Mapping[str, str]) -> str:
    """What a cache mount is known by: its id, or its target."""
    return mount.get("id") or mount_target(mount)


def _with_args(dockerfile: Dockerfile, args: Mapping[str, str] | None) -> Dockerfile:
    return parse(dockerfile.text, args) if args else dockerfile


def _sources(one: Instruction) -> Iterator[str]:
    if one.keyword == "COPY" and (name := one.flag("from")):
        yield name
    for mount in one.mounts:
        if name := mount.get("from"):
            yield name


def _is_image(dockerfile: Dockerfile, one: Instruction, name: str) -> bool:
    number = one.keyword == "COPY" and name.isdecimal()
    return not number and dockerfile.named(name) is None


_Edit = tuple[int, int, str]


def _base_edits(dockerfile: Dockerfile, images: Mapping[str, str]) -> Iterator[_Edit]:
    def new_from(field: str) -> str:
        name = field.partition("=")[2]
        known = _key(field) == "from" and dockerfile.named(name) is None and name in images
        return f"from={images[name]}" if known else field

    for stage in dockerfile.stages:
        if stage.base_stage is None and stage.base in images:
            start, end = words_at(stage.origin.source.text)[0]
            yield _placed(stage.origin, start, end, images[stage.base])
    for one in dockerfile.instructions:
        for flag in one.placed:
            name = flag.value or ""
            copies = one.keyword == "COPY" and flag.name == "from"
            if copies and name in images and _is_image(dockerfile, one, name):
                yield _placed(one, flag.start, flag.end, f"--from={_quoted(images[name])}")
        yield from _mount_edits(one, lambda fields: [new_from(field) for field in fields])


def _mount_edits(one: Instruction, change: Callable[[list[str]], list[str]]) -> Iterator[_Edit]:
    for flag in one.placed:
        if one.keyword == "RUN" and flag.name == "mount":
            fields = split_mount(flag.value or "")
            changed = change(fields)
            if changed != fields:
                yield _placed(one, flag.start, flag.end, f"--mount={_quoted(_joined(changed))}")


def _key(field: str) -> str:
    return field.partition("=")[0].strip().lower()


def _joined(fields: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(fields)
    return out.getvalue()


def _quoted(value: str) -> str:
    """The value as a flag can hold it: spaces, quotes and backslashes escaped."""
    return "".join("\\" + char if char in " \t\v\f\r\"'\\" else char for char in value)


def _placed(one: Instruction, start: int, end: int, new: str) -> _Edit:
    """A replacement in a logical line, as one in the source."""
    line = one.source
    return line.source(start), line.source(end - 1) + 1, new


def _edited(dockerfile: Dockerfile, edits: list[_Edit]) -> str:
    text = dockerfile.text
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text
