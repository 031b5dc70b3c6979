"""Exercises of sheet 06, imitators: the loss on watched moves, errors in nats, and a move that misleads."""

from __future__ import annotations

import math

import torch

from ..exercise import exercise
from .bayes import LESSON, normalised
from .random_cases import policy


def made(log_policy, actions):
    """The log-probabilities of the moves that were made (K, P)."""
    return log_policy.gather(2, actions[..., None])[..., 0]


def padded_supports(generator, k):
    """log-probabilities (K, P, A), actions (K, P), weights (K, P): 1 for the first few pairs, 0 for padding."""
    K, P, A = 2 + k % 3, 5 + k % 3, 2 + (k + 1) % 3
    watched = 1 + torch.randint(P - 1, (K, 1), generator=generator)
    actions = torch.randint(A, (K, P), generator=generator)
    return policy(generator, K, P, A).log(), actions, (torch.arange(P) < watched).double()


@exercise(
    lesson=LESSON, title="The loss of what was watched", difficulty=2, importance=5, minutes=10,
    example=(torch.tensor([[[0.5, 0.5], [0.75, 0.25], [0.9, 0.1]], [[0.25, 0.75], [0.5, 0.5], [0.2, 0.8]]]).log(),
           torch.tensor([[0, 1, 0], [1, 0, 1]]), torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])),
    expected=[math.log(8) / 2, -math.log(0.75 * 0.5 * 0.8) / 3], draw=padded_supports,
    hints=(
        "Which probabilities matter: all, or those of the moves that were made? How many pairs were really watched?",
        r"$L_k = -\sum_t w_{kt} \log \delta(a_{kt} \mid o_{kt}) \,/\, \sum_t w_{kt}$.",
        """\
        def watched_loss(log_policy, actions, weights):
            made = ...  # (K, P), the log-probability of each move
            return ... / ...""",
    ),
    mistakes=[
        ("weights_ignored", lambda log_policy, actions, weights: -made(log_policy, actions).mean(1),
         "Your mean includes the padding. Pairs of weight 0 were never watched."),
        ("padding_in_the_denominator", lambda log_policy, actions, weights: -(weights * made(log_policy, actions)).mean(1),
         "The padding adds nothing to your sum, but you divided by P. Divide by the sum of the weights."),
        ("padding_in_the_sum", lambda log_policy, actions, weights: -made(log_policy, actions).sum(1) / weights.sum(1),
         "You divided by the number of watched pairs, but your sum includes the padding."),
        ("summed_over_pairs", lambda log_policy, actions, weights: -(weights * made(log_policy, actions)).sum(1),
         "You summed over pairs. L is their mean: divide by the sum of the weights."),
        ("divided_by_externals", lambda log_policy, actions, weights: -(weights * made(log_policy, actions)).sum(1) / len(actions),
         "You divided by the number of externals. Divide by the number of watched moves of this one: the sum of its weights."),
        ("externals_averaged", lambda log_policy, actions, weights: -((weights * made(log_policy, actions)).sum(1) / weights.sum(1)).mean(),
         "This is a single number. Keep one loss for each external."),
        ("pairs_pooled", lambda log_policy, actions, weights: -(weights * made(log_policy, actions)).sum() / weights.sum(),
         "This is a single number, over the pairs of all externals. Each external has its own loss."),
        ("likeliest_move", lambda log_policy, actions, weights: -(weights * log_policy.amax(2)).sum(1) / weights.sum(1),
         "You used the probability of the likeliest move. Use that of the move that was made."),
        ("all_moves", lambda log_policy, actions, weights: -(weights * log_policy.mean(2)).sum(1) / weights.sum(1),
         "You averaged over all moves. Use only the one that was made."),
        ("log_of_the_mean", lambda log_policy, actions, weights: -((weights * made(log_policy, actions).exp()).sum(1) / weights.sum(1)).log(),
         "You took the logarithm of the mean probability. Take the mean of the logarithms."),
        ("bits", lambda log_policy, actions, weights: -(weights * made(log_policy, actions)).sum(1) / weights.sum(1) / math.log(2),
         "These are bits. Use natural logarithms: nats."),
    ],
)  # fmt: skip
def watched_loss(log_policy, actions, weights):
    """Mean cross-entropy of the watched moves, (K,), nats: log_policy (K, P, A), actions (K, P), weights 0 for padding."""
    made = log_policy.gather(2, actions.unsqueeze(2)).squeeze(2)
    return -(weights * made).sum(1) / weights.sum(1)


def kl(p, q):
    """KL(p ‖ q) along the last axis, nats."""
    return (p * (p / q).log()).sum(-1)


def entropy(p):
    """The entropy along the last axis, nats."""
    return -(p * p.log()).sum(-1)


def visited(generator, k):
    """Visits of each state (S,), an external's policy and a predicted one (S, A)."""
    S, A = 3 + k % 3, 2 + k % 2
    return 1 + torch.randint(9, (S,), generator=generator).double(), policy(generator, S, A), policy(generator, S, A)


