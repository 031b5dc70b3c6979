"""Answers of several students to sheet 02, regret."""

import math
from functools import reduce
from itertools import product

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

q = torch.tensor([[3.0, 0.0, 3.0], [1.0, 2.0, 4.0]])
row = torch.tensor([0.2, 0.8])
column = torch.tensor([0.5, 0.25, 0.25])

# ---------------------------------------------------------------- regrets_by_hand
right("regrets_by_hand", "by hand: 2.25 - 2.05 and 2 - 2.05", [0.2, -0.05])
right("regrets_by_hand", "computed as a tensor from the table", q @ column - row @ q @ column)
right("regrets_by_hand", "a tuple of fractions", (1 / 5, -1 / 20))

wrong("regrets_by_hand", "sign: the policy's value minus the action's", [-0.2, 0.05])
wrong("regrets_by_hand", "order swapped: that of down first", [-0.05, 0.2])
wrong("regrets_by_hand", "the values of the actions, the policy's value is not subtracted", [2.25, 2.0])
wrong("regrets_by_hand", "subtracts the best action's value (2.25) instead of the policy's", [0.0, -0.25])
wrong("regrets_by_hand", "subtracts the value of the other action", [0.25, -0.25])
wrong("regrets_by_hand", "column taken as uniform instead of 0.5, 0.25, 0.25", [2 - (0.4 + 0.8 * 7 / 3), 7 / 3 - (0.4 + 0.8 * 7 / 3)])
wrong("regrets_by_hand", "row taken as uniform: subtracts 2.125", [0.125, -0.125])
wrong("regrets_by_hand", "weights each regret with row's probability of the action", [0.04, -0.04])
wrong("regrets_by_hand", "COMA's advantage against left, column's likeliest move, instead of averaging over column", [1.6, -0.4])
wrong("regrets_by_hand", "cuts negative regrets off at zero", [0.2, 0.0])
wrong("regrets_by_hand", "row's probabilities swapped (0.8 for up)", [0.05, -0.2])
wrong("regrets_by_hand", "rounds to one decimal", [0.2, -0.1])
wrong("regrets_by_hand", "slip in the sum for down: 0.25 * 4 counted as 0.25, so that down is worth 1.25", [0.8, -0.2])
wrong("regrets_by_hand", "two things: row taken as uniform, and the sign the wrong way round", [-0.125, 0.125], mistakes=2)
wrong("regrets_by_hand", "two things: the sign the wrong way round, and that of down first", [0.05, -0.2], mistakes=2)

# ---------------------------------------------------------------- values_of_actions


@right("values_of_actions", "loop over all joint actions with itertools.product")
def _(q, policies, i):
    v = [0.0] * q.shape[i]
    for joint in product(*[range(n) for n in q.shape]):
        p = 1.0
        for j, a in enumerate(joint):
            if j != i:
                p = p * float(policies[j][a])
        v[joint[i]] += p * float(q[joint])
    return torch.tensor(v)


@right("values_of_actions", "averages one axis after the other out, from the last one to the first, tensordot")
def _(q, policies, i):
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.tensordot(q, policies[j], dims=([j], [0]))
    return q


@right("values_of_actions", "gradient of the expected payoff in the own policy, torch.func.grad")
def _(q, policies, i):
    def value(mine):
        x = q
        for j, p in enumerate(policies):
            x = torch.einsum("a...,a->...", x, mine if j == i else p)
        return x

    return torch.func.grad(value)(policies[i].clone())


@right("values_of_actions", "numpy einsum with numbered axes, returns a numpy array")
def _(q, policies, i):
    args = [np.asarray(q), list(range(q.ndim))]
    for j, p in enumerate(policies):
        if j != i:
            args += [np.asarray(p), [j]]
    return np.einsum(*args, [i])


