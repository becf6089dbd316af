"""Explanations as JSON."""

import json

import numpy as np

from core.datasets.decoding.fit import Fit
from core.explaining.values import OCCLUSION, DeletionTest, Explanation, HeatMap, MemberExplanation
from core.output.explanations import explanation_row


def test_every_member_says_how_it_was_explained_and_whether_to_trust_it():
    heat = HeatMap(title="Lite0", values=np.eye(2, dtype=np.float32), fit=Fit.SQUASH)
    cold = HeatMap(title="", values=np.zeros((2, 2), np.float32), fit=Fit.SQUASH)
    test = DeletionTest(whole=0.9, hottest=0.2, elsewhere=0.8)
    right = MemberExplanation(run_id="r-1", title="one", probability=0.9, predicted="a", maps=(heat,), test=test)
    empty = MemberExplanation(
        run_id="r-2", title="two", probability=0.1, predicted="b", method=OCCLUSION, because="so", maps=(cold,)
    )
    none = MemberExplanation(run_id="r-3", title="three", problem="It is gone.")
    row = explanation_row(
        Explanation(
            run_id="r", title="all", class_name="a", probability=0.9, predicted="a", jpeg=b"", seconds=1.5,
            members=(right, empty, none),
        )
    )  # fmt: skip
    one, two, three = json.loads(json.dumps(row))["members"]
    assert row["class_name"] == row["predicted"] == "a" and row["probability"] == 0.9 and row["seconds"] == 1.5
    assert one["method"] == "Grad-CAM" and one["networks"] == ["Lite0"] and not one["no_place_stands_out"]
    assert one["deletion_test"] == {"whole": 0.9, "hottest": 0.2, "elsewhere": 0.8, "holds": True}
    assert two["no_place_stands_out"] and (two["method"], two["because"]) == ("occlusion", "so")
    assert three["method"] is None and three["problem"] == "It is gone." and three["networks"] == []
