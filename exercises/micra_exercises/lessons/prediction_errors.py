"""Exercises of sheet 06, how far a prediction is from the best one: errors in nats, and a move that misleads."""

from __future__ import annotations

import math

import numpy as np
import torch

from ..exercise import exercise
from .bayes import LESSON
from .random_cases import policy

APART = {  # of the external's policy p and the predicted one q (S, A): (S,)
    "kl": lambda p, q: (p * (p / q).log()).sum(1),
    "reverse": lambda p, q: (q * (q / p).log()).sum(1),
    "cross-entropy": lambda p, q: -(p * q.log()).sum(1),
    "reverse cross-entropy": lambda p, q: -(q * p.log()).sum(1),
    "entropy added": lambda p, q: -(p * (q.log() + p.log())).sum(1),
    "minus that of q": lambda p, q: ((q - p) * q.log()).sum(1),
    "no weights": lambda p, q: (p / q).log().sum(1),
    "weights q": lambda p, q: (q * (p / q).log()).sum(1),
    "absolute": lambda p, q: (p * (p / q).log()).abs().sum(1),
    "likeliest": lambda p, q: (p * (p / q).log()).gather(1, p.argmax(1)[:, None])[:, 0],
    "surprise": lambda p, q: -q.amax(1).log(),
    "positive": lambda p, q: (p * (p / q).log()).clamp(min=0).sum(1),
    "variation": lambda p, q: (p - q).abs().sum(1) / 2,
    "differences": lambda p, q: (p - q).abs().sum(1),
    "squares": lambda p, q: ((p - q) ** 2).sum(1),
    "no logarithm": lambda p, q: (p * (p / q)).sum(1),
    "symmetric": lambda p, q: ((p - q) * (p / q).log()).sum(1) / 2,
}
WEIGHTS = {  # of visits (S,): (S,)
    "shares": lambda d: d / d.sum(),
    "uniform": lambda d: torch.full_like(d, 1 / len(d)),
    "visited alike": lambda d: (d > 0) / (d > 0).sum(),
    "counts": lambda d: d,
    "by states": lambda d: d / len(d),
    "ones": lambda d: torch.ones_like(d),
    "softmax": lambda d: d.softmax(0),
    "by the largest": lambda d: d / d.max(),
    "most visited": lambda d: torch.eye(len(d))[int(d.argmax())],
    "first": lambda d: torch.eye(len(d))[0],
    "last": lambda d: torch.eye(len(d))[-1],
    "squares": lambda d: d**2 / (d**2).sum(),
}


def error_of(visits, external, predicted, *, apart="kl", weights="shares", of_moves="sum", states="averaged"):
    """The error of a prediction, or what a student takes for it."""
    d = WEIGHTS[weights](visits)
    if states == "mixed":
        external, predicted = (d @ external)[None], (d @ predicted)[None]
        return APART[apart](external, predicted)[0]
    found = APART[apart](external, predicted) / (external.shape[1] if of_moves == "mean" else 1)
    return {"averaged": d @ found, "kept": d * found, "each": found}[states]


SIZES = ((3, 2), (4, 3), (2, 3), (3, 3), (2, 2), (5, 2), (2, 4), (4, 4))  # numbers of states and of actions


def predicted_well(generator, S, A):
    """An external's policy and a predicted one (S, A), whose probabilities are not small."""
    return policy(generator, S, A), 0.5 * policy(generator, S, A) + 0.5 / A


def visited(generator, k):
    """Visits of each state (S,), an external's policy and a predicted one (S, A)."""
    S, A = SIZES[k % 8]
    return 1 + torch.randint(9, (S,), generator=generator).double(), *predicted_well(generator, S, A)


def visiting(visits, A):
    """Arguments with these visits: generator → visits, external, predicted."""
    return lambda generator: (torch.tensor(visits), *predicted_well(generator, len(visits), A))


def perfect(generator):
    """A prediction that is the external's policy."""
    p = policy(generator, 3, 2)
    return torch.tensor([1.0, 2.0, 4.0]), p, p.clone()


VISITS, UNSURE = torch.tensor([3.0, 1.0]), torch.tensor([[0.5, 0.5], [0.25, 0.75]])
SURE = torch.tensor([[1 / 1024, 1023 / 1024], [0.5, 0.5]])


