import math

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1
right("stepped_by_hand", "as the text asks, rounded to four digits", 0.0986)
right("stepped_by_hand", "as the text asks, written as a formula", math.log(3) - 2 * (0.75 - 0.25))
wrong("stepped_by_hand", "stepped uphill: plus α times the gradient instead of minus", math.log(3) + 1.0)
wrong("stepped_by_hand", "added up the loss over the four moves instead of taking the mean", math.log(3) - 4.0)
wrong("stepped_by_hand", "forgot the step size α (stepped by the gradient alone)", math.log(3) - 0.5)
wrong("stepped_by_hand", "used the frequency of tails, 0.75, for that of heads, so the gradient was 0", math.log(3))
wrong("stepped_by_hand", "gave the new probability of heads instead of the parameter θ′", 1 / (1 + math.exp(-(math.log(3) - 1))))
wrong("stepped_by_hand", "took the step on the probability 0.75 instead of on θ", -0.25)
wrong("stepped_by_hand", "multiplied the gradient once more by δ(1 − δ), as for a squared error", math.log(3) - 2 * 0.5 * 0.1875)
wrong("stepped_by_hand", "left the tails out: only the watched head has a gradient, −0.25 · 0.25", 1.2236)
wrong("stepped_by_hand", "subtracted α times the loss instead of α times its gradient", math.log(3) - 2 * -(0.25 * math.log(0.75) + 0.75 * math.log(0.25)))
wrong("stepped_by_hand", "took the decimal logarithm of 3 as the start", math.log10(3) - 1)
wrong("stepped_by_hand", "added up over the moves instead of the mean, and went uphill", math.log(3) + 4.0, mistakes=2)


# ---------------------------------------------------------------- 2
def soft(logits):
    es = [math.exp(float(t) - max(float(u) for u in logits)) for t in logits]
    return [e / sum(es) for e in es]


@right("adapted", "plain loops on lists, gradient δ − f")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    f = [0.0] * len(th)
    for m in moves:
        f[int(m)] += 1 / len(moves)
    for _ in range(steps):
        p = soft(th)
        th = [th[a] - step_size * (p[a] - f[a]) for a in range(len(th))]
    return th


@right("adapted", "torch autograd on the mean cross-entropy")
def adapted(theta, moves, steps, step_size):
    x = theta.detach().clone()
    for _ in range(steps):
        x.requires_grad_(True)
        loss = torch.nn.functional.cross_entropy(x.expand(len(moves), -1), moves)
        (g,) = torch.autograd.grad(loss, x)
        x = (x - step_size * g).detach()
    return x


@right("adapted", "recursion: one step, then the rest")
def adapted(theta, moves, steps, step_size):
    f = torch.bincount(moves, minlength=len(theta)) / len(moves)

    def go(t, left):
        return t if left == 0 else go(t - step_size * (torch.softmax(t, 0) - f), left - 1)

    return go(theta, steps)


@wrong("adapted", "adds the moves' losses up instead of taking the mean (counts instead of frequencies)")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    for _ in range(steps):
        p = soft(th)
        new = th[:]
        for m in moves:
            for a in range(len(th)):
                new[a] -= step_size * (p[a] - (1 if a == int(m) else 0))
        th = new
    return th


@wrong("adapted", "goes uphill: adds the gradient instead of subtracting it")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    f = [sum(1 for m in moves if int(m) == a) / len(moves) for a in range(len(th))]
    for _ in range(steps):
        p = soft(th)
        th = [th[a] + step_size * (p[a] - f[a]) for a in range(len(th))]
    return th


@wrong("adapted", "computes the prediction once before the loop, so every step uses the gradient at the start")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    f = [sum(1 for m in moves if int(m) == a) / len(moves) for a in range(len(th))]
    p = soft(th)
    for _ in range(steps):
        th = [th[a] - step_size * (p[a] - f[a]) for a in range(len(th))]
    return th


