"""Whether a difference between two runs is real, and how that is said."""

import io
import zipfile
from random import Random

import numpy as np
import pytest

from core.comparison.compare import compare
from core.comparison.paired import paired
from core.comparison.photos import confusion_cells
from core.comparison.statistics import holm, mcnemar, newcombe
from core.comparison.summary import claim, verdict
from core.comparison.table import leaderboard
from core.errors import InvalidInput, NotFound
from core.files.arrays import Damaged, read_npz
from core.files.home import run_folder
from core.runs.predictions import Predictions, read_predictions
from core.settings import Settings
from tests.comparison_values import a_cost, a_run, answers


def test_the_exact_test_stays_exact_where_numbers_are_huge():
    assert mcnemar(5000, 5000) == 1.0
    assert 0 < mcnemar(4000, 5000) < 1e-20


def test_the_interval_of_a_difference_is_newcombes():
    # complete response before and after therapy (Cavo et al. 2012), as printed by R's package contingencytables
    difference, low, high = newcombe(59, 6, 16, 80)
    assert (round(difference, 4), round(low, 4), round(high, 4)) == (-0.0621, -0.1186, -0.0046)


def test_the_interval_turns_round_with_the_runs_and_never_leaves_the_scale():
    for table in [(59, 6, 16, 80), (0, 5, 0, 0), (10, 0, 0, 0), (0, 3, 4, 0), (1, 1, 7, 12)]:
        both, only_a, only_b, neither = table
        difference, low, high = newcombe(*table)
        back, back_low, back_high = newcombe(both, only_b, only_a, neither)
        assert (difference, low, high) == pytest.approx((-back, -back_high, -back_low))
        assert -1 <= low <= difference <= high <= 1


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    draws = rng.multinomial(100, (0.80, 0.08, 0.04, 0.08), size=2000)
    hits = [low <= 0.04 <= high for _, low, high in (newcombe(*map(int, draw)) for draw in draws)]
    assert 0.93 <= np.mean(hits) <= 0.985


def test_holms_correction_is_the_published_one():
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.9, 0.8]) == (1.0, 1.0)
    assert holm([]) == ()


def test_answers_are_compared_photo_by_photo_whatever_their_order():
    a, b = answers("a", "+++++-+-"), answers("b", "++---++-", reverse=True)
    pair = paired(a, b)
    assert (pair.both_right, pair.only_a, pair.only_b, pair.both_wrong, pair.n) == (3, 3, 1, 1, 8)
    assert (pair.only_a_digests, pair.only_b_digests) == (("p2", "p3", "p4"), ("p5",))
    assert pair.difference == 0.25
    assert pair.p_value == mcnemar(3, 1)


def test_answers_for_other_photos_cannot_be_compared():
    with pytest.raises(InvalidInput, match="same test photos.*r-1 with 3 photos and r-2 with 2"):
        paired(answers("r-1", "+++"), answers("r-2", "++"))
    other = answers("r-2", "++")
    swapped = Predictions(
        run_id="r-2", digests=other.digests, labels=1 - other.labels, probabilities=other.probabilities
    )
    with pytest.raises(InvalidInput, match="do not agree on the true classes"):
        paired(answers("r-1", "++"), swapped)


def test_no_photos_at_all_cannot_be_compared():
    with pytest.raises(InvalidInput, match="0 photos"):
        paired(answers("r-1", ""), answers("r-2", ""))


def against_best(*predictions):
    """The best of several runs against each other one, as compared."""
    runs = [a_run(one.run_id, one.accuracy) for one in predictions]
    known = {one.run_id: one for one in predictions}
    names = ("even", "odd")
    return compare(runs, costs={}, evaluations={}, predictions=known, missing={}, class_names=names).against_best


NAMES = {"a": "Lite1", "b": "Lite0"}


def test_a_real_difference_is_called_better_with_its_interval():
    pair = paired(answers("b", "+" * 20 + "-" * 10 + "+" * 70), answers("a", "+" * 100))
    assert not pair.tie and pair.difference == pytest.approx(-0.1)
    assert verdict(pair, NAMES) == "Lite1 is more accurate than Lite0 by 10 points (95 %: 5.0 to 16.0, p = 0.002)."


