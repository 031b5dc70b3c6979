"""Exercises of sheet 07, one update: the order of its steps, and the slow copies."""

from __future__ import annotations

from itertools import combinations

import torch

from ..exercise import exercise

LESSON = "07_offline_training"


def counted(values, policy, how):
    """Values (…, 2) as one number: their mean under a policy (…, 2), or what may be taken for it."""
    return {
        "mean": (values * policy).sum(-1), "go": values[..., 0], "stay": values[..., 1], "best": values.amax(-1),
        "evenly": values.mean(-1), "nothing": 0 * values[..., 0],
    }[how]  # fmt: skip


def with_first(table, entry):
    """A copy of the table (…, 2, 2) with another first entry."""
    changed = table.clone()
    changed[..., 0, 0] = entry
    return changed


def an_update(
    q, slow, hunter, prey, reward, rates, *, bootstrap="slow", prey_next="mean", hunter_next="mean", paid=True,
    discount="future", step="part", follows="new", pace="tau", judge="old", of="go", prey_now="mean", baseline="mean",
    swapped="",
):  # fmt: skip
    """The results of an update in which these choices, right by default, may be made otherwise; batches, too."""
    gamma, rate, tau = rates
    hunter, prey = (p.flip(-1) if name == swapped else p for name, p in (("hunter", hunter), ("prey", prey)))
    whenever = prey[..., None, :]  # whatever the hunter does
    future = counted(counted(q if bootstrap == "q" else slow, whenever, prey_next), hunter, hunter_next)
    pay = reward if paid else 0 * reward
    target = {"future": pay + gamma * future, "none": pay + future, "all": gamma * (pay + future)}[discount]
    old, copy = q[..., 0, 0], slow[..., 0, 0]
    new = {"part": old + rate * (target - old), "whole": target, "away": old - rate * (target - old)}[step]
    towards = {"new": new, "old": old, "target": target}[follows]
    way = {"tau": tau, "rest": 1 - tau, "rate": rate, "none": 0 * tau, "whole": tau**0, "away": -tau}
    moved = copy + tau * towards if pace == "added" else copy + way[pace] * (towards - copy)
    judges = {"old": q, "new": with_first(q, new), "slow": slow, "slow after": with_first(slow, moved)}
    values = counted(judges[judge], whenever, prey_now)
    worth = {"go": values[..., 0], "stay": values[..., 1], "target": target, "entry": judges[judge][..., 0, 0]}[of]
    return torch.stack([new, moved, worth - counted(values, hunter, baseline)], -1)


def small_tables(generator):
    """Other numbers that are easy on paper: whole values, probabilities in quarters, the same three rates.

    They are the first of many draws in which all mistakes are far apart.
    """
    draws, hunter, rates = 2000, torch.tensor([0.25, 0.75]), torch.tensor([0.5, 0.5, 0.25])
    while True:
        q, slow = torch.rand(draws, 13, generator=generator).argsort(-1)[:, :8].view(-1, 2, 2, 2).unbind(1)
        left = 1 / 4 + torch.randint(2, (draws,), generator=generator) / 2
        prey, reward = torch.stack([left, 1 - left], -1), torch.randint(2, 9, (draws,), generator=generator)
        cases = q / 1, slow / 1, hunter, prey, reward / 1, rates
        found = torch.stack([an_update(*cases), *(one.function(*cases) for one in update_by_hand.mistakes)])
        least, left_over = 4.1 * update_by_hand.tolerance * found.abs().amax((0, 2)), torch.arange(draws)
        for a, b in combinations(found, 2):
            left_over = left_over[(a[left_over] - b[left_over]).abs().amax(-1) > least[left_over]]
        if len(left_over):
            return tuple(x if x is hunter or x is rates else x[left_over[0]] for x in cases)


