"""Make the notebooks from their sources: notebooks/src/NAME.py → notebooks/NAME.ipynb, executed.

python notebooks/build.py            all of them
python notebooks/build.py 00_tour    some of them
python notebooks/build.py --check    change nothing; fail where a notebook's cells are not those of its source

What differs from run to run is dropped (widget models, timings, versions), so that a rebuilt notebook changes in git
only where its contents did.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

HERE = Path(__file__).parent
WIDGET = "application/vnd.jupyter.widget-view+json"


def cells(notebook: NotebookNode) -> list[tuple[str, str]]:
    """What a reader sees without outputs: kind and source of each cell."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def drifted(source: Path) -> str | None:
    """Where a notebook's cells differ from its source, in words; None where they do not."""
    target = HERE / f"{source.stem}.ipynb"
    if not target.exists():
        return f"{target.name} is missing"
    wanted, found = cells(jupytext.read(source)), cells(nbformat.read(target, as_version=4))
    if len(wanted) != len(found):
        return f"{target.name} has {len(found)} cells, its source {len(wanted)}"
    for number, (left, right) in enumerate(zip(wanted, found, strict=True)):
        if left != right:
            return f"{target.name} differs from its source in cell {number}: {left[1].splitlines()[:1]}"
    return None


def cleaned(notebook: NotebookNode, name: str) -> NotebookNode:
    """Without what differs from run to run; the outputs stay, widgets as their static copies."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{name}-{number:02d}"
        cell.metadata = {}
        for output in cell.get("outputs", []):
            if "data" in output:
                output.data.pop(WIDGET, None)
    return notebook


def build(source: Path) -> None:
    """Execute one source and write its notebook. An error in a cell is raised, and nothing is written."""
    from nbclient import NotebookClient
    from traitlets.config import Config

    notebook = jupytext.read(source)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    where = {"metadata": {"path": str(HERE)}}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as sockets:  # instead of open ports, and of a warning about them
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})
        NotebookClient(notebook, config=config, timeout=1800, resources=where, store_widget_state=False).execute()
    target = HERE / f"{source.stem}.ipynb"
    nbformat.write(cleaned(notebook, source.stem), target)
    print(f"{target.name}: {len(notebook.cells)} cells in {time.perf_counter() - start:.0f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the notebooks from notebooks/src.")
    parser.add_argument("names", nargs="*", help="which ones (all, unless given)")
    parser.add_argument("--check", action="store_true", help="only compare the notebooks' cells with their sources")
    options = parser.parse_args()
    sources = sorted((HERE / "src").glob("*.py"))
    unknown = set(options.names) - {s.stem for s in sources}
    if unknown:
        parser.error(f"no source for {sorted(unknown)}; there are {[s.stem for s in sources]}")
    sources = [s for s in sources if not options.names or s.stem in options.names]
    if not options.check:
        for source in sources:
            build(source)
        return 0
    problems = [p for p in map(drifted, sources) if p]
    for problem in problems:
        print(f"{problem}; run `make notebooks`", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
