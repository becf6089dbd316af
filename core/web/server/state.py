"""What the web process holds exactly once, whatever Streamlit reloads."""

import sys
import threading
import types
from collections.abc import Callable
from typing import Any

from core.settings import load_settings
from core.workbench import Workbench

_STORE = "_graft_process_store"


def process_singleton(name: str, factory: Callable[[], Any]) -> Any:
    """The one object called ``name`` of this process.

    Streamlit evicts project modules on a code reload, so a module-level object would exist twice. A synthetic module
    in ``sys.modules`` is left alone.
    """
    store = sys.modules.setdefault(_STORE, types.ModuleType(_STORE)).__dict__
    with store.setdefault("lock", threading.RLock()):
        if name not in store:
            store[name] = factory()
        return store[name]


def workbench() -> Workbench:
    """The workbench of this process, opened at the first call (tests move it with ``GRAFT_HOME``)."""
    settings = load_settings()
    return process_singleton(f"workbench {settings.home}", lambda: Workbench.open(settings))
