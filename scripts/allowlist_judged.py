"""Names judged by hand, with the reason; ``scripts/allowlist.py`` writes them into the allow-list.

``may_be``: c = called, n = constructed (``__new__``), b = built (state, items), s = slots (attributes set one by one,
which calls setters of properties), f = fed (items appended, which calls a method of it); nothing = only referred to.
The rule of judgement: with any arguments that a stream can give, the use must not run code, import, open, write,
delete or connect, and must not hand out an attribute, a method or a call of something else.
"""

# ruff: noqa: E501, ISC004 (tables: one row is one judgement or one object)

from __future__ import annotations

from allowlist_language import CONFINED as _LANGUAGE

USES = {"c": "called", "n": "newobj", "b": "built", "s": "slots", "f": "fed"}

_VALUE = "value type: its constructor and state only hold data"
_BUILTIN = "built-in type: converts or holds data"
_ENUM = "enumeration: looks a member up by value"
_REFERENCE = "only referred to; a call is denied"
_REBUILD = "rebuilds an array or tensor from data; classes among its arguments are judged themselves"
_EXCEPTION = "exception: holds its arguments"
_ARROW = "array in Arrow's memory: its state, an array or many, is looked at"

STDLIB: tuple[tuple[str, str, str, str], ...] = (
    # module, names, uses, how it was judged
    ("builtins", "bool bytes complex float frozenset int object range slice str tuple dict", "cnb", _BUILTIN),
    ("builtins", "bytearray list set", "cnbf", _BUILTIN),
    ("builtins", "Ellipsis NotImplemented NoneType abs all any ascii bin callable chr divmod format hex id isinstance "
                 "issubclass len max min oct ord pow repr round sum sorted", "", _REFERENCE),
    ("abc", "ABC", "", _REFERENCE),
    ("numbers", "Complex Integral Number Rational Real", "", _REFERENCE),
    ("collections.abc", "Callable Collection Container Hashable Iterable Iterator Mapping MutableMapping MutableSequence "
                        "MutableSet Sequence Set Sized", "", _REFERENCE),
    ("html", "escape unescape", "", _REFERENCE),
    ("statistics", "LinearRegression", "n", "named tuple"),
    ("builtins", " ".join(f"str.{name}" for name in ("capitalize", "casefold", "count", "encode", "endswith", "find", "isalnum", "isalpha",
     "isdigit", "isnumeric", "isspace", "join", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rsplit", "rstrip", "split",
     "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill")), "", "method of text; only referred to"),
    ("builtins", "bytes.decode dict.get dict.items dict.keys dict.values", "", "method that reads; only referred to"),
    ("builtins", "iter reversed", "cb", "iterator over a collection of the stream; with a function, a misuse"),
    ("builtins", "type", "c", "returns the type of a value; making a class is a misuse"),
    ("builtins", "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError "
                 "BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError "
                 "ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError EncodingWarning EnvironmentError "
                 "Exception ExceptionGroup FileExistsError FileNotFoundError FloatingPointError FutureWarning IOError "
                 "ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError "
                 "KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotADirectoryError "
                 "NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError ProcessLookupError "
                 "RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration "
                 "StopIteration SyntaxError SyntaxWarning SystemError TabError TimeoutError TypeError UnboundLocalError "
                 "UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning "
                 "ValueError Warning ZeroDivisionError", "cnb", _EXCEPTION),
    ("json.decoder", "JSONDecodeError", "c", _EXCEPTION),
    ("_codecs", "encode", "c", "writes bytes as text for protocols below 3; other codecs are a misuse of their own"),
    ("copyreg", "_reconstructor __newobj__ __newobj_ex__", "c", "constructs a class, which is judged itself"),
    ("collections", "OrderedDict Counter ChainMap UserDict UserList UserString", "cnb", _VALUE),
    ("collections", "deque", "cnbf", _VALUE),
    ("functools", "partial", "cnb", "the function that it wraps is judged as kept; calling the result is a misuse"),
    ("collections", "defaultdict", "cnb", "container; its factory is judged as called"),
    ("datetime", "date datetime time timedelta timezone tzinfo", "cnb", _VALUE),
    ("decimal", "Decimal Context", "cnb", _VALUE),
    ("decimal", "Clamped DivisionByZero FloatOperation Inexact InvalidOperation Overflow Rounded Subnormal Underflow", "",
     "signal of arithmetic; only referred to"),
    ("urllib.parse", "DefragResult ParseResult SplitResult", "n", "named tuple: parts of an address; fetches nothing"),
    ("calendar", "Calendar", "nb", _VALUE),
    ("fractions", "Fraction", "cnb", _VALUE),
    ("uuid", "UUID SafeUUID", "cnb", _VALUE),
    ("pathlib", "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath", "cnb", "holds a path; opens nothing"),
    ("pathlib._local", "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath", "cnb", "holds a path; opens nothing"),
    ("ipaddress", "IPv4Address IPv4Interface IPv4Network IPv6Address IPv6Interface IPv6Network", "cnb", _VALUE),
    ("array", "array", "cnbf", _VALUE),
    ("array", "_array_reconstructor", "c", _REBUILD),
    ("_io", "BytesIO StringIO", "cnb", "buffer in memory"),
    ("io", "BytesIO StringIO", "cnb", "buffer in memory"),
    ("re", "_compile", "c", "compiles a regular expression; nothing is matched"),
    ("re", "RegexFlag", "cb", _ENUM),
    ("types", "SimpleNamespace", "cnb", "holds attributes"),
    ("argparse", "Namespace", "nb", "holds attributes"),
    ("zoneinfo", "ZoneInfo", "b", _VALUE),
    ("zoneinfo", "ZoneInfo._unpickle", "c", "reads a time zone by its key from the system's data"),
    ("random", "Random", "cnb", "generator of random numbers and its state"),
    ("string", "Template", "nb", "holds text; substitutes only when asked"),
    ("typing", "Any AnyStr Callable ClassVar Dict Final FrozenSet Generator Generic Hashable Iterable Iterator List Literal "
               "Mapping MutableMapping NamedTuple NoReturn Optional Sequence Set Sized Tuple Type TypedDict Union", "",
     _REFERENCE),
    ("types", "GenericAlias", "c", "names a class and its parameters; calling the result is a misuse"),
    ("enum", "auto", "", _REFERENCE),
    *(
        (module, "abs add and_ concat contains eq floordiv ge gt index inv invert is_ is_not le lshift lt matmul mod mul ne "
                 "neg not_ or_ pos pow rshift sub truediv truth xor", "", _REFERENCE)
        for module in ("operator", "_operator")
    ),
    *(
        (module, "getitem", "c", "writes a generic type of typing; taking an item out of anything else is a misuse")
        for module in ("operator", "_operator")
    ),
    ("operator", "itemgetter", "c", "holds keys; calling the result is a misuse"),
    ("inspect", "Parameter Signature", "cnb", "describes the parameters of a function"),
    ("inspect", "_ParameterKind", "c", _ENUM),
    ("inspect", "_empty", "", _REFERENCE),
    ("statistics", "NormalDist", "cnb", _VALUE),
    ("signal", "Signals", "c", _ENUM),
    ("logging", "getLogger", "c", "looks a logger up by name; its settings are the program's"),
    ("time", "struct_time", "cnb", _VALUE),
    ("http", "HTTPMethod HTTPStatus", "c", _ENUM),
)  # fmt: skip

