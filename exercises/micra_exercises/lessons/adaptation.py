"""The exercise `newcomers` of sheet 08: adapt to each newcomer from the prior, as far as the watched moves go."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import policy

LESSON = "08_adaptation_and_execution"

# The weight of n watched moves: of the moves `own`, and of those of all newcomers.
TRUST = {
    "share": lambda n, n_0, own, watched: n / (n + n_0),
    "full": lambda n, n_0, own, watched: 1.0,
    "none": lambda n, n_0, own, watched: 0.0,
    "rest": lambda n, n_0, own, watched: n_0 / (n + n_0),
    "not_bounded": lambda n, n_0, own, watched: n / n_0,
    "times_n": lambda n, n_0, own, watched: n * n / (n + n_0),
    "without_n": lambda n, n_0, own, watched: 1 / (n + n_0),
    "of_all_moves": lambda n, n_0, own, watched: (total := sum(map(len, watched))) / (total + n_0),
    "of_newcomers": lambda n, n_0, own, watched: len(watched) / (len(watched) + n_0),
    "of_different_moves": lambda n, n_0, own, watched: (kinds := len(own.unique())) / (kinds + n_0),
}
# The moves that newcomer k is adapted to.
MOVES = {
    "own": lambda watched, k: watched[k],
    "so_far": lambda watched, k: torch.cat(watched[: k + 1]),
    "all": lambda watched, k: torch.cat(watched),
    "last": lambda watched, k: watched[k][-1:],
}
TOLD = {
    "predictions": lambda logits: logits.softmax(1),
    "logits": lambda logits: logits,
    "log_probabilities": lambda logits: logits.log_softmax(1),
    "softmax_over_newcomers": lambda logits: logits.softmax(0),
    "likeliest": lambda logits: torch.nn.functional.one_hot(logits.argmax(1), logits.shape[1]),
}


def adapting(theta, watched, steps, sizes, n_0, *, start="theta", trust="share", moves="own", size="own", step="anew",
             direction=-1, counted="frequencies", unwatched="theta", told="predictions"):  # fmt: skip
    """The predictions (K, A) for all newcomers; see `newcomers`."""
    found, adapted = [], theta
    sizes = {"own": sizes, "mean": sizes.mean()}[size]
    for k in range(len(watched)):
        seen, before = MOVES[moves](watched, k), adapted
        adapted = {"theta": theta, "one_before": adapted, "zeros": 0 * theta}[start]
        if len(seen):
            weight = 1.0 if trust == "at_the_end" else TRUST[trust](len(seen), n_0, seen, watched)
            counts = torch.bincount(torch.cat(watched) if counted == "all" else seen, minlength=len(theta))
            frequency = counts / {"counts": 1, "over_kinds": len(theta)}.get(counted, counts.sum())
            began, rate = adapted, direction * weight * sizes
            for _ in range(1 if step == "once" else steps):
                there = {"anew": adapted.softmax(0), "first": began.softmax(0), "logits": adapted}
                adapted = adapted + rate * (there.get(step, adapted.softmax(0)) - frequency)
            if trust == "at_the_end":
                adapted = began + TRUST["share"](len(seen), n_0, seen, watched) * (adapted - began)
        elif unwatched == "fails":
            raise ZeroDivisionError
        elif unwatched == "left_out":
            continue
        else:
            adapted = {"theta": adapted, "even": 0 * theta, "nan": theta * torch.nan, "one_before": before}[unwatched]
        found.append(adapted)
    return TOLD[told](torch.stack(found))


def watched_by(generator, A, lengths):
    """θ (A,), moves of as many newcomers as there are lengths, step sizes (A,)."""
    watched = [torch.multinomial(policy(generator, A), max(n, 1), True, generator=generator)[:n] for n in lengths]
    return torch.randn(A, generator=generator), watched, 0.5 + 2 * torch.rand(A, generator=generator)


def newcomers_watched(generator, k):
    """The arguments of `newcomers`; in most cases one newcomer was not watched: the first, the last, or another."""
    A, K = ((2, 3), (3, 3), (4, 2), (5, 4), (4, 4), (3, 5))[k % 6]
    lengths = torch.randint(2, 16, (K,), generator=generator).tolist()
    if k % 3 < 2:
        lengths[(0, -1, 1, 2)[k % 4]] = 0
    theta, watched, sizes = watched_by(generator, A, lengths)
    return theta, watched, 2 + k % 3, sizes, 2.5 + k


def edge(A, lengths, steps=2):
    """An edge: as many moves as these, of each newcomer."""

    def drawn(generator):
        theta, watched, sizes = watched_by(generator, A, lengths)
        return theta, watched, steps, sizes, 3.5

    return drawn


def some_never_seen(generator):
    """An edge: moves 2 and 3 exist, but nobody made them."""
    theta, _, sizes = watched_by(generator, 4, [])
    return theta, [torch.tensor([0, 1, 0]), torch.tensor([1])], 2, sizes, 3.5


@exercise(
    lesson=LESSON, title="Each newcomer from the prior", difficulty=2, importance=5, minutes=12,
    example=(torch.tensor([0.0, 0.0]), [torch.tensor([0, 1, 0, 0]), torch.zeros(0).long(), torch.ones(12).long()], 1,
             torch.tensor([2.0, 2.0]), 4.0),
    expected=[[0.6224593, 0.3775407], [0.5, 0.5], [0.1824255, 0.8175745]], draw=newcomers_watched,
    edges={
        "nobody was watched": edge(3, [0, 0]),
        "there is only one newcomer": edge(3, [5]),
        "a single move was watched": edge(4, [1, 6]),
        "some moves were never seen": some_never_seen,
        "no step is taken": edge(3, [4, 7], steps=0),
    },
    slipping=adapting,
    hints=(
        "Where does the second newcomer's adaptation start? And how much can you trust three moves, how much three "
        "hundred?",
        r"$\theta' \leftarrow \theta' - \frac{n}{n + n_0}\, \alpha \cdot (\mathrm{softmax}(\theta') - f)$, from "
        r"$\theta$ each "
        r"time; $f$ are the frequencies of the $n$ watched moves.",
        """\
        def newcomers(theta, watched, steps, step_sizes, n_0):
            found = []
            for moves in watched:
                adapted, n = theta, len(moves)
                if n:
                    frequency = ...
                    for _ in range(steps):
                        adapted = ...
                found.append(adapted.softmax(0))
            return torch.stack(found)""",
    ),
    mistakes=[
        ("from_the_one_before", {"start": "one_before"},
         "Your adaptation starts from the habits of the newcomer before. Start from θ every time, and do not "
         "overwrite it.",
         "Which variable holds θ′, and what is in it when the loop comes to the next newcomer?"),
        ("nobody_adapted_to", {"trust": "none"},
         "These are the predictions of θ for all newcomers. Adapt to what was watched.",
         "Print the length of your step. Is there a whole-number division in it, or is its result not kept?"),
        ("trust_left_out", {"trust": "full"},
         "Your step is as long after three moves as after three hundred. The factor n / (n + n_0) is missing.",
         "Compare your step in the sheet's example with the third column of its table."),
        ("trust_and_rest_exchanged", {"trust": "rest"},
         "The more you watch, the shorter your step. It should be the other way round: n / (n + n_0).",
         "Work out your factor for n = 0 and for a very large n."),
        ("trust_not_bounded", {"trust": "not_bounded"},
         "Your factor is n / n_0, which grows without bound. θ counts as n_0 pairs *in addition to* the n watched "
         "ones.",
         "Which number does the factor of the formula come close to if n is very large? And yours?"),
        ("losses_added", {"trust": "times_n"},
         "Your gradient is n times too large: a sum over the watched moves where the mean is due. The factor contains "
         "n already.",
         "What do the entries of your gradient sum to if you leave softmax(θ′) out of it: 1, or n?"),
        ("trust_without_n", {"trust": "without_n"},
         "Your factor is 1 / (n + n_0): it falls as more is watched. Look at its numerator.",
         "Work out your factor for n = 4 and n₀ = 4, and compare it with the sheet's table."),
        ("trust_by_all_moves", {"trust": "of_all_moves"},
         "Your n counts the moves of all newcomers. Count only those of the newcomer in question.",
         "Write down n for each of the three newcomers of the sheet's example."),
        ("newcomers_counted", {"trust": "of_newcomers"},
         "Your n is the number of newcomers. It should be the number of moves that were watched of this one.",
         "Whose length do you take: that of the list, or that of one newcomer's moves?"),
        ("different_moves_counted", {"trust": "of_different_moves"},
         "Your n counts the *different* moves. A move that was seen five times counts five times.",
         "What is n for the third newcomer of the sheet's example, who made move 1 twelve times?"),
        ("trust_at_the_end", {"trust": "at_the_end"},
         "You take full steps, and shorten their sum at the end. The factor belongs into each step: the next slope "
         "depends on it.",
         "Where does the second step start in your answer, and where by the formula?"),
        ("moves_pooled", {"moves": "all"},
         "You adapted to the moves of all newcomers together. Each newcomer has its own habits.",
         "What does your answer predict for the newcomer that nobody has watched?"),
        ("moves_kept", {"moves": "so_far"},
         "You adapt to the moves of the earlier newcomers as well. Each is adapted to its own moves only.",
         "Which list or count should be empty again when the next newcomer comes?"),
        ("last_move_only", {"moves": "last"},
         "Only the last watched move counts in your answer. Use all moves of this newcomer.",
         "Write down f for the moves 0, 1, 0, 0."),
        ("frequencies_of_all", {"counted": "all"},
         "Your f are the frequencies over all newcomers. Take those of the moves of this one.",
         "Write down f for each of the three newcomers of the sheet's example."),
        ("counts", {"counted": "counts"},
         "You subtract counts from a prediction. f are frequencies: they sum to 1.",
         "What do the entries of softmax(θ′) − f sum to?"),
        ("divided_by_kinds", {"counted": "over_kinds"},
         "You divide the counts by the number of *different* moves. Divide them by the number of watched moves.",
         "What do your frequencies sum to?"),
        ("one_step_size_for_all", {"size": "mean"},
         "You used one step size for all parameters. Each has its own: `step_sizes` has the shape of θ.",
         "The product α · ∇L is taken entry by entry. Which shape has your α?"),
        ("one_step_only", {"step": "once"},
         "You took one inner step. Take `steps` of them, each from where the last one ended.",
         "How often does your loop run, and which θ′ does it begin with the second time?"),
        ("slope_of_the_first_step", {"step": "first"},
         "All your steps use the slope of the first. The slope changes with θ′: recompute it in each step.",
         "Which line computes the prediction: is it within the loop over steps, and does it use the new θ′?"),
        ("logits_in_the_slope", {"step": "logits"},
         "Your slope is θ′ − f. It compares *predictions* with frequencies: softmax(θ′) − f.",
         "At which θ′ is your slope 0, and what is predicted there?"),
        ("climbed", {"direction": 1},
         "You climb the loss, so the watched moves become less likely. Descend it.",
         "A move was watched more often than predicted: should its logit rise or fall?"),
        ("from_zero", {"start": "zeros"},
         "You start from zeros and lose what training has learned. Start from θ.",
         "What is predicted for a newcomer that was not watched?"),
        ("logits", {"told": "logits"},
         "These are the adapted logits. The exercise asks for the prediction: their softmax.",
         "What should each row of the result sum to?"),
        ("log_probabilities", {"told": "log_probabilities"},
         "These are the logarithms of the predictions. Return the predictions themselves.",
         "What should each row of the result sum to?"),
        ("softmax_over_newcomers", {"told": "softmax_over_newcomers"},
         "Your softmax at the end is over newcomers. Each newcomer's prediction sums to 1 over *moves*.",
         "Write the name of each axis beside your table: which one does the softmax run along?"),
        ("likeliest_move", {"told": "likeliest"},
         "You return the likeliest move only. Return the probability of each move.",
         "What does the last column of the sheet's table show?"),
        ("left_out", {"unwatched": "left_out"},
         "You leave out the newcomers of whom nothing was watched. They have a prediction, too: θ′ = θ.",
         "How many rows should the result have, and does each way through your loop append one?"),
        ("fails_without_moves", {"unwatched": "fails"},
         "Right, but where nothing was watched your function stops with an error: no frequencies can be found there. "
         "θ′ = θ for such a newcomer.",
         "What does each of your lines do for an empty tensor of moves? Treat that case first."),
        ("nan_without_moves", {"unwatched": "nan"},
         "Where nothing was watched, your predictions are NaN: 0 moves are divided by 0. θ′ = θ for such a newcomer.",
         "Print your f for an empty tensor of moves. What does 0 times this give?"),
        ("even_without_moves", {"unwatched": "even"},
         "Where nothing was watched, you predict all moves equally often. Training has learned more: predict as θ "
         "does.",
         "Which θ′ does the sheet name if nothing was watched?"),
        ("one_before_without_moves", {"unwatched": "one_before"},
         "Where nothing was watched, you repeat the newcomer before. Predict as θ does.",
         "Which θ′ does the sheet name if nothing was watched, and what is in your variable then?"),
        ("frequencies_alone", lambda theta, watched, *_: torch.stack([
            torch.bincount(m, minlength=len(theta)) / max(len(m), 1) for m in watched]),
         "These are the frequencies of the watched moves. After a few moves, they are a poor prediction: adapt θ.",
         "Where do θ and the step sizes stand in your answer?"),
    ],
    properties=[
        ("is_a_policy", lambda result, *_: abs(result.sum(1) - 1).max() < 1e-3,
         "each prediction sums to 1. Yours do not: take the softmax of the adapted logits at the end."),
        ("unwatched_is_the_prior", lambda result, theta, watched, *_: all(
            abs(row - theta.softmax(0).double().numpy()).max() < 1e-3
            for row, seen in zip(result, watched, strict=True) if not len(seen)),
         "if nothing was watched, the prediction is that of θ. Yours differs."),
    ],
)  # fmt: skip
def newcomers(theta, watched, steps, step_sizes, n_0):
    """Predictions (K, A), each adapted from θ (A,): watched, K tensors of moves; step_sizes (A,), n_0 pairs."""
    found = []
    for moves in watched:
        adapted, n = theta, len(moves)
        if n > 0:
            frequency = torch.bincount(moves, minlength=len(theta)) / n
            for _ in range(steps):
                adapted = adapted - n / (n + n_0) * step_sizes * (adapted.softmax(0) - frequency)
        found.append(adapted.softmax(0))
    return torch.stack(found)
