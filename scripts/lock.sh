#!/bin/sh
# Resolve the requirements anew, for every supported Python, with hashes and without index addresses.
set -eu
uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
    pyproject.toml -o requirements/runtime.txt
uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
    pyproject.toml --group dev -o requirements/dev.txt -c requirements/runtime.txt
