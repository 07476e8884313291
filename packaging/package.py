#!/usr/bin/env python3
"""Packages of a program that is built.

    packaging/package.py deb|wheel|archive|lambda PROGRAM FOLDER [SYSROOT]

Prints the path of the package in FOLDER. The same program gives the same bytes: times are those of the newest commit. A program
that was cross compiled has its libraries in SYSROOT (sysroot.py), and is asked by qemu-user what it says; there is no deb of it.

deb      Debian's own libraries, by debhelper
archive  a tar of program, its libraries with the C library, man page and completions; beside it .sha256 and .spdx.json
wheel    the archive's program and libraries, for pip; no Python is needed to run it
lambda   the same as a zip with AWS Lambda's bootstrap, for the runtime provided.al2023
"""
import base64
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
LICENCE = "Apache-2.0"
SUMMARY = "Keeps SQL tables equal to DynamoDB tables, continuously."
# Loaded by the program when it needs it (MySQL, MariaDB), with its ways to say a password.
LOADED_LATER = "libmariadb.so.3"
# Parts of the C library that the machine's own libraries (ODBC's driver manager, its drivers) may ask for: an older machine's
# do not go with our C library.
PARTS_OF_LIBC = ("libdl.so.2", "libpthread.so.0", "libresolv.so.2", "librt.so.1", "libutil.so.1")


def said(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def time_of_source():
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given or said("git", "-C", ROOT, "log", "-1", "--format=%ct"))


