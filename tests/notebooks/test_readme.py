"""The README is true: its code runs, its map is the tree, it is short, and its links lead somewhere."""

import re

from helpers import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_ten_lines_run(capsys):
    """With fewer updates; they print the mean return before and after adaptation."""
    code = README.split("```python\n")[1].split("```")[0]
    assert len([line for line in code.splitlines() if line]) == 10
    exec(code.replace("updates=200", "updates=2"), {})
    assert re.fullmatch(r"(mean return: -?\d+\.\d\d\n){2}", capsys.readouterr().out)


def test_the_map_is_the_tree():
    """Every file and folder at the top of the package has its line, and no line is about anything else."""
    folder, mapped = "", set()
    for line in README.split("## Where things are")[1].split("```")[1].splitlines():
        indent, name = re.match(r"( *)(\S*)", line).groups()
        folder = folder if indent else name
        mapped.add(folder + name if indent else name)
        assert (ROOT / folder / (name if indent else "")).exists(), line
    top = [p for p in (ROOT / "micra_lite").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()]
    names = {f"micra_lite/{p.name}" + "/" * p.is_dir() for p in top if p.name not in ("__init__.py", "__main__.py")}
    assert names == {name for name in mapped if name.startswith("micra_lite/")} - {"micra_lite/"}


def test_it_is_short_and_its_links_lead_somewhere():
    assert len(README.splitlines()) <= 150
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert [link for link in links if not link.startswith("http") and not (ROOT / link).exists()] == []
