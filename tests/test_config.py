from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml import config
from chainguard_ml.errors import ConfigError
from chainguard_ml.model import Severity

if TYPE_CHECKING:
    from pathlib import Path


def write(directory: Path, text: str, name: str = "chainguard-ml.toml") -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_can_be_configured(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        exclude = ["*.tmp"]
        fail-on = "critical"
        policy = "policies/release.yaml"
        offline = false
        [params]
        max-severity = "low"
        strict = true
        [scan]
        engines = ["builtin", "modelscan"]
        [[scan.allow]]
        name = "mine.Net"
        may-be = ["newobj", "built"]
        reason = "our own class"
        [audit]
        environment = ".venv"
        [workers]
        processes = 3
        """,
    )
    loaded = config.load(path)
    assert loaded.exclude == ("*.tmp",)
    assert loaded.fail_on is Severity.CRITICAL
    assert loaded.policy == tmp_path / "policies/release.yaml"
    assert loaded.params == {"max-severity": "low", "strict": "true"}
    assert loaded.scan.allow == (config.AllowedGlobal("mine.Net", ("newobj", "built"), "our own class"),)
    assert loaded.audit.environment == tmp_path / ".venv"
    assert (loaded.workers.processes, loaded.workers.deadline_seconds) == (3, 120)
    assert loaded.offline is False


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        polcy = "x"
        exclude = "*.tmp"
        fail-on = "grave"
        params = 1
        scan = "builtin"
        offline = 1
        [audit]
        max-age-days = "many"
        service = 3
        [workers]
        processes = -1
        [signing]
        public-keys = [1]
        """,
    )
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert caught.value.problems == (
        "unknown key 'polcy'; did you mean 'policy'?",
        "'exclude' must be a list, not a string",
        "'fail-on': 'grave' is none of info, low, medium, high, critical",
        "'params' must be a table, not a whole number",
        "'scan' must be a table, not a string",
        "'offline' must be true or false, not a whole number",
        "'audit.max-age-days' must be a whole number, not a string",
        "'audit.service' must be a string, not a whole number",
        "'workers.processes' is -1; it must not be negative",
        "'signing.public-keys[0]' must be a path, not a whole number",
    )
    assert caught.value.exit_code == 2
    assert caught.value.hint == "see docs/configuration.md for every key"


def test_a_missing_key_is_a_problem(tmp_path: Path) -> None:
    path = write(tmp_path, '[[scan.allow]]\nname = "a.b"\n')
    with pytest.raises(ConfigError, match=r"missing key 'scan.allow\[0\].may-be'"):
        config.load(path)


@pytest.mark.parametrize("content", [b"a = [", b"\xff", b"x = 1\nx = 2", b"[" * 5000])
def test_what_is_not_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "chainguard-ml.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="cannot read the configuration"):
        config.load(path)


def test_a_directory_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory"):
        config.load(tmp_path)


def test_it_is_found_in_one_directory_only(tmp_path: Path) -> None:
    assert config.find(tmp_path) is None
    write(tmp_path, "[tool.other]\n", "pyproject.toml")
    assert config.find(tmp_path) is None
    project = write(tmp_path, '[tool.chainguard-ml]\nfail-on = "low"\n', "pyproject.toml")
    assert config.find(tmp_path) == project
    assert config.load(project).fail_on is Severity.LOW
    own = write(tmp_path, "")
    assert config.find(tmp_path) == own
    below = tmp_path / "below"
    below.mkdir()
    assert config.find(below) is None


def test_an_odd_project_table_is_a_problem(tmp_path: Path) -> None:
    project = write(tmp_path, "tool = 1\n", "pyproject.toml")
    assert config.find(tmp_path) is None
    assert config.load(project) == config.Config()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_configuration_or_a_configuration_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("config") / "chainguard-ml.toml"
    path.write_bytes(data)
    try:
        config.load(path)
    except ConfigError as error:
        assert error.problems  # noqa: PT017 (both ends are right)
