"""The command line, as a user calls it."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

import micra_lite
from micra_lite.cli.main import main, parser
from micra_lite.cli.support import settings_from, table
from micra_lite.extensions.checkpoint import load

SMALL = ["--set", "updates_per_round=4", "externals_per_round=2", "episodes_per_external=8", "support_episodes=0,2",
         "query_episodes=4", "externals_per_update=3", "unwatched_externals=1", "states_per_external=4", "hidden=16", "actor_hidden=16"]  # fmt: skip


@pytest.fixture
def trained(tmp_path):
    assert main(["train", "pursuit", "--size", "2", "--updates", "60", "--out", str(tmp_path), *SMALL]) == 0
    return tmp_path


def test_train_adapt_execute(trained, capsys):
    state = load(trained / "checkpoint.pt")
    assert state.updates == 60
    assert state.game.options["size"] == 2
    assert (trained / "training.png").stat().st_size > 5000
    assert "critic loss" in (trained / "training.txt").read_text()
    capsys.readouterr()
    for after in ("nothing", "actors", "actors and critic"):
        assert main(["adapt", str(trained / "checkpoint.pt"), "--external", "2", "--after-imitation", after]) == 0
        shown = capsys.readouterr().out
        assert "before adaptation" in shown
        assert "best response" in shown
        assert re.search(r"adapted in \d+\.\d\d s: imitation loss .* policies changed by \d", shown)
        score = [float(line.split()[-1]) for line in shown.splitlines() if line.startswith(("random", "best"))]
        assert score == [0.0, 1.0]
    assert main(["execute", str(trained / "adapted.pt"), "--external", "2", "--episodes", "4"]) == 0
    shown = capsys.readouterr().out
    assert "an adapted team" in shown
    assert "100 steps" in shown
    assert (trained / "executed.png").exists()


def test_a_board_too_large_for_a_table_is_scored_by_episodes(tmp_path, capsys):
    """Its size is said before anything is watched, and nothing is lost."""
    assert main(["train", "pursuit", "--size", "7", "--updates", "2", "--out", str(tmp_path), *SMALL]) == 0
    capsys.readouterr()
    assert main(["adapt", str(tmp_path / "checkpoint.pt"), "--episodes", "1"]) == 0
    shown = capsys.readouterr().out
    assert "117,649 states × 125 joint actions × 49 outcomes" in shown.splitlines()[0]
    assert "return of 320 episodes" in shown
    assert (tmp_path / "adapted.pt").exists()


def test_resume_goes_on_and_nothing_is_overwritten(trained, capsys):
    before = (trained / "checkpoint.pt").read_bytes()
    assert main(["train", "pursuit", "--size", "2", "--out", str(trained), *SMALL]) == 2
    assert "--resume" in capsys.readouterr().err
    assert (trained / "checkpoint.pt").read_bytes() == before
    assert main(["train", "pursuit", "--out", str(trained), "--resume", "--updates", "64"]) == 0
    assert load(trained / "checkpoint.pt").updates == 64


def test_control_c_saves_and_says_how_to_resume(tmp_path):
    arguments = ["train", "pursuit", "--size", "2", "--updates", "100000", "--out", str(tmp_path), *SMALL]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "micra_lite.cli.main", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    deadline = time.monotonic() + 1800
    while not (tmp_path / "checkpoint.pt").exists():  # it is training once there is one: it saves every 250 updates
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    shown, errors = process.communicate(timeout=1800)
    assert process.returncode == 130, errors
    assert "--resume" in shown
    state = load(tmp_path / "checkpoint.pt")
    assert f"after update {state.updates}" in shown
    assert state.updates >= 250


def test_games(tmp_path, capsys):
    assert main(["games"]) == 0
    assert "rectangular" in capsys.readouterr().out
    for name in ("pursuit", "odd_one_out"):
        assert main(["games", name, "--out", str(tmp_path / name)]) == 0
        assert (tmp_path / name / "game.png").stat().st_size > 1000
        assert "against a wrong external" in (tmp_path / name / "cross-play.txt").read_text()
    assert "caught" in capsys.readouterr().out


def test_the_quick_preset_gives_way_to_what_is_asked_for():
    settings = settings_from("pursuit", ["rank=32"], quick=True, seed=3, updates=None)
    assert settings == micra_lite.Settings(**micra_lite.QUICK | {"rank": 32, "seed": 3})
    assert settings_from("pursuit", [], quick=True, updates=5).updates == 5


def test_demo_runs_all_three_phases(tmp_path, capsys):
    """Only that it runs: `make run` and the benchmark show what it is worth."""
    assert main(["demo", "--updates", "3", "--newcomers", "2", "--episodes", "1", "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "normalised score" in shown
    assert (tmp_path / "demo.png").exists()
    assert "unseen externals" in (tmp_path / "demo.txt").read_text()


@pytest.mark.parametrize(("arguments", "message"), [
    (["games", "chess"], "unknown game 'chess'"),
    (["train", "pursuit", "--set", "speed=3"], "no such setting"),
    (["train", "pursuit", "--set", "updates=many"], "'many' is no int"),
    (["train", "pursuit", "--updates", "0"], "must be at least 1"),
    (["train", "weather", "--quick"], "settings of its own"),
    (["train", "stag_hunt", "--quick"], "settings of its own"),
    (["train", "pursuit", "--set", "query_episodes=99"], "no pair may be in both"),
    (["adapt", "nowhere.pt"], "no checkpoint"),
    (["execute", "nowhere.pt", "--episodes", "0"], "at least 1; got 0"),
    (["demo", "--updates", "0"], "must be at least 1"),
])  # fmt: skip
def test_errors_are_told_in_one_line(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("bug", [TypeError, RuntimeError, ValueError, KeyError])
def test_a_bug_keeps_its_traceback(bug, trained, monkeypatch):
    """An exception out of the middle of the work is not the user's fault, and does not look like it."""

    def broken(*given, **options):
        raise bug("ours")

    monkeypatch.setattr("micra_lite.cli.commands.online_adaptation", broken)
    with pytest.raises(bug, match="ours"):
        main(["adapt", str(trained / "checkpoint.pt")])


def test_unknown_external_is_named(trained, capsys):
    assert main(["adapt", str(trained / "checkpoint.pt"), "--external", "99"]) == 2
    assert "numbered 0 to 63" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["games", "train", "adapt", "execute", "demo"])
def test_every_command_has_help_with_an_example(command, capsys):
    with pytest.raises(SystemExit):
        parser().parse_args([command, "--help"])
    assert f"micra-lite {command}" in capsys.readouterr().out


def test_tables_line_up():
    lines = table([("a", 1.0), ("long name", 12.345)], ("what", "value")).splitlines()
    assert lines[2].index("1.00") + 4 == lines[3].index("12.35" if "12.35" in lines[3] else "12.34") + 5


def test_bench_runs_a_script_of_the_checkout(capfd):
    assert main(["bench", "adaptation", "--help"]) == 0
    assert "--tasks" in capfd.readouterr().out
    assert main(["bench", "speed"]) == 2
    said = capfd.readouterr().err
    assert "unknown benchmark 'speed'" in said
    assert all(f"'{name}'" in said for name in ("adaptation", "exercises", "variance"))
    assert "readme_parts" not in said  # no benchmark: it cannot be run
