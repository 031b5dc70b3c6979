import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# 1. gradient_by_hand: V = 2.5, pi (v - V)
right("gradient_by_hand", "pi(a) (v(a) - 2.5)", [0.75, -0.625, -0.125])
right("gradient_by_hand", "numpy", np.array([0.5, 0.25, 0.25]) * (np.array([4.0, 0.0, 2.0]) - 2.5))
wrong("gradient_by_hand", "did not subtract the policy's value: pi(a) v(a)", [2.0, 0.0, 0.5])
wrong("gradient_by_hand", "forgot pi(a): gave v(a) minus the policy's value", [1.5, -2.5, -0.5])
wrong("gradient_by_hand", "subtracted the plain mean of the values, 2, not the policy's value 2.5", [1.0, -0.5, 0.0])
wrong("gradient_by_hand", "sign swapped, as for a loss", [-0.75, 0.625, 0.125])
wrong("gradient_by_hand", "gradient in the probabilities, not in the logits: the values themselves", [4.0, 0.0, 2.0])
wrong("gradient_by_hand", "kept only the own logit's part, pi (1 - pi) v", [1.0, 0.0, 0.375])
wrong("gradient_by_hand", "the policy's value itself, three times", [2.5, 2.5, 2.5])
wrong("gradient_by_hand", "all actions weighted alike by 1/3 in front: (v - V) / 3", [0.5, -2.5 / 3, -0.5 / 3])
wrong("gradient_by_hand", "the order is wrong: last two numbers swapped", [0.75, -0.125, -0.625])
wrong("gradient_by_hand", "score of the first action times its value only (the sum over actions left out)", [2.0, -1.0, -1.0])
wrong("gradient_by_hand", "subtracted the largest value, 4, instead of the policy's value", [0.0, -1.0, -0.5])
wrong("gradient_by_hand", "arithmetic: 0.25 * (2 - 2.5) taken as +0.125", [0.75, -0.625, 0.125])
wrong("gradient_by_hand", "forgot pi(a) in front, and the sign is swapped", [-1.5, 2.5, 0.5], mistakes=2)


# 2. score
@right("score", "loop, if b == a")
def score(row, a):
    out = []
    for b in range(len(row)):
        if b == a:
            out.append(1 - float(row[b]))
        else:
            out.append(-float(row[b]))
    return out


@right("score", "minus the policy, then one added at a")
def score(pi, act):
    g = -pi.clone()
    g[act] += 1
    return g


@right("score", "autograd through log_softmax of log(row) (a zero gets a very small logit)")
def score(row, a):
    logits = torch.log(row.clamp(min=1e-300)).clone().requires_grad_()
    torch.log_softmax(logits, 0)[a].backward()
    return logits.grad


@wrong("score", "sign swapped: row minus one-hot")
def score(row, a):
    g = row.clone()
    g[a] -= 1
    return g


@wrong("score", "counts actions from one: the one sits at a - 1")
def score(row, a):
    out = [-float(x) for x in row]
    out[a - 1] += 1
    return out


@wrong("score", "derivative of pi(a), not of log pi(a): multiplied with pi(a)")
def score(row, a):
    out = []
    for b in range(len(row)):
        out.append(float(row[a]) * ((1 if b == a else 0) - float(row[b])))
    return out


@wrong("score", "derivative of the logarithm in the probabilities: 1 / pi(a) at a, else zero")
def score(row, a):
    out = [0.0] * len(row)
    out[a] = 1 / float(row[a])
    return out


@wrong("score", "only the own entry, 1 - pi(a), zeros at all other logits")
def score(row, a):
    out = [0.0] * len(row)
    out[a] = 1 - float(row[a])
    return out


@wrong("score", "others get minus pi(a), not minus their own probability")
def score(row, a):
    out = []
    for b in range(len(row)):
        out.append(1 - float(row[a]) if b == a else -float(row[a]))
    return out


@wrong("score", "forgets the one: minus the policy everywhere")
def score(row, a):
    return [-float(x) for x in row]


