"""Imports point one way: a room of src/ includes only itself and the rooms that cmake/modules.cmake says it uses, all of
which stand above it there. Tests beside the code, fuzzers and folders named testing/ may include anything of the rooms above
their own, and of those within it.

A header's name is its own: no two rooms have one of the same name.

Prints every include and every line of the build that breaks this, what a room says it uses and does not, and names that two
headers have. Files that have grown over 500 lines are named too, as a hint only.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONG = 500
INCLUDE = re.compile(r'#include "([^"]+/[^"]+)"')
# Names that still stand for two headers each, and which.
SHARED_NAMES = {
    "bookkeeping.h": {"sink/cratedb", "sink/sql"},
    "sweeper.h": {"relay", "sink/cratedb"},
    "writer.h": {"json", "sink/cratedb"},
}
OF_TESTS = re.compile(r"(_test\.(h|cc)|_fuzz\.cc)$|/testing/")


def named_rooms():
    """Room → the rooms it uses, in the order of the house."""
    text = re.sub(r"#.*", "", (ROOT / "cmake/modules.cmake").read_text())
    rooms = {}
    for room, arguments in re.findall(r"^ctk_module\(([\w/]+)([^)]*)\)", text, re.MULTILINE):
        used = re.search(r"USES([\s\w/]*?)(LIBRARIES|$)", arguments)
        rooms[room] = used[1].split() if used else []
    return rooms


def room_of(path, rooms):
    """The innermost room that holds the file."""
    parts = path.split("/")[:-1]
    while parts and "/".join(parts) not in rooms:
        parts.pop()
    return "/".join(parts)


def broken_order(rooms):
    above = set()
    for room, used in rooms.items():
        for other in used:
            if other not in above:
                yield f"cmake/modules.cmake: {room} uses {other}, which does not stand above it"
        above.add(room)


def is_allowed(room, other, rooms, of_tests):
    if other == room or other in rooms[room]:
        return True
    order = list(rooms)
    within = other.startswith(room.split("/")[0] + "/") or other == room.split("/")[0]
    return of_tests and (order.index(other) < order.index(room) or within)


def shared_names(headers):
    """Header names that stand for several, and exceptions that are none any more."""
    folders = {}
    for header in headers:
        folder, _, name = header.rpartition("/")
        folders.setdefault(name, set()).add(folder)
    for name, found in sorted(folders.items()):
        if len(found) > 1 and found != SHARED_NAMES.get(name):
            yield f"{name} is the name of several headers: in {', '.join(sorted('src/' + folder for folder in found))}"
    for name in SHARED_NAMES:
        if len(folders.get(name, ())) < 2:
            yield f"tests/lint/imports.py: {name} is one header's name now: it needs no exception"


def main():
    rooms = named_rooms()
    broken = list(broken_order(rooms))
    broken += shared_names(path.relative_to(ROOT / "src").as_posix() for path in sorted((ROOT / "src").rglob("*.h")))
    included = {room: set() for room in rooms}
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        name = path.relative_to(ROOT / "src").as_posix()
        room = room_of(name, rooms)
        lines = path.read_text().splitlines()
        if len(lines) > LONG:
            print(f"hint: src/{name} has {len(lines)} lines: what is it really about?")
        if not room:
            broken.append(f"src/{name}: its folder is no room of cmake/modules.cmake")
            continue
        of_tests = bool(OF_TESTS.search(name))
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            other = match and room_of(match[1], rooms)
            if not other:
                continue
            if not of_tests:
                included[room].add(other)
            if not is_allowed(room, other, rooms, of_tests):
                broken.append(f"src/{name}:{number}: {room} must not know {other}: {line}")
    for room, used in rooms.items():
        broken += [f"cmake/modules.cmake: {room} does not use {other}" for other in used if other not in included[room]]
    for sentence in broken:
        print(sentence)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
