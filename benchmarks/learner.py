"""What a change of the learner is worth: one training for each task and seed, measured on the validation externals.

Scores are exact: of the unadapted team, and adapted after 1 and 5 watched episodes; at the end also of the practical
ceilings, the *Bayes-greedy* team on the same watched moves and the best fixed team that is found. The critic is compared
with the exact Q of the team beside 8 of the externals, in the states of D: its *bias* (mean of Q − Q^π,k over states and
joint actions), the spread of v over the same states, and its *within-state error* (root mean square about each state's
mean, the external's actions averaged out). The last two columns say what the critic is good for: the score of the joint
action that it prefers in each state, and of the one that the exact Q prefers. A tenth and a third of the way are measured
as well.

Every finished training is a line of benchmarks/results/learner-runs.jsonl, which is committed: what is there is not run
again. Writes benchmarks/results/learner.json, means over seeds.

    python benchmarks/learner.py --change final --seeds 4 --jobs 2
    python benchmarks/learner.py --change quick --quick --seeds 4 --jobs 2
    python benchmarks/learner.py --change "twice the value steps" --set value_steps=6 --tasks pursuit crossing --updates 500
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import time
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # one process per run: threads would only wait for each other

import numpy as np
import torch
from joblib import delayed

import micra_lite
from common import RESULTS, write
from micra_lite import exact
from micra_lite.agent import Belief, adapted_belief, prior_belief
from micra_lite.exact.scores import features_everywhere
from micra_lite.exact.values import split_team
from micra_lite.extensions.critics_choice import critics_choice
from micra_lite.game import in_agents_order
from micra_lite.registry import GRID_TASKS
from micra_lite.replay import Episode, Pairs
from micra_lite.rollouts import play
from runs import each_score, file_name, game_of, keep, run_all, score, yardstick

RUNS = RESULTS / "learner-runs.jsonl"
CACHE = RESULTS.parents[1] / "runs" / "benchmarks" / "learner"
WATCHED = (1, 5)  # episodes
FEW = 8  # externals beside which the critic is measured
FIXED = 64  # training externals for which the best fixed team is sought
PARTICLES = 256  # of the Bayes predictor


def watched(state: micra_lite.TrainingState, externals: micra_lite.Externals, episodes: int) -> Pairs:
    """What is seen of each of the externals in some episodes beside the unadapted team."""
    generator, prior = torch.Generator().manual_seed(state.settings.seed), prior_belief(state.agent, len(externals))
    return play(state, externals, prior, episodes, 0.1, generator).pairs(slice(None), state.observe)


def adapted(state: micra_lite.TrainingState, pairs: Pairs) -> Belief:
    """The belief after watching."""
    return adapted_belief(state.agent, pairs, state.settings.inner_steps)


def scores_of(task: str, state: micra_lite.TrainingState) -> dict[str, float]:
    """The unadapted and the adapted team on all validation externals."""
    game, family = game_of(task)
    externals, table, scale = family.split("validation"), exact.tabulate(game), yardstick(task, CACHE, "validation")
    found = {"unadapted": score(scale, exact.exact_values(state, table, externals, prior_belief(state.agent, 1)))}
    for episodes in WATCHED:
        values = exact.exact_values(state, table, externals, adapted(state, watched(state, externals, episodes)))
        found |= {f"after_{episodes}": score(scale, values), f"worst_after_{episodes}": min(each_score(scale, values))}
    return found


def ceilings_of(task: str, state: micra_lite.TrainingState) -> dict[str, float]:
    """Beside all validation externals: the best fixed team found for the training externals, the Bayes-greedy team after
    watching, and after 5 episodes the team that plays its critic's choice, on the same moves."""
    game, family = game_of(task)
    externals, table, scale = family.split("validation"), exact.tabulate(game), yardstick(task, CACHE, "validation")
    (moves,) = [t.double().numpy() for t in game.tables(externals)]  # (K, S, A_e); one external
    path = CACHE / f"best-fixed-{file_name(task)}.json"
    if not path.exists():
        (train,) = [t.double().numpy() for t in game.tables(family.split("train"))]
        start = exact.best_response(table, [train.mean(0)]).policies
        team = exact.best_fixed_team(table, [[own] for own in train[:FIXED]], start)
        keep(path, {"score": score(scale, [exact.team_value(table, team, [own]) for own in moves])})
    found = {"best_fixed": json.loads(path.read_text())["score"]}
    external, axis = game.externals[0], game.external_axes[0]
    for episodes in WATCHED:
        pairs, values = watched(state, externals, episodes), []
        for k, own in enumerate(moves):
            seen = [Episode({external: pairs.observations[axis][k]}, {external: pairs.actions[k, :, axis]})]
            prediction = exact.bayes_predictor(game, family, seen, PARTICLES, seed=k)
            values.append(exact.team_value(table, exact.bayes_greedy_team(table, prediction).policies, [own]))
        found[f"bayes_greedy_after_{episodes}"] = score(scale, values)
    belief, agent = adapted(state, watched(state, externals, WATCHED[-1])), state.agent
    with torch.no_grad():
        features = features_everywhere(state)
        chosen = critics_choice(agent, belief, features, agent.predict(belief, features))  # m × (K, S, A_i)
    teams = [[part[k].double().exp().numpy() for part in chosen] for k in range(len(externals))]
    values = [exact.team_value(table, team, [own]) for team, own in zip(teams, moves, strict=True)]
    return found | {"critics_choice_after_5": score(scale, values)}


