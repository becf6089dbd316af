"""Learning curves and depth sweeps."""

from core.advising.growth import CURVE_METHOD
from core.files import atomic
from core.files.home import dataset_folder
from tests.core.advising.test_growth import make_growth
from tests.report_reader import Reader, read


def test_curves_and_depths_are_there_where_runs_have_them(bench, runs):
    text = read(bench, runs.values()).text
    assert "How did the runs learn?" in text and "How deep should the network be cut?" in text
    text = read(bench, [runs["features"], runs["as it is"]]).text
    assert "How did the runs learn?" not in text and "How deep should the network be cut?" not in text


def test_a_dataset_with_a_learning_curve_says_whether_more_photos_would_help(bench, finished):
    ids = [finished[0].id]
    assert "Would more photos help?" not in Reader(bench.report(ids)).text
    found = make_growth(finished[0].dataset_id)
    path = dataset_folder(bench.settings, finished[0].dataset_id).learning_curve(CURVE_METHOD)
    atomic.write_json(path, found.to_json())
    reader = Reader(bench.report(ids))
    assert "Would more photos help?" in reader.text and "Twice the photos: " in reader.text
    assert {"data-growth", "data-gains"} <= {one.get("id") for one in reader.of("script")}
    atomic.write_json(path, make_growth(found.dataset_id, curves=(), problem="Too few photos").to_json())
    assert "Would more photos help?" not in Reader(bench.report(ids)).text
