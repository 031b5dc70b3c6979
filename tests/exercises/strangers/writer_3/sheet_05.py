from strangers import right, wrong
import math

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

# 1 ---------------------------------------------------------------------------------------
right("stepped_by_hand", "log 3 - 2 (0.75 - 0.25), rounded to four digits", 0.0986)
right("stepped_by_hand", "the same as a tensor, exact", torch.tensor(math.log(3) - 1))
wrong("stepped_by_hand", "summed the loss over the four moves instead of the mean", math.log(3) - 4)
wrong("stepped_by_hand", "went up the gradient instead of down (sign)", math.log(3) + 1)
wrong("stepped_by_hand", "started from the prediction 0.75 instead of theta = log 3", 0.75 - 1)
wrong("stepped_by_hand", "forgot alpha (took a step of size 1)", math.log(3) - 0.5)
wrong("stepped_by_hand", "gave the new prediction sigma(theta') instead of theta'", 1 / (1 + 1 / (3 * math.exp(-1))))
wrong("stepped_by_hand", "took the frequency of tails, 0.75, for that of heads, so nothing moves", math.log(3))
wrong("stepped_by_hand", "gave the change of theta, -1, not the new theta", -1.0)
wrong("stepped_by_hand", "used only the first move, H", math.log(3) + 2 * 0.25)
wrong("stepped_by_hand", "used log10 of 3 instead of the natural log", math.log10(3) - 1)
wrong("stepped_by_hand", "multiplied the slope by sigma(1 - sigma) once more (squared error in place of -log)", math.log(3) - 2 * 0.5 * 0.1875)
wrong("stepped_by_hand", "summed instead of the mean and went up instead of down", math.log(3) + 4, mistakes=2)


# 2 ---------------------------------------------------------------------------------------
@right("adapted", "bincount and closed form of the slope")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta


@right("adapted", "torch.func.grad of cross_entropy")
def adapted(logits, seen, k, alpha):
    loss = lambda t: F.cross_entropy(t.expand(len(seen), -1), seen)
    for _ in range(k):
        logits = logits - alpha * torch.func.grad(loss)(logits)
    return logits


@right("adapted", "plain lists, result is a list")
def adapted(theta, moves, steps, step_size):
    t = [float(x) for x in theta]
    m = [int(x) for x in moves]
    for _ in range(steps):
        z = sum(math.exp(x) for x in t)
        t = [x - step_size * (math.exp(x) / z - m.count(a) / len(m)) for a, x in enumerate(t)]
    return t


@wrong("adapted", "sums the cross-entropy over the moves instead of taking the mean")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta))
    for _ in range(steps):
        theta = theta - step_size * (len(moves) * theta.softmax(0) - f)
    return theta


@wrong("adapted", "goes up the gradient (sign)")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = theta + step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "takes one step only, whatever steps says")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    return theta - step_size * (theta.softmax(0) - f)


@wrong("adapted", "off by one: takes one step too few")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(1, steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "the slope is taken at the start only and reused in every step")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    slope = theta.softmax(0) - f
    for _ in range(steps):
        theta = theta - step_size * slope
    return theta


@wrong("adapted", "averages over the actions too: the slope is divided by A")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - f) / len(theta)
    return theta


@wrong("adapted", "each step sees only one move (the t-th, cyclically), not all of them: stochastic steps")
def adapted(theta, moves, steps, step_size):
    for t in range(steps):
        f = F.one_hot(moves[t % len(moves)], len(theta))
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "changes only the logits of watched actions; those of actions never watched stay")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = torch.where(f > 0, theta - step_size * (theta.softmax(0) - f), theta)
    return theta


@wrong("adapted", "returns the prediction softmax(theta') instead of theta'")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta.softmax(0)


