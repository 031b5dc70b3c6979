"""A class of students for the tests of grading: honest ones, and those against whom a sandbox is needed."""

import hashlib
import json

START = "import os, sys, time\nimport torch\nfrom micra_exercises import check\ntorch.set_default_dtype(torch.float64)"
PENCIL = {True: "regrets = [0.2, -0.05]", False: "regrets = [2.25, 2.0]"}
COMA = {
    True: "def coma(q, row, c):\n    return q[:, c] - row @ q[:, c]",
    False: "def coma(q, row, c):\n    return q[:, c] - q[:, c].mean()",
}
ANSWERS = ["check.regrets_by_hand(regrets)", "check.coma(coma)"]

# what happens before or instead of an honest answer; {canary} is a folder outside the submission
HOSTILE = {
    "endless_loop": "while True: pass",
    "endless_and_swallowing": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "endless_function": "def coma(q, row, c):\n    while True: pass\ncheck.coma(coma)",
    "fork_bomb": "while True:\n    try: os.fork()\n    except OSError: pass",
    "fork_bomb_of_daemons": "for _ in range(10**6):\n    try:\n        if not os.fork(): os.setsid()\n"
    "    except OSError: pass",
    "memory_hog": "hog = []\nwhile True: hog.append(bytearray(2**26))",
    "huge_tensor": "torch.ones(2**40)",
    "syntax_error": "def coma(q, row, c:\n    return",
    "deletes_its_folder": "import shutil\nshutil.rmtree(os.getcwd())",
    "deletes_everything": "os.system('rm -rf {canary}/* ~/* 2>/dev/null')",
    "writes_outside": "open('{canary}/new', 'w').write('x')",
    "changes_outside": "open('{canary}/deep/file', 'a').write('x')",
    "fills_the_disk": "big = open('big', 'wb')\nfor _ in range(10**4): big.write(bytes(2**20))",
    "leaves": "os._exit(0)",
    "kills_all": "os.kill(-1, 9)",
    "kills_its_parent": "os.kill(os.getppid(), 9)",
    "prints_a_verdict": "print('✓ coma: right')\nos.write(1, b'{{\"raw\": \"\", \"ended\": \"finished\"}}\\n')",
    "forges_a_verdict": "from micra_exercises import exercise, judge\nfrom micra_exercises.verdict import Verdict\n"
    "exercise.judge = judge.judge = lambda self, *a: Verdict(self.name, 'right', '')\n"
    "exercise.Exercise.judge = exercise.Exercise.__call__ = exercise.judge",
    "forges_records": "import json\nresults = [dict(shape=[2], numbers=[1, 2])]\n"
    "for fd in range(3, 256):\n    for name in ('coma', 'regrets_by_hand'):\n"
    "        line = dict(exercise=name, state='right', passed=True, dtype='torch.float64')\n"
    "        line['run'] = dict(results=results, names=[])\n"
    "        try: os.write(fd, (json.dumps(line) + '\\n').encode())\n        except OSError: pass",
    "floods": "for fd in range(3, 256):\n    try:\n        while True: os.write(fd, b'x' * 2**20 + b'\\n')\n"
    "    except OSError: pass",
}  # fmt: skip


def notebook(cells, variant=0):
    made = [
        {"cell_type": "code", "id": f"c{k}", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for k, source in enumerate(cells)
    ]
    return json.dumps(
        {"cells": made, "metadata": {"micra_exercises": {"variant": variant}}, "nbformat": 4, "nbformat_minor": 5}
    )


def write_class(folder, canary, students):
    """Write this many submissions; returns student → {exercise: state} of those whose marks are known."""
    folder.mkdir()
    known = {}
    broken = {
        "empty_file": "",
        "no_notebook": "Dear tutor, my dog",
        "no_cells": "{}",
        "a_list": "[]",
        "deep": "[" * 10**5,
    }
    for name, text in broken.items():
        (folder / f"{name}.ipynb").write_text(text)
        known[name] = dict.fromkeys(("regrets_by_hand", "coma"), "not attempted yet")
    (folder / "picture.png").write_bytes(b"\x89PNG\xff\xfe")  # nobody's
    (folder / "empty_folder").mkdir()
    known["empty_folder"] = known["empty_file"]
    for name, code in HOSTILE.items():
        (folder / name).mkdir()
        cells = [START, PENCIL[False], ANSWERS[0], code.format(canary=canary), COMA[False], ANSWERS[1]]
        (folder / name / "sheet.ipynb").write_text(notebook(cells))
    for k in range(students - len(known) - len(HOSTILE)):
        right = (k % 2 == 0, k % 3 == 0)
        cells = [START, PENCIL[right[0]], ANSWERS[0], COMA[right[1]], f"nothing_{k}", ANSWERS[1]]  # one cell raises
        (folder / f"student_{k:03d}.ipynb").write_text(notebook(cells))
        known[f"student_{k:03d}"] = dict(
            zip(("regrets_by_hand", "coma"), ("right" if r else "not yet" for r in right), strict=True)
        )
    return known


def checksum(folder):
    """Of all names, contents and rights below a folder."""
    listed = [
        (str(p.relative_to(folder)), p.lstat().st_mode, p.read_bytes() if p.is_file() else b"")
        for p in sorted(folder.rglob("*"))
    ]
    return hashlib.sha256(repr(listed).encode()).hexdigest()
