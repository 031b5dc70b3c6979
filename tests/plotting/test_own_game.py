"""Games of one's own, written outside the package: what they say is where becomes pictures, words, episodes, families."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

import micra_lite
from micra_lite.cli import list_games
from micra_lite.games.board import BoardGame
from micra_lite.games.scene import Board, Table
from micra_lite.games.tabular import Outcomes, TabularGame
from micra_lite.interop.to_pettingzoo import to_parallel_env
from micra_lite.plotting import episodes, externals, games

STEPS = {"wait": (0, 0), "left": (0, -1), "right": (0, 1)}


class Habits(micra_lite.ExternalFamily):
    """Externals with a habit for each of their actions, the same everywhere."""

    def __init__(self, name, actions):
        self.name, self.parameter_names = name, tuple(f"habit {a}" for a in actions)

    def draw(self, rng):
        return rng.standard_normal(len(self.parameter_names))

    def probabilities(self, parameters, observations):
        return [(parameters + 0 * observations[0][..., :1]).softmax(-1)]


class Tunnel(BoardGame):
    """A cat and a mouse in a tunnel of five cells; caught, the mouse starts again on any cell."""

    def __init__(self):
        super().__init__("tunnel", (1, 5), ("cat",), "mouse", (STEPS, STEPS), {"hole": 4})
        self.landing = torch.tensor([[c, max(c - 1, 0), min(c + 1, 4)] for c in range(5)])

    def starts(self):
        return self.states(), torch.full((25,), 1 / 25, dtype=torch.float64)

    def outcomes(self, state, actions):
        landed = self.landing[state, actions]
        caught = landed[:, :1] == landed[:, 1:]
        rewards = torch.cat([caught.float(), -caught.float()], 1)
        return self.restart(landed, caught, torch.full((len(state), 5), 0.2, dtype=torch.float64), rewards)


class Ferry(TabularGame):
    """A ferry between two banks and a passenger who comes and goes; the state is the ferry's bank and whether it rains."""

    name, radix, horizon = "ferry", (2, 2), 6
    agents, n_actions, observation_sizes = ("ferry", "passenger"), (2, 2), (2, 2)
    action_names = (("stay", "cross"), ("walk", "ride"))

    def __init__(self, shows="board"):
        self.options, self.shows = {}, shows
        self.split_agents(("ferry",), ("passenger",))

    def starts(self):
        return self.states(), torch.full((4,), 0.25, dtype=torch.float64)

    def outcomes(self, state, actions):
        bank = (state[:, :1] + actions[:, :1]) % 2  # (B, 1)
        rain = torch.arange(2).expand(len(state), 2)  # (B, K)
        rewards = (actions[:, :1] * actions[:, 1:]).float().expand(-1, 2)
        even = torch.full((len(state), 2), 0.5, dtype=torch.float64)
        return Outcomes(
            torch.stack([bank.expand(-1, 2), rain], -1), even, rewards, torch.zeros_like(even, dtype=torch.bool)
        )

    def observe(self, state):
        return [state.float()] * 2

    def scene(self, state):
        weather = "It rains" if state[1] else "It is dry"
        if self.shows == "board":
            return Board(1, 2, {"ferry": int(state[0])}, {"east": 1}, weather)
        cells = {(a, b): str(a * b) for a in (0, 1) for b in (0, 1)}
        return Table(tuple(zip(self.agents, self.action_names, strict=True)), cells, "reward", weather, {(1, 1)})


def played(game, family):
    return list_games.random_episode(game, family.sample(0), seed=2)


def frames_of(gif):
    image = Image.open(io.BytesIO(gif))
    return image.n_frames


OWN = [
    (Tunnel(), Habits("tunnel", STEPS)),
    (Ferry(), Habits("ferry", ("walk", "ride"))),
    (Ferry("table"), Habits("ferry", ("walk", "ride"))),
]


@pytest.mark.parametrize(("game", "family"), OWN, ids=["board game", "board", "table"])
def test_a_game_of_ones_own_is_drawn(game, family, tmp_path, capsys):
    one, other = (games.picture(game, game.states()[k]) for k in (1, 2))
    assert one.dtype == np.uint8
    assert (one != other).any()
    env = to_parallel_env(game, render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().shape[2] == 3
    list_games.pictures(game, family, tmp_path, seed=0)
    moving = [] if isinstance(game.scene(game.states()[0]), Table) else ["episode.gif"]
    files = sorted(p.name for p in tmp_path.glob("*.[pg]*"))
    assert files == sorted(["game.png", "family.png", "cross-play.png", *moving])
    assert games.words(game, game.reset(1, torch.Generator().manual_seed(0))[0]) in capsys.readouterr().out


def test_words_say_the_scene():
    assert games.words(OWN[0][0], torch.tensor([0, 3])) == (
        "The board of tunnel, 1 row by 5 columns: cat in row 1, column 1, mouse in row 1, column 4."
    )
    assert games.words(OWN[1][0], torch.tensor([1, 1])) == (
        "It rains. The board of ferry, 1 row by 2 columns: ferry in row 1, column 2."
    )
    assert games.words(OWN[2][0], torch.tensor([0, 0])) == (
        "It is dry. The table of ferry: reward, by ferry and passenger. stay, walk: 0; stay, ride: 0; cross, walk: 0; "
        "cross, ride: 1 ★."
    )


@pytest.mark.parametrize(("game", "family"), OWN[:2], ids=["board game", "board"])
def test_its_episodes_move(game, family):
    states, actions, rewards = played(game, family)
    gif, alt = episodes.animation(game, states, actions, rewards)
    assert frames_of(gif) == len(states)
    assert alt.startswith(f"An episode of {game.name}, {len(actions)} steps")


def test_moves_have_the_directions_that_were_given():
    game = Tunnel()
    assert [game.direction("cat", a) for a in range(3)] == list(STEPS.values())
    assert game.landing_place("mouse", 4, 2) == (0, 4)  # the wall
    states, actions, rewards = played(game, OWN[0][1])
    boards = [game.scene(state) for state in states]
    again = 0
    for before, now, moved, paid in zip(boards, boards[1:], actions, rewards, strict=False):
        places = episodes.landing_places(game, before, now, moved)
        assert (places["cat"] == places["mouse"]) == bool(paid[0])
        again += len(episodes.started_again(places, now))
    assert again


@pytest.mark.parametrize(("game", "family"), OWN, ids=["board game", "board", "table"])
def test_its_externals_stand_side_by_side(game, family):
    figure, alt = externals.family_figure(game, family.sample(0, 3), game.states()[1])
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == [f"{game.externals[0]} {k} (seed {k})" for k in range(3)]
    assert "Two of them differ by" in alt
    assert ("It rains" in alt) == (game.name == "ferry")


@pytest.mark.parametrize(("call", "message"), [
    (lambda: Board(1, 2, {"cat": 2}), "'cat' is in cell 2; a board of 1 × 2 has cells 0 to 1"),
    (lambda: Board(1, 2, {}, {"hole": -1}), "'hole' is in cell -1"),
    (lambda: Table((("row", ("a",)),), {}, "nothing"), "two axes or three; got 1"),
])  # fmt: skip
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
