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


def a_posterior(prior, p, heads, tails, *, used="all", together="product", priors=1, divided="sum"):
    """p(k | moves), (K,), or what a student gives for it."""
    n = heads + tails
    h, t = {
        "all": (heads, tails), "heads": (heads, 0), "as heads": (n, 0), "first": (1, 0),
        "last": (0, 1), "one each": (1, 1), "swapped": (tails, heads), "none": (0, 0),
    }[used]  # fmt: skip
    likelihood = p**h * (1 - p) ** t if together == "product" else h * p + t * (1 - p)
    weights = prior ** (n if priors == "each" else priors) * likelihood
    return {"sum": normalised, "no": lambda w: w, "softmax": lambda w: w.softmax(0)}[divided](weights)


@exercise(
    "number", lesson=LESSON, title="A posterior by hand", difficulty=1, importance=5, minutes=6,
    example=(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.5, 0.8, 0.2]), 2, 1),
    expected=[0.0625 / 0.1025, 0.032 / 0.1025, 0.008 / 0.1025],
    vary=other_columns,
    advice="Each weight is the prior times one factor for every watched move. Test: the three probabilities must sum "
    "to 1.",
    rewordings=[
        ("0.5 | 0.25 | 0.25", lambda prior, p, heads, tails: " | ".join(f"{x:g}" for x in prior)),
        ("0.5 | 0.8 | 0.2", lambda prior, p, heads, tails: " | ".join(f"{x:g}" for x in p)),
        ("Three moves are watched: H H T",
         lambda prior, p, heads, tails: f"{heads + tails} moves are watched: {in_letters(heads, tails)}"),
    ],
    hints=(
        "How probable are the watched moves if this is the first external? And how probable was the first external "
        "before?",
        r"$p(k \mid \text{moves}) \propto p(k)\; p_k^h\, (1 - p_k)^t$ for $h$ heads and $t$ tails, divided by the sum "
        r"over $k$.",
        lambda prior, p, heads, tails: f"weights = [{chance(prior[0], p[0], heads, tails)}, {prior[1]:g} * ..., "
        f"{prior[2]:g} * ...]\n"
        "posterior = [w / ... for w in weights]",
    ),
    slipping=a_posterior,
    mistakes=[
        ("prior_left_out", {"priors": 0},
         "The prior is missing: in your answer, all three externals are equally likely at first.",
         "Which row of the table have you not used?"),
        ("prior_at_every_move", {"priors": "each"},
         "You multiplied by the prior at every move. It belongs there once: it is what was known before any move.",
         "How many factors has each of your weights, and how many of them are the prior?"),
        ("likelihoods_added", {"together": "added"},
         "You added the probabilities of the moves. The probability of all of them together is their product.",
         "How probable is it that a fair coin falls heads twice in a row?"),
        ("not_normalised", {"divided": "no"},
         "These are the right proportions, but they do not sum to 1. Divide by their sum.",
         "What do your three numbers sum to?"),
        ("likelihoods_alone", {"priors": 0, "divided": "no"},
         "Two things are missing: these are the probabilities of the moves given each external. "
         "Multiply by the prior, and divide by the sum.",
         "What do your three numbers sum to? And which row of the table have you not used?"),
        ("softmax_of_weights", {"divided": "softmax"},
         "You took a softmax of the weights. They are no logarithms: divide them by their sum.",
         "What should the ratio of two of your numbers be?"),
        ("tails_left_out", {"used": "heads"},
         "You left out the tails. Each of them contributes a factor 1 − p.",
         "How many factors has each of your weights, and how many moves were watched?"),
        ("heads_for_tails", {"used": "as heads"},
         "You took every move for heads. A tails has the probability 1 − p.",
         "Whose probability is in the table: that of heads or that of tails? What follows for the other?"),
        ("first_move_only", {"used": "first"},
         "You used only the first move. Multiply the factors of all of them.",
         "How many factors has each of your weights, and how many moves were watched?"),
        ("last_move_only", {"used": "last"},
         "Your weights have only the factor of the last move, 1 − p. Multiply the factors of all moves.",
         "How many factors has each of your weights, and how many moves were watched?"),
        ("one_of_each", {"used": "one each"},
         "You used one heads and one tails. Each watched move has a factor of its own, also if it repeats another.",
         "How many factors has each of your weights, and how many moves were watched?"),
        ("heads_and_tails_swapped", {"used": "swapped"},
         lambda prior, p, h, t: "These are the numbers for heads and tails exchanged: "
         f"{h} of the {h + t} watched moves {'is' if h == 1 else 'are'} heads.",
         "Whose probability is in the table: that of heads or of tails?"),
        ("most_likely_only", lambda prior, p, h, t: torch.eye(3)[int((prior * p**h * (1 - p) ** t).argmax())],
         "One external is the most probable, but not certain. How probable is each?",
         "By how much is the most probable one ahead of the next?"),
        ("nothing_watched", {"used": "none"},
         "This is the prior. What do the watched moves say?",
         "How probable are the watched moves if it is the first external?"),
        ("times_heads", lambda prior, p, h, t: a_posterior(prior, p, h, t) * p,
         "You multiplied the posterior by the probability of heads. The exercise asks for the posterior itself.",
         "What do your three numbers sum to?"),
        ("next_move", lambda prior, p, h, t: a_posterior(prior, p, h, t) @ p,
         "This is the probability that the next move is heads. The exercise asks for that of each column.",
         "How many numbers are asked for?"),
    ],
)  # fmt: skip
def posterior_by_hand(prior, heads_probability, heads, tails):
    """p(k | moves), (K,): prior (K,), each external's probability of heads (K,), the numbers of heads and tails."""
    weights = prior * heads_probability**heads * (1 - heads_probability) ** tails
    return weights / weights.sum()


