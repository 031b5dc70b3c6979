"""Answers of several students to sheet 01, games."""

from fractions import Fraction
from functools import reduce
from itertools import product

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- turning_point
right("turning_point", "solved 7p = p + 4(1 - p) by hand", 0.4)
right("turning_point", "as a fraction, 4 over 7 + 4 - 1", 4 / (7 + 4 - 1))
right("turning_point", "a tensor, solved as a linear equation",
      torch.linalg.solve(torch.tensor([[10.0]]), torch.tensor([4.0]))[0])

wrong("turning_point", "gives the probability of right, 1 - p, instead of that of left", 0.6)
wrong("turning_point", "uses column's payoffs (the second numbers) instead of row's: p + 5(1 - p) = 3p", 5 / 7)
wrong("turning_point", "makes column indifferent: solves for row's probability of up with column's payoffs", 3 / 7)
wrong("turning_point", "sign slip: moves 3p to the other side without changing its sign, so 7p - 3p = 4", 1.0)
wrong("turning_point", "forgets the 1 that down pays against left: 7p = 4(1 - p)", 4 / 11)
wrong("turning_point", "forgets the factor 1 - p of the 4: 7p = p + 4", 2 / 3)
wrong("turning_point", "gives what both actions are worth at the turning point (2.8) instead of p", 2.8)
wrong("turning_point", "divides the wrong way round, 10 / 4 instead of 4 / 10", 2.5)
wrong("turning_point", "gives p in percent", 40)
wrong("turning_point", "integer division, 4 // 10", 4 // 10)
wrong("turning_point", "mixes up p and 1 - p in the row of down only: 7p = 1 - p + 4p", 1 / 4)
wrong("turning_point", "two things: forgets the 1 that down pays against left, and gives the probability of right",
      7 / 11, mistakes=2)

# ---------------------------------------------------------------- worth_of_knowing


@right("worth_of_knowing", "nested Python loops, returns a float")
def _(q, externals):
    q, externals = q.tolist(), externals.tolist()
    K, A = len(externals), len(q)
    v = [[sum(p * x for p, x in zip(pi, line)) for line in q] for pi in externals]
    knows = sum(max(line) for line in v) / K
    not_knows = max(sum(v[k][a] for k in range(K)) / K for a in range(A))
    return knows - not_knows


@right("worth_of_knowing", "matrix product, the average external for the second term")
def _(q, externals):
    return (externals @ q.T).amax(1).mean() - (q @ externals.mean(0)).max()


@right("worth_of_knowing", "numpy einsum, returns a numpy number")
def _(q, externals):
    v = np.einsum("kc,ac->ka", np.asarray(externals), np.asarray(q))
    return v.max(axis=1).mean() - v.mean(axis=0).max()


@right("worth_of_knowing", "mean regret of the best single action, by vmap")
def _(q, externals):
    v = torch.func.vmap(lambda pi: q @ pi)(externals)
    best = v.sum(0).argmax()
    return (v.max(1).values - v[:, best]).mean()


@wrong("worth_of_knowing", "wrong axis: takes the best external for each action (max over k, mean over a) in the first term")
def _(q, externals):
    v = externals @ q.T
    return v.max(0).values.mean() - v.mean(0).max()


@wrong("worth_of_knowing", "sums over the externals instead of averaging, in both terms")
def _(q, externals):
    v = externals @ q.T
    return v.max(1).values.sum() - v.sum(0).max()


@wrong("worth_of_knowing", "subtracts the wrong way round: worth without knowing minus worth with knowing")
def _(q, externals):
    v = externals @ q.T
    return v.mean(0).max() - v.max(1).values.mean()


@wrong("worth_of_knowing", "gives only what the one who knows gets, does not subtract the best single action")
def _(q, externals):
    return (externals @ q.T).max(1).values.mean()


@wrong("worth_of_knowing", "gives only what the best single action gets (without knowing)")
def _(q, externals):
    return (externals @ q.T).mean(0).max()


@wrong("worth_of_knowing", "knows each move c, not only the policy: best answer to every column before averaging over it")
def _(q, externals):
    knows = (externals @ q.max(0).values).mean()
    return knows - (externals @ q.T).mean(0).max()


@wrong("worth_of_knowing", "the one who does not know plays uniformly (mean over actions) instead of the best single action")
def _(q, externals):
    v = externals @ q.T
    return v.max(1).values.mean() - v.mean()


@wrong("worth_of_knowing", "the single action is the best one against the first external, not against all on average")
def _(q, externals):
    v = externals @ q.T
    return v.max(1).values.mean() - v[:, v[0].argmax()].mean()


@wrong("worth_of_knowing", "divides by 2 always instead of by K; right for two externals")
def _(q, externals):
    v = externals @ q.T
    return v.max(1).values.sum() / 2 - v.sum(0).max() / 2


@wrong("worth_of_knowing", "divides by the number of actions instead of by K; right if these are equal")
def _(q, externals):
    v = externals @ q.T
    A = q.shape[0]
    return v.max(1).values.sum() / A - v.sum(0).max() / A


@wrong("worth_of_knowing", "ratio of the two worths instead of their difference")
def _(q, externals):
    v = externals @ q.T
    return v.max(1).values.mean() / v.mean(0).max()


@wrong("worth_of_knowing", "each external plays only its likeliest move (argmax) instead of mixing")
def _(q, externals):
    v = q[:, externals.argmax(1)].T
    return v.max(1).values.mean() - v.mean(0).max()


@wrong("worth_of_knowing", "min over the actions instead of max in the second term (the worst single action)")
def _(q, externals):
    v = externals @ q.T
    return v.max(1).values.mean() - v.mean(0).min()


_seen = []


@wrong("worth_of_knowing", "keeps the gains of earlier calls in a list outside and averages over all calls; right the first time")
def _(q, externals):
    v = externals @ q.T
    _seen.append(float(v.max(1).values.mean() - v.mean(0).max()))
    return sum(_seen) / len(_seen)


@wrong("worth_of_knowing", "two things: sums over the externals instead of averaging, and subtracts the wrong way round", mistakes=2)
def _(q, externals):
    v = externals @ q.T
    return v.sum(0).max() - v.max(1).values.sum()


# ---------------------------------------------------------------- average_misleads
_q = torch.tensor([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]])
_a, _b = torch.tensor([0.9, 0.1]), torch.tensor([0.1, 0.9])

