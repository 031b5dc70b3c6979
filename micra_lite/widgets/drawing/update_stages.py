"""The seven stages of one update, each as a picture with its words, from a `Record` alone.

1. observation: the agents' view of the state                 `Game.observe`
2. features: the extractor's output                           `Agent.features`
3. prediction: the imitator's, of the externals' moves        `Agent.predict`, adapted by Eq. 4
4. joint Q: the value of every joint action                   `Agent.value`
5. regrets: the advantage of each own action                  `counterfactual_regret_advantage`, Eq. 2
6. gradient: the direction in which each policy is pushed     `policy_gradient_objective`, Eq. 3
7. policy: before and after the step                          `actor_loss`, `gradient_step`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

import torch
from torch import Tensor

from ...plotting import style
from ...plotting.games import action_names
from ...regret import policy_gradient_objective
from ...training_state import Record
from . import boards, charts, svg
from .base import Picture
from .svg import number, text


class Drawn(NamedTuple):
    """One stage, before it becomes a picture."""

    parts: list[str]
    height: float
    words: str  # everything that the parts show
    sentences: str  # one or two, to read beside them


def listed(names: Sequence[str], values: Sequence[float], digits: int = 2) -> str:
    """Names with their numbers, as in 'stay 0.20, north 0.80'."""
    return ", ".join(f"{name} {number(x, digits)}" for name, x in zip(names, values, strict=True))


def logit_gradients(record: Record) -> list[Tensor]:
    """Eq. 3's exact gradient at this state with respect to the logits of each target's policy, by autograd: (A_i,).

    It equals π_i(a) (A_i(a) − Σ_b π_i(b) A_i(b)); the last sum is zero when the regrets come from the same policy.
    """
    gradients: list[Tensor] = []
    for policy, regret in zip(record.policies, record.regrets, strict=True):
        with torch.enable_grad():
            logits = policy.double().log().requires_grad_()
            objective = policy_gradient_objective(logits.log_softmax(-1)[None], regret.double()[None])
            gradients += torch.autograd.grad(objective, logits)
    return gradients


def _per_agent(
    record: Record, axes: Sequence[int], title: str, values: Sequence[Tensor], low: float, high: float, unit: str,
    before: Sequence[Tensor] | None = None,
) -> tuple[list[str], float, str]:  # fmt: skip
    """One bar chart for each of some agents, two in a row. Returns the parts, where they end, and the values in words."""
    agents, parts, words, y, end = record.state.game.agents, [], [], 4.0, 0.0
    digits = svg.digits_for(max(float(v.abs().max()) for v in values))
    for k, axis in enumerate(axes):
        names, own = action_names(record.state.game, axis), values[k].tolist()
        panel, bottom = charts.bar_panel(
            340 * (k % 2) + 4, y, 328, f"{title} {agents[axis]}", names, own, low, high, unit,
            None if before is None else before[k].tolist(), digits,
        )  # fmt: skip
        parts.append(panel)
        words.append(f"{agents[axis]}: {listed(names, own, digits)}")
        end = max(end, bottom)
        y = end + 8 if k % 2 else y
    return parts, end, "; ".join(words)


def observation(record: Record) -> Drawn:
    """Stage 1: the state, as the game's picture, and the agents' observation of it."""
    parts, height, words = boards.state(record)
    game = record.state.game
    size = len(record.observations[0])
    view = "Everybody sees the whole of it" if game.full_view else f"{game.agents[0]} sees its own part of it"
    size_in_words = f"{size} number{'s' * (size > 1)}"
    return Drawn(parts, height, words, f"One state s from the data D. {view}, as an observation of {size_in_words}.")


def features(record: Record) -> Drawn:
    """Stage 2: φ(o), the extractor's features of the first agent's observation."""
    shown, game = record.features[0].tolist(), record.state.game
    width = (svg.WIDTH - 80) / len(shown)
    parts = [text(4, 18, "features φ(o)" + ("" if game.full_view else f" of {game.agents[0]}"), bold=True)]
    for k, value in enumerate(shown):  # thin upright bars around a zero line at y = 85
        top, tall = (85 - 55 * value, 55 * value) if value >= 0 else (85, -55 * value)
        parts.append(
            svg.rect(60 + k * width, top, max(1.0, width - 1.5), tall, style.BLUE if value >= 0 else style.ORANGE)
        )
    parts += [text(50, y + 4, tick, 11, "end", fill=style.GREY) for y, tick in ((30, "1"), (85, "0"), (140, "−1"))]
    parts += [
        svg.line(56, 85, svg.WIDTH - 20, 85, style.INK),
        text(svg.WIDTH / 2, 158, "number of the feature", 12, "middle"),
    ]
    strongest = max(range(len(shown)), key=lambda k: abs(shown[k]))
    words = f"{len(shown)} features between {number(min(shown))} and {number(max(shown))}."
    sentences = (
        f"The extractor turns the observation into {len(shown)} learned numbers between −1 and 1; "
        f"here number {strongest + 1} is the strongest ({number(shown[strongest])}). They have no names: training made "
        "them useful to imitator and critic, nothing else."
    )
    return Drawn(parts, 168, words, sentences)


def prediction(record: Record) -> Drawn:
    """Stage 3: δ(· | o_e), the imitator's prediction of each external's move."""
    axes = record.state.game.external_axes
    parts, height, words = _per_agent(record, axes, "predicted:", record.predictions, 0, 1, "probability")
    likely = [
        action_names(record.state.game, e)[int(p.argmax())] for e, p in zip(axes, record.predictions, strict=True)
    ]
    agents = record.state.game.externals
    guess = " and ".join(f"{a} to play {name}" for a, name in zip(agents, likely, strict=True))
    sentences = (
        f"Adapted to the episodes it has watched of this external, the imitator expects {guess}, most likely. "
        "Wherever a sum asks for π of an external, this δ stands in for it."
    )
    return Drawn(parts, height, f"Predicted probabilities. {words}.", sentences)


def joint_q(record: Record) -> Drawn:
    """Stage 4: two axes of the table, targets first; everybody else is held at the likeliest action."""
    game, q = record.state.game, record.q
    assert q is not None
    down, across = [*game.target_axes, *game.external_axes][:2]
    likely = dict(zip(game.target_axes, record.policies, strict=True))
    likely.update(zip(game.external_axes, record.predictions, strict=True))
    rest = {j: int(likely[j].argmax()) for j in range(q.dim()) if j not in (down, across)}
    part = q[tuple(rest.get(j, slice(None)) for j in range(q.dim()))]
    entries = (part if down < across else part.T).tolist()
    low, high = float(part.min()), float(part.max())
    best = divmod(int(torch.tensor(entries).argmax()), len(entries[0]))
    shades = [[(x - low) / (high - low or 1) for x in row] for row in entries]
    rows, columns = action_names(record.state.game, down), action_names(record.state.game, across)
    wide = min(80.0, (svg.WIDTH - 120) / len(columns))
    body, bottom = charts.table(4, 26, columns, rows, entries, shades, wide, mark=best)
    held = ", ".join(f"{game.agents[j]} plays {action_names(record.state.game, j)[a]}" for j, a in rest.items())
    title = f"Q: {game.agents[down]} down, {game.agents[across]} across" + (f"; {held}" if held else "")
    top = f"{game.agents[down]} {rows[best[0]]}, {game.agents[across]} {columns[best[1]]}"
    words = f"Q-values from {number(low)} to {number(high)}{', where ' + held if held else ''}. The largest: {top}."
    slice_of = f"One slice of {q.numel()} joint actions: {held}, the likeliest. " if held else ""
    sentences = (
        f"The critic values every joint action at once, also those never taken here. {slice_of}"
        f"The best of these is framed: {top}."
    )
    return Drawn([text(4, 18, title, bold=True), body], bottom + 8, words, sentences)


def regrets(record: Record) -> Drawn:
    """Stage 5: A_i(s, ·), the counterfactual regret advantage of each target (Eq. 2)."""
    axes = record.state.game.target_axes
    reach = svg.round_up(max(float(r.abs().max()) for r in record.regrets))
    parts, height, words = _per_agent(record, axes, "regrets of", record.regrets, -reach, reach, "return")
    best = [action_names(record.state.game, i)[int(r.argmax())] for i, r in zip(axes, record.regrets, strict=True)]
    wish = " and ".join(f"{a} should play {b} more" for a, b in zip(record.state.game.targets, best, strict=True))
    sentences = (
        "The others' actions are averaged out with their policies and δ, then the value of the own policy is subtracted: "
        f"{wish}. Weighted with the policy, each agent's bars cancel."
    )
    return Drawn(parts, height, f"Regret advantages. {words}.", sentences)


def gradient(record: Record) -> Drawn:
    """Stage 6: the CRA policy gradient with respect to each target's logits (Eq. 3)."""
    axes, gradients = record.state.game.target_axes, logit_gradients(record)
    reach = svg.round_up(max(float(g.abs().max()) for g in gradients))
    parts, height, words = _per_agent(record, axes, "gradient for", gradients, -reach, reach, "return per logit")
    sentences = (
        "A regret pushes an action's logit in proportion to how often the action is played, so a rare action moves "
        "slowly however good it is. The bars of one agent cancel."
    )
    return Drawn(parts, height, f"Gradient of each logit. {words}.", sentences)


