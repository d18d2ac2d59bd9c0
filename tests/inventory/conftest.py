"""Trees of files that tests write, and what the walk finds in them."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.inventory import walk
from chainguard_ml.model import Artifact, Evidence, Gap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Found = tuple[dict[str, Artifact], list[Gap], list[Evidence]]


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """Write ``{path: content}`` under a directory; a path that ends with a slash is an empty directory."""

    def write(files: dict[str, bytes | str]) -> Path:
        root = tmp_path / "project"
        root.mkdir(exist_ok=True)
        for name, content in files.items():
            path = root / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return write


@pytest.fixture
def find() -> Callable[..., Found]:
    """Walk; return artifacts by path (a directory's path with a slash behind it), gaps and evidence."""

    def run(root: Path, *inputs: Path, **options: object) -> Found:
        items = list(walk(root, inputs, **options))  # type: ignore[arg-type]
        artifacts = [item for item in items if isinstance(item, Artifact)]
        named = {f"{item.path}/" if item.subject.kind == "directory" else item.path: item for item in artifacts}
        assert len(named) == len(artifacts), "one record each"
        gaps = [item for item in items if isinstance(item, Gap)]
        return named, gaps, [item for item in items if isinstance(item, Evidence)]

    return run


@pytest.fixture(scope="session")
def zipped() -> Callable[..., bytes]:
    """Return a zip archive with members of these names."""

    def make(*names: str) -> bytes:
        data = BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for name in names:
                archive.writestr(zipfile.ZipInfo(name), b"{}")
        return data.getvalue()

    return make


@pytest.fixture(scope="session")
def safetensors() -> bytes:
    """A safetensors file without tensors."""
    return (2).to_bytes(8, "little") + b"{}"
