"""Which image runs on which host? What is not known is None."""

from facts import FLOORS, meets

WORDS = {True: "runs", False: "refused", None: "cannot-tell"}


def fits(image, host):
    """What each gate says: "runs", "refused", or "cannot-tell"."""
    demand = meets(image["requires"], host)
    driver = driver_runs(image["cuda"], host["driver"])
    kernel = kernel_for(host["arch"], image["kernels"])
    return {"image": WORDS[demand], "cuda": WORDS[driver], "kernels": WORDS[kernel]}


def driver_runs(cuda, driver):
    if cuda is None or driver is None:
        return None
    return driver >= FLOORS[cuda[0]]


def kernel_for(arch, kernels):
    if arch is None or kernels is None:
        return None
    return any(one[0] == arch[0] and one[1] <= arch[1] for one in kernels)


def choose(images, host):
    """The name of the image with the newest CUDA that runs on the host; None if none does."""
    good = [one for one in images if set(fits(one, host).values()) == {"runs"}]
    return max(good, key=lambda one: one["cuda"])["name"] if good else None
