"""TensorBoard shows the chosen runs, under names people know, and nothing else."""

import gzip
import math
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from tensorboard.backend.experiment_id import WSGI_ENVIRON_KEY
from tensorboard.data import provider
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.hparams_plugin import HParamsPlugin
from werkzeug.test import Client

from core.charts.styles import RUN_COLOURS, run_colour
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Epoch, Status
from core.settings import Settings
from core.web.board import hparams
from core.web.board.runs import METRICS, BoardRun, RegistryRuns, hyperparameters
from core.web.board.selected_runs import SelectedRuns, shown_tag, stored_tags
from core.web.board.tensorboard import _choosing, board_path, make_wsgi, stop_reading
from core.workbench import Workbench
from tests.factories import fill, make_cost, make_evaluation, make_run

STORED = ("r-1/tensorboard/train", "r-1/tensorboard/validation", "r-2/tensorboard", "r-gone/tensorboard")


class Known:
    """Stands in for the registry."""

    def __init__(self, *runs):
        self._runs = {run.run.id: run for run in runs}

    def names(self, run_ids):
        return {run_id: self._runs[run_id].run.name for run_id in run_ids if run_id in self._runs}

    def colours(self, run_ids):
        return {run_id: run_colour(self._runs[run_id].run) for run_id in run_ids if run_id in self._runs}

    def details(self, run_ids):
        return {run_id: self._runs[run_id] for run_id in run_ids or self._runs if run_id in self._runs}


class Events:
    """Stands in for the data server: every stored run has one scalar."""

    def list_plugins(self, ctx, *, experiment_id):
        return ["scalars", "timeseries"]

    def list_runs(self, ctx, *, experiment_id):
        return [provider.Run(run_id=name, run_name=name, start_time=1.0) for name in STORED]

    def list_scalars(self, ctx, *, experiment_id, run_tag_filter, plugin_name):
        return {name: {"epoch_loss": None} for name in STORED if name in run_tag_filter.runs}

    def read_scalars(self, ctx, *, experiment_id, run_tag_filter, plugin_name, downsample):
        tags = [tag for tag in ("epoch_loss", "rate") if run_tag_filter.tags is None or tag in run_tag_filter.tags]
        return {name: {tag: [name] for tag in tags} for name in STORED if name in run_tag_filter.runs}


@pytest.fixture
def chosen(tmp_path):
    for name in ("r-1", "r-2"):
        (tmp_path / name).mkdir()
    return SelectedRuns(Events(), tmp_path, Known(BoardRun(run=make_run(id="r-1", name="Lite0 · a/b"))))


def names(chosen, experiment_id):
    return [run.run_name for run in chosen.list_runs(experiment_id=experiment_id)]


def test_only_the_chosen_runs_are_listed(chosen):
    assert names(chosen, "r-2") == ["r-2"]
    assert names(chosen, "r-1") == ["Lite0 · a∕b"], "training and validation are one row"


def test_without_a_choice_all_runs_are_listed(chosen):
    assert names(chosen, "") == ["r-1", "r-2"]


def test_a_deleted_run_vanishes_at_once(chosen):
    assert not any("gone" in name for name in names(chosen, "") + names(chosen, "r-gone"))


@pytest.mark.parametrize("name", ["r" * 5000, "..", "../..", "r-1/..", "*", ""])
def test_an_address_that_names_no_run_has_no_maps(chosen, name):
    """No folder can have a name of five thousand letters; asking for it was an error of the server."""
    assert chosen.maps(f"{name},r-2" if name else "") == {}


def test_runs_of_one_name_in_two_datasets_are_told_apart(tmp_path):
    known = Known(*(BoardRun(run=make_run(id=name, name="Lite0")) for name in ("r-1", "r-2")))
    assert names(SelectedRuns(Events(), tmp_path, known), "r-1,r-2") == ["Lite0 (r-1)", "Lite0 (r-2)"]


