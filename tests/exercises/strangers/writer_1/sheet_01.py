from itertools import product

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# 1. turning_point: 4p = p + 2(1 - p)
right("turning_point", "7p = p + 4(1 - p), so 10p = 4", 0.4)
right("turning_point", "as a fraction, 2/5", 2 / 5)
right("turning_point", "as a tensor", torch.tensor(0.4))
wrong("turning_point", "gave the probability of right (1 - p) instead of left", 0.6)
wrong("turning_point", "used column's payoffs (second numbers) in place of row's: p + 5(1 - p) = 3p", 5 / 7)
wrong("turning_point", "made column indifferent: row's mixing probability of up at which column's two moves pay column the same", 3 / 7)
wrong("turning_point", "row's own mixing: equated left and right of row's payoffs, 7x + (1 - x) = 4(1 - x)", 0.3)
wrong("turning_point", "forgot the factor (1 - p) on the 4: 7p = p + 4", 2 / 3)
wrong("turning_point", "forgot the 1 that down pays against left: 7p = 4(1 - p)", 4 / 11)
wrong("turning_point", "thought indifferent means p is one half", 0.5)
wrong("turning_point", "gave what both actions are worth there, not p", 2.8)
wrong("turning_point", "solved 10p = 4 upside down, 10 / 4", 2.5)
wrong("turning_point", "in percent", 40)
wrong("turning_point", "used column's payoffs, and gave 1 - p", 2 / 7, mistakes=2)


# 2. worth_of_knowing
@right("worth_of_knowing", "plain loops and floats")
def worth_of_knowing(q, externals):
    K = len(externals)
    A = len(q)
    v = []
    for k in range(K):
        line = []
        for a in range(A):
            s = 0.0
            for c in range(len(q[a])):
                s += float(externals[k][c]) * float(q[a][c])
            line.append(s)
        v.append(line)
    knows = 0.0
    for k in range(K):
        knows += max(v[k]) / K
    single = max([sum([v[k][a] for k in range(K)]) / K for a in range(A)])
    return knows - single


@right("worth_of_knowing", "one matrix product; the second term from the average external")
def worth_of_knowing(payoffs, others):
    v = others @ payoffs.T
    return v.max(dim=1).values.mean() - (payoffs @ others.mean(0)).max()


@right("worth_of_knowing", "numpy")
def worth_of_knowing(q, ex):
    v = np.array(q) @ np.array(ex).T
    return v.max(axis=0).mean() - v.mean(axis=1).max()


@right("worth_of_knowing", "mean loss of each single action against the best answer; the smallest loss")
def worth_of_knowing(q, externals):
    v = (externals @ q.T).tolist()
    losses = []
    for a in range(len(q)):
        losses.append(sum(max(line) - line[a] for line in v) / len(v))
    return min(losses)


@wrong("worth_of_knowing", "returns only what the one who knows gets; the best single action is not subtracted")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    total = 0
    for k in range(len(v)):
        total += max(v[k])
    return total / len(v)


@wrong("worth_of_knowing", "subtracts the wrong way round, so the sign is swapped")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.mean(0).max() - v.max(1).values.mean()


@wrong("worth_of_knowing", "sums over the externals instead of averaging: never divides by K")
def worth_of_knowing(q, externals):
    v = (externals @ q.T).tolist()
    knows = 0
    for line in v:
        knows += max(line)
    single = []
    for a in range(len(q)):
        s = 0
        for k in range(len(v)):
            s += v[k][a]
        single.append(s)
    return knows - max(single)


@wrong("worth_of_knowing", "divides both terms by the number of row's actions instead of by the number of externals")
def worth_of_knowing(q, externals):
    v = (externals @ q.T).tolist()
    A = len(q)
    knows = sum(max(line) for line in v) / A
    single = max(sum(line[a] for line in v) / A for a in range(A))
    return knows - single


@wrong("worth_of_knowing", "always divides by 2 (as in the example), whatever the number of externals")
def worth_of_knowing(q, externals):
    v = (externals @ q.T).tolist()
    knows = sum(max(line) for line in v) / 2
    single = max(sum(line[a] for line in v) / 2 for a in range(len(q)))
    return knows - single


@wrong("worth_of_knowing", "searches the maxima by a loop that starts from best = 0, so negative values never win")
def worth_of_knowing(q, externals):
    v = (externals @ q.T).tolist()
    K = len(v)
    knows = 0
    for k in range(K):
        best = 0
        for x in v[k]:
            if x > best:
                best = x
        knows += best / K
    single = 0
    for a in range(len(q)):
        m = sum(v[k][a] for k in range(K)) / K
        if m > single:
            single = m
    return knows - single


