import math

import numpy as np
import torch
import torch.nn.functional as F

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1
right("update_by_hand", "as the text asks; the regret is of the critic before its step", [7.5, 4.125, 2.625])
wrong("update_by_hand", "one after the other, so the regret is of the critic after its step", [7.5, 4.125, 1.21875])
wrong("update_by_hand", "target from Q instead of the slow copy", [8.96875, 4.4921875, 2.625])
wrong("update_by_hand", "forgot γ in the target: 4 + 2", [8, 4.25, 2.625])
wrong("update_by_hand", "left the future out: the target is the reward, 4", [7, 4, 2.625])
wrong("update_by_hand", "target with the best own action next (max) instead of the average over the hunter's policy", [8.25, 4.3125, 2.625])
wrong("update_by_hand", "lets the prey move left again for sure: averages Q̄(·, left) over the hunter's policy only, 0.75", [7.1875, 4.046875, 2.625])
wrong("update_by_hand", "slow copy moves 0.75 of the way instead of 0.25 (τ the wrong way round)", [7.5, 6.375, 2.625])
wrong("update_by_hand", "slow copy goes towards Q as it was before the step", [7.5, 4.75, 2.625])
wrong("update_by_hand", "slow copy goes towards the target instead of towards Q", [7.5, 3.5, 2.625])
wrong("update_by_hand", "the entry is set to the target instead of half of the way", [5, 3.5, 2.625])
wrong("update_by_hand", "slow copy left as it was", [7.5, 3, 2.625])
wrong("update_by_hand", "gave the value of go instead of its regret (V not subtracted)", [7.5, 4.125, 10.5])
wrong("update_by_hand", "took the regret from the slow copy", [7.5, 4.125, 3])
wrong("update_by_hand", "sign of the regret swapped: V − Q", [7.5, 4.125, -2.625])
wrong("update_by_hand", "took Q(go, left) alone for go's value, not averaged over δ", [7.5, 4.125, 2.125])
wrong("update_by_hand", "forgot γ, and gave go's value instead of the regret", [8, 4.25, 10.5], mistakes=2)


# ---------------------------------------------------------------- 2
@right("slow_copy", "two loops on lists")
def slow_copy(slow, fast, rate):
    out = [float(v) for v in slow]
    for t in range(len(fast)):
        for i in range(len(out)):
            out[i] += rate * (float(fast[t][i]) - out[i])
    return out


@right("slow_copy", "torch lerp over the rows")
def slow_copy(slow, fast, rate):
    for row in fast:
        slow = torch.lerp(slow, row, rate)
    return slow


@right("slow_copy", "closed form with powers of 1 − τ, numpy")
def slow_copy(start, params, tau):
    n = len(params)
    w = tau * (1 - tau) ** np.arange(n - 1, -1, -1)
    return (1 - tau) ** n * np.asarray(start) + w @ np.asarray(params)


@wrong("slow_copy", "swaps τ and 1 − τ: keeps τ of the copy")
def slow_copy(slow, fast, rate):
    out = [float(v) for v in slow]
    for row in fast:
        out = [rate * o + (1 - rate) * float(f) for o, f in zip(out, row)]
    return out


@wrong("slow_copy", "does not subtract the copy: adds τ times the new parameters")
def slow_copy(slow, fast, rate):
    out = [float(v) for v in slow]
    for row in fast:
        out = [o + rate * float(f) for o, f in zip(out, row)]
    return out


@wrong("slow_copy", "starts from the original copy at each update, so only the last row counts")
def slow_copy(slow, fast, rate):
    out = [float(v) for v in slow]
    for row in fast:
        out = [float(s) + rate * (float(f) - float(s)) for s, f in zip(slow, row)]
    return out


@wrong("slow_copy", "adds each time, but subtracts the original copy instead of where it is now")
def slow_copy(slow, fast, rate):
    out = [float(v) for v in slow]
    for row in fast:
        out = [o + rate * (float(f) - float(s)) for o, f, s in zip(out, row, slow)]
    return out


