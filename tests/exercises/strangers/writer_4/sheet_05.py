import math

import numpy as np
import torch
import torch.nn.functional as F

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1 stepped_by_hand
# δ = 0.75, f = 0.25, slope 0.5, θ′ = log 3 − 2 · 0.5 = 0.0986
right("stepped_by_hand", "by the formula, log 3 - 2 (0.75 - 0.25)", math.log(3) - 2 * (0.75 - 0.25))
right("stepped_by_hand", "rounded to four places", 0.0986)
right("stepped_by_hand", "a tensor with no dimensions", torch.tensor(3.0).log() - 1)
right("stepped_by_hand", "numpy scalar", np.log(3.0) - 1.0)

wrong("stepped_by_hand", "goes up the slope instead of down: log 3 + 1", math.log(3) + 1)
wrong("stepped_by_hand", "forgets to multiply by the step size: log 3 - 0.5", math.log(3) - 0.5)
wrong("stepped_by_hand", "sums the loss over the four moves instead of taking the mean: log 3 - 2 * 4 * 0.5", math.log(3) - 4)
wrong("stepped_by_hand", "enters the new prediction sigma(theta') instead of theta'", 1 / (1 + math.exp(1 - math.log(3))))
wrong("stepped_by_hand", "takes the frequency of tails (0.75) for that of heads, so the slope is 0 and theta stays", math.log(3))
wrong("stepped_by_hand", "starts from the probability 0.75 instead of its log-odds: 0.75 - 1", -0.25)
wrong("stepped_by_hand", "enters only the change, -1", -1.0)
wrong("stepped_by_hand", "uses log to base 10 for theta: log10 3 - 1", math.log10(3) - 1)
wrong("stepped_by_hand", "divides by the step size 2 instead of multiplying: log 3 - 0.25", math.log(3) - 0.25)
wrong("stepped_by_hand", "takes only the first watched move, heads: slope 0.75 - 1, theta' = log 3 + 0.5", math.log(3) + 0.5)
wrong("stepped_by_hand", "takes two steps instead of one", math.log(3) - 1 - 2 * (1 / (1 + math.exp(1 - math.log(3))) - 0.25))
wrong("stepped_by_hand", "multiplies the slope by delta (1 - delta) once more (as for a squared error): log 3 - 2 * 0.5 * 0.1875", math.log(3) - 0.1875)
wrong("stepped_by_hand", "forgets the tails in the loss: slope is -0.25 * (1 - 0.75), theta' = log 3 + 0.125", math.log(3) + 0.125)
wrong("stepped_by_hand", "two things: goes up the slope, and sums the loss over the moves instead of taking the mean: log 3 + 4", math.log(3) + 4, mistakes=2)
wrong("stepped_by_hand", "two things: forgets the step size, and enters the prediction instead of theta'", 1 / (1 + math.exp(0.5 - math.log(3))), mistakes=2)


# ---------------------------------------------------------------- 2 adapted
@right("adapted", "loop with frequencies by bincount, theta - step_size (softmax - f)")
def _(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta


@right("adapted", "autograd, F.cross_entropy over copies of theta")
def _(theta, moves, steps, step_size):
    theta = theta.detach().clone().requires_grad_()
    for _ in range(steps):
        loss = F.cross_entropy(theta.expand(len(moves), -1), moves)
        (g,) = torch.autograd.grad(loss, theta)
        theta = (theta - step_size * g).detach().requires_grad_()
    return theta.detach()


@right("adapted", "torch.optim.SGD")
def _(theta, moves, steps, step_size):
    p = torch.nn.Parameter(theta.detach().clone())
    opt = torch.optim.SGD([p], lr=step_size)
    for _ in range(steps):
        opt.zero_grad()
        (-p.log_softmax(0)[moves].mean()).backward()
        opt.step()
    return p.data


@right("adapted", "torch.func.grad of the mean of -log softmax")
def _(theta, moves, steps, step_size):
    slope = torch.func.grad(lambda t: -torch.log_softmax(t, 0)[moves].mean())
    for _ in range(steps):
        theta = theta - step_size * slope(theta)
    return theta


@right("adapted", "numpy, returns a numpy array")
def _(theta, moves, steps, step_size):
    t = theta.detach().numpy().copy()
    f = np.array([(moves.numpy() == a).mean() for a in range(len(t))])
    for _ in range(steps):
        e = np.exp(t - t.max())
        t = t - step_size * (e / e.sum() - f)
    return t


@right("adapted", "plain Python with lists, returns a list of numbers")
def _(theta, moves, steps, step_size):
    t = [float(v) for v in theta]
    ms = [int(m) for m in moves]
    for _ in range(steps):
        top = max(t)
        e = [math.exp(v - top) for v in t]
        t = [v - step_size * (x / sum(e) - ms.count(a) / len(ms)) for a, (v, x) in enumerate(zip(t, e))]
    return t


@right("adapted", "recursion over the steps, one_hot(...).mean(0) as frequencies")
def _(theta, moves, steps, step_size):
    def go(t, left):
        if left == 0:
            return t
        f = F.one_hot(moves, len(t)).double().mean(0)
        return go(t + step_size * (f - torch.softmax(t, -1)), left - 1)

    return go(theta, steps)


def freq(moves, n):
    return torch.bincount(moves, minlength=n) / len(moves)


@wrong("adapted", "goes up the slope instead of down")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    for _ in range(steps):
        theta = theta + step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "sums the cross-entropy over the moves instead of taking the mean")
