"""The board of a dataset as it is now: read once, then brought up to date by the runs that were written since."""

import threading
from collections import OrderedDict
from weakref import WeakKeyDictionary

from core.comparison.board import Board
from core.registry import Registry

CAPACITY = 16
"""Boards kept per registry; the least recently used is dropped first."""

_lock = threading.Lock()
_kept: WeakKeyDictionary[Registry, "_Boards"] = WeakKeyDictionary()


class _Boards:
    """The boards of a registry, and the change counter at which each was last found to be current."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.known: OrderedDict[str, tuple[int, Board]] = OrderedDict()


def current_board(registry: Registry, dataset_id: str) -> Board:
    """All runs of a dataset. The same object as before while nothing is written about them, by any process."""
    counter = registry.change_counter()  # read first: what is written meanwhile is noticed at the next call
    with _lock:
        boards = _kept.setdefault(registry, _Boards())
    with boards.lock:
        before, board = boards.known.get(dataset_id, (None, None))
        if board is None or before != counter:
            board = _now(registry, dataset_id, board)
        boards.known[dataset_id] = counter, board
        boards.known.move_to_end(dataset_id)
        while len(boards.known) > CAPACITY:
            boards.known.popitem(last=False)
        return board


def _now(registry: Registry, dataset_id: str, board: Board | None) -> Board:
    if board is None:
        with registry.board_changes(dataset_id) as changes:
            return Board.read(changes)
    with registry.board_changes(dataset_id, board.revision) as changes:
        return board if changes.revision == board.revision else board.brought_up_to_date(changes)
