"""Make ``examples/``: a small real pipeline, and a copy of it with real faults.

``python scripts/examples.py`` makes everything that is made again, in place; ``--check`` only says what would change
(exit 1). What people write (sources, cards, workflow, configuration, advisories) lies in ``examples/`` and is never
touched; what is made from it is the data, the locked requirements, the model that ``train.py`` trains, its signature,
the public key, and all of ``tampered/``. The same packages give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

REPOSITORY = Path(__file__).parent.parent
EXAMPLES = REPOSITORY / "examples"
LOCK = REPOSITORY / "requirements" / "dev.txt"

# What train.py imports, and what that needs.
PACKAGES = ("cloudpickle", "joblib", "narwhals", "numpy", "packaging", "prettytable", "safetensors", "scikit-learn",
            "scipy", "skops", "threadpoolctl", "wcwidth")  # fmt: skip
_TRAINED_ON = {"python_version": "3.11", "python_full_version": "3.11.0"}

# Mean and standard deviation of each measurement in each condition.
_CONDITIONS = {
    "healthy": ((1.8, 0.5), (42.0, 4.0), (6.1, 0.4)),
    "worn": ((4.2, 0.9), (55.0, 5.0), (6.8, 0.5)),
    "failing": ((7.9, 1.4), (71.0, 6.0), (8.2, 0.8)),
}

# The private half of the demonstration key is derived from this text, in the open. It protects nothing.
_KEY_TEXT = b"chainguard-ml demonstration key: anyone can derive it, it protects nothing"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

# A release of joblib with CVE-2022-21797, and the real digest of its wheel.
_VULNERABLE = """\
joblib==1.1.0 \\
    --hash=sha256:f21f109b3c7ff9d95f8387f752d0d9c34a02aa2f7060c2135f465da0e5160ff6
"""


def make(examples: Path) -> None:
    """Make everything in a copy of ``examples/`` that is made, in order: each part needs the ones before."""
    pipeline = examples / "pipeline"
    (pipeline / "data" / "measurements.csv").write_text(measurements(), encoding="utf-8")
    (pipeline / "requirements.txt").write_text(requirements(), encoding="utf-8")
    shutil.rmtree(pipeline / "model", ignore_errors=True)
    train(pipeline)
    sign(pipeline / "model", examples / "keys" / "release.pub")
    shutil.rmtree(examples / "tampered", ignore_errors=True)
    shutil.copytree(pipeline, examples / "tampered")
    tamper(examples / "tampered")


def measurements() -> str:
    """Return 300 seeded measurements as CSV; every fifth row is held out."""
    generator = random.Random(20_240_229)  # noqa: S311 (synthetic data, nothing secret)
    lines = ["vibration_mm_s,temperature_c,current_a,condition,split"]
    for number in range(100):
        for condition, distributions in _CONDITIONS.items():
            values = [max(generator.gauss(mean, deviation), 0.1) for mean, deviation in distributions]
            split = "test" if number % 5 == 4 else "train"
            lines.append(",".join([*(f"{value:.2f}" for value in values), condition, split]))
    return "\n".join(lines) + "\n"


def locked() -> Iterator[tuple[str, str, list[str]]]:
    """Yield name, version and hashes of each package of the pipeline as this repository locks them."""
    from packaging.requirements import Requirement

    for block in re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8")):
        requirement = Requirement(block.partition("\\\n")[0].strip())
        used = requirement.marker is None or requirement.marker.evaluate(dict(_TRAINED_ON))
        if requirement.name in PACKAGES and used:
            (pin,) = requirement.specifier
            yield requirement.name, pin.version, re.findall(r"--hash=(sha256:[0-9a-f]{64})", block)


def requirements() -> str:
    """Return the pipeline's requirements, locked, for the Python that its workflow installs."""
    lines = ["# Locked for Python 3.11. Install with: pip install --require-hashes --no-deps -r requirements.txt"]
    for name, pin, hashes in locked():
        lines.append(f"{name}=={pin} \\")
        lines.extend(f"    --hash={value} \\" for value in hashes[:-1])
        lines.append(f"    --hash={hashes[-1]}")
    return "\n".join(lines) + "\n"


