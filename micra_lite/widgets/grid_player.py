"""A grid task to play yourself: one target by hand, its team mates and an external by their policies, step by step."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets
import torch

from ..exact.encounter import SHOWN, TEAMS, Encounter, encounter
from ..plotting.style import look
from ..registry import GRID_TASKS
from ..rollouts import joint_step
from .drawing.base import Explorer, Picture, choice, groups, slider
from .drawing.episode import SHOW, PlayedEpisode, draw
from .keys import Keys

TEAM_MOVE = "t"  # the letter of "let the team choose"
KEYS = {  # key → the moves that it may stand for
    "ArrowUp": ("north", "straight"), "ArrowDown": ("south",), "ArrowLeft": ("west", "left"), "ArrowRight": ("east", "right"),
    " ": ("stay",),
}  # fmt: skip
TWIN = 2  # steps that the static copy shows


def letters_of(who: Encounter) -> dict[str, int]:
    """The targets' moves by their letters: the first of each name, and a dot for staying."""
    names = who.game.action_names[who.game.target_axes[0]]
    return {"." if name == "stay" else name[0]: a for a, name in enumerate(names)}


def play_again(who: Encounter, you: str, episode: int, moves: str) -> PlayedEpisode:
    """The episode number `episode` in which the target `you` makes `moves`, a letter each; the others follow policies.

    Letters are those of `letters_of`, and TEAM_MOVE for a move by the team's policy. Stops at the game's horizon.
    Chance depends on the episode's number and the step alone, so two episodes differ only by what was changed in them.
    """
    game, letters = who.game, letters_of(who)
    axis = game.agents.index(you)
    state = game.reset(1, torch.Generator().manual_seed(episode))
    states, actions, rewards = [state[0]], [], []
    for t, letter in enumerate(moves[: game.horizon]):
        s = who.number(state[0])
        policies = [torch.from_numpy(p[s : s + 1]) for p in who.policies]  # (1, A_j) each
        if letter != TEAM_MOVE:
            policies[axis] = torch.eye(game.n_actions[axis], dtype=torch.float64)[[letters[letter]]]
        team, external = ([policies[j] for j in axes] for axes in (game.target_axes, game.external_axes))
        chance = torch.Generator().manual_seed(1000 * episode + t)
        joint, step = joint_step(game, state, team, external, chance)
        state = step.state
        states.append(state[0])
        actions.append(joint[0])
        rewards.append(step.rewards[0])
    return PlayedEpisode(states, actions, rewards)


