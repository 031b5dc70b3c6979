import math
from itertools import product

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

q = torch.tensor([[3.0, 0.0, 3.0], [1.0, 2.0, 4.0]])
row = torch.tensor([0.2, 0.8])
column = torch.tensor([0.5, 0.25, 0.25])

# 1. regrets_by_hand: v(up) = 2.25, v(down) = 2, v = 2.05
right("regrets_by_hand", "2.25 - 2.05 and 2 - 2.05", [0.2, -0.05])
right("regrets_by_hand", "as a tensor, by matrix product", q @ column - row @ q @ column)
wrong("regrets_by_hand", "forgot to subtract v: gave the two values", [2.25, 2.0])
wrong("regrets_by_hand", "subtracted the wrong way round, both signs swapped", [-0.2, 0.05])
wrong("regrets_by_hand", "entered down first", [-0.05, 0.2])
wrong("regrets_by_hand", "subtracted the plain average of both values, 2.125, not the average under row's policy", [0.125, -0.125])
wrong("regrets_by_hand", "subtracted the other action's value", [0.25, -0.25])
wrong("regrets_by_hand", "distance to the best action, 2.25, instead of to the policy's value", [0.0, -0.25])
wrong("regrets_by_hand", "multiplied each regret with row's probability of that action", [0.04, -0.04])
wrong("regrets_by_hand", "cut the negative regret off at zero", [0.2, 0.0])
wrong("regrets_by_hand", "column's policy ignored: all columns count alike", [2 - 34 / 15, 7 / 3 - 34 / 15])
wrong("regrets_by_hand", "mixed up row's probabilities: 0.8 for up, 0.2 for down (v = 2.2)", [0.05, -0.2])
wrong("regrets_by_hand", "arithmetic: forgot 0.25 * 2 for down, so v(down) = 1.5 and v = 1.65", [0.6, -0.15])
wrong("regrets_by_hand", "plain average of both values in place of v, and signs swapped", [-0.125, 0.125], mistakes=2)


# 2. values_of_actions
def _weight(policies, acts, skip):
    w = 1.0
    for j in range(len(acts)):
        if j != skip:
            w *= float(policies[j][acts[j]])
    return w


@right("values_of_actions", "loops over all joint actions, floats in a list")
def values_of_actions(q, policies, i):
    v = [0.0] * len(policies[i])
    for acts in product(*[range(len(p)) for p in policies]):
        v[acts[i]] += _weight(policies, acts, i) * float(q[acts])
    return v


@right("values_of_actions", "moves axis i to the front and contracts the last axis again and again")
def values_of_actions(q, policies, i):
    x = torch.movedim(q, i, 0)
    others = [p for j, p in enumerate(policies) if j != i]
    for p in reversed(others):
        x = x @ p
    return x


@right("values_of_actions", "numpy, multiplies with each policy on its axis, then sums")
def values_of_actions(q, policies, i):
    x = np.array(q)
    n = x.ndim
    for j in range(n):
        if j != i:
            shape = [1] * n
            shape[j] = -1
            x = x * np.array(policies[j]).reshape(shape)
    return x.sum(axis=tuple(j for j in range(n) if j != i))


def _go_fixed(x, pis, me, a, j=0):
    if j == len(pis):
        return x
    if j == me:
        return _go_fixed(x[a], pis, me, a, j + 1)
    return sum(float(pis[j][b]) * _go_fixed(x[b], pis, me, a, j + 1) for b in range(len(pis[j])))


@right("values_of_actions", "recursion over the agents")
def values_of_actions(payoffs, pis, me):
    return [_go_fixed(payoffs, pis, me, a) for a in range(len(pis[me]))]


@wrong("values_of_actions", "also multiplies with agent i's own probability")
def values_of_actions(q, policies, i):
    v = [0.0] * len(policies[i])
    for acts in product(*[range(len(p)) for p in policies]):
        v[acts[i]] += _weight(policies, acts, None) * float(q[acts])
    return v


