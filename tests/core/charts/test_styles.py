"""One look per run, in colours that can be distinguished."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.charts.embedding import class_looks
from core.charts.styles import RUN_COLOURS, SYMBOLS, run_colour, run_style, run_styles
from core.runs.colours import COLOURS, PLACES
from tests.comparison_values import a_run

RUNS = [replace(a_run(f"r-{place}"), colour=place) for place in range(PLACES)]


def test_the_first_twelve_runs_of_a_dataset_have_twelve_colours_and_twelve_markers():
    styles = run_styles(RUNS[:12])
    assert {style.colour for style in styles.values()} == set(RUN_COLOURS)
    assert {style.symbol for style in styles.values()} == set(SYMBOLS)
    assert len(RUN_COLOURS) == COLOURS


def test_no_two_places_of_the_palette_look_the_same():
    assert len({(style.colour, style.symbol) for style in run_styles(RUNS).values()}) == PLACES


@given(st.lists(st.sampled_from(RUNS), min_size=1, max_size=40), st.randoms())
def test_a_run_has_one_colour_and_marker_whatever_is_beside_it(shown, random):
    mixed = random.sample(shown, len(shown))
    for run_id, style in run_styles(shown).items():
        other = run_styles(mixed)[run_id]
        assert (style.colour, style.symbol) == (other.colour, other.symbol)
        run = next(run for run in shown if run.id == run_id)
        assert style.colour == run_colour(run) == run_style(run.colour).colour


def test_of_many_runs_the_first_are_emphasised_and_the_others_keep_their_colours():
    styles = run_styles(RUNS[:20])
    assert [style.emphasised for style in styles.values()] == [True] * 12 + [False] * 8
    assert styles["r-13"].colour == RUN_COLOURS[1] and styles["r-13"].opacity < styles["r-1"].opacity == 1


def _linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def _oklab(linear: np.ndarray) -> np.ndarray:
    """Ottosson 2020, times 100."""
    cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return 100 * np.array(lab) @ np.cbrt(np.array(cones) @ linear)


SIGHTS = {
    "usual": (np.eye(3), 12),
    # Machado et al. 2009, severity 1
    "protanopia": (
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        6,
    ),
    "deuteranopia": (
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        6,
    ),
}


@pytest.mark.parametrize("sight", SIGHTS)
def test_any_two_colours_of_runs_can_be_told_apart(sight):
    seen, least = SIGHTS[sight]
    places = {colour: _oklab(np.clip(np.array(seen) @ _linear(colour), 0, 1)) for colour in RUN_COLOURS}
    near = {pair: float(np.linalg.norm(places[pair[0]] - places[pair[1]])) for pair in combinations(RUN_COLOURS, 2)}
    assert min(near.values()) > least, min(near, key=near.get)


@pytest.mark.parametrize("ground", ["#FCFCFA", "#121614"])
@pytest.mark.parametrize("colour", RUN_COLOURS)
def test_every_colour_stands_out_on_light_and_on_dark(colour, ground):
    lights = sorted(float(np.array([0.2126, 0.7152, 0.0722]) @ _linear(one)) for one in (colour, ground))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 3


def test_runs_of_one_colour_differ_in_marker_line_and_bar():
    first, second = run_style(4), run_style(4 + len(RUN_COLOURS))
    assert first.colour == second.colour and first.symbol != second.symbol
    assert first.dash == "solid" != second.dash and first.pattern["shape"] == "" != second.pattern["shape"]


def test_classes_repeat_a_colour_only_with_another_shape():
    looks = class_looks([f"class {number}" for number in range(60)])
    assert len(set(looks.values())) == 60
    assert len({colour for colour, _ in list(looks.values())[:12]}) == 12
    assert {shape for _, shape in list(looks.values())[:12]} == {"circle"}
    assert "x" not in {shape for _, shape in looks.values()}, "that is an error"
