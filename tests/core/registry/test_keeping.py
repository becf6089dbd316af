"""A lease that is renewed in a thread: kept while the process works, lost when it is taken or cannot be renewed."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from core.errors import Conflict, Unavailable
from core.registry import leases
from core.registry.keeping import KeptLease
from core.settings import REPOSITORY


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for name, seconds in (("LEASE_SECONDS", 0.9), ("RENEW_SECONDS", 0.1), ("GIVE_UP_SECONDS", 0.5)):
        monkeypatch.setattr(leases, name, seconds)


def taken(registry, lost=None):
    lease = registry.take("import", "first", 0.9)
    kept = KeptLease(registry, lease, lost.set if lost else lambda: None)
    registry_renew = registry.renew
    registry.renew = lambda lease: registry_renew(lease, 0.9)
    return kept


def test_a_kept_lease_does_not_lapse_until_it_is_released(registry):
    kept = taken(registry)
    time.sleep(1.5)
    assert kept.is_kept and registry.take("import", "second") is None
    kept.release()
    assert registry.take("import", "second").token == 2


def test_a_lease_that_another_holder_has_taken_is_lost_at_the_next_renewal(registry):
    lost = threading.Event()
    kept = taken(registry, lost)
    registry.take("import", "second", token=5)
    assert lost.wait(5) and kept.is_lost and not kept.is_kept
    kept.release()
    assert registry.lease("import").holder == "second"


@pytest.mark.parametrize("waits", [0.0, 60.0])
def test_a_lease_that_cannot_be_renewed_is_given_up_also_when_the_registry_never_answers(registry, waits):
    lost, ended = threading.Event(), threading.Event()
    kept = taken(registry, lost)

    def away(lease):
        ended.wait(waits)
        raise Unavailable("The registry does not answer.")

    registry.renew = away
    began = time.monotonic()
    assert kept.is_kept
    assert lost.wait(5) and kept.is_lost
    assert 0.3 < time.monotonic() - began < 3
    ended.set()


def test_a_short_absence_of_the_registry_changes_nothing(registry):
    lost = threading.Event()
    kept = taken(registry, lost)
    quick, until = registry.renew, time.monotonic() + 0.3

    def away(lease):
        if time.monotonic() < until:
            raise Unavailable("The registry does not answer.")
        return quick(lease)

    registry.renew = away
    time.sleep(1.2)
    assert kept.is_kept and not lost.is_set()
    kept.release()


STOPPED = """
    import sys, time
    from core.registry import Registry
    from core.registry.keeping import KeptLease
    from core.registry.registry import database_at
    registry = Registry(database_at(sys.argv[1]))
    kept = KeptLease(registry, registry.take("import", "stopped"), lambda: print("lost", flush=True))
    print("taken", flush=True)
    time.sleep(2)
    print("kept" if kept.is_kept else "not kept", flush=True)
"""


@pytest.mark.parametrize("taken_meanwhile", [False, True])
def test_a_process_that_stood_still_goes_on_only_when_nobody_has_taken_its_lease(registry, taken_meanwhile):
    program = [sys.executable, "-c", textwrap.dedent(STOPPED), registry.database.address]
    environ = os.environ | {"GRAFT_LEASE_SECONDS": "0.9"}
    with subprocess.Popen(program, cwd=REPOSITORY, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "taken\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.3)
        assert registry.lease("import") is None
        if taken_meanwhile:
            registry.take("import", "another")
        process.send_signal(signal.SIGCONT)
        said = process.stdout.read().split("\n")
    assert said[:-1] == (["lost", "not kept"] if taken_meanwhile else ["kept"])


def test_who_waits_for_a_kept_lease_goes_on_once_it_is_renewed_and_not_when_it_is_lost(registry):
    kept = taken(registry)
    kept.wait()
    kept._renewed_at -= 100  # as after the process stood still
    assert not kept.is_kept
    kept.wait()
    assert kept.is_kept
    registry.take("import", "second", token=9)
    kept._renewed_at -= 100
    with pytest.raises(Conflict, match="The lease import was lost"):
        kept.wait()