@wrong("adapted", "the return stands inside the loop, so only one step is taken")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    f = [sum(1 for m in moves if int(m) == a) / len(moves) for a in range(len(th))]
    for _ in range(steps):
        p = soft(th)
        th = [th[a] - step_size * (p[a] - f[a]) for a in range(len(th))]
        return th
    return th


@wrong("adapted", "takes one step too many")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    f = [sum(1 for m in moves if int(m) == a) / len(moves) for a in range(len(th))]
    k = 0
    while k <= steps:
        p = soft(th)
        th = [th[a] - step_size * (p[a] - f[a]) for a in range(len(th))]
        k += 1
    return th


@wrong("adapted", "takes one step too few (range from 1)")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    f = [sum(1 for m in moves if int(m) == a) / len(moves) for a in range(len(th))]
    for _ in range(1, steps):
        p = soft(th)
        th = [th[a] - step_size * (p[a] - f[a]) for a in range(len(th))]
    return th


@wrong("adapted", "returns the prediction softmax(θ′) instead of the logits θ′")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    f = [sum(1 for m in moves if int(m) == a) / len(moves) for a in range(len(th))]
    for _ in range(steps):
        p = soft(th)
        th = [th[a] - step_size * (p[a] - f[a]) for a in range(len(th))]
    return soft(th)


@wrong("adapted", "counts actions from one: a watched move m is booked for action m − 1")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    f = [0.0] * len(th)
    for m in moves:
        f[int(m) - 1] += 1 / len(moves)
    for _ in range(steps):
        p = soft(th)
        th = [th[a] - step_size * (p[a] - f[a]) for a in range(len(th))]
    return th


@wrong("adapted", "divides the counts by the number of actions instead of the number of moves")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    f = [sum(1 for m in moves if int(m) == a) / len(th) for a in range(len(th))]
    for _ in range(steps):
        p = soft(th)
        th = [th[a] - step_size * (p[a] - f[a]) for a in range(len(th))]
    return th


@wrong("adapted", "changes the logits one after the other and recomputes the softmax in between, so later entries see a half-done step")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    f = [sum(1 for m in moves if int(m) == a) / len(moves) for a in range(len(th))]
    for _ in range(steps):
        for a in range(len(th)):
            th[a] = th[a] - step_size * (soft(th)[a] - f[a])
    return th


@wrong("adapted", "uses a sigmoid of each logit instead of the softmax")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    f = [sum(1 for m in moves if int(m) == a) / len(moves) for a in range(len(th))]
    for _ in range(steps):
        th = [th[a] - step_size * (1 / (1 + math.exp(-th[a])) - f[a]) for a in range(len(th))]
    return th


@wrong("adapted", "steps on each watched move one after the other instead of on the mean of all")
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    for _ in range(steps):
        for m in moves:
            p = soft(th)
            th = [th[a] - step_size / len(moves) * (p[a] - (a == int(m))) for a in range(len(th))]
    return th


@wrong("adapted", "sums over the moves instead of the mean, and goes uphill", mistakes=2)
def adapted(theta, moves, steps, step_size):
    th = [float(t) for t in theta]
    c = [sum(1 for m in moves if int(m) == a) for a in range(len(th))]
    for _ in range(steps):
        p = soft(th)
        th = [th[a] + step_size * (len(moves) * p[a] - c[a]) for a in range(len(th))]
    return th


# ---------------------------------------------------------------- 3
@right("outer_loss", "loop over tasks, the inner gradient written as softmax − f")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - support[k])
        total = total - (query[k] * torch.log_softmax(th, 0)).sum()
    return total / len(support)


@right("outer_loss", "all tasks at once, autograd.grad with create_graph")
def outer_loss(theta, support, query, steps, step_size):
    ths = theta.unsqueeze(0).repeat(support.shape[0], 1)
    if not ths.requires_grad:
        ths.requires_grad_(True)
    for _ in range(steps):
        inner = -(support * ths.log_softmax(dim=1)).sum()
        ths = ths - step_size * torch.autograd.grad(inner, ths, create_graph=True)[0]
    return -(query * ths.log_softmax(dim=1)).sum(dim=1).mean()


