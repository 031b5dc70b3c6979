import math
from itertools import product

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

q = torch.tensor([[3.0, 0.0, 3.0], [1.0, 2.0, 4.0]])
row = torch.tensor([0.2, 0.8])
column = torch.tensor([0.5, 0.25, 0.25])

# 1. regrets_by_hand ----------------------------------------------------------------------------------------------

right("regrets_by_hand", "as the text asks", [0.2, -0.05])
right("regrets_by_hand", "computed from the table, a tensor", q @ column - row @ q @ column)
right("regrets_by_hand", "a tuple", (2.25 - 2.05, 2 - 2.05))

wrong("regrets_by_hand", "the values of the actions: forgot to subtract v", [2.25, 2.0])
wrong("regrets_by_hand", "the sign is swapped: v minus the action's value", [-0.2, 0.05])
wrong("regrets_by_hand", "the order is swapped: down first", [-0.05, 0.2])
wrong("regrets_by_hand", "v is the plain mean of both values (2.125), row's policy is not used", [0.125, -0.125])
wrong("regrets_by_hand", "subtracts the best action's value instead of v", [0.0, -0.25])
wrong("regrets_by_hand", "weights each regret with the probability of its action", [0.04, -0.04])
wrong("regrets_by_hand", "sets the negative regret to zero", [0.2, 0.0])
wrong("regrets_by_hand", "subtracts the other action's value instead of v", [0.25, -0.25])
wrong("regrets_by_hand", "averages over column's moves uniformly (the actions are worth 2 and 7/3 then)", [2 - 34 / 15, 7 / 3 - 34 / 15])
wrong("regrets_by_hand", "decimal point slipped in the second: -0.5 instead of -0.05", [0.2, -0.5])
wrong("regrets_by_hand", "swaps row's probabilities in v: 0.8 for up, 0.2 for down (v = 2.2)", [0.05, -0.2])
wrong("regrets_by_hand", "plain mean as v, and the sign is swapped", [-0.125, 0.125], mistakes=2)

# 2. values_of_actions --------------------------------------------------------------------------------------------


@right("values_of_actions", "contracts the other axes with tensordot, from the last to the first")
def values_of_actions(q, policies, i):
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.tensordot(q, policies[j], dims=([j], [0]))
    return q


@right("values_of_actions", "loops over all joint actions, returns a list")
def values_of_actions(q, policies, i):
    out = [0.0] * q.shape[i]
    for a in product(*(range(n) for n in q.shape)):
        out[a[i]] += math.prod(float(p[x]) for j, (p, x) in enumerate(zip(policies, a)) if j != i) * float(q[a])
    return out


@right("values_of_actions", "numpy, moves axis i to the front, then recursion on the last axis")
def values_of_actions(payoffs, pis, agent):
    rest = [np.asarray(p) for j, p in enumerate(pis) if j != agent]

    def go(x, ps):
        return go(x @ ps[-1], ps[:-1]) if ps else x

    return go(np.moveaxis(np.asarray(payoffs), agent, 0), rest)


@right("values_of_actions", "the gradient of v in the agent's own policy, by torch.func.grad")
def values_of_actions(q, policies, i):
    def v(own):
        x = q
        for j, p in enumerate(policies):
            x = torch.einsum("a...,a->...", x, own if j == i else p)
        return x

    return torch.func.grad(v)(policies[i].clone())


def _values(q, policies, i):
    for j in reversed(range(len(policies))):
        if j != i:
            q = torch.tensordot(q, policies[j], dims=([j], [0]))
    return q


@wrong("values_of_actions", "weights with the agent's own probability as well")
def values_of_actions(q, policies, i):
    return _values(q, policies, i) * policies[i]


@wrong("values_of_actions", "averages everybody, the agent too: one number v instead of (A_i,)")
def values_of_actions(q, policies, i):
    for p in policies:
        q = torch.tensordot(p, q, dims=1)
    return q


@wrong("values_of_actions", "counts agents from one: takes axis i - 1")
def values_of_actions(q, policies, i):
    return _values(q, policies, (i - 1) % len(policies))


@wrong("values_of_actions", "always keeps the first axis, i is ignored")
def values_of_actions(q, policies, i):
    return _values(q, policies, 0)


@wrong("values_of_actions", "plain means over the other axes, the others' policies are not used")
def values_of_actions(q, policies, i):
    return np.asarray(q).mean(axis=tuple(j for j in range(q.ndim) if j != i))


