from functools import reduce
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import vmap

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1. targets_by_hand

right("targets_by_hand", "1 + 0.5 * 2.7, and 2", [2.35, 2.0])
right("targets_by_hand", "from the table, a tensor",
      torch.stack([1 + 0.5 * torch.tensor([0.2, 0.8]) @ torch.tensor([[6.0, 2, 0], [1, 3, 5]]) @ torch.tensor([0.5, 0.25, 0.25]),
                   torch.tensor(2.0)]))
wrong("targets_by_hand", "bootstraps at the terminated transition as well", [2.35, 3.35])
wrong("targets_by_hand", "treats truncation as an end: no bootstrap there", [1.0, 2.0])
wrong("targets_by_hand", "truncated and terminated confused: bootstraps at the end of the game only", [1.0, 3.35])
wrong("targets_by_hand", "entered the terminated one first", [2.0, 2.35])
wrong("targets_by_hand", "took the largest entry of the table (as in Q-learning) instead of the expectation", [4.0, 2.0])
wrong("targets_by_hand", "the hunter's best action against the prey's policy, instead of the hunter's own policy", [2.75, 2.0])
wrong("targets_by_hand", "forgot gamma", [3.7, 2.0])
wrong("targets_by_hand", "averaged the table uniformly instead of by the policies", [1 + 0.5 * 17 / 6, 2.0])
wrong("targets_by_hand", "the prey by its policy, the hunter uniformly", [2.5, 2.0])
wrong("targets_by_hand", "the likeliest joint action (stay, left) instead of the expectation", [1.5, 2.0])
wrong("targets_by_hand", "gave the expected value of s' times gamma, without the reward", [1.35, 0.0])
wrong("targets_by_hand", "the value at s' subtracted instead of added (sign)", [-0.35, 2.0])
wrong("targets_by_hand", "forgot gamma, and bootstraps at the terminated transition", [3.7, 4.7], mistakes=2)

# ---------------------------------------------------------------- 2. expected_target


def _ev(next_q, policies):
    """(B,): expectation of next_q."""
    out = next_q
    for p in policies:
        out = torch.einsum("ba,ba...->b...", p, out)
    return out


@right("expected_target", "folds the axes one by one, torch.where")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    v = next_q
    for p in policies:
        v = torch.einsum("ba,ba...->b...", p, v)
    return torch.where(torch.as_tensor(terminated).bool(), reward, reward + gamma * v)


@right("expected_target", "joint policy by torch.kron under vmap, (1 - terminated) as a factor")
def expected_target(r, term, trunc, nq, pis, g):
    v = vmap(lambda x, *ps: reduce(torch.kron, ps) @ x.reshape(-1))(nq, *pis)
    return r + g * (1.0 - torch.as_tensor(term).double()) * v


@right("expected_target", "loops over transitions and joint actions, a list")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    out = []
    for b in range(len(reward)):
        y = float(reward[b])
        if not terminated[b]:
            for acts in product(*map(range, next_q.shape[1:])):
                w = gamma
                for p, a in zip(policies, acts):
                    w *= float(p[b, a])
                y += w * float(next_q[b][acts])
        out.append(y)
    return out


@wrong("expected_target", "treats truncated as terminated: no bootstrap where truncated")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return torch.where(terminated | truncated, reward, reward + gamma * _ev(next_q, policies))


@wrong("expected_target", "ignores terminated: bootstraps everywhere")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * _ev(next_q, policies)


@wrong("expected_target", "terminated and truncated swapped: stops at truncated, bootstraps at terminated")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * ~truncated * _ev(next_q, policies)


@wrong("expected_target", "bootstraps where terminated only (mask inverted)")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * terminated * _ev(next_q, policies)


@wrong("expected_target", "bootstraps where truncated, even if terminated at the same time")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    keep = truncated | ~terminated
    return reward + gamma * keep * _ev(next_q, policies)


@wrong("expected_target", "the reward is masked as well: 0 where terminated")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return (reward + gamma * _ev(next_q, policies)) * ~terminated


@wrong("expected_target", "1 - terminated on booleans (raises an error in torch)")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * (1 - terminated) * _ev(next_q, policies)


@wrong("expected_target", "~ on terminated made an integer: factors -1 and -2 instead of 1 and 0")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + gamma * ~terminated.int() * _ev(next_q, policies)


@wrong("expected_target", "largest entry of next_q instead of the expectation (Q-learning)")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return torch.where(terminated, reward, reward + gamma * next_q.flatten(1).amax(1))


