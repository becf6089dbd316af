"""Waiting for a store that is away."""

import time
from collections.abc import Callable
from typing import TypeVar

from core.artifacts.blobs import StoreAway

RETRY_SECONDS = 5.0

Answer = TypeVar("Answer")


def patiently(action: Callable[[], Answer], waiting: Callable[[], None]) -> Answer:
    """The result of ``action``, which is tried again as long as the store of artifacts does not answer.

    Args:
        waiting: called before each further try; it may raise to stop.
    """
    while True:
        try:
            return action()
        except StoreAway as error:
            print(error, flush=True)
            waiting()
            time.sleep(RETRY_SECONDS)