NUMPY: tuple[tuple[str, str, str, str], ...] = (
    ("numpy", "ndarray", "nb", "array of data"),
    ("numpy.matrixlib.defmatrix", "matrix", "nb", "older name of numpy.matrix"),
    ("numpy.core.defmatrix", "matrix", "nb", "older name of numpy.matrix"),
    ("numpy", "matrix recarray chararray", "nb", "subclass of an array; constructed empty and filled from data"),
    ("numpy", "memmap", "b", "subclass of an array; constructing it would open a file, rebuilding it does not"),
    ("numpy", "record", "nb", "structured scalar"),
    ("numpy", "dtype", "cnb", "describes a type"),
    ("numpy", "bool bool_ byte bytes_ cdouble cfloat character clongdouble complex128 complex256 complex64 csingle "
              "datetime64 double float128 float16 float32 float64 floating generic half inexact int16 int32 int64 int8 "
              "int_ intc integer intp long longdouble longlong number object_ short signedinteger single str_ string_ "
              "timedelta64 ubyte uint uint16 uint32 uint64 uint8 uintc uintp ulong ulonglong unicode_ unsignedinteger "
              "ushort void complexfloating", "cb", "scalar type: converts data"),
    ("numpy", "inf nan", "", "constant"),
    ("numpy.char", "chararray", "nb", "subclass of an array; constructed empty and filled from data"),
    ("numpy._core.defchararray", "chararray", "nb", "subclass of an array; constructed empty and filled from data"),
    ("numpy._core.multiarray", "_reconstruct", "cb", _REBUILD),
    ("numpy._core.multiarray", "scalar", "cb", "rebuilds a scalar from its bytes"),
    ("numpy._core.numeric", "_frombuffer", "c", "array over bytes of the stream"),
    ("numpy._core._internal", "_convert_to_stringdtype_kwargs", "c", "describes the text type"),
    ("numpy.random._pickle", "__bit_generator_ctor __generator_ctor __randomstate_ctor", "cb",
     "constructs one of NumPy's generators; classes among its arguments are judged themselves"),
    ("numpy.random", "__RandomState_ctor", "cb", "constructs one of NumPy's generators"),
    ("numpy.random._mt19937", "MT19937", "cnb", "generator of random numbers and its state"),
    ("numpy.random._pcg64", "PCG64 PCG64DXSM", "cnb", "generator of random numbers and its state"),
    ("numpy.random._philox", "Philox", "cnb", "generator of random numbers and its state"),
    ("numpy.random._sfc64", "SFC64", "cnb", "generator of random numbers and its state"),
    ("numpy.random._generator", "Generator", "cnb", "generator of random numbers and its state"),
    ("numpy.random.mtrand", "RandomState", "cnb", "generator of random numbers and its state"),
    ("numpy.random.bit_generator", "SeedSequence SeedlessSeedSequence ISeedSequence __pyx_unpickle_SeedSequence", "cnb",
     "seed of a generator"),
    ("numpy.random.bit_generator", "__pyx_unpickle_SeedlessSeedSequence __pyx_unpickle_BitGenerator", "cb",
     "seed of a generator"),
    ("numpy.ma.core", "MaskedArray mvoid", "nb", "array with a mask"),
    ("numpy.ma.core", "MaskedConstant", "cnb", "array with a mask; takes no arguments"),
    ("numpy.ma.mrecords", "MaskedRecords mrecarray", "nb", "array with a mask"),
    ("numpy.ma.mrecords", "_mrreconstruct", "cb", _REBUILD),
    ("numpy.ma.core", "_mareconstruct", "cb", _REBUILD),
    ("numpy.polynomial.polynomial", "Polynomial", "nb", _VALUE),
    ("numpy.polynomial.chebyshev", "Chebyshev", "nb", _VALUE),
    ("numpy.polynomial.hermite", "Hermite", "nb", _VALUE),
    ("numpy.polynomial.hermite_e", "HermiteE", "nb", _VALUE),
    ("numpy.polynomial.laguerre", "Laguerre", "nb", _VALUE),
    ("numpy.polynomial.legendre", "Legendre", "nb", _VALUE),
    ("numpy", "poly1d", "nb", _VALUE),
    ("numpy", "finfo iinfo", "nb", "limits of a type of numbers"),
    ("numpy.linalg", "LinAlgError", "cnb", _EXCEPTION),
    ("numpy.exceptions", "AxisError ComplexWarning DTypePromotionError RankWarning VisibleDeprecationWarning", "cnb", _EXCEPTION),
    ("numpy.lib._polynomial_impl", "poly1d", "nb", _VALUE),
    ("numpy.lib.polynomial", "poly1d", "nb", _VALUE),
    ("numpy.dtypes", "StringDType", "cnb", "describes a type"),
    ("numpy.dtypes", "BoolDType ByteDType BytesDType CLongDoubleDType Complex128DType Complex64DType DateTime64DType "
                     "Float16DType Float32DType Float64DType Int16DType Int32DType Int64DType Int8DType IntDType "
                     "LongDType LongDoubleDType LongLongDType ObjectDType ShortDType StrDType TimeDelta64DType UByteDType "
                     "UInt16DType UInt32DType UInt64DType UInt8DType UIntDType ULongDType ULongLongDType UShortDType "
                     "VoidDType", "", "describes a type"),
)  # fmt: skip

JOBLIB: tuple[tuple[str, str, str, str], ...] = (
    (
        "joblib.numpy_pickle",
        "NumpyArrayWrapper",
        "nb",
        "stands for an array whose bytes follow; they are skipped exactly",
    ),
)

_ESTIMATOR = "class of older releases of scikit-learn; holds state"
_LOSSES = (
    "BinomialDeviance ExponentialLoss HuberLossFunction LeastAbsoluteError LeastSquaresError LogOddsEstimator MeanEstimator "
    "MultinomialDeviance PriorProbabilityEstimator QuantileEstimator QuantileLossFunction ScaledLogOddsEstimator "
    "VerboseReporter ZeroEstimator"
)
_DISTANCES = (
    "BrayCurtisDistance CanberraDistance ChebyshevDistance DiceDistance EuclideanDistance HammingDistance HaversineDistance "
    "JaccardDistance MahalanobisDistance ManhattanDistance MatchingDistance MinkowskiDistance RogersTanimotoDistance "
    "RussellRaoDistance SEuclideanDistance SokalMichenerDistance SokalSneathDistance WMinkowskiDistance"
)

