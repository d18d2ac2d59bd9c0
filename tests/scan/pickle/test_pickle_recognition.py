"""Texts are not pickles, pickles of every protocol are, and a telling name makes it easier only."""

from __future__ import annotations

import pickle
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Location, Subject
from chainguard_ml.scan import pickle as format_of_pickles
from chainguard_ml.scan.interface import Blob

if TYPE_CHECKING:
    from tests.scan.pickle.conftest import Look


def recognised(data: bytes, name: str = "thing") -> bool:
    return format_of_pickles.recognise(Blob(data, Subject(name), Location(name), name))


VALUES = [None, [1, 2], {"a": 1}, "text", b"bytes", 1.5, (1,), 12345678901234567890, [], {}, True]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ["thing", "m.pkl", "notes.txt", "data"])
def test_pickles_are_recognised_whatever_their_name(protocol: int, name: str) -> None:
    for value in VALUES:
        data = pickle.dumps(value, protocol)
        assert recognised(data, name) or len(data) < 4


TEXTS = {
    "empty line": b"\n",
    "prose": b"In the beginning was the word.\nNothing else.\n",
    "words": b"cab\ncable\ncaptain\ncar\ncard\ncat\n",
    "words behind i": b"iron\nitem\nivy\n",
    "python": b"import os\nimport sys\n\nclass Net:\n    pass\n",
    "python comment": b"# comment\nx = 1\n",
    "docstring": b'"""Doc."""\n',
    "class": b"class Net:\n    def f(self):\n        return 1.\n",
    "markdown": b"Notes\n=====\n\n* one.\n",
    "list": b"(see below)\n1. one\n2. two\n",
    "csv": b"Index,Name\n1,a\n2,b\n",
    "csv of numbers": b"1,2,3\n4,5,6\n",
    "csv with I": b"I1\nI2\nI3\n",
    "json": b'{"a": [1, 2, {"b": null}]}\n',
    "json list": b"[1, 2, 3]\n",
    "yaml": b"name: x\nversion: 1.\n",
    "toml": b"[tool]\nname = 'x.'\n",
    "ini": b"[section]\nkey=value.\n",
    "licence": b"Copyright (c) 2024 Somebody.\nPermission is hereby granted.\n",
    "unix names": b"Version 1\nNone.\n",
    "letters": b"NNN NNN.\n",
    "sentence of opcodes": b"N.B. this is a note.\n",
    "variables": b"SOME='x'\nOTHER='y'\n",
    "float": b"F1.5\n",
    "tabs": b"a\tb\nc\td\n",
    "utf-16": "text".encode("utf-16"),
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "one letter": b"N",
    "dot": b".",
    "short": b"N.",
    "zeros": bytes(100),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_not_pickles(name: str) -> None:
    assert not recognised(TEXTS[name], f"{name}.txt")


def files() -> list[Path]:
    """This repository's files, and texts of the interpreter's own library.

    Not the data that coverage writes beside them: nobody writes it by hand, and it goes while the tests run.
    """
    repository = Path(__file__).parents[3]
    own = [
        path for folder in ("chainguard_ml", "tests", "docs", "scripts") for path in (repository / folder).rglob("*")
    ]
    library = [path for pattern in ("*.py", "*.txt") for path in Path(pickle.__file__).parent.glob(pattern)]
    return [
        path
        for path in (*own, *repository.glob("*"), *library)
        if not path.name.startswith(".coverage.") and path.is_file() and path.suffix not in {".pkl", ".pyc"}
    ]


def test_files_that_people_write_are_not_pickles() -> None:
    taken = [str(path) for path in files() if (data := path.read_bytes()) and recognised(data, path.name)]
    assert taken == []


@pytest.mark.skipif(not Path("/usr/share").is_dir(), reason="there are no files of the system")
def test_files_of_the_system_are_not_pickles() -> None:
    paths = sorted(path for pattern in ("doc/*/copyright", "*/*.txt", "*/*.conf", "dict/*", "misc/*", "zoneinfo/*/*")
                   for path in Path("/usr/share").glob(pattern))  # fmt: skip
    taken = []
    for path in paths[:1500]:
        if path.is_file() and path.stat().st_size < 1_000_000:
            data = path.read_bytes()
            if data and recognised(data, path.name):
                taken.append(str(path))
    assert taken == []


def test_numbers_are_rarely_pickles() -> None:
    source = random.Random(7)  # noqa: S311 (a reproducible sample)
    assert sum(recognised(source.randbytes(200)) for _ in range(3000)) <= 3


@pytest.mark.parametrize(
    ("data", "plain", "hinted"),
    [
        (b"\x80\x04\xff", False, True),
        (b"\x80\x04\x95\x05\0\0\0\0\0\0\0N", True, True),
        (b"\x80\x09N.", False, False),
        (b"\x80", False, False),
        (b"cos\nsystem\n", False, True),
        (b"cos\nsystem\n.", True, True),
        (b"cos\nsystem\n(tR", True, True),
        (b"c os\nsys tem\n(tR", False, False),
        (b"N.", False, True),
        (b"N.text", False, True),
        (b"I1\n.\n\n", True, True),
    ],
)
def test_a_telling_name_makes_it_easier_only(data: bytes, plain: bool, hinted: bool) -> None:  # noqa: FBT001 (a table)
    assert recognised(data, "notes.txt") is plain
    assert recognised(data, "model.pkl") is hinted
    assert recognised(data, "MODEL.BIN") is hinted


def test_a_model_that_nothing_recognises_is_a_gap(look: Look) -> None:
    assert [gap.reason.value for gap in look(b"no format at all", "model.pkl").gaps] == ["unsupported"]


def test_what_recognising_learnt_is_kept() -> None:
    blob = Blob(b"cos\nsystem\n.", Subject("x"), Location("x"), "x")
    assert format_of_pickles.recognise(blob)
    assert "pickle" in blob.memo


def test_recognising_takes_any_kind_of_bytes() -> None:
    data = memoryview(b"junk" + pickle.dumps([1], 0))[4:]
    assert recognised(data, "x")  # type: ignore[arg-type]  # a window on a container
    assert sys.getsizeof(data) < 1000
