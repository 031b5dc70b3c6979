"""The critic's errors in benchmarks/learner.py are what they are called, and finished runs are kept."""

import json

import numpy as np
import pytest
import torch

import micra_lite
from micra_lite import exact
from micra_lite.exact import JointTable
from micra_lite.game import in_agents_order
from micra_lite.training_state import last

SMALL = {
    "updates": 10, "externals_per_round": 2, "episodes_per_external": 4, "support_episodes": (1, 2), "query_episodes": 1,
    "unwatched_externals": 1, "externals_per_update": 2, "states_per_external": 4, "features": 8, "hidden": 16,
    "actor_hidden": 16, "imitator_hidden": 8, "updates_per_round": 5, "value_steps": 1, "inner_steps": 1,
}  # fmt: skip


@pytest.fixture
def learner(benchmark, monkeypatch, tmp_path):
    module = benchmark("learner")
    monkeypatch.setattr(module, "CACHE", tmp_path)
    monkeypatch.setattr(module, "RUNS", tmp_path / "runs.jsonl")
    monkeypatch.setattr(module, "FEW", 2)
    return module


def test_an_exact_critic_has_no_error_and_an_offset_is_bias_alone(learner, monkeypatch):
    game = micra_lite.make("crossing")
    family = micra_lite.external_family("crossing", game)
    state = last(micra_lite.offline_training(game, family, micra_lite.Settings(**SMALL))).state
    table, externals = exact.tabulate(game), family.split("validation")[:2]
    team = exact.team_tables(state, learner.adapted(state, learner.watched(state, externals, 5)))
    exactly = []
    for k in range(2):
        own = [t[k].double().numpy() for t in team], [t[k].double().numpy() for t in game.tables(externals)]
        exactly.append(exact.joint_q(table, in_agents_order(table.target_axes, table.external_axes, *own)))
    q = torch.from_numpy(np.stack(exactly))
    for offset in (0.0, 2.5):
        monkeypatch.setattr(state.agent, "value", lambda *given, offset=offset, **more: JointTable(q + offset))
        found = learner.critic_of("crossing", state)
        assert found["bias"] == pytest.approx(offset, abs=1e-6)
        assert found["within_state_error"] == pytest.approx(0, abs=1e-6)
        assert found["critics_choice"] == pytest.approx(found["exact_choice"])
        assert found["exact_choice"] > learner.scores_of("crossing", state)["after_5"]  # one step of policy iteration
    assert found["v_spread"] > 0


def test_a_run_is_measured_on_the_way_and_kept(learner):
    rows = learner.run("as it is", "crossing", 0, SMALL)
    assert [r["update"] for r in rows] == [1, 3, 10]
    assert [json.loads(line) for line in learner.RUNS.read_text().splitlines()] == rows
    (first, *_) = learner.summary([*rows, {**rows[0], "seed": 1, "after_5": rows[0]["after_5"] + 1}])
    assert first["seeds"] == 2
    assert first["after_5"] == pytest.approx(rows[0]["after_5"] + 0.5)
    *_, actors, choice = learner.summary(rows)
    end = rows[-1]
    assert (actors["team"], choice["team"]) == ("actors", "critic's choice")
    assert actors["adapted_share"] == pytest.approx(end["after_5"] / end["bayes_greedy_after_5"])
    assert choice["adapted_share"] == pytest.approx(end["critics_choice_after_5"] / end["bayes_greedy_after_5"])
    assert actors["unadapted_share"] == pytest.approx(end["unadapted"] / end["best_fixed"])
    assert max(end["after_5"], end["critics_choice_after_5"]) < end["bayes_greedy_after_5"] <= 1
    assert 0 < end["best_fixed"] < end["bayes_greedy_after_1"]
