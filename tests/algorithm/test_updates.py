"""The critic: its temporal-difference target by loops, ends and cuts of episodes, and where learning leads.

The game is tiny, with three agents of unequal action numbers and outcomes that end the episode, so that the exact
Q-function of the current team is known.
"""

import copy
from itertools import product

import numpy as np
import pytest
import torch

from helpers.toy import Toy, initial, some_transitions, transitions, two_externals
from micra_lite import exact
from micra_lite.agent import prior_belief
from micra_lite.baselines.ablations import true_belief
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.registry import make
from micra_lite.rollouts import play
from micra_lite.updates import temporal_difference_target, update


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize("model", ["imitator", "true"])
@pytest.mark.parametrize("conditioned", [True, False])
def test_target_is_the_expectation_by_loops(conditioned, model, watched):
    """y = r + γ Σ ππδ Q̄ over all next joint actions one by one; y = r after an end; for each external its own δ_k.

    A team that has not watched acts by its prior, while δ_k and Q̄ are those of the external that the critic knows.
    """
    game = Toy()
    state = initial(game, conditioned=conditioned, dtype="float64")
    agent, externals, k = state.agent, two_externals(), torch.tensor([1, 0])
    for slow in (*agent.target_critic.parameters(), *agent.target_extractors.parameters()):
        slow.data += 0.3 * torch.sin(torch.arange(slow.numel(), dtype=torch.float64)).view_as(slow)  # no longer Q
    belief = prior_belief(agent, 2) if model == "imitator" else true_belief(agent, externals, k)
    scale = torch.tensor([1.0, 3.0], dtype=torch.float64)  # two imitators that differ
    belief.parameters = [{n: p.detach() * scale.view(2, *[1] * (p.dim() - 1)) for n, p in belief.parameters[0].items()}]
    team = belief if watched else prior_belief(agent, 2)
    batch, following = some_transitions(game, 2, 7)
    y = temporal_difference_target(state, belief, team, batch)
    ends = 0
    for b, n in product(range(2), range(7)):
        expected = (float(batch.rewards[b, n, 0]) + float(batch.rewards[b, n, 2])) / 2
        if batch.terminated[b, n]:
            ends += 1
        else:
            number = int(following[b, n])
            own = belief[b : b + 1]
            seen = [torch.eye(4, dtype=torch.float64)[number].view(1, 1, 4)] * 3
            features = agent.features(seen)
            prediction = agent.predict(own, features)
            if model == "true":
                prediction = [externals.parameters[k[b]].view(4, 3)[number].view(1, 1, 3)]
            acting, expects = (
                (own, prediction) if watched else (prior := prior_belief(agent, 1), agent.predict(prior, features))
            )
            c, a = [p.exp()[0, 0].tolist() for p in agent.act(acting, features, expects)]
            policies = {"a": a, "b": prediction[0][0, 0].tolist(), "c": c}
            q = agent.value(own, agent.features(seen, target=True), target=True).table[0, 0].tolist()
            for x, z, w in product(range(2), range(3), range(3)):
                expected += 0.8 * policies["a"][x] * policies["b"][z] * policies["c"][w] * q[x][z][w]
        assert float(y[b, n]) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert 0 < ends < 14


def constant_critic(state, value):
    """Make Q̄ the same number everywhere."""
    critic = state.agent.target_critic
    critic.layers.weight.data.zero_()
    critic.level[-1].weight.data.zero_()
    critic.level[-1].bias.data.fill_(value / critic.span)


def test_ends_do_not_bootstrap_and_cuts_do():
    """Q̄ ≡ 10: y is r after an end and r + γ·10 after a cut, whether at the horizon or by a `truncated` of the game."""

    class Cut(Toy):
        """Also cut short, by the game, on entering state 3 alive."""

        def step(self, state, actions, generator):
            step = super().step(state, actions, generator)
            return step._replace(truncated=(step.state[:, 0] == 3) & ~step.terminated)

    state = initial(Cut())
    constant_critic(state, 10.0)
    played = play(state, two_externals(), prior_belief(state.agent, 2), 200, 1.0, torch.Generator().manual_seed(0))
    columns = (played.states[:, :, :-1], played.actions, played.rewards, played.states[:, :, 1:], played.terminated)
    batch = transitions(state.game, *[column.flatten(1, 2) for column in columns], torch.float32)
    belief = prior_belief(state.agent, 2)
    y = temporal_difference_target(state, belief, belief, batch).view(2, 200, 3)
    seen = {"end": 0, "cut by the game": 0, "cut at the horizon": 0, "going on": 0}
    for b, e, t in product(range(2), range(200), range(3)):
        if not played.alive[b, e, t]:
            continue
        reward = float(played.rewards[b, e, t, [0, 2]].mean())
        ended, entered = bool(played.terminated[b, e, t]), int(played.states[b, e, t + 1])
        assert float(y[b, e, t]) == pytest.approx(reward if ended else reward + 0.8 * 10, abs=1e-5)
        cut = entered == 3 and not ended
        seen["end" if ended else "cut by the game" if cut else "going on" if t < 2 else "cut at the horizon"] += 1
        if t < 2:
            assert bool(played.alive[b, e, t + 1]) == (not ended and not cut)
    assert min(seen.values()) > 20


