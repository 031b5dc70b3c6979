from strangers import right, wrong
import math

import numpy as np
import torch

torch.set_default_dtype(torch.float64)


# 1 ---------------------------------------------------------------------------------------
@right("newcomers", "loop over newcomers, bincount")
def newcomers(theta, watched, steps, step_sizes, n_0):
    rows = []
    for moves in watched:
        t, n = theta, len(moves)
        if n > 0:
            f = torch.bincount(moves.long(), minlength=len(theta)) / n
            for _ in range(steps):
                t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - f)
        rows.append(t.softmax(0))
    return torch.stack(rows)


@right("newcomers", "all newcomers at once, counts matrix; nothing watched gives trust 0")
def newcomers(theta, watched, steps, step_sizes, n_0):
    A = len(theta)
    counts = torch.stack([torch.bincount(w.long(), minlength=A) for w in watched]).double()
    n = counts.sum(1, keepdim=True)
    f = counts / n.clamp(min=1)
    trust = n / (n + n_0).clamp(min=1e-12)
    t = theta.repeat(len(watched), 1)
    for _ in range(steps):
        t = t - trust * step_sizes * (t.softmax(1) - f)
    return t.softmax(1)


@right("newcomers", "plain lists")
def newcomers(theta, watched, steps, alphas, n_0):
    def soft(t):
        e = [math.exp(x) for x in t]
        return [x / sum(e) for x in e]

    out = []
    for w in watched:
        w = [int(x) for x in w]
        t = [float(x) for x in theta]
        for _ in range(steps if w else 0):
            p = soft(t)
            c = len(w) / (len(w) + n_0)
            t = [t[a] - c * float(alphas[a]) * (p[a] - w.count(a) / len(w)) for a in range(len(t))]
        out.append(soft(t))
    return out


def _f(moves, A):
    return torch.bincount(moves.long(), minlength=A) / max(len(moves), 1)


@wrong("newcomers", "each newcomer starts where the adaptation to the one before ended, not from theta")
def newcomers(theta, watched, steps, step_sizes, n_0):
    rows, t = [], theta
    for moves in watched:
        n = len(moves)
        if n:
            for _ in range(steps):
                t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - _f(moves, len(theta)))
        rows.append(t.softmax(0))
    return torch.stack(rows)


@wrong("newcomers", "t = theta without a copy and -= : theta itself changes, so newcomers (and later calls) start from the last one's")
def newcomers(theta, watched, steps, step_sizes, n_0):
    rows = []
    for moves in watched:
        t, n = theta, len(moves)
        if n:
            for _ in range(steps):
                t -= n / (n + n_0) * step_sizes * (t.softmax(0) - _f(moves, len(theta)))
        rows.append(t.softmax(0))
    return torch.stack(rows)


def _each(theta, watched, step):
    return torch.stack([step(theta, w, len(w)).softmax(0) for w in watched])


@wrong("newcomers", "leaves the factor n / (n + n_0) out: full steps")
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        for _ in range(steps if n else 0):
            t = t - step_sizes * (t.softmax(0) - _f(w, len(t)))
        return t

    return _each(theta, watched, go)


@wrong("newcomers", "factor n_0 / (n + n_0) instead of n / (n + n_0)")
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        for _ in range(steps if n else 0):
            t = t - n_0 / (n + n_0) * step_sizes * (t.softmax(0) - _f(w, len(t)))
        return t

    return _each(theta, watched, go)


@wrong("newcomers", "integer division n // (n + n_0), which is 0: nobody is adapted to")
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        for _ in range(steps if n else 0):
            t = t - n // (n + n_0) * step_sizes * (t.softmax(0) - _f(w, len(t)))
        return t

    return _each(theta, watched, go)


@wrong("newcomers", "divides by the number of moves without a look at zero: nan for a newcomer who was not watched")
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        f = torch.bincount(w.long(), minlength=len(t)) / torch.tensor(float(n))
        for _ in range(steps):
            t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - f)
        return t

    return _each(theta, watched, go)


@wrong("newcomers", "a newcomer who was not watched is predicted uniformly instead of by theta")
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        if n == 0:
            return torch.zeros_like(t)
        for _ in range(steps):
            t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - _f(w, len(t)))
        return t

    return _each(theta, watched, go)


@wrong("newcomers", "leaves newcomers who were not watched out of the result: fewer than K rows")
def newcomers(theta, watched, steps, step_sizes, n_0):
    rows = []
    for w in watched:
        t, n = theta, len(w)
        if n == 0:
            continue
        for _ in range(steps):
            t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - _f(w, len(t)))
        rows.append(t.softmax(0))
    return torch.stack(rows) if rows else torch.zeros(0, len(theta))


