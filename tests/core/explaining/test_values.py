"""What explanations say of themselves."""

import numpy as np

from core.datasets.decoding.fit import Fit
from core.explaining.values import DeletionTest, HeatMap, MemberExplanation


def test_a_map_is_trusted_where_hiding_its_hottest_part_lowers_the_probability_more():
    assert DeletionTest(whole=0.9, hottest=0.2, elsewhere=0.8).holds
    assert not DeletionTest(whole=0.9, hottest=0.8, elsewhere=0.8).holds


def test_an_explanation_is_empty_where_no_place_speaks_for_the_class():
    cold, hot = (HeatMap(title="", values=np.full((2, 2), heat, np.float32), fit=Fit.CROP) for heat in (0, 1))
    assert MemberExplanation(run_id="r", title="t", maps=(cold,)).empty
    assert not MemberExplanation(run_id="r", title="t", maps=(cold, hot)).empty
