from strangers import right, wrong
import math

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

# 1 ---------------------------------------------------------------------------------------
# target 4 + 0.5 * 2 = 5; Q 10 -> 7.5; slow copy 3 -> 4.125; regret with the critic before its step: Q(go) = 10.5, Q(stay) = 7, V = 7.875
right("update_by_hand", "the regret from the old critic; critic; then the slow copy", [7.5, 4.125, 2.625])
right("update_by_hand", "the same as a tensor", torch.tensor([7.5, 4.125, 2.625]))
wrong("update_by_hand", "regret from the critic after its step (assumes the critic goes first in the lesson)", [7.5, 4.125, 1.21875])
wrong("update_by_hand", "target from Q itself instead of the slow copy", [8.96875, 4.4921875, 2.625])
wrong("update_by_hand", "target with the best own action (max) instead of the mean over the hunter's policy", [8.25, 4.3125, 2.625])
wrong("update_by_hand", "forgot gamma in the target", [8, 4.25, 2.625])
wrong("update_by_hand", "no future in the target at all, only the reward", [7, 4, 2.625])
wrong("update_by_hand", "in the target averaged over the hunter's actions but not over the prey's moves: took left", [7.1875, 4.046875, 2.625])
wrong("update_by_hand", "the slow copy goes tau away from the critic: weights 0.25 and 0.75 exchanged", [7.5, 6.375, 2.625])
wrong("update_by_hand", "the entry is set to the target entirely, forgot the 0.5", [5, 3.5, 2.625])
wrong("update_by_hand", "the slow copy goes towards the critic's old value 10", [7.5, 4.75, 2.625])
wrong("update_by_hand", "regret at the prey's actual move left only, not averaged over delta", [7.5, 4.125, 0.75])
wrong("update_by_hand", "the regret's baseline is the plain mean over the two actions, not over the policy", [7.5, 4.125, 1.75])
wrong("update_by_hand", "gave Q(go), not the regret: forgot to subtract V", [7.5, 4.125, 10.5])
wrong("update_by_hand", "regret from the slow copy (after its step)", [7.5, 4.125, 3.6328125])
wrong("update_by_hand", "forgot gamma, and tau's weights exchanged", [8, 6.75, 2.625], mistakes=2)


# 2 ---------------------------------------------------------------------------------------
@right("slow_copy", "loop")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow = slow + rate * (f - slow)
    return slow


@right("slow_copy", "closed form with powers of 1 - rate")
def slow_copy(slow, fast, rate):
    T = len(fast)
    w = rate * (1 - rate) ** torch.arange(T - 1, -1, -1, dtype=torch.float64)
    return (1 - rate) ** T * slow + w @ fast


@right("slow_copy", "recursion on lists")
def slow_copy(slow, fast, tau):
    return slow_copy_([float(x) for x in slow], [[float(v) for v in row] for row in fast], tau)


def slow_copy_(slow, fast, tau):
    if not fast:
        return slow
    return slow_copy_([(1 - tau) * s + tau * f for s, f in zip(slow, fast[0])], fast[1:], tau)


@wrong("slow_copy", "tau and 1 - tau exchanged")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow = rate * slow + (1 - rate) * f
    return slow


@wrong("slow_copy", "one step only, towards the last parameters")
def slow_copy(slow, fast, rate):
    return slow + rate * (fast[-1] - slow)


@wrong("slow_copy", "skips the first update (starts from t = 1)")
def slow_copy(slow, fast, rate):
    for t in range(1, len(fast)):
        slow = slow + rate * (fast[t] - slow)
    return slow


@wrong("slow_copy", "stops before the last update (T - 1 steps)")
def slow_copy(slow, fast, rate):
    for t in range(len(fast) - 1):
        slow = slow + rate * (fast[t] - slow)
    return slow


@wrong("slow_copy", "one step towards the mean of all the parameters")
def slow_copy(slow, fast, rate):
    return slow + rate * (fast.mean(0) - slow)


@wrong("slow_copy", "the difference is always to where the copy was at first")
def slow_copy(slow, fast, rate):
    return slow + rate * (fast - slow).sum(0)


@wrong("slow_copy", "goes through the updates backwards, from the last to the first")
def slow_copy(slow, fast, rate):
    for f in fast.flip(0):
        slow = slow + rate * (f - slow)
    return slow


