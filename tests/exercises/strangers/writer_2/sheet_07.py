from strangers import right, wrong
import functools
import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1
def _update(**x):
    """One update; the keywords say what is done differently."""
    Q, B = [[10.0, 12.0], [9.0, 1.0]], [[3.0, 11.0], [0.0, 4.0]]
    pi, de = x.get("pi", [0.25, 0.75]), x.get("de", [0.75, 0.25])
    ev = lambda q: [sum(d * v for d, v in zip(de, row)) for row in q]
    slow = ev(Q if x.get("fast_target") else B)
    V = sum(p * v for p, v in zip(pi, slow))
    V = {"max": max(slow), "played": B[0][0], "zero": 0.0}.get(x.get("V"), V)
    target = x.get("r", 4.0) + x.get("gamma", 0.5) * V
    old, before = Q[0][0], [row[:] for row in Q]
    Q[0][0] += x.get("rate", 0.5) * (target - old)
    towards = {"target": target, "old": old}.get(x.get("towards"), Q[0][0])
    tau = x.get("tau", 0.25)
    B[0][0] += tau * (towards - B[0][0])
    table = B if x.get("slow_regret") else Q if x.get("new_regret") else before
    if x.get("max_move"):
        q = [max(r) for r in table]
    else:
        q = [r[0] for r in table] if x.get("left_only") else ev(table)
    base = {"none": 0.0, "mean": sum(q) / 2, "max": max(q), "other": q[1]}.get(x.get("base"), sum(p * v for p, v in zip(pi, q)))
    return [Q[0][0], B[0][0], x.get("sign", 1) * (q[0] - base)]


right("update_by_hand", "critic's step (target from the slow copy), slow copy towards the new critic, regret from the old critic", [7.5, 4.125, 2.625])
right("update_by_hand", "the same, computed, a tensor", torch.tensor(_update()))
wrong("update_by_hand", "regret from the critic after its step", _update(new_regret=True))
wrong("update_by_hand", "target from the critic itself instead of its slow copy", _update(fast_target=True))
wrong("update_by_hand", "target with the best action (max) as in Q-learning, instead of the hunter's policy", _update(V="max"))
wrong("update_by_hand", "forgot gamma in the target", _update(gamma=1.0))
wrong("update_by_hand", "critic jumps all the way to the target", _update(rate=1.0))
wrong("update_by_hand", "slow copy goes towards the target 5 instead of towards the new Q", _update(towards="target"))
wrong("update_by_hand", "slow copy goes towards the critic before its step", _update(towards="old"))
wrong("update_by_hand", "tau taken for what is kept: the slow copy goes 0.75 of the way", _update(tau=0.75))
wrong("update_by_hand", "regret read off the slow copy instead of the critic", _update(slow_regret=True))
wrong("update_by_hand", "regret with the observed move left only, not the mean over delta", _update(left_only=True))
wrong("update_by_hand", "gave the value of go, the policy's value not subtracted", _update(base="none"))
wrong("update_by_hand", "regret with the sign exchanged: V - Q", _update(sign=-1))
wrong("update_by_hand", "regret of go against the plain mean of the two actions", _update(base="mean"))
wrong("update_by_hand", "regret of go against the other action stay only", _update(base="other"))
wrong("update_by_hand", "treats the game as over: target is the payment only", _update(V="zero"))
wrong("update_by_hand", "the hunter's probabilities exchanged (go with 0.75)", _update(pi=[0.75, 0.25]))
wrong("update_by_hand", "target from the critic itself, and tau taken for what is kept", _update(fast_target=True, tau=0.75), mistakes=2)


# ---------------------------------------------------------------- 2
@right("slow_copy", "torch.lerp in a loop")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow = torch.lerp(slow, f, rate)
    return slow


@right("slow_copy", "closed form: geometric weights, einsum")
def slow_copy(slow, fast, rate):
    T = len(fast)
    w = rate * (1 - rate) ** torch.arange(T - 1, -1, -1)
    return (1 - rate) ** T * slow + torch.einsum("t,tp->p", w, fast)


