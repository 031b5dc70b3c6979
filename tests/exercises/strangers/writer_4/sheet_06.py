import math

import numpy as np
import torch
import torch.nn.functional as F

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1 posterior_by_hand
# weights 0.5 * 0.125 = 0.0625, 0.25 * 0.128 = 0.032, 0.25 * 0.032 = 0.008, sum 0.1025
right("posterior_by_hand", "list, by the formula", [0.0625 / 0.1025, 0.032 / 0.1025, 0.008 / 0.1025])
right("posterior_by_hand", "rounded to four places", [0.6098, 0.3122, 0.0780])
right("posterior_by_hand", "tuple", (25 / 41, 64 / 205, 16 / 205))
right("posterior_by_hand", "tensor, with the binomial coefficient 3 in every likelihood (it cancels)",
      torch.tensor([0.5 * 3 * 0.125, 0.25 * 3 * 0.128, 0.25 * 3 * 0.032]) / (3 * 0.1025))
right("posterior_by_hand", "numpy array, one Bayes step for each move",
      np.array([0.0625, 0.032, 0.008]) / np.array([0.0625, 0.032, 0.008]).sum())


def norm(*w):
    return [x / sum(w) for x in w]


wrong("posterior_by_hand", "not normalised: prior times likelihood", [0.0625, 0.032, 0.008])
wrong("posterior_by_hand", "forgets the prior: normalised likelihoods", norm(0.125, 0.128, 0.032))
wrong("posterior_by_hand", "takes tails for another heads: H H H", norm(0.5 * 0.125, 0.25 * 0.512, 0.25 * 0.008))
wrong("posterior_by_hand", "leaves out the tails: only H H", norm(0.5 * 0.25, 0.25 * 0.64, 0.25 * 0.04))
wrong("posterior_by_hand", "heads and tails exchanged: as if T T H were watched", norm(0.5 * 0.125, 0.25 * 0.032, 0.25 * 0.128))
wrong("posterior_by_hand", "counts one heads only: H T", norm(0.5 * 0.25, 0.25 * 0.16, 0.25 * 0.16))
wrong("posterior_by_hand", "adds the probabilities of the moves instead of multiplying", norm(0.5 * 1.5, 0.25 * 1.8, 0.25 * 1.2))
wrong("posterior_by_hand", "adds prior and likelihood instead of multiplying", norm(0.625, 0.378, 0.282))
wrong("posterior_by_hand", "multiplies by the prior at each of the three moves anew", norm(0.125 * 0.125, 0.25**3 * 0.128, 0.25**3 * 0.032))
wrong("posterior_by_hand", "enters percent", [60.98, 31.22, 7.80])
wrong("posterior_by_hand", "second and third column exchanged", [0.6098, 0.0780, 0.3122])
wrong("posterior_by_hand", "binomial coefficient 3 for the first column only", norm(0.1875, 0.032, 0.008))
wrong("posterior_by_hand", "two things: forgets the prior, and does not normalise: the bare likelihoods", [0.125, 0.128, 0.032], mistakes=2)
wrong("posterior_by_hand", "the most probable column gets 1, the others 0", [1, 0, 0])
wrong("posterior_by_hand", "two things: does not normalise, and leaves out the tails: prior times the likelihood of H H", [0.125, 0.16, 0.01], mistakes=2)
wrong("posterior_by_hand", "two things: forgets the prior, and takes tails for heads", norm(0.125, 0.512, 0.008), mistakes=2)


# ---------------------------------------------------------------- 2 bayes_predictor
@right("bayes_predictor", "sum of logs, softmax, einsum")
def _(prior, policies, states, moves):
    w = prior.log() + policies[:, states, moves].log().sum(1)
    return torch.einsum("k,ksa->sa", w.softmax(0), policies)


@right("bayes_predictor", "one Bayes step for each pair, normalised after each, loops")
def _(prior, policies, states, moves):
    p = prior.clone()
    for s, a in zip(states.tolist(), moves.tolist()):
        p = p * policies[:, s, a]
        p = p / p.sum()
    out = torch.zeros(policies.shape[1:])
    for k in range(len(p)):
        out += p[k] * policies[k]
    return out


@right("bayes_predictor", "counts table n(s, a) by accumulating index_put, times log policy, logsumexp, tensordot")
def _(prior, policies, states, moves):
    n = torch.zeros(policies.shape[1:])
    n.index_put_((states, moves), torch.ones(len(states)), accumulate=True)
    w = prior.log() + (n * policies.log()).sum((1, 2))
    return torch.tensordot((w - torch.logsumexp(w, 0)).exp(), policies, 1)


