"""Answers to the exercises of sheet 08 about adapting."""

import numpy as np
import torch
from scipy.special import softmax

# --- newcomers ---


def met_by_numpy(theta, watched, steps, step_sizes, n_0):
    found = []
    for moves in watched:
        logits, n = theta.double().numpy().copy(), len(moves)
        counts = np.bincount(np.asarray(moves), minlength=len(logits))
        for _ in range(steps):
            slope = n * softmax(logits) - counts  # n times the mean's
            logits -= np.asarray(step_sizes) * slope / (n + n_0)
        found.append(softmax(logits))
    return np.array(found, dtype=np.float32)


def met_by_autograd(theta, watched, steps, step_sizes, n_0):
    found = []
    for moves in watched:
        logits = theta.detach().clone()
        for _ in range(steps):
            leaf = logits.requires_grad_()
            loss = torch.nn.functional.cross_entropy(leaf.expand(len(moves), -1), moves, reduction="sum")
            (slope,) = torch.autograd.grad(loss, leaf)
            logits = (leaf - step_sizes * slope / (len(moves) + n_0)).detach()
        found.append(logits.softmax(0).tolist())
    return found


def met_at_once(theta, watched, steps, step_sizes, n_0):
    A = len(theta)
    counts = torch.stack([torch.nn.functional.one_hot(m, A).sum(0) for m in watched]).to(theta.dtype)
    n = counts.sum(1, keepdim=True)
    logits = theta.repeat(len(watched), 1)
    for _ in range(steps):
        logits = logits - step_sizes / (n + n_0) * (n * logits.softmax(1) - counts)
    return torch.softmax(logits, 1)


def scaled(factor):
    """With another factor in place of n / (n + n_0)."""

    def met(theta, watched, steps, step_sizes, n_0):
        found = []
        for moves in watched:
            logits, n = theta, len(moves)
            if n:
                f = torch.nn.functional.one_hot(moves, len(theta)).to(theta.dtype).mean(0)
                for _ in range(steps):
                    logits = logits - factor(n, n_0, watched) * step_sizes * (logits.softmax(0) - f)
            found.append(logits.softmax(0))
        return torch.stack(found)

    return met


def overwritten(theta, watched, steps, step_sizes, n_0):
    found = []
    for moves in watched:
        theta = torch.as_tensor(met_at_once(theta, [moves], steps, step_sizes, n_0))[0].log()
        found.append(theta.exp())
    return torch.stack(found)


def frequencies(theta, watched, steps, step_sizes, n_0):
    return [[float((m == a).sum()) / max(1, len(m)) for a in range(len(theta))] for m in watched]


def carried_in_full(theta, watched, steps, step_sizes, n_0):
    """Two mistakes: from the one before, and full steps."""
    found = []
    for moves in watched:
        theta = torch.as_tensor(adapted_by_numpy(theta, moves, steps, step_sizes, 1 if len(moves) else 0))
        found.append(theta.softmax(0))
    return torch.stack(found)


def adapted_logits(theta, watched, steps, step_sizes, n_0):
    """Logits, which differ from log δ by their sum only; that of θ never changes where all step sizes are alike."""
    found = []
    for moves in watched:
        logits, n = theta.clone(), len(moves)
        for _ in range(steps):
            logits -= step_sizes / (n + n_0) * (n * logits.softmax(0) - torch.bincount(moves, minlength=len(theta)))
        found.append(logits)
    return torch.stack(found)


def nan_without_moves(theta, watched, steps, step_sizes, n_0):
    found = []
    for moves in watched:
        logits, n = theta, len(moves)
        for _ in range(steps):
            f = torch.bincount(moves, minlength=len(theta)) / torch.tensor(float(n))
            logits = logits - n / (n + n_0) * step_sizes * (logits.softmax(0) - f)
        found.append(logits.softmax(0))
    return torch.stack(found)


