"""Answers of several students to sheet 04, the critic."""

from functools import reduce
from itertools import product

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- targets_by_hand
right("targets_by_hand", "by hand: 1 + 0.5 * 2.7 and 2", [2.35, 2])
right("targets_by_hand", "a tensor, computed from the table",
      torch.stack([1 + 0.5 * torch.tensor([0.2, 0.8]) @ torch.tensor([[6.0, 2.0, 0.0], [1.0, 3.0, 5.0]]) @ torch.tensor([0.5, 0.25, 0.25]),
                   torch.tensor(2.0)]))
right("targets_by_hand", "a tuple of fractions", (47 / 20, 2.0))

wrong("targets_by_hand", "treats the cut like an end: both targets are the payments only", [1, 2])
wrong("targets_by_hand", "adds what s' is worth after the end as well", [2.35, 3.35])
wrong("targets_by_hand", "truncated and terminated mixed up: goes on after the end, not after the cut", [1, 3.35])
wrong("targets_by_hand", "order swapped: that of the terminated one first", [2, 2.35])
wrong("targets_by_hand", "forgets gamma: 1 + 2.7", [3.7, 2])
wrong("targets_by_hand", "the largest entry of the table instead of the mean by both policies: 1 + 0.5 * 6", [4, 2])
wrong("targets_by_hand", "hunter plays its best action (go, 3.5) instead of its policy", [2.75, 2])
wrong("targets_by_hand", "plain mean of all six entries instead of the mean by the policies", [1 + 0.5 * 17 / 6, 2])
wrong("targets_by_hand", "hunter taken as uniform, prey by its policy: 1 + 0.5 * 3", [2.5, 2])
wrong("targets_by_hand", "prey taken as uniform, hunter by its policy", [1 + 0.5 * (0.2 * 8 / 3 + 0.8 * 3), 2])
wrong("targets_by_hand", "discounts the payment as well: 0.5 * (1 + 2.7)", [1.85, 2])
wrong("targets_by_hand", "hunter's probabilities swapped (0.8 for go)", [2.65, 2])
wrong("targets_by_hand", "the target after the end is 0 instead of the payment", [2.35, 0])
wrong("targets_by_hand", "the payment is forgotten in the first: only 0.5 * 2.7", [1.35, 2])
wrong("targets_by_hand", "prey minimises: takes for each hunter's action the smallest entry", [1 + 0.5 * (0.2 * 0 + 0.8 * 1), 2])
wrong("targets_by_hand", "two things: forgets gamma, and adds what s' is worth after the end as well", [3.7, 4.7], mistakes=2)
wrong("targets_by_hand", "two things: discounts the payment as well, and mixes up the two: goes on after the end, not after the cut", [0.5, 2.35], mistakes=2)

# ---------------------------------------------------------------- expected_target


@right("expected_target", "averages one player after the other out, last one first, then torch.where")
def _(reward, terminated, truncated, next_q, policies, gamma):
    v = next_q
    for p in reversed(policies):
        shape = [p.shape[0]] + [1] * (v.dim() - 2) + [p.shape[1]]
        v = (v * p.reshape(shape)).sum(-1)
    return torch.where(terminated.bool(), reward, reward + gamma * v)


@right("expected_target", "loops over the batch and all joint actions, returns a list")
def _(reward, terminated, truncated, next_q, policies, gamma):
    out = []
    for b in range(len(reward)):
        y = float(reward[b])
        if not terminated[b]:
            for joint in product(*[range(p.shape[1]) for p in policies]):
                w = 1.0
                for p, a in zip(policies, joint):
                    w *= float(p[b, a])
                y += float(gamma) * w * float(next_q[(b, *joint)])
        out.append(y)
    return out


@right("expected_target", "joint policy by a batched kron, flattened Q, mask as numbers")
def _(reward, terminated, truncated, next_q, policies, gamma):
    joint = reduce(torch.func.vmap(torch.kron), policies)
    v = (joint * next_q.flatten(1)).sum(1)
    return reward + gamma * v * terminated.logical_not().to(v.dtype)


@right("expected_target", "numpy einsum with numbered axes")
def _(reward, terminated, truncated, next_q, policies, gamma):
    args = [np.asarray(next_q), list(range(next_q.dim()))]
    for j, p in enumerate(policies):
        args += [np.asarray(p), [0, j + 1]]
    v = np.einsum(*args, [0])
    return np.asarray(reward) + float(gamma) * np.where(np.asarray(terminated), 0.0, v)