@right("outer_loss", "torch.func.grad and vmap")
def outer_loss(theta, support, query, steps, step_size):
    def nll(t, f):
        return -(f * torch.log_softmax(t, -1)).sum()

    def one(s, q):
        t = theta
        for _ in range(steps):
            t = t - step_size * torch.func.grad(nll)(t, s)
        return nll(t, q)

    return torch.func.vmap(one)(support, query).mean()


@right("outer_loss", "lists of scalar tensors, written out by hand without any library softmax")
def outer_loss(theta, support, query, steps, step_size):
    A, K = len(theta), len(support)
    loss = 0
    for k in range(K):
        th = [theta[a] for a in range(A)]
        for _ in range(steps):
            z = sum(t.exp() for t in th)
            th = [th[a] - step_size * (th[a].exp() / z - support[k][a]) for a in range(A)]
        z = sum(t.exp() for t in th)
        for a in range(A):
            loss = loss - query[k][a] * (th[a].exp() / z).log() / K
    return loss


@wrong("outer_loss", "detaches the inner gradient (first order only)")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - support[k]).detach()
        total = total - (query[k] * torch.log_softmax(th, 0)).sum()
    return total / len(support)


@wrong("outer_loss", "adapts on the query and takes the loss on the support (the two swapped)")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - query[k])
        total = total - (support[k] * torch.log_softmax(th, 0)).sum()
    return total / len(support)


@wrong("outer_loss", "does not start anew for each task: the second task goes on from the first one's θ′")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    th = theta
    for k in range(len(support)):
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - support[k])
        total = total - (query[k] * torch.log_softmax(th, 0)).sum()
    return total / len(support)


@wrong("outer_loss", "adds up over tasks instead of taking the mean")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - support[k])
        total = total - (query[k] * torch.log_softmax(th, 0)).sum()
    return total


@wrong("outer_loss", "every step starts again from θ, so several steps are one step")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = theta - step_size * (torch.softmax(theta, 0) - support[k])
        total = total - (query[k] * torch.log_softmax(th, 0)).sum()
    return total / len(support)


@wrong("outer_loss", "takes the query loss at θ instead of the adapted θ′")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - support[k])
        total = total - (query[k] * torch.log_softmax(theta, 0)).sum()
    return total / len(support)


@wrong("outer_loss", "inner steps go uphill")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th + step_size * (torch.softmax(th, 0) - support[k])
        total = total - (query[k] * torch.log_softmax(th, 0)).sum()
    return total / len(support)


@wrong("outer_loss", "forgot the minus of the outer loss: returns the mean log-likelihood")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - support[k])
        total = total + (query[k] * torch.log_softmax(th, 0)).sum()
    return total / len(support)


@wrong("outer_loss", "adapts once to the mean of all supports instead of to each task's own")
def outer_loss(theta, support, query, steps, step_size):
    f = sum(support) / len(support)
    th = theta
    for _ in range(steps):
        th = th - step_size * (torch.softmax(th, 0) - f)
    total = 0
    for k in range(len(query)):
        total = total - (query[k] * torch.log_softmax(th, 0)).sum()
    return total / len(query)


@wrong("outer_loss", "takes the mean over actions as well in the outer loss (divided by A)")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - support[k])
        total = total - (query[k] * torch.log_softmax(th, 0)).mean()
    return total / len(support)


@wrong("outer_loss", "takes the mean over actions instead of the sum in the inner loss, so inner steps are too small")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - support[k]) / len(theta)
        total = total - (query[k] * torch.log_softmax(th, 0)).sum()
    return total / len(support)


@wrong("outer_loss", "turned theta into plain floats, so the result has no gradient at all")
def outer_loss(theta, support, query, steps, step_size):
    total = 0.0
    for k in range(len(support)):
        th = [float(t) for t in theta]
        for _ in range(steps):
            p = soft(th)
            th = [th[a] - step_size * (p[a] - float(support[k][a])) for a in range(len(th))]
        p = soft(th)
        for a in range(len(th)):
            total -= float(query[k][a]) * math.log(p[a])
    return total / len(support)


