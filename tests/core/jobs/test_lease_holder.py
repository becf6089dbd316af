"""The holder of a lease as a text, from which others read who it is, which code it runs, and whether it is here."""

import os

from core.jobs import lease_holder
from core.jobs.lease_holder import code_of, holder_name, is_of_this_place, who_holds
from core.jobs.protocol import code_version


def test_a_holder_says_who_it_is_and_which_code_it_runs(settings):
    holder = holder_name(settings, code_version())
    assert who_holds(holder).startswith(f"process {os.getpid()} of '")
    assert "place" not in who_holds(holder)
    assert code_of(holder) == code_version()
    assert code_of("somebody") == ""


def test_only_a_holder_of_the_same_namespace_and_home_is_of_this_place(settings, monkeypatch):
    holder = holder_name(settings)
    assert is_of_this_place(holder, settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "supervisor.lock").touch()
    assert not is_of_this_place(holder, settings)  # the lock of another home
    holder = holder_name(settings)
    monkeypatch.setattr(lease_holder, "this_place", lambda: "this boot, another namespace")
    assert not is_of_this_place(holder, settings)
