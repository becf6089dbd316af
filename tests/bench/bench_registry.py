"""Eight processes that write at once: transactions per second on PostgreSQL and on SQLite, in turns.

Both confirm a transaction when it is on the disk. ``python -m tests.bench.bench_registry [SECONDS]``
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.registry import Registry
from core.registry.registry import database_at
from core.settings import REPOSITORY, Settings
from tests.factories import make_dataset, make_photos, make_run
from tests.postgresql import BINARIES, SAFE, Server

WRITERS, ROUNDS, SECONDS = 8, 3, 4.0


def write(address: str, name: str, seconds: str) -> None:
    """What trainers and pages write; prints how many transactions, and the longest of them in seconds."""
    registry, number, longest = Registry(database_at(address)), 0, 0.0
    registry.runs()
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.monotonic() + float(seconds)
    while (began := time.monotonic()) < end:
        if number % 4 == 0:
            registry.add_run(make_run(number, id=f"r-{name}-{number}"))
        else:
            registry.set_preference(f"{name}", number)
        number, longest = number + 1, max(longest, time.monotonic() - began)
    print(number, longest, flush=True)


def measure(address: str, label: str, seconds: float) -> tuple[float, float]:
    """(transactions per second, longest wait) of all writers together."""
    argv = [sys.executable, "-m", "tests.bench.bench_registry", "write", address]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": REPOSITORY}
    writers = [subprocess.Popen([*argv, f"{label}-{n}", str(seconds)], **pipes) for n in range(WRITERS)]
    for writer in writers:
        writer.stdout.readline()
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    found = [writer.communicate()[0].split() for writer in writers]
    return sum(int(number) for number, _ in found) / seconds, max(float(longest) for _, longest in found)


def main(seconds: float = SECONDS) -> None:
    assert BINARIES is not None, "PostgreSQL is not installed: make database"
    with tempfile.TemporaryDirectory() as folder:
        server = Server.start(SAFE, folder=Path(folder))
        try:
            registries = {
                "SQLite": Registry.open(Path(folder) / "home" / "registry.db"),
                "PostgreSQL": Registry.of(Settings(home=Path(folder) / "home2", registry=server.new_database())),
            }
            rates: dict[str, list[float]] = {name: [] for name in registries}
            for registry in registries.values():
                registry.add_dataset(make_dataset(), make_photos())
            for number in range(ROUNDS):
                for name, registry in registries.items():
                    rate, longest = measure(registry.database.address, str(number), seconds)
                    rates[name].append(rate)
                    print(f"{name:10}  {rate:7.0f} transactions/s, longest wait {longest:.2f} s")
            sqlite, postgresql = (sorted(rates[name])[ROUNDS // 2] for name in ("SQLite", "PostgreSQL"))
            print(f"PostgreSQL / SQLite, {WRITERS} writers: {postgresql / sqlite:.2f}")
        finally:
            server.end()


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(*sys.argv[2:])
    else:
        main(*map(float, sys.argv[1:]))