def _mean(q, policies):
    joint = policies[0]
    for p in policies[1:]:
        joint = (joint[:, :, None] * p[:, None]).flatten(1)
    return (joint * q.flatten(1)).sum(1)


def _alive(flag):
    return 1.0 - flag.to(torch.float64)


@wrong("expected_target", "treats truncated like terminated: no future after either")
def _(reward, terminated, truncated, next_q, policies, gamma):
    done = terminated.bool() | truncated.bool()
    return reward + gamma * _alive(done) * _mean(next_q, policies)


@wrong("expected_target", "mixes the two up: no future after truncation, but after termination")
def _(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * _alive(truncated) * _mean(next_q, policies)


@wrong("expected_target", "never stops: adds the future after termination as well")
def _(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * _mean(next_q, policies)


@wrong("expected_target", "mask the wrong way round: future only where terminated")
def _(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * terminated.to(reward.dtype) * _mean(next_q, policies)


@wrong("expected_target", "target is 0 where terminated: the reward is masked, too")
def _(reward, terminated, truncated, next_q, policies, gamma):
    return _alive(terminated) * (reward + gamma * _mean(next_q, policies))


@wrong("expected_target", "the best joint action (max) instead of the mean by the policies")
def _(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * _alive(terminated) * next_q.flatten(1).amax(1)


@wrong("expected_target", "plain mean over the joint actions, the policies are not used")
def _(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * _alive(terminated) * next_q.flatten(1).mean(1)


@wrong("expected_target", "forgets gamma")
def _(reward, terminated, truncated, next_q, policies, gamma):
    return reward + _alive(terminated) * _mean(next_q, policies)


@wrong("expected_target", "discounts the reward as well")
def _(reward, terminated, truncated, next_q, policies, gamma):
    return gamma * (reward + _alive(terminated) * _mean(next_q, policies))


@wrong("expected_target", "the policies of the first transition are used for all")
def _(reward, terminated, truncated, next_q, policies, gamma):
    first = [p[:1].expand(len(reward), -1) for p in policies]
    return reward + gamma * _alive(terminated) * _mean(next_q, first)


@wrong("expected_target", "1 - terminated with True and False: an error in torch (a boolean cannot be subtracted)")
def _(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * (1 - terminated) * _mean(next_q, policies)


@wrong("expected_target", "only the first two players' policies, further players uniform; right for two players")
def _(reward, terminated, truncated, next_q, policies, gamma):
    q = next_q.flatten(3).mean(3) if next_q.dim() > 3 else next_q
    return reward + gamma * _alive(terminated) * _mean(q, policies[:2])


@wrong("expected_target", "only our players average; the external (last player) is taken as uniform")
def _(reward, terminated, truncated, next_q, policies, gamma):
    uniform = torch.full_like(policies[-1], 1 / policies[-1].shape[1])
    return reward + gamma * _alive(terminated) * _mean(next_q, [*policies[:-1], uniform])


@wrong("expected_target", "everybody plays the likeliest action only")
def _(reward, terminated, truncated, next_q, policies, gamma):
    index = tuple([torch.arange(len(reward)), *[p.argmax(1) for p in policies]])
    return reward + gamma * _alive(terminated) * next_q[index]


@wrong("expected_target", "the future is averaged over the batch: one value for all transitions")
def _(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * _alive(terminated) * _mean(next_q, policies).mean()


@wrong("expected_target", "one episode in the batch that has terminated ends the future of all (an if with any)")
def _(reward, terminated, truncated, next_q, policies, gamma):
    if terminated.any():
        return reward.clone()
    return reward + gamma * _mean(next_q, policies)


@wrong("expected_target", "after termination the future counts again where the episode was truncated at the same time; right unless both are true")
def _(reward, terminated, truncated, next_q, policies, gamma):
    alive = _alive(terminated.bool() & ~truncated.bool())
    return reward + gamma * alive * _mean(next_q, policies)


@wrong("expected_target", "sums Q weighted with the sum instead of the product of the players' probabilities")
def _(reward, terminated, truncated, next_q, policies, gamma):
    joint = policies[0]
    for p in policies[1:]:
        joint = (joint[:, :, None] + p[:, None]).flatten(1)
    return reward + gamma * _alive(terminated) * (joint * next_q.flatten(1)).sum(1)


@wrong("expected_target", "two things: treats truncated like terminated, and takes the best joint action instead of the mean", mistakes=2)
def _(reward, terminated, truncated, next_q, policies, gamma):
    done = terminated.bool() | truncated.bool()
    return reward + gamma * _alive(done) * next_q.flatten(1).amax(1)


@wrong("expected_target", "two things: discounts the reward as well, and never stops", mistakes=2)
def _(reward, terminated, truncated, next_q, policies, gamma):
    return gamma * (reward + _mean(next_q, policies))


# ---------------------------------------------------------------- relabelled_target


@right("relabelled_target", "value of every state by einsum, then indexed by next_state")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    V = torch.einsum("sab,sa,sb->s", slow, team, new)
    return reward + gamma * V[next_state]


@right("relabelled_target", "loop over the transitions with vector, matrix, vector")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    out = []
    for r, s in zip(reward, next_state):
        s = int(s)
        out.append(float(r + gamma * (team[s] @ slow[s] @ new[s])))
    return torch.tensor(out)


@right("relabelled_target", "batched matrix products on the gathered tables")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    q, p, d = slow[next_state], team[next_state], new[next_state]
    return reward + gamma * torch.bmm(torch.bmm(p.unsqueeze(1), q), d.unsqueeze(2)).flatten()


@right("relabelled_target", "numpy with broadcasting, a list as result")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    s = np.asarray(next_state)
    joint = np.asarray(team)[s][:, :, None] * np.asarray(new)[s][:, None, :]
    return list(np.asarray(reward) + float(gamma) * (joint * np.asarray(slow)[s]).sum((1, 2)))


def _states(slow, team, other):
    return torch.einsum("sab,sa,sb->s", slow, team, other)


@wrong("relabelled_target", "the old external's policy instead of the new one's")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * _states(slow, team, old)[next_state]


@wrong("relabelled_target", "Q of the joint action that was played in the data at s' (as in SARSA), new is not used")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * slow[next_state, next_actions[:, 0], next_actions[:, 1]]


@wrong("relabelled_target", "hunter's action from the data at s', averaged over the new external only")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    q = slow[next_state, next_actions[:, 0]]
    return reward + gamma * (q * new[next_state]).sum(1)


@wrong("relabelled_target", "prey's action from the data at s', averaged over the hunter's policy only")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    q = slow[next_state, :, next_actions[:, 1]]
    return reward + gamma * (q * team[next_state]).sum(1)


@wrong("relabelled_target", "weights the data's Q by importance, new / old, instead of averaging over new")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    a, b = next_actions.T
    w = new[next_state, b] / old[next_state, b].clamp(min=1e-8)
    return reward + gamma * w * slow[next_state, a, b]


@wrong("relabelled_target", "forgets gamma")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + _states(slow, team, new)[next_state]


@wrong("relabelled_target", "the hunter plays its best action against the new external (max) instead of its policy")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    v = torch.einsum("sab,sb->sa", slow, new).amax(1)
    return reward + gamma * v[next_state]


@wrong("relabelled_target", "uses the transition's number in the batch as its state instead of next_state")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    V = _states(slow, team, new)
    return reward + gamma * V[torch.arange(len(reward)) % len(V)]


@wrong("relabelled_target", "value averaged over all states instead of taken at s'")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * _states(slow, team, new).mean()


@wrong("relabelled_target", "the new external's policy is taken in state 0 always, Q and team at s'")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * _states(slow, team, new[:1].expand_as(new))[next_state]


@wrong("relabelled_target", "discounts the reward as well")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return gamma * (reward + _states(slow, team, new)[next_state])


@wrong("relabelled_target", "forgets the reward")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return gamma * _states(slow, team, new)[next_state]


@wrong("relabelled_target", "mean of old and new external (half each)")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * _states(slow, team, (old + new) / 2)[next_state]


@wrong("relabelled_target", "hunter taken as uniform, its policy is not used")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("sab,sb->sa", slow, new).mean(1)[next_state]


@wrong("relabelled_target", "the new external plays its likeliest move only (argmax)")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    q = slow[torch.arange(len(slow)), :, new.argmax(1)]
    return reward + gamma * (q * team).sum(1)[next_state]


@wrong("relabelled_target", "adds the difference: value against new minus value against old")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * (_states(slow, team, new) - _states(slow, team, old))[next_state]


@wrong("relabelled_target", "states counted from one: takes state next_state - 1")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * _states(slow, team, new)[next_state - 1]


@wrong("relabelled_target", "two things: the old external, and the hunter's best action instead of its policy", mistakes=2)
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("sab,sb->sa", slow, old).amax(1)[next_state]


@wrong("relabelled_target", "two things: forgets gamma, and takes the transition's number for its state", mistakes=2)
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    V = _states(slow, team, new)
    return reward + V[torch.arange(len(reward)) % len(V)]


# ---------------------------------------------------------------- td_loss


@right("td_loss", "advanced indexing, detached target, mean of squares")
def _(q, actions, target):
    taken = q[torch.arange(len(q)), actions[:, 0], actions[:, 1]]
    return ((taken - target.detach()) ** 2).mean()


@right("td_loss", "flattened table and gather, mse_loss")
def _(q, actions, target):
    index = actions[:, 0] * q.shape[2] + actions[:, 1]
    taken = q.flatten(1).gather(1, index[:, None]).squeeze(1)
    return torch.nn.functional.mse_loss(taken, target.detach())


@right("td_loss", "one-hot masks and einsum")
def _(q, actions, target):
    one = torch.nn.functional.one_hot(actions[:, 0], q.shape[1]).to(q.dtype)
    two = torch.nn.functional.one_hot(actions[:, 1], q.shape[2]).to(q.dtype)
    td = torch.einsum("bac,ba,bc->b", q, one, two) - target.detach()
    return td.dot(td) / len(td)


@right("td_loss", "loop, the target read as a number")
def _(q, actions, target):
    loss = 0.0
    for b, (a, c) in enumerate(actions.tolist()):
        loss = loss + (q[b, a, c] - target[b].item()) ** 2
    return loss / q.shape[0]


def _taken(q, actions):
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]]


@wrong("td_loss", "forgets to detach the target: gradient flows through it")
def _(q, actions, target):
    return ((_taken(q, actions) - target) ** 2).mean()


@wrong("td_loss", "half the squares (factor 0.5)")
def _(q, actions, target):
    return 0.5 * ((_taken(q, actions) - target.detach()) ** 2).mean()


@wrong("td_loss", "sums over the batch instead of averaging")
def _(q, actions, target):
    return ((_taken(q, actions) - target.detach()) ** 2).sum()


@wrong("td_loss", "all joint actions are pulled to the target, not only those taken")
def _(q, actions, target):
    return ((q - target.detach()[:, None, None]) ** 2).mean()


@wrong("td_loss", "q[:, a, c] pairs every transition with every other's actions: (B, B)")
def _(q, actions, target):
    return ((q[:, actions[:, 0], actions[:, 1]] - target.detach()) ** 2).mean()


@wrong("td_loss", "the two players' actions swapped; an error where the index is too large")
def _(q, actions, target):
    return ((q[torch.arange(len(q)), actions[:, 1], actions[:, 0]] - target.detach()) ** 2).mean()


@wrong("td_loss", "absolute differences instead of squares")
def _(q, actions, target):
    return (_taken(q, actions) - target.detach()).abs().mean()


@wrong("td_loss", "Huber loss doubled: square only up to 1, linear above; right for small differences")
def _(q, actions, target):
    return 2 * torch.nn.functional.smooth_l1_loss(_taken(q, actions), target.detach())


@wrong("td_loss", "sign: to be maximised")
def _(q, actions, target):
    return -((_taken(q, actions) - target.detach()) ** 2).mean()


@wrong("td_loss", "detaches q instead of the target")
def _(q, actions, target):
    return ((_taken(q, actions).detach() - target) ** 2).mean()


@wrong("td_loss", "forgets the square: mean difference")
def _(q, actions, target):
    return (_taken(q, actions) - target.detach()).mean()


@wrong("td_loss", "root of the mean square")
def _(q, actions, target):
    return ((_taken(q, actions) - target.detach()) ** 2).mean().sqrt()


@wrong("td_loss", "squares the mean difference instead of averaging the squares; right for one transition")
def _(q, actions, target):
    return (_taken(q, actions) - target.detach()).mean() ** 2


@wrong("td_loss", "taken values (B, 1) minus target (B,): all pairs of transitions by broadcasting; right for one transition")
def _(q, actions, target):
    index = actions[:, 0] * q.shape[2] + actions[:, 1]
    taken = q.flatten(1).gather(1, index[:, None])
    return ((taken - target.detach()) ** 2).mean()


@wrong("td_loss", "stride of the flattened index is A_1 instead of A_2; right where both have as many actions")
def _(q, actions, target):
    index = actions[:, 0] * q.shape[1] + actions[:, 1]
    taken = q.flatten(1).gather(1, index[:, None]).squeeze(1)
    return ((taken - target.detach()) ** 2).mean()


@wrong("td_loss", "masks the joint actions taken but averages over all entries: divides by A_1 A_2 too much")
def _(q, actions, target):
    mask = torch.zeros_like(q)
    mask[torch.arange(len(q)), actions[:, 0], actions[:, 1]] = 1
    return (mask * (q - target.detach()[:, None, None]) ** 2).mean()


@wrong("td_loss", "own action as taken, averaged over the other's actions instead of the one taken")
def _(q, actions, target):
    taken = q.mean(2)[torch.arange(len(q)), actions[:, 0]]
    return ((taken - target.detach()) ** 2).mean()


@wrong("td_loss", "actions counted from one")
def _(q, actions, target):
    taken = q[torch.arange(len(q)), actions[:, 0] - 1, actions[:, 1] - 1]
    return ((taken - target.detach()) ** 2).mean()


@wrong("td_loss", "cuts differences off at -1 and 1; right for smaller ones")
def _(q, actions, target):
    return ((_taken(q, actions) - target.detach()).clamp(-1, 1) ** 2).mean()


@wrong("td_loss", "forgets the mean: one squared difference per transition")
def _(q, actions, target):
    return (_taken(q, actions) - target.detach()) ** 2


@wrong("td_loss", "the best joint action's value instead of that of the one taken")
def _(q, actions, target):
    return ((q.flatten(1).amax(1) - target.detach()) ** 2).mean()


@wrong("td_loss", "two things: target not detached, and summed over the batch", mistakes=2)
def _(q, actions, target):
    return ((_taken(q, actions) - target) ** 2).sum()


@wrong("td_loss", "two things: absolute differences, and the players' actions swapped", mistakes=2)
def _(q, actions, target):
    return (q[torch.arange(len(q)), actions[:, 1], actions[:, 0]] - target.detach()).abs().mean()


# ---------------------------------------------------------------- td_step


@right("td_step", "clone and add rate times the temporal difference")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    out = q.clone()
    y = r + gamma * (policy[t] @ slow[t])
    out[s, a] += rate * (y - q[s, a])
    return out


@right("td_step", "plain lists: comprehension with a mix of old entry and target")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = (x.item() if hasattr(x, "item") else x for x in transition)
    y = r + gamma * sum(float(p) * float(x) for p, x in zip(policy[t], slow[t]))
    return [[(1 - rate) * float(x) + rate * y if (i, j) == (s, a) else float(x) for j, x in enumerate(line)]
            for i, line in enumerate(q)]


@right("td_step", "index_put out of place with accumulate")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    delta = rate * (r + gamma * torch.dot(policy[t], slow[t]) - q[s, a])
    return q.index_put((torch.tensor(int(s)), torch.tensor(int(a))), delta, accumulate=True)


@right("td_step", "numpy copy")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    new = np.array(q, copy=True)
    V = (np.asarray(policy) * np.asarray(slow)).sum(1)
    new[s, a] = new[s, a] + rate * (r + gamma * V[t] - new[s, a])
    return new


def _moved(q, s, a, x):
    out = q.clone()
    out[s, a] = x
    return out


@wrong("td_step", "changes the table q given instead of a copy (no clone)")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    q[s, a] += rate * (r + gamma * (policy[t] @ slow[t]) - q[s, a])
    return q


@wrong("td_step", "new = q[:] is no copy: q is changed as well")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    new = q[:]
    new[s, a] = (1 - rate) * q[s, a] + rate * (r + gamma * (policy[t] * slow[t]).sum())
    return new


@wrong("td_step", "target made from q instead of the slow copy")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, q[s, a] + rate * (r + gamma * (policy[t] @ q[t]) - q[s, a]))


@wrong("td_step", "goes the whole way to the target: rate forgotten")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, r + gamma * (policy[t] @ slow[t]))


@wrong("td_step", "weights swapped: rate at the old entry, 1 - rate at the target; right for rate 0.5")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, rate * q[s, a] + (1 - rate) * (r + gamma * (policy[t] @ slow[t])))


@wrong("td_step", "policy of s instead of that of s' in the target")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, q[s, a] + rate * (r + gamma * (policy[s] @ slow[t]) - q[s, a]))


@wrong("td_step", "Q-learning: the best joint action at s' (max) instead of the mean by the policy")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, q[s, a] + rate * (r + gamma * slow[t].max() - q[s, a]))