@exercise(
    lesson=LESSON, title="The error of an imitator", difficulty=2, importance=4, minutes=10,
    example=(torch.tensor([2.0, 1.0, 1.0]), torch.tensor([[0.5, 0.5], [0.25, 0.75], [0.25, 0.75]]), torch.tensor([[0.25, 0.75], [0.5, 0.5], [0.25, 0.75]])),
    expected=0.5 * 0.5 * math.log(4 / 3) + 0.25 * (0.25 * math.log(0.5) + 0.75 * math.log(1.5)), draw=visited,
    hints=(
        "What is left of the cross-entropy if the prediction is perfect? Which states should count most?",
        r"$\sum_s \frac{d(s)}{\sum_{s'} d(s')} \sum_a \pi_{\mathcal E}(a \mid s) \log \frac{\pi_{\mathcal E}(a \mid s)}{\delta(a \mid s)}$",
        "def excess_nats(visits, external, predicted):\n    kl = ...  # (S,)\n    return (... * kl).sum() / ...",
    ),
    mistakes=[
        ("entropy_not_subtracted", lambda d, p, q: normalised(d) @ (kl(p, q) + entropy(p)),
         "This is the cross-entropy. Subtract the external's own entropy: a perfect prediction has error 0."),
        ("wrong_way_round", lambda d, p, q: normalised(d) @ kl(q, p),
         "This is KL the wrong way round. The moves are the external's: use its policy as the weight."),
        ("states_summed", lambda d, p, q: kl(p, q).sum(),
         "You summed over states as well as moves, so that `visits` has no effect. Sum over moves only, axis 1, then weight the states."),
        ("states_uniform", lambda d, p, q: kl(p, q).mean(),
         "You weighted all states equally. Weight them by how often they are visited."),
        ("visits_not_normalised", lambda d, p, q: d @ kl(p, q),
         "You did not normalise the visits. Divide by their sum."),
        ("averaged_where_a_sum_is_due", lambda d, p, q: normalised(d) @ kl(p, q) / p.shape[1],
         "You took a mean over moves. The external's policy already weights them: take the sum."),
        ("weights_left_out", lambda d, p, q: normalised(d) @ (p / q).log().sum(1),
         "Your sum over moves has no weights. Weight each by the external's policy."),
        ("states_mixed", lambda d, p, q: kl(normalised(d) @ p, normalised(d) @ q),
         "You averaged the policies over states before comparing. Compare in each state, then average."),
        ("entropy_of_the_prediction", lambda d, p, q: normalised(d) @ (kl(p, q) + entropy(p) - entropy(q)),
         "You subtracted the entropy of the prediction. Subtract the external's own, which nobody can predict."),
        ("bits", lambda d, p, q: normalised(d) @ kl(p, q) / math.log(2),
         "These are bits. Use natural logarithms: nats."),
    ],
)  # fmt: skip
def excess_nats(visits, external, predicted):
    """KL(external ‖ predicted) averaged over the visited states, nats: visits (S,), policies (S, A)."""
    kl = (external * (external.log() - predicted.log())).sum(1)
    return (visits * kl).sum() / visits.sum()


def errors(prior, policies):
    """KL from the first external to the prediction, before and after watching its likeliest move, nats."""
    prior, policies = torch.as_tensor(prior), torch.as_tensor(policies)
    weights = (prior, normalised(prior * policies[:, policies[0].argmax()]))
    return [float(kl(policies[0], w @ policies)) for w in weights]


@exercise(
    "open", lesson=LESSON, title="A move that misleads", difficulty=3, importance=3, minutes=12,
    hints=(
        "Watching helps on average, but not always. Which other external makes the same move even more often?",
        r"$p(1 \mid a) < p(1)$ wherever $\pi_1(a) < \sum_k p(k)\, \pi_k(a)$. Let the prior mean be near $\pi_1$ by chance.",
        "prior = torch.tensor([..., ..., ...])\npolicies = torch.tensor([[0.6, 0.4], [..., ...], [..., ...]])\nmisleading_move = (prior, policies)",
    ),
    properties=[
        ("shapes", lambda prior, policies: prior.shape == (3,) and policies.shape == (3, 2),
         "Pass two things, (prior, policies), of the shapes (3,) and (3, 2)."),
        ("are_policies", lambda prior, policies: all((p >= 0).all() and abs(p.sum() - 1) < 1e-3 for p in (prior, *policies)),
         "The prior, and each row of the policies, must have no negative entry and sum to 1. One of yours does not."),
        ("all_possible", lambda prior, policies: min(prior.min(), policies.min()) > 1e-6,
         "Something has probability 0. Give every external, and each of its moves, a positive probability."),
        ("likeliest_is_one", lambda prior, policies: abs(policies[0, 0] - policies[0, 1]) > 1e-6,
         "The first external makes both moves equally often. Make one of them the likeliest."),
        ("externals_differ", lambda prior, policies: abs(policies - policies[:1]).max() > 1e-6,
         "All externals play the same policy. Then there is nothing to learn from a move."),
        ("error_rises", lambda prior, policies: (x := errors(prior, policies))[1] > x[0] + 0.01,
         "After watching its likeliest move, the prediction is not worse by 0.01 nats. Which external should get too much weight?"),
    ],
)  # fmt: skip
def misleading_move():
    """A prior and externals (K, A): after watching the likeliest move of the first, the prediction of it is worse."""
    return torch.tensor([1 / 3, 1 / 3, 1 / 3]), torch.tensor([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9]])
