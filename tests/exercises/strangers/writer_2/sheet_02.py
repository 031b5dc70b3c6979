from functools import reduce
from itertools import product
from math import inf, log, sqrt

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import grad, vmap

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

q = torch.tensor([[3.0, 0.0, 3.0], [1.0, 2.0, 4.0]])  # (2, 3): row's payoffs
row = torch.tensor([0.2, 0.8])  # up, down
column = torch.tensor([0.5, 0.25, 0.25])  # left, middle, right

# ---------------------------------------------------------------- 1. regrets_by_hand

right("regrets_by_hand", "worth of each action less 2.05", [0.2, -0.05])
right("regrets_by_hand", "from the table, a tensor", q @ column - row @ q @ column)
right("regrets_by_hand", "gradient of row's value in row's policy, less its mean under the policy, as numpy",
      (lambda g: (g - row @ g).numpy())(grad(lambda p: p @ q @ column)(row)))
wrong("regrets_by_hand", "forgot to subtract v: the values of the actions", [2.25, 2.0])
wrong("regrets_by_hand", "subtracted the plain mean of the two values (2.125) instead of the one weighted with row's policy",
      [0.125, -0.125])
wrong("regrets_by_hand", "sign swapped: v less the value of the action", [-0.2, 0.05])
wrong("regrets_by_hand", "down first, up second", [-0.05, 0.2])
wrong("regrets_by_hand", "multiplied each regret by row's probability of the action (as in the gradient of a softmax)",
      [0.04, -0.04])
wrong("regrets_by_hand", "subtracted the best action's value instead of v", [0.0, -0.25])
wrong("regrets_by_hand", "cut the negative regret to zero (as in regret matching)", [0.2, 0.0])
wrong("regrets_by_hand", "COMA's advantage with column at its likeliest move (left), instead of averaging column out",
      [1.6, -0.4])
wrong("regrets_by_hand", "averaged column's moves uniformly instead of by column's policy: the actions are worth 2 and 7/3",
      [2 - 34 / 15, 7 / 3 - 34 / 15])
wrong("regrets_by_hand", "subtracted the plain mean of the six payoffs of the table (13/6) instead of v",
      [2.25 - 13 / 6, 2.0 - 13 / 6])
wrong("regrets_by_hand", "subtracted the plain mean, and cut the negative one to zero", [0.125, 0.0], mistakes=2)

# ---------------------------------------------------------------- 2. values_of_actions


def _weighted(q, policies, i, start=0):
    """q with all axes but the i-th multiplied by their policy and summed, axes counted after `start`."""
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.tensordot(q, policies[j], dims=([j], [0]))
    return q


@right("values_of_actions", "contracts the other axes from the last to the first")
def values_of_actions(q, policies, i):
    for j in reversed(range(q.ndim)):
        if j != i:
            q = torch.tensordot(q, policies[j], dims=([j], [0]))
    return q


@right("values_of_actions", "torch.func.grad of the joint value in the agent's own policy")
def values_of_actions(q, policies, i):
    def value(mine):
        ps = [mine if j == i else p for j, p in enumerate(policies)]
        out = q
        for p in ps:
            out = torch.einsum("a,a...->...", p, out)
        return out

    return grad(value)(policies[i].clone())


@right("values_of_actions", "one einsum with numbered axes")
def values_of_actions(payoff, pis, me):
    n = payoff.ndim
    args = [payoff, list(range(n))]
    for j in range(n):
        if j != me:
            args += [pis[j], [j]]
    return torch.einsum(*args, [me])


@right("values_of_actions", "loops over all joint actions, a list of floats")
def values_of_actions(q, policies, i):
    out = [0.0] * q.shape[i]
    for acts in product(*map(range, q.shape)):
        w = 1.0
        for j, a in enumerate(acts):
            if j != i:
                w *= float(policies[j][a])
        out[acts[i]] += w * float(q[acts])
    return out


@wrong("values_of_actions", "also multiplies by the agent's own policy: pi(a) v(a)")
def values_of_actions(q, policies, i):
    return policies[i] * _weighted(q, policies, i)


@wrong("values_of_actions", "subtracts v: returns the regrets")
def values_of_actions(q, policies, i):
    v = _weighted(q, policies, i)
    return v - policies[i] @ v


