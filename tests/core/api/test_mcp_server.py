"""A script that speaks only MCP: it imports the demo, plans, trains, compares and predicts; results are ``--json``."""

import base64
import json
import shutil
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from core.files.home import run_folder, runs_folder
from core.runs.values import Status
from core.workbench.forecasts import machine
from tests.factories import _Life, make_forecast
from tests.fake_engine import a_model, a_photo, use_fake_engines

Script = Callable[[Client], Awaitable[Any]]


@pytest.fixture
def speak(app, bench):
    """Runs a script with a client whose token has a scope."""

    def speak(script: Script, scope: str = "train") -> Any:
        _, secret = bench.registry.create_token(f"mcp-{len(bench.registry.tokens())}", scope)
        return anyio.run(_spoken, app, secret, script)

    return speak


async def _spoken(app, secret: str, script: Script) -> Any:
    transport = httpx2.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501", headers=headers) as http:
        streams = streamable_http_client("http://127.0.0.1:8501/mcp", http_client=http)
        async with Client(streams) as client:
            return await script(client)


async def result_of(client: Client, tool: str, **arguments: Any) -> dict:
    """What a tool returns; the text of its content is the same as JSON."""
    found = await client.call_tool(tool, arguments)
    assert not found.is_error, found
    assert json.loads(found.content[0].text) == found.structured_content
    return found.structured_content


def test_a_script_imports_plans_trains_compares_and_predicts(
    speak, call, quiet, imports_now, bench, registry, settings, monkeypatch
):
    use_fake_engines(monkeypatch)
    told: dict[str, dict] = {}

    def train() -> None:
        """What the supervisor and its trainers do, with results that are made up."""
        dataset = registry.datasets()[0]
        life = _Life(registry, settings, dataset, tuple(registry.photos(dataset.id)), 3)
        for number, run in enumerate(registry.queue()):
            life.live(run, Status.FINISHED, number)
            shutil.rmtree(run_folder(settings, run.id).model)
            a_model(runs_folder(settings), run.id)

    async def script(client: Client) -> None:
        started = await result_of(client, "import_photos", path="demo", name="flowers")
        done = await result_of(client, "get_import", **{"import": started["import"]})
        assert done["state"] == "done"
        told["import"] = done["dataset"]
        asked = {"dataset": "flowers", "backbone": ["efficientnet_lite0", "efficientnet_lite1"], "epochs": 3}
        told["plan"] = await result_of(client, "train", **asked)
        assert (await result_of(client, "get_queue"))["waiting"] == [], "dry run first"
        launched = await result_of(client, "train", **asked, dry_run=False)
        runs = [row["run"] for row in launched["runs"]]
        await anyio.to_thread.run_sync(train)
        told["show"] = await result_of(client, "get_run", run=runs[0])
        assert told["show"]["status"] == "FINISHED"
        told["compare"] = await result_of(client, "compare_runs", runs=runs)
        photo = {"name": "a.png", "data": base64.b64encode(a_photo(255)).decode()}
        told["predict"] = await result_of(client, "predict", models=runs, photos=[photo], top=2)
        told["models"] = await result_of(client, "list_models")
        told["datasets"] = await result_of(client, "list_datasets")

    speak(script)
    runs = [row["run"] for row in told["compare"]["runs"]]
    again = call("import", "demo", "--name", "flowers")
    assert _same(told["import"], again, {"already_there", "message", "seconds"})
    assert told["show"] == call("show", told["show"]["run"])
    assert told["compare"]["verdict"] == call("compare", *runs)["verdict"]
    assert told["models"] == call("models") and told["datasets"] == call("datasets")
    planned = call("train", "--dataset", "flowers", "--backbone", "efficientnet_lite0", "--epochs", "3", "--dry-run")
    assert {row["fingerprint"] for row in planned["runs"]} <= {row["fingerprint"] for row in told["plan"]["runs"]}
    assert set(planned["plan"]) == set(told["plan"]["plan"])
    answers = told["predict"]["photos"][0]["answers"]
    assert [one["predictions"][0]["class_name"] for one in answers] == ["light", "light"]


def _same(one: dict, other: dict, but: set[str]) -> bool:
    return {k: v for k, v in one.items() if k not in but} == {k: v for k, v in other.items() if k not in but}


def test_a_token_sees_and_uses_the_tools_of_its_scope_only(speak, filled, bench):
    async def names(client: Client) -> set[str]:
        return {tool.name for tool in (await client.list_tools()).tools}

    read, predict, train = (speak(names, scope) for scope in ("read", "predict", "train"))
    assert predict - read == {"predict", "explain"} and {"train", "delete_run"} <= train - predict
    run = filled.with_status(Status.FINISHED)[0].id

    async def delete(client: Client):
        return await client.call_tool("delete_run", {"run": run, "dry_run": False})

    refused = speak(delete, "predict")
    assert refused.is_error and "needs a token of scope train" in refused.structured_content["error"]
    assert bench.registry.run(run)


