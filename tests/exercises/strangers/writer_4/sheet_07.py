import functools
import math

import numpy as np
import torch
import torch.nn.functional as F

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1 update_by_hand
# slow copy: go 0.75 * 3 + 0.25 * 11 = 5, stay 1; V = 0.25 * 5 + 0.75 * 1 = 2; target 4 + 0.5 * 2 = 5
# Q 10 -> 7.5; slow copy 3 + 0.25 (7.5 - 3) = 4.125
# regret of go, old Q: go 10.5, stay 7, mean 7.875; 2.625
right("update_by_hand", "list of numbers", [7.5, 4.125, 2.625])
right("update_by_hand", "tensor", torch.tensor([7.5, 4.125, 2.625]))
right("update_by_hand", "tuple of fractions, written out",
      (10 + 0.5 * (4 + 0.5 * (0.25 * 5 + 0.75 * 1) - 10), 3 + 0.25 * (7.5 - 3), 10.5 - (0.25 * 10.5 + 0.75 * 7)))
right("update_by_hand", "numpy array", np.array([15 / 2, 33 / 8, 21 / 8]))
wrong("update_by_hand", "target from Q itself instead of the slow copy (7.9375)", [8.96875, 3 + 0.25 * 5.96875, 2.625])
wrong("update_by_hand", "regret taken from Q after the critic's step", [7.5, 4.125, 8.625 - (0.25 * 8.625 + 0.75 * 7)])
wrong("update_by_hand", "target takes the best own action in the next state (5) instead of the mean over the hunter's policy (2)", [8.25, 4.3125, 2.625])
wrong("update_by_hand", "forgets gamma: target 4 + 2", [8.0, 4.25, 2.625])
wrong("update_by_hand", "forgets the next state altogether: target 4", [7.0, 4.0, 2.625])
wrong("update_by_hand", "Q goes all the way to the target instead of half of it", [5.0, 3.5, 2.625])
wrong("update_by_hand", "slow copy goes towards the target (5) instead of the new Q", [7.5, 3.5, 2.625])
wrong("update_by_hand", "slow copy goes towards the old Q (10)", [7.5, 4.75, 2.625])
wrong("update_by_hand", "tau and 1 - tau exchanged: 0.25 * 3 + 0.75 * 7.5", [7.5, 6.375, 2.625])
wrong("update_by_hand", "slow copy moves by tau times the new Q, 3 + 0.25 * 7.5, without taking itself off", [7.5, 4.875, 2.625])
wrong("update_by_hand", "regret with the wrong sign: mean minus Q(go)", [7.5, 4.125, -2.625])
wrong("update_by_hand", "regret from the slow copy: 5 - 2", [7.5, 4.125, 3.0])
wrong("update_by_hand", "regret against the uniform policy instead of the hunter's: 10.5 - 8.75", [7.5, 4.125, 1.75])
wrong("update_by_hand", "regret with the move the prey made, left, instead of the mean over delta: 10 - 9.25", [7.5, 4.125, 0.75])
wrong("update_by_hand", "next value with the move the prey made, left, instead of the mean over delta: V = 0.75, target 4.375",
      [7.1875, 3 + 0.25 * 4.1875, 2.625])
wrong("update_by_hand", "regret as distance to the best action: max Q - Q(go) = 0", [7.5, 4.125, 0.0])
wrong("update_by_hand", "regret of stay instead of go: 7 - 7.875", [7.5, 4.125, -0.875])
wrong("update_by_hand", "enters Q(go) averaged over delta instead of the regret", [7.5, 4.125, 10.5])
wrong("update_by_hand", "regret is the difference to the other action: 10.5 - 7", [7.5, 4.125, 3.5])
wrong("update_by_hand", "Q and its slow copy entered in each other's place", [4.125, 7.5, 2.625])
wrong("update_by_hand", "the slow copy is left as it was", [7.5, 3.0, 2.625])
wrong("update_by_hand", "next value with the hunter's probabilities exchanged (go 0.75): V = 4, target 6", [8.0, 4.25, 2.625])
wrong("update_by_hand", "two things: forgets gamma, and the regret is taken after the critic's step (Q = 8)",
      [8.0, 4.25, 9.0 - (0.25 * 9.0 + 0.75 * 7)], mistakes=2)
wrong("update_by_hand", "two things: the best own action in the target, and the regret with the wrong sign", [8.25, 4.3125, -2.625], mistakes=2)


# ---------------------------------------------------------------- 2 slow_copy
@right("slow_copy", "loop")
def _(slow, fast, rate):
    for t in fast:
        slow = slow + rate * (t - slow)
    return slow


@right("slow_copy", "closed form: weights rate (1 - rate)^(T - 1 - t)")
def _(slow, fast, rate):
    T = len(fast)
    w = rate * (1 - rate) ** torch.arange(T - 1, -1, -1.0)
    return (1 - rate) ** T * slow + w @ fast.to(w.dtype)


@right("slow_copy", "functools.reduce with torch.lerp")
def _(slow, fast, rate):
    return functools.reduce(lambda s, f: torch.lerp(s, f, rate), fast, slow)


@right("slow_copy", "plain Python, returns a list of numbers")
def _(slow, fast, rate):
    out = []
    for p in range(len(slow)):
        v = float(slow[p])
        for t in range(len(fast)):
            v = (1 - rate) * v + rate * float(fast[t, p])
        out.append(v)
    return out


@right("slow_copy", "in place on a copy, mul_ and add_")
def _(slow, fast, rate):
    s = slow.clone()
    for f in fast:
        s.mul_(1 - rate).add_(f, alpha=rate)
    return s


@right("slow_copy", "numpy, returns a numpy array")
def _(slow, fast, rate):
    s = slow.numpy().astype(float)
    for f in fast.numpy():
        s = s * (1 - rate) + f * rate
    return s


