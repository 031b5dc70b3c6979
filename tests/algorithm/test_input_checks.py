"""What a user brings is named once where it is wrong: families, policies, watched episodes, settings."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers.masked import MaskedToy, OneState
from helpers.toy import Toy, initial, two_externals
from micra_lite.extensions.input_checks import Nobody, check_externals_policies, training_externals
from micra_lite.externals import ExternalFamily
from micra_lite.interop.raccoon import SETTINGS, Raccoons, raccoon_game
from micra_lite.registry import external_family, make, names, settings_for
from micra_lite.replay import Episode
from micra_lite.rollouts import watched_pairs
from micra_lite.settings import QUICK, Settings

# --- Families --------------------------------------------------------------------------------------------------------


class Family(ExternalFamily):
    """Externals of the toy (three actions), all uniform, unless told to answer otherwise."""

    name, parameter_names = "toy", ("level",)

    def __init__(self, answer=None, draw=lambda rng: rng.random(1), names=("level",)):
        self.answer, self.drawn, self.parameter_names = answer or (lambda right: [right]), draw, names

    def draw(self, rng):
        return self.drawn(rng)

    def probabilities(self, parameters, observations):
        lead = torch.broadcast_shapes(parameters.shape[:-1], observations[0].shape[:-1])
        return self.answer(torch.full((*lead, 3), 1 / 3, dtype=torch.float64))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda right: right, "must return a list of tensors, one for each external of \\['b'\\]; got float64 tensor"),
        (lambda right: [right, right], "one for each external of \\['b'\\]; got 2 in a list"),
        (lambda right: [], "got 0 in a list"),
        (lambda right: [right.numpy()], "'b' must be a floating-point tensor \\(8, 3\\).*got numpy.ndarray: torch.as_tensor"),
        (lambda right: [right.argmax(-1)], "got int64 tensor \\(8,\\)"),
        (lambda right: [right.long()], "got int64 tensor \\(8, 3\\)"),
        (lambda right: [right[..., :2]], "tensor \\(8, 3\\), rows of a batch by actions; got float64 tensor \\(8, 2\\)"),
        (lambda right: [right[:1]], "got float64 tensor \\(1, 3\\)"),
        (lambda right: [right.log()], "logits or logarithms\\? Then .softmax\\(-1\\) is missing"),
        (lambda right: [right * 6], "is \\[2.0, 2.0, 2.0\\]: these are no probabilities"),
        (lambda right: [right - right], "\\[0.0, 0.0, 0.0\\]: these are no probabilities"),
        (lambda right: [right * math.nan], "NaN or infinite in row 0"),
        (lambda right: [right.where(torch.arange(8)[:, None] != 5, math.nan)], "NaN or infinite in row 5"),
        (lambda right: None, "got NoneType, no list"),
    ],
)  # fmt: skip
def test_policies_that_are_none_are_named(answer, message):
    with pytest.raises(ValueError, match=message):
        training_externals(Toy(), Family(answer))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (None, TypeError, "toy has the externals \\['b'\\] and needs a family.*from_policies.*got None"),
        (Family, TypeError, "got the class Family itself: make one, Family\\(…\\)"),
        (lambda seen: seen, TypeError, "got the function .*<lambda>: from_policies makes a family"),
        ([Family()], TypeError, "got list: from_policies makes a family"),
        ("pursuit", TypeError, "got str"),
        (3, TypeError, "got int"),
        (two_externals()[:0], ValueError, "nobody to train with"),
        (replace(two_externals(), parameters=torch.full((2, 12), math.nan)), ValueError, "parameters hold NaN"),
    ],
)
def test_what_is_no_family_is_named(given, error, message):
    with pytest.raises(error, match=message):
        training_externals(Toy(), given)


@pytest.mark.parametrize(
    ("draw", "parameter_names", "message"),
    [
        (lambda rng: rng.random(rng.integers(1, 4)), (), "the same for every seed; got \\[\\(1,\\), \\(2,\\), \\(3,\\)\\]"),
        (lambda rng: rng.random(), (), "must give an array \\(P,\\).*got \\[\\(\\)\\]"),
        (lambda rng: rng.random((2, 2)), (), "got \\[\\(2, 2\\)\\]"),
        (lambda rng: rng.random(2), ("a", "b", "c"), "\\(3,\\), a number for each of \\['a', 'b', 'c'\\]; got \\[\\(2,\\)\\]"),
    ],
)  # fmt: skip
def test_draws_of_another_length_are_named(draw, parameter_names, message):
    with pytest.raises(ValueError, match=message):
        Family(draw=draw, names=parameter_names).sample(0, 30)


def test_families_externals_and_nobody_are_taken():
    """A family gives its training split; `Externals` are taken as they are; a game without externals takes None alone."""
    found = training_externals(Toy(), Family())
    assert torch.equal(found.parameters, Family().split("train").parameters)
    given = two_externals()
    assert training_externals(Toy(), given) is given
    nobody = training_externals(OneState(torch.zeros(2, 2, 2), ("a", "b")), None)
    assert (type(nobody.family), nobody.parameters.shape) == (Nobody, (1, 0))
    assert nobody[[0, 0, 0]].players(torch.arange(3)).policies([], torch.ones(3), None) == []
    with pytest.raises(ValueError, match=r"one state has no externals.*give None"):
        training_externals(OneState(torch.zeros(2, 2, 2), ("a", "b")), Family())


@pytest.mark.parametrize("name", [n for n in names() if n != "simple_tag"])
def test_every_family_of_ours_passes(name):
    game = make(name)
    assert len(training_externals(game, external_family(name))) == 2048


def test_a_real_environment_can_be_asked_before_it_is_played():
    game, family = raccoon_game(), Raccoons()
    assert len(training_externals(game, family)) == 2048
    state = game.reset(2, torch.Generator().manual_seed(0))
    game.step(state, torch.zeros(2, 3, dtype=torch.long) + torch.tensor([0, 1, 0]), torch.Generator())


def test_asking_draws_no_random_number_of_the_training():
    state = initial(Toy())
    before = state.generator.get_state()
    training_externals(state.game, two_externals())
    assert torch.equal(before, state.generator.get_state())


def test_policies_are_checked_to_a_thousandth():
    """Single precision, and numbers rounded to four digits, pass; 0.99 does not."""
    check_externals_policies(Toy(), [torch.tensor([[0.3333, 0.3333, 0.3333]])], 1)
    check_externals_policies(Toy(), [torch.randn(100, 3).softmax(-1)], 100)
    with pytest.raises(ValueError, match="no probabilities"):
        check_externals_policies(Toy(), [torch.tensor([[0.33, 0.33, 0.33]])], 1)


# --- Watched episodes ------------------------------------------------------------------------------------------------


class Partial(Toy):
    """The toy with views of their own: every agent's observations are needed."""

    full_view = False


