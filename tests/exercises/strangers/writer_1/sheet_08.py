import math

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)


def soft(logits):
    top = max(float(v) for v in logits)
    es = [math.exp(float(v) - top) for v in logits]
    return [e / sum(es) for e in es]


def freq(w, A):
    f = [0.0] * A
    for m in w:
        f[int(m)] += 1 / len(w)
    return f


# ---------------------------------------------------------------- 1
@right("newcomers", "loops on lists")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A = len(theta)
    out = []
    for w in watched:
        th = [float(t) for t in theta]
        n = len(w)
        if n > 0:
            f = freq(w, A)
            for _ in range(steps):
                p = soft(th)
                for a in range(A):
                    th[a] -= n / (n + n_0) * float(step_sizes[a]) * (p[a] - f[a])
        out.append(soft(th))
    return out


@right("newcomers", "torch, all newcomers at once with counts")
def newcomers(theta, watched, steps, step_sizes, n_0):
    counts = torch.stack([torch.bincount(w.long(), minlength=len(theta)) for w in watched]).to(theta.dtype)
    n = counts.sum(1, keepdim=True)
    f = counts / n.clamp(min=1)
    trust = torch.where(n > 0, n / (n + n_0).clamp(min=1e-300), 0.0)
    th = theta.expand(len(watched), -1)
    for _ in range(steps):
        th = th - trust * step_sizes * (th.softmax(1) - f)
    return th.softmax(1)


@right("newcomers", "numpy, a helper for one newcomer, recursion over steps")
def newcomers(theta, watched, steps, step_sizes, n_0):
    t0, al = np.array(theta), np.array(step_sizes)

    def predict(t):
        e = np.exp(t - t.max())
        return e / e.sum()

    def go(t, f, c, left):
        return t if left == 0 else go(t - c * al * (predict(t) - f), f, c, left - 1)

    rows = []
    for w in watched:
        w = np.array(w, dtype=int)
        if w.size == 0:
            rows.append(predict(t0))
        else:
            f = np.bincount(w, minlength=t0.size) / w.size
            rows.append(predict(go(t0, f, w.size / (w.size + n_0), steps)))
    return np.array(rows)


