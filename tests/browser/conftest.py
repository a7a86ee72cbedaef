"""A JupyterLab with a throw-away home, and Debian's chromium to look at it.

Pictures of what the tests saw go to ``$MLDOCKER_SCREENSHOTS``, if that names a folder.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page

ROOT = Path(__file__).parents[2]
REQUIRED = os.environ.get("MLDOCKER_REQUIRE_BROWSER") == "1"
VIEWPORT = {"width": 1440, "height": 1000}

#: No test may lean on the network: every name but this machine's is unknown to the browser.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

#: JupyterLab saves a layout a while after it changed, and says nothing about it.
_UNTIL_SAVED = """async words => {
    const saved = () => window.jupyterapp.serviceManager.workspaces.fetch('default');
    while (!JSON.stringify(await saved()).includes(words)) {
        await new Promise(resolve => setTimeout(resolve, 100));
    }
}"""


@dataclass
class Server:
    """A running JupyterLab.

    Attributes:
        url: its address.
        token: its key.
        root: the folder it shows.
        home: where it keeps its own settings.
        lab_home: the lab's folder, if it has one of its own.
    """

    url: str
    token: str
    root: Path
    home: Path
    lab_home: Path | None = None


@dataclass
class Lab:
    """JupyterLab in a page, and what the page complained about.

    Attributes:
        page: the page.
        root: the folder that JupyterLab shows.
        errors: what went to the console as an error, and uncaught exceptions.
        outside: addresses asked for that are not the server's.
    """

    page: Page
    root: Path
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def command(self, name: str, **arguments: object) -> None:
        """Run a command of JupyterLab's, and wait until it is done."""
        self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args) }",
            [name, arguments],
        )

    def begin(self, name: str) -> None:
        """Start a command without waiting: a running notebook is what we came to see."""
        self.page.evaluate("name => { window.jupyterapp.commands.execute(name) }", name)

    def theme(self, name: str) -> None:
        """Switch to the theme of this name.

        The splash screen comes back for it; JupyterLab trips over one that is still fading out.
        """
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)

    def open(self, path: str) -> Locator:
        """Open a notebook, and wait for its kernel: a cell run before asks for one, and hangs."""
        self.command("docmanager:open", path=path)
        self.kernel()
        return self.page.locator(".jp-NotebookPanel:visible")

    def kernel(self) -> None:
        """Wait for the kernel of what is in front."""
        current = "window.jupyterapp.shell.currentWidget?.sessionContext"
        self.page.wait_for_function(f"() => {current} !== undefined")
        _settled(self.page, f"{current}.ready")

    def load_again(self, keeping: str) -> None:
        """Load the page again, once JupyterLab has saved a layout that holds these words."""
        self.page.evaluate(_UNTIL_SAVED, keeping)
        _load(self.page, self.page.url)

    def load_anew(self) -> None:
        """Load the page again, with nothing open."""
        _load(self.page, f"{self.page.url.partition('/lab')[0]}/lab?reset")

    def shoot(self, name: str) -> None:
        """Keep a picture, if somebody wants to look."""
        folder = os.environ.get("MLDOCKER_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=str(Path(folder, f"{name}.png")))


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _missing(what: str) -> None:
    if REQUIRED:
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def steady_network() -> Iterator[None]:
    """In CI, interfaces that come while a browser runs get no address that it could see.

    Chromium gives up whatever it loads when an address comes or goes (ERR_NETWORK_CHANGED), and
    each container's interface gets one of IPv6 after a second or two; JupyterLab was seen to hang
    while such came and went. This is a setting of the whole machine: nobody's own is changed, only
    CI's.
    """
    setting = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
    before = setting.read_text() if os.environ.get("CI") and os.access(setting, os.W_OK) else ""
    if before:
        try:
            setting.write_text("1")
        except OSError:  # a container in which it cannot be changed
            before = ""
    yield
    if before:
        setting.write_text(before)


@pytest.fixture(scope="session")
def browser(steady_network) -> Iterator[Browser]:
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    del steady_network
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        _missing("no chromium here: apt-get install chromium, or set CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def context(browser) -> Iterator[BrowserContext]:
    """What pages share: a browser that has the scripts of JupyterLab since the first of them."""
    made = browser.new_context(viewport=VIEWPORT)
    yield made
    made.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    """JupyterLab on a free port; its home is its own, and it asks nobody for news."""
    with _jupyterlab(tmp_path_factory) as made:
        yield made


@contextmanager
def _jupyterlab(tmp_path_factory, **variables: str) -> Iterator[Server]:
    """JupyterLab with the lab's panels as they are in this checkout, installed or not."""
    root, home = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("home")
    quiet = home / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    settings = {"fetchNews": "false", "checkForUpdates": False}
    (quiet / "notification.jupyterlab-settings").write_text(json.dumps(settings))
    pages = home / "labextensions"
    pages.mkdir()
    (pages / "mldocker-lab").symlink_to(ROOT / "mldocker_lab" / "labextension")
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "run"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        **variables,
    }
    for sign in ("MLDOCKER_LIVE", "PYTEST_VERSION"):  # that nobody is looking
        environment.pop(sign, None)
    made = Server(f"http://127.0.0.1:{_free_port()}", secrets.token_hex(), root, home)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={made.url.rpartition(':')[2]}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={made.token}"),
        *(f"--LabApp.extra_labextensions_path={pages}", "--expose-app-in-browser"),
        "--ServerApp.jpserver_extensions=mldocker_lab.server=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    log = home / "lab.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        _wait(made.url, process, log)
        yield made
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/api", timeout=5):
                return
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not answer:\n{log.read_text()}")


def _is_error(said: ConsoleMessage) -> bool:
    """Chromium gives up what it loads when a container's interface comes or goes: not our error."""
    return said.type == "error" and "ERR_NETWORK_CHANGED" not in said.text


@pytest.fixture
def lab(context, server) -> Iterator[Lab]:
    """A fresh page with JupyterLab in it."""
    with _page(context, server) as found:
        yield found


@contextmanager
def _page(context: BrowserContext, server: Server) -> Iterator[Lab]:
    with closing(context.new_page()) as page:
        yield _opened(page, server)


def _opened(page: Page, server: Server) -> Lab:
    page.set_default_timeout(90_000)
    found = Lab(page, server.root)
    page.on("pageerror", lambda error: found.errors.append(str(error.stack or error)))
    page.on("console", lambda said: _is_error(said) and found.errors.append(said.text))
    page.on("request", lambda asked: found.outside.append(asked.url))
    address = f"{server.url}/lab?reset&token={server.token}"
    once = _load(page, address)
    if not page.evaluate("() => window.jupyterapp.commands.hasCommand('mldocker-lab:show-course')"):
        once = False
        _load(page, address)  # chromium gave the panels up when an interface went: see _is_error
    if not once:
        found.errors.clear()
    return found


def _load(page: Page, address: str) -> bool:
    """Load JupyterLab; once more if it hangs, as it may when an interface went meanwhile.

    Returns:
        whether once was enough.
    """
    from playwright.sync_api import Error

    try:
        _loaded(page, address)
    except Error:
        _loaded(page, address)
        return False
    return True


def _loaded(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function("window.jupyterapp !== undefined", timeout=45_000)
    _settled(page, "window.jupyterapp.restored", 45_000)


def _settled(page: Page, promise: str, timeout: float = 90_000) -> None:
    """Wait for a promise of the page's, and not for ever, as ``evaluate`` does."""
    name = f"settled{secrets.token_hex(8)}"
    page.evaluate(f"() => {{ Promise.resolve({promise}).finally(() => {{ window.{name} = 1 }}) }}")
    page.wait_for_function(f"window.{name}", timeout=timeout)


@pytest.fixture(scope="session")
def course_server(tmp_path_factory) -> Iterator[Server]:
    """JupyterLab on a small course, with a lab's folder and a stopped engine of its own."""
    import small_course

    home = tmp_path_factory.mktemp("lab")
    own = {"MLDOCKER_HOME": str(home), "MLDOCKER_ENGINE": "private"}
    with _jupyterlab(tmp_path_factory, **own) as made:
        small_course.make(made.root)
        made.lab_home = home
        yield made


@pytest.fixture
def course(context, course_server) -> Iterator[Lab]:
    """A fresh page on the small course, as it was shipped; nothing is known of who learns."""
    for name in ("course.json", "practice", "guesses"):
        path = course_server.lab_home / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for words in ("checkout -q .", "clean -qfdx"):
        subprocess.run(["git", *words.split()], cwd=course_server.root, check=True)
    with _page(context, course_server) as found:
        yield found


@pytest.fixture
def another_browser(browser, course_server) -> Callable[[], AbstractContextManager[Lab]]:
    """Opens the small course in a browser that has never seen it."""

    @contextmanager
    def opened() -> Iterator[Lab]:
        with browser.new_context(viewport=VIEWPORT) as other, _page(other, course_server) as found:
            yield found

    return opened


@pytest.fixture
def axe() -> Callable[[Lab, str], list[str]]:
    """What axe-core finds wrong with a part of a page: rule, and where."""
    from axe_playwright_python.sync_playwright import Axe

    def scan(lab: Lab, part: str) -> list[str]:
        found = Axe().run(lab.page, context={"include": [[part]]}).response["violations"]
        return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]

    return scan


@pytest.fixture
def outside(lab, server) -> Callable[[], list[str]]:
    """Addresses the page has asked for that are not the server's."""
    return lambda: _others(lab, server)


@pytest.fixture
def course_outside(course, course_server) -> Callable[[], list[str]]:
    """The same of the page with the course."""
    return lambda: _others(course, course_server)


def _others(lab: Lab, server: Server) -> list[str]:
    ours = (server.url, server.url.replace("http", "ws", 1), "data:", "blob:")
    return [url for url in lab.outside if not url.startswith(ours)]
