"""Exercises of sheet 06, imitators: the loss on watched moves, errors in nats, and a move that misleads."""

from __future__ import annotations

import math

import torch

from ..exercise import exercise
from .bayes import LESSON
from .random_cases import policy


def first_ones(weights):
    """The same number of ones in each row, but at its beginning."""
    return (torch.arange(weights.shape[1]) < weights.sum(1, keepdim=True)).to(weights.dtype)


OF_MOVES = {  # of log-probabilities (K, P, A) and actions (K, P): (K, P)
    "made": lambda logs, actions: logs.gather(2, actions[..., None])[..., 0],
    "likeliest": lambda logs, actions: logs.amax(2),
    "mean of all": lambda logs, actions: logs.mean(2),
    "sum of all": lambda logs, actions: logs.sum(2),
    "entropy": lambda logs, actions: (logs.exp() * logs).sum(2),
    "one before": lambda logs, actions: logs.gather(2, (actions[..., None] - 1) % logs.shape[2])[..., 0],
    "first": lambda logs, actions: logs[..., 0],
    "normalised again": lambda logs, actions: logs.softmax(2).log_softmax(2).gather(2, actions[..., None])[..., 0],
    "log again": lambda logs, actions: logs.abs().log().gather(2, actions[..., None])[..., 0],
}
COUNTED = {  # of weights and actions (K, P): (K, P)
    "watched": lambda weights, actions: weights,
    "all": lambda weights, actions: torch.ones_like(weights),
    "padding": lambda weights, actions: 1 - weights,
    "first ones": lambda weights, actions: first_ones(weights),
    "action 0 is padding": lambda weights, actions: (actions > 0).to(weights.dtype),
    "all but the last column": lambda weights, actions: torch.cat([weights[:, :-1], 0 * weights[:, -1:]], 1),
    "all but the first column": lambda weights, actions: torch.cat([0 * weights[:, :1], weights[:, 1:]], 1),
}
DIVIDED = {  # the number (K,) that a sum is divided by
    "own": lambda weights, counted: counted.sum(1),
    "own or 1": lambda weights, counted: counted.sum(1).clamp(min=1),
    "own weights": lambda weights, counted: weights.sum(1),
    "columns": lambda weights, counted: weights.shape[1],
    "all watched": lambda weights, counted: weights.sum(),
    "mean watched": lambda weights, counted: weights.sum(1).mean(),
    "externals": lambda weights, counted: len(weights),
    "nothing": lambda weights, counted: 1,
    "one less": lambda weights, counted: weights.sum(1) - 1,
}


def loss_of(log_policy, actions, weights, *, moves="made", counted="watched", divided="own", middle="mean",
            of_externals="kept", positive=True, axis=1):  # fmt: skip
    """Each external's loss (K,), or what a student takes for it."""
    made, w = OF_MOVES[moves](log_policy, actions), COUNTED[counted](weights, actions)
    sign = -1 if positive else 1
    if axis == 0:
        made, w, weights = made.T, w.T, weights.T
    if middle in ("median", "lower median"):
        of = (lambda x: x.quantile(0.5)) if middle == "median" else torch.median
        return torch.stack([of(sign * row[one > 0]) for row, one in zip(made, w, strict=True)])
    if middle == "running":
        return sign * (w * made).sum(1).cumsum(0) / w.sum(1).cumsum(0)
    if of_externals == "pooled":
        return sign * (w * made).sum() / w.sum()
    values = made.exp() if middle in ("log of mean", "probabilities") else made
    found = (w * values).sum(1) / DIVIDED[divided](weights, w)
    found = sign * (found.log() if middle == "log of mean" else found)
    return found.mean() if of_externals == "mean" else found.sum() if of_externals == "sum" else found


SIZES = ((2, 5, 3), (3, 6, 4), (4, 7, 2), (3, 3, 3), (2, 4, 4), (5, 5, 2), (4, 6, 3), (3, 12, 2))  # K, P, A


def watched(generator, K, P, A, weights=None):
    """log-probabilities (K, P, A), actions (K, P), weights (K, P).

    If no weights are given, each row and each column has a watched pair, and each row has padding somewhere.
    """
    if weights is None:
        turn = (torch.arange(P) - torch.arange(K)[:, None]) % K
        weights = torch.where(turn > 1, torch.randint(2, (K, P), generator=generator), turn == 0).double()
    actions = torch.randint(A, (K, P), generator=generator)
    actions[:, 0] = actions[:, 0].clamp(min=1)  # no row has action 0 only
    return policy(generator, K, P, A).log(), actions, weights


def with_weights(weights, A):
    """Arguments with these weights (K, P): generator → log-probabilities, actions, weights."""
    K, P = torch.tensor(weights).shape
    return lambda generator: watched(generator, K, P, A, torch.tensor(weights))


