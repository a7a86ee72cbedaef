"""Hosts and images that the package knows: recorded from public sources, or made up by us."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from mldocker_lab.gpu import host as hosts_of
from mldocker_lab.gpu import image as images_of
from mldocker_lab.gpu.tables import read

if TYPE_CHECKING:
    from mldocker_lab.gpu.host import Host
    from mldocker_lab.gpu.image import Image

__all__ = ["hosts", "images", "requirement"]


@cache
def hosts() -> dict[str, Host]:
    """Typical hosts by a short name."""
    return {key: hosts_of.from_dict(said) for key, said in read("hosts.toml")["hosts"].items()}


@cache
def images() -> dict[str, Image]:
    """Typical images by their name; NVIDIA's with the demands that they really make."""
    found = {}
    for said in read("images.toml")["images"]:
        variables = dict(said.get("env", {}))
        if "cuda" in said:
            variables["NVIDIA_REQUIRE_CUDA"] = requirement(
                said["cuda"],
                said.get("branches", []),
                said.get("brands", []),
                said.get("first", []),
            )
        found[said["name"]] = images_of.given(
            variables,
            name=said["name"],
            packages=said.get("packages"),
            compat=said.get("compat"),
            origin=said["origin"],
        )
    return found


def requirement(cuda: str, branches: list[int], brands: list[str], first: list[str]) -> str:
    """What NVIDIA writes into its images: a CUDA, or a driver branch that its cuda-compat serves.

    Args:
        cuda: "12.4".
        branches: driver branches, oldest first.
        brands: the brands listed with each branch.
        first: alternatives that come before those.
    """
    listed = [f"brand={brand},driver>={n},driver<{n + 1}" for n, brand in product(branches, brands)]
    return " ".join([f"cuda>={cuda}", *first, *listed])
