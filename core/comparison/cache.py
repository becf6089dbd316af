"""Comparisons and curves, computed once as long as nothing is written to the registry. See ``boards`` for boards."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from core.registry import Registry

Result = TypeVar("Result")

CAPACITY = 8
"""Results kept per registry; the least recently used is dropped first."""

_lock = threading.Lock()
_caches: WeakKeyDictionary[Registry, OrderedDict[Hashable, tuple[int, Any]]] = WeakKeyDictionary()


def cached(registry: Registry, key: Hashable, compute: Callable[[], Result]) -> Result:
    """The result of ``compute``, computed again only after a write to the registry."""
    counter = registry.change_counter()  # read first, so that a result computed during a write counts as outdated
    with _lock:
        cache = _caches.setdefault(registry, OrderedDict())
        stored = cache.get(key)
    result: Result = stored[1] if stored is not None and stored[0] == counter else compute()
    with _lock:
        cache[key] = (counter, result)
        cache.move_to_end(key)
        while len(cache) > CAPACITY:
            cache.popitem(last=False)
    return result