@wrong("values_of_actions", "sums over the others without their probabilities")
def values_of_actions(q, policies, i):
    return np.asarray(q).sum(axis=tuple(j for j in range(q.ndim) if j != i))


@wrong("values_of_actions", "subtracts v: returns regrets, not values")
def values_of_actions(q, policies, i):
    v = _values(q, policies, i)
    return v - (policies[i] * v).sum()


@wrong("values_of_actions", "takes the maximum over the others' actions instead of the average")
def values_of_actions(q, policies, i):
    return q.movedim(i, 0).flatten(1).amax(1) if q.dim() > 1 else q


@wrong("values_of_actions", "walks the axes upwards without care that they shift when one is gone, reads policies by the new position")
def values_of_actions(q, policies, i):
    for j in range(len(policies)):
        if j != i:
            q = torch.tensordot(q, policies[j], dims=([min(j, q.dim() - 1)], [0]))
    return q


@wrong("values_of_actions", "the two-player formula q @ column or row @ q; more players (or one) fail")
def values_of_actions(q, policies, i):
    return q @ policies[1] if i == 0 else policies[0] @ q


@wrong("values_of_actions", "uses integers for the payoffs: they are cut to whole numbers")
def values_of_actions(q, policies, i):
    return _values(q.long().double(), policies, i)


@wrong("values_of_actions", "divides the right values by the number of players")
def values_of_actions(q, policies, i):
    return _values(q, policies, i) / len(policies)


@wrong("values_of_actions", "replaces the agent's policy by ones in the caller's list: a second call with another i is wrong")
def values_of_actions(q, policies, i):
    policies[i] = torch.ones_like(policies[i])
    w = torch.einsum(*sum(([p, [j]] for j, p in enumerate(policies)), []), list(range(len(policies))))
    return (q * w).movedim(i, 0).reshape(q.shape[i], -1).sum(1)


@wrong("values_of_actions", "keeps the wrong axis (i - 1) and subtracts v", mistakes=2)
def values_of_actions(q, policies, i):
    k = (i - 1) % len(policies)
    v = _values(q, policies, k)
    return v - (policies[k] * v).sum()


# 3. regret_advantage ---------------------------------------------------------------------------------------------


@right("regret_advantage", "moves the agent's axis next to the batch and contracts the last axis again and again")
def regret_advantage(q, policies, i):
    v = q.movedim(i + 1, 1)
    for j in reversed(range(len(policies))):
        if j != i:
            v = torch.einsum("b...c,bc->b...", v, policies[j])
    return v - (policies[i] * v).sum(1, keepdim=True)


@right("regret_advantage", "loop over the states and joint actions, lists")
def regret_advantage(q, policies, i):
    out = []
    for s in range(len(q)):
        v = [0.0] * q.shape[i + 1]
        for a in product(*(range(n) for n in q.shape[1:])):
            w = 1.0
            for j, p in enumerate(policies):
                w *= 1.0 if j == i else p[s, a[j]].item()
            v[a[i]] += w * q[(s, *a)].item()
        mean = sum(p.item() * x for p, x in zip(policies[i][s], v))
        out.append([x - mean for x in v])
    return out


@right("regret_advantage", "vmap over states of a function for one state")
def regret_advantage(q, policies, i):
    def one(q, *pis):
        v = q.movedim(i, 0)
        for j in reversed(range(len(pis))):
            if j != i:
                v = v @ pis[j]
        return v - pis[i] @ v

    return torch.vmap(one)(q, *policies)


@right("regret_advantage", "numpy, broadcasts the policies onto q, in float32")
def regret_advantage(q, policies, i):
    q = np.asarray(q, np.float32)
    n = len(policies)
    for j, p in enumerate(policies):
        if j != i:
            shape = [q.shape[0]] + [1] * n
            shape[j + 1] = -1
            q = (q * np.asarray(p, np.float32).reshape(shape)).sum(j + 1, keepdims=True)
    v = q.reshape(len(q), -1)
    return v - (v * np.asarray(policies[i], np.float32)).sum(-1, keepdims=True)


def _batch(q, policies, i):
    v = q.movedim(i + 1, 1)
    for j in reversed(range(len(policies))):
        if j != i:
            v = torch.einsum("b...c,bc->b...", v, policies[j])
    return v


@wrong("regret_advantage", "does not subtract v(s): values in place of regrets")
def regret_advantage(q, policies, i):
    return _batch(q, policies, i)