@wrong("values_of_actions", "multiplies with the own policy as well: each value is weighted with the own probability")
def _(q, policies, i):
    for j, p in enumerate(policies):
        shape = [1] * q.dim()
        shape[j] = -1
        q = q * p.reshape(shape)
    return q.sum([j for j in range(q.dim()) if j != i])


def _average(q, policies, i):
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.tensordot(q, policies[j], dims=([j], [0]))
    return q


@wrong("values_of_actions", "counts agents from one: answers for axis i - 1")
def _(q, policies, i):
    return _average(q, policies, (i - 1) % q.dim())


@wrong("values_of_actions", "averages the others uniformly, their policies are not used")
def _(q, policies, i):
    return q.mean([j for j in range(q.dim()) if j != i])


@wrong("values_of_actions", "sums over the others' actions without weights")
def _(q, policies, i):
    return q.sum([j for j in range(q.dim()) if j != i])


@wrong("values_of_actions", "subtracts the value of the own policy too: returns regrets")
def _(q, policies, i):
    v = _average(q, policies, i)
    return v - v @ policies[i]


@wrong("values_of_actions", "takes the best the others could do for the agent (max over their actions) instead of averaging")
def _(q, policies, i):
    return q.amax([j for j in range(q.dim()) if j != i])


@wrong("values_of_actions", "others play their likeliest action only (argmax)")
def _(q, policies, i):
    index = [int(p.argmax()) for p in policies]
    index[i] = slice(None)
    return q[tuple(index)]


@wrong("values_of_actions", "averages only one other agent (the last other) by its policy, the rest uniformly; right for two players")
def _(q, policies, i):
    other = max(j for j in range(q.dim()) if j != i)
    q = torch.movedim(q, [i, other], [0, 1])
    q = torch.einsum("ab...,b->a...", q, policies[other])
    return q.flatten(1).mean(1) if q.dim() > 1 else q


@wrong("values_of_actions", "swaps axis i with axis 0 but takes the others' policies in their old order; right for i = 0 and 1, axes and policies do not match from i = 2 on")
def _(q, policies, i):
    q = q.transpose(0, i)
    others = [p for j, p in enumerate(policies) if j != i]
    for p in reversed(others):
        q = q @ p
    return q


@wrong("values_of_actions", "averages from the first axis on without minding that the axes shift: with three players it is right for i = 0 and 1, for i = 2 the wrong axis is averaged (or sizes do not match)")
def _(q, policies, i):
    for j in range(len(policies)):
        if j != i:
            q = torch.tensordot(q, policies[j], dims=([min(j, q.dim() - 1)], [0]))
    return q


@wrong("values_of_actions", "divides by the number of joint actions of the others although it is weighted already")
def _(q, policies, i):
    return _average(q, policies, i) / (q.numel() / q.shape[i])


@wrong("values_of_actions", "averages everybody out, the own action too: returns one number, the policy's value")
def _(q, policies, i):
    return _average(q, policies, i) @ policies[i]


@wrong("values_of_actions", "takes the policies for logits: softmax over them before averaging")
def _(q, policies, i):
    return _average(q, [p.softmax(0) for p in policies], i)


@wrong("values_of_actions", "adds up the averages over each other agent separately (the rest uniform) instead of one average over all; right for two players")
def _(q, policies, i):
    uniform = [torch.full_like(p, 1 / len(p)) for p in policies]
    total = 0
    for j in range(q.dim()):
        if j != i:
            these = [policies[k] if k == j else uniform[k] for k in range(q.dim())]
            total = total + _average(q, these, i)
    return total


@wrong("values_of_actions", "two things: counts agents from one, and averages uniformly", mistakes=2)
def _(q, policies, i):
    i = (i - 1) % q.dim()
    return q.mean([j for j in range(q.dim()) if j != i])


# ---------------------------------------------------------------- regret_advantage


@right("regret_advantage", "loop over the batch, tensordot inside")
def _(q, policies, i):
    out = []
    for b in range(len(q)):
        v = _average(q[b], [p[b] for p in policies], i)
        out.append(v - v @ policies[i][b])
    return torch.stack(out)


