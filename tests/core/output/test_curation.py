"""Findings as JSON of a command."""

from core.output.curation import findings_json, findings_summary
from tests.core.curation.test_values import findings
from tests.factories import make_dataset


def test_counts_beside_the_findings():
    found = findings_json(make_dataset(), findings())
    assert (found["label_errors"], found["groups"], found["leaks"], found["odd"]) == (1, 2, 1, 1)
    assert found["findings"]["labels"][0]["file"] == "a.jpg"


def test_one_sentence():
    assert findings_summary(findings()) == (
        "1 likely label error, 2 groups of near-copies, 1 of them across splits, 1 odd photo."
    )
    assert findings_summary(findings(labels=(), copies=(), odd=())) == (
        "no label error, near-copy or odd photo was found."
    )
