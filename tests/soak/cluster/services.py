"""What all machines share: PostgreSQL, the store, the head of the cluster; and how each of them goes away."""

import os
import signal
import time
from pathlib import Path
from typing import Protocol

from tests.cluster.machines import DASHBOARD, HEAD
from tests.cluster.services import Database, environment_of, start_s3
from tests.fake_ray import TOKEN
from tests.soak.cluster.places import Place
from tests.soak.cluster.stand_in import StandIn

BUCKET = "graft"


class Store(Protocol):
    """A place for artifacts that can be away."""

    address: str

    def away(self) -> None:
        """From now on nobody reads or writes in it."""

    def back(self) -> None:
        """What it had is there again."""

    def end(self) -> None: ...


class SharedFolder:
    """``GRAFT_ARTIFACTS=file:///...``; away as a folder that is not mounted."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._elsewhere = folder, folder.with_name(f"{folder.name}-away")
        folder.mkdir()
        self.address = folder.as_uri()

    def away(self) -> None:
        self._folder.rename(self._elsewhere)

    def back(self) -> None:
        self._elsewhere.rename(self._folder)

    def end(self) -> None:
        """Nothing runs."""


class Bucket:
    """``GRAFT_ARTIFACTS=s3://...``; away as a server that accepts connections and does not answer."""

    def __init__(self, folder: Path) -> None:
        self._server = start_s3(folder / "s3.log", BUCKET)
        self.address = f"s3://{BUCKET}/soak"

    def away(self) -> None:
        self._server.send_signal(signal.SIGSTOP)

    def back(self) -> None:
        self._server.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self._server.kill()


class Shared:
    """All of them.

    Args:
        folder: for their files. in_bucket: whether the store is an S3 server; else it is a folder.
    """

    def __init__(self, folder: Path, *, in_bucket: bool) -> None:
        folder.mkdir(parents=True)
        self.database = Database(folder)
        self.store: Store = Bucket(folder) if in_bucket else SharedFolder(folder / "store")
        self.registry = self.database.new()
        self.token_file = folder / "token"
        self.token_file.write_text(TOKEN)
        self.token_file.chmod(0o600)
        self._folder = folder

    def head_of(self, places: list[Place]) -> StandIn:
        return StandIn(places, self._folder / "jobs", HEAD, DASHBOARD)

    @property
    def environment(self) -> dict[str, str]:
        """What an administrator sets on every machine."""
        own = {"GRAFT_RAY_TOKEN_FILE": os.fspath(self.token_file), "GRAFT_LAUNCHER": f"ray:http://{HEAD}:{DASHBOARD}"}
        return environment_of(self.database, self._folder) | own

    def restart_database(self, mode: str, seconds: float) -> None:
        """Args:
        mode: of ``pg_ctl stop``: ``fast`` ends all connections, ``immediate`` is as a crash. seconds: it is away.
        """
        self.database.server.stop(mode)
        time.sleep(seconds)
        self.database.server.go_on()

    def end(self) -> None:
        self.store.end()
        self.database.end()
