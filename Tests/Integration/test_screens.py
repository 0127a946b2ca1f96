"""What tmux shows of `frostline top` on a fixed snapshot, against the kept screens.

The console asks a small server of this test, so that every figure, name and age is the same in
each run. FROSTLINE_UPDATE_GOLDEN=1 rewrites the files; look at the difference before keeping it.
"""

import http.server
import json
import os
import shutil
import socketserver
import subprocess
import threading
import time
import unittest

import harness

GOLDEN = os.path.join(harness.ROOT, "Tests", "Golden", "screens")
SIZES = [(80, 24), (160, 50)]
VIEWS = [("1", "overview"), ("2", "racks"), ("4", "alarms")]


def read_snapshot():
    with open(os.path.join(GOLDEN, "snapshot.json"), "rb") as f:
        return json.dumps(json.load(f), ensure_ascii=False).encode()


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    snapshot = b""


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the snapshot, again and again: its clock stands still."""

    def do_GET(self):
        if self.path.startswith("/api/v1/snapshot"):
            self.answer(200, self.server.snapshot)
        elif self.path.startswith("/api/v1/events"):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            try:
                for _ in range(600):
                    self.wfile.write(b"event: snapshot\ndata: " + self.server.snapshot + b"\n\n")
                    self.wfile.flush()
                    time.sleep(0.1)
            except OSError:
                pass
        elif self.path.startswith("/api/v1/last"):
            self.answer(200, b"[]")
        else:
            self.answer(404, b"not here\n")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "console"

    def log_message(self, *arguments):
        pass


@unittest.skipUnless(shutil.which("tmux"), "skipped: tmux is not installed")
class Screens(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(harness.workspace())
        self.socket = os.path.join(self.folder, "api.sock")
        server = Server(self.socket, Handler)
        server.snapshot = read_snapshot()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(self.tmux, "kill-server", check=False)

    def tmux(self, *arguments, check=True):
        return subprocess.run(
            ["tmux", "-u", "-S", os.path.join(self.folder, "tmux"), "-f", "/dev/null", *arguments],
            capture_output=True, text=True, timeout=20, check=check,
            env=dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm-256color")).stdout

    def settled(self, name):
        """The screen once it has stayed the same for a second."""
        before, since = None, time.monotonic()
        end = since + 20
        while time.monotonic() < end:
            screen = self.tmux("capture-pane", "-p", "-t", name)
            if screen != before:
                before, since = screen, time.monotonic()
            elif "live" in screen and time.monotonic() - since > 1:
                return "\n".join(line.rstrip() for line in screen.split("\n")).rstrip("\n") + "\n"
            time.sleep(0.1)
        self.fail("the screen did not settle:\n%s" % before)

    def test_screens_as_kept(self):
        for width, height in SIZES:
            name = "s%d" % width
            self.tmux("new-session", "-d", "-s", name, "-x", str(width), "-y", str(height),
                      "TERM=screen-256color LC_ALL=C.UTF-8 %s top --socket %s" % (
                          harness.BINARY, self.socket))
            for key, view in VIEWS:
                harness.wait_for("a first screen",
                                 lambda: "live" in self.tmux("capture-pane", "-p", "-t", name), 15)
                self.tmux("send-keys", "-t", name, key)
                time.sleep(0.3)
                screen = self.settled(name)
                path = os.path.join(GOLDEN, "tmux-%dx%d-%s.txt" % (width, height, view))
                if os.environ.get("FROSTLINE_UPDATE_GOLDEN"):
                    with open(path, "w") as f:
                        f.write(screen)
                with open(path) as f:
                    self.assertEqual(screen, f.read(), path)


if __name__ == "__main__":
    harness.main()
