from itertools import product

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# 1. targets_by_hand: go 3.5, stay 2.5, together 2.7
right("targets_by_hand", "1 + 0.5 * 2.7, and 2", [2.35, 2.0])
right("targets_by_hand", "a tensor", torch.tensor([2.35, 2.0]))
wrong("targets_by_hand", "treats the cut as an end: no future for the truncated one", [1.0, 2.0])
wrong("targets_by_hand", "adds the future to the terminated one, too", [2.35, 3.35])
wrong("targets_by_hand", "mixed up truncated and terminated: future only for the terminated one", [1.0, 3.35])
wrong("targets_by_hand", "forgot gamma", [3.7, 2.0])
wrong("targets_by_hand", "takes the hunter's best action, 3.5, not its policy", [2.75, 2.0])
wrong("targets_by_hand", "takes the largest entry of the table, 6", [4.0, 2.0])
wrong("targets_by_hand", "plain mean of all six entries, 17/6", [1 + 0.5 * 17 / 6, 2.0])
wrong("targets_by_hand", "hunter's probabilities swapped: 0.8 go, 0.2 stay, so 3.3", [2.65, 2.0])
wrong("targets_by_hand", "the plain mean of go and stay, 3, the hunter's policy not used", [2.5, 2.0])
wrong("targets_by_hand", "prey's policy not used: plain means 8/3 and 3 of the rows", [1 + 0.5 * (0.2 * 8 / 3 + 0.8 * 3), 2.0])
wrong("targets_by_hand", "entered the terminated one first", [2.0, 2.35])
wrong("targets_by_hand", "multiplies the reward with gamma, too", [1.85, 1.0])
wrong("targets_by_hand", "forgot the reward of the truncated one", [1.35, 2.0])
wrong("targets_by_hand", "the terminated one is worth nothing: forgot its reward", [2.35, 0.0])
wrong("targets_by_hand", "arithmetic: forgot the 0.25 * 2 in go, so go = 3 and together 2.6", [2.3, 2.0])
wrong("targets_by_hand", "no gamma, and a future for the terminated one, too", [3.7, 4.7], mistakes=2)
wrong("targets_by_hand", "hunter's best action, and a future for the terminated one, too", [2.75, 3.75], mistakes=2)


# 2. expected_target
def _expect(table, rows):
    total = 0.0
    for acts in product(*[range(len(p)) for p in rows]):
        w = 1.0
        for j in range(len(acts)):
            w *= float(rows[j][acts[j]])
        total += w * float(table[acts])
    return total


@right("expected_target", "loops, floats in a list")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        target = float(reward[b])
        if not terminated[b]:
            v = 0.0
            for acts in product(*[range(p.shape[1]) for p in policies]):
                w = 1.0
                for j in range(len(policies)):
                    w *= float(policies[j][b][acts[j]])
                v += w * float(next_q[b][acts])
            target += gamma * v
        y.append(target)
    return y


@right("expected_target", "averages the last axis out, again and again")
def expected_target(r, term, trunc, nq, pis, g):
    x = nq
    for p in reversed(list(pis)):
        shape = [p.shape[0]] + [1] * (x.dim() - 2) + [p.shape[1]]
        x = (x * p.reshape(shape)).sum(-1)
    return torch.where(term, r, r + g * x)


@right("expected_target", "flattens to joint actions, product of the policies; 1 - terminated")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    B = len(reward)
    joint = torch.ones(B, 1)
    for p in policies:
        joint = (joint.unsqueeze(2) * p.unsqueeze(1)).flatten(1)
    return reward + gamma * (1 - terminated.to(torch.float64)) * (joint * next_q.flatten(1)).sum(1)


@wrong("expected_target", "no future after a truncation either")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        if terminated[b] or truncated[b]:
            y.append(float(reward[b]))
        else:
            y.append(float(reward[b]) + gamma * _expect(next_q[b], [p[b] for p in policies]))
    return y


@wrong("expected_target", "looks at truncated in place of terminated: ended games get a future, cut ones none")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        if truncated[b]:
            y.append(float(reward[b]))
        else:
            y.append(float(reward[b]) + gamma * _expect(next_q[b], [p[b] for p in policies]))
    return y


