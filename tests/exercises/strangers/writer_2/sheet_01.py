from functools import reduce
from itertools import product

import numpy as np
import torch
import torch as th
from torch.func import vmap

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1. turning_point

right("turning_point", "solves 7p = p + 4(1 - p)", 0.4)
right("turning_point", "the same, by torch.linalg.solve, as a tensor of one number",
      torch.linalg.solve(torch.tensor([[5.0]]), torch.tensor([2.0]))[0])
right("turning_point", "the fraction 2 / 5", 2 / 5)
wrong("turning_point", "gave the probability of right (1 - p) instead of that of left", 0.6)
wrong("turning_point", "used column's payoffs instead of row's: 5 - 4p = 3p", 5 / 7)
wrong("turning_point", "computed row's mixture that makes column indifferent (column's payoffs, probability of up)", 3 / 7)
wrong("turning_point", "computed row's mixture for which column's choice does not change row's payoff (equated the columns "
      "of row's payoffs instead of the rows)", 0.3)
wrong("turning_point", "did not weight down's 4 with 1 - p: 7p = p + 4", 2 / 3)
wrong("turning_point", "left out down's payoff of 1 at left: 7p = 4(1 - p)", 4 / 11)
wrong("turning_point", "gave what both actions are worth at the turning point, not p", 2.8)
wrong("turning_point", "thought that indifferent means that column plays both alike", 0.5)
wrong("turning_point", "entered per cent", 40.0)
wrong("turning_point", "used column's payoffs, and gave the probability of right", 2 / 7, mistakes=2)

# ---------------------------------------------------------------- 2. worth_of_knowing


@right("worth_of_knowing", "vectorised: a matrix of values, two maxima")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.max(1).values.mean() - v.mean(0).max()


@right("worth_of_knowing", "value against the average policy for who does not know (the same, as values are linear), vmap")
def worth_of_knowing(payoffs, others):
    best = lambda pi: th.amax(payoffs @ pi, 0)
    return vmap(best)(others).mean() - best(others.mean(0))


@right("worth_of_knowing", "loops over lists, a Python float")
def worth_of_knowing(q, externals):
    q, ext = q.tolist(), externals.tolist()
    v = [[sum(p * x for p, x in zip(pi, line)) for line in q] for pi in ext]
    knows = sum(max(line) for line in v) / len(ext)
    return knows - max(sum(v[k][a] for k in range(len(ext))) / len(ext) for a in range(len(q)))


@right("worth_of_knowing", "as the mean loss against each external of the one best action")
def worth_of_knowing(q, externals):
    v = torch.einsum("kc,ac->ka", externals, q)
    one = v.sum(0).argmax()
    return (v.amax(1) - v[:, one]).mean()


@wrong("worth_of_knowing", "sign swapped: not knowing minus knowing")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.mean(0).max() - v.max(1).values.mean()


@wrong("worth_of_knowing", "sums over the externals instead of averaging (no 1/K in either term)")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.amax(1).sum() - v.sum(0).max()


@wrong("worth_of_knowing", "maximises over the externals (wrong axis) instead of over the actions in the first term")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.amax(0).mean() - v.mean(0).max()


@wrong("worth_of_knowing", "returns only what the one who knows gets, subtracts nothing")
def worth_of_knowing(q, externals):
    return (externals @ q.T).amax(1).mean()


@wrong("worth_of_knowing", "takes knowing to be knowing the external's move: the best answer to every move of column, "
       "averaged, in the first term")
def worth_of_knowing(q, externals):
    return (externals @ q.amax(0)).mean() - (externals @ q.T).mean(0).max()


@wrong("worth_of_knowing", "who does not know plays uniformly (mean over actions) instead of the best single action")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.amax(1).mean() - v.mean()


@wrong("worth_of_knowing", "who does not know plays it safe: max over actions of the worst external instead of the average")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.amax(1).mean() - v.amin(0).max()


@wrong("worth_of_knowing", "who does not know plays the best answer to the first external")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.amax(1).mean() - v.mean(0)[v[0].argmax()]


@wrong("worth_of_knowing", "first term is the best case over externals (max over k too), not the mean over them")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.max() - v.mean(0).max()


@wrong("worth_of_knowing", "second term averages over actions and maximises over externals (axes swapped)")
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.amax(1).mean() - v.mean(1).max()


@wrong("worth_of_knowing", "ignores the externals' policies: column plays uniformly, in the second term")
def worth_of_knowing(q, externals):
    return (externals @ q.T).amax(1).mean() - q.mean(1).max()


