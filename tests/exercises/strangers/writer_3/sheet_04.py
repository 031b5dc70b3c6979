from itertools import product

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# 1. targets_by_hand ----------------------------------------------------------------------------------------------

right("targets_by_hand", "as the text asks", [2.35, 2.0])
right("targets_by_hand", "a tensor, computed", torch.tensor([1 + 0.5 * (0.2 * 3.5 + 0.8 * 2.5), 2.0]))
right("targets_by_hand", "a tuple of a float and an integer", (2.35, 2))

wrong("targets_by_hand", "treats the cut as an end: the reward only", [1.0, 2.0])
wrong("targets_by_hand", "goes on after termination as well", [2.35, 3.35])
wrong("targets_by_hand", "cut and end mixed up: bootstraps where the game was over, not where it was cut", [1.0, 3.35])
wrong("targets_by_hand", "gamma is forgotten: 1 + 2.7", [3.7, 2.0])
wrong("targets_by_hand", "takes the best entry (6) of the table: 1 + 0.5 * 6", [4.0, 2.0])
wrong("targets_by_hand", "takes the hunter's best action (3.5) instead of its policy", [2.75, 2.0])
wrong("targets_by_hand", "plain mean of the six entries (17/6)", [1 + 17 / 12, 2.0])
wrong("targets_by_hand", "a terminated episode is worth nothing: target 0, the reward is lost", [2.35, 0.0])
wrong("targets_by_hand", "gamma multiplies the reward as well: 0.5 * (1 + 2.7)", [1.85, 2.0])
wrong("targets_by_hand", "order swapped: terminated first", [2.0, 2.35])
wrong("targets_by_hand", "the reward is not added: gamma times value only", [1.35, 2.0])
wrong("targets_by_hand", "averages over the prey uniformly (rows 8/3 and 3): value 2.9333", [1 + 0.5 * (0.2 * 8 / 3 + 0.8 * 3), 2.0])
wrong("targets_by_hand", "swaps the hunter's probabilities: 0.8 for go (value 3.3)", [2.65, 2.0])
wrong("targets_by_hand", "discounts with 0.5 to the 25, as the episode had 25 steps", [1 + 0.5**25 * 2.7, 2.0])
wrong("targets_by_hand", "gamma is forgotten, and goes on after termination", [3.7, 4.7], mistakes=2)

# 2. expected_target ----------------------------------------------------------------------------------------------


@right("expected_target", "contracts the last axis, agent by agent; torch.where")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    v = next_q
    for p in reversed(policies):
        v = torch.einsum("b...a,ba->b...", v, p)
    return torch.where(terminated, reward, reward + gamma * v)


@right("expected_target", "loop over transitions and joint actions, a list")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    out = []
    for b in range(len(reward)):
        y = float(reward[b])
        if not bool(terminated[b]):
            for a in product(*(range(n) for n in next_q.shape[1:])):
                w = gamma
                for p, x in zip(policies, a):
                    w *= float(p[b, x])
                y += w * float(next_q[(b, *a)])
        out.append(y)
    return out


@right("expected_target", "numpy, broadcasting, (1 - done)")
def expected_target(r, done, cut, nq, pis, g):
    v = np.asarray(nq)
    for p in pis:
        p = np.asarray(p)
        v = (v * p.reshape(p.shape + (1,) * (v.ndim - 2))).sum(1)
    return np.asarray(r) + g * (1 - np.asarray(done, float)) * v


@right("expected_target", "vmap over transitions, float32")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    def one(r, d, q, *ps):
        for p in ps:
            q = torch.tensordot(p, q, dims=1)
        return r + gamma * q * (1 - d)

    return torch.vmap(one)(reward.float(), terminated.float(), next_q.float(), *[p.float() for p in policies])


def _v(q, policies):
    for p in reversed(policies):
        q = torch.einsum("b...a,ba->b...", q, p)
    return q


@wrong("expected_target", "stops where the episode was cut as well: terminated or truncated")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * _v(next_q, policies) * (~(terminated | truncated))


@wrong("expected_target", "stops where truncated instead of where terminated")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return torch.where(truncated, reward, reward + gamma * _v(next_q, policies))


@wrong("expected_target", "never stops: terminated is not used")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * _v(next_q, policies)


@wrong("expected_target", "the mask is inverted: goes on only where terminated")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * terminated * _v(next_q, policies)


@wrong("expected_target", "the reward is masked as well: terminated gives 0")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return (reward + gamma * _v(next_q, policies)) * (~terminated)


