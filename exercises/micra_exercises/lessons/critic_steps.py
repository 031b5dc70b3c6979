"""Sheet 04: one step of a critic that is a table, and joint actions that were never taken."""

from __future__ import annotations

import numpy as np
import torch

from ..exercise import exercise
from .critic import LESSON
from .random_cases import policy


def tables(generator, S, J, s, joint, after, reward=0.75, gamma=0.8, rate=0.3):
    """q and its slow copy (S, J), a transition (s, joint, reward, s′), a joint policy (S, J), γ, a rate."""
    q, slow = 3 * torch.randn(2, S, J, generator=generator)
    return q, slow, (s, joint, reward, after), policy(generator, S, J), gamma, rate


def two_tables(generator, k):
    """A transition between two of three or four states, anywhere in the tables."""
    S, J = 3 + k % 2, (6, 8, 9)[k % 3]
    s, joint = (int(torch.randint(size, (), generator=generator)) for size in (S, J))
    reward = float(torch.randn((), generator=generator))
    return tables(generator, S, J, s, joint, (s + 1 + k % 2) % S, reward, 0.5 + 0.1 * (k % 5), (0.5, 0.1, 0.3)[k % 3])


def stepped(q, slow, transition, policy, gamma, rate, *, rest="q", old="q", less="q", of="slow", slow_at="after",
            policy_at="after", plays="policy", discount="once", far="rate", entry="s and a", unpacked="as given",
            gives="table"):  # fmt: skip
    """The table after the step, or what a slip makes of it."""
    s, joint, reward, after = transition
    if unpacked == "reward last":
        reward, after = after, int(reward)
    elif unpacked == "states exchanged":
        s, after = after, s
    elif unpacked == "action first":
        s, joint = joint, s
    states = {"after": after, "here": s, "first": 0, "last": -1}
    w, x = policy[states[policy_at]], (slow if of == "slow" else q)[states[slow_at]]
    v = {
        "policy": lambda: w @ x, "best": lambda: x.max(), "worst": lambda: x.min(), "uniform": lambda: x.mean(),
        "one": lambda: x.sum(), "likeliest": lambda: x[w.argmax()], "same": lambda: x[joint],
        "divided": lambda: (w * x).mean(), "weighted": lambda: w[joint] * x[joint], "first": lambda: x[0],
        "best of q": lambda: x[q[after].argmax()],
    }[plays]()  # fmt: skip
    first, later = {
        "once": (1, gamma), "never": (1, 1), "all": (gamma, gamma), "reward": (gamma, 1), "minus": (1, -gamma),
        "no future": (1, 0), "no reward": (0, gamma), "rest": (1 - gamma, gamma),
    }[discount]  # fmt: skip
    y = first * reward + later * v
    fraction = {
        "rate": rate, "all": 1, "rest": 1 - rate, "away": -rate, "weighted": rate * policy[s, joint], "half": rate / 2,
        "squared": rate**2, "double": 2 * rate, "discounted": rate * gamma, "nothing": 0,
    }[far]  # fmt: skip
    at = {
        "s and a": (s, joint), "all of s": (s,), "all of a": (slice(None), joint), "everything": (slice(None),),
        "after": (after, joint), "previous": (s, joint - 1), "next": (s, (joint + 1) % q.shape[1]), "state before": (s - 1, joint),
        "after likeliest": (after, policy[after].argmax()),
    }[entry]  # fmt: skip
    either = {"q": q, "slow": slow, "nothing": torch.zeros_like(q), "both": q + slow, "mean": (q + slow) / 2}
    moved = either[rest].clone()
    subtracted = {"after": lambda: q[after, joint], "value": lambda: policy[s] @ q[s]}.get(
        less, lambda: either[less][at]
    )()
    step = fraction * (y - subtracted)
    moved[at] = either[old][at] + step
    return {"table": moved, "entry": moved[s, joint], "row": moved[s], "target": y, "step": step}[gives]


TARGET = "Write y for the sheet's example: which state, which table and which policy is each of its numbers from?"
ENTRY = "How many entries of q change in the sheet's example, and where do they stand?"
WAY = "In the sheet's example the entry is 2 and y is 2.75. How far is it from one to the other, and how far do you go?"
TABLE = "What should be returned in the sheet's example, entry by entry?"
PAY = "When is the reward paid, and when does the future begin?"


