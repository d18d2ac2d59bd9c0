"""Members with holes, as GNU tar 1.34 writes them in its four ways."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Gap, Location, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats.tar_sparse import map_in_data, pax_parts
from chainguard_ml.scan.interface import Blob, Budgets

if TYPE_CHECKING:
    from tests.scan.conftest import Scan

# A pickle with 100,000 bytes of zeros in a literal, then a call; deflated, in base 64.
REAL = {
    "0.0": (
        "eNrt08tKw0AUBuARV85T5Ammc4lJu8jGja5EBMFtjKcobTolZwqtKzf6HD6qY1HRoVYLWhH/b3PCnPyT61G9k3p+RPUlddxr1XQ0"
        "Ft9OR0WeL2uUVu2sez1erhtjY8nmYgtmHOouXl78T7bIDo/PFE/rjknx9Q1V5umTFPJ9ZzJrL8a+GXHlpHVvO344ZAqVlrafBhaB"
        "uMr1IG5WrogM+k7nH8VM6WzSe4693N/+ypyWAr7uh0Z+g/k3Lv4F6fyXhRWZ3ub8d96Hded91k8f7o+43T14uN/BHAAAAAAAAAAA"
        "AADAr9CNZ8kLDtTK8724QM2Vz5hocneq8HoAADb3CApidB8="
    ),
    "0.1": (
        "eNrt1M9KwzAcB/CIp+Up+gAlzb+266EXD+pJRBG8ZjWwsXYpTQfTkxd9Dh/VUEFoDxNhTMXv55KQX0hIfvmFJddmd2nNg+180rB2"
        "XZOD40Gm9dAG05aLXH72h3EhJJck2pEj2PredGF78j/JLLq4umO+NZ23zK+ebClCDlRGx5HNtlnUrlr7UlGZjiKmseXwcqgeBRrT"
        "ljzWvMjiYq64jkWuZPyxeswpgV+AJSFjt0PCzle1ZXNR5If+B/bXv1DhbUzqPxUqJRE/Zv13zvX75n0Vnx7uj3g+PXt7PUEdAAAA"
        "AAAAAAAAAMCP4JXz1D/63jb0fhYGbLV0kbd283LDcD0AAN/3DjTCW6A="
    ),
    "1.0": (
        "eNrt1M9KxDAQBvCIJ+cp+gRp0nS77aEXD+pJRBG8hnXAatssSYXVkxd9Dh/VUESWHlaEZf33/S5TJoHQTL/K9MyuTthesw9pJ5d3"
        "rdg6FRV5PtZoWpXOzcfz2Nc6iyVZiR24D4P18XjxP2VZcnx6KcPS+sCys7fO15om3aaPXUXZbL3b247r8Ysho9YXPNs2NI9c6zhM"
        "U5CAn0umcXIX4+COmpZlqaty2/+BzfmP6Vf5JP8zbeYiUbvMv3du2LTvs/Xpy/0ShhTlqiqoKuMYSM9NRu+5VUju3/e0f/j6sod7"
        "AAAAAAAAAAAAAIBvoRYuUHgIA3d0dRAbvLhxSWDun88lrgcA4OveABUeXDM="
    ),
    "gnu": (
        "eNrt0DEKwjAUxvGIkz1FTlBS0trdI9jFVUpA0Bpp4uDmUs/hUQ0qFluoiKjL/7e88N4LD74q3q034rtUME3Taw06NdFaPWa3fpLn"
        "WSZkIX5g7/yyllLU1vqhvVfzj9LpJNK+9VNibVJa9VIbPnD/0HMcz86nkQAAAAAAAAAA4B9UaV3kDs6bKlpMQsOUKyudMdtmHhMP"
        "ALzvAhbbKzE="
    ),
}


def archive(name: str) -> bytes:
    return zlib.decompress(base64.b64decode(REAL[name]))


@pytest.mark.parametrize("name", REAL)
def test_members_with_holes_are_unpacked(scan: Scan, name: str) -> None:
    told = scan("x.tar", archive(name))
    assert told.rules == {"dangerous-global"}
    assert not told.gaps
    assert told.findings[0].location.member == ("m.pkl",)
    assert (told.findings[0].location.offset or 0) > 100_000


@pytest.mark.parametrize("name", REAL)
def test_members_that_are_too_large_are_a_gap(name: str) -> None:
    blob = Blob(archive(name), Subject("x"), Location("x"), "x")
    told = list(Session(allowlist.make_judge([]), Budgets(expanded=50_000, free=1000)).nested(blob))
    assert "unsupported" in {item.reason.value for item in told if isinstance(item, Gap)}


@pytest.mark.parametrize("name", REAL)
def test_damaged_maps_are_examined(scan: Scan, name: str) -> None:
    whole = archive(name)
    for place in range(0, min(len(whole), 2560), 5):
        scan("x.tar", whole[:place] + b"9" + whole[place + 1 :])


def test_maps_are_bounded() -> None:
    assert map_in_data(b"") == ((), 0)
    assert map_in_data(b"x\n") == ((), 0)
    assert map_in_data(b"9999999\n") == ((), 0)
    assert map_in_data(b"1\n5\n7\n") == (((5, 7),), 512)
    assert map_in_data(b"2\n5\n7\n") == ((), 512)  # cut, so that readers differ
    assert pax_parts([(b"GNU.sparse.map", b"1,2,x,4")]) == ()
    assert pax_parts([(b"GNU.sparse.offset", b"1"), (b"GNU.sparse.numbytes", b"2")]) == ((1, 2),)
