"""The Bayes predictor against products written out, integrals, and what must hold of any posterior."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import comb
from scipy.stats import beta, kstest
from torch.distributions import Dirichlet, Normal, Uniform

from micra_lite import exact
from micra_lite.externals import ExternalFamily
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.registry import CONTROLS, GRID_TASKS, external_family, make
from micra_lite.replay import Episode


def watched_episodes(game, external, episodes, steps=25, seed=0):
    """A uniformly random team beside one external, as `Episode`s; played through `step`."""
    g = torch.Generator().manual_seed(seed)
    k, state = torch.zeros(episodes, dtype=torch.long), game.reset(episodes, g)
    seen_by, taken = [], []
    for _ in range(steps):
        seen = game.observe(state)
        actions = torch.stack([torch.randint(a, (episodes,), generator=g) for a in game.n_actions], -1)
        for e, policy in zip(
            game.external_axes, external.policies(k, [seen[e] for e in game.external_axes]), strict=True
        ):
            actions[:, e] = torch.multinomial(policy, 1, generator=g)[:, 0]
        seen_by.append(torch.stack([seen[e] for e in game.external_axes]))
        taken.append(actions)
        state = game.step(state, actions, g).state
    seen_by, taken = torch.stack(seen_by, 2), torch.stack(taken, 1)  # (n_ext, E, T, O), (E, T, n)
    return [
        Episode({name: seen_by[x, b] for x, name in enumerate(game.externals)},
                {name: taken[b, :, e] for name, e in zip(game.externals, game.external_axes, strict=True)})
        for b in range(episodes)
    ]  # fmt: skip


def moves(game, name, *counts):
    """A one-shot game's watched moves: `counts[a]` times action a."""
    actions = torch.cat([torch.full((c,), a) for a, c in enumerate(counts)])
    return [Episode({name: torch.ones(len(actions), 1)}, {name: actions})]


@pytest.mark.parametrize("name", GRID_TASKS)
def test_posterior_of_a_finite_list_by_enumeration(name):
    """Six externals, one of which played 40 steps: products of probabilities, one factor at a time."""
    game, family = make(name), external_family(name)
    some = family.sample(300, 6)
    episodes = watched_episodes(game, some[2], 2, steps=20)
    weights = []
    for k in range(6):
        weight = 1.0
        for episode in episodes:
            for o, a in zip(episode.observations[game.externals[0]], episode.actions[game.externals[0]], strict=True):
                weight *= float(some[k].policies(torch.tensor([0]), [o[None]])[0][0, a])
        weights.append(weight)
    found = exact.posterior(some, exact.Watched.of(game, episodes))
    np.testing.assert_allclose(found, np.array(weights) / sum(weights), rtol=1e-6)
    assert found[2] > 0.5


def test_hundreds_of_pairs_do_not_underflow():
    """2,000 pairs: every product of probabilities is 0 in floating point, the weights are not."""
    game, family = make("pursuit"), external_family("pursuit")
    some = family.sample(300, 6)
    watched = exact.Watched.of(game, watched_episodes(game, some[4], 80))
    likelihood = exact.external_log_likelihoods(family, some.parameters, watched)
    assert math.exp(float(likelihood.max())) == 0
    found = exact.posterior(some, watched)
    assert found.sum() == pytest.approx(1)
    assert found[4] > 0.999
    assert float(watched.counts[0].sum()) == 2000


@pytest.mark.parametrize("counts", [(0, 0), (3, 1), (0, 40)])
def test_closed_form_of_two_actions_by_integration(counts):
    """Posterior mean of a Beta-distributed coin, by quadrature over its probability."""
    game, family = make("matching_pennies"), external_family("matching_pennies")
    a = family.alpha

    def moment(power):
        return quad(lambda p: p ** (power + counts[0] + a - 1) * (1 - p) ** (counts[1] + a - 1), 0, 1)[0]

    found = exact.bayes_predictor(game, family, moves(game, "column", *counts))
    expected = moment(1) / moment(0)
    np.testing.assert_allclose(found.policies, [[[expected, 1 - expected]]], rtol=1e-5)
    assert found.effective_sample_size == math.inf


@pytest.mark.parametrize("name", ["rectangular", "three_sites", "odd_one_out"])
def test_closed_form_by_weighted_draws(name):
    """200,000 strategies from the prior, each weighted by the probability of seven watched moves."""
    game, family = make(name), external_family(name)
    who, size = game.externals[0], game.n_actions[game.external_axes[0]]
    counts = (4, 1, 2)[:size]
    draws = np.random.default_rng(0).dirichlet([family.alpha] * size, 200_000)
    weights = (draws ** np.array(counts)).prod(1)
    found = exact.bayes_predictor(game, family, moves(game, who, *counts)).policies[0]
    np.testing.assert_allclose(found[0], weights @ draws / weights.sum(), atol=4e-3)