@wrong("td_step", "forgets gamma")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, q[s, a] + rate * (r + policy[t] @ slow[t] - q[s, a]))


@wrong("td_step", "moves all joint actions of s instead of a only")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    out = q.clone()
    out[s] += rate * (r + gamma * (policy[t] @ slow[t]) - q[s])
    return out


@wrong("td_step", "takes the slow copy's entry of (s, a) as the start instead of q's")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, slow[s, a] + rate * (r + gamma * (policy[t] @ slow[t]) - slow[s, a]))


@wrong("td_step", "adds rate times the target without subtracting the old entry")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, q[s, a] + rate * (r + gamma * (policy[t] @ slow[t])))


@wrong("td_step", "returns the moved entry only, not the table")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return q[s, a] + rate * (r + gamma * (policy[t] @ slow[t]) - q[s, a])


@wrong("td_step", "returns a table of zeros but for the moved entry")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(torch.zeros_like(q), s, a, q[s, a] + rate * (r + gamma * (policy[t] @ slow[t]) - q[s, a]))


@wrong("td_step", "s and s' mixed up: moves the entry of (s', a), with the target made from s")
def _(q, slow, transition, policy, gamma, rate):
    t, a, r, s = transition
    return _moved(q, s, a, q[s, a] + rate * (r + gamma * (policy[t] @ slow[t]) - q[s, a]))


