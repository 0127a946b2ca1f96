"""The money commands on a month whose every fen is known."""
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


if __name__ == "__main__":
    unittest.main()