@wrong("slow_copy", "tau and 1 - tau exchanged; right for 0.5")
def _(slow, fast, rate):
    for t in fast:
        slow = rate * slow + (1 - rate) * t
    return slow


@wrong("slow_copy", "uses the last parameters only, one step from the start; right for one update")
def _(slow, fast, rate):
    return slow + rate * (fast[-1] - slow)


@wrong("slow_copy", "stops after the first update (return within the loop); right for one update")
def _(slow, fast, rate):
    for t in fast:
        return slow + rate * (t - slow)


@wrong("slow_copy", "wrong sign: moves away from the new parameters")
def _(slow, fast, rate):
    for t in fast:
        slow = slow - rate * (t - slow)
    return slow


@wrong("slow_copy", "steps are all measured from the first place: slow + rate * sum (theta_t - slow); right for one update")
def _(slow, fast, rate):
    return slow + rate * (fast - slow).sum(0)


@wrong("slow_copy", "one step towards the mean of all new parameters; right for one update")
def _(slow, fast, rate):
    return slow + rate * (fast.mean(0) - slow)


@wrong("slow_copy", "goes through the updates from the last to the first; right for one update")
def _(slow, fast, rate):
    for t in fast.flip(0):
        slow = slow + rate * (t - slow)
    return slow


@wrong("slow_copy", "skips the first update, range(1, T)")
def _(slow, fast, rate):
    for t in range(1, len(fast)):
        slow = slow + rate * (fast[t] - slow)
    return slow


@wrong("slow_copy", "skips the last update, range(T - 1)")
def _(slow, fast, rate):
    for t in range(len(fast) - 1):
        slow = slow + rate * (fast[t] - slow)
    return slow


@wrong("slow_copy", "starts from the first new parameters instead of from slow")
def _(slow, fast, rate):
    slow = fast[0]
    for t in fast[1:]:
        slow = slow + rate * (t - slow)
    return slow


@wrong("slow_copy", "starts from zero instead of from slow")
def _(slow, fast, rate):
    slow = torch.zeros_like(slow)
    for t in fast:
        slow = slow + rate * (t - slow)
    return slow


@wrong("slow_copy", "forgets to take the old place off: slow + rate * theta_t")
def _(slow, fast, rate):
    for t in fast:
        slow = slow + rate * t
    return slow


@wrong("slow_copy", "forgets that the old place fades: slow + sum rate * (1 - rate)^... theta_t, without (1 - rate)^T at slow")
def _(slow, fast, rate):
    T = len(fast)
    w = rate * (1 - rate) ** torch.arange(T - 1, -1, -1.0)
    return slow + w @ fast


@wrong("slow_copy", "closed form with exponents one too large: rate (1 - rate)^(T - t)")
def _(slow, fast, rate):
    T = len(fast)
    w = rate * (1 - rate) ** torch.arange(T, 0, -1.0)
    return (1 - rate) ** T * slow + w @ fast


@wrong("slow_copy", "closed form with the exponents the wrong way round: the oldest counts most")
def _(slow, fast, rate):
    T = len(fast)
    w = rate * (1 - rate) ** torch.arange(T)
    return (1 - rate) ** T * slow + w @ fast


@wrong("slow_copy", "rate shrinks as 1 / t (rate / (t + 1)); right for one update")
def _(slow, fast, rate):
    for t, f in enumerate(fast):
        slow = slow + rate / (t + 1) * (f - slow)
    return slow


@wrong("slow_copy", "divides at the end by 1 - (1 - rate)^T, a bias correction as in Adam")
def _(slow, fast, rate):
    for t in fast:
        slow = slow + rate * (t - slow)
    return slow / (1 - (1 - rate) ** len(fast))


@wrong("slow_copy", "returns where the copy was after each update (T, P) instead of the end")
def _(slow, fast, rate):
    out = []
    for t in fast:
        slow = slow + rate * (t - slow)
        out.append(slow)
    return torch.stack(out)


@wrong("slow_copy", "returns the last parameters themselves, a hard copy (rate forgotten)")
def _(slow, fast, rate):
    return fast[-1]


@wrong("slow_copy", "loops over the parameters instead of over the updates (fast.T); fails unless P = T")
def _(slow, fast, rate):
    for t in fast.T:
        slow = slow + rate * (t - slow)
    return slow


@wrong("slow_copy", "rate fixed at the example's 0.25")
def _(slow, fast, rate):
    for t in fast:
        slow = slow + 0.25 * (t - slow)
    return slow


@wrong("slow_copy", "each step goes from the last new parameters instead of from the copy: theta_(t-1) + rate (theta_t - theta_(t-1)); right for one update")
def _(slow, fast, rate):
    before = slow
    for t in fast:
        slow = before + rate * (t - before)
        before = t
    return slow


@wrong("slow_copy", "computes in half precision, so only about three digits are right")
def _(slow, fast, rate):
    s = slow.half()
    for f in fast.half():
        s = (s + rate * (f - s)).half()
    return s


@wrong("slow_copy", "two things: tau and 1 - tau exchanged, and the first update skipped", mistakes=2)
def _(slow, fast, rate):
    for t in fast[1:]:
        slow = rate * slow + (1 - rate) * t
    return slow


@wrong("slow_copy", "two things: wrong sign, and all steps measured from the first place", mistakes=2)
def _(slow, fast, rate):
    return slow - rate * (fast - slow).sum(0)


# ---------------------------------------------------------------- 3 support_and_query
@right("support_and_query", "four loops over groups, parts, episodes, steps; returns nested lists")
def _(moves, alive, groups, order, n, m, n_moves):
    out = []
    for g in groups.tolist():
        pair = []
        for part in (order[:n].tolist(), order[n : n + m].tolist()):
            count = [0] * n_moves
            for e in part:
                for t in range(moves.shape[2]):
                    if alive[g, e, t]:
                        count[int(moves[g, e, t])] += 1
            pair.append(count)
        out.append(pair)
    return out


