"""Exercises of lesson 08, what it is worth: three answers to an adapted imitator in a game of two steps, and scores."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .adaptation import LESSON
from .random_cases import policy


def played(now, behind, gamma, door_for, answer_to, beside):
    """What a team gets beside one external whose door and whose answers behind it are best against these two."""
    doors = now + gamma * (behind @ door_for).max(1).values
    door = doors.argmax()
    action = (behind[door] @ answer_to).argmax()
    return now[door] + gamma * behind[door, action] @ beside


def all_three(now, behind, average, newcomer, gamma):
    """What the three answers get beside the newcomer (3,)."""
    whom = ((average, average), (average, newcomer), (newcomer, newcomer))
    return torch.stack([played(now, behind, gamma, *pair, newcomer) for pair in whom])


def known_door_old_answers(now, behind, average, newcomer, gamma):
    """The door that is best against the newcomer if one plays behind it as against the average."""
    answers = (behind @ average).argmax(1)
    values = now + gamma * torch.stack([table[a] @ newcomer for table, a in zip(behind, answers, strict=True)])
    return values.max()


def best_cells(now, behind, gamma):
    """The best that can happen, if the external chose for the team."""
    return (now + gamma * behind.amax((1, 2))).max()


def number(k, words):
    """A property: whether the k-th of the three is right. And what to say if not."""

    def holds(result, *case):
        return abs(result[k] - float(all_three(*case)[k])) < 1e-3

    return f"{('without_adapting', 'frozen', 're_imagined')[k]}_is_wrong", holds, words


def two_steps(generator, k):
    """now (D,), behind (D, A, C), two externals' policies (C,), γ: drawn until each answer is worth more than the one before."""
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
        "Two decisions: a door, then an action. For each of the three teams: which external does it have in mind at each?",
        r"With $V_\pi(d) = \max_a \sum_c \pi(c)\, \text{behind}_d(a, c)$ doors are chosen by $\text{now}_d + \gamma V_\pi(d)$: frozen still has the "
        r"average external in this $\pi$, but the newcomer in its sum behind the door.",
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
         "You say what they get beside the average external. It is the newcomer that they meet: value all three beside it."),
        ("as_the_critics_believe", lambda now, behind, average, newcomer, gamma: torch.stack([
            played(now, behind, gamma, x, x, x) if k != 1 else played(now, behind, gamma, average, newcomer, newcomer)
            for k, x in enumerate((average, average, newcomer))]),
         "What the team without adaptation gets, you take from its own critic. That one believes in the average external."),
        ("what_each_believes", lambda now, behind, average, newcomer, gamma: torch.stack([
            played(now, behind, gamma, x, x, x) for x in (average, newcomer, newcomer)]),
         "You say what a critic hopes for at the door: the largest of its values. Follow the team instead: which door, which action, what then?"),
        ("doors_by_what_is_behind", lambda now, behind, average, newcomer, gamma: torch.stack([
            now[d := (behind @ x).amax(1).argmax()] + gamma * behind[d, (behind[d] @ y).argmax()] @ newcomer
            for x, y in ((average, average), (average, newcomer), (newcomer, newcomer))]),
         "You choose the door by what is behind it alone. It pays something at once, too, and the future counts only γ as much."),
        ("frozen_changes_the_door", lambda now, behind, average, newcomer, gamma: all_three(now, behind, average, newcomer, gamma)[[0, 2, 2]],
         "Your frozen critic chooses another door. What it says of doors holds the *future* beside the average external: that stays."),
        ("frozen_does_nothing", lambda now, behind, average, newcomer, gamma: all_three(now, behind, average, newcomer, gamma)[[0, 0, 2]],
         "Your frozen answer plays as if it had not watched. Behind the door nothing comes after: there δ in the sum is all it takes."),
        ("re_imagined_keeps_the_door", lambda now, behind, average, newcomer, gamma: all_three(now, behind, average, newcomer, gamma)[[0, 1, 1]],
         "Your re-imagined answer keeps the old door. Its critic learns on: it values doors by the future beside the newcomer."),
        ("re_imagined_keeps_the_actions", lambda now, behind, average, newcomer, gamma: torch.stack([
            *all_three(now, behind, average, newcomer, gamma)[:2], known_door_old_answers(now, behind, average, newcomer, gamma)]),
         "Your re-imagined answer plays behind the door as against the average external. It adapts there, too."),
        ("order_swapped", lambda now, behind, average, newcomer, gamma: all_three(now, behind, average, newcomer, gamma).flip(0),
         "These are the right numbers in the wrong order: not adapting first, re-imagined last."),
        ("discount_forgotten", lambda now, behind, average, newcomer, gamma: all_three(now, behind, average, newcomer, 1),
         "The discount is missing: what is behind the door counts γ as much."),
        ("now_forgotten", lambda now, behind, average, newcomer, gamma: all_three(0 * now, behind, average, newcomer, gamma),
         "What a door pays at once is missing."),
        ("best_cells", lambda now, behind, average, newcomer, gamma: torch.stack([
            *all_three(now, behind, average, newcomer, gamma)[:2], best_cells(now, behind, gamma)]),
         "You took the best cell of a table as what re-imagining gives. The newcomer does not choose for the team: average over its policy."),
        ("gains", lambda now, behind, average, newcomer, gamma: (x := all_three(now, behind, average, newcomer, gamma)) - x[0],
         "These are the gains over not adapting. Asked for is what each gets in all."),
        ("uniform_behind_the_door", lambda now, behind, average, newcomer, gamma: all_three(
            now, behind, torch.full_like(average, 1 / len(average)), newcomer, gamma),
         "In place of the average external, one who plays all alike stands in yours. It has a policy: `average`."),
    ],
    properties=[
        ("never_worse", lambda result, *_: (result[1:] >= result[:-1] - 1e-4).all(),
         "with a perfect prediction, no answer is worse than the one before it. Yours is."),
        number(0, "the first number is wrong. Not adapting, the team chooses door and action as against the average external, "
                  "and gets what that pays beside the newcomer."),
        number(1, "the first number is right, the second is not. Frozen: the same door as without adapting; behind *that* door the best "
                  "action against the newcomer."),
        number(2, "only the third number is wrong. Re-imagined: for each door its best action against the newcomer, then the better door."),
    ],
)  # fmt: skip
def three_answers(now, behind, average, newcomer, gamma):
    """Beside the newcomer, (3,): not adapting, frozen, re-imagined. now (D,), behind (D, A, C), policies (C,)."""
    found = []
    for at_the_door, behind_it in ((average, average), (average, newcomer), (newcomer, newcomer)):
        door = (now + gamma * (behind @ at_the_door).max(1).values).argmax()
        action = (behind[door] @ behind_it).argmax()
        found.append(now[door] + gamma * behind[door, action] @ newcomer)
    return torch.stack(found)


