#!/usr/bin/env python3
"""docs/reference: what the program says of itself, as pages; and the list of the decisions.

    tools/docs/reference.py PROGRAM            compares; exit 1 where a page is out of date
    tools/docs/reference.py PROGRAM --write    writes the pages anew

commands.md is made of `--help`, exit-codes.md of `ctk man`, metrics.md of `/metrics` of a relay that follows a simulated
table. tests/blackbox/test_docs.py compares, so the pages cannot go stale.
"""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
MADE = "<!-- Made by tools/docs/reference.py from what the program says. Change it there. -->\n"
SHARED = ("Of the source:", "Of the run:", "Of the target:", "Everywhere:")


def environment(home):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CRATEDB_", "CTK_", "PG"))}
    return kept | {"HOME": home, "NO_COLOR": "1", "COLUMNS": "80"}


def said(program, *words):
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run([program, *words], check=True, capture_output=True, text=True, env=environment(home), cwd=home).stdout


# --- commands.md ---------------------------------------------------------------------------------------------------------

def blocks(text):
    """The paragraphs of a help text: lines up to an empty one."""
    return [block.split("\n") for block in text.strip("\n").split("\n\n")]


def rows(lines):
    """(name, description) of a list whose descriptions begin in column 29, or on the next line."""
    found = []
    for line in lines:
        name, description = line[2:28].strip(), line[28:].strip()
        if len(line) > 28 and line[26:28] != "  ":  # a long name has its line alone
            name, description = line.strip(), ""
        if line.startswith("  ") and not line.startswith("   "):
            found.append([name, description])
        else:
            found[-1][1] = f"{found[-1][1]} {line.strip()}".strip()
    return found


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")


def code(text):
    """As HTML where it has a bar: within a table, readers of Markdown do not agree on what takes its meaning away."""
    return f"<code>{escaped(text)}</code>" if "|" in text else f"`{text}`"


def table(lines, head):
    def row(name, description):
        default = re.fullmatch(r"(.*?)(?:^| )\[([^\]]*(?:\[[^\]]*\][^\]]*)*)\]", description)
        words, given = default.groups() if default else (description, "")
        return f"| {code(name)} | {escaped(words)} | {escaped(given)} |"
    return [f"| {head} | what it does | default |", "|---|---|---|", *(row(*cells) for cells in rows(lines))]


def subcommands(help_text):
    """Names behind `Commands:` of a help text."""
    listed = next((block[1:] for block in blocks(help_text) if block[0] == "Commands:"), [])
    return [name.split()[0] for name, _ in rows(listed)]


def every_command(program):
    """Words of each command, in the order of the help. `help` and `version` have none of their own."""
    whole = said(program, "--help")
    for name in subcommands(whole):
        own = said(program, name, "--help")
        if own != whole:
            yield from ([[name, word] for word in subcommands(own)] or [[name]])


def command_section(words, text, of_load):
    """One command: its usage, its words, its options. Groups that are those of `ctk load` are named only."""
    usage, *rest = blocks(text)
    lines = [f"## ctk {' '.join(words)}", "", "```text", *(line.replace("Usage: ", "", 1) for line in usage), "```", ""]
    same = []
    for block in rest:
        head = block[0]
        if head == "Everywhere:" or head == "Commands:":
            continue
        if head in SHARED and words != ["load"] and block == of_load.get(head):
            same.append(head.rstrip(":").lower())
        elif head.endswith(":") and all(line.startswith("  ") for line in block[1:]) and (head == "Options:" or head in SHARED):
            lines += [f"**{head.rstrip(':')}**", "", *table(block[1:], "option"), ""]
        elif any(re.match(r"\s|[A-Z]+ {2,}", line) for line in block):
            lines += ["```text", *block, "```", ""]
        else:
            lines += [" ".join(block), ""]
    if same:
        lines += [f"And the options {', '.join(same)}: as of [ctk load](#ctk-load).", ""]
    return lines


def commands_page(program):
    of_load = {block[0]: block for block in blocks(said(program, "load", "--help"))}
    top = blocks(said(program, "--help"))
    lines = [MADE, "# Commands and options", "",
             "Every option of a source or target can be written in its URL (`?region=eu-central-1&once=true`) or as a flag, which "
             "wins. A switch takes `true`, `false`, `1`, `0`, `yes` or `no`, and needs no value as a flag. Durations are `250ms`, "
             "`5s`, `15m`, `2h`, `7d` (a bare number is seconds), sizes `64KB`, `4MB`, `1GB` (a bare number is bytes).", ""]
    for words in every_command(program):
        lines += command_section(words, said(program, *words, "--help"), of_load)
    everywhere = next(block[1:] for block in top if block[0] == "Everywhere:")
    lines += ["## Every command", "", *table(everywhere, "option"), ""]
    return "\n".join(lines)


# --- exit-codes.md -------------------------------------------------------------------------------------------------------

def plain(roff):
    return re.sub(r"\\f[A-Z]", "", roff).replace("\\-", "-").replace("\\", "")


def manual_section(manual, name):
    return re.search(rf"^\.SH {name}\n(.*?)(?=^\.SH |\Z)", manual, re.MULTILINE | re.DOTALL)[1]


