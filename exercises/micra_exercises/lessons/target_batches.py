"""Sheet 04: the targets of a batch of transitions, with the expectation over all next actions."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import SIZES, ones, policy, uniform
from .targets import HUNTER, LESSON, NEXT, PREY, likeliest


def expected(q, policies):
    """The expectation of each table over all agents' actions (B,)."""
    for p in reversed(policies):
        q = torch.einsum("b...a,ba->b...", q, p)
    return q


def best_of(q, policies, who):
    """The expectation (B,), but that some agents choose what is best, or worst."""

    def first(q):
        for p in reversed(policies[1:]):
            q = torch.einsum("b...a,ba->b...", q, p)
        return q

    return {
        "all": lambda: q.flatten(1).max(1).values, "against all": lambda: q.flatten(1).min(1).values,
        "first": lambda: first(q).max(1).values,
        "team": lambda: torch.einsum("b...a,ba->b...", q, policies[-1]).flatten(1).max(-1).values,
        "last": lambda: expected(q.max(-1).values, policies[:-1]),
        "last against": lambda: expected(q.min(-1).values, policies[:-1]),
    }[who]()  # fmt: skip


def played(policies, how):
    """What the agents play in place of their policies."""
    first, rest, last = policies[:1], policies[1:], policies[-1:]
    return {
        "policies": lambda: policies, "uniform": lambda: uniform(policies), "one": lambda: ones(policies),
        "likeliest": lambda: list(map(likeliest, policies)), "divided": lambda: [p / p.shape[1] for p in policies],
        "last uniform": lambda: [*policies[:-1], *uniform(last)], "last one": lambda: [*policies[:-1], *ones(last)],
        "first uniform": lambda: [*uniform(first), *rest], "first one": lambda: [*ones(first), *rest],
        "softmax": lambda: [p.softmax(1) for p in policies],
        "of the first": lambda: [p[:1].expand_as(p) for p in policies],
        "of the last": lambda: [p[-1:].expand_as(p) for p in policies],
        "of all": lambda: [p.mean(0).expand_as(p) for p in policies],
    }[how]()  # fmt: skip


def bootstrapped(reward, over, cut, q, policies, gamma, *, ends="over", plays="policies", best="nobody", then="each",
                 discount="once", paid="always", left="all"):  # fmt: skip
    """The targets (B,), or what a slip makes of them."""
    future = expected(q, played(policies, plays)) if best == "nobody" else best_of(q, policies, best)
    goes_on = {
        "over": ~over, "either": ~(over | cut), "never": ~(over & False), "cut": ~cut, "inverted": over,
        "always": over & False, "cut wins": cut | ~over, "only both": ~(over & cut), "only cut": cut,
        "first end": over.cumsum(0) == 0, "any end": ~over.any().expand_as(over), "of whole numbers": ~over.int(),
        "minus": -(~over).int(), "but last": ~over & (torch.arange(len(over)) < len(over) - 1),
        "but first": ~over & (torch.arange(len(over)) > 0),
    }[ends]  # fmt: skip
    future = {
        "each": lambda: future, "mean": lambda: future.mean().expand_as(future), "first": lambda: future[:1],
        "sum": lambda: future.sum().expand_as(future), "running": lambda: (goes_on * future).cumsum(0),
        "not below zero": lambda: future.clamp(min=0), "one entry": lambda: q.flatten(1)[:, 0],
    }[then]()  # fmt: skip
    first, later = {
        "once": (1, gamma), "never": (1, 1), "all": (gamma, gamma), "reward": (gamma, 1),
        "each player": (1, gamma ** len(policies)), "where it goes on": (torch.where(over, 1.0, gamma), gamma),
    }[discount]  # fmt: skip
    counted = {"always": ~(over & False), "never": over & False, "going on": ~over, "over": over}[paid]
    found = first * counted * reward + later * goes_on * future
    return {"all": found, "mean": found.mean(), "sum": found.sum(), "first": found[:1]}[left]


def single_entries(result, reward, over, next_q, gamma):
    """Whether every future is a single entry of its table."""
    ahead = (torch.from_numpy(result).to(reward.dtype) - reward)[~over] / gamma
    near = abs(next_q[~over].flatten(1) - ahead[:, None]).min(1).values < 1e-4
    return len(ahead) > 0 and (near & (abs(ahead) > 1e-4)).all()


