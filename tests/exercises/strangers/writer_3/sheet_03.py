import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# 1. gradient_by_hand ---------------------------------------------------------------------------------------------

right("gradient_by_hand", "as the text asks: probability times (value minus 2.5)", [0.75, -0.625, -0.125])
right("gradient_by_hand", "a tensor, by the Jacobian of the softmax",
      (torch.diag(torch.tensor([0.5, 0.25, 0.25])) - torch.outer(*[torch.tensor([0.5, 0.25, 0.25])] * 2)) @ torch.tensor([4.0, 0.0, 2.0]))
right("gradient_by_hand", "a tuple of fractions", (3 / 4, -5 / 8, -1 / 8))

wrong("gradient_by_hand", "the advantages only, not multiplied with the probabilities", [1.5, -2.5, -0.5])
wrong("gradient_by_hand", "probability times value, no baseline subtracted", [2.0, 0.0, 0.5])
wrong("gradient_by_hand", "the sign is swapped, as for descent", [-0.75, 0.625, 0.125])
wrong("gradient_by_hand", "the baseline is the plain mean of the values (2) instead of 2.5", [1.0, -0.5, 0.0])
wrong("gradient_by_hand", "gradient in the probabilities, not in the logits: the values themselves", [4.0, 0.0, 2.0])
wrong("gradient_by_hand", "only the diagonal of the Jacobian: p (1 - p) times value", [1.0, 0.0, 0.375])
wrong("gradient_by_hand", "subtracts the best value (4) as baseline", [0.0, -1.0, -0.5])
wrong("gradient_by_hand", "multiplies with the probability twice", [0.375, -0.15625, -0.03125])
wrong("gradient_by_hand", "the score of the first action only: (1 - 0.5, -0.25, -0.25), the values are not used", [0.5, -0.25, -0.25])
wrong("gradient_by_hand", "the negative entries are cut to zero", [0.75, 0.0, 0.0])
wrong("gradient_by_hand", "the baseline is the plain mean (2), and the probabilities in front are forgotten", [2.0, -2.0, 0.0], mistakes=2)

# 2. score --------------------------------------------------------------------------------------------------------


@right("score", "one-hot minus the policy")
def score(row, a):
    return torch.eye(len(row))[a] - row


@right("score", "list comprehension")
def score(row, a):
    return [(1.0 if b == a else 0.0) - float(p) for b, p in enumerate(row)]


@right("score", "autograd of log_softmax at the logits log(row)")
def score(probs, action):
    z = probs.detach().log().requires_grad_()
    return torch.autograd.grad(torch.log_softmax(z, 0)[action], z)[0]


@right("score", "numpy, on a copy")
def score(row, a):
    g = -np.array(row)
    g[a] += 1
    return g


@wrong("score", "the sign is swapped: policy minus one-hot")
def score(row, a):
    return row - torch.eye(len(row))[a]


@wrong("score", "gradient in the probabilities: 1 / pi(a) at a, zero elsewhere")
def score(row, a):
    return torch.eye(len(row))[a] / row[a]


@wrong("score", "gradient of pi(a), not of log pi(a): multiplied with pi(a)")
def score(row, a):
    return row[a] * (torch.eye(len(row))[a] - row)


@wrong("score", "one number, 1 - pi(a), instead of a vector")
def score(row, a):
    return 1 - row[a]


@wrong("score", "the policy is not subtracted: only the one-hot vector")
def score(row, a):
    return np.eye(len(row))[a]


@wrong("score", "subtracts pi(a) everywhere instead of each pi(b)")
def score(row, a):
    return np.eye(len(row))[a] - float(row[a])


@wrong("score", "zero at the other actions: only the entry of a, 1 - pi(a)")
def score(row, a):
    out = np.zeros(len(row))
    out[a] = 1 - row[a]
    return out


@wrong("score", "counts actions from one: the one is at a - 1")
def score(row, a):
    return torch.eye(len(row))[a - 1] - row


