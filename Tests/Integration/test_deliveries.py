"""Notices that wait while the daemon is told to read its site file again, and what people do with
those that nobody takes: `alarms show`, dead letters, the alarm of a receiver that fails."""

import json
import os
import signal
import time
import unittest

import harness
from devices import HOT, Probes
from receivers import Receiver

ID = "hot:probe-1/ambient.temperature"
OTHER = "hot:probe-2/ambient.temperature"
STAYS = "the old ones stay"
READ = "alarm rules are in force"


class Site(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(harness.workspace())
        self.probes = Probes()
        self.addCleanup(self.probes.stop)
        self.probes.celsius = {1: 20, 2: 20}
        self.path = os.path.join(self.folder, "site.yaml")
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)

    def receiver(self):
        made = Receiver()
        self.addCleanup(made.end)
        return made

    def write(self, extra):
        with open(self.path, "w") as f:
            f.write(self.probes.site([1, 2], extra=HOT + "    offDelay: 0s\n" + extra))

    def reload(self, daemon, says=READ):
        before = daemon.output().count(says)
        daemon.process.send_signal(signal.SIGHUP)
        harness.wait_for("the log says `%s`" % says,
                         lambda: daemon.output().count(says) > before, 30, daemon)

    def files(self):
        return ("--data", self.data, "--config", self.path, "--socket",
                os.path.join(self.data, "frostline.sock"))

    def outbox(self, *more):
        return harness.run_json("alarms", "outbox", *more, *self.files())

    def alarms(self, *more):
        return {a["id"]: a for a in harness.run_json(
            "alarms", "list", *more, "--socket", os.path.join(self.data, "frostline.sock"))}

    def raise_it(self, daemon, unit=1, identifier=ID):
        self.probes.celsius[unit] = 35
        harness.wait_for("the alarm", lambda: identifier in self.alarms("--all"), 20, daemon)

    def receipts(self, identifier=ID):
        text = harness.run("alarms", "receipts", identifier, "--json", "--data", self.data,
                           "--config", self.path, check=0).stdout
        return [json.loads(line) for line in text.splitlines()]


