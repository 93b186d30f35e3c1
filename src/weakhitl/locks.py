"""Locks on open files, which end with the process that holds them, on every system."""

import errno
import os
import sys
import time

_BYTE = 2**31 - 2
"""What Windows locks: beyond the end of our files, since nobody else can read what is locked."""
_PAUSE = 0.05

if sys.platform == "win32":
    import msvcrt

    _TAKEN = (errno.EACCES, errno.EDEADLK)

    def try_lock(handle: int) -> bool:
        """Lock an open file unless another process has it locked; say whether that went well."""
        place = os.lseek(handle, 0, os.SEEK_CUR)
        os.lseek(handle, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            return False
        finally:
            os.lseek(handle, place, os.SEEK_SET)
        return True

else:
    import fcntl

    _TAKEN = (errno.EAGAIN, errno.EACCES)
    _NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP)
    """Of some network drives: two runs at once are rare there, and that none could be made at all is worse."""

    def try_lock(handle: int) -> bool:
        """Lock an open file unless another process has it locked; say whether that went well."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            if error.errno not in _NO_LOCKS:
                raise
        return True


def lock(handle: int) -> None:
    """Lock an open file; wait while another process has it locked."""
    while not try_lock(handle):
        time.sleep(_PAUSE)
