"""The command line: micra-lite games | train | adapt | execute | demo."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # torch takes seconds to import: not for printing a help text
    from .games import TabularGame
    from .training_state import Record, Settings, TrainingState

EXAMPLES = """examples:
  micra-lite games                                  what there is to play
  micra-lite demo                                   the three phases on pursuit, a table and a figure
  micra-lite train pursuit --updates 4000           train, save to runs/pursuit/checkpoint.pt
  micra-lite train pursuit --resume                 go on after a stop
  micra-lite adapt runs/pursuit/checkpoint.pt --external 3 --episodes 5
  micra-lite execute runs/pursuit/adapted.pt --external 3 --episodes 100
"""
SAVE_EVERY = 250  # updates between two checkpoints of a training


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        "micra-lite", description="Meta imitation counterfactual regret advantage, whole and readable.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = top.add_subparsers(dest="command", required=True)

    def command(name: str, text: str, example: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, epilog=f"example:\n  micra-lite {example}",
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
        sub.add_argument("--seed", type=int, default=0, help="of everything random (default 0)")
        sub.add_argument("--out", type=Path, help="output folder (default runs/NAME)")
        return sub

    games = command("games", "list the games, or show one", "games pursuit")
    games.add_argument("name", nargs="?", help="the game to show")
    train = command("train", "offline training", "train pursuit --updates 4000 --set hidden=256 exploration=0.3")
    train.add_argument("name", help="the game (see micra-lite games)")
    train.add_argument("--updates", type=int, help="how many updates in all")
    train.add_argument("--size", type=int, help="board size of a grid task")
    train.add_argument("--set", nargs="*", default=[], metavar="SETTING=VALUE", help="any field of micra_lite.Settings")
    train.add_argument("--resume", action="store_true", help="go on from the checkpoint in the output folder")
    for name, text, example in (
        ("adapt", "watch a held-out external and adapt to it", "adapt runs/pursuit/checkpoint.pt --external 3"),
        ("execute", "play beside a held-out external", "execute runs/pursuit/adapted.pt --external 3"),
    ):
        sub = command(name, text, example)
        sub.add_argument("checkpoint", type=Path, help="a file that train or adapt has written")
        sub.add_argument("--external", type=int, default=0, help="which held-out external, 0 to 63 (default 0)")
        sub.add_argument(
            "--episodes", type=int, default=5 if name == "adapt" else 100, help="episodes to watch or play"
        )
        if name == "adapt":
            sub.add_argument("--answer", choices=("none", "frozen", "re-imagined"), help="what follows the imitator")
    demo = command("demo", "the three phases on pursuit 3×3, from scratch", "demo --updates 600")
    demo.add_argument("--updates", type=int, help="training updates (default: the preset, about a minute)")
    demo.add_argument("--newcomers", type=int, default=8, help="held-out prey to meet (default 8)")
    demo.add_argument("--episodes", type=int, default=5, help="episodes to watch each of them (default 5)")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors in what was asked for are told in one line."""
    options = parser().parse_args(arguments)
    run = {"games": _games, "train": _train, "adapt": _adapt, "execute": _execute, "demo": _demo}[options.command]
    try:
        return run(options)
    except (ValueError, FileNotFoundError, TypeError) as error:
        print(f"micra-lite {options.command}: {error}", file=sys.stderr)
        return 2


def table(rows: list[tuple[Any, ...]], head: tuple[str, ...]) -> str:
    """Rows as aligned text; numbers to the right, floats with two decimals."""
    cells = [[f"{c:.2f}" if isinstance(c, float) else str(c) for c in row] for row in rows]
    widths = [max(len(row[c]) for row in [list(head), *cells]) for c in range(len(head))]
    lines = ["  ".join(h.ljust(w) if c == 0 else h.rjust(w) for c, (h, w) in enumerate(zip(head, widths, strict=True)))]
    lines.append("  ".join("-" * w for w in widths))
    for row in cells:
        line = (x.ljust(w) if c == 0 else x.rjust(w) for c, (x, w) in enumerate(zip(row, widths, strict=True)))
        lines.append("  ".join(line))
    return "\n".join(line.rstrip() for line in lines)


class Interruptible:
    """Ctrl-C asks to stop at the next record, where everything can be saved; a second one stops at once."""

    def __enter__(self) -> Interruptible:
        self.asked = False
        self.before = signal.signal(signal.SIGINT, self._ask)
        return self

    def _ask(self, *_: Any) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self.before)

    def __exit__(self, *_: Any) -> None:
        signal.signal(signal.SIGINT, self.before)


def _settings(pairs: list[str], **given: Any) -> Settings:
    from .training_state import Settings

    defaults = dataclasses.asdict(Settings())
    for pair in pairs:
        name, _, text = pair.partition("=")
        if name not in defaults:
            raise ValueError(f"--set {pair}: no such setting; they are {sorted(defaults)}")
        default: Any = defaults[name]
        try:
            if isinstance(default, bool):
                given[name] = {"true": True, "false": False}[text.lower()]
            elif isinstance(default, tuple):
                given[name] = tuple(int(part) for part in text.split(","))
            else:
                given[name] = type(default)(text)
        except (ValueError, KeyError):
            raise ValueError(f"--set {pair}: {text!r} is no {type(default).__name__}") from None
    return Settings(**{n: v for n, v in given.items() if v is not None})