@wrong("expected_target", "gamma is forgotten")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + _v(next_q, policies) * (~terminated)


@wrong("expected_target", "gamma multiplies the reward as well")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return gamma * (reward + _v(next_q, policies) * (~terminated))


@wrong("expected_target", "the maximum over joint actions instead of the average by the policies")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    v = np.asarray(next_q).reshape(len(reward), -1).max(1)
    return np.asarray(reward) + gamma * v * ~np.asarray(terminated)


@wrong("expected_target", "plain mean over joint actions, the policies are not used")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * next_q.flatten(1).mean(1) * (~terminated)


@wrong("expected_target", "the policies of the first transition for the whole batch")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * _v(next_q, [p[:1].expand_as(p) for p in policies]) * (~terminated)


@wrong("expected_target", "averages the next value over the batch: one number is added to all rewards")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * _v(next_q, policies).mean() * (~terminated)


@wrong("expected_target", "returns the mean target, one number")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return (reward + gamma * _v(next_q, policies) * (~terminated)).mean()


@wrong("expected_target", "negative values of the next state are clamped to zero")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * _v(next_q, policies).clamp(min=0) * (~terminated)


@wrong("expected_target", "the first player takes its best action instead of its policy")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    v = next_q
    for p in reversed(policies[1:]):
        v = torch.einsum("b...a,ba->b...", v, p)
    return reward + gamma * v.amax(1) * (~terminated)


@wrong("expected_target", "adds in place to reward: values right, but the caller's rewards are changed and a second call is wrong")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    reward += gamma * _v(next_q, policies) * (~terminated)
    return reward


@wrong("expected_target", "the batch stops altogether if any of its transitions terminated")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward if terminated.any() else reward + gamma * _v(next_q, policies)


@wrong("expected_target", "stops where truncated instead of terminated, and gamma is forgotten", mistakes=2)
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return torch.where(truncated, reward, reward + _v(next_q, policies))


# 3. relabelled_target --------------------------------------------------------------------------------------------


@right("relabelled_target", "values all states against the new external, then reads those of s'")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    v = torch.einsum("sac,sa,sc->s", slow, team, new)
    return reward + gamma * v[next_state]


@right("relabelled_target", "loop over the batch, list of floats")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return [float(r + gamma * (team[s] @ slow[s] @ new[s])) for r, s in zip(reward, next_state.tolist())]


@right("relabelled_target", "numpy, gathers the batch first, then matmul")
def relabelled_target(r, s2, acts, qbar, mine, before, after, g):
    s2 = np.asarray(s2)
    q, x, y = np.asarray(qbar)[s2], np.asarray(mine)[s2], np.asarray(after)[s2]
    return np.asarray(r) + g * (x[:, None] @ q @ y[:, :, None]).ravel()


@wrong("relabelled_target", "uses the old external")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("sac,sa,sc->s", slow, team, old)[next_state]


@wrong("relabelled_target", "the slow copy at the joint actions of the data, as in SARSA; the new external is not used")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * slow[next_state, next_actions[:, 0], next_actions[:, 1]]


@wrong("relabelled_target", "the team's action is that of the data, only the external is averaged")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    q = slow[next_state, next_actions[:, 0]]
    return reward + gamma * (q * new[next_state]).sum(1)


@wrong("relabelled_target", "the external's action is that of the data, only the team is averaged")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    q = slow[next_state, :, next_actions[:, 1]]
    return reward + gamma * (q * team[next_state]).sum(1)


@wrong("relabelled_target", "importance weight new / old of the data's action on the whole next value of the data")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    a, c = next_actions.T
    return reward + gamma * new[next_state, c] / old[next_state, c] * slow[next_state, a, c]


@wrong("relabelled_target", "the team takes its best action against the new external instead of its policy")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("sac,sc->sa", slow, new).amax(1)[next_state]


@wrong("relabelled_target", "gamma is forgotten")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + torch.einsum("sac,sa,sc->s", slow, team, new)[next_state]


@wrong("relabelled_target", "reads the states by position in the batch (0, 1, 2, ...) instead of next_state")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("sac,sa,sc->s", slow, team, new)[: len(reward)]


@wrong("relabelled_target", "the new external plays as in state 0 in all states")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("sac,sa,c->s", slow, team, new[0])[next_state]


@wrong("relabelled_target", "the team's policy is not used: plain mean over its actions")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("sac,sc->sa", slow, new).mean(1)[next_state]


@wrong("relabelled_target", "sums over the team's actions without weights")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("sac,sc->s", slow, new)[next_state]