def critic_of(task: str, state: micra_lite.TrainingState) -> dict[str, float]:
    """The critic beside the exact Q of the team that has watched 5 episodes, and what it is good for."""
    game, family = game_of(task)
    assert isinstance(game, micra_lite.TabularGame)
    assert len(game.external_axes) == 1
    externals, table, scale = (
        family.split("validation")[:FEW],
        exact.tabulate(game),
        yardstick(task, CACHE, "validation"),
    )
    belief = adapted(state, watched(state, externals, WATCHED[-1]))
    with torch.no_grad():
        q = state.agent.value(belief, features_everywhere(state)).table.double().numpy()
    team = [t.double().numpy() for t in exact.team_tables(state, belief)]
    moves = game.tables(externals)[0].double().numpy()  # (K, S, A_e)
    replay = state.replay
    stored = replay.store["states"][: replay.size, :, :-1][replay.store["alive"][: replay.size]]
    share = np.bincount(game.encode(stored).numpy(), minlength=game.n_states) / len(stored)  # of each state in D
    columns: dict[str, list[float]] = {n: [] for n in ("bias", "v_spread", "error", "spread", "choice", "exact_choice")}

    def about_mean(x: np.ndarray) -> float:
        """The mean square about each state's mean, x (S, ∏A_𝒯)."""
        return float(share @ np.square(x - x.mean(1, keepdims=True)).mean(1))

    for k, learned in enumerate(q):
        policies = in_agents_order(table.target_axes, table.external_axes, [t[k] for t in team], [moves[k]])
        exactly = exact.joint_q(table, policies)
        axis = game.external_axes[0] + 1
        averaged = [np.einsum("s...a,sa->s...", np.moveaxis(x, axis, -1), moves[k]) for x in (learned, exactly)]
        own, right = [x.reshape(game.n_states, -1) for x in averaged]  # the team's Q, (S, ∏A_𝒯)
        v = exact.evaluate(table, policies)
        columns["bias"].append(float(share @ (learned - exactly).reshape(game.n_states, -1).mean(1)))
        columns["v_spread"].append(float(share @ np.square(v - share @ v)))
        columns["error"].append(about_mean(own - right))
        columns["spread"].append(about_mean(right))
        for name, values in (("choice", own), ("exact_choice", right)):
            columns[name].append(exact.team_value(table, split_team(table, values.argmax(1)), [moves[k]]))
    return {
        "bias": float(np.mean(columns["bias"])), "v_spread": float(np.sqrt(np.mean(columns["v_spread"]))),
        "within_state_error": float(np.sqrt(np.mean(columns["error"]))),
        "spread": float(np.sqrt(np.mean(columns["spread"]))),
        "critics_choice": score(scale, columns["choice"]), "exact_choice": score(scale, columns["exact_choice"]),
    }  # fmt: skip