@wrong("slow_copy", "moves towards the mean of all new parameters once")
def slow_copy(slow, fast, rate):
    n = len(fast)
    return [float(s) + rate * (sum(float(r[i]) for r in fast) / n - float(s)) for i, s in enumerate(slow)]


@wrong("slow_copy", "goes through the updates backwards")
def slow_copy(slow, fast, rate):
    out = [float(v) for v in slow]
    for t in range(len(fast) - 1, -1, -1):
        out = [o + rate * (float(f) - o) for o, f in zip(out, fast[t])]
    return out


@wrong("slow_copy", "skips the first update (range from 1)")
def slow_copy(slow, fast, rate):
    out = [float(v) for v in slow]
    for t in range(1, len(fast)):
        out = [o + rate * (float(f) - o) for o, f in zip(out, fast[t])]
    return out


@wrong("slow_copy", "stops one update early")
def slow_copy(slow, fast, rate):
    out = [float(v) for v in slow]
    for t in range(len(fast) - 1):
        out = [o + rate * (float(f) - o) for o, f in zip(out, fast[t])]
    return out


@wrong("slow_copy", "the difference the wrong way round: moves away from the new parameters")
def slow_copy(slow, fast, rate):
    out = [float(v) for v in slow]
    for row in fast:
        out = [o + rate * (o - float(f)) for o, f in zip(out, row)]
    return out


@wrong("slow_copy", "returns the copy after each update instead of in the end")
def slow_copy(slow, fast, rate):
    out, all_of_them = [float(v) for v in slow], []
    for row in fast:
        out = [o + rate * (float(f) - o) for o, f in zip(out, row)]
        all_of_them.append(out)
    return all_of_them


@wrong("slow_copy", "returns the last new parameters: no slow copy at all")
def slow_copy(slow, fast, rate):
    return fast[-1]


@wrong("slow_copy", "swaps τ and 1 − τ, and skips the first update", mistakes=2)
def slow_copy(slow, fast, rate):
    out = [float(v) for v in slow]
    for t in range(1, len(fast)):
        out = [rate * o + (1 - rate) * float(f) for o, f in zip(out, fast[t])]
    return out


# ---------------------------------------------------------------- 3
def count(moves, alive, g, episodes, n_moves):
    c = [0] * n_moves
    for e in episodes:
        for t in range(len(moves[g][e])):
            if alive[g][e][t]:
                c[int(moves[g][e][t])] += 1
    return c


def ints(xs):
    return [int(x) for x in xs]


@right("support_and_query", "loops and counters")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    out = []
    for g in ints(groups):
        both = [[0] * n_moves, [0] * n_moves]
        for place in range(n + m):
            e = int(order[place])
            part = 0 if place < n else 1
            for t in range(moves.shape[2]):
                if alive[g, e, t]:
                    both[part][int(moves[g, e, t])] += 1
        out.append(both)
    return out


@right("support_and_query", "torch: one-hot, masked, summed")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    safe = torch.where(alive, moves, 0)
    hot = F.one_hot(safe, n_moves) * alive.unsqueeze(-1)
    per_episode = hot.sum(2)[groups][:, order]
    return torch.stack([per_episode[:, :n].sum(1), per_episode[:, n : n + m].sum(1)], 1)


@right("support_and_query", "a helper with bincount for slices of the order")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    def tally(g, eps):
        return torch.bincount(moves[g][eps][alive[g][eps]], minlength=n_moves)

    return torch.stack([torch.stack((tally(g, order[:n]), tally(g, order[n : n + m]))) for g in groups])


@wrong("support_and_query", "does not look at alive: the padding is counted")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    yes = torch.ones_like(alive)
    return [[count(moves, yes, g, o[:n], n_moves), count(moves, yes, g, o[n : n + m], n_moves)] for g in ints(groups)]


@wrong("support_and_query", "does not use the order: takes the first n and the next m episodes as they are stored")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    return [[count(moves, alive, g, range(n), n_moves), count(moves, alive, g, range(n, n + m), n_moves)] for g in ints(groups)]


@wrong("support_and_query", "the query is all the rest of the episodes, not just the next m")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    return [[count(moves, alive, g, o[:n], n_moves), count(moves, alive, g, o[n:], n_moves)] for g in ints(groups)]


