"""Every public name has an example: in its docstring (pytest runs these), or in docs/examples.md (which runs here)."""

import doctest
import importlib
import importlib.util
import inspect

import pytest

import micra_lite
from helpers import ROOT
from micra_lite import widgets

spec = importlib.util.spec_from_file_location("examples", ROOT / "docs" / "examples.py")
examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examples)
READING_LIST = ("regret", "imitation", "networks", "agent", "updates", "phases")


def public():
    """Dotted names, as the site has them, of all that needs an example."""
    offered = [(getattr(package, name), name) for package in (micra_lite, widgets) for name in package.__all__]
    modules = {"QUICK": "micra_lite.settings"}  # a dict does not say where it is from
    names = {f"{getattr(x, '__module__', modules.get(name))}.{name}" for x, name in offered if not inspect.ismodule(x)}
    for module in (importlib.import_module(f"micra_lite.{name}") for name in READING_LIST):
        own = [x for x in vars(module).values() if getattr(x, "__module__", None) == module.__name__]
        names |= {f"{module.__name__}.{x.__qualname__}" for x in own if inspect.isclass(x) or inspect.isfunction(x)}
    return {name for name in names if not name.rpartition(".")[2].startswith("_")}


def has_one(name):
    module, _, last = name.rpartition(".")
    found = getattr(importlib.import_module(module), last)  # a package may have a function of its module's name
    return hasattr(found, "__qualname__") and ">>>" in (found.__doc__ or "")


def test_every_public_name_has_an_example():
    assert [name for name in sorted(public()) if not has_one(name) and name not in examples.OWN] == []


def test_no_example_is_left_over():
    """The page has nothing that is not public, and nothing that a docstring has."""
    assert [name for name in examples.OWN if name not in public() or has_one(name)] == []


@pytest.mark.parametrize("name", examples.OWN)
def test_the_example_is_right(name):
    """It runs as it is shown: after its opening lines, in the module that it is from."""
    module = importlib.import_module(name.rpartition(".")[0])
    code = "\n".join(examples.whole(name)) + "\n"
    test = doctest.DocTestParser().get_doctest(code, dict(vars(module)), name, str(examples.PAGE), 0)
    said = []
    runner = doctest.DocTestRunner(optionflags=doctest.REPORT_ONLY_FIRST_FAILURE)
    assert runner.run(test, out=said.append).failed == 0, "".join(said)


@pytest.mark.browser  # needs none, but the site, which is built for tests in one
def test_the_site_shows_them(site):
    """Each public name's entry has an example on its page, before whatever comes next there."""
    text = "".join(p.read_text(encoding="utf-8") for p in sorted((site / "api").glob("*.html")))
    entries = {e.split('"')[0]: e for e in text.split('<dt class="sig sig-object py" id="')}
    assert [name for name in sorted(public()) if "&gt;&gt;&gt;" not in entries.get(name, "")] == []


def test_an_example_gets_the_lines_that_it_needs_and_no_others():
    assert examples.whole("micra_lite.training_state.last") == [
        ">>> import micra_lite",
        *examples.OWN["micra_lite.training_state.last"][1],
    ]
    made = [line.split(" = ")[0].removeprefix(">>> ") for line in examples.opening([">>> state.updates"])]
    assert made == ["import micra_lite", "game, family", "settings", "state"]
    assert examples.added("micra_lite.training_state.last", ["Words.", ">>> 1"]) == []