def run(change: str, task: str, seed: int, changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Train and measure; the rows are added to the committed file."""
    torch.set_num_threads(1)
    game, family = game_of(task)
    settings = micra_lite.settings_for(task, seed=seed, **changes)
    points, rows = (settings.updates // 10, settings.updates // 3, settings.updates), []
    start, measuring = time.process_time(), 0.0
    for record in micra_lite.offline_training(game, family, settings):
        if record.step in points:
            seconds, began = time.process_time() - start - measuring, time.process_time()
            rows.append({
                "change": change, "task": task, "seed": seed, "updates": settings.updates, "update": record.step,
                "environment_steps": record.state.environment_steps, "cpu_seconds": seconds,
                **scores_of(task, record.state), **critic_of(task, record.state),
                **(ceilings_of(task, record.state) if record.step == settings.updates else {}),
            })  # fmt: skip
            measuring += time.process_time() - began
    with open(RUNS, "a", encoding="utf-8") as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows))
    return rows


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over the seeds of each change, task, length and point."""
    keys, found = ("change", "task", "updates", "update"), []
    for key in dict.fromkeys(tuple(r[k] for k in keys) for r in rows):
        same = [r for r in rows if tuple(r[k] for k in keys) == key]
        columns = [n for n in same[0] if n not in (*keys, "seed") and all(n in r for r in same)]
        means = {n: float(np.mean([r[n] for r in same])) for n in columns}
        about = {**dict(zip(keys, key, strict=True)), "seeds": len(same)}
        found.append({**about, **means})
        if "critics_choice_after_5" in means:  # shares of what the Bayes-greedy and the best fixed team get
            ceiling, fixed = means[f"bayes_greedy_after_{WATCHED[-1]}"], means["best_fixed"]
            shares = {"adapted_share": means["after_5"] / ceiling, "unadapted_share": means["unadapted"] / fixed}
            found[-1] |= {"team": "actors", **shares}
            choice = {"team": "critic's choice", "adapted_share": means["critics_choice_after_5"] / ceiling}
            found.append({**about, **choice})
    return found


def main() -> None:
    """Run what is missing, then write the result and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--change", default="as it is", help="the name of the rows")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings other than the task's")
    parser.add_argument("--tasks", nargs="+", default=list(GRID_TASKS))
    parser.add_argument("--updates", type=int)
    parser.add_argument("--quick", action="store_true", help="micra_lite.QUICK, changed by --set and --updates")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    changes = dict(micra_lite.QUICK) if options.quick else {}
    changes |= {name: ast.literal_eval(value) for name, value in (pair.split("=") for pair in options.set)}
    if options.updates:
        changes["updates"] = options.updates
    lines = RUNS.read_text(encoding="utf-8").splitlines() if RUNS.exists() else []
    rows = [json.loads(line) for line in lines]
    there = {(r["change"], r["task"], r["seed"], r["updates"]) for r in rows}
    work = []
    for task in options.tasks:
        yardstick(task, CACHE, "validation")
        updates = micra_lite.settings_for(task, **changes).updates
        work += [(options.change, task, seed, changes) for seed in range(options.seeds)
                 if (options.change, task, seed, updates) not in there]  # fmt: skip
    rows += [row for found in run_all([delayed(run)(*w) for w in work], options.jobs) for row in found]
    means = summary(rows)
    for r in (r for r in means if "unadapted" in r):
        print(f"{r['change']:28s} {r['task']:11s} {r['update']:5d} of {r['updates']:5d}  unadapted {r['unadapted']:.3f}, after 5 "
              f"{r['after_5']:.3f}, critic's choice {r['critics_choice']:.3f}, bias {r['bias']:+.2f}, within-state error "
              f"{r['within_state_error']:.3f} of {r['spread']:.3f}, {r['cpu_seconds']:.0f} CPU s, {r['seeds']} seeds")  # fmt: skip
    print(write("learner", min(r["seeds"] for r in means), means))


if __name__ == "__main__":
    main()
