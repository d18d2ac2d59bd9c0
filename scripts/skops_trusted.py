"""Refresh what skops trusts by itself: ``python scripts/skops_trusted.py``.

The lists are those of the installed skops (``skops.io._trusted_types``), merged with what earlier runs wrote, so that
types of older releases stay known. One list for each loader, names only, sorted.
"""

from __future__ import annotations

import json
from pathlib import Path

import skops
from skops.io import _sklearn, _trusted_types

TARGET = Path(__file__).resolve().parent.parent / "chainguard_ml" / "scan" / "allowlist" / "skops_loaders.json"


def lists() -> dict[str, set[str]]:
    """Return the trusted names by loader."""
    types = _trusted_types
    dtypes = set(types.NUMPY_DTYPE_TYPE_NAMES)
    return {
        "ObjectNode": {*types.SKLEARN_ESTIMATOR_TYPE_NAMES, *types.SKLEARN_INTERNAL_TYPE_NAMES},
        "FunctionNode": {*types.SCIPY_UFUNC_TYPE_NAMES, *types.NUMPY_UFUNC_TYPE_NAMES},
        "TypeNode": {*types.PRIMITIVE_TYPE_NAMES, *types.CONTAINER_TYPE_NAMES, *dtypes},
        "NdArrayNode": {"numpy.ndarray", *dtypes},
        "LossNode": {f"{loss.__module__}.{loss.__name__}" for loss in _sklearn.ALLOWED_LOSSES},
        "RandomGeneratorNode": set(types.NUMPY_RANDOM_BIT_GENERATOR_TYPE_NAMES),
    }


def main() -> None:
    """Write the file."""
    known = json.loads(TARGET.read_text("utf-8"))["loaders"] if TARGET.exists() else {}
    merged = {loader: sorted(names | set(known.get(loader, ()))) for loader, names in lists().items()}
    document = {"schema": "chainguard-ml/skops-loaders/v1", "source": f"skops {skops.__version__}", "loaders": merged}
    TARGET.write_text(json.dumps(document, indent=0) + "\n", "utf-8")


if __name__ == "__main__":
    main()