@wrong("adapted", "bincount without minlength: breaks when the last actions were not watched")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "each distinct move counts once: the frequencies are uniform over the moves seen")
def adapted(theta, moves, steps, step_size):
    f = torch.zeros_like(theta)
    f[moves] = 1.0
    f = f / f.sum()
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "changes the caller's theta in place (the value returned is right)")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta -= step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "computes in half precision")
def adapted(theta, moves, steps, step_size):
    theta = theta.numpy().astype(np.float16)
    f = (np.bincount(moves.numpy(), minlength=len(theta)) / len(moves)).astype(np.float16)
    for _ in range(steps):
        e = np.exp(theta)
        theta = (theta - np.float16(step_size) * (e / e.sum() - f)).astype(np.float16)
    return torch.tensor(theta.astype(np.float64))


_logits = {}


@wrong("adapted", "keeps the adapted logits in a global between calls: later calls go on from there instead of theta")
def adapted(theta, moves, steps, step_size):
    t = _logits.setdefault(len(theta), theta.clone())
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        t = t - step_size * (t.softmax(0) - f)
    _logits[len(theta)] = t
    return t


@wrong("adapted", "sums instead of the mean, and one step too many", mistakes=2)
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta))
    for _ in range(steps + 1):
        theta = theta - step_size * (len(moves) * theta.softmax(0) - f)
    return theta


# 3 ---------------------------------------------------------------------------------------
@right("outer_loss", "all tasks at once, slope in closed form")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - support)
    return -(query * t.log_softmax(-1)).sum(-1).mean()


@right("outer_loss", "vmap over tasks of torch.func.grad")
def outer_loss(theta, support, query, steps, lr):
    def loss(t, f):
        return -(f * torch.log_softmax(t, 0)).sum()

    def task(s, q):
        t = theta
        for _ in range(steps):
            t = t - lr * torch.func.grad(loss)(t, s)
        return loss(t, q)

    return torch.vmap(task)(support, query).mean()


@right("outer_loss", "loop over tasks, autograd.grad with create_graph")
def outer_loss(theta, support, query, steps, step_size):
    if not theta.requires_grad:
        theta = theta.clone().requires_grad_()
    total = 0
    for s, q in zip(support, query):
        t = theta
        for _ in range(steps):
            inner = -(s * t.log_softmax(0)).sum()
            (g,) = torch.autograd.grad(inner, t, create_graph=True)
            t = t - step_size * g
        total = total - (q * t.log_softmax(0)).sum()
    return total / len(support)


def _L(t, f):
    return -(f * t.log_softmax(-1)).sum(-1)


@wrong("outer_loss", "first order: the inner slope is detached")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - support).detach()
    return _L(t, query).mean()


@wrong("outer_loss", "sum over tasks instead of mean")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - support)
    return _L(t, query).sum()


@wrong("outer_loss", "mean over everything: the loss is also divided by A")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - support)
    return -(query * t.log_softmax(-1)).mean()


@wrong("outer_loss", "median over tasks instead of mean")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - support)
    return _L(t, query).median()


@wrong("outer_loss", "support and query exchanged")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - query)
    return _L(t, support).mean()


@wrong("outer_loss", "the outer loss is on the support again; query is not used")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - support)
    return _L(t, support).mean()


@wrong("outer_loss", "softmax in the inner step along the tasks (axis 0) instead of the actions")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(0) - support)
    return _L(t, query).mean()


@wrong("outer_loss", "adaptation carries over: each task starts where the one before ended, not from theta")
def outer_loss(theta, support, query, steps, step_size):
    total, t = 0, theta
    for s, q in zip(support, query):
        for _ in range(steps):
            t = t - step_size * (t.softmax(0) - s)
        total = total + _L(t, q)
    return total / len(support)


@wrong("outer_loss", "no adaptation: the query loss at theta itself")
def outer_loss(theta, support, query, steps, step_size):
    return _L(theta.expand(len(support), -1), query).mean()


@wrong("outer_loss", "one inner step only, whatever steps says")
def outer_loss(theta, support, query, steps, step_size):
    t = theta - step_size * (theta.softmax(-1) - support)
    return _L(t, query).mean()


@wrong("outer_loss", "pools the supports: every task adapts to the mean support")
def outer_loss(theta, support, query, steps, step_size):
    t = theta
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - support.mean(0))
    return _L(t.expand(len(query), -1), query).mean()