def _games(options: argparse.Namespace) -> int:
    from .games import make, names

    if options.name is None:
        rows = []
        for name in names():
            game = make(name)
            actions = "×".join(map(str, game.n_actions))
            rows.append((name, game.n_states, actions, ", ".join(game.targets), ", ".join(game.externals)))
        print(table(rows, ("game", "states", "actions", "targets", "externals")))
        return 0
    import torch
    from matplotlib.image import imsave

    from .externals import external_family

    game = make(options.name)
    family = external_family(options.name)
    print(f"{game.name}: {game.n_states} states, actions {'×'.join(map(str, game.n_actions))}, γ = {game.gamma}")
    print(f"targets {', '.join(game.targets)}; externals {', '.join(game.externals)}\n")
    print((sys.modules[type(game).__module__].__doc__ if game.n_states > 1 else type(game).__doc__) or "")
    print(f"externals: {family.__doc__}")
    path = (options.out or Path("runs") / game.name) / "game.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    imsave(path, game.render(game.reset(1, torch.Generator().manual_seed(options.seed))[0]))
    print(f"picture: {path}")
    return 0


def _training(game: TabularGame, settings: Settings, state: TrainingState | None, label: str) -> Iterator[Record]:
    from tqdm import tqdm

    from .externals import external_family
    from .phases import offline_training

    done = state.updates if state else 0
    with tqdm(total=settings.updates, initial=done, desc=label, unit="update", disable=None) as bar:
        for record in offline_training(game, external_family(game.name, game), settings, state):
            bar.update()
            if record.step % 20 == 0:
                bar.set_postfix({n.removesuffix("_loss"): f"{v:.3f}" for n, v in record.losses.items()})
            yield record


def _train(options: argparse.Namespace) -> int:
    from . import figures
    from .checkpoint import load, save
    from .games import make

    game = make(options.name, **({"size": options.size} if options.size else {}))
    out = options.out or Path("runs") / options.name
    path = out / "checkpoint.pt"
    settings, state = _settings(options.set, seed=options.seed, updates=options.updates), None
    if options.resume:
        state = load(path)
        settings = dataclasses.replace(state.settings, updates=options.updates or state.settings.updates)
        game = state.game  # type: ignore[assignment]
    elif path.exists():
        raise ValueError(f"{path} exists: go on with --resume, or choose another --out; nothing was overwritten")
    out.mkdir(parents=True, exist_ok=True)
    curves: dict[str, list[tuple[int, float]]] = {}
    sums: dict[str, list[float]] = {}
    with Interruptible() as interrupt:
        for record in _training(game, settings, state, "offline training"):
            state = record.state
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
    if state is None or state.updates == 0:
        raise ValueError("nothing was trained: the checkpoint has reached its updates already, or --updates is 0")
    save(path, state)
    if interrupt.asked:
        print(f"stopped after update {state.updates}; go on with: micra-lite train {options.name} --out {out} --resume")
        return 130
    if curves:
        units = {"meta_loss": "meta-loss (nats)", "critic_loss": "critic loss (return²)",
                 "actor_loss": "actor loss (return)"}  # fmt: skip
        figures.save(*_swap(out / "training.png", figures.curves_figure({units[n]: c for n, c in curves.items()})))
        print(f"figure: {out / 'training.png'}")
    rows = [(n, c[0][1], c[-1][1]) for n, c in curves.items()]
    print(table(rows, ("loss", "at first", "at last")))
    print(f"{state.updates} updates, {state.environment_steps:,} environment steps; checkpoint: {path}")
    return 0


def _swap(path: Path, drawn: tuple[Any, str]) -> tuple[Any, Path, str]:
    return drawn[0], path, drawn[1]


def _newcomer(options: argparse.Namespace, game: TabularGame) -> Any:
    from .externals import external_family

    held_out = external_family(game.name, game).split("held-out")
    if not 0 <= options.external < len(held_out):
        raise ValueError(f"--external {options.external}: held-out externals are numbered 0 to {len(held_out) - 1}")
    return held_out[options.external]


