"""Zip and tar archives, and what torch and model servers make of them."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from tests.corpus.benign_programs import samples as programs
from tests.corpus.containers import PAYLOAD, Entry, raw_zip, tarred, zipped
from tests.corpus.malicious_programs import mar, method, package, script
from tests.corpus.malicious_readers import samples as readers

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "model.pt"


def seeds() -> Iterator[bytes]:
    """Every flavour of tar, zip with both kinds of headers, and each kind of archive that is built on them."""
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        yield tarred({"m.pkl": PAYLOAD, "d/" * 60 + "x": b"text"}, form)
    for method_ in (0, 8, 12, 14):
        yield zipped({"m.pkl": PAYLOAD, "a.txt": b"text" * 9}, method_)
    yield raw_zip([Entry(b"a", PAYLOAD, flags=8, extra=b"\1\0\x08\0" + bytes(8))], prefix=b"junk", comment=b"text")
    yield script(method("torch.save(x, 'x')"))
    yield package({"m/m.pkl": PAYLOAD, "m.py": b""})
    yield mar({"model": {"handler": "h.py"}}, {"h.py": b""})
    for sample in (*programs(), *readers()):
        yield from sample.files.values()