@right("slow_copy", "functools.reduce over numpy rows, a list")
def slow_copy(slow, fast, rate):
    return list(functools.reduce(lambda s, f: (1 - rate) * s + rate * f, np.asarray(fast), np.asarray(slow)))


@right("slow_copy", "in float32, one parameter after the other")
def slow_copy(slow, fast, rate):
    out = slow.to(torch.float32).clone()
    for p in range(len(out)):
        for t in range(len(fast)):
            out[p] += rate * (fast[t, p].float() - out[p])
    return out


@wrong("slow_copy", "rate taken for what is kept: tau * slow + (1 - tau) * fast")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow = rate * slow + (1 - rate) * f
    return slow


@wrong("slow_copy", "only one step, to the last parameters")
def slow_copy(slow, fast, rate):
    return slow + rate * (fast[-1] - slow)


@wrong("slow_copy", "the differences are all taken from where the copy started")
def slow_copy(slow, fast, rate):
    return slow + rate * (fast - slow).sum(0)


@wrong("slow_copy", "one step towards the mean of the parameters")
def slow_copy(slow, fast, rate):
    return slow + rate * (fast.mean(0) - slow)


@wrong("slow_copy", "goes through the updates backwards")
def slow_copy(slow, fast, rate):
    for f in fast.flip(0):
        slow = slow + rate * (f - slow)
    return slow


@wrong("slow_copy", "the first update is left out")
def slow_copy(slow, fast, rate):
    for t in range(1, len(fast)):
        slow = slow + rate * (fast[t] - slow)
    return slow


@wrong("slow_copy", "the last update is left out")
def slow_copy(slow, fast, rate):
    for t in range(len(fast) - 1):
        slow = slow + rate * (fast[t] - slow)
    return slow


@wrong("slow_copy", "starts at the first new parameters, the given slow copy ignored")
def slow_copy(slow, fast, rate):
    slow = fast[0]
    for f in fast[1:]:
        slow = slow + rate * (f - slow)
    return slow


@wrong("slow_copy", "all places on the way (T, P) instead of the last")
def slow_copy(slow, fast, rate):
    out = []
    for f in fast:
        slow = slow + rate * (f - slow)
        out.append(slow)
    return torch.stack(out)


@wrong("slow_copy", "Adam's bias correction: divided by 1 - (1 - tau)^T")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow = slow + rate * (f - slow)
    return slow / (1 - (1 - rate) ** len(fast))


@wrong("slow_copy", "adds tau * fast without taking tau * slow away")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow = slow + rate * f
    return slow


@wrong("slow_copy", "hard copy: returns the last parameters")
def slow_copy(slow, fast, rate):
    return fast[-1]


@wrong("slow_copy", "goes away from the parameters: slow + tau * (slow - fast)")
def slow_copy(slow, fast, rate):
    for f in fast:
        slow = slow + rate * (slow - f)
    return slow


@wrong("slow_copy", "first update left out, and rate taken for what is kept", mistakes=2)
def slow_copy(slow, fast, rate):
    for f in fast[1:]:
        slow = rate * slow + (1 - rate) * f
    return slow


# ---------------------------------------------------------------- 3
@right("support_and_query", "one-hot times alive, advanced indexing")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    hot = (moves[..., None] == torch.arange(n_moves)) & alive.bool()[..., None]
    per = hot.sum(2)[groups][:, order]
    return torch.stack([per[:, :n].sum(1), per[:, n:n + m].sum(1)], 1)


@right("support_and_query", "loops and lists")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    order, out = [int(e) for e in order], []
    for g in groups:
        rows = []
        for part in (order[:n], order[n:n + m]):
            c = [0] * n_moves
            for e in part:
                for a, ok in zip(moves[g, e], alive[g, e]):
                    if ok:
                        c[int(a)] += 1
            rows.append(c)
        out.append(rows)
    return out


@right("support_and_query", "bincount of the masked moves of each part")
def support_and_query(mv, al, grp, perm, n, m, A):
    count = lambda g, idx: torch.bincount(mv[g][idx][al[g][idx].bool()].long(), minlength=A)
    return torch.stack([torch.stack([count(g, perm[:n]), count(g, perm[n:n + m])]) for g in grp])


