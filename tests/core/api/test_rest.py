"""The OpenAPI document, errors, and requests that schemathesis makes up from it."""

import logging
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis.strategies import booleans
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from core.api.problems import PROBLEM_JSON
from core.api.rules import OPENAPI
from core.exports import background as exports_background
from core.jobs import background as jobs_background
from core.jobs import background_imports
from core.workbench import Workbench

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 12
"""Of each operation."""


@pytest.fixture
def document(reader) -> dict:
    return reader.get(OPENAPI).json()


def test_the_document_needs_no_token_and_loads_nothing_from_elsewhere(client_of):
    anybody = client_of(None)
    document = anybody.get(OPENAPI).json()
    assert document["openapi"].startswith("3.1") and document["info"]["title"] == "Graft"
    assert anybody.get("/docs").status_code == 401 and anybody.get("/redoc").status_code == 401


def test_every_operation_says_its_scope_errors_and_what_it_does(document):
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            ((scope,),) = [one["token"] for one in operation["security"]]
            takes = path.endswith(("/predict", "/explanations", "/file"))
            assert scope == ("predict" if takes else "read" if method == "get" else "train")
            assert operation["description"].strip().endswith("."), path
            assert {"401", "403", "404", "422", "429"} <= set(operation["responses"])
            assert PROBLEM_JSON in operation["responses"]["401"]["content"]


def test_every_reference_of_the_document_exists(document):
    def references(value):
        if isinstance(value, dict):
            yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            yield from (found for one in value.values() for found in references(one))
        elif isinstance(value, list):
            yield from (found for one in value for found in references(one))

    there = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= there


def test_what_is_not_there_or_not_possible_is_a_problem(reader, trainer):
    for client, method, path, status in (
        (reader, "GET", "/nothing", 404), (trainer, "DELETE", "/queue", 405), (reader, "GET", "/runs/r-nothing", 404),
        (reader, "GET", "/runs?limit=x", 422), (reader, "GET", "/compare", 422),
    ):  # fmt: skip
        answer = client.request(method, path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == PROBLEM_JSON
        assert answer.json()["status"] == status and answer.json()["detail"].endswith(".")


def test_a_mistake_of_ours_is_one_sentence_and_the_server_goes_on(reader, bench: Workbench, monkeypatch):
    def broken():
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(bench.registry, "datasets", broken)
    answer = reader.get("/datasets")
    assert answer.status_code == 500 and "ZeroDivisionError" in answer.json()["detail"]
    assert "secret detail" not in answer.text
    monkeypatch.undo()
    assert reader.get("/datasets").status_code == 200


def test_an_error_of_the_system_is_logged_and_shows_no_path(reader, bench, monkeypatch, caplog):
    def unreadable():
        raise PermissionError(13, "Permission denied", "/home/secret")

    monkeypatch.setattr(bench.registry, "datasets", unreadable)
    with caplog.at_level(logging.ERROR):
        answer = reader.get("/datasets")
    assert answer.status_code == 503 and "secret" not in answer.text and "secret" in caplog.text


# --- schemathesis ---


@pytest.fixture
def made_up(app, filled, predicting, explaining, bench, quiet, monkeypatch):
    """The document as schemathesis reads it. No process is started: a made-up path could exist, and shortlists store
    features that the made-up model of ``predicting`` does not have. No smaller model awaits the run that is deleted."""
    for module in (jobs_background, background_imports):
        monkeypatch.setattr(module, "start_process", lambda *_: None)
    monkeypatch.setattr(exports_background, "start_export", lambda *_, **_more: None)
    monkeypatch.setattr(Workbench, "shrink", lambda *_: [])
    _, secret = bench.registry.create_token("schemathesis", "train")
    document = TestClient(app).get(f"/api/v1{OPENAPI}").json()
    del document["servers"]
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    schema.config.update(base_url="http://127.0.0.1:8501/api/v1", headers={"Authorization": f"Bearer {secret}"})
    return schema


def test_no_made_up_request_breaks_the_server_or_the_document(made_up, client_of, predicting, bench, filled):
    there = {
        "digest": bench.registry.photos(filled.dataset.id)[0].digest,
        "dataset": "flowers",
        "run": predicting,
        "model": predicting,
        "backbone": "squeezenet",
        "alias": "small",
        "format": "onnx",
    }
    statuses: dict[tuple[str, str], Counter] = {}
    operations = [found.ok() for found in made_up.get_all_operations()]
    for operation in sorted(operations, key=lambda one: one.method == "delete"):
        statuses[operation.method, operation.path] = checked(operation, there)
    assert all(401 not in codes for codes in statuses.values())
    never_done = {key for key, codes in statuses.items() if not any(code < 300 for code in codes)}
    assert never_done <= {  # made-up texts name no photo, recipe, import or run in the right state
        ("get", "/models/{model}/exports/{format}/file"),
        ("post", "/models/{model}/predict"), ("post", "/models/{model}/explanations"),
        ("post", "/datasets"), ("post", "/runs"), ("post", "/runs/{run}/cancel"),
        ("post", "/runs/{run}/resume"), ("get", "/imports/{job}"), ("delete", "/imports/{job}"),
        ("post", "/imports/{job}/answer"), ("put", "/datasets/{dataset}/aliases/{alias}"),
        ("delete", "/datasets/{dataset}/aliases/{alias}"), ("get", "/compare"), ("delete", "/datasets/{dataset}"),
        ("post", "/datasets/{dataset}/collections"),
        ("post", "/datasets/{dataset}/labels"), ("post", "/datasets/{dataset}/labels/version"),
    }  # fmt: skip
    assert client_of("read").get("/datasets").status_code == 200


def checked(operation, there: dict[str, str]) -> Counter:
    """Sends made-up requests, with names that exist in every other one; returns how often each status came."""
    statuses: Counter = Counter()

    @examples(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), known=booleans())
    def check(case, known: bool) -> None:
        if known and case.path_parameters:
            case.path_parameters = {name: there.get(name, value) for name, value in case.path_parameters.items()}
        statuses[case.call_and_validate(checks=CHECKS).status_code] += 1

    check()
    return statuses