@exercise(
    lesson=LESSON, title="The error of an imitator", difficulty=2, importance=4, minutes=10,
    example=(torch.tensor([2.0, 1.0, 1.0]), torch.tensor([[0.5, 0.5], [0.25, 0.75], [0.25, 0.75]]),
             torch.tensor([[0.25, 0.75], [0.5, 0.5], [0.25, 0.75]])),
    expected=0.5 * 0.5 * math.log(4 / 3) + 0.25 * (0.25 * math.log(0.5) + 0.75 * math.log(1.5)), draw=visited,
    edges={
        "a state is never visited": visiting([3.0, 0.0, 5.0], 2),
        "only one state is visited": visiting([0.0, 0.0, 4.0, 0.0], 3),
        "all states are visited equally often": visiting([3.0, 3.0], 3),
        "every visited state is visited once": visiting([1.0, 0.0, 1.0], 2),
        "there is only one state": visiting([7.0], 3),
        "there are as many actions as states": visiting([1.0, 4.0, 2.0], 3),
        "a predicted probability is very small (nothing limits it from below)": (VISITS, UNSURE, SURE),
        "the external is nearly certain of a move": (VISITS, SURE, UNSURE),
        "the prediction is perfect": perfect,
    },
    slipping=error_of,
    hints=(
        "What is left of the cross-entropy if the prediction is perfect? Which states should count most?",
        r"$\sum_s \frac{d(s)}{\sum_{s'} d(s')} \sum_a \pi_{\mathcal E}(a \mid s) \log \frac{\pi_{\mathcal E}(a \mid "
        r"s)}{\delta(a \mid s)}$",
        "def excess_nats(visits, external, predicted):\n    kl = ...  # (S,)\n    return (... * kl).sum() / ...",
    ),
    mistakes=[
        ("entropy_not_subtracted", {"apart": "cross-entropy"},
         "This is the cross-entropy. Subtract the external's own entropy: a perfect prediction has error 0.",
         "What does your answer give in state 2 of the example?"),
        ("entropy_added", {"apart": "entropy added"},
         "You added the external's own entropy to the cross-entropy. Subtract it: a perfect prediction has error 0.",
         "What does your answer give in state 2 of the example?"),
        ("entropy_of_the_prediction", {"apart": "minus that of q"},
         "You subtracted the entropy of the prediction. Subtract the external's own, which nobody can predict.",
         "Whose policy stands twice in the entropy that you subtract?"),
        ("wrong_way_round", {"apart": "reverse"},
         "This is KL the wrong way round. The moves are the external's: use its policy as the weight.",
         "Which of the two policies stands before the logarithm?"),
        ("cross_entropy_the_wrong_way_round", {"apart": "reverse cross-entropy"},
         "This is the cross-entropy the wrong way round. The moves are the external's: weight with its policy, "
         "take the logarithms of the prediction, and subtract the external's own entropy.",
         "Which of the two policies stands in the logarithm?"),
        ("states_summed", {"weights": "ones"},
         "You summed over states as well as moves, so that `visits` has no effect. Sum over moves only, axis 1, then "
         "weight the states.",
         "Where does `visits` enter your answer?"),
        ("states_uniform", {"weights": "uniform"},
         "You weighted all states equally. Weight them by how often they are visited.",
         "Where does `visits` enter your answer?"),
        ("visited_states_alike", {"weights": "visited alike"},
         "You weighted all visited states equally. Weight them by how often they are visited.",
         "Does your answer change if a state is visited twice as often?"),
        ("visits_not_normalised", {"weights": "counts"},
         "You did not normalise the visits. Divide by their sum.",
         "What would become of your error if every state were visited twice as often?"),
        ("divided_by_states", {"weights": "by states"},
         "You divided by the number of states. Divide by the sum of the visits.",
         "What should the weights of the states sum to?"),
        ("divided_by_the_most_visits", {"weights": "by the largest"},
         "You divided the visits by the largest of them. Divide by their sum.",
         "What should the weights of the states sum to?"),
        ("softmax_of_visits", {"weights": "softmax"},
         "You took a softmax of the visits. They are numbers of times: divide by their sum.",
         "How should the weights of two states compare if one is visited twice as often?"),
        ("visits_squared", {"weights": "squares"},
         "You weighted the states by their visits squared. Use the visits once.",
         "How often does `visits` stand in your product?"),
        ("most_visited_state_only", {"weights": "most visited"},
         "You used only the most visited state. Average over all of them.",
         "Look for `argmax` and `max`."),
        ("first_state_only", {"weights": "first"},
         "You used only the first state. Average over all of them.",
         "Where does `return` stand in your loop over states?"),
        ("last_state_only", {"weights": "last"},
         "You used only the last state. Average over all of them.",
         "What is overwritten in your loop over states?"),
        ("averaged_where_a_sum_is_due", {"of_moves": "mean"},
         "You took a mean over moves. The external's policy already weights them: take the sum.",
         "What do the external's probabilities in one state sum to?"),
        ("weights_left_out", {"apart": "no weights"},
         "Your sum over moves has no weights. Weight each by the external's policy.",
         "Write the formula of KL beside yours."),
        ("weighted_by_the_prediction", {"apart": "weights q"},
         "Your sum over moves is weighted by the prediction. Weight each move by the external's policy.",
         "Which of the two policies stands before the logarithm?"),
        ("absolute_terms", {"apart": "absolute"},
         "You took the absolute value of each term. Some terms of a KL are negative: keep their signs.",
         "Which terms of the example's state 0 are negative?"),
        ("negative_terms_left_out", {"apart": "positive"},
         "You left out the negative terms. Some terms of a KL are negative: keep them.",
         "Which terms of the example's state 0 are negative?"),
        ("likeliest_move_only", {"apart": "likeliest"},
         "You used only the external's likeliest move in each state. Sum over all its moves.",
         "Look for `argmax` and `max`."),
        ("likeliest_prediction", {"apart": "surprise"},
         "This is −log of the likeliest prediction, whatever the external does. Compare all probabilities with the "
         "external's.",
         "Where does `external` enter your answer?"),
        ("total_variation", {"apart": "variation"},
         "This is the total variation distance: half the sum of differences. The error is a KL, with logarithms.",
         "Write the formula of KL beside yours."),
        ("absolute_differences", {"apart": "differences"},
         "This is a sum of differences of probabilities. The error is a KL, with logarithms.",
         "Write the formula of KL beside yours."),
        ("squared_differences", {"apart": "squares"},
         "This is a sum of squared differences of probabilities. The error is a KL, with logarithms.",
         "Write the formula of KL beside yours."),
        ("logarithm_missing", {"apart": "no logarithm"},
         "The logarithm is missing: you averaged the ratios of probabilities.",
         "What does your answer give in state 2 of the example?"),
        ("symmetric", {"apart": "symmetric"},
         "You averaged the KL of both directions. The moves are the external's: only the direction with its policy as "
         "the weight counts.",
         "How many KL are there in the formula?"),
        ("states_mixed", {"states": "mixed"},
         "You averaged the policies over states before comparing. Compare in each state, then average.",
         "In which order do you average and take logarithms?"),
        ("states_kept", {"states": "kept"},
         "You return a number for each state. Sum them: the error is one number.",
         "What is the last sum of the formula over?"),
        ("each_state", {"states": "each"},
         "These are the KL of each state. Average them, weighted by the visits.",
         "Where does `visits` enter your answer?"),
        ("bits", lambda *given: error_of(*given) / math.log(2),
         "These are bits. Use natural logarithms: nats.",
         "What is log 2 in your answer?"),
    ],
)  # fmt: skip
def excess_nats(visits, external, predicted):
    """KL(external ‖ predicted) averaged over the visited states, nats: visits (S,), policies (S, A)."""
    kl = (external * (external.log() - predicted.log())).sum(1)
    return (visits * kl).sum() / visits.sum()