def sure(generator):
    """One external's moves were all predicted with certainty (nearly), the other's were not."""
    likely = torch.tensor([[[1 - 2.0**-20, 2.0**-20]] * 3, [[0.25, 0.75]] * 3])
    return likely.log(), torch.tensor([[0, 0, 1], [0, 1, 1]]), torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])


@exercise(
    lesson=LESSON, title="The loss of what was watched", difficulty=2, importance=5, minutes=10,
    example=(torch.tensor([[[0.5, 0.5], [0.75, 0.25], [0.9, 0.1]], [[0.25, 0.75], [0.5, 0.5], [0.2, 0.8]]]).log(),
           torch.tensor([[0, 1, 0], [1, 0, 1]]), torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])),
    expected=[math.log(8) / 2, -math.log(0.75 * 0.5 * 0.8) / 3],
    draw=lambda generator, k: watched(generator, *SIZES[k % 8]),
    edges={
        "the padding stands first": with_weights([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]], 3),
        "the padding stands between watched pairs": with_weights([[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 1.0, 1.0]], 3),
        "there is no padding": with_weights([[1.0] * 4] * 3, 2),
        "only one move was watched": with_weights([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], 2),
        "there is only one external": with_weights([[1.0, 1.0, 0.0, 1.0]], 3),
        "there is only one column": with_weights([[1.0], [1.0], [1.0]], 2),
        "a move was as good as certain": sure,
    },
    slipping=loss_of,
    hints=(
        "Which probabilities matter: all, or those of the moves that were made? How many pairs were really watched?",
        r"$L_k = -\sum_t w_{kt} \log \delta(a_{kt} \mid o_{kt}) \,/\, \sum_t w_{kt}$.",
        """\
        def watched_loss(log_policy, actions, weights):
            made = ...  # (K, P), the log-probability of each move
            return ... / ...""",
    ),
    mistakes=[
        ("weights_ignored", {"counted": "all"},
         "Your mean includes the padding. Pairs of weight 0 were never watched.",
         "Where do you use the weights?"),
        ("padding_in_the_denominator", {"divided": "columns"},
         "The padding adds nothing to your sum, but you divided by P. Divide by the sum of the weights.",
         "How many moves did the first external of the example make, and what do you divide by?"),
        ("padding_in_the_sum", {"counted": "all", "divided": "own weights"},
         "You divided by the number of watched pairs, but your sum includes the padding.",
         "The weights belong in two places. Which of them have you got?"),
        ("summed_over_pairs", {"divided": "nothing"},
         "You summed over pairs. L is their mean: divide by the sum of the weights.",
         "What would become of your L if every move had been watched twice?"),
        ("divided_by_externals", {"divided": "externals"},
         "You divided by the number of externals. Divide by the number of watched moves of this one: the sum of its "
         "weights.",
         "What does the number count that you divide by?"),
        ("divided_by_all_watched", {"divided": "all watched"},
         "You divided by the number of watched moves of all externals. Divide by those of this one: the sum of its "
         "weights.",
         "Along which axis do you sum the weights?"),
        ("divided_by_the_mean_number", {"divided": "mean watched"},
         "You divided by how many moves an external makes on average. Divide by the number of this one: the sum of "
         "its weights.",
         "Along which axis do you sum the weights?"),
        ("one_less", {"divided": "one less"},
         "You divided by one less than the number of watched moves.",
         "How many moves did the first external of the example make, and what do you divide by?"),
        ("padding_instead", {"counted": "padding"},
         "You averaged over the padding. The weight of a watched pair is 1, and that of padding is 0.",
         "Which pairs of the example enter your sum?"),
        ("padding_instead_or_nothing", {"counted": "padding", "divided": "own or 1"},
         "You averaged over the padding, and gave 0 where there is none. The weight of a watched pair is 1, and that "
         "of padding is 0.",
         "Which pairs of the example enter your sum?"),
        ("padding_at_the_end", {"counted": "first ones"},
         "You take the first pairs of each row, as many as were watched. The weights say which they are: padding may "
         "stand anywhere.",
         "Which of the weights' entries do you look at?"),
        ("action_0_for_padding", {"counted": "action 0 is padding"},
         "You take action 0 for padding. It is an action like any other: the weights say what is padding.",
         "Where do you use the weights?"),
        ("last_column_left_out", {"counted": "all but the last column"},
         "You left out the last column.",
         "Where does your loop or slice end?"),
        ("first_column_left_out", {"counted": "all but the first column"},
         "You left out the first column.",
         "Where does your loop or slice begin?"),
        ("last_column_left_out_of_the_sum", {"counted": "all but the last column", "divided": "own weights"},
         "You left out the last column of your sum, though not of what you divide by.",
         "Where does your loop or slice end?"),
        ("pairs_pooled", {"of_externals": "pooled"},
         "This is a single number, over the pairs of all externals. Each external has its own loss.",
         "Along which axis do you sum, and which one should be left?"),
        ("externals_averaged", {"of_externals": "mean"},
         "This is a single number. Keep one loss for each external.",
         "Which shape does the docstring ask for?"),
        ("externals_summed", {"of_externals": "sum"},
         "This is a single number, the sum over externals. Keep one loss for each of them.",
         "Which shape does the docstring ask for?"),
        ("externals_run_on", {"middle": "running"},
         "Your sums run on from one external to the next. Begin each external's anew.",
         "Where do you set your sum to 0: inside the loop over externals, or before it?"),
        ("axes_exchanged", {"axis": 0},
         "You summed over externals. Each external has a loss: sum over its pairs, axis 1.",
         "Which shape does the docstring ask for, and which has yours?"),
        ("columns_averaged", {"axis": 0, "counted": "all"},
         "You averaged over externals, and over padding, too. Each external has a loss: average over its watched "
         "pairs, axis 1.",
         "Which shape does the docstring ask for, and which has yours?"),
        ("columns_summed", {"axis": 0, "divided": "nothing"},
         "You summed over externals without dividing. Each external has a loss: the mean over its pairs, axis 1.",
         "Which shape does the docstring ask for, and which has yours?"),
        ("likeliest_move", {"moves": "likeliest"},
         "You used the probability of the likeliest move. Use that of the move that was made.",
         "Where do you use the actions?"),
        ("all_moves", {"moves": "mean of all"},
         "You averaged over all moves. Use only the one that was made.",
         "Where do you use the actions?"),
        ("all_moves_summed", {"moves": "sum of all"},
         "You summed over all moves. Use only the one that was made.",
         "Where do you use the actions?"),
        ("entropy", {"moves": "entropy"},
         "This is the entropy of the predictions: a mean over all moves. Use only the move that was made.",
         "Where do you use the actions?"),
        ("actions_from_one", {"moves": "one before"},
         "You took the probability of the action before the one that was made. Actions count from 0.",
         "Which index has the first action?"),
        ("first_action", {"moves": "first"},
         "You took the probability of action 0, whichever move was made.",
         "Where do you use the actions?"),
        ("softmax_taken_again", {"moves": "normalised again"},
         "You took the log-softmax of probabilities. `log_policy` has logarithms already.",
         "What do the exponentials of `log_policy` sum to over actions?"),
        ("logarithm_taken_again", {"moves": "log again"},
         "You took the logarithm once more. `log_policy` has logarithms already.",
         "Which sign has log δ? Can it be a probability?"),
        ("log_of_the_mean", {"middle": "log of mean"},
         "You took the logarithm of the mean probability. Take the mean of the logarithms.",
         "Which comes first in the text's example: the mean or the logarithm?"),
        ("probabilities", {"middle": "probabilities"},
         "You averaged probabilities. L is the mean of −log δ, and `log_policy` has the logarithms.",
         "Look for `exp` in your answer."),
        ("median", {"middle": "median"},
         "You took the median over moves. Take their mean.",
         "Which function puts the moves together in your answer?"),
        ("lower_median", {"middle": "lower median"},
         "You took the median over moves (the lower one of two in the middle). Take their mean.",
         "Which function puts the moves together in your answer?"),
        ("minus_forgotten", {"positive": False},
         "The minus is missing: these are means of log δ. A loss is −log δ.",
         "Which sign has the logarithm of a probability?"),
        ("bits", lambda *given: loss_of(*given) / math.log(2),
         "These are bits. Use natural logarithms: nats.",
         "What is log 2 in your answer?"),
        ("each_pair", lambda log_policy, actions, weights: -weights * OF_MOVES["made"](log_policy, actions),
         "These are the losses of single pairs. L is their mean over the watched ones.",
         "Which shape does the docstring ask for?"),
        ("each_pair_and_padding", lambda log_policy, actions, weights: -OF_MOVES["made"](log_policy, actions),
         "These are the losses of single pairs, padding included. L is the mean over the watched ones.",
         "Which shape does the docstring ask for?"),
    ],
)  # fmt: skip
def watched_loss(log_policy, actions, weights):
    """Mean cross-entropy of watched moves (K,), nats: log_policy (K, P, A), actions (K, P), weights (0: padding)."""
    made = log_policy.gather(2, actions.unsqueeze(2)).squeeze(2)
    return -(weights * made).sum(1) / weights.sum(1)
