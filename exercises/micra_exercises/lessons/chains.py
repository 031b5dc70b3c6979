"""Exercises of sheet 01, many states: ends and cuts, the Markov chain of the states, the value of a team."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import SIZES, one_of, policy, uniform

LESSON = "01_games"


@exercise(
    "number", lesson=LESSON, title="An income that may end", difficulty=2, importance=5, minutes=6,
    example=(1.0, 0.75, 0.8, 3), expected=2.5,
    advice="Test it: one move later, you are in the same state. So your V must equal pay + γ · T · V.",
    vary=lambda generator: (
        one_of(generator, 1.0, 2.0, 3.0, 4.0), one_of(generator, 0.5, 0.6, 0.75, 0.8, 0.9), one_of(generator, 0.5, 0.75, 0.8, 0.9),
        int(one_of(generator, 2, 3, 4, 5)),
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
    mistakes=[
        ("end_forgotten", lambda pay, goes_on, gamma, steps: pay / (1 - gamma),
         lambda pay, goes_on, gamma, steps: f"In your answer, the game never ends. But the row of T sums to only {goes_on:g}: with "
         f"probability {1 - goes_on:g} there is no next state and no more pay."),
        ("discount_forgotten", lambda pay, goes_on, gamma, steps: pay / (1 - goes_on),
         "The discount is missing: what comes one move later counts only γ times as much."),
        ("cut_taken_for_an_end", lambda pay, goes_on, gamma, steps: pay * sum((gamma * goes_on) ** t for t in range(steps)),
         "You stopped after the last move that we watch. There the episode is only truncated: the game goes on."),
        ("discount_off_by_one", lambda pay, goes_on, gamma, steps: gamma * pay / (1 - gamma * goes_on),
         "You discounted the first payment, too. It is paid at once and counts in full: γ to the power t starts with t = 0."),
        ("first_pay_missing", lambda pay, goes_on, gamma, steps: gamma * goes_on * pay / (1 - gamma * goes_on),
         "The first payment is missing. It is certain: the game can only end after the move."),
        ("may_end_before_the_pay", lambda pay, goes_on, gamma, steps: goes_on * pay / (1 - gamma * goes_on),
         "In your answer, the game may end before the move is paid. It can only end afterwards, so the first payment is certain."),
        ("probability_of_the_end", lambda pay, goes_on, gamma, steps: pay / (1 - gamma * (1 - goes_on)),
         "You used the probability of the end. Use the probability that the game goes on."),
        ("losses_added", lambda pay, goes_on, gamma, steps: pay / (1 - (gamma + goes_on - 1)),
         "You added the losses from the discount and from the end. Each applies to what the other leaves: multiply."),
        ("no_future", lambda pay, goes_on, gamma, steps: pay,
         "This is only the first payment. Later payments count as well."),
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


def chain(T, policies):
    """P (S, S), from T (S, |A|, S)."""
    return torch.einsum("sj,sjt->st", together(policies), T)


def transitions(generator, S, J):
    """T (S, J, S); most rows sum to less than 1: the game may end."""
    goes_on = 0.5 + 0.5 * torch.rand(S, J, 1, generator=generator)
    return goes_on * policy(generator, S, J, S)


def states_and_policies(generator, k):
    """T (S, |A|, S) and policies n × (S, A_j)."""
    sizes, S = SIZES[k % len(SIZES)], 2 + (k + 1) % 3
    return transitions(generator, S, torch.Size(sizes).numel()), [policy(generator, S, size) for size in sizes]


@exercise(
    lesson=LESSON, title="From T to a chain of states", difficulty=3, importance=4, minutes=14,
    example=(
        torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]], [[1.0, 0.0]] * 4]),
        [torch.tensor([[0.25, 0.75], [0.5, 0.5]]), torch.tensor([[0.2, 0.8], [0.5, 0.5]])],
    ),
    expected=[[0.2, 0.2], [1.0, 0.0]], draw=states_and_policies,
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
    mistakes=[
        ("joint_action_order", lambda T, policies: chain(T, policies[::-1]),
         "Your joint actions are in another order. In T the *last* agent's action changes fastest: (0, 0), (0, 1), …"),
        ("last_policy_left_out", lambda T, policies: chain(T, [*policies[:-1], *uniform(policies[-1:])]),
         "In your answer, the last agent plays all actions equally often. It is the external, and it has a policy, too."),
        ("probabilities_added", lambda T, policies: torch.einsum("sj,sjt->st", added(policies), T),
         "You added the agents' probabilities. They act independently: multiply."),
        ("all_uniform", lambda T, policies: T.mean(1),
         "You weighted all joint actions equally. Weight each by its probability: the product of the agents' policies."),
        ("summed_without_weights", lambda T, policies: T.sum(1),
         "You summed T over joint actions without weights. Weight each by its probability."),
        ("averaged_where_a_sum_is_due", lambda T, policies: chain(T, policies) / T.shape[1],
         "You took a mean after weighting. With probabilities as weights, the sum is already the mean."),
        ("likeliest_action", lambda T, policies: T[torch.arange(len(T)), together(policies).argmax(1)],
         "You followed only the likeliest joint action. The exercise asks for the expectation over all of them."),
        ("rows_normalised", lambda T, policies: (P := chain(T, policies)) / P.sum(1, keepdim=True),
         "You made each row sum to 1. The rest of a row is the probability that the game ends: do not redistribute it."),
        ("transposed", lambda T, policies: chain(T, policies).T,
         "Rows and columns are exchanged. Rows are the current state, columns the next one."),
        ("one_policy_for_all_states", lambda T, policies: chain(T, [p[:1].expand_as(p) for p in policies]),
         "You use the policies of the first state in all states. Each state has its own row."),
        ("policy_of_the_next_state", lambda T, policies: torch.einsum("tj,sjt->st", together(policies), T),
         "You use the policies of the next state. The agents act in the current one."),
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


def solved(T, pay, policy, gamma):
    """V (S,), from the pay of each joint action (S, J)."""
    P = torch.einsum("sj,sjt->st", policy, T)
    return torch.linalg.solve(torch.eye(len(T), dtype=T.dtype) - gamma * P, (policy * pay).sum(1))


def best_value(T, pay, gamma):
    """V (S,) of the best joint action in each state."""
    V = torch.zeros(len(T), dtype=T.dtype)
    for _ in range(80):
        V = (pay + gamma * T @ V).max(1).values
    return V


def game_and_start(generator, k):
    """T (S, J, S), R (S, J, n), a joint policy (S, J), a start distribution (S,), γ."""
    S, J, n = 2 + k % 3, (3, 4, 6)[(k + 1) % 3], 3 + k % 2
    R = 2 * torch.randn(S, J, n, generator=generator)
    return transitions(generator, S, J), R, policy(generator, S, J), policy(generator, S), 0.4 + 0.1 * (k % 5)


def mean_pay(R):
    """The mean reward of the targets (S, J)."""
    return R[..., :-1].mean(-1)


@exercise(
    lesson=LESSON, title="What a team is worth", difficulty=3, importance=5, minutes=15,
    example=(
        torch.tensor([[[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]], [[1.0, 0.0]] * 3]),
        torch.tensor([[[2.0, 0.0, -1.0], [4.0, 2.0, -6.0], [4.0, 2.0, -6.0]], [[0.0, 0.0, 0.0]] * 3]),
        torch.tensor([[0.4, 0.4, 0.2], [0.5, 0.25, 0.25]]), torch.tensor([0.2, 0.8]), 0.5,
    ),
    expected=1.65, draw=game_and_start,
    hints=(
        "First find V of each state. Start with zeros, look one move ahead, and repeat until nothing changes.",
        r"$V(s) = \sum_a \pi(a \mid s)\big[R(s, a) + \gamma \sum_{s'} T(s' \mid s, a) V(s')\big]$; "
        r"the answer is $\sum_s \mathrm{start}(s)\, V(s)$.",
        """\
        def team_value(T, R, policy, start, gamma):
            pay = ...  # (S, |A|): the targets' mean
            V = torch.zeros(len(T))
            for _ in range(200):
                V = (policy * (pay + ...)).sum(1)
            return ...""",
    ),
    mistakes=[
        ("external_paid_too", lambda T, R, policy, start, gamma: start @ solved(T, R.mean(-1), policy, gamma),
         "Your mean includes all agents. The last one is the external: its reward is not the team's."),
        ("externals_reward", lambda T, R, policy, start, gamma: start @ solved(T, R[..., -1], policy, gamma),
         "This is what the external earns. Take the targets' rewards."),
        ("first_target_only", lambda T, R, policy, start, gamma: start @ solved(T, R[..., 0], policy, gamma),
         "This is what the first target earns. The team earns the mean of all targets."),
        ("first_two_only", lambda T, R, policy, start, gamma: start @ solved(T, R[..., :2].mean(-1), policy, gamma),
         "You average the first two agents. There may be more targets: take all but the last agent."),
        ("targets_added", lambda T, R, policy, start, gamma: start @ solved(T, R[..., :-1].sum(-1), policy, gamma),
         "You summed the targets' rewards. The team's reward is their mean."),
        ("discount_off_by_one", lambda T, R, policy, start, gamma: gamma * (start @ solved(T, mean_pay(R), policy, gamma)),
         "You discounted every reward once too often. The first one counts in full."),
        ("discount_forgotten", lambda T, R, policy, start, gamma: start @ solved(T, mean_pay(R), policy, 1.0),
         "The discount is missing: what comes one move later counts only γ times as much."),
        ("no_future", lambda T, R, policy, start, gamma: start @ (policy * mean_pay(R)).sum(1),
         "This is only the reward of the first move. Add what comes after it."),
        ("one_move_ahead", lambda T, R, policy, start, gamma: start @ solved(
             torch.zeros_like(T), mean_pay(R) + gamma * T @ solved(0 * T, mean_pay(R), policy, gamma), policy, gamma),
         "You looked one move ahead and stopped. The value has no last move: repeat, or solve V = r + γ P V."),
        ("transposed", lambda T, R, policy, start, gamma: start @ torch.linalg.solve(
             torch.eye(len(T), dtype=T.dtype) - gamma * torch.einsum("sj,sjt->ts", policy, T), (policy * mean_pay(R)).sum(1)),
         "Rows and columns of P are exchanged. Rows are the current state, columns the next one."),
        ("averaged_where_a_sum_is_due",
         lambda T, R, policy, start, gamma: start @ solved(T, mean_pay(R) / T.shape[1], policy, gamma),
         "You took a mean of the rewards after weighting them. With probabilities as weights, the sum is already the mean."),
        ("start_forgotten", lambda T, R, policy, start, gamma: solved(T, mean_pay(R), policy, gamma).mean(),
         "You weighted all states equally. The game does not start in all of them equally often: weight V by `start`."),
        ("first_state_only", lambda T, R, policy, start, gamma: solved(T, mean_pay(R), policy, gamma)[0],
         "This is V of state 0. The game may start elsewhere: weight V by `start`."),
        ("value_of_each_state", lambda T, R, policy, start, gamma: solved(T, mean_pay(R), policy, gamma),
         "This is V, one number for each state. The exercise asks for a single number: weight V by `start`."),
        ("end_forgotten", lambda T, R, policy, start, gamma: start @ solved(T / T.sum(-1, keepdim=True).clamp(min=1e-9), mean_pay(R), policy, gamma),
         "You made the rows of T sum to 1, as if the game never ended. The rest is the probability of the end, which nothing follows."),
        ("others_uniform", lambda T, R, policy, start, gamma: start @ solved(T, mean_pay(R), uniform([policy])[0], gamma),
         "You weighted all joint actions equally. Weight them by `policy`."),
        ("best_instead_of_expected", lambda T, R, policy, start, gamma: start @ best_value(T, mean_pay(R), gamma),
         "You took the best joint action in each state. The exercise asks for the value of *these* policies."),
    ],
    properties=[
        ("summed_to_the_end", lambda result, T, R, policy, start, gamma: not 1e-6 < abs(
             result - float(start @ solved(T, mean_pay(R), policy, gamma))) < 0.05,
         "close, but not equal. Do your sweeps stop too early? Nothing is truncated here: go on until V no longer changes."),
    ],
)  # fmt: skip
def team_value(T, R, policy, start, gamma):
    """The targets' mean discounted value from the start: T (S, J, S), R (S, J, n), policy (S, J), start (S,)."""
    pay = R[:, :, :-1].mean(2)
    V = torch.zeros(len(T))
    for _ in range(100):
        V = (policy * (pay + gamma * T @ V)).sum(1)
    return start @ V
