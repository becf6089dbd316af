"""Backbones that a person added, beside the catalogue."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, insert, select

from core.backbones.added import AddedBackbone, check_name, from_json
from core.errors import Conflict, NotFound
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.schema import backbones


class AddedBackbones(Store):
    """The rows of added backbones."""

    def add_backbone(self, added: AddedBackbone) -> None:
        """Raises:
        InvalidInput: its name is not possible. Conflict: there is one of this name.
        """
        name = added.backbone.name
        check_name(name)
        with self.writing() as connection:
            if connection.scalar(select(backbones.c.name).where(backbones.c.name == name)) is not None:
                raise Conflict(f"There is already a backbone {name!r}. Choose another name, or remove it first.")
            connection.execute(
                insert(backbones).values(
                    name=name,
                    row=asdict(added.backbone),
                    files=[asdict(file) for file in added.files],
                    facts=dict(added.facts),
                    added_at=added.added_at,
                )
            )
            detail = {"name": name, "source": added.backbone.source, "digest": added.backbone.weights_digest}
            add_entry(connection, "add_backbone", detail)

    def added_backbones(self) -> list[AddedBackbone]:
        """All, the newest first."""
        newest = select(backbones).order_by(backbones.c.added_at.desc(), backbones.c.name)
        with self.reading() as connection:
            return [_value(row) for row in connection.execute(newest)]

    def added_backbone(self, name: str) -> AddedBackbone:
        """Raises:
        NotFound: nobody added a backbone of this name.
        """
        with self.reading() as connection:
            row = connection.execute(select(backbones).where(backbones.c.name == name)).first()
        if row is None:
            raise NotFound(f"Nobody added a backbone {name!r}. It may have been removed.")
        return _value(row)

    def remove_backbone(self, name: str, entry: dict[str, Any] | None = None) -> None:
        """Removes its row; runs made with it stay.

        Args:
            entry: further detail for the log.

        Raises:
            NotFound: as ``added_backbone``.
        """
        with self.writing() as connection:
            if not connection.execute(delete(backbones).where(backbones.c.name == name)).rowcount:
                raise NotFound(f"Nobody added a backbone {name!r}. It may have been removed.")
            add_entry(connection, "remove_backbone", {"name": name} | (entry or {}))


def _value(row: Row) -> AddedBackbone:
    return from_json({"backbone": row.row, "files": row.files, "facts": row.facts, "added_at": row.added_at})