@wrong("td_step", "plain mean over the joint actions at s', the policy is not used")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, q[s, a] + rate * (r + gamma * slow[t].mean() - q[s, a]))


@wrong("td_step", "sign: moves away from the target")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, q[s, a] - rate * (r + gamma * (policy[t] @ slow[t]) - q[s, a]))


@wrong("td_step", "returns the slow copy with the moved entry instead of q with it")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(slow, s, a, q[s, a] + rate * (r + gamma * (policy[t] @ slow[t]) - q[s, a]))


@wrong("td_step", "same joint action a at s' (slow[s', a]) instead of the mean by the policy")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, q[s, a] + rate * (r + gamma * slow[t, a] - q[s, a]))


@wrong("td_step", "no future where s' is s, takes it for an end; right otherwise")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    future = 0 if s == t else gamma * (policy[t] @ slow[t])
    return _moved(q, s, a, q[s, a] + rate * (r + future - q[s, a]))


@wrong("td_step", "two things: changes q itself, and makes the target from q instead of the slow copy", mistakes=2)
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    q[s, a] += rate * (r + gamma * (policy[t] @ q[t]) - q[s, a])
    return q


@wrong("td_step", "two things: the best joint action at s' instead of the mean, and gamma forgotten", mistakes=2)
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, q[s, a] + rate * (r + slow[t].max() - q[s, a]))


