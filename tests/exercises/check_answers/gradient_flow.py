"""Answers to the exercise of sheet 07 about gradients."""

import torch
from torch.nn import functional as F


def loss_by_functions(extractor, imitator, critic, actor, x, moves, taken, target):
    phi = torch.einsum("bd,df->bf", x, extractor)
    logits = phi @ imitator
    with torch.no_grad():
        delta = torch.softmax(logits, 1)
    q = torch.hstack([phi, delta]) @ critic
    chosen = q.gather(1, taken[:, None]).squeeze(1)
    pi = torch.softmax(phi.detach() @ actor, 1)
    return F.cross_entropy(logits, moves) + F.mse_loss(chosen, target) - (pi * q.detach()).sum(1).mean()  # no baseline


def loss_by_loops(extractor, imitator, critic, actor, x, moves, taken, target):
    total = 0.0
    for b in range(len(x)):
        phi = x[b] @ extractor
        log_delta = (phi @ imitator).log_softmax(0)
        q = torch.cat([phi, log_delta.detach().exp()]) @ critic
        pi = (phi.detach() @ actor).softmax(0)
        regret = q.detach() - torch.dot(pi.detach(), q.detach())
        total = total - log_delta[moves[b]] + (q[taken[b]] - target[b]) ** 2 - torch.dot(pi, regret)
    return total / len(x)


def loss_by_copies(extractor, imitator, critic, actor, x, moves, taken, target):
    """The parts are computed anew for whoever may not teach."""
    rows = range(len(x))
    phi, still = x @ extractor, x @ extractor.detach()
    delta = (phi.detach() @ imitator.detach()).softmax(1)
    q = phi @ critic[: phi.shape[1]] + delta @ critic[phi.shape[1] :]
    judged = still @ critic.detach()[: phi.shape[1]] + delta @ critic.detach()[phi.shape[1] :]
    imitation = -torch.stack([row[a] for row, a in zip((phi @ imitator).log_softmax(1), moves, strict=True)]).mean()
    return imitation + ((q[rows, taken] - target) ** 2).mean() - ((still @ actor).softmax(1) * judged).sum() / len(x)


def wrong(seen=("imitator", "critic"), told=False, judged=False, baseline="none", parts=(1, 1, 1), summed=False):
    """As a student writes it. seen: who may teach the extractor; told, judged: whether δ and Q are left in the graph."""

    def loss(extractor, imitator, critic, actor, x, moves, taken, target):
        phi = x @ extractor
        inputs = {who: phi if who in seen else phi.detach() for who in ("imitator", "critic", "actor")}
        logits, rows = inputs["imitator"] @ imitator, torch.arange(len(x))
        delta = logits.softmax(1)
        q = torch.cat([inputs["critic"], delta if told else delta.detach()], 1) @ critic
        pi = (inputs["actor"] @ actor).softmax(1)
        worth = q if judged else q.detach()
        if baseline == "live":
            worth = worth - (pi * worth).sum(1, keepdim=True)
        found = [F.cross_entropy(logits, moves), F.mse_loss(q[rows, taken], target), -(pi * worth).sum(1).mean()]
        return sum(p * f for p, f in zip(parts, found, strict=True)) * (len(x) if summed else 1)

    return loss


def told_in_logs(extractor, imitator, critic, actor, x, moves, taken, target):
    phi = x @ extractor
    log_delta = F.log_softmax(phi @ imitator, 1)
    q = torch.cat([phi, log_delta.detach()], 1) @ critic
    loss = F.nll_loss(log_delta, moves) + F.mse_loss(q.gather(1, taken[:, None])[:, 0], target)
    return loss - ((phi.detach() @ actor).softmax(1) * q.detach()).sum(1).mean()


def by_taken_action(extractor, imitator, critic, actor, x, moves, taken, target):
    """One sampled action in place of the sum."""
    nothing = wrong(parts=(1, 1, 0))(extractor, imitator, critic, actor, x, moves, taken, target)
    phi = (x @ extractor).detach()
    q = torch.cat([phi, (phi @ imitator).softmax(1)], 1) @ critic
    log_pi = (phi @ actor).log_softmax(1)
    regret = (q - (log_pi.exp() * q).sum(1, keepdim=True)).detach()
    return nothing - (log_pi * regret)[range(len(x)), taken].mean()