@wrong("expected_target", "every transition gets a future, the terminated ones too")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return [float(reward[b]) + gamma * _expect(next_q[b], [p[b] for p in policies]) for b in range(len(reward))]


@wrong("expected_target", "the wrong way round: a future only where terminated")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        x = float(reward[b])
        if terminated[b]:
            x += gamma * _expect(next_q[b], [p[b] for p in policies])
        y.append(x)
    return y


@wrong("expected_target", "forgets gamma")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        x = float(reward[b])
        if not terminated[b]:
            x += _expect(next_q[b], [p[b] for p in policies])
        y.append(x)
    return y


@wrong("expected_target", "largest entry of next_q instead of the average under the policies")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        x = float(reward[b])
        if not terminated[b]:
            x += gamma * float(next_q[b].max())
        y.append(x)
    return y


@wrong("expected_target", "plain mean of next_q: the policies are not used")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        x = float(reward[b])
        if not terminated[b]:
            x += gamma * float(next_q[b].mean())
        y.append(x)
    return y


@wrong("expected_target", "uses the policies of the first transition for all")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        x = float(reward[b])
        if not terminated[b]:
            x += gamma * _expect(next_q[b], [p[0] for p in policies])
        y.append(x)
    return y


@wrong("expected_target", "terminated gives 0: the last reward is lost")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        if terminated[b]:
            y.append(0.0)
        else:
            y.append(float(reward[b]) + gamma * _expect(next_q[b], [p[b] for p in policies]))
    return y


@wrong("expected_target", "gamma times everything, the reward too, where the game goes on")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        if terminated[b]:
            y.append(float(reward[b]))
        else:
            y.append(gamma * (float(reward[b]) + _expect(next_q[b], [p[b] for p in policies])))
    return y


@wrong("expected_target", "the last player is left out: its actions are averaged plainly, not with its policy")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        rows = [p[b] for p in policies]
        n = len(rows[-1])
        rows[-1] = [1 / n] * n
        x = float(reward[b])
        if not terminated[b]:
            x += gamma * _expect(next_q[b], rows)
        y.append(x)
    return y


@wrong("expected_target", "stops the loop at the first terminated transition (break): what follows keeps only its reward")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = [float(r) for r in reward]
    for b in range(len(reward)):
        if terminated[b]:
            break
        y[b] += gamma * _expect(next_q[b], [p[b] for p in policies])
    return y


@wrong("expected_target", "v is not reset to 0 in the loop: futures of earlier transitions add up")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    v = 0.0
    for b in range(len(reward)):
        x = float(reward[b])
        if not terminated[b]:
            v += _expect(next_q[b], [p[b] for p in policies])
            x += gamma * v
        y.append(x)
    return y


@wrong("expected_target", "no gamma, and no future after a truncation", mistakes=2)
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    y = []
    for b in range(len(reward)):
        x = float(reward[b])
        if not terminated[b] and not truncated[b]:
            x += _expect(next_q[b], [p[b] for p in policies])
        y.append(x)
    return y


@wrong("expected_target", "a future for terminated ones too, and the policies of the first transition for all", mistakes=2)
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return [float(reward[b]) + gamma * _expect(next_q[b], [p[0] for p in policies]) for b in range(len(reward))]


# 3. relabelled_target
@right("relabelled_target", "three loops, floats")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    y = []
    for b in range(len(reward)):
        s = int(next_state[b])
        v = 0.0
        for a in range(slow.shape[1]):
            for c in range(slow.shape[2]):
                v += float(team[s][a]) * float(new[s][c]) * float(slow[s][a][c])
        y.append(float(reward[b]) + gamma * v)
    return y


@right("relabelled_target", "values of all states first, then picks next_state")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    V = torch.einsum("sac,sa,sc->s", slow, team, new)
    return reward + gamma * V[next_state]


@right("relabelled_target", "numpy, matrix products, a tuple")
def relabelled_target(r, ns, na, slow, team, old, new, g):
    slow, team, new = np.array(slow), np.array(team), np.array(new)
    return tuple(float(r[b]) + g * float(team[s] @ slow[s] @ new[s]) for b, s in enumerate(np.array(ns)))