@wrong("slow_copy", "sign: moves away from the parameters")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow = slow - rate * (f - slow)
    return slow


@wrong("slow_copy", "every step goes towards the last parameters, T times")
def slow_copy(slow, fast, rate):
    for _ in range(len(fast)):
        slow = slow + rate * (fast[-1] - slow)
    return slow


@wrong("slow_copy", "returns the copy after each update, (T, P)")
def slow_copy(slow, fast, rate):
    out = []
    for f in fast:
        slow = slow + rate * (f - slow)
        out.append(slow)
    return torch.stack(out)


@wrong("slow_copy", "adds tau times the parameters without shrinking the copy (forgot - slow)")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow = slow + rate * f
    return slow


@wrong("slow_copy", "returns the mean over the parameters, one number")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow = slow + rate * (f - slow)
    return slow.mean()


@wrong("slow_copy", "integer arithmetic: the copy is truncated to whole numbers after each update")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow = (slow + rate * (f - slow)).long()
    return slow


@wrong("slow_copy", "works on the caller's tensor: slow itself is changed (the value returned is right)")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow += rate * (f - slow)
    return slow


_slow = {}


@wrong("slow_copy", "the copy is a global, started from slow only the first time")
def slow_copy(slow, fast, rate):
    s = _slow.get(len(slow), slow)
    for f in fast:
        s = s + rate * (f - s)
    _slow[len(slow)] = s
    return s


@wrong("slow_copy", "tau and 1 - tau exchanged, and the first update skipped", mistakes=2)
def slow_copy(slow, fast, rate):
    for f in fast[1:]:
        slow = rate * slow + (1 - rate) * f
    return slow


# 3 ---------------------------------------------------------------------------------------
@right("support_and_query", "loops, bincount of what is alive")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    out = torch.zeros(len(groups), 2, n_moves)
    for i, g in enumerate(groups):
        for j, part in enumerate((order[:n], order[n : n + m])):
            played = moves[g][part][alive[g][part]]
            out[i, j] = torch.bincount(played, minlength=n_moves)
    return out


@right("support_and_query", "comparison with arange, vectorised")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    hot = (moves[..., None] == torch.arange(n_moves)) & alive[..., None]
    per_episode = hot[groups][:, order].sum(2)
    return torch.stack((per_episode[:, :n].sum(1), per_episode[:, n : n + m].sum(1)), 1)


@right("support_and_query", "plain counting, nested lists")
def support_and_query(moves, alive, groups, order, n, m, A):
    result = []
    for g in groups.tolist():
        pair = [[0] * A, [0] * A]
        for place, e in enumerate(order.tolist()[: n + m]):
            for t in range(moves.shape[2]):
                if alive[g, e, t]:
                    pair[0 if place < n else 1][int(moves[g, e, t])] += 1
        result.append(pair)
    return result


def _count(moves, alive, groups, first, second, n_moves):
    hot = (moves[..., None] == torch.arange(n_moves)) & alive[..., None]
    c = hot[groups].sum(2)
    return torch.stack((c[:, first].sum(1), c[:, second].sum(1)), 1)


@wrong("support_and_query", "ignores the order: the first n episodes as stored, then the next m")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    e = torch.arange(len(order))
    return _count(moves, alive, groups, e[:n], e[n : n + m], n_moves)


@wrong("support_and_query", "uses the inverse of the order (argsort): order[e] taken as the place of episode e")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    o = order.argsort()
    return _count(moves, alive, groups, o[:n], o[n : n + m], n_moves)


@wrong("support_and_query", "ignores the drawn groups: takes the first K")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    return _count(moves, alive, torch.arange(len(groups)), order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "groups sorted and made unique: a group drawn twice appears once")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    return _count(moves, alive, groups.unique(), order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "counts padding too (alive not used; negative padding counts as move 0)")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    return _count(moves.clamp(min=0), torch.ones_like(alive), groups, order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "throws episodes that ended early away entirely")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    whole = alive.all(-1, keepdim=True).expand_as(alive)
    return _count(moves, whole, groups, order[:n], order[n : n + m], n_moves)


@wrong("support_and_query", "the query is all the rest, not only the next m")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    return _count(moves, alive, groups, order[:n], order[n:], n_moves)