def batch(generator, sizes, over, cut):
    """Rewards, flags, tables, policies, and a γ for these flags of a batch."""
    over, cut = torch.tensor(over, dtype=torch.bool), torch.tensor(cut, dtype=torch.bool)
    q = 3 * torch.randn(len(over), *sizes, generator=generator)
    policies = [policy(generator, len(over), size) for size in sizes]
    return 2 * torch.randn(len(over), generator=generator), over, cut, q, policies, 0.7


def some_ends(generator, k):
    """A batch (B,) with terminated transitions, truncated ones, and others."""
    kind = (torch.arange(5 + k % 2).roll(k) % 3).tolist()
    case = batch(generator, SIZES[k % len(SIZES)], [x == 0 for x in kind], [x == 1 for x in kind])
    return *case[:-1], 0.5 + 0.1 * (k % 5)


def with_policies(change):
    """A case in which the policies are changed."""

    def case(generator):
        *before, policies, gamma = batch(generator, (3, 2), [0, 1, 0, 0], [0, 0, 1, 0])
        return *before, [change(p) for p in policies], gamma

    return case


FLAGS = "Which of the two flags says that the game is over? And what does the other one say?"
WEIGHTS = "How likely is each joint action at s'? Where in your answer is that used?"
PLAYERS = "How many policies are used for three agents?"
ROWS = "Which axis of `next_q` and of a policy is that of the transitions? Follow it through your answer."
GAMMA = "When is the reward paid, and when does the future begin? Where does γ stand in the formula?"


