#!/bin/sh
# Mutate what must not err (the pickle machine, policies, signatures) and see whether its tests notice.
# Arguments are mutants to try, by pattern: 'chainguard_ml.scan.pickle.memo*'.
set -eu
python=${PYTHON:-python3} home=${MUTATION:-build/mutation}
if [ ! -e "$home/.installed" ] || [ requirements/mutation.txt -nt "$home/.installed" ]; then
    echo "mutation: installing into $home"
    rm -rf "$home"
    mkdir -p build
    "$python" -m venv "$home"
    pip="$home/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes"
    $pip -r requirements/dev.txt
    $pip -r requirements/mutation.txt
    touch "$home/.installed"
fi
# The copy in mutants/ is what is tested, by commands that tests start as well; the package itself is not installed.
export PYTHONPATH="$PWD/mutants"
"$home/bin/mutmut" run --max-children "${CHILDREN:-1}" "$@"
"$home/bin/mutmut" results