@wrong("support_and_query", "the query starts at the beginning again, so it overlaps with the support")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    return [[count(moves, alive, g, o[:n], n_moves), count(moves, alive, g, o[:m], n_moves)] for g in ints(groups)]


@wrong("support_and_query", "slices the query as order[n:m]")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    return [[count(moves, alive, g, o[:n], n_moves), count(moves, alive, g, o[n:m], n_moves)] for g in ints(groups)]


@wrong("support_and_query", "takes the last m episodes of the order as the query")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    return [[count(moves, alive, g, o[:n], n_moves), count(moves, alive, g, o[len(o) - m :], n_moves)] for g in ints(groups)]


@wrong("support_and_query", "uses the number of the draw 0 ... K−1 as the group instead of groups[k]")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    return [[count(moves, alive, g % len(moves), o[:n], n_moves), count(moves, alive, g % len(moves), o[n : n + m], n_moves)]
            for g in range(len(groups))]


@wrong("support_and_query", "reads the order as places: episode e is support if order[e] < n")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    sup = [e for e in range(len(o)) if o[e] < n]
    que = [e for e in range(len(o)) if n <= o[e] < n + m]
    return [[count(moves, alive, g, sup, n_moves), count(moves, alive, g, que, n_moves)] for g in ints(groups)]


@wrong("support_and_query", "gives frequencies instead of numbers")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    out = []
    for g in ints(groups):
        rows = [count(moves, alive, g, o[:n], n_moves), count(moves, alive, g, o[n : n + m], n_moves)]
        out.append([[c / max(1, sum(r)) for c in r] for r in rows])
    return out


@wrong("support_and_query", "query first and support second")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    return [[count(moves, alive, g, o[n : n + m], n_moves), count(moves, alive, g, o[:n], n_moves)] for g in ints(groups)]


@wrong("support_and_query", "drops every episode that ended early as a whole")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    def whole(g, eps):
        return [e for e in eps if bool(alive[g][e].all())]

    o = ints(order)
    return [[count(moves, alive, g, whole(g, o[:n]), n_moves), count(moves, alive, g, whole(g, o[n : n + m]), n_moves)]
            for g in ints(groups)]


@wrong("support_and_query", "the counters are not reset for each group: they run on")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    s, q, out = [0] * n_moves, [0] * n_moves, []
    for g in ints(groups):
        s = [a + b for a, b in zip(s, count(moves, alive, g, o[:n], n_moves))]
        q = [a + b for a, b in zip(q, count(moves, alive, g, o[n : n + m], n_moves))]
        out.append([s, q])
    return out


@wrong("support_and_query", "counts the moves from one: move i is booked at i − 1")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    out = []
    for g in ints(groups):
        rows = [count(moves, alive, g, o[:n], n_moves), count(moves, alive, g, o[n : n + m], n_moves)]
        out.append([r[1:] + r[:1] for r in rows])
    return out


@wrong("support_and_query", "counts only the first step of each episode")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = ints(order)
    mo, al = moves[:, :, :1], alive[:, :, :1]
    return [[count(mo, al, g, o[:n], n_moves), count(mo, al, g, o[n : n + m], n_moves)] for g in ints(groups)]


@wrong("support_and_query", "ignores the order, and counts the padding", mistakes=2)
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    yes = torch.ones_like(alive)
    return [[count(moves, yes, g, range(n), n_moves), count(moves, yes, g, range(n, n + m), n_moves)] for g in ints(groups)]


# ---------------------------------------------------------------- 4
@right("total_loss", "vectorised, detach where a network must not learn")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi = x @ extractor
    log_delta = F.log_softmax(phi @ imitator, dim=1)
    q = torch.cat([phi, log_delta.exp().detach()], dim=1) @ critic
    pi = F.softmax(phi.detach() @ actor, dim=1)
    b = torch.arange(len(x))
    regret = (q - (pi * q).sum(1, keepdim=True)).detach()
    return F.nll_loss(log_delta, moves) + ((q[b, taken] - target) ** 2).mean() - (pi * regret).sum(1).mean()