def adapted_by_numpy(logits, moves, steps, sizes, weight, f=None, slope=softmax):
    """Logits after steps of this weight; f are the frequencies of the moves, or something else."""
    logits, sizes = np.array(logits.tolist()), np.array(sizes.tolist())
    f = np.bincount(moves, minlength=len(logits)) / max(1, len(moves)) if f is None else f
    for _ in range(steps):
        logits = logits - weight * sizes * (slope(logits) - f)
    return logits


def each(adapt):
    """Predictions for all: adapt(θ, moves, steps, sizes, n / (n + n_0), all moves) gives logits, or None for no row."""

    def met(theta, watched, steps, step_sizes, n_0):
        theta, everything = theta.double().numpy(), [m.numpy() for m in watched]
        rows = [adapt(theta, m, steps, step_sizes.numpy(), len(m) / (len(m) + n_0), everything) for m in everything]
        return np.array([softmax(row) for row in rows if row is not None])

    return met


def full_steps_shortened(theta, moves, steps, sizes, weight, _):
    return theta + weight * (adapted_by_numpy(theta, moves, steps, sizes, 1 if len(moves) else 0) - theta)


def all_earlier_moves_too(theta, watched, steps, step_sizes, n_0):
    return np.vstack(
        [met_by_numpy(theta, [torch.cat(watched[: k + 1])], steps, step_sizes, n_0) for k in range(len(watched))]
    )


def frequencies_of_all(theta, moves, steps, sizes, weight, watched):
    everything = np.concatenate(watched)
    f = np.bincount(everything, minlength=len(theta)) / max(1, len(everything))
    return adapted_by_numpy(theta, moves, steps, sizes, weight, f)


def last_move(theta, moves, steps, sizes, weight, watched):
    n_0 = len(moves) * (1 / weight - 1) if len(moves) else 1.0
    return adapted_by_numpy(theta, moves[-1:], steps, sizes, len(moves[-1:]) / (1 + n_0))


def counted(theta, moves, steps, sizes, weight, watched):
    return adapted_by_numpy(theta, moves, steps, sizes, weight, np.bincount(moves, minlength=len(theta)))


def different_moves(theta, watched, steps, step_sizes, n_0):
    kinds = [len(set(moves.tolist())) for moves in watched]
    logits = [
        adapted_by_numpy(theta, moves.numpy(), steps, step_sizes, k / (k + n_0))
        for moves, k in zip(watched, kinds, strict=True)
    ]
    return [softmax(row) for row in logits]


def told_otherwise(tell):
    return lambda *case: tell(np.log(met_by_numpy(*case).astype(float)))


def without_a_look_at_zero(theta, watched, steps, step_sizes, n_0):
    found = []
    for moves in watched:
        f = [sum(int(m) == a for m in moves) / len(moves) for a in range(len(theta))]
        found.append(softmax(adapted_by_numpy(theta, moves, steps, step_sizes, len(moves) / (len(moves) + n_0), f)))
    return found


def repeated_without_moves(theta, watched, steps, step_sizes, n_0):
    found, last = [], theta.softmax(0).tolist()
    for row, moves in zip(met_by_autograd(theta, watched, steps, step_sizes, n_0), watched, strict=True):
        last = row if len(moves) else last
        found.append(last)
    return found


def even_without_moves(theta, watched, steps, step_sizes, n_0):
    found = met_at_once(theta, watched, steps, step_sizes, n_0)
    return [row if len(m) else torch.full_like(theta, 1 / len(theta)) for row, m in zip(found, watched, strict=True)]


# --- actor_inputs ---


def told_by_loops(observations, theta, adapted, probes):
    rows = []
    for o in observations:
        row = o.tolist()
        for place in [o, *probes]:
            row += torch.softmax(place @ adapted, dim=0).tolist()
        rows.append(row)
    return rows