@wrong("relabelled_target", "values against the old external")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return [float(reward[b]) + gamma * _expect(slow[s], [team[s], old[s]]) for b, s in enumerate(next_state.tolist())]


@wrong("relabelled_target", "takes the slow copy at the actions that were done at s' in the data (SARSA), no average")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    y = []
    for b, s in enumerate(next_state.tolist()):
        a, c = int(next_actions[b][0]), int(next_actions[b][1])
        y.append(float(reward[b]) + gamma * float(slow[s][a][c]))
    return y


@wrong("relabelled_target", "averages over the new external but takes the hunter's action from the data")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    y = []
    for b, s in enumerate(next_state.tolist()):
        a = int(next_actions[b][0])
        y.append(float(reward[b]) + gamma * sum(float(new[s][c]) * float(slow[s][a][c]) for c in range(slow.shape[2])))
    return y


@wrong("relabelled_target", "averages over the team but takes the external's move from the data")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    y = []
    for b, s in enumerate(next_state.tolist()):
        c = int(next_actions[b][1])
        y.append(float(reward[b]) + gamma * sum(float(team[s][a]) * float(slow[s][a][c]) for a in range(slow.shape[1])))
    return y


@wrong("relabelled_target", "corrects by the ratio new / old of the external's move in the data (importance weight) on the taken entry")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    y = []
    for b, s in enumerate(next_state.tolist()):
        a, c = int(next_actions[b][0]), int(next_actions[b][1])
        ratio = float(new[s][c]) / float(old[s][c]) if old[s][c] > 0 else 0.0
        y.append(float(reward[b]) + gamma * ratio * float(slow[s][a][c]))
    return y


@wrong("relabelled_target", "uses the number b of the transition as the state instead of next_state[b] (wraps round)")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    y = []
    for b in range(len(reward)):
        s = b % len(slow)
        y.append(float(reward[b]) + gamma * _expect(slow[s], [team[s], new[s]]))
    return y


@wrong("relabelled_target", "states counted from one: next_state - 1")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    y = []
    for b in range(len(reward)):
        s = int(next_state[b]) - 1
        y.append(float(reward[b]) + gamma * _expect(slow[s], [team[s], new[s]]))
    return y


@wrong("relabelled_target", "policies of state 0 everywhere, only the slow copy is taken at next_state")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return [float(reward[b]) + gamma * _expect(slow[s], [team[0], new[0]]) for b, s in enumerate(next_state.tolist())]


@wrong("relabelled_target", "forgets gamma")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return [float(reward[b]) + _expect(slow[s], [team[s], new[s]]) for b, s in enumerate(next_state.tolist())]


@wrong("relabelled_target", "the hunter takes its best action instead of its policy")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    y = []
    for b, s in enumerate(next_state.tolist()):
        v = max(sum(float(new[s][c]) * float(slow[s][a][c]) for c in range(slow.shape[2])) for a in range(slow.shape[1]))
        y.append(float(reward[b]) + gamma * v)
    return y


@wrong("relabelled_target", "mixes the externals: plain mean of old and new")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    half = (old + new) / 2
    return [float(reward[b]) + gamma * _expect(slow[s], [team[s], half[s]]) for b, s in enumerate(next_state.tolist())]


@wrong("relabelled_target", "the team's policy is not used: own actions are averaged plainly")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    n = slow.shape[1]
    return [float(reward[b]) + gamma * _expect(slow[s], [[1 / n] * n, new[s]]) for b, s in enumerate(next_state.tolist())]


@wrong("relabelled_target", "minus the value against the old external: adds only the difference new minus old")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return [float(reward[b]) + gamma * (_expect(slow[s], [team[s], new[s]]) - _expect(slow[s], [team[s], old[s]]))
            for b, s in enumerate(next_state.tolist())]


@wrong("relabelled_target", "against the old external, and without gamma", mistakes=2)
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return [float(reward[b]) + _expect(slow[s], [team[s], old[s]]) for b, s in enumerate(next_state.tolist())]