@right("support_and_query", "one_hot times alive, summed over steps, then sliced")
def _(moves, alive, groups, order, n, m, n_moves):
    hot = F.one_hot(moves, n_moves) * alive.unsqueeze(-1)
    per_episode = hot.sum(2)[groups][:, order]
    return torch.stack([per_episode[:, :n].sum(1), per_episode[:, n : n + m].sum(1)], 1)


@right("support_and_query", "bincount with minlength of the masked moves")
def _(moves, alive, groups, order, n, m, n_moves):
    def count(g, which):
        return torch.bincount(moves[g, which][alive[g, which]], minlength=n_moves)

    return torch.stack([torch.stack([count(g, order[:n]), count(g, order[n : n + m])]) for g in groups])


@right("support_and_query", "padding gets an extra bin, scatter_add, the bin is cut off")
def _(moves, alive, groups, order, n, m, n_moves):
    b = torch.where(alive, moves, n_moves)[groups][:, order[: n + m]]
    out = []
    for part in (b[:, :n], b[:, n:]):
        flat = part.reshape(len(groups), -1)
        z = torch.zeros(len(groups), n_moves + 1)
        out.append(z.scatter_add_(1, flat, torch.ones(flat.shape))[:, :-1])
    return torch.stack(out, 1)


@right("support_and_query", "numpy with weights of episodes and einsum, returns a numpy array")
def _(moves, alive, groups, order, n, m, n_moves):
    mv, al, g, o = moves.numpy(), alive.numpy(), groups.numpy(), order.numpy()
    w = np.zeros((2, mv.shape[1]))
    w[0, o[:n]] = 1
    w[1, o[n : n + m]] = 1
    hot = (mv[..., None] == np.arange(n_moves)) & al[..., None]
    return np.einsum("ie,keta->kia", w, hot[g].astype(float))


def counted(moves, alive, groups, first, second, n_moves):
    hot = F.one_hot(moves, n_moves) * alive.unsqueeze(-1)
    e = hot.sum(2)[groups]
    return torch.stack([e[:, first].sum(1), e[:, second].sum(1)], 1)


@wrong("support_and_query", "ignores alive: counts padding as well; right when no episode ends early")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, torch.ones_like(alive), groups, order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "counts the padding instead of the played steps (alive the wrong way round)")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, ~alive, groups, order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "multiplies the moves by alive, so that padding counts as move 0")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves * alive, torch.ones_like(alive), groups, order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "ignores the order: the first n episodes as they are kept")
def _(moves, alive, groups, order, n, m, n_moves):
    e = torch.arange(len(order))
    return counted(moves, alive, groups, e[:n], e[n : n + m], n_moves)


@wrong("support_and_query", "reads the order the other way: order[e] as the place of episode e (its inverse); right where it is its own inverse")
def _(moves, alive, groups, order, n, m, n_moves):
    o = order.argsort()
    return counted(moves, alive, groups, o[:n], o[n : n + m], n_moves)


@wrong("support_and_query", "query are the first m episodes of the order, so support and query overlap; right for n = 0")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups, order[:n], order[:m], n_moves)


@wrong("support_and_query", "query is order[n:m], the end taken for the number")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups, order[:n], order[n:m], n_moves)


@wrong("support_and_query", "query takes all the rest, not only m; right when n + m = E")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups, order[:n], order[n:], n_moves)


@wrong("support_and_query", "query are the last m episodes of the order; right when n + m = E")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups, order[:n], order[len(order) - m :], n_moves)


@wrong("support_and_query", "query contains the support too, order[:n + m]; right for n = 0")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups, order[:n], order[: n + m], n_moves)


@wrong("support_and_query", "query begins one too late, order[n + 1 : n + 1 + m]")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups, order[:n], order[n + 1 : n + 1 + m], n_moves)


@wrong("support_and_query", "support has one episode too many, order[:n + 1]")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups, order[: n + 1], order[n : n + m], n_moves)


@wrong("support_and_query", "support has one episode at least, also for n = 0; else right")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups, order[: max(n, 1)], order[n : n + m], n_moves)


@wrong("support_and_query", "slice order[:n or None], so that for n = 0 all episodes are support; else right")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups, order[: n or None], order[n : n + m], n_moves)


@wrong("support_and_query", "query first, then support")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups, order[n : n + m], order[:n], n_moves)


@wrong("support_and_query", "shape (2, K, n_moves): the parts on the first axis")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups, order[:n], order[n : n + m], n_moves).transpose(0, 1)


@wrong("support_and_query", "uses the groups 0 to K - 1 instead of the drawn ones")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, torch.arange(len(groups)) % len(moves), order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "counts all groups kept in D, not the drawn ones (G instead of K)")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, torch.arange(len(moves)), order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "a group drawn twice appears once only, and groups are sorted (unique)")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, groups.unique(), order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "each drawn group once only: a mask over the groups instead of an index")
def _(moves, alive, groups, order, n, m, n_moves):
    mask = torch.zeros(len(moves), dtype=torch.bool)
    mask[groups] = True
    return counted(moves[mask], alive[mask], torch.arange(int(mask.sum())), order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "frequencies instead of numbers (divided by the number of moves in each part)")
def _(moves, alive, groups, order, n, m, n_moves):
    c = counted(moves, alive, groups, order[:n], order[n : n + m], n_moves).double()
    return c / c.sum(-1, keepdim=True).clamp(min=1)


@wrong("support_and_query", "counts each move once in an episode at most (in how many episodes it was made)")
def _(moves, alive, groups, order, n, m, n_moves):
    hot = (F.one_hot(moves, n_moves) * alive.unsqueeze(-1)).amax(2)[groups]
    return torch.stack([hot[:, order[:n]].sum(1), hot[:, order[n : n + m]].sum(1)], 1)


