"""The three phases as a user runs them: on small games, with every option, in both precisions, and on bad input."""

import math
from dataclasses import replace

import pytest
import torch

import micra_lite
from micra_lite.agent import Agent, prior_belief
from micra_lite.baselines.ablations import TRUE_EXTERNALS, TrueBelief
from micra_lite.exact import tabulate
from micra_lite.exact.scores import (
    adaptation_report,
    adaptation_scores,
    exact_values,
    mean_return,
    predicted_tables,
    team_tables,
    yardstick_for,
)
from micra_lite.externals import ExternalFamily
from micra_lite.games.tabular import Outcomes, TabularGame
from micra_lite.phases import execution, imitate, offline_training, online_adaptation
from micra_lite.rollouts import draw_transitions, n_unwatched, play, watch
from micra_lite.training_state import TrainingState, last

SMALL = micra_lite.Settings(
    updates=6, updates_per_round=3, externals_per_round=3, episodes_per_external=8, support_episodes=(1, 3), unwatched_externals=2,
    query_episodes=4, externals_per_update=4, states_per_external=4, hidden=16, actor_hidden=16, features=8,
    imitator_hidden=8, probes=4, adaptation_updates=3, adaptation_states=8,
)  # fmt: skip


def train(name="pursuit", game=None, **changed):
    game = game or micra_lite.make(name, **({"size": 2} if name == "pursuit" else {}))
    return last(offline_training(game, micra_lite.external_family(name, game), replace(SMALL, **changed))).state


def newcomer(state, k=0):
    return micra_lite.external_family(state.game.name, state.game).split("held-out")[k]


@pytest.mark.parametrize("name", ["pursuit", "rectangular", "odd_one_out", "quiet_site"])
@pytest.mark.parametrize("conditioned", [True, False])
@pytest.mark.parametrize("after", ["nothing", "actors", "actors and critic"])
def test_all_three_phases_run_whatever_learns_after_imitation(name, conditioned, after):
    """Records carry finite tensors of the right shapes; the trained state is left as it was by adaptation."""
    state = train(name, conditioned=conditioned)
    before = {n: p.clone() for n, p in state.agent.state_dict().items()}
    watched = watch(state, newcomer(state), 2)
    records = list(online_adaptation(state, watched, replace(state.settings, after_imitation=after)))
    assert all(torch.equal(before[n], p) for n, p in state.agent.state_dict().items())
    adapted = records[-1].state
    changed = {n for n, p in adapted.agent.state_dict().items() if not torch.equal(before[n], p)}
    assert any(n.startswith("actors") for n in changed) == (after != "nothing")
    assert any(n.startswith("critic") for n in changed) == (after == "actors and critic")
    assert not any(n.startswith(("imitators", "extractors")) for n in changed)
    for record in execution(adapted, state.game, newcomer(state), episodes=2):
        assert record.q.shape == state.game.n_actions
        for i, regret, policy in zip(state.agent.target_axes, record.regrets, record.policies, strict=True):
            assert regret.shape == policy.shape == (state.game.n_actions[i],)
            assert torch.isfinite(regret).all()
            assert float((regret * policy).sum()) == pytest.approx(0, abs=1e-5)
            assert float(policy.sum()) == pytest.approx(1, abs=1e-5)
    assert adapted.belief is not None
    assert state.belief is None


def test_conditioned_actors_change_with_the_belief_and_unconditioned_ones_do_not():
    for conditioned in (True, False):
        state = train(conditioned=conditioned)
        beliefs = [last(online_adaptation(state, watch(state, newcomer(state, k), 3))).state.belief for k in (0, 1)]
        one, two = (team_tables(state, belief)[0] for belief in beliefs)
        assert torch.equal(one, two) == (not conditioned)


