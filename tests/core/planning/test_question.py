"""A check says what it found with its level and its remedies."""

import pytest

from core.planning.decide import Concern, Level
from core.planning.question import ask, note, refuse
from core.recipes.patterns import Pattern
from core.recipes.remedy import other_pattern

REMEDY = other_pattern(Pattern.FINE_TUNING)


@pytest.mark.parametrize(("said", "level"), [(refuse, Level.REFUSE), (ask, Level.ASK), (note, Level.NOTE)])
def test_every_level_has_its_word(said, level):
    assert said("No.", REMEDY) == Concern(level=level, sentence="No.", remedies=(REMEDY,))
    assert said("No.").remedies == ()
