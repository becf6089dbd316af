"""Charts of a dataset."""

from core.charts import dataset as dataset_charts
from core.charts import look
from core.charts.dataset import class_balance_chart, image_sizes_chart
from tests.chart_values import a_dataset, a_photo


def test_class_bars_are_ordered_by_size_and_split():
    bars = dataset_charts.class_bars(a_dataset(rose=(2, 1, 0), tulip=(8, 1, 1)))
    assert [(bar.class_name, bar.split, bar.photos) for bar in bars] == [
        ("tulip", "train", 8),
        ("tulip", "validation", 1),
        ("tulip", "test", 1),
        ("rose", "train", 2),
        ("rose", "validation", 1),
        ("rose", "test", 0),
    ]


def test_the_title_of_class_balance_says_whether_classes_are_even():
    assert class_balance_chart(a_dataset(a=(3, 1, 1), b=(4, 1, 1))).title == "The 2 classes are balanced"
    assert (
        class_balance_chart(a_dataset(rose=(1, 1, 0), tulip=(7, 1, 1))).title
        == "tulip has 4.5 times the photos of rose"
    )


def test_few_photos_have_no_halves_on_the_axis():
    assert class_balance_chart(a_dataset(a=(1, 1, 1), b=(1, 1, 1))).figure.layout.xaxis.dtick == 1
    assert class_balance_chart(a_dataset(a=(90, 1, 1), b=(1, 1, 1))).figure.layout.xaxis.dtick is None


def test_size_dots_count_photos_of_one_size():
    dots = dataset_charts.size_dots([a_photo(640, 480), a_photo(640, 480), a_photo(100, 80)])
    assert [(dot.width, dot.height, dot.photos) for dot in dots] == [(100, 80, 1), (640, 480, 2)]


def test_very_many_sizes_are_gathered_and_none_is_lost():
    photos = [a_photo(300 + number, 900 - number) for number in range(500)]
    dots = dataset_charts.size_dots(photos, most=50)
    assert len(dots) <= 50
    assert sum(dot.photos for dot in dots) == 500
    assert all(abs(dot.width + dot.height - 1200) <= 32 for dot in dots), "and each stays near its place"


def test_the_title_of_image_sizes_names_the_usual_and_the_smallest():
    photos = [a_photo(640, 480), a_photo(640, 480), a_photo(100, 80)]
    assert image_sizes_chart(photos).title == "Median size: 640 x 480 pixels, smallest photo: 100 x 80"
    assert image_sizes_chart(photos[:1]).title == "Median size: 640 x 480 pixels"


def test_two_long_names_that_look_alike_when_cut_stay_apart():
    long = [f"{'x' * 60}{middle}{'y' * 60}" for middle in "ab"]
    assert len(set(look.distinct_labels(long))) == 2
    assert len(set(class_balance_chart(a_dataset(**dict.fromkeys(long, (1, 0, 0)))).figure.data[0].y)) == 2


def test_the_tables_hold_what_is_drawn():
    assert class_balance_chart(a_dataset(rose=(2, 1, 0))).rows()[0] == {
        "class_name": "rose", "split": "train", "photos": 2,
    }  # fmt: skip
    assert image_sizes_chart([a_photo(640, 480)]).rows() == [{"width": 640, "height": 480, "photos": 1}]
