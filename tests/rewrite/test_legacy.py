"""The fixture does after its fixes what it did before them."""

from __future__ import annotations

import pytest

from oracle.runner import django_version
from rewrite.equivalence import VARIANTS, product_fixers
from rewrite.legacy import run_fixture, run_own_tests
from rewrite.runner import Compared
from rewrite.verdict import mismatches


@pytest.fixture(scope="module")
def compared() -> Compared:
    """Run every entry point of the fixture, as it is and with its fixes."""
    return run_fixture(product_fixers(django_version()))


@pytest.mark.parametrize("variant", VARIANTS)
def test_entry_points_do_what_they_did(variant: str, compared: Compared) -> None:
    wrong = mismatches(compared, variant, variant == "safe")
    assert not wrong, "\n\n".join(map(str, wrong))


@pytest.mark.parametrize("variant", VARIANTS)
def test_its_own_tests_pass(variant: str, compared: Compared) -> None:
    passed, output = run_own_tests(compared.fixed[variant].files)
    assert passed, output
