from strangers import right, wrong
import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1
_prior, _heads = np.array([0.5, 0.25, 0.25]), np.array([0.5, 0.8, 0.2])


def _norm(w):
    return [float(x) for x in np.asarray(w) / np.sum(w)]


right("posterior_by_hand", "rounded to four digits", [0.6098, 0.3122, 0.0780])
right("posterior_by_hand", "computed, a tensor", torch.tensor(_norm(_prior * _heads**2 * (1 - _heads))))
wrong("posterior_by_hand", "ignores the prior: likelihoods normalised", _norm(_heads**2 * (1 - _heads)))
wrong("posterior_by_hand", "not normalised: prior times likelihood", [0.0625, 0.032, 0.008])
wrong("posterior_by_hand", "counts exchanged: one head, two tails", _norm(_prior * _heads * (1 - _heads) ** 2))
wrong("posterior_by_hand", "took tails for heads too: H H H", _norm(_prior * _heads**3))
wrong("posterior_by_hand", "only the last move (T) counted, from the prior", _norm(_prior * (1 - _heads)))
wrong("posterior_by_hand", "left out the tail: only H H", _norm(_prior * _heads**2))
wrong("posterior_by_hand", "the prior multiplied in again with each of the three moves", _norm(_prior**3 * _heads**2 * (1 - _heads)))
wrong("posterior_by_hand", "likelihoods of the moves added instead of multiplied", _norm(_prior * (2 * _heads + 1 - _heads)))
wrong("posterior_by_hand", "only the likelihoods, neither prior nor normalised", [0.125, 0.128, 0.032], mistakes=2)
wrong("posterior_by_hand", "percent", [60.98, 31.22, 7.80])
wrong("posterior_by_hand", "the probability that each column plays heads times its posterior", [0.3049, 0.2498, 0.0156])
wrong("posterior_by_hand", "softmax of prior times likelihood instead of dividing by the sum",
      torch.softmax(torch.tensor([0.0625, 0.032, 0.008]), 0).tolist())


# ---------------------------------------------------------------- 2
@right("bayes_predictor", "log space, softmax, einsum")
def bayes_predictor(prior, policies, states, moves):
    logp = prior.log() + policies[:, states, moves].log().sum(1)
    return torch.einsum("k,ksa->sa", logp.softmax(0), policies)


@right("bayes_predictor", "pair by pair in numpy, normalised after each")
def bayes_predictor(prior, policies, states, moves):
    p, pi = np.array(prior, dtype=float), np.array(policies, dtype=float)
    for s, a in zip(np.asarray(states).astype(int), np.asarray(moves).astype(int)):
        p = p * pi[:, s, a]
        p = p / p.sum()
    return np.tensordot(p, pi, axes=1)


@right("bayes_predictor", "counts table, logsumexp, result as nested lists")
def bayes_predictor(prior, policies, states, moves):
    K, S, A = policies.shape
    counts = torch.bincount(states.long() * A + moves.long(), minlength=S * A).view(S, A).to(policies)
    logw = torch.log(prior) + torch.special.xlogy(counts, policies).sum((1, 2))
    w = (logw - torch.logsumexp(logw, 0)).exp()
    return sum(w[k] * policies[k] for k in range(K)).tolist()


def _post(prior, policies, states, moves):
    return (prior.log() + policies[:, states, moves].log().sum(1)).softmax(0)


@wrong("bayes_predictor", "plain product of probabilities: underflows to 0/0 with 1000 moves")
def bayes_predictor(prior, policies, states, moves):
    w = prior * policies[:, states, moves].prod(1)
    return torch.einsum("k,ksa->sa", w / w.sum(), policies)


@wrong("bayes_predictor", "posterior without the prior (uniform prior)")
def bayes_predictor(prior, policies, states, moves):
    return torch.einsum("k,ksa->sa", policies[:, states, moves].log().sum(1).softmax(0), policies)


@wrong("bayes_predictor", "never updates: mixes with the prior")
def bayes_predictor(prior, policies, states, moves):
    return torch.einsum("k,ksa->sa", prior, policies)


@wrong("bayes_predictor", "only the most probable external's policy instead of the mixture")
def bayes_predictor(prior, policies, states, moves):
    return policies[_post(prior, policies, states, moves).argmax()]


