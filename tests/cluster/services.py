"""An S3 server of the tests, and PostgreSQL with a password in the network of the cluster."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from tests.cluster.machines import HEAD
from tests.postgresql import SAFE, USER, Server

MOTO = Path(__file__).parents[2] / ".venv-cluster" / "bin" / "moto_server"
S3_PORT, PG_PORT = 5555, 5432
PASSWORD = "of-the-tests"
KEYS = {
    "AWS_ENDPOINT_URL": f"http://{HEAD}:{S3_PORT}",
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "tests",
    "AWS_REGION": "us-east-1",
}


def start_s3(log: Path, bucket: str) -> subprocess.Popen:
    """A server with an empty bucket."""
    with log.open("ab") as output:
        server = subprocess.Popen([str(MOTO), "-H", HEAD, "-p", str(S3_PORT)], stdout=output, stderr=output)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        request = urllib.request.Request(f"http://{HEAD}:{S3_PORT}/{bucket}", method="PUT", data=b"")
        request.add_header("Authorization", "AWS4-HMAC-SHA256 Credential=tests/20260101/us-east-1/s3/aws4_request")
        with suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(request, timeout=5):
            return server
        time.sleep(0.2)
    raise AssertionError(log.read_text()[-2000:])


class Database:
    """PostgreSQL that every machine of the cluster reaches, with a password."""

    def __init__(self, folder: Path) -> None:
        listening = tuple(option for option in SAFE if not option.startswith("listen_addresses"))
        self.server = Server.start((*listening, f"listen_addresses={HEAD}", f"port={PG_PORT}"))
        rules = self.server.folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all all trust\nhost all all {HEAD}/24 scram-sha-256\n")
        self.server.execute(f"ALTER USER {USER} PASSWORD '{PASSWORD}'", self._local("postgres"))
        self.server.execute("SELECT pg_reload_conf()", self._local("postgres"))
        self.password_file = folder / "pgpass"
        self.password_file.write_text(f"{HEAD}:{PG_PORT}:*:{USER}:{PASSWORD}\n")
        self.password_file.chmod(0o600)
        self._count = 0

    def _local(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self.server.folder}&port={PG_PORT}"

    def new(self) -> str:
        """The address of an empty database, as the machines know it."""
        self._count += 1
        self.server.execute(f"CREATE DATABASE graft_{self._count} TEMPLATE template0", self._local("postgres"))
        return f"postgresql://{USER}@{HEAD}:{PG_PORT}/graft_{self._count}"

    def restart(self) -> None:
        self.server.stop("fast")
        self.server.go_on()

    def end(self) -> None:
        self.server.end()


def environment_of(database: Database, folder: Path) -> dict[str, str]:
    """What an administrator sets on every machine."""
    return KEYS | {"PGPASSFILE": os.fspath(database.password_file), "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
