from strangers import right, wrong
import math
import itertools
import numpy as np
import torch

torch.set_default_dtype(torch.float64)


# ---------------------------------------------------------------- 1
def _f(w, A):
    return torch.bincount(w.long(), minlength=A).to(torch.get_default_dtype()) / len(w)


@right("newcomers", "loop, each from theta, bincount")
def newcomers(theta, watched, steps, step_sizes, n_0):
    out = []
    for w in watched:
        t, n = theta.clone(), len(w)
        if n:
            for _ in range(steps):
                t = t - n / (n + n_0) * step_sizes * (t.softmax(-1) - _f(w, len(t)))
        out.append(t.softmax(-1))
    return torch.stack(out)


@right("newcomers", "all newcomers at once from a table of counts")
def newcomers(theta, watched, steps, step_sizes, n_0):
    counts = torch.stack([(w[:, None] == torch.arange(len(theta))).sum(0) for w in watched]).to(theta)
    n = counts.sum(-1, keepdim=True)
    f, c = counts / n.clamp(min=1), n / (n + n_0).clamp(min=1e-12)
    t = theta.expand_as(f)
    for _ in range(steps):
        t = t - c * step_sizes * (torch.softmax(t, -1) - f)
    return torch.softmax(t, -1)


@right("newcomers", "torch.func.grad of the mean cross-entropy, lists")
def newcomers(prior, seen, k, alpha, n0):
    out = []
    for w in seen:
        t = prior
        for _ in range(k if len(w) > 0 else 0):
            g = torch.func.grad(lambda z: -z.log_softmax(0)[w.long()].mean())(t)
            t = t - len(w) / (len(w) + n0) * (alpha * g)
        out.append(t.softmax(0).tolist())
    return out


def _new(theta, watched, steps, step_sizes, n_0, factor=lambda n, n0: n / (n + n0), carry=False, logits=False, sgn=1, frozen=False):
    out, start = [], theta
    for w in watched:
        t, n = (start if carry else theta), len(w)
        if n:
            p0 = t.softmax(0)
            for _ in range(steps):
                t = t - sgn * factor(n, n_0) * step_sizes * ((p0 if frozen else t.softmax(0)) - _f(w, len(t)))
        start = t
        out.append(t if logits else t.softmax(0))
    return torch.stack(out)


@wrong("newcomers", "theta carried along: each newcomer adapts from where the one before ended")
def newcomers(theta, watched, steps, step_sizes, n_0):
    return _new(theta, watched, steps, step_sizes, n_0, carry=True)


@wrong("newcomers", "theta -= ... changes the given tensor in place, so the next newcomer starts from the adapted one")
def newcomers(theta, watched, steps, step_sizes, n_0):
    out = []
    for w in watched:
        t, n = theta, len(w)
        if n:
            for _ in range(steps):
                t -= n / (n + n_0) * step_sizes * (t.softmax(0) - _f(w, len(t)))
        out.append(t.softmax(0))
    return torch.stack(out)


@wrong("newcomers", "the factor n / (n + n_0) left out: full steps for few moves")
def newcomers(theta, watched, steps, step_sizes, n_0):
    return _new(theta, watched, steps, step_sizes, n_0, factor=lambda n, n0: 1.0)


@wrong("newcomers", "factor n_0 / (n + n_0) instead of n / (n + n_0)")
def newcomers(theta, watched, steps, step_sizes, n_0):
    return _new(theta, watched, steps, step_sizes, n_0, factor=lambda n, n0: n0 / (n + n0))


@wrong("newcomers", "gradient of the sum over the watched moves: n / (n + n_0) times n")
def newcomers(theta, watched, steps, step_sizes, n_0):
    return _new(theta, watched, steps, step_sizes, n_0, factor=lambda n, n0: n * n / (n + n0))


@wrong("newcomers", "returns theta' (logits) instead of predictions")
def newcomers(theta, watched, steps, step_sizes, n_0):
    return _new(theta, watched, steps, step_sizes, n_0, logits=True)


