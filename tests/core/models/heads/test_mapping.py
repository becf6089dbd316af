"""ImageNet's classes summed up into a dataset's, by the names of both."""

import numpy as np
import pytest

from core.backbones.wordnet import imagenet, synsets
from core.errors import InvalidInput
from core.models.heads.dense import DenseHead
from core.models.heads.mapping import mapped, mapping_head

CLOTHES = ("dress", "hat", "longsleeve", "outwear", "pants", "shirt", "shoes", "shorts", "skirt", "t-shirt")
DEMO = ("animal", "fish", "monument", "renewable_energy", "tool")


def found(class_names, name=None, corrections=()) -> set[str]:
    """ImageNet's names for one of the classes (default: the only one)."""
    rows = mapped(class_names, corrections).rows
    return {row.name for row in rows if row.class_name == (name or class_names[0])}


def test_a_class_stands_for_every_kind_of_it():
    assert found(["hat"]) == {"bearskin", "bonnet", "cowboy hat", "sombrero"}
    assert len(found(["dog", "cat"], "dog")) == 118
    assert {"tench", "goldfish", "stingray"} <= found(["fish"])


def test_the_nearest_class_wins():
    rows = {row.name: row.class_name for row in mapped(["animal", "fish", "goldfish"]).rows}
    assert (rows["goldfish"], rows["tench"], rows["tabby"]) == ("goldfish", "fish", "animal")


@pytest.mark.parametrize("name", ["t-shirt", "T_Shirt", "tee shirt", "T Shirts", "tshirt", "03 t-shirt", "jersey"])
def test_spelling_does_not_matter(name):
    assert found([name]) == {"jersey"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shoes", "sandal"),
        ("mugs", "coffee mug"),
        ("knives", "cleaver"),
        ("foxes", "red fox"),
        ("butterflies", "monarch"),
        ("geese", "goose"),
        ("pants", "jean"),
        ("binocular", "binoculars"),
    ],
)
def test_singular_and_plural_are_one(name, expected):
    assert expected in found([name])


def plurals(word: str) -> list[str]:
    """The regular plural, or both where two are in use."""
    *first, last = word.split(" ")
    if last.endswith(("s", "x", "z", "ch", "sh")):
        forms = [f"{last}es"]
    elif last.endswith("y") and last[-2:-1] not in tuple("aeiou"):
        forms = [f"{last[:-1]}ies"]
    elif last.endswith(("wolf", "knife", "leaf", "shelf", "scarf", "loaf")):
        forms = [f"{last.removesuffix('e').removesuffix('f')}ves"]
    elif last.endswith("man"):
        forms = [f"{last[:-3]}men"]
    else:
        forms = [f"{last}s", f"{last}es"] if last.endswith("o") else [f"{last}s"]
    return [" ".join([*first, form]) for form in forms]


def test_every_noun_of_imagenet_and_its_plural_is_its_own_class_or_said_to_have_several_meanings():
    wrong = {}
    for synset, title in imagenet().items():
        for name, _ in synsets()[synset].names:
            for word in (name, *plurals(name)):
                mapping = mapped([word])
                if synset not in {row.synset for row in mapping.rows} and title not in mapping.left_out.get(word, ()):
                    wrong[word] = [row.name for row in mapping.rows]
    assert wrong == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("oranges", {"orange"}),
        ("pineapples", {"pineapple"}),
        ("canes", set()),
        ("lemons", {"lemon"}),
        ("dormice", set()),
        ("daisies", {"daisy"}),
        ("buses", {"minibus", "school bus", "trolleybus"}),
    ],
)
def test_a_plural_is_no_other_word(name, expected):
    assert found([name]) == expected


def test_a_name_takes_all_meanings_that_are_near_each_other_and_says_so():
    cats = found(["cats", "dogs"])
    assert {"tabby", "Persian cat", "lion", "tiger", "leopard", "cheetah"} <= cats
    assert mapped(["cats", "dogs"]).remarks == (
        "cats includes big cat (feline): leopard, snow leopard, jaguar, lion and 2 more.",
    )
    rows = {row.name: row.class_name for row in mapped(["cats", "big cats", "lions"]).rows}
    assert (rows["tabby"], rows["tiger"], rows["lion"]) == ("cats", "big cats", "lions")
    assert mapped(["cats", "big cats"]).remarks == ()


def test_the_meanings_that_were_not_taken_are_named():
    mapping = mapped(["kites", "planes"])
    assert mapping.left_out == {"kites": ("kite",), "planes": ("plane",)}
    assert mapping.open == ()
    assert mapping.remarks[0] == "kites can also mean kite: left out, unless you map it in the table."
    assert mapping.to_dict()["left_out"] == {"kites": ["kite"], "planes": ["plane"]}


def test_a_meaning_that_the_other_classes_do_not_decide_is_a_question_until_it_is_answered():
    (crane,) = mapped(["cranes", "unheard-of"]).open
    assert crane.question.startswith("cranes may mean crane (lifting device) or crane (wading bird), and the other")
    bird = next(synset for synset, name in imagenet().items() if name == "crane (bird)")
    assert f"--map {bird}=cranes for crane (bird)" in crane.question
    answered = mapped(["cranes", "unheard-of"], [(bird, "cranes")])
    assert answered.open == ()
    assert "crane (bird)" in {row.name for row in answered.rows}
    for others in (["trucks"], ["herons"]):
        assert mapped(["cranes", *others]).open == ()
    assert mapped(CLOTHES).open == mapped(DEMO).open == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("automobile", "convertible"),
        ("frock", "gown"),
        ("motorcar", "jeep"),
        ("sofa", "studio couch"),
        ("tv", "television"),
    ],
)
def test_synonyms_are_found(name, expected):
    assert expected in found([name])


