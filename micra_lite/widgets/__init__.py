"""Interactive pictures of MICRA for notebooks. Each is a column of controls above one picture.

1. `OpeningGame`: hunt three prey, then see how a team that watched them did it. No symbol, no code.
2. `RegretExplorer`: Eq. 2 on a matrix game; move the policies, see the two sums and the regrets.
3. `PolicyField`: the directions in which regrets push both players' policies, and the paths that follow.
4. `GradientCloud`: every gradient estimate that one decision can give, by five estimators.
5. `CriticTable`: temporal differences fill in a table of joint actions, beside the exact one.
6. `GridPlayer`: play a target of a grid task beside an external, one step at a time.
7. `StartingPoint`: the inner loop of Eq. 4 in one parameter, from one starting point to several externals.
8. `ImitatorBelief`: an imitator's belief, the Bayes predictor's and the truth as moves come in.
9. `LearningCurves`: the best method after a number of environment steps, and whether other seeds say the same.
10. `ChangeWatch`: the threshold of suspicion that another external plays now.
11. `ThreeSwitches`: a critic made of small parts on a lamp with three switches, and its regrets.
12. `Chain`: all links of MICRA in one state, from what the prey does to what the hunters do.
13. `course_map`: the map in the head of every lesson, its own part lit.
14. `ask`, `Prediction`, `Predictions`: a question before its answer, and a summary of all.
15. `show`, `animate`: a figure, or an episode, together with what it shows in words.
"""

try:
    import ipywidgets as _ipywidgets  # noqa: F401
except ImportError as error:  # optional: the algorithm itself does not need it
    raise ImportError("micra_lite.widgets needs ipywidgets: pip install 'micra_lite[notebooks]'") from error

from .chain import Chain
from .change_watch import ChangeWatch
from .course_map import course_map
from .critic_table import CriticTable
from .drawing.base import animate, show
from .gradient_cloud import GradientCloud
from .grid_player import GridPlayer
from .imitator_belief import ImitatorBelief
from .inner_loop import StartingPoint
from .learning_curves import LearningCurves
from .opening_game import OpeningGame
from .policy_field import PolicyField
from .prediction import Prediction, ask
from .predictions import Predictions
from .regret_explorer import RegretExplorer
from .switches import ThreeSwitches

__all__ = [
    "Chain", "ChangeWatch", "CriticTable", "GradientCloud", "GridPlayer", "ImitatorBelief", "LearningCurves", "OpeningGame", "PolicyField", "Prediction", "Predictions", "RegretExplorer", "StartingPoint", "ThreeSwitches", "animate", "ask", "course_map", "show",
]  # fmt: skip
