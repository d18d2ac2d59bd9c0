"""The allow-list: exact names and uses, the operator's extensions, data in good order."""

from __future__ import annotations

import json
import sys
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.model import Digest, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.interface import Use
from chainguard_ml.scan.pickle import effects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainguard_ml.model import Json
    from tests.scan.pickle.conftest import Look

LISTS = (*allowlist.FRAMEWORKS, "stdlib", "others")
FILE = Subject("models/net.pkl")


def entries(name: str) -> list[dict[str, object]]:
    document = json.loads(resources.files(allowlist).joinpath(f"{name}.json").read_text(encoding="utf-8"))
    assert document["schema"] == "chainguard-ml/allowlist/v2"
    assert document["list"] == name
    return list(document["entries"])


def names(item: Mapping[str, object]) -> list[tuple[str, str]]:
    listed = item["names"]
    assert isinstance(listed, list)
    return [(str(item["module"]), str(name)) for name in listed]


def verdict(module: str, name: str, how: str = "referenced", allow: Mapping[str, Json] | None = None) -> str:
    judge = allowlist.make_judge([{"reason": "mine", "path": "", "sha256": "", **allow}] if allow else [])
    return judge.judge(Use(module, name, how, 0), FILE).verdict


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_sorted_exact_and_explained(name: str) -> None:
    items = entries(name)
    keys = [key for item in items for key in names(item)]
    assert len(keys) == len(set(keys)) > 0
    for item in items:
        assert set(item) - {"kept"} == {"module", "names", "may_be", "judged"}
        assert names(item) == sorted(names(item)) != []
        assert item.get("kept", False) is False
        assert [use for use in ("called", "newobj", "built", "slots", "fed") if use in item["may_be"]] == item["may_be"]  # type: ignore[operator]  # a list
        assert item["judged"]
        assert not any("*" in f"{module}{each}" for module, each in names(item))
        top = str(item["module"]).partition(".")[0]
        expected = top if top in allowlist.FRAMEWORKS else "stdlib" if top in sys.stdlib_module_names else "others"
        assert name in {expected, "others"}


def test_nothing_that_is_listed_is_known_to_be_dangerous_or_from_main() -> None:
    known = {key for item in entries("dangerous") for key in names(item)}
    for name in LISTS:
        for item in entries(name):
            assert not known & {*names(item)}
            assert not any("pickler" in each.lower() for _, each in names(item))
            assert item["module"] not in {"__main__", "os", "subprocess", "importlib", "pickle"}
            if item["module"] in {"operator", "_operator"} and item["may_be"]:
                looked_at = {"getitem", "itemgetter"}  # their arguments, and calls of what they return
                assert {each for _, each in names(item)} <= looked_at


@pytest.mark.parametrize(
    ("module", "name", "how", "expected"),
    [
        ("collections", "OrderedDict", "called", "allowed"),
        ("collections", "OrderedDict", "referenced", "allowed"),
        ("collections", "orderedDict", "referenced", "unknown"),
        ("collections.abc", "OrderedDict", "referenced", "unknown"),
        ("collections", "OrderedDict.fromkeys", "referenced", "unknown"),
        ("numpy", "mean", "referenced", "allowed"),
        ("numpy", "mean", "called", "misused"),
        ("numpy", "mean", "wrapped", "allowed"),
        ("numpy", "memmap", "wrapped", "misused"),
        ("numpy", "str_", "kept", "allowed"),
        ("numpy", "void", "kept", "allowed"),
        ("logging", "getLogger", "kept", "misused"),
        ("logging", "getLogger", "wrapped", "allowed"),
        ("numpy", "load", "referenced", "dangerous"),
        ("numpy.f2py.crackfortran", "anything", "called", "dangerous"),
        ("os", "anything", "referenced", "dangerous"),
        ("osx", "anything", "referenced", "unknown"),
        ("os.path.deeper", "anything", "referenced", "dangerous"),
        ("builtins", "getattr", "referenced", "dangerous"),
        ("builtins", "print", "called", "unknown"),
        ("cloudpickle.cloudpickle", "_make_cell", "called", "code"),
        ("dill._dill", "_create_type", "called", "code"),
        ("joblib.externals.cloudpickle.cloudpickle", "subimport", "called", "code"),
        ("torch.nn.modules.linear", "Linear", "built", "allowed"),
        ("torch.nn.modules.linear", "Linear", "called", "misused"),
        ("sklearn.ensemble.forest", "RandomForestClassifier", "built", "allowed"),
        ("numpy.core.multiarray", "_reconstruct", "called", "allowed"),
        ("numpy._core.multiarray", "_reconstruct", "called", "allowed"),
        ("", "", "referenced", "unknown"),
        ("../stdlib", "x", "referenced", "unknown"),
    ],
)
def test_names_and_uses_are_exact(module: str, name: str, how: str, expected: str) -> None:
    assert verdict(module, name, how) == expected


