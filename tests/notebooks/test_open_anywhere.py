"""Notebooks outside a checkout, as in Colab: a badge and an install cell, as soon as the project has a public address."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import jupytext
import pytest

from helpers import ROOT
from micra_lite.plotting.results import measured

sys.path.insert(0, str(ROOT / "notebooks"))
import build

SOURCE = build.sources()["00_tour"]


def test_without_a_public_address_nothing_is_added():
    made = build.opened_anywhere(jupytext.read(SOURCE), "", "notebooks/00_tour.ipynb")
    assert build.cells(made) == build.cells(jupytext.read(SOURCE))
    if not build.repository():
        assert "colab" not in (ROOT / "notebooks" / "00_tour.ipynb").read_text().lower()


def test_with_one_there_is_a_badge_and_an_install_cell():
    made = build.opened_anywhere(jupytext.read(SOURCE), "https://github.com/us/ours", "notebooks/00_tour.ipynb")
    link = "https://colab.research.google.com/github/us/ours/blob/main/notebooks/00_tour.ipynb"
    assert made.cells[0].source.endswith(f"[Open in Colab]({link})")
    assert "micra_lite[notebooks] @ https://github.com/us/ours/archive/refs/heads/main.zip" in made.cells[1].source
    assert build.hidden(made.cells[1])
    assert len(made.cells) == len(jupytext.read(SOURCE).cells) + 1


def test_the_install_cell_does_nothing_where_the_package_is():
    exec(build.install_cell("https://nowhere.invalid/none.zip").source, {})


@pytest.mark.long
def test_the_install_cell_installs_an_archive_of_the_clone_in_a_fresh_environment(tmp_path):
    archive, home = tmp_path / "main.zip", tmp_path / "fresh"
    command = ["git", "archive", "--format=zip", "--prefix=ours-main/", "-o", str(archive), "HEAD"]
    subprocess.run(command, cwd=ROOT, check=True)
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    python = home / "bin" / "python"
    code = build.install_cell(archive.as_uri()).source
    check = "import micra_lite, micra_lite.widgets, micra_exercises\nprint(micra_lite.__file__)\n"
    check += "from micra_lite.plotting.results import measured\n"  # what lessons read has come along
    check += "print(*map(measured, ('adaptation.json', 'comparison.json', 'learning-runs.csv', 'learning-externals.csv.gz')))"
    ran = subprocess.run([python, "-c", f"{code}\n{check}"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert ran.stdout.count(str(home)) == 5


def test_every_result_that_a_lesson_reads_is_part_of_the_package():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = listed["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    read = set()
    for source in (*(ROOT / "notebooks" / "src").glob("*.py"), ROOT / "micra_lite" / "plotting" / "rows.py"):
        read |= set(re.findall(r'measured\("([^"]+)"\)', source.read_text(encoding="utf-8")))
    assert {Path(name).name for name in shipped} == read
    assert all((ROOT / name).exists() for name in shipped)
    with pytest.raises(FileNotFoundError, match=r"no measured result 'none\.json'"):
        measured("none.json")