right("average_misleads", "tensors: two specialists and a safe third action", (_q, _a, _b))
right("average_misleads", "plain lists, negative payoffs, externals not mirror images",
      ([[0, -10], [-9, 0], [-3, -3]], [0.75, 0.25], [0.125, 0.875]))
right("average_misleads", "a list of numpy arrays, the third action only a little better than the others",
      [np.array([[1.0, 0.0], [0.0, 1.0], [0.55, 0.52]]), np.array([0.8, 0.2]), np.array([0.2, 0.8])])

wrong("average_misleads", "external A plays left always: it does not mix", (_q, torch.tensor([1.0, 0.0]), _b))
wrong("average_misleads", "external B plays right always: it does not mix", (_q, _a, torch.tensor([0.0, 1.0])))
wrong("average_misleads", "against the average all three actions tie: the third is not better",
      (torch.tensor([[4.0, 0.0], [0.0, 4.0], [2.0, 2.0]]), torch.tensor([0.75, 0.25]), torch.tensor([0.25, 0.75])))
wrong("average_misleads", "against A the first action ties with the third", (_q, torch.tensor([0.75, 0.25]), _b))
wrong("average_misleads", "the two externals swapped: the second action is best against A, the first against B", (_q, _b, _a))
wrong("average_misleads", "payoffs transposed, 2 x 3 instead of 3 x 2", (_q.T.contiguous(), _a, _b))
wrong("average_misleads", "the third action pays too much: it is best against A and against B as well",
      (torch.tensor([[4.0, 0.0], [0.0, 4.0], [3.9, 3.9]]), _a, _b))
