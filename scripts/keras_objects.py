"""Refresh the list of Keras's objects: ``python scripts/keras_objects.py DIRECTORY...``.

Each directory is an unpacked wheel of Keras or of a library on top of it (keras 2.3 to 3.15, tf_keras, keras_hub,
keras_nlp, keras_cv). Nothing of it is imported: its source is parsed. What is listed is judged by the package that
defines it (``CLASSES``, ``FUNCTIONS``): layers, losses and the like are built from numbers and from other listed
objects; names in ``REFUSED`` load, fetch, resolve names or hold code. Symbols of TensorFlow are listed where it is
installed, else they stay as they are.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


TARGET = Path(__file__).resolve().parent.parent / "chainguard_ml" / "scan" / "keras" / "objects.json"

# Parts of a package whose classes are built from a configuration. Not: callbacks, datasets, saving, utils, export.
CLASSES = words(
    "activations constraints distillation dtype_policies engine feature_column initializers layers losses metrics "
    "mixed_precision models ops optimizer_v1 optimizer_v2 optimizers premade premade_models quantizers random "
    "regularizers samplers tokenizers trainers"
)
FUNCTIONS = words("activations constraints initializers losses metrics ops regularizers")
# In the parts above, but they do more: run bytecode, unpickle, load another model, or resolve further names.
REFUSED = words(
    "Lambda TFSMLayer TorchModuleWrapper TensorFlowOpLayer TFOpLambda SlicingOpLambda ClassMethod deserialize "
    "serialize get deserialize_keras_object serialize_keras_object get_file load_model from_preset"
)
PUBLIC = words(
    "activations constraints initializers layers losses metrics models ops optimizers regularizers random quantizers "
    "dtype_policies mixed_precision premade experimental samplers tokenizers schedules"
)

# Modules of TensorFlow whose functions compute; of the others and of these without what is refused.
TENSORFLOW = ("", "math", "nn", "linalg", "strings", "image", "signal", "bitwise", "random", "sparse", "ragged", "sets",
              "quantization", "audio", "dtypes", "io", "experimental.numpy", "debugging")  # fmt: skip
TENSORFLOW_V1 = ("", "math", "nn", "image", "linalg", "strings", "random")
TENSORFLOW_REFUSED = words(
    "print Print py_function py_func numpy_function load_library load_op_library load_file_system_library "
    "import_graph_def read_file write_file matching_files match_filenames_once write_graph save_v2 function "
    "py_func_common device register_tensor_conversion_function initialize_all_tables get_logger make_template "
    "custom_gradient disable_check_numerics enable_check_numerics disable_traceback_filtering "
    "enable_traceback_filtering train export_meta_graph import_meta_graph get_session_handle"
)
# tf.Tensor's own operators, which Keras exports under this name.
OPERATORS = (
    "abs add and div eq floordiv ge getitem gt invert le lt matmul mod mul ne neg not_equal or pow radd rand rdiv "
    "rfloordiv rmatmul rmod rmul ror rpow rsub rtruediv rxor sub truediv xor ragged_getitem transpose"
)


# Public functions of keras.backend that set, fetch or run something instead of computing.
BACKEND_REFUSED = words(
    "function eval get_value set_value batch_get_value batch_set_value manual_variable_initialization print_tensor "
    "get_session set_session clear_session get_uid reset_uids learning_phase set_learning_phase "
    "learning_phase_scope"
)
# Layers of Keras 1, of which there is no wheel.
KERAS_1 = (
    "AtrousConv1D AtrousConv2D AtrousConvolution1D AtrousConvolution2D Bias Convolution1D Convolution2D "
    "Convolution3D Deconvolution2D Graph Highway MaxoutDense Merge SeparableConvolution2D "
    "SReLU ThresholdedReLU TimeDistributedDense ParametricSoftplus LocallyConnected1D LocallyConnected2D"
)


def objects(directory: Path) -> Iterator[tuple[str, str, str]]:
    """Yield module, name and kind of every object that a wheel defines and that is judged harmless."""
    for path in sorted(directory.rglob("*.py")):
        parts = path.relative_to(directory).with_suffix("").parts
        module = as_keras(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
        inner = [part for part in parts[1:] if part != "src"]
        if not inner or parts[-1].endswith("_test") or "tests" in parts or parts[0].endswith(".dist-info"):
            continue
        if inner == ["backend"]:
            yield from backend(ast.parse(path.read_text(encoding="utf-8")))
        part = "optimizers" if inner[0] == "backend" and "optimizers" in inner else inner[0].removesuffix("_v1")
        if part not in CLASSES and inner[0] not in CLASSES:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
                continue
            kind = "classes" if isinstance(node, ast.ClassDef) else "functions"
            if node.name in REFUSED or (kind == "functions" and part not in FUNCTIONS):
                continue
            yield module, node.name, kind
            for public in exports(node):
                outer, _, name = public.rpartition(".")
                if name not in REFUSED and is_public(outer):
                    yield as_keras(outer), name, kind


def as_keras(module: str) -> str:
    """Return a module of tf_keras under the name that it has in Keras."""
    return module.removeprefix("tf_") if module.startswith("tf_keras") else module


def backend(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """Yield the public functions of Keras 2's backend that compute."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            for public in exports(node):
                outer, _, name = public.rpartition(".")
                if outer == "keras.backend" and name not in BACKEND_REFUSED and not name.startswith(("set_", "get_")):
                    yield outer, name, "functions"


