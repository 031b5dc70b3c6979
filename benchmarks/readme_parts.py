"""The parts of the page of results on headroom, variance, speed, exercises and grading, made from the results by `readme.py`."""

from __future__ import annotations

import statistics

from readme_tables import lines_of, picture, result


def headroom() -> list[str]:
    """Every task's room for adaptation."""
    games = result("games")
    return [
        "Room for adaptation, as normalised scores (0 random team, 1 best response to each external) over the 64 held-out "
        f"externals of each task, by exact dynamic programming. `{games['command']}`",
        "",
        *lines_of(["task", "states", "best fixed team found", "best response to a wrong external"], [
            [r["game"], f"{r['states']:,}", f"{r['headroom_average']:.2f}", f"{r['headroom_other']:.2f}"] for r in games["rows"]
        ]),
    ]  # fmt: skip


def number(x: float) -> str:
    """A number as text: whole from a thousand on (1,234,567), else with three significant figures (0.123)."""
    return f"{x:,.0f}" if x >= 1000 else f"{x:.3g}"


def speed() -> list[str]:
    """Speed beside peers."""
    measured = result("throughput")
    lines = []
    for r in measured["rows"]:
        steps = r["updates_per_step"]
        gradients = f"{number(steps['ours'])} / {number(steps['peer'])}" if steps else ""
        beside = f"{number(r['peer'])} ({r['peer_name']})"
        lines.append([f"{r['measure']}, {r['unit']}", number(r["ours"]), beside, number(r["ratio"]), gradients])
    return [
        f"Speed on one core, `{measured['command']}`:",
        "",
        *lines_of(["measure", "ours", "beside", "ratio", "gradient steps per environment step, ours / its"], lines),
    ]


def speed_summary() -> list[str]:
    """The README's part: speed of stepping and training."""
    stepping, training = (next(r for r in result("throughput")["rows"] if r["measure"].startswith(start))
                          for start in ("stepping pursuit 3×3", "offline training, pursuit 3×3"))  # fmt: skip
    return [
        f"On one core pursuit is stepped {number(stepping['ours'])} times a CPU-second in batches of 1,024, and training takes "
        f"{number(training['ours'])} environment steps a CPU-second. [All results](docs/results.md) has every task, method and baseline, "
        "public packages beside it, and the commands that measure them.",
    ]


def variance() -> list[str]:
    """The share of a gradient estimate's variance that is left when the others are averaged out."""
    measured = result("variance")
    explorations, externals = (0.1, 0.5, 1.0), ("held-out", "average")
    kept = {(r["task"], r["external"], r["exploration"]): r["ratio_to_coma"] for r in measured["rows"]
            if r["method"] == "CRA, sampled" and r["agents"] == 3}  # fmt: skip
    lines = [
        [task, *(f"{kept[task, x, e]:.2f}" for x in externals for e in explorations)]
        for task in dict.fromkeys(task for task, _, _ in kept)
    ]
    return [
        "Variance of one decision's gradient estimate by CRA as a share of COMA's, with three agents, sampled own actions and the exact Q "
        "of the policies that act. The team plays its best response, or at random with probability ε, beside a held-out external or beside "
        "the average one. (With the exact sum over own actions there is no variance at all. Where all play at random in meeting of all, "
        f"both moves are worth the same, so nothing can vary.) `{measured['command']}`",
        "",
        *lines_of(["task", *(f"{x}, ε {e}" for x in externals for e in explorations)], lines),
        "",
        picture("variance"),
    ]


def growth() -> list[str]:
    """Speed and memory against batch, hunters and board."""
    measured = result("growth")
    lines = []
    for r in measured["rows"]:
        batch = f"{r['batch']:,}" if "batch" in r else ""
        board = f"{r['size']}×{r['size']}" if "size" in r else ""
        value = f"{number(r['value'])} {r['unit']}"
        lines.append([r["measure"], batch, str(r.get("hunters", "")), board, value, f"{r['peak_memory_mb']:,.0f}"])
    return [
        "Growth with batch, hunters and board in pursuit, each line measured in a process of its own (peak memory includes that of the "
        "imports, which are the first line): "
        f"`{measured['command']}`",
        "",
        *lines_of(["measure", "batch", "hunters", "board", "", "peak memory, MB"], lines),
    ]


