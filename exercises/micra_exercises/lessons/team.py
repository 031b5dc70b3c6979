"""Exercises of sheet 01: the value of a team over many states."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .chains import LESSON, likeliest, transitions
from .random_cases import policy

# The pay of each joint action, from R (…, n).
PAID = {
    "targets": lambda R: R[..., :-1].mean(-1),
    "all": lambda R: R.mean(-1),
    "external": lambda R: R[..., -1],
    "first": lambda R: R[..., 0],
    "first two": lambda R: R[..., :2].mean(-1),
    "all but the first": lambda R: R[..., 1:].mean(-1),
    "sum": lambda R: R[..., :-1].sum(-1),
    "sum of all": lambda R: R.sum(-1),
    "divided by n": lambda R: R[..., :-1].sum(-1) / R.shape[-1],
    "largest": lambda R: R[..., :-1].max(-1).values,
    "smallest": lambda R: R[..., :-1].min(-1).values,
    "median": lambda R: R[..., :-1].quantile(0.5, -1),
    "less the external": lambda R: R[..., :-1].mean(-1) - R[..., -1],
}


def evaluated(
    T, R, policy, start, gamma, *, paid="targets", acts="policy", discount="later", ends="kept", future="all",
        turned=False,
    starts="start", weights="policy", leads="policy",
):  # fmt: skip
    """A team's value: solved exactly, for any of the slips that are named."""
    S, J = policy.shape
    uniform = torch.full_like(policy, 1 / J)
    policy = {"policy": policy, "uniform": uniform, "likeliest": likeliest(policy)}[acts]
    T = T / T.sum(-1, keepdim=True).clamp(min=1e-9) if ends == "normalised" else T
    P = torch.einsum("sj,sjt->st", policy if leads == "policy" else uniform, T)
    P = P / P.sum(1, keepdim=True).clamp(min=1e-9) if ends == "rows normalised" else P
    P = P + torch.diag(1 - P.sum(1)) if ends == "stays" else P
    P = P.T if turned else P
    r = ({"policy": policy, "uniform": uniform, "mean": policy / J}[weights] * PAID[paid](R)).sum(1)
    g = 1.0 if discount == "never" else gamma
    if future == "all":
        V = torch.linalg.solve(torch.eye(S, dtype=T.dtype) - g * P, r)
    else:
        V = r + {"none": 0, "one move": 1}[future] * g * P @ r
    V = V * {"later": 1, "never": 1, "at once": gamma, "per move": 1 - gamma}[discount]
    return {
        "start": lambda: start @ V, "uniform": lambda: V.mean(), "first": lambda: V[0], "each": lambda: V,
            "sum": lambda: V.sum(),
        "weighted": lambda: start * V, "best": lambda: V.max(), "likeliest": lambda: V[start.argmax()],
    }[starts]()  # fmt: skip


def best_value(T, pay, gamma):
    """V (S,) of the best joint action in each state."""
    V = torch.zeros(len(T), dtype=T.dtype)
    for _ in range(80):
        V = (pay + gamma * T @ V).max(1).values
    return V


def game_and_start(generator, S, J, n, gamma):
    """T (S, J, S), R (S, J, n), a joint policy (S, J), a start distribution (S,), γ."""
    R = 2 * torch.randn(S, J, n, generator=generator)
    return transitions(generator, S, J), R, policy(generator, S, J), policy(generator, S), gamma


def long_game(generator, gamma):
    """A game that never ends, and pays its targets more often than it costs them."""
    _, R, joint, start, _ = game_and_start(generator, 3, 4, 4, gamma)
    return policy(generator, 3, 4, 3), R + 1, joint, start, gamma


