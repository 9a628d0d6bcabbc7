"""The records of a journal row, from the bytes that stand in the database: what src/store/sql/journal_bytes.hpp says of them, told
a second time, so that the tests do not have to believe the server.

The dictionary is read from the source. zstd is called by its C interface: Python has none of its own, and the library is there
wherever the server runs.
"""

import ctypes
import re
import sys
from pathlib import Path

_DICTIONARY = Path(__file__).parents[2] / "src/store/sql/journal_dictionary.cpp"
_MAGIC = b"\x28\xb5\x2f\xfd"
_MAX = 1 << 20


def _dictionary():
    source = _DICTIONARY.read_text()
    tables = bytes.fromhex("".join(re.findall(r'^ +"([0-9a-f]+)"', source, re.MULTILINE)))
    return tables + "".join(re.findall(r'R"\((.*?)\)"', source, re.DOTALL)).encode()


def _library():
    zstd = ctypes.CDLL("libzstd.so.1")
    for function in (zstd.ZSTD_createDCtx, zstd.ZSTD_decompress_usingDict):
        function.restype = ctypes.c_void_p if function is zstd.ZSTD_createDCtx else ctypes.c_size_t
    zstd.ZSTD_decompress_usingDict.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t,
                                               ctypes.c_char_p, ctypes.c_size_t]
    return zstd


_zstd = _library()
_context = _zstd.ZSTD_createDCtx()
_bytes = _dictionary()


def unpacked(stored):
    """The records as text, one canonical JSON a line."""
    if stored[:1] != b"\x01":
        return stored.decode()
    frame, text = _MAGIC + stored[1:], ctypes.create_string_buffer(_MAX)
    size = _zstd.ZSTD_decompress_usingDict(_context, text, _MAX, frame, len(frame), _bytes, len(_bytes))
    assert not _zstd.ZSTD_isError(ctypes.c_size_t(size)), stored.hex()
    return text.raw[:size].decode()


if __name__ == "__main__":  # rows as hexadecimal digits, one a line, as both databases print them
    for line in sys.stdin:
        sys.stdout.write(unpacked(bytes.fromhex(line)))
