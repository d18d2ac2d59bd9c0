"""Train the bearing classifier on data/measurements.csv and save it in model/.

    python train.py

Writes the weights as safetensors (what deployments read), the estimator as skops (what notebooks load), and as a
pickle (what the old dashboard still loads). Same data and packages, same weights.
"""

import csv
import json
import pickle
from importlib.metadata import version
from pathlib import Path

import numpy as np
import skops.io
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).parent
FEATURES = ("vibration_mm_s", "temperature_c", "current_a")
PACKAGES = ("numpy", "safetensors", "scikit-learn", "skops")


def measurements(split):
    """Return features (rows x 3, float64) and conditions of the rows of one split, ``train`` or ``test``."""
    with (HERE / "data" / "measurements.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split]
    return np.array([[float(row[name]) for name in FEATURES] for row in rows]), [row["condition"] for row in rows]


def train():
    """Return the fitted estimator, its numbers rounded so that every processor gives the same bytes."""
    model = LogisticRegression(solver="newton-cholesky", max_iter=100)
    model.fit(*measurements("train"))
    model.coef_, model.intercept_ = model.coef_.round(5), model.intercept_.round(5)
    return model


def save(model, directory):
    """Write the model in every format that somebody reads."""
    directory.mkdir(exist_ok=True)
    numbers = {"coef": model.coef_, "intercept": model.intercept_}
    weights = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in numbers.items()}
    save_file(weights, directory / "model.safetensors", metadata={"format": "np"})
    skops.io.dump(model, directory / "classifier.skops")
    with (directory / "classifier.pkl").open("wb") as stream:
        pickle.dump(model, stream, protocol=4)
    config = {
        "architectures": [type(model).__name__],
        "model_type": "logistic-regression",
        "classes": model.classes_.tolist(),
        "sklearn": {
            "columns": list(FEATURES),
            "environment": [f"{name}={version(name)}" for name in PACKAGES],
            "model": {"file": "classifier.skops"},
            "model_format": "skops",
            "task": "tabular-classification",
        },
    }
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    save(train(), HERE / "model")