SKLEARN: tuple[tuple[str, str, str, str], ...] = (
    (
        "sklearn.metrics._dist_metrics",
        "PyFuncDistance PyFuncDistance32 PyFuncDistance64",
        "nb",
        "distance by a function, which is called when something is measured",
    ),
    ("sklearn.metrics._dist_metrics", "newObj", "cb", "constructs its argument, which is judged itself"),
    ("sklearn.neighbors._ball_tree", "newObj", "cb", "constructs its argument, which is judged itself"),
    ("sklearn.neighbors._kd_tree", "newObj", "cb", "constructs its argument, which is judged itself"),
    ("sklearn.metrics._dist_metrics", _DISTANCES, "nb", _ESTIMATOR),
    ("sklearn.ensemble._gb_losses", _LOSSES, "nb", _ESTIMATOR),
    ("sklearn.ensemble._gb", _LOSSES, "nb", _ESTIMATOR),
    (
        "sklearn.linear_model._sgd_fast",
        "EpsilonInsensitive Hinge Huber Log ModifiedHuber SquaredEpsilonInsensitive SquaredHinge SquaredLoss",
        "cnb",
        _ESTIMATOR,
    ),
    ("sklearn.metrics._scorer", "_PredictScorer _ProbaScorer _ThresholdScorer", "nb", _ESTIMATOR),
    ("sklearn.preprocessing._data", "Imputer CategoricalEncoder", "nb", _ESTIMATOR),
    ("sklearn.impute._base", "Imputer", "nb", _ESTIMATOR),
    (
        "sklearn.ensemble._hist_gradient_boosting.loss",
        "AutoLoss BinaryCrossEntropy CategoricalCrossEntropy LeastAbsoluteDeviation LeastSquares Poisson",
        "nb",
        _ESTIMATOR,
    ),
    (
        "sklearn.utils.validation",
        "check_array",
        "",
        "converts its argument to an array; partial() of it checks categories",
    ),
)

SCIPY: tuple[tuple[str, str, str, str], ...] = (
    (
        "scipy.spatial.distance",
        "braycurtis canberra chebyshev cityblock correlation cosine dice euclidean hamming jaccard "
        "jensenshannon mahalanobis minkowski rogerstanimoto russellrao seuclidean sokalsneath sqeuclidean yule",
        "",
        _REFERENCE,
    ),
    ("scipy.stats._stats_py", "DescribeResult", "nb", "named tuple"),
)

PANDAS: tuple[tuple[str, str, str, str], ...] = (
    ("pandas._libs.internals", "_unpickle_block", "c", "block of an array"),
    ("pandas._libs.internals", "BlockPlacement BlockManager Block", "cnb", "parts of a table"),
    ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked", "cb", "array with a type"),
    ("pandas._libs.tslibs.timestamps", "_unpickle_timestamp", "c", _VALUE),
    ("pandas._libs.tslibs.timestamps", "Timestamp", "cnb", _VALUE),
    ("pandas._libs.tslibs.timedeltas", "Timedelta", "cnb", _VALUE),
    ("pandas._libs.tslibs.timedeltas", "_timedelta_unpickle", "c", _VALUE),
    ("pandas._libs.tslibs.period", "_unpickle_period Period", "c", _VALUE),
    ("pandas._libs.tslibs.nattype", "_nat_unpickle", "c", _VALUE),
    ("pandas._libs.tslibs.offsets", "Day Hour Minute Second Milli Micro Nano MonthEnd MonthBegin BDay BusinessDay Week "
     "YearEnd YearBegin QuarterEnd QuarterBegin DateOffset CustomBusinessDay __pyx_unpickle_Tick _offset", "cnb", _VALUE),
    ("pandas._libs.interval", "Interval", "cnb", _VALUE),
    ("pandas._libs.sparse", "BlockIndex IntIndex", "c", "places of the values of a sparse array"),
    ("pandas._libs.missing", "NAType", "c", _VALUE),
    ("pandas.core.indexes.base", "_new_Index", "c", "constructs an index class, which is judged itself"),
    ("pandas.core.indexes.base", "Index", "cnb", "labels of a table"),
    ("pandas.core.indexes.datetimes", "_new_DatetimeIndex", "c", "constructs an index class, which is judged itself"),
    ("pandas.core.indexes.datetimes", "DatetimeIndex", "cnb", "labels of a table"),
    ("pandas.core.indexes.period", "_new_PeriodIndex", "c", "constructs an index class, which is judged itself"),
    ("pandas.core.indexes.interval", "_new_IntervalIndex", "c", "constructs an index class, which is judged itself"),
    ("pandas.core.indexes.timedeltas", "_new_TimedeltaIndex", "c", "constructs an index class, which is judged itself"),
    ("pandas.core.indexes.period", "PeriodIndex", "cnb", "labels of a table"),
    ("pandas.core.indexes.numeric", "Int64Index Float64Index UInt64Index NumericIndex", "cnb", "labels of a table"),
    ("pandas.core.indexes.range", "RangeIndex", "cnb", "labels of a table"),
    ("pandas.core.indexes.multi", "MultiIndex", "cnb", "labels of a table"),
    ("pandas.core.indexes.category", "CategoricalIndex", "cnb", "labels of a table"),
    ("pandas.core.indexes.interval", "IntervalIndex", "cnb", "labels of a table"),
    ("pandas.core.indexes.timedeltas", "TimedeltaIndex", "cnb", "labels of a table"),
    ("pandas.core.indexes.frozen", "FrozenList", "cnb", "labels of a table"),
    ("pandas.core.internals.managers", "BlockManager SingleBlockManager", "cnb", "parts of a table"),
    ("pandas.core.frame", "DataFrame", "nb", "table"),
    ("pandas.core.groupby.grouper", "Grouper Grouping", "nb", "keys of a grouped table"),
    ("pandas.core.groupby.ops", "BaseGrouper BinGrouper", "nb", "keys of a grouped table"),
    ("pandas.core.groupby.generic", "DataFrameGroupBy SeriesGroupBy", "nb", "grouped table"),
    ("pandas.api.typing", "DataFrameGroupBy SeriesGroupBy Rolling Expanding ExponentialMovingWindow", "nb", "table with groups or windows"),
    ("pandas.core.window.rolling", "Rolling RollingGroupby RollingGroupBy", "nb", "table with windows"),
    ("pandas.core.window.expanding", "Expanding", "nb", "table with windows"),
    ("pandas", "Grouper", "nb", "keys of a grouped table"),
    ("pandas.core.series", "Series", "nb", "table"),
    ("pandas.core.flags", "Flags", "nb", "parts of a table"),
    ("pandas.core.arrays.categorical", "Categorical", "cnb", "array with a type"),
    ("pandas.core.arrays.datetimes", "DatetimeArray", "cnb", "array with a type"),
    ("pandas.core.arrays.timedeltas", "TimedeltaArray", "cnb", "array with a type"),
    ("pandas.core.arrays.period", "PeriodArray", "cnb", "array with a type"),
    ("pandas.core.arrays.interval", "IntervalArray", "cnb", "array with a type"),
    ("pandas.core.arrays.integer", "IntegerArray Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype "
     "UInt32Dtype UInt64Dtype", "cnb", "array with a type"),
    ("pandas.core.arrays.floating", "FloatingArray Float32Dtype Float64Dtype", "cnb", "array with a type"),
    ("pandas.core.arrays.boolean", "BooleanArray BooleanDtype", "cnb", "array with a type"),
    ("pandas.core.arrays.string_", "StringArray StringDtype", "cnb", "array with a type"),
    ("pandas.core.arrays.sparse.array", "SparseArray", "cnb", "array with a type"),
    ("pandas.arrays", "NumpyExtensionArray", "nb", "array with a type"),
    ("pandas.core.arrays.numpy_", "NumpyExtensionArray PandasArray", "nb", "array with a type"),
    ("pandas.core.dtypes.dtypes", "NumpyEADtype PandasDtype", "nb", "describes a type"),
    ("pandas.core.arrays.arrow.array", "ArrowExtensionArray", "nb", _ARROW),
    ("pandas.core.arrays.string_arrow", "ArrowStringArray ArrowStringArrayNumpySemantics", "nb", _ARROW),
    ("pandas.arrays", "ArrowExtensionArray ArrowStringArray", "nb", _ARROW),
    ("pandas.core.dtypes.dtypes", "ArrowDtype", "nb", "describes a type"),
    ("pandas", "ArrowDtype", "nb", "describes a type"),
    ("pandas.errors", "DataError DtypeWarning EmptyDataError InvalidIndexError MergeError OutOfBoundsDatetime ParserError "
     "PerformanceWarning SettingWithCopyWarning UnsortedIndexError", "cnb", _EXCEPTION),
    ("pandas.core.dtypes.dtypes", "CategoricalDtype DatetimeTZDtype PeriodDtype IntervalDtype SparseDtype", "cnb", "describes a type"),
)  # fmt: skip