@wrong("values_of_actions", "plain average over the others' actions, their policies are not used")
def values_of_actions(q, policies, i):
    v = []
    for a in range(len(policies[i])):
        v.append(float(q.select(i, a).mean()))
    return v


@wrong("values_of_actions", "counts agents from one: takes agent i - 1 for i")
def values_of_actions(q, policies, i):
    i = i - 1
    if i < 0:
        i = len(policies) - 1
    v = [0.0] * len(policies[i])
    for acts in product(*[range(len(p)) for p in policies]):
        v[acts[i]] += _weight(policies, acts, i) * float(q[acts])
    return v


@wrong("values_of_actions", "always answers for agent 0, whatever i is")
def values_of_actions(q, policies, i):
    v = [0.0] * len(policies[0])
    for acts in product(*[range(len(p)) for p in policies]):
        v[acts[0]] += _weight(policies, acts, 0) * float(q[acts])
    return v


@wrong("values_of_actions", "adds the others' probabilities instead of multiplying them")
def values_of_actions(q, policies, i):
    v = [0.0] * len(policies[i])
    for acts in product(*[range(len(p)) for p in policies]):
        w = 0.0
        for j in range(len(acts)):
            if j != i:
                w += float(policies[j][acts[j]])
        v[acts[i]] += w * float(q[acts])
    return v


@wrong("values_of_actions", "sums the payoffs over the others' actions without any weights")
def values_of_actions(q, policies, i):
    v = [0.0] * len(policies[i])
    for acts in product(*[range(len(p)) for p in policies]):
        v[acts[i]] += float(q[acts])
    return v


@wrong("values_of_actions", "the last agent's policy is left out of the product: range(n - 1)")
def values_of_actions(q, policies, i):
    v = [0.0] * len(policies[i])
    for acts in product(*[range(len(p)) for p in policies]):
        w = 1.0
        for j in range(len(policies) - 1):
            if j != i:
                w *= float(policies[j][acts[j]])
        v[acts[i]] += w * float(q[acts])
    return v


@wrong("values_of_actions", "the others play their likeliest action instead of mixing")
def values_of_actions(q, policies, i):
    best = [int(p.argmax()) for p in policies]
    v = []
    for a in range(len(policies[i])):
        acts = list(best)
        acts[i] = a
        v.append(float(q[tuple(acts)]))
    return v


@wrong("values_of_actions", "subtracts the value of the own policy: gives the regret, not the value")
def values_of_actions(q, policies, i):
    v = [0.0] * len(policies[i])
    for acts in product(*[range(len(p)) for p in policies]):
        v[acts[i]] += _weight(policies, acts, i) * float(q[acts])
    mean = sum(float(policies[i][a]) * v[a] for a in range(len(v)))
    return [x - mean for x in v]


@wrong("values_of_actions", "averages everybody out, agent i too: the same number for each action")
def values_of_actions(q, policies, i):
    total = 0.0
    for acts in product(*[range(len(p)) for p in policies]):
        total += _weight(policies, acts, None) * float(q[acts])
    return [total] * len(policies[i])


@wrong("values_of_actions", "after the right sum also divides by the number of the others' joint actions")
def values_of_actions(q, policies, i):
    v = [0.0] * len(policies[i])
    count = 1
    for j in range(len(policies)):
        if j != i:
            count *= len(policies[j])
    for acts in product(*[range(len(p)) for p in policies]):
        v[acts[i]] += _weight(policies, acts, i) * float(q[acts]) / count
    return v


@wrong("values_of_actions", "for two players only: with more, only the next agent is averaged with its policy, the remaining stay at their first action")
def values_of_actions(q, policies, i):
    n = len(policies)
    other = (i + 1) % n
    v = []
    for a in range(len(policies[i])):
        s = 0.0
        for b in range(len(policies[other])):
            acts = [0] * n
            acts[i] = a
            acts[other] = b
            s += float(policies[other][b]) * float(q[tuple(acts)])
        v.append(s)
    return v


