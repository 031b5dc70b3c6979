"""Limits of a team that has watched nobody: its parts are replaced by exact ones, one at a time.

    best fixed team         the best team found that plays everybody alike (`exact.headroom`: coordinate ascent)
    exact gradient          tables of probabilities that climb the exact gradient of the mean value from a random team
    with entropy            the same, with an entropy bonus for each step that falls to 0
    trained                 MICRA's teams before they have watched anybody, from the cache of `benchmarks/adaptation.py`
    trained, its critic     the same, its actors trained on with their critic's regrets, weighted by exact occupancy
    trained, exact Q        the same, its actors trained on up the exact gradient

All learn from the same training externals and are scored exactly against the held-out ones. Writes
benchmarks/results/unadapted.json.

    python benchmarks/unadapted.py --tasks crossing --seeds 10 --jobs 2
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # one process per seed: threads would only wait for each other

import numpy as np
import torch
from joblib import delayed
from torch import Tensor

import micra_lite
from adaptation import team_of
from common import interquartile_mean, write
from micra_lite import exact, play
from micra_lite.agent import adapted_belief, prior_belief
from micra_lite.exact import Array
from micra_lite.exact.scores import features_everywhere
from micra_lite.exact.values import induced_mdp
from micra_lite.updates import counterfactual_regrets
from runs import file_name, game_of, keep, run_all, score, yardstick

EXTERNALS = 64  # of the training split, over which values are averaged
STEPS = 200  # up the gradient from a random team
STEPS_ON = 100  # further steps of trained actors
RATE = 0.1  # Adam's, for tables
WATCHED = 20  # episodes from which the critic is told of an external, as in training


@dataclass
class Views:
    """The game as the team sees it beside each of K externals, (K, S, |A_𝒯|, S) and (K, S, |A_𝒯|)."""

    T: Tensor
    R: Tensor
    start: Tensor  # (S,)
    gamma: float

    def solve(self, policies: list[Tensor], bonus: float = 0.0) -> tuple[Tensor, Tensor]:
        """V(start) and the discounted occupancy, (K,) and (K, S), of policies (S, A_i); `bonus` in return per nat and step."""
        joint = policies[0]
        for policy in policies[1:]:
            joint = (joint[:, :, None] * policy[:, None]).flatten(1)  # (S, |A_𝒯|)
        entropy = sum(-(p * p.clamp_min(1e-30).log()).sum(-1) for p in policies)  # (S,) nats
        P = torch.einsum("sg,ksgt->kst", joint, self.T)
        r = (joint * self.R).sum(-1) + bonus * entropy  # (K, S)
        d = torch.linalg.solve(torch.eye(len(joint), dtype=P.dtype) - self.gamma * P.mT, self.start.expand(len(P), -1))
        return (d * r).sum(-1), d


def lists_of(game: Any, externals: Any) -> list[list[Array]]:
    """Policies (S, A_e) of each external, as `exact` takes them."""
    tables = game.tables(externals)
    return [[t[k].numpy() for t in tables] for k in range(len(externals))]


def views_of(game: Any, externals: Any) -> Views:
    """The game beside each of these externals."""
    table = exact.tabulate(game)
    views = [induced_mdp(table, own) for own in lists_of(game, externals)]
    S, n_team = views[0].R.shape
    T = np.stack([v.T.toarray().reshape(S, n_team, S) for v in views])
    return Views(torch.from_numpy(T), torch.from_numpy(np.stack([v.R for v in views])),
                 torch.from_numpy(table.start), table.gamma)  # fmt: skip


def climb(
    policies: Callable[[], list[Tensor]], parameters: list[Tensor], rate: float, steps: int,
    objective: Callable[[list[Tensor], float], Tensor],
) -> list[Array]:  # fmt: skip
    """Climb `objective`(policies, share of the steps done) with Adam, whose rate falls to a tenth; returns the last policies."""
    adam = torch.optim.Adam(parameters, rate, maximize=True)
    for step in range(steps):
        adam.param_groups[0]["lr"] = rate * max(0.1, min(1.0, 3 * (1 - step / steps)))
        adam.zero_grad()
        objective(policies(), step / steps).backward()
        adam.step()
    return [p.detach().numpy() for p in policies()]


def up_the_exact_gradient(game: Any, views: Views, entropy: float) -> list[Array]:
    """A team of tables, from a random one, for all externals and states at once; the bonus falls to 0 in the first two thirds."""
    table = exact.tabulate(game)
    logits = [torch.zeros(table.S, table.A[i], dtype=torch.float64, requires_grad=True) for i in table.target_axes]

    def objective(policies: list[Tensor], done: float) -> Tensor:
        return views.solve(policies, entropy * max(0.0, 1 - 1.5 * done))[0].mean()

    return climb(lambda: [x.softmax(-1) for x in logits], list(logits), RATE, STEPS, objective)


def actors_of(state: micra_lite.TrainingState) -> Callable[[], list[Tensor]]:
    """The policies (S, A_i) of a team that has watched nobody, as a function of its actors' present parameters."""
    with torch.no_grad():
        belief, features = prior_belief(state.agent, 1), features_everywhere(state)
        predictions = state.agent.predict(belief, features)
    return lambda: [p[0].exp().double() for p in state.agent.act(belief, features, predictions)]


