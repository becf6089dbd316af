"""Labelling by program: what to label next, drafts, and the version, as the command line has them."""

import json

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from core.advising.label_values import LABEL_METHOD
from core.curation.decisions import decisions_on, standing
from core.files import atomic
from core.files.home import dataset_folder, label_job
from tests.core.advising.test_label_values import make_order
from tests.pools import fill_pool

ADDRESS = "/datasets/flowers/labels"


@pytest.fixture
def pool(bench, filled):
    """Five photos without a class."""
    return fill_pool(bench.settings, filled.dataset, 5)


@pytest.fixture
def ordered(bench, filled, pool):
    """The order that a job would have stored."""
    folder = dataset_folder(bench.settings, filled.dataset.id)
    atomic.write_json(folder.label_order(LABEL_METHOD), make_order(*pool, dataset_id=filled.dataset.id).to_json())
    return pool


@pytest.fixture
def started(monkeypatch):
    """Processes that were not started."""
    found = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: found.append(arguments))
    return found


def drafts(bench, dataset):
    return {
        digest: one.target or str(one.action) for digest, one in standing(decisions_on(dataset, bench.settings)).items()
    }


def test_what_to_label_next_has_suggestion_and_margin_without_what_was_decided_on(reader, trainer, ordered):
    found = reader.get(ADDRESS, params={"count": 3}).json()
    assert [one["digest"] for one in found["photos"]] == ordered[:3] and found["unlabelled"] == 5
    first = found["photos"][0]
    assert (first["suggested"], first["margin"], found["by"]) == ("tulip", 0.1, "a linear head on features of Lite0")
    trainer.post(ADDRESS, json={"labels": {ordered[0]: "rose"}})
    assert [one["digest"] for one in reader.get(ADDRESS).json()["photos"]] == ordered[1:]


def test_without_an_order_there_are_no_photos_and_one_is_made_in_the_background(trainer, pool, bench, filled, started):
    found = trainer.get(ADDRESS).json()
    assert (found["photos"], found["unlabelled"], found["order_state"]) == ([], 5, "none")
    begun = trainer.post(f"{ADDRESS}/order", json={"model": "none"})
    assert begun.status_code == 202 and len(started) == 1
    request = json.loads(label_job(bench.settings, filled.dataset.id).request.read_text())
    assert request == {"dataset": filled.dataset.id, "run": ""}
    trainer.post(f"{ADDRESS}/order")
    assert json.loads(label_job(bench.settings, filled.dataset.id).request.read_text())["run"] == (
        bench.model_to_label_with(filled.dataset.id)
    )
    assert trainer.post(f"{ADDRESS}/order", json={"model": "r-nothing"}).status_code == 404


def test_labels_are_drafts_until_the_version_is_made(trainer, pool, bench, filled):
    before = filled.dataset.split_sizes["train"]
    kept = trainer.post(ADDRESS, json={"labels": {pool[0]: "rose", pool[1]: "tulip"}, "excluded": [pool[2]]}).json()
    assert kept["set"] == {pool[0]: "rose", pool[1]: "tulip", pool[2]: None}
    assert (kept["labelled"], kept["excluded"], kept["unlabelled"]) == ({"rose": 1, "tulip": 1}, 1, 2)
    assert [one.id for one in bench.registry.datasets()] == [filled.dataset.id]
    made = trainer.post(f"{ADDRESS}/version")
    assert made.status_code == 201 and made.json()["version"] == 2 and made.json()["splits"]["train"] == before + 2
    assert "2 photos labelled and 1 photo excluded" in made.json()["made"]
    assert drafts(bench, filled.dataset) == {}


def test_a_class_that_does_not_exist_is_said_to_be_new(trainer, pool, bench, filled):
    refused = trainer.post(ADDRESS, json={"labels": {pool[0]: "orchid"}})
    assert refused.status_code == 422 and "has no class 'orchid'" in refused.json()["detail"]
    assert trainer.post(ADDRESS, json={"labels": {pool[0]: "orchid"}, "new_class": True}).status_code == 200
    assert drafts(bench, filled.dataset) == {pool[0]: "orchid"}


@pytest.mark.parametrize(
    "asked, status",
    [
        ({}, 422),
        ({"labels": {"0": "rose"}}, 404),
        ({"labels": {"ours": "rose"}, "excluded": ["ours"]}, 422),
        ({"labels": {"ours": "rose"}, "excluded": ["0"]}, 404),
        ({"photos": 1}, 422),
    ],
)
def test_a_request_that_is_refused_keeps_nothing(trainer, pool, bench, filled, asked, status):
    text = json.dumps(asked).replace("ours", pool[0])
    answer = trainer.post(ADDRESS, content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code == status and drafts(bench, filled.dataset) == {}


def test_nothing_to_make_a_version_of(trainer, pool):
    assert trainer.post(f"{ADDRESS}/version", json={"validation": True}).status_code == 422
    assert trainer.get("/datasets/nothing/labels").status_code == 404


def test_a_token_that_reads_labels_nothing(reader, pool, bench, filled):
    for address in (ADDRESS, f"{ADDRESS}/order", f"{ADDRESS}/version"):
        assert reader.post(address, json={"labels": {pool[0]: "rose"}}).status_code == 403
    assert drafts(bench, filled.dataset) == {}


def test_the_tools_do_the_same(app, bench, filled, ordered, started):
    _, secret = bench.registry.create_token("tools", "train")

    async def script() -> list[dict]:
        transport = httpx2.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer {secret}"}
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501", headers=headers) as http,
            Client(streamable_http_client("http://127.0.0.1:8501/mcp", http_client=http)) as client,
        ):
            asked = [
                ("get_labels", {"count": 2}),
                ("order_labels", {"model": "none"}),
                ("set_labels", {"labels": {ordered[0]: "rose"}}),
                ("make_labelled_version", {}),
            ]
            return [
                (await client.call_tool(name, {"dataset": "flowers"} | more)).structured_content for name, more in asked
            ]

    told, begun, kept, made = anyio.run(script)
    assert [one["digest"] for one in told["photos"]] == ordered[:2] and begun["unlabelled"] == 5 and len(started) == 1
    assert kept["set"] == {ordered[0]: "rose"} and made["version"] == 2 and made["unlabelled"] == 4
