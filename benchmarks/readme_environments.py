"""The measured part of docs/environments.md, made from the results by `readme.py`."""

from __future__ import annotations

from typing import Any

from readme_tables import HERE, interval, lines_of, result

BEGIN, END = "<!-- environments: made by benchmarks/readme.py -->", "<!-- end of environments -->"
HEADERS = [
    "environment",
    "agents (ours)",
    "actions",
    "each observes",
    "horizon",
    "masks",
    "three phases",
    "steps / CPU s",
]


def line_of(r: dict[str, Any]) -> list[str]:
    """An environment's line of its table."""
    if not r["ran"]:
        return [f"`{r['environment']}`", *[""] * 5, f"no: {r['error']}", ""]
    seen = r["observes"] + (f"; the critic: {r['state']}" if r["state"] else "")
    steps = f"{r['horizon']}, {'read' if r['horizon_read'] else 'given'}"
    return [f"`{r['environment']}`", f"{r['agents']} ({r['targets']})", r["actions"], seen, steps,
            "yes" if r["masks"] else "no", "yes", f"{r['steps_per_second']:,.0f}"]  # fmt: skip


def folded(call: str) -> list[str]:
    """The lines that make a game by a call, its arguments on lines of their own."""
    function, arguments = call.removesuffix(")").split("(", 1)
    environment, rest = arguments.split(", targets=")
    return [f"game = {function}(", f"    {environment},", f"    targets={rest},", ")"]


def tables() -> list[str]:
    """For each kind of environments the line that makes a game of the first one, and a table of all."""
    measured = result("environments")
    lines = [f"Measured by `{measured['command']}`, with random play for the steps per second. A horizon is read from the "
             "environment, or given; masks are there where not every agent has all of its actions at every step."]  # fmt: skip
    for kind in dict.fromkeys(r["kind"] for r in measured["rows"]):
        rows = [r for r in measured["rows"] if r["kind"] == kind]
        if rows:
            code = [*rows[0]["imports"].split("\n"), *folded(rows[0]["code"])]
            lines += [
                "",
                f"### {kind}",
                "",
                "```python",
                *code,
                "```",
                "",
                *lines_of(HEADERS, [line_of(r) for r in rows]),
            ]
    return lines


def training() -> list[str]:
    """What trained teams earn."""
    measured = result("environments_training")
    rows = {(r["task"], r["method"]): r for r in measured["rows"]}
    methods = ["random", "trained", "adapted", "adapted − trained"]
    lines = []
    for task in dict.fromkeys(r["task"] for r in measured["rows"]):
        r = rows[task, "trained"]
        cost = f"{r['seeds']} × {r['steps']:,.0f} steps, {r['seconds'] / 60:.1f} minutes"
        lines.append([task, cost, *[interval(rows.get((task, m)), 2) for m in methods]])
    return [
        "### What trained teams earn",
        "",
        f"Undiscounted returns per episode, means over seeds and up to {max(r['externals'] for r in measured['rows'])} held-out "
        "externals, with 95% intervals over both (of one seed: over externals alone): a random team, a trained one that has watched "
        f"nobody, and the same after five watched episodes. Training: seeds × steps, CPU minutes of one seed.",
        "",
        *lines_of(["task", "training", *methods], lines),
        "",
        *[f"`{command}`  " for command in measured["command"].split("; ")],
    ]


def filled(page: str) -> str:
    """The page with what is measured between the marks."""
    head, rest = page.split(BEGIN)
    parts = [("environments", tables), ("environments_training", training)]
    made = ["\n".join(part()) for name, part in parts if (HERE / "results" / f"{name}.json").exists()]
    return "\n\n".join([head + BEGIN, *made, END + rest.split(END)[1]])
