"""Interactive pictures of MICRA for notebooks. Each is a column of controls above one picture.

1. `RegretExplorer`: Eq. 2 on a matrix game; move the policies, see the two sums and the regrets.
2. `Stepper`: one update of MICRA, from the observation to the changed policy, stage by stage.
3. `show`: a figure together with what it shows in words.
"""

try:
    import ipywidgets as _ipywidgets  # noqa: F401
except ImportError as error:  # an optional part: the algorithm itself does not need it
    raise ImportError("micra_lite.widgets needs ipywidgets: pip install 'micra_lite[notebooks]'") from error

from .base import show
from .regret_explorer import RegretExplorer
from .stepper import Stepper

__all__ = ["RegretExplorer", "Stepper", "show"]