@right("total_loss", "a loop over transitions, three sums")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    B = len(x)
    imi, cri, act = 0, 0, 0
    for b in range(B):
        phi = x[b] @ extractor
        ld = torch.log_softmax(phi @ imitator, 0)
        imi = imi - ld[moves[b]]
        q = torch.cat([phi, ld.exp().detach()]) @ critic
        cri = cri + (q[taken[b]] - target[b]) ** 2
        pi = torch.softmax(phi.detach() @ actor, 0)
        A = q.detach() - (pi.detach() * q.detach()).sum()
        act = act - (pi * A).sum()
    return imi / B + cri / B + act / B


@right("total_loss", "no_grad block for what the actor is told, aliases")
def total_loss(w_e, w_i, w_c, w_a, obs, a_prey, a_own, y):
    f = torch.mm(obs, w_e)
    logd = (f @ w_i).log_softmax(-1)
    with torch.no_grad():
        d = logd.exp()
    q = f @ w_c[: f.shape[1]] + d @ w_c[f.shape[1] :]
    with torch.no_grad():
        stop_f = f.clone()
        p0 = (stop_f @ w_a).softmax(-1)
        adv = q - (p0 * q).sum(-1, keepdim=True)
    p = (stop_f @ w_a).softmax(-1)
    l1 = -logd.gather(1, a_prey[:, None]).mean()
    l2 = (q.gather(1, a_own[:, None])[:, 0] - y).pow(2).mean()
    return l1 + l2 - torch.einsum("ba,ba->b", p, adv).mean()


@right("total_loss", "Q is not detached in the regret, but π in the baseline is: for Q the two cancel, so the gradients are the same")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    loss = 0
    for b in range(len(x)):
        phi = x[b] @ extractor
        ld = torch.log_softmax(phi @ imitator, 0)
        q = torch.cat([phi, ld.exp().detach()]) @ critic
        pi = torch.softmax(phi.detach() @ actor, 0)
        A = q - (pi.detach() * q).sum()
        loss = loss - ld[moves[b]] + (q[taken[b]] - target[b]) ** 2 - (pi * A).sum()
    return loss / len(x)


def parts(x, extractor, imitator, critic, actor):
    phi = x @ extractor
    ld = torch.log_softmax(phi @ imitator, 1)
    q = torch.cat([phi, ld.exp().detach()], 1) @ critic
    pi = torch.softmax(phi.detach() @ actor, 1)
    regret = (q - (pi * q).sum(1, keepdim=True)).detach()
    return phi, ld, q, pi, regret


@wrong("total_loss", "the features are not detached for the actor: the extractor learns from the actor's loss")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    pi = torch.softmax(phi @ actor, 1)
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 - (pi[b] * regret[b]).sum()
    return loss / len(x)


@wrong("total_loss", "δ is not detached for the critic: the imitator learns from the critic's loss")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    q = torch.cat([phi, ld.exp()], 1) @ critic
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 - (pi[b] * regret[b]).sum()
    return loss / len(x)


@wrong("total_loss", "detaches the baseline but not Q in the actor's loss: the critic and the extractor learn from it")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    loss = 0
    for b in range(len(x)):
        A = q[b] - (pi[b] * q[b]).sum().detach()
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 - (pi[b] * A).sum()
    return loss / len(x)


@wrong("total_loss", "detaches Q but not π in the baseline: Σ π A is always 0, so the actor learns nothing")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    loss = 0
    for b in range(len(x)):
        qb = q[b].detach()
        A = qb - (pi[b] * qb).sum()
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 - (pi[b] * A).sum()
    return loss / len(x)


@wrong("total_loss", "detaches the features for the critic: the extractor learns from imitation alone")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    q = torch.cat([phi.detach(), ld.exp().detach()], 1) @ critic
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 - (pi[b] * regret[b]).sum()
    return loss / len(x)


@wrong("total_loss", "detaches the features for the imitator: the extractor learns from the critic alone")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    ld = torch.log_softmax(phi.detach() @ imitator, 1)
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 - (pi[b] * regret[b]).sum()
    return loss / len(x)


@wrong("total_loss", "adds up over the batch instead of the mean")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 - (pi[b] * regret[b]).sum()
    return loss