@wrong("bayes_predictor", "a posterior for each state from the pairs of that state only")
def bayes_predictor(prior, policies, states, moves):
    rows = []
    for s in range(policies.shape[1]):
        here = states == s
        rows.append(_post(prior, policies, states[here], moves[here]) @ policies[:, s])
    return torch.stack(rows)


@wrong("bayes_predictor", "mean of the log-likelihoods instead of the sum")
def bayes_predictor(prior, policies, states, moves):
    n = max(1, len(states))
    logw = prior.log() + policies[:, states, moves].log().sum(1) / n
    return torch.einsum("k,ksa->sa", logw.softmax(0), policies)


@wrong("bayes_predictor", "adds the probabilities of the watched moves instead of multiplying")
def bayes_predictor(prior, policies, states, moves):
    w = prior * policies[:, states, moves].sum(1) if len(states) else prior
    return torch.einsum("k,ksa->sa", w / w.sum(), policies)


@wrong("bayes_predictor", "geometric mixture: averages log policies with the posterior and normalises")
def bayes_predictor(prior, policies, states, moves):
    w = _post(prior, policies, states, moves)
    return torch.einsum("k,ksa->sa", w, policies.log()).softmax(-1)


@wrong("bayes_predictor", "mixture not normalised: weights prior times likelihood (scaled by the largest)")
def bayes_predictor(prior, policies, states, moves):
    logw = prior.log() + policies[:, states, moves].log().sum(1)
    return torch.einsum("k,ksa->sa", (logw - logw.max()).exp(), policies)


@wrong("bayes_predictor", "the first watched pair is left out")
def bayes_predictor(prior, policies, states, moves):
    return torch.einsum("k,ksa->sa", _post(prior, policies, states[1:], moves[1:]), policies)


@wrong("bayes_predictor", "softmax over the posterior probabilities once more")
def bayes_predictor(prior, policies, states, moves):
    return torch.einsum("k,ksa->sa", _post(prior, policies, states, moves).softmax(0), policies)


@wrong("bayes_predictor", "predictions only in the watched states (n, A) instead of all states")
def bayes_predictor(prior, policies, states, moves):
    return torch.einsum("k,kna->na", _post(prior, policies, states, moves), policies[:, states])


@wrong("bayes_predictor", "adds the prior itself instead of its log to the log-likelihood")
def bayes_predictor(prior, policies, states, moves):
    logw = prior + policies[:, states, moves].log().sum(1)
    return torch.einsum("k,ksa->sa", logw.softmax(0), policies)


@wrong("bayes_predictor", "torch.stack of the pair likelihoods: fails when nothing was watched")
def bayes_predictor(prior, policies, states, moves):
    logl = torch.stack([policies[:, s, a].log() for s, a in zip(states, moves)]).sum(0)
    return torch.einsum("k,ksa->sa", (prior.log() + logl).softmax(0), policies)


@wrong("bayes_predictor", "no prior, and mean of the logs instead of the sum", mistakes=2)
def bayes_predictor(prior, policies, states, moves):
    logw = policies[:, states, moves].log().sum(1) / max(1, len(states))
    return torch.einsum("k,ksa->sa", logw.softmax(0), policies)


# ---------------------------------------------------------------- 3
@right("watched_loss", "gather, weights, sum over sum")
def watched_loss(log_policy, actions, weights):
    nll = -log_policy.gather(-1, actions[..., None])[..., 0]
    return (nll * weights).sum(1) / weights.sum(1)


@right("watched_loss", "loop with boolean mask, list of floats")
def watched_loss(log_policy, actions, weights):
    out = []
    for lp, a, w in zip(log_policy, actions, weights):
        real = w > 0
        out.append(float(F.nll_loss(lp[real], a[real].long())))
    return out


@right("watched_loss", "one-hot and einsum")
def watched_loss(logp, a, w):
    picked = torch.einsum("kpa,kpa->kp", logp, F.one_hot(a.long(), logp.shape[-1]).to(logp))
    return -(w / w.sum(-1, keepdim=True) * picked).sum(-1)


def _nll(log_policy, actions):
    return -log_policy.gather(-1, actions[..., None]).squeeze(-1)


@wrong("watched_loss", "divides by the row length P, padding counted")
def watched_loss(log_policy, actions, weights):
    return (_nll(log_policy, actions) * weights).mean(1)


@wrong("watched_loss", "ignores the weights: padding counts as moves")
def watched_loss(log_policy, actions, weights):
    return _nll(log_policy, actions).mean(1)


