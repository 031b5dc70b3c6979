from fractions import Fraction
from functools import reduce
from itertools import product

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# 1. turning_point ------------------------------------------------------------------------------------------------

right("turning_point", "a plain number", 0.4)
right("turning_point", "as a tensor, from 7p = p + 4(1 - p)", torch.tensor(2 / 5))
right("turning_point", "as a fraction", Fraction(2, 5))

wrong("turning_point", "makes column's payoffs (the second numbers) of up and down equal over p, not row's: 5 - 4p = 3p", 5 / 7)
wrong("turning_point", "computes row's probability of up that makes column indifferent: x + 3(1 - x) = 5x", 3 / 7)
wrong("turning_point", "gives 1 - p (the probability of right) instead of p", 0.6)
wrong("turning_point", "gives what both actions are worth there, instead of p", 2.8)
wrong("turning_point", "forgot that down is paid 1 if column goes left as well: 7p = 4(1 - p)", 4 / 11)
wrong("turning_point", "weights down's payment for right with 1 instead of 1 - p: 7p = p + 4", 2 / 3)
wrong("turning_point", "answers in percent, as 40 instead of 0.4", 40)
wrong("turning_point", "guesses that indifferent means a half", 0.5)
wrong("turning_point", "uses column's payoffs, and gives the probability of right instead of left", 2 / 7, mistakes=2)

# 2. worth_of_knowing ---------------------------------------------------------------------------------------------


@right("worth_of_knowing", "matrix of values, max and mean in both orders")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.max(1).values.mean() - v.mean(0).max()


@right("worth_of_knowing", "loops over lists, returns a float")
def worth_of_knowing(q, externals):
    q, externals = q.tolist(), externals.tolist()
    v = [[sum(p * x for p, x in zip(e, r)) for r in q] for e in externals]
    know = sum(max(w) for w in v) / len(v)
    blind = max(sum(w[a] for w in v) / len(v) for a in range(len(q)))
    return know - blind


@right("worth_of_knowing", "numpy; the blind one plays against the average external")
def worth_of_knowing(payoffs, others):
    payoffs, others = np.asarray(payoffs), np.asarray(others)
    return np.einsum("ac,kc->ka", payoffs, others).max(-1).mean() - (payoffs @ others.mean(0)).max()


@right("worth_of_knowing", "vmap in float32")
def worth_of_knowing(q, externals):
    q, e = q.float(), externals.float()
    best = torch.vmap(lambda p: torch.mv(q, p).amax())(e)
    return (best.mean() - torch.mv(q, e.mean(0)).amax()).double()


@wrong("worth_of_knowing", "only what the one who knows gets, nothing is subtracted")
def worth_of_knowing(q, externals):
    return (externals @ q.T).max(1).values.mean()


@wrong("worth_of_knowing", "only what the best single action gets")
def worth_of_knowing(q, externals):
    return (externals @ q.T).mean(0).max()


@wrong("worth_of_knowing", "the sign is swapped: not knowing minus knowing")
def worth_of_knowing(q, externals):
    v = np.asarray(externals) @ np.asarray(q).T
    return v.mean(0).max() - v.max(1).mean()


@wrong("worth_of_knowing", "sums over the externals in place of averaging (both terms K times too large)")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.max(1).values.sum() - v.sum(0).max()


@wrong("worth_of_knowing", "wrong axis in the first term: maximum over externals, mean over actions")
def worth_of_knowing(q, externals):
    v = np.asarray(externals @ q.T)
    return v.max(axis=0).mean() - v.mean(axis=0).max()


@wrong("worth_of_knowing", "wrong axis in the second term: mean over actions, then maximum over the externals")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.max(1).values.mean() - v.mean(1).max()


@wrong("worth_of_knowing", "one number per external: forgot to average the first term, returns (K,)")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.max(1).values - v.mean(0).max()


@wrong("worth_of_knowing", "always divides by 2, as in the example, instead of by the number of externals")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.max(1).values.sum() / 2 - v.sum(0).max() / 2


@wrong("worth_of_knowing", "the one who knows sees column's move as well: takes the best action at each move of column")
def worth_of_knowing(q, externals):
    return (externals @ q.max(0).values).mean() - (externals @ q.T).mean(0).max()


@wrong("worth_of_knowing", "who does not know picks an action at random: mean over actions in place of the best single action")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.amax(1).mean() - v.mean()


@wrong("worth_of_knowing", "compares with the worst action against each external instead of the best single action for all")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return (v.amax(1) - v.amin(1)).mean()


@wrong("worth_of_knowing", "forgets the externals' policies: averages over column's moves uniformly for the single action")
def worth_of_knowing(q, externals):
    return (externals @ q.T).amax(1).mean() - q.mean(1).max()


