"""The money commands on a month whose every fen is known."""
import datetime
import hashlib
import json
import os
import unittest

import harness

SITE = os.path.join(harness.ROOT, "Examples", "direct-trading", "site.yaml")
VECTOR = os.path.join(harness.ROOT, "..", "shared", "energy", "vectors", "08_bill_month.json")


def bill(*arguments, check=0):
    return harness.run("energy", "bill", "--month", "2026-11", "--config", SITE, *arguments,
                       check=check)


class Bill(unittest.TestCase):
    def test_the_worked_month_to_the_last_fen(self):
        answer = json.loads(bill("--json").stdout)
        self.assertTrue(answer["complete"])
        self.assertEqual(answer["total"], "3142770.22")
        self.assertEqual(answer["averages"]["allIn"], "0.480308")
        self.assertEqual(answer["blocks"]["market"], "1942783.04")
        self.assertEqual(len(answer["days"]), 30)
        if not os.path.exists(VECTOR):
            print("energy: no vectors beside the repository", end=" ")
            return
        with open(VECTOR, encoding="utf-8") as f:
            vector = json.load(f)
        names = {"ann": "年度合约电费", "mon": "月度合约电费", "da": "日前电费", "rt": "实时电费"}
        for day, expected in zip(answer["days"], vector["daily"]):
            for key, name in names.items():
                self.assertEqual(day["fees"][name], expected[key], day["day"])
        lines = {line["name"]: line["amount"] for line in answer["lines"]}
        for part in vector["lines"]["system_operation"] + vector["lines"]["funds"]:
            self.assertEqual(lines[part["name"]], part["fee"])
        for block, key in (("market", "market_energy"), ("green", "green_env"), ("loss", "loss"),
                           ("transmission", "td_energy"), ("basic", "basic"),
                           ("power-factor", "pf_adj")):
            self.assertEqual(answer["blocks"][block], vector["lines"][key])
        self.assertEqual(answer["total"], vector["lines"]["total"])

    def test_the_utilitys_bill_agrees_and_another_does_not(self):
        path = os.path.join(os.path.dirname(SITE), "settlement", "bill-2026-11.csv")
        self.assertIn("agrees", bill("--reconcile", path).stdout)
        with harness.workspace() as folder:
            with open(path, encoding="utf-8") as f:
                text = f.read()
            other = os.path.join(folder, "other.csv")
            with open(other, "w", encoding="utf-8") as f:
                f.write(text.replace("284400.00", "270180.00"))
            answer = json.loads(bill("--reconcile", other, "--json", check=1).stdout)
            self.assertFalse(answer["agrees"])
            wrong = [line["name"] for line in answer["lines"] if line["verdict"] != "agrees"]
            self.assertEqual(wrong, ["容(需)量电费"])

    def test_a_sheet_with_mistakes_is_told_all_of_them(self):
        folder = os.path.join(os.path.dirname(SITE), "settlement")
        with harness.workspace() as place:
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    text = f.read()
                if name.startswith("metered"):
                    text = text.replace("2026-11-03,00:30", "2026-11-03,00:35")
                if name == "2026-11.yaml":
                    text = text.replace("loss:", "los:")
                with open(os.path.join(place, name), "w", encoding="utf-8") as f:
                    f.write(text)
            done = bill("--sheet", os.path.join(place, "2026-11.yaml"), check=2)
            self.assertIn("has no key `los`", done.stderr)
            self.assertIn("metered-2026-11.csv:195:12: `00:35` labels no 15min", done.stderr)


class Unknown(unittest.TestCase):
    def test_a_bill_of_sheets_is_explained_without_a_store(self):
        with harness.workspace() as folder:
            done = harness.run("explain", "energy.bill.total@2026-11", "--config", SITE, "--depth",
                               "3", "--data", os.path.join(folder, "none"), "--json", check=0)
        self.assertEqual(json.loads(done.stdout)["value"], "3142770.22")

    def test_a_month_that_has_not_begun_is_refused(self):
        for command in (["energy", "pue"], ["energy", "balance"], ["report", "draft"]):
            done = harness.run(*command, "--month", "2199-01", "--config", SITE)
            self.assertEqual(done.returncode, 2, (command, done.stdout, done.stderr))