wrong("average_misleads", "B mixes too evenly: against B the third action is best, not the second",
      (_q, _a, torch.tensor([0.3, 0.7])))
wrong("average_misleads", "the policy of B does not sum to one (0.2 and 0.9)", (_q, _a, torch.tensor([0.2, 0.9])))
wrong("average_misleads", "policies in percent (90 and 10)", (_q, 100 * _a, 100 * _b))
wrong("average_misleads", "payoffs of the wrong sign, as if row wanted little (costs)", (-_q, _a, _b))
wrong("average_misleads", "wrong order of the three parts: (other_a, other_b, q)", (_a, _b, _q))
wrong("average_misleads", "the third is too low: against the average the first action is best, as A is more extreme than B",
      (torch.tensor([[4.0, 0.0], [0.0, 4.0], [2.1, 2.1]]), torch.tensor([0.9, 0.1]), torch.tensor([0.2, 0.8])))
wrong("average_misleads", "a probability of A is negative (1.1 and -0.1)", (_q, torch.tensor([1.1, -0.1]), _b))
wrong("average_misleads", "actions counted in another order: the safe action is the second, the specialist against B the third",
      (_q[[0, 2, 1]], _a, _b))
wrong("average_misleads", "two things: the externals swapped, and neither of them mixes",
      (_q, [0.0, 1.0], [1.0, 0.0]), mistakes=2)

# ---------------------------------------------------------------- ending_income
right("ending_income", "closed form: 1 / (1 - 0.8 * 0.75)", 1 / (1 - 0.8 * 0.75))
right("ending_income", "a long sum of powers of 0.6", sum(0.6**k for k in range(200)))
right("ending_income", "three moves plus the bootstrapped rest, 1.96 + 0.216 * 2.5, as a tensor",
      torch.tensor(1.96 + 0.216 * 2.5))

wrong("ending_income", "takes the cut for an end: adds only the three moves watched, 1 + 0.6 + 0.36", 1.96)
wrong("ending_income", "forgets that the game may end: 1 / (1 - 0.8)", 5.0)
wrong("ending_income", "forgets to discount: 1 / (1 - 0.75)", 4.0)
wrong("ending_income", "adds what the three moves pay, with neither discount nor ending", 3)
wrong("ending_income", "forgets the first payment, starts the sum with 0.6", 1.5)
wrong("ending_income", "takes 0.75 for the probability of the end: 1 / (1 - 0.8 * 0.25)", 1.25)
wrong("ending_income", "applies the 0.75 only once, to the sum: 0.75 / (1 - 0.8)", 3.75)
wrong("ending_income", "discounts the first payment too: 0.8 / (1 - 0.6)", 2.0)
wrong("ending_income", "forgets the 1 - in the denominator: 1 / 0.6", 1 / 0.6)
wrong("ending_income", "upside down: gives 1 - 0.6", 0.4)
wrong("ending_income", "subtracts the probabilities instead of multiplying: 1 / (1 - (0.8 - 0.25))", 1 / 0.45)
wrong("ending_income", "two things: takes the cut for an end, and counts four moves instead of three", 2.176, mistakes=2)
wrong("ending_income", "two things: takes the cut for an end, and forgets that the game may end: 1 + 0.8 + 0.64", 2.44, mistakes=2)

# ---------------------------------------------------------------- state_chain


def _joint(policies):
    p = policies[0]
    for pi in policies[1:]:
        p = (p[:, :, None] * pi[:, None, :]).flatten(1)
    return p


@right("state_chain", "loops over states and itertools.product over the joint actions")
def _(T, policies):
    S = T.shape[0]
    P = torch.zeros(S, S)
    for s in range(S):
        for j, joint in enumerate(product(*[range(pi.shape[1]) for pi in policies])):
            p = 1.0
            for pi, a in zip(policies, joint):
                p = p * pi[s, a]
            P[s] += p * T[s, j]
    return P


@right("state_chain", "vmap of kron folded over the agents, then a batched matrix product")
def _(T, policies):
    p = reduce(torch.func.vmap(torch.kron), policies)
    return torch.bmm(p[:, None], T)[:, 0]