@wrong("total_loss", "sign of the actor's part: it would play down its regrets")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 + (pi[b] * regret[b]).sum()
    return loss / len(x)


@wrong("total_loss", "uses log π instead of π in the actor's part: −Σ A log π")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 - (pi[b].log() * regret[b]).sum()
    return loss / len(x)


@wrong("total_loss", "gives the critic log δ instead of δ")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    q = torch.cat([phi, ld.detach()], 1) @ critic
    regret = (q - (pi * q).sum(1, keepdim=True)).detach()
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 - (pi[b] * regret[b]).sum()
    return loss / len(x)


@wrong("total_loss", "puts δ before φ in the critic's input")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    q = torch.cat([ld.exp().detach(), phi], 1) @ critic
    regret = (q - (pi * q).sum(1, keepdim=True)).detach()
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 - (pi[b] * regret[b]).sum()
    return loss / len(x)


@wrong("total_loss", "forgot the square: critic's loss is the absolute error")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]).abs() - (pi[b] * regret[b]).sum()
    return loss / len(x)


@wrong("total_loss", "puts a half before the squared error")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + 0.5 * (q[b, taken[b]] - target[b]) ** 2 - (pi[b] * regret[b]).sum()
    return loss / len(x)


@wrong("total_loss", "fits the prediction of Q for all own actions to the target, not of the one taken")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + ((q[b] - target[b]) ** 2).sum() - (pi[b] * regret[b]).sum()
    return loss / len(x)


@wrong("total_loss", "forgot the actor's part")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2
    return loss / len(x)


@wrong("total_loss", "the actor's features and the critic's δ are both not detached", mistakes=2)
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi, ld, q, pi, regret = parts(x, extractor, imitator, critic, actor)
    q = torch.cat([phi, ld.exp()], 1) @ critic
    pi = torch.softmax(phi @ actor, 1)
    loss = 0
    for b in range(len(x)):
        loss = loss - ld[b, moves[b]] + (q[b, taken[b]] - target[b]) ** 2 - (pi[b] * regret[b]).sum()
    return loss / len(x)


# ---------------------------------------------------------------- 5
def heap(scores):
    return [float(v) for row in scores for v in row]


@right("interquartile_mean", "one heap, sorted, loop over the middle")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    k = len(xs) // 4
    total = 0.0
    for i in range(k, len(xs) - k):
        total += xs[i]
    return total / (len(xs) - 2 * k)


@right("interquartile_mean", "scipy's trimmed mean")
def interquartile_mean(scores):
    from scipy import stats

    return stats.trim_mean(np.asarray(scores).ravel(), 0.25)