@wrong("score", "1 - pi(b) at every entry")
def score(row, a):
    return 1 - row


@wrong("score", "subtracts the uniform policy instead of row")
def score(row, a):
    return torch.eye(len(row))[a] - 1 / len(row)


@wrong("score", "takes the probabilities for logits and applies the softmax once more")
def score(row, a):
    return torch.eye(len(row))[a] - row.softmax(0)


@wrong("score", "signs mixed up: plus the policy instead of minus")
def score(row, a):
    return torch.eye(len(row))[a] + row


_EYE = []


@wrong("score", "builds the one-hot vector once in a global and adds to it in each call, never cleared")
def score(row, a):
    while len(_EYE) <= len(row):
        _EYE.append(torch.zeros(len(_EYE)))
    _EYE[len(row)][a] = 1
    return _EYE[len(row)] - row


@wrong("score", "sign swapped, and the one is at a - 1", mistakes=2)
def score(row, a):
    return row - torch.eye(len(row))[a - 1]


# 3. exact_gradient -----------------------------------------------------------------------------------------------


@right("exact_gradient", "d times policy times (values minus their average)")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * (values - (policy * values).sum(1, keepdim=True))


@right("exact_gradient", "three loops, as in the formula")
def exact_gradient(d, policy, values):
    S, A = policy.shape
    g = [[0.0] * A for _ in range(S)]
    for s in range(S):
        for b in range(A):
            for a in range(A):
                g[s][b] += float(d[s] * policy[s, a] * (float(a == b) - policy[s, b]) * values[s, a])
    return g


@right("exact_gradient", "torch.func.grad of the value in the logits")
def exact_gradient(visits, pi, v):
    return torch.func.grad(lambda z: (visits[:, None] * z.softmax(-1) * v).sum())(pi.log())


@right("exact_gradient", "numpy einsum with the softmax's Jacobian")
def exact_gradient(d, policy, values):
    d, p, v = map(np.asarray, (d, policy, values))
    J = np.einsum("sa,ab->sab", p, np.eye(p.shape[1])) - np.einsum("sa,sb->sab", p, p)
    return np.einsum("s,sab,sa->sb", d, J, v)


@wrong("exact_gradient", "no baseline: d times policy times values")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * values


@wrong("exact_gradient", "d is forgotten")
def exact_gradient(d, policy, values):
    return policy * (values - (policy * values).sum(1, keepdim=True))


@wrong("exact_gradient", "d is normalised to sum to one")
def exact_gradient(d, policy, values):
    return (d / d.sum())[:, None] * policy * (values - (policy * values).sum(1, keepdim=True))


@wrong("exact_gradient", "the policy in front is missing: d times advantage")
def exact_gradient(d, policy, values):
    return d[:, None] * (values - (policy * values).sum(1, keepdim=True))


@wrong("exact_gradient", "the baseline is the plain mean of the values")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * (values - values.mean(1, keepdim=True))


@wrong("exact_gradient", "the baseline is summed over the states (axis 0) instead of the actions")
def exact_gradient(d, policy, values):
    d, p, v = map(np.asarray, (d, policy, values))
    return d[:, None] * p * (v - (p * v).sum(0))


@wrong("exact_gradient", "the sign is swapped, gradient for descent")
def exact_gradient(d, policy, values):
    return -d[:, None] * policy * (values - (policy * values).sum(1, keepdim=True))


@wrong("exact_gradient", "averages over the states: divided by S")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * (values - (policy * values).sum(1, keepdim=True)) / len(d)


@wrong("exact_gradient", "d broadcast along the actions instead of the states (fails unless S = A)")
def exact_gradient(d, policy, values):
    return d * policy * (values - (policy * values).sum(1, keepdim=True))


@wrong("exact_gradient", "sums over the states at the end: (A,) instead of (S, A)")
def exact_gradient(d, policy, values):
    return (d[:, None] * policy * (values - (policy * values).sum(1, keepdim=True))).sum(0)


