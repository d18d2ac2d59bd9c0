"""What a worker imports before it is given a file: what most models need, while the parent takes the inventory."""

import chainguard_ml.scan.allowlist
import chainguard_ml.scan.formats.zip_archive
import chainguard_ml.scan.pickle
import chainguard_ml.scan.worker  # noqa: F401 (to have imported them is all)