@wrong("newcomers", "returns the adapted logits, not the predictions")
def newcomers(theta, watched, steps, step_sizes, n_0):
    rows = []
    for w in watched:
        t, n = theta, len(w)
        for _ in range(steps if n else 0):
            t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - _f(w, len(t)))
        rows.append(t)
    return torch.stack(rows)


@wrong("newcomers", "softmax of the result over the newcomers (axis 0) instead of the moves")
def newcomers(theta, watched, steps, step_sizes, n_0):
    rows = []
    for w in watched:
        t, n = theta, len(w)
        for _ in range(steps if n else 0):
            t = t - n / (n + n_0) * step_sizes * (t.softmax(0) - _f(w, len(t)))
        rows.append(t)
    return torch.stack(rows).softmax(0)


@wrong("newcomers", "one step size for all parameters: the mean of step_sizes")
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        for _ in range(steps if n else 0):
            t = t - n / (n + n_0) * step_sizes.mean() * (t.softmax(0) - _f(w, len(t)))
        return t

    return _each(theta, watched, go)


@wrong("newcomers", "counts instead of frequencies: the sum of the slopes over the watched moves")
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        for _ in range(steps if n else 0):
            t = t - n / (n + n_0) * step_sizes * n * (t.softmax(0) - _f(w, len(t)))
        return t

    return _each(theta, watched, go)


@wrong("newcomers", "sign: goes up the loss")
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        for _ in range(steps if n else 0):
            t = t + n / (n + n_0) * step_sizes * (t.softmax(0) - _f(w, len(t)))
        return t

    return _each(theta, watched, go)


@wrong("newcomers", "one step only, whatever steps says")
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        return t - n / (n + n_0) * step_sizes * (t.softmax(0) - _f(w, len(t))) if n else t

    return _each(theta, watched, go)


@wrong("newcomers", "the gradient is taken at theta in every step, not at theta'")
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        for _ in range(steps if n else 0):
            t = t - n / (n + n_0) * step_sizes * (theta.softmax(0) - _f(w, len(t)))
        return t

    return _each(theta, watched, go)


@wrong("newcomers", "n is the number of *different* moves seen, not of moves")
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        u = len(w.unique())
        for _ in range(steps if n else 0):
            t = t - u / (u + n_0) * step_sizes * (t.softmax(0) - _f(w, len(t)))
        return t

    return _each(theta, watched, go)


@wrong("newcomers", "leaves the factor out, and the mean of step_sizes for all parameters", mistakes=2)
def newcomers(theta, watched, steps, step_sizes, n_0):
    def go(t, w, n):
        for _ in range(steps if n else 0):
            t = t - step_sizes.mean() * (t.softmax(0) - _f(w, len(t)))
        return t

    return _each(theta, watched, go)


# 2 ---------------------------------------------------------------------------------------
@right("actor_inputs", "cat with the probes expanded")
def actor_inputs(observations, theta, adapted, probes):
    own = (observations @ adapted).softmax(1)
    at = (probes @ adapted).softmax(1).flatten()
    return torch.cat((observations, own, at.expand(len(observations), -1)), 1)


@right("actor_inputs", "row by row, plain lists")
def actor_inputs(observations, theta, adapted, probes):
    def predict(o):
        z = [sum(float(o[i]) * float(adapted[i, a]) for i in range(len(o))) for a in range(adapted.shape[1])]
        e = [math.exp(x - max(z)) for x in z]
        return [x / sum(e) for x in e]

    tail = [p for c in probes for p in predict(c)]
    return [[float(x) for x in o] + predict(o) + tail for o in observations]


@right("actor_inputs", "vmap over targets")
def actor_inputs(obs, theta, adapted, probes):
    delta = lambda o: torch.softmax(o @ adapted, -1)
    at = delta(probes).reshape(-1)
    return torch.vmap(lambda o: torch.cat([o, delta(o), at]))(obs)


def _blocks(o, t, p):
    at = (p @ t).softmax(1)
    return o, (o @ t).softmax(1), at.reshape(1, -1).expand(len(o), -1)


@wrong("actor_inputs", "all predictions with theta, before watching")
def actor_inputs(o, theta, adapted, probes):
    return torch.cat(_blocks(o, theta, probes), 1)


@wrong("actor_inputs", "the own prediction with theta (not adapted), only the probes with adapted")
def actor_inputs(o, theta, adapted, probes):
    a, _, c = _blocks(o, adapted, probes)
    return torch.cat((a, (o @ theta).softmax(1), c), 1)


