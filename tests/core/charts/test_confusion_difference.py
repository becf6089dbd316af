"""The difference of two confusion matrices."""

from core.charts.confusion import NUMBERS, confusion_chart
from core.charts.confusion_difference import DifferenceCell, confusion_difference_chart, difference_cells
from tests.chart_values import EVIL

A, B = ((8, 2, 0), (1, 9, 0), (0, 0, 0)), ((5, 4, 1), (1, 9, 0), (0, 0, 0))
NAMES = ("rose", "tulip", "yew")


def test_a_cell_counts_for_the_run_with_more_right_or_fewer_wrong_answers():
    assert difference_cells(A, B, NAMES) == (
        DifferenceCell(true="rose", predicted="rose", a=8, b=5),
        DifferenceCell(true="rose", predicted="tulip", a=2, b=4),
        DifferenceCell(true="rose", predicted="yew", a=0, b=1),
        DifferenceCell(true="tulip", predicted="rose", a=1, b=1),
        DifferenceCell(true="tulip", predicted="tulip", a=9, b=9),
    )
    assert [(cell.more, cell.gain) for cell in difference_cells(A, B, NAMES)] == [
        (3, 3), (-2, 2), (-1, 1), (0, 0), (0, 0),
    ]  # fmt: skip


def test_the_difference_shows_signed_numbers_on_a_scale_that_is_symmetric_about_no_difference():
    heat, cells = confusion_difference_chart(A, B, NAMES, ("Lite1", "Lite0")).figure.data
    assert [list(row) for row in heat.z] == [[3, 2, 1], [0, 0, None], [None, None, None]]
    assert (heat.zmin, heat.zmax) == (-3, 3)
    assert list(cells.text) == ["+3", "−2", "−1", "", ""]
    assert cells.customdata[1][2] == "predicted as tulip: Lite1 2, Lite0 4"


def test_a_click_on_a_cell_of_the_difference_knows_its_classes_also_where_nothing_changed():
    cells = confusion_difference_chart(A, B, (EVIL, "tulip", "yew"), ("Lite1", "Lite0")).figure.data[-1]
    assert [entry[3:] for entry in cells.customdata][3:] == [["tulip", EVIL], ["tulip", "tulip"]]


def test_two_equal_tables_have_no_colour_and_a_title_that_says_so():
    heat, _ = confusion_difference_chart(A, A, NAMES, ("Lite1", "Lite0")).figure.data
    assert {value for row in heat.z for value in row} == {0, None}
    assert confusion_difference_chart(A, A, NAMES, ("Lite1", "Lite0")).title == (
        "Lite1 and Lite0 confuse the same classes equally often"
    )


def test_the_title_of_the_difference_names_the_confusion_that_differs_most():
    said = "Lite1 predicts rose as tulip less often than Lite0: 2 instead of 4 times"
    assert confusion_difference_chart(A, B, NAMES, ("Lite1", "Lite0")).title == said
    assert confusion_difference_chart(B, A, NAMES, ("Lite0", "Lite1")).title == said
    assert "Blue: Lite1 is better" in confusion_difference_chart(A, B, NAMES, ("Lite1", "Lite0")).caption


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_numbers_can_be_read_on_every_colour_of_both_tables():
    heats = [*confusion_chart(A, NAMES).figure.data, *confusion_difference_chart(A, B, NAMES, ("a", "b")).figure.data]
    colours = [colour for heat in heats if heat.type == "heatmap" for _, colour in heat.colorscale]
    numbered = [colour for colour in colours if colour.startswith("#")]  # no number stands on the grey of cells alike
    ink = _luminance(NUMBERS)
    assert (len(colours), len(numbered)) == (9, 8)
    assert min((_luminance(colour) + 0.05) / (ink + 0.05) for colour in numbered) > 6
