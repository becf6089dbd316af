"""The confusion matrix of one run."""

from core.charts.confusion import confusion_chart, confusion_table
from tests.chart_values import EVIL


def test_confusion_cells_are_shares_of_their_true_class():
    table = confusion_table(((3, 1), (0, 0)), ("rose", "tulip"))
    assert [[(cell.photos, cell.fraction) for cell in row] for row in table] == [
        [(3, 0.75), (1, 0.25)],
        [(0, 0.0), (0, 0.0)],
    ]


def test_right_and_wrong_answers_have_their_own_colours_and_empty_cells_none():
    right, wrong, cells = confusion_chart(((3, 1), (0, 4)), ("rose", "tulip")).figure.data
    assert [list(row) for row in right.z] == [[0.75, None], [None, 1.0]]
    assert [list(row) for row in wrong.z] == [[None, 0.25], [None, None]]
    assert list(cells.text) == ["3", "1", "4"]


def test_a_click_on_a_cell_knows_its_classes():
    cells = confusion_chart(((3, 1), (0, 4)), (EVIL, "tulip")).figure.data[-1]
    assert [entry[3:] for entry in cells.customdata] == [[EVIL, EVIL], [EVIL, "tulip"], ["tulip", "tulip"]]


def test_cells_of_very_many_classes_show_no_numbers_but_can_be_pointed_at():
    many = confusion_chart([[1] * 50] * 50, [f"class {number}" for number in range(50)]).figure.data[-1]
    assert many.mode == "markers"
    assert len(many.x) == 2500


def test_the_title_of_the_confusion_table_names_the_worst_confusion():
    assert confusion_chart(((3, 1), (2, 4)), ("rose", "tulip")).title == (
        "Most frequent confusion: tulip predicted as rose, 2 of 6 photos"
    )
    assert confusion_chart(((3, 0), (0, 4)), ("a", "b")).title == "All test photos are classified correctly"


def test_the_table_of_confusions_holds_the_cells_that_have_photos():
    assert confusion_chart(((3, 1), (0, 4)), ("rose", "tulip")).rows() == [
        {"true": "rose", "answer": "rose", "photos": 3, "share_of_class": 0.75},
        {"true": "rose", "answer": "tulip", "photos": 1, "share_of_class": 0.25},
        {"true": "tulip", "answer": "tulip", "photos": 4, "share_of_class": 1.0},
    ]


def test_of_very_many_classes_those_with_most_wrong_answers_are_drawn_and_the_caption_says_so():
    names = [f"class {number}" for number in range(200)]
    counts = [[5 if true == given else 0 for given in range(200)] for true in range(200)]
    counts[150][20] = 3
    table = confusion_table(counts, names)
    drawn = [row[0].true for row in table]
    assert len(drawn) == 80
    assert {"class 150", "class 20"} <= set(drawn)
    assert confusion_chart(counts, names).caption == "The 80 of 200 classes with the most wrong predictions are drawn."
    assert confusion_chart(((3, 1), (0, 4)), ("rose", "tulip")).caption == ""
    (cell,) = [cell for row in table for cell in row if cell.true == "class 150" and cell.predicted == "class 20"]
    assert cell.fraction == 3 / 8, "of the whole class, whatever is drawn"
