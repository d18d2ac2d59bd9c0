"""What PaddlePaddle's operators do beyond computing, judged by hand from releases 2.6 to 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.rules import carries_code
from chainguard_ml.rules import protobuf as rules
from chainguard_ml.scan.protobuf import operators
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainguard_ml.model import Finding, Location, Rule
    from chainguard_ml.scan.interface import Blob

_FILES = "load load_combine save save_combine read_file load_sparse save_sparse lookup_sparse_table_load"
_NETWORK = (
    "listen_and_serv heter_listen_and_serv fl_listen_and_serv send recv send_and_recv send_barrier fetch_barrier"
    " prefetch c_gen_nccl_id c_gen_xccl_id c_gen_bkcl_id gen_nccl_id gen_hccl_id gen_bkcl_id c_comm_init"
    " checkpoint_notify distributed_lookup_table distributed_push_sparse push_dense pull_sparse pull_sparse_v2"
    " push_sparse"
)
EFFECTS: dict[str, tuple[Rule, str]] = {
    **dict.fromkeys(("py_func", "py_layer_func"), (carries_code.GRAPH_PYTHON, "calls a Python function")),
    **dict.fromkeys(_FILES.split(), (rules.GRAPH_FILE_ACCESS, "reads or writes files")),
    **dict.fromkeys(_NETWORK.split(), (rules.GRAPH_NETWORK_ACCESS, "talks to other machines")),
    "dlnne_engine": (rules.CUSTOM_OPERATOR, "runs a native engine"),
}
"""Rule and effect in words by operator."""

# Built for other devices than those of the environment that made the list.
_OTHERS = frozenset({"tensorrt_engine", "lite_engine", "cinn_launch", "cinn_instruction_run", "fusion_group", "nop"})


def is_known(name: str) -> bool:
    """Return whether PaddlePaddle has an operator; gradients and in-place forms go by the name without their ending."""
    plain = name.removesuffix("_grad").removesuffix("_grad_grad").removesuffix("_")
    known = operators.known("paddle")
    return name in known or plain in known or name in _OTHERS or name.startswith(("c_", "fused_", "fusion_", "trt_"))


def judge(blob: Blob, name: str, location: Location, paths: Iterable[str] = ()) -> Finding | None:
    """Return the finding about an operator, if there is one."""
    effect = EFFECTS.get(name)
    if effect is None:
        return None
    rule, what = effect
    shown = [printable(path, 200) for path in paths]
    text = f"the operator '{name}' {what}" + (f": '{shown[0]}'" if shown else "")
    facts = {"operator": name, "paths": shown}
    return rule.finding(blob.subject, location, text, key=(name, *shown), facts=facts)
