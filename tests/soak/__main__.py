"""``python -m tests.soak --minutes N [--seed S] [--power] [--folder F]``: the soak test.

Exit status 1 where something was wrong at the end of a round. The moments of kills depend on the clock too, so a seed
repeats the choices of actions and of kills, not every interleaving.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from pathlib import Path

from core.jobs import ensure_supervisor
from tests.soak.checks import differences, problems, read_notes
from tests.soak.disk import SmallDisk
from tests.soak.home import SoakHome
from tests.soak.people import People, free_port
from tests.soak.reference import Reference, trained_without_a_kill
from tests.soak.resting import come_to_rest
from tests.soak.victims import choose, freeze, kill_all, kill_group, kill_process, processes_of


class Soak:
    """Rounds of kills on one home, each of which ends with all checks."""

    def __init__(self, home: SoakHome, reference: Reference, disk: SmallDisk, chance: random.Random) -> None:
        self.home, self.reference, self.disk, self.chance = home, reference, disk, chance
        self.people = People(home, random.Random(chance.random()))
        self.kills: Counter[str] = Counter()
        self.found: list[str] = []
        self.wrong: list[str] = []
        """In this round."""
        self.compared = 0

    def round(self, seconds: float) -> list[str]:
        """Kills for so long, while people work in another thread, then rest; what is wrong."""
        end = time.monotonic() + seconds
        people = threading.Thread(target=self.work, args=(end,))
        people.start()
        while time.monotonic() < end:
            time.sleep(self.chance.choice((0.05, 0.3, 0.6, 1.5, 4.0)))
            self.strike()
        self.disk.empty()
        people.join()
        return self.rest()

    def work(self, end: float) -> None:
        """What people do until ``end``."""
        while time.monotonic() < end:
            self.act()
            with _patience():
                ensure_supervisor(self.home.settings)
            time.sleep(self.people.chance.choice((0.0, 0.3, 1.0, 2.0)))

    def act(self) -> None:
        """An error that is no sentence for the user is a finding."""
        try:
            self.say(self.people.act())
        except Exception as error:  # noqa: BLE001 whatever it is
            self.say(traceback.format_exc())
            self.wrong.append(f"{type(error).__name__}: {error}"[:400])

    def strike(self) -> None:
        """Kills, freezes, or fills the disk."""
        if self.chance.random() < 0.04:
            left = self.chance.choice((0, 50_000, 500_000, 5_000_000))
            self.say(f"disk full: {self.disk.fill(left)}")
            time.sleep(self.chance.uniform(0.5, 4.0))
            self.disk.empty()
            return
        for _ in range(self.chance.choice((1, 1, 2, 2, 3, 5))):
            victim = choose(processes_of(self.home.settings.home), self.chance)
            if victim is None:
                return
            how = self.chance.random()
            if how < 0.1:
                freeze(victim, self.chance.uniform(0.1, 3.0))
                self.say(f"froze {victim.kind} {victim.pid}")
            elif (kill_group if how < 0.35 else kill_process)(victim):
                self.kills[victim.kind] += 1
                self.say(f"killed {victim.kind} {victim.pid}{' with its group' if how < 0.35 else ''}")

    def rest(self) -> list[str]:
        """Everything finishes without further kills, is compared, and is stopped."""
        found, self.wrong = [*self.wrong, *come_to_rest(self.people)], []
        bench = self.people.come_back()
        found += problems(self.home.settings, bench.registry, read_notes(self.home.notes))
        for name, run_id in self.people.runs.items():
            self.compared += 1
            for what in differences(self.home.settings, bench.registry, run_id, self.reference.of(name)):
                found.append(f"{name}, run {run_id}: {what} differ from the uninterrupted run")
        self.found += found
        return found

    def say(self, line: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


class _patience:
    """A supervisor that is killed while it starts, or a full disk, is no error of this program."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind, error, _trace) -> bool:
        from core.errors import GraftError

        return isinstance(error, (GraftError, OSError))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    parser.add_argument("--folder", type=Path, help="for its files; kept")
    parser.add_argument("--round", type=float, default=60.0, help="seconds of kills in a round")
    parser.add_argument("--power", action="store_true", help="cut the power instead of killing processes")
    options = parser.parse_args()
    folder = (options.folder or Path(tempfile.mkdtemp(prefix="graft-soak-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    print(f"seed {options.seed}, {options.minutes:g} minutes, in {folder}", flush=True)
    os.environ.setdefault("GRAFT_GPUS", "none")
    reference = trained_without_a_kill(folder / "reference")
    if options.power:
        from tests.soak.power import cut_for

        return cut_for(60 * options.minutes, folder, reference, random.Random(options.seed))
    return soak_for(60 * options.minutes, folder, reference, options)


def soak_for(seconds: float, folder: Path, reference: Reference, options: argparse.Namespace) -> int:
    chance = random.Random(options.seed)
    home = SoakHome(folder / "soak", free_port(chance))
    disk = SmallDisk(home.settings.home)
    reference.copy_to(home)
    os.environ.update(home.environment | {"GRAFT_HOME": ""})  # the supervisor that this process starts passes it on
    soak = Soak(home, reference, disk, chance)
    end, rounds = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < end:
            rounds += 1
            found = soak.round(min(options.round, max(5.0, end - time.monotonic())))
            total = sum(soak.kills.values())
            print(f"== round {rounds}: {total} kills so far {dict(soak.kills)}; {len(found)} problems", flush=True)
            for one in found:
                print(f"PROBLEM {one}", flush=True)
            if found:
                keep = folder / f"found-{rounds}"
                shutil.rmtree(keep, ignore_errors=True)
                shutil.copytree(home.settings.home, keep, symlinks=True)
    finally:
        kill_all(home.settings.home)
        disk.remove()
    result = {
        "seed": options.seed,
        "rounds": rounds,
        "kills": dict(soak.kills),
        "total": sum(soak.kills.values()),
        "runs compared": soak.compared,
        "problems": soak.found,
    }
    print(json.dumps(result, indent=1))
    return 1 if soak.found else 0


if __name__ == "__main__":
    sys.exit(main())