def _(theta, moves, steps, step_size):
    counts = torch.bincount(moves, minlength=len(theta))
    for _ in range(steps):
        theta = theta - step_size * (len(moves) * theta.softmax(0) - counts)
    return theta


@wrong("adapted", "uses the counts of the moves instead of their frequencies (softmax - counts)")
def _(theta, moves, steps, step_size):
    counts = torch.bincount(moves, minlength=len(theta)).double()
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - counts)
    return theta


@wrong("adapted", "takes one step only, whatever steps says (0 steps leave theta)")
def _(theta, moves, steps, step_size):
    if steps == 0:
        return theta
    return theta - step_size * (theta.softmax(0) - freq(moves, len(theta)))


@wrong("adapted", "takes one step too many, range(steps + 1)")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    for _ in range(steps + 1):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "takes one step too few, range(1, steps)")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    for _ in range(1, steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "takes a step even for steps = 0 (do-while); right for 1 step or more")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    done = 0
    while True:
        theta = theta - step_size * (theta.softmax(0) - f)
        done += 1
        if done >= steps:
            return theta


@wrong("adapted", "every step uses the slope at the starting theta; right for 0 and 1 step")
def _(theta, moves, steps, step_size):
    return theta - steps * step_size * (theta.softmax(0) - freq(moves, len(theta)))


@wrong("adapted", "starts each step from the original theta, with the slope at the newest; right for 0 and 1 step")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    new = theta
    for _ in range(steps):
        new = theta - step_size * (new.softmax(0) - f)
    return new


@wrong("adapted", "returns the prediction softmax(theta') instead of theta'")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta.softmax(0)


@wrong("adapted", "takes one step for each single move in turn (stochastic descent) instead of one for the mean over all moves")
def _(theta, moves, steps, step_size):
    eye = torch.eye(len(theta))
    for _ in range(steps):
        for m in moves:
            theta = theta - step_size * (theta.softmax(0) - eye[m])
    return theta


@wrong("adapted", "step number i looks at move number i only, instead of at the mean over all moves")
def _(theta, moves, steps, step_size):
    eye = torch.eye(len(theta))
    for i in range(steps):
        theta = theta - step_size * (theta.softmax(0) - eye[moves[i % len(moves)]])
    return theta


@wrong("adapted", "bincount without minlength: fails, or spreads over all actions, when the last actions were not watched; else right")
def _(theta, moves, steps, step_size):
    f = torch.bincount(moves) / len(moves)
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "only the logits of watched actions are moved; right when every action was watched")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    for _ in range(steps):
        theta = theta - step_size * torch.where(f > 0, theta.softmax(0) - f, 0.0)
    return theta


@wrong("adapted", "softmax twice: gives probabilities to F.cross_entropy, which wants logits")
def _(theta, moves, steps, step_size):
    theta = theta.detach().clone()
    for _ in range(steps):
        theta.requires_grad_()
        (g,) = torch.autograd.grad(F.cross_entropy(theta.softmax(0).expand(len(moves), -1), moves), theta)
        theta = (theta - step_size * g).detach()
    return theta


