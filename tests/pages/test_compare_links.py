"""The URL of the page Compare is everything it was asked for: it can be read, written, sent and spoiled."""

from urllib.parse import parse_qs, urlencode

import pytest

from core.files.home import run_folder
from core.web.compare import address
from core.web.compare.address import MOST, Address, params, parse
from tests.factories import fill
from tests.pages.conftest import first_line, text_of, visit
from tests.pages.leaderboard import chosen_of, headline_of, names_of, table_of, ticked_names, visited


def read(query: str) -> Address:
    return parse(parse_qs(query, keep_blank_values=True))


# --- what a URL says ---

FULL = Address(
    dataset="d-1",
    runs=("r-1", "r-2"),
    view="curves",
    cost="energy_joules",
    metric="loss",
    over="wall",
    q="rose & tulip",
    pattern=("fine_tuning", "cascade"),
    backbone=("efficientnet_lite0",),
    tag=("to show, later", "ä"),
    star=True,
    status=("FINISHED", "FAILED"),
    archived=True,
    sort="log_loss",
    desc=True,
    page=3,
    size=25,
    cols=("accuracy", "ece"),
    fold=False,
    a="r-1",
    b="r-2",
    cell="rose|tulip",
    without=("suspects", "leaks"),
)


def test_every_field_comes_back_from_the_url_it_was_written_to():
    assert all(getattr(FULL, name) != getattr(Address(), name) for name in Address.__dataclass_fields__)
    assert read(urlencode(params(FULL), doseq=True)) == FULL


def test_the_usual_page_has_a_bare_url():
    assert params(Address()) == {} and read("") == Address()


def test_any_status_can_be_asked_for():
    everything = Address(status=())
    assert read(urlencode(params(everything), doseq=True)) == everything


def test_five_hundred_runs_fit_into_a_url():
    ids = tuple(f"r-{number:08x}" for number in range(MOST + 20))
    link = urlencode(params(Address(runs=ids[:MOST])), doseq=True, safe=",")
    assert len(link) < 8000 and read(link).runs == ids[:MOST]
    assert read("runs=" + ",".join(ids)).runs == ids[:MOST]


@pytest.mark.parametrize(
    "query",
    [
        "page=-3", "page=0", "page=x", "page=1e3", "page=99999999999999999999", "page=²", "size=11", "size=1000000",
        "sort=password", "sort=", "desc=maybe", "fold=2", "star=yes", "status=DONE", "cost=../..", "metric=<b>",
        "over=the moon", "runs=,,,", "cols=", "without=odd", "tag=", "nothing=1",
        f"view={'x' * 300}", f"runs={'y' * 300}",
    ],
)  # fmt: skip
def test_nonsense_in_a_url_is_ignored(query):
    assert read(query) == Address()


def test_repeated_and_joined_runs_are_read_once_each():
    assert read("runs=r-1,r-2&runs=r-2, r-3").runs == ("r-1", "r-2", "r-3")


# --- the page of a URL ---


ODD = (
    {"page": "700"}, {"page": "x"}, {"sort": "nonsense"}, {"size": "7"}, {"cols": "nothing,<b>"},
    {"sort": "energy_joules"}, {"sort": "alone_money"}, {"view": "nowhere"}, {"cell": "a|b|c"}, {"a": "r-x"},
    {"pattern": ":material/home:"}, {"tag": "<script>"}, {"backbone": "r-gone"}, {"q": "*[("}, {"fold": "0"},
)  # fmt: skip


def test_the_page_bears_any_url(filled):
    at = visit("compare")
    for query in ODD:
        at.query_params.clear()
        at.query_params.update(query)
        assert not at.run().exception and not at.error, query


def test_the_last_page_is_shown_where_the_url_asks_for_one_behind_it(bench):
    fill(bench.registry, bench.settings, runs=16)
    at = visited(page="99", fold="0")
    assert len(table_of(at)) == 2
    assert "11 to 12 of 12 runs" in text_of(at)


def test_search_and_order_of_a_url_are_shown(bench):
    fill(bench.registry, bench.settings, runs=12)
    at = visit("compare", sort="name")
    assert names_of(at) == sorted(names_of(at)) and len(names_of(at)) == 3
    at = visit("compare", q="Lite1")
    assert len(names_of(at)) == 1 and at.text_input(key="compare.q").value == "Lite1"


def test_the_runs_of_a_url_are_ticked_and_compared(filled):
    one = filled.with_status("FINISHED")[0]
    at = visit("compare", runs=one.id)
    assert "Select a second run" in headline_of(at)
    (name,) = ticked_names(at)
    assert all(part in one.name for part in name.split(" … "))


@pytest.mark.parametrize("gone", ["r-00000000", "r-", "r", "../../etc/passwd", "<b>x</b>", ":material/home:"])
def test_a_deleted_run_in_a_link_is_said_and_the_others_are_compared(filled, gone):
    good = filled.with_status("FINISHED")[0].id
    at = visit("compare", runs=f"{gone},{good}")
    assert not at.exception and not at.error
    assert "There is no run" in at.warning[0].value and "the others are compared" in at.warning[0].value
    assert ":material/home:" not in at.warning[0].value and "<b>" not in at.warning[0].value
    assert "Select a second run" in headline_of(at)