@wrong("score", "at a itself puts 1 instead of 1 - pi(a)")
def score(row, a):
    out = [-float(x) for x in row]
    out[a] = 1.0
    return out


@wrong("score", "returns log pi(a) itself times the one-hot vector, not its derivative")
def score(row, a):
    out = [0.0] * len(row)
    out[a] = float(torch.log(row[a]))
    return out


@wrong("score", "others' entries have the wrong sign: + pi(b)")
def score(row, a):
    out = [float(x) for x in row]
    out[a] = 1 - float(row[a])
    return out


@wrong("score", "baseline is uniform: subtracts 1 / A from the one-hot instead of the policy")
def score(row, a):
    out = [-1 / len(row)] * len(row)
    out[a] += 1
    return out


@wrong("score", "one at a - 1, and the sign is swapped", mistakes=2)
def score(row, a):
    out = [float(x) for x in row]
    out[a - 1] -= 1
    return out


# 3. exact_gradient
@right("exact_gradient", "d pi (v - V), loops and floats")
def exact_gradient(d, policy, values):
    g = []
    for s in range(len(d)):
        V = 0.0
        for a in range(len(policy[s])):
            V += float(policy[s][a]) * float(values[s][a])
        g.append([float(d[s]) * float(policy[s][b]) * (float(values[s][b]) - V) for b in range(len(policy[s]))])
    return g


@right("exact_gradient", "the double sum as written, with the score")
def exact_gradient(d, policy, values):
    S, A = policy.shape
    g = torch.zeros(S, A)
    for s in range(S):
        for a in range(A):
            for b in range(A):
                sc = (1.0 if a == b else 0.0) - policy[s, b]
                g[s, b] += d[s] * policy[s, a] * sc * values[s, a]
    return g


@right("exact_gradient", "numpy, one line")
def exact_gradient(d, pi, v):
    d, pi, v = np.array(d), np.array(pi), np.array(v)
    return d[:, None] * pi * (v - (pi * v).sum(1)[:, None])


def _state_values(policy, values):
    return [sum(float(p) * float(v) for p, v in zip(policy[s], values[s])) for s in range(len(policy))]


@wrong("exact_gradient", "does not weight with d")
def exact_gradient(d, policy, values):
    V = _state_values(policy, values)
    return [[float(policy[s, b]) * (float(values[s, b]) - V[s]) for b in range(policy.shape[1])] for s in range(len(d))]


@wrong("exact_gradient", "rescales d to sum to one")
def exact_gradient(d, policy, values):
    V = _state_values(policy, values)
    total = float(d.sum())
    return [[float(d[s]) / total * float(policy[s, b]) * (float(values[s, b]) - V[s]) for b in range(policy.shape[1])]
            for s in range(len(d))]


@wrong("exact_gradient", "divides by the number of states (mean instead of d only)")
def exact_gradient(d, policy, values):
    V = _state_values(policy, values)
    return [[float(d[s]) * float(policy[s, b]) * (float(values[s, b]) - V[s]) / len(d) for b in range(policy.shape[1])]
            for s in range(len(d))]


@wrong("exact_gradient", "forgets the score's minus part: d pi v, without subtracting the state's value")
def exact_gradient(d, policy, values):
    return [[float(d[s]) * float(policy[s, b]) * float(values[s, b]) for b in range(policy.shape[1])] for s in range(len(d))]


@wrong("exact_gradient", "forgets pi(a) in front: d (v - V)")
def exact_gradient(d, policy, values):
    V = _state_values(policy, values)
    return [[float(d[s]) * (float(values[s, b]) - V[s]) for b in range(policy.shape[1])] for s in range(len(d))]


@wrong("exact_gradient", "subtracts the plain mean of the values, not the mean under the policy")
def exact_gradient(d, policy, values):
    out = []
    for s in range(len(d)):
        m = float(values[s].mean())
        out.append([float(d[s]) * float(policy[s, b]) * (float(values[s, b]) - m) for b in range(policy.shape[1])])
    return out


