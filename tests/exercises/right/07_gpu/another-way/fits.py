"""Every gate lists what speaks against it."""

import facts


def verdict(known, holds):
    return "cannot-tell" if not known else "runs" if holds() else "refused"


def fits(image, host):
    said = facts.meets(image["requires"], host)
    cuda, kernels = image["cuda"], image["kernels"] or []
    floor = facts.FLOORS.get(cuda[0]) if cuda else None
    return {
        "image": verdict(said is not None, lambda: said),
        "cuda": verdict(floor and host["driver"], lambda: tuple(host["driver"]) >= tuple(floor)),
        "kernels": verdict(
            host["arch"] and kernels,
            lambda: any(k[0] == host["arch"][0] and k <= host["arch"] for k in kernels),
        ),
    }


def choose(images, host):
    for image in sorted(images, key=lambda one: one["cuda"], reverse=True):
        if list(fits(image, host).values()) == ["runs"] * 3:
            return image["name"]
    return None
