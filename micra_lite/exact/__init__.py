"""Exact instruments on tabulated games: what the best is, so that a learner's figure means something.

All arrays are numpy, float64. A *policy* is (S, A_j) for one agent; `policies` is a list of n of them in the agents'
order. Joint tables run over the agents' axes in row-major order. In reading order: `values`, `headroom`, `play`, `bayes`,
`variance`.
"""

from .bayes import Prediction, Watched, bayes_greedy_team, bayes_predictor, log_likelihood, posterior, sample_posterior
from .headroom import Headroom, Yardstick, best_fixed_team, headroom, yardstick
from .play import cross_play, nash_conv
from .values import (
    Array,
    Response,
    TeamView,
    best_response,
    evaluate,
    joint_policy,
    joint_q,
    occupancy,
    random_team,
    split_team,
    team_reward,
    team_value,
    team_view,
)  # fmt: skip
from .variance import advantage_variance, gradient_variances, squared_return

__all__ = [
    "Array", "Headroom", "Prediction", "Response", "TeamView", "Watched", "Yardstick", "advantage_variance", "bayes_greedy_team",
    "bayes_predictor", "best_fixed_team", "best_response", "cross_play", "evaluate", "gradient_variances", "headroom", "joint_policy", "joint_q", "log_likelihood", "nash_conv", "occupancy", "posterior", "random_team", "sample_posterior",
    "split_team", "squared_return", "team_reward", "team_value", "team_view", "yardstick",
]  # fmt: skip
