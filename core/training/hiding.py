"""Packages that another one shall not find while it is imported, because importing them takes long."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def hidden(packages: Sequence[str]) -> Iterator[None]:
    """In the block, importing one of these packages raises ``ImportError``, unless it is imported already."""
    missing = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(missing))  # type: ignore[arg-type]  # None: cannot be imported
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]
