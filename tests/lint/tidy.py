"""clang-tidy 19 over every .cc of the program (the tests beside it are left out), by the rules of .clang-tidy.

Usage: tidy.py BUILD_DIRECTORY [FILE...]. A file that was found clean is not looked at again until it, one of our headers
that it includes, or the rules change: BUILD_DIRECTORY/tidy-cache holds one empty file per clean state.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def commands(build):
    """Source file → its compiler arguments, without launcher, output and input."""
    out = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(ROOT / "src") or path.name.endswith("_test.cc"):
            continue
        words = shlex.split(entry["command"])
        start = next(i for i, word in enumerate(words) if word.startswith("-"))
        out[path] = [word for word in words[start : words.index("-o")]]
    return out


def state(path, arguments):
    """A hash over everything of ours that decides what clang-tidy says of a file."""
    make = subprocess.run(["c++", *arguments, "-MM", str(path)], capture_output=True, text=True, check=True).stdout
    parts = make.replace("\\\n", " ").split()[1:]
    digest = hashlib.sha256()
    for part in [str(ROOT / ".clang-tidy"), *sorted(p for p in parts if p.startswith(str(ROOT)))]:
        digest.update(part.encode() + b"\0" + pathlib.Path(part).read_bytes() + b"\0")
    return digest.hexdigest()


def check(path, arguments, build, cache):
    mark = cache / state(path, arguments)
    if mark.exists():
        return None
    # The build switches off warnings that only g++ has.
    command = ["clang-tidy-19", "--quiet", "--extra-arg=-Wno-unknown-warning-option", "-p", str(build), str(path)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode == 0 and not run.stdout.strip():
        mark.touch()
        return None
    return run.returncode, run.stdout + (run.stderr if run.returncode else "")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    wanted = {pathlib.Path(name).resolve() for name in sys.argv[2:]}
    cache = build / "tidy-cache"
    cache.mkdir(exist_ok=True)
    files = {path: args for path, args in commands(build).items() if not wanted or path in wanted}
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(check, path, args, build, cache) for path, args in sorted(files.items())]
        for job in concurrent.futures.as_completed(jobs):
            if found := job.result():
                failed += 1 if found[0] else 0
                print(found[1], flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