@right("state_chain", "numpy: splits the axis of joint actions, averages the agents out from the last one on")
def _(T, policies):
    T = np.asarray(T)
    S = T.shape[0]
    pis = [np.asarray(pi) for pi in policies]
    rest = T.reshape(S, *[pi.shape[1] for pi in pis], S)
    for pi in reversed(pis):
        rest = np.einsum("s...at,sa->s...t", rest, pi)
    return rest


@wrong("state_chain", "order of joint actions reversed: lets the first agent's action change fastest")
def _(T, policies):
    return torch.einsum("sj,sjt->st", _joint(policies[::-1]), T)


@wrong("state_chain", "divides each row by its sum, so that the probability of the end is lost")
def _(T, policies):
    P = torch.einsum("sj,sjt->st", _joint(policies), T)
    return P / P.sum(1, keepdim=True).clamp(min=1e-12)


@wrong("state_chain", "uses the policies of the state that is led to, s', instead of those of s")
def _(T, policies):
    return torch.einsum("tj,sjt->st", _joint(policies), T)


@wrong("state_chain", "averages over the joint actions instead of summing: divides by their number")
def _(T, policies):
    return (_joint(policies)[:, :, None] * T).mean(1)


@wrong("state_chain", "ignores the policies: all joint actions equally likely")
def _(T, policies):
    return T.mean(1)


@wrong("state_chain", "transposed: entry [s', s] instead of [s, s']")
def _(T, policies):
    return torch.einsum("sj,sjt->ts", _joint(policies), T)


@wrong("state_chain", "uses the policies of state 0 in all states")
def _(T, policies):
    return torch.einsum("j,sjt->st", _joint(policies)[0], T)


@wrong("state_chain", "puts the probability that the game ends onto staying in the same state")
def _(T, policies):
    P = torch.einsum("sj,sjt->st", _joint(policies), T)
    return P + torch.diag(1 - P.sum(1))


@wrong("state_chain", "adds a state for the end: returns (S + 1, S + 1)")
def _(T, policies):
    P = torch.einsum("sj,sjt->st", _joint(policies), T)
    S = P.shape[0]
    out = torch.zeros(S + 1, S + 1)
    out[:S, :S] = P
    out[:S, S] = 1 - P.sum(1)
    out[S, S] = 1
    return out


@wrong("state_chain", "adds the agents' probabilities instead of multiplying them")
def _(T, policies):
    p = policies[0]
    for pi in policies[1:]:
        p = (p[:, :, None] + pi[:, None, :]).flatten(1)
    return torch.einsum("sj,sjt->st", p, T)


@wrong("state_chain", "leaves the external's policy out and sums its moves unweighted")
def _(T, policies):
    S = T.shape[0]
    ours = _joint(policies[:-1])
    return torch.einsum("sj,sjet->st", ours, T.reshape(S, ours.shape[1], -1, S))


@wrong("state_chain", "everybody plays the likeliest action only (argmax) instead of mixing")
def _(T, policies):
    j = 0
    for pi in policies:
        j = j * pi.shape[1] + pi.argmax(1)
    return T[torch.arange(T.shape[0]), j]


@wrong("state_chain", "stride of the joint action is the agent's own number of actions, not the number of the agent after it; right if all have as many actions")
def _(T, policies):
    S = T.shape[0]
    P = torch.zeros(S, S)
    for joint in product(*[range(pi.shape[1]) for pi in policies]):
        j, p = joint[-1], policies[-1][:, joint[-1]]
        stride = 1
        for k in range(len(policies) - 2, -1, -1):
            stride *= policies[k].shape[1]
            j += joint[k] * stride
            p = p * policies[k][:, joint[k]]
        P += p[:, None] * T[:, j]
    return P


@wrong("state_chain", "takes only the first and the last agent into account, agents between play uniformly; right for two agents")
def _(T, policies):
    S = T.shape[0]
    first, last = policies[0], policies[-1]
    T = T.reshape(S, first.shape[1], -1, last.shape[1], S).mean(2)
    return torch.einsum("sa,se,saet->st", first, last, T)


