"""The little DER that is written here is what another library reads."""

from __future__ import annotations

import pytest
from asn1crypto import core

from chainguard_ml.testing import der


@pytest.mark.parametrize("dotted", ["1.2.840.113549.1.9.16.1.4", "2.16.840.1.101.3.4.2.1", "1.3.6.1.4.1.57264.1.24"])
def test_object_identifiers(dotted: str) -> None:
    assert core.ObjectIdentifier.load(der.oid(dotted)).dotted == dotted


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 1 << 159])
def test_integers(value: int) -> None:
    assert der.integer(value) == core.Integer(value).dump()


@pytest.mark.parametrize("size", [0, 127, 128, 255, 256, 70_000])
def test_lengths(size: int) -> None:
    value = b"x" * size
    assert der.octets(value) == core.OctetString(value).dump()
    assert list(der.read(der.octets(value) + der.integer(1))) == [(der.OCTETS, value), (der.INTEGER, b"\1")]


def test_sets_are_sorted() -> None:
    assert der.set_of(der.integer(2), der.integer(1)) == b"\x31\x06\x02\x01\x01\x02\x01\x02"


@pytest.mark.parametrize("data", [b"\x30", b"\x30\x02\x00", b"\x30\x80", b"\x30\x85\0\0\0\0\0", b"\x30\x82\x01"])
def test_what_is_cut_or_not_der_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut|not of DER"):
        list(der.read(data))