@wrong("worth_of_knowing", "computes in half precision: the result is off in the third digit")
def worth_of_knowing(q, externals):
    v = np.asarray(externals, np.float16) @ np.asarray(q, np.float16).T
    return v.max(1).mean() - v.mean(0).max()


@wrong("worth_of_knowing", "sums over the externals instead of averaging, and the sign is swapped", mistakes=2)
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.sum(0).max() - v.max(1).values.sum()


# 3. average_misleads ---------------------------------------------------------------------------------------------

right("average_misleads", "lists; the third is a safe action", ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.9, 0.1], [0.1, 0.9]))
right("average_misleads", "tensors; negative payoffs", (torch.tensor([[0.0, -10.0], [-10.0, 0.0], [-3.0, -3.0]]),
      torch.tensor([0.8, 0.2]), torch.tensor([0.25, 0.75])))
right("average_misleads", "numpy; the externals are not each other's mirror, integers as payoffs",
      (np.array([[10, 0], [-6, 6], [7, 3]]), np.array([0.75, 0.25]), np.array([0.05, 0.95])))

wrong("average_misleads", "external A does not mix (plays left for sure)", ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [1.0, 0.0], [0.1, 0.9]))
wrong("average_misleads", "external B does not mix (plays right for sure)", ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.9, 0.1], [0.0, 1.0]))
wrong("average_misleads", "the two externals are swapped: the second action is best against A and the first against B",
      ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.1, 0.9], [0.9, 0.1]))
wrong("average_misleads", "the third action is never best, not even against the average",
      ([[4.0, 0.0], [0.0, 4.0], [1.0, 1.0]], [0.9, 0.1], [0.1, 0.9]))
wrong("average_misleads", "against the average all three actions tie (2 each), so the third is not the best one",
      ([[4.0, 0.0], [0.0, 4.0], [2.0, 2.0]], [0.75, 0.25], [0.25, 0.75]))
wrong("average_misleads", "the third action is best against external A already, as A is too near to the average",
      ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.6, 0.4], [0.1, 0.9]))
wrong("average_misleads", "the third action is best against B too, instead of the second",
      ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.9, 0.1], [0.3, 0.7]))
wrong("average_misleads", "payoffs are transposed: 2 x 3 instead of 3 x 2", ([[4.0, 0.0, 3.0], [0.0, 4.0, 3.0]], [0.9, 0.1], [0.1, 0.9]))
wrong("average_misleads", "external B's policy does not sum to one (0.1 and 0.8)",
      ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.9, 0.1], [0.1, 0.8]))
wrong("average_misleads", "a negative probability in external A's policy (1.1 and -0.1)",
      ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [1.1, -0.1], [0.1, 0.9]))
wrong("average_misleads", "enters a third policy, the average, as well",
      ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.9, 0.1], [0.1, 0.9], [0.5, 0.5]))
wrong("average_misleads", "the externals do not mix: both are pure", ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [1, 0], [0, 1]))
wrong("average_misleads", "the externals are swapped, and A is pure",
      ([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]], [0.0, 1.0], [0.9, 0.1]), mistakes=2)

# 4. ending_income ------------------------------------------------------------------------------------------------

right("ending_income", "a plain number, 1 / (1 - 0.8 * 0.75)", 2.5)
right("ending_income", "the series, summed far", sum(0.6**t for t in range(200)))
right("ending_income", "as a tensor of no axes, solved", torch.tensor(1 / (1 - 0.6)))

wrong("ending_income", "takes the cut for an end: only three moves, 1 + 0.6 + 0.36", 1.96)
wrong("ending_income", "forgot that the game may end (row sum 0.75): 1 / (1 - 0.8)", 5.0)
wrong("ending_income", "forgot to discount: 1 / (1 - 0.75)", 4.0)
wrong("ending_income", "continues with 0.25 instead of 0.75: 1 / (1 - 0.8 * 0.25)", 1.25)
wrong("ending_income", "discounts the first payment as well: 0.6 / (1 - 0.6)", 1.5)
wrong("ending_income", "the payment too is multiplied with 0.75: 0.75 / (1 - 0.6)", 1.875)
wrong("ending_income", "off by one: one payment and one step only, 1 + 0.8 * 0.75", 1.6)
wrong("ending_income", "adds the probability and gamma's complements: 1 / (0.25 + 0.2)", 1 / 0.45)
wrong("ending_income", "sums three moves without gamma, 1 + 0.75 + 0.5625 (cut taken for an end, not discounted)", 2.3125, mistakes=2)
wrong("ending_income", "sums three moves without the row sum, 1 + 0.8 + 0.64 (cut taken for an end, game never ends)", 2.44, mistakes=2)

