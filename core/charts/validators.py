"""Plotly's parameters of validators, of the kinds of charts that are drawn alone.

Plotly 6 reads the parameters of all 10,000 properties of its 50 kinds of charts into one dictionary when the first
figure is made, 9 MB, and keeps them. Graft draws five kinds.
"""

import json
from pathlib import Path
from typing import Any

import plotly
from plotly.validator_cache import ValidatorCache

FILE = Path(plotly.__file__).parent / "validators" / "_validators.json"


class KindsInUse(dict[str, dict[str, Any]]):
    """Parameters by the path of a property (``scatter.marker.color``), read for all of a kind when one is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: set[str] = set()

    def get(self, path: str, default: Any = None) -> Any:
        """The parameters of a property; those of another kind are read from the file, in 60 ms, and kept."""
        kind = path.partition(".")[0]
        if kind not in self._kinds:
            every = json.loads(FILE.read_bytes())
            self.update({key: value for key, value in every.items() if key.partition(".")[0] == kind})
            self._kinds.add(kind)
        return super().get(path, default)


def keep_kinds_in_use() -> None:
    """Forget the parameters that were read so far; validators that were made from them stay."""
    ValidatorCache._json_cache = KindsInUse()