@wrong("expected_target", "averages next_q uniformly, ignores the policies")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return torch.where(terminated, reward, reward + gamma * next_q.flatten(1).mean(1))


@wrong("expected_target", "forgot gamma")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return torch.where(terminated, reward, reward + _ev(next_q, policies))


@wrong("expected_target", "gamma on the reward as well")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return gamma * torch.where(terminated, reward, reward + _ev(next_q, policies))


@wrong("expected_target", "policies of the first transition used for the whole batch")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    ps = [p[:1].expand(len(p), -1) for p in policies]
    return torch.where(terminated, reward, reward + gamma * _ev(next_q, ps))


@wrong("expected_target", "the likeliest joint action of next_q instead of the expectation")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    ps = [F.one_hot(p.argmax(1), p.shape[1]).to(p) for p in policies]
    return torch.where(terminated, reward, reward + gamma * _ev(next_q, ps))


@wrong("expected_target", "the last agent (external) uniformly, its policy not used")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    ps = list(policies)
    ps[-1] = torch.full_like(ps[-1], 1 / ps[-1].shape[1])
    return torch.where(terminated, reward, reward + gamma * _ev(next_q, ps))


@wrong("expected_target", "maximises over the first agent's actions, averages the others by their policies")
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    v = next_q.movedim(1, -1)
    for p in policies[1:]:
        v = torch.einsum("ba,ba...->b...", p, v)
    return torch.where(terminated, reward, reward + gamma * v.amax(-1))


@wrong("expected_target", "treats truncated as terminated, and forgot gamma", mistakes=2)
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    return reward + ~(terminated | truncated) * _ev(next_q, policies)


# ---------------------------------------------------------------- 3. relabelled_target


@right("relabelled_target", "index by next_state, one einsum")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    s = next_state
    return reward + gamma * torch.einsum("ba,bac,bc->b", team[s], slow[s], new[s])


@right("relabelled_target", "value of each state first, then look up")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    V = vmap(lambda p, Q, d: p @ Q @ d)(team, slow, new)
    return reward + gamma * V.gather(0, next_state)


@right("relabelled_target", "loop, a list")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    out = []
    for r, s in zip(reward.tolist(), next_state.tolist()):
        v = sum(team[s, a].item() * new[s, c].item() * slow[s, a, c].item()
                for a in range(team.shape[1]) for c in range(new.shape[1]))
        out.append(r + gamma * v)
    return out


@wrong("relabelled_target", "uses the old external's policy instead of the new one's")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("ba,bac,bc->b", team[next_state], slow[next_state], old[next_state])


@wrong("relabelled_target", "uses the joint actions of the data at s' (SARSA) instead of the expectation")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    a, c = next_actions.unbind(1)
    return reward + gamma * slow[next_state, a, c]


@wrong("relabelled_target", "the team's action from the data, only the external is averaged out (by the new policy)")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * (slow[next_state, next_actions[:, 0]] * new[next_state]).sum(1)


@wrong("relabelled_target", "the external's action from the data, only the team is averaged out")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * (slow[next_state, :, next_actions[:, 1]] * team[next_state]).sum(1)


@wrong("relabelled_target", "the team's best action instead of the team's policy")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("bac,bc->ba", slow[next_state], new[next_state]).amax(1)


@wrong("relabelled_target", "policies of state 0 for all transitions (slow is looked up at s')")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("a,bac,c->b", team[0], slow[next_state], new[0])


@wrong("relabelled_target", "slow of state 0 for all transitions (policies are looked up at s')")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("ba,ac,bc->b", team[next_state], slow[0], new[next_state])


@wrong("relabelled_target", "takes transition b to lead to state b: does not use next_state")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    s = torch.arange(len(reward)) % len(slow)
    return reward + gamma * torch.einsum("ba,bac,bc->b", team[s], slow[s], new[s])


@wrong("relabelled_target", "weights the SARSA target with the ratio new / old of the external's action in the data")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    a, c = next_actions.unbind(1)
    w = new[next_state, c] / old[next_state, c]
    return reward + gamma * w * slow[next_state, a, c]


@wrong("relabelled_target", "weights the expectation with the ratio new / old of the external's action in the data as well")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    c = next_actions[:, 1]
    w = new[next_state, c] / old[next_state, c]
    return reward + gamma * w * torch.einsum("ba,bac,bc->b", team[next_state], slow[next_state], new[next_state])


@wrong("relabelled_target", "the mean of the old and the new external's policy")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    mix = (old + new) / 2
    return reward + gamma * torch.einsum("ba,bac,bc->b", team[next_state], slow[next_state], mix[next_state])


