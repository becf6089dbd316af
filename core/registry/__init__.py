"""The registry: the only truth, and the only SQL. It hands out frozen values, never rows.

Layout: ``schema`` (tables) · ``connection`` (SQLite settings, transactions, errors in words) · ``opening`` (schema
version, lock, backup, migrations) · one file per noun: ``preferences``, ``datasets``, ``runs``, ``queue``,
``attempts``, ``results``, ``models``, ``journal``, ``upkeep``. ``Registry`` is their sum.
"""

from core.registry.audit_log import LogEntry
from core.registry.registry import Registry

__all__ = ["LogEntry", "Registry"]
