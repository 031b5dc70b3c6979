import math

import numpy as np
import torch

from strangers import right, wrong

torch.set_default_dtype(torch.float64)

# ---------------------------------------------------------------- 1
right("posterior_by_hand", "as the text asks, rounded", [0.6098, 0.3122, 0.0780])
right("posterior_by_hand", "as fractions of the sum", (0.0625 / 0.1025, 0.032 / 0.1025, 0.008 / 0.1025))
wrong("posterior_by_hand", "did not normalise: prior times likelihood", [0.0625, 0.032, 0.008])
wrong("posterior_by_hand", "left the prior out", [0.4386, 0.4491, 0.1123])
wrong("posterior_by_hand", "watched one head and two tails instead of two heads and one tail", [0.6098, 0.0780, 0.3122])
wrong("posterior_by_hand", "counted the heads only and left the tail out", [0.4237, 0.5424, 0.0339])
wrong("posterior_by_hand", "took heads for all three moves", [0.0625 / 0.1925, 0.128 / 0.1925, 0.002 / 0.1925])
wrong("posterior_by_hand", "updated on the first move only", [0.25 / 0.5, 0.2 / 0.5, 0.05 / 0.5])
wrong("posterior_by_hand", "updated on the last move only", [0.5, 0.1, 0.4])
wrong("posterior_by_hand", "multiplied by the prior at each of the three moves, so it counts three times",
      [0.015625 / 0.018125, 0.002 / 0.018125, 0.0005 / 0.018125])
wrong("posterior_by_hand", "added the moves' probabilities instead of multiplying them",
      [0.75 / 1.5, 0.45 / 1.5, 0.3 / 1.5])
wrong("posterior_by_hand", "gave the likelihoods alone: no prior and not normalised", [0.125, 0.128, 0.032], mistakes=2)


# ---------------------------------------------------------------- 2
def lg(x):
    x = float(x)
    return math.log(x) if x > 0 else -math.inf


def normed(logs):
    top = max(logs)
    es = [math.exp(v - top) for v in logs]
    return [e / sum(es) for e in es]


def mixed(post, policies):
    K, S, A = len(policies), len(policies[0]), len(policies[0][0])
    return [[sum(post[k] * float(policies[k][s][a]) for k in range(K)) for a in range(A)] for s in range(S)]


@right("bayes_predictor", "loops on lists, with logarithms")
def bayes_predictor(prior, policies, states, moves):
    logs = []
    for k in range(len(prior)):
        v = lg(prior[k])
        for s, a in zip(states, moves):
            v += lg(policies[k][int(s)][int(a)])
        logs.append(v)
    return mixed(normed(logs), policies)


@right("bayes_predictor", "vectorised torch, softmax of log prior plus summed logs")
def bayes_predictor(prior, policies, states, moves):
    logs = prior.log() + policies[:, states.long(), moves.long()].log().sum(-1)
    return torch.einsum("k,ksa->sa", logs.softmax(0), policies)


@right("bayes_predictor", "plain products, but normalised again after each move, so nothing underflows")
def bayes_predictor(prior, policies, states, moves):
    w = [float(p) for p in prior]
    for s, a in zip(states, moves):
        w = [w[k] * float(policies[k][int(s)][int(a)]) for k in range(len(w))]
        w = [x / sum(w) for x in w]
    return torch.tensor(mixed(w, policies))


@right("bayes_predictor", "numpy with counts of each pair")
def bayes_predictor(prior, policies, states, moves):
    p, P = np.asarray(prior), np.asarray(policies)
    n = np.zeros(P.shape[1:])
    for s, a in zip(states.tolist(), moves.tolist()):
        n[s, a] += 1
    logs = np.log(p) + np.where(n > 0, n * np.log(np.maximum(P, 1e-300)), 0).sum(axis=(1, 2))
    w = np.exp(logs - logs.max())
    return np.tensordot(w / w.sum(), P, axes=1)


@wrong("bayes_predictor", "multiplies plain probabilities: with 1,000 moves all weights underflow to zero (division by zero)")
def bayes_predictor(prior, policies, states, moves):
    w = []
    for k in range(len(prior)):
        v = float(prior[k])
        for s, a in zip(states, moves):
            v *= float(policies[k][int(s)][int(a)])
        w.append(v)
    return mixed([x / sum(w) for x in w], policies)


