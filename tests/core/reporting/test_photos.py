"""The most informative photos."""

from core.files.home import dataset_folder
from core.reporting.photos import aligned_predictions
from tests.report_reader import read


def test_the_photos_that_say_most_are_small_pictures_in_the_file(bench, finished):
    pictures = read(bench, finished).of("img")
    assert pictures
    assert all(one["src"].startswith("data:image/jpeg;base64,") and len(one["src"]) < 20_000 for one in pictures)
    assert all(one["alt"].startswith("A photo of ") for one in pictures)


def test_photos_that_are_gone_leave_no_holes(bench, finished):
    for path in (dataset_folder(bench.settings, finished[0].dataset_id).path / "photos").iterdir():
        path.unlink()
    assert read(bench, finished).of("img") == []


def test_two_runs_show_the_photos_that_part_them_and_the_confident_mistakes_of_the_best(bench, runs):
    text = read(bench, [runs["features"], runs["as it is"]]).text
    assert "classified correctly only by" in text
    assert "Most confident wrong predictions of" in text


def test_the_predictions_of_all_runs_have_one_order_of_photos(bench, finished):
    material = bench.material([run.id for run in finished])
    table = aligned_predictions(material)
    assert table.digests == sorted(table.digests)
    for row, right in zip(material.predicted, table.right, strict=True):
        predictions = material.comparison.predictions[row.run.id]
        assert right.tolist() == [predictions.correct[predictions.digests.index(digest)] for digest in table.digests]