USED = {  # which of the n watched pairs
    "all": lambda n: slice(None),
    "none": lambda n: slice(0),
    "first": lambda n: slice(1),
    "last": lambda n: slice(n - 1, None),
    "all but the first": lambda n: slice(1, None),
    "all but the last": lambda n: slice(max(n - 1, 0)),
}
AS_WEIGHTS = {  # of log-weights (K,)
    "softmax": lambda logs: logs.softmax(0),
    "product": lambda logs: normalised(logs.exp()),
    "not normalised": lambda logs: logs.exp(),
    "largest": lambda logs: (logs - logs.max()).exp(),
    "of probabilities": lambda logs: logs.exp().softmax(0),
    "twice": lambda logs: logs.softmax(0).softmax(0),
    "logarithms": normalised,
    "likeliest": lambda logs: torch.eye(len(logs))[int(logs.argmax())],
    "drawn alike": lambda logs: torch.full_like(logs, 1 / len(logs)),
}


def predicting(prior, policies, states, moves, *, used="all", distinct=False, together="sum", priors="log",
               weights="softmax", mix="mean", where="in their states", empty="prior"):  # fmt: skip
    """The posterior mean policy (S, A), or what a student gives for it."""
    n, (_, S, A) = len(states), policies.shape
    if n == 0 and empty != "prior":
        return torch.full((S, A), 1 / A) if empty == "moves alike" else policies.mean(0)
    s, a = states[USED[used](n)], moves[USED[used](n)]
    if distinct:
        s, a = torch.stack([s, a]).unique(dim=1)
    if where == "exchanged":
        s, a = a, s
    p = policies.mean(1, keepdim=True).expand_as(policies) if where == "ignored" else policies
    chances = p[:, s, a]
    logs = {"sum": chances.log().sum(1), "mean": chances.log().mean(1), "added": chances.sum(1).log()}[together]
    logs = logs + {"log": 1, "none": 0, "plain": 0, "every": n, "every too": n + 1}[priors] * prior.log()
    w = AS_WEIGHTS[weights](logs + prior if priors == "plain" else logs)
    if mix == "logs":
        return torch.tensordot(w, policies.log(), 1).softmax(1)
    return torch.tensordot(w, policies, 1)


