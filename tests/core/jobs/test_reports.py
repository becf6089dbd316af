"""A trainer's files are read where they lie; those of another machine are read from what it has reported."""

from dataclasses import replace

import pytest

from core.errors import Unavailable
from core.jobs import reports
from core.jobs.exit_policy import ExitRecord, write_exit_record
from core.jobs.launching import Traces
from core.jobs.reports import AttemptReports, progress_of, tail_of, traces_of
from core.runs.progress import ProgressWriter
from tests.jobs_home import Home, eventually


@pytest.fixture
def home(settings, registry):
    return Home(settings, registry)


@pytest.fixture
def run(home):
    return home.add()


@pytest.fixture
def there(settings, tmp_path):
    """The settings of the machine that trains."""
    return replace(settings, home=tmp_path / "there", registry="postgresql://graft@db/graft")


@pytest.fixture
def here(settings):
    return replace(settings, registry="postgresql://graft@db/graft")


@pytest.fixture
def folder(there, run):
    folder = there.home / "runs" / run.id
    folder.mkdir(parents=True)
    return folder


def test_with_the_registry_in_the_home_nothing_is_reported(home, run):
    with AttemptReports(run.id, 1, home.settings, home.registry):
        ProgressWriter(run.id, home.settings)
        (home.folder(run) / "log.txt").write_text("one\n")
    assert home.registry.report_of(run.id, 1) is None
    assert progress_of([run.id], home.settings, home.registry)[run.id].stage == "Loading"
    assert tail_of(run.id, home.settings, home.registry) == ("one\n", 4)


def test_progress_and_log_of_another_machine_are_read_from_its_reports(home, run, there, here, folder, monkeypatch):
    monkeypatch.setattr(reports, "REPORT_SECONDS", 0.05)
    registry, log = home.registry, folder / "log.txt"
    with AttemptReports(run.id, 1, there, registry):
        progress = ProgressWriter(run.id, there)
        log.write_text("eins\nzwölf\n")
        eventually(lambda: tail_of(run.id, here, registry) == ("eins\nzwölf\n", 12))
        progress.start("Training", 10, "epochs", done=3)
        eventually(lambda: progress_of([run.id], here, registry)[run.id].stage == "Training")
        assert progress_of([run.id], here, registry)[run.id].done == 3
        with log.open("a") as file:
            file.write("drei\n")
        eventually(lambda: tail_of(run.id, here, registry, 12) == ("drei\n", 17))
        assert tail_of(run.id, here, registry, 17) == ("", 17)
    assert traces_of(run.id, 1, registry) == Traces(last_line="drei")
    assert tail_of(run.id, here, registry, 9_999) == ("eins\nzwölf\ndrei\n", 17)  # a log that has begun again


def test_the_end_is_reported_when_the_registry_is_back(home, run, there, folder, monkeypatch):
    registry, report, calls = home.registry, home.registry.report, []

    def away(*values, **more):
        calls.append(values)
        if len(calls) < 3:
            raise Unavailable("The registry does not answer.")
        report(*values, **more)

    monkeypatch.setattr(registry, "report", away)
    with AttemptReports(run.id, 2, there, registry):
        (folder / "log.txt").write_text("x" * 200_000 + "\nthe\0 end\n")
        write_exit_record(folder / "exit.json", 2, 4, "failed", "The loss became NaN.")
    record = ExitRecord(attempt=2, code=4, outcome="failed", reason="The loss became NaN.")
    assert traces_of(run.id, 2, registry) == Traces(record=record, last_line="the end")
    assert len(registry.report_of(run.id, 2).log) <= reports.LOG_BYTES
    assert traces_of(run.id, 1, registry) == Traces()


def test_a_report_of_another_version_is_no_progress_and_no_record(home, run, here):
    home.registry.report(run.id, 1, progress={"unknown": 1}, exit={"unknown": 1})
    assert progress_of([run.id], here, home.registry)[run.id] is None
    assert traces_of(run.id, 1, home.registry) == Traces()
