"""Build the site: the executed twins of the notebooks, the API, the results and the notation, as pages that need no network.

python docs/build.py [FOLDER]      into site/, unless another folder is given; a broken reference is an error

Nothing is written twice: lessons are the notebooks of notebooks/ and exercises/, the API is the docstrings in the
README's reading order, tables of results come from benchmarks/readme.py, the notation from docs/notation.md, and
everything else from the README.
"""

from __future__ import annotations

import argparse
import base64
import inspect
import pydoc
import re
import shutil
import sys
import tempfile
from html import escape
from pathlib import Path

import nbformat

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path[:0] = [str(DOCS), str(ROOT / "benchmarks")]
import equations

import micra_lite
import readme
from micra_exercises.tutor import scheme

README = (ROOT / "README.md").read_text(encoding="utf-8")


def toctree(pages: list[str]) -> str:
    """The order of pages, for the menu and for "next"."""
    return "\n".join(["```{toctree}", ":hidden:", "", *pages, "```"])


def linked(text: str) -> str:
    """Prose in which the names of functions, and of lessons, lead to their pages."""

    def function(match: re.Match) -> str:
        found = pydoc.locate(match[1])
        if not hasattr(found, "__qualname__"):
            return match[0]
        return f"{{py:obj}}`{match[1]} <{found.__module__}.{found.__qualname__}>`"

    def lesson(match: re.Match) -> str:
        return (
            f"[{match[0]}](/notebooks/{match[1]})" if (ROOT / "notebooks" / f"{match[1]}.ipynb").exists() else match[0]
        )

    return re.sub(r"`(\d\d_\w+)`", lesson, re.sub(r"`(micra_lite(?:\.\w+)+)`", function, text))


def notebook(source: Path, target: Path) -> None:
    """A copy with links, whose pictures have their alt text as HTML has it: Sphinx would drop it.

    Drawings are images in notebooks, which take nothing else on trust; here they are drawings again.
    """

    def drawing(match: re.Match) -> str:
        return base64.b64decode(match[1]).decode()

    content = nbformat.read(source, as_version=4)
    for cell in content.cells:
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source)
    for output in (o for cell in content.cells for o in cell.get("outputs", [])):
        picture = output.get("data", {}).get("image/png")
        if picture:
            words = escape(output.metadata["image/png"]["alt"])
            output.data["text/html"] = f'<img alt="{words}" src="data:image/png;base64,{"".join(picture.split())}">'
        if "text/html" in output.get("data", {}):
            image = r'<img alt="[^"]*" style="width: 100%" src="data:image/svg\+xml;base64,([^"]*)"/>'
            output.data["text/html"] = re.sub(image, drawing, output.data["text/html"])
    nbformat.write(content, target)


def course(source: Path, folder: str, title: str) -> str:
    """Take a folder's notebooks over; returns the page that lists them: title, minutes, what it is about."""
    (source / folder).mkdir()
    listed: dict[bool, list[str]] = {True: [], False: []}  # the core path, and what goes deeper
    for path in sorted((ROOT / folder / "executed").glob("*.ipynb")):
        notebook(path, source / folder / path.name)
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


def api(folder: Path) -> str:
    """Write one page for each file or folder of the packages, in the README's order; returns the page that lists them."""
    pages = []
    for path, words in entries():
        modules = files(path)
        pages.append(f"api/{modules[0].removeprefix('micra_lite.')}")
        text = [f"# {path.stem}", "", f"{words[0].upper()}{words[1:]}.", ""]
        for module in modules:
            text += [f"## {module}", "", "```{eval-rst}", f".. automodule:: {module}", "```", ""]
        (folder.parent / f"{pages[-1]}.md").write_text("\n".join(text), encoding="utf-8")
    offered = {name: getattr(micra_lite, name) for name in micra_lite.__all__}
    at = {name: getattr(x, "__module__", "micra_lite") for name, x in offered.items() if not inspect.ismodule(x)}
    names = [f"   ~{module}.{name}" for name, module in at.items()]
    text = ["# API", "", "What `import micra_lite` offers by name; everything else is in the modules.", ""]
    text += ["```{eval-rst}", ".. autosummary::", "   :nosignatures:", "", *names, "```", ""]
    text += ["## The modules, in reading order", "", *(f"- [](/{page})" for page in pages), "", toctree(pages)]
    return "\n".join(text)


def tutor() -> str:
    """The page for tutors, with the marking scheme and the common errors taken from the exercises."""
    text = linked((DOCS / "tutor.md").read_text(encoding="utf-8"))
    return text.replace("% marking scheme", scheme.marking()).replace("% common errors", scheme.errors())


def gather(source: Path) -> None:
    """Write the pages that Sphinx is to build."""
    for name in ("api", "docs"):
        (source / name).mkdir()
    shutil.copy(ROOT / "README.md", source)
    shutil.copy(DOCS / "index.md", source)
    for picture in DOCS.glob("*.png"):
        shutil.copy(picture, source / "docs")
    pages = {
        "course": course(source, "notebooks", "The course"),
        "exercises": course(source, "exercises", "Exercises"),
        "tutor": tutor(),
        "equations": equations.page(),
        "notation": (DOCS / "notation.md").read_text(encoding="utf-8"),
        "benchmarks": f"# What it measures\n\n{readme.table()}\n",
        "api": api(source / "api"),
    }
    for name, text in pages.items():
        (source / f"{name}.md").write_text(text, encoding="utf-8")


def sphinx(source: str, folder: str) -> int:
    """Make the site from the pages; 1, and a line on the screen for each, where a reference leads nowhere."""
    from sphinx.cmd.build import build_main

    return build_main(["-b", "html", "-c", str(DOCS), "-W", "--keep-going", "-q", source, folder])


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "site", help="where to (site/, unless given)")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as source:
        gather(Path(source))
        return sphinx(source, str(folder))


if __name__ == "__main__":
    sys.exit(main())
