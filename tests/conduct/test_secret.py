"""The secret's form, and the lists that follow from it: as an independent script makes them, without a favourite, each its own."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from equipoise.conduct.draws import SealedDraws
from equipoise.conduct.masking import Key
from equipoise.conduct.minimisation import Minimisation
from equipoise.conduct.randomisation import PermutedBlocks, stratum_of
from equipoise.conduct.secret import Secret, read_secrets
from equipoise.files.bundled import find_trial
from equipoise.files.secret_file import draw
from equipoise.files.trial_file import read_trial
from equipoise.numerics.random.keyed import below, digest
from equipoise.numerics.random.streams import generator
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import FIXTURES
from sealed import secret_of

NORTH, E2511 = read_trial(find_trial("north")), read_trial(find_trial("e2511"))
VECTORS: dict[str, list[dict[str, Any]]] = json.loads((FIXTURES / "allocation" / "vectors.json").read_text())
STRATA = [f"ecog={e} / ldh={d}" for e in ("0-1", "2") for d in ("normal", "raised")]


def with_sizes(trial: Trial, sizes: tuple[int, ...]) -> Trial:
    assert trial.randomisation is not None
    return trial.model_copy(update={"randomisation": trial.randomisation.model_copy(update={"block_sizes": sizes})})


def listed(trial: Trial, secret: Secret | int | str, stratum: str, n: int) -> list[str]:
    blocks = PermutedBlocks(trial, secret)
    return [blocks.arm(stratum, i) for i in range(n)]


@pytest.mark.independent
def test_draws_and_commitments_as_openssl_and_a_plain_script_make_them() -> None:
    for d in VECTORS["digests"]:
        assert digest(bytes.fromhex(d["key"]), *d["name"]).hex() == d["digest"]
    for c in VECTORS["commitments"]:
        secret = Secret(c["trial"], bytes.fromhex(c["salt"]), bytes.fromhex(c["secret"]), tuple(c["blocks"]))
        assert secret.commitment == c["commitment"]
    for f in VECTORS["fractions"]:
        assert SealedDraws(Secret(f["trial"], b"", bytes.fromhex(f["key"]))).fraction(f["number"]) == f["fraction"]


@pytest.mark.independent
def test_lists_as_a_plain_script_makes_them() -> None:
    assert len(VECTORS["lists"]) == 32
    for v in VECTORS["lists"]:
        secret = Secret(v["trial"], b"", bytes.fromhex(v["key"]))
        assert listed(with_sizes(NORTH, tuple(v["sizes"])), secret, v["stratum"], 60) == v["list"]
    lists = [tuple(v["list"]) for v in VECTORS["lists"]]
    assert len(set(lists)) == len(lists)


def test_a_number_below_n_has_no_favourite() -> None:
    """The words of the last incomplete n are thrown away, to the last one."""
    n = 3
    assert (1 << 64) % n == 1
    assert below(iter([(1 << 64) - 1, 5]), n) == 2
    assert below(iter([(1 << 64) - 2]), n) == ((1 << 64) - 2) % n
    assert below(iter([(1 << 64) - 1]), 1 << 64) == (1 << 64) - 1


def test_sizes_and_orders_of_many_lists_are_all_as_likely() -> None:
    """6000 blocks of 500 secrets and two strata: sizes, and the 15 orders of a block of 6 (chi-square, alpha 1e-6)."""
    sizes: Counter[int] = Counter()
    orders: Counter[tuple[str, ...]] = Counter()
    for number in range(500):
        draws, arms = SealedDraws(secret_of("north", number)), ["T", "T", "T", "T", "C", "C"]
        for stratum in ("a", "b"):
            for k in range(6):
                size, changes = draws.block(stratum, k, (3, 6))
                sizes[size] += 1
                if size == 6:
                    block = list(arms)
                    for place, other in zip(range(5, 0, -1), changes, strict=True):
                        block[place], block[other] = block[other], block[place]
                    orders[tuple(block)] += 1
    assert set(orders) == set(permutations(arms))
    assert chisquare(list(sizes.values())).pvalue > 1e-6
    assert chisquare(list(orders.values())).pvalue > 1e-6


@pytest.mark.property
@given(st.lists(st.integers(0, 200), min_size=1, max_size=12), st.integers(0, 10**6))
def test_the_list_does_not_depend_on_how_far_it_was_read(positions: list[int], number: int) -> None:
    secret = secret_of("north", number)
    whole = listed(NORTH, secret, STRATA[0], 201)
    jumping = PermutedBlocks(NORTH, secret)
    assert [jumping.arm(STRATA[0], i) for i in positions] == [whole[i] for i in positions]
    rule = Minimisation(NORTH, secret)
    assert [rule.drawn(i, [0.5, 0.5]) for i in positions] == [Minimisation(NORTH, secret).drawn(i, [0.5, 0.5]) for i in positions]  # fmt: skip


@pytest.mark.property
@given(st.integers(0, 10**6), st.integers(1, 150))
def test_the_ratio_never_drifts_beyond_a_block(number: int, n: int) -> None:
    arms = listed(NORTH, secret_of("north", number), "all", n)
    for k in range(1, n + 1):
        tested = arms[:k].count("IMGN901")
        assert abs(tested - 2 * (k - tested)) <= 6


def agreeing(a: list[str], b: list[str]) -> int:
    return sum(x == y for x, y in zip(a, b, strict=True))


def test_two_trials_and_two_strata_share_no_list() -> None:
    """The same 32 bytes in two trials: 4/9 + 1/9 of the arms agree by chance, of 4000 about 2222 with a deviation of 31."""
    one = secret_of("north")
    south = Secret("south", one.salt, one.secret)
    a = [arm for s in STRATA for arm in listed(NORTH, one, s, 1000)]
    b = [arm for s in STRATA for arm in listed(NORTH, south, s, 1000)]
    assert abs(agreeing(a, b) - 4000 * 5 / 9) < 5 * 32
    c = [arm for s in STRATA[1:] + STRATA[:1] for arm in listed(NORTH, one, s, 1000)]
    assert abs(agreeing(a, c) - 4000 * 5 / 9) < 5 * 32


def test_a_secret_a_number_and_a_text_of_its_digits_are_three_streams() -> None:
    digits = "2012000000000000"
    lists = [listed(NORTH, source, "all", 1000) for source in (int(digits), digits, secret_of("north"))]
    for i, a in enumerate(lists):
        for b in lists[i + 1 :]:
            assert abs(agreeing(a, b) - 1000 * 5 / 9) < 5 * 16
    assert generator(7, "x").random() != generator("7", "x").random()


def test_codes_and_arms_come_from_draws_of_their_own() -> None:
    """A code is no draw of the list: whoever sees codes sees nothing of the key's other use."""
    secret = secret_of("e2511")
    code = Key(E2511, secret).code("P1", "all", 0)
    other = Secret("south", secret.salt, secret.secret)
    elsewhere = Key(E2511.model_copy(update={"id": "south"}), other)
    assert code != elsewhere.code("P1", "all", 0)
    assert len(code) == 8


