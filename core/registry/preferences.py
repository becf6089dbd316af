"""What the user prefers: small named JSON values."""

from typing import Any

from sqlalchemy import insert, select, update

from core.people.acting import Role
from core.registry.connection import Store
from core.registry.schema import preferences


class Preferences(Store):
    """Named values such as ``rate_per_hour`` and ``currency``."""

    def preference(self, name: str, default: Any = None) -> Any:
        with self.reading() as connection:
            row = connection.execute(select(preferences.c.value).where(preferences.c.name == name)).first()
        return default if row is None else row.value

    def set_preference(self, name: str, value: Any) -> None:
        with self.writing(least=Role.ADMIN) as connection:
            known = connection.execute(update(preferences).where(preferences.c.name == name).values(value=value))
            if not known.rowcount:
                connection.execute(insert(preferences).values(name=name, value=value))
