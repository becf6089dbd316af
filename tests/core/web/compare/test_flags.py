"""Compare with and without suspect and leaked test photos."""

import numpy as np
import pytest

from core.curation.flags import Flag
from core.runs.values import Status
from core.web.compare.flags import SWITCH
from tests.factories import fill
from tests.findings import store_findings
from tests.pages.conftest import text_of
from tests.pages.leaderboard import table_of, visited

LEAK = "1 test photo has a near-copy in another split"


def said(at) -> str:
    """The texts of a page without what keeps names plain."""
    return text_of(at).replace("\\", "")


@pytest.fixture
def filled(bench):
    return fill(bench.registry, bench.settings, runs=9)


@pytest.fixture
def photos(bench, filled):
    return {split: bench.registry.photos(filled.dataset.id, split=split) for split in ("train", "test")}


@pytest.fixture
def checked(bench, filled, photos):
    return store_findings(
        filled.dataset, bench.settings, suspects=photos["test"][:2], copies=[(photos["train"][0], photos["test"][2])]
    )


def test_all_photos_are_compared_on_until_a_person_chooses_otherwise(bench, filled, checked, photos):
    at = visited(dataset=filled.dataset.id)
    assert not at.exception and at.toggle(key=SWITCH).label == "Without 2 suspect and 1 leaked test photo"
    assert at.toggle(key=SWITCH).value is False and LEAK in said(at)
    assert f"s exact test on {len(photos['test'])} test photos" in said(at)
    at.toggle(key=SWITCH).set_value(True).run()
    assert not at.exception and at.query_params["without"] == "suspects,leaks"
    left = len(photos["test"]) - 3
    assert f"On {left} of {len(photos['test'])} test photos, without 2 suspect and 1 leaked test photo" in said(at)
    expected = bench.board_page(filled.dataset.id, without=tuple(Flag))
    assert [cell.split(" %")[0] for cell in table_of(at)["accuracy"]] == [
        f"{100 * one.values['accuracy']:.1f}".removesuffix(".0") for one in expected.entries
    ]
    assert "accuracies without them are too high" in said(at)
    at.toggle(key=SWITCH).set_value(False).run()
    assert "without" not in at.query_params and "accuracies without them" not in said(at)


def test_ranks_that_change_are_marked(bench, filled, photos):
    """Without the photos that the leading run alone got right, another one leads."""
    runs = [run.id for run in filled.with_status(Status.FINISHED)]
    found = bench.comparison(runs)
    _, *others = [found.predictions[row.run.id].sorted for row in found.rows]
    wrong = {one.digests[row] for one in others for row in np.flatnonzero(~one.correct)}
    by_digest = {photo.digest: photo for photo in photos["test"]}
    store_findings(filled.dataset, bench.settings, suspects=[by_digest[digest] for digest in sorted(wrong)[:4]])
    at = visited(dataset=filled.dataset.id, without="suspects,leaks", fold="0")
    expected = bench.board_page(filled.dataset.id, without=tuple(Flag), fold=False)
    moved = [one for one in expected.entries if one.rank != one.rank_with_all]
    assert moved, "the photos were chosen so that a rank changes"
    cells = table_of(at)["place"].tolist()
    assert f"{moved[0].rank_with_all} → {moved[0].rank}" in cells


@pytest.mark.parametrize("view", ["confusion", "classes", "pairs", "calibration", "coverage", "embedding", "depths"])
def test_every_view_is_about_the_same_photos(filled, checked, view):
    at = visited(dataset=filled.dataset.id, without="suspects,leaks", view=view)
    assert not at.exception and not at.error


def test_a_link_that_leaves_too_few_photos_says_so_and_shows_all(bench, filled, photos):
    store_findings(filled.dataset, bench.settings, suspects=photos["test"])
    at = visited(dataset=filled.dataset.id, without="suspects")
    assert "would be left, too few to compare runs" in said(at)
    assert f"s exact test on {len(photos['test'])} test photos" in said(at)


def test_a_link_to_a_dataset_that_nobody_checked_says_so(filled):
    at = visited(dataset=filled.dataset.id, without="leaks")
    assert "have not been checked" in said(at) and not at.exception


def test_without_flagged_photos_there_is_nothing_to_switch(bench, filled):
    store_findings(filled.dataset, bench.settings)
    at = visited(dataset=filled.dataset.id)
    assert not [one for one in at.toggle if one.key == SWITCH] and "near-copy" not in said(at)


def test_the_report_says_it(bench, filled, checked):
    assert LEAK in bench.report([run.id for run in filled.with_status(Status.FINISHED)])