@wrong("newcomers", "plus instead of minus: climbs the loss")
def newcomers(theta, watched, steps, step_sizes, n_0):
    return _new(theta, watched, steps, step_sizes, n_0, sgn=-1)


@wrong("newcomers", "all steps use the slope at theta, not at theta'")
def newcomers(theta, watched, steps, step_sizes, n_0):
    return _new(theta, watched, steps, step_sizes, n_0, frozen=True)


@wrong("newcomers", "one step only")
def newcomers(theta, watched, steps, step_sizes, n_0):
    return _new(theta, watched, 1, step_sizes, n_0)


@wrong("newcomers", "one step size for all parameters: the mean of step_sizes")
def newcomers(theta, watched, steps, step_sizes, n_0):
    return _new(theta, watched, steps, step_sizes.mean(), n_0)


@wrong("newcomers", "0 / 0 when nothing was watched: nan for that newcomer")
def newcomers(theta, watched, steps, step_sizes, n_0):
    out = []
    for w in watched:
        t, n = theta, len(w)
        for _ in range(steps):
            t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - _f(w, len(t)))
        out.append(t.softmax(0))
    return torch.stack(out)


@wrong("newcomers", "predicts uniformly when nothing was watched, instead of softmax(theta)")
def newcomers(theta, watched, steps, step_sizes, n_0):
    a = (steps, step_sizes, n_0)
    out = _new(theta, watched, *a)
    out[[len(w) == 0 for w in watched]] = 1 / len(theta)
    return out


@wrong("newcomers", "newcomers of whom nothing was watched are skipped: fewer rows")
def newcomers(theta, watched, steps, step_sizes, n_0):
    a = (steps, step_sizes, n_0)
    rows = [_new(theta, [w], *a)[0] for w in watched if len(w)]
    return torch.stack(rows) if rows else torch.empty(0, len(theta))


@wrong("newcomers", "adapts to the moves of all newcomers pooled, the same prediction for each")
def newcomers(theta, watched, steps, step_sizes, n_0):
    a = (steps, step_sizes, n_0)
    pool = torch.cat([w.long() for w in watched])
    return _new(theta, [pool] * len(watched), *a)


@wrong("newcomers", "everybody's moves so far: newcomer k adapts to those of the earlier ones too")
def newcomers(theta, watched, steps, step_sizes, n_0):
    a = (steps, step_sizes, n_0)
    return torch.cat([_new(theta, [torch.cat([v.long() for v in watched[:k + 1]])], *a) for k in range(len(watched))])


@wrong("newcomers", "theta carried along, and the factor n / (n + n_0) left out", mistakes=2)
def newcomers(theta, watched, steps, step_sizes, n_0):
    return _new(theta, watched, steps, step_sizes, n_0, carry=True, factor=lambda n, n0: 1.0)


# ---------------------------------------------------------------- 2
@right("actor_inputs", "cat with expanded probes")
def actor_inputs(observations, theta, adapted, probes):
    own = (observations @ adapted).softmax(-1)
    at = (probes @ adapted).softmax(-1).flatten()
    return torch.cat([observations, own, at.expand(len(own), -1)], -1)


@right("actor_inputs", "vmap over targets, einsum")
def actor_inputs(obs, before, after, probes):
    told = torch.softmax(torch.einsum("co,oa->ca", probes, after), 1).reshape(-1)
    return torch.vmap(lambda o: torch.cat([o, torch.softmax(o @ after, 0), told]))(obs)


@right("actor_inputs", "numpy, row by row, lists")
def actor_inputs(observations, theta, adapted, probes):
    o, w, c = (np.asarray(t, dtype=float) for t in (observations, adapted, probes))

    def d(x):
        z = np.exp(x @ w - (x @ w).max())
        return list(z / z.sum())

    tail = list(itertools.chain.from_iterable(d(p) for p in c))
    return [list(x) + d(x) + tail for x in o]