@wrong("exact_gradient", "subtracts one V for all states: forgets to reset the running sum at each state")
def exact_gradient(d, policy, values):
    out = []
    V = 0.0
    for s in range(len(d)):
        for a in range(policy.shape[1]):
            V += float(policy[s, a]) * float(values[s, a])
        out.append([float(d[s]) * float(policy[s, b]) * (float(values[s, b]) - V) for b in range(policy.shape[1])])
    return out


@wrong("exact_gradient", "sign swapped: descends instead of ascending")
def exact_gradient(d, policy, values):
    V = _state_values(policy, values)
    return [[float(d[s]) * float(policy[s, b]) * (V[s] - float(values[s, b])) for b in range(policy.shape[1])]
            for s in range(len(d))]


@wrong("exact_gradient", "pi(a) is left out of the sum over a: every action's score counts alike")
def exact_gradient(d, policy, values):
    S, A = policy.shape
    g = torch.zeros(S, A)
    for s in range(S):
        for a in range(A):
            for b in range(A):
                g[s, b] += d[s] * ((1.0 if a == b else 0.0) - policy[s, b]) * values[s, a]
    return g


@wrong("exact_gradient", "score with the wrong index: one-hot minus pi(a), the action summed over, instead of pi(b)")
def exact_gradient(d, policy, values):
    S, A = policy.shape
    g = torch.zeros(S, A)
    for s in range(S):
        for a in range(A):
            for b in range(A):
                g[s, b] += d[s] * policy[s, a] * ((1.0 if a == b else 0.0) - policy[s, a]) * values[s, a]
    return g


@wrong("exact_gradient", "only the own logit's part of the score: d pi (1 - pi) v")
def exact_gradient(d, policy, values):
    return [[float(d[s] * policy[s, b] * (1 - policy[s, b]) * values[s, b]) for b in range(policy.shape[1])]
            for s in range(len(d))]


@wrong("exact_gradient", "uses d of the first state for every state")
def exact_gradient(d, policy, values):
    V = _state_values(policy, values)
    return [[float(d[0]) * float(policy[s, b]) * (float(values[s, b]) - V[s]) for b in range(policy.shape[1])]
            for s in range(len(d))]


@wrong("exact_gradient", "adds all states up: one row, (A,), instead of (S, A)")
def exact_gradient(d, policy, values):
    V = _state_values(policy, values)
    out = [0.0] * policy.shape[1]
    for s in range(len(d)):
        for b in range(len(out)):
            out[b] += float(d[s]) * float(policy[s, b]) * (float(values[s, b]) - V[s])
    return out


@wrong("exact_gradient", "no d, and the plain mean in place of the state's value", mistakes=2)
def exact_gradient(d, policy, values):
    out = []
    for s in range(len(d)):
        m = float(values[s].mean())
        out.append([float(policy[s, b]) * (float(values[s, b]) - m) for b in range(policy.shape[1])])
    return out


# 4. objective
@right("objective", "loops over states and actions")
def objective(log_policy, advantage):
    total = 0.0
    B = len(log_policy)
    for b in range(B):
        for a in range(len(log_policy[b])):
            total = total + torch.exp(log_policy[b][a]) * advantage[b][a].detach()
    return total / B


@right("objective", "exp, sum over actions, mean over the batch")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum(1).mean()


@right("objective", "fixed probabilities times log pi: the same gradient")
def objective(lp, adv):
    weights = (lp.exp() * adv).detach()
    return (weights * lp).sum() / lp.shape[0]


@wrong("objective", "no detach: gradient flows through the advantage as well")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage).sum(1).mean()


@wrong("objective", "forgets the probabilities: sums log pi times advantage, every action counts alike")
def objective(log_policy, advantage):
    return (log_policy * advantage.detach()).sum(1).mean()


@wrong("objective", "minus sign: a loss to be minimised")
def objective(log_policy, advantage):
    return -(log_policy.exp() * advantage.detach()).sum(1).mean()


