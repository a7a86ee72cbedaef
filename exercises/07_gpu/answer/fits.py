"""Which image runs on which host? What is not known is None.

image: {"name": "b", "cuda": [12, 4], "requires": "cuda>=12.4 brand=tesla,driver>=535,driver<536",
        "kernels": [[7, 5], [8, 0], [8, 6]]}
host:  {"driver": [535, 104, 5], "cuda": [12, 2], "brand": "geforce", "arch": [8, 9]}
"""

from facts import FLOORS, meets


def fits(image, host):
    """What each gate says: "runs", "refused", or "cannot-tell"."""
    word = "runs" if image["cuda"] <= host["cuda"] else "refused"
    return {"image": word, "cuda": word, "kernels": word}


def choose(images, host):
    """The name of the image with the newest CUDA that runs on the host; None if none does."""
    return images[-1]["name"]