def _per(moves, alive, n_moves):
    return (F.one_hot(moves.clamp(0, n_moves - 1).long(), n_moves) * alive[..., None]).sum(2)


@wrong("support_and_query", "counts padded steps too, alive ignored")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, torch.ones_like(alive), n_moves)[groups][:, order]
    return torch.stack([per[:, :n].sum(1), per[:, n:n + m].sum(1)], 1)


@wrong("support_and_query", "query is the first m episodes of the order, so it overlaps the support")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive, n_moves)[groups][:, order]
    return torch.stack([per[:, :n].sum(1), per[:, :m].sum(1)], 1)


@wrong("support_and_query", "query ends at position m (slice n:m) instead of n + m")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive, n_moves)[groups][:, order]
    return torch.stack([per[:, :n].sum(1), per[:, n:m].sum(1)], 1)


@wrong("support_and_query", "query is all the rest, not the next m")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive, n_moves)[groups][:, order]
    return torch.stack([per[:, :n].sum(1), per[:, n:].sum(1)], 1)


@wrong("support_and_query", "query is the last m of the order")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive, n_moves)[groups][:, order]
    E = per.shape[1]
    return torch.stack([per[:, :n].sum(1), per[:, E - m:].sum(1)], 1)


@wrong("support_and_query", "order ignored: first n episodes as stored")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive, n_moves)[groups]
    return torch.stack([per[:, :n].sum(1), per[:, n:n + m].sum(1)], 1)


@wrong("support_and_query", "order read as each episode's place (argsort) instead of which episode comes")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive, n_moves)[groups][:, torch.as_tensor(order).argsort()]
    return torch.stack([per[:, :n].sum(1), per[:, n:n + m].sum(1)], 1)


@wrong("support_and_query", "support and query exchanged in the result (query first)")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive, n_moves)[groups][:, order]
    return torch.stack([per[:, n:n + m].sum(1), per[:, :n].sum(1)], 1)


@wrong("support_and_query", "n and m exchanged: m episodes of support, n of query")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive, n_moves)[groups][:, order]
    return torch.stack([per[:, :m].sum(1), per[:, m:n + m].sum(1)], 1)


@wrong("support_and_query", "takes the first K groups instead of the drawn ones")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive, n_moves)[:len(groups)][:, order]
    return torch.stack([per[:, :n].sum(1), per[:, n:n + m].sum(1)], 1)


@wrong("support_and_query", "frequencies instead of numbers")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive, n_moves)[groups][:, order].double()
    c = torch.stack([per[:, :n].sum(1), per[:, n:n + m].sum(1)], 1)
    return c / c.sum(-1, keepdim=True).clamp(min=1)


@wrong("support_and_query", "adds up all drawn groups: the same pooled counts for each")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive, n_moves)[groups][:, order]
    c = torch.stack([per[:, :n].sum(1), per[:, n:n + m].sum(1)], 1)
    return c.sum(0, keepdim=True).expand_as(c)


@wrong("support_and_query", "drops an episode altogether when it ended early")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, alive & alive.all(-1, keepdim=True), n_moves)[groups][:, order]
    return torch.stack([per[:, :n].sum(1), per[:, n:n + m].sum(1)], 1)


@wrong("support_and_query", "splits steps instead of episodes: first n steps support, next m query")
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    hot = F.one_hot(moves.clamp(0, n_moves - 1).long(), n_moves) * alive[..., None]
    hot = hot[groups][:, order].flatten(1, 2)
    return torch.stack([hot[:, :n].sum(1), hot[:, n:n + m].sum(1)], 1)


@wrong("support_and_query", "alive ignored, and the order ignored", mistakes=2)
def support_and_query(moves, alive, groups, order, n, m, n_moves):
    per = _per(moves, torch.ones_like(alive), n_moves)[groups]
    return torch.stack([per[:, :n].sum(1), per[:, n:n + m].sum(1)], 1)


