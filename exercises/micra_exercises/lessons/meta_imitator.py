"""Exercises of lesson 06: Bayes' rule for externals, the loss of watched moves, errors in nats, and moves that mislead."""

from __future__ import annotations

import math

import torch

from ..exercise import exercise
from .random_cases import in_letters, one_of, policy

LESSON = "06_meta_imitator"


def normalised(weights):
    """Weights (K,) as probabilities."""
    return weights / weights.sum()


def other_columns(generator):
    """A prior (3,) and probabilities of heads (3,), easy on paper; how many heads and tails are watched."""
    prior = torch.tensor([[0.5, 0.25, 0.25], [0.2, 0.4, 0.4], [0.5, 0.3, 0.2]])[int(one_of(generator, 0, 1, 2))]
    heads = torch.tensor([0.2, 0.25, 0.4, 0.5, 0.6, 0.75, 0.8])[torch.randperm(7, generator=generator)[:3]]
    moves = ((2, 1), (1, 2), (3, 1), (1, 3))[int(one_of(generator, 0, 1, 2, 3))]
    return prior[torch.randperm(3, generator=generator)], heads, *moves


def chance(prior, p, heads, tails):
    """The weight of an external, factor by factor."""
    return " * ".join([f"{prior:g}", *[f"{p:g}"] * heads, *[f"{1 - p:g}"] * tails])


@exercise(
    "number", lesson=LESSON, title="A posterior by hand", difficulty=1, importance=5, minutes=6,
    example=(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.5, 0.8, 0.2]), 2, 1), expected=[0.0625 / 0.1025, 0.032 / 0.1025, 0.008 / 0.1025],
    vary=other_columns,
    advice="Each weight is the prior times one factor for every watched move. Test: all three must add up to 1.",
    rewordings=[
        ("0.5 | 0.25 | 0.25", lambda prior, p, heads, tails: " | ".join(f"{x:g}" for x in prior)),
        ("0.5 | 0.8 | 0.2", lambda prior, p, heads, tails: " | ".join(f"{x:g}" for x in p)),
        ("Three moves are watched: H H T", lambda prior, p, heads, tails: f"{heads + tails} moves are watched: {in_letters(heads, tails)}"),
    ],
    hints=(
        "How probable are the watched moves if it is the first external? And how probable was it that it is the first?",
        r"$p(k \mid \text{moves}) \propto p(k)\; p_k^h\, (1 - p_k)^t$ for $h$ heads and $t$ tails, divided by the sum over $k$.",
        lambda prior, p, heads, tails: f"weights = [{chance(prior[0], p[0], heads, tails)}, {prior[1]:g} * ..., {prior[2]:g} * ...]\n"
        "posterior = [w / ... for w in weights]",
    ),
    mistakes=[
        ("prior_left_out", lambda prior, p, h, t: normalised(p**h * (1 - p) ** t),
         "The prior is left out: you took all three externals for equally likely at first."),
        ("likelihoods_added", lambda prior, p, h, t: normalised(prior * (h * p + t * (1 - p))),
         "You added the probabilities of the moves. That all of them come is their product."),
        ("not_normalised", lambda prior, p, h, t: prior * p**h * (1 - p) ** t,
         "These are the right proportions, but they do not add up to 1. Divide by their sum."),
        ("likelihoods_alone", lambda prior, p, h, t: p**h * (1 - p) ** t,
         "These are the probabilities of the moves, external by external. Weigh with the prior, and divide by the sum."),
        ("tails_left_out", lambda prior, p, h, t: normalised(prior * p**h),
         "You left out the tails. They tell something, too: a factor 1 − p for each."),
        ("last_move_only", lambda prior, p, h, t: normalised(prior * (1 - p)),
         "Only the last move counts in yours. Multiply over all of them."),
        ("heads_and_tails_swapped", lambda prior, p, h, t: normalised(prior * p**t * (1 - p) ** h),
         lambda prior, p, h, t: f"You took heads for tails: {h} of the {h + t} watched moves {'is' if h == 1 else 'are'} heads."),
        ("most_likely_only", lambda prior, p, h, t: torch.eye(3)[int((prior * p**h * (1 - p) ** t).argmax())],
         "One of them is the most probable, but not certain. How probable is each?"),
        ("nothing_watched", lambda prior, p, h, t: prior,
         "This is the prior. What do the watched moves say?"),
    ],
)  # fmt: skip
def posterior_by_hand(prior, heads_probability, heads, tails):
    """p(k | moves), (K,): prior (K,), each external's probability of heads (K,), how many heads and tails."""
    weights = prior * heads_probability**heads * (1 - heads_probability) ** tails
    return weights / weights.sum()