def state_by_state(prior, policies, states, moves):
    """A posterior of its own for each state, from the moves watched there."""
    rows = [predicting(prior, policies, states[states == s], moves[states == s])[s] for s in range(policies.shape[1])]
    return torch.stack(rows)


SIZES = ((2, 3, 4), (3, 2, 2), (4, 2, 3), (2, 2, 2), (3, 3, 3), (2, 4, 2), (3, 2, 4), (4, 3, 3))  # K, S, A


def externals(generator, K, S, A):
    """prior (K,), policies (K, S, A)."""
    return policy(generator, K), policy(generator, K, S, A)


def watching(K, S, A, states, moves):
    """Arguments with these pairs: generator → prior, policies, states, moves."""
    pairs = [torch.tensor(x, dtype=torch.long) for x in (states, moves)]
    return lambda generator: (*externals(generator, K, S, A), *pairs)


def watched_long(generator):
    """1,000 moves of the first of three externals."""
    prior, policies = externals(generator, 3, 2, 4)
    states = torch.randint(2, (1000,), generator=generator)
    return prior, policies, states, torch.multinomial(policies[0][states], 1, generator=generator)[:, 0]


def two_alike(generator):
    """The first two of three externals play the same."""
    prior, policies = externals(generator, 3, 2, 3)
    return prior, policies[[0, 0, 2]], torch.tensor([0, 1, 1]), torch.tensor([2, 0, 1])


def watched_externals(generator, k):
    """prior (K,), policies (K, S, A), n states and moves: more and more of them."""
    K, S, A = SIZES[k % 8]
    draws = (torch.randint(size, ((1, 2, 3, 12, 4, 5, 6, 8)[k % 8],), generator=generator) for size in (S, A))
    return *externals(generator, K, S, A), *draws


MANY = "1,000 moves were watched (a product of so many probabilities is 0 in floating point: add logarithms instead)"


