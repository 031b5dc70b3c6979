"""Sheet 04: two targets by hand. Those of a batch are in `target_batches.py`, those for a new external in `relabelling.py`."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import in_a_table, on_paper, one_of

LESSON = "04_critic"
NEXT = torch.tensor([[6.0, 2.0, 0.0], [1.0, 3.0, 5.0]])  # Q̄(s', ·) of the text
HUNTER, PREY = torch.tensor([0.2, 0.8]), torch.tensor([0.5, 0.25, 0.25])


def likeliest(p):
    """The largest probability (in each row) becomes 1, all others 0."""
    return torch.nn.functional.one_hot(p.argmax(-1), p.shape[-1]).to(p)


def other_targets(generator):
    """Two rewards, Q̄ (2, 3), both policies, γ: drawn until no two mistakes give the same targets."""
    while True:
        _, hunter, prey = on_paper(generator)
        rewards, q = (torch.randint(*x, generator=generator).to(hunter) for x in ((1, 6, (2,)), (0, 21, (2, 3))))
        case = rewards, q, hunter, prey, one_of(generator, 0.5, 0.8, 0.9)
        if all_apart(case):
            return case


def all_apart(case):
    """Whether all mistakes, and the right answer, give different targets in this case."""
    seen: list[list[float]] = []
    for function in (targets_by_hand.reference, *(mistake.function for mistake in targets_by_hand.mistakes)):
        a = function(*case).tolist()
        least = 0.025 * max(map(abs, a))
        if any(abs(a[0] - b[0]) < least and abs(a[1] - b[1]) < least for b in seen):
            return False
        seen.append(a)
    return True


def two_targets(
    rewards, q, hunter, prey, gamma, *, value="expected", ends="terminated", discount="future", paid="both"
):
    """Both targets, or what a slip makes of them."""
    v = {
        "expected": lambda: hunter @ q @ prey,
        "largest": lambda: q.max(), "mean": lambda: q.mean(), "sum": lambda: q.sum(),
        "one entry": lambda: q[hunter.argmax(), prey.argmax()],
        "hunter's best": lambda: (q @ prey).max(), "hunter's likeliest": lambda: (q @ prey)[hunter.argmax()],
        "hunter uniform": lambda: (q @ prey).mean(),
        "hunter swapped": lambda: hunter.flip(0) @ q @ prey,
        "prey uniform": lambda: hunter @ q.mean(1), "prey added": lambda: hunter @ q.sum(1),
        "prey's likeliest": lambda: hunter @ q[:, prey.argmax()],
        "prey's worst": lambda: hunter @ q.min(1).values,
        "a third": lambda: hunter @ q @ prey / 3,
    }[value]()  # fmt: skip
    first, later = {
        "future": (1, gamma), "none": (1, 1), "all": (gamma, gamma), "reward": (gamma, 1), "twice": (1, gamma**2),
        "minus": (1, -gamma),
    }[discount]  # fmt: skip
    goes_on = {"terminated": (1, 0), "both": (0, 0), "neither": (1, 1), "exchanged": (0, 1)}[ends]
    counted = {"both": (1, 1), "neither": (0, 0), "first": (1, 0), "second": (0, 1)}[paid]
    return torch.stack([first * c * r + later * g * v for r, c, g in zip(rewards, counted, goes_on, strict=True)])


def the_largest(rewards, q, hunter, prey, gamma):
    """What to say to those who put the largest entry in the place of the value of s', or perhaps something else."""
    if abs(q.max() - (q @ prey).sum()) < 0.02 * q.max():
        return (
            f"The value of s' is {q.max():g} in yours. That is the largest entry of the table, and also what go and "
            "stay are worth, added up. Take the expectation over both policies."
        )
    return "You took the largest entry. Nobody chooses it on purpose: take the expectation over both policies."


def too_small(rewards, q, hunter, prey, gamma):
    """What to say to those whose future is γ times what it should be."""
    if gamma == 0.5:
        return (
            "Your future is half of what it should be. One γ stands before a weighted sum, and nothing else divides it."
        )
    return "Your future is multiplied by γ twice. One step lies between s and s': once is enough."


BOTH = "Write the probabilities of both players beside the table. Which two belong to each entry?"
ENDS = "Which of the two episodes could have gone on, if nobody had stopped it?"


