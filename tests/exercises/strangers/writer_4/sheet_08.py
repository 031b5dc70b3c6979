import math

import numpy as np
import torch
import torch.nn.functional as F

from strangers import right, wrong

torch.set_default_dtype(torch.float64)


# ---------------------------------------------------------------- 1 newcomers
@right("newcomers", "loop over newcomers and steps, bincount")
def _(theta, watched, steps, step_sizes, n_0):
    out = []
    for w in watched:
        t = theta.clone()
        n = len(w)
        if n > 0:
            f = torch.bincount(w.long(), minlength=len(theta)) / n
            for _ in range(steps):
                t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - f)
        out.append(t.softmax(0))
    return torch.stack(out)


@right("newcomers", "all newcomers at once, a table of counts, n f = counts: step (n softmax - counts) / (n + n_0)")
def _(theta, watched, steps, step_sizes, n_0):
    c = torch.stack([torch.bincount(w.long(), minlength=len(theta)).double() for w in watched])
    n = c.sum(1, keepdim=True)
    t = theta.expand_as(c)
    for _ in range(steps):
        t = t - step_sizes * (n * t.softmax(1) - c) / (n + n_0)
    return t.softmax(1)


@right("newcomers", "autograd of F.cross_entropy, skipping those of whom nothing was watched")
def _(theta, watched, steps, step_sizes, n_0):
    out = torch.empty(len(watched), len(theta))
    for k, w in enumerate(watched):
        t = theta.detach().clone()
        for _ in range(steps if w.numel() else 0):
            t.requires_grad_()
            (g,) = torch.autograd.grad(F.cross_entropy(t.expand(len(w), -1), w), t)
            t = (t - w.numel() / (w.numel() + n_0) * step_sizes * g).detach()
        out[k] = torch.softmax(t, 0)
    return out


@right("newcomers", "plain Python, returns nested lists")
def _(theta, watched, steps, step_sizes, n_0):
    def sm(t):
        e = [math.exp(v - max(t)) for v in t]
        return [v / sum(e) for v in e]

    out = []
    for w in watched:
        t, ms = [float(v) for v in theta], [int(m) for m in w]
        for _ in range(steps):
            if not ms:
                break
            p = sm(t)
            t = [v - len(ms) / (len(ms) + n_0) * float(s) * (q - ms.count(a) / len(ms)) for a, (v, s, q) in enumerate(zip(t, step_sizes, p))]
        out.append(sm(t))
    return out


def freq(w, a):
    return torch.bincount(w.long(), minlength=a).double() / max(len(w), 1)


def newcomer_rows(theta, watched, steps, step_sizes, n_0, weight=lambda n, n_0: n / (n + n_0), slope=None, show=None):
    out = []
    for w in watched:
        t, n, f = theta, len(w), freq(w, len(theta))
        for _ in range(steps):
            t = t - weight(n, n_0) * step_sizes * (slope or (lambda t, f, n: t.softmax(0) - f))(t, f, n)
        out.append((show or (lambda t: t.softmax(0)))(t))
    return torch.stack(out)


@wrong("newcomers", "each newcomer starts from where the last one's adaptation ended instead of from theta; right for the first")
def _(theta, watched, steps, step_sizes, n_0):
    t, out = theta, []
    for w in watched:
        n, f = len(w), freq(w, len(theta))
        for _ in range(steps):
            t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - f)
        out.append(t.softmax(0))
    return torch.stack(out)


@wrong("newcomers", "steps in place (-=) on theta itself, so that each newcomer starts from the last one's parameters and the caller's theta changes")
def _(theta, watched, steps, step_sizes, n_0):
    out = []
    for w in watched:
        t = theta
        n, f = len(w), freq(w, len(theta))
        for _ in range(steps):
            t -= n / (n + n_0) * step_sizes * (t.softmax(0) - f)
        out.append(t.softmax(0))
    return torch.stack(out)


@wrong("newcomers", "forgets the weight n / (n + n_0), takes full steps (nothing watched leaves theta)")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, step_sizes, n_0, weight=lambda n, m: float(n > 0))


@wrong("newcomers", "weight n_0 / (n + n_0) instead of n / (n + n_0) (nothing watched leaves theta)")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, step_sizes, n_0, weight=lambda n, m: m / (n + m) if n else 0.0)


@wrong("newcomers", "nothing watched: n is raised to 1 against a division by zero and f is zero, so theta moves; else right")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, step_sizes, n_0, weight=lambda n, m: max(n, 1) / (max(n, 1) + m))


@wrong("newcomers", "nothing watched gives 0/0, so nan in that row; else right")
def _(theta, watched, steps, step_sizes, n_0):
    out = []
    for w in watched:
        t, n = theta, len(w)
        f = torch.bincount(w.long(), minlength=len(theta)).double() / n
        for _ in range(steps):
            t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - f)
        out.append(t.softmax(0))
    return torch.stack(out)


@wrong("newcomers", "nothing watched: predicts uniformly instead of softmax(theta); else right")
def _(theta, watched, steps, step_sizes, n_0):
    out = newcomer_rows(theta, watched, steps, step_sizes, n_0)
    for k, w in enumerate(watched):
        if len(w) == 0:
            out[k] = 1 / len(theta)
    return out


@wrong("newcomers", "newcomers of whom nothing was watched are left out of the result; else right")
def _(theta, watched, steps, step_sizes, n_0):
    rows = newcomer_rows(theta, watched, steps, step_sizes, n_0)
    return rows[torch.tensor([len(w) > 0 for w in watched])]


@wrong("newcomers", "goes up the slope")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, -step_sizes, n_0)


@wrong("newcomers", "returns the adapted logits theta' instead of predictions")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, step_sizes, n_0, show=lambda t: t)


@wrong("newcomers", "returns log predictions")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, step_sizes, n_0, show=lambda t: t.log_softmax(0))


@wrong("newcomers", "counts instead of frequencies in the slope")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, step_sizes, n_0, slope=lambda t, f, n: t.softmax(0) - f * n)


