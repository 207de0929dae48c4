"""Writes what the security officer reads first."""

from datetime import timedelta
from typing import Any

from incidents.markdown import moment, moment_text, plural, safe

Json = dict[str, Any]
#: Article 33 of the GDPR: a breach of personal data is reported within this time.
NOTIFICATION = timedelta(hours=72)


def brief(cases: list[Json], as_of: str) -> Json:
    """Sum up the security cases: whom to wake, which clock runs, what to do in which order."""
    urgent = [case for case in cases if case.get("escalate", False)]
    exposed = [case for case in cases if "data_exposure" in case["fact"]["signals"]]
    opening = f"{plural(len(cases), 'security message', 'security messages')} as of "
    lines = [f"{opening}{moment_text(moment(as_of))}; at once: {len(urgent)}."]
    if exposed:
        first = min(exposed, key=lambda case: str(case["fact"]["reported_at"]))
        deadline = moment(first["fact"]["reported_at"]) + NOTIFICATION
        left = max(0, int((deadline - moment(as_of)) / timedelta(hours=1)))
        lines.append(
            f"**Personal data may be exposed.** The first report is {first['fact']['id']}; if it is "
            f"confirmed, the 72 hours for telling the authority end {moment_text(deadline)}, "
            f"in {left} hours."
        )
    steps = [
        f"{number}. **{case['fact']['id']}**, {safe(case['fact']['customer'])}: "
        f"{safe(case['decision']['action'])}"
        for number, case in enumerate(_by_urgency(cases), start=1)
    ]
    return {"text": "\n\n".join([*lines, "\n".join(steps)])}


def _by_urgency(cases: list[Json]) -> list[Json]:
    return sorted(cases, key=lambda c: (c["decision"]["priority"], c["fact"]["reported_at"]))