@wrong("adapted", "squared error between softmax and frequencies instead of cross-entropy")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    theta = theta.detach().clone()
    for _ in range(steps):
        theta.requires_grad_()
        (g,) = torch.autograd.grad(((theta.softmax(0) - f) ** 2).sum(), theta)
        theta = (theta - step_size * g).detach()
    return theta


@wrong("adapted", "forgets the softmax: takes theta itself for the prediction, theta - f")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    for _ in range(steps):
        theta = theta - step_size * (theta - f)
    return theta


@wrong("adapted", "forgets the step size (takes it for 1)")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    for _ in range(steps):
        theta = theta - (theta.softmax(0) - f)
    return theta


@wrong("adapted", "divides the loss by the number of actions instead of the number of moves; right when they are equal")
def _(theta, moves, steps, step_size):
    counts = torch.bincount(moves, minlength=len(theta)).double()
    for _ in range(steps):
        theta = theta - step_size * (len(moves) * theta.softmax(0) - counts) / len(theta)
    return theta


@wrong("adapted", "the slopes of all steps pile up, since zero_grad was forgotten; right for 0 and 1 step")
def _(theta, moves, steps, step_size):
    p = torch.nn.Parameter(theta.detach().clone())
    opt = torch.optim.SGD([p], lr=step_size)
    for _ in range(steps):
        (-p.log_softmax(0)[moves].mean()).backward()
        opt.step()
    return p.detach()


@wrong("adapted", "Adam instead of plain gradient descent")
def _(theta, moves, steps, step_size):
    p = torch.nn.Parameter(theta.detach().clone())
    opt = torch.optim.Adam([p], lr=step_size)
    for _ in range(steps):
        opt.zero_grad()
        (-p.log_softmax(0)[moves].mean()).backward()
        opt.step()
    return p.detach()


@wrong("adapted", "halves the step size after each step; right for 0 and 1 step")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    for i in range(steps):
        theta = theta - step_size / 2**i * (theta.softmax(0) - f)
    return theta


@wrong("adapted", "centres the logits afterwards, so that they sum to 0; same prediction, but another theta', unless theta's sum was 0")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    for _ in range(steps):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta - theta.mean()


@wrong("adapted", "forgets theta and starts from zeros (as in the example)")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    new = torch.zeros(len(theta))
    for _ in range(steps):
        new = new - step_size * (new.softmax(0) - f)
    return new


@wrong("adapted", "computes in half precision, so only about three digits are right")
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta)).half()
    t = theta.half()
    for _ in range(steps):
        t = (t.float() - step_size * (t.float().softmax(0) - f.float())).half()
    return t


@wrong("adapted", "two things: goes up the slope, and sums over the moves instead of the mean", mistakes=2)
def _(theta, moves, steps, step_size):
    counts = torch.bincount(moves, minlength=len(theta))
    for _ in range(steps):
        theta = theta + step_size * (len(moves) * theta.softmax(0) - counts)
    return theta


@wrong("adapted", "two things: one step too many, and returns the prediction instead of theta'", mistakes=2)
def _(theta, moves, steps, step_size):
    f = freq(moves, len(theta))
    for _ in range(steps + 1):
        theta = theta - step_size * (theta.softmax(0) - f)
    return theta.softmax(0)


# ---------------------------------------------------------------- 3 outer_loss
@right("outer_loss", "vectorised over tasks, slope by the formula softmax - support, F.cross_entropy with probabilities")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support)
    return F.cross_entropy(t, query)


@right("outer_loss", "loop over tasks, inner slope by autograd with create_graph=True")
def _(theta, support, query, steps, step_size):
    total = 0.0
    for s, q in zip(support, query):
        t = theta + torch.zeros_like(theta, requires_grad=True)
        for _ in range(steps):
            loss = -(s * t.log_softmax(0)).sum()
            (g,) = torch.autograd.grad(loss, t, create_graph=True)
            t = t - step_size * g
        total = total - (q * t.log_softmax(0)).sum()
    return total / len(support)


@right("outer_loss", "torch.func.grad and vmap")
def _(theta, support, query, steps, step_size):
    def loss(t, f):
        return -(f @ torch.log_softmax(t, 0))

    def task(s, q):
        t = theta
        for _ in range(steps):
            t = t - step_size * torch.func.grad(loss)(t, s)
        return loss(t, q)

    return torch.vmap(task)(support, query).mean()


