"""Classes of whole packages: those of which loading runs nothing that nobody has read.

``pickle`` restores an object of a plain Python class without its constructor: it allocates it and sets its attributes.
So each class counts of which all methods that loading runs are Python's own or were read (``allowlist_hooks``), and of
which all bases do too. A reference to such a class may not be kept as data: nobody has read what its constructor does.
"""

from __future__ import annotations

import contextlib
import copyreg
import enum
import functools
import importlib
import inspect
import io
import pkgutil
import sys
import warnings
from importlib import metadata
from typing import TYPE_CHECKING

from allowlist_hooks import READ, unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

PACKAGES = tuple(
    """
    sklearn statsmodels xgboost lightgbm scipy pandas networkx imblearn category_encoders umap hdbscan pyod lifelines
    mlxtend feature_engine skorch torchmetrics pytorch_tabnet sksurv gplearn fairlearn kmodes optuna pmdarima hmmlearn
    shap tslearn ngboost mapie interpret surprise implicit boruta sklego skrub scikeras river mlforecast
    torchvision timm peft torch_geometric sktime
    """.split()  # noqa: SIM905 (a table of import names)
)

REASON = "plain class of"
_PLAIN = frozenset({"builtins", "abc", "typing", "collections", "collections.abc", "enum"})
_SKIPPED = (
    "externals",
    "tests",
    "test",
    "testing",
    "_testing",
    "datasets",
    "experimental",
    "conftest",
    "__main__",
    "setup",
    "benchmarks",
    "io",
    "readwrite",
    "computation",
    "plotting",
    "drawing",
    "_lib",
    "pickle_compat",
)


def plain_classes() -> dict[tuple[str, str], tuple[frozenset[str], str]]:
    """Return the plain classes of every package that is installed."""
    entries = {}
    for package in PACKAGES:
        for module in _modules(package):
            for name, item in vars(module).items():
                if (
                    inspect.isclass(item)
                    and item.__module__ == module.__name__
                    and item.__qualname__ == name
                    and not _is_skipped(_written_in(item))
                    and is_plain(item)
                ):
                    reason = (
                        f"{REASON} {package} {_version(package)}: loading sets its attributes, and runs nothing else"
                    )
                    entries[module.__name__, name] = (_uses(item), reason)
    return entries


def _uses(kind: type) -> frozenset[str]:
    """Members of an enumeration are looked up by calling it with a value."""
    looks_up = issubclass(kind, enum.Enum) and kind._missing_.__func__ is enum.Enum._missing_.__func__  # type: ignore[attr-defined]  # a class method
    slots = copyreg._slotnames(kind) and getattr(kind, "__setstate__", None) is None  # type: ignore[attr-defined]  # noqa: SLF001 (what pickle asks)
    return frozenset({"newobj", "built", *(["called"] if looks_up else []), *(["slots"] if slots else [])})


def is_plain(kind: type) -> bool:
    """Return whether loading an object of a class runs only what is Python's own, or what was read."""
    if (
        issubclass(kind, BaseException | tuple | type)
        or unread(kind)
        or any(map(_own(kind), ("__setitem__", "__hash__")))
    ):
        return False
    return all(base.__module__ in _PLAIN or _is_python(base) for base in kind.__mro__)


def _own(kind: type) -> Callable[[str], bool]:
    """Return whether a method is written in Python, not Python's own and was not read: items and keys call some."""
    methods = {name: getattr(kind, name, None) for name in ("__setitem__", "__hash__")}

    def own(name: str) -> bool:
        method = methods[name]
        if not inspect.isfunction(method) or method.__module__ in _PLAIN:
            return False
        return f"{method.__module__}.{method.__qualname__}" not in READ

    return own


def _is_python(kind: type) -> bool:
    """Return whether a class is written in Python: of others nothing can be read here."""
    path = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
    return path.endswith(".py")


def _modules(package: str) -> Iterator[ModuleType]:
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        try:
            root = importlib.import_module(package)
        except ImportError:
            return
        names = [package]
        with contextlib.suppress(Exception):
            names += [item.name for item in pkgutil.walk_packages(root.__path__, f"{package}.", onerror=lambda _: None)]
        for name in names:
            if not _is_skipped(name):
                with contextlib.suppress(Exception, SystemExit):
                    yield importlib.import_module(name)


def _is_skipped(module: str) -> bool:
    return any(part in _SKIPPED or part.startswith("test_") for part in module.split("."))


def _written_in(kind: type) -> str:
    """Return the module that a class's methods are written in: packages show some under a shorter name."""
    return next((item.__module__ for item in vars(kind).values() if inspect.isfunction(item)), kind.__module__)


@functools.cache
def _version(package: str) -> str:
    distribution = next(iter(metadata.packages_distributions().get(package, [package])))
    return metadata.version(distribution)