@exercise(
    "number", lesson=LESSON, title="One update by hand", difficulty=2, importance=5, minutes=10,
    example=(torch.tensor([[10.0, 12.0], [9.0, 1.0]]), torch.tensor([[3.0, 11.0], [0.0, 4.0]]),
           torch.tensor([0.25, 0.75]), torch.tensor([0.75, 0.25]), torch.tensor(4.0), torch.tensor([0.5, 0.5, 0.25])),
    expected=[7.5, 4.125, 2.625], vary=small_tables,
    rewordings=[
        ("| **go** | 10 | 12 | 3 | 11 |",
         lambda q, slow, *_: f"| **go** | {q[0, 0]:g} | {q[0, 1]:g} | {slow[0, 0]:g} | {slow[0, 1]:g} |"),
        ("| **stay** | 9 | 1 | 0 | 4 |",
         lambda q, slow, *_: f"| **stay** | {q[1, 0]:g} | {q[1, 1]:g} | {slow[1, 0]:g} | {slow[1, 1]:g} |"),
        ("plays *go* with 0.25", lambda q, slow, hunter, *_: f"plays *go* with {hunter[0]:g}"),
        ("δ says *left* with 0.75", lambda q, slow, hunter, prey, *_: f"δ says *left* with {prey[0]:g}"),
        ("paid 4", lambda q, slow, hunter, prey, reward, rates: f"paid {reward:g}"),
    ],
    hints=(
        "Which table gives the target, which one moves first, and which one gives the regret?",
        r"$y = r + \gamma \sum_{a, c} \pi(a)\, \delta(c)\, \bar Q(a, c)$; then $Q \leftarrow Q + \text{rate}\,(y - "
        r"Q)$; then "
        r"$\bar Q \leftarrow \bar Q + \tau\,(Q - \bar Q)$ with the new $Q$. The regret is that of the old $Q$.",
        lambda q, slow, hunter, prey, r, rates: (
            f"future = {hunter[0]:g} * ({prey[0]:g} * {slow[0, 0]:g} + {prey[1]:g} * {slow[0, 1]:g}) + {hunter[1]:g} * "
            f"(...)\n"
            f"y = {r:g} + {rates[0]:g} * future\nnew = {q[0, 0]:g} + {rates[1]:g} * (y - ...)\n"
            f"follows = {slow[0, 0]:g} + {rates[2]:g} * (... - {slow[0, 0]:g})\n"
            f"regret = ({prey[0]:g} * {q[0, 0]:g} + {prey[1]:g} * {q[0, 1]:g}) - ...\nupdated = [new, follows, regret]"
        ),
    ),
    slipping=an_update,
    mistakes=[
        ("regret_after_the_step", {"judge": "new"},
         "Your regret uses the Q after the critic's step. The actors use the Q from *before* it.",
         "Which entry of Q has the critic's step changed? Put the printed one back into your sums."),
        ("regret_from_the_slow_copy", {"judge": "slow"},
         "Your regret comes from the slow copy. That one is for targets; the actors use Q itself.",
         "Which columns of the table do your sums take their numbers from?"),
        ("regret_from_the_new_slow_copy", {"judge": "slow after"},
         "Your regret comes from the slow copy after its move. That one is for targets; the actors use Q itself.",
         "Which columns of the table do your sums take their numbers from?"),
        ("target_network_not_used", {"bootstrap": "q"},
         "Your target comes from Q itself. Use the slow copy, which changes slowly.",
         "Which columns of the table do the values in your target come from?"),
        ("prey_moves_the_same_again", {"prey_next": "go"},
         "In your target the prey moves left again for sure. Take the mean over its next moves, weighted by δ.",
         "The transition's move is in the past. What does the prey do next, and with what probabilities?"),
        ("next_pairs_equally_likely", {"prey_next": "evenly", "hunter_next": "evenly"},
         "Your target takes the plain mean of the four next values. Weight each by the probabilities of both.",
         "How likely is each pair of next actions? Write the two probabilities beside each value."),
        ("next_action_is_the_best", {"hunter_next": "best"},
         "Your target takes the best next action, as Q-learning does. Weight both actions by the hunter's policy.",
         "Whose value is learned: that of the best policy, or that of the policy which is played?"),
        ("future_left_out", {"hunter_next": "nothing"},
         "Your target is the reward alone, as if the game were over. It goes on: add the discounted value of what "
         "follows.",
         "When would a target be the reward alone? Does the text say so?"),
        ("reward_left_out", {"paid": False},
         "The reward is missing in your target.",
         "What is known already of the return, before anything is estimated?"),
        ("discount_forgotten", {"discount": "none"},
         "The discount is missing in your target: the future counts only γ times as much.",
         "Which of the two parts of the target comes one step later?"),
        ("reward_discounted", {"discount": "all"},
         "You discounted the reward, too. Only what follows is multiplied by γ.",
         "When was the reward paid: now, or one step later?"),
        ("rate_forgotten", {"step": "whole"},
         "Your Q jumped to the target. It goes only a fraction of the way: the critic's rate.",
         "How far is it from the old Q to the target, and how much of that does the critic go?"),
        ("critic_moves_away", {"step": "away"},
         "Your Q moves away from the target. It moves towards it.",
         "Is the target above or below the old Q? On which side of the old Q is your new one?"),
        ("slow_copy_follows_the_old", {"follows": "old"},
         "Your slow copy moved towards the old Q. It moves *after* the critic's step: towards the new Q.",
         "In which order do Q and its slow copy move?"),
        ("slow_copy_follows_the_target", {"follows": "target"},
         "Your slow copy moved towards the target y. It only follows Q.",
         "A copy of what is it?"),
        ("slow_copy_stays", {"pace": "none"},
         "Your slow copy did not move. It goes the fraction τ of the way to Q.",
         "What is τ for?"),
        ("slow_copy_jumps", {"pace": "whole"},
         "Your slow copy jumped to Q. It goes only the fraction τ of the way.",
         "What is τ for?"),
        ("tau_and_rest_exchanged", {"pace": "rest"},
         "You exchanged τ and 1 − τ. The slow copy keeps 1 − τ of itself, and takes τ from Q.",
         "How far is it from the slow copy to Q, and how much of that do you go? A *slow* copy goes the smaller part."),
        ("critics_rate_for_tau", {"pace": "rate"},
         "Your slow copy moves at the critic's rate. It has a rate of its own, τ.",
         "There are two rates in the text. Which is whose?"),
        ("slow_copy_grows", {"pace": "added"},
         "You added τ times Q to the slow copy. Add τ times the *difference* between Q and the slow copy.",
         "If the slow copy were equal to Q already, where should it be afterwards?"),
        ("slow_copy_moves_away", {"pace": "away"},
         "Your slow copy moves away from Q. It moves towards it.",
         "Is Q above or below the slow copy? On which side is your result?"),
        ("baseline_forgotten", {"baseline": "nothing"},
         "Your third number is the value of *go*. For the regret, subtract the value of the hunter's policy.",
         "Regret compares *go* with something. With what?"),
        ("own_policy_missing_from_baseline", {"baseline": "evenly"},
         "In your regret, the hunter's two actions are weighted equally. Weight them by its policy.",
         "How likely is each of the hunter's actions? Write the probability beside each value."),
        ("compared_with_stay", {"baseline": "stay"},
         "You compared *go* with *stay*. For the regret, compare it with the value of the hunter's policy, which mixes "
         "both.",
         "What would the hunter get on average if it played as usual? That is no single action."),
        ("regret_of_stay", {"of": "stay"},
         "Your third number is the regret of *stay*. The exercise asks for that of *go*.",
         "Which row of the table do you begin with?"),
        ("target_in_the_regret", {"of": "target"},
         "Your third number is the target minus the value of the policy. The regret takes the value of *go* by the "
         "critic.",
         "What does Eq. 2 begin with? Does a reward stand in it?"),
        ("move_known_in_the_first_term", {"of": "entry"},
         "Your regret begins with Q(go, left) alone. Take the mean over the prey's moves, weighted by δ.",
         "Did the hunter know the prey's move when it chose? Then what is *go* worth to it?"),
        ("move_known_in_the_regret", {"prey_now": "go"},
         "In your regret, the prey surely moves left. Take the mean over its moves, weighted by δ.",
         "Did the hunter know the prey's move when it chose? How many values of Q go into its regret?"),
        ("externals_policy_left_out", {"prey_now": "evenly"},
         "In your regret, the prey makes both moves equally often. Weight them by δ.",
         "How likely is each move of the prey? Write the probability beside each value."),
        ("best_move_in_the_regret", {"prey_now": "best"},
         "In your regret, the prey makes the move that is best for the hunter. Weight both of its moves by δ.",
         "Whom does the prey play for? Where does the sheet say what it does?"),
        ("hunters_probabilities_exchanged", {"swapped": "hunter"},
         "You exchanged the hunter's two probabilities.",
         "With which probability does the hunter *go*? Compare that with your sums."),
        ("preys_probabilities_exchanged", {"swapped": "prey"},
         "You exchanged the prey's two probabilities.",
         "With which probability does δ say *left*? Compare that with your sums."),
    ],
)  # fmt: skip
def update_by_hand(q, slow, hunter, prey, reward, rates):
    """Q(go, left), its slow copy and the regret of go (3,): q, slow (2, 2), policies (2,); γ, critic's rate and τ."""
    gamma, rate, tau = rates
    regret = (q @ prey)[0] - hunter @ q @ prey  # by the old q
    target = reward + gamma * (hunter @ slow @ prey)
    new = q[0, 0] + rate * (target - q[0, 0])
    follows = slow[0, 0] + tau * (new - slow[0, 0])
    return torch.stack([new, follows, regret])