@exercise(
    lesson=LESSON, title="One step, and the slow copy", difficulty=2, importance=4, minutes=10,
    example=(
        torch.tensor([[1.0, 2.0, 3.0], [4.0, 0.0, 2.0]]), torch.tensor([[0.0, 4.0, 2.0], [6.0, 0.0, 2.0]]), (0, 1, 1.0, 1),
        torch.tensor([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]), 0.5, 0.5,
    ),
    expected=[[1.0, 2.375, 3.0], [4.0, 0.0, 2.0]], draw=two_tables,
    edges={
        "s' is s": lambda generator: tables(generator, 3, 6, 1, 4, 1),
        "the transition starts in the first state, with the first joint action": lambda generator: tables(
            generator, 3, 6, 0, 0, 2),
        "the transition starts in the last state, with the last joint action": lambda generator: tables(
            generator, 3, 6, 2, 5, 0),
        "there are as many states as joint actions": lambda generator: tables(generator, 4, 4, 1, 2, 3),
        "there is only one joint action": lambda generator: tables(generator, 3, 1, 1, 0, 2),
        "there is only one state": lambda generator: tables(generator, 1, 6, 0, 3, 0),
        "nothing is paid": lambda generator: tables(generator, 3, 6, 2, 1, 1, 0.0),
        "the rate is 1": lambda generator: tables(generator, 3, 6, 0, 2, 1, rate=1.0),
        "γ is 1": lambda generator: tables(generator, 3, 6, 0, 2, 1, gamma=1.0),
    },
    hints=(
        "Which table does the target come from, and which one moves? How many entries of it?",
        r"$y = r + \gamma \sum_{a'} \pi(a' \mid s')\, \bar Q(s', a')$, then "
        r"$Q(s, a) \leftarrow Q(s, a) + \text{rate}\,(y - Q(s, a))$.",
        """\
        def td_step(q, slow, transition, policy, gamma, rate):
            s, joint, reward, after = transition
            target = reward + gamma * ...
            moved = q.clone()
            moved[s, joint] += ...
            return moved""",
    ),
    slipping=stepped,
    mistakes=[
        ("target_network_not_used", {"of": "q"},
         "Your target comes from `q` itself. Use the slow copy, which changes slowly.", TARGET),
        ("slow_copy_moved", {"rest": "slow", "old": "slow", "less": "slow"},
         "You moved the slow copy. The target comes from it, but `q` is what learns.", TABLE),
        ("rest_from_the_slow_copy", {"rest": "slow"},
         "All entries but one are those of the slow copy. Start from a copy of `q`.", TABLE),
        ("slow_entry_subtracted", {"less": "slow"},
         "You subtract the slow copy's entry from the target. What moves is the entry of `q`: subtract that.", WAY),
        ("slow_entry_moved", {"old": "slow", "less": "slow"},
         "You moved the slow copy's entry, and put it into `q`. What moves is the entry of `q`.", WAY),
        ("slow_entry_as_the_start", {"old": "slow"},
         "You added the step to the slow copy's entry. Add it to that of `q`.", WAY),
        ("old_entry_not_subtracted", {"less": "nothing"},
         "You added a part of the target itself. Move by a part of the way from the old entry to the target.", WAY),
        ("next_entry_subtracted", {"less": "after"},
         "From the target you subtract an entry of s'. Subtract the one that moves, that of s.", WAY),
        ("value_subtracted", {"less": "value"},
         "From the target you subtract what `policy` is worth at s. Subtract the one entry that moves.", WAY),
        ("step_alone", {"old": "nothing"},
         "The new entry in yours is the step alone. Add it to the old entry.", WAY),
        ("old_entry_lost", {"old": "nothing", "less": "nothing"},
         "The new entry in yours is a part of the target alone. Keep the other part of the old entry.", WAY),
        ("other_entries_lost", {"rest": "nothing"},
         "All entries but one are 0 in yours. They should stay what they were.", TABLE),
        ("no_bootstrap", {"discount": "no future"},
         "Your target is only the reward. The game goes on at s': add its discounted value.", TARGET),
        ("reward_missing", {"discount": "no reward"},
         "The reward is missing in your target. It is only the discounted future.", TARGET),
        ("future_subtracted", {"discount": "minus"}, "You subtracted the future. Add it to the reward.", TARGET),
        ("discount_forgotten", {"discount": "never"},
         "The discount is missing: the future counts only γ times as much.", "Where in your answer is `gamma` used?"),
        ("reward_discounted", {"discount": "all"},
         "You discounted the reward, too. It is paid at once and counts in full.", PAY),
        ("only_the_reward_discounted", {"discount": "reward"},
         "You discounted the reward and not the future. It should be the other way round.", PAY),
        ("averaged_with_the_reward", {"discount": "rest"},
         "You weighted the reward by 1 − γ. It counts in full.", PAY),
        ("policy_of_this_state", {"policy_at": "here"},
         "You weighted by the policy at s. The next action is chosen at s'.", TARGET),
        ("table_of_this_state", {"slow_at": "here"},
         "You took the slow copy at s. After the transition, the state is s'.", TARGET),
        ("bootstrap_at_this_state", {"policy_at": "here", "slow_at": "here"},
         "You bootstrap at s. After the transition, the state is s'.", TARGET),
        ("first_state_for_all", {"policy_at": "first", "slow_at": "first"},
         "You bootstrap at state 0, wherever the transition leads. Take s'.", TARGET),
        ("max_instead_of_expectation", {"plays": "best"},
         "You took the largest entry at s'. The external does not act in the team's favour: take the expectation over "
         "`policy`.", TARGET),
        ("best_of_q", {"plays": "best of q"},
         "At s' you used the joint action that is best in `q`. Take the expectation over `policy`.", TARGET),
        ("min_instead_of_expectation", {"plays": "worst"},
         "You took the smallest entry at s'. Take the expectation over `policy`.", TARGET),
        ("likeliest_action", {"plays": "likeliest"},
         "You used only the likeliest joint action at s'. Take the expectation over `policy`.", TARGET),
        ("same_action_again", {"plays": "same"},
         "At s' you used the joint action of this transition again. The next one is drawn from `policy`: take the "
         "expectation.", TARGET),
        ("same_action_weighted", {"plays": "weighted"},
         "At s' only the joint action of this transition counts in yours. Sum over all of them.", TARGET),
        ("first_action_only", {"plays": "first"},
         "At s' you used only the first joint action. Take the expectation over `policy`.", TARGET),
        ("all_uniform", {"plays": "uniform"},
         "At s' you weighted all joint actions equally. Weight them by `policy`.", TARGET),
        ("summed_without_weights", {"plays": "one"},
         "At s' you added up all joint actions. Weight them by `policy`.", TARGET),
        ("averaged_where_a_sum_is_due", {"plays": "divided"},
         "You took a mean after weighting. With probabilities as weights, the sum is already the mean.",
         "By what do you divide, and what is there to divide for?"),
        ("rate_forgotten", {"far": "all"},
         "Your entry jumps to the target. It moves only the fraction `rate` of the way.", WAY),
        ("rate_the_wrong_way_round", {"far": "rest"},
         "Your entry moves 1 − `rate` of the way. `rate` says how far it moves, not how much of it stays.", WAY),
        ("rate_weighted", {"far": "weighted"},
         "You multiplied the rate by how likely the joint action was. It was taken: move by `rate` of the way.", WAY),
        ("nothing_moved", {"far": "nothing"},
         "Your table is still `q`: nothing has moved.", WAY),
        ("rate_squared", {"far": "squared"}, "You used `rate` twice: once is enough.", WAY),
        ("rate_halved", {"far": "half"}, "You move half as far as you should.", WAY),
        ("rate_doubled", {"far": "double"}, "You move twice as far as you should.", WAY),
        ("rate_discounted", {"far": "discounted"},
         "Your step is γ times as long as it should be. γ belongs to the future in the target only.", WAY),
        ("moved_away", {"far": "away"},
         "Your entry moves away from the target. The temporal difference is y − Q, not Q − y.", WAY),
        ("whole_row_moved", {"entry": "all of s"},
         "You moved all joint actions of the state. The transition tells only about the one that was taken.", ENTRY),
        ("whole_column_moved", {"entry": "all of a"},
         "You moved this joint action in all states. The transition tells only about the state where it was taken.",
         ENTRY),
        ("everything_moved", {"entry": "everything"},
         "You moved the whole table. The transition tells only about one entry.", ENTRY),
        ("entry_of_the_next_state", {"entry": "after"},
         "You moved an entry of s'. The transition started at s: that entry learns.", ENTRY),
        ("entry_before", {"entry": "previous"},
         "You moved the entry before that of the joint action. They are counted from 0.", ENTRY),
        ("entry_behind", {"entry": "next"},
         "You moved the entry behind that of the joint action. They are counted from 0.", ENTRY),
        ("state_before", {"entry": "state before"},
         "You moved an entry of the state before s. States are counted from 0.", ENTRY),
        ("states_exchanged", {"unpacked": "states exchanged"},
         "You exchanged s and s'. A transition is (s, a, r, s').", TARGET),
        ("reward_unpacked_last", {"unpacked": "reward last"},
         "You took s' for the reward, and the reward for s'. A transition is (s, a, r, s').", TARGET),
        ("action_unpacked_first", {"unpacked": "action first"},
         "You exchanged s and a. A transition is (s, a, r, s').", ENTRY),
        ("entry_alone", {"gives": "entry"},
         "You return only an entry, not the table. Return all of it, with one entry changed.", TABLE),
        ("row_alone", {"gives": "row"},
         "You return only the row of s, not the table. Return all of it, with one entry changed.", TABLE),
        ("target_alone", {"gives": "target"},
         "You return the target. Return the table after the step.", TABLE),
        ("change_alone", {"gives": "step"},
         "You return the step. Return the table after it.", TABLE),
    ],
)  # fmt: skip
def td_step(q, slow, transition, policy, gamma, rate):
    """q (S, J) after one temporal-difference step on a transition; the next value comes from the slow copy."""
    s, joint, reward, after = transition
    target = reward + gamma * (policy[after] * slow[after]).sum()
    moved = q.clone()
    moved[s, joint] += rate * (target - q[s, joint])
    return moved