# 4. td_loss
@right("td_loss", "loop over the transitions")
def td_loss(q, actions, target):
    loss = 0.0
    for b in range(len(q)):
        a, c = int(actions[b][0]), int(actions[b][1])
        loss = loss + (q[b][a][c] - target[b].detach()) ** 2
    return loss / len(q)


@right("td_loss", "advanced indexing")
def td_loss(q, actions, target):
    taken = q[torch.arange(len(q)), actions[:, 0], actions[:, 1]]
    return ((taken - target.detach()) ** 2).mean()


@right("td_loss", "gather on the flat table, mse_loss")
def td_loss(q, acts, y):
    j = acts[:, 0] * q.shape[2] + acts[:, 1]
    return torch.nn.functional.mse_loss(q.flatten(1).gather(1, j[:, None])[:, 0], y.detach())


def _taken(q, actions):
    return torch.stack([q[b, int(actions[b][0]), int(actions[b][1])] for b in range(len(q))])


@wrong("td_loss", "no detach: the gradient flows through the targets, too")
def td_loss(q, actions, target):
    loss = 0.0
    for b in range(len(q)):
        loss = loss + (q[b][int(actions[b][0])][int(actions[b][1])] - target[b]) ** 2
    return loss / len(q)


@wrong("td_loss", "sum over the batch instead of the mean")
def td_loss(q, actions, target):
    loss = 0.0
    for b in range(len(q)):
        loss = loss + (q[b][int(actions[b][0])][int(actions[b][1])] - target[b].detach()) ** 2
    return loss


@wrong("td_loss", "one half in front, as in some books: half the mean squared difference")
def td_loss(q, actions, target):
    return 0.5 * ((_taken(q, actions) - target.detach()) ** 2).mean()


@wrong("td_loss", "detaches q instead of the target")
def td_loss(q, actions, target):
    return ((_taken(q, actions).detach() - target) ** 2).mean()


@wrong("td_loss", "all joint actions are moved to the target, not only those taken")
def td_loss(q, actions, target):
    return ((q - target.detach()[:, None, None]) ** 2).mean()


@wrong("td_loss", "the columns of actions are swapped: q[b][c][a] (clamped to the table)")
def td_loss(q, actions, target):
    loss = 0.0
    for b in range(len(q)):
        c, a = int(actions[b][0]), int(actions[b][1])
        a = min(a, q.shape[1] - 1)
        c = min(c, q.shape[2] - 1)
        loss = loss + (q[b][a][c] - target[b].detach()) ** 2
    return loss / len(q)


@wrong("td_loss", "divides by the number of all entries of q instead of by B")
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target.detach()) ** 2).sum() / q.numel()


@wrong("td_loss", "absolute difference instead of the square")
def td_loss(q, actions, target):
    return (_taken(q, actions) - target.detach()).abs().mean()


@wrong("td_loss", "sign: returns minus the loss, as if to be maximised")
def td_loss(q, actions, target):
    return -((_taken(q, actions) - target.detach()) ** 2).mean()


@wrong("td_loss", "squares the mean difference instead of averaging the squares")
def td_loss(q, actions, target):
    return (_taken(q, actions) - target.detach()).mean() ** 2


@wrong("td_loss", "uses the first transition's actions for the whole batch")
def td_loss(q, actions, target):
    a, c = int(actions[0][0]), int(actions[0][1])
    return ((q[:, a, c] - target.detach()) ** 2).mean()


@wrong("td_loss", "the largest entry of q in each state instead of the joint action taken")
def td_loss(q, actions, target):
    return ((q.flatten(1).max(1).values - target.detach()) ** 2).mean()


@wrong("td_loss", "actions counted from one: takes a - 1 and c - 1")
def td_loss(q, actions, target):
    return ((_taken(q, actions - 1) - target.detach()) ** 2).mean()


@wrong("td_loss", "works on floats, .item() in the loop: no gradient is left")
def td_loss(q, actions, target):
    loss = 0.0
    for b in range(len(q)):
        loss += (q[b, int(actions[b][0]), int(actions[b][1])].item() - target[b].item()) ** 2
    return torch.tensor(loss / len(q))


