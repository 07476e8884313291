"""Prints what a run of ctest left out, by reason. Arguments: the build folders whose last run to read.

A suite that is skipped passes; without this list it would seem to have run.
"""
import collections
import pathlib
import re
import sys

# googletest prints the place, then "Skipped", then the reason; Python's unittest ends the test's line with its reason.
GOOGLETEST = re.compile(r": Skipped\n(.*)\n")
UNITTEST = re.compile(r" \.\.\. skipped [\"'](.*)[\"']$", re.M)


def reasons(log):
    text = log.read_text(errors="replace")
    return GOOGLETEST.findall(text) + UNITTEST.findall(text)


def main(folders):
    for folder in folders:
        log = pathlib.Path(folder, "Testing/Temporary/LastTest.log")
        counted = collections.Counter(reasons(log)) if log.exists() else {}
        for reason, count in sorted(counted.items()):
            print(f"skipped in {folder}: {count} test{'s' if count > 1 else ''}: {reason or 'no reason given'}")


if __name__ == "__main__":
    main(sys.argv[1:])
