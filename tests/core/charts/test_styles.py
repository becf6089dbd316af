"""One look per run, in colours that can be distinguished."""

from itertools import combinations

import numpy as np
import pytest

from core.charts import look
from core.charts.embedding import class_looks
from core.charts.styles import OTHER_COLOUR, RUN_COLOURS, run_colour, run_styles

# ids of which several prefer one colour
RIVALS = [f"r-{number}" for number in range(12)]


def test_twelve_runs_get_twelve_colours_and_twelve_markers():
    assert len({run_colour(run_id) for run_id in RIVALS}) < 12, "these ids must collide for the test to mean anything"
    styles = run_styles(RIVALS)
    assert {style.colour for style in styles.values()} == set(RUN_COLOURS)
    assert len({style.symbol for style in styles.values()}) == 12


def test_a_run_keeps_the_colour_it_prefers_whatever_is_beside_it_unless_a_rival_with_a_smaller_id_is():
    styles = run_styles(RIVALS)
    for run_id in RIVALS:
        rivals = [other for other in RIVALS if run_colour(other) == run_colour(run_id)]
        assert (styles[run_id].colour == run_colour(run_id)) == (run_id == min(rivals))


def test_one_run_alone_has_the_colour_it_prefers():
    assert {run_id: run_styles([run_id])[run_id].colour for run_id in RIVALS} == {r: run_colour(r) for r in RIVALS}


def test_colours_depend_on_which_runs_are_shown_and_not_on_their_order():
    assert run_styles(RIVALS) == run_styles(RIVALS[::-1])
    assert run_styles(RIVALS) == run_styles([*RIVALS[5:], *RIVALS])


def test_a_run_without_a_rival_keeps_its_colour_when_others_come_and_go():
    alone = [r for r in RIVALS if sum(run_colour(other) == run_colour(r) for other in RIVALS) == 1]
    assert alone
    for size in range(1, 12):
        shown = run_styles([*alone, *RIVALS[:size]])
        assert {run_id: shown[run_id].colour for run_id in alone} == {run_id: run_colour(run_id) for run_id in alone}


def test_the_thirteenth_run_is_grey_and_takes_nobodys_colour():
    styles = run_styles([*RIVALS, "r-99"])
    assert styles["r-99"].colour == OTHER_COLOUR == look.GREY
    assert not styles["r-99"].coloured
    assert {run_id: styles[run_id] for run_id in RIVALS} == run_styles(RIVALS)


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
@pytest.mark.parametrize("colour", [*RUN_COLOURS, OTHER_COLOUR])
def test_every_colour_stands_out_on_light_and_on_dark(colour, ground):
    lights = sorted(float(np.array([0.2126, 0.7152, 0.0722]) @ _linear(one)) for one in (colour, ground))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 3


def test_classes_repeat_a_colour_only_with_another_shape():
    looks = class_looks([f"class {number}" for number in range(60)])
    assert len(set(looks.values())) == 60
    assert len({colour for colour, _ in list(looks.values())[:12]}) == 12
    assert {shape for _, shape in list(looks.values())[:12]} == {"circle"}
    assert "x" not in {shape for _, shape in looks.values()}, "that is an error"