@pytest.mark.parametrize("name", MATRIX_GAMES)
def test_target_of_a_matrix_game_is_its_payoff(name):
    """One move and over: y is the targets' mean payoff, whatever the critic says."""
    game = make(name)
    state = initial(game)
    constant_critic(state, 10.0)
    joint = game.joint_actions()
    start, belief = game.reset(len(joint), state.generator), prior_belief(state.agent, 1)
    step = game.step(start, joint, state.generator)
    columns = [column[None] for column in (start, joint, step.rewards, step.state, step.terminated)]
    y = temporal_difference_target(state, belief, belief, transitions(game, *columns, torch.float32))[0]
    for a, found in zip(joint.tolist(), y.tolist(), strict=True):
        assert found == pytest.approx(sum(float(game.payoffs[(*a, i)]) for i in game.target_axes) / len(game.targets))


@pytest.mark.parametrize("conditioned", [True, False])
def test_learning_converges_to_dynamic_programming(conditioned):
    """Fixed actors, true externals, all transitions in every batch: Q within 0.02 everywhere (it spans about 3).

    The critic learns the value against each external, also where the actors are not told who it is.
    """
    game = Toy()
    state = initial(game, conditioned=conditioned, features=16, hidden=64, critic_rate=3e-3, target_rate=0.005)
    externals, k = two_externals(), torch.tensor([0, 1])
    belief = true_belief(state.agent, externals, k)
    rows = torch.cartesian_prod(*[torch.arange(n) for n in (4, *game.n_actions)])  # every state and joint action
    o = game.outcomes(rows[:, :1], rows[:, 1:])
    columns = (
        rows[:, :1].repeat(2, 1), rows[:, 1:].repeat(2, 1), o.rewards.repeat(2, 1),
        torch.cat([o.state[:, 0], o.state[:, 1]]), torch.cat([*o.terminated.unbind(1)]),
    )  # fmt: skip
    relabelled = [column.expand(2, *column.shape) for column in columns]  # to both externals
    batch = transitions(game, *relabelled, torch.float32)
    before = [p.clone() for p in state.agent.actors.parameters()]
    for step in range(600):
        if step == 400:
            state.optimisers["critic"].param_groups[0]["lr"] = 3e-4
        update(state, belief, belief, batch)
    assert all(torch.equal(p, q) for p, q in zip(before, state.agent.actors.parameters(), strict=True))

    tables, table = game.tables(externals)[0].numpy(), exact.tabulate(game)
    seen = [torch.eye(4).expand(2, 4, 4)] * 3
    with torch.no_grad():
        features = state.agent.features(seen)
        found = state.agent.value(belief, features).table.numpy()  # (2, 4, A_1, A_2, A_3)
        team = [
            p.exp().double().numpy()
            for p in state.agent.act(belief, features, [torch.tensor(tables, dtype=torch.float32)])
        ]
    for b in range(2):
        policies = [team[1][b], tables[b], team[0][b]]
        np.testing.assert_allclose(found[b], exact.joint_q(table, policies), atol=0.02)
    gap = np.abs(exact.joint_q(table, [team[1][0], tables[0], team[0][0]])
                 - exact.joint_q(table, [team[1][0], tables[1], team[0][0]])).max()  # fmt: skip
    assert gap > 0.2  # so it matters who it is


class Steady(Toy):
    """Every step pays every agent 1, and no episode ends: the return is 1/(1 − γ) = 20, whatever is played."""

    gamma, horizon = 0.95, 25

    def __init__(self):
        super().__init__(ends=0.0)
        self.pays = torch.ones_like(self.pays)


def test_the_level_of_q_does_not_wait_for_the_slow_copy():
    """On the way to 20, Q gets half as far again as with a Q̄ that has a level of its own, and not beyond."""
    reached = {}
    for shared in (True, False):
        state = initial(Steady(), target_rate=0.0005, critic_rate=3e-3)
        agent, belief = state.agent, prior_belief(state.agent, 2)
        assert agent.target_critic.level is agent.critic.level
        if not shared:
            agent.target_critic.level = copy.deepcopy(agent.critic.level)
        batch, _ = some_transitions(state.game, 2, 64, torch.float32)
        batch = batch._replace(rewards=torch.ones_like(batch.rewards), terminated=torch.zeros_like(batch.terminated))
        for _ in range(200):
            update(state, belief, belief, batch)
        with torch.no_grad():
            reached[shared] = float(agent.value(belief, agent.features(batch.observations)).taken(batch.actions).mean())
    assert 1.5 * reached[False] < reached[True] < 20


def test_a_fork_shares_the_level_of_its_own_critics_and_no_other():
    state = initial(Toy())
    fork = state.fork(state.settings)
    assert fork.agent.target_critic.level is fork.agent.critic.level
    assert fork.agent.critic.level is not state.agent.critic.level
