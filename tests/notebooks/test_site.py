"""The site in a real browser: built here, opened from the disk, and every page at the width of a phone."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse

import pytest

from helpers import ROOT
from helpers.browser import SCREENSHOTS
from helpers.site import DESK, ENVIRONMENT, PHONE, pages, visit, watched

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser, site):
    with watched(browser, site) as found:
        yield found


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


def test_every_page_can_be_read_on_a_phone(site, page):
    """No complaint, no request to anybody else, nothing too small, formulas set, pictures with words; no screen is too narrow."""
    problems = []
    for name in pages(site):
        visit(page, site / name)
        found = page.evaluate("""() => ({
            wide: document.documentElement.scrollWidth - window.innerWidth,
            unset: document.querySelectorAll('.math:not(:has(mjx-container)), mjx-merror').length,
            tiny: [...document.querySelectorAll('main figure svg')].filter(
                i => i.checkVisibility() && i.getBoundingClientRect().width < 0.8 * i.viewBox.baseVal.width).length,
            wordless: [...document.querySelectorAll('main img')].filter(i => !i.alt || !i.naturalWidth).length
                + [...document.querySelectorAll('main figure svg')].filter(i => !i.getAttribute('aria-label')).length,
        })""")
        problems += [(name, what, number) for what, number in found.items() if number > 0]
        for width in (640, 900, 1100, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            problems += [(name, "wide", width)] * (page.evaluate("document.documentElement.scrollWidth") > width)
        page.set_viewport_size(PHONE)
    assert problems == []
    assert page.problems == []


def test_what_is_too_wide_or_fails_is_noticed(site, page):
    """The test above, on a page that was spoilt."""
    visit(page, site / "index.html")
    page.evaluate("() => { document.body.insertAdjacentHTML('beforeend', '<p style=\"width: 500px\">x</p>'); }")
    assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") > 0
    assert page.problems == []
    for failing in (
        "new Image().src = 'nowhere.png'",
        "fetch('course.html').catch(() => {})",
    ):  # no page may read others
        with page.expect_event("requestfailed"):
            page.evaluate(f"() => {{ {failing}; }}")
    assert [p.rpartition("/")[2] for p in page.problems if p.startswith("failed: ")] == ["nowhere.png", "course.html"]


def test_it_can_be_handed_out(site):
    """Small enough for a memory stick and for a slow line, and nothing in it but what pages use."""
    sizes = {p.relative_to(site).as_posix(): p.stat().st_size for p in site.rglob("*") if p.is_file()}
    assert sum(sizes.values()) < 40e6
    assert {name: size for name, size in sizes.items() if name.endswith(".html") and size > 3e6} == {}
    assert [name for name in sizes if name.endswith((".doctree", ".pickle", ".buildinfo", ".ipynb"))] == []


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


def test_equations_and_symbols_lead_on(site):
    """Eq. 2 in a lesson leads to the equations, these to functions, and a symbol to the API and to its lesson."""
    assert "../equations.html#eq-2" in Parts(site / "notebooks" / "02_regret.html").links
    assert "api/regret.html#micra_lite.regret.counterfactual_regret_advantage" in Parts(site / "equations.html").links
    symbols = Parts(site / "notation.html").links
    assert {"api/imitation.html#micra_lite.imitation.adapt", "notebooks/06_meta_imitator.html"} <= set(symbols)
    assert {"equations.html#eq-2", "equations.html#eq-4"} <= set(symbols)


def test_on_paper_there_are_words_and_pictures_and_nothing_to_click(site, page):
    page.set_viewport_size(DESK)
    page.emulate_media(media="print")
    visit(page, site / "notebooks" / "02_regret.html")
    assert page.get_by_role("heading", level=1).is_visible()
    assert page.locator("main figure svg, main img, article figure svg, article img").first.is_visible()
    assert page.locator("article pre:visible").count() > 1
    for menu in (".sidebar-drawer", ".toc-drawer", ".mobile-header", ".theme-toggle-content", ".related-pages"):
        assert not page.locator(menu).first.is_visible()


def test_search_finds_a_word(site, page):
    page.set_viewport_size(DESK)
    visit(page, site / "index.html")
    page.locator("input[name=q]").first.fill("Rao")
    page.keyboard.press("Enter")
    found = page.locator("#search-results li a", has_text="The policy gradient").first
    found.wait_for()
    summary = found.locator("xpath=../p").inner_text()
    assert re.search(r"\w{3}.*[.?!]$", summary), "the first sentence of the page"
    found.click()
    page.wait_for_url(lambda url: "03_policy_gradient" in url)
    page.goto((site / "search.html").as_uri() + "?q=xyzzyx")
    page.locator("#search-results", has_text="did not match any documents").wait_for()
    assert page.problems == []


@pytest.mark.parametrize("name", ["index", "notebooks/02_regret", "api", "api/regret", "benchmarks"])
def test_screenshots_to_look_at(site, page, name):
    SCREENSHOTS.mkdir(exist_ok=True)
    for size, device in ((PHONE, "phone"), (DESK, "desk")):
        page.set_viewport_size(size)
        visit(page, site / f"{name}.html")
        picture = SCREENSHOTS / f"site-{Path(name).name}-{device}.png"
        page.screenshot(path=picture)
        assert picture.stat().st_size > 10_000
