"""Machines for the soak test: each a namespace of processes, mounts and network with a home and a cache of its own."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.settings import REPOSITORY
from tests.cluster.machines import HEAD, Machine, ip
from tests.soak.victims import Victim, processes_of


@dataclass
class Place(Machine):
    """A machine with pages, a supervisor, and trainers that the head of the cluster starts.

    Its address is reached by a cable of its own, so that cutting it cuts nobody else off.

    Attributes:
        boots: how often it was started. is_linked, is_frozen: whether its cable is in, and its processes stand still.
        services: what is started on it again when it ends, by name.
    """

    boots: int = 0
    is_linked: bool = True
    is_frozen: bool = False
    services: dict[str, subprocess.Popen] = field(default_factory=dict)
    _spawned: list[subprocess.Popen] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def link(self) -> str:
        return f"l-{self.name}"

    @property
    def is_up(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def answers(self) -> bool:
        """Whether others on the network hear of it."""
        return self.is_up and self.is_linked and not self.is_frozen

    def boot(self) -> None:
        """Start the machine; what it had on its disk is there."""
        self.services, self._spawned = {}, []
        self.is_linked, self.is_frozen = True, False
        self.begin(["sleep", "infinity"])
        self.boots += 1

    def _connect(self) -> None:
        ip("link", "add", self.link, "type", "veth", "peer", "name", "node0", "netns", str(self.first_process()))
        for words in ("link set lo up", "link set node0 up"):
            self.inside("ip", *words.split())
        self._lead_here()
        self.inside("ip", "addr", "add", f"{self.address}/32", "dev", "node0")
        self.inside("ip", "route", "add", HEAD, "dev", "node0")

    def _lead_here(self) -> None:
        ip("link", "set", self.link, "up")
        ip("route", "add", self.address, "dev", self.link)

    def cut(self) -> None:
        self.is_linked = False
        super().cut()

    def mend(self) -> None:
        self._lead_here()  # the route went with the link
        self.is_linked = True

    def spawn(self, command: Sequence[str], log: Path, environment: dict[str, str]) -> subprocess.Popen:
        """Start a program on it, in a session of its own."""
        target = ["nsenter", "--target", str(self.first_process()), "--net", "--pid", "--mount"]
        target += [f"--wd={REPOSITORY}", "setsid"]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*target, *command],
                env={**os.environ, **self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._spawned = [one for one in self._spawned if one.poll() is None]
        self._spawned.append(process)
        return process

    def victims(self) -> list[Victim]:
        """Graft's processes on it, as this process sees them; not those that only keep the machine up."""
        found = {victim.pid: victim for folder in (self.home, self.cache) for victim in processes_of(folder)}
        return [victim for victim in found.values() if victim.kind != "other"]

    def freeze(self) -> None:
        """Everything on it stands still, as on a machine that is suspended."""
        self.is_frozen = True
        for pid in self._all():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self._all():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.wake()
        self.is_frozen = False

    def wake(self) -> None:
        """``nsenter`` stops itself when the process that it started was stopped; its end would not be seen."""
        for process in self._spawned:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)

    def _all(self) -> Iterator[int]:
        """Without the first process, which does nothing."""
        first = self.first_process()
        yield from (pid for pid in self.processes("") if pid != first)
