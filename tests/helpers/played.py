"""Played transitions against the probabilities of a game."""

import numpy as np
import torch


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def surprise(p, happened):
    """z-score of what happened, given the probabilities p (N, K) and the outcomes taken (N,)."""
    p, hit = np.asarray(p), np.eye(np.shape(p)[1])[happened]
    variance = (p * (1 - p)).sum(0)
    return ((hit - p).sum(0) / np.sqrt(variance.clip(1e-12)))[variance > 1]


def check_transitions(game, states, actions, next_states, rewards):
    """Every transition is one of the game's outcomes, at its reward; frequencies fit the probabilities."""
    o = game.outcomes(states, actions)
    assert torch.equal(o.rewards, rewards)
    same = (o.state == next_states[:, None]).all(-1)  # (N, K)
    assert ((same * o.probability).sum(1) > 0).all()
    first = (o.state[:, None] == o.state[:, :, None]).all(-1).int().argmax(-1)  # (N, K): where the same state is listed
    p = torch.zeros_like(o.probability, dtype=torch.float64).scatter_add_(1, first, o.probability.double())
    z = surprise(p, same.int().argmax(1))
    assert len(z)
    assert np.abs(z).max() < 4.5


def cells_of(observation, cells=9):
    """Where three agents are: the first indicators of what a board game shows."""
    return observation[..., : 3 * cells].reshape(*observation.shape[:-1], 3, cells).argmax(-1)
