"""Explanations of photos as JSON: ``core explain``, REST and MCP. Heat maps themselves are pictures."""

from dataclasses import asdict

from core.explaining.values import Explanation, MemberExplanation


def explanation_row(found: Explanation) -> dict:
    """The explained class, and of every member how its heat maps were computed and whether their test holds."""
    return {
        "run": found.run_id,
        "title": found.title,
        "class_name": found.class_name,
        "probability": found.probability,
        "predicted": found.predicted,
        "seconds": found.seconds,
        "members": [_member(one) for one in found.members],
    }


def _member(found: MemberExplanation) -> dict:
    return {
        "run": found.run_id,
        "title": found.title,
        "probability": found.probability,
        "predicted": found.predicted,
        "method": found.method if found.maps else None,
        "because": found.because,
        "problem": found.problem,
        "networks": [heat.title for heat in found.maps],
        "no_place_stands_out": found.empty,
        "deletion_test": found.test and asdict(found.test) | {"holds": found.test.holds},
    }