TORCH: tuple[tuple[str, str, str, str], ...] = (
    *((module, "BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor LongTensor "
               "ShortTensor", "nb", "tensor type") for module in ("torch.cuda", "torch.cuda.sparse", "torch.sparse")),
    ("torch", "int1 int2 int3 int4 int5 int6 int7 uint1 uint2 uint3 uint4 uint5 uint6 uint7 "
              "per_channel_affine_float_qparams", "", "constant"),
    ("torch.distributed.checkpoint.metadata", "ChunkStorageMetadata BytesStorageMetadata Metadata MetadataIndex "
     "StorageMeta TensorStorageMetadata", "nb", "plain settings (dataclass)"),
    ("torch.distributed.checkpoint.metadata", "TensorProperties", "nb", "plain settings (dataclass); constants by name"),
    ("torch.distributed.checkpoint.metadata", "_MEM_FORMAT_ENCODING", "cb", _ENUM),
    ("torch.distributed.checkpoint.filesystem", "_StorageInfo _StoragePrefix", "nb", "plain settings (dataclass)"),
    ("torch.distributed.checkpoint.planner", "WriteItemType LoadItemType", "cb", _ENUM),
    ("torch.distributed.tensor", "DTensor", "nb", "tensor type"),
    ("torch.distributed.tensor._dtensor_spec", "DTensorSpec", "nb", "describes a tensor"),
    ("torch.distributed.device_mesh", "DeviceMesh", "nb", "describes devices; connects nothing without a call"),
    ("torch.distributed._mesh_layout", "_MeshLayout _FlatLayout", "nb", "describes devices"),
    ("torch.amp.grad_scaler", "GradScaler", "nb", "holds numbers"),
    ("torch.cuda.amp.grad_scaler", "GradScaler", "nb", "holds numbers"),
    ("torch.amp.grad_scaler", "OptState", "cb", _ENUM),
    ("torch.cuda.amp.grad_scaler", "OptState", "cb", _ENUM),
    ("torch.nn.utils.parametrizations", "_OrthMaps", "cb", _ENUM),
    ("torch.amp.grad_scaler", "_refresh_per_optimizer_state", "c", "makes a small dictionary; takes no arguments"),
    ("torch.cuda.amp.grad_scaler", "_refresh_per_optimizer_state", "c", "makes a small dictionary; takes no arguments"),
    ("torch.nested._internal.nested_tensor", "_rebuild_njt", "cb", _REBUILD),
    ("torch.nested._internal.nested_tensor", "NestedTensor", "nb", "tensor type"),
    ("torch._dynamo.decorators", "_DimRange", "nb", "plain settings (dataclass) of a nested tensor"),
    ("torch", "ScriptObject", "nb", "numbers of a quantised layer, read by a function in C++"),
    ("torch.optim.lr_scheduler", "CyclicLR._exp_range_scale_fn", "c", "computes a number"),
    ("torch.optim.lr_scheduler", "CyclicLR._triangular_scale_fn CyclicLR._triangular2_scale_fn "
     "OneCycleLR._annealing_cos OneCycleLR._annealing_linear", "", _REFERENCE),
    ("torch.optim.swa_utils", "SWALR._cosine_anneal SWALR._linear_anneal", "", _REFERENCE),
    ("torch", "BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage ComplexFloatStorage DoubleStorage "
              "FloatStorage HalfStorage IntStorage LongStorage QInt32Storage QInt8Storage QUInt2x4Storage QUInt4x2Storage "
              "QUInt8Storage ShortStorage UntypedStorage", "cnb", "storage of numbers"),
    ("torch.cuda", "BFloat16Storage BoolStorage ByteStorage CharStorage DoubleStorage FloatStorage HalfStorage IntStorage "
                   "LongStorage ShortStorage ComplexFloatStorage ComplexDoubleStorage", "cnb", "storage of numbers"),
    ("torch.storage", "TypedStorage UntypedStorage _LegacyStorage", "cnb", "storage of numbers"),
    ("torch.storage", "_load_from_bytes", "c", "loads bytes of the stream, which are examined as a file"),
    ("torch", "bfloat16 bits16 bits1x8 bits2x4 bits4x2 bits8 bool cdouble cfloat chalf complex128 complex32 complex64 "
              "double float float16 float32 float4_e2m1fn_x2 float64 float8_e4m3fn float8_e4m3fnuz float8_e5m2 "
              "float8_e5m2fnuz float8_e8m0fnu half int int16 int32 int64 int8 long qint32 qint8 quint2x4 quint4x2 quint8 "
              "short uint16 uint32 uint64 uint8 strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc "
              "contiguous_format channels_last preserve_format per_tensor_affine per_channel_affine "
              "per_tensor_symmetric per_channel_symmetric channels_last_3d", "", "constant"),
    ("torch", "Size device Tensor", "cnb", "value type of torch"),
    ("torch", "BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor LongTensor "
              "ShortTensor", "cnb", "tensor type"),
    ("torch", "Generator", "cb", "generator of random numbers"),
    ("torch.serialization", "_get_layout", "c", "looks a constant up by name"),
    ("torch.distributed.checkpoint.metadata", "BytesStorageMetadata ChunkStorageMetadata Metadata MetadataIndex StorageMeta "
     "TensorProperties TensorStorageMetadata", "nb", "describes a tensor of a distributed checkpoint"),
    ("torch.distributed.checkpoint.metadata", "_MEM_FORMAT_ENCODING", "c", "enumeration"),
    ("torch.distributed.checkpoint.filesystem", "_StorageInfo", "nb", "describes a tensor of a distributed checkpoint"),
    ("torch.nn.parameter", "Parameter Buffer UninitializedParameter UninitializedBuffer", "cnb", "tensor type"),
    ("torch._utils", "_rebuild_device_tensor_from_cpu_tensor _rebuild_device_tensor_from_numpy _rebuild_meta_tensor_no_storage "
                     "_rebuild_nested_tensor _rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor "
                     "_rebuild_sparse_csr_tensor _rebuild_sparse_tensor _rebuild_tensor _rebuild_tensor_v2 "
                     "_rebuild_tensor_v3 _rebuild_wrapper_subclass _rebuild_xla_tensor", "cb", _REBUILD),
    ("torch._tensor", "_rebuild_from_type _rebuild_from_type_v2", "cb",
     "rebuilds a tensor; the function and the class among its arguments are judged themselves"),
    ("torch._tensor", "Tensor", "cnb", "tensor type"),
    ("torch.tensor", "_rebuild_from_type", "cb",
     "rebuilds a tensor; the function and the class among its arguments are judged themselves"),
    ("torch.torch_version", "TorchVersion", "nb", "version, a text"),
    ("torch.jit._pickle", "build_boollist build_doublelist build_intlist build_tensor_from_id build_tensorlist restore_type_tag",
     "c", "builds a list of numbers or tensors"),
    ("torch.utils.data.dataset", "Dataset IterableDataset TensorDataset Subset ConcatDataset", "nb", "holds tensors and indexes"),
    ("torch.utils.data.sampler", "RandomSampler SequentialSampler BatchSampler SubsetRandomSampler WeightedRandomSampler", "nb",
     "holds indexes"),
    ("torch.nn.functional", "relu relu6 elu selu celu leaky_relu gelu silu mish tanh sigmoid softmax log_softmax softplus softsign "
                            "hardtanh hardsigmoid hardswish logsigmoid mse_loss l1_loss cross_entropy nll_loss "
                            "binary_cross_entropy binary_cross_entropy_with_logits dropout normalize pad interpolate", "",
     _REFERENCE),
    ("torch._C._nn", "gelu relu6 silu mish hardtanh leaky_relu elu softplus linear", "", _REFERENCE),
    ("torch", "relu tanh sigmoid softmax exp log sqrt abs sin cos square mean sum rsqrt", "", _REFERENCE),
)  # fmt: skip