@wrong("worth_of_knowing", "sums over externals instead of averaging, and the sign is swapped", mistakes=2)
def worth_of_knowing(q, externals):
    v = externals @ q.T
    return v.sum(0).max() - v.amax(1).sum()


# ---------------------------------------------------------------- 3. average_misleads

right("average_misleads", "symmetric game with a safe third action",
      (torch.tensor([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]]), torch.tensor([0.9, 0.1]), torch.tensor([0.1, 0.9])))
right("average_misleads", "plain lists, externals not symmetric",
      ([[4.0, 0.0], [0.0, 4.0], [2.5, 2.5]], [0.9, 0.1], [0.3, 0.7]))
right("average_misleads", "negative payoffs, in numpy",
      (np.array([[0.0, -3.0], [-3.0, 0.0], [-1.0, -1.0]]), np.array([0.8, 0.2]), np.array([0.2, 0.8])))
_q = torch.tensor([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]])
_a, _b = torch.tensor([0.9, 0.1]), torch.tensor([0.1, 0.9])
wrong("average_misleads", "both externals are pure (play one move with certainty)",
      (_q, torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])))
wrong("average_misleads", "the externals are swapped: second action best against A, first against B", (_q, _b, _a))
wrong("average_misleads", "the safe action is too low: against the average the third loses to first and second",
      (torch.tensor([[4.0, 0.0], [0.0, 4.0], [1.5, 1.5]]), _a, _b))
wrong("average_misleads", "the third action only ties with first and second against the average",
      (torch.tensor([[4.0, 0.0], [0.0, 4.0], [2.0, 2.0]]), torch.tensor([0.75, 0.25]), torch.tensor([0.25, 0.75])))
wrong("average_misleads", "the safe third action is so good that it is best against external B as well",
      (torch.tensor([[4.0, 0.0], [0.0, 4.0], [3.0, 3.0]]), _a, torch.tensor([0.3, 0.7])))
wrong("average_misleads", "the safe action is the second row instead of the third (best against the average is the second, "
      "against B the third)", (_q[[0, 2, 1]], _a, _b))
wrong("average_misleads", "payoffs are transposed, 2 x 3", (_q.T, _a, _b))
wrong("average_misleads", "other_b does not sum to one", (_q, _a, torch.tensor([0.1, 0.8])))
wrong("average_misleads", "entered the payoffs last", (_a, _b, _q))
wrong("average_misleads", "externals are pure, and swapped", (_q, torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0])),
      mistakes=2)

# ---------------------------------------------------------------- 4. ending_income

right("ending_income", "1 / (1 - 0.8 * 0.75)", 1 / (1 - 0.8 * 0.75))
right("ending_income", "sums the series far enough", sum(0.6 ** t for t in range(200)))
wrong("ending_income", "stopped after the three moves watched, as if truncation ended the income", 1 + 0.6 + 0.36)
wrong("ending_income", "forgot gamma: 1 / (1 - 0.75)", 4.0)
wrong("ending_income", "forgot that the episode may end: 1 / (1 - gamma)", 5.0)
wrong("ending_income", "took 0.75 for the probability of ending: 1 / (1 - 0.8 * 0.25)", 1.25)
wrong("ending_income", "left out the first payment (sum starts with the second move)", 1.5)
wrong("ending_income", "summed three payments of 1, without gamma and survival", 3.0)
wrong("ending_income", "gave the continuation factor gamma * 0.75, not the value", 0.6)
wrong("ending_income", "one step of lookahead only: 1 + 0.8 * 0.75", 1.6)
wrong("ending_income", "gave 1 - gamma * 0.75 and forgot to take one over it", 0.4)
wrong("ending_income", "discounted all later payments by gamma only once: 1 + 0.8 * 0.75 / 0.25", 1 + 0.8 * 0.75 / 0.25)
wrong("ending_income", "stopped after three moves, and forgot gamma", 1 + 0.75 + 0.5625, mistakes=2)
wrong("ending_income", "stopped after three moves, and forgot that the episode may end", 1 + 0.8 + 0.64, mistakes=2)

# ---------------------------------------------------------------- 5. state_chain


def _joint(policies):
    """(S, J), the last agent fastest."""
    return reduce(lambda x, y: (x[:, :, None] * y[:, None, :]).flatten(1), policies)


