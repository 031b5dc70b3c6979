from strangers import right, wrong
import math

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

# 1 ---------------------------------------------------------------------------------------
right("posterior_by_hand", "rounded to four digits", [0.6098, 0.3122, 0.0780])
right("posterior_by_hand", "fractions, as a tensor", torch.tensor([62.5, 32.0, 8.0]) / 102.5)
wrong("posterior_by_hand", "not normalised: prior times likelihood", [0.0625, 0.032, 0.008])
wrong("posterior_by_hand", "left the prior out (as if it were uniform)", [0.4386, 0.4491, 0.1123])
wrong("posterior_by_hand", "counts only the two heads, the tail is left out", [0.4237, 0.5424, 0.0339])
wrong("posterior_by_hand", "heads and tails exchanged: computed for T T H", [0.0625 / 0.1025, 0.008 / 0.1025, 0.032 / 0.1025])
wrong("posterior_by_hand", "uses only the last move, T", [0.5 * 0.5 / 0.5, 0.25 * 0.2 / 0.5, 0.25 * 0.8 / 0.5])
wrong("posterior_by_hand", "adds the moves' probabilities up instead of multiplying them", [0.75 / 1.5, 0.45 / 1.5, 0.3 / 1.5])
wrong("posterior_by_hand", "multiplies by the prior once for every move (cubed)", [0.015625 / 0.018125, 0.002 / 0.018125, 0.0005 / 0.018125])
wrong("posterior_by_hand", "only one head and one tail, H T: forgot one of the two heads", [0.125 / 0.205, 0.04 / 0.205, 0.04 / 0.205])
wrong("posterior_by_hand", "the likelihoods alone: no prior and not normalised", [0.125, 0.128, 0.032], mistakes=2)


# 2 ---------------------------------------------------------------------------------------
@right("bayes_predictor", "logs and softmax, einsum")
def bayes_predictor(prior, policies, states, moves):
    logits = prior.log() + policies[:, states, moves].log().sum(1)
    return torch.einsum("k,ksa->sa", logits.softmax(0), policies)


@right("bayes_predictor", "belief updated pair by pair and normalised each time")
def bayes_predictor(prior, policies, s, a):
    belief = prior / prior.sum()
    for i, j in zip(s.tolist(), a.tolist()):
        belief = belief * policies[:, i, j]
        belief = belief / belief.sum()
    return (belief[:, None, None] * policies).sum(0)


@right("bayes_predictor", "numpy, the largest log subtracted; counts of pairs")
def bayes_predictor(prior, policies, states, moves):
    p, pi = np.asarray(prior), np.asarray(policies)
    log = np.log(p)
    for s, a in zip(np.asarray(states), np.asarray(moves)):
        log = log + np.log(pi[:, int(s), int(a)])
    w = np.exp(log - log.max())
    return np.tensordot(w / w.sum(), pi, 1)


def _mix(w, policies):
    return torch.einsum("k,ksa->sa", w, policies)


@wrong("bayes_predictor", "multiplies raw probabilities: with 1,000 moves all weights underflow to 0, and 0 / 0 is nan")
def bayes_predictor(prior, policies, states, moves):
    w = prior * policies[:, states, moves].prod(1)
    return _mix(w / w.sum(), policies)


@wrong("bayes_predictor", "raw product with 1e-300 added against underflow: after many moves the weights become uniform")
def bayes_predictor(prior, policies, states, moves):
    w = prior * policies[:, states, moves].prod(1) + 1e-300
    return _mix(w / w.sum(), policies)


@wrong("bayes_predictor", "leaves the prior out (uniform prior)")
def bayes_predictor(prior, policies, states, moves):
    return _mix(policies[:, states, moves].log().sum(1).softmax(0), policies)


@wrong("bayes_predictor", "mean of the log-likelihoods over the pairs instead of their sum")
def bayes_predictor(prior, policies, states, moves):
    n = max(len(moves), 1)
    return _mix((prior.log() + policies[:, states, moves].log().sum(1) / n).softmax(0), policies)


