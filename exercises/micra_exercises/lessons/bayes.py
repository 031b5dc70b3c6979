"""Exercises of sheet 06, Bayes' rule: a posterior over externals by hand, and the predictor that it gives."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import in_letters, one_of, policy

LESSON = "06_meta_imitator"


def normalised(weights):
    """Weights (K,) as probabilities."""
    return weights / weights.sum()


def other_columns(generator):
    """A prior (3,) and probabilities of heads (3,), easy on paper; the numbers of heads and tails watched."""
    prior = torch.tensor([[0.5, 0.25, 0.25], [0.2, 0.4, 0.4], [0.5, 0.3, 0.2]])[int(one_of(generator, 0, 1, 2))]
    heads = torch.tensor([0.2, 0.25, 0.4, 0.5, 0.6, 0.75, 0.8])[torch.randperm(7, generator=generator)[:3]]
    moves = ((2, 1), (1, 2), (3, 1), (1, 3))[int(one_of(generator, 0, 1, 2, 3))]
    return prior[torch.randperm(3, generator=generator)], heads, *moves


def chance(prior, p, heads, tails):
    """The weight of an external, written as a product."""
    return " * ".join([f"{prior:g}", *[f"{p:g}"] * heads, *[f"{1 - p:g}"] * tails])


@exercise(
    "number", lesson=LESSON, title="A posterior by hand", difficulty=1, importance=5, minutes=6,
    example=(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.5, 0.8, 0.2]), 2, 1), expected=[0.0625 / 0.1025, 0.032 / 0.1025, 0.008 / 0.1025],
    vary=other_columns,
    advice="Each weight is the prior times one factor for every watched move. Test: the three probabilities must sum to 1.",
    rewordings=[
        ("0.5 | 0.25 | 0.25", lambda prior, p, heads, tails: " | ".join(f"{x:g}" for x in prior)),
        ("0.5 | 0.8 | 0.2", lambda prior, p, heads, tails: " | ".join(f"{x:g}" for x in p)),
        ("Three moves are watched: H H T", lambda prior, p, heads, tails: f"{heads + tails} moves are watched: {in_letters(heads, tails)}"),
    ],
    hints=(
        "How probable are the watched moves if this is the first external? And how probable was the first external before?",
        r"$p(k \mid \text{moves}) \propto p(k)\; p_k^h\, (1 - p_k)^t$ for $h$ heads and $t$ tails, divided by the sum over $k$.",
        lambda prior, p, heads, tails: f"weights = [{chance(prior[0], p[0], heads, tails)}, {prior[1]:g} * ..., {prior[2]:g} * ...]\n"
        "posterior = [w / ... for w in weights]",
    ),
    mistakes=[
        ("prior_left_out", lambda prior, p, h, t: normalised(p**h * (1 - p) ** t),
         "The prior is missing: in your answer, all three externals are equally likely at first."),
        ("likelihoods_added", lambda prior, p, h, t: normalised(prior * (h * p + t * (1 - p))),
         "You added the probabilities of the moves. The probability of all of them together is their product."),
        ("not_normalised", lambda prior, p, h, t: prior * p**h * (1 - p) ** t,
         "These are the right proportions, but they do not sum to 1. Divide by their sum."),
        ("likelihoods_alone", lambda prior, p, h, t: p**h * (1 - p) ** t,
         "These are the probabilities of the moves given each external. Multiply by the prior, and divide by the sum."),
        ("tails_left_out", lambda prior, p, h, t: normalised(prior * p**h),
         "You left out the tails. Each of them contributes a factor 1 − p."),
        ("last_move_only", lambda prior, p, h, t: normalised(prior * (1 - p)),
         "You used only the last move. Multiply the factors of all of them."),
        ("heads_and_tails_swapped", lambda prior, p, h, t: normalised(prior * p**t * (1 - p) ** h),
         lambda prior, p, h, t: f"You exchanged heads and tails: {h} of the {h + t} watched moves {'is' if h == 1 else 'are'} heads."),
        ("most_likely_only", lambda prior, p, h, t: torch.eye(3)[int((prior * p**h * (1 - p) ** t).argmax())],
         "One external is the most probable, but not certain. How probable is each?"),
        ("nothing_watched", lambda prior, p, h, t: prior,
         "This is the prior. What do the watched moves say?"),
    ],
)  # fmt: skip
def posterior_by_hand(prior, heads_probability, heads, tails):
    """p(k | moves), (K,): prior (K,), each external's probability of heads (K,), the numbers of heads and tails."""
    weights = prior * heads_probability**heads * (1 - heads_probability) ** tails
    return weights / weights.sum()


def log_likelihoods(policies, states, moves):
    """The log-probabilities of the watched moves under each external (K, n)."""
    return policies[:, states, moves].log()


def mixed(weights, policies):
    """The mean of policies (K, …) under weights (K,)."""
    return torch.tensordot(weights, policies, 1)


def watched_externals(generator, k):
    """prior (K,), policies (K, S, A), n states and moves. Case 0 has n = 0; in case 5, n is so large that products underflow."""
    K, S, A, n = 2 + k % 3, 2 + (k + 1) % 3, 2 + (k + 2) % 4, 1000 if k == 5 else k
    draws = (torch.randint(size, (n,), generator=generator) for size in (S, A))
    return policy(generator, K), policy(generator, K, S, A), *draws