@right("outer_loss", "all tasks at once, inner loss summed over tasks so that each gets its own slope, einsum for the outer one")
def _(theta, support, query, steps, step_size):
    t = theta.unsqueeze(0) + torch.zeros(support.shape, requires_grad=True)
    for _ in range(steps):
        (g,) = torch.autograd.grad(F.cross_entropy(t, support, reduction="sum"), t, create_graph=True)
        t = t - step_size * g
    return -torch.einsum("ka,ka->", query, t.log_softmax(-1)) / query.shape[0]


@right("outer_loss", "list of task losses, stacked and averaged; logsumexp written out")
def _(theta, support, query, steps, step_size):
    losses = []
    for k in range(query.size(0)):
        t = theta
        for _ in range(steps):
            delta = torch.exp(t - torch.logsumexp(t, 0))
            t = t + step_size * (support[k] - delta)
        losses.append(-torch.dot(query[k], t - torch.logsumexp(t, 0)))
    return torch.stack(losses).mean()


@wrong("outer_loss", "first order: the inner slope is detached")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support).detach()
    return F.cross_entropy(t, query)


@wrong("outer_loss", "inner slopes by autograd without create_graph, so the gradient is first order")
def _(theta, support, query, steps, step_size):
    total = 0.0
    for s, q in zip(support, query):
        t = theta + torch.zeros_like(theta, requires_grad=True)
        for _ in range(steps):
            (g,) = torch.autograd.grad(-(s * t.log_softmax(0)).sum(), t, retain_graph=True)
            t = t - step_size * g
        total = total - (q * t.log_softmax(0)).sum()
    return total / len(support)


@wrong("outer_loss", "differentiates through the last inner step only: the slopes of all earlier steps are detached; right for 0 and 1 step")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for i in range(steps):
        g = t.softmax(1) - support
        t = t - step_size * (g if i == steps - 1 else g.detach())
    return F.cross_entropy(t, query)


@wrong("outer_loss", "differentiates through the first inner step only: the slopes of all later steps are detached; right for 0 and 1 step")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for i in range(steps):
        g = t.softmax(1) - support
        t = t - step_size * (g if i == 0 else g.detach())
    return F.cross_entropy(t, query)


@wrong("outer_loss", "sums over the tasks instead of taking the mean; right for one task")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support)
    return -(query * t.log_softmax(1)).sum()


@wrong("outer_loss", "takes the mean over tasks and actions (.mean() of the whole table), so a factor 1/A too small")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support)
    return -(query * t.log_softmax(1)).mean()


@wrong("outer_loss", "inner loss is the mean over the tasks, so each task's inner step is divided by K; right for one task")
def _(theta, support, query, steps, step_size):
    t = theta.unsqueeze(0) + torch.zeros(support.shape, requires_grad=True)
    for _ in range(steps):
        (g,) = torch.autograd.grad(F.cross_entropy(t, support), t, create_graph=True)
        t = t - step_size * g
    return F.cross_entropy(t, query)


@wrong("outer_loss", "scores the support again after adaptation, never looks at the query")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support)
    return F.cross_entropy(t, support)


@wrong("outer_loss", "adapts to the query and scores the support (mixed up)")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - query)
    return F.cross_entropy(t, support)


@wrong("outer_loss", "adapts to the query (which it should be tested on) instead of the support")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - query)
    return F.cross_entropy(t, query)


@wrong("outer_loss", "no adaptation at all: the query loss at theta; right for 0 steps")
def _(theta, support, query, steps, step_size):
    return F.cross_entropy(theta.expand(len(query), -1), query)


@wrong("outer_loss", "the inner step goes up the slope")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t + step_size * (t.softmax(1) - support)
    return F.cross_entropy(t, query)


@wrong("outer_loss", "forgets the minus sign of the outer loss, so it returns the log-likelihood")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support)
    return (query * t.log_softmax(1)).sum(1).mean()


@wrong("outer_loss", "takes one step always, also for 0 steps or several; right for 1 step")
def _(theta, support, query, steps, step_size):
    t = theta - step_size * (theta.softmax(0) - support)
    return F.cross_entropy(t, query)


@wrong("outer_loss", "tasks are adapted to one after another, each from where the last one ended, instead of each from theta; right for one task")
def _(theta, support, query, steps, step_size):
    t, total = theta, 0.0
    for s, q in zip(support, query):
        for _ in range(steps):
            t = t - step_size * (t.softmax(0) - s)
        total = total - q @ t.log_softmax(0)
    return total / len(support)


