"""The claims beside a model that is being verified: which files they are in, and what comes of them."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chainguard_ml.model import Gap, GapReason, Location
from chainguard_ml.signing.attestations import store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chainguard_ml.model import Observations
    from chainguard_ml.signing.manifest import Manifest
    from chainguard_ml.signing.verify import Claim


def kept(claim: Claim, manifest: Manifest) -> Path | None:
    """Return the model's own file of claims, unless it is not there or part of what was signed."""
    path = store.default_claims(claim.root / claim.model)
    if claim.directory and path.name not in manifest.ignored:
        return None
    try:
        mode = path.lstat().st_mode
    except OSError:
        return None
    return path if stat.S_ISREG(mode) else None


def unexamined(claim: Claim) -> Observations:
    """Yield a gap for each file of claims about a model whose manifest is not proven."""
    own = store.default_claims(claim.root / claim.model)
    for path in (*([own] if own.is_file() else []), *claim.claims):
        detail = "no trusted signature says what the model is that these claims are about"
        yield Gap(claim.subject, GapReason.NO_DATA, detail, Location(claim.label(path)))


def examined(claim: Claim, manifest: Manifest, files: Sequence[Path], *, whole: bool) -> Observations:
    """Yield what comes of the claims about a model whose manifest is proven."""
    if not files:
        return
    from chainguard_ml.signing.attestations import examining

    yield from examining.examine(
        examining.Claims(
            model=claim.subject,
            manifest=manifest,
            whole=whole,
            trust=claim.trust,
            files=[(path, claim.label(path)) for path in files],
            covers={name: claim.place(name) for name in manifest.files},
            max_age=claim.max_age,
            now=claim.now or datetime.now(UTC),
        )
    )
