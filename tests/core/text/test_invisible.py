"""Which characters of a name cannot be seen."""

import pytest

from core.text.invisible import escaped, has_invisible, invisible_in, without_invisible


@pytest.mark.parametrize(
    "hidden",
    [
        *("\x00", "\t", "\n", "\x1b", "\x7f", "\x85"),
        *("\u00ad", "\u034f", "\u061c", "\u200b", "\u200e", "\u200f", "\u2028", "\u202e", "\u2060", "\u2066", "\ufeff"),
        *("\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\u17b4", "\u180e", "\ufff9"),
        *("\ufe00", "\ufe0f", "\U000e0100", "\U000e0001", "\U000e0041", "\U000e007f", "\U0001d173"),
        *("\u200c", "\u200d", "\ud800"),
    ],
)
def test_what_cannot_be_seen_in_a_latin_name_is_found_removed_and_escaped(hidden):
    name = f"ca{hidden}t"
    assert has_invisible(name) and invisible_in(name) == hidden
    assert without_invisible(name) == "cat"
    assert escaped(name) in (f"ca\\u{ord(hidden):04x}t", f"ca\\U{ord(hidden):08x}t")
    assert has_invisible(hidden) and without_invisible(hidden) == ""


@pytest.mark.parametrize(
    "name",
    [
        *("cat", "Käse 3", "яблоко", "苹果", "사과", "e\u0301", "a\u00a0b", "\u3000", "a_b-c.jpg"),
        "می‌خواهم",  # a Persian word with a zero-width non-joiner
        "क्‍ष",  # Devanagari with a zero-width joiner
        "👩‍🔬",
        "👩🏽‍🔬",
        "❤️",
        "1️⃣",
        "🏳️‍🌈",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
    ],
)
def test_writing_that_needs_joiners_and_selectors_keeps_them(name):
    assert not has_invisible(name)
    assert without_invisible(name) == escaped(name) == name


def test_tags_are_kept_after_a_flag_only():
    assert without_invisible("cat\U000e0063\U000e0061") == "cat"
    assert without_invisible("🏴abcdefg\U000e0063") == "🏴abcdefg"
