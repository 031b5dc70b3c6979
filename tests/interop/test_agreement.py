"""Three faces of one game agree transition by transition: batched `step`, the table, and PettingZoo's `step`."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from micra_lite.exact import tabulate
from micra_lite.interop.to_pettingzoo import to_parallel_env
from micra_lite.registry import make

GAMES = [
    ("pursuit", {}), ("pursuit", {"size": 2, "hunters": 3}), ("rendezvous", {}), ("gates", {"defenders": 1}),
    ("gates", {"view": 1}), ("crossing", {}), ("crossing", {"lanes": 3, "drivers": 1}), ("bystander", {}), ("weather", {}),
    ("rectangular", {}), ("odd_one_out", {}),
]  # fmt: skip
DRAWS = 400


@pytest.mark.parametrize(("name", "options"), GAMES, ids=str)
def test_batched_steps_the_table_and_the_pettingzoo_face_agree(name, options):
    """Any state and joint action, drawn by hypothesis: the same next states with the same frequencies, the same rewards."""
    game = make(name, **options)
    table, env = tabulate(game), to_parallel_env(game)
    env.reset(seed=0)
    generator = torch.Generator().manual_seed(0)

    @given(
        st.tuples(*[st.integers(0, r - 1) for r in game.radix]),
        st.tuples(*[st.integers(0, a - 1) for a in game.n_actions]),
    )
    def agree(cells, joint):
        state = torch.tensor([cells])
        row = int(game.encode(state)) * len(game.joint_actions()) + int(np.ravel_multi_index(joint, game.n_actions))
        listed = table.T[row].toarray()[0]  # (S,)
        paid = table.R[int(game.encode(state)), int(np.ravel_multi_index(joint, game.n_actions))]
        step = game.step(state.expand(DRAWS, -1), torch.tensor([joint]).expand(DRAWS, -1), generator)
        np.testing.assert_allclose(step.rewards, np.broadcast_to(paid, (DRAWS, len(paid))), atol=1e-6)
        assert bool(step.terminated.all()) == (listed.sum() == 0)
        assert bool(step.terminated.any()) == (listed.sum() == 0)
        if listed.sum():
            assert listed.sum() == pytest.approx(1)
            share = np.bincount(game.encode(step.state).numpy(), minlength=table.S) / DRAWS
            assert (share[listed == 0] == 0).all()
            assert (np.abs(share - listed) <= 5 * np.sqrt((listed * (1 - listed)).clip(0) / DRAWS) + 1e-9).all()
        env.reset()
        env._state = state
        seen, rewards, terminated, _, _ = env.step(dict(zip(game.agents, joint, strict=True)))
        assert list(rewards.values()) == pytest.approx(paid.tolist(), abs=1e-6)
        assert set(terminated.values()) == {listed.sum() == 0}
        if listed.sum():
            assert listed[int(game.encode(env._state))] > 0
        for agent, expected in zip(game.agents, game.observe(env._state), strict=True):
            assert (seen[agent] == expected[0].numpy()).all()

    agree()