@wrong("bayes_predictor", "the policy of the likeliest external alone (argmax), no mixture")
def bayes_predictor(prior, policies, states, moves):
    return policies[(prior.log() + policies[:, states, moves].log().sum(1)).argmax()]


@wrong("bayes_predictor", "mixes with the prior; what was watched is not used")
def bayes_predictor(prior, policies, states, moves):
    return _mix(prior, policies)


@wrong("bayes_predictor", "a posterior of its own in each state, from the pairs in that state only")
def bayes_predictor(prior, policies, states, moves):
    out = []
    for s in range(policies.shape[1]):
        here = states == s
        w = (prior.log() + policies[:, states[here], moves[here]].log().sum(1)).softmax(0)
        out.append(w @ policies[:, s])
    return torch.stack(out)


@wrong("bayes_predictor", "only the last pair counts")
def bayes_predictor(prior, policies, states, moves):
    w = prior
    for s, a in zip(states, moves):
        w = prior * policies[:, s, a]
    return _mix(w / w.sum(), policies)


@wrong("bayes_predictor", "skips the first pair (off by one)")
def bayes_predictor(prior, policies, states, moves):
    return _mix((prior.log() + policies[:, states[1:], moves[1:]].log().sum(1)).softmax(0), policies)


@wrong("bayes_predictor", "each distinct pair counts once, however often it was seen")
def bayes_predictor(prior, policies, states, moves):
    log = prior.log()
    for s, a in set(zip(states.tolist(), moves.tolist())):
        log = log + policies[:, s, a].log()
    return _mix(log.softmax(0), policies)


@wrong("bayes_predictor", "if nothing was watched, uniform weights instead of the prior")
def bayes_predictor(prior, policies, states, moves):
    if len(moves) == 0:
        return policies.mean(0)
    return _mix((prior.log() + policies[:, states, moves].log().sum(1)).softmax(0), policies)


@wrong("bayes_predictor", "if nothing was watched, predicts all moves equally likely")
def bayes_predictor(prior, policies, states, moves):
    if len(moves) == 0:
        return torch.full(policies.shape[1:], 1 / policies.shape[2])
    return _mix((prior.log() + policies[:, states, moves].log().sum(1)).softmax(0), policies)


@wrong("bayes_predictor", "does not normalise: prior times likelihood as weights (shifted by the largest)")
def bayes_predictor(prior, policies, states, moves):
    log = prior.log() + policies[:, states, moves].log().sum(1)
    return _mix((log - log.max()).exp(), policies)


@wrong("bayes_predictor", "returns only the prediction in the states watched, (n, A)")
def bayes_predictor(prior, policies, states, moves):
    w = (prior.log() + policies[:, states, moves].log().sum(1)).softmax(0)
    return _mix(w, policies)[states]


@wrong("bayes_predictor", "the prior is multiplied in anew with every pair")
def bayes_predictor(prior, policies, states, moves):
    log = prior.log() * max(len(moves), 1)
    return _mix((log + policies[:, states, moves].log().sum(1)).softmax(0), policies)


@wrong("bayes_predictor", "mixes logarithms (geometric mean of the policies, normalised)")
def bayes_predictor(prior, policies, states, moves):
    w = (prior.log() + policies[:, states, moves].log().sum(1)).softmax(0)
    return _mix(w, policies.log()).softmax(-1)


@wrong("bayes_predictor", "half precision in the sum of logs")
def bayes_predictor(prior, policies, states, moves):
    log = np.log(prior.numpy()).astype(np.float16)
    for s, a in zip(states.tolist(), moves.tolist()):
        log = log + np.log(policies[:, s, a].numpy()).astype(np.float16)
    return _mix(torch.tensor(log.astype(float)).softmax(0), policies)


_belief = {}


@wrong("bayes_predictor", "the belief is a global that goes on in the next call, started from the prior only the first time")
def bayes_predictor(prior, policies, states, moves):
    log = _belief.get(len(prior), prior.log())
    log = log + policies[:, states, moves].log().sum(1)
    _belief[len(prior)] = log
    return _mix(log.softmax(0), policies)