@wrong("support_and_query", "index assignment without accumulating: each made move counts 1, however often it was made")
def _(moves, alive, groups, order, n, m, n_moves):
    out = torch.zeros(len(groups), 2, n_moves)
    for k, g in enumerate(groups):
        for i, part in enumerate((order[:n], order[n : n + m])):
            out[k, i, moves[g, part][alive[g, part]]] += 1
    return out


@wrong("support_and_query", "adds up over the drawn groups: the same totals for each of them; right for one group")
def _(moves, alive, groups, order, n, m, n_moves):
    c = counted(moves, alive, groups, order[:n], order[n : n + m], n_moves)
    return c.sum(0, keepdim=True).expand_as(c)


@wrong("support_and_query", "counts first steps of the episodes only")
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves[:, :, :1], alive[:, :, :1], groups, order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "n and m count steps instead of episodes: the first n played steps of the order, then m")
def _(moves, alive, groups, order, n, m, n_moves):
    out = torch.zeros(len(groups), 2, n_moves)
    for k, g in enumerate(groups):
        seq = moves[g, order][alive[g, order]]
        out[k, 0] = torch.bincount(seq[:n], minlength=n_moves)
        out[k, 1] = torch.bincount(seq[n : n + m], minlength=n_moves)
    return out


@wrong("support_and_query", "leaves out an episode that ended early altogether")
def _(moves, alive, groups, order, n, m, n_moves):
    whole = alive & alive.all(2, keepdim=True)
    return counted(moves, whole, groups, order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "takes alive to mean 'goes on afterwards': drops the last played step of an episode that ended early")
def _(moves, alive, groups, order, n, m, n_moves):
    goes_on = alive.clone()
    goes_on[:, :, :-1] &= alive[:, :, 1:]
    return counted(moves, goes_on, groups, order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "two things: ignores alive, and ignores the order", mistakes=2)
def _(moves, alive, groups, order, n, m, n_moves):
    e = torch.arange(len(order))
    return counted(moves, torch.ones_like(alive), groups, e[:n], e[n : n + m], n_moves)


@wrong("support_and_query", "two things: query takes all the rest, and the groups are 0 to K - 1", mistakes=2)
def _(moves, alive, groups, order, n, m, n_moves):
    return counted(moves, alive, torch.arange(len(groups)) % len(moves), order[:n], order[n:], n_moves)


# ---------------------------------------------------------------- 4 total_loss
def pick(table, index):
    return table.gather(1, index.unsqueeze(1)).squeeze(1)


@right("total_loss", "as the table says, with detach at delta, at the actor's features and at the regret")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    phi = x @ extractor
    log_delta = F.log_softmax(phi @ imitator, 1)
    q = torch.cat([phi, log_delta.exp().detach()], 1) @ critic
    pi = F.softmax(phi.detach() @ actor, 1)
    regret = (q - (pi * q).sum(1, keepdim=True)).detach()
    return (-pick(log_delta, moves).mean() + ((pick(q, taken) - target) ** 2).mean() - (pi * regret).sum(1).mean())


@right("total_loss", "torch.no_grad for delta and regret, F.cross_entropy and F.mse_loss")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    phi = x @ extractor
    logits = phi @ imitator
    with torch.no_grad():
        delta = logits.softmax(-1)
    q = torch.hstack([phi, delta]) @ critic
    pi = (phi.detach() @ actor).softmax(-1)
    with torch.no_grad():
        regret = q - torch.einsum("ba,ba->b", pi, q)[:, None]
    return (F.cross_entropy(logits, moves) + F.mse_loss(q[torch.arange(len(q)), taken], target.to(q.dtype))
            - torch.einsum("ba,ba->b", pi, regret).mean())


@right("total_loss", "loop over the batch, one transition at a time")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    total = 0.0
    for b in range(len(x)):
        phi = x[b] @ extractor
        log_delta = (phi @ imitator).log_softmax(0)
        q = torch.cat((phi, log_delta.detach().exp())) @ critic
        pi = (phi.detach() @ actor).softmax(0)
        fixed = q.detach()
        regret = fixed - (pi.detach() * fixed).sum()
        total = total - log_delta[moves[b]] + (q[taken[b]] - target[b]) ** 2 - (pi * regret).sum()
    return total / len(x)


@right("total_loss", "stops the actor's gradients by detaching the other weights, a second forward pass instead of detached features")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    phi = x @ extractor
    log_delta = (phi @ imitator).log_softmax(1)
    q = phi @ critic[: phi.shape[1]] + log_delta.exp().detach() @ critic[phi.shape[1] :]
    e, i, c = extractor.detach(), imitator.detach(), critic.detach()
    f = x @ e
    fixed_q = torch.cat([f, (f @ i).softmax(1)], 1) @ c
    pi = (f @ actor).softmax(1)
    regret = fixed_q - (pi.detach() * fixed_q).sum(1, keepdim=True)
    hot = F.one_hot(moves, log_delta.shape[1])
    chosen = F.one_hot(taken, q.shape[1])
    per = -(log_delta * hot).sum(1) + ((q * chosen).sum(1) - target).square() - (pi * regret).sum(1)
    return per.mean()


def pieces(extractor, imitator, critic, actor, x, *, delta_stop=True, phi_actor_stop=True, phi_critic_stop=False,
           phi_imitator_stop=False, q_stop=True, regret_stop=True, log_input=False, swap=False, base=True):
    phi = x @ extractor
    f = phi.detach()
    log_delta = ((f if phi_imitator_stop else phi) @ imitator).log_softmax(1)
    d = log_delta if log_input else log_delta.exp()
    d = d.detach() if delta_stop else d
    p = f if phi_critic_stop else phi
    q = torch.cat([d, p] if swap else [p, d], 1) @ critic
    log_pi = ((f if phi_actor_stop else phi) @ actor).log_softmax(1)
    qq = q.detach() if q_stop else q
    pi = log_pi.exp()
    regret = qq - ((pi.detach() if regret_stop else pi) * qq).sum(1, keepdim=True)
    return log_delta, q, log_pi, pi, regret


