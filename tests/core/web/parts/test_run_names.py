"""Names of runs in columns that are too narrow for them."""

from core.web.parts.run_names import all_fitting, both_ends, fitting, lines_for, lines_of, row_height

NAMES = {
    "head": "Lite1 · feature extraction",
    "classic": "Lite1 · feature extraction + logistic regression",
    "top": "Lite1 · fine-tuning · top 2 blocks",
}


def test_a_name_that_fits_is_whole():
    assert fitting(NAMES, 400) == NAMES


def test_a_long_name_keeps_whole_words_of_both_ends():
    assert both_ends(NAMES["classic"], 30) == "Lite1 · feature … regression"
    assert both_ends(NAMES["top"], 20) == "Lite1 … top 2 blocks"


def test_where_no_whole_word_fits_the_last_one_is_read_from_its_beginning():
    assert both_ends(NAMES["head"], 15) == "Lite1 … extrac…"
    assert both_ends(NAMES["classic"], 15) == "Lite1 … regres…"


def test_a_name_that_almost_fits_loses_its_last_letters():
    assert both_ends("Lite0 · fine-tuning", 18) == "Lite0 · fine-tuni…"


def test_names_with_the_same_ends_are_told_apart_by_their_beginnings():
    same = {"a": "Lite0 · fine-tuning · top block", "b": "Lite0 · feature extraction · top block"}
    assert fitting(same, 140) == {"a": "Lite0 · fine-tuni…", "b": "Lite0 · feature e…"}


def test_names_that_would_read_the_same_stay_whole_and_equal_names_are_shortened():
    same = {
        "a": "Lite0 · feature extraction · seed 10 · dropout x",
        "b": "Lite0 · feature extraction · seed 11 · dropout x",
    }
    assert fitting(same, 120) == same
    equal = {"of one dataset": NAMES["head"], "of another": NAMES["head"]}
    assert set(fitting(equal, 136).values()) == {"Lite1 … extracti…"}


def test_on_a_phone_long_names_take_several_lines_since_their_short_forms_look_alike():
    names = ["Lite0 · fine-tuning · top block", "Lite0 · fine-tuning · top 2 blocks"]
    assert all_fitting(names, 112) == ["Lite0 … block", "Lite0 … blocks"]
    lines = lines_for(names, 112, wrapped=True)
    assert lines > 1 and all_fitting(names, 112, lines) == names
    assert lines_for(names, 112, wrapped=False) == lines_for(["Lite0"], 112, wrapped=True) == 1
    assert row_height(lines) > 4 * 16  # Streamlit breaks lines above four rem


def test_a_name_that_is_too_long_for_several_lines_loses_its_middle():
    ensemble = "Ensemble of Lite0 · feature extraction, Lite1 · feature extraction and Lite0 · fine-tuning · top block"
    (short,) = all_fitting([ensemble], 150, 3)
    assert lines_of(short, 150) == 3
    assert short.startswith("Ensemble of Lite0") and short.endswith("top block") and "…" in short


def test_names_in_their_order_show_both_ends():
    names = ["SqueezeNet · feature extraction", "SqueezeNet · feature extraction + logistic regression", "Lite0"]
    assert all_fitting(names, 200) == ["SqueezeNet … extraction", "SqueezeNet … regression", "Lite0"]
