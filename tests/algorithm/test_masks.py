"""Actions that are forbidden in some states: Eq. 2, temporal differences, play and imitation by enumeration of the others.

In the masked toy a forbidden joint action pays NaN, so nothing that follows is finite if one is ever played or counted.
"""

import math
from itertools import product

import numpy as np
import pytest
import torch

from helpers.masked import MASKS, MaskedToy
from helpers.toy import initial, some_transitions, transitions
from micra_lite.agent import adapted_belief, prior_belief
from micra_lite.baselines.ablations import true_belief
from micra_lite.baselines.methods import METHODS, initial_state, settings_of, train
from micra_lite.externals import ExternalFamily, Externals
from micra_lite.phases import execution, offline_training, online_adaptation
from micra_lite.replay import Pairs
from micra_lite.rollouts import play, watch
from micra_lite.settings import Settings
from micra_lite.training_state import last
from micra_lite.updates import counterfactual_regrets, temporal_difference_target, update

FREE = [
    [[a for a, free in enumerate(row) if free] for row in mask.tolist()] for mask in MASKS
]  # agent, state → actions


class Tables(ExternalFamily):
    """Externals of the masked toy by their tables, 4 states × 3 actions; they know nothing of masks."""

    name, parameter_names = "masked toy", ()

    def draw(self, rng):
        return rng.dirichlet(np.ones(3), size=4).ravel()

    def probabilities(self, parameters, observations):
        return [(parameters.unflatten(-1, (4, 3)) * observations[0][..., :4, None]).sum(-2)]


def views(dtype=torch.float64):
    """What everybody sees in the four states, (1, 4, O_j) each."""
    return [o[None].to(dtype) for o in MaskedToy().observe(torch.arange(4.0)[:, None])]


@torch.no_grad()
def team(state, belief=None):
    """Q, policies of all agents in their order and regrets in the four states, by the package."""
    agent, belief = state.agent, belief or prior_belief(state.agent, 1)
    features = agent.features(views(state.settings.torch_dtype))
    predictions = agent.predict(belief, features)
    policies = agent.joint([p.exp() for p in agent.act(belief, features, predictions)], predictions)
    q = agent.value(belief, features)
    regrets = agent.available(features, counterfactual_regrets(q, policies, agent.target_axes, state.generator))
    return q.table[0], [p[0] for p in policies], [r[0] for r in regrets]


def test_policies_and_predictions_are_of_available_actions():
    _, policies, _ = team(initial(MaskedToy(), dtype="float64"))
    for policy, mask in zip(policies, MASKS, strict=True):
        assert torch.equal(policy > 0, mask.bool())
        assert torch.allclose(policy.sum(-1), torch.ones(4, dtype=torch.float64))


def test_regrets_are_eq_2_by_enumeration_of_available_actions():
    state = initial(MaskedToy(), dtype="float64")
    q, policies, regrets = team(state)
    for (i, found), s in product(zip(state.agent.target_axes, regrets, strict=True), range(4)):
        worth = {}  # v(s | i plays a_i)
        for joint in product(*[FREE[j][s] for j in range(3)]):
            others = math.prod(float(policies[j][s, a]) for j, a in enumerate(joint) if j != i)
            worth[joint[i]] = worth.get(joint[i], 0.0) + others * float(q[s][joint])
        v = sum(float(policies[i][s, a]) * w for a, w in worth.items())
        expected = [worth[a] - v if a in worth else 0.0 for a in range(len(found[s]))]
        assert found[s].tolist() == pytest.approx(expected, abs=1e-12)
        if len(worth) == 1:  # it is not this agent's turn
            assert found[s].abs().max() < 1e-12


