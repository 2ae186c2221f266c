"""Memory that is free goes back to the system."""

import ctypes
import sys


def give_back_memory() -> None:
    """Have the allocator of Linux return what it keeps of freed memory.

    Threads allocate in arenas of their own, and what XLA's programs have used there stays with the process otherwise:
    a study of 1,000 small trials held 2.0 GB in place of 1.2 (measured, DECISIONS.md).
    """
    if not sys.platform.startswith("linux"):
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc; others have none
    if trim is not None:
        trim(0)