@wrong("actor_inputs", "the probes' predictions with theta (not adapted)")
def actor_inputs(o, theta, adapted, probes):
    a, b, _ = _blocks(o, adapted, probes)
    return torch.cat((a, b, _blocks(o, theta, probes)[2]), 1)


@wrong("actor_inputs", "adds the change: predicts with theta + adapted")
def actor_inputs(o, theta, adapted, probes):
    return torch.cat(_blocks(o, theta + adapted, probes), 1)


@wrong("actor_inputs", "probes move by move: all probes' first move, then all second (transposed)")
def actor_inputs(o, theta, adapted, probes):
    a, b, _ = _blocks(o, adapted, probes)
    return torch.cat((a, b, (probes @ adapted).softmax(1).T.reshape(1, -1).expand(len(o), -1)), 1)


@wrong("actor_inputs", "probes first, the own prediction last")
def actor_inputs(o, theta, adapted, probes):
    a, b, c = _blocks(o, adapted, probes)
    return torch.cat((a, c, b), 1)


@wrong("actor_inputs", "prediction before observation")
def actor_inputs(o, theta, adapted, probes):
    a, b, c = _blocks(o, adapted, probes)
    return torch.cat((b, a, c), 1)


@wrong("actor_inputs", "logits instead of predictions: no softmax")
def actor_inputs(o, theta, adapted, probes):
    return torch.cat((o, o @ adapted, (probes @ adapted).reshape(1, -1).expand(len(o), -1)), 1)


@wrong("actor_inputs", "log of the predictions (log_softmax)")
def actor_inputs(o, theta, adapted, probes):
    a, b, c = _blocks(o, adapted, probes)
    return torch.cat((a, b.log(), c.log()), 1)


@wrong("actor_inputs", "softmax over the targets and over the probes (axis 0) instead of the moves")
def actor_inputs(o, theta, adapted, probes):
    at = (probes @ adapted).softmax(0).reshape(1, -1)
    return torch.cat((o, (o @ adapted).softmax(0), at.expand(len(o), -1)), 1)


@wrong("actor_inputs", "the mean of the predictions over the probes, (A,), in place of all C of them")
def actor_inputs(o, theta, adapted, probes):
    a, b, _ = _blocks(o, adapted, probes)
    return torch.cat((a, b, (probes @ adapted).softmax(1).mean(0).expand(len(o), -1)), 1)


@wrong("actor_inputs", "leaves the probes out: (n, O + A)")
def actor_inputs(o, theta, adapted, probes):
    a, b, _ = _blocks(o, adapted, probes)
    return torch.cat((a, b), 1)


@wrong("actor_inputs", "puts the probes themselves in, not the predictions there")
def actor_inputs(o, theta, adapted, probes):
    a, b, _ = _blocks(o, adapted, probes)
    return torch.cat((a, b, probes.reshape(1, -1).expand(len(o), -1)), 1)


@wrong("actor_inputs", "every target gets the mean observation of all targets, and the prediction there: it hears of the others")
def actor_inputs(o, theta, adapted, probes):
    m = o.mean(0, keepdim=True).expand_as(o)
    return torch.cat(_blocks(m, adapted, probes), 1)


@wrong("actor_inputs", "each target has its own observation but the prediction for the next target (rolled by one)")
def actor_inputs(o, theta, adapted, probes):
    a, b, c = _blocks(o, adapted, probes)
    return torch.cat((a, b.roll(-1, 0), c), 1)


@wrong("actor_inputs", "one row for the first target only, no batch")
def actor_inputs(o, theta, adapted, probes):
    return torch.cat(_blocks(o[:1], adapted, probes), 1)[0]


@wrong("actor_inputs", "the likeliest move as one-hot instead of the probabilities")
def actor_inputs(o, theta, adapted, probes):
    hot = lambda z: torch.eye(z.shape[1])[z.argmax(1)]
    return torch.cat((o, hot(o @ adapted), hot(probes @ adapted).reshape(1, -1).expand(len(o), -1)), 1)


@wrong("actor_inputs", "theta instead of adapted everywhere, and the own prediction after the probes", mistakes=2)
def actor_inputs(o, theta, adapted, probes):
    a, b, c = _blocks(o, theta, probes)
    return torch.cat((a, c, b), 1)