def test_target_is_the_expectation_over_available_actions():
    game = MaskedToy()
    state = initial(game, dtype="float64")
    batch, following = some_transitions(game, 2, 9)
    belief = prior_belief(state.agent, 2)
    y = temporal_difference_target(state, belief, belief, batch)
    q, policies, _ = team(state)
    for k, n in product(range(2), range(9)):
        expected, s = float(batch.rewards[k, n, [0, 2]].mean()), int(following[k, n])
        for joint in product(*[FREE[j][s] for j in range(3)]) if not batch.terminated[k, n] else ():
            chance = math.prod(float(policies[j][s, a]) for j, a in enumerate(joint))
            expected += 0.8 * chance * float(q[s][joint])
        assert float(y[k, n]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("exploration", [0.0, 0.5, 1.0])
def test_only_available_actions_are_played(exploration):
    """And each of them is: as often as its probability says when targets explore."""
    state = initial(MaskedToy(ends=0.0))
    played = play(state, two_tables(), prior_belief(state.agent, 2), 500, exploration, torch.Generator().manual_seed(0))
    s, actions = played.states[:, :, :-1, 0].long().flatten(), played.actions.flatten(0, 2)
    for j, mask in enumerate(MASKS):
        assert mask[s, actions[:, j]].all()
        for here in range(4):
            counts = torch.bincount(actions[s == here, j], minlength=mask.shape[1])
            assert torch.equal(counts > 0, mask[here].bool())
            if exploration == 1.0 and j != 1:
                assert (counts / counts.sum() - mask[here] / mask[here].sum()).abs().max() < 0.08


def two_tables():
    rows = np.random.default_rng(0).dirichlet(np.ones(3), size=(2, 4))
    return Externals(Tables(), torch.tensor(rows.reshape(2, 12)), (0, 1))


def test_externals_without_an_available_action_are_named():
    only_last = torch.tensor([0.0, 0.0, 1.0]).repeat(4)[None].double()
    state = initial(MaskedToy())
    with pytest.raises(ValueError, match=r"\['b'\] give no probability to any action that is available"):
        play(state, Externals(Tables(), only_last, (0,)), prior_belief(state.agent, 1), 4, 0.0, state.generator)


def test_who_has_but_one_action_takes_it_whatever_its_policy_says():
    """An external that never plays its first action, where it has no other: in state 3, as when it waits for its turn."""
    never_first = torch.tensor([0.0, 1.0, 0.0]).repeat(4)[None].double()
    state = initial(MaskedToy(ends=0.0))
    played = play(state, Externals(Tables(), never_first, (0,)), prior_belief(state.agent, 1), 50, 0.0, state.generator)
    in_three = played.states[:, :, :-1, 0] == 3
    assert in_three.any()
    assert (played.actions[..., 1][in_three] == 0).all()
    assert (played.actions[..., 1][~in_three] == 1).all()


def test_moves_without_a_choice_teach_nothing():
    """Pairs of states 1 and 3, in which the external has but one action, change no adapted imitator."""
    state = initial(MaskedToy(), dtype="float64")
    seen = torch.tensor([0, 1, 2, 3, 1, 0])
    actions = torch.stack([MASKS[j][seen].argmax(-1) for j in range(3)], -1)[None]
    everything = Pairs([o[:, seen] for o in views()], actions, torch.ones(1, 6, dtype=torch.float64))
    some = torch.tensor([0, 2, 5])
    chosen = Pairs([o[:, some] for o in everything.observations], actions[:, some], everything.weights[:, some])
    found = [adapted_belief(state.agent, pairs, 3).parameters for pairs in (everything, chosen)]
    for all_pairs, choices in zip(*found, strict=True):
        for name, parameter in all_pairs.items():
            assert torch.allclose(parameter, choices[name], rtol=0, atol=1e-14)


@pytest.mark.parametrize("method", [name for name in METHODS if name != "MICRA, true external"])
def test_every_method_trains_with_masks(method):
    """A forbidden action would pay NaN, which play refuses."""
    game = MaskedToy()
    few = Settings(
        updates=3, updates_per_round=1, externals_per_round=4, episodes_per_external=6, support_episodes=(1, 2),
        query_episodes=2, externals_per_update=4, unwatched_externals=1, states=16, states_per_external=8, features=8,
        hidden=16, actor_hidden=16, rank=4, imitator_hidden=8, probes=4,
    )  # fmt: skip
    settings = settings_of(method, few, **({"support_episodes": (1, 2)} if METHODS[method].learn else {}))
    state = initial_state(method, game, settings)
    last(train(method, game, Tables(), settings, state))
    assert all(torch.isfinite(p).all() for p in state.agent.parameters())


def test_three_phases_with_masks():
    game = MaskedToy()
    few = Settings(
        updates=20, externals_per_round=8, episodes_per_external=8, support_episodes=(1, 2), query_episodes=2, features=16,
        hidden=32, actor_hidden=32, rank=8, imitator_hidden=16, probes=8, after_imitation="actors and critic",
        adaptation_updates=5,
    )  # fmt: skip
    state = last(offline_training(game, Tables(), few)).state
    newcomer = Tables().split("held-out")[0]
    adapted = last(online_adaptation(state, watch(state, newcomer, 4))).state
    for record in execution(adapted, game, newcomer, 20):
        s = int(record.game_state[0])
        assert all(mask[s, a] for mask, a in zip(MASKS, record.actions.tolist(), strict=True))
        for i, policy, regret in zip(state.agent.target_axes, record.policies, record.regrets, strict=True):
            assert torch.equal(policy > 0, MASKS[i][s].bool())
            assert not regret[MASKS[i][s] == 0].any()


def test_q_is_that_of_dynamic_programming_over_available_actions():
    """Fixed actors, a known external, all available transitions in every batch: Q within 0.02 of the exact one."""
    game = MaskedToy()
    state = initial(game, features=16, hidden=64, critic_rate=3e-3, target_rate=0.005)
    belief = true_belief(state.agent, two_tables(), torch.tensor([0]))
    rows = torch.cartesian_prod(*[torch.arange(n) for n in (4, *game.n_actions)])  # every state and joint action
    free = torch.einsum("sa,sb,sc->sabc", *MASKS).bool()
    rows = rows[free.flatten()]
    o = game.outcomes(rows[:, :1], rows[:, 1:])
    columns = (
        rows[:, :1].repeat(2, 1), rows[:, 1:].repeat(2, 1), o.rewards.repeat(2, 1),
        torch.cat([*o.state.unbind(1)]), torch.cat([*o.terminated.unbind(1)]),
    )  # fmt: skip
    batch = transitions(game, *[column[None] for column in columns], torch.float32)
    for step in range(600):
        if step == 400:
            state.optimisers["critic"].param_groups[0]["lr"] = 3e-4
        update(state, belief, belief, batch)
    q, policies, _ = team(state, belief)
    policies[1] = two_tables().parameters[0].view(4, 3) * MASKS[1]
    chances = torch.einsum("sa,sb,sc->sabc", *[(p / p.sum(-1, keepdim=True)).double() for p in policies])
    pays, V = game.pays.nan_to_num()[..., [0, 2]].mean(-1).double(), torch.zeros(4, dtype=torch.float64)
    for _ in range(200):
        exact = pays + 0.8 * torch.where(game.over, 0.0, V[game.to]).mean(-1)  # two equally likely outcomes
        V = (chances * exact).sum((1, 2, 3))
    assert (q.double() - exact)[free].abs().max() < 0.02