@right("regret_advantage", "one einsum with letters for all players")
def _(q, policies, i):
    letters = "abcdefgh"[: len(policies)]
    others = [j for j in range(len(policies)) if j != i]
    formula = "z" + letters + "".join(",z" + letters[j] for j in others) + "->z" + letters[i]
    v = torch.einsum(formula, q, *[policies[j] for j in others])
    return v - (v * policies[i]).sum(1, keepdim=True)


@right("regret_advantage", "gradient of the summed value in the own policy, minus the value, by autograd")
def _(q, policies, i):
    mine = policies[i].detach().clone().requires_grad_()
    x = q.detach()
    for j, p in enumerate(policies):
        x = torch.einsum("za...,za->z...", x, mine if j == i else p)
    (v,) = torch.autograd.grad(x.sum(), mine)
    return v - x.detach()[:, None]


@right("regret_advantage", "numpy, broadcasts each other policy along its axis")
def _(q, policies, i):
    q = np.array(q)
    n = len(policies)
    for j in range(n):
        if j != i:
            shape = [q.shape[0]] + [1] * n
            shape[j + 1] = -1
            q = (q * np.asarray(policies[j]).reshape(shape)).sum(j + 1, keepdims=True)
    v = q.reshape(q.shape[0], -1)
    return torch.from_numpy(v - (v * np.asarray(policies[i])).sum(1, keepdims=True))


def _v(q, policies, i):
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.einsum("zb...,zb->z...", q.movedim(j + 1, 1), policies[j])
    return q


@wrong("regret_advantage", "forgets to subtract v(s): only the values of the actions")
def _(q, policies, i):
    return _v(q, policies, i)


@wrong("regret_advantage", "baseline is the plain mean over the own actions instead of the mean by the own policy")
def _(q, policies, i):
    v = _v(q, policies, i)
    return v - v.mean(1, keepdim=True)


@wrong("regret_advantage", "sign: v(s) minus the value of the action")
def _(q, policies, i):
    v = _v(q, policies, i)
    return (v * policies[i]).sum(1, keepdim=True) - v


@wrong("regret_advantage", "baseline is the best own action (max) instead of v(s)")
def _(q, policies, i):
    v = _v(q, policies, i)
    return v - v.amax(1, keepdim=True)


@wrong("regret_advantage", "uses everybody's policy of the first state in all states")
def _(q, policies, i):
    first = [p[:1].expand(len(q), -1) for p in policies]
    v = _v(q, first, i)
    return v - (v * first[i]).sum(1, keepdim=True)


@wrong("regret_advantage", "v(s) is averaged over the batch: one baseline for all states")
def _(q, policies, i):
    v = _v(q, policies, i)
    return v - (v * policies[i]).sum(1).mean()


@wrong("regret_advantage", "forgets keepdim: subtracts v(s) along the actions, only fits where B equals A_i (or B is 1)")
def _(q, policies, i):
    v = _v(q, policies, i)
    return v - (v * policies[i]).sum(1)


@wrong("regret_advantage", "weights each regret with the own policy's probability")
def _(q, policies, i):
    v = _v(q, policies, i)
    return policies[i] * (v - (v * policies[i]).sum(1, keepdim=True))


@wrong("regret_advantage", "cuts negative regrets off at zero")
def _(q, policies, i):
    v = _v(q, policies, i)
    return (v - (v * policies[i]).sum(1, keepdim=True)).clamp(min=0)


@wrong("regret_advantage", "off by one: forgets that axis 0 is the batch, answers for the agent before i")
def _(q, policies, i):
    i = (i - 1) % len(policies)
    v = _v(q, policies, i)
    return v - (v * policies[i]).sum(1, keepdim=True)


