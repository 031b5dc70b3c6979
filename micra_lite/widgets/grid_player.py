"""A grid task to play oneself: one target by hand, its team mates and an external by policy, one step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import ipywidgets

from ..plotting.episodes import landing, paid_in_words
from ..plotting.games import look
from ..registry import GRID_TASKS
from .drawing import svg
from .drawing.base import Explorer, Picture, choice, groups, slider
from .drawing.boards import board, cell_middle
from .drawing.svg import number, text
from .episodes import SHOWN, TEAM_MOVE, TEAMS, Company, Replay, company, replay

SHOW = ("the board alone", "the external's next move", "each target's regrets")
TWIN = 2  # steps that the static copy shows
RIGHT = 256.0  # where the text beside the board begins


def last_step(who: Company, played: Replay, t: int) -> tuple[list[str], list[str], list[str]]:
    """How state t came about: arrows on the board, lines to read beside it, and sentences."""
    game = who.game
    if t == 0:
        return [], ["the start"], ["This is the start."]
    before, now, actions = played.states[t - 1].tolist(), played.states[t].tolist(), played.actions[t - 1]
    arrows, did, again = [], [], []
    for j, agent in enumerate(game.agents):
        name = game.action_names[j][actions[j]]
        row, column = landing(game, agent, before[j], actions[j])
        on_board = 0 <= column < game.columns
        cell = row * game.columns + column
        x1, y1, side = cell_middle(game, before[j])
        x2, y2 = x1 + (column - before[j] % game.columns) * side, y1 + (row - before[j] // game.columns) * side
        if not on_board:  # the end of the road is half a step away
            x2, y2 = (x1 + x2) / 2, (y1 + y2) / 2
        elif cell == now[j]:  # the agent's sign is there: end before it
            x2, y2 = x1 + 0.62 * (x2 - x1), y1 + 0.62 * (y2 - y1)
        aside = 5.0 * (j - (len(game.agents) - 1) / 2)  # so that two who went the same way leave two arrows
        arrows.append(
            svg.arrow(x1 + aside, y1 + aside, x2 + aside, y2 + aside, look(game, agent)[0], 3, agent in game.externals)
        )
        did.append(f"{look(game, agent)[2]}: {name}")
        if not on_board or cell != now[j]:
            again.append(agent)
    paid = paid_in_words(game, played.rewards[t - 1])
    lines = ["moved: " + ", ".join(did), "paid: " + paid]
    sentences = [
        "Moved: "
        + ", ".join(f"{a} {game.action_names[j][actions[j]]}" for j, a in enumerate(game.agents))
        + f". Paid: {paid}."
    ]
    if again:
        lines.append(f"{', '.join(look(game, a)[2] for a in again)}: starts again elsewhere")
        sentences.append(f"{' and '.join(again)} started again elsewhere.")
    return arrows, lines, sentences


def earned(who: Company, played: Replay, t: int) -> str:
    """What the team has earned by step t, and what could be expected from this start."""
    targets = list(who.game.target_axes)
    total = sum(float(r[targets].mean()) for r in played.rewards[:t])
    s = who.number(played.states[0])
    return (
        f"Earned per target after {t} of {who.game.horizon} steps: {svg.short(total)}. From this start, over "
        f"{who.game.horizon} steps, a random team expects {number(float(who.random[s]), 1)}, "
        f"the best response to this external {number(float(who.best[s]), 1)}."
    )


def panel(who: Company, played: Replay, t: int, show: str, y: float) -> tuple[list[str], float, str]:
    """The external's policy, or all targets' regrets, in state t: parts, where they end, and in words."""
    game, state = who.game, played.states[t]
    if show == SHOW[1]:
        charts = [(agent, who.moves(state, agent)) for agent in game.externals]
        title, unit, low, reach = "next move of", "probability", 0.0, 1.0
        words = "Probabilities of the next move of "
    elif show == SHOW[2]:
        charts = list(zip(game.targets, who.regrets(state), strict=True))
        title, unit = "regrets of", "discounted return"
        reach = svg.round_up(max(abs(x) for _, values in charts for x in values))
        low, words = -reach, "Regret advantages of "
    else:
        return [], y, ""
    parts, end, told = [], y, []
    for k, (agent, values) in enumerate(charts):
        names = game.action_names[game.agents.index(agent)]
        top = y if k < 2 else end
        drawn, bottom = svg.bar_panel(340 * (k % 2) + 4, top, 328, f"{title} {agent}", names, values, low, reach, unit)
        parts.append(drawn)
        end = max(end, bottom)
        told.append(f"{agent}: " + ", ".join(f"{n} {number(x)}" for n, x in zip(names, values, strict=True)))
    return parts, end, f"{words}{'; '.join(told)}."


def draw(who: Company, played: Replay, t: int, you: str, show: str) -> Picture:
    """State t of an episode, how it came about, and what `show` (one of SHOW) reveals."""
    game = who.game
    arrows, lines, sentences = last_step(who, played, t)
    parts, height, words = board(game, played.states[t], arrows)
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


class GridPlayer(Explorer):
    """Play a target of a grid task beside an external; or let the team play, and step through what it did.

    A move is a button or a letter typed into `Moves`, one a step; deleting letters takes moves back. Chance belongs to
    the episode's number: change the external, the team or an early move, and see what becomes of the same episode.

    >>> player = GridPlayer("pursuit")
    >>> player.moves.value = "nn"  # two steps to the north
    >>> player.step.value, len(player.played.actions)
    (2, 2)
    """

    def __init__(self, game: str = "pursuit", show: str = SHOW[0]) -> None:
        if game not in GRID_TASKS:
            raise ValueError(f"{game!r} is not a grid task; the player knows {list(GRID_TASKS)}")
        super().__init__()
        self.game_menu = choice("Game", list(GRID_TASKS), value=game)
        self.external_menu, self.you_menu = choice("Beside", []), choice("You are", [])
        self.team_menu = choice("Your team", list(TEAMS))
        self.show_menu = choice("Show", list(SHOW), value=show)
        self.episode = slider(ipywidgets.IntSlider, "Episode", value=1, min=1, max=20)
        self.step = slider(ipywidgets.IntSlider, "Step", value=0, min=0, max=company(game, 0, TEAMS[0]).game.horizon)
        self.moves = ipywidgets.Text(description="Moves", style={"description_width": "130px"})
        self.game_menu.observe(self._deal, "value")
        self.episode.observe(self._clear, "value")
        self.moves.observe(self._play, "value")
        for control in (self.external_menu, self.you_menu, self.team_menu):
            control.observe(self._again, "value")
        self.show_menu.observe(self.redraw, "value")
        self.step.observe(self._look, "value")
        self.played: Replay | None = None
        self._deal()

    def _deal(self, change: object = None) -> None:
        """Another game: its externals, targets and moves."""
        self.played = None  # until all controls are those of the new game
        name = self.game_menu.value
        game = company(name, 0, TEAMS[0]).game
        self.external_menu.options = [(f"{game.externals[0]} {k}", k) for k in range(SHOWN)]
        self.you_menu.options = game.targets
        self.external_menu.value, self.you_menu.value, self.moves.value = 0, game.targets[0], ""
        names = game.action_names[game.target_axes[0]]
        moves = [*zip(names, company(name, 0, TEAMS[0]).letters(), strict=True), ("as my team would", TEAM_MOVE)]
        buttons = [self._button(f"{n} ({letter})", lambda _, x=letter: self.move(x)) for n, letter in moves]
        buttons += [self._button("take back", lambda _: self.back()), self._button("play on", lambda _: self.play_on())]
        self.moves.placeholder = "type " + " ".join(letter for _, letter in moves)
        self._play(draw=False)
        row = ipywidgets.HBox(buttons, layout=ipywidgets.Layout(flex_flow="row wrap"))
        menus = (self.game_menu, self.external_menu, self.team_menu, self.you_menu, self.show_menu)
        self.show([*menus, row, groups([[self.moves], [self.step]]), self.episode])

    @staticmethod
    def _button(description: str, on_click: object) -> ipywidgets.Button:
        button = ipywidgets.Button(description=description, layout=ipywidgets.Layout(width="auto"))
        button.on_click(on_click)
        return button

    def who(self) -> Company:
        """The company that the menus describe."""
        return company(self.game_menu.value, self.external_menu.value, self.team_menu.value)

    def letters(self) -> str:
        """The moves so far; letters that mean nothing here are left out, and nothing follows the end."""
        who = self.who()
        known = {*who.letters(), TEAM_MOVE}
        return "".join(x for x in self.moves.value.lower() if x in known)[: who.game.horizon]

    def move(self, letter: str) -> None:
        """Go on from the step that is shown: later moves are forgotten."""
        self.moves.value = self.letters()[: self.step.value] + letter

    def back(self) -> None:
        """Take the last move back."""
        self.moves.value = self.letters()[:-1]

    def play_on(self) -> None:
        """Let the team play from the step that is shown to the end of the episode, and stay here to step through it."""
        here = self.step.value
        self.moves.value = self.letters()[:here].ljust(self.who().game.horizon, TEAM_MOVE)
        self.step.value = here

    def _clear(self, change: object = None) -> None:
        self.moves.value = ""
        self._again()

    def _again(self, change: object = None) -> None:
        """The same moves in another company, or another episode."""
        if self.played is not None:
            here = self.step.value
            self._play()
            self.step.value = here

    def _play(self, change: object = None, draw: bool = True) -> None:
        """Play the episode from its start, and show its last state."""
        if draw and self.played is None:
            return
        self.played = replay(self.who(), self.you_menu.value, self.episode.value, self.letters())
        self.step.unobserve(self._look, "value")  # one redraw is enough
        self.step.value = len(self.played.actions)
        self.step.observe(self._look, "value")
        if draw:
            self.redraw()

    def _look(self, change: object = None) -> None:
        """Show another step; beyond the last one there is nothing to see."""
        assert self.played is not None
        played = len(self.played.actions)
        if self.step.value > played:
            self.step.value = played
        else:
            self.redraw()

    def picture(self) -> Picture:
        assert self.played is not None
        return draw(self.who(), self.played, self.step.value, self.you_menu.value, self.show_menu.value)

    def twin_pictures(self) -> Sequence[Picture]:
        """The present picture; where nothing was played yet, the team's own first steps and what the external may do."""
        if self.letters():
            return [self.picture()]
        who, you = self.who(), self.you_menu.value
        played = replay(who, you, self.episode.value, TWIN * TEAM_MOVE)
        return [draw(who, played, t, you, SHOW[1]) for t in range(TWIN + 1)]