def _in(o, w_own, w_probe, probes):
    at = (probes @ w_probe).softmax(-1).flatten()
    return torch.cat([o, (o @ w_own).softmax(-1), at.expand(len(o), -1)], -1)


@wrong("actor_inputs", "the matrix before watching everywhere, adapted not used")
def actor_inputs(o, theta, adapted, probes):
    return _in(o, theta, theta, probes)


@wrong("actor_inputs", "own prediction adapted, but the probes with theta before watching")
def actor_inputs(o, theta, adapted, probes):
    return _in(o, adapted, theta, probes)


@wrong("actor_inputs", "probes adapted, but the own prediction with theta before watching")
def actor_inputs(o, theta, adapted, probes):
    return _in(o, theta, adapted, probes)


@wrong("actor_inputs", "logits instead of predictions, softmax forgotten")
def actor_inputs(o, theta, adapted, probes):
    return torch.cat([o, o @ adapted, (probes @ adapted).flatten().expand(len(o), -1)], -1)


@wrong("actor_inputs", "softmax over axis 0 (targets, probes) instead of the moves")
def actor_inputs(o, theta, adapted, probes):
    at = (probes @ adapted).softmax(0).flatten()
    return torch.cat([o, (o @ adapted).softmax(0), at.expand(len(o), -1)], -1)


@wrong("actor_inputs", "probe predictions laid out move by move (transposed) instead of probe by probe")
def actor_inputs(o, theta, adapted, probes):
    at = (probes @ adapted).softmax(-1).T.flatten()
    return torch.cat([o, (o @ adapted).softmax(-1), at.expand(len(o), -1)], -1)


@wrong("actor_inputs", "order exchanged: probes before the own prediction")
def actor_inputs(o, theta, adapted, probes):
    at = (probes @ adapted).softmax(-1).flatten()
    return torch.cat([o, at.expand(len(o), -1), (o @ adapted).softmax(-1)], -1)


@wrong("actor_inputs", "observation of the first target given to all")
def actor_inputs(o, theta, adapted, probes):
    return _in(o[:1].expand_as(o), adapted, adapted, probes)


@wrong("actor_inputs", "the prediction is averaged over all targets and given to each")
def actor_inputs(o, theta, adapted, probes):
    out = _in(o, adapted, adapted, probes)
    k = slice(o.shape[1], o.shape[1] + adapted.shape[1])
    out[:, k] = out[:, k].mean(0)
    return out


@wrong("actor_inputs", "prediction at the mean observation of all targets instead of at one's own")
def actor_inputs(o, theta, adapted, probes):
    at = (probes @ adapted).softmax(-1).flatten()
    own = (o.mean(0) @ adapted).softmax(-1)
    return torch.cat([o, own.expand(len(o), -1), at.expand(len(o), -1)], -1)


@wrong("actor_inputs", "observation left out: predictions only")
def actor_inputs(o, theta, adapted, probes):
    return _in(o, adapted, adapted, probes)[:, o.shape[1]:]


@wrong("actor_inputs", "only the mean over the probes (A numbers) instead of one after the other")
def actor_inputs(o, theta, adapted, probes):
    at = (probes @ adapted).softmax(-1).mean(0)
    return torch.cat([o, (o @ adapted).softmax(-1), at.expand(len(o), -1)], -1)


@wrong("actor_inputs", "softmax once over all probes' moves together instead of for each probe")
def actor_inputs(o, theta, adapted, probes):
    at = (probes @ adapted).flatten().softmax(-1)
    return torch.cat([o, (o @ adapted).softmax(-1), at.expand(len(o), -1)], -1)


@wrong("actor_inputs", "adapted taken for a change: theta + adapted")
def actor_inputs(o, theta, adapted, probes):
    return _in(o, theta + adapted, theta + adapted, probes)