@wrong("values_of_actions", "averages the others uniformly, ignores their policies")
def values_of_actions(q, policies, i):
    return q.movedim(i, 0).flatten(1).mean(1) if q.ndim > 1 else q


@wrong("values_of_actions", "returns the values of the next agent's actions (i + 1) instead of the i-th's")
def values_of_actions(q, policies, i):
    return _weighted(q, policies, (i + 1) % q.ndim)


@wrong("values_of_actions", "counts agents from one: takes axis i - 1 for the agent's")
def values_of_actions(q, policies, i):
    return _weighted(q, policies, (i - 1) % q.ndim)


@wrong("values_of_actions", "the others play their likeliest actions with certainty")
def values_of_actions(q, policies, i):
    return _weighted(q, [F.one_hot(p.argmax(), len(p)).to(p) for p in policies], i)


@wrong("values_of_actions", "maximises over the others' actions (best case) instead of averaging")
def values_of_actions(q, policies, i):
    return q.movedim(i, 0).flatten(1).amax(1)


@wrong("values_of_actions", "multiplies by the others' policies and then takes the mean over their actions instead of the sum "
       "(divided by the number of the others' joint actions)")
def values_of_actions(q, policies, i):
    return _weighted(q, policies, i) * q.shape[i] / q.numel()


@wrong("values_of_actions", "does not weight: sums over the others' actions without their policies")
def values_of_actions(q, policies, i):
    return q.movedim(i, 0).flatten(1).sum(1)


@wrong("values_of_actions", "averages only one other player by its policy, the further ones uniformly (written for two players)")
def values_of_actions(q, policies, i):
    j = 1 if i == 0 else 0
    ps = [p if k == j else torch.full_like(p, 1 / len(p)) for k, p in enumerate(policies)]
    return _weighted(q, ps, i)


@wrong("values_of_actions", "contracts axes from the front and forgets that later axes move up (fails with three players)")
def values_of_actions(q, policies, i):
    for j in range(len(policies)):
        if j != i:
            q = torch.tensordot(q, policies[j], dims=([j], [0]))
    return q


@wrong("values_of_actions", "counts agents from one, and averages the others uniformly", mistakes=2)
def values_of_actions(q, policies, i):
    return q.movedim((i - 1) % q.ndim, 0).flatten(1).mean(1)


# ---------------------------------------------------------------- 3. regret_advantage


def _v(q, policies, i):
    """(B, A_i): values of agent i's actions, per state."""
    def one(x, *ps):
        return _weighted(x, ps, i)

    return vmap(one)(q, *policies)


@right("regret_advantage", "vmap over the batch")
def regret_advantage(q, policies, i):
    def one(x, *ps):
        for j in reversed(range(len(ps))):
            if j != i:
                x = torch.tensordot(x, ps[j], dims=([j], [0]))
        return x - ps[i] @ x

    return vmap(one)(q, *policies)


@right("regret_advantage", "multiplies with reshaped policies and sums the axes")
def regret_advantage(q, policies, i):
    for j, p in enumerate(policies):
        if j != i:
            shape = [len(p)] + [1] * (q.ndim - 1)
            shape[j + 1] = p.shape[1]
            q = (q * p.reshape(shape)).sum(j + 1, keepdim=True)
    v = q.flatten(1)
    return v - (policies[i] * v).sum(1, keepdim=True)


@right("regret_advantage", "one einsum with letters, the answer in float32")
def regret_advantage(q, policies, i):
    letters = "abcdefgh"[: q.ndim - 1]
    others = [j for j in range(len(policies)) if j != i]
    spec = ",".join(["z" + letters] + ["z" + letters[j] for j in others]) + "->z" + letters[i]
    v = torch.einsum(spec, q, *[policies[j] for j in others])
    return (v - torch.einsum("za,za->z", policies[i], v)[:, None]).float()


@right("regret_advantage", "loops over states and joint actions, a list of lists")
def regret_advantage(q, policies, i):
    out = []
    for b in range(len(q)):
        v = [0.0] * q.shape[i + 1]
        for acts in product(*map(range, q.shape[1:])):
            w = 1.0
            for j, a in enumerate(acts):
                w *= 1.0 if j == i else policies[j][b, a].item()
            v[acts[i]] += w * q[b][acts].item()
        base = sum(p * x for p, x in zip(policies[i][b].tolist(), v))
        out.append([x - base for x in v])
    return out