@wrong("newcomers", "goes on from the previous newcomer's θ′ instead of starting from θ")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    th = [float(t) for t in theta]
    for w in watched:
        n = len(w)
        if n > 0:
            f = freq(w, A)
            for _ in range(steps):
                p = soft(th)
                th = [th[a] - n / (n + n_0) * float(step_sizes[a]) * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


@wrong("newcomers", "changes theta in place (no copy is made), so each newcomer starts from the last one's θ′ and the given θ is spoilt")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = theta
        n = len(w)
        if n > 0:
            f = freq(w, A)
            for _ in range(steps):
                p = soft(th)
                for a in range(A):
                    th[a] -= n / (n + n_0) * step_sizes[a] * (p[a] - f[a])
        out.append(soft(th))
    return out


@wrong("newcomers", "leaves n / (n + n₀) out: full steps however little was watched")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = [float(t) for t in theta]
        if len(w) > 0:
            f = freq(w, A)
            for _ in range(steps):
                p = soft(th)
                th = [th[a] - float(step_sizes[a]) * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


@wrong("newcomers", "takes n₀ / (n + n₀) instead of n / (n + n₀)")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = [float(t) for t in theta]
        n = len(w)
        if n > 0:
            f = freq(w, A)
            for _ in range(steps):
                p = soft(th)
                th = [th[a] - n_0 / (n + n_0) * float(step_sizes[a]) * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


@wrong("newcomers", "uses counts instead of frequencies: the gradient is n times too large")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = [float(t) for t in theta]
        n = len(w)
        if n > 0:
            f = freq(w, A)
            for _ in range(steps):
                p = soft(th)
                th = [th[a] - n / (n + n_0) * float(step_sizes[a]) * n * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


@wrong("newcomers", "returns the logits θ′ instead of the predictions")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = [float(t) for t in theta]
        n = len(w)
        if n > 0:
            f = freq(w, A)
            for _ in range(steps):
                p = soft(th)
                th = [th[a] - n / (n + n_0) * float(step_sizes[a]) * (p[a] - f[a]) for a in range(A)]
        out.append(th)
    return out


@wrong("newcomers", "divides by the number of moves even when nothing was watched: division by zero")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = [float(t) for t in theta]
        n = len(w)
        f = [sum(1 for m in w if int(m) == a) / n for a in range(A)]
        for _ in range(steps):
            p = soft(th)
            th = [th[a] - n / (n + n_0) * float(step_sizes[a]) * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


@wrong("newcomers", "leaves newcomers of whom nothing was watched out of the result")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = [float(t) for t in theta]
        n = len(w)
        if n == 0:
            continue
        f = freq(w, A)
        for _ in range(steps):
            p = soft(th)
            th = [th[a] - n / (n + n_0) * float(step_sizes[a]) * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


@wrong("newcomers", "predicts equal probabilities for a newcomer of whom nothing was watched")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = [float(t) for t in theta]
        n = len(w)
        if n == 0:
            out.append([1 / A] * A)
            continue
        f = freq(w, A)
        for _ in range(steps):
            p = soft(th)
            th = [th[a] - n / (n + n_0) * float(step_sizes[a]) * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


@wrong("newcomers", "uses the first entry of the step sizes for all parameters")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = [float(t) for t in theta]
        n = len(w)
        if n > 0:
            f = freq(w, A)
            for _ in range(steps):
                p = soft(th)
                th = [th[a] - n / (n + n_0) * float(step_sizes[0]) * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


@wrong("newcomers", "takes one step only, whatever `steps` says")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = [float(t) for t in theta]
        n = len(w)
        if n > 0:
            f, p = freq(w, A), soft(th)
            th = [th[a] - n / (n + n_0) * float(step_sizes[a]) * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


@wrong("newcomers", "computes the prediction once, before the steps, so all steps have the first gradient")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = [float(t) for t in theta]
        n = len(w)
        if n > 0:
            f, p = freq(w, A), soft(th)
            for _ in range(steps):
                th = [th[a] - n / (n + n_0) * float(step_sizes[a]) * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


@wrong("newcomers", "goes uphill: adds the gradient")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    for w in watched:
        th = [float(t) for t in theta]
        n = len(w)
        if n > 0:
            f = freq(w, A)
            for _ in range(steps):
                p = soft(th)
                th = [th[a] + n / (n + n_0) * float(step_sizes[a]) * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


@wrong("newcomers", "goes on from the previous newcomer's θ′, and leaves n / (n + n₀) out", mistakes=2)
def newcomers(theta, watched, steps, step_sizes, n_0):
    A, out = len(theta), []
    th = [float(t) for t in theta]
    for w in watched:
        if len(w) > 0:
            f = freq(w, A)
            for _ in range(steps):
                p = soft(th)
                th = [th[a] - float(step_sizes[a]) * (p[a] - f[a]) for a in range(A)]
        out.append(soft(th))
    return out


# ---------------------------------------------------------------- 2
def predict(o, th):
    A = len(th[0])
    return soft([sum(float(o[i]) * float(th[i][a]) for i in range(len(o))) for a in range(A)])


def flo(v):
    return [float(x) for x in v]


@right("actor_inputs", "loops, rows glued together as lists")
def actor_inputs(observations, theta, adapted, probes):
    out = []
    for o in observations:
        row = flo(o) + predict(o, adapted)
        for c in probes:
            row += predict(c, adapted)
        out.append(row)
    return out


@right("actor_inputs", "torch, cat and expand")
def actor_inputs(observations, theta, adapted, probes):
    at_probes = (probes @ adapted).softmax(-1).reshape(1, -1).expand(len(observations), -1)
    return torch.cat([observations, (observations @ adapted).softmax(-1), at_probes], -1)


@right("actor_inputs", "numpy hstack and tile")
def actor_inputs(obs, before, after, probes):
    def sm(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    o, w, p = (np.asarray(v) for v in (obs, after, probes))
    return np.hstack([o, sm(o @ w), np.tile(sm(p @ w).ravel(), (len(o), 1))])


@wrong("actor_inputs", "uses θ from before watching everywhere")
def actor_inputs(observations, theta, adapted, probes):
    return [flo(o) + predict(o, theta) + sum([predict(c, theta) for c in probes], []) for o in observations]


@wrong("actor_inputs", "uses θ from before watching at the probes")
def actor_inputs(observations, theta, adapted, probes):
    return [flo(o) + predict(o, adapted) + sum([predict(c, theta) for c in probes], []) for o in observations]


@wrong("actor_inputs", "uses θ from before watching at the target's own observation")
def actor_inputs(observations, theta, adapted, probes):
    return [flo(o) + predict(o, theta) + sum([predict(c, adapted) for c in probes], []) for o in observations]


@wrong("actor_inputs", "adds θ and the adapted matrix, as if `adapted` were only the change")
def actor_inputs(observations, theta, adapted, probes):
    w = [[float(x) + float(y) for x, y in zip(r, s)] for r, s in zip(theta, adapted)]
    return [flo(o) + predict(o, w) + sum([predict(c, w) for c in probes], []) for o in observations]


@wrong("actor_inputs", "forgot the softmax: gives logits instead of probabilities")
def actor_inputs(observations, theta, adapted, probes):
    def logits(o):
        return [sum(float(o[i]) * float(adapted[i][a]) for i in range(len(o))) for a in range(len(adapted[0]))]

    return [flo(o) + logits(o) + sum([logits(c) for c in probes], []) for o in observations]


@wrong("actor_inputs", "gives log δ instead of δ")
def actor_inputs(observations, theta, adapted, probes):
    def logs(o):
        return [math.log(v) for v in predict(o, adapted)]

    return [flo(o) + logs(o) + sum([logs(c) for c in probes], []) for o in observations]


@wrong("actor_inputs", "every target gets the prediction at the first target's observation (wrong agent)")
def actor_inputs(observations, theta, adapted, probes):
    first = predict(observations[0], adapted)
    return [flo(o) + first + sum([predict(c, adapted) for c in probes], []) for o in observations]


@wrong("actor_inputs", "the prediction at the own observation comes last, after the probes")
def actor_inputs(observations, theta, adapted, probes):
    return [flo(o) + sum([predict(c, adapted) for c in probes], []) + predict(o, adapted) for o in observations]


@wrong("actor_inputs", "lists the probes' predictions move by move instead of probe by probe")
def actor_inputs(observations, theta, adapted, probes):
    ps = [predict(c, adapted) for c in probes]
    flat = [p[a] for a in range(len(adapted[0])) for p in ps]
    return [flo(o) + predict(o, adapted) + flat for o in observations]


@wrong("actor_inputs", "the probes in reverse order")
def actor_inputs(observations, theta, adapted, probes):
    flat = []
    for c in probes:
        flat = predict(c, adapted) + flat
    return [flo(o) + predict(o, adapted) + flat for o in observations]


@wrong("actor_inputs", "gives the probes' mean prediction instead of each")
def actor_inputs(observations, theta, adapted, probes):
    ps = [predict(c, adapted) for c in probes]
    mean = [sum(p[a] for p in ps) / len(ps) for a in range(len(adapted[0]))]
    return [flo(o) + predict(o, adapted) + mean for o in observations]


@wrong("actor_inputs", "gives the first probe only")
def actor_inputs(observations, theta, adapted, probes):
    return [flo(o) + predict(o, adapted) + predict(probes[0], adapted) for o in observations]


@wrong("actor_inputs", "forgot the own observation")
def actor_inputs(observations, theta, adapted, probes):
    return [predict(o, adapted) + sum([predict(c, adapted) for c in probes], []) for o in observations]


@wrong("actor_inputs", "all targets share the mean of the observations: each hears of the others'")
def actor_inputs(observations, theta, adapted, probes):
    m = [sum(float(o[i]) for o in observations) / len(observations) for i in range(len(probes[0]))]
    return [m + predict(m, adapted) + sum([predict(c, adapted) for c in probes], []) for o in observations]


@wrong("actor_inputs", "softmax over the targets or probes (axis 0) instead of over moves")
def actor_inputs(observations, theta, adapted, probes):
    p = torch.softmax(probes @ adapted, 0).flatten()
    d = torch.softmax(observations @ adapted, 0)
    return [torch.cat([observations[i], d[i], p]) for i in range(len(observations))]


@wrong("actor_inputs", "uses θ from before watching everywhere, and puts the probes before the prediction at the own observation", mistakes=2)
def actor_inputs(observations, theta, adapted, probes):
    return [flo(o) + sum([predict(c, theta) for c in probes], []) + predict(o, theta) for o in observations]


# ---------------------------------------------------------------- 3
def pay(row, policy):
    return sum(float(x) * float(p) for x, p in zip(row, policy))


def best(values):
    return values.index(max(values))


@right("three_answers", "loops with plain floats, index of the best")
def three_answers(now, behind, average, newcomer, gamma):
    D = len(now)
    va = [[pay(r, average) for r in behind[d]] for d in range(D)]
    vn = [[pay(r, newcomer) for r in behind[d]] for d in range(D)]
    d = best([float(now[i]) + gamma * max(va[i]) for i in range(D)])
    none = float(now[d]) + gamma * vn[d][best(va[d])]
    frozen = float(now[d]) + gamma * max(vn[d])
    again = max(float(now[i]) + gamma * max(vn[i]) for i in range(D))
    return [none, frozen, again]


@right("three_answers", "torch, argmax and max")
def three_answers(now, behind, average, newcomer, gamma):
    a, n = behind @ average, behind @ newcomer
    d = (now + gamma * a.amax(1)).argmax()
    return torch.stack([now[d] + gamma * n[d, a[d].argmax()], now[d] + gamma * n[d].max(), (now + gamma * n.amax(1)).max()])


@right("three_answers", "numpy with einsum, a helper that plays given door and action")
def three_answers(now, behind, average, newcomer, gamma):
    now, behind = np.asarray(now), np.asarray(behind)
    a = np.einsum("dac,c->da", behind, np.asarray(average))
    n = np.einsum("dac,c->da", behind, np.asarray(newcomer))

    def gets(door, action):
        return now[door] + gamma * n[door, action]

    da = np.argmax(now + gamma * a.max(1))
    dn = np.argmax(now + gamma * n.max(1))
    return np.array([gets(da, a[da].argmax()), gets(da, n[da].argmax()), gets(dn, n[dn].argmax())])


def tables(behind, average, newcomer):
    va = [[pay(r, average) for r in b] for b in behind]
    vn = [[pay(r, newcomer) for r in b] for b in behind]
    return va, vn


@wrong("three_answers", "says for not adapting what the team expects against the average, not what it gets beside the newcomer")
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    now = flo(now)
    va0 = [now[i] + gamma * max(va[i]) for i in range(len(now))]
    d = best(va0)
    return [va0[d], now[d] + gamma * max(vn[d]), max(now[i] + gamma * max(vn[i]) for i in range(len(now)))]


@wrong("three_answers", "forgot γ (what is behind the door counts fully)")
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    now = flo(now)
    d = best([now[i] + max(va[i]) for i in range(len(now))])
    return [now[d] + vn[d][best(va[d])], now[d] + max(vn[d]), max(now[i] + max(vn[i]) for i in range(len(now)))]


@wrong("three_answers", "γ multiplies what the door pays at once too")
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    now = [gamma * v for v in flo(now)]
    d = best([now[i] + gamma * max(va[i]) for i in range(len(now))])
    return [now[d] + gamma * vn[d][best(va[d])], now[d] + gamma * max(vn[d]), max(now[i] + gamma * max(vn[i]) for i in range(len(now)))]


@wrong("three_answers", "forgets what the door pays at once")
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    d = best([gamma * max(v) for v in va])
    return [gamma * vn[d][best(va[d])], gamma * max(vn[d]), max(gamma * max(v) for v in vn)]


@wrong("three_answers", "chooses the door by what it pays at once only, for not adapting and frozen")
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    now = flo(now)
    d = best(now)
    return [now[d] + gamma * vn[d][best(va[d])], now[d] + gamma * max(vn[d]), max(now[i] + gamma * max(vn[i]) for i in range(len(now)))]


@wrong("three_answers", "frozen: the action behind the door stays the average's best too, so frozen equals not adapting")
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    now = flo(now)
    d = best([now[i] + gamma * max(va[i]) for i in range(len(now))])
    none = now[d] + gamma * vn[d][best(va[d])]
    return [none, none, max(now[i] + gamma * max(vn[i]) for i in range(len(now)))]


@wrong("three_answers", "frozen turned round: the door is chosen for the newcomer, the action for the average")
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    now = flo(now)
    d = best([now[i] + gamma * max(va[i]) for i in range(len(now))])
    e = best([now[i] + gamma * max(vn[i]) for i in range(len(now))])
    return [now[d] + gamma * vn[d][best(va[d])], now[e] + gamma * vn[e][best(va[e])], now[e] + gamma * max(vn[e])]


@wrong("three_answers", "re-imagined keeps the average's actions behind the doors and only chooses the door anew")
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    now = flo(now)
    d = best([now[i] + gamma * max(va[i]) for i in range(len(now))])
    return [now[d] + gamma * vn[d][best(va[d])], now[d] + gamma * max(vn[d]), max(now[i] + gamma * vn[i][best(va[i])] for i in range(len(now)))]


@wrong("three_answers", "chooses doors by the mean over actions behind them instead of the best action")
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    now = flo(now)
    d = best([now[i] + gamma * sum(va[i]) / len(va[i]) for i in range(len(now))])
    e = best([now[i] + gamma * sum(vn[i]) / len(vn[i]) for i in range(len(now))])
    return [now[d] + gamma * vn[d][best(va[d])], now[d] + gamma * max(vn[d]), now[e] + gamma * max(vn[e])]


@wrong("three_answers", "supposes that the external sees the move: best action for each of its moves (max inside the average)")
def three_answers(now, behind, average, newcomer, gamma):
    def value(b, pol):
        return sum(float(pol[c]) * max(float(r[c]) for r in b) for c in range(len(pol)))

    va, vn = tables(behind, average, newcomer)
    now = flo(now)
    d = best([now[i] + gamma * max(va[i]) for i in range(len(now))])
    return [now[d] + gamma * vn[d][best(va[d])], now[d] + gamma * value(behind[d], newcomer),
            max(now[i] + gamma * value(behind[i], newcomer) for i in range(len(now)))]


@wrong("three_answers", "swaps the average external and the newcomer")
def three_answers(now, behind, average, newcomer, gamma):
    vn, va = tables(behind, average, newcomer)
    now = flo(now)
    d = best([now[i] + gamma * max(va[i]) for i in range(len(now))])
    return [now[d] + gamma * vn[d][best(va[d])], now[d] + gamma * max(vn[d]), max(now[i] + gamma * max(vn[i]) for i in range(len(now)))]


@wrong("three_answers", "returns the answers in the order re-imagined, frozen, not adapting")
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    now = flo(now)
    d = best([now[i] + gamma * max(va[i]) for i in range(len(now))])
    return [max(now[i] + gamma * max(vn[i]) for i in range(len(now))), now[d] + gamma * max(vn[d]), now[d] + gamma * vn[d][best(va[d])]]


@wrong("three_answers", "gives the gains over not adapting instead of what the team gets (second and third)")
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    now = flo(now)
    d = best([now[i] + gamma * max(va[i]) for i in range(len(now))])
    none = now[d] + gamma * vn[d][best(va[d])]
    return [none, now[d] + gamma * max(vn[d]) - none, max(now[i] + gamma * max(vn[i]) for i in range(len(now))) - none]


@wrong("three_answers", "forgot γ, and says for not adapting what it expects against the average", mistakes=2)
def three_answers(now, behind, average, newcomer, gamma):
    va, vn = tables(behind, average, newcomer)
    now = flo(now)
    e = [now[i] + max(va[i]) for i in range(len(now))]
    d = best(e)
    return [e[d], now[d] + max(vn[d]), max(now[i] + max(vn[i]) for i in range(len(now)))]


# ---------------------------------------------------------------- 4 (open)
t = torch.tensor
right("no_gain_frozen", "door 0 has one action that is always better; door 1 is good against the newcomer",
      (t([[[6.0, 4.0], [0.0, 0.0]], [[0.0, 10.0], [1.0, 1.0]]]), t([0.75, 0.25]), t([0.25, 0.75])))
right("no_gain_frozen", "as lists, door 1 the average's better one, the newcomer only a little different",
      ([[[10, 0], [0, 2]], [[5, 5], [4, 4]]], [0.4, 0.6], [0.7, 0.3]))
wrong("no_gain_frozen", "frozen gains too: the best action behind the chosen door changes",
      (t([[[6.0, 0.0], [0.0, 6.0]], [[0.0, 10.0], [1.0, 1.0]]]), t([0.75, 0.25]), t([0.25, 0.75])))
wrong("no_gain_frozen", "re-imagined gains nothing: the same door stays the best",
      (t([[[6.0, 6.0], [0.0, 0.0]], [[3.0, 5.0], [1.0, 1.0]]]), t([0.75, 0.25]), t([0.25, 0.75])))
wrong("no_gain_frozen", "re-imagined gains, but less than 1",
      (t([[[6.0, 4.0], [0.0, 0.0]], [[2.0, 6.0], [1.0, 1.0]]]), t([0.75, 0.25]), t([0.25, 0.75])))
wrong("no_gain_frozen", "against the average external both doors are worth the same",
      (t([[[5.0, 5.0], [0.0, 0.0]], [[2.0, 8.0], [1.0, 1.0]]]), t([0.5, 0.5]), t([0.1, 0.9])))
wrong("no_gain_frozen", "payoffs above 10",
      (t([[[12.0, 8.0], [0.0, 0.0]], [[0.0, 20.0], [1.0, 1.0]]]), t([0.75, 0.25]), t([0.25, 0.75])))
wrong("no_gain_frozen", "negative payoffs",
      (t([[[6.0, 4.0], [-5.0, -5.0]], [[0.0, 10.0], [1.0, 1.0]]]), t([0.75, 0.25]), t([0.25, 0.75])))
wrong("no_gain_frozen", "the newcomer does not mix: it plays one move always",
      (t([[[6.0, 4.0], [0.0, 0.0]], [[0.0, 10.0], [1.0, 1.0]]]), t([0.75, 0.25]), t([0.0, 1.0])))
wrong("no_gain_frozen", "the average external does not mix",
      (t([[[6.0, 4.0], [0.0, 0.0]], [[0.0, 10.0], [1.0, 1.0]]]), t([1.0, 0.0]), t([0.25, 0.75])))
wrong("no_gain_frozen", "the newcomer is the average external: nobody gains",
      (t([[[6.0, 4.0], [0.0, 0.0]], [[0.0, 10.0], [1.0, 1.0]]]), t([0.75, 0.25]), t([0.75, 0.25])))
wrong("no_gain_frozen", "the newcomer differs so little from the average external that the same door stays best",
      (t([[[10.0, 0.0], [0.0, 2.0]], [[5.0, 5.0], [4.0, 4.0]]]), t([0.7, 0.3]), t([0.55, 0.45])))
wrong("no_gain_frozen", "the newcomer's probabilities do not sum to one",
      (t([[[6.0, 4.0], [0.0, 0.0]], [[0.0, 10.0], [1.0, 1.0]]]), t([0.75, 0.25]), t([0.5, 0.75])))
wrong("no_gain_frozen", "only one door entered: shape (2, 2)",
      (t([[6.0, 4.0], [0.0, 10.0]]), t([0.75, 0.25]), t([0.25, 0.75])))
wrong("no_gain_frozen", "frozen gains as well, and a payoff is above 10",
      (t([[[6.0, 0.0], [0.0, 6.0]], [[0.0, 12.0], [1.0, 1.0]]]), t([0.75, 0.25]), t([0.25, 0.75])), mistakes=2)


# ---------------------------------------------------------------- 5
@right("normalised_score", "loops with running sums")
def normalised_score(values, random, best):
    out = []
    for row in values:
        top, bottom = 0.0, 0.0
        for k in range(len(row)):
            top += float(row[k]) - float(random[k])
            bottom += float(best[k]) - float(random[k])
        out.append(top / bottom)
    return out


@right("normalised_score", "torch sums along externals")
def normalised_score(values, random, best):
    return (values - random).sum(1) / (best - random).sum()


@right("normalised_score", "numpy, totals first, other parameter names")
def normalised_score(v, low, high):
    v, low, high = np.asarray(v), np.asarray(low), np.asarray(high)
    return (v.sum(axis=1) - low.sum()) / (high.sum() - low.sum())


@wrong("normalised_score", "takes the mean of each external's ratio instead of the ratio of sums")
def normalised_score(values, random, best):
    K = len(random)
    return [sum(float((r[k] - random[k]) / (best[k] - random[k])) for k in range(K)) / K for r in values]


@wrong("normalised_score", "adds up the ratios of the externals")
def normalised_score(values, random, best):
    K = len(random)
    return [sum(float((r[k] - random[k]) / (best[k] - random[k])) for k in range(K)) for r in values]


@wrong("normalised_score", "does not subtract the random team below: divides by the sum of best")
def normalised_score(values, random, best):
    K = len(random)
    return [sum(float(r[k] - random[k]) for k in range(K)) / float(sum(best)) for r in values]


@wrong("normalised_score", "does not subtract the random team above")
def normalised_score(values, random, best):
    K = len(random)
    return [sum(flo(r)) / sum(float(best[k] - random[k]) for k in range(K)) for r in values]


@wrong("normalised_score", "leaves the random team out altogether: value over best")
def normalised_score(values, random, best):
    return [sum(flo(r)) / sum(flo(best)) for r in values]


@wrong("normalised_score", "gives one score for each external, summed over seeds (wrong axis)")
def normalised_score(values, random, best):
    S, K = len(values), len(random)
    return [sum(float(values[s][k] - random[k]) for s in range(S)) / (S * float(best[k] - random[k])) for k in range(K)]


@wrong("normalised_score", "gives a score for each seed beside each external: (S, K)")
def normalised_score(values, random, best):
    K = len(random)
    return [[float((r[k] - random[k]) / (best[k] - random[k])) for k in range(K)] for r in values]


@wrong("normalised_score", "gives one number over all seeds")
def normalised_score(values, random, best):
    K = len(random)
    s = [sum(float(r[k] - random[k]) for k in range(K)) / sum(float(best[k] - random[k]) for k in range(K)) for r in values]
    return sum(s) / len(s)


@wrong("normalised_score", "sets negative scores (worse than random) to zero")
def normalised_score(values, random, best):
    K = len(random)
    return [max(0.0, sum(float(r[k] - random[k]) for k in range(K)) / sum(float(best[k] - random[k]) for k in range(K))) for r in values]


@wrong("normalised_score", "counts an external beside whom the seed is worse than random as 0 in the sum")
def normalised_score(values, random, best):
    K = len(random)
    return [sum(max(0.0, float(r[k] - random[k])) for k in range(K)) / sum(float(best[k] - random[k]) for k in range(K)) for r in values]


@wrong("normalised_score", "does not reset the sums for each seed: they run on")
def normalised_score(values, random, best):
    out, top = [], 0.0
    bottom = float(sum(best)) - float(sum(random))
    for r in values:
        for k in range(len(r)):
            top += float(r[k] - random[k])
        out.append(top / bottom)
    return out


@wrong("normalised_score", "measures how far the team is from the best: (best − value) above")
def normalised_score(values, random, best):
    K = len(random)
    return [sum(float(best[k] - r[k]) for k in range(K)) / sum(float(best[k] - random[k]) for k in range(K)) for r in values]


@wrong("normalised_score", "takes the best seed's value for the best response")
def normalised_score(values, random, best):
    K = len(random)
    top = [max(float(r[k]) for r in values) for k in range(K)]
    den = sum(top[k] - float(random[k]) for k in range(K)) or 1.0
    return [sum(float(r[k] - random[k]) for k in range(K)) / den for r in values]


@wrong("normalised_score", "leaves the last external out (range(K − 1))")
def normalised_score(values, random, best):
    K = len(random)
    ks = range(K - 1)
    den = sum(float(best[k] - random[k]) for k in ks) or 1.0
    return [sum(float(r[k] - random[k]) for k in ks) / den for r in values]


@wrong("normalised_score", "mean of the externals' ratios, and random not subtracted below", mistakes=2)
def normalised_score(values, random, best):
    K = len(random)
    return [sum(float((r[k] - random[k]) / best[k]) for k in range(K)) / K for r in values]


# ---------------------------------------------------------------- 6
H, L = math.log(0.5 / 0.8), math.log(0.5 / 0.2)
right("suspicion_by_hand", "as the text asks, four digits", [0.0, 0.9163, 1.8326, 1.3626, 2.2789])
right("suspicion_by_hand", "as the text asks, with logarithms", (0.0, L, 2 * L, 2 * L + H, 3 * L + H))
wrong("suspicion_by_hand", "left out max(0, ·): the sum goes below zero", [H, H + L, H + 2 * L, 2 * H + 2 * L, 2 * H + 3 * L])
wrong("suspicion_by_hand", "sign swapped: log θ′ minus log θ", [-H, max(0, -H - L), 0.0, -H, 0.0])
wrong("suspicion_by_hand", "gave the increments z instead of the sums S", [H, L, L, H, L])
wrong("suspicion_by_hand", "cut each z at zero instead of the sum", [0.0, L, 2 * L, 2 * L, 3 * L])
wrong("suspicion_by_hand", "decimal logarithms", [0.0, *(v / math.log(10) for v in (L, 2 * L, 2 * L + H, 3 * L + H))])
wrong("suspicion_by_hand", "logarithms to base 2 (bits)", [0.0, *(v / math.log(2) for v in (L, 2 * L, 2 * L + H, 3 * L + H))])
wrong("suspicion_by_hand", "began the list with S₀, so all is one place late", [0.0, 0.0, L, 2 * L, 2 * L + H])
wrong("suspicion_by_hand", "heads and tails mixed up: T H H T H", [L, L + H, L + 2 * H if L + 2 * H > 0 else 0.0, max(0, L + 2 * H) + L, max(0, L + 2 * H) + L + H])
wrong("suspicion_by_hand", "probabilities instead of their logarithms: differences 0.5 − 0.8 and 0.5 − 0.2", [0.0, 0.3, 0.6, 0.3, 0.6])
wrong("suspicion_by_hand", "starts from zero again whenever heads comes", [0.0, L, 2 * L, 0.0, L])
wrong("suspicion_by_hand", "gave max(0, z) for each move: no sum at all", [0.0, L, L, 0.0, L])
wrong("suspicion_by_hand", "added wrongly in the fourth place: subtracted 0.9163 for heads", [0.0, L, 2 * L, L, 2 * L])
wrong("suspicion_by_hand", "no max(0, ·), and decimal logarithms", [v / math.log(10) for v in (H, H + L, H + 2 * L, 2 * H + 2 * L, 2 * H + 3 * L)], mistakes=2)


# ---------------------------------------------------------------- 7
@right("suspicion", "a loop with plain floats")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for t in range(len(known)):
        if s > threshold:
            s = 0.0
        s = max(0.0, s + float(unknown[t]) - float(known[t]))
        out.append(s)
    return out


@right("suspicion", "itertools.accumulate")
def suspicion(known, unknown, threshold):
    from itertools import accumulate

    z = (unknown - known).tolist()
    steps = accumulate(z, lambda s, x: max(0.0, (0.0 if s > threshold else s) + x), initial=0.0)
    return torch.tensor(list(steps)[1:])


@right("suspicion", "numpy array filled in, a second variable for what is carried on")
def suspicion(kn, un, h):
    z = np.asarray(un) - np.asarray(kn)
    sums, carried = np.zeros(len(z)), 0.0
    for i, step in enumerate(z):
        sums[i] = max(carried + step, 0.0)
        carried = 0.0 if sums[i] > h else sums[i]
    return sums


@wrong("suspicion", "does not start again after an alarm")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        s = max(0.0, s + float(u) - float(k))
        out.append(s)
    return out


@wrong("suspicion", "resets before writing down: the alarm's sum is returned as 0")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        s = max(0.0, s + float(u) - float(k))
        if s > threshold:
            s = 0.0
        out.append(s)
    return out


@wrong("suspicion", "an alarm already when S equals the threshold (≥)")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        s = max(0.0, s + float(u) - float(k))
        out.append(s)
        if s >= threshold:
            s = 0.0
    return out


@wrong("suspicion", "left out max(0, ·)")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        s = s + float(u) - float(k)
        out.append(s)
        if s > threshold:
            s = 0.0
    return out


@wrong("suspicion", "sign swapped: known − unknown")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        s = max(0.0, s + float(k) - float(u))
        out.append(s)
        if s > threshold:
            s = 0.0
    return out


@wrong("suspicion", "cuts each z at zero instead of the sum: it never falls")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        s = s + max(0.0, float(u) - float(k))
        out.append(s)
        if s > threshold:
            s = 0.0
    return out


@wrong("suspicion", "stops at the first alarm: zeros for all moves after it")
def suspicion(known, unknown, threshold):
    out, s = [0.0] * len(known), 0.0
    for t in range(len(known)):
        s = max(0.0, s + float(unknown[t]) - float(known[t]))
        out[t] = s
        if s > threshold:
            break
    return out


@wrong("suspicion", "the list ends at the first alarm (return inside the loop)")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        s = max(0.0, s + float(u) - float(k))
        out.append(s)
        if s > threshold:
            return out
    return out


@wrong("suspicion", "skips the move after an alarm: its z is not counted, S is 0 there")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        if s > threshold:
            s = 0.0
        else:
            s = max(0.0, s + float(u) - float(k))
        out.append(s)
    return out


@wrong("suspicion", "subtracts the threshold after an alarm instead of starting from 0")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        s = max(0.0, s + float(u) - float(k))
        out.append(s)
        if s > threshold:
            s -= threshold
    return out


@wrong("suspicion", "compares z instead of S with the threshold")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        z = float(u) - float(k)
        s = max(0.0, s + z)
        out.append(s)
        if z > threshold:
            s = 0.0
    return out


@wrong("suspicion", "the alarm's sum is cut at the threshold")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        s = max(0.0, s + float(u) - float(k))
        out.append(min(s, threshold))
        if s > threshold:
            s = 0.0
    return out


@wrong("suspicion", "writes S down before adding the move: starts with S₀, one place late")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        out.append(s)
        if s > threshold:
            s = 0.0
        s = max(0.0, s + float(u) - float(k))
    return out


@wrong("suspicion", "gives True at alarms instead of S")
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        s = max(0.0, s + float(u) - float(k))
        out.append(1.0 if s > threshold else 0.0)
        if s > threshold:
            s = 0.0
    return out


@wrong("suspicion", "no max(0, ·), and no new start after an alarm", mistakes=2)
def suspicion(known, unknown, threshold):
    out, s = [], 0.0
    for k, u in zip(known, unknown):
        s = s + float(u) - float(k)
        out.append(s)
    return out