@wrong("actor_inputs", "theta before watching everywhere, and the probes before the own prediction", mistakes=2)
def actor_inputs(o, theta, adapted, probes):
    at = (probes @ theta).softmax(-1).flatten()
    return torch.cat([o, at.expand(len(o), -1), (o @ theta).softmax(-1)], -1)


# ---------------------------------------------------------------- 3
@right("three_answers", "argmax and indexing")
def three_answers(now, behind, average, newcomer, gamma):
    qa, qn = behind @ average, behind @ newcomer
    d = (now + gamma * qa.max(1).values).argmax()
    return torch.stack([
        now[d] + gamma * qn[d, qa[d].argmax()],
        now[d] + gamma * qn[d].max(),
        (now + gamma * qn.amax(1)).max(),
    ])


@right("three_answers", "plain python loops")
def three_answers(now, behind, average, newcomer, gamma):
    def q(d, p):
        return [sum(float(x) * float(w) for x, w in zip(row, p)) for row in behind[d]]
    doors = range(len(now))
    best = max(doors, key=lambda d: float(now[d]) + gamma * max(q(d, average)))
    a = max(range(len(behind[best])), key=lambda i: q(best, average)[i])
    first = float(now[best]) + gamma * q(best, newcomer)[a]
    second = float(now[best]) + gamma * max(q(best, newcomer))
    third = max(float(now[d]) + gamma * max(q(d, newcomer)) for d in doors)
    return first, second, third


@right("three_answers", "numpy: value table of all pairs (door, action)")
def three_answers(r, M, avg, new, g):
    r, M, avg, new = (np.asarray(t, dtype=float) for t in (r, M, avg, new))
    va, vn = (r[:, None] + g * np.einsum("dac,c->da", M, p) for p in (avg, new))
    d, a = np.unravel_index(va.argmax(), va.shape)
    return np.array([vn[d, a], vn[d].max(), vn.max()])


def _three(now, behind, average, newcomer, gamma):
    qa, qn = behind @ average, behind @ newcomer
    d = (now + gamma * qa.max(1).values).argmax()
    return qa, qn, d, [now[d] + gamma * qn[d, qa[d].argmax()], now[d] + gamma * qn[d].max(), (now + gamma * qn.amax(1)).max()]


@wrong("three_answers", "first: what the critic promises against the average external, not what is got beside the newcomer")
def three_answers(now, behind, average, newcomer, gamma):
    qa, qn, d, (x, y, z) = _three(now, behind, average, newcomer, gamma)
    return torch.stack([now[d] + gamma * qa[d].max(), y, z])


@wrong("three_answers", "frozen: door and action both chosen against the newcomer (same as re-imagined)")
def three_answers(now, behind, average, newcomer, gamma):
    qa, qn, d, (x, y, z) = _three(now, behind, average, newcomer, gamma)
    return torch.stack([x, z, z])


@wrong("three_answers", "frozen: the action too stays that against the average (same as not adapting)")
def three_answers(now, behind, average, newcomer, gamma):
    qa, qn, d, (x, y, z) = _three(now, behind, average, newcomer, gamma)
    return torch.stack([x, x, z])


@wrong("three_answers", "frozen the wrong way round: door chosen against the newcomer, action against the average")
def three_answers(now, behind, average, newcomer, gamma):
    qa, qn, d, (x, y, z) = _three(now, behind, average, newcomer, gamma)
    e = (now + gamma * qn.amax(1)).argmax()
    return torch.stack([x, now[e] + gamma * qn[e, qa[e].argmax()], z])


@wrong("three_answers", "gamma forgotten")
def three_answers(now, behind, average, newcomer, gamma):
    return torch.stack(_three(now, behind, average, newcomer, 1.0)[3])


