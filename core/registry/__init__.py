"""The registry: the record of all datasets, runs and models, and the only SQL. It returns frozen values, never rows.

``schema`` defines the tables (types in ``column_types``, functions of SQL in ``functions``), ``clock`` is the
database's, and ``connection`` has the transactions. What SQLite and PostgreSQL do differently is behind ``database``:
``sqlite_file`` (``sqlite_connection``, ``opening``) and ``postgresql`` (``postgresql_connection``,
``postgresql_opening``, ``postgresql_tables``). ``migrating`` applies the ``migrations`` on both,
``revisions`` has the triggers, and ``backfill`` fills in columns that older rows lack.

Runs are queried in ``search`` (which runs match), ``summaries`` (counts and bests), ``relations`` (which runs belong
together) and ``board`` (columns for the leaderboard). The rest is in one module for each table or group of tables:
``preferences``, ``datasets``, ``runs``, ``queue``, ``attempts``, ``results``, ``models``, ``aliases``, ``tokens``,
``users``, ``sessions``, ``links``, ``sign_ins``, ``leases``, ``artifacts``, ``audit_log``. ``maintenance`` checks
what is stored, ``copying`` copies all of it into another database. ``Registry``
has all their methods.
"""

from core.registry.audit_log import LogEntry
from core.registry.registry import Registry

__all__ = ["LogEntry", "Registry"]