@wrong("regret_advantage", "others averaged uniformly, only the own policy is used")
def _(q, policies, i):
    v = q.mean([j + 1 for j in range(len(policies)) if j != i])
    return v - (v * policies[i]).sum(1, keepdim=True)


@wrong("regret_advantage", "COMA: others left at their likeliest action instead of averaged out")
def _(q, policies, i):
    onehot = [torch.nn.functional.one_hot(p.argmax(1), p.shape[1]).to(q.dtype) for p in policies]
    v = _v(q, onehot, i)
    return v - (v * policies[i]).sum(1, keepdim=True)


@wrong("regret_advantage", "normalises the advantages over the batch by their standard deviation")
def _(q, policies, i):
    v = _v(q, policies, i)
    adv = v - (v * policies[i]).sum(1, keepdim=True)
    return adv / (adv.std() + 1e-8)


@wrong("regret_advantage", "the baseline v(s) is cut off at 0 from below; wrong only where v(s) is negative")
def _(q, policies, i):
    v = _v(q, policies, i)
    return v - (v * policies[i]).sum(1, keepdim=True).clamp(min=0)


@wrong("regret_advantage", "the result transposed: (A_i, B)")
def _(q, policies, i):
    v = _v(q, policies, i)
    return (v - (v * policies[i]).sum(1, keepdim=True)).T


@wrong("regret_advantage", "two things: the sign the wrong way round, and a plain mean over the own actions as baseline", mistakes=2)
def _(q, policies, i):
    v = _v(q, policies, i)
    return v.mean(1, keepdim=True) - v


@wrong("regret_advantage", "two things: others averaged uniformly, and no baseline", mistakes=2)
def _(q, policies, i):
    return q.mean([j + 1 for j in range(len(policies)) if j != i])


# ---------------------------------------------------------------- coma
right("coma", "one line: column c minus its mean by row's policy", lambda q, row, c: q[:, c] - row @ q[:, c])


@right("coma", "loop, returns a list of numbers")
def _(q, row, c):
    got = [float(q[a, c]) for a in range(len(row))]
    base = sum(float(p) * x for p, x in zip(row, got))
    return [x - base for x in got]


@right("coma", "full table of advantages by an outer product, then column c, numpy")
def _(q, row, c):
    q, row = np.asarray(q), np.asarray(row)
    table = q - np.outer(np.ones(len(row)), row @ q)
    return table[:, int(c)]


wrong("coma", "counts column's actions from one: takes column c - 1", lambda q, row, c: q[:, c - 1] - row @ q[:, c - 1])
wrong("coma", "no baseline: only what each action would have got", lambda q, row, c: q[:, c])
wrong("coma", "baseline is the plain mean over row's actions", lambda q, row, c: q[:, c] - q[:, c].mean())
wrong("coma", "sign: baseline minus payoff", lambda q, row, c: row @ q[:, c] - q[:, c])
wrong("coma", "baseline averaged over all of column's actions (uniformly) instead of c alone",
      lambda q, row, c: q[:, c] - row @ q.mean(1))
wrong("coma", "averages over column's actions instead of leaving it at c", lambda q, row, c: q.mean(1) - row @ q.mean(1))
wrong("coma", "weights each advantage with row's probability", lambda q, row, c: row * (q[:, c] - row @ q[:, c]))
wrong("coma", "baseline is the best action's payoff (max)", lambda q, row, c: q[:, c] - q[:, c].max())
wrong("coma", "baseline taken from column's first action, whatever c is; right for c = 0", lambda q, row, c: q[:, c] - row @ q[:, 0])
wrong("coma", "mean over row's first two actions only, as in the example; right for two actions",
      lambda q, row, c: q[:, c] - (row[0] * q[0, c] + row[1] * q[1, c]))
wrong("coma", "wrong axis: takes row c of the payoffs, q[c], instead of column c; fails with an error unless the table is square",
      lambda q, row, c: q[c] - row @ q[c])
