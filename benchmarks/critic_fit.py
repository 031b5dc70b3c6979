"""How good can a critic be? Networks beside the exact Q of fixed teams, fitted to it or learned by temporal differences.

For every external the team plays its best response, so that its joint Q is known exactly. A step of training sees, as in
MICRA, K externals, states and one joint action in each: either the exact Q there (regression), or reward and next state,
with the expectation over the next joint action taken exactly (temporal differences). The belief is the true policy at the
probes. States and joint actions are drawn uniformly. Errors are those of the team's Q, the external's actions averaged out
by its policy, on validation externals that no step has seen: the *within-state error* is the root mean square about each
state's mean, to be compared with the same of the exact Q, the *spread*. Writes benchmarks/results/critic_fit.json.

    python benchmarks/critic_fit.py --tasks pursuit crossing rendezvous gates --jobs 2
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # one process per run: threads would only wait for each other

import numpy as np
import torch
from joblib import delayed
from torch import Tensor, nn

import micra_lite
from common import write_part
from micra_lite import exact
from micra_lite.exact.values import team_reward
from micra_lite.registry import GRID_TASKS
from runs import file_name, game_of, keep, run_all

EXTERNALS = {"train": 512, "validation": 32}
STEPS = 4500  # as many steps of the critic as a full training takes
K = 16  # externals in a step


class Problem:
    """A task with the exact Q of the best response to each of its externals; one external agent, the last one."""

    def __init__(self, task: str) -> None:
        self.game, family = game_of(task)
        table = exact.tabulate(self.game)
        self.rewards, self.gamma, self.states = team_reward(table), self.game.gamma, self.game.states()
        self.joint = math.prod(self.game.n_actions)
        state = micra_lite.TrainingState.initial(self.game, micra_lite.settings_for(task))
        self.observations = state.observe(self.states)[0]  # (S, O)
        probes = state.agent.probe_0
        shown = (probes[:, None] == self.observations).all(-1).int().argmax(1)  # which state each probe shows
        self.q, self.moves, self.told, self.choice = {}, {}, {}, {}
        for split, count in EXTERNALS.items():
            moves = self.game.tables(family.split(split)[:count])[0]  # (K, S, A_e)
            v = np.stack([exact.best_response(table, [m.double().numpy()]).V for m in moves])  # (K, S)
            q = self.rewards + self.gamma * (table.T @ v.T).T.reshape(count, *self.rewards.shape)
            self.q[split] = torch.from_numpy(q.astype(np.float32))  # (K, S, ∏A)
            self.moves[split] = moves.float()
            self.told[split] = ((moves[:, shown] - 1 / moves.shape[-1]) / 2).flatten(1).float()  # (K, C)
            self.choice[split] = self.team_q(self.q[split], self.moves[split]).argmax(-1)  # (K, S)
        self.level = self.q["train"].mean()

    def team_q(self, q: Tensor, moves: Tensor) -> Tensor:
        """Average the external out: q (…, ∏A), moves (…, A_e) → (…, ∏A_𝒯)."""
        return (q.unflatten(-1, (-1, moves.shape[-1])) * moves[..., None, :]).sum(-1)


class Perceptron(nn.Module):
    """Two hidden layers; the context (K, C) is the same for all N states of an external."""

    def __init__(self, inputs: int, context: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first, self.context = nn.Linear(inputs, hidden), nn.Linear(context, hidden, bias=False)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, outputs))

    def forward(self, inputs: Tensor, context: Tensor) -> Tensor:
        return self.rest(self.first(inputs) + self.context(context)[:, None])  # (K, N, outputs)


class OneNetwork(nn.Module):
    """Features of the state and the belief enter one perceptron: every external has states of its own."""

    shared = False

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Linear(problem.observations.shape[1], 128), nn.Tanh())
        now, told = problem.moves["train"].shape[-1], problem.told["train"].shape[-1]
        self.layers = Perceptron(128 + now, told, 256, problem.joint)

    def forward(self, seen: Tensor, now: Tensor, told: Tensor) -> Tensor:
        """(1 or K, N, O), (K, N, A_e) and (K, C) → (K, N, ∏A)."""
        features = self.features(seen).expand(len(told), -1, -1)
        return self.layers(torch.cat([features, now / 2], -1), told)

    def taken(self, seen: Tensor, now: Tensor, told: Tensor, actions: Tensor) -> Tensor:
        """The same of the joint actions (1 or K, N) alone, (K, N)."""
        return self(seen, now, told).gather(-1, actions.expand(len(told), -1)[..., None])[..., 0]


class TwoStreams(nn.Module):
    """A stream for the state and one for the belief, which scales the last layer: all externals share the states."""

    shared = True

    def __init__(self, problem: Problem, width: int = 256, outputs: int | None = None) -> None:
        super().__init__()
        self.sizes, told = problem.game.n_actions, problem.told["train"].shape[-1]
        first = [nn.Linear(problem.observations.shape[1], 128), nn.Tanh(), nn.Linear(128, 256), nn.LayerNorm(256)]
        self.state = nn.Sequential(*first, nn.ReLU(), nn.Linear(256, outputs or width))
        self.belief = nn.Sequential(nn.Linear(told, 64), nn.ReLU(), nn.Linear(64, width))
        self.last = nn.Linear(width, problem.joint)

    def forward(self, seen: Tensor, now: Tensor, told: Tensor) -> Tensor:
        weight = self.last.weight * (1 + self.belief(told))[:, None]  # (K, ∏A, H)
        return self.state(seen) @ weight.mT + self.last.bias

    def taken(self, seen: Tensor, now: Tensor, told: Tensor, actions: Tensor) -> Tensor:
        chosen = self.state(seen) * self.last.weight[actions]  # (1, N, H)
        return (chosen @ (1 + self.belief(told))[:, :, None])[..., 0] + self.last.bias[actions]


class Factored(TwoStreams):
    """Two streams, and the joint action in factors: Q = b + Σ_r c_r(belief) ∏_j u_jr(s, a_j)."""

    def __init__(self, problem: Problem, rank: int = 64) -> None:
        super().__init__(problem, rank, rank * sum(problem.game.n_actions))
        nn.init.ones_(self.state[-1].bias)
        self.last = nn.Linear(rank, 1)

    def factors(self, seen: Tensor) -> list[Tensor]:
        u = self.state(seen).unflatten(-1, (-1, self.last.in_features))  # (1 or K, N, ΣA_j, R)
        return list(u.split(self.sizes, -2))

    def forward(self, seen: Tensor, now: Tensor, told: Tensor) -> Tensor:
        first, *others = self.factors(seen)
        for u in others:
            first = (first[..., :, None, :] * u[..., None, :, :]).flatten(-3, -2)  # (1 or K, N, A_1 ⋯ A_j, R)
        return (first @ self.scale(told)[:, None, :, None])[..., 0] + self.last.bias

    def scale(self, told: Tensor) -> Tensor:
        return self.last.weight * (1 + self.belief(told))  # (K, R)

    def taken(self, seen: Tensor, now: Tensor, told: Tensor, actions: Tensor) -> Tensor:
        product = torch.ones(())
        for u, a in zip(self.factors(seen), torch.unravel_index(actions, self.sizes), strict=True):
            product = product * u.take_along_dim(a[..., None, None], 2)[:, :, 0]  # (1, N, R)
        return (product @ self.scale(told)[:, :, None])[..., 0] + self.last.bias


NETWORKS = {
    "one network": (OneNetwork, 64, 5e-3),
    "two streams": (TwoStreams, 256, 2e-3),
    "factored": (Factored, 256, 2e-3),
}
# How it learns: from the exact Q; by temporal differences; by these with a level of its own, which Q̄ does not delay.
WAYS = ("regression", "temporal differences", "temporal differences, level")


@cache
def problem_of(task: str) -> Problem:
    """Solved once in each process."""
    return Problem(task)


def measure(problem: Problem, network: nn.Module, level: nn.Module | float) -> dict[str, float]:
    """Errors of the team's Q on the validation externals; `level` is what the network leaves out."""
    q, moves, told = (part["validation"] for part in (problem.q, problem.moves, problem.told))
    total = dict.fromkeys(("error", "spread", "bias", "right"), 0.0)
    with torch.no_grad():
        for k in range(len(q)):
            found = network(problem.observations[None], moves[k : k + 1], told[k : k + 1])[0]
            found = found + (level if isinstance(level, float) else level(told[k : k + 1]) / (1 - problem.gamma))
            exactly, learned = (problem.team_q(x, moves[k]) for x in (q[k], found))  # (S, ∏A_𝒯)
            error = learned - exactly
            total["error"] += float((error - error.mean(-1, keepdim=True)).square().mean())
            total["spread"] += float((exactly - exactly.mean(-1, keepdim=True)).square().mean())
            total["bias"] += float(error.mean())
            chosen = exactly.gather(-1, learned.argmax(-1, keepdim=True))
            total["right"] += float((chosen >= exactly.max(-1, keepdim=True).values - 1e-4).float().mean())
    mean = {name: value / len(q) for name, value in total.items()}
    return {
        "within_state_error": math.sqrt(mean["error"]), "spread": math.sqrt(mean["spread"]), "bias": mean["bias"],
        "best_action_right": mean["right"],
    }  # fmt: skip


