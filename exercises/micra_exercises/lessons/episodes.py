"""Exercise of sheet 07, data: support and query episodes of D, and padding."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .offline_training import LESSON


def counted(moves, alive, episodes, n_moves):
    """Counts of each move in some episodes of one group (A,): moves, alive (E, T)."""
    return torch.bincount(moves[episodes][alive[episodes]], minlength=n_moves).double()


def split(moves, alive, groups, support, query, n_moves):
    """The counts of each group in its support and query episodes (K, 2, A)."""
    pairs = [[counted(moves[g], alive[g], which, n_moves) for which in (support, query)] for g in groups]
    return torch.stack([torch.stack(pair) for pair in pairs])


def some_groups(generator, k):
    """moves and alive (G, E, T), groups (K,), an order of the episodes, the numbers of support and query episodes and of moves."""
    G, E, T, A, K = 4, 5 + k % 2, 3 + k % 3, 2 + k % 3, 2 + k % 2
    moves = torch.randint(A, (G, E, T), generator=generator)
    alive = torch.arange(T) < torch.randint(1, T + 1, (G, E, 1), generator=generator)
    groups = 1 + torch.randperm(G - 1, generator=generator)[:K]
    return moves, alive, groups, torch.randperm(E, generator=generator), (1, 2, 0)[k % 3], 1 + k % 2, A


@exercise(
    lesson=LESSON, title="Support and query", difficulty=2, importance=5, minutes=12,
    example=(torch.tensor([[[0, 0], [0, 0], [0, 0], [0, 0]], [[0, 1], [1, 1], [2, 1], [2, 0]]]),
           torch.tensor([[[True, True]] * 4, [[True, True], [True, True], [True, True], [True, False]]]),
           torch.tensor([1]), torch.tensor([2, 0, 3, 1]), 1, 2, 3),
    expected=[[[0, 1, 1], [1, 1, 1]]], draw=some_groups,
    hints=(
        "Which group, which of its episodes, which of their steps? Three choices, one after the other.",
        r"Support: the episodes `order[:n]`. Query: `order[n:n + m]`. Count only steps that are alive.",
        """\
        def support_and_query(moves, alive, groups, order, n, m, n_moves):
            result = torch.zeros(len(groups), 2, n_moves)
            for k, group in enumerate(groups):
                for which, episodes in enumerate((order[:n], ...)):
                    played = moves[group, episodes][...]
                    for move in played:
                        result[k, which, move] += ...
            return result""",
    ),
    mistakes=[
        ("query_contains_support", lambda moves, alive, groups, order, n, m, A: split(moves, alive, groups, order[:n], order[:n + m], A),
         "Your query contains the support. Then the imitator is rewarded for remembering: no episode may be in both."),
        ("query_from_the_start", lambda moves, alive, groups, order, n, m, A: split(moves, alive, groups, order[:n], order[:m], A),
         "Your query starts at the first episode, like the support. It starts where the support ends."),
        ("all_the_rest", lambda moves, alive, groups, order, n, m, A: split(moves, alive, groups, order[:n], order[n:], A),
         "Your query contains all other episodes. It has only the next `m`."),
        ("query_ends_at_m", lambda moves, alive, groups, order, n, m, A: split(moves, alive, groups, order[:n], order[n:m], A),
         "Your query ends at m. It has m episodes, starting at n: it ends at n + m."),
        ("order_taken_for_ranks", lambda moves, alive, groups, order, n, m, A: split(moves, alive, groups, order.argsort()[:n], order.argsort()[n:n + m], A),
         "You took the episodes whose entry in `order` is small. Its entries *are* the episodes: the first n are the support."),
        ("order_ignored", lambda moves, alive, groups, order, n, m, A: split(moves, alive, groups, range(n), range(n, n + m), A),
         "You ignored `order`. Half of the episodes were played before watching and half after: take them in this order."),
        ("exchanged", lambda moves, alive, groups, order, n, m, A: split(moves, alive, groups, order[n:n + m], order[:n], A),
         "You exchanged support and query: the support comes first."),
        ("an_episode_lost", lambda moves, alive, groups, order, n, m, A: split(moves, alive, groups, order[:n], order[n + 1:n + m], A),
         "You lost an episode between support and query. `order[:n]` ends before n, so the query starts at n."),
        ("groups_ignored", lambda moves, alive, groups, order, n, m, A: split(moves, alive, range(len(groups)), order[:n], order[n:n + m], A),
         "You took the first groups of D. `groups` says which were drawn."),
        ("externals_mixed", lambda moves, alive, groups, order, n, m, A: split(moves, alive, groups, order[:n], order[n:n + m], A).sum(0, keepdim=True).expand(
            len(groups), -1, -1),
         "You counted all drawn groups together. Each is another external: count its own moves only."),
        ("query_of_another", lambda moves, alive, groups, order, n, m, A: torch.stack([
            split(moves, alive, groups, order[:n], order[n:n + m], A)[:, 0], split(moves, alive, groups.roll(-1), order[:n], order[n:n + m], A)[:, 1]], 1),
         "Your query is from another external than the support. Critics may use transitions of any external; imitators may not."),
        ("padding_counted", lambda moves, alive, groups, order, n, m, A: split(moves, torch.ones_like(alive), groups, order[:n], order[n:n + m], A),
         "You counted steps after the end of an episode. They are padding: see `alive`."),
        ("padding_taken_for_move_0", lambda moves, alive, groups, order, n, m, A: split(
            moves * alive, torch.ones_like(alive), groups, order[:n], order[n:n + m], A),
         "You counted steps after the end as move 0, since moves · alive is 0 there. Leave them out: moves[alive]."),
        ("frequencies", lambda moves, alive, groups, order, n, m, A: (x := split(moves, alive, groups, order[:n], order[n:n + m], A)) / x.sum(2, keepdim=True).clamp(min=1),
         "These are frequencies. The exercise asks for *counts*."),
    ],
)  # fmt: skip
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    """Counts of each move in support and query, (K, 2, n_moves): moves, alive (G, E, T), groups (K,), order (E,), n and m episodes."""
    result = torch.zeros(len(groups), 2, n_moves)
    for k, group in enumerate(groups):
        for which, episodes in enumerate((order[:n], order[n : n + m])):
            played = moves[group, episodes][alive[group, episodes]]
            for move in played:
                result[k, which, move] += 1
    return result
