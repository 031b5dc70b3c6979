"""The baselines and the ablations: targets, advantages and gradients by loops, and that each method learns."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

import micra_lite
from helpers.toy import Toy, initial, some_transitions, two_externals
from micra_lite import exact
from micra_lite.agent import adapted_belief, prior_belief
from micra_lite.baselines.ablations import NO_IMITATOR, DataBelief
from micra_lite.baselines.advantages import at_sampled_action, joint_advantage
from micra_lite.baselines.maddpg import action_gradient_loss, action_value_loss, straight_through_gumbel
from micra_lite.baselines.methods import METHODS, PUBLISHED, initial_state, settings_of, train
from micra_lite.baselines.on_policy import as_played, judge_by_action, judge_by_value, lambda_returns
from micra_lite.exact.scores import exact_values, team_tables, yardstick_for
from micra_lite.externals import ExternalFamily
from micra_lite.regret import counterfactual_regret_advantage, policy_gradient_objective
from micra_lite.replay import Replay, followed
from micra_lite.rollouts import play
from micra_lite.settings import Settings
from micra_lite.training_state import last
from micra_lite.updates import actor_loss, temporal_difference_target

SMALL = {
    "features": 16, "hidden": 32, "actor_hidden": 32, "imitator_hidden": 8, "probes": 4, "updates": 6, "updates_per_round": 3,
    "externals_per_round": 3, "episodes_per_external": 8, "support_episodes": (1, 2), "query_episodes": 4,
    "externals_per_update": 4, "unwatched_externals": 1, "states_per_external": 16,
}  # fmt: skip
RIVALS = PUBLISHED[1:]
VALUES = RIVALS[:2]


def settings(name, **changed):
    return settings_of(name, Settings(**SMALL), **{**SMALL, **changed})


def toy_state(name, **changed):
    changed = {"conditioned": False, "dtype": "float64", "entropy_coefficient": 0.0, **changed}
    return initial_state(name, Toy(), settings(name, **changed))


def a_round(state, episodes=10, belief=None):
    played = play(state, two_externals(), belief or prior_belief(state.agent, 2), episodes, 0.0, state.generator)
    return as_played(state, played, belief or prior_belief(state.agent, 2))


def test_settings_that_are_not_the_methods_are_refused():
    game, family = micra_lite.make("chicken"), micra_lite.external_family("chicken")
    with pytest.raises(ValueError, match="not settings for COMA"):
        next(train("COMA", game, family, Settings(**SMALL)))
    with pytest.raises(ValueError, match="nobody has a belief"):
        next(micra_lite.offline_training(game, family, Settings(**SMALL), variant=NO_IMITATOR))


# ---- TD(λ)


def forward_view(r, v, over, learned, t, gamma, lam):
    """G_t as the mixture of all n-step returns, Σ_n (1 − λ) λ^{n−1} G^{(n)}, the last one with what is left of weight."""
    found, weight, n = 0.0, 1.0, 1
    while True:
        steps = sum(gamma**j * r[t + j] for j in range(n))
        ended = over[t + n - 1]
        final = ended or not (t + n < len(r) and learned[t + n])  # there is no longer return than this one
        following = v[t + n] if t + n < len(r) else 0.0
        share = weight if final else weight * (1 - lam)
        found += share * (steps + (0.0 if ended else gamma**n * following))
        if final:
            return found
        weight, n = weight * lam, n + 1


@pytest.mark.parametrize("lam", [0.0, 0.3, 0.8, 1.0])
def test_lambda_returns_are_the_mixture_of_n_step_returns(lam):
    rng = np.random.default_rng(0)
    checked = 0
    for _ in range(60):
        T = 6
        over, cut = rng.random(T) < 0.15, rng.random(T) < 0.1
        alive = np.cumprod([True, *~(over | cut)[:-1]]).astype(bool)
        learned = alive & (over | np.append(alive[1:], False))
        r, v = rng.standard_normal(T), rng.standard_normal(T)
        given = [torch.tensor(x)[None] for x in (r, v, over, learned)]
        found = lambda_returns(*given, 0.9, lam)[0]
        for t in np.flatnonzero(learned):
            assert float(found[t]) == pytest.approx(forward_view(r, v, over, learned, t, 0.9, lam), abs=1e-12)
            checked += 1
    assert checked > 150


def test_the_two_ends_of_lambda():
    """λ = 0: r + γ v′. λ = 1: the discounted sum of what came, to the end."""
    r, v = torch.tensor([1.0, -2.0, 4.0]), torch.tensor([10.0, 20.0, 30.0])
    over, learned = torch.tensor([False, False, True]), torch.tensor([True, True, True])
    assert lambda_returns(r, v, over, learned, 0.5, 0.0).tolist() == [1 + 0.5 * 20, -2 + 0.5 * 30, 4]
    assert lambda_returns(r, v, over, learned, 0.5, 1.0).tolist() == [1 + 0.5 * (-2 + 0.5 * 4), -2 + 0.5 * 4, 4]


@pytest.fixture(scope="module")
def long_play():
    """Many episodes of the untrained team with one external, and the exact V and Q of these policies."""
    state = toy_state("COMA")
    game, external = state.game, two_externals()[0]
    played = play(state, external, prior_belief(state.agent, 1), 60_000, 0.0, state.generator)
    team = [t[0].numpy() for t in team_tables(state)]
    policies = [team[1], game.tables(external)[0][0].numpy(), team[0]]
    q = torch.tensor(exact.joint_q(exact.tabulate(game), policies))  # (S, A_1, A_2, A_3)
    weights = torch.einsum("sa,sb,sc->sabc", *[torch.tensor(p) for p in policies])
    learned = as_played(state, played, prior_belief(state.agent, 1)).learned
    return played, q, (weights * q).sum((1, 2, 3)), learned


@pytest.mark.parametrize("lam", [0.0, 0.8, 1.0])
@pytest.mark.parametrize("of", ["states", "state-action pairs"])
def test_on_average_lambda_returns_are_exact_values(long_play, lam, of):
    """With exact V (or Q) to bootstrap from, the mean of G from every state (or pair) is exact: 4.5 standard errors."""
    played, q, v, learned = long_play
    number = played.states[:, :, :-1, 0]
    truth = v[number] if of == "states" else q[(number, *played.actions.unbind(-1))]
    reward = played.rewards[..., [0, 2]].mean(-1).double()
    error = (lambda_returns(reward, truth, played.terminated, learned, 0.8, lam) - truth)[learned]
    group = number[learned] if of == "states" else (number[..., None] == torch.arange(4))[learned].int().argmax(-1)
    for s in range(4):
        some = error[group == s]
        assert abs(float(some.mean())) < 4.5 * float(some.std()) / math.sqrt(len(some))
        assert float(some.std()) > 0.01


# ---- what a round is judged to be worth


def test_a_last_step_without_a_next_action_is_learned_from_by_none():
    """Whatever happened at it: those that ended there are no fair sample. Where all end, it is learned from."""
    state = toy_state("COMA")
    part = a_round(state, 100)
    assert part.play.terminated[..., 2][part.play.alive[..., 2]].any()
    for b, e, t in product(range(2), range(100), range(3)):
        assert bool(part.learned[b, e, t]) == (t < 2 and bool(part.play.alive[b, e, t]))
    assert part.learned.sum() == len(part.actions) == len(part.log_policies[0])
    assert (
        followed(torch.tensor([[True, True], [True, False]]), torch.tensor([[False, True], [True, False]])).sum() == 3
    )


@pytest.mark.parametrize("name", VALUES)
def test_value_methods_learn_the_return_and_credit_what_exceeds_it(name):
    """Loss and advantage by loops: (G − V)² and G − V, each target's own V; one step of the critic lowers the loss."""
    state = toy_state(name, critic_rate=1e-3)
    part = a_round(state)
    features = state.agent.features(part.observations)
    values = state.agent.values(part.belief, features).detach().unflatten(-1, (10, 3))
    loss, advantages = judge_by_value(state, part)  # nothing has been learned yet: the slow critic is the same
    total = []
    for m, advantage in enumerate(advantages):
        row = 0
        for b, e, t in product(range(2), range(10), range(3)):
            if not part.learned[b, e, t]:
                continue
            columns = [part.reward[b, e], values[m, b, e], part.play.terminated[b, e], part.learned[b, e]]
            g = forward_view(*[c.tolist() for c in columns], t, 0.8, state.settings.trace_decay)
            error = g - float(values[m, b, e, t])
            assert advantage[row].tolist() == pytest.approx([error] * advantage.shape[1])
            total.append(error**2)
            row += 1
    assert float(loss.detach()) == pytest.approx(np.mean(total))
    assert torch.equal(values[0], values[1]) == (name == "central-V actor-critic")
    loss.backward()
    state.optimisers["critic"].step()
    assert float(judge_by_value(state, part)[0].detach()) < float(loss.detach())