@wrong("support_and_query", "the query stops at m: order[n:m] instead of order[n:n+m]")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    return _count(moves, alive, groups, order[:n], order[n:m], n_moves)


@wrong("support_and_query", "the query skips one episode: starts at n + 1")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    return _count(moves, alive, groups, order[:n], order[n + 1 : n + 1 + m], n_moves)


@wrong("support_and_query", "the query overlaps the support: the first m episodes of the order")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    return _count(moves, alive, groups, order[:n], order[:m], n_moves)


@wrong("support_and_query", "the query is the last m episodes of the order, not the next m")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    return _count(moves, alive, groups, order[:n], order[len(order) - m :], n_moves)


@wrong("support_and_query", "frequencies instead of counts")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    c = _count(moves, alive, groups, order[:n], order[n : n + m], n_moves)
    return c / c.sum(-1, keepdim=True).clamp(min=1)


@wrong("support_and_query", "counts episodes in which the move occurs, not how often it was made")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    hot = ((moves[..., None] == torch.arange(n_moves)) & alive[..., None]).any(2)[groups].long()
    return torch.stack((hot[:, order[:n]].sum(1), hot[:, order[n : n + m]].sum(1)), 1)


@wrong("support_and_query", "support and query exchanged in the result")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    return _count(moves, alive, groups, order[:n], order[n : n + m], n_moves).flip(1)


@wrong("support_and_query", "adds the groups up: the same total over all drawn groups (2, n_moves)")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    return _count(moves, alive, groups, order[:n], order[n : n + m], n_moves).sum(0)


@wrong("support_and_query", "splits steps instead of episodes: the first n steps and the next m of every episode")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    hot = ((moves[..., None] == torch.arange(n_moves)) & alive[..., None])[groups][:, order].sum(1)
    return torch.stack((hot[:, :n].sum(1), hot[:, n : n + m].sum(1)), 1)


@wrong("support_and_query", "the order is applied to the groups instead of the episodes (cyclically)")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    e = torch.arange(len(order))
    g = groups[order[: len(groups)] % len(groups)] if len(order) >= len(groups) else groups.flip(0)
    return _count(moves, alive, g, e[:n], e[n : n + m], n_moves)


@wrong("support_and_query", "ignores the order, and counts padding too", mistakes=2)
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    e = torch.arange(len(order))
    return _count(moves.clamp(min=0), torch.ones_like(alive), groups, e[:n], e[n : n + m], n_moves)


# 4 ---------------------------------------------------------------------------------------
@right("total_loss", "detach where it must stop")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    i = torch.arange(len(x))
    phi = x @ extractor
    log_delta = (phi @ imitator).log_softmax(-1)
    q = torch.cat((phi, log_delta.exp().detach()), -1) @ critic
    pi = (phi.detach() @ actor).softmax(-1)
    frozen = q.detach()
    regret = frozen - (pi.detach() * frozen).sum(-1, keepdim=True)
    return (
        -log_delta[i, moves].mean()
        + ((q[i, taken] - target) ** 2).mean()
        - (pi * regret).sum(-1).mean()
    )


@right("total_loss", "no_grad for the teachers, F.nll_loss, F.mse_loss")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi = x @ extractor
    imitation = F.cross_entropy(phi @ imitator, moves)
    with torch.no_grad():
        delta = F.softmax(phi @ imitator, dim=1)
    q = torch.hstack([phi, delta]) @ critic
    critic_loss = F.mse_loss(q.gather(1, taken[:, None]).squeeze(1), target)
    log_pi = F.log_softmax((x @ extractor.detach()) @ actor, dim=1)
    with torch.no_grad():
        regret = q - (log_pi.exp() * q).sum(1, keepdim=True)
    return imitation + critic_loss - (log_pi.exp() * regret).sum(1).mean()


def _total(e, i, c, a, x, moves, taken, target, feed=lambda d: d.detach(), see=lambda p: p.detach(),
           judge=lambda q: q.detach(), base=lambda p: p.detach(), mean=torch.mean, sign=-1.0):
    b = torch.arange(len(x))
    phi = x @ e
    ld = (phi @ i).log_softmax(-1)
    q = torch.cat((phi, feed(ld.exp())), -1) @ c
    pi = (see(phi) @ a).softmax(-1)
    regret = judge(q) - (base(pi) * judge(q)).sum(-1, keepdim=True)
    return -mean(ld[b, moves]) + mean((q[b, taken] - target) ** 2) + sign * mean((pi * regret).sum(-1))


