"""Exercises of sheet 01, many states: ends and cuts, and the Markov chain of the states. The last is in `team.py`."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import SIZES, one_of, policy, uniform
from .random_cases import ones as weights_of_one

LESSON = "01_games"


def earned(pay, goes_on, gamma, steps, *, end="after", discount="each", lost="multiplied", moves=None, first="in full"):
    """What an income is worth: all payments, or those of the moves that are named."""
    going = {"after": goes_on, "never": 1.0, "complement": 1 - goes_on}[end]
    gamma_used = {"each": gamma, "never": 1.0, "complement": 1 - gamma}[discount]
    factor = {"multiplied": going * gamma_used, "added": going + gamma_used - 1, "sum": going + gamma_used}[lost]
    count = {None: 10_000, "watched": steps, "one more": steps + 1, "two": 2, "one": 1}[moves]
    total = pay * (sum(factor**t for t in range(count)) if moves else 1 / (1 - factor))
    return {"in full": 1.0, "missing": factor, "discounted": gamma, "uncertain": goes_on}[first] * total


@exercise(
    "number", lesson=LESSON, title="An income that may end", difficulty=2, importance=5, minutes=6,
    example=(1.0, 0.75, 0.8, 3), expected=2.5,
    advice="Test it: one move later, you are in the same state. So your V must equal pay + γ · T · V.",
    vary=lambda generator: (
        one_of(generator, 1.0, 2.0, 3.0, 4.0), one_of(generator, 0.5, 0.6, 0.75, 0.8, 0.9), one_of(generator, 0.5,
            0.75, 0.8, 0.9),
        int(one_of(generator, 3, 4, 5)),
    ),
    rewordings=[
        ("Each move pays 1.", lambda pay, goes_on, gamma, steps: f"Each move pays {pay:g}."),
        ("sums to 0.75: with 0.75", lambda pay, goes_on, gamma, steps: f"sums to {goes_on:g}: with {goes_on:g}"),
        ("γ is 0.8. We\nwatch 3 moves", lambda pay, goes_on, gamma, steps: f"γ is {gamma:g}. We\nwatch {steps} moves"),
    ],
    hints=(
        "What is the game worth if it goes on after this move? Then you are in the same state, one move later.",
        r"$V = \text{pay} + \gamma\, T(s \mid s)\, V$. Solve for V.",
        lambda pay, goes_on, gamma, steps: f"# V = {pay:g} + {gamma:g} * ... * V\nincome = ...",
    ),
    slipping=earned,
    mistakes=[
        ("end_forgotten", {"end": "never"},
         lambda pay, goes_on, gamma, steps: f"In your answer, the game never ends. But the row of T sums to only "
         f"{goes_on:g}: with "
         f"probability {1 - goes_on:g} there is no next state and no more pay.",
         "How likely is it that there is a second move at all?"),
        ("discount_forgotten", {"discount": "never"},
         "The discount is missing: what comes one move later counts only γ times as much.",
         "What is the second payment worth today, if it comes for certain?"),
        ("cut_taken_for_an_end", {"moves": "watched"},
         "You stopped after the last move that we watch. There the episode is only truncated: the game goes on.",
         "What does the game do after we stop watching?"),
        ("stopped_one_move_later", {"moves": "one more"},
         "You stopped one move after the last that we watch. There the episode is only truncated: the game goes on.",
         "What does the game do after we stop watching?"),
        ("two_payments_only", {"moves": "two"},
         "You counted two payments only. The game goes on after the second, too: use V itself for all that comes "
         "later.",
         "After one move you are in the same state. What is that state worth?"),
        ("no_future", {"moves": "one"},
         "This is only the first payment. Later payments count as well.",
         "After one move you are in the same state. What is that state worth?"),
        ("discount_off_by_one", {"first": "discounted"},
         "You discounted the first payment, too. It is paid at once and counts in full: γ to the power t starts with "
         "t = 0.",
         "Write down the first three payments, each with its power of γ."),
        ("first_pay_missing", {"first": "missing"},
         "Your sum starts one move too late: the first payment is missing, or it is reduced like the second. It is "
         "certain, and paid "
         "at once.",
         "Write down the first three payments, each with its probability and its power of γ."),
        ("may_end_before_the_pay", {"first": "uncertain"},
         "In your answer, the game may end before the move is paid. It can only end afterwards, so the first payment "
         "is certain.",
         "Write down the first three payments, each with its probability."),
        ("probability_of_the_end", {"end": "complement"},
         "You used the probability of the end. Use the probability that the game goes on.",
         "Which of the two probabilities belongs to a second payment?"),
        ("one_minus_gamma", {"discount": "complement"},
         "You used 1 − γ as the discount. What comes one move later counts γ times as much.",
         "What is the second payment worth today, if it comes for certain?"),
        ("losses_added", {"lost": "added"},
         "You added the losses from the discount and from the end. Each applies to what the other leaves: multiply.",
         "How likely is a second payment, and how much does it count? What is the product?"),
        ("factors_added", {"lost": "sum"},
         "You added γ and the probability of going on. A later payment must be reached *and* is discounted: multiply.",
         "How likely is a second payment, and how much does it count? What is the product?"),
        ("discounted_once", lambda pay, goes_on, gamma, steps: pay * (1 + gamma * goes_on / (1 - goes_on)),
         "You discounted all later payments only once. Each further move discounts once more.",
         "Write down the first three payments, each with its power of γ."),
        ("not_divided", lambda pay, goes_on, gamma, steps: pay * (1 - gamma * goes_on),
         "You multiplied by 1 minus the factor that is left after each move. Solve V = pay + factor · V for V.",
         "Bring both terms with V to one side. By what do you divide then?"),
        ("divided_by_what_is_left", lambda pay, goes_on, gamma, steps: pay / (gamma * goes_on),
         "You divided by the factor that is left after each move. Solve V = pay + factor · V for V.",
         "Bring both terms with V to one side."),
        ("only_what_is_left", lambda pay, goes_on, gamma, steps: pay * gamma * goes_on,
         "This is the second payment alone, with its probability and its discount. All payments count.",
         "After one move you are in the same state. What is that state worth?"),
    ],
)  # fmt: skip
def ending_income(pay, goes_on, gamma, steps):
    """The value of an income `pay` that continues with probability `goes_on` after each step, discounted by gamma."""
    factor = gamma * goes_on
    return pay / (1 - factor)


def together(policies):
    """Probabilities of the joint actions (S, |A|); the last agent's action changes fastest."""
    found = policies[0]
    for p in policies[1:]:
        found = torch.einsum("sa,sb->sab", found, p).flatten(1)
    return found


