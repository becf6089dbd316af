"""A PostgreSQL server for tests: Debian's binaries, run by a user who is not root, in a temporary folder."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None)
USER = "graft"
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=60",
         "shared_buffers=32MB", "wal_level=minimal", "max_wal_senders=0", "listen_addresses=")  # fmt: skip
SAFE = ("max_connections=60", "listen_addresses=")
_NOBODY = "nobody" if os.geteuid() == 0 else None
_NUMBERS = count(1)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server that listens on a Unix socket in ``folder``."""

    folder: Path
    options: tuple[str, ...]

    @classmethod
    def start(cls, options: tuple[str, ...] = QUICK, folder: Path | None = None) -> "Server":
        """A new server; ``options`` are settings of postgresql.conf; ``folder`` holds it instead of the memory."""
        memory = Path("/dev/shm")
        if folder is not None:
            folder.chmod(0o755)
        folder = Path(tempfile.mkdtemp(prefix="graft-pg-", dir=folder or (memory if memory.is_dir() else None)))
        if _NOBODY:
            shutil.chown(folder, _NOBODY)
        folder.chmod(0o755)
        server = cls(folder=folder, options=options)
        server._call("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", f"--username={USER}")
        server.go_on()
        return server

    def go_on(self) -> None:
        """Starts it again where it was stopped."""
        settings = " ".join(f"-c {option}" for option in (*self.options, f"unix_socket_directories={self.folder}"))
        self._call("pg_ctl", "start", "--wait", "--silent", f"--log={self.folder / 'log'}", f"--options={settings}")

    def stop(self, mode: str = "fast") -> None:
        self._call("pg_ctl", "stop", "--wait", "--silent", f"--mode={mode}")

    def end(self) -> None:
        """Stops it and deletes what it has."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def dsn(self, database: str = "postgres", user: str = USER) -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"graft_{next(_NUMBERS)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.dsn(name)

    def execute(self, statement: str, dsn: str = "") -> None:
        with psycopg.connect(dsn or self.dsn(), autocommit=True) as connection:
            connection.execute(statement)

    def _call(self, program: str, *arguments: str) -> None:
        """As another user where root runs the tests, whom PostgreSQL refuses."""
        done = subprocess.run(
            [str(BINARIES / program), f"--pgdata={self.folder / 'data'}", *arguments],
            user=_NOBODY,
            cwd="/",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"