wrong("coma", "baseline is the payoff of row's likeliest action instead of the mean by the policy",
      lambda q, row, c: q[:, c] - q[row.argmax(), c])
wrong("coma", "returns the absolute values", lambda q, row, c: (q[:, c] - row @ q[:, c]).abs())
wrong("coma", "two things: counts column's actions from one, and the sign the wrong way round",
      lambda q, row, c: row @ q[:, c - 1] - q[:, c - 1], mistakes=2)

# ---------------------------------------------------------------- match_regrets


@right("match_regrets", "clamp and an if")
def _(total):
    positive = total.clamp(min=0)
    if positive.sum() > 0:
        return positive / positive.sum()
    return torch.full_like(positive, 1 / len(total))


@right("match_regrets", "plain Python, returns a list")
def _(total):
    good = [max(float(x), 0.0) for x in total]
    s = sum(good)
    return [x / s for x in good] if s > 0 else [1 / len(good)] * len(good)


@right("match_regrets", "torch.where with a uniform policy, relu")
def _(total):
    p = torch.relu(total)
    uniform = torch.ones_like(p) / p.numel()
    return torch.where(p.sum() > 0, p / p.sum().clamp(min=1e-300), uniform)


@wrong("match_regrets", "takes absolute values instead of cutting negative sums off")
def _(total):
    a = total.abs()
    return a / a.sum() if a.sum() > 0 else torch.ones_like(a) / len(a)


@wrong("match_regrets", "softmax of the sums")
def _(total):
    return total.softmax(0)


@wrong("match_regrets", "does not cut negative sums off: proportional to all sums, so that some probabilities are negative")
def _(total):
    if (total > 0).any():
        return total / total.sum()
    return torch.ones_like(total) / len(total)


@wrong("match_regrets", "plays uniformly only if all sums are negative: nan (0 / 0) where none is positive and the largest is zero")
def _(total):
    if (total < 0).all():
        return torch.ones_like(total) / len(total)
    p = total.clamp(min=0)
    return p / p.sum()


@wrong("match_regrets", "forgets the case without a positive sum: 0 / 0")
def _(total):
    p = total.clamp(min=0)
    return p / p.sum()


@wrong("match_regrets", "returns zeros where no sum is positive instead of the uniform policy")
def _(total):
    p = total.clamp(min=0)
    return p / p.sum() if p.sum() > 0 else p


@wrong("match_regrets", "plays the action with the largest sum only")
def _(total):
    if total.max() <= 0:
        return torch.ones_like(total) / len(total)
    p = torch.zeros_like(total)
    p[total.argmax()] = 1
    return p


@wrong("match_regrets", "where no sum is positive, plays the least bad action instead of uniformly")
def _(total):
    p = total.clamp(min=0)
    if p.sum() > 0:
        return p / p.sum()
    p[total.argmax()] = 1
    return p


@wrong("match_regrets", "uniform over the actions with a positive sum instead of in proportion")
def _(total):
    p = (total > 0).to(total.dtype)
    return p / p.sum() if p.sum() > 0 else torch.ones_like(p) / len(p)


@wrong("match_regrets", "divides the positive parts by the sum of all sums, the negative ones included")
def _(total):
    p = total.clamp(min=0)
    return p / total.sum() if p.sum() > 0 else torch.ones_like(p) / len(p)


@wrong("match_regrets", "uniform as soon as any sum is not positive")
def _(total):
    if (total <= 0).any():
        return torch.ones_like(total) / len(total)
    return total / total.sum()


@wrong("match_regrets", "shifts all sums by the smallest instead of cutting negative ones off")
def _(total):
    p = total - total.min()
    return p / p.sum() if p.sum() > 0 else torch.ones_like(p) / len(p)


@wrong("match_regrets", "uniform probability is always 1/3, as there were three actions in the example")
def _(total):
    p = total.clamp(min=0)
    return p / p.sum() if p.sum() > 0 else torch.full_like(p, 1 / 3)


