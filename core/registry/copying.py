"""Copies a whole registry into an empty database of either kind, and proves it: rows and a digest of every table."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from core.errors import Conflict, Unavailable
from core.registry.column_types import json_text
from core.registry.database import Database
from core.registry.registry import Registry
from core.registry.revisions import create_triggers, drop_triggers
from core.registry.schema import metadata
from core.registry.sqlite_file import SqliteFile

_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True)
class CopiedTable:
    """A table that is the same in both databases.

    Args:
        rows: how many. digest: SHA-256 of all values, in the order of the key.
    """

    name: str
    rows: int
    digest: str


def copy_registry(source: Registry, target: Database) -> list[CopiedTable]:
    """Copies everything, in one transaction: killed in the middle, or when something differs, ``target`` stays empty.

    Raises:
        Conflict: something holds a lease, so it may write; or there is something in the target.
        Unavailable: the source is damaged, or a table differs afterwards.
    """
    holders = sorted({f"{lease.name} ({lease.holder})" for lease in source.held_leases()})
    if holders:
        raise Conflict(f"The registry is in use: {', '.join(holders[:5])}. Stop Graft on all machines first.")
    if target.has_registry():
        raise Conflict(f"{target.address} is not empty. Nothing was changed. Move it away, or choose another one.")
    damage = source.integrity_check()
    if damage != "ok":
        raise Unavailable(
            f"The registry {source.database.address} is not in order: {damage[:300]}. Nothing was copied."
        )
    return _copied_tables(source, target)


def snapshot_to(source: Registry, path: Path) -> None:
    """A copy of one state of a registry as an SQLite file, which appears at once, while others read and write."""
    if isinstance(source.database, SqliteFile):
        source.database.copy_to(path)
    else:
        _copied_tables(source, SqliteFile(path))


def _copied_tables(source: Registry, target: Database) -> list[CopiedTable]:
    with source.reading() as read, target.beginning_anew() as write:
        drop_triggers(write)
        copied = [_copied(table, read, write, target.address) for table in metadata.sorted_tables]
        create_triggers(write)
    return copied


def _copied(table: Table, read: Connection, write: Connection, address: str) -> CopiedTable:
    rows = iter(_rows(table, read))
    while part := list(islice(rows, _AT_ONCE)):
        write.execute(insert(table), part)
    before, after = _described(table, read), _described(table, write)
    if before != after:
        raise Unavailable(f"The table {table.name} of {address} differs from the original. Nothing was copied.")
    return after


def _rows(table: Table, connection: Connection) -> Iterator[dict[str, Any]]:
    """In the order of the key; an owner comes before what refers to it."""
    found = connection.execute(select(table).order_by(*table.primary_key), execution_options={"yield_per": _AT_ONCE})
    return (row._asdict() for row in found)


def _described(table: Table, connection: Connection) -> CopiedTable:
    digest, number = sha256(), 0
    for row in _rows(table, connection):
        values = [value.hex() if isinstance(value, bytes) else value for value in row.values()]
        digest.update(json_text(values).encode() + b"\n")
        number += 1
    return CopiedTable(name=table.name, rows=number, digest=digest.hexdigest())
