"""Joins the files of a library or of a test program into batches, each compiled as one (decision 0037).

    batches.py FOLDER NAME SIZE ROOT FILE...

writes FOLDER/NAME_0.cc and so on, and prints their names, one a line. Files are named as seen from ROOT.

Most of the time that it takes to compile a file goes into the headers that it includes; in a batch they are read once. Files
that give something of their own the same name, in a namespace without a name, cannot be in one batch, nor can one that takes
a name from elsewhere (`using a::Name`) which another gives. One that opens an enumeration or a namespace for the whole file
is alone. A file that gives nothing to others, as most tests, is written into the batch in a namespace that is called as the
file is: whatever its names are, they are its own.
"""

import pathlib
import re
import sys

OWN = "namespace {\n"
OWN_END = "\n}  // namespace\n"
USING = re.compile(r"^using ([\w:]*)::(\w+);", re.M)
TYPE = re.compile(r"^(?:struct|class|enum(?: class)?|using|namespace) (\w+)", re.M)
CONSTANT = re.compile(r"^(?:const|constexpr|constinit|inline|thread_local) [^(={\n]*?\b(\w+)(?:\[\w*\])*(?:\(| =|\{|;|$)", re.M)
FUNCTION = re.compile(r"^(?:[^\s/#}(][^(\n]*?[\s*&])?(\w+)\(", re.M)
OPENED = re.compile(r"^using (?:enum|namespace) ", re.M)  # names that nobody sees here
BESIDE = re.compile(r"#|//|namespace |\}|\s*$")  # what says nothing of a file's own


def own_blocks(text):
    """What stands in its namespaces without a name."""
    parts = text.split("\n" + OWN)
    return [part[: part.find(OWN_END)] for part in parts[1:]]


def own_names(text):
    """Name → where it is taken from; empty for what the file gives itself."""
    names = {name: f"{where}::{name}" for where, name in USING.findall(text)}
    for block in own_blocks(text):
        for pattern in (TYPE, CONSTANT, FUNCTION):
            names.update(dict.fromkeys(pattern.findall(block), ""))
    return names


def is_all_own(text):
    """Whether all that it gives stands in its namespaces without a name."""
    parts = text.split("\n" + OWN)
    outside = parts[:1] + [part[part.find(OWN_END) + len(OWN_END):] for part in parts[1:]]
    return all(BESIDE.match(line) for part in outside for line in part.splitlines())


def in_batches(root, files, size):
    batches = []  # (paths, names)
    for path in files:
        text = (root / path).read_text(encoding="utf-8")
        names = {} if is_all_own(text) else own_names(text)
        alone = OPENED.search(text) and not is_all_own(text)
        for paths, taken in batches:
            if not alone and len(paths) < size and all(
                    name not in taken or (where and taken[name] == where) for name, where in names.items()):
                break
        else:
            paths, taken = [], {}
            batches.append((paths, taken))
        paths.extend([path] * (size if alone else 1))  # nothing else fits in
        taken.update(names)
    return [list(dict.fromkeys(paths)) for paths, _ in batches]


def written_out(root, path):
    """The file's text, its own names in a namespace that is called as the file is. No line moves."""
    text = (root / path).read_text(encoding="utf-8")
    if not is_all_own(text):
        return f'#include "{path}"\n'
    text = text.replace("\n" + OWN, f"\nnamespace {path.stem} {{ {OWN}").replace(OWN_END, "\n}}  // namespace\n")
    return f'#line 1 "{path}"\n{text}'


def joined(root, paths):
    if len(paths) == 1:
        return f'#include "{paths[0]}"\n'
    return "".join(written_out(root, path) for path in paths)


def main():
    folder, name, size, root = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), pathlib.Path(sys.argv[4])
    files = [pathlib.Path(file) for file in sys.argv[5:]]
    folder.mkdir(parents=True, exist_ok=True)
    for number, paths in enumerate(in_batches(root, files, size)):
        batch = folder / f"{name}_{number}.cc"
        text = joined(root, paths)
        if not batch.exists() or batch.read_text(encoding="utf-8") != text:
            batch.write_text(text, encoding="utf-8")
        print(batch)


if __name__ == "__main__":
    main()
