#!/usr/bin/env python3
"""Holds the tree against the rules that the compiler does not see.

Usage: architecture.py ROOT

Prints one line a fault (`file:line: what is wrong`) and ends with 1 if there is any. The rules:

  1. No include goes up a folder (`../`).
  2. A third-party header is included only by the room that owns the library: the table below. Contracts
     (include/troupe) include none.
  3. A room includes only headers of the rooms in its USES (CMakeLists.txt), and of those that these use.
  4. The domain has no clock, no chance, no thread and no I/O.
  5. No source is longer than LINES_MAX.
  6. docs/errors.md lists the error codes of include/troupe/base/error.hpp, all of them and no others; no other page
     names a code that does not exist.
  7. Every row of docs/faults.md names at least one test, and every test it names exists.
"""
import pathlib
import re
import sys

# library (by how its headers begin) -> the room that owns it
OWNERS = {
    "caf/": "actors",
    "CLI/": "cli",
    "nlohmann/": "codec",
    "simdjson": "codec",
    "msgpack": "codec",
    "yaml-cpp/": "codec",
    "valijson/": "codec",
    "oniguruma.h": "codec expr",  # schema patterns; and jq's own engine, whose limits expr sets
    "jq.h": "expr",
    "jv.h": "expr",
    "openssl/": "crypto",
    "curl/": "net",
    "libpq": "store_postgres",
    "sqlite3.h": "store_sqlite",
    "png.h": "image",
    "boost/": "ingress",
    "cctz/": "calendar",
    "spdlog/": "telemetry",
    "prometheus/": "telemetry",
    "fmt/": "base",
    "toml++/": "config",
}

# What the pure core must not include, nor name.
DOMAIN_HEADERS = {"chrono", "ctime", "time.h", "random", "thread", "mutex", "atomic", "condition_variable", "future",
                  "fstream", "iostream", "cstdio", "stdio.h", "filesystem"}
DOMAIN_WORDS = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock|std::rand|getenv|random_device)\b")

LINES_MAX = 600

# Sources that npm brings.
OTHERS_FOLDER = "node_modules"

SOURCES = (".cpp", ".hpp", ".h", ".c", ".in")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
ROOM = re.compile(r"troupe_room\(\s*(\w+)(.*?)\)", re.S)
KEYWORDS = {"SOURCES", "USES", "LIBRARIES", "PUBLIC_LIBRARIES", "PCH"}


class Rooms:
    """Every room, where it is, and which rooms it may use, by the CMakeLists.txt of the tree."""

    def __init__(self, root):
        self.folder = {}  # folder below root -> room
        self.uses = {}  # room -> rooms it names in USES
        for listing in sorted([*root.glob("src/**/CMakeLists.txt"), *root.glob("actors/**/CMakeLists.txt")]):
            text = re.sub(r"#.*", "", listing.read_text())
            for name, arguments in ROOM.findall(text):
                self.folder[listing.parent.relative_to(root)] = name
                words = arguments.split()
                start = words.index("USES") + 1 if "USES" in words else len(words)
                end = next((i for i in range(start, len(words)) if words[i] in KEYWORDS), len(words))
                self.uses[name] = words[start:end]

    def of_file(self, path):
        """The room that a source belongs to: of a contract, the room that bears its folder's name."""
        if path.parts[:2] == ("include", "troupe"):
            return path.parts[2]
        return next((self.folder[folder] for folder in path.parents if folder in self.folder), None)

    def of_include(self, text):
        """The room whose header this is; None for a header of the system or beside the source."""
        parts = text.split("/")
        if parts[0] == "troupe":
            return parts[1]
        if len(parts) > 1 and parts[0] in self.uses:
            return parts[0]
        return None

    def allowed(self, room):
        seen, todo = {room}, list(self.uses.get(room, []))
        while todo:
            used = todo.pop()
            if used not in seen:
                seen.add(used)
                todo += self.uses.get(used, [])
        return seen


def library_of(header):
    return next((library for library in OWNERS if header.startswith(library)), None)


