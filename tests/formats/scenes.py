"""Runs worth looking at, by name; each has goldens under `tests/cases/formats/`."""

from collections.abc import Callable

from agentflow.core import events
from agentflow.core.events import Failure, Reason, Usage
from agentflow.spec.model import FailureClass
from tests.formats.stage import (
    START,
    Run,
    accept,
    again,
    call,
    complete,
    enter,
    expand,
    fail,
    finish,
    iterate,
    plan,
    skip,
    step,
    take,
)

HOSTILE = "\x1b]0;owned\x07\x9b31m\u202e[/x] [link=http://x]\n::error::x ##[debug]\ud800"


def chain() -> Run:
    """Three steps, one after another, all well."""
    run = Run(plan(step("collect", "inbox"), step("report", "writer"), step("send", "desk")))
    run.starts(call("collect", "inbox"))
    run.answers(0.412, "collect", accept("collect"), call("report", "writer"))
    usage = Usage("gpt-5-mini", 2100, 310, 0.0123)
    run.answers(12.3, "report", accept("report"), call("send", "desk"), usage=usage)
    run.answers(182.4, "send", accept("send"), finish())
    return run


def running() -> Run:
    """In the middle of it: items, a wait, steps that are still to come."""
    run = Run(plan(step("collect", "inbox"), step("extract", "reader"), step("report", "writer")))
    run.starts(call("collect", "inbox"))
    items = [f"extract[{number}]" for number in range(30)]
    first = [call(at, "reader") for at in items[:4]]
    run.answers(0.4, "collect", accept("collect"), expand("extract", 30), *first)
    for number in range(14):
        following = call(items[number + 4], "reader")
        run.answers(0.6 + number / 10, items[number], accept(items[number]), following)
    reason = "'timeout' in attempt 1 of 3"
    run.fails(
        2.1,
        items[15],
        FailureClass.TIMEOUT,
        "no answer within 1s",
        again(items[15], 2, 0.7, reason),
    )
    caught = Reason("extract.catch.rejected", "the text is empty")
    run.fails(
        2.2,
        items[16],
        FailureClass.REJECTED,
        "the text is empty",
        events.SkipStep(items[16], caught),
        call(items[18], "reader"),
    )
    return run


def mixed() -> Run:
    """A fan-out with a failure, a switch, a group, a skipped step and one that never started."""
    route = step(
        "route",
        cases={
            "billing": (
                step("check", "ledger", inside="route/billing"),
                step("refund", "payer", inside="route/billing"),
            ),
            "other": (step("file", "clerk", inside="route/other"),),
        },
    )
    review = step("review", body=(step("read", "critic", inside="review"),))
    run = Run(
        plan(
            step("extract", "reader"),
            route,
            review,
            step("escalate", "desk"),
            step("report", "writer"),
        )
    )
    items = [f"extract[{number}]" for number in range(30)]
    run.starts(expand("extract", 30), *(call(at, "reader") for at in items))
    usage = Usage("gpt-5-mini", 900, 110)
    for number, at in enumerate(items[:28]):
        if number == 20:
            run.fails(
                0.9,
                at,
                FailureClass.RATE_LIMITED,
                "too many requests",
                again(at, 2, 0.5, "'rate_limited' in attempt 1 of 3"),
            )
            run.timer(1.4, at, call(at, "reader", 2))
            run.answers(2.1, at, accept(at, 2), attempt=2, usage=usage)
        else:
            run.answers(0.5 + number / 100, at, accept(at), usage=usage)
    run.answers(2.2, items[28], skip(items[28], "the text is empty", "extract.catch.rejected"))
    message = "no answer within 1s"
    run.fails(
        2.4,
        items[29],
        FailureClass.TIMEOUT,
        message,
        again(items[29], 2, 0.0, "'timeout' in attempt 1 of 2"),
        call(items[29], "reader", 2),
    )
    run.fails(
        3.4,
        items[29],
        FailureClass.TIMEOUT,
        message,
        events.UseValue(items[29], {}, Reason("extract.catch.timeout", message)),
        complete("extract"),
        take("route", "billing"),
        enter("review"),
        call("route/billing/check", "ledger"),
        call("review/read", "critic"),
        skip("escalate", "'inputs.urgent' is false"),
        attempt=2,
    )
    violation = Failure(
        FailureClass.INVALID_OUTPUT, "the answer breaks its contract: 'total' is missing"
    )
    run.answers(
        3.9,
        "route/billing/check",
        events.RejectOutput("route/billing/check", 1, violation, Reason("contract.output", "no")),
        fail("route/billing/check", violation.kind, violation.message, "no retry policy applies"),
    )
    run.answers(4.0, "review/read", accept("review/read"), complete("review"))
    text = f"step 'route/billing/check' failed: {violation.message}"
    run.timer(4.1, None, fail("route", violation.kind, text), finish(text))
    return run