def test_coma_by_loops():
    """The loss (Q(s, a) − G)², and the advantage Q(s, [·, a_-i]) − Σ π Q(s, [·, a_-i]), zero under the own policy."""
    state = toy_state("COMA", critic_rate=1e-3)
    part = a_round(state)
    features = state.agent.features(part.observations)
    q = state.agent.value(part.belief, features).table.detach().unflatten(1, (10, 3))
    loss, advantages = judge_by_action(state, part)
    row, total = 0, []
    for b, e in product(range(2), range(10)):
        actions = part.play.actions[b, e].tolist()
        taken = [float(q[(b, e, t, *actions[t])]) for t in range(3)]
        columns = [part.reward[b, e].tolist(), taken, part.play.terminated[b, e].tolist(), part.learned[b, e].tolist()]
        for t in range(3):
            if not part.learned[b, e, t]:
                continue
            total.append((taken[t] - forward_view(*columns, t, 0.8, state.settings.trace_decay)) ** 2)
            for i, log_policy, advantage in zip(state.agent.target_axes, part.log_policies, advantages, strict=True):
                others = [list(actions[t]) for _ in range(state.game.n_actions[i])]
                for a, joint in enumerate(others):
                    joint[i] = a
                own = [float(q[(b, e, t, *joint)]) for joint in others]
                policy = log_policy[row].exp().tolist()
                baseline = sum(p * x for p, x in zip(policy, own, strict=True))
                assert advantage[row].tolist() == pytest.approx([x - baseline for x in own])
                assert sum(p * x for p, x in zip(policy, advantage[row].tolist(), strict=True)) == pytest.approx(0)
            row += 1
    assert float(loss.detach()) == pytest.approx(np.mean(total))
    loss.backward()
    state.optimisers["critic"].step()
    assert float(judge_by_action(state, part)[0].detach()) < float(loss.detach())


