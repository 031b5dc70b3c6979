"""Eq. 4: the meta-imitator learns a newcomer's behaviour from a few observed moves (MAML; Finn et al., 2017).

    min_θ E_k [Σ_t L_k(o_t, a_t; θ)]   over externals k drawn from a distribution of them              (Eq. 1)
    min_θ Σ_k L_query(δ(·; θ′_k)),     θ′_k = θ − α_adp ∇_θ L_support(δ(·; θ))                         (Eq. 4)

L is the cross-entropy, in nats, of the external's actions given its observations (`imitation_loss`). The inner loop
(`adapt`) sees the *support* pairs of external k, the outer loss (`meta_loss`) *query* pairs of the same external.

L is a mean: three pairs would give as large a step as three hundred. Learned step sizes, the default, are therefore
scaled by n/(n + n_0) for n support pairs, with n_0 learned as well; with a given step size it is Eq. 4 to the letter.

Parameters of K adapted imitators are a dict: name → (K, …); all K run at once, in batched matrix products.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from .networks import MetaImitator, log_softmax

Parameters = dict[str, Tensor]  # name → (K, …)
Watched = tuple[Tensor, Tensor, Tensor | None]  # observations (K, P, F), actions (K, P), weights (K, P)


def predict(imitator: nn.Module, parameters: Parameters, inputs: Tensor) -> Tensor:
    """log δ(· | o; θ′_k): inputs (1 or K, N, F) to log-probabilities (K, N, A), each external by its own parameters.

    Any module that maps (N, F) to log-probabilities (N, A) may stand in for the imitator.
    """
    inputs = inputs.expand(len(next(iter(parameters.values()))), -1, -1)
    if not isinstance(imitator, MetaImitator):
        return vmap(lambda p, x: functional_call(imitator, p, (x,)))(parameters, inputs)
    x = inputs  # layer by layer: the same numbers as by vmap, 1.5 times as fast
    for name, layer in imitator.layers.named_children():
        if isinstance(layer, nn.Linear):
            weight, bias = parameters[f"layers.{name}.weight"], parameters[f"layers.{name}.bias"]  # (K, O, I), (K, O)
            x = torch.baddbmm(bias[:, None], x, weight.mT)  # (K, N, O)
        else:
            x = layer(x)
    return log_softmax(x, inputs, imitator.masked)


def meta_parameters(imitator: nn.Module, n_externals: int) -> Parameters:
    """θ, once for each of K externals: name → (K, …). Step sizes and n_0 are left out: they are no part of δ."""
    return {
        name: p.expand(n_externals, *p.shape)
        for name, p in imitator.named_parameters()
        if not name.startswith(("log_step_size", "log_prior_pairs"))
    }


def imitation_loss(
    imitator: nn.Module, parameters: Parameters, observations: Tensor, actions: Tensor, weights: Tensor | None = None
) -> Tensor:
    """L for each external: mean cross-entropy of the watched actions, (K,), nats.

    Args: observations (K, P, F), as the imitator takes them; actions (K, P); weights (K, P), 0 for padding.
    """
    log_policy = predict(imitator, parameters, observations)  # (K, P, A)
    loss = -log_policy.gather(-1, actions[..., None])[..., 0]  # (K, P)
    if weights is None:
        return loss.mean(-1)
    return (loss * weights).sum(-1) / weights.sum(-1).clamp(min=1)


def adapt(
    imitator: nn.Module, observations: Tensor, actions: Tensor, steps: int, step_size: float | None = None,
    weights: Tensor | None = None, second_order: bool = False, trace: list[Tensor] | None = None,
) -> Parameters:  # fmt: skip
    """The inner loop of Eq. 4: θ′ = θ − α_adp ∇L, `steps` times.

    Args: observations (K, P, F) or, for one external, (P, F); actions (K, P) or (P,); step_size α_adp, or None for the
    imitator's learned ones; weights as in `imitation_loss`; second_order, let gradients flow through ∇L as well (else
    it counts as constant: first-order MAML); trace, a list that gets the loss (K,) before each step and after the last.
    Returns name → (K, …), or (…) for one external; θ if there are no pairs. ValueError if shapes do not fit.
    """
    if observations.shape[:-1] != actions.shape:
        shapes = f"observations {tuple(observations.shape)} and actions {tuple(actions.shape)}"
        raise ValueError(f"{shapes} do not fit: each watched action needs the observation it answered")
    if actions.dim() == 1:
        single = adapt(imitator, observations[None], actions[None], steps, step_size,
                       None if weights is None else weights[None], second_order, trace)  # fmt: skip
        return {name: p[0] for name, p in single.items()}
    with torch.enable_grad():
        parameters = meta_parameters(imitator, len(actions))
        if not second_order:  # frozen parameters need a leaf here, or there is nothing to differentiate
            parameters = {n: p if p.requires_grad else p.detach().requires_grad_() for n, p in parameters.items()}
        sizes = {name: _step_size(imitator, name, step_size, weights, actions) for name in parameters}
        for _ in range(steps if actions.shape[1] else 0):
            loss = imitation_loss(imitator, parameters, observations, actions, weights)
            if trace is not None:
                trace.append(loss.detach())
            gradients = torch.autograd.grad(loss.sum(), list(parameters.values()), create_graph=second_order)
            parameters = {name: p - sizes[name] * g for (name, p), g in zip(parameters.items(), gradients, strict=True)}
        if trace:
            trace.append(imitation_loss(imitator, parameters, observations, actions, weights).detach())
    return parameters


def _step_size(
    imitator: nn.Module, name: str, step_size: float | None, weights: Tensor | None, actions: Tensor
) -> Tensor | float:
    """α_adp of one parameter: as given, or learned and weighted by the number of pairs, (K, …)."""
    if step_size is not None:
        return step_size
    assert isinstance(imitator, MetaImitator), "give a step_size: only a MetaImitator has learned ones"
    learned = imitator.log_step_size[name.removeprefix("layers.").replace(".", "_")].exp()
    n = learned.new_full((len(actions),), actions.shape[1]) if weights is None else weights.sum(-1)  # (K,)
    return (n / (n + imitator.log_prior_pairs.exp())).view(-1, *[1] * learned.dim()) * learned


def meta_loss(
    imitator: nn.Module, support: Watched, query: Watched, steps: int, step_size: float | None = None,
    second_order: bool = True,
) -> tuple[Tensor, Parameters]:  # fmt: skip
    """The outer loss of Eq. 4: the adapted imitators' mean loss on query pairs, nats; minimise it in θ (and α_adp).

    Args: support and query of the same K externals, no pair in both. Returns the loss, a scalar, and the adapted
    parameters θ′. With externals drawn at random it is an unbiased estimate of Eq. 1, for a learner that adapts.
    """
    observations, actions, weights = support
    adapted = adapt(imitator, observations, actions, steps, step_size, weights, second_order)
    return imitation_loss(imitator, adapted, *query).mean(), adapted