def run(task: str, name: str, way: str, steps: int, folder: Path) -> dict[str, Any]:
    """Train one network in one way, and measure it."""
    path = folder / f"critic-fit-{file_name(task)}-{name}-{way}-{steps}.json".replace(" ", "-").replace(",", "")
    if path.exists():
        return json.loads(path.read_text())
    torch.set_num_threads(1)
    problem, (kind, N, rate) = problem_of(task), NETWORKS[name]
    torch.manual_seed(0)
    network, generator = kind(problem), torch.Generator().manual_seed(0)
    level = None
    if way.endswith("level"):
        level = nn.Sequential(nn.Linear(problem.told["train"].shape[-1], 64), nn.ReLU(), nn.Linear(64, 1))
    slow = copy.deepcopy(network).requires_grad_(False)
    optimiser = torch.optim.Adam([*network.parameters(), *(level.parameters() if level else ())], rate, fused=True)
    start = time.process_time()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * max(0.1, min(1.0, 3 * (1 - step / steps)))
        k = torch.randint(len(problem.q["train"]), (K,), generator=generator)
        lead = 1 if network.shared else K
        s = torch.randint(len(problem.states), (lead, N), generator=generator)
        a = torch.randint(problem.joint, (lead, N), generator=generator)
        told, now = problem.told["train"][k], problem.moves["train"][k[:, None], s]
        error = network.taken(problem.observations[s], now, told, a)
        if way == "regression":
            error = error - (problem.q["train"][k[:, None], s, a] - problem.level)
        else:
            error = error - bootstrapped(problem, slow, level, k, s, a, generator)
            error = error + (0 if level is None else level(told) / (1 - problem.gamma))
        optimiser.zero_grad()
        loss = error.square().mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimiser.step()
        torch._foreach_lerp_(list(slow.parameters()), list(network.parameters()), 0.1 * 0.05 ** (step / steps))
    seconds = time.process_time() - start
    left_out = level or (float(problem.level) if way == "regression" else 0.0)
    row = {"task": task, "network": name, "way": way, "steps": steps, "seconds": seconds}
    return keep(path, row | measure(problem, network, left_out))


