"""The files of TensorBoard's projector, and what is served of them."""

import json

import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorboard.backend.experiment_id import WSGI_ENVIRON_KEY
from tensorboard.plugins import base_plugin
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from werkzeug.test import Client

from core.models import projector
from core.models.projector import FOLDER, THUMBNAIL, has_files, projector_files
from core.web.board.projector import SelectedProjector
from core.web.board.runs import BoardRun
from core.web.board.selected_runs import SelectedRuns
from tests.core.web.board.test_tensorboard import Events, Known
from tests.factories import make_run, tiny_jpeg

CLASSES = ("cat", "dog")
LABELS, ANSWERS = np.array([0, 1, 1, 0, 1]), np.array([0, 1, 0, 0, 1])


def write(folder, *, numbers=3, files=("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"), rows=5):
    vectors = np.random.default_rng(0).normal(size=(rows, numbers)).astype(np.float32)
    labels, answers = np.resize(LABELS, rows), np.resize(ANSWERS, rows)
    jpegs = (tiny_jpeg(int(label), number) for number, label in enumerate(labels))
    names = [files[row % len(files)] for row in range(rows)]
    projector_files(
        folder, vectors=vectors, labels=labels, predicted=answers, class_names=CLASSES, files=names, jpegs=jpegs
    )
    return vectors


def config(folder):
    return text_format.Parse((folder / FOLDER / projector.CONFIG).read_text(), ProjectorConfig()).embeddings[0]


def stored(folder):
    shape = tuple(config(folder).tensor_shape)
    return np.fromfile(folder / FOLDER / config(folder).tensor_path, np.float32).reshape(shape)


def test_every_test_photo_is_a_point_with_what_is_known_of_it(tmp_path):
    vectors = write(tmp_path)
    assert np.array_equal(stored(tmp_path), vectors)
    header, *rows = (tmp_path / FOLDER / config(tmp_path).metadata_path).read_text().splitlines()
    assert header.split("\t") == ["file", "true class", "answer", "right"]
    assert rows[0].split("\t") == ["a.jpg", "cat", "cat", "right"]
    assert rows[2].split("\t") == ["c.jpg", "dog", "cat", "wrong"]


