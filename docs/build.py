"""Build the site: the executed twins of the notebooks, the API, the results and the notation, as pages that need no network.

python docs/build.py [FOLDER]      into site/, unless another folder is given; a broken reference is an error

Nothing is written twice: lessons are the notebooks of notebooks/ and exercises/, the API is the docstrings in the
README's reading order, tables of results come from benchmarks/readme.py, the notation from docs/notation.md, and
everything else from the README.
"""

from __future__ import annotations

import argparse
import inspect
import pydoc
import re
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path[:0] = [str(DOCS), str(ROOT / "benchmarks")]
import equations
import lesson_page
import notation

import examples
import micra_lite
import readme
from micra_exercises.tutor import scheme
from micra_lite.widgets import OpeningGame

README = (ROOT / "README.md").read_text(encoding="utf-8")


def toctree(pages: list[str]) -> str:
    """The order of pages, for the menu and for "next"."""
    return "\n".join(["```{toctree}", ":hidden:", "", *pages, "```"])


def linked(text: str) -> str:
    """Prose in which the names of functions, of lessons and of equations lead to their pages."""

    def function(match: re.Match) -> str:
        found = pydoc.locate(match[1])
        if not hasattr(found, "__qualname__"):
            return match[0]
        return f"{{py:obj}}`{match[1]} <{found.__module__}.{found.__qualname__}>`"

    def lesson(match: re.Match) -> str:
        return (
            f"[{match[0]}](/notebooks/{match[1]})" if (ROOT / "notebooks" / f"{match[1]}.ipynb").exists() else match[0]
        )

    def equation(match: re.Match) -> str:
        if not match[1]:  # code, a formula, a heading, or a link already
            return match[0]
        return re.sub(r"((?:Eqs?\.|Equation) )?([1-4])", r"[\1\2](/equations.md#eq-\2)", match[1])

    kept = r"^[#<][^\n]*|```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$|\[[^\]]*\]\([^)]*\)"
    text = re.sub(rf"(?ms){kept}|\b((?:Eqs?\.|Equation) [1-4](?: and [1-4])?)\b", equation, text)
    return re.sub(r"`(\d\d_\w+)`", lesson, re.sub(r"`(micra_lite(?:\.\w+)+)`", function, text))


def notebook(source: Path, target: Path) -> None:
    """An executed notebook as a page: with links, and with widgets that move."""
    content = lesson_page.alive(nbformat.read(source, as_version=4), source.parent.parent)
    for cell in content.cells:
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source)
    nbformat.write(content, target)


def course(source: Path, folder: str, title: str) -> str:
    """Take a folder's notebooks over; returns the page that lists them: title, minutes, what it is about."""
    (source / folder).mkdir()
    listed: dict[bool, list[str]] = {True: [], False: []}  # the core path, and what goes deeper
    executed = sorted((ROOT / folder / "executed").glob("*.ipynb"))
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(notebook, executed, [source / folder / path.name for path in executed]))
    for path in executed:
        header = nbformat.read(path, as_version=4).cells[0].source
        about = re.split(r"\n\s*\n", header)[1].replace("\n", " ")
        minutes = re.search(r"\*\*Time\*\*: (?:about )?(\w+ minutes)", header)
        words = f"- **[](/{folder}/{path.stem})**{f' ({minutes[1]})' if minutes else ''}. {about}"
        listed[not path.stem.endswith("_deeper")].append(words)
    lines = [f"# {title}", "", *listed[True]]
    if listed[False]:
        lines += ["", "## Deeper", "", "Optional: no lesson needs these.", "", *listed[False]]
    pages = sorted(f"{folder}/{path.stem}" for path in (source / folder).glob("*.ipynb"))
    return "\n".join([*lines, "", toctree(pages)])


def files(path: Path) -> list[str]:
    """The modules behind one entry of the README's map: a file, or a package before its parts."""
    found = [path] if path.is_file() else sorted(path.rglob("*.py"), key=lambda p: (p.parent, p.name))
    around = ROOT / "exercises" if ROOT / "exercises" in path.parents else ROOT
    return [".".join(p.relative_to(around).with_suffix("").parts).removesuffix(".__init__") for p in found]


