"""A backup of a registry on PostgreSQL: ``pg_dump``."""

import os
import subprocess
from pathlib import Path

from core.errors import NoSpace, Unavailable
from core.files.atomic import replacing
from core.settings import without_secret


def dump(dsn: str, schema: str, path: Path) -> None:
    """A copy of one schema in the custom format, for ``pg_restore``. libpq reads the password, as Graft does.

    Raises:
        Unavailable: ``pg_dump`` is not installed, is older than the server, or could not connect.
        NoSpace: the disk is full.
    """
    with replacing(path) as draft:
        command = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--schema={schema}"]
        try:
            done = subprocess.run(
                [*command, f"--file={draft}", "--no-password", f"--dbname={dsn}"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                env=os.environ | {"LC_MESSAGES": "C"},
            )
        except FileNotFoundError:
            raise Unavailable(
                "pg_dump is not installed, which writes a backup of a PostgreSQL registry. Install the client of "
                "PostgreSQL (Debian: postgresql-client), or copy the registry: python -m core registry copy"
            ) from None
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["nothing"])[0][:300]
            if "No space left" in done.stderr:
                raise NoSpace(f"The disk is full; {path} was not written. Free some space and try again.")
            raise Unavailable(f"The registry {without_secret(dsn)} could not be copied (pg_dump says: {said}).")
