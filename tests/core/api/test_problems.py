"""Errors as problem documents."""

import errno
import json

import pytest

from core.api.problems import PROBLEM_JSON, TooLarge, UnsupportedMedia, of_error, of_system_error, problem, status_of
from core.datasets.layout import Ambiguous
from core.errors import Cancelled, Conflict, GraftError, InvalidInput, NoSpace, NotFound, Refused, Unavailable


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (InvalidInput, 422), (Refused, 422), (NotFound, 404), (Conflict, 409), (Cancelled, 409), (NoSpace, 507),
        (Unavailable, 503), (GraftError, 400), (TooLarge, 413), (UnsupportedMedia, 415),
    ],
)  # fmt: skip
def test_every_error_has_its_status(kind, status):
    response = of_error(kind("What was received\nand what to do."))
    assert status_of(kind("")) == response.status_code == status
    assert response.headers["content-type"] == PROBLEM_JSON
    found = json.loads(response.body)
    assert found["status"] == status and found["detail"] == "What was received and what to do."
    assert found["type"].startswith("urn:graft:") and found["title"]


def test_an_error_of_another_class_is_that_of_its_base():
    assert status_of(Ambiguous("Which?", ())) == 400


def test_a_document_may_have_further_members():
    assert problem(422, "No.", photos=[1])["photos"] == [1]


def test_an_error_of_the_system_shows_no_path():
    full = json.loads(of_system_error(OSError(errno.ENOSPC, "No space", "/home/secret")).body)
    other = json.loads(of_system_error(PermissionError(errno.EACCES, "Permission denied", "/home/secret")).body)
    assert (full["status"], other["status"]) == (507, 503)
    assert "secret" not in str(full) + str(other) and "Permission denied" in other["detail"]
