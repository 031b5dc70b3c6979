"""The site in a real browser: built here, served to nobody else, and every page opened at the width of a phone."""

import functools
import http.server
import os
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse

import pytest

from helpers import ROOT
from helpers.browser import SCREENSHOTS

pytestmark = pytest.mark.browser
ENVIRONMENT = {**os.environ, "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}  # nothing answers
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1300, "height": 900}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder with the site, as `make site` makes it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(ROOT / "docs" / "build.py"), str(folder)]
    built = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=3600)
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def address(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser, address):
    """A page at the width of a phone; whatever it complains of, or asks of others, is in `page.problems`."""
    page = browser.new_page(viewport=PHONE)
    page.problems = []
    page.on("console", lambda said: page.problems.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "request", lambda asked: None if asked.url.startswith((address, "data:")) else page.problems.append(asked.url)
    )
    page.on("response", lambda got: page.problems.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    yield page
    page.close()


def pages(site):
    return sorted(p.relative_to(site).as_posix() for p in site.rglob("*.html") if "_static" not in p.parts)


class Parts(HTMLParser):
    """What one page links to or loads, and the names in it that can be linked to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        self.anchors |= {found[name] for name in ("id", "name") if found.get(name)}


def broken_links(site):
    """(page, link) wherever a file or an anchor of the site is missing."""
    parts = {name: Parts(site / name) for name in pages(site)}
    broken = []
    for name, found in parts.items():
        for link in found.links:
            where = urlparse(urljoin(f"http://site/{name}", link))
            if where.netloc != "site":
                continue
            target = unquote(where.path).lstrip("/") or "index.html"
            anchors = parts[target].anchors if target in parts else {unquote(where.fragment)}
            if not (site / target).is_file() or unquote(where.fragment) not in anchors:
                broken.append((name, link))
    return broken


def test_every_page_can_be_read_on_a_phone(site, address, page):
    """No complaint, no request to anybody else, nothing wider than the screen or too small, formulas set, pictures with words."""
    problems = []
    for name in pages(site):
        page.goto(address + name)
        page.wait_for_load_state("networkidle")
        page.evaluate("() => window.MathJax?.startup?.promise")
        found = page.evaluate("""() => ({
            wide: document.documentElement.scrollWidth - window.innerWidth,
            unset: document.querySelectorAll('.math:not(:has(mjx-container)), mjx-merror').length,
            tiny: [...document.querySelectorAll('main figure svg')].filter(
                i => i.checkVisibility() && i.getBoundingClientRect().width < 0.8 * i.viewBox.baseVal.width).length,
            wordless: [...document.querySelectorAll('main img')].filter(i => !i.alt || !i.naturalWidth).length
                + [...document.querySelectorAll('main figure svg')].filter(i => !i.getAttribute('aria-label')).length,
        })""")
        problems += [(name, what, number) for what, number in found.items() if number > 0]
    assert problems == []
    assert page.problems == []


def test_what_is_too_wide_or_fails_is_noticed(address, page):
    """The test above, on a page that was spoilt."""
    page.goto(f"{address}index.html")
    page.evaluate("() => { document.body.insertAdjacentHTML('beforeend', '<p style=\"width: 500px\">x</p>'); }")
    assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") > 0
    page.goto(f"{address}nowhere.html")
    assert any("404" in problem for problem in page.problems)


def test_no_link_is_broken(site):
    assert broken_links(site) == []


def test_broken_links_are_noticed(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "other.html").write_text('<p id="here">')
    (tmp_path / "index.html").write_text(
        '<a href="other.html#here"></a><a href="other.html#there"></a><img src="no.png"><a href="https://example.org">'
    )
    assert broken_links(tmp_path) == [("index.html", "other.html#there"), ("index.html", "no.png")]


def test_a_broken_reference_fails_the_build(tmp_path):
    """What `make site` returns for a page with a link to nowhere, and for the same page without it."""
    (tmp_path / "source").mkdir()
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'docs')!r}); import build; sys.exit(build.sphinx(*sys.argv[1:]))"
    )
    for words, status in (("[](no-such-page.md)", 1), ("no link", 0)):
        (tmp_path / "source" / "index.md").write_text(f"# A page\n\n{words}\n")
        command = [sys.executable, "-c", code, str(tmp_path / "source"), str(tmp_path / "out")]
        built = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=3600)
        assert built.returncode == status, built.stderr
        assert ("no-such-page" in built.stderr) == bool(status)


def test_everything_is_there(site):
    """Every lesson, in order and with its minutes, every sheet and no solution, every module."""
    lessons = sorted(p.stem for p in (ROOT / "notebooks").glob("*.ipynb"))
    lessons.sort(key=lambda name: name.endswith("_deeper"))  # first the core path, then what is optional
    course = (site / "course.html").read_text(encoding="utf-8")
    listed = re.findall(r'<p>\s*<strong><a[^>]*href="notebooks/(\w+)\.html"', course)
    assert listed == lessons
    assert len(re.findall(r"\(\w+ minutes\)", course)) == len(lessons)
    sheets = sorted(p.stem for p in (ROOT / "exercises").glob("*.ipynb"))
    assert sorted(p.stem for p in (site / "exercises").glob("*.html")) == sheets
    assert not [name for name in pages(site) if "solution" in name]
    modules = (site / "py-modindex.html").read_text(encoding="utf-8")
    names = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in (ROOT / "micra_lite").rglob("*.py")]
    missing = [m for m in names if not m.endswith("__init__") and f"{m}<" not in modules]
    assert missing == [], "the README's map, from which the API pages are made, lacks them"


def test_lessons_lead_to_the_functions_and_to_each_other(site):
    """What a lesson calls `micra_lite.…` is a link, wherever the module is that defines it; so is another lesson's name."""
    for lesson, links in {
        "02_regret": ["../api/regret.html#micra_lite.regret.counterfactual_values", "01_games.html"],
        "01_games": ["../api/exact.html#micra_lite.exact.values.best_response", "02_regret.html"],
    }.items():
        assert set(links) <= set(Parts(site / "notebooks" / f"{lesson}.html").links)
    for path in (site / "notebooks").glob("*.html"):
        assert (
            re.findall(r'(?<!">)<code class="xref[^>]*><span class="pre">([^<]*)', path.read_text(encoding="utf-8"))
            == []
        )


def test_search_finds_a_word(address, page):
    page.set_viewport_size(DESK)
    page.goto(f"{address}index.html")
    page.locator("input[name=q]").first.fill("Rao")
    page.keyboard.press("Enter")
    found = page.locator("#search-results li a", has_text="The policy gradient").first
    found.wait_for()
    found.click()
    page.wait_for_url(lambda url: "03_policy_gradient" in url)
    page.goto(f"{address}search.html?q=xyzzyx")
    page.locator("#search-results", has_text="did not match any documents").wait_for()
    assert page.problems == []


@pytest.mark.parametrize("name", ["index", "notebooks/02_regret", "api", "api/regret", "benchmarks"])
def test_screenshots_to_look_at(address, page, name):
    SCREENSHOTS.mkdir(exist_ok=True)
    for size, device in ((PHONE, "phone"), (DESK, "desk")):
        page.set_viewport_size(size)
        page.goto(f"{address}{name}.html")
        page.evaluate("() => window.MathJax?.startup?.promise")
        picture = SCREENSHOTS / f"site-{Path(name).name}-{device}.png"
        page.screenshot(path=picture)
        assert picture.stat().st_size > 10_000