_id = lambda t: t


@wrong("total_loss", "delta is not detached in the critic: the critic's loss reaches the imitator (and the extractor through it)")
def total_loss(e, i, c, a, x, moves, taken, target):
    return _total(e, i, c, a, x, moves, taken, target, feed=_id)


@wrong("total_loss", "features are not detached for the actor: the actor's loss trains the extractor")
def total_loss(e, i, c, a, x, moves, taken, target):
    return _total(e, i, c, a, x, moves, taken, target, see=_id)


@right("total_loss", "Q is not detached in the regret, but pi is in the baseline: the critic's gradients cancel, so all four gradients are right")
def total_loss(e, i, c, a, x, moves, taken, target):
    return _total(e, i, c, a, x, moves, taken, target, judge=_id)


@wrong("total_loss", "the actor's part is -sum pi Q with Q attached (no baseline): the actor's gradient is right, but its loss trains critic and extractor")
def total_loss(e, i, c, a, x, moves, taken, target):
    b, _, ld, q, pi, A = _rest(e, i, c, a, x)
    return -ld[b, moves].mean() + ((q[b, taken] - target) ** 2).mean() - (pi * q).sum(-1).mean()


@wrong("total_loss", "pi is not detached in the baseline: the actor's sum is always 0, and its gradient too")
def total_loss(e, i, c, a, x, moves, taken, target):
    return _total(e, i, c, a, x, moves, taken, target, base=_id)


@wrong("total_loss", "sums over the batch instead of means")
def total_loss(e, i, c, a, x, moves, taken, target):
    return _total(e, i, c, a, x, moves, taken, target, mean=torch.sum)


@wrong("total_loss", "the actor's sign: minimises its regret-weighted sum instead of minus that")
def total_loss(e, i, c, a, x, moves, taken, target):
    return _total(e, i, c, a, x, moves, taken, target, sign=1.0)


@wrong("total_loss", "detaches the features for everybody: the extractor learns nothing")
def total_loss(e, i, c, a, x, moves, taken, target):
    return _total(e.detach(), i, c, a, x, moves, taken, target) + 0 * e.sum()


@wrong("total_loss", "detaches the features for the critic, so the extractor learns from imitation alone")
def total_loss(e, i, c, a, x, moves, taken, target):
    b = torch.arange(len(x))
    phi = x @ e
    ld = (phi @ i).log_softmax(-1)
    q = torch.cat((phi, ld.exp()), -1).detach() @ c
    pi = (phi.detach() @ a).softmax(-1)
    A = (q - (pi * q).sum(-1, keepdim=True)).detach()
    return -ld[b, moves].mean() + ((q[b, taken] - target) ** 2).mean() - (pi * A).sum(-1).mean()


@wrong("total_loss", "the imitator sees detached features, so imitation does not train the extractor")
def total_loss(e, i, c, a, x, moves, taken, target):
    b = torch.arange(len(x))
    phi = x @ e
    ld = (phi.detach() @ i).log_softmax(-1)
    q = torch.cat((phi, ld.exp().detach()), -1) @ c
    pi = (phi.detach() @ a).softmax(-1)
    A = (q - (pi * q).sum(-1, keepdim=True)).detach()
    return -ld[b, moves].mean() + ((q[b, taken] - target) ** 2).mean() - (pi * A).sum(-1).mean()


def _rest(e, i, c, a, x):
    phi = x @ e
    ld = (phi @ i).log_softmax(-1)
    q = torch.cat((phi, ld.exp().detach()), -1) @ c
    pi = (phi.detach() @ a).softmax(-1)
    A = (q - (pi * q).sum(-1, keepdim=True)).detach()
    return torch.arange(len(x)), phi, ld, q, pi, A


@wrong("total_loss", "target of shape (B, 1) against (B,): numpy broadcasting compares every Q with every target")
def total_loss(e, i, c, a, x, moves, taken, target):
    b, _, ld, q, pi, A = _rest(e, i, c, a, x)
    return -ld[b, moves].mean() + ((q[b, taken] - target[:, None]) ** 2).mean() - (pi * A).sum(-1).mean()


