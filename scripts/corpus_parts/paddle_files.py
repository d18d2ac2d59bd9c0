"""PaddlePaddle's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _paddle(path: Path, kind: str) -> None:
    import paddle

    paddle.seed(1)
    net = paddle.nn.Sequential(paddle.nn.Linear(4, 3), paddle.nn.ReLU(), paddle.nn.Linear(3, 2))
    if kind == "state":
        paddle.save(net.state_dict(), str(path))
    elif kind == "optimizer":
        optimizer = paddle.optimizer.Adam(parameters=net.parameters())
        net(paddle.ones([1, 4])).sum().backward()
        optimizer.step()
        paddle.save(optimizer.state_dict(), str(path))
    elif kind == "nested":
        paddle.save({"a": [paddle.ones([2]), 1, "x"], "epoch": 3}, str(path))
    else:
        path.mkdir(parents=True, exist_ok=True)
        paddle.jit.save(net, str(path / "inference"), input_spec=[paddle.static.InputSpec([None, 4], "float32")])


def _paddle_static(path: Path) -> None:
    import paddle

    paddle.enable_static()
    path.mkdir(parents=True, exist_ok=True)
    main, startup = paddle.static.Program(), paddle.static.Program()
    with paddle.static.program_guard(main, startup):
        x = paddle.static.data("x", [None, 4], "float32")
        y = paddle.static.nn.fc(x, 2)
        executor = paddle.static.Executor(paddle.CPUPlace())
        executor.run(startup)
        paddle.static.save_inference_model(str(path / "model"), [x], [y], executor, program=main)
        paddle.static.save(main, str(path / "static"))
    paddle.disable_static()


def samples() -> Iterator[Sample]:
    """Yield the files."""
    for name, kind in (
        ("model.pdparams", "state"),
        ("model.pdopt", "optimizer"),
        ("nested.pdparams", "nested"),
        ("inference", "inference"),
    ):
        yield Sample(f"paddle/{name}", lambda path, kind=kind: _paddle(path, kind))
    yield Sample("paddle/static", _paddle_static)