@wrong("newcomers", "slope summed over the moves, n (softmax - f), instead of the mean")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, step_sizes, n_0, slope=lambda t, f, n: n * (t.softmax(0) - f))


@wrong("newcomers", "always the slope at the first theta, for all steps; right for 0 and 1 step")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, step_sizes, n_0, slope=lambda t, f, n: theta.softmax(0) - f)


@wrong("newcomers", "one step too many")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps + 1, step_sizes, n_0)


@wrong("newcomers", "one step only, also when more are asked for; right for 0 and 1 step")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, min(steps, 1), step_sizes, n_0)


@wrong("newcomers", "one step at least, also for steps = 0; else right")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, max(steps, 1), step_sizes, n_0)


@wrong("newcomers", "uses the first step size for all parameters; right when they are equal")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, step_sizes[0], n_0)


@wrong("newcomers", "uses the mean step size for all parameters; right when they are equal")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, step_sizes.mean(), n_0)


@wrong("newcomers", "step sizes indexed by the step instead of by the parameter: step i uses step_sizes[i]")
def _(theta, watched, steps, step_sizes, n_0):
    out = []
    for w in watched:
        t, n, f = theta, len(w), freq(w, len(theta))
        for i in range(steps):
            t = t - n / (n + n_0) * step_sizes[i % len(step_sizes)] * (t.softmax(0) - f)
        out.append(t.softmax(0))
    return torch.stack(out)


@wrong("newcomers", "n is the number of all watched moves of all newcomers in the weight; right for one newcomer")
def _(theta, watched, steps, step_sizes, n_0):
    total = sum(len(w) for w in watched)
    return newcomer_rows(theta, watched, steps, step_sizes, n_0, weight=lambda n, m: total / (total + m) if n else 0.0)


@wrong("newcomers", "n is the number of different moves watched instead of the number of moves")
def _(theta, watched, steps, step_sizes, n_0):
    out = []
    for w in watched:
        t, n, f = theta, len(w.unique()), freq(w, len(theta))
        for _ in range(steps):
            t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - f)
        out.append(t.softmax(0))
    return torch.stack(out)


@wrong("newcomers", "n_0 fixed at the example's 4")
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, step_sizes, 4)


@wrong("newcomers", "n_0 counts as pairs of a uniform prior: mixes 1/A into f, instead of shortening the step")
def _(theta, watched, steps, step_sizes, n_0):
    out = []
    for w in watched:
        t, n, a = theta, len(w), len(theta)
        f = (freq(w, a) * n + n_0 / a) / (n + n_0)
        for _ in range(steps if n else 0):
            t = t - step_sizes * (t.softmax(0) - f)
        out.append(t.softmax(0))
    return torch.stack(out)


@wrong("newcomers", "full steps, then mixes predictions: n/(n+n_0) of the adapted one, the rest of softmax(theta)")
def _(theta, watched, steps, step_sizes, n_0):
    full = newcomer_rows(theta, watched, steps, step_sizes, n_0, weight=lambda n, m: float(n > 0))
    w = torch.tensor([[len(x) / (len(x) + n_0)] for x in watched])
    return w * full + (1 - w) * theta.softmax(0)


@wrong("newcomers", "full steps, then goes only n/(n+n_0) of the way from theta to the result; right for 0 and 1 step")
def _(theta, watched, steps, step_sizes, n_0):
    full = newcomer_rows(theta, watched, steps, step_sizes, n_0, weight=lambda n, m: float(n > 0), show=lambda t: t)
    w = torch.tensor([[len(x) / (len(x) + n_0)] for x in watched])
    return (theta + w * (full - theta)).softmax(1)


@wrong("newcomers", "one step for each single watched move (n = 1 each) instead of for their mean")
def _(theta, watched, steps, step_sizes, n_0):
    eye, out = torch.eye(len(theta)), []
    for w in watched:
        t = theta
        for _ in range(steps):
            for a in w.long():
                t = t - 1 / (1 + n_0) * step_sizes * (t.softmax(0) - eye[a])
        out.append(t.softmax(0))
    return torch.stack(out)


@wrong("newcomers", "two things: each newcomer starts from the last one's parameters, and the weight n / (n + n_0) is forgotten", mistakes=2)
def _(theta, watched, steps, step_sizes, n_0):
    t, out = theta, []
    for w in watched:
        f = freq(w, len(theta))
        for _ in range(steps if len(w) else 0):
            t = t - step_sizes * (t.softmax(0) - f)
        out.append(t.softmax(0))
    return torch.stack(out)


@wrong("newcomers", "two things: goes up the slope, and returns logits", mistakes=2)
def _(theta, watched, steps, step_sizes, n_0):
    return newcomer_rows(theta, watched, steps, -step_sizes, n_0, show=lambda t: t)


# ---------------------------------------------------------------- 2 actor_inputs
@right("actor_inputs", "cat, probes' predictions flattened and expanded")
def _(observations, theta, adapted, probes):
    p = (probes @ adapted).softmax(1).flatten()
    return torch.cat([observations, (observations @ adapted).softmax(1), p.expand(len(observations), -1)], 1)


@right("actor_inputs", "loop over targets and probes, returns lists of numbers")
def _(observations, theta, adapted, probes):
    rows = []
    for o in observations:
        row = o.tolist() + torch.softmax(o @ adapted, 0).tolist()
        for c in probes:
            row += torch.softmax(c @ adapted, 0).tolist()
        rows.append(row)
    return rows


@right("actor_inputs", "one softmax for observations and probes together, then taken apart")
def _(observations, theta, adapted, probes):
    n = observations.shape[0]
    d = torch.einsum("bo,oa->ba", torch.vstack([observations, probes]), adapted).softmax(-1)
    return torch.hstack([observations, d[:n], d[n:].reshape(1, -1).repeat(n, 1)])