def check_include(rooms, path, bracket, header):
    """What is wrong with one include of one source; nothing if it is right."""
    if header.startswith("../") or "/../" in header:
        return "an include must not go up a folder"
    room = rooms.of_file(path)
    if room is None:
        return None  # tests and benchmarks: the linker's USES are enough
    library = library_of(header)
    if library and path.parts[0] == "include":
        return f"a contract includes no third-party header, but this one includes <{header}>"
    if library and room not in OWNERS[library].split():
        return f"<{header}> belongs to the room {OWNERS[library]}, not to {room}"
    other = rooms.of_include(header) if bracket == '"' else None
    if other and other not in rooms.allowed(room):
        return f'the room {room} may not use {other} ("{header}")'
    if room == "domain" and bracket == "<" and header in DOMAIN_HEADERS:
        return f"the domain is pure: no <{header}>"
    return None


def check_sources(root, rooms):
    for top in ("include", "src", "actors", "tests", "bench"):
        for file in sorted(root.glob(top + "/**/*")):
            path = file.relative_to(root)
            if file.suffix not in SOURCES or not file.is_file() or OTHERS_FOLDER in path.parts:
                continue
            lines = file.read_text().splitlines()
            if len(lines) > LINES_MAX:
                yield path, LINES_MAX + 1, f"{len(lines)} lines; a source has at most {LINES_MAX}"
            pure = rooms.of_file(path) == "domain"
            for number, line in enumerate(lines, 1):
                include = INCLUDE.match(line)
                fault = check_include(rooms, path, *include.groups()) if include else None
                if fault:
                    yield path, number, fault
                if pure and DOMAIN_WORDS.search(line.split("//")[0]):
                    yield path, number, "the domain is pure: time and chance are passed in"


def check_error_codes(root):
    header = pathlib.Path("include/troupe/base/error.hpp")
    codes = {}
    for number, line in enumerate((root / header).read_text().splitlines(), 1):
        found = re.match(r"\s*X\((\w+),", line)
        if found:
            codes[found[1]] = number
    page = pathlib.Path("docs/errors.md")
    listed = set()
    for number, line in enumerate((root / page).read_text().splitlines(), 1):
        row = re.match(r"\| `(\w+)` \| \d+ \|", line)
        if not row:
            continue
        if row[1] not in codes:
            yield page, number, f"there is no error code {row[1]}"
        if row[1] in listed:
            yield page, number, f"the error code {row[1]} is listed twice"
        listed.add(row[1])
    for code in sorted(set(codes) - listed):
        yield header, codes[code], f"the error code {code} is missing from {page}"
    for file in sorted([*root.glob("docs/**/*.md"), *root.glob("*.md"), *root.glob("src/**/*.md")]):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            for code in re.findall(r'"code": ?"(\w+)"|\bcode `(\w+)`', line):
                if "".join(code) not in codes:
                    yield file.relative_to(root), number, f"there is no error code {''.join(code)}"


TEST_OF_FILE = {".cpp": r"TEST(?:_[FP])?\(\s*%s\s*\)", ".py": r"def %s\("}


def check_fault_table(root):
    """Of each row the last cell: `file` `Test` [, `Test` …] [; `file` …]."""
    page = pathlib.Path("docs/faults.md")
    for number, line in enumerate((root / page).read_text().splitlines(), 1):
        if not line.startswith("| ") or line.startswith(("| fault |", "| --- |")):
            continue
        words = re.findall(r"`([^`]+)`", line.rstrip(" |").split(" | ")[-1])
        if not any(word.startswith("tests/") for word in words):
            yield page, number, "a row without a test"
        text, suffix = "", ""
        for word in words:
            if word.startswith("tests/"):
                file = root / word
                text, suffix = (file.read_text() if file.exists() else ""), file.suffix
                if not file.exists():
                    yield page, number, f"there is no {word}"
            elif not re.search(TEST_OF_FILE[suffix] % re.escape(word).replace(r"\.", r",\s*"), text):
                yield page, number, f"there is no test {word} in the file before it"


def faults(root):
    yield from check_sources(root, Rooms(root))
    yield from check_error_codes(root)
    yield from check_fault_table(root)


def main():
    found = list(faults(pathlib.Path(sys.argv[1])))
    for path, number, fault in found:
        print(f"{path}:{number}: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
