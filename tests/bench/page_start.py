"""How much later JupyterLab is there with the lab's extension than without it.

One server; its page is loaded with the extension and without it, in turn, each time by a browser
that has never seen it. Each pair gives a difference; the middle one counts, with the interval in
which it would lie 95 times of 100 if other pairs had been drawn (bootstrap).
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "browser"), str(TESTS)]
small_course = import_module("small_course")
conftest = import_module("conftest")

PAIRS = 20
GOAL = 0.3  # seconds
LATER = 1000  # milliseconds: what an extension puts off until the page is there counts as well
DRAWS = 10_000
NAME = "mldocker-lab"


class Folders:
    """What pytest gives to the fixtures; in the server's home only others' extensions count."""

    def mktemp(self, name):
        """A new folder."""
        made = Path(tempfile.mkdtemp(prefix=name))
        if name != "home":
            return made
        others = made / "others"
        others.mkdir()
        for extension in Path(sys.prefix, "share/jupyter/labextensions").glob("*"):
            if extension.name != NAME:
                (others / extension.name).symlink_to(extension)
        config = {"LabApp": {"labextensions_path": [str(others)]}}
        (made / "config").mkdir()
        (made / "config" / "jupyter_lab_config.json").write_text(json.dumps(config))
        return made


def load(browser, server):
    """Seconds until the page is there, and seconds its thread works; whether we are in it."""
    context = browser.new_context()
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/api?token={server.token}")
    chrome = context.new_cdp_session(page)
    chrome.send("Performance.enable", {"timeDomain": "threadTicks"})
    began = time.perf_counter()
    page.goto(f"{server.url}/lab?reset&token={server.token}")
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("() => window.jupyterapp.restored")
    took = time.perf_counter() - began
    page.wait_for_timeout(LATER)
    metrics = chrome.send("Performance.getMetrics")["metrics"]
    worked = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
    context.close()
    return (took, worked), any(f"extensions/{NAME}/" in url for url in asked)


def measured(browser, server):
    """Both times of each load, with and without; which comes first changes from pair to pair."""
    link = server.home / "labextensions" / NAME
    extension = link.resolve()
    times = {True: [], False: []}
    for turn in range(PAIRS + 1):
        for there in (True, False) if turn % 2 else (False, True):
            link.unlink(missing_ok=True)
            if there:
                link.symlink_to(extension)
            both, loaded = load(browser, server)
            assert loaded is there
            if turn:  # the first pair warms the caches of the server
                times[there].append(both)
    return times


def told(with_, without):
    """The middle of the differences in words, with its interval; and the interval's upper end."""
    differences = [a - b for a, b in zip(with_, without, strict=True)]
    drawn = random.Random(0)
    middles = sorted(median(drawn.choices(differences, k=len(differences))) for _ in range(DRAWS))
    low, high = middles[DRAWS // 40], middles[-DRAWS // 40]
    text = f"{median(differences):+.2f} s [{low:+.2f}, {high:+.2f}] on {median(without):.2f} s"
    return text, high


def main():
    """Measure, and say it in a line."""
    own = {"MLDOCKER_HOME": tempfile.mkdtemp(), "MLDOCKER_ENGINE": "unix:///nobody"}
    with conftest._jupyterlab(Folders(), **own) as server, sync_playwright() as playwright:
        small_course.make(server.root)
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=conftest.ARGUMENTS
        )
        times = measured(chromium, server)
        chromium.close()
    wall, thread = (told(*([one[i] for one in times[on]] for on in (True, False))) for i in (0, 1))
    verdict = "below" if max(wall[1], thread[1]) < GOAL else "not shown to be below"
    words = f"{wall[0]} until the page is there, {thread[0]} of work of its thread"
    print(f"the extension costs {words}; {PAIRS} pairs, both {verdict} {GOAL} s")


if __name__ == "__main__":
    main()