@wrong("bayes_predictor", "multiplies plain probabilities, and when they underflow to zero it falls back to the prior")
def bayes_predictor(prior, policies, states, moves):
    w = []
    for k in range(len(prior)):
        v = float(prior[k])
        for s, a in zip(states, moves):
            v *= float(policies[k][int(s)][int(a)])
        w.append(v)
    if sum(w) == 0:
        w = [float(p) for p in prior]
    return mixed([x / sum(w) for x in w], policies)


@wrong("bayes_predictor", "leaves the prior out (all externals equally likely at first)")
def bayes_predictor(prior, policies, states, moves):
    logs = []
    for k in range(len(prior)):
        v = 0.0
        for s, a in zip(states, moves):
            v += lg(policies[k][int(s)][int(a)])
        logs.append(v)
    return mixed(normed(logs), policies)


@wrong("bayes_predictor", "does not normalise the posterior")
def bayes_predictor(prior, policies, states, moves):
    w = []
    for k in range(len(prior)):
        v = lg(prior[k])
        for s, a in zip(states, moves):
            v += lg(policies[k][int(s)][int(a)])
        w.append(math.exp(v))
    return mixed(w, policies)


@wrong("bayes_predictor", "ignores what was watched: averages with the prior")
def bayes_predictor(prior, policies, states, moves):
    return mixed([float(p) for p in prior], policies)


@wrong("bayes_predictor", "adds the watched moves' probabilities instead of multiplying them")
def bayes_predictor(prior, policies, states, moves):
    w = []
    for k in range(len(prior)):
        v = sum(float(policies[k][int(s)][int(a)]) for s, a in zip(states, moves))
        w.append(float(prior[k]) * (v if len(states) else 1.0))
    return mixed([x / sum(w) for x in w], policies)


@wrong("bayes_predictor", "takes the mean of the log-likelihoods over the moves instead of their sum")
def bayes_predictor(prior, policies, states, moves):
    logs = []
    for k in range(len(prior)):
        v = sum(lg(policies[k][int(s)][int(a)]) for s, a in zip(states, moves))
        logs.append(lg(prior[k]) + v / max(1, len(states)))
    return mixed(normed(logs), policies)


@wrong("bayes_predictor", "predicts with the likeliest external alone instead of the mixture")
def bayes_predictor(prior, policies, states, moves):
    logs = []
    for k in range(len(prior)):
        v = lg(prior[k])
        for s, a in zip(states, moves):
            v += lg(policies[k][int(s)][int(a)])
        logs.append(v)
    return policies[logs.index(max(logs))]


@wrong("bayes_predictor", "an own posterior for each state, from the moves watched in that state only")
def bayes_predictor(prior, policies, states, moves):
    out = []
    for here in range(len(policies[0])):
        logs = []
        for k in range(len(prior)):
            v = lg(prior[k])
            for s, a in zip(states, moves):
                if int(s) == here:
                    v += lg(policies[k][here][int(a)])
            logs.append(v)
        out.append(mixed(normed(logs), policies)[here])
    return out


@wrong("bayes_predictor", "leaves the last watched pair out (off by one)")
def bayes_predictor(prior, policies, states, moves):
    logs = []
    for k in range(len(prior)):
        v = lg(prior[k])
        for t in range(len(states) - 1):
            v += lg(policies[k][int(states[t])][int(moves[t])])
        logs.append(v)
    return mixed(normed(logs), policies)


@wrong("bayes_predictor", "counts the prior once for each watched pair")
def bayes_predictor(prior, policies, states, moves):
    logs = [lg(p) for p in prior]
    for n, (s, a) in enumerate(zip(states, moves)):
        for k in range(len(prior)):
            logs[k] += lg(policies[k][int(s)][int(a)]) + (lg(prior[k]) if n > 0 else 0)
    return mixed(normed(logs), policies)


@wrong("bayes_predictor", "multiplies the policies with the posterior as exponents (geometric mean) instead of averaging them")
def bayes_predictor(prior, policies, states, moves):
    logs = []
    for k in range(len(prior)):
        v = lg(prior[k])
        for s, a in zip(states, moves):
            v += lg(policies[k][int(s)][int(a)])
        logs.append(v)
    w = normed(logs)
    out = []
    for s in range(len(policies[0])):
        row = [math.exp(sum(w[k] * math.log(max(float(policies[k][s][a]), 1e-12)) for k in range(len(w))))
               for a in range(len(policies[0][0]))]
        out.append([r / sum(row) for r in row])
    return out


@wrong("bayes_predictor", "when nothing was watched it returns equal probabilities instead of the prior's average")
def bayes_predictor(prior, policies, states, moves):
    S, A = len(policies[0]), len(policies[0][0])
    if len(states) == 0:
        return [[1 / A] * A for _ in range(S)]
    logs = []
    for k in range(len(prior)):
        v = lg(prior[k])
        for s, a in zip(states, moves):
            v += lg(policies[k][int(s)][int(a)])
        logs.append(v)
    return mixed(normed(logs), policies)