def test_of_the_unwatched_externals_the_team_knows_nothing_and_the_critic_all():
    """Their θ′ is θ in what the team believes, though not in what the critic is told; both agree on the watched ones."""
    state = train(unwatched_externals=1, externals_per_update=3)
    externals = micra_lite.external_family("pursuit", state.game).split("train")
    belief, team, _ = imitate(state, externals, torch.arange(3))
    prior = prior_belief(state.agent, 1)
    assert team.unwatched.flatten().tolist() == belief.unwatched.flatten().tolist() == [0, 0, 1]
    assert float((team.probes[2] - prior.probes[0]).abs().max()) < 0.02  # the meta-update has moved θ a little since
    assert float((belief.probes[2] - prior.probes[0]).abs().max()) > 0.05
    assert torch.equal(team.probes[:2], belief.probes[:2])
    for name, p in team.parameters[0].items():
        assert torch.equal(p[:2], belief.parameters[0][name][:2])
    unconditioned = train(conditioned=False)
    belief, team, _ = imitate(unconditioned, externals, torch.arange(3))
    assert team.unwatched.all()
    assert belief.unwatched.all()
    assert not torch.equal(belief.probes[0], belief.probes[1])


def test_transitions_of_the_unwatched_externals_are_their_own():
    """The last ones come from the groups drawn; the others, one batch for all watched externals, from anywhere in D."""
    state = train()
    groups = torch.tensor([4, 0, 5])
    store = state.replay.store
    store["rewards"][:] = torch.arange(len(store["rewards"]))[:, None, None, None]  # every reward says its group
    externals = micra_lite.external_family("pursuit", state.game).split("train")
    *repeated, (unwatched, own) = draw_transitions(state, externals, groups)
    assert len(repeated) == state.settings.value_steps
    for watched, shared in repeated:
        assert (watched, unwatched) == (slice(0, 1), slice(1, 3))
        assert shared.rewards.shape[:2] == (1, state.settings.states)
        assert len(shared.rewards[..., 0].unique()) > 2
    assert own.rewards.shape[:2] == (2, state.settings.states_per_external)
    assert (own.rewards[0, :, 0] == 0).all()
    assert (own.rewards[1, :, 0] == 5).all()
    store["rewards"][:] = torch.arange(state.settings.episodes_per_external)[:, None, None]  # … or its episode
    *_, (_, own) = draw_transitions(state, externals, groups)
    assert own.rewards.unique().tolist() == list(range(state.settings.episodes_per_external // 2))  # before watching
    counts = [n_unwatched(state, 3)]
    state.settings = replace(state.settings, unwatched_externals=0)
    counts.append(n_unwatched(state, 3))
    state.agent.conditioned = False
    counts.append(n_unwatched(state, 3))
    assert counts == [2, 0, 3]


def test_externals_that_are_not_stationary_are_never_given_others_transitions():
    """What they did is no function of the state: all K get transitions from their own episodes."""
    state = train(unwatched_externals=0)
    groups = torch.tensor([4, 0, 5])
    store = state.replay.store
    store["rewards"][:] = torch.arange(len(store["rewards"]))[:, None, None, None]
    family = micra_lite.external_family("pursuit", state.game)
    family.stationary = False
    batches = list(draw_transitions(state, family.split("train"), groups))
    assert [which for which, _ in batches] == [slice(0, 3)] * state.settings.value_steps
    led_by = batches[0][1].rewards[..., 0]
    assert torch.equal(led_by, groups[:, None].expand_as(led_by).to(led_by))


class Loyal(TabularGame):
    """The friend's first move leads to state 1 or 2. There the safe action pays 0.8 and ends the episode; the bold one leads
    to state 3, from both: 1.2 if the friend then plays 0."""

    name, agents, n_actions, options = "loyal", ("team", "friend"), (2, 2), {}
    radix, observation_sizes, gamma, horizon = (4,), (4, 4), 0.9, 3

    def __init__(self):
        self.split_agents(("team",), ("friend",))

    def starts(self):
        return torch.zeros(1, 1, dtype=torch.long), torch.ones(1)

    def outcomes(self, state, actions):
        at, bold, move = state[:, 0], actions[:, 0] == 1, actions[:, 1]
        waits = (at == 1) | (at == 2)
        pays = waits * ~bold * 0.8 + (at == 3) * (move == 0) * 1.2
        following = torch.where(at == 0, move + 1, torch.full_like(at, 3))
        ends = (waits & ~bold) | (at == 3)
        return Outcomes(following[:, None, None], torch.ones(len(at), 1), pays[:, None].expand(-1, 2), ends[:, None])

    def observe(self, state):
        return [torch.eye(4)[state[:, 0]]] * 2


class Loyalists(ExternalFamily):
    """One always plays 0, the other always 1: which, is the toss of a coin."""

    name, parameter_names = "loyal", ("always",)

    def draw(self, rng):
        return rng.integers(2, size=1).astype(float)

    def probabilities(self, parameters, observations):
        return [torch.cat([1 - parameters, parameters], -1).expand(*observations[0].shape[:-1], 2)]


def test_a_team_that_has_watched_nobody_reckons_with_externals_that_stay_who_they_are():
    """Against the average friend, a coin, bold is worth 0.9 · 0.6 < 0.8 in both states. But a friend that has played 0 will
    again (0.9 · 1.2 > 0.8), and one that has played 1 will not: the best fixed team is bold in state 1 alone."""
    settings = replace(SMALL, updates=400, externals_per_update=8, unwatched_externals=4, states_per_external=32, features=32,
                       hidden=32, actor_hidden=32, entropy_coefficient=0.01, meta_every=8)  # fmt: skip
    for conditioned in (True, False):
        for record in offline_training(Loyal(), Loyalists(), replace(settings, conditioned=conditioned)):
            (team,) = team_tables(record.state, prior_belief(record.state.agent, 1))  # (1, S, 2)
            if float(team[0, 1, 1]) > 0.95 and float(team[0, 2, 1]) < 0.05:
                break
        else:
            pytest.fail(f"bold with {team[0, 1:3, 1].tolist()}")


def test_where_the_true_policy_is_known_actors_are_given_it_at_every_observation(monkeypatch):
    """Not the predictions of an imitator that has learned nothing: in both places where actors act while learning."""
    believed, acted = [], []
    predict, act = TrueBelief.predict, Agent.act
    monkeypatch.setattr(TrueBelief, "predict", lambda *given: believed.append(predict(*given)) or believed[-1])
    monkeypatch.setattr(Agent, "act", lambda agent, b, f, given: acted.append(given) or act(agent, b, f, given))
    game = micra_lite.make("pursuit", size=2)
    family = micra_lite.external_family("pursuit", game)
    settings = replace(SMALL, updates=1, unwatched_externals=0)
    last(offline_training(game, family, settings, variant=TRUE_EXTERNALS))
    assert len(believed) == 4 * SMALL.value_steps  # of critic and team, at this state and the next
    assert all(any(torch.equal(given[0], true[0]) for given in acted) for true in believed)


def test_each_actor_sees_only_its_own_observation_under_partial_views():
    """Decentralised execution: changing what the others see changes nothing in what an actor does."""
    from micra_lite.interop.from_pettingzoo import from_parallel_env
    from micra_lite.interop.to_pettingzoo import to_parallel_env

    inner = micra_lite.make("pursuit", size=2)
    game = from_parallel_env(lambda: to_parallel_env(inner), targets=["hunter_1", "hunter_2"], externals=["prey"])
    game.name = "pursuit"
    family = micra_lite.external_family("pursuit", inner)
    state = last(offline_training(game, family, SMALL)).state
    agent, belief = state.agent, prior_belief(state.agent, 1)
    assert not agent.full_view
    assert len(agent.views) == 3
    seen = [torch.rand(1, 5, size) for size in game.observation_sizes]

    def acts(observations):
        features = agent.features(observations)
        return [p.exp() for p in agent.act(belief, features, agent.predict(belief, features))]

    first = acts(seen)
    second = acts([seen[0], torch.rand_like(seen[1]), torch.rand_like(seen[2])])
    assert torch.equal(first[0], second[0])
    assert not torch.equal(first[1], second[1])
    assert not torch.equal(first[0], acts([torch.rand_like(seen[0]), seen[1], seen[2]])[0])


def test_the_same_seed_gives_the_same_training_and_another_seed_another():
    one, two, other = train(), train(), train(seed=1)
    assert all(torch.equal(a, b) for a, b in zip(one.agent.parameters(), two.agent.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one.agent.parameters(), other.agent.parameters(), strict=True))


def test_no_global_random_state_is_touched():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    train()
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("changed", [
    {"dtype": "float64"}, {"second_order": False}, {"meta_every": 2}, {"informed": False}, {"unwatched_externals": 0},
])  # fmt: skip
def test_every_option_trains(changed):
    state = train(**changed)
    if "dtype" in changed:
        assert all(p.dtype == torch.float64 for p in state.agent.parameters())
    assert all(torch.isfinite(p).all() for p in state.agent.parameters())
    assert state.updates == 6
    assert state.environment_steps == 2 * 3 * 8 * 25


def test_a_small_training_learns_the_best_answer_to_the_average_and_then_to_the_newcomer():
    """A matrix game, exactly scored: trained above random; after 20 watched moves above before. One second."""
    settings = replace(SMALL, updates=400, updates_per_round=10, externals_per_round=16, episodes_per_external=32,
                       support_episodes=(1, 5, 20), externals_per_update=16, hidden=32, actor_hidden=32)  # fmt: skip
    game = micra_lite.make("rock_paper_scissors")
    family = micra_lite.external_family(game.name)
    state = last(offline_training(game, family, settings)).state
    table, externals = tabulate(game), family.split("validation")
    scale = yardstick_for(table, externals, game)
    scores = adaptation_scores(state, table, externals, 20)
    assert scale.normalised_score(scores.after) > scale.normalised_score(scores.before) + 0.3
    assert scores.excess_nats.mean() < 0.2
    assert (scores.pairs == 20).all()


@pytest.mark.parametrize("name", ["pursuit", "odd_one_out"])
def test_given_predictions_take_the_imitators_place(name):
    """Its own predictions change nothing; others reach actors as the current prediction and at every probe."""
    state = train(name)
    externals = micra_lite.external_family(name, state.game).split("held-out")[:3]
    belief = last(online_adaptation(state, watch(state, externals[0], 3))).state.belief
    own = predicted_tables(state, belief)
    for given, expected in zip(team_tables(state, predictions=own), team_tables(state, belief), strict=True):
        torch.testing.assert_close(given, expected, atol=1e-5, rtol=0)
    true = state.game.tables(externals)
    changed = team_tables(state, predictions=true)
    assert changed[0].shape[0] == 3
    assert not torch.allclose(changed[0][0], changed[0][1])
    values = exact_values(state, tabulate(state.game), externals, predictions=true)
    assert values.shape == (3,)
    partial = TrainingState.initial(micra_lite.make("gates", view=1), SMALL)
    with pytest.raises(ValueError, match="under full views only"):
        team_tables(partial, predictions=true)


@pytest.mark.parametrize("view", [None, 1])
def test_the_report_of_an_adaptation_by_loops(view):
    """Cross-entropies and the change of policies, pair by pair; without a change all is zero."""
    game = micra_lite.make("crossing", view=view)
    state = train("crossing", game, updates=20)
    watched = watch(state, newcomer(state), 2)
    adapted = last(online_adaptation(state, watched)).state
    report = adaptation_report(state, adapted, watched)
    again = adaptation_report(adapted, adapted, watched)
    assert again.policy_change == 0
    assert again.imitation_loss_before == again.imitation_loss_after == report.imitation_loss_after
    assert report.imitation_loss_after < report.imitation_loss_before
    losses, change, count = [0.0, 0.0], 0.0, 0
    with torch.no_grad():
        for episode in watched:
            for t in range(25):
                seen = [episode.observations[a][t][None, None] for a in game.agents]
                move, acts = int(episode.actions["stranger"][t]), []
                for which, team in enumerate((state, adapted)):
                    belief = team.belief or prior_belief(team.agent, 1)
                    predictions = team.agent.predict(belief, team.agent.features(seen))
                    losses[which] -= sum(float(p[0, 0, move].log()) for p in predictions) / len(predictions)
                    acts.append([p.exp()[0, 0] for p in team.agent.act(belief, team.agent.features(seen), predictions)])
                change += sum(float((q * (q / p).log()).sum()) for p, q in zip(*acts, strict=True)) / 2
                count += 1
    assert report.imitation_loss_before == pytest.approx(losses[0] / count, rel=1e-4)
    assert report.imitation_loss_after == pytest.approx(losses[1] / count, rel=1e-4)
    assert report.policy_change == pytest.approx(change / count, rel=1e-3, abs=1e-6)


def test_exact_values_agree_with_played_returns():
    """Undiscounted returns of one-shot games have the exact value as their mean (4 standard errors)."""
    state = train("three_sites")
    externals = micra_lite.external_family("three_sites").split("validation")[:3]
    exact = exact_values(state, tabulate(state.game), externals)
    played = mean_return(state, externals, episodes=4000)
    assert torch.allclose(played, torch.as_tensor(exact).float(), atol=4 * 3 / 4000**0.5)


def test_episodes_stop_counting_where_they_end():
    state = train("rectangular")
    externals = micra_lite.external_family("rectangular").split("train")[:2]
    played = play(state, externals, prior_belief(state.agent, 2), 3, 0.1, torch.Generator().manual_seed(0))
    assert played.terminated[..., -1].all()
    assert played.alive.sum() == 6


def test_an_interrupted_stream_can_simply_go_on():
    """The generators hold nothing: dropping one between records and starting another changes nothing."""
    game = micra_lite.make("pursuit", size=2)
    family = micra_lite.external_family("pursuit", game)
    stream = offline_training(game, family, SMALL)
    state = [next(stream) for _ in range(4)][-1].state
    stream.close()
    resumed = last(offline_training(game, family, SMALL, state)).state
    for a, b in zip(resumed.agent.parameters(), train().agent.parameters(), strict=True):
        assert torch.equal(a, b)


def test_bad_input_is_named_before_any_work():
    state = train()
    with pytest.raises(ValueError, match="watch list is empty"):
        next(online_adaptation(state, []))
    with pytest.raises(ValueError, match="lacks observations or actions of \\['prey'\\]"):
        next(online_adaptation(state, [micra_lite.Episode({}, {})]))
    with pytest.raises(ValueError, match="one external at a time"):
        watch(state, micra_lite.external_family("pursuit", state.game).split("held-out")[:2], 1)
    with pytest.raises(ValueError, match="after_imitation must be one of"):
        micra_lite.Settings(after_imitation="guess")
    with pytest.raises(ValueError, match="no pair may be in both"):
        micra_lite.Settings(support_episodes=(30,), query_episodes=8)
    with pytest.raises(ValueError, match="must be at least 1"):
        micra_lite.Settings(updates=0)
    with pytest.raises(ValueError, match="unknown split"):
        micra_lite.external_family("pursuit").split("test")
    with pytest.raises(ValueError, match="does not belong to the game"):
        micra_lite.external_family("pursuit", micra_lite.make("chicken"))


def test_joint_actions_too_many_to_enumerate_are_learned_from_all_the_same():
    """Eight agents, 390,625 joint actions: one update; the table is not shown."""
    game = micra_lite.make("pursuit", size=4, hunters=7)
    record = next(offline_training(game, micra_lite.external_family("pursuit", game), SMALL))
    assert record.q is None
    assert math.isfinite(record.losses["critic_loss"])
    for regret, policy in zip(record.regrets, record.policies, strict=True):
        assert float((regret * policy).sum()) == pytest.approx(0, abs=1e-5)


def test_a_reward_that_is_not_a_number_stops_the_training():
    game = micra_lite.make("pursuit", size=2)
    rules = game.outcomes

    def broken(state, actions):
        o = rules(state, actions)
        return o._replace(rewards=o.rewards * float("nan"))

    game.outcomes = broken
    with pytest.raises(ValueError, match="reward that is NaN"):
        next(offline_training(game, micra_lite.external_family("pursuit", game), SMALL))