def gets(behind, door_for, answer_to, beside):
    """As `played`, for what an open answer hands over: nothing is paid at the door, nothing discounted."""
    behind, door_for, answer_to, beside = map(torch.as_tensor, (behind, door_for, answer_to, beside))
    return float(played(torch.zeros(2), behind, 1, door_for, answer_to, beside))


def apart(behind, external):
    """How much more the better door is worth beside an external that is known."""
    return abs(float((behind[0] @ external).max() - (behind[1] @ external).max()))


@exercise(
    "open", lesson=LESSON, title="Where a frozen critic gains nothing", difficulty=3, importance=4, minutes=12,
    hints=(
        "The frozen critic stands behind the wrong door, and there nothing is left to improve. What is behind the other one?",
        "Behind the first door let one action be best whatever happens. Behind the second, let all hang on what the external does.",
        "behind = torch.tensor([[[5.0, 5.0], [..., ...]], [[..., ...], [..., ...]]])\naverage = torch.tensor([0.5, 0.5])\nnewcomer = ...\n"
        "no_gain_frozen = (behind, average, newcomer)",
    ),
    properties=[
        ("shapes", lambda behind, average, newcomer: (behind.shape, average.shape, newcomer.shape) == ((2, 2, 2), (2,), (2,)),
         "Hand over three things, (behind, average, newcomer), of the shapes (2, 2, 2), (2,) and (2,)."),
        ("are_policies", lambda behind, average, newcomer: all((p >= 0).all() and abs(p.sum() - 1) < 1e-3 for p in (average, newcomer)),
         "Policies have no negative entry and add up to 1. One of yours does not."),
        ("externals_mix", lambda behind, average, newcomer: min(average.min(), newcomer.min()) > 1e-6,
         "One of the externals never makes one of its moves. Let both mix."),
        ("payoffs_in_range", lambda behind, average, newcomer: behind.min() >= 0 and behind.max() <= 10,
         "A payoff is below 0 or above 10. Keep all within."),
        ("doors_differ", lambda behind, average, newcomer: apart(behind, average) > 1e-3,
         "Against the average external both doors are worth the same. Let one be better, so that the choice is clear."),
        ("frozen_gains_nothing", lambda behind, average, newcomer: gets(behind, average, newcomer, newcomer) < gets(behind, average, average, newcomer) + 1e-3,
         "The frozen answer gains something: behind its door another action is better against the newcomer. Let the same one stay best."),
        ("re_imagined_gains", lambda behind, average, newcomer: gets(behind, newcomer, newcomer, newcomer) > gets(behind, average, average, newcomer) + 1 - 1e-6,
         "Re-imagining gains less than 1. Let the other door be worth much more beside the newcomer than beside the average."),
    ],
)  # fmt: skip
def no_gain_frozen():
    """Two doors behind (2, 2, 2) and two externals: frozen gains nothing, for the door is wrong and its answer right."""
    behind = torch.tensor([[[5.0, 5.0], [1.0, 1.0]], [[8.0, 0.0], [0.0, 8.0]]])
    return behind, torch.tensor([0.5, 0.5]), torch.tensor([0.1, 0.9])


