"""States that their class turns into code: harmless only where they are what the framework itself writes.

Two families of classes evaluate a text of their state: scipy's distributions execute the source of their argument
parser (``rv_generic._attach_argparser_methods``), statsmodels evaluates a model's formula (``ModelData.__setstate__``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.scan.pickle.partials import check_partial
from chainguard_ml.scan.pickle.trees import has_wild_nodes
from chainguard_ml.scan.pickle.values import DATA, UNKNOWN, Dict, Instance, Value, has_odd_keys, is_partial

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.scan.pickle.machine import Machine

_ODD = "its state sets special attributes, methods, or attributes with computed names"
_HIDDEN = "its state, of which a part is evaluated, cannot be followed"
EVALUATED = frozenset({"scipy.stats._continuous_distns", "scipy.stats._discrete_distns", "scipy.stats._levy_stable",
                       "scipy.stats._distn_infrastructure", "statsmodels.base.data"})  # fmt: skip
"""Modules whose classes evaluate a part of their state: no other may have such a class in the allow-list."""

_EVALUATING = "scipy.stats."
_RENAMING = "transformers."  # PreTrainedConfig.__getattribute__ looks names up in the object's own attribute_map
_RENAMES = "its state renames attributes, so that setting a state can call any of its methods"
_ARROW = frozenset({"pandas.arrays", "pandas.core.arrays.arrow.array", "pandas.core.arrays.string_arrow"})
_ARRAYS = frozenset({"_pa_array", "_data"})
_NO_ARRAY = "its state holds no array of Arrow, so that it is made from all that another object yields"
_LAYERS = "torch.nn.modules.rnn"  # its classes name the weights of as many layers as their state says
_MOST_LAYERS = 10_000
_COUNTS = "its state says that it has so many layers that naming them takes for ever"
_WILD = "nodes of its tree name others that it does not have, which are read as addresses"
_FROZEN = frozenset(
    {"levy_stable_frozen", "rv_frozen", "rv_continuous_frozen", "rv_discrete_frozen"}
)  # have no state of that kind

_TEMPLATE = re.compile(
    r"\ndef _parse_args\(self, ((?:[A-Za-z_]\w*, )*) (loc=0(?:, scale=1)?)\):\n    return \(\1\), (loc, (?:scale|1))\n"
    r"\ndef _parse_args_rvs\(self, \1 \2, size=None\):\n    return self\._argcheck_rvs\(\1 \3, size=size\)\n"
    r"\ndef _parse_args_stats\(self, \1 \2, moments='mv'\):\n    return \(\1\), \3, moments\n"
)
_KNOWN_CALLS = re.compile(r"\b(?:C|I|center|standardize|np\.(?:log|log1p|log10|exp|sqrt|abs|square|power))(?=\()")
_FORMULA = re.compile(r"(?:[\w\s~+*:|/^,)-]|(?<!\w)\(|(?<=\d)\.(?=\d))*")


def _is_template(text: Value) -> bool:
    return isinstance(text, str) and _TEMPLATE.fullmatch(text) is not None


def _is_formula(text: Value) -> bool:
    """Return whether a formula only names columns and calls mathematical functions."""
    return isinstance(text, str) and "__" not in text and _FORMULA.fullmatch(_KNOWN_CALLS.sub("", text)) is not None


# The key that makes a class evaluate a text, the key of the text, and what it must look like.
_GUARDS: tuple[tuple[str, str, Callable[[Value], bool], str], ...] = (
    ("_parse_arg_template", "_parse_arg_template", _is_template, "its state holds a source text that is executed"),
    ("restore_model_spec", "formula", _is_formula, "its state holds a formula that is evaluated"),
    ("restore_design_info", "formula", _is_formula, "its state holds a formula that is evaluated"),
)


def _hides(target: Instance, state: Value) -> bool:
    """Return whether a class that may evaluate a part of its state gets one that is not followed."""
    if target.of.module in EVALUATED:
        return target.of.name not in _FROZEN and not isinstance(state, Dict)
    if target.of.module.startswith(_RENAMING):
        return any(isinstance(part, Instance) for part in _parts(state))
    return isinstance(state, Instance) and target.of.module.startswith(_EVALUATING)


def _renames(target: Instance, state: Value) -> bool:
    """Return whether a state decides which attribute is meant by a name."""
    return target.of.module.startswith(_RENAMING) and any(
        isinstance(part, Dict) and "attribute_map" in (part.noted or {}) for part in _parts(state)
    )


def _parts(state: Value) -> tuple[Value, ...]:
    """Return the mappings of a state: one, or a pair for the dictionary and the slots."""
    return state if isinstance(state, tuple) else (state,)


def _sets_slots(state: Value) -> bool:
    """Return whether a state is a pair whose second part is set attribute by attribute, as picklers write slots.

    ``setattr`` calls setters of properties, which no class runs that only gets a dictionary: one of transformers makes
    as many labels as a number says. Arrays and other objects of NumPy have no items that could be set; they are the
    second part of states of pandas' arrays and of NumPy's generators.
    """
    if not isinstance(state, tuple) or len(state) != 2:
        return False
    slots = state[1]
    if isinstance(slots, Instance):
        return slots.of.module.partition(".")[0] != "numpy"
    return slots is UNKNOWN or (isinstance(slots, Dict) and slots.count > 0)


def _is_no_array(target: Instance, state: Value) -> bool:
    """Return whether pandas is given anything else than an array of Arrow, of which it makes one: all of a range."""
    if not (target.of.module in _ARROW and target.of.name.startswith("Arrow")):
        return False
    given = (
        {key: value for key, value in (state.noted or {}).items() if key in _ARRAYS} if isinstance(state, Dict) else {}
    )
    return not given or any(
        not isinstance(value, Instance) or value.of.module != "pyarrow.lib" for value in given.values()
    )


def _counts(target: Instance, state: Value) -> bool:
    """Return whether a recurrent layer is said to have very many layers."""
    layers = state.get("num_layers") if isinstance(state, Dict) and target.of.module == _LAYERS else DATA
    return isinstance(layers, int) and layers > _MOST_LAYERS


# What is wrong with a state, and how it is told.
_CHECKS: tuple[tuple[Callable[[Instance, Value], bool], str], ...] = (
    (lambda _, state: has_odd_keys(state), _ODD),
    (_hides, _HIDDEN),
    (_renames, _RENAMES),
    (_is_no_array, _NO_ARRAY),
    (_counts, _COUNTS),
)


def check_state(machine: Machine, target: Instance, state: Value, offset: int) -> None:
    """Note what is unusual in the state that BUILD gives to an instance."""
    if _sets_slots(state):
        machine.trace.use(target.of, "slots", offset)
    for check, what in _CHECKS:
        if check(target, state):
            machine.trace.note("misused", offset, what, target.of)
    if has_wild_nodes(machine, target, state):
        machine.trace.note("misused", offset, _WILD, target.of)
    if isinstance(state, Dict) and state.noted:
        for key, text, suits, what in _GUARDS:
            if key in state.noted and not suits(state.noted.get(text, DATA)):
                machine.trace.note("code", offset, what, target.of)
    if is_partial(target):
        check_partial(machine, target, state, offset)