@wrong("objective", "sums over the batch instead of averaging")
def objective(log_policy, advantage):
    total = 0.0
    for b in range(len(log_policy)):
        for a in range(len(log_policy[b])):
            total = total + torch.exp(log_policy[b][a]) * advantage[b][a].detach()
    return total


@wrong("objective", "mean over everything: divides by the number of actions, too")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).mean()


@wrong("objective", "detaches the policy, not the advantage")
def objective(log_policy, advantage):
    return (log_policy.detach().exp() * advantage).sum(1).mean()


@wrong("objective", "pi times log pi times advantage, with the gradient through pi as well")
def objective(log_policy, advantage):
    return (log_policy.exp() * log_policy * advantage.detach()).sum(1).mean()


@wrong("objective", "takes float() / .item() in the loop, so no gradient is left")
def objective(log_policy, advantage):
    total = 0.0
    for b in range(len(log_policy)):
        for a in range(len(log_policy[b])):
            total += float(log_policy[b][a].exp()) * float(advantage[b][a])
    return torch.tensor(total / len(log_policy))


@wrong("objective", "returns one number per state, (B,), without the mean")
def objective(log_policy, advantage):
    return (log_policy.exp() * advantage.detach()).sum(1)


@wrong("objective", "only the likeliest action of each state, not the sum over all")
def objective(log_policy, advantage):
    total = 0.0
    for b in range(len(log_policy)):
        a = int(log_policy[b].argmax())
        total = total + log_policy[b][a].exp() * advantage[b][a].detach()
    return total / len(log_policy)


@wrong("objective", "uses log pi as if it were the probability of a sigmoid: torch.sigmoid instead of exp")
def objective(log_policy, advantage):
    return (torch.sigmoid(log_policy) * advantage.detach()).sum(1).mean()


@wrong("objective", "softmax over the batch (axis 0) instead of over the actions")
def objective(log_policy, advantage):
    return (torch.softmax(log_policy, 0) * advantage.detach()).sum(1).mean()


@wrong("objective", "the last action is left out: range(A - 1)")
def objective(log_policy, advantage):
    total = 0.0
    for b in range(len(log_policy)):
        for a in range(log_policy.shape[1] - 1):
            total = total + log_policy[b][a].exp() * advantage[b][a].detach()
    return total / len(log_policy)


@wrong("objective", "minus sign, and the probabilities are forgotten", mistakes=2)
def objective(log_policy, advantage):
    return -(log_policy * advantage.detach()).sum(1).mean()


# 5. regret_from_draws
def _coma(q, row, c):
    mean = sum(float(row[a]) * float(q[a][c]) for a in range(len(q)))
    return [float(q[a][c]) - mean for a in range(len(q))]


@right("regret_from_draws", "one draw after the other")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    for c in drawn:
        c = int(c)
        mean = 0.0
        for a in range(len(q)):
            mean += float(row[a]) * float(q[a][c])
        for a in range(len(q)):
            out[a] += (float(q[a][c]) - mean) / len(drawn)
    return out


@right("regret_from_draws", "vectorised: averages the drawn columns first")
def regret_from_draws(q, row, drawn):
    v = q[:, drawn].mean(1)
    return v - row @ v


@right("regret_from_draws", "counts how often each move was drawn; numpy")
def regret_from_draws(q, row, drawn):
    q, row = np.array(q), np.array(row)
    freq = np.bincount(np.array(drawn), minlength=q.shape[1]) / len(drawn)
    v = q @ freq
    return tuple(v - row @ v)


@wrong("regret_from_draws", "counts a move drawn several times only once (set)")
def regret_from_draws(q, row, drawn):
    moves = set(drawn.tolist())
    out = [0.0] * len(q)
    for c in moves:
        adv = _coma(q, row, c)
        for a in range(len(q)):
            out[a] += adv[a] / len(moves)
    return out


