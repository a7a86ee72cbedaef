"""How much later JupyterLab is there with the lab's panels than without them.

The same server, the same page, loaded in turn with all parts and with none; the middle of each.
"""

from __future__ import annotations

import json
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
jupyterlab = import_module("conftest")._jupyterlab

ROUNDS = 5
PARTS = ("client", "course", "engine", "status", "dockerfile", "notebook", "tour")


class Folders:
    """What pytest gives to the fixtures."""

    def mktemp(self, name):
        """A new folder."""
        return Path(tempfile.mkdtemp(prefix=name))


def load(browser, server):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/api?token={server.token}")
    chrome = context.new_cdp_session(page)
    chrome.send("Performance.enable", {"timeDomain": "threadTicks"})
    began = time.perf_counter()
    page.goto(f"{server.url}/lab?reset&token={server.token}")
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("() => window.jupyterapp.restored")
    took = time.perf_counter() - began
    has = page.evaluate("() => window.jupyterapp.commands.hasCommand('mldocker-lab:check')")
    metrics = chrome.send("Performance.getMetrics")["metrics"]
    worked = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
    context.close()
    return (took, worked), has


def main():
    own = {"MLDOCKER_HOME": tempfile.mkdtemp(), "MLDOCKER_ENGINE": "unix:///nobody"}
    with jupyterlab(Folders(), **own) as server, sync_playwright() as playwright:
        small_course.make(server.root)
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        config = server.home / "config" / "labconfig"
        config.mkdir(parents=True, exist_ok=True)
        off = {"disabledExtensions": {f"mldocker-lab:{part}": True for part in PARTS}}
        took = {True: [], False: []}
        for turn in range(2 * ROUNDS + 2):
            there = turn % 2 == 0
            (config / "page_config.json").write_text("{}" if there else json.dumps(off))
            both, has = load(chromium, server)
            assert has is there
            if turn > 1:  # the first two warm the caches of server and browser
                took[there].append(both)
        chromium.close()
    for number, what in enumerate(("until it is there", "of them its thread works")):
        with_, without = (median(one[number] for one in took[there]) for there in (True, False))
        told = f"{without:.2f} s without, {with_:.2f} s with, {with_ - without:+.2f} s"
        print(f"{what}: {told}")


if __name__ == "__main__":
    main()
