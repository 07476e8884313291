"""A Java library from Maven Central, with the programs of java/ that are built on it."""
import dataclasses
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE / "java"
HOME = HERE.parents[1] / "build/interop/java"
COMMON = ("Kcl.java", "Settings.java", "Processor.java", "Recorder.java")


@dataclasses.dataclass(frozen=True)
class Library:
    group: str
    artifact: str
    version: str
    common: tuple = COMMON  # of the programs' sources

    def classpath(self, *programs):
        """What `java -cp` takes: the library, what it needs, and those programs, compiled with it."""
        folder = HOME / f"{self.artifact}-{self.version}"
        libraries = folder / "libraries"
        if not libraries.exists():
            folder.mkdir(parents=True, exist_ok=True)
            print(f"fetching {self.artifact} {self.version} from Maven Central", file=sys.stderr)
            subprocess.run(["mvn", "--quiet", "--batch-mode", "--file", SOURCES / "pom.xml", "dependency:build-classpath",
                            f"-Dlibrary.group={self.group}", f"-Dlibrary.artifact={self.artifact}",
                            f"-Dlibrary.version={self.version}", f"-Dmdep.outputFile={libraries}"], check=True)
        found = libraries.read_text().strip()
        if programs:
            subprocess.run(["javac", "-d", folder, "-cp", found, *(SOURCES / name for name in self.common + programs)], check=True)
        return f"{folder}:{found}"


def kcl(version):
    return Library("software.amazon.kinesis", "amazon-kinesis-client", version)


def multilang(version):
    return Library("software.amazon.kinesis", "amazon-kinesis-client-multilang", version)


def java(classpath, program, *words, heap="256m", log="warn"):
    """The command line of a program; the library writes its log to standard error."""
    return ["java", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Daws.cborEnabled=false",
            f"-Dorg.slf4j.simpleLogger.defaultLogLevel={log}", "-cp", classpath, program, *map(str, words)]
