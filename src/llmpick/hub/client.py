"""One request to the Hub, bounded in time and size: huggingface_hub's own session, endpoint and token.

`HfApi` reads replies of any length for as long as they drip, and its downloads retry for 23 s on an offline machine;
so its session is used and the reply is read here.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from llmpick.errors import NetworkError
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

CONNECT_S = 2.0
"""Seconds to look up and reach the Hub: an offline machine is told so in less than 3 s."""
SILENCE_S = 10.0
"""Seconds without a byte."""
WHOLE_S = 30.0
"""Seconds for one whole reply, however steadily it drips."""
TRIES = 4
"""Requests before a busy server or a broken connection counts as a failure."""
BACKOFF_S = 0.5
"""Wait before the second try; it doubles, up to LONGEST_WAIT_S."""
LONGEST_WAIT_S = 60.0
"""A server that asks for more patience than this is asked again another day."""
ENDPOINT_HINT = "check the connection, or HF_ENDPOINT where a mirror is used"
BROKEN = frozenset({"ReadError", "RemoteProtocolError", "WriteError", "CloseError"})
"""httpx's names for a connection that broke after it stood: worth another try."""
BUSY = frozenset({408, 429, 500, 502, 503, 504})


class RefusedError(NetworkError):
    """The Hub answered, and the answer is no: `why` tells one no from another."""

    def __init__(self, why: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.why = why
        """`missing`, `gated`, `private` or `refused`."""


class _AgainError(Exception):
    """Worth another try after `wait` seconds, None = the usual backoff; else `fault` is what to say."""

    def __init__(self, fault: NetworkError, wait: float | None = None) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.wait = wait


@record
class Reply:
    """What the Hub sent."""

    body: bytes
    etag: str = ""
    unchanged: bool = False
    """It is still what the given ETag named; there is no body."""


class Pace:
    """When the next request may go out: one server's wish to wait holds back all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def hold(self, seconds: float) -> None:
        """Let nobody ask for `seconds`."""
        with self._lock:
            self._until = max(self._until, time.monotonic() + seconds)

    def wait(self) -> None:
        """Return when asking is allowed."""
        while (left := self._until - time.monotonic()) > 0:
            time.sleep(left)


def in_time(call: Callable[[], T], seconds: float) -> T:
    """What `call` returns or raises; TimeoutError after `seconds`. A late call is left to end unheard."""
    box: list[Callable[[], T]] = []
    done = threading.Event()

    def work() -> None:
        try:
            value = call()
            box.append(lambda: value)
        except BaseException as error:
            box.append(_raiser(error))
        done.set()

    # Not an executor: Python would wait for its threads at exit.
    threading.Thread(target=work, daemon=True).start()
    if not done.wait(seconds):
        raise TimeoutError
    return box[0]()


def _raiser(error: BaseException) -> Callable[[], Any]:
    def again() -> Any:
        raise error

    return again


def endpoint() -> str:
    """Where the Hub is: `HF_ENDPOINT`, else https://huggingface.co. Also keeps huggingface_hub from calling home."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_UPDATE_CHECK", "1")
    from huggingface_hub import constants

    return constants.ENDPOINT


def reach() -> None:
    """Raise NetworkError within CONNECT_S where the Hub, or the proxy on the way, cannot be reached."""
    address = _address(endpoint())
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise NetworkError("HF_HUB_OFFLINE is set", "unset it to ask the Hub")
    try:
        in_time(lambda: socket.create_connection(address, CONNECT_S).close(), CONNECT_S)
    except OSError as error:
        reason = error.strerror or f"no answer within {CONNECT_S:g} s"
        raise NetworkError(f"cannot reach {address[0]}: {reason}", ENDPOINT_HINT) from None


def _address(url: str) -> tuple[str, int]:
    parts = _parts(url)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname or ""):
        parts = _parts(proxy if "//" in proxy else f"http://{proxy}")
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _parts(url: str) -> Any:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        sound = False
    if not sound:
        raise NetworkError(f"{url!r} is no address of a Hub", "HF_ENDPOINT must look like https://huggingface.co")
    return parts


