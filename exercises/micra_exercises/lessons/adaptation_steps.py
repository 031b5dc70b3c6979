"""Exercises of sheet 08, the value of adapting: three answers to an adapted imitator in a game of two steps, and scores."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .adaptation import LESSON
from .random_cases import policy


def played(now, behind, gamma, door_for, answer_to, beside):
    """The return beside one external of a team whose door is best against a second one, and its action against a third."""
    doors = now + gamma * (behind @ door_for).max(1).values
    door = doors.argmax()
    action = (behind[door] @ answer_to).argmax()
    return now[door] + gamma * behind[door, action] @ beside


def all_three(now, behind, average, newcomer, gamma):
    """The returns of the three answers beside the newcomer (3,)."""
    whom = ((average, average), (average, newcomer), (newcomer, newcomer))
    return torch.stack([played(now, behind, gamma, *pair, newcomer) for pair in whom])


def known_door_old_answers(now, behind, average, newcomer, gamma):
    """The return of the best door against the newcomer if the actions behind it are those against the average."""
    answers = (behind @ average).argmax(1)
    values = now + gamma * torch.stack([table[a] @ newcomer for table, a in zip(behind, answers, strict=True)])
    return values.max()


def best_cells(now, behind, gamma):
    """The best return if the external acted in the team's favour."""
    return (now + gamma * behind.amax((1, 2))).max()


def number(k, words):
    """A property: whether the k-th of the three is right; and the message if it is not."""

    def holds(result, *case):
        return abs(result[k] - float(all_three(*case)[k])) < 1e-3

    return f"{('without_adapting', 'frozen', 're_imagined')[k]}_is_wrong", holds, words


def two_steps(generator, k):
    """now (D,), behind (D, A, C), two externals' policies (C,), γ: redrawn until each answer is better than the one before."""
    D, A, C, gamma = 2 + k % 2, 3 - k % 2, 3 + (k + 1) % 2, 0.5 + 0.1 * (k % 5)
    while True:
        now, behind = torch.randn(D, generator=generator), 4 * torch.randn(D, A, C, generator=generator)
        average, newcomer = policy(generator, 2, C) ** 2
        average, newcomer = average / average.sum(), newcomer / newcomer.sum()
        none, frozen, imagined = all_three(now, behind, average, newcomer, gamma).tolist()
        if none + 0.1 < frozen and frozen + 0.1 < imagined:
            return now, behind, average, newcomer, gamma