@wrong("regret_from_draws", "sums over the draws, does not divide by m")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    for c in drawn.tolist():
        adv = _coma(q, row, c)
        for a in range(len(q)):
            out[a] += adv[a]
    return out


@wrong("regret_from_draws", "divides by the number of column's moves instead of the number of draws")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    for c in drawn.tolist():
        adv = _coma(q, row, c)
        for a in range(len(q)):
            out[a] += adv[a] / q.shape[1]
    return out


@wrong("regret_from_draws", "divides by m - 1 instead of m (for one draw by 1)")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    m = len(drawn) - 1
    if m == 0:
        m = 1
    for c in drawn.tolist():
        adv = _coma(q, row, c)
        for a in range(len(q)):
            out[a] += adv[a] / m
    return out


@wrong("regret_from_draws", "keeps only the last draw: the list is overwritten in the loop")
def regret_from_draws(q, row, drawn):
    for c in drawn.tolist():
        out = _coma(q, row, c)
    return out


@wrong("regret_from_draws", "averages the payoffs, does not subtract the own policy's average")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    for c in drawn.tolist():
        for a in range(len(q)):
            out[a] += float(q[a][c]) / len(drawn)
    return out


@wrong("regret_from_draws", "subtracts the plain mean over own actions, not the one under row's policy")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    for c in drawn.tolist():
        mean = sum(float(q[a][c]) for a in range(len(q))) / len(q)
        for a in range(len(q)):
            out[a] += (float(q[a][c]) - mean) / len(drawn)
    return out


@wrong("regret_from_draws", "takes the draws as counted from one: column c - 1")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    for c in drawn.tolist():
        adv = _coma(q, row, c - 1)
        for a in range(len(q)):
            out[a] += adv[a] / len(drawn)
    return out


@wrong("regret_from_draws", "loops over range(len(drawn)) and uses the loop's index as the move (wraps round)")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    for k in range(len(drawn)):
        adv = _coma(q, row, k % q.shape[1])
        for a in range(len(q)):
            out[a] += adv[a] / len(drawn)
    return out


@wrong("regret_from_draws", "leaves out the first draw (drawn[1:]) but divides by m")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    for c in drawn.tolist()[1:]:
        adv = _coma(q, row, c)
        for a in range(len(q)):
            out[a] += adv[a] / len(drawn)
    return out


@wrong("regret_from_draws", "sign swapped: the average under the policy minus the payoff")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    for c in drawn.tolist():
        adv = _coma(q, row, c)
        for a in range(len(q)):
            out[a] -= adv[a] / len(drawn)
    return out


@wrong("regret_from_draws", "ignores the draws: averages COMA's advantage over all of column's moves alike")
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    for c in range(q.shape[1]):
        adv = _coma(q, row, c)
        for a in range(len(q)):
            out[a] += adv[a] / q.shape[1]
    return out


@wrong("regret_from_draws", "draws counted from one, and the sum is not divided by m", mistakes=2)
def regret_from_draws(q, row, drawn):
    out = [0.0] * len(q)
    for c in drawn.tolist():
        adv = _coma(q, row, c - 1)
        for a in range(len(q)):
            out[a] += adv[a]
    return out


# 6. saved_variance
def _variance(xs, weights):
    m = sum(float(w) * x for w, x in zip(weights, xs))
    return sum(float(w) * (x - m) ** 2 for w, x in zip(weights, xs))


def _square_of_score(row, a):
    return sum(((1 if b == a else 0) - float(row[b])) ** 2 for b in range(len(row)))


def _advantages(q, row, a):
    return [_coma(q, row, c)[a] for c in range(q.shape[1])]


@right("saved_variance", "loops, all by hand")
def saved_variance(q, row, column):
    total = 0.0
    for a in range(len(q)):
        adv = []
        for c in range(len(column)):
            base = 0.0
            for b in range(len(q)):
                base += float(row[b]) * float(q[b][c])
            adv.append(float(q[a][c]) - base)
        mean = sum(float(column[c]) * adv[c] for c in range(len(column)))
        var = sum(float(column[c]) * (adv[c] - mean) ** 2 for c in range(len(column)))
        square = 0.0
        for b in range(len(q)):
            s = (1.0 if a == b else 0.0) - float(row[b])
            square += s * s
        total += float(row[a]) * square * var
    return total