@wrong("worth_of_knowing", "second term: averages over the actions (plays uniformly) instead of taking the best single action")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.max(1).values.mean() - v.mean()


@wrong("worth_of_knowing", "thinks that who knows the other sees its move: maximum for each column, then averaged with the policy")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    best = []
    for c in range(q.shape[1]):
        best.append(max([float(q[a, c]) for a in range(len(q))]))
    knows = 0
    for e in externals:
        for c in range(len(best)):
            knows += float(e[c]) * best[c] / len(externals)
    return knows - float(v.mean(0).max())


@wrong("worth_of_knowing", "the second term takes the best answer to the first external only, and plays that against all")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    a = int(v[0].argmax())
    return v.max(1).values.mean() - v[:, a].mean()


@wrong("worth_of_knowing", "range(1, K): leaves out the first external in both terms")
def worth_of_knowing(q, externals):
    v = (externals @ q.T).tolist()
    K = len(v)
    knows = 0
    for k in range(1, K):
        knows += max(v[k]) / K
    single = max(sum(v[k][a] for k in range(1, K)) / K for a in range(len(q)))
    return knows - single


@wrong("worth_of_knowing", "ignores the policies: every column counts alike (plain mean of the payoffs for the second term)")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.max(1).values.mean() - q.mean(1).max()


@wrong("worth_of_knowing", "forgets to divide by K, and subtracts the wrong way round", mistakes=2)
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.sum(0).max() - v.max(1).values.sum()


# 3. average_misleads
right("average_misleads", "two specialists and an all-rounder", ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.9, 0.1], [0.1, 0.9]))
right("average_misleads", "negative payoffs, tensors, A and B not symmetric",
      (torch.tensor([[1.0, -9.0], [-7.0, 2.0], [-1.0, -1.0]]), torch.tensor([0.95, 0.05]), torch.tensor([0.05, 0.95])))
right("average_misleads", "the third is only slightly worse at the extremes; numpy",
      (np.array([[10.0, 0.0], [0.0, 10.0], [6.0, 6.0]]), np.array([0.75, 0.25]), np.array([0.25, 0.75])))
wrong("average_misleads", "the externals are pure, they do not mix", ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [1.0, 0.0], [0.0, 1.0]))
wrong("average_misleads", "external A and external B are swapped: the second action is best against A, the first against B",
      ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.1, 0.9], [0.9, 0.1]))
wrong("average_misleads", "the third action is too weak: against the average the first and the second are better",
      ([[4.0, 0.0], [0.0, 4.0], [1.0, 1.0]], [0.9, 0.1], [0.1, 0.9]))
wrong("average_misleads", "the third action only ties with the others against the average",
      ([[4.0, 0.0], [0.0, 4.0], [2.0, 2.0]], [0.75, 0.25], [0.25, 0.75]))
wrong("average_misleads", "the third action is so good that it is best against A and B, too",
      ([[4.0, 0.0], [0.0, 4.0], [5.0, 5.0]], [0.9, 0.1], [0.1, 0.9]))
wrong("average_misleads", "the payoffs are typed transposed, 2 x 3 (row's actions as columns)",
      ([[4.0, 0.0, 3.0], [0.0, 4.0, 3.0]], [0.9, 0.1], [0.1, 0.9]))
wrong("average_misleads", "external A's probabilities do not sum to one", ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.9, 0.2], [0.1, 0.9]))
wrong("average_misleads", "put the all-rounder first: the third action is best against B and the first against the average",
      ([[3.0, 3.0], [4.0, 0.0], [0.0, 4.0]], [0.9, 0.1], [0.1, 0.9]))
wrong("average_misleads", "external B mixes too little towards right: against B the third, not the second, is best",
      ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.9, 0.1], [0.3, 0.7]))
wrong("average_misleads", "a negative probability in external B (sums to one)", ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.9, 0.1], [-0.1, 1.1]))
wrong("average_misleads", "the externals are pure, and the third action is worse than the others against the average",
      ([[4.0, 0.0], [0.0, 4.0], [1.0, 1.0]], [1.0, 0.0], [0.0, 1.0]), mistakes=2)