@exercise(
    lesson=LESSON, title="Three answers in two steps", difficulty=3, importance=5, minutes=15,
    example=(torch.tensor([1.0, 0.0]), torch.tensor([[[4.0, 0.0], [0.0, 4.0]], [[0.0, 8.0], [4.0, 0.0]]]), torch.tensor([0.75, 0.25]),
           torch.tensor([0.25, 0.75]), 0.5),
    expected=[1.5, 2.5, 3.0], draw=two_steps,
    hints=(
        "Two decisions: a door, then an action. Which external does each of the three teams assume in each decision?",
        r"With $V_\pi(d) = \max_a \sum_c \pi(c)\, \text{behind}_d(a, c)$ doors are chosen by $\text{now}_d + \gamma V_\pi(d)$: frozen still uses the "
        r"average external as this $\pi$, but the newcomer in its sum behind the door.",
        """\
        def three_answers(now, behind, average, newcomer, gamma):
            found = []
            for at_the_door, behind_it in ((average, average), ..., ...):
                door = (now + gamma * ...).argmax()
                action = (behind[door] @ behind_it).argmax()
                found.append(now[door] + gamma * ...)
            return torch.stack(found)""",
    ),
    mistakes=[
        ("valued_beside_the_average", lambda now, behind, average, newcomer, gamma: torch.stack([
            played(now, behind, gamma, *pair, average) for pair in ((average, average), (average, newcomer), (newcomer, newcomer))]),
         "These are the returns beside the average external. The teams meet the newcomer: evaluate all three beside it."),
        ("as_the_critics_believe", lambda now, behind, average, newcomer, gamma: torch.stack([
            played(now, behind, gamma, x, x, x) if k != 1 else played(now, behind, gamma, average, newcomer, newcomer)
            for k, x in enumerate((average, average, newcomer))]),
         "Your value of the team without adaptation comes from its own critic, which assumes the average external. Use the newcomer."),
        ("what_each_believes", lambda now, behind, average, newcomer, gamma: torch.stack([
            played(now, behind, gamma, x, x, x) for x in (average, newcomer, newcomer)]),
         "You took the largest value that a critic predicts at the door. Follow the team instead: which door, which action, what return?"),
        ("doors_by_what_is_behind", lambda now, behind, average, newcomer, gamma: torch.stack([
            now[d := (behind @ x).amax(1).argmax()] + gamma * behind[d, (behind[d] @ y).argmax()] @ newcomer
            for x, y in ((average, average), (average, newcomer), (newcomer, newcomer))]),
         "You chose the door only by what is behind it. It also pays something at once, and the future counts only γ times as much."),
        ("frozen_changes_the_door", lambda now, behind, average, newcomer, gamma: all_three(now, behind, average, newcomer, gamma)[[0, 2, 2]],
         "Your frozen critic changes the door. Its values of doors contain the *future* beside the average external, which stays."),
        ("frozen_does_nothing", lambda now, behind, average, newcomer, gamma: all_three(now, behind, average, newcomer, gamma)[[0, 0, 2]],
         "Your frozen answer plays as if it had not watched. Behind the door there is no future, so the new δ in the sum suffices."),
        ("re_imagined_keeps_the_door", lambda now, behind, average, newcomer, gamma: all_three(now, behind, average, newcomer, gamma)[[0, 1, 1]],
         "Your re-imagined answer keeps the old door. Its critic continues to learn: it values doors by the future beside the newcomer."),
        ("re_imagined_keeps_the_actions", lambda now, behind, average, newcomer, gamma: torch.stack([
            *all_three(now, behind, average, newcomer, gamma)[:2], known_door_old_answers(now, behind, average, newcomer, gamma)]),
         "Behind the door, your re-imagined answer plays as against the average external. It adapts there, too."),
        ("order_swapped", lambda now, behind, average, newcomer, gamma: all_three(now, behind, average, newcomer, gamma).flip(0),
         "These are the right numbers in the wrong order: without adapting first, re-imagined last."),
        ("discount_forgotten", lambda now, behind, average, newcomer, gamma: all_three(now, behind, average, newcomer, 1),
         "The discount is missing: what is behind the door counts only γ times as much."),
        ("now_forgotten", lambda now, behind, average, newcomer, gamma: all_three(0 * now, behind, average, newcomer, gamma),
         "The immediate payment of the door is missing."),
        ("best_cells", lambda now, behind, average, newcomer, gamma: torch.stack([
            *all_three(now, behind, average, newcomer, gamma)[:2], best_cells(now, behind, gamma)]),
         "For re-imagining, you took the best cell of a table. The newcomer does not act in the team's favour: average over its policy."),
        ("gains", lambda now, behind, average, newcomer, gamma: (x := all_three(now, behind, average, newcomer, gamma)) - x[0],
         "These are the gains over not adapting. The exercise asks for the returns."),
        ("uniform_behind_the_door", lambda now, behind, average, newcomer, gamma: all_three(
            now, behind, torch.full_like(average, 1 / len(average)), newcomer, gamma),
         "Your average external plays all moves equally often. It has a policy: `average`."),
    ],
    properties=[
        ("never_worse", lambda result, *_: (result[1:] >= result[:-1] - 1e-4).all(),
         "with a perfect prediction, no answer is worse than the one before it. One of yours is."),
        number(0, "the first number is wrong. Without adapting, the team chooses door and action as against the average external, "
                  "and plays beside the newcomer."),
        number(1, "the first number is right, but the second is not. Frozen: the same door as without adapting, and behind *that* door "
                  "the best action against the newcomer."),
        number(2, "only the third number is wrong. Re-imagined: for each door the best action against the newcomer, then the better door."),
    ],
)  # fmt: skip
def three_answers(now, behind, average, newcomer, gamma):
    """Returns beside the newcomer, (3,): not adapting, frozen, re-imagined. now (D,), behind (D, A, C), policies (C,)."""
    found = []
    for at_the_door, behind_it in ((average, average), (average, newcomer), (newcomer, newcomer)):
        door = (now + gamma * (behind @ at_the_door).max(1).values).argmax()
        action = (behind[door] @ behind_it).argmax()
        found.append(now[door] + gamma * behind[door, action] @ newcomer)
    return torch.stack(found)


def gets(behind, door_for, answer_to, beside):
    """The return as in `played`, for an open answer: without payment at the door or discount."""
    behind, door_for, answer_to, beside = map(torch.as_tensor, (behind, door_for, answer_to, beside))
    return float(played(torch.zeros(2), behind, 1, door_for, answer_to, beside))


def apart(behind, external):
    """The difference between the doors' values beside a known external."""
    return abs(float((behind[0] @ external).max() - (behind[1] @ external).max()))