@wrong("relabelled_target", "half old, half new: averages both externals")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("sac,sa,sc->s", slow, team, (old + new) / 2)[next_state]


@wrong("relabelled_target", "the reward is multiplied with gamma as well")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return gamma * (reward + torch.einsum("sac,sa,sc->s", slow, team, new)[next_state])


_SLOW = []


@wrong("relabelled_target", "keeps the values of the first call in a global: later calls with other tables get the first ones")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    if not _SLOW:
        _SLOW.append(torch.einsum("sac,sa,sc->s", slow, team, new))
    return reward + gamma * _SLOW[0][next_state % len(_SLOW[0])]


@wrong("relabelled_target", "uses the old external, and gamma is forgotten", mistakes=2)
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + torch.einsum("sac,sa,sc->s", slow, team, old)[next_state]


# 4. td_loss ------------------------------------------------------------------------------------------------------


@right("td_loss", "fancy indexing, detach, mean of squares")
def td_loss(q, actions, target):
    taken = q[torch.arange(len(q)), actions[:, 0], actions[:, 1]]
    return ((taken - target.detach()) ** 2).mean()


@right("td_loss", "mse_loss with gather on the flattened table")
def td_loss(q, actions, target):
    j = actions[:, :1] * q.shape[2] + actions[:, 1:]
    return torch.nn.functional.mse_loss(q.flatten(1).gather(1, j).squeeze(1), target.detach())


@right("td_loss", "loop over the transitions, target as plain numbers")
def td_loss(q, actions, y):
    y = y.tolist()
    loss = 0.0
    for b, (a, c) in enumerate(actions.tolist()):
        loss = loss + (q[b, a, c] - y[b]) ** 2 / len(y)
    return loss


def _taken(q, actions):
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]]


@wrong("td_loss", "the target is not detached")
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target) ** 2).mean()


@wrong("td_loss", "q is detached and the target is not: the gradient flows the wrong way")
def td_loss(q, actions, target):
    return ((_taken(q, actions).detach() - target) ** 2).mean()


@wrong("td_loss", "sum over the batch instead of mean")
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target.detach()) ** 2).sum()


@wrong("td_loss", "a factor 1/2 in front")
def td_loss(q, actions, target):
    return 0.5 * ((_taken(q, actions) - target.detach()) ** 2).mean()


@wrong("td_loss", "all joint actions are moved to the target, not only those taken")
def td_loss(q, actions, target):
    return ((q - target.detach()[:, None, None]) ** 2).mean()


@wrong("td_loss", "both action columns are swapped: reads q[b, second, first] (may fail where sizes differ)")
def td_loss(q, actions, target):
    return ((_taken(q.transpose(1, 2), actions) - target.detach()) ** 2).mean()


@wrong("td_loss", "absolute error instead of squared")
def td_loss(q, actions, target):
    return (_taken(q, actions) - target.detach()).abs().mean()


@wrong("td_loss", "squares the mean difference instead of averaging the squares")
def td_loss(q, actions, target):
    return (_taken(q, actions) - target.detach()).mean() ** 2


@wrong("td_loss", "not averaged: one loss for each transition, (B,)")
def td_loss(q, actions, target):
    return (_taken(q, actions) - target.detach()) ** 2


@wrong("td_loss", "taken is (B, 1), the target (B,): broadcasts to B x B, every entry against every target")
def td_loss(q, actions, target):
    return ((_taken(q, actions)[:, None] - target.detach()) ** 2).mean()


@wrong("td_loss", "q[:, a, c] with the batch axis left free: all actions of the batch are read at every transition")
def td_loss(q, actions, target):
    return ((q[:, actions[:, 0], actions[:, 1]] - target.detach()) ** 2).mean()


@wrong("td_loss", "through numpy: no gradient reaches q")
def td_loss(q, actions, target):
    d = q.detach().numpy()[range(len(q)), actions[:, 0], actions[:, 1]] - target.detach().numpy()
    return torch.tensor((d**2).mean(), requires_grad=True)


@wrong("td_loss", "differences are clamped to [-1, 1], so large errors have no gradient")
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target.detach()).clamp(-1, 1) ** 2).mean()


@wrong("td_loss", "Huber loss instead of the square: linear for large errors (and half the square for small ones)")
def td_loss(q, actions, target):
    return torch.nn.functional.smooth_l1_loss(_taken(q, actions), target.detach())


@wrong("td_loss", "the sign is swapped, to be maximised")
def td_loss(q, actions, target):
    return -((_taken(q, actions) - target.detach()) ** 2).mean()


