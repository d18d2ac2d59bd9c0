"""Archives that model servers unpack and run: of TorchServe, BentoML, MLflow and SageMaker.

TorchServe (``model-archiver``) has ``MAR-INF/MANIFEST.json`` with a handler: the name of one of its own, or a Python
file of the archive. BentoML has ``bento.yaml`` beside ``src/``. MLflow has ``MLmodel``, and ``code/`` on the path.
SageMaker has ``code/inference.py``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.rules import carries_code
from chainguard_ml.scan.formats import tar_reader, zip_reader
from chainguard_ml.scan.formats.tar_archive import TarFormat
from chainguard_ml.scan.formats.zip_archive import ZipFormat, contents
from chainguard_ml.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.interface import Blob, Examination

_MANIFEST = "MAR-INF/MANIFEST.json"
_BUILT_IN = frozenset({"image_classifier", "image_segmenter", "object_detector", "text_classifier", "base_handler"})
_CODE = re.compile(r"\.(?:py|pyc|pyo|whl|egg|jar|sh|bat|ps1)\Z|(?:\A|/)(?:setup\.cfg|pyproject\.toml|Dockerfile)\Z")
_REQUIREMENTS = re.compile(r"(?:\A|/)requirements[\w.-]*\.txt\Z")
_LISTED = 100


def _plain(name: str) -> str:
    return name.removeprefix("./")


def _finding(blob: Blob, what: str, members: Iterable[str], handler: str = "") -> Iterator[Finding]:
    """Yield the finding that an archive carries code, if it does."""
    names = sorted(_plain(name) for name in members)
    code = [name for name in names if _CODE.search(name)]
    foreign = bool(handler) and handler.partition(":")[0].removesuffix(".py") not in _BUILT_IN
    if not code and not foreign:
        return
    shown = ", ".join(printable(name, 80) for name in code[:3]) or "none of them in the archive"
    text = f"{what} carries {plural(len(code), 'file')} of code: {shown}"
    if handler:
        text += f"; its handler is {printable(handler, 200)}"
    requirements = [name for name in names if _REQUIREMENTS.search(name)]
    facts = {"code": list(code[:_LISTED]), "handler": handler, "requirements": list(requirements[:_LISTED])}
    yield carries_code.MODEL_ARCHIVE_CODE.finding(blob.subject, blob.location, text, facts={**facts})


class MarFormat(ZipFormat):
    """A TorchServe archive."""

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Name the handler, and examine every member."""
        handler = _handler(blob, examination)
        yield from _finding(blob, "the TorchServe archive", zip_reader.names(blob), handler)
        yield from super().examine(blob, examination)


class ServedZip(ZipFormat):
    """An MLflow model or a Bento in a zip archive."""

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Name the code, and examine every member."""
        yield from _finding(blob, f"the {self.NAME} archive", zip_reader.names(blob))
        yield from super().examine(blob, examination)


class ServedTar(TarFormat):
    """The same in a tar archive."""

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Name the code, and examine every member."""
        names = [member.name for member in tar_reader.archive(blob).members]
        yield from _finding(blob, f"the {self.NAME} archive", names)
        yield from super().examine(blob, examination)


def _handler(blob: Blob, examination: Examination) -> str:
    """Return the handler that the manifest names, the last one if there are several manifests."""
    handler = ""
    for manifest in contents(blob, examination, lambda name: name == _MANIFEST):
        try:
            document = jsonsafe.loads(manifest.read(0, 1 << 20), lenient=True)
        except InputError:
            continue
        model = document.get("model") if isinstance(document, dict) else None
        named = model.get("handler") if isinstance(model, dict) else None
        handler = named if isinstance(named, str) else handler
    return handler


def _is_mlflow(names: Iterable[str]) -> bool:
    """An ``MLmodel`` at the top or in the only directory there."""
    plain = [_plain(name) for name in names]
    return any(name == "MLmodel" or (name.count("/") == 1 and name.endswith("/MLmodel")) for name in plain)


def _is_bento(names: Iterable[str]) -> bool:
    return any(_plain(name) == "bento.yaml" for name in names)


def _is_sagemaker(names: Iterable[str]) -> bool:
    """SageMaker's containers import ``code/inference.py`` and install ``code/requirements.txt``."""
    return any(_plain(name) in {"code/inference.py", "code/requirements.txt"} for name in names)


_EXAMINES = "code, handler and requirements; every member"
MAR = MarFormat("mar", lambda names: _MANIFEST in names, _EXAMINES)
MLFLOW_ZIP = ServedZip("mlflow", _is_mlflow, _EXAMINES)
BENTO_ZIP = ServedZip("bento", _is_bento, _EXAMINES)
MLFLOW_TAR = ServedTar("mlflow", _is_mlflow, _EXAMINES)
SAGEMAKER_TAR = ServedTar("sagemaker", _is_sagemaker, _EXAMINES)
BENTO_TAR = ServedTar("bento", _is_bento, _EXAMINES)