@wrong("bayes_predictor", "leaves the prior out, and takes the likeliest external alone", mistakes=2)
def bayes_predictor(prior, policies, states, moves):
    logs = []
    for k in range(len(prior)):
        logs.append(sum(lg(policies[k][int(s)][int(a)]) for s, a in zip(states, moves)))
    return policies[logs.index(max(logs))]


# ---------------------------------------------------------------- 3
@right("watched_loss", "loops, skipping the padding")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total, n = 0.0, 0
        for p in range(len(actions[k])):
            if weights[k][p] > 0:
                total -= float(log_policy[k][p][int(actions[k][p])])
                n += 1
        out.append(total / n)
    return out


@right("watched_loss", "torch gather and masked sums")
def watched_loss(log_policy, actions, weights):
    logs = log_policy.gather(2, actions.unsqueeze(2)).squeeze(2)
    logs = torch.where(weights > 0, logs, 0.0)
    return -logs.sum(1) / weights.sum(1)


@right("watched_loss", "row by row with a boolean mask, other parameter names")
def watched_loss(lp, a, w):
    rows = []
    for x, b, c in zip(lp, a, w):
        keep = c == 1
        rows.append(-x[keep, b[keep]].mean())
    return torch.stack(rows)


@wrong("watched_loss", "divides by the row's length P, padding included")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total = 0.0
        for p in range(len(actions[k])):
            total -= float(weights[k][p]) * float(log_policy[k][p][int(actions[k][p])])
        out.append(total / len(actions[k]))
    return out


@wrong("watched_loss", "does not use the weights: the padding counts as if it had been played")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total = 0.0
        for p in range(len(actions[k])):
            total -= float(log_policy[k][p][int(actions[k][p])])
        out.append(total / len(actions[k]))
    return out


@wrong("watched_loss", "padding enters the sum, though it divides by the number of real moves")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total = 0.0
        for p in range(len(actions[k])):
            total -= float(log_policy[k][p][int(actions[k][p])])
        out.append(total / float(sum(weights[k])))
    return out


@wrong("watched_loss", "gives the sum over the moves instead of the mean")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total = 0.0
        for p in range(len(actions[k])):
            if weights[k][p] == 1:
                total -= float(log_policy[k][p][int(actions[k][p])])
        out.append(total)
    return out


@wrong("watched_loss", "forgot the minus")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total, n = 0.0, 0
        for p in range(len(actions[k])):
            if weights[k][p] == 1:
                total += float(log_policy[k][p][int(actions[k][p])])
                n += 1
        out.append(total / n)
    return out


@wrong("watched_loss", "divides by the number of real moves of all externals together")
def watched_loss(log_policy, actions, weights):
    n = float(weights.sum())
    out = []
    for k in range(len(actions)):
        total = 0.0
        for p in range(len(actions[k])):
            if weights[k][p] == 1:
                total -= float(log_policy[k][p][int(actions[k][p])])
        out.append(total / n)
    return out


@wrong("watched_loss", "starts its sum and its counter only once, outside the loop over externals, so they run on")
def watched_loss(log_policy, actions, weights):
    out = []
    total, n = 0.0, 0
    for k in range(len(actions)):
        for p in range(len(actions[k])):
            if weights[k][p] == 1:
                total -= float(log_policy[k][p][int(actions[k][p])])
                n += 1
        out.append(total / n)
    return out


@wrong("watched_loss", "takes action 0 for padding instead of looking at the weights")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total, n = 0.0, 0
        for p in range(len(actions[k])):
            if int(actions[k][p]) != 0:
                total -= float(log_policy[k][p][int(actions[k][p])])
                n += 1
        out.append(total / max(n, 1))
    return out


@wrong("watched_loss", "averages the probabilities first and takes −log of their mean")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total, n = 0.0, 0
        for p in range(len(actions[k])):
            if weights[k][p] == 1:
                total += math.exp(float(log_policy[k][p][int(actions[k][p])]))
                n += 1
        out.append(-math.log(total / n))
    return out


@wrong("watched_loss", "averages over all actions of a pair instead of taking the one that was made")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total, n = 0.0, 0
        for p in range(len(actions[k])):
            if weights[k][p] == 1:
                row = [float(v) for v in log_policy[k][p]]
                total -= sum(row) / len(row)
                n += 1
        out.append(total / n)
    return out