@wrong("outer_loss", "all tasks share one adaptation, to the mean of their supports; right for one task")
def _(theta, support, query, steps, step_size):
    t = theta
    for _ in range(steps):
        t = t - step_size * (t.softmax(0) - support.mean(0))
    return F.cross_entropy(t.expand(len(query), -1), query)


@wrong("outer_loss", "adds up the query loss after every step instead of after the last one; right for 1 step")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    total = theta.sum() * 0
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support)
        total = total + F.cross_entropy(t, query)
    return total


@wrong("outer_loss", "adds the support loss at theta to the query loss after adaptation")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support)
    return F.cross_entropy(t, query) + F.cross_entropy(theta.expand(len(support), -1), support)


@wrong("outer_loss", "all inner steps use the slope at theta, times the number of steps; right for 0 and 1 step")
def _(theta, support, query, steps, step_size):
    t = theta - steps * step_size * (theta.softmax(0) - support)
    return F.cross_entropy(t, query)


@wrong("outer_loss", "softmax over the tasks instead of over the actions in the inner step (axis 0)")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(0) - support)
    return F.cross_entropy(t, query)


@wrong("outer_loss", "starts the inner loop from a detached copy of theta, so no gradient reaches theta")
def _(theta, support, query, steps, step_size):
    t = theta.detach().clone().expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support)
    return F.cross_entropy(t, query)


@wrong("outer_loss", "returns a Python number (.item()), so autograd cannot follow")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support)
    return F.cross_entropy(t, query).item()


@wrong("outer_loss", "forgets the step size in the inner steps (takes it for 1)")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - (t.softmax(1) - support)
    return F.cross_entropy(t, query)


@wrong("outer_loss", "returns the loss of each task (K,) instead of their mean")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support)
    return F.cross_entropy(t, query, reduction="none")


@wrong("outer_loss", "compares the predictions by the likeliest query action only (argmax as label); right when the query is one action")
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support)
    return F.cross_entropy(t, query.argmax(1))


@wrong("outer_loss", "two things: first order, and sums over the tasks", mistakes=2)
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t - step_size * (t.softmax(1) - support).detach()
    return -(query * t.log_softmax(1)).sum()


@wrong("outer_loss", "two things: support and query mixed up, and inner step goes up the slope", mistakes=2)
def _(theta, support, query, steps, step_size):
    t = theta.expand(len(support), -1)
    for _ in range(steps):
        t = t + step_size * (t.softmax(1) - query)
    return F.cross_entropy(t, support)


# ---------------------------------------------------------------- 4 meta_gradient
@right("meta_gradient", "Jacobian as a matrix, all tasks by matrix product, mean")
def _(theta, support, query, step_size):
    d = theta.softmax(0)
    J = torch.eye(len(d)) - step_size * (torch.diag(d) - torch.outer(d, d))
    slopes = (theta - step_size * (d - support)).softmax(1) - query
    return (slopes @ J).mean(0)


@right("meta_gradient", "loop over tasks, Jacobian written out by two loops, returns a list")
def _(theta, support, query, step_size):
    A, K = len(theta), len(support)
    d = theta.softmax(0)
    out = [0.0] * A
    for k in range(K):
        s = (theta - step_size * (d - support[k])).softmax(0) - query[k]
        for i in range(A):
            for j in range(A):
                J = (1.0 if i == j else 0.0) - step_size * ((d[i] if i == j else 0.0) - d[i] * d[j])
                out[i] += float(J * s[j]) / K
    return out


@right("meta_gradient", "no matrix: s - alpha (d s - d (d . s)) for the mean slope")
def _(theta, support, query, step_size):
    d = torch.softmax(theta, -1)
    s = (torch.softmax(theta - step_size * (d - support), -1) - query).mean(0)
    return s - step_size * d * (s - d @ s)