@wrong("values_of_actions", "own probability is multiplied in, and the value of the whole policy is subtracted", mistakes=2)
def values_of_actions(q, policies, i):
    v = [0.0] * len(policies[i])
    for acts in product(*[range(len(p)) for p in policies]):
        v[acts[i]] += _weight(policies, acts, None) * float(q[acts])
    mean = sum(v)
    return [x - mean for x in v]


# 3. regret_advantage
def _values(q, policies, i):
    v = [0.0] * len(policies[i])
    for acts in product(*[range(len(p)) for p in policies]):
        v[acts[i]] += _weight(policies, acts, i) * float(q[acts])
    return v


@right("regret_advantage", "state after state, lists of floats")
def regret_advantage(q, policies, i):
    out = []
    for b in range(len(q)):
        pis = [p[b].tolist() for p in policies]
        v = _values(q[b], pis, i)
        mean = 0.0
        for a in range(len(v)):
            mean += pis[i][a] * v[a]
        out.append([x - mean for x in v])
    return out


@right("regret_advantage", "vectorised, weights by reshape")
def regret_advantage(q, policies, i):
    n = len(policies)
    x = q
    for j, p in enumerate(policies):
        if j != i:
            shape = [len(q)] + [1] * n
            shape[j + 1] = p.shape[1]
            x = x * p.reshape(shape)
    others = [j + 1 for j in range(n) if j != i]
    v = x.sum(dim=others) if others else x
    return v - (policies[i] * v).sum(1, keepdim=True)


@right("regret_advantage", "torch.vmap over the batch, with matrix products inside")
def regret_advantage(q, policies, i):
    def one(x, *pis):
        x = x.movedim(i, 0)
        for j in reversed(range(len(pis))):
            if j != i:
                x = x @ pis[j]
        return x - pis[i] @ x

    return torch.vmap(one)(q, *policies)


@wrong("regret_advantage", "does not subtract v(s): returns the values")
def regret_advantage(q, policies, i):
    return [_values(q[b], [p[b] for p in policies], i) for b in range(len(q))]


@wrong("regret_advantage", "subtracts the plain mean of the action values, not the average under agent i's policy")
def regret_advantage(q, policies, i):
    out = []
    for b in range(len(q)):
        v = _values(q[b], [p[b] for p in policies], i)
        mean = sum(v) / len(v)
        out.append([x - mean for x in v])
    return out


@wrong("regret_advantage", "sign: v(s) minus the value of the action")
def regret_advantage(q, policies, i):
    out = []
    for b in range(len(q)):
        v = _values(q[b], [p[b] for p in policies], i)
        mean = sum(float(policies[i][b][a]) * v[a] for a in range(len(v)))
        out.append([mean - x for x in v])
    return out


@wrong("regret_advantage", "uses the policies of the first state of the batch for all states")
def regret_advantage(q, policies, i):
    out = []
    for b in range(len(q)):
        v = _values(q[b], [p[0] for p in policies], i)
        mean = sum(float(policies[i][0][a]) * v[a] for a in range(len(v)))
        out.append([x - mean for x in v])
    return out


@wrong("regret_advantage", "subtracts v averaged over the whole batch instead of each state's own v(s)")
def regret_advantage(q, policies, i):
    vs = [_values(q[b], [p[b] for p in policies], i) for b in range(len(q))]
    total = 0.0
    for b in range(len(vs)):
        for a in range(len(vs[b])):
            total += float(policies[i][b][a]) * vs[b][a] / len(vs)
    return [[x - total for x in v] for v in vs]


@wrong("regret_advantage", "forgets to reset the running mean between the states: v of earlier states is added to later ones")
def regret_advantage(q, policies, i):
    out = []
    mean = 0.0
    for b in range(len(q)):
        v = _values(q[b], [p[b] for p in policies], i)
        for a in range(len(v)):
            mean += float(policies[i][b][a]) * v[a]
        out.append([x - mean for x in v])
    return out