@wrong("watched_loss", "counts actions from one (takes the entry before the one that was made)")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total, n = 0.0, 0
        for p in range(len(actions[k])):
            if weights[k][p] == 1:
                total -= float(log_policy[k][p][int(actions[k][p]) - 1])
                n += 1
        out.append(total / n)
    return out


@wrong("watched_loss", "returns one mean over all externals instead of one number for each")
def watched_loss(log_policy, actions, weights):
    total, n = 0.0, 0
    for k in range(len(actions)):
        for p in range(len(actions[k])):
            if weights[k][p] == 1:
                total -= float(log_policy[k][p][int(actions[k][p])])
                n += 1
    return total / n


@wrong("watched_loss", "weights turned round: averages over the padding (1 taken for padding)")
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total, n = 0.0, 0
        for p in range(len(actions[k])):
            if weights[k][p] == 0:
                total -= float(log_policy[k][p][int(actions[k][p])])
                n += 1
        out.append(total / max(n, 1))
    return out


@wrong("watched_loss", "forgot the minus, and divides by P, padding included", mistakes=2)
def watched_loss(log_policy, actions, weights):
    out = []
    for k in range(len(actions)):
        total = 0.0
        for p in range(len(actions[k])):
            total += float(weights[k][p]) * float(log_policy[k][p][int(actions[k][p])])
        out.append(total / len(actions[k]))
    return out


# ---------------------------------------------------------------- 4
def kl(p, q):
    return sum(float(a) * math.log(float(a) / float(b)) if b > 0 else math.inf for a, b in zip(p, q) if a > 0)


@right("excess_nats", "loops, leaving out moves with probability zero")
def excess_nats(visits, external, predicted):
    n = 0.0
    total = 0.0
    for s in range(len(visits)):
        n += float(visits[s])
        for a in range(len(external[s])):
            p = float(external[s][a])
            if p > 0 and visits[s] > 0:
                total += float(visits[s]) * p * (math.log(p) - math.log(float(predicted[s][a])))
    return total / n


@right("excess_nats", "torch xlogy: cross-entropy minus entropy, weighted")
def excess_nats(visits, external, predicted):
    d = visits / visits.sum()
    each = (torch.xlogy(external, external) - torch.xlogy(external, predicted)).sum(1)
    return (d * torch.where(visits > 0, each, 0.0)).sum()


@right("excess_nats", "scipy's rel_entr and numpy's weighted average")
def excess_nats(visits, external, predicted):
    from scipy.special import rel_entr

    return float(np.average(rel_entr(np.asarray(external), np.asarray(predicted)).sum(1), weights=np.asarray(visits)))


@wrong("excess_nats", "KL the wrong way round: KL(predicted ‖ external)")
def excess_nats(visits, external, predicted):
    n = float(sum(visits))
    return sum(float(visits[s]) / n * kl(predicted[s], external[s]) for s in range(len(visits)))


@wrong("excess_nats", "averages over all states equally, ignoring the visits")
def excess_nats(visits, external, predicted):
    return sum(kl(external[s], predicted[s]) for s in range(len(visits))) / len(visits)


@wrong("excess_nats", "averages equally over the states visited at all, however often")
def excess_nats(visits, external, predicted):
    seen = [s for s in range(len(visits)) if visits[s] > 0]
    return sum(kl(external[s], predicted[s]) for s in seen) / len(seen)


@wrong("excess_nats", "weights with the numbers of visits without dividing by their sum")
def excess_nats(visits, external, predicted):
    return sum(float(visits[s]) * kl(external[s], predicted[s]) for s in range(len(visits)))


@wrong("excess_nats", "weights with the visits but divides by the number of states")
def excess_nats(visits, external, predicted):
    return sum(float(visits[s]) * kl(external[s], predicted[s]) for s in range(len(visits))) / len(visits)


@wrong("excess_nats", "gives the cross-entropy without subtracting the external's own entropy")
def excess_nats(visits, external, predicted):
    n = float(sum(visits))
    total = 0.0
    for s in range(len(visits)):
        for a in range(len(external[s])):
            if external[s][a] > 0:
                total -= float(visits[s]) / n * float(external[s][a]) * math.log(float(predicted[s][a]))
    return total


@wrong("excess_nats", "logarithm to base 2: bits instead of nats")
def excess_nats(visits, external, predicted):
    n = float(sum(visits))
    return sum(float(visits[s]) / n * kl(external[s], predicted[s]) for s in range(len(visits))) / math.log(2)


