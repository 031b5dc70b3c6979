"""External policies: the same for ever from their seeds, split without overlap, and as their formula says."""

import hashlib
import math

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from micra_lite.agent import prior_belief
from micra_lite.externals import ExternalFamily, Players
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.interop.to_pettingzoo import to_parallel_env
from micra_lite.phases import execution
from micra_lite.registry import external_family, make
from micra_lite.rollouts import play
from micra_lite.settings import Settings
from micra_lite.training_state import TrainingState

# SHA-256, first 16 digits, of parameters and policy tables of the first four held-out externals, to six decimals.
# A change here makes every committed result incomparable.
FROZEN = {
    "pursuit": ("4dd30a6f8978f491", "4a7d72eeb94e62f9"),
    "rendezvous": ("4e93e6649aab061a", "8e2566ee27d6931d"),
    "gates": ("49c864eeafe291bd", "0878ec1d43644ee3"),
    "crossing": ("096bfd639279ab9e", "015ac7e021ddd59f"),
    "rectangular": ("41853ef99e149e1f", "41853ef99e149e1f"),
    "three_sites": ("41853ef99e149e1f", "41853ef99e149e1f"),
    "odd_one_out": ("a75cf11d089c8576", "a75cf11d089c8576"),
}
GAMES = [*MATRIX_GAMES, "pursuit", "rendezvous", "gates", "crossing"]


def checksum(numbers):
    """The same on every machine: rounded long before machines differ, and −0 is 0."""
    text = ",".join(f"{round(x, 6) + 0.0:.6f}" for x in np.ravel(numbers).tolist())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", FROZEN)
def test_families_are_frozen(name):
    """Parameters, and what they make each external do in every state."""
    held_out = external_family(name).split("held-out")[:4]
    tables = make(name).tables(held_out)
    assert (checksum(held_out.parameters), checksum(torch.cat([t.flatten() for t in tables]))) == FROZEN[name]


@pytest.mark.parametrize("name", GAMES)
def test_splits_are_disjoint_and_fixed(name):
    """2,048 + 32 + 64 externals, no seed and no parameters twice; each one can be had by its seed alone."""
    family = external_family(name)
    splits = {which: family.split(which) for which in ("train", "validation", "held-out")}
    assert [len(s) for s in splits.values()] == [2048, 32, 64]
    seeds = [seed for s in splits.values() for seed in s.seeds]
    assert len(set(seeds)) == len(seeds) == 2144
    assert len(torch.unique(torch.cat([s.parameters for s in splits.values()]), dim=0)) == 2144
    for which, position in (("train", 2047), ("validation", 3), ("held-out", 5)):
        one = external_family(name).sample(splits[which].seeds[position])
        assert torch.equal(one.parameters[0], splits[which].parameters[position])
    assert family.parameter_names is not None
    assert len(family.parameter_names) == one.parameters.shape[1]


def test_indexing_keeps_parameters_and_seeds_together():
    held_out = external_family("pursuit").split("held-out")
    for index, positions in ((3, [3]), (-1, [63]), (slice(2, 5), [2, 3, 4]), ([5, 1], [5, 1])):
        some = held_out[index]
        assert some.seeds == tuple(held_out.seeds[p] for p in positions)
        assert torch.equal(some.parameters, held_out.parameters[positions])


