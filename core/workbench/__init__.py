"""The use cases: everything a page or the command line may do that takes more than one step.

Reads of the registry go to ``bench.registry``. Errors are ``core.errors`` with a sentence for a person. Nothing here
imports TensorFlow.
``photos`` (datasets), ``recipes`` (backbones, defaults, grids), ``plans`` (look before you train), ``launching``,
``running`` (runs and their queue), ``results`` (figures, models, prediction), ``comparing`` (runs side by side, the
leaderboard), ``stored`` (features), ``organising`` (stars, tags, archive, aliases, deleting many), ``reporting``
(reports, calibration, the map of photos), ``care`` (one deletion, processes).
"""

from core.workbench.admin import Admin
from core.workbench.launch import Launching
from core.workbench.organise import Organising
from core.workbench.photos import Photos
from core.workbench.report import Reporting
from core.workbench.results import Results
from core.workbench.runs import Running
from core.workbench.stored import StoredVerbs


class Workbench(Photos, Launching, Running, Results, Reporting, StoredVerbs, Organising, Admin):
    """One open home: its settings and its registry. Safe to share between threads."""


__all__ = ["Workbench"]
