"""A local HTTP receiver that remembers what it got and answers as it is told to by the path.

  /…            200 and {"received": n}
  /status/N     status N
  /busy/N/S     503 with Retry-After: S to the first N requests, then 200
  /slow/S       an answer after S seconds, or when the receiver stops
"""

import threading
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Received = namedtuple("Received", "method path headers body")


class Receiver:
    def __init__(self):
        self.requests, self.stopping = [], threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.request_queue_size = 128
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def keys(self):
        """The Idempotency-Keys seen, one a request."""
        with self._lock:
            return [request.headers.get("Idempotency-Key") for request in self.requests]

    def _remember(self, request):
        with self._lock:
            self.requests.append(request)
            return len(self.requests)

    def _handler(receiver):
        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                number = receiver._remember(Received(self.command, self.path, self.headers, body))
                parts, status, headers = self.path.strip("/").split("/"), 200, {}
                if parts[0] == "status":
                    status = int(parts[1])
                if parts[0] == "busy" and number <= int(parts[1]):
                    status, headers = 503, {"Retry-After": parts[2]}
                if parts[0] == "slow":
                    receiver.stopping.wait(float(parts[1]))
                said = b'{"received": %d}' % number
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(said)))
                    self.end_headers()
                    self.wfile.write(said)
                except OSError:
                    pass  # the caller has gone: it was killed or stopped, which is what many tests are about

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        return Handler