@wrong("relabelled_target", "forgot gamma")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + torch.einsum("ba,bac,bc->b", team[next_state], slow[next_state], new[next_state])


@wrong("relabelled_target", "the external's likeliest new action instead of its policy")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    c = new[next_state].argmax(1)
    return reward + gamma * (team[next_state] * slow[next_state, :, c]).sum(1)


@wrong("relabelled_target", "the team uniformly instead of by its policy")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("bac,bc->ba", slow[next_state], new[next_state]).mean(1)


@wrong("relabelled_target", "gives the value at s' only, no reward")
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return gamma * torch.einsum("ba,bac,bc->b", team[next_state], slow[next_state], new[next_state])


@wrong("relabelled_target", "the old external, and the team's best action instead of its policy", mistakes=2)
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    return reward + gamma * torch.einsum("bac,bc->ba", slow[next_state], old[next_state]).amax(1)


# ---------------------------------------------------------------- 4. td_loss


@right("td_loss", "advanced indexing and mse_loss with a detached target")
def td_loss(q, actions, target):
    taken = q[torch.arange(len(q)), actions[:, 0], actions[:, 1]]
    return F.mse_loss(taken, target.detach())


@right("td_loss", "gather on the flattened joint actions")
def td_loss(q, actions, target):
    number = actions[:, :1] * q.shape[2] + actions[:, 1:]
    delta = target.data - q.flatten(1).gather(1, number).squeeze(1)
    return delta.square().mean()


@right("td_loss", "loop")
def td_loss(q, actions, target):
    loss = 0.0
    for b, (a, c) in enumerate(actions.tolist()):
        loss = loss + (q[b, a, c] - target[b].item()) ** 2
    return loss / len(q)


@right("td_loss", "one-hot masks in an einsum")
def td_loss(q, acts, y):
    left, right_ = (F.one_hot(acts[:, k], q.shape[k + 1]).to(q) for k in (0, 1))
    with torch.no_grad():
        fixed = y * 1.0
    return (torch.einsum("bac,ba,bc->b", q, left, right_) - fixed).pow(2).sum() / y.numel()


def _taken(q, actions):
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]]


@wrong("td_loss", "gradient flows through the target (no detach)")
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target) ** 2).mean()


@wrong("td_loss", "sums over the batch instead of averaging")
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target.detach()) ** 2).sum()


@wrong("td_loss", "a factor 1/2 in front")
def td_loss(q, actions, target):
    return 0.5 * ((_taken(q, actions) - target.detach()) ** 2).mean()


@wrong("td_loss", "detaches q's entries instead of the target: the gradient flows through the target only")
def td_loss(q, actions, target):
    return ((_taken(q, actions).detach() - target) ** 2).mean()


@wrong("td_loss", "detaches both: no gradient at all")
def td_loss(q, actions, target):
    return ((_taken(q, actions).detach() - target.detach()) ** 2).mean()


@wrong("td_loss", "moves all entries of q to the target, not only those of the actions taken")
def td_loss(q, actions, target):
    return ((q - target.detach()[:, None, None]) ** 2).mean()


@wrong("td_loss", "zero as target for actions not taken, mean over all entries")
def td_loss(q, actions, target):
    full = torch.zeros_like(q)
    full[torch.arange(len(q)), actions[:, 0], actions[:, 1]] = target.detach()
    return ((q - full) ** 2).mean()


@wrong("td_loss", "errors of the actions taken only, but divided by all entries of q (B A_1 A_2) instead of by B")
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target.detach()) ** 2).sum() / q.numel()


@wrong("td_loss", "q[:, a, c] pairs every transition with all actions of the batch (B x B)")
def td_loss(q, actions, target):
    return ((q[:, actions[:, 0], actions[:, 1]] - target.detach()) ** 2).mean()


@wrong("td_loss", "shape (B, 1) less (B,) broadcasts: every entry is compared with all targets of the batch")
def td_loss(q, actions, target):
    return ((_taken(q, actions)[:, None] - target.detach()) ** 2).mean()


@wrong("td_loss", "numbers joint actions as a * A_1 + c instead of a * A_2 + c")
def td_loss(q, actions, target):
    n = (actions[:, 0] * q.shape[1] + actions[:, 1]) % (q.shape[1] * q.shape[2])
    return ((q.flatten(1).gather(1, n[:, None]).squeeze(1) - target.detach()) ** 2).mean()


@wrong("td_loss", "row's and column's action swapped in the index")
def td_loss(q, actions, target):
    return ((q.transpose(1, 2)[torch.arange(len(q)), actions[:, 0] % q.shape[2], actions[:, 1] % q.shape[1]]
             - target.detach()) ** 2).mean()


