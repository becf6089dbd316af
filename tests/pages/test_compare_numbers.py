"""Every number on the page Compare is the one that ``core compare --json`` prints."""

import csv
import io
import json

import pandas as pd
import pytest

from core.__main__ import main
from core.comparison.cost_axes import COSTS
from core.runs.values import Status
from core.settings import Settings
from core.text.tables import as_csv, as_parquet
from core.web.compare.address import Address
from core.web.compare.columns import bare_p, columns
from core.web.compare.lines import all_rows
from core.workbench import Workbench
from tests.pages.conftest import visit
from tests.pages.leaderboard import table_of
from tests.pattern_home import fill_patterns

SHARES = ("balanced_accuracy", "macro_f1", "ece")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A home in which every way to use a network was tried; the tests only read it."""
    workbench = Workbench.open(Settings(home=tmp_path_factory.mktemp("numbers") / "home"))
    fill_patterns(workbench)
    workbench.registry.set_preference("rate_per_hour", 1.5)
    yield workbench
    workbench.registry.close()


@pytest.fixture
def ids(bench, started, monkeypatch) -> list[str]:
    """The finished runs of that home, which is the home of this test."""
    monkeypatch.setenv("GRAFT_HOME", str(bench.settings.home))
    return [run.id for run in bench.registry.runs(status=Status.FINISHED)]


@pytest.fixture
def printed(capsys):
    """What ``core compare`` prints about some runs."""

    def printed(*runs: str) -> dict:
        assert main(["compare", *runs, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return printed


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _words(run: dict) -> list[str]:
    if run["rank"] == 1:
        return ["most accurate"]
    return ["not distinguishable" if run["tie_with_best"] else "less accurate"]


def exactly(value: float | None):
    """But for the last bits: tests of many runs at once add their chances in another order."""
    return None if value is None else pytest.approx(value, rel=1e-9)


def test_the_leaderboard_shows_the_printed_numbers(ids, printed):
    result = printed(*ids)
    table = table_of(
        visit("compare", runs=",".join(ids), fold="0", size="50", archived="1", cols=",".join(columns("EUR", 1)))
    )
    assert len(table) == len(result["runs"]) == len(ids) > 12
    assert table["place"].tolist() == [run["rank"] for run in result["runs"]]
    adjusted = {pair["b"]: pair["adjusted_p"] for pair in result["pairs"][: len(ids) - 1]}
    for (_, line), run in zip(table.iterrows(), result["runs"], strict=True):
        assert {key: line[key] for key in SHARES} == {key: percent(run[key]) for key in SHARES}
        low, high = run["ci95"]
        assert line["accuracy"] == f"{100 * run['accuracy']:.0f} % ({100 * low:.0f}–{100 * high:.0f})"
        assert line["interval"] == f"{100 * low:.1f} to {100 * high:.1f} %"
        assert line["log_loss"] == f"{run['log_loss']:.3f}"
        assert line["best_epoch"] == ("–" if run["best_epoch"] is None else str(run["best_epoch"]))
        assert list(line["verdict"]) == _words(run)
        for key in COSTS.keys() & set(table.columns):
            assert line[key] == COSTS[key].words(run["cost"][key]), key
        p = adjusted.get(run["run"])
        assert line["p_value"] == ("–" if p is None else bare_p(p))


def test_the_files_of_the_leaderboard_hold_the_printed_numbers(bench, ids, printed):
    result = printed(*ids)
    rows = all_rows(bench, bench.registry.datasets()[0], Address(archived=True))
    parquet = pd.read_parquet(io.BytesIO(as_parquet(rows)))
    text = list(csv.DictReader(io.StringIO(as_csv(rows))))
    adjusted = {pair["b"]: pair["adjusted_p"] for pair in result["pairs"][: len(ids) - 1]}
    assert [row["run"] for row in rows] == parquet["run"].tolist() == [run["run"] for run in result["runs"]]
    for place, run in enumerate(result["runs"]):
        told = {key: run[key] for key in ("accuracy", *SHARES, "log_loss")} | run["cost"]
        told |= {"ci95_low": run["ci95"][0], "ci95_high": run["ci95"][1], "rank": run["rank"]}
        told |= {"p_value": adjusted.get(run["run"])}
        for key in told.keys() & rows[place].keys():
            kept, cell = parquet[key][place], text[place][key]
            assert (None if pd.isna(kept) else kept) == exactly(told[key]), key
            assert (float(cell) if cell else None) == exactly(told[key]), key
        assert rows[place]["tie_with_best"] == run["tie_with_best"]
    assert set(COSTS) <= set(rows[0])
    table = bench.table("leaderboard", [row["run"] for row in rows])
    shared = table[0].keys() & rows[0].keys()
    assert table[0].keys() - shared == {"parameters_trainable"}, "one name for one value in every file"


def test_head_to_head_shows_the_printed_numbers(ids, printed):
    a, b = ids[0], ids[4]
    result = printed(a, b)
    (pair,) = result["pairs"]
    at = visit("compare", runs=f"{a},{b}", view="pairs", a=pair["a"], b=pair["b"])
    fourfold = next(table.value for table in at.dataframe if "B correct" in table.value.columns)
    assert fourfold[["B correct", "B wrong"]].to_numpy().tolist() == [
        [pair["both_right"], pair["only_a"]],
        [pair["only_b"], pair["both_wrong"]],
    ]
    shown = next(table.value for table in at.dataframe if "Metric" in table.value.columns)
    for (_, line), one in zip(shown.iterrows(), result["metrics"], strict=True):
        words = percent if one["metric"] != "log_loss" else "{:.3f}".format
        assert (line["A"], line["B"]) == (words(one["a"]), words(one["b"]))
        scale, digits = (1, 3) if one["metric"] == "log_loss" else (100, 1)
        low, high = (float(end.replace("−", "-")) for end in line["Interval"].split(" to "))
        assert [low, high] == pytest.approx([scale * end for end in one["ci95"]], abs=0.51 * 10**-digits)
