"""Others' environments through all three phases, and what teams earn in some of them, before and after they adapt.

Without options: each environment of the list is made by the line that docs/environments.md shows, described, played at
random and, cut to a few steps, trained, adapted and executed with tiny settings: it works or it does not. Writes
benchmarks/results/environments.json.

With `--train`: trained teams, see `environments_training.py`. Writes benchmarks/results/environments_training.json;
what is finished is kept in the cache as it comes, so that a stopped run goes on.

    python benchmarks/environments.py
    python benchmarks/environments.py --train --seeds 3 --jobs 2
"""

from __future__ import annotations

import argparse
import os
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import torch

import micra_lite
from common import write_part
from micra_lite import Settings, execution, last, offline_training, online_adaptation, watch

TINY = Settings(
    updates=4, updates_per_round=2, externals_per_round=2, episodes_per_external=6, support_episodes=(1, 2),
    query_episodes=2, rounds_kept=2, unwatched_externals=1, externals_per_update=3, states=16, states_per_external=8,
    features=32, hidden=32, actor_hidden=32, rank=8, imitator_hidden=16, probes=4, inner_steps=2, adaptation_updates=2,
    adaptation_states=8, after_imitation="actors",
)  # fmt: skip
CUT = 12  # steps of an episode in the three phases here
PLAYED = 500  # steps at random, for what a step costs


class Kind(NamedTuple):
    """Environments that are made in one way: what to import, and the line; {name} and so on are the environment's."""

    title: str
    imports: str
    line: str


PARALLEL = "from_parallel_env(lambda: {name}.parallel_env({options}), targets={targets})"
SHRUNK = "resize_v1(color_reduction_v0({name}.parallel_env({options}), mode='full'), 42, 42)"
IN_TURNS = "from_parallel_env(lambda: turn_based_aec_to_parallel({name}.env()), targets={targets}, horizon={horizon})"
GYMNASIUM = "from_gymnasium_env(lambda: gymnasium.make('{name}', disable_env_checker=True), targets={targets})"
KINDS = {
    "mpe2": Kind("Particle worlds: mpe2", "from mpe2 import {name}", PARALLEL),
    "sisl": Kind("Cooperative control: PettingZoo's SISL", "from pettingzoo.sisl import {name}", PARALLEL),
    "butterfly": Kind(
        "Images: PettingZoo's Butterfly, shrunk by SuperSuit",
        "from pettingzoo.butterfly import {name}\nfrom supersuit import color_reduction_v0, resize_v1",
        f"from_parallel_env(lambda: {SHRUNK}, targets={{targets}})",
    ),
    "classic": Kind("Moves at once: PettingZoo's Classic", "from pettingzoo.classic import {name}", PARALLEL),
    "turns": Kind(
        "Moves in turn: PettingZoo's Classic",
        "from pettingzoo.classic import {name}\nfrom pettingzoo.utils.conversions import turn_based_aec_to_parallel",
        IN_TURNS,
    ),
    "lbforaging": Kind("Gymnasium's tuples of agents: lbforaging", "import gymnasium", GYMNASIUM),
    "rware": Kind("Gymnasium's tuples of agents: rware", "import gymnasium", GYMNASIUM),
}


class Environment(NamedTuple):
    """One environment of the list."""

    kind: str
    name: str
    targets: list[str]
    options: str = ""
    horizon: int | None = None  # where it does not tell its own

    def code(self) -> tuple[str, str]:
        """The imports and the line that makes the game."""
        kind = KINDS[self.kind]
        return kind.imports.format(**self._asdict()), kind.line.format(**self._asdict())

    def label(self) -> str:
        return f"{self.name}({self.options})" if self.options else self.name.removeprefix(f"{self.kind}:")

    def game(self, **more: Any) -> micra_lite.Game:
        """Made by the very line that is shown, with `more` options of `from_parallel_env`."""
        makers = {n: getattr(micra_lite, n) for n in ("from_parallel_env", "from_gymnasium_env")}
        names: dict[str, Any] = {n: lambda *a, make=m, **o: make(*a, **{**o, **more}) for n, m in makers.items()}
        imports, line = self.code()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # PettingZoo would rather have its registry used
            exec(imports, names)
        return eval(line, names)


CHASERS = [f"adversary_{c}" for c in range(3)]
LIST = [
    Environment("mpe2", "simple_tag_v3", CHASERS),
    Environment("mpe2", "simple_spread_v3", ["agent_0", "agent_1"]),
    Environment("mpe2", "simple_adversary_v3", ["agent_0", "agent_1"]),
    Environment("mpe2", "simple_crypto_v3", ["alice_0", "bob_0"]),
    Environment("mpe2", "simple_push_v3", ["agent_0"]),
    Environment("mpe2", "simple_reference_v3", ["agent_0"]),
    Environment("mpe2", "simple_speaker_listener_v4", ["listener_0"]),
    Environment("mpe2", "simple_world_comm_v3", ["leadadversary_0", *CHASERS]),
    Environment("sisl", "pursuit_v5", ["pursuer_0", "pursuer_1"], "n_pursuers=3"),
    Environment("sisl", "pursuit_v5", [f"pursuer_{p}" for p in range(7)], "n_pursuers=8"),
    Environment("butterfly", "cooperative_pong_v6", ["paddle_0"]),
    Environment("butterfly", "pistonball_v6", ["piston_0", "piston_1"], "n_pistons=3, continuous=False"),
    Environment("classic", "rps_v2", ["player_0"]),
    Environment("turns", "tictactoe_v3", ["player_1"], horizon=9),
    Environment("turns", "leduc_holdem_v4", ["player_0"], horizon=8),
    Environment("lbforaging", "lbforaging:Foraging-5x5-2p-1f-coop-v3", ["agent_0"]),
    Environment("rware", "rware:rware-tiny-2ag-v2", ["agent_0"]),
]


