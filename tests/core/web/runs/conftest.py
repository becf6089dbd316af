"""The fixtures of page tests: these panels are drawn as parts of their page."""

from tests.pages.conftest import bench, components_known, filled, no_autodiscovery, settings, started, supervised

__all__ = ["bench", "components_known", "filled", "no_autodiscovery", "settings", "started", "supervised"]
