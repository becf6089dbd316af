"""Where things stand, counted and picked by SQLite: what pages say of thousands of runs without reading them."""

from collections import defaultdict

from sqlalchemy import func, select

from core.registry.connection import Store
from core.registry.runs import RUN_COLUMNS, get_run, run_of
from core.registry.schema import runs
from core.runs.values import Run, Status


class Summaries(Store):
    """Questions about all runs of a dataset whose answer is short."""

    def run_counts(self) -> dict[str, dict[Status, int]]:
        """How many runs each dataset has in each status, by dataset id; archived runs count."""
        query = select(runs.c.dataset_id, runs.c.status, func.count()).group_by(runs.c.dataset_id, runs.c.status)
        counts: defaultdict[str, dict[Status, int]] = defaultdict(dict)
        with self.reading() as connection:
            for dataset_id, status, number in connection.execute(query):
                counts[dataset_id][Status(status)] = number
        return dict(counts)

    def most_accurate(self) -> list[Run]:
        """The runs that share the highest test accuracy of their dataset, archived ones left out."""
        there = runs.c.archived.is_(False) & runs.c.test_accuracy.is_not(None)
        highest = select(runs.c.dataset_id, func.max(runs.c.test_accuracy).label("accuracy")).where(there)
        top = highest.group_by(runs.c.dataset_id).subquery()
        leads = (runs.c.dataset_id == top.c.dataset_id) & (runs.c.test_accuracy == top.c.accuracy)
        query = select(*RUN_COLUMNS).join(top, leads).where(there).order_by(runs.c.number)
        with self.reading() as connection:
            return [run_of(row) for row in connection.execute(query)]

    def family_of(self, run_id: str) -> list[Run]:
        """The runs of one dataset whose recipes differ in the seed alone, this one among them, oldest first.

        Raises:
            NotFound: there is no run with exactly this id.
        """
        with self.reading() as connection:
            get_run(connection, run_id)
            same = select(runs.c.dataset_id, runs.c.family).where(runs.c.id == run_id).subquery()
            alike = (runs.c.dataset_id == same.c.dataset_id) & (runs.c.family == same.c.family)
            query = select(*RUN_COLUMNS).join(same, alike).order_by(runs.c.created_at, runs.c.number)
            return [run_of(row) for row in connection.execute(query)]

    def reproductions_of(self, run_id: str) -> list[Run]:
        """Runs that do this one again with the same seed, oldest first."""
        query = select(*RUN_COLUMNS).where(runs.c.reproduces == run_id).order_by(runs.c.created_at, runs.c.number)
        with self.reading() as connection:
            return [run_of(row) for row in connection.execute(query)]
