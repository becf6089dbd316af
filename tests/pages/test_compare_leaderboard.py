"""The leaderboard of the page Compare: what it lists, what is ticked in it, and what can be taken along."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest

from core.charts.styles import RUN_COLOURS, run_colour
from core.comparison.board_page import LeaderboardLine
from core.settings import Settings
from core.text.tables import as_parquet
from core.web.compare import address, selection
from core.web.compare.address import MOST, Address
from core.web.compare.columns import columns
from core.web.compare.lines import all_rows
from core.web.parts.downloads import file_name
from core.web.parts.run_names import TALL_ROW, fitting, letters
from core.workbench import Workbench
from tests.factories import Filled, fill
from tests.pages.conftest import text_of, visit
from tests.pages.leaderboard import chosen_of, element_of, names_of, opened, pick, table_of, ticked_names, visited


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> tuple[Path, Filled]:
    """A home with 14 finished runs, three recipes with four or five seeds each; made once."""
    workbench = Workbench.open(Settings(home=tmp_path_factory.mktemp("many") / "home"))
    done = fill(workbench.registry, workbench.settings, runs=18)
    workbench.star([run.id for run in done.runs], on=False)
    workbench.registry.close()
    return workbench.settings.home, done


@pytest.fixture
def many(prepared, settings, started) -> Filled:
    """A copy of it is the home of this test."""
    shutil.copytree(prepared[0], settings.home)
    return prepared[1]


@pytest.fixture
def shared(many, settings) -> Iterator[Workbench]:
    """A workbench on that home."""
    workbench = Workbench.open(settings)
    yield workbench
    workbench.registry.close()


def percent(cell: str) -> float:
    return float(cell.split(" %")[0])


# --- what is listed ---


def test_all_finished_runs_are_listed_best_first(many):
    table = table_of(visit("compare", fold="0", size="50", cols=",".join(columns("EUR", 1))))
    assert table["place"].tolist() == list(range(1, 15))
    assert table["accuracy"].map(percent).is_monotonic_decreasing


def test_beside_the_chart_there_are_few_columns_and_a_button_for_all(filled):
    at = visit("compare")
    assert table_of(at).columns.tolist() == ["colour", "name", "use", "accuracy", "verdict", "alone_wall_seconds"]
    at.button(key="compare.columns").click().run()
    assert {
        "accuracy", "verdict", "balanced_accuracy", "macro_f1", "log_loss", "ece", "best_epoch", "curve",
        "wall_seconds", "alone_wall_seconds", "ms_per_photo", "model_bytes", "hardest",
    } <= set(table_of(at).columns)  # fmt: skip
    at.button(key="compare.columns").click().run()
    assert "cols" not in at.query_params and len(table_of(at).columns) == 6


def test_the_best_and_what_is_not_distinguishable_from_it_are_marked(many):
    table = table_of(visit("compare", fold="0", size="50"))
    assert list(table["verdict"][0]) == ["most accurate"]
    assert {tuple(verdict) for verdict in table["verdict"][1:]} <= {("less accurate",), ("not distinguishable",)}
    assert ("not distinguishable",) in set(map(tuple, table["verdict"]))


def test_the_verdict_says_for_how_many_comparisons_it_is_corrected():
    assert "corrected (Holm) for 25 comparisons" in columns("EUR", 25)["verdict"].help
    assert "corrected (Holm) for 1 comparison." in columns("EUR", 1)["p_value"].help


def test_the_help_of_the_verdict_says_which_runs_it_is_about(many):
    assert "Among all that match." in columns("EUR", 25)["verdict"].help
    assert "Among the 3 selected runs." in columns("EUR", 2, 3)["verdict"].help


def test_a_long_name_shows_both_its_ends_in_a_table():
    long = {"a": "Ensemble of Lite0 · new head, Lite1 · new head and Lite2 · new head", "b": "Lite0"}
    assert fitting(long, 262) == {"a": "Ensemble of Lite0 … Lite2 · new head", "b": "Lite0"}
    assert fitting({"a": "Lite1 · new head, when unsure Lite2 · new head"}, 262)["a"] == (
        "Lite1 · new head … Lite2 · new head"
    )
    alike = {"a": long["a"], "b": long["a"].replace("Lite1", "Lite3")}
    short = fitting(alike, 262)
    assert short["a"] != short["b"], "names that would read the same are cut elsewhere"
    assert all(short[key] in (alike[key], alike[key][: len(short[key]) - 1] + "…") for key in alike)


def test_beside_the_chart_long_names_continue_on_further_lines(filled):
    """Shortened to the width there they read ``Lite0 … extraction``."""
    at = visit("compare", fold="0", size="50")
    assert not [name for name in names_of(at) if "…" in name]
    assert max(map(len, names_of(at))) > letters(178), "at least one needs a further line"
    assert element_of(at).proto.row_height == TALL_ROW


def test_repetitions_share_a_line_with_their_mean_and_spread(many):
    table = table_of(visit("compare"))
    assert len(table) == 3 and all(" runs, SD " in cell for cell in table["repetitions"])
    runs = [run for run in many.with_status("FINISHED") if run.recipe.backbone.endswith("lite2")]
    mean = sum(run.test_accuracy for run in runs) / len(runs)
    row = table[table["name"].str.startswith("Lite2")].iloc[0]
    assert percent(row["accuracy"]) == pytest.approx(100 * mean, abs=0.06)
    assert row["repetitions"].startswith(f"{len(runs)} runs") and row["accuracy"].endswith(f", {len(runs)} seeds")


def test_unfolded_every_repetition_has_its_line_and_a_name_of_its_own(many):
    names = names_of(visit("compare", fold="0", size="50"))
    assert len(set(names)) == 14 and any("seed" in name for name in names)


def test_unfinished_runs_are_shown_and_marked_when_asked_for(filled):
    at = visit("compare", status="any")
    table = table_of(at)
    assert not at.exception and len(table) == 6
    assert {"● Finished", "✕ Failed", "◌ Stopped", "◔ Running", "○ Waiting"} == set(table["status"])
    assert table["accuracy"].tolist().count("–") == 4


def test_stars_champion_and_archive_are_marked(bench, filled):
    one, two = (run.id for run in filled.with_status("FINISHED"))
    bench.star([one, two], on=False)
    bench.star([one])
    bench.archive([two])
    bench.set_alias(one)
    table = table_of(visit("compare", archived="1", cols="marks"))
    assert sorted(map(list, table["marks"])) == [["archived"], ["★", "champion"]]
    assert len(table_of(visit("compare"))) == 1


def test_the_curves_share_a_scale_and_photos_are_one_small_picture(filled):
    table = table_of(visit("compare", cols="curve,hardest"))
    assert all(len(curve) == 12 for curve in table["curve"])
    assert all(picture.startswith("data:image/webp;base64,") for picture in table["hardest"])
    assert table["hardest"].str.len().max() < 12_000


def test_a_star_on_one_repetition_is_seen_on_their_line(shared, many):
    lite2 = [run.id for run in many.with_status("FINISHED") if run.recipe.backbone.endswith("lite2")]
    shared.star(lite2[-1:])
    table = table_of(visit("compare", cols="marks"))
    assert [bool(len(marks)) for marks in table["marks"]] == [name.startswith("Lite2") for name in table["name"]]


def test_a_phone_shows_few_columns(filled, monkeypatch):
    monkeypatch.setattr("core.web.compare.leaderboard.is_narrow", lambda: True)
    shown = table_of(visit("compare")).columns.tolist()
    assert shown[:5] == ["colour", "name", "use", "accuracy", "verdict"] and len(shown) <= 6
    assert "ece" in table_of(visit("compare", cols="ece"))


# --- filter, sort, columns, pages ---


FILTERED = (
    ({"q": "lite1"}, 5), ({"q": "lite1 EXTRACTOR"}, 5), ({"q": "nothing like it"}, 0), ({"star": "1"}, 1),
    ({"backbone": "efficientnet_lite2"}, 4), ({"pattern": "integrated_extractor"}, 14), ({"pattern": "cascade"}, 0),
    ({"tag": "night"}, 1), ({"status": "FAILED"}, 1), ({"q": "lite1", "tag": "night"}, 0),
)  # fmt: skip


def test_every_filter_of_the_url_is_obeyed(shared, many):
    first = many.with_status("FINISHED")[0].id
    shared.tag([first], add=["night"])
    shared.star([first])
    at = visit("compare", fold="0")
    for query, lines in FILTERED:
        at.query_params.clear()
        at.query_params.update({"fold": "0", **query})
        said = text_of(at.run())
        assert not at.exception
        assert f"of {lines} run" in said if lines else "No run matches" in said, query


def test_the_filters_change_the_url_and_begin_with_the_first_page(many):
    at = opened(visited(fold="0", page="2"))
    at.button_group(key="compare.pattern").set_value(["integrated_extractor"]).run()
    assert not at.exception and at.query_params == {"fold": "0", "pattern": "integrated_extractor"}
    at.multiselect(key="compare.backbone").set_value(["efficientnet_lite1"]).run()
    at.toggle(key="compare.star").set_value(True).run()
    assert at.query_params["backbone"] == "efficientnet_lite1" and at.query_params["star"] == "1"
    at.button(key="compare.unfiltered").click().run()
    assert at.query_params == {"fold": "0"}


def test_a_single_tag_can_be_filtered_by(shared, many):
    for run in many.runs:
        shared.tag([run.id], remove=run.tags)
    assert "compare.tag" not in [field.key for field in opened(visited(fold="0")).multiselect]
    shared.tag([many.with_status("FINISHED")[0].id], add=["night"])
    at = opened(visited(fold="0"))
    at.multiselect(key="compare.tag").set_value(["night"]).run()
    assert at.query_params["tag"] == "night" and "of 1 run" in text_of(at)


def test_when_nothing_matches_one_button_clears_the_filters(many):
    at = visit("compare", q="nothing like it")
    at.button(key="compare.cleared").click().run()
    assert not at.exception and at.query_params == {} and len(table_of(at)) == 3


def test_search_goes_into_the_url(many):
    at = visit("compare")
    at.text_input(key="compare.q").set_value("lite1").run()
    assert at.query_params == {"q": "lite1"} and len(names_of(at)) == 1


def test_words_are_found_in_any_case_and_any_unicode_form(shared, many):
    run_id = many.with_status("FINISHED")[0].id
    shared.annotate(run_id, name="Äpfel und Birnen")
    for text in ("äpfel", "BIRNEN a\u0308pfel"):
        at = visit("compare", q=text, fold="0")
        assert names_of(at) == ["Äpfel und Birnen"]


def test_a_click_on_a_head_sorts_all_runs_and_another_click_turns_them_round(many):
    at = pick(visit("compare", fold="0", cols="accuracy,log_loss"), head="log_loss")
    assert at.query_params == {"fold": "0", "sort": "log_loss", "cols": "accuracy,log_loss"}
    assert table_of(at)["log_loss"].astype(float).is_monotonic_increasing
    at = pick(at, head="log_loss")
    assert at.query_params["desc"] == "1"
    assert table_of(at)["log_loss"].astype(float).is_monotonic_decreasing
    assert "desc" not in pick(at, head="log_loss").query_params
    assert pick(at, head="name").query_params["sort"] == "log_loss"


def test_the_sorted_column_has_an_arrow(many):
    at = visit("compare", sort="macro_f1", cols="accuracy,macro_f1")
    head = next(table for table in at.dataframe if "macro_f1" in table.value).proto.columns
    assert "Macro-F1 \\u2193" in head and "Accuracy \\u2193" not in head


def test_sort_and_columns_can_be_chosen_without_a_mouse(many):
    at = opened(visit("compare"), filter_=False)
    at.selectbox(key="compare.sort").select("ece").run()
    at.button_group(key="compare.desc").set_value(True).run()
    at.button_group(key="compare.cols").set_value(["accuracy", "cpu_seconds"]).run()
    assert not at.exception
    assert at.query_params == {"sort": "ece", "desc": "1", "cols": "accuracy,cpu_seconds"}
    assert table_of(at).columns.tolist() == ["colour", "name", "accuracy", "cpu_seconds"]
    at.button(key="compare.usual").click().run()
    assert "cols" not in at.query_params and "verdict" in table_of(at)


def test_lines_a_page_and_the_page_go_into_the_url(many):
    at = visit("compare", fold="0")
    assert "1 to 10 of 14 runs" in text_of(at)
    at.pagination(key="compare.page").set_value(2).run()
    assert at.query_params["page"] == "2" and "11 to 14 of 14 runs" in text_of(at)
    at.button_group(key="compare.size").set_value(25).run()
    assert at.query_params == {"fold": "0", "size": "25"} and len(table_of(at)) == 14


def test_few_runs_need_no_pages(filled):
    at = visit("compare")
    assert not at.get("pagination") and "1 to 2 of 2 runs" in text_of(at)


# --- what is chosen ---


def test_ticks_outlive_pages_orders_and_filters(many):
    at = pick(visit("compare", fold="0"), rows=[0, 3])
    first = chosen_of(at)
    assert len(first) == 2 and len(ticked_names(at)) == 2
    at.pagination(key="compare.page").set_value(2).run()
    assert ticked_names(at) == [] and chosen_of(at) == first
    at = pick(at, rows=[1])
    assert chosen_of(at)[:2] == first and len(chosen_of(at)) == 3
    at = pick(at, rows=[1], head="name")
    at.text_input(key="compare.q").set_value("lite0").run()
    assert len(chosen_of(at)) == 3 and "3 runs selected" in text_of(at)


def test_unticking_a_line_takes_only_that_one_out(many):
    at = pick(visit("compare", fold="0"), rows=[0, 1, 2])
    before = chosen_of(at)
    assert chosen_of(pick(at, rows=[0, 2])) == [before[0], before[2]]


def test_a_line_stands_for_all_its_repetitions(many):
    at = pick(visit("compare"), rows=[1])
    chosen = [run for run in many.runs if run.id in chosen_of(at)]
    assert len(chosen) > 3 and len({run.recipe.backbone for run in chosen}) == 1
    assert chosen_of(pick(at, rows=[])) == []


def test_all_that_match_can_be_chosen_and_nothing_again(many):
    at = visit("compare", q="lite0")
    at.button(key="compare.all").click().run()
    assert not at.exception and len(chosen_of(at)) == 5 and "5 runs selected" in text_of(at)
    at.button(key="compare.none").click().run()
    assert chosen_of(at) == [] and "Select runs to compare only these" in text_of(at)


def test_chosen_runs_can_be_starred_right_there(bench, filled):
    bench.star([run.id for run in filled.runs], on=False)
    at = pick(visit("compare"), rows=[0])
    at.button(key="compare.organise.star").click().run()
    assert not at.exception and bench.registry.run(chosen_of(at)[0]).starred


def entry(*run_ids: str) -> LeaderboardLine:
    return LeaderboardLine(
        run_id=run_ids[0], run_ids=run_ids, counted=len(run_ids), rank=1, values={}, spread={}, tie=None, p_value=None
    )


def test_a_partly_chosen_line_keeps_just_these_runs_while_it_stays_ticked():
    lines = [entry("a1", "a2"), entry("b")]
    assert selection.with_ticks(["a2", "elsewhere"], lines, [0]) == ("a2", "elsewhere")
    assert selection.with_ticks(["a2", "elsewhere"], lines, []) == ("elsewhere",)
    assert selection.with_ticks(["elsewhere"], lines, [0, 1]) == ("elsewhere", "a1", "a2", "b")


def test_no_more_runs_are_chosen_than_can_be_compared():
    known = [f"r-{number}" for number in range(MOST)]
    assert selection.with_ticks(known, [entry("one more")], [0]) == tuple(known)


def test_a_column_is_turned_round_and_back():
    assert selection.order_after(Address(sort="ece"), "accuracy") == {"sort": "accuracy", "desc": None}
    assert selection.order_after(Address(sort="accuracy"), "accuracy") == {"sort": "accuracy", "desc": False}
    assert selection.order_after(Address(sort="accuracy", desc=False), "accuracy") == {"sort": "accuracy", "desc": None}
    assert set(address.SORTS) >= {column.sort for column in columns("EUR", 0).values() if column.sort}


# --- files ---


def test_the_file_has_every_run_that_matches_with_every_figure(shared, many):
    rows = all_rows(shared, many.dataset, Address(q="lite0", size=10))
    assert len(rows) == 5 and all("lite0" in row["backbone"] for row in rows)
    assert {"accuracy", "ci95_low", "ci95_high", "macro_f1", "ece", "log_loss", "wall_seconds", "energy_joules"} <= set(
        rows[0]
    )
    run = shared.registry.run(rows[0]["run"])
    assert rows[0]["accuracy"] == run.test_accuracy and rows[0]["name"] == run.name
    back = pd.read_parquet(io.BytesIO(as_parquet(rows)))
    assert back["accuracy"].tolist() == [row["accuracy"] for row in rows] and len(back) == 5


def test_a_file_is_named_after_the_dataset_whatever_that_is_called():
    assert file_name("roses/../tulips v1") == "roses-..-tulips-v1"
    assert file_name("../../etc/passwd") == "etc-passwd" and file_name("///") == "table"


def test_the_table_and_what_differs_can_be_downloaded_twice_each(filled):
    labels = [button.proto.label for button in visit("compare").get("download_button")]
    assert labels.count("CSV") >= 2 and labels.count("Parquet") >= 2


def test_the_dot_of_every_line_and_the_chart_beside_it_have_the_colours_of_the_runs(filled):
    at = visit("compare")
    colours = {run_colour(run) for run in filled.with_status("FINISHED")}
    table, chart = table_of(at), at.get("plotly_chart")[0].proto.spec
    assert len(table) == len(colours) >= 2
    assert {colour for colour in RUN_COLOURS if any(quote(colour) in dot for dot in table["colour"])} == colours
    assert {colour for colour in RUN_COLOURS if f'"{colour}"' in chart} == colours