def test_deleting_is_tried_first_and_logged(speak, filled, bench):
    run = filled.with_status(Status.FINISHED)[0].id

    async def script(client: Client) -> None:
        assert (await result_of(client, "delete_run", run=run))["dry_run"]
        assert (await result_of(client, "get_run", run=run))["run"] == run
        assert not (await result_of(client, "delete_run", run=run, dry_run=False))["dry_run"]

    speak(script)
    entries = {entry.action: entry.detail for entry in bench.registry.log_entries()}
    assert entries["api_delete"] == {"run": run, "weights": False, "by": "token mcp-0"}


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("fly", {}, "There is no tool 'fly'"),
        ("get_run", {}, "run: field required"),
        ("get_run", {"run": "r-nothing"}, "r-nothing"),
        ("train", {"dataset": "flowers"}, "backbone is missing"),
        ("predict", {"models": ["flowers@champion"], "photos": [{"data": "!"}]}, "photos.0.data"),
        ("predict", {"models": ["flowers@champion"], "photos": [{"data": ""}]}, "is 'champion'"),
        ("predict", {"models": ["a"], "photos": []}, "photos: list should have at least 1 item, not 0."),
        (
            "predict",
            {"models": ["a"], "photos": [{"data": ""}] * 10_000},
            "photos: list should have at most 50 items, not 10000.",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(speak, filled, tool, arguments, words):
    async def script(client: Client):
        found = await client.call_tool(tool, arguments)
        assert (await client.list_tools()).tools, "the server keeps answering"
        return found

    found = speak(script)
    assert found.is_error and words in found.structured_content["error"], found


def test_without_a_token_or_with_get_nothing_is_spoken(app, bench):
    async def codes() -> list[int]:
        _, secret = bench.registry.create_token("a", "read")
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1") as http:
            bearer = {"Authorization": f"Bearer {secret}"}
            return [
                (await http.post("/mcp", json={})).status_code,
                (await http.get("/mcp", headers=bearer)).status_code,
                (await http.delete("/mcp", headers=bearer)).status_code,
                (await http.post("/mcp", content=b"{", headers=bearer)).status_code,
            ]

    without, get, delete, broken = anyio.run(codes)
    assert (without, get, delete) == (401, 405, 405) and 400 <= broken < 500


def test_an_explanation_has_images(speak, finished, explaining):
    photo = {"name": "a.jpg", "data": base64.b64encode(a_photo()).decode()}

    async def script(client: Client) -> Any:
        return await client.call_tool("explain", {"run": finished[0], "photo": photo, "class_name": "rose"})

    found = speak(script, "predict")
    text, *images = found.content
    assert json.loads(text.text) == found.structured_content and found.structured_content["class_name"] == "rose"
    assert [image.mime_type for image in images] == ["image/png"] * 2
    assert base64.b64decode(images[0].data).startswith(b"\x89PNG")
    assert speak(script, "read").is_error


def test_past_forecasts_are_those_of_the_command(speak, filled, finished, registry, call):
    took = {"machine": machine(), "measured_seconds": 30.0, "measured_at": 1.0}
    registry.add_forecasts([make_forecast(run, **took) for run in finished[:2]])

    async def script(client: Client) -> dict:
        refused = await client.call_tool("list_forecasts", {"limit": -1})
        assert refused.is_error and "limit" in refused.content[0].text
        return await result_of(client, "list_forecasts", limit=1)

    found = speak(script, "read")
    assert found == call("forecasts", "--limit", "1") and [row["seconds"]["error"] for row in found["forecasts"]] == [
        0.5
    ]


def test_a_combination_is_asked_for_and_launched(speak, filled, finished, call, quiet):
    async def script(client: Client) -> dict:
        found = await result_of(client, "get_combination", dataset="flowers", most_mb=1.0)
        refused = await client.call_tool("get_combination", {"dataset": "flowers", "most_ms": -1})
        assert refused.is_error and "most_ms" in refused.content[0].text
        (offer,) = (one for one in found["offers"] if one["kind"] == "ensemble")
        members = [one["run"] for one in offer["runs"]]
        asked = {"dataset": "flowers", "cascade": offer["kind"], "member": members, "dry_run": False}
        launched = await result_of(client, "train", **asked)
        again = await result_of(client, "get_combination", dataset="flowers", most_mb=1.0)
        (offer,) = (one for one in again["offers"] if one["kind"] == "ensemble")
        assert offer["evaluated"]["run"] == launched["runs"][0]["run"]
        return again

    assert speak(script) == call("combine", "flowers", "--most-mb", "1")
