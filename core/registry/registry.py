"""``Registry``: the methods of all modules of this package on one SQLite file."""

from pathlib import Path
from typing import Self

from core.registry.aliases import Aliases
from core.registry.attempts import Attempts
from core.registry.audit_log import AuditLog
from core.registry.backfill import Backfill
from core.registry.board import Boards
from core.registry.datasets import Datasets
from core.registry.maintenance import Maintenance
from core.registry.models import Models
from core.registry.opening import bring_up_to_date
from core.registry.preferences import Preferences
from core.registry.queue import Queue
from core.registry.relations import Relations
from core.registry.results import ResultStore
from core.registry.runs import Runs
from core.registry.search import Search
from core.registry.summaries import Summaries


class Registry(
    Preferences, Datasets, Runs, Search, Summaries, Relations, Boards, Aliases, Queue, Attempts, ResultStore, Models,
    AuditLog, Maintenance, Backfill,
):  # fmt: skip
    """Datasets, runs, models and preferences in one SQLite file (WAL).

    One object may be shared by all threads of a process and survives a fork; several processes may open one file.
    Every method is one transaction: when it returns, its changes are on the disk; when it raises, nothing changed.
    """

    @classmethod
    def open(cls, path: Path, *, anew: bool = False) -> Self:
        """Opens the registry at ``path``, which is created or migrated to the current schema first.

        Args:
            anew: create it also where there are folders of runs or datasets that had one.

        Raises:
            Unavailable: it is damaged, read-only, of a newer Graft, no registry at all, or was lost.
        """
        path = Path(path)
        bring_up_to_date(path, anew=anew)
        return cls(path)