@exercise(
    lesson=LESSON, title="The Bayes predictor", difficulty=3, importance=5, minutes=15,
    example=(torch.tensor([0.6, 0.4]), torch.tensor([[[0.5, 0.25, 0.25], [0.2, 0.4, 0.4]], [[0.25, 0.5, 0.25], [0.6, 0.2, 0.2]]]),
           torch.tensor([0, 1]), torch.tensor([1, 0])),
    expected=[[0.3, 0.45, 0.25], [0.52, 0.24, 0.24]], draw=watched_externals, tolerance=1e-3,
    hints=(
        "First: how probable is each external now? Then: what does each predict, and what is its weight?",
        r"$\log w_k = \log p(k) + \sum_t \log \pi_k(a_t \mid s_t)$; $w$ normalised (a softmax); "
        r"$\bar\pi(a \mid s) = \sum_k w_k\, \pi_k(a \mid s)$.",
        """\
        def bayes_predictor(prior, policies, states, moves):
            logs = prior.log() + ...  # (K,)
            weights = ...
            return ...  # (S, A)""",
    ),
    mistakes=[
        ("underflow", lambda prior, policies, states, moves: mixed(normalised(prior * log_likelihoods(policies, states, moves).exp().prod(1)), policies),
         "Right for few moves. A product of 1,000 probabilities is 0 in floating point: add their logarithms instead."),
        ("nothing_watched", lambda prior, policies, states, moves: mixed(prior, policies),
         "This is the average external: it ignores what was watched."),
        ("prior_left_out", lambda prior, policies, states, moves: mixed(log_likelihoods(policies, states, moves).sum(1).softmax(0), policies),
         "The prior is missing. Some externals were more likely from the start."),
        ("prior_at_every_move", lambda prior, policies, states, moves: mixed((log_likelihoods(policies, states, moves) + prior.log()[:, None]).sum(1).softmax(0), policies),
         "You used the prior at every move. Use it once."),
        ("softmax_of_probabilities", lambda prior, policies, states, moves: mixed((prior * log_likelihoods(policies, states, moves).exp().prod(1)).softmax(0), policies),
         "You took a softmax of probabilities. Take it of their logarithms, or divide probabilities by their sum."),
        ("likelihoods_added", lambda prior, policies, states, moves: mixed(normalised(prior * log_likelihoods(policies, states, moves).exp().sum(1)), policies),
         "You added the probabilities of the moves. Multiply them, or add their logarithms."),
        ("averaged_where_a_sum_is_due", lambda prior, policies, states, moves: mixed((prior.log() + log_likelihoods(policies, states, moves).mean(1)).softmax(0), policies),
         "You took the mean of the log-probabilities. Then a hundred moves tell no more than one: take the sum."),
        ("prior_without_logarithm", lambda prior, policies, states, moves: mixed((prior + log_likelihoods(policies, states, moves).sum(1)).softmax(0), policies),
         "You added the prior to log-probabilities. Add its logarithm."),
        ("logarithms_as_weights", lambda prior, policies, states, moves: mixed(normalised(prior.log() + log_likelihoods(policies, states, moves).sum(1)), policies),
         "Your weights are log-probabilities, so the least likely external counts most. Take exp before you normalise."),
        ("most_likely_external", lambda prior, policies, states, moves: policies[int((prior.log() + log_likelihoods(policies, states, moves).sum(1)).argmax())],
         "This is the policy of the most likely external, which is not certain. Take the mean under the posterior."),
        ("last_move_only", lambda prior, policies, states, moves: mixed((prior.log() + log_likelihoods(policies, states[-1:], moves[-1:]).sum(1)).softmax(0), policies),
         "You used only the last move. Use all of them."),
        ("states_ignored", lambda prior, policies, states, moves: mixed((prior.log() + policies.mean(1)[:, moves].log().sum(1)).softmax(0), policies),
         "You ignored the states in which moves were watched. Use the probability of each move in its state."),
        ("each_state_for_itself", lambda prior, policies, states, moves: torch.stack([
            mixed((prior.log() + log_likelihoods(policies, states[states == s], moves[states == s]).sum(1)).softmax(0), policies[:, s]) for s in range(policies.shape[1])]),
         "In each state you used only the moves of that state. But every move tells who the external is: use all of them."),
    ],
    properties=[
        ("is_a_policy", lambda result, *_: abs(result.sum(1) - 1).max() < 1e-3,
         "in each state, predictions sum to 1. Yours do not. Is the posterior normalised?"),
    ],
)  # fmt: skip
def bayes_predictor(prior, policies, states, moves):
    """The posterior mean policy, (S, A): prior (K,), policies (K, S, A), watched states and moves (n,)."""
    logs = prior.log()
    for s, a in zip(states, moves, strict=True):
        logs = logs + policies[:, s, a].log()
    weights = (logs - logs.max()).exp()
    return torch.einsum("k,ksa->sa", weights / weights.sum(), policies)
