"""TensorBoard shows the chosen runs, under names people know, and nothing else."""

import subprocess
import sys

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from tensorboard.data import provider

from core.web.board_runs import BoardRun
from core.web.selected_runs import SelectedRuns, run_id, shown_name, stored_name
from core.web.tensorboard import TensorBoard, _choosing, board_path
from tests.factories import make_run

STORED = ("r-1/tensorboard/train", "r-1/tensorboard/validation", "r-2/tensorboard", "r-gone/tensorboard")


class Known:
    """Stands in for the registry."""

    def __init__(self, *runs):
        self._runs = {run.run.id: run for run in runs}

    def names(self, run_ids):
        return {run_id: self._runs[run_id].run.name for run_id in run_ids if run_id in self._runs}

    def details(self, run_ids):
        return {run_id: self._runs[run_id] for run_id in run_ids or self._runs if run_id in self._runs}


class Events:
    """Stands in for the data server: every stored run has one scalar."""

    def list_runs(self, ctx, *, experiment_id):
        return [provider.Run(run_id=name, run_name=name, start_time=1.0) for name in STORED]

    def read_scalars(self, ctx, *, experiment_id, run_tag_filter, plugin_name, downsample):
        return {name: {"loss": [name]} for name in STORED if name in run_tag_filter.runs}


@pytest.fixture
def chosen(tmp_path):
    for name in ("r-1", "r-2"):
        (tmp_path / name).mkdir()
    return SelectedRuns(Events(), tmp_path, Known(BoardRun(run=make_run(id="r-1", name="Lite0 · a/b"))))


def names(chosen, experiment_id):
    return [run.run_name for run in chosen.list_runs(experiment_id=experiment_id)]


def test_only_the_chosen_runs_are_listed(chosen):
    assert names(chosen, "r-2") == ["r-2"]
    assert names(chosen, "r-1") == ["r-1 Lite0 · a∕b", "r-1 Lite0 · a∕b/train", "r-1 Lite0 · a∕b/validation"]


def test_without_a_choice_all_runs_are_listed(chosen):
    assert names(chosen, "") == ["r-1/train", "r-1/validation", "r-2"]


def test_a_deleted_run_vanishes_at_once(chosen):
    assert not any("gone" in name for name in names(chosen, "") + names(chosen, "r-gone"))


def read(chosen, experiment_id, runs=None):
    wanted = provider.RunTagFilter(runs=runs)
    return chosen.read_scalars(experiment_id=experiment_id, plugin_name="scalars", downsample=9, run_tag_filter=wanted)


def test_data_comes_under_the_shown_name(chosen):
    assert read(chosen, "r-1", ["r-1 Lite0 · a∕b/train"]) == {
        "r-1 Lite0 · a∕b/train": {"loss": ["r-1/tensorboard/train"]}
    }


def test_data_of_runs_that_were_not_chosen_is_not_read(chosen):
    assert read(chosen, "r-2", ["r-1/train", "r-2", "r-gone"]) == {"r-2": {"loss": ["r-2/tensorboard"]}}
    assert list(read(chosen, "r-2")) == ["r-2"]


def test_a_run_renamed_meanwhile_is_still_found(chosen):
    assert list(read(chosen, "r-1", ["r-1 its old name/train"])) == ["r-1 Lite0 · a∕b/train"]


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("name", ["", "Lite0", "a/b c", "x · y"])
def test_names_lead_back_to_what_is_stored(stored, name):
    shown = shown_name(stored, {run_id(stored): name})
    assert run_id(shown) == run_id(stored)
    assert stored_name(shown) == stored


def seen_by_tensorboard(path, **extra):
    seen = {}

    def wsgi(environ, start_response):
        seen.update(environ)
        return []

    _choosing(wsgi)({"PATH_INFO": path, **extra}, None)
    return seen["PATH_INFO"], seen["HTTP_TENSORBOARD_EXPERIMENT_ID"]


@pytest.mark.parametrize(
    ("path", "inner", "experiment"),
    [
        ("/", "/", ""),
        ("/data/runs", "/data/runs", ""),
        ("/of/r-1,r-2/", "/", "r-1,r-2"),
        ("/of/r-1/data/plugin/timeseries/tags", "/data/plugin/timeseries/tags", "r-1"),
        ("/of/r-1/experiment/defaultExperimentId/data/runs", "/data/runs", "r-1"),
        ("/experiment/r-9/data/runs", "/data/runs", ""),
    ],
)
def test_the_choice_is_read_from_the_address(path, inner, experiment):
    assert seen_by_tensorboard(path) == (inner, experiment)


def test_a_header_cannot_choose():
    assert seen_by_tensorboard("/", HTTP_TENSORBOARD_EXPERIMENT_ID="r-9") == ("/", "")


def test_the_address_of_a_choice():
    assert board_path(["r-1", "r-2"]) == "/tb/of/r-1,r-2/?smoothing=0#timeseries"


def test_until_it_is_loaded_the_board_says_so():
    client = TestClient(Starlette(routes=[Mount("/tb", TensorBoard())]))
    answer = client.get("/tb/")
    assert answer.status_code == 503
    assert "starting" in answer.text


def test_loading_tensorboard_brings_no_tensorflow_and_says_nothing(tmp_path):
    code = (
        "import sys, asyncio; from pathlib import Path; from core.web.tensorboard import TensorBoard\n"
        "board = TensorBoard(); asyncio.run(board.start(Path(sys.argv[1]), None))\n"
        "print('tensorflow' in sys.modules); board.stop()"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"
    assert "NOTE" not in done.stderr
