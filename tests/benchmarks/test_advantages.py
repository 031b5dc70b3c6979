"""Advantages swapped inside MICRA's loop: nothing else differs, kept runs are not repeated, and the summary by hand."""

from dataclasses import replace

import pytest

import micra_lite
from micra_lite.baselines.methods import METHODS

TINY = {"updates": 8, "updates_per_round": 4, "externals_per_round": 2, "features": 8, "hidden": 16, "actor_hidden": 16,
        "externals_per_update": 4}  # fmt: skip


@pytest.fixture
def advantages(benchmark):
    return benchmark("advantages")


def test_only_the_advantage_differs(advantages):
    """All rivals sample own actions, as one CRA does; the other one has the exact sum, which the rivals cannot have."""
    ours, *rivals = [METHODS[name] for name in advantages.ADVANTAGES.values()]
    assert ours == METHODS["MICRA"]
    for rival in rivals:
        assert replace(rival.variant, advantages=ours.variant.advantages) == ours.variant
        assert replace(rival, variant=ours.variant) == ours
        assert "own_actions_sampled" in rival.variant.advantages.__qualname__
    for task in advantages.tasks():
        assert len(task.game(3)[0].agents) == task.agents
        micra_lite.Settings(conditioned=False, **task.settings)


@pytest.mark.parametrize("name", ["COMA", "CRA"])
def test_a_run_scores_every_point_once_and_is_kept(advantages, name, tmp_path):
    task = advantages.tasks()[2]._replace(settings=TINY)
    scores = advantages.run(task, name, 2, 5, tmp_path)
    assert len(scores) == 1 + advantages.POINTS
    assert max(scores) <= 1 + 1e-9
    (kept,) = tmp_path.iterdir()
    stamp = kept.stat().st_mtime_ns
    assert advantages.run(task, name, 2, 5, tmp_path) == scores
    assert kept.stat().st_mtime_ns == stamp


def test_a_game_without_a_table_is_scored_by_playing(advantages, monkeypatch):
    """An untrained team is nearly random, so it scores about 0 above the random team, with and without a table."""
    game, family = advantages.hunters(2)(0)
    externals = family.split("held-out")[:2]
    state = micra_lite.TrainingState.initial(game, micra_lite.Settings(conditioned=False))
    assert abs(advantages.scorer(game, externals)(state)) < 0.05
    monkeypatch.setattr(advantages, "LARGE", 0)
    assert abs(advantages.scorer(game, externals)(state)) < 1.0


def test_the_summary_by_hand(advantages):
    """Untrained teams do not count. During training CRA's 0.6 and 0.5 stand against 0.15 and 0.7: one seed of two, by 0.125."""
    curves = {"CRA": [[0, 0.5, 0.7], [0, 0.4, 0.6]], "CRA, sampled": [[0, 0.2, 0.2], [0, 0.8, 0.8]],
              "COMA": [[0, 0.1, 0.2], [0, 0.6, 0.8]]}  # fmt: skip
    cra, sampled, coma = advantages.summary(advantages.tasks()[0], 64, curves)
    assert cra["during"] == pytest.approx(0.55)
    assert cra["final"] == pytest.approx(0.65)
    assert cra["seed_during"] == pytest.approx([0.6, 0.5])
    assert coma["wins"] == 1
    assert coma["lead"] == pytest.approx(0.125)
    assert (coma["lead_low"], coma["lead_high"]) == pytest.approx((-0.2, 0.45))
    assert "wins" not in cra
    assert "lead" not in cra
    assert sampled["lead"] == pytest.approx(0.05)
    assert "sampled_lead" not in sampled
    assert coma["sampled_lead"] == pytest.approx(0.075)