@wrong("regret_advantage", "subtracts the value of the best action instead of v(s)")
def regret_advantage(q, policies, i):
    out = []
    for b in range(len(q)):
        v = _values(q[b], [p[b] for p in policies], i)
        best = max(v)
        out.append([x - best for x in v])
    return out


@wrong("regret_advantage", "the others' actions are averaged plainly, without their policies")
def regret_advantage(q, policies, i):
    out = []
    for b in range(len(q)):
        v = []
        for a in range(policies[i].shape[1]):
            v.append(float(q[b].select(i, a).mean()))
        mean = sum(float(policies[i][b][a]) * v[a] for a in range(len(v)))
        out.append([x - mean for x in v])
    return out


@wrong("regret_advantage", "cuts negative regrets off at zero")
def regret_advantage(q, policies, i):
    out = []
    for b in range(len(q)):
        v = _values(q[b], [p[b] for p in policies], i)
        mean = sum(float(policies[i][b][a]) * v[a] for a in range(len(v)))
        out.append([max(0.0, x - mean) for x in v])
    return out


@wrong("regret_advantage", "multiplies each regret with the agent's probability of that action")
def regret_advantage(q, policies, i):
    out = []
    for b in range(len(q)):
        v = _values(q[b], [p[b] for p in policies], i)
        mean = sum(float(policies[i][b][a]) * v[a] for a in range(len(v)))
        out.append([float(policies[i][b][a]) * (v[a] - mean) for a in range(len(v))])
    return out


@wrong("regret_advantage", "counts from one: answers for agent i - 1 (for i = 0 the last)")
def regret_advantage(q, policies, i):
    k = (i - 1) % len(policies)
    out = []
    for b in range(len(q)):
        v = _values(q[b], [p[b] for p in policies], k)
        mean = sum(float(policies[k][b][a]) * v[a] for a in range(len(v)))
        out.append([x - mean for x in v])
    return out


@wrong("regret_advantage", "range(1, B): the first state stays at zero")
def regret_advantage(q, policies, i):
    out = [[0.0] * policies[i].shape[1] for _ in range(len(q))]
    for b in range(1, len(q)):
        v = _values(q[b], [p[b] for p in policies], i)
        mean = sum(float(policies[i][b][a]) * v[a] for a in range(len(v)))
        out[b] = [x - mean for x in v]
    return out


@wrong("regret_advantage", "plain mean of the action values in place of v(s), and the sign is swapped", mistakes=2)
def regret_advantage(q, policies, i):
    out = []
    for b in range(len(q)):
        v = _values(q[b], [p[b] for p in policies], i)
        mean = sum(v) / len(v)
        out.append([mean - x for x in v])
    return out


# 4. coma
@right("coma", "loop over lists")
def coma(q, row, c):
    got = [float(q[a][c]) for a in range(len(q))]
    mean = 0.0
    for a in range(len(got)):
        mean += float(row[a]) * got[a]
    return [g - mean for g in got]


@right("coma", "one column, vectorised")
def coma(payoffs, mine, move):
    x = payoffs[:, move]
    return x - mine @ x


@right("coma", "numpy, a tuple")
def coma(q, row, c):
    x = np.array(q).T[int(c)]
    return tuple(x - np.sum(np.array(row) * x))


@wrong("coma", "does not subtract anything: returns column c of the payoffs")
def coma(q, row, c):
    return [float(q[a][c]) for a in range(len(q))]


@wrong("coma", "subtracts the plain mean over row's actions, not the one under row's policy")
def coma(q, row, c):
    got = [float(q[a][c]) for a in range(len(q))]
    mean = sum(got) / len(got)
    return [g - mean for g in got]


@wrong("coma", "subtracts the other way round")
def coma(q, row, c):
    got = [float(q[a][c]) for a in range(len(q))]
    mean = sum(float(row[a]) * got[a] for a in range(len(got)))
    return [mean - g for g in got]


@wrong("coma", "counts column's moves from one: takes column c - 1")
def coma(q, row, c):
    got = [float(q[a][c - 1]) for a in range(len(q))]
    mean = sum(float(row[a]) * got[a] for a in range(len(got)))
    return [g - mean for g in got]