@wrong("total_loss", "the critic gets log delta instead of delta")
def total_loss(e, i, c, a, x, moves, taken, target):
    b, phi, ld, _, pi, _ = _rest(e, i, c, a, x)
    q = torch.cat((phi, ld.detach()), -1) @ c
    A = (q - (pi * q).sum(-1, keepdim=True)).detach()
    return -ld[b, moves].mean() + ((q[b, taken] - target) ** 2).mean() - (pi * A).sum(-1).mean()


@wrong("total_loss", "the critic's inputs in the wrong order: delta first, then features")
def total_loss(e, i, c, a, x, moves, taken, target):
    b, phi, ld, _, pi, _ = _rest(e, i, c, a, x)
    q = torch.cat((ld.exp().detach(), phi), -1) @ c
    A = (q - (pi * q).sum(-1, keepdim=True)).detach()
    return -ld[b, moves].mean() + ((q[b, taken] - target) ** 2).mean() - (pi * A).sum(-1).mean()


@wrong("total_loss", "the critic's error is averaged over all own actions, not the one taken")
def total_loss(e, i, c, a, x, moves, taken, target):
    b, _, ld, q, pi, A = _rest(e, i, c, a, x)
    return -ld[b, moves].mean() + ((q - target[:, None]) ** 2).mean() - (pi * A).sum(-1).mean()


@wrong("total_loss", "the actor's part uses log pi of the action taken times its regret, not the sum over all actions")
def total_loss(e, i, c, a, x, moves, taken, target):
    b, _, ld, q, pi, A = _rest(e, i, c, a, x)
    return -ld[b, moves].mean() + ((q[b, taken] - target) ** 2).mean() - (pi.log()[b, taken] * A[b, taken]).mean()


@wrong("total_loss", "the actor's part is averaged over the actions too, (pi * A).mean()")
def total_loss(e, i, c, a, x, moves, taken, target):
    b, _, ld, q, pi, A = _rest(e, i, c, a, x)
    return -ld[b, moves].mean() + ((q[b, taken] - target) ** 2).mean() - (pi * A).mean()


@wrong("total_loss", "half of the squared error")
def total_loss(e, i, c, a, x, moves, taken, target):
    b, _, ld, q, pi, A = _rest(e, i, c, a, x)
    return -ld[b, moves].mean() + 0.5 * ((q[b, taken] - target) ** 2).mean() - (pi * A).sum(-1).mean()


@wrong("total_loss", "imitation uses delta, not its logarithm: minus the mean probability of the moves")
def total_loss(e, i, c, a, x, moves, taken, target):
    b, _, ld, q, pi, A = _rest(e, i, c, a, x)
    return -ld.exp()[b, moves].mean() + ((q[b, taken] - target) ** 2).mean() - (pi * A).sum(-1).mean()


@wrong("total_loss", "the imitator's softmax runs over the batch (axis 0)")
def total_loss(e, i, c, a, x, moves, taken, target):
    b, phi, _, _, pi, _ = _rest(e, i, c, a, x)
    ld = (phi @ i).log_softmax(0)
    q = torch.cat((phi, ld.exp().detach()), -1) @ c
    A = (q - (pi * q).sum(-1, keepdim=True)).detach()
    return -ld[b, moves].mean() + ((q[b, taken] - target) ** 2).mean() - (pi * A).sum(-1).mean()


@wrong("total_loss", "delta is not detached in the critic, and features not for the actor", mistakes=2)
def total_loss(e, i, c, a, x, moves, taken, target):
    return _total(e, i, c, a, x, moves, taken, target, feed=_id, see=_id)


# 5 ---------------------------------------------------------------------------------------
@right("interquartile_mean", "flatten, sort, slice")
def interquartile_mean(scores):
    s = scores.flatten().sort().values
    k = len(s) // 4
    return s[k : len(s) - k].mean()


