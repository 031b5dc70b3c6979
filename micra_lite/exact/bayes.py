"""The Bayes predictor: the best prediction of an external from watched moves, and the best response to it.

For watched pairs (o_1, a_1) … (o_P, a_P) of an external drawn from the family p(𝒯),

    p(k | pairs) ∝ p(k) ∏_t π_k(a_t | o_t)              the posterior over externals
    π̄(a | o)    = E_k[π_k(a | o) | pairs]               its prediction: no imitator has a lower expected loss

1. `external_log_likelihoods`: log ∏_t π_k(a_t | o_t) of many externals at once.
2. `posterior`: the weights of a finite list of externals, exactly.
3. `bayes_predictor`: π̄ over the whole family, for mixed strategies in closed form (Dirichlet), else by sequential Monte
   Carlo. With hundreds of pairs, weighted draws from the prior alone would collapse to a few. So the likelihood is
   raised to a power, the inverse temperature, that grows from 0 to 1 in stages; at each stage the sample is weighted,
   resampled and moved (Del Moral, Doucet and Jasra, 2006).
4. `bayes_greedy_team`: the best response to π̄, a practical ceiling for adaptation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..externals import ExternalFamily, Externals
from ..games.matrix import MixedStrategies
from ..games.tabular import TabularGame
from ..replay import Episode
from .tabulate import Tabulated
from .values import Array, Response, best_response

MOVES = 8  # Metropolis steps of the whole sample at each stage


@dataclass(frozen=True)
class Watched:
    """Watched pairs, counted: U distinct (joint) observations of the externals and how often each action followed."""

    observations: list[Tensor]  # per external (U, O_e)
    counts: list[Tensor]  # per external (U, A_e), float64

    @classmethod
    def of(cls, game: TabularGame, episodes: Sequence[Episode]) -> Watched:
        """Count the pairs of episodes, as `micra_lite.watch` returns them. Raises ValueError if one lacks an external."""
        for number, episode in enumerate(episodes):
            if missing := [e for e in game.externals if e not in episode.observations or e not in episode.actions]:
                raise ValueError(f"watched episode {number} lacks observations or actions of {missing}")
        sizes = [game.observation_sizes[e] for e in game.external_axes]
        seen = [torch.cat([torch.zeros(0, size), *(x.observations[e].float() for x in episodes)])
                for e, size in zip(game.externals, sizes, strict=True)]  # fmt: skip
        distinct, which = torch.unique(torch.cat(seen, 1), dim=0, return_inverse=True)  # (U, ΣO_e), (P,)
        counts = []
        for name, e in zip(game.externals, game.external_axes, strict=True):
            taken = torch.cat([torch.zeros(0, dtype=torch.long), *(x.actions[name] for x in episodes)])  # (P,)
            count = torch.zeros(len(distinct), game.n_actions[e], dtype=torch.float64)
            counts.append(count.index_put_((which, taken), torch.ones(1, dtype=torch.float64), accumulate=True))
        return cls(list(distinct.split(sizes, 1)), counts)


def external_log_likelihoods(family: ExternalFamily, parameters: Tensor, watched: Watched) -> Tensor:
    """log ∏_t π_k(a_t | o_t) in nats for each of M externals: parameters (M, P) → (M,); −∞ where one is impossible."""
    if not len(watched.observations[0]):
        return torch.zeros(len(parameters), dtype=torch.float64)
    policies = family.probabilities(parameters[:, None], [o[None] for o in watched.observations])  # (M, U, A_e) each
    logs = [torch.xlogy(count, policy.double()) for count, policy in zip(watched.counts, policies, strict=True)]
    return torch.stack([each.expand(len(parameters), *each.shape[1:]).sum((1, 2)) for each in logs]).sum(0)


def posterior(candidates: Externals, watched: Watched) -> Array:
    """p(k | pairs) of K externals, one of which was watched, under a uniform prior: (K,), summing to one."""
    return torch.softmax(external_log_likelihoods(candidates.family, candidates.parameters, watched), 0).numpy()


@dataclass(frozen=True)
class BayesPrediction:
    """The posterior-mean policies π̄, one (S, A_e) per external.

    `effective_sample_size` is 1/Σ_i w_i² of the posterior sample, where equal particles count as one of their common
    weight. It is infinite for a closed form.
    """

    policies: list[Array]
    effective_sample_size: float


def bayes_predictor(
    game: TabularGame, family: ExternalFamily, episodes: Sequence[Episode], particles: int = 1024, seed: int = 0
) -> BayesPrediction:
    """π̄(a | o), the prediction of the external after `episodes`, in every state of `game`.

    Args: episodes, as `micra_lite.watch` returns them, possibly none; particles M, the size of the posterior sample;
    seed, of all its draws. Raises TypeError for a family that states no prior, ValueError for incomplete episodes.

    >>> from micra_lite.registry import external_family, make
    >>> game = make("rock_paper_scissors")
    >>> bayes_predictor(game, external_family("rock_paper_scissors"), []).policies[0].round(3).tolist()
    [[0.333, 0.333, 0.333]]
    """
    watched = Watched.of(game, episodes)
    if isinstance(family, MixedStrategies):
        means = []
        for count in watched.counts:
            after = family.alpha + count.sum(0)  # the posterior is a Dirichlet distribution again
            means.append((after / after.sum()).expand(game.n_states, -1).numpy())
        return BayesPrediction(means, math.inf)
    sample = sample_posterior(family, watched, particles, seed)
    seen = game.observe(game.states())
    seen = [seen[e][None] for e in game.external_axes]
    totals = [np.zeros((game.n_states, game.n_actions[e])) for e in game.external_axes]
    for part in sample.split(256):  # (256, S, A_e) at a time
        for total, policy in zip(totals, family.probabilities(part[:, None], seen), strict=True):
            total += policy.double().expand(len(part), game.n_states, -1).sum(0).numpy()
    shares = torch.unique(sample, dim=0, return_counts=True)[1].double() / len(sample)
    return BayesPrediction([total / len(sample) for total in totals], float(1 / shares.square().sum()))


def sample_posterior(family: ExternalFamily, watched: Watched, particles: int, seed: int) -> Tensor:
    """`particles` draws from p(k | pairs), as parameters (M, P), float64, by sequential Monte Carlo."""
    prior = family.prior()
    rng = np.random.default_rng(seed)
    sample = _draw(prior, rng, particles)
    likelihood = external_log_likelihoods(family, sample, watched)  # (M,)
    inverse_temperature = 0.0  # the likelihood's exponent: 0 is the prior, 1 the posterior
    while inverse_temperature < 1:
        step = _next_step(likelihood, 1 - inverse_temperature)
        weights = torch.softmax(step * likelihood, 0).numpy()
        inverse_temperature = min(1.0, inverse_temperature + step)
        spread = np.cov(sample.numpy().T, aweights=weights) + 1e-9 * np.eye(sample.shape[1])
        root = np.linalg.cholesky(spread).astype(np.float64)
        # Systematic resampling: one uniform number for the whole sample.
        points = (rng.random() + np.arange(particles)) / particles
        kept = np.searchsorted(np.cumsum(weights), points).clip(max=particles - 1)
        sample, likelihood = sample[kept], likelihood[kept]
        for _ in range(MOVES):
            sample, likelihood = _move(family, prior, watched, sample, likelihood, inverse_temperature, root, rng)
    return sample


def _next_step(likelihood: Tensor, most: float) -> float:
    """The largest increase of the inverse temperature, up to `most`, that leaves half of the sample effective."""

    def effective(step: float) -> float:
        weights = torch.softmax(step * likelihood, 0)
        return float(1 / weights.square().sum()) / len(likelihood)

    if effective(most) >= 0.5:
        return most
    low, high = 0.0, most
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if effective(middle) >= 0.5 else (low, middle)
    return high  # never zero, so that every stage makes progress


def _draw(prior: list[torch.distributions.Distribution], rng: np.random.Generator, count: int) -> Tensor:
    """`count` externals drawn from the prior, as parameters (count, P), float64."""
    uniform = torch.as_tensor(rng.random((count, len(prior))))
    return torch.stack([p.icdf(u) for p, u in zip(prior, uniform.unbind(1), strict=True)], 1)


def _log_prior(prior: list[torch.distributions.Distribution], parameters: Tensor) -> Tensor:
    return torch.stack([p.log_prob(column) for p, column in zip(prior, parameters.unbind(1), strict=True)]).sum(0)


def _move(
    family: ExternalFamily, prior: list[torch.distributions.Distribution], watched: Watched, sample: Tensor,
    likelihood: Tensor, inverse_temperature: float, root: Array, rng: np.random.Generator,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """One Metropolis step of every particle, with prior · likelihood^inverse_temperature as its stationary distribution.

    A particle either takes a random step, with the sample's own covariance at one of three scales, or draws one of its
    parameters afresh from the prior, which finds other modes.
    """
    M, P = sample.shape
    scale = 2.38 / math.sqrt(P) * np.array([1.0, 0.3, 0.1])[rng.integers(3, size=(M, 1))]
    wandered = sample + torch.as_tensor(scale * (rng.standard_normal((M, P)) @ root.T))
    fresh = _draw(prior, rng, M)
    one = torch.as_tensor(np.eye(P, dtype=bool)[rng.integers(P, size=M)])
    redraw = torch.as_tensor(rng.random(M) < 0.3)
    proposed = torch.where(redraw[:, None], torch.where(one, fresh, sample), wandered)
    allowed = _log_prior(prior, proposed) - _log_prior(prior, sample)  # −∞ outside the prior's support
    found = external_log_likelihoods(family, torch.where(torch.isfinite(allowed)[:, None], proposed, sample), watched)
    # Redrawing proposes by the prior, which therefore cancels.
    ratio = inverse_temperature * (found - likelihood) + torch.where(redraw, 0.0, allowed)
    accepted = torch.as_tensor(np.log(rng.random(M))) < ratio
    return torch.where(accepted[:, None], proposed, sample), torch.where(accepted, found, likelihood)


def bayes_greedy_team(table: Tabulated, prediction: BayesPrediction) -> Response:
    """The best response to the posterior-mean externals: a ceiling in one-shot games, a practical one elsewhere."""
    return best_response(table, prediction.policies)