def test_colours_are_in_the_order_of_the_runs_which_is_that_of_the_choice(tmp_path):
    runs = [replace(make_run(id=f"r-{number}", name=f"Run {number}"), colour=number) for number in range(1, 4)]
    chosen = SelectedRuns(Events(), tmp_path, Known(*(BoardRun(run=run) for run in runs)))
    assert names(chosen, "r-3,r-1") == ["Run 3", "Run 1"]
    assert chosen.palette("r-3,r-1") == [run_colour(runs[2]), run_colour(runs[0])]
    starts = [run.start_time for run in chosen.list_runs(experiment_id="r-3,r-1")]
    assert starts == sorted(starts), "TensorBoard sorts by it"
    assert chosen.palette("") == []


def read(chosen, experiment_id, runs=None, tags=None):
    wanted = provider.RunTagFilter(runs=runs, tags=tags)
    return chosen.read_scalars(experiment_id=experiment_id, plugin_name="scalars", downsample=9, run_tag_filter=wanted)


def test_data_comes_under_the_shown_name(chosen):
    assert read(chosen, "r-1", ["Lite0 · a∕b"], ["loss/training"]) == {
        "Lite0 · a∕b": {"loss/training": ["r-1/tensorboard/train"]}
    }
    assert read(chosen, "r-1", ["Lite0 · a∕b"], ["rate/validation", "loss/validation"]) == {
        "Lite0 · a∕b": {
            "loss/validation": ["r-1/tensorboard/validation"],
            "rate/validation": ["r-1/tensorboard/validation"],
        }
    }
    assert set(read(chosen, "r-1")["Lite0 · a∕b"]) == {
        f"{name}/{part}" for name in ("loss", "rate") for part in ("training", "validation")
    }


def test_data_of_runs_that_were_not_chosen_is_not_read(chosen):
    assert read(chosen, "r-2", ["r-1", "r-2", "r-gone"], ["rate"]) == {"r-2": {"rate": ["r-2/tensorboard"]}}
    assert list(read(chosen, "r-2")) == ["r-2"]


@pytest.mark.parametrize(
    ("stored", "part", "shown"),
    [
        ("epoch_loss", "train", "loss/training"),
        ("epoch_accuracy", "validation", "accuracy/validation"),
        ("other/tag", "train", "other/tag/training"),
        ("graft/accuracy", "", "graft/accuracy"),
    ],
)
def test_a_tag_leads_back_to_what_is_stored(stored, part, shown):
    assert shown_tag(stored, part) == shown
    assert stored in stored_tags(shown)


# --- the HParams table ---

HEAD = Recipe(backbone="efficientnet_lite0", hyperparameters=Hyperparameters(learning_rate=0.01, epochs=7))
AS_IT_IS = Recipe(backbone="efficientnet_lite0", pattern=Pattern.CLASSIFIER)
TOGETHER = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2"))


def a_run(run_id, recipe, *, status=Status.FINISHED, **figures):
    return BoardRun(run=make_run(id=run_id, name=f"run {run_id}", recipe=recipe, status=status), **figures)


@pytest.fixture
def ask(tmp_path):
    """Asks TensorBoard's own HParams plugin."""
    figures = {"evaluation": make_evaluation(right=0.8), "cost": make_cost(), "best_validation": 0.75}
    known = Known(
        a_run("r-1", HEAD, **figures),
        a_run("r-2", AS_IT_IS, **figures),
        a_run("r-3", TOGETHER, **figures),
        a_run("r-4", HEAD, status=Status.RUNNING),
        a_run("r-5", HEAD, status=Status.KILLED),
    )
    plugin = HParamsPlugin(base_plugin.TBContext(data_provider=SelectedRuns(Events(), tmp_path, known)))
    apps = plugin.get_plugin_apps()

    def post(path, chosen, **request):
        answer = Client(apps[path]).post(path, json=request, environ_overrides={WSGI_ENVIRON_KEY: chosen})
        assert answer.status_code == 200, answer.text
        return answer.json

    post.known = known
    return post


