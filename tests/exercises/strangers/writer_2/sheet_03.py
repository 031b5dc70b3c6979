import numpy as np
import torch
import torch.nn.functional as F
from torch.func import grad, jacrev, vmap

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1. gradient_by_hand

right("gradient_by_hand", "policy times (value less 2.5)", [0.75, -0.625, -0.125])
right("gradient_by_hand", "by torch.func.grad of softmax(logits) @ values",
      grad(lambda x: x.softmax(0) @ torch.tensor([4.0, 0.0, 2.0]))(torch.tensor([0.5, 0.25, 0.25]).log()))
wrong("gradient_by_hand", "the advantages, not multiplied by the policy", [1.5, -2.5, -0.5])
wrong("gradient_by_hand", "policy times value, no baseline (forgot that each logit changes the other probabilities too)",
      [2.0, 0.0, 0.5])
wrong("gradient_by_hand", "baseline is the plain mean of the values (2) instead of the policy's value (2.5)", [1.0, -0.5, 0.0])
wrong("gradient_by_hand", "sign swapped (gradient of a loss)", [-0.75, 0.625, 0.125])
wrong("gradient_by_hand", "gradient in the probabilities instead of the logits: the values", [4.0, 0.0, 2.0])
wrong("gradient_by_hand", "the score of the first action: one-hot less policy", [0.5, -0.25, -0.25])
wrong("gradient_by_hand", "only the diagonal of softmax's Jacobian: p (1 - p) v", [1.0, 0.0, 0.375])
wrong("gradient_by_hand", "subtracted the best action's value instead of the policy's", [0.0, -1.0, -0.5])
wrong("gradient_by_hand", "multiplied by the policy twice", [0.375, -0.15625, -0.03125])
wrong("gradient_by_hand", "the gradient of one sample, the first action played: score times its value", [2.0, -1.0, -1.0])
wrong("gradient_by_hand", "the gradient of log V: divided by the policy's value", [0.3, -0.25, -0.05])
wrong("gradient_by_hand", "baseline is the plain mean, and the sign is swapped", [-1.0, 0.5, 0.0], mistakes=2)

# ---------------------------------------------------------------- 2. score


@right("score", "one-hot less policy")
def score(row, a):
    return F.one_hot(torch.as_tensor(int(a)), len(row)) - row


@right("score", "row of the Jacobian of log_softmax")
def score(p, k):
    return jacrev(lambda x: torch.log_softmax(x, 0))(p.clamp(min=1e-300).log())[k]


@right("score", "list comprehension")
def score(row, a):
    return [float(b == a) - float(p) for b, p in enumerate(row)]


@right("score", "adds one to a copy of the negative policy")
def score(row, a):
    out = -row
    out[a] += 1
    return out


@wrong("score", "sign swapped: policy less one-hot (gradient of cross-entropy)")
def score(row, a):
    return row - F.one_hot(torch.tensor(int(a)), len(row))


@wrong("score", "gradient of the probability pi(a) instead of its logarithm: multiplied by pi(a)")
def score(row, a):
    return row[a] * (F.one_hot(torch.tensor(int(a)), len(row)) - row)


@wrong("score", "gradient in the probabilities instead of the logits: one-hot divided by pi(a)")
def score(row, a):
    return F.one_hot(torch.tensor(int(a)), len(row)) / row[a]


@wrong("score", "one-hot only, the normalisation's part (less policy) is missing")
def score(row, a):
    return F.one_hot(torch.tensor(int(a)), len(row)).to(row)


@wrong("score", "only the entry of the action played, 1 - pi(a); zero for all others")
def score(row, a):
    return F.one_hot(torch.tensor(int(a)), len(row)) * (1 - row)


@wrong("score", "takes the probabilities for logits: softmax applied once more")
def score(row, a):
    return grad(lambda x: x.log_softmax(0)[a])(row)


@wrong("score", "returns the matrix of all actions' scores, not that of action a")
def score(row, a):
    return torch.eye(len(row)) - row


@wrong("score", "counts actions from one: a - 1")
def score(row, a):
    return F.one_hot(torch.tensor(int(a) - 1) % len(row), len(row)) - row


@wrong("score", "subtracts pi(a) from all entries instead of each action's own probability")
def score(row, a):
    return F.one_hot(torch.tensor(int(a)), len(row)) - row[a]


