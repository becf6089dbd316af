"""Rounds of faults on two machines, each of which ends with rest and an examination."""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.artifacts import bringing
from core.errors import GraftError
from core.registry.leases import LEASE_SECONDS
from tests.cluster.machines import HEAD, ip
from tests.soak.checks import differences, read_notes
from tests.soak.cluster.examination import an_hour_later, problems
from tests.soak.cluster.faults import Faults, kill_all_of
from tests.soak.cluster.home import NAMES, TRAINER, Desk, SharedHome, SharedPeople
from tests.soak.cluster.places import Place
from tests.soak.cluster.services import Shared
from tests.soak.cluster.stand_in import StandIn
from tests.soak.home import QUICK, SoakHome
from tests.soak.reference import Reference, trained_without_a_kill
from tests.soak.resting import unfinished

REST_SECONDS = 900.0
"""In which every run has to finish without further faults; generous, because the machine may be busy."""
GRACE_SECONDS = 60.0
"""In which all processes have to end once they were told to."""
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""As a job of Ray with one CPU, so that sums are added in one order everywhere."""


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


class Caretaker:
    """Starts again what has ended on machines that are up, as an administrator's systemd does."""

    def __init__(self, places: list[Place], head: StandIn) -> None:
        self._places, self._head, self._ended = places, head, threading.Event()
        self._threads = [
            threading.Thread(target=self._again_and_again, args=(work, seconds))
            for work, seconds in ((self._care, 3.0), (head.look, 0.3))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _again_and_again(self, work: Callable[[], None], seconds: float) -> None:
        while not self._ended.wait(seconds):
            with suppress(OSError, AssertionError):  # the machine was killed just now
                work()

    def _care(self) -> None:
        for place in self._places:
            if place.is_up and not place.is_frozen:
                kinds = {victim.kind for victim in place.victims()}
                self._keep(place, "web", ["app.py"], kinds)
                self._keep(place, "supervisor", ["-m", "core.jobs"], kinds)

    def _keep(self, place: Place, name: str, arguments: list[str], kinds: set[str]) -> None:
        known = place.services.get(name)
        if name not in kinds and (known is None or known.poll() is not None):
            place.services[name] = place.spawn([sys.executable, *arguments], place.folder / f"{name}.log", {})


class ClusterSoak:
    """Two machines, what they share, and people at a third one.

    Args:
        folder: for all files. chance: decides what happens.
    """

    def __init__(self, folder: Path, reference: Reference, chance: random.Random, *, in_bucket: bool) -> None:
        self.reference, self.chance = reference, chance
        ip("link", "set", "lo", "up")
        ip("addr", "add", f"{HEAD}/32", "dev", "lo")
        self.shared = Shared(folder / "shared", in_bucket=in_bucket)
        self.home = SharedHome(folder / "desk", trainer=TRAINER, shared=self.shared)
        os.environ.update(self.home.environment | ONE_THREAD | {"GRAFT_HOME": ""})
        bringing.install()
        self.places = [self._place(folder, name, f"10.77.0.{number}") for number, name in ((11, "one"), (12, "two"))]
        self.head = self.shared.head_of(list(self.places))
        self.desk = Desk(self.home)
        self.people = SharedPeople(self.home, random.Random(chance.random()))
        self.faults = Faults(self.places, self.desk, self.shared, self.head, random.Random(chance.random()), say)
        self.caretaker = Caretaker(self.places, self.head)
        self.found: list[str] = []
        self.compared = 0

    def _place(self, folder: Path, name: str, address: str) -> Place:
        place = Place(name=name, address=address, folder=folder / name, own_network=True, environment={})
        own, _ = self.home.settings_of(place)
        place.environment = self.home.environment | own.variables() | {"HOME": str(place.folder)}
        return place

    def begin(self) -> None:
        """The photos and the networks come to the shared registry, and everything starts."""
        self.reference.copy_to(self.home)
        self.people.come_to_the_cluster()
        self.head.__enter__()
        for place in self.places:
            place.boot()
        self.caretaker.start()

    def round(self, seconds: float) -> list[str]:
        """Faults for so long while people work and everything is trained, then rest; what is wrong."""
        end, found = time.monotonic() + seconds, []
        working = threading.Thread(target=self._work, args=(end, found))
        working.start()
        while time.monotonic() < end:
            time.sleep(self.chance.choice((0.5, 1.5, 3.0, 6.0)))
            self.faults.strike()
        self.faults.end()
        working.join()
        found += self.faults.problems
        self.faults.problems.clear()
        found += self._rest()
        self.found += found
        return found

    def _work(self, end: float, found: list[str]) -> None:
        while time.monotonic() < end:
            self._attempt(lambda: say(self.people.act()), found)
            time.sleep(self.people.chance.choice((0.5, 2.0, 5.0)))

    def _attempt(self, work: Callable[[], object], found: list[str]) -> None:
        """An error that is no sentence for people is a finding."""
        try:
            work()
        except GraftError as error:
            say(str(error)[:160])
        except Exception as error:  # noqa: BLE001 whatever it is
            say(traceback.format_exc())
            found.append(f"{type(error).__name__}: {error}"[:400])

    def _rest(self) -> list[str]:
        """Everything finishes, every process ends, and all is examined."""
        deadline, found = time.monotonic() + REST_SECONDS, list[str]()
        self.people.come_back()
        while time.monotonic() < deadline and not found:
            self._attempt(self.people.resume, found)
            self._attempt(self.people.launch, found)
            if not unfinished(self.people):
                break
            time.sleep(1.0)
        return found or unfinished(self.people) or self._examined()

    def _examined(self) -> list[str]:
        self.caretaker.end()
        found = [f"processes are left: {left}" for left in self._stop_all() if left]
        machines = [one for place in self.places for one in self.home.settings_of(place)]
        registry = self.people.come_back().registry
        say(f"{an_hour_later(registry, machines)} drafts of killed processes were deleted")
        notes = [
            note | {"alone": note["alone"] or self._was_frozen(note["at"])} for note in read_notes(self.home.notes)
        ]
        mine, whole = self.home.settings, self.reference
        found += problems(mine, registry, notes, machines)
        for name, run_id in self.people.runs.items():
            self.compared += 1
            for what in differences(mine, registry, run_id, whole.of(name)):
                found.append(f"{name}, run {run_id}: {what} differ from the uninterrupted run")
        return found

    def go_on(self) -> None:
        """Everything is trained anew, and every process started again."""
        self.people.come_back()
        self.people.delete_all()
        self.caretaker = Caretaker(self.places, self.head)
        self.caretaker.start()

    def _was_frozen(self, at: float) -> bool:
        """Whether a trainer may have slept when another one began, until its lease was refused after it woke."""
        return any(began <= at <= ended + LEASE_SECONDS for began, ended in self.faults.freezes)

    def _stop_all(self) -> list[list[str]]:
        """As a person stops everything; what had to be killed."""
        deadline, everywhere = time.monotonic() + GRACE_SECONDS, [*self.places, self.desk]
        for place in everywhere:
            for victim in place.victims():
                with suppress(ProcessLookupError):
                    if victim.kind == "supervisor":
                        os.kill(victim.pid, signal.SIGUSR1)  # with its trainers
                    elif victim.kind == "web":
                        os.kill(victim.pid, signal.SIGTERM)
        while any(place.victims() for place in everywhere) and time.monotonic() < deadline:
            time.sleep(0.3)
        return [kill_all_of(place) for place in everywhere]

    def end(self) -> None:
        self.faults.end()
        self.caretaker.end()
        kill_all_of(self.desk)
        for place in self.places:
            place.kill()
        self.head.shut_down()
        self.shared.end()


def soak(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.cluster", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    parser.add_argument("--store", choices=("s3", "folder"), help="s3 for odd seeds, else a shared folder")
    parser.add_argument("--folder", type=Path, help="for its files; kept")
    parser.add_argument("--reference", type=Path, help="a folder with uninterrupted runs of an earlier call")
    parser.add_argument("--quick", action="store_true", help="only runs without TensorFlow: more faults in less time")
    parser.add_argument("--round", type=float, default=180.0, help="seconds of faults in a round")
    options = parser.parse_args(arguments)
    folder = (options.folder or Path(tempfile.mkdtemp(prefix="graft-soak-", dir="/tmp"))).resolve()
    store = options.store or ("s3" if options.seed % 2 else "folder")
    print(
        f"seed {options.seed}, {options.minutes:g} minutes, {store}, leases of {LEASE_SECONDS:g} s, {folder}",
        flush=True,
    )
    os.environ.update(ONE_THREAD | {"GRAFT_GPUS": "none"})
    whole = SoakHome(options.reference or folder / "reference", trainer=TRAINER)
    reference = trained_without_a_kill(whole.folder, NAMES, whole)
    say("the runs without a fault have finished")
    test = ClusterSoak(folder, reference, random.Random(options.seed), in_bucket=store == "s3")
    test.people.names = tuple(QUICK) if options.quick else NAMES
    end, counted = time.monotonic() + 60 * options.minutes, Counter[str]()
    try:
        test.begin()
        rounds = 0
        while time.monotonic() < end:
            if rounds:
                test.go_on()
            found = test.round(options.round)
            rounds, counted = rounds + 1, Counter(test.faults.counts)
            print(f"== round {rounds}: {counted.total()} faults so far; {len(found)} problems", flush=True)
            for one in found:
                print(f"PROBLEM {one}", flush=True)
            if found:
                break  # what is there is kept for a look
    finally:
        test.end()
    result = {"seed": options.seed, "store": store, "rounds": rounds, "faults": dict(sorted(counted.items()))}
    result |= {"total": counted.total(), "runs compared": test.compared, "problems": test.found}
    print(json.dumps(result, indent=1))
    return 1 if test.found else 0
