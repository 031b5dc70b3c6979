"""Exact instruments on tabulated games: what the best is, so that a learner's figure means something.

All arrays are numpy, float64. A *policy* is (S, A_j) for one agent; `policies` is a list of n of them in the agents'
order. Joint tables run over the agents' axes in row-major order. In reading order: `values`, `headroom`, `play`, `bayes`,
`variance`.
"""

from .bayes import Prediction, Watched, bayes_greedy_team, bayes_predictor, log_likelihood, posterior, sample_posterior
from .equilibria import cross_play, nash_conv, nash_equilibria
from .gradient_variance import advantage_variance, gradient_variances, squared_return
from .headroom import Headroom, Yardstick, best_fixed_team, headroom, yardstick
from .scores import (
    AdaptationReport,
    AdaptationScores,
    adaptation_report,
    adaptation_scores,
    exact_values,
    excess_nats,
    mean_return,
    predicted_tables,
    team_tables,
    yardstick_for,
)
from .tabulate import Tabulated, tabulate
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
)

__all__ = ['AdaptationReport', 'AdaptationScores', 'Array', 'Headroom', 'Prediction', 'Response', 'Tabulated', 'TeamView', 'Watched', 'Yardstick', 'adaptation_report', 'adaptation_scores', 'advantage_variance', 'bayes_greedy_team', 'bayes_predictor', 'best_fixed_team', 'best_response', 'cross_play', 'evaluate', 'exact_values', 'excess_nats', 'gradient_variances', 'headroom', 'joint_policy', 'joint_q', 'log_likelihood', 'mean_return', 'nash_conv', 'nash_equilibria', 'occupancy', 'posterior', 'predicted_tables', 'random_team', 'sample_posterior', 'split_team', 'squared_return', 'tabulate', 'team_reward', 'team_tables', 'team_value', 'team_view', 'yardstick', 'yardstick_for']  # fmt: skip