@wrong("score", "subtracts the uniform policy 1 / A instead of the policy")
def score(row, a):
    return F.one_hot(torch.tensor(int(a)), len(row)) - 1 / len(row)


@wrong("score", "other entries positive: plus policy where it should be minus, the played one 1 - pi(a)")
def score(row, a):
    out = row.clone()
    out[a] = 1 - row[a]
    return out


@wrong("score", "gradient of pi(a) instead of its logarithm, and the sign is swapped", mistakes=2)
def score(row, a):
    return row[a] * (row - F.one_hot(torch.tensor(int(a)), len(row)))


# ---------------------------------------------------------------- 3. exact_gradient


@right("exact_gradient", "d pi (value less the policy's value)")
def exact_gradient(d, policy, values):
    v = (policy * values).sum(1, keepdim=True)
    return d[:, None] * policy * (values - v)


@right("exact_gradient", "torch.func.grad of the weighted value in the logits")
def exact_gradient(d, policy, values):
    def total(logits):
        return torch.einsum("s,sa,sa->", d, logits.softmax(-1), values)

    return grad(total)(policy.clamp(min=1e-300).log())


@right("exact_gradient", "Jacobian of softmax, vmapped")
def exact_gradient(d, pi, v):
    return vmap(lambda w, p, x: w * (torch.diag(p) - torch.outer(p, p)) @ x)(d, pi, v)


@right("exact_gradient", "three loops as in the formula, numpy")
def exact_gradient(d, policy, values):
    S, A = policy.shape
    g = np.zeros((S, A))
    for s in range(S):
        for b in range(A):
            for a in range(A):
                g[s, b] += d[s] * policy[s, a] * (float(a == b) - policy[s, b]) * values[s, a]
    return g


def _adv(policy, values):
    return values - (policy * values).sum(1, keepdim=True)


@wrong("exact_gradient", "forgot d: all states count alike")
def exact_gradient(d, policy, values):
    return policy * _adv(policy, values)


@wrong("exact_gradient", "normalises d to sum to one")
def exact_gradient(d, policy, values):
    return (d / d.sum())[:, None] * policy * _adv(policy, values)


@wrong("exact_gradient", "forgot the factor pi(a): d times advantage")
def exact_gradient(d, policy, values):
    return d[:, None] * _adv(policy, values)


@wrong("exact_gradient", "no baseline: d pi v (the softmax's other logits are left out)")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * values


@wrong("exact_gradient", "baseline is the plain mean over actions instead of the policy's value")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * (values - values.mean(1, keepdim=True))


@wrong("exact_gradient", "one baseline for all states: the policy's value averaged over the states")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * (values - (policy * values).sum(1).mean())


@wrong("exact_gradient", "one baseline for all states: sums over states and actions (forgot the axis of the sum)")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * (values - (policy * values).sum())


@wrong("exact_gradient", "sign swapped")
def exact_gradient(d, policy, values):
    return -d[:, None] * policy * _adv(policy, values)


@wrong("exact_gradient", "divides by the number of states (mean over states)")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * _adv(policy, values) / len(d)


@wrong("exact_gradient", "returns the sum over the states, (A,)")
def exact_gradient(d, policy, values):
    return (d[:, None] * policy * _adv(policy, values)).sum(0)


@wrong("exact_gradient", "only the diagonal of softmax's Jacobian: d pi (1 - pi) v")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * (1 - policy) * values


@wrong("exact_gradient", "multiplies by the policy twice")
def exact_gradient(d, policy, values):
    return d[:, None] * policy ** 2 * _adv(policy, values)


@wrong("exact_gradient", "gradient in the probabilities instead of the logits: d times values")
def exact_gradient(d, policy, values):
    return grad(lambda p: torch.einsum("s,sa,sa->", d, p, values))(policy)


@wrong("exact_gradient", "passes the probabilities through softmax as if they were logits")
def exact_gradient(d, policy, values):
    return grad(lambda x: (d[:, None] * x.softmax(1) * values).sum())(policy)


@wrong("exact_gradient", "forgot d, and the baseline is the plain mean over actions", mistakes=2)
def exact_gradient(d, policy, values):
    return policy * (values - values.mean(1, keepdim=True))