def test_the_actors_loss_makes_what_went_well_more_likely():
    logits = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    advantage = torch.tensor([2.0, -1.0], dtype=torch.float64)[:, None].expand(2, 3)
    sampled = at_sampled_action(advantage, torch.full((2, 3), 1 / 3, dtype=torch.float64), torch.tensor([1, 2]))
    actor_loss([logits.log_softmax(-1)], [sampled], 0.0).backward()
    after = (logits.detach() - 0.1 * logits.grad).softmax(-1)
    assert after[0, 1] > 1 / 3 > after[1, 2]


def test_an_independent_critic_sees_its_own_target_only():
    """Under partial views: changing what the others see leaves V_i where it is, and changes the central V."""
    game = micra_lite.make("pursuit", size=2, view=1)
    for name in VALUES:
        agent = initial_state(name, game, settings(name, conditioned=True)).agent
        belief = prior_belief(agent, 1)
        states = game.reset(5, torch.Generator().manual_seed(0))
        seen = [o.float()[None] for o in [*game.observe(states), game.observe_state(states)]]
        other = [seen[0], *[torch.rand_like(o) for o in seen[1:]]]
        values = []
        for o in (seen, other):
            features = agent.features(o)
            values.append(agent.values(belief, features))
        assert torch.equal(values[0][0], values[1][0]) == (name == "independent actor-critic")
        assert not torch.equal(values[0][1], values[1][1])