@wrong("coma", "subtracts the value averaged over all columns alike (row's policy times the mean payoff), not that of column c")
def coma(q, row, c):
    v = 0.0
    for a in range(len(q)):
        v += float(row[a]) * float(q[a].mean())
    return [float(q[a][c]) - v for a in range(len(q))]


@wrong("coma", "averages column's moves plainly in the action's value as well: c is not used at all")
def coma(q, row, c):
    v = [float(q[a].mean()) for a in range(len(q))]
    mean = sum(float(row[a]) * v[a] for a in range(len(v)))
    return [x - mean for x in v]


@wrong("coma", "multiplies the advantages with row's probabilities")
def coma(q, row, c):
    got = [float(q[a][c]) for a in range(len(q))]
    mean = sum(float(row[a]) * got[a] for a in range(len(got)))
    return [float(row[a]) * (got[a] - mean) for a in range(len(got))]


@wrong("coma", "subtracts the best payoff in column c")
def coma(q, row, c):
    got = [float(q[a][c]) for a in range(len(q))]
    best = max(got)
    return [g - best for g in got]


@wrong("coma", "changes the list while computing: the mean is taken anew after each entry has been replaced")
def coma(q, row, c):
    got = [float(q[a][c]) for a in range(len(q))]
    for a in range(len(got)):
        mean = sum(float(row[b]) * got[b] for b in range(len(got)))
        got[a] = got[a] - mean
    return got


@wrong("coma", "forgets the last action in the mean: range(len - 1)")
def coma(q, row, c):
    got = [float(q[a][c]) for a in range(len(q))]
    mean = sum(float(row[a]) * got[a] for a in range(len(got) - 1))
    return [g - mean for g in got]


@wrong("coma", "writes the average for two actions only: row[0] * q[0][c] + (1 - row[0]) * q[1][c]")
def coma(q, row, c):
    mean = float(row[0]) * float(q[0][c]) + (1 - float(row[0])) * float(q[-1 if len(q) < 2 else 1][c])
    return [float(q[a][c]) - mean for a in range(len(q))]


@wrong("coma", "takes column c - 1, and the plain mean over row's actions", mistakes=2)
def coma(q, row, c):
    got = [float(q[a][c - 1]) for a in range(len(q))]
    mean = sum(got) / len(got)
    return [g - mean for g in got]


# 5. match_regrets
@right("match_regrets", "loop over a list, floats")
def match_regrets(total):
    pos = []
    for x in total:
        if x > 0:
            pos.append(float(x))
        else:
            pos.append(0.0)
    s = sum(pos)
    if s == 0:
        return [1 / len(pos)] * len(pos)
    return [x / s for x in pos]


@right("match_regrets", "clamp and where")
def match_regrets(total):
    pos = total.clamp(min=0)
    if pos.sum() > 0:
        return pos / pos.sum()
    return torch.full_like(total, 1 / len(total))


@right("match_regrets", "numpy, maximum with zero")
def match_regrets(t):
    p = np.maximum(np.array(t), 0)
    return p / p.sum() if p.any() else np.ones(len(p)) / len(p)


@wrong("match_regrets", "no case for 'none positive': gives zeros (or divides by zero) instead of uniform")
def match_regrets(total):
    pos = [max(0.0, float(x)) for x in total]
    s = sum(pos)
    if s == 0:
        s = 1.0
    return [x / s for x in pos]


@wrong("match_regrets", "none positive: plays the action with the largest sum instead of uniformly")
def match_regrets(total):
    pos = [max(0.0, float(x)) for x in total]
    s = sum(pos)
    if s == 0:
        out = [0.0] * len(pos)
        out[int(total.argmax())] = 1.0
        return out
    return [x / s for x in pos]


@wrong("match_regrets", "takes absolute values instead of cutting negative sums off")
def match_regrets(total):
    pos = [abs(float(x)) for x in total]
    s = sum(pos)
    if s == 0:
        return [1 / len(pos)] * len(pos)
    return [x / s for x in pos]