def get(path: str, what: str, *, limit: int, etag: str = "", pace: Pace | None = None) -> Reply:
    """What the Hub has at `path`; `what` names it in errors, `limit` is the most bytes to accept.

    Busy servers and broken connections are asked again, at the time the server gives; all else raises NetworkError,
    or RefusedError where the Hub says no.
    """
    pace = pace or Pace()
    for attempt in range(TRIES):
        pace.wait()
        try:
            return in_time(lambda: _once(path, what, limit, etag), WHOLE_S)
        except TimeoutError:
            raise NetworkError(f"the Hub took more than {WHOLE_S:g} s over {what}", ENDPOINT_HINT) from None
        except _AgainError as again:
            wait = min(BACKOFF_S * 2**attempt, LONGEST_WAIT_S) if again.wait is None else again.wait
            if attempt + 1 == TRIES or wait > LONGEST_WAIT_S:
                raise again.fault from None
            if again.wait is None:
                time.sleep(wait)
            else:
                pace.hold(wait)
    raise AssertionError("the last try returns or raises")


def _once(path: str, what: str, limit: int, etag: str) -> Reply:
    url = endpoint() + path
    from huggingface_hub import get_session
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    transport_error: Any = HfHubHTTPError.__bases__[0]  # of httpx or httpx2, as huggingface_hub's version has it
    times = (CONNECT_S, SILENCE_S, SILENCE_S, SILENCE_S)
    try:
        with get_session().stream("GET", url, headers=_headers(etag), timeout=times, follow_redirects=True) as answer:
            if answer.status_code == 304 and etag:
                return Reply(body=b"", etag=etag, unchanged=True)
            if answer.status_code != 200:
                raise _refusal(answer.status_code, answer.headers, what)
            return Reply(body=_body(answer.iter_bytes(), what, limit), etag=answer.headers.get("etag", ""))
    except OfflineModeIsEnabled:
        raise NetworkError("HF_HUB_OFFLINE is set", "unset it to ask the Hub") from None
    except UnicodeError:
        raise NetworkError("the stored token cannot be sent", "log in again with `hf auth login`") from None
    except transport_error as error:
        raise _broken(error, what) from None


def _headers(etag: str) -> dict[str, str]:
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # listed, but loaded lazily

    try:
        headers = build_hf_headers(library_name="llmpick", library_version=_version())
    except (OSError, ValueError):  # a token file that cannot be read, or holds no token
        headers = build_hf_headers(library_name="llmpick", library_version=_version(), token=False)
    return headers | ({"if-none-match": etag} if etag else {})


def _version() -> str:
    try:
        return version("llmpick")
    except PackageNotFoundError:  # run from a source tree
        return "0"


def _body(chunks: Any, what: str, limit: int) -> bytes:
    began, size, parts = time.monotonic(), 0, []
    for chunk in chunks:
        size += len(chunk)
        parts.append(chunk)
        if size > limit:
            raise NetworkError(f"{what} is larger than {limit:,} bytes", "that is no such file; nothing was written")
        if time.monotonic() - began > WHOLE_S:
            raise TimeoutError
    return b"".join(parts)


def _broken(error: Exception, what: str) -> Exception:
    name = type(error).__name__
    said = " ".join(str(error).split())[:200] or name
    if "Timeout" in name:
        return NetworkError(f"the Hub fell silent over {what}", "try again later")
    fault = NetworkError(f"cannot read {what} from the Hub: {said}", ENDPOINT_HINT)
    return _AgainError(fault) if name in BROKEN else fault


def _refusal(status: int, headers: Mapping[str, str], what: str) -> Exception:
    """What a reply without content means."""
    code = headers.get("x-error-code", "")
    host = urlsplit(endpoint()).hostname
    if code == "GatedRepo" or (status == 403 and not code):
        hint = f"accept its terms on its page at {host}, then log in with `hf auth login`"
        return RefusedError("gated", f"{what} is gated", hint)
    if status == 404:
        where = "has no such file" if code == "EntryNotFound" else "does not exist"
        return RefusedError("missing", f"{what} {where} on {host}", "check the spelling, upper and lower case too")
    if status in (401, 403):
        hint = "check the spelling; log in with `hf auth login` if it is private"
        return RefusedError("private", f"{what} does not exist on {host}, or you may not see it", hint)
    if status in BUSY:
        fault = NetworkError(f"the Hub answered {status} for {what}", "try again later")
        return _AgainError(fault, _patience(headers))
    return RefusedError("refused", f"the Hub answered {status} for {what}", ENDPOINT_HINT)


def _patience(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait."""
    wished = headers.get("retry-after", "").strip()
    if wished.isascii() and wished.isdigit():
        return float(wished[:6])
    return _until(wished) if wished else None


def _until(moment: str) -> float | None:
    """Seconds until an HTTP date."""
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(moment).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
