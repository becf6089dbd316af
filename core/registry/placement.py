"""What waiting runs need, and the slots that the acting supervisor has: who finds them both here knows what fits."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, delete, insert, select

from core.registry.connection import Store
from core.registry.schema import ids_in, run_needs, runs, slots
from core.runs.needs import RunNeeds, SlotResources
from core.runs.values import Status

WAITING = runs.c.status == Status.SCHEDULED
START_ORDER = (runs.c.priority.desc(), runs.c.position, runs.c.number)
_WITH_NEEDS = (
    select(runs.c.id, run_needs.c.needs)
    .outerjoin(run_needs, run_needs.c.run_id == runs.c.id)
    .where(WAITING)
    .order_by(*START_ORDER)
)


@dataclass(frozen=True, kw_only=True)
class KnownSlot:
    """A slot of the supervisor that acts, or acted last.

    Args:
        name: as it is stored with every attempt. title: shown to the user.
    """

    name: str
    title: str
    resources: SlotResources = field(default_factory=SlotResources)


class Placement(Store):
    """The tables of needs and slots."""

    def note_slots(self, found: Sequence[KnownSlot]) -> None:
        """Replaces the slots that are known."""
        with self.writing(least=None, quiet=True) as connection:
            connection.execute(delete(slots))
            if found:
                rows = [{"name": one.name, "title": one.title, "resources": asdict(one.resources)} for one in found]
                connection.execute(insert(slots), rows)

    def known_slots(self) -> list[KnownSlot]:
        """All of them, by name."""
        with self.reading() as connection:
            rows = connection.execute(select(slots).order_by(slots.c.name))
            return [
                KnownSlot(name=row.name, title=row.title, resources=SlotResources.from_json(row.resources))
                for row in rows
            ]

    def set_needs(self, run_id: str, needs: RunNeeds) -> None:
        """Replaces what a run needs; nothing where there is no such run (any more)."""
        with self.writing() as connection:
            connection.execute(delete(run_needs).where(run_needs.c.run_id == run_id))
            if connection.scalar(select(runs.c.id).where(runs.c.id == run_id)) is not None:
                insert_needs(connection, run_id, needs)

    def needs_of(self, run_ids: Iterable[str]) -> dict[str, RunNeeds]:
        """By run id; runs that need nothing are omitted."""
        query = select(run_needs).where(run_needs.c.run_id.in_(ids_in(run_ids)))
        with self.reading() as connection:
            return {row.run_id: RunNeeds.from_json(row.needs) for row in connection.execute(query)}

    def waiting_needs(self) -> dict[str, RunNeeds]:
        """By the id of every waiting run, in the order in which they start."""
        with self.reading() as connection:
            return dict(_needs_in_order(connection))


def insert_needs(connection: Connection, run_id: str, needs: RunNeeds) -> None:
    """Nothing is stored of a run that needs nothing."""
    if needs:
        connection.execute(insert(run_needs), {"run_id": run_id, "needs": needs.to_json()})


def next_for(connection: Connection, slot: str) -> str | None:
    """The first waiting run that fits a slot; where nothing is known of the slot, the first that needs nothing."""
    first = next(_needs_in_order(connection, limit=1), None)
    if first is None or not first[1]:
        return None if first is None else first[0]
    found = connection.execute(select(slots.c.resources).where(slots.c.name == slot)).scalar()
    resources = SlotResources.from_json(found or {})
    return next((run_id for run_id, needs in _needs_in_order(connection) if needs.fits(resources)), None)


def _needs_in_order(connection: Connection, limit: int | None = None) -> Iterator[tuple[str, RunNeeds]]:
    """Of the waiting runs."""
    for row in connection.execute(_WITH_NEEDS.limit(limit)):
        yield row.id, _NOTHING if row.needs is None else RunNeeds.from_json(row.needs)


_NOTHING = RunNeeds()