SUM = 2e-3  # how far from 1 a sum may be: 0.333 is a third


def rise(prior, policies, k=0):
    """How much the error about external k rises after its likeliest move, nats."""
    p = policies[k]
    after = prior * policies[:, p.argmax()]
    before, after = (p * np.log(np.where(p > 0, p, 1) / (w / w.sum() @ policies)) for w in (prior, after))
    return float((after - before).sum())


def outcome(prior, policies):
    """What the likeliest move of the first external does. Raises ValueError if nothing can be learned from it."""
    far = abs(np.array([prior.sum(), *policies.sum(1)]) - 1).max()
    if (prior.shape, policies.shape) != ((3,), (3, 2)) or far > SUM or min(prior.min(), policies.min()) < 0:
        raise ValueError("no probabilities")
    if policies[0, 0] == policies[0, 1] or (policies == policies[0]).all():
        raise ValueError("no likeliest move, or all are alike")
    if (up := rise(prior, policies)) > 0:
        return "misleads" if up >= 0.01 - 1e-9 else "misleads a little"
    return "another is misled" if max(rise(prior, policies, 1), rise(prior, policies, 2)) > 0 else "helps"


@exercise(
    "open", lesson=LESSON, title="A move that misleads", difficulty=3, importance=3, minutes=12,
    hints=(
        "Watching helps on average, but not always. Which other external makes the same move even more often?",
        r"$p(1 \mid a) < p(1)$ wherever $\pi_1(a) < \sum_k p(k)\, \pi_k(a)$. Let the prior mean be near $\pi_1$ by "
        r"chance.",
        "prior = torch.tensor([..., ..., ...])\npolicies = torch.tensor([[0.6, 0.4], [..., ...], [..., ...]])\n"
        "misleading_move = (prior, policies)",
    ),
    properties=[
        ("two_things", lambda *given: len(given) == 2,
         "Pass two things in round brackets: (prior, policies)."),
        ("order", lambda prior, policies: not (prior.shape == (3, 2) and policies.shape == (3,)),
         "Your two things are in the opposite order: enter (prior, policies)."),
        ("rows_are_externals", lambda prior, policies: policies.shape != (2, 3),
         "Your policies have a column for each external. Each has a row: the shape is (3, 2)."),
        ("shapes", lambda prior, policies: (prior.shape, policies.shape) in
         [((3,), (3, 2)), ((3, 2), (3,)), ((3,), (2, 3))],
         "Pass two things, (prior, policies), of the shapes (3,) and (3, 2): three externals with two moves each."),
        ("none_negative", lambda prior, policies: min(prior.min(), policies.min()) >= 0,
         "A probability is negative."),
        ("prior_sums_to_one", lambda prior, policies: prior.ndim != 1 or abs(prior.sum() - 1) <= SUM,
         "Your prior does not sum to 1."),
        ("policies_sum_to_one",
         lambda prior, policies: policies.shape != (3, 2) or abs(policies.sum(1) - 1).max() <= SUM,
         "A row of your policies does not sum to 1. Each row is an external's policy."),
        ("everybody_is_possible", lambda prior, policies: (prior != 0).all(),
         "An external has the prior 0: you never meet it. Give every external a positive probability."),
        ("every_move_is_possible", lambda prior, policies: (policies != 0).all(),
         "An external never makes one of its moves. Give every move a positive probability."),
        ("likeliest_is_one", lambda prior, policies: policies.shape != (3, 2) or policies[0, 0] != policies[0, 1],
         "The first external makes both moves equally often. Make one of them the likeliest."),
        ("externals_differ", lambda prior, policies: policies.shape != (3, 2) or (policies != policies[0]).any(),
         "All externals play the same policy. Then there is nothing to learn from a move."),
        ("error_rises_enough", lambda prior, policies: outcome(prior, policies) != "misleads a little",
         "The error rises, but by less than 0.01 nats. Make the move pull the posterior farther away from the first "
         "external."),
        ("the_first_is_misled", lambda prior, policies: outcome(prior, policies) != "another is misled",
         "The move helps: after its likeliest move, the error about the first external does not rise. "
         "That about another would, after its own; but you meet the first."),
        ("error_rises", lambda prior, policies: outcome(prior, policies) != "helps",
         "The move helps: after the likeliest move of the first external, the error does not rise. "
         "Which external should get too much weight?"),
    ],
)  # fmt: skip
def misleading_move():
    """A prior and externals (K, A): after watching the likeliest move of the first, the prediction of it is worse."""
    return torch.tensor([1 / 3, 1 / 3, 1 / 3]), torch.tensor([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9]])