# ---------------------------------------------------------------- 4
@right("total_loss", "cross_entropy, mse_loss, detach where needed")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    phi = x @ extractor
    logits = phi @ imitator
    Q = torch.cat([phi, logits.softmax(-1).detach()], -1) @ critic
    q = Q.gather(-1, taken[:, None]).squeeze(-1)
    pi = (phi.detach() @ actor).softmax(-1)
    with torch.no_grad():
        A = Q - (pi * Q).sum(-1, keepdim=True)
    return F.cross_entropy(logits, moves) + F.mse_loss(q, target) - (pi * A).sum(-1).mean()


@right("total_loss", "everything for the actor computed again under no_grad, einsum")
def total_loss(W, V, C, U, x, moves, taken, target):
    b = torch.arange(len(x))
    phi = torch.einsum("bd,df->bf", x, W)
    logd = torch.log_softmax(phi @ V, 1)
    with torch.no_grad():
        delta = logd.exp()
        Q0 = torch.hstack([phi, delta]) @ C
        p0 = torch.softmax(phi @ U, 1)
        A = Q0 - torch.einsum("ba,ba->b", p0, Q0)[:, None]
        still = phi.clone()
    Q = torch.hstack([phi, delta]) @ C
    one = -logd[b, moves].mean()
    two = (Q[b, taken] - target).pow(2).mean()
    three = -torch.einsum("ba,ba->b", torch.softmax(still @ U, 1), A).mean()
    return one + two + three


@right("total_loss", "one transition after the other, then the mean")
def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
    losses = []
    for i in range(len(x)):
        phi = x[i] @ extractor
        d = torch.softmax(phi @ imitator, 0)
        Q = torch.cat((phi, d.detach())) @ critic
        pi = torch.softmax(phi.detach() @ actor, 0)
        Qc = Q.detach()
        A = Qc - pi.detach() @ Qc
        losses.append(-d[moves[i]].log() + (Q[taken[i]] - target[i]) ** 2 - pi @ A)
    return torch.stack(losses).mean()


def _loss(extractor, imitator, critic, actor, x, moves, taken, target, *diff):
    """The sum of three; `diff` names what a student does differently."""
    stop = lambda name, t: t if name in diff else t.detach()
    phi = x @ extractor
    logd = ((phi.detach() if "imitator_cut" in diff else phi) @ imitator).log_softmax(-1)
    d = logd if "log_delta" in diff else logd.exp()
    d = stop("delta", d)
    phic = phi.detach() if "critic_cut" in diff else phi
    Q = torch.cat([d, phic] if "delta_first" in diff else [phic, d], -1) @ critic
    made = taken if "made_taken" in diff else moves
    b = torch.arange(len(x))
    im = -logd[b, made % logd.shape[1]]
    e = (Q - target[:, None]) ** 2 if "all_actions" in diff else (Q[b, taken] - target) ** 2
    if "broadcast" in diff:
        e = (Q[b, taken][:, None] - target) ** 2
    if "half" in diff:
        e = 0.5 * e
    pi = (stop("phi", phi) @ actor).softmax(-1)
    q = stop("q", Q)
    base = pi if "base" in diff else pi.detach()
    b_ = (base * q).sum(-1, keepdim=True)
    A = q - (b_.detach() if "q" in diff else b_)
    ac = -(pi * A).sum(-1)
    if "plus" in diff:
        ac = -ac
    if "played" in diff:
        ac = -(pi.log()[b, taken] * A[b, taken])
    if "logpi" in diff:
        ac = -(pi.log() * A).sum(-1)
    if "one_taken" in diff:
        ac = -(pi[b, taken] * A[b, taken])
    red = torch.sum if "sum" in diff else torch.mean
    return red(im) + red(e) + red(ac)


def _with(*diff):
    def total_loss(extractor, imitator, critic, actor, x, moves, taken, target):
        return _loss(extractor, imitator, critic, actor, x, moves, taken, target, *diff)
    return total_loss