def walked(slow, fast, rate, *, start="slow", updates="all", share="rate", minus="place", whole=False, result="last"):
    """The slow copy's way with these choices, right by default, made otherwise."""
    rows = {
        "all": fast, "but the first": fast[1:], "but the last": fast[:-1], "first": fast[:1], "last": fast[-1:],
        "backwards": fast.flip(0), "last each time": fast[-1:].expand_as(fast), "mean": fast.mean(0, keepdim=True),
    }[updates]  # fmt: skip
    place = begin = {"slow": slow, "zero": 0 * slow, "first update": fast[0]}[start]
    path = [begin]
    for t, new in enumerate(rows):
        shares = {
            "rate": rate, "rest": 1 - rate, "away": -rate, "half": rate / 2, "smaller": rate / (t + 1), "none": 0,
            "all": 1,
        }  # fmt: skip
        place = place + shares[share] * (new - {"place": place, "start": begin, "nothing": 0}[minus])
        path.append(place.trunc() if whole else place)
        place = path[-1]
    return {"last": place, "path": torch.stack(path[1:] or path), "mean": torch.stack(path[1:] or path).mean(0)}[result]


def a_path(generator, k):
    """slow (P,), fast (T, P) and a rate."""
    T, P = ((3, 2), (2, 3), (4, 4), (5, 3), (3, 3), (3, 5), (4, 2), (12, 3))[k % 8]
    drawn = 3 * torch.randn(T + 1, P, generator=generator)
    return drawn[0], drawn[1:], (0.4, 0.1, 0.3)[k % 3]


