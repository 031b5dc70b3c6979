"""Answers of several students to sheet 03, the policy gradient."""

from collections import Counter

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- gradient_by_hand
right("gradient_by_hand", "by hand: probability times (worth - 2.5)", [0.75, -0.625, -0.125])
right("gradient_by_hand", "a tuple of fractions", (3 / 4, -5 / 8, -1 / 8))
_p = torch.tensor([0.5, 0.25, 0.25])
_x = torch.tensor([4.0, 0.0, 2.0])
right("gradient_by_hand", "a tensor, Jacobian of the softmax times the worths", (torch.diag(_p) - torch.outer(_p, _p)) @ _x)

wrong("gradient_by_hand", "advantages only (worth - 2.5), not weighted with the probabilities", [1.5, -2.5, -0.5])
wrong("gradient_by_hand", "probability times worth, the policy's value is not subtracted", [2.0, 0.0, 0.5])
wrong("gradient_by_hand", "gradient in the probabilities instead of the logits: the worths themselves", [4.0, 0.0, 2.0])
wrong("gradient_by_hand", "subtracts the plain mean of the worths, 2, instead of the policy's value", [1.0, -0.5, 0.0])
wrong("gradient_by_hand", "sign: points downhill (value minus worth)", [-0.75, 0.625, 0.125])
wrong("gradient_by_hand", "only the diagonal of the softmax's Jacobian: pi (1 - pi) times worth", [1.0, 0.0, 0.375])
wrong("gradient_by_hand", "divides by the number of actions", [0.25, -0.625 / 3, -0.125 / 3])
wrong("gradient_by_hand", "subtracts the sum of the worths, 6, instead of their mean", [-1.0, -1.5, -1.0])
wrong("gradient_by_hand", "weights twice with the probabilities (squared)", [0.375, -0.15625, -0.03125])
wrong("gradient_by_hand", "subtracts the best worth, 4, as baseline", [0.0, -1.0, -0.5])
wrong("gradient_by_hand", "sign slip in the third number only", [0.75, -0.625, 0.125])
wrong("gradient_by_hand", "second and third action swapped", [0.75, -0.125, -0.625])
wrong("gradient_by_hand", "the gradient of log pi of the first action only (the score), worths forgotten", [0.5, -0.25, -0.25])
wrong("gradient_by_hand", "divides the advantages by the probabilities instead of multiplying", [3.0, -10.0, -2.0])
wrong("gradient_by_hand", "two things: advantages not weighted with the probabilities, and the sign the wrong way round",
      [-1.5, 2.5, 0.5], mistakes=2)

# ---------------------------------------------------------------- score


@right("score", "one-hot minus policy")
def _(row, a):
    e = torch.zeros_like(row)
    e[a] = 1
    return e - row


@right("score", "autograd through log_softmax of log row")
def _(row, a):
    logits = row.detach().log().requires_grad_()
    return torch.autograd.grad(logits.log_softmax(0)[a], logits)[0]


@right("score", "a list comprehension, returns a list")
def _(row, a):
    return [(1.0 if b == int(a) else 0.0) - float(p) for b, p in enumerate(row)]


@right("score", "numpy, row a of the unit matrix minus the policy")
def _(row, a):
    return np.eye(len(row))[int(a)] - np.asarray(row)


def _e(row, a):
    e = torch.zeros_like(row)
    e[a] = 1
    return e