@pytest.mark.parametrize("name", GAMES)
def test_policies_are_probabilities_and_tables_list_them(name):
    """Non-negative, adding to one; `tables` holds what `policies` gives, one external and one state at a time."""
    game, some = make(name), external_family(name).split("validation")[:3]
    states = game.states()
    tables = game.tables(some)
    assert [t.shape for t in tables] == [(3, len(states), game.n_actions[e]) for e in game.external_axes]
    for table in tables:
        assert (table >= 0).all()
        torch.testing.assert_close(table.sum(-1), torch.ones_like(table[..., 0]), rtol=0, atol=1e-12)
    for k in range(3):
        s = (7 * k) % len(states)
        seen = game.observe(states[s : s + 1])
        rows = some.policies(torch.tensor([k]), [seen[e] for e in game.external_axes])
        for table, row in zip(tables, rows, strict=True):
            torch.testing.assert_close(table[k, s], row[0].double(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["climbing", "rectangular", "three_sites", "matching_pennies"])
def test_mixed_strategies_are_dirichlet(name):
    """Mean 1/A and variance (1/A)(1 − 1/A)/(A/2 + 1) for α = 1/2, over the training split."""
    strategies = external_family(name).split("train").parameters
    A = strategies.shape[1]
    variance = (1 / A) * (1 - 1 / A) / (A / 2 + 1)
    assert ((strategies.mean(0) - 1 / A).abs() < 4 * math.sqrt(variance / 2048)).all()
    assert ((strategies.var(0) / variance - 1).abs() < 0.1).all()


@pytest.mark.parametrize(("size", "hunters"), [(3, 2), (4, 3), (2, 1)])
def test_prey_by_its_formula(size, hunters):
    """π(a) ∝ exp(flee · nearest hunter − homing · way home − shy · wall + habit), cell by cell in plain Python."""
    game = make("pursuit", size=size, hunters=hunters)
    some = external_family("pursuit", game).sample(40, 20)
    g = torch.Generator().manual_seed(0)
    states = torch.randint(size * size, (20, hunters + 1), generator=g)
    found = some.policies(torch.arange(20), [game.observe(states)[-1]])[0]
    for parameters, state, policy in zip(some.parameters.tolist(), states.tolist(), found.tolist(), strict=True):
        flee, homing, row, column, shy, *habit = parameters
        home, prey = (int(row * size), int(column * size)), divmod(state[-1], size)
        scores = []
        for a, (dr, dc) in enumerate([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]):
            to = prey[0] + dr, prey[1] + dc
            wall = not (0 <= to[0] < size and 0 <= to[1] < size)
            to = prey if wall else to
            nearest = min(sum(abs(x - y) for x, y in zip(to, divmod(h, size), strict=True)) for h in state[:-1])
            way = abs(to[0] - home[0]) + abs(to[1] - home[1])
            scores.append(math.exp(flee * nearest - homing * way - shy * wall + habit[a]))
        assert policy == pytest.approx([x / sum(scores) for x in scores], abs=1e-12)


def test_prey_parameters_keep_their_ranges():
    """Uniform where the class says so; habits are normal with deviation 2; the home is a fraction of the board."""
    drawn = external_family("pursuit").split("train").parameters
    for column, (low, high) in {0: (-0.5, 2.5), 1: (0, 2.5), 2: (0, 1), 3: (0, 1), 4: (0, 2)}.items():
        assert low <= drawn[:, column].min() < low + 0.01 * (high - low)
        assert high - 0.01 * (high - low) < drawn[:, column].max() <= high
        assert abs(drawn[:, column].mean() - (low + high) / 2) < 4 * (high - low) / math.sqrt(12 * 2048)
    assert (drawn[:, 5:].mean(0).abs() < 4 * 2 / math.sqrt(2048)).all()
    assert ((drawn[:, 5:].std(0) / 2 - 1).abs() < 0.07).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: external_family("pursuit").split("test"), "unknown split 'test'; the splits are .*'held-out'"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class Copycats(ExternalFamily):
    """Each plays what the first target played in the step before, and its own number at the start of an episode."""

    name, parameter_names, stationary = "weather", ("own",), False

    def draw(self, rng):
        return rng.integers(3, size=1).astype(float)

    def players(self, parameters):
        return Copying(self, parameters)


class Copying(Players):
    def policies(self, observations, starts, previous):
        own = self.parameters[:, 0].long()
        copied = own if previous is None else torch.where(starts, own, previous[:, 0])
        return [one_hot(copied, 4).double()]


def test_players_hear_when_an_episode_starts_and_what_was_played():
    """Externals that remember play alike in training's episodes, in execution, and behind the PettingZoo face."""
    game, family = make("weather"), Copycats()
    settings = Settings(features=4, hidden=8, actor_hidden=8, probes=2)
    state, externals = TrainingState.initial(game, settings), family.sample(0, 3)
    played = play(state, externals, prior_belief(state.agent, 3), 4, 0.5, torch.Generator().manual_seed(0))
    moves, copied = played.actions[..., 2], played.actions[..., 0]  # (K, E, T)
    assert torch.equal(moves[:, :, 0], externals.parameters.long().expand(3, 4))
    assert torch.equal(moves[:, :, 1:], copied[:, :, :-1])
    records = list(execution(state, game, externals[0], episodes=2, seed=1))
    for before, record in zip([None, *records], records, strict=False):
        own = int(externals.parameters[0]) if before is None or before.over else int(before.actions[0])
        assert int(record.actions[2]) == own
    env = to_parallel_env(game, externals=externals[:1])
    for _ in range(2):
        env.reset(seed=0)
        for step in range(4):
            env.step({"walker_1": step % 3, "walker_2": 0})
            expected = int(externals.parameters[0]) if step == 0 else (step - 1) % 3
            assert int(env._previous[0, 2]) == expected
