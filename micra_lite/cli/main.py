"""The command line: micra-lite games | train | adapt | execute | demo | bench."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .support import UserError

EXAMPLES = """examples:
  micra-lite games                                  what there is to play
  micra-lite demo                                   the three phases on pursuit, a table and a figure
  micra-lite train pursuit --updates 3000           train, save to runs/pursuit/checkpoint.pt
  micra-lite train pursuit --resume                 go on after a stop
  micra-lite adapt runs/pursuit/checkpoint.pt --external 3 --episodes 5
  micra-lite execute runs/pursuit/adapted.pt --external 3 --episodes 100
  micra-lite bench adaptation --help                what the committed results were measured with
"""


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
    train = command("train", "offline training", "train pursuit --updates 3000 --set hidden=256 exploration=0.3")
    train.add_argument("name", help="the game (see micra-lite games)")
    train.add_argument("--updates", type=int, help="how many updates in all")
    train.add_argument("--quick", action="store_true", help="less than half of the time, to scores up to 0.03 lower")
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
            sub.add_argument(
                "--after-imitation",
                choices=("nothing", "actors", "actors and critic"),
                help="which networks learn on, once the imitator has adapted (default: as trained)",
            )
    bench = commands.add_parser(
        "bench", help="measure: run a script of benchmarks/", epilog="example:\n  micra-lite bench adaptation --tasks pursuit --seeds 10",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Run a script of benchmarks/ in a checkout of the project; what follows NAME goes to the script.",
    )  # fmt: skip
    bench.add_argument("name", metavar="NAME", help="adaptation, games or throughput")
    bench.add_argument("rest", nargs=argparse.REMAINDER, help="the script's own options; --help lists them")
    demo = command("demo", "the three phases on pursuit 3×3, from scratch", "demo --updates 300")
    demo.add_argument("--updates", type=int, default=150, help="training updates (default 150: under a minute)")
    demo.add_argument("--newcomers", type=int, default=8, help="held-out prey to meet (default 8)")
    demo.add_argument("--episodes", type=int, default=5, help="episodes to watch each of them (default 5)")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Errors in what was asked for are told in one line; a bug keeps its traceback."""
    options = parser().parse_args(arguments)
    from . import commands  # now, because matplotlib takes a second to import: not for printing a help text

    try:
        return getattr(commands, options.command)(options)
    except UserError as error:
        print(f"micra-lite {options.command}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