@wrong("three_answers", "doors chosen with gamma, but the payment behind the door not discounted")
def three_answers(now, behind, average, newcomer, gamma):
    qa, qn, d, _ = _three(now, behind, average, newcomer, gamma)
    e = (now + gamma * qn.amax(1)).argmax()
    return torch.stack([now[d] + qn[d, qa[d].argmax()], now[d] + qn[d].max(), now[e] + qn[e].max()])


@wrong("three_answers", "now left out: only what is behind the doors")
def three_answers(now, behind, average, newcomer, gamma):
    return torch.stack(_three(0 * now, behind, average, newcomer, gamma)[3])


@wrong("three_answers", "re-imagined: doors learnt anew, but actions still best against the average")
def three_answers(now, behind, average, newcomer, gamma):
    qa, qn, d, (x, y, z) = _three(now, behind, average, newcomer, gamma)
    got = now + gamma * qn.gather(1, qa.argmax(1, keepdim=True))[:, 0]
    return torch.stack([x, y, got.max()])


@wrong("three_answers", "the critic of doors averages over actions instead of the best play")
def three_answers(now, behind, average, newcomer, gamma):
    qa, qn, _, (_, _, z) = _three(now, behind, average, newcomer, gamma)
    d = (now + gamma * qa.mean(1)).argmax()
    return torch.stack([now[d] + gamma * qn[d, qa[d].argmax()], now[d] + gamma * qn[d].max(), z])


@wrong("three_answers", "average and newcomer exchanged")
def three_answers(now, behind, average, newcomer, gamma):
    return torch.stack(_three(now, behind, newcomer, average, gamma)[3])


@wrong("three_answers", "the door is chosen by what it pays now only (greedy)")
def three_answers(now, behind, average, newcomer, gamma):
    qa, qn, _, (_, _, z) = _three(now, behind, average, newcomer, gamma)
    d = now.argmax()
    return torch.stack([now[d] + gamma * qn[d, qa[d].argmax()], now[d] + gamma * qn[d].max(), z])


@wrong("three_answers", "best action for each move of the newcomer: the mean of the maxima instead of the maximum of the means")
def three_answers(now, behind, average, newcomer, gamma):
    qa, qn, d, (x, _, _) = _three(now, behind, average, newcomer, gamma)
    m = behind.amax(1) @ newcomer
    return torch.stack([x, now[d] + gamma * m[d], (now + gamma * m).max()])


@wrong("three_answers", "first: argmax over doors (dim 0) instead of actions, so a door's number is taken for the action")
def three_answers(now, behind, average, newcomer, gamma):
    qa, qn, d, (x, y, z) = _three(now, behind, average, newcomer, gamma)
    a = qa.argmax(0)[0] % behind.shape[1]
    return torch.stack([now[d] + gamma * qn[d, a], y, z])


@wrong("three_answers", "best doors and actions against the newcomer for all three, as if the average were never used")
def three_answers(now, behind, average, newcomer, gamma):
    z = _three(now, behind, average, newcomer, gamma)[3][2]
    return torch.stack([z, z, z])


@wrong("three_answers", "gamma forgotten, and average and newcomer exchanged", mistakes=2)
def three_answers(now, behind, average, newcomer, gamma):
    return torch.stack(_three(now, behind, newcomer, average, 1.0)[3])


# ---------------------------------------------------------------- 4
_avg, _new_one = [0.75, 0.25], [0.25, 0.75]
_dom = [[4.0, 2.0], [1.0, 1.0]]
right("no_gain_frozen", "behind the better door one action is always best", ([_dom, [[0.0, 8.0], [4.0, 0.0]]], _avg, _new_one))
right("no_gain_frozen", "tensors, doors exchanged, other numbers",
      (torch.tensor([[[0.0, 10.0], [1.0, 1.0]], [[5.0, 5.0], [2.0, 0.0]]]), torch.tensor([0.8, 0.2]), torch.tensor([0.1, 0.9])))
wrong("no_gain_frozen", "frozen gains: behind the better door another action is best against the newcomer",
      ([[[4, 0], [0, 4]], [[0, 9], [2, 0]]], _avg, _new_one))
