"""Exercise of sheet 07, data: support and query episodes of D, and padding."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .offline_training import LESSON


def shared_out(
    moves, alive, groups, order, n, m, n_moves, *, query="next", support="first", order_is="order", drawn="groups",
    padding="out", unit="episodes", counted="steps", of_query="same", result="counts",
):  # fmt: skip
    """The counts in support and query (K, 2, A) with these choices, right by default, made otherwise."""
    E, T = moves.shape[1:]
    groups = {
        "groups": groups, "first": torch.arange(len(groups)) % len(moves), "sorted": groups.sort().values,
        "unique": groups.unique(), "one": groups[:1].expand(len(groups)),
        "reordered": groups[order[: len(groups)] % len(groups)],
    }[drawn]  # fmt: skip
    order = {"order": order, "ranks": order.argsort(), "ignored": torch.arange(E), "backwards": order.flip(0)}[order_is]
    moves = moves * alive if padding == "move 0" else moves
    alive = {
        "out": alive, "counted": alive | True, "move 0": alive | True, "negated": ~alive,
        "episode out": alive & alive.all(-1, keepdim=True), "first step": alive & (torch.arange(T) < 1),
        "last step out": alive & torch.cat([alive[..., 1:], ~alive[..., :1]], -1),
        "last slot out": alive & (torch.arange(T) < T - 1),
    }[padding]  # fmt: skip
    made = (torch.nn.functional.one_hot(moves, n_moves) * alive[..., None])[groups][:, order]  # (K, E, T, A)
    each = {"episodes": made.sum(2), "steps": made.flatten(1, 2), "steps of each": made.sum(1)}[unit]
    each = each.clamp(max=1) if counted == "episodes" else each
    ends = {
        "next": (n, n + m), "with support": (0, n + m), "from the start": (0, m), "rest": (n, E), "ends at m": (n, m),
        "last": (E - m, E), "one lost": (n + 1, n + m), "one late": (n + 1, n + m + 1), "one more": (n, n + m + 1),
    }[query]  # fmt: skip
    first = {"first": (0, n), "one more": (0, n + 1), "from 1": (1, n + 1), "all": (0, E)}[support]
    pair = [each[:, slice(*first)].sum(1), each[:, slice(*ends)].sum(1)]
    pair[1] = {"same": pair[1], "another": pair[1].roll(-1, 0)}[of_query]
    found = torch.stack(pair[::-1] if result == "exchanged" else pair, 1) / 1
    return {
        "counts": found, "exchanged": found, "frequencies": found / found.sum(2, keepdim=True).clamp(min=1),
        "running": found.cumsum(0), "mixed": found.sum(0).expand_as(found), "in one": found.sum(0),
        "added": found.sum(1), "(K, A, 2)": found.transpose(1, 2), "(2, K, A)": found.transpose(0, 1),
        "numbers": found.sum(2),
    }[result]  # fmt: skip


def of_sizes(generator, G, E, T, A, K, n, m):
    """moves and alive (G, E, T), groups (K,), order (E,), how many episodes are support and query, how many moves."""
    moves = torch.randint(A, (G, E, T), generator=generator)
    alive = torch.arange(T) < torch.randint(1, T + 1, (G, E, 1), generator=generator)
    groups, order = (torch.randperm(size, generator=generator) for size in (G, E))
    return moves, alive, groups[:K], order, n, m, A


def some_groups(generator, k):
    """Groups of different sizes, with larger support, larger query, or as large ones."""
    n, m = ((1, 2), (2, 1), (3, 2), (2, 2))[k % 4]
    return of_sizes(generator, 4 + k % 2, 6 + k % 3, 3 + k % 4, 2 + k % 3, 2 + k % 2, n, m)


def changed(k, value, *sizes):
    """Groups of these sizes whose argument k is `value`, or that function of it."""

    def drawn(generator):
        case = list(of_sizes(generator, *sizes))
        case[k] = value(case[k]) if callable(value) else value
        return case

    return drawn


@exercise(
    lesson=LESSON, title="Support and query", difficulty=2, importance=5, minutes=12,
    example=(torch.tensor([[[0, 0], [0, 0], [0, 0], [0, 0]], [[0, 1], [1, 1], [2, 1], [2, 0]]]),
           torch.tensor([[[True, True]] * 4, [[True, True], [True, True], [True, True], [True, False]]]),
           torch.tensor([1]), torch.tensor([2, 0, 3, 1]), 1, 2, 3),
    expected=[[[0, 1, 1], [1, 1, 1]]], draw=some_groups,
    edges={
        "every episode is in the support or in the query": lambda generator: of_sizes(generator, 4, 5, 3, 2, 2, 2, 3),
        "there is no support": lambda generator: of_sizes(generator, 4, 5, 3, 2, 3, 0, 2),
        "a group is drawn twice": changed(2, torch.tensor([2, 0, 2]), 3, 5, 4, 2, 3, 1, 2),
        "all sizes are equal": lambda generator: of_sizes(generator, 3, 3, 3, 3, 3, 1, 1),
        "no episode ends early": changed(1, lambda alive: alive | True, 3, 5, 4, 3, 2, 2, 2),
        "each episode has one step": lambda generator: of_sizes(generator, 3, 5, 1, 3, 2, 2, 3),
        "all groups are drawn": lambda generator: of_sizes(generator, 4, 5, 3, 2, 4, 1, 3),
    },
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
    slipping=shared_out,
    mistakes=[
        ("query_contains_support", {"query": "with support"},
         "Your query contains the support. Then the imitator is rewarded for remembering: no episode may be in both.",
         "In the sheet's example, which episodes are in both of your sets?"),
        ("query_from_the_start", {"query": "from the start"},
         "Your query starts at the first episode, like the support. It starts where the support ends.",
         "In the sheet's example, which episodes are in both of your sets?"),
        ("all_the_rest", {"query": "rest"},
         "Your query contains all other episodes. It has only the next `m`.",
         "How many episodes are in your query? Where does `m` stand in your function?"),
        ("query_ends_at_m", {"query": "ends at m"},
         "Your query ends at m. It has m episodes, starting at n: it ends at n + m.",
         "How many entries has a slice from 3 to 5?"),
        ("query_is_the_last", {"query": "last"},
         "Your query has the last `m` episodes of the order. It has those that come right after the support.",
         "Write the order down, and underline the support. Which episode comes next?"),
        ("an_episode_lost", {"query": "one lost"},
         "You lost an episode between support and query. `order[:n]` ends before n, so the query starts at n.",
         "Which is the last index in `order[:n]`?"),
        ("query_starts_late", {"query": "one late"},
         "Your query starts one episode too late. `order[:n]` ends before n, so the query starts at n.",
         "Which is the last index in `order[:n]`?"),
        ("query_one_too_long", {"query": "one more"},
         "Your query has m + 1 episodes. It has m.",
         "How many entries has a slice from 3 to 5?"),
        ("support_one_too_long", {"support": "one more"},
         "Your support has n + 1 episodes. It has n.",
         "How many entries has a slice that ends at 2?"),
        ("counted_from_one", {"support": "from 1", "query": "one late"},
         "Your support starts at the second episode of the order, and the query one too late as well. Count from 0.",
         "Which index has the first entry of `order`?"),
        ("support_is_everything", {"support": "all"},
         "Your support contains all episodes. It has only the first `n`.",
         "How many episodes are in your support? Where does `n` stand in your function?"),
        ("order_taken_for_ranks", {"order_is": "ranks"},
         "You took the episodes whose entry in `order` is small. Its entries *are* the episodes: its first n are the "
         "support.",
         "The sheet's order is 2, 0, 3, 1. Which episode comes first?"),
        ("order_ignored", {"order_is": "ignored"},
         "You ignored `order`. Half of the episodes were played before watching and half after: take them in this "
         "order.",
         "Which episode is the support in the sheet's example, and which one is yours?"),
        ("order_backwards", {"order_is": "backwards"},
         "You went through `order` backwards.",
         "Which episode is the support in the sheet's example, and which one is yours?"),
        ("exchanged", {"result": "exchanged"},
         "You exchanged support and query: the support comes first.",
         "In the sheet's example, which row of the result has two moves, and which one three?"),
        ("groups_ignored", {"drawn": "first"},
         "You took the first groups of D. `groups` says which were drawn.",
         "What is the number of the drawn group in the sheet's example?"),
        ("groups_sorted", {"drawn": "unique"},
         "You sorted the drawn groups, each of them once. Keep their order, and count a group twice that was drawn "
         "twice.",
         "Whose counts belong into row k of the result?"),
        ("groups_in_another_order", {"drawn": "sorted"},
         "You sorted the drawn groups. Keep their order.",
         "Whose counts belong into row k of the result?"),
        ("one_group_for_all", {"drawn": "one"},
         "Every row of yours belongs to the first drawn group. Row k belongs to the group `groups[k]`.",
         "What changes from one pass of your loop to the next?"),
        ("order_applied_to_the_groups", {"drawn": "reordered", "order_is": "ignored"},
         "You applied `order` to the groups. It is an order of the episodes.",
         "How long is `order`, and how long is `groups`?"),
        ("externals_mixed", {"result": "mixed"},
         "You counted all drawn groups together. Each is another external: count its own moves only.",
         "Whose moves would an imitator learn from your counts?"),
        ("externals_mixed_in_one_table", {"result": "in one"},
         "You counted all drawn groups together, in one table. Each is another external, and has a table of its own.",
         "How many tables of shape (2, n_moves) are asked for?"),
        ("counters_run_on", {"result": "running"},
         "Each group's counts contain those of the groups before it. Begin with zeros for each group.",
         "Where are your counters made: before the loop over groups, or in it?"),
        ("query_of_another", {"of_query": "another"},
         "Your query is from another external than the support. Critics may use transitions of any external; imitators "
         "may not.",
         "Which group does each of the two sets come from?"),
        ("padding_counted", {"padding": "counted"},
         "You counted steps after the end of an episode. They are padding: see `alive`.",
         "Which step of the sheet's example is not alive? Is it in your counts?"),
        ("padding_taken_for_move_0", {"padding": "move 0"},
         "You counted steps after the end as move 0, since moves · alive is 0 there. Leave them out: moves[alive].",
         "What does a step that was not played leave in your table?"),
        ("only_padding_counted", {"padding": "negated"},
         "You counted only steps that are not alive. Count those that are.",
         "Is `alive` True or False where a step was played?"),
        ("short_episodes_left_out", {"padding": "episode out"},
         "You left out episodes that end early. Their steps before the end were played: count those.",
         "Episode 3 of the sheet's example ended early. What does it contribute to the result?"),
        ("first_steps_only", {"padding": "first step"},
         "You counted only the first step of each episode. Count all that are alive.",
         "How many moves are there in the support of the sheet's example?"),
        ("last_steps_left_out", {"padding": "last step out"},
         "You left out the last step of each episode. It was played, too.",
         "How many moves are there in the support of the sheet's example?"),
        ("last_column_left_out", {"padding": "last slot out"},
         "You left out step T of each episode. It counts if it is alive.",
         "Which is the last index of an axis of length T?"),
        ("steps_shared_out", {"unit": "steps"},
         "You shared out single steps: the first n are your support. It has n whole episodes.",
         "How many moves are there in the support of the sheet's example, though n is 1?"),
        ("steps_of_each_episode_shared_out", {"unit": "steps of each"},
         "You shared out the steps of every episode: its first n are your support. Share out whole episodes.",
         "Along which axis do you take the first n?"),
        ("episodes_counted", {"counted": "episodes"},
         "You counted a move once in each episode where it was made. Count it each time.",
         "What would you count if the prey made move 1 in every step?"),
        ("frequencies", {"result": "frequencies"},
         "These are frequencies. The exercise asks for *counts*.",
         "Is there a division in your function?"),
        ("both_together", {"result": "added"},
         "You counted support and query together. Keep them apart, in two rows.",
         "Which shape has the result in the text?"),
        ("all_moves_together", {"result": "numbers"},
         "You counted how many moves were made in all. Count each of the `n_moves` for itself.",
         "Which shape has the result in the text?"),
        ("moves_before_sets", {"result": "(K, A, 2)"},
         "Your last two axes are exchanged: support and query come before the moves.",
         "Write the name of each axis beside the text's shape."),
        ("sets_before_groups", {"result": "(2, K, A)"},
         "Your first two axes are exchanged: the groups come before support and query.",
         "Write the name of each axis beside the text's shape."),
    ],
)  # fmt: skip
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    """Counts of each move in support and query (K, 2, n_moves): moves, alive (G, E, T), groups (K,), order (E,)."""
    result = torch.zeros(len(groups), 2, n_moves)
    for k, group in enumerate(groups):
        for which, episodes in enumerate((order[:n], order[n : n + m])):
            played = moves[group, episodes][alive[group, episodes]]
            for move in played:
                result[k, which, move] += 1
    return result