def rows(ask, chosen, *columns, **request):
    every = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]
    wanted = {"colParams": list(columns) or [{"hparam": "00 backbone"}], "startIndex": 0, "sliceSize": 100}
    return ask("/session_groups", chosen, allowedStatuses=every, **wanted, **request)["sessionGroups"]


def test_every_chosen_run_is_a_row_whatever_its_pattern(ask):
    found = {row["name"]: row["hparams"] for row in rows(ask, "r-1,r-2,r-3,r-4")}
    assert list(found) == ["run r-1", "run r-2", "run r-3", "run r-4"]
    assert found["run r-1"]["01 pattern"] == "Feature extraction"
    assert found["run r-3"]["01 pattern"] == "Ensemble"


def test_a_run_that_was_not_chosen_is_no_row(ask):
    assert [row["name"] for row in rows(ask, "r-2")] == ["run r-2"]


def test_only_hyperparameters_that_the_pattern_looks_at_are_told():
    assert {"learning_rate", "dropout"} <= set(hyperparameters(HEAD))
    assert not {"fine_tuning_rate", "solver", "schedule"} & set(hyperparameters(HEAD))
    everywhere = {"backbone", "pattern", "depth", "epochs", "views"}
    assert set(hyperparameters(AS_IT_IS)) == everywhere | {"input_size", "fit"}
    assert set(hyperparameters(TOGETHER)) == everywhere
    assert hyperparameters(AS_IT_IS)["epochs"] == 0
    larger = replace(HEAD, hyperparameters=replace(HEAD.hyperparameters, input_size=320))
    assert [hyperparameters(one)["input_size"] for one in (HEAD, larger)] == ["own size", "320"]


def test_metrics_are_those_of_the_registry(ask):
    (row,) = rows(ask, "r-1")
    measured = {metric["name"]["tag"]: metric["value"] for metric in row["metricValues"]}
    figures = ask.known.details(["r-1"])["r-1"]
    assert measured == pytest.approx(figures.metrics)
    assert set(measured) == set(METRICS)
    assert measured["graft/accuracy"] == pytest.approx(figures.evaluation.accuracy)
    assert measured["graft/best_validation"] == 0.75
    assert measured["graft/seconds_alone"] == figures.cost.alone_wall_seconds > measured["graft/seconds_paid"]


def test_a_run_still_training_has_a_row_without_figures(ask):
    (row,) = rows(ask, "r-4")
    assert row["sessions"][0]["status"] == "STATUS_RUNNING"
    assert not row.get("metricValues")


def test_only_a_finished_run_is_a_success(ask):
    ends = [row["sessions"][0]["status"] for row in rows(ask, "r-1,r-5")]
    assert ends == ["STATUS_SUCCESS", "STATUS_FAILURE"]


def test_the_columns_shown_unasked_have_a_value_in_every_row(ask):
    """Parallel coordinates leave out every run that lacks one."""
    columns = ask("/experiment", "r-1,r-2,r-3")["hparamInfos"]
    titles = [column["displayName"] for column in columns]
    assert titles[:5] == ["backbone", "pattern", "epochs", "depth", "augmentations per photo"]
    assert "learning rate" in titles
    for row in rows(ask, "r-1,r-2,r-3"):
        assert {column["name"] for column in columns[:5]} <= set(row["hparams"])


def test_what_differs_between_alike_runs_comes_first(tmp_path):
    recipes = [replace(HEAD, hyperparameters=Hyperparameters(dropout=rate)) for rate in (0.1, 0.5)]
    table = hparams.table({name: a_run(name, recipe) for name, recipe in zip("ab", recipes, strict=True)})
    content = table["a"][metadata.EXPERIMENT_TAG].plugin_content
    infos = metadata.parse_experiment_plugin_data(content).hparam_infos
    assert [info.display_name for info in infos if info.differs] == ["backbone", "pattern", "dropout"]


