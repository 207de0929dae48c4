"""The input of a call as bytes."""

import json
from collections.abc import Mapping

from agentflow.spec.model import Json


def payload(given: Mapping[str, Json]) -> bytes:
    """One line of JSON in UTF-8; equal inputs give equal bytes, whatever order their fields have.

    A log sorts the fields of what it stores. A repeat after a resume has to carry the same bytes
    all the same. The replacement for half a character is its JSON escape.
    """
    text = json.dumps(dict(given), ensure_ascii=False, sort_keys=True)
    return text.encode(errors="backslashreplace")
