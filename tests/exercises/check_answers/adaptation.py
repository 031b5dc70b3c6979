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
        ("moves_pooled", lambda theta, watched, steps, sizes, n_0: met_at_once(theta, [torch.hstack(watched)] * len(watched), steps, sizes, n_0)),
        ("one_step_size_for_all", lambda theta, watched, steps, sizes, n_0: met_by_autograd(theta, watched, steps, float(sizes.mean()), n_0)),
        ("one_step_only", lambda theta, watched, steps, sizes, n_0: met_at_once(theta, watched, 1, sizes, n_0)),
        ("slope_of_the_first_step", lambda theta, watched, steps, sizes, n_0: met_at_once(theta, watched, 1, sizes * steps, n_0)),
        ("climbed", lambda theta, watched, steps, sizes, n_0: met_by_autograd(theta, watched, steps, -sizes, n_0)),
        ("from_zero", lambda theta, watched, steps, sizes, n_0: met_at_once(torch.zeros_like(theta), watched, steps, sizes, n_0)),
        ("logits", adapted_logits),
        ("frequencies_alone", frequencies),
        ("is_a_policy", lambda theta, watched, steps, sizes, n_0: adapted_logits(theta, watched, steps, sizes, n_0).exp()),
        ("unwatched_is_the_prior", even_without_moves),
        ("not_finite", nan_without_moves),
        ("shape", lambda theta, watched, steps, sizes, n_0: met_at_once(theta, watched, steps, sizes, n_0)[0]),
        ("error", lambda theta, watched, steps, sizes, n_0: met_at_once(theta, torch.stack(watched), steps, sizes, n_0)),
        ("another_result", scaled(lambda n, n_0, watched: (n + 1) / (n + n_0))),
    ],
    "actor_inputs": [
        ("not_adapted", lambda o, theta, new, probes: told_by_loops(o, new, theta, probes)),
        ("old_probes", lambda o, theta, new, probes: side_by_side(o, says(o, new), flat(says(probes, theta)))),
        ("old_prediction_here", lambda o, theta, new, probes: side_by_side(o, says(o, theta), flat(says(probes, new)))),
        ("probes_left_out", lambda o, theta, new, probes: side_by_side(o, says(o, new))),
        ("own_prediction_left_out", lambda o, theta, new, probes: side_by_side(o, flat(says(probes, new)))),
        ("observation_left_out", lambda o, theta, new, probes: side_by_side(says(o, new), flat(says(probes, new)))),
        ("first_targets_observation", lambda o, theta, new, probes: side_by_side(o, flat(says(o[0], new, 0)), flat(says(probes, new)))),
        ("observations_averaged", lambda o, theta, new, probes: side_by_side(o, flat(says(o.mean(0), new, 0)), flat(says(probes, new)))),
        ("everybody_told_everything", lambda o, theta, new, probes: side_by_side(o, flat(says(o, new)), flat(says(probes, new)))),
        ("probes_averaged", lambda o, theta, new, probes: side_by_side(o, says(o, new), flat(says(probes, new).mean(axis=0)))),
        ("probe_by_number", lambda o, theta, new, probes: side_by_side(o, says(o, new), flat(says(probes, new).T))),
        ("probes_first", lambda o, theta, new, probes: side_by_side(o, flat(says(probes, new)), says(o, new))),
        ("logits", lambda o, theta, new, probes: side_by_side(o, o @ new, flat((probes @ new).numpy()))),
        ("log_probabilities", lambda o, theta, new, probes: side_by_side(o, np.log(says(o, new)), flat(np.log(says(probes, new))))),
        ("softmax_over_rows", lambda o, theta, new, probes: side_by_side(o, says(o, new, 0), flat(says(probes, new, 0)))),
        ("wrong_sign", lambda o, theta, new, probes: -told_by_blocks(o, theta, new, probes)),
        ("shape", lambda o, theta, new, probes: told_by_blocks(o, theta, new, probes)[0]),
        ("error", lambda o, theta, new, probes: torch.cat([o, says(o, new)], 1)),
        ("another_result", lambda o, theta, new, probes: told_by_blocks(o, theta, new + theta, probes)),
    ],
}  # fmt: skip
