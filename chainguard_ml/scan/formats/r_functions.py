"""Functions of R that a stored call should not contain (R reference manual, packages base and utils)."""

from __future__ import annotations

_NAMES = {
    "runs commands": "system system2 shell shell.exec pipe",
    "runs other code": "source sys.source dyn.load library.dynam .C .Call .Fortran .External .External2 .Internal "
    "unserialize reg.finalizer addTaskCallback makeActiveBinding delayedAssign",
    "fetches or sends data": "download.file url.show socketConnection serverSocket make.socket write.socket "
    "install.packages download.packages browseURL",
    "changes files": "unlink file.remove file.rename file.copy file.append file.create file.symlink file.link "
    "writeLines writeBin writeChar sink dump Sys.chmod",
    "changes or ends the session": "Sys.setenv q quit assignInNamespace assignInMyNamespace unlockBinding trace "
    "Sys.kill pskill",
}
_EVALUATES = frozenset({"eval", "evalq", "eval.parent", "parse", "str2lang", "str2expression", "do.call", "match.fun"})

GRAVE = {name: does for does, names in _NAMES.items() for name in names.split()}
"""What a function does, by name."""


def of_note(name: str) -> bool:
    """Return whether a call of the function is worth telling."""
    return name in GRAVE or name in _EVALUATES
