"""How runs are related: same fingerprint, repetitions, reproductions, and runs that use the model of another one."""

from collections.abc import Iterable

from sqlalchemy import select, text

from core.registry.connection import Store
from core.registry.runs import NEWEST_FIRST, RUN_COLUMNS, get_run, read_runs
from core.registry.schema import ON_MODELS, ids_in, runs
from core.registry.search import have_member
from core.runs.values import Run

_OLDEST_FIRST = (runs.c.created_at, runs.c.number)


class Relations(Store):
    """Relations between runs."""

    def find_runs(self, fingerprint: str) -> list[Run]:
        """Runs with this fingerprint, newest first (see ``recipes.fingerprint``)."""
        return self.find_runs_of([fingerprint])[fingerprint]

    def find_runs_of(self, fingerprints: Iterable[str]) -> dict[str, list[Run]]:
        """Runs with each of these fingerprints, newest first; [] where there are none."""
        found: dict[str, list[Run]] = {fingerprint: [] for fingerprint in fingerprints}
        query = select(*RUN_COLUMNS).where(runs.c.fingerprint.in_(ids_in(found))).order_by(*NEWEST_FIRST)
        with self.reading() as connection:
            for run in read_runs(connection, query):
                found[run.fingerprint].append(run)
        return found

    def runs_using(self, *names: str) -> list[Run]:
        """Runs whose backbone is one of these, or that have one as member; newest first.

        Args:
            names: of backbones, or ids of runs, whose models are meant.
        """
        is_backbone = runs.c.backbone.in_(ids_in(names))
        query = select(*RUN_COLUMNS).where(is_backbone | have_member(names)).order_by(*NEWEST_FIRST)
        if all(name.startswith("r-") for name in names):  # true of such runs already, but without it no index is used
            query = query.where(text(f"({ON_MODELS})"))
        with self.reading() as connection:
            return read_runs(connection, query)

    def family_of(self, run_id: str) -> list[Run]:
        """The repetitions of a run: same dataset, recipes that differ in the seed only. It is among them; oldest first.

        Raises:
            NotFound: there is no run with exactly this id.
        """
        with self.reading() as connection:
            get_run(connection, run_id)
            same = select(runs.c.dataset_id, runs.c.family).where(runs.c.id == run_id).subquery()
            alike = (runs.c.dataset_id == same.c.dataset_id) & (runs.c.family == same.c.family)
            query = select(*RUN_COLUMNS).join(same, alike).order_by(*_OLDEST_FIRST)
            return read_runs(connection, query)

    def reproductions_of(self, run_id: str) -> list[Run]:
        """Runs that repeat this one with the same seed, oldest first."""
        query = select(*RUN_COLUMNS).where(runs.c.reproduces == run_id).order_by(*_OLDEST_FIRST)
        with self.reading() as connection:
            return read_runs(connection, query)