# 3 ---------------------------------------------------------------------------------------
@right("three_answers", "matrix products and argmax")
def three_answers(now, behind, average, newcomer, gamma):
    old, new = behind @ average, behind @ newcomer
    d = (now + gamma * old.max(1).values).argmax()
    not_adapted = now[d] + gamma * new[d, old[d].argmax()]
    frozen = now[d] + gamma * new[d].max()
    again = (now + gamma * new.max(1).values).max()
    return torch.stack((not_adapted, frozen, again))


@right("three_answers", "plain loops over doors and actions, a list")
def three_answers(now, behind, average, newcomer, gamma):
    worth = lambda d, a, who: float(now[d]) + gamma * sum(float(x) * float(p) for x, p in zip(behind[d, a], who))
    plays = [(d, a) for d in range(behind.shape[0]) for a in range(behind.shape[1])]
    door, action = max(plays, key=lambda p: worth(*p, average))
    return [
        worth(door, action, newcomer),
        max(worth(door, a, newcomer) for a in range(behind.shape[1])),
        max(worth(*p, newcomer) for p in plays),
    ]


@right("three_answers", "numpy einsum, a tuple")
def three_answers(now, behind, average, newcomer, gamma):
    w, b = np.asarray(now), np.asarray(behind)
    old = w[:, None] + gamma * np.einsum("dac,c->da", b, np.asarray(average))
    new = w[:, None] + gamma * np.einsum("dac,c->da", b, np.asarray(newcomer))
    d, a = np.unravel_index(old.argmax(), old.shape)
    return new[d, a], new[d].max(), new.max()


def _three(now, behind, average, newcomer, gamma):
    old, new = now[:, None] + gamma * (behind @ average), now[:, None] + gamma * (behind @ newcomer)
    d = old.max(1).values.argmax()
    return old, new, d, old[d].argmax()


def _tuple(*x):
    return torch.stack(x)


@wrong("three_answers", "the first entry is what the critic promises (against the average external), not what the team gets beside the newcomer")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, gamma)
    return _tuple(old[d, a], new[d].max(), new.max())


@wrong("three_answers", "average and newcomer exchanged")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, newcomer, average, gamma)
    return _tuple(new[d, a], new[d].max(), new.max())


@wrong("three_answers", "forgets gamma everywhere")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, 1.0)
    return _tuple(new[d, a], new[d].max(), new.max())


@wrong("three_answers", "gamma is used to choose, but forgotten in what the team gets")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, gamma)
    e = new.max(1).values.argmax()
    v = behind @ newcomer
    return _tuple(now[d] + v[d, a], now[d] + v[d].max(), now[e] + v[e].max())


@wrong("three_answers", "gamma counts also for what the door pays now")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, 1.0)
    return gamma * _tuple(new[d, a], new[d].max(), new.max())


@wrong("three_answers", "what the door pays now is left out of what the team gets (only used to choose)")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, gamma)
    e = new.max(1).values.argmax()
    return _tuple(new[d, a] - now[d], new[d].max() - now[d], new[e].max() - now[e])


@wrong("three_answers", "the door is chosen by what it pays now alone (in the first two answers)")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, _, _ = _three(now, behind, average, newcomer, gamma)
    d = now.argmax()
    return _tuple(new[d, old[d].argmax()], new[d].max(), new.max())


@wrong("three_answers", "the critic takes the mean over actions behind a door, not the best one, when it chooses the door")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, _, _ = _three(now, behind, average, newcomer, gamma)
    d = old.mean(1).argmax()
    return _tuple(new[d, old[d].argmax()], new[d].max(), new.max())


@wrong("three_answers", "re-imagined changes the door only; the action behind it is still the best against the average")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, gamma)
    return _tuple(new[d, a], new[d].max(), new.gather(1, old.argmax(1, keepdim=True)).max())


@wrong("three_answers", "frozen is the other way round: the door is chosen anew, the action stays the best against the average")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, gamma)
    e = new.max(1).values.argmax()
    return _tuple(new[d, a], new[e, old[e].argmax()], new.max())


@wrong("three_answers", "frozen taken for not adapting at all: the same value twice")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, gamma)
    return _tuple(new[d, a], new[d, a], new.max())


@wrong("three_answers", "re-imagined knows the move: best action for each move of the external, then the mean")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, gamma)
    return _tuple(new[d, a], new[d].max(), (now + gamma * behind.max(1).values @ newcomer).max())


@wrong("three_answers", "the external is taken to play its likeliest move for sure when the team chooses")
def three_answers(now, behind, average, newcomer, gamma):
    hot = lambda p: torch.eye(len(p))[p.argmax()]
    old, guess, d, a = _three(now, behind, hot(average), hot(newcomer), gamma)
    new = now[:, None] + gamma * (behind @ newcomer)
    i = guess.argmax()
    return _tuple(new[d, a], new[d, guess[d].argmax()], new.flatten()[i])


