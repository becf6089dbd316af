"""``Registry``: the methods of all modules of this package on one database."""

from collections.abc import Callable, Iterator
from functools import wraps
from inspect import isfunction, isgeneratorfunction, unwrap
from pathlib import Path
from typing import Any, Self, TypeVar

from core.files.home import registry_file
from core.registry.aliases import Aliases
from core.registry.artifacts import Artifacts
from core.registry.attempts import Attempts
from core.registry.audit_log import AuditLog
from core.registry.backbones import AddedBackbones
from core.registry.backfill import Backfill
from core.registry.board import Boards
from core.registry.connection import Store
from core.registry.database import ConnectionLost, Database
from core.registry.datasets import Datasets
from core.registry.forecasts import Forecasts
from core.registry.leases import Leases
from core.registry.links import Links
from core.registry.maintenance import Maintenance
from core.registry.models import Models
from core.registry.monitoring import Monitoring
from core.registry.nodes import Nodes
from core.registry.placement import Placement
from core.registry.preferences import Preferences
from core.registry.queue import Queue
from core.registry.relations import Relations
from core.registry.removals import Removals
from core.registry.reports import Reports
from core.registry.results import ResultStore
from core.registry.runs import Runs
from core.registry.search import Search
from core.registry.second_factors import SecondFactors
from core.registry.second_steps import SecondSteps
from core.registry.sessions import Sessions
from core.registry.settled import Settled
from core.registry.shortlists import Shortlists
from core.registry.sign_ins import SignIns
from core.registry.sqlite_file import SqliteFile
from core.registry.stored_sizes import StoredSizes
from core.registry.subjects import Subjects
from core.registry.summaries import Summaries
from core.registry.tokens import Tokens
from core.registry.users import Users
from core.settings import Settings

Decorated = TypeVar("Decorated", bound=type)
_TIMES = 3
"""A method that loses its connection is called so often; each call waits for the server."""


def _repeated(method: Callable) -> Callable:
    @wraps(method)
    def call(*arguments: Any, **options: Any) -> Any:
        arguments = tuple(list(one) if isinstance(one, Iterator) else one for one in arguments)
        for _ in range(_TIMES - 1):
            try:
                return method(*arguments, **options)
            except ConnectionLost:
                continue
        return method(*arguments, **options)

    return call


def _repeats(registry: Decorated) -> Decorated:
    """The methods of a registry are called again when they lose their connection; those that yield are not."""
    for base in registry.__mro__[1:]:
        for name, method in vars(base).items():
            if (
                not name.startswith("_")
                and isfunction(method)
                and base is not Store
                and not isgeneratorfunction(unwrap(method))
            ):
                setattr(registry, name, _repeated(method))
    return registry


@_repeats
class Registry(
    Preferences, Datasets, Runs, Search, Summaries, Relations, Boards, Aliases, Queue, Attempts, ResultStore, Models,
    AddedBackbones, Tokens, Users, Sessions, Links, SignIns, Subjects, Leases, Reports, Nodes, Artifacts, AuditLog,
    Maintenance, Monitoring, Backfill, Shortlists, Forecasts, StoredSizes, Placement, Settled, SecondFactors,
    SecondSteps, Removals,
):  # fmt: skip
    """Datasets, runs, models, added backbones and preferences in one SQLite file or PostgreSQL database.

    One object may be shared by all threads of a process; several processes, with PostgreSQL on several machines, may
    open one registry. Every method is one transaction: when it returns, its changes are on the disk; when it raises,
    nothing changed. One that loses its connection before that is called again.
    """

    @classmethod
    def of(cls, settings: Settings, *, anew: bool = False) -> Self:
        """Opens the registry that the settings name; see ``open``.

        Raises:
            Unavailable: as ``open``, or the server is unreachable or refuses the user.
        """
        database = database_of(settings)
        database.bring_up_to_date(settings.home, anew=anew)
        return cls(database)

    @classmethod
    def open(cls, path: Path, *, anew: bool = False) -> Self:
        """Opens the registry at ``path``, which is created or migrated to the current schema first.

        Args:
            anew: create it also where there are folders of runs or datasets that had one.

        Raises:
            Unavailable: it is damaged, read-only, of a newer Graft, no registry at all, or was lost.
        """
        database = SqliteFile(Path(path))
        database.bring_up_to_date(database.path.parent, anew=anew)
        return cls(database)


def database_of(settings: Settings) -> Database:
    """The database that the settings name."""
    return database_at(settings.registry or str(registry_file(settings)))


def database_at(address: str) -> Database:
    """The database at ``postgresql://…``, or in an SQLite file."""
    if not address.startswith("postgresql://"):
        return SqliteFile(Path(address))
    from core.registry.postgresql import PostgresqlServer  # its driver is an optional package

    return PostgresqlServer(address)
