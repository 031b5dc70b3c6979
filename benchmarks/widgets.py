"""Delays of the widgets from a key to the changed picture, in JupyterLab and on the site, both in Chromium: the browser tests, timed.

python benchmarks/widgets.py      writes benchmarks/results/widgets.json; needs Chromium, and an idle machine
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

from common import write

TESTS = Path(__file__).parent.parent / "tests"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        delays = Path(folder) / "delays"
        os.environ |= {"MICRA_DELAYS": str(delays), "MICRA_REQUIRE_BROWSER": "1"}
        failed = pytest.main(["-m", "browser", str(TESTS / "browser"), str(TESTS / "notebooks" / "test_site_live.py")])
        rows = [json.loads(line) for line in delays.read_text(encoding="utf-8").splitlines()]
    if not failed:
        write("widgets", 1, sorted(rows, key=lambda row: (row["where"], row["notebook"], row["widget"])))
    return failed


if __name__ == "__main__":
    sys.exit(main())
