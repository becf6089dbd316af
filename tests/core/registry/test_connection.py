"""Many threads and processes on one registry; run as a module, this file is one of those processes."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from core.registry import Registry
from core.registry.registry import database_at
from core.runs.values import Status
from core.settings import REPOSITORY
from tests.factories import make_cost, make_epochs, make_evaluation, make_model, make_run

WRITERS, ROUNDS = 8, 10


def at(address: str) -> Registry:
    """The registry, opened anew."""
    return Registry(database_at(address))


def start(worker: str, registry: Registry, *arguments) -> subprocess.Popen:
    argv = [
        sys.executable,
        "-m",
        "tests.core.registry.test_connection",
        worker,
        registry.database.address,
        *map(str, arguments),
    ]
    return subprocess.Popen(argv, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


def outputs(processes: list[subprocess.Popen]) -> list[str]:
    """What each has printed; all must have ended well."""
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return said


def count_up(address: str, name: str) -> None:
    """Reads and writes in one transaction, and adds runs and log entries."""
    registry = at(address)
    for number in range(ROUNDS):
        with registry.writing() as connection:
            count = connection.exec_driver_sql("SELECT value FROM preferences WHERE name = 'count'").scalar()
            connection.exec_driver_sql(f"UPDATE preferences SET value = '{int(count) + 1}' WHERE name = 'count'")
        registry.add_run(make_run(number, id=f"r-{name}-{number}"))
        registry.log(name, {"number": number})


def test_eight_writers_lose_nothing_and_none_fails(flowers):
    flowers.set_preference("count", 0)
    outputs([start("count_up", flowers, writer) for writer in range(WRITERS)])
    assert flowers.preference("count") == WRITERS * ROUNDS
    assert Counter(entry.action for entry in flowers.log_entries(10_000)) == {str(w): ROUNDS for w in range(WRITERS)}
    assert len({run.position for run in flowers.queue()}) == WRITERS * ROUNDS
    assert flowers.integrity_check() == "ok"


def claim_all(address: str) -> None:
    registry = at(address)
    print("ready", flush=True)
    sys.stdin.readline()
    while run := registry.claim("cpu", str(os.getpid())):
        print(run.id, flush=True)


def test_two_claimers_never_get_the_same_run(flowers):
    expected = [flowers.add_run(make_run(number)).id for number in range(60)]
    argv = [sys.executable, "-m", "tests.core.registry.test_connection", "claim_all", flowers.database.address]
    claimers = [
        subprocess.Popen(argv, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for claimer in claimers:
        claimer.stdout.readline()
    claimed = outputs(claimers)
    assert sorted(line for text in claimed for line in text.split()) == sorted(expected)
    assert all(run.attempt == 1 for run in flowers.runs(status=Status.RUNNING))


def finish_slowly(address: str) -> None:
    """Stops for good in the middle of ``finish``, after evaluation, cost and model were inserted."""
    from core.registry import results

    def stop(*_):
        print("in the middle", flush=True)
        time.sleep(60)

    results.end_run = stop
    registry = at(address)
    run = registry.runs(status=Status.RUNNING)[0]
    registry.finish(
        run.id, 1, evaluation=make_evaluation(), cost=make_cost(), model=make_model(run), best_epoch=1
    )  # fmt: skip


def test_a_trainer_killed_while_it_finishes_leaves_all_as_it_was(flowers):
    run = flowers.add_run(make_run(1))
    flowers.claim("cpu", "me")
    with start("finish_slowly", flowers) as trainer:
        assert trainer.stdout.readline() == "in the middle\n"
        trainer.send_signal(signal.SIGKILL)
    assert (flowers.evaluation(run.id), flowers.cost(run.id), flowers.models()) == (None, None, [])
    assert flowers.run(run.id).status == Status.RUNNING
    assert flowers.integrity_check() == "ok"
    assert flowers.end(run.id, 1, Status.FAILED, "The trainer was killed (signal 9).")


def record_for_ever(address: str) -> None:
    registry = at(address)
    run = registry.claim("cpu", "me")
    for epoch in make_epochs(100_000):
        registry.record_epoch(run.id, 1, epoch)
        print(epoch.number, flush=True)


def test_what_was_confirmed_before_a_kill_is_there_after_it(flowers):
    run = flowers.add_run(make_run(1))
    with start("record_for_ever", flowers) as trainer:
        for _ in range(40):
            confirmed = int(trainer.stdout.readline())
        trainer.send_signal(signal.SIGKILL)
        confirmed = max([confirmed, *map(int, trainer.stdout.read().split())])
    epochs = flowers.epochs(run.id)
    assert [epoch.number for epoch in epochs] == list(range(1, len(epochs) + 1))
    assert confirmed <= len(epochs) <= confirmed + 1
    assert flowers.run(run.id).epochs_done == len(epochs)


def test_a_reader_sees_one_state_while_others_write(flowers):
    with flowers.reading() as reader:
        before = reader.exec_driver_sql("SELECT count(*) FROM runs").scalar()
        flowers.add_run(make_run(1))
        assert reader.exec_driver_sql("SELECT count(*) FROM runs").scalar() == before
    assert len(flowers.runs()) == before + 1


def test_threads_share_one_registry(flowers):
    flowers.set_preference("count", 0)
    threads = [threading.Thread(target=_add_runs, args=(flowers, number)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(flowers.runs()) == 8 * 10
    assert len({run.position for run in flowers.runs()}) == 8 * 10


def _add_runs(registry: Registry, name: int) -> None:
    for number in range(10):
        run = registry.add_run(make_run(number, id=f"r-{name}-{number}"))
        assert registry.run(run.id) == run


def fork_and_write(address: str) -> None:
    """Parent and forked child go on with the very same object."""
    registry = at(address)
    if child := os.fork():
        registry.log("parent", {})
        assert os.waitpid(child, 0)[1] == 0
        registry.close()
        return
    for use in (lambda: registry.log("child", {}), registry.log_entries, registry.change_counter, registry.close):
        with pytest.raises(RuntimeError, match="of no use in a fork"):
            use()
    os._exit(0)


def test_a_registry_refuses_to_work_in_a_fork_where_sqlite_would_lose_what_is_written(registry):
    outputs([start("fork_and_write", registry)])
    assert [entry.action for entry in registry.log_entries()] == ["parent"]
    assert registry.integrity_check() == "ok"


def test_a_registry_sent_to_another_process_opens_its_own_connections(flowers):
    copy = pickle.loads(pickle.dumps(flowers))  # noqa: TID251
    assert copy.datasets() == flowers.datasets()
    assert copy.database is not flowers.database


def test_a_change_by_anybody_is_noticed_and_reading_is_none(flowers):
    before = flowers.change_counter()
    flowers.runs()
    assert flowers.change_counter() == before
    flowers.set_preference("a", 1)
    own = flowers.change_counter()
    assert own != before
    at(flowers.database.address).set_preference("a", 2)
    assert flowers.change_counter() not in (before, own)


def test_a_write_that_is_interrupted_changes_nothing_and_blocks_nobody(flowers):
    with pytest.raises(KeyboardInterrupt), flowers.writing() as connection:
        connection.exec_driver_sql("DELETE FROM datasets")
        raise KeyboardInterrupt
    assert len(flowers.datasets()) == 1
    flowers.set_preference("a", 1)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
