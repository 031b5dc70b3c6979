"""Sheet 04: targets for a new external, from old data."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import SIZES, policy
from .targets import HUNTER, LESSON, NEXT, likeliest

BOTH_ROWS = torch.tensor([[4.0, 0.0, 2.0], [4.0, 0.0, 2.0]])  # Q̄ in state 1 of the text
EXAMPLE = (
    torch.tensor([1.0, 0.0]), torch.tensor([0, 1]), torch.tensor([[1, 0], [0, 2]]), torch.stack([NEXT, BOTH_ROWS]),
    torch.stack([HUNTER, HUNTER]), torch.tensor([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]]),
    torch.tensor([[0.25, 0.25, 0.5], [0.5, 0.25, 0.25]]), 0.5,
)  # fmt: skip


def old_data(generator, S, B, sizes, states=None):
    """Rewards, next states and actions (B, …), Q̄ (S, A_1, A_2), policies of the team, the old and the new external."""
    drawn = [torch.randint(size, (B,), generator=generator) for size in (S, *sizes)]
    after = drawn[0] if states is None else torch.tensor(states)
    slow = 3 * torch.randn(S, *sizes, generator=generator)
    policies = [policy(generator, S, size) for size in (*sizes, sizes[1])]  # of the team, the old and the new external
    return torch.randn(B, generator=generator), after, torch.stack(drawn[1:], 1), slow, *policies, 0.7


def data_of_another(generator, k):
    """Old data with fewer transitions than states: so the number of a transition could be that of a state."""
    return *old_data(generator, 6 + k % 2, 5, SIZES[k % 3])[:-1], 0.5 + 0.1 * (k % 5)


def with_externals(change):
    """A case in which both externals' policies are changed."""

    def case(generator):
        *before, old, new, gamma = old_data(generator, 3, 4, (2, 3))
        return *before, *change(old, new), gamma

    return case


def alike(p):
    """All actions equally often."""
    return torch.full_like(p, 1 / p.shape[-1])


def relabelled(r, s, a, slow, team, old, new, gamma, *, external="new", own="team", best="nobody", weight="none",
               state="next", own_state="next", external_state="next", table_state="next", then="each", discount="once",
               paid=True, left="all"):  # fmt: skip
    """The targets (B,), or what a slip makes of them."""
    states = {
        "next": s, "number": torch.arange(len(s)) % len(slow), "before": s - 1, "behind": (s + 1) % len(slow), "first": s * 0, "last": s * 0 - 1,
        "own action": a[:, 0], "external's action": a[:, 1],
    }  # fmt: skip
    i, j, k = (states[x if state == "next" else state] for x in (own_state, external_state, table_state))
    q, p, one_hot = slow[k], team[i], torch.nn.functional.one_hot
    p = {
        "team": lambda: p, "uniform": lambda: alike(p), "one": lambda: p * 0 + 1, "likeliest": lambda: likeliest(p),
        "data": lambda: one_hot(a[:, 0], p.shape[1]).to(p), "divided": lambda: p / p.shape[1],
    }[own]()  # fmt: skip
    c = {
        "new": lambda: new[j], "old": lambda: old[j], "mixed": lambda: (old + new)[j] / 2, "uniform": lambda: alike(new)[j],
        "one": lambda: new[j] * 0 + 1, "likeliest": lambda: likeliest(new[j]), "difference": lambda: (new - old)[j],
        "added": lambda: (new + old)[j], "data": lambda: one_hot(a[:, 1], new.shape[1]).to(new),
        "ratio": lambda: (new / old)[j], "product": lambda: (new * old)[j], "divided": lambda: new[j] / new.shape[1],
    }[external]()  # fmt: skip
    of_own = torch.einsum("bac,bc->ba", q, c)
    future = {
        "nobody": lambda: (of_own * p).sum(1), "team": lambda: of_own.max(1).values,
        "external": lambda: (p * q.max(2).values).sum(1), "against": lambda: (p * q.min(2).values).sum(1),
        "all": lambda: q.flatten(1).max(1).values,
    }[best]()  # fmt: skip
    ratio = (new / old)[s, a[:, 1]]
    every = {"none": 1, "ratio": 1, "upside down": 1, "everything": ratio, "reward": 1}[weight]
    future = future * {"none": 1, "ratio": ratio, "upside down": 1 / ratio, "everything": 1, "reward": 1}[weight]
    future = {"each": future, "mean": future.mean().expand_as(future), "sum": future.sum().expand_as(future)}[then]
    first, later = {
        "once": (1, gamma),
        "never": (1, 1),
        "all": (gamma, gamma),
        "reward": (gamma, 1),
        "minus": (1, -gamma),
    }[discount]
    found = every * (first * paid * r * (ratio if weight == "reward" else 1) + later * future)
    return {"all": found, "mean": found.mean(), "sum": found.sum(), "first": found[:1]}[left]


