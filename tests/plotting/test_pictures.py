"""Pictures: episodes in motion, families side by side, and that what is said of them in words is what the data say."""

import importlib
import io
import json
import re

import numpy as np
import pytest
import torch
from matplotlib.text import Text
from PIL import Image

from helpers import ROOT
from micra_lite.cli import list_games
from micra_lite.cli.main import main
from micra_lite.game import Game
from micra_lite.games.board import BoardGame
from micra_lite.games.matrix import MATRIX_GAMES, MatrixGame
from micra_lite.plotting import games, style
from micra_lite.plotting.episodes import FRAME_MS, animation, paid_in_words
from micra_lite.plotting.externals import REACH, arrows, difference, family_figure, policies_by_cell
from micra_lite.registry import ELSEWHERE, external_family, make, names

BOARDS = [
    ("pursuit", {}), ("rendezvous", {}), ("gates", {}), ("crossing", {}), ("pursuit", {"size": 4, "hunters": 3}),
    ("rendezvous", {"size": 4}), ("gates", {"size": 5, "defenders": 1}), ("crossing", {"lanes": 3, "length": 5}),
]  # fmt: skip
BOARDS += [(n, {}) for n in names() if n not in [*ELSEWHERE, *dict(BOARDS)] and isinstance(make(n), BoardGame)]
MATRICES = [("rectangular", {}), ("three_sites", {}), ("odd_one_out", {})]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def held_out(game, count):
    return external_family(game.name, game).split("held-out")[:count]


def frames(gif):
    """Every frame as an RGB array."""
    image = Image.open(io.BytesIO(gif))
    shown = []
    for k in range(image.n_frames):
        image.seek(k)
        shown.append(np.asarray(image.convert("RGB")).astype(int))
    return shown


