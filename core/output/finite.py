"""Values that JSON cannot represent."""

import math
from typing import Any


def finite(value: Any) -> Any:
    """``value`` with None for NaN and infinity, such as a loss that diverged: JSON cannot represent them."""
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
