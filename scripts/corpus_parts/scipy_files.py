"""Objects of scipy, and the files it writes itself."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import allowlist_objects as real
import numpy as np

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator


def samples() -> Iterator[Sample]:
    """Yield the files."""
    import joblib
    import scipy.io
    from scipy import sparse, spatial

    for number, item in enumerate(real.scipy_objects()):
        for protocol in (2, 4):
            yield Sample(
                f"scipy/{number:03}_{type(item).__name__}_{protocol}.pkl",
                lambda path, item=item, protocol=protocol: path.write_bytes(pickle.dumps(item, protocol)),
            )
    for kind in (spatial.KDTree, spatial.cKDTree):
        tree = kind(np.random.RandomState(0).random_sample((200, 3)))
        name = f"scipy/points_{kind.__name__}"
        yield Sample(f"{name}_5.pkl", lambda path, tree=tree: path.write_bytes(pickle.dumps(tree, 5)))
        yield Sample(f"{name}.joblib", lambda path, tree=tree: joblib.dump(tree, path))
    matrix = sparse.random(20, 20, 0.1, "csr", random_state=np.random.RandomState(0))
    for form in ("csr", "csc", "coo", "bsr", "dia"):
        yield Sample(f"scipy/{form}.npz", lambda path, form=form: sparse.save_npz(path, matrix.asformat(form)))
    yield Sample(
        "scipy/matrix.mat", lambda path: scipy.io.savemat(path, {"a": np.ones((2, 3)), "s": "text", "c": {"x": 1}})
    )
    yield Sample(
        "scipy/matrix_compressed.mat",
        lambda path: scipy.io.savemat(path, {"a": np.ones((200, 3)), "m": matrix}, do_compression=True),
    )
    yield Sample("scipy/matrix_v4.mat", lambda path: scipy.io.savemat(path, {"a": np.ones((2, 3))}, format="4"))
    yield Sample("scipy/matrix.mtx", lambda path: scipy.io.mmwrite(path, matrix))
    yield Sample("scipy/sound.wav", lambda path: scipy.io.wavfile.write(path, 8000, np.zeros(100, "i2")))
