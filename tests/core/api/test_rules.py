"""Which scope and how many bytes each route has."""

import pytest

from core.api.limits import MOST_JSON_BYTES, MOST_PHOTO_BYTES
from core.api.rest import rest_application
from core.api.rules import most_bytes, needed_scope
from core.files.room import MOST_BYTES
from core.registry.tokens import Scope


def test_every_route_that_changes_something_needs_the_scope_train(bench):
    document = rest_application(lambda: bench).openapi()
    needed = {
        (method.upper(), path): needed_scope(method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
    }
    reading = {path: scope for (method, path), scope in needed.items() if method == "GET"}
    assert {path for path, scope in reading.items() if scope is not Scope.READ} == {
        "/models/{model}/exports/{format}/file"
    }, "weights leave the machine"
    changing = {key for key in needed if key[0] != "GET"}
    predicting = {("POST", "/models/{model}/predict"), ("POST", "/models/{model}/explanations")}
    assert {key for key in changing if needed[key] is Scope.PREDICT} == predicting
    assert all(needed[key] is Scope.TRAIN for key in changing - predicting)
    assert needed_scope("PATCH", "/anything") is Scope.TRAIN


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("POST", "/datasets", MOST_BYTES), ("POST", "/datasets/", MOST_BYTES), ("POST", "/runs", MOST_JSON_BYTES),
        ("POST", "/models/x/predict", MOST_PHOTO_BYTES), ("PUT", "/datasets/x/aliases/y", MOST_JSON_BYTES),
    ],
)  # fmt: skip
def test_only_photos_and_archives_may_be_large(method, path, most):
    assert most_bytes(method, path) == most