@wrong("regret_advantage", "subtracts the plain mean over the actions, the own policy is not used")
def regret_advantage(q, policies, i):
    v = _batch(q, policies, i)
    return v - v.mean(1, keepdim=True)


@wrong("regret_advantage", "the baseline is one number, averaged over the whole batch")
def regret_advantage(q, policies, i):
    v = _batch(q, policies, i)
    return v - (policies[i] * v).sum(1).mean()


@wrong("regret_advantage", "the baseline is summed over the batch axis instead of the actions")
def regret_advantage(q, policies, i):
    v = _batch(q, policies, i)
    return v - (policies[i] * v).sum(0, keepdim=True)


@wrong("regret_advantage", "uses the policies of the first state for all states")
def regret_advantage(q, policies, i):
    policies = [p[:1].expand_as(p) for p in policies]
    v = _batch(q, policies, i)
    return v - (policies[i] * v).sum(1, keepdim=True)


@wrong("regret_advantage", "averages the policies over the batch first")
def regret_advantage(q, policies, i):
    policies = [p.mean(0, keepdim=True).expand_as(p) for p in policies]
    v = _batch(q, policies, i)
    return v - (policies[i] * v).sum(1, keepdim=True)


@wrong("regret_advantage", "the sign is swapped: v(s) minus the action's value")
def regret_advantage(q, policies, i):
    v = _batch(q, policies, i)
    return (policies[i] * v).sum(1, keepdim=True) - v


@wrong("regret_advantage", "sets negative regrets to zero")
def regret_advantage(q, policies, i):
    v = _batch(q, policies, i)
    return np.maximum(v - (policies[i] * v).sum(1, keepdim=True), 0)


@wrong("regret_advantage", "subtracts the best action's value, so that no regret is positive")
def regret_advantage(q, policies, i):
    v = _batch(q, policies, i)
    return v - v.amax(1, keepdim=True)


@wrong("regret_advantage", "forgot that axis 0 is the batch in choosing the agent: the agent before i (the last for i = 0)")
def regret_advantage(q, policies, i):
    k = (i - 1) % len(policies)
    v = _batch(q, policies, k)
    return v - (policies[k] * v).sum(1, keepdim=True)


@wrong("regret_advantage", "weights the regrets with the own policy")
def regret_advantage(q, policies, i):
    v = _batch(q, policies, i)
    return policies[i] * (v - (policies[i] * v).sum(1, keepdim=True))


@wrong("regret_advantage", "averages the regrets over the batch at the end: (A_i,) instead of (B, A_i)")
def regret_advantage(q, policies, i):
    v = _batch(q, policies, i)
    return (v - (policies[i] * v).sum(1, keepdim=True)).mean(0)


@wrong("regret_advantage", "averages the others uniformly")
def regret_advantage(q, policies, i):
    v = q.movedim(i + 1, 1).flatten(2).mean(2) if q.dim() > 2 else q
    return v - (policies[i] * v).sum(1, keepdim=True)


@wrong("regret_advantage", "the baseline is one number for the whole batch, and the sign is swapped", mistakes=2)
def regret_advantage(q, policies, i):
    v = _batch(q, policies, i)
    return (policies[i] * v).sum(1).mean() - v


# 4. coma ---------------------------------------------------------------------------------------------------------


@right("coma", "one column minus its average")
def coma(q, row, c):
    return q[:, c] - row @ q[:, c]


@right("coma", "list comprehension")
def coma(q, row, c):
    played = [float(r[c]) for r in q]
    v = sum(float(p) * x for p, x in zip(row, played))
    return [x - v for x in played]


@right("coma", "numpy, np.take and np.average")
def coma(payoffs, mine, theirs):
    x = np.take(np.asarray(payoffs), int(theirs), axis=1)
    return x - np.average(x, weights=np.asarray(mine))


@wrong("coma", "the baseline averages over all of column's moves, uniformly, not only the one played")
def coma(q, row, c):
    return q[:, c] - (row @ q).mean()


@wrong("coma", "takes row c of the payoffs instead of column c (fails if the table is not square)")
def coma(q, row, c):
    return q[c] - row @ q[c]


@wrong("coma", "no baseline: only the payoffs in column c")
def coma(q, row, c):
    return q[:, c]


@wrong("coma", "the baseline is the plain mean over row's actions")
def coma(q, row, c):
    x = np.asarray(q)[:, c]
    return x - x.mean()


@wrong("coma", "counts column's moves from one: uses c - 1")
def coma(q, row, c):
    return q[:, c - 1] - row @ q[:, c - 1]


