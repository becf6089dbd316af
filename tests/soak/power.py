"""Simulated power cuts: a home on the file system ``unsynced`` is copied at random moments without what was not synced.

Every copy is then started again, as after the return of the power, and checked as after a round of kills. Besides, what
had been confirmed before the cut must be there: finished runs, datasets, backbones.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from core.jobs import ensure_supervisor, stop_supervisor
from core.registry import Registry
from core.runs.values import Status
from core.settings import REPOSITORY
from tests.soak.checks import differences, problems
from tests.soak.home import SoakHome, wait_until
from tests.soak.people import People, free_port
from tests.soak.reference import Reference
from tests.soak.resting import come_to_rest
from tests.soak.unsynced import CUT, SYNC
from tests.soak.victims import kill_all

ACTS = ("launch", "upload", "import_by_command", "export", "ask_for_table", "check", "resume", "calibrate", "dismiss")
"""Without deletions: what is known before a cut stays."""


@dataclass(frozen=True)
class Confirmed:
    """What the registry had said before a cut."""

    finished: frozenset[str]
    datasets: frozenset[str]
    backbones: frozenset[str]

    @classmethod
    def by(cls, registry: Registry) -> "Confirmed":
        return cls(
            frozenset(run.id for run in registry.runs(status=Status.FINISHED)),
            frozenset(dataset.id for dataset in registry.datasets()),
            frozenset(one.backbone.name for one in registry.added_backbones()),
        )

    def lost(self, registry: Registry) -> list[str]:
        now = Confirmed.by(registry)
        kinds = ("finished", "datasets", "backbones")
        return [f"lost {kind}: {sorted(gone)}" for kind in kinds if (gone := getattr(self, kind) - getattr(now, kind))]


def cut_for(seconds: float, folder: Path, reference: Reference, chance: random.Random) -> int:
    """Exit status; for a third of the time the home is used and copied, then copies are checked."""
    home = SoakHome(folder / "power", free_port(chance))
    mountpoint, store = home.settings.home, folder / "power-store"
    mountpoint.mkdir(parents=True)
    system = subprocess.Popen(
        [sys.executable, "-m", "tests.soak.unsynced", str(store), str(mountpoint)], cwd=REPOSITORY
    )
    wait_until(lambda: os.path.ismount(mountpoint), 60, "the file system is mounted")
    end = time.monotonic() + seconds
    try:
        copies = _use(home, reference, chance, folder / "cuts", time.monotonic() + seconds / 3)
    finally:
        kill_all(mountpoint)
        subprocess.run(["umount", "-l", str(mountpoint)], check=False)
        system.kill()  # it would live as long as this process has a file of it open
        system.wait()
    found: list[str] = []
    checked = 0
    chance.shuffle(copies)
    for copy, confirmed in copies:
        if time.monotonic() > end:
            break
        wrong = _start_again(copy, confirmed, reference)
        checked += 1
        print(f"== cut {copy.folder.name}: {len(wrong)} problems", flush=True)
        for one in wrong:
            print(f"PROBLEM {copy.folder.name}: {one}", flush=True)
        found += wrong
    print(f"{len(copies)} cuts, {checked} started again and checked, {len(found)} problems")
    return 1 if found else 0


def _use(
    home: SoakHome, reference: Reference, chance: random.Random, cuts: Path, end: float
) -> list[tuple[SoakHome, Confirmed]]:
    reference.copy_to(home)
    os.setxattr(home.settings.home, SYNC, b"1")
    hook = str(Path(__file__).parent / "sync_calls")
    os.environ.update(home.environment | {"GRAFT_HOME": "", "PYTHONPATH": hook})
    people, copies = People(home, chance), []
    cuts.mkdir(exist_ok=True)
    while time.monotonic() < end:
        people.launch()
        ensure_supervisor(home.settings)
        try:
            print(time.strftime("%H:%M:%S"), getattr(people, chance.choice(ACTS))(), flush=True)
        except Exception as error:  # noqa: BLE001 this part makes copies; kills find errors of actions
            print(f"{type(error).__name__}: {error}")
        time.sleep(chance.uniform(0.5, 12.0))
        confirmed = Confirmed.by(people.registry)
        copy = SoakHome(cuts / str(len(copies) + 1), home.port)
        copy.folder.mkdir()
        os.setxattr(home.settings.home, CUT, f"{chance.randrange(10**6)} {copy.settings.home}".encode())
        shutil.copy(home.folder / "photos.zip", copy.folder)
        copies.append((copy, confirmed))
        print(f"cut {len(copies)}, {len(confirmed.finished)} runs had finished", flush=True)
    stop_supervisor(home.settings, now=True)
    people.registry.close()
    return copies


def _start_again(home: SoakHome, confirmed: Confirmed, reference: Reference) -> list[str]:
    os.environ.update(home.environment | {"GRAFT_HOME": "", "PYTHONPATH": ""})
    people = People(home, random.Random(0))
    try:
        found = confirmed.lost(people.registry)
        names = {run.fingerprint: name for name, run in _known(reference)}
        found += come_to_rest(people, launching=False)
        bench = people.come_back()
        found += confirmed.lost(bench.registry)
        found += problems(home.settings, bench.registry, [])
        for run in bench.registry.runs(status=Status.FINISHED):
            if run.fingerprint in names:
                whole = reference.of(names[run.fingerprint])
                found += [
                    f"{run.name}, run {run.id}: {what} differ from the uninterrupted run"
                    for what in differences(home.settings, bench.registry, run.id, whole)
                ]
    except Exception as error:  # noqa: BLE001 a home that cannot be opened is a finding
        found = [f"{type(error).__name__}: {error}"[:400]]
    kill_all(home.settings.home)
    return found


def _known(reference: Reference):
    return [(name, reference.registry.run(run)) for name, run in reference.runs.items()]
