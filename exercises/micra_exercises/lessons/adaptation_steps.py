"""The exercise `three_answers` of sheet 08: what adapting is worth in a game of two steps, by the critic's fate."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .adaptation import LESSON
from .random_cases import policy


def critic(kind, behind, average, whom):
    """What a critic of this kind says is behind each door (D,), beside `whom`."""
    if kind == "old_actions":
        return torch.stack([table[(table @ average).argmax()] @ whom for table in behind])
    return {
        "best": lambda: (behind @ whom).amax(1),
        "mean": lambda: (behind @ whom).mean(1),
        "each_move": lambda: behind.amax(1) @ whom,
        "best_cell": lambda: behind.amax((1, 2)),
        "nothing": lambda: torch.zeros(len(behind)),
        "first_door": lambda: torch.tensor([torch.inf] + [0.0] * (len(behind) - 1)),
    }[kind]()


ORDERS = {"right": [0, 1, 2], "reversed": [2, 1, 0], "last_two": [0, 2, 1], "first_two": [1, 0, 2]}
TOLD = {
    "returns": lambda x: x,
    "gains": lambda x: x - x[0],
    "gains_after_the_first": lambda x: torch.stack([x[0], x[1] - x[0], x[2] - x[0]]),
    "gains_step_by_step": lambda x: torch.stack([x[0], x[1] - x[0], x[2] - x[1]]),
}


def answering(
    now, behind, average, newcomer, gamma, *, teams=("aa", "an", "nn"), first=None, frozen=None, imagined=None,
    beside1="n", beside2="n", beside3="n", old="best", new="best", paid2="mean", paid3="mean", choice_now=True,
    paid_now=True, choice_gamma=True, paid_gamma=True, now_gamma=False, exchanged=False, order="right", told="returns",
):  # fmt: skip
    """The returns (3,) of three teams: "an" chooses a door for the average external, an action for the newcomer.

    `first`, `frozen`, `imagined` replace one team; `old` and `new` are the critics beside average and newcomer.
    """
    if exchanged:
        average, newcomer = newcomer, average
    whom = {"a": average, "n": newcomer, "u": torch.full_like(average, 1 / len(average)), "A": surely(average),
            "N": surely(newcomer)}  # fmt: skip
    now = gamma * now if now_gamma else now
    teams = [one or usual for one, usual in zip((first, frozen, imagined), teams, strict=True)]
    found = []
    for team, beside, paid in zip(teams, (beside1, beside2, beside3), ("mean", paid2, paid3), strict=True):
        future = critic(new if team[0] in "nN" else old, behind, average, whom[team[0]])
        door = (choice_now * now + (gamma if choice_gamma else 1) * future).argmax()
        row = behind[door, (behind[door] @ whom[team[1]]).argmax()]
        worth = {
            "mean": row @ whom[beside],
            "each_move": behind[door].amax(0) @ newcomer,
            "best_cell": behind[door].max(),
        }
        found.append(paid_now * now[door] + (gamma if paid_gamma else 1) * worth[paid])
    return TOLD[told](torch.stack(found))[ORDERS[order]]


def surely(policy):
    """The likeliest move with certainty."""
    return torch.nn.functional.one_hot(policy.argmax(), len(policy)).to(policy.dtype)


def number(k, words):
    """A property: whether the k-th of the three is right; and the message if it is not."""

    def holds(result, *case):
        return abs(result[k] - float(answering(*case)[k])) < 1e-3

    return f"{('without_adapting', 'frozen', 're_imagined')[k]}_is_wrong", holds, words


def sized(D, A, C, gamma=0.5):
    """now (D,), behind (D, A, C), two externals' policies (C,), γ: generator → arguments of these sizes."""

    def drawn(generator):
        now, behind = 2 * torch.randn(D, generator=generator), 4 * torch.randn(D, A, C, generator=generator)
        average, newcomer = policy(generator, 2, C) ** 2
        return now, behind, average / average.sum(), newcomer / newcomer.sum(), gamma

    return drawn


SIZES = ((2, 3, 4), (3, 2, 3), (2, 2, 2), (3, 3, 3), (4, 2, 3), (2, 4, 3), (3, 2, 2), (4, 3, 2))