@wrong("match_regrets", "plays uniformly already where the positive sums add up to less than 0.01; right for larger sums")
def _(total):
    p = total.clamp(min=0)
    return p / p.sum() if p.sum() > 0.01 else torch.ones_like(p) / len(p)


@wrong("match_regrets", "adds 0.01 to the denominator against division by zero, so that the policy does not sum to one")
def _(total):
    p = total.clamp(min=0)
    return p / (p.sum() + 0.01) if p.sum() > 0 else torch.ones_like(p) / len(p)


@wrong("match_regrets", "cuts the sums off to whole numbers first; right for whole sums")
def _(total):
    p = total.long().clamp(min=0)
    return p / p.sum() if p.sum() > 0 else torch.ones(len(p)) / len(p)


@wrong("match_regrets", "where no sum is positive but some are zero, plays only those that are zero")
def _(total):
    p = total.clamp(min=0)
    if p.sum() > 0:
        return p / p.sum()
    z = (total == 0).to(p.dtype)
    return z / z.sum() if z.sum() > 0 else torch.ones_like(p) / len(p)


@wrong("match_regrets", "two things: absolute values instead of cutting off, and 0 / 0 where all are zero", mistakes=2)
def _(total):
    return total.abs() / total.abs().sum()


@wrong("match_regrets", "two things: divides by the number of actions instead of by the sum, and zeros where no sum is positive", mistakes=2)
def _(total):
    return total.clamp(min=0) / len(total)


# ---------------------------------------------------------------- error_bound


def _kl(p, d):
    return (torch.xlogy(p, p) - torch.xlogy(p, d)).sum()


@right("error_bound", "xlogy as in the text")
def _(q, true, predicted):
    kl = torch.xlogy(true, true / predicted).sum()
    return 2 * (q.max() - q.min()) * (kl / 2).sqrt()


@right("error_bound", "a loop over the actions that are played, math")
def _(q, true, predicted):
    kl = 0.0
    for p, d in zip(true.tolist(), predicted.tolist()):
        if p > 0:
            kl += p * math.log(p / d)
    span = max(map(max, q.tolist())) - min(map(min, q.tolist()))
    return 2 * span * math.sqrt(max(kl, 0.0) / 2)


@right("error_bound", "torch.nn.functional.kl_div with reduction sum, its arguments the right way round")
def _(q, true, predicted):
    kl = torch.nn.functional.kl_div(predicted.log(), true, reduction="sum").clamp(min=0)
    return float(2 * (q.amax() - q.amin()) * torch.sqrt(kl / 2))


@right("error_bound", "numpy and scipy's rel_entr, the 2 under the root")
def _(q, true, predicted):
    from scipy.special import rel_entr

    kl = max(rel_entr(np.asarray(true), np.asarray(predicted)).sum(), 0.0)
    return np.ptp(np.asarray(q)) * np.sqrt(2 * kl)


@wrong("error_bound", "KL the wrong way round: KL(predicted || true)")
def _(q, true, predicted):
    kl = (predicted * (predicted / true).log()).sum()
    return 2 * (q.max() - q.min()) * (kl / 2).sqrt()


@wrong("error_bound", "forgets the factor 2 in front")
def _(q, true, predicted):
    return (q.max() - q.min()) * (_kl(true, predicted).clamp(min=0) / 2).sqrt()


@wrong("error_bound", "forgets the root")
def _(q, true, predicted):
    return 2 * (q.max() - q.min()) * _kl(true, predicted) / 2


@wrong("error_bound", "forgets to halve KL under the root")
def _(q, true, predicted):
    return 2 * (q.max() - q.min()) * _kl(true, predicted).clamp(min=0).sqrt()


@wrong("error_bound", "halves after taking the root instead of under it")
def _(q, true, predicted):
    return 2 * (q.max() - q.min()) * _kl(true, predicted).clamp(min=0).sqrt() / 2