def small_items() -> Run:
    """Few items, each a switch of its own."""
    act = step("act", cases={"pay": (step("pay", "payer", inside="act/pay"),)})
    run = Run(plan(act))
    run.starts(expand("act", 2), take("act[0]", "pay"), call("act[0]/pay/pay", "payer"))
    run.answers(
        0.2, "act[0]/pay/pay", accept("act[0]/pay/pay"), complete("act[0]"), take("act[1]", "pay")
    )
    run.timer(0.2, None, call("act[1]/pay/pay", "payer"))
    unknown = "the process ended before the outcome was known; effects are 'write'"
    run.happens(events.RunInterrupted(START + 0.5, "SIGTERM"))
    run.happens(events.RunResumed(START + 60, "0.1.0"))
    run.happens(
        events.AttemptLost(START + 60, "act[1]/pay/pay", 1),
        fail("act[1]/pay/pay", FailureClass.UNKNOWN_EFFECT, unknown, status="unknown"),
        fail("act[1]", FailureClass.UNKNOWN_EFFECT, unknown),
        fail("act", FailureClass.UNKNOWN_EFFECT, unknown),
        finish(unknown),
    )
    return run


def rounds() -> Run:
    """A loop that goes round three times, and one that is in its first iteration."""
    steps = (
        step("write", "writer", inside="refine[#]"),
        step("judge", "critic", inside="refine[#]"),
    )
    wait = step("wait", body=(step("look", "watcher", inside="wait[#]"),), loops=True)
    run = Run(plan(step("refine", body=steps, loops=True), wait))
    run.starts(iterate("refine", 0, 3), call("refine[#0]/write", "writer"))
    for index in range(3):
        at = f"refine[#{index}]"
        run.answers(
            index * 2 + 1, f"{at}/write", accept(f"{at}/write"), call(f"{at}/judge", "critic")
        )
        if index < 2:
            following = f"refine[#{index + 1}]"
            run.answers(
                index * 2 + 2,
                f"{at}/judge",
                accept(f"{at}/judge"),
                iterate("refine", index + 1, 3),
                call(f"{following}/write", "writer"),
            )
    text = "'steps.judge.output.good' is false after 3 iterations (loop.max)"
    run.answers(
        6,
        "refine[#2]/judge",
        accept("refine[#2]/judge"),
        events.UseValue("refine", {}, Reason("refine.catch.exhausted", text)),
        iterate("wait", 0, 30),
        call("wait[#0]/look", "watcher"),
    )
    return run


def passed_over() -> Run:
    """An item is skipped since a step inside it failed, which is said once."""
    body = (step("read", "reader", inside="extract"), step("check", "clerk", inside="extract"))
    run = Run(plan(step("extract", body=body)))
    run.starts(expand("extract", 1), enter("extract[0]"), call("extract[0]/read", "reader"))
    message = "the text is empty"
    run.fails(
        0.2,
        "extract[0]/read",
        FailureClass.REJECTED,
        message,
        fail("extract[0]/read", FailureClass.REJECTED, message),
        skip("extract[0]", f"step 'extract[0]/read' failed: {message}", "extract.catch.any"),
        complete("extract"),
        finish(),
    )
    return run


def interrupted() -> Run:
    """Stopped by a signal in the middle."""
    run = Run(plan(step("collect", "inbox"), step("report", "writer")))
    run.starts(call("collect", "inbox"))
    run.happens(events.RunInterrupted(START + 3.1, "SIGINT"))
    return run


def cancelled() -> Run:
    """Somebody ended it for good, in words of their own, while a write was in flight."""
    run = Run(plan(step("collect", "inbox"), step("pay", "payer"), step("report", "writer")))
    run.starts(call("collect", "inbox"), call("pay", "payer"))
    text = f"cancelled by {HOSTILE}: {HOSTILE}"
    why = Reason("language.cancel", text)
    run.happens(
        events.CancelRequested(START + 3.1, HOSTILE, HOSTILE),
        events.CancelAttempt("collect", 1, "cancelled", why),
        events.CancelAttempt("pay", 1, "unknown", why),
        events.FinishRun("cancelled", None, Failure(FailureClass.CANCELLED, text), why),
    )
    return run


def simulated() -> Run:
    """Nothing is called, and it must not look as if anything were."""
    run = Run(plan(step("collect", "inbox")), mode="simulated")
    run.starts(call("collect", "inbox"))
    run.answers(1.5, "collect", accept("collect"), finish())
    return run


def hostile() -> Run:
    """Everything that an agent or an author can write tries to be something else."""
    route = step(
        "route",
        cases={HOSTILE: (step("act", HOSTILE, inside=f"route/{HOSTILE.replace('/', '%2F')}"),)},
    )
    run = Run(plan(step("collect", "inbox"), route, name="x"))
    run.starts(call("collect", "inbox"), take("route", HOSTILE))
    run.fails(
        0.1,
        "collect",
        FailureClass.REJECTED,
        HOSTILE,
        fail("collect", FailureClass.REJECTED, HOSTILE),
        finish(HOSTILE),
    )
    return run


def crowd() -> Run:
    """Dozens of items fail: only some of them are shown."""
    run = Run(plan(step("extract", "reader")))
    run.starts(expand("extract", 60))
    for number in range(40):
        at = f"extract[{number}]"
        run.timer(0.1, None, call(at, "reader"))
        run.fails(
            0.2,
            at,
            FailureClass.SERVER_ERROR,
            "502 Bad Gateway",
            skip(at, "502 Bad Gateway", "extract.catch.any"),
        )
    run.timer(1, None, call("extract[40]", "reader"))
    return run


SCENES: dict[str, Callable[[], Run]] = {
    scene.__name__: scene
    for scene in (
        chain,
        running,
        mixed,
        small_items,
        rounds,
        passed_over,
        interrupted,
        cancelled,
        simulated,
        hostile,
        crowd,
    )
}