@wrong("td_loss", "no detach, and the sum instead of the mean", mistakes=2)
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target) ** 2).sum()


# 5. td_step
@right("td_step", "copies to a list, floats")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    s, a, t = int(s), int(a), int(t)
    new = q.tolist()
    v = 0.0
    for j in range(len(policy[t])):
        v += float(policy[t][j]) * float(slow[t][j])
    y = float(r) + gamma * v
    new[s][a] = new[s][a] + rate * (y - new[s][a])
    return new


@right("td_step", "clone, (1 - rate) old + rate target")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    out = q.clone()
    out[s, a] = (1 - rate) * q[s, a] + rate * (r + gamma * (policy[s2] @ slow[s2]))
    return out


@right("td_step", "adds a table that is zero except at (s, a)")
def td_step(q, slow, tr, policy, gamma, rate):
    s, a, r, s2 = tr
    step = torch.zeros_like(q)
    step[s, a] = rate * (r + gamma * (policy * slow).sum(1)[s2] - q[s, a])
    return q + step


def _moved(q, s, a, y, rate):
    out = q.clone()
    out[s, a] = q[s, a] + rate * (y - q[s, a])
    return out


@wrong("td_step", "changes q in place and returns it")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    y = r + gamma * float((policy[t] * slow[t]).sum())
    q[s][a] += rate * (y - q[s][a])
    return q


@wrong("td_step", "new = q without a copy: q changes, too")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    new = q
    v = 0.0
    for j in range(len(policy[t])):
        v += float(policy[t][j]) * float(slow[t][j])
    new[s][a] = (1 - rate) * q[s][a] + rate * (r + gamma * v)
    return new


@wrong("td_step", "target from q itself instead of the slow copy")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + gamma * float((policy[t] * q[t]).sum()), rate)


@wrong("td_step", "target from the state s that is left instead of s'")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + gamma * float((policy[s] * slow[s]).sum()), rate)


@wrong("td_step", "the slow copy at s', but the policy of s")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + gamma * float((policy[s] * slow[t]).sum()), rate)


@wrong("td_step", "maximum over the joint actions at s' instead of the policy's average (Q-learning)")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + gamma * float(slow[t].max()), rate)


@wrong("td_step", "sets the entry to the target: rate is not used")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + gamma * float((policy[t] * slow[t]).sum()), 1.0)


@wrong("td_step", "adds rate times the target without subtracting the old entry")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    out = q.clone()
    out[s, a] = q[s, a] + rate * (r + gamma * float((policy[t] * slow[t]).sum()))
    return out


@wrong("td_step", "moves away from the target: sign of the difference swapped")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + gamma * float((policy[t] * slow[t]).sum()), -rate)


@wrong("td_step", "rate and 1 - rate mixed up: keeps `rate` of the old entry")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + gamma * float((policy[t] * slow[t]).sum()), 1 - rate)


@wrong("td_step", "forgets gamma")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + float((policy[t] * slow[t]).sum()), rate)


@wrong("td_step", "moves the whole row of s to the target, not only (s, a)")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    y = r + gamma * float((policy[t] * slow[t]).sum())
    out = q.clone()
    for j in range(q.shape[1]):
        out[s, j] = q[s, j] + rate * (y - q[s, j])
    return out


@wrong("td_step", "starts from the slow copy: the old entry and all others are taken from slow")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(slow, s, a, r + gamma * float((policy[t] * slow[t]).sum()), rate)


@wrong("td_step", "plain mean over the joint actions at s', policy not used")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + gamma * float(slow[t].mean()), rate)


@wrong("td_step", "the same joint action a at s', no average over the policy")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + gamma * float(slow[t][a]), rate)


@wrong("td_step", "changes the entry (s', a) instead of (s, a)")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, t, a, r + gamma * float((policy[t] * slow[t]).sum()), rate)


@wrong("td_step", "returns only the new entry, a number, not the table")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    y = r + gamma * float((policy[t] * slow[t]).sum())
    return float(q[s, a]) + rate * (y - float(q[s, a]))