@wrong("match_regrets", "divides by the sum of all entries, the negative ones too")
def match_regrets(total):
    pos = [max(0.0, float(x)) for x in total]
    if sum(pos) == 0:
        return [1 / len(pos)] * len(pos)
    s = float(sum(total))
    return [x / s for x in pos]


@wrong("match_regrets", "softmax of the sums")
def match_regrets(total):
    e = [math.exp(float(x)) for x in total]
    return [x / sum(e) for x in e]


@wrong("match_regrets", "plays uniformly as soon as any sum is negative or zero")
def match_regrets(total):
    for x in total:
        if x <= 0:
            return [1 / len(total)] * len(total)
    s = float(sum(total))
    return [float(x) / s for x in total]


@wrong("match_regrets", "all positive actions alike, not in proportion to their sums")
def match_regrets(total):
    pos = [1.0 if x > 0 else 0.0 for x in total]
    s = sum(pos)
    if s == 0:
        return [1 / len(pos)] * len(pos)
    return [x / s for x in pos]


@wrong("match_regrets", "plays only the action with the largest positive sum")
def match_regrets(total):
    if max(total) <= 0:
        return [1 / len(total)] * len(total)
    out = [0.0] * len(total)
    out[int(total.argmax())] = 1.0
    return out


@wrong("match_regrets", "shifts all sums by the smallest so that none is negative, then normalises")
def match_regrets(total):
    low = float(min(total))
    pos = [float(x) - low for x in total]
    s = sum(pos)
    if s == 0:
        return [1 / len(pos)] * len(pos)
    return [x / s for x in pos]


@wrong("match_regrets", "tests whether the sum of ALL entries is positive, and plays uniformly if not")
def match_regrets(total):
    if sum(total) <= 0:
        return [1 / len(total)] * len(total)
    pos = [max(0.0, float(x)) for x in total]
    return [x / sum(pos) for x in pos]


@wrong("match_regrets", "cuts off at 1 instead of 0: sums between 0 and 1 count as not positive")
def match_regrets(total):
    pos = [float(x) if x >= 1 else 0.0 for x in total]
    s = sum(pos)
    if s == 0:
        return [1 / len(pos)] * len(pos)
    return [x / s for x in pos]


@wrong("match_regrets", "returns the positive parts, not divided by their sum")
def match_regrets(total):
    pos = [max(0.0, float(x)) for x in total]
    if sum(pos) == 0:
        return [1 / len(pos)] * len(pos)
    return pos


@wrong("match_regrets", "drops the actions that are not positive from the list, so the policy is shorter")
def match_regrets(total):
    pos = [float(x) for x in total if x > 0]
    if len(pos) == 0:
        return [1 / len(total)] * len(total)
    return [x / sum(pos) for x in pos]


@wrong("match_regrets", "takes absolute values, and gives zeros where all sums are zero or negative", mistakes=2)
def match_regrets(total):
    if max(total) <= 0:
        return [0.0] * len(total)
    pos = [abs(float(x)) for x in total]
    return [x / sum(pos) for x in pos]


# 6. error_bound
@right("error_bound", "loop with math.log, skips zeros of the true policy")
def error_bound(q, true, predicted):
    kl = 0.0
    for a in range(len(true)):
        p, d = float(true[a]), float(predicted[a])
        if p == 0:
            continue
        if d == 0:
            return math.inf
        kl += p * math.log(p / d)
    biggest = max(max(line) for line in q.tolist())
    smallest = min(min(line) for line in q.tolist())
    return 2 * (biggest - smallest) * math.sqrt(max(kl, 0.0) / 2)


@right("error_bound", "torch, xlogy")
def error_bound(q, true, predicted):
    kl = (torch.special.xlogy(true, true) - torch.special.xlogy(true, predicted)).sum().clamp(min=0)
    return 2 * (q.max() - q.min()) * (kl / 2).sqrt()


