"""The ways out where a file system refuses to take a file."""

from __future__ import annotations

import errno

_WITH_RIGHTS = "run this as root, or give --root DIR"
_WITH_SPACE = "make room in that file system (df shows how full it is), then try again"
_WAYS_OUT = {
    errno.EACCES: _WITH_RIGHTS,
    errno.EPERM: _WITH_RIGHTS,
    errno.ENOSPC: _WITH_SPACE,
    errno.EDQUOT: _WITH_SPACE,
    errno.EROFS: "mount that file system for writing, or give --root DIR",
    # 255 bytes of a file's name, without '.addnhosts' and '.new'
    errno.ENAMETOOLONG: "give the network a shorter name: at most 241 bytes",
}


def way_out(error: OSError) -> str | None:
    return _WAYS_OUT.get(error.errno or 0)