# Slips that change the door or the action only here and there. In each random case, one is to be seen in one of the answers:
# frozen has its door from the old critic, re-imagined from the new one.
FROZEN, RE_IMAGINED = 1, 2
SEEN = ((FROZEN, {"choice_gamma": False}), (FROZEN, {"old": "mean"}), (FROZEN, {"choice_now": False}),
        (FROZEN, {"teams": ("AA", "AN", "NN")}), (FROZEN, {"old": "each_move"}), (RE_IMAGINED, {"choice_gamma": False}),
        (RE_IMAGINED, {"new": "mean"}), (FROZEN, {"old": "nothing"}))  # fmt: skip


def two_steps(generator, k):
    """The arguments of `three_answers`, redrawn until each answer beats the one before, and one slip is seen."""
    while True:
        noise, behind, average, newcomer, gamma = sized(*SIZES[k % 8], 0.5 + 0.1 * (k % 5))(generator)
        now = noise - gamma * critic("best", behind, average, average)  # doors are about as good beside the average
        case = now, behind, average, newcomer, gamma
        none, frozen, imagined = found = answering(*case)
        if none + 0.1 < frozen and frozen + 0.1 < imagined:
            where, slip = SEEN[k % 8]
            if abs(answering(*case, **slip)[where] - found[where]) > 0.1:
                return case


def all_negative(generator):
    """An edge: the team pays at every door, and behind it."""
    now, behind, *rest = sized(3, 2, 4)(generator)
    return now - now.max() - 1, behind - behind.max() - 1, *rest


def nobody_new(generator):
    """An edge: the newcomer does what the average external does."""
    now, behind, average, _, gamma = sized(3, 2, 4)(generator)
    return now, behind, average, average.clone(), gamma


def never_one_move(generator):
    """An edge: one external never makes its first move, the other always makes its last."""
    now, behind, *_, gamma = sized(2, 3, 3)(generator)
    return now, behind, torch.tensor([0.0, 0.25, 0.75]), torch.tensor([0.0, 0.0, 1.0]), gamma


