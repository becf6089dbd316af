"""What tests ask of boards."""

from collections.abc import Iterable

import numpy as np

from core.comparison.board import Board
from core.registry import Registry
from core.registry.board import BoardRevision


def rows_of(board: Board, run_ids: Iterable[str]) -> np.ndarray:
    """(m,) row numbers of those of the runs that are on the board, ascending."""
    rows = {row for run_id in run_ids if (row := board.row_of(run_id)) is not None}
    return np.array(sorted(rows), dtype=np.int64)


def revision_of(registry: Registry, dataset_id: str) -> BoardRevision:
    with registry.board_changes(dataset_id, BoardRevision()) as changes:
        return changes.revision