@right("meta_gradient", "numpy with einsum, returns a numpy array")
def _(theta, support, query, step_size):
    t, f, q = (v.detach().numpy() for v in (theta, support, query))

    def sm(x):
        e = np.exp(x - x.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    d = sm(t)
    J = np.eye(len(d)) - step_size * (np.diag(d) - d[:, None] * d)
    s = sm(t - step_size * (d - f)) - q
    return np.einsum("ij,kj->i", J, s) / len(f)


def parts(theta, support, query, step_size):
    d = theta.softmax(0)
    new = theta - step_size * (d - support)
    return d, new, new.softmax(1) - query


def jac(d, step_size):
    return torch.eye(len(d)) - step_size * (torch.diag(d) - torch.outer(d, d))


@wrong("meta_gradient", "first order: leaves out the Jacobian")
def _(theta, support, query, step_size):
    return parts(theta, support, query, step_size)[2].mean(0)


@wrong("meta_gradient", "I + alpha (...) instead of I - alpha (...) in the Jacobian")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s @ jac(d, -step_size)).mean(0)


@wrong("meta_gradient", "Jacobian taken at theta' (each task's adapted prediction) instead of at theta")
def _(theta, support, query, step_size):
    _, new, s = parts(theta, support, query, step_size)
    return torch.stack([jac(t.softmax(0), step_size) @ v for t, v in zip(new, s)]).mean(0)


@wrong("meta_gradient", "forgets delta delta^T in the Jacobian")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s * (1 - step_size * d)).mean(0)


@wrong("meta_gradient", "forgets diag(delta) in the Jacobian, keeps + alpha delta delta^T")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s @ (torch.eye(len(d)) + step_size * torch.outer(d, d))).mean(0)


@wrong("meta_gradient", "forgets the identity: only -alpha (diag - outer)")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s @ (jac(d, step_size) - torch.eye(len(d)))).mean(0)


@wrong("meta_gradient", "keeps the Jacobian's diagonal only, 1 - alpha delta (1 - delta), as for one parameter")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s * (1 - step_size * d * (1 - d))).mean(0)


@wrong("meta_gradient", "forgets alpha in the Jacobian; right for alpha = 1")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s @ jac(d, 1.0)).mean(0)


@wrong("meta_gradient", "forgets alpha in the inner step; right for alpha = 1")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, 1.0)
    return (s @ jac(d, step_size)).mean(0)


@wrong("meta_gradient", "slope of the query loss at theta instead of at theta'")
def _(theta, support, query, step_size):
    d = theta.softmax(0)
    return ((d - query) @ jac(d, step_size)).mean(0)


@wrong("meta_gradient", "slope of the support loss instead of the query loss at theta'")
def _(theta, support, query, step_size):
    d, new, _ = parts(theta, support, query, step_size)
    return ((new.softmax(1) - support) @ jac(d, step_size)).mean(0)


@wrong("meta_gradient", "support and query mixed up")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, query, support, step_size)
    return (s @ jac(d, step_size)).mean(0)


@wrong("meta_gradient", "sums over the tasks instead of taking the mean; right for one task")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s @ jac(d, step_size)).sum(0)


@wrong("meta_gradient", "the gradient with the wrong sign (query - prediction)")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return -(s @ jac(d, step_size)).mean(0)


@wrong("meta_gradient", "inner step goes up the slope")
def _(theta, support, query, step_size):
    d = theta.softmax(0)
    s = (theta + step_size * (d - support)).softmax(1) - query
    return (s @ jac(d, step_size)).mean(0)


@wrong("meta_gradient", "softmax of the adapted logits over the tasks instead of over the actions (axis 0)")
def _(theta, support, query, step_size):
    d, new, _ = parts(theta, support, query, step_size)
    return ((new.softmax(0) - query) @ jac(d, step_size)).mean(0)


@wrong("meta_gradient", "averages over actions instead of over tasks (mean of axis 1), so the result is (K,)")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s @ jac(d, step_size)).mean(1)


@wrong("meta_gradient", "Jacobian built from the support's frequencies instead of delta")
def _(theta, support, query, step_size):
    _, _, s = parts(theta, support, query, step_size)
    return torch.stack([jac(f, step_size) @ v for f, v in zip(support, s)]).mean(0)


@wrong("meta_gradient", "takes the inner product delta . delta (a number) for the outer product")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s @ (torch.eye(len(d)) - step_size * (torch.diag(d) - d @ d))).mean(0)


@wrong("meta_gradient", "multiplies J and the slope element by element and sums over the wrong axis; as J's rows sum to 1, the slope comes out as if there were no Jacobian")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (jac(d, step_size) * s.mean(0)[:, None]).sum(1)