@right("saved_variance", "vectorised, Var = E[x^2] - E[x]^2")
def saved_variance(q, row, column):
    A = q - row @ q
    var = A**2 @ column - (A @ column) ** 2
    scores = torch.eye(len(row)) - row
    return (row * (scores**2).sum(1) * var).sum()


@right("saved_variance", "numpy; |score|^2 = 1 - 2 pi(a) + sum of pi^2")
def saved_variance(q, row, column):
    q, p, c = np.array(q), np.array(row), np.array(column)
    adv = q - p @ q
    dev = adv - (adv @ c)[:, None]
    return float(np.sum(p * (1 - 2 * p + np.sum(p * p)) * (dev**2 @ c)))


@wrong("saved_variance", "variance with column's moves weighted alike, not by column's policy")
def saved_variance(q, row, column):
    n = len(column)
    return sum(float(row[a]) * _square_of_score(row, a) * _variance(_advantages(q, row, a), [1 / n] * n) for a in range(len(q)))


@wrong("saved_variance", "variance of the payoffs Q(a, c) instead of COMA's advantage")
def saved_variance(q, row, column):
    return sum(float(row[a]) * _square_of_score(row, a) * _variance(q[a].tolist(), column) for a in range(len(q)))


@wrong("saved_variance", "forgets the weight pi(a)")
def saved_variance(q, row, column):
    return sum(_square_of_score(row, a) * _variance(_advantages(q, row, a), column) for a in range(len(q)))


@wrong("saved_variance", "forgets the squared score")
def saved_variance(q, row, column):
    return sum(float(row[a]) * _variance(_advantages(q, row, a), column) for a in range(len(q)))


@wrong("saved_variance", "squares only the own entry of the score, (1 - pi(a))^2; the other logits are missing")
def saved_variance(q, row, column):
    return sum(float(row[a]) * (1 - float(row[a])) ** 2 * _variance(_advantages(q, row, a), column) for a in range(len(q)))


@wrong("saved_variance", "length of the score, not its square (takes the root)")
def saved_variance(q, row, column):
    return sum(float(row[a]) * _square_of_score(row, a) ** 0.5 * _variance(_advantages(q, row, a), column) for a in range(len(q)))


@wrong("saved_variance", "second moment instead of the variance: the mean advantage is not subtracted")
def saved_variance(q, row, column):
    total = 0.0
    for a in range(len(q)):
        adv = _advantages(q, row, a)
        m2 = sum(float(column[c]) * adv[c] ** 2 for c in range(len(adv)))
        total += float(row[a]) * _square_of_score(row, a) * m2
    return total


@wrong("saved_variance", "standard deviation instead of variance")
def saved_variance(q, row, column):
    return sum(float(row[a]) * _square_of_score(row, a) * _variance(_advantages(q, row, a), column) ** 0.5 for a in range(len(q)))


@wrong("saved_variance", "advantage with the plain mean over row's actions as baseline, not row's policy")
def saved_variance(q, row, column):
    A = q - q.mean(0)
    return sum(float(row[a]) * _square_of_score(row, a) * _variance(A[a].tolist(), column) for a in range(len(q)))


@wrong("saved_variance", "Var = E[x^2] - E[x], forgets to square the mean")
def saved_variance(q, row, column):
    total = 0.0
    for a in range(len(q)):
        adv = _advantages(q, row, a)
        m2 = sum(float(column[c]) * adv[c] ** 2 for c in range(len(adv)))
        m = sum(float(column[c]) * adv[c] for c in range(len(adv)))
        total += float(row[a]) * _square_of_score(row, a) * (m2 - m)
    return total


