"""The OpenAPI document alone is enough to write a client: everything in it is described, and nothing else comes."""

import jsonschema_rs
import pytest
from pydantic import ValidationError

from core.api.described import Problem
from core.api.problems import PROBLEM_JSON
from core.api.request_types import CancelRequest
from core.api.rules import OPENAPI
from core.runs.values import Status
from tests.core.workbench.test_exports import publish
from tests.fake_engine import a_photo

PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}
REFUSED = {"401", "403", "404", "409", "413", "415", "422", "429", "500", "503", "507"}


@pytest.fixture
def document(reader) -> dict:
    return reader.get(OPENAPI).json()


def operations(document: dict) -> list[dict]:
    return [
        operation | {"path": path, "method": method}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def found(document: dict, schema: dict) -> dict:
    """A schema without its reference."""
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def schema_of(operation: dict, status: int | str) -> dict:
    return operation["responses"][str(status)]["content"]["application/json"]["schema"]


def test_every_operation_has_a_name_a_client_can_use_and_says_what_it_does_and_needs(document):
    names = [one["operationId"] for one in operations(document)]
    assert len(set(names)) == len(names) and all(name.isidentifier() and len(name) < 30 for name in names)
    known = {tag["name"] for tag in document["tags"] if tag["description"]}
    for one in operations(document):
        assert set(one["tags"]) <= known and one["summary"]
        assert one["description"].endswith(f"Needs a token of scope *{one['security'][0]['token'][0]}*.")
        for parameter in one.get("parameters", ()):
            assert parameter["description"].endswith("."), (one["path"], parameter["name"])


def test_every_response_has_a_schema_and_every_refusal_is_a_problem(document):
    for one in operations(document):
        done = {code: answer for code, answer in one["responses"].items() if code < "300"}
        assert done and set(one["responses"]) == set(done) | REFUSED, one["path"]
        for answer in done.values():
            ((media, content),) = answer["content"].items()
            named = found(document, content["schema"]).get("properties")
            assert named if media == "application/json" else content["schema"]["format"] == "binary", one["path"]
            assert answer["description"] and answer["description"] != "Successful Response"
        for code in REFUSED:
            assert one["responses"][code]["content"] == {
                PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}
            }
    assert "Retry-After" in document["paths"]["/datasets"]["get"]["responses"]["429"]["headers"]


def test_every_member_of_every_schema_is_described(document):
    bodies = [body for one in operations(document) for body in one.get("requestBody", {}).get("content", {}).values()]
    schemas = document["components"]["schemas"] | {str(at): body["schema"] for at, body in enumerate(bodies)}
    for name, schema in schemas.items():
        for member, described in schema.get("properties", {}).items():
            assert described.get("description") or found(document, described).get("description"), f"{name}.{member}"
        if name in document["components"]["schemas"]:
            assert schema.get("description") or "enum" in schema, name


def test_every_json_body_has_examples_that_its_schema_and_its_type_accept(document):
    for one in operations(document):
        content = one.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        schema = content["application/json"]["schema"]
        schema = next((option for option in schema.get("anyOf", ()) if "$ref" in option), schema)
        examples = found(document, schema)["examples"]
        validator = jsonschema_rs.Draft202012Validator(schema | {"components": document["components"]})
        assert examples and all(validator.is_valid(example) for example in examples), one["path"]
        assert not validator.is_valid({"nothing like this": 1})


def unnamed(document: dict, schema: dict, value: object, place: str = "") -> set[str]:
    """The members of a response that its schema does not name."""
    schema = found(document, schema)
    if options := schema.get("anyOf"):
        fitting = [option for option in options if option.get("type") != "null"]
        return set() if value is None else min((unnamed(document, one, value, place) for one in fitting), key=len)
    if isinstance(value, list):
        return {more for one in value for more in unnamed(document, schema.get("items", {}), one, f"{place}[]")}
    if not isinstance(value, dict):
        return set()
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    strange = {f"{place}.{name}" for name in value if name not in known} if known else set()
    rest = others if isinstance(others, dict) else {}
    return strange | {
        more for name, one in value.items() for more in unnamed(document, known.get(name, rest), one, f"{place}.{name}")
    }


