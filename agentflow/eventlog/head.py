"""HEAD: how far a log is known to reach.

SQLite hides loss: with its write-ahead log gone a database opens with fewer rows and no complaint.
So a small file of our own beside it says which entry was surely written, and its hash. It is
renewed before a write's intent is acted on and whenever a run stops or waits; in between, a log
is longer than HEAD says, never shorter.

It also says when something is due in a run that nobody works on, and whether it is left for
somebody to resume, so that whoever looks for that over many runs need not understand their logs.
"""

from pathlib import Path

from msgspec import Struct

from agentflow.eventlog import canonical
from agentflow.eventlog.chain import GENESIS, check_format, damaged
from agentflow.eventlog.private import is_there, read_file, replace_file
from agentflow.eventlog.upcast import FORMAT
from agentflow.spec.model import Json

_NAME = "HEAD"


class Rest(Struct, frozen=True):
    """A run that nobody works on: when something in it is `due`, in seconds since 1970.

    0 says at once, None that nothing ever is unless somebody answers. `left` is the status of a run
    that is for a person to resume.
    """

    due: float | None
    left: str | None = None


class Head(Struct, frozen=True):
    """The last entry that is known to be stored; `seq` is -1 as long as there is none.

    `ended` says that the run is through by then, for those who look for runs that are not. `rest`
    is None while a process works on it, or if it died.
    """

    seq: int
    hash: str
    ended: bool = False
    rest: Rest | None = None


START = Head(-1, GENESIS)


def write_head(folder: Path, head: Head) -> None:
    """Renew HEAD durably. Raises `StoreError`."""
    value: dict[str, Json] = {"format": FORMAT, "hash": head.hash, "seq": head.seq}
    if head.ended:
        value["ended"] = True
    if head.rest is not None:
        value["rest"] = {"due": head.rest.due}
        if head.rest.left is not None:
            value["rest"]["left"] = head.rest.left
    replace_file(folder / _NAME, canonical.encode(value) + b"\n")


def read_head(folder: Path) -> Head:
    """The HEAD of a run. Raises `LogDamaged` if it is missing or no HEAD, or `LogTooNew`."""
    run, path = folder.name, folder / _NAME
    if not is_there(path):
        raise damaged(run, 0, f"'{path}' is missing")
    try:
        value = canonical.decode(read_file(path))
    except ValueError as error:
        raise damaged(run, 0, f"'{path}' is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise damaged(run, 0, f"'{path}' is not an object")
    check_format(run, 0, value.get("format"))
    match value:
        case {"seq": int(seq), "hash": str(digest)} if seq >= -1:
            return Head(seq, digest, value.get("ended") is True, _rest(value.get("rest")))
    raise damaged(run, 0, f"'{path}' does not say 'seq' and 'hash'")


def _rest(value: Json) -> Rest | None:
    """What HEAD says of a run at rest; None sends whoever asks to the log."""
    match value:
        case {"due": int() | float() | None as due, **more}:
            left = more.get("left")
            return Rest(due, left if isinstance(left, str) else None)
    return None