@wrong("td_loss", "uses the first player's action only: all entries of that row are moved")
def td_loss(q, actions, target):
    rows = q[torch.arange(len(q)), actions[:, 0]]
    return ((rows - target.detach()[:, None]) ** 2).mean()


@wrong("td_loss", "divides by the number of all entries of q instead of the size of the batch")
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target.detach()) ** 2).sum() / q.numel()


@wrong("td_loss", "target not detached, and sum instead of mean", mistakes=2)
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target) ** 2).sum()


# 5. td_step ------------------------------------------------------------------------------------------------------


@right("td_step", "clone, then one entry")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    out = q.clone()
    out[s, a] += rate * (r + gamma * policy[s2] @ slow[s2] - q[s, a])
    return out


@right("td_step", "lists, new rows")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    y = float(r) + gamma * sum(float(p) * float(v) for p, v in zip(policy[s2], slow[s2]))
    return [[(1 - rate) * x + rate * y if (i, j) == (int(s), int(a)) else x for j, x in enumerate(line)]
            for i, line in enumerate(q.tolist())]


@right("td_step", "numpy, q plus a matrix that is zero but for one entry")
def td_step(table, frozen, step, pi, g, lr):
    s, a, r, t = step
    table = np.asarray(table)
    e = np.zeros_like(table)
    e[int(s), int(a)] = 1
    y = float(r) + g * np.dot(np.asarray(pi)[int(t)], np.asarray(frozen)[int(t)])
    return table + lr * e * (y - table)


def _step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    out = q.clone()
    out[s, a] += rate * (r + gamma * (policy[t] * slow[t]).sum() - q[s, a])
    return out


@wrong("td_step", "changes q in place and returns it")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    q[s, a] += rate * (r + gamma * (policy[t] * slow[t]).sum() - q[s, a])
    return q


@wrong("td_step", "the target is made from q instead of the slow copy")
def td_step(q, slow, transition, policy, gamma, rate):
    return _step(q, q, transition, policy, gamma, rate)


@wrong("td_step", "the maximum over joint actions in place of the policy's average")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    out = q.clone()
    out[s, a] += rate * (r + gamma * slow[t].max() - q[s, a])
    return out


@wrong("td_step", "reads slow copy and policy at s instead of s'")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, _ = transition
    return _step(q, slow, (s, a, r, s), policy, gamma, 1.0) * rate + (1 - rate) * q


@wrong("td_step", "sets the entry to the target: rate is not used")
def td_step(q, slow, transition, policy, gamma, rate):
    return _step(q, slow, transition, policy, gamma, 1.0)


@wrong("td_step", "rate and 1 - rate are swapped")
def td_step(q, slow, transition, policy, gamma, rate):
    return _step(q, slow, transition, policy, gamma, 1 - rate)


@wrong("td_step", "adds rate times the target, the old entry is not subtracted")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    out = q.clone()
    out[s, a] += rate * (r + gamma * policy[t] @ slow[t])
    return out


@wrong("td_step", "gamma is forgotten")
def td_step(q, slow, transition, policy, gamma, rate):
    return _step(q, slow, transition, policy, 1.0, rate)


@wrong("td_step", "returns the one new entry, not the table")
def td_step(q, slow, transition, policy, gamma, rate):
    return _step(q, slow, transition, policy, gamma, rate)[transition[0], transition[1]]


@wrong("td_step", "moves all entries of state s, not only that of a")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    out = np.array(q)
    out[s] += rate * (float(r + gamma * policy[t] @ slow[t]) - out[s])
    return out


@wrong("td_step", "builds the new table from the slow copy: the other entries are those of slow")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    out = slow.clone()
    out[s, a] = q[s, a] + rate * (r + gamma * policy[t] @ slow[t] - q[s, a])
    return out


@wrong("td_step", "the difference starts from the slow copy's entry: moves q by rate times (y - slow[s, a])")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    out = q.clone()
    out[s, a] += rate * (r + gamma * policy[t] @ slow[t] - slow[s, a])
    return out


@wrong("td_step", "the plain mean over joint actions, policy is not used")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    out = q.clone()
    out[s, a] += rate * (r + gamma * slow[t].mean() - q[s, a])
    return out


@wrong("td_step", "the sign is swapped: moves away from the target")
def td_step(q, slow, transition, policy, gamma, rate):
    return _step(q, slow, transition, policy, gamma, -rate)


