"""Runs work in forked processes: no cache and no module variable outlives them."""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

_SECONDS = 30


def in_child(work: Callable[..., dict[str, Any]], *arguments: object) -> dict[str, Any]:
    """Return what ``work`` returns in a forked process, or ``{"error": ...}``."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    # A collection in the child would touch, and so copy, every page it shares with its parent.
    gc.freeze()
    child = os.fork()
    if child == 0:
        os.close(reader)
        gc.disable()
        signal.alarm(_SECONDS)
        try:
            with redirect_stdout(io.StringIO()):
                result = work(*arguments)
        except BaseException:
            result = {"error": traceback.format_exc()}
        with os.fdopen(writer, "w") as stream:
            json.dump(result, stream)
        # No cleanup: temporary files and threads belong to the parent.
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        answer = stream.read()
    _, status = os.waitpid(child, 0)
    if not answer:
        return {"error": f"the process died: {status} (it is stopped after {_SECONDS} s)"}
    result = json.loads(answer)
    assert isinstance(result, dict)
    return result
