"""The use cases: everything a page or the command line may do that takes more than one step.

Reads of the registry go to ``bench.registry``. Errors are those of ``core.errors``, with a sentence for the user.
Nothing here imports TensorFlow.

``datasets`` (importing, stored features) · ``recipes`` (backbones, defaults, grids) · ``launch`` (plan, launch) ·
``runs`` (stop, resume, what belongs to one, predict) · ``reproduce`` · ``report`` (comparison, leaderboard,
calibration, report) · ``organise`` (stars, tags, archive, aliases) · ``delete`` · ``health``
"""

from core.workbench.datasets import Importing
from core.workbench.organise import Organising
from core.workbench.report import Reporting
from core.workbench.reproduce import Reproducing
from core.workbench.runs import Running


class Workbench(Importing, Reproducing, Running, Reporting, Organising):
    """One open home: its settings and its registry. Safe to share between threads."""


__all__ = ["Workbench"]