@wrong("outer_loss", "returns after the first task (return inside the loop)")
def outer_loss(theta, support, query, steps, step_size):
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - support[k])
        return -(query[k] * torch.log_softmax(th, 0)).sum()


@wrong("outer_loss", "takes the probability instead of its logarithm in the query loss")
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - support[k])
        total = total - (query[k] * torch.softmax(th, 0)).sum()
    return total / len(support)


@wrong("outer_loss", "detaches the inner gradient, and adds up over tasks instead of the mean", mistakes=2)
def outer_loss(theta, support, query, steps, step_size):
    total = 0
    for k in range(len(support)):
        th = theta
        for _ in range(steps):
            th = th - step_size * (torch.softmax(th, 0) - support[k]).detach()
        total = total - (query[k] * torch.log_softmax(th, 0)).sum()
    return total


# ---------------------------------------------------------------- 4
@right("meta_gradient", "loops on lists, Jacobian entry by entry")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        for i in range(A):
            for j in range(A):
                jac = (1.0 if i == j else 0.0) - step_size * ((p[i] if i == j else 0.0) - p[i] * p[j])
                out[i] += jac * (q[j] - float(query[k][j])) / K
    return out


@right("meta_gradient", "numpy, mean slope through the Jacobian once")
def meta_gradient(theta, support, query, step_size):
    t, s, q = np.asarray(theta), np.asarray(support), np.asarray(query)
    p = np.exp(t - t.max())
    p = p / p.sum()
    new = t - step_size * (p - s)
    d = np.exp(new - new.max(axis=1, keepdims=True))
    d = d / d.sum(axis=1, keepdims=True)
    return (np.eye(len(t)) - step_size * (np.diag(p) - np.outer(p, p))) @ (d - q).mean(axis=0)


@right("meta_gradient", "torch, Jacobian-vector product without a matrix")
def meta_gradient(theta, support, query, step_size):
    p = theta.softmax(0)
    g = ((theta - step_size * (p - support)).softmax(1) - query).mean(0)
    return g - step_size * p * (g - p @ g)


def jac_list(p, c):
    n = len(p)
    return [[(i == j) * 1.0 - c * ((p[i] if i == j else 0.0) - p[i] * p[j]) for j in range(n)] for i in range(n)]


@wrong("meta_gradient", "leaves the Jacobian out (first order)")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        for i in range(A):
            out[i] += (q[i] - float(query[k][i])) / K
    return out


@wrong("meta_gradient", "Jacobian I + α(...) instead of I − α(...)")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    J = jac_list(p, -step_size)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        for i in range(A):
            for j in range(A):
                out[i] += J[i][j] * (q[j] - float(query[k][j])) / K
    return out


@wrong("meta_gradient", "forgot the −δδᵀ term: the Jacobian is I − α diag(δ) only")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        for i in range(A):
            out[i] += (1 - step_size * p[i]) * (q[i] - float(query[k][i])) / K
    return out


@wrong("meta_gradient", "keeps only the diagonal of the Jacobian, 1 − α δ(1 − δ)")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        for i in range(A):
            out[i] += (1 - step_size * p[i] * (1 - p[i])) * (q[i] - float(query[k][i])) / K
    return out


@wrong("meta_gradient", "takes the Jacobian at the adapted θ′ instead of at θ")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        J = jac_list(q, step_size)
        for i in range(A):
            for j in range(A):
                out[i] += J[i][j] * (q[j] - float(query[k][j])) / K
    return out


@wrong("meta_gradient", "adds up over tasks instead of the mean")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    J = jac_list(p, step_size)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        for i in range(A):
            for j in range(A):
                out[i] += J[i][j] * (q[j] - float(query[k][j]))
    return out


@wrong("meta_gradient", "takes the query loss's slope at θ instead of at θ′")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    J = jac_list(p, step_size)
    out = [0.0] * A
    for k in range(K):
        for i in range(A):
            for j in range(A):
                out[i] += J[i][j] * (p[j] - float(query[k][j])) / K
    return out