@wrong("meta_gradient", "averages the adapted parameters over the tasks first, then takes the slope of the mean query there; right for one task")
def _(theta, support, query, step_size):
    d, new, _ = parts(theta, support, query, step_size)
    return jac(d, step_size) @ (new.mean(0).softmax(0) - query.mean(0))


@wrong("meta_gradient", "divides by the number of actions instead of tasks; right when they are equal")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s @ jac(d, step_size)).sum(0) / len(theta)


@wrong("meta_gradient", "applies the Jacobian twice")
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s @ jac(d, step_size) @ jac(d, step_size)).mean(0)


@wrong("meta_gradient", "Jacobian with the numbers of theta = 0 always (uniform delta), as in the example")
def _(theta, support, query, step_size):
    _, _, s = parts(theta, support, query, step_size)
    return (s @ jac(torch.full_like(theta, 1 / len(theta)), step_size)).mean(0)


@wrong("meta_gradient", "two things: I + alpha (...) in the Jacobian, and the sum over tasks", mistakes=2)
def _(theta, support, query, step_size):
    d, _, s = parts(theta, support, query, step_size)
    return (s @ jac(d, -step_size)).sum(0)


@wrong("meta_gradient", "two things: leaves out the Jacobian, and mixes up support and query", mistakes=2)
def _(theta, support, query, step_size):
    return parts(theta, query, support, step_size)[2].mean(0)


# ---------------------------------------------------------------- 5 misled
# first order: p' - new; really: (p' - new)(1 - alpha p (1 - p)); so alpha > 1 / (p (1 - p)) >= 4
right("misled", "uniform start, falls short of new: p' = 0.731 < 0.9", (0.5, 0.7, 0.9, 5.0))
right("misled", "uniform start, overshoots a little: p' = 0.731 > 0.65", (0.5, 0.7, 0.65, 5.0))
right("misled", "downwards, as a list", [0.6, 0.45, 0.3, 6])
right("misled", "a tensor; watched all heads, new all heads", torch.tensor([0.5, 1.0, 1.0, 8.0]))
right("misled", "start near the edge, with a step size that suits it: 0.1 * 0.9 * 20 = 1.8", (0.1, 0.15, 0.3, 20.0))
wrong("misled", "step size too small (2): the factor 1 - alpha p (1 - p) = 0.5 is positive, the signs agree", (0.5, 0.7, 0.9, 2.0))
wrong("misled", "step size exactly 4 at start 0.5: the factor is 0, theta should neither rise nor fall", (0.5, 0.7, 0.9, 4.0))
wrong("misled", "start near the edge (0.9), where step size 5 is too small: 5 * 0.09 < 1", (0.9, 0.95, 0.99, 5.0))
wrong("misled", "step overshoots so far that the loss on new moves is larger after it", (0.5, 0.7, 0.55, 8.0))
wrong("misled", "watched moves point away from the new ones, so the step does harm", (0.5, 0.3, 0.9, 5.0))
wrong("misled", "watched equals start, so the step changes nothing and does not help", (0.5, 0.5, 0.9, 5.0))
wrong("misled", "start is 0.5's log-odds, 0, instead of the probability", (0.0, 0.7, 0.9, 5.0))
wrong("misled", "percentages instead of probabilities", (50, 70, 90, 5.0))
wrong("misled", "start and watched in each other's place: the step goes away from new", (0.7, 0.5, 0.9, 5.0))
wrong("misled", "the step size stands first", (5.0, 0.5, 0.7, 0.9))
wrong("misled", "the step size is missing: three numbers only", (0.5, 0.7, 0.9))
wrong("misled", "new is exactly the prediction after the step, so both gradients are 0", (0.5, 0.7, 1 / (1 + math.exp(-1.0)), 5.0))
wrong("misled", "start is 1, which is forbidden", (1.0, 0.7, 0.9, 5.0))
wrong("misled", "step size is negative (watched moved to the other side so that theta still goes towards new)", (0.5, 0.3, 0.9, -5.0))
wrong("misled", "a probability larger than 1 for watched", (0.5, 1.2, 0.9, 5.0))
wrong("misled", "two things: step size too small, and the watched moves point away from the new ones", (0.5, 0.3, 0.9, 1.0), mistakes=2)
wrong("misled", "two things: percentages, and step size too small", (50, 70, 90, 2.0), mistakes=2)