def added(policies):
    """Sums in place of products."""
    found = policies[0]
    for p in policies[1:]:
        found = (found[:, :, None] + p[:, None, :]).flatten(1)
    return found


def likeliest(p):
    """The largest probability of each row becomes 1, all others 0."""
    return torch.nn.functional.one_hot(p.argmax(1), p.shape[1]).to(p)


def chained(
    T, policies, *, states="own", order="last fastest", last="its policy", first="its policy", joint="product",
    weights="joint", reader="now", over=1.0, ends="left", turned=False, over_states=None,
):  # fmt: skip
    """P (S, S), from T (S, |A|, S)."""
    if states != "own":
        policies = [(p[:1] if states == "first" else p.mean(0, keepdim=True)).expand_as(p) for p in policies]
    if last != "its policy":
        policies = [*policies[:-1], *(uniform if last == "uniform" else weights_of_one)(policies[-1:])]
    if first != "its policy":
        policies = [*uniform(policies[:1]), *policies[1:]]
    pi = {"product": together, "sum": added}[joint](policies if order == "last fastest" else policies[::-1])
    pi = {
        "joint": lambda: pi, "uniform": lambda: torch.full_like(pi, 1 / pi.shape[1]),
            "one": lambda: torch.ones_like(pi),
        "likeliest": lambda: likeliest(pi), "mean": lambda: pi / pi.shape[1],
        "last missing": lambda: torch.cat([pi[:, :-1], 0 * pi[:, -1:]], 1),
        "first missing": lambda: torch.cat([0 * pi[:, :1], pi[:, 1:]], 1),
    }[weights]()  # fmt: skip
    P = torch.einsum("sj,sjt->st" if reader == "now" else "tj,sjt->st", pi, T)
    rest = 1 - P.sum(1, keepdim=True)
    P = {
        "left": lambda: P, "normalised": lambda: P / P.sum(1, keepdim=True),
            "stays": lambda: P + rest * torch.eye(len(P)),
        "restarts": lambda: torch.cat([P[:, :1] + rest, P[:, 1:]], 1), "spread": lambda: P + rest / len(P),
        "last state": lambda: torch.cat([P[:, :-1], P[:, -1:] + rest], 1), "column": lambda: torch.cat([P, rest], 1),
    }[ends]()  # fmt: skip
    P = P.T if turned else P
    return {None: lambda: P, "sum": lambda: P.sum(0), "mean": lambda: P.mean(0), "next": lambda: P.sum(1)}[
        over_states
    ]()