@wrong("state_chain", "two things: the first agent's action changes fastest, and the rows are divided by their sums", mistakes=2)
def _(T, policies):
    P = torch.einsum("sj,sjt->st", _joint(policies[::-1]), T)
    return P / P.sum(1, keepdim=True).clamp(min=1e-12)


# ---------------------------------------------------------------- team_value


def _value(T, r, policy, gamma):
    """V for payments r (S, J)."""
    P = torch.einsum("sj,sjt->st", policy, T)
    return torch.linalg.solve(torch.eye(len(P)) - gamma * P, (policy * r).sum(1))


@right("team_value", "solves the linear equations for V")
def _(T, R, policy, start, gamma):
    return start @ _value(T, R[:, :, :-1].mean(2), policy, gamma)


@right("team_value", "iterates V until it stands still, with Q values")
def _(T, R, policy, start, gamma):
    r = R[..., :-1].mean(-1)
    V = torch.zeros(T.shape[0])
    while True:
        new = (policy * (r + gamma * T @ V)).sum(1)
        if (new - V).abs().max() < 1e-10:
            return float(new @ start)
        V = new


@right("team_value", "numpy, follows the start distribution forward in time (discounted visits)")
def _(T, R, policy, start, gamma):
    T, R, policy, d = (np.asarray(x) for x in (T, R, policy, start))
    gamma = float(gamma)
    P = np.einsum("sj,sjt->st", policy, T)
    r = np.einsum("sj,sjn->s", policy, R[:, :, :-1]) / (R.shape[2] - 1)
    total = 0.0
    for t in range(1000):
        total += gamma**t * d @ r
        d = d @ P
    return total


@right("team_value", "value of each target by one solve, then the mean over the targets")
def _(T, R, policy, start, gamma):
    P = (policy.unsqueeze(-1) * T).sum(1)
    r = (policy.unsqueeze(-1) * R).sum(1)[:, :-1]
    V = torch.inverse(torch.eye(P.shape[0]) - gamma * P) @ r
    return (start @ V).mean()


@wrong("team_value", "averages over all agents, the external included")
def _(T, R, policy, start, gamma):
    return start @ _value(T, R.mean(2), policy, gamma)


@wrong("team_value", "sums what the targets are paid instead of averaging; right with one target")
def _(T, R, policy, start, gamma):
    return start @ _value(T, R[..., :-1].sum(2), policy, gamma)


@wrong("team_value", "takes the first target only; right with one target")
def _(T, R, policy, start, gamma):
    return start @ _value(T, R[..., 0], policy, gamma)


@wrong("team_value", "leaves out the first agent instead of the last one")
def _(T, R, policy, start, gamma):
    return start @ _value(T, R[..., 1:].mean(2), policy, gamma)


@wrong("team_value", "the payments of the external instead of the targets'")
def _(T, R, policy, start, gamma):
    return start @ _value(T, R[..., -1], policy, gamma)


@wrong("team_value", "sums over the targets but divides by n, the number of all agents")
def _(T, R, policy, start, gamma):
    return start @ _value(T, R[..., :-1].sum(2) / R.shape[2], policy, gamma)


@wrong("team_value", "averages V over the states uniformly, start is not used")
def _(T, R, policy, start, gamma):
    return _value(T, R[..., :-1].mean(2), policy, gamma).mean()


@wrong("team_value", "takes V of state 0 only, as if all games started there")
def _(T, R, policy, start, gamma):
    return _value(T, R[..., :-1].mean(2), policy, gamma)[0]