def policy(record: Record) -> Drawn:
    """Stage 7: each target's policy before and after the step."""
    axes = record.state.game.target_axes
    parts, height, words = _per_agent(
        record, axes, "policy of", record.new_policies, 0, 1, "probability (hollow: before)", record.policies
    )
    moves, agree, total = [], 0, 0
    for i, old, new, g in zip(axes, record.policies, record.new_policies, logit_gradients(record), strict=True):
        a = int((new - old).abs().argmax())
        name = f"{record.state.game.agents[i]}'s {action_names(record.state.game, i)[a]}"
        moves.append(f"{name} went from {number(float(old[a]), 3)} to {number(float(new[a]), 3)}")
        agree += int(((new - old) * g > 0).sum())
        total += len(g)
    changes = "; ".join(moves)
    sentences = (
        f"One step later: {changes}. {agree} of {total} probabilities went the way of this state's gradient; the step "
        "follows the mean over many states, so not all must."
    )
    return Drawn(parts, height, f"Policies after the update. {words}. Largest changes: {changes}.", sentences)


# name, formula, the functions that compute it, the function that draws it
STAGES: tuple[tuple[str, str, str, Callable[[Record], Drawn]], ...] = (
    ("observation", "o = Ω(s)", "Game.observe", observation),
    ("features", "φ(o)", "agent.Agent.features", features),
    ("prediction", "δ(a_e | o_e; θ′), θ′ from Eq. 4", "imitation.adapt, agent.Agent.predict", prediction),
    ("joint Q", "Q(s, a)", "agent.Agent.value", joint_q),
    ("regrets", "A_i(s, a_i) = v(s | i plays a_i) − v(s), Eq. 2", "regret.counterfactual_regret_advantage", regrets),
    ("gradient", "π_i(a) (A_i(a) − Σ_b π_i(b) A_i(b)), Eq. 3", "regret.policy_gradient_objective", gradient),
    ("changed policy", "θ_i + step along Eq. 3", "updates.actor_loss, updates.gradient_step", policy),
)


def draw(record: Record, stage: int) -> Picture:
    """The picture of stage 0 … 6 of a record, with its sentences, its formula and the function that computes it."""
    name, formula, function, drawn = STAGES[stage]
    parts, height, words, sentences = drawn(record)
    alt = f"{record.phase}, update {record.step}, stage {stage + 1} of {len(STAGES)}, {name}. {words}"
    head = (
        f"<p><b>{stage + 1}. {escape(name)}</b>: <code>{escape(formula)}</code>, computed by "
        f"<code>micra_lite.{escape(function)}</code></p>"
    )
    body = f"<p>{escape(sentences)}</p>"
    if stage == len(STAGES) - 1 and record.losses:
        losses = ", ".join(f"{escape(key.replace('_', ' '))} {number(x, 3)}" for key, x in record.losses.items())
        body += f"<p>Losses of this update: {losses}.</p>"
    return Picture(svg.document(height, parts, alt), alt, body, head)