# ---------------------------------------------------------------- 4. objective


@right("objective", "probabilities times detached advantage")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum(1).mean()


@right("objective", "detached probabilities times log pi times detached advantage")
def objective(log_policy, advantage):
    weights = log_policy.exp().detach() * advantage.detach()
    return torch.einsum("ba,ba->", weights, log_policy) / len(log_policy)


@right("objective", "loop over states, the advantage made constant by .data")
def objective(logp, adv):
    total = 0.0
    for lp, a in zip(logp, adv.data):
        total = total + torch.dot(lp.exp(), a)
    return total / logp.shape[0]


@wrong("objective", "gradient flows through the advantage (no detach)")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage).sum(1).mean()


@wrong("objective", "sums over the batch instead of averaging")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum()


@wrong("objective", "averages over the actions as well instead of summing (mean over everything)")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).mean()


@wrong("objective", "sign swapped: a loss to be minimised")
def objective(log_policy, advantage):
    return -(log_policy.exp() * advantage.detach()).sum(1).mean()


@wrong("objective", "not weighted with the policy: sums log pi times advantage over all actions")
def objective(log_policy, advantage):
    return (log_policy * advantage.detach()).sum(1).mean()


@wrong("objective", "detaches the policy instead of the advantage")
def objective(log_policy, advantage):
    return (log_policy.exp().detach() * advantage).sum(1).mean()


@wrong("objective", "pi log pi times advantage, pi not detached: the gradient has a factor 1 + log pi")
def objective(log_policy, advantage):
    return (log_policy.exp() * log_policy * advantage.detach()).sum(1).mean()


@wrong("objective", "detaches everything: no gradient at all")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage).sum(1).mean().detach()


@wrong("objective", "importance ratio pi / pi.detach() times advantage: not weighted with the policy")
def objective(log_policy, advantage):
    ratio = (log_policy - log_policy.detach()).exp()
    return (ratio * advantage.detach()).sum(1).mean()


@wrong("objective", "only the likeliest action of each state instead of the sum over actions")
def objective(log_policy, advantage):
    a = log_policy.argmax(1, keepdim=True)
    return (log_policy.gather(1, a) * advantage.detach().gather(1, a)).mean()


@wrong("objective", "cuts negative advantages to zero")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach().clamp(min=0)).sum(1).mean()


@wrong("objective", "standardises the advantages over the batch")
def objective(log_policy, advantage):
    adv = advantage.detach()
    adv = (adv - adv.mean()) / (adv.std() + 1e-8)
    return (log_policy.exp() * adv).sum(1).mean()


@wrong("objective", "adds an entropy bonus of 0.01")
def objective(log_policy, advantage):
    p = log_policy.exp()
    return (p * advantage.detach() - 0.01 * p * log_policy).sum(1).mean()


@wrong("objective", "returns one number a state, (B,), not their mean")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum(1)


@wrong("objective", "gradient flows through the advantage, and sums over the batch instead of averaging", mistakes=2)
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage).sum()


# ---------------------------------------------------------------- 5. regret_from_draws


@right("regret_from_draws", "mean of the columns drawn, less its mean under the policy")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn].mean(1)
    return v - row @ v


@right("regret_from_draws", "from the draws' frequencies (bincount)")
def regret_from_draws(q, row, drawn):
    freq = torch.bincount(torch.as_tensor(drawn), minlength=q.shape[1]).double()
    return (q - row @ q) @ (freq / freq.sum())


@right("regret_from_draws", "COMA under vmap, averaged")
def regret_from_draws(q, row, drawn):
    def one(onehot):
        col = q @ onehot
        return col - (row * col).sum()

    return vmap(one)(F.one_hot(torch.as_tensor(drawn), q.shape[1]).to(q)).mean(0)


@right("regret_from_draws", "loop, a list")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(row)
    for c in drawn.tolist():
        base = sum(float(p) * float(line[c]) for p, line in zip(row, q))
        for a in range(len(row)):
            out[a] += (float(q[a, c]) - base) / len(drawn)
    return out


@wrong("regret_from_draws", "counts repeated draws once only (unique)")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn.unique()].mean(1)
    return v - row @ v


@wrong("regret_from_draws", "baseline is the plain mean over row's actions instead of by its policy")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn].mean(1)
    return v - v.mean()


