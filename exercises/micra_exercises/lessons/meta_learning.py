"""Exercises of sheet 05: inner steps by hand and in code. The outer loss and its gradient follow in `outer_loss.py`."""

from __future__ import annotations

import functools
import math

import torch

from ..exercise import exercise
from .random_cases import in_letters, one_of

LESSON = "05_meta_learning"


def sigma(x):
    """The logistic function: the probability of heads at the logit x."""
    return 1 / (1 + math.exp(-x))


def other_moves(generator):
    """θ, whose prediction has few digits; numbers of heads and of tails; α."""
    heads, tails = (int(one_of(generator, 1, 2, 3)) for _ in range(2))
    return math.log(one_of(generator, 0.25, 1.5, 3, 4, 9)), heads, tails, one_of(generator, 0.5, 1.5, 2.0, 3.0, 4.0)


def a_step(theta, heads, tails, step_size, *, moves="all", over="mean", uphill=False, sized=True,
           slope="difference", predicted="sigma", start="theta", gives="stepped"):  # fmt: skip
    """θ′ after one step, or what a student gives for it."""
    n = heads + tails
    shares = {"all": heads / n, "tails": tails / n, "first": 1.0, "last": 0.0, "odds": heads / tails}
    p, f = sigma(theta) if predicted == "sigma" else theta, shares[moves]
    slopes = {
        "difference": p - f,
        "squared": (p - f) * p * (1 - p),
        "heads_only": -f * (1 - p),
        "loss": -f * math.log(p) - (1 - f) * math.log(1 - p) if 0 < p < 1 else math.nan,
    }
    change = (1 if uphill else -1) * (step_size if sized else 1) * (n if over == "sum" else 1) * slopes[slope]
    starts = {"theta": theta, "probability": sigma(theta), "odds": math.exp(theta), "decimal": theta / math.log(10)}
    stepped = starts[start] + change
    return {"stepped": stepped, "probability": sigma(stepped), "change": change, "slope": slopes[slope]}[gives]


def as_many_words(theta, heads, tails, step_size):
    """What to say to those who compared with the frequency of tails: that may lead nowhere."""
    words = "You compared with the frequency of tails. θ is the log-odds of heads: compare with the frequency of heads."
    if abs(a_step(theta, heads, tails, step_size, moves="tails") - theta) > 0.01:
        return words
    return (
        f"This is θ itself: nothing has moved. {words.replace('You compared', 'If you compared').replace('. θ', ', θ')}"
    )