class TwoSided(ExternalFamily):
    """On the 2 × 2 pursuit: goes east where a trait says so and north where another does; the sign of the first is hidden."""

    name, parameter_names = "pursuit", ("east", "north")

    def draw(self, rng):
        return np.array([rng.uniform(-3, 3), rng.standard_normal()])

    def prior(self):
        return [Uniform(-3.0, 3.0, validate_args=False), Normal(0.0, 1.0)]

    def probabilities(self, parameters, observations):
        own = observations[0][..., :12].unflatten(-1, (3, 4))[..., -1, :].argmax(-1)  # the prey's cell
        east, north = parameters.unbind(-1)
        zero = torch.zeros_like(east + own)
        return [torch.stack([zero, north * (own > 1), zero, zero, east.abs() * (own % 2 == 0)], -1).softmax(-1)]


@pytest.mark.parametrize("episodes", [0, 1, 20])
def test_sampler_by_quadrature(episodes):
    """Two parameters on a grid of 400 × 400 points, up to 500 pairs; both modes of the hidden sign are kept."""
    game, family = make("pursuit", size=2), TwoSided()
    external = family.sample(5)
    watched = watched_episodes(game, external, episodes) if episodes else []
    found = exact.bayes_predictor(game, family, watched, particles=2048)
    east, north = np.meshgrid(np.linspace(-3, 3, 402)[1:-1], np.linspace(-5, 5, 400), indexing="ij")
    own = np.arange(4)
    logits = np.zeros((*east.shape, 4, 5))
    logits[..., 1] = north[..., None] * (own > 1)
    logits[..., 4] = np.abs(east)[..., None] * (own % 2 == 0)
    policies = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    log_weights = -(north**2) / 2
    for episode in watched:
        cells = episode.observations["prey"][:, :12].reshape(-1, 3, 4)[:, -1].argmax(-1)
        for cell, action in zip(cells.tolist(), episode.actions["prey"].tolist(), strict=True):
            log_weights = log_weights + np.log(policies[..., cell, action])
    weights = np.exp(log_weights - log_weights.max())
    expected = np.einsum("ij,ijca->ca", weights / weights.sum(), policies)  # (4 cells, 5)
    prey = game.states()[:, -1].numpy()
    np.testing.assert_allclose(found.policies[0], expected[prey], atol=0.012)
    assert found.effective_sample_size >= 100
    sample = exact.sample_posterior(family, exact.Watched.of(game, watched), 2048, 1)
    assert 0.3 < float((sample[:, 0] > 0).double().mean()) < 0.7


@pytest.mark.parametrize("name", GRID_TASKS)
def test_sampler_by_importance(name):
    """A few watched moves: 100,000 draws from the family, weighted, agree in every state."""
    game, family = make(name), external_family(name)
    external = family.split("validation")[3]
    watched = watched_episodes(game, external, 1, steps=6)
    found = exact.bayes_predictor(game, family, watched, particles=4096).policies[0]
    rng = np.random.default_rng(1)
    draws = torch.tensor(np.stack([family.draw(rng) for _ in range(100_000)]))
    weights = torch.softmax(exact.external_log_likelihoods(family, draws, exact.Watched.of(game, watched)), 0)
    assert 1 / float(weights.square().sum()) > 300  # what the oracle itself is worth
    best = draws[torch.multinomial(weights, 4000, generator=torch.Generator().manual_seed(0), replacement=True)]
    states = torch.arange(0, game.n_states, 7)
    seen = game.observe(game.states()[states])[-1]
    expected = family.probabilities(best[:, None], [seen[None]])[0].mean(0).numpy()
    gap = np.abs(found[states] - expected)
    assert gap.max() < 0.09  # two estimates, each with an error of a few hundredths at worst
    assert gap.mean() < 0.015


@pytest.mark.parametrize("name", [*GRID_TASKS, *CONTROLS, "three_sites", "odd_one_out"])
def test_priors_are_what_externals_are_drawn_from(name):
    """2,000 drawn externals, parameter by parameter, against the stated distribution (Kolmogorov-Smirnov)."""
    family = external_family(name)
    drawn = family.split("train").parameters[:2000].numpy()
    position = 0
    for stated in family.prior():
        if isinstance(stated, Dirichlet):  # its marginals are Beta distributions
            alpha = stated.concentration
            for j, a in enumerate(alpha.tolist()):
                assert kstest(drawn[:, position + j], beta(a, float(alpha.sum()) - a).cdf).pvalue > 1e-3
            position += len(alpha)
        else:
            assert kstest(drawn[:, position], lambda x, d=stated: d.cdf(torch.as_tensor(x)).numpy()).pvalue > 1e-3
            position += 1
    assert position == drawn.shape[1]