def given(condition, holds):
    """What a property says if it makes sense at all; otherwise nothing, so that no mistake counts as two."""
    if not condition:
        raise ValueError("another property is violated")
    return holds


def differences(q, row, column, taken, unknown=None):
    """By how much row's first action is better than its second, with the true q and with 0 in place of an entry.

    Its regret is this, times a positive probability. The entry is the one that was not taken.
    """
    known = taken if unknown is None else np.arange(6).reshape(2, 3) != unknown
    given(
        q.shape == (2, 3) and known.shape == (2, 3) and np.sum(known == 0) == 1 and (known[known != 0] == 1).all(), True
    )
    given(policies(row, column), True)
    return [float((table[0] - table[1]) @ column) for table in (q, q * known)]


def policies(*found):
    """Whether these are policies."""
    return all((p >= 0).all() and abs(p.sum() - 1) < 1e-3 for p in found)


def the_wrong_one(q, row, column, taken):
    """Whether another entry than the one that was not taken would do."""
    true, seeming = differences(q, row, column, taken)
    others = [k for k in range(6) if column[k % 3] < 0.25 + 1e-6]
    return true > LEAST and seeming > -LEAST and any(differences(q, row, column, taken, k)[1] < -LEAST for k in others)


def zero_already(q, row, column, taken):
    """Whether q has a 0 where the missing entry should be."""
    differences(q, row, column, taken)
    return bool(np.abs(q[taken == 0]).max() < LEAST)