def exports(node: ast.ClassDef | ast.FunctionDef) -> Iterator[str]:
    """Yield the public names that a definition is exported under."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("_export"):
            for constant in (inner for argument in decorator.args for inner in ast.walk(argument)):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    yield constant.value


def is_public(module: str) -> bool:
    """Return whether a public module is one of objects: ``keras`` itself, ``keras.layers``."""
    parts = module.split(".")
    return "keras" in parts[0] and (len(parts) == 1 or parts[1] in PUBLIC)


def symbols() -> list[str]:
    """Return the names of TensorFlow's functions that compute, as Keras 2 writes them: ``math.add``."""
    import tensorflow as tf

    found = {f"__operators__.{name}" for name in OPERATORS.split()}
    for prefix, spaces in (("", TENSORFLOW), ("compat.v1", TENSORFLOW_V1)):
        for space in spaces:
            path = ".".join(filter(None, (prefix, space)))
            module = tf
            for part in filter(None, path.split(".")):
                module = getattr(module, part)
            for name in dir(module):
                if (
                    not name.startswith("_")
                    and name not in TENSORFLOW_REFUSED
                    and inspect.isroutine(getattr(module, name, None))
                ):
                    found.add(f"{path}.{name}" if path else name)
    return sorted(found)


def main(directories: list[str]) -> int:
    """Write the list and say how long it is."""
    modules: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for directory in directories:
        for module, name, kind in objects(Path(directory)):
            modules[module][kind].add(name)
    modules["keras.layers"]["classes"].update(KERAS_1.split())
    for module in ("keras", "keras.models"):
        modules[module]["classes"].add("Functional")  # built by both, under this name, although neither exports it
    old = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.exists() else {"tensorflow": []}
    tensorflow = symbols() if importlib.util.find_spec("tensorflow") else old["tensorflow"]
    lines = [
        f"{json.dumps(module)}: " + json.dumps({kind: sorted(names) for kind, names in sorted(kinds.items())})
        for module, kinds in sorted(modules.items())
    ]
    listed = ",\n".join(lines)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(f'{{"modules": {{\n{listed}\n}},\n"tensorflow": {json.dumps(tensorflow)}}}\n', encoding="utf-8")
    print(f"{len(lines)} modules, {sum(len(n) for k in modules.values() for n in k.values())} names, {len(tensorflow)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
