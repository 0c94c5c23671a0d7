"""What several modules about sessions begin with."""

import pytest

from practice.diary.models import Session
from relationships.models import Relationship
from tests.diary import book


@pytest.fixture
def session(individual: Relationship) -> Session:
    """Wednesday of the week after `NOW`, 4pm to 4:50pm."""
    return book(individual)
