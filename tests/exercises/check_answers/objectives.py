"""Answers to the exercise of sheet 03 about Eq. 3 as an objective for autograd."""

import torch

from micra_lite.regret import policy_gradient_objective


def objective_by_einsum(log_policy, advantage):
    return torch.einsum("ba,ba->", log_policy.exp(), advantage.detach()) / len(advantage)


def objective_by_logs(log_policy, advantage):
    """The score-function form: weights that carry no gradient times log probabilities."""
    return ((log_policy.exp() * advantage).detach() * log_policy).sum() / log_policy.shape[0]


def objective_by_loops(log_policy, advantage):
    with torch.no_grad():
        weight = advantage.clone()
    return sum(p @ w for p, w in zip(log_policy.exp(), weight, strict=True)) / len(weight)


def objective_from_logits(log_policy, advantage):
    return (torch.softmax(log_policy.float(), 1) * advantage.detach().float()).sum(-1).mean()


def objective_with_a_constant(log_policy, advantage):
    """Another number added, in which nothing depends on the policy."""
    return (log_policy.exp() * advantage.data).sum() / len(advantage) + advantage.detach().sum()


def weighted(weight):
    """The mean over states of Σ weight(log π) · A."""
    return lambda log_policy, advantage: torch.einsum("ba,ba->b", weight(log_policy), advantage.detach()).mean()


def instead(change):
    """The right objective with change(A) in place of the advantage."""
    return lambda log_policy, advantage: objective_by_einsum(log_policy, change(advantage.detach()))


def of_terms(change):
    """The sum of some of the terms, by change(π · A, π, A) → what is added up, divided by B."""

    def found(log_policy, advantage):
        p, a = log_policy.exp(), advantage.detach()
        return change(p * a, p, a).sum() / len(a)

    return found


def entropy(coefficient):
    def found(log_policy, advantage):
        return (
            objective_by_logs(log_policy, advantage)
            + coefficient * torch.distributions.Categorical(logits=log_policy).entropy().mean()
        )

    return found


RIGHT = {
    "objective": [
        objective_by_einsum,
        objective_by_logs,
        objective_by_loops,
        objective_from_logits,
        objective_with_a_constant,
        policy_gradient_objective,
    ],
}

