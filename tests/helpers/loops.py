"""Eq. 2 by plain loops over joint actions, and inputs to try it on."""

from itertools import product
from math import prod

import torch
from hypothesis import strategies as st

SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)
SEEDS = st.integers(0, 10_000)


def random_policies(sizes, batch, seed):
    """One random full-support policy (batch, A_j) per agent."""
    g = torch.Generator().manual_seed(seed)
    return [torch.randn(batch, a, generator=g, dtype=torch.float64).softmax(-1) for a in sizes]


def entry(table, joint):
    """table[a_1][a_2]… of nested lists."""
    for a in joint:
        table = table[a]
    return table


def regrets_by_loops(q, policies, i):
    """Eq. 2 for nested lists: A_i as a list, summing over all joint actions one by one."""
    own_values, value = [0.0] * len(policies[i]), 0.0
    for joint in product(*[range(len(p)) for p in policies]):
        others = prod(p[a] for j, (p, a) in enumerate(zip(policies, joint, strict=True)) if j != i)
        own_values[joint[i]] += others * entry(q, joint)
        value += others * policies[i][joint[i]] * entry(q, joint)
    return [v - value for v in own_values]
