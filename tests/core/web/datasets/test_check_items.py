"""Items to decide on, without a page."""

from core.curation.decisions import PhotoAction, PhotoDecision, standing
from core.web.datasets.check_items import first_open, items_of
from tests.core.curation.test_values import findings

KEPT = (PhotoAction.KEEP, "")


def decided(*pairs):
    return standing([PhotoDecision(digest=digest, action=action, target=target) for digest, action, target in pairs])


def test_each_kind_says_why():
    found = findings()
    (label,), (leak, group), (odd,) = (items_of(found, kind) for kind in ("labels", "copies", "odd"))
    assert label.reason == "Labelled cat (1.0 %); the linear head predicts dog (90.0 %)." and label.suggested == "dog"
    assert label.nearest == (("c", "dog", 0.8),)
    assert leak.leak and "in several splits (test and train), a leak" in leak.reason
    assert "one of them mirrored, one shows 90.0 % of the side" in leak.reason and not group.leak
    assert odd.reason == "Dark: very."


def test_a_decision_in_words():
    (label,), (leak, _) = items_of(findings(), "labels"), items_of(findings(), "copies")
    assert label.decision({}) == ""
    assert label.decision(decided(("a", PhotoAction.RELABEL, "dog"))) == "relabelled to dog"
    both = decided(("a", PhotoAction.KEEP, ""), ("b", PhotoAction.MOVE, "train"))
    assert leak.decision(both) == "1 kept, 1 moved to train"


def test_the_first_open_item():
    items = items_of(findings(), "copies")
    assert first_open(items, {}) == 0
    assert first_open(items, decided(("a", PhotoAction.EXCLUDE, ""))) == 1
    assert first_open(items, decided(("a", PhotoAction.KEEP, ""), ("e", PhotoAction.KEEP, ""))) == 0
