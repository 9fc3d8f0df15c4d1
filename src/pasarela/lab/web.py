"""The lab's web server: it tells everybody the address and port that they came from."""

from __future__ import annotations

import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv6Address

PORT = 80


class Handler(BaseHTTPRequestHandler):
    server_version = "lab"

    def do_GET(self) -> None:
        body = f"You come from {_plain(self.client_address[0])} port {self.client_address[1]}.\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing: nobody reads it."""


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


def _plain(address: str) -> str:
    """An IPv4 caller's address, not the form in which an IPv6 socket shows it."""
    return str(IPv6Address(address.partition("%")[0]).ipv4_mapped or address)


def main() -> None:
    server = Server(("::", PORT), Handler)
    print("ready", flush=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # let go of the starter's pipe
    server.serve_forever()


if __name__ == "__main__":
    main()
