"""clang-tidy 19 over the program's sources (the tests beside them are left out), by the rules of .clang-tidy.

Usage: tidy.py BUILD_DIRECTORY [FILE...].

Nearly all of clang-tidy's time goes into the headers of libraries. So the files of a module are looked at a dozen at a time,
as one unit that includes them. Files that cannot share a unit, for a name that two anonymous namespaces have, are parted.
What was found clean is not looked at again until one of its files, a header of ours that it includes, or the rules change:
BUILD_DIRECTORY/tidy holds one empty file per clean state.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / ".clang-tidy"
FILES_IN_A_UNIT = 12


def without_precompiled_headers(words):
    """g++'s precompiled headers mean nothing to clang."""
    out, skip = [], False
    for word, following in zip(words, words[1:] + [""]):
        if skip:
            skip = False
        elif word == "-include" and "cmake_pch" in following:
            skip = True
        elif word != "-Winvalid-pch":
            out.append(word)
    return out


def commands(build):
    """Source file → its compiler arguments, without launcher, output and input."""
    out = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(ROOT / "src") or path.name.endswith("_test.cc"):
            continue
        words = shlex.split(entry["command"])
        start = next(i for i, word in enumerate(words) if word.startswith("-"))
        words = without_precompiled_headers(words[start : words.index("-o")])
        # Half of the warning options are g++'s own; the compiler has had its say about warnings.
        out[path] = tuple(word for word in words if not word.startswith(("-W", "-O")))
    return out


def units(files):
    """The files in groups that are looked at together: of one module, with the same arguments."""
    groups = {}
    for path, arguments in sorted(files.items()):
        groups.setdefault((path.relative_to(ROOT / "src").parts[0], arguments), []).append(path)
    for (module, arguments), paths in groups.items():
        for start in range(0, len(paths), FILES_IN_A_UNIT):
            yield module, arguments, paths[start : start + FILES_IN_A_UNIT]


class Checker:
    def __init__(self, build):
        self.build = build
        self.folder = build / "tidy"
        self.folder.mkdir(exist_ok=True)

    def unit_of(self, module, paths):
        text = "".join(f'#include "{path}"\n' for path in paths)
        unit = self.folder / f"{module}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.cc"
        unit.write_text(text)
        return unit

    def state(self, unit, arguments):
        """A hash over everything of ours that decides what clang-tidy says of a unit."""
        make = self.run("clang++-19", *arguments, "-w", "-MM", str(unit)).stdout
        parts = make.replace("\\\n", " ").split()[1:]
        digest = hashlib.sha256(" ".join(arguments).encode())
        for part in [str(RULES), *sorted(p for p in parts if p.startswith(str(ROOT)))]:
            digest.update(part.encode() + b"\0" + pathlib.Path(part).read_bytes() + b"\0")
        return digest.hexdigest()

    def part(self, module, arguments, paths):
        """The files that can share a unit, and those that clash with them."""
        apart = []
        while len(paths) > 1:
            unit = self.unit_of(module, paths)
            said = self.run("clang++-19", *arguments, "-w", "-fsyntax-only", "-ferror-limit=0", str(unit)).stderr
            clashing = {pathlib.Path(name) for name in re.findall(r"^(\S+):\d+:\d+: (?:fatal )?error:", said, re.M)}
            clashing &= set(paths[1:])
            if not clashing:
                break
            apart += [path for path in paths if path in clashing]
            paths = [path for path in paths if path not in clashing]
        return paths, apart

    def check(self, module, arguments, paths):
        """What clang-tidy says of the files; nothing if it likes them."""
        unit = self.unit_of(module, paths)
        mark = self.folder / self.state(unit, arguments)
        if mark.exists():
            return ""
        said = ""
        rest = paths
        while rest:
            together, rest = self.part(module, arguments, rest)
            unit = self.unit_of(module, together)
            run = self.run("clang-tidy-19", "--quiet", f"--config-file={RULES}", str(unit), "--", *arguments, "-w")
            said += run.stdout + (run.stderr if run.returncode else "")
        if not said:
            mark.touch()
        return said

    def run(self, *command):
        return subprocess.run(command, capture_output=True, text=True, cwd=self.build)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    wanted = {pathlib.Path(name).resolve() for name in sys.argv[2:]}
    checker = Checker(build)
    files = {path: arguments for path, arguments in commands(build).items() if not wanted or path in wanted}
    findings = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(checker.check, *unit) for unit in units(files)]
        for job in concurrent.futures.as_completed(jobs):
            if said := job.result():
                findings += 1
                print(said, flush=True)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
