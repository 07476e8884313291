"""`ctk demo`: the whole thing in one process."""
import time
import unittest

from harness import Case


class Demo(Case):
    def test_ends_by_itself_with_the_rows(self):
        begun = time.monotonic()
        out, err = self.run_ctk("demo", "--output", "demo.db", cwd=self.home)
        self.assertLess(time.monotonic() - begun, 30)
        self.assertIn("the database the same", out)
        self.assertIn("Try next", out)
        self.assertIn("read ", err)
        out, _ = self.run_ctk("shell", "-c", "SELECT count(*) AS n FROM sensors_live;", "sqlite:///demo.db", cwd=self.home)
        self.assertRegex(out, r"\d")

    def test_a_second_time_begins_anew(self):
        for _ in range(2):
            self.run_ctk("demo", "--quiet", cwd=self.home)


if __name__ == "__main__":
    unittest.main()