@wrong("td_loss", "absolute instead of squared error")
def td_loss(q, actions, target):
    return (_taken(q, actions) - target.detach()).abs().mean()


@wrong("td_loss", "smooth L1 (Huber) instead of squared error")
def td_loss(q, actions, target):
    return F.smooth_l1_loss(_taken(q, actions), target.detach())


@wrong("td_loss", "takes the root of the mean square")
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target.detach()) ** 2).mean().sqrt()


@wrong("td_loss", "squares the mean error instead of averaging the squares")
def td_loss(q, actions, target):
    return (_taken(q, actions) - target.detach()).mean() ** 2


@wrong("td_loss", "uses q's largest entry of each transition instead of that of the actions taken")
def td_loss(q, actions, target):
    return ((q.flatten(1).amax(1) - target.detach()) ** 2).mean()


@wrong("td_loss", "sign swapped: the negative of the loss")
def td_loss(q, actions, target):
    return -((_taken(q, actions) - target.detach()) ** 2).mean()


@wrong("td_loss", "gradient flows through the target, and sums instead of averaging", mistakes=2)
def td_loss(q, actions, target):
    return ((_taken(q, actions) - target) ** 2).sum()


# ---------------------------------------------------------------- 5. td_step


@right("td_step", "clone, then one entry")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    y = r + gamma * slow[s2] @ policy[s2]
    new = q.clone()
    new[s, a] += rate * (y - q[s, a])
    return new


@right("td_step", "index_put, out of place (torch.where on a mask)")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, nxt = transition
    mask = torch.zeros_like(q, dtype=torch.bool)
    mask[s, a] = True
    return torch.where(mask, torch.lerp(q, torch.full_like(q, float(r + gamma * (slow[nxt] * policy[nxt]).sum())), rate), q)


@right("td_step", "lists")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    table = q.tolist()
    y = float(r) + gamma * sum(x * p for x, p in zip(slow[s2].tolist(), policy[s2].tolist()))
    table[s][a] = (1 - rate) * table[s][a] + rate * y
    return table


def _step(q, s, a, y, rate):
    new = q.clone()
    new[s, a] += rate * (y - q[s, a])
    return new


@wrong("td_step", "changes q in place")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    q[s, a] += rate * (r + gamma * slow[s2] @ policy[s2] - q[s, a])
    return q


@wrong("td_step", "new = q.detach() is no copy: q is changed as well")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    new = q.detach()
    new[s, a] += rate * (r + gamma * slow[s2] @ policy[s2] - new[s, a])
    return new


@wrong("td_step", "target from q instead of the slow copy")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(q, s, a, r + gamma * q[s2] @ policy[s2], rate)


@wrong("td_step", "policy of s instead of s' in the target")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(q, s, a, r + gamma * slow[s2] @ policy[s], rate)


@wrong("td_step", "value of s instead of s' in the target (slow and policy of s)")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(q, s, a, r + gamma * slow[s] @ policy[s], rate)


@wrong("td_step", "largest entry at s' (Q-learning) instead of the expectation by the policy")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(q, s, a, r + gamma * slow[s2].max(), rate)


@wrong("td_step", "averages slow at s' uniformly instead of by the policy")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(q, s, a, r + gamma * slow[s2].mean(), rate)


@wrong("td_step", "sets the entry to the target, no rate")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(q, s, a, r + gamma * slow[s2] @ policy[s2], 1.0)


@wrong("td_step", "adds rate times the target, the old entry is not subtracted")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    new = q.clone()
    new[s, a] += rate * (r + gamma * slow[s2] @ policy[s2])
    return new


@wrong("td_step", "rate and 1 - rate swapped: keeps `rate` of the old entry")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(q, s, a, r + gamma * slow[s2] @ policy[s2], 1 - rate)


@wrong("td_step", "moves away from the target: the difference has the wrong sign")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(q, s, a, r + gamma * slow[s2] @ policy[s2], -rate)


@wrong("td_step", "moves all joint actions of s, not only a")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    new = q.clone()
    new[s] += rate * (r + gamma * slow[s2] @ policy[s2] - q[s])
    return new


@wrong("td_step", "starts from the slow copy: returns a copy of slow with the entry moved, not of q")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(slow, s, a, r + gamma * slow[s2] @ policy[s2], rate)


@wrong("td_step", "changes the entry at s' instead of at s")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(q, s2, a, r + gamma * slow[s2] @ policy[s2], rate)


