"""What the integration tests share: the built program, free ports, children that always end."""

import atexit
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
SHARED = os.path.realpath(os.path.join(ROOT, "..", "shared"))
PEERS = os.path.join(ROOT, ".build", "peers", "bin")
BINARY = os.environ.get("FROSTLINE_BIN") or os.path.join(ROOT, ".build", "debug", "frostline")
# Whatever tree the program was built in, it reads the files of this one.
os.environ.setdefault("FROSTLINE_RESOURCES", ROOT)


def shared(*parts):
    """A path below ../shared, or a skip with one clear line."""
    path = os.path.join(SHARED, *parts)
    if not os.path.exists(path):
        raise unittest.SkipTest("skipped: %s beside the repository is absent" % "/".join(parts))
    return path


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_ports(count, kind=socket.SOCK_STREAM):
    sockets = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def run(*arguments, check=None, timeout=120, env=None):
    """Runs frostline to its end; `check` is the exit code that is expected."""
    done = subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
        env=dict(os.environ, **(env or {})), cwd=ROOT)
    if check is not None and done.returncode != check:
        raise AssertionError(
            "frostline %s: exit %d instead of %d\n%s%s"
            % (" ".join(map(str, arguments)), done.returncode, check, done.stdout, done.stderr))
    return done


def run_json(*arguments, **options):
    return json.loads(run(*arguments, "--json", check=0, **options).stdout)


class Connection(http.client.HTTPConnection):
    """To a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, query):
    """The status and the text of the API's answer; None where nobody answers."""
    with contextlib.closing(Connection(path)) as connection:
        try:
            connection.request("GET", query)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except OSError:
            return None


def ask_json(path, query):
    """What the API answers; None where it does not."""
    answer = ask(path, query)
    return json.loads(answer[1]) if answer and answer[0] == 200 else None


class Child:
    """A process of ours, ended by its id, its output kept in a file."""

    def __init__(self, *command, log=None, env=None):
        self.log_path = log or tempfile.mktemp(prefix="frostline-child-", suffix=".log")
        self.log = open(self.log_path, "wb")
        atexit.register(self.forget)
        self.process = subprocess.Popen(
            list(map(str, command)), stdout=self.log, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, env=dict(os.environ, **(env or {})), cwd=ROOT)

    def forget(self):
        self.log.close()
        with contextlib.suppress(OSError):
            os.remove(self.log_path)

    @property
    def running(self):
        return self.process.poll() is None

    def output(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def kill(self):
        if self.running:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)
        self.log.close()

    def stop(self, timeout=20):
        """SIGTERM, and the exit code."""
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
            raise AssertionError("did not end within %d s:\n%s" % (timeout, self.output()[-2000:]))
        finally:
            self.log.close()


def wait_for(what, condition, seconds=30, child=None):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        if child is not None and not child.running:
            raise AssertionError("%s: the process ended:\n%s" % (what, child.output()[-3000:]))
        time.sleep(0.1)
    raise AssertionError("%s: not within %d s%s" % (
        what, seconds, ":\n" + child.output()[-3000:] if child else ""))


@contextlib.contextmanager
def workspace():
    path = tempfile.mkdtemp(prefix="frostline-it-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def daemon(site_file, data, env=None):
    """`frostline serve` that answers on its socket."""
    sock = os.path.join(data, "frostline.sock")
    child = Child(BINARY, "serve", "--config", site_file, "--data", data, "--socket", sock,
                  env=env)
    try:
        wait_for("the daemon answers", lambda: ask_json(sock, "/api/v1/snapshot"), seconds=60,
                 child=child)
        child.socket = sock
        yield child
    finally:
        if child.running:
            child.stop()


def main():
    unittest.main(verbosity=2, module=sys.modules["__main__"])