def _adapt(options: argparse.Namespace) -> int:
    import numpy as np
    from tqdm import tqdm

    from . import figures
    from .checkpoint import load, save
    from .evaluate import exact_values, yardstick_for
    from .phases import last, online_adaptation
    from .playing import watch

    state = load(options.checkpoint)
    newcomer = _newcomer(options, state.game)  # type: ignore[arg-type]
    settings = dataclasses.replace(state.settings, answer=options.answer or state.settings.answer, seed=options.seed)
    watched = watch(state, newcomer, options.episodes, seed=options.seed)
    steps = settings.inner_steps + (settings.adaptation_updates if settings.answer != "none" else 1)
    adapting = tqdm(online_adaptation(state, watched, settings), total=steps, unit="step", disable=None)
    record = last(iter(adapting))
    out = (options.out or options.checkpoint.parent) / "adapted.pt"
    save(out, record.state)
    game: Any = state.game
    tabulated = game.tabulate()
    scale = yardstick_for(tabulated, newcomer, game)
    values = [scale.random[0], exact_values(state, tabulated, newcomer)[0],
              exact_values(record.state, tabulated, newcomer)[0], scale.best[0]]  # fmt: skip
    labels = ["random team", "before adaptation", "after adaptation", "best response"]
    scores = [float(scale.each(v)[0]) for v in values]
    print(table([(n, float(v), s) for n, v, s in zip(labels, values, scores, strict=True)],
                ("team", "value", "normalised score")))  # fmt: skip
    title = f"{game.name}, held-out external {options.external}, {options.episodes} episodes watched"
    figures.save(
        *_swap(out.with_name("adapted.png"), figures.bars_figure(title, labels, np.array(values), "discounted return"))
    )
    print(f"adapted team: {out}; figure: {out.with_name('adapted.png')}")
    return 0


def _execute(options: argparse.Namespace) -> int:
    import numpy as np

    from . import figures
    from .checkpoint import load
    from .phases import execution

    if options.episodes < 1:
        raise ValueError(f"--episodes must be at least 1; got {options.episodes}")
    state = load(options.checkpoint)
    newcomer = _newcomer(options, state.game)  # type: ignore[arg-type]
    rewards = [r.rewards for r in execution(state, state.game, newcomer, options.episodes, options.seed)]
    total = np.stack([r.numpy() for r in rewards if r is not None]).sum(0) / options.episodes
    known = "an adapted team" if state.belief is not None else "a team that has adapted to nobody"
    print(f"{known}, held-out external {options.external}, {options.episodes} episodes, {len(rewards)} steps")
    print(
        table([(a, float(x)) for a, x in zip(state.game.agents, total, strict=True)], ("agent", "return per episode"))
    )
    out = (options.out or options.checkpoint.parent) / "executed.png"
    drawn = figures.bars_figure(f"{state.game.name}: mean return", list(state.game.agents), total, "return per episode")
    figures.save(*_swap(out, drawn))
    print(f"figure: {out}")
    return 0


def _demo(options: argparse.Namespace) -> int:
    import torch
    from tqdm import tqdm

    from . import figures
    from .checkpoint import save
    from .evaluate import adaptation_scores, yardstick_for
    from .externals import external_family
    from .games import make
    from .training_state import demo_settings

    torch.set_num_threads(1)  # on networks this small, more threads only wait for each other
    start = time.perf_counter()
    out = options.out or Path("runs") / "demo"
    game, settings = make("pursuit"), demo_settings(options.seed, options.updates)
    print("phase 1, offline training: two hunters learn to play beside prey drawn from the training family")
    state = None
    with Interruptible() as interrupt:
        for record in _training(game, settings, None, "offline training"):
            state = record.state
            if interrupt.asked:
                break
    if state is None:
        raise ValueError("--updates must be at least 1")
    save(out / "checkpoint.pt", state)
    if interrupt.asked:
        print(f"stopped after update {state.updates}; the team so far is in {out / 'checkpoint.pt'}, go on with: "
              f"micra-lite train pursuit --out {out} --resume")  # fmt: skip
        return 130
    print(f"phase 2 and 3, online adaptation and execution: {options.newcomers} prey that it has never seen")
    newcomers = external_family("pursuit").split("held-out")[: options.newcomers]
    tabulated = game.tabulate()
    scale = yardstick_for(tabulated, newcomers, game)
    scores = adaptation_scores(state, tabulated, newcomers, options.episodes,
                               progress=lambda rows: tqdm(rows, desc="newcomers", disable=None))  # fmt: skip
    rows = [(f"prey {k}", *map(float, (scale.random[k], scores.before[k], scores.after[k], scale.best[k])))
            for k in range(len(newcomers))]  # fmt: skip
    mean = [float(column.mean()) for column in (scale.random, scores.before, scores.after, scale.best)]
    normalised = [0.0, scale.normalised_score(scores.before), scale.normalised_score(scores.after), 1.0]
    rows += [("mean", *mean), ("normalised score", *normalised)]
    print("\ndiscounted return, by exact policy evaluation:")
    print(table(rows, ("external", "random", "before adaptation", "after adaptation", "best response")))
    drawn = figures.adaptation_figure("pursuit 3×3", [f"prey {k}" for k in range(len(newcomers))],
                                      scale.each(scores.before), scale.each(scores.after), options.episodes)  # fmt: skip
    figures.save(*_swap(out / "demo.png", drawn))
    print(f"\n{drawn[1]}\nfigure: {out / 'demo.png'}; the trained team: {out / 'checkpoint.pt'}")
    print(f"{time.perf_counter() - start:.0f} s, {state.environment_steps:,} environment steps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