@wrong("regret_advantage", "subtracts the plain mean over the agent's actions instead of the one weighted with its policy")
def regret_advantage(q, policies, i):
    v = _v(q, policies, i)
    return v - v.mean(1, keepdim=True)


@wrong("regret_advantage", "subtracts nothing: returns the values of the actions")
def regret_advantage(q, policies, i):
    return _v(q, policies, i)


@wrong("regret_advantage", "sign swapped: v(s) less the value of the action")
def regret_advantage(q, policies, i):
    v = _v(q, policies, i)
    return (policies[i] * v).sum(1, keepdim=True) - v


@wrong("regret_advantage", "uses everybody's policies of the first state in all states")
def regret_advantage(q, policies, i):
    return regret_ok(q, [p[:1].expand(len(q), -1) for p in policies], i)


def regret_ok(q, policies, i):
    v = _v(q, policies, i)
    return v - (policies[i] * v).sum(1, keepdim=True)


@wrong("regret_advantage", "averages the policies over the batch before using them")
def regret_advantage(q, policies, i):
    return regret_ok(q, [p.mean(0, keepdim=True).expand(len(q), -1) for p in policies], i)


@wrong("regret_advantage", "v(s) averaged over the batch as well: one baseline for all states")
def regret_advantage(q, policies, i):
    v = _v(q, policies, i)
    return v - (policies[i] * v).sum(1).mean()


@wrong("regret_advantage", "multiplies the regrets by the agent's policy")
def regret_advantage(q, policies, i):
    return policies[i] * regret_ok(q, policies, i)


@wrong("regret_advantage", "subtracts the best action's value instead of v(s)")
def regret_advantage(q, policies, i):
    v = _v(q, policies, i)
    return v - v.amax(1, keepdim=True)


@wrong("regret_advantage", "cuts negative regrets to zero")
def regret_advantage(q, policies, i):
    return regret_ok(q, policies, i).clamp(min=0)


@wrong("regret_advantage", "standardises the advantages over the batch (less mean, by standard deviation)")
def regret_advantage(q, policies, i):
    a = regret_ok(q, policies, i)
    return (a - a.mean()) / (a.std() + 1e-8)


@wrong("regret_advantage", "returns the mean over the batch, (A_i,)")
def regret_advantage(q, policies, i):
    return regret_ok(q, policies, i).mean(0)


@wrong("regret_advantage", "puts the others at their likeliest actions (COMA) instead of averaging them out")
def regret_advantage(q, policies, i):
    hard = [p if j == i else F.one_hot(p.argmax(1), p.shape[1]).to(p) for j, p in enumerate(policies)]
    return regret_ok(q, hard, i)


@wrong("regret_advantage", "passes the probabilities through a softmax as if they were logits")
def regret_advantage(q, policies, i):
    return regret_ok(q, [p.softmax(1) for p in policies], i)


@wrong("regret_advantage", "takes the next agent (i + 1) instead of the i-th")
def regret_advantage(q, policies, i):
    return regret_ok(q, policies, (i + 1) % len(policies))


@wrong("regret_advantage", "subtracts the plain mean of the agent's actions, and the others play uniformly", mistakes=2)
def regret_advantage(q, policies, i):
    v = _v(q, [torch.full_like(p, 1 / p.shape[1]) for p in policies], i)
    return v - v.mean(1, keepdim=True)


# ---------------------------------------------------------------- 4. coma


@right("coma", "column c less its mean under row's policy")
def coma(q, row, c):
    return q[:, c] - row @ q[:, c]


@right("coma", "Jacobian of the value in logits, divided by the policy (index_select for the column)")
def coma(q, row, c):
    col = q.index_select(1, torch.as_tensor([int(c)])).squeeze(1)
    jac = torch.diag(row) - torch.outer(row, row)
    return torch.where(row > 0, (jac @ col) / row.clamp(min=1e-300), col - (row * col).sum())


@right("coma", "loop over lists")
def coma(payoffs, mine, played):
    got = [line[played] for line in payoffs.tolist()]
    base = sum(p * x for p, x in zip(mine.tolist(), got))
    return [x - base for x in got]


@wrong("coma", "averages uniformly over row's actions in the baseline, instead of by row's policy")
def coma(q, row, c):
    return q[:, c] - q[:, c].mean()


