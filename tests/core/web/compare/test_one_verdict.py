"""One verdict: for random sets of runs every page, chart, report and command names the same best run, the same runs
that are not distinguishable from it, and the same recommendation."""

import json
import re
from collections import Counter
from collections.abc import Sequence

import anyio
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.__main__ import main
from core.api.mounting import api_routes
from core.charts.tradeoff import tradeoff_chart
from core.comparison.summary import BADGES, RECOMMENDED, REPETITION, STANDINGS, recommendation
from core.comparison.verdict import Standing, Verdict
from core.curation.flags import Flag
from core.datasets.values import Dataset
from core.files.home import dataset_folder, uploads_folder
from core.output.comparisons import comparison_json
from core.reporting.leaderboard import board_section
from core.reporting.summary import answer
from core.text.units import brief, plain
from core.web.compare import verdict_card
from core.web.compare.address import Address
from core.web.compare.lines import lines_of
from core.web.compare.selected import Selected, select
from core.web.models.panel import standing_badge
from core.web.models.ready import ready_runs
from core.web.overview.standing import standings
from core.workbench import Workbench
from tests.core.api.test_mcp_server import _spoken, result_of
from tests.findings import store_findings
from tests.pages.conftest import text_of, visit
from tests.pages.leaderboard import headline_of, table_of
from tests.random_home import fill_random

SEEDS = range(24)


@pytest.fixture
def dataset(bench, request) -> Dataset:
    return fill_random(bench, request.param)


@pytest.mark.parametrize("dataset", SEEDS, indirect=True)
def test_all_that_is_said_of_a_dataset_is_one_verdict(bench, dataset):
    found = bench.verdict(dataset.id)
    selected = select(bench, dataset, Address(), ())
    if found is None or selected is None:
        assert selected is None or selected.comparison.verdict is None
        return
    use, names = found.recommended.run_id, _brief(selected)
    # Compare: the card, the leaderboard, the chart
    assert _same(selected.comparison.verdict, found)
    headline = verdict_card.headline(dataset, selected)
    assert headline == plain(recommendation(found, names))
    _check_leaderboard(bench, dataset, selected, found)
    _check_chart(selected, found)
    # Overview, Models, Predict
    (overview,) = standings(bench, [dataset], bench.registry.run_counts())
    assert overview.recommended.id == use and _same(overview.verdict, found)
    assert [run.id for run in ready_runs(bench)][0] == use
    for run_id, standing in _standings(bench, dataset, found).items():
        badge = standing_badge(found, run_id)
        assert ("Recommended" in badge) == (run_id == use)
        assert (f"{STANDINGS[Standing.BEST]}]" in badge) == (run_id == found.best.run_id)
        repeated = standing is Standing.BEST and run_id != found.best.run_id
        assert standing is None or (REPETITION if repeated else STANDINGS[standing]) in badge


@pytest.mark.parametrize("dataset", SEEDS, indirect=True)
def test_all_that_is_said_of_chosen_runs_is_one_verdict(bench, dataset):
    """Compare with ticks, ``core compare --json``, the report."""
    known, rng = bench.board(dataset.id).run_ids, np.random.default_rng(7)
    ids = [run_id for run_id in known if rng.uniform() < 0.8] or known
    selected = select(bench, dataset, Address(), tuple(ids))
    found, material = bench.comparison(ids).verdict, bench.material(ids, maps=False)
    printed = comparison_json(bench.comparison(ids), {})["verdict"]
    if found is None:
        assert printed is None and selected.comparison.verdict is None
        return
    assert _same(selected.comparison.verdict, found) and _same(material.comparison.verdict, found)
    assert (printed["best"], printed["recommended"]) == (found.best.run_id, found.recommended.run_id)
    assert printed["not_distinguishable"] == [one.run_id for one in found.ties]
    _check_leaderboard(bench, dataset, selected, found)
    _check_chart(selected, found)
    if found.runs > 1:
        said = recommendation(found, {run_id: brief(name) for run_id, name in material.names.items()})
        assert answer(material).startswith(said)
    badges = str(board_section(material).body)
    words = [found.standing(row.run.id) for row in material.rows]
    shown = re.findall(f"({'|'.join(BADGES.values())})(?:, {RECOMMENDED})?<", badges)
    assert shown == [BADGES[standing] for standing in words if standing is not None]
    assert badges.count(f", {RECOMMENDED}<") == (found.runs > 1)


@pytest.mark.parametrize("without", [(), (Flag.LEAKS,)], ids=["all photos", "without leaks"])
@pytest.mark.parametrize("dataset", SEEDS[::3], indirect=True)
def test_programs_are_told_the_same_verdict(bench, dataset, without, call, capsys):
    """REST, MCP and the command line, of all test photos and without those that have a near-copy in another split."""
    _leak(bench, dataset)
    ids = list(bench.board(dataset.id).run_ids)
    shown = select(bench, dataset, Address(without=tuple(map(str, without))), tuple(ids))
    found = bench.comparison(ids, without=without).verdict
    told = _told(bench, call, ids, ",".join(without))
    assert all(one == told[0] for one in told)
    if found is None:
        assert told[0]["verdict"] is None and shown.comparison.verdict is None
        return
    assert _same(shown.comparison.verdict, found)
    verdict = told[0]["verdict"]
    assert (verdict["best"], verdict["recommended"]) == (found.best.run_id, found.recommended.run_id)
    assert verdict["not_distinguishable"] == [one.run_id for one in found.ties]
    standings = {run["run"]: run["standing"] for run in told[0]["runs"]}
    assert standings == {run_id: found.standing(run_id) for run_id in standings}
    if without:  # the leaderboard and the chart too
        assert bench.verdict(dataset.id, without=without).photos == found.photos < bench.verdict(dataset.id).photos
        _check_chart(shown, found)
    main(["compare", *ids, *(["--without", ",".join(without)] if without else [])])
    assert verdict["sentence"] in capsys.readouterr().out