# ---------------------------------------------------------------- never_taken
_q = torch.tensor([[1.0, 1.0, 8.0], [2.0, 2.0, 2.0]])
_r = torch.tensor([0.5, 0.5])
_c = torch.tensor([0.5, 0.25, 0.25])
_k = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])

right("never_taken", "tensors: a large payoff of the first action was never seen, column plays it with exactly 0.25", (_q, _r, _c, _k))
right("never_taken", "plain lists: a large loss of the second action was never seen",
      ([[0, 0, 0], [1, -20, 1]], [0.3, 0.7], [0.4, 0.1, 0.5], [[1, 1, 1], [1, 0, 1]]))
right("never_taken", "numpy, taken as True and False, all payoffs negative but the missing one",
      (np.array([[30.0, -3.0, -2.0], [-1.0, -2.0, -1.0]]), np.array([0.9, 0.1]), np.array([0.2, 0.4, 0.4]),
       np.array([[False, True, True], [True, True, True]])))

wrong("never_taken", "column plays the missing move with more than 0.25", (_q, _r, torch.tensor([0.4, 0.25, 0.35]), _k))
wrong("never_taken", "two joint actions were not taken", (_q, _r, _c, torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]])))
wrong("never_taken", "all joint actions were taken", (_q, _r, _c, torch.ones(2, 3)))
wrong("never_taken", "taken the wrong way round: 1 for the one not taken, 0 for the others", (_q, _r, _c, 1 - _k))
wrong("never_taken", "the missing payoff matters too little: with 0 the regret is still positive",
      (torch.tensor([[1.0, 1.0, 8.0], [0.5, 0.5, 0.5]]), _r, _c, _k))
