"""What happens to machines and services at random; each fault ends by itself, and several overlap."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from core.jobs.processes import signal_process
from core.registry.leases import LEASE_SECONDS
from tests.soak.cluster.home import Desk
from tests.soak.cluster.places import Place
from tests.soak.cluster.services import Shared
from tests.soak.cluster.stand_in import StandIn
from tests.soak.victims import Victim, choose, kill_group, kill_process

LONGER_THAN_LEASE = 1.3 * LEASE_SECONDS
"""As 60 s are to the 45 s of a lease outside of tests."""
AT_ONCE = 3
"""So many faults that last may overlap."""


@dataclass
class Faults:
    """Strikes at places and at what they share.

    Attributes:
        counts: how often each fault was done, by name.
        frozen_until: by ``time.time``, when the last frozen process was thawed; later than now while one is frozen.
    """

    places: list[Place]
    desk: Desk
    shared: Shared
    head: StandIn
    chance: random.Random
    say: Callable[[str], None]
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    freezes: list[tuple[float, float]] = field(default_factory=list)
    _lasting: dict[str, threading.Thread] = field(default_factory=dict)

    def strike(self) -> bool:
        """One fault; whether there was anything that it could hit."""
        self._lasting = {name: thread for name, thread in self._lasting.items() if thread.is_alive()}
        kinds: list[tuple[int, Callable[[], bool]]] = [
            (6, self.kill), (3, self.kill_with_group), (4, self.freeze_process), (2, self.freeze_machine),
            (4, self.cut_off), (2, self.kill_machine), (2, self.restart_database), (2, self.lose_store),
            (1, self.silence_head), (1, self.restart_head),
        ]  # fmt: skip
        weights, choices = zip(*kinds, strict=True)
        (kind,) = self.chance.choices(choices, weights)
        return kind()

    def end(self) -> None:
        """Wait until everything is there again."""
        for thread in self._lasting.values():
            thread.join()

    # --- processes ---

    def kill(self) -> bool:
        return self._kill("kill -9", kill_process)

    def kill_with_group(self) -> bool:
        return self._kill("kill -9 of the group", kill_group)

    def _kill(self, name: str, how: Callable) -> bool:
        place = self._with_processes()
        victim = self._victim(place) if place else None
        if victim is None or not how(victim):
            return False
        return self._count(f"{name}: {victim.kind}", f"{victim.kind} {victim.pid} on {place.name}")

    def _victim(self, place: Place | Desk) -> Victim | None:
        """Every other time a trainer, where one runs."""
        found = place.victims()
        trainers = [victim for victim in found if victim.kind == "trainer"]
        return self.chance.choice(trainers) if trainers and self.chance.random() < 0.5 else choose(found, self.chance)

    def freeze_process(self) -> bool:
        place = self._with_processes()
        victim = self._victim(place) if place else None
        if victim is None or not self._may_last(f"process {victim.pid}"):
            return False
        seconds = self.chance.choice((2.0, 0.8 * LEASE_SECONDS, LONGER_THAN_LEASE))
        if not signal_process(victim.identity, signal.SIGSTOP):
            return False

        def thaw() -> None:
            signal_process(victim.identity, signal.SIGCONT)
            place.wake()

        self._last(f"process {victim.pid}", seconds, thaw, freezes=True)
        longer = "freeze longer than the lease" if seconds > LEASE_SECONDS else "freeze shorter than the lease"
        return self._count(f"{longer}: {victim.kind}", f"{victim.kind} {victim.pid} on {place.name}, {seconds:.0f} s")

    # --- machines ---

    def freeze_machine(self) -> bool:
        place = self._calm_place()
        if place is None or not self._may_last(place.name):
            return False
        place.freeze()
        self._last(place.name, LONGER_THAN_LEASE, place.thaw, freezes=True)
        return self._count("freeze longer than the lease: machine", f"{place.name}, {LONGER_THAN_LEASE:.0f} s")

    def cut_off(self) -> bool:
        place = self._calm_place()
        if place is None or not self._may_last(place.name):
            return False
        seconds = self.chance.choice((2.0, 0.7 * LEASE_SECONDS, LONGER_THAN_LEASE, LONGER_THAN_LEASE))
        place.cut()
        self._last(place.name, seconds, place.mend)
        return self._count("link down and up", f"{place.name}, {seconds:.0f} s")

    def kill_machine(self) -> bool:
        place = self._calm_place()
        if place is None or not self._may_last(place.name):
            return False
        seconds = self.chance.choice((1.0, 10.0, LONGER_THAN_LEASE))
        place.kill()
        self._last(place.name, seconds, place.boot)
        return self._count("machine killed and started again", f"{place.name}, {seconds:.0f} s")

    def _calm_place(self) -> Place | None:
        """A machine that nothing happens to as a whole."""
        calm = [place for place in self.places if place.name not in self._lasting and place.answers]
        return self.chance.choice(calm) if calm else None

    def _with_processes(self) -> Place | Desk | None:
        """The same, or now and then the machine of the people."""
        return self.desk if self.chance.random() < 0.15 else self._calm_place()

    # --- what they share ---

    def restart_database(self) -> bool:
        if not self._may_last("database"):
            return False
        mode = self.chance.choice(("fast", "immediate"))
        seconds = self.chance.choice((0.0, 5.0, 0.9 * LEASE_SECONDS))
        self._last("database", 0.0, lambda: self.shared.restart_database(mode, seconds))
        return self._count(f"PostgreSQL restarted ({mode})", f"away for {seconds:.0f} s")

    def lose_store(self) -> bool:
        if not self._may_last("store"):
            return False
        seconds = self.chance.choice((3.0, 10.0, 30.0))
        self.shared.store.away()
        self._last("store", seconds, self.shared.store.back)
        return self._count("store away and back", f"{seconds:.0f} s")

    def silence_head(self) -> bool:
        if not self._may_last("head"):
            return False
        seconds = self.chance.choice((3.0, 20.0))
        self.head.shut_down()
        self._last("head", seconds, self.head.__enter__)
        return self._count("head of the cluster away and back", f"{seconds:.0f} s")

    def restart_head(self) -> bool:
        if not self._may_last("head"):
            return False
        self.head.restart()
        return self._count("head of the cluster restarted with all jobs", "")

    # --- parts ---

    def _may_last(self, name: str) -> bool:
        return name not in self._lasting and len(self._lasting) < AT_ONCE

    def _last(self, name: str, seconds: float, undo: Callable[[], object], *, freezes: bool = False) -> None:
        began = time.time()

        def wait() -> None:
            time.sleep(seconds)
            try:
                undo()
            except Exception as error:  # noqa: BLE001 then the round is worth nothing, and says so
                self.problems.append(f"the test could not undo what it did to {name}: {error}")
            if freezes:
                self.freezes.append((began, time.time()))

        if freezes:
            self.freezes.append((began, began + seconds))
        self._lasting[name] = threading.Thread(target=wait)
        self._lasting[name].start()

    def _count(self, kind: str, what: str) -> bool:
        self.counts[kind] += 1
        self.say(f"fault {sum(self.counts.values())}: {kind} {what}")
        return True


def kill_all_of(place: Place | Desk) -> list[str]:
    """Ends what is left on a machine; what it was."""
    left = place.victims()
    for victim in left:
        with suppress(ProcessLookupError):
            os.kill(victim.pid, signal.SIGKILL)
    return [f"{victim.kind} {victim.pid}" for victim in left]