def assembled(log_delta, q, pi, regret, moves, taken, target, im=1.0, cr=1.0, ac=1.0):
    return (im * -pick(log_delta, moves).mean() + cr * (pick(q, taken) - target).square().mean()
            + ac * -(pi * regret).sum(1).mean())


@wrong("total_loss", "delta is not detached in the critic's input, so the imitator (and the extractor through it) learns from the critic's loss")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, delta_stop=False)
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "the actor's features are not detached, so the extractor learns from the actor too")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, phi_actor_stop=False)
    return assembled(ld, q, pi, r, moves, taken, target)


@right("total_loss", "pi is detached in the regret's mean, Q is not detached: the critic's gradient from the actor's loss, pi - pi, cancels")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, q_stop=False)
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "no mean is taken off and Q is not detached: the actor's loss is -sum pi Q, so critic and extractor learn from it")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, pi, q, moves, taken, target)


@wrong("total_loss", "only the regret's mean sum pi Q is detached, the Q(a) before it is not, so critic and extractor learn from the actor's loss")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    r = q - (pi * q).sum(1, keepdim=True).detach()
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "nothing is detached in the regret: sum pi A is 0 for any pi and Q, so the actor's gradient is 0")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, q_stop=False, regret_stop=False)
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "Q is detached in the regret, but not pi: sum pi A is 0 whatever pi, so the actor's gradient is 0")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, regret_stop=False)
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "the features are detached in the critic's input, so the extractor learns from imitation alone")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, phi_critic_stop=True)
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "the features are detached for the imitator, so the extractor learns from the critic alone")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, phi_imitator_stop=True)
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "the features are detached everywhere, so the extractor learns nothing")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor.detach(), imitator, critic, actor, x)
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "the whole Q is detached, in the critic's loss too, so the critic learns nothing")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q.detach(), pi, r, moves, taken, target)


@wrong("total_loss", "the actor's whole loss is detached (pi too), so the actor learns nothing")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, pi.detach(), r, moves, taken, target)


@wrong("total_loss", "two things: delta in the critic's input and the actor's features are both not detached (only the regret is)", mistakes=2)
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, delta_stop=False, phi_actor_stop=False)
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "sums over the batch instead of means; right for one transition")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, pi, r, moves, taken, target) * len(x)


@wrong("total_loss", "the actor's loss is summed over the batch, the other two are means; right for one transition")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, pi, r, moves, taken, target, ac=float(len(x)))


@wrong("total_loss", "the actor's loss is a mean over actions too, so a factor 1/A too small")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, pi, r, moves, taken, target, ac=1 / q.shape[1])


@wrong("total_loss", "wrong sign of the actor's loss: + sum pi A")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, pi, r, moves, taken, target, ac=-1.0)


@wrong("total_loss", "wrong sign of the imitation: + log delta")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, pi, r, moves, taken, target, im=-1.0)


@wrong("total_loss", "half the squared error in the critic's loss")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, pi, r, moves, taken, target, cr=0.5)


@wrong("total_loss", "the critic's error is not squared")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return -pick(ld, moves).mean() + (pick(q, taken) - target).mean() - (pi * r).sum(1).mean()


@wrong("total_loss", "absolute error instead of the squared one in the critic's loss")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return -pick(ld, moves).mean() + (pick(q, taken) - target).abs().mean() - (pi * r).sum(1).mean()


@wrong("total_loss", "squares the mean error instead of taking the mean of squared errors; right for one transition")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return -pick(ld, moves).mean() + (pick(q, taken) - target).mean() ** 2 - (pi * r).sum(1).mean()


@wrong("total_loss", "Q of the taken action stays (B, 1), minus target (B,) makes (B, B): every Q is compared with every target; right for one transition")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    err = q.gather(1, taken[:, None]) - target
    return -pick(ld, moves).mean() + err.square().mean() - (pi * r).sum(1).mean()


@wrong("total_loss", "the critic gets log delta as its input instead of delta")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, log_input=True)
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "the critic's input is [delta, phi] instead of [phi, delta]")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, swap=True)
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "critic's loss over all own actions, as if each had been taken, instead of the taken one")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return -pick(ld, moves).mean() + (q - target[:, None]).square().mean() - (pi * r).sum(1).mean()


@wrong("total_loss", "log pi instead of pi in the actor's loss: -sum log pi A")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, lp, r, moves, taken, target)


@wrong("total_loss", "the actor's loss from the taken action alone: -log pi(taken) A(taken), instead of the sum over actions")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return (-pick(ld, moves).mean() + (pick(q, taken) - target).square().mean() - (pick(lp, taken) * pick(r, taken)).mean())


@wrong("total_loss", "imitation with -delta instead of -log delta")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return -pick(ld.exp(), moves).mean() + (pick(q, taken) - target).square().mean() - (pi * r).sum(1).mean()


@wrong("total_loss", "imitation loss of our own action `taken` instead of the prey's moves")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, pi, r, taken.clamp(max=ld.shape[1] - 1), taken, target)


@wrong("total_loss", "critic's loss looks up Q of the prey's move instead of the action taken")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, pi, r, moves, moves.clamp(max=q.shape[1] - 1), target)


@wrong("total_loss", "softmax over the batch instead of over the moves in the imitator (axis 0)")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    phi = x @ extractor
    ld = (phi @ imitator).log_softmax(0)
    q = torch.cat([phi, ld.exp().detach()], 1) @ critic
    pi = (phi.detach() @ actor).softmax(1)
    r = (q - (pi * q).sum(1, keepdim=True)).detach()
    return assembled(ld, q, pi, r, moves, taken, target)


