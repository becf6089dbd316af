"""The report without flagged test photos: which they are, why, and the ranks that change."""

import json

import numpy as np
import pytest

from core.curation.flags import Flag
from core.errors import InvalidInput
from core.reporting import report_html
from core.reporting.left_out import left_out_section
from core.text.units import percent
from tests.findings import store_findings
from tests.report_reader import Reader


@pytest.fixture
def ids(finished):
    return [run.id for run in finished]


@pytest.fixture
def flagged(bench, filled, ids):
    """Photos that the leading run alone got right are suspects, so that a rank changes without them."""
    found = bench.comparison(ids)
    _, *others = [found.predictions[row.run.id].sorted for row in found.rows]
    wrong = {one.digests[row] for one in others for row in np.flatnonzero(~one.correct)}
    photos = {photo.digest: photo for photo in bench.registry.photos(filled.dataset.id, split="test")}
    suspects = [photos[digest] for digest in sorted(wrong)[:4]]
    store_findings(filled.dataset, bench.settings, suspects=suspects)
    return suspects


def test_it_says_which_photos_were_left_out_and_why(bench, ids, flagged):
    text = Reader(bench.report(ids, without=tuple(Flag))).text
    assert f"{len(flagged)} test photos left out" in text
    assert all(photo.file in text for photo in flagged)
    assert "Suspect: probably " in text and "--without suspects,leaks --json" in text


def test_its_figures_and_changed_ranks_are_those_of_the_comparison(bench, ids, flagged):
    found = bench.comparison(ids, without=tuple(Flag))
    moved = [row for row in found.rows if row.rank != found.ranks_with_all[row.run.id]]
    assert moved, "the photos were chosen so that a rank changes"
    text = Reader(bench.report(ids, without=tuple(Flag))).text
    assert f"{found.ranks_with_all[moved[0].run.id]} → {moved[0].rank}" in text
    assert all(percent(row.accuracy, row.interval) in text for row in found.rows)
    assert found.subset.words in text
    assert "→" not in Reader(bench.report(ids)).text, "with all photos no rank changes"


def test_its_prediction_sets_and_map_are_about_the_photos_that_are_left(bench, ids, flagged):
    material = bench.material(ids, without=tuple(Flag))
    left = material.comparison.subset.photos
    assert all(one.photos == left for measures in material.sets.values() for one in measures.overall)
    assert material.map is None or len(material.map.digests) == left


def test_a_report_on_all_photos_has_no_such_part(bench, ids, flagged):
    material = bench.material(ids)
    assert left_out_section(material) is None and "left out" not in Reader(report_html(material)).text


def test_tables_are_about_the_same_photos(bench, ids, flagged):
    found = bench.comparison(ids, without=tuple(Flag))
    rows = bench.table("leaderboard", ids, without=tuple(Flag))
    assert [row["accuracy"] for row in rows] == [row.accuracy for row in found.rows]
    assert [row["rank_with_all"] for row in rows] == [found.ranks_with_all[row["run"]] for row in rows]
    assert {row["photos"] for row in rows} == {found.subset.photos}
    predicted = {row["photo"] for row in bench.table("answers", ids, without=tuple(Flag))}
    assert not predicted & {photo.digest for photo in flagged} and len(predicted) == found.subset.photos
    assert json.dumps(rows)


def test_photos_that_nobody_checked_cannot_be_left_out(bench, ids):
    with pytest.raises(InvalidInput, match="have not been checked"):
        bench.report(ids, without=(Flag.LEAKS,))