@exercise(
    lesson=LESSON, title="The Bayes predictor", difficulty=3, importance=5, minutes=15,
    example=(torch.tensor([0.6, 0.4]),
             torch.tensor([[[0.5, 0.25, 0.25], [0.2, 0.4, 0.4]], [[0.25, 0.5, 0.25], [0.6, 0.2, 0.2]]]),
             torch.tensor([0, 1]), torch.tensor([1, 0])),
    expected=[[0.3, 0.45, 0.25], [0.52, 0.24, 0.24]], draw=watched_externals,
    edges={
        "nothing was watched": watching(3, 2, 4, [], []),
        MANY: watched_long,
        "only one move was watched": watching(3, 2, 3, [1], [2]),
        "the same pair was watched every time": watching(3, 2, 3, [1] * 4, [0] * 4),
        "there is only one external": watching(1, 2, 3, [0, 1], [2, 1]),
        "there is only one state": watching(3, 1, 2, [0, 0, 0], [1, 0, 1]),
        "two externals are alike": two_alike,
    },
    slipping=predicting,
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
        ("underflow", {"weights": "product"},
         "Right for few moves. A product of 1,000 probabilities is 0 in floating point: add their logarithms instead.",
         "Print the product after 10, 100 and 1,000 moves."),
        ("all_alike_if_nothing_was_watched", {"empty": "moves alike"},
         "Where nothing was watched, you predict all moves alike. The prior is known even then.",
         "What is the posterior before the first move?"),
        ("no_prior_if_nothing_was_watched", {"empty": "externals alike"},
         "Where nothing was watched, you take all externals for equally likely. The prior is known even then.",
         "What is the posterior before the first move?"),
        ("nothing_watched", {"used": "none"},
         "This is the average external: it ignores what was watched.",
         "Where do `states` and `moves` enter your answer?"),
        ("all_externals_alike", {"weights": "drawn alike"},
         "This is the plain mean of all policies. Weight each by its posterior.",
         "Where do `prior`, `states` and `moves` enter your answer?"),
        ("prior_left_out", {"priors": "none"},
         "The prior is missing. Some externals were more likely from the start.",
         "Which of the four arguments have you not used?"),
        ("prior_at_every_move", {"priors": "every"},
         "You used the prior at every move. Use it once.",
         "Is the prior inside your sum or product over moves, or outside?"),
        ("prior_at_every_move_too", {"priors": "every too"},
         "You used the prior once, and again at every move. Once is enough.",
         "Is the prior inside your loop over moves, or outside?"),
        ("softmax_of_probabilities", {"weights": "of probabilities"},
         "You took a softmax of probabilities. Take it of their logarithms, or divide probabilities by their sum.",
         "What goes into your softmax: probabilities or logarithms?"),
        ("softmax_twice", {"weights": "twice"},
         "You took a softmax of the posterior, which sums to 1 already. Leave it as it is.",
         "How often is something normalised in your answer?"),
        ("likelihoods_added", {"together": "added"},
         "You added the probabilities of the moves. Multiply them, or add their logarithms.",
         "How probable is it that an external makes the first move *and* the second?"),
        ("averaged_where_a_sum_is_due", {"together": "mean"},
         "You took the mean of the log-probabilities. Then a hundred moves tell no more than one: take the sum.",
         "What would become of your posterior if every move had been watched twice?"),
        ("prior_without_logarithm", {"priors": "plain"},
         "You added the prior to log-probabilities. Add its logarithm.",
         "Is each term of your sum a logarithm?"),
        ("logarithms_as_weights", {"weights": "logarithms"},
         "Your weights are log-probabilities, so the least likely external counts most. Take exp before you normalise.",
         "What is the sign of your weights before they are normalised?"),
        ("not_normalised", {"weights": "not normalised"},
         "Your weights are prior times likelihood. Divide them by their sum.",
         "What does each row of your result sum to?"),
        ("divided_by_the_largest", {"weights": "largest"},
         "Your weights are divided by the largest of them, or not normalised after the shift. Divide them by their "
         "sum.",
         "What does each row of your result sum to?"),
        ("most_likely_external", {"weights": "likeliest"},
         "This is the policy of the most likely external, which is not certain. Take the mean under the posterior.",
         "Look for `argmax` and `max`."),
        ("geometric_mean", {"mix": "logs"},
         "You averaged the logarithms of the policies. Average the policies themselves.",
         "Write the second formula beside your last lines."),
        ("first_move_only", {"used": "first"},
         "You used only the first move. Use all of them.",
         "Where does an index of `moves` stand in your answer?"),
        ("last_move_only", {"used": "last"},
         "You used only the last move. Use all of them.",
         "What is overwritten in your loop over moves?"),
        ("first_pair_left_out", {"used": "all but the first"},
         "You left out the first watched pair.",
         "At which index does your loop or slice begin?"),
        ("last_pair_left_out", {"used": "all but the last"},
         "You left out the last watched pair.",
         "At which index does your loop or slice end?"),
        ("repetitions_left_out", {"distinct": True},
         "You used each distinct pair once. A pair that was watched three times has three factors.",
         "How many factors are in your product, and how many moves were watched?"),
        ("states_ignored", {"where": "ignored"},
         "You ignored the states in which moves were watched. Use the probability of each move in its state.",
         "Where does `states` enter your answer?"),
        ("states_and_moves_exchanged", {"where": "exchanged"},
         "You exchanged states and moves: the axes of `policies` are externals, states, moves.",
         "Write the name of each axis above the index."),
        ("each_state_for_itself", state_by_state,
         "In each state you used only the moves of that state. But every move tells who the external is: use all of "
         "them.",
         "How many posteriors are there in your answer?"),
        ("watched_states_only",
         lambda prior, policies, states, moves: predicting(prior, policies, states, moves)[states],
         "You predict in the watched states only. Every state has a row in the result, watched or not.",
         "Which shape has your result, and which should it have?"),
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