wrong("never_taken", "with 0 in place of the missing entry the regret is exactly zero, not negative",
      (torch.tensor([[1.0, 1.0, 8.0], [0.75, 0.75, 0.75]]), _r, _c, _k))
wrong("never_taken", "with the true q the first action's regret is negative already",
      (torch.tensor([[1.0, 1.0, 4.0], [2.0, 2.0, 2.0]]), _r, _c, _k))
wrong("never_taken", "with the true q the regret is exactly zero, not positive",
      (torch.tensor([[1.0, 1.0, 5.0], [2.0, 2.0, 2.0]]), _r, _c, _k))
wrong("never_taken", "row does not mix: plays the first action always, so that its regret is zero", (_q, torch.tensor([1.0, 0.0]), _c, _k))
wrong("never_taken", "row does not mix: plays the second action always", (_q, torch.tensor([0.0, 1.0]), _c, _k))
wrong("never_taken", "gives q as the critic learned it, with 0 at the missing entry, instead of the true payoffs",
      (torch.tensor([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0]]), _r, _c, _k))
wrong("never_taken", "marks the wrong joint action as not taken", (_q, _r, _c, torch.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])))
wrong("never_taken", "all transposed: 3 x 2", (_q.T.contiguous(), _r, _c, _k.T.contiguous()))
wrong("never_taken", "wrong order: (q, taken, row, column)", (_q, _k, _r, _c))
wrong("never_taken", "column's policy does not sum to one", (_q, _r, torch.tensor([0.5, 0.5, 0.25]), _k))
wrong("never_taken", "the second action instead of the first: its regret turns from positive to negative",
      (_q.flip(0), _r, _c, _k.flip(0)))