@right("actor_inputs", "numpy with concatenate and tile")
def _(observations, theta, adapted, probes):
    def sm(x):
        e = np.exp(x - x.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    o, a, c = observations.numpy(), adapted.numpy(), probes.numpy()
    return np.concatenate([o, sm(o @ a), np.tile(sm(c @ a).ravel(), (len(o), 1))], axis=1)


def rows(observations, own, at_probes):
    return torch.cat([observations, own, at_probes.reshape(1, -1).expand(len(observations), -1)], 1)


@wrong("actor_inputs", "uses theta (before watching) everywhere instead of the adapted matrix")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ theta).softmax(1), (probes @ theta).softmax(1))


@wrong("actor_inputs", "uses theta at the probes, adapted for the own prediction")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ adapted).softmax(1), (probes @ theta).softmax(1))


@wrong("actor_inputs", "uses theta for the own prediction, adapted at the probes")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ theta).softmax(1), (probes @ adapted).softmax(1))


@wrong("actor_inputs", "forgets the softmax: logits instead of predictions")
def _(observations, theta, adapted, probes):
    return rows(observations, observations @ adapted, probes @ adapted)


@wrong("actor_inputs", "log predictions instead of predictions")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ adapted).log_softmax(1), (probes @ adapted).log_softmax(1))


@wrong("actor_inputs", "softmax over the targets, and over the probes, instead of over actions (axis 0)")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ adapted).softmax(0), (probes @ adapted).softmax(0))


@wrong("actor_inputs", "one softmax over all probes' actions together (flattened first), so they sum to 1 in all; right for one probe")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ adapted).softmax(1), (probes @ adapted).flatten().softmax(0))


@wrong("actor_inputs", "the probes' predictions in the order of actions: all probes' first action, then the second (transposed); right for one probe")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ adapted).softmax(1), (probes @ adapted).softmax(1).T)


@wrong("actor_inputs", "mean prediction over the probes instead of each one's; right for one probe")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ adapted).softmax(1), (probes @ adapted).softmax(1).mean(0))


@wrong("actor_inputs", "first probe only; right for one probe")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ adapted).softmax(1), (probes[:1] @ adapted).softmax(1))


@wrong("actor_inputs", "the probes' observations instead of the predictions there")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ adapted).softmax(1), probes)


@wrong("actor_inputs", "each target hears the predictions of all targets as well, beside its own")
def _(observations, theta, adapted, probes):
    d = (observations @ adapted).softmax(1)
    return torch.cat([rows(observations, d, (probes @ adapted).softmax(1)), d.reshape(1, -1).expand(len(d), -1)], 1)


@wrong("actor_inputs", "every target gets the mean of all targets' predictions instead of its own; right for one target")
def _(observations, theta, adapted, probes):
    d = (observations @ adapted).softmax(1)
    return rows(observations, d.mean(0, keepdim=True).expand_as(d), (probes @ adapted).softmax(1))


@wrong("actor_inputs", "every target gets the first target's prediction; right for one target")
def _(observations, theta, adapted, probes):
    d = (observations @ adapted).softmax(1)
    return rows(observations, d[:1].expand_as(d), (probes @ adapted).softmax(1))


@wrong("actor_inputs", "predictions in another order: the probes' before the own one")
def _(observations, theta, adapted, probes):
    p = (probes @ adapted).softmax(1).flatten().expand(len(observations), -1)
    return torch.cat([observations, p, (observations @ adapted).softmax(1)], 1)


@wrong("actor_inputs", "the prediction first, then the observation")
def _(observations, theta, adapted, probes):
    p = (probes @ adapted).softmax(1).flatten().expand(len(observations), -1)
    return torch.cat([(observations @ adapted).softmax(1), observations, p], 1)


@wrong("actor_inputs", "leaves out the own observation")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ adapted).softmax(1), (probes @ adapted).softmax(1))[:, observations.shape[1] :]


@wrong("actor_inputs", "leaves out the own prediction (only the probes' are told)")
def _(observations, theta, adapted, probes):
    return rows(observations, torch.empty(len(observations), 0), (probes @ adapted).softmax(1))


@wrong("actor_inputs", "leaves out the probes: only observation and own prediction")
def _(observations, theta, adapted, probes):
    return torch.cat([observations, (observations @ adapted).softmax(1)], 1)


@wrong("actor_inputs", "each target gets one probe only, its own (target i probe i), as if targets were probes")
def _(observations, theta, adapted, probes):
    p = (probes @ adapted).softmax(1)
    p = p[torch.arange(len(observations)) % len(p)]
    return torch.cat([observations, (observations @ adapted).softmax(1), p], 1)


@wrong("actor_inputs", "difference between the predictions after and before watching, instead of the prediction after")
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ adapted).softmax(1) - (observations @ theta).softmax(1),
                (probes @ adapted).softmax(1) - (probes @ theta).softmax(1))


@wrong("actor_inputs", "adds theta and adapted, as if adapted were only the change")
def _(observations, theta, adapted, probes):
    t = theta + adapted
    return rows(observations, (observations @ t).softmax(1), (probes @ t).softmax(1))


@wrong("actor_inputs", "the likeliest move (one-hot) instead of the prediction")
def _(observations, theta, adapted, probes):
    def hot(x):
        return F.one_hot((x @ adapted).argmax(1), adapted.shape[1]).double()

    return rows(observations, hot(observations), hot(probes))


@wrong("actor_inputs", "two things: theta instead of adapted, and softmax over axis 0", mistakes=2)
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ theta).softmax(0), (probes @ theta).softmax(0))


@wrong("actor_inputs", "two things: theta at the probes, and the mean over the probes", mistakes=2)
def _(observations, theta, adapted, probes):
    return rows(observations, (observations @ adapted).softmax(1), (probes @ theta).softmax(1).mean(0))