def test_thumbnails_lie_on_the_sheet_in_the_order_of_the_points(tmp_path):
    write(tmp_path)
    sprite = config(tmp_path).sprite
    sheet = np.asarray(Image.open(tmp_path / FOLDER / sprite.image_path)).astype(int)
    assert list(sprite.single_image_dim) == [THUMBNAIL, THUMBNAIL]
    assert sheet.shape == (3 * THUMBNAIL, 3 * THUMBNAIL, 3)  # 5 photos need 3 columns
    middles = sheet[THUMBNAIL // 2 :: THUMBNAIL, THUMBNAIL // 2 :: THUMBNAIL].reshape(-1, 3)
    cats, dogs = middles[:5][LABELS == 0].mean(axis=0), middles[:5][LABELS == 1].mean(axis=0)
    assert abs(cats - dogs).max() > 20
    assert (middles[5:] > 240).all()


def test_file_names_cannot_break_the_table(tmp_path):
    write(tmp_path, files=("a\tb\n.jpg", "", "c", "d", "e"))
    lines = (tmp_path / FOLDER / "metadata.tsv").read_text().splitlines()
    assert len(lines) == 6
    assert all(line.count("\t") == 3 for line in lines)


def test_wide_vectors_of_many_photos_keep_their_angles_in_fewer_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(projector, "MOST_NUMBERS", 60 * 20)
    few = np.random.default_rng(1).normal(size=(60, 6)) @ np.random.default_rng(2).normal(size=(6, 50))
    small = projector._fewer_numbers(few.astype(np.float32))
    assert small.shape == (60, 20)
    assert np.allclose(small @ small.T, few @ few.T, atol=1e-2)


def test_of_very_many_photos_an_even_share_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(projector, "MOST_PHOTOS", 4)
    vectors = write(tmp_path, rows=10)
    assert np.array_equal(stored(tmp_path), vectors[[0, 3, 6, 9]])
    assert len((tmp_path / FOLDER / "metadata.tsv").read_text().splitlines()) == 5


def test_writing_again_replaces_and_leaves_nothing_behind(tmp_path):
    write(tmp_path)
    newer = write(tmp_path, numbers=7)
    assert np.array_equal(stored(tmp_path), newer)
    assert [path.name for path in (tmp_path / FOLDER).parent.iterdir()] == [FOLDER.rpartition("/")[2]]


def test_a_missing_photo_leaves_the_former_files_alone(tmp_path):
    write(tmp_path)

    def broken():
        yield b"no picture"

    with pytest.raises(OSError):
        projector_files(
            tmp_path,
            vectors=np.ones((1, 2)),
            labels=LABELS,
            predicted=ANSWERS,
            class_names=CLASSES,
            files=["a"],
            jpegs=broken(),
        )
    assert len(stored(tmp_path)) == 5
    assert len(list((tmp_path / FOLDER).parent.iterdir())) == 1


@pytest.fixture
def plugin(tmp_path):
    """Asks the plugin as TensorBoard's page would, for chosen runs."""
    for run_id in ("r-1", "r-2", "r-3"):
        (tmp_path / run_id).mkdir()
    for run_id in ("r-1", "r-2"):
        write(tmp_path / run_id / "tensorboard")
    known = Known(*(BoardRun(run=make_run(id=run_id, name=f"Lite0 {run_id}")) for run_id in ("r-1", "r-2", "r-3")))
    runs = SelectedRuns(Events(), tmp_path, known)
    apps = SelectedProjector(base_plugin.TBContext(data_provider=runs)).get_plugin_apps()

    def get(path, chosen, **query):
        return Client(apps[path]).get(path, query_string=query, environ_overrides={WSGI_ENVIRON_KEY: chosen})

    get.runs = runs
    return get


def test_the_projector_offers_the_chosen_runs_only(plugin):
    assert plugin("/runs", "r-1,r-3").json == ["Lite0 r-1"]
    assert plugin("/runs", "").json == ["r-1", "r-2"] or plugin("/runs", "").json == ["r-2", "r-1"]


def test_a_run_that_was_not_chosen_is_not_served(plugin):
    for path in ("/info", "/tensor", "/metadata", "/sprite_image"):
        assert plugin(path, "r-2", run="Lite0 r-1", name="x").status_code == 404
        assert plugin(path, "../r-1", run="../r-1", name="x").status_code == 404


def test_points_and_what_is_known_of_them_are_served(plugin):
    asked = {"run": "Lite0 r-1", "name": "test photos"}
    info = json.loads(plugin("/info", "r-1", **asked).text)["embeddings"][0]
    assert info["tensorName"] == "test photos" and info["tensorShape"] == [5, 3]
    assert len(plugin("/tensor", "r-1", **asked).data) == 5 * 3 * 4
    assert len(plugin("/tensor", "r-1", num_rows=2, **asked).data) == 2 * 3 * 4
    assert len(plugin("/metadata", "r-1", num_rows=2, **asked).text.splitlines()) == 3
    assert plugin("/sprite_image", "r-1", **asked).mimetype == "image/jpeg"


def test_the_projector_is_a_tab_only_where_there_is_a_map(plugin):
    assert "projector" in plugin.runs.list_plugins(experiment_id="r-1")
    assert "projector" not in plugin.runs.list_plugins(experiment_id="r-3")


def test_its_page_asks_for_nothing_at_the_root_of_the_server(plugin):
    page = plugin("/projector_binary.html", "").text
    assert "url(/" not in page
    assert "../../../font-roboto/" in page


def test_files_are_found_only_once_they_are_complete(tmp_path):
    assert not has_files(tmp_path)
    write(tmp_path)
    assert has_files(tmp_path)