@right("error_bound", "numpy, only where the true policy is positive; 2 sqrt(KL/2) = sqrt(2 KL)")
def error_bound(q, pi, delta):
    p, d = np.array(pi), np.array(delta)
    m = p > 0
    kl = np.sum(p[m] * (np.log(p[m]) - np.log(d[m])))
    return float(np.ptp(np.array(q)) * np.sqrt(2 * max(kl, 0)))


def _kl(p, d, log=math.log):
    total = 0.0
    for a in range(len(p)):
        if p[a] > 0:
            if d[a] == 0:
                return math.inf
            total += float(p[a]) * log(float(p[a]) / float(d[a]))
    return max(total, 0.0)


def _span(q):
    return float(q.max()) - float(q.min())


@wrong("error_bound", "KL the wrong way round: sum of predicted * log(predicted / true)")
def error_bound(q, true, predicted):
    return 2 * _span(q) * math.sqrt(_kl(predicted, true) / 2)


@wrong("error_bound", "logarithm to base 2: bits, not nats")
def error_bound(q, true, predicted):
    return 2 * _span(q) * math.sqrt(_kl(true, predicted, math.log2) / 2)


@wrong("error_bound", "logarithm to base 10")
def error_bound(q, true, predicted):
    return 2 * _span(q) * math.sqrt(_kl(true, predicted, math.log10) / 2)


@wrong("error_bound", "forgets the factor 2 in front")
def error_bound(q, true, predicted):
    return _span(q) * math.sqrt(_kl(true, predicted) / 2)


@wrong("error_bound", "forgets to halve KL under the root")
def error_bound(q, true, predicted):
    return 2 * _span(q) * math.sqrt(_kl(true, predicted))


@wrong("error_bound", "halves outside of the root: sqrt(KL) / 2")
def error_bound(q, true, predicted):
    return 2 * _span(q) * math.sqrt(_kl(true, predicted)) / 2


@wrong("error_bound", "forgets the square root")
def error_bound(q, true, predicted):
    return 2 * _span(q) * _kl(true, predicted) / 2


@wrong("error_bound", "only the largest payoff, the smallest is not subtracted (span = max Q)")
def error_bound(q, true, predicted):
    return 2 * float(q.max()) * math.sqrt(_kl(true, predicted) / 2)


@wrong("error_bound", "takes the largest absolute payoff for the span")
def error_bound(q, true, predicted):
    return 2 * float(q.abs().max()) * math.sqrt(_kl(true, predicted) / 2)


@wrong("error_bound", "the span of each row apart, and the larger of these, not that of the whole table")
def error_bound(q, true, predicted):
    spans = [max(line) - min(line) for line in q.tolist()]
    return 2 * max(spans) * math.sqrt(_kl(true, predicted) / 2)


@wrong("error_bound", "max and min searched by loops that start from 0, so zero always counts as a payoff")
def error_bound(q, true, predicted):
    hi = lo = 0
    for line in q.tolist():
        for x in line:
            hi = max(hi, x)
            lo = min(lo, x)
    return 2 * (hi - lo) * math.sqrt(_kl(true, predicted) / 2)


@wrong("error_bound", "zeros in the true policy not handled: 0 * log 0 gives nan")
def error_bound(q, true, predicted):
    kl = (true * torch.log(true / predicted)).sum()
    return 2 * _span(q) * torch.sqrt(kl / 2)


@wrong("error_bound", "forgets the weight pi(a): sums log(true / predicted) only (absolute value under the root)")
def error_bound(q, true, predicted):
    s = 0.0
    for a in range(len(true)):
        if true[a] > 0 and predicted[a] > 0:
            s += math.log(float(true[a]) / float(predicted[a]))
    return 2 * _span(q) * math.sqrt(abs(s) / 2)


@wrong("error_bound", "sums absolute values of the terms of KL: negative terms count as positive")
def error_bound(q, true, predicted):
    s = 0.0
    for p, d in zip(true.tolist(), predicted.tolist()):
        if p > 0:
            s += abs(p * math.log(p / d)) if d > 0 else math.inf
    return 2 * _span(q) * math.sqrt(s / 2)