def values_of_teams(generator, k):
    """values (S, K) between those of a random team and of best responses (K,), which are of different size."""
    S, K = 2 + k % 3, 3 + k % 2 if k % 2 else 4 + k % 3
    random = torch.randn(K, generator=generator)
    best = random + 0.5 + 6 * torch.rand(K, generator=generator) ** 2
    return random + (best - random) * (1.1 * torch.rand(S, K, generator=generator) - 0.1), random, best


@exercise(
    lesson=LESSON, title="The normalised score", difficulty=1, importance=5, minutes=6,
    example=(torch.tensor([[2.0, 5.0], [3.0, 3.0]]), torch.tensor([0.0, 3.0]), torch.tensor([4.0, 5.0])), expected=[2 / 3, 0.5], draw=values_of_teams,
    hints=(
        "How much more than a random team did it get, of how much more can be had? Over all externals together.",
        r"$\sum_k (V_k - V_k^{\text{random}}) \,/\, \sum_k (V_k^{\text{best}} - V_k^{\text{random}})$, for each seed.",
        "def normalised_score(values, random, best):\n    gained = ...  # (S,)\n    possible = ...\n    return gained / possible",
    ),
    mistakes=[
        ("mean_of_ratios", lambda values, random, best: ((values - random) / (best - random)).mean(1),
         "You took a ratio for each external, then the mean. Where little can be had, a small error is a huge ratio: add up first."),
        ("random_not_taken_off", lambda values, random, best: values.sum(1) / best.sum(),
         "A random team does not score 0 in yours. Take its values off, above and below."),
        ("random_only_above", lambda values, random, best: (values - random).sum(1) / best.sum(),
         "You took the random team off above, not below. Then the best response does not score 1."),
        ("random_only_below", lambda values, random, best: values.sum(1) / (best - random).sum(),
         "You took the random team off below, not above. Then a random team does not score 0."),
        ("what_is_missing", lambda values, random, best: (best - values).sum(1) / (best - random).sum(),
         "This is what is still *missing*: 0 for the best response. It is the other way round."),
        ("not_normalised", lambda values, random, best: (values - random).sum(1),
         "This is how much more than a random team they get. Divide by how much more can be had."),
        ("seeds_averaged", lambda values, random, best: (values - random).mean(0).sum() / (best - random).sum(),
         "You averaged over seeds. Each seed has a score of its own: their scatter is wanted later."),
        ("external_by_external", lambda values, random, best: (values - random) / (best - random),
         "These are the scores beside each external. Add up over externals, above and below."),
        ("externals_kept", lambda values, random, best: (values - random).sum(0) / (len(values) * (best - random)),
         "You added up over seeds, axis 0. Add up over externals, axis 1."),
        ("worst_external", lambda values, random, best: ((values - random) / (best - random)).min(1).values,
         "This is the score beside the worst external. It is worth telling, too, but here all count together."),
        ("best_external_below", lambda values, random, best: (values - random).sum(1) / (values.shape[1] * (best - random).max()),
         "Below you have the largest room of any external. Add up the room of all."),
    ],
)  # fmt: skip
def normalised_score(values, random, best):
    """Each seed's score (S,), 0 for a random team, 1 for best responses: values (S, K), random and best (K,)."""
    gained = (values - random).sum(1)
    return gained / (best - random).sum()