class Reading(Site):
    def test_what_waits_goes_to_the_new_address_in_order_and_a_broken_file_changes_nothing(self):
        hook = "hooks: [{name: ops, kind: webhook, url: \"%s\"}]\n"
        self.write(hook % ("http://127.0.0.1:%d/" % harness.free_port()))
        with harness.daemon(self.path, self.data) as daemon:
            self.raise_it(daemon)
            harness.run("alarms", "ack", ID, "--by", "李工", "--socket", daemon.socket, check=0)
            harness.wait_for("two wait for nobody", lambda: (lambda o: o["waiting"] == 2 and any(
                r["failures"] > 1 for r in o["receivers"]))(self.outbox()), 20, daemon)
            self.write("hooks: [{name: ops, kind: webhook, url: nonsense}]\n")
            self.reload(daemon, STAYS)
            self.assertIn("site.yaml:", daemon.output())
            self.assertIn("no `https://HOST/…`", daemon.output())
            with open(self.path, "w") as f:
                f.write("hooks: [")
            self.reload(daemon, STAYS)
            told = self.outbox()
            self.assertEqual((told["waiting"], told["dead"]), (2, 0))
            self.assertTrue(all(r["failures"] for r in told["receivers"]), told)
            moved = self.receiver()
            self.write(hook % moved.url)
            self.reload(daemon)
            harness.wait_for("both arrive", lambda: len(moved.of(200)) == 2, 20, daemon)
            harness.wait_for("nothing waits", lambda: self.outbox()["waiting"] == 0, 10, daemon)
            self.assertEqual(moved.alerts(), [(ID, "UNACK"), (ID, "ACKED")])
            self.assertEqual(self.outbox()["dead"], 0)
            # A broken file again: the receiver that works goes on to.
            self.write("hooks: [{name: ops, kind: telegraph}]\n")
            self.reload(daemon, STAYS)
            self.probes.celsius[1] = 20
            harness.wait_for("the end is told", lambda: len(moved.of(200)) == 3, 20, daemon)
        receipts = self.receipts()
        self.assertEqual([r["outcome"] for r in receipts], ["delivered"] * 3)
        self.assertGreater(receipts[0]["attempts"], 1)
        self.assertEqual(len({r["key"] for r in receipts}), 3)
        print("deliveries: 2 notices waited over 3 readings of the file, %d tries before the new "
              "address, each delivered once" % (receipts[0]["attempts"] - 1))

    def test_a_receiver_that_is_removed_leaves_dead_letters_an_alarm_and_a_way_out(self):
        ops = self.receiver()
        gone = "  - {name: gone, kind: webhook, url: \"http://127.0.0.1:%d/\"}\n" \
            % harness.free_port()
        hooks = "hooks:\n  - {name: ops, kind: webhook, url: \"%s\"}\n" % ops.url
        self.write(hooks + gone)
        with harness.daemon(self.path, self.data) as daemon:
            self.raise_it(daemon)
            harness.wait_for("it waits for the one that is gone", lambda: [
                n["receiver"] for n in self.outbox()["notices"]] == ["gone"], 20, daemon)
            self.write(hooks)
            self.reload(daemon)
            harness.wait_for("it is dead", lambda: self.outbox()["dead"] == 1, 20, daemon)
            dead = self.outbox("--dead")["notices"][0]
            self.assertEqual((dead["receiver"], dead["alarm"]), ("gone", ID))
            self.assertIn("removed from the site file", dead["reason"])
            failing = "delivery-failing:site/gone"
            harness.wait_for("the others are told", lambda: (failing, "UNACK") in ops.alerts(), 20,
                             daemon)
            self.assertEqual(self.alarms()[failing]["state"], "UNACK")
            self.assertIn("1 条通知未能送达", self.alarms()[failing]["valueText"])
            self.discard(daemon, dead["id"])
            harness.run("alarms", "ack", failing, "--by", "x", "--socket", daemon.socket, check=0)
        last = self.receipts()[-1]
        self.assertEqual((last["receiver"], last["outcome"], last["answer"]),
                         ("gone", "dropped", "thrown away by 王工"))

    def discard(self, daemon, number):
        def discard(*what):
            return harness.run("alarms", "outbox", "discard", *what, "--by", "王工", "--socket",
                               daemon.socket)
        wrong = discard(str(number + 1000))
        self.assertEqual(wrong.returncode, 1, wrong.stdout)
        self.assertIn("no such notice", wrong.stderr)
        self.assertEqual(discard().returncode, 2)
        self.assertEqual(discard("--all", "--receiver", "gone").returncode, 2)
        self.assertEqual(self.outbox()["dead"], 1)
        done = discard(str(number))
        self.assertEqual((done.returncode, done.stdout), (0, "thrown away by 王工\n"))
        self.assertEqual((self.outbox()["dead"], self.outbox("--dead")["notices"]), (0, []))
        # Of what waits nothing is thrown away so.
        self.assertEqual(discard("--all").returncode, 0)

    def test_an_escalation_under_way_goes_on_with_the_steps_and_people_that_it_has_now(self):
        ops, one, two = self.receiver(), self.receiver(), self.receiver()
        site = """hooks:
  - {name: ops, kind: webhook, url: "%s"}
  - {name: one, kind: webhook, url: "%s", onlyEscalated: true}
  - {name: two, kind: webhook, url: "%s", onlyEscalated: true}
people:
  - {name: zhang, hooks: [one]}
  - {name: li, hooks: [%%s]}
rotas:
  - {name: duty, people: [li], from: 2026-01-05 09:00}
escalations:
  - {name: all, priority: low, steps: [{after: 2s, tell: zhang}, {after: %%s, tell: duty}]}
""" % (ops.url, one.url, two.url)
        self.write(site % ("one", "1h"))
        with harness.daemon(self.path, self.data) as daemon:
            self.raise_it(daemon)
            harness.wait_for("the first step", lambda: one.of(200), 20, daemon)
            self.assertEqual(two.posts, [])
            # The next step comes sooner, and for somebody who has another receiver now.
            self.write(site % ("two", "4s"))
            self.reload(daemon)
            harness.wait_for("the second step", lambda: two.of(200), 20, daemon)
            harness.run("alarms", "ack", ID, "--by", "x", "--socket", daemon.socket, check=0)
            for receiver in (ops, one, two):
                harness.wait_for("all that were told hear of the answer", lambda: any(
                    state == "ACKED" for _, state in receiver.alerts()), 20, daemon)
            time.sleep(5)
        steps = [[p["body"]["alerts"][0]["annotations"].get("escalation_step") for p in r.of(200)]
                 for r in (ops, one, two)]
        self.assertEqual(steps, [[None, None], ["1", None], ["2", None]])

    def test_windows_that_come_and_go_with_the_file_hide_and_show(self):
        ops = self.receiver()
        hooks = "hooks: [{name: ops, kind: webhook, url: \"%s\"}]\n" % ops.url
        local = [time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 8 * 3600 + shift))
                 for shift in (-3600, 3600)]
        window = "maintenance:\n  - {name: works, devices: \"probe-*\", from: %s, to: %s, " \
            "reason: 检修, owner: li}\n" % tuple(local)
        self.write(hooks)
        with harness.daemon(self.path, self.data) as daemon:
            self.raise_it(daemon)
            harness.wait_for("it is told", lambda: len(ops.of(200)) == 1, 20, daemon)
            self.write(hooks + window)
            self.reload(daemon)
            harness.wait_for("it is hidden", lambda: self.alarms() == {}, 20, daemon)
            self.assertEqual(self.alarms("--all")[ID]["windows"], ["works"])
            self.raise_it(daemon, unit=2, identifier=OTHER)
            self.assertEqual(len(ops.of(200)), 1)
            self.write(hooks)
            self.reload(daemon)
            harness.wait_for("both are told", lambda: len(ops.of(200)) == 3, 20, daemon)
            harness.wait_for("both are shown", lambda: set(self.alarms()) == {ID, OTHER}, 20,
                             daemon)
        lines = [json.loads(line) for line in harness.run(
            "alarms", "history", "--json", "--data", self.data, "--config", self.path,
            check=0).stdout.splitlines()]
        self.assertEqual([r["input"] for r in lines if r["id"] == ID],
                         ["raise", "suppress", "unsuppress"])
        self.assertEqual([r.get("detail") for r in lines if r["id"] == ID],
                         [None, "维护窗口 works", "维护窗口 works 已结束"])


