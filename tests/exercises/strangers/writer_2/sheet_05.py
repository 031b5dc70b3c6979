from strangers import right, wrong
import math
import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1
right("stepped_by_hand", "log 3 - 2 (0.75 - 0.25) = log 3 - 1, rounded to four digits", 0.0986)
right("stepped_by_hand", "the same with math.log", math.log(3) - 2 * (0.75 - 0.25))
wrong("stepped_by_hand", "went uphill on the loss: log 3 + 1", math.log(3) + 1)
wrong("stepped_by_hand", "summed the loss over the four moves instead of the mean", math.log(3) - 2 * 4 * 0.5)
wrong("stepped_by_hand", "took theta itself for the prediction: slope log 3 - 0.25", math.log(3) - 2 * (math.log(3) - 0.25))
wrong("stepped_by_hand", "gave the prediction after the step, sigma(theta'), not theta'", 1 / (1 + math.exp(-(math.log(3) - 1))))
wrong("stepped_by_hand", "took the frequency of tails (0.75) for that of heads, so the slope is zero", math.log(3))
wrong("stepped_by_hand", "stepped the probability: 0.75 - 2 * 0.5", -0.25)
wrong("stepped_by_hand", "squared error: slope multiplied by sigma' = 0.75 * 0.25", math.log(3) - 2 * 0.5 * 0.1875)
wrong("stepped_by_hand", "forgot the step size (took 1 for it)", math.log(3) - 0.5)
wrong("stepped_by_hand", "only the one head enters the loss (slope -(1 - 0.75) / 4), the three tails are left out",
      math.log(3) + 2 * 0.25 * 0.25)
wrong("stepped_by_hand", "summed instead of averaged and went uphill", math.log(3) + 4, mistakes=2)


# ---------------------------------------------------------------- 2
@right("adapted", "closed form slope with bincount")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (torch.softmax(theta, -1) - f)
    return theta


@right("adapted", "torch.func.grad of F.cross_entropy")
def adapted(logits, watched, k, lr):
    loss = lambda t: F.cross_entropy(t.expand(len(watched), -1), watched)
    for _ in range(k):
        logits = logits - lr * torch.func.grad(loss)(logits)
    return logits


@right("adapted", "SGD optimizer on a clone, returned detached as a list")
def adapted(theta, moves, steps, step_size):
    t = theta.detach().clone().requires_grad_()
    opt = torch.optim.SGD([t], lr=step_size)
    for _ in range(steps):
        opt.zero_grad()
        (-torch.log_softmax(t, 0)[moves].mean()).backward()
        opt.step()
    return t.detach().tolist()


def _recursive(theta, f, steps, step_size):
    if steps == 0:
        return theta
    p = np.exp(theta - theta.max())
    return _recursive(theta - step_size * (p / p.sum() - f), f, steps - 1, step_size)


@right("adapted", "recursion in numpy")
def adapted(theta, moves, steps, step_size):
    theta, m = np.array(theta, dtype=float), np.asarray(moves)
    return _recursive(theta, (m[:, None] == np.arange(len(theta))).mean(0), steps, step_size)


@wrong("adapted", "sums the cross-entropy over the moves instead of the mean")
def adapted(theta, moves, steps, step_size):
    for _ in range(steps):
        g = torch.func.grad(lambda t: -torch.log_softmax(t, 0)[moves].sum())(theta)
        theta = theta - step_size * g
    return theta


@wrong("adapted", "every step uses the slope at the first theta, not at the stepped one")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    g = torch.softmax(theta, 0) - f
    for _ in range(steps):
        theta = theta - step_size * g
    return theta


@wrong("adapted", "always one step only, whatever `steps` is")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    return theta - step_size * (torch.softmax(theta, 0) - f)


@wrong("adapted", "each step starts again from theta (theta' = theta - ... with slope at theta'), so the steps do not add up")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    fast = theta
    for _ in range(steps):
        fast = theta - step_size * (torch.softmax(fast, 0) - f)
    return fast


