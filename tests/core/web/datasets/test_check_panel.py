"""Findings as the page reads them; the panel itself: tests/pages/test_check_photos.py."""

from dataclasses import replace

from core.curation.values import METHOD
from core.files import atomic
from core.files.home import dataset_folder
from core.web.datasets.check_panel import findings
from tests.core.curation.test_values import findings as made


def test_findings_are_read_once_they_are_there(bench, filled, monkeypatch):
    dataset = filled.dataset
    assert findings(bench, dataset) is None
    found = replace(made(), dataset_id=dataset.id)
    atomic.write_json(dataset_folder(bench.settings, dataset.id).findings(METHOD), found.to_json())
    assert findings(bench, dataset) == found
    monkeypatch.setattr("core.web.datasets.check_panel.read_findings", None)
    assert findings(bench, dataset) == found
