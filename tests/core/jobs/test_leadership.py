"""Which supervisor acts: one at a time, and another one only when the first has ended, or can be known to have."""

import pytest

from core.files.home import supervisor_lock
from core.jobs import lease_holder
from core.jobs.leadership import Leadership
from core.registry import leases
from core.registry.leases import SUPERVISOR


@pytest.fixture
def locked(settings):
    settings.home.mkdir(parents=True, exist_ok=True)
    supervisor_lock(settings).touch()
    return settings


@pytest.fixture
def elsewhere(locked, registry, monkeypatch):
    """The leadership of a process of another container."""
    with monkeypatch.context() as patch:
        patch.setattr(lease_holder, "this_place", lambda: "this boot, another namespace")
        return Leadership(locked, registry)


def test_the_supervisor_of_another_place_acts_until_it_ends(locked, registry, elsewhere):
    here = Leadership(locked, registry)
    assert elsewhere.acts() and elsewhere.waits_for == ""
    assert not here.acts()
    assert here.waits_for.startswith("process ") and "place" not in here.waits_for
    elsewhere.release()
    assert here.acts() and here.waits_for == ""
    assert registry.lease(SUPERVISOR).holder == here._holder


def test_one_that_was_killed_at_this_place_need_not_be_waited_for(locked, registry):
    registry.take(SUPERVISOR, lease_holder.holder_name(locked).replace("process ", "process 9"))
    here = Leadership(locked, registry)
    assert here.acts()
    assert registry.lease(SUPERVISOR).token > 1


def test_a_lost_lease_is_taken_back_when_it_is_free(locked, registry, monkeypatch):
    here = Leadership(locked, registry)
    assert here.acts()
    here._kept._lose()
    monkeypatch.setattr(registry, "take", lambda *_: None)
    monkeypatch.setattr(registry, "lease", lambda _: None)
    assert not here.acts()
    monkeypatch.undo()
    assert here.acts()


def test_one_that_cannot_renew_does_not_act(locked, registry, monkeypatch):
    here = Leadership(locked, registry)
    assert here.acts()
    monkeypatch.setattr(leases, "GIVE_UP_SECONDS", 0.0)
    assert not here.acts()