@exercise(
    "number", lesson=LESSON, title="Two targets by hand", difficulty=1, importance=5, minutes=6,
    example=(torch.tensor([1.0, 2.0]), NEXT, HUNTER, PREY, 0.5), expected=[2.35, 2.0], vary=other_targets,
    advice="The future is a sum over six joint actions. Does yours have all six, each with both probabilities?",
    rewordings=[
        ("Two transitions lead to $s'$. γ is 0.5.", lambda rewards, next_q, hunter, prey, gamma:
         "For this exercise alone, $\\bar Q(s', \\cdot)$ and both policies are these:\n\n"
         f"{in_a_table(next_q, hunter, prey, ('go', 'stay'))}\n\nTwo transitions lead to $s'$. γ is {gamma:g}."),
        ("The first paid 1.", lambda rewards, next_q, hunter, prey, gamma: f"The first paid {rewards[0]:g}."),
        ("The second paid 2.", lambda rewards, next_q, hunter, prey, gamma: f"The second paid {rewards[1]:g}."),
    ],
    hints=(
        "Which of the two has a future? Both players will act there, according to their policies.",
        r"$y = r + \gamma \sum_{a, c} \pi(a)\, \delta(c)\, \bar Q(s', a, c)$, and $y = r$ after an end.",
        lambda rewards, next_q, hunter, prey, gamma:
        f"future = {hunter[0]:g} * ({' + '.join(f'{p:g} * {x:g}' for p, x in zip(prey, next_q[0], strict=True))}) + "
        f"{hunter[1]:g} * (...)\ntargets = [{rewards[0]:g} + {gamma:g} * future, ...]",
    ),
    slipping=two_targets,
    mistakes=[
        ("truncation_taken_for_an_end", {"ends": "both"},
         "Your first target is the reward, with nothing added that counts. That episode is only truncated, and the game "
         "goes on: add the value of s', discounted for one step.",
         "Who decided that this episode ends after so many steps: the game, or whoever collected the data?"),
        ("bootstrap_after_the_end", {"ends": "neither"},
         "Your second target has a future. But there the game is over: bootstrap only if it goes on.", ENDS),
        ("end_and_cut_exchanged", {"ends": "exchanged"},
         "You bootstrap after the end and not after the truncation. Do it the other way round.", ENDS),
        ("max_instead_of_expectation", {"value": "largest"}, the_largest, BOTH),
        ("team_maximises", {"value": "hunter's best"},
         "You took the hunter's best action, as Q-learning does. The exercise asks for the value of the hunter's "
         "*policy*.",
         "How often does the hunter go, and how often does it stay?"),
        ("hunters_likeliest_action", {"value": "hunter's likeliest"},
         "Your value of s' is that of the hunter's likeliest action alone. It plays both: weight them by its policy.",
         "How often does the hunter go, and how often does it stay?"),
        ("own_policy_left_out", {"value": "hunter uniform"},
         "In your answer, the hunter goes and stays equally often. Weight what both are worth by its policy.",
         "How often does the hunter go, and how often does it stay?"),
        ("own_probabilities_swapped", {"value": "hunter swapped"},
         "You exchanged the hunter's probabilities of go and stay.",
         "How often does the hunter go, and how often does it stay?"),
        ("externals_policy_left_out", {"value": "prey uniform"},
         "In your answer, the prey plays all moves equally often. Weight them by its policy.",
         "Write the prey's probability above each column of the table."),
        ("prey_added_up", {"value": "prey added"},
         "You added up the entries of each row. Weight them by the prey's policy.",
         "Write the prey's probability above each column of the table."),
        ("preys_likeliest_move", {"value": "prey's likeliest"},
         "Your value of s' is that of a prey which always makes its likeliest move. It plays all three: weight them by its "
         "policy.",
         "Write the prey's probability above each column of the table."),
        ("prey_against_the_hunter", {"value": "prey's worst"},
         "In your answer, the prey always makes the move that is worst for the hunter. It has a policy: use that.",
         "Does the text say that the prey wants the hunter to get little?"),
        ("all_uniform", {"value": "mean"},
         "You took the plain mean of the table. Weight each entry by both policies.", BOTH),
        ("all_added_up", {"value": "sum"},
         "You added up the whole table. Weight each entry by both policies.", BOTH),
        ("likeliest_action", {"value": "one entry"},
         "Your value of s' is a single entry, that of the likeliest joint action. Take the expectation over all six.",
         BOTH),
        ("discount_forgotten", {"discount": "none"},
         "The discount is missing: the future counts only γ times as much.",
         "Which number of the text does not appear in your sum?"),
        ("reward_discounted", {"discount": "all"},
         "You discounted the reward, too. It is paid at once and counts in full.",
         "When is the reward paid, and when does the future begin?"),
        ("reward_missing", {"paid": "neither"},
         "The rewards are missing: yours is γ times the value of s', and nothing where there is no future.",
         "What have the two transitions paid?"),
        ("reward_missing_after_the_end", {"paid": "first"},
         "Your second target is 0. The last reward still counts: only the future is missing.",
         "What has the second transition paid?"),
        ("first_reward_missing", lambda *case: two_targets(*case, paid="second"),
         "Your first target is γ times the value of s', without a reward. Add what was paid.",
         "What has the first transition paid?"),
        ("value_alone", lambda *case: two_targets(*case, paid="second", discount="none"),
         "Your first number is the value of s'. A target is the reward plus γ times that.",
         "What has the first transition paid, and what is γ for?"),
        ("only_the_reward_discounted", lambda *case: two_targets(*case, discount="reward"),
         "You discounted the reward and not the future. It should be the other way round.",
         "When is the reward paid, and when does the future begin?"),
        ("discounted_twice", lambda *case: two_targets(*case, discount="twice"), too_small,
         "What do the six weights of the table sum to, and how many steps lie between s and s'?"),
        ("averaged_where_a_sum_is_due", lambda *case: two_targets(*case, value="a third"),
         "Your future is a third of what it should be. With probabilities as weights, the sum is already the mean.",
         "What do the prey's three probabilities sum to?"),
        ("future_subtracted", lambda *case: two_targets(*case, discount="minus"),
         "You subtracted the future. Add it to the reward.",
         "Is a transition worth more or less if it leads to a good state?"),
    ],
)  # fmt: skip
def targets_by_hand(rewards, next_q, hunter, prey, gamma):
    """Two temporal-difference targets, (2,): rewards (2,), Q̄ (2, 3) after the first; the second ends the episode."""
    future = (hunter @ next_q * prey).sum()
    return torch.stack([rewards[0] + gamma * future, rewards[1]])