@wrong("saved_variance", "score without the one-hot: squares of the policy only, sum of pi(b)^2")
def saved_variance(q, row, column):
    sq = sum(float(p) ** 2 for p in row)
    return sum(float(row[a]) * sq * _variance(_advantages(q, row, a), column) for a in range(len(q)))


@wrong("saved_variance", "adds the entries of the score before squaring (so nearly always zero)")
def saved_variance(q, row, column):
    total = 0.0
    for a in range(len(q)):
        s = 0.0
        for b in range(len(row)):
            s += (1.0 if a == b else 0.0) - float(row[b])
        total += float(row[a]) * s**2 * _variance(_advantages(q, row, a), column)
    return total


@wrong("saved_variance", "returns the list of summands, one for each action, not their sum")
def saved_variance(q, row, column):
    return [float(row[a]) * _square_of_score(row, a) * _variance(_advantages(q, row, a), column) for a in range(len(q))]


@wrong("saved_variance", "variance of the payoffs instead of the advantage, and weights pi(a) missing", mistakes=2)
def saved_variance(q, row, column):
    return sum(_square_of_score(row, a) * _variance(q[a].tolist(), column) for a in range(len(q)))


@wrong("saved_variance", "only the own entry of the score, and column's moves weighted alike", mistakes=2)
def saved_variance(q, row, column):
    n = len(column)
    return sum(float(row[a]) * (1 - float(row[a])) ** 2 * _variance(_advantages(q, row, a), [1 / n] * n) for a in range(len(q)))


# 7. no_gain: q = f(a) + g(c), both without repetition, mean zero
right("no_gain", "f + g, both -1, 0, 1", [[-2.0, -1.0, 0.0], [-1.0, 0.0, 1.0], [0.0, 1.0, 2.0]])
right("no_gain", "f = 0, 1, 5 and g = 3, -1, -8", torch.tensor([[3.0, -1.0, -8.0], [4.0, 0.0, -7.0], [8.0, 4.0, -3.0]]))
right("no_gain", "1 ... 9 in order, less 5; numpy", np.arange(1, 10).reshape(3, 3) - 5.0)
wrong("no_gain", "all zero: no two actions and no two moves differ", [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], mistakes=2)
wrong("no_gain", "column's move never matters: all columns are the same", [[-1.0, -1.0, -1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
wrong("no_gain", "row's action never matters: all rows are the same", [[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])
wrong("no_gain", "two of row's actions pay the same, the third not", [[-2.0, -1.0, 0.0], [-2.0, -1.0, 0.0], [1.0, 2.0, 3.0]])
wrong("no_gain", "two of column's moves pay the same", [[-2.0, -2.0, 1.0], [-1.0, -1.0, 2.0], [0.0, 0.0, 3.0]])
wrong("no_gain", "1 to 9 in order: the average is 5, not zero", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
wrong("no_gain", "product f(a) g(c) instead of a sum", [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-3.0, 0.0, 3.0]])
wrong("no_gain", "arithmetic: one entry of f + g is wrong (3 for 2, and -1 for 0 in the corner)",
      [[-2.0, -1.0, -1.0], [-1.0, 0.0, 1.0], [0.0, 1.0, 3.0]])
wrong("no_gain", "identity-like coordination game, centred: only differences in the diagonal",
      [[2.0, -1.0, -1.0], [-1.0, 2.0, -1.0], [-1.0, -1.0, 2.0]])
wrong("no_gain", "rock, paper, scissors", [[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
wrong("no_gain", "only a 2 x 2 table", [[-1.0, 0.0], [0.0, 1.0]])
wrong("no_gain", "only the first row averages to zero, not all nine", [[-1.0, 0.0, 1.0], [0.0, 1.0, 2.0], [1.0, 2.0, 3.0]])
wrong("no_gain", "two rows equal, and the average is not zero", [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], mistakes=2)
wrong("no_gain", "product instead of sum, and the average is not zero", [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [3.0, 6.0, 9.0]], mistakes=2)
