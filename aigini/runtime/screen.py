"""Output of commands, on any terminal and into any pipe: progress on standard error, results on standard output."""

import codecs
import io
import os
import sys

from aigini.errors import OutputError

_ASCII = {
    "\N{PLUS-MINUS SIGN}": "+-",
    "\N{MINUS SIGN}": "-",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{DAGGER}": "+",
    "\N{DOUBLE DAGGER}": "++",
    "\N{GREEK SMALL LETTER SIGMA}": "sigma",
    "\N{GREEK SMALL LETTER XI}": "xi",
    "\N{GREEK SMALL LETTER ETA}": "eta",
    "\N{GREEK CAPITAL LETTER LAMDA}": "Lambda",
}
"""What is printed where the encoding of the terminal lacks a character."""

_ERRORS = "aigini.ascii"


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_ASCII.get(c, c.encode("ascii", "backslashreplace").decode()) for c in lacking), error.end


def prepare() -> None:
    """Let both streams print what their encoding lacks in ASCII, so that no result is lost to a terminal's encoding."""
    codecs.register_error(_ERRORS, _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # it may be closed, or replaced by a program that calls the command
            stream.reconfigure(errors=_ERRORS)


class Progress:
    """Lines on standard error. They are news, not results: where they cannot be written the work goes on."""

    def print(self, line: str) -> None:
        """Show a line, as it is."""
        try:
            print(line, file=sys.stderr, flush=True)
        except OSError:
            _discard(sys.stderr)


def finish() -> None:
    """Write out what was printed.

    Raises:
        BrokenPipeError: if its reader has gone.
        OutputError: if standard output cannot be written.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
        raise
    except OSError as error:
        _discard(sys.stdout)
        raise OutputError(
            f"standard output cannot be written ({error.strerror or error}); files that were written are complete."
        ) from None


def _discard(stream: object) -> None:
    """Send the rest of a stream nowhere, so that the interpreter's own flush at the end cannot fail."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # pyright: ignore[reportAttributeAccessIssue]
        os.close(nowhere)
    except (OSError, AttributeError, ValueError):
        pass