@wrong("total_loss", "two things: pi is left out before A (loss -sum A(a)), and pi within A is not detached", mistakes=2)
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, regret_stop=False)
    return -pick(ld, moves).mean() + (pick(q, taken) - target).square().mean() - r.sum(1).mean()


@wrong("total_loss", "the actor's loss is left out of the sum")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return -pick(ld, moves).mean() + (pick(q, taken) - target).square().mean()


@wrong("total_loss", "only positive regrets count in the actor's loss (clamped at 0, as in regret matching)")
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x)
    return assembled(ld, q, pi, r.clamp(min=0), moves, taken, target)


@wrong("total_loss", "two things: delta is not detached, and the actor's sign is wrong", mistakes=2)
def _(extractor, imitator, critic, actor, x, moves, taken, target):
    ld, q, lp, pi, r = pieces(extractor, imitator, critic, actor, x, delta_stop=False)
    return assembled(ld, q, pi, r, moves, taken, target, ac=-1.0)


# ---------------------------------------------------------------- 5 interquartile_mean
@right("interquartile_mean", "flatten, sort, slice, mean")
def _(scores):
    s = scores.flatten().sort().values
    k = len(s) // 4
    return s[k : len(s) - k].mean()


@right("interquartile_mean", "plain Python with sorted, returns a float")
def _(scores):
    s = sorted(float(v) for row in scores for v in row)
    k = int(len(s) / 4)
    s = s[k : len(s) - k]
    return sum(s) / len(s)


@right("interquartile_mean", "scipy.stats.trim_mean of the heap with 0.25")
def _(scores):
    from scipy.stats import trim_mean

    return trim_mean(scores.numpy().ravel(), 0.25)


@right("interquartile_mean", "topk: total minus the k largest and the k smallest")
def _(scores):
    s = scores.reshape(-1)
    k = s.numel() // 4
    return (s.sum() - s.topk(k).values.sum() - s.topk(k, largest=False).values.sum()) / (s.numel() - 2 * k)


@right("interquartile_mean", "removes the largest and the smallest in turn, k times")
def _(scores):
    s = list(scores.flatten().tolist())
    for _ in range(len(s) // 4):
        s.remove(max(s))
        s.remove(min(s))
    return torch.tensor(s).mean()


@wrong("interquartile_mean", "plain mean of all scores")
def _(scores):
    return scores.mean()


@wrong("interquartile_mean", "median of the heap")
def _(scores):
    return scores.flatten().quantile(0.5)


@wrong("interquartile_mean", "forgets to sort: drops the first and last quarter as they stand")
def _(scores):
    s = scores.flatten()
    k = len(s) // 4
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "sorts each task's scores only (sort along the last axis), then flattens and cuts")
def _(scores):
    s = scores.sort().values.flatten()
    k = len(s) // 4
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "interquartile mean of each task, then the mean over tasks, instead of one heap; right for one task")
def _(scores):
    s = scores.sort(1).values
    k = s.shape[1] // 4
    return s[:, k : s.shape[1] - k].mean()


@wrong("interquartile_mean", "mean over seeds first, then the interquartile mean of the tasks' means")
def _(scores):
    s = scores.mean(1).sort().values
    k = len(s) // 4
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "drops n / 4 rounded up; right where n is a multiple of 4")
def _(scores):
    s = scores.flatten().sort().values
    k = -(-len(s) // 4)
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "drops n / 4 rounded to the nearest; right where that is rounding down")
def _(scores):
    s = scores.flatten().sort().values
    k = int(len(s) / 4 + 0.5)
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "slice s[k:-k], which is empty for k = 0 (fewer than four scores); else right")
def _(scores):
    s = scores.flatten().sort().values
    k = len(s) // 4
    return s[k:-k].mean()


@wrong("interquartile_mean", "one too few is dropped at the upper end, s[k : n - k + 1]")
def _(scores):
    s = scores.flatten().sort().values
    k = len(s) // 4
    return s[k : len(s) - k + 1].mean()


@wrong("interquartile_mean", "drops a quarter at the lower end only")
def _(scores):
    s = scores.flatten().sort().values
    return s[len(s) // 4 :].mean()


@wrong("interquartile_mean", "drops a quarter at the upper end only")
def _(scores):
    s = scores.flatten().sort().values
    return s[: len(s) - len(s) // 4].mean()


@wrong("interquartile_mean", "drops a quarter altogether, an eighth at each end, instead of a quarter at each end")
def _(scores):
    s = scores.flatten().sort().values
    k = len(s) // 8
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "a quarter of the number of seeds instead of the number of all scores; right for one task")
def _(scores):
    s = scores.flatten().sort().values
    k = scores.shape[1] // 4
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "a quarter of the number of tasks instead of the number of all scores")
def _(scores):
    s = scores.flatten().sort().values
    k = scores.shape[0] // 4
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "mean of the scores between the quartiles by torch.quantile (interpolated, ends included); ties at the ends count or drop out as one")
def _(scores):
    s = scores.flatten()
    return s[(s >= s.quantile(0.25)) & (s <= s.quantile(0.75))].mean()


@wrong("interquartile_mean", "middle of the two quartiles, (q25 + q75) / 2")
def _(scores):
    s = scores.flatten()
    return (s.quantile(0.25) + s.quantile(0.75)) / 2


@wrong("interquartile_mean", "the interquartile range q75 - q25 instead of the mean")
def _(scores):
    s = scores.flatten()
    return s.quantile(0.75) - s.quantile(0.25)


