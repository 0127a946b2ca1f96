"""One notice for one cause, and alarms that persons put aside: the demo, asked over its socket."""

import json
import os
import time
import unittest

import harness

RACKS = 10
ROOT_RULE = "path-lost"


class OneCause(unittest.TestCase):
    """Everything in one run of the demo: it has to live for a minute until the gateway is missed."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(harness.workspace())
        cls.data = os.path.join(cls.folder, "demo")
        cls.demo = harness.Child(
            harness.BINARY, "demo", "--headless", "--for", "600s", "--racks", RACKS,
            "--history", "0d", "--fault", "gateway-down", "--dir", cls.data)
        cls.addClassCleanup(cls.demo.kill)
        cls.socket = os.path.join(cls.data, "frostline.sock")

    def alarms(self, *arguments):
        return harness.run_json("alarms", "list", *arguments, "--socket", self.socket)

    def wait(self, what, seconds=150):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if os.path.exists(self.socket):
                found = harness.ask_json(self.socket, "/api/v1/snapshot")
                if found and what(found):
                    return found
            self.assertTrue(self.demo.running, self.demo.output()[-2000:])
            time.sleep(1)
        self.fail("not within %d s: %s" % (seconds, self.demo.output()[-2000:]))

    def act(self, *arguments, check=0):
        return harness.run("alarms", *arguments, "--socket", self.socket, check=check)

    def test_one_notice_and_what_persons_do_with_it(self):
        def is_explained(view):
            roots = [a for a in view["alarms"] if a["rule"] == ROOT_RULE]
            return roots and view["hiddenCounts"]["suppressed"] >= roots[0]["childrenCount"]

        view = self.wait(is_explained)
        roots = [a for a in view["alarms"] if a["rule"] == ROOT_RULE]
        self.assertEqual(len(roots), 1)
        root = roots[0]
        self.assertTrue(root["device"].startswith("gw-"), root)
        self.assertGreater(root["childrenCount"], 2)
        self.assertEqual(len(root["children"]), root["childrenCount"])
        self.assertEqual([a for a in view["alarms"] if a["rule"] == "device-silent"], [])
        hidden = [a for a in self.alarms("--all") if a.get("hiding")]
        self.assertEqual({a["causeID"] for a in hidden}, {root["id"]})
        self.assertEqual({a["device"] for a in hidden}, set(root["children"]))
        text = self.act("list").stdout
        self.assertIn("suppressed (%d by %s)" % (len(hidden), root["id"]), text)
        self.assertIn("speaks for %d devices" % root["childrenCount"], text)
        self.shelve(root)
        self.out_of_service(root)
        self.journal(root, hidden)

    def shelve(self, root):
        refused = self.act(
            "shelve", root["id"], "--for", "25h", "--reason", "x", check=2)
        self.assertIn("24h", refused.stderr)
        said = self.act(
            "shelve", root["id"], "--for", "2h", "--reason", "spare part is on its way",
            "--by", "li.wei")
        self.assertIn("li.wei", said.stdout)
        row = next(a for a in self.alarms("--all") if a["id"] == root["id"])
        self.assertEqual((row["hiding"], row["hiddenBy"], row["hiddenReason"]),
                         ("SHELVED", "li.wei", "spare part is on its way"))
        self.assertAlmostEqual(row["hiddenUntilMS"] / 1000, time.time() + 7200, delta=120)
        # Its devices are not hidden behind its back.
        shown = [a["id"] for a in self.alarms() if a["rule"] == ROOT_RULE]
        self.assertEqual(shown, [root["id"] + "/behind"])
        self.act("unshelve", "--point", root["device"])
        shown = [a["id"] for a in self.alarms() if a["rule"] == ROOT_RULE]
        self.assertEqual(shown, [root["id"]])

    def out_of_service(self, root):
        year = time.gmtime().tm_year + 1
        refused = self.act(
            "oos", root["id"], "--review", "%d-01-15" % year, "--approver", "li.wei",
            "--by", "li.wei", "--reason", "x", check=1)
        self.assertIn("second person", refused.stderr)
        self.act("oos", root["id"], "--review", "%d-01-15" % year, "--approver", "wang.fang",
                 "--by", "li.wei", "--reason", "gateway is replaced")
        row = next(a for a in self.alarms("--all") if a["id"] == root["id"])
        self.assertEqual((row["hiding"], row["approver"]), ("OUT_OF_SERVICE", "wang.fang"))
        self.act("ack", root["id"], check=1)
        self.act("return", root["id"])
        self.assertIn(root["id"], [a["id"] for a in self.alarms()])

    def journal(self, root, hidden):
        lines = [json.loads(x) for x in harness.run(
            "alarms", "history", "--json", "--data", self.data, check=0).stdout.splitlines()]
        mine = [x["input"] for x in lines if x["id"] == root["id"]]
        self.assertEqual(
            mine, ["raise", "shelve", "unshelve", "outOfService", "backInService"])
        for alarm in hidden:
            inputs = [x["input"] for x in lines if x["id"] == alarm["id"]]
            self.assertEqual(inputs[:2], ["suppress", "raise"], alarm["id"])


if __name__ == "__main__":
    unittest.main()