@wrong("error_bound", "KL the wrong way round, and the factor 2 in front is missing", mistakes=2)
def error_bound(q, true, predicted):
    return _span(q) * math.sqrt(_kl(predicted, true) / 2)


# 7. misleading
right("misleading", "first action loses only against the likeliest move", ([[0.0, 8.0, 8.0], [2.0, 0.0, 0.0]], [0.5, 0.5], [0.4, 0.3, 0.3]))
right("misleading", "likeliest is the last move; negative payoffs; tensors",
      (torch.tensor([[5.0, 1.0, -3.0], [-2.0, 0.0, -1.0]]), torch.tensor([0.1, 0.9]), torch.tensor([0.35, 0.15, 0.5])))
right("misleading", "the first action nearly always played; numpy",
      (np.array([[1.0, 0.0, 1.0], [0.0, 0.5, 0.0]]), np.array([0.9, 0.1]), np.array([0.25, 0.5, 0.25])))
wrong("misleading", "positive regret of the SECOND action (rows swapped): the first's is negative, COMA's is positive",
      ([[2.0, 0.0, 0.0], [0.0, 8.0, 8.0]], [0.5, 0.5], [0.4, 0.3, 0.3]))
wrong("misleading", "COMA negative against the least likely move instead of the likeliest",
      ([[8.0, 8.0, 0.0], [0.0, 0.0, 2.0]], [0.5, 0.5], [0.5, 0.3, 0.2]))
wrong("misleading", "column is pure, it does not mix (so regret and COMA agree)",
      ([[0.0, 8.0, 8.0], [2.0, 0.0, 0.0]], [0.5, 0.5], [1.0, 0.0, 0.0]), mistakes=2)
wrong("misleading", "row does not mix: plays down always", ([[0.0, 8.0, 8.0], [2.0, 0.0, 0.0]], [0.0, 1.0], [0.4, 0.3, 0.3]))
wrong("misleading", "the first action loses so much against the likeliest move that its regret is negative, too",
      ([[-9.0, 2.0, 2.0], [2.0, 0.0, 0.0]], [0.5, 0.5], [0.5, 0.25, 0.25]))
wrong("misleading", "COMA's advantage is exactly zero: both actions pay the same against the likeliest move",
      ([[2.0, 8.0, 8.0], [2.0, 0.0, 0.0]], [0.5, 0.5], [0.4, 0.3, 0.3]))
wrong("misleading", "regret exactly zero, not positive", ([[0.0, 2.0, 2.0], [2.0, 0.0, 0.0]], [0.5, 0.5], [0.5, 0.25, 0.25]))
wrong("misleading", "column's probabilities do not sum to one", ([[0.0, 8.0, 8.0], [2.0, 0.0, 0.0]], [0.5, 0.5], [0.5, 0.3, 0.3]))
wrong("misleading", "payoffs entered as 3 x 2 (transposed)", ([[0.0, 2.0], [8.0, 0.0], [8.0, 0.0]], [0.5, 0.5], [0.4, 0.3, 0.3]))
wrong("misleading", "the policies are swapped: column's first, then row's", ([[0.0, 8.0, 8.0], [2.0, 0.0, 0.0]], [0.4, 0.3, 0.3], [0.5, 0.5]))
wrong("misleading", "a negative payoff taken for a negative advantage: the second action pays still less there",
      ([[-1.0, 8.0, 8.0], [-2.0, 0.0, 0.0]], [0.5, 0.5], [0.4, 0.3, 0.3]))
wrong("misleading", "column has a zero: never plays the third move", ([[0.0, 8.0, 8.0], [2.0, 0.0, 0.0]], [0.5, 0.5], [0.6, 0.4, 0.0]))
wrong("misleading", "row's policy does not sum to one, and column never plays one of its moves",
      ([[0.0, 8.0, 8.0], [2.0, 0.0, 0.0]], [0.5, 0.4], [0.6, 0.4, 0.0]), mistakes=2)
