"""What programs write is read by a thread, and can be waited for."""

from __future__ import annotations

import os

from grader.harness.output import Drain, Output


def test_what_was_written_is_there_once_it_is_caught_up_with() -> None:
    drain, outputs = Drain(), [Output(), Output()]
    pipes = [os.pipe() for _ in outputs]
    for (reading, _), output in zip(pipes, outputs, strict=True):
        drain.add(reading, output)
    for count in range(1, 300):
        for _, writing in pipes:
            os.write(writing, b"x" * 99)
        assert drain.catch_up(30)
        assert [output.size for output in outputs] == [99 * count] * 2
    for _, writing in pipes:
        os.close(writing)
    assert drain.catch_up(30)
    assert all(output.ended for output in outputs)
    drain.close()
