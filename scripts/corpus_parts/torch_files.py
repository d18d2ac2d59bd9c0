"""Files that PyTorch writes: states, checkpoints, whole modules, programs, packages."""

# ruff: noqa: E501, SLF001 (tables: one row is one object or one file; some things only a private function makes)

from __future__ import annotations

import copy
import functools
import io
import pickle
import zipfile
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn.utils import prune

from corpus_parts.frame import SEED, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

torch.manual_seed(SEED)
torch.set_num_threads(1)


class Net(nn.Module):
    """A small network with control flow, for programs."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.second = nn.Linear(8, 2)
        self.names = ["a", "b"]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply both layers, the second as often as the sum says."""
        x = torch.relu(self.first(x))
        for _ in range(2):
            if x.sum() > 0:
                x = x * 0.5
        return self.second(x)


def model() -> nn.Module:
    """Return a model of ordinary layers."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(1, 4, 3), norm=nn.BatchNorm2d(4), act=nn.ReLU(), flat=nn.Flatten(), out=nn.Linear(4, 2)
        )
    )


DTYPES = [
    name
    for name in [
        "float32",
        "float64",
        "float16",
        "bfloat16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
        "complex32",
        "complex64",
        "complex128",
        "float8_e4m3fn",
        "float8_e5m2",
        "float8_e4m3fnuz",
        "float8_e5m2fnuz",
        "float8_e8m0fnu",
    ]
    if hasattr(torch, name)
]


def tensors() -> dict[str, object]:
    """Return tensors of every kind."""
    made: dict[str, object] = {f"dtype_{name}": torch.zeros(3, 2, dtype=getattr(torch, name)) for name in DTYPES}
    eye = torch.eye(3)
    base = torch.arange(12.0)
    made |= {
        "sparse_coo": eye.to_sparse(), "sparse_csr": eye.to_sparse_csr(), "sparse_csc": eye.to_sparse_csc(),
        "sparse_bsr": torch.eye(4).to_sparse_bsr((2, 2)), "meta": torch.empty(2, device="meta"),
        "quantised": torch.quantize_per_tensor(eye, 0.1, 0, torch.qint8),
        "per_channel": torch.quantize_per_channel(eye, torch.ones(3), torch.zeros(3), 0, torch.qint8),
        "views": [base, base[2:5], base.view(3, 4).t()], "nested": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        "parameter": nn.Parameter(eye), "buffer": nn.Buffer(eye), "conjugate": torch.ones(2, dtype=torch.complex64).conj(),
        "negative": torch.ones(2, dtype=torch.complex64).conj().imag,
        "with_attribute": _with_attribute(), "storage": eye.untyped_storage(), "typed_storage": eye.storage(),
        "nested_jagged": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged),
        "uninitialised": nn.LazyLinear(3).state_dict(), "empty": torch.empty(0), "scalar": torch.tensor(1.5),
        "requires_grad": torch.ones(2, requires_grad=True), "channels_last": torch.ones(1, 2, 3, 4).to(memory_format=torch.channels_last),
    }  # fmt: skip
    return made


def _with_attribute() -> torch.Tensor:
    tensor = torch.ones(2)
    tensor.tag = "x"
    return tensor


def optimizers() -> Iterator[tuple[str, object, nn.Module]]:
    """Yield every optimizer after a step."""
    for name in sorted(dir(torch.optim)):
        kind = getattr(torch.optim, name)
        if not (isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer)) or name == "Optimizer":
            continue
        layer = nn.Linear(2, 2, bias=name != "Muon")
        try:
            made = kind(layer.parameters(), lr=0.1)
            loss = functools.partial(lambda layer: layer(torch.ones(1, 2)).sum(), layer)
            loss().backward()
            made.step(lambda loss=loss: loss()) if name == "LBFGS" else made.step()
        except Exception:  # noqa: BLE001, S112 (some need sparse gradients)
            continue
        yield name, made, layer


def schedules(optimizer: torch.optim.Optimizer) -> dict[str, object]:
    """Return every learning-rate schedule over one optimizer."""
    lr = torch.optim.lr_scheduler
    return {
        "StepLR": lr.StepLR(optimizer, 1), "MultiStepLR": lr.MultiStepLR(optimizer, [1, 2]), "ConstantLR": lr.ConstantLR(optimizer),
        "LinearLR": lr.LinearLR(optimizer), "ExponentialLR": lr.ExponentialLR(optimizer, 0.9), "PolynomialLR": lr.PolynomialLR(optimizer),
        "CosineAnnealingLR": lr.CosineAnnealingLR(optimizer, 3), "ReduceLROnPlateau": lr.ReduceLROnPlateau(optimizer),
        "CyclicLR": lr.CyclicLR(optimizer, 0.1, 1, cycle_momentum=False), "OneCycleLR": lr.OneCycleLR(optimizer, 1, 10, cycle_momentum=False),
        "CosineAnnealingWarmRestarts": lr.CosineAnnealingWarmRestarts(optimizer, 2),
        "ChainedScheduler": lr.ChainedScheduler([lr.ConstantLR(optimizer), lr.ExponentialLR(optimizer, 0.9)]),
        "SequentialLR": lr.SequentialLR(optimizer, [lr.ConstantLR(optimizer), lr.ExponentialLR(optimizer, 0.9)], [1]),
        "SWALR": torch.optim.swa_utils.SWALR(optimizer, 0.1),
    }  # fmt: skip


def checkpoint() -> dict[str, object]:
    """Return a training checkpoint as scripts write it."""
    net, random = model(), np.random.RandomState(0)
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(2, 1, 3, 3)).sum().backward()
    optimizer.step()
    return {
        "epoch": 3, "state_dict": net.state_dict(), "optimizer": optimizer.state_dict(), "loss": 0.5, "best": np.float64(0.9),
        "scheduler": schedules(optimizer)["CosineAnnealingLR"].state_dict(), "rng": torch.get_rng_state(), "amp": torch.amp.GradScaler("cpu").state_dict(),
        "numpy_rng": random.get_state(), "python_rng": __import__("random").getstate(), "args": __import__("argparse").Namespace(lr=0.1),
        "history": {"loss": [1.0, 0.5]}, "shape": torch.Size([1, 2]), "device": torch.device("cpu"), "dtype": torch.float16,
    }  # fmt: skip


def lightning() -> dict[str, object]:
    """Return a checkpoint as a trainer library writes it."""
    return {
        "epoch": 1, "global_step": 10, "pytorch-lightning_version": "2.5.0", "state_dict": model().state_dict(),
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 1, "completed": 1}}}},
        "callbacks": {"ModelCheckpoint{'monitor': 'val_loss'}": {"best_model_score": torch.tensor(0.1), "best_k_models": {}}},
        "optimizer_states": [], "lr_schedulers": [], "hparams_name": "kwargs", "hyper_parameters": {"lr": 0.1, "layers": [1, 2]},
    }  # fmt: skip


def _package(path: Path) -> None:
    with torch.package.PackageExporter(path) as exporter:
        exporter.extern("torch.**")
        exporter.extern("numpy.**")
        exporter.save_source_string("helper", "def double(x):\n    return x * 2\n")
        exporter.save_pickle("model", "model.pkl", model())
        exporter.save_text("config", "config.json", "{}")


def _mar(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", '{"runtime": "python", "model": {"modelName": "m", "serializedFile": "model.pt",'
                         ' "handler": "image_classifier", "modelVersion": "1.0"}, "archiverVersion": "0.12.0"}')  # fmt: skip
        stream = io.BytesIO()
        torch.save(model().state_dict(), stream)
        archive.writestr("model.pt", stream.getvalue())
        archive.writestr("index_to_name.json", '{"0": "cat", "1": "dog"}')


def _tar(path: Path) -> None:
    """Write the layout of PyTorch 0.1: a tar archive with three members, each a pickle or raw numbers."""
    import struct
    import tarfile

    tensor = np.arange(4, dtype="<f4")

    class Pickler(pickle.Pickler):
        def persistent_id(self, item: object) -> object:
            return (item.kind, item.key) if isinstance(item, _Storage) else None

    storages = io.BytesIO()
    pickle.dump(1, storages, protocol=2)
    Pickler(storages, 2).dump(("0", "cpu", _Storage("0")))
    storages.write(struct.pack("<q", 4) + tensor.tobytes())
    with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as archive:
        for name, data in (("sys_info", pickle.dumps({"protocol_version": 1000, "little_endian": True}, 2)),
                           ("pickle", pickle.dumps(OrderedDict(a=1), 2))):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


class _Storage:
    kind = torch.FloatStorage

    def __init__(self, key: str) -> None:
        self.key = key


def _program(path: Path) -> None:
    exported = torch.export.export(nn.Sequential(nn.Linear(4, 2), nn.ReLU()), (torch.ones(1, 4),))
    torch.export.save(exported, path)


HOOKED = {
    "pruned": lambda: prune.l1_unstructured(nn.Linear(4, 4), "weight", 0.5),
    "weight_norm": lambda: nn.utils.weight_norm(nn.Linear(4, 4)),
    "spectral_norm": lambda: nn.utils.spectral_norm(nn.Linear(4, 4)),
}


def samples() -> Iterator[Sample]:
    """Yield the files."""
    for name, value in tensors().items():
        yield Sample(f"torch/tensors/{name}.pt", lambda path, value=value: torch.save(value, path))
    everyday = {
        "state_dict": model().state_dict(),
        "module": model(),
        "checkpoint": checkpoint(),
        "lightning": lightning(),
    }
    for name, value in everyday.items():
        yield Sample(f"torch/{name}.pt", lambda path, value=value: torch.save(value, path))
        yield Sample(
            f"torch/{name}_legacy.pt",
            lambda path, value=value: torch.save(value, path, _use_new_zipfile_serialization=False),
        )
        for protocol in (3, 4, 5):
            yield Sample(
                f"torch/{name}_protocol{protocol}.pt",
                lambda path, value=value, protocol=protocol: torch.save(value, path, pickle_protocol=protocol),
            )
    yield Sample("torch/pytorch_model.bin", lambda path: torch.save(model().state_dict(), path))
    yield Sample("torch/model.ckpt", lambda path: torch.save(lightning(), path))
    yield Sample("torch/model.pth", lambda path: torch.save(checkpoint(), path))
    yield Sample("torch/plain_pickle.pkl", lambda path: path.write_bytes(pickle.dumps(model())))
    yield Sample("torch/plain_pickle_state.pkl", lambda path: path.write_bytes(pickle.dumps(model().state_dict(), 2)))
    yield Sample("torch/checkpoint.tar", lambda path: torch.save(checkpoint(), path))
    yield Sample("torch/old_tar.pth", _tar)
    for name, made, layer in optimizers():
        yield Sample(f"torch/optimizers/{name}.pt", lambda path, made=made: torch.save(made.state_dict(), path))
        yield Sample(f"torch/optimizers/{name}_whole.pt", lambda path, made=made: torch.save(made, path))
        del layer
    optimizer = torch.optim.SGD(nn.Linear(2, 2).parameters(), 0.1)
    for name, made in schedules(optimizer).items():
        yield Sample(f"torch/schedules/{name}.pt", lambda path, made=made: torch.save(made.state_dict(), path))
        yield Sample(f"torch/schedules/{name}_whole.pt", lambda path, made=made: torch.save(made, path))
    yield Sample(
        "torch/averaged.pt", lambda path: torch.save(torch.optim.swa_utils.AveragedModel(model()).state_dict(), path)
    )
    yield Sample(
        "torch/quantised_dynamic.pt",
        lambda path: torch.save(
            torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(2, 2)), dtype=torch.qint8).state_dict(), path
        ),
    )
    yield Sample(
        "torch/quantised_module.pt",
        lambda path: torch.save(
            torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(2, 2), nn.LSTM(2, 2)), dtype=torch.qint8),
            path,
        ),
    )
    yield Sample("torch/dataset.pt", lambda path: torch.save(torch.utils.data.TensorDataset(torch.ones(2, 2)), path))
    yield Sample(
        "torch/numpy_inside.pt",
        lambda path: torch.save({"a": np.ones(3), "b": np.float32(1), "c": [np.int64(2)]}, path),
    )
    yield Sample(
        "torch/distributions.pt",
        lambda path: torch.save(torch.distributions.Normal(torch.zeros(2), torch.ones(2)), path),
    )
    yield Sample(
        "torch/hooked_norm.pt",
        lambda path: torch.save(nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)).state_dict(), path),
    )
    yield Sample("torch/deep_copy.pt", lambda path: torch.save([copy.deepcopy(model()) for _ in range(3)], path))
    yield Sample(
        "torch/many_small.pt", lambda path: torch.save([torch.tensor(float(index)) for index in range(2000)], path)
    )
    yield Sample("torch/big.pt", lambda path: torch.save({"w": torch.randn(1000, 1000)}, path))
    for name, make in HOOKED.items():
        yield Sample(f"torch/hooked_{name}.pt", lambda path, make=make: torch.save(make(), path))
    yield Sample("torch/script.pt", lambda path: torch.jit.save(torch.jit.script(Net()), path), "TorchScript")
    yield Sample(
        "torch/traced.pt",
        lambda path: torch.jit.save(torch.jit.trace(Net(), torch.ones(1, 4), check_trace=False), path),
        "TorchScript",
    )
    yield Sample(
        "torch/frozen_script.pt",
        lambda path: torch.jit.save(torch.jit.freeze(torch.jit.script(Net().eval())), path),
        "TorchScript",
    )
    yield Sample(
        "torch/script_lite.ptl",
        lambda path: torch.jit.script(Net())._save_for_lite_interpreter(str(path)),
        "TorchScript",
    )
    yield Sample(
        "torch/script_extra.pt",
        lambda path: torch.jit.save(torch.jit.script(Net()), path, _extra_files={"config.json": "{}"}),
        "TorchScript",
    )
    yield Sample("torch/package.pt", _package, "torch.package")
    yield Sample("torch/model.mar", _mar)
    yield Sample("torch/exported.pt2", _program, "exported program")
    yield Sample("torch/exported_dynamic.pt2", _dynamic_program, "exported program")
    yield Sample(
        "torch/fx_module.pt",
        lambda path: torch.save(torch.fx.symbolic_trace(nn.Sequential(nn.Linear(2, 2))), path),
        "traced program with its source",
    )
    yield Sample("torch/distributed_checkpoint", _distributed)


class _Sized(nn.Module):
    """Computes with the sizes of its inputs."""

    def forward(self, x: torch.Tensor, y: dict[str, torch.Tensor], n: torch.Tensor) -> tuple[torch.Tensor, ...]:
        count = n.item()
        torch._check(count >= 2)
        torch._check(count <= 5)
        both = torch.cat([x, y["more"]]).view(-1, 2).mean(0)
        larger = nn.functional.interpolate(x[None, None], scale_factor=1.5)
        return both, x[:count], larger, torch.cond(x.sum() > 0, lambda a: a * 2, lambda a: a - 1, (x,))


def _dynamic_program(path: Path) -> None:
    from torch.export import Dim, export

    rows = Dim("rows", min=2, max=64)
    inputs = (torch.randn(6, 4), {"more": torch.randn(8, 4)}, torch.tensor(3))
    sizes = ({0: 2 * rows}, {"more": {0: Dim("others", min=2)}}, None)
    torch.export.save(export(_Sized(), inputs, dynamic_shapes=sizes), path)


def _distributed(path: Path) -> None:
    from torch.distributed import checkpoint as dcp

    dcp.save({"model": model().state_dict(), "step": 3}, checkpoint_id=str(path), no_dist=True)
