"""Several machines in one pass: each photo is computed by one of them, and all have what one machine would have."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from core.artifacts import bringing
from core.artifacts.parts import publish_dataset
from core.datasets import shards as photo_shards
from core.features import shards, shared_pass
from core.features.reusing import PHOTOS
from core.features.shards import published_sets, sets_at_work
from core.features.store import folder_of, key_of, shards_folder
from core.files.folders import MANIFEST
from core.files.home import dataset_folder
from core.registry import Registry
from core.registry.postgresql import PostgresqlServer
from core.settings import REPOSITORY, Settings
from tests import postgresql
from tests.core.features.test_compute import Counting, ask, stored
from tests.core.features.test_photo_pass import PhotoByPhoto, SeveralCuts
from tests.machines import two_machines
from tests.tiny import TINY

__all__ = ["stored"]  # a fixture

PHOTOS_OF_A_SHARD = 8
ROWS, SHARDS = 28, 4
EXTRA = SHARDS  # each shard computes a photo once more, to learn the shape of a row


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(shards, "SHARD_PHOTOS", PHOTOS_OF_A_SHARD)
    monkeypatch.setattr(shared_pass, "POLL_SECONDS", 0.02)


@pytest.fixture
def machines(tmp_path, registry, settings, stored):
    """Both have the photos."""
    (tmp_path / "machines").mkdir()
    found = two_machines(tmp_path / "machines", registry)
    for machine in found:
        copy_photos(settings, machine.settings, stored[0])
    yield found
    bringing._registry_of.cache_clear()


def copy_photos(source, target, dataset):
    folder = dataset_folder(target, dataset.id).path
    shutil.copytree(dataset_folder(source, dataset.id).path, folder)
    (folder / MANIFEST).touch()  # what says that a folder holds the whole dataset


@pytest.fixture
def alone(settings, stored):
    """What one machine without a store has: the array, the ``meta.json`` and whose rows they are."""
    found = ask(settings, *stored)
    folder = folder_of(found.key, settings)
    return np.array(found.array), json.loads((folder / "meta.json").read_text()), np.load(folder / PHOTOS)


def together(*calls):
    """The results of calls in threads."""
    found = [None] * len(calls)

    def keep(number, call):
        found[number] = call()

    threads = [threading.Thread(target=keep, args=one) for one in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(one is not None for one in found)
    return found


def test_two_machines_share_a_pass_and_have_what_one_has(machines, stored, alone):
    engines = Counting(seconds=0.02), Counting(seconds=0.02)
    calls = [
        lambda machine=machine, engine=engine: ask(machine.settings, *stored, engine=engine)
        for machine, engine in zip(machines, engines, strict=True)
    ]
    found = together(*calls)
    array, meta, photos = alone
    for one, machine in zip(found, machines, strict=True):
        folder = folder_of(one.key, machine.settings)
        assert np.array_equal(one.array, array) and np.array_equal(np.load(folder / PHOTOS), photos)
        assert json.loads((folder / "meta.json").read_text()) | {"cost": 0} == meta | {"cost": 0}
        assert sorted(path.name for path in folder.iterdir()) == ["features.npy", "meta.json", PHOTOS]
        assert not shards_folder(one.key, machine.settings).exists()
    assert sum(engine.seen for engine in engines) == ROWS + EXTRA + len(machines)  # and one each, to know the values
    assert min(engine.seen for engine in engines) > PHOTOS_OF_A_SHARD
    assert found[0].cost == found[1].cost and found[0].cost.wall_seconds > 0
    assert machines[0].registry.held_leases("features/") == []


def test_a_machine_that_comes_later_computes_nothing(machines, stored, alone):
    first = ask(machines[0].settings, *stored)
    engine = Counting()
    second = ask(machines[1].settings, *stored, engine=engine)
    assert engine.seen == 0 and np.array_equal(second.array, alone[0]) and second.cost == first.cost


def test_the_progress_counts_what_other_machines_have_done(machines, stored):
    seen = []

    def stop_in_the_third(done, total):
        seen.append((done, total))
        if done > 2 * PHOTOS_OF_A_SHARD:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(machines[0].settings, *stored, progress=stop_in_the_third)
    engine, seen_there = Counting(), []
    ask(machines[1].settings, *stored, engine=engine, progress=lambda *at: seen_there.append(at))
    assert [at for at in seen if at[0] == 12] == [(12, ROWS)]
    assert seen_there[0] == (20, ROWS) and seen_there[-1] == (ROWS, ROWS)
    assert engine.seen == ROWS - 2 * PHOTOS_OF_A_SHARD + 2 + 1


def test_a_stopped_pass_goes_on_within_its_shard(machines, stored, alone):
    def stop(done, total):
        if done >= 12:
            raise KeyboardInterrupt

    first = machines[0]
    with pytest.raises(KeyboardInterrupt):
        ask(first.settings, *stored, progress=stop)
    assert first.registry.held_leases("features/") == []
    engine = Counting()
    found = ask(first.settings, *stored, engine=engine)
    assert np.array_equal(found.array, alone[0])
    assert engine.seen == ROWS - 12 + 3 + 1


def test_few_photos_are_one_shard_published_as_before(machines, stored, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_PHOTOS", ROWS)
    ask(machines[0].settings, *stored)
    key = key_of(stored[0], TINY, "train")
    assert [one.name for one in machines[0].registry.artifacts("features/")] == [shards.name_of(key)]


def test_an_array_has_the_values_of_one_engine(machines, stored, settings):
    """As of another processor, or of a GPU and a CPU: who would compute other values waits."""
    plain = np.array(ask(settings, *stored, engine=PhotoByPhoto()).array)
    engines = [PhotoByPhoto(seconds=0.01), PhotoByPhoto(0.5, seconds=0.01)]
    first, second = together(
        *(
            lambda machine=machine, engine=engine: ask(machine.settings, *stored, engine=engine)
            for machine, engine in zip(machines, engines, strict=True)
        )
    )
    assert np.array_equal(first.array, second.array)
    assert any(np.array_equal(first.array, plain + np.float32(shift)) for shift in (0.0, 0.5))
    key = key_of(stored[0], TINY, "train")
    assert len(published_sets(machines[0].registry, key)) == 1


def test_shards_of_a_machine_with_other_values_that_is_gone_are_left_out(machines, stored):
    def stop(done, total):
        if done > PHOTOS_OF_A_SHARD:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(machines[0].settings, *stored, engine=PhotoByPhoto(0.5), progress=stop)
    found = ask(machines[1].settings, *stored, engine=PhotoByPhoto())
    assert np.array_equal(found.array, ask(machines[0].settings, *stored, engine=PhotoByPhoto(0.5)).array)


def test_cuts_that_are_computed_in_one_pass_have_shards_each(machines, stored, settings):
    cuts = "stem.pool+block1.pool+top"
    whole = np.array(ask(settings, *stored, engine=SeveralCuts(), cut=cuts).array)
    ask(machines[0].settings, *stored, engine=SeveralCuts("stem.pool"), cut="stem.pool")
    engines = SeveralCuts(), SeveralCuts()
    for engine in engines:
        engine.seconds = 0.02
    found = together(
        *(
            lambda machine=machine, engine=engine: ask(machine.settings, *stored, engine=engine, cut=cuts)
            for machine, engine in zip(machines, engines, strict=True)
        )
    )
    assert all(np.array_equal(one.array, whole) for one in found)
    assert sum(engine.seen for engine in engines) == ROWS + EXTRA + len(machines)


def test_a_store_that_is_away_delays_no_run(machines, stored, alone, tmp_path):
    (tmp_path / "machines" / "store").rename(tmp_path / "away")
    engine = Counting()
    found = ask(machines[0].settings, *stored, engine=engine)
    assert np.array_equal(found.array, alone[0]) and engine.seen == ROWS + EXTRA + 1
    assert machines[0].registry.artifacts() == []


def test_a_shard_that_was_damaged_in_the_store_is_computed_again(machines, stored, alone, tmp_path, capsys):
    ask(machines[0].settings, *stored)
    for blob in (tmp_path / "machines" / "store").rglob("*"):
        if blob.is_file() and blob.read_bytes().startswith(b"\x93NUMPY") and blob.stat().st_size == 128 + 8 * 12:
            content = blob.read_bytes()
            blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
            break
    engine = Counting()
    found = ask(machines[1].settings, *stored, engine=engine)
    assert np.array_equal(found.array, alone[0]) and engine.seen == PHOTOS_OF_A_SHARD + 1 + 1
    assert "Its rows are computed again" in capsys.readouterr().out
    third = Settings(home=tmp_path / "third", artifacts=machines[0].settings.artifacts)
    third.home.mkdir()
    (third.home / "registry.db").symlink_to(machines[0].registry.database.path)
    engine = Counting()
    assert np.array_equal(ask(third, *stored, engine=engine).array, alone[0]) and engine.seen == 0


def test_a_machine_fetches_the_photos_of_its_shards_alone(machines, stored, alone, monkeypatch):
    dataset, photos = stored
    monkeypatch.setattr(photo_shards, "LARGE_PHOTOS", len(photos) - 1)
    monkeypatch.setattr(photo_shards, "SHARD_PHOTOS", PHOTOS_OF_A_SHARD)
    first, second = machines
    first.registry.add_dataset(dataset, photos)
    publish_dataset(first.settings, first.registry, dataset.id)
    folder = dataset_folder(second.settings, dataset.id)
    shutil.rmtree(folder.path)

    def stop(done, total):
        if done > 2 * PHOTOS_OF_A_SHARD:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(first.settings, *stored, progress=stop)
    assert np.array_equal(ask(second.settings, *stored).array, alone[0])
    rows = photo_shards.in_order(photo for photo in photos if photo.split == "train")
    there = {path.stem for path in folder.photos.iterdir()}
    first_shard = slice(PHOTOS_OF_A_SHARD)  # its first photo says which values the machine computes
    assert there == {one.digest for one in (*rows[first_shard], *rows[2 * PHOTOS_OF_A_SHARD :])}


# --- processes ---


class Cluster:
    """Machines that are processes with homes of their own. Their leases have 3 seconds instead of 45."""

    def __init__(self, folder: Path, registry: Registry, source: Settings, dataset) -> None:
        self.registry = registry
        self._folder, self._source, self._dataset = folder, source, dataset
        self._started: list[subprocess.Popen] = []
        (folder / "store").mkdir()

    def start(self, name: str, seconds: float = 0.05) -> subprocess.Popen:
        """A machine that computes a photo in so many seconds."""
        home = self._folder / name
        if not home.exists():
            copy_photos(self._source, Settings(home=home), self._dataset)
        environ = os.environ | {
            "GRAFT_HOME": str(home),
            "GRAFT_ARTIFACTS": (self._folder / "store").as_uri(),
            "GRAFT_LEASE_SECONDS": "3",
        }
        if isinstance(self.registry.database, PostgresqlServer):
            environ["GRAFT_REGISTRY"] = self.registry.database.dsn
        elif not (home / "registry.db").exists():
            (home / "registry.db").symlink_to(self.registry.database.path)
        arguments = [str(self._notes(name)), str(seconds), str(PHOTOS_OF_A_SHARD)]
        command = [sys.executable, "-m", "tests.feature_machine", *arguments]
        self._started.append(subprocess.Popen(command, cwd=REPOSITORY, env=environ, stdout=subprocess.PIPE, text=True))
        return self._started[-1]

    def _notes(self, name: str) -> Path:
        return self._folder / f"{name}.rows"

    def computed(self, name: str) -> Counter[int]:
        """How often a machine has computed the photo of each row."""
        notes = self._notes(name)
        return Counter(int(row) for row in notes.read_text().split()) if notes.exists() else Counter()

    def published(self) -> set[int]:
        """The numbers of the shards in the store."""
        found = published_sets(self.registry, key_of(self._dataset, TINY, "train"))
        return set().union(*found.values())

    def at_work(self) -> set[int]:
        found = sets_at_work(self.registry, [key_of(self._dataset, TINY, "train")])
        return set().union(*found.values())

    def end(self) -> None:
        for process in self._started:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(request, tmp_path, settings, stored):
    """On the database that the test names."""
    server = None
    if request.param == "postgresql":
        if postgresql.BINARIES is None:
            pytest.skip("PostgreSQL is not installed (make database)")
        server = postgresql.Server.start()
    registry = Registry.of(Settings(home=tmp_path / "pages", registry=server.new_database() if server else ""))
    found = Cluster(tmp_path, registry, settings, stored[0])
    yield found
    found.end()
    registry.close()
    if server:
        server.end()


def eventually(process, condition):
    while not condition():
        assert process.poll() is None, "it ended"
        time.sleep(0.02)


def result(process) -> tuple[dict, str]:
    """What a machine has, and what else it said."""
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    *lines, last = said.splitlines()
    return json.loads(last), "\n".join(lines)


def digest_of(array) -> str:
    return sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


SAMPLES = Counter(range(0, ROWS, PHOTOS_OF_A_SHARD))
"""The first photo of each shard is computed once more, to learn the shape of a row."""


@pytest.mark.parametrize("cluster", ["postgresql"], indirect=True)
def test_a_machine_that_is_killed_costs_its_shard(cluster, alone):
    first, second = cluster.start("first"), cluster.start("second")
    eventually(first, lambda: len(cluster.published()) >= 1 and len(cluster.computed("first")) > PHOTOS_OF_A_SHARD)
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = cluster.computed("first")
    found, _ = result(second)
    assert found["digest"] == digest_of(alone[0]) and found["cost"]["wall_seconds"] > 0
    assert cluster.published() == set(range(SHARDS))
    deadline = time.monotonic() + 30
    while cluster.at_work():  # where it was killed after it had published, before it gave its lease back
        assert time.monotonic() < deadline, "its lease never lapses"
        time.sleep(0.1)
    again = before + cluster.computed("second") - Counter(range(ROWS)) - SAMPLES
    again -= Counter({0: 2})  # each machine computes the first photo, to know its values
    assert len({row // PHOTOS_OF_A_SHARD for row in again}) <= 1, "only the shard that it was computing"
    third = cluster.start("third")
    assert result(third)[0] == found and cluster.computed("third") == Counter()


@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
def test_what_a_machine_computed_that_stood_still_is_refused_when_another_one_has_taken_over(cluster, alone):
    frozen = cluster.start("frozen", seconds=0.2)
    eventually(frozen, lambda: cluster.at_work() and len(cluster.computed("frozen")) > 2)
    (number,) = cluster.at_work()
    frozen.send_signal(signal.SIGSTOP)
    found, _ = result(cluster.start("other"))
    assert cluster.published() == set(range(SHARDS))
    frozen.send_signal(signal.SIGCONT)
    late, said = result(frozen)
    assert late == found and found["digest"] == digest_of(alone[0])
    assert f"{number:05} is not published: lease 2 has taken over. Received: lease 1" in said
    tokens = {one.name[-5:]: one.token for one in cluster.registry.artifacts("features/")}
    assert tokens == {f"{one:05}": 1 + (one == number) for one in range(SHARDS)}
