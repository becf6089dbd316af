"""The connections to a PostgreSQL server, and its error messages. psycopg is imported with the first engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.errors import GraftError, InvalidInput, NoSpace, Unavailable
from core.registry.column_types import json_text
from core.registry.database import ConnectionLost

LOCK_SECONDS = 30
"""A writer waits so long for another one."""
FROZEN_SECONDS = 15
"""The server ends a writing transaction in which its client is silent for so long: a frozen process would block all."""
_PARAMETERS: dict[str, Any] = {
    "autocommit": True,  # ``_begin`` writes BEGIN itself, together with what belongs to it
    "application_name": "graft",
    "connect_timeout": 5,
    # A machine that was cut off must notice within the time that its leases leave it.
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def new_engine(dsn: str) -> Engine:
    """An engine whose transactions begin with the statements of the execution option ``begin``.

    Raises:
        Unavailable: psycopg is not installed. InvalidInput: the address has another form.
    """
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        raise Unavailable(
            "GRAFT_REGISTRY names a PostgreSQL server, for which the package psycopg is missing. Install it: "
            "make setup CLUSTER=1"
        ) from error
    try:
        conninfo_to_dict(dsn)
    except psycopg.Error as error:
        raise InvalidInput(
            f"GRAFT_REGISTRY must be postgresql://user@host/database ({_first_line(error)}). Received: {dsn!r}"
        ) from None
    engine = create_engine(
        "postgresql+psycopg://",
        max_overflow=-1,  # a thread never waits for another one's connection
        json_serializer=json_text,
        use_native_hstore=False,
    )

    def connect(_dialect: Any, _record: Any, _arguments: list, parameters: dict[str, Any]) -> Any:
        connection = psycopg.connect(dsn, context=parameters["context"], **_PARAMETERS)
        connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        return connection

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """One request for the statements that begin a transaction; ``connection.info`` keeps their last result."""
    import psycopg

    driver: Any = connection.connection.driver_connection
    try:
        cursor = driver.execute(connection.get_execution_options().get("begin", "BEGIN"))
        while cursor.nextset():
            pass
        connection.info["begun"] = cursor.fetchone() if cursor.description else None
    except psycopg.Error:
        if driver.closed:
            connection.invalidate()
        raise


@contextmanager
def readable_errors(address: str) -> Iterator[None]:
    """Translates the server's errors about connection, rights and disk into one sentence; others stay as they are."""
    import psycopg

    try:
        yield
    except (IntegrityError, psycopg.IntegrityError):
        raise
    except (DBAPIError, psycopg.Error) as error:
        original = getattr(error, "orig", None) or error
        code = getattr(original, "sqlstate", None)
        if code is None and not isinstance(original, psycopg.OperationalError | psycopg.InterfaceError):
            raise  # by the driver, about a value
        told = explain(address, code or "", str(original))
        if told is None:
            raise
        raise told from error


def explain(address: str, code: str, message: str) -> GraftError | None:
    """The error for the user for an SQLSTATE and a message; None when it is a mistake of ours.

    An error before there is a connection has no code, only libpq's message, in which the server's may be translated.
    """
    line = _first_line(message)
    if code == "53100":
        return NoSpace(f"The disk of the server of {address} is full; nothing was changed. Free some space there.")
    if code == "22003":
        return InvalidInput("A number is too large; whole numbers may have up to 18 digits.")
    for codes, words, sentence in _SENTENCES:
        if code.startswith(codes) if code else any(word in message for word in words):
            return Unavailable(f"The registry {address} {sentence} (PostgreSQL says: {line}).")
    if not code or code.startswith(_LOST):
        return ConnectionLost(
            f"The registry {address} is unreachable, and nothing was changed. Check that the server runs and that this "
            f"machine reaches it (PostgreSQL says: {line})."
        )
    return None


_LOST = ("08", "57P01", "57P02", "57P03", "25P03", "40001", "40P01")
"""The connection broke, the server ends or starts, a silent transaction was ended, or the server chose a victim."""
_SENTENCES: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    (
        ("28",),
        ("authentication failed", "no password supplied", "pg_hba.conf", 'role "'),
        "refuses the user or the password; check the user in GRAFT_REGISTRY and the file that PGPASSFILE names",
    ),
    (
        ("3D000",),
        ('database "',),
        "does not exist; make the database first (createdb), or correct its name in GRAFT_REGISTRY",
    ),
    (
        ("3F000", "42501", "25006"),
        (),
        "cannot be written; give the user of GRAFT_REGISTRY the right to create and change tables",
    ),
    ((), ("translate host name", "resolve host", "Name or service not known"), "is on a host that is not known"),
    (("53300",), ("too many clients", "remaining connection slots"), "has no connection left; raise max_connections"),
    (
        ("55P03",),
        (),
        f"was held by another program for over {LOCK_SECONDS} seconds; try again, or end that program",
    ),
    (("XX001", "XX002"), (), "is damaged; restore a backup"),
    (("58",), (), "could not be read or written; check the disk of its server"),
    (("53",), (), "has too little memory or disk on its server"),
)
"""(SQLSTATEs, words where there is none, what is told). An empty tuple of codes fits no code."""


def _first_line(message: object) -> str:
    lines = str(message).strip().splitlines()
    return lines[0].strip() if lines else ""
