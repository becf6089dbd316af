"""How figures and names are put before people."""

import math
import re
import string

import pytest

from core.text import units


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (0.03, "under 0.1 s"),
        (0.44, "0.4 s"),
        (9.97, "10 s"),
        (42, "42 s"),
        (59.7, "1 min 00 s"),
        (192, "3 min 12 s"),
        (3599.9, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (86_400 * 3 + 3600 * 4, "3 d 4 h"),
    ],
)
def test_a_duration_reads_as_a_person_would_say_it(seconds, words):
    assert units.duration(seconds) == words


@pytest.mark.parametrize(
    "say",
    [units.duration, units.milliseconds, units.size, units.amount, units.energy, units.money],
)
@pytest.mark.parametrize("unknown", [None, math.nan, math.inf])
def test_what_was_not_measured_says_so(say, unknown):
    assert say(unknown) == "not measured"


@pytest.mark.parametrize(
    ("count", "words"),
    [(812, "812 bytes"), (14_000, "14 kB"), (1_440_000, "1.4 MB"), (148_000_000, "148 MB"), (999_600_000, "1.0 GB")],
)
def test_bytes_are_humanised(count, words):
    assert units.size(count) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (950, "950"),
        (12_345, "12,345"),
        (999_999.7, "1.0 million"),
        (4_652_008, "4.7 million"),
        (1.2e9, "1.2 billion"),
    ],
)
def test_large_counts_are_humanised(count, words):
    assert units.amount(count) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(9_520, "9,520"), (23_400, "23 thousand"), (722_496, "722 thousand"), (3_400_000, "3.4 million"),
     (999_900, "1.0 million"), (0, "0"), (None, "not measured")],
)  # fmt: skip
def test_a_magnitude_has_no_more_digits_than_it_needs(count, words):
    assert units.magnitude(count) == words


def test_energy_is_in_joules_then_in_watt_hours():
    assert [units.energy(joules) for joules in (820, 3600, 43_200, 12_240_000)] == [
        "820 J",
        "1.0 Wh",
        "12 Wh",
        "3.4 kWh",
    ]


def test_money_too_small_to_show_is_not_shown_as_nothing():
    assert units.money(0.004, "CHF") == "under 0.01 CHF"
    assert units.money(0.0) == "0.00 EUR"
    assert units.money(1234.5) == "1,234.50 EUR"


def test_an_accuracy_has_no_more_digits_than_its_interval_supports():
    assert units.percent(0.92398) == "92.4 %"
    assert units.percent(0.92398, (0.89, 0.944)) == "92 % (89–94)"
    assert units.percent(0.92398, (0.912, 0.935)) == "92.4 % (91.2–93.5)"
    assert units.percent(0.67, (0.45, 0.85)) == "67 % (45–85)"
    assert units.percent(None) == "–"
    assert units.percent(0.5, (None, None)) == "50.0 %"


def test_an_interval_never_leaves_the_scale():
    assert units.percent(1.0, (0.951, 1.0)) == "100 % (95–100)"
    assert units.percent(0.01, (0.0, 0.05)) == "1 % (0–5)"


def test_differences_are_points_not_percent():
    assert [units.points(value) for value in (0.042, -0.013, 0.01)] == ["4.2 points", "1.3 points", "1 point"]


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1.0, "the same"),
        (1.62, "1.6 times the"),
        (14.2, "14 times the"),
        (0.5, "half the"),
        (0.2, "a fifth of the"),
        (0.62, "62 % of the"),
        (0.001, "under 1 % of the"),
    ],
)
def test_ratios_read_as_words(ratio, words):
    assert units.times(ratio) == words


def test_p_values_keep_two_digits_that_matter():
    assert [units.p_value(p) for p in (0.344, 0.0123, 0.00002, 1.0)] == [
        "p = 0.34",
        "p = 0.012",
        "p < 0.001",
        "p = 1.00",
    ]