# ---- MADDPG


def test_straight_through_gumbel_samples_the_policy_and_has_the_softmax_gradient():
    policy = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
    sample = straight_through_gumbel(policy.log().expand(40_000, 3), torch.Generator().manual_seed(0))
    assert torch.equal(
        sample.sort(-1).values.round(decimals=9), torch.tensor([0.0, 0.0, 1.0]).double().expand(40_000, 3)
    )
    share = sample.mean(0)
    assert ((share - policy).abs() < 4 * (policy * (1 - policy) / 40_000).sqrt()).all()

    x = policy.log().clone().requires_grad_()
    worth = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    (straight_through_gumbel(x, torch.Generator().manual_seed(3), 0.7) * worth).sum().backward()
    uniform = torch.rand(3, generator=torch.Generator().manual_seed(3), dtype=torch.float64).tolist()
    noisy = [(math.log(p) - math.log(-math.log(u))) / 0.7 for p, u in zip(policy.tolist(), uniform, strict=True)]
    soft = [math.exp(z) / sum(math.exp(w) for w in noisy) for z in noisy]
    mean = sum(p * w for p, w in zip(soft, worth.tolist(), strict=True))
    slope = [p * (w - mean) / 0.7 for p, w in zip(soft, worth.tolist(), strict=True)]
    assert x.grad.tolist() == pytest.approx(slope)


def maddpg_state(**changed):
    state = toy_state("MADDPG", **changed)
    batch, _ = some_transitions(state.game, 2, 200)
    batch = batch._replace(next_actions=batch.actions.flip(1))
    return state, prior_belief(state.agent, 2), batch


class Known(nn.Module):
    """A critic that is known: 1 where the last agent, which has 3 actions, plays 1; plus `more`."""

    def __init__(self, more=0.0):
        super().__init__()
        self.more = nn.Parameter(torch.tensor(more, dtype=torch.float64))

    def forward(self, inputs, belief):
        return inputs[..., -2] + self.more


def always(actor, action):
    """Make an actor play one action, whatever it sees and believes."""
    layers, rank = actor.layers, len(actor.layers.weight)
    for part in (layers.state[-1], layers.belief[-1]):
        nn.init.zeros_(part.weight)
        nn.init.zeros_(part.bias)
    nn.init.ones_(layers.weight)
    layers.state[-1].bias.data[action * rank] = 80.0


def test_the_joint_q_is_drawn_to_reward_and_what_follows():
    """By loops: (r + γ Q̄(s′, a′) − Q(s, a))², r after an end. Q is 1 where the last agent plays 1, Q̄ is 10 more."""
    state, belief, batch = maddpg_state()
    agent = state.agent
    agent.critic, agent.target_critic = Known(), Known(10.0)
    for actor in agent.target_actors:  # the slow actors always play 1, whatever the fast ones do
        always(actor, 1)
    loss = action_value_loss(state, belief, batch)
    errors = []
    for b, n in product(range(2), range(200)):
        y = float(batch.rewards[b, n, [0, 2]].mean())
        y += 0.0 if batch.terminated[b, n] else 0.8 * (10 + 1)
        errors.append(y - float(batch.actions[b, n, 2] == 1))
    assert float(loss.detach()) == pytest.approx(np.mean(np.square(errors)))
    loss.backward()
    assert float(agent.critic.more.grad) == pytest.approx(-2 * np.mean(errors))


def test_the_actors_climb_q():
    """Q pays for one action of the last agent: one step makes it likelier everywhere, and leaves the other actor alone."""
    state, belief, batch = maddpg_state(actor_rate=1e-3)
    state.agent.critic = Known()
    before = team_tables(state)
    action_gradient_loss(state, belief, batch).backward()
    state.optimisers["actor"].step()
    after = team_tables(state)
    assert (after[0][..., 1] > before[0][..., 1]).all()
    assert torch.equal(after[1], before[1])