def exit_codes_page(program):
    manual = said(program, "man")
    codes = re.findall(r"^\.TP\n(\d+)\n(.*)$", manual_section(manual, "EXIT STATUS"), re.MULTILINE)
    names, _, sentences = manual_section(manual, "ENVIRONMENT").partition(".\n")
    variables = [name.strip() for name in plain(names).replace("\n", " ").split(",")]
    lines = [MADE, "# Exit codes and environment", "", "| exit code | meaning |", "|---|---|",
             *(f"| {code} | {plain(words)} |" for code, words in codes), "",
             "A second SIGINT or SIGTERM ends the program at once, with 128 and the signal's number.", "",
             "## Environment", "", *(f"* `{name}`" for name in variables), "", plain(sentences.strip()).replace("\n", " "), ""]
    return "\n".join(lines)


# --- metrics.md ----------------------------------------------------------------------------------------------------------

def first_words(stream, pattern):
    for line in stream:
        found = re.search(pattern, line)
        if found:
            return found[1]
    raise SystemExit(f"nothing was said of {pattern}")


def counted(url, *names):
    """The text of /metrics once it has the names."""
    for _ in range(1200):
        text = urllib.request.urlopen(url + "/metrics", timeout=60).read().decode()
        if all(f"{name}{{" in text for name in names):
            return text
        time.sleep(0.05)
    raise SystemExit(f"{', '.join(names)} were not counted within a minute")


def relay_metrics(program):
    """The text of /metrics of a relay that has read something, and of one that shares its shards by leases."""
    with tempfile.TemporaryDirectory() as home:
        started = []

        def start(*words, **streams):
            started.append(subprocess.Popen([program, *words], env=environment(home), cwd=home, text=True, **streams))
            return started[-1]
        try:
            simulator = start("simulator", "--table", "orders:customer", stdout=subprocess.PIPE)
            address = first_words(simulator.stdout, r"http://(\S+)")

            def follow(more, target):
                relay = start("load", f"dynamodb+cdc://any:any@{address}/orders?region=us-east-1&{more}", f"sqlite:///{target}",
                              "--listen", "127.0.0.1:0", stderr=subprocess.PIPE)
                return first_words(relay.stderr, r"msg=listening url=(\S+)")
            url, shared = follow("snapshot=initial", "orders.db"), follow("positions=dynamodb", "shared.db")
            counted(url, "ctk_healthy", "ctk_lag_seconds")
            leases = counted(shared, "ctk_healthy", "ctk_leases_held")
            # An error of HTTP is counted once there was one.
            urllib.request.urlopen(f"http://{address}/simulator", b'{"action": "kill-connections"}', 60).read()
            return counted(url, "ctk_healthy", "ctk_lag_seconds", "ctk_http_errors_total") + leases
        finally:
            for process in started:
                process.kill()
                process.communicate()


def metrics_page(program):
    text = relay_metrics(program)
    lines = [MADE, "# Metrics", "", "What `/metrics` of a relay gives, in Prometheus' format. [Operations](../operations.md) says what to do "
             "about them; `examples/prometheus` has alerts, `examples/grafana` a dashboard.", "",
             "| metric | kind | labels | what |", "|---|---|---|---|"]
    helps, kinds = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE)), dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    for name in sorted(helps):
        series = re.findall(rf"^{name}(?:_bucket)?\{{(.*)\}} ", text, re.MULTILINE)
        labels = sorted({label for labels in series for label in re.findall(r'(\w+)="', labels)} - {"le"})
        lines.append(f"| `{name}` | {kinds[name]} | {', '.join(f'`{label}`' for label in labels)} | {escaped(helps[name])} |")
    return "\n".join([*lines, ""])


# --- decisions/index.md --------------------------------------------------------------------------------------------------

def decisions_page():
    lines = [MADE, "# Decisions", "", "Choices that a successor would question, with their reasons, in the order in which they were made.", ""]
    for path in sorted((DOCS / "decisions").glob("[0-9]*.md")):
        title = re.match(r"# (?:\d+[.:] )?(.*)", path.read_text())[1]
        lines.append(f"* [{path.name[:4]}: {title}]({path.name})")
    return "\n".join([*lines, ""])


def pages(program):
    return {"reference/commands.md": commands_page(program), "reference/exit-codes.md": exit_codes_page(program),
            "reference/metrics.md": metrics_page(program), "decisions/index.md": decisions_page()}


def main():
    program, made = os.path.abspath(sys.argv[1]), 0
    for name, text in pages(program).items():
        path = DOCS / name
        there = path.read_text() if path.exists() else ""
        if there == text:
            continue
        made += 1
        if "--write" in sys.argv[2:]:
            path.write_text(text)
            continue
        print(f"docs/{name} is not what the program says; tools/docs/reference.py PROGRAM --write makes it anew:")
        print("\n".join(list(difflib.unified_diff(there.split("\n"), text.split("\n"), "there", "made", lineterm=""))[:40]))
    return 1 if made and "--write" not in sys.argv[2:] else 0


if __name__ == "__main__":
    sys.exit(main())