@wrong("adapted", "one step after each move separately (stochastic gradient, epoch by epoch)")
def adapted(theta, moves, steps, step_size):
    for _ in range(steps):
        for a in moves:
            onehot = F.one_hot(a, len(theta)).to(theta)
            theta = theta - step_size * (torch.softmax(theta, 0) - onehot)
    return theta


@wrong("adapted", "F.cross_entropy on probabilities: softmax taken twice")
def adapted(theta, moves, steps, step_size):
    def loss(t):
        return F.cross_entropy(torch.softmax(t, 0).expand(len(moves), -1), moves)
    for _ in range(steps):
        theta = theta - step_size * torch.func.grad(loss)(theta)
    return theta


@wrong("adapted", "returns the prediction softmax(theta') instead of theta'")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta.softmax(0)


@wrong("adapted", "climbs the loss (plus instead of minus)")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = theta + step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "Adam instead of plain gradient steps")
def adapted(theta, moves, steps, step_size):
    t = theta.detach().clone().requires_grad_()
    opt = torch.optim.Adam([t], lr=step_size)
    for _ in range(steps):
        opt.zero_grad()
        F.cross_entropy(t.expand(len(moves), -1), moves).backward()
        opt.step()
    return t.detach()


@wrong("adapted", "forgot zero_grad, so the gradients of earlier steps are added up")
def adapted(theta, moves, steps, step_size):
    t = theta.detach().clone().requires_grad_()
    opt = torch.optim.SGD([t], lr=step_size)
    for _ in range(steps):
        F.cross_entropy(t.expand(len(moves), -1), moves).backward()
        opt.step()
    return t.detach()


@wrong("adapted", "bincount without minlength: fails or has the wrong length when the last actions were not watched")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "slope divided by the number of actions too (mean over actions of -f log softmax)")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        g = torch.func.grad(lambda t: -(f * t.log_softmax(0)).mean())(theta)
        theta = theta - step_size * g
    return theta


@wrong("adapted", "one step too many, and the loss summed instead of averaged", mistakes=2)
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta))
    for _ in range(steps + 1):
        theta = theta - step_size * (len(moves) * theta.softmax(0) - f)
    return theta


# ---------------------------------------------------------------- 3
def ce(theta, f):
    return -(f * torch.log_softmax(theta, -1)).sum(-1)


@right("outer_loss", "closed-form inner slope, all tasks at once")
def outer_loss(theta, support, query, steps, step_size):
    fast = theta.expand_as(support)
    for _ in range(steps):
        fast = fast - step_size * (fast.softmax(-1) - support)
    return ce(fast, query).mean()


@right("outer_loss", "loop over tasks, autograd.grad with create_graph")
def outer_loss(theta, support, query, steps, step_size):
    losses = []
    for s, q in zip(support, query):
        fast = theta if theta.requires_grad else theta.detach().requires_grad_()
        for _ in range(steps):
            g, = torch.autograd.grad(ce(fast, s), fast, create_graph=True)
            fast = fast - step_size * g
        losses.append(ce(fast, q))
    return sum(losses) / len(losses)


@right("outer_loss", "vmap of torch.func.grad")
def outer_loss(theta, support, query, steps, step_size):
    def one(s, q):
        t = theta
        for _ in range(steps):
            t = t - step_size * torch.func.grad(ce)(t, s)
        return ce(t, q)
    return torch.vmap(one)(support, query).mean(0)


@wrong("outer_loss", "first order: inner gradients detached (no create_graph)")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for s, q in zip(support, query):
        fast = theta
        for _ in range(steps):
            fast = fast - step_size * (fast.softmax(-1) - s).detach()
        total = total + ce(fast, q)
    return total / len(support)


@wrong("outer_loss", "support and query exchanged: adapts on the query, evaluates on the support")
def outer_loss(theta, support, query, steps, step_size):
    fast = theta.expand_as(query)
    for _ in range(steps):
        fast = fast - step_size * (fast.softmax(-1) - query)
    return ce(fast, support).mean()


@wrong("outer_loss", "adapts on the query and evaluates on the query (support never used)")
def outer_loss(theta, support, query, steps, step_size):
    fast = theta.expand_as(query)
    for _ in range(steps):
        fast = fast - step_size * (fast.softmax(-1) - query)
    return ce(fast, query).mean()


@wrong("outer_loss", "evaluates on the support again instead of the query")
def outer_loss(theta, support, query, steps, step_size):
    fast = theta.expand_as(support)
    for _ in range(steps):
        fast = fast - step_size * (fast.softmax(-1) - support)
    return ce(fast, support).mean()


@wrong("outer_loss", "theta carried from task to task: the second task starts where the first ended")
def outer_loss(theta, support, query, steps, step_size):
    losses = []
    for s, q in zip(support, query):
        for _ in range(steps):
            theta = theta - step_size * (theta.softmax(-1) - s)
        losses.append(ce(theta, q))
    return torch.stack(losses).mean()


@wrong("outer_loss", "sum over the tasks instead of the mean")
def outer_loss(theta, support, query, steps, step_size):
    def one(s, q):
        t = theta
        for _ in range(steps):
            t = t - step_size * torch.func.grad(ce)(t, s)
        return ce(t, q)
    return torch.vmap(one)(support, query).sum()


@wrong("outer_loss", "no adaptation: query loss at theta itself")
def outer_loss(theta, support, query, steps, step_size):
    return ce(theta, query).mean()


@wrong("outer_loss", "inner loss is the mean over tasks, so one common step on the averaged support (joint training)")
def outer_loss(theta, support, query, steps, step_size):
    fast = theta
    for _ in range(steps):
        fast = fast - step_size * torch.func.grad(lambda t: ce(t, support).mean())(fast)
    return ce(fast, query).mean()


@wrong("outer_loss", "batched tasks, inner loss averaged over tasks so each task's step is K times too small")
def outer_loss(theta, support, query, steps, step_size):
    fast = theta.expand_as(support)
    for _ in range(steps):
        fast = fast - step_size * torch.func.grad(lambda t: ce(t, support).mean())(fast)
    return ce(fast, query).mean()


@wrong("outer_loss", "cuts the graph between inner steps: only the last step is differentiated through")
def outer_loss(theta, support, query, steps, step_size):
    fast = theta.expand_as(support)
    for i in range(steps):
        g = fast.softmax(-1) - support
        fast = fast - step_size * (g if i == steps - 1 else g.detach())
    return ce(fast, query).mean()


@wrong("outer_loss", "outer gain instead of loss: the log-likelihood, sign exchanged")
def outer_loss(theta, support, query, steps, step_size):
    fast = theta.expand_as(support)
    for _ in range(steps):
        fast = fast - step_size * (fast.softmax(-1) - support)
    return -ce(fast, query).mean()


@wrong("outer_loss", "averages the query losses after every step instead of the last one")
def outer_loss(theta, support, query, steps, step_size):
    fast, losses = theta.expand_as(support), []
    for _ in range(steps):
        fast = fast - step_size * (fast.softmax(-1) - support)
        losses.append(ce(fast, query).mean())
    return sum(losses) / max(1, len(losses))


@wrong("outer_loss", "averages the adapted parameters over tasks first, then takes the query losses there")
def outer_loss(theta, support, query, steps, step_size):
    fast = theta.expand_as(support)
    for _ in range(steps):
        fast = fast - step_size * (fast.softmax(-1) - support)
    return ce(fast.mean(0), query).mean()


@wrong("outer_loss", "theta' detached, made a new leaf: no gradient reaches theta")
def outer_loss(theta, support, query, steps, step_size):
    fast = theta.detach().expand_as(support).clone().requires_grad_()
    for _ in range(steps):
        g, = torch.autograd.grad(ce(fast, support).sum(), fast)
        fast = fast - step_size * g
    return ce(fast, query).mean()


