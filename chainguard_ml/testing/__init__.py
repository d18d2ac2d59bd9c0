"""A Sigstore instance of one's own, in process and on loopback, to test release pipelines and policies with.

>>> with FakeSigstore() as fake:  # doctest: +SKIP
...     bundle = fake.mint(statement, Workflow(repository="acme/models"), faults={Fault.LATE_TIMESTAMP})

Nothing here is imported by the rest of the package. Its keys are made anew each time and prove nothing to anybody
who was not given its trust configuration: never configure that outside of tests.
"""

from __future__ import annotations

from chainguard_ml.testing.faults import Fault
from chainguard_ml.testing.identities import Machine, Person, Workflow
from chainguard_ml.testing.sigstore import FakeSigstore

__all__ = ["FakeSigstore", "Fault", "Machine", "Person", "Workflow"]