# ---------------------------------------------------------------- 3 three_answers
@right("three_answers", "matrix products, argmax of doors and actions")
def _(now, behind, average, newcomer, gamma):
    a, b = behind @ average, behind @ newcomer
    d = (now + gamma * a.max(1).values).argmax()
    none = now[d] + gamma * b[d, a[d].argmax()]
    frozen = now[d] + gamma * b[d].max()
    best = (now + gamma * b.max(1).values).max()
    return torch.stack([none, frozen, best])


@right("three_answers", "loops, returns a list of numbers")
def _(now, behind, average, newcomer, gamma):
    D, A, C = behind.shape

    def pay(d, a, p):
        return sum(float(behind[d, a, c]) * float(p[c]) for c in range(C))

    def value(d, p):
        return float(now[d]) + gamma * max(pay(d, a, p) for a in range(A))

    door = max(range(D), key=lambda d: value(d, average))
    action = max(range(A), key=lambda a: pay(door, a, average))
    return [float(now[door]) + gamma * pay(door, action, newcomer), value(door, newcomer), max(value(d, newcomer) for d in range(D))]


@right("three_answers", "a table of all plans (door, action): gamma put in at once; numpy einsum")
def _(now, behind, average, newcomer, gamma):
    n, b = now.numpy(), behind.numpy()
    plan_avg = n[:, None] + gamma * np.einsum("dac,c->da", b, average.numpy())
    plan_new = n[:, None] + gamma * np.einsum("dac,c->da", b, newcomer.numpy())
    d, a = np.unravel_index(plan_avg.argmax(), plan_avg.shape)
    return np.array([plan_new[d, a], plan_new[d].max(), plan_new.max()])


def values(now, behind, p, gamma):
    return now[:, None] + gamma * (behind @ p)


def answers(door, action, new):
    return torch.stack([new[door, action], new[door].max(), new.max()])


def plans(now, behind, average, newcomer, gamma):
    v, w = values(now, behind, average, gamma), values(now, behind, newcomer, gamma)
    d = v.max(1).values.argmax()
    return v, w, d


@wrong("three_answers", "forgets gamma (takes it for 1), in choice and pay")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, 1.0)
    return answers(d, v[d].argmax(), w)


@wrong("three_answers", "forgets gamma in the choice of the door only")
def _(now, behind, average, newcomer, gamma):
    v, w, _ = plans(now, behind, average, newcomer, gamma)
    u = values(now, behind, average, 1.0)
    d = u.max(1).values.argmax()
    return answers(d, v[d].argmax(), w)


@wrong("three_answers", "forgets what the doors pay at once")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(0 * now, behind, average, newcomer, gamma)
    return answers(d, v[d].argmax(), w)


@wrong("three_answers", "the doors' pay counts in the choice but is left out of what the team gets")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    u = gamma * (behind @ newcomer)
    best = w.max(1).values.argmax()
    return torch.stack([u[d, v[d].argmax()], u[d].max(), u[best].max()])


@wrong("three_answers", "gamma multiplies the doors' pay as well")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(gamma * now, behind, average, newcomer, gamma)
    return answers(d, v[d].argmax(), w)


@wrong("three_answers", "the door is chosen by what it pays at once only")
def _(now, behind, average, newcomer, gamma):
    v, w, _ = plans(now, behind, average, newcomer, gamma)
    d = now.argmax()
    return answers(d, v[d].argmax(), w)


@wrong("three_answers", "frozen: the action behind the door is still the best against the average, so frozen equals not adapting")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    n = w[d, v[d].argmax()]
    return torch.stack([n, n, w.max()])


@wrong("three_answers", "not adapting: the action is best against the newcomer, so it equals frozen")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    return torch.stack([w[d].max(), w[d].max(), w.max()])


@wrong("three_answers", "not adapting: what the critic expects against the average instead of what the team gets beside the newcomer")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    return torch.stack([v[d].max(), w[d].max(), w.max()])


@wrong("three_answers", "frozen: what the critic says (the value against the average) instead of what the team gets")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    return torch.stack([w[d, v[d].argmax()], v[d].max(), w.max()])


@wrong("three_answers", "all three are values against the average external")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    best = w.max(1).values.argmax()
    return torch.stack([v[d].max(), v[d, w[d].argmax()], v[best, w[best].argmax()]])


@wrong("three_answers", "frozen: the door is chosen against the newcomer and the action against the average (the two mixed up)")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    e = w.max(1).values.argmax()
    return torch.stack([w[d, v[d].argmax()], w[e, v[e].argmax()], w.max()])


@wrong("three_answers", "re-imagined: keeps the frozen critic's door, so it equals frozen")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    return torch.stack([w[d, v[d].argmax()], w[d].max(), w[d].max()])


@wrong("three_answers", "re-imagined: chooses an action for each move of the newcomer after seeing it (mean of the maximum instead of maximum of the mean)")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    best = (now + gamma * behind.max(1).values @ newcomer).max()
    return torch.stack([w[d, v[d].argmax()], w[d].max(), best])


@wrong("three_answers", "average external and newcomer exchanged")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, newcomer, average, gamma)
    return answers(d, v[d].argmax(), w)


@wrong("three_answers", "doors are valued by the mean over actions behind them instead of the best action")
def _(now, behind, average, newcomer, gamma):
    v, w, _ = plans(now, behind, average, newcomer, gamma)
    d = v.mean(1).argmax()
    return answers(d, v[d].argmax(), w)


@wrong("three_answers", "the order of the three: frozen first, then not adapting")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    return answers(d, v[d].argmax(), w)[[1, 0, 2]]


@wrong("three_answers", "not adapting: takes the action that is best on average over doors instead of behind the chosen door")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    return answers(d, v.mean(0).argmax(), w)


@wrong("three_answers", "not adapting: takes the action that is best behind the first door whatever door was chosen")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    return answers(d, v[0].argmax(), w)


@wrong("three_answers", "doors are chosen by what is behind them only (pay at once is added later)")
def _(now, behind, average, newcomer, gamma):
    v, w, _ = plans(now, behind, average, newcomer, gamma)
    d = (behind @ average).max(1).values.argmax()
    e = (behind @ newcomer).max(1).values.argmax()
    return torch.stack([w[d, v[d].argmax()], w[d].max(), w[e].max()])