@wrong("exact_gradient", "only the terms a = b: policy times (1 - policy) times value")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * (1 - policy) * values


@wrong("exact_gradient", "the baseline is one number, the mean of v(s) over all states")
def exact_gradient(d, policy, values):
    return d[:, None] * policy * (values - (policy * values).sum(1).mean())


@wrong("exact_gradient", "d weights the baseline only, not the gradient: policy times (values - d v)")
def exact_gradient(d, policy, values):
    return policy * (values - d[:, None] * (policy * values).sum(1, keepdim=True))


@wrong("exact_gradient", "d is forgotten and the baseline is the plain mean", mistakes=2)
def exact_gradient(d, policy, values):
    return policy * (values - values.mean(1, keepdim=True))


# 4. objective ----------------------------------------------------------------------------------------------------


@right("objective", "policy times detached advantage, summed over actions, mean over the batch")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum(1).mean()


@right("objective", "the score form: the policy in front is detached too, log policy carries the gradient")
def objective(log_policy, advantage):
    return (log_policy.detach().exp() * log_policy * advantage.detach()).sum(-1).mean(0)


@right("objective", "a loop over the batch, advantage copied under no_grad")
def objective(logp, adv):
    with torch.no_grad():
        adv = adv.clone()
    total = 0.0
    for lp, a in zip(logp, adv):
        total = total + torch.exp(lp) @ a
    return total / len(logp)


@right("objective", "vmap of a dot product")
def objective(log_policy, advantage):
    return torch.vmap(torch.dot)(log_policy.exp(), advantage.detach()).mean()


@wrong("objective", "the advantage is not detached")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage).sum(1).mean()


@wrong("objective", "the wrong one is detached: the policy, and the gradient flows through the advantage")
def objective(log_policy, advantage):
    return (log_policy.exp().detach() * advantage).sum(1).mean()


@wrong("objective", "mean over actions as well: too small by the factor A")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).mean()


@wrong("objective", "sum over the batch instead of mean")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum()


@wrong("objective", "sums over the batch (axis 0) and averages over the actions")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum(0).mean()


@wrong("objective", "a loss to be minimised: minus sign in front")
def objective(log_policy, advantage):
    return -(log_policy.exp() * advantage.detach()).sum(1).mean()


@wrong("objective", "log policy times advantage, not weighted with the policy")
def objective(log_policy, advantage):
    return (log_policy * advantage.detach()).sum(1).mean()


@wrong("objective", "policy times log policy times advantage, with the gradient through both")
def objective(log_policy, advantage):
    return (log_policy.exp() * log_policy * advantage.detach()).sum(1).mean()


@wrong("objective", "returns one number for each state, (B,)")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum(1)


@wrong("objective", "through numpy: no gradient at all")
def objective(log_policy, advantage):
    p = np.exp(log_policy.detach().numpy())
    return torch.tensor((p * advantage.detach().numpy()).sum(1).mean())


@wrong("objective", "only the likeliest action of each state counts instead of all")
def objective(log_policy, advantage):
    a = log_policy.argmax(1, keepdim=True)
    return (log_policy.gather(1, a) * advantage.detach().gather(1, a)).mean()


@wrong("objective", "takes log_policy for logits over the batch: softmax along axis 0")
def objective(log_policy, advantage):
    return (log_policy.softmax(0) * advantage.detach()).sum(1).mean()


@wrong("objective", "clamps negative advantages to zero")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach().clamp(min=0)).sum(1).mean()


@wrong("objective", "normalises the advantages by their standard deviation over the batch")
def objective(log_policy, advantage):
    a = advantage.detach()
    return (log_policy.exp() * a / (a.std(unbiased=False) + 1e-8)).sum(1).mean()


@wrong("objective", "always divides by 2, as in the example, instead of the size of the batch")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum() / 2


