"""What mutants of the pickle machine survived: the exact note, its place and its global, and where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chainguard_ml.scan.pickle import collecting, states
from chainguard_ml.scan.pickle import walk as stroll
from chainguard_ml.scan.pickle.effects import NOT_FOLLOWED
from chainguard_ml.scan.pickle.names import is_identifier, is_special_path
from chainguard_ml.scan.pickle.operands import BrokenError, integer
from chainguard_ml.scan.pickle.values import DATA
from chainguard_ml.scan.pickle.walk import walk
from tests.corpus.pickles import call, dictionary, glob, number, text, whole

if TYPE_CHECKING:
    from chainguard_ml.scan.pickle.trace import Note

RANGE = call(glob("builtins", "range"), number(9))
PARTIAL = glob("functools", "partial")
CONVERTING = {"UserString", "str", "bool", "float", "complex", *collecting._SCALARS}
CONVERTING |= {f"IPv{version}{kind}" for version in "46" for kind in ("Address", "Interface", "Network")}
GETATTR, SETATTR = glob("builtins", "getattr"), glob("builtins", "setattr")


def notes(*parts: bytes) -> list[Note]:
    return list(walk(whole(*parts)).trace.notes.values())


def named(note: Note) -> str:
    return f"{note.target.module}.{note.target.name}" if note.target else ""


def uses(*parts: bytes) -> dict[str, set[str]]:
    return {f"{key[0]}.{key[1]}": set(seen.uses) for key, seen in walk(whole(*parts)).trace.seen.items()}


@pytest.mark.parametrize(("module", "name"), sorted(collecting.EXPANDING.keys() - {("builtins", "range")}))
def test_what_is_made_from_all_that_another_object_yields_is_noted(module: str, name: str) -> None:
    stream = call(glob(module, name), RANGE)
    (found,) = notes(stream)
    assert (found.kind, named(found), found.offset) == ("misused", f"{module}.{name}", 2 + len(stream) - 1)
    assert found.detail in {collecting._EXPANDS, collecting._COMPUTES, collecting._CONVERTS}
    assert (found.detail == collecting._CONVERTS) == (name in CONVERTING)
    assert (found.detail == collecting._COMPUTES) == (name in {"int", "Fraction"})
    assert not notes(call(glob(module, name), text("1")))
    assert not notes(call(glob(module, name)))


@pytest.mark.parametrize(
    ("bounds", "detail"),
    [
        ((1 << 24,), None),
        (((1 << 24) + 1,), collecting._EXPANDS_TO),
        ((5, (1 << 24) + 5), None),
        ((5, (1 << 24) + 6), collecting._EXPANDS_TO),
        ((0, 1 << 25, 2), None),
        ((0, (1 << 25) + 1, 2), collecting._EXPANDS_TO),
        ((1 << 24, 0, -1), None),
        (((1 << 24) + 1, 0, -1), collecting._EXPANDS_TO),
        ((0, 1 << 60, -1), None),
        ((1, 2, 0), collecting._NO_NUMBERS),
        ((), collecting._NO_NUMBERS),
        ((1, 2, 3, 4), collecting._NO_NUMBERS),
    ],
)
def test_ranges_of_very_many_numbers_are_noted(bounds: tuple[int, ...], detail: str | None) -> None:
    found = notes(call(glob("builtins", "range"), *map(number, bounds)))
    assert [note.detail for note in found] == ([detail] if detail else [])
    assert notes(call(glob("builtins", "range"), text("1")))[0].detail == collecting._NO_NUMBERS


@pytest.mark.parametrize(("module", "name"), [("builtins", "bytes"), ("builtins", "bytearray"), ("numpy", "void")])
def test_bytes_that_are_made_from_a_large_number_are_noted(module: str, name: str) -> None:
    (found,) = notes(call(glob(module, name), number((1 << 24) + 1)))
    assert (found.kind, found.detail, named(found)) == ("misused", collecting._ALLOCATES, f"{module}.{name}")
    assert not notes(call(glob(module, name), number(1 << 24)))
    assert not notes(call(glob(module, name), text("x"), number((1 << 24) + 1)))


def test_bytes_that_old_protocols_write_as_text_are_what_they_are() -> None:
    encoded = call(glob("_codecs", "encode"), text("x"), text("latin1"))
    assert not notes(call(glob("builtins", "bytearray"), encoded))


@pytest.mark.parametrize("name", [("builtins", "int"), ("fractions", "Fraction")])
@pytest.mark.parametrize("digits", ["1e99999", "1E+12345", "7e1_0000", "1e-99999"])
def test_numbers_of_very_many_digits_are_noted(name: tuple[str, str], digits: str) -> None:
    (found,) = notes(call(glob(*name), text("1"), text(digits)))
    assert (found.kind, found.detail, named(found)) == ("misused", collecting._COMPUTES, ".".join(name))
    assert not notes(call(glob(*name), text("1e9999"), text("-1e-9999")))


def test_what_a_collection_gives_back_can_be_built_but_not_called() -> None:
    made = call(glob("builtins", "set"), b"]")
    assert uses(made) == {"builtins.set": {"referenced", "called"}}
    (found,) = notes(made, b")R")
    assert (found.detail, named(found)) == ("what it returned is called", "builtins.set")


def _partial(*state: bytes) -> bytes:
    return call(PARTIAL, glob("builtins", "dict")) + b"(" + b"".join(state) + b"tb"


def test_the_function_in_a_partials_state_is_wrapped() -> None:
    found = uses(_partial(glob("os", "system"), b"(" + text("x") + b"t", b"}", b"N"))
    assert "wrapped" in found["os.system"]
    assert "wrapped" in uses(_partial(glob("os", "system"), b"N", b"}", b"N"))["os.system"]


def test_what_a_factory_wraps_is_called_and_what_replaces_it_too() -> None:
    factory = call(glob("collections", "defaultdict"), call(PARTIAL, glob("a", "b"), text("x")) + b"q\1")
    assert uses(factory)["a.b"] == {"referenced", "wrapped", "called"}
    replaced = uses(factory, b"h\1(", glob("c", "d"), b")}Ntb")
    assert "called" in replaced["c.d"]
    before = uses(call(glob("collections", "defaultdict"), _partial(glob("c", "d"), b")", b"}", b"N")))
    assert before["c.d"] == {"referenced", "kept", "wrapped", "called"}
    assert not notes(factory)


@pytest.mark.parametrize("name", ["_functools", "functools"])
def test_reduce_writes_unions_of_types_and_nothing_else(name: str) -> None:
    united = glob(name, "reduce"), glob("_operator", "or_")
    types = b"(" + glob("builtins", "int") + call(glob("types", "GenericAlias"), glob("builtins", "list"), b"N") + b"Nt"
    assert uses(call(*united, types))[f"{name}.reduce"] == {"referenced", "called", "resolved"}
    for other in (b"(" + RANGE + b"Nt", text("x"), b"(K\1K\2t"):
        assert "computed" in uses(call(*united, other))[f"{name}.reduce"]
    assert "computed" in uses(call(united[0], glob("os", "system"), types))[f"{name}.reduce"]


@pytest.mark.parametrize("state", [(b"N",) * 3, (b"N",) * 5, ()])
def test_a_partials_state_of_another_length_is_noted(state: tuple[bytes, ...]) -> None:
    found = [note for note in notes(_partial(*state)) if note.detail == "its state cannot be followed"]
    assert [(note.kind, named(note)) for note in found] == [("misused", "functools.partial")]


def test_a_partials_state_is_its_own_affair() -> None:
    other = call(glob("functools", "singledispatch"), b"N") + b"N" * 3 + b"\x87b"
    assert not [note for note in notes(other) if note.detail == "its state cannot be followed"]


def test_odd_keywords_of_a_partial_are_noted() -> None:
    odd = dictionary(__class__=number(1))
    found = notes(_partial(glob("builtins", "dict"), b")", odd, b"N"))
    assert "functools.partial" in map(named, found)
    assert not notes(_partial(glob("builtins", "dict"), b")", dictionary(a=number(1)), b"N"))


@pytest.mark.parametrize(
    ("formula", "suits"),
    [
        ("y ~ x1 + np.log(x2) * C(z)", True),
        ("y ~ a:b - 1 + center(c)**2.5", True),
        ("y ~ x.__class__", False),
        ("y ~ __x", False),
        ("y ~ os(1)", False),
        ("y ~ np.load(x)", False),
        ("y ~ x['a']", False),
        ("", True),
        (None, False),
    ],
)
def test_formulas_only_name_columns_and_call_mathematics(formula: str | None, suits: bool) -> None:  # noqa: FBT001 (a table's column)
    assert states._is_formula(DATA if formula is None else formula) is suits


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"12", 12), (b"-12", -12), (b"+3", 3), (b"0x1F", 31), (b"-0x10", -16), (b"0b101", 5), (b"0o17", 15),
        (b"017", 15), (b"-017", -15), (b"0", 0), (b" \t7", 7), (b"017\0junk", 15), (b"\0junk", 0), (b"0X1f\0", 31),
        (b"9" * 4001, DATA), (b"-" + b"9" * 4001, DATA),
    ],
)  # fmt: skip
def test_numbers_are_read_as_either_unpickler_reads_them(line: bytes, value: object) -> None:
    assert integer(line) == value


@pytest.mark.parametrize("line", [b"", b"x", b"08", b"1 2", b"0x", b"--1", b"1.5", b"z" * 4001, b"017x"])
def test_what_neither_reads_is_no_number(line: bytes) -> None:
    with pytest.raises(BrokenError, match=r"^a number is not one$"):
        integer(line)


def test_a_leading_zero_is_a_decimal_in_put_and_get() -> None:
    assert integer(b"017", 10) == 17
    with pytest.raises(BrokenError):
        integer(b"0x1", 10)


@pytest.mark.parametrize(
    ("module", "name", "special"),
    [
        ("os", "system", False),
        ("os", "path.join", True),
        ("os", "__class__", True),
        ("__main__", "Kind", True),
        ("a.__init__", "f", True),
        ("a.b", "f", False),
        ("a", "_x_", False),
        ("a", "__", False),
    ],
)
def test_special_paths_lead_through_attributes(module: str, name: str, special: bool) -> None:  # noqa: FBT001 (a table's column)
    assert is_special_path(module, name) is special


@pytest.mark.parametrize(
    ("module", "name", "can_exist"),
    [("os", "system", True), ("a.b", "c.d", True), ("", "f", False), ("a", "1x", False), ("a b", "f", False)],
)
def test_names_that_code_can_have(module: str, name: str, can_exist: bool) -> None:  # noqa: FBT001 (a table's column)
    assert is_identifier(module, name) is can_exist


def test_a_memo_that_was_not_kept_is_unresolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long streams of mere data are passed over; one behind them may take values from their memo."""
    monkeypatch.setattr(stroll, "_MOST_REPEATED", 100)
    data = whole(b"K\1\x940" * 200, b"N", protocol=4)
    (found,) = walk(data + whole(b"h\5", protocol=4)).trace.notes.values()
    assert (found.kind, found.offset) == ("unresolved", len(data) + 2)
    assert found.detail == "a value is taken from the memo of a long pickle before"


