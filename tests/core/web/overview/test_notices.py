"""The notice on backups is shown to admins, where something is wrong."""

from dataclasses import replace

from core.backups.schedule import note_failure
from core.people.acting import Person, Role, acting_as
from core.web.overview import notices
from core.workbench import Workbench


def test_admins_are_told_and_others_are_not(settings, registry, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(notices.st, "warning", lambda text, **_: shown.append(text))
    bench = Workbench(replace(settings, backup=tmp_path / "*backups*"), registry)
    notices.backup_notice(bench)
    notices.backup_notice(Workbench(settings, registry))
    assert shown == []
    note_failure(bench.settings, registry, "The disk is full.")
    with acting_as(Person(name="anna", role=Role.TRAINER)):
        notices.backup_notice(bench)
    assert shown == []
    notices.backup_notice(bench)
    assert len(shown) == 1 and shown[0].startswith("**No new backup.** ") and "The disk is full" in shown[0]
    assert r"\*backups\*" in shown[0]