wrong("score", "sign: policy minus one-hot", lambda row, a: row - _e(row, a))
wrong("score", "1 - pi(a) at the action and zero at all other logits", lambda row, a: _e(row, a) * (1 - row[a]))
wrong("score", "1 - pi at every logit", lambda row, a: 1 - row)
wrong("score", "counts actions from one: takes action a - 1", lambda row, a: _e(row, a - 1) - row)
wrong("score", "gradient of pi(a) instead of log pi(a): multiplied with pi(a)", lambda row, a: row[a] * (_e(row, a) - row))
wrong("score", "gradient in the probabilities instead of the logits: 1 / pi(a) at the action", lambda row, a: _e(row, a) / row[a])
wrong("score", "subtracts the uniform policy instead of the own one", lambda row, a: _e(row, a) - 1 / len(row))
wrong("score", "only the one-hot vector, the policy is not subtracted", lambda row, a: _e(row, a))
wrong("score", "takes the probabilities for logits: one-hot minus softmax(row)", lambda row, a: _e(row, a) - row.softmax(0))
wrong("score", "subtracts pi(a) at every logit instead of each one's own probability", lambda row, a: _e(row, a) - row[a])
wrong("score", "one number only, 1 - pi(a)", lambda row, a: 1 - row[a])
wrong("score", "log pi instead of its gradient", lambda row, a: row.log())
wrong("score", "weights by the likelihood: divides by pi(a)", lambda row, a: (_e(row, a) - row) / row[a])
wrong("score", "plus instead of minus: one-hot plus policy", lambda row, a: _e(row, a) + row)
wrong("score", "right at the action, positive instead of negative at all others",
      lambda row, a: torch.where(_e(row, a) > 0, 1 - row, row))


@wrong("score", "two things: changes row itself, and the sign is the wrong way round", mistakes=2)
def _(row, a):
    row[a] -= 1
    return row


wrong("score", "two things: counts actions from one, and the sign is the wrong way round",
      lambda row, a: row - _e(row, a - 1), mistakes=2)

# ---------------------------------------------------------------- exact_gradient


@right("exact_gradient", "closed form: d times pi times (value - mean)")
def _(d, policy, values):
    return d[:, None] * policy * (values - (policy * values).sum(1, keepdim=True))


@right("exact_gradient", "three loops over s, b and a, with the score of the softmax")
def _(d, policy, values):
    S, A = policy.shape
    g = torch.zeros(S, A)
    for s in range(S):
        for b in range(A):
            for a in range(A):
                g[s, b] += d[s] * policy[s, a] * (float(a == b) - policy[s, b]) * values[s, a]
    return g


@right("exact_gradient", "autograd of the objective in a table of logits")
def _(d, policy, values):
    logits = policy.detach().log().requires_grad_()
    J = (d[:, None] * logits.softmax(1) * values).sum()
    return torch.autograd.grad(J, logits)[0]


@right("exact_gradient", "numpy einsum with the Jacobian of the softmax")
def _(d, policy, values):
    d, p, v = (np.asarray(x) for x in (d, policy, values))
    J = np.einsum("sa,ab->sab", p, np.eye(p.shape[1])) - np.einsum("sa,sb->sab", p, p)
    return np.einsum("s,sab,sa->sb", d, J, v)


def _adv(policy, values):
    return values - (policy * values).sum(1, keepdim=True)


wrong("exact_gradient", "no baseline: d times pi times value", lambda d, p, v: d[:, None] * p * v)
wrong("exact_gradient", "not weighted with the own policy: d times (value - mean)", lambda d, p, v: d[:, None] * _adv(p, v))
wrong("exact_gradient", "forgets d: all states count alike", lambda d, p, v: p * _adv(p, v))
wrong("exact_gradient", "makes d sum to one first; right where it already does", lambda d, p, v: (d / d.sum())[:, None] * p * _adv(p, v))
wrong("exact_gradient", "subtracts the plain mean over actions instead of the mean by the policy",
      lambda d, p, v: d[:, None] * p * (v - v.mean(1, keepdim=True)))
wrong("exact_gradient", "sign: the gradient of a loss, downhill", lambda d, p, v: -d[:, None] * p * _adv(p, v))
wrong("exact_gradient", "only the sum's term a = b, the diagonal of the softmax's Jacobian: pi (1 - pi) v",
      lambda d, p, v: d[:, None] * p * (1 - p) * v)
wrong("exact_gradient", "averages over the states: divides by S", lambda d, p, v: d[:, None] * p * _adv(p, v) / len(d))
wrong("exact_gradient", "one baseline for all states: the mean of the states' values weighted with d",
      lambda d, p, v: d[:, None] * p * (v - ((d * (p * v).sum(1)).sum() / d.sum())))
wrong("exact_gradient", "takes the probabilities for logits: softmax over the policy first",
      lambda d, p, v: d[:, None] * p.softmax(1) * _adv(p.softmax(1), v))
wrong("exact_gradient", "d along the actions instead of along the states (d * ... without a new axis); fits only where S = A",
      lambda d, p, v: d * p * _adv(p, v))
