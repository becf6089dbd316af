"""A page says that files are fetched, and why they cannot be."""

import pytest
from streamlit.testing.v1 import AppTest

from core.artifacts import bringing
from core.artifacts.publishing import publish
from core.files.here import dataset_here
from core.web.parts import fetching
from tests.machines import read, two_machines, write


@pytest.fixture
def machines(tmp_path, registry):
    first, second = two_machines(tmp_path, registry)
    publish(first.settings, first.registry, "datasets/d-1", write(first.home / "d", photos__a=b"1"), 1)
    fetching.install()
    fetching._failed.clear()
    yield first, second
    bringing.install()
    bringing._registry_of.cache_clear()


def script(home, artifacts):
    from pathlib import Path

    import streamlit as st

    from core.files.here import dataset_here
    from core.settings import Settings

    st.write(str(dataset_here(Settings(home=Path(home), artifacts=artifacts), "d-1").path.exists()))


def page(machine) -> AppTest:
    return AppTest.from_function(script, args=(str(machine.home), machine.settings.artifacts)).run()


def test_a_page_fetches_and_goes_on(machines):
    app = page(machines[1])
    assert app.markdown[0].value == "True" and not app.exception and not app.warning
    assert read(machines[1].home / "datasets" / "d-1") == {"photos/a.bin": b"1"}


def test_a_store_that_is_away_is_said_and_the_page_goes_on(machines, tmp_path, monkeypatch):
    (tmp_path / "store").rename(tmp_path / "away")
    app = page(machines[1])
    assert "Mount it on this machine" in app.warning[0].value and app.markdown[-1].value == "False"
    (tmp_path / "away").rename(tmp_path / "store")
    assert page(machines[1]).markdown[-1].value == "False"  # not at once again
    monkeypatch.setattr(fetching, "AGAIN_SECONDS", 0.0)
    assert page(machines[1]).markdown[-1].value == "True"


def test_outside_of_a_page_nothing_is_drawn(machines):
    assert dataset_here(machines[1].settings, "d-1").path.exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("datasets/d-1", "the photos of d-1"),
        ("runs/r-1/model", "the model of r-1"),
        ("runs/r-1/exports/onnx", "the export of r-1"),
        ("backbones/own", "the backbone of own"),
    ],
)
def test_what_is_fetched_in_words(name, words):
    assert fetching.what(name) == words
