"""A registry whose calls wait while it is away (a restart of the database, a locked file), for trainers."""

import time
from collections.abc import Callable
from typing import Any, cast

from core.errors import Unavailable
from core.registry import leases
from core.registry.registry import Registry

RETRY_SECONDS = 0.5


def patient(registry: Registry) -> Registry:
    """The same registry; a call that finds it away is repeated for up to ``GIVE_UP_SECONDS``, then it raises.

    So a trainer keeps what it has to record until the registry is back, and the checkpoint is written before. When the
    registry stays away the trainer has lost its lease by then.
    """
    return cast(Registry, _Patient(registry))


class _Patient:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._registry, name)
        return _repeated(found) if callable(found) else found


def _repeated(call: Callable[..., Any]) -> Callable[..., Any]:
    def repeated(*values: Any, **more: Any) -> Any:
        deadline = time.monotonic() + leases.GIVE_UP_SECONDS
        while True:
            try:
                return call(*values, **more)
            except Unavailable as error:
                if time.monotonic() > deadline:
                    raise
                print(f"Waiting for the registry: {error}", flush=True)
                time.sleep(RETRY_SECONDS)

    return repeated