# 5. state_chain --------------------------------------------------------------------------------------------------


@right("state_chain", "joint policy by outer products for all states, then one einsum")
def state_chain(T, policies):
    joint = torch.ones(len(T), 1)
    for p in policies:
        joint = (joint[:, :, None] * p[:, None, :]).flatten(1)
    return torch.einsum("sj,sjt->st", joint, T)


@right("state_chain", "loops over states and itertools.product, returns lists")
def state_chain(T, policies):
    out = []
    for s in range(len(T)):
        r = [0.0] * len(T)
        for j, a in enumerate(product(*(range(p.shape[1]) for p in policies))):
            w = 1.0
            for p, x in zip(policies, a):
                w *= float(p[s, x])
            for t in range(len(T)):
                r[t] += w * float(T[s, j, t])
        out.append(r)
    return out


@right("state_chain", "numpy, np.kron for each state")
def state_chain(T, policies):
    T, pi = np.asarray(T), [np.asarray(p) for p in policies]
    return np.stack([reduce(np.kron, [p[s] for p in pi]) @ T[s] for s in range(len(T))])


@right("state_chain", "reshapes T into one axis an agent and averages the first agent out, again and again")
def state_chain(T, policies):
    T = T.reshape(len(T), *[p.shape[1] for p in policies], len(T))
    for p in policies:
        T = (T * p.reshape(*p.shape, *[1] * (T.dim() - 2))).sum(1)
    return T


def _joint(policies):
    joint = policies[0]
    for p in policies[1:]:
        joint = (joint[:, :, None] * p[:, None, :]).flatten(1)
    return joint


@wrong("state_chain", "the order of joint actions is reversed: the first agent's action changes fastest")
def state_chain(T, policies):
    return torch.einsum("sj,sjt->st", _joint(list(policies)[::-1]), T)


@wrong("state_chain", "uses the policies of state 0 in all states")
def state_chain(T, policies):
    j = reduce(np.kron, [np.asarray(p)[0] for p in policies])
    return np.einsum("j,sjt->st", j, np.asarray(T))


@wrong("state_chain", "averages over joint actions uniformly, the policies are not used")
def state_chain(T, policies):
    return T.mean(1)


@wrong("state_chain", "sums over the joint actions without weights")
def state_chain(T, policies):
    return T.sum(dim=1)


@wrong("state_chain", "normalises the rows of P so that they sum to one: the end is lost")
def state_chain(T, policies):
    P = torch.einsum("sj,sjt->st", _joint(policies), T)
    return P / P.sum(1, keepdim=True)


@wrong("state_chain", "puts what is missing to one (the end) on the diagonal, as if one stayed in the state")
def state_chain(T, policies):
    P = torch.einsum("sj,sjt->st", _joint(policies), T)
    return P + torch.diag(1 - P.sum(1))


@wrong("state_chain", "P is transposed: row is the next state")
def state_chain(T, policies):
    return torch.einsum("sj,sjt->ts", _joint(policies), T)


@wrong("state_chain", "the policies are read at the next state s' instead of at s")
def state_chain(T, policies):
    return torch.einsum("tj,sjt->st", _joint(policies), T)


@wrong("state_chain", "only the first two agents: works for two players, with more the others are ignored")
def state_chain(T, policies):
    n = [p.shape[1] for p in policies]
    T = T.reshape(len(T), n[0], n[1], -1, len(T)).mean(3)
    return torch.einsum("sa,sb,sabt->st", policies[0], policies[1], T)


@wrong("state_chain", "forgot the external, the last agent's policy: its actions are averaged uniformly")
def state_chain(T, policies):
    e = torch.full_like(policies[-1], 1 / policies[-1].shape[1])
    return torch.einsum("sj,sjt->st", _joint([*policies[:-1], e]), T)


@wrong("state_chain", "each agent plays its likeliest action for sure instead of mixing")
def state_chain(T, policies):
    hard = [torch.nn.functional.one_hot(p.argmax(1), p.shape[1]).to(T) for p in policies]
    return torch.einsum("sj,sjt->st", _joint(hard), T)


@wrong("state_chain", "contracts over the states too: one row (S,) in place of a table (S, S)")
def state_chain(T, policies):
    return torch.einsum("sj,sjt->t", _joint(policies), T)


_JOINT = []


@wrong("state_chain", "keeps the joint policy of the first call in a global and uses it in all later calls")
def state_chain(T, policies):
    if not _JOINT:
        _JOINT.append(_joint(policies))
    return torch.einsum("sj,sjt->st", _JOINT[0], T)


@wrong("state_chain", "the order of joint actions is reversed, and the rows of P are normalised to one", mistakes=2)
def state_chain(T, policies):
    P = torch.einsum("sj,sjt->st", _joint(list(policies)[::-1]), T)
    return P / P.sum(1, keepdim=True)