@wrong("coma", "subtracts no baseline")
def coma(q, row, c):
    return q[:, c]


@wrong("coma", "takes row c of q instead of column c for the payoffs (the baseline is right)")
def coma(q, row, c):
    return q[c % len(q)] - (row @ q)[c]


@wrong("coma", "averages column's moves out in the baseline (uniformly), the value only is at c")
def coma(q, row, c):
    return q[:, c] - row @ q.mean(1)


@wrong("coma", "ignores c: averages uniformly over all of column's moves")
def coma(q, row, c):
    v = q.mean(1)
    return v - row @ v


@wrong("coma", "counts column's moves from one: takes column c - 1")
def coma(q, row, c):
    return q[:, c - 1] - row @ q[:, c - 1]


@wrong("coma", "sign swapped: baseline less value")
def coma(q, row, c):
    return row @ q[:, c] - q[:, c]


@wrong("coma", "subtracts the best action's payoff against c instead of the policy's")
def coma(q, row, c):
    return q[:, c] - q[:, c].max()


@wrong("coma", "multiplies the advantages by row's policy")
def coma(q, row, c):
    return row * (q[:, c] - row @ q[:, c])


@wrong("coma", "returns one number, the advantage of row's likeliest action")
def coma(q, row, c):
    return (q[:, c] - row @ q[:, c])[row.argmax()]


@wrong("coma", "baseline from the mean over row's actions uniformly, and column c - 1", mistakes=2)
def coma(q, row, c):
    return q[:, c - 1] - q[:, c - 1].mean()


# ---------------------------------------------------------------- 5. match_regrets


@right("match_regrets", "clamp and normalise, uniform if the sum is zero")
def match_regrets(total):
    plus = total.clamp(min=0)
    return plus / plus.sum() if plus.sum() > 0 else torch.full_like(plus, 1 / len(plus))


@right("match_regrets", "numpy, where")
def match_regrets(total):
    x = np.maximum(np.asarray(total, dtype=float), 0)
    x = np.where((x > 0).any(), x, np.ones_like(x))
    return x / x.sum()


@right("match_regrets", "plain lists")
def match_regrets(sums):
    good = [max(float(x), 0.0) for x in sums]
    s = sum(good)
    return [g / s for g in good] if s else [1 / len(good)] * len(good)


@right("match_regrets", "F.normalize by the 1-norm, uniform added where it gave zeros")
def match_regrets(total):
    p = torch.nn.functional.normalize(F.relu(total), p=1, dim=0, eps=1e-300)
    return p + (1 - p.sum()).round() / len(p)


@wrong("match_regrets", "softmax of the sums")
def match_regrets(total):
    return total.softmax(0)


@wrong("match_regrets", "plays the action of the largest sum with certainty")
def match_regrets(total):
    return F.one_hot(total.argmax(), len(total)).to(total)


@wrong("match_regrets", "uses the absolute values of the sums instead of their positive parts")
def match_regrets(total):
    x = total.abs()
    return x / x.sum() if x.sum() > 0 else torch.full_like(x, 1 / len(x))


@wrong("match_regrets", "no case for no positive sum: divides by zero (nan)")
def match_regrets(total):
    x = F.relu(total)
    return x / x.sum()


@wrong("match_regrets", "uniform only if all sums are strictly negative: with a largest sum of exactly zero it divides by zero")
def match_regrets(total):
    if (total < 0).all():
        return torch.full_like(total, 1 / len(total))
    x = total.clamp(min=0)
    return x / x.sum()


@wrong("match_regrets", "all zeros instead of a uniform policy if no sum is positive")
def match_regrets(total):
    x = total.clamp(min=0)
    return x / x.sum() if x.sum() > 0 else x


@wrong("match_regrets", "if no sum is positive, plays the least bad action instead of uniformly")
def match_regrets(total):
    x = total.clamp(min=0)
    return x / x.sum() if x.sum() > 0 else F.one_hot(total.argmax(), len(total)).to(total)


@wrong("match_regrets", "divides the positive parts by the sum of all, negative ones included")
def match_regrets(total):
    x = total.clamp(min=0)
    return x / total.sum() if x.sum() > 0 else torch.full_like(x, 1 / len(x))


