"""Would more photos help, on the page of a dataset."""

import pytest

from core.advising.growth import CURVE_METHOD
from core.files import atomic
from core.files.home import dataset_folder, growth_job
from core.files.locks import acquire
from tests.core.advising.test_growth import make_growth
from tests.core.web.compare.conftest import bench, components_known, no_autodiscovery, settings, started
from tests.factories import fill
from tests.pages.conftest import text_of, visit

__all__ = ["bench", "components_known", "no_autodiscovery", "settings", "started"]


@pytest.fixture
def dataset(bench):
    return fill(bench.registry, bench.settings, runs=0).dataset


def test_one_click_starts_it_and_it_can_be_cancelled(bench, dataset, monkeypatch):
    started = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: started.append(arguments))
    at = visit("datasets", dataset=dataset.id)
    at.button(key="growth.start").click().run()
    assert len(started) == 1 and not at.exception
    folder = growth_job(bench.settings, dataset.id)
    with acquire(folder.alive_lock):
        at = visit("datasets", dataset=dataset.id)
        at.button(key="growth.cancel").click().run()
    assert folder.cancel.exists()


def test_the_forecast_stands_with_its_band_and_what_it_rests_on(bench, dataset):
    path = dataset_folder(bench.settings, dataset.id).learning_curve(CURVE_METHOD)
    atomic.write_json(path, make_growth(dataset.id).to_json())
    at = visit("datasets", dataset=dataset.id)
    assert not at.exception
    assert "With twice the training photos" in text_of(at).replace("\\", "")
    (frame,) = [frame.value for frame in at.dataframe if "Now (640 photos)" in frame.value]
    assert list(frame.columns)[2:] == ["1.5 times the photos", "2 times the photos", "4 times the photos"]
    assert any("Gain with twice the photos" in frame.value for frame in at.dataframe)


def test_too_few_photos_are_said_to_be_too_few(bench, dataset):
    path = dataset_folder(bench.settings, dataset.id).learning_curve(CURVE_METHOD)
    atomic.write_json(path, make_growth(dataset.id, curves=(), problem="Too few photos to tell: more.").to_json())
    assert "Too few photos to tell: more." in text_of(visit("datasets", dataset=dataset.id)).replace("\\", "")


def test_the_curve_is_drawn_and_what_each_class_would_gain(bench, dataset):
    path = dataset_folder(bench.settings, dataset.id).learning_curve(CURVE_METHOD)
    atomic.write_json(path, make_growth(dataset.id).to_json())
    at = visit("datasets", dataset=dataset.id)
    found = text_of(at).replace("\\", "")
    assert "80 % range" in found and "Forecast of EfficientNet-Lite0" in found
    alts = [one.proto.alt for one in at.get("plotly_chart") if hasattr(one.proto, "alt")]
    assert sum("training photos per class" in alt or "would gain from twice" in alt for alt in alts) == 2