@right("interquartile_mean", "python lists")
def interquartile_mean(scores):
    heap = sorted(float(x) for row in scores for x in row)
    for _ in range(len(heap) // 4):
        heap = heap[1:-1]
    return sum(heap) / len(heap)


@right("interquartile_mean", "numpy, float32")
def interquartile_mean(scores):
    s = np.sort(np.asarray(scores, dtype=np.float32), axis=None)
    k = int(s.size / 4)
    return s[k : s.size - k].mean()


@wrong("interquartile_mean", "slices [k:-k], which is empty for k = 0: nan with fewer than four scores")
def interquartile_mean(scores):
    s = np.sort(np.asarray(scores), axis=None)
    k = len(s) // 4
    return s[k:-k].mean()


@wrong("interquartile_mean", "each task by itself (sort and drop along the seeds), then the mean over tasks")
def interquartile_mean(scores):
    s = scores.sort(1).values
    k = s.shape[1] // 4
    return s[:, k : s.shape[1] - k].mean()


@wrong("interquartile_mean", "each seed by itself (sort and drop along the tasks, axis 0)")
def interquartile_mean(scores):
    s = scores.sort(0).values
    k = s.shape[0] // 4
    return s[k : s.shape[0] - k].mean()


@wrong("interquartile_mean", "numpy's sort along the last axis only before flattening, so the heap isn't sorted")
def interquartile_mean(scores):
    s = np.sort(scores.numpy()).flatten()
    k = len(s) // 4
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "forgets to sort")
def interquartile_mean(scores):
    s = scores.flatten()
    k = len(s) // 4
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "median of the middle half instead of the mean")
def interquartile_mean(scores):
    s = np.sort(scores.numpy(), axis=None)
    k = len(s) // 4
    return np.median(s[k : len(s) - k])


@wrong("interquartile_mean", "plain mean of everything")
def interquartile_mean(scores):
    return scores.mean()


@wrong("interquartile_mean", "n / 4 is rounded up")
def interquartile_mean(scores):
    s = scores.flatten().sort().values
    k = min(math.ceil(len(s) / 4), (len(s) - 1) // 2)
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "n / 4 is rounded to the nearest")
def interquartile_mean(scores):
    s = scores.flatten().sort().values
    k = round(len(s) / 4)
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "drops a quarter at the bottom only")
def interquartile_mean(scores):
    s = scores.flatten().sort().values
    return s[len(s) // 4 :].mean()


@wrong("interquartile_mean", "drops a quarter in all: an eighth at each end")
def interquartile_mean(scores):
    s = scores.flatten().sort().values
    k = len(s) // 8
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "keeps what lies between the 25 and 75 percent quantiles (interpolated), not a count of n // 4")
def interquartile_mean(scores):
    s = scores.flatten()
    lo, hi = s.quantile(0.25), s.quantile(0.75)
    return s[(s > lo) & (s < hi)].mean()


@wrong("interquartile_mean", "drops equal scores: sorts a set")
def interquartile_mean(scores):
    s = scores.unique()
    k = len(s) // 4
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "off by one at the top: s[k : n - k - 1]")
def interquartile_mean(scores):
    s = scores.flatten().sort().values
    k = len(s) // 4
    return s[k : max(len(s) - k - 1, k + 1)].mean()


@wrong("interquartile_mean", "sum of the middle half instead of the mean")
def interquartile_mean(scores):
    s = scores.flatten().sort().values
    k = len(s) // 4
    return s[k : len(s) - k].sum()


@wrong("interquartile_mean", "divides the sum of the middle half by n / 2, also where n is no multiple of four")
def interquartile_mean(scores):
    s = scores.flatten().sort().values
    k = len(s) // 4
    return s[k : len(s) - k].sum() / (len(s) / 2)


@wrong("interquartile_mean", "winsorises: replaces the outer quarters by the nearest kept score (clamping) instead of dropping them")
def interquartile_mean(scores):
    s = scores.flatten().sort().values
    k = len(s) // 4
    return s.clamp(s[k], s[len(s) - k - 1]).mean()


@wrong("interquartile_mean", "sorts the caller's array in place (the value returned is right)")
def interquartile_mean(scores):
    s = scores.numpy().reshape(-1)
    s.sort()
    k = len(s) // 4
    return s[k : len(s) - k].mean()