@wrong("regret_from_draws", "subtracts no baseline: mean payoff over the draws")
def regret_from_draws(q, row, drawn):
    return q[:, drawn].mean(1)


@wrong("regret_from_draws", "sums over the draws instead of averaging")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn].sum(1)
    return v - row @ v


@wrong("regret_from_draws", "divides by the number of column's actions instead of the number of draws")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn].sum(1) / q.shape[1]
    return v - row @ v


@wrong("regret_from_draws", "divides by m - 1 (as for an unbiased variance)")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn].sum(1) / (len(drawn) - 1)
    return v - row @ v


@wrong("regret_from_draws", "ignores the draws: column's moves averaged uniformly")
def regret_from_draws(q, row, drawn):
    v = q.mean(1)
    return v - row @ v


@wrong("regret_from_draws", "uses the first draw only")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn[0]]
    return v - row @ v


@wrong("regret_from_draws", "uses the most frequent draw only (mode)")
def regret_from_draws(q, row, drawn):
    v = q[:, torch.bincount(drawn).argmax()]
    return v - row @ v


@wrong("regret_from_draws", "counts moves from one: drawn - 1")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn - 1].mean(1)
    return v - row @ v


@wrong("regret_from_draws", "sign swapped: baseline less value")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn].mean(1)
    return row @ v - v


@wrong("regret_from_draws", "baseline averaged over all of column's moves (uniformly), not over the draws")
def regret_from_draws(q, row, drawn):
    return q[:, drawn].mean(1) - row @ q.mean(1)


@wrong("regret_from_draws", "returns the advantage for each draw, (A_1, m), not the mean")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn]
    return v - row @ v


@wrong("regret_from_draws", "multiplies by row's policy")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn].mean(1)
    return row * (v - row @ v)


@wrong("regret_from_draws", "sums instead of averaging, and the baseline is the plain mean over row's actions", mistakes=2)
def regret_from_draws(q, row, drawn):
    v = q[:, drawn].sum(1)
    return v - v.mean()


# ---------------------------------------------------------------- 6. saved_variance


def _coma(q, row):
    return q - row @ q


def _var(x, column):
    m = (x * column).sum(1, keepdim=True)
    return ((x - m) ** 2 * column).sum(1)


def _sq(row):
    return ((torch.eye(len(row)) - row) ** 2).sum(1)


@right("saved_variance", "squared deviations, scores from the identity matrix")
def saved_variance(q, row, column):
    adv = q - row @ q
    dev = adv - (adv @ column)[:, None]
    return row @ (((torch.eye(len(row)) - row) ** 2).sum(1) * (dev ** 2 @ column))


@right("saved_variance", "E[x^2] - E[x]^2, and |score|^2 = 1 - 2 pi + |pi|^2")
def saved_variance(q, row, column):
    A = q - torch.einsum("a,ac->c", row, q)
    var = torch.einsum("ac,c->a", A * A, column) - torch.einsum("ac,c->a", A, column).square()
    return torch.sum(row * (1 - 2 * row + row.dot(row)) * var)


@right("saved_variance", "scores by jacrev of log_softmax, numpy's cov with weights")
def saved_variance(q, row, column):
    S = jacrev(lambda x: x.log_softmax(0))(row.clamp(min=1e-300).log())
    A = (q - row @ q).numpy()
    var = np.array([np.average((x - np.average(x, weights=column)) ** 2, weights=column) for x in A])
    return float((row * S.square().sum(1)).numpy() @ var)


@wrong("saved_variance", "variance over column's moves with all alike (torch.var), not weighted with column's policy")
def saved_variance(q, row, column):
    return (row * _sq(row) * _coma(q, row).var(1, unbiased=False)).sum()


@wrong("saved_variance", "variance of the payoffs q instead of COMA's advantage (no baseline)")
def saved_variance(q, row, column):
    return (row * _sq(row) * _var(q, column)).sum()


@wrong("saved_variance", "forgot the factor pi(a): sums over actions unweighted")
def saved_variance(q, row, column):
    return (_sq(row) * _var(_coma(q, row), column)).sum()


@wrong("saved_variance", "norm of the score not squared")
def saved_variance(q, row, column):
    return (row * _sq(row).sqrt() * _var(_coma(q, row), column)).sum()


