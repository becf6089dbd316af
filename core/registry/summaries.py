"""Counts over all runs, computed by the database, so that pages need not read thousands of runs."""

from collections import defaultdict

from sqlalchemy import ColumnElement, FromClause, Select, func, select, true, union_all

from core.registry.connection import Store
from core.registry.functions import each_text
from core.registry.schema import datasets, equal, runs
from core.registry.search import ENDED
from core.runs.values import Status


class Summaries(Store):
    """Counts over many runs."""

    def run_counts(self) -> dict[str, dict[Status, int]]:
        """How many runs each dataset has in each status, by dataset id; archived runs count."""
        query = select(runs.c.dataset_id, runs.c.status, func.count()).group_by(runs.c.dataset_id, runs.c.status)
        counts: defaultdict[str, dict[Status, int]] = defaultdict(dict)
        with self.reading() as connection:
            for dataset_id, status, number in connection.execute(query):
                counts[dataset_id][Status(status)] = number
        return dict(counts)

    def datasets_with_runs(self) -> list[str]:
        """The ids of datasets with ended runs, the one with the newest run first."""
        newest = union_all(*map(_newest_of_each_dataset, ENDED)).subquery()
        query = select(newest.c.id).where(newest.c.created_at.is_not(None)).group_by(newest.c.id)
        with self.reading() as connection:
            return list(connection.scalars(query.order_by(func.max(newest.c.created_at).desc())))

    def value_counts(self, column: str, dataset_id: str | None = None) -> dict[str, int]:
        """How many runs have each value of ``pattern``, ``backbone`` or ``tags``: the most common value first."""
        value: ColumnElement = runs.c[column]
        source: FromClause = runs
        if column == "tags":
            tag = each_text(runs.c.tags).table_valued("value")
            value, source = tag.c.value, runs.join(tag, true())
        query = select(value, func.count()).select_from(source).where(value != "")
        query = query.where(*equal(runs.c.dataset_id, dataset_id))
        with self.reading() as connection:
            counts: dict[str, int] = dict(connection.execute(query.group_by(value)).all())
        return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _newest_of_each_dataset(status: Status) -> Select:
    """When the newest run with this status was created, by dataset: a look into ``runs_by_status`` each."""
    created = select(func.max(runs.c.created_at)).where(runs.c.dataset_id == datasets.c.id, runs.c.status == status)
    return select(datasets.c.id, created.scalar_subquery().label("created_at"))