@exercise(
    "number", lesson=LESSON, title="An inner step by hand", difficulty=1, importance=5, minutes=5,
    example=(math.log(3), 1, 3, 2.0), expected=math.log(3) - 1,
    vary=other_moves,
    advice="Test it: (θ − θ′) / α, with your θ′, must be the predicted probability of heads minus the watched "
    "frequency of heads.",
    rewordings=[
        ("θ = log 3 = 1.0986, so it predicts heads with 0.75", lambda theta, heads, tails, step_size:
         f"θ = log {math.exp(theta):.3g} = {theta:.4f}, so it predicts heads with {sigma(theta):.3g}"
         .replace("-", "−")),
        ("Four moves are watched: H T T T. Take one inner step with α = 2.", lambda theta, heads, tails, step_size:
         f"{heads + tails} moves are watched: {in_letters(heads, tails)}. Take one inner step with α = {step_size:g}."),
    ],
    hints=(
        "What share of the watched moves is heads? What share did the imitator expect? In which direction is it wrong?",
        r"$\theta' = \theta - \alpha\,\big(\sigma(\theta) - h/n\big)$: prediction minus frequency.",
        lambda theta, heads, tails, step_size: f"theta = {theta:.4f}\nslope = {sigma(theta):.3g} - ...\n"
        f"stepped = theta - ... * slope",
    ),
    slipping=a_step,
    mistakes=[
        ("step_in_the_wrong_direction", {"uphill": True},
         "You went uphill: the loss on the watched moves rises. Subtract the step.",
         "Is heads watched more often than predicted, or less often? Where must θ go then?"),
        ("step_size_missing", {"sized": False},
         "The step size is missing: you took α = 1.",
         "Which number of the text does not appear in your sum?"),
        ("tails_taken_for_heads", {"moves": "tails"}, as_many_words,
         "Count the letters once more. Which of them does the prediction belong to?"),
        ("summed_over_moves", {"over": "sum"},
         "You summed over the watched moves. The inner loss is their mean.",
         "What would become of your step if every move were watched twice?"),
        ("log_odds_for_probability", {"predicted": "theta"},
         lambda theta, *_: f"You compared θ with the frequency. θ is log-odds: the prediction is σ(θ) = "
         f"{sigma(theta):.3g}.",
         "A frequency lies between 0 and 1. What should be compared with it?"),
        ("stepped_in_the_probability", {"start": "probability"},
         lambda theta, *_: f"You moved the probability. The parameter that moves is θ = log {math.exp(theta):.3g}.",
         "With which number did you start, and which letter has it in the text?"),
        ("probability_afterwards", {"gives": "probability"},
         "This is the prediction after the step, σ(θ′). The exercise asks for θ′ itself.",
         "Which number did you put into σ at the end?"),
        ("slope_alone", {"gives": "slope"},
         "This is the slope. Now take the step: subtract α times the slope from θ.",
         "Where did the step begin, and how long is it?"),
        ("change_alone", {"gives": "change"},
         "This is how much θ changes. The exercise asks for θ′: where θ is after that.",
         "Where did the step begin?"),
        ("first_move_only", {"moves": "first"},
         "You used only the first move. The inner loss is the mean over all watched moves.",
         "Which share of the watched moves is heads?"),
        ("last_move_only", {"moves": "last"},
         "You used only the last move, a tails. The inner loss is the mean over all watched moves.",
         "Which share of the watched moves is heads?"),
        ("tails_left_out", {"slope": "heads_only"},
         "Only heads has moved your θ. A watched tails has a loss, too: −log(1 − δ).",
         "What is the slope of −log(1 − σ(θ))?"),
        ("odds_for_frequency", {"moves": "odds"},
         "You compared with heads per tails. The frequency is heads per watched move.",
         "How many moves were watched altogether?"),
        ("slope_times_variance", {"slope": "squared"},
         "Your slope has a factor δ(1 − δ), as that of a squared error. The slope of −log δ is without it.",
         "Take the derivative of −log σ(θ) once more, and cancel what can be cancelled."),
        ("loss_for_slope", {"slope": "loss"},
         "You subtracted α times the loss. A step is α times the *slope* of the loss.",
         "What becomes of your step if the loss is at its lowest, but not 0?"),
        ("decimal_logarithm", {"start": "decimal"},
         lambda theta, *_: f"Your θ comes from a decimal logarithm. The natural one is {theta:.4f}, as in the text.",
         "Which key of your calculator is the natural logarithm?"),
        ("logarithm_forgotten", {"start": "odds"},
         "You started at the odds. θ is their logarithm.",
         "With which number did you start, and what does the text say that θ is?"),
        ("two_steps", lambda theta, h, t, alpha: a_step(a_step(theta, h, t, alpha), h, t, alpha),
         "You took two steps. The exercise asks for one.",
         "How many times did you compute a slope?"),
        ("all_the_way", lambda theta, h, t, alpha: math.log(h / t),
         "These are the log-odds of the watched frequency, where many steps lead. Take one step only.",
         "Where does the step start, how long is it, and in which direction does it go?"),
    ],
)  # fmt: skip
def stepped_by_hand(theta, heads, tails, step_size):
    """The logit after one inner step on counted heads and tails."""
    frequency = heads / (heads + tails)
    slope = 1 / (1 + math.exp(-theta)) - frequency
    return theta - step_size * slope