@wrong("error_bound", "KL in bits (log2) instead of nats")
def _(q, true, predicted):
    return 2 * (q.max() - q.min()) * (_kl(true, predicted).clamp(min=0) / math.log(2) / 2).sqrt()


@wrong("error_bound", "the largest absolute payoff instead of the span; right where the smallest payoff is 0")
def _(q, true, predicted):
    return 2 * q.abs().max() * (_kl(true, predicted).clamp(min=0) / 2).sqrt()


@wrong("error_bound", "log 0 gives nan where an action is never played; right otherwise")
def _(q, true, predicted):
    kl = (true * (true.log() - predicted.log())).sum().clamp(min=0)
    return 2 * (q.max() - q.min()) * (kl / 2).sqrt()


@wrong("error_bound", "the largest span within one of row's actions instead of over the whole table")
def _(q, true, predicted):
    span = (q.amax(1) - q.amin(1)).max()
    return 2 * span * (_kl(true, predicted).clamp(min=0) / 2).sqrt()


@wrong("error_bound", "cross entropy: forgets log pi(a) in KL")
def _(q, true, predicted):
    return 2 * (q.max() - q.min()) * (-(true * predicted.log()).sum() / 2).sqrt()


@wrong("error_bound", "total variation distance in place of the root of KL / 2")
def _(q, true, predicted):
    return 2 * (q.max() - q.min()) * (true - predicted).abs().sum() / 2


@wrong("error_bound", "averages over the actions in KL instead of summing (kl_div's default reduction)")
def _(q, true, predicted):
    kl = torch.nn.functional.kl_div(predicted.log(), true, reduction="none").mean().clamp(min=0)
    return 2 * (q.max() - q.min()) * (kl / 2).sqrt()


@wrong("error_bound", "adds 0.01 to both policies against log 0")
def _(q, true, predicted):
    t, d = true + 0.01, predicted + 0.01
    kl = (t * (t / d).log()).sum().clamp(min=0)
    return 2 * (q.max() - q.min()) * (kl / 2).sqrt()


@wrong("error_bound", "standard deviation of the payoffs instead of their span")
def _(q, true, predicted):
    return 2 * q.std() * (_kl(true, predicted).clamp(min=0) / 2).sqrt()


@wrong("error_bound", "leaves log weighted by the prediction: sum of delta log(pi / delta), in absolute value")
def _(q, true, predicted):
    kl = (predicted * torch.log(true.clamp(min=1e-12) / predicted)).sum().abs()
    return 2 * (q.max() - q.min()) * (kl / 2).sqrt()


@wrong("error_bound", "two things: KL in bits, and the factor 2 in front forgotten", mistakes=2)
def _(q, true, predicted):
    return (q.max() - q.min()) * (_kl(true, predicted).clamp(min=0) / math.log(2) / 2).sqrt()


@wrong("error_bound", "two things: only the largest payoff instead of the span, and no root", mistakes=2)
def _(q, true, predicted):
    return 2 * q.max() * _kl(true, predicted) / 2


# ---------------------------------------------------------------- misleading
_mq = torch.tensor([[0.0, 3.0, 3.0], [1.0, 0.0, 0.0]])
_mr, _mc = torch.tensor([0.5, 0.5]), torch.tensor([0.4, 0.3, 0.3])

right("misleading", "tensors, left is a little likelier and bad for the first action", (_mq, _mr, _mc))
right("misleading", "plain lists, one huge payoff at a rare move", ([[0, 0, 100], [1, 1, 0]], [0.9, 0.1], [0.3, 0.6, 0.1]))
right("misleading", "numpy, negative payoffs, a small regret",
      (np.array([[-2.0, -5.0, -1.0], [-3.0, -4.0, -3.0]]), np.array([0.05, 0.95]), np.array([0.2, 0.5, 0.3])))

