"""``python -m chainguard_ml``."""

from chainguard_ml.cli import main

main()
