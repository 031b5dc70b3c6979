"""BenchMARL's side of `peers`: our environment as one of its tasks, and one training run. Nothing else imports BenchMARL.

Settings are BenchMARL's own defaults (its conf/experiment/base_experiment.yaml; conf/algorithm/mappo.yaml, maddpg.yaml and
masac.yaml; conf/model/layers/mlp.yaml for actor and critic), except for the task's discount, the budget, and logging,
evaluation and drawing, which are off. So an iteration is 6,000 environment steps, and MADDPG's exploration ends after a
third of the budget.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import torch
from benchmarl.algorithms import MaddpgConfig, MappoConfig, MasacConfig
from benchmarl.environments.common import TaskClass
from benchmarl.experiment import Callback, Experiment, ExperimentConfig
from benchmarl.models import MlpConfig
from pettingzoo import ParallelEnv
from tensordict import TensorDict
from torch import Tensor
from torchrl.envs import ExplorationType, PettingZooWrapper, set_exploration_type

ALGORITHMS = {"MAPPO": MappoConfig, "MADDPG": MaddpgConfig, "MASAC": MasacConfig}
MakeEnv = Callable[[], ParallelEnv]
AtPoint = Callable[[int, int, Tensor], None]  # environment steps, gradient steps, policies (S, m, A)


class Task(TaskClass):
    """The environments that `make_env` makes: each has agents `name_1` … `name_m`, one group, all of whom see the state."""

    def __init__(self, make_env: MakeEnv, horizon: int, continuous: bool) -> None:
        super().__init__("pursuit", {})
        self.make_env, self.horizon, self.continuous, self.copies = make_env, horizon, continuous, 0

    def get_env_fun(
        self, num_envs: int, continuous_actions: bool, seed: int | None, device: Any
    ) -> Callable[[], PettingZooWrapper]:
        def make() -> PettingZooWrapper:
            # BenchMARL gives the same seed to all copies, which would then meet the same prey at the same time.
            self.copies += 1
            return PettingZooWrapper(self.make_env(), device=device, seed=1000 * (seed or 0) + self.copies)

        return make

    def supports_continuous_actions(self) -> bool:
        return self.continuous

    def supports_discrete_actions(self) -> bool:
        return not self.continuous

    def max_steps(self, env: PettingZooWrapper) -> int:
        return self.horizon

    def has_render(self, env: PettingZooWrapper) -> bool:
        return False

    def group_map(self, env: PettingZooWrapper) -> dict[str, list[str]]:
        return env.group_map

    def observation_spec(self, env: PettingZooWrapper) -> Any:
        spec = env.observation_spec.clone()
        for group in env.group_map:
            for key in [k for k in spec[group] if k != "observation"]:
                del spec[group][key]
        return spec

    def action_spec(self, env: PettingZooWrapper) -> Any:
        return env.full_action_spec

    def state_spec(self, env: PettingZooWrapper) -> None:
        return None  # the critic gets the observations of all agents, as is usual where there is no other state

    info_spec = action_mask_spec = state_spec

    @staticmethod
    def env_name() -> str:
        return "micra_lite"


class Points(Callback):
    """Calls `at_point` before training and after every iteration."""

    def __init__(self, observations: Tensor, at_point: AtPoint) -> None:
        super().__init__()
        self.observations, self.at_point, self.gradient_steps = observations, at_point, 0

    def __getstate__(self) -> dict[str, Any]:
        return {}  # BenchMARL saves its callbacks, in a folder that is deleted

    def on_setup(self) -> None:
        self.at_point(0, 0, self.policies())

    def on_train_end(self, training_td: Any, group: str) -> None:
        self.gradient_steps += training_td.numel()  # each is a step of the actor and one of the critic
        self.at_point(self.experiment.total_frames, self.gradient_steps, self.policies())

    @torch.no_grad()
    def policies(self) -> Tensor:
        """Answers of the group's actors in every state, without exploration, (S, m, A): probabilities, or MADDPG's actions."""
        (group,) = self.experiment.group_map
        shape = self.observations.shape[:1]
        seen = TensorDict({group: TensorDict({"observation": self.observations}, self.observations.shape[:2])}, shape)
        with set_exploration_type(ExplorationType.DETERMINISTIC):
            said = self.experiment.algorithm.get_policy_for_loss(group)(seen)[group]
        return said["logits"].softmax(-1) if "logits" in said.keys() else said["action"]  # noqa: SIM118


def train(
    method: str, seed: int, steps: int, make_env: MakeEnv, horizon: int, gamma: float, observations: Tensor,
    at_point: AtPoint,
) -> None:  # fmt: skip
    """Train a team for `steps` environment steps.

    Args: observations, of each agent in every state, (S, m, O).
    """
    config = ExperimentConfig.get_from_yaml()
    config.gamma, config.max_n_frames = gamma, steps
    config.evaluation, config.render, config.loggers, config.create_json = False, False, [], False
    algorithm = ALGORITHMS[method].get_from_yaml()
    continuous = not algorithm.supports_discrete_actions()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
        warnings.simplefilter("ignore")  # about the version of PettingZoo, and about deprecated names
        config.save_folder = folder  # BenchMARL insists on saving its configuration
        experiment = Experiment(
            task=Task(make_env, horizon, continuous), algorithm_config=algorithm, model_config=MlpConfig.get_from_yaml(),
            critic_model_config=MlpConfig.get_from_yaml(), seed=seed, config=config, callbacks=[Points(observations, at_point)],
        )  # fmt: skip
        experiment.run()
