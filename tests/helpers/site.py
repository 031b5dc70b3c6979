"""The site for tests: built as `make site` builds it, and opened from the disk, as whoever was handed the folder does."""

import os
import subprocess
import sys
from contextlib import contextmanager

from helpers import ROOT

ENVIRONMENT = {**os.environ, "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}  # nothing answers
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1300, "height": 900}


def build(folder):
    """Make the site in `folder`, with no network."""
    command = [sys.executable, str(ROOT / "docs" / "build.py"), str(folder)]
    built = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=3600)
    assert built.returncode == 0, built.stderr
    return folder


def pages(site):
    """The names of its pages."""
    return sorted(p.relative_to(site).as_posix() for p in site.rglob("*.html") if "_static" not in p.parts)


@contextmanager
def watched(browser, site):
    """A page at the width of a phone; whatever it complains of, misses, or asks of others, is in `page.problems`."""
    page, own = browser.new_page(viewport=PHONE), (site.as_uri(), "data:", "blob:")
    page.problems = []
    page.on("console", lambda said: page.problems.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(own) else page.problems.append(asked.url))
    left = "net::ERR_ABORTED"  # what was still loading when the page was left
    page.on("requestfailed", lambda a: None if a.failure == left else page.problems.append(f"failed: {a.url}"))
    yield page
    page.close()


def visit(page, path):
    """Open a page of the site and wait until its formulas are set."""
    page.goto(path.as_uri())
    page.evaluate("() => window.MathJax?.startup?.promise")