@wrong("bayes_predictor", "no prior, and the likeliest external's policy alone (argmax)", mistakes=2)
def bayes_predictor(prior, policies, states, moves):
    return policies[policies[:, states, moves].log().sum(1).argmax()]


# 3 ---------------------------------------------------------------------------------------
@right("watched_loss", "gather, masked by the weights")
def watched_loss(log_policy, actions, weights):
    chosen = log_policy.gather(2, actions.long()[..., None])[..., 0]
    return -(chosen * weights).sum(1) / weights.sum(1)


@right("watched_loss", "rows of real pairs only, loop")
def watched_loss(log_policy, actions, weights):
    out = []
    for lp, a, w in zip(log_policy, actions, weights):
        real = w > 0
        out.append(-lp[real, a[real]].mean())
    return torch.stack(out)


@right("watched_loss", "plain loops, a list of floats")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        mine = [-float(log_policy[k, p, actions[k, p]]) for p in range(actions.shape[1]) if weights[k, p]]
        out.append(sum(mine) / len(mine))
    return out


def _chosen(log_policy, actions):
    return log_policy.gather(2, actions[..., None]).squeeze(2)


@wrong("watched_loss", "divides by the number of columns P, not by the number of real pairs")
def watched_loss(log_policy, actions, weights):
    return -(_chosen(log_policy, actions) * weights).mean(1)


@wrong("watched_loss", "sum over the real pairs instead of mean")
def watched_loss(log_policy, actions, weights):
    return -(_chosen(log_policy, actions) * weights).sum(1)


@wrong("watched_loss", "ignores the weights: padding counts like a real pair")
def watched_loss(log_policy, actions, weights):
    return -_chosen(log_policy, actions).mean(1)


@wrong("watched_loss", "one number: the mean over all pairs of all externals together")
def watched_loss(log_policy, actions, weights):
    return -(_chosen(log_policy, actions) * weights).sum() / weights.sum()


@wrong("watched_loss", "divides each row by the number of real pairs of all externals")
def watched_loss(log_policy, actions, weights):
    return -(_chosen(log_policy, actions) * weights).sum(1) / weights.sum()


@wrong("watched_loss", "divides every row by the mean number of pairs of a row")
def watched_loss(log_policy, actions, weights):
    return -(_chosen(log_policy, actions) * weights).sum(1) / weights.sum(1).mean()


@wrong("watched_loss", "sums over the externals (axis 0): one number for each column, (P,)")
def watched_loss(log_policy, actions, weights):
    return -(_chosen(log_policy, actions) * weights).sum(0) / weights.sum(0)


@wrong("watched_loss", "forgets the minus")
def watched_loss(log_policy, actions, weights):
    return (_chosen(log_policy, actions) * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "median over the real pairs instead of mean")
def watched_loss(log_policy, actions, weights):
    c = -_chosen(log_policy, actions)
    return torch.stack([c[k][weights[k] > 0].median() for k in range(len(c))])


@wrong("watched_loss", "takes the log once more: log_policy is treated as probabilities (of the absolute value)")
def watched_loss(log_policy, actions, weights):
    return -(_chosen(log_policy, actions).abs().log() * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "-log of the mean probability instead of the mean of -log")
def watched_loss(log_policy, actions, weights):
    return -((_chosen(log_policy, actions).exp() * weights).sum(1) / weights.sum(1)).log()


@wrong("watched_loss", "sums over all actions instead of taking the one played")
def watched_loss(log_policy, actions, weights):
    return -(log_policy.sum(2) * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "the entropy of the policy instead of the log of the action played")
def watched_loss(log_policy, actions, weights):
    h = -(log_policy.exp() * log_policy).sum(2)
    return (h * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "takes the action with the largest log δ, not the one played")
def watched_loss(log_policy, actions, weights):
    return -(log_policy.max(2).values * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "drops the last column: sums over P - 1 pairs only (off by one)")
def watched_loss(log_policy, actions, weights):
    w = weights.clone()
    if w.shape[1] > 1:
        w[:, -1] = 0
    return -(_chosen(log_policy, actions) * w).sum(1) / weights.sum(1)


