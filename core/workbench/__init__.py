"""The use cases: everything a page or the command line may do that takes more than one step.

Reads of the registry go to ``bench.registry``. Errors are those of ``core.errors``, with a sentence for the user.
Nothing here imports TensorFlow.

``datasets`` (importing, stored features) · ``backbones`` (adding, removing) · ``recipes`` (backbones, defaults,
grids) · ``launch`` (plan, launch) · ``shrink`` (quantize) · ``runs`` (stop, resume, what belongs to one, predict) ·
``explain`` (heat maps) · ``reproduce`` · ``flags`` (suspect and leaked test photos) · ``report`` (comparison,
leaderboard, calibration, report) · ``organise`` (stars, tags, archive, aliases) · ``exports`` (files for elsewhere,
bundles) · ``machines`` · ``needs`` (why a run waits) · ``delete`` · ``health``
"""

from core.workbench.backbones import AddingBackbones
from core.workbench.datasets import Importing
from core.workbench.explain import Explaining
from core.workbench.exports import Exporting
from core.workbench.machines import Placing
from core.workbench.organise import Organising
from core.workbench.report import Reporting
from core.workbench.reproduce import Reproducing
from core.workbench.runs import Running
from core.workbench.shrink import Shrinking


class Workbench(
    Importing, AddingBackbones, Reproducing, Shrinking, Running, Explaining, Reporting, Organising, Exporting, Placing
):
    """One open home: its settings and its registry. Safe to share between threads."""


__all__ = ["Workbench"]