def told(policies, states, moves):
    """The log-probabilities of the watched moves, external by external (K, n)."""
    return policies[:, states, moves].log()


def mixed(weights, policies):
    """The mean of policies (K, …) under weights (K,)."""
    return torch.tensordot(weights, policies, 1)


def watched_externals(generator, k):
    """prior (K,), policies (K, S, A), n states and moves. In one case nothing is watched, in one so much that products vanish."""
    K, S, A, n = 2 + k % 3, 2 + (k + 1) % 3, 2 + (k + 2) % 4, 1000 if k == 5 else k
    draws = (torch.randint(size, (n,), generator=generator) for size in (S, A))
    return policy(generator, K), policy(generator, K, S, A), *draws


@exercise(
    lesson=LESSON, title="The Bayes predictor", difficulty=3, importance=5, minutes=15,
    example=(torch.tensor([0.6, 0.4]), torch.tensor([[[0.5, 0.25, 0.25], [0.2, 0.4, 0.4]], [[0.25, 0.5, 0.25], [0.6, 0.2, 0.2]]]),
           torch.tensor([0, 1]), torch.tensor([1, 0])),
    expected=[[0.3, 0.45, 0.25], [0.52, 0.24, 0.24]], draw=watched_externals, tolerance=1e-3,
    hints=(
        "First: how probable is each external now? Then: what does each do, and how much is it to be believed?",
        r"$\log w_k = \log p(k) + \sum_t \log \pi_k(a_t \mid s_t)$; $w$ normalised (a softmax); "
        r"$\bar\pi(a \mid s) = \sum_k w_k\, \pi_k(a \mid s)$.",
        """\
        def bayes_predictor(prior, policies, states, moves):
            logs = prior.log() + ...  # (K,)
            weights = ...
            return ...  # (S, A)""",
    ),
    mistakes=[
        ("underflow", lambda prior, policies, states, moves: mixed(normalised(prior * told(policies, states, moves).exp().prod(1)), policies),
         "Right for few moves. A product of 1,000 probabilities is 0 in floating point: add their logarithms instead."),
        ("nothing_watched", lambda prior, policies, states, moves: mixed(prior, policies),
         "This is the average external: what was watched does not count in it."),
        ("prior_left_out", lambda prior, policies, states, moves: mixed(told(policies, states, moves).sum(1).softmax(0), policies),
         "The prior is left out. Some externals were more likely from the start."),
        ("prior_at_every_move", lambda prior, policies, states, moves: mixed((told(policies, states, moves) + prior.log()[:, None]).sum(1).softmax(0), policies),
         "The prior is counted at every move. It counts once."),
        ("softmax_of_probabilities", lambda prior, policies, states, moves: mixed((prior * told(policies, states, moves).exp().prod(1)).softmax(0), policies),
         "You took a softmax of probabilities. It belongs to their logarithms; probabilities are divided by their sum."),
        ("likelihoods_added", lambda prior, policies, states, moves: mixed(normalised(prior * told(policies, states, moves).exp().sum(1)), policies),
         "You added the probabilities of the moves. Multiply them, or add their logarithms."),
        ("averaged_where_a_sum_is_due", lambda prior, policies, states, moves: mixed((prior.log() + told(policies, states, moves).mean(1)).softmax(0), policies),
         "You took the mean of the log-probabilities. Then a hundred moves tell no more than one: add them up."),
        ("prior_without_logarithm", lambda prior, policies, states, moves: mixed((prior + told(policies, states, moves).sum(1)).softmax(0), policies),
         "You add the prior to log-probabilities. Add its logarithm."),
        ("logarithms_as_weights", lambda prior, policies, states, moves: mixed(normalised(prior.log() + told(policies, states, moves).sum(1)), policies),
         "Your weights are log-probabilities, so the least likely external counts most. Take exp before you normalise."),
        ("most_likely_external", lambda prior, policies, states, moves: policies[int((prior.log() + told(policies, states, moves).sum(1)).argmax())],
         "This is the most likely external's policy. It is not certain: take the mean under the posterior."),
        ("last_move_only", lambda prior, policies, states, moves: mixed((prior.log() + told(policies, states[-1:], moves[-1:]).sum(1)).softmax(0), policies),
         "Only the last move counts in yours. Take all of them."),
        ("states_ignored", lambda prior, policies, states, moves: mixed((prior.log() + policies.mean(1)[:, moves].log().sum(1)).softmax(0), policies),
         "You ignore in which state a move was watched. Take its probability in that state."),
        ("each_state_for_itself", lambda prior, policies, states, moves: torch.stack([
            mixed((prior.log() + told(policies, states[states == s], moves[states == s]).sum(1)).softmax(0), policies[:, s]) for s in range(policies.shape[1])]),
         "In each state only that state's moves count. But a move in one state tells who it is, and so about all others."),
    ],
    properties=[
        ("is_a_policy", lambda result, *_: abs(result.sum(1) - 1).max() < 1e-3,
         "in each state, predictions add up to 1. Yours do not. Is the posterior normalised?"),
    ],
)  # fmt: skip
def bayes_predictor(prior, policies, states, moves):
    """The posterior mean policy, (S, A): prior (K,), policies (K, S, A), watched states and moves (n,)."""
    logs = prior.log()
    for s, a in zip(states, moves, strict=True):
        logs = logs + policies[:, s, a].log()
    weights = (logs - logs.max()).exp()
    return torch.einsum("k,ksa->sa", weights / weights.sum(), policies)


