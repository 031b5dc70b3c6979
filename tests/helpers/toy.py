"""A game small enough that everything in it can be worked out, with unequal action numbers and outcomes that end the episode."""

import numpy as np
import torch

from micra_lite.agent import Agent
from micra_lite.externals import ExternalFamily, Externals
from micra_lite.games.tabular import Outcomes, TabularGame
from micra_lite.replay import Transitions
from micra_lite.settings import Settings
from micra_lite.training_state import TrainingState


class Toy(TabularGame):
    """Four states, two equally likely outcomes; the external is the middle agent, the targets come last one first."""

    name, agents, n_actions, options = "toy", ("a", "b", "c"), (2, 3, 3), {}
    radix, observation_sizes, gamma, horizon = (4,), (4, 4, 4), 0.8, 3

    def __init__(self, ends=0.3):
        g = torch.Generator().manual_seed(0)
        shape = (4, *self.n_actions)
        self.to, self.over = torch.randint(4, (*shape, 2), generator=g), torch.rand(*shape, 2, generator=g) < ends
        self.pays = torch.randn(*shape, 3, generator=g)
        self.split_agents(("c", "a"), ("b",))

    def starts(self):
        return self.states(), torch.full((4,), 0.25)

    def outcomes(self, state, actions):
        index = (state[:, 0], *actions.unbind(-1))
        return Outcomes(self.to[index][..., None], torch.full((len(state), 2), 0.5), self.pays[index], self.over[index])

    def observe(self, state):
        return [torch.eye(4)[state[:, 0]]] * 3


class Tables(ExternalFamily):
    """Externals of the toy whose parameters are their table: 4 states × 3 actions."""

    name, parameter_names = "toy", ()

    def probabilities(self, parameters, observations):
        return [(parameters.unflatten(-1, (4, 3)) * observations[0][..., None]).sum(-2)]


def two_externals():
    rows = np.random.default_rng(0).dirichlet(np.full(3, 0.3), size=(2, 4))
    return Externals(Tables(), torch.tensor(rows.reshape(2, 12)), (0, 1))


def initial(game, agent_class=Agent, **options):
    options = {"features": 8, "hidden": 32, "imitator_hidden": 4, "probes": 8, "actor_rate": 0.0, **options}
    return TrainingState.initial(game, Settings(**options), agent_class)


def transitions(game, states, actions, rewards, next_states, terminated, dtype, next_actions=None):
    """Transitions with the observations that belong to these states (K, N, d)."""
    seen, following = game.views(states, dtype), game.views(next_states, dtype)
    return Transitions(states, seen, actions, rewards, following, terminated, next_actions)


def some_transitions(game, K, N, dtype=torch.float64):
    """Random ones (K, N, …), a third of them ending the episode; and their next states (K, N, d)."""
    g = torch.Generator().manual_seed(5)
    count = K * N
    actions = torch.stack([torch.randint(a, (count,), generator=g) for a in game.n_actions], -1)
    states, following = game.reset(count, g), game.reset(count, g)
    rewards = torch.randn(count, len(game.agents), generator=g).double()
    ends = torch.rand(count, generator=g) < 0.3
    states, actions, rewards, following, ends = [
        column.unflatten(0, (K, N)) for column in (states, actions, rewards, following, ends)
    ]
    return transitions(game, states, actions, rewards, following, ends, dtype), following
