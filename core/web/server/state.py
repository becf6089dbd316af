"""Objects that exist once per web process, also after Streamlit reloads modules."""

import os
import sys
import threading
import types
from collections.abc import Callable
from typing import TypeVar

from core.people.acting import SERVER, acting_as
from core.settings import Settings, load_settings
from core.web.parts import fetching
from core.workbench import Workbench

T = TypeVar("T")

_STORE = "_graft_process_store"


def process_singleton(name: str, factory: Callable[[], T]) -> T:
    """The object called ``name`` of this process, created at the first call.

    Streamlit removes project modules from ``sys.modules`` on a code reload, so a module-level object would exist twice;
    a synthetic module stays.
    """
    store = sys.modules.setdefault(_STORE, types.ModuleType(_STORE)).__dict__
    with store.setdefault("lock", threading.RLock()):
        found: T = store[name] if name in store else factory()
        store[name] = found
        return found


def workbench() -> Workbench:
    """The workbench of this process, opened at the first call (tests move it with ``GRAFT_HOME``)."""
    home = os.environ.get("GRAFT_HOME", "")  # reading all settings would cost each request 0.1 ms
    return process_singleton(f"workbench {home}", lambda: _open(load_settings()))


def _open(settings: Settings) -> Workbench:
    with acting_as(SERVER):  # whoever came first
        bench = Workbench.open(settings)
    fetching.install()
    return bench