def test_nouns_follow_their_number():
    assert units.count(1, "photo") == "1 photo"
    assert units.count(1200, "class", "classes") == "1,200 classes"
    assert units.listed([]) == ""
    assert units.listed(["a"]) == "a"
    assert units.listed(["a", "b", "c"]) == "a, b and c"
    assert units.listed(list("abcdefg"), limit=3) == "a, b and 5 more"


def test_long_names_keep_both_ends():
    name = "Ensemble of EfficientNet-Lite0 · new head and EfficientNet-Lite1 · fine-tuned top 2 blocks"
    assert units.brief("short") == "short"
    short = units.brief(name)
    assert len(short) <= 60 and short.startswith("Ensemble of") and short.endswith("2 blocks")
    assert all(word in [*name.split(), "…"] for word in short.split())  # cut between words


def test_fractions_of_few_photos_have_no_decimals():
    assert [units.whole_percent(value) for value in (0.682, 1.0, None, float("nan"))] == ["68 %", "100 %", "–", "–"]


def test_the_last_word_of_a_name_is_whole_where_it_leaves_room_for_a_beginning():
    assert units.brief("Feature extraction + scikit-learn", 28) == "Feature … scikit-learn"
    assert len(units.brief("Lite0 · " + "x" * 60, 28)) <= 28


def test_a_moment_is_a_date_and_a_time():
    assert units.moment(0) == "1970-01-01 00:00"


def shown(markdown: str) -> str:
    """What a reader sees of escaped text: backslashes before punctuation and joiners take no room."""
    return markdown.replace("\\", "").replace("\u2060", "")


@pytest.mark.parametrize(
    "name",
    [
        "<b>bold</b>",
        "[link](javascript:alert(1))",
        "![picture](http://evil.example/x.png)",
        "**loud** _and_ `code` ~~gone~~",
        "# heading",
        "$x^2$",
        ":red[text]",
        ":material/home:",
        ":smile:",
        "www.evil.example",
        "https://evil.example",
        "me@evil.example",
        "a -> b -- c",
        "1. one",
        "| a | b |",
        "&lt;script&gt;",
    ],
)
def test_names_from_users_are_shown_letter_by_letter(name):
    escaped = units.plain(name)
    assert shown(escaped) == name
    for late in ("://", ":material/", ":smile:", ":red[", "www.", "me@evil", "->", "--"):
        assert late not in escaped.replace("\\", ""), f"Streamlit reads {late} after the backslashes are gone"
    assert not set(re.sub(r"\\.", "", escaped)) & set(string.punctuation), "every mark has its backslash"


def test_names_stay_on_one_line_and_cannot_reverse_what_follows():
    assert units.plain("a\n\n# b\tc") == "a \\# b c"
    assert units.plain("photo\u202egpj.exe\x00") == "photogpj\\.exe"


def test_an_estimate_has_two_digits():
    found = [units.about(number, "photo") for number in (1, 7, 63, 147, 1449)]
    assert found == [
        "about 1 photo",
        "about 7 photos",
        "about 63 photos",
        "about 150 photos",
        "about 1,400 photos",
    ]


def test_a_range_has_its_unit_once_where_both_ends_have_the_same():
    found = [units.rough_range(*ends) for ends in ((300, 480), (4.2, 12.4), (42, 130), (350, 365), (3600, 9000))]
    assert found == ["5–8 min", "4–12 s", "42 s–2 min", "6 min", "1 h–2 h 30 min"]


def test_a_long_name_is_continued_after_its_words_only():
    assert [units.breakable(name) for name in ("renewable_energy", "tulip")] == ["renewable_\u200benergy", "tulip"]


def test_a_number_stays_beside_its_unit():
    assert units.unbroken("over 99 %") == "over\u00a099\u00a0%"


def test_a_line_may_end_between_words_but_not_before_a_unit():
    assert units.glued("about 3 min 05 s left") == "about 3\u00a0min 05\u00a0s left"
    assert units.glued(r"80 \% \(63–91\), 3 runs, 14 MB") == "80\u00a0\\% \\(63–91\\), 3 runs, 14\u00a0MB"