@wrong("td_step", "target from q itself, and changes q in place", mistakes=2)
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    q[s, a] = q[s, a] + rate * (r + gamma * float((policy[t] * q[t]).sum()) - q[s, a])
    return q


@wrong("td_step", "maximum at s', and no rate", mistakes=2)
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + gamma * float(slow[t].max()), 1.0)


# 6. never_taken
_mask = [[1, 1, 0], [1, 1, 1]]
right("never_taken", "the first action lives from one high, rare payoff",
      ([[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.5, 0.25, 0.25], _mask))
right("never_taken", "the missing entry is in the second row, and negative",
      (torch.tensor([[1.0, 1.0, 1.0], [2.0, -20.0, 2.0]]), torch.tensor([0.3, 0.7]), torch.tensor([0.6, 0.2, 0.2]),
       torch.tensor([[1, 1, 1], [1, 0, 1]])))
right("never_taken", "negative payoffs, first move missing, numpy",
      (np.array([[30.0, -2.0, -2.0], [-1.0, -1.0, -1.0]]), np.array([0.9, 0.1]), np.array([0.125, 0.375, 0.5]),
       np.array([[0, 1, 1], [1, 1, 1]])))
wrong("never_taken", "column plays the missing move with 0.5, more than 0.25",
      ([[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.25, 0.25, 0.5], _mask))
wrong("never_taken", "two joint actions are marked as not taken",
      ([[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.5, 0.25, 0.25], [[1, 0, 0], [1, 1, 1]]))
wrong("never_taken", "mask the wrong way round: 1 marks the missing entry, 0 the taken ones",
      ([[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.5, 0.25, 0.25], [[0, 0, 1], [0, 0, 0]]))
wrong("never_taken", "with 0 in place the regret is still positive: the first action is better anyway",
      ([[4.0, 4.0, 9.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.5, 0.25, 0.25], _mask))
wrong("never_taken", "the true regret of the first action is not positive: the missing payoff is too small",
      ([[1.0, 1.0, 3.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.5, 0.25, 0.25], _mask))
wrong("never_taken", "the rows are swapped: the second action's regret turns from positive to negative, the first's the other way",
      ([[2.0, 2.0, 2.0], [1.0, 1.0, 9.0]], [0.5, 0.5], [0.5, 0.25, 0.25], [[1, 1, 1], [1, 1, 0]]))
wrong("never_taken", "row does not mix: always plays down",
      ([[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]], [0.0, 1.0], [0.5, 0.25, 0.25], _mask))
wrong("never_taken", "column does not mix: one move has probability zero (not the missing one)",
      ([[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.75, 0.0, 0.25], _mask))
wrong("never_taken", "everything is taken: no zero in the mask",
      ([[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.5, 0.25, 0.25], [[1, 1, 1], [1, 1, 1]]))
wrong("never_taken", "wrote the critic's table, with 0 already in q at the missing entry, in place of the true one",
      ([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.5, 0.25, 0.25], _mask))
wrong("never_taken", "column's probabilities do not sum to one",
      ([[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.5, 0.5, 0.25], _mask))
wrong("never_taken", "marks the wrong entry, counted from one: the entry before the high payoff",
      ([[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.5, 0.25, 0.25], [[1, 0, 1], [1, 1, 1]]))
wrong("never_taken", "with 0 in place the regret is exactly zero, not negative",
      ([[2.0, 2.0, 9.0], [1.5, 1.5, 1.5]], [0.5, 0.5], [0.5, 0.25, 0.25], _mask))
wrong("never_taken", "payoffs and mask are typed 3 x 2, transposed",
      ([[1.0, 2.0], [1.0, 2.0], [9.0, 2.0]], [0.5, 0.5], [0.5, 0.25, 0.25], [[1, 1], [1, 1], [0, 1]]))
wrong("never_taken", "the missing move is played with 0.5, and row does not mix",
      ([[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]], [0.0, 1.0], [0.25, 0.25, 0.5], _mask), mistakes=2)
wrong("never_taken", "two entries not taken, and column never plays one of its moves",
      ([[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]], [0.5, 0.5], [0.75, 0.0, 0.25], [[1, 0, 0], [1, 1, 1]]), mistakes=2)