@wrong("interquartile_mean", "equal scores are put together (unique) before cutting; right without ties")
def _(scores):
    s = scores.unique()
    k = len(s) // 4
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "sorts by absolute value; right when no score is negative")
def _(scores):
    s = scores.flatten()
    s = s[s.abs().argsort()]
    k = len(s) // 4
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "divides the sum of the middle by n / 2 instead of by the number left; right where n is a multiple of 4")
def _(scores):
    s = scores.flatten().sort().values
    k = len(s) // 4
    return s[k : len(s) - k].sum() / (len(s) / 2)


@wrong("interquartile_mean", "divides the sum of the middle by all n scores")
def _(scores):
    s = scores.flatten().sort().values
    k = len(s) // 4
    return s[k : len(s) - k].sum() / len(s)


@wrong("interquartile_mean", "winsorises: outer quarters are set to the nearest kept score instead of dropped")
def _(scores):
    s = scores.flatten().sort().values
    k = len(s) // 4
    return s.clamp(s[k], s[len(s) - 1 - k]).mean()


@wrong("interquartile_mean", "a number for each seed: sorts and cuts along the tasks (axis 0)")
def _(scores):
    s = scores.sort(0).values
    k = s.shape[0] // 4
    return s[k : s.shape[0] - k].mean(0)


@wrong("interquartile_mean", "two things: forgets to sort, and drops n / 4 rounded up", mistakes=2)
def _(scores):
    s = scores.flatten()
    k = -(-len(s) // 4)
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "two things: cuts in each task instead of the heap, and at the lower end only", mistakes=2)
def _(scores):
    s = scores.sort(1).values
    return s[:, s.shape[1] // 4 :].mean()


# ---------------------------------------------------------------- 6 probability_of_improvement
@right("probability_of_improvement", "broadcasting: wins plus half the ties, mean of everything")
def _(ours, theirs):
    a, b = ours[:, :, None], theirs[:, None, :]
    return ((a > b).double() + 0.5 * (a == b).double()).mean()


@right("probability_of_improvement", "three loops, returns a float")
def _(ours, theirs):
    total = 0.0
    for us, them in zip(ours.tolist(), theirs.tolist()):
        won = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a in us for b in them)
        total += won / (len(us) * len(them))
    return total / len(ours)


@right("probability_of_improvement", "sign of the differences: (1 + sign) / 2")
def _(ours, theirs):
    return (1 + torch.sign(ours.unsqueeze(2) - theirs.unsqueeze(1))).mean() / 2


@right("probability_of_improvement", "ranks, as in the Mann-Whitney test, for each task")
def _(ours, theirs):
    from scipy.stats import rankdata

    out = []
    for a, b in zip(ours.numpy(), theirs.numpy()):
        rank = rankdata(np.concatenate([a, b]))
        u = rank[: len(a)].sum() - len(a) * (len(a) + 1) / 2
        out.append(u / (len(a) * len(b)))
    return float(np.mean(out))


@right("probability_of_improvement", "searchsorted from both sides, averaged")
def _(ours, theirs):
    s = theirs.sort(1).values.contiguous()
    o = ours.contiguous()
    below = torch.searchsorted(s, o, right=False) + torch.searchsorted(s, o, right=True)
    return (below / 2 / theirs.shape[1]).mean()


def pairs(ours, theirs):
    return ours[:, :, None], theirs[:, None, :]


@wrong("probability_of_improvement", "ties count nothing; right without ties")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return (a > b).double().mean()


@wrong("probability_of_improvement", "ties count as wins (>=); right without ties")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return (a >= b).double().mean()


@wrong("probability_of_improvement", "ties are left out of the count of pairs (wins / pairs without ties); right without ties")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    w, l = (a > b).double().sum((1, 2)), (a < b).double().sum((1, 2))
    return (w / (w + l)).mean()


@wrong("probability_of_improvement", "the wrong way round: how often theirs is better")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return ((a < b).double() + 0.5 * (a == b).double()).mean()


@wrong("probability_of_improvement", "compares runs of the same number only (seed with seed), not every pair; the longer one's rest is dropped")
def _(ours, theirs):
    n = min(ours.shape[1], theirs.shape[1])
    a, b = ours[:, :n], theirs[:, :n]
    return ((a > b).double() + 0.5 * (a == b).double()).mean()


@wrong("probability_of_improvement", "compares runs of different tasks too (one heap); right for one task")
def _(ours, theirs):
    a, b = ours.flatten()[:, None], theirs.flatten()[None]
    return ((a > b).double() + 0.5 * (a == b).double()).mean()


@wrong("probability_of_improvement", "compares the tasks' means instead of pairs of runs")
def _(ours, theirs):
    a, b = ours.mean(1), theirs.mean(1)
    return ((a > b).double() + 0.5 * (a == b).double()).mean()


@wrong("probability_of_improvement", "compares each of ours with the mean of theirs")
def _(ours, theirs):
    b = theirs.mean(1, keepdim=True)
    return ((ours > b).double() + 0.5 * (ours == b).double()).mean()


@wrong("probability_of_improvement", "compares each of ours with the best of theirs")
def _(ours, theirs):
    b = theirs.max(1, keepdim=True).values
    return ((ours > b).double() + 0.5 * (ours == b).double()).mean()


@wrong("probability_of_improvement", "number of wins instead of their share (not divided by the pairs)")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return ((a > b).double() + 0.5 * (a == b).double()).sum((1, 2)).mean()


@wrong("probability_of_improvement", "wins minus losses (mean of the sign), between -1 and 1")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return torch.sign(a - b).mean()


@wrong("probability_of_improvement", "sum over tasks instead of the mean; right for one task")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return ((a > b).double() + 0.5 * (a == b).double()).mean((1, 2)).sum()


@wrong("probability_of_improvement", "a number for each task, without the mean over tasks")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return ((a > b).double() + 0.5 * (a == b).double()).mean((1, 2))


@wrong("probability_of_improvement", "share of tasks on which ours wins more than half of the pairs")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    p = ((a > b).double() + 0.5 * (a == b).double()).mean((1, 2))
    return ((p > 0.5).double() + 0.5 * (p == 0.5).double()).mean()


