"""What can be wrong with a signature, one name each."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """One thing that a service of the instance gets wrong while everything else stays right.

    A verifier has to refuse each of them; ``MISSING_TIMESTAMP`` and ``UNTRUSTED_TIMESTAMP`` only where no other
    time is proven, which in a log of version 1 its promise does.
    """

    EXPIRED_CERTIFICATE = "expired-certificate"
    """The certificate had ended an hour before it was used."""
    UNTRUSTED_AUTHORITY = "untrusted-authority"
    """The certificate is by an authority of the same name with another key."""
    MISSING_SCT = "missing-sct"
    """The certificate was never promised to a certificate transparency log."""
    WRONG_SCT_KEY = "wrong-sct-key"
    """The promise of the certificate transparency log is signed with another key."""
    WRONG_SIGNATURE = "wrong-signature"
    """The signature is by a key that is not the certificate's."""
    WRONG_ENTRY = "wrong-entry"
    """The log has an entry about another signature by the same certificate."""
    WRONG_PROOF = "wrong-proof"
    """The inclusion proof has a hash that is not of the tree."""
    FORKED_CHECKPOINT = "forked-checkpoint"
    """The log's key signed the root of another tree of the same size."""
    WRONG_LOG_KEY = "wrong-log-key"
    """The checkpoint names the log's key and is signed with another."""
    WRONG_PROMISE = "wrong-promise"
    """The promise of a log of version 1 (SET) is signed with another key; a log of version 2 makes none."""
    LATE_TIMESTAMP = "late-timestamp"
    """Every proven time is an hour late, when the certificate has ended."""
    UNTRUSTED_TIMESTAMP = "untrusted-timestamp"
    """The timestamp is by an authority of the same name with another key."""
    MISSING_TIMESTAMP = "missing-timestamp"
    """There is no timestamp."""
