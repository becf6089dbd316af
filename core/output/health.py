"""Checks of the installation and the home as JSON: ``core doctor``, REST and MCP."""

from collections.abc import Sequence
from dataclasses import asdict

from core.workbench.health import Check


def checks_json(checks: Sequence[Check]) -> dict:
    """All checks; ``advice`` says what to do where one is not good."""
    return {"checks": [asdict(check) for check in checks]}
