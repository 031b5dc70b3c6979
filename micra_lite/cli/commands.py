"""The commands of the command line; each returns an exit status."""

from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from ..exact import tabulate
from ..exact.scores import adaptation_report, adaptation_scores, exact_values, mean_return, yardstick_for
from ..exact.tabulate import Tabulated
from ..extensions.checkpoint import load, save
from ..externals import Externals
from ..game import Game
from ..games.tabular import TabularGame
from ..phases import execution, offline_training, online_adaptation
from ..plotting import results, style
from ..registry import external_family, make
from ..rollouts import watch
from ..settings import QUICK, Settings
from ..training_state import Record, TrainingState, last
from .list_games import games
from .support import Interruptible, UserError, asked_for, settings_from, table

__all__ = ["adapt", "demo", "execute", "games", "train"]

SAVE_EVERY = 250  # updates between two checkpoints of a training


def _training(state: TrainingState, settings: Settings) -> Iterator[Record]:
    """Offline training with a progress bar."""
    game, done = state.game, state.updates
    family = external_family(game.name, game)
    with tqdm(total=settings.updates, initial=done, desc="offline training", unit="update", disable=None) as bar:
        for record in offline_training(game, family, settings, state):
            bar.update()
            if record.step % 20 == 0:
                bar.set_postfix({n.removesuffix("_loss"): f"{v:.3f}" for n, v in record.losses.items()})
            yield record


def train(options: argparse.Namespace) -> int:
    """Phase one, with checkpoints, a figure of the losses, and a way back after a stop."""
    out = options.out or Path("runs") / options.name
    path = out / "checkpoint.pt"
    with asked_for():
        if options.resume:
            state = load(path)
            settings = dataclasses.replace(state.settings, updates=options.updates or state.settings.updates)
        elif path.exists():
            raise UserError(f"{path} exists: go on with --resume, or choose another --out; nothing was overwritten")
        else:
            game = make(options.name, **({"size": options.size} if options.size else {}))
            settings = settings_from(
                options.name, options.set, options.quick, seed=options.seed, updates=options.updates
            )
            state = TrainingState.initial(game, settings)
        if state.updates >= settings.updates:
            raise UserError(f"the checkpoint has its {state.updates} updates already: ask for more with --updates")
    out.mkdir(parents=True, exist_ok=True)
    curves: dict[str, list[tuple[int, float]]] = {}
    sums: dict[str, list[float]] = {}
    with Interruptible() as interrupt:
        for record in _training(state, settings):
            for name, value in record.losses.items():
                sums.setdefault(name, []).append(value)
            if record.step % 50 == 0:
                for name, values in sums.items():
                    curves.setdefault(name, []).append((record.step, sum(values) / len(values)))
                sums = {}
            if record.step % SAVE_EVERY == 0:
                save(path, state)
            if interrupt.asked:
                break
    save(path, state)
    if interrupt.asked:
        print(f"stopped after update {state.updates}; go on with: micra-lite train {options.name} --out {out} --resume")
        return 130
    if curves:
        units = {"meta_loss": "meta-loss (nats)", "critic_loss": "critic loss (return²)",
                 "actor_loss": "actor loss (return)"}  # fmt: skip
        _save_figure(out / "training.png", *results.curves_figure({units[n]: c for n, c in curves.items()}))
    rows = [(n, c[0][1], c[-1][1]) for n, c in curves.items()]
    print(table(rows, ("loss", "at first", "at last")))
    print(f"{state.updates} updates, {state.environment_steps:,} environment steps; checkpoint: {path}")
    return 0


def _save_figure(path: Path, figure: Any, alt: str) -> None:
    style.save(figure, path, alt)
    print(f"figure: {path}")


def _state_and_newcomer(options: argparse.Namespace) -> tuple[TrainingState, Externals]:
    """The team of a checkpoint, and the held-out external that was asked for."""
    if options.episodes < 1:
        raise UserError(f"--episodes must be at least 1; got {options.episodes}")
    with asked_for():
        state = load(options.checkpoint)
        held_out = external_family(state.game.name, state.game).split("held-out")
    if not 0 <= options.external < len(held_out):
        raise UserError(f"--external {options.external}: held-out externals are numbered 0 to {len(held_out) - 1}")
    return state, held_out[options.external]


def _table(game: Game) -> Tabulated | None:
    """The game's table, for exact scores; None, saying why, where there is none or it would be too large."""
    try:
        return tabulate(game)
    except (TypeError, ValueError) as reason:
        print(f"no exact scores: {reason}")
        return None