def test_one_photo_makes_nobody_certain():
    """Right on all against right on none: every drawing is the same, which would be an interval without width."""
    for photos, lowest in ((1, -0.2), (4, 0.3), (40, 0.8)):
        pair = paired(answers("a", "+" * photos), answers("b", "-" * photos))
        assert (pair.low, pair.high) == newcombe(0, photos, 0, 0)[1:]
        assert lowest < pair.low < pair.difference == pair.high == 1
        back = paired(answers("b", "-" * photos), answers("a", "+" * photos))
        assert (back.low, back.high) == (-1, -pair.low)


def test_a_difference_that_could_be_chance_is_called_a_tie():
    pair = paired(answers("a", "+++++--+"), answers("b", "++++-+-+"))
    assert pair.tie
    assert (
        verdict(pair, NAMES) == "Lite1 and Lite0 are not distinguishable: both have the same accuracy on 8 test photos."
    )
    pair = paired(answers("a", "++++++-+"), answers("b", "++++-+-+"))
    assert verdict(pair, NAMES) == (
        "Lite1 is not distinguishable from Lite0: 12.5 points more accurate on 8 test photos, "
        "not statistically significant (p = 1.00)."
    )


def test_several_comparisons_with_the_best_are_corrected():
    best, close, far = (
        answers("best", "+" * 40),
        answers("close", "-" * 6 + "+" * 34),
        answers("far", "-" * 20 + "+" * 20),
    )
    to_close, to_far = against_best(close, best, far)
    assert (to_close.a, to_close.b, to_far.b) == ("best", "close", "far")
    assert to_close.p_value < 0.05 <= 2 * to_close.p_value
    assert not to_close.tie, "Holm tests the larger difference first and then this one at 5 %"
    assert to_far.adjusted_p == 2 * to_far.p_value
    assert against_best(best) == ()


def test_correction_can_turn_a_difference_into_a_tie():
    best, other = answers("best", "+" * 40), answers("other", "-" * 6 + "+" * 34)
    third = answers("third", "+" * 34 + "-" * 6)
    assert not paired(best, other).tie
    pairs = against_best(best, other, third)
    assert [pair.tie for pair in pairs] == [True, True]
    assert "corrected for 2 comparisons" in verdict(pairs[0], {})


def rows_of(**seconds):
    runs = [a_run(name, 0.9) for name in seconds]
    return leaderboard(runs, {name: a_cost(alone=cost) for name, cost in seconds.items()})


def test_the_claim_names_the_cheapest_of_those_that_tie_with_the_best():
    pairs = against_best(answers("best", "+" * 10), answers("cheap", "-" + "+" * 9))
    rows = rows_of(best=100.0, cheap=20.0)
    assert claim(rows, pairs) == "cheap is not distinguishable from best, at a fifth of the training time"
    assert claim(rows, pairs, "model_bytes").endswith("cheap, at the same model size")


def test_the_claim_of_a_winner_says_its_margin_and_its_price():
    pairs = against_best(answers("best", "+" * 40), answers("cheap", "-" * 20 + "+" * 20))
    assert claim(rows_of(best=160.0, cheap=100.0), pairs) == (
        "best is more accurate than cheap by 50 points, at 1.6 times the training time"
    )


def test_a_claim_without_rivals_or_costs_says_only_what_is_known():
    assert claim([], []) == "No run has been measured on the test photos yet"
    (row,) = rows_of(only=1.0)
    assert claim([row], []) == "only: 90.0 % ± 4.5 test accuracy"
    pairs = against_best(answers("best", "+" * 10), answers("cheap", "-" + "+" * 9))
    unknown = leaderboard([a_run("best"), a_run("cheap")], {})
    assert claim(unknown, pairs) == "best is not distinguishable from cheap"


def test_stored_answers_are_read_back(tmp_path):
    settings, kept = Settings(home=tmp_path), answers("r-1", "++-")
    folder = run_folder(settings, "r-1").path
    folder.mkdir(parents=True)
    np.savez(
        folder / "test.npz",
        digests=np.array(kept.digests),
        labels=kept.labels,
        probabilities=kept.probabilities.astype(np.float32),
    )
    read = read_predictions("r-1", "test", settings)
    assert read.digests == kept.digests
    assert read.accuracy == pytest.approx(2 / 3)
    assert paired(read, kept).difference == 0