@right("state_chain", "outer products, then einsum")
def state_chain(T, policies):
    joint = policies[0]
    for p in policies[1:]:
        joint = torch.einsum("sj,sa->sja", joint, p).flatten(1)
    return torch.einsum("sj,sjt->st", joint, T)


@right("state_chain", "torch.kron under vmap")
def state_chain(T, policies):
    def line(t, *ps):
        return reduce(torch.kron, ps) @ t

    return vmap(line)(T, *policies)


@right("state_chain", "loops over joint actions by itertools.product, a numpy array")
def state_chain(T, policies):
    T, ps = np.asarray(T), [np.asarray(p) for p in policies]
    P = np.zeros((T.shape[0], T.shape[2]))
    for s in range(T.shape[0]):
        for j, acts in enumerate(product(*[range(p.shape[1]) for p in ps])):
            P[s] += np.prod([p[s, a] for p, a in zip(ps, acts)]) * T[s, j]
    return P


def _fold(T, policies):
    if not len(policies):
        return T[:, 0]
    first = policies[0]
    return _fold((first[:, :, None, None] * T.unflatten(1, (first.shape[1], -1))).sum(1), policies[1:])


@right("state_chain", "recursion: averages out the first agent, then the rest")
def state_chain(T, policies):
    return _fold(T, list(policies))


@wrong("state_chain", "the first agent's action changes fastest instead of the last's")
def state_chain(T, policies):
    return torch.einsum("sj,sjt->st", _joint(list(policies)[::-1]), T)


@wrong("state_chain", "averages over joint actions uniformly, ignores the policies")
def state_chain(T, policies):
    return T.mean(1)


@wrong("state_chain", "normalises each row of P to one, as if the game never ended")
def state_chain(T, policies):
    P = torch.einsum("sj,sjt->st", _joint(policies), T)
    return P / P.sum(1, keepdim=True)


@wrong("state_chain", "puts the probability that the game ends on the diagonal (stays in the state)")
def state_chain(T, policies):
    P = torch.einsum("sj,sjt->st", _joint(policies), T)
    return P + torch.diag(1 - P.sum(1))


@wrong("state_chain", "returns P transposed: from s' (row) to s (column)")
def state_chain(T, policies):
    return torch.einsum("sj,sjt->ts", _joint(policies), T)


@wrong("state_chain", "takes the policies at the next state s' instead of at s")
def state_chain(T, policies):
    return torch.einsum("tj,sjt->st", _joint(policies), T)


@wrong("state_chain", "uses the policies of state 0 in all states")
def state_chain(T, policies):
    return torch.einsum("j,sjt->st", _joint(policies)[0], T)


@wrong("state_chain", "the external is taken to play uniformly, its policy is not used")
def state_chain(T, policies):
    ps = list(policies)
    ps[-1] = torch.full_like(ps[-1], 1 / ps[-1].shape[1])
    return torch.einsum("sj,sjt->st", _joint(ps), T)


@wrong("state_chain", "every agent plays its likeliest action with certainty")
def state_chain(T, policies):
    ps = [torch.nn.functional.one_hot(p.argmax(1), p.shape[1]).to(T.dtype) for p in policies]
    return torch.einsum("sj,sjt->st", _joint(ps), T)


@wrong("state_chain", "does not sum over joint actions: returns (S, J, S)")
def state_chain(T, policies):
    return _joint(policies)[:, :, None] * T


@wrong("state_chain", "adds a further row and column for the end: returns (S + 1, S + 1)")
def state_chain(T, policies):
    P = torch.einsum("sj,sjt->st", _joint(policies), T)
    P = torch.cat([P, 1 - P.sum(1, keepdim=True)], 1)
    return torch.cat([P, torch.eye(len(P) + 1)[-1:]], 0)


@wrong("state_chain", "the first agent's action changes fastest, and rows are normalised to one", mistakes=2)
def state_chain(T, policies):
    P = torch.einsum("sj,sjt->st", _joint(list(policies)[::-1]), T)
    return P / P.sum(1, keepdim=True)


# ---------------------------------------------------------------- 6. team_value


