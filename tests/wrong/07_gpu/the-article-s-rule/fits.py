"""The article's rule, for everything that is known."""


def fits(image, host):
    if image["cuda"] is None or host["cuda"] is None:
        word = "cannot-tell"
    else:
        word = "runs" if image["cuda"] <= host["cuda"] else "refused"
    return {"image": word, "cuda": word, "kernels": word}


def choose(images, host):
    good = [one for one in images if one["cuda"] <= host["cuda"]]
    return max(good, key=lambda one: one["cuda"])["name"] if good else None
