#!/usr/bin/env python3
"""A folder with Debian packages of another architecture, for a cross compiler to build against and an emulator to run from.

    packaging/sysroot.py ARCHITECTURE FOLDER PACKAGE…

apt resolves and downloads the packages as for a machine of that architecture on which nothing is installed; they are unpacked,
not installed: no root, and nothing of this machine changes. FOLDER/packages.json holds {package: [version, [files]]}. Done once:
a FOLDER that has these packages is left alone.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def download(architecture, packages, work):
    """The .deb files of packages and of all that they depend on; apt's state is one of its own."""
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    (work / "status").touch()
    # What a machine's own configuration says of archives (images of containers throw them away) is not for here.
    (work / "apt.conf").write_text(
        f'APT::Architecture "{architecture}";\nAPT::Architectures {{ "{architecture}"; }};\nAPT::Install-Recommends "false";\n'
        f'APT::Sandbox::User "root";\nDir::State "{work}";\nDir::State::lists "{work}/lists";\nDir::State::status "{work}/status";\n'
        f'Dir::Cache "{work}";\nDir::Cache::archives "{work}/archives";\nDir::Etc::parts "/nonexistent";\n'
        # Other people's archives, which a machine may have besides, need not have this architecture.
        f'Dir::Etc::sourcelist "{work}/sources.list";\nDir::Etc::sourceparts "/nonexistent";\nAcquire::Languages "none";\n')
    lines = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)", "Created-By: Packages")
    ours = sorted({tuple(words[:3]) for line in lines.splitlines() if len(words := line.split()) >= 4 and words[3] == "Debian"})
    (work / "sources.list").write_text("".join(f"deb {uri} {release} {component}\n" for uri, release, component in ours))
    apt = dict(os.environ, APT_CONFIG=str(work / "apt.conf"))
    run("apt-get", "update", "-q", env=apt)
    run("apt-get", "install", "--download-only", "-y", "-q", *packages, env=apt)
    return sorted((work / "archives").glob("*.deb"))


def unpack(deb, folder):
    """(name, version, files) of a package that is unpacked into folder."""
    content = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
    listed = run("tar", "-xv", "--no-same-owner", "--keep-directory-symlink", "-C", folder, stdin=content.stdout)
    if content.wait():
        raise SystemExit(f"cannot unpack {deb}")
    files = [name.removeprefix(".") for name in listed.splitlines() if not name.endswith("/")]
    return run("dpkg-deb", "-f", deb, "Package").strip(), run("dpkg-deb", "-f", deb, "Version").strip(), files


def turn_inwards(folder):
    """Links that name a path from the root, seen from outside, lead to files of this machine: here they lead into folder."""
    for link in folder.rglob("*"):
        if link.is_symlink() and (target := os.readlink(link)).startswith("/"):
            link.unlink()
            link.symlink_to(os.path.relpath(folder / target[1:], link.parent))


def main():
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    architecture, folder, packages = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), sorted(sys.argv[3:])
    stamp = folder / ".complete"
    if stamp.exists() and stamp.read_text().split() == packages:
        return
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("bin", "lib", "sbin"):  # as every Debian since 12 has them
        (folder / "usr" / name).mkdir(parents=True)
        (folder / name).symlink_to(f"usr/{name}")
    work = folder.with_name(folder.name + "-apt")
    held = {name: (version, files) for name, version, files in (unpack(deb, folder) for deb in download(architecture, packages, work))}
    turn_inwards(folder)
    shutil.rmtree(work)
    (folder / "packages.json").write_text(json.dumps(held, indent=0))
    stamp.write_text("\n".join(packages))


if __name__ == "__main__":
    main()