@wrong("meta_gradient", "forgot α in the Jacobian (used 1)")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    J = jac_list(p, 1.0)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        for i in range(A):
            for j in range(A):
                out[i] += J[i][j] * (q[j] - float(query[k][j])) / K
    return out


@wrong("meta_gradient", "forgot α in the inner step (used 1), though not in the Jacobian")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    J = jac_list(p, step_size)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - (p[a] - float(support[k][a])) for a in range(A)])
        for i in range(A):
            for j in range(A):
                out[i] += J[i][j] * (q[j] - float(query[k][j])) / K
    return out


@wrong("meta_gradient", "subtracts the support's frequencies in the slope after the step, where the query's belong")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    J = jac_list(p, step_size)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        for i in range(A):
            for j in range(A):
                out[i] += J[i][j] * (q[j] - float(support[k][j])) / K
    return out


@wrong("meta_gradient", "sign of the slope swapped: query − prediction")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    J = jac_list(p, step_size)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        for i in range(A):
            for j in range(A):
                out[i] += J[i][j] * (float(query[k][j]) - q[j]) / K
    return out


@wrong("meta_gradient", "resets the sums inside the task loop, so only the last task's share is left")
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    J = jac_list(p, step_size)
    for k in range(K):
        out = [0.0] * A
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        for i in range(A):
            for j in range(A):
                out[i] += J[i][j] * (q[j] - float(query[k][j])) / K
    return out


@wrong("meta_gradient", "Jacobian at θ′ instead of θ, and a sum over tasks instead of the mean", mistakes=2)
def meta_gradient(theta, support, query, step_size):
    A, K = len(theta), len(support)
    p = soft(theta)
    out = [0.0] * A
    for k in range(K):
        q = soft([float(theta[a]) - step_size * (p[a] - float(support[k][a])) for a in range(A)])
        J = jac_list(q, step_size)
        for i in range(A):
            for j in range(A):
                out[i] += J[i][j] * (q[j] - float(query[k][j]))
    return out


# ---------------------------------------------------------------- 5 (open)
right("misled", "from 0.5 with α = 8, a small step up towards a larger new", (0.5, 0.6, 0.8, 8.0))
right("misled", "downwards, α = 6, as a list", [0.4, 0.3, 0.1, 6])
right("misled", "a sure imitator, a huge α, a tiny difference watched", (0.9, 0.88, 0.6, 20.0))
wrong("misled", "the step is too small: dθ′/dθ is still positive (α = 2), so first order has the right sign", (0.5, 0.6, 0.8, 2.0))
wrong("misled", "first order misleads, but the inner step goes the wrong way, so it does not help", (0.5, 0.55, 0.2, 8.0))
wrong("misled", "first order misleads, but the inner step overshoots so far that the loss on new moves grows", (0.5, 0.9, 0.6, 8.0))
wrong("misled", "α exactly 4 at 0.5: the true slope is zero, so θ should neither rise nor fall", (0.5, 0.6, 0.8, 4.0))
wrong("misled", "α is large, but the imitator is so sure that δ(1 − δ) α is still below 1", (0.9, 0.8, 0.5, 8.0))
wrong("misled", "watched exactly what was predicted: the inner step does not move, so it does not help", (0.5, 0.5, 0.8, 8.0))
wrong("misled", "wrote percentages instead of probabilities", (50, 60, 80, 8))
wrong("misled", "wrote the four numbers in another order: the step size second", (0.5, 8.0, 0.6, 0.8))
wrong("misled", "wrote the log-odds 0 as the start instead of the prediction 0.5", (0.0, 0.6, 0.8, 8.0))
wrong("misled", "a negative step size (with it first order has the right sign)", (0.5, 0.4, 0.8, -8.0))
wrong("misled", "small step, so first order is right, and the inner step does not help either", (0.5, 0.9, 0.2, 2.0), mistakes=2)