@wrong("outer_loss", "only the last step is differentiated; the earlier steps are detached")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for i in range(steps):
        g = t.softmax(-1) - support
        t = t - step_size * (g if i == steps - 1 else g.detach())
    return _L(t, query).mean()


@wrong("outer_loss", "sign: the mean log-likelihood, which would have to be maximised")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - support)
    return -_L(t, query).mean()


@wrong("outer_loss", "returns the K losses instead of one number")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - support)
    return _L(t, query)


@wrong("outer_loss", "returns a plain float (.item()), which has no gradient")
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - support)
    return _L(t, query).mean().item()


@wrong("outer_loss", "sums over tasks, and the inner slope is detached", mistakes=2)
def outer_loss(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(-1) - support).detach()
    return _L(t, query).sum()


# 4 ---------------------------------------------------------------------------------------
@right("meta_gradient", "Jacobian as in the text, vectorised")
def meta_gradient(theta, support, query, step_size):
    d = theta.softmax(0)
    J = torch.eye(len(theta)) - step_size * (torch.diag(d) - torch.outer(d, d))
    t = theta - step_size * (d - support)
    return ((t.softmax(-1) - query) @ J).mean(0)


@right("meta_gradient", "numpy, loop over tasks, Jacobian-vector product without a matrix")
def meta_gradient(theta, support, query, step_size):
    th, s, q = (np.asarray(x) for x in (theta, support, query))
    sm = lambda v: np.exp(v - v.max()) / np.exp(v - v.max()).sum()
    d = sm(th)
    out = np.zeros(len(th))
    for k in range(len(s)):
        g = sm(th - step_size * (d - s[k])) - q[k]
        out += g - step_size * (d * g - d * (d @ g))
    return out / len(s)


def _parts(theta, support, query, a):
    d = theta.softmax(0)
    J = torch.eye(len(theta)) - a * (torch.diag(d) - torch.outer(d, d))
    slopes = (theta - a * (d - support)).softmax(-1) - query
    return d, J, slopes


@wrong("meta_gradient", "first order: leaves the Jacobian out")
def meta_gradient(theta, support, query, a):
    return _parts(theta, support, query, a)[2].mean(0)


@wrong("meta_gradient", "sum over tasks instead of mean")
def meta_gradient(theta, support, query, a):
    _, J, g = _parts(theta, support, query, a)
    return (g @ J).sum(0)


@wrong("meta_gradient", "returns one gradient for each task (K, A), without the mean")
def meta_gradient(theta, support, query, a):
    _, J, g = _parts(theta, support, query, a)
    return g @ J


@wrong("meta_gradient", "the Jacobian is taken at theta'_k instead of theta")
def meta_gradient(theta, support, query, a):
    d, _, g = _parts(theta, support, query, a)
    e = (theta - a * (d - support)).softmax(-1)
    return (g - a * (e * g - e * (e * g).sum(-1, keepdim=True))).mean(0)


@wrong("meta_gradient", "the slope of the query loss is taken at theta, before the step")
def meta_gradient(theta, support, query, a):
    d, J, _ = _parts(theta, support, query, a)
    return ((d - query) @ J).mean(0)


@wrong("meta_gradient", "sign in the Jacobian: I + alpha (...)")
def meta_gradient(theta, support, query, a):
    d, _, g = _parts(theta, support, query, a)
    J = torch.eye(len(theta)) + a * (torch.diag(d) - torch.outer(d, d))
    return (g @ J).mean(0)


@wrong("meta_gradient", "d * d in place of the outer product: numpy broadcasting spreads it over the rows")
def meta_gradient(theta, support, query, a):
    d, _, g = _parts(theta, support, query, a)
    J = torch.eye(len(theta)) - a * (torch.diag(d) - d * d)
    return (g @ J).mean(0)


@wrong("meta_gradient", "forgets the outer product: Jacobian is I - alpha diag(delta)")
def meta_gradient(theta, support, query, a):
    d, _, g = _parts(theta, support, query, a)
    return (g * (1 - a * d)).mean(0)


@wrong("meta_gradient", "only the Jacobian's diagonal is used")
def meta_gradient(theta, support, query, a):
    _, J, g = _parts(theta, support, query, a)
    return (g * J.diagonal()).mean(0)


