"""A board that is brought up to date after every write is the board that is read anew."""

import random
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from core.comparison import boards
from core.comparison.board import Board
from core.comparison.board_page import page
from core.comparison.boards import current_board
from core.errors import Conflict, NotFound
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.registry.search import RunQuery
from core.runs.costs import Spent
from core.runs.values import Status
from core.settings import REPOSITORY
from core.workbench import Workbench
from tests.factories import (
    fill,
    make_cost,
    make_dataset,
    make_epochs,
    make_evaluation,
    make_model,
    make_photos,
    make_run,
)

QUERIES = (
    RunQuery(statuses=()),
    RunQuery(statuses=(Status.FINISHED,)),
    RunQuery(statuses=(Status.FINISHED,), text="kept"),
    RunQuery(statuses=(), text="name", tags=("good",), archived=True),
    RunQuery(statuses=(), backbones=("efficientnet_lite1",), starred=True),
    RunQuery(statuses=(), with_model=True),
)


class Writer:
    """Writes at random about the runs of one dataset, as pages, trainers and the command line do."""

    def __init__(self, registry: Registry, seed: int, dataset_id: str = "") -> None:
        self.registry, self.random = registry, random.Random(seed)
        self.dataset = registry.dataset(dataset_id) if dataset_id else make_dataset()
        if not dataset_id:
            registry.add_dataset(self.dataset, make_photos())
        self.made = 1000 * seed

    def write(self) -> str:
        verb = self.random.choice(
            (self.add, self.add, self.finish, self.finish, self.add_finished, self.epoch, self.fail, self.rename,
             self.star, self.archive, self.tag, self.correct, self.delete, self.delete_weights, self.elsewhere)
        )  # fmt: skip
        with suppress(Conflict, NotFound):  # another process was faster
            verb()
        return verb.__name__

    def _run(self):
        self.made += 1
        seed, backbone = self.random.randrange(3), self.random.choice(("efficientnet_lite0", "efficientnet_lite1"))
        recipe = Recipe(backbone=backbone)
        recipe = replace(recipe, hyperparameters=replace(recipe.hyperparameters, seed=seed))
        return make_run(self.made, id=f"r-{self.made:08x}", dataset=self.dataset, recipe=recipe, created_at=0.0)

    def _some(self, *statuses: Status) -> list:
        runs = [run for run in self.registry.runs(self.dataset.id) if not statuses or run.status in statuses]
        return self.random.sample(runs, min(len(runs), self.random.choice((1, 1, 1, 3))))

    def _results(self, run) -> dict:
        photos = self.random.choice((40, 40, 40, 40, 24))
        right = self.random.choice((0.5, 0.7, 0.9))
        evaluation = make_evaluation(n=photos, right=right, seed=self.random.randrange(5))
        cost = make_cost(self.random.choice((0.5, 1.0, 1.0)))
        return {"evaluation": evaluation, "cost": cost, "model": make_model(run, id=f"m-{run.id[2:]}")}

    def add(self) -> None:
        self.registry.add_run(self._run())

    def add_finished(self) -> None:
        run = self._run()
        self.registry.add_finished(run, **self._results(run))

    def finish(self) -> None:
        if run := self.registry.claim("cpu", "me"):
            self.registry.finish(run.id, run.attempt, **self._results(run), best_epoch=self.random.randrange(9))

    def epoch(self) -> None:
        run = next(iter(self.registry.runs(self.dataset.id, Status.RUNNING)), None) or self.registry.claim("cpu", "me")
        if run:
            self.registry.record_epoch(run.id, run.attempt, make_epochs(1, first=run.epochs_done + 1)[0])

    def fail(self) -> None:
        for run in self._some(Status.RUNNING):
            self.registry.end(run.id, run.attempt, Status.FAILED)

    def rename(self) -> None:
        for run in self._some()[:1]:
            self.registry.annotate(run.id, name=f"{self.random.choice(('Name', 'Kept'))} {self.made} {run.id}")

    def star(self) -> None:
        self.registry.mark([run.id for run in self._some()], starred=self.random.random() < 0.5)

    def archive(self) -> None:
        self.registry.mark([run.id for run in self._some()], archived=self.random.random() < 0.3)

    def tag(self) -> None:
        self.registry.retag([run.id for run in self._some()], add=[self.random.choice(("good", "kept"))])

    def correct(self) -> None:
        self.registry.correct_costs(
            {run.id: Spent(wall_seconds=float(self.made), cpu_seconds=5.0) for run in self._some(Status.FINISHED)}
        )

    def delete(self) -> None:
        ended = self._some(*(status for status in Status if status is not Status.RUNNING))
        self.registry.delete_runs([run.id for run in ended])

    def delete_weights(self) -> None:
        self.registry.delete_models_of([run.id for run in self._some(Status.FINISHED)])

    def elsewhere(self) -> None:
        self.registry.log("a test", {})


