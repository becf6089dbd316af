"""Words of the panel; its controls are in tests/pages/test_label_photos.py."""

from core.web.datasets.label_panel import counts_text, pool_counts
from tests.factories import make_dataset
from tests.pools import fill_pool


def test_counts_in_words():
    assert counts_text({"unlabelled": 1, "labelled": {}, "excluded": 0}) == "1 photo has no class."
    found = counts_text({"unlabelled": 12, "labelled": {"rose": 3, "tulip": 1}, "excluded": 2})
    assert found == "12 photos have no class; labelled so far: 3 rose and 1 tulip; 2 excluded."


def test_a_dataset_whose_folder_is_not_here_has_none(bench, filled):
    fill_pool(bench.settings, filled.dataset, 2)
    assert pool_counts(bench, filled.dataset)["unlabelled"] == 2
    assert pool_counts(bench, make_dataset(id="d-elsewhere"))["unlabelled"] == 0
