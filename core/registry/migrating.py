"""What opening has in common on SQLite and PostgreSQL: the check of the revision, and Alembic."""

from pathlib import Path

from sqlalchemy import Connection

from core.errors import Unavailable
from core.files.home import dataset_folders, run_folders
from core.registry.revisions import create_triggers, drop_triggers
from core.settings import Settings
from core.text.units import count

MIGRATIONS = Path(__file__).parent / "migrations"


def check_revision(address: str, revision: str | None, head: str) -> None:
    """Raises:
    Unavailable: the registry is of a newer Graft.
    """
    if revision is not None and revision > head:
        raise Unavailable(
            f"The registry {address} was written by a newer Graft (schema {revision}; this one knows up to {head}). "
            "Update Graft, or use a backup from before."
        )


def what_home_has(home: Path) -> str:
    """What would be lost without a word when a registry begins anew: ``3 runs and 1 dataset``; "" for nothing."""
    settings = Settings(home=home)
    runs, datasets = len(run_folders(settings)), len(dataset_folders(settings))
    there = [count(number, noun) for number, noun in ((runs, "run"), (datasets, "dataset")) if number]
    return " and ".join(there)


def migrate(connection: Connection, migrations: Path, *, stamp: str | None = None) -> None:
    """Applies all migrations in the transaction of the connection.

    Args:
        stamp: the tables are those of this revision already, which is written down only.
    """
    from alembic import command  # slow to import, and needed once per schema change only
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    if stamp is not None:
        command.stamp(config, stamp)
    drop_triggers(connection)
    command.upgrade(config, "head")
    create_triggers(connection)