_LAYER = "layer: a torch module without state of its own kind"

_SCHEDULE = "computes a factor from numbers; partial() of it is a schedule"

TRANSFORMERS: tuple[tuple[str, str, str, str], ...] = (
    ("transformers.optimization", "_get_constant_lambda _get_constant_schedule_with_warmup_lr_lambda "
     "_get_cosine_schedule_with_warmup_lr_lambda _get_cosine_with_hard_restarts_schedule_with_warmup_lr_lambda "
     "_get_cosine_with_min_lr_schedule_with_warmup_lr_rate_lambda _get_inverse_sqrt_schedule_lr_lambda "
     "_get_linear_schedule_with_warmup_lr_lambda _get_polynomial_decay_schedule_with_warmup_lr_lambda "
     "_get_wsd_scheduler_lambda", "c", _SCHEDULE),
    ("transformers.tokenization_utils_base", "BatchEncoding", "nb", "dictionary of tensors"),
)  # fmt: skip

_KERAS_MODELS = (("sequential", "Sequential"), ("functional", "Functional"), ("model", "Model"))
_KERAS = "loads bytes of the stream, which are examined as a file"

OTHERS: tuple[tuple[str, str, str, str], ...] = (
    ("tokenizers", "AddedToken Tokenizer", "nb", "tokenizer: its state is JSON"),
    ("tokenizers.models", "Model", "nb", "part of a tokenizer: its state is JSON"),
    (
        "torch_geometric.data.data",
        "DataEdgeAttr DataTensorAttr",
        "nb",
        "describes parts of a graph; its constructor holds data",
    ),
    (
        "torch_geometric.data.feature_store",
        "TensorAttr",
        "nb",
        "describes parts of a graph; its constructor holds data",
    ),
    ("torch_geometric.data.graph_store", "EdgeAttr", "nb", "describes parts of a graph; its constructor holds data"),
    ("torchvision.ops.boxes", "box_iou", "", _REFERENCE),
    ("pyarrow.lib", "_restore_array py_buffer", "c", "array of Arrow from bytes; reads them when it is used"),
    (
        "pyarrow.lib",
        "binary decimal128 decimal256 decimal32 decimal64 dictionary duration field fixed_size_binary large_list "
        "large_list_view list_ list_view map_ run_end_encoded struct time32 time64 timestamp type_for_alias union",
        "c",
        "describes a type of Arrow",
    ),
    *((f"keras.src.models.{module}", f"{name}._unpickle_model", "c", _KERAS) for module, name in _KERAS_MODELS),
    *(
        (f"keras.src.models.{module}", name, "", "only its method that loads bytes is named")
        for module, name in _KERAS_MODELS
    ),
    *(
        (f"{keras}.pickle_utils", "deserialize_model_from_bytecode", "c", _KERAS)
        for keras in ("keras.saving", "keras.src.saving", "keras.src.saving.legacy", "tf_keras.src.saving")
    ),
    ("pytz", "_UTC", "c", "returns a constant"),
    ("pytz", "_p", "c", "reads a time zone by its key from the package's data"),
    ("pytz", "UTC utc", "", _REFERENCE),
    ("dateutil.tz.tz", "tzutc tzlocal tzoffset", "cnb", _VALUE),
    ("dateutil.relativedelta", "relativedelta", "nb", _VALUE),
    (
        "joblib.memory",
        "Memory",
        "nb",
        "names a directory; reads and writes it only when a function is called through it",
    ),
    ("hdbscan.dist_metrics", "newObj", "cb", "constructs its argument, which is judged itself"),
    ("hdbscan.dist_metrics", _DISTANCES, "nb", "distance: holds numbers"),
    (
        "gplearn.functions",
        "_protected_division _protected_sqrt _protected_log _protected_inverse _sigmoid",
        "",
        _REFERENCE,
    ),
    (
        "gplearn.fitness",
        "_log_loss _mean_absolute_error _mean_square_error _root_mean_square_error _weighted_pearson "
        "_weighted_spearman",
        "",
        _REFERENCE,
    ),
    (
        "kmodes.util.dissim",
        "euclidean_dissim jaccard_dissim_binary jaccard_dissim_label matching_dissim ng_dissim",
        "",
        _REFERENCE,
    ),
    ("networkx.classes.filters", "no_filter", "", _REFERENCE),
    ("networkx.classes.function", "frozen", "", _REFERENCE),
    ("networkx.classes.multigraph", "MultiGraph", "nb", "graph: nodes and edges"),
    ("networkx.classes.multidigraph", "MultiDiGraph", "nb", "graph: nodes and edges"),
    ("networkx.classes.reportviews", "NodeView NodeDataView OutEdgeDataView", "nb", "graph: nodes and edges"),
    ("numba.core.registry", "CPUDispatcher", "", "only named; the code that it compiles is told of on its own"),
    ("dateutil.relativedelta", "weekday", "nbs", _VALUE),
    ("dateutil._common", "weekday", "nbs", _VALUE),
    ("dateutil.rrule", "rrule rruleset", "nb", "rule of dates: holds numbers"),
    ("dateutil.rrule", "weekday", "nbs", "rule of dates: holds numbers"),
    ("pytorch_lightning.utilities.parsing", "AttributeDict", "cnb", "dictionary"),
    ("lightning.pytorch.utilities.parsing", "AttributeDict", "cnb", "dictionary"),
    ("lightning_fabric.utilities.data", "AttributeDict", "cnb", "dictionary"),
    ("lightning.fabric.utilities.data", "AttributeDict", "cnb", "dictionary"),
    ("xgboost.compat", "XGBoostLabelEncoder", "nb", "class of older releases of xgboost; holds state"),
    ("torch.nn.backends.thnn", "_get_thnn_function_backend", "c", "returns an object of old releases of torch"),
    ("torchvision.models.alexnet", "AlexNet", "nb", _LAYER),
    ("torchvision.models.densenet", "DenseNet _DenseBlock _DenseLayer _Transition", "nb", _LAYER),
    ("torchvision.models.efficientnet", "EfficientNet FusedMBConv MBConv", "nb", _LAYER),
    ("torchvision.models.mobilenetv2", "InvertedResidual MobileNetV2", "nb", _LAYER),
    ("torchvision.models.mobilenetv3", "InvertedResidual MobileNetV3", "nb", _LAYER),
    ("torchvision.models.resnet", "BasicBlock Bottleneck ResNet", "nb", _LAYER),
    ("torchvision.models.shufflenetv2", "InvertedResidual ShuffleNetV2", "nb", _LAYER),
    ("torchvision.models.squeezenet", "Fire SqueezeNet", "nb", _LAYER),
    ("torchvision.models.vgg", "VGG", "nb", _LAYER),
    ("torchvision.models.vision_transformer", "Encoder EncoderBlock MLPBlock VisionTransformer", "nb", _LAYER),
    (
        "torchvision.ops.misc",
        "Conv2dNormActivation ConvNormActivation FrozenBatchNorm2d MLP SqueezeExcitation",
        "nb",
        _LAYER,
    ),
    ("torchvision.ops.stochastic_depth", "StochasticDepth", "nb", _LAYER),
    (
        "torchvision.transforms.transforms",
        "Compose ToTensor ToPILImage PILToTensor RandomApply RandomChoice RandomOrder",
        "nb",
        "holds numbers and other transformations",
    ),
    ("torchvision.transforms.functional", "InterpolationMode", "cb", _ENUM),
)

