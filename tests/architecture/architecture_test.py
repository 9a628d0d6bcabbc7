#!/usr/bin/env python3
"""Does architecture.py find what it looks for? Each test breaks one rule in a small tree that keeps them all."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import architecture

TREE = {
    "src/base/CMakeLists.txt": "troupe_room(base SOURCES id.cpp)",
    "src/base/id.cpp": '#include "troupe/base/id.hpp"\n',
    "src/domain/CMakeLists.txt": "troupe_room(domain SOURCES run.cpp USES base)  # pure",
    "src/domain/run.cpp": '#include <vector>\n#include "troupe/base/id.hpp"\n',
    "src/codec/CMakeLists.txt": "troupe_room(codec\n  SOURCES json.cpp\n  USES domain\n  LIBRARIES third_party_msgpack)",
    "src/codec/json.cpp": '#include "codec/json.hpp"\n#include "troupe/base/id.hpp"\n#include <nlohmann/json.hpp>\n',
    "src/store/sqlite/CMakeLists.txt": "troupe_room(store_sqlite SOURCES connection.cpp USES base LIBRARIES SQLite::SQLite3)",
    "src/store/sqlite/connection.cpp": '#include "store_sqlite/connection.hpp"\n#include <sqlite3.h>\n',
    "include/troupe/base/id.hpp": "#include <cstdint>\n",
    "include/troupe/base/error.hpp": '  X(not_found, "Nothing.", "Look.") \\\n  X(conflict, "Changed.", "Again.")\n',
    "tests/codec/json_test.cpp": '#include "codec/json.hpp"\n#include <nlohmann/json.hpp>\n',
    "bench/node_modules/node/node.h": '#include "../others.h"\n',
    "docs/errors.md": "| code | status |\n| `not_found` | 404 | x | y |\n| `conflict` | 409 | x | y |\n",
    "tests/run_test.cpp": "TEST_F(RunTest, EndsOnce) {\n}\n",
    "tests/e2e/test_it.py": "def test_it_ends(server):\n",
    "docs/faults.md": "| fault | what | seen | shown by |\n| --- | --- | --- | --- |\n"
                      "| a crash | it ends | | `tests/run_test.cpp` `RunTest.EndsOnce`; `tests/e2e/test_it.py` `test_it_ends` |\n",
    "README.md": 'An answer with "code": "not_found" says so; code `conflict` too.\n',
}


class ArchitectureTest(unittest.TestCase):
    def faults(self, **changes):
        """The faults of the tree with these files appended to; a file's name has __ for / and ends before its dot."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in TREE.items():
                file = root / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text + changes.pop(name, ""))
            self.assertFalse(changes, "a test changes files that exist")
            return [f"{path}:{line}: {fault}" for path, line, fault in architecture.faults(root)]

    def expect(self, name, addition, *expected):
        found = self.faults(**{name: addition})
        self.assertEqual(len(found), len(expected), found)
        for fault, beginning in zip(found, expected):
            self.assertTrue(fault.startswith(beginning), fault)

    def test_a_tree_that_keeps_the_rules_has_no_faults(self):
        self.assertEqual(self.faults(), [])

    def test_an_include_must_not_go_up(self):
        self.expect("tests/codec/json_test.cpp", '#include "../x.hpp"\n', "tests/codec/json_test.cpp:3: an include must not")

    def test_a_library_belongs_to_its_room(self):
        self.expect("src/codec/json.cpp", "#include <sqlite3.h>\n", "src/codec/json.cpp:4: <sqlite3.h> belongs to the room store_sqlite")
        self.expect("src/base/id.cpp", "# include <caf/all.hpp>\n", "src/base/id.cpp:2: <caf/all.hpp> belongs to the room actors")

    def test_a_contract_includes_no_library(self):
        self.expect("include/troupe/base/id.hpp", "#include <fmt/core.h>\n", "include/troupe/base/id.hpp:2: a contract")

    def test_a_room_includes_what_it_uses_and_what_that_uses(self):
        self.expect("src/base/id.cpp", '#include "troupe/domain/run.hpp"\n', "src/base/id.cpp:2: the room base may not use domain")
        self.expect("src/codec/json.cpp", '#include "store_sqlite/connection.hpp"\n',
                    "src/codec/json.cpp:4: the room codec may not use store_sqlite")
        self.expect("include/troupe/base/id.hpp", '#include "troupe/domain/run.hpp"\n',
                    "include/troupe/base/id.hpp:2: the room base may not use domain")

    def test_the_domain_is_pure(self):
        self.expect("src/domain/run.cpp", "#include <thread>\n", "src/domain/run.cpp:3: the domain is pure")
        self.expect("src/domain/run.cpp", "auto now = std::chrono::system_clock::now();  // a clock\n",
                    "src/domain/run.cpp:3: the domain is pure")
        self.expect("src/domain/run.cpp", "// like system_clock, but passed in\n")

    def test_a_source_has_a_bounded_length(self):
        self.expect("src/base/id.cpp", "\n" * architecture.LINES_MAX, "src/base/id.cpp:601: 601 lines")

    def test_the_page_of_error_codes_is_complete_and_true(self):
        self.expect("docs/errors.md", "| `gone` | 410 | x | y |\n", "docs/errors.md:4: there is no error code gone")
        self.expect("docs/errors.md", "| `conflict` | 409 | x | y |\n", "docs/errors.md:4: the error code conflict is listed twice")
        self.expect("include/troupe/base/error.hpp", '  X(gone, "Gone.", "Stop.")\n',
                    "include/troupe/base/error.hpp:3: the error code gone is missing")
        self.expect("README.md", 'or "code": "gone"\n', "README.md:2: there is no error code gone")

    def test_every_fault_names_tests_that_exist(self):
        row = "| x | y | z | %s |\n"
        self.expect("docs/faults.md", row % "", "docs/faults.md:4: a row without a test")
        self.expect("docs/faults.md", row % "`tests/gone.cpp`", "docs/faults.md:4: there is no tests/gone.cpp")
        self.expect("docs/faults.md", row % "`tests/run_test.cpp` `RunTest.EndsTwice`",
                    "docs/faults.md:4: there is no test RunTest.EndsTwice")
        self.expect("docs/faults.md", row % "`tests/e2e/test_it.py` `test_it_ends`, `test_it`",
                    "docs/faults.md:4: there is no test test_it")


if __name__ == "__main__":
    unittest.main()
