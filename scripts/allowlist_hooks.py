"""Methods of classes that loading runs: each that an accepted class has was read, and is named here.

Constructing an object runs ``__new__``, setting its state runs ``__setstate__`` and ``__setattr__`` and asks for
attributes (``__getattr__``, ``__getattribute__``), and dropping it runs ``__del__``. What is written in C is not seen
here. A class with a method that nobody has read is refused and printed, so that a new release cannot bring one in.
"""

from __future__ import annotations

import inspect

from chainguard_ml.scan.pickle.states import EVALUATED

HOOKS = ("__setstate__", "__new__", "__del__", "__setattr__", "__getattr__", "__getattribute__")

# By module and qualified name of the function. Each only stores, converts or looks up; none opens, imports, evaluates
# or calls a name. Where one calls a method of what it is given, that is why names can be forbidden to be kept.
# Two families evaluate a part of their state, which the machine looks at (`scan/pickle/states.py`): scipy's
# distributions and statsmodels' data.
READ = frozenset(
    """
    accelerate.state.PartialState.__getattr__
    catboost.core._CatBoostBase.__setstate__
    dataclasses._dataclass_setstate
    enum.Enum.__new__
    fractions.Fraction.__new__
    huggingface_hub.dataclasses.strict.<locals>.wrap.<locals>.__strict_setattr__
    lightgbm.basic.Booster.__del__
    lightgbm.basic.Booster.__setstate__
    networkx.classes.coreviews.AtlasView.__setstate__
    networkx.classes.coreviews.UnionAdjacency.__setstate__
    networkx.classes.coreviews.UnionAtlas.__setstate__
    networkx.classes.digraph.DiGraph.__new__
    networkx.classes.graph.Graph.__new__
    networkx.classes.multidigraph.MultiDiGraph.__new__
    networkx.classes.multigraph.MultiGraph.__new__
    networkx.classes.reportviews.NodeDataView.__setstate__
    networkx.classes.reportviews.NodeView.__setstate__
    networkx.classes.reportviews.OutEdgeDataView.__setstate__
    networkx.classes.reportviews.OutEdgeView.__setstate__
    numpy._core.defchararray.chararray.__new__
    numpy._core.records.recarray.__getattribute__
    numpy._core.records.recarray.__new__
    numpy._core.records.recarray.__setattr__
    numpy._core.records.record.__getattribute__
    numpy._core.records.record.__setattr__
    numpy.ma.core.MaskedArray.__new__
    numpy.ma.core.MaskedArray.__setstate__
    numpy.ma.core.MaskedConstant.__new__
    numpy.ma.core.MaskedConstant.__setattr__
    numpy.ma.core.mvoid.__new__
    numpy.matrixlib.defmatrix.matrix.__new__
    numpy.polynomial._polybase.ABCPolyBase.__setstate__
    pandas.core.arrays.categorical.Categorical.__setstate__
    pandas.core.arrays.interval.IntervalArray.__new__
    pandas.core.arrays.sparse.array.SparseArray.__setstate__
    pandas.core.arrays.string_.StringDtype.__setstate__
    pandas.core.dtypes.dtypes.CategoricalDtype.__setstate__
    pandas.core.dtypes.dtypes.DatetimeTZDtype.__setstate__
    pandas.core.dtypes.dtypes.IntervalDtype.__setstate__
    pandas.core.dtypes.dtypes.PeriodDtype.__new__
    pandas.core.generic.NDFrame.__getattr__
    pandas.core.generic.NDFrame.__setattr__
    pandas.core.generic.NDFrame.__setstate__
    pandas.core.groupby.groupby.GroupBy.__getattr__
    pandas.core.groupby.grouper.Grouper.__new__
    pandas.core.indexes.base.Index.__new__
    pandas.core.indexes.category.CategoricalIndex.__new__
    pandas.core.indexes.datetimes.DatetimeIndex.__new__
    pandas.core.indexes.interval.IntervalIndex.__new__
    pandas.core.indexes.multi.MultiIndex.__new__
    pandas.core.indexes.period.PeriodIndex.__new__
    pandas.core.indexes.range.RangeIndex.__new__
    pandas.core.indexes.timedeltas.TimedeltaIndex.__new__
    pandas.core.internals.managers.SingleBlockManager.__setstate__
    pandas.core.window.rolling.BaseWindow.__getattr__
    pathlib.Path.__new__
    pathlib.PurePath.__new__
    peft.peft_model.PeftModel.__getattr__
    peft.tuners.tuners_utils.BaseTuner.__getattr__
    peft.utils.other.AuxiliaryTrainingWrapper.__getattr__
    random.Random.__setstate__
    scipy._lib._util._RichResult.__getattr__
    scipy.interpolate._rbfinterp.RBFInterpolator.__setstate__
    scipy.signal._ltisys.StateSpace.__new__
    scipy.signal._ltisys.TransferFunction.__new__
    scipy.signal._ltisys.ZerosPolesGain.__new__
    scipy.sparse._coo.coo_matrix.__setstate__
    scipy.sparse.linalg._interface.LinearOperator.__new__
    scipy.spatial.transform._rotation.Rotation.__setstate__
    scipy.stats._distn_infrastructure.rv_discrete.__new__
    scipy.stats._distn_infrastructure.rv_generic.__setstate__
    scipy.stats._new_distributions.Normal.__new__
    sklearn.base.BaseEstimator.__setstate__
    sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor.__setstate__
    sklearn.frozen._frozen.FrozenEstimator.__getattr__
    sklearn.isotonic.IsotonicRegression.__setstate__
    sklearn.utils._bunch.Bunch.__getattr__
    sklearn.utils._bunch.Bunch.__setattr__
    sklearn.utils._bunch.Bunch.__setstate__
    sklearn.utils._metadata_requests.MetadataRequest.__getattr__
    sklearn.utils.deprecation.deprecated._decorate_class.<locals>.wrapped
    sktime.forecasting.base._fh.ForecastingHorizon.__new__
    statistics.NormalDist.__setstate__
    statsmodels.base.data.ModelData.__setstate__
    statsmodels.base.wrapper.ResultsWrapper.__getattribute__
    statsmodels.base.wrapper.ResultsWrapper.__setstate__
    torch._tensor.Tensor.__setstate__
    torch.ao.nn.quantized.modules.conv._ConvNd.__setstate__
    torch.ao.nn.sparse.quantized.linear.LinearPackedParams.__setstate__
    torch.distributed.tensor._dtensor_spec.DTensorSpec.__setattr__
    torch.nested._internal.nested_tensor.NestedTensor.__new__
    torch.nn.modules.activation.LogSoftmax.__setstate__
    torch.nn.modules.activation.MultiheadAttention.__setstate__
    torch.nn.modules.activation.Softmax.__setstate__
    torch.nn.modules.activation.Softmin.__setstate__
    torch.nn.modules.conv._ConvNd.__setstate__
    torch.nn.modules.container.ModuleDict.__setitem__
    torch.nn.modules.container.ModuleList.__setitem__
    torch.nn.modules.container.Sequential.__setitem__
    torch.nn.modules.linear_cross_entropy_options.LinearCrossEntropyOptions.__setattr__
    torch.nn.modules.module.Module.__getattr__
    torch.nn.modules.module.Module.__setattr__
    torch.nn.modules.module.Module.__setstate__
    torch.nn.modules.module._WrappedHook.__setstate__
    torch.nn.modules.pooling.AvgPool3d.__setstate__
    torch.nn.modules.rnn.RNNBase.__setattr__
    torch.nn.modules.rnn.RNNBase.__setstate__
    torch.nn.modules.transformer.TransformerDecoderLayer.__setstate__
    torch.nn.modules.transformer.TransformerEncoderLayer.__setstate__
    torch.nn.modules.upsampling.Upsample.__setstate__
    torch.nn.parameter.Buffer.__new__
    torch.nn.parameter.Parameter.__new__
    torch.nn.parameter.UninitializedBuffer.__new__
    torch.nn.parameter.UninitializedParameter.__new__
    torch.optim._adafactor.Adafactor.__setstate__
    torch.optim.adadelta.Adadelta.__setstate__
    torch.optim.adagrad.Adagrad.__setstate__
    torch.optim.adam.Adam.__setstate__
    torch.optim.adamax.Adamax.__setstate__
    torch.optim.adamw.AdamW.__setstate__
    torch.optim.asgd.ASGD.__setstate__
    torch.optim.nadam.NAdam.__setstate__
    torch.optim.optimizer.Optimizer.__setstate__
    torch.optim.radam.RAdam.__setstate__
    torch.optim.rmsprop.RMSprop.__setstate__
    torch.optim.rprop.Rprop.__setstate__
    torch.optim.sgd.SGD.__setstate__
    torch.storage.TypedStorage.__new__
    torch.utils.hooks.RemovableHandle.__setstate__
    torch_geometric.data.data.BaseData.__setstate__
    torch_geometric.data.data.Data.__getattr__
    torch_geometric.data.data.Data.__setattr__
    torch_geometric.data.data.Data.__setitem__
    torch_geometric.data.storage.BaseStorage.__getattr__
    torch_geometric.data.storage.BaseStorage.__setattr__
    torch_geometric.data.storage.BaseStorage.__setitem__
    torch_geometric.data.storage.BaseStorage.__setstate__
    transformers.configuration_utils.PreTrainedConfig.__getattribute__
    transformers.tokenization_utils_base.BatchEncoding.__getattr__
    transformers.tokenization_utils_base.BatchEncoding.__setstate__
    typing.Any.__new__
    uuid.UUID.__setattr__
    uuid.UUID.__setstate__
    xgboost.core.Booster.__del__
    xgboost.core.Booster.__setstate__
    """.split()  # noqa: SIM905 (one name a line)
)


_EVALUATES = frozenset(
    {"scipy.stats._distn_infrastructure.rv_generic.__setstate__", "statsmodels.base.data.ModelData.__setstate__"}
)


_RENAMES = (
    "transformers.configuration_utils.PreTrainedConfig.__getattribute__"  # looked at in what is transformers' own
)


def unread(kind: type) -> list[str]:
    """Return the methods that loading may run and that are not in ``READ``."""
    found = []
    for hook in HOOKS:
        owner = next((base for base in kind.__mro__ if hook in vars(base)), object)
        function = vars(owner).get(hook)
        function = getattr(function, "__func__", function)
        if inspect.isfunction(function):
            name = f"{function.__module__}.{function.__qualname__}"
            elsewhere = name == _RENAMES and not kind.__module__.startswith("transformers.")
            if name not in READ or elsewhere or (name in _EVALUATES and kind.__module__ not in EVALUATED):
                found.append(name)
    return found
