"""Runs the unit tests whose programs have changed since they last passed. Argument: the build folder.

For after a small change, so within a minute: those that are labelled `long` are named, and left to `./dev test`, and a
simulation lives a twentieth of its lives. BUILD/passed holds one file a test: the hash of the program that passed.
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys


LIVES = "100"


def unit_tests(build, *which):
    """Test's name → its program."""
    shown = subprocess.run(["ctest", "--test-dir", build, "-L", "unit", *which, "--show-only=json-v1"], capture_output=True,
                           text=True, check=True)
    return {test["name"]: pathlib.Path(test["command"][0]) for test in json.loads(shown.stdout)["tests"]}


def failed_tests(build):
    log = build / "Testing/Temporary/LastTestsFailed.log"
    return {line.split(":", 1)[1] for line in log.read_text().splitlines()} if log.exists() else set()


def main(build):
    passed = build / "passed"
    passed.mkdir(exist_ok=True)
    hashes = {name: hashlib.sha256(program.read_bytes()).hexdigest() for name, program in unit_tests(build, "-LE", "long").items()}
    changed = [name for name, digest in hashes.items()
               if not (passed / name).exists() or (passed / name).read_text() != digest]
    print("left to ./dev test:", ", ".join(unit_tests(build, "-L", "long")), flush=True)
    if not changed:
        print("no unit test's program has changed since it passed")
        return 0
    (build / "Testing/Temporary/LastTestsFailed.log").unlink(missing_ok=True)
    run = subprocess.run(["ctest", "--test-dir", build, "-j2", "--output-on-failure", "-R", f"^({'|'.join(map(re.escape, changed))})$"],
                         env={"CTK_SIM_RUNS": LIVES} | os.environ)
    failed = failed_tests(build)
    for name in changed:
        if name not in failed:
            (passed / name).write_text(hashes[name])
    return run.returncode


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
