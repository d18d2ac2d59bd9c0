"""Measure the saved model on the held-out rows, from its weights alone.

    python evaluate.py

Reads model/model.safetensors and model/config.json: no pickle, nothing that could run.
"""

import csv
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

HERE = Path(__file__).parent


def evaluate():
    """Return the share of held-out rows whose condition is predicted."""
    config = json.loads((HERE / "model" / "config.json").read_text(encoding="utf-8"))
    weights = load_file(HERE / "model" / "model.safetensors")
    with (HERE / "data" / "measurements.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == "test"]
    features = np.array([[float(row[name]) for name in config["sklearn"]["columns"]] for row in rows])
    scores = features @ weights["coef"].T + weights["intercept"]
    predicted = [config["classes"][index] for index in scores.argmax(axis=1)]
    return float(np.mean([guess == row["condition"] for guess, row in zip(predicted, rows, strict=True)]))


if __name__ == "__main__":
    print(json.dumps({"accuracy": round(evaluate(), 4)}))