def told_by_numpy(observations, theta, adapted, probes):
    o, w, p = (np.asarray(x, dtype=np.float32) for x in (observations, adapted, probes))
    fixed = np.tile(softmax(p @ w, axis=1).ravel(), (len(o), 1))
    return np.hstack([o, softmax(o @ w, axis=-1), fixed])


def told_by_blocks(observations, theta, adapted, probes):
    n, O = observations.shape
    C, A = len(probes), adapted.shape[1]
    result = torch.empty(n, O + A * (1 + C))
    result[:, :O] = observations
    result[:, O : O + A] = torch.einsum("no,oa->na", observations, adapted).softmax(1)
    for c in range(C):
        result[:, O + A * (1 + c) : O + A * (2 + c)] = (probes[c] @ adapted).softmax(0)
    return result


def side_by_side(*parts):
    """Parts of (n, …) each; what has one row is the same for all."""
    n = max(len(p) for p in parts)
    return np.hstack([np.asarray(p).repeat(n, axis=0) if len(p) == 1 else np.asarray(p) for p in parts])


def says(places, weights, axis=1):
    return softmax(np.asarray(places @ weights), axis=axis)


def flat(table):
    return np.reshape(table, (1, -1))


RIGHT = {
    "newcomers": [met_by_numpy, met_by_autograd, met_at_once],
    "actor_inputs": [told_by_loops, told_by_numpy, told_by_blocks],
}

