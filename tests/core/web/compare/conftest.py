"""The page is opened as in the tests of pages."""

from tests.pages.conftest import (
    bench,
    components_known,
    filled,
    no_autodiscovery,
    settings,
    started,
)

__all__ = ["bench", "components_known", "filled", "no_autodiscovery", "settings", "started"]
