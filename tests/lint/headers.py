"""Every header of src/ compiles alone."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = "-std=c++23 -fsyntax-only -Isrc -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror".split()


def compiles(header):
    """The compiler's complaint, or nothing. The header comes in through standard input, as a user of it would write."""
    include = f'#include "{header.relative_to(ROOT / "src")}"\n'
    run = subprocess.run(["c++", *FLAGS, "-x", "c++", "-"], input=include, cwd=ROOT, capture_output=True, text=True)
    return None if run.returncode == 0 else f"{header.relative_to(ROOT)} does not compile alone:\n{run.stderr}"


def main():
    headers = sorted((ROOT / "src").rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [text for text in pool.map(compiles, headers) if text]
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