@wrong("excess_nats", "the sign is swapped: log(predicted / external)")
def excess_nats(visits, external, predicted):
    n = float(sum(visits))
    return -sum(float(visits[s]) / n * kl(external[s], predicted[s]) for s in range(len(visits)))


@wrong("excess_nats", "subtracts the entropy of the prediction instead of the external's")
def excess_nats(visits, external, predicted):
    n = float(sum(visits))
    total = 0.0
    for s in range(len(visits)):
        for p, q in zip(external[s], predicted[s]):
            p, q = float(p), float(q)
            if q > 0:
                total += float(visits[s]) / n * (q - p) * math.log(q)
    return total


@wrong("excess_nats", "mean over actions instead of the sum within a state")
def excess_nats(visits, external, predicted):
    n = float(sum(visits))
    return sum(float(visits[s]) / n * kl(external[s], predicted[s]) / len(external[s]) for s in range(len(visits)))


@wrong("excess_nats", "forgets to multiply by the external's probabilities: adds log(p / q) over the actions")
def excess_nats(visits, external, predicted):
    n = float(sum(visits))
    total = 0.0
    for s in range(len(visits)):
        for p, q in zip(external[s], predicted[s]):
            if p > 0 and q > 0:
                total += float(visits[s]) / n * math.log(float(p) / float(q))
    return total


@right("excess_nats", "loops, as all probabilities are positive")
def excess_nats(visits, external, predicted):
    n = float(sum(visits))
    total = 0.0
    for s in range(len(visits)):
        for p, q in zip(external[s], predicted[s]):
            total += float(visits[s]) / n * float(p) * math.log(float(p) / float(q))
    return total


@wrong("excess_nats", "KL the wrong way round, and all states count equally", mistakes=2)
def excess_nats(visits, external, predicted):
    return sum(kl(predicted[s], external[s]) for s in range(len(visits))) / len(visits)


# ---------------------------------------------------------------- 5 (open)
T = torch.tensor
right("misleading_move", "the second makes the first's likely move still more often; the third had balanced it",
      (T([1 / 3, 1 / 3, 1 / 3]), T([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9]])))
right("misleading_move", "mirrored, as lists, the first rare",
      ([0.2, 0.4, 0.4], [[0.4, 0.6], [0.05, 0.95], [0.85, 0.15]]))
wrong("misleading_move", "the move helps: the error gets smaller",
      (T([0.4, 0.3, 0.3]), T([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])))
wrong("misleading_move", "the error grows, but by less than 0.01 nats",
      (T([1 / 3, 1 / 3, 1 / 3]), T([[0.55, 0.45], [0.65, 0.35], [0.45, 0.55]])))
wrong("misleading_move", "one external is impossible: its prior is 0",
      (T([0.6, 0.4, 0.0]), T([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9]])))
wrong("misleading_move", "the third has prior 0, and the error grows by less than 0.01",
      (T([0.5, 0.5, 0.0]), T([[0.6, 0.4], [0.7, 0.3], [0.1, 0.9]])), mistakes=2)
wrong("misleading_move", "an external never makes one of its moves (probability 0), though the error grows",
      (T([1 / 3, 1 / 3, 1 / 3]), T([[0.6, 0.4], [1.0, 0.0], [0.1, 0.9]])))
wrong("misleading_move", "the prior does not sum to one",
      (T([0.5, 0.5, 0.5]), T([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9]])))
wrong("misleading_move", "a policy's row does not sum to one",
      (T([1 / 3, 1 / 3, 1 / 3]), T([[0.6, 0.4], [0.9, 0.1], [0.1, 0.8]])))
wrong("misleading_move", "only the first's unlikelier move misleads, not its likeliest",
      (T([0.4, 0.3, 0.3]), T([[0.8, 0.2], [0.5, 0.5], [0.1, 0.9]])))
wrong("misleading_move", "the misled one is the second external, not the first",
      (T([1 / 3, 1 / 3, 1 / 3]), T([[0.9, 0.1], [0.6, 0.4], [0.1, 0.9]])))
wrong("misleading_move", "policies written with a column for each external: shape (2, 3)",
      (T([1 / 3, 1 / 3, 1 / 3]), T([[0.6, 0.9, 0.1], [0.4, 0.1, 0.9]])))
wrong("misleading_move", "all three externals alike: nothing changes",
      (T([0.2, 0.3, 0.5]), T([[0.6, 0.4], [0.6, 0.4], [0.6, 0.4]])))
wrong("misleading_move", "entered in the wrong order: (policies, prior)",
      (T([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9]]), T([1 / 3, 1 / 3, 1 / 3])))