def below_caption(frame):
    return frame[len(frame) // 9 :]


def near(frame, colour):
    """How many pixels have about this colour."""
    return int((np.abs(frame - 255 * np.array(colour)).max(-1) < 8).sum())


# --- Episodes in motion ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "options"), BOARDS)
def test_landing_is_where_the_rules_lead(name, options):
    """An agent that can be in one cell only after the move is where `landing_place` says, and on the road."""
    game, count = make(name, **options), 300
    state = torch.randint(game.cells, (count, len(game.agents)), generator=generator())
    actions = torch.stack([torch.randint(a, (count,), generator=generator(a)) for a in game.n_actions], dim=1)
    outcomes, sure = game.outcomes(state, actions), 0
    for b in range(count):
        possible = outcomes.state[b][outcomes.probability[b] > 0]  # (K, n)
        for j, agent in enumerate(game.agents):
            cells = set(possible[:, j].tolist())
            row, column = game.landing_place(agent, int(state[b, j]), int(actions[b, j]))
            if len(cells) == 1:
                assert cells == {row * game.columns + column}
                assert 0 <= column < game.columns
                sure += 1
    assert sure > count  # more than one agent in each


@pytest.mark.parametrize(("name", "options"), BOARDS)
def test_an_episode_has_a_frame_for_every_state(name, options):
    game = make(name, **options)
    states, actions, rewards = list_games.random_episode(game, held_out(game, 1), seed=3)
    assert states.shape == (game.horizon + 1, len(game.agents))
    gif, alt = animation(game, states, actions, rewards)
    shown = Image.open(io.BytesIO(gif))
    assert shown.n_frames == game.horizon + 1
    assert shown.width <= 700
    assert shown.info["duration"] == FRAME_MS
    assert shown.info["comment"].decode() == alt
    assert len(gif) < 400_000
    assert f"{game.horizon} steps" in alt
    for agent, earned in zip(game.agents, rewards.sum(0).tolist(), strict=True):
        assert f"{agent} {earned:g}".replace("-", "−") in alt
    said = re.search(r"paid in steps? ([\d, ]+)", alt)
    paid = [t + 1 for t in range(game.horizon) if rewards[t].abs().sum() > 0]
    assert [int(t) for t in said[1].split(",")] == paid


def test_frames_differ_where_the_states_do():
    """Stay, stay, hunter 1 goes east, stay: only the third step changes the board; captions count on."""
    game = make("pursuit")
    states = torch.tensor([[0, 8, 4], [0, 8, 4], [0, 8, 4], [1, 8, 4], [1, 8, 4]])
    actions = torch.zeros(4, 3, dtype=torch.long)
    actions[2, 0] = game.action_names[0].index("east")
    gif, alt = animation(game, states, actions, torch.zeros(4, 3))
    shown = frames(gif)
    assert "nothing was paid" in alt
    for k in (1, 2):
        assert np.array_equal(below_caption(shown[0]), below_caption(shown[k]))
        assert not np.array_equal(shown[0], shown[k])
    assert not np.array_equal(below_caption(shown[2]), below_caption(shown[3]))
    trail = style.pale(style.BLUE, 0.7)
    assert near(shown[3], trail) > 50 + max(near(shown[2], trail), near(shown[4], trail))  # who stays leaves none


def test_who_was_caught_is_shown_where_it_landed():
    game = make("pursuit")
    states = torch.tensor([[0, 8, 2], [1, 8, 6], [1, 8, 6]])  # both land on cell 1, and the prey starts again on 6
    actions = torch.tensor([[4, 0, 3], [0, 0, 0]])
    gif, _ = animation(game, states, actions, torch.tensor([[1.0, 1, -1], [0, 0, 0]]))
    faded = [near(frame, style.pale(style.VERMILLION, 0.4)) for frame in frames(gif)]
    assert faded[1] > 200 + max(faded[0], faded[2])


def test_the_caption_says_who_was_paid_what():
    game = make("pursuit")
    assert paid_in_words(game, torch.tensor([1.0, 1.0, -1.0])) == "h1, h2: +1; p: −1"
    assert paid_in_words(game, torch.tensor([0.0, 0.5, 0.0])) == "h2: +0.5"
    assert paid_in_words(game, torch.zeros(3)) == "nothing paid"


@pytest.mark.parametrize("name", [n for n in names() if n not in ELSEWHERE])
def test_a_random_episode_is_one_of_the_game(name):
    game = make(name)
    states, actions, rewards = list_games.random_episode(game, held_out(game, 1), seed=1)
    outcomes = game.outcomes(states[:-1], actions)
    torch.testing.assert_close(outcomes.rewards, rewards)
    possible = (outcomes.state == states[1:, None]).all(-1) & (outcomes.probability > 0)
    assert possible.any(1).all()
    again = list_games.random_episode(game, held_out(game, 1), seed=1)
    assert all(torch.equal(one, other) for one, other in zip((states, actions, rewards), again, strict=True))


# --- Families side by side -------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "options"), BOARDS)
def test_arrows_tell_probabilities(name, options):
    """The likelier, the longer, whatever the direction; in crossing everyone drives onward."""
    game = make(name, **options)
    for agent, moves in zip(game.agents, game.action_names, strict=True):
        policy = np.random.default_rng(0).dirichlet(np.ones(len(moves)))
        vectors = arrows(game, agent, policy)
        length = np.linalg.norm(vectors, axis=1)
        going = [a for a, move in enumerate(moves) if move not in ("stay", "brake")]
        np.testing.assert_allclose(length[going], REACH * policy[going])
        assert (np.delete(length, going) == 0).all()
        for a, move in enumerate(moves):
            right, down = np.sign(vectors[a])
            if move in ("north", "south", "west", "east"):
                assert (right, down) == {"north": (0, -1), "south": (0, 1), "west": (-1, 0), "east": (1, 0)}[move]
            elif move != "stay" and move != "brake":
                assert right == (-1 if agent == "stranger" else 1)
                assert game.direction(agent, a) == (down, right)


@pytest.mark.parametrize(("name", "options"), [("pursuit", {}), ("gates", {}), ("crossing", {"lanes": 3})])
def test_policies_by_cell_are_rows_of_the_tables(name, options):
    game = make(name, **options)
    externals, state = held_out(game, 3), game.reset(1, generator())[0]
    found, (table,) = policies_by_cell(game, externals, state), game.tables(externals)
    for cell in range(game.cells):
        number = game.encode(torch.tensor([*state[:-1].tolist(), cell]))
        np.testing.assert_allclose(found[:, cell], table[:, number])


def test_difference_has_its_two_ends():
    one, other = np.array([[1.0, 0, 0]]), np.array([[0, 0.5, 0.5]])
    assert difference(np.stack([one, one, one])) == 0
    assert difference(np.stack([one, other])) == 1
    assert difference(np.stack([one, one, other])) == pytest.approx(2 / 3)  # the mean over three pairs
    assert difference(one[None]) == 0


@pytest.mark.parametrize(("name", "options"), BOARDS + MATRICES)
@pytest.mark.parametrize("count", [1, 4, 6])
def test_the_family_in_a_picture(name, options, count):
    """A panel for each external; nothing runs off the sheet; the words agree with the policies."""
    game = make(name, **options)
    externals, state = held_out(game, count), game.reset(1, generator())[0]
    figure, alt = family_figure(game, externals, state)
    titles = [axes.get_title() for axes in figure.axes if axes.get_visible() and axes.get_title()]
    assert [int(re.search(r"seed (\d+)", t)[1]) for t in titles] == list(externals.seeds)
    games.pixels(figure)
    texts = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    for text in [t for t in texts if t.axes is None or t.axes.get_visible()]:
        box = text.get_window_extent()
        assert box.x0 >= -1 and box.y0 >= -1, text  # noqa: PT018
        assert box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, text  # noqa: PT018
    (axis,) = game.external_axes
    if name in MATRIX_GAMES:
        shown = externals.parameters.numpy()[:, None]  # a mixed strategy's parameters are its probabilities
    else:
        sites = list(game.sites.values())  # an external that lands on one starts again elsewhere
        assert game.external_cells() == [cell for cell in range(game.cells) if cell not in sites]
        shown = np.delete(policies_by_cell(game, externals, state), sites, axis=1)
    for k, mean in enumerate(shown.mean(1)):
        likeliest = game.action_names[axis][mean.argmax()]
        assert f"{game.agents[axis]} {k} {likeliest} ({mean.max():.2f})" in alt
    assert ("differ by" in alt) == (count > 1)
    if count > 1:
        assert f"differ by {difference(shown):.2f}" in alt


def test_parameters_are_written_beside_their_bars():
    game = make("pursuit")
    externals = held_out(game, 2)
    figure, _ = family_figure(game, externals, torch.tensor([0, 8, 4]))
    written = {t.get_text().replace("−", "-") for t in figure.findobj(Text)}
    for value in externals.parameters.flatten().tolist():
        assert f"{value:.1f}".replace("-0.0", "0.0") in written
    assert set(external_family("pursuit").parameter_names) <= written


# --- In words, and what has no picture -------------------------------------------------------------------


def test_pictures_in_words():
    said = games.words(make("prisoners_dilemma"), torch.tensor([0]))
    assert "cooperate, defect: 0, 5" in said
    assert "−0" not in games.words(make("rock_paper_scissors"), torch.tensor([0]))
    said = games.words(make("crossing"), torch.tensor([0, 3, 5]))
    assert "driver_1 in row 1, column 1, driver_2 in row 2, column 1, stranger in row 2, column 3" in said


class Nothing(Game):
    name = "nothing"
    agents = targets = ("one",)


def test_a_game_without_a_picture_is_named():
    state = torch.zeros(1)
    for draws in (games.picture, games.words):
        with pytest.raises(TypeError, match="nothing has no picture"):
            draws(Nothing(), state)
    with pytest.raises(TypeError, match="nothing has no picture"):
        family_figure(Nothing(), None, state)
    with pytest.raises(TypeError, match="rectangular has no board"):
        animation(make("rectangular"), torch.zeros(2, 1), torch.zeros(1, 2), torch.zeros(1, 2))
    odd = Nothing()
    odd.scene = lambda state: "a board"
    with pytest.raises(TypeError, match=r"nothing.scene must return a Board or a Table .*; got 'a board'"):
        games.picture(odd, state)
    four = MatrixGame("four", torch.zeros(2, 2, 2, 2, 4), ("player_0",), ("player_1", "player_2", "player_3"))
    with pytest.raises(TypeError, match="four has no picture"):
        games.picture(four, state)


# --- micra-lite games ------------------------------------------------------------------------------------


def rows(text):
    return {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}


def test_the_list_shows_the_headroom_that_was_measured(capsys, monkeypatch):
    assert main(["games"]) == 0
    shown = rows(capsys.readouterr().out)
    for name, room in list_games.headrooms().items():
        assert [float(x) for x in shown[name][-2:]] == [
            round(room["headroom_average"], 2), round(room["headroom_other"], 2)
        ]  # fmt: skip
    monkeypatch.setattr(list_games, "headrooms", dict)
    assert rows(list_games.listing())["pursuit"][-1] == "prey"  # not measured: empty cells


def test_the_package_says_what_the_benchmark_measured(monkeypatch, tmp_path):
    """The file in the package is made from the committed result, and from nothing else."""
    folder = ROOT / "benchmarks"
    monkeypatch.syspath_prepend(folder)
    benchmark = importlib.import_module("games")
    committed = json.loads(benchmark.PACKAGED.read_text())
    monkeypatch.setattr(benchmark, "PACKAGED", tmp_path / "headroom.json")
    assert json.loads(benchmark.write_packaged().read_text()) == committed == list_games.headrooms()
    measured = json.loads((folder / "results" / "games.json").read_text())
    found = {r["game"]: r["headroom_other"] for r in measured["rows"] + measured["matrix_games"]}
    assert found == {name: room["headroom_other"] for name, room in committed.items()}


@pytest.mark.parametrize(("name", "files"), [
    ("crossing", ["game.png", "family.png", "episode.gif", "cross-play.png"]),
    ("rectangular", ["game.png", "family.png", "cross-play.png"]),
])  # fmt: skip
def test_a_game_is_shown_in_words_and_pictures(name, files, tmp_path, capsys):
    assert main(["games", name, "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert f"average {list_games.headrooms()[name]['headroom_average']:.2f}" in shown
    for parameter in external_family(name).parameter_names:
        assert parameter in shown
    for file in files:
        path = tmp_path / file
        assert str(path) in shown
        assert str(path.with_suffix(".txt")) in shown
        with Image.open(path) as picture:
            assert picture.width > 200
        assert path.with_suffix(".txt").read_text().strip() in shown
    assert sorted(p.name for p in tmp_path.glob("*.[pg]*")) == sorted(files)
