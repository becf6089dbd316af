"""The registry: the record of all datasets, runs and models, and the only SQL. It returns frozen values, never rows.

``schema`` defines the tables, ``connection`` the SQLite settings, transactions and error messages, ``opening`` brings
the schema up to date (``migrations``) and ``backfill`` fills in columns that older rows lack. Runs are queried in
``search`` (which runs match), ``summaries`` (counts and bests), ``relations`` (which runs belong together) and
``board`` (columns for the leaderboard). The rest is in one module for each table or group of tables: ``preferences``,
``datasets``, ``runs``, ``queue``, ``attempts``, ``results``, ``models``, ``aliases``, ``audit_log``. ``maintenance``
makes backups and checks the file. ``Registry`` has all their methods.
"""

from core.registry.audit_log import LogEntry
from core.registry.registry import Registry

__all__ = ["LogEntry", "Registry"]
