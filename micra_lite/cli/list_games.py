"""The command `micra-lite games`: the list of games, or one game in words and pictures."""

from __future__ import annotations

import argparse
import inspect
import io
import json
import sys
from importlib.resources import files
from pathlib import Path

import torch
from matplotlib.figure import Figure
from matplotlib.image import imsave
from torch import Tensor

from .. import exact
from ..externals import ExternalFamily, Externals
from ..game import Game
from ..games.matrix import MATRIX_GAMES
from ..games.scene import Board
from ..games.tabular import TabularGame
from ..plotting import results, style
from ..plotting.episodes import animation
from ..plotting.externals import family_figure
from ..plotting.games import picture, scene_of
from ..plotting.games import words as in_a_sentence
from ..registry import external_family, make, names
from ..rollouts import joint_step
from .support import asked_for, table

SHOWN, CROSSED = 6, 8  # externals in the picture of the family, and in the cross-play
MEANING = (
    "Headroom, as normalised scores over the held-out externals (0: random team, 1: best response to each): average is the\n"
    "best team found that plays them all alike, other is the best response to a wrong external."
)


def games(options: argparse.Namespace) -> int:
    """List the games, or show one: rules, family, headroom, pictures."""
    if options.name is None:
        print(listing())
        return 0
    with asked_for():
        game, family = make(options.name), external_family(options.name)
    print(in_words(game, family))
    pictures(game, family, options.out or Path("runs") / game.name, options.seed)
    return 0


def listing() -> str:
    """All games as a table."""
    measured, rows = headrooms(), []
    for name in names():
        room = measured.get(name, {})
        scores = [room.get(f"headroom_{which}", "") for which in ("average", "other")]
        try:
            game = make(name)
        except ImportError as missing:
            rows.append((name, "", "", str(missing), "", *scores))
            continue
        sizes = (_states(game), "×".join(map(str, game.n_actions)))
        rows.append((name, *sizes, ", ".join(game.targets), ", ".join(game.externals), *scores))
    return table(rows, ("game", "states", "actions", "targets", "externals", "average", "other")) + f"\n\n{MEANING}"


def headrooms() -> dict[str, dict[str, float]]:
    """Every game's measured headroom: "headroom_average" and "headroom_other" (benchmarks/games.py writes the file)."""
    return json.loads((files(__package__) / "headroom.json").read_text(encoding="utf-8"))


def in_words(game: Game, family: ExternalFamily) -> str:
    """A game's size, agents, rules, family with its parameters, and headroom."""
    rules = type(game) if game.name in MATRIX_GAMES else sys.modules[type(family).__module__]
    drawn = family.split("train").parameters  # (K, P)
    ranges = zip(
        family.parameter_names, *[x.tolist() for x in (drawn.amin(0), drawn.mean(0), drawn.amax(0))], strict=True
    )
    room = headrooms().get(game.name)
    return "\n".join([
        f"{game.name}: {_states(game)} states, actions {'×'.join(map(str, game.n_actions))}, γ = {game.gamma}",
        f"targets {', '.join(game.targets)}; externals {', '.join(game.externals)}",
        f"\n{inspect.getdoc(rules)}",
        f"\nexternals: {inspect.getdoc(family)}\n",
        table(list(ranges), (f"parameter, of {len(drawn)} training externals", "lowest", "mean", "highest")),
        *([f"\n{MEANING}\naverage {room['headroom_average']:.2f}, other {room['headroom_other']:.2f}"] if room else []),
    ])  # fmt: skip


def pictures(game: Game, family: ExternalFamily, out: Path, seed: int) -> None:
    """Write the pictures that a game has into a folder, each with its alt text beside it (.txt), and say so."""
    held_out, state = family.split("held-out"), game.reset(1, torch.Generator().manual_seed(seed))[0]
    try:
        file, pixels, words = io.BytesIO(), picture(game, state), in_a_sentence(game, state)
        imsave(file, pixels, format="png", metadata={"Description": words})
        _write(out / "game.png", file.getvalue(), words)
        _save(out / "family.png", *family_figure(game, held_out[:SHOWN], state))
        if isinstance(scene_of(game, state), Board):
            _write(out / "episode.gif", *animation(game, *random_episode(game, held_out[0], seed)))
    except TypeError as none:
        print(f"\n{none}")
    if isinstance(game, TabularGame):
        tables = game.tables(held_out[:CROSSED])
        externals = [[t[k].numpy() for t in tables] for k in range(CROSSED)]
        tabulated = exact.tabulate(game)
        scale = exact.yardstick(tabulated, externals)
        scores = (exact.cross_play(tabulated, externals) - scale.random) / (scale.best - scale.random)
        _save(out / "cross-play.png", *results.cross_play_figure(game.name, scores))


def random_episode(game: Game, external: Externals, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """An episode of a uniformly random team beside one external: states (T+1, d), actions (T, n), rewards (T, n)."""
    generator = torch.Generator().manual_seed(seed)
    players, actions = external.players(torch.zeros(1, dtype=torch.long)), None
    team = [torch.full((1, game.n_actions[i]), 1 / game.n_actions[i]) for i in game.target_axes]
    states, played, rewards = [game.reset(1, generator)], [], []
    for t in range(game.horizon):
        seen = game.observe(states[-1])
        moves = players.policies([seen[e] for e in game.external_axes], torch.tensor([t == 0]), actions)
        actions, step = joint_step(game, states[-1], team, moves, generator)
        states.append(step.state)
        played.append(actions)
        rewards.append(step.rewards)
        if step.terminated or step.truncated:
            break
    return torch.cat(states), torch.cat(played), torch.cat(rewards)


def _states(game: Game) -> str:
    return str(game.n_states) if isinstance(game, TabularGame) else "not listed"


def _write(path: Path, content: bytes, words: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.with_suffix(".txt").write_text(words + "\n", encoding="utf-8")
    _say(path, words)


def _save(path: Path, figure: Figure, words: str) -> None:
    style.save(figure, path, words)
    _say(path, words)


def _say(path: Path, words: str) -> None:
    print(f"\n{path}, in words {path.with_suffix('.txt')}:\n{words}")