@wrong("team_value", "forgets gamma in the iteration (and stops after 200 steps)")
def _(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    r = (policy * R[..., :-1].mean(2)).sum(1)
    V = torch.zeros(len(P))
    for _ in range(200):
        V = r + P @ V
    return start @ V


@wrong("team_value", "cuts the sum after 25 moves")
def _(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    r = (policy * R[..., :-1].mean(2)).sum(1)
    V = torch.zeros(len(P))
    for _ in range(25):
        V = r + gamma * P @ V
    return start @ V


@wrong("team_value", "discounts the payment of the first move as well: gamma times too small")
def _(T, R, policy, start, gamma):
    return gamma * start @ _value(T, R[..., :-1].mean(2), policy, gamma)


@wrong("team_value", "divides the rows of the chain by their sums: games never end")
def _(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    P = P / P.sum(1, keepdim=True).clamp(min=1e-12)
    r = (policy * R[..., :-1].mean(2)).sum(1)
    return start @ torch.linalg.solve(torch.eye(len(P)) - gamma * P, r)


@wrong("team_value", "takes the best joint action (max) instead of averaging with the policy")
def _(T, R, policy, start, gamma):
    r = R[..., :-1].mean(2)
    V = torch.zeros(T.shape[0])
    for _ in range(1000):
        V = (r + gamma * T @ V).max(1).values
    return start @ V


@wrong("team_value", "uniform joint actions instead of the policy, in payments and transitions")
def _(T, R, policy, start, gamma):
    uniform = torch.full_like(policy, 1 / policy.shape[1])
    return start @ _value(T, R[..., :-1].mean(2), uniform, gamma)


@wrong("team_value", "the chain transposed: V flows from s to s' instead of from s' back to s")
def _(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->ts", policy, T)
    r = (policy * R[..., :-1].mean(2)).sum(1)
    V = torch.zeros(len(P))
    for _ in range(300):
        V = r + gamma * P @ V
    return start @ V


@wrong("team_value", "stops iterating too early: as soon as V changes by less than 0.1")
def _(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    r = (policy * R[..., :-1].mean(2)).sum(1)
    V = torch.zeros(len(P))
    while True:
        new = r + gamma * P @ V
        if (new - V).abs().max() < 0.1:
            return start @ new
        V = new


@wrong("team_value", "squeezes the payments before averaging: with one target only it averages over the joint actions instead")
def _(T, R, policy, start, gamma):
    r = R[..., :-1].squeeze(-1).mean(-1)
    if r.dim() == 1:
        r = r[:, None].expand(policy.shape)
    return start @ _value(T, r, policy, gamma)


@wrong("team_value", "only the payments of the first move, nothing of what comes later")
def _(T, R, policy, start, gamma):
    return start @ (policy * R[..., :-1].mean(2)).sum(1)


@wrong("team_value", "two things: sums what the targets are paid, and averages over the states instead of using start", mistakes=2)
def _(T, R, policy, start, gamma):
    return _value(T, R[..., :-1].sum(2), policy, gamma).mean()


@wrong("team_value", "two things: includes the external in the mean, and discounts the first payment", mistakes=2)
def _(T, R, policy, start, gamma):
    return gamma * start @ _value(T, R.mean(2), policy, gamma)

# ---------------------------------------------------------------- some more, of special cases


@wrong("team_value", "with one target only, R has two columns and both are averaged (the last column is left out only from three on); right for two targets or more")
def _(T, R, policy, start, gamma):
    targets = R[..., :-1] if R.shape[2] > 2 else R
    return start @ _value(T, targets.mean(2), policy, gamma)


@wrong("state_chain", "never leaves: rows of T that sum to zero (the end) are taken as leading to state 0")
def _(T, policies):
    T = T.clone()
    T[:, :, 0] += 1 - T.sum(2)
    return torch.einsum("sj,sjt->st", _joint(policies), T)


@wrong("worth_of_knowing", "worth taken for the external that it helps most (max over the externals) instead of on average")
def _(q, externals):
    v = externals @ q.T
    return (v.max(1).values - v[:, v.mean(0).argmax()]).max()


@wrong("worth_of_knowing", "works with payoffs cut off to whole numbers (long); right for whole payoffs")
def _(q, externals):
    v = externals @ q.long().to(externals.dtype).T
    return v.max(1).values.mean() - v.mean(0).max()
