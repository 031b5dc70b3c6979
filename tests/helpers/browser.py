"""A real JupyterLab in a real browser, for tests: start it, run a notebook in it, press keys and take the time.

Needs Chromium on the system and playwright's Python package; without them a test is skipped, or, where
MICRA_REQUIRE_BROWSER=1 is set, it fails. Pictures go to screenshots/ (not under version control).
"""

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers import ROOT

SCREENSHOTS = ROOT / "screenshots"
PATIENCE = 600_000  # milliseconds to wait for what will come, also on a busy machine
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
READY = """() => {
    const session = window.jupyterapp?.shell?.currentWidget?.sessionContext;
    const kernel = session?.session?.kernel;
    return Boolean(session?.isReady && kernel?.connectionStatus === 'connected' && kernel?.status === 'idle');
}"""
# Where the picture is of the widget around `handle`, in JupyterLab and on the site.
PICTURE = {
    "jupyterlab": "handle.closest('.widget-vbox:has(> .widget-html svg)').querySelector('.widget-html-content:has(svg)')",
    "site": "handle.closest('.moving').querySelector('.picture, .board')",
}
# Milliseconds from a key press to the next frame after the picture changed, for the widget around `handle`.
STOPWATCH = """(handle) => {
    const html = PICTURE;
    window.delays = [];
    let pressed = null;
    document.addEventListener('keydown', () => { pressed = performance.now(); }, true);
    new MutationObserver(() => {
        if (pressed === null) return;
        const start = pressed;
        pressed = null;
        requestAnimationFrame(() => window.delays.push(performance.now() - start));
    }).observe(html, { childList: true, subtree: true });
}"""


def missing(reason):
    """Skip, or fail where a browser is required."""
    if os.environ.get("MICRA_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason}, and MICRA_REQUIRE_BROWSER=1 asks for it")
    pytest.skip(reason)


@contextmanager
def chromium():
    """A Chromium, without a window."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        missing(f"no browser found: none of {', '.join(BROWSERS)} is installed")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("the Python package playwright is not installed")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield found
        found.close()


@contextmanager
def jupyterlab(folder):
    """A JupyterLab of its own over `folder`, with a HOME and settings of its own; yields its address."""
    home = folder.parent / "home"
    lab_config = home / "config" / "labconfig"
    lab_config.mkdir(parents=True)
    quiet = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (lab_config / "page_config.json").write_text(json.dumps(quiet))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"), "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_DATA_DIR": str(home / "data"), "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }  # fmt: skip
    command = [
        sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        "--no-browser", "--allow-root", "--IdentityProvider.token=", "--expose-app-in-browser", f"--notebook-dir={folder}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.extension_manager=readonly",
    ]  # fmt: skip
    log = home / "lab.log"
    with log.open("w") as out:
        server = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=out, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/api/status", server, log)
        yield address
    finally:
        server.terminate()  # the server shuts its kernels down
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def wait_for(address, server, log, seconds=1800):
    """Until the server answers; says what it logged where it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@contextmanager
def opened(browser, address, name):
    """The notebook `name` in the JupyterLab at `address`, run from first to last cell; yields the page."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/lab/tree/{name}.ipynb?reset")
    page.wait_for_function(READY)
    page.evaluate("""() => {
        window.finished = null;
        window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.finished = true; });
    }""")
    page.wait_for_function("() => window.finished")
    assert not errors(code_cells(page))  # or each test would wait for a widget that never comes
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    yield page
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()


def lesson(name):
    """A fixture: the page of the notebook `name`, run in the session's JupyterLab."""

    @pytest.fixture(scope="module")
    def page(browser, lab):
        with opened(browser, lab, name) as found:
            yield found

    return page