def test_what_comes_is_what_the_document_says(document, client_of, predicting, explaining, finished, bench, quiet):
    """Of every GET, and of the requests from a plan to a deletion."""
    for run in bench.registry.runs(status=Status.RUNNING):
        bench.registry.end(run.id, run.attempt, Status.KILLED)
    publish(bench, predicting)
    there = {"dataset": "flowers", "run": finished[1], "model": predicting, "backbone": "squeezenet"}
    photo = ("a.png", a_photo(255))
    requests = [
        (one["method"], one["path"], {"params": {"runs": finished} if one["path"] == "/compare" else {}})
        for one in operations(document)
        if one["method"] == "get" and not one["path"].endswith(("/file", "{job}", "{digest}"))
    ] + [
        ("post", "/models/{model}/predict", {"files": {"photos": photo}}),
        ("post", "/models/{model}/explanations", {"files": {"photo": photo}}),
        ("post", "/runs", {"json": {"dataset": "flowers", "preset": "quick", "dry_run": True}}),
        ("post", "/runs", {"json": {"dataset": "flowers", "backbone": ["squeezenet"], "epochs": 1}}),
        ("post", "/runs/{run}/shrink", {"json": {"precision": ["int8"], "dry_run": True}}),
        ("post", "/datasets/{dataset}/collections", {"json": {"most": 5, "dry_run": True}}),
        ("put", "/datasets/{dataset}/aliases/champion", {"json": {"run": predicting}}),
        ("post", "/models/{model}/exports/onnx", {}),
        ("delete", "/runs/{run}", {"params": {"dry_run": True}}),
    ]
    client, strange = client_of("train"), set()
    for method, path, more in requests:
        answer = client.request(method, path.format(**there), **more)
        assert answer.status_code < 300, (path, answer.text)
        pattern = path.replace("/champion", "/{alias}").replace("/onnx", "/{format}")
        schema = schema_of(document["paths"][pattern][method], answer.status_code)
        validator = jsonschema_rs.Draft202012Validator(schema | {"components": document["components"]})
        strange |= {(path, str(error)) for error in validator.iter_errors(answer.json())}
        strange |= {(path, one) for one in unnamed(document, schema, answer.json())}
    assert sorted(strange) == []


def test_an_import_and_a_refusal_are_what_the_document_says(document, client_of, filled, imports_now, bench):
    client = client_of("train")
    begun = client.post("/datasets", json={"path": "demo", "name": "demo"})
    done = client.get(f"/imports/{begun.json()['import']}")
    assert done.json()["state"] == "done"
    schema = schema_of(document["paths"]["/imports/{job}"]["get"], 200)
    for answer, expected in ((begun, schema), (done, schema), (client.get("/runs/none"), PROBLEM_SCHEMA)):
        validator = jsonschema_rs.Draft202012Validator(expected | {"components": document["components"]})
        assert [str(error) for error in validator.iter_errors(answer.json())] == []
        assert unnamed(document, expected, answer.json()) == set()
    assert begun.headers["Location"] == f"imports/{begun.json()['import']}"


# --- the types it is made from ---

PROBLEM = {"type": "urn:graft:not-found", "title": "Not Found", "status": 404, "detail": "There is no run r-1."}


def test_a_response_may_have_members_that_are_not_named_and_a_request_may_not():
    assert Problem.model_validate(PROBLEM | {"runs": ["r-2"]}).model_dump()["runs"] == ["r-2"]
    with pytest.raises(ValidationError, match="runs"):
        CancelRequest.model_validate({"runs": ["r-2"]})


def test_a_response_without_a_named_member_is_none():
    for name in PROBLEM:
        with pytest.raises(ValidationError, match=name):
            Problem.model_validate({key: value for key, value in PROBLEM.items() if key != name})
