"""The critic's choice: by loops over joint actions, from targets in any order, and where it cannot be made."""

from itertools import product

import pytest
import torch

import micra_lite
from helpers.toy import Toy, initial
from micra_lite.agent import prior_belief
from micra_lite.extensions import critics_choice as module
from micra_lite.extensions.critics_choice import critics_choice, team_values
from micra_lite.training_state import TrainingState, last

SMALL = {
    "updates": 4, "updates_per_round": 2, "externals_per_round": 3, "episodes_per_external": 4, "support_episodes": (1, 2),
    "query_episodes": 1, "unwatched_externals": 1, "externals_per_update": 3, "states": 8, "states_per_external": 8,
    "features": 8, "hidden": 16, "actor_hidden": 16, "imitator_hidden": 8, "rank": 8,
}  # fmt: skip


def test_the_best_joint_action_by_loops():
    """Unequal action numbers, the external in the middle, the targets last one first."""
    game = Toy()
    state = initial(game, dtype="float64")
    agent, belief = state.agent, prior_belief(state.agent, 2)
    with torch.no_grad():
        features = agent.features(state.observe(game.states()[None]))  # (1, 4, F)
        predictions = agent.predict(belief, features)
        values, choice = [f(agent, belief, features, predictions) for f in (team_values, critics_choice)]
        table = agent.value(belief, features).table  # (2, 4, A_a, A_b, A_c)
    assert values.shape == (2, 4, 3, 2)  # c, then a
    for k, s in product(range(2), range(4)):
        worth = {}
        for c, a in product(range(3), range(2)):
            worth[c, a] = sum(float(predictions[0][k, s, b]) * float(table[k, s, a, b, c]) for b in range(3))
            assert float(values[k, s, c, a]) == pytest.approx(worth[c, a])
        best = max(worth, key=worth.__getitem__)
        for part, action in zip(choice, best, strict=True):
            assert part[k, s].exp().tolist() == [float(x == action) for x in range(part.shape[-1])]


def test_it_can_be_played():
    """In execution every target plays its part; the actors are not asked."""
    game, family = micra_lite.make("crossing"), micra_lite.external_family("crossing")
    state = last(micra_lite.offline_training(game, family, micra_lite.Settings(**SMALL))).state
    newcomer = family.split("validation")[0]
    adapted = last(micra_lite.online_adaptation(state, micra_lite.watch(state, newcomer, 2))).state
    for record in micra_lite.execution(adapted, game, newcomer, decide=critics_choice):
        for i, policy in zip(game.target_axes, record.policies, strict=True):
            assert sorted(policy.tolist())[-1] == 1
            assert int(record.actions[i]) == int(policy.argmax())


def test_where_it_cannot_be_made(monkeypatch):
    for view, size, message in ((1, 100_000, "full views only"), (None, 24, "5 × 5 joint actions .* too many")):
        monkeypatch.setattr(module, "LARGEST_TABLE", size)
        game = micra_lite.make("pursuit", view=view)
        agent = TrainingState.initial(game, micra_lite.Settings(**SMALL)).agent
        with pytest.raises(ValueError, match=message):
            critics_choice(agent, prior_belief(agent, 1), [torch.zeros(1, 1, 8)] * 3, [torch.ones(1, 1, 5) / 5])
