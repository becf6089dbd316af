"""What the user prefers: small named JSON values."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from core.registry.connection import Store
from core.registry.schema import preferences


class Preferences(Store):
    """Named values such as ``rate_per_hour`` and ``currency``."""

    def preference(self, name: str, default: Any = None) -> Any:
        with self.reading() as connection:
            row = connection.execute(select(preferences.c.value).where(preferences.c.name == name)).first()
        return default if row is None else row.value

    def set_preference(self, name: str, value: Any) -> None:
        statement = insert(preferences).values(name=name, value=value)
        statement = statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
        with self.writing() as connection:
            connection.execute(statement)
