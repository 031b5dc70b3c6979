"""A family made of given policies: splits, rows, warnings, and mistakes by name."""

import functools
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import micra_lite
from helpers.toy import Toy
from micra_lite.extensions.given_policies import from_policies, same_policy
from micra_lite.phases import offline_training
from micra_lite.training_state import last

LOW = micra_lite.Settings(
    updates=2, updates_per_round=1, externals_per_round=3, episodes_per_external=4, support_episodes=(1,),
    query_episodes=1, externals_per_update=3, unwatched_externals=1, states=8, states_per_external=4, features=4,
    hidden=8, actor_hidden=8, imitator_hidden=4, rank=4, probes=2, value_steps=1,
)  # fmt: skip


def table(seed):
    """A policy of the toy by its table of 4 states, and the table."""
    rows = torch.from_numpy(np.random.default_rng(seed).dirichlet(np.ones(3), size=4))
    return (lambda seen: seen.double() @ rows), rows


class Two(Toy):
    """The toy with two externals of 3 actions each."""

    def __init__(self):
        super().__init__()
        self.split_agents(("a",), ("c", "b"))


def network(seed, dropout=0.0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 3), nn.Dropout(dropout), nn.Softmax(-1))


def test_splits_are_as_given_and_rows_go_to_their_policy():
    """Leading axes broadcast: all policies about all states, (K, 1, 1) with (1, S, O); one row each, (B, 1) with (B, O)."""
    (policies, tables), game = zip(*[table(s) for s in range(5)], strict=True), Toy()
    family = from_policies(game, train=policies[:3], held_out=policies[3:4], validation=policies[4:])
    splits = [family.split(which) for which in ("train", "held-out", "validation")]
    assert [len(s) for s in splits] == [3, 1, 1]
    for externals, expected in zip(splits, (tables[:3], tables[3:4], tables[4:]), strict=True):
        torch.testing.assert_close(game.tables(externals)[0], torch.stack(expected))
    k, states = torch.tensor([2, 0, 1, 2, 2]), torch.tensor([[0], [1], [2], [3], [0]])
    found = splits[0].policies(k, [game.observe(states)[1]])[0]
    torch.testing.assert_close(found, torch.stack([tables[a][s] for a, s in zip(k, states[:, 0], strict=True)]))
    assert splits[0][[2, 0]].seeds == (2, 0)
    assert family.sample(0, 50).parameters.unique().tolist() == [0, 1, 2]  # a draw is a training policy


def test_each_policy_is_asked_once():
    asked = []

    def counted(seen):
        asked.append(len(seen))
        return torch.full((len(seen), 3), 1 / 3)

    family = from_policies(Toy(), train=[counted, table(0)[0]])
    asked.clear()
    family.split("train").policies(torch.tensor([0, 1, 0, 0]), [torch.eye(4)])
    assert asked == [3]


def test_several_externals_are_lists():
    game, (first, one), (second, two) = Two(), table(0), table(1)
    family = from_policies(game, train=[lambda seen: [first(seen[0]), second(seen[1])]])
    found = game.tables(family.split("train"))
    torch.testing.assert_close(found, [one[None], two[None]])
    with pytest.raises(
        ValueError, match=r"policy 0 of train: .*one for each external of \['c', 'b'\]; got float64 tensor"
    ):
        from_policies(game, train=[lambda seen: first(seen[0])])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_modules_arrays_and_functions_are_trained_with(dtype):
    """Modules are asked in their own number type, whatever the training's is; arrays become tensors."""
    policies = [network(0), network(1).double(), lambda seen: np.full((len(seen), 3), 1 / 3)]
    family = from_policies(Toy(), train=policies, held_out=[network(2)])
    settings = micra_lite.Settings(**vars(LOW) | {"dtype": dtype})
    state = last(offline_training(Toy(), family, settings)).state
    assert state.updates == 2
    watched = micra_lite.watch(state, family.split("held-out"), 1)
    assert last(micra_lite.online_adaptation(state, watched)).state.belief is not None


def test_modules_are_copied_as_they_are():
    """Training or changing one afterwards changes no external, and asking leaves its mode alone; dropout is off."""
    module = network(0, dropout=0.5)
    family = from_policies(Toy(), train=[module])
    before = Toy().tables(family.split("train"))[0]
    with torch.no_grad():
        module[0].weight.zero_()
    torch.testing.assert_close(Toy().tables(family.split("train"))[0], before)
    assert module.training
    assert module[0].weight.requires_grad