@wrong("meta_gradient", "forgets alpha in the Jacobian")
def meta_gradient(theta, support, query, a):
    d, _, g = _parts(theta, support, query, a)
    J = torch.eye(len(theta)) - (torch.diag(d) - torch.outer(d, d))
    return (g @ J).mean(0)


@wrong("meta_gradient", "forgets the I in the Jacobian: -alpha (diag - outer) alone")
def meta_gradient(theta, support, query, a):
    d, _, g = _parts(theta, support, query, a)
    J = -a * (torch.diag(d) - torch.outer(d, d))
    return (g @ J).mean(0)


@wrong("meta_gradient", "support in place of query in the slope after the step")
def meta_gradient(theta, support, query, a):
    d, J, _ = _parts(theta, support, query, a)
    return (((theta - a * (d - support)).softmax(-1) - support) @ J).mean(0)


@wrong("meta_gradient", "averages theta'_k over the tasks first, and takes one slope there")
def meta_gradient(theta, support, query, a):
    d, J, _ = _parts(theta, support, query, a)
    t = (theta - a * (d - support)).mean(0)
    return (t.softmax(0) - query.mean(0)) @ J


@wrong("meta_gradient", "softmax after the step along the tasks (axis 0)")
def meta_gradient(theta, support, query, a):
    d, J, _ = _parts(theta, support, query, a)
    return (((theta - a * (d - support)).softmax(0) - query) @ J).mean(0)


@wrong("meta_gradient", "the negative gradient (direction of descent)")
def meta_gradient(theta, support, query, a):
    _, J, g = _parts(theta, support, query, a)
    return -(g @ J).mean(0)


@wrong("meta_gradient", "median over the tasks instead of mean")
def meta_gradient(theta, support, query, a):
    _, J, g = _parts(theta, support, query, a)
    return (g @ J).median(0).values


@wrong("meta_gradient", "sum over tasks, and Jacobian with + instead of -", mistakes=2)
def meta_gradient(theta, support, query, a):
    d, _, g = _parts(theta, support, query, a)
    J = torch.eye(len(theta)) + a * (torch.diag(d) - torch.outer(d, d))
    return (g @ J).sum(0)


# 5 ---------------------------------------------------------------------------------------
right("misled", "alpha 6 at 0.5: the step overshoots a little", (0.5, 0.7, 0.7, 6.0))
right("misled", "towards tails, as a list", [0.5, 0.3, 0.3, 6])
right("misled", "stops short of the new frequency, yet the factor is negative", torch.tensor([0.6, 0.75, 0.8, 5.0]))
wrong("misled", "step size too small: 1 - alpha p(1-p) stays positive, first order is right about the sign", (0.5, 0.7, 0.7, 2.0))
wrong("misled", "alpha exactly 4 at 0.5: d theta'/d theta is exactly 0, the true gradient neither rises nor falls", (0.5, 0.7, 0.7, 4.0))
wrong("misled", "the sign is wrong but the inner step overshoots so far that the loss is larger after it", (0.5, 1.0, 0.55, 6.0))
wrong("misled", "watched equals start: there is no inner step, and the loss is the same, not smaller", (0.5, 0.5, 0.7, 6.0))
wrong("misled", "start given as log-odds 0 instead of a prediction", (0.0, 0.7, 0.7, 6.0))
wrong("misled", "frequencies entered in percent", (50, 70, 70, 6.0))
wrong("misled", "step size put first", (6.0, 0.5, 0.7, 0.7))
wrong("misled", "three numbers only; `new` was left out as the same as `watched`", (0.5, 0.7, 6.0))
wrong("misled", "negative step size: the inner step climbs; the factor 1 - alpha p(1-p) is above 1", (0.5, 0.7, 0.7, -6.0))
wrong("misled", "watched moves point the other way than new ones, so the step hurts (the factor is negative)", (0.5, 0.3, 0.7, 6.0))
wrong("misled", "the step is small (factor positive), and it moves away from the new moves, so it hurts", (0.5, 0.3, 0.7, 2.0), mistakes=2)
