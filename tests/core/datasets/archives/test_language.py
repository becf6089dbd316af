"""How likely a text is in a language."""

import pytest

from core.datasets.archives.language import FOREIGN, likelihood, words_of


def test_words_are_runs_of_letters_with_their_marks():
    assert words_of("IMG_0001 Äpfel-rot") == ["IMG", "Äpfel", "rot"]
    assert words_of("แอปเปิ้ล") == ["แอปเปิ้ล"]


@pytest.mark.parametrize(
    ("language", "right", "wrong"),
    [
        ("de", "Käfer", "KΣfer"),
        ("fr", "pêche", "płche"),
        ("pl", "jabłko", "jabêko"),
        ("ru", "яблоко", "ЪАКНЙН"),
        ("ru", "Кошки", "кОШКИ"),
        ("ja", "りんご", "ﾂ、ﾃ"),
        ("ja", "表示", "侮蔑"),
        ("zh", "苹果", "彗髦"),
        ("zh-Hant", "蘋果", "彗髦"),
        ("ko", "사과", "뷁뒿"),
    ],
)
def test_everyday_words_are_likelier_than_others_of_the_same_length(language, right, wrong):
    assert likelihood(right, language) > likelihood(wrong, language)


@pytest.mark.parametrize("language", ["de", "ja", "ko", "zh", "zh-Hant"])
def test_what_the_language_does_not_have_costs_the_same_everywhere(language):
    assert likelihood("\u0e2a", language) <= FOREIGN + 1
    assert likelihood("a▒b", language) < likelihood("ab", language) - 10
    assert likelihood("a\\b", language) < likelihood("a b", language) - 5
