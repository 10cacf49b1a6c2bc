"""A Hub on this machine: it speaks the API as the real huggingface_hub client asks it, and fails on demand."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SHA = "0123456789abcdef0123456789abcdef01234567"
LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 128,
    "vocab_size": 1000,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": False,
}
LLAMA_PARAMETERS = 202_048
"""2 x 1000 x 64 embeddings and head, 2 x (2 x 64 x 64 + 2 x 64 x 32 + 3 x 64 x 128 + 2 x 64), 64."""


class Hub:
    """Repositories, the faults to commit, and what was asked."""

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, Any]] = {}
        self.files: dict[tuple[str, str], bytes] = {}
        self.faults: dict[str, list[str]] = {}
        """Model id, or `*` -> faults to commit, one a request; the last one stays."""
        self.asked: list[str] = []
        self.sent_304 = 0
        self.most_at_once = 0
        self.at_once = 0
        self.delay = 0.02
        """Seconds that the fault `slow` takes."""
        self.lock = threading.Lock()
        self.url = ""

    def add(self, id_: str, config: dict[str, Any] | None = None, card: str = "", **said: Any) -> None:
        """A repository with safetensors, config.json and a card."""
        config = LLAMA if config is None else config
        tensors = said.pop("tensors", {"BF16": LLAMA_PARAMETERS})
        files = said.pop("files", ["README.md", "config.json", "model.safetensors"])
        self.repos[id_] = {
            "_id": "1",
            "id": id_,
            "modelId": id_,
            "sha": SHA,
            "private": False,
            "disabled": False,
            "gated": False,
            "downloads": 1000,
            "likes": 10,
            "createdAt": "2025-03-04T05:06:07.000Z",
            "lastModified": "2025-06-07T08:09:10.000Z",
            "pipeline_tag": "text-generation",
            "library_name": "transformers",
            "tags": ["transformers", "safetensors", "license:apache-2.0", "region:us"],
            "cardData": {"license": "apache-2.0", "language": ["en"]},
            "safetensors": {"parameters": tensors, "total": sum(tensors.values())},
            "siblings": [{"rfilename": name} for name in files],
            **said,
        }
        self.files[id_, "config.json"] = json.dumps(config).encode()
        self.files[id_, "README.md"] = card.encode()

    def next_fault(self, id_: str) -> str:
        """The fault to commit now; empty = none."""
        with self.lock:
            left = self.faults.get(id_) or self.faults.get("*") or [""]
            return left.pop(0) if len(left) > 1 else left[0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None:
        return

    def do_GET(self) -> None:
        hub, parts = self.hub, urlsplit(self.path)
        with hub.lock:
            hub.asked.append(self.path)
            hub.at_once += 1
            hub.most_at_once = max(hub.most_at_once, hub.at_once)
        try:
            self.answer(parts.path, parse_qs(parts.query))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with hub.lock:
                hub.at_once -= 1

    def answer(self, path: str, query: dict[str, list[str]]) -> None:
        if path.startswith("/moved"):
            path = path.removeprefix("/moved")
        steps = path.strip("/").split("/")
        api = steps[:2] == ["api", "models"]
        id_ = "/".join(steps[2:4] if api else steps[:2])
        fault = self.hub.next_fault(id_)
        if fault and not getattr(self, f"fault_{fault}")(path):
            return
        if id_ not in self.hub.repos:
            # The Hub does not tell strangers whether a repository is private or missing.
            self.send(401, b'{"error": "Invalid username or password."}', {"X-Error-Code": "RepoNotFound"})
        elif api:
            said = self.hub.repos[id_]
            asked = set(query.get("expand", [])) | {"id", "_id", "modelId"}
            chosen = {name: value for name, value in said.items() if not query or name in asked}
            self.send(200, json.dumps(chosen).encode())
        else:
            self.file(id_, "/".join(steps[4:]))

    def file(self, id_: str, name: str) -> None:
        body = self.hub.files.get((id_, name))
        if body is None:
            self.send(404, b"Entry not found", {"X-Error-Code": "EntryNotFound"})
        else:
            self.send(200, body, {"X-Repo-Commit": SHA}, "text/plain; charset=utf-8")

    def send(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        kind: str = "application/json; charset=utf-8",
    ) -> None:
        etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
        if status == 200 and self.headers.get("if-none-match") == etag:
            with self.hub.lock:
                self.hub.sent_304 += 1
            status, body = 304, b""
        self.send_response(status)
        for name, value in ({"Content-Type": kind, "ETag": etag} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    # Each commits one fault; True = then answer as usual.

    def fault_gated(self, path: str) -> bool:
        if path.startswith("/api/"):
            return True
        self.send(403, b'{"error": "gated"}', {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
        return False

    def fault_401(self, path: str) -> bool:
        self.send(401, b'{"error": "Invalid credentials in Authorization header"}')
        return False

    def fault_403(self, path: str) -> bool:
        self.send(403, b'{"error": "gated"}', {"X-Error-Code": "GatedRepo"})
        return False

    def fault_404(self, path: str) -> bool:
        self.send(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        return False

    def fault_429(self, path: str) -> bool:
        self.send(429, b'{"error": "slow down"}', {"Retry-After": "1"})
        return False

    def fault_429_long(self, path: str) -> bool:
        self.send(429, b"", {"Retry-After": "3600"})
        return False

    def fault_500(self, path: str) -> bool:
        self.send(500, b"<html>oops</html>", kind="text/html")
        return False

    def fault_silent(self, path: str) -> bool:
        time.sleep(2)
        self.close_connection = True
        return False

    def fault_drip(self, path: str) -> bool:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(40):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.05)
        self.close_connection = True
        return False

    def fault_drip_headers(self, path: str) -> bool:
        for byte in b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 30:
            self.connection.sendall(bytes([byte]))
            time.sleep(0.05)
        self.close_connection = True
        return False

    def fault_truncated(self, path: str) -> bool:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"id": "half')
        self.wfile.flush()
        self.close_connection = True
        return False

    def fault_reset(self, path: str) -> bool:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True
        return False

    def fault_html(self, path: str) -> bool:
        self.send(200, b"<html>sign in to the airport's network</html>", kind="text/html")
        return False

    def fault_list(self, path: str) -> bool:
        self.send(200, b"[1, 2]")
        return False

    def fault_deep(self, path: str) -> bool:
        self.send(200, b"[" * 100_000)
        return False

    def fault_huge(self, path: str) -> bool:
        self.send(200, b'{"id": "' + b"x" * (9 << 20) + b'"}')
        return False

    def fault_redirect(self, path: str) -> bool:
        if self.path.startswith("/moved"):
            return True
        self.send(307, b"", {"Location": f"/moved{self.path}"})
        return False

    def fault_loop(self, path: str) -> bool:
        self.send(307, b"", {"Location": self.path})
        return False

    def fault_slow(self, path: str) -> bool:
        time.sleep(self.hub.delay)
        return True


@contextmanager
def serving(hub: Hub) -> Any:
    """The hub on a free port of 127.0.0.1 while the block runs; `hub.url` says where."""

    class Bound(Handler):
        pass

    Bound.hub = hub

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 128

        def handle_error(self, *_: Any) -> None:
            return

    server = Server(("127.0.0.1", 0), Bound)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