def test_a_name_that_says_more_than_wordnet_is_read_as_what_it_is_a_kind_of():
    assert "sandal" in found(["red shoes"])
    assert found(["glass of water"]) == found(["glass"])
    (row,) = mapped(["my old rocking chair"]).rows
    assert (row.name, row.because) == ("rocking chair", "the same (my old rocking chair read as rocking chair)")


@pytest.mark.parametrize("name", ["not food", "no animals", "other fish", "non-dog"])
def test_what_is_not_a_thing_is_not_read_as_the_thing(name):
    assert mapped([name]).rows == ()


@pytest.mark.parametrize(
    ("class_names", "expected"),
    [
        (("crane", "dog"), {"crane (bird)"}),
        (("crane", "truck"), {"crane (machine)"}),
        (("plane", "hammer"), {"plane"}),
        (("plane", "ship"), {"airliner"}),
        (("mouse", "keyboard"), {"mouse"}),
        (("mouse", "cat", "dog"), set()),
        (("cranes", "herons"), {"crane (bird)"}),
        (("cranes", "trucks"), {"crane (machine)"}),
        (("kites", "planes"), set()),
        (("kites", "eagles"), {"kite"}),
    ],
)
def test_the_other_classes_decide_which_meaning_of_a_word_is_meant(class_names, expected):
    assert found(class_names) == expected


def test_a_synset_as_folder_name_is_what_it_says():
    assert found(["n01443537"]) == {"goldfish"}
    assert found(["n02084071"]) == found(["dog"])


def test_clothes_are_found_as_a_person_would():
    mapping = mapped(CLOTHES)
    rows = {name: {row.name for row in mapping.rows if row.class_name == name} for name in CLOTHES}
    assert rows["dress"] == {"gown"}
    assert rows["pants"] == {"jean"}
    assert rows["shoes"] == {"Loafer", "running shoe", "sandal"}
    assert rows["skirt"] == {"hoopskirt", "miniskirt", "overskirt", "sarong"}
    assert rows["t-shirt"] == {"jersey"}
    assert {"fur coat", "trench coat"} <= rows["outwear"]
    assert {"cardigan", "sweatshirt"} <= rows["longsleeve"]
    assert mapping.unmapped == ("shirt",), "ImageNet's only shirt is a T-shirt"


def test_the_demo_classes_are_found_as_a_person_would():
    mapping = mapped(DEMO)
    assert mapping.unmapped == ()
    rows = {row.name: row.class_name for row in mapping.rows}
    assert rows["hammer"] == rows["screwdriver"] == "tool"
    assert rows["triumphal arch"] == "monument"
    assert rows["solar dish"] == "renewable_energy"
    assert "hotdog" not in rows


def test_classes_nothing_stands_for_are_named():
    assert mapped(["daisy", "rose", "tulip"]).unmapped == ("rose", "tulip")
    assert mapped(["rose"]).rows == ()


def test_corrections_replace_add_and_remove():
    (hat,) = [synset for synset, name in imagenet().items() if name == "sombrero"]
    (jersey,) = [synset for synset, name in imagenet().items() if name == "jersey"]
    corrected = mapped(CLOTHES, [(jersey, "shirt"), (hat, "")])
    rows = {row.name: row for row in corrected.rows}
    assert rows["jersey"].class_name == "shirt"
    assert rows["jersey"].because == "chosen by you"
    assert "sombrero" not in rows
    assert corrected.unmapped == ("t-shirt",)


def test_corrections_that_name_nothing_are_refused():
    with pytest.raises(InvalidInput, match="Received: 'n99999999'"):
        mapped(CLOTHES, [("n99999999", "hat")])
    with pytest.raises(InvalidInput, match=r"goldfish \(n01443537\) can stand for one of .* Received: 'scarf'"):
        mapped(CLOTHES, [("n01443537", "scarf")])


def test_the_head_adds_up_the_probabilities_of_a_class_and_shares_out_the_rest():
    names = ("cat", "dog", "rose")
    head = DenseHead(mapping_head(mapped(names), names))
    places = {name: place for place, name in enumerate(imagenet().values())}
    photo = np.zeros((2, 1000), np.float32)
    photo[0, [places["tabby"], places["Siamese cat"], places["Chihuahua"], places["teapot"]]] = 0.3, 0.1, 0.1, 0.5
    photo[1, places["teapot"]] = 1.0
    np.testing.assert_allclose(head(photo), [[0.8, 0.2, 0], [1 / 3, 1 / 3, 1 / 3]], atol=1e-6)


def test_a_network_that_knows_none_of_the_classes_cannot_answer():
    with pytest.raises(InvalidInput, match="None of ImageNet's classes stands for one of these: rose, tulip"):
        mapping_head(mapped(["rose", "tulip"]), ["rose", "tulip"])


@pytest.mark.parametrize("name", ["", " ", "123", "???", "\u732b", "a" * 500, "n0208407", "-- --", "of"])
def test_odd_names_find_nothing_and_break_nothing(name):
    assert mapped([name, "dog"]).unmapped == (name,)