def test_rows_are_sorted_and_filtered_by_tensorboard(ask):
    accurate = {"metric": {"tag": "graft/accuracy"}, "filterInterval": {"minValue": 0.99, "maxValue": 1}}
    accurate["excludeMissingValues"] = True
    assert rows(ask, "r-1,r-2", accurate) == []
    by_epochs = {"hparam": "03 epochs", "order": "ORDER_DESC"}
    assert [row["name"] for row in rows(ask, "r-2,r-1", by_epochs)] == ["run r-1", "run r-2"]


def test_a_row_written_into_an_event_file_does_not_count(ask, chosen):
    """Old ones hold every hyperparameter there is, and an older name."""
    assert list(chosen.list_tensors(experiment_id="r-1", plugin_name="hparams")) == ["Lite0 · a∕b"]


def test_figures_of_the_registry_are_those_of_the_table(tmp_path):
    bench = Workbench.open(Settings(home=tmp_path))
    finished, *_, running, _ = fill(bench.registry, bench.settings).runs
    known = RegistryRuns(bench.registry).details([finished.id, running.id, "r-unknown", finished.id[:4]])
    assert list(known) == [finished.id, running.id]
    evaluation, cost = bench.registry.evaluation(finished.id), bench.registry.cost(finished.id)
    assert known[finished.id].evaluation == evaluation and known[finished.id].cost == cost
    epochs = bench.registry.epochs(finished.id)
    assert known[finished.id].best_validation == min(epochs, key=lambda epoch: epoch.val_loss).val_accuracy
    assert known[running.id].cost is None
    bench.annotate(finished.id, name="another name")
    assert RegistryRuns(bench.registry).names([finished.id]) == {finished.id: "another name"}
    bench.registry.close()


def test_an_epoch_whose_loss_was_not_a_number_is_never_the_best(tmp_path):
    bench = Workbench.open(Settings(home=tmp_path))
    running = fill(bench.registry).with_status(Status.RUNNING)[0]
    for number, loss, accuracy in ((1, math.nan, 0.1), (2, 0.9, 0.6), (3, 0.5, 0.8), (4, math.nan, 0.2)):
        wild = Epoch(
            number=number, attempt=1, loss=1.0, accuracy=0.5, val_loss=loss, val_accuracy=accuracy, seconds=1.0
        )
        bench.registry.record_epoch(running.id, running.attempt, wild)
    assert RegistryRuns(bench.registry).details([running.id])[running.id].best_validation == 0.8
    bench.registry.close()


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
    assert board_path(["r-1", "r-2"]) == "tb/of/r-1,r-2/?smoothing=0"
    assert board_path(["r-1"], "hparams") == "tb/of/r-1/?smoothing=0#hparams"


def test_loading_tensorboard_brings_no_tensorflow_and_says_nothing(tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.web.board.tensorboard import make_wsgi, stop_reading\n"
        "_, program = make_wsgi(Path(sys.argv[1]), None)\n"
        "print('tensorflow' in sys.modules); stop_reading(program)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"
    assert "NOTE" not in done.stderr


def test_its_page_asks_for_nothing_at_the_root_of_the_server_and_has_the_colours_of_the_runs(tmp_path):
    wsgi, program = make_wsgi(tmp_path, Known(BoardRun(run=replace(make_run(id="r-7"), colour=3))))
    try:
        page = Client(wsgi).get("/of/r-1/")
        assert page.status_code == 200 and "url(/" not in page.text
        font = re.search(r"url\((font-roboto/[^)]+)\)", page.text).group(1)
        assert Client(wsgi).get(f"/of/r-1/{font}").status_code == 200
        tabs = Client(wsgi).get("/of/r-1/data/plugins_listing").json
        plain = Client(wsgi).get("/index.js").data
        coloured = Client(wsgi).get("/of/r-7/index.js", headers={"Accept-Encoding": "gzip"})
        assert RUN_COLOURS[3].encode() in gzip.decompress(coloured.data) and RUN_COLOURS[3].encode() not in plain
        assert {"timeseries", "scalars", "hparams", "projector"} == set(tabs)
    finally:
        stop_reading(program)
