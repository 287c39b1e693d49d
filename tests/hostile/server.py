"""A server in a thread that answers as a script says, and likes to give back what it was sent.

Plain sockets and no HTTP library: what it sends need not be HTTP.
"""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def whole(self) -> str:
        """All that the client sent, as a careless server might quote it."""
        return f"{self.method} {self.path} {self.headers} {self.body}"

    @property
    def content(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


Reply = bytes | None
"""What goes over the line; None resets it."""

Answer = Callable[[Call], Reply]


def reply(status: int, content: object = "", *headers: str) -> bytes:
    """An HTTP answer; text goes as HTML, anything else as JSON."""
    is_text = isinstance(content, str)
    body = (str(content) if is_text else json.dumps(content)).encode()
    lines = [
        f"HTTP/1.1 {status} As It Happens",
        "Connection: close",
        f"Content-Length: {len(body)}",
        f"Content-Type: {'text/html' if is_text else 'application/json'}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Server:
    """Answers the request of each connection as `answer` says. A context manager; `calls` is what came."""

    def __init__(self, answer: Answer, certificate: ssl.SSLContext | None = None) -> None:
        self.calls: list[Call] = []
        self.connections = 0
        self._answer = answer
        self._certificate = certificate
        self._listening = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._converse, args=(line,), daemon=True).start()

    def _converse(self, line: socket.socket) -> None:
        try:
            if self._certificate:
                line = self._certificate.wrap_socket(line, server_side=True)
            with line, line.makefile("rb") as stream:
                call = _read_call(stream)
                if call is None:
                    return
                self.calls.append(call)
                answer = self._answer(call)
                if answer is None:
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                else:
                    line.sendall(answer)
        except (OSError, ValueError):
            line.close()  # the client hung up, or did not like the certificate


def _read_call(stream: Any) -> Call | None:
    first = stream.readline().decode().split()
    if len(first) != 3:
        return None
    headers = {}
    while line := stream.readline().decode().strip():
        name, _, value = line.partition(": ")
        headers[name] = value
    body = stream.read(int(headers.get("Content-Length", "0"))).decode()
    return Call(first[0], first[1], headers, body)