def made(log_policy, actions):
    """The log-probabilities of the moves that were made (K, P)."""
    return log_policy.gather(2, actions[..., None])[..., 0]


def padded_supports(generator, k):
    """log-probabilities (K, P, A), actions (K, P), weights (K, P): 1 for the first few, at least one pair is padding."""
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
        "Which probabilities matter: all, or those of the moves that were made? How many pairs were watched, really?",
        r"$L_k = -\sum_t w_{kt} \log \delta(a_{kt} \mid o_{kt}) \,/\, \sum_t w_{kt}$.",
        """\
        def watched_loss(log_policy, actions, weights):
            made = ...  # (K, P), the log-probability of each move
            return ... / ...""",
    ),
    mistakes=[
        ("weights_ignored", lambda log_policy, actions, weights: -made(log_policy, actions).mean(1),
         "You took the mean over padding, too. Pairs of weight 0 were never watched."),
        ("padding_in_the_denominator", lambda log_policy, actions, weights: -(weights * made(log_policy, actions)).mean(1),
         "The padding adds nothing to your sum, but you divide by all P. Divide by the sum of the weights."),
        ("padding_in_the_sum", lambda log_policy, actions, weights: -made(log_policy, actions).sum(1) / weights.sum(1),
         "You divide by the number of watched pairs, but your sum has the padding, too."),
        ("summed_over_pairs", lambda log_policy, actions, weights: -(weights * made(log_policy, actions)).sum(1),
         "You added up over pairs. L is their mean: divide by the sum of the weights."),
        ("divided_by_externals", lambda log_policy, actions, weights: -(weights * made(log_policy, actions)).sum(1) / len(actions),
         "You divided by how many externals there are. Divide by how many moves of this one were watched: the sum of its weights."),
        ("externals_averaged", lambda log_policy, actions, weights: -((weights * made(log_policy, actions)).sum(1) / weights.sum(1)).mean(),
         "One number. Keep one loss for each external."),
        ("pairs_pooled", lambda log_policy, actions, weights: -(weights * made(log_policy, actions)).sum() / weights.sum(),
         "One number, over the pairs of all externals. Each external has a loss of its own."),
        ("likeliest_move", lambda log_policy, actions, weights: -(weights * log_policy.amax(2)).sum(1) / weights.sum(1),
         "You took the probability of the likeliest move. Take that of the move that was made."),
        ("all_moves", lambda log_policy, actions, weights: -(weights * log_policy.mean(2)).sum(1) / weights.sum(1),
         "You averaged over all moves. Only the one that was made counts."),
        ("log_of_the_mean", lambda log_policy, actions, weights: -((weights * made(log_policy, actions).exp()).sum(1) / weights.sum(1)).log(),
         "You took the logarithm of the mean probability. It is the logarithms that are averaged."),
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
    """How often each state was visited (S,), an external's and a predicted policy (S, A)."""
    S, A = 3 + k % 3, 2 + k % 2
    return 1 + torch.randint(9, (S,), generator=generator).double(), policy(generator, S, A), policy(generator, S, A)


@exercise(
    lesson=LESSON, title="The error of an imitator", difficulty=2, importance=4, minutes=10,
    example=(torch.tensor([2.0, 1.0, 1.0]), torch.tensor([[0.5, 0.5], [0.25, 0.75], [0.25, 0.75]]), torch.tensor([[0.25, 0.75], [0.5, 0.5], [0.25, 0.75]])),
    expected=0.5 * 0.5 * math.log(4 / 3) + 0.25 * (0.25 * math.log(0.5) + 0.75 * math.log(1.5)), draw=visited,
    hints=(
        "What is left of the cross-entropy if the prediction is perfect? Which states should count the most?",
        r"$\sum_s \frac{d(s)}{\sum_{s'} d(s')} \sum_a \pi_{\mathcal E}(a \mid s) \log \frac{\pi_{\mathcal E}(a \mid s)}{\delta(a \mid s)}$",
        "def excess_nats(visits, external, predicted):\n    kl = ...  # (S,)\n    return (... * kl).sum() / ...",
    ),
    mistakes=[
        ("entropy_not_subtracted", lambda d, p, q: normalised(d) @ (kl(p, q) + entropy(p)),
         "This is the cross-entropy. Take the external's own entropy off: a perfect prediction has the error 0."),
        ("wrong_way_round", lambda d, p, q: normalised(d) @ kl(q, p),
         "This is KL the wrong way round. The moves are the external's: weigh with its policy."),
        ("states_summed", lambda d, p, q: kl(p, q).sum(),
         "Your sum goes over states as well as moves, so `visits` has nothing to weigh. Sum over moves only, axis 1, then weigh."),
        ("states_uniform", lambda d, p, q: kl(p, q).mean(),
         "All states count alike. Weigh them by how often they are visited."),
        ("visits_not_normalised", lambda d, p, q: d @ kl(p, q),
         "You added up over visits. Divide by their number."),
        ("averaged_where_a_sum_is_due", lambda d, p, q: normalised(d) @ kl(p, q) / p.shape[1],
         "You took a mean over moves. The external's policy weighs them already: add up."),
        ("weights_left_out", lambda d, p, q: normalised(d) @ (p / q).log().sum(1),
         "Your sum over moves has no weights. Weigh each with the external's policy."),
        ("states_mixed", lambda d, p, q: kl(normalised(d) @ p, normalised(d) @ q),
         "You averaged the policies over states before comparing. Compare in each state, then average."),
        ("entropy_of_the_prediction", lambda d, p, q: normalised(d) @ (kl(p, q) + entropy(p) - entropy(q)),
         "You took the prediction's entropy off. It is the external's own that nobody can predict."),
        ("bits", lambda d, p, q: normalised(d) @ kl(p, q) / math.log(2),
         "These are bits. Use natural logarithms: nats."),
    ],
)  # fmt: skip
def excess_nats(visits, external, predicted):
    """KL(external ‖ predicted) averaged over the visited states, nats: visits (S,), policies (S, A)."""
    kl = (external * (external.log() - predicted.log())).sum(1)
    return (visits * kl).sum() / visits.sum()


def errors(prior, policies):
    """KL from the first external to the prediction, before and after its likeliest move was watched, nats."""
    prior, policies = torch.as_tensor(prior), torch.as_tensor(policies)
    weights = (prior, normalised(prior * policies[:, policies[0].argmax()]))
    return [float(kl(policies[0], w @ policies)) for w in weights]


@exercise(
    "open", lesson=LESSON, title="A move that misleads", difficulty=3, importance=3, minutes=12,
    hints=(
        "Watching helps on average, not always. Who else likes the same move, and likes it even more?",
        r"$p(1 \mid a) < p(1)$ wherever $\pi_1(a) < \sum_k p(k)\, \pi_k(a)$. Let the prior mean be near $\pi_1$ by chance.",
        "prior = torch.tensor([..., ..., ...])\npolicies = torch.tensor([[0.6, 0.4], [..., ...], [..., ...]])\nmisleading_move = (prior, policies)",
    ),
    properties=[
        ("shapes", lambda prior, policies: prior.shape == (3,) and policies.shape == (3, 2),
         "Hand over two things, (prior, policies), of the shapes (3,) and (3, 2)."),
        ("are_policies", lambda prior, policies: all((p >= 0).all() and abs(p.sum() - 1) < 1e-3 for p in (prior, *policies)),
         "The prior, and each row of the policies, has no negative entry and adds up to 1. One of yours does not."),
        ("all_possible", lambda prior, policies: min(prior.min(), policies.min()) > 1e-6,
         "Something has the probability 0. Let each external, and each move of it, be possible."),
        ("likeliest_is_one", lambda prior, policies: abs(policies[0, 0] - policies[0, 1]) > 1e-6,
         "The first external makes both moves equally often. Make one of them the likeliest."),
        ("externals_differ", lambda prior, policies: abs(policies - policies[:1]).max() > 1e-6,
         "All externals play alike. Then there is nothing to learn from a move."),
        ("error_rises", lambda prior, policies: (x := errors(prior, policies))[1] > x[0] + 0.01,
         "Having watched its likeliest move, the prediction is not worse by 0.01 nats. Who is believed in too much?"),
    ],
)  # fmt: skip
def misleading_move():
    """A prior and externals (K, A) for which the likeliest move of the first makes the prediction of it worse."""
    return torch.tensor([1 / 3, 1 / 3, 1 / 3]), torch.tensor([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9]])