@wrong("match_regrets", "shifts the sums by their smallest instead of cutting negative ones")
def match_regrets(total):
    x = total - total.min()
    return x / x.sum() if x.sum() > 0 else torch.full_like(x, 1 / len(x))


@wrong("match_regrets", "uniform over the actions of positive sum, not in proportion")
def match_regrets(total):
    x = (total > 0).to(total)
    return x / x.sum() if x.sum() > 0 else torch.full_like(x, 1 / len(x))


@wrong("match_regrets", "sign swapped: in proportion to the negative parts")
def match_regrets(total):
    x = (-total).clamp(min=0)
    return x / x.sum() if x.sum() > 0 else torch.full_like(x, 1 / len(x))


@wrong("match_regrets", "uniform as soon as one sum is not positive (all instead of any)")
def match_regrets(total):
    x = total.clamp(min=0)
    return x / x.sum() if (total > 0).all() else torch.full_like(x, 1 / len(x))


@wrong("match_regrets", "cuts nothing: divides the sums by their sum, negative probabilities")
def match_regrets(total):
    return total / total.sum() if (total > 0).any() else torch.full_like(total, 1 / len(total))


@wrong("match_regrets", "negative sums count too (not cut to zero), and in proportion to the squares", mistakes=2)
def match_regrets(total):
    x = total ** 2
    return x / x.sum() if x.sum() > 0 else torch.full_like(x, 1 / len(x))


# ---------------------------------------------------------------- 6. error_bound


def _kl(p, d):
    return (torch.special.xlogy(p, p) - torch.special.xlogy(p, d)).sum()


@right("error_bound", "xlogy")
def error_bound(q, true, predicted):
    kl = (torch.special.xlogy(true, true) - torch.special.xlogy(true, predicted)).sum().clamp(min=0)
    return 2 * (q.max() - q.min()) * (kl / 2).sqrt()


@right("error_bound", "loop with math.log, zeros skipped, a float")
def error_bound(q, true, predicted):
    kl = 0.0
    for p, d in zip(true.tolist(), predicted.tolist()):
        if p > 0:
            kl += p * log(p / d) if d > 0 else inf
    return 2 * float(q.max() - q.min()) * sqrt(max(kl, 0) / 2)


@right("error_bound", "mask for zeros, torch.aminmax for the span")
def error_bound(q, true, predicted):
    keep = true > 0
    kl = (true[keep] * (true[keep] / predicted[keep]).log()).sum().clamp(min=0)
    low, high = torch.aminmax(q)
    return 2 * (high - low) * torch.sqrt(kl / 2)


@wrong("error_bound", "KL the other way round: of the prediction from the truth")
def error_bound(q, true, predicted):
    return 2 * (q.max() - q.min()) * (_kl(predicted, true).clamp(min=0) / 2).sqrt()


@wrong("error_bound", "KL in bits (log2) instead of nats")
def error_bound(q, true, predicted):
    return 2 * (q.max() - q.min()) * (_kl(true, predicted).clamp(min=0) / log(2) / 2).sqrt()


@wrong("error_bound", "forgot the 2 in front")
def error_bound(q, true, predicted):
    return (q.max() - q.min()) * (_kl(true, predicted).clamp(min=0) / 2).sqrt()


@wrong("error_bound", "did not halve KL under the root")
def error_bound(q, true, predicted):
    return 2 * (q.max() - q.min()) * _kl(true, predicted).clamp(min=0).sqrt()


@wrong("error_bound", "forgot the square root")
def error_bound(q, true, predicted):
    return 2 * (q.max() - q.min()) * _kl(true, predicted) / 2


@wrong("error_bound", "halves outside of the root instead of inside")
def error_bound(q, true, predicted):
    return 2 * (q.max() - q.min()) * _kl(true, predicted).clamp(min=0).sqrt() / 2


@wrong("error_bound", "the largest payoff instead of the span max - min")
def error_bound(q, true, predicted):
    return 2 * q.max() * (_kl(true, predicted).clamp(min=0) / 2).sqrt()


@wrong("error_bound", "the largest absolute payoff instead of the span")
def error_bound(q, true, predicted):
    return 2 * q.abs().max() * (_kl(true, predicted).clamp(min=0) / 2).sqrt()


@wrong("error_bound", "the largest span within one of row's actions instead of the span of the whole table")
def error_bound(q, true, predicted):
    span = (q.amax(1) - q.amin(1)).max()
    return 2 * span * (_kl(true, predicted).clamp(min=0) / 2).sqrt()


