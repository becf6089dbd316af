"""Checks of ``core doctor`` as JSON."""

from core.output.health import checks_json
from core.workbench.health import Check


def test_every_check_says_what_was_found_and_what_to_do():
    bad = Check(name="Space", good=False, found="1 MB", advice="Free some.")
    assert checks_json([bad]) == {"checks": [{"name": "Space", "good": False, "found": "1 MB", "advice": "Free some."}]}