# 6. team_value ---------------------------------------------------------------------------------------------------


@right("team_value", "linear solve in torch")
def team_value(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    r = (policy * R[..., :-1].mean(-1)).sum(1)
    return start @ torch.linalg.solve(torch.eye(len(P)) - gamma * P, r)


@right("team_value", "numpy, the inverse; returns a float")
def team_value(T, R, policy, start, gamma):
    T, R, pi, d = map(np.asarray, (T, R, policy, start))
    P = (pi[:, None, :] @ T)[:, 0]
    r = np.einsum("sj,sji->s", pi, R[:, :, :-1]) / (R.shape[2] - 1)
    return float(d @ np.linalg.inv(np.eye(len(d)) - gamma * P) @ r)


@right("team_value", "solves for the discounted visits first, then weights the payments")
def team_value(trans, pay, pi, start, g):
    P = torch.stack([pi[s] @ trans[s] for s in range(len(trans))])
    visits = torch.linalg.solve((torch.eye(len(P)) - g * P).T, start)
    return torch.stack([(visits[:, None] * pi * pay[..., i]).sum() for i in range(pay.shape[-1] - 1)]).mean()


def _value(T, r, policy, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    return torch.linalg.solve(torch.eye(len(P)) - gamma * P, (policy * r).sum(1))


@wrong("team_value", "averages over all agents' payments, the external's too")
def team_value(T, R, policy, start, gamma):
    return start @ _value(T, R.mean(-1), policy, gamma)


@wrong("team_value", "sums the targets' payments instead of averaging")
def team_value(T, R, policy, start, gamma):
    return start @ _value(T, R[..., :-1].sum(-1), policy, gamma)


@wrong("team_value", "leaves out the first agent instead of the last, as if the external were the first")
def team_value(T, R, policy, start, gamma):
    return start @ _value(T, R[..., 1:].mean(-1), policy, gamma)


@wrong("team_value", "only the first target's payments")
def team_value(T, R, policy, start, gamma):
    return start @ _value(T, R[..., 0], policy, gamma)


@wrong("team_value", "sums the targets and divides by n, the number of all agents")
def team_value(T, R, policy, start, gamma):
    return start @ _value(T, R[..., :-1].sum(-1) / R.shape[-1], policy, gamma)


@wrong("team_value", "returns V of all states, not weighted with the start")
def team_value(T, R, policy, start, gamma):
    return _value(T, R[..., :-1].mean(-1), policy, gamma)


@wrong("team_value", "averages V over the states uniformly, the start is not used")
def team_value(T, R, policy, start, gamma):
    return _value(T, R[..., :-1].mean(-1), policy, gamma).mean()


@wrong("team_value", "the payment is multiplied with gamma as well: gamma * (R + V')")
def team_value(T, R, policy, start, gamma):
    return gamma * start @ _value(T, R[..., :-1].mean(-1), policy, gamma)


@wrong("team_value", "gamma is forgotten")
def team_value(T, R, policy, start, gamma):
    return start @ _value(T, R[..., :-1].mean(-1), policy, 1.0)


@wrong("team_value", "cuts the sum after 25 steps")
def team_value(T, R, policy, start, gamma):
    r, V = R[..., :-1].mean(-1), torch.zeros(len(T))
    for _ in range(25):
        V = (policy * (r + gamma * T @ V)).sum(1)
    return start @ V


@wrong("team_value", "only the payment of the first move, no sum over time")
def team_value(T, R, policy, start, gamma):
    return start @ (policy * R[..., :-1].mean(-1)).sum(1)


@wrong("team_value", "normalises T, so that the game never ends")
def team_value(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    P = P / P.sum(1, keepdim=True)
    return start @ torch.linalg.solve(torch.eye(len(P)) - gamma * P, (policy * R[..., :-1].mean(-1)).sum(1))


@wrong("team_value", "the chain is transposed in the solve: I - gamma P^T")
def team_value(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    return start @ torch.linalg.solve(torch.eye(len(P)) - gamma * P.T, (policy * R[..., :-1].mean(-1)).sum(1))


@wrong("team_value", "takes the maximum over joint actions instead of the average by the policy")
def team_value(T, R, policy, start, gamma):
    r, V = R[..., :-1].mean(-1), torch.zeros(len(T))
    for _ in range(2000):
        V = (r + gamma * T @ V).amax(1)
    return start @ V


@wrong("team_value", "averages over all agents, the external's payment too, and V uniformly over the states", mistakes=2)
def team_value(T, R, policy, start, gamma):
    return _value(T, R.mean(-1), policy, gamma).mean()