@pytest.mark.parametrize(
    ("allow", "how", "expected"),
    [
        ({"name": "mine.Net", "may_be": ["newobj"]}, "newobj", "allowed"),
        ({"name": "mine.Net", "may_be": ["newobj"]}, "referenced", "allowed"),
        ({"name": "mine.Net", "may_be": ["newobj"]}, "called", "unknown"),
        ({"name": "mine.Net", "may_be": []}, "referenced", "allowed"),
        ({"name": "mine.Net", "may_be": []}, "wrapped", "unknown"),
        ({"name": "mine.Net", "may_be": ["called"]}, "wrapped", "allowed"),
        ({"name": "mine", "may_be": ["newobj"]}, "newobj", "unknown"),
        ({"name": "mine.Net", "may_be": ["newobj"], "path": "models/*.pkl"}, "newobj", "allowed"),
        ({"name": "mine.Net", "may_be": ["newobj"], "path": "*.pkl"}, "newobj", "unknown"),
        ({"name": "mine.Net", "may_be": ["newobj"], "path": "**/*.pkl"}, "newobj", "allowed"),
        ({"name": "mine.Net", "may_be": ["newobj"], "path": "models/**"}, "newobj", "allowed"),
        ({"name": "mine.Net", "may_be": ["newobj"], "path": "models/ne?.pkl"}, "newobj", "allowed"),
        ({"name": "mine.Net", "may_be": ["newobj"], "path": "models/net.pk"}, "newobj", "unknown"),
        ({"name": "mine.Net", "may_be": ["newobj"], "path": "models/net[.]pkl"}, "newobj", "unknown"),
        ({"name": "mine.Net", "may_be": ["newobj"], "sha256": "ab"}, "newobj", "unknown"),
    ],
)
def test_extensions_are_exact(allow: dict[str, Json], how: str, expected: str) -> None:
    assert verdict("mine", "Net", how, allow) == expected


def test_an_extension_for_a_digest_holds_for_that_file_only() -> None:
    judge = allowlist.make_judge(
        [{"name": "mine.Net", "may_be": ["called"], "reason": "r", "path": "", "sha256": "SHA256:AB"}]
    )
    use = Use("mine", "Net", "called", 0)
    assert judge.needs_digest
    assert judge.judge(use, Subject("x", digest=Digest("sha256", "ab"))).verdict == "allowed"
    assert judge.judge(use, Subject("x", digest=Digest("sha256", "cd"))).verdict == "unknown"
    assert judge.judge(use, Subject("x")).verdict == "unknown"
    assert not allowlist.make_judge([]).needs_digest


def test_several_extensions_for_one_name_are_all_asked() -> None:
    rest = {"name": "mine.Net", "reason": "r", "sha256": ""}
    judge = allowlist.make_judge([
        {**rest, "may_be": ["called"], "path": "a/*"}, {**rest, "may_be": ["built"], "path": "models/*"},
    ])  # fmt: skip
    assert judge.judge(Use("mine", "Net", "built", 0), FILE).verdict == "allowed"
    assert judge.judge(Use("mine", "Net", "called", 0), FILE).verdict == "unknown"


def test_a_scan_says_which_extension_was_used(look: Look) -> None:
    data = b"\x80\x02cmine.models\nNet\n)\x81}b."
    assert look(data).rules == {"unknown-global"}
    allow = [{"name": "mine.models.Net", "may_be": ["newobj", "built"], "reason": "our own class"}]
    seen = look(data, allow=allow)
    assert seen.clean
    (evidence,) = seen.evidence
    assert evidence.statement["allowed_by_configuration"] == {"mine.models.Net": "our own class"}


def test_even_dangerous_and_main_names_can_be_allowed_by_the_operator(look: Look) -> None:
    allow = [
        {"name": name, "may_be": ["called"], "reason": "known"} for name in ("os.getcwd", "__main__.Net", "a.b.c.d")
    ]
    assert look(b"\x80\x02cos\ngetcwd\n)Rc__main__\nNet\n)R\x86.", allow=allow).clean
    assert look(b"\x80\x04\x8c\x03a.b\x8c\x03c.d\x93)R.", allow=allow).clean


def test_what_a_name_is_misused_for_is_not_said_to_be_allowed_by_its_name(look: Look) -> None:
    allow = [{"name": "builtins.str", "may_be": ["called"], "reason": "mine", "path": "", "sha256": ""}]
    stream = b"\x80\x02cbuiltins\nstr\ncbuiltins\nrange\nK\x09\x85R\x85R."
    for seen in (look(stream), look(stream, allow=allow)):
        assert "[[scan.allow]]" not in str(seen.of("misused-global").hint)
    denied = look(b"\x80\x02cnumpy\nmean\n)R.").of("misused-global")
    assert "[[scan.allow]]" in str(denied.hint)


def test_a_function_has_the_same_effect_under_each_name_that_is_listed() -> None:
    """Releases moved functions: what is modelled at one place must be at all."""
    modelled = {name for _, name in effects.EFFECTS}
    listed = {
        key
        for source in LISTS
        for entry in entries(source)
        for key in names(entry)
        if key[1] in modelled and "called" in entry["may_be"]  # type: ignore[operator]  # a list of texts
    }
    assert listed - effects.EFFECTS.keys() == set()