def frequencies(moves, count):
    """The frequency of each action among the moves (A,)."""
    return torch.stack([(moves == a).sum() for a in range(count)]) / len(moves)


SLOPES = {
    "difference": lambda theta, f: theta.softmax(0) - f,
    "sigmoids": lambda theta, f: theta.sigmoid() - f,
    "logits": lambda theta, f: theta - f,
    "exponentials": lambda theta, f: theta.exp() - f,
    "loss": lambda theta, f: -f * theta.log_softmax(0),
    "softmax_twice": lambda theta, f: (d := theta.softmax(0)) * ((g := d.softmax(0) - f) - d @ g),
    "variance": lambda theta, f: (d := theta.softmax(0)) * (1 - d) * (d - f),
}
WATCHED = {
    "all": lambda moves: moves,
    "first": lambda moves: moves[:1],
    "last": lambda moves: moves[-1:],
    "distinct": lambda moves: moves.unique(),
}


def stepping(theta, moves, steps, step_size, *, watched="all", divided="moves", slope="difference", slope_at="here",
             start_at="here", scale=1, uphill=False, sized=True, kept=False, changed="all", extra=0,
             gives="logits"):  # fmt: skip
    """θ′ (A,) after some steps, or what a student gives for it."""
    A, n, frequency = len(theta), len(moves), frequencies(WATCHED[watched](moves), len(theta))
    frequency = frequency * {"moves": 1, "actions": n / A, "nothing": n}[divided]
    factor = {1: 1, "n": n, "1/A": 1 / A}[scale] * (step_size if sized else 1) * (1 if uphill else -1)
    moved, total = theta, torch.zeros_like(theta)
    for _ in range(min(steps, 1) if extra == "one" else steps + extra):
        total = (total if kept else 0) + SLOPES[slope](theta if slope_at == "start" else moved, frequency)
        if changed == "watched":
            total = total * (frequency > 0)
        moved = (theta if start_at == "start" else moved) + factor * total
    return moved.softmax(0) if gives == "probabilities" else moved


def one_by_one(theta, moves, steps, step_size, share=1.0):
    """θ′ if a step is taken for each move, in the order of watching."""
    for a in moves.tolist() * steps:
        theta = stepping(theta, torch.tensor([a]), 1, share * step_size)
    return theta


def one_a_step(theta, moves, steps, step_size):
    """θ′ if the t-th step sees only the t-th move."""
    for t in range(steps):
        theta = stepping(theta, moves[t % len(moves)][None], 1, step_size)
    return theta


def logit_by_logit(theta, moves, steps, step_size):
    """θ′ if each logit's slope sees the logits that have moved before it."""
    for _ in range(steps):
        for one in torch.eye(len(theta)):
            theta = theta + one * (stepping(theta, moves, 1, step_size) - theta)
    return theta


def last_step_alone(theta, moves, steps, step_size):
    """θ plus the last of the right steps."""
    last = stepping(theta, moves, steps - 1, step_size)
    return theta + stepping(last, moves, 1, step_size) - last


def by_optimizer(theta, moves, steps, step_size, kind=torch.optim.Adam, **options):
    """θ′ by another rule than plain gradient steps."""
    theta = theta.clone().requires_grad_()
    optimizer = kind([theta], lr=step_size, **options)
    for _ in range(steps):
        optimizer.zero_grad()
        (-theta.log_softmax(0)[moves].mean()).backward()
        optimizer.step()
    return theta


def start_and_moves(generator, k):
    """θ (A,), moves (n,), the number of steps, their size. Each action is watched; n = A in some cases."""
    A, steps = 2 + k % 4, (2, 3, 1, 4, 2, 1, 3, 2)[k % 8]
    moves = torch.cat([torch.arange(A), torch.randint(A, (23 if k == 5 else k % 3,), generator=generator)])
    moves = moves[torch.randperm(len(moves), generator=generator)]
    return torch.randn(A, generator=generator), moves, steps, 0.5 + 2 * float(torch.rand((), generator=generator))


