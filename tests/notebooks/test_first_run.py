"""A lesson as a student has it who pressed "Run all" and has not guessed yet: what gives a truth away is not shown."""

import re
import tomllib
from html import unescape

import nbformat
import pytest
from nbclient import NotebookClient

from helpers import ROOT

pytestmark = pytest.mark.long
LESSONS = sorted(p for p in (ROOT / "notebooks").glob("*.ipynb") if p.stem != "00_tour")
QUESTIONS = tomllib.loads((ROOT / "micra_lite" / "widgets" / "questions.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_results_wait_for_every_guess(lesson, monkeypatch):
    monkeypatch.delenv("MICRA_LITE_UNATTENDED", raising=False)
    notebook = nbformat.read(lesson, as_version=4)
    where = {"metadata": {"path": str(lesson.parent)}}
    NotebookClient(notebook, timeout=1800, resources=where, store_widget_state=False).execute()
    source = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
    asked = re.findall(r'widgets\.ask\("([^"]+)"', source)
    assert asked or "deeper" in lesson.stem
    shown = [re.sub(r"(?s)<details>.*?</details>", "", c.source) for c in notebook.cells if c.cell_type == "markdown"]
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            shown.append(re.sub(r"(?s)<details>.*?</details>", "", data.get("text/html", output.get("text", ""))))
    page = unescape("\n".join(shown))
    assert page.count("This waits for your prediction") == len(re.findall(r"\.then\(", source))
    assert "the truth is" not in page
    for key in asked:
        name, explained = QUESTIONS[key]["name"], QUESTIONS[key]["because"].split("{")[0]
        assert f"{name}. No guess yet" in page
        assert len(explained) < 10 or explained not in page, f"the explanation of {key} is there before the guess"