def test_missing_and_damaged_answers_are_told_apart(tmp_path):
    settings = Settings(home=tmp_path)
    with pytest.raises(NotFound, match="Run r-1 has no predictions"):
        read_predictions("r-1", "test", settings)
    path = run_folder(settings, "r-1").path / "test.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, digests=np.array(["p0"]), labels=np.array([0]), probabilities=np.ones((2, 2)))
    with pytest.raises(InvalidInput, match="do not fit together"):
        read_predictions("r-1", "test", settings)
    for damage in (b"", b"no npz", path.read_bytes()[:200]):
        path.write_bytes(damage)
        with pytest.raises(InvalidInput, match="damaged"):
            read_predictions("r-1", "test", settings)


def stored_answers(**changed) -> bytes:
    arrays = {
        "digests": np.array(["p0", "p1"]),
        "labels": np.array([0, 1]),
        "probabilities": np.array([[0.9, 0.1], [0.2, 0.8]], np.float32),
    }
    file = io.BytesIO()
    np.savez(file, **arrays | changed)
    return file.getvalue()


@pytest.mark.parametrize(
    "changed",
    [
        {"labels": np.array([0.0, 1.0])},
        {"labels": np.array(["0", "1"])},
        {"labels": np.array([0, 2])},
        {"labels": np.zeros((2, 1), int)},
        {"digests": np.array("p0")},
        {"digests": np.array([["p0"], ["p1"]])},
        {"digests": np.array(["p0", "p0"])},
        {"probabilities": np.array([["x", "y"], ["y", "x"]])},
        {"probabilities": np.zeros((2, 2), complex)},
        {"probabilities": np.full((2, 2), np.nan)},
        {"probabilities": np.full((2, 2), 7.0)},
        {"probabilities": np.array(0.5)},
        {"digests": np.array([], str), "labels": np.array([], int), "probabilities": np.zeros((0, 2))},
    ],
    ids=lambda changed: " ".join(f"{name} {one.dtype} {one.shape}" for name, one in changed.items()),
)
def test_arrays_that_are_no_answers_are_refused(tmp_path, changed):
    path = run_folder(Settings(home=tmp_path), "r-1").path / "test.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(stored_answers(**changed))
    with pytest.raises(InvalidInput, match="Run r-1 has .* damaged"):
        read_predictions("r-1", "test", Settings(home=tmp_path))


def test_whatever_bytes_were_changed_a_file_is_read_or_called_damaged(tmp_path):
    path, random, whole = tmp_path / "test.npz", Random(1), stored_answers()
    refused = 0
    for _ in range(600):
        changed = bytearray(whole)
        for _ in range(random.choice([1, 3, 20])):
            changed[random.randrange(len(changed))] = random.randrange(256)
        path.write_bytes(changed)
        try:
            read_npz(path)
        except Damaged:
            refused += 1
    assert refused > 300


def test_a_file_that_lies_about_its_size_is_called_damaged(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 10)})
    with zipfile.ZipFile(tmp_path / "test.npz", "w") as file:
        file.writestr("labels.npy", header.getvalue())
    with pytest.raises(Damaged, match="MemoryError"):
        read_npz(tmp_path / "test.npz")


def test_answers_are_never_unpickled(tmp_path):
    settings = Settings(home=tmp_path)
    path = run_folder(settings, "r-1").path / "test.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, digests=np.array(["p0"], dtype=object), labels=np.array([0]), probabilities=np.ones((1, 2)))
    with pytest.raises(InvalidInput, match="damaged"):
        read_predictions("r-1", "test", settings)


def test_every_cell_of_the_confusion_table_lists_its_photos_surest_first():
    cells = confusion_cells(answers("r-1", "+-+-+-"), ("cat", "dog"))
    assert [(cell.true, cell.predicted, cell.digests) for cell in cells] == [
        ("cat", "cat", ("p4", "p2", "p0")),
        ("dog", "cat", ("p5", "p3", "p1")),
    ]


def test_class_names_must_fit_the_answers():
    with pytest.raises(InvalidInput, match="are for 2 classes, but its dataset has 3. Train it again"):
        confusion_cells(answers("r-1", "+-"), ("a", "b", "c"))