def assert_current(bench: Workbench, dataset_id: str, about: object) -> Board:
    """The kept board has the columns, the lines and the matches of one that is read anew."""
    kept = current_board(bench.registry, dataset_id)
    with bench.registry.board_changes(dataset_id) as changes:
        fresh = Board.read(changes)
    assert kept.revision == fresh.revision, about
    for name, column in fresh._columns.items():
        if name == "right":  # a column that was wider once may stay so
            assert kept.bits[0][:, : column.shape[1] // 8].tolist() == fresh.bits[0].tolist(), about
            assert not kept.bits[0][:, column.shape[1] // 8 :].any()
            continue
        floats = column.dtype.kind == "f"
        assert np.array_equal(kept._columns[name], column, equal_nan=floats), (about, name)
    assert kept.bits[1].tolist() == fresh.bits[1].tolist(), about
    for fold in (False, True):
        for sort in ("accuracy", "name"):
            assert page(kept, fold=fold, sort=sort) == page(fresh, fold=fold, sort=sort), (about, fold, sort)
    for query in QUERIES:
        board, rows = bench.board_rows(dataset_id, query)
        found = {run.id for run in bench.registry.search(replace(query, dataset_id=dataset_id))[0]}
        assert set(board.run_ids[rows].tolist()) == found, (about, query)
        assert page(board, rows) == page(fresh, rows), (about, query)
    return kept


@pytest.mark.parametrize("seed", range(1, 7))
def test_after_any_writes_the_board_is_the_one_that_is_read_anew(bench, seed):
    writer = Writer(bench.registry, seed)
    done: list[str] = []
    for _ in range(60):
        done.append(writer.write())
        if writer.random.random() < 0.6:  # several writes may come together
            assert_current(bench, writer.dataset.id, done)


def test_what_another_process_writes_meanwhile_is_noticed(bench):
    writer = Writer(bench.registry, 50)
    code = f"""
from pathlib import Path
from core.registry import Registry
from tests.core.comparison.test_boards import Writer
writer = Writer(Registry.open(Path({str(bench.registry.database.path)!r})), 60, {writer.dataset.id!r})
for _ in range(60):
    writer.write()
"""
    other = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY)
    while other.poll() is None:
        current_board(bench.registry, writer.dataset.id)
        writer.write()
    assert other.returncode == 0
    assert any(run_id >= f"r-{60_000:08x}" for run_id in current_board(bench.registry, writer.dataset.id).run_ids)
    assert_current(bench, writer.dataset.id, "two processes")


def test_a_write_about_something_else_leaves_the_same_board(bench, filled):
    board = current_board(bench.registry, filled.dataset.id)
    other = make_dataset(id="d-other", name="fruit")
    bench.registry.add_dataset(other, make_photos())
    bench.registry.add_run(make_run(99, dataset=other))
    bench.registry.log("a test", {})
    assert current_board(bench.registry, filled.dataset.id) is board


def test_ranks_are_kept_while_no_result_changes(bench, filled, finished, monkeypatch):
    before = bench.board_page(filled.dataset.id)
    monkeypatch.setattr("core.comparison.board_page._new_lines", None)
    bench.annotate(finished[0], name="Another", notes="Good")
    bench.star(finished[:2])
    (running,) = filled.with_status(Status.RUNNING)
    bench.registry.record_epoch(running.id, running.attempt, make_epochs(1, first=7)[0])
    after = bench.board_page(filled.dataset.id)
    assert [entry.rank for entry in after.entries] == [entry.rank for entry in before.entries]
    assert sum(entry.starred for entry in after.entries) == 2
    bench.archive(finished[:1])
    with pytest.raises(TypeError):
        bench.board_page(filled.dataset.id)


def test_boards_that_were_not_asked_for_lately_are_dropped(bench, monkeypatch):
    monkeypatch.setattr(boards, "CAPACITY", 2)
    ids = [fill(bench.registry, name=name, runs=1).dataset.id for name in ("one", "two", "three")]
    first, second, third = (current_board(bench.registry, dataset_id) for dataset_id in ids)
    assert current_board(bench.registry, ids[2]) is third and current_board(bench.registry, ids[1]) is second
    assert current_board(bench.registry, ids[0]) is not first