@wrong("error_bound", "nan where the true policy has a zero: 0 log 0 not taken as 0")
def error_bound(q, true, predicted):
    return 2 * (q.max() - q.min()) * ((true * (true / predicted).log()).sum().clamp(min=0) / 2).sqrt()


@wrong("error_bound", "averages over the actions in KL instead of summing (F.kl_div's default reduction)")
def error_bound(q, true, predicted):
    return 2 * (q.max() - q.min()) * (_kl(true, predicted).clamp(min=0) / len(true) / 2).sqrt()


@wrong("error_bound", "cross-entropy instead of KL (the true policy's entropy is not subtracted)")
def error_bound(q, true, predicted):
    return 2 * (q.max() - q.min()) * (-torch.special.xlogy(true, predicted).sum() / 2).sqrt()


@wrong("error_bound", "total variation distance in place of the square root of KL / 2")
def error_bound(q, true, predicted):
    return 2 * (q.max() - q.min()) * (true - predicted).abs().sum() / 2


@wrong("error_bound", "F.kl_div with the prediction's probabilities instead of their logarithm")
def error_bound(q, true, predicted):
    return 2 * (q.max() - q.min()) * (F.kl_div(predicted, true, reduction="sum").abs() / 2).sqrt()


@wrong("error_bound", "KL the other way round, and in bits", mistakes=2)
def error_bound(q, true, predicted):
    return 2 * (q.max() - q.min()) * (_kl(predicted, true).clamp(min=0) / log(2) / 2).sqrt()


# ---------------------------------------------------------------- 7. misleading

_q = torch.tensor([[0.0, 4.0, 4.0], [1.0, 0.0, 0.0]])
_row, _col = torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.25, 0.25])
right("misleading", "first action bad against the likeliest move, good against the two others", (_q, _row, _col))
right("misleading", "lists, negative payoffs, the likeliest move is the last",
      ([[-1.0, 5.0, -3.0], [-2.0, -2.0, -2.0]], [0.3, 0.7], [0.2, 0.35, 0.45]))
right("misleading", "numpy float32, likeliest in the middle",
      (np.array([[10, -1, 3], [0, 0, 0]], dtype=np.float32), np.array([0.9, 0.1], dtype=np.float32),
       np.array([0.2, 0.6, 0.2], dtype=np.float32)))
wrong("misleading", "row is pure (plays the second action with certainty)", (_q, torch.tensor([0.0, 1.0]), _col))
wrong("misleading", "column is pure: then both agree, the regret is negative", (_q, _row, torch.tensor([1.0, 0.0, 0.0])))
wrong("misleading", "the second action, not the first, has the positive regret and the negative COMA advantage (rows swapped)",
      (_q[[1, 0]], _row, _col))
wrong("misleading", "COMA misleads against column's unlikeliest move, not its likeliest",
      (torch.tensor([[4.0, 4.0, 0.0], [0.0, 0.0, 1.0]]), _row, torch.tensor([0.5, 0.3, 0.2])))
wrong("misleading", "the regret of the first action is exactly zero (both actions worth the same)",
      (torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]), _row, _col))
wrong("misleading", "COMA's advantage is exactly zero (both actions pay the same against the likeliest move)",
      (torch.tensor([[1.0, 4.0, 4.0], [1.0, 0.0, 0.0]]), _row, _col))
wrong("misleading", "COMA and regret are both positive", (torch.tensor([[2.0, 4.0, 4.0], [1.0, 0.0, 0.0]]), _row, _col))
wrong("misleading", "COMA and regret are both negative: the two other moves do not make up for the likeliest",
      (torch.tensor([[0.0, 1.0, 1.0], [4.0, 0.0, 0.0]]), _row, _col))
wrong("misleading", "payoffs are transposed, 3 x 2", (_q.T, _row, _col))
wrong("misleading", "column's numbers do not sum to one (weights 2, 1, 1)", (_q, _row, torch.tensor([2.0, 1.0, 1.0])))
wrong("misleading", "row's and column's policies in the wrong order", (_q, _col, _row))
wrong("misleading", "row is pure, and the regret of the first action is exactly zero",
      (torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]), torch.tensor([0.0, 1.0]), _col), mistakes=2)
