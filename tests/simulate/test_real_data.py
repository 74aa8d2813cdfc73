"""Two classes of data as two clusters: estimates, units, predicted curves against scikit-learn, refusals."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import replica
from replica.simulate.instances import draw, given_instance

CLUSTERS = replica.mixture(noise=0.5, balance=0.3)


def clusters(seed: int = 1, n: int = 40, alpha: float = 20.0) -> tuple[np.ndarray, np.ndarray]:
    return replica.instance(CLUSTERS, n=n, alpha=alpha, seed=seed)


def test_estimates_have_no_bias_and_honest_errors() -> None:
    """Over data sets with twice as many samples as features, where what chance adds to the distance is a quarter."""
    truth = {"noise": 0.5, "balance": 0.3, "scale": 1.0, "dimension": 40.0, "anisotropy": 1.0}
    found = [replica.from_data(*clusters(seed, 40, 5.0), standardise=False) for seed in range(40)]
    for name, value in truth.items():
        values = np.array([getattr(one, name) for one in found])
        errors = np.array([one.errors[name] for one in found])
        spread = values.std(ddof=1)
        assert abs(values.mean() - value) < 4 * spread / np.sqrt(40) + 0.005 * value, name
        # leaving out groups is cautious about the dimension, a ratio of quadratic forms
        assert 0.6 < np.sqrt(np.mean(errors**2)) / spread < (2.2 if name == "dimension" else 1.5), name
    assert all(one.status.startswith("converged") for one in found)


def test_units_do_not_matter() -> None:
    """Features in other units, moved and turned, other names of the classes, a constant feature: the same clusters."""
    X, y = clusters()
    turned, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((40, 40)))
    other = np.column_stack([7.0 * (X @ turned) + 3.0, np.full(len(X), 5.0)])
    one = replica.from_data(X, y, standardise=False)
    two = replica.from_data(other, np.where(y > 0, "yes", "no"), standardise=False)
    assert two.classes == ("no", "yes")
    assert two.X.shape[1] == 40
    for name in ("noise", "balance", "dimension", "anisotropy"):
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-10), name
        assert two.errors[name] == pytest.approx(one.errors[name], rel=1e-6), name
    assert two.scale == pytest.approx(7.0 * one.scale, rel=1e-10)
    penalties = [c.model("square", k).parameter("penalty") for c, k in ((one, 1.0), (two, 49.0))]
    assert penalties[1] == pytest.approx(penalties[0])
    wide = replica.from_data(X * np.linspace(1, 9, 40), y)  # standardised: the scale of each feature is no matter
    assert np.allclose(wide.X.std(axis=0), 1.0)
    assert wide.dimension == pytest.approx(one.dimension, rel=0.1)


def test_a_penalty_is_that_of_scikit_learn() -> None:
    """Weights trained on the features: overlap and norm in the units of the model are its order parameters."""
    drawn = draw(CLUSTERS, n=400, alpha=3.0, seed=5)
    X, y, centroid = 3.0 * drawn.X, drawn.y, 3.0 * drawn.direction / 20.0
    found = replica.from_data(X, y, standardise=False)
    middle = X[0] - found.X[0]
    for loss, penalty, fit in (
        ("square", 500.0, Ridge(alpha=500.0)),
        ("logistic", 200.0, LogisticRegression(C=1 / 200.0, tol=1e-8, max_iter=1000)),
    ):
        solution = replica.solve(found.model(loss, penalty), alpha=found.alpha(len(y)))
        v = fit.fit(found.X, y).coef_.ravel()
        assert found.scale**2 * (v @ v) == pytest.approx(solution["q"], rel=0.08)
        assert v @ centroid == pytest.approx(solution["m"], rel=0.08)
        assert float(np.ravel(fit.intercept_)[0]) - v @ middle == pytest.approx(solution["bias"], abs=0.06)


@pytest.mark.parametrize(("loss", "penalty"), [("square", 20.0), ("logistic", 2.0), ("hinge", 4.0)])
def test_prediction_and_fits_agree_on_clusters(loss: str, penalty: float) -> None:
    report = replica.from_data(*clusters()).compare([30, 100, 300], loss=loss, penalty=penalty, repeats=6, seed=2)
    assert report.sizes == {"observable": 2, "samples": 3}
    assert np.all(np.abs(report["z"]) < 3.0)
    errors = report["theory"].sel(observable="generalization_error").values
    assert np.all(np.diff(errors) < 0)
    assert np.all(report["standard_error"] > 0)
    assert np.all(report["theory_error"] < 0.03)


def test_curve_is_that_of_the_model() -> None:
    found = replica.mixture.from_data(*clusters())  # type: ignore[attr-defined]
    curve = found.learning_curve([50, 200], loss="square", penalty=3.0, bias=False)
    assert curve.attrs["kind"] == "curve"
    assert np.allclose(curve["alpha"], [found.alpha(50), found.alpha(200)])
    solution = replica.solve(found.model("square", 3.0, False), alpha=found.alpha(200))
    assert float(curve["generalization_error"][1]) == pytest.approx(solution["generalization_error"], rel=1e-12)
    assert np.all(curve["error"] > 1e-4)
    assert replica.plot(curve).get_xlabel()


def test_files(tmp_path: Any) -> None:
    X, y = clusters()
    np.savez(tmp_path / "data.npz", X=X, y=y)
    np.savetxt(tmp_path / "data.csv", np.column_stack([X, y]), delimiter=",")
    expected = replica.from_data(X, y)
    for name in ("data.npz", "data.csv"):
        assert replica.from_data(tmp_path / name).noise == pytest.approx(expected.noise, rel=1e-12)
    with pytest.raises(ValueError, match="y must be None"):
        replica.from_data(tmp_path / "data.npz", y)


def test_wrong_data_are_refused() -> None:
    X, y = clusters()
    noise = np.random.default_rng(1).standard_normal((60, 40))
    for a, b, words in (
        (X, y[:-1], "shape"),
        (X[:, 0], y, "shape"),
        (np.where(X > 2, np.nan, X), y, "finite"),
        ([["a"]] * len(y), y, "numbers"),
        (X, np.arange(len(y)) % 3, "two classes"),
        (X[:60], np.where(np.arange(60) < 19, 1, -1), "at least 20"),
        (np.ones_like(X), y, "not constant"),
        (noise, np.arange(60) % 2, "than chance"),
    ):
        with pytest.raises(ValueError, match=words):
            replica.from_data(a, b)
    with pytest.raises(ValueError, match="dimension"):
        replica.from_data(X, y, dimension="efective")


def test_wrong_questions_are_refused() -> None:
    found = replica.from_data(*clusters())
    for options, words in (
        ({"samples": [30.5]}, "whole numbers"),
        ({"samples": [100, 795]}, "to 790"),
        ({"samples": [30], "penalty": -1.0}, "penalty"),
        ({"samples": [30], "penalty": np.inf}, "penalty"),
        ({"samples": [30], "bias": 0.3}, "bias"),
        ({"samples": [30], "repeats": 1}, "repeats"),
        ({"samples": [30], "loss": "margin"}, "scikit-learn"),
    ):
        with pytest.raises(ValueError, match=words):
            found.compare(**{"loss": "square"} | options)
    with pytest.raises(ValueError, match="samples"):
        found.learning_curve([0.0, 10.0], loss="square")


def test_a_number_without_its_error_is_no_answer() -> None:
    """Estimates without one group of patterns that have no solution: NaN, and the status says so."""
    found = replica.from_data(*clusters())
    replicates = found.replicates.copy()
    replicates[0, 0] = 1e-9  # a noise at which the logistic loss is not minimised
    curve = dataclasses.replace(found, replicates=replicates).learning_curve([300], loss="logistic", penalty=0.0)
    assert np.all(np.isnan(curve["generalization_error"]))
    assert all(str(text).startswith("not converged: unsolved within the errors") for text in curve["status"].values)


def shapes(samples: int, seed: int = 2) -> tuple[np.ndarray, np.ndarray, replica.Model]:
    """Patterns of clusters that are not round, in 24 dimensions, and the model that drew them."""
    rng = np.random.default_rng(7)
    means = rng.standard_normal((2, 24)) / np.sqrt(24)
    basis, _ = np.linalg.qr(rng.standard_normal((24, 24)))
    spectra = np.array([np.geomspace(0.05, 4.0, 24), rng.permutation(np.geomspace(0.1, 2.0, 24))])
    covariances = np.array([(basis * spectra[0]) @ basis.T, np.diag(spectra[1])])
    model = replica.clusters("logistic", means=means, covariances=covariances, balance=0.4)
    return *replica.instance(model, n=24, alpha=samples / 24, seed=seed), model


def test_shapes_are_estimated() -> None:
    """From many patterns: the moments that drew them, up to a shift of the origin; the raw ones without shrinkage."""
    X, y, model = shapes(6000)
    found = replica.from_data(X, y, covariance="general", standardise=False)
    truth = model.data
    assert np.allclose(found.covariances, truth.covariances, atol=0.25)
    assert np.allclose(found.means[0] - found.means[1], truth.means[0] - truth.means[1], atol=0.15)
    assert np.all((found.shrinkage > 0) & (found.shrinkage < 0.1))
    assert found.dimension == 24 and found.balance == pytest.approx(0.4, abs=0.03)
    raw = replica.from_data(X, y, covariance="general", standardise=False, shrinkage=0.0)
    assert np.allclose(raw.covariances[0], np.cov(X[y == 1].T), rtol=1e-10)
    curve = found.learning_curve([24, 96], loss="logistic", penalty=2.4)
    for samples, value, error in zip((24, 96), curve["generalization_error"], curve["error"], strict=True):
        known = replica.solve(model.with_parameters(penalty=0.1), alpha=samples / 24)["generalization_error"]
        assert abs(float(value) - known) < 4 * float(error)
        assert 1e-4 < float(error) < 0.01


def test_chance_does_not_move_the_means_apart() -> None:
    """Over small data sets the squared distance of the means is that of the clusters, not that of the sample."""
    model = shapes(10)[2]
    apart = np.sum((model.data.means[0] - model.data.means[1]) ** 2)
    found = [replica.from_data(*shapes(150, seed)[:2], covariance="general", standardise=False) for seed in range(30)]
    distances = np.array([np.sum((one.means[0] - one.means[1]) ** 2) for one in found])
    assert abs(distances.mean() - apart) < 4 * distances.std() / np.sqrt(30)


@pytest.mark.parametrize(
    ("loss", "penalty"), [("square", 20.0), pytest.param("hinge", 4.0, marks=pytest.mark.bench)]
)
def test_shapes_predict_fits_where_round_clusters_do_not(loss: str, penalty: float) -> None:
    """Estimated on one half of the patterns, fits on the other."""
    X, y, _ = shapes(4000)
    sizes, scores = [24, 96, 400], {}
    for covariance in ("isotropic", "general"):
        found = replica.from_data(X, y, covariance=covariance, share=0.5)
        assert len(found.y) == 2000
        report = found.compare(sizes, loss=loss, penalty=penalty, repeats=6, seed=2)
        scores[covariance] = report["z"].sel(observable="generalization_error").values
    assert np.all(np.abs(scores["general"]) < 3.0)
    assert np.max(np.abs(scores["isotropic"])) > 4.0


def test_words_as_labels_and_names_of_columns(tmp_path: Any) -> None:
    X, y = clusters()
    rows = [",".join([f"x{k}" for k in range(40)] + ["class"])]
    rows += [",".join([*(f"{v:.17g}" for v in x), " big" if one > 0 else "small"]) for x, one in zip(X, y, strict=True)]
    (tmp_path / "data.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    found = replica.from_data(tmp_path / "data.csv")
    assert found.classes == ("big", "small")
    assert found.noise == pytest.approx(replica.from_data(X, y).noise, rel=1e-9)
    signs = given_instance(replica.mixture(), tmp_path / "data.csv").y
    assert np.array_equal(signs, np.where(y > 0, -1.0, 1.0))  # small comes after big
    (tmp_path / "bad.csv").write_text("a,b,c\n1,x,1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no instance"):
        replica.from_data(tmp_path / "bad.csv")


def test_wrong_descriptions_are_refused() -> None:
    X, y = clusters()
    for options, words in (
        ({"covariance": "genera"}, "general"),
        ({"shrinkage": 1.5}, "shrinkage"),
        ({"share": 0.0}, "share"),
        ({"share": 0.01}, "at least 20"),
    ):
        with pytest.raises(ValueError, match=words):
            replica.from_data(X, y, **options)
    with pytest.raises(ValueError, match="penalty"):
        replica.from_data(X, y, covariance="general").model("square", np.inf)


def test_one_feature_is_isotropic() -> None:
    """In one dimension the variance along the difference of the centroids is the variance."""
    for seed, unit in ((1, 1.0), (2, 37.0), (3, 1e-3)):
        rng = np.random.default_rng(seed)
        y = np.repeat([0, 1], 30)
        x = unit * (rng.standard_normal((60, 1)) + 0.8 * y[:, None])
        found = replica.from_data(x, y, standardise=unit == 1.0)
        assert found.anisotropy == pytest.approx(1.0, abs=1e-12)
        assert found.dimension == pytest.approx(1.0, abs=1e-12)
        assert "not isotropic" not in found.status
        spread = sum(np.sum((x[y == k] - x[y == k].mean()) ** 2) for k in (0, 1)) / 58  # pooled, unbiased
        apart = (x[y == 1].mean() - x[y == 0].mean()) ** 2 - spread / 15
        assert found.noise == pytest.approx(4.0 * spread / apart, rel=1e-10)


@pytest.mark.parametrize("unit", [1e-310, 1e-170, 1e155, 1e300])
def test_units_near_the_edge_of_doubles(unit: float) -> None:
    X, y = clusters(n=6)
    X = X + 0.5
    plain = replica.from_data(X, y)
    other = X.copy()
    other[:, :2] *= unit
    found = replica.from_data(other, y)
    assert found.noise == pytest.approx(plain.noise, rel=1e-6 if unit > 1e-300 else 1e-3)
    with pytest.raises(ValueError, match="without standardise must have a largest modulus between"):
        replica.from_data(X * unit, y, standardise=False)


@pytest.mark.parametrize("covariance", ["isotropic", "general"])
def test_features_without_a_spread_inside_the_classes(covariance: str) -> None:
    y = np.repeat([0, 1], 40)
    for X in (y[:, None] * 1.0, np.column_stack([0.1 * y + 7.0, 5.0 - 1e5 * y])):
        with pytest.raises(ValueError, match="do not vary inside the classes"):
            replica.from_data(X, y, covariance=covariance)
    beside = np.column_stack([clusters(n=4)[0], y])  # one such feature among others is a good one
    assert replica.from_data(beside, y, covariance=covariance).status.startswith("converged")


def test_an_index_is_no_feature() -> None:
    X, y = clusters(n=6)
    for start in (0, 1):
        with pytest.warns(UserWarning, match="column 3 of X counts the patterns"):
            replica.from_data(np.insert(X, 2, start + np.arange(len(X)), axis=1), y)