def test_own_transitions_are_followed_by_the_move_that_was_played_next():
    """Every drawn transition is found in its own group, with the next joint action; the cut-off last step is not drawn."""
    state = toy_state("MADDPG")
    replay = Replay(4, state.observe)
    externals = two_externals()
    for _ in range(2):
        played = play(state, externals, prior_belief(state.agent, 2), 4, 1.0, state.generator)
        replay.add(torch.tensor([0, 1]), played)
    groups = torch.tensor([3, 0])
    batch = replay.own_transitions(groups, 4, 300, state.generator)
    for b, g in enumerate(groups):
        known = {n: column[g] for n, column in replay.store.items()}
        found = set()
        for n in range(300):
            matches = [
                (e, t)
                for e, t in product(range(4), range(3))
                if known["alive"][e, t]
                and torch.equal(known["states"][e, t], batch.states[b, n])
                and torch.equal(torch.eye(4)[known["states"][e, t + 1, 0]].double(), batch.next_observations[0][b, n])
                and torch.equal(known["actions"][e, t], batch.actions[b, n])
                and torch.equal(known["rewards"][e, t], batch.rewards[b, n])
                and known["terminated"][e, t] == batch.terminated[b, n]
                and t < 2
                and (known["terminated"][e, t] or torch.equal(known["actions"][e, t + 1], batch.next_actions[b, n]))
            ]
            assert matches
            found.update(matches)
        assert len(found) == known["alive"][:, :2].sum()


# ---- ablations inside MICRA's loop


def test_the_joint_advantage_has_the_regrets_gradient_on_average():
    """By loops Q(s, a) − v(s); over all joint actions its sampled policy gradient is the exact one, for every target."""
    g = torch.Generator().manual_seed(0)
    q = torch.randn(1, 2, 3, 2, generator=g, dtype=torch.float64)
    policies = [torch.rand(1, a, generator=g, dtype=torch.float64) for a in (2, 3, 2)]
    policies = [p / p.sum() for p in policies]
    weight = {a: math.prod(float(p[0, x]) for p, x in zip(policies, a, strict=True)) for a in np.ndindex(2, 3, 2)}
    v = sum(w * float(q[(0, *a)]) for a, w in weight.items())
    for i, regret in zip((0, 1), counterfactual_regret_advantage(q, policies, (0, 1)), strict=True):
        leaf = policies[i].log().requires_grad_()
        (whole,) = torch.autograd.grad(policy_gradient_objective(leaf.log_softmax(-1), regret), leaf)
        mean = torch.zeros_like(whole)
        for a, w in weight.items():
            advantage = joint_advantage(q, policies, (0, 1), torch.tensor([a]))[i]
            assert float(advantage[0, a[i]]) == pytest.approx(float(q[(0, *a)]) - v)
            objective = policy_gradient_objective(leaf.log_softmax(-1), advantage, torch.tensor([a[i]]))
            mean += w * torch.autograd.grad(objective, leaf)[0]
        torch.testing.assert_close(mean, whole, rtol=1e-12, atol=1e-12)


def test_without_an_imitator_the_externals_next_move_stands_in():
    """y = r + γ Σ over the targets' next actions alone, the external's as in the data; and no imitator learns."""
    state = initial(Toy(), dtype="float64", conditioned=False, informed=False)
    belief, (batch, following) = prior_belief(state.agent, 1), some_transitions(Toy(), 1, 20)
    batch = batch._replace(next_actions=batch.actions.flip(1))
    y = temporal_difference_target(state, DataBelief(**vars(belief)), belief, batch)
    c, a = [t[0].tolist() for t in team_tables(state)]
    features = state.agent.features([torch.eye(4, dtype=torch.float64)[None]] * 3)
    q = state.agent.value(belief, features, target=True).table[0].tolist()
    for n in range(20):
        expected = float(batch.rewards[0, n, [0, 2]].mean())
        if not batch.terminated[0, n]:
            s, z = int(following[0, n]), int(batch.next_actions[0, n, 1])
            expected += 0.8 * sum(a[s][x] * c[s][w] * q[s][x][z][w] for x, w in product(range(2), range(3)))
        assert float(y[0, n]) == pytest.approx(expected)
    trained = run("MICRA, no imitator", "pursuit")
    fresh = initial_state("MICRA, no imitator", trained.game, trained.settings)
    for p, before in zip(trained.agent.imitators.parameters(), fresh.agent.imitators.parameters(), strict=True):
        assert torch.equal(p, before)


