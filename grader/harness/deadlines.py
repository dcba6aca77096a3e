"""Every number of seconds the grader waits, in one place, with what goes wrong when it is too small or too large."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """Times in seconds.

    A program is given time as long as it uses the processor or moves bytes; these bound what happens when it does not.
    """

    # How long every thread must sleep, without once having run, in calls that nothing but the wire can end. Too small:
    # a right program is called stuck while the kernel's timers are at work (delayed acknowledgements take 0.2 s).
    # Too large: each hung check costs that much.
    stuck: float = 1.0
    # How long a program may wait by choice (`time.sleep`, a time-out of its own) before the next byte moves. Too small:
    # fails programs that pause or poll. Too large: a submission that sleeps everywhere takes twice this per exercise.
    idle: float = 5.0
    # Processor time (not wall time: the machine may be busy) without a byte moved. Too small: fails quadratic but right
    # code on long lines. Too large: an endless loop takes this long to be called one, times the load of the machine.
    computing: float = 2.0
    # For a whole check that does move bytes, plus a second for each `slow_bytes` moved, plus the time in which the
    # program was ready to run and others had the processors. Too small: fails right programs that move a byte at a
    # time. Too large: a program that drips holds up the class that long.
    check: float = 40.0
    slow_bytes: int = 32 * 1024
    # The most that is added for others that had the processors. Too small: fails right programs that need much of a
    # machine of which they get little (25 s of a processor, a twelfth of which is theirs, are 300 s). Too large: more
    # than `NET`, which then ends the check as a fault of the grader.
    others: float = 300.0
    # How long a datagram may still be on its way when the call that sent it has returned: loopback delivers at once,
    # but a busy machine may leave that to a kernel thread. Less than `stuck`. Too small: fails right senders there. Too
    # large: each check in which a datagram is missing costs that much.
    under_way: float = 0.5
    # From Ctrl-C to the end of a server: 2 s by contract, and a little for the clock and a busy machine.
    interrupt: float = 2.5
    # After which an idle program whose function has not returned is woken, so that it sees a Ctrl-C it may have missed.
    # Too small: wakes programs that are closing down, which does no harm. Too large: a lost signal costs that long.
    lost_interrupt: float = 0.5
    # From the server's end of stream or reset to the client's own end: 2 s by contract, and the same allowance.
    leaving: float = 2.5
    # How long no thread of a client may run before it is taken to rest. Too small: the server begins to read while more
    # is typed, which only lets wrong work through. Too large: each such check costs that.
    rest: float = 0.05
    # How long a client whose server reads nothing may hold on before the server reads. Too small: one that gives up
    # after a while, and loses what it has not sent, is not caught. Too large: one that polls costs that long.
    pause: float = 1.0
    # How long a server may take to give back what its clients used, once they have left. Too small: fails right servers
    # on a busy machine. Too large: each leak costs that long.
    returning: float = 2.0
    # For the answer to "where do you stand?". Too small: no line is shown on a busy machine; too large: time lost.
    standing: float = 0.5
    # For the launcher to start, or to tell of an end. These never depend on the learner's code.
    launcher: float = 30.0
    # How long "the program has taken a piece and sleeps again" may take before the next piece is sent all the same.
    # Too small: pieces may be glued, which only lets wrong work through. Too large: costs that long per piece.
    settle: float = 1.0
    # Processor time after which a program that is to come to rest is taken for one that never does. Too small and too
    # large: as above, and the larger, the longer a program that spins holds up its checks.
    restless: float = 0.1
    # The same for a program that may not have begun to rest, before Ctrl-C is pressed or its threads are counted. Too
    # small: fails right programs that begin by starting hundreds of threads. Too large: as above.
    beginning: float = 1.0
    # The window in which a program that has nothing to do must sleep. Too small: the processor's clock is too coarse.
    meter: float = 0.3
    # How long nobody comes, or a client says nothing, and how long one reads nothing, with full buffers: what time-outs
    # of a server do shows then. Too small: those of a second, or half of one, are not caught. Too large: each check of
    # that costs it.
    quiet: float = 1.2
    unread: float = 0.7
    # How long a thread that is ready to run may be without its turn before the meter gives up on it. Too small: one
    # that spins is not caught on a busy machine. Too large: each meter costs that, where a thread never has its turn.
    turn: float = 30.0
    # For all checks of an exercise that do not pass; the rest are then not run. Too small: a learner with slow mistakes
    # on a busy machine is not told of all of them. Too large: a program made to be slow holds up the class that long.
    failing: float = 120.0


DEADLINES = Deadlines()

# After this many hung checks an exercise's other checks are not run: each costs seconds and tells nothing new.
HUNG_LIMIT = 2

# The second net, for the harness itself: pytest-timeout ends a check that not even `Deadlines.check` has ended. So it
# is more than a check may take on a busy machine that moves 8 MiB to the program and back: 40 s, 300 s and 512 s.
NET = 900
