"""Alarms at real receivers: Debian's Alertmanager, a mail server, syslog, snmptrapd, robots that
verify signatures and say no with status 200, programs; dead letters, receipts, escalation."""

import email
import email.header
import email.policy
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import unittest
import urllib.request

import harness
from devices import HOT, Probes
from receivers import Robot

ID = "hot:probe-1/ambient.temperature"


class SyslogSink:
    """Takes lines with octet counting, over TCP or TLS."""

    def __init__(self, context=None):
        self.lines, self.context = [], context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                with connection.makefile("rb") as stream:
                    while True:
                        digits = b""
                        while (byte := stream.read(1)) and byte != b" ":
                            digits += byte
                        if not digits:
                            break
                        self.lines.append(stream.read(int(digits)))
            except (OSError, ValueError) as problem:
                self.lines.append(b"BROKEN %r" % str(problem))
            finally:
                connection.close()

    def end(self):
        self.listener.close()


def certificate(folder):
    """For 127.0.0.1, signed by itself."""
    key, pem = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", pem,
         "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return pem, context


class Receivers(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(harness.workspace())
        self.probes = Probes()
        self.addCleanup(self.probes.stop)
        self.probes.celsius = {1: 20, 2: 20}
        self.path = os.path.join(self.folder, "site.yaml")
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        self.env = {}

    def site(self, extra):
        with open(self.path, "w") as f:
            f.write(self.probes.site([1, 2], extra=HOT + "    offDelay: 0s\n" + extra))

    def daemon(self):
        return harness.daemon(self.path, self.data, env=self.env)

    def try_hook(self, name):
        done = harness.run("alarms", "test-hook", name, "--config", self.path, env=self.env)
        return done

    def raise_acknowledge_and_end(self, daemon):
        self.probes.celsius[1] = 35
        harness.wait_for("the alarm", lambda: any(
            a["id"] == ID for a in harness.run_json("alarms", "list", "--socket", daemon.socket)),
            20, daemon)
        yield "active"
        harness.run("alarms", "ack", ID, "--by", "李工", "--comment", "去看了", "--socket",
                    daemon.socket, check=0)
        yield "acknowledged"
        self.probes.celsius[1] = 20
        yield "resolved"

    def receipts(self, identifier=ID):
        text = harness.run("alarms", "receipts", identifier, "--json", "--data", self.data,
                           "--config", self.path, env=self.env, check=0).stdout
        return [json.loads(line) for line in text.splitlines()]

    def outbox(self, *more):
        return harness.run_json("alarms", "outbox", *more, "--data", self.data, "--config",
                                self.path, "--socket", os.path.join(self.data, "frostline.sock"),
                                env=self.env)

    # MARK: Alertmanager

    def test_a_real_alertmanager_hears_active_acknowledged_and_resolved(self):
        binary = shutil.which("prometheus-alertmanager")
        if not binary:
            raise unittest.SkipTest("skipped: prometheus-alertmanager is not installed")
        port = harness.free_port()
        config = os.path.join(self.folder, "am.yml")
        with open(config, "w") as f:
            f.write("route: {receiver: none}\nreceivers: [{name: none}]\n")
        child = harness.Child(
            binary, "--config.file=" + config, "--storage.path=" + self.folder + "/am",
            "--web.listen-address=127.0.0.1:%d" % port, "--cluster.listen-address=")
        self.addCleanup(child.kill)

        def alerts():
            try:
                with urllib.request.urlopen(
                        "http://127.0.0.1:%d/api/v2/alerts" % port, timeout=5) as answer:
                    return json.load(answer)
            except OSError:
                return None
        harness.wait_for("Alertmanager", lambda: alerts() is not None, 30, child)
        self.site("hooks: [{name: prom, kind: alertmanager, url: \"http://127.0.0.1:%d\", "
                  "link: \"https://dcim.example/alarms\"}]\n" % port)
        self.assertIn("confirmed a test", self.try_hook("prom").stdout)
        with self.daemon() as daemon:
            steps = self.raise_acknowledge_and_end(daemon)
            next(steps)

            def hot():
                return [a for a in alerts() or [] if a["labels"]["alertname"] == "hot"]
            harness.wait_for("the alert", hot, 20, daemon)
            alert = hot()[0]
            self.assertEqual(alert["status"]["state"], "active")
            self.assertEqual(alert["labels"]["device"], "probe-1")
            self.assertEqual(alert["annotations"]["ack_state"], "UNACK")
            self.assertEqual(alert["generatorURL"],
                             "https://dcim.example/alarms#hot:probe-1/ambient.temperature")
            next(steps)
            harness.wait_for("the acknowledgement", lambda: hot() and hot()[0]["annotations"].get(
                "acknowledged_by") == "李工", 20, daemon)
            self.assertEqual(hot()[0]["annotations"]["ack_state"], "ACKED")
            self.assertEqual(len(hot()), 1)
            next(steps)
            harness.wait_for("its end", lambda: not hot(), 20, daemon)
            harness.wait_for("receipts", lambda: len(self.receipts()) == 3, 10, daemon)
        receipts = self.receipts()
        self.assertEqual([r["outcome"] for r in receipts], ["delivered"] * 3)
        self.assertTrue(all(r["answer"].startswith("HTTP 200") for r in receipts), receipts)
        print("receivers: Alertmanager heard active, acknowledged and resolved")

    # MARK: Mail

    def test_a_mail_server_over_tls_with_a_password_hears_active_acknowledged_and_resolved(self):
        try:
            import aiosmtpd.controller
            import aiosmtpd.smtp
        except ImportError:
            raise unittest.SkipTest("skipped: aiosmtpd is not installed")
        pem, context = certificate(self.folder)
        mails, refusals = [], ["451 4.7.1 come back later"]

        class Keep:
            async def handle_DATA(self, server, session, envelope):
                if refusals:
                    return refusals.pop(0)
                mails.append((envelope, email.message_from_bytes(
                    envelope.content, policy=email.policy.default)))
                return "250 2.0.0 queued as %d" % len(mails)

        def check(server, session, envelope, mechanism, data):
            good = data.login == b"dcim" and data.password == b"geheim"
            return aiosmtpd.smtp.AuthResult(success=good)
        controller = aiosmtpd.controller.Controller(
            Keep(), hostname="127.0.0.1", port=harness.free_port(), tls_context=context,
            require_starttls=True, authenticator=check, auth_required=True)
        controller.start()
        self.addCleanup(controller.stop)
        self.env = {"MAIL": "geheim"}
        self.site("""hooks:
  - {name: mail, kind: smtp, server: "127.0.0.1:%d", user: dcim, password: "${env:MAIL}",
     from: dcim@site.example, to: [duty@site.example, boss@site.example], authority: %s,
     language: zh}
""" % (controller.port, pem))
        with self.daemon() as daemon:
            for count, _ in enumerate(self.raise_acknowledge_and_end(daemon), 1):
                harness.wait_for("mail %d" % count, lambda: len(mails) >= count, 20, daemon)
        subjects = [str(m["Subject"]) for _, m in mails]
        self.assertEqual(len(mails), 3, subjects)
        for word, subject in zip(("告警", "已确认", "已结束"), subjects):
            self.assertIn("hot " + word, subject)
        self.assertEqual(mails[0][0].rcpt_tos, ["duty@site.example", "boss@site.example"])
        body = mails[1][1].get_content()
        self.assertIn("李工", body)
        self.assertIn("去看了", body)
        self.assertEqual(len({m["Message-ID"] for _, m in mails}), 3)
        self.assertEqual(len({m["References"] for _, m in mails}), 1)
        first = self.receipts()[0]
        self.assertEqual(first["attempts"], 2)
        self.assertIn("queued as 1", first["answer"])
        self.env["MAIL"] = "wrong"
        done = self.try_hook("mail")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertNotIn("wrong", done.stderr)
        print("receivers: the mail server took %s" % subjects)

    # MARK: Syslog, SNMP, programs

    def test_syslog_over_tcp_and_tls_gets_whole_lines(self):
        pem, context = certificate(self.folder)
        plain, secure = SyslogSink(), SyslogSink(context)
        self.addCleanup(plain.end)
        self.addCleanup(secure.end)
        self.site("""hooks:
  - {name: plain, kind: syslog, server: "127.0.0.1:%d", security: none}
  - {name: secure, kind: syslog, server: "127.0.0.1:%d", authority: %s}
  - {name: stranger, kind: syslog, server: "127.0.0.1:%d"}
""" % (plain.port, secure.port, pem, secure.port))
        with self.daemon() as daemon:
            for count, _ in enumerate(self.raise_acknowledge_and_end(daemon), 1):
                for sink in (plain, secure):
                    harness.wait_for("line %d" % count, lambda: len(
                        [l for l in sink.lines if l.startswith(b"<")]) >= count, 20, daemon)
            harness.wait_for("the stranger fails", lambda: any(
                lane["failures"] for lane in self.outbox()["receivers"] or []), 10, daemon)
            lane = next(l for l in self.outbox()["receivers"] if l["failures"])
            self.assertEqual(lane["receiver"], "stranger")
            self.assertIn("tls", lane["lastError"])
        for sink in (plain, secure):
            lines = [l for l in sink.lines if l.startswith(b"<")]
            self.assertTrue(lines[0].startswith(b"<131>1 20"), lines[0])
            self.assertIn(b'id="hot:probe-1/ambient.temperature"', lines[0])
            self.assertIn(b"\xef\xbb\xbf[HIGH]", lines[0])
            self.assertIn('by="李工"'.encode(), lines[1])
            self.assertTrue(lines[2].startswith(b"<133>1 "), lines[2])
        print("receivers: syslog took 3 lines over TCP and 3 over TLS; an unknown authority none")

    def test_snmptrapd_answers_informs_of_version_2c_and_3(self):
        binary = shutil.which("snmptrapd", path="/usr/sbin:/usr/bin:/sbin")
        if not binary:
            raise unittest.SkipTest("skipped: snmptrapd is not installed")
        port = harness.free_port(socket.SOCK_DGRAM)
        config, log = os.path.join(self.folder, "snmptrapd.conf"), self.folder + "/traps.log"
        with open(config, "w") as f:
            f.write("authCommunity log public\ncreateUser nms SHA-256 \"passphrase1\" AES "
                    "\"passphrase2\"\nauthUser log nms priv\n")
        child = harness.Child(
            binary, "-f", "-C", "-c", config, "-Lf", log, "-On", "-p", self.folder + "/pid",
            "udp:127.0.0.1:%d" % port, env={"SNMP_PERSISTENT_DIR": self.folder, "MIBS": ""})
        self.addCleanup(child.kill)
        harness.wait_for("snmptrapd", lambda: os.path.exists(log) and "NET-SNMP" in open(
            log, errors="replace").read(), 20, child)
        self.env = {"ONE": "passphrase1", "TWO": "passphrase2"}
        self.site("""credentials:
  old: {version: 2c, community: public}
  new: {version: 3, user: nms, auth: SHA-256, authPassphrase: "${env:ONE}", privacy: AES,
        privacyPassphrase: "${env:TWO}"}
hooks:
  - {name: v2, kind: inform, server: "127.0.0.1:%d", credentials: old}
  - {name: v3, kind: inform, server: "127.0.0.1:%d", credentials: new}
""" % (port, port))
        for name in ("v2", "v3"):
            done = self.try_hook(name)
            self.assertEqual(done.returncode, 0, done.stderr)

        def text():
            return open(log, errors="replace").read()
        harness.wait_for("both tests", lambda: text().count(".32473.77.0.2") == 2, 10)
        with self.daemon() as daemon:
            next(self.raise_acknowledge_and_end(daemon))
            harness.wait_for("both informs", lambda: text().count(".32473.77.0.1") == 2, 20,
                             daemon)
            harness.wait_for("receipts", lambda: len(self.receipts()) == 2, 10, daemon)
        self.assertIn("hot:probe-1/ambient.temperature", text())
        self.assertEqual({r["answer"] for r in self.receipts()}, {"the manager has answered"})
        child.kill()
        done = self.try_hook("v2")
        self.assertEqual(done.returncode, 3, done.stdout)
        print("receivers: snmptrapd answered informs of 2c and 3, and a dead one is no delivery")

    def test_a_program_gets_the_notice_and_its_refusal_is_told(self):
        out = os.path.join(self.folder, "out")
        script = os.path.join(self.folder, "bell")
        with open(script, "w") as f:
            f.write("#!/bin/sh\ncat >> %s\necho >> %s\necho \"rang for $FROSTLINE_ALARM\"\n"
                    % (out, out))
        os.chmod(script, 0o755)
        self.site("hooks: [{name: bell, kind: exec, command: [%s, \"$(id)\"]}]\n" % script)
        with self.daemon() as daemon:
            next(self.raise_acknowledge_and_end(daemon))
            harness.wait_for("the bell", lambda: self.receipts(), 20, daemon)
        self.assertEqual(self.receipts()[0]["answer"], "exit 0: rang for " + ID)
        document = json.loads(open(out).read().splitlines()[0])
        self.assertEqual(document["notices"][0]["device"], "probe-1")

    # MARK: Robots

    def test_robots_verify_signatures_and_an_error_with_status_200_is_no_delivery(self):
        ding, fei, wecom = Robot("dingtalk", "SECabc"), Robot("feishu", "SECdef"), Robot("wecom")
        for robot in (ding, fei, wecom):
            self.addCleanup(robot.end)
        # Wrong once, with 200: it comes again. Never to be taken: a dead letter.
        ding.next, wecom.next = [300001], [45002]
        self.env = {"DING": ding.url, "FEI": fei.url, "WE": wecom.url, "S1": "SECabc",
                    "S2": "SECdef", "BAD": "SECxyz"}
        self.site("""hooks:
  - {name: ding, kind: dingtalk, url: "${env:DING}", signing: "${env:S1}"}
  - {name: fei, kind: feishu, url: "${env:FEI}", signing: "${env:S2}"}
  - {name: we, kind: wecom, url: "${env:WE}"}
""")
        with self.daemon() as daemon:
            steps = self.raise_acknowledge_and_end(daemon)
            next(steps)
            harness.wait_for("DingTalk's second try", lambda: ding.texts, 20, daemon)
            harness.wait_for("Feishu", lambda: fei.texts, 20, daemon)
            harness.wait_for("WeCom's refusal", lambda: wecom.codes, 20, daemon)
            harness.wait_for("a dead letter", lambda: self.outbox()["dead"] == 1, 10, daemon)
            dead = self.outbox("--dead")["notices"][0]
            self.assertEqual((dead["receiver"], dead["alarm"]), ("we", ID))
            self.assertIn("45002", dead["reason"])
            harness.run("alarms", "outbox", "retry", str(dead["id"]), "--socket", daemon.socket,
                        check=0)
            harness.wait_for("the dead letter after all", lambda: wecom.texts, 20, daemon)
            done = harness.run("alarms", "outbox", "retry", "999999", "--socket", daemon.socket)
            self.assertEqual(done.returncode, 1, done.stderr)
            harness.wait_for("nothing waits", lambda: (lambda o: o["waiting"] + o["dead"])(
                self.outbox()) == 0, 10, daemon)
        self.assertEqual(ding.codes[:2], [300001, 0])
        self.assertIn("hot 告警", ding.texts[0])
        self.assertIn("处置：检查空调", fei.texts[0])
        outcomes = {(r["receiver"], r["outcome"]) for r in self.receipts()}
        self.assertEqual(outcomes, {("ding", "delivered"), ("fei", "delivered"), ("we", "dead"),
                                    ("we", "delivered")})
        self.assertNotIn("access_token", daemon.output())
        self.env["S1"] = self.env["BAD"]
        done = self.try_hook("ding")
        self.assertEqual(done.returncode, 3)
        self.assertIn("clock", done.stderr)
        print("receivers: robots verified %d signed messages; codes %s"
              % (len(ding.texts) + len(fei.texts), ding.codes))

    # MARK: People

    def test_nobody_acknowledges_then_the_person_on_call_is_told_until_somebody_does(self):
        ops, duty = Robot("wecom"), Robot("wecom")
        self.addCleanup(ops.end)
        self.addCleanup(duty.end)
        self.env = {"OPS": ops.url, "DUTY": duty.url}
        self.site("""hooks:
  - {name: ops, kind: wecom, url: "${env:OPS}"}
  - {name: duty-phone, kind: wecom, url: "${env:DUTY}", onlyEscalated: true}
people:
  - {name: zhang, displayName: 张工, hooks: [duty-phone]}
rotas:
  - {name: duty, people: [zhang], from: 2026-01-05 09:00}
escalations:
  - {name: all, priority: low, steps: [{after: 3s, tell: duty}]}
""")
        rows = harness.run_json("alarms", "oncall", "--config", self.path, env=self.env)
        self.assertEqual([(r["rota"], r["person"], r["hooks"]) for r in rows],
                         [("duty", "zhang", ["duty-phone"])])
        with self.daemon() as daemon:
            steps = self.raise_acknowledge_and_end(daemon)
            next(steps)
            harness.wait_for("the first receiver", lambda: ops.texts, 20, daemon)
            self.assertEqual(duty.texts, [])
            harness.wait_for("the person on call", lambda: duty.texts, 20, daemon)
            self.assertIn("升级", duty.texts[0])
            next(steps)
            harness.wait_for("the acknowledgement", lambda: len(duty.texts) == 2, 20, daemon)
            next(steps)
            harness.wait_for("its end", lambda: any("已结束" in t for t in ops.texts), 20, daemon)
            time.sleep(4)
        self.assertIn("已确认", duty.texts[1])
        self.assertEqual(sum("升级" in t for t in duty.texts), 1)
        print("receivers: escalated once, acknowledged, silent after")

    def test_a_receiver_that_is_gone_from_the_site_file_leaves_dead_letters(self):
        self.env = {"GONE": "http://127.0.0.1:%d/" % harness.free_port()}
        self.site("hooks: [{name: gone, kind: webhook, url: \"${env:GONE}\"}]\n")
        with self.daemon() as daemon:
            next(self.raise_acknowledge_and_end(daemon))
            harness.wait_for("it waits", lambda: self.outbox()["waiting"] == 1, 20, daemon)
            daemon.kill()
        self.site("")
        with self.daemon() as daemon:
            harness.wait_for("it is dead", lambda: self.outbox()["dead"] == 1, 20, daemon)
            self.assertIn("removed from the site file", self.outbox("--dead")["notices"][0]["reason"])

    def test_a_notice_leaves_with_the_commit_and_not_with_a_tick(self):
        robot = Robot("feishu")
        self.addCleanup(robot.end)
        self.env = {"FEI": robot.url}
        self.site("hooks: [{name: fei, kind: feishu, url: \"${env:FEI}\"}]\n")
        with self.daemon() as daemon:
            for count in range(4):  # more would be chattering
                self.probes.celsius[1] = 35 if count % 2 == 0 else 20
                harness.wait_for("notice %d" % count, lambda: len(self.receipts()) > count, 20,
                                 daemon)
        seconds = sorted(r["seconds"] for r in self.receipts())
        self.assertLess(seconds[-1], 5)
        print("receivers: from reading to answer of 4 notices: the second %.3f s, the longest %.3f s"
              % (seconds[1], seconds[-1]))

    def test_the_heartbeat_beats_while_the_collector_is_well(self):
        beats = []

        class Watch(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                beats.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments):
                pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Watch)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.env = {"WATCH": "http://127.0.0.1:%d/" % server.server_address[1]}
        self.site("heartbeat: {url: \"${env:WATCH}\", every: 5s}\n")
        with self.daemon() as daemon:
            harness.wait_for("two beats", lambda: len(beats) >= 2, 30, daemon)
            daemon.kill()
        count = len(beats)
        time.sleep(6)
        self.assertEqual(len(beats), count)
        self.assertEqual((beats[0]["site"], beats[0]["alive"]), ("probes", True))


if __name__ == "__main__":
    harness.main()
