"""Models of finished runs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from core.errors import NotFound
from core.recipes.patterns import Pattern
from core.registry.aliases import MARK, run_of_alias
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.schema import columns_of, equal, ids_in, models, row_of, runs
from core.runs.values import Model, Status

_COLUMNS = columns_of(models, Model)


class Models(Store):
    """The models on disk. They are added by ``finish`` only."""

    def model(self, ref: str) -> Model:
        """The model with this id, or that of the run with this id or this alias (``flowers@champion``).

        Raises:
            NotFound: there is none.
        """
        return Model(**self._one(ref, _COLUMNS)._mapping)

    def run_of_model(self, ref: str) -> str:
        """The id of the run that ``model(ref)`` belongs to, without reading its card.

        Raises:
            NotFound: there is none.
        """
        return str(self._one(ref, [models.c.run_id]).run_id)

    def _one(self, ref: str, columns: Sequence[ColumnElement]) -> Row:
        with self.reading() as connection:
            if MARK in ref:
                ref = run_of_alias(connection, ref)
            row = connection.execute(select(*columns).where((models.c.id == ref) | (models.c.run_id == ref))).first()
            if row is None:
                raise NotFound(_no_model(connection, ref))
        return row

    def models(self, dataset_id: str | None = None) -> list[Model]:
        """Models, newest first."""
        query = select(*_COLUMNS).order_by(models.c.created_at.desc(), models.c.number.desc())
        query = query.where(*equal(models.c.dataset_id, dataset_id))
        return self.values(query, Model)

    def newest_model(self) -> str | None:
        """The run whose model was made last; None without any."""
        query = select(models.c.run_id).order_by(models.c.number.desc()).limit(1)
        with self.reading() as connection:
            return connection.scalar(query)

    def networks(self, limit: int) -> list[Model]:
        """The newest trained models with a ``model.keras``, those of starred runs first.

        Those of archived runs are left out.
        """
        learned = runs.c.archived.is_(False) & (runs.c.pattern != Pattern.CLASSIFIER) & models.c.path.endswith(".keras")
        newest = select(models.c.number).join(runs, runs.c.id == models.c.run_id).where(learned)
        newest = newest.order_by(runs.c.starred.desc(), models.c.number.desc()).limit(limit)
        query = select(*_COLUMNS).where(models.c.number.in_(newest)).order_by(models.c.number.desc())
        return self.values(query, Model)

    def replace_card(self, model_id: str, *, card: dict, sha256: str, size_bytes: int) -> None:
        """Replaces the card of a model; digest and size change too where the card is the model's main file.

        Raises:
            NotFound: the model is gone.
        """
        values = {"card": card, "sha256": sha256, "size_bytes": size_bytes}
        with self.writing() as connection:
            if not connection.execute(update(models).where(models.c.id == model_id).values(values)).rowcount:
                raise NotFound(f"There is no model {model_id!r}. It may have been deleted already.")

    def models_of(self, run_ids: Sequence[str]) -> dict[str, Model]:
        """The models of these runs, by run id; runs without a model are omitted."""
        query = select(*_COLUMNS).where(models.c.run_id.in_(ids_in(run_ids)))
        return {model.run_id: model for model in self.values(query, Model)}

    def models_in_all(self) -> tuple[int, int]:
        """How many models there are, and the bytes of their main files."""
        query = select(func.count(), func.coalesce(func.sum(models.c.size_bytes), 0))
        with self.reading() as connection:
            number, size_bytes = connection.execute(query).one()
            return number, int(size_bytes)  # PostgreSQL's sum is a Decimal

    def having_model(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Those of some runs that have a model."""
        query = select(models.c.run_id).where(models.c.run_id.in_(ids_in(run_ids)))
        with self.reading() as connection:
            return frozenset(connection.scalars(query))

    def delete_models_of(self, run_ids: Sequence[str], entry: dict[str, Any] | None = None) -> None:
        """Deletes the models that these runs have; the runs with evaluation and cost stay. ``entry``: of the log."""
        with self.writing() as connection:
            connection.execute(delete(models).where(models.c.run_id.in_(ids_in(run_ids))))
            add_entry(connection, "delete weights", entry)


def _no_model(connection: Connection, ref: str) -> str:
    run = connection.execute(select(runs.c.name, runs.c.status).where(runs.c.id == ref)).first()
    if run and run.status == Status.FINISHED:
        return f"There is no model {ref!r} any more: the weights of {run.name} were deleted. Train it again to get one."
    return f"There is no model {ref[:80]!r}. Only finished runs have one; it may have been deleted."


def insert_model(connection: Connection, model: Model) -> None:
    connection.execute(insert(models).values(row_of(models, model)))
