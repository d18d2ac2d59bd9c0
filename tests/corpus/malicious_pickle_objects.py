"""What opcodes do to objects: attributes, items, constructors, iterators, with listed and unlisted names.

Classes of the standard library and of frameworks whose state or constructor runs something, each with the call shape that
reaches it.
"""

# ruff: noqa: E501 (a table: one row is one technique)

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.pickles import (
    CODE,
    DANGEROUS,
    MISUSED,
    OD,
    OVERWRITTEN,
    PATH,
    UNKNOWN,
    UNRESOLVED,
    call,
    dictionary,
    glob,
    literal,
    number,
    table,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

_GETATTR = glob("builtins", "getattr")
_SETATTR = glob("builtins", "setattr")
_SCALAR = glob("numpy._core.multiarray", "scalar")
_OBJECTS = call(glob("numpy", "dtype"), text("O8"), b"\x89", b"\x88")
_CREATE = glob("dill._dill", "_create_array")
_NORM = glob("scipy.stats._continuous_distns", "norm_gen")
_RECONSTRUCT = glob("numpy._core.multiarray", "_reconstruct")
_ODD = b"}" + text("__class__") + b"Ns"
_SYSTEM = glob("os", "system")
_ECHO = text("echo seen")
_EVIL = glob("evil", "run")
_LINEAR = glob("torch.nn.modules.linear", "Linear")
_FUNCTION = glob("numpy", "mean")
_SOURCE = dictionary(_parse_arg_template=text("print('seen')"))

OBJECTS: dict[str, tuple[bytes, str]] = {
    # setattr and getattr in all shapes
    "setattr-on-class": (whole(call(_SETATTR, _LINEAR, text("forward"), _FUNCTION)), OVERWRITTEN),
    "setattr-on-function": (whole(call(_SETATTR, _FUNCTION, text("__code__"), b"N")), OVERWRITTEN),
    "setattr-of-computed-name": (whole(call(_SETATTR, call(OD), call(OD), b"N")), DANGEROUS),
    "setattr-of-special-name": (whole(call(_SETATTR, call(OD), text("__class__"), b"N")), DANGEROUS),
    "setattr-on-an-instance": (whole(call(_SETATTR, call(OD), text("note"), text("x"))), DANGEROUS),
    "setattr-on-unlisted": (whole(call(_SETATTR, call(glob("evil", "Net")), text("a"), b"N")), UNKNOWN),
    "setattr-on-data": (whole(call(_SETATTR, b"]", text("a"), b"N")), DANGEROUS),
    "setattr-without-value": (whole(call(_SETATTR, call(OD), text("a"))), DANGEROUS),
    "setattr-that-is-evaluated": (whole(call(_SETATTR, _NORM + b")\x81", text("_parse_arg_template"), text("print('seen')"))), DANGEROUS),
    "setattr-as-factory": (whole(call(glob("collections", "defaultdict"), _SETATTR)), DANGEROUS),
    "setattr-by-newobj": (whole(_SETATTR, b"(", call(OD), text("a"), b"Nt\x81"), DANGEROUS),
    "setattr-python-2": (b"c__builtin__\nsetattr\n(cnumpy\nmean\nS'a'\nNtR.", OVERWRITTEN),
    "getattr-with-default": (whole(call(_GETATTR, _FUNCTION, text("x"), _SYSTEM)), DANGEROUS),
    "getattr-of-dill-with-other-default": (whole(call(_GETATTR, glob("dill", "_dill"), text("_setattr"), _GETATTR)), DANGEROUS),
    "getattr-of-special-name": (whole(call(_GETATTR, _FUNCTION, text("__globals__"))), PATH),
    "getattr-of-data": (whole(call(_GETATTR, text("a"), text("format"))), DANGEROUS),
    "getattr-of-persistent": (whole(call(_GETATTR, text("x") + b"Q", text("a"))), DANGEROUS),
    "getattr-in-partial": (whole(call(glob("functools", "partial"), _GETATTR, _FUNCTION)), DANGEROUS),
    "getattr-in-rebuild": (whole(call(glob("torch._tensor", "_rebuild_from_type_v2"), _GETATTR, glob("torch", "Tensor"), _FUNCTION + text("__globals__") + b"\x86", b"}")), PATH),
    "getattr-by-obj": (whole(b"(", _GETATTR, glob("numpy", "f2py"), text("os"), b"o"), PATH),
    "getattr-by-inst": (b"(cnumpy\nf2py\nS'os'\ni__builtin__\ngetattr\n.", PATH),
    # values that are handed through
    "scalar-of-objects-returns-class": (whole(call(_SCALAR, _OBJECTS, _LINEAR), b"N}", text("forward"), _FUNCTION, b"s\x86b"), OVERWRITTEN),
    "scalar-of-objects-returns-function": (whole(call(_SCALAR, _OBJECTS, _FUNCTION), b"}", text("a"), b"Nsb"), OVERWRITTEN),
    "scalar-of-objects-returns-callable": (whole(call(_SCALAR, _OBJECTS, _FUNCTION), b")R"), MISUSED),
    "scalar-of-objects-hides-state": (whole(call(_SCALAR, _OBJECTS, _NORM + b")\x81"), call(OD), b"b"), MISUSED),
    "object-type-returns-class": (whole(call(glob("numpy", "object_"), _LINEAR), b"N}", text("forward"), _FUNCTION, b"s\x86b"), OVERWRITTEN),
    "scalar-of-objects-items": (whole(call(_SCALAR, _OBJECTS, OD), text("a"), b"Ns"), OVERWRITTEN),
    "create-array-calls": (whole(call(_CREATE, _SYSTEM, _ECHO + b"\x85", b"N")), DANGEROUS),
    "create-array-calls-unlisted": (whole(call(_CREATE, _EVIL, b")", b"N")), UNKNOWN),
    "create-array-of-attribute": (whole(call(_CREATE, _GETATTR, _FUNCTION + text("__globals__") + b"\x86", b"N")), PATH),
    "reconstructor-with-attribute-as-base": (whole(call(glob("copyreg", "_reconstructor"), glob("builtins", "object"), _GETATTR, _FUNCTION)), DANGEROUS),
    "extension-registered-with-computed-name": (whole(call(glob("copyreg", "add_extension"), text("os"), call(glob("builtins", "str"), text("system")), number(5)), b"\x82\x05", _ECHO, b"\x85R"), UNRESOLVED),
    "create-array-hidden": (whole(_CREATE, b"]R"), MISUSED),
    "create-array-sets-evaluated-state": (whole(call(_CREATE, glob("copyreg", "__newobj__"), _NORM + b"\x85", _SOURCE)), CODE),
    "create-array-sets-odd-attributes": (whole(call(_CREATE, _RECONSTRUCT, glob("numpy", "ndarray") + b"K\0\x85" + literal(b"b") + b"\x87", b"N", _ODD)), MISUSED),
    "newobj-ex-through-copyreg": (whole(call(glob("copyreg", "__newobj_ex__"), glob("builtins", "bytes"), number(10**12) + b"\x85", b"}")), MISUSED),
    "newobj-through-copyreg-hidden": (whole(glob("copyreg", "__newobj__"), b"]R"), MISUSED),
    "newobj-through-copyreg-of-data": (whole(_SYSTEM, b"0", call(glob("copyreg", "__newobj__"), b"]", b"]")), DANGEROUS),
    "reduce-with-instance-as-arguments": (whole(OD, call(OD), b"R"), MISUSED),
    # items and elements that go to imported objects
    "append-to-module": (whole(glob("sys", "path"), text("."), b"a"), DANGEROUS),
    "appends-to-module-list": (whole(glob("sys", "meta_path"), b"(", _EVIL, b"e"), DANGEROUS),
    "setitem-in-modules": (whole(glob("sys", "modules"), text("json"), _EVIL, b"s"), DANGEROUS),
    "setitem-in-environment": (whole(glob("os", "environ"), text("PATH"), text("."), b"s"), DANGEROUS),
    "setitem-in-builtins": (whole(glob("builtins", "__dict__"), text("len"), _EVIL, b"s"), PATH),
    "setitems-in-registry": (whole(glob("copyreg", "dispatch_table"), b"(", glob("builtins", "str"), _EVIL, b"u"), OVERWRITTEN),
    "setitem-in-extension-registry": (whole(glob("copyreg", "_inverted_registry"), number(5), text("os") + text("system") + b"\x86", b"s\x82\x05"), UNRESOLVED),
    "setitem-in-extension-cache": (whole(glob("copyreg", "_extension_cache"), number(5), _EVIL, b"s\x82\x05"), UNRESOLVED),
    "additems-to-imported-set": (whole(_EVIL, b"(N\x90", protocol=4), OVERWRITTEN),
    "extend-of-unlisted-instance": (whole(call(glob("evil", "Net")), b"(NNe"), UNKNOWN),
    "append-of-unlisted-instance": (whole(glob("evil", "Net"), b")\x81Na"), UNKNOWN),
    "additems-of-unlisted-instance": (whole(glob("evil", "Net"), b")\x81(N\x90"), UNKNOWN),
    "setitem-of-unlisted-instance": (whole(glob("evil", "Net"), b")\x81", text("a"), b"Ns"), UNKNOWN),
    "setitem-of-shelf": (whole(call(glob("shelve", "DbfilenameShelf"), text("seen")), text("a"), b"Ns"), DANGEROUS),
    "append-of-generator": (whole(call(glob("types", "GeneratorType")), b"Na"), UNKNOWN),
    # classes whose constructor or state runs something
    "exception-with-state": (whole(call(glob("builtins", "Exception")), _ODD, b"b"), MISUSED),
    "namespace-with-state": (whole(call(glob("types", "SimpleNamespace")), _ODD, b"b"), MISUSED),
    "namespace-through-slots": (whole(glob("argparse", "Namespace"), b")\x81N", _ODD, b"\x86b"), MISUSED),
    "property": (whole(call(glob("builtins", "property"), _SYSTEM)), DANGEROUS),
    "classmethod": (whole(call(glob("builtins", "classmethod"), _EVIL)), DANGEROUS),
    "super": (whole(call(glob("builtins", "super"), OD, call(OD))), DANGEROUS),
    "iterator-that-calls": (whole(call(glob("builtins", "iter"), _EVIL, number(1))), MISUSED),
    "enumerate": (whole(call(glob("builtins", "enumerate"), b"]")), UNKNOWN),
    "map-built": (whole(glob("builtins", "map"), _EVIL, b"]\x86\x81Nb"), DANGEROUS),
    "weak-reference-with-callback": (whole(call(glob("weakref", "ref"), call(OD), _EVIL)), DANGEROUS),
    "lru-cache": (whole(call(glob("functools", "lru_cache"), _EVIL)), DANGEROUS),
    "sort-key": (whole(call(glob("functools", "cmp_to_key"), _EVIL)), UNKNOWN),
    "sorted-with-key": (whole(call(glob("builtins", "sorted"), b"]")), MISUSED),
    "enum-made": (whole(call(glob("enum", "Enum"), text("A"), text("b"))), UNKNOWN),
    "enum-member-by-name": (whole(call(_GETATTR, glob("enum", "Enum"), text("_member_map_"))), PATH),
    "named-tuple-made": (whole(call(glob("collections", "namedtuple"), text("A"), text("b"))), UNKNOWN),
    "named-tuple-made-typed": (whole(call(glob("typing", "NamedTuple"), text("A"), b"]")), MISUSED),
    "data-class-made": (whole(call(glob("dataclasses", "make_dataclass"), text("A"), b"]")), UNKNOWN),
    "class-made": (whole(call(glob("types", "new_class"), text("A"))), DANGEROUS),
    "abstract-class-made": (whole(call(glob("abc", "ABCMeta"), text("A"), b")", b"}")), UNKNOWN),
    "forward-reference": (whole(call(glob("typing", "ForwardRef"), text("print('seen')"))), UNKNOWN),
    "type-hints": (whole(call(glob("typing", "get_type_hints"), OD)), UNKNOWN),
    "string-format": (whole(call(_GETATTR, glob("builtins", "str"), text("format")), text("{0.__class__}"), b"\x85R"), PATH),
    "string-formatter": (whole(call(glob("string", "Formatter.format"), b"N", text("{0.__class__}"), OD)), DANGEROUS),
    "re-template": (whole(call(glob("re", "sub"), text("a"), _EVIL, text("a"))), UNKNOWN),
    "re-scanner": (whole(call(glob("re", "Scanner"), b"]")), UNKNOWN),
    "codec-registered": (whole(call(glob("codecs", "register"), _EVIL)), UNKNOWN),
    "codec-decoded": (whole(call(glob("codecs", "decode"), literal(b"seen"), text("unicode_escape"))), UNKNOWN),
    "codec-of-python": (whole(call(glob("_codecs", "encode"), text("seen"), text("undefined"))), MISUSED),
    "codec-zlib": (whole(call(glob("_codecs", "decode"), literal(b"seen"), text("zlib_codec"))), UNKNOWN),
    "codec-computed": (whole(call(glob("_codecs", "encode"), text("seen"), call(glob("builtins", "str")))), MISUSED),
    "random-seeded": (whole(call(glob("random", "seed"), number(1))), UNKNOWN),
    "logging-handler": (whole(call(glob("logging.handlers", "SocketHandler"), text("index.example"), number(80))), DANGEROUS),
    "logging-level": (whole(call(glob("logging", "disable"))), UNKNOWN),
    "warnings-filter": (whole(call(glob("warnings", "simplefilter"), text("ignore"))), UNKNOWN),
    "site-builtins": (whole(call(glob("_sitebuiltins", "Quitter"), text("exit"), text("x")), b")R"), UNKNOWN),
    "exit": (whole(call(glob("builtins", "exit"))), UNKNOWN),
    "exit-of-system": (whole(call(glob("sys", "exit"))), DANGEROUS),
    "recursion-limit": (whole(call(glob("sys", "setrecursionlimit"), number(1))), DANGEROUS),
    "path-that-touches": (whole(call(_GETATTR, call(glob("pathlib", "PosixPath"), text("seen")), text("touch")), b")R"), PATH),
    "path-by-method": (whole(glob("pathlib", "Path.touch"), call(glob("pathlib", "Path"), text("seen")), b"\x85R", protocol=4), PATH),
    "tzfile": (whole(call(glob("dateutil.tz", "tzfile"), text("/etc/passwd"))), UNKNOWN),
    "zone-from-file": (whole(call(glob("zoneinfo", "ZoneInfo.from_file"), text("/etc/passwd"))), PATH),
    "uuid-of-host": (whole(call(glob("uuid", "getnode"))), UNKNOWN),
    "old-array-wrapper-reads-file": (whole(glob("joblib.numpy_pickle", "NDArrayWrapper"), b")\x81", dictionary(filename=text("../../seen.npy"), allow_mmap=b"\x88"), b"b"), UNKNOWN),
    "old-compressed-wrapper-reads-file": (whole(glob("joblib.numpy_pickle", "ZNDArrayWrapper"), b")\x81", dictionary(filename=text("../seen.z")), b"b"), UNKNOWN),
    "compat-wrapper-reads-file": (whole(glob("joblib.numpy_pickle_compat", "NDArrayWrapper"), b")\x81", dictionary(filename=text("seen.npy")), b"b"), DANGEROUS),
    "memory-map-through-reconstructor": (whole(call(glob("copyreg", "_reconstructor"), glob("numpy", "memmap"), glob("numpy", "memmap"), text("seen"))), MISUSED),
    "numpy-function-as-constructor": (whole(call(glob("numpy.random._pickle", "__generator_ctor"), text("a"), _SYSTEM)), DANGEROUS),
    "numpy-array-function": (whole(call(glob("numpy", "apply_along_axis"), _EVIL, number(0), b"]")), DANGEROUS),
    "numpy-frompyfunc": (whole(call(glob("numpy", "frompyfunc"), _EVIL, number(1), number(1))), DANGEROUS),
    "numpy-vectorize-called": (whole(call(glob("numpy", "vectorize"), _EVIL)), MISUSED),
    "numpy-printing": (whole(call(glob("numpy", "set_string_function"), _EVIL)), UNKNOWN),
    "numpy-fromregex": (whole(call(glob("numpy", "fromregex"), text("seen"), text("a"), text("f8"))), UNKNOWN),
    "numpy-savetxt": (whole(call(glob("numpy", "savetxt"), text("seen"), b"]")), DANGEROUS),
    "pandas-function-applied": (whole(call(glob("pandas", "DataFrame.apply"), b"N", _EVIL)), PATH),
    "pandas-query": (whole(call(glob("pandas.core.frame", "DataFrame.query"), b"N", text("@pd.eval('seen')"))), PATH),
    "pandas-index-constructs": (whole(call(glob("pandas.core.indexes.base", "_new_Index"), glob("evil", "Net"), b"}")), UNKNOWN),
    "pandas-block-constructs": (whole(call(glob("pandas.core.internals.blocks", "new_block"), _EVIL)), UNKNOWN),
    "sklearn-transformer-with-function": (whole(glob("sklearn.preprocessing._function_transformer", "FunctionTransformer"), b")\x81", dictionary(func=_SYSTEM), b"b"), DANGEROUS),
    "sklearn-transformer-called": (whole(call(glob("sklearn.preprocessing._function_transformer", "FunctionTransformer"), _EVIL)), MISUSED),
    "sklearn-loss-constructs": (whole(call(glob("sklearn.metrics._dist_metrics", "newObj"), _EVIL)), UNKNOWN),
    "sklearn-datasets": (whole(call(glob("sklearn.datasets", "fetch_openml"), text("seen"))), DANGEROUS),
    "sklearn-svmlight": (whole(call(glob("sklearn.datasets", "load_svmlight_file"), text("/etc/passwd"))), DANGEROUS),
    "torch-hooks": (whole(_LINEAR, b")\x81", b"}" + text("_forward_hooks") + dictionary(a=_SYSTEM) + b"s", b"b"), DANGEROUS),
    "torch-backward-hooks": (whole(call(glob("torch._utils", "_rebuild_tensor_v2"), b"N", number(0), b")", b")", b"\x89", dictionary(a=_SYSTEM))), DANGEROUS),
    "torch-wrapper-subclass": (whole(call(glob("torch._utils", "_rebuild_wrapper_subclass"), glob("evil", "Net"), b"N")), UNKNOWN),
    "torch-data-loader": (whole(glob("torch.utils.data.dataloader", "DataLoader"), b")\x81", dictionary(collate_fn=_SYSTEM), b"b"), DANGEROUS),
    "torch-map": (whole(call(glob("torch", "_foreach_add_"), b"]")), UNKNOWN),
    "torch-compile": (whole(call(glob("torch", "compile"), _EVIL)), DANGEROUS),
    "torch-graph-module": (whole(call(glob("torch.fx.graph_module", "reduce_graph_module"), dictionary(_code=text("print('seen')")), text(""))), CODE),
    "torch-script-function": (whole(call(glob("torch.jit._script", "script"), _EVIL)), DANGEROUS),
    "torch-save": (whole(call(glob("torch.serialization", "save"), b"]", text("seen"))), UNKNOWN),
    "transformers-pipeline": (whole(call(glob("transformers", "pipeline"), text("seen"))), UNKNOWN),
    "transformers-remote-code": (whole(call(glob("transformers.dynamic_module_utils", "get_class_from_dynamic_module"), text("a.B"), text("owner/repository"))), DANGEROUS),
    "hugging-face-download": (whole(call(glob("huggingface_hub", "hf_hub_download"), text("owner/repository"), text("seen"))), DANGEROUS),
    "keras-lambda": (whole(call(glob("keras.src.utils.python_utils", "func_load"), text("4wEAAAA="))), UNKNOWN),
    "keras-deserialised": (whole(call(glob("keras.saving", "deserialize_keras_object"), b"}")), UNKNOWN),
    "omegaconf-resolver": (whole(call(glob("omegaconf", "OmegaConf.register_new_resolver"), text("a"), _EVIL)), PATH),
    "hydra-instantiate": (whole(call(glob("hydra.utils", "instantiate"), dictionary(_target_=text("os.system")))), UNKNOWN),
    "django-settings": (whole(call(glob("django.utils.module_loading", "import_string"), text("os.system"))), UNKNOWN),
    "werkzeug-import": (whole(call(glob("werkzeug.utils", "import_string"), text("os.system"))), DANGEROUS),
    "gradio-load": (whole(call(glob("gradio", "load"), text("seen"))), UNKNOWN),
    "ipython-shell": (whole(call(glob("IPython", "embed"))), DANGEROUS),
    "matplotlib-cursor": (whole(call(glob("matplotlib.cbook", "_unpickle"), _EVIL)), UNKNOWN),
    "twisted-reflection": (whole(call(glob("twisted.python.reflect", "namedAny"), text("os.system"))), UNKNOWN),
    "tkinter": (whole(call(glob("tkinter", "Tcl"))), UNKNOWN),
    "readline": (whole(call(glob("readline", "read_history_file"), text("seen"))), UNKNOWN),
    "mmap": (whole(call(glob("mmap", "mmap"), number(0), number(1))), DANGEROUS),
    "resource-limit": (whole(call(glob("resource", "setrlimit"), number(1), b")")), UNKNOWN),
    "curses": (whole(call(glob("curses", "wrapper"), _EVIL)), UNKNOWN),
    "wsgi-server": (whole(call(glob("wsgiref.simple_server", "make_server"), text(""), number(80), _EVIL)), UNKNOWN),
    "http-server": (whole(call(glob("http.server", "HTTPServer"), b")", _EVIL)), DANGEROUS),
    "cgi": (whole(call(glob("cgitb", "enable"))), DANGEROUS),
    "tokenizer-trainer": (whole(call(glob("sentencepiece", "SentencePieceProcessor"), text("/etc/passwd"))), UNKNOWN),
}  # fmt: skip


def samples() -> Iterator[Malicious]:
    """Every row as a file."""
    return table(OBJECTS, "object")