@wrong("coma", "the sign is swapped: average minus payoff")
def coma(q, row, c):
    return row @ q[:, c] - q[:, c]


@wrong("coma", "subtracts the largest payoff in column c instead of the average")
def coma(q, row, c):
    return q[:, c] - q[:, c].max()


@wrong("coma", "one number: the average of payoffs under row's policy, not subtracted from anything")
def coma(q, row, c):
    return row @ q[:, c]


@wrong("coma", "weights each advantage with row's probability")
def coma(q, row, c):
    return row * (q[:, c] - row @ q[:, c])


@wrong("coma", "cuts negative advantages to zero")
def coma(q, row, c):
    return (q[:, c] - row @ q[:, c]).clamp(min=0)


@wrong("coma", "the baseline is the payoff of row's likeliest action, not the average by row's policy")
def coma(q, row, c):
    return q[:, c] - q[row.argmax(), c]


@wrong("coma", "cuts the payoffs to integers")
def coma(q, row, c):
    x = q[:, c].int()
    return x - row @ x.double()


@wrong("coma", "uses c - 1 instead of c, and the baseline is the plain mean", mistakes=2)
def coma(q, row, c):
    return q[:, c - 1] - q[:, c - 1].mean()


# 5. match_regrets ------------------------------------------------------------------------------------------------


@right("match_regrets", "clamp and divide, uniform if none is positive")
def match_regrets(total):
    plus = total.clamp(min=0)
    return plus / plus.sum() if plus.sum() > 0 else torch.full_like(total, 1 / len(total))


@right("match_regrets", "lists")
def match_regrets(sums):
    plus = [max(float(x), 0.0) for x in sums]
    s = sum(plus)
    return [x / s for x in plus] if s else [1 / len(plus)] * len(plus)


@right("match_regrets", "numpy, np.where")
def match_regrets(total):
    t = np.asarray(total)
    w = np.where(t > 0, t, 0.0)
    w = w if w.any() else np.ones_like(w)
    return w / w.sum()


@wrong("match_regrets", "no case for none positive: divides by zero")
def match_regrets(total):
    plus = total.clamp(min=0)
    return plus / plus.sum()


@wrong("match_regrets", "adds 1e-8 to the divisor in place of the uniform case: all zeros if none is positive")
def match_regrets(total):
    plus = total.clamp(min=0)
    return plus / (plus.sum() + 1e-8)


@wrong("match_regrets", "forgot to clamp: divides the sums, negative ones too, by their sum")
def match_regrets(total):
    return total / total.sum() if (total > 0).any() else torch.ones_like(total) / len(total)


@wrong("match_regrets", "takes absolute values instead of the positive part")
def match_regrets(total):
    a = np.abs(np.asarray(total))
    return a / a.sum() if a.sum() > 0 else np.ones(len(a)) / len(a)


@wrong("match_regrets", "softmax of the sums")
def match_regrets(total):
    return torch.softmax(total, 0)


@wrong("match_regrets", "plays the action with the largest sum for sure")
def match_regrets(total):
    return torch.nn.functional.one_hot(total.argmax(), len(total)).double()


@wrong("match_regrets", "divides by the sum of all, the negative ones too, only the numerator is clamped")
def match_regrets(total):
    plus = total.clamp(min=0)
    return plus / total.sum() if plus.sum() > 0 else torch.full_like(total, 1 / len(total))


@wrong("match_regrets", "uniform as soon as one sum is not positive")
def match_regrets(total):
    return total / total.sum() if (total > 0).all() else torch.ones_like(total) / len(total)


@wrong("match_regrets", "plays all positive actions alike, not in proportion")
def match_regrets(total):
    plus = (total > 0).double()
    return plus / plus.sum() if plus.any() else torch.ones_like(total) / len(total)


@wrong("match_regrets", "none positive: plays the least bad action for sure, instead of uniformly")
def match_regrets(total):
    plus = total.clamp(min=0)
    if plus.sum() > 0:
        return plus / plus.sum()
    out = torch.zeros_like(total)
    out[total.argmax()] = 1
    return out


@wrong("match_regrets", "divides by the largest instead of the sum: does not sum to one")
def match_regrets(total):
    plus = total.clamp(min=0)
    return plus / plus.max() if plus.max() > 0 else torch.ones_like(total) / len(total)


