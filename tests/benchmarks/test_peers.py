"""The peers' benchmark, without the peers: their environment, the scores of their teams, and the rows of their runs."""

import importlib
import json
import sys
import warnings
from functools import partial

import numpy as np
import pytest

import micra_lite
from micra_lite import exact
from micra_lite.externals import SPLITS, Externals

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # PettingZoo's tests import its old way of making Connect Four
    from pettingzoo.test import parallel_api_test, parallel_seed_test


@pytest.fixture(scope="module")
def peers(benchmark):
    return benchmark("peers")


@pytest.fixture(scope="module")
def peers_scores(peers):
    return importlib.import_module("peers_scores")


@pytest.fixture(scope="module")
def scorer(peers, tmp_path_factory):
    return peers.Scorer(tmp_path_factory.mktemp("peers"))


@pytest.mark.parametrize("continuous", [False, True])
def test_the_hunters_environment_obeys_the_parallel_api(peers, continuous):
    env = peers.hunters_env(continuous)
    assert env.possible_agents == ["hunter_1", "hunter_2"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it would advise about spaces
        parallel_api_test(env, num_cycles=60)
        parallel_seed_test(lambda: peers.hunters_env(continuous), num_cycles=30)


def test_every_episode_has_a_prey_from_the_training_externals(peers, monkeypatch):
    """Externals that sit down at the table have training seeds; one for a whole episode, and they change between episodes."""
    met, players = [], Externals.players

    def listened(self, k):
        met.append(self.seeds[int(k)])
        return players(self, k)

    monkeypatch.setattr(Externals, "players", listened)
    env = peers.hunters_env()
    for episode in range(40):
        env.reset(seed=7 if episode == 0 else None)
        while env.agents:
            env.step(dict.fromkeys(env.agents, 0))
    first, count = SPLITS["train"]
    assert len(met) == 40  # the prey does not change within an episode
    assert len(set(met)) > 30
    assert all(first <= seed < first + count for seed in met)


def test_moves_by_direction(peers):
    """Pointing straight is that move, and both environments play the same episode. Else moves are in proportion."""
    straight = {"stay": (0, 0), "north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1)}
    plain, continuous = peers.hunters_env(), peers.hunters_env(True)
    names = plain.unwrapped.game.action_names[0]
    plain.reset(seed=3)
    continuous.reset(seed=3)
    rng = np.random.default_rng(0)
    while plain.agents:
        moves = {agent: int(rng.integers(5)) for agent in plain.agents}
        expected, paid, *_ = plain.step(moves)
        pointing = {agent: np.array(straight[names[move]], dtype=np.float32) for agent, move in moves.items()}
        seen, got, *_ = continuous.step(pointing)
        assert paid == got
        assert all((seen[agent] == expected[agent]).all() for agent in expected)
    assert not continuous.agents
    np.testing.assert_allclose(peers.pointed([[-0.5, 0.25], [1, -3]]), [[0.25, 0.5, 0, 0, 0.25], [0, 0, 0.5, 0.5, 0]])
    drawn = []
    continuous.env.step = lambda moves: drawn.append(moves["hunter_1"])  # type: ignore[method-assign]
    for _ in range(4000):
        continuous.step({"hunter_1": np.array([0.1, -0.5])})
    np.testing.assert_allclose(np.bincount(drawn, minlength=5) / 4000, [0.4, 0, 0.1, 0.5, 0], atol=0.03)


def test_a_table_is_worth_what_evaluate_says(peers, scorer):
    """The same policies as a table and as a trained team's networks; and both ends of the scale."""
    game, family = micra_lite.make("pursuit"), micra_lite.external_family("pursuit")
    state = micra_lite.TrainingState.initial(game, micra_lite.Settings(conditioned=False, seed=5))
    for actor in state.agent.actors:  # an untrained team is nearly random: make it prefer some moves
        for parameter in actor.parameters():
            parameter.data.mul_(3.0)
    team = [t[0].double().numpy() for t in exact.team_tables(state)]
    assert max(np.ptp(policy) for policy in team) > 0.2
    expected = exact.exact_values(state, scorer.table, family.split("held-out"))
    np.testing.assert_allclose(scorer.values(team), expected, atol=1e-10)
    found = scorer.scores(team)
    assert list(found) == ["score_12", "score_64", "greedy_12", "greedy_64"]
    assert found["score_64"] == pytest.approx(scorer.scale.normalised_score(expected))
    greedy = scorer.scores([np.eye(5)[policy.argmax(1)] for policy in team])
    assert greedy["score_12"] == pytest.approx(found["greedy_12"])
    random = scorer.scores([np.full((729, 5), 0.2)] * 2)
    assert random["score_64"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("method", ["MICRA", "MICRA, adapting"])
def test_our_teams_are_scored_as_they_play(peers, peers_scores, tmp_path, monkeypatch, method):
    """The last point, of a run of one round, by another way: the same training again, scored by `evaluate`."""
    monkeypatch.setattr(peers, "OUR_STEPS", 1)
    monkeypatch.setattr(peers_scores, "FEW", 1)
    scorer, run = peers.Scorer(tmp_path), peers.Run(method)
    scorer.externals, scorer.prey = scorer.externals[:2], [t[:2] for t in scorer.prey]
    peers.train_micra(3, run, scorer)
    settings = micra_lite.Settings(seed=3, conditioned=method != "MICRA", updates=8)
    *_, record = micra_lite.offline_training(scorer.game, micra_lite.external_family("pursuit"), settings)
    if method == "MICRA":
        values = exact.exact_values(record.state, scorer.table, scorer.externals)
    else:
        values = exact.adaptation_scores(record.state, scorer.table, scorer.externals, 5, seed=3).after
    random, best = np.array(scorer.scale.random)[:2], np.array(scorer.scale.best)[:2]
    assert run.points[-1]["score_2"] == pytest.approx((values - random).sum() / (best - random).sum(), abs=1e-6)
    assert [p["gradient_steps"] for p in run.points] == [3 * j for j in range(9)]
    assert run.points[-1]["steps"] == 16 * 32 * 25


def scored(x):
    return {"score_12": x - 0.1, "score_64": x, "greedy_12": 0.0, "greedy_64": 0.0}


def test_a_run_says_when_it_reached_what_and_how_many_seeds_did(peers):
    def run(*scores):
        run = peers.Run("MAPPO")
        for j, x in enumerate(scores):
            run.point(6000 * j, 10 * j, partial(scored, x))
        return run.row(0)

    good, bad = run(0.0, 0.5, 0.4, 0.7), run(0.0, 0.1, 0.2, 0.3)
    assert good["reached"]["0.4"]["steps"] == 6000
    assert good["reached"]["0.6"]["steps"] == 18000
    assert good["reached"]["0.8"] is None
    assert good["score_64"] == 0.7
    assert [p["gradient_steps"] for p in good["points"]] == [0, 10, 20, 30]
    assert good["points"][0]["cpu_seconds"] == good["points"][0]["wall_seconds"] == 0
    (row,) = peers.summary([good, {**bad, "seed": 1}], 12_000)
    assert row["seeds"] == 2
    assert row["score_64"] == pytest.approx(0.5)
    assert row["score_64_low"] <= row["score_64"] <= row["score_64_high"]
    assert row["reached"] == {"0.4": 1, "0.6": 1, "0.8": 0}
    assert row["cpu_seconds_to"] == {x: p and p["cpu_seconds"] for x, p in good["reached"].items()}
    late, early = peers.summary([good | {"method": "MICRA"}], 11_000)
    assert (late["steps"], late["score_64"]) == (18_000, 0.7)
    assert (early["method"], early["steps"], early["score_64"]) == ("MICRA, after as many steps", 12_000, 0.4)


def test_what_another_program_trained_is_scored_and_kept(peers, scorer, tmp_path):
    """A stand-in command: its first team has the random team's values, its last one the best response's."""
    program = tmp_path / "train.py"
    program.write_text(
        "import json, sys\n"
        f"random, best = {scorer.scale.random.tolist()}, {scorer.scale.best.tolist()}\n"
        "seed, steps, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]\n"
        "spent = {'cpu_seconds': 2.0 + seed, 'wall_seconds': 1.0}\n"
        "points = [{'steps': 0, 'gradient_steps': 0, **spent, 'values': random, 'greedy': random},\n"
        "          {'steps': steps, 'gradient_steps': 7, **spent, 'values': best, 'greedy': random}]\n"
        "json.dump({'points': points, 'peak_memory_gb': 0.5}, open(file, 'w'))\n"
    )
    row = peers.run_epymarl(f"{sys.executable} '{program}'", 3, 12_000, tmp_path)
    assert (row["seed"], row["steps"], row["gradient_steps"], row["cpu_seconds"]) == (3, 12_000, 7, 5.0)
    assert [row["points"][j]["score_64"] for j in (0, 1)] == pytest.approx([0, 1])
    assert (row["score_12"], row["greedy_64"], row["peak_memory_gb"]) == (pytest.approx(1), pytest.approx(0), 0.5)
    assert row["reached"]["0.8"]["steps"] == 12_000
    assert json.loads(peers.file_of("EPyMARL COMA", 3, 12_000, tmp_path).read_text()) == row
    assert not list(tmp_path.glob("*.raw"))


def test_the_clocks_run_from_the_first_point_and_not_while_it_is_scored(peers, peers_scores, monkeypatch):
    run, now = peers.Run("MAPPO"), iter([5.0, 6.0, 9.0, 20.0, 22.5, 30.0])
    monkeypatch.setattr(run, "clocks", lambda: next(now) * np.array([1.0, 2.0]))
    run.start = run.clocks()  # 5: made; 6: scored what is untrained; 9 to 20: scored; 22.5 to 30: scored
    for j in range(3):
        run.point(j, j, dict)
    assert [p["cpu_seconds"] for p in run.points] == [0.0, 3.0, 5.5]
    assert [p["wall_seconds"] for p in run.points] == [0.0, 6.0, 11.0]


def test_the_figure_shows_every_team_at_its_cost(peers):
    """Two runs each, shown at their mean cost and score; untrained teams have no place on a log scale."""
    figure_of = importlib.import_module("peers_figure").peers_figure
    rows = [
        {"method": method, "points": [{"steps": 0, "cpu_seconds": 0.0, "score_64": 0.0},
                                      {"steps": 6000, "cpu_seconds": 10.0 + seed, "score_64": 0.2 + 0.2 * seed},
                                      {"steps": 12000, "cpu_seconds": 20.0 + seed, "score_64": 0.6 + 0.2 * seed}]}
        for method in ("MAPPO", "MICRA", "EPyMARL COMA") for seed in (0, 1)
    ]  # fmt: skip
    figure, alt = figure_of(rows, 0.65)
    assert alt.endswith(
        "MICRA 0.70 after 20 CPU-seconds, BenchMARL MAPPO 0.70 after 20 CPU-seconds, EPyMARL COMA 0.70 after 20 CPU-seconds."
    )
    for axes, costs in zip(figure.axes, ([6000, 12000], [10.5, 20.5]), strict=True):
        *lines, fixed = axes.lines
        assert [line.get_label() for line in lines] == ["MICRA", "BenchMARL MAPPO", "EPyMARL COMA"]
        for line in lines:
            np.testing.assert_allclose(line.get_xydata(), [[costs[0], 0.3], [costs[1], 0.7]])
        assert set(fixed.get_ydata()) == {0.65}


def test_finished_runs_are_not_repeated(peers, tmp_path, monkeypatch):
    """With everything kept, nothing is started, and the result has it all."""
    run = peers.Run("MAPPO")
    run.point(0, 0, partial(scored, 0.0))
    run.point(6000, 10, partial(scored, 0.5))
    for point in run.points:
        point["cpu_seconds"] = 3.0
    for seed in range(2):
        peers.file_of("MAPPO", seed, 12_000, tmp_path).write_text(json.dumps(run.row(seed)))
    written = []
    monkeypatch.setattr(peers, "yardstick", lambda *_: None)
    monkeypatch.setattr(peers, "version", lambda _: "1")
    monkeypatch.setattr(peers, "ProcessPoolExecutor", None)
    monkeypatch.setattr(peers, "write", lambda name, seeds, rows, **more: written.append((seeds, rows, more["steps"])))
    arguments = ["peers.py", "--methods", "MAPPO", "--seeds", "2", "--steps", "6001", "--cache", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    monkeypatch.setattr(peers, "DOCS", tmp_path)
    peers.main()
    assert "BenchMARL MAPPO 0.50 after 3 CPU-seconds" in (tmp_path / "peers.txt").read_text()
    seeds, rows, steps = written[-1]
    assert (seeds, [r["seed"] for r in rows], steps) == (2, [0, 1], 12_000)
