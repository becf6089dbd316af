"""``core collections``: made, planned, listed."""

import pytest

from core.__main__ import main


@pytest.fixture
def made(call, filled):
    return call("collections", "flowers", "--name", "two", "--class", "rose", "tulip", "--most", "10")


def test_a_collection_is_made_and_can_be_used_by_its_name(call, made, registry):
    assert (
        made["made"] and made["filter"]["classes"] == ["rose", "tulip"] and made["classes"] == {"rose": 10, "tulip": 10}
    )
    assert call("datasets", "two")["dataset"] == made["dataset"] == registry.dataset("two:1").id
    (listed,) = call("collections")["collections"]
    assert listed["dataset"] == made["dataset"] and listed["part_of"].startswith("Part of flowers version 1")


def test_a_plan_stores_nothing(call, filled, registry):
    found = call("collections", "flowers", "--most", "10", "--dry-run")
    assert sum(found["splits"].values()) == 40 and found["filter"]["most"] == 10
    assert len(registry.datasets()) == 1


def test_it_needs_a_name_and_a_filter(call, filled):
    assert "--name NAME" in call("collections", "flowers", "--most", "10", code=1)
    assert "keeps all 80 photos" in call("collections", "flowers", "--name", "all", code=1)


def test_the_text_says_what_was_made(made, capsys):
    assert main(["collections"]) == 0
    assert "two:1" in capsys.readouterr().out
    assert main(["collections", "flowers", "--name", "again", "--class", "rose", "tulip", "--most", "10"]) == 0
    text = capsys.readouterr().out
    assert "two (version 1" in text and "20 photos, 2 classes" in text and "were here already" in text
