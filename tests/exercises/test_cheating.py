"""Attempts at a right verdict without a right answer: forged records, patched modules, a look at the solution."""

import ast
import base64
import json
import shutil
import sys
from pathlib import Path

import nbformat
import pytest

from helpers import ROOT
from helpers.sandboxes import any_sandbox, last_verdicts, sandbox, told  # noqa: F401
from helpers.submissions import ANSWERS, COMA, HOSTILE, PENCIL, START
from micra_exercises import check
from micra_exercises.definition import solution
from micra_exercises.limits import Trouble
from micra_exercises.tutor import sandbox as module
from micra_exercises.tutor.recorder import NUMBERS
from micra_exercises.tutor.records import LINE, MOST, records
from micra_exercises.tutor.sandbox import PACKAGES

WRONG = [COMA[False], ANSWERS[1], PENCIL[False], ANSWERS[0]]


def run_dict(results, names=()):
    results = [{"half": False, **one} for one in results]
    return {"exercise": "coma", "dtype": "torch.float64", "run": {"results": results, "names": list(names)}}


GOOD = run_dict([{"shape": [1], "numbers": [1]}], ["q"])
ONE = GOOD["run"]["results"]


# --- records ---

BAD = {
    "nothing": "",
    "cut off": json.dumps(GOOD)[:-1],
    "a list": "[]",
    "null": "null",
    "deep": "[" * 10**5,
    "no run": {"exercise": "coma", "dtype": "torch.float64"},
    "a verdict": {"exercise": "coma", "dtype": "torch.float64", "state": "right", "passed": True},
    "another exercise": {**GOOD, "exercise": "score"},
    "no name": {**GOOD, "exercise": ["coma"]},
    "another dtype": {**GOOD, "dtype": "torch.int8"},
    "dtype is no text": {**GOOD, "dtype": {}},
    "hint 0": {"exercise": "coma", "hint": 0},
    "hint 5": {"exercise": "coma", "hint": 5},
    "hint is a text": {"exercise": "coma", "hint": "1"},
    "shape does not fit": run_dict([{"shape": [7], "numbers": [1]}]),
    "negative shape": run_dict([{"shape": [-1], "numbers": [1]}]),
    "many axes": run_dict([{"shape": [1] * 100, "numbers": [1]}]),
    "text for numbers": run_dict([{"shape": [1], "numbers": ["1"]}]),
    "true for numbers": run_dict([{"shape": [1], "numbers": [True]}]),
    "nested numbers": run_dict([{"shape": [1], "numbers": [[1]]}]),
    "huge number": run_dict([{"shape": [1], "numbers": [10**400]}]),
    "many numbers": run_dict([{"shape": [NUMBERS + 1], "numbers": [0] * (NUMBERS + 1)}]),
    "trouble without words": run_dict([{"mistake": "error"}]),
    "a script for a mistake": run_dict([{"mistake": "<script>", "message": ""}]),
    "a long mistake": run_dict([{"mistake": "x" * 41, "message": ""}]),
    "a script for a name": run_dict(ONE, ["<script>"]),
    "a long name": run_dict(ONE, ["x" * 41]),
    "a number for a name": run_dict(ONE, [1]),
    "a long line": json.dumps(GOOD) + " " * LINE,
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_record_is_left_out(name):
    line = BAD[name] if isinstance(BAD[name], str) else json.dumps(BAD[name])
    assert len(records(f"{line}\n{json.dumps(GOOD)}", {"coma"})) == 1


def test_records_are_few_and_messages_short():
    assert len(records(f"{json.dumps(GOOD)}\n" * (MOST + 1), {"coma"})) == MOST
    found = records(json.dumps(run_dict([{"mistake": "error", "message": "x" * 10**4}])), {"coma"})
    assert found[0]["run"].results[0].value == Trouble("error", "x" * 400)


@pytest.mark.parametrize(
    "results", [ONE, [{"mistake": "error", "message": "right"}], [{"shape": [0], "numbers": []}] * 9]
)
def test_records_that_fit_no_exercise_are_not_right(results):
    assert last_verdicts(records(json.dumps(run_dict(results)), {"coma"}))["coma"].state == "not yet"


@pytest.mark.parametrize("name", ["prints_a_verdict", "forges_a_verdict", "forges_records"])
def test_forging_gains_nothing(any_sandbox, name):  # noqa: F811
    forged = HOSTILE[name].format(canary="")
    said = last_verdicts(any_sandbox.run([START, PENCIL[False], ANSWERS[0], forged, COMA[False], ANSWERS[1]])[0])
    assert said
    assert not any(verdict.passed for verdict in said.values())


# --- patches ---

PATCHES = {
    "numpy": "import numpy as np\nnp.allclose = np.all = np.array_equal = lambda *a, **k: True\n"
    "np.abs = np.max = lambda *a, **k: np.float64(0)",
    "torch": "torch.allclose = torch.equal = lambda *a, **k: True\ntorch.Tensor.__eq__ = lambda *a: True\n"
    "torch.Tensor.__sub__ = lambda a, b: torch.zeros_like(a)",
    "builtins": "import builtins\nbuiltins.all = builtins.any = lambda x: True\nbuiltins.abs = lambda x: 0",
    "values": "from micra_exercises import values, run_answer\nfor m in (values, run_answer):\n"
    "    m.close = m.same = lambda *a, **k: True",
    "exercise": "E = type(check.coma)\nE.judge = E.__call__ = lambda self, *a: print('right')",
    "verdict": "from micra_exercises import verdict\nverdict.NOT_ATTEMPTED = verdict.NOT_YET = verdict.RIGHT\n"
    "verdict.Verdict.passed = True",
    "limits": "from micra_exercises import limits, run_answer\nrun_answer.call = limits.call = lambda f, *a, **k: 0.0",
    "whole module": "class All:\n    def __getattr__(self, name): return lambda *a, **k: True\n"
    "sys.modules['numpy'] = All()",
}


@pytest.mark.parametrize("name", PATCHES)
def test_patching_gains_nothing(any_sandbox, name):  # noqa: F811
    said = last_verdicts(any_sandbox.run([START, PATCHES[name], *WRONG])[0])
    assert not any(verdict.passed for verdict in said.values())


# --- the solution ---

FIND = {
    "module": "coma = check.coma.reference",
    "hints": "exec([check.coma.hint() for _ in range(4)][-1].words)",
    "source": "import inspect\ntext = inspect.getsource(check.coma.reference)\nexec(text[text.rindex('def coma'):])",
    "files": "import micra_exercises as m, pathlib\nfor path in pathlib.Path(m.__file__).parent.rglob('*.py'):\n"
    "    text = path.read_text()\n    if '\\ndef coma(' in text:\n"
    "        exec(text[text.index('\\ndef coma('):].split('\\n\\n\\n')[0])",
    "reload": "import importlib\nfrom micra_exercises.lessons import advantages\n"
    "coma = importlib.reload(advantages).coma.reference",
    "garbage collector": "import gc, types\nfound = [f for f in gc.get_objects() if type(f) is types.FunctionType]\n"
    "found = [f for f in found if f.__name__ == 'coma']\n"
    "coma = ([f for f in found if str(f.__module__).startswith('micra_exercises')] or [None])[0]",
    "frames": """
def coma(q, row, c):
    frame = sys._getframe(1)
    while frame:
        for one in frame.f_locals.values():
            if hasattr(one, "reference"):
                return one.reference(q, row, c)
        frame = frame.f_back
""",
}


@pytest.mark.parametrize("name", FIND)
def test_the_solution_cannot_be_found(any_sandbox, name):  # noqa: F811
    attack = [START, PENCIL[True], ANSWERS[0], FIND[name], ANSWERS[1]]
    said = last_verdicts(any_sandbox.run(attack)[0])
    assert said["regrets_by_hand"].passed
    assert "coma" not in said or not said["coma"].passed


@pytest.mark.parametrize("name", FIND)
def test_without_the_sandbox_it_would_be_found(name):
    found = {"check": check, "sys": sys}
    exec(FIND[name], found)
    assert check.coma.judge(found["coma"]).passed


SCAN = """
import ast, base64, gc, json, os, pathlib, types
check.exercises()
seen, texts, todo = set(), set(), gc.get_objects()
while todo:  # every string that can be reached, those in code included
    one = todo.pop()
    if id(one) not in seen:
        seen.add(id(one))
        if type(one) is str: texts.add(one)
        todo += gc.get_referents(one) + list(one.co_consts if type(one) is types.CodeType else ())
for folder, _, names in os.walk({root!r}):
    for name in names if "micra_exercises" in folder else ():
        text = pathlib.Path(folder, name).read_text(errors="replace")
        texts |= {{text, ast.unparse(ast.parse(text)) if name.endswith(".py") else ""}}
whole = "\\n".join(texts)
x = float(sum(one in whole for one in json.loads(base64.b64decode({secrets!r}))))
"""


def secret_texts():
    """The longer lines of all solutions, as written and without their layout; what hints and messages say."""
    found = set()
    for one in check.exercises():
        body = ast.parse(solution(one.reference)).body[0].body[1:]
        found |= {line.strip() for line in ast.unparse(body).splitlines()}
        found |= {line.strip() for line in solution(one.reference).splitlines()[2:]}
        found |= {words for words in one.hint_texts[:2] if isinstance(words, str)}
        found |= {each.words for each in one.mistakes if isinstance(each.words, str)}
    return sorted(text for text in found if len(text) >= 25)


def scan(root):
    return SCAN.format(root=root, secrets=base64.b64encode(json.dumps(secret_texts()).encode()).decode())


def test_no_text_of_a_solution_is_in_any_object_or_file_inside(sandbox, monkeypatch):  # noqa: F811
    monkeypatch.setattr(sandbox, "seconds", 1200)  # to look at everything takes long on a busy machine
    assert told(sandbox, scan("/")) == 0


@pytest.mark.long
def test_without_the_sandbox_all_texts_are_found():
    found = {"check": check}
    exec(scan(str(PACKAGES[0])), found)
    assert found["x"] == len(secret_texts())


@pytest.mark.long
def test_an_installed_package_is_covered_by_the_stripped_one(sandbox, tmp_path, monkeypatch):  # noqa: F811
    """As after `pip install`: both packages lie in a folder that is visible as a whole."""
    tmp_path.chmod(0o755)
    installed = [Path(shutil.copytree(package, tmp_path / "site" / package.name)) for package in PACKAGES]
    monkeypatch.setattr(module, "PACKAGES", installed)
    monkeypatch.setattr(module, "SYSTEM", (*module.SYSTEM, str(tmp_path / "site")))
    monkeypatch.setattr(sandbox, "seconds", 1200)
    assert told(sandbox, scan("/")) == 0


# --- the exercises inside ---


@pytest.mark.parametrize("path", sorted((ROOT / "exercises" / "solutions").glob("*.ipynb")), ids=lambda path: path.stem)
def test_all_exercises_of_a_sheet_are_recorded(any_sandbox, path):  # noqa: F811
    cells = [c["source"] for c in nbformat.read(path, 4)["cells"] if c["cell_type"] == "code"]
    found, ended = any_sandbox.run(cells, seed=3)
    assert ended == "finished"
    said = last_verdicts(found, 3)
    assert set(said) == {one.name for one in check.exercises(path.stem)}
    assert all(verdict.passed for verdict in said.values()), [v for v in said.values() if not v.passed]


def test_half_precision_is_told_as_in_the_notebook(any_sandbox):  # noqa: F811
    half = COMA[True].replace("return ", "return (") + ").half()"
    assert last_verdicts(any_sandbox.run([START, half, ANSWERS[1]])[0])["coma"].mistake == "half_precision"


def test_hints_and_progress_raise_nothing_and_hints_are_recorded(any_sandbox):  # noqa: F811
    asked = "check.coma.hint()\ncheck.coma.hint()\ncheck.progress()\ncheck.coma.judge(coma)\nprint(check.exercises())"
    found, _ = any_sandbox.run([START, COMA[True], asked, ANSWERS[1]])
    assert found[:2] == [{"exercise": "coma", "hint": 1}, {"exercise": "coma", "hint": 2}]
    assert last_verdicts(found)["coma"].passed