def with_end(P):
    """P with the end as one more state, in which one stays."""
    return torch.cat([torch.cat([P, 1 - P.sum(1, keepdim=True)], 1), torch.eye(len(P) + 1)[-1:]])


def transitions(generator, S, J):
    """T (S, J, S); most rows sum to less than 1: the game may end."""
    goes_on = 0.5 + 0.5 * torch.rand(S, J, 1, generator=generator)
    return goes_on * policy(generator, S, J, S)


def states_and_policies(generator, S, sizes):
    """T (S, |A|, S) and policies n × (S, A_j)."""
    return transitions(generator, S, torch.Size(sizes).numel()), [policy(generator, S, size) for size in sizes]


@exercise(
    lesson=LESSON, title="From T to a chain of states", difficulty=3, importance=4, minutes=14,
    example=(
        torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]], [[1.0, 0.0]] * 4]),
        [torch.tensor([[0.25, 0.75], [0.5, 0.5]]), torch.tensor([[0.2, 0.8], [0.5, 0.5]])],
    ),
    expected=[[0.2, 0.2], [1.0, 0.0]],
    draw=lambda generator, k: states_and_policies(generator, 2 + (k + 1) % 3, SIZES[k % len(SIZES)]),
    edges={
        "there are as many states as joint actions": lambda generator: states_and_policies(generator, 4, (2, 2)),
        "there are as many states as agents and actions": lambda generator: states_and_policies(generator, 3, (3, 3,
            3)),
        "there is only one state": lambda generator: states_and_policies(generator, 1, (3, 2)),
        "there are four agents": lambda generator: states_and_policies(generator, 2, (2, 3, 2, 3)),
        "an agent has only one action": lambda generator: states_and_policies(generator, 2, (1, 3)),
        "the game never ends": lambda generator: (policy(generator, 3, 8, 3), states_and_policies(generator, 3, (4,
            2))[1]),
        "the game ends at once": lambda generator: (torch.zeros(3, 6, 3), states_and_policies(generator, 3, (2, 3))[1]),
        "the agents do not mix": lambda generator: (
            transitions(generator, 3, 6), [torch.eye(2)[[0, 1, 1]], torch.eye(3)[[2, 0, 1]]]),
    },
    hints=(
        "How probable is each joint action in a state? Average the rows of T of this state with these weights.",
        r"$P(s' \mid s) = \sum_a \prod_j \pi_j(a_j \mid s)\; T(s' \mid s, a)$",
        """\
        def state_chain(T, policies):
            joint = policies[0]  # (S, A_1)
            for p in policies[1:]:
                joint = ...  # (S, A_1 · A_2), then one agent more
            return ...  # average over joint actions""",
    ),
    slipping=chained,
    mistakes=[
        ("joint_action_order", {"order": "first fastest"},
         "Your joint actions are in another order. In T the *last* agent's action changes fastest: (0, 0), (0, 1), …",
         "Write the list of joint actions for agents with two and three actions. Which index changes from one to the "
         "next?"),
        ("last_policy_left_out", {"last": "uniform"},
         "In your answer, the last agent plays all actions equally often. It is the external, and it has a policy, "
         "too.",
         "How many factors has the product of a joint action's probability?"),
        ("last_policy_missing", {"last": "one"},
         "The last agent's policy is missing from your product. It is the external, and it has a policy, too.",
         "How many factors has the product of a joint action's probability?"),
        ("first_policy_left_out", {"first": "uniform"},
         "In your answer, the first agent plays all actions equally often. It has a policy, too.",
         "How many factors has the product of a joint action's probability?"),
        ("probabilities_added", {"joint": "sum"},
         "You added the agents' probabilities. They act independently: multiply.",
         "Do your probabilities of all joint actions in a state sum to 1?"),
        ("all_uniform", {"weights": "uniform"},
         "You weighted all joint actions equally. Weight each by its probability: the product of the agents' policies.",
         "Where in your answer are the policies used?"),
        ("summed_without_weights", {"weights": "one"},
         "You summed T over joint actions without weights. Weight each by its probability.",
         "Where in your answer are the policies used?"),
        ("averaged_where_a_sum_is_due", {"weights": "mean"},
         "You took a mean after weighting. With probabilities as weights, the sum is already the mean.",
         "By what do you divide, and what is there to divide for?"),
        ("likeliest_action", {"weights": "likeliest"},
         "You followed only the likeliest joint action. The exercise asks for the expectation over all of them.",
         "How much does the second likeliest joint action contribute to the formula?"),
        ("last_joint_action_missing", {"weights": "last missing"},
         "The last joint action is missing from your sum.",
         "How many joint actions are there, and which is the last index?"),
        ("first_joint_action_missing", {"weights": "first missing"},
         "The first joint action is missing from your sum.",
         "How many joint actions are there, and which is the first index?"),
        ("one_policy_for_all_states", {"states": "first"},
         "You use the policies of the first state in all states. Each state has its own row.",
         "Which axis of a policy is that of the states? Follow it through your answer."),
        ("policies_averaged_over_states", {"states": "mean"},
         "You averaged the policies over states first. Each state has its own row.",
         "Which axis of a policy is that of the states? Follow it through your answer."),
        ("policy_of_the_next_state", {"reader": "next"},
         "You use the policies of the next state. The agents act in the current one.",
         "Which of T's two axes of states belongs to π(a | s)?"),
        ("rows_normalised", {"ends": "normalised"},
         "You made each row sum to 1. The rest of a row is the probability that the game ends: do not redistribute it.",
         "In the sheet's example, how likely is it that the game ends after a move in state 0?"),
        ("end_taken_for_staying", {"ends": "stays"},
         "You put what a row lacks to 1 on the diagonal, as if one stayed in the state. It is the probability that "
         "the game ends.",
         "In the sheet's example, where does (1, 1) lead in state 0? Is that a state?"),
        ("end_taken_for_a_restart", {"ends": "restarts"},
         "You added what a row lacks to 1 to state 0, as if the game began anew. It is the probability that the game "
         "ends.",
         "In the sheet's example, where does (1, 1) lead in state 0? Is that a state?"),
        ("end_taken_for_the_last_state", {"ends": "last state"},
         "You added what a row lacks to 1 to the last state. It is the probability that the game ends, and the end "
         "is no state.",
         "In the sheet's example, where does (1, 1) lead in state 0? Is that a state?"),
        ("end_spread", {"ends": "spread"},
         "You distributed what a row lacks to 1 over all states. It is the probability that the game ends.",
         "In the sheet's example, where does (1, 1) lead in state 0? Is that a state?"),
        ("end_as_a_state", {"ends": "column"},
         "You have a column too many, that of the end. P has the shape (S, S): the end is no state.",
         "What shape is P to have, and what shape is yours?"),
        ("end_as_row_and_column", lambda T, policies: with_end(chained(T, policies)),
         "You have a row and a column too many, those of the end. P has the shape (S, S): the end is no state.",
         "What shape is P to have, and what shape is yours?"),
        ("transposed", {"turned": True},
         "Rows and columns are exchanged. Rows are the current state, columns the next one.",
         "Over which index do you sum to get 1, or less if the game may end?"),
        ("summed_over_states", {"over_states": "sum"},
         "You summed over the current states, too, so one row is left. Keep a row for each state s.",
         "Which letters stand on the left of the formula? Your result needs an axis for each."),
        ("averaged_over_states", {"over_states": "mean"},
         "You averaged over the current states, too, so one row is left. Keep a row for each state s.",
         "Which letters stand on the left of the formula? Your result needs an axis for each."),
        ("next_state_summed", {"over_states": "next"},
         "You summed over the next states, too, so this is how likely the game goes on. Keep a column for each state "
         "s′.",
         "Which letters stand on the left of the formula? Your result needs an axis for each."),
        ("not_summed_over_actions", lambda T, policies: together(policies)[:, :, None] * T,
         "You weighted each joint action's row of T, but did not sum over joint actions.",
         "Which letter of the formula stands under the sum? Is its axis gone?"),
        ("joint_policy_only", lambda T, policies: together(policies),
         "These are the probabilities of the joint actions. Use them to average the rows of T.",
         "Each joint action leads to a row of T. What is the mean of these rows?"),
    ],
    properties=[
        ("rows_at_most_one", lambda result, T, policies: result.min() > -1e-6 and result.sum(1).max() < 1 + 1e-3,
         "the entries of a row are probabilities: not negative, with a sum of at most 1. Yours are not."),
    ],
)  # fmt: skip
def state_chain(T, policies):
    """P (S, S), the transitions between states under the joint policy: T (S, |A|, S), policies n × (S, A_j)."""
    joint = policies[0]
    for p in policies[1:]:
        joint = (joint[:, :, None] * p[:, None, :]).reshape(len(T), -1)
    return (joint[:, :, None] * T).sum(1)
