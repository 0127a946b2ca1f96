"""The demo site, collected for real; reports and figures of its past; exit codes of the tools."""

import datetime
import html
import json
import os
import re
import unittest

import harness

try:
    import openpyxl
except ImportError:
    openpyxl = None

RACKS = 40
SECONDS = 60
# Making the past takes a debug build long; a release build makes a whole past month.
IS_RELEASE = "/release/" in os.path.realpath(harness.BINARY)
HISTORY_DAYS = int(os.environ.get("FROSTLINE_HISTORY_DAYS", "62" if IS_RELEASE else "2"))
CHINA = datetime.timezone(datetime.timedelta(hours=8))


def month_of_interest():
    """A whole month of the past where there is one, else the month of yesterday."""
    now = datetime.datetime.now(CHINA)
    day = now.replace(day=1) - datetime.timedelta(days=1)
    if HISTORY_DAYS < 62:
        day = now - datetime.timedelta(days=1)
    return day.strftime("%Y-%m")


def setUpModule():
    """The minute of the demo passes while the other tests make their past."""
    global minute
    minute = harness.Child(
        harness.BINARY, "demo", "--headless", "--for", "%ds" % SECONDS, "--racks", RACKS,
        "--history", "0d", "--json")
    unittest.addModuleCleanup(minute.kill)


class TheMinute(unittest.TestCase):
    def test_a_minute_of_the_demo(self):
        code = minute.process.wait(SECONDS + 40)
        text = minute.output()
        self.assertEqual(code, 0, text[-2000:])
        summary = json.loads(next(x for x in text.splitlines() if x.startswith("{")))
        devices, pue = summary["devices"], summary["pue"]
        self.assertGreaterEqual(devices["total"], 3 * RACKS)
        self.assertEqual(devices["answering"], devices["total"])
        self.assertEqual(summary["errors"], 0)
        self.assertTrue(1.1 <= pue["value"] <= 1.6, pue)
        self.assertEqual((pue["category"], pue["coverage"]), (3, 1))
        # A device has some ten points, polled every ten seconds at the slowest.
        self.assertGreater(summary["readings"], devices["total"] * 10 * SECONDS / 10 / 2)
        self.assertLess(summary["readings"], devices["total"] * 2_000)
        self.assertEqual(summary["alarms"]["suppressed"], 0)
        self.assertTrue(SECONDS <= summary["seconds"] < SECONDS + 30, summary["seconds"])
        folders = re.findall(r"/tmp/frostline-demo-\w+", text)
        self.assertEqual([f for f in folders if os.path.exists(f)], [])
        print("demo: %(answering)d of %(total)d devices" % devices,
              "answering, %d readings, %d errors, PUE %.3f of category %d" % (
                  summary["readings"], summary["errors"], pue["value"], pue["category"]))


