"""Rules about HDF5 files: what leads out of the file, and what makes the library load code."""

from __future__ import annotations

from chainguard_ml.model import Reference, Rule, Severity
from chainguard_ml.rules.references import ATLAS_UNSAFE_ARTIFACT, OWASP_ML06, cwe

_FORMAT = Reference(
    "HDF5 file format specification 3.0", "https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html"
)

HDF5_EXTERNAL = Rule(
    id="hdf5-external-file",
    title="An HDF5 file takes content from another file",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "External links, external storage and virtual datasets make the library open another file when this one is "
        "read. With an absolute path or one that climbs up, a model can read any file of the user (a key, a password "
        "list) and carry it on as weights; with any path, what is loaded is not what was signed and scanned."
    ),
    remediation="Copy the data into one file (h5repack, or h5py with expand_external=True) and scan the result.",
    references=(cwe(73), cwe(200), ATLAS_UNSAFE_ARTIFACT, _FORMAT),
)

HDF5_PLUGIN = Rule(
    id="hdf5-unknown-filter",
    title="An HDF5 dataset asks for a filter plug-in that is not registered",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "HDF5 loads a shared library from its plug-in directories for every filter that it does not have. A number "
        "that is not registered with The HDF Group asks for a library that only its author knows."
    ),
    remediation="Write the dataset again with a filter of HDF5 (gzip) or none; find out who wrote the file.",
    references=(cwe(829), cwe(114), ATLAS_UNSAFE_ARTIFACT, _FORMAT),
)

HDF5_USER_LINK = Rule(
    id="hdf5-user-defined-link",
    title="An HDF5 file has a link that an application's own code follows",
    family="scan",
    severity=Severity.MEDIUM,
    why=(
        "Links of user-defined classes are followed by functions that an application registers. No framework needs "
        "them, and what they lead to cannot be examined."
    ),
    remediation="Write the file again without the link.",
    references=(cwe(829), OWASP_ML06, _FORMAT),
)

RULES = (HDF5_EXTERNAL, HDF5_PLUGIN, HDF5_USER_LINK)