@right("bayes_predictor", "numpy, subtracts the largest log weight, returns a numpy array")
def _(prior, policies, states, moves):
    P = policies.numpy()
    w = np.log(prior.numpy()) + np.log(P[:, states.numpy(), moves.numpy()]).sum(1)
    w = np.exp(w - w.max())
    return np.einsum("k,ksa->sa", w / w.sum(), P)


@right("bayes_predictor", "plain Python, returns nested lists")
def _(prior, policies, states, moves):
    P = policies.tolist()
    w = [math.log(p) for p in prior.tolist()]
    for s, a in zip(states.tolist(), moves.tolist()):
        w = [v + math.log(P[k][s][a]) for k, v in enumerate(w)]
    top = max(w)
    w = [math.exp(v - top) for v in w]
    z = sum(w)
    return [[sum(w[k] / z * P[k][s][a] for k in range(len(w))) for a in range(len(P[0][0]))] for s in range(len(P[0]))]


def loglik(policies, states, moves):
    return policies[:, states, moves].log().sum(1)


def mix(p, policies):
    return torch.einsum("k,ksa->sa", p, policies)


@wrong("bayes_predictor", "forgets the prior; right when it is uniform")
def _(prior, policies, states, moves):
    return mix(loglik(policies, states, moves).softmax(0), policies)


@wrong("bayes_predictor", "multiplies the probabilities without logs, so that 1,000 moves underflow to 0/0; right for few moves")
def _(prior, policies, states, moves):
    w = prior * policies[:, states, moves].prod(1)
    return mix(w / w.sum(), policies)


@wrong("bayes_predictor", "multiplies without logs and adds a small number against 0/0, so that 1,000 moves give the average of all; nearly right for few moves")
def _(prior, policies, states, moves):
    w = prior * policies[:, states, moves].prod(1) + 1e-300
    return mix(w / w.sum(), policies)


@wrong("bayes_predictor", "uniform prediction when nothing was watched, instead of the prior's mean; else right")
def _(prior, policies, states, moves):
    if len(states) == 0:
        return torch.full(policies.shape[1:], 1 / policies.shape[2])
    return mix((prior.log() + loglik(policies, states, moves)).softmax(0), policies)


@wrong("bayes_predictor", "plain mean of the externals when nothing was watched, instead of the prior's mean; else right")
def _(prior, policies, states, moves):
    if len(states) == 0:
        return policies.mean(0)
    return mix((prior.log() + loglik(policies, states, moves)).softmax(0), policies)


@wrong("bayes_predictor", "takes the most probable external alone instead of the mean")
def _(prior, policies, states, moves):
    return policies[(prior.log() + loglik(policies, states, moves)).argmax()]


@wrong("bayes_predictor", "averages the log policies (geometric mean, not even normalised)")
def _(prior, policies, states, moves):
    return mix((prior.log() + loglik(policies, states, moves)).softmax(0), policies.log()).exp()


@wrong("bayes_predictor", "geometric mean of the policies, normalised, instead of the arithmetic one")
def _(prior, policies, states, moves):
    return mix((prior.log() + loglik(policies, states, moves)).softmax(0), policies.log()).softmax(-1)


@wrong("bayes_predictor", "mean of the log-likelihoods instead of their sum; right for no or one pair")
def _(prior, policies, states, moves):
    return mix((prior.log() + loglik(policies, states, moves) / max(1, len(states))).softmax(0), policies)


@wrong("bayes_predictor", "adds the moves' probabilities instead of multiplying (sum instead of product)")
def _(prior, policies, states, moves):
    w = prior * policies[:, states, moves].sum(1) if len(states) else prior
    return mix(w / w.sum(), policies)


@wrong("bayes_predictor", "a posterior for each state from the pairs of that state only, instead of one external for all states")
def _(prior, policies, states, moves):
    out = []
    for s in range(policies.shape[1]):
        here = states == s
        w = prior.log() + loglik(policies, states[here], moves[here])
        out.append(w.softmax(0) @ policies[:, s])
    return torch.stack(out)