@wrong("three_answers", "plays the worst action behind the door (argmin) when not adapting")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    return answers(d, v[d].argmin(), w)


@wrong("three_answers", "takes the average external for uniform; right when it is")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, torch.full_like(average, 1 / len(average)), newcomer, gamma)
    return answers(d, v[d].argmax(), w)


@wrong("three_answers", "returns the gains over not adapting (0, frozen - none, re-imagined - none) instead of what the team gets")
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, gamma)
    x = answers(d, v[d].argmax(), w)
    return x - x[0]


@wrong("three_answers", "two things: forgets gamma, and the frozen action is still the best against the average", mistakes=2)
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(now, behind, average, newcomer, 1.0)
    n = w[d, v[d].argmax()]
    return torch.stack([n, n, w.max()])


@wrong("three_answers", "two things: forgets the doors' pay, and average and newcomer exchanged", mistakes=2)
def _(now, behind, average, newcomer, gamma):
    v, w, d = plans(0 * now, behind, newcomer, average, gamma)
    return answers(d, v[d].argmax(), w)


# ---------------------------------------------------------------- 4 no_gain_frozen
# door 0: 6 whatever happens; door 1 good against the newcomer only
B0 = [[[6.0, 6.0], [1.0, 1.0]], [[0.0, 10.0], [2.0, 0.0]]]
right("no_gain_frozen", "lists: door 0 has one action that is best against everybody, door 1 pays beside the newcomer", (B0, [0.9, 0.1], [0.1, 0.9]))
right("no_gain_frozen", "tensors, the good door is door 1 against the average",
      (torch.tensor([[[8.0, 0.0], [0.0, 1.0]], [[3.0, 5.0], [2.0, 4.0]]]), torch.tensor([0.25, 0.75]), torch.tensor([0.75, 0.25])))
right("no_gain_frozen", "numpy arrays in a list, gain a little above 1",
      [np.array([[[4.0, 4.0], [3.0, 3.0]], [[0.0, 6.0], [0.0, 1.0]]]), np.array([0.6, 0.4]), np.array([0.1, 0.9])])
wrong("no_gain_frozen", "frozen gains: the other action behind the same door is better against the newcomer",
      ([[[4.0, 0.0], [0.0, 4.0]], [[0.0, 8.0], [1.0, 0.0]]], [0.75, 0.25], [0.25, 0.75]))
wrong("no_gain_frozen", "re-imagined gains nothing: door 0 is best against both", ([[[6.0, 6.0], [1.0, 1.0]], [[0.0, 5.0], [2.0, 0.0]]], [0.9, 0.1], [0.1, 0.9]))
wrong("no_gain_frozen", "re-imagined gains 0.3 only, less than 1", ([[[6.0, 6.0], [1.0, 1.0]], [[0.0, 7.0], [2.0, 0.0]]], [0.9, 0.1], [0.1, 0.9]))
wrong("no_gain_frozen", "against the average both doors are worth the same (5)",
      ([[[5.0, 5.0], [1.0, 1.0]], [[0.0, 10.0], [2.0, 0.0]]], [0.5, 0.5], [0.1, 0.9]))
wrong("no_gain_frozen", "a tie between the two actions behind the chosen door against the average (5 and 5), and they pay differently beside the newcomer",
      ([[[5.0, 5.0], [10.0, 0.0]], [[0.0, 9.0], [0.0, 1.0]]], [0.5, 0.5], [0.1, 0.9]))
wrong("no_gain_frozen", "a payoff above 10", ([[[6.0, 6.0], [1.0, 1.0]], [[0.0, 20.0], [2.0, 0.0]]], [0.9, 0.1], [0.1, 0.9]))
wrong("no_gain_frozen", "a negative payoff", ([[[6.0, 6.0], [1.0, 1.0]], [[-3.0, 10.0], [2.0, 0.0]]], [0.9, 0.1], [0.1, 0.9]))
wrong("no_gain_frozen", "the newcomer does not mix: it makes move 1 always", (B0, [0.9, 0.1], [0.0, 1.0]))
wrong("no_gain_frozen", "the average external does not mix: it makes move 0 always", (B0, [1.0, 0.0], [0.1, 0.9]))
wrong("no_gain_frozen", "average and newcomer exchanged: door 1 is best against the 'average', and frozen gains there",
      (B0, [0.1, 0.9], [0.9, 0.1]))
wrong("no_gain_frozen", "newcomer and average are the same policy, so nothing gains", (B0, [0.9, 0.1], [0.9, 0.1]))
wrong("no_gain_frozen", "the newcomer's policy sums to 1.1", (B0, [0.9, 0.1], [0.2, 0.9]))
wrong("no_gain_frozen", "one action only behind each door: shape (2, 1, 2)", ([[[6.0, 6.0]], [[0.0, 10.0]]], [0.9, 0.1], [0.1, 0.9]))
wrong("no_gain_frozen", "one number for each policy (the probability of move 0) instead of two", (B0, 0.9, 0.1))
wrong("no_gain_frozen", "only the policies are entered, the payoffs are missing", ([0.9, 0.1], [0.1, 0.9]))
wrong("no_gain_frozen", "axes of actions and moves exchanged in the payoffs (each door's table transposed)",
      ([[[6.0, 1.0], [6.0, 1.0]], [[0.0, 2.0], [10.0, 0.0]]], [0.9, 0.1], [0.1, 0.9]))
wrong("no_gain_frozen", "two things: the newcomer does not mix, and a payoff is above 10",
      ([[[6.0, 6.0], [1.0, 1.0]], [[0.0, 20.0], [2.0, 0.0]]], [0.9, 0.1], [0.0, 1.0]), mistakes=2)
wrong("no_gain_frozen", "two things: frozen gains, and re-imagined gains less than 1 over not adapting",
      ([[[4.0, 3.5], [3.5, 4.0]], [[0.0, 3.0], [1.0, 0.0]]], [0.75, 0.25], [0.25, 0.75]), mistakes=2)


