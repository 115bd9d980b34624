"""Thousands of random steps of paying against Razorpay's own books, on both databases."""

import os
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.billing.model.machine import Ground, Money

EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "24"))
STEPS = 50


def test_each_captured_payment_is_fulfilled_once(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    is_soak = "SOAK_EXAMPLES" in os.environ
    machine: Any = type("MoneyHere", (Money,), {"ground": ground})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not is_soak,
            database=None,
            phases=(Phase.generate, Phase.shrink) if "SHRINK" in os.environ else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        sys.stdout.write(
            f"\n{ground.steps:,} steps against Razorpay's books: {ground.paid:,} payments, "
            f"{ground.held:,} of them held, {ground.refunded:,} refunded\n"
        )
    assert ground.paid > EXAMPLES
    assert ground.refunded
