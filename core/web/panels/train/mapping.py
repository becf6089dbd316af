"""How ImageNet's classes are read as those of the photos, and the table in which that is corrected."""

from core.datasets.values import Dataset
from core.workbench import Workbench

Pairs = tuple[tuple[str, str], ...]


def choose(bench: Workbench, dataset: Dataset) -> Pairs:
    """The user's corrections."""
    return ()
