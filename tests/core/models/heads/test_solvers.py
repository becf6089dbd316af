"""Heads as plain arrays: what is written is what is read, and scikit-learn's solvers say the same before and after."""

import pickle

import numpy as np
import pytest

from core.errors import InvalidInput, Unavailable
from core.models.heads import candidates, fit_linear, fit_trees
from core.models.heads.dense import DenseHead, Layer, row_fractions, softmax, write_dense
from core.models.heads.head_file import write_arrays
from core.models.heads.load import load_head
from core.models.heads.solvers import fit_solver
from core.recipes.recipe import Solver

SOLVERS = list(Solver)


def photos(n, classes=3, features=12, seed=0):
    """Features (n, features) in which every class has a place of its own, and labels."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(0, 1, (classes, features)) * 2 + 3
    labels = np.arange(n) % classes
    return (centres[labels] + generator.normal(0, 1.2, (n, features))).astype(np.float32), labels


def fitted(solver, classes=3, **options):
    train, labels = photos(120, classes, seed=1)
    validation, validation_labels = photos(60, classes, seed=2)
    return fit_solver(solver, train, labels, validation, validation_labels, **options)


# --- dense ---


def test_a_dense_head_computes_layer_by_layer(tmp_path):
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=(4, 5)), generator.normal(size=(5, 3))
    layers = [Layer(first, np.ones(5), "relu"), Layer(second, np.zeros(3), "softmax")]
    rows = generator.normal(size=(7, 4)).astype(np.float32)
    expected = softmax(np.maximum(rows @ first + 1, 0) @ second)
    head = load_head(write_dense(tmp_path / "head.npz", layers))
    np.testing.assert_allclose(head(rows), expected, atol=1e-5)
    assert head(rows).dtype == np.float32
    assert head(rows[:0]).shape == (0, 3)


def test_softmax_of_huge_scores_does_not_overflow():
    np.testing.assert_allclose(softmax(np.float32([[1e4, 0, -1e4]])), [[1, 0, 0]])


def test_shares_of_nothing_are_all_alike():
    np.testing.assert_allclose(row_fractions(np.float32([[0.2, 0.6], [0, 0]])), [[0.25, 0.75], [0.5, 0.5]])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Layer(np.zeros((3, 2)), np.zeros(3)),
        lambda: Layer(np.zeros(3), np.zeros(3)),
        lambda: Layer(np.zeros((3, 2)), np.zeros(2), "tanh"),
        lambda: DenseHead([Layer(np.zeros((3, 2)), np.zeros(2)), Layer(np.zeros((3, 2)), np.zeros(2))]),
        lambda: DenseHead([]),
    ],
)
def test_layers_that_do_not_fit_are_refused(wrong):
    with pytest.raises(InvalidInput, match="Received|Choose from"):
        wrong()


# --- files ---


def test_the_same_head_is_the_same_file(tmp_path):
    layers = [Layer(np.eye(3), np.zeros(3), "softmax")]
    one, two = (write_dense(tmp_path / name, layers).read_bytes() for name in ("one.npz", "two.npz"))
    assert one == two


def test_a_file_that_holds_objects_is_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("something was unpickled",))

    with (tmp_path / "head.npz").open("wb") as file:
        np.savez(file, kind=np.array("dense"), activations=np.array([Trap()], object))
    with pytest.raises(Unavailable, match=r"head\.npz is no head"):
        load_head(tmp_path / "head.npz")
    (tmp_path / "head.npz").write_bytes(pickle.dumps({"kind": 1}))
    with pytest.raises(Unavailable, match=r"head\.npz is no head"):
        load_head(tmp_path / "head.npz")


@pytest.mark.parametrize("name", ["head.npz", "head.tflite"])
def test_a_damaged_file_is_named(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(Unavailable, match=name):
        load_head(path)
    path.write_bytes(b"nothing anybody could run")
    with pytest.raises(Unavailable, match=name):
        load_head(path)


@pytest.mark.parametrize("arrays", [{}, {"activations": np.array(["softmax"])}, {"labels": np.zeros(3)}])
@pytest.mark.parametrize("kind", ["dense", "neighbours", "trees", "oracle"])
def test_a_head_that_lacks_something_is_named(tmp_path, kind, arrays):
    write_arrays(tmp_path / "head.npz", kind, arrays)
    with pytest.raises(Unavailable, match=r"head\.npz is no head"):
        load_head(tmp_path / "head.npz")


# --- solvers ---


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("classes", [2, 3])
def test_every_solver_learns_and_says_probabilities(solver, classes):
    head = fitted(solver, classes)
    rows, labels = photos(90, classes, seed=3)
    probabilities = head.probabilities(rows)
    assert probabilities.shape == (90, classes)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.9


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_is_stored_says_what_was_fitted(solver, tmp_path):
    head = fitted(solver)
    rows, _ = photos(30, seed=4)
    stored = load_head(tmp_path / head.write(tmp_path))
    np.testing.assert_allclose(stored(rows), head.probabilities(rows), atol=1e-6)
    one_by_one = np.concatenate([stored(row[None]) for row in rows])
    np.testing.assert_allclose(one_by_one, head.probabilities(rows), atol=1e-5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_same_seed_gives_the_same_head(solver):
    one, two = fitted(solver, seed=7), fitted(solver, seed=7)
    rows, _ = photos(30, seed=4)
    np.testing.assert_array_equal(one.probabilities(rows), two.probabilities(rows))
    assert one.choice == two.choice


def test_c_is_the_one_with_the_smallest_validation_loss():
    choice = fitted(Solver.LOGISTIC_REGRESSION).choice
    tried = [row["C"] for row in choice["tried"]]
    assert tried == list(fit_linear.LOGISTIC_CS[: len(tried)])
    best = min(choice["tried"], key=lambda row: row["loss"])
    assert choice["chosen"] == {"C": best["C"]}
    assert choice["by"] == "validation loss"


def test_trying_ends_when_the_validation_loss_has_risen_twice():
    losses = [3.0, 2.0, 2.5, 1.0, 1.5, 1.6, 0.1]
    tried = [candidates.HeadCandidate({"C": loss}, None, 0.0, loss) for loss in losses]
    assert [one.loss for one in candidates.until_worse(tried)] == losses[:6]


def test_only_as_many_neighbours_are_tried_as_there_are_photos():
    train, labels = photos(9)
    head = fit_solver(Solver.K_NEAREST_NEIGHBOURS, train, labels, train, labels)
    assert {row["k"] for row in head.choice["tried"]} == {1, 3, 5}


def test_probabilities_of_the_svm_decide_as_its_scores_do():
    from sklearn.svm import LinearSVC

    train, labels = photos(120, seed=1)
    head = fitted(Solver.LINEAR_SVM)
    spread = train.std()
    svm = LinearSVC(C=head.choice["chosen"]["C"], random_state=0).fit(train / spread, labels)
    rows, _ = photos(90, seed=5)
    np.testing.assert_array_equal(head.probabilities(rows).argmax(axis=1), svm.predict(rows / spread))


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_neighbours_vote_as_in_scikit_learn(weights):
    from sklearn.neighbors import KNeighborsClassifier

    from core.models.heads.neighbours import NeighboursHead, unit

    train, labels = photos(120, seed=1)
    rows, _ = photos(60, seed=5)
    rows = np.concatenate([rows, train[:3]])  # copies of training photos decide alone
    head = NeighboursHead(directions=unit(train), labels=labels, class_weights=np.ones(3), k=5, weights=weights)
    model = KNeighborsClassifier(5, metric="cosine", weights=weights).fit(train, labels)
    np.testing.assert_allclose(head(rows), model.predict_proba(rows), atol=2e-3)


def test_trees_say_what_scikit_learn_says():
    from sklearn.ensemble import HistGradientBoostingClassifier

    train, labels = photos(120, seed=1)
    rows, _ = photos(60, seed=5)
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(train, labels)
    head = fit_trees._trees(model._predictors, model._baseline_prediction, np.arange(train.shape[1]))
    np.testing.assert_allclose(head(rows), model.predict_proba(rows), atol=1e-6)


def test_boosting_sees_the_features_that_tell_the_classes_apart(monkeypatch):
    monkeypatch.setattr(fit_trees, "BOOSTED_FEATURES", 4)
    train, labels = photos(120, features=4)
    noise = np.random.default_rng(0).normal(size=(120, 50)).astype(np.float32)
    wide = np.concatenate([noise[:, :25], train, noise[:, 25:]], axis=1)
    head = fit_solver(Solver.GRADIENT_BOOSTING, wide, labels, wide, labels)
    assert set(head.head.feature.tolist()) - {0} <= {25, 26, 27, 28}


def rare(seed, rare_photos):
    """Two classes that overlap, the second of them with ``rare_photos`` of 200."""
    labels = np.repeat([0, 1], [200 - rare_photos, rare_photos])
    rows = labels[:, None] * 0.8 + np.random.default_rng(seed).normal(0, 1, (200, 6)) + 3
    return rows.astype(np.float32), labels


@pytest.mark.parametrize("solver", SOLVERS)
def test_weighted_classes_are_answered_more_often(solver):
    weights = np.float32([200 / 360, 200 / 40])
    data = (*rare(0, 20), *rare(1, 100))
    rows, _ = rare(2, 100)
    plain, weighted = (fit_solver(solver, *data, class_weights=each) for each in (None, weights))
    assert weighted.probabilities(rows)[:, 1].mean() > plain.probabilities(rows)[:, 1].mean() + 0.02


def test_a_class_without_a_training_photo_is_refused():
    train, labels = photos(30)
    with pytest.raises(InvalidInput, match="label 1"):
        fit_solver(Solver.LINEAR_SVM, train[labels != 1], labels[labels != 1], train, labels)


def test_a_head_that_scikit_learn_contradicts_is_not_handed_out(monkeypatch):
    monkeypatch.setattr(fit_linear, "_two_sided", lambda kernel, bias: (-kernel, bias))
    with pytest.raises(Unavailable, match=r"differs from scikit-learn's .* requirements\.txt"):
        fitted(Solver.LOGISTIC_REGRESSION)