# Of the Hugging Face survey: what is not in a framework's own table. Classes of model code are accepted where loading
# only allocates and fills them; names from __main__ and from users' own scripts never are.
HUGGING_FACE: dict[str, tuple[str, str]] = {
    "transformers.trainer_utils": ("cb", _ENUM),
    "accelerate.utils.dataclasses": ("cnb", "enumeration or plain settings"),
    "flair.data": ("nb", "vocabulary"),
    "omegaconf.base": ("nb", "settings tree; resolvers run only when a value is read by the program"),
    "omegaconf.nodes": ("nb", "settings tree; resolvers run only when a value is read by the program"),
    "omegaconf.listconfig": ("nb", "settings tree; resolvers run only when a value is read by the program"),
    "omegaconf.dictconfig": ("nb", "settings tree; resolvers run only when a value is read by the program"),
    "pytorch_lightning.callbacks.early_stopping": ("", "key of a mapping; only referred to"),
    "pytorch_lightning.callbacks.model_checkpoint": ("", "key of a mapping; only referred to"),
    "pyannote.audio.core.task": ("cnb", "enumeration or plain settings"),
    "pyannote.audio.core.model": ("cnb", "plain settings"),
    "TTS.tts.models.xtts": ("nb", "plain settings (dataclass)"),
    "TTS.config.shared_configs": ("nb", "plain settings (dataclass)"),
    "TTS.tts.configs.xtts_config": ("nb", "plain settings (dataclass)"),
    "simpletransformers.config.model_args": ("nb", "plain settings (dataclass)"),
    "ultralytics.nn.modules": ("nb", _LAYER),
    "ultralytics.nn.modules.block": ("nb", _LAYER),
    "ultralytics.nn.modules.conv": ("nb", _LAYER),
    "ultralytics.nn.modules.head": ("nb", _LAYER),
    "ultralytics.nn.tasks": ("nb", _LAYER),
    "ultralytics.utils": ("nb", "holds attributes"),
    "ultralytics.yolo.utils": ("nb", "holds attributes"),
    "ultralytics.utils.tal": ("nb", _LAYER),
    "ultralytics.utils.loss": ("nb", "loss: holds numbers"),
    "yolov5.models.common": ("nb", _LAYER),
    "yolov5.models.yolo": ("nb", _LAYER),
    "transformers.training_args": ("nb", "plain settings; __post_init__ does not run without a call"),
    "transformers.training_args_seq2seq": ("nb", "plain settings; __post_init__ does not run without a call"),
    "transformers.deepspeed": ("nb", "plain settings; nothing is read without a call"),
    "accelerate.state": ("nb", "plain settings; no process group is started without a call"),
    "flair.training_utils": ("nb", "schedule: holds numbers"),
    "flair.optim": ("nb", "schedule: holds numbers"),
}

HUGGING_FACE_ENUMS = frozenset({"SchedulerType", "IntervalStrategy", "HubStrategy", "OptimizerNames", "EvaluationStrategy",
                                "FSDPOption", "DistributedType"})  # fmt: skip
"""Names of the survey that are enumerations: members are looked up by calling the class with a value."""

CONFINED: tuple[tuple[str, str, str], ...] = (
    # module, names, why it may not be kept: what calling it would do
    ("numpy", "memmap", "opens a file"),
    ("numpy", "vectorize", "wraps any callable"),
    ("functools", "partial", "wraps any callable"),
    ("types", "GenericAlias", "wraps any callable"),
    ("ultralytics.nn.tasks", "*", "evaluates texts of its configuration"),
    ("yolov5.models.yolo", "DetectionModel", "evaluates texts of its configuration"),
    ("xgboost.core", "Booster", "opens a file"),
    ("xgboost.sklearn", "*", "opens a file"),
    ("lightgbm.basic", "Booster", "opens a file"),
    ("catboost.core", "*", "opens a file"),
    ("accelerate.state", "*", "connects processes"),
    ("torch.distributed.device_mesh", "DeviceMesh", "connects processes"),
    ("transformers.training_args", "TrainingArguments", "reads files and connects processes"),
    ("transformers.training_args_seq2seq", "Seq2SeqTrainingArguments", "reads files and connects processes"),
    ("transformers.deepspeed", "*", "reads files"),
    ("flair.data", "Dictionary", "opens a file"),
    ("torch.nn.backends.thnn", "*", "returns an object of old releases of torch"),
    ("torch.nested._internal.nested_tensor", "*", "calls methods of what it is given"),
    ("torch", "ScriptObject", "made by a function in C++"),
    ("pytz", "_p", "reads files"),
    ("zoneinfo", "*", "reads files"),
    ("joblib.memory", "Memory", "reads and writes files"),
    ("networkx.classes.multigraph", "*", "can load a backend by its name"),
    ("networkx.classes.multidigraph", "*", "can load a backend by its name"),
    ("logging", "getLogger", "hands out a shared object"),
    *((f"keras.src.models.{module}", "*", "loads a model") for module in ("sequential", "functional", "model")),
    *_LANGUAGE,
)  # fmt: skip
"""Names whose instances are harmless, and whose calls are not. Other objects could call them if they held them."""