def test_a_link_to_deleted_runs_alone_shows_the_best_ones(filled):
    at = visit("compare", runs="r-00000000,r-11111111")
    assert not at.exception and "The best runs are shown instead" in at.warning[0].value
    assert "not distinguishable" in headline_of(at)


def test_a_run_can_be_linked_by_the_beginning_of_its_id(filled):
    one = filled.with_status("FINISHED")[0].id
    at = visit("compare", runs=one[:7])
    assert not at.warning and "Select a second run" in headline_of(at)


def test_an_unfinished_run_in_a_link_is_shown_and_marked(filled):
    failed, good = filled.with_status("FAILED")[0].id, filled.with_status("FINISHED")[0].id
    at = visit("compare", runs=f"{good},{failed}")
    assert not at.exception and "not finished" in at.warning[0].value
    alone = visit("compare", runs=failed)
    assert not alone.exception and "measured" in first_line(alone)


def test_a_run_whose_answers_are_lost_is_said_and_keeps_its_figures(bench, filled):
    run = filled.with_status("FINISHED")[0]
    (run_folder(bench.settings, run.id).path / "test.npz").unlink()
    at = visit("compare")
    assert not at.exception and "has no predictions" in at.warning[0].value
    assert len(table_of(at)) == 2 and "–" not in table_of(at)["accuracy"].tolist()


# --- runs of several datasets ---


@pytest.fixture
def mixed(bench, filled):
    other = fill(bench.registry, bench.settings, name="other", runs=2)
    mine, theirs = filled.with_status("FINISHED"), other.with_status("FINISHED")
    return filled, other, mine, theirs


def test_runs_of_two_datasets_are_not_compared_and_the_larger_group_is(mixed):
    filled, other, mine, theirs = mixed
    at = visit("compare", runs=",".join(run.id for run in (theirs[0], *mine)))
    assert not at.exception and at.selectbox(key="compare.dataset").value == filled.dataset.id
    assert "cannot be compared" in text_of(at) and "only the 2 runs of flowers" in text_of(at)


def test_the_dataset_of_the_link_decides_between_groups(mixed):
    filled, other, mine, theirs = mixed
    at = visit("compare", runs=",".join(run.id for run in (theirs[0], *mine)), dataset=other.dataset.id)
    assert at.selectbox(key="compare.dataset").value == other.dataset.id


def test_one_button_keeps_the_runs_that_can_be_compared(mixed):
    filled, other, mine, theirs = mixed
    at = visit("compare", runs=",".join(run.id for run in (theirs[0], *mine)))
    at.button(key="compare.keep").click().run()
    assert not at.exception and sorted(chosen_of(at)) == sorted(run.id for run in mine)
    assert "cannot be compared" not in text_of(at)


def test_another_button_takes_the_other_group(mixed):
    filled, other, mine, theirs = mixed
    at = visit("compare", runs=",".join(run.id for run in (theirs[0], *mine)))
    at.button(key=f"compare.other.{other.dataset.id}").click().run()
    assert not at.exception and chosen_of(at) == [theirs[0].id]
    assert at.selectbox(key="compare.dataset").value == other.dataset.id


def test_another_dataset_begins_without_runs_and_filters(mixed):
    filled, other, mine, theirs = mixed
    at = visit("compare", runs=mine[0].id, q="lite", dataset=filled.dataset.id)
    at.selectbox(key="compare.dataset").select(other.dataset.id).run()
    assert not at.exception and at.query_params == {"dataset": other.dataset.id}


# --- what changes the URL ---


def test_the_runs_page_and_others_still_link_here_with_ids_alone(filled):
    ids = [run.id for run in filled.with_status("FINISHED")]
    at = visit("compare", runs=",".join(ids))
    assert not at.warning and at.selectbox(key="compare.dataset").value == filled.dataset.id


def test_the_link_can_be_copied(filled):
    at = visit("compare", view="pairs", q="lite")
    at.menu_button(key="compare.menu").click("Copy link").run()
    assert at.code[0].value.endswith("?view=pairs&q=lite")


def test_only_the_first_page_is_left_when_a_filter_changes(monkeypatch):
    class Params(dict):
        def get_all(self, name):
            return [self[name]] if name in self else []

        def from_dict(self, new):
            self.clear()
            self.update(new)

    query = Params(page="3", sort="ece", desc="1", runs="r-1")
    monkeypatch.setattr(address.st, "query_params", query)
    address.change(q="rose")
    assert query == {"runs": "r-1", "q": "rose", "sort": "ece", "desc": "1"}
    address.change(page=2)
    address.change(sort="name")
    assert query == {"runs": "r-1", "q": "rose", "sort": "name"}
    address.change(dataset="d-2")
    assert query == {"dataset": "d-2"}