wrong("exact_gradient", "forgets keepdim: the states' mean values are subtracted along the actions; fits only where S = A",
      lambda d, p, v: d[:, None] * p * (v - (p * v).sum(1)))
wrong("exact_gradient", "sums over the states too: returns (A,)", lambda d, p, v: (d[:, None] * p * _adv(p, v)).sum(0))
wrong("exact_gradient", "d counted twice: squared", lambda d, p, v: d[:, None] ** 2 * p * _adv(p, v))
wrong("exact_gradient", "the best value as baseline (max) instead of the mean by the policy",
      lambda d, p, v: d[:, None] * p * (v - v.amax(1, keepdim=True)))
wrong("exact_gradient", "differentiates in the probabilities instead of the logits: d times value",
      lambda d, p, v: d[:, None] * v)
wrong("exact_gradient", "pi squared: weights the advantage twice with the policy", lambda d, p, v: d[:, None] * p**2 * _adv(p, v))
wrong("exact_gradient", "two things: forgets d, and the sign is that of a loss", lambda d, p, v: -p * _adv(p, v), mistakes=2)
wrong("exact_gradient", "two things: no baseline, and averages over the states", lambda d, p, v: d[:, None] * p * v / len(d), mistakes=2)

# ---------------------------------------------------------------- objective


