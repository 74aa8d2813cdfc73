"""Franz-Parisi curves over many distances: how many points are solved, with what errors, in what time.

    python -m benchmarks.franz_parisi [distances]

Every point must be solved, or its status must say where the equations end. Prints one line per curve and exits
with 1 when a point is neither.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import replica

ENDED = ("have no solution at this distance: followed from", "no weights of the set are that close")
SOFT = replica.perceptron("spherical", loss=replica.Logistic(gain=1.0))
REFERENCES = {
    "None": replica.Reference(),
    "0.1": replica.Reference(margin=0.1),
    "logistic": replica.Reference(model=SOFT),
    "logistic, clipped": replica.Reference(model=SOFT, clipped=True),
    "largest margin": replica.Reference(model=replica.perceptron("spherical"), margin="max"),
}
MODELS = {weights: replica.perceptron(weights) for weights in ("binary", "spherical")}
CLUSTERS = {
    "clusters": replica.mixture(replica.Margin(0.0), weights="spherical"),
    "unequal": replica.mixture(replica.Margin(0.0), weights="spherical", balance=0.2),
}


def run(kind: str, alpha: float, name: str, distance: np.ndarray) -> bool:
    """One curve; whether every point is solved or said not to exist."""
    model = (MODELS | CLUSTERS)[kind]
    begin = time.process_time()
    curve = replica.franz_parisi(model, alpha=alpha, distance=distance, reference=REFERENCES[name])
    seconds = time.process_time() - begin
    status = curve["status"].values
    solved = np.array([text.startswith("converged") for text in status])
    ended = np.array([any(words in text for words in ENDED) for text in status])
    worst = float(np.max(curve["error"].values[solved])) if solved.any() else float("nan")
    words = f"{kind:9s} alpha={alpha:.1f} reference {name}: {solved.sum()} solved, {ended.sum()} ended"
    print(f"{words}, largest error {worst:.1e}, {seconds:.2f} s", flush=True)
    for text in sorted(set(status[~solved & ~ended])):
        print(f"    {np.sum(status == text)} times at {distance[status == text][:5]}: {text}")
    for at in np.flatnonzero(ended)[[0, -1]] if ended.any() else []:
        print(f"    d = {distance[at]:.4f}: {status[at]}")
    return bool(np.all(solved | ended))


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    distance = np.geomspace(0.001, 0.5, count)
    good = [
        run(kind, alpha, name, distance)
        for kind in MODELS
        for alpha in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
        for name in REFERENCES
    ]
    good += [run(kind, alpha, name, distance) for kind in CLUSTERS for alpha in (0.5, 1.0) for name in ("None", "0.1")]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