@wrong("outer_loss", "mean over tasks and actions alike (.mean() over the whole table)")
def outer_loss(theta, support, query, steps, step_size):
    fast = theta.expand_as(support)
    for _ in range(steps):
        fast = fast - step_size * (fast.softmax(-1) - support)
    return -(query * fast.log_softmax(-1)).mean()


@wrong("outer_loss", "first order (inner gradient detached), and summed over tasks", mistakes=2)
def outer_loss(theta, support, query, steps, step_size):
    fast = theta.expand_as(support)
    for _ in range(steps):
        fast = fast - step_size * (fast.softmax(-1) - support).detach()
    return ce(fast, query).sum()


# ---------------------------------------------------------------- 4
@right("meta_gradient", "einsum, Jacobian once, slopes of all tasks")
def meta_gradient(theta, support, query, step_size):
    d = theta.softmax(0)
    J = torch.eye(len(d)) - step_size * (torch.diag(d) - torch.outer(d, d))
    slopes = (theta - step_size * (d - support)).softmax(-1) - query
    return torch.einsum("ij,kj->ki", J, slopes).mean(0)


@right("meta_gradient", "loops over tasks and lists in numpy")
def meta_gradient(theta, support, query, step_size):
    sm = lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    theta, support, query = (np.array(x, dtype=float) for x in (theta, support, query))
    d = sm(theta)
    out = np.zeros_like(theta)
    for s, q in zip(support, query):
        g = sm(theta - step_size * (d - s)) - q
        out += g - step_size * d * (g - d @ g)
    return list(out / len(support))


@right("meta_gradient", "vmap over tasks")
def meta_gradient(theta, sup, que, lr):
    d = torch.softmax(theta, -1)
    H = d.diag() - d[:, None] * d
    one = lambda s, q: (torch.softmax(theta - lr * (d - s), -1) - q) @ (torch.eye(d.numel()) - lr * H)
    return torch.vmap(one)(sup, que).mean(dim=0)


def _parts(theta, support, query, step_size):
    d = theta.softmax(0)
    H = torch.diag(d) - torch.outer(d, d)
    J = torch.eye(len(d)) - step_size * H
    after = (theta - step_size * (d - support)).softmax(-1)
    return d, H, J, after


@wrong("meta_gradient", "first order: the mean slope at theta', without the Jacobian")
def meta_gradient(theta, support, query, step_size):
    _, _, _, after = _parts(theta, support, query, step_size)
    return (after - query).mean(0)


@wrong("meta_gradient", "Jacobian with the prediction after the step instead of before it")
def meta_gradient(theta, support, query, step_size):
    _, _, _, after = _parts(theta, support, query, step_size)
    H = torch.diag_embed(after) - after[:, :, None] * after[:, None, :]
    J = torch.eye(len(theta)) - step_size * H
    return torch.einsum("kij,kj->i", J, after - query) / len(support)


@wrong("meta_gradient", "slope of the query loss taken at theta, not at theta'")
def meta_gradient(theta, support, query, step_size):
    d, _, J, _ = _parts(theta, support, query, step_size)
    return J @ (d - query).mean(0)


@wrong("meta_gradient", "Hessian without the outer product: only diag(delta)")
def meta_gradient(theta, support, query, step_size):
    d, _, _, after = _parts(theta, support, query, step_size)
    return ((after - query) * (1 - step_size * d)).mean(0)


@wrong("meta_gradient", "keeps the Jacobian's diagonal only")
def meta_gradient(theta, support, query, step_size):
    _, _, J, after = _parts(theta, support, query, step_size)
    return (after - query).mean(0) * J.diagonal()


@wrong("meta_gradient", "Jacobian with plus instead of minus: I + alpha H")
def meta_gradient(theta, support, query, step_size):
    d, H, _, after = _parts(theta, support, query, step_size)
    return (torch.eye(len(d)) + step_size * H) @ (after - query).mean(0)