@right("objective", "probabilities times detached advantage, summed over actions, mean over the batch")
def _(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum(1).mean()


@right("objective", "score form: detached probabilities times advantage times log policy, einsum")
def _(log_policy, advantage):
    weight = (log_policy.exp() * advantage).detach()
    return torch.einsum("ba,ba->", weight, log_policy) / len(log_policy)


@right("objective", "loop over the batch with dot products, advantage cut off under no_grad")
def _(log_policy, advantage):
    with torch.no_grad():
        adv = advantage.clone()
    total = 0
    for lp, x in zip(log_policy, adv):
        total = total + torch.exp(lp) @ x
    return total / adv.shape[0]


@right("objective", "softmax of the log policy, which is the policy itself, mean times number of actions")
def _(log_policy, advantage):
    return (log_policy.softmax(1) * advantage.detach()).mean() * log_policy.shape[1]


@right("objective", "subtracts the plain mean over the actions from the detached advantage, which changes nothing in the logits' gradient")
def _(log_policy, advantage):
    x = advantage.detach()
    return ((x - x.mean(1, keepdim=True)) * log_policy.exp()).sum(1).mean()


@wrong("objective", "forgets to detach the advantage: gradient flows through it")
def _(log_policy, advantage):
    return (log_policy.exp() * advantage).sum(1).mean()


@wrong("objective", "sign: a loss to be minimised instead of an objective to be maximised")
def _(log_policy, advantage):
    return -(log_policy.exp() * advantage.detach()).sum(1).mean()


@wrong("objective", "averages over the actions as well instead of summing")
def _(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).mean()


@wrong("objective", "sums over the batch instead of averaging")
def _(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum()


@wrong("objective", "log policy times advantage without the weights pi: all own actions count alike")
def _(log_policy, advantage):
    return (log_policy * advantage.detach()).sum(1).mean()


@wrong("objective", "pi times log pi times advantage, pi is not detached: the gradient has a term too many")
def _(log_policy, advantage):
    return (log_policy.exp() * log_policy * advantage.detach()).sum(1).mean()


@wrong("objective", "detaches the policy instead of the advantage")
def _(log_policy, advantage):
    return (log_policy.exp().detach() * advantage).sum(1).mean()


@wrong("objective", "only the likeliest own action counts instead of the sum over all")
def _(log_policy, advantage):
    a = log_policy.argmax(1, keepdim=True)
    return (log_policy.exp() * advantage.detach()).gather(1, a).mean()


@wrong("objective", "forgets the mean: returns one number per state")
def _(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum(1)


@wrong("objective", "softmax over the batch instead of over the actions (wrong axis)")
def _(log_policy, advantage):
    return (log_policy.softmax(0) * advantage.detach()).sum(1).mean()


@wrong("objective", "adds an entropy bonus, with weight 0.01")
def _(log_policy, advantage):
    p = log_policy.exp()
    return (p * advantage.detach()).sum(1).mean() - 0.01 * (p * log_policy).sum(1).mean()


@wrong("objective", "divides the advantages by their standard deviation")
def _(log_policy, advantage):
    x = advantage.detach()
    return (log_policy.exp() * x / (x.std() + 1e-8)).sum(1).mean()


@wrong("objective", "only positive advantages count: negative ones cut off at zero")
def _(log_policy, advantage):
    return (log_policy.exp() * advantage.detach().clamp(min=0)).sum(1).mean()


@wrong("objective", "returns a Python float (.item()), through which no gradient flows")
def _(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum(1).mean().item()


@wrong("objective", "wraps everything in no_grad: no gradient at all")
def _(log_policy, advantage):
    with torch.no_grad():
        return (log_policy.exp() * advantage).sum(1).mean()


@wrong("objective", "pi squared: weights detached pi times pi times advantage")
def _(log_policy, advantage):
    p = log_policy.exp()
    return (p.detach() * p * advantage.detach()).sum(1).mean()


@wrong("objective", "two things: advantage not detached, and the sign is that of a loss", mistakes=2)
def _(log_policy, advantage):
    return -(log_policy.exp() * advantage).sum(1).mean()


@wrong("objective", "two things: log policy without the weights pi, and summed over the batch", mistakes=2)
def _(log_policy, advantage):
    return (log_policy * advantage.detach()).sum()


# ---------------------------------------------------------------- regret_from_draws


@right("regret_from_draws", "table of COMA's advantages, columns drawn picked out, mean")
def _(q, row, drawn):
    return (q - row @ q)[:, drawn].mean(1)


@right("regret_from_draws", "loop over the draws")
def _(q, row, drawn):
    total = torch.zeros(len(row))
    for c in drawn.tolist():
        total = total + q[:, c] - (row * q[:, c]).sum()
    return total / len(drawn)


@right("regret_from_draws", "counts the draws into an empirical policy (bincount), then a regret against it")
def _(q, row, drawn):
    empirical = torch.bincount(drawn, minlength=q.shape[1]).to(q.dtype) / drawn.numel()
    v = q @ empirical
    return v - row @ v


@right("regret_from_draws", "Python's Counter, returns a list")
def _(q, row, drawn):
    counts = Counter(int(c) for c in drawn)
    m = sum(counts.values())
    v = [sum(n / m * float(line[c]) for c, n in counts.items()) for line in q]
    base = sum(float(p) * x for p, x in zip(row, v))
    return [x - base for x in v]


wrong("regret_from_draws", "sums over the draws instead of averaging", lambda q, row, drawn: (q - row @ q)[:, drawn].sum(1))
wrong("regret_from_draws", "no baseline: the mean payoff of each action over the draws", lambda q, row, drawn: q[:, drawn].mean(1))
wrong("regret_from_draws", "counts moves from one: takes columns drawn - 1", lambda q, row, drawn: (q - row @ q)[:, drawn - 1].mean(1))
wrong("regret_from_draws", "each move drawn counts once only, however often it was drawn (unique); right without repeats",
      lambda q, row, drawn: (q - row @ q)[:, drawn.unique()].mean(1))


@wrong("regret_from_draws", "counts[drawn] += 1 adds one only for repeated draws, so that repeats are lost, but divides by m")
def _(q, row, drawn):
    counts = torch.zeros(q.shape[1])
    counts[drawn] += 1
    return (q - row @ q) @ counts / len(drawn)


wrong("regret_from_draws", "baseline is the plain mean over row's actions",
      lambda q, row, drawn: (q - q.mean(0))[:, drawn].mean(1))
wrong("regret_from_draws", "sign: baseline minus payoff", lambda q, row, drawn: (row @ q - q)[:, drawn].mean(1))
wrong("regret_from_draws", "uses the first draw only", lambda q, row, drawn: (q - row @ q)[:, drawn[0]])
wrong("regret_from_draws", "uses the last draw only (overwrites in the loop)", lambda q, row, drawn: (q - row @ q)[:, drawn[-1]])
wrong("regret_from_draws", "divides by the number of column's actions instead of by the number of draws",
      lambda q, row, drawn: (q - row @ q)[:, drawn].sum(1) / q.shape[1])
wrong("regret_from_draws", "divides by m - 1 instead of m", lambda q, row, drawn: (q - row @ q)[:, drawn].sum(1) / (len(drawn) - 1))
wrong("regret_from_draws", "ignores the draws: averages over all of column's moves uniformly", lambda q, row, drawn: (q - row @ q).mean(1))
wrong("regret_from_draws", "takes the most frequent draw only (mode)", lambda q, row, drawn: (q - row @ q)[:, drawn.mode().values])
wrong("regret_from_draws", "the median over the draws instead of the mean", lambda q, row, drawn: (q - row @ q)[:, drawn].median(1).values)
wrong("regret_from_draws", "weights each advantage with row's probability", lambda q, row, drawn: row * (q - row @ q)[:, drawn].mean(1))
wrong("regret_from_draws", "baseline averaged over all of column's moves uniformly instead of over the draws",
      lambda q, row, drawn: q[:, drawn].mean(1) - (row @ q).mean())
wrong("regret_from_draws", "forgets the mean: one column of advantages per draw", lambda q, row, drawn: (q - row @ q)[:, drawn])
wrong("regret_from_draws", "average over row's actions instead of over the draws (wrong axis)", lambda q, row, drawn: (q - row @ q)[:, drawn].mean(0))
wrong("regret_from_draws", "leaves the first draw out (loop starts with 1), but divides by m",
      lambda q, row, drawn: (q - row @ q)[:, drawn[1:]].sum(1) / len(drawn))

_total = {}


@wrong("regret_from_draws", "keeps the sum of earlier calls with as many actions (global), so that only the first call is right")
def _(q, row, drawn):
    total, m = _total.get(len(row), (torch.zeros(len(row)), 0))
    total = total + (q - row @ q)[:, drawn].sum(1)
    m += len(drawn)
    _total[len(row)] = total, m
    return total / m


wrong("regret_from_draws", "two things: sums instead of averaging, and no baseline", lambda q, row, drawn: q[:, drawn].sum(1), mistakes=2)
wrong("regret_from_draws", "two things: counts moves from one, and the sign is the wrong way round",
      lambda q, row, drawn: (row @ q - q)[:, drawn - 1].mean(1), mistakes=2)

# ---------------------------------------------------------------- saved_variance


@right("saved_variance", "score matrix, squared norms, variance as mean of squared deviations")
def _(q, row, column):
    adv = q - row @ q
    mean = adv @ column
    var = ((adv - mean[:, None]) ** 2) @ column
    score = torch.eye(len(row)) - row
    return (row * (score**2).sum(1) * var).sum()


@right("saved_variance", "nested loops, returns a float")
def _(q, row, column):
    total = 0.0
    A, C = q.shape
    for a in range(A):
        norm2 = sum(((a == b) - float(row[b])) ** 2 for b in range(A))
        x = [float(q[a, c] - sum(row[b] * q[b, c] for b in range(A))) for c in range(C)]
        m = sum(float(p) * y for p, y in zip(column, x))
        total += float(row[a]) * norm2 * sum(float(p) * (y - m) ** 2 for p, y in zip(column, x))
    return total


@right("saved_variance", "numpy: norm as 1 - 2 pi + sum of pi squared, variance as E x^2 - (E x)^2")
def _(q, row, column):
    q, row, column = (np.asarray(x) for x in (q, row, column))
    adv = q - row @ q
    var = adv**2 @ column - (adv @ column) ** 2
    return row @ ((1 - 2 * row + row @ row) * var)


@right("saved_variance", "np.cov with column's policy as weights, einsum")
def _(q, row, column):
    q, row, column = (np.asarray(x) for x in (q, row, column))
    cov = np.atleast_2d(np.cov(q - row @ q, aweights=column, ddof=0))
    score = np.eye(len(row)) - row
    return float(np.einsum("a,ab,ab,a->", row, score, score, np.diag(cov)))


def _norm2(row):
    return ((torch.eye(len(row)) - row) ** 2).sum(1)


def _var(x, column):
    return (x**2) @ column - (x @ column) ** 2


wrong("saved_variance", "variance over column's moves uniformly (and with n - 1): column's policy is not used",
      lambda q, row, column: (row * _norm2(row) * (q - row @ q).var(1)).sum())
wrong("saved_variance", "variance over column's moves uniformly (divided by n): column's policy is not used",
      lambda q, row, column: (row * _norm2(row) * (q - row @ q).var(1, unbiased=False)).sum())
wrong("saved_variance", "second moment instead of the variance: the squared mean is not subtracted",
      lambda q, row, column: (row * _norm2(row) * ((q - row @ q) ** 2 @ column)).sum())
wrong("saved_variance", "standard deviation instead of variance",
      lambda q, row, column: (row * _norm2(row) * _var(q - row @ q, column).clamp(min=0).sqrt()).sum())
wrong("saved_variance", "variance of the payoffs instead of COMA's advantage: no baseline",
      lambda q, row, column: (row * _norm2(row) * _var(q, column)).sum())
wrong("saved_variance", "norm of the score not squared", lambda q, row, column: (row * _norm2(row).sqrt() * _var(q - row @ q, column)).sum())
wrong("saved_variance", "only the own entry of the score, (1 - pi)^2, the other logits forgotten",
      lambda q, row, column: (row * (1 - row) ** 2 * _var(q - row @ q, column)).sum())
wrong("saved_variance", "squared score as 2 (1 - pi)^2, as in the example; right for two actions of row",
      lambda q, row, column: (row * 2 * (1 - row) ** 2 * _var(q - row @ q, column)).sum())
wrong("saved_variance", "not weighted with the own policy", lambda q, row, column: (_norm2(row) * _var(q - row @ q, column)).sum())
wrong("saved_variance", "averages over the own actions uniformly instead of with pi",
      lambda q, row, column: (_norm2(row) * _var(q - row @ q, column)).mean())
wrong("saved_variance", "baseline is the plain mean over row's actions",
      lambda q, row, column: (row * _norm2(row) * _var(q - q.mean(0), column)).sum())
wrong("saved_variance", "squared score summed over the wrong axis (over the actions instead of over the logits)",
      lambda q, row, column: (row * ((torch.eye(len(row)) - row) ** 2).sum(0) * _var(q - row @ q, column)).sum())
wrong("saved_variance", "forgets the squared score", lambda q, row, column: (row * _var(q - row @ q, column)).sum())
wrong("saved_variance", "returns one number per action, forgets the sum", lambda q, row, column: row * _norm2(row) * _var(q - row @ q, column))
wrong("saved_variance", "minus: CRA's variance minus COMA's", lambda q, row, column: -(row * _norm2(row) * _var(q - row @ q, column)).sum())
wrong("saved_variance", "variance of the regrets over row's actions instead of COMA's over column's moves",
      lambda q, row, column: (row * _norm2(row)).sum() * _var((q - row @ q) @ column, row))
wrong("saved_variance", "pi squared: weighted twice with the own policy", lambda q, row, column: (row**2 * _norm2(row) * _var(q - row @ q, column)).sum())
wrong("saved_variance", "squared score taken as 1 - pi",
      lambda q, row, column: (row * (1 - row) * _var(q - row @ q, column)).sum())
wrong("saved_variance", "two things: variance of the payoffs without baseline, and no weights pi",
      lambda q, row, column: (_norm2(row) * _var(q, column)).sum(), mistakes=2)
wrong("saved_variance", "two things: column's policy not used (uniform variance), and the norm not squared",
      lambda q, row, column: (row * _norm2(row).sqrt() * (q - row @ q).var(1, unbiased=False)).sum(), mistakes=2)

# ---------------------------------------------------------------- no_gain
_f = torch.tensor([-1.0, 0.0, 1.0])
_g = torch.tensor([-3.0, 0.0, 3.0])

right("no_gain", "a part for row's action plus a part for column's move, both average to zero", _f[:, None] + _g)
right("no_gain", "plain lists, the parts do not average to zero but the table does", [[0, 5, -5], [1, 6, -4], [-1, 4, -6]])
right("no_gain", "numpy, np.add.outer, minus its mean",
      np.add.outer(np.array([0.5, 2.0, 7.25]), np.array([1.0, -4.0, 2.5])) - np.add.outer(np.array([0.5, 2.0, 7.25]), np.array([1.0, -4.0, 2.5])).mean())

wrong("no_gain", "additive, but does not average to zero", torch.tensor([1.0, 2.0, 3.0])[:, None] + torch.tensor([0.0, 10.0, 20.0]))
wrong("no_gain", "product of a part for row and a part for column instead of a sum", torch.outer(_f, torch.tensor([-1.0, -2.0, 3.0])))
wrong("no_gain", "all zeros: all actions and all moves pay the same", torch.zeros(3, 3))
wrong("no_gain", "two of row's actions pay the same", torch.tensor([1.0, 1.0, -2.0])[:, None] + _g)
wrong("no_gain", "two of column's moves pay the same", _f[:, None] + torch.tensor([1.0, 1.0, -2.0]))
wrong("no_gain", "pays depend on row's action only: all of column's moves pay the same", _f[:, None].expand(3, 3).clone())
wrong("no_gain", "pays depend on column's move only: all of row's actions pay the same", _g.expand(3, 3).clone())
wrong("no_gain", "rock, paper, scissors: averages to zero, but what pays depends on the other's move",
      torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]))
wrong("no_gain", "unit matrix minus a third: a coordination game, not additive", torch.eye(3) - 1 / 3)
wrong("no_gain", "additive but for two entries, changed by 0.5 up and down, so that it still averages to zero",
      _f[:, None] + _g + torch.tensor([[0.5, 0.0, 0.0], [0.0, -0.5, 0.0], [0.0, 0.0, 0.0]]))
wrong("no_gain", "the numbers from -4 to 4 in a magic square: rows and columns average to zero, not additive",
      torch.tensor([[-3.0, 2.0, 1.0], [4.0, 0.0, -4.0], [-1.0, -2.0, 3.0]]))
wrong("no_gain", "2 x 3 instead of 3 x 3", torch.tensor([-1.0, 1.0])[:, None] + _g)
wrong("no_gain", "forgets to centre properly: subtracts the largest payoff instead of the mean",
      _f[:, None] + _g - (_f[:, None] + _g).max())
wrong("no_gain", "a typing slip: additive table with one wrong sign", [[-4.0, -1.0, 2.0], [-3.0, 0.0, 3.0], [-2.0, 1.0, -4.0]])
wrong("no_gain", "two things: a product instead of a sum, and does not average to zero",
      torch.outer(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 2.0, 4.0])), mistakes=2)
