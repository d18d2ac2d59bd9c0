"""Packages that nobody maintains any more, or that go by another name: as data, and as packages say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from chainguard_ml.audit.vulnerabilities import label_of, package_facts, place_of, subject_of
from chainguard_ml.rules.packages import ABANDONED_PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainguard_ml.model import Component, Finding

SUCCESSORS = {
    "sklearn": ("scikit-learn", "a placeholder that its owners gave up in 2023"),
    "pytorch": ("torch", "a placeholder that only says so"),
    "tensorflow-gpu": ("tensorflow", "removed in December 2022"),
    "tf-nightly-gpu": ("tf-nightly", "removed in December 2022"),
    "tensorflow-addons": ("keras", "its life ended in May 2024"),
    "keras-applications": ("keras", "archived in 2022"),
    "keras-preprocessing": ("keras", "archived in 2022"),
    "theano": ("pytensor", "its development ended in 2017"),
    "mxnet": ("", "retired by the Apache Software Foundation in 2023"),
    "chainer": ("torch", "in maintenance since 2019, without a release since 2022"),
    "cntk": ("", "its development ended in 2019"),
    "gym": ("gymnasium", "unmaintained since 2022"),
    "fbprophet": ("prophet", "renamed with release 1.0"),
    "pandas-profiling": ("ydata-profiling", "renamed in 2023"),
    "pickle5": ("", "a backport to Pythons before 3.8"),
    "pycrypto": ("pycryptodome", "without a release since 2013, with known vulnerabilities"),
    "pypdf2": ("pypdf", "merged back in December 2022"),
    "nose": ("pytest", "without a release since 2015"),
}
"""PEP 503 name: who took its place, if anybody, and what became of it, as the projects themselves announced it."""


def findings(components: Iterable[Component]) -> Iterator[Finding]:
    """Yield the packages that are known to be abandoned, or say so themselves (``Development Status :: 7``)."""
    for component in components:
        successor, story = SUCCESSORS.get(canonicalize_name(component.name), ("", ""))
        if not story and component.facts.get("inactive") is True:
            story = "its own classifiers call it inactive"
        if story:
            yield _finding(component, successor, story)


def _finding(component: Component, successor: str, story: str) -> Finding:
    return ABANDONED_PACKAGE.finding(
        subject_of(component),
        place_of(component),
        f"{label_of(component)} is not maintained: {story}",
        key=(place_of(component).path,),
        facts={**package_facts(component), **({"successor": successor} if successor else {})},
        hint=f"move to {successor}" if successor else None,
    )