for _words, _d in [
    ("delta not detached before the critic: the imitator (and the extractor through it) learns from the critic's loss", "delta"),
    ("features not detached before the actor: the extractor learns from the actor's loss", "phi"),
    ("only the baseline of the regret is detached, Q itself is not: the critic (and the extractor) learns from the actor's loss", "q"),
    ("the policy in the baseline is not detached: the actor's loss is zero everywhere, the actor gets no gradient", "base"),
    ("features detached before the critic: the extractor does not learn from the critic", "critic_cut"),
    ("features detached before the imitator: the extractor does not learn from imitation", "imitator_cut"),
    ("sums over the batch instead of means", "sum"),
    ("the actor's loss with a plus: it learns to play what it regrets least having not played, uphill instead of downhill", "plus"),
    ("critic's loss is the mean over all own actions, not of the one taken", "all_actions"),
    ("critic's loss halved (0.5 (Q - target)^2)", "half"),
    ("Q of shape (B, 1) against target (B,): broadcast, every Q against every target", "broadcast"),
    ("actor's loss is REINFORCE: -log pi(taken) A(taken), not the sum over actions", "played"),
    ("log pi instead of pi in the actor's sum", "logpi"),
    ("actor's loss of the taken action only, -pi(taken) A(taken), not the sum over actions", "one_taken"),
    ("critic gets log delta instead of delta", "log_delta"),
    ("imitation of the team's own taken actions, not of the prey's moves", "made_taken"),
]:
    wrong("total_loss", _words)(_with(_d))
wrong("total_loss", "neither delta nor the Q of the regret (only its baseline) detached", mistakes=2)(_with("delta", "q"))


# ---------------------------------------------------------------- 5
@right("interquartile_mean", "flatten, sort, slice")
def interquartile_mean(scores):
    x = scores.flatten().sort().values
    k = len(x) // 4
    return x[k:len(x) - k].mean()


@right("interquartile_mean", "scipy.stats.trim_mean")
def interquartile_mean(scores):
    from scipy.stats import trim_mean
    return float(trim_mean(np.asarray(scores).ravel(), 0.25))