wrong("no_gain", "two things: two of row's actions pay the same, and it does not average to zero",
      torch.tensor([1.0, 1.0, 2.0])[:, None] + torch.tensor([0.0, 1.0, 2.0]), mistakes=2)

# ---------------------------------------------------------------- some more, of types and of changes on the way


@wrong("objective", "exp_() in place: changes log_policy itself, so that autograd fails or the input is spoilt")
def _(log_policy, advantage):
    return (log_policy.exp_() * advantage.detach()).sum(1).mean()


@wrong("regret_from_draws", "bincount without minlength: an error unless the last of column's moves was drawn")
def _(q, row, drawn):
    frequency = torch.bincount(drawn).to(q.dtype) / len(drawn)
    v = q @ frequency
    return v - row @ v


@wrong("saved_variance", "computes in half precision, so that the result is off in the third or fourth digit")
def _(q, row, column):
    q, row, column = q.half(), row.half(), column.half()
    adv = q - (row[:, None] * q).sum(0)
    mean = (adv * column).sum(1, keepdim=True)
    var = ((adv - mean) ** 2 * column).sum(1)
    norm2 = ((torch.eye(len(row)).half() - row) ** 2).sum(1)
    return (row * norm2 * var).sum()


@wrong("exact_gradient", "subtracts the baseline in place action by action, so that it is computed anew from values already changed")
def _(d, policy, values):
    v = values.clone()
    for a in range(v.shape[1]):
        v[:, a] -= (policy * v).sum(1)
    return d[:, None] * policy * v


@wrong("exact_gradient", "the closed form for two actions, pi_0 pi_1 times the difference of the values; the other logits get 0; right for two actions")
def _(d, policy, values):
    g = torch.zeros_like(values)
    g[:, 0] = d * policy[:, 0] * policy[:, 1] * (values[:, 0] - values[:, 1])
    g[:, 1] = -g[:, 0]
    return g