def entries() -> list[tuple[Path, str]]:
    """The packages and their parts in the README's map, in its order, each with what is said of it."""
    found, folder = [], ROOT
    for line in README.split("## Where things are")[1].split("```")[1].splitlines():
        indent, name, words = re.fullmatch(r"( *)(\S*) *(.*)", line).groups()
        folder = folder if indent else ROOT / name
        if indent:
            found.append((folder / name, words))
    return found


def offered() -> dict[str, str]:
    """What the package offers by name, but for its folders: dotted name → what it is in a line."""
    found = {}
    for name in micra_lite.__all__:
        thing = getattr(micra_lite, name)
        if hasattr(thing, "__qualname__"):
            found[f"{thing.__module__}.{name}"] = inspect.getdoc(thing).splitlines()[0].replace("*", r"\*")
        elif not inspect.ismodule(thing):
            found |= {full: examples.OWN[full][0] for full in examples.OWN if full.endswith(f".{name}")}
    return found


def api(folder: Path) -> str:
    """Write one page for each file or folder of the packages, in the README's order; returns the page that lists them."""
    pages = []
    for path, words in entries():
        modules = files(path)
        pages.append(f"api/{modules[0].removeprefix('micra_lite.')}")
        text = [f"# {path.stem}", "", f"{words[0].upper()}{words[1:]}.", ""]
        for module in modules:
            text += [
                f"## {module}",
                "",
                "```{eval-rst}",
                f".. automodule:: {module}",
                "",
                *examples.values(module),
                "```",
                "",
            ]
        (folder.parent / f"{pages[-1]}.md").write_text("\n".join(text), encoding="utf-8")
    text = ["# API", "", "What `import micra_lite` offers by name; everything else is in the modules.", ""]
    text += ["```{eval-rst}", *(f"- :py:obj:`~{name}`: {words}" for name, words in offered().items()), "```", ""]
    text += ["## The modules, in reading order", "", *(f"- [](/{page})" for page in pages), "", toctree(pages)]
    return "\n".join(text)


def tutor() -> str:
    """The page for tutors, with the marking scheme and the common errors taken from the exercises."""
    text = linked((DOCS / "tutor.md").read_text(encoding="utf-8"))
    return text.replace("% marking scheme", scheme.marking()).replace("% common errors", scheme.errors())


def front() -> str:
    """The front page, with the opening game in its place."""
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    game = f'<div class="opens-page">{lesson_page.moving(OpeningGame())}</div>'
    return text.replace("% the opening game", game)


def gather(source: Path) -> None:
    """Write the pages that Sphinx is to build."""
    for name in ("api", "docs"):
        (source / name).mkdir()
    shutil.copy(ROOT / "README.md", source)
    for picture in DOCS.glob("*.png"):
        shutil.copy(picture, source / "docs")
    pages = {
        "index": front(),
        "course": course(source, "notebooks", "The course"),
        "exercises": course(source, "exercises", "Exercises"),
        "tutor": tutor(),
        "equations": equations.page(),
        "notation": linked(notation.page()),
        "environments": linked((DOCS / "environments.md").read_text(encoding="utf-8")),
        "benchmarks": f"# What it measures\n\n{readme.table()}\n",
        "api": api(source / "api"),
    }
    for name, text in pages.items():
        (source / f"{name}.md").write_text(text, encoding="utf-8")


def sphinx(source: str, folder: str) -> int:
    """Make the site from the pages; 1, and a line on the screen for each, where a reference leads nowhere.

    Sphinx works in a folder of its own, so that only what a browser needs ends in the site.
    """
    from sphinx.cmd.build import build_main

    with tempfile.TemporaryDirectory() as work:
        made = f"{work}/site"
        options = ["-b", "html", "-c", str(DOCS), "-d", f"{work}/doctrees", "-W", "--keep-going", "-q"]
        status = build_main([*options, source, made])
        shutil.rmtree(Path(made) / "_sources", ignore_errors=True)
        if (Path(folder) / "searchindex.js").exists():  # no page of an older site stays
            shutil.rmtree(folder)
        shutil.copytree(made, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".buildinfo"))
    return status


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "site", help="where to (site/, unless given)")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as source:
        gather(Path(source))
        return sphinx(source, str(folder))


if __name__ == "__main__":
    sys.exit(main())