wrong("never_taken", "counts how often the joint actions were taken instead of 1 for yes",
      (_q, _r, _c, torch.tensor([[12.0, 7.0, 0.0], [9.0, 3.0, 5.0]])))
wrong("never_taken", "two things: two joint actions not taken, and row does not mix",
      (_q, torch.tensor([0.0, 1.0]), _c, torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])), mistakes=2)
wrong("never_taken", "two things: column plays the missing move with 0.5, and the missing payoff is too small to matter for the sign",
      (torch.tensor([[1.0, 1.0, 1.0], [0.25, 0.25, 0.25]]), _r, torch.tensor([0.25, 0.25, 0.5]), _k), mistakes=2)

# ---------------------------------------------------------------- some more, of types and of what is kept

_cache = {}


@wrong("relabelled_target", "keeps the states' values of the first call with tables of this size; right the first time")
def _(reward, next_state, next_actions, slow, team, old, new, gamma):
    if slow.shape not in _cache:
        _cache[slow.shape] = _states(slow, team, new).clone()
    return reward + gamma * _cache[slow.shape][next_state]


@wrong("td_step", "makes the payment a whole number (int(r)); right where it is one")
def _(q, slow, transition, policy, gamma, rate):
    s, a, r, t = transition
    return _moved(q, s, a, q[s, a] + rate * (int(r) + gamma * (policy[t] @ slow[t]) - q[s, a]))


@wrong("expected_target", "rewards of exactly 0 are taken for 'nothing more to come': no future there; right for other rewards")
def _(reward, terminated, truncated, next_q, policies, gamma):
    alive = _alive(terminated) * (reward != 0).to(next_q.dtype)
    return reward + gamma * alive * _mean(next_q, policies)


@wrong("td_loss", "index by the first transition's actions for all transitions; right for one transition")
def _(q, actions, target):
    a, c = actions[0]
    return ((q[:, a, c] - target.detach()) ** 2).mean()
