"""Types of responses about datasets, imports and the server."""

import pytest
from pydantic import ValidationError

from core.api.response_types import ImportState

RUNNING = {
    "import": "362ffa43", "name": "flowers.zip", "state": "running", "started_at": 1.0, "progress": None,
    "message": "", "question": None, "dataset": None,
}  # fmt: skip


def test_an_import_is_found_again_by_its_member_import():
    assert ImportState.model_validate(RUNNING).id == "362ffa43"
    assert "import" in ImportState.model_json_schema()["required"]


def test_an_import_in_a_state_that_is_not_named_is_none():
    with pytest.raises(ValidationError, match="state"):
        ImportState.model_validate(RUNNING | {"state": "paused"})