@wrong("bayes_predictor", "counts each pair (s, a) once only, however often it was watched (assignment without accumulating)")
def _(prior, policies, states, moves):
    n = torch.zeros(policies.shape[1:])
    n[states, moves] = 1
    return mix((prior.log() + (n * policies.log()).sum((1, 2))).softmax(0), policies)


@wrong("bayes_predictor", "uses the last pair only instead of all; right for no or one pair")
def _(prior, policies, states, moves):
    return mix((prior.log() + loglik(policies, states[-1:], moves[-1:])).softmax(0), policies)


@wrong("bayes_predictor", "skips the first pair (range from 1)")
def _(prior, policies, states, moves):
    return mix((prior.log() + loglik(policies, states[1:], moves[1:])).softmax(0), policies)


@wrong("bayes_predictor", "multiplies by the prior once for every pair (in the loop) instead of once")
def _(prior, policies, states, moves):
    w = prior.log() * max(1, len(states)) + loglik(policies, states, moves)
    return mix(w.softmax(0), policies)


@wrong("bayes_predictor", "adds the prior instead of its log to the log-likelihood")
def _(prior, policies, states, moves):
    return mix((prior + loglik(policies, states, moves)).softmax(0), policies)


@wrong("bayes_predictor", "states and moves exchanged in the index, policies[:, moves, states] (fails where the indices do not fit)")
def _(prior, policies, states, moves):
    return mix((prior.log() + loglik(policies, moves, states)).softmax(0), policies)


@wrong("bayes_predictor", "prediction not normalised: the weights are not divided by their sum")
def _(prior, policies, states, moves):
    return mix((prior.log() + loglik(policies, states, moves)).exp(), policies)


@wrong("bayes_predictor", "never looks at the pairs: mean under the prior; right when nothing was watched")
def _(prior, policies, states, moves):
    return mix(prior, policies)


@wrong("bayes_predictor", "returns the posterior (K,) instead of the prediction")
def _(prior, policies, states, moves):
    return (prior.log() + loglik(policies, states, moves)).softmax(0)


@wrong("bayes_predictor", "ignores the states in the likelihood: uses each external's policy averaged over states")
def _(prior, policies, states, moves):
    return mix((prior.log() + policies.mean(1)[:, moves].log().sum(1)).softmax(0), policies)


@wrong("bayes_predictor", "likelihood of pairs that are taken crosswise: every state with every move, not state t with move t; right for no or one pair")
def _(prior, policies, states, moves):
    w = prior.log() + policies[:, states][:, :, moves].log().sum((1, 2))
    return mix(w.softmax(0), policies)


@wrong("bayes_predictor", "subtracts the log-likelihood: the least fitting external gets most weight; right when nothing was watched")
def _(prior, policies, states, moves):
    return mix((prior.log() - loglik(policies, states, moves)).softmax(0), policies)


@wrong("bayes_predictor", "Laplace-like count prediction: frequencies of watched moves in each state mixed with the prior's mean, no posterior")
def _(prior, policies, states, moves):
    n = mix(prior, policies)
    n.index_put_((states, moves), torch.ones(len(states)), accumulate=True)
    return n / n.sum(1, keepdim=True)


@wrong("bayes_predictor", "clamps the product of probabilities at 1e-12 against log 0; right for few moves")
def _(prior, policies, states, moves):
    w = prior.log() + policies[:, states, moves].prod(1).clamp(min=1e-12).log()
    return mix(w.softmax(0), policies)


@wrong("bayes_predictor", "two things: forgets the prior, and takes the most probable external alone", mistakes=2)
def _(prior, policies, states, moves):
    return policies[loglik(policies, states, moves).argmax()]


@wrong("bayes_predictor", "two things: forgets the prior, and takes the mean of log-likelihoods instead of the sum", mistakes=2)
def _(prior, policies, states, moves):
    return mix((loglik(policies, states, moves) / max(1, len(states))).softmax(0), policies)


# ---------------------------------------------------------------- 3 watched_loss
@right("watched_loss", "gather, weighted sum over sum of weights")
def _(log_policy, actions, weights):
    lp = log_policy.gather(2, actions.unsqueeze(-1)).squeeze(-1)
    return -(lp * weights).sum(1) / weights.sum(1)