@exercise(
    "open", lesson=LESSON, title="Where a frozen critic gains nothing", difficulty=3, importance=4, minutes=12,
    hints=(
        "The frozen critic is behind the wrong door, where nothing can be improved. What is behind the other one?",
        "Behind the first door, let one action always be the best. Behind the second, let everything depend on the external's move.",
        "behind = torch.tensor([[[5.0, 5.0], [..., ...]], [[..., ...], [..., ...]]])\naverage = torch.tensor([0.5, 0.5])\nnewcomer = ...\n"
        "no_gain_frozen = (behind, average, newcomer)",
    ),
    properties=[
        ("shapes", lambda behind, average, newcomer: (behind.shape, average.shape, newcomer.shape) == ((2, 2, 2), (2,), (2,)),
         "Pass three things, (behind, average, newcomer), of the shapes (2, 2, 2), (2,) and (2,)."),
        ("are_policies", lambda behind, average, newcomer: all((p >= 0).all() and abs(p.sum() - 1) < 1e-3 for p in (average, newcomer)),
         "The entries of a policy are not negative and sum to 1. One of your policies violates this."),
        ("externals_mix", lambda behind, average, newcomer: min(average.min(), newcomer.min()) > 1e-6,
         "One of the externals never makes one of its moves. Let both mix."),
        ("payoffs_in_range", lambda behind, average, newcomer: behind.min() >= 0 and behind.max() <= 10,
         "A payoff is below 0 or above 10. Keep all payoffs in this range."),
        ("doors_differ", lambda behind, average, newcomer: apart(behind, average) > 1e-3,
         "Against the average external, both doors have the same value. Let one be better, so that the choice is clear."),
        ("frozen_gains_nothing", lambda behind, average, newcomer: gets(behind, average, newcomer, newcomer) < gets(behind, average, average, newcomer) + 1e-3,
         "The frozen answer gains something: behind its door, another action is better against the newcomer. Let the same one stay the best."),
        ("re_imagined_gains", lambda behind, average, newcomer: gets(behind, newcomer, newcomer, newcomer) > gets(behind, average, average, newcomer) + 1 - 1e-6,
         "Re-imagining gains less than 1. Let the other door be worth much more beside the newcomer than beside the average external."),
    ],
)  # fmt: skip
def no_gain_frozen():
    """Two doors, behind (2, 2, 2), and two externals: frozen gains nothing, since its door is wrong and its action there right."""
    behind = torch.tensor([[[5.0, 5.0], [1.0, 1.0]], [[8.0, 0.0], [0.0, 8.0]]])
    return behind, torch.tensor([0.5, 0.5]), torch.tensor([0.1, 0.9])


def values_of_teams(generator, k):
    """values (S, K), and those of a random team and of best responses (K,), whose differences vary in size."""
    S, K = 2 + k % 3, 3 + k % 2 if k % 2 else 4 + k % 3
    random = torch.randn(K, generator=generator)
    best = random + 0.5 + 6 * torch.rand(K, generator=generator) ** 2
    return random + (best - random) * (1.1 * torch.rand(S, K, generator=generator) - 0.1), random, best


@exercise(
    lesson=LESSON, title="The normalised score", difficulty=1, importance=5, minutes=6,
    example=(torch.tensor([[2.0, 5.0], [3.0, 3.0]]), torch.tensor([0.0, 3.0]), torch.tensor([4.0, 5.0])), expected=[2 / 3, 0.5], draw=values_of_teams,
    hints=(
        "What share of the possible gain over a random team was reached? Take all externals together.",
        r"$\sum_k (V_k - V_k^{\text{random}}) \,/\, \sum_k (V_k^{\text{best}} - V_k^{\text{random}})$, for each seed.",
        "def normalised_score(values, random, best):\n    gained = ...  # (S,)\n    possible = ...\n    return gained / possible",
    ),
    mistakes=[
        ("mean_of_ratios", lambda values, random, best: ((values - random) / (best - random)).mean(1),
         "You took a ratio for each external, then the mean. If the possible gain is small, a small error is a huge ratio: sum first."),
        ("random_not_taken_off", lambda values, random, best: values.sum(1) / best.sum(),
         "With your formula, a random team does not score 0. Subtract its values in numerator and denominator."),
        ("random_only_above", lambda values, random, best: (values - random).sum(1) / best.sum(),
         "You subtracted the random team only in the numerator. Then the best response does not score 1."),
        ("random_only_below", lambda values, random, best: values.sum(1) / (best - random).sum(),
         "You subtracted the random team only in the denominator. Then a random team does not score 0."),
        ("what_is_missing", lambda values, random, best: (best - values).sum(1) / (best - random).sum(),
         "This is what is still *missing*: it is 0 for the best response. It should be the other way round."),
        ("not_normalised", lambda values, random, best: (values - random).sum(1),
         "This is the gain over a random team. Divide by the possible gain."),
        ("seeds_averaged", lambda values, random, best: (values - random).mean(0).sum() / (best - random).sum(),
         "You averaged over seeds. Each seed has its own score: their spread is needed later."),
        ("external_by_external", lambda values, random, best: (values - random) / (best - random),
         "These are the scores beside each external. Sum over externals in numerator and denominator."),
        ("externals_kept", lambda values, random, best: (values - random).sum(0) / (len(values) * (best - random)),
         "You summed over seeds, axis 0. Sum over externals, axis 1."),
        ("worst_external", lambda values, random, best: ((values - random) / (best - random)).min(1).values,
         "This is the score beside the worst external. That is of interest, too, but here all externals count together."),
        ("best_external_below", lambda values, random, best: (values - random).sum(1) / (values.shape[1] * (best - random).max()),
         "Your denominator is the largest possible gain beside any external. Sum the possible gains."),
    ],
)  # fmt: skip
def normalised_score(values, random, best):
    """Each seed's score (S,), 0 for a random team, 1 for best responses: values (S, K), random and best (K,)."""
    gained = (values - random).sum(1)
    return gained / (best - random).sum()