wrong("no_gain_frozen", "re-imagined gains nothing: the better door stays the better", ([_dom, [[0, 2], [1, 0]]], _avg, _new_one))
wrong("no_gain_frozen", "re-imagined gains 0.5 only", ([_dom, [[0, 4], [3, 0]]], _avg, _new_one))
wrong("no_gain_frozen", "a payoff above 10", ([_dom, [[0, 12], [4, 0]]], _avg, _new_one))
wrong("no_gain_frozen", "a payoff below 0", ([[[4.0, 2.0], [-1.0, 1.0]], [[0.0, 8.0], [4.0, 0.0]]], _avg, _new_one))
wrong("no_gain_frozen", "the newcomer does not mix", ([_dom, [[0, 8], [4, 0]]], _avg, [0.0, 1.0]))
wrong("no_gain_frozen", "the average external does not mix", ([_dom, [[0, 8], [3, 0]]], [1.0, 0.0], _new_one))
wrong("no_gain_frozen", "both doors are worth the same against the average", ([[[3, 3], [1, 1]], [[0, 8], [4, 0]]], _avg, _new_one))
wrong("no_gain_frozen", "the newcomer is the average external, nobody gains", ([_dom, [[0, 8], [4, 0]]], _avg, _avg))
wrong("no_gain_frozen", "entered (average, newcomer, behind)", (_avg, _new_one, [_dom, [[0, 8], [4, 0]]]))
wrong("no_gain_frozen", "policies as percent", ([_dom, [[0, 8], [4, 0]]], [75, 25], [25, 75]))
wrong("no_gain_frozen", "the newcomer's policy does not sum to one", ([_dom, [[0, 8], [4, 0]]], _avg, [0.25, 0.65]))
wrong("no_gain_frozen", "average and newcomer exchanged when entering, so that frozen gains 1",
      ([_dom, [[0, 8], [4, 0]]], _new_one, _avg))
wrong("no_gain_frozen", "a payoff above 10, and frozen gains", ([[[4, 0], [0, 4]], [[0, 11], [2, 0]]], _avg, _new_one), mistakes=2)


# ---------------------------------------------------------------- 5
@right("normalised_score", "sums over externals, then the ratio")
def normalised_score(values, random, best):
    return (values - random).sum(-1) / (best - random).sum()


@right("normalised_score", "loops over seeds and externals, list")
def normalised_score(values, random, best):
    out = []
    for row in values:
        num = den = 0.0
        for v, r, b in zip(row, random, best):
            num, den = num + float(v - r), den + float(b - r)
        out.append(num / den)
    return out


@right("normalised_score", "means instead of sums above and below (the same), vmap")
def normalised_score(v, lo, hi):
    return torch.vmap(lambda row: (row.mean() - lo.mean()) / (hi.mean() - lo.mean()))(v)


@wrong("normalised_score", "mean over externals of each one's own score (mean of ratios)")
def normalised_score(values, random, best):
    return ((values - random) / (best - random)).mean(-1)


@wrong("normalised_score", "sum of each external's own score, not averaged")
def normalised_score(values, random, best):
    return ((values - random) / (best - random)).sum(-1)


@wrong("normalised_score", "divided by what the best get, random not subtracted below")
def normalised_score(values, random, best):
    return (values - random).sum(-1) / best.sum()


@wrong("normalised_score", "random not subtracted above")
def normalised_score(values, random, best):
    return values.sum(-1) / (best - random).sum()


@wrong("normalised_score", "random nowhere subtracted: value over best")
def normalised_score(values, random, best):
    return values.sum(-1) / best.sum()


@wrong("normalised_score", "one number: averaged over seeds")
def normalised_score(values, random, best):
    return ((values - random).sum(-1) / (best - random).sum()).mean()


@wrong("normalised_score", "mean over the externals above, sum below")
def normalised_score(values, random, best):
    return (values - random).mean(-1) / (best - random).sum()