# 4. ending_income: V = 1 / (1 - 0.6)
right("ending_income", "V = 1 + 0.8 * 0.75 V", 2.5)
right("ending_income", "a long sum", sum([0.6**t for t in range(200)]))
wrong("ending_income", "stops the sum after the 3 moves that are watched (treats the cut as the end)", 1 + 0.6 + 0.36)
wrong("ending_income", "forgot that the episode may end: 1 / (1 - gamma)", 5.0)
wrong("ending_income", "forgot gamma: 1 / (1 - 0.75)", 4.0)
wrong("ending_income", "used the probability of ending, 0.25, in place of that of going on: 1 / (1 - 0.8 * 0.25)", 1.25)
wrong("ending_income", "did not count the first move, which is paid in any case: 0.6 / (1 - 0.6)", 1.5)
wrong("ending_income", "wrote 1 / (0.8 * 0.75), forgot the one minus", 1 / 0.6)
wrong("ending_income", "gave the factor of going on times gamma, not the sum: 0.6", 0.6)
wrong("ending_income", "wrote 1 - 0.6 and did not divide", 0.4)
wrong("ending_income", "only the next move: 1 + 0.6", 1.6)
wrong("ending_income", "added gamma and T's sum instead of multiplying: 1 / (1 - 1.55)", 1 / (1 - 1.55))
wrong("ending_income", "cut after 3 moves, and forgot that the episode may end: 1 + 0.8 + 0.64", 2.44, mistakes=2)
wrong("ending_income", "cut after 3 moves, and forgot gamma: 1 + 0.75 + 0.5625", 2.3125, mistakes=2)
wrong("ending_income", "three moves of 1 each: cut, and neither discounted nor may end", 3, mistakes=3)


# 5. state_chain
@right("state_chain", "loops over product, a counter for the joint action")
def state_chain(T, policies):
    S = len(T)
    P = [[0.0] * S for _ in range(S)]
    for s in range(S):
        j = 0
        for acts in product(*[range(p.shape[1]) for p in policies]):
            prob = 1.0
            for i in range(len(acts)):
                prob *= float(policies[i][s][acts[i]])
            for t in range(S):
                P[s][t] += prob * float(T[s][j][t])
            j += 1
    return P


@right("state_chain", "grows the joint policy agent by agent")
def state_chain(T, policies):
    S = T.shape[0]
    joint = torch.ones(S, 1)
    for p in policies:
        joint = (joint[:, :, None] * p[:, None, :]).reshape(S, -1)
    return (joint[:, :, None] * T).sum(1)


@right("state_chain", "decodes the joint number with % and //, from the last agent")
def state_chain(T, policies):
    P = torch.zeros(len(T), len(T))
    for s in range(T.shape[0]):
        for j in range(T.shape[1]):
            rest = j
            w = 1.0
            for p in reversed(list(policies)):
                w = w * float(p[s, rest % p.shape[1]])
                rest = rest // p.shape[1]
            P[s] += w * T[s, j]
    return P


@wrong("state_chain", "joint actions numbered with the FIRST agent's action changing fastest")
def state_chain(T, policies):
    P = torch.zeros(len(T), len(T))
    for s in range(T.shape[0]):
        for j in range(T.shape[1]):
            rest = j
            w = 1.0
            for p in policies:
                w = w * float(p[s, rest % p.shape[1]])
                rest = rest // p.shape[1]
            P[s] += w * T[s, j]
    return P


@wrong("state_chain", "all joint actions count alike: averages T over them, the policies are not used")
def state_chain(T, policies):
    return T.mean(1)


@wrong("state_chain", "sums T over the joint actions without any probabilities")
def state_chain(T, policies):
    P = torch.zeros(len(T), len(T))
    for j in range(T.shape[1]):
        P = P + T[:, j]
    return P


@wrong("state_chain", "rescales each row to sum to one, so the probability of ending is lost")
def state_chain(T, policies):
    S = T.shape[0]
    P = torch.zeros(S, S)
    for s in range(S):
        for j, w in enumerate(product(*[p[s].tolist() for p in policies])):
            P[s] += float(np.prod(w)) * T[s, j]
        if P[s].sum() > 0:
            P[s] = P[s] / P[s].sum()
    return P


@wrong("state_chain", "puts the missing probability (of ending) on staying in the same state")
def state_chain(T, policies):
    S = T.shape[0]
    P = torch.zeros(S, S)
    for s in range(S):
        for j, w in enumerate(product(*[p[s].tolist() for p in policies])):
            P[s] += float(np.prod(w)) * T[s, j]
        P[s, s] += 1 - P[s].sum()
    return P


