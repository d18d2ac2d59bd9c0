"""What breaks, hides or confuses a reader: numbers, frames, several streams, padding, breaks.

One row is one technique.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.pickles import (
    ARGUMENT,
    DANGEROUS,
    MALFORMED,
    RUN,
    TEXT_WHOLE,
    WHOLE,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

STREAMS: dict[str, tuple[bytes, str]] = {
    # numbers that only one unpickler reads
    "int-hexadecimal": (b"I0x10\n0" + TEXT_WHOLE, DANGEROUS),
    "int-octal": (b"I010\n0" + TEXT_WHOLE, DANGEROUS),
    "int-zero-byte": (b"I1\0junk\n0" + TEXT_WHOLE, DANGEROUS),
    "int-empty-before-zero-byte": (b"I\0\n0" + TEXT_WHOLE, DANGEROUS),
    "int-spaces": (b"I  5\n0" + TEXT_WHOLE, DANGEROUS),
    "int-underscore": (b"I1_0\n0" + TEXT_WHOLE, DANGEROUS),
    "int-binary": (b"I0b11\n0" + TEXT_WHOLE, DANGEROUS),
    "int-of-5000-digits": (b"I" + b"7" * 5000 + b"\n0" + TEXT_WHOLE, DANGEROUS),
    "long-hexadecimal": (b"L0x10L\n0" + TEXT_WHOLE, DANGEROUS),
    "long-without-suffix": (b"L16\n0" + TEXT_WHOLE, DANGEROUS),
    "float-underscore": (b"F1_0.5\n0" + TEXT_WHOLE, DANGEROUS),
    "float-zero-byte": (b"F1.5\0x\n0" + TEXT_WHOLE, DANGEROUS),
    "float-infinite": (b"F-inf\n0" + TEXT_WHOLE, DANGEROUS),
    "long4": (b"\x80\x02\x8b\x01\0\0\0\x050" + RUN + b".", DANGEROUS),
    # protocols and frames
    "no-protocol": (RUN + b".", DANGEROUS),
    "protocol-in-the-middle": (RUN[:11] + b"\x80\x04" + RUN[11:] + b".", DANGEROUS),
    "protocol-twice": (b"\x80\x04\x80\x00" + RUN + b".", DANGEROUS),
    "protocol-5": (b"\x80\x05" + RUN + b".", DANGEROUS),
    "frame-too-long": (b"\x80\x04\x95\xff\0\0\0\0\0\0\0" + RUN + b".", DANGEROUS),
    "frame-too-short": (b"\x80\x04\x95\x02\0\0\0\0\0\0\0" + RUN + b".", DANGEROUS),
    "frame-in-frame": (b"\x80\x04\x95\x30\0\0\0\0\0\0\0\x95\x02\0\0\0\0\0\0\0" + RUN + b"." + bytes(20), DANGEROUS),
    "frame-at-odd-place": (b"\x80\x04cos\nsystem\n\x95\x10\0\0\0\0\0\0\0" + ARGUMENT + b"\x85R.", DANGEROUS),
    "out-of-band-buffer-first": (b"\x80\x05\x97\x980" + RUN + b".", DANGEROUS),
    # several streams, padding, breaks
    "second-stream": (b"\x80\x02N." + WHOLE, DANGEROUS),
    "second-stream-of-protocol-0": (b"\x80\x02N." + TEXT_WHOLE, DANGEROUS),
    "behind-zeros": (b"\x80\x02N." + bytes(64) + WHOLE, DANGEROUS),
    "behind-newlines": (b"\x80\x02N.\n\n" + WHOLE, DANGEROUS),
    "behind-junk": (b"\x80\x02N.\xfe\xff\xfe junk" + WHOLE, DANGEROUS),
    "behind-junk-protocol-0": (b"\x80\x02N.\xfe\xff\xfe junk " + TEXT_WHOLE, DANGEROUS),
    "third-stream": (b"\x80\x02N.\x80\x02K\x01." + WHOLE, DANGEROUS),
    "memo-of-stream-before": (b"\x80\x04\x8c\x02osq\x00\x8c\x06systemq\x01.\x80\x04h\x00h\x01\x93.", DANGEROUS),
    "cut-after-call": (b"\x80\x02" + RUN, DANGEROUS),
    "broken-after-call": (b"\x80\x02" + RUN + b"\xff\xff\xff", DANGEROUS),
    "broken-after-call-rule": (b"\x80\x02" + RUN + b"\xff\xff\xff", MALFORMED),
    "cut-in-operand-after-call": (b"\x80\x02" + RUN + b"X\xff\xff\0\0ab", DANGEROUS),
    "stack-underflow-after-call": (b"\x80\x02" + RUN + b"00R.", DANGEROUS),
    "memo-missing-after-call": (b"\x80\x02" + RUN + b"h\x63.", DANGEROUS),
    "stop-with-empty-stack": (b"\x80\x02" + RUN + b"0.", DANGEROUS),
    "global-cut-without-newline": (b"\x80\x02cos\nsystemX", DANGEROUS),
    "bad-utf8-after-call": (b"\x80\x02" + RUN + b"\x8c\x02\xff\xff.", DANGEROUS),
}  # fmt: skip


def samples() -> Iterator[Malicious]:
    """Every row as a file."""
    return table(STREAMS)