@pytest.mark.parametrize(
    "levels",
    [
        (("x / b=y", "z"), ("x", "y / b=z")),
        (("x\\", "y"), ("x\\ / b=y", "y")),
        (("a=b", "c"), ("a\\=b", "c")),
        (("/", "/"), ("/ / b=/", "/")),
    ],
)
def test_strata_have_names_one_to_one(levels: tuple[tuple[str, str], tuple[str, str]]) -> None:
    """Levels that hold what separates levels."""
    assert NORTH.randomisation is not None
    first, second = NORTH.randomisation.factors
    factors = (first.model_copy(update={"name": "a"}), second.model_copy(update={"name": "b"}))
    trial = NORTH.model_copy(update={"randomisation": NORTH.randomisation.model_copy(update={"factors": factors})})
    one, other = (stratum_of(trial, {"a": a, "b": b}) for a, b in levels)
    assert one != other


@pytest.mark.property
@given(*[st.text("ab/\\= ", max_size=6)] * 4)
def test_no_two_strata_have_one_name(a: str, b: str, c: str, d: str) -> None:
    one, other = (stratum_of(NORTH, {"ecog": x, "ldh": y}) for x, y in ((a, b), (c, d)))
    assert (one == other) == ((a, b) == (c, d))


def test_names_of_ordinary_strata_are_what_they_were() -> None:
    assert stratum_of(NORTH, {"ecog": "0-1", "ldh": "normal"}) == "ecog=0-1 / ldh=normal"