class GridPlayer(Explorer):
    """Play a target of a grid task beside an external, or let the team play and step through its episode.

    A move is an arrow key, a button, or a letter typed into `Moves so far`; Backspace takes moves back. Chance depends
    on the episode's number: change the external, the team or an early move, and see the same episode take another course.

    >>> player = GridPlayer("pursuit")
    >>> player.moves.value = "nn"  # two steps to the north
    >>> player.step.value, len(player.played.actions)
    (2, 2)
    """

    recording = (
        "Here the team plays, step by step. In Jupyter you play yourself, with other games and other externals, too."
    )

    def __init__(self, game: str = "pursuit", show: str = SHOW[0]) -> None:
        if game not in GRID_TASKS:
            raise ValueError(f"{game!r} is not a grid task; the player knows {list(GRID_TASKS)}")
        super().__init__()
        self.game_menu = choice("Game", list(GRID_TASKS), value=game)
        self.external_menu, self.you_menu = choice("External", []), choice("You play", [])
        self.team_menu = choice("Your team", list(TEAMS))
        self.show_menu = choice("Show", list(SHOW), value=show)
        self.episode = slider(ipywidgets.IntSlider, "Episode", value=1, min=1, max=20)
        self.step = slider(ipywidgets.IntSlider, "Step shown", value=0, min=0, max=1)
        self.arrows = Keys(
            "Come here (click, or Tab), then play with the arrow keys. Space: stay. Backspace: take back.",
            [*KEYS, "Backspace"], self.press,
        )  # fmt: skip
        self.moves = ipywidgets.Text(description="Moves so far", style={"description_width": "130px"})
        self.game_menu.observe(self._deal, "value")
        self.episode.observe(self._clear, "value")
        self.moves.observe(self._play, "value")
        for control in (self.external_menu, self.you_menu, self.team_menu):
            control.observe(self._again, "value")
        self.show_menu.observe(self.redraw, "value")
        self.step.observe(self._look, "value")
        self.played: PlayedEpisode | None = None
        self._deal()

    def _deal(self, change: object = None) -> None:
        """Show another game: its externals, targets and moves."""
        self.played = None  # until all controls are those of the new game
        name = self.game_menu.value
        game = encounter(name, 0, TEAMS[0]).game
        self.external_menu.options = [(f"{game.externals[0]} {k}", k) for k in range(SHOWN)]
        self.you_menu.options = game.targets
        self.external_menu.value, self.you_menu.value, self.moves.value = 0, game.targets[0], ""
        names = game.action_names[game.target_axes[0]]
        moves = [*zip(names, letters_of(encounter(name, 0, TEAMS[0])), strict=True), ("let the team choose", TEAM_MOVE)]
        own = [self._button(f"{n} ({letter})", lambda _, x=letter: self.move(x)) for n, letter in moves]
        more = [
            self._button("take back", lambda _: self.back()),
            self._button("play to the end", lambda _: self.play_on()),
        ]
        self.moves.placeholder = "none yet; or type " + " ".join(letter for _, letter in moves)
        self._play(draw=False)
        setting = (self.game_menu, self.external_menu, self.you_menu, self.team_menu, self.episode)
        playing = (self.arrows, self._row("Your move", own), self._row("Or", more), groups([[self.moves], [self.step]]))
        self.show([*setting, *playing, self.show_menu])

    @staticmethod
    def _row(title: str, buttons: Sequence[ipywidgets.Button]) -> ipywidgets.HBox:
        """Buttons beside one another, with a title where other controls have their description."""
        words = ipywidgets.HTML(f"<b>{escape(title)}</b>", layout=ipywidgets.Layout(width="130px"))
        return ipywidgets.HBox([words, *buttons], layout=ipywidgets.Layout(flex_flow="row wrap"))

    @staticmethod
    def _button(description: str, on_click: object) -> ipywidgets.Button:
        button = ipywidgets.Button(description=description, layout=ipywidgets.Layout(width="auto"))
        button.on_click(on_click)
        return button

    def who(self) -> Encounter:
        """The encounter that the menus describe."""
        return encounter(self.game_menu.value, self.external_menu.value, self.team_menu.value)

    def letters(self) -> str:
        """The moves so far, without unknown letters and without letters beyond the horizon."""
        who = self.who()
        known = {*letters_of(who), TEAM_MOVE}
        return "".join(x for x in self.moves.value.lower() if x in known)[: who.game.horizon]

    def move(self, letter: str) -> None:
        """Go on from the step that is shown; later moves are dropped."""
        self.moves.value = self.letters()[: self.step.value] + letter

    def press(self, key: str) -> None:
        """Make the move that a key stands for in this game, or take the last one back; other keys do nothing."""
        if key == "Backspace":
            return self.back()
        who = self.who()
        names = dict(zip(who.game.action_names[who.game.target_axes[0]], letters_of(who), strict=True))
        for name in KEYS.get(key, ()):
            if name in names:
                self.move(names[name])
        return None

    def back(self) -> None:
        """Take the last move back."""
        self.moves.value = self.letters()[:-1]

    def play_on(self) -> None:
        """Let the team play from the step that is shown to the end; the step that is shown stays."""
        here = self.step.value
        self.moves.value = self.letters()[:here].ljust(self.who().game.horizon, TEAM_MOVE)
        self.step.value = here

    def _clear(self, change: object = None) -> None:
        self.moves.value = ""
        self._again()

    def _again(self, change: object = None) -> None:
        """Play the same moves in another encounter or another episode."""
        if self.played is not None:
            here = self.step.value
            self._play()
            self.step.value = here

    def _play(self, change: object = None, draw: bool = True) -> None:
        """Play the episode from its start, and show its last state."""
        if draw and self.played is None:
            return
        self.played = play_again(self.who(), self.you_menu.value, self.episode.value, self.letters())
        self.step.unobserve(self._look, "value")  # one redraw is enough
        self.step.max = max(1, len(self.played.actions))  # a slider needs two ends
        self.step.value = len(self.played.actions)
        self.step.observe(self._look, "value")
        if draw:
            self.redraw()

    def _look(self, change: object = None) -> None:
        """Show another step, at most the last one played."""
        assert self.played is not None
        played = len(self.played.actions)
        if self.step.value > played:
            self.step.value = played
        else:
            self.redraw()

    def picture(self) -> Picture:
        assert self.played is not None
        drawn = draw(self.who(), self.played, self.step.value, self.you_menu.value, self.show_menu.value)
        if self.played.actions:
            return drawn
        game, you = self.who().game, self.you_menu.value
        first = (
            f"Nothing was played yet. You are {you} ({look(game, you)[2]} on the board). Choose your move: "
            f"the others choose theirs at the same time."
        )
        return dataclasses.replace(drawn, alt=f"{drawn.alt} {first}", head=f"<p>{escape(first)}</p>")

    def recorded(self) -> Sequence[Any]:
        """The team's episode, step by step; nobody can play against a recording."""
        self.step.value = 0
        self.play_on()
        return [self.team_menu, self.show_menu, self.step]

    def twin_pictures(self) -> Sequence[Picture]:
        """The present picture; if nothing was played yet, the team's first steps with the external's next move."""
        if self.letters():
            return [self.picture()]
        who, you = self.who(), self.you_menu.value
        played = play_again(who, you, self.episode.value, TWIN * TEAM_MOVE)
        return [draw(who, played, t, you, SHOW[1]) for t in range(TWIN + 1)]
