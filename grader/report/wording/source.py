"""The file that was handed in: missing, not readable, not importable, or not started."""

from __future__ import annotations

from grader.report.literals import count, safe, shortened

NOT_STARTED = "Not started: the function still raises NotImplementedError."


def not_started() -> str:
    """The stub is untouched."""
    return NOT_STARTED


def missing_file(name: str) -> str:
    """Not handed in."""
    return f"Not started: there is no file {safe(name)}."


def empty_file(name: str) -> str:
    """Nothing in it."""
    return f"The file {safe(name)} is empty."


def is_a_folder(name: str) -> str:
    """A folder has the file's name."""
    return f"{safe(name)} is a folder, not a file."


def not_a_regular_file(name: str) -> str:
    """A link, a pipe or a device."""
    return f"{safe(name)} is not a regular file: a link or a device is not read."


def too_large(name: str, size: int, limit: int) -> str:
    """Larger than a program can sensibly be."""
    return f"{safe(name)} has {count(size, 'byte')}; at most {limit:,} are read."


def not_utf8(position: int, line: int) -> str:
    """The source cannot be decoded."""
    return f"Line {line} of the file is not UTF-8 text (byte {position:,} of the file): save it as UTF-8."


def syntax_error(message: str, file: str, line: int) -> str:
    """Python cannot read it."""
    return f"Python cannot read {safe(file)}, line {line}: {shortened(message, 120)}."


def import_raised(exception_type: str, message: str) -> str:
    """An exception at the top level of the module."""
    text = f": {shortened(message, 120)}" if message else ""
    return f"The file cannot be imported, it raises {safe(exception_type)}{text}."


def import_hung(seconds: float = 0) -> str:
    """The top level waits."""
    return _import(f"after {seconds:g} s it still waits" if seconds else "it waits for something that does not happen")


def import_spins(seconds: float = 0) -> str:
    """The top level never ends."""
    return _import(f"after {seconds:g} s it still runs" if seconds else "it runs on and on")


def _import(what: str) -> str:
    return f"The file cannot be imported: {what}."


def import_exits(status: int | None) -> str:
    """`sys.exit()` or `os._exit()` at the top level."""
    return _import(f"it ends Python with exit status {status or 0}")


def import_asks_for_input() -> str:
    """`input()` at the top level."""
    return _import("it asks for input while it is imported")


def lacks_function(name: str, file: str = "") -> str:
    """The function of the exercise is not there."""
    return f"There is no function {safe(name)}{f' in {safe(file)}' if file else ''}."


def top_level_call_left_out(line: int, code: str) -> str:
    """The lesson's own code calls its function at the end of the file."""
    return f'Left out: line {line}, `{shortened(code, 60)}`, which belongs under `if __name__ == "__main__":`.'
