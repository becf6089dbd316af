"""Types of responses name what a program relies on; further members may come."""

import pytest
from pydantic import ValidationError

from core.api.request_types import CancelRequest
from core.api.response_types import Problem

PROBLEM = {"type": "urn:graft:not-found", "title": "Not Found", "status": 404, "detail": "There is no run r-1."}


def test_a_response_may_have_members_that_are_not_named_and_a_request_may_not():
    assert Problem.model_validate(PROBLEM | {"runs": ["r-2"]}).model_dump()["runs"] == ["r-2"]
    with pytest.raises(ValidationError, match="runs"):
        CancelRequest.model_validate({"runs": ["r-2"]})


def test_a_response_without_a_named_member_is_none():
    for name in PROBLEM:
        with pytest.raises(ValidationError, match=name):
            Problem.model_validate({key: value for key, value in PROBLEM.items() if key != name})