@pytest.mark.property
@given(st.integers(0, 10**6), st.sampled_from([(), (3, 6), (6, 9, 12)]))
def test_a_secret_is_read_as_it_was_written(number: int, blocks: tuple[int, ...]) -> None:
    some = [secret_of("north", number, blocks), secret_of("north", number + 1)]
    assert read_secrets("".join(s.text() for s in some), "--secret") == some
    assert repr(some[0]).count(some[0].secret.hex()) == 0


def test_what_is_drawn_is_random_and_new() -> None:
    found = {draw("north").secret for _ in range(50)}
    assert len(found) == 50
    assert all(len(s) == 32 for s in found)


TEXT = secret_of("north").text()


def checked(text: str) -> str:
    """A text with the check sum that somebody works out who makes a secret by hand."""
    import hashlib

    lines = [line for line in text.splitlines() if not line.startswith(("#", "check"))]
    return text[: text.index("check:")] + "check: " + hashlib.sha256("".join(f"{x}\n" for x in lines).encode()).hexdigest() + "\n"  # fmt: skip


BY_HAND = b"north-trial-2012-secret-of-32-by".hex()
OLD = secret_of("north").secret.hex()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("northnorthnorth1", "not-sealed"),
        ("a seed for tests, long enough\n", "not-sealed"),
        ("5f2b7c1d9e8a4b6c5f2b7c1d9e8a4b6c" * 2, "not-sealed"),
        ("", "not-sealed"),
        ("\x00" * 100, "not-sealed"),
        (TEXT.replace(OLD[:8], "00000000"), "secret-check"),
        (TEXT.replace("trial: north", "trial: south"), "secret-check"),
        (TEXT[: TEXT.index("check:")], "secret-form"),
        (checked(TEXT.replace(OLD, OLD[:32])), "secret-short"),
        (checked(TEXT.replace(OLD, OLD.upper())), "secret-form"),
        (checked(TEXT.replace(OLD, BY_HAND)), "secret-by-hand"),
        (checked(TEXT.replace(OLD, "11" * 32)), "secret-by-hand"),
        (checked(TEXT.replace("salt", "pepper")), "secret-form"),
        (checked(TEXT.replace("check:", "blocks: three\ncheck:")), "secret-form"),
        (TEXT.replace("secret 1", "secret 2"), "secret-version"),
        ("x\n" + TEXT, "not-sealed"),
    ],
)
def test_what_is_no_secret(text: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_secrets(text, "--secret")
    assert code in {p.code for p in caught.value.problems}
    assert OLD not in str(caught.value)
    assert all(p.allowed for p in caught.value.problems)


@pytest.mark.property
@given(st.text(max_size=300))
def test_no_text_of_somebody_s_own_is_a_secret(text: str) -> None:
    with pytest.raises(BadInput):
        read_secrets(text, "--secret")


def test_words_do_not_repeat_within_a_block() -> None:
    """A turn is named by its number: the second four words are not the first."""
    from equipoise.numerics.random.keyed import words

    found = list(islice(words(bytes(range(32)), "x"), 64))
    assert len(set(found)) == 64
