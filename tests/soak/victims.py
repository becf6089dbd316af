"""The processes of a home, found by ``GRAFT_HOME`` in their environment, and what the soak test does to them."""

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.jobs.processes import Identity, identity_of, signal_process

_KINDS = (
    ("tests.soak.trainer", "trainer"),
    ("tests.soak.cluster.trainer", "trainer"),
    ("core.training", "trainer"),
    ("core.jobs.background_imports", "import"),
    ("core.jobs.background_tables", "table"),
    ("core.jobs.background_additions", "addition"),
    ("core.jobs.node_trainer", "trainer"),
    ("core.jobs.machine", "machine"),
    ("core.exports.background", "export"),
    ("core.curation.background", "check"),
    ("core.datasets.decoding.decoder", "decoder"),
    ("core.jobs", "supervisor"),
    ("app.py", "web"),
    ("core", "command"),
)
"""By the module or script that a process runs."""


@dataclass(frozen=True)
class Victim:
    identity: Identity
    kind: str

    @property
    def pid(self) -> int:
        return self.identity.pid

    @property
    def age(self) -> float:
        """Seconds since its start."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.identity.started / os.sysconf("SC_CLK_TCK")


def processes_of(home: Path) -> list[Victim]:
    """All processes of a home but this one."""
    wanted = f"GRAFT_HOME={home.resolve()}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            words = (entry / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        identity = identity_of(int(entry.name)) if wanted in environment else None
        if identity:
            found.append(Victim(identity, _kind(words)))
    return found


def _kind(words: list[str]) -> str:
    for word in words[1:4]:
        for name, kind in _KINDS:
            if word == name or word.endswith(f"/{name}") or word.startswith(f"{name}."):
                return kind
    return "other"


def kill_process(victim: Victim) -> bool:
    return signal_process(victim.identity, signal.SIGKILL)


def kill_group(victim: Victim) -> bool:
    """The whole session of processes that it belongs to."""
    try:
        os.killpg(os.getpgid(victim.pid), signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def freeze(victim: Victim, seconds: float, then: signal.Signals = signal.SIGCONT) -> bool:
    """SIGSTOP for some seconds, then SIGCONT, or SIGKILL in its sleep."""
    if not signal_process(victim.identity, signal.SIGSTOP):
        return False
    time.sleep(seconds)
    signal_process(victim.identity, signal.SIGCONT)
    return then is signal.SIGCONT or signal_process(victim.identity, then)


def choose(victims: list[Victim], chance: random.Random) -> Victim | None:
    """A kind first, so that the many decoders are not most of all; mostly one that had time for some work."""
    least = chance.choice((0.0, 2.0, 10.0, 30.0))
    victims = [victim for victim in victims if victim.age >= least]
    kinds = sorted({victim.kind for victim in victims})
    if not kinds:
        return None
    (kind,) = chance.choices(kinds, [1 if kind == "supervisor" else 3 for kind in kinds])  # without one nothing starts
    return chance.choice([victim for victim in victims if victim.kind == kind])


def kill_all(home: Path, patience: float = 20.0) -> list[Victim]:
    """Kills everything that is left of a home; what was there."""
    before = processes_of(home)
    end = time.monotonic() + patience
    while (left := processes_of(home)) and time.monotonic() < end:
        for victim in left:
            kill_process(victim)
        time.sleep(0.1)
    return before


Deed = Callable[[Victim], bool]