@wrong("state_chain", "P is transposed: P[next][now]")
def state_chain(T, policies):
    S = T.shape[0]
    P = torch.zeros(S, S)
    for s in range(S):
        for j, w in enumerate(product(*[p[s].tolist() for p in policies])):
            for t in range(S):
                P[t, s] += float(np.prod(w)) * T[s, j, t]
    return P


@wrong("state_chain", "takes the policies of state 0 in every state")
def state_chain(T, policies):
    S = T.shape[0]
    P = torch.zeros(S, S)
    for s in range(S):
        for j, w in enumerate(product(*[p[0].tolist() for p in policies])):
            P[s] += float(np.prod(w)) * T[s, j]
    return P


@wrong("state_chain", "adds the agents' probabilities instead of multiplying them")
def state_chain(T, policies):
    S = T.shape[0]
    P = torch.zeros(S, S)
    for s in range(S):
        for j, w in enumerate(product(*[p[s].tolist() for p in policies])):
            P[s] += sum(w) * T[s, j]
    return P


@wrong("state_chain", "uses the policies of the next state s' instead of those of s")
def state_chain(T, policies):
    S = T.shape[0]
    P = torch.zeros(S, S)
    for t in range(S):
        for j, w in enumerate(product(*[p[t].tolist() for p in policies])):
            P[:, t] += float(np.prod(w)) * T[:, j, t]
    return P


@wrong("state_chain", "forgets the external: its policy is replaced by ones (its actions are summed, not averaged)")
def state_chain(T, policies):
    S = T.shape[0]
    P = torch.zeros(S, S)
    for s in range(S):
        rows = [p[s].tolist() for p in policies[:-1]] + [[1.0] * policies[-1].shape[1]]
        for j, w in enumerate(product(*rows)):
            P[s] += float(np.prod(w)) * T[s, j]
    return P


@wrong("state_chain", "everybody plays its likeliest action instead of mixing")
def state_chain(T, policies):
    S = T.shape[0]
    P = torch.zeros(S, S)
    for s in range(S):
        j = 0
        for p in policies:
            j = j * p.shape[1] + int(p[s].argmax())
        P[s] = T[s, j]
    return P


@wrong("state_chain", "range(J - 1): the last joint action is left out")
def state_chain(T, policies):
    S, J = T.shape[0], T.shape[1]
    P = torch.zeros(S, S)
    for s in range(S):
        w = list(product(*[p[s].tolist() for p in policies]))
        for j in range(J - 1):
            P[s] += float(np.prod(w[j])) * T[s, j]
    return P


@wrong("state_chain", "first agent fastest, and rows rescaled to sum to one", mistakes=2)
def state_chain(T, policies):
    S = T.shape[0]
    P = torch.zeros(S, S)
    for s in range(S):
        for j, w in enumerate(product(*[p[s].tolist() for p in reversed(list(policies))])):
            P[s] += float(np.prod(w)) * T[s, j]
        if P[s].sum() > 0:
            P[s] = P[s] / P[s].sum()
    return P


# 6. team_value
@right("team_value", "plain lists, repeated until nothing changes")
def team_value(T, R, policy, start, gamma):
    T, R, pi, d = T.tolist(), R.tolist(), policy.tolist(), start.tolist()
    S, J = len(pi), len(pi[0])
    V = [0.0] * S
    for _ in range(3000):
        new = []
        for s in range(S):
            x = 0.0
            for a in range(J):
                team = R[s][a][:-1]
                x += pi[s][a] * (sum(team) / len(team) + gamma * sum(T[s][a][t] * V[t] for t in range(S)))
            new.append(x)
        change = max(abs(new[s] - V[s]) for s in range(S))
        V = new
        if change < 1e-13:
            break
    return sum(d[s] * V[s] for s in range(S))


@right("team_value", "solves the linear equations")
def team_value(T, R, policy, start, gamma):
    P = torch.einsum("sa,sat->st", policy, T)
    r = (policy * R[..., :-1].mean(-1)).sum(1)
    return start @ torch.linalg.solve(torch.eye(len(P)) - gamma * P, r)


@right("team_value", "numpy; follows the distribution of states forwards in time and adds up the pay")
def team_value(T, R, policy, start, gamma):
    T, R, pi, d = [np.array(x) for x in (T, R, policy, start)]
    n = R.shape[2]
    r = (pi * R[:, :, : n - 1].sum(2) / (n - 1)).sum(1)
    P = (pi[:, :, None] * T).sum(1)
    total = 0.0
    for _ in range(5000):
        total += d @ r
        d = gamma * (d @ P)
    return float(total)