# ---------------------------------------------------------------- 5 normalised_score
@right("normalised_score", "sum over externals above and below the line")
def _(values, random, best):
    return (values - random).sum(1) / (best - random).sum()


@right("normalised_score", "loops, returns a list of numbers")
def _(values, random, best):
    room = sum(float(b) - float(r) for b, r in zip(best, random))
    return [sum(float(v) - float(r) for v, r in zip(row, random)) / room for row in values]


@right("normalised_score", "means instead of sums: K cancels")
def _(values, random, best):
    return (values.mean(1) - random.mean()) / (best.mean() - random.mean())


@right("normalised_score", "numpy, each sum taken first, then the differences")
def _(values, random, best):
    v, r, b = (x.numpy().astype(float) for x in (values, random, best))
    return (v.sum(1) - r.sum()) / (b.sum() - r.sum())


@wrong("normalised_score", "mean over externals of each one's own ratio, instead of the ratio of sums; right for one external")
def _(values, random, best):
    return ((values - random) / (best - random)).mean(1)


@wrong("normalised_score", "sum over externals of each one's own ratio; right for one external")
def _(values, random, best):
    return ((values - random) / (best - random)).sum(1)


@wrong("normalised_score", "the scores of each external (S, K), not put together")
def _(values, random, best):
    return (values - random) / (best - random)


@wrong("normalised_score", "sums over seeds instead of externals (axis 0)")
def _(values, random, best):
    return (values - random).sum(0) / (best - random).sum()


@wrong("normalised_score", "sums over seeds and externals: one number for all; right for one seed")
def _(values, random, best):
    return (values - random).sum() / (best - random).sum()


@wrong("normalised_score", "mean over the seeds: one number")
def _(values, random, best):
    return ((values - random).sum(1) / (best - random).sum()).mean()


@wrong("normalised_score", "forgets to take the random team off above the line; right where it gets 0 in all")
def _(values, random, best):
    return values.sum(1) / (best - random).sum()


@wrong("normalised_score", "forgets to take the random team off below the line; right where it gets 0 in all")
def _(values, random, best):
    return (values - random).sum(1) / best.sum()


@wrong("normalised_score", "share of the best return, V / best, the random team forgotten; right where it gets 0 in all")
def _(values, random, best):
    return values.sum(1) / best.sum()


@wrong("normalised_score", "clamps the score to 0 .. 1; right within")
def _(values, random, best):
    return ((values - random).sum(1) / (best - random).sum()).clamp(0, 1)


@wrong("normalised_score", "clamps each external's gain at 0 before adding; right where no return is below the random team's")
def _(values, random, best):
    return (values - random).clamp(min=0).sum(1) / (best - random).sum()


@wrong("normalised_score", "caps each external's return at the best before adding; right where none is above")
def _(values, random, best):
    return (torch.minimum(values, best) - random).sum(1) / (best - random).sum()


@wrong("normalised_score", "absolute values of the gains; right where no return is below the random team's")
def _(values, random, best):
    return (values - random).abs().sum(1) / (best - random).sum()


@wrong("normalised_score", "wrong sign below the line: random - best")
def _(values, random, best):
    return (values - random).sum(1) / (random - best).sum()


@wrong("normalised_score", "what is missing to the best, (best - V) / (best - random)")
def _(values, random, best):
    return (best - values).sum(1) / (best - random).sum()


@wrong("normalised_score", "divides by the number of externals as well (mean above, sum below the line)")
def _(values, random, best):
    return (values - random).mean(1) / (best - random).sum()


@wrong("normalised_score", "in percent")
def _(values, random, best):
    return 100 * (values - random).sum(1) / (best - random).sum()


@wrong("normalised_score", "random and best in each other's place")
def _(values, random, best):
    return (values - best).sum(1) / (random - best).sum()


@wrong("normalised_score", "takes the best seed's returns for the best responses (max over seeds) instead of `best`")
def _(values, random, best):
    return (values - random).sum(1) / (values.max(0).values - random).sum()


@wrong("normalised_score", "median over externals of each one's own ratio")
def _(values, random, best):
    return ((values - random) / (best - random)).median(1).values


@wrong("normalised_score", "the first external only; right for one external")
def _(values, random, best):
    return (values[:, 0] - random[0]) / (best[0] - random[0])


@wrong("normalised_score", "takes off the random team's sum once for every external (sum of values - random.sum())")
def _(values, random, best):
    return (values - random.sum()).sum(1) / (best - random).sum()


@wrong("normalised_score", "takes random and best as one for each seed (column vectors [:, None]); fails unless S = K or K = 1")
def _(values, random, best):
    return (values - random[:, None]).sum(1) / (best - random).sum()


@wrong("normalised_score", "two things: mean of ratios, and clamped to 0 .. 1", mistakes=2)
def _(values, random, best):
    return ((values - random) / (best - random)).mean(1).clamp(0, 1)


@wrong("normalised_score", "two things: random forgotten below the line, and sums over seeds (axis 0)", mistakes=2)
def _(values, random, best):
    return (values - random).sum(0) / best.sum()


# ---------------------------------------------------------------- 6 suspicion_by_hand
H, T = math.log(0.5 / 0.8), math.log(0.5 / 0.2)  # -0.4700, 0.9163
right("suspicion_by_hand", "list with logs", [0, T, 2 * T, 2 * T + H, 3 * T + H])
right("suspicion_by_hand", "rounded to four places", [0.0, 0.9163, 1.8326, 1.3626, 2.2789])
right("suspicion_by_hand", "tensor", torch.tensor([0.0, T, 2 * T, 2 * T + H, 3 * T + H]))
right("suspicion_by_hand", "tuple, products first and one log", (0.0, math.log(2.5), math.log(6.25), math.log(6.25 * 0.625), math.log(2.5**3 * 0.625)))
wrong("suspicion_by_hand", "forgets the maximum with 0: the first is -0.47, and all the rest is lower by as much",
      [H, H + T, H + 2 * T, 2 * H + 2 * T, 2 * H + 3 * T])