@wrong("objective", "advantage not detached, and mean over actions too", mistakes=2)
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage).mean()


# 5. regret_from_draws --------------------------------------------------------------------------------------------


@right("regret_from_draws", "fancy indexing: the drawn columns, minus their averages, mean over draws")
def regret_from_draws(q, row, drawn):
    x = q[:, drawn]
    return (x - row @ x).mean(1)


@right("regret_from_draws", "loop over draws, lists")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(row)
    for c in drawn.tolist():
        v = sum(float(p) * float(r[c]) for p, r in zip(row, q))
        out = [o + (float(r[c]) - v) / len(drawn) for o, r in zip(out, q)]
    return out


@right("regret_from_draws", "numpy: counts give an empirical policy of the other")
def regret_from_draws(q, row, drawn):
    q = np.asarray(q)
    f = np.bincount(np.asarray(drawn), minlength=q.shape[1]) / len(drawn)
    v = q @ f
    return v - np.dot(np.asarray(row), v)


@wrong("regret_from_draws", "no baseline: mean of the payoffs at the draws")
def regret_from_draws(q, row, drawn):
    return q[:, drawn].mean(1)


@wrong("regret_from_draws", "each move that was drawn counts once: repeated draws are dropped")
def regret_from_draws(q, row, drawn):
    x = q[:, torch.unique(drawn)]
    return (x - row @ x).mean(1)


@wrong("regret_from_draws", "sum over the draws instead of average")
def regret_from_draws(q, row, drawn):
    x = q[:, drawn]
    return (x - row @ x).sum(1)


@wrong("regret_from_draws", "divides by the number of columns instead of the number of draws")
def regret_from_draws(q, row, drawn):
    x = q[:, drawn]
    return (x - row @ x).sum(1) / q.shape[1]


@wrong("regret_from_draws", "divides by m - 1, as for a variance (for one draw by 1)")
def regret_from_draws(q, row, drawn):
    x = q[:, drawn]
    return (x - row @ x).sum(1) / max(len(drawn) - 1, 1)


@wrong("regret_from_draws", "the baseline is the plain mean over row's actions")
def regret_from_draws(q, row, drawn):
    x = q[:, drawn]
    return (x - x.mean(0)).mean(1)


@wrong("regret_from_draws", "returns a value for each draw, not averaged: (A_1, m)")
def regret_from_draws(q, row, drawn):
    x = q[:, drawn]
    return x - row @ x


@wrong("regret_from_draws", "only the first draw is used")
def regret_from_draws(q, row, drawn):
    x = q[:, drawn[0]]
    return x - row @ x


@wrong("regret_from_draws", "counts moves from one: drawn - 1")
def regret_from_draws(q, row, drawn):
    x = q[:, drawn - 1]
    return (x - row @ x).mean(1)


@wrong("regret_from_draws", "averages over all moves uniformly, the draws are not used")
def regret_from_draws(q, row, drawn):
    v = q.mean(1)
    return v - row @ v


@wrong("regret_from_draws", "baseline over all moves of the other alike, not over those drawn")
def regret_from_draws(q, row, drawn):
    return q[:, drawn].mean(1) - (row @ q).mean()


@wrong("regret_from_draws", "averages over the wrong axis: over row's actions, one number for each draw")
def regret_from_draws(q, row, drawn):
    x = q[:, drawn]
    return (x - row @ x).mean(0)


@wrong("regret_from_draws", "median over the draws instead of average")
def regret_from_draws(q, row, drawn):
    x = np.asarray(q[:, drawn])
    return np.median(x - np.asarray(row) @ x, axis=1)


@wrong("regret_from_draws", "weights with row's policy at the end")
def regret_from_draws(q, row, drawn):
    x = q[:, drawn]
    return row * (x - row @ x).mean(1)


@wrong("regret_from_draws", "the sign is swapped: average minus payoff")
def regret_from_draws(q, row, drawn):
    x = q[:, drawn]
    return (row @ x - x).mean(1)