@wrong("td_step", "the table becomes integer: the new entry is cut to a whole number")
def td_step(q, slow, transition, policy, gamma, rate):
    out = np.array(q).astype(int)
    s, a, *_ = transition
    out[s, a] = int(_step(q, slow, transition, policy, gamma, rate)[s, a])
    return out


@wrong("td_step", "unpacks the transition as (s, a, s', r) (fails where r is no index)")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, t, r = transition
    return _step(q, slow, (s, a, r, int(t)), policy, gamma, rate)


@wrong("td_step", "changes q in place, and the target is made from q", mistakes=2)
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    q[s, a] += rate * (r + gamma * (policy[t] * q[t]).sum() - q[s, a])
    return q


# 6. never_taken --------------------------------------------------------------------------------------------------

_Q = [[1.0, 0.0, 20.0], [2.0, 2.0, 2.0]]
_R = [0.5, 0.5]
_C = [0.5, 0.3, 0.2]
_T = [[1, 1, 0], [1, 1, 1]]

right("never_taken", "lists: a rare, large payoff of up was missed", (_Q, _R, _C, _T))
right("never_taken", "tensors, a very negative payoff of down was missed; column plays that move with exactly 0.25",
      (torch.tensor([[0.0, 0.0, 0.0], [-20.0, 2.0, 2.0]]), torch.tensor([0.2, 0.8]), torch.tensor([0.25, 0.25, 0.5]),
       torch.tensor([[1.0, 1, 1], [0, 1, 1]])))
right("never_taken", "numpy, taken as booleans, the middle move of up", (np.array([[0, 9, 0], [1, 1, 1]]), np.array([0.9, 0.1]),
      np.array([0.4, 0.2, 0.4]), np.array([[True, False, True], [True, True, True]])))

wrong("never_taken", "column plays the missing move with 0.5, more than 0.25", (_Q, _R, [0.25, 0.25, 0.5], _T))
wrong("never_taken", "column plays the missing move with 0.26, just above 0.25", (_Q, _R, [0.5, 0.24, 0.26], _T))
wrong("never_taken", "taken is inverted: 1 at the one that was missed, 0 at all others", (_Q, _R, _C, [[0, 0, 1], [0, 0, 0]]))
wrong("never_taken", "all joint actions were taken", (_Q, _R, _C, [[1, 1, 1], [1, 1, 1]]))
wrong("never_taken", "two joint actions were not taken", (_Q, _R, _C, [[1, 1, 0], [1, 1, 0]]))
wrong("never_taken", "the missed payoff is too small to matter: up's regret is negative with the true q, too", ([[1.0, 0.0, 2.0], [2.0, 2.0, 2.0]], _R, _C, _T))
wrong("never_taken", "up is still better with 0 in place of the missing entry", ([[5.0, 5.0, 20.0], [2.0, 2.0, 2.0]], _R, _C, _T))
wrong("never_taken", "the roles are swapped: down has the positive regret with the true q",
      ([[2.0, 2.0, 2.0], [1.0, 0.0, 20.0]], _R, _C, [[1, 1, 1], [1, 1, 0]]))
wrong("never_taken", "row plays down for sure, does not mix", (_Q, [0.0, 1.0], _C, _T))
wrong("never_taken", "column never plays middle, does not mix fully", (_Q, _R, [0.8, 0.0, 0.2], _T))
wrong("never_taken", "boundary: with 0 in place of the missing entry the regret is exactly zero, not negative",
      ([[2.0, 2.0, 20.0], [2.0, 2.0, 0.0]], _R, [0.5, 0.25, 0.25], _T))
wrong("never_taken", "boundary: with the true q the regret is exactly zero, not positive",
      ([[0.0, 0.0, 8.0], [2.0, 2.0, 2.0]], _R, [0.5, 0.25, 0.25], _T))
wrong("never_taken", "the wrong joint action is marked as not taken: the same column, but row's second action", (_Q, _R, _C, [[1, 1, 1], [1, 1, 0]]))
wrong("never_taken", "q is 3 x 2 (and taken as well)", (np.array(_Q).T, _R, _C, np.array(_T).T))
wrong("never_taken", "column's policy does not sum to one", (_Q, _R, [0.5, 0.5, 0.2], _T))
wrong("never_taken", "the missing entry is entered as zero in q already, so that nothing changes",
      ([[1.0, 0.0, 0.0], [2.0, 2.0, 2.0]], _R, _C, _T))
wrong("never_taken", "row is pure, and two joint actions were not taken", (_Q, [0.0, 1.0], _C, [[1, 1, 0], [1, 1, 0]]), mistakes=2)
