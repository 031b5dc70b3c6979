"""Checkpoints: killed and resumed is bit for bit never killed; damaged or foreign files are refused."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
import torch

import micra_lite
from micra_lite.phases import offline_training, online_adaptation
from micra_lite.rollouts import watch
from micra_lite.training_state import last

SMALL = {
    "updates": 12, "updates_per_round": 4, "externals_per_round": 2, "episodes_per_external": 6, "support_episodes": (0, 2),
    "query_episodes": 3, "externals_per_update": 3, "unwatched_externals": 1, "states_per_external": 4, "hidden": 16, "actor_hidden": 16,
    "features": 8, "imitator_hidden": 8, "probes": 4, "rounds_kept": 2,
}  # fmt: skip

TRAIN = """
import sys, torch, micra_lite
from micra_lite.phases import offline_training
torch.set_num_threads(1)
path, resume = sys.argv[1], sys.argv[2] == "resume"
state = micra_lite.load(path) if resume else None
game = micra_lite.make("pursuit", size=2)
settings = micra_lite.Settings(**{settings})
for record in offline_training(game, micra_lite.external_family("pursuit", game), settings, state):
    micra_lite.save(path, record.state)
    print(record.step, flush=True)
    sys.stdin.readline()  # go on when told to
"""


def train(updates=12, state=None, **changed):
    game = micra_lite.make("pursuit", size=2)
    settings = micra_lite.Settings(**{**SMALL, "updates": 12, **changed})
    for record in offline_training(game, micra_lite.external_family("pursuit", game), settings, state):
        if record.step == updates:
            break
    return record.state


def assert_same(a, b):
    assert a.updates == b.updates
    assert a.environment_steps == b.environment_steps
    assert torch.equal(a.generator.get_state(), b.generator.get_state())
    for (name, x), y in zip(a.agent.state_dict().items(), b.agent.state_dict().values(), strict=True):
        assert torch.equal(x, y), name
    for role in a.optimisers:
        for x, y in zip(a.optimisers[role].state.values(), b.optimisers[role].state.values(), strict=True):
            assert all(torch.equal(x[k], y[k]) for k in x)


@pytest.fixture(scope="module")
def whole():
    """Never stopped."""
    return train(12)


@pytest.mark.parametrize("stop", [1, 4, 5, 11])
def test_resumed_at_any_record_equals_never_stopped(stop, whole, tmp_path):
    micra_lite.save(tmp_path / "a.pt", train(stop))
    assert_same(train(12, micra_lite.load(tmp_path / "a.pt")), whole)


def test_killed_at_any_moment_and_resumed_equals_never_killed(whole, tmp_path):
    """SIGKILL at uneven moments, again and again, until the training gets through."""
    path = tmp_path / "a.pt"
    code = TRAIN.replace("{settings}", repr(SMALL))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    kills = 0
    for attempt in range(12):
        arguments = [sys.executable, "-c", code, str(path), "resume" if path.exists() else "fresh"]
        process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment
        )
        assert process.stdin is not None
        assert process.stdout is not None
        if attempt < 3:  # let it make some records, then kill it somewhere inside the next, or right after it
            for _ in range(3):
                process.stdout.readline()
                process.stdin.write("go on\n")
            time.sleep(0.013 * attempt)
            process.send_signal(signal.SIGKILL)
        process.communicate("go on\n" * 12 if attempt >= 3 else None, timeout=1800)
        kills += process.returncode == -signal.SIGKILL
        if process.returncode == 0:
            break
    assert kills == 3
    assert not [p for p in tmp_path.iterdir() if p.name != "a.pt" and not p.name.endswith(".partial")]
    assert_same(micra_lite.load(path), whole)


def test_an_adapted_team_keeps_its_belief(tmp_path):
    state = train(4)
    newcomer = micra_lite.external_family("pursuit", state.game).split("held-out")[0]
    adapted = last(online_adaptation(state, watch(state, newcomer, 2))).state
    micra_lite.save(tmp_path / "b.pt", adapted)
    loaded = micra_lite.load(tmp_path / "b.pt")
    assert torch.equal(loaded.belief.probes, adapted.belief.probes)
    assert loaded.belief.parameters[0].keys() == adapted.belief.parameters[0].keys()


def test_a_damaged_byte_is_found(tmp_path):
    """Any flipped byte of the contents is refused; one between them (the format pads) changes nothing that is loaded."""
    path, state = tmp_path / "a.pt", train(1)
    micra_lite.save(path, state)
    whole = path.read_bytes()
    refused = 0
    positions = range(len(whole) // 40, len(whole), len(whole) // 20)
    for position in positions:
        broken = bytearray(whole)
        broken[position] ^= 0xFF
        path.write_bytes(broken)
        try:
            loaded = micra_lite.load(path)
        except ValueError as error:
            refused += "damaged" in str(error)
        else:
            assert_same(loaded, state)
    assert refused > len(positions) / 2
    path.write_bytes(whole[:-1000])
    with pytest.raises(ValueError, match="damaged"):
        micra_lite.load(path)


def test_foreign_files_are_refused_and_run_no_code(tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"format": Evil()}, tmp_path / "evil.pt")
    torch.save({"weights": torch.ones(2)}, tmp_path / "other.pt")
    (tmp_path / "text.pt").write_text("hello")
    with zipfile.ZipFile(tmp_path / "zip.pt", "w") as archive:
        archive.writestr("a", "b")
    for name in ("evil", "other", "text", "zip"):
        before = (tmp_path / f"{name}.pt").read_bytes()
        with pytest.raises(ValueError, match="not a checkpoint of micra_lite"):
            micra_lite.load(tmp_path / f"{name}.pt")
        assert (tmp_path / f"{name}.pt").read_bytes() == before
    assert not (tmp_path / "ran").exists()
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        micra_lite.load(tmp_path / "nowhere.pt")
    micra_lite.save(tmp_path / "a.pt", train(1))
    with pytest.raises(ValueError, match="was trained on 'pursuit'"):
        micra_lite.load(tmp_path / "a.pt", micra_lite.make("chicken"))


def test_resuming_with_other_networks_is_refused():
    with pytest.raises(ValueError, match="hidden"):
        train(12, train(2), hidden=32)