wrong("misleading", "two moves of column are equally likely, none is the likeliest", (_mq, _mr, torch.tensor([0.4, 0.4, 0.2])))
wrong("misleading", "column never plays right: a probability of zero", (_mq, _mr, torch.tensor([0.6, 0.4, 0.0])))
wrong("misleading", "row plays the first action always: both regret and advantage are zero", (_mq, torch.tensor([1.0, 0.0]), _mc))
wrong("misleading", "row never plays the first action (0 and 1)", (_mq, torch.tensor([0.0, 1.0]), _mc))
wrong("misleading", "the other way round: the first has a negative regret, COMA's advantage is positive", (_mq.flip(0), _mr, _mc))
wrong("misleading", "COMA's advantage is negative at a rare move of column, not at the likeliest", (_mq, _mr, torch.tensor([0.3, 0.4, 0.3])))
wrong("misleading", "left is so likely that the first action's regret is negative as well", (_mq, _mr, torch.tensor([0.8, 0.1, 0.1])))
wrong("misleading", "payoffs transposed: 3 x 2", (_mq.T.contiguous(), _mr, _mc))
wrong("misleading", "wrong order: (q, column, row)", (_mq, _mc, _mr))
wrong("misleading", "column's policy does not sum to one", (_mq, _mr, torch.tensor([0.5, 0.4, 0.4])))
wrong("misleading", "at the likeliest move both actions pay the same: COMA's advantage is zero, not negative",
      (torch.tensor([[1.0, 3.0, 3.0], [1.0, 0.0, 0.0]]), _mr, _mc))
wrong("misleading", "both actions are worth the same: the regret is zero, not positive",
      (torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]), _mr, torch.tensor([0.5, 0.25, 0.25])))
wrong("misleading", "averages over column uniformly when checking: with column's policy the regret of the first is negative",
      (torch.tensor([[0.0, 1.0, 1.0], [1.5, 0.0, 0.0]]), _mr, torch.tensor([0.6, 0.2, 0.2])))
wrong("misleading", "both are positive: compares COMA's advantage with the regret, it is smaller but not negative",
      (torch.tensor([[1.5, 3.0, 3.0], [1.0, 0.0, 0.0]]), _mr, _mc))
wrong("misleading", "gives only the payoffs, without the policies", _mq)
wrong("misleading", "two things: row plays a pure action, and column's policy does not sum to one",
      (_mq, torch.tensor([0.0, 1.0]), torch.tensor([0.5, 0.4, 0.4])), mistakes=2)

# ---------------------------------------------------------------- some more, of types and of changes on the way


@wrong("coma", "subtracts the baseline in place in a loop, so that it is computed anew from advantages already changed")
def _(q, row, c):
    adv = q[:, c].clone()
    for a in range(len(adv)):
        adv[a] -= row @ adv
    return adv


@wrong("values_of_actions", "adds up in a tensor of whole numbers, so that each value is cut off to an integer")
def _(q, policies, i):
    return _average(q, policies, i).long()


@wrong("regret_advantage", "the baseline is computed anew after each action's regret was written into the same tensor")
def _(q, policies, i):
    v = _v(q, policies, i).clone()
    for a in range(v.shape[1]):
        v[:, a] -= (v * policies[i]).sum(1)
    return v


@wrong("error_bound", "leaves out of KL every action that is predicted less than 0.1 (against small denominators); right otherwise")
def _(q, true, predicted):
    keep = predicted >= 0.1
    kl = _kl(true[keep], predicted[keep]).clamp(min=0)
    return 2 * (q.max() - q.min()) * (kl / 2).sqrt()


@wrong("error_bound", "starts the search for the largest and smallest payoff at 0, so that the span is too large where all payoffs have the same sign")
def _(q, true, predicted):
    low = high = 0.0
    for x in q.flatten().tolist():
        low, high = min(low, x), max(high, x)
    return 2 * (high - low) * (_kl(true, predicted).clamp(min=0) / 2).sqrt()