class Machine:
    """For which a program was built: where its libraries are here, and how it is run here."""
    NAMES = {0x3E: "x86_64", 0xB7: "aarch64"}  # e_machine of ELF

    def __init__(self, program, sysroot):
        self.name = self.NAMES[int.from_bytes(program.read_bytes()[18:20], "little")]
        self.root = sysroot or pathlib.Path("/")
        self.foreign = sysroot is not None
        self.runner = [f"qemu-{self.name}-static", "-L", sysroot] if sysroot else []
        self.strip = f"{self.name}-linux-gnu-strip" if sysroot else "strip"
        self.packages = json.loads((sysroot / "packages.json").read_text()) if sysroot else None

    def says(self, program, *words):
        return said(*self.runner, program, *words)

    def here(self, path):
        """Where a file lies of which the machine says that it is `path`."""
        path = pathlib.Path(path)
        return path.resolve() if path.is_relative_to(self.root) else (self.root / path.relative_to("/")).resolve()

    def libraries(self, *files):
        """{name: path} of what files are linked with; the loader, which is named by its path alone, is among them."""
        if self.foreign:
            loader, = (self.root / "lib").glob("ld-linux-*")
            lines = "".join(self.says(loader, "--list", file) for file in files)
        else:
            lines = "".join(said("ldd", file) for file in files)
        found = re.findall(r"^\s*(?:(\S+) => )?(/\S+) \(0x", lines, re.MULTILINE)
        # qemu finds what is asked for in the sysroot first, and says its path from there.
        return {name or pathlib.Path(path).name: self.here(path) for name, path in found}

    def library_path(self, name):
        """Where the machine has a library; None where it has none."""
        if self.foreign:
            path = self.root / f"usr/lib/{self.name}-linux-gnu" / name
            return path.resolve() if path.exists() else None
        found = re.search(rf"^\s*{re.escape(name)} .*=> (\S*{self.name}-linux-gnu\S*)", said("/sbin/ldconfig", "-p"), re.MULTILINE)
        return pathlib.Path(found[1]).resolve() if found else None

    def owners(self, files):
        """{file: package} and {package: version}."""
        if self.foreign:
            names = {self.here(path): package for package, (_, paths) in self.packages.items() for path in paths}
            return {file: names[file] for file in files if file in names}, {name: version for name, (version, _) in self.packages.items()}
        # /lib is /usr/lib, and a package may name a file either way.
        asked = {name: file for file in files for name in (str(file), str(file).removeprefix("/usr"))}
        told = subprocess.run(["dpkg-query", "-S", *asked], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        owners = {asked[name]: owner for owner, name in re.findall(r"^([^:,\s]+).*: (/.*)$", told, re.MULTILINE) if name in asked}
        lines = said("dpkg-query", "-W", "-f=${Package} ${Version}\n", *sorted(set(owners.values()))).splitlines()
        return owners, dict(line.split() for line in lines)

    def copyright(self, package):
        return (self.root / f"usr/share/doc/{package}/copyright").resolve().read_text()


def put(path, content, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)


def version_of(machine, program):
    return machine.says(program, "--version").split()[1]


def stage(machine, program, into):
    """bin/, share/ and etc/ as they are installed below /usr; what the program says of itself is asked of it."""
    put(into / "bin/ctk", b"", 0o755)
    said(machine.strip, "--strip-unneeded", "-R", ".comment", "-R", ".note", program, "-o", into / "bin/ctk")
    put(into / "share/man/man1/ctk.1", machine.says(program, "man"))
    for shell, place in (("bash", "bash-completion/completions/ctk"), ("zsh", "zsh/vendor-completions/_ctk"),
                         ("fish", "fish/vendor_completions.d/ctk.fish")):
        put(into / "share" / place, machine.says(program, "completion", shell))


# --- The program with all that it needs ----------------------------------------------------------------------------------

def by_its_loader(machine, into, loader):
    """What runs the bundled program here; a foreign one beside nothing but what is bundled."""
    if not machine.foreign:
        return [into / "bin/ctk"]
    return [f"qemu-{machine.name}-static", into / "lib/ctk" / loader, "--library-path", into / "lib/ctk", into / "lib/ctk/ctk"]


def bundle(machine, staged, into):
    """lib/ctk with the program, its libraries and their loader, and bin/ctk that runs it so; the files that were taken."""
    into.mkdir(parents=True, exist_ok=True)
    program = into / "lib/ctk/ctk"
    put(program, (staged / "bin/ctk").read_bytes(), 0o755)
    taken, later = machine.libraries(staged / "bin/ctk"), machine.library_path(LOADED_LATER)
    plugins = sorted(later.parent.glob("libmariadb3/plugin/*.so")) if later else []
    if later:
        taken |= {LOADED_LATER: later} | machine.libraries(later, *plugins)
    taken |= {name: path for name in PARTS_OF_LIBC if (path := machine.library_path(name))}
    loader = next(name for name in taken if name.startswith("ld-linux"))
    for name, path in taken.items():
        put(into / "lib/ctk" / name, path.read_bytes(), 0o755 if name == loader else 0o644)
    for path in plugins:
        put(into / "lib/ctk/plugin" / path.name, path.read_bytes())
    put(into / "bin/ctk", (HERE / "ctk.sh").read_text().replace("LOADER", loader), 0o755)
    if said(*by_its_loader(machine, into, loader), "--version") != machine.says(staged / "bin/ctk", "--version"):
        raise SystemExit("the program does not run with its bundled libraries")
    return sorted({*taken.values(), *plugins})


def debian_packages(machine, files):
    """{package: (version, files)} of files of the machine."""
    owners, versions = machine.owners(files)
    for file in files:
        if file not in owners:
            raise SystemExit(f"no Debian package owns {file}")
    return {name: (versions[name], [file for file in files if owners[file] == name]) for name in sorted(set(owners.values()))}


def sbom(version, packages, archive):
    """SPDX 2.3: what is in the archive, by Debian package."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()

    def package(name, version, **more):
        return {"SPDXID": f"SPDXRef-{re.sub('[^A-Za-z0-9.-]', '-', name)}", "name": name, "versionInfo": version,
                "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
                "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION"} | more
    ours = package("ctk", version, licenseDeclared=LICENCE, licenseConcluded=LICENCE, packageFileName=archive.name,
                   checksums=[{"algorithm": "SHA256", "checksumValue": digest}])
    theirs = [package(name, found, supplier="Organization: Debian", externalRefs=[
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": f"pkg:deb/debian/{name}@{found}"}],
        comment="Files: " + ", ".join(file.name for file in files)) for name, (found, files) in packages.items()]
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": archive.name,
            "documentNamespace": uuid.uuid5(uuid.NAMESPACE_OID, digest).urn,
            "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time_of_source())),
                             "creators": ["Tool: packaging/package.py"]},
            "packages": [ours, *theirs],
            "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-ctk"},
                              *({"spdxElementId": "SPDXRef-ctk", "relationshipType": "CONTAINS", "relatedSpdxElement": their["SPDXID"]}
                                for their in theirs)]}


def tar_gz(folder, root, path):
    """Sorted, of nobody, and dated by the source."""
    def plain(member):
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        member.mtime, member.mode = time_of_source(), 0o755 if member.mode & 0o100 else 0o644
        return member
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in sorted(folder.rglob("*")):
            if not file.is_dir():
                tar.add(file, f"{root}/{file.relative_to(folder)}", filter=plain)
    path.write_bytes(gzip.compress(raw.getvalue(), 9, mtime=0))


def zip_member(zipped, name, content, mode, date):
    member = zipfile.ZipInfo(name, date)
    member.create_system = 3  # modes are Unix's
    member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, (stat.S_IFREG | mode) << 16
    zipped.writestr(member, content)


# --- Packages ------------------------------------------------------------------------------------------------------------

def make_archive(machine, program, folder, work):
    version, staged, tree = version_of(machine, program), work / "stage", work / "tree"
    stage(machine, program, staged)
    packages = debian_packages(machine, bundle(machine, staged, tree))
    shutil.copytree(staged / "share", tree / "share")
    shutil.copytree(HERE / "systemd", tree / "share/ctk/systemd")
    put(tree / "LICENSE", (ROOT / "LICENSE").read_bytes())
    for name in packages:
        put(tree / "share/doc/ctk/licences" / name, machine.copyright(name))
    name = f"ctk-{version}-linux-{machine.name}"
    archive = folder / f"{name}.tar.gz"
    tar_gz(tree, name, archive)
    put(folder / f"{archive.name}.sha256", f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n")
    put(folder / f"{name}.spdx.json", json.dumps(sbom(version, packages, archive), indent=1) + "\n")
    return archive


def make_wheel(machine, program, folder, work):
    version, staged, tree = version_of(machine, program), work / "stage", work / "tree"
    stage(machine, program, staged)
    packages = debian_packages(machine, bundle(machine, staged, tree))
    # The C library comes along, so no version of the machine's counts; this is the oldest that the tag can name.
    tag = f"py3-none-manylinux_2_17_{machine.name}"
    data, info = f"ctk-{version}.data", f"ctk-{version}.dist-info"
    files = {f"{data}/scripts/ctk": (tree / "bin/ctk", 0o755)}
    files |= {f"{data}/data/{path.relative_to(tree)}": (path, stat.S_IMODE(path.stat().st_mode)) for path in sorted((tree / "lib").rglob("*"))
              if path.is_file()}
    files |= {f"{data}/data/share/{path.relative_to(staged / 'share')}": (path, 0o644) for path in sorted((staged / "share").rglob("*"))
              if path.is_file()}
    texts = {f"{info}/METADATA": f"Metadata-Version: 2.1\nName: ctk\nVersion: {version}\nSummary: {SUMMARY}\nLicense: {LICENCE}\n",
             f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: packaging/package.py\nRoot-Is-Purelib: false\nTag: {tag}\n",
             f"{info}/LICENSE": (ROOT / "LICENSE").read_text()}
    for name in packages:
        texts[f"{info}/licences/{name}"] = machine.copyright(name)
    date = time.gmtime(time_of_source())[:6]
    record, wheel = [], folder / f"ctk-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as zipped:
        def add(name, content, mode):
            zip_member(zipped, name, content, mode, date)
            record.append(f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip('=')},{len(content)}")
        for name, (path, mode) in files.items():
            add(name, path.read_bytes(), mode)
        for name, text in texts.items():
            add(name, text.encode(), 0o644)
        add(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]).encode(), 0o644)
    return wheel


def make_lambda(machine, program, folder, work):
    version, staged, tree = version_of(machine, program), work / "stage", work / "tree"
    stage(machine, program, staged)
    packages = debian_packages(machine, bundle(machine, staged, tree))
    put(tree / "bootstrap", (HERE / "lambda/bootstrap").read_bytes(), 0o755)
    put(tree / "LICENSE", (ROOT / "LICENSE").read_bytes())
    for name in packages:
        put(tree / "licences" / name, machine.copyright(name))
    date = time.gmtime(time_of_source())[:6]
    path = folder / f"ctk-{version}-lambda-{machine.name}.zip"
    with zipfile.ZipFile(path, "w", compresslevel=9) as zipped:
        for file in sorted(tree.rglob("*")):
            if file.is_file():
                zip_member(zipped, str(file.relative_to(tree)), file.read_bytes(), stat.S_IMODE(file.stat().st_mode), date)
    return path


def make_deb(machine, program, folder, work):
    if machine.foreign:
        raise SystemExit("a Debian package is made on a machine of its own kind")
    version, when = version_of(machine, program), time_of_source()
    tree = work / f"ctk-{version}"
    shutil.copytree(HERE / "debian", tree / "debian")
    shutil.copy(HERE / "systemd/ctk@.service", tree / "debian/ctk@.service")
    stage(machine, program, tree / "stage")
    put(tree / "stage/etc/ctk/example.env", (HERE / "systemd/example.env").read_bytes())
    for example in ("config", "prometheus", "grafana"):
        shutil.copytree(ROOT / "examples" / example, tree / "stage/examples" / example)
    maintainer = re.search(r"^Maintainer: (.*)$", (HERE / "debian/control").read_text(), re.MULTILINE)[1]
    put(tree / "debian/changelog", f"ctk ({version}) unstable; urgency=medium\n\n  * Version {version}.\n\n"
        f" -- {maintainer}  {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(when))}\n")
    for file in tree.rglob("*"):  # dpkg dates what is newer, and leaves what is older
        os.utime(file, (when, when))
    subprocess.run(["dpkg-buildpackage", "--build=binary", "--no-sign"], cwd=tree, check=True, stdout=sys.stderr,
                   env=os.environ | {"SOURCE_DATE_EPOCH": str(when)})
    made, = work.glob("*.deb")
    return pathlib.Path(shutil.copy(made, folder / made.name))


def main():
    makers = {"deb": make_deb, "wheel": make_wheel, "archive": make_archive, "lambda": make_lambda}
    if len(sys.argv) not in (4, 5) or sys.argv[1] not in makers:
        raise SystemExit(__doc__)
    folder = pathlib.Path(sys.argv[3]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="ctk-package-") as work:
        program = pathlib.Path(sys.argv[2]).resolve()
        machine = Machine(program, pathlib.Path(sys.argv[4]).resolve() if len(sys.argv) == 5 else None)
        print(makers[sys.argv[1]](machine, program, folder, pathlib.Path(work)))


if __name__ == "__main__":
    main()
