"""The random practice in short; the long form is a command (`random_operations.py`)."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.harness.random_operations import RandomPractice, counted, options
from tests.sampling import examples


@pytest.mark.django_db
@pytest.mark.begun_first
def test_whatever_people_do_the_database_says_what_a_plain_model_says():
    run_state_machine_as_test(
        RandomPractice, settings=options(examples(24), 15, same_each_time=True)
    )

    assert counted["done"] > 20
