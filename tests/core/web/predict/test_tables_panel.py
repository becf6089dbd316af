"""Tables of predictions on the page Predict."""

import csv
import io
import json

import pytest

from core.files.home import table_folder
from core.files.locks import acquire
from core.jobs import background_tables, tables
from core.jobs.background_tables import start_table
from core.web.predict.tables_panel import _as_csv, _as_json
from tests.core.jobs.test_tables import predicted
from tests.pages.conftest import bench, components_known, filled, no_autodiscovery, settings, started, text_of, visit
from tests.photo_files import archive, jpeg

__all__ = ["bench", "components_known", "filled", "no_autodiscovery", "settings", "started"]


@pytest.fixture
def run_id(filled, monkeypatch):
    monkeypatch.setattr(tables, "predict_runs", predicted)
    monkeypatch.setattr(background_tables, "start_process", lambda *_: None)
    return filled.with_status("FINISHED")[0].id


def a_table(bench, tmp_path, run_id) -> str:
    source = archive(tmp_path / "photos.zip", {"60.jpg": jpeg(1), "45.jpg": jpeg(2), "x.txt": b"text"})
    return start_table(source, [run_id], settings=bench.settings, registry=bench.registry)


def finish(bench, table_id):
    with acquire(table_folder(bench.settings, table_id).alive_lock):
        background_tables._background(table_id, bench.settings)


def test_a_running_table_shows_how_far_it_is_and_can_be_cancelled(bench, tmp_path, run_id):
    table_id = a_table(bench, tmp_path, run_id)
    folder = table_folder(bench.settings, table_id)
    with acquire(folder.alive_lock):
        at = visit("predict")
        assert not at.exception and at.get("progress")[0].proto.text == r"Predicting **photos\.zip** · starting …"
        at.button(key=f"predict.table.cancel.{table_id}").click().run()
        assert folder.cancel.exists()


def test_a_finished_table_tells_counts_and_the_least_certain_photos_until_it_is_dismissed(bench, tmp_path, run_id):
    table_id = a_table(bench, tmp_path, run_id)
    finish(bench, table_id)
    at = visit("predict")
    assert not at.exception and r"**photos\.zip**: 2 photos predicted, 1 file could not be read." in text_of(at)
    assert "The least certain photos" in text_of(at)
    assert [button.proto.label for button in at.get("download_button")] == ["CSV", "JSON"]
    at.button(key=f"predict.table.dismiss.{table_id}").click().run()
    assert "could not be read" not in text_of(at) and background_tables.tables(bench.settings) == []


def test_a_table_is_downloaded_as_csv_and_json(bench, tmp_path, run_id):
    table_id = a_table(bench, tmp_path, run_id)
    finish(bench, table_id)
    first, *_, last = csv.DictReader(io.StringIO(_as_csv(bench, table_id)))
    assert (first["file"], first["class_1"], first["probability_1"]) == ("60.jpg", "cat", "0.6")
    assert (last["file"], last["problem"]) == ("x.txt", "It is a text file, not a photo.")
    photos = json.loads(_as_json(bench, table_id))["photos"]
    assert [photo["file"] for photo in photos] == ["60.jpg", "45.jpg", "x.txt"]


def test_a_folder_of_this_machine_is_started_and_a_wrong_path_is_one_sentence(bench, tmp_path, run_id):
    at = visit("predict", models=run_id)
    at.text_input(key="predict.path").set_value("/no/such/folder")
    at.button(key="predict.server_go").click().run()
    assert not at.exception and "There is no file or folder" in at.error[0].value
    (tmp_path / "photos").mkdir()
    at.text_input(key="predict.path").set_value(str(tmp_path / "photos"))
    at.button(key="predict.server_go").click().run()
    (job,) = background_tables.tables(bench.settings)
    assert (job.title, job.run_ids, job.confidence) == ("photos", (run_id,), 0.95)


def test_the_confidence_of_a_table_is_chosen_stays_in_the_address_and_is_in_its_files(bench, tmp_path, run_id):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "60.jpg").write_bytes(jpeg(1))
    at = visit("predict", models=run_id)
    at.segmented_control(key="predict.table.confidence").set_value(0.99).run()
    assert dict(at.query_params)["confidence"] == "99"
    at.text_input(key="predict.path").set_value(str(tmp_path / "photos"))
    at.button(key="predict.server_go").click().run()
    (job,) = background_tables.tables(bench.settings)
    finish(bench, job.id)
    assert "Prediction sets at 99 % confidence." in text_of(visit("predict", models=run_id))
    (row,) = csv.DictReader(io.StringIO(_as_csv(bench, job.id)))
    assert (row["confidence"], row["prediction_set"]) == ("0.99", "cat")
    (answer,) = json.loads(_as_json(bench, job.id))["photos"][0]["answers"]
    assert answer["prediction_set"]["confidence"] == answer["class_prediction_set"]["confidence"] == 0.99
