"""One step of an episode on a board as a picture: how it came about, and what is expected."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from torch import Tensor

from ...exact.encounter import Encounter
from ...plotting.episodes import landing_places, paid_in_words, started_again
from ...plotting.style import look
from . import charts, svg
from .base import Picture
from .boards import board, cell_middle
from .svg import number, text

SHOW = ("the board alone", "the external's next move", "each target's regrets")
RIGHT = 256.0  # where the text beside the board begins


@dataclass(frozen=True, eq=False)
class PlayedEpisode:
    """One episode of T steps."""

    states: list[Tensor]  # T+1 × (n,)
    actions: list[Tensor]  # T × (n,)
    rewards: list[Tensor]  # T × (n,)


def last_step(who: Encounter, played: PlayedEpisode, t: int) -> tuple[list[str], list[str], list[str]]:
    """The step that led to state t: arrows on the board, lines to read beside it, and sentences."""
    game = who.game
    if t == 0:
        return [], ["the start"], ["This is the start."]
    before, now, actions = (game.scene(played.states[t - 1]), game.scene(played.states[t]), played.actions[t - 1])
    landed = landing_places(game, before, now, actions)
    arrows, did, sentence = [], [], []
    for j, (agent, (row, column)) in enumerate(landed.items()):
        name, start = game.action_names[j][int(actions[j])], before.agents[agent]
        x1, y1, side = cell_middle(now, start)
        x2, y2 = x1 + (column - start % game.columns) * side, y1 + (row - start // game.columns) * side
        if not 0 <= column < game.columns:  # the end of the road is half a step away
            x2, y2 = (x1 + x2) / 2, (y1 + y2) / 2
        elif (row, column) == divmod(now.agents[agent], game.columns):  # the agent's sign is there: end before it
            x2, y2 = x1 + 0.62 * (x2 - x1), y1 + 0.62 * (y2 - y1)
        aside = 5.0 * (j - (len(game.agents) - 1) / 2)  # so that two equal moves leave two arrows
        colour, _, letters = look(game, agent)
        dashed = agent in game.externals
        arrows.append(svg.arrow(x1 + aside, y1 + aside, x2 + aside, y2 + aside, colour, 3, dashed))
        did.append(f"{letters}: {name}")
        sentence.append(f"{agent} {name}")
    paid = paid_in_words(game, played.rewards[t - 1])
    lines, sentences = ["moved: " + ", ".join(did), "paid: " + paid], [f"Moved: {', '.join(sentence)}. Paid: {paid}."]
    if again := started_again(landed, now):
        verb = "starts" if len(again) == 1 else "start"
        lines.append(f"{', '.join(look(game, agent)[2] for agent in again)}: {verb} again elsewhere")
        sentences.append(f"{' and '.join(again)} started again elsewhere.")
    return arrows, lines, sentences


def earned(who: Encounter, played: PlayedEpisode, t: int) -> str:
    """The team's rewards up to step t, and what could be expected from this start."""
    targets = list(who.game.target_axes)
    total = sum(float(r[targets].mean()) for r in played.rewards[:t])
    s = who.number(played.states[0])
    return (
        f"Reward per target after {t} of {who.game.horizon} steps: {svg.short(total)}. From this start, over "
        f"{who.game.horizon} steps, a random team expects {number(float(who.random[s]), 1)}, "
        f"the best response to this external {number(float(who.best[s]), 1)}."
    )


def panel(who: Encounter, played: PlayedEpisode, t: int, show: str, y: float) -> tuple[list[str], float, str]:
    """The external's policy, or all targets' regrets, in state t: parts, where they end, and in words."""
    game, state = who.game, played.states[t]
    if show == SHOW[1]:
        shown = [(agent, who.policy(state, agent).tolist()) for agent in game.externals]
        title, unit, low, reach = "next move of", "probability", 0.0, 1.0
        words = "Probabilities of the next move of "
    elif show == SHOW[2]:
        shown = list(zip(game.targets, who.regrets(state), strict=True))
        title, unit = "regrets of", "discounted return"
        reach = svg.round_up(max(abs(x) for _, values in shown for x in values))
        low, words = -reach, "Regret advantages of "
    else:
        return [], y, ""
    parts, end, told = [], y, []
    for k, (agent, values) in enumerate(shown):
        names = game.action_names[game.agents.index(agent)]
        top = y if k < 2 else end
        drawn, bottom = charts.bar_panel(
            340 * (k % 2) + 4, top, 328, f"{title} {agent}", names, values, low, reach, unit
        )
        parts.append(drawn)
        end = max(end, bottom)
        told.append(f"{agent}: " + ", ".join(f"{n} {number(x)}" for n, x in zip(names, values, strict=True)))
    return parts, end, f"{words}{'; '.join(told)}."


def draw(who: Encounter, played: PlayedEpisode, t: int, you: str, show: str) -> Picture:
    """State t of an episode, how it came about, and what `show`, one of SHOW, adds."""
    game = who.game
    arrows, lines, sentences = last_step(who, played, t)
    parts, height, words = board(game, game.scene(played.states[t]), arrows)
    y = 48.0 + 30 * len(game.agents)
    more = len(played.actions) - t
    head = f"step {t}" + (", the end" if t == game.horizon else f", {more} more played" if more else "")
    for k, line in enumerate([f"you are {look(game, you)[2]}; {head}", *lines]):
        parts.append(text(RIGHT, y + 19 * k, line, svg.fitting(line, svg.WIDTH - RIGHT, 13), bold=k == 0))
    height = max(height, y + 19 * len(lines) + 8)
    below, height, told = panel(who, played, t, show, height + 8)
    parts += below
    score = earned(who, played, t)
    alt = (
        f"{game.name} beside {game.externals[0]} {who.external}; you are {you}; your team {who.team}. {head.capitalize()}. "
        f"{words} {' '.join(sentences)} {score}{' ' + told if told else ''}"
    )
    return Picture(svg.document(height, parts, alt), alt, f"<p>{escape(score)}</p>")
