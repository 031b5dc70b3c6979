"""The exercise `actor_inputs` of sheet 08: what an actor that is conditioned on predictions is told."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .adaptation import LESSON

FORMS = {
    "probabilities": lambda logits: logits.softmax(1),
    "logits": lambda logits: logits,
    "log_probabilities": lambda logits: logits.log_softmax(1),
    "not_normalised": torch.exp,
    "over_rows": lambda logits: logits.softmax(0),
    "all_at_once": lambda logits: logits.flatten().softmax(0).reshape(logits.shape),
    "likeliest": lambda logits: torch.nn.functional.one_hot(logits.argmax(1), logits.shape[1]).to(logits.dtype),
}
# What a target predicts from: its own observation, or something else.
FROM = {
    "own": lambda o: o,
    "first": lambda o: o[:1].expand_as(o),
    "mean": lambda o: o.mean(0, keepdim=True).expand_as(o),
    "next": lambda o: o.roll(-1, 0),
    "last": lambda o: o.roll(1, 0),
}
HEARD = {  # of the predictions (n, A)
    "own": lambda here: here,
    "mean": lambda here: here.mean(0, keepdim=True).expand_as(here),
    "all": lambda here: here.reshape(1, -1).expand(len(here), -1),
}
AT_PROBES = {  # of the predictions (C, A)
    "each": lambda there, probes: there.reshape(1, -1),
    "mean": lambda there, probes: there.mean(0, keepdim=True),
    "first": lambda there, probes: there[:1],
    "last": lambda there, probes: there[-1:],
    "move_by_move": lambda there, probes: there.T.reshape(1, -1),
    "probes": lambda there, probes: probes.reshape(1, -1),
    "probes_too": lambda there, probes: torch.cat([probes, there], 1).reshape(1, -1),
}


def telling(
    observations, theta, adapted, probes, *, here="new", there="new", order="ohp", own="own", predicts_from="own",
    heard="own", at_probes="each", probed="each", here_as="probabilities", there_as="probabilities",
):  # fmt: skip
    """Inputs (n, …), blocks in this order: observations o, predictions here h, those at the probes p."""
    n = len(observations)
    weights = {"new": adapted, "old": theta, "sum": theta + adapted, "change": adapted - theta}
    asked = probes.mean(0, keepdim=True) if probed == "mean" else probes
    said = FORMS[there_as](asked @ weights[there])
    if at_probes == "one_each":
        fixed = torch.cat([said, observations], 1)[:, : said.shape[1]]  # works only where C = n
    elif at_probes == "one_each_or_one":
        fixed = said.expand(n, -1)
    else:
        fixed = AT_PROBES[at_probes](said, probes).expand(n, -1)
    predicted = HEARD[heard](FORMS[here_as](FROM[predicts_from](observations) @ weights[here]))
    return torch.cat([{"o": FROM[own](observations), "h": predicted, "p": fixed}[block] for block in order], 1)


def sized(n, O, A, C):
    """Arguments of these sizes: generator → observations (n, O), θ and θ′ (O, A), probes (C, O)."""
    return lambda generator: tuple(torch.randn(*s, generator=generator) for s in ((n, O), (O, A), (O, A), (C, O)))


def seeing_nothing(generator):
    """An edge: the second target observes only zeros."""
    observations, *rest = sized(3, 2, 4, 2)(generator)
    return observations * torch.tensor([[1.0], [0.0], [1.0]]), *rest


SIZES = ((2, 3, 2, 1), (3, 4, 3, 2), (3, 3, 3, 3), (2, 2, 4, 3), (3, 2, 4, 3), (4, 2, 3, 5), (2, 2, 2, 2), (2, 4, 3, 2))


@exercise(
    lesson=LESSON, title="What an actor is told", difficulty=2, importance=4, minutes=10,
    example=(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.zeros(2, 2), torch.tensor([[3.0, 1.0], [1.0, 1.0]]).log(),
             torch.tensor([[1.0, 1.0]])),
    expected=[[1, 0, 0.75, 0.25, 0.75, 0.25], [0, 1, 0.5, 0.5, 0.75, 0.25]],
    draw=lambda generator, k: sized(*SIZES[k % 8])(generator),
    edges={
        "there is only one target": sized(1, 3, 4, 2),
        "there is only one probe": sized(3, 2, 4, 1),
        "observations are single numbers": sized(3, 1, 2, 4),
        "there is only one move": sized(3, 2, 1, 4),
        "a target observes only zeros": seeing_nothing,
    },
    slipping=telling,
    hints=(
        "Three parts, side by side. Which of them differ between targets, and which is the same for all?",
        r"Row $i$: $o_i$, then $\delta(\cdot \mid o_i; \theta')$, then $\delta(\cdot \mid p; \theta')$ of each probe "
        r"$p$.",
        """\
        def actor_inputs(observations, theta, adapted, probes):
            here = ...  # (n, A)
            fixed = ...  # (C · A,), the same for all
            return torch.cat([observations, here, fixed.expand(...)], 1)""",
    ),
    mistakes=[
        ("not_adapted", {"here": "old", "there": "old"},
         "All your predictions are those of θ, from before watching. Use the adapted parameters.",
         "Which of the two matrices holds what was learned from watching?"),
        ("old_probes", {"there": "old"},
         "Your predictions at the probes are from before watching. They tell *who* the external is: recompute them "
         "with θ′.",
         "Which matrix are the probes multiplied by?"),
        ("old_prediction_here", {"here": "old"},
         "Your predictions at the current observations are from before watching. Use θ′ there, too.",
         "Which matrix are the observations multiplied by?"),
        ("prior_added", {"here": "sum", "there": "sum"},
         "You predict with the sum of `theta` and `adapted`. `adapted` is θ′ itself, not a change of θ.",
         "What does the text call the adapted matrix: a new θ, or what is added to it?"),
        ("prior_subtracted", {"here": "change", "there": "change"},
         "You predict with the difference of `adapted` and `theta`. `adapted` is θ′ itself: nothing is subtracted.",
         "Which matrix would you use if there were no `theta` at all?"),
        ("one_probe_each", {"at_probes": "one_each"},
         "You put one probe beside each target, which works only where there are as many probes as targets. "
         "Every target is told of all probes.",
         "How many numbers about the probes stand in each row of the result?"),
        ("one_probe_each_or_one", {"at_probes": "one_each_or_one"},
         "Your probes' predictions are still a table: its rows are dealt out to targets if there are as many. "
         "Write them one after the other first.",
         "Which shape has your table of the probes' predictions before it is expanded, and which should it have?"),
        ("probes_left_out", {"order": "oh"},
         "The probes are missing. A prediction in a single state does not tell who the external is.",
         "How many columns does the result have by the sheet, and how many has yours?"),
        ("own_prediction_left_out", {"order": "op"},
         "The prediction at the current observation is missing. It says what comes next.",
         "The actor gets three things. Which of them are in your rows?"),
        ("observation_left_out", {"order": "hp"},
         "The observation itself is missing. The actor must know where it is.",
         "The actor gets three things. Which of them are in your rows?"),
        ("probes_first", {"order": "oph"},
         "Your probes come before the own prediction. The order matters: networks know inputs by their position.",
         "Write the name of each column above the first row of the sheet's example."),
        ("prediction_first", {"order": "hop"},
         "Your own prediction comes before the observation. The order matters: the observation comes first.",
         "Write the name of each column above the first row of the sheet's example."),
        ("observation_last", {"order": "hpo"},
         "Your observation comes last. The order matters: it comes first, then the predictions.",
         "Write the name of each column above the first row of the sheet's example."),
        ("back_to_front", {"order": "pho"},
         "Your three parts are in the opposite order: the observation comes first, the probes last.",
         "Write the name of each column above the first row of the sheet's example."),
        ("first_targets_observation", {"predicts_from": "first"},
         "You predict from the first target's observation for all. Each target knows only its own: predict from that.",
         "Which axis counts targets? Look for a 0 in its place."),
        ("first_target_for_all", {"own": "first", "predicts_from": "first"},
         "Every row of yours has the first target's observation, and the prediction there. Each target has its own.",
         "Which axis counts targets? Look for a 0 in its place."),
        ("mean_target_for_all", {"own": "mean", "predicts_from": "mean"},
         "Every row of yours has the mean of all observations, and the prediction there. Each target knows only its "
         "own.",
         "Which of your lines mixes the rows of `observations`?"),
        ("observations_averaged", {"predicts_from": "mean"},
         "You predict from the mean of all observations. Each target knows only its own: predict from that.",
         "Which of your lines mixes the rows of `observations`?"),
        ("next_targets_prediction", {"predicts_from": "next"},
         "Each target has the prediction that belongs to the next one. Predict from its own observation.",
         "Compare the second row of your result with that of the sheet's example, part by part."),
        ("last_targets_prediction", {"predicts_from": "last"},
         "Each target has the prediction that belongs to the one before. Predict from its own observation.",
         "Compare the second row of your result with that of the sheet's example, part by part."),
        ("predictions_averaged", {"heard": "mean"},
         "All your targets get the mean of their predictions. Each gets its own: nobody hears of another's "
         "observation.",
         "Which of your lines mixes the rows of the predictions?"),
        ("everybody_told_everything", {"heard": "all"},
         "Each of your actors gets the predictions of all. At execution, it has only its own.",
         "Which part of a row depends on somebody else's observation?"),
        ("probes_averaged", {"at_probes": "mean"},
         "You averaged over the predictions at the probes. Concatenate them: their differences tell who the external "
         "is.",
         "How many numbers about C probes stand in each row by the sheet?"),
        ("mean_probe", {"probed": "mean"},
         "You predict at the mean of the probes. Predict at each of them, and write the predictions one after the "
         "other.",
         "How many numbers about C probes stand in each row by the sheet?"),
        ("first_probe_only", {"at_probes": "first"},
         "Only the first probe is in your rows. Predictions at all C probes belong there.",
         "The sheet's example has one probe only. Write down a row for two of them."),
        ("last_probe_only", {"at_probes": "last"},
         "Only the last probe is in your rows. Predictions at all C probes belong there.",
         "The sheet's example has one probe only. Is anything overwritten in your loop over probes?"),
        ("probe_by_number", {"at_probes": "move_by_move"},
         "Your probes are ordered move by move. Order them probe by probe.",
         "Write down the table of two probes' predictions, and read it row by row."),
        ("probes_themselves", {"at_probes": "probes"},
         "You put in the probes themselves. They are always the same: the actor needs the *predictions* there.",
         "What do the last two numbers of each row in the sheet's example mean?"),
        ("probes_too", {"at_probes": "probes_too"},
         "You put in the probes as well as the predictions there. The actor gets the predictions only.",
         "How many numbers about C probes stand in each row by the sheet?"),
        ("logits", {"here_as": "logits", "there_as": "logits"},
         "These are logits. The networks get probabilities: take the softmax.",
         "What should each prediction in a row sum to?"),
        ("logits_here", {"here_as": "logits"},
         "At the observations, these are logits; only at the probes have you taken the softmax. Take it in both "
         "places.",
         "What should the prediction at the own observation sum to?"),
        ("logits_at_probes", {"there_as": "logits"},
         "At the probes, these are logits; only at the observations have you taken the softmax. Take it in both "
         "places.",
         "What should the prediction at each probe sum to?"),
        ("log_probabilities", {"here_as": "log_probabilities", "there_as": "log_probabilities"},
         "These are log-probabilities. The networks get probabilities.",
         "What should each prediction in a row sum to?"),
        ("not_normalised", {"here_as": "not_normalised", "there_as": "not_normalised"},
         "These are exponentials of logits. Divide them by their sum: a softmax.",
         "What should each prediction in a row sum to?"),
        ("likeliest_move", {"here_as": "likeliest", "there_as": "likeliest"},
         "You tell the actor only which move is the likeliest. It gets the probability of each move.",
         "What does the sheet's example have in place of your ones and zeros?"),
        ("softmax_over_rows", {"here_as": "over_rows", "there_as": "over_rows"},
         "Your softmax is over observations. Each prediction sums to 1 over *moves*, the last axis.",
         "Which axis do you name in the softmax, and what does it count?"),
        ("softmax_over_probes", {"there_as": "over_rows"},
         "Your softmax at the probes is over probes. Each prediction there sums to 1 over *moves*.",
         "Which axis do you name in the softmax at the probes, and what does it count?"),
        ("one_softmax_for_all_probes", {"there_as": "all_at_once"},
         "You took one softmax over all probes together. The prediction at each probe sums to 1 by itself.",
         "What do the numbers about C probes in a row sum to altogether?"),
    ],
)  # fmt: skip
def actor_inputs(observations, theta, adapted, probes):
    """Each target's input (n, O + A + C·A): its own observation, the prediction there, those at the probes, with θ′."""
    here = (observations @ adapted).softmax(1)
    fixed = (probes @ adapted).softmax(1).reshape(-1)
    return torch.cat([observations, here, fixed.expand(len(observations), len(fixed))], 1)