def test_splits_that_were_not_given_are_named():
    family = from_policies(Toy(), train=[table(0)[0]])
    with pytest.raises(ValueError, match=r"no held-out policies were given: .*held_out=\[…\]"):
        family.split("held-out")
    with pytest.raises(ValueError, match="no validation policies were given"):
        family.split("validation")
    with pytest.raises(ValueError, match="unknown split 'test'"):
        family.split("test")


def forgetful():
    count = iter(range(1000))
    return lambda seen: torch.eye(3)[[next(count) % 3] * len(seen)]


@pytest.mark.parametrize(
    ("train", "held_out", "error", "message"),
    [
        ([], [], ValueError, "needs one training policy or more"),
        (table(0)[0], [], TypeError, "train must be a list of policies.*train=\\[…\\]"),
        (network(0), [], TypeError, "train must be a list of policies"),
        ([table(0)[0]], network(1), TypeError, "held_out must be a list of policies"),
        ([nn.Softmax], [], TypeError, "policy 0 of train is a class: make one, Softmax"),
        ([table(0)[0], torch.ones(3)], [], TypeError, "policy 1 of train is .*a function or an nn.Module is needed"),
        ([table(0)[0]], [nn.Linear(4, 3)], ValueError, "policy 0 of held-out: .*softmax\\(-1\\) is missing"),
        ([lambda seen: seen], [], ValueError, "policy 0 of train: the policy of 'b' must be .*\\(4, 3\\).*\\(4, 4\\)"),
        ([lambda seen: [table(0)[0](seen)]], [], ValueError, "policy 0 of train: .*got list"),
        ([lambda seen: 1], [], ValueError, "policy 0 of train: .*got int"),
        ([lambda seen: torch.randn(len(seen), 3).softmax(-1)], [], ValueError, "answers otherwise.*without chance or memory"),
        ([forgetful()], [], ValueError, "answers otherwise"),
    ],
)  # fmt: skip
def test_mistakes_are_named_when_the_family_is_made(train, held_out, error, message):
    with pytest.raises(error, match=message):
        from_policies(Toy(), train=train, held_out=held_out)


def test_an_error_inside_a_policy_says_whose_it_is():
    with pytest.raises(IndexError) as caught:
        from_policies(Toy(), train=[lambda seen: seen[:, 7:8, 0]])
    assert caught.value.__notes__ == ["policy 0 of train was asked about observations [(4, 4)]"]


# --- Whether two policies are one ------------------------------------------------------------------------------------


def habit(level, best=0):
    return lambda seen, best=best: torch.eye(3)[best].lerp(torch.full((3,), 1 / 3), level).expand(len(seen), 3)


class Habit(nn.Module):
    def __init__(self, best):
        super().__init__()
        self.best = best

    def forward(self, seen):
        return torch.eye(3)[self.best].expand(len(seen), 3)


class Player:
    def __init__(self, best):
        self.best = best

    def act(self, seen):
        return torch.eye(3)[self.best].expand(len(seen), 3)

    __call__ = act


def plain(best, seen):
    return torch.eye(3)[best].expand(len(seen), 3)


ONE = habit(0.3)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (ONE, ONE, True),
        (habit(0.3), habit(0.3), True),  # one code, equal captured values
        (habit(0.3), habit(0.4), False),
        (habit(0.3, best=1), habit(0.3), False),  # another default
        (table(3)[0], table(3)[0], True),  # captured tensors
        (table(3)[0], table(4)[0], False),
        (lambda seen: seen[:, :3], lambda seen: seen[:, :3], True),  # written twice
        (lambda seen: seen[:, :3], lambda seen: seen[:, 1:], False),
        (network(1), network(1), True),
        (network(1), network(1).eval(), True),
        (network(1), network(2), False),
        (nn.Sequential(nn.Linear(4, 3), nn.Softmax(-1)), network(1), False),
        (Habit(1), Habit(1), True),
        (Habit(1), Habit(2), False),  # no parameters, another attribute
        (Player(1), Player(1), True),
        (Player(1), Player(2), False),
        (Player(1).act, Player(1).act, True),
        (Player(1).act, Player(2).act, False),
        (functools.partial(plain, 1), functools.partial(plain, 1), True),
        (functools.partial(plain, 1), functools.partial(plain, 2), False),
        (network(1), habit(0.3), False),
    ],
)
def test_same_policies(a, b, same):
    """And a warning from `from_policies` exactly where they are, if one is to train with and the other held out."""
    assert same_policy(a, b) is same
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert same_policy(b, a) is same
        try:
            from_policies(Toy(), train=[table(9)[0], a], held_out=[b])
        except ValueError:  # slices of observations are no probabilities
            return
    assert [str(w.message).split(";")[0] for w in caught] == (
        ["training and held-out policies are the same: train[1] and held_out[0]"] if same else []
    )
    assert not caught or caught[0].filename == __file__