@right("watched_loss", "two loops, returns a list of numbers")
def _(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        losses = [-float(log_policy[k, p, actions[k, p]]) for p in range(actions.shape[1]) if weights[k, p] == 1]
        out.append(sum(losses) / len(losses))
    return out


@right("watched_loss", "one_hot and einsum")
def _(log_policy, actions, weights):
    hot = F.one_hot(actions, log_policy.shape[2]).to(log_policy.dtype)
    return -torch.einsum("kpa,kpa,kp->k", log_policy, hot, weights.to(log_policy.dtype)) / weights.sum(1)


@right("watched_loss", "numpy take_along_axis and average with weights, returns a numpy array")
def _(log_policy, actions, weights):
    lp = np.take_along_axis(log_policy.detach().numpy(), actions.numpy()[..., None], 2)[..., 0]
    return np.average(-lp, axis=1, weights=weights.numpy())


@right("watched_loss", "F.nll_loss for each row with ignore_index on the padding")
def _(log_policy, actions, weights):
    labels = torch.where(weights > 0, actions, torch.full_like(actions, -100))
    return torch.stack([F.nll_loss(lp, a, ignore_index=-100) for lp, a in zip(log_policy, labels)])


@right("watched_loss", "boolean mask in each row, then the mean")
def _(log_policy, actions, weights):
    mask = weights.bool()
    return torch.stack([-log_policy[k][mask[k]].gather(1, actions[k][mask[k]][:, None]).mean() for k in range(len(mask))])


def picked(log_policy, actions):
    return -log_policy.gather(2, actions.unsqueeze(-1)).squeeze(-1)


@wrong("watched_loss", "divides by P (mean over the whole row) instead of the number of watched moves; right without padding")
def _(log_policy, actions, weights):
    return (picked(log_policy, actions) * weights).mean(1)


@wrong("watched_loss", "ignores the weights: mean over all pairs, padding too; right without padding")
def _(log_policy, actions, weights):
    return picked(log_policy, actions).mean(1)


@wrong("watched_loss", "divides by the number of watched moves of all externals together")
def _(log_policy, actions, weights):
    return (picked(log_policy, actions) * weights).sum(1) / weights.sum()


@wrong("watched_loss", "divides by the mean number of watched moves of the externals; right when all are equally long")
def _(log_policy, actions, weights):
    return (picked(log_policy, actions) * weights).sum(1) / weights.sum(1).mean()


@wrong("watched_loss", "sum over the watched moves instead of their mean; right for one move")
def _(log_policy, actions, weights):
    return (picked(log_policy, actions) * weights).sum(1)


@wrong("watched_loss", "wrong sign: mean of log delta")
def _(log_policy, actions, weights):
    return -(picked(log_policy, actions) * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "takes padding to stand at the end: uses the first n pairs of each row; right where it does")
def _(log_policy, actions, weights):
    lp = picked(log_policy, actions)
    return torch.stack([lp[k, : int(weights[k].sum())].mean() for k in range(len(lp))])


@wrong("watched_loss", "stops at the first padding of a row (break), and divides by the number of all watched moves; right where padding stands at the end")
def _(log_policy, actions, weights):
    lp = picked(log_policy, actions)
    real = weights.cumprod(1)
    return (lp * real).sum(1) / weights.sum(1)


@wrong("watched_loss", "one number: mean over all watched moves of all externals")
def _(log_policy, actions, weights):
    return (picked(log_policy, actions) * weights).sum() / weights.sum()


@wrong("watched_loss", "one number: the mean of the externals' losses")
def _(log_policy, actions, weights):
    return ((picked(log_policy, actions) * weights).sum(1) / weights.sum(1)).mean()


@wrong("watched_loss", "sums over externals instead of over moves (axis 0), so the result is (P,)")
def _(log_policy, actions, weights):
    return (picked(log_policy, actions) * weights).sum(0) / weights.sum(0).clamp(min=1)


@wrong("watched_loss", "takes the mean of -log delta over all actions instead of the made one")
def _(log_policy, actions, weights):
    return -(log_policy.mean(2) * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "the entropy of delta instead of the cross-entropy of the made moves")
def _(log_policy, actions, weights):
    return -((log_policy.exp() * log_policy).sum(2) * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "takes the likeliest action instead of the made one")
def _(log_policy, actions, weights):
    return -(log_policy.max(2).values * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "takes the log of log_policy once more, as if it were probabilities (nan)")
def _(log_policy, actions, weights):
    return -(log_policy.gather(2, actions.unsqueeze(-1)).squeeze(-1).log() * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "uses delta itself instead of its log (mean of -delta)")
def _(log_policy, actions, weights):
    return -((-picked(log_policy, actions)).exp() * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "-log of the mean delta instead of the mean of -log delta; right for one move")
def _(log_policy, actions, weights):
    return -(((-picked(log_policy, actions)).exp() * weights).sum(1) / weights.sum(1)).log()


@wrong("watched_loss", "in bits: log to base 2")
def _(log_policy, actions, weights):
    return (picked(log_policy, actions) * weights).sum(1) / weights.sum(1) / math.log(2)


@wrong("watched_loss", "weights the wrong way round: averages over the padding; nan without padding")
def _(log_policy, actions, weights):
    w = 1 - weights
    return (picked(log_policy, actions) * w).sum(1) / w.sum(1)


@wrong("watched_loss", "actions counted from one: looks up action - 1")
def _(log_policy, actions, weights):
    return (picked(log_policy, (actions - 1) % log_policy.shape[2]) * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "removes padding from the actions but not from log_policy, so that they slip out of step; right where padding stands at the end")
def _(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        a = actions[k][weights[k] > 0]
        out.append(-log_policy[k, : len(a)].gather(1, a[:, None]).mean())
    return torch.stack(out)


@wrong("watched_loss", "the last pair of each row is left out (range(P - 1)), in the sum and in the count")
def _(log_policy, actions, weights):
    w = weights[:, :-1]
    return (picked(log_policy, actions)[:, :-1] * w).sum(1) / w.sum(1).clamp(min=1)


@wrong("watched_loss", "divides by the number of watched moves + 1 (against a division by zero)")
def _(log_policy, actions, weights):
    return (picked(log_policy, actions) * weights).sum(1) / (weights.sum(1) + 1)


@wrong("watched_loss", "median of the moves' losses instead of the mean (torch's: the lower of two); right for one move")
def _(log_policy, actions, weights):
    lp = picked(log_policy, actions)
    return torch.stack([lp[k][weights[k] > 0].median() for k in range(len(lp))])


@wrong("watched_loss", "two things: wrong sign, and divides by P instead of the number of watched moves", mistakes=2)
def _(log_policy, actions, weights):
    return -(picked(log_policy, actions) * weights).mean(1)


@wrong("watched_loss", "two things: ignores the weights, and sums instead of taking the mean", mistakes=2)
def _(log_policy, actions, weights):
    return picked(log_policy, actions).sum(1)


# ---------------------------------------------------------------- 4 excess_nats
@right("excess_nats", "vectorised: weights times row sums of p (log p - log q)")
def _(visits, external, predicted):
    kl = (external * (external.log() - predicted.log())).sum(1)
    return (visits / visits.sum() * kl).sum()


@right("excess_nats", "loops, returns a Python float")
def _(visits, external, predicted):
    total, n = 0.0, 0.0
    for s in range(len(visits)):
        n += float(visits[s])
        for a in range(external.shape[1]):
            p, q = float(external[s, a]), float(predicted[s, a])
            total += float(visits[s]) * p * math.log(p / q)
    return total / n


@right("excess_nats", "cross-entropy minus entropy, each averaged over visits")
def _(visits, external, predicted):
    d = visits / visits.sum()
    cross = -(d @ (external * predicted.log()).sum(1))
    own = -(d @ (external * external.log()).sum(1))
    return cross - own


@right("excess_nats", "F.kl_div(log predicted, external, none), weighted")
def _(visits, external, predicted):
    kl = F.kl_div(predicted.log(), external, reduction="none").sum(1)
    return (kl * visits).sum() / visits.sum()


@right("excess_nats", "numpy average with weights")
def _(visits, external, predicted):
    p, q = external.numpy(), predicted.numpy()
    return np.average((p * np.log(p / q)).sum(1), weights=visits.numpy())


@right("excess_nats", "torch.distributions, with a dot product")
def _(visits, external, predicted):
    C = torch.distributions.Categorical
    kl = torch.distributions.kl_divergence(C(probs=external), C(probs=predicted))
    return torch.dot(kl, visits.to(kl.dtype)) / visits.sum()


def kls(p, q):
    return (p * (p.log() - q.log())).sum(1)


@wrong("excess_nats", "KL the wrong way round: KL(predicted || external)")
def _(visits, external, predicted):
    return (visits * kls(predicted, external)).sum() / visits.sum()


@wrong("excess_nats", "log ratio of the right direction, but weighted by the predicted policy instead of the external's")
def _(visits, external, predicted):
    return (visits * (predicted * (external / predicted).log()).sum(1)).sum() / visits.sum()


@wrong("excess_nats", "plain mean over states, ignores how often they are visited; right when all are visited alike")
def _(visits, external, predicted):
    return kls(external, predicted).mean()


@wrong("excess_nats", "mean over the visited states, each counted once")
def _(visits, external, predicted):
    return kls(external, predicted)[visits > 0].mean()


@wrong("excess_nats", "does not divide by the number of visits")
def _(visits, external, predicted):
    return (visits * kls(external, predicted)).sum()


@wrong("excess_nats", "mean over states of visits times KL: divides by S instead of the number of visits")
def _(visits, external, predicted):
    return (visits * kls(external, predicted)).mean()


@wrong("excess_nats", "divides by the number of states as well: mean of d(s) KL instead of the sum")
def _(visits, external, predicted):
    return (visits / visits.sum() * kls(external, predicted)).mean()


@wrong("excess_nats", "the cross-entropy, without taking the external's own entropy off")
def _(visits, external, predicted):
    return -(visits * (external * predicted.log()).sum(1)).sum() / visits.sum()


@wrong("excess_nats", "adds the entropy to the cross-entropy instead of taking it off")
def _(visits, external, predicted):
    return -(visits * (external * (predicted.log() + external.log())).sum(1)).sum() / visits.sum()


@wrong("excess_nats", "takes the predicted policy's entropy off instead of the external's")
def _(visits, external, predicted):
    return (visits * ((predicted * predicted.log()).sum(1) - (external * predicted.log()).sum(1))).sum() / visits.sum()


@wrong("excess_nats", "wrong sign: log predicted minus log external")
def _(visits, external, predicted):
    return -(visits * kls(external, predicted)).sum() / visits.sum()


@wrong("excess_nats", "in bits: log to base 2")
def _(visits, external, predicted):
    return (visits * (external * (external / predicted).log2()).sum(1)).sum() / visits.sum()


@wrong("excess_nats", "softmax of the visits as weights instead of their shares")
def _(visits, external, predicted):
    return (visits.double().softmax(0) * kls(external, predicted)).sum()


@wrong("excess_nats", "averages over actions too (mean instead of sum over actions)")
def _(visits, external, predicted):
    return (visits * (external * (external / predicted).log()).mean(1)).sum() / visits.sum()


@wrong("excess_nats", "averages the policies over visits first, then takes one KL")
def _(visits, external, predicted):
    d = visits / visits.sum()
    p, q = d @ external, d @ predicted
    return (p * (p / q).log()).sum()


@wrong("excess_nats", "total variation instead of KL")
def _(visits, external, predicted):
    return (visits * (external - predicted).abs().sum(1) / 2).sum() / visits.sum()


@wrong("excess_nats", "squared error instead of KL")
def _(visits, external, predicted):
    return (visits * ((external - predicted) ** 2).sum(1)).sum() / visits.sum()


@wrong("excess_nats", "states that are never visited count as visited once; right when all are visited")
def _(visits, external, predicted):
    v = visits.clamp(min=1)
    return (v * kls(external, predicted)).sum() / v.sum()


@wrong("excess_nats", "whole-number division of the visits (//), so all shares are 0, or 1 when one state has all visits")
def _(visits, external, predicted):
    return (visits // visits.sum() * kls(external, predicted)).sum()


@wrong("excess_nats", "F.kl_div with its arguments in the wrong order (external as the log, predicted as the target)")
def _(visits, external, predicted):
    return (visits * F.kl_div(external.log(), predicted, reduction="none").sum(1)).sum() / visits.sum()


@wrong("excess_nats", "F.kl_div with the predicted probabilities where it wants their logs")
def _(visits, external, predicted):
    return (visits * F.kl_div(predicted, external, reduction="none").sum(1)).sum() / visits.sum()


@wrong("excess_nats", "looks at the most visited state only")
def _(visits, external, predicted):
    return kls(external, predicted)[visits.argmax()]


@wrong("excess_nats", "absolute values of the log ratios")
def _(visits, external, predicted):
    return (visits * (external * (external / predicted).log().abs()).sum(1)).sum() / visits.sum()


@wrong("excess_nats", "forgets to weight the log ratio by the external's probabilities: sum over actions of log (p / q)")
def _(visits, external, predicted):
    return (visits * (external / predicted).log().sum(1)).sum() / visits.sum()


@wrong("excess_nats", "returns the share of each state's error (S,) without the sum over states")
def _(visits, external, predicted):
    return visits / visits.sum() * kls(external, predicted)


@wrong("excess_nats", "two things: KL the wrong way round, and plain mean over states", mistakes=2)
def _(visits, external, predicted):
    return kls(predicted, external).mean()


@wrong("excess_nats", "two things: cross-entropy without the entropy, and not divided by the number of visits", mistakes=2)
def _(visits, external, predicted):
    return -(visits * (external * predicted.log()).sum(1)).sum()


# ---------------------------------------------------------------- 5 misleading_move
right("misleading_move", "lists: second external makes the same move nearly always, third hardly ever, their mean is near the first",
      ([0.2, 0.4, 0.4], [[0.6, 0.4], [0.99, 0.01], [0.1, 0.9]]))
right("misleading_move", "tensors; likeliest move is move 1",
      (torch.tensor([0.1, 0.45, 0.45]), torch.tensor([[0.3, 0.7], [0.02, 0.98], [0.7, 0.3]])))
right("misleading_move", "numpy arrays in a list",
      [np.array([0.02, 0.49, 0.49]), np.array([[0.55, 0.45], [0.9, 0.1], [0.2, 0.8]])])
right("misleading_move", "the first is met with probability 0.3 still",
      (torch.tensor([0.3, 0.35, 0.35]), torch.tensor([[0.6, 0.4], [0.98, 0.02], [0.15, 0.85]])))
wrong("misleading_move", "the move helps: the others differ from the first on the same side",
      ([0.4, 0.3, 0.3], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]))
wrong("misleading_move", "error grows, but by about 0.006 nats only, less than 0.01",
      ([0.4, 0.3, 0.3], [[0.6, 0.4], [0.8, 0.2], [0.4, 0.6]]))
wrong("misleading_move", "it would work for the second external (the right example with the first two exchanged): the first one's error falls",
      ([0.4, 0.2, 0.4], [[0.99, 0.01], [0.6, 0.4], [0.1, 0.9]]))
wrong("misleading_move", "misleads only after the first's rarer move (move 1); its likeliest move helps",
      ([0.2, 0.4, 0.4], [[0.6, 0.4], [0.6, 0.4], [0.05, 0.95]]))
wrong("misleading_move", "prior has a zero for the first external: not everybody is possible",
      ([0.0, 0.5, 0.5], [[0.6, 0.4], [0.99, 0.01], [0.1, 0.9]]))
wrong("misleading_move", "the second external never makes move 1 (probability 0)",
      ([0.2, 0.4, 0.4], [[0.6, 0.4], [1.0, 0.0], [0.1, 0.9]]))
wrong("misleading_move", "prior not normalised: 1, 2, 2",
      ([1, 2, 2], [[0.6, 0.4], [0.99, 0.01], [0.1, 0.9]]))
wrong("misleading_move", "rows of the policies do not sum to 1 (percent)",
      ([0.2, 0.4, 0.4], [[60, 40], [99, 1], [10, 90]]))
wrong("misleading_move", "policies transposed, of the shape (2, 3)",
      ([0.2, 0.4, 0.4], [[0.6, 0.99, 0.1], [0.4, 0.01, 0.9]]))
wrong("misleading_move", "only two externals",
      ([0.3, 0.7], [[0.6, 0.4], [0.99, 0.01]]))
wrong("misleading_move", "only the probability of move 0 is given for each external, shape (3,)",
      ([0.2, 0.4, 0.4], [0.6, 0.99, 0.1]))
wrong("misleading_move", "policies first, then the prior",
      ([[0.6, 0.4], [0.99, 0.01], [0.1, 0.9]], [0.2, 0.4, 0.4]))
wrong("misleading_move", "all externals alike, so that the move changes nothing",
      ([0.2, 0.4, 0.4], [[0.6, 0.4], [0.6, 0.4], [0.6, 0.4]]))
wrong("misleading_move", "the policies alone, without a prior",
      [[0.6, 0.4], [0.99, 0.01], [0.1, 0.9]])
wrong("misleading_move", "two things: the prior is not normalised, and the second external never makes move 1",
      ([1, 2, 2], [[0.6, 0.4], [1.0, 0.0], [0.1, 0.9]]), mistakes=2)
wrong("misleading_move", "two things: the move helps, and the prior has a zero",
      ([0.5, 0.5, 0.0], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]), mistakes=2)