@pytest.mark.parametrize("name", GRID_TASKS)
def test_watching_teaches(name):
    """Held-out externals: the error in nats falls with what was watched, and with nothing watched it is the average's."""
    game, family = make(name), external_family(name)
    externals = family.split("held-out")[[3, 11, 40]]
    true = game.tables(externals)[0].numpy()
    errors = []
    for episodes in (0, 1, 5):
        errors.append([])
        for k in range(3):
            watched = watched_episodes(game, externals[k], episodes) if episodes else []
            found = exact.bayes_predictor(game, family, watched, particles=512)
            assert found.effective_sample_size >= 100
            policy = found.policies[0]
            np.testing.assert_allclose(policy.sum(1), 1)
            ratio = np.log(true[k].clip(1e-30)) - np.log(policy.clip(1e-30))
            errors[-1].append((true[k] * ratio).sum(1).mean())
    before, one, five = np.mean(errors, axis=1)
    assert before > 1.5 * one > 1.5 * five
    average = game.tables(family.split("train"))[0].mean(0).numpy()
    nothing = exact.bayes_predictor(game, family, [], particles=2048).policies[0]
    assert np.abs(nothing - average).mean() < 0.012


def test_bayes_greedy_is_a_ceiling_of_one_shot_games():
    """Matching pennies after three watched moves: of all 16 rules from counts to actions, none earns more on average."""
    game, family = make("matching_pennies"), external_family("matching_pennies")
    table, a = exact.tabulate(game), family.alpha

    def probability(heads, also):  # of watching so many heads, and of heads (or anything) after that
        density = beta(a, a).pdf
        return quad(lambda p: comb(3, heads) * p ** (heads + also) * (1 - p) ** (3 - heads) * density(p), 0, 1)[0]

    values = []
    for heads in range(4):
        both, alone = probability(heads, 1), probability(heads, 0)
        values.append((both - (alone - both), (alone - both) - both))  # of playing heads, and of tails
    rules = [sum(v[choice] for v, choice in zip(values, rule, strict=True)) for rule in product((0, 1), repeat=4)]
    greedy = 0.0
    for heads in range(4):
        prediction = exact.bayes_predictor(game, family, moves(game, "column", heads, 3 - heads))
        team = exact.bayes_greedy_team(table, prediction).policies[0]
        greedy += float(np.dot(team[0], values[heads]))
    assert greedy == pytest.approx(max(rules), abs=1e-6)
    assert greedy > np.mean(rules) + 0.2


def test_the_same_seed_gives_the_same_prediction():
    game, family = make("crossing"), external_family("crossing")
    watched = watched_episodes(game, family.sample(9), 2)
    first, again, other = (exact.bayes_predictor(game, family, watched, 256, seed).policies[0] for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_partial_views_are_watched_as_they_are_seen():
    """A prey that sees one cell far: its own observations tell it apart, and the error falls as well."""
    game = make("pursuit", view=1)
    family = external_family("pursuit", game)
    external = family.split("held-out")[0]
    true = game.tables(external)[0][0].numpy()
    gaps = []
    for episodes in (0, 5):
        watched = watched_episodes(game, external, episodes) if episodes else []
        policy = exact.bayes_predictor(game, family, watched, particles=512).policies[0]
        gaps.append((true * (np.log(true) - np.log(policy))).sum(1).mean())
    assert gaps[1] < 0.3 * gaps[0]


def test_mistakes_are_named():
    class Mute(ExternalFamily):
        name, parameter_names = "pursuit", ()

    game = make("pursuit", size=2)
    with pytest.raises(TypeError, match="'pursuit' does not state its prior"):
        exact.bayes_predictor(game, Mute(), [])
    good = watched_episodes(game, TwoSided().sample(0), 1)[0]
    with pytest.raises(ValueError, match=r"watched episode 1 lacks observations or actions of \['prey'\]"):
        exact.bayes_predictor(game, TwoSided(), [good, Episode({}, {})])


def test_all_matrix_games_have_a_closed_form():
    for name in MATRIX_GAMES:
        game = make(name)
        prediction = exact.bayes_predictor(game, external_family(name), [])
        for policy, e in zip(prediction.policies, game.external_axes, strict=True):
            np.testing.assert_allclose(policy, 1 / game.n_actions[e])