# ---- every method, whole


class TrainingOnly(ExternalFamily):
    """A family that lets nobody see other than training externals."""

    def __init__(self, family):
        self.family = family

    def split(self, which):
        assert which == "train"
        return self.family.split(which)


def run(name, game, state=None, **changed):
    game = micra_lite.make(game, **({"size": 2} if game == "pursuit" else {}))
    family = TrainingOnly(micra_lite.external_family(game.name, game))
    return last(train(name, game, family, settings(name, **changed), state)).state


@pytest.mark.parametrize("conditioned", [True, False])
@pytest.mark.parametrize("name", METHODS)
def test_every_method_trains_in_both_panels_and_sees_training_externals_only(name, conditioned):
    """Actors change; they heed the belief if and only if they are conditioned, and only then does an imitator learn."""
    if name == "MICRA, no imitator" and conditioned:
        pytest.skip("there is no prediction to be conditioned on")
    state = run(name, "pursuit", **{"conditioned": conditioned})
    fresh = initial_state(name, state.game, state.settings).agent
    changed = {n for n, p in state.agent.state_dict().items() if not torch.equal(p, fresh.state_dict()[n])}
    for part in ("actors", "critic", "target_critic", "extractors"):
        assert any(n.startswith(part) for n in changed)
    rival = name in RIVALS
    if rival:
        assert any(n.startswith("imitators") for n in changed) == conditioned
    episodes = state.settings.externals_per_round * state.settings.episodes_per_external
    rounds = 6 if rival and name != "MADDPG" else 2
    assert state.environment_steps == rounds * episodes * state.game.horizon

    met = two_prey(state)
    belief = adapted_belief(state.agent, met, state.settings.inner_steps)
    tables = team_tables(state, belief)
    assert all(torch.isfinite(t).all() for t in tables)
    assert torch.equal(tables[0][0], tables[0][1]) == (not conditioned)


def two_prey(state):
    externals = micra_lite.external_family("pursuit", state.game).split("train")[:2]
    played = play(state, externals, prior_belief(state.agent, 2), 4, 0.1, torch.Generator().manual_seed(0))
    return played.pairs(slice(4), state.observe)


@pytest.mark.parametrize("conditioned", [True, False])
@pytest.mark.parametrize("name", RIVALS)
def test_saved_and_resumed_equals_never_stopped(name, conditioned, tmp_path):
    game = micra_lite.make("pursuit", size=2)
    family = micra_lite.external_family("pursuit", game)
    for record in train(name, game, family, settings(name, conditioned=conditioned)):
        if record.step == 2:
            micra_lite.save(tmp_path / "a.pt", record.state)
    resumed = run(name, "pursuit", micra_lite.load(tmp_path / "a.pt"), conditioned=conditioned)
    assert resumed.environment_steps == record.state.environment_steps
    assert torch.equal(resumed.generator.get_state(), record.state.generator.get_state())
    for n, p in record.state.agent.state_dict().items():
        assert torch.equal(p, resumed.agent.state_dict()[n]), n


@pytest.mark.parametrize("game", ["climbing", "odd_one_out"])
@pytest.mark.parametrize("name", RIVALS)
def test_every_rival_learns(name, game):
    """Unseen mixed strategies in one-shot games: far above the random team, which scores 0; the best response scores 1."""
    learning = {"updates_per_round": 8, "externals_per_round": 8, "externals_per_update": 8, "conditioned": False}
    state = run(name, game, updates=80, **learning)
    externals = micra_lite.external_family(game).split("validation")
    table = exact.tabulate(state.game)
    scale = yardstick_for(table, externals, state.game)
    assert scale.normalised_score(exact_values(state, table, externals)) > 0.4
