"""Word vectors, tokenizers, and models of older frameworks: data is clean, what does not fit or runs is found."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.model import Finding, Gap, Location, Severity, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats import word_vectors
from chainguard_ml.scan.interface import Blob
from tests.corpus.classical_files import CALL, PAYLOAD
from tests.corpus.language_files import (
    PROTOTXT,
    PYTHON_LAYER,
    SPACY,
    caffe,
    caffe_python,
    fasttext,
    fasttext_quantized,
    ggjt,
    ggla,
    mxnet_parameters,
    mxnet_symbol,
    sentencepiece,
    whisper,
    word2vec,
)

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan

LAYER = ("conv", "Convolution", b"\x3a\4\x2a\2\0\0")
DATA = {
    "fasttext": [fasttext(), fasttext(pruned=1), fasttext_quantized(), fasttext_quantized(normed=False)],
    "word2vec": [word2vec(), word2vec(newline=b"")],
    "sentencepiece": [sentencepiece(), sentencepiece(more=b"\xc2\x0c\1x")],
    "ggml": [ggjt(), ggjt(b"fmgg"), ggjt(b"lmgg"), ggla(), whisper()],
    "mxnet-parameters": [mxnet_parameters(), mxnet_parameters(magic=0xF993FACA)],
    "caffe": [caffe(LAYER), caffe(LAYER, ("b", "ReLU", b""))],
    "training-data": [b"______LightGBM_Binary_File_Token______\n" + bytes(80), b"CatboostQuantizedPool\0" + bytes(80)],
}


@pytest.mark.parametrize(("name", "data"), [(name, data) for name, several in DATA.items() for data in several])
def test_data_is_clean(scan: Scan, name: str, data: bytes) -> None:
    told = scan("x.bin", data)
    assert told.clean, told
    assert told.format == name


@pytest.mark.parametrize(("name", "data"), [(name, several[0]) for name, several in DATA.items()])
def test_a_cut_file_is_never_silent(scan: Scan, name: str, data: bytes) -> None:
    if name in {"training-data", "sentencepiece", "caffe"}:
        return  # no end of their own
    for end in range(len(data) // 2, len(data) - 1, 7):
        assert not scan("x.bin", data[:end]).clean, end


@pytest.mark.parametrize(("name", "data"), [(name, several[0]) for name, several in DATA.items()])
def test_a_pickle_behind_it_is_found(scan: Scan, name: str, data: bytes) -> None:
    told = scan("x.bin", data + PAYLOAD)
    assert told.payload, name


@pytest.mark.parametrize(
    ("data", "severe"),
    [
        (fasttext(words=1 << 30), False),
        (fasttext(words=5, labels=-3), True),
        (fasttext(columns=5), True),
        (fasttext(rows=1 << 62), True),
        (fasttext(rows=-1), True),
        (fasttext(pruned=1 << 40), False),
        (fasttext(word=b"\xff" * 200_000), False),
        (fasttext_quantized(parts=9), True),
        (word2vec(words=9_999_999), False),
        (word2vec(words=3), False),
        (mxnet_parameters(extent=-1), True),
        (mxnet_parameters(extent=1 << 61), True),
        (mxnet_parameters(flag=77), False),
        (mxnet_parameters(magic=0xF993FAC8), False),
        (ggjt(items=-5), True),
        (ggjt(b"fmgg", items=1 << 30), False),
    ],
)
def test_sizes_that_do_not_fit_are_reported(scan: Scan, data: bytes, *, severe: bool) -> None:
    told = scan("x.bin", data)
    assert told.reasons
    if severe:
        assert told.rules == {"model-bounds-broken"}
        assert told.findings[0].severity is Severity.HIGH


def test_models_of_ggml_that_are_not_known_are_a_gap(scan: Scan) -> None:
    assert scan("x.bin", b"lmgg" + b"\xff" * 200).reasons == {"unsupported"}
    assert scan("x.bin", ggjt(kind=99)).reasons == {"unsupported"}
    assert scan("x.bin", whisper(rows=-1)).reasons == {"unsupported"}
    told = scan("x.bin", ggjt() + struct.pack("<3i", 9, 9, 9))
    assert told.rules >= {"model-bounds-broken"}
    assert told.reasons >= {"malformed"}


def test_more_words_than_are_gone_through_are_a_gap(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_vectors, "_MOST", 1)
    assert scan("x.bin", word2vec()).reasons == {"budget"}


def test_what_only_looks_like_vectors_is_not_taken(scan: Scan) -> None:
    for data in (b"2 4\ncat 0.5 0.25 0.1 0.2\n", b"2 999999\n" + bytes(40), b"2 4\n\0\0", b"12 monkeys"):
        assert scan("x.txt", data).format != "word2vec"


def test_texts_of_sentencepiece_are_examined(scan: Scan) -> None:
    assert scan("x.model", sentencepiece(trainer=CALL.encode())).rules == {"code-in-metadata"}
    assert scan("x.model", sentencepiece(trainer=PAYLOAD.ljust(40, b"\0"))).payload
    assert scan("x.model", sentencepiece(more=b"\x32\x28" + PAYLOAD.ljust(40, b"\0"))).payload
    assert scan("x.model", sentencepiece()[:-3]).reasons == {"malformed"}
    assert scan("x.model", sentencepiece() + b"\7\7\7").rules == {"trailing-data"}


@pytest.mark.parametrize(
    ("node", "severity"),
    [
        ({"op": "Custom", "attrs": {"op_type": "mine"}}, Severity.HIGH),
        ({"op": "Custom", "param": {"op_type": "mine"}}, Severity.HIGH),
        ({"op": "_Native", "attrs": {"info": "0x7f00"}}, Severity.CRITICAL),
        ({"op": "_foreach", "subgraphs": [{"nodes": [{"op": "Custom", "name": "c", "inputs": []}], "heads": []}]},
         Severity.HIGH),
    ],
)  # fmt: skip
def test_operators_of_mxnet_that_run_python_are_found(scan: Scan, node: dict[str, object], severity: Severity) -> None:
    told = scan("net-symbol.json", mxnet_symbol(node))
    assert told.rules == {"graph-calls-python"}
    assert told.findings[0].severity is severity


def test_symbols_of_mxnet_are_checked(scan: Scan) -> None:
    assert scan("net-symbol.json", mxnet_symbol()).clean
    assert scan("net-symbol.json", mxnet_symbol({"inputs": [[9, 0, 0]]})).rules == {"model-bounds-broken"}
    assert scan("net-symbol.json", mxnet_symbol({"inputs": ["a"]})).rules == {"model-bounds-broken"}
    assert scan("net-symbol.json", mxnet_symbol(heads=[[7, 0, 0]])).rules == {"model-bounds-broken"}
    assert scan("net-symbol.json", mxnet_symbol({"attrs": {"note": CALL}})).rules == {"code-in-metadata"}
    assert scan("graph.json", b'{"nodes": {"a": 1}, "heads": []}').clean


def test_python_layers_of_caffe_are_found(scan: Scan) -> None:
    told = scan("net.caffemodel", caffe(LAYER, caffe_python()))
    assert told.rules == {"graph-calls-python"}
    assert "os.system" in told.findings[0].message
    assert scan("net.caffemodel", caffe(("p", "Python", b""))).rules == {"graph-calls-python"}
    assert scan("net.prototxt", PROTOTXT.encode()).clean
    told = scan("net.prototxt", (PROTOTXT + PYTHON_LAYER).encode())
    assert told.rules == {"graph-calls-python"}
    assert "os.system" in told.findings[0].message
    assert scan("net.prototxt", (PROTOTXT + 'layer { type: "Python" }').encode()).rules == {"graph-calls-python"}
    assert scan("net.prototxt", b"some: text").clean
    assert scan("net.caffemodel", caffe(LAYER) + b"\x7a\x40" + PAYLOAD.ljust(64, b"\0")).payload
    assert scan("net.caffemodel", caffe(LAYER)[:-3]).reasons == {"malformed"}
    assert scan("net.caffemodel", b"\x0a\3net").reasons == {"unsupported"}
    assert scan("net.caffemodel", caffe(("a", "no type!", b""))).reasons == {"unsupported"}


def test_functions_that_spacy_does_not_ship_are_reported(scan: Scan) -> None:
    assert scan("config.cfg", SPACY.encode()).clean
    told = scan("config.cfg", SPACY.replace("spacy.Tagger.v2", "evil.Tagger.v2").encode())
    assert told.rules == {"unknown-registered-function"}
    assert told.findings[0].severity is Severity.LOW
    assert scan("config.cfg", SPACY.replace("0.001", f'"{CALL}"').encode()).rules == {"code-in-metadata"}
    assert scan("setup.cfg", b"[metadata]\nname = x\n").format == ""


@given(
    st.binary(max_size=300),
    st.sampled_from([fasttext()[:60], b"2 4\ncat ", sentencepiece()[:20], ggjt()[:30], b"lmgg", mxnet_parameters()[:24],
                     caffe(LAYER)[:12]]),
)  # fmt: skip
def test_any_bytes_only_give_observations(data: bytes, start: bytes) -> None:
    data = start + data
    blob = Blob(data, Subject("x.bin", size=len(data)), Location("x.bin"), "x.bin")
    for item in Session(allowlist.make_judge([])).nested(blob):
        assert isinstance(item, Finding | Gap)


def test_a_tensor_that_begins_as_a_file_is_examined(scan: Scan, build: Build) -> None:
    assert scan("x.bin", ggjt(data=build.payload.ljust(32, b"\0"))).payload