class Cooling(unittest.TestCase):
    """The demo's third unit stands in manual mode from Tuesday to Wednesday: eight days have one."""

    CHINA = datetime.timezone(datetime.timedelta(hours=8))
    DAYS = 9

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(harness.workspace())
        cls.data = os.path.join(cls.folder, "demo")
        harness.run(
            "demo", "--headless", "--for", "2s", "--racks", "2", "--history", "%dd" % cls.DAYS,
            "--dir", cls.data, "--json", check=0, timeout=600)
        now = datetime.datetime.now(cls.CHINA)
        start = now - datetime.timedelta(days=cls.DAYS)
        cls.months = sorted({now.strftime("%Y-%m"), start.strftime("%Y-%m")})
        cls.answers = {}
        for month in cls.months:
            cls.answers[month] = json.loads(cls.ask("cooling", "--month", month, "--json"))

    @classmethod
    def ask(cls, *arguments):
        return harness.run("energy", *arguments, "--data", cls.data, check=0).stdout

    def explain(self, id, *arguments, check=0):
        done = harness.run("explain", id, "--data", self.data, *arguments, check=check)
        return done.stdout if check else json.loads(done.stdout)

    def test_measured_possible_and_missed_hours_and_yuan(self):
        total = 0
        for month, answer in self.answers.items():
            known = sum(float(h) for u in answer["units"] for m, h in u["measured"].items()
                        if m != "UNKNOWN")
            hours = answer["coverage"]["quarterHours"] / 4
            self.assertAlmostEqual(
                known, answer["coverage"]["measured"] * hours * len(answer["units"]), delta=1)
            for unit in answer["units"]:
                self.assertEqual(unit["economiser"], "dryBulb")
                spans = sum(float(h) for h in unit["measured"].values())
                self.assertAlmostEqual(spans, hours, delta=0.06)
                self.assertLessEqual(float(unit["missed"]["hours"]),
                                     min(float(unit["measured"]["MECH"]) + 0.25,
                                         float(unit["potentialHours"] or 0)))
                if unit["name"] != "crac-03":
                    self.assertEqual(unit["missed"]["hours"], "0.00", unit)
            missed = answer["site"]["missed"]
            # Of a day without any reading nothing is known.
            days = sum(float(d["missed"].get("yuan", 0)) for d in answer["days"])
            self.assertAlmostEqual(days, float(missed["yuan"]), delta=0.01 * len(answer["days"]))
            self.assertLessEqual({c["cause"] for c in answer["causes"]}, {"manual"})
            total += float(missed["hours"])
        now = datetime.datetime.now(self.CHINA)
        if now.month in (11, 12, 1, 2, 3):
            self.assertGreater(total, 10)
        print("energy: %.2f h of free cooling missed" % total, end=" ")

    def cold(self):
        """The answer of a month in which something was missed."""
        for answer in self.answers.values():
            if float(answer["site"]["missed"]["yuan"]) > 0:
                return answer
        self.skipTest("skipped: too warm outdoors for free cooling on the days of the demo")

    def test_the_missed_amount_leads_to_its_intervals_and_to_readings(self):
        answer = self.cold()
        missed = answer["site"]["missed"]
        tree = self.explain(missed["id"], "--depth", "4", "--breadth", "400", "--json")
        self.assertEqual((tree["value"], tree["check"]), (missed["yuan"], "agrees"))
        unit = tree["inputs"][0]["explanation"]
        run = unit["inputs"][0]["explanation"]
        self.assertEqual(run["check"], "agrees")
        quarter = run["inputs"][0]["explanation"]
        self.assertEqual(quarter["check"], "agrees")
        energy, price = (i["explanation"] for i in quarter["inputs"][:2])
        self.assertAlmostEqual(
            float(energy["value"]) * float(price["value"]), float(quarter["value"]), places=9)
        power = next(i for i in energy["inputs"] if i["name"] == "power")
        mean = self.explain(power["id"], "--depth", "2", "--json")
        self.assertEqual(mean["check"], "agrees")
        readings = [i["explanation"] for i in mean["inputs"]]
        self.assertGreaterEqual(len(readings), 3)
        self.assertEqual(mean["inputs"][0]["id"].split("@")[0], "reading:meter-crac-03/input.power")
        self.assertIn("stored", readings[0]["inputs"][0]["quality"])
        # The store itself says the same.
        stored = float(readings[0]["inputs"][0]["value"])
        self.assertAlmostEqual(stored / 1000, float(mean["inputs"][0]["value"]), places=6)

    def test_each_printed_figure_is_explained_with_the_same_value(self):
        answer = list(self.answers.values())[-1]
        month = answer["month"]
        pairs = [(answer["site"]["equivalentID"], answer["site"]["equivalentHours"])]
        unit = answer["units"][2]
        for mode, hours in unit["measured"].items():
            pairs.append((unit["ids"][mode], hours))
        pairs += [(unit["missed"]["id"], unit["missed"]["yuan"]),
                  (unit["ids"]["missedEnergy"], unit["missed"]["kilowattHours"])]
        pairs += [(r["missed"]["id"], r["missed"]["yuan"]) for r in answer["runs"][:2]]
        pue = json.loads(self.ask("pue", "--month", month, "--json"))
        pairs.append(("energy.pue@" + month, pue["pue"]))
        done = harness.run("energy", "bill", "--month", month, "--data", self.data, "--json")
        bill = json.loads(done.stdout)
        pairs.append(("energy.bill.total@" + month, bill["total"]))
        pairs.append(("energy.bill.average.all-in@" + month, bill["averages"]["allIn"]))
        for id, value in pairs:
            told = self.explain(id, "--json", "--depth", "0")
            self.assertEqual(float(told["value"]), float(value), id)
            self.assertNotEqual(told.get("check"), "differs", told)
        tree = self.explain("energy.pue@" + month, "--depth", "3", "--breadth", "40", "--json")
        day = tree["inputs"][0]["explanation"]["inputs"][0]["explanation"]
        quarter = day["inputs"][-1]["explanation"]
        self.assertEqual([tree["check"], day["check"], quarter["check"]], ["agrees"] * 3)
        meter = self.explain(quarter["inputs"][0]["id"], "--json", "--depth", "1")
        self.assertGreaterEqual(len(meter["inputs"]), 2)
        self.assertIn("register at", meter["inputs"][0]["name"])

    def test_the_month_is_foretold_with_its_error(self):
        month = datetime.datetime.now(self.CHINA).strftime("%Y-%m")
        answer = json.loads(self.ask("forecast", "--json"))
        self.assertEqual(answer["month"], month)
        figures = {f["id"].split("@")[0].split(".", 2)[2]: f.get("value")
                   for f in answer["figures"]}
        self.assertAlmostEqual(float(figures["metered"]) + float(figures["rest"]),
                               float(figures["energy"]), places=3)
        self.assertAlmostEqual(float(figures["price"]) - 0.35, float(figures["to-target"]), places=6)
        self.assertIsNone(figures["to-contract"])
        self.assertLess(answer["backtest"]["meanAbsoluteErrorPercent"], 25)
        self.assertGreater(answer["backtest"]["starts"], 0)
        for figure in answer["figures"]:
            if "value" in figure:
                told = self.explain(figure["id"], "--json", "--depth", "0")
                self.assertEqual(told["value"], figure["value"], figure)
                self.assertNotEqual(told.get("check"), "differs", told)

    def test_report_and_command_count_the_same_free_cooling(self):
        month, answer = self.months[-1], self.answers[self.months[-1]]
        out = os.path.join(self.folder, "report")
        with open(os.path.join(self.data, "site.yaml"), encoding="utf-8") as f:
            subsidiary = f.read().split("subsidiaries:")[1].split("name: ")[1].split("\n")[0]
        done = harness.run("report", "draft", "--month", month, "--subsidiary", subsidiary,
                           "--data", self.data, "-o", out, "--json", check=0)
        figure = next(f for f in json.loads(done.stdout)["figures"] if "free cooling" in f["name"])
        # A quarter hour may end between the two.
        self.assertAlmostEqual(
            float(figure["value"]), float(answer["site"]["equivalentHours"]), delta=0.35)

    def test_a_month_without_readings_has_no_figure_and_no_report(self):
        def ask(*arguments):
            return harness.run(*arguments, "--data", self.data, check=1)

        out = os.path.join(self.folder, "nothing")
        done = ask("report", "draft", "--month", "2020-01", "--subsidiary", "cloud", "-o", out)
        self.assertIn("nothing to report", done.stderr)
        self.assertFalse(os.path.exists(out))
        self.assertIn("is unknown", ask("energy", "bill", "--month", "2020-01").stderr)
        self.assertIn("is unknown", ask("explain", "energy.pue@2020-01").stderr)
        self.assertIn("nothing to seal",
                      ask("energy", "seal", "--month", "2020-01", "--by", "a").stderr)
        balance = json.loads(ask("energy", "balance", "--only-balances", "--month", "2020-01",
                                 "--json").stdout)
        self.assertNotIn("mainKilowattHours", balance["balances"][0])
        cooling = json.loads(ask("energy", "cooling", "--month", "2020-01", "--json").stdout)
        self.assertNotIn("hours", cooling["site"]["missed"])
        pue = json.loads(ask("energy", "pue", "--month", "2020-01", "--json").stdout)
        self.assertNotIn("totalKilowattHours", pue)

    def test_what_is_no_figure_is_refused_in_one_line(self):
        for code, id in ((2, "Energy.cooling"), (2, "energy.cooling@2026-13"),
                         (1, "energy.nothing@2026-11"), (1, "energy.meter:nobody@2026-11"),
                         (1, "reading:nobody/input.power@2026-11-01")):
            done = harness.run("explain", id, "--data", self.data)
            self.assertEqual(done.returncode, code, (id, done.stdout, done.stderr))
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        done = harness.run("energy", "cooling", "--month", self.months[0], "--unit", "crac-3",
                           "--data", self.data, check=2)
        self.assertIn("did you mean", done.stderr)


