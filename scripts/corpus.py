"""Write benign files with real frameworks: ``python scripts/corpus.py [--out DIR] [PART ...]``.

Run by the Python of the environment ``requirements/frameworks.txt`` (``make corpus``). Every part runs in a process of
its own, so that frameworks cannot disturb each other; one that is not installed, or a sample that fails, is told and
left out. ``manifest.json`` says of every file which sample it belongs to and what code it carries by design.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import importlib
import json
import os
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_parts.frame import Sample

sys.path.insert(0, str(Path(__file__).resolve().parent))

# The longest first, so that two cores end together.
PARTS = (
    "keras_files", "sklearn_files", "tensorflow_files", "onnx_files", "torch_files", "torch_layers", "hdf5_files",
    "numpy_files", "pandas_files", "scipy_files", "boosters", "statsmodels_files", "transformers_files", "weights",
    "joblib_files", "closures", "skops_files", "flax_files", "openvino_files", "coreml_files", "paddle_files",
    "stdlib_files", "projects",
)  # fmt: skip

TOLD = ('{"sample', '{"failed', '{"cpu')


def write_part(name: str, out: Path) -> int:
    """Write one part in this process, and say on standard output what becomes of each sample, as JSON lines."""
    from corpus_parts.frame import SEED, quiet

    quiet()
    warnings.simplefilter("ignore")
    module = importlib.import_module(f"corpus_parts.{name}")
    import numpy as np

    for sample in guarded(module.samples()):
        np.random.seed(SEED)  # noqa: NPY002 (frameworks draw from the old generator)
        path, start = out / sample.name, time.monotonic()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.rmtree(path)
        try:
            sample.write(path)
        except Exception as error:  # noqa: BLE001 (a sample that one release cannot write is no reason to stop)
            tell(failed=f"{sample.name}: {type(error).__name__}: {str(error)[:200]!r}")
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            continue
        tell(sample=sample.name, carries=sample.carries, seconds=round(time.monotonic() - start, 2))
    tell(cpu=time.process_time())
    return 0


def tell(**what: str | float) -> None:
    """Write one line that the parent reads; the process may crash at the next sample."""
    sys.stdout.write("\n" + json.dumps(what) + "\n")
    sys.stdout.flush()


def guarded(samples: Iterator[Sample]) -> Iterator[Sample]:
    """Yield samples until making the next one fails."""
    try:
        yield from samples
    except Exception as error:  # noqa: BLE001 (what was written stays)
        tell(failed=f"what follows: {type(error).__name__}: {str(error)[:300]!r}")


def _run_part(name: str, out: Path) -> tuple[str, list[dict[str, str]], list[str]]:
    """Run a part in a process; return its samples, and what is to be said of it."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, __file__, "--out", str(out), "--in-process", name],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(('{"sample', '{"failed', '{"cpu'))]
    written = [item for item in told if "sample" in item]
    cpu = sum(item.get("cpu", 0) for item in told)
    slow = sorted(((item["seconds"], item["sample"]) for item in written), reverse=True)[:2]
    took = time.monotonic() - start
    lines = [f"{name}: {len(written)} samples, {took:.0f} s, {cpu:.0f} s of them computing; slowest {slow}"]
    lines += [f"    left out: {item['failed']}" for item in told if "failed" in item]
    if done.returncode:
        lines.append(f"    stopped ({done.returncode}): {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    return name, written, lines


def manifest(out: Path, samples: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return for every file below ``out`` the sample it belongs to and what code that carries."""
    by_name = {sample["sample"]: sample for sample in samples}
    files = {}
    for path in sorted(item for item in out.rglob("*") if item.is_file()):
        name = path.relative_to(out).as_posix()
        parents = [name, *(parent.as_posix() for parent in Path(name).parents)]
        sample = next((by_name[parent] for parent in parents if parent in by_name), None)
        if sample:
            files[name] = sample
    return files


def main() -> int:
    """Write the parts that are asked for, two at a time, then the manifest over all that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/corpus"))
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=" ".join(PARTS))
    options = parser.parse_args()
    out: Path = options.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    if options.in_process:
        return write_part(options.parts[0], out)
    start = time.monotonic()
    parts = options.parts or PARTS
    samples: dict[str, dict[str, str]] = {}
    known = out / "manifest.json"
    if known.exists() and options.parts:
        samples = {item["sample"]: item for item in json.loads(known.read_text(encoding="utf-8")).values()}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in concurrent.futures.as_completed([pool.submit(_run_part, part, out) for part in parts]):
            _, written, lines = done.result()
            print("\n".join(lines), flush=True)
            samples.update({item["sample"]: {"sample": item["sample"], "carries": item["carries"]} for item in written})
    files = manifest(out, [samples[name] for name in sorted(samples)])
    known.write_text(json.dumps(files, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    lines = [f"{name}\t{item['carries']}" for name, item in files.items()]
    head = "Benign files as frameworks write them (scripts/corpus.py). Second column: code that is carried by design."
    (out / "INDEX.txt").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    size = sum((out / name).stat().st_size for name in files)
    print(f"{len(files)} files, {size / 1e6:.1f} MB, {time.monotonic() - start:.0f} s: {out}")
    return 0 if files else 1


if __name__ == "__main__":
    sys.exit(main())