@wrong("watched_loss", "sum over the moves instead of the mean")
def watched_loss(log_policy, actions, weights):
    return (_nll(log_policy, actions) * weights).sum(1)


@wrong("watched_loss", "one mean over all pairs of all externals (one number)")
def watched_loss(log_policy, actions, weights):
    return (_nll(log_policy, actions) * weights).sum() / weights.sum()


@wrong("watched_loss", "divides each row by the total number of real pairs of all externals")
def watched_loss(log_policy, actions, weights):
    return (_nll(log_policy, actions) * weights).sum(1) / weights.sum()


@wrong("watched_loss", "sign forgotten: mean log-likelihood")
def watched_loss(log_policy, actions, weights):
    return -(_nll(log_policy, actions) * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "exp taken: minus the mean probability of the moves made")
def watched_loss(log_policy, actions, weights):
    return -((-_nll(log_policy, actions)).exp() * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "entropy of the prediction instead of -log of the move that was made")
def watched_loss(log_policy, actions, weights):
    ent = -(log_policy.exp() * log_policy).sum(-1)
    return (ent * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "minus the log of the mean probability, instead of the mean of -log")
def watched_loss(log_policy, actions, weights):
    return -(((-_nll(log_policy, actions)).exp() * weights).sum(1) / weights.sum(1)).log()


@wrong("watched_loss", "averages over axis 0 (externals) instead of pairs, gives (P,)")
def watched_loss(log_policy, actions, weights):
    return (_nll(log_policy, actions) * weights).sum(0) / weights.sum(0).clamp(min=1)


@wrong("watched_loss", "weights inverted: averages over the padding")
def watched_loss(log_policy, actions, weights):
    pad = 1 - weights
    return (_nll(log_policy, actions) * pad).sum(1) / pad.sum(1).clamp(min=1)


@wrong("watched_loss", "mean over all actions' -log delta instead of the action made")
def watched_loss(log_policy, actions, weights):
    return (-log_policy.mean(-1) * weights).sum(1) / weights.sum(1)


@wrong("watched_loss", "sign forgotten and divided by P instead of the number of real pairs", mistakes=2)
def watched_loss(log_policy, actions, weights):
    return -(_nll(log_policy, actions) * weights).mean(1)


# ---------------------------------------------------------------- 4
def _kl(p, q):
    return torch.where(p > 0, p * (p / q).log(), torch.zeros_like(p)).sum(-1)


@right("excess_nats", "where for zeros, visited states only")
def excess_nats(visits, external, predicted):
    seen = visits > 0
    d = visits[seen] / visits.sum()
    return (d * _kl(external[seen], predicted[seen])).sum()


@right("excess_nats", "loops in plain python")
def excess_nats(visits, external, predicted):
    import math
    total, n = 0.0, sum(float(v) for v in visits)
    for v, row_p, row_q in zip(visits.tolist(), external.tolist(), predicted.tolist()):
        if v == 0:
            continue
        total += v / n * sum(p * (math.log(p) - math.log(q)) for p, q in zip(row_p, row_q) if p > 0)
    return total


@right("excess_nats", "F.kl_div without reduction, zeros clamped")
def excess_nats(visits, external, predicted):
    tiny = torch.finfo(torch.float64).tiny
    kl = F.kl_div(predicted.clamp(min=tiny).log(), external, reduction="none").sum(-1)
    return (visits / visits.sum()) @ kl


@wrong("excess_nats", "KL the wrong way round: of predicted from external")
def excess_nats(visits, external, predicted):
    return (visits / visits.sum() * _kl(predicted, external)).sum()


@wrong("excess_nats", "cross-entropy, the external's own entropy not subtracted")
def excess_nats(visits, external, predicted):
    return (visits / visits.sum() * -torch.special.xlogy(external, predicted).sum(-1)).sum()


@wrong("excess_nats", "plain mean over states, visits ignored")
def excess_nats(visits, external, predicted):
    return _kl(external, predicted).mean()


@wrong("excess_nats", "visits not divided by their sum")
def excess_nats(visits, external, predicted):
    return visits.to(external) @ _kl(external, predicted)


@wrong("excess_nats", "every visited state counts alike, however often it was visited")
def excess_nats(visits, external, predicted):
    return _kl(external, predicted)[visits > 0].mean()


