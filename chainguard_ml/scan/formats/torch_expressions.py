"""Expressions in exported programs that torch evaluates as Python: sizes (``sympy.sympify``) and guards (``exec``).

Both are arithmetic. Whatever is not one of the listed forms (syntax, functions, operands, texts) is refused; a text
that Python's parser does not take is refused as well, since sympy's own syntax goes beyond it.
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings

_LONGEST = 200_000  # characters
_ORDINARY = re.compile(r"[ -\"$-\[\]-~]*")  # no comment, no escape, no second line: sympy joins lines
_SYMBOL = re.compile(r"(?!.*__)[A-Za-z]\w*", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d[\d.]*(?:e[+-]?\d+)?|inf|nan)", re.ASCII)
_KEY = re.compile(r"[\w.\-]*", re.ASCII)

_NODES = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Name, ast.Constant, ast.keyword,
    ast.Tuple, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context,
)  # fmt: skip
_FUNCTIONS = frozenset({
    "Add", "Mul", "Pow", "Max", "Min", "Mod", "Abs", "sign", "floor", "ceiling", "sqrt", "exp", "log", "sin",
    "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "re", "im", "Integer", "Float", "Rational",
    "Symbol", "Tuple", "Piecewise", "ExprCondPair", "And", "Or", "Not", "Xor", "ITE", "Eq", "Ne", "Lt", "Le",
    "Gt", "Ge", "Equality", "Unequality", "StrictLessThan", "LessThan", "StrictGreaterThan", "GreaterThan",
    "FloorDiv", "ModularIndexing", "Where", "PythonMod", "CleanDiv", "CeilDiv", "CeilToInt", "FloorToInt",
    "LShift", "RShift", "PowByNatural", "FloatPow", "FloatTrueDiv", "IntTrueDiv",
    "IsNonOverlappingAndDenseIndicator", "TruncToFloat", "TruncToInt", "RoundToInt", "RoundDecimal", "ToFloat",
    "Identity", "BitwiseFn_bitwise_and", "BitwiseFn_bitwise_or", "BitwiseFn_bitwise_xor", "OpaqueUnaryFn_sqrt",
    "OpaqueUnaryFn_cos", "OpaqueUnaryFn_cosh", "OpaqueUnaryFn_sin", "OpaqueUnaryFn_sinh", "OpaqueUnaryFn_tan",
    "OpaqueUnaryFn_tanh", "OpaqueUnaryFn_asin", "OpaqueUnaryFn_acos", "OpaqueUnaryFn_atan",
    "OpaqueUnaryFn_exp", "OpaqueUnaryFn_log", "OpaqueUnaryFn_log2",
})  # fmt: skip
# Classes whose first argument may be a text, and what it must be; every other function has sympy evaluate a text.
_TEXTS = {"Symbol": _SYMBOL, "Float": _NUMBER, "Integer": _NUMBER}
# Of a guard: what it asks of an input, and what computes with that (``SYMPY_INTERP`` beside Python's own).
_QUERIES = frozenset({"size", "stride", "storage_offset", "dim", "numel"})
_COMPUTED = (_FUNCTIONS - set(_TEXTS)) | {"min", "max", "abs", "round", "int", "float", "bool", "pow"}
_MATH = frozenset({"floor", "ceil", "trunc", "sqrt", "exp", "log", "log2", "pow", "isnan", "isinf", "inf", "nan"})
# Names of Python that evaluation replaces by what they stand for; no size is called like one.
_PYTHON = frozenset(dir(builtins)) - {"True", "False", "None"}


def is_size(text: str) -> bool:
    """Return whether a text is an arithmetic expression, as torch writes symbolic sizes (plain, or ``sympy.srepr``)."""
    tree = _parsed(text)
    return tree is not None and _is_plain(tree, _FUNCTIONS, {})


def is_guard(text: str) -> bool:
    """Return whether a text only compares sizes of inputs, ``L['x'].size()[0]``, as torch writes guards."""
    tree = _parsed(text)
    if tree is None:
        return False
    inputs: dict[ast.AST, None] = {}
    for node in ast.walk(tree):
        if _is_query(node):
            inputs.update(dict.fromkeys(ast.walk(node)))
    return _is_plain(tree, _COMPUTED, inputs)


def _parsed(text: str) -> ast.AST | None:
    if len(text) > _LONGEST or not _ORDINARY.fullmatch(text):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_plain(tree: ast.AST, functions: frozenset[str], judged: dict[ast.AST, None]) -> bool:
    """Return whether everything in an expression is listed; ``judged`` nodes are."""
    judged = dict(judged)
    for node in ast.walk(tree):
        if node in judged:
            continue
        if isinstance(node, ast.Call) and not _is_call(node, functions, judged):
            return False
        if node in judged:
            continue
        if isinstance(node, ast.Constant) and not isinstance(node.value, int | float | None):
            return False
        if isinstance(node, ast.Name) and (node.id in _PYTHON or not _SYMBOL.fullmatch(node.id)):
            return False
        if not isinstance(node, _NODES):
            return False
    return True


def _is_call(call: ast.Call, functions: frozenset[str], judged: dict[ast.AST, None]) -> bool:
    """Return whether a listed function is called; its name, texts and settings are judged here."""
    named = call.func
    if isinstance(named, ast.Attribute) and isinstance(named.value, ast.Name) and functions is _COMPUTED:
        if named.value.id != "math" or named.attr not in _MATH:
            return False
        judged.update(dict.fromkeys(ast.walk(named)))
    elif isinstance(named, ast.Name) and named.id in functions:
        judged[named] = None
        first = call.args[0] if call.args else None
        text = first.value if isinstance(first, ast.Constant) else None
        if named.id in _TEXTS and isinstance(text, str) and _TEXTS[named.id].fullmatch(text) and first:
            judged[first] = None
    else:
        return False
    return all(word.arg and isinstance(word.value, ast.Constant) for word in call.keywords)


def _is_query(node: ast.AST) -> bool:
    """Return whether a node is an input, a part of one, or what it says of its size."""
    while True:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _QUERIES:
            if node.args or node.keywords:
                return False
            node = node.func.value
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            key = node.slice.value
            if not (isinstance(key, int) or (isinstance(key, str) and _KEY.fullmatch(key))):
                return False
            node = node.value
            if isinstance(node, ast.Name):
                return node.id == "L"
        else:
            return False
