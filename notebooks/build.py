"""Make the notebooks from their sources: what a student opens has no outputs, and beside it lies an executed twin.

    notebooks/src/NAME.py → notebooks/NAME.ipynb, and notebooks/executed/NAME.ipynb
    exercises/src/NAME.py → exercises/NAME.ipynb, with stubs, exercises/executed/NAME.ipynb, and
                            exercises/solutions/NAME.ipynb, which is executed too

A twin is run unattended (MICRA_LITE_UNATTENDED=1): every question has a wrong guess, the truth stands below it, and no
progress is read or written. Tests run the twins again and compare; the site and GitHub show them.

python notebooks/build.py                       all of them
python notebooks/build.py 00_tour exercises/02_regret    some of them
python notebooks/build.py --check               change nothing; fail where a notebook's cells are not those of its source

In a source of exercises, students get CODE in place of what stands between `# solution, stub: CODE` and `# end`, and no
cell with the tag "solution".

What differs from run to run is dropped (widget models, timings, versions), so that a rebuilt notebook changes in git
only where its contents did.
"""

from __future__ import annotations

import argparse
import copy
import os
import re
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).parent.parent
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET = "application/vnd.jupyter.widget-view+json"
HIDDEN = {"jupyter": {"source_hidden": True}, "cellView": "form"}  # as JupyterLab and VS Code say it, and as Colab does
ASKING = "# A question. Its answer is computed here: guess first."  # JupyterLab shows the first line of a folded cell
SOLUTION = re.compile(r"^( *)# solution, stub: (.*?)\n(.*?)\n *# end$", re.MULTILINE | re.DOTALL)


def sources() -> dict[str, Path]:
    """name → source: those of the lessons by their stem, those of exercises as exercises/STEM."""
    lessons = {s.stem: s for s in sorted((ROOT / "notebooks" / "src").glob("*.py"))}
    return lessons | {f"exercises/{s.stem}": s for s in sorted((ROOT / "exercises" / "src").glob("*.py"))}


def repository() -> str:
    """The project's public address, as pyproject.toml has it; empty as long as there is none."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["micra_lite"]["repository"]


def badge(address: str, path: str) -> str:
    """A link, in Markdown, that opens the notebook at `path` in Colab; `address` is that of a repository on GitHub."""
    where = address.removeprefix("https://github.com/")
    return f"[Open in Colab](https://colab.research.google.com/github/{where}/blob/main/{path})"


def install_cell(archive: str) -> NotebookNode:
    """The cell that installs the package where it is missing, from the address of an archive of the project."""
    return nbformat.v4.new_code_cell(
        "import importlib.util\nimport subprocess\nimport sys\n\n"
        "# Where micra_lite is missing, as in Colab: install it, once.\n"
        'if importlib.util.find_spec("micra_lite") is None:\n'
        f'    package = "micra_lite[notebooks] @ {archive}"\n'
        '    subprocess.run([sys.executable, "-m", "pip", "install", "-q", package], check=True)\n'
        'if "google.colab" in sys.modules:  # it must be asked before it shows the field for arrow keys\n'
        "    from google.colab import output\n\n"
        "    output.enable_custom_widget_manager()",
        metadata={"tags": ["hide-input"]},
    )


def opened_anywhere(notebook: NotebookNode, address: str, path: str) -> NotebookNode:
    """Add the badge to the first cell and the install cell below it; nothing where there is no public address."""
    if address:
        notebook.cells[0].source += f"\n\n{badge(address, path)}"
        notebook.cells.insert(1, install_cell(f"{address}/archive/refs/heads/main.zip"))
    return notebook


def notebooks(source: Path) -> dict[Path, NotebookNode]:
    """Path → notebook, not executed, for all that one source makes: see above. `executed` says which ones are to be run."""
    folder = source.parent.parent
    whole = opened_anywhere(jupytext.read(source), repository(), f"{folder.name}/{source.stem}.ipynb")
    for cell in whole.cells:
        if cell.cell_type == "code" and "widgets.ask(" in cell.source:
            cell.source = f"{ASKING}\n{cell.source}"
    name = f"{source.stem}.ipynb"
    given = version(whole, solved=False)
    made = {folder / name: given, folder / "executed" / name: copy.deepcopy(given)}
    if folder.name == "exercises":
        made[folder / "solutions" / name] = version(whole, solved=True)
    return made


def executed(path: Path) -> bool:
    """Whether the notebook at `path` is kept with its outputs."""
    return path.parent.name in ("executed", "solutions")


def version(whole: NotebookNode, solved: bool) -> NotebookNode:
    """Exercises with their solutions, or with stubs in their place; lessons have none, and stay as they are."""
    made = copy.deepcopy(whole)
    made.cells = [c for c in made.cells if solved or "solution" not in c.metadata.get("tags", [])]
    for cell in made.cells:
        cell.source = SOLUTION.sub(r"\3" if solved else r"\1\2", cell.source)
    return made


def hidden(cell: NotebookNode) -> bool:
    """Whether a cell's code is folded away: it only sets up or draws (tag `hide-input`), or computes a question's truth.

    Whoever wants to see it can open the cell.
    """
    tagged = "hide-input" in cell.metadata.get("tags", []) or cell.metadata.get("jupyter", {}).get(
        "source_hidden", False
    )
    return cell.cell_type == "code" and (tagged or "widgets.ask(" in cell.source)


def cells(notebook: NotebookNode) -> list[tuple[str, str, bool]]:
    """Kind and source of each cell, and whether it is folded away: all that a reader sees without outputs."""
    return [(cell.cell_type, cell.source, hidden(cell)) for cell in notebook.cells]


def drifted(source: Path) -> str | None:
    """Say where a notebook's cells differ from its source, or has outputs that students must not get; None if all is well."""
    for target, notebook in notebooks(source).items():
        if not target.exists():
            return f"{named(target)} is missing"
        stored = nbformat.read(target, as_version=4)
        wanted, found = cells(notebook), cells(stored)
        if len(wanted) != len(found):
            return f"{named(target)} has {len(found)} cells, its source {len(wanted)}"
        for number, (left, right) in enumerate(zip(wanted, found, strict=True)):
            if left != right:
                return f"{named(target)} differs from its source in cell {number}: {left[1].splitlines()[:1]}"
        run = [c.execution_count for c in stored.cells if c.cell_type == "code" and (c.outputs or c.execution_count)]
        if run and not executed(target):
            return f"{named(target)} was run and saved: students get it without outputs"
    return None