@wrong("interquartile_mean", "each task by itself, and n / 4 rounded up", mistakes=2)
def interquartile_mean(scores):
    s = scores.sort(1).values
    k = min(math.ceil(s.shape[1] / 4), (s.shape[1] - 1) // 2)
    return s[:, k : s.shape[1] - k].mean()


# 6 ---------------------------------------------------------------------------------------
@right("probability_of_improvement", "broadcast to all pairs")
def probability_of_improvement(ours, theirs):
    a, b = ours[:, :, None], theirs[:, None, :]
    return ((a > b).double() + 0.5 * (a == b).double()).mean()


@right("probability_of_improvement", "loops over tasks and pairs")
def probability_of_improvement(x, y):
    per_task = []
    for us, them in zip(x.tolist(), y.tolist()):
        wins = sum(1.0 if u > t else 0.5 if u == t else 0.0 for u in us for t in them)
        per_task.append(wins / (len(us) * len(them)))
    return sum(per_task) / len(per_task)


@right("probability_of_improvement", "numpy sign of the differences")
def probability_of_improvement(ours, theirs):
    d = np.sign(np.asarray(ours)[:, :, None] - np.asarray(theirs)[:, None, :])
    return float(((1 + d) / 2).mean(axis=(1, 2)).mean())


def _pairs(ours, theirs):
    return ours[:, :, None], theirs[:, None, :]


@wrong("probability_of_improvement", "ties count nothing")
def probability_of_improvement(ours, theirs):
    a, b = _pairs(ours, theirs)
    return (a > b).double().mean()


@wrong("probability_of_improvement", "ties count as wins (>=)")
def probability_of_improvement(ours, theirs):
    a, b = _pairs(ours, theirs)
    return (a >= b).double().mean()


@wrong("probability_of_improvement", "ties are left out of the pairs altogether (wins divided by wins plus losses)")
def probability_of_improvement(ours, theirs):
    a, b = _pairs(ours, theirs)
    w, l = (a > b).sum((1, 2)).double(), (a < b).sum((1, 2)).double()
    return torch.where(w + l > 0, w / (w + l).clamp(min=1), 0.5).mean()


@wrong("probability_of_improvement", "the other way round: how often theirs is better")
def probability_of_improvement(ours, theirs):
    a, b = _pairs(ours, theirs)
    return ((a < b).double() + 0.5 * (a == b).double()).mean()


@wrong("probability_of_improvement", "pairs seed i with seed i only (the longer one cut off)")
def probability_of_improvement(ours, theirs):
    n = min(ours.shape[1], theirs.shape[1])
    a, b = ours[:, :n], theirs[:, :n]
    return ((a > b).double() + 0.5 * (a == b).double()).mean()


@wrong("probability_of_improvement", "pools the tasks: compares runs of different tasks with each other")
def probability_of_improvement(ours, theirs):
    a, b = ours.reshape(-1, 1), theirs.reshape(1, -1)
    return ((a > b).double() + 0.5 * (a == b).double()).mean()


@wrong("probability_of_improvement", "counts wins in each task without dividing by the number of pairs")
def probability_of_improvement(ours, theirs):
    a, b = _pairs(ours, theirs)
    return ((a > b).double() + 0.5 * (a == b).double()).sum((1, 2)).mean()


@wrong("probability_of_improvement", "divides by the square of our number of seeds, as if both had the same")
def probability_of_improvement(ours, theirs):
    a, b = _pairs(ours, theirs)
    return ((a > b).double() + 0.5 * (a == b).double()).sum((1, 2)).mean() / ours.shape[1] ** 2


@wrong("probability_of_improvement", "one number for each task; no mean over tasks")
def probability_of_improvement(ours, theirs):
    a, b = _pairs(ours, theirs)
    return ((a > b).double() + 0.5 * (a == b).double()).mean((1, 2))


@wrong("probability_of_improvement", "median over the tasks instead of mean")
def probability_of_improvement(ours, theirs):
    a, b = _pairs(ours, theirs)
    return np.median(((a > b).double() + 0.5 * (a == b).double()).mean((1, 2)).numpy())


@wrong("probability_of_improvement", "compares the means of the seeds: the fraction of tasks on which ours is larger")
def probability_of_improvement(ours, theirs):
    a, b = ours.mean(1), theirs.mean(1)
    return ((a > b).double() + 0.5 * (a == b).double()).mean()


@wrong("probability_of_improvement", "compares each of our runs with the mean of theirs")
def probability_of_improvement(ours, theirs):
    b = theirs.mean(1, keepdim=True)
    return ((ours > b).double() + 0.5 * (ours == b).double()).mean()


@wrong("probability_of_improvement", "the mean difference of the scores over all pairs, not how often one is larger")
def probability_of_improvement(ours, theirs):
    a, b = _pairs(ours, theirs)
    return (a - b).mean()


@wrong("probability_of_improvement", "integer arithmetic: half a tie is rounded down, so wins + ties // 2 in each task")
def probability_of_improvement(ours, theirs):
    a, b = _pairs(ours, theirs)
    wins = (a > b).sum((1, 2)) + (a == b).sum((1, 2)) // 2
    return (wins / (a.shape[1] * b.shape[2])).mean()


@wrong("probability_of_improvement", "subtracts the losses: (wins - losses) / pairs")
def probability_of_improvement(ours, theirs):
    a, b = _pairs(ours, theirs)
    return torch.sign(a - b).mean()


@wrong("probability_of_improvement", "sorts both and compares rank with rank")
def probability_of_improvement(ours, theirs):
    n = min(ours.shape[1], theirs.shape[1])
    a, b = ours.sort(1).values[:, :n], theirs.sort(1).values[:, :n]
    return ((a > b).double() + 0.5 * (a == b).double()).mean()


@wrong("probability_of_improvement", "pools the tasks, and ties count nothing", mistakes=2)
def probability_of_improvement(ours, theirs):
    return (ours.reshape(-1, 1) > theirs.reshape(1, -1)).double().mean()


# 7 ---------------------------------------------------------------------------------------
_theirs = [0.34, 0.36, 0.4, 0.4, 0.4, 0.4, 0.44, 0.46]
right("lucky", "two runs of luck", ([0.3] * 6 + [1.0] * 2, _theirs))
right("lucky", "unsorted tensors, other numbers", (torch.tensor([1.0, 0.2, 0.25, 0.9, 0.3, 0.2, 0.3, 0.25]), torch.tensor([0.4, 0.32, 0.35, 0.33, 0.45, 0.31, 0.34, 0.36])))
right("lucky", "numpy arrays", (np.array([0.1] * 6 + [0.95] * 2), np.array([0.15, 0.3, 0.15, 0.16, 0.17, 0.2, 0.18, 0.2])))
wrong("lucky", "our mean is larger, but by less than 0.05", ([0.3] * 6 + [0.75] * 2, _theirs))
wrong("lucky", "the interquartile mean is smaller, but by less than 0.05", ([0.36] * 6 + [1.0] * 2, [0.37, 0.39, 0.4, 0.4, 0.4, 0.4, 0.41, 0.48]))
wrong("lucky", "three lucky runs: the third stays in the middle half, and ours is ahead in too many pairs", ([0.1] * 5 + [0.7] * 3, [0.28, 0.26, 0.25, 0.25, 0.25, 0.25, 0.2, 0.36]))
wrong("lucky", "ours is ahead in too many pairs: our bulk lies above a few of their broken runs", ([0.3] * 6 + [1.0] * 2, [0.1, 0.2, 0.4, 0.4, 0.4, 0.4, 0.44, 0.46]))
wrong("lucky", "their scores are all alike", ([0.3] * 6 + [1.0] * 2, [0.4] * 8))
wrong("lucky", "their scores spread by less than 0.1", ([0.3] * 6 + [1.0] * 2, [0.38, 0.39, 0.4, 0.4, 0.4, 0.4, 0.41, 0.42]))
wrong("lucky", "one of our scores is above 1", ([0.3] * 7 + [2.2], _theirs))
wrong("lucky", "a negative score of theirs", ([0.3] * 6 + [1.0] * 2, [-0.1, 0.36, 0.4, 0.4, 0.4, 0.4, 0.44, 0.46]))
wrong("lucky", "theirs and ours exchanged", (_theirs, [0.3] * 6 + [1.0] * 2))
wrong("lucky", "seven scores of ours", ([0.3] * 5 + [1.0] * 2, _theirs))
wrong("lucky", "ours is better in the mean and in the interquartile mean too", ([0.6] * 8, _theirs))
wrong("lucky", "our mean is too close, and their scores are all alike", ([0.3] * 6 + [0.75] * 2, [0.4] * 8), mistakes=2)
