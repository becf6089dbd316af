"""Backbones as JSON."""

import json

from core.backbones import get
from core.output.backbones import backbone_json, backbones_json, is_added


def test_the_list_has_every_backbone_with_its_availability(bench):
    found = json.loads(json.dumps(backbones_json(bench)))
    rows = {row["name"]: row for row in found["backbones"]}
    assert rows["efficientnet_lite0"]["availability"] and rows["efficientnet_lite0"]["blocks"]
    assert found["additions"] == [] and found["suggested"]


def test_one_backbone_says_which_patterns_it_does_not_allow(bench):
    found = backbone_json(bench, get("efficientnet_lite0"))
    assert found["backbone"]["name"] == "efficientnet_lite0" and found["facts"] == {}
    assert all(isinstance(why, str) and why for why in found["refused"].values())
    assert not is_added(bench, "efficientnet_lite0")
