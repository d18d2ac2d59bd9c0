"""Calls that are dangerous, or dangerous with certain arguments: one table by full name, one by method name."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.model import Confidence, Rule, Severity
from chainguard_ml.rules import source as rules
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chainguard_ml.source.names import Names


@dataclass(frozen=True, slots=True)
class Issue:
    """What is wrong with one call or assignment.

    Attributes:
        rule: The rule it breaks.
        name: What is called, by its full name where that is known.
        message: What is wrong.
        severity: Severity, where it is not the rule's.
        confidence: How sure that is.
    """

    rule: Rule
    name: str
    message: str
    severity: Severity | None = None
    confidence: Confidence = Confidence.HIGH


@dataclass(frozen=True, slots=True)
class Call:
    """A call, the name it goes by, and its arguments."""

    node: ast.Call
    name: str
    names: Names

    def argument(self, keyword: str, position: int | None = None) -> ast.expr | None:
        """Return an argument by keyword or position, or ``None``."""
        for each in self.node.keywords:
            if each.arg == keyword:
                return each.value
        if position is not None and position < len(self.node.args):
            return self.node.args[position]
        return None

    def constant(self, keyword: str, position: int | None = None) -> object:
        """Return the literal value of an argument; an absent one, or one that is no literal, is something else."""
        return self.names.constant(self.argument(keyword, position))

    @property
    def spreads(self) -> bool:
        """Whether ``**`` hands on arguments that nobody sees here."""
        return any(each.arg is None for each in self.node.keywords)


Check: TypeAlias = "Callable[[Call], Iterator[Issue]]"
"""Looks at one call."""

_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_LOCAL = re.compile(r"(?:[./~]|[A-Za-z]:[\\/])")
_SAFE_LOADERS = frozenset({"SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader"})
# Loaders of load_dataset that read files at hand.
_BUILDERS = frozenset(
    {"csv", "json", "parquet", "text", "arrow", "pandas", "imagefolder", "audiofolder", "webdataset", "xml"}
)
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "Session",
                    "Client", "AsyncClient", "urlopen"})  # fmt: skip


def _pickle(call: Call) -> Iterator[Issue]:
    yield Issue(rules.UNSAFE_LOAD, call.name, f"{call.name} runs what the file says")


def _torch(call: Call) -> Iterator[Issue]:
    if call.constant("weights_only") is not True:
        confidence = Confidence.MEDIUM if call.spreads or call.argument("weights_only") else Confidence.HIGH
        message = f"{call.name} without weights_only=True may run what the file says"
        yield Issue(rules.UNSAFE_LOAD, call.name, message, confidence=confidence)


def _numpy(call: Call) -> Iterator[Issue]:
    if call.constant("allow_pickle", 2) is True:
        yield Issue(rules.UNSAFE_LOAD, call.name, f"{call.name} with allow_pickle=True runs what the file says")


def _yaml(call: Call) -> Iterator[Issue]:
    loader = call.argument("Loader", 1)
    safe = {name.rpartition(".")[2] for name in call.names.dotted(loader)} if loader else set()
    if not safe or not safe <= _SAFE_LOADERS:
        yield Issue(rules.UNSAFE_LOAD, call.name, f"{call.name} without a safe loader makes any object the file names")


def _keras(call: Call) -> Iterator[Issue]:
    if call.constant("safe_mode") is False:
        yield Issue(rules.TRUSTED_REMOTE_CODE, call.name, f"{call.name} with safe_mode=False runs code of the model")


def _hub(call: Call) -> Iterator[Issue]:
    if call.constant("source") != "local":
        yield Issue(rules.TRUSTED_REMOTE_CODE, call.name, f"{call.name} runs code of the repository it downloads")


def _unverified(call: Call) -> Iterator[Issue]:
    yield Issue(rules.UNVERIFIED_CONNECTION, call.name, f"{call.name} makes connections without certificate checks")


def _skops(call: Call) -> Iterator[Issue]:
    if call.constant("trusted", 1) is True:
        yield Issue(rules.UNSAFE_LOAD, call.name, f"{call.name} with trusted=True makes any object the file names")


def _fetch(call: Call) -> Iterator[Issue]:
    """Look at a download from a model hub: is its revision a commit?"""
    source = call.names.constant(_source(call))
    if isinstance(source, str) and (_LOCAL.match(source) or source in _BUILDERS):
        return
    revision = call.argument("revision")
    value = call.names.constant(revision)
    if isinstance(value, str) and _COMMIT.match(value):
        return
    known = isinstance(source, str) and not call.spreads and (revision is None or isinstance(value, str))
    which = f"revision '{printable(value, 80)}', which is no commit" if isinstance(value, str) else "no fixed revision"
    what = f"'{printable(source, 100)}'" if isinstance(source, str) else "what it is given"
    yield Issue(
        rules.UNPINNED_MODEL_REVISION,
        call.name,
        f"{call.name} takes {what} with {which}",
        None if known else Severity.LOW,
        Confidence.HIGH if known else Confidence.LOW,
    )


def _source(call: Call) -> ast.expr | None:
    for keyword in ("repo_id", "pretrained_model_name_or_path", "path", "model_name_or_path"):
        if found := call.argument(keyword):
            return found
    return call.argument("", 0)


_PICKLES = (
    "pickle.load pickle.loads pickle.Unpickler _pickle.load _pickle.loads _pickle.Unpickler cPickle.load cPickle.loads "
    "dill.load dill.loads dill.Unpickler cloudpickle.load cloudpickle.loads joblib.load sklearn.externals.joblib.load "
    "pandas.read_pickle pandas.io.pickle.read_pickle shelve.open marshal.load marshal.loads jsonpickle.decode "
    "yaml.unsafe_load yaml.unsafe_load_all yaml.full_load yaml.full_load_all compress_pickle.load pickle5.load "
    "pickle5.loads"
)
BY_NAME: dict[str, Check] = {
    **dict.fromkeys(_PICKLES.split(), _pickle),
    **dict.fromkeys(("torch.load", "torch.serialization.load"), _torch),
    **dict.fromkeys(("numpy.load", "numpy.lib.npyio.load"), _numpy),
    **dict.fromkeys(("yaml.load", "yaml.load_all"), _yaml),
    **dict.fromkeys(("skops.io.load", "skops.io.loads"), _skops),
    **dict.fromkeys(("datasets.load_dataset", "datasets.load.load_dataset"), _fetch),
    "torch.hub.load": _hub,
    "ssl._create_unverified_context": _unverified,
    "keras.config.enable_unsafe_deserialization": _keras,
}
"""Functions by their full names."""

BY_METHOD: dict[str, Check] = {
    **dict.fromkeys(("from_pretrained", "hf_hub_download", "snapshot_download"), _fetch),
    "load_model": _keras,
}
"""Functions by their last names, whatever module or object they are taken from."""


def issues(node: ast.Call, names: Names) -> Iterator[Issue]:
    """Yield what is wrong with a call."""
    meant = sorted(names.dotted(node.func))
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    # A bare name that is not imported is a function of this file, whatever it is called like.
    last = {name.rpartition(".")[2] for name in meant if "." in name} | {method}
    name = meant[0] if meant else f"….{method}"
    for each in meant:
        if each in BY_NAME:
            yield from BY_NAME[each](Call(node, each, names))
            break
    else:
        for each in sorted(last & BY_METHOD.keys()):
            yield from BY_METHOD[each](Call(node, name, names))
    yield from _flags(Call(node, name, names), last)


def _flags(call: Call, last: set[str]) -> Iterator[Issue]:
    """Look at the arguments that are dangerous wherever they are passed."""
    if call.constant("trust_remote_code") is True:
        message = f"{call.name} with trust_remote_code=True runs code of the model's repository"
        yield Issue(rules.TRUSTED_REMOTE_CODE, call.name, message)
    asks = bool(last & _VERBS)
    for keyword, matters in (("verify", asks), ("verify_ssl", True), ("ssl", asks), ("check_hostname", True)):
        if matters and call.constant(keyword) is False:
            message = f"{call.name} with {keyword}=False does not check certificates"
            yield Issue(rules.UNVERIFIED_CONNECTION, call.name, message)
