"""What JSON cannot represent becomes null."""

import json

from core.output.finite import finite


def test_nan_and_infinity_become_null_at_any_depth():
    value = {"loss": float("nan"), "rows": [1.5, (float("inf"), 2)], "name": "a", "none": None, "yes": True}
    assert json.dumps(finite(value), allow_nan=False) == (
        '{"loss": null, "rows": [1.5, [null, 2]], "name": "a", "none": null, "yes": true}'
    )