def other_way_round(q, row, column, taken):
    """Whether the regret turns from negative to positive."""
    true, seeming = differences(q, row, column, taken)
    return true < -LEAST and seeming > LEAST


LEAST = 1e-6  # what counts as a difference


@exercise(
    "open", lesson=LESSON, title="One joint action never taken", difficulty=3, importance=4, minutes=10,
    hints=(
        "The entry of a joint action that was never taken stays 0. Which missing entry makes the better action look bad?",
        r"Wanted: $\sum_c \pi(c)\,[Q(0, c) - Q(1, c)] > 0$, but below 0 when one entry of $Q$ is replaced by 0.",
        "q = torch.tensor([[..., ..., 8.0], [..., ..., 7.0]])\nrow = ...\ncolumn = ...  # the last move is rare\n"
        "taken = torch.tensor([[1, 1, 0], [1, 1, 1]])",
    ),
    properties=[
        ("shapes", lambda q, row, column, taken: [x.shape for x in (q, row, column, taken)] == [(2, 3), (2,), (3,), (2, 3)]
         or (3, 2) in (q.shape, taken.shape) or (row.shape, column.shape) == ((3,), (2,)),
         "Pass four things, (q, row, column, taken), of the shapes (2, 3), (2,), (3,) and (2, 3)."),
        ("transposed", lambda q, row, column, taken: (3, 2) not in (q.shape, taken.shape),
         "One of your tables is 3 × 2. Row's actions are its two rows, column's its three columns: 2 × 3."),
        ("policies_exchanged", lambda q, row, column, taken: (row.shape, column.shape) != ((3,), (2,)),
         "You exchanged the policies: row has two actions and comes first, column has three."),
        ("are_policies", lambda q, row, column, taken: policies(row, column),
         "The entries of a policy are not negative and sum to 1. One of your policies violates this."),
        ("both_mix", lambda q, row, column, taken: given(policies(row, column), min(row.min(), column.min()) > LEAST),
         "One action is never played. Then it would not be missed: let both players mix."),
        ("zeros_and_ones", lambda q, row, column, taken: set(np.unique(taken)) <= {0.0, 1.0},
         "`taken` must be 1 for a joint action that was taken, and 0 for one that was not."),
        ("taken_inverted", lambda q, row, column, taken: given(set(np.unique(taken)) <= {0.0, 1.0}, taken.sum() != 1),
         "By your `taken`, only one joint action was taken. Write 1 for what was taken and 0 for what was not: is it the "
         "wrong way round?"),
        ("none_is_missing", lambda q, row, column, taken: given(set(np.unique(taken)) <= {0.0, 1.0}, taken.sum() != 6),
         "By your `taken`, every joint action was taken. Exactly one must be missing from the data."),
        ("one_is_missing", lambda q, row, column, taken: given(
            set(np.unique(taken)) <= {0.0, 1.0} and taken.sum() not in (1, 6), taken.sum() == 5),
         "More than one joint action is missing from the data. Exactly one of the six must be."),
        ("the_missing_one_is_rare", lambda q, row, column, taken: given(
            taken.shape == (2, 3) and taken.sum() == 5 and policies(column), column[int(taken.min(0).argmin())] < 0.25 + LEAST),
         "Column plays the missing move too often. With a probability of at most 0.25, it may well be missing."),
        ("zero_already", lambda *four: not zero_already(*four),
         "In your q, the missing entry is 0 already, so nothing changes. Enter the *true* q: what the critic would have "
         "learned, had it seen everything."),
        ("other_way_round", lambda *four: given(not zero_already(*four), not other_way_round(*four)),
         "Yours is the other way round: with the true q the regret of row's *first* action is negative, and with 0 it is "
         "positive."),
        ("zero_regret", lambda *four: given(not zero_already(*four), abs(differences(*four)[0]) > LEAST),
         "With the true q, the regret of the first action is exactly 0. It must be positive."),
        ("first_is_better", lambda *four: given(
            not zero_already(*four) and not other_way_round(*four) and abs(differences(*four)[0]) > LEAST,
            differences(*four)[0] > 0),
         "With the true q, the regret of the first action is not positive. It must be the better one."),
        ("zero_with_zero", lambda *four: given(
            not zero_already(*four) and differences(*four)[0] > LEAST, abs(differences(*four)[1]) > LEAST),
         "With 0 in place of the missing entry, the regret of the first action is exactly 0. It must be negative."),
        ("another_is_missing", lambda *four: given(
            not zero_already(*four) and abs(differences(*four)[1]) > LEAST, not the_wrong_one(*four)),
         "With 0 in place of this entry, the regret of the first action is not negative. But your q would do if another "
         "joint action had not been taken: which one?"),
        ("first_seems_worse", lambda *four: given(
            not zero_already(*four) and differences(*four)[0] > LEAST and abs(differences(*four)[1]) > LEAST
            and not the_wrong_one(*four), differences(*four)[1] < 0),
         "With 0 in place of the missing entry, the regret of the first action is not negative. How much must the missing "
         "entry contribute to it?"),
    ],
)  # fmt: skip
def never_taken():
    """q (A_1, A_2), both policies, and the joint actions in the data: the regrets depend on one that is missing."""
    q = torch.tensor([[2.0, 2.0, 8.0], [1.0, 1.0, 7.0]])
    return q, torch.tensor([0.5, 0.5]), torch.tensor([0.4, 0.4, 0.2]), torch.tensor([[1, 1, 0], [1, 1, 1]])