class Sealing(unittest.TestCase):
    """The last month that is over, of which the demo's history has its last days."""

    def test_a_sealed_month_stays_and_its_correction_is_a_revision(self):
        now = datetime.datetime.now(Cooling.CHINA)
        last = now.replace(day=1) - datetime.timedelta(days=1)
        month = last.strftime("%Y-%m")
        with harness.workspace() as folder:
            data = os.path.join(folder, "demo")
            harness.run("demo", "--headless", "--for", "2s", "--racks", "2", "--history",
                        "%dd" % (now.day + 1), "--dir", data, check=0, timeout=900)

            def ask(*arguments, check=0):
                return harness.run("energy", *arguments, "--data", data, check=check)

            def pue():
                return json.loads(ask("pue", "--month", month, "--json").stdout)

            self.assertIn("is not sealed", ask("sealed", "--month", month, check=1).stderr)
            self.assertIn("not over", ask("seal", "--month", now.strftime("%Y-%m"), "--by", "张三",
                                          check=1).stderr)
            self.assertIn("name another", ask("seal", "--month", month, "--by", "张三",
                                              "--approved-by", "张三", check=1).stderr)
            sealed = json.loads(ask("seal", "--month", month, "--by", "张三", "--json").stdout)
            text = ask("sealed", "--month", month, "--document").stdout.rstrip("\n")
            self.assertEqual(text, sealed["document"])
            self.assertEqual(hashlib.sha256(text.encode()).hexdigest(), sealed["hash"])
            document = json.loads(text)
            self.assertEqual(text, json.dumps(document, ensure_ascii=False, sort_keys=True,
                                              separators=(",", ":")))
            before = pue()
            self.assertEqual(document["ipue"], before["pue"])
            self.assertEqual(document["it_kwh"], before["itKilowattHours"])
            ask("sealed", "--month", month)

            refused = ask("edit", "grid-a", "--interval", last.strftime("%Y-%m-%dT12:15"),
                          "--value", "99", "--by", "李四", "--reason", "抄表", check=2)
            self.assertIn("at most 5.5 kWh", refused.stderr)
            done = ask("edit", "grid-a", "--interval", last.strftime("%Y-%m-%dT12:15"), "--value",
                       "5.4", "--by", "李四", "--reason", "抄表")
            self.assertIn("is sealed", done.stderr)
            self.assertEqual(pue(), before)
            told = ask("sealed", "--month", month, check=1)
            self.assertIn("grid-a: 1 quarter hours would be other ones", told.stdout)
            self.assertIn("--reason", ask("seal", "--month", month, "--by", "张三", check=1).stderr)
            ask("seal", "--month", month, "--by", "张三", "--reason", "补抄")
            second = json.loads(ask("sealed", "--month", month, "--document").stdout)
            self.assertEqual(second["revision"], 1)
            self.assertEqual(second["prev_hash"], sealed["hash"])
            self.assertGreater(float(pue()["totalKilowattHours"]),
                               float(before["totalKilowattHours"]) + 1)
            rows = ask("sealed", "--json").stdout.strip().split("\n")
            self.assertEqual([json.loads(row)["revision"] for row in rows], [0, 1])
            self.assertEqual(harness.run("store", "verify", "--data", data).returncode, 0)


if __name__ == "__main__":
    unittest.main()