@wrong("watched_loss", "in bits: divides by log 2")
def watched_loss(log_policy, actions, weights):
    return -(_chosen(log_policy, actions) * weights).sum(1) / weights.sum(1) / math.log(2)


@wrong("watched_loss", "ignores the weights, and sum instead of mean", mistakes=2)
def watched_loss(log_policy, actions, weights):
    return -_chosen(log_policy, actions).sum(1)


# 4 ---------------------------------------------------------------------------------------
@right("excess_nats", "xlogy, unvisited states left out")
def excess_nats(visits, external, predicted):
    on = visits > 0
    v, p, q = visits[on].double(), external[on], predicted[on]
    kl = (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum(1)
    return (v / v.sum()) @ kl


@right("excess_nats", "plain loops, a float")
def excess_nats(visits, external, predicted):
    total = 0.0
    for n, p, q in zip(visits.tolist(), external.tolist(), predicted.tolist()):
        if n == 0:
            continue
        for x, y in zip(p, q):
            if x > 0:
                total += n * (x * math.log(x / y) if y > 0 else math.inf)
    return total / float(visits.sum())


@right("excess_nats", "numpy, cross-entropy minus entropy")
def excess_nats(d, external, predicted):
    d, p, q = (np.asarray(x, dtype=float) for x in (d, external, predicted))
    p, q, d = p[d > 0], q[d > 0], d[d > 0]
    safe = np.where(p > 0, p, 1.0)
    h = -(p * np.log(safe)).sum(1)
    ce = -(p * np.log(np.where(p > 0, q, 1.0))).sum(1)
    return float(np.average(ce - h, weights=d))


def _kl(p, q):
    return (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum(1)


@wrong("excess_nats", "KL the other way round: KL(predicted || external)")
def excess_nats(visits, external, predicted):
    return (visits * _kl(predicted, external)).sum() / visits.sum()


@wrong("excess_nats", "plain mean over all states, visits are not used")
def excess_nats(visits, external, predicted):
    return _kl(external, predicted).mean()


@wrong("excess_nats", "plain mean over the states visited at least once, however often")
def excess_nats(visits, external, predicted):
    return _kl(external, predicted)[visits > 0].mean()


@wrong("excess_nats", "does not divide by the number of visits")
def excess_nats(visits, external, predicted):
    return (visits * _kl(external, predicted)).sum()


@wrong("excess_nats", "divides by the number of states instead of the number of visits")
def excess_nats(visits, external, predicted):
    return (visits * _kl(external, predicted)).mean()


@wrong("excess_nats", "the cross-entropy; the external's own entropy is not subtracted")
def excess_nats(visits, external, predicted):
    return -(visits * torch.special.xlogy(external, predicted).sum(1)).sum() / visits.sum()


@wrong("excess_nats", "entropy of the prediction subtracted, instead of the external's")
def excess_nats(visits, external, predicted):
    ce = -torch.special.xlogy(external, predicted).sum(1)
    h = -torch.special.xlogy(predicted, predicted).sum(1)
    return (visits * (ce - h)).sum() / visits.sum()


@wrong("excess_nats", "mean over the moves instead of the sum: divided by A")
def excess_nats(visits, external, predicted):
    return (visits * _kl(external, predicted)).sum() / visits.sum() / external.shape[1]


@wrong("excess_nats", "in bits (log2)")
def excess_nats(visits, external, predicted):
    return (visits * _kl(external, predicted)).sum() / visits.sum() / math.log(2)


@wrong("excess_nats", "one number for each state, not summed")
def excess_nats(visits, external, predicted):
    return visits / visits.sum() * _kl(external, predicted)


@wrong("excess_nats", "weights are the softmax of the visits")
def excess_nats(visits, external, predicted):
    return (visits.double().softmax(0) * _kl(external, predicted)).sum()


@wrong("excess_nats", "only the likeliest move of the external in each state enters, not the whole sum")
def excess_nats(visits, external, predicted):
    a = external.argmax(1, keepdim=True)
    t = (external * (external / predicted).log()).gather(1, a)[:, 0]
    return (visits * t).sum() / visits.sum()


@wrong("excess_nats", "the sign: log(predicted / external)")
def excess_nats(visits, external, predicted):
    return -(visits * _kl(external, predicted)).sum() / visits.sum()


@wrong("excess_nats", "absolute value of each term of the KL")
def excess_nats(visits, external, predicted):
    t = (torch.special.xlogy(external, external) - torch.special.xlogy(external, predicted)).abs().sum(1)
    return (visits * t).sum() / visits.sum()


@wrong("excess_nats", "integer arithmetic: visits // visits.sum() instead of /")
def excess_nats(visits, external, predicted):
    return ((visits // visits.sum()) * _kl(external, predicted)).sum()


@wrong("excess_nats", "clamps the predicted probabilities from below at 0.1")
def excess_nats(visits, external, predicted):
    return (visits * _kl(external, predicted.clamp(min=0.1))).sum() / visits.sum()


@wrong("excess_nats", "KL the other way round, and visits not used", mistakes=2)
def excess_nats(visits, external, predicted):
    return _kl(predicted, external).mean()


# 5 ---------------------------------------------------------------------------------------
right("misleading_move", "an extreme external explains the move better", (torch.tensor([0.2, 0.5, 0.3]), torch.tensor([[0.6, 0.4], [0.95, 0.05], [0.05, 0.95]])))
right("misleading_move", "lists; move 1 is the first one's likeliest", ([0.3, 0.4, 0.3], [[0.4, 0.6], [0.02, 0.98], [0.9, 0.1]]))
right("misleading_move", "numpy", (np.array([1 / 3, 1 / 3, 1 / 3]), np.array([[0.55, 0.45], [0.99, 0.01], [0.1, 0.9]])))
wrong("misleading_move", "the move helps: the error becomes smaller", ([0.2, 0.2, 0.6], [[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]]))
wrong("misleading_move", "the error grows, but by less than 0.01", ([0.98, 0.01, 0.01], [[0.6, 0.4], [0.95, 0.05], [0.05, 0.95]]))
wrong("misleading_move", "misleads only after the first one's unlikely move; after the likeliest the error is smaller", ([0.4, 0.3, 0.3], [[0.8, 0.2], [0.5, 0.5], [0.1, 0.9]]))
wrong("misleading_move", "one external has probability 0 in the prior", ([0.4, 0.6, 0.0], [[0.6, 0.4], [0.95, 0.05], [0.05, 0.95]]))
wrong("misleading_move", "one external plays one move with certainty, so a move is impossible", ([0.2, 0.5, 0.3], [[0.6, 0.4], [1.0, 0.0], [0.05, 0.95]]))
wrong("misleading_move", "the prior adds up to 1.2", ([0.4, 0.5, 0.3], [[0.6, 0.4], [0.95, 0.05], [0.05, 0.95]]))
wrong("misleading_move", "a policy does not add up to 1", ([0.2, 0.5, 0.3], [[0.6, 0.4], [0.95, 0.95], [0.05, 0.95]]))
wrong("misleading_move", "two externals only", ([0.4, 0.6], [[0.6, 0.4], [0.95, 0.05]]))
wrong("misleading_move", "policies transposed, (2, 3)", ([0.2, 0.5, 0.3], [[0.6, 0.95, 0.05], [0.4, 0.05, 0.95]]))
wrong("misleading_move", "policies and prior in the wrong order", ([[0.6, 0.4], [0.95, 0.05], [0.05, 0.95]], [0.2, 0.5, 0.3]))
wrong("misleading_move", "the misled one is put second, not first", ([0.5, 0.2, 0.3], [[0.95, 0.05], [0.6, 0.4], [0.05, 0.95]]))
wrong("misleading_move", "all externals alike: the error is 0 before and after", ([0.2, 0.5, 0.3], [[0.6, 0.4], [0.6, 0.4], [0.6, 0.4]]))
wrong("misleading_move", "an external is impossible, and the move helps", ([0.2, 0.8, 0.0], [[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]]), mistakes=2)