@wrong("three_answers", "uniform mean over the external's moves (mean(-1)); its policy is not used for the average")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, torch.full_like(average, 1 / len(average)), newcomer, gamma)
    return _tuple(new[d, a], new[d].max(), new.max())


@wrong("three_answers", "returned in the wrong order: re-imagined, frozen, not adapted")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, gamma)
    return _tuple(new.max(), new[d].max(), new[d, a])


@wrong("three_answers", "gives the gains over not adapting in entries two and three, not the values")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, gamma)
    return _tuple(new[d, a], new[d].max() - new[d, a], new.max() - new[d, a])


@wrong("three_answers", "max over doors in axis 0 in place of over actions: takes door 0 always")
def three_answers(now, behind, average, newcomer, gamma):
    old, new, _, _ = _three(now, behind, average, newcomer, gamma)
    return _tuple(new[0, old[0].argmax()], new[0].max(), new.max())


@wrong("three_answers", "forgets gamma, and the first entry is the critic's promise against the average", mistakes=2)
def three_answers(now, behind, average, newcomer, gamma):
    old, new, d, a = _three(now, behind, average, newcomer, 1.0)
    return _tuple(old[d, a], new[d].max(), new.max())


# 4 ---------------------------------------------------------------------------------------
right("no_gain_frozen", "a safe door, and another that pays beside the newcomer", (torch.tensor([[[5.0, 5], [0, 0]], [[0, 10], [0, 0]]]), torch.tensor([0.75, 0.25]), torch.tensor([0.25, 0.75])))
right("no_gain_frozen", "nested lists, door 1 is the better one against the average", ([[[0, 8], [1, 2]], [[4, 3], [1, 1]]], [0.8, 0.2], [0.1, 0.9]))
right("no_gain_frozen", "numpy, both actions alike behind the good door", (np.array([[[6.0, 2], [6, 2]], [[1, 9], [3, 3]]]), np.array([0.6, 0.4]), np.array([0.3, 0.7])))
wrong("no_gain_frozen", "frozen gains: behind the good door the best action is another one beside the newcomer", ([[[8, 0], [0, 8]], [[0, 10], [0, 0]]], [0.75, 0.25], [0.25, 0.75]))
wrong("no_gain_frozen", "against the average both doors are worth the same", ([[[5, 5], [0, 0]], [[2, 8], [0, 0]]], [0.5, 0.5], [0.25, 0.75]))
wrong("no_gain_frozen", "re-imagined gains only 0.5", ([[[5, 5], [0, 0]], [[1, 7], [0, 0]]], [0.75, 0.25], [0.25, 0.75]))
wrong("no_gain_frozen", "re-imagined gains nothing either: the same door is best", ([[[9, 9], [0, 0]], [[0, 8], [0, 0]]], [0.75, 0.25], [0.25, 0.75]))
wrong("no_gain_frozen", "a payoff above 10", ([[[5, 5], [0, 0]], [[0, 12], [0, 0]]], [0.75, 0.25], [0.25, 0.75]))
wrong("no_gain_frozen", "a negative payoff", ([[[5, 5], [0, 0]], [[-1, 10], [0, 0]]], [0.75, 0.25], [0.25, 0.75]))
wrong("no_gain_frozen", "the newcomer does not mix: it always plays move 1", ([[[5, 5], [0, 0]], [[0, 10], [0, 0]]], [0.75, 0.25], [0.0, 1.0]))
wrong("no_gain_frozen", "the average external does not mix", ([[[5, 5], [0, 0]], [[0, 10], [0, 0]]], [1.0, 0.0], [0.25, 0.75]))
wrong("no_gain_frozen", "gives the policies of average and newcomer in the wrong order; as entered, re-imagined gains too little", ([[[0, 10], [0, 0]], [[6, 6], [2, 2]]], [0.3, 0.7], [0.45, 0.55]))
wrong("no_gain_frozen", "a policy does not add up to 1", ([[[5, 5], [0, 0]], [[0, 10], [0, 0]]], [0.75, 0.25], [0.25, 0.7]))
wrong("no_gain_frozen", "the newcomer is the average external: nothing is to be gained", ([[[5, 5], [0, 0]], [[0, 10], [0, 0]]], [0.75, 0.25], [0.75, 0.25]))
wrong("no_gain_frozen", "one action behind each door: shape (2, 1, 2)", ([[[5, 5]], [[0, 10]]], [0.75, 0.25], [0.25, 0.75]))
wrong("no_gain_frozen", "externals first, payoffs last", ([0.75, 0.25], [0.25, 0.75], [[[5, 5], [0, 0]], [[0, 10], [0, 0]]]))
wrong("no_gain_frozen", "a payoff above 10, and frozen gains as well", ([[[5, 2], [0, 5]], [[0, 12], [0, 0]]], [0.75, 0.25], [0.25, 0.75]), mistakes=2)


