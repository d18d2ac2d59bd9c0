"""MATLAB's MAT files of version 5 and 4 ("MAT-File Format", MathWorks); those of version 7.3 are HDF5.

Numbers are data. What runs is looked at: function handles (``mxFUNCTION_CLASS``), objects whose classes have a
``loadobj`` (``mxOBJECT_CLASS``, ``mxOPAQUE_CLASS``), Java objects; and files in arrays of bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.rules import carries_code, scientific
from chainguard_ml.scan import naming
from chainguard_ml.scan.expand import expand, inflate
from chainguard_ml.scan.formats import matlab_reader as reader
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.protobuf import content
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Observations, Rule
    from chainguard_ml.scan.formats.matlab_reader import Element, Matrix
    from chainguard_ml.scan.interface import Blob, Examination

# Classes of MATLAB and its toolboxes whose objects are values: what loading them runs is MathWorks' own.
_CLASSES = re.compile(
    r"string|datetime|duration|calendarDuration|table|timetable|eventtable|categorical|nominal|ordinal|dataset|dictionary"
    r"|containers\.Map|timeseries|tscollection|inline|network|tall|matlab\.[\w.]+|tabular|FileWrapper__|configureDictionary"
    r"|dlarray|dlnetwork|SeriesNetwork|DAGNetwork|LayerGraph|nnet\.[\w.]+|rl\.[\w.]+|gpuArray|sym|quaternion"
    r"|TreeBagger|Classification\w+|Regression\w+|classreg\.[\w.]+|gmdistribution|prob\.\w+|fittype|cfit|sfit|cvpartition"
    r"|LinearModel|GeneralizedLinearModel|NonLinearModel|LinearMixedModel|KDTreeSearcher|ExhaustiveSearcher|fitnet"
    r"|tf|ss|zpk|frd|idpoly|idss|iddata|idtf|lti|fi|embedded\.\w+|Simulink\.[\w.]+|images\.[\w.]+|vision\.[\w.]+"
    r"|imref[23]d|affine[23]d|projective2d|cameraParameters|stereoParameters|struct|cell|function_handle\w*"
)
_BYTES = frozenset({reader.CHAR, reader.INT8, reader.UINT8})


class Mat5:
    """Files of version 5, compressed or not.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    NAME = "mat"
    EXAMINES = "every array at any depth: function handles, classes of objects, Java objects, files in bytes"

    def recognise(self, blob: Blob) -> bool:
        """Return whether version and byte order stand at the end of a header, and an array behind it."""
        order = reader.order(blob.read(124, 128))
        if not order:
            return False
        return blob.size == reader.HEADER or reader.kind(blob.read(128, 136), order) in reader.TOP

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Look at every array."""
        order = reader.order(blob.read(124, 128))
        yield from _elements(blob, order, reader.HEADER, examination)


class Mat4:
    """Files of version 4.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    NAME = "mat-4"
    EXAMINES = "bounds of every matrix; files in bytes"

    def recognise(self, blob: Blob) -> bool:
        """Return whether a file called so starts with a matrix."""
        return naming.extension(blob.name) == "mat" and reader.matrix4(blob, 0) is not None

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Follow the matrices to the end."""
        position = 0
        while matrix := reader.matrix4(blob, position):
            if matrix.stop > blob.size:
                yield blob.gap(GapReason.MALFORMED, "the last matrix is cut", position)
                return
            span = matrix.start, matrix.stop
            yield from content.examine_bytes(blob, f"({printable(matrix.name, 80)})", span, examination)
            position = matrix.stop
        yield from trailing(blob, position, examination)


def _elements(blob: Blob, order: reader.Order, position: int, examination: Examination) -> Observations:
    """Look at the arrays of a file or of what was compressed, one after the other."""
    if blob.depth > examination.budgets.depth:
        yield blob.gap(GapReason.BUDGET, f"nested deeper than {examination.budgets.depth} levels")
        return
    while position < blob.size:
        element = reader.top(blob, position, order)
        if element is None:
            yield from _broken(blob, position, examination)
            return
        if element.kind == reader.COMPRESSED:
            yield from _compressed(blob, element, order, examination)
        else:
            yield from _arrays(blob, element, order, examination)
        if element.next > blob.size:
            yield blob.gap(GapReason.MALFORMED, "the last array is cut", position)
        position = element.next


def _broken(blob: Blob, position: int, examination: Examination) -> Observations:
    """Examine what is no array: zeros are padding."""
    if not any(blob.read(position, min(blob.size, position + 64))):
        yield from trailing(blob, position, examination)
        return
    yield blob.gap(GapReason.MALFORMED, "what stands here is no array", position)
    yield from trailing(blob, position, examination)


def _compressed(blob: Blob, element: Element, order: reader.Order, examination: Examination) -> Observations:
    data = memoryview(blob.data)[element.start : min(element.end, blob.size)]
    expansion = expand(inflate(15), data, examination.allowance(len(data)))
    examination.spend(len(expansion.data))
    if expansion.limited:
        yield blob.gap(GapReason.BUDGET, f"an array becomes more than {len(expansion.data):,} bytes", element.start)
    elif expansion.broken or not expansion.finished:
        yield blob.gap(GapReason.MALFORMED, "a compressed array is broken or cut", element.start)
    inner = blob.inside(f"(array at {element.start})", memoryview(bytes(expansion.data)))
    if inner.size:
        yield from _elements(inner, order, 0, examination)


def _arrays(blob: Blob, element: Element, order: reader.Order, examination: Examination) -> Observations:
    """Look at an array and at every one in it."""
    try:
        for matrix in reader.matrices(blob, element, order):
            yield from _judged(blob, matrix)
            if matrix.kind in _BYTES and matrix.data:
                yield from _bytes(blob, matrix.data, matrix.name, examination)
    except reader.MatError as error:
        yield blob.gap(GapReason.BUDGET if error.budget else GapReason.MALFORMED, str(error), error.offset)


def _judged(blob: Blob, matrix: Matrix) -> Observations:
    if matrix.kind == reader.FUNCTION:
        name = printable(matrix.name, 80) or "in another array"
        yield _finding(blob, carries_code.MATLAB_CODE, f"'{name}' is a function handle", "function", matrix)
    elif matrix.kind == reader.OPAQUE and matrix.system == "java":
        what = f"an object of Java's class '{printable(matrix.class_name, 80)}' is deserialized"
        yield _finding(blob, carries_code.MATLAB_CODE, what, matrix.class_name, matrix)
    elif matrix.kind in {reader.OPAQUE, reader.OBJECT} and not _CLASSES.fullmatch(matrix.class_name):
        what = f"an object of the class '{printable(matrix.class_name, 80)}' is restored"
        yield _finding(blob, scientific.MATLAB_CLASS, what, matrix.class_name, matrix)


def _finding(blob: Blob, rule: Rule, what: str, key: str, matrix: Matrix) -> Finding:
    location = blob.location.at(matrix.offset)
    return rule.finding(blob.subject, location, what, key=(key, matrix.name), facts={"class": key})


def _bytes(blob: Blob, span: tuple[int, int], name: str, examination: Examination) -> Observations:
    """Look into an array of bytes: a file, or the arrays of the subsystem, which are a file without its text."""
    start, stop = span
    inner = reader.order(blob.read(start, start + 4))
    if inner and reader.kind(blob.read(start + 8, start + 16), inner) in reader.TOP:
        part = blob.window("(subsystem)", start, stop)
        yield from _elements(part, inner, 8, examination)
        return
    yield from content.examine_bytes(blob, f"({printable(name, 80)})", span, examination)


MAT5 = Mat5()
MAT4 = Mat4()