@wrong("regret_from_draws", "repeated draws are dropped, and the baseline is the plain mean", mistakes=2)
def regret_from_draws(q, row, drawn):
    x = q[:, torch.unique(drawn)]
    return (x - x.mean(0)).mean(1)


# 6. saved_variance -----------------------------------------------------------------------------------------------


@right("saved_variance", "second moment minus square of the mean, score by the identity")
def saved_variance(q, row, column):
    adv = q - row @ q
    var = adv**2 @ column - (adv @ column) ** 2
    sq = ((torch.eye(len(row)) - row) ** 2).sum(1)
    return row @ (sq * var)


@right("saved_variance", "loops, returns a float")
def saved_variance(q, row, column):
    A, C = q.shape
    q, row, column = q.tolist(), row.tolist(), column.tolist()
    v = [sum(row[a] * q[a][c] for a in range(A)) for c in range(C)]
    total = 0.0
    for a in range(A):
        adv = [q[a][c] - v[c] for c in range(C)]
        m = sum(p * x for p, x in zip(column, adv))
        var = sum(p * (x - m) ** 2 for p, x in zip(column, adv))
        total += row[a] * sum(((a == b) - row[b]) ** 2 for b in range(A)) * var
    return total


@right("saved_variance", "numpy, squared score as 1 - 2 p + sum p^2")
def saved_variance(q, x, y):
    q, x, y = map(np.asarray, (q, x, y))
    adv = q - (x @ q)[None]
    var = (y * (adv - np.average(adv, axis=1, weights=y)[:, None]) ** 2).sum(-1)
    return float((x * (1 - 2 * x + (x**2).sum()) * var).sum())


def _parts(q, row, column):
    adv = q - row @ q
    return ((torch.eye(len(row)) - row) ** 2).sum(1), adv**2 @ column - (adv @ column) ** 2


@wrong("saved_variance", "the variance counts all columns alike (1 / A_2), column's policy is not used")
def saved_variance(q, row, column):
    return row @ (_parts(q, row, column)[0] * (q - row @ q).var(1, unbiased=False))


@wrong("saved_variance", "the variance of the payoffs, not of COMA's advantage")
def saved_variance(q, row, column):
    return row @ (_parts(q, row, column)[0] * (q**2 @ column - (q @ column) ** 2))


@wrong("saved_variance", "second moment, the squared mean is not subtracted")
def saved_variance(q, row, column):
    return row @ (_parts(q, row, column)[0] * ((q - row @ q) ** 2 @ column))


@wrong("saved_variance", "pi(a) in front is missing")
def saved_variance(q, row, column):
    sq, var = _parts(q, row, column)
    return sq @ var


@wrong("saved_variance", "the squared score is missing")
def saved_variance(q, row, column):
    return row @ _parts(q, row, column)[1]


@wrong("saved_variance", "squared score has only the entry of a: (1 - pi(a))^2, the other logits are forgotten")
def saved_variance(q, row, column):
    return row @ ((1 - row) ** 2 * _parts(q, row, column)[1])


@wrong("saved_variance", "length of the score, not its square")
def saved_variance(q, row, column):
    sq, var = _parts(q, row, column)
    return row @ (sq.sqrt() * var)


@wrong("saved_variance", "standard deviation instead of variance")
def saved_variance(q, row, column):
    sq, var = _parts(q, row, column)
    return row @ (sq * var.clamp(min=0).sqrt())


@wrong("saved_variance", "not summed over the actions: (A_1,)")
def saved_variance(q, row, column):
    sq, var = _parts(q, row, column)
    return row * sq * var


@wrong("saved_variance", "mean over the actions instead of the sum weighted with pi (plain average)")
def saved_variance(q, row, column):
    sq, var = _parts(q, row, column)
    return (sq * var).mean()


