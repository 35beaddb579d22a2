"""A fixed part of the fuzzing corpus."""

from pathlib import Path

from benchmarks.fuzz.attack import attack
from benchmarks.fuzz.corpus import LEVELS, corpus

COUNT = 900


def test_the_corpus_depends_on_its_seed_only() -> None:
    assert list(corpus(1, 60)) == list(corpus(1, 60))
    assert list(corpus(1, 60)) != list(corpus(2, 60))


def test_malformed_requests_do_no_harm(tmp_path: Path) -> None:
    outcome = attack(tmp_path / "home", corpus(seed=7, count=COUNT))
    assert outcome.failures == []
    assert outcome.requests == COUNT
    refused = {level for (level, status) in outcome.statuses if 400 <= status < 500}
    assert refused == set(LEVELS)
