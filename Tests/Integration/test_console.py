"""`frostline top` in real terminals (tmux) and in an independent emulator (pyte)."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time
import unicodedata
import unittest

import harness

try:
    import pyte
except ImportError:
    pyte = None

TERMINALS = ["xterm-256color", "screen-256color", "linux", "vt100"]
SIZES = [(80, 24), (160, 50)]
RACKS = 8
# What each view shows, whatever the size.
PAGES = {"2": "inlet temperature", "3": "LATENCY", "4": "no active alarm", "5": "Power chain",
         "6": "自然冷空调", "7": "Energy and price", "8": "Site at a glance",
         "1": "Cost and climate"}


def columns(text):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Demo:
    """A demo whose socket stays where it is over restarts."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = os.path.join(folder, "frostline.sock")
        self.child = None

    def start(self):
        self.child = harness.Child(
            harness.BINARY, "demo", "--headless", "--racks", RACKS, "--history", "0d", "--dir",
            self.folder)
        harness.wait_for("all devices answer", self.answers, 40, self.child)

    def answers(self):
        done = harness.run("status", "--json", "--socket", self.socket)
        if done.returncode != 0:
            return False
        health = json.loads(done.stdout)["health"]
        return health["devicesAnswering"] == health["devicesTotal"]

    def kill(self):
        self.child.kill()


