"""The tour in a real JupyterLab with a real browser: run it all, move its widgets by keyboard, look at the result.

Needs Chromium on the system and playwright's Python package; without them the test is skipped, or, where
MICRA_REQUIRE_BROWSER=1 is set, it fails. Pictures go to screenshots/ (not under version control).
"""

import json
import os
import re
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

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
SCREENSHOTS = ROOT / "screenshots"
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
# Milliseconds from a key press to the next frame after the picture changed, for the widget around `handle`.
STOPWATCH = """(handle) => {
    const html = handle.closest('.widget-vbox:has(svg)').querySelector('.widget-html-content');
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


@pytest.fixture(scope="module")
def browser():
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        missing(f"no browser found: none of {', '.join(BROWSERS)} is installed")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("the Python package playwright is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


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


def wait_for(address, server, log, seconds=90):
    """Until the server answers; says what it logged where it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="module")
def tour(browser, tmp_path_factory):
    """The tour, opened and run from first to last cell; yields the page."""
    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    folder.mkdir()
    shutil.copy(ROOT / "notebooks" / "00_tour.ipynb", folder)
    SCREENSHOTS.mkdir(exist_ok=True)
    with jupyterlab(folder) as address:
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(60_000)
        page.goto(f"{address}/lab/tree/00_tour.ipynb?reset")
        page.wait_for_function(READY, timeout=180_000)
        page.evaluate("""() => {
            window.finished = null;
            window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.finished = true; });
        }""")
        page.wait_for_function("() => window.finished", timeout=900_000)
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        yield page
        page.close()


def widget(page, words):
    """The live widget whose picture begins with `words`, scrolled into view."""
    found = page.locator(f'.widget-vbox:has(> .widget-html svg[aria-label^="{words}"])').first
    found.scroll_into_view_if_needed()
    return found


def words_of(found):
    return found.locator("svg[role=img]").first.get_attribute("aria-label")


def press_and_time(page, found, handle, keys):
    """Press keys one after another, each until the picture has changed; returns the median delay in ms."""
    handle.evaluate(STOPWATCH)
    handle.focus()
    for key in keys:
        before, count = words_of(found), page.evaluate("() => window.delays.length")
        page.keyboard.press(key)
        page.wait_for_function("(count) => window.delays.length > count", arg=count)
        assert words_of(found) != before
    return statistics.median(page.evaluate("() => window.delays"))


def picture_of(found, name):
    found.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_the_tour_runs_without_error(tour):
    cells = tour.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells
            .filter(c => c.cell_type === 'code')"""
    )
    assert [c["execution_count"] for c in cells] == list(range(1, len(cells) + 1))
    kinds = [o["output_type"] for c in cells for o in c["outputs"]]
    assert "error" not in kinds
    assert "all checks passed" in str(cells[-1]["outputs"])


def test_a_slider_moves_the_regret_bars(tour):
    found = widget(tour, "Game stag_hunt")
    picture_of(found, "explorer")
    handle = found.locator('.widget-hslider:has-text("column: P(stag)") .noUi-handle')
    before, bars = words_of(found), found.locator("svg").first.inner_html()
    assert "column plays stag 0.70, hare 0.30" in before
    delay = press_and_time(tour, found, handle, ["ArrowLeft"] * 2)
    after = words_of(found)
    assert "column plays stag 0.60, hare 0.40" in after
    assert "should play stag more" in before
    assert "should play hare more" in after  # the bars changed sides
    assert found.locator("svg").first.inner_html() != bars
    delay = press_and_time(tour, found, handle, ["ArrowRight", "ArrowLeft"] * 8)
    print(f"\nRegretExplorer: slider key to changed picture, median {delay:.0f} ms")
    picture_of(found, "explorer-moved")
    assert delay < 3000


def test_another_game_can_be_chosen_by_keyboard(tour):
    found = widget(tour, "Game stag_hunt")
    menu = found.locator("select").first
    menu.focus()
    menu.select_option("odd_one_out")
    found = widget(tour, "Game odd_one_out")
    slider = found.locator('.widget-hslider:has-text("column: up")')
    slider.wait_for()
    assert slider.is_visible()  # the third action of the column player, which stag_hunt has not
    picture_of(found, "explorer-three-players")
    found.locator("select").nth(1).select_option("column")
    widget(tour, "Game odd_one_out, target column")
    found.locator("select").first.select_option("stag_hunt")
    widget(tour, "Game stag_hunt")


def test_the_stepper_steps(tour):
    found = widget(tour, "offline training")
    assert "update 1, stage 1 of 7, observation." in words_of(found)
    picture_of(found, "stepper-1")
    button = found.locator("button", has_text="Next")
    seen = [words_of(found)]
    for stage in range(2, 8):
        button.focus()
        tour.keyboard.press("Enter")
        found.locator(f'svg[aria-label*="stage {stage} of 7"]').wait_for()
        seen.append(words_of(found))
        picture_of(found, f"stepper-{stage}")
    assert [re.search(r"stage (\d)", words)[1] for words in seen] == list("1234567")
    handle = found.locator('.widget-hslider:has-text("Stage") .noUi-handle')
    delay = press_and_time(tour, found, handle, ["ArrowLeft", "ArrowRight"] * 8)
    print(f"\nStepper: slider key to changed picture, median {delay:.0f} ms")
    assert delay < 3000
    found.locator('.widget-hslider:has-text("Update") .noUi-handle').focus()
    tour.keyboard.press("ArrowRight")
    found.locator('svg[aria-label*="stage 7 of 7"]:not([aria-label*="update 1,"])').wait_for()


@pytest.mark.parametrize("width", [1400, 1000])
def test_nothing_is_cut_off(tour, width):
    """Pictures and controls fit into the notebook's column; screenshots to look at."""
    tour.set_viewport_size({"width": width, "height": 900})
    for words, name in (("Game stag_hunt", "explorer"), ("offline training", "stepper")):
        found = widget(tour, words)
        picture_of(found, f"{name}-at-{width}")
        tour.screenshot(path=SCREENSHOTS / f"page-{name}-at-{width}.png")
        column = found.bounding_box()
        for part in found.locator("svg, .widget-hslider, .widget-dropdown").all():
            box = part.bounding_box()
            if box and box["width"]:
                assert box["x"] >= column["x"] - 1
                assert box["x"] + box["width"] <= column["x"] + column["width"] + 1