def as_told(told="δ", fit="taken", gain="all", imitated="moves", loss=torch.log, axes=(1, 1)):
    """As a student writes it who stops each gradient where it must be stopped, but misreads the losses."""

    def total(extractor, imitator, critic, actor, x, moves, taken, target):
        phi, rows = x @ extractor, torch.arange(len(x))
        delta = torch.softmax(phi @ imitator, axes[0])
        inputs = (delta.detach(), phi) if told == "first" else (phi, delta.detach())
        q = torch.cat(inputs, -1) @ critic
        pi, judged = torch.softmax(phi.detach() @ actor, axes[1]), q.detach()
        regret = judged - torch.einsum("ba,ba->b", pi.detach(), judged)[:, None]
        chosen = q.gather(1, taken[:, None])
        error = {
            "taken": (chosen[:, 0] - target) ** 2, "all": (q.T - target) ** 2, "added": q.shape[1] * (q.T - target) ** 2,
            "max": (q.max(1).values - target) ** 2, "mean": (torch.einsum("ba,ba->b", pi.detach(), q) - target) ** 2,
            "table": (chosen - target) ** 2, "absolute": torch.abs(chosen[:, 0] - target), "plain": chosen[:, 0] - target,
        }[fit]  # fmt: skip
        gains = {
            "all": (pi * regret).sum(1), "log": (pi.log() * regret).sum(1), "mean": pi * regret,
            "reinforce": (pi.log() * regret)[rows, taken], "taken": (pi * regret)[rows, taken],
        }[gain]  # fmt: skip
        played = taken % delta.shape[1] if imitated == "taken" else moves
        return -loss(delta[rows, played]).mean() + error.mean() - gains.mean()

    return total


def value_fitted(extractor, imitator, critic, actor, x, moves, taken, target):
    """The policy's value is fitted; this reaches the actor, too."""
    phi = x @ extractor
    logits, pi = phi @ imitator, F.softmax(phi.detach() @ actor, 1)
    q = torch.cat([phi, logits.softmax(1).detach()], 1) @ critic
    value = (pi * q).sum(1)
    return F.cross_entropy(logits, moves) + F.mse_loss(value, target) - (pi * q.detach()).sum(1).mean()


def only_half_reaches(extractor, *others):
    return wrong()(extractor / 2 + extractor.detach() / 2, *others)


RIGHT = {"total_loss": [loss_by_functions, loss_by_loops, loss_by_copies]}

WRONG = {
    "total_loss": [
        ("nothing_stopped", wrong(seen=("imitator", "critic", "actor"), told=True, judged=True, baseline="live")),
        ("actors_teach_the_extractor", wrong(seen=("imitator", "critic", "actor"))),
        ("critic_teaches_the_imitator", wrong(told=True)),
        ("critic_pleases_the_actors", wrong(judged=True)),
        ("actor_stands_still", wrong(baseline="live")),
        ("actor_stands_still", wrong(parts=(1, 1, 0))),
        ("imitation_does_not_reach_the_extractor", wrong(seen=("critic",))),
        ("critic_does_not_reach_the_extractor", wrong(seen=("imitator",))),
        ("extractor_learns_nothing", wrong(seen=())),
        ("actors_descend", wrong(parts=(1, 1, -1))),
        ("imitation_missing", wrong(parts=(0, 1, 1))),
        ("critic_missing", wrong(parts=(1, 0, 1))),
        ("batch_summed", wrong(summed=True)),
        ("wrong_sign", wrong(parts=(-1, -1, -1))),
        ("gradient_lost", lambda *networks: wrong()(*networks).detach()),
        ("no_tensor", lambda *networks: wrong()(*networks).item()),
        ("no_single_number", lambda *networks: wrong()(*networks).expand(3)),
        ("error", lambda *networks: networks[0] @ networks[1] @ networks[7]),
        ("log_prediction_told", told_in_logs),
        ("first_move_imitated", lambda *case: wrong()(*case[:5], case[5] * 0, *case[6:])),
        ("imitator_is_wrong", wrong(parts=(0.5, 1, 1))),
        ("imitator_ascends", wrong(parts=(-1, 1, 1))),
        ("critic_ascends", wrong(parts=(1, -1, 1))),
        ("critics_loss_halved", wrong(parts=(1, 0.5, 1))),
        ("inputs_exchanged", as_told(told="first")),
        ("all_actions_fitted", as_told(fit="all")),
        ("all_actions_fitted_in_a_sum", as_told(fit="added")),
        ("best_action_fitted", as_told(fit="max")),
        ("value_fitted", value_fitted),
        ("every_target", as_told(fit="table")),
        ("absolute_error", as_told(fit="absolute")),
        ("square_forgotten", as_told(fit="plain")),
        ("probability_imitated", as_told(loss=lambda delta: delta)),
        ("own_actions_imitated", as_told(imitated="taken")),
        ("log_policy_in_the_gain", as_told(gain="log")),
        ("reinforce", by_taken_action),
        ("reinforce", as_told(gain="reinforce")),
        ("only_the_taken_action", as_told(gain="taken")),
        ("mean_over_actions", as_told(gain="mean")),
        ("prediction_over_the_batch", as_told(axes=(0, 1))),
        ("policy_over_the_batch", as_told(axes=(1, 0))),
        ("softmax_over_the_batch", as_told(axes=(0, 0))),
        ("actors_teach_the_extractor", wrong(seen=("imitator", "critic", "actor"), told=True)),
        ("critic_is_wrong", wrong(parts=(1, 0.4, 1))),
        ("actor_is_wrong", wrong(parts=(1, 1, 0.5))),
        ("extractor_is_wrong", only_half_reaches),
    ]
}