@wrong("td_step", "forgot gamma")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(q, s, a, r + slow[s2] @ policy[s2], rate)


@wrong("td_step", "returns the new entry only, not the table")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return q[s, a] + rate * (r + gamma * slow[s2] @ policy[s2] - q[s, a])


@wrong("td_step", "right table, but the slow copy's entry is moved too (in place)")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    new = _step(q, s, a, r + gamma * slow[s2] @ policy[s2], rate)
    slow.copy_(new)
    return new


@wrong("td_step", "scales the step with the policy's probability of a at s")
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    return _step(q, s, a, r + gamma * slow[s2] @ policy[s2], rate * policy[s, a])


@wrong("td_step", "target from q instead of the slow copy, and changes q in place", mistakes=2)
def td_step(q, slow, transition, policy, gamma, rate):
    s, a, r, s2 = transition
    q[s, a] += rate * (r + gamma * q[s2] @ policy[s2] - q[s, a])
    return q


# ---------------------------------------------------------------- 6. never_taken

_q = torch.tensor([[1.0, 1.0, 20.0], [2.0, 2.0, 2.0]])
_row, _col = torch.tensor([0.5, 0.5]), torch.tensor([0.4, 0.35, 0.25])
_taken_ = torch.tensor([[1, 1, 0], [1, 1, 1]])
right("never_taken", "first action's best outcome is missing; column plays that move with exactly 0.25", (_q, _row, _col, _taken_))
right("never_taken", "the second action's bad outcome is missing; lists",
      ([[1.0, 1.0, 1.0], [2.0, -20.0, 2.0]], [0.3, 0.7], [0.5, 0.2, 0.3], [[1, 1, 1], [1, 0, 1]]))
right("never_taken", "numpy and booleans, missing at the first move",
      (np.array([[30.0, -1.0, 0.0], [1.0, 0.0, 1.0]]), np.array([0.1, 0.9]), np.array([0.1, 0.6, 0.3]),
       np.array([[False, True, True], [True, True, True]])))
wrong("never_taken", "two joint actions were not taken", (_q, _row, _col, torch.tensor([[1, 1, 0], [1, 1, 0]])))
wrong("never_taken", "taken inverted: 1 at the one that was not taken", (_q, _row, _col, 1 - _taken_))
wrong("never_taken", "all joint actions were taken", (_q, _row, _col, torch.ones(2, 3, dtype=torch.long)))
wrong("never_taken", "column plays the missing move with 0.4 (more than 0.25)",
      (_q, _row, torch.tensor([0.3, 0.3, 0.4]), _taken_))
wrong("never_taken", "the missing entry is too small: the true regret of the first action is negative as well",
      (torch.tensor([[1.0, 1.0, 3.0], [2.0, 2.0, 2.0]]), _row, _col, _taken_))
wrong("never_taken", "the first action's regret stays positive with 0 in place of the missing entry",
      (torch.tensor([[4.0, 4.0, 20.0], [2.0, 2.0, 2.0]]), _row, _col, _taken_))
wrong("never_taken", "the regret with 0 is exactly zero, not negative",
      (torch.tensor([[2.0, 2.0, 20.0], [1.5, 1.5, 1.5]]), _row, torch.tensor([0.5, 0.25, 0.25]), _taken_))
wrong("never_taken", "the true regret is exactly zero, not positive",
      (torch.tensor([[1.0, 1.0, 5.0], [2.0, 2.0, 2.0]]), _row, torch.tensor([0.5, 0.25, 0.25]), _taken_))
wrong("never_taken", "row is pure (plays the second action with certainty)", (_q, torch.tensor([0.0, 1.0]), _col, _taken_))
wrong("never_taken", "done for the second action: its regret is positive, and negative with 0 (rows swapped)",
      (_q[[1, 0]], _row, _col, _taken_[[1, 0]]))
wrong("never_taken", "signs the other way: the first action's true regret is negative, with 0 it is positive",
      (torch.tensor([[3.0, 3.0, -20.0], [2.0, 2.0, 2.0]]), _row, _col, _taken_))
wrong("never_taken", "wrote 0 for the missing entry into the payoffs already: no true q",
      (_q * _taken_, _row, _col, _taken_))
wrong("never_taken", "payoffs and taken are transposed, 3 x 2", (_q.T, _row, _col, _taken_.T))
wrong("never_taken", "two joint actions were not taken, and row is pure",
      (_q, torch.tensor([0.0, 1.0]), _col, torch.tensor([[1, 1, 0], [1, 1, 0]])), mistakes=2)
