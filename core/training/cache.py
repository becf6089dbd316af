"""What one run leaves to the next one of the same process: networks, engines, functions that TensorFlow has traced.

A run must come out the same whether it found something kept or made it, so only what training does not change belongs
here, or what the caller puts back to its beginning. What was found is still counted in what the run would have cost
alone: see ``report_to``.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

from core.runs.costs import Spent, spent_now

Value = TypeVar("Value")


class Accounts(Protocol):
    """The part of a ``Ledger`` that is told."""

    def charge(self, name: str) -> Any: ...

    def full_cost(self, name: str, alone: Spent) -> None: ...


_shelves: dict[str, "OrderedDict[Hashable, tuple[Any, Spent]]"] = {}
_accounts: list[Accounts] = []


def kept(name: str, key: Hashable, make: Callable[[], Value], *, room: int = 1) -> Value:
    """What ``make`` gave for this key in this process before, else what it gives now.

    What a stored thing costs is the ledger's already (features, engine files): don't make such things in here.

    Args:
        name: of the shelf: "network", "engine". key: all that ``make`` depends on.
        room: how many keys the shelf holds; the one used longest ago goes.
    """
    shelf = _shelves.setdefault(name, OrderedDict())
    account = f"{name} {key!r}"
    if key not in shelf:
        while len(shelf) >= room:
            shelf.popitem(last=False)  # before the new one is made: both may not fit into memory
        shelf[key] = _made(account, make)
    shelf.move_to_end(key)
    value, cost = shelf[key]
    for accounts in _accounts:
        accounts.full_cost(account, cost)
    return value


def _made(account: str, make: Callable[[], Value]) -> tuple[Value, Spent]:
    before = spent_now()
    if not _accounts:
        return make(), spent_now().minus(before)
    with _accounts[0].charge(account):
        return make(), spent_now().minus(before)


def report_to(accounts: Accounts | None) -> None:
    """From now on ``accounts`` are told what is made, and what everything used is worth; None: nobody."""
    _accounts[:] = [] if accounts is None else [accounts]


def forget(name: str | None = None) -> None:
    """Empties one shelf, or all of them."""
    for shelf in _shelves.values() if name is None else [_shelves.get(name, OrderedDict())]:
        shelf.clear()
