"""Every page of the site before axe, the accessibility checker: light and dark, on a desk and on a phone."""

import pytest

from helpers.site import pages, visit, watched

pytestmark = pytest.mark.browser
WIDTHS = (1280, 390)
# Contrast depends on the colours, the size and the weight of letters alone: each combination is measured once a page, on the
# first words that have it. (axe would measure every word, which takes minutes.)
MARK = """() => {
    document.querySelectorAll('[data-first]').forEach(one => delete one.dataset.first);
    const seen = new Set();
    for (const one of document.querySelectorAll('body *')) {
        const words = [...one.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
        if (!words || !one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        const look = getComputedStyle(one), grounds = [];
        for (let at = one; at; at = at.parentElement) {
            const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(at);
            grounds.push([backgroundColor, backgroundImage, opacity, position === 'static'].join());
        }
        const key = [look.color, look.fill, look.fontSize, look.fontWeight, ...new Set(grounds)].join('; ');
        if (!seen.has(key)) one.dataset.first = '';
        seen.add(key);
    }
}"""
# axe need not fetch style sheets, which a page on a disk may not: the browser has them.
CHECK = """([part, options]) => axe.run(part ?? document, { preload: false, resultTypes: ['violations'], ...options })
    .then(found => found.violations.filter(v => ['serious', 'critical'].includes(v.impact)).flatMap(
        v => v.nodes.map(node => `${v.id}: ${node.html.slice(0, 150)} ${node.any[0]?.message ?? ''}`)))"""
CONTRAST, ALL_ELSE = {"runOnly": ["color-contrast"]}, {"rules": {"color-contrast": {"enabled": False}}}


def faults(page, widths=WIDTHS):
    """What is serious or critical on an open page: (width, colours, fault)."""
    axe = pytest.importorskip("axe_playwright_python.base")
    page.evaluate(axe.AXE_SCRIPT)
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        for colours in ("light", "dark"):
            page.emulate_media(color_scheme=colours)
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")  # it is drawn
            page.evaluate(MARK)
            runs = [["[data-first]", CONTRAST], *([[None, ALL_ELSE]] if colours == "light" else [])]
            found += [(width, colours, fault) for run in runs for fault in page.evaluate(CHECK, run)]
    return found


@pytest.fixture
def page(browser, site):
    with watched(browser, site) as found:
        yield found


@pytest.mark.parametrize("which", ["one width", pytest.param("the other", marks=pytest.mark.long)])
def test_no_page_has_a_serious_fault(site, page, which):
    """Every second page at one width, those between at the other; all at both in the long run."""
    found = []
    for number, name in enumerate(pages(site)):
        visit(page, site / name)
        found += [(name, *fault) for fault in faults(page, [WIDTHS[(number + (which == "the other")) % 2]])]
    assert found == []


def test_faults_are_noticed(site, page):
    """The check itself, on a page that was spoilt: faint in the dark, and a picture without words."""
    visit(page, site / "notation.html")
    page.evaluate("""() => {
        const words = '<p style="color: #222" class="faint">Read me.</p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">';
        document.querySelector('article').insertAdjacentHTML('beforeend', words);
        document.querySelector('.mobile-header .brand').style.color = '#222';
    }""")
    found = {(width, colours, fault.split(":")[0]) for width, colours, fault in faults(page)}
    kinds = ("dark", "color-contrast"), ("light", "image-alt")
    assert found == {(width, *kind) for width in WIDTHS for kind in kinds}