def adapt(options: argparse.Namespace) -> int:
    """Phase two: watch one held-out external, adapt to it, say what that was worth."""
    state, newcomer = _state_and_newcomer(options)
    settings = dataclasses.replace(
        state.settings, after_imitation=options.after_imitation or state.settings.after_imitation, seed=options.seed
    )
    game, tabulated = state.game, _table(state.game)
    watched = watch(state, newcomer, options.episodes, seed=options.seed)
    steps = settings.inner_steps + (settings.adaptation_updates if settings.after_imitation != "nothing" else 1)
    start = time.perf_counter()
    adapting = tqdm(online_adaptation(state, watched, settings), total=steps, unit="step", disable=None)
    record = last(iter(adapting))
    report, seconds = adaptation_report(state, record.state, watched), time.perf_counter() - start
    print(f"adapted in {seconds:.2f} s: imitation loss {report.imitation_loss_before:.2f} before, "
          f"{report.imitation_loss_after:.2f} after (nats per watched move); policies changed by {report.policy_change:.2f} nats")  # fmt: skip
    out = (options.out or options.checkpoint.parent) / "adapted.pt"
    save(out, record.state)
    labels = ["random team", "before adaptation", "after adaptation"]
    if tabulated is not None:
        unit, scale = "discounted return", yardstick_for(tabulated, newcomer, game)
        teams = [exact_values(team, tabulated, newcomer)[0] for team in (state, record.state)]
        values = np.array([scale.random[0], *teams, scale.best[0]])
        labels.append("best response")
        rows = [(n, float(v), float(scale.each(v)[0])) for n, v in zip(labels, values, strict=True)]
        print(table(rows, ("team", "value", "normalised score")))
    else:
        unit = "return per episode"
        values = np.array([float(mean_return(state, newcomer, exploration=1.0)), float(mean_return(state, newcomer)),
                           float(mean_return(record.state, newcomer))])  # fmt: skip
        print(table([(n, float(v)) for n, v in zip(labels, values, strict=True)], ("team", "return of 320 episodes")))
    title = f"{game.name}, held-out external {options.external}, {options.episodes} episodes watched"
    _save_figure(out.with_name("adapted.png"), *results.bars_figure(title, labels, values, unit))
    print(f"adapted team: {out}")
    return 0


def execute(options: argparse.Namespace) -> int:
    """Phase three: play beside one held-out external."""
    state, newcomer = _state_and_newcomer(options)
    rewards = [r.rewards for r in execution(state, state.game, newcomer, options.episodes, options.seed)]
    total = np.stack([r.numpy() for r in rewards if r is not None]).sum(0) / options.episodes
    known = "an adapted team" if state.belief is not None else "a team that has adapted to nobody"
    print(f"{known}, held-out external {options.external}, {options.episodes} episodes, {len(rewards)} steps")
    rows = [(agent, float(x)) for agent, x in zip(state.game.agents, total, strict=True)]
    print(table(rows, ("agent", "return per episode")))
    drawn = results.bars_figure(f"{state.game.name}: mean return", list(state.game.agents), total, "return per episode")
    _save_figure((options.out or options.checkpoint.parent) / "executed.png", *drawn)
    return 0


def demo(options: argparse.Namespace) -> int:
    """The three phases on pursuit 3×3, from nothing: a table and a figure."""
    torch.set_num_threads(1)  # on networks this small, more threads only wait for each other
    start = time.perf_counter()
    out = options.out or Path("runs") / "demo"
    game = make("pursuit")
    with asked_for():
        # So short a training has no time to explore first.
        short = {"seed": options.seed, "updates": options.updates, "entropy_start": 1.0}
        settings = Settings(**QUICK | short)
    assert isinstance(game, TabularGame)
    print("phase 1, offline training: two hunters learn to play beside prey drawn from the training family")
    state = TrainingState.initial(game, settings)
    with Interruptible() as interrupt:
        for _ in _training(state, settings):
            if interrupt.asked:
                break
    save(out / "checkpoint.pt", state)
    if interrupt.asked:
        print(f"stopped after update {state.updates}; the team so far is in {out / 'checkpoint.pt'}, go on with: "
              f"micra-lite train pursuit --out {out} --resume")  # fmt: skip
        return 130
    print(f"phase 2 and 3, online adaptation and execution: {options.newcomers} prey that it has never seen")
    newcomers = external_family("pursuit").split("held-out")[: options.newcomers]
    tabulated = tabulate(game)
    scale = yardstick_for(tabulated, newcomers, game)
    scores = adaptation_scores(state, tabulated, newcomers, options.episodes,
                               progress=lambda rows: tqdm(rows, desc="newcomers", disable=None))  # fmt: skip
    columns = (scale.random, scores.before, scores.after, scale.best)
    rows = [(f"prey {k}", *(float(column[k]) for column in columns)) for k in range(len(newcomers))]
    rows.append(("mean", *(float(column.mean()) for column in columns)))
    rows.append(("normalised score", *(scale.normalised_score(column) for column in columns)))
    print("\ndiscounted return, by exact policy evaluation:")
    print(table(rows, ("external", "random", "before adaptation", "after adaptation", "best response")))
    drawn = results.adaptation_figure("pursuit 3×3", [f"prey {k}" for k in range(len(newcomers))],
                                      scale.each(scores.before), scale.each(scores.after), options.episodes)  # fmt: skip
    print(f"\n{drawn[1]}")
    _save_figure(out / "demo.png", *drawn)
    print(f"the trained team: {out / 'checkpoint.pt'}")
    print(f"{time.perf_counter() - start:.0f} s, {state.environment_steps:,} environment steps")
    return 0


def bench(options: argparse.Namespace) -> int:
    """Run a script of benchmarks/, which only a checkout of the project has."""
    folder = Path(__file__).parents[2] / "benchmarks"
    scripts = {
        path.stem: path for path in folder.glob("*.py") if 'if __name__ == "__main__"' in path.read_text("utf-8")
    }
    if not scripts:
        raise UserError(f"there are no benchmarks in {folder}: they belong to a checkout of the project")
    if options.name not in scripts:
        raise UserError(f"unknown benchmark {options.name!r}; there are {sorted(scripts)}")
    return subprocess.run([sys.executable, str(scripts[options.name]), *options.rest]).returncode