@wrong("normalised_score", "what is missing to the best: (best - V) / (best - random)")
def normalised_score(values, random, best):
    return (best - values).sum(-1) / (best - random).sum()


@wrong("normalised_score", "clipped to between 0 and 1")
def normalised_score(values, random, best):
    return ((values - random).sum(-1) / (best - random).sum()).clamp(0, 1)


@wrong("normalised_score", "each external's gain clipped at zero before summing: worse than random counts nothing")
def normalised_score(values, random, best):
    return (values - random).clamp(min=0).sum(-1) / (best - random).sum()


@wrong("normalised_score", "sums over seeds (axis 0): one score for each external")
def normalised_score(values, random, best):
    return (values - random).sum(0) / (values.shape[0] * (best - random))


@wrong("normalised_score", "largest seed's value taken for the best response")
def normalised_score(values, random, best):
    return (values - random).sum(-1) / (values.max(0).values - random).sum()


@wrong("normalised_score", "in percent")
def normalised_score(values, random, best):
    return 100 * (values - random).sum(-1) / (best - random).sum()


@wrong("normalised_score", "mean of ratios, and random not subtracted anywhere", mistakes=2)
def normalised_score(values, random, best):
    return (values / best).mean(-1)


# ---------------------------------------------------------------- 6
_H, _T = math.log(0.5 / 0.8), math.log(0.5 / 0.2)


def _cusum(z, low=0.0, start=0.0):
    out, s = [], start
    for x in z:
        s = max(low, s + x)
        out.append(s)
    return out


_z = [_H, _T, _T, _H, _T]
right("suspicion_by_hand", "rounded to four digits", [0, 0.9163, 1.8326, 1.3626, 2.2789])
right("suspicion_by_hand", "computed, a tensor", torch.tensor(_cusum(_z)))
wrong("suspicion_by_hand", "no maximum with 0: plain sums", _cusum(_z, low=-1e9))
wrong("suspicion_by_hand", "sign of z exchanged: log theta' minus log theta", _cusum([-x for x in _z]))
wrong("suspicion_by_hand", "only z of each move, nothing added up", _z)
wrong("suspicion_by_hand", "max(0, z) of each move added up, so heads never calm", np.cumsum(np.maximum(0, _z)).tolist())
wrong("suspicion_by_hand", "no logarithm: differences of probabilities", _cusum([0.5 - 0.8, 0.3, 0.3, -0.3, 0.3]))
wrong("suspicion_by_hand", "in bits (log2)", [x / math.log(2) for x in _cusum(_z)])
wrong("suspicion_by_hand", "log10", [x / math.log(10) for x in _cusum(_z)])
wrong("suspicion_by_hand", "S_0 given first: the list is one move late", [0, 0, 0.9163, 1.8326, 1.3626])
wrong("suspicion_by_hand", "heads and tails exchanged", _cusum([_T, _H, _H, _T, _H]))
wrong("suspicion_by_hand", "max(0, z) of each move, not added up", [0, 0.9163, 0.9163, 0, 0.9163])
wrong("suspicion_by_hand", "back to 0 at each heads", [0, 0.9163, 1.8326, 0, 0.9163])
wrong("suspicion_by_hand", "the running mean of z, with max 0",
      [max(0.0, float(x)) for x in np.cumsum(_z) / np.arange(1, 6)])
wrong("suspicion_by_hand", "only the log-loss of the adapted: z = -log delta(theta')",
      _cusum([-math.log(p) for p in (0.8, 0.2, 0.2, 0.8, 0.2)]))
wrong("suspicion_by_hand", "no maximum with 0, and log2", [x / math.log(2) for x in _cusum(_z, low=-1e9)], mistakes=2)