@wrong("match_regrets", "shifts by the minimum instead of clamping at zero")
def match_regrets(total):
    x = np.asarray(total) - np.min(np.asarray(total))
    return x / x.sum() if x.sum() > 0 and (np.asarray(total) > 0).any() else np.ones(len(x)) / len(x)


@wrong("match_regrets", "uniform over three actions, always (1/3, as in the example), if none is positive")
def match_regrets(total):
    plus = total.clamp(min=0)
    return plus / plus.sum() if plus.sum() > 0 else torch.full_like(total, 1 / 3)


@wrong("match_regrets", "clamps at one instead of zero: smaller sums count as 1, none is dropped")
def match_regrets(total):
    plus = total.clamp(min=1)
    return plus / plus.sum()


_TOTAL = {}


@wrong("match_regrets", "adds the sums of earlier calls (a global kept between calls) to total")
def match_regrets(total):
    t = _TOTAL[len(total)] = _TOTAL.get(len(total), 0) + total
    plus = t.clamp(min=0)
    return plus / plus.sum() if plus.sum() > 0 else torch.full_like(t, 1 / len(t))


@wrong("match_regrets", "takes absolute values, and has no case for all zero sums (divides by zero)", mistakes=2)
def match_regrets(total):
    return total.abs() / total.abs().sum()


# 6. error_bound --------------------------------------------------------------------------------------------------


@right("error_bound", "torch.special.xlogy, zeros of the true policy count nothing")
def error_bound(q, true, predicted):
    kl = (torch.xlogy(true, true) - torch.xlogy(true, predicted)).sum()
    return 2 * (q.max() - q.min()) * (kl.clamp(min=0) / 2).sqrt()


@right("error_bound", "lists and math, skips zeros")
def error_bound(q, true, predicted):
    kl = sum(p * math.log(p / d) for p, d in zip(true.tolist(), predicted.tolist()) if p > 0)
    flat = q.flatten().tolist()
    return 2 * (max(flat) - min(flat)) * math.sqrt(max(kl, 0.0) / 2)


@right("error_bound", "numpy, np.ptp and a mask")
def error_bound(q, pi, delta):
    pi, delta = np.asarray(pi), np.asarray(delta)
    m = pi > 0
    kl = (pi[m] * np.log(pi[m] / delta[m])).sum()
    return 2 * np.ptp(np.asarray(q)) * (max(kl, 0) / 2) ** 0.5


def _kl(p, d):
    return (torch.xlogy(p, p) - torch.xlogy(p, d)).sum().clamp(min=0)


def _span(q):
    return q.max() - q.min()


@wrong("error_bound", "KL the wrong way round: KL(predicted || true)")
def error_bound(q, true, predicted):
    return 2 * _span(q) * (_kl(predicted, true) / 2).sqrt()


@wrong("error_bound", "forgot the factor 2 in front")
def error_bound(q, true, predicted):
    return _span(q) * (_kl(true, predicted) / 2).sqrt()


@wrong("error_bound", "forgot to halve KL under the root")
def error_bound(q, true, predicted):
    return 2 * _span(q) * _kl(true, predicted).sqrt()


@wrong("error_bound", "no square root")
def error_bound(q, true, predicted):
    return 2 * _span(q) * _kl(true, predicted) / 2


@wrong("error_bound", "KL in bits (log to base 2)")
def error_bound(q, true, predicted):
    return 2 * _span(q) * (_kl(true, predicted) / math.log(2) / 2).sqrt()


@wrong("error_bound", "largest absolute payoff instead of the span max - min")
def error_bound(q, true, predicted):
    return 2 * q.abs().max() * (_kl(true, predicted) / 2).sqrt()


@wrong("error_bound", "max Q only, the minimum is not subtracted")
def error_bound(q, true, predicted):
    return 2 * q.max() * (_kl(true, predicted) / 2).sqrt()


@wrong("error_bound", "halves outside of the root: sqrt(KL) / 2")
def error_bound(q, true, predicted):
    return 2 * _span(q) * _kl(true, predicted).sqrt() / 2


@wrong("error_bound", "the span is taken for each row, so one bound for each of row's actions")
def error_bound(q, true, predicted):
    q = np.asarray(q)
    return 2 * np.ptp(q, axis=1) * float((_kl(true, predicted) / 2).sqrt())


@wrong("error_bound", "zeros in the true policy give nan: p * log(p / d) with p = 0")
def error_bound(q, true, predicted):
    kl = (true * (true / predicted).log()).sum()
    return 2 * _span(q) * (kl / 2).clamp(min=0).sqrt()


