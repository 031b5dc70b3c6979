"""Small games with masks, without externals, and with a reward for each target, in which everything can be worked out."""

import torch

from helpers.toy import Toy
from micra_lite.game import Game, Step

# Which actions each agent of the masked toy has in its four states. The external has a choice in states 0 and 2 only.
MASKS = (
    torch.tensor([[1, 1], [1, 0], [0, 1], [1, 1]]),
    torch.tensor([[1, 1, 0], [0, 1, 0], [1, 1, 1], [1, 0, 0]]),
    torch.tensor([[1, 1, 1], [1, 0, 1], [0, 0, 1], [1, 1, 0]]),
)


class MaskedToy(Toy):
    """The toy, in which some actions are forbidden in some states: they would pay NaN."""

    name, full_view, masked, observation_sizes = "masked toy", False, True, (6, 7, 7)

    def __init__(self, ends=0.3):
        super().__init__(ends)
        free = torch.einsum("sa,sb,sc->sabc", *MASKS).bool()
        self.pays = self.pays.masked_fill(~free[..., None], torch.nan)

    def observe(self, state):
        here = state[:, 0].long()
        return [torch.cat([torch.eye(4)[here], mask[here].float()], -1) for mask in MASKS]


class OneState(Game):
    """One state for ever, or for `lasts` steps; agents of two actions are paid by `pays`, a table (2, …, 2, n)."""

    name, options, gamma, full_view = "one state", {}, 0.95, True

    def __init__(self, pays, targets, horizon=10, ends_after=None):
        n = pays.dim() - 1
        self.pays, self.horizon, self.ends_after = pays, horizon, ends_after
        self.agents = tuple("abcd"[:n])
        self.n_actions, self.observation_sizes = (2,) * n, (1,) * n
        self.split_agents(targets, tuple(a for a in self.agents if a not in targets))

    def reset(self, batch, generator):
        return torch.zeros(batch, 1)  # (B, 1), the steps that were played

    def step(self, state, actions, generator):
        rewards, state = self.pays[tuple(actions.unbind(-1))], state + 1
        over = state[:, 0] == self.ends_after if self.ends_after else torch.zeros(len(state), dtype=torch.bool)
        return Step(state, rewards, over, torch.zeros_like(over))

    def observe(self, state):
        seen = state / self.horizon if self.ends_after else torch.ones_like(state)
        return [seen] * len(self.agents)