def _solve(T, r, policy, start, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    return start @ torch.linalg.solve(torch.eye(len(P)) - gamma * P, (policy * r).sum(1))


@right("team_value", "solves the linear system")
def team_value(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    r = torch.einsum("sj,sjn->sn", policy, R)[:, :-1].mean(1)
    return start @ torch.linalg.solve(torch.eye(len(P)) - gamma * P, r)


@right("team_value", "how often each state is visited (discounted) times its reward, numpy")
def team_value(T, R, policy, start, gamma):
    T, R, pi, start = (np.asarray(x) for x in (T, R, policy, start))
    P = (pi[..., None] * T).sum(1)
    visits = np.linalg.solve(np.eye(len(P)) - gamma * P.T, start)
    return float(visits @ (pi * R[..., :-1].mean(-1)).sum(1))


@right("team_value", "iterates until nothing changes")
def team_value(T, R, policy, start, gamma):
    r, V = R[..., :-1].mean(-1), torch.zeros(len(start))
    for _ in range(5000):
        new = (policy * (r + gamma * T @ V)).sum(1)
        done, V = bool((new - V).abs().max() < 1e-13), new
        if done:
            break
    return (start * V).sum()


@wrong("team_value", "takes the mean over all agents, the external's pay included")
def team_value(T, R, policy, start, gamma):
    return _solve(T, R.mean(-1), policy, start, gamma)


@wrong("team_value", "sums the targets' pay instead of taking the mean")
def team_value(T, R, policy, start, gamma):
    return _solve(T, R[..., :-1].sum(-1), policy, start, gamma)


@wrong("team_value", "divides the sum over targets by n instead of n - 1")
def team_value(T, R, policy, start, gamma):
    return _solve(T, R[..., :-1].sum(-1) / R.shape[-1], policy, start, gamma)


@wrong("team_value", "takes the first agent for the external: leaves out the first instead of the last")
def team_value(T, R, policy, start, gamma):
    return _solve(T, R[..., 1:].mean(-1), policy, start, gamma)


@wrong("team_value", "the first target's pay only, not the mean over targets")
def team_value(T, R, policy, start, gamma):
    return _solve(T, R[..., 0], policy, start, gamma)


@wrong("team_value", "value of the best joint actions (max, value iteration) instead of the policy's")
def team_value(T, R, policy, start, gamma):
    r, V = R[..., :-1].mean(-1), torch.zeros(len(start))
    for _ in range(600):
        V = (r + gamma * T @ V).amax(1)
    return start @ V


@wrong("team_value", "stops after three sweeps instead of summing for ever")
def team_value(T, R, policy, start, gamma):
    r, V = R[..., :-1].mean(-1), torch.zeros(len(start))
    for _ in range(3):
        V = (policy * (r + gamma * T @ V)).sum(1)
    return start @ V


@wrong("team_value", "averages V over the states uniformly, ignores how often the game starts in each")
def team_value(T, R, policy, start, gamma):
    return _solve(T, R[..., :-1].mean(-1), policy, torch.full_like(start, 1 / len(start)), gamma)


@wrong("team_value", "returns V of all states, not weighted with the start")
def team_value(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    return torch.linalg.solve(torch.eye(len(P)) - gamma * P, (policy * R[..., :-1].mean(-1)).sum(1))


@wrong("team_value", "normalises the rows of P: the game never ends")
def team_value(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->st", policy, T)
    P = torch.nan_to_num(P / P.sum(1, keepdim=True))
    return start @ torch.linalg.solve(torch.eye(len(P)) - gamma * P, (policy * R[..., :-1].mean(-1)).sum(1))


@wrong("team_value", "P is transposed in the linear system (from s' to s)")
def team_value(T, R, policy, start, gamma):
    P = torch.einsum("sj,sjt->ts", policy, T)
    return start @ torch.linalg.solve(torch.eye(len(P)) - gamma * P, (policy * R[..., :-1].mean(-1)).sum(1))


@wrong("team_value", "rewards weighted with the policy, but the transitions averaged over joint actions uniformly")
def team_value(T, R, policy, start, gamma):
    P = T.mean(1)
    return start @ torch.linalg.solve(torch.eye(len(P)) - gamma * P, (policy * R[..., :-1].mean(-1)).sum(1))


@wrong("team_value", "multiplies by 1 - gamma (the discounted average per step instead of the sum)")
def team_value(T, R, policy, start, gamma):
    return (1 - gamma) * _solve(T, R[..., :-1].mean(-1), policy, start, gamma)


@wrong("team_value", "discounts the first reward as well: gamma times the whole")
def team_value(T, R, policy, start, gamma):
    return gamma * _solve(T, R[..., :-1].mean(-1), policy, start, gamma)


@wrong("team_value", "sums the targets' pay instead of the mean, and the start is ignored (uniform over states)", mistakes=2)
def team_value(T, R, policy, start, gamma):
    return _solve(T, R[..., :-1].sum(-1), policy, torch.full_like(start, 1 / len(start)), gamma)