@right("interquartile_mean", "plain lists, popping the ends")
def interquartile_mean(scores):
    heap = sorted(float(v) for row in scores for v in row)
    for _ in range(len(heap) // 4):
        heap.pop(0)
        heap.pop()
    return sum(heap) / len(heap)


@wrong("interquartile_mean", "interquartile mean of each task, then the mean over tasks")
def interquartile_mean(scores):
    x = scores.sort(-1).values
    k = x.shape[1] // 4
    return x[:, k:x.shape[1] - k].mean()


@wrong("interquartile_mean", "not sorted before the ends are dropped")
def interquartile_mean(scores):
    x = scores.flatten()
    k = len(x) // 4
    return x[k:len(x) - k].mean()


@wrong("interquartile_mean", "sorts within each task only, then flattens and slices")
def interquartile_mean(scores):
    x = scores.sort(-1).values.flatten()
    k = len(x) // 4
    return x[k:len(x) - k].mean()


@wrong("interquartile_mean", "slice [k:-k]: empty (nan) when fewer than four scores")
def interquartile_mean(scores):
    x = scores.flatten().sort().values
    k = len(x) // 4
    return x[k:-k].mean()


@wrong("interquartile_mean", "a quarter rounded up instead of down")
def interquartile_mean(scores):
    x = scores.flatten().sort().values
    k = -(-len(x) // 4)
    return x[k:len(x) - k].mean()


@wrong("interquartile_mean", "drops a quarter in all, an eighth at each end")
def interquartile_mean(scores):
    x = scores.flatten().sort().values
    k = len(x) // 8
    return x[k:len(x) - k].mean()


@wrong("interquartile_mean", "drops the worst quarter only")
def interquartile_mean(scores):
    x = scores.flatten().sort().values
    return x[len(x) // 4:].mean()


@wrong("interquartile_mean", "plain mean")
def interquartile_mean(scores):
    return scores.mean()


@wrong("interquartile_mean", "median")
def interquartile_mean(scores):
    return torch.quantile(scores.flatten(), 0.5)


@wrong("interquartile_mean", "interquartile range (upper quartile minus lower) instead of the mean")
def interquartile_mean(scores):
    x = scores.flatten()
    return x.quantile(0.75) - x.quantile(0.25)


@wrong("interquartile_mean", "midpoint of the two quartiles")
def interquartile_mean(scores):
    return scores.flatten().quantile(torch.tensor([0.25, 0.75])).mean()


@wrong("interquartile_mean", "clips (winsorizes) the outer quarters to the quartile scores instead of dropping them")
def interquartile_mean(scores):
    x = scores.flatten().sort().values
    k = len(x) // 4
    return x.clamp(x[k].item(), x[len(x) - 1 - k].item()).mean()


@wrong("interquartile_mean", "averages over seeds first, then the interquartile mean of the task means")
def interquartile_mean(scores):
    x = scores.mean(1).sort().values
    k = len(x) // 4
    return x[k:len(x) - k].mean()


@wrong("interquartile_mean", "sum of the middle half divided by the number of all scores")
def interquartile_mean(scores):
    x = scores.flatten().sort().values
    k = len(x) // 4
    return x[k:len(x) - k].sum() / len(x)


@wrong("interquartile_mean", "k from the number of seeds instead of all scores, and unsorted", mistakes=2)
def interquartile_mean(scores):
    x, k = scores.flatten(), scores.shape[1] // 4
    return x[k:len(x) - k].mean()


# ---------------------------------------------------------------- 6
@right("probability_of_improvement", "broadcast differences, heaviside")
def probability_of_improvement(ours, theirs):
    d = ours[:, :, None] - theirs[:, None, :]
    return torch.heaviside(d, torch.tensor(0.5).to(d)).mean()


@right("probability_of_improvement", "four loops")
def probability_of_improvement(ours, theirs):
    tasks = []
    for a, b in zip(ours.tolist(), theirs.tolist()):
        wins = [1.0 if x > y else 0.5 if x == y else 0.0 for x in a for y in b]
        tasks.append(sum(wins) / len(wins))
    return sum(tasks) / len(tasks)


@right("probability_of_improvement", "vmap over tasks, sign")
def probability_of_improvement(us, them):
    return torch.vmap(lambda a, b: ((a[:, None] - b).sign() + 1).mean() / 2)(us, them).mean()


@wrong("probability_of_improvement", "ties count nothing")
def probability_of_improvement(ours, theirs):
    return (ours[:, :, None] > theirs[:, None, :]).double().mean()


@wrong("probability_of_improvement", "ties count as won (>=)")
def probability_of_improvement(ours, theirs):
    return (ours[:, :, None] >= theirs[:, None, :]).double().mean()


def _poi(a, b):
    return ((a[..., :, None] - b[..., None, :]).sign() + 1) / 2


@wrong("probability_of_improvement", "the other way round: how often theirs is better")
def probability_of_improvement(ours, theirs):
    return _poi(theirs, ours).mean()


@wrong("probability_of_improvement", "compares runs of different tasks too: all in one heap")
def probability_of_improvement(ours, theirs):
    return _poi(ours.flatten(), theirs.flatten()).mean()


@wrong("probability_of_improvement", "compares seed with the same seed only, the longer one cut off")
def probability_of_improvement(ours, theirs):
    n = min(ours.shape[1], theirs.shape[1])
    return ((ours[:, :n] - theirs[:, :n]).sign() + 1).mean() / 2


@wrong("probability_of_improvement", "compares the task means: share of tasks on which our mean is larger")
def probability_of_improvement(ours, theirs):
    return ((ours.mean(1) - theirs.mean(1)).sign() + 1).mean() / 2


@wrong("probability_of_improvement", "mean difference of the scores instead of how often")
def probability_of_improvement(ours, theirs):
    return (ours[:, :, None] - theirs[:, None, :]).mean()


@wrong("probability_of_improvement", "sum over the tasks instead of the mean")
def probability_of_improvement(ours, theirs):
    return _poi(ours, theirs).mean((1, 2)).sum()


@wrong("probability_of_improvement", "number of pairs won (Mann-Whitney U), mean over tasks, not divided by the pairs")
def probability_of_improvement(ours, theirs):
    return _poi(ours, theirs).sum((1, 2)).mean()


@wrong("probability_of_improvement", "divides the wins by S squared instead of S times S'")
def probability_of_improvement(ours, theirs):
    return (_poi(ours, theirs).sum((1, 2)) / ours.shape[1] ** 2).mean()


@wrong("probability_of_improvement", "one number for each task, the mean over tasks forgotten")
def probability_of_improvement(ours, theirs):
    return _poi(ours, theirs).mean((1, 2))


@wrong("probability_of_improvement", "ties left out of the wins and of the number of pairs")
def probability_of_improvement(ours, theirs):
    d = ours[:, :, None] - theirs[:, None, :]
    return ((d > 0).sum((1, 2)) / (d != 0).sum((1, 2)).clamp(min=1)).mean()


@wrong("probability_of_improvement", "wins minus losses (-1 to 1)")
def probability_of_improvement(ours, theirs):
    return (ours[:, :, None] - theirs[:, None, :]).sign().mean()


@wrong("probability_of_improvement", "each of our runs against their best run only")
def probability_of_improvement(ours, theirs):
    return _poi(ours, theirs.max(1, keepdim=True).values).mean()


@wrong("probability_of_improvement", "sigmoid of the difference instead of a comparison")
def probability_of_improvement(ours, theirs):
    return torch.sigmoid(ours[:, :, None] - theirs[:, None, :]).mean()


@wrong("probability_of_improvement", "only the first task, and ties count nothing", mistakes=2)
def probability_of_improvement(ours, theirs):
    return (ours[0, :, None] > theirs[0, None, :]).double().mean()


# ---------------------------------------------------------------- 7
_theirs = [0.33, 0.38, 0.4, 0.4, 0.4, 0.4, 0.42, 0.47]
right("lucky", "two lucky runs, six poor ones, unsorted", ([0.3, 1.0, 0.3, 0.3, 0.3, 1.0, 0.3, 0.3], _theirs))
right("lucky", "two lucky runs of 0.95, tensors",
      (torch.tensor([0.1, 0.15, 0.2, 0.2, 0.2, 0.25, 0.95, 0.95]), torch.tensor([0.24, 0.26, 0.3, 0.3, 0.3, 0.3, 0.34, 0.36])))
right("lucky", "one of theirs sticks out, tuple of tuples", ((0.35,) * 6 + (1, 0.95), (0.42,) * 7 + (0.55,)))
wrong("lucky", "our mean larger, but by 0.025 only", ([0.3] * 6 + [0.8, 1.0], [x + 0.025 for x in _theirs]))
wrong("lucky", "our interquartile mean smaller, but by 0.02 only", ([0.38] * 6 + [1.0, 1.0], [0.385, 0.39, 0.4, 0.4, 0.4, 0.4, 0.41, 0.5]))
wrong("lucky", "three lucky runs: ahead in 3/8 of the pairs", ([0.1] * 5 + [1.0] * 3, [0.32] + [0.38] * 6 + [0.44]))
wrong("lucky", "theirs all alike", ([0.3] * 6 + [1.0, 1.0], [0.4] * 8))
wrong("lucky", "entered (theirs, ours)", (_theirs, [0.3] * 6 + [1.0, 1.0]))
wrong("lucky", "a score above 1 (one run of 2.0)", ([0.3] * 7 + [2.0], _theirs))
wrong("lucky", "nine scores of ours", ([0.3] * 7 + [1.0, 1.0], _theirs))
wrong("lucky", "one lucky run is too few: our mean is smaller", ([0.3] * 7 + [1.0], _theirs))
wrong("lucky", "simply better: our interquartile mean is larger too, and ours is ahead in too many pairs", ([0.3, 0.3, 0.3, 0.5, 0.5, 0.6, 1.0, 1.0], [0.2, 0.2, 0.2, 0.45, 0.45, 0.6, 0.6, 0.6]), mistakes=2)
wrong("lucky", "a score below 0 (ours -0.1)", ([-0.1] + [0.3] * 5 + [1.0, 1.0], [0.31] + [0.36] * 6 + [0.42]))
wrong("lucky", "theirs all alike, and our mean not larger", ([0.3] * 7 + [1.0], [0.4] * 8), mistakes=2)