wrong("suspicion_by_hand", "sign of z: log of the adapted minus log of the other", [-H, 0.0, 0.0, -H, 0.0])
wrong("suspicion_by_hand", "logarithm to base 10", [0, T / math.log(10), 2 * T / math.log(10), (2 * T + H) / math.log(10), (3 * T + H) / math.log(10)])
wrong("suspicion_by_hand", "in bits: logarithm to base 2", [0, T / math.log(2), 2 * T / math.log(2), (2 * T + H) / math.log(2), (3 * T + H) / math.log(2)])
wrong("suspicion_by_hand", "enters z after each move, not the sums", [H, T, T, H, T])
wrong("suspicion_by_hand", "heads and tails exchanged: reads T H H T H", [T, T + H, T + 2 * H if T + 2 * H > 0 else 0, max(0, T + 2 * H) + T, max(0, T + 2 * H) + T + H])
wrong("suspicion_by_hand", "differences of probabilities instead of logs: -0.3 and 0.3", [0, 0.3, 0.6, 0.3, 0.6])
wrong("suspicion_by_hand", "maximum taken of z instead of the sum: max(0, z) added up, so it never falls", [0, T, 2 * T, 2 * T, 3 * T])
wrong("suspicion_by_hand", "starts from 0 again after each expected move (heads)", [0, T, 2 * T, 0, T])
wrong("suspicion_by_hand", "begins with S_0 = 0 and leaves out the last move", [0, 0, T, 2 * T, 2 * T + H])
wrong("suspicion_by_hand", "enters the largest S so far after each move (running maximum): it stays at 1.83 at move 4", [0, T, 2 * T, 2 * T, 2 * T + H + T])
wrong("suspicion_by_hand", "surprise of the adapted imitator only, -log delta(a; theta'), added up",
      [-math.log(0.8), -math.log(0.8) - math.log(0.2), -math.log(0.8) - 2 * math.log(0.2), -2 * math.log(0.8) - 2 * math.log(0.2), -2 * math.log(0.8) - 3 * math.log(0.2)])
wrong("suspicion_by_hand", "max(0, z_t) without the sum so far", [0, T, T, 0, T])
wrong("suspicion_by_hand", "enters the last value only", [3 * T + H])
wrong("suspicion_by_hand", "enters ratios (products) instead of their logs", [1, 2.5, 6.25, 3.90625, 9.765625])
wrong("suspicion_by_hand", "arithmetic slip at move 4: adds 0.47 instead of taking it off", [0, T, 2 * T, 2 * T - H, 3 * T - H])
wrong("suspicion_by_hand", "two things: forgets the maximum with 0, and uses base 10", [x / math.log(10) for x in (H, H + T, H + 2 * T, 2 * H + 2 * T, 2 * H + 3 * T)], mistakes=2)
wrong("suspicion_by_hand", "two things: sign of z, and no maximum with 0", [-H, -H - T, -H - 2 * T, -2 * H - 2 * T, -2 * H - 3 * T], mistakes=2)


# ---------------------------------------------------------------- 7 suspicion
@right("suspicion", "loop with an if after the alarm")
def _(known, unknown, threshold):
    s, out = 0.0, []
    for z in unknown - known:
        s = torch.clamp(s + z, min=0)
        out.append(s)
        if s > threshold:
            s = 0.0
    return torch.stack(out)


@right("suspicion", "plain Python floats, returns a list")
def _(known, unknown, threshold):
    out = []
    for k, u in zip(known.tolist(), unknown.tolist()):
        before = out[-1] if out and out[-1] <= threshold else 0.0
        out.append(max(0.0, before + u - k))
    return out


@right("suspicion", "up to the first alarm cumulative sum minus its running minimum, afterwards a loop")
def _(known, unknown, threshold):
    c = (unknown - known).cumsum(0)
    low = torch.cat([torch.zeros(1), c]).cummin(0).values[1:]
    s = c - low
    over = (s > threshold).nonzero()
    if len(over) == 0 or over[0] == len(s) - 1:
        return s
    i = int(over[0]) + 1
    rest, z = [], (unknown - known)[i:].tolist()
    t = 0.0
    for v in z:
        t = max(0.0, t + v)
        rest.append(t)
        t = 0.0 if t > threshold else t
    return torch.cat([s[:i], torch.tensor(rest)])


@right("suspicion", "numpy array filled in a loop")
def _(known, unknown, threshold):
    z = unknown.numpy() - known.numpy()
    s = np.zeros(len(z))
    last = 0.0
    for t in range(len(z)):
        s[t] = np.maximum(0.0, last + z[t])
        last = np.where(s[t] > threshold, 0.0, s[t])
    return s


def cusum(z, threshold, alarm=lambda s, h: s > h, after=lambda s, h: 0.0, low=lambda x: max(0.0, x), start=0.0):
    s, out = start, []
    for v in z.tolist():
        s = low(s + v)
        out.append(s)
        if alarm(s, threshold):
            s = after(s, threshold)
    return torch.tensor(out)


@wrong("suspicion", "never starts again from 0 after an alarm; right without alarms")
def _(known, unknown, threshold):
    return cusum(unknown - known, threshold, after=lambda s, h: s)


@wrong("suspicion", "forgets the maximum with 0, the sum may be negative")
def _(known, unknown, threshold):
    return cusum(unknown - known, threshold, low=lambda x: x)


@wrong("suspicion", "sign of z: known - unknown")
def _(known, unknown, threshold):
    return cusum(known - unknown, threshold)


@wrong("suspicion", "enters 0 at the alarm instead of S as it was; right without alarms")
def _(known, unknown, threshold):
    s, out = 0.0, []
    for z in (unknown - known).tolist():
        s = max(0.0, s + z)
        if s > threshold:
            s = 0.0
        out.append(s)
    return torch.tensor(out)