def watching(moves, A, steps=2):
    """Arguments with these moves: generator → θ (A,), moves, the number of steps, their size."""
    return lambda generator: (torch.randn(A, generator=generator), torch.tensor(moves), steps, 1.5)


@exercise(
    lesson=LESSON, title="Several inner steps", difficulty=2, importance=5, minutes=10,
    example=(torch.zeros(2), torch.tensor([0, 1, 0, 0]), 2, 2.0),
    expected=[0.5 - 2 * (sigma(1) - 0.75), 2 * (sigma(1) - 0.75) - 0.5],
    draw=start_and_moves,
    edges={
        "no step is to be taken": watching([1, 0, 1], 2, steps=0),
        "the last action was never watched": watching([1, 0, 1, 1], 3),
        "the first action was never watched": watching([2, 1, 1], 3),
        "only one move was watched": watching([1], 2),
        "all watched moves are alike": watching([2, 2, 2], 3),
        "θ predicts just what was watched": (torch.zeros(2), torch.tensor([1, 0, 0, 1]), 3, 2.0),
        "many steps are to be taken": watching([0, 1, 1, 2, 0], 3, steps=40),
    },
    slipping=stepping,
    hints=(
        "Each step compares the *current* prediction with what was watched. Where does the second step start?",
        r"$\theta^{(m+1)} = \theta^{(m)} - \alpha\,\big(\mathrm{softmax}(\theta^{(m)}) - f\big)$ with $f(a)$ the "
        r"frequency of $a$.",
        "def adapted(theta, moves, steps, step_size):\n    frequency = ...  # (A,)\n    for _ in range(steps):\n"
        "        theta = theta - ...\n    return theta",
    ),
    mistakes=[
        ("one_step_only", {"extra": "one"},
         "You took a single step. Take `steps` of them.",
         "Where does your loop end, and where does `return` stand?"),
        ("one_step_too_many", {"extra": 1},
         "You take one step too many.",
         "How often does your loop run for `steps` = 1?"),
        ("one_step_too_few", {"extra": -1},
         "You take one step too few.",
         "How often does your loop run for `steps` = 1?"),
        ("all_steps_from_the_start", {"slope_at": "start"},
         "All your slopes are taken at θ. Take each one at the θ′ of the step before.",
         "Which of your lines computes the prediction, and how often is it run?"),
        ("each_step_from_the_start", {"start_at": "start"},
         "Your slopes are taken at the last θ′, but each of your steps starts at θ again. Start it at the last θ′.",
         "What is left of the first step after your second one?"),
        ("last_step_from_the_start", last_step_alone,
         "Your slope is taken at the last θ′, but only the last step is added to θ. Keep those before it.",
         "What is left of the first step after your second one?"),
        ("step_in_the_wrong_direction", {"uphill": True},
         "You went uphill: the watched moves become less probable. Subtract the step.",
         "An action was watched more often than predicted. Does its logit rise in your answer?"),
        ("step_size_missing", {"sized": False},
         "The step size is missing: you took α = 1.",
         "Where do you use the last argument?"),
        ("summed_over_moves", {"scale": "n"},
         "You summed over the watched moves. The inner loss is their mean.",
         "What would become of your step if every move were watched twice?"),
        ("averaged_over_actions", {"scale": "1/A"},
         "Your slope is divided by the number of actions, too. Only the moves are averaged over.",
         "What does your mean run over: moves or actions?"),
        ("divided_by_actions", {"divided": "actions"},
         "You divided the counts by the number of actions. A frequency is a count divided by the number of moves.",
         "What should your frequencies sum to?"),
        ("counts_for_frequencies", {"divided": "nothing"},
         "You compared the prediction with counts. Divide them by the number of moves.",
         "What does your prediction sum to, and what do your counts?"),
        ("slopes_accumulate", {"kept": True},
         "Your slopes accumulate: each step includes those of all steps before. With autograd, reset the gradient "
         "first.",
         "What is in `theta.grad` before the second `backward()`?"),
        ("first_move_only", {"watched": "first"},
         "You adapt to the first move only. The inner loss is the mean over all watched moves.",
         "Where does an index of `moves` stand in your answer?"),
        ("last_move_only", {"watched": "last"},
         "You adapt to the last move only. The inner loss is the mean over all watched moves.",
         "Does your loop over moves collect them, or does it replace one by the next?"),
        ("repetitions_left_out", {"watched": "distinct"},
         "You counted each action once, however often it was watched.",
         "What are the frequencies of the moves 0, 1, 0, 0?"),
        ("unwatched_stay", {"changed": "watched"},
         "You moved only the logits of watched actions. Those of the others fall: they were predicted, but not "
         "watched.",
         "What is the slope of an action that was never watched?"),
        ("move_by_move", one_by_one,
         "You take a step for each single move. A step uses all watched moves: the mean of their losses.",
         "How many steps does your answer take in the sheet's example?"),
        ("move_by_move_in_parts",
         lambda theta, moves, steps, alpha: one_by_one(theta, moves, steps, alpha, 1 / len(moves)),
         "You take a short step for each single move, one after the other. One step uses the mean slope of all moves "
         "at the same θ.",
         "At which θ is the slope of the second move taken in your answer?"),
        ("one_move_a_step", one_a_step,
         "Each of your steps sees a single move. Every step uses all watched moves: the mean of their losses.",
         "Which moves does your first step see?"),
        ("logit_by_logit", logit_by_logit,
         "You move the logits one after the other, so later ones see a half-finished step. Compute the whole slope "
         "first.",
         "At which θ is the prediction of the second action computed?"),
        ("logits_for_probabilities", {"slope": "logits"},
         "You compare logits with frequencies. The prediction is softmax(θ).",
         "What should the numbers that you compare with frequencies sum to?"),
        ("sigmoid_for_softmax", {"slope": "sigmoids"},
         "You take the sigmoid of each logit by itself. The prediction is softmax(θ), which sums to 1.",
         "What does your prediction sum to?"),
        ("not_normalised", {"slope": "exponentials"},
         "You compare exponentials with frequencies. Divide them by their sum first: a softmax.",
         "What does your prediction sum to?"),
        ("softmax_twice", {"slope": "softmax_twice"},
         "Your loss takes the softmax of probabilities. `cross_entropy` has a softmax in it: hand over logits.",
         "How often is a softmax taken on the way from θ to the loss?"),
        ("loss_for_slope", {"slope": "loss"},
         "You subtract the loss of each action. Subtract its slope.",
         "What is the derivative of the loss in each logit?"),
        ("slope_times_variance", {"slope": "variance"},
         "Your slope has a factor δ(1 − δ) too many. For the cross-entropy it is prediction minus frequency.",
         "Take the derivative of −log softmax(θ) once more, and cancel what can be cancelled."),
        ("adam", by_optimizer,
         "These are steps of Adam, which rescales each slope. Take plain gradient steps.",
         "By which rule does your optimizer step?"),
        ("momentum", functools.partial(by_optimizer, kind=torch.optim.SGD, momentum=0.9),
         "Your steps have momentum: they contain parts of earlier ones. Take plain gradient steps.",
         "Which arguments has your optimizer?"),
        ("probabilities_returned", {"gives": "probabilities"},
         "These are the predictions after adaptation. The exercise asks for the logits, θ′.",
         "What does your result sum to?"),
    ],
    properties=[
        ("sum_kept", lambda result, theta, *_: abs(result.sum() - float(theta.sum())) < 1e-3,
         "the sum of the logits stays the same, since predictions and frequencies both sum to 1. Yours changes."),
    ],
)  # fmt: skip
def adapted(theta, moves, steps, step_size):
    """θ′ (A,), logits, after some inner steps from theta (A,) on the mean loss of the watched moves (n,)."""
    frequency = torch.zeros(len(theta))
    for a in moves:
        frequency[a] += 1 / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - frequency)
    return theta