@wrong("saved_variance", "score of the own logit only: (1 - pi(a))^2, the other logits left out")
def saved_variance(q, row, column):
    return (row * (1 - row) ** 2 * _var(_coma(q, row), column)).sum()


@wrong("saved_variance", "mean square of the advantage instead of its variance (mean not subtracted)")
def saved_variance(q, row, column):
    return (row * _sq(row) * (_coma(q, row) ** 2 @ column)).sum()


@wrong("saved_variance", "standard deviation instead of variance")
def saved_variance(q, row, column):
    return (row * _sq(row) * _var(_coma(q, row), column).clamp(min=0).sqrt()).sum()


@wrong("saved_variance", "forgot the score: policy times variance")
def saved_variance(q, row, column):
    return (row * _var(_coma(q, row), column)).sum()


@wrong("saved_variance", "baseline of COMA is the plain mean over row's actions instead of by row's policy")
def saved_variance(q, row, column):
    return (row * _sq(row) * _var(q - q.mean(0), column)).sum()


@wrong("saved_variance", "takes the probabilities for logits in the score: softmax applied once more")
def saved_variance(q, row, column):
    return (row * _sq(row.softmax(0)) * _var(_coma(q, row), column)).sum()


@wrong("saved_variance", "weighted with the policy twice")
def saved_variance(q, row, column):
    return (row ** 2 * _sq(row) * _var(_coma(q, row), column)).sum()


@wrong("saved_variance", "returns the terms of the actions, (A_1,), not their sum")
def saved_variance(q, row, column):
    return row * _sq(row) * _var(_coma(q, row), column)


@wrong("saved_variance", "mean over the actions uniformly instead of by the policy")
def saved_variance(q, row, column):
    return (_sq(row) * _var(_coma(q, row), column)).mean()


@wrong("saved_variance", "variance of q instead of COMA's advantage, and column's policy is not used", mistakes=2)
def saved_variance(q, row, column):
    return (row * _sq(row) * q.var(1, unbiased=False)).sum()


# ---------------------------------------------------------------- 7. no_gain

_f, _g = torch.tensor([10.0, 0.0, -10.0]), torch.tensor([1.0, 0.5, -1.5])
right("no_gain", "row's part plus column's part, by broadcasting", _f[:, None] + _g)
right("no_gain", "lists of whole numbers", [[-4, -3, -2], [-1, 0, 1], [2, 3, 4]])
right("no_gain", "numpy outer sum, centred at the end",
      (lambda x: x - x.mean())(np.add.outer(np.array([0.0, 1.3, 7.0]), np.array([3.0, 0.4, -2.2]))))
wrong("no_gain", "product of row's part and column's part instead of their sum (interaction)", torch.outer(_f, _g))
wrong("no_gain", "column has no influence: all columns are equal", _f[:, None].expand(3, 3).clone())
wrong("no_gain", "row has no influence: all rows are equal", _g.expand(3, 3).clone())
wrong("no_gain", "the payoffs do not average to zero (sum of parts, shifted by 5)", _f[:, None] + _g + 5)
wrong("no_gain", "all payoffs zero: no game", torch.zeros(3, 3))
wrong("no_gain", "two of row's actions pay the same (sum of parts, first and second part of row equal)",
      torch.tensor([1.0, 1.0, -2.0])[:, None] + _g)
wrong("no_gain", "two of column's moves pay the same (sum of parts, two equal parts of column)",
      _f[:, None] + torch.tensor([1.0, 1.0, -2.0]))
wrong("no_gain", "sum of parts, but one payoff changed (and another, so that the mean stays zero)",
      _f[:, None] + _g + torch.tensor([[3.0, 0, 0], [0, 0, 0], [0, 0, -3.0]]))
wrong("no_gain", "matching pennies for three: the diagonal pays 2, all else -1", 3 * torch.eye(3) - 1)
wrong("no_gain", "rock, paper, scissors", torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]))
wrong("no_gain", "2 x 2 instead of 3 x 3", torch.tensor([[-2.0, -1.0], [1.0, 2.0]]))
wrong("no_gain", "product of parts, and not centred", torch.outer(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 2.0, 4.0])),
      mistakes=2)