@wrong("meta_gradient", "forgot the step size in the Jacobian")
def meta_gradient(theta, support, query, step_size):
    d, H, _, after = _parts(theta, support, query, step_size)
    return (torch.eye(len(d)) - H) @ (after - query).mean(0)


@wrong("meta_gradient", "sum over tasks instead of mean")
def meta_gradient(theta, support, query, step_size):
    _, _, J, after = _parts(theta, support, query, step_size)
    return torch.einsum("ij,kj->i", J, after - query)


@wrong("meta_gradient", "support and query exchanged")
def meta_gradient(theta, support, query, step_size):
    _, _, J, after = _parts(theta, query, support, step_size)
    return J @ (after - support).mean(0)


@wrong("meta_gradient", "slope at theta' against the support, not the query")
def meta_gradient(theta, support, query, step_size):
    _, _, J, after = _parts(theta, support, query, step_size)
    return J @ (after - support).mean(0)


@wrong("meta_gradient", "returns the direction to go, minus the gradient (query - prediction)")
def meta_gradient(theta, support, query, step_size):
    _, _, J, after = _parts(theta, support, query, step_size)
    return J @ (query - after).mean(0)


@wrong("meta_gradient", "Reptile: mean of theta - theta' instead of the gradient")
def meta_gradient(theta, support, query, step_size):
    return step_size * (theta.softmax(0) - support).mean(0)


@wrong("meta_gradient", "theta carried along: each task steps from the previous theta', Jacobian still of that task's own step")
def meta_gradient(theta, support, query, step_size):
    out, t = torch.zeros_like(theta), theta
    for s, q in zip(support, query):
        d, _, J, after = _parts(t, s, q, step_size)
        t = t - step_size * (d - s)
        out = out + J @ (after - q)
    return out / len(support)


@wrong("meta_gradient", "slope at theta instead of theta', and summed over tasks", mistakes=2)
def meta_gradient(theta, support, query, step_size):
    d, _, J, _ = _parts(theta, support, query, step_size)
    return J @ (d - query).sum(0)


# ---------------------------------------------------------------- 5
right("misled", "large step from 0.5, overshoots the new moves a little", (0.5, 0.8, 0.7, 5.0))
right("misled", "the other way round, tails", [0.5, 0.3, 0.25, 6])
right("misled", "start not in the middle, a tensor", torch.tensor([0.4, 0.9, 0.85, 4.5]))
wrong("misled", "step too small: alpha start (1 - start) = 0.5 < 1, no sign change", (0.5, 0.8, 0.7, 2.0))
wrong("misled", "signs differ, but the loss on new moves grows (new moves are 0.5, where it started)", (0.5, 0.8, 0.5, 5.0))
wrong("misled", "signs differ, but the step goes away from the new moves", (0.5, 0.8, 0.3, 5.0))
wrong("misled", "alpha exactly 4: the exact gradient is zero, neither rises nor falls", (0.5, 0.8, 0.7, 4.0))
wrong("misled", "start near the edge: 5 * 0.9 * 0.1 = 0.45, no sign change", (0.9, 0.4, 0.6, 5.0))
wrong("misled", "watched as start, so the step changes nothing and does not help", (0.5, 0.5, 0.7, 5.0))
wrong("misled", "negative step size: Jacobian above 1, no sign change (though the step helps)", (0.5, 0.2, 0.75, -4.0))
wrong("misled", "start entered as log-odds (0) instead of a prediction", (0.0, 0.8, 0.7, 5.0))
wrong("misled", "percent instead of probabilities", (50, 80, 70, 5))
wrong("misled", "step_size entered first: (step_size, start, watched, new)", (5.0, 0.5, 0.8, 0.7))
wrong("misled", "step too small for a sign change, and new moves where it started, so the step does harm", (0.5, 0.8, 0.5, 3.0), mistakes=2)