WRONG = {
    "objective": [
        ("gradient_not_stopped", lambda log_policy, advantage: torch.einsum("ba,ba->", log_policy.exp(), advantage) / len(advantage)),
        ("wrong_way_round", lambda log_policy, advantage: -objective_by_logs(log_policy, advantage)),
        ("gradient_not_stopped", lambda log_policy, advantage: torch.einsum("ba,ba->", log_policy.exp().detach(), advantage) / len(advantage)),
        ("log_instead_of_probability", lambda log_policy, advantage: torch.einsum("ba,ba->", log_policy, advantage.detach()) / len(advantage)),
        ("log_too", lambda log_policy, advantage: torch.einsum("ba,ba,ba->", log_policy.exp(), log_policy, advantage.detach()) / len(advantage)),
        ("states_summed", lambda log_policy, advantage: objective_by_logs(log_policy, advantage) * len(advantage)),
        ("averaged_where_a_sum_is_due", lambda log_policy, advantage: objective_by_logs(log_policy, advantage) / advantage.shape[1]),
        ("only_the_likeliest", lambda log_policy, advantage: sum(p[p.argmax()].exp() * w[p.argmax()] for p, w in zip(log_policy, advantage.detach(), strict=True)) / len(advantage)),
        ("probability_twice", lambda log_policy, advantage: (log_policy.exp().square() * advantage.detach()).sum() / 2 / len(advantage)),
        ("wrong_factor", lambda log_policy, advantage: 2 * objective_by_logs(log_policy, advantage)),
        ("gradient_lost", lambda log_policy, advantage: (log_policy.exp() * advantage).sum(1).mean().detach()),
        ("no_single_number", lambda log_policy, advantage: (log_policy.exp() * advantage.detach()).sum(1)),
        ("no_single_number", lambda log_policy, advantage: (log_policy.exp() * advantage.detach()).sum(0)),
        ("no_single_number", lambda log_policy, advantage: log_policy.exp() * advantage.detach()),
        ("no_tensor", lambda log_policy, advantage: (log_policy.exp() * advantage).sum(1).mean().item()),
        ("error", lambda log_policy, advantage: log_policy.exp() * advantage[:, :, 0]),
        ("clamped", lambda log_policy, advantage: (log_policy.exp() * advantage.detach().relu()).sum(1).mean()),
        ("another_result", lambda log_policy, advantage: (log_policy.exp() * advantage.detach().tanh()).sum(1).mean()),
        # a loss, and the gradient through the advantage alone: the right numbers, found in the wrong way
        ("gradient_not_stopped", lambda log_policy, advantage: -(log_policy.exp().detach() * advantage).sum(1).mean()),
        ("gradient_not_stopped", lambda log_policy, advantage: (log_policy.exp().detach() * log_policy * advantage).sum(1).mean()),
        ("gradient_not_stopped", lambda log_policy, advantage: (log_policy * advantage).sum()),
        ("probability_squared", weighted(lambda x: (2 * x).exp())),
        ("sigmoid_taken", weighted(lambda x: 1 / (1 + (-x).exp()))),
        ("softmax_over_states", weighted(lambda x: x.exp() / x.exp().sum(0))),
        ("softmax_of_probabilities", weighted(lambda x: x.exp().exp() / x.exp().exp().sum(1, keepdim=True))),
        ("divided_by_probability", weighted(lambda x: (-x).exp())),
        ("exponential_twice", weighted(lambda x: x.exp().exp())),
        ("root_of_probability", weighted(lambda x: (x / 2).exp())),
        ("divided_by_actions", lambda log_policy, advantage: objective_by_logs(log_policy.T, advantage.T)),
        ("divided_by_two", lambda log_policy, advantage: objective_by_logs(log_policy, advantage) * len(advantage) / 2),
        ("divided_by_one_less", lambda log_policy, advantage: objective_by_loops(log_policy, advantage) * len(advantage) / (len(advantage) - 1)),
        ("first_state_only", lambda log_policy, advantage: objective_by_loops(log_policy[:1], advantage[:1])),
        ("first_state_divided", of_terms(lambda x, p, a: x[0])),
        ("last_state_only", lambda log_policy, advantage: objective_by_loops(log_policy[-1:], advantage[-1:])),
        ("first_state_left_out", of_terms(lambda x, p, a: x[1:])),
        ("last_state_left_out", of_terms(lambda x, p, a: x[: len(x) - 1])),
        ("likeliest_as_if_drawn", lambda log_policy, advantage: (log_policy.max(1).values * advantage.detach()[range(len(advantage)), log_policy.argmax(1)]).mean()),
        ("only_the_best", of_terms(lambda x, p, a: p[range(len(a)), a.argmax(1)] * a.max(1).values)),
        ("best_as_if_drawn", lambda log_policy, advantage: (log_policy[range(len(advantage)), advantage.argmax(1)] * advantage.detach().max(1).values).mean()),
        ("only_the_first_action", of_terms(lambda x, p, a: x[:, 0])),
        ("only_the_last_action", of_terms(lambda x, p, a: x[:, x.shape[1] - 1])),
        ("last_action_left_out", of_terms(lambda x, p, a: x.T[:-1])),
        ("first_action_left_out", of_terms(lambda x, p, a: x.T[1:])),
        ("positive_ones_at_zero", instead(lambda a: -(-a).relu())),
        ("absolute_values", instead(lambda a: (a * a).sqrt())),
        ("signs_alone", instead(lambda a: (a > 0).double() - (a < 0).double())),
        ("advantages_squared", instead(lambda a: a.square())),
        ("softmax_of_advantages", instead(lambda a: a.exp() / a.exp().sum(1, keepdim=True))),
        ("exponential_of_advantages", instead(torch.exp)),
        ("advantages_limited", instead(lambda a: a.clip(-1, 1))),
        ("divided_by_the_largest", instead(lambda a: a / max(float(a.abs().max()), 1e-8))),
        ("standardised", instead(lambda a: (a - a.mean()) / (a.var() ** 0.5 + 1e-6))),
        ("divided_by_deviation", instead(lambda a: (a - a.mean()) / (a.var(correction=0) ** 0.5 + 1e-8))),
        ("standardised_in_each_state", instead(lambda a: torch.stack([(x - x.mean()) / (x.std() + 1e-8) for x in a]))),
        ("divided_by_deviation_in_each_state", instead(lambda a: torch.stack([x / ((x - x.mean()).square().mean().sqrt() + 1e-8) for x in a]))),
        ("standardised_over_states", instead(lambda a: torch.stack([(x - x.mean()) / (x.std() + 1e-8) for x in a.T], 1))),
        ("mean_over_states_taken_off", instead(lambda a: a - a.sum(0) / len(a))),
        ("entropy_added", entropy(0.01)),
        ("entropy_added", entropy(0.1)),
        ("entropy_subtracted", entropy(-0.01)),
        ("wrong_way_round", lambda log_policy, advantage: -objective_by_logs(log_policy, advantage) * len(advantage)),
        ("wrong_way_round", lambda log_policy, advantage: -(log_policy * advantage.detach()).sum() / len(advantage)),
    ],
}  # fmt: skip
