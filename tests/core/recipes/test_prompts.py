"""The texts that stand for the classes of a zero-shot classifier."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.errors import InvalidInput
from core.recipes.grid import GridChoice, InvalidCell, recipes_of
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Pattern
from core.recipes.program import TEXTS, TOP, Part, features_used, program_of
from core.recipes.prompts import texts_of, with_template
from core.recipes.recipe import Recipe, family, fingerprint

CLIP = replace(get("squeezenet"), name="clip", family="CLIP", classes=False, text_tower=True)


def recipe_of(*prompts: tuple[str, str]) -> Recipe | InvalidCell:
    choice = GridChoice(cells=(("clip", Pattern.CLASSIFIER),), prompts=prompts, mapping=(("n02123045", "cat"),))
    (found,) = recipes_of(choice, defaults=lambda pattern, name: Hyperparameters(), find=lambda name: CLIP)
    return found


def print_of(recipe: Recipe) -> str:
    return fingerprint(recipe, dataset_digest="d", weights_digest="w")


def test_every_class_has_the_template_of_the_family_unless_a_text_was_chosen():
    prompts = with_template([("sea_lion", "a sea lion on a rock | a swimming sea lion")], "CLIP")
    assert texts_of(["polar-bear", "sea_lion"], prompts) == {
        "polar-bear": ("a photo of a polar bear.",),
        "sea_lion": ("a sea lion on a rock", "a swimming sea lion"),
    }
    assert texts_of(["cat"], with_template([], "SigLIP")) == {"cat": ("This is a photo of cat.",)}


def test_a_template_may_have_several_texts_and_needs_a_place_for_the_name():
    assert texts_of(["cat"], with_template([("", "a {}.|the {}!")], "CLIP")) == {"cat": ("a cat.", "the cat!")}
    with pytest.raises(InvalidInput, match="needs {} where the class name belongs. Received: 'a cat'"):
        with_template([("", "a cat")], "CLIP")


@pytest.mark.parametrize("text", ["", "  ", " | "])
def test_an_empty_text_and_one_for_no_class_are_refused(text):
    with pytest.raises(InvalidInput, match="Received none for .cat."):
        with_template([("cat", text)], "CLIP")
    with pytest.raises(InvalidInput, match="no class dog to have a text. Choose from: cat"):
        texts_of(["cat"], with_template([("dog", "a dog")], "CLIP"))


def test_the_recipe_of_a_network_with_texts_has_its_texts_and_no_mapping():
    found = recipe_of(("cat", "a tabby"))
    assert isinstance(found, Recipe) and found.mapping == ()
    assert found.prompts == (("", "a photo of a {}."), ("cat", "a tabby"))
    assert Recipe.from_dict(found.to_dict()) == found
    assert isinstance(recipe_of(("", "no place")), InvalidCell)


def test_other_texts_are_another_result_and_no_texts_leave_old_fingerprints_as_they_are():
    one, other = recipe_of(), recipe_of(("cat", "a tabby"))
    assert print_of(one) != print_of(other) and family(one) != family(other)
    old = Recipe(backbone="efficientnet_lite0", pattern=Pattern.CLASSIFIER)
    known = Recipe.from_dict({name: value for name, value in old.to_dict().items() if name != "prompts"})
    assert known == old and print_of(known) == print_of(old)


def test_it_reads_the_pooled_features_that_extractors_read_and_trains_on_nothing():
    program = program_of(recipe_of(), CLIP.blocks)
    assert program.head == TEXTS and program.inputs == (Part(source="clip", cut=TOP),)
    assert {split for _, split, _ in features_used(program, 1)} == {"validation", "test"}
