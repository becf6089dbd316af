"""Learning curves as processes: their state, however they end."""

import pytest

from core.advising import curve_process, growing
from core.advising.curve_process import cancel_curves, curve_state, read_growth, start_curves
from core.advising.growth import CURVE_METHOD
from core.errors import NotFound
from core.files import atomic
from core.files.home import dataset_folder, growth_job
from core.files.locks import acquire
from tests.core.advising.test_growth import make_growth


@pytest.fixture
def started(monkeypatch):
    """Processes that were not started."""
    found = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: found.append(arguments))
    return found


def run_here(settings, dataset):
    with acquire(growth_job(settings, dataset.id).alive_lock):
        curve_process._background(dataset.id, settings)


def test_none_running_ready(few, registry, settings, started):
    assert curve_state(few.id, settings=settings).state == "none"
    start_curves(few.id, settings=settings, registry=registry)
    with acquire(growth_job(settings, few.id).alive_lock):
        assert curve_state(few.id, settings=settings).is_active
        start_curves(few.id, settings=settings, registry=registry)
    assert len(started) == 1
    run_here(settings, few)
    assert curve_state(few.id, settings=settings).state == "ready"
    assert read_growth(few.id, settings).problem


def test_a_killed_one_and_a_cancelled_one_say_so(few, registry, settings, started, monkeypatch):
    start_curves(few.id, settings=settings, registry=registry)
    assert "killed before it was done" in curve_state(few.id, settings=settings).message
    cancel_curves(settings, few.id)

    def grow(dataset, *, report, **_):
        report("Probing", 0, 1)

    monkeypatch.setattr(growing, "grow", grow)
    run_here(settings, few)
    assert curve_state(few.id, settings=settings).state == "cancelled"


def test_what_went_wrong_is_one_sentence(few, registry, settings, started):
    for path in dataset_folder(settings, few.id).photos.iterdir():
        path.unlink()
    start_curves(few.id, settings=settings, registry=registry)
    run_here(settings, few)
    found = curve_state(few.id, settings=settings)
    assert found.state == "failed" and "import them" in found.message


def test_what_another_method_or_nobody_found_is_not_read(few, registry, settings):
    folder, found = dataset_folder(settings, few.id), make_growth(few.id).to_json()
    atomic.write_json(folder.learning_curve(CURVE_METHOD - 1), found)
    assert read_growth(few.id, settings) is None
    path = folder.learning_curve(CURVE_METHOD)
    atomic.write_json(path, found)
    assert read_growth(few.id, settings).dataset_id == few.id
    path.write_text("{")
    assert read_growth(few.id, settings) is None


def test_a_dataset_that_is_not_there(registry, settings, started):
    with pytest.raises(NotFound):
        start_curves("d-nothing", settings=settings, registry=registry)