@exercise(
    lesson=LESSON, title="Three answers in two steps", difficulty=3, importance=5, minutes=15,
    example=(torch.tensor([1.0, 0.0]), torch.tensor([[[4.0, 0.0], [0.0, 4.0]], [[0.0, 8.0], [4.0, 0.0]]]),
             torch.tensor([0.75, 0.25]), torch.tensor([0.25, 0.75]), 0.5),
    expected=[1.5, 2.5, 3.0], draw=two_steps,
    edges={
        "γ is 0": sized(3, 2, 4, 0.0),
        "γ is 1": sized(2, 3, 2, 1.0),
        "there is only one door": sized(1, 3, 2),
        "there is only one action": sized(3, 1, 2),
        "all payoffs are negative": all_negative,
        "the newcomer is like the average external": nobody_new,
        "an external never makes one of its moves": never_one_move,
    },
    slipping=answering,
    hints=(
        "Two decisions: a door, then an action. Which external does each of the three teams assume in each decision?",
        r"With $V_\pi(d) = \max_a \sum_c \pi(c)\, \text{behind}_d(a, c)$ doors are chosen by $\text{now}_d + \gamma "
        r"V_\pi(d)$: "
        r"frozen still uses the average external as this $\pi$, but the newcomer in its sum behind the door.",
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
        ("valued_beside_the_average", {"beside1": "a", "beside2": "a", "beside3": "a"},
         "These are the returns beside the average external. The teams meet the newcomer: evaluate all three beside "
         "it.",
         "Which policy stands in the last line, where you compute what the team gets?"),
        ("as_the_critics_believe", {"beside1": "a"},
         "Your value of the team without adaptation comes from its own critic, which assumes the average external. "
         "Use the newcomer.",
         "The team plays as if the average external were there. Who is there?"),
        ("what_each_believes", {"beside1": "a", "frozen": "nn"},
         "You took the largest value that a critic predicts at the door. Follow the team instead: which door, which "
         "action, "
         "what return?",
         "Write down door and action of each team in the sheet's example before you compute a value."),
        ("frozen_as_promised", {"frozen": "aa", "beside2": "a"},
         "Your frozen value is what the critic promises at the door. Follow the team: its action, and what it gets "
         "beside "
         "the newcomer.",
         "Which action does the frozen team take in the sheet's example, and who acts beside it?"),
        ("frozen_changes_the_door", {"frozen": "nn"},
         "Your frozen critic changes the door. Its values of doors contain the *future* beside the average external, "
         "which stays.",
         "By which numbers does the team choose its door? Have they been learned anew?"),
        ("frozen_does_nothing", {"frozen": "aa"},
         "Your frozen answer plays as if it had not watched. Behind the door there is no future, so the new δ in the "
         "sum "
         "suffices.",
         "The table of payoffs behind the door is known exactly. Which policy does the team now weigh it with?"),
        ("frozen_turned_round", {"frozen": "na"},
         "Your frozen answer is turned round: it chooses the door for the newcomer, and the action for the average "
         "external.",
         "What stays when the critic is frozen: the values of doors, or δ in the sum?"),
        ("first_adapts", {"first": "nn"},
         "Your team without adaptation plays as if it knew the newcomer. It chooses door and action for the average "
         "external.",
         "Which policy stands in the two choices of the first team?"),
        ("first_adapts_behind_the_door", {"first": "an"},
         "Your team without adaptation adapts behind the door. Its action, too, is the best against the average "
         "external.",
         "Which policy stands in the first team's choice of an action?"),
        ("re_imagined_keeps_the_door", {"imagined": "an"},
         "Your re-imagined answer keeps the old door. Its critic continues to learn: it values doors by the future "
         "beside "
         "the newcomer.",
         "What is each door worth beside the newcomer, with the best play behind it?"),
        ("re_imagined_keeps_the_actions", {"imagined": "na", "new": "old_actions"},
         "Your re-imagined answer takes the best door for the old actions. Behind the door it adapts, too.",
         "Which action does the re-imagined team take behind door 1 in the sheet's example?"),
        ("re_imagined_acts_as_before", {"imagined": "na"},
         "Behind the new door, your re-imagined answer plays as against the average external. It adapts there, too.",
         "Which policy stands in the third team's choice of an action?"),
        ("doors_by_what_is_behind", {"choice_now": False},
         "You chose the door only by what is behind it. It also pays something at once.",
         "Write down the value of each door in the sheet's example: both summands."),
        ("doors_by_what_they_pay", {"old": "nothing", "new": "nothing"},
         "You chose the door only by what it pays at once. What is behind it counts, too, γ times as much.",
         "Write down the value of each door in the sheet's example: both summands."),
        ("old_door_by_what_it_pays", {"old": "nothing"},
         "Without adapting, and frozen, you chose the door only by what it pays at once. What is behind it counts, "
         "too.",
         "What does the critic say of doors beside the average external? Write down both summands."),
        ("first_door_without_adapting", {"old": "first_door"},
         "Without adapting, and frozen, you always go through door 0. Choose the best door against the average "
         "external.",
         "Along which axis do you take the largest value: doors, actions or moves?"),
        ("actions_averaged", {"old": "mean", "new": "mean"},
         "You value a door by the mean over the actions behind it. The team will take the best of them.",
         "The critic is exact for the *best* play. How many actions will be played behind the door?"),
        ("actions_averaged_by_the_old_critic", {"old": "mean"},
         "Without adapting, and frozen, you value a door by the mean over the actions behind it. The critic is exact "
         "for "
         "the *best* play.",
         "Compare your value of each door against the average with those in the sheet's example."),
        ("actions_averaged_by_the_new_critic", {"new": "mean"},
         "Re-imagined, you value a door by the mean over the actions behind it. The team will take the best of them.",
         "Compare your value of each door beside the newcomer with those in the sheet's example."),
        ("moves_foreseen", {"old": "each_move", "new": "each_move", "paid2": "each_move", "paid3": "each_move"},
         "You take the best action for *each* move of the external. The team must act before it sees the move: "
         "average first.",
         "Which comes first in your answer: the sum over moves, or the largest over actions?"),
        ("newcomers_moves_foreseen", {"new": "each_move", "paid2": "each_move", "paid3": "each_move"},
         "Beside the newcomer, you take the best action for *each* of its moves. The team knows its policy, not its "
         "move.",
         "Which comes first in your second and third number: the sum over moves, or the largest over actions?"),
        ("re_imagined_foresees_the_moves", {"new": "each_move", "paid3": "each_move"},
         "Re-imagined, you take the best action for *each* move of the newcomer. The team knows its policy, not its "
         "move.",
         "Which comes first in your third number: the sum over moves, or the largest over actions?"),
        ("critics_foresee_the_moves", {"old": "each_move", "new": "each_move"},
         "Your critics value a door as if the team saw the external's move before it acts. Average over moves first, "
         "then "
         "take the best action.",
         "Which comes first in your value of a door: the sum over moves, or the largest over actions?"),
        ("likeliest_move", {"teams": ("AA", "AN", "NN")},
         "You choose as if the external made its likeliest move for sure. Average over its policy.",
         "What does an action pay on average in the sheet's example, and what if the likeliest move were certain?"),
        ("best_cells", {"new": "best_cell", "paid3": "best_cell"},
         "For re-imagining, you took the best cell of a table. The newcomer does not act in the team's favour: "
         "average over "
         "its policy.",
         "How often does the newcomer make the move of this cell?"),
        ("uniform_average", {"teams": ("uu", "un", "nn")},
         "Your average external plays all moves equally often. It has a policy: `average`.",
         "Where do you use `average`? Is there a mean in its place?"),
        ("order_swapped", {"order": "reversed"},
         "These are the right numbers in the wrong order: without adapting first, re-imagined last.",
         "Read the numbered list of the sheet again."),
        ("last_two_swapped", {"order": "last_two"},
         "Your second and third number are exchanged: first frozen, then re-imagined.",
         "Which of the two can change the door?"),
        ("first_two_swapped", {"order": "first_two"},
         "Your first and second number are exchanged: first without adapting, then frozen.",
         "Which of the two uses what was watched?"),
        ("externals_exchanged", {"exchanged": True},
         "You exchanged `average` and `newcomer`: the critic is exact for the average, the returns are beside the "
         "newcomer.",
         "Name the policy in each of your products, and ask whether it is a belief or what happens."),
        ("discount_forgotten", {"choice_gamma": False, "paid_gamma": False},
         "The discount is missing: what is behind the door counts only γ times as much.",
         "Work out the sheet's example, and compare both summands of a door's value."),
        ("discount_in_the_choice_only", {"paid_gamma": False},
         "The discount is missing in what the team gets. It counts there as in the choice of a door.",
         "Compare the two places where now and later are added."),
        ("discount_in_the_return_only", {"choice_gamma": False},
         "The discount is missing in the choice of a door. It counts there as in what the team gets.",
         "Compare the two places where now and later are added."),
        ("now_discounted", {"now_gamma": True},
         "You discount what the door pays at once as well. Only what is behind the door counts γ times as much.",
         "Which of the two payments comes later?"),
        ("now_forgotten", {"choice_now": False, "paid_now": False},
         "The immediate payment of the door is missing.",
         "Where do you use `now`?"),
        ("now_not_paid", {"paid_now": False},
         "You choose by what the door pays at once, but leave it out of what the team gets.",
         "Compare the two places where now and later are added."),
        ("gains", {"told": "gains"},
         "These are the gains over not adapting. The exercise asks for the returns.",
         "What is the first number in the sheet's example?"),
        ("gains_after_the_first", {"told": "gains_after_the_first"},
         "Your second and third number are gains over not adapting. The exercise asks for what the team gets.",
         "Compare your three numbers with those of the sheet's example."),
        ("gains_step_by_step", {"told": "gains_step_by_step"},
         "Your second and third number are gains over the answer before. The exercise asks for what the team gets.",
         "Compare your three numbers with those of the sheet's example."),
    ],
    properties=[
        ("never_worse", lambda result, *_: (result[1:] >= result[:-1] - 1e-4).all(),
         "with a perfect prediction, no answer is worse than the one before it. One of yours is."),
        number(0, "the first number is wrong. Without adapting, the team chooses door and action as against the "
                  "average "
                  "external, and plays beside the newcomer."),
        number(1, "the first number is right, but the second is not. Frozen: the same door as without adapting, and "
                  "behind "
                  "*that* door the best action against the newcomer."),
        number(2, "only the third number is wrong. Re-imagined: for each door the best action against the newcomer, "
                  "then "
                  "the better door."),
    ],
)  # fmt: skip
def three_answers(now, behind, average, newcomer, gamma):
    """Returns beside a newcomer (3,): not adapting, frozen, re-imagined; now (D,), behind (D, A, C), policies (C,)."""
    found = []
    for at_the_door, behind_it in ((average, average), (average, newcomer), (newcomer, newcomer)):
        door = (now + gamma * (behind @ at_the_door).max(1).values).argmax()
        action = (behind[door] @ behind_it).argmax()
        found.append(now[door] + gamma * behind[door, action] @ newcomer)
    return torch.stack(found)
