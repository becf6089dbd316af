"""The machines that were asked whether they can train: what they said, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from core.registry.clock import now
from core.registry.connection import Store
from core.registry.schema import columns_of, nodes


@dataclass(frozen=True, kw_only=True)
class NodeRecord:
    """A machine as it described itself (``core.jobs.machine``).

    Args:
        name: of the machine in its cluster.
        facts: what it said, or ``problem`` alone where it could not say anything.
        seen_at: seconds since 1970, UTC, by the clock of the database.
    """

    name: str
    facts: Mapping[str, Any]
    seen_at: float


class Nodes(Store):
    """The table of machines."""

    def note_node(self, name: str, facts: Mapping[str, Any]) -> None:
        """Keeps what a machine said now; what it said before is replaced."""
        with self.writing(quiet=True) as connection:
            values = {"facts": dict(facts), "seen_at": connection.scalar(select(now()))}
            changed = connection.execute(update(nodes).where(nodes.c.name == name).values(values)).rowcount
            if not changed:
                connection.execute(insert(nodes).values(name=name, **values))

    def node_records(self) -> list[NodeRecord]:
        """All machines, by name."""
        return self.values(select(*columns_of(nodes, NodeRecord)).order_by(nodes.c.name), NodeRecord)

    def forget_node(self, name: str) -> bool:
        """Removes a machine that is no longer part of the cluster; False when there is none of this name."""
        with self.writing() as connection:
            return connection.execute(delete(nodes).where(nodes.c.name == name)).rowcount == 1