class Looking(Site):
    def show(self, *more, **options):
        return harness.run("alarms", "show", ID, *self.files(), *more, **options)

    def test_show_tells_of_one_alarm_all_that_is_known(self):
        ops, mail = self.receiver(), self.receiver()
        ops.refusing, ops.refusal = 1, 400
        self.write("""hooks:
  - {name: ops, kind: webhook, url: "%s"}
  - {name: mail, kind: webhook, url: "%s"}
  - {name: slow, kind: webhook, url: "http://127.0.0.1:%d/"}
""" % (ops.url, mail.url, harness.free_port()))
        with harness.daemon(self.path, self.data) as daemon:
            never = self.show()
            self.assertEqual(never.returncode, 1)
            self.assertIn("was never raised", never.stderr)
            self.raise_it(daemon)
            self.raise_it(daemon, unit=2, identifier=OTHER)
            harness.wait_for("one took it, one refused it, one does not answer", lambda: {
                "mail": "delivered", "ops": "dead"}.items() <= {
                r["receiver"]: r["outcome"] for r in self.receipts()}.items() and any(
                n["attempts"] for n in self.outbox()["notices"] if n["alarm"] == ID), 20, daemon)
            text = self.show(check=0).stdout
            lines = text.splitlines()
            self.assertTrue(lines[0].startswith(ID + "  high  UNACK  35"), text)
            for line in ("cause        冷通道送风不足", "consequence  服务器过温",
                         "do           检查空调"):
                self.assertIn(line, lines)
            self.assertEqual(sum("NORM → UNACK" in line for line in lines), 1, text)
            self.assertTrue(any("  mail  delivered  " in line for line in lines), text)
            self.assertTrue(any(line.startswith("given up ") and "  ops  active  " in line
                                and "400" in line for line in lines), text)
            self.assertTrue(any(line.startswith("waits  slow  active  ") for line in lines), text)
            self.assertNotIn("probe-2", text)
            harness.run("alarms", "ack", ID, "--by", "李工", "--comment", "去看了", "--socket",
                        daemon.socket, check=0)
            self.assertIn("acknowledged by 李工: 去看了", self.show(check=0).stdout)
        # Without the daemon: from the store, and in a form for programs.
        text = self.show(check=0).stdout
        self.assertNotIn("do           ", text)
        self.assertIn("UNACK → ACKED", text)
        found = json.loads(self.show("--json", check=0).stdout)
        self.assertEqual((found["id"], found["state"], found["priority"]), (ID, "ACKED", "high"))
        self.assertEqual([c["state"] for c in found["changes"]], ["UNACK", "ACKED"])
        self.assertIn(("ops", "dead"), [(r["receiver"], r["outcome"])
                                        for r in found["changes"][0]["receipts"]])
        self.assertIn("slow", {w["receiver"] for w in found["waiting"]})
        self.assertEqual(self.show("--from", "2099-01-01").returncode, 2)

    def test_receivers_that_refuse_everything_have_an_alarm_each_and_then_there_is_silence(self):
        ops, mail = self.receiver(), self.receiver()
        for receiver in (ops, mail):
            receiver.refusing, receiver.refusal = 10 ** 9, 400
        self.write("hooks:\n  - {name: ops, kind: webhook, url: \"%s\"}\n"
                   "  - {name: mail, kind: webhook, url: \"%s\"}\n" % (ops.url, mail.url))
        with harness.daemon(self.path, self.data) as daemon:
            self.raise_it(daemon)
            failing = {"delivery-failing:site/ops", "delivery-failing:site/mail"}
            harness.wait_for("both have an alarm", lambda: failing <= set(self.alarms()), 20,
                             daemon)
            harness.wait_for("four letters", lambda: self.outbox()["dead"] == 4, 20, daemon)
            time.sleep(5)
            # The alarm, and that of the other one; nobody is told of itself.
            for receiver, other in ((ops, "mail"), (mail, "ops")):
                told = [p["body"]["alerts"][0]["labels"] for p in receiver.of(400)]
                self.assertEqual([(t["alertname"], t["point"]) for t in told],
                                 [("hot", "ambient.temperature"), ("delivery-failing", other)])
            self.assertEqual(self.outbox()["dead"], 4)
            self.assertIn("4 dead", harness.run("alarms", "outbox", *self.files(), check=0).stdout)
            for receiver in (ops, mail):
                receiver.refusing = 0
            harness.run("alarms", "outbox", "retry", "--all", "--socket", daemon.socket, check=0)
            harness.wait_for("all are taken", lambda: len(ops.of(200)) == len(mail.of(200)) == 2,
                             20, daemon)
            harness.wait_for("none is dead", lambda: self.outbox()["dead"] == 0, 10, daemon)


if __name__ == "__main__":
    harness.main()