def test_the_elements_of_an_object_are_no_arguments() -> None:
    (found,) = notes(glob("collections", "OrderedDict"), RANGE, b"}\x92")
    assert (found.kind, named(found)) == ("misused", "builtins.range")
    assert found.detail == "its elements are the arguments of a call"


@pytest.mark.parametrize("key", ["__array_interface__", "__array_struct__", "__cuda_array_interface__"])
def test_keys_that_make_numpy_read_memory_are_noted(key: str) -> None:
    (found,) = notes(dictionary(**{key: number(1)}))
    assert (found.kind, found.detail.partition(":")[0]) == ("misused", key)


@pytest.mark.parametrize(
    ("stream", "seen"),
    [
        (call(GETATTR, glob("os", "path"), text("join")), {"os.path.join": {"referenced"}}),
        (call(GETATTR, RANGE, text("start")), {"builtins.range.start": {"referenced"}}),
        (call(GETATTR, number(1), text("x")), {"builtins.getattr": {"referenced", "called", "computed"}}),
        (call(glob("numpy.core", "_ufunc_reconstruct"), text("os"), text("system")), {"os.system": {"referenced"}}),
        (call(SETATTR, RANGE, text("a"), number(1)), {"builtins.setattr": {"referenced", "called", "computed"}}),
        (
            call(SETATTR, call(glob("dill._dill", "_create_type")), text("a"), number(1)),
            {"dill._dill._create_type": {"referenced", "called", "built"}},
        ),
        (call(SETATTR, number(1), text("a"), number(1)), {"builtins.setattr": {"referenced", "called", "computed"}}),
        (
            call(glob("dill._dill", "_create_array"), glob("os", "system"), b"(" + text("x") + b"t", b"}", b"}"),
            {"os.system": {"referenced", "called", "built"}},
        ),
        (call(glob("copyreg", "__newobj__"), glob("os", "system"), text("x")), {"os.system": {"referenced", "newobj"}}),
    ],
)  # fmt: skip
def test_what_calls_lead_to_is_seen(stream: bytes, seen: dict[str, set[str]]) -> None:
    found = uses(stream)
    assert {key: how for key, how in found.items() if key in seen} == seen


@pytest.mark.parametrize(
    ("module", "name"),
    [("dill._dill", "_create_array"), ("copyreg", "__newobj__"), ("torch._tensor", "_rebuild_from_type_v2")],
)
def test_calls_whose_arguments_are_not_known_are_noted(module: str, name: str) -> None:
    found = notes(glob(module, name), b"]R")
    assert [(note.kind, note.detail, named(note)) for note in found] == [("misused", NOT_FOLLOWED, f"{module}.{name}")]
