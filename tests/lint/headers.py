"""Every header of src/ compiles alone.

The build itself proves that of a header x.h whose x.cc includes it before all else, and such files must. The other headers
are compiled here.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
FLAGS = "-std=c++23 -fsyntax-only -Isrc -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror".split()


def first_include(source):
    found = re.search(r"^#\s*include\s+(\S+)", source.read_text(), re.M)
    return found.group(1) if found else ""


def complaint(header):
    """What is wrong with a header, or nothing."""
    own_name = f'"{header.relative_to(SRC)}"'
    source = header.with_suffix(".cc")
    if source.exists():
        if first_include(source) == own_name:
            return ""
        return f"{source.relative_to(ROOT)} does not include {own_name} first"
    # Through standard input, as a user of it would write.
    run = subprocess.run(["c++", *FLAGS, "-x", "c++", "-"], input=f"#include {own_name}\n", cwd=ROOT, capture_output=True,
                         text=True)
    return "" if run.returncode == 0 else f"{header.relative_to(ROOT)} does not compile alone:\n{run.stderr}"


def main():
    headers = sorted(SRC.rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [text for text in pool.map(complaint, headers) if text]
    if complaints:
        print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