WRONG = {
    "newcomers": [
        ("from_the_one_before", overwritten),
        ("nobody_adapted_to", lambda theta, watched, steps, sizes, n_0: [theta.softmax(0)] * len(watched)),
        ("trust_left_out", scaled(lambda n, n_0, watched: 1)),
        ("trust_and_rest_exchanged", scaled(lambda n, n_0, watched: 1 - n / (n + n_0))),
        ("trust_not_bounded", scaled(lambda n, n_0, watched: n / n_0)),
        ("losses_added", scaled(lambda n, n_0, watched: n * n / (n + n_0))),
        ("trust_by_all_moves", scaled(lambda n, n_0, watched: 1 / (1 + n_0 / len(torch.cat(watched))))),
        ("moves_pooled", lambda theta, watched, steps, sizes, n_0:
            met_at_once(theta, [torch.hstack(watched)] * len(watched), steps, sizes, n_0)),
        ("one_step_size_for_all", lambda theta, watched, steps, sizes, n_0:
            met_by_autograd(theta, watched, steps, float(sizes.mean()), n_0)),
        ("one_step_only", lambda theta, watched, steps, sizes, n_0: met_at_once(theta, watched, 1, sizes, n_0)),
        ("slope_of_the_first_step", lambda theta, watched, steps, sizes, n_0:
            met_at_once(theta, watched, 1, sizes * steps, n_0)),
        ("climbed", lambda theta, watched, steps, sizes, n_0: met_by_autograd(theta, watched, steps, -sizes, n_0)),
        ("from_zero", lambda theta, watched, steps, sizes, n_0:
            met_at_once(torch.zeros_like(theta), watched, steps, sizes, n_0)),
        ("logits", adapted_logits),
        ("frequencies_alone", frequencies),
        ("is_a_policy", lambda theta, watched, steps, sizes, n_0:
            adapted_logits(theta, watched, steps, sizes, n_0).exp()),
        ("even_without_moves", even_without_moves),
        ("nan_without_moves", nan_without_moves),
        ("trust_without_n", scaled(lambda n, n_0, watched: 1 / (n + n_0))),
        ("newcomers_counted", scaled(lambda n, n_0, watched: 1 - n_0 / (n_0 + len(watched)))),
        ("different_moves_counted", different_moves),
        ("trust_at_the_end", each(full_steps_shortened)),
        ("moves_kept", all_earlier_moves_too),
        ("last_move_only", each(last_move)),
        ("frequencies_of_all", each(frequencies_of_all)),
        ("counts", each(counted)),
        ("divided_by_kinds", each(lambda theta, moves, steps, sizes, weight, _: adapted_by_numpy(
            theta, moves, steps, sizes, weight, np.bincount(moves, minlength=len(theta)) / len(theta)))),
        ("logits_in_the_slope", each(lambda theta, moves, steps, sizes, weight, _: adapted_by_numpy(
            theta, moves, steps, sizes, weight, slope=lambda logits: logits))),
        ("log_probabilities", told_otherwise(lambda logs: logs)),
        ("softmax_over_newcomers", lambda *case: softmax(adapted_logits(*case).numpy(), axis=0)),
        ("likeliest_move", told_otherwise(lambda logs: np.eye(logs.shape[1])[logs.argmax(1)])),
        ("left_out", each(lambda theta, moves, steps, sizes, weight, _:
            adapted_by_numpy(theta, moves, steps, sizes, weight)
                          if len(moves) else None)),
        ("fails_without_moves", without_a_look_at_zero),
        ("one_before_without_moves", repeated_without_moves),
        ("unwatched_is_the_prior", each(lambda theta, moves, steps, sizes, weight, _: adapted_by_numpy(
            theta, moves, steps, sizes, weight or 0.3))),
        ("from_the_one_before", lambda theta, watched, *rest: scaled(lambda n, n_0, _: 1)(
            theta, watched, *rest) if len(watched) < 2 else carried_in_full(theta, watched, *rest)),
        ("one_number", lambda theta, watched, steps, sizes, n_0: met_at_once(theta, watched, steps, sizes, n_0)[0]),
        ("error", lambda theta, watched, steps, sizes, n_0:
            met_at_once(theta, torch.stack(watched), steps, sizes, n_0)),
        ("another_result", scaled(lambda n, n_0, watched: (n + 1) / (n + n_0))),
    ],
    "actor_inputs": [
        ("not_adapted", lambda o, theta, new, probes: told_by_loops(o, new, theta, probes)),
        ("old_probes", lambda o, theta, new, probes: side_by_side(o, says(o, new), flat(says(probes, theta)))),
        ("old_prediction_here", lambda o, theta, new, probes: side_by_side(o, says(o, theta), flat(says(probes, new)))),
        ("probes_left_out", lambda o, theta, new, probes: side_by_side(o, says(o, new))),
        ("own_prediction_left_out", lambda o, theta, new, probes: side_by_side(o, flat(says(probes, new)))),
        ("observation_left_out", lambda o, theta, new, probes: side_by_side(says(o, new), flat(says(probes, new)))),
        ("first_targets_observation", lambda o, theta, new, probes:
            side_by_side(o, flat(says(o[0], new, 0)), flat(says(probes, new)))),
        ("observations_averaged", lambda o, theta, new, probes:
            side_by_side(o, flat(says(o.mean(0), new, 0)), flat(says(probes, new)))),
        ("everybody_told_everything", lambda o, theta, new, probes:
            side_by_side(o, flat(says(o, new)), flat(says(probes, new)))),
        ("probes_averaged", lambda o, theta, new, probes:
            side_by_side(o, says(o, new), flat(says(probes, new).mean(axis=0)))),
        ("probe_by_number", lambda o, theta, new, probes: side_by_side(o, says(o, new), flat(says(probes, new).T))),
        ("probes_first", lambda o, theta, new, probes: side_by_side(o, flat(says(probes, new)), says(o, new))),
        ("logits", lambda o, theta, new, probes: side_by_side(o, o @ new, flat((probes @ new).numpy()))),
        ("log_probabilities", lambda o, theta, new, probes:
            side_by_side(o, np.log(says(o, new)), flat(np.log(says(probes, new))))),
        ("prior_added", lambda o, theta, new, probes: told_by_loops(o, theta, new + theta, probes)),
        ("prior_subtracted", lambda o, theta, new, probes: told_by_loops(o, theta, new - theta, probes)),
        ("one_probe_each", lambda o, theta, new, probes:
            torch.cat([o, (o @ new).softmax(1), (probes @ new).softmax(1)], 1)),
        ("one_probe_each_or_one", lambda o, theta, new, probes: np.hstack(
            [o, says(o, new), np.broadcast_to(says(probes, new), (len(o), new.shape[1]))])),
        ("prediction_first", lambda o, theta, new, probes: side_by_side(says(o, new), o, flat(says(probes, new)))),
        ("observation_last", lambda o, theta, new, probes: side_by_side(says(o, new), flat(says(probes, new)), o)),
        ("back_to_front", lambda o, theta, new, probes: side_by_side(flat(says(probes, new)), says(o, new), o)),
        ("first_target_for_all", lambda o, theta, new, probes: told_by_loops([o[0]] * len(o), theta, new, probes)),
        ("mean_target_for_all", lambda o, theta, new, probes: told_by_loops([o.mean(0)] * len(o), theta, new, probes)),
        ("next_targets_prediction", lambda o, theta, new, probes: side_by_side(
            o, np.roll(says(o, new), -1, axis=0), flat(says(probes, new)))),
        ("last_targets_prediction", lambda o, theta, new, probes: side_by_side(
            o, np.roll(says(o, new), 1, axis=0), flat(says(probes, new)))),
        ("predictions_averaged", lambda o, theta, new, probes: side_by_side(
            o, flat(says(o, new).mean(axis=0)), flat(says(probes, new)))),
        ("mean_probe", lambda o, theta, new, probes: side_by_side(o, says(o, new), flat(says(probes.mean(0), new, 0)))),
        ("first_probe_only", lambda o, theta, new, probes: told_by_loops(o, theta, new, probes[:1])),
        ("last_probe_only", lambda o, theta, new, probes: told_by_loops(o, theta, new, probes[-1:])),
        ("probes_themselves", lambda o, theta, new, probes: side_by_side(o, says(o, new), flat(probes.numpy()))),
        ("probes_too", lambda o, theta, new, probes: side_by_side(
            o, says(o, new), flat(np.hstack([probes, says(probes, new)])))),
        ("logits_here", lambda o, theta, new, probes: side_by_side(o, o @ new, flat(says(probes, new)))),
        ("logits_at_probes", lambda o, theta, new, probes: side_by_side(o, says(o, new), flat((probes @ new).numpy()))),
        ("not_normalised", lambda o, theta, new, probes:
            side_by_side(o, (o @ new).exp(), flat((probes @ new).exp().numpy()))),
        ("likeliest_move", lambda o, theta, new, probes: side_by_side(
            o, np.eye(new.shape[1])[(o @ new).argmax(1)], flat(np.eye(new.shape[1])[(probes @ new).argmax(1)]))),
        ("softmax_over_probes", lambda o, theta, new, probes:
            side_by_side(o, says(o, new), flat(says(probes, new, 0)))),
        ("one_softmax_for_all_probes", lambda o, theta, new, probes: side_by_side(
            o, says(o, new), flat(softmax((probes @ new).numpy())))),
        ("not_adapted", lambda o, theta, new, probes: side_by_side(o, flat(says(probes, theta)), says(o, theta))),
        ("softmax_over_rows", lambda o, theta, new, probes:
            side_by_side(o, says(o, new, 0), flat(says(probes, new, 0)))),
        ("wrong_sign", lambda o, theta, new, probes: -told_by_blocks(o, theta, new, probes)),
        ("one_number", lambda o, theta, new, probes: told_by_blocks(o, theta, new, probes)[0]),
        ("error", lambda o, theta, new, probes: torch.cat([o, says(o, new)], 1)),
        ("another_result", lambda o, theta, new, probes: told_by_blocks(o, theta, new + theta / 2, probes)),
    ],
}  # fmt: skip
