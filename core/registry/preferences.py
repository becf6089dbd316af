"""What the user prefers: small named JSON values."""

from typing import Any

from sqlalchemy import bindparam, insert, select, update

from core.people.acting import Role
from core.registry.connection import Store
from core.registry.schema import preferences

# Built once: building and hashing a statement takes a third of the time that a writer keeps the others waiting.
_READ = select(preferences.c.value).where(preferences.c.name == bindparam("called"))
_CHANGE = update(preferences).where(preferences.c.name == bindparam("called")).values(value=bindparam("new"))
_ADD = insert(preferences).values(name=bindparam("called"), value=bindparam("new"))


class Preferences(Store):
    """Named values such as ``rate_per_hour`` and ``currency``."""

    def preference(self, name: str, default: Any = None) -> Any:
        with self.reading() as connection:
            row = connection.execute(_READ, {"called": name}).first()
        return default if row is None else row.value

    def set_preference(self, name: str, value: Any) -> None:
        with self.writing(least=Role.ADMIN) as connection:
            row = {"called": name, "new": value}
            if not connection.execute(_CHANGE, row).rowcount:
                connection.execute(_ADD, row)