@exercise(
    lesson=LESSON, title="The slow copy", difficulty=1, importance=4, minutes=6,
    example=(torch.tensor([0.0, 4.0]), torch.tensor([[8.0, 0.0], [4.0, 8.0]]), 0.25), expected=[2.5, 4.25], draw=a_path,
    edges={
        "there is only one update": (torch.tensor([1.0, -2.0, 0.5]), torch.tensor([[3.0, 2.0, -1.5]]), 0.25),
        "there is only one parameter": (torch.tensor([4.0]), torch.tensor([[8.0], [-4.0], [2.0]]), 0.25),
        "`rate` is 1": (torch.tensor([4.0, -1.0]), torch.tensor([[8.0, 3.0], [-4.0, 5.0], [2.0, -7.0]]), 1.0),
        "the parameters do not change": (torch.tensor([4.0, -1.0]), torch.tensor([[4.0, -1.0]] * 3), 0.25),
        "there are many updates": lambda generator: (
            torch.randn(2, generator=generator), 3 * torch.randn(200, 2, generator=generator), 0.05),
    },
    hints=(
        "After each update, the slow copy goes a part of the way. Where does its second step start?",
        r"$\bar\theta \leftarrow \bar\theta + \tau\,(\theta_t - \bar\theta)$ for $t = 1, 2, \dots$",
        "def slow_copy(slow, fast, rate):\n    for new in fast:\n        slow = slow + ...\n    return slow",
    ),
    slipping=walked,
    mistakes=[
        ("copied", {"share": "all"},
         "Yours is a plain copy of the last parameters. After each update, the slow copy goes only the fraction `rate` "
         "of the way.",
         "Where in your function does `rate` stand?"),
        ("never_moved", {"share": "none"},
         "Your slow copy did not move. After each update, it goes the fraction `rate` of the way to the new "
         "parameters.",
         "Is the result of each step kept for the next one, and for the `return`?"),
        ("last_update_only", {"updates": "last"},
         "Only the last update counts in yours. The slow copy moves after each of them.",
         "Where does your second step start: at `slow`, or where the first step ended?"),
        ("first_update_only", {"updates": "first"},
         "You stopped after the first update. Is your `return` inside the loop?",
         "How far is each line of your function indented?"),
        ("first_update_skipped", {"updates": "but the first"},
         "You left out the first update. The slow copy moves after each of them, and starts at `slow`.",
         "Write down the index of each row that your loop visits. With which number do rows begin?"),
        ("last_update_skipped", {"updates": "but the last"},
         "You left out the last update. The slow copy moves after each of them.",
         "Write down the index of each row that your loop visits. Which is the last row's?"),
        ("rate_and_rest_exchanged", {"share": "rest"},
         "You keep the fraction `rate` of the slow copy. Keep 1 − rate of it.",
         "With a small `rate`, should the copy be slow or fast? Which is yours?"),
        ("backwards", {"updates": "backwards"},
         "You went through the updates backwards. The first row is the oldest.",
         "Which update should count the most in the end: the oldest or the newest?"),
        ("last_each_time", {"updates": "last each time"},
         "Each of your steps goes towards the last parameters. Step t goes towards row t.",
         "Which row does each pass of your loop look at?"),
        ("always_from_the_start", {"minus": "start"},
         "Each of your steps takes the difference from the first slow copy. The second takes it from where the first "
         "one ended.",
         "What is subtracted in the second step of the sheet's example? Compare it with yours."),
        ("towards_the_mean", {"updates": "mean"},
         "You took one step, towards the mean of all updates. Take one after each update.",
         "How many steps are there in the sheet's example?"),
        ("mean_of_all", lambda slow, fast, rate: fast.mean(0),
         "You took the plain mean of all updates. The slow copy forgets: old ones count less and less.",
         "Where in your function do `slow` and `rate` stand?"),
        ("moved_away", {"share": "away"},
         "Your slow copy moves away from the parameters. Add rate · (new − slow), not rate · (slow − new).",
         "Take one parameter, 0 now and 8 new. On which side of 0 is your result?"),
        ("added_up", {"minus": "nothing"},
         "You added `rate` times the parameters, so the slow copy grows. Add `rate` times their *difference* from it.",
         "If the slow copy has the new parameters already, where should it be after the step?"),
        ("began_at_the_first_update", {"start": "first update"},
         "You started at the first new parameters. Start at the slow copy, `slow`.",
         "Where is the copy before any update?"),
        ("began_at_zero", {"start": "zero"},
         "You started at zero. Start at the slow copy, `slow`.",
         "Where is the copy before any update?"),
        ("half_the_way", {"share": "half"},
         "Your steps are half as long as they should be.",
         "What is multiplied by `rate`, and what is divided by 2?"),
        ("steps_grow_smaller", {"share": "smaller"},
         "Your steps grow smaller: you divide `rate` by the number of the update. It stays the same.",
         "Does the text's formula know which update it is?"),
        ("returned_all", {"result": "path"},
         "You return where the copy was after each update. Return only where it is in the end, (P,).",
         "How many numbers does the sheet's example have as its result?"),
        ("mean_of_the_way", {"result": "mean"},
         "You took the mean of all places on the way. Return only where the copy is in the end.",
         "Which place of the sheet's example is the result?"),
        ("cut_to_whole_numbers", {"whole": True},
         "Your slow copy loses its decimals after each step. Keep them.",
         "Of which type is the table that you write the slow copy into?"),
        ("bias_corrected", lambda slow, fast, rate: walked(slow, fast, rate) / (1 - (1 - rate) ** len(fast)),
         "You divided by 1 − (1 − rate)^T, as Adam does for averages that begin at zero. This one begins at `slow`.",
         "What would the division do to a slow copy that has arrived already?"),
    ],
)  # fmt: skip
def slow_copy(slow, fast, rate):
    """The slow copy (P,) after T updates: slow (P,), the copy before; fast (T, P), the parameters after each update."""
    for new in fast:
        slow = (1 - rate) * slow + rate * new
    return slow