def of_the_example(r, s, a, slow, team, old, new, gamma):
    """The values of the sheet's example, whatever the arguments are."""
    values = torch.einsum("sac,sa,sc->s", EXAMPLE[3], EXAMPLE[4], EXAMPLE[6]).to(r)
    return r + gamma * values[s % 2]


MOVES = "Who acts at s' from now on? Which of the arguments says how they act?"
EXPECT = "In the sheet's example, which entries of the table make up the 2 of *go*, and with which weights?"
OWN = "In the sheet's example, by what is the worth of *go* multiplied, and by what that of *stay*?"
STATES = "Which axis of `slow`, `team` and `new` is that of the states? Which state does each of yours take?"
RATIO = "The reward and s' are given, and all policies are known. What is left that a ratio could correct?"
GAMMA = "When is the reward paid, and when does the future begin?"


@exercise(
    lesson=LESSON, title="Old data, new external", difficulty=3, importance=5, minutes=12,
    example=EXAMPLE, expected=[2.6, 1.25], draw=data_of_another,
    edges={
        "there are more transitions than states": lambda generator: old_data(generator, 3, 7, (2, 3)),
        "there are as many transitions as states and as actions": lambda generator: old_data(
            generator, 3, 3, (3, 3), [2, 0, 1]),
        "all transitions lead to the same state": lambda generator: old_data(generator, 4, 3, (4, 2), [2, 2, 2]),
        "there is only one transition": lambda generator: old_data(generator, 3, 1, (2, 3), [1]),
        "there is only one state": lambda generator: old_data(generator, 1, 3, (2, 3)),
        "the team has only one action": lambda generator: old_data(generator, 3, 4, (1, 3)),
        "the external has only one action": lambda generator: old_data(generator, 3, 4, (3, 1)),
        "the new external plays like the old one": with_externals(lambda old, new: (old, old)),
        "neither external mixes": with_externals(lambda old, new: (likeliest(old), likeliest(old).roll(1, 1))),
        "the new external plays all actions equally often": with_externals(lambda old, new: (old, alike(new))),
    },
    hints=(
        "Once the external's move is known, what in a transition still depends on who the external was? And what in the "
        "target?",
        r"$y = r + \gamma \sum_{a, c} \pi(a \mid s')\, \pi_{\text{new}}(c \mid s')\, \bar Q(s', a, c)$; not all arguments "
        "are needed.",
        """\
        def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
            there = slow[next_state]  # (B, A_1, A_2)
            future = ...
            return reward + gamma * future""",
    ),
    slipping=relabelled,
    mistakes=[
        ("old_external_kept", {"external": "old"},
         "You averaged over the *old* external's policy. From now on the new one plays: use its policy in the "
         "expectation.", MOVES),
        ("both_externals", {"external": "mixed"}, "You mixed both externals. From now on only the new one plays.", MOVES),
        ("externals_added", {"external": "added"},
         "You added up the values against both externals. From now on only the new one plays.", MOVES),
        ("only_the_difference", {"external": "difference"},
         "The future in yours is the value against the new external minus that against the old one. Nothing is to be "
         "subtracted.", "In the sheet's example, the future of the first transition is worth 3.2. What is it in yours?"),
        ("externals_multiplied", {"external": "product"},
         "You weighted by both externals' probabilities. From now on only the new one plays.", MOVES),
        ("ratio_for_a_policy", {"external": "ratio"},
         "You weighted the external's moves by new / old. Weight them by how often the new one makes them.", RATIO),
        ("next_action_from_the_data", {"external": "data", "own": "data"},
         "You used the next actions of the data. They are the old external's: take the expectation instead.", MOVES),
        ("externals_move_from_the_data", {"external": "data"},
         "You kept the old external's move at s'. The new one may move differently: average over its policy.", MOVES),
        ("own_move_from_the_data", {"own": "data"},
         "You kept the team's next action from the data. Average over the team's policy as well.", OWN),
        ("importance_weighted", {"external": "data", "own": "data", "weight": "ratio"},
         "You weighted the action of the data by new / old. That is right only on average, and noisy: sum over all "
         "actions.", RATIO),
        ("expectation_weighted", {"weight": "ratio"},
         "You weighted the future by new / old of the move in the data. An expectation over the new external needs no "
         "such correction.", RATIO),
        ("ratio_upside_down", {"weight": "upside down"},
         "You weighted the future by old / new of the move in the data. An expectation over the new external needs no "
         "such correction.", RATIO),
        ("everything_weighted", {"weight": "everything"},
         "You weighted the whole target by new / old. The reward and s' follow from the move, whoever made it: no ratio "
         "is needed.", RATIO),
        ("reward_weighted", {"weight": "reward"},
         "You weighted the reward by new / old. It follows from the moves, whoever made them: no ratio is needed.",
         RATIO),
        ("externals_policy_left_out", {"external": "uniform"},
         "In your answer, the external plays all moves equally often. Use the new external's policy in the expectation.",
         EXPECT),
        ("externals_moves_added_up", {"external": "one"},
         "You added up over the external's moves without weights. Weight them by the new external's policy.", EXPECT),
        ("externals_likeliest_move", {"external": "likeliest"},
         "In yours, the new external always makes its likeliest move. It mixes: average over its policy.", EXPECT),
        ("averaged_where_a_sum_is_due", {"external": "divided"},
         "You divided by the number of the external's moves after weighting. With probabilities as weights, the sum is "
         "already the mean.", "By what do you divide, and what is there to divide for?"),
        ("own_policy_left_out", {"own": "uniform"},
         "In your answer, the team plays all its actions equally often. Weight them by the team's policy.", OWN),
        ("own_actions_added_up", {"own": "one"},
         "You added up over the team's actions without weights. Weight them by the team's policy.", OWN),
        ("own_likeliest_action", {"own": "likeliest"},
         "In yours, the team always plays its likeliest action. It mixes: average over its policy.", OWN),
        ("divided_by_own_actions", {"own": "divided"},
         "You divided by the number of the team's actions after weighting. With probabilities as weights, the sum is "
         "already the mean.", "By what do you divide, and what is there to divide for?"),
        ("all_uniform", {"own": "uniform", "external": "uniform"},
         "You took the plain mean of Q̄(s', ·). Weight it by the team's policy and by the new external's.", EXPECT),
        ("max_instead_of_expectation", {"best": "all"},
         "You took the largest entry of Q̄(s', ·). Nobody chooses it on purpose: take the expectation.", EXPECT),
        ("team_maximises", {"best": "team"},
         "You took the team's best action. The critic evaluates the team's *policy*: average over it.", OWN),
        ("external_maximises", {"best": "external"},
         "In yours, the external does what is best for the team. Use the new external's policy.", EXPECT),
        ("external_minimises", {"best": "against"},
         "In yours, the external does what is worst for the team. Use the new external's policy.", EXPECT),
        ("number_of_the_transition", {"state": "number"},
         "You take the number of a transition for its state. Where it leads to is in `next_state`.", STATES),
        ("states_counted_from_one", {"state": "before"},
         "You take the state before s': states count from 0 here.", STATES),
        ("state_behind", {"state": "behind"},
         "You take the state after s': is 1 added where nothing is to be added?", STATES),
        ("first_state_for_all", {"state": "first"},
         "You take everything from state 0. Each transition leads to a state of its own.", STATES),
        ("policies_of_the_first_state", {"own_state": "first", "external_state": "first"},
         "You use the policies of state 0 everywhere. Take those at s', as you do with `slow`.", STATES),
        ("team_of_the_first_state", {"own_state": "first"},
         "You use the team's policy of state 0 everywhere. Take the one at s'.", STATES),
        ("external_of_the_first_state", {"external_state": "first"},
         "You use the new external's policy of state 0 everywhere. Take the one at s'.", STATES),
        ("table_of_the_first_state", {"table_state": "first"},
         "You use `slow` of state 0 everywhere. Take the table at s'.", STATES),
        ("future_averaged", {"then": "mean"},
         "You averaged the future over the batch. Each transition leads to a state of its own.", STATES),
        ("future_added_up", {"then": "sum"},
         "You added up the futures of the batch. Each transition leads to a state of its own.", STATES),
        ("discount_forgotten", {"discount": "never"},
         "The discount is missing: the future counts only γ times as much.", "Where in your answer is `gamma` used?"),
        ("reward_discounted", {"discount": "all"},
         "You discounted the reward, too. It is paid at once and counts in full.", GAMMA),
        ("only_the_reward_discounted", {"discount": "reward"},
         "You discounted the reward and not the future. It should be the other way round.", GAMMA),
        ("future_subtracted", {"discount": "minus"},
         "You subtract the future. Add it to the reward.", "Is a transition worth more or less if s' is a good state?"),
        ("reward_missing", {"paid": False},
         "The reward is missing: yours is only the discounted future.",
         "Does what was paid depend on who will play from now on?"),
        ("batch_averaged", {"left": "mean"},
         "You averaged over the batch. Each transition has its own target.", "How many numbers are to be returned?"),
        ("batch_added_up", {"left": "sum"},
         "You added up the targets of the batch. Each transition has its own.", "How many numbers are to be returned?"),
        ("first_transition_only", {"left": "first"},
         "You return the target of the first transition only: return one for each.",
         "Does your loop end too early? How many numbers are to be returned?"),
        ("values_of_the_example", of_the_example,
         "Your futures are those of the sheet's example, whatever the tables are. Compute them from the arguments, in "
         "each call.", "Where do your values come from: from the arguments, or from outside the function?"),
    ],
)  # fmt: skip
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    """y, (B,), of old transitions for a new external: the reward stays, the expectation changes."""
    future = torch.einsum("bac,ba,bc->b", slow[next_state], team[next_state], new[next_state])
    return reward + gamma * future
