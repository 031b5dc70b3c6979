"""Values with known answers: endless and ending episodes, targets with rewards of their own, games without externals."""

import pytest
import torch

from helpers.masked import OneState
from micra_lite.agent import prior_belief
from micra_lite.externals import ExternalFamily
from micra_lite.phases import execution, offline_training
from micra_lite.settings import Settings
from micra_lite.training_state import last
from micra_lite.updates import temporal_difference_target

FEW = Settings(
    updates=150, critic_rate=1e-2, target_rate=0.1, externals_per_round=4, episodes_per_external=8, support_episodes=(1, 2),
    query_episodes=2, features=16,
    hidden=32, actor_hidden=32, rank=8, imitator_hidden=8, probes=4, externals_per_update=4, unwatched_externals=1,
    states=32, states_per_external=16, value_steps=4, meta_every=10, inner_steps=1, updates_per_round=50,
)  # fmt: skip


class Coins(ExternalFamily):
    """Externals of one state that choose their first action with a probability of their own."""

    name, parameter_names = "coins", ("p",)

    def draw(self, rng):
        return rng.uniform(0.05, 0.95, 1)

    def probabilities(self, parameters, observations):
        p = parameters.to(observations[0].dtype).expand(*observations[0].shape[:-1], 1)
        return [torch.cat([p, 1 - p], -1)]


def paid(*each):
    """A table that pays every joint action of three agents the same: so much to each."""
    return torch.tensor(each).expand(2, 2, 2, 3)


def trained(game, family=None, **changes):
    return last(offline_training(game, family, Settings(**vars(FEW) | changes))).state


@torch.no_grad()
def values(state, seen=1.0):
    """Q of all joint actions where everybody sees this number: (2, …, 2), or (m, 2, …, 2) where targets have heads."""
    agent, belief = state.agent, prior_belief(state.agent, 1)
    q = agent.value(belief, agent.features([torch.full((1, 1, 1), seen)] * len(state.game.agents)))
    heads = [q.head(m).table[0, 0] for m in range(len(state.game.targets))]
    return heads[0] if state.game.shared_reward else torch.stack(heads)


@pytest.mark.parametrize(("shared", "with_external"), [(True, True), (False, False)])
def test_one_a_step_for_ever_is_worth_20(shared, with_external):
    """γ = 0.95: episodes are cut short after ten steps, and never end."""
    game = OneState(paid(1.0, 1.0, 1.0), ("a", "b") if with_external else ("a", "b", "c"))
    game.shared_reward = shared
    q = values(trained(game, Coins() if with_external else None))
    assert (q - 20).abs().max() < 0.2, q


def test_each_head_learns_its_own_targets_reward():
    game = OneState(paid(1.0, 100.0, -2.0), ("c", "a"))  # the targets' order, not the agents'
    game.shared_reward = False
    q = values(trained(game, Coins()))
    assert q.shape[0] == 2
    assert (q[0] + 40).abs().max() < 0.5
    assert (q[1] - 20).abs().max() < 0.5


def test_finite_sums_where_episodes_end():
    """One a step, over after four: 1, 1.95, 2.8525, 3.709875 with 1, 2, 3, 4 steps to go."""
    game = OneState(paid(1.0, 1.0, 1.0), ("a", "b"), ends_after=4)
    state = trained(game, Coins(), updates=300)
    for steps, left in enumerate((3.709875, 2.8525, 1.95, 1.0)):
        assert (values(state, steps / 10) - left).abs().max() < 0.15


# Prisoners: defecting (1) brings oneself 1 and costs the other 3.
PRISONERS = torch.tensor([[[0.0, 0.0], [-3.0, 1.0]], [[1.0, -3.0], [-2.0, -2.0]]])


@pytest.mark.parametrize(("shared", "action"), [(True, 0), (False, 1)])
def test_targets_with_rewards_of_their_own_defect_and_teams_cooperate(shared, action):
    game = OneState(PRISONERS, ("a", "b"))
    game.shared_reward = shared
    state = trained(game, updates=120)
    played = torch.stack([record.actions for record in execution(state, game, None, 10)])
    assert (played == action).float().mean() > 0.9


def test_a_team_without_externals_meets():
    """Both are paid 1 where they choose the same, 2 where that is the second action."""
    game = OneState(torch.tensor([[1.0, 0.0], [0.0, 2.0]])[..., None].expand(2, 2, 2), ("a", "b"))
    state = trained(game, updates=120)
    assert len(state.agent.imitators) == 0
    played = torch.stack([record.actions for record in execution(state, game, None, 10)])
    assert (played == 1).float().mean() > 0.9
    q = values(state)
    assert q[1, 1] > q[0, 0] > max(q[0, 1], q[1, 0])


def test_one_step_that_is_cut_short_goes_on():
    """A single step, truncated: the value goes on behind it, 20 and not 1."""
    q = values(trained(OneState(paid(1.0, 1.0, 1.0), ("a", "b"), horizon=1), Coins()))
    assert (q - 20).abs().max() < 1, q


def test_heads_change_nothing_where_rewards_are_alike():
    """The same rewards for both targets: both heads have one answer, and each regret is that of its own head."""
    game = OneState(PRISONERS.sum(-1, keepdim=True).expand(2, 2, 2), ("a", "b"))
    game.shared_reward = False
    q = values(trained(game, updates=120))
    assert (q[0] - q[1]).abs().max() < 0.3


def test_the_end_of_one_target_is_that_of_its_own_head():
    """The target of each head is as if all targets had the ends of its own."""
    game = OneState(paid(1.0, 100.0, -2.0), ("c", "a"))
    game.shared_reward = False
    state = trained(game, Coins(), updates=3)
    batch = state.replay.transitions(16, state.generator)
    ends = torch.rand(2, 1, 16, generator=state.generator) < 0.5  # (m, 1, N)
    belief = prior_belief(state.agent, 1)
    apart = temporal_difference_target(state, belief, belief, batch._replace(terminated=ends))
    alike = [temporal_difference_target(state, belief, belief, batch._replace(terminated=own)) for own in ends]
    torch.testing.assert_close(apart, torch.stack([alike[0][0], alike[1][1]]))
    rewards = batch.rewards[..., list(state.agent.target_axes)].movedim(-1, 0)
    assert torch.equal(apart[ends], rewards[ends].to(apart.dtype))
    assert not torch.isclose(apart[~ends], rewards[~ends].to(apart.dtype)).all()
