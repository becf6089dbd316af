"""The runs that stand side by side on the page Compare, gathered once per rerun."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core.comparison import without_shared
from core.datasets.values import Dataset
from core.web.panels.compare.address import Address
from core.wording import brief
from core.workbench import Workbench

if TYPE_CHECKING:
    from core.comparison import Comparison


@dataclass(frozen=True, kw_only=True)
class Selected:
    """What a view is given.

    Args:
        comparison: of the chosen runs, best first; address: what else the URL asks for.
        chosen: whether the visitor chose them; otherwise they are the best ones.
    """

    bench: Workbench
    dataset: Dataset
    comparison: "Comparison"
    address: Address
    chosen: bool = False

    @cached_property
    def names(self) -> dict[str, str]:
        """By run id: distinct, without what all of them share, not escaped. For tables and charts."""
        return without_shared({row.run_id: row.name for row in self.comparison.rows})

    @cached_property
    def brief_names(self) -> dict[str, str]:
        """Short enough for a sentence; in full where two would read the same."""
        return brief_names(self.names)


def brief_names(names: Mapping[str, str]) -> dict[str, str]:
    """Names cut to the length of a sentence, except where two would then read the same."""
    short = {run_id: brief(name) for run_id, name in names.items()}
    taken = list(short.values())
    return {run_id: name if taken.count(name) == 1 else names[run_id] for run_id, name in short.items()}
