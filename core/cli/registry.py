"""``registry``: the registry itself, copied from one database to another."""

from argparse import Namespace
from dataclasses import asdict, replace
from pathlib import Path

from core.cli.verbs import Result, Verbs, add_verb, table
from core.registry import Registry
from core.registry.copying import copy_registry
from core.registry.database import Database
from core.registry.registry import database_of
from core.registry.sqlite_file import SqliteFile
from core.settings import Settings, load_settings
from core.text.units import count

_PLACES = "sqlite (registry.db of the home), a file, or postgresql://user@host/database"


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "registry", copy, copy_text, "copy the registry to another database, and compare both")
    verb.add_argument("action", choices=["copy"])
    verb.add_argument("source", metavar="FROM", help=_PLACES)
    verb.add_argument("target", metavar="TO", help=f"{_PLACES}; nothing may be there yet")


def copy(options: Namespace) -> Result:
    settings = load_settings()
    source = _database(options.source, settings)
    source.bring_up_to_date(settings.home)
    target = _database(options.target, settings)
    tables = copy_registry(Registry(source), target)
    return {"from": source.address, "to": target.address, "tables": [asdict(one) for one in tables]}, True


def copy_text(result: dict) -> str:
    tables = [one for one in result["tables"] if one["rows"]]
    rows = count(sum(one["rows"] for one in tables), "row")
    return "\n".join(
        [
            table(("table", "rows", "SHA-256"), [(one["name"], one["rows"], one["digest"][:16]) for one in tables]),
            f"{rows} were copied from {result['from']} to {result['to']}, and are equal in both.",
            "Graft uses the one that GRAFT_REGISTRY names. Move the other one away, so that nobody goes on in it.",
        ]
    )


def _database(place: str, settings: Settings) -> Database:
    """Raises:
    InvalidInput: an address has a password in it.
    """
    if place == "sqlite" or place.startswith("postgresql:"):
        return database_of(replace(settings, registry="" if place == "sqlite" else place))
    return SqliteFile(Path(place).expanduser())