@wrong("saved_variance", "the baseline of the advantage is the plain mean over row's actions")
def saved_variance(q, row, column):
    adv = q - q.mean(0)
    return row @ (_parts(q, row, column)[0] * (adv**2 @ column - (adv @ column) ** 2))


@wrong("saved_variance", "adds the scores first and squares then: |sum|^2 over the logits, which is zero")
def saved_variance(q, row, column):
    return row @ ((torch.eye(len(row)) - row).sum(1) ** 2 * _parts(q, row, column)[1])


@wrong("saved_variance", "unbiased sample variance over the columns (weighted with the policy, then times A_2 / (A_2 - 1))")
def saved_variance(q, row, column):
    sq, var = _parts(q, row, column)
    return row @ (sq * var) * len(column) / max(len(column) - 1, 1)


@wrong("saved_variance", "half precision: the result is off in the third digit")
def saved_variance(q, row, column):
    q, row, column = (np.asarray(x, np.float16) for x in (q, row, column))
    adv = q - row @ q
    var = (adv**2) @ column - (adv @ column) ** 2
    return float((row * ((np.eye(len(row), dtype=np.float16) - row) ** 2).sum(1) * var).sum())


@wrong("saved_variance", "second moment instead of variance, and pi(a) is missing", mistakes=2)
def saved_variance(q, row, column):
    return _parts(q, row, column)[0] @ ((q - row @ q) ** 2 @ column)


# 7. no_gain ------------------------------------------------------------------------------------------------------

right("no_gain", "a list: -1, 0, 1 for rows plus -2, 0, 2 for columns", [[-3.0, -1.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 1.0, 3.0]])
right("no_gain", "a tensor, broadcast sum", torch.tensor([-3.0, 1.0, 2.0])[:, None] + torch.tensor([0.5, 1.0, -1.5]))
right("no_gain", "numpy integers", np.arange(9).reshape(3, 3) - 4)

wrong("no_gain", "columns all pay the same: only row's action matters", [[-1.0, -1.0, -1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
wrong("no_gain", "rows all pay the same: only column's move matters", [[-1.0, 0.0, 1.0]] * 3)
wrong("no_gain", "two of row's actions pay the same", [[-4.0, -2.0, 0.0], [-4.0, -2.0, 0.0], [2.0, 4.0, 6.0]])
wrong("no_gain", "two of column's moves pay the same", [[-2.0, -2.0, 1.0], [-1.0, -1.0, 2.0], [0.0, 0.0, 3.0]])
wrong("no_gain", "does not average to zero (one to nine)", np.arange(1, 10).reshape(3, 3))
wrong("no_gain", "product of a row number and a column number instead of the sum (then centred)", np.outer([1, 2, 3], [1, 2, 4]) - 14 / 3)
wrong("no_gain", "rock, paper, scissors: the advantage depends on column, and on average all actions pay the same",
      [[0, -1, 1], [1, 0, -1], [-1, 1, 0]], mistakes=2)
wrong("no_gain", "each row has other gaps between the columns: the rows are not shifted copies of each other", [[-3.0, -1.0, 1.0], [-1.0, 0.0, 1.0], [-2.0, 1.0, 4.0]])
wrong("no_gain", "a slip in one of nine entries (one is 2 too large, one in the same row 2 too small)", [[-3.0, 1.0, -1.0], [-2.0, 0.0, 2.0], [-1.0, 1.0, 3.0]])
wrong("no_gain", "2 x 2 only", [[-2.0, 0.0], [0.0, 2.0]])
wrong("no_gain", "a diagonal matrix: the advantage depends on column's move", torch.diag(torch.tensor([3.0, 0.0, -3.0])))
wrong("no_gain", "all zeros: rows pay the same and columns pay the same", torch.zeros(3, 3), mistakes=2)
wrong("no_gain", "products, and the average is not zero", np.outer([1, 2, 3], [1, 2, 3]), mistakes=2)
