"""Exact instruments on tabulated games: the best possible values, against which a learner's scores are measured.

All arrays are numpy, float64. A *policy* is (S, A_j) for one agent; `policies` is a list of n of them in the agents'
order. Joint tables run over the agents' axes in row-major order. In reading order: `tabulate`, `values`, `headroom`,
`equilibria`, `bayes`, `gradient_variance`, `scores`; `dynamics` and `encounter` serve the lessons.
"""

from .bayes import (
    BayesPrediction,
    Watched,
    bayes_greedy_team,
    bayes_predictor,
    external_log_likelihoods,
    posterior,
    sample_posterior,
)
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
    InducedMDP,
    JointTable,
    Response,
    best_response,
    evaluate,
    induced_mdp,
    joint_policy,
    joint_q,
    occupancy,
    random_team,
    split_team,
    team_reward,
    team_value,
)

__all__ = ['AdaptationReport', 'AdaptationScores', 'Array', 'BayesPrediction', 'Headroom', 'InducedMDP', 'JointTable', 'Response', 'Tabulated', 'Watched', 'Yardstick', 'adaptation_report', 'adaptation_scores', 'advantage_variance', 'bayes_greedy_team', 'bayes_predictor', 'best_fixed_team', 'best_response', 'cross_play', 'evaluate', 'exact_values', 'excess_nats', 'external_log_likelihoods', 'gradient_variances', 'headroom', 'induced_mdp', 'joint_policy', 'joint_q', 'mean_return', 'nash_conv', 'nash_equilibria', 'occupancy', 'posterior', 'predicted_tables', 'random_team', 'sample_posterior', 'split_team', 'squared_return', 'tabulate', 'team_reward', 'team_tables', 'team_value', 'yardstick', 'yardstick_for']  # fmt: skip
