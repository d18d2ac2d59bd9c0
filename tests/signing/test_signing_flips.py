"""Every change of one byte of a bundle: refused, or shown to be one that says nothing.

A bundle is accepted if the signer is proven and the statement is well-formed; what it then says is the signer and the
manifest. Because this is asked of the bundle alone, what holds here holds for whatever tree lies beside it.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.errors import InputError
from tests.signing.signed import WAYS, Signed, differing

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = {"key": 1, "certificate": 5, "certificate-timestamp": 13, "keyless-rekor-1": 7, "keyless-rekor-2": 13}
"""Every so many bytes, the first by chance: certificates and timestamps take longer. By hand, all: steps of 1."""


@pytest.fixture(scope="module", params=WAYS)
def signed(request: pytest.FixtureRequest) -> Signed:
    return WAYS[request.param]()


def _flipped(data: bytes, step: int) -> Iterator[bytes]:
    """Yield the bytes with one of them changed: a flipped bit, the other case, and anything at all."""
    chance = random.Random(len(data))  # noqa: S311 (the same in every run)
    for index in range(chance.randrange(step), len(data), step):
        for mask in (1 << chance.randrange(8), 0x20, chance.randrange(1, 256))[: 3 if step == 1 else 1]:
            yield data[:index] + bytes([data[index] ^ mask]) + data[index + 1 :]


def test_a_flipped_byte_is_refused_or_says_nothing(signed: Signed, request: pytest.FixtureRequest) -> None:
    whole, value = signed.proves(signed.data), json.loads(signed.data)
    refused = 0
    for changed in _flipped(signed.data, STEPS[request.node.callspec.params["signed"]]):
        try:
            proven = signed.proves(changed)
        except InputError:
            refused += 1
            continue
        # Harmless: the same signer at the same time, the same manifest, and nothing else in it is believed.
        assert proven == whole
        assert differing(value, json.loads(changed)) <= signed.unproven
    assert refused > 100


def test_what_is_not_proven_changes_nothing(signed: Signed) -> None:
    """The other direction: a bundle that says the same in other words is the same."""
    whole, value = signed.proves(signed.data), json.loads(signed.data)
    backwards = {name: value[name] for name in reversed(value)}
    for same in (json.dumps(value, indent=3), json.dumps(backwards), f" \t\r\n{json.dumps(value)}\n\n"):
        assert signed.proves(same.encode()) == whole


def test_a_bundle_cut_anywhere_is_refused(signed: Signed) -> None:
    whole = signed.data.rstrip()
    for end in range(0, len(whole), 7):
        with pytest.raises(InputError):
            signed.proves(whole[:end])


def _twice(value: dict) -> Iterator[str]:
    """Yield texts of an object in each of which one of its members, at whatever depth, stands twice."""
    for name, inner in value.items():
        member = f"{json.dumps(name)}: {json.dumps(inner)}"
        rest = "".join(f", {json.dumps(key)}: {json.dumps(item)}" for key, item in value.items() if key != name)
        yield f"{{{member}, {member}{rest}}}"
        first = inner[0] if isinstance(inner, list) and inner else inner
        for deeper in _twice(first) if isinstance(first, dict) else ():
            text = f"[{deeper}]" if first is not inner else deeper
            yield f"{{{json.dumps(name)}: {text}{rest}}}"


def test_a_member_that_stands_twice_is_refused(signed: Signed) -> None:
    texts = list(_twice(json.loads(signed.data)))
    assert len(texts) > 8
    for text in texts:
        with pytest.raises(InputError, match="strict JSON"):
            signed.proves(text.encode())


def _objects(value: object) -> Iterator[dict]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)


def test_an_unknown_member_is_refused_wherever_it_stands(signed: Signed) -> None:
    number = len(list(_objects(json.loads(signed.data))))
    for index in range(number):
        value = json.loads(signed.data)
        list(_objects(value))[index]["unknown"] = ""
        with pytest.raises(InputError, match="unknown"):
            signed.proves(json.dumps(value).encode())
