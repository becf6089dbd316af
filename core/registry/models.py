"""Models: what finished runs left."""

from sqlalchemy import Connection, delete, insert, select

from core.errors import NotFound
from core.registry.connection import Store
from core.registry.schema import columns_of, models, row_of
from core.runs import Model

_COLUMNS = columns_of(models, Model)


class Models(Store):
    """The models on disk. They are added by ``finish`` only."""

    def model(self, ref: str) -> Model:
        """The model with this id, or that of the run with this id.

        Raises:
            NotFound: there is none.
        """
        with self.reading() as connection:
            row = connection.execute(select(*_COLUMNS).where((models.c.id == ref) | (models.c.run_id == ref))).first()
        if row is None:
            raise NotFound(f"There is no model {ref!r}. Only finished runs have one; it may have been deleted.")
        return Model(**row._mapping)

    def models(self, dataset_id: str | None = None) -> list[Model]:
        """Models, newest first."""
        query = select(*_COLUMNS).order_by(models.c.created_at.desc(), models.c.number.desc())
        if dataset_id is not None:
            query = query.where(models.c.dataset_id == dataset_id)
        with self.reading() as connection:
            return [Model(**row._mapping) for row in connection.execute(query)]

    def delete_model(self, model_id: str) -> None:
        """Deletes a model; its run with evaluation and cost stays."""
        with self.writing() as connection:
            if not connection.execute(delete(models).where(models.c.id == model_id)).rowcount:
                raise NotFound(f"There is no model {model_id!r}. It may have been deleted already.")


def insert_model(connection: Connection, model: Model) -> None:
    connection.execute(insert(models).values(row_of(models, model)))