_CONFINED_MODELS = ("transformers.models.",)  # constructors that can fetch kernels and files by name


def is_confined(module: str, name: str) -> bool:
    """Return whether a name may not be kept as data."""
    if module.startswith(_CONFINED_MODELS):
        return True
    return any(module == where and (names == "*" or name in names.split()) for where, names, _ in CONFINED)


HUGGING_FACE_REFUSED: dict[str, str] = {
    "__main__": "a name of whatever program loads the file",
    "__torch__": "a class of a TorchScript program, which its archive defines",
    "dill._dill": "part of a code loader",
    "flair.embeddings.token": "its __setstate__ loads a language model, also by name from the network",
    "flair.models.prefixed_tagger": "not looked at",
    "utils.args_helper": "a user's own script",
    "llava.train.train": "a training script; importing it changes the process",
    "mplug_owl2.train.train": "a training script; importing it changes the process",
    "reranker.arguments": "a user's own script",
    "pyannote.audio.cor.model": "no such module: a misspelt or squatted name",
    "accelerate.utils.dataclasses.DeepSpeedPlugin": "its state may name files that the program reads",
}

DANGEROUS: tuple[tuple[str, str, str], ...] = (
    # module, names (* = the whole module and those below it), technique
    ("os", "*", "runs commands, changes files and processes (operating system)"),
    ("posix", "*", "runs commands, changes files and processes (operating system)"),
    ("nt", "*", "runs commands, changes files and processes (operating system)"),
    ("subprocess", "*", "starts programs"),
    ("_posixsubprocess", "*", "starts programs"),
    ("_winapi", "*", "starts programs"),
    ("commands", "*", "starts programs (Python 2)"),
    ("popen2", "*", "starts programs (Python 2)"),
    ("pty", "*", "starts programs in a terminal"),
    ("asyncio", "*", "starts programs and connections"),
    ("multiprocessing", "*", "starts processes"),
    ("concurrent", "*", "starts threads and processes"),
    ("builtins", "eval exec compile execfile", "runs code from a text"),
    ("builtins", "__import__", "imports any module"),
    ("builtins", "getattr setattr delattr vars globals locals", "reaches any attribute"),
    ("builtins", "open input breakpoint", "opens files or the debugger"),
    ("builtins", "map filter next reduce apply", "calls what it is given"),
    ("builtins", "classmethod staticmethod property super memoryview", "builds classes"),
    ("io", "open open_code FileIO", "opens files"),
    ("_io", "open open_code FileIO", "opens files"),
    ("_pyio", "*", "opens files"),
    ("codecs", "open EncodedFile", "opens files"),
    ("shutil", "*", "copies, moves and deletes files"),
    ("tempfile", "*", "writes files"),
    ("fileinput", "*", "opens files"),
    ("glob", "*", "lists files"),
    ("linecache", "*", "reads files"),
    ("sys", "*", "changes the interpreter"),
    ("_sys", "*", "changes the interpreter"),
    ("runpy", "*", "runs modules and scripts"),
    ("importlib", "*", "imports any module"),
    ("_frozen_importlib", "*", "imports any module"),
    ("_frozen_importlib_external", "*", "imports any module"),
    ("imp", "*", "imports any module"),
    ("_imp", "*", "imports any module"),
    ("zipimport", "*", "imports from an archive"),
    ("pkgutil", "*", "imports and resolves any name"),
    ("site", "*", "runs start-up files"),
    ("code", "*", "runs code from a text"),
    ("codeop", "*", "compiles code"),
    ("pdb", "*", "runs code in the debugger"),
    ("bdb", "*", "runs code in the debugger"),
    ("timeit", "*", "runs code from a text"),
    ("cProfile", "*", "runs code from a text"),
    ("profile", "*", "runs code from a text"),
    ("trace", "*", "runs code from a text"),
    ("doctest", "*", "runs code from a text"),
    ("idlelib", "*", "runs code and commands"),
    ("lib2to3", "*", "runs code through its plug-ins"),
    ("ensurepip", "*", "installs packages"),
    ("venv", "*", "installs packages"),
    ("pip", "*", "installs packages"),
    ("setuptools", "*", "runs and installs code"),
    ("distutils", "*", "runs commands and writes files"),
    ("pydoc", "*", "imports and resolves any name, runs a pager"),
    ("_pyrepl", "*", "runs a pager"),
    ("pydoc_data", "*", "part of the help system"),
    ("webbrowser", "*", "starts a browser"),
    ("antigravity", "*", "starts a browser"),
    ("dill", "load loads load_module load_session load_module_asdict", "loads pickles with code"),
    ("dill._dill", "load loads Unpickler", "loads pickles with code"),
    ("dill.session", "load_module load_session load_module_asdict", "loads pickles with code"),
    ("cloudpickle", "load loads", "loads pickles with code"),
    ("jsonpickle", "*", "rebuilds any object from a text"),
    ("test", "*", "runs code, commands and servers (tests of Python)"),
    ("this", "*", "runs code when it is imported"),
    ("mlflow.projects", "*", "runs commands"),
    ("torch.classes", "*", "loads native code"),
    ("ctypes", "*", "calls native code"),
    ("_ctypes", "*", "calls native code"),
    ("cffi", "*", "calls native code"),
    ("mmap", "*", "maps memory"),
    ("socket", "*", "opens connections"),
    ("_socket", "*", "opens connections"),
    ("ssl", "*", "opens connections"),
    ("sympy", "sympify parse_expr", "evaluates code"),
    ("sympy.core.sympify", "*", "evaluates code"),
    ("sympy.parsing", "*", "evaluates code"),
    ("select", "*", "opens connections"),
    ("socketserver", "*", "opens connections"),
    ("http", "client server cookiejar", "opens connections"),
    ("http.client", "*", "opens connections"),
    ("http.server", "*", "opens connections"),
    ("urllib", "request urlopen urlretrieve", "fetches from the network"),
    ("urllib.request", "*", "fetches from the network"),
    ("urllib2", "*", "fetches from the network (Python 2)"),
    ("urllib3", "*", "fetches from the network"),
    ("requests", "*", "fetches from the network"),
    ("httpx", "*", "fetches from the network"),
    ("aiohttp", "*", "fetches from the network"),
    ("ftplib", "*", "fetches from the network"),
    ("imaplib", "*", "starts programs and connections"),
    ("poplib", "*", "opens connections"),
    ("smtplib", "*", "sends mail"),
    ("telnetlib", "*", "opens connections"),
    ("nntplib", "*", "opens connections"),
    ("xmlrpc", "*", "opens connections"),
    ("paramiko", "*", "opens connections"),
    ("pickle", "*", "loads another pickle"),
    ("_pickle", "*", "loads another pickle"),
    ("cPickle", "*", "loads another pickle"),
    ("shelve", "*", "loads another pickle from a file"),
    ("marshal", "*", "loads bytecode"),
    ("joblib", "load hash", "loads another file"),
    ("joblib.numpy_pickle", "load", "loads another file"),
    ("joblib.numpy_pickle_compat", "*", "loads another file"),
    ("joblib.externals", "*", "runs code in workers"),
    ("types", "CodeType FunctionType LambdaType MethodType ModuleType new_class coroutine", "builds code"),
    ("operator", "attrgetter methodcaller call", "reaches any attribute or method"),
    ("_operator", "*", "reaches any attribute or method"),
    ("functools", "partialmethod reduce singledispatch cached_property wraps update_wrapper lru_cache",
     "wraps any callable"),
    ("_functools", "*", "wraps any callable"),
    ("itertools", "starmap accumulate takewhile dropwhile filterfalse groupby", "calls what it is given"),
    ("copyreg", "add_extension pickle constructor", "registers what later opcodes import"),
    ("copy_reg", "*", "registers what later opcodes import"),
    ("inspect", "getattr_static getmembers getmodule stack currentframe", "reaches any attribute"),
    ("gc", "*", "reaches any object"),
    ("weakref", "*", "calls back"),
    ("atexit", "*", "runs a function at the end"),
    ("signal", "signal set_wakeup_fd", "calls back"),
    ("threading", "*", "starts threads"),
    ("_thread", "*", "starts threads"),
    ("sched", "*", "calls what it is given"),
    ("faulthandler", "*", "crashes or writes files"),
    ("_interpreters", "*", "runs code in another interpreter"),
    ("_xxsubinterpreters", "*", "runs code in another interpreter"),
    ("_testcapi", "*", "runs code"),
    ("_testinternalcapi", "*", "runs code"),
    ("unittest", "*", "runs code, replaces attributes"),
    ("logging", "config handlers FileHandler", "resolves any name from a configuration, writes files"),
    ("logging.config", "*", "resolves any name from a configuration"),
    ("logging.handlers", "*", "opens connections and files"),
    ("ast", "literal_eval parse", "parses code"),
    ("sqlite3", "*", "opens files, loads extensions"),
    ("_sqlite3", "*", "opens files, loads extensions"),
    ("dbm", "*", "opens files"),
    ("zipfile", "*", "opens files"),
    ("tarfile", "*", "opens files"),
    ("gzip", "open GzipFile", "opens files"),
    ("bz2", "open BZ2File", "opens files"),
    ("lzma", "open LZMAFile", "opens files"),
    ("uuid", "_get_command_stdout _popen", "starts programs"),
    ("_osx_support", "*", "starts programs"),
    ("_aix_support", "*", "starts programs"),
    ("platform", "popen _syscmd_file _syscmd_ver", "starts programs"),
    ("ctypes.util", "*", "starts programs"),
    ("getpass", "*", "reads secrets"),
    ("pwd", "*", "reads accounts"),
    ("nturl2path", "*", "reads files"),
    ("cgitb", "*", "writes files"),
    ("string", "Formatter", "reaches any attribute through a format"),
    ("numpy", "load save savez loadtxt fromfile memmap.__new__ genfromtxt savetxt DataSource frompyfunc "
              "apply_along_axis fromfunction piecewise", "opens files or calls what it is given"),
    ("numpy.f2py", "*", "compiles and runs code"),
    ("numpy.distutils", "*", "runs commands"),
    ("numpy.testing", "*", "runs code from a text"),
    ("numpy.lib.npyio", "*", "opens files"),
    ("numpy.lib._npyio_impl", "*", "opens files"),
    ("numpy.ctypeslib", "*", "loads native libraries"),
    ("numpy._core._ufunc_config", "*", "calls back"),
    ("numpy._core", "_ufunc_reconstruct", "imports any module"),
    ("numpy.core", "_ufunc_reconstruct", "imports any module"),
    ("scipy.io", "*", "opens files"),
    ("scipy.misc", "*", "opens files"),
    ("sklearn.datasets", "*", "opens files and connections"),
    ("pandas", "read_pickle read_csv read_json read_html read_sql eval", "opens files and connections, evaluates code"),
    ("pandas.io", "*", "opens files and connections"),
    ("pandas.core.computation", "*", "evaluates code"),
    ("torch", "load save compile", "opens files or compiles code"),
    ("torch.hub", "*", "downloads and runs code"),
    ("torch.serialization", "load", "opens files"),
    ("torch.jit", "*", "loads programs"),
    ("torch.package", "*", "loads programs"),
    ("torch.utils.cpp_extension", "*", "compiles and loads native code"),
    ("torch.utils.model_zoo", "*", "downloads"),
    ("torch.utils.bottleneck", "*", "runs scripts"),
    ("torch.utils.collect_env", "*", "runs commands"),
    ("torch.utils._config_module", "*", "runs code from a text"),
    ("torch.distributed", "*", "runs functions on other machines"),
    ("torch.multiprocessing", "*", "starts processes"),
    ("torch._dynamo", "*", "runs code from a text"),
    ("torch._inductor", "*", "compiles and runs code"),
    ("torch.fx.experimental.symbolic_shapes", "*", "runs code from a text"),
    ("torch.ops", "*", "loads native libraries"),
    ("torch._ops", "*", "loads native libraries"),
    ("torch.testing", "*", "runs code"),
    ("torchvision.datasets", "*", "downloads"),
    ("transformers.dynamic_module_utils", "*", "imports code from a repository"),
    ("huggingface_hub", "*", "downloads"),
    ("yaml", "*", "builds any object from a text"),
    ("jinja2", "*", "renders templates that reach any attribute"),
    ("mako", "*", "renders templates that run code"),
    ("xml", "*", "opens files and connections"),
    ("IPython", "*", "runs code and commands"),
    ("ipykernel", "*", "runs code"),
    ("psutil", "*", "starts and ends processes"),
    ("pexpect", "*", "starts programs"),
    ("execnet", "*", "starts programs"),
    ("werkzeug", "*", "imports any name"),
    ("numexpr", "*", "evaluates code"),
)  # fmt: skip

CODE: tuple[tuple[str, str, str], ...] = (
    ("cloudpickle", "*", "rebuilds functions and classes from bytecode in the file"),
    ("dill", "*", "rebuilds functions and classes from bytecode in the file"),
    ("joblib.externals.cloudpickle", "*", "rebuilds functions and classes from bytecode in the file"),
    ("sklearn.externals.joblib.externals.cloudpickle", "*", "rebuilds functions and classes from bytecode in the file"),
    ("pyspark.cloudpickle", "*", "rebuilds functions and classes from bytecode in the file"),
    ("pyspark.serializers", "*", "rebuilds functions and classes from bytecode in the file"),
    ("torch.fx", "*", "rebuilds a traced program from source in the file"),
    ("numba.cloudpickle", "*", "rebuilds functions and classes from bytecode in the file"),
    ("numba.core.serialize", "*", "rebuilds functions and classes from bytecode in the file"),
    ("ray.cloudpickle", "*", "rebuilds functions and classes from bytecode in the file"),
)