@wrong("excess_nats", "divides by the number of states instead of the number of visits")
def excess_nats(visits, external, predicted):
    return (visits * _kl(external, predicted)).mean()


@wrong("excess_nats", "in bits: log2")
def excess_nats(visits, external, predicted):
    return (visits / visits.sum() * _kl(external, predicted)).sum() / np.log(2)


@wrong("excess_nats", "mean over actions instead of the sum in the KL")
def excess_nats(visits, external, predicted):
    return (visits / visits.sum() * _kl(external, predicted)).sum() / external.shape[-1]


@wrong("excess_nats", "visits turned into weights by softmax")
def excess_nats(visits, external, predicted):
    return (visits.to(external).softmax(0) * _kl(external, predicted)).sum()


@wrong("excess_nats", "sums the absolute values of p log(p/q)")
def excess_nats(visits, external, predicted):
    t = torch.where(external > 0, external * (external / predicted).log(), torch.zeros_like(external)).abs()
    return (visits / visits.sum() * t.sum(-1)).sum()


@wrong("excess_nats", "total variation distance instead of KL")
def excess_nats(visits, external, predicted):
    return (visits / visits.sum() * 0.5 * (external - predicted).abs().sum(-1)).sum()


@wrong("excess_nats", "log q - log p: the sign exchanged")
def excess_nats(visits, external, predicted):
    return -(visits / visits.sum() * _kl(external, predicted)).sum()


@wrong("excess_nats", "mixes the policies over the visits first and takes one KL of the averages")
def excess_nats(visits, external, predicted):
    d = visits / visits.sum()
    return _kl(d @ external, d @ predicted)


@wrong("excess_nats", "KL the wrong way round, and visits ignored", mistakes=2)
def excess_nats(visits, external, predicted):
    return _kl(predicted, external).mean()


# ---------------------------------------------------------------- 5
right("misleading_move", "prior prediction is exact, second external takes the move too",
      ([0.2, 0.4, 0.4], [[0.6, 0.4], [0.9, 0.1], [0.3, 0.7]]))
right("misleading_move", "uniform prior, move 1, tensors",
      (torch.full((3,), 1 / 3), torch.tensor([[0.45, 0.55], [0.1, 0.9], [0.8, 0.2]])))
wrong("misleading_move", "the move helps: first external is far from the others",
      ([0.2, 0.4, 0.4], [[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]]))
wrong("misleading_move", "error grows, but by less than 0.01 nats",
      ([0.2, 0.4, 0.4], [[0.6, 0.4], [0.7, 0.3], [0.5, 0.5]]))
wrong("misleading_move", "misleads after the unlikely move (0) of the first external, not after its likeliest",
      ([0.2, 0.4, 0.4], [[0.3, 0.7], [0.8, 0.2], [0.4, 0.6]]))
wrong("misleading_move", "an external with prior 0",
      ([0.5, 0.5, 0.0], [[0.6, 0.4], [0.95, 0.05], [0.3, 0.7]]))
wrong("misleading_move", "an external that never plays a move (probability 0)",
      ([0.2, 0.4, 0.4], [[0.6, 0.4], [1.0, 0.0], [0.2, 0.8]]))
wrong("misleading_move", "the prior does not sum to one (weights 1, 2, 2)",
      ([1.0, 2.0, 2.0], [[0.6, 0.4], [0.9, 0.1], [0.3, 0.7]]))
wrong("misleading_move", "policies transposed: shape (2, 3)",
      ([0.2, 0.4, 0.4], [[0.6, 0.9, 0.3], [0.4, 0.1, 0.7]]))
wrong("misleading_move", "entered (policies, prior)",
      ([[0.6, 0.4], [0.9, 0.1], [0.3, 0.7]], [0.2, 0.4, 0.4]))
wrong("misleading_move", "all three the same, so nothing changes",
      ([0.2, 0.4, 0.4], [[0.6, 0.4]] * 3))
wrong("misleading_move", "meant the third external: its likeliest move misleads about it, for the first one the move helps",
      ([0.4, 0.4, 0.2], [[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]]))
wrong("misleading_move", "policy rows do not sum to one",
      ([0.2, 0.4, 0.4], [[0.6, 0.5], [0.9, 0.2], [0.3, 0.8]]))
wrong("misleading_move", "prior 0 for one external, and the move helps",
      ([0.5, 0.5, 0.0], [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]), mistakes=2)
