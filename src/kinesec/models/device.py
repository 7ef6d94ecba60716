"""The device that models run on, and how many of the machine's threads they take."""

from __future__ import annotations

import ctypes
import os
import sys

import torch


def best_device() -> torch.device:
    """A GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def use_threads(count: int) -> None:
    """Gives torch the job's threads, deterministic kernels, and memory that stays mapped between steps."""
    torch.set_num_threads(count)
    # use_deterministic_algorithms does the same, and imports the compiler that nothing here uses: two seconds a job
    torch.set_deterministic_debug_mode("warn")
    # nothing is read that was not written
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        # glibc returns freed buffers of a training step to the system and faults them in again at the next: a tenth of
        # a step's time. -1 and -3 are M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of <malloc.h>.
        libc.mallopt(-1, 2**30)
        libc.mallopt(-3, 2**30)
