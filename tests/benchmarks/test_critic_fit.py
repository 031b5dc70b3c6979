"""The exact Q that critics are fitted to, and the networks' two ways to say what a joint action is worth."""

import numpy as np
import pytest
import torch

from micra_lite import exact
from micra_lite.exact.values import split_team
from micra_lite.game import in_agents_order


@pytest.fixture(scope="module")
def critic_fit(benchmark):
    return benchmark("critic_fit")


@pytest.fixture(scope="module")
def problem(critic_fit):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(critic_fit, "EXTERNALS", {"train": 3, "validation": 2})
        return critic_fit.Problem("crossing")


def test_q_is_that_of_the_best_response_played_ever_after(problem):
    """By policy evaluation of the team that plays the bench's own choice."""
    table = exact.tabulate(problem.game)
    for k in range(3):
        team = split_team(table, problem.choice["train"][k].numpy())
        own = [problem.moves["train"][k].double().numpy()]
        q = exact.joint_q(table, in_agents_order(table.target_axes, table.external_axes, team, own))
        np.testing.assert_allclose(problem.q["train"][k].numpy(), q.reshape(len(q), -1), atol=1e-4)


@pytest.mark.parametrize("name", ["one network", "two streams", "factored"])
def test_what_is_taken_is_the_entry_of_the_table(critic_fit, problem, name):
    """For the joint actions of states that all externals share, or that each has of its own."""
    network, generator = critic_fit.NETWORKS[name][0](problem), torch.Generator().manual_seed(0)
    lead = 1 if network.shared else 3
    s = torch.randint(len(problem.states), (lead, 6), generator=generator)
    a = torch.randint(problem.joint, (lead, 6), generator=generator)
    now, told = problem.moves["train"][torch.arange(3)[:, None], s], problem.told["train"]
    with torch.no_grad():
        table = network(problem.observations[s], now, told)
        taken = network.taken(problem.observations[s], now, told, a)
    assert table.shape == (3, 6, problem.joint)
    torch.testing.assert_close(taken, table.gather(-1, a.expand(3, -1)[..., None])[..., 0])


def test_errors_are_zero_for_the_exact_q_and_the_spread_for_none(critic_fit, problem):
    """Measured on a table in a network's place: the exact one, one that is off by a constant, and one of zeros."""

    class Known(torch.nn.Module):
        def __init__(self, table):
            super().__init__()
            self.table, self.k = table, -1

        def forward(self, seen, now, told):
            self.k += 1
            return self.table[self.k][None]

    q = problem.q["validation"]
    exactly = critic_fit.measure(problem, Known(q), 0.0)
    assert exactly["within_state_error"] == pytest.approx(0, abs=1e-5)
    assert exactly["best_action_right"] == 1
    off = critic_fit.measure(problem, Known(q + 2), 1.0)
    assert off["within_state_error"] == pytest.approx(0, abs=1e-5)
    assert off["bias"] == pytest.approx(3, abs=1e-4)
    nothing = critic_fit.measure(problem, Known(torch.zeros_like(q)), 0.0)
    assert nothing["within_state_error"] == pytest.approx(nothing["spread"])