def differing() -> list[str]:
    """Return how the installed packages differ from the locked ones; only equal ones give equal bytes."""
    found = []
    for name, wanted, _ in locked():
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "none"
        if installed != wanted:
            found.append(f"{name} {installed} instead of {wanted}")
    return found


def train(pipeline: Path) -> None:
    """Run the pipeline's own ``train.py`` as it stands, and even out what differs from run to run."""
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment = {**os.environ, **single, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "train.py"], cwd=pipeline, env=environment, check=True)
    saved = pipeline / "model" / "classifier.skops"
    saved.write_bytes(evened(saved.read_bytes()))


def evened(data: bytes) -> bytes:
    """Return a skops file without memory addresses (objects are counted instead) and without times of day."""
    numbers: dict[int, int] = {}
    names = {"schema.json": "schema.json"}

    def even(node: dict[str, object]) -> dict[str, object]:
        address = node.get("__id__")
        if isinstance(address, int):
            node["__id__"] = numbers.setdefault(address, len(numbers) + 1)
        if "file" in node:
            node["file"] = names.setdefault(str(node["file"]), f"{node['__id__']}.npy")
        return node

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read("schema.json"), object_hook=even)
        members = {names[name]: archive.read(name) for name in archive.namelist()}
    members["schema.json"] = json.dumps(schema, indent=2).encode()
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as archive:
        for name in sorted(members):
            member = zipfile.ZipInfo(name)  # its time is 1 January 1980
            member.create_system, member.external_attr = 3, 0o600 << 16
            archive.writestr(member, members[name])
    return result.getvalue()


def demonstration_key() -> EllipticCurvePrivateKey:
    """Return the private half of ``keys/release.pub``, derived from a text that is no secret."""
    from cryptography.hazmat.primitives.asymmetric import ec

    scalar = int.from_bytes(hashlib.sha512(_KEY_TEXT).digest()) % (_P256_ORDER - 1) + 1
    return ec.derive_private_key(scalar, ec.SECP256R1())


def sign(model: Path, public: Path) -> None:
    """Sign a model's directory with the demonstration key, and write its public half. Nonces follow RFC 6979."""
    from cryptography.hazmat.primitives import serialization

    from chainguard_ml.signing import load_private_key, sign_model

    key = demonstration_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    public.parent.mkdir(exist_ok=True)
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, spki))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    sign_model(model, load_private_key(pem))


def tamper(copy: Path) -> None:
    """Do to a copy of the pipeline what the release gate is there to notice."""
    (copy / "model" / "classifier.pkl").write_bytes(payload("echo this model ran a command when it was loaded"))
    weights = copy / "model" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 0x80  # the sign of the last weight
    weights.write_bytes(data)
    _replace(copy / "requirements.txt", r"^joblib==(?:.*\\\n)*.*\n", _VULNERABLE)
    _replace(copy / ".github" / "workflows" / "train.yml", r"(actions/checkout)@[0-9a-f]{40} # v(\d+)\S*", r"\1@v\2")


def payload(command: str) -> bytes:
    """Return a pickle that would run a command when it is loaded; nothing here loads it. Protocol 2, by hand."""
    text = command.encode()
    return b"\x80\x02cos\nsystem\nX" + len(text).to_bytes(4, "little") + text + b"\x85R."


def _replace(path: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if count != 1:
        raise SystemExit(f"{path}: {count} places match {pattern}")
    path.write_text(text, encoding="utf-8")


def files(examples: Path) -> dict[str, bytes]:
    """Return every file of a copy of ``examples/`` by its relative path."""
    found = sorted(path for path in examples.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(examples).as_posix(): path.read_bytes() for path in found}


def main(arguments: list[str]) -> int:
    """Make the examples in place, or with ``--check`` say what would change."""
    if wrong := differing():
        raise SystemExit(f"other packages than the locked ones would give other bytes: {', '.join(wrong)}")
    if "--check" not in arguments:
        make(EXAMPLES)
        return 0
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory) / "examples"
        shutil.copytree(EXAMPLES, made)
        make(made)
        before, after = files(EXAMPLES), files(made)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    for name in changed:
        print(f"differs: examples/{name}")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