@right("interquartile_mean", "removes the smallest and the largest one after the other")
def interquartile_mean(scores):
    xs = heap(scores)
    for _ in range(len(xs) // 4):
        xs.remove(min(xs))
        xs.remove(max(xs))
    return sum(xs) / len(xs)


@wrong("interquartile_mean", "forgot to sort")
def interquartile_mean(scores):
    xs = heap(scores)
    k = len(xs) // 4
    mid = xs[k : len(xs) - k]
    return sum(mid) / len(mid)


@wrong("interquartile_mean", "takes the middle half of each task on its own and then the mean over tasks")
def interquartile_mean(scores):
    means = []
    for row in scores:
        xs = sorted(float(v) for v in row)
        k = len(xs) // 4
        mid = xs[k : len(xs) - k]
        means.append(sum(mid) / len(mid))
    return sum(means) / len(means)


@wrong("interquartile_mean", "gives the plain mean of all scores")
def interquartile_mean(scores):
    xs = heap(scores)
    return sum(xs) / len(xs)


@wrong("interquartile_mean", "gives the median")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    n = len(xs)
    return (xs[(n - 1) // 2] + xs[n // 2]) / 2


@wrong("interquartile_mean", "rounds n / 4 up")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    k = math.ceil(len(xs) / 4)
    mid = xs[k : len(xs) - k]
    return sum(mid) / len(mid)


@wrong("interquartile_mean", "rounds n / 4 to the nearest number instead of down")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    k = round(len(xs) / 4)
    mid = xs[k : len(xs) - k]
    return sum(mid) / len(mid)


@wrong("interquartile_mean", "drops the lowest quarter only")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    mid = xs[len(xs) // 4 :]
    return sum(mid) / len(mid)


@wrong("interquartile_mean", "drops the highest quarter only")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    mid = xs[: len(xs) - len(xs) // 4]
    return sum(mid) / len(mid)


@wrong("interquartile_mean", "drops a quarter altogether, an eighth at each end")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    k = len(xs) // 8
    mid = xs[k : len(xs) - k]
    return sum(mid) / len(mid)


@wrong("interquartile_mean", "drops one score too many at the upper end")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    k = len(xs) // 4
    mid = xs[k : len(xs) - k - 1]
    return sum(mid) / len(mid)


@wrong("interquartile_mean", "slices [k:-k], which is empty when there are fewer than four scores")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    k = len(xs) // 4
    mid = xs[k:-k]
    return sum(mid) / len(mid)


@wrong("interquartile_mean", "divides the sum of the middle half by n / 2 though more are left when n is no multiple of four")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    k = len(xs) // 4
    return sum(xs[k : len(xs) - k]) / (len(xs) / 2)


@wrong("interquartile_mean", "divides by the number of all scores instead of those left")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    k = len(xs) // 4
    return sum(xs[k : len(xs) - k]) / len(xs)


@wrong("interquartile_mean", "drops nothing but the smallest and the largest score")
def interquartile_mean(scores):
    xs = sorted(heap(scores))
    mid = xs[1:-1] if len(xs) > 2 else xs
    return sum(mid) / len(mid)


@wrong("interquartile_mean", "forgot to sort, and drops a quarter at the lower end only", mistakes=2)
def interquartile_mean(scores):
    xs = heap(scores)
    mid = xs[len(xs) // 4 :]
    return sum(mid) / len(mid)


# ---------------------------------------------------------------- 6
@right("probability_of_improvement", "three loops, a counter for each task")
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        wins = 0.0
        for x in a:
            for y in b:
                if x > y:
                    wins += 1
                elif x == y:
                    wins += 0.5
        total += wins / (len(a) * len(b))
    return total / len(ours)


@right("probability_of_improvement", "broadcasting with the sign")
def probability_of_improvement(ours, theirs):
    return ((torch.sign(ours[:, :, None] - theirs[:, None, :]) + 1) / 2).mean((1, 2)).mean()


@right("probability_of_improvement", "Mann-Whitney's U from scipy, task by task")
def probability_of_improvement(ours, theirs):
    from scipy.stats import rankdata

    out = []
    for a, b in zip(np.asarray(ours), np.asarray(theirs)):
        r = rankdata(np.concatenate([a, b]))[: len(a)].sum()
        out.append((r - len(a) * (len(a) + 1) / 2) / (len(a) * len(b)))
    return np.mean(out)


@wrong("probability_of_improvement", "a tie counts nothing")
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        total += sum(1 for x in a for y in b if x > y) / (len(a) * len(b))
    return total / len(ours)


@wrong("probability_of_improvement", "a tie counts as a win")
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        total += sum(1 for x in a for y in b if x >= y) / (len(a) * len(b))
    return total / len(ours)


def pts(x, y):
    return 1.0 if x > y else 0.5 if x == y else 0.0


@wrong("probability_of_improvement", "compares runs of different tasks too: everything in one heap")
def probability_of_improvement(ours, theirs):
    a, b = heap(ours), heap(theirs)
    return sum(pts(x, y) for x in a for y in b) / (len(a) * len(b))


@wrong("probability_of_improvement", "compares the i-th of ours with the i-th of theirs only")
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        p = [pts(x, y) for x, y in zip(a, b)]
        total += sum(p) / len(p)
    return total / len(ours)


@wrong("probability_of_improvement", "compares the tasks' mean scores instead of pairs of runs")
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        total += pts(float(sum(a)) / len(a), float(sum(b)) / len(b))
    return total / len(ours)


@wrong("probability_of_improvement", "the wrong way round: how often theirs is better")
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        total += sum(pts(y, x) for x in a for y in b) / (len(a) * len(b))
    return total / len(ours)


@wrong("probability_of_improvement", "divides by S² instead of S · S′")
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        total += sum(pts(x, y) for x in a for y in b) / len(a) ** 2
    return total / len(ours)


@wrong("probability_of_improvement", "divides each task's points by the number of our runs only")
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        total += sum(pts(x, y) for x in a for y in b) / len(a)
    return total / len(ours)


@wrong("probability_of_improvement", "adds up over tasks instead of the mean")
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        total += sum(pts(x, y) for x in a for y in b) / (len(a) * len(b))
    return total


@wrong("probability_of_improvement", "gives the share of tasks where ours wins more than half of the pairs")
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        total += pts(sum(pts(x, y) for x in a for y in b) / (len(a) * len(b)), 0.5)
    return total / len(ours)


@wrong("probability_of_improvement", "returns inside the loop: the first task only")
def probability_of_improvement(ours, theirs):
    for a, b in zip(ours, theirs):
        wins = sum(pts(x, y) for x in a for y in b)
        return wins / (len(a) * len(b))


@wrong("probability_of_improvement", "wins minus losses: a lost pair counts −1 and a tie 0")
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        total += sum(2 * pts(x, y) - 1 for x in a for y in b) / (len(a) * len(b))
    return total / len(ours)


@wrong("probability_of_improvement", "gives one number for each task, no mean over tasks")
def probability_of_improvement(ours, theirs):
    return [sum(pts(x, y) for x in a for y in b) / (len(a) * len(b)) for a, b in zip(ours, theirs)]


@wrong("probability_of_improvement", "the wrong way round, and a tie counts nothing", mistakes=2)
def probability_of_improvement(ours, theirs):
    total = 0.0
    for a, b in zip(ours, theirs):
        total += sum(1 for x in a for y in b if y > x) / (len(a) * len(b))
    return total / len(ours)


# ---------------------------------------------------------------- 7 (open)
GOOD = [0.4] * 6 + [1.0, 1.0]
THEM = [0.41] + [0.48] * 6 + [0.53]
right("lucky", "six middling runs and two that were perfect", (GOOD, THEM))
right("lucky", "as tensors, all different",
      (torch.tensor([0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.98, 0.99]), torch.tensor([0.25, 0.26, 0.27, 0.28, 0.29, 0.3, 0.31, 0.36])))
wrong("lucky", "our mean is larger, but by less than 0.05", ([0.4] * 6 + [0.8, 0.7], THEM))
wrong("lucky", "our mean is smaller: only one lucky run, and not lucky enough", ([0.4] * 7 + [0.9], THEM))
wrong("lucky", "our interquartile mean is smaller, but by less than 0.05", ([0.4] * 6 + [1.0, 1.0], [0.41] + [0.43] * 6 + [0.52]))
wrong("lucky", "three lucky runs: ours is ahead in more than 0.3 of the pairs",
      ([0.1] * 5 + [1.0, 1.0, 1.0], [0.3] + [0.38] * 6 + [0.42]))
wrong("lucky", "theirs are all alike", (GOOD, [0.48] * 8))
wrong("lucky", "theirs lie closer than 0.1", (GOOD, [0.45] + [0.48] * 6 + [0.5]))
wrong("lucky", "scores above 1", ([0.4] * 6 + [1.5, 1.5], THEM))
wrong("lucky", "a negative score", ([-0.1] + [0.1] * 5 + [1.0, 1.0], [0.14] + [0.2] * 6 + [0.25]))
wrong("lucky", "entered the wrong way round: (theirs, ours)", (THEM, GOOD))
wrong("lucky", "seven scores of ours instead of eight", ([0.4] * 6 + [1.0], [0.1] + [0.45] * 7))
wrong("lucky", "percentages instead of scores between 0 and 1", ([40] * 6 + [100, 100], [41] + [48] * 6 + [53]))
wrong("lucky", "ours is better in the middle too: interquartile mean larger, and ahead in most pairs",
      ([0.6] * 6 + [1.0, 1.0], THEM), mistakes=2)
