"""The runners of simple_tag: each trait by hand, and what mpe2's views say."""

import numpy as np
import pytest
import torch

from helpers.played import generator
from micra_lite.interop.simple_tag import RunnerFamily, simple_tag


def runner(**values):
    """Parameters (1, P) of a runner that is indifferent but for `values`."""
    parameters = torch.zeros(1, len(RunnerFamily.parameter_names), dtype=torch.float64)
    for name, value in values.items():
        parameters[0, RunnerFamily.parameter_names.index(name.replace("_", " "))] = value
    return parameters


def view(position=(0.0, 0.0), chasers=((9.0, 9.0),) * 3, velocity=(0.0, 0.0)):
    return torch.tensor([[*velocity, *position, 0.0, 0.0, 0.0, 0.0, *np.ravel(chasers)]], dtype=torch.float32)


@pytest.mark.parametrize(
    ("values", "seen", "best"),
    [
        ({"flee": 3.0}, {"chasers": [(0.3, 0.0), (5, 5), (5, 5)]}, "left"),
        ({"flee": 3.0}, {"chasers": [(5, 5), (5, 5), (0.0, -0.3)]}, "up"),
        ({"flee": -3.0}, {"chasers": [(5, 5), (0.0, 0.9), (5, 5)]}, "up"),
        ({"homing": 3.0, "home_x": 0.5}, {"position": (-0.5, 0.0)}, "right"),
        ({"homing": 3.0, "home_y": -0.5}, {}, "down"),
        ({"drift_y": 2.0}, {}, "up"),
        ({"drift_x": -2.0}, {"position": (0.3, 0.3)}, "left"),
        ({"shy": 3.0}, {"position": (1.4, 0.0)}, "left"),
        ({"homing": 3.0, "home_x": 0.1}, {"velocity": (1.0, 0.0)}, "left"),  # or it would glide past
        ({"habit_none": 2.0}, {}, "none"),
        ({"habit_down": 2.0}, {}, "down"),
    ],
)
def test_every_trait_of_a_runner_does_what_it_says(values, seen, best):
    family = RunnerFamily()
    (policy,) = family.probabilities(runner(**values), [view(**seen)])
    assert policy.shape == (1, 5)
    assert ("none", "left", "right", "down", "up")[int(policy.argmax())] == best
    (indifferent,) = family.probabilities(runner(), [view(**seen)])
    torch.testing.assert_close(indifferent, torch.full((1, 5), 0.2, dtype=torch.float64))


def test_runners_are_policies_drawn_by_seed():
    family = RunnerFamily()
    held_out = family.split("held-out")
    assert held_out.parameters.shape == (64, len(family.parameter_names))
    assert torch.equal(held_out.parameters[5:7], family.sample(200_005, 2).parameters)
    assert len(held_out.parameters.unique(dim=0)) == 64
    seen = torch.randn(64, 14, generator=generator())
    k = torch.arange(64)
    (policy,) = held_out.policies(k, [seen])
    torch.testing.assert_close(policy.sum(1), torch.ones(64, dtype=torch.float64))
    assert (policy > 0).all()
    for j in (0, 17, 63):  # rows do not see each other
        torch.testing.assert_close(held_out.policies(k[j : j + 1], [seen[j : j + 1]])[0][0], policy[j])
    turned = torch.cat([seen[:, :8], seen[:, 12:], seen[:, 8:12]], 1)  # which chaser is which does not matter
    torch.testing.assert_close(held_out.policies(k, [turned])[0], policy)
    (dead,) = held_out.policies(k, [torch.zeros(64, 14)])
    assert torch.isfinite(dead).all()


@pytest.mark.parametrize(("chasers", "obstacles"), [(3, 2), (2, 0)])
def test_a_runner_reads_mpe2s_observation(chasers, obstacles):
    """Flight computed from the true positions in the world is what the family makes of the view."""
    game = simple_tag(num_adversaries=chasers, num_obstacles=obstacles)
    family = RunnerFamily(chasers, obstacles)
    state = game.reset(6, generator(3))
    seen = game.observe(state)[-1]
    (policy,) = family.probabilities(runner(flee=3.0, homing=0.0).expand(6, -1), [seen])
    for row in range(6):
        world = game._envs[row].unwrapped.world
        *hunters, prey = [agent.state.p_pos for agent in world.agents]
        pushes = 0.3 * np.array([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)])
        distance = [min(np.linalg.norm(prey + push - hunter) for hunter in hunters) for push in pushes]
        logits = torch.tensor(distance) * 3.0 / 0.3
        torch.testing.assert_close(policy[row], logits.softmax(-1), atol=1e-5, rtol=1e-5)
    game.close()


def test_runners_differ_enough_to_be_worth_knowing():
    """At states of play the family disagrees with itself: total variation between two runners, on average."""
    game, externals = simple_tag(), RunnerFamily().split("validation")
    g = generator(1)
    state, views = game.reset(4, g), []
    for _ in range(10):
        views.append(game.observe(state)[3])
        state = game.step(state, torch.randint(5, (4, 4), generator=g), g).state
    seen = torch.cat(views)  # (40, 14)
    policies = torch.stack([externals.policies(torch.full((40,), k), [seen])[0] for k in range(32)])  # (32, 40, 5)
    variation = (policies[:16] - policies[16:]).abs().sum(-1).mean() / 2
    assert variation > 0.4
    game.close()