@torch.no_grad()
def critic_regrets(state: micra_lite.TrainingState, externals: Any) -> Callable[[list[Tensor]], list[Tensor]]:
    """The critic's regrets (K, S, A_i) as a function of policies (S, A_i); it is told of externals as in training."""
    agent, K = state.agent, len(externals)
    generator = torch.Generator().manual_seed(state.settings.seed)
    played = play(state, externals, prior_belief(agent, K), WATCHED, 0.2, generator)
    told = adapted_belief(agent, played.pairs(slice(WATCHED), state.observe), state.settings.inner_steps)
    told.unwatched[:] = 1.0
    features = features_everywhere(state)
    predictions = agent.predict(told, features)
    q = agent.value(told, features)

    def regrets(policies: list[Tensor]) -> list[Tensor]:
        given = [p.detach().to(state.settings.torch_dtype).expand(K, *p.shape) for p in policies]
        found = counterfactual_regrets(q, agent.joint(given, predictions), agent.target_axes, generator)  # (K, S, A_i)
        return [r.double() for r in found]

    return regrets


def by_table(task: str) -> dict[str, list[Array]]:
    """The teams that have no networks."""
    torch.set_num_threads(1)
    game, family = game_of(task)
    table, train = exact.tabulate(game), lists_of(game, family.split("train"))
    mean = [np.mean([x[e] for x in train], axis=0) for e in range(len(table.external_axes))]
    views = views_of(game, family.split("train")[:EXTERNALS])
    start = exact.best_response(table, mean).policies
    return {
        "best fixed team": exact.best_fixed_team(table, train[:EXTERNALS], start),
        "exact gradient": up_the_exact_gradient(game, views, 0.0),
        "exact gradient, with entropy": up_the_exact_gradient(game, views, 1.0),
    }


def by_training(task: str, seed: int, updates: int | None, cache: Path) -> dict[str, list[Array]]:
    """A trained team, and the same with its actors trained on, one part made exact."""
    torch.set_num_threads(1)
    _, checkpoint = team_of(task, "conditioned", seed, updates, cache)
    if not checkpoint.exists():
        raise FileNotFoundError(f"{checkpoint} is missing: run benchmarks/adaptation.py --tasks {task} first")
    state = micra_lite.load(checkpoint)
    game, (_, family) = state.game, game_of(task)
    externals = family.split("train")[:EXTERNALS]
    views = views_of(game, externals)
    teams = {"trained": [p.detach().numpy() for p in actors_of(state)()]}

    def by_value(policies: list[Tensor], done: float) -> Tensor:
        return views.solve(policies)[0].mean()

    def go_on(state: micra_lite.TrainingState, objective: Callable[[list[Tensor], float], Tensor]) -> list[Array]:
        parameters = list(state.agent.actors.parameters())
        return climb(actors_of(state), parameters, state.settings.actor_rate, STEPS_ON, objective)

    teams["trained, exact Q"] = go_on(micra_lite.load(checkpoint), by_value)
    regrets = critic_regrets(state, externals)

    def by_critic(policies: list[Tensor], done: float) -> Tensor:
        with torch.no_grad():
            weights = views.solve(policies)[1]  # (K, S)
            found = regrets(policies)
        mean = [torch.einsum("ks,ksa->sa", weights, r) / len(weights) for r in found]
        return torch.stack([(p * r).sum() for p, r in zip(policies, mean, strict=True)]).sum()

    teams["trained, its critic"] = go_on(state, by_critic)
    return teams


def run(task: str, seed: int | None, updates: int | None, cache: Path) -> list[dict[str, Any]]:
    """Score the teams of one seed, or with None those that need no seed: rows of {task, method, score}."""
    path = cache / f"unadapted-{file_name(task)}-{'exact' if seed is None else f'{seed}-{updates}'}.json"
    if path.exists():
        return json.loads(path.read_text())
    game, family = game_of(task)
    table, externals, scale = exact.tabulate(game), lists_of(game, family.split("held-out")), yardstick(task, cache)
    teams = by_table(task) if seed is None else by_training(task, seed, updates, cache)
    rows = []
    for method, team in teams.items():
        values = [exact.team_value(table, team, own) for own in externals]
        rows.append({"task": task, "method": method, "seed": seed, "score": score(scale, values)})
    return keep(path, rows)


def main() -> None:
    """Run what is missing, then write the results and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=["crossing"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--updates", type=int, help="of the trained teams (default: the task's settings)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/adaptation"))
    options = parser.parse_args()
    for task in options.tasks:
        yardstick(task, options.cache)
    work = [(t, s, options.updates, options.cache) for t in options.tasks for s in (None, *range(options.seeds))]
    found = [row for rows in run_all([delayed(run)(*w) for w in work], options.jobs) for row in rows]
    rows = []
    for task, method in dict.fromkeys((r["task"], r["method"]) for r in found):
        scores = [r["score"] for r in found if (r["task"], r["method"]) == (task, method)]
        mean, low, high = interquartile_mean(scores)
        rows.append({"task": task, "method": method, "score": mean, "low": low, "high": high, "seed_scores": scores})
        print(f"{task:12s} {method:30s} {mean:.3f} [{low:.3f}, {high:.3f}]")
    print(write("unadapted", options.seeds, rows))


if __name__ == "__main__":
    main()
