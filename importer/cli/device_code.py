"""What `importer login` prints: the address, the code, a QR code, and how long the code is valid."""

import io
import shutil
import sys

from importer.destinations.sign_in import DeviceCode


def show_code(code: DeviceCode) -> None:
    """Print where to enter the code; on a terminal also a QR code."""
    print(f"Open      {code.verification_url}")
    print(f"and enter {code.user_code}" if code.user_code else "and approve there.")
    if sys.stdout.isatty():
        _print_qr(code.link)
    minutes = max(1, round(code.expires_in / 60))
    what = "code" if code.user_code else "address"
    print(f"Waiting for your decision there; the {what} is valid for {minutes} min.", flush=True)


def _print_qr(url: str) -> None:
    """Print the QR code of the page, if the terminal can show it."""
    import segno  # noqa: PLC0415 - only a terminal needs it

    code = segno.make_qr(url, error="l")
    picture = io.StringIO()
    code.terminal(picture, compact=True, border=2)
    try:
        picture.getvalue().encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return
    size, terminal = code.symbol_size(border=2)[0], shutil.get_terminal_size()
    if size <= terminal.columns and size / 2 < terminal.lines:  # a line has two rows of the picture
        print(picture.getvalue())


def show_waiting(seconds_left: float, reason: str) -> None:
    """Show how long the code is still valid; without a terminal only the reason of a wait."""
    if sys.stdout.isatty():
        minutes, seconds = divmod(round(seconds_left), 60)
        print(f"\r\x1b[K{minutes}:{seconds:02} left  {reason}", end="", flush=True)
    elif reason:
        print(f"importer: still waiting: {reason}", file=sys.stderr)


def clear_line() -> None:
    """Remove what `show_waiting` wrote."""
    if sys.stdout.isatty():
        print("\r\x1b[K", end="")