def episode(actions=(0, 2, 1), seen=None, agents="abc", **changed):
    observations = {a: torch.eye(4)[:3] if seen is None else seen for a in agents}
    return Episode(observations, {"b": torch.tensor(actions) if isinstance(actions, tuple) else actions, **changed})


@pytest.fixture(scope="module", params=[Toy, Partial])
def state(request):
    return initial(request.param())


@pytest.mark.parametrize(
    ("second", "error", "message"),
    [
        (episode(seen=torch.eye(4)[:3] / 0), ValueError, "watched episode 1: the observations of '.' are NaN or inf.*step 0"),
        (episode(seen=torch.eye(4)[:2]), ValueError, "'.' must have shape \\(3, 4\\), a row for each action of 'b'; got \\(2, 4\\)"),
        (episode(seen=torch.eye(5)[:3]), ValueError, "watched episode 1.*must have shape \\(3, 4\\).*got \\(3, 5\\)"),
        (episode(seen=torch.ones(3)), ValueError, "got \\(3,\\)"),
        (episode((0, 3, 1)), ValueError, "1: the actions of 'b' must be whole numbers from 0 to 2; got 3 at step 1"),
        (episode((0, 1, -1)), ValueError, "got -1 at step 2"),
        (episode((0.0, 1.0, 2.0)), ValueError, "whole numbers from 0 to 2, shape \\(3,\\); got float32 tensor \\(3,\\)"),
        (episode(torch.zeros(3, 1).long()), ValueError, "shape \\(3,\\); got int64 tensor \\(3, 1\\)"),
        (episode(torch.zeros(0).long(), torch.zeros(0, 4)), ValueError, "watched episode 1 holds no step of 'b': leave it out"),
        (episode(["west", "east", "west"]), ValueError, "the actions of 'b' are no array of numbers; got list"),
        (episode(agents="c"), ValueError, "watched episode 1 lacks observations or actions of \\[.*'b'\\]"),
        ((torch.eye(4), torch.zeros(4)), TypeError, "watched episode 1 must be an Episode.*got tuple"),
        (Episode(torch.eye(4), torch.zeros(4)), TypeError, "must be dicts, agent by agent"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_watched_episode_is_named_with_its_number(state, second, error, message):
    with pytest.raises(error, match=message):
        watched_pairs(state, [episode(), second])


def test_watched_lists_that_are_none_are_named(state):
    with pytest.raises(ValueError, match="watch list is empty"):
        watched_pairs(state, [])
    with pytest.raises(TypeError, match=r"must be a list of Episodes.*got .*Episode"):
        watched_pairs(state, episode())


def test_arrays_and_lists_are_taken_as_tensors_are(state):
    """The same pairs, of all steps in a row; each external's actions in its own column."""
    expected = watched_pairs(state, [episode(), episode((1, 1, 1))])
    assert expected.actions[0, :, 1].tolist() == [0, 2, 1, 1, 1, 1]
    assert all(torch.equal(o[0], torch.eye(4)[:3].repeat(2, 1).to(o.dtype)) for o in expected.observations)
    arrays = [episode(np.array([0, 2, 1], np.int8), np.eye(4)[:3]), episode([1, 1, 1], np.eye(4)[:3].tolist())]
    found = watched_pairs(state, arrays)
    assert torch.equal(found.actions, expected.actions)
    for a, b in zip(found.observations, expected.observations, strict=True):
        assert torch.equal(a, b)


def test_watched_actions_that_were_not_available_are_named():
    """In the first state of the masked toy the external has actions 0 and 1, in the second 1 alone."""
    state = initial(MaskedToy())
    seen = dict(zip("abc", state.game.observe(torch.tensor([[0], [1]])), strict=True))
    watched_pairs(state, [Episode(seen, {"b": torch.tensor([0, 1])})])
    with pytest.raises(ValueError, match="actions of 'b' must be available ones; got 2 at step 1"):
        watched_pairs(state, [Episode(seen, {"b": torch.tensor([0, 2])})])


def test_without_externals_there_is_nobody_to_watch():
    state = initial(OneState(torch.zeros(2, 2, 2), ("a", "b")))
    with pytest.raises(ValueError, match="has no externals: there is nobody to adapt to"):
        watched_pairs(state, [episode()])


# --- Settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"updates": 1.5}, "updates must be of Python's type int; got 1.5"),
        ({"updates": "1"}, "updates must be of Python's type int; got '1'"),
        ({"updates": True}, "updates must be of Python's type int; got True"),
        ({"hidden": np.int64(8)}, "hidden must be of Python's type int"),
        ({"step_size": "0.5"}, "step_size must be of Python's type float"),
        ({"conditioned": 1}, "conditioned must be of Python's type bool"),
        ({"inner_steps": 0}, "inner_steps must be at least 1; got 0"),
        ({"externals_per_update": -2}, "externals_per_update must be at least 1"),
        ({"unwatched_externals": -1}, "unwatched_externals must be at least 0"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"exploration": 1.1}, "exploration must be a finite number of at least 0 and at most 1; got 1.1"),
        ({"exploration": -0.1}, "exploration must be"),
        ({"exploration": math.nan}, "exploration must be.*got nan"),
        *[({name: wrong}, f"{name} must be a finite number above 0 and at most 1")
          for name in ("imitator_rate", "critic_rate", "target_rate", "adaptation_rate")
          for wrong in (0.0, -1e-3, math.nan, math.inf, 30.0)],
        ({"actor_rate": -1e-3}, "actor_rate must be"),
        ({"unwatched_externals": 16}, r"unwatched_externals \(16\) must be fewer than externals_per_update \(16\)"),
        ({"step_size": 0.0}, "step_size must be a finite number above 0"),
        ({"step_size": math.inf}, "step_size must be a finite number above 0"),
        ({"entropy_coefficient": -0.1}, "entropy_coefficient must be a finite number of at least 0"),
        ({"support_episodes": ()}, "support_episodes must be a tuple of one or more whole numbers"),
        ({"support_episodes": [1, 2]}, "support_episodes must be a tuple"),
        ({"support_episodes": 5}, "support_episodes must be a tuple"),
        ({"support_episodes": (1, -2)}, "support_episodes must be a tuple"),
        ({"support_episodes": (1, 2.0)}, "support_episodes must be a tuple"),
        ({"query_episodes": 0}, "query_episodes must be at least 1: the imitator learns"),
        ({"query_episodes": 0, "conditioned": False}, "query_episodes must be at least 1"),
        ({"episodes_per_external": 1, "support_episodes": (0,), "query_episodes": 1}, "episodes_per_external must be at least 2"),
        ({"support_episodes": (30,)}, "no pair may be in both"),
        ({"after_imitation": "actors", "adaptation_updates": 0}, "adaptation_updates must be at least 1 if"),
        ({"dtype": "float16"}, "dtype must be one of"),
        ({"dtype": torch.float64}, "dtype must be one of"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        Settings(**changes)


def test_settings_that_can_work_are_taken():
    """The presets, every game's own, and what needs less because nobody is imitated or adapted to."""
    for known in (QUICK, SETTINGS, *[vars(settings_for(name)) for name in names()]):
        Settings(**known)
    Settings(conditioned=False, informed=False, query_episodes=0, episodes_per_external=20)
    Settings(conditioned=False, episodes_per_external=1, support_episodes=(0,), query_episodes=1)
    Settings(exploration=0, step_size=1, entropy_coefficient=0.0, unwatched_externals=0)
    Settings(support_episodes=(0,), adaptation_updates=0)
    Settings(conditioned=False, unwatched_externals=16)
