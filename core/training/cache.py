"""Cache of one trainer process: networks, engines and traced functions that the next run can use.

A run must give the same result with and without the cache, so it holds only what training does not change, or what the
caller resets. Cached values still count in the run's cost without reuse: see ``report_to``.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

from core.runs.costs import Clock, Spent, spent_now

Value = TypeVar("Value")


class Accounts(Protocol):
    """The part of ``Ledger`` that the cache calls."""

    def charge(self, name: str, clock: Clock | None = None, /) -> Any: ...

    def full_cost(self, name: str, alone: Spent) -> None: ...


_caches: dict[str, "OrderedDict[Hashable, tuple[Any, Spent]]"] = {}
_accounts: list[Accounts] = []


def cached(name: str, key: Hashable, make: Callable[[], Value], *, room: int = 1, clock: Clock = spent_now) -> Value:
    """The value of this key, from ``make`` when it is not cached.

    Things that are stored on disk (features, engine files) report their own cost: ``make`` must not compute them.

    Args:
        name: of the cache: "network", "engine". key: everything that ``make`` depends on.
        room: number of keys; the least recently used is dropped.
        clock: what making it costs, where other threads work at the same time.
    """
    cache = _caches.setdefault(name, OrderedDict())
    account = f"{name} {key!r}"
    if key not in cache:
        while len(cache) >= room:
            cache.popitem(last=False)  # before the new one is made: both may not fit into memory
        cache[key] = _made(account, make, clock)
    cache.move_to_end(key)
    value: Value
    value, cost = cache[key]
    for accounts in _accounts:
        accounts.full_cost(account, cost)
    return value


def _made(account: str, make: Callable[[], Value], clock: Clock) -> tuple[Value, Spent]:
    before = clock()
    if not _accounts:
        return make(), clock().minus(before)
    with _accounts[0].charge(account, clock):
        return make(), clock().minus(before)


def report_to(accounts: Accounts | None) -> None:
    """From now on costs are reported to ``accounts``: of what is made (charge), of all that is used (full cost)."""
    _accounts[:] = [] if accounts is None else [accounts]


def forget(name: str | None = None) -> None:
    """Empties one cache, or all."""
    for cache in _caches.values() if name is None else [_caches.get(name, OrderedDict())]:
        cache.clear()
