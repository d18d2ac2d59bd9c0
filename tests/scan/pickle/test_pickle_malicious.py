"""The corpus' pickles, looked at more closely: techniques are named, and a finding survives every change of form."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Severity
from chainguard_ml.scan.pickle.names import mapped
from tests.corpus import (
    malicious_pickle_gadgets,
    malicious_pickle_names,
    malicious_pickle_nested,
    malicious_pickle_streams,
    malicious_pickle_uses,
)
from tests.corpus.pickles import DANGEROUS, MALFORMED, MISUSED, PATH, UNKNOWN, UNRESOLVED

if TYPE_CHECKING:
    from tests.scan.pickle.conftest import Assembler, Look

STREAMS = {
    name: row
    for module in (malicious_pickle_names, malicious_pickle_nested, malicious_pickle_streams, malicious_pickle_uses)
    for name, row in module.STREAMS.items()
}
GADGETS = [name for name in malicious_pickle_gadgets.GADGETS if name not in malicious_pickle_gadgets.OTHERWISE]


@pytest.mark.parametrize("gadget", GADGETS)
def test_a_known_gadget_has_a_technique(look: Look, asm: Assembler, gadget: str) -> None:
    module, name = gadget.split()
    finding = look(asm.run(module, name)).of(DANGEROUS)
    assert finding.severity is Severity.CRITICAL
    assert finding.facts["technique"]
    assert (finding.facts["module"], finding.facts["name"]) == mapped(module, name, 2)


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("form", ["framed", "memoised", "repeated"])
def test_a_finding_survives_a_change_of_form(look: Look, name: str, form: str) -> None:
    data, rule = STREAMS[name]
    padding = b"\x80\x04]\x94(K\x01K\x02e0"
    changed = {
        "framed": b"\x80\x04\x95" + struct.pack("<Q", len(padding) - 2) + padding[2:] + data,
        "memoised": b"".join((b"\x80\x02N", b"q\xfe", b"0", data)),
        "repeated": data + data,
    }[form]
    seen = look(changed)
    assert seen.rules & {rule, DANGEROUS, UNRESOLVED, MISUSED, UNKNOWN, PATH, MALFORMED}
    assert not seen.clean
