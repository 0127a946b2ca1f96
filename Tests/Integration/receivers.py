"""Receivers of alarms on loopback, for tests that decide themselves what one answers."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.parse


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps every POST; answers with `refusal` while `refusing` says how many more it refuses."""

    def __init__(self):
        self.refusing, self.refusal = 0, 500
        self.posts = []
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/alerts" % self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def of(self, status, **labels):
        """Notices that were answered so, newest last."""
        with self.lock:
            return [p for p in self.posts if p["status"] == status and all(
                p["body"]["alerts"][0]["labels"].get(k) == v for k, v in labels.items())]

    def alerts(self):
        """All that it took, also those of digests: the alarm's id and state."""
        with self.lock:
            labels = [a["labels"] for p in self.posts if p["status"] == 200
                      for a in p["body"]["alerts"]]
        return [("%(alertname)s:%(device)s/%(point)s" % each, each["ack_state"])
                for each in labels]

    def handle_error(self, request, client_address):
        pass  # the daemon is killed in the middle of requests

    def end(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            status = self.server.refusal if self.server.refusing > 0 else 200
            self.server.refusing -= 1
            self.server.posts.append({
                "status": status, "headers": dict(self.headers), "raw": body,
                "body": json.loads(body), "path": self.path, "time": time.monotonic()})
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Robot(http.server.ThreadingHTTPServer):
    """A robot of DingTalk, Feishu or WeCom on loopback: checks the signature by the maker's own
    description and always answers with status 200."""

    def __init__(self, kind, secret=None):
        self.kind, self.secret = kind, secret
        self.texts, self.codes, self.next, self.times = [], [], [], []
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), RobotHandler)
        port = self.server_address[1]
        self.url = "http://127.0.0.1:%d/robot/send?access_token=abc" % port
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def code(self, path, body):
        if self.secret:
            if self.kind == "dingtalk":
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)
                stamp, sign = query["timestamp"][0], query["sign"][0]
                if abs(time.time() * 1000 - int(stamp)) > 3600_000:
                    return 310000
                made = hmac.new(self.secret.encode(), ("%s\n%s" % (stamp, self.secret)).encode(),
                                hashlib.sha256).digest()
            else:
                stamp, sign = body["timestamp"], body["sign"]
                if abs(time.time() - int(stamp)) > 3600:
                    return 19021
                made = hmac.new(("%s\n%s" % (stamp, self.secret)).encode(), b"",
                                hashlib.sha256).digest()
            if base64.b64encode(made).decode() != sign:
                return 310000 if self.kind == "dingtalk" else 19021
        return self.next.pop(0) if self.next else 0

    def end(self):
        self.shutdown()
        self.server_close()


class RobotHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        robot = self.server
        with robot.lock:
            code = robot.code(self.path, body)
            robot.codes.append(code)
            robot.times.append(time.monotonic())
            if code == 0:
                text = body["content"]["text"] if robot.kind == "feishu" else \
                    body["text"]["content"]
                robot.texts.append(text)
        if robot.kind == "feishu":
            answer = {"code": code, "msg": "success" if code == 0 else "no"}
        else:
            answer = {"errcode": code, "errmsg": "ok" if code == 0 else "no"}
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass
