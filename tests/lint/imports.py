"""Imports point one way: a module of src/ includes only itself and modules that cmake/modules.cmake names before it.

Prints every include that breaks the order. Files that have grown over 500 lines are named too, as a hint only.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONG = 500


def module_order():
    text = (ROOT / "cmake/modules.cmake").read_text()
    return re.findall(r"^ctk_module\((\w+)", text, re.MULTILINE)


def main():
    order = module_order()
    rank = {name: index for index, name in enumerate(order)}
    broken = 0
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        module = path.relative_to(ROOT / "src").parts[0]
        lines = path.read_text().splitlines()
        if module not in rank:
            print(f"{path.relative_to(ROOT)}: the folder {module} is no module of cmake/modules.cmake")
            broken += 1
            continue
        for number, line in enumerate(lines, 1):
            match = re.match(r'#include "([^"/]+)/', line)
            if match and rank.get(match[1], len(order)) > rank[module]:
                print(f"{path.relative_to(ROOT)}:{number}: {module} must not know {match[1]}: {line}")
                broken += 1
        if len(lines) > LONG:
            print(f"hint: {path.relative_to(ROOT)} has {len(lines)} lines: what is it really about?")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