class Tmux:
    """A tmux server of our own, ended with all its sessions."""

    def __init__(self, folder):
        self.base = ["tmux", "-u", "-S", os.path.join(folder, "tmux"), "-f", "/dev/null"]

    def run(self, *arguments):
        return subprocess.run(
            [*self.base, *arguments], capture_output=True, text=True, timeout=20, check=True,
            env=dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm-256color")).stdout

    def end(self):
        subprocess.run([*self.base, "kill-server"], capture_output=True, timeout=20)

    def screen(self, name):
        return self.run("capture-pane", "-p", "-t", name)

    def keys(self, name, *keys):
        self.run("send-keys", "-t", name, *keys)


def setUpModule():
    global folder, demo
    context = harness.workspace()
    folder = unittest.enterModuleContext(context)
    demo = Demo(os.path.join(folder, "demo"))
    demo.start()
    unittest.addModuleCleanup(lambda: demo.kill())


@unittest.skipUnless(shutil.which("tmux"), "skipped: tmux is not installed")
class InTmux(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(harness.workspace())
        self.tmux = Tmux(self.folder)
        self.addCleanup(self.tmux.end)

    def open(self, name, terminal, width, height):
        """A session that notes the terminal's settings before and after the console."""
        before, after = (os.path.join(self.folder, name + x) for x in (".before", ".after"))
        script = ("stty -a >%s; TERM=%s LC_ALL=C.UTF-8 %s top --socket %s; code=$?; stty -a >%s; "
                  "echo ended with $code; exec sleep 300" % (
                      before, terminal, harness.BINARY, demo.socket, after))
        self.tmux.run("new-session", "-d", "-s", name, "-x", str(width), "-y", str(height),
                      "sh", "-c", script)

    def wait(self, name, text, seconds=15):
        try:
            harness.wait_for(text, lambda: text in self.tmux.screen(name), seconds)
        except AssertionError as error:
            raise AssertionError("%s: %s\n%s" % (name, error, self.tmux.screen(name)))

    def check_screen(self, name, width, height):
        lines = self.tmux.screen(name).split("\n")[:-1]
        self.assertEqual(len(lines), height)
        self.assertLessEqual(max(map(columns, lines)), width)
        self.assertIn("frostline", lines[0])
        self.assertIn("演示", lines[0])
        self.assertRegex(lines[0], r"\d\d:\d\d:\d\d")
        self.assertRegex(lines[1], r"PUE \d\.\d\d")
        self.assertIn("help", lines[-1])
        self.assertIn("quit", lines[-1])
        self.assertNotIn("\ufffd", "".join(lines))

    def check_settings(self, name):
        texts = []
        for ending in (".before", ".after"):
            with open(os.path.join(self.folder, name + ending)) as f:
                texts.append(re.sub(r"rows \d+; columns \d+;", "", f.read()))
        self.assertEqual(texts[0], texts[1], name)

    def test_every_terminal_and_size(self):
        sessions = {"%s-%d" % (terminal, width): (terminal, width, height)
                    for terminal in TERMINALS for width, height in SIZES}
        for name, (terminal, width, height) in sessions.items():
            self.open(name, terminal, width, height)
        for name, (_, width, height) in sessions.items():
            self.wait(name, "live")
            self.wait(name, "Cost and climate")
            self.check_screen(name, width, height)
        for key, text in PAGES.items():
            for name in sessions:
                self.tmux.keys(name, key)
            for name, (_, width, height) in sessions.items():
                self.wait(name, text)
                self.check_screen(name, width, height)
        self.check_help(sessions)
        # From small to large and back, with the view that needs most room.
        for name, (_, width, height) in sessions.items():
            self.tmux.keys(name, "2")
            other = SIZES[1] if (width, height) == SIZES[0] else SIZES[0]
            self.tmux.run("resize-window", "-t", name, "-x", str(other[0]), "-y", str(other[1]))
        time.sleep(1.5)
        for name, (_, width, height) in sessions.items():
            other = SIZES[1] if (width, height) == SIZES[0] else SIZES[0]
            self.wait(name, "%d racks" % RACKS)
            self.check_screen(name, *other)
        for name in sessions:
            self.tmux.keys(name, "q")
        for name in sessions:
            self.wait(name, "ended with 0")
            self.check_settings(name)
            flags = self.tmux.run("display-message", "-p", "-t", name,
                                  "#{cursor_flag} #{alternate_on} #{mouse_any_flag}")
            self.assertEqual(flags.strip(), "1 0 0", name)
        print("console: %d terminals, %d sizes, %d views each, resized, left as they were"
              % (len(TERMINALS), len(SIZES), len(PAGES)))

    def check_help(self, sessions):
        for name in sessions:
            self.tmux.keys(name, "?")
        for name in sessions:
            self.wait(name, "any key closes this")
            self.tmux.keys(name, "Escape")
        time.sleep(1)
        for name in sessions:
            self.assertNotIn("any key closes this", self.tmux.screen(name))

    def test_a_tiny_terminal_and_a_wild_typist_do_no_harm(self):
        self.open("tiny", "xterm-256color", 80, 24)
        self.wait("tiny", "live")
        for width, height in ((20, 5), (1, 1), (300, 90), (80, 24)):
            self.tmux.run("resize-window", "-t", "tiny", "-x", str(width), "-y", str(height))
            self.tmux.keys("tiny", *"2jjjlll3jjG", "Enter", "Escape", *"4j5GgG6", "Tab", "BTab",
                           "PPage", "NPage", "Home", "End", "F1", "F5", "x", "C-l", "/", "水",
                           "BSpace", "Escape", "1")
            time.sleep(0.5)
        self.wait("tiny", "live")
        self.tmux.keys("tiny", "Escape")
        time.sleep(0.5)
        self.tmux.keys("tiny", "C-c")
        self.wait("tiny", "ended with 0")
        self.check_settings("tiny")

    def test_without_a_terminal_it_says_so(self):
        done = subprocess.run([harness.BINARY, "top", "--socket", demo.socket],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("terminal", done.stderr)
        self.assertNotIn("\x1b", done.stdout)

    def test_the_connection_comes_back_after_a_restart(self):
        self.open("restart", "xterm-256color", 100, 30)
        self.wait("restart", "● live")
        demo.kill()
        harness.wait_for("the loss is shown",
                         lambda: "● live" not in self.tmux.screen("restart"), 20)
        lost = self.tmux.screen("restart")
        demo.start()
        self.wait("restart", "● live", 30)
        self.tmux.keys("restart", "q")
        self.wait("restart", "ended with 0")
        self.check_settings("restart")
        words = lost.split("\n")[0].split("+08:00")[-1].strip()
        print("console: without its daemon it shows `%s`, and is back after the restart" % words)

    def test_a_signal_restores_the_terminal(self):
        self.open("signal", "xterm-256color", 80, 24)
        self.wait("signal", "live")
        shell = int(self.tmux.run("display-message", "-p", "-t", "signal", "#{pane_pid}"))
        with open("/proc/%d/task/%d/children" % (shell, shell)) as f:
            os.kill(int(f.read().split()[0]), 15)
        self.wait("signal", "ended with")
        self.check_settings("signal")


@unittest.skipUnless(pyte, "skipped: pyte is not installed (make peers)")
class InPyte(unittest.TestCase):
    WIDTH, HEIGHT = 100, 30

    def setUp(self):
        self.screen = pyte.Screen(self.WIDTH, self.HEIGHT)
        self.stream = pyte.ByteStream(self.screen)
        self.bytes = 0
        pid, self.master = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
            time.sleep(0.2)  # until the size is set
            os.execv(harness.BINARY, [harness.BINARY, "top", "--socket", demo.socket])
        self.pid = pid
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", self.HEIGHT, self.WIDTH, 0, 0))
        self.addCleanup(self.end)

    def end(self):
        os.close(self.master)
        os.waitpid(self.pid, 0)

    def read(self, until, seconds=15):
        """Feeds the emulator until a text stands on its screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    data = os.read(self.master, 65536)
                except OSError:
                    return
                self.bytes += len(data)
                self.stream.feed(data)
            elif until and until in self.text():
                return
        self.assertIn(until, self.text())

    def text(self):
        return "\n".join(self.screen.display)

    def cell_of(self, row, text):
        """The cell in which a text begins; a wide character takes two cells, one of them empty."""
        cells = [self.screen.buffer[row][x].data for x in range(self.WIDTH)]
        return next((x for x in range(self.WIDTH)
                     if "".join(cells[x:]).startswith(text)), None)

    def test_chinese_names_are_aligned(self):
        self.read("live")
        os.write(self.master, b"6")
        self.read("自然冷空调")
        head = next(y for y in range(self.HEIGHT) if self.cell_of(y, "MODE") is not None)
        column = self.cell_of(head, "MODE")
        rows = [y for y in range(self.HEIGHT) if "自然冷空调" in self.screen.display[y]]
        self.assertGreaterEqual(len(rows), 6)
        for y in rows:
            cells = [self.screen.buffer[y][x].data for x in range(self.WIDTH)]
            self.assertNotEqual(cells[column].strip(), "", self.screen.display[y])
            self.assertEqual(cells[column - 1], " ", self.screen.display[y])
        for key, text in (("5", "Power chain"), ("3", "LATENCY"), ("2", "第1列"),
                          ("1", "Cost and climate")):
            os.write(self.master, key.encode())
            self.read(text)
            self.check_clock()
        os.write(self.master, b"q")
        self.read(None, 5)
        print("console: %d bytes drawn by pyte without a fault, Chinese names aligned"
              % self.bytes)

    def check_clock(self):
        """Behind the Chinese name in the first line the clock stands where it always does."""
        at = self.cell_of(0, "● live")
        self.assertEqual(at, self.WIDTH - 1 - len("● live"), self.screen.display[0])


if __name__ == "__main__":
    harness.main()
