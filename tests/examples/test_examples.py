"""The examples are what they say: made by the script, signed, with exactly the faults that their page names."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import pickletools
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from chainguard_ml.audit import record
from chainguard_ml.inventory.packages import requirements
from chainguard_ml.model import Component, Evidence, Finding
from chainguard_ml.signing import load_public_key, verify_model

if TYPE_CHECKING:
    from types import ModuleType

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
GOOD, BAD = EXAMPLES / "pipeline", EXAMPLES / "tampered"


@pytest.fixture(scope="session")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_examples", REPOSITORY / "scripts" / "examples.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def locked(script: ModuleType) -> ModuleType:
    """The script, where it can give the committed bytes."""
    if differing := script.differing():
        pytest.skip(f"the examples were made with other packages: {', '.join(differing)}")
    return script


def globals_of(path: Path) -> set[str]:
    """Return what a pickle resolves, from its opcodes; nothing is loaded."""
    pushed: list[str] = []
    memo: list[str] = []
    found = set()
    for opcode, argument, _ in pickletools.genops(path.read_bytes()):
        if opcode.name == "MEMOIZE":
            memo.append(pushed[-1])
            continue
        if opcode.name == "GLOBAL":
            found.add(str(argument).replace(" ", "."))
        elif opcode.name == "STACK_GLOBAL":
            found.add(".".join(pushed[-2:]))
        pushed.append(memo[argument] if opcode.name == "BINGET" and isinstance(argument, int) else str(argument))
    return found


@pytest.mark.oracle
def test_the_script_makes_the_committed_tree_again(locked: ModuleType, tmp_path: Path) -> None:
    made = tmp_path / "examples"
    shutil.copytree(EXAMPLES, made)
    for part in ("pipeline/model", "tampered", "keys"):
        shutil.rmtree(made / part)
    for part in ("pipeline/requirements.txt", "pipeline/data/measurements.csv"):
        (made / part).unlink()
    locked.make(made)
    committed, again = locked.files(EXAMPLES), locked.files(made)
    assert [name for name in committed.keys() | again.keys() if committed.get(name) != again.get(name)] == []


@pytest.mark.oracle
def test_the_card_states_what_the_evaluation_measures(locked: ModuleType) -> None:
    del locked
    run = subprocess.run([sys.executable, "evaluate.py"], cwd=GOOD, capture_output=True, text=True, check=True)
    assert f"value: {json.loads(run.stdout)['accuracy']}\n" in (GOOD / "README.md").read_text(encoding="utf-8")


@pytest.mark.oracle
def test_skops_reads_the_evened_file(locked: ModuleType) -> None:
    del locked
    import skops.io

    assert skops.io.get_untrusted_types(file=GOOD / "model" / "classifier.skops") == []
    model = skops.io.load(GOOD / "model" / "classifier.skops")
    assert model.classes_.tolist() == ["failing", "healthy", "worn"]


@pytest.mark.oracle
def test_another_implementation_verifies_the_signature(tmp_path: Path) -> None:
    """model-signing in a process of its own, over a copy: its verdict is its exit code."""
    tool = shutil.which("model_signing", path=Path(sys.executable).parent)
    if tool is None:
        pytest.skip("model-signing is not installed")
    for source, expected in ((GOOD, True), (BAD, False)):
        model = tmp_path / source.name / "model"
        shutil.copytree(source / "model", model)
        signature = shutil.move(model / "model.sig", tmp_path / f"{source.name}.sig")
        command = [tool, "verify", "key", model, "--signature", signature]
        run = subprocess.run([*command, "--public_key", EXAMPLES / "keys" / "release.pub"], check=False,
                             capture_output=True)  # fmt: skip
        assert (run.returncode == 0) is expected, run.stderr


def test_the_signature_covers_the_good_model() -> None:
    key = load_public_key(EXAMPLES / "keys" / "release.pub")
    observations = list(verify_model(GOOD / "model", None, [key]))
    assert [type(item) for item in observations] == [Evidence]


def test_the_signature_gives_both_changed_files_away() -> None:
    key = load_public_key(EXAMPLES / "keys" / "release.pub")
    places = {item.location.path for item in verify_model(BAD / "model", None, [key]) if isinstance(item, Finding)}
    assert {"classifier.pkl", "model.safetensors"} <= places


def test_exactly_four_files_differ() -> None:
    def files(root: Path) -> dict[str, bytes]:
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    good, bad = files(GOOD), files(BAD)
    assert good.keys() == bad.keys()
    assert {name for name in good if good[name] != bad[name]} == {
        ".github/workflows/train.yml",
        "model/classifier.pkl",
        "model/model.safetensors",
        "requirements.txt",
    }


def test_the_payload_only_echoes() -> None:
    assert globals_of(BAD / "model" / "classifier.pkl") == {"os.system"}
    texts = [argument for _, argument, _ in pickletools.genops((BAD / "model" / "classifier.pkl").read_bytes())]
    assert [text for text in texts if isinstance(text, str) and " " in text] == [
        "os system",
        "echo this model ran a command when it was loaded",
    ]


def test_the_good_pickle_holds_an_estimator_and_arrays() -> None:
    assert globals_of(GOOD / "model" / "classifier.pkl") == {
        "sklearn.linear_model._logistic.LogisticRegression",
        "numpy._core.multiarray._reconstruct",
        "numpy.ndarray",
        "numpy.dtype",
    }


def test_one_byte_of_one_weight_is_altered() -> None:
    good, bad = ((root / "model" / "model.safetensors").read_bytes() for root in (GOOD, BAD))
    header = int.from_bytes(good[:8], "little") + 8
    assert len(good) == len(bad)
    assert [index >= header for index, pair in enumerate(zip(good, bad, strict=True)) if len(set(pair)) == 2] == [True]


def test_the_vulnerable_requirement_is_in_an_advisory() -> None:
    def pins(root: Path) -> set[tuple[str, str | None]]:
        argument = {"root": str(root), "path": "requirements.txt"}
        return {(item.name, item.version) for item in requirements.parse(argument) if isinstance(item, Component)}

    assert pins(BAD) - pins(GOOD) == {("joblib", "1.1.0")}
    document = json.loads((EXAMPLES / "advisories" / "PYSEC-2022-288.json").read_text(encoding="utf-8"))
    (advisory,) = record.read(document).advisories
    assert (advisory.package, advisory.ranges) == ("joblib", ((("introduced", "0"), ("fixed", "1.2.0")),))


def test_requirements_are_those_of_the_lock(script: ModuleType) -> None:
    assert (GOOD / "requirements.txt").read_text(encoding="utf-8") == script.requirements()
    assert {name for name, _, _ in script.locked()} == set(script.PACKAGES)


@pytest.mark.oracle
def test_requirements_are_complete(locked: ModuleType) -> None:
    """pip would refuse a requirement without a hash: everything that is needed must be there."""
    for name in locked.PACKAGES:
        for requirement in map(Requirement, metadata.requires(name) or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                assert canonicalize_name(requirement.name) in locked.PACKAGES, f"{name} needs {requirement}"


@pytest.mark.parametrize("path", sorted((EXAMPLES / "advisories").iterdir()), ids=lambda path: path.stem)
def test_advisories_state_the_facts_of_their_source(path: Path) -> None:
    ours = record.read(json.loads(path.read_text(encoding="utf-8")))
    assert ours.problems == []
    if "CHAINGUARD_ML_ADVISORIES" not in os.environ:
        pytest.skip("CHAINGUARD_ML_ADVISORIES is unset")
    source = Path(os.environ["CHAINGUARD_ML_ADVISORIES"])
    if path.stem.startswith("GHSA"):
        data = (source / "ghsa-sample" / path.name).read_bytes()
    else:
        with zipfile.ZipFile(source / "pypi-osv.zip") as archive:
            data = archive.read(path.name)
    theirs = record.read(json.loads(data))
    for mine, original in zip(ours.advisories, theirs.advisories, strict=True):
        assert (mine.id, mine.package, mine.ranges) == (original.id, original.package, original.ranges)
        assert set(original.aliases) <= set(mine.aliases)
        assert set(original.vectors) <= set(mine.vectors)
        assert mine.summary != original.summary


def test_the_demonstration_key_is_derived_in_the_open(script: ModuleType) -> None:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    public = load_pem_public_key((EXAMPLES / "keys" / "release.pub").read_bytes())
    assert public == script.demonstration_key().public_key()
    assert b"PRIVATE" not in b"".join(script.files(EXAMPLES).values())


def test_examples_stay_small(script: ModuleType) -> None:
    assert sum(map(len, script.files(EXAMPLES).values())) < 300_000


def test_evening_leaves_neither_times_nor_addresses(script: ModuleType, tmp_path: Path) -> None:
    schema = {"__id__": 140_000_000_000_016, "content": [{"__id__": 140_000_000_000_032,
              "file": "140000000000032.npy"}, {"__id__": 140_000_000_000_032}]}  # fmt: skip
    path = tmp_path / "saved.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("140000000000032.npy", b"array")
        archive.writestr("schema.json", json.dumps(schema))
    path.write_bytes(script.evened(path.read_bytes()))
    with zipfile.ZipFile(path) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("1.npy") == b"array"
        assert json.loads(archive.read("schema.json")) == {
            "__id__": 2,
            "content": [{"__id__": 1, "file": "1.npy"}, {"__id__": 1}],
        }


def test_the_demo_shows_both_from_anywhere(tmp_path: Path) -> None:
    """As ``make demo`` runs it, from another directory; nothing is left behind and nothing examined is changed."""
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in EXAMPLES.rglob("*") if path.is_file()}
    tool = shutil.which("chainguard-ml", path=Path(sys.executable).parent)
    assert tool
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    run = subprocess.run(["sh", EXAMPLES / "demo.sh", tool], cwd=tmp_path, env={**os.environ, "TMPDIR": str(temporary)},
                         capture_output=True, text=True, check=False)  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("+ chainguard-ml check") == 2
    good, bad = run.stdout.split("+ chainguard-ml check examples/tampered")
    faults = ["dangerous-global", "model-tampered", "vulnerable-dependency", "unpinned-action"]
    assert [rule for rule in faults if rule not in bad] == []
    assert "PASS" in good
    assert run.stdout.endswith(
        "Shown: the pipeline may be released (exit code 0); its tampered copy may not (exit code 1).\n"
    )
    assert list(temporary.iterdir()) == []
    assert before == {
        path: hashlib.sha256(path.read_bytes()).digest() for path in EXAMPLES.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(("tool", "expected", "got"), [("true", 1, 0), ("false", 0, 1)])
def test_the_demo_fails_on_a_wrong_answer(tool: str, expected: int, got: int) -> None:
    run = subprocess.run(["sh", EXAMPLES / "demo.sh", tool], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr == f"demo: this should have ended with exit code {expected}, not {got}\n"
    assert "Shown" not in run.stdout