def named(path: Path) -> str:
    """A notebook's path in the project."""
    return str(Path(*path.parts[-3 if executed(path) else -2 :]))


def joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join printed text into one piece: into how many it is cut depends on how busy the machine is."""
    whole: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and whole and whole[-1].get("name") == output.name:
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def cleaned(notebook: NotebookNode, name: str) -> NotebookNode:
    """Without what differs from run to run; the outputs stay, widgets as their static copies."""
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{name}-{number:02d}"
        cell.metadata = dict(HIDDEN) if hidden(cell) else {}
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
        for output in cell.get("outputs", []):
            if "data" in output:
                output.data.pop(WIDGET, None)
    return notebook


def build(source: Path) -> None:
    """Write what one source makes, executed where it shows outputs. An error in a cell is raised: nothing is written then."""
    from nbclient import NotebookClient
    from traitlets.config import Config

    made = notebooks(source)
    for target in filter(executed, made):
        where = {"metadata": {"path": str(target.parent.parent)}}  # as if it were run where students run it
        made[target].metadata["kernelspec"] = KERNEL
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as sockets:  # instead of open ports, and of a warning about them
            config = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})
            client = NotebookClient(
                made[target], config=config, timeout=1800, resources=where, store_widget_state=False
            )
            client.execute()
        print(f"{named(target)}: {len(made[target].cells)} cells in {time.perf_counter() - start:.0f} s")
    for target, notebook in made.items():
        target.parent.mkdir(exist_ok=True)
        nbformat.write(cleaned(notebook, source.stem), target)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the notebooks from notebooks/src and exercises/src.")
    parser.add_argument("names", nargs="*", help="which ones (all, unless given)")
    parser.add_argument("--check", action="store_true", help="only compare the notebooks' cells with their sources")
    options = parser.parse_args()
    known = sources()
    unknown = set(options.names) - set(known)
    if unknown:
        parser.error(f"no source for {sorted(unknown)}; there are {list(known)}")
    wanted = [source for name, source in known.items() if not options.names or name in options.names]
    if not options.check:
        # Whoever makes the exercises has solved none of them, and guesses wrong.
        os.environ.update(MICRA_LITE_PROGRESS="", MICRA_LITE_UNATTENDED="1")
        for source in wanted:
            build(source)
        return 0
    problems = [p for p in map(drifted, wanted) if p]
    for problem in problems:
        print(f"{problem}; run `make notebooks`", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