@exercise(
    lesson=LESSON, title="A batch of targets", difficulty=3, importance=5, minutes=14,
    example=(
        torch.tensor([1.0, 2.0, 0.0]), torch.tensor([False, True, False]), torch.tensor([True, False, False]),
        torch.stack([NEXT, NEXT, -NEXT]), [torch.stack([HUNTER, HUNTER, torch.tensor([0.5, 0.5])]), PREY.expand(3, -1)],
        0.5,
    ),
    expected=[2.35, 2.0, -1.5], draw=some_ends,
    edges={
        "an episode was truncated and has terminated at once": lambda generator: batch(
            generator, (2, 3), [1, 0, 1, 0], [1, 0, 0, 1]),
        "no episode has terminated": lambda generator: batch(generator, (2, 3), [0, 0, 0, 0], [0, 1, 0, 1]),
        "no episode was stopped": lambda generator: batch(generator, (2, 3, 2), [0] * 4, [0] * 4),
        "all episodes have terminated": lambda generator: batch(generator, (2, 3), [1] * 4, [0] * 4),
        "all episodes were truncated": lambda generator: batch(generator, (2, 3), [0] * 4, [1] * 4),
        "all episodes were truncated and have terminated": lambda generator: batch(generator, (2, 3), [1] * 4, [1] * 4),
        "there is only one player": lambda generator: batch(generator, (3,), [0, 1, 0, 0], [0, 0, 1, 0]),
        "there is only one transition": lambda generator: batch(generator, (3, 2), [0], [0]),
        "there are as many transitions as actions": lambda generator: batch(generator, (3, 3), [0, 1, 0], [1, 0, 0]),
        "there are as many transitions as actions of the first player": lambda generator: batch(
            generator, (4, 2), [0, 1, 0, 0], [1, 0, 0, 0]),
        "all players have equally many actions": lambda generator: batch(
            generator, (2, 2, 2), [0, 1, 0, 0, 1], [0, 0, 1, 0, 0]),
        "a player has only one action": lambda generator: batch(generator, (2, 1, 3), [0, 1, 0, 0], [1, 0, 0, 0]),
        "nobody mixes": with_policies(likeliest),
        "everybody plays uniformly": with_policies(lambda p: torch.full_like(p, 1 / p.shape[1])),
        "γ is 1": lambda generator: (*batch(generator, (2, 3), [0, 1, 0, 0], [0, 0, 1, 0])[:-1], 1.0),
    },
    hints=(
        "Two questions for each transition: is there a future, and what is it worth if all follow their policies?",
        r"$y = r + \gamma\,(1 - \text{terminated}) \sum_{a'} \prod_j \pi_j(a'_j \mid s')\, \bar Q(s', a')$",
        """\
        def expected_target(reward, terminated, truncated, next_q, policies, gamma):
            future = next_q  # (B, A_1, …, A_n)
            for p in reversed(policies):
                future = ...  # average over the last axis, each transition with its own policy
            return torch.where(..., reward, ...)""",
    ),
    slipping=bootstrapped,
    mistakes=[
        ("truncation_taken_for_an_end", {"ends": "either"},
         "You do not bootstrap if the episode is truncated. That is not an end: the game goes on.", FLAGS),
        ("bootstrap_after_the_end", {"ends": "never"},
         "You always bootstrap. After an end (`terminated`) there is no future: then y = r.", FLAGS),
        ("no_future", {"ends": "always"},
         "Your target is only the reward. If the game goes on, add the discounted value of s'.",
         "In the sheet's example, what is added to the first reward, 1?"),
        ("end_and_cut_exchanged", {"ends": "cut"},
         "You bootstrap after an end and not after a truncation. Do it the other way round.", FLAGS),
        ("only_after_the_end", {"ends": "inverted"},
         "You bootstrap only if the game is over. Do it in all other cases.", FLAGS),
        ("truncation_outweighs_the_end", {"ends": "cut wins"},
         "If an episode is truncated and has terminated at once, yours has a future. But the game is over there.",
         "If the game ends with the very last step that is allowed: is there a future?"),
        ("end_only_if_truncated_too", {"ends": "only both"},
         "Yours has no future only if an episode is truncated *and* has terminated. The end alone decides.", FLAGS),
        ("only_after_a_truncation", {"ends": "only cut"},
         "You bootstrap only after a truncation. Do it wherever the game goes on, stopped or not.",
         "In the sheet's example, what becomes of the third transition?"),
        ("nothing_after_the_first_end", {"ends": "first end"},
         "From the first terminated transition on, yours have no future. Decide for each transition on its own, whatever "
         "the others are.",
         "Which statement leaves your loop, and which one goes on with the next transition?"),
        ("nothing_for_the_last", {"ends": "but last"},
         "The last transition never has a future in yours. Does your loop end too early?",
         "How many transitions are there, and which is the last index?"),
        ("nothing_for_the_first", {"ends": "but first"},
         "The first transition never has a future in yours. Does your loop begin too late?",
         "How many transitions are there, and which is the first index?"),
        ("one_end_for_all", {"ends": "any end"},
         "As soon as one transition has terminated, none of yours has a future. Decide for each on its own.",
         "How many decisions are to be made for B transitions?"),
        ("whole_numbers_inverted", {"ends": "of whole numbers"},
         "Your future is multiplied by −1 or −2: so `~` changes 0 and 1 if these are whole numbers. Apply it to True "
         "and False.",
         "Print what you multiply the future by. Should it not be 0 or 1?"),
        ("future_subtracted", {"ends": "minus"},
         "You subtract the future. Add it to the reward.",
         "Is a transition worth more or less if it leads to a good state?"),
        ("discount_forgotten", {"discount": "never"},
         "The discount is missing: the future counts only γ times as much.", "Where in your answer is `gamma` used?"),
        ("reward_discounted", {"discount": "all"},
         "You discounted the reward, too. It is paid at once and counts in full.", GAMMA),
        ("reward_discounted_if_it_goes_on", {"discount": "where it goes on"},
         "Where the game goes on, you discounted the reward, too. It is paid at once and counts in full.", GAMMA),
        ("only_the_reward_discounted", {"discount": "reward"},
         "You discounted the reward and not the future. It should be the other way round.", GAMMA),
        ("discounted_for_each_player", {"discount": "each player"},
         "Your future is discounted once for each player. One step lies between s and s': discount once.",
         "Is `gamma` in a loop over players? By what is the future multiplied with three of them?"),
        ("reward_missing", {"paid": "never"},
         "The reward is missing: yours is only the discounted future.",
         "In the sheet's example, what has the second transition paid?"),
        ("reward_missing_after_the_end", {"paid": "going on"},
         "After an end your target is zero. The last reward still counts: only the future is missing.",
         "In the sheet's example, what has the second transition paid?"),
        ("reward_only_after_the_end", {"paid": "over"},
         "You count the reward only after an end. It is paid in every transition.",
         "In the sheet's example, what has the first transition paid?"),
        ("max_instead_of_expectation", {"best": "all"},
         "You took the largest entry of Q̄(s', ·). Nobody chooses it on purpose: take the expectation over all policies.",
         WEIGHTS),
        ("min_instead_of_expectation", {"best": "against all"},
         "You took the smallest entry of Q̄(s', ·). Take the expectation over all policies.", WEIGHTS),
        ("team_maximises", {"best": "team"},
         "You took the team's best action, as Q-learning does. The critic evaluates the team's *policies*: average over "
         "them.", WEIGHTS),
        ("first_player_maximises", {"best": "first"},
         "In yours, the first player takes its best action. It has a policy like all others: average over it.", WEIGHTS),
        ("last_player_maximises", {"best": "last"},
         "In yours, the last player does what is best for Q̄. It has a policy like all others: average over it.",
         WEIGHTS),
        ("last_player_minimises", {"best": "last against"},
         "In yours, the last player does what is worst for Q̄. It has a policy like all others: average over it.",
         WEIGHTS),
        ("all_uniform", {"plays": "uniform"},
         "You took the plain mean of Q̄(s', ·). Weight each joint action by its probability.", WEIGHTS),
        ("summed_without_weights", {"plays": "one"},
         "You added up Q̄(s', ·) without weights. Weight each joint action by its probability.", WEIGHTS),
        ("averaged_where_a_sum_is_due", {"plays": "divided"},
         "You took a mean after weighting. With probabilities as weights, the sum is already the mean.",
         "By what do you divide, and what is there to divide for?"),
        ("likeliest_action", {"plays": "likeliest"},
         "You used only the likeliest action of each agent. Take the expectation over all joint actions.", WEIGHTS),
        ("externals_policy_left_out", {"plays": "last uniform"},
         "In your answer, the last agent, the external, plays all moves equally often. Weight them by its policy.",
         PLAYERS),
        ("last_policy_missing", {"plays": "last one"},
         "The last agent's policy is missing: you add up over its actions without weights.", PLAYERS),
        ("own_policy_left_out", {"plays": "first uniform"},
         "In your answer, the first agent plays all its actions equally often. Weight them by its policy.", PLAYERS),
        ("first_policy_missing", {"plays": "first one"},
         "The first agent's policy is missing: you add up over its actions without weights.", PLAYERS),
        ("softmax_of_probabilities", {"plays": "softmax"},
         "You took a softmax of the policies. They are probabilities already.",
         "What do the entries of each policy sum to before you change them?"),
        ("one_policy_for_all_states", {"plays": "of the first"},
         "You used the policies of the first transition for all of them. Each has its own s', and its own row.", ROWS),
        ("last_policy_for_all_states", {"plays": "of the last"},
         "You used the policies of the last transition for all of them. Each has its own s', and its own row.", ROWS),
        ("policies_averaged_over_states", {"plays": "of all"},
         "You averaged the policies over the batch first. Each transition has its own s', and its own row.", ROWS),
        ("future_averaged", {"then": "mean"},
         "You averaged the future over the batch. Each transition leads to its own s'.", ROWS),
        ("future_added_up", {"then": "sum"},
         "You added up the futures of the batch. Each transition leads to its own s'.", ROWS),
        ("first_future_for_all", {"then": "first"},
         "You added the future of the first transition to all rewards. Each transition leads to its own s'.", ROWS),
        ("futures_pile_up", {"then": "running"},
         "The futures of earlier transitions are in yours, too: they pile up. Begin anew with each transition.",
         "Which variable grows in your loop, and where is it set to 0?"),
        ("clamped", {"then": "not below zero"},
         "You put 0 in place of negative futures. They keep their sign.",
         "In the sheet's example, what is the third transition's future worth?"),
        ("first_entry_only", {"then": "one entry"},
         "The future in yours is the first entry of Q̄(s', ·). Take the expectation over all of them.", WEIGHTS),
        ("batch_averaged", {"left": "mean"},
         "You averaged over the batch. Each transition has its own target.", "How many numbers are to be returned?"),
        ("batch_added_up", {"left": "sum"},
         "You added up the targets of the batch. Each transition has its own.", "How many numbers are to be returned?"),
        ("first_transition_only", {"left": "first"},
         "You return the target of the first transition only: return one for each.",
         "Does your loop end too early? How many numbers are to be returned?"),
    ],
    properties=[
        ("reward_alone_after_the_end",
         lambda result, r, over, cut, q, policies, gamma:
         abs(result - r.double().numpy())[over.numpy()].max(initial=0) < 1e-3,
         "if the episode has terminated, the target is only the reward. Yours is not."),
        ("drawn_instead_of_expected",
         lambda result, r, over, cut, q, policies, gamma: not single_entries(result, r, over, q, gamma),
         "each of your futures is γ times a single entry of Q̄(s', ·). Did you draw the next action, or pick it? Take "
         "the expectation over all of them."),
    ],
)  # fmt: skip
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    """y, (B,): reward and flags (B,), next_q (B, A_1, …, A_n), policies n × (B, A_j). Only termination has no future."""
    future = next_q
    for p in reversed(policies):
        future = torch.einsum("b...a,ba->b...", future, p)
    return torch.where(terminated, reward, reward + gamma * future)