# 5 ---------------------------------------------------------------------------------------
@right("normalised_score", "sums over the externals")
def normalised_score(values, random, best):
    return (values - random).sum(1) / (best - random).sum()


@right("normalised_score", "plain loops, a list")
def normalised_score(values, random, best):
    to_be_had = sum(float(b) - float(r) for b, r in zip(best, random))
    return [sum(float(v) - float(r) for v, r in zip(row, random)) / to_be_had for row in values]


@right("normalised_score", "ratio of means, numpy")
def normalised_score(values, low, high):
    v, lo, hi = (np.asarray(x) for x in (values, low, high))
    return (v.mean(-1) - lo.mean()) / (hi.mean() - lo.mean())


@wrong("normalised_score", "mean over the externals of each one's own ratio, not the ratio of the sums")
def normalised_score(values, random, best):
    return ((values - random) / (best - random)).mean(1)


@wrong("normalised_score", "sum over the externals of each one's own ratio")
def normalised_score(values, random, best):
    return ((values - random) / (best - random)).sum(1)


@wrong("normalised_score", "sums over the seeds (axis 0): one number for each external")
def normalised_score(values, random, best):
    return (values - random).sum(0) / (best - random).sum()


@wrong("normalised_score", "one number: the mean over the seeds as well")
def normalised_score(values, random, best):
    return ((values - random).sum(1) / (best - random).sum()).mean()


@wrong("normalised_score", "divides by the sum of best, random is not subtracted below")
def normalised_score(values, random, best):
    return (values - random).sum(1) / best.sum()


@wrong("normalised_score", "random is not subtracted above")
def normalised_score(values, random, best):
    return values.sum(1) / (best - random).sum()


@wrong("normalised_score", "random is not subtracted at all: values / best")
def normalised_score(values, random, best):
    return values.sum(1) / best.sum()


@wrong("normalised_score", "clamps the score to between 0 and 1")
def normalised_score(values, random, best):
    return ((values - random).sum(1) / (best - random).sum()).clamp(0, 1)


@wrong("normalised_score", "clamps each external's gain at 0 before summing")
def normalised_score(values, random, best):
    return (values - random).clamp(min=0).sum(1) / (best - random).sum()


@wrong("normalised_score", "what is missing instead of what is reached: (best - values) / (best - random)")
def normalised_score(values, random, best):
    return (best - values).sum(1) / (best - random).sum()


@wrong("normalised_score", "mean above and sum below: too small by the factor K")
def normalised_score(values, random, best):
    return (values - random).mean(1) / (best - random).sum()


@wrong("normalised_score", "median over the externals of each one's own ratio")
def normalised_score(values, random, best):
    return np.median(((values - random) / (best - random)).numpy(), axis=1)


@wrong("normalised_score", "integer arithmetic: floor division")
def normalised_score(values, random, best):
    return (values - random).sum(1) // (best - random).sum()


@wrong("normalised_score", "best is replaced by the best value that any seed got")
def normalised_score(values, random, best):
    top = values.max(0).values
    return (values - random).sum(1) / (top - random).sum()


@wrong("normalised_score", "in percent")
def normalised_score(values, random, best):
    return 100 * (values - random).sum(1) / (best - random).sum()


@wrong("normalised_score", "subtracts random from the caller's values in place (the value returned is right)")
def normalised_score(values, random, best):
    values -= random
    return values.sum(1) / (best - random).sum()


@wrong("normalised_score", "mean of ratios, and clamped to between 0 and 1", mistakes=2)
def normalised_score(values, random, best):
    return ((values - random) / (best - random)).clamp(0, 1).mean(1)