@wrong("probability_of_improvement", "mean difference of the scores instead of how often ours is ahead")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return (a - b).mean()


@wrong("probability_of_improvement", "divides by S * S instead of S * S'; right for as many seeds")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return (((a > b).double() + 0.5 * (a == b).double()).sum((1, 2)) / ours.shape[1] ** 2).mean()


@wrong("probability_of_improvement", "rounds scores to one place before comparing, so that near ones tie")
def _(ours, theirs):
    a, b = pairs(ours.mul(10).round(), theirs.mul(10).round())
    return ((a > b).double() + 0.5 * (a == b).double()).mean()


@wrong("probability_of_improvement", "a run of ours wins when it beats all of theirs, share of such runs (ties with the best count one half)")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return ((a > b).all(2).double() + 0.5 * ((a >= b).all(2) & (a == b).any(2)).double()).mean()


@wrong("probability_of_improvement", "a run of ours wins when it beats any of theirs")
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return (a > b).any(2).double().mean()


@wrong("probability_of_improvement", "two things: ties count nothing (searchsorted from one side), and divides by S' + 1 instead of S'", mistakes=2)
def _(ours, theirs):
    s = theirs.sort(1).values.contiguous()
    return (torch.searchsorted(s, ours.contiguous()) / (theirs.shape[1] + 1)).mean()


@wrong("probability_of_improvement", "compares by int(): scores cut to whole numbers")
def _(ours, theirs):
    a, b = pairs(ours.long(), theirs.long())
    return ((a > b).double() + 0.5 * (a == b).double()).mean()


@wrong("probability_of_improvement", "two things: the wrong way round, and ties count nothing", mistakes=2)
def _(ours, theirs):
    a, b = pairs(ours, theirs)
    return (a < b).double().mean()


@wrong("probability_of_improvement", "two things: compares runs across tasks in one heap, and ties count as wins", mistakes=2)
def _(ours, theirs):
    return (ours.flatten()[:, None] >= theirs.flatten()[None]).double().mean()


# ---------------------------------------------------------------- 7 lucky
T0 = [0.38, 0.40, 0.42, 0.43, 0.44, 0.45, 0.47, 0.52]  # mean 0.43875, middle half 0.435
right("lucky", "two lucky runs of ours, the other six bad; lists", ([0.35] * 6 + [1.0] * 2, T0))
right("lucky", "tensors; ours differ among themselves",
      (torch.tensor([0.10, 0.12, 0.15, 0.18, 0.20, 0.21, 0.95, 0.99]), torch.tensor([0.2, 0.22, 0.25, 0.26, 0.27, 0.28, 0.29, 0.31])))
right("lucky", "numpy arrays in a list; one lucky run of ours and one broken run of theirs", [np.array([0.5] * 7 + [1.0]), np.array([0.0] + [0.56] * 7)])
right("lucky", "a tensor of the shape (2, 8)", torch.tensor([[0.35] * 6 + [1.0] * 2, T0]))
wrong("lucky", "our mean is larger by 0.02 only", ([0.35] * 6 + [1.0, 0.57], T0))
wrong("lucky", "our mean is smaller: no lucky runs at all", ([0.35] * 8, T0))
wrong("lucky", "our interquartile mean is smaller by 0.02 only", ([0.42] * 6 + [1.0] * 2, [0.44] * 7 + [0.56]))
wrong("lucky", "four lucky runs, so that our interquartile mean is larger as well, and ours is ahead in half of the pairs", ([0.35] * 4 + [1.0] * 4, T0))
wrong("lucky", "three lucky runs: ours is ahead in 3/8 = 0.375 of all pairs, the rest is as it should be",
      ([0.1] * 5 + [1.0] * 3, [0.32, 0.36, 0.38, 0.38, 0.38, 0.38, 0.38, 0.46]))
wrong("lucky", "theirs are all alike", ([0.35] * 6 + [1.0] * 2, [0.44] * 8))
wrong("lucky", "theirs differ by 0.04 only", ([0.35] * 6 + [1.0] * 2, [0.42, 0.43, 0.43, 0.44, 0.44, 0.45, 0.45, 0.46]))
wrong("lucky", "ours and theirs exchanged", (T0, [0.35] * 6 + [1.0] * 2))
wrong("lucky", "one score above 1, the lucky run", ([0.35] * 7 + [1.5], T0))
wrong("lucky", "a score below 0", ([-0.05, 0.3, 0.3, 0.3, 0.3, 0.3, 1.0, 1.0], [0.34, 0.35, 0.36, 0.37, 0.37, 0.38, 0.38, 0.46]))
wrong("lucky", "scores in percent", ([35] * 6 + [100] * 2, [38, 40, 42, 43, 44, 45, 47, 52]))
wrong("lucky", "seven scores of ours instead of eight", ([0.3] * 5 + [1.0] * 2, T0))
wrong("lucky", "ten scores each", ([0.3] * 8 + [1.0] * 2, [0.34, 0.35, 0.36, 0.36, 0.37, 0.37, 0.38, 0.38, 0.39, 0.44]))
wrong("lucky", "only ours are entered, without theirs", [0.35] * 6 + [1.0] * 2)
wrong("lucky", "ours is ahead in more than 0.3 of all pairs: its bad runs are ahead of two broken ones of theirs",
      ([0.3] * 6 + [1.0] * 2, [0.1, 0.1, 0.43, 0.43, 0.43, 0.43, 0.43, 0.43]))
wrong("lucky", "two things: theirs are all alike, and our interquartile mean is smaller by 0.02 only", ([0.42] * 6 + [1.0] * 2, [0.44] * 8), mistakes=2)
wrong("lucky", "two things: scores in percent, and theirs are all alike", ([35] * 6 + [100] * 2, [44] * 8), mistakes=2)