class Past(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(harness.workspace())
        cls.data = os.path.join(cls.folder, "demo")
        done = harness.run(
            "demo", "--headless", "--for", "5s", "--racks", "4", "--history",
            "%dd" % HISTORY_DAYS, "--dir", cls.data, "--json", check=0, timeout=300)
        cls.summary = json.loads(done.stdout)
        cls.month = month_of_interest()

    def test_the_past_is_stored_and_whole(self):
        self.assertEqual(self.summary["errors"], 0, self.summary)
        harness.run("store", "verify", "--data", self.data, check=0)
        info = harness.run_json("store", "info", "--data", self.data)
        steps = HISTORY_DAYS * 288
        self.assertGreater(info["readings"], steps * info["series"] * 0.8)
        self.assertLess(info["bytesPerReading"], 8)
        self.assertEqual(info["incidents"], 0)
        text = harness.run("query", "meter-grid-a/input.energy", "--from", "-2d", "--step", "1h",
                           "--agg", "last", "--json", "--data", self.data, check=0).stdout
        rows = [json.loads(line) for line in text.splitlines()]
        self.assertIn(len(rows), (48, 49))
        values = [float(r["value"]) for r in rows if r.get("value")]
        self.assertGreaterEqual(len(values), 46)
        self.assertEqual(values, sorted(values), "a register that runs backwards")
        self.assertEqual({r["unit"] for r in rows}, {"Wh"})
        print("demo: %d days of the past, %d readings, %.2f bytes each, verify clean"
              % (HISTORY_DAYS, info["readings"], info["bytesPerReading"]))

    def test_csv_has_a_header_and_as_many_fields_in_every_line(self):
        text = harness.run("query", "pdu-*/input.power", "--from", "-1h", "--csv", "--data",
                           self.data, check=0).stdout.splitlines()
        self.assertEqual(text[0], "point,time,value,unit,quality")
        self.assertGreater(len(text), 20)
        self.assertEqual({line.count(",") for line in text}, {4})

    def test_readings_are_plausible(self):
        points = harness.run_json("last", "*", "--data", self.data)
        bad = []
        limits = {"V": (0, 1000), "A": (0, 2000), "W": (-1e6, 1e6), "Hz": (49, 51),
                  "°C": (-40, 80), "%": (0, 110)}
        for point in points:
            value, range_ = point.get("value"), limits.get(point["unit"])
            if point["quality"] == "good" and range_ and value is not None:
                if not range_[0] <= value <= range_[1]:
                    bad.append((point["device"], point["name"], value))
        self.assertEqual(bad, [])
        self.assertGreater(len([p for p in points if p["quality"] == "good"]), 200)

    def test_pue_of_the_month_and_of_the_day(self):
        answer = harness.run_json("energy", "pue", "--month", self.month, "--data", self.data)
        total, it = float(answer["totalKilowattHours"]), float(answer["itKilowattHours"])
        self.assertAlmostEqual(total / it, float(answer["pue"]), delta=0.00006)
        self.assertTrue(1.1 <= float(answer["pue"]) <= 1.6)
        self.assertGreater(answer["pairedQuarterHours"], 80)
        self.assertAlmostEqual(
            answer["coverage"], answer["pairedQuarterHours"] / answer["quarterHours"], 6)
        text = harness.run("energy", "pue", "--from", "-24h", "--data", self.data, check=0).stdout
        self.assertRegex(text, r"iPUE3\(.*\) = 1\.[1-6]")

    @unittest.skipUnless(openpyxl, "skipped: openpyxl is not installed (make peers)")
    def test_report_is_consistent_in_itself(self):
        out = os.path.join(self.folder, "reports")
        answer = harness.run_json(
            "report", "draft", "--month", self.month, "--subsidiary", "cloud", "--data",
            self.data, "-o", out)
        self.assertEqual([os.path.splitext(f)[1] for f in answer["files"]], [".xlsx", ".html"])
        book = openpyxl.load_workbook(answer["files"][0])
        with open(answer["files"][1], encoding="utf-8") as f:
            self.page = f.read()
        self.figures = {f["name"].split()[0]: f.get("value") for f in answer["figures"]}
        checked = self.check_energy(book["电量明细"])
        checked += self.check_cost(book["电费明细"])
        checked += self.check_efficiency(book["能效"])
        self.check_page(book)
        self.assertIn("草稿", str([c for row in book["基本情况"].values for c in row]))
        print("demo: report of %s: %d sheets, %d figures recomputed, html agrees"
              % (self.month, len(book.sheetnames), checked))

    def check_energy(self, sheet):
        """Register difference × multiplier + difference to intervals = billed energy."""
        rows = list(sheet.iter_rows(values_only=True))
        head = [str(c).split("\n")[0] for c in rows[1]]
        checked, billed = 0, []
        for row in (dict(zip(head, r)) for r in rows[3:] if r[1] == "正向有功 (总)"):
            opening, closing, read = row["上期示数"], row["本期示数"], row["抄见电量"]
            numbers = [isinstance(x, (int, float)) for x in (opening, closing, read)]
            if all(numbers):
                factor = float(row["倍率"])
                self.assertAlmostEqual((closing - opening) * factor, read, delta=1 + factor / 100)
                checked += 1
            else:
                # Never a zero for what is not known: a word and a reason.
                for text in (x for x, known in zip((opening, closing, read), numbers)
                             if not known):
                    self.assertTrue(str(text).startswith("未知: "), row)
            self.assertIsInstance(row["加减 (区间电量)"], (int, float), row)
            if isinstance(row["计费电量"], (int, float)):
                billed.append(row["计费电量"])
                parts = [row[k] for k in ("抄见电量", "变损", "线损", "加减 (区间电量)")]
                total = sum(p for p in parts if isinstance(p, (int, float)))
                self.assertAlmostEqual(total, row["计费电量"], delta=1, msg=row)
                checked += 1
        self.assertEqual(sum(billed), int(self.figures["计费电量"]))
        if HISTORY_DAYS >= 62:
            self.assertGreater(checked, 10)
        return checked + 1

    def check_cost(self, sheet):
        """Quantity × price = amount, and the lines add up to the sum of what is known."""
        total, lines, units, opened = None, [], 0, []
        for row in sheet.iter_rows(min_row=4, values_only=True):
            quantity, price, amount = row[3:6]
            if row[0] in ("电费合计", "已知电费之和"):
                total = row
            elif row[0] == "未定":
                opened.append(row[5])
            elif total is None:
                if row[2] == "kWh":
                    self.assertEqual(quantity, int(self.figures["计费电量"]), row)
                    self.assertAlmostEqual(quantity * price, amount, delta=0.0050001, msg=row)
                    units += 1
                lines.append(round(amount * 100))
        self.assertGreaterEqual(units, 6)
        self.assertEqual(sum(lines), round(total[5] * 100))
        # Nobody has entered the month's published prices and its reactive energy.
        self.assertEqual(total[0], "已知电费之和")
        self.assertTrue(any("无功电量" in str(reason) for reason in opened), opened)
        self.assertEqual("%.2f" % total[5], self.figures["已知电费之和"])
        self.assertAlmostEqual(total[5] / total[3], total[4], delta=0.0000005)
        self.assertEqual("%.6f" % total[4], self.figures["已知电费均价"])
        return 2 * len(lines) + 4

    def check_efficiency(self, sheet):
        rows = [r for r in sheet.iter_rows(values_only=True) if r[0]]
        values = {str(r[0]): r[2] for r in rows}
        checked = 0
        for category in "123":
            pue = next(v for k, v in values.items() if k.startswith("iPUE" + category))
            total = values["E_DC（类别%s成对）" % category]
            it = values["E_IT（类别%s成对）" % category]
            self.assertAlmostEqual(total / it, pue, delta=0.00006)
            checked += 1
        answer = harness.run_json("energy", "pue", "--month", self.month, "--data", self.data)
        self.assertEqual("%.4f" % pue, answer["pue"])
        self.assertEqual("%.3f" % it, answer["itKilowattHours"])
        self.assertEqual("%.4f" % pue, self.figures["本月"])
        return checked + 3

    def test_the_balance_closes_and_meters_agree_with_the_model(self):
        """What comes in is what goes out and the model's losses; PUE by meters is the model's."""
        balance = harness.run_json(
            "energy", "balance", "--month", self.month, "--only-balances", "--data", self.data)
        site = balance["balances"][0]
        self.assertGreater(site["pairedQuarterHours"], 80)
        self.assertEqual(site["verdict"], "closes", site)
        # UPS 0.85 % of its rating and more by load, lines 0.5 %, transformers 0.13 % and more.
        self.assertTrue(2 < float(site["unaccountedPercent"]) < 9, site["unaccountedPercent"])
        kpi = harness.run_json("energy", "kpi", "--month", self.month, "--data", self.data)
        figures = {f["id"].split(".kpi.")[1].split("@")[0]: f for f in kpi["figures"]}
        self.assertEqual(figures["pue-order"]["value"], "通过 passed")
        self.assertNotIn("value", figures["gb40879-grade"])
        self.assertIn("missing", figures["wue"]["reason"])
        print("demo: balance of %s closes at %s %%, PUE1..3 %s" % (
            self.month, site["unaccountedPercent"],
            " ".join(figures["pue-%d" % n]["value"] for n in (1, 2, 3))))

    def test_an_edit_is_flagged_and_keeps_the_original(self):
        day = (datetime.datetime.now(CHINA) - datetime.timedelta(days=1)).strftime("%Y-%m-%d")
        interval, month = day + "T10:15", day[:7]
        meter = ["--data", self.data]
        harness.run("energy", "edit", "grid-a", "--interval", interval, "--value", "1.5", "--by",
                    "张三", "--reason", "通讯中断", *meter, check=0)
        text = harness.run("energy", "edits", "--month", month, "--json", *meter, check=0).stdout
        edit = json.loads(text.splitlines()[-1])
        self.assertEqual((edit["kilowattHours"], edit["by"]), ("1.500", "张三"))
        self.assertEqual(edit["originalFlag"], "M")
        self.assertNotEqual(edit["original"], "1.500")
        harness.run("store", "verify", *meter, check=0)
        harness.run("energy", "edit", "grid-a", "--interval", interval, "--value", "original",
                    "--by", "张三", "--reason", "误改", *meter, check=0)
        again = harness.run("energy", "edits", "--month", month, "--json", *meter, check=0).stdout
        self.assertEqual(len(again.splitlines()), len(text.splitlines()) + 1)

    def check_page(self, book):
        """The printed page has every number of the cost and efficiency sheets."""
        text = html.unescape(re.sub(r"<[^>]*>", " ", self.page)).replace(",", "")
        missing, count = [], 0
        for name in ("电费明细", "能效", "电量明细"):
            for row in book[name].iter_rows(min_row=4, values_only=True):
                for cell in row:
                    if isinstance(cell, (int, float)):
                        count += 1
                        if not re.search(r"(?<![\d.])%s0*(?![\d])" % re.escape(
                                repr(cell).removesuffix(".0")), text):
                            missing.append((name, row[0], cell))
        self.assertEqual(missing[:5], [])
        self.assertGreater(count, 40)
        self.assertNotIn("http://", self.page.replace("http://www.w3.org", ""))
        self.assertNotIn("<script", self.page)


class Usage(unittest.TestCase):
    """0 well, 1 the answer is no, 2 wrong usage, 3 not reached; one line that says what to do."""

    def check(self, code, *arguments, says=""):
        done = harness.run(*arguments, timeout=30)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        if code:
            self.assertNotEqual(done.stderr, "", arguments)
        self.assertIn(says, done.stderr)
        self.assertNotIn("Fatal", done.stderr)
        return done

    def test_wrong_usage_is_2(self):
        for arguments in (["frobnicate"], ["query"], ["demo", "--racks", "1"],
                          ["demo", "--racks", "two"], ["demo", "--history", "soon"],
                          ["demo", "--fault", "earthquake"], ["serve", "--port", "99999"],
                          ["serve", "--log-level", "loud"], ["simulate"],
                          ["simulate", "/nonexistent.csv"], ["report", "draft", "--month", "2026-1"],
                          ["query", "*", "--from", "2026-13"], ["query", "*", "--from", "soon"],
                          ["query", "*", "--agg", "nope"],
                          ["query", "*", "--from=-9223372036854775807ms"],
                          ["alarms", "history", "--from=-106751991167d"], ["check", "/nonexistent.yaml"],
                          ["serve", "--config", "/nonexistent.yaml", "--data", "/nonexistent"],
                          ["top", "--dashboard", "/nonexistent.yaml"]):
            self.check(2, *arguments)

    def test_nobody_there_is_3(self):
        nowhere = ["--socket", "/nonexistent/frostline.sock"]
        for arguments in (["status"], ["alarms", "list"], ["alarms", "ack", "a:b/c"],
                          ["last", "--live"]):
            self.check(3, *arguments, *nowhere, says="frostline serve")
        for arguments in (["last"], ["query", "*"], ["store", "info"], ["store", "verify"],
                          ["alarms", "history"]):
            self.check(3, *arguments, "--data", "/nonexistent", says="/nonexistent")
        self.check(3, "probe", "127.0.0.1:%d" % harness.free_port(), "--timeout-ms", "100")

    def test_help_and_version_are_0(self):
        for command in ([], ["query"], ["alarms", "ack"], ["demo"]):
            self.assertIn("USAGE", self.check(0, *command, "--help").stdout)
        self.assertRegex(self.check(0, "--version").stdout, r"^frostline \d+\.\d+")
        self.assertIn("apc.rpdu2", self.check(0, "profiles", "list").stdout)

    def test_examples_are_right_and_ten_mistakes_are_ten(self):
        secrets = {"SNMP_COMMUNITY": "x", "ON_CALL_URL": "https://example.test/x",
                   "ON_CALL_TOKEN": "x"}
        examples = os.path.join(harness.ROOT, "Examples")
        names = [n for n in sorted(os.listdir(examples))
                 if os.path.isdir(os.path.join(examples, n))]
        self.assertGreaterEqual(len(names), 2)
        for name in names:
            done = harness.run("check", os.path.join(examples, name, "site.yaml"), env=secrets)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr, "")
        folder = os.path.join(harness.ROOT, "Tests", "Golden", "site-with-ten-mistakes")
        done = harness.run("check", os.path.join(folder, "site.yaml"), check=2)
        with open(os.path.join(folder, "expected.txt"), encoding="utf-8") as f:
            expected = f.read().splitlines()
        found = [line.replace(folder + "/", "") for line in done.stderr.splitlines()]
        self.assertEqual(found, expected)
        self.assertEqual(len(found), 10)
        answer = json.loads(harness.run("check", os.path.join(folder, "site.yaml"), "--json",
                                        check=2).stdout)
        self.assertEqual((answer["ok"], len(answer["problems"])), (False, 10))

    def test_nothing_that_matches_is_1(self):
        with harness.workspace() as folder:
            data = os.path.join(folder, "demo")
            harness.run("demo", "--headless", "--for", "3s", "--racks", "2", "--history", "0d",
                        "--dir", data, check=0)
            for arguments in (["last", "nope/*"], ["query", "nope/*"],
                              ["report", "draft", "--month", "2020-01", "--subsidiary", "nope"],
                              ["energy", "pue", "--month", "2020-01"]):
                done = self.check(1, *arguments, "--data", data)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)


if __name__ == "__main__":
    harness.main()