@exercise(
    lesson=LESSON, title="What a team is worth", difficulty=3, importance=5, minutes=15,
    example=(
        torch.tensor([[[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]], [[1.0, 0.0]] * 3]),
        torch.tensor([[[2.0, 0.0, -1.0], [4.0, 2.0, -6.0], [4.0, 2.0, -6.0]], [[0.0, 0.0, 0.0]] * 3]),
        torch.tensor([[0.4, 0.4, 0.2], [0.5, 0.25, 0.25]]), torch.tensor([0.2, 0.8]), 0.5,
    ),
    expected=1.65,
    draw=lambda generator, k: game_and_start(generator, 2 + k % 3, (3, 4, 6)[(k + 1) % 3], 3 + k % 2,
        0.4 + 0.1 * (k % 5)),
    edges={
        "γ is 0.95 and the game never ends, so that no sum may stop early": lambda generator: long_game(generator,
            0.95),
        "γ is 0": lambda generator: game_and_start(generator, 3, 4, 4, 0.0),
        "there is only one target": lambda generator: game_and_start(generator, 3, 4, 2, 0.5),
        "there are as many states as joint actions and agents": lambda generator: game_and_start(generator, 3, 3, 3,
            0.7),
        "there is only one state": lambda generator: game_and_start(generator, 1, 4, 3, 0.75),
        "there is only one joint action": lambda generator: game_and_start(generator, 3, 1, 3, 0.75),
        "the first move is the last": lambda generator: (
            torch.zeros(2, 4, 2), *game_and_start(generator, 2, 4, 3, 0.8)[1:]),
        "the game always starts in the same state, and nobody mixes": lambda generator: (
            *game_and_start(generator, 3, 4, 3, 0.8)[:2], torch.eye(4)[[2, 0, 3]], torch.tensor([0.0, 0.0, 1.0]), 0.8),
    },
    hints=(
        "Average over joint actions first: what does the team get in a state, and where does it get to? "
        "Then V = r + γ P V is one equation for each state.",
        r"$V(s) = \sum_a \pi(a \mid s)\big[R(s, a) + \gamma \sum_{s'} T(s' \mid s, a) V(s')\big]$; "
        r"the answer is $\sum_s \mathrm{start}(s)\, V(s)$.",
        """\
        def team_value(T, R, policy, start, gamma):
            pay = ...  # (S, J): the targets' mean
            r = ...  # (S,)
            P = ...  # (S, S)
            V = torch.linalg.solve(..., r)
            return ...""",
    ),
    slipping=evaluated,
    mistakes=[
        ("external_paid_too", {"paid": "all"},
         "Your mean includes all agents. The last one is the external: its reward is not the team's.",
         "How many of the n numbers in R(s, a) belong to the team?"),
        ("externals_reward", {"paid": "external"},
         "This is what the external earns. Take the targets' rewards.",
         "In which order are the agents? Which entry is the external's?"),
        ("first_target_only", {"paid": "first"},
         "This is what the first target earns. The team earns the mean of all targets.",
         "How many of the n numbers in R(s, a) belong to the team?"),
        ("first_two_only", {"paid": "first two"},
         "You average the first two agents. There may be more targets: take all but the last agent.",
         "How many of the n numbers in R(s, a) belong to the team?"),
        ("first_agent_left_out", {"paid": "all but the first"},
         "You left out the first agent. The external is the last one.",
         "In which order are the agents? Which entry is the external's?"),
        ("targets_added", {"paid": "sum"},
         "You summed the targets' rewards. The team's reward is their mean.",
         "In the sheet's example, what is the team paid for the first joint action?"),
        ("all_added", {"paid": "sum of all"},
         "You summed the rewards of all agents. The team's reward is the mean of its targets'.",
         "In the sheet's example, what is the team paid for the first joint action?"),
        ("divided_by_all_agents", {"paid": "divided by n"},
         "You summed the targets' rewards, but divided by the number of all agents. Divide by that of the targets.",
         "In the sheet's example there are three agents. How many of them are targets?"),
        ("best_target", {"paid": "largest"},
         "You took the largest of the targets' rewards. The team's reward is their mean.",
         "In the sheet's example, what is the team paid for the first joint action?"),
        ("worst_target", {"paid": "smallest"},
         "You took the smallest of the targets' rewards. The team's reward is their mean.",
         "In the sheet's example, what is the team paid for the first joint action?"),
        ("median_target", {"paid": "median"},
         "You took the median of the targets' rewards. The team's reward is their mean.",
         "With two targets both are the same. What is the mean of three?"),
        ("external_subtracted", {"paid": "less the external"},
         "You subtracted what the external is paid. It is not the team's loss: leave it out.",
         "In the sheet's example, what is the team paid for the first joint action?"),
        ("discount_off_by_one", {"discount": "at once"},
         "You discounted every reward once too often. The first one counts in full.",
         "In the formula, which of the two terms is multiplied by γ?"),
        ("discount_forgotten", {"discount": "never"},
         "The discount is missing: what comes one move later counts only γ times as much.",
         "In the formula, which of the two terms is multiplied by γ?"),
        ("mean_per_move", {"discount": "per move"},
         "You multiplied by 1 − γ, so this is a mean per move. The value is the sum.",
         "What would the value be if each move paid 1 and the game never ended?"),
        ("no_future", {"future": "none"},
         "This is only the reward of the first move. Add what comes after it.",
         "In the sheet's example, what follows the first joint action in state 0?"),
        ("one_move_ahead", {"future": "one move"},
         "You looked one move ahead and stopped. The value has no last move: repeat, or solve V = r + γ P V.",
         "Put your V into the right side of the formula. Does the same V come out?"),
        ("transposed", {"turned": True},
         "Rows and columns of P are exchanged. Rows are the current state, columns the next one.",
         "Over which index is summed in γ Σ T(s′ | s, a) V(s′)?"),
        ("averaged_where_a_sum_is_due", {"weights": "mean"},
         "You took a mean of the rewards after weighting them. With probabilities as weights, the sum is already the "
         "mean.",
         "By what do you divide after multiplying by `policy`?"),
        ("start_forgotten", {"starts": "uniform"},
         "You weighted all states equally. The game does not start in all of them equally often: weight V by `start`.",
         "Where in your answer is `start` used?"),
        ("states_added", {"starts": "sum"},
         "You summed V over states. Weight V by `start` before you sum.",
         "Where in your answer is `start` used?"),
        ("first_state_only", {"starts": "first"},
         "This is V of state 0. The game may start elsewhere: weight V by `start`.",
         "Where in your answer is `start` used?"),
        ("likeliest_start_only", {"starts": "likeliest"},
         "This is V of the state in which the game starts most often. It may start elsewhere, too: weight V by "
         "`start`.",
         "How much does V of the other states contribute?"),
        ("best_start", {"starts": "best"},
         "This is the largest V of all states. Where the game starts is not up to you: weight V by `start`.",
         "Where in your answer is `start` used?"),
        ("value_of_each_state", {"starts": "each"},
         "This is V, one number for each state. The exercise asks for a single number: weight V by `start`.",
         "What do the entries of `start` sum to, and what are they there for?"),
        ("not_summed_over_states", {"starts": "weighted"},
         "You weighted V by `start`, but did not sum. The exercise asks for a single number.",
         "How do you get from one number for each state to a mean?"),
        ("end_forgotten", {"ends": "normalised"},
         "You made the rows of T sum to 1, as if the game never ended. The rest is the probability of the end, which "
         "nothing follows.",
         "In the sheet's example, what follows the second joint action in state 0?"),
        ("rows_normalised", {"ends": "rows normalised"},
         "You made the rows of P sum to 1, as if the game never ended. The rest is the probability of the end, which "
         "nothing follows.",
         "In the sheet's example, what follows the second joint action in state 0?"),
        ("end_taken_for_staying", {"ends": "stays"},
         "You put what a row of P lacks to 1 on its diagonal, as if one stayed. It is the probability of the end.",
         "In the sheet's example, what follows the second joint action in state 0?"),
        ("others_uniform", {"acts": "uniform"},
         "You weighted all joint actions equally. Weight them by `policy`.",
         "Where in your answer is `policy` used? It belongs to the rewards and to T."),
        ("rewards_uniform", {"weights": "uniform"},
         "In the rewards you weighted all joint actions equally. Weight them by `policy` there, too.",
         "Where in your answer is `policy` used? It belongs to the rewards and to T."),
        ("transitions_uniform", {"leads": "uniform"},
         "In the transitions you weighted all joint actions equally. Weight them by `policy` there, too.",
         "Where in your answer is `policy` used? It belongs to the rewards and to T."),
        ("likeliest_action", {"acts": "likeliest"},
         "You followed only the likeliest joint action of each state. Weight all of them by `policy`.",
         "How much does the second likeliest joint action contribute to the formula?"),
        ("best_instead_of_expected",
         lambda T, R, policy, start, gamma: start @ best_value(T, PAID["targets"](R), gamma),
         "You took the best joint action in each state. The exercise asks for the value of *these* policies.",
         "What does the formula do with joint actions: choose one, or average?"),
    ],
    properties=[
        ("summed_to_the_end", lambda result, T, R, policy, start, gamma: not 1e-6 < abs(
             result - float(evaluated(T, R, policy, start, gamma))) < 0.05,
         "close, but not equal. Do your sweeps stop too early? Nothing is truncated here: go on until V no longer "
         "changes."),
    ],
)  # fmt: skip
def team_value(T, R, policy, start, gamma):
    """The targets' mean discounted value from the start: T (S, J, S), R (S, J, n), policy (S, J), start (S,)."""
    pay = R[:, :, :-1].mean(2)
    r = (policy * pay).sum(1)
    P = torch.einsum("sj,sjt->st", policy, T)
    V = torch.linalg.solve(torch.eye(len(T)) - gamma * P, r)
    return start @ V