# 6 ---------------------------------------------------------------------------------------
_h, _t = math.log(0.5 / 0.8), math.log(0.5 / 0.2)
right("suspicion_by_hand", "rounded to four digits", [0, 0.9163, 1.8326, 1.3626, 2.2789])
right("suspicion_by_hand", "exact, tensor", torch.tensor([0.0, _t, 2 * _t, 2 * _t + _h, 3 * _t + _h]))
wrong("suspicion_by_hand", "forgot the max with 0: the sum starts below zero", [_h, _h + _t, _h + 2 * _t, 2 * _h + 2 * _t, 2 * _h + 3 * _t])
wrong("suspicion_by_hand", "sign of z: log adapted minus log not adapted", [-_h, 0, 0, -_h, 0])
wrong("suspicion_by_hand", "gave z of each move, no sums", [_h, _t, _t, _h, _t])
wrong("suspicion_by_hand", "max(0, z) of each move, no sums", [0, _t, _t, 0, _t])
wrong("suspicion_by_hand", "max(0, z) is added: the sum never falls, heads count nothing", [0, _t, 2 * _t, 2 * _t, 3 * _t])
wrong("suspicion_by_hand", "starts from 0 again after each heads", [0, _t, 2 * _t, 0, _t])
wrong("suspicion_by_hand", "in bits, log2", [x / math.log(2) for x in (0, _t, 2 * _t, 2 * _t + _h, 3 * _t + _h)])
wrong("suspicion_by_hand", "log10 instead of nats", [x / math.log(10) for x in (0, _t, 2 * _t, 2 * _t + _h, 3 * _t + _h)])
wrong("suspicion_by_hand", "differences of the probabilities, no logarithm", [0, 0.3, 0.6, 0.3, 0.6])
wrong("suspicion_by_hand", "off by one: S before each move, starting with S_0", [0, 0, _t, 2 * _t, 2 * _t + _h])
wrong("suspicion_by_hand", "heads and tails exchanged in the moves", [_t, _t + _h, _t + 2 * _h if _t + 2 * _h > 0 else 0, max(0, _t + 2 * _h) + _t, max(0, _t + 2 * _h) + _t + _h])
wrong("suspicion_by_hand", "max with 0 is taken only at the end, after the running sum: max(0, sum of all z)", [max(0, x) for x in (_h, _h + _t, _h + 2 * _t, 2 * _h + 2 * _t, 2 * _h + 3 * _t)])
wrong("suspicion_by_hand", "no max, and log10", [x / math.log(10) for x in (_h, _h + _t, _h + 2 * _t, 2 * _h + 2 * _t, 2 * _h + 3 * _t)], mistakes=2)


# 7 ---------------------------------------------------------------------------------------
@right("suspicion", "loop, list of floats")
def suspicion(known, unknown, threshold):
    s, out = 0.0, []
    for k, u in zip(known, unknown):
        s = max(0.0, s + float(u - k))
        out.append(s)
        if s > threshold:
            s = 0.0
    return out


@right("suspicion", "tensor, looks back at the last value")
def suspicion(known, unknown, threshold):
    z = unknown - known
    S = torch.zeros_like(z)
    for t in range(len(z)):
        before = S[t - 1] if t > 0 and S[t - 1] <= threshold else 0.0
        S[t] = (before + z[t]).clamp(min=0)
    return S


@right("suspicion", "itertools.accumulate, a numpy array")
def suspicion(known, unknown, h):
    from itertools import accumulate

    z = [float(u) - float(k) for k, u in zip(known, unknown)]
    step = lambda s, x: max(0.0, (0.0 if s > h else s) + x)
    return np.array(list(accumulate(z, step, initial=0.0))[1:])


def _walk(known, unknown, threshold, z=lambda k, u: u - k, alarm=lambda s, h: s > h, low=0.0, after=lambda s, h: 0.0):
    s, out = 0.0, []
    for k, u in zip(known.tolist(), unknown.tolist()):
        s = max(low, s + z(k, u))
        out.append(s)
        if alarm(s, threshold):
            s = after(s, threshold)
    return torch.tensor(out)


@wrong("suspicion", "the sum is not set back after an alarm")
def suspicion(known, unknown, threshold):
    return _walk(known, unknown, threshold, alarm=lambda s, h: False)


@wrong("suspicion", "an alarm already when S equals the threshold (>=)")
def suspicion(known, unknown, threshold):
    return _walk(known, unknown, threshold, alarm=lambda s, h: s >= h)


@wrong("suspicion", "the sign of z: known - unknown")
def suspicion(known, unknown, threshold):
    return _walk(known, unknown, threshold, z=lambda k, u: k - u)


@wrong("suspicion", "forgets the max with 0")
def suspicion(known, unknown, threshold):
    return _walk(known, unknown, threshold, low=-math.inf)