def _chain(T, policy):
    return (policy[:, :, None] * T).sum(1)


def _forever(P, r, start, gamma):
    return float(start @ torch.linalg.solve(torch.eye(len(P)) - gamma * P, r))


@wrong("team_value", "the mean is over all players, the external included")
def team_value(T, R, policy, start, gamma):
    r = (policy * R.mean(2)).sum(1)
    return _forever(_chain(T, policy), r, start, gamma)


@wrong("team_value", "the team is paid the sum of its targets instead of the mean")
def team_value(T, R, policy, start, gamma):
    r = (policy * R[:, :, :-1].sum(2)).sum(1)
    return _forever(_chain(T, policy), r, start, gamma)


@wrong("team_value", "takes the first agent for the external: mean over agents 1, ..., n - 1")
def team_value(T, R, policy, start, gamma):
    r = (policy * R[:, :, 1:].mean(2)).sum(1)
    return _forever(_chain(T, policy), r, start, gamma)


@wrong("team_value", "sums the targets but divides by n, the number of all players, instead of n - 1")
def team_value(T, R, policy, start, gamma):
    n = R.shape[2]
    r = (policy * R[:, :, :-1].sum(2) / n).sum(1)
    return _forever(_chain(T, policy), r, start, gamma)


@wrong("team_value", "counts only the first target's pay")
def team_value(T, R, policy, start, gamma):
    r = (policy * R[:, :, 0]).sum(1)
    return _forever(_chain(T, policy), r, start, gamma)


@wrong("team_value", "only the first move's pay: what follows is left out")
def team_value(T, R, policy, start, gamma):
    r = (policy * R[:, :, :-1].mean(2)).sum(1)
    return (start * r).sum()


@wrong("team_value", "cuts the sum after 25 moves")
def team_value(T, R, policy, start, gamma):
    P = _chain(T, policy)
    r = (policy * R[:, :, :-1].mean(2)).sum(1)
    V = torch.zeros(len(r))
    for _ in range(25):
        V = r + gamma * P @ V
    return float(start @ V)


@wrong("team_value", "plain mean over the states instead of weighting with the start")
def team_value(T, R, policy, start, gamma):
    P = _chain(T, policy)
    r = (policy * R[:, :, :-1].mean(2)).sum(1)
    V = torch.linalg.solve(torch.eye(len(P)) - gamma * P, r)
    return sum(V.tolist()) / len(V)


@wrong("team_value", "returns the value of state 0, the start is ignored")
def team_value(T, R, policy, start, gamma):
    P = _chain(T, policy)
    r = (policy * R[:, :, :-1].mean(2)).sum(1)
    return torch.linalg.solve(torch.eye(len(P)) - gamma * P, r)[0]


@wrong("team_value", "all joint actions count alike in the pay (the policy is used only for the transitions)")
def team_value(T, R, policy, start, gamma):
    r = R[:, :, :-1].mean(2).mean(1)
    return _forever(_chain(T, policy), r, start, gamma)


@wrong("team_value", "also discounts the pay of the present move: gamma (R + V')")
def team_value(T, R, policy, start, gamma):
    r = gamma * (policy * R[:, :, :-1].mean(2)).sum(1)
    return _forever(_chain(T, policy), r, start, gamma)


@wrong("team_value", "rescales the chain's rows to one: the game never ends")
def team_value(T, R, policy, start, gamma):
    P = _chain(T, policy)
    for s in range(len(P)):
        if P[s].sum() > 0:
            P[s] = P[s] / P[s].sum()
    r = (policy * R[:, :, :-1].mean(2)).sum(1)
    return _forever(P, r, start, gamma)


@wrong("team_value", "returns the values of all states instead of one number")
def team_value(T, R, policy, start, gamma):
    P = _chain(T, policy)
    r = (policy * R[:, :, :-1].mean(2)).sum(1)
    return torch.linalg.solve(torch.eye(len(P)) - gamma * P, r)


@wrong("team_value", "the mean includes the external, and the start is replaced by a plain mean over states", mistakes=2)
def team_value(T, R, policy, start, gamma):
    P = _chain(T, policy)
    r = (policy * R.mean(2)).sum(1)
    return torch.linalg.solve(torch.eye(len(P)) - gamma * P, r).mean()
