"""The schemes ``exec`` and ``exec-message``: a command of the operator signs, so that any key service can be used.

The command is started without a shell. It reads from standard input, until its end, the digest to sign as bytes
(``exec``: SHA-256, SHA-384 or SHA-512, as goes with the curve), or the message itself (``exec-message``, as Ed25519
needs it). It writes the signature to standard output and exits with 0: as bytes or in Base64; for an elliptic curve as
DER (RFC 3279, section 2.2.3) or as the two numbers (IEEE P1363). Nothing it writes is believed: the signature must
verify with the public key. Its standard error is the operator's.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import shlex
import subprocess
from typing import TYPE_CHECKING

from chainguard_ml.errors import ServiceError, UsageError
from chainguard_ml.records import field, record
from chainguard_ml.signing.keys import material
from chainguard_ml.signing.keysources.forms import as_der, digest
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.signing.keys import PublicKey

SECONDS = 120
"""How long a command may take: long enough to touch a token or to approve on a telephone."""

_MAX_SIGNATURE = 1_000  # bytes written; P-521 in Base64 with line ends needs 200


@record
class CommandSigner:
    """A signer that is a command.

    Attributes:
        public: The public half of its key.
        command: The program and its arguments.
        whole: Whether it gets the message instead of a digest.
        seconds: How long it may take.
    """

    public: PublicKey
    command: tuple[str, ...] = field(repr=False)
    whole: bool
    seconds: float = SECONDS

    @property
    def fingerprint(self) -> str:
        """The hint of the public half."""
        return self.public.hint

    def material(self) -> JsonObject:
        """Return ``verificationMaterial`` with the key's hint."""
        return material(self.public)

    def sign(self, message: bytes) -> bytes:
        """Return the command's signature over ``message``.

        Raises:
            ServiceError: It does not start, fails, takes too long, or writes no signature of the key.
        """
        written = self._run(message if self.whole else digest(self.public.curve, message))
        if len(written) <= _MAX_SIGNATURE:
            for signature in _readings(written, self.public.curve):
                if self.public.verifies(signature, message):
                    return signature
        raise ServiceError(
            f"{self._shown} did not write a signature of the key '{printable(self.public.name)}'",
            hint="compare the public key with the one it signs with, and whether it expects a digest or a message",
        )

    @property
    def _shown(self) -> str:
        return f"the command '{printable(self.command[0])}'"  # its arguments may say more than a log should have

    def _run(self, data: bytes) -> bytes:
        try:
            # The operator's own command, without a shell: starting it is what this file is for.
            done = subprocess.run(  # noqa: S603 (the operator's own command, without a shell)
                self.command, input=data, stdout=subprocess.PIPE, timeout=self.seconds, check=False
            )
        except OSError as error:
            raise ServiceError(f"{self._shown} does not start: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise ServiceError(f"{self._shown} took longer than {self.seconds:g} seconds") from None
        if done.returncode:
            raise ServiceError(f"{self._shown} failed with status {done.returncode}")
        return done.stdout


def _readings(written: bytes, curve: str) -> Iterator[bytes]:
    """Yield what the written bytes may be, each as signatures in bundles are."""
    plain = [written]
    text = b"".join(written.split()).translate(bytes.maketrans(b"-_", b"+/"))
    with contextlib.suppress(binascii.Error):
        plain.append(base64.b64decode(text, validate=True))
    for signature in plain:
        yield signature
        if curve and signature and len(signature) % 2 == 0:
            yield as_der(signature)


def signer(scheme: str, rest: str, public: PublicKey | None, _secret: Callable[[], bytes]) -> CommandSigner:
    """Return the signer for ``exec:COMMAND`` or ``exec-message:COMMAND``, its words split as a shell would.

    Raises:
        UsageError: There is no public half, or no command, its quotes do not match, or an Ed25519 key was to sign a
            digest.
    """
    if public is None:
        raise UsageError("a key behind a command needs its public half", hint="give --public-key FILE")
    try:
        command = tuple(shlex.split(rest))
    except ValueError as error:
        raise UsageError(f"the command after '{scheme}:' cannot be read: {error}") from None
    if not command or "\0" in rest:
        raise UsageError(f"there is no command after '{scheme}:'", hint=f"give --key '{scheme}:program arguments'")
    if scheme == "exec" and not public.curve:
        raise UsageError("an Ed25519 key signs messages, not digests", hint="use the scheme 'exec-message:'")
    return CommandSigner(public, command, scheme == "exec-message")