def code_cells(page):
    return page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells
            .filter(c => c.cell_type === 'code')"""
    )


def errors(cells):
    """What went wrong in a notebook: the name of each error and what it says."""
    found = [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
    return [f"{output['ename']}: {output['evalue']}" for output in found]


def ran_without_error(page):
    """Every code cell was run, in order and without error, and the last one found everything right."""
    cells = code_cells(page)
    assert [c["execution_count"] for c in cells] == list(range(1, len(cells) + 1))
    assert not errors(cells)
    assert "all checks passed" in str(cells[-1]["outputs"])


def widget(page, words):
    """The live widget whose picture begins with `words`, scrolled into view."""
    found = page.locator(f'.widget-vbox:has(> .widget-html svg[aria-label^="{words}"])').first
    found.scroll_into_view_if_needed()
    return found


def words_of(found):
    return found.locator("svg[role=img]").first.get_attribute("aria-label")


def press_and_time(page, found, handle, keys, where="jupyterlab"):
    """Press keys one after another, each until the picture has changed; returns the median delay in ms."""
    handle.evaluate(STOPWATCH.replace("PICTURE", PICTURE[where]))
    handle.focus()
    for key in keys:
        before, count = words_of(found), page.evaluate("() => window.delays.length")
        page.keyboard.press(key)
        page.wait_for_function("(count) => window.delays.length > count", arg=count)
        end = time.monotonic() + PATIENCE / 1000  # the change that was seen may have been a click's before
        while words_of(found) == before:
            assert time.monotonic() < end, f"{key} changed nothing"
            page.wait_for_timeout(20)
    return statistics.median(page.evaluate("() => window.delays"))


def measure(name, page, found, handle, keys, where="jupyterlab"):
    """Press keys and report the median delay, on the screen and, where MICRA_DELAYS names a file, as a line in it.

    How long it may take, benchmarks/widgets.py says; no test fails because the machine is busy.
    """
    delay = press_and_time(page, found, handle, keys, where)
    notebook = Path(page.url.partition("?")[0]).stem
    row = {"widget": name, "notebook": notebook, "where": where, "delay_ms_median": round(delay, 1)}
    print(f"\n{name}: key to changed picture, median {delay:.0f} ms")
    if "MICRA_DELAYS" in os.environ:
        with open(os.environ["MICRA_DELAYS"], "a", encoding="utf-8") as rows:
            rows.write(json.dumps(row) + "\n")


def choose(page, found, label, option):
    """Press the button `option` of the choice `label`, by keyboard."""
    found.locator(f'.widget-toggle-buttons:has(> .widget-label:text-is("{label}")) button:text-is("{option}")').focus()
    page.keyboard.press("Enter")


def answer(page, words):
    """Make some guess, by keyboard, at the question whose picture begins with `words`, and reveal the truth."""
    found = widget(page, words)
    handle = found.locator(".noUi-handle")
    (handle if handle.count() else found.locator(".widget-toggle-buttons button").first).focus()
    page.keyboard.press("ArrowRight" if handle.count() else "Enter")
    found.locator('svg[aria-label*="You predicted"]').wait_for()
    found.locator("button", has_text="Reveal").focus()
    page.keyboard.press("Enter")
    found.locator('svg[aria-label*="the truth is "]').wait_for()


def picture_of(found, name):
    found.screenshot(path=SCREENSHOTS / f"{name}.png")


def nothing_cut_off(page, found):
    """The widget's picture and controls fit into its column."""
    column = found.bounding_box()
    boxes = [part.bounding_box() for part in found.locator("svg, .widget-hslider, button").all()]
    assert any(box and box["width"] for box in boxes)  # there is something to see
    for box in boxes:
        if box and box["width"]:
            assert box["x"] >= column["x"] - 1
            assert box["x"] + box["width"] <= column["x"] + column["width"] + 1


def at_both_widths(page, words, name):
    """On a wide and on a narrow screen: screenshots, and nothing is cut off."""
    for width in (1400, 1000):
        page.set_viewport_size({"width": width, "height": 1000})
        found = widget(page, words)
        picture_of(found, f"{name}-at-{width}")
        nothing_cut_off(page, found)
        page.screenshot(path=SCREENSHOTS / f"page-{name}-at-{width}.png")