@torch.no_grad()
def bootstrapped(
    problem: Problem,
    slow: nn.Module,
    level: nn.Module | None,
    k: Tensor,
    s: Tensor,
    a: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """r + γ Q̄ at the team's next joint action, the external's averaged out, (K, N)."""
    game, told = problem.game, problem.told["train"][k]
    actions = torch.stack(torch.unravel_index(a.flatten(), game.n_actions), -1)
    step = game.step(problem.states[s.flatten()], actions, generator)
    following = game.encode(step.state).view(s.shape)  # (1 or K, N)
    moves = problem.moves["train"][k[:, None], following]  # (K, N, A_e)
    team = problem.team_q(slow(problem.observations[following], moves, told), moves)  # (K, N, ∏A_𝒯)
    v = team.gather(-1, problem.choice["train"][k[:, None], following][..., None])[..., 0]
    v = v + (0 if level is None else level(told) / (1 - problem.gamma))
    reward = step.rewards[:, list(game.target_axes)].mean(-1).view(s.shape)
    return reward + problem.gamma * v.masked_fill(step.terminated.view(s.shape), 0.0)


def main() -> None:
    """Run what is missing, then write the result and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=list(GRID_TASKS))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/critic_fit"))
    options = parser.parse_args()
    work = [(t, n, w, options.steps, options.cache) for t in options.tasks for n in NETWORKS for w in WAYS]
    rows = run_all([delayed(run)(*w) for w in work], options.jobs)
    for r in rows:
        print(f"{r['task']:11s} {r['network']:12s} {r['way']:28s} {r['within_state_error']:.3f} of {r['spread']:.3f}, "
              f"bias {r['bias']:+.2f}, right {r['best_action_right']:.2f}, {r['seconds']:.0f} s")  # fmt: skip
    print(write_part("critic_fit", 1, rows, {}))


if __name__ == "__main__":
    main()