def delays() -> list[str]:
    """Delays of the widgets."""
    measured = result("widgets")
    return [
        "Widgets: the median delay from a key to the changed picture, in Chromium: in JupyterLab, where the aim is at most "
        f"100 ms, and on the site's pages, opened from the disk, where it is 50 ms. `{measured['command']}`",
        "",
        *lines_of(["where", "widget", "lesson or page", "ms"], [
            [r["where"], r["widget"], r["notebook"], f"{r['delay_ms_median']:.0f}"] for r in measured["rows"]
        ]),
    ]  # fmt: skip


def checks() -> list[str]:
    """The share of answers to exercises that their checks judge rightly."""
    measured = result("exercises")
    counted = (("wrong_named", "wrong_tried"), ("right_accepted", "right_tried"), ("mutants_rejected", "mutants_tried"))
    sheets, lines = dict.fromkeys(r["lesson"] for r in measured["rows"]), []
    for sheet in [*sheets, *(["all"] if len(sheets) > 1 else [])]:
        rows = [r for r in measured["rows"] if sheet in (r["lesson"], "all")]
        told = [f"{sum(r[good] for r in rows):,} of {sum(r[of] for r in rows):,}" for good, of in counted]
        spent = f"{statistics.median(r['seconds'] for r in rows):.3f}, {max(r['seconds_max'] for r in rows):.2f}"
        lines.append([sheet, str(len(rows)), *told, spent])
    return [
        "The checks of the exercises: wrong and right answers, written by the authors of the checks (students' answers may differ), and "
        "mutants of the reference solutions, with one change each. A wrong answer counts if the check names the mistake. "
        f"`{measured['command']}`",
        "",
        *lines_of(["sheet", "exercises", "wrong, mistake named", "right, accepted", "mutants, rejected",
                   "a check, s: median, longest"], lines),
    ]  # fmt: skip


def strangers() -> list[str]:
    """What the checks make of answers by people who had only the sheets."""
    rows, lines = result("strangers")["rows"], []
    counted = (("right_accepted", "right_tried"), ("wrong_rejected", "wrong_tried"), ("single_named", "single_tried"))
    for mended in (True, False):
        group = [r for r in rows if r["mended_with"] == mended]
        people = f"{group[0]['writers']}, used for mending" if mended else f"{group[0]['writers']}, never used"
        sheets = [r["sheet"] for r in group]
        for sheet in [*sheets, "all"]:
            of_sheet = [r for r in group if sheet in (r["sheet"], "all")]
            told = [f"{sum(r[good] for r in of_sheet):,} of {sum(r[of] for r in of_sheet):,}" for good, of in counted]
            lines.append(
                [people, sheet.removeprefix("sheet_"), *told, str(sum(r["single_misdiagnosed"] for r in of_sheet))]
            )
    fresh = [r for r in rows if not r["mended_with"]]
    now, of = (sum(r[key] for r in fresh) for key in ("wrong_rejected_now", "wrong_tried"))
    return [
        "The same for answers of people who had only the sheets. The checks were mended with those of three writers; a fourth wrote "
        f"afterwards, and these figures are those of the first reading (run again, after what was accepted had been mended: {now:,} "
        f"of {of:,} rejected). *Named* is said of single mistakes, by people who read each message beside the writer's own words (of the fourth: by two "
        "who had no part in the checks); *misdiagnosed*: the message names a mistake that is not there.",
        "",
        *lines_of(
            ["writers", "sheet", "right, accepted", "wrong, rejected", "single mistakes, named", "misdiagnosed"], lines
        ),
    ]


def grading() -> list[str]:
    """Accuracy, safety and speed of grading."""
    measured = result("grading")
    lines = [
        [r["sandbox"], f"{r['of_these_graded_right']} of {r['honest_or_broken']}",
         f"{r['hostile'] - r['hostile_with_points']} of {r['hostile']}", "yes" if r["canary_changed"] else "no",
         f"{r['seconds']:.0f}", f"{r['seconds_each']:.1f}", f"{r['seconds_again']:.1f}", f"{r['seconds_one_alone']:.1f}"]
        for r in sorted(measured["rows"], key=lambda r: r["sandbox"])
    ]  # fmt: skip
    first = measured["rows"][0]
    return [
        f"Grading a class of {first['submissions']}, in each kind of sandbox: right, wrong and broken submissions whose marks are known, and "
        "hostile ones (all that we have thought of; another attack may do better). One sheet, "
        f"{first['seconds_allowed_each']:.0f} s for each submission, {first['jobs']} at a time; the hostile ones use up their time. "
        f"`{measured['command']}`",
        "",
        *lines_of(
            ["sandbox", "known marks, graded right", "hostile, without a point", "anything changed outside", "s",
             "s each", "s, again with a correction", "s, one student alone"], lines
        ),
    ]  # fmt: skip
