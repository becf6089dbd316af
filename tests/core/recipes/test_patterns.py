"""Patterns: which use one backbone, which name members, and which are trained in epochs."""

from core.recipes.hyperparameters import RELEVANT
from core.recipes.patterns import (
    FROM_A_RUN,
    OF_A_BACKBONE,
    TRAINS_NO_EPOCHS,
    TRAINS_TOP_BLOCKS,
    WITH_MEMBERS,
    Cascade,
    Pattern,
)


def test_a_pattern_uses_one_backbone_or_names_members():
    assert set(OF_A_BACKBONE) | set(WITH_MEMBERS) == set(Pattern)
    assert not set(OF_A_BACKBONE) & set(WITH_MEMBERS)
    assert set(FROM_A_RUN) < set(WITH_MEMBERS)


def test_what_is_trained_in_epochs_has_a_number_of_them():
    assert {pattern for pattern in Pattern if "epochs" not in RELEVANT[pattern]} == set(TRAINS_NO_EPOCHS)


def test_what_trains_the_top_blocks_has_a_depth_and_a_rate_for_them():
    rates = {pattern for pattern in Pattern if {"depth", "fine_tuning_rate"} <= set(RELEVANT[pattern])}
    assert rates == set(TRAINS_TOP_BLOCKS)


def test_ensembles_and_confidence_cascades_train_nothing():
    assert [kind for kind in Cascade if kind.combines_runs] == [Cascade.CONFIDENCE, Cascade.ENSEMBLE]
