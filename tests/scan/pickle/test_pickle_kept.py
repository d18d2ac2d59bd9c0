"""What is kept as data may be called by other objects; what real files keep stays clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.interface import Use
from tests.corpus.malicious_kept import ADAM, ESTIMATOR, bag, instance
from tests.corpus.pickles import call, dictionary, glob, literal, number, text, whole

if TYPE_CHECKING:
    from tests.scan.pickle.conftest import Look

FILE = Subject("model.pkl")

_ARROW_BYTES = call(glob("pyarrow.lib", "py_buffer"), call(glob("builtins", "bytearray"), literal(b"x")))
ARROW = call(
    glob("pyarrow.lib", "_restore_array"),
    b"("
    + call(glob("pyarrow.lib", "type_for_alias"), text("string"))
    + number(1)
    + b"K\0K\0](N"
    + _ARROW_BYTES
    + b"e]Nt",
)
BYTES_IO = glob("_io", "BytesIO")


@pytest.mark.parametrize(
    "stream",
    [
        whole(instance(ADAM, state=b"}", defaults=dictionary(activation=glob("torch.nn.functional", "relu")))),
        whole(instance(ESTIMATOR, dtype=glob("numpy", "float64"), func=glob("numpy", "log1p"))),
        whole(call(glob("collections", "defaultdict"), glob("builtins", "dict"))),
        whole(bag(kind=glob("builtins", "type"), of=glob("numpy", "dtype"))),
        whole(call(glob("collections", "deque"), b"]", number(3)), b"(", number(1), number(2), b"e"),
        whole(dictionary(__version__=text("1.0"), __doc__=text("x"))),
        whole(call(glob("collections", "OrderedDict"), b"]")),
        whole(instance(glob("pandas.arrays", "ArrowStringArray"), _pa_array=ARROW)),
        whole(glob("dateutil.relativedelta", "weekday"), b")\x81N", dictionary(weekday=number(1), n=b"N"), b"\x86b"),
        whole(instance(ESTIMATOR, alpha=number(1)), dictionary(alpha=number(2)), b"}\x86b"),  # slots, but none set
    ],
)
def test_what_ordinary_files_keep_is_clean(stream: bytes, look: Look) -> None:
    assert look(stream).clean


def test_an_operator_who_allows_a_name_allows_to_keep_and_to_feed_it() -> None:
    allow = {"name": "mine.Kind", "may_be": ["built"], "reason": "mine", "path": "", "sha256": ""}
    judge = allowlist.make_judge([allow])
    uses = ("kept", "fed", "slots", "built", "called")
    verdicts = {how: judge.judge(Use("mine", "Kind", how, 0), FILE).verdict for how in uses}
    assert verdicts == dict.fromkeys(uses[:-1], "allowed") | {"called": "unknown"}


def test_bytes_in_a_buffer_are_examined_as_the_file_that_is_loaded(look: Look) -> None:
    buffer = BYTES_IO + b")R(" + b"B\x4c\0\0\0" + b"cos\nsystem\n(S'echo seen'\ntR." + b" " * 46 + b"K\0Ntb"
    found = look(whole(call(glob("keras.src.models.sequential", "Sequential._unpickle_model"), buffer)))
    assert "dangerous-global" in found.rules


def test_every_restriction_in_the_lists_holds() -> None:
    judge = allowlist.make_judge([])
    for module, name in (("numpy", "memmap"), ("functools", "partial"), ("torch.storage", "_load_from_bytes")):
        assert judge.judge(Use(module, name, "kept", 0), FILE).verdict == "misused"
        assert judge.judge(Use(module, name, "referenced", 0), FILE).verdict == "allowed"
