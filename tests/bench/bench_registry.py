"""Eight processes that write at once: transactions per second of the registry, beside those of bare SQLite.

All confirm a transaction when it is on the disk. "bare" are the same rows by prepared statements on a connection of the
same SQLite with the same pragmas, without checks, names, colours and SQLAlchemy. The ways take turns; every write that
was confirmed is counted afterwards. ``python -m tests.bench.bench_registry [SECONDS]``
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from core.registry import Registry
from core.registry.registry import database_at
from core.registry.sqlite_connection import connect
from core.settings import REPOSITORY, Settings
from tests.factories import make_dataset, make_photos, make_run
from tests.postgresql import BINARIES, SAFE, Server

WRITERS, ROUNDS, SECONDS = 8, 3, 4.0
EVERY = 4
"""One write of so many adds a run, the others set a preference."""


@dataclass(frozen=True)
class Measured:
    """All writers together.

    Args:
        rate: transactions per second. p99, longest: seconds of one transaction. runs: how many runs were added.
    """

    rate: float
    p99: float
    longest: float
    runs: int


def registry_writes(address: str, name: str) -> Callable[[int], object]:
    """What trainers and pages write."""
    registry = Registry(database_at(address))
    dataset = registry.datasets()[0]

    def write(number: int) -> None:
        if number % EVERY == 0:
            registry.add_run(make_run(number, dataset=dataset, id=f"r-{name}-{number}"))
        else:
            registry.set_preference(name, number)

    return write


def bare_writes(address: str, name: str) -> Callable[[int], object]:
    """The same rows in the same tables: a copy of the first run under another id, name and number."""
    connection = connect(Path(address))
    own = {"id": "?1", "name": "?1", "number": "(SELECT max(number) + 1 FROM runs)"}
    columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    values = ", ".join(own.get(column, column) for column in columns)
    add = f"INSERT INTO runs ({', '.join(columns)}) SELECT {values} FROM runs WHERE id = 'r-first'"

    def write(number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        if number % EVERY == 0:
            connection.execute(add, (f"r-{name}-{number}",))
        else:
            found = connection.execute("UPDATE preferences SET value = ? WHERE name = ?", (str(number), name))
            if not found.rowcount:
                connection.execute("INSERT INTO preferences (name, value) VALUES (?, ?)", (name, str(number)))
        connection.execute("COMMIT")

    return write


def write(way: str, address: str, name: str, seconds: str) -> None:
    """One writer: prints the seconds of each of its transactions."""
    act = {"bare": bare_writes, "registry": registry_writes}[way](address, name)
    print("ready", flush=True)
    sys.stdin.readline()
    taken: list[float] = []
    end = time.monotonic() + float(seconds)
    while (began := time.monotonic()) < end:
        act(len(taken))
        taken.append(time.monotonic() - began)
    print(json.dumps(taken), flush=True)


def measure(way: str, address: str, label: str, seconds: float) -> Measured:
    argv = [sys.executable, "-m", "tests.bench.bench_registry", "write", way, address]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": REPOSITORY}
    writers = [subprocess.Popen([*argv, f"{label}-{n}", str(seconds)], **pipes) for n in range(WRITERS)]
    for writer in writers:
        writer.stdout.readline()
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    taken = [json.loads(writer.communicate()[0]) for writer in writers]
    every = np.concatenate([np.asarray(one) for one in taken])
    runs = sum(-(-len(one) // EVERY) for one in taken)
    return Measured(len(every) / seconds, float(np.quantile(every, 0.99)), float(every.max()), runs)


class Way:
    """One way to write, on a database of its own."""

    def __init__(self, title: str, kind: str, registry: Registry) -> None:
        self.title, self.kind, self.registry = title, kind, registry
        self.measured: list[Measured] = []
        registry.add_dataset(make_dataset(), make_photos())
        registry.add_run(make_run(1, id="r-first"))

    def go(self, number: int, seconds: float) -> None:
        """Raises SystemExit: a confirmed run is missing."""
        before = len(self.registry.runs())
        found = measure(self.kind, self.registry.database.address, str(number), seconds)
        lost = before + found.runs - self._runs()
        print(
            f"{self.title:10}  {found.rate:6.0f} transactions/s, 99 % within {1000 * found.p99:.0f} ms, "
            f"longest {1000 * found.longest:.0f} ms, {lost} of {found.runs} runs lost"
        )
        if lost:
            raise SystemExit(f"{self.title} lost runs")
        self.measured.append(found)

    def _runs(self) -> int:
        if self.kind != "bare":
            return len(self.registry.runs())
        with closing(connect(Path(self.registry.database.address))) as connection:
            return int(connection.execute("SELECT count(*) FROM runs").fetchone()[0])

    @property
    def rate(self) -> float:
        return median(one.rate for one in self.measured)


def main(seconds: float = SECONDS) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ways = {
            "bare": Way("bare", "bare", Registry.open(folder / "bare" / "registry.db")),
            "SQLite": Way("SQLite", "registry", Registry.open(folder / "home" / "registry.db")),
        }
        server = Server.start(SAFE, folder=folder) if BINARIES else None
        try:
            if server:
                settings = Settings(home=folder / "home2", registry=server.new_database())
                ways["PostgreSQL"] = Way("PostgreSQL", "registry", Registry.of(settings))
            for number in range(ROUNDS):
                for way in ways.values():
                    way.go(number, seconds)
        finally:
            if server:
                server.end()
    print(f"{ways['SQLite'].registry.product}, {WRITERS} writers, medians of {ROUNDS} rounds")
    for title, other in (("SQLite", "bare"), ("PostgreSQL", "SQLite")):
        if title in ways:
            print(f"{title} / {other}: {ways[title].rate / ways[other].rate:.2f} ({ways[title].rate:.0f} /s)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(*sys.argv[2:])
    else:
        main(*map(float, sys.argv[1:]))