def strangers(game: micra_lite.Game) -> micra_lite.ExternalFamily:
    """Externals with a bias for low or for high actions, whatever they see: enough to run the three phases."""
    counts = [game.n_actions[e] for e in game.external_axes]

    def biased(strength: float) -> Any:
        def policy(seen: Any) -> Any:
            seen = seen if isinstance(seen, list) else [seen]
            found = [
                (strength * torch.linspace(0, 1, a)).softmax(0).expand(len(s), a)
                for s, a in zip(seen, counts, strict=True)
            ]
            return found if len(found) > 1 else found[0]

        return policy

    return micra_lite.from_policies(game, train=[biased(-2.0), biased(2.0)], held_out=[biased(4.0)])


def random_play(game: micra_lite.Game) -> tuple[bool, float]:
    """Whether some action was not available at some step of random play, and how many steps a CPU second plays."""
    generator, masked, start = torch.Generator().manual_seed(0), False, time.process_time()
    state, t = game.reset(1, generator), 0
    for _ in range(PLAYED):
        free = game.available(game.observe(state))
        masked |= any(not f.all() for f in free)
        actions = torch.cat([torch.multinomial(f, 1, generator=generator) for f in free], 1)
        step = game.step(state, actions, generator)
        state, t = step.state, t + 1
        if step.terminated | step.truncated or t == game.horizon:
            state, t = game.reset(1, generator), 0
    return masked, PLAYED / (time.process_time() - start)


def three_phases(game: micra_lite.Game) -> int:
    """Train, watch a stranger, adapt, execute: the number of steps executed."""
    family = strangers(game)
    state = last(offline_training(game, family, TINY)).state
    stranger = family.split("held-out")[0]
    adapted = last(online_adaptation(state, watch(state, stranger, 2))).state
    return len(list(execution(adapted, game, stranger, episodes=2)))


def words(game: Any) -> str:
    """What agents observe: how many numbers, or images of which size (height × width × channels)."""
    moves = game.n_actions if game.masked else [0] * len(game.agents)
    seen = [
        "image {1}×{2}×{0}".format(*sight.image) if sight and sight.image else f"{size - a}"
        for sight, size, a in zip(game.sights or [None] * len(moves), game.observation_sizes, moves, strict=True)
    ]
    return " / ".join(dict.fromkeys(seen))


def describe(environment: Environment) -> dict[str, Any]:
    """One row of the table. What fails is in the row."""
    imports, line = environment.code()
    row: dict[str, Any] = {
        "environment": environment.label(),
        "kind": KINDS[environment.kind].title,
        "imports": imports,
        "code": line,
    }
    start = time.process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            game: Any = environment.game()
            masked, speed = random_play(game)
            row |= {
                "agents": len(game.agents), "targets": len(game.targets),
                "actions": " / ".join(map(str, dict.fromkeys(game.n_actions))), "observes": words(game),
                "state": game.state_observation_size, "horizon": game.horizon,
                "horizon_read": environment.horizon is None, "masks": masked, "steps_per_second": speed,
            }  # fmt: skip
            game.close()
            row |= {"executed": three_phases(environment.game(horizon=min(game.horizon, CUT))), "ran": True}
        except Exception as error:
            traceback.print_exc()
            row |= {"ran": False, "error": f"{type(error).__name__}: {error}"}
    told = [str(w.message) for w in caught if not issubclass(w.category, DeprecationWarning)]
    return {**row, "warnings": list(dict.fromkeys(told)), "seconds": time.process_time() - start}


def rows_of(chosen: list[str]) -> Iterator[dict[str, Any]]:
    """The rows of the environments whose name contains one of the `chosen` words; all without any."""
    torch.set_num_threads(1)
    for environment in LIST:
        if not chosen or any(word in environment.label() for word in chosen):
            row = describe(environment)
            shown = {k: v for k, v in row.items() if k not in ("imports", "code")}
            print({k: round(v, 1) if isinstance(v, float) else v for k, v in shown.items()}, flush=True)
            yield row


def main() -> None:
    """Describe the environments, or train in some."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], help="words of the names of environments (default: all)")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--tasks", nargs="+", help="those to train in (default: all)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--updates", type=int, help="of training (default: the task's settings)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/environments"))
    options = parser.parse_args()
    if options.train:
        from environments_training import TASKS, train_all

        print(train_all(options.tasks or list(TASKS), options.seeds, options.updates, options.jobs, options.cache))
    else:
        print(write_part("environments", 1, list(rows_of(options.only)), {}, key="environment"))


if __name__ == "__main__":
    main()