@wrong("suspicion", "after an alarm the threshold is subtracted, the rest stays")
def suspicion(known, unknown, threshold):
    return _walk(known, unknown, threshold, after=lambda s, h: s - h)


@wrong("suspicion", "writes 0 in place of the value at the alarm")
def suspicion(known, unknown, threshold):
    s = _walk(known, unknown, threshold)
    return torch.where(s > threshold, 0.0, s)


@wrong("suspicion", "clamps the value at the alarm to the threshold")
def suspicion(known, unknown, threshold):
    return _walk(known, unknown, threshold).clamp(max=threshold)


@wrong("suspicion", "sets the sum back only after the first alarm")
def suspicion(known, unknown, threshold):
    s, out, done = 0.0, [], False
    for z in (unknown - known).tolist():
        s = max(0.0, s + z)
        out.append(s)
        if s > threshold and not done:
            s, done = 0.0, True
    return torch.tensor(out)


@wrong("suspicion", "sets the sum back one move too late (the move after the alarm still adds to the old sum)")
def suspicion(known, unknown, threshold):
    s, out, pending = 0.0, [], False
    for z in (unknown - known).tolist():
        s = max(0.0, s + z)
        out.append(s)
        if pending:
            s, pending = 0.0, False
        elif s > threshold:
            pending = True
    return torch.tensor(out)


@wrong("suspicion", "the move after an alarm is skipped: S is 0 there whatever was played")
def suspicion(known, unknown, threshold):
    s, out, skip = 0.0, [], False
    for z in (unknown - known).tolist():
        s = 0.0 if skip else max(0.0, s + z)
        skip = s > threshold
        out.append(s)
        if skip:
            s = 0.0
    return torch.tensor(out)


@wrong("suspicion", "stops at the first alarm: the result is shorter")
def suspicion(known, unknown, threshold):
    s, out = 0.0, []
    for z in (unknown - known).tolist():
        s = max(0.0, s + z)
        out.append(s)
        if s > threshold:
            break
    return torch.tensor(out)


@wrong("suspicion", "returns S_0 too: T + 1 numbers")
def suspicion(known, unknown, threshold):
    return torch.cat((torch.zeros(1), _walk(known, unknown, threshold)))


@wrong("suspicion", "gives S before each move (S_0 to S_{T-1}, and 0 after an alarm)")
def suspicion(known, unknown, threshold):
    s, out = 0.0, []
    for z in (unknown - known).tolist():
        out.append(s)
        s = max(0.0, s + z)
        if s > threshold:
            s = 0.0
    return torch.tensor(out)


@wrong("suspicion", "max(0, z) is added: the sum never falls")
def suspicion(known, unknown, threshold):
    return _walk(known, unknown, threshold, z=lambda k, u: max(0.0, u - k))


@wrong("suspicion", "cumsum and then clamp at 0, with no alarm's reset: max(0, sum of all z)", mistakes=2)
def suspicion(known, unknown, threshold):
    return (unknown - known).cumsum(0).clamp(min=0)


@wrong("suspicion", "difference of the probabilities (exp) instead of the logs")
def suspicion(known, unknown, threshold):
    return _walk(known, unknown, threshold, z=lambda k, u: math.exp(u) - math.exp(k))


@wrong("suspicion", "returns whether there is an alarm (0 or 1), not S")
def suspicion(known, unknown, threshold):
    return (_walk(known, unknown, threshold) > threshold).double()


@wrong("suspicion", "only the last S, one number")
def suspicion(known, unknown, threshold):
    return _walk(known, unknown, threshold)[-1]


_state = {"s": 0.0}


@wrong("suspicion", "S is a global that is not set back between calls: the second call starts where the first ended")
def suspicion(known, unknown, threshold):
    out = []
    for z in (unknown - known).tolist():
        _state["s"] = max(0.0, _state["s"] + z)
        out.append(_state["s"])
        if _state["s"] > threshold:
            _state["s"] = 0.0
    return torch.tensor(out)


@wrong("suspicion", "integer arithmetic: S is kept in an integer array, which cuts the fractions off")
def suspicion(known, unknown, threshold):
    S, s = np.zeros(len(known), dtype=int), 0
    for t in range(len(known)):
        S[t] = max(0, s + float(unknown[t] - known[t]))
        s = 0 if S[t] > threshold else S[t]
    return S


@wrong("suspicion", "alarm when S equals the threshold too, and the value at the alarm is written as 0", mistakes=2)
def suspicion(known, unknown, threshold):
    s = _walk(known, unknown, threshold, alarm=lambda s, h: s >= h)
    return torch.where(s >= threshold, 0.0, s)
