"""Every table that is drawn on a canvas has a readable alternative: *Tables as text* shows it as an HTML table too."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from core.settings import REPOSITORY, Settings
from core.web.parts.frame import PAGES
from core.workbench import Workbench
from tests.browser.conftest import advise
from tests.browser.screenshots import addresses
from tests.pages.conftest import APP, WAIT
from tests.pattern_home import fill_patterns

SWITCH = "tables-as-text"
ADDRESSES = ("dataset", "check", "run", "race", "backbone", "add-backbone", "add-file", "train-custom")


@pytest.fixture(scope="module")
def tried(tmp_path_factory) -> Path:
    """A home in which every way to use a network was tried, and the photos were checked, made once."""
    workbench = Workbench.open(Settings(home=tmp_path_factory.mktemp("tried") / "home"))
    fill_patterns(workbench)
    workbench.registry.close()
    advise(workbench.settings.home)
    return workbench.settings.home


@pytest.fixture
def bench(tried, settings, started) -> Iterator[Workbench]:
    """A workbench on a copy of that home."""
    shutil.copytree(tried, settings.home)
    workbench = Workbench.open(settings)
    yield workbench
    workbench.registry.close()


def canvases_without_text(at: AppTest) -> list[str]:
    """Columns of each table on a canvas that no HTML table follows."""
    silent, open_one = [], None
    for element in (one for one in at if one.type in ("dataframe", "table")):
        if element.type == "dataframe":
            silent += [open_one] if open_one else []
            open_one = ", ".join(map(str, element.value.columns))
        else:
            open_one = None
    return silent + ([open_one] if open_one else [])


def as_text(address: str) -> AppTest:
    """The page at an address, with *Tables as text* on."""
    at = AppTest.from_file(str(APP), default_timeout=WAIT)
    parts = urlsplit(address)
    if parts.path != "/":
        at.switch_page(f"pages{parts.path}.py")
    for name, value in parse_qsl(parts.query):
        at.query_params[name] = value
    at.session_state[SWITCH] = True
    return at.run()


def test_every_table_of_every_page_and_view_can_be_read(bench):
    paths = {n: path for n, path in addresses(bench.settings).items() if n in PAGES or n in ADDRESSES or "compare" in n}
    assert set(ADDRESSES) < set(paths)
    tables = 0
    for name, path in paths.items():
        at = as_text(path)
        assert not at.exception, name
        assert not canvases_without_text(at), name
        tables += len(at.dataframe)
    assert tables > 30


def test_names_that_are_shortened_in_a_table_are_whole_in_its_text(bench):
    at = as_text("/compare")
    shortened, whole = set(at.dataframe[0].value["name"]), set(at.table[0].value["Run"])
    assert any("…" in name for name in shortened)
    assert not any("…" in name for name in whole) and len(whole) == len(shortened)


def test_a_table_without_text_is_found():
    def page():
        import pandas as pd
        import streamlit as st

        from core.web.parts.tables import table

        table([{"a": 1}], key="read")
        st.dataframe(pd.DataFrame({"b": [1], "c": [2]}))
        table([{"d": 1}], key="read-too")

    at = AppTest.from_function(page, default_timeout=WAIT)
    at.session_state[SWITCH] = True
    assert canvases_without_text(at.run()) == ["b, c"]


def test_no_module_but_that_of_tables_draws_one():
    drawn = {
        path.relative_to(REPOSITORY).as_posix()
        for folder in ("core", "pages")
        for path in (REPOSITORY / folder).rglob("*.py")
        if re.search(r"\bst\.(dataframe|data_editor)\(", path.read_text())
    }
    assert drawn == {"core/web/parts/tables.py"}