def test_the_random_sets_have_what_is_hard_to_tell_apart(bench):
    """Repetitions, equal accuracies, ties, clear differences, runs without results per photo, failed and archived."""
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        dataset = fill_random(bench, seed)
        board, found = bench.board(dataset.id), bench.verdict(dataset.id)
        runs = bench.registry.runs(dataset_id=dataset.id)
        accuracies = [run.test_accuracy for run in runs if run.test_accuracy is not None]
        seen["repetitions"] += len({run.recipe.backbone for run in runs}) < len(board.run_ids)
        seen["equal"] += len(set(accuracies)) < len(accuracies)
        seen["archived"] += any(run.archived for run in runs)
        seen["failed"] += any(run.test_accuracy is None for run in runs)
        if found is not None:
            seen["ties"] += bool(found.ties)
            seen["worse"] += found.worse > 0
            seen["untested"] += found.untested > 0
            seen["another is cheaper"] += found.best != found.recommended
    assert min(seen.values()) >= 2 and len(seen) == 8, seen


@pytest.mark.parametrize("dataset", [1, 5], indirect=True)
def test_the_pages_show_it(bench, dataset):
    found = bench.verdict(dataset.id)
    name = plain(brief(bench.registry.run(found.recommended.run_id).name))
    compare = visit("compare", size="50")
    assert not compare.exception
    page = bench.board_page(dataset.id, Address().query, size=50)
    shown = table_of(compare)
    for entry, (_, line) in zip(page.entries, shown.iterrows(), strict=True):
        standing = found.standing(entry.run_id)
        assert list(line["verdict"]) == ([] if standing is None else [BADGES[standing]])
        assert (line["use"] == "✓") == (found.recommended.run_id in entry.run_ids)
    assert headline_of(compare).startswith("Use ")
    overview, predict = visit("overview"), visit("predict")
    assert not overview.exception and name in text_of(overview)
    assert predict.multiselect(key="predict.models").value == [found.recommended.run_id]


def _leak(bench: Workbench, dataset: Dataset) -> None:
    """A check found a near-copy among the training photos of every fourth test photo."""
    photos = bench.registry.photos(dataset.id)
    train = [photo for photo in photos if photo.split == "train"]
    test = [photo for photo in photos if photo.split == "test"]
    dataset_folder(bench.settings, dataset.id).path.mkdir(parents=True, exist_ok=True)
    store_findings(dataset, bench.settings, copies=list(zip(train, test[::4], strict=False)))


def _told(bench: Workbench, call, ids: Sequence[str], without: str) -> list[dict]:
    """The same comparison over REST, over MCP and by the command line."""
    uploads_folder(bench.settings).mkdir(parents=True, exist_ok=True)
    app = Starlette(routes=api_routes(lambda: bench))
    _, secret = bench.registry.create_token("program", "read")
    client = TestClient(app, base_url="http://127.0.0.1:8501/api/v1", headers={"Authorization": f"Bearer {secret}"})
    rest = client.get("/compare", params={"runs": ids, "without": without})
    assert rest.status_code == 200, rest.text
    mcp = anyio.run(_spoken, app, secret, lambda speaker: result_of(speaker, "compare_runs", runs=ids, without=without))
    options = ["--without", without] if without else []
    return [rest.json(), json.loads(json.dumps(mcp)), call("compare", *ids, *options)]


def _same(one: Verdict | None, other: Verdict) -> bool:
    return one is not None and (one.best, one.ties, one.recommended, one.comparisons) == (
        other.best, other.ties, other.recommended, other.comparisons,
    )  # fmt: skip


def _brief(selected: Selected) -> dict[str, str]:
    return {row.run.id: brief(selected.name(row.run.id)) for row in selected.comparison.rows}


def _standings(bench: Workbench, dataset: Dataset, found: Verdict) -> dict[str, Standing | None]:
    return {run_id: found.standing(run_id) for run_id in bench.board(dataset.id).run_ids}


def _check_leaderboard(bench: Workbench, dataset: Dataset, selected: Selected, found: Verdict) -> None:
    """Each line says what the verdict says of its runs."""
    page = bench.board_page(dataset.id, Address().query, size=1000)
    lines = lines_of(bench, dataset, page, selected.comparison.verdict, pictures=False)
    best = [line for line in lines if line.standing is Standing.BEST]
    assert len(best) <= 1 and all(found.best.run_id in line.entry.run_ids for line in best)
    ties = {one.run_id for one in found.ties}
    for line in lines:
        if line.standing is Standing.TIE:
            assert ties.intersection(line.entry.run_ids)
        assert line.recommended == (found.recommended.run_id in line.entry.run_ids)


def _check_chart(selected: Selected, found: Verdict) -> None:
    """The title names a run as best or not distinguishable only if the verdict does."""
    rows, names = selected.comparison.rows, _brief(selected)
    if not any(row.accuracy is not None and row.value("alone_wall_seconds") is not None for row in rows):
        return
    title = tradeoff_chart(rows, verdict=found).title
    assert ("not distinguishable" in title) == bool(found.ties)
    if not found.ties and found.worse:
        assert title.startswith(brief(selected.comparison.names[found.best.run_id])), names