@wrong("suspicion", "alarm also when S equals the threshold (>=); right unless it is hit exactly")
def _(known, unknown, threshold):
    return cusum(unknown - known, threshold, alarm=lambda s, h: s >= h)


@wrong("suspicion", "after an alarm goes on from S - threshold instead of from 0; right without alarms")
def _(known, unknown, threshold):
    return cusum(unknown - known, threshold, after=lambda s, h: s - h)


@wrong("suspicion", "cuts S at the threshold and goes on from there; right without alarms")
def _(known, unknown, threshold):
    return cusum((unknown - known), threshold, low=lambda x: min(max(0.0, x), threshold))


@wrong("suspicion", "stops at the first alarm: zeros from there on; right without alarms, or with one at the end")
def _(known, unknown, threshold):
    s = cusum(unknown - known, threshold)
    over = (s > threshold).nonzero()
    if len(over):
        s[int(over[0]) + 1 :] = 0
    return s


@wrong("suspicion", "returns at the first alarm, so the result is too short; right without alarms, or with one at the end")
def _(known, unknown, threshold):
    s = cusum(unknown - known, threshold)
    over = (s > threshold).nonzero()
    return s[: int(over[0]) + 1] if len(over) else s


@wrong("suspicion", "the first alarm resets, later ones do not; right with one alarm at most")
def _(known, unknown, threshold):
    done = []

    def after(s, h):
        if done:
            return s
        done.append(1)
        return 0.0

    return cusum(unknown - known, threshold, after=after)


@wrong("suspicion", "the move after an alarm is not counted: S is 0 there; right without alarms")
def _(known, unknown, threshold):
    s, out, alarm = 0.0, [], False
    for z in (unknown - known).tolist():
        s = 0.0 if alarm else max(0.0, s + z)
        alarm = s > threshold
        out.append(s)
    return torch.tensor(out)


@wrong("suspicion", "max(0, z) is added up, so S never falls")
def _(known, unknown, threshold):
    return cusum((unknown - known).clamp(min=0), threshold)


@wrong("suspicion", "S before each move instead of after it (the first is 0, the last is missing)")
def _(known, unknown, threshold):
    s = cusum(unknown - known, threshold)
    s = torch.where(s > threshold, 0.0, s)
    return torch.cat([torch.zeros(1), s[:-1]])


@wrong("suspicion", "starts with S = z_1 even when that is negative: the first value is not cut at 0; right when the first z is not negative")
def _(known, unknown, threshold):
    z = unknown - known
    s, out = 0.0, []
    for t, v in enumerate(z.tolist()):
        s = v if t == 0 else max(0.0, s + v)
        out.append(s)
        if s > threshold:
            s = 0.0
    return torch.tensor(out)


@wrong("suspicion", "includes S_0, so it returns T + 1 numbers")
def _(known, unknown, threshold):
    return torch.cat([torch.zeros(1), cusum(unknown - known, threshold)])


@wrong("suspicion", "returns whether there is an alarm after each move instead of S")
def _(known, unknown, threshold):
    return cusum(unknown - known, threshold) > threshold


@wrong("suspicion", "exponentiates: takes differences of probabilities instead of log-likelihoods")
def _(known, unknown, threshold):
    return cusum(unknown.exp() - known.exp(), threshold)


@wrong("suspicion", "takes the log again of what are logs already (nan)")
def _(known, unknown, threshold):
    return cusum(unknown.log() - known.log(), threshold)


@wrong("suspicion", "surprise of the adapted imitator alone, -known, added up with resets")
def _(known, unknown, threshold):
    return cusum(-known, threshold)


@wrong("suspicion", "two things: cumulative sum cut at 0 afterwards (clamp of the cumsum) instead of at each move, and no resets after alarms", mistakes=2)
def _(known, unknown, threshold):
    return (unknown - known).cumsum(0).clamp(min=0)


@wrong("suspicion", "resets at the next move: only when S exceeded the threshold twice in a row")
def _(known, unknown, threshold):
    s, out, before = 0.0, [], False
    for z in (unknown - known).tolist():
        s = max(0.0, s + z)
        out.append(s)
        over = s > threshold
        if over and before:
            s, over = 0.0, False
        before = over
    return torch.tensor(out)


@wrong("suspicion", "alarm by the single z instead of the sum S: resets when z_t exceeds the threshold")
def _(known, unknown, threshold):
    s, out = 0.0, []
    for z in (unknown - known).tolist():
        s = max(0.0, s + z)
        out.append(s)
        if z > threshold:
            s = 0.0
    return torch.tensor(out)


@wrong("suspicion", "threshold fixed at the example's 2.5")
def _(known, unknown, threshold):
    return cusum(unknown - known, 2.5)


@wrong("suspicion", "after an alarm the sum starts from minus the threshold instead of from 0; right without alarms")
def _(known, unknown, threshold):
    return cusum(unknown - known, threshold, after=lambda s, h: -h)


def remembering():
    kept = [0.0]

    def suspicion(known, unknown, threshold):
        out = []
        for z in (unknown - known).tolist():
            kept[0] = max(0.0, kept[0] + z)
            out.append(kept[0])
            if kept[0] > threshold:
                kept[0] = 0.0
        return torch.tensor(out)

    return suspicion


wrong("suspicion", "S is kept between calls (a global), so the second call starts from where the first ended; the first call is right", remembering())


@wrong("suspicion", "computes in half precision, so only about three digits are right")
def _(known, unknown, threshold):
    return cusum((unknown.half() - known.half()), threshold).half()


@wrong("suspicion", "two things: sign of z, and no maximum with 0", mistakes=2)
def _(known, unknown, threshold):
    return cusum(known - unknown, threshold, low=lambda x: x)


@wrong("suspicion", "two things: never starts again after an alarm, and forgets the maximum with 0", mistakes=2)
def _(known, unknown, threshold):
    return (unknown - known).cumsum(0)