# ---------------------------------------------------------------- 7
@right("suspicion", "loop over floats, reset after an alarm")
def suspicion(known, unknown, threshold):
    s, out = 0.0, []
    for z in (unknown - known).tolist():
        s = max(0.0, s + z)
        out.append(s)
        if s > threshold:
            s = 0.0
    return torch.tensor(out)


@right("suspicion", "writes into a tensor, looks back at the entry before")
def suspicion(known, unknown, threshold):
    S = torch.zeros_like(known)
    for t in range(len(known)):
        before = S[t - 1] if t and S[t - 1] <= threshold else 0.0
        S[t] = torch.clamp(before + unknown[t] - known[t], min=0)
    return S


@right("suspicion", "itertools.accumulate, a list")
def suspicion(known, unknown, h):
    z = np.asarray(unknown) - np.asarray(known)
    return list(itertools.accumulate(z, lambda s, x: max(0.0, (0.0 if s > h else s) + x), initial=0.0))[1:]


def _susp(known, unknown, threshold, *diff):
    s, out, wait = 0.0, [], False
    z = known - unknown if "sign" in diff else unknown - known
    if "prob" in diff:
        z = unknown.exp() - known.exp()
    for x in z.tolist():
        if wait:
            wait = False
            out.append(0.0)
            continue
        s = s + x if "nomax" in diff else max(0.0, s + x)
        if "abs" in diff:
            s = abs(out[-1] + x) if out and out[-1] <= threshold else abs(x)
        alarm = s >= threshold if "ge" in diff else s > threshold
        out.append(min(s, threshold) if "cap" in diff else (0.0 if alarm and "zero" in diff else s))
        if alarm and "noreset" not in diff:
            s = s - threshold if "carry" in diff else 0.0
            wait = "skip" in diff
        if alarm and "stop" in diff:
            break
    if "stop" in diff:
        out += [0.0] * (len(known) - len(out))
    return torch.tensor(out)


def _susp_with(d):
    def suspicion(known, unknown, threshold):
        return _susp(known, unknown, threshold, d)
    return suspicion


for _words, _d in [
    ("never starts from 0 again after an alarm", "noreset"),
    ("no maximum with 0: the sum may be negative", "nomax"),
    ("sign exchanged: known - unknown", "sign"),
    ("alarm already when S equals the threshold (>=)", "ge"),
    ("writes 0 at the move of the alarm instead of S as it was", "zero"),
    ("at an alarm writes the threshold instead of S (capped)", "cap"),
    ("after an alarm goes on with S - threshold instead of 0", "carry"),
    ("the move after an alarm is skipped: S stays 0 there, its z is not counted", "skip"),
    ("stops at the first alarm: zeros from then on", "stop"),
    ("differences of probabilities instead of log-probabilities (exp taken)", "prob"),
    ("absolute value of the sum instead of max(0, sum)", "abs"),
]:
    wrong("suspicion", _words)(_susp_with(_d))


@wrong("suspicion", "never starts again after an alarm, and no maximum with 0 (a plain cumsum)", mistakes=2)
def suspicion(known, unknown, threshold):
    return (unknown - known).cumsum(0)


@wrong("suspicion", "max(0, z) of each move is added up, so a likely move never lowers S")
def suspicion(known, unknown, threshold):
    s, out = 0.0, []
    for z in (unknown - known).clamp(min=0).tolist():
        s += z
        out.append(s)
        if s > threshold:
            s = 0.0
    return torch.tensor(out)


@wrong("suspicion", "starts from 0 one move too late: the move after the alarm is still added to the old sum")
def suspicion(known, unknown, threshold):
    s, out, late = 0.0, [], False
    for z in (unknown - known).tolist():
        s = max(0.0, s + z)
        out.append(s)
        if late:
            s, late = 0.0, False
        elif s > threshold:
            late = True
    return torch.tensor(out)


@wrong("suspicion", "returns the alarms (0 or 1) instead of S")
def suspicion(known, unknown, threshold):
    return (_susp(known, unknown, threshold) > threshold).to(known)