@wrong("error_bound", "averages the terms of KL over the actions instead of summing")
def error_bound(q, true, predicted):
    n = len(true)
    return 2 * _span(q) * (_kl(true, predicted) / n / 2).sqrt()


@wrong("error_bound", "total variation in place of the square root of KL / 2")
def error_bound(q, true, predicted):
    return 2 * _span(q) * (true - predicted).abs().sum() / 2


@wrong("error_bound", "the term of the logarithm of pi is missing: cross entropy in place of KL")
def error_bound(q, true, predicted):
    return 2 * _span(q) * (-torch.xlogy(true, predicted).sum() / 2).sqrt()


@wrong("error_bound", "clamps the true policy at 0.1 before the logarithm, to be safe: small probabilities change KL")
def error_bound(q, true, predicted):
    return 2 * _span(q) * ((true * (true.clamp(min=0.1) / predicted).log()).sum().clamp(min=0) / 2).sqrt()


@wrong("error_bound", "KL the wrong way round, and the factor 2 is missing", mistakes=2)
def error_bound(q, true, predicted):
    return _span(q) * (_kl(predicted, true) / 2).sqrt()


# 7. misleading ---------------------------------------------------------------------------------------------------

right("misleading", "lists: left is likeliest and bad for up, middle is rare and very good for it",
      ([[0.0, 8.0, 0.0], [1.0, 0.0, 1.0]], [0.5, 0.5], [0.5, 0.25, 0.25]))
right("misleading", "tensors: likeliest move is the last", (torch.tensor([[6.0, 1.0, -1.0], [0.0, 0.0, 0.0]]),
      torch.tensor([0.1, 0.9]), torch.tensor([0.3, 0.3, 0.4])))
right("misleading", "numpy, integers: likeliest move is the middle one",
      (np.array([[9, -2, 5], [-1, -1, -1]]), np.array([0.7, 0.3]), np.array([0.2, 0.6, 0.2])))

_C = [0.5, 0.25, 0.25]
wrong("misleading", "COMA's advantage of up is positive at the likeliest move too", ([[2.0, 8.0, 0.0], [1.0, 0.0, 1.0]], [0.5, 0.5], _C))
wrong("misleading", "up's regret is negative", ([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]], [0.5, 0.5], _C))
wrong("misleading", "the roles of the two actions are swapped: down has the positive regret", ([[1.0, 0.0, 1.0], [0.0, 8.0, 0.0]], [0.5, 0.5], _C))
wrong("misleading", "row plays down for sure, does not mix (the signs are right)", ([[0.0, 8.0, 0.0], [1.0, 0.0, 1.0]], [0.0, 1.0], _C))
wrong("misleading", "column never plays right (probability zero): does not mix fully", ([[0.0, 8.0, 0.0], [1.0, 0.0, 1.0]], [0.5, 0.5], [0.6, 0.4, 0.0]))
wrong("misleading", "COMA misleads at a rare move of column, not at the likeliest", ([[8.0, 0.0, 0.0], [0.0, 1.0, 1.0]], [0.5, 0.5], _C))
wrong("misleading", "boundary: up's regret is exactly zero", ([[0.0, 3.0, 0.0], [1.0, 0.0, 1.0]], [0.5, 0.5], _C))
wrong("misleading", "boundary: COMA's advantage of up is exactly zero at the likeliest move", ([[1.0, 8.0, 0.0], [1.0, 0.0, 1.0]], [0.5, 0.5], _C))
wrong("misleading", "payoffs are 3 x 2", ([[0.0, 1.0], [8.0, 0.0], [0.0, 1.0]], [0.5, 0.5], _C))
wrong("misleading", "column's policy does not sum to one", ([[0.0, 8.0, 0.0], [1.0, 0.0, 1.0]], [0.5, 0.5], [0.5, 0.25, 0.5]))
wrong("misleading", "column's and row's policies are entered in the wrong order", ([[0.0, 8.0, 0.0], [1.0, 0.0, 1.0]], _C, [0.5, 0.5]))
wrong("misleading", "row does not mix, and up's regret is negative", ([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]], [0.0, 1.0], _C), mistakes=2)
wrong("misleading", "column's policy has a zero, and COMA's advantage of up is positive at the likeliest move",
      ([[2.0, 8.0, 0.0], [1.0, 0.0, 1.0]], [0.5, 0.5], [0.6, 0.4, 0.0]), mistakes=2)
