"""Two runs class by class."""

from dataclasses import replace

import pytest
from sklearn import metrics

from core.comparison.classes import ClassDifference, class_differences
from core.comparison.statistics import mcnemar, paired_interval
from core.errors import InvalidInput
from tests.core.comparison.test_photos import NAMES, a_result, random_result


def test_classes_are_compared_on_their_own_photos():
    a = a_result("a", (0,) * 10 + (1,) * 10, given=(0,) * 10 + (1,) * 4 + (0,) * 6)
    b = a_result("b", (0,) * 10 + (1,) * 10, given=(0,) * 2 + (1,) * 8 + (1,) * 5 + (0,) * 5)
    cat, dog, eel = class_differences(a, b, NAMES)
    assert (cat.class_name, cat.photos, cat.recall_a, cat.recall_b) == ("cat", 10, 1.0, 0.2)
    assert cat.difference == pytest.approx(0.8) and (cat.low, cat.high) == paired_interval(10, 8, 0, 0.025)
    assert cat.p_value == mcnemar(8, 0) and cat.adjusted_p == 2 * cat.p_value and not cat.tie
    assert dog.difference == pytest.approx(-0.1) and dog.tie
    assert eel == ClassDifference(class_name="eel", photos=0) and eel.tie is None
    turned = replace(b, digests=b.digests[::-1], labels=b.labels[::-1], probabilities=b.probabilities[::-1])
    assert class_differences(a, turned, NAMES) == (cat, dog, eel), "photos are told by their digest"


def test_recalls_by_class_are_those_of_scikit_learn():
    a, b = random_result("a"), random_result("b", seed=0)
    found = class_differences(a, b, NAMES)
    recalls = metrics.recall_score(a.labels, a.probabilities.argmax(axis=1), average=None)
    assert [one.recall_a for one in found] == pytest.approx(recalls.tolist())
    assert all(one.difference == 0 and one.low < 0 < one.high for one in found)


def test_runs_of_other_classes_have_no_classes_in_common():
    with pytest.raises(InvalidInput, match="are for 3 classes, but its dataset has 2. Train it again"):
        class_differences(a_result("a"), a_result("b"), ("cat", "dog"))
