"""Which authority a person means: names, beginnings, codes, and refusals that give candidates."""

from __future__ import annotations

import pytest

from earlywarn.authorities import Register
from earlywarn.errors import AuthorityError
from earlywarn.panel.naming import code_meant

MEANT = [
    ("Leeds", "383"),
    ("leeds city council", "383"),
    ("383", "383"),
    (383, "383"),
    ("E08000035", "383"),
    ("Newcastle", "391"),
    ("Brighton", "846"),
    ("St Helen's", "342"),
    ("St. Helens", "342"),
    ("st helens", "342"),
    ("Hull", "810"),
    ("Stoke", "861"),
    ("Windsor", "868"),
    ("Richm", "318"),
    ("Tower", "211"),
    ("Hammersmith & Fulham", "205"),
]


@pytest.mark.parametrize(("text", "code"), MEANT)
def test_what_people_write(snapshot, text, code):
    assert snapshot.existing_code(text) == code


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("Kingston", r"Kingston upon Hull, City of \(810\), Kingston upon Thames \(314\)"),
        ("North", r"North Tyneside \(392\).*North Northamptonshire \(940\)"),
        ("New", r"Newham \(316\), Newcastle upon Tyne \(391\)"),
    ],
)
def test_a_beginning_of_several_is_refused_with_the_candidates(snapshot, text, candidates):
    with pytest.raises(AuthorityError, match=f"several authorities.*{candidates}"):
        snapshot.existing_code(text)


def test_england_is_no_authority(snapshot):
    with pytest.raises(AuthorityError, match="not an authority, but all of them: found England"):
        snapshot.existing_code("England")


def test_names_that_no_one_has_any_more_are_begun_only_where_they_count(snapshot):
    register = Register.load()
    assert code_meant(register, "Northamptonsh") == "928"
    with pytest.raises(AuthorityError, match="no authority is known"):
        code_meant(register, "Northamptonsh", snapshot.authorities["la_code"])
    with pytest.raises(AuthorityError, match="no authority is known"):
        snapshot.existing_code("Le")


def test_every_name_means_its_own_authority(snapshot):
    pairs = zip(snapshot.authorities["la_code"], snapshot.authorities["la_name"], strict=True)
    found = {code: snapshot.existing_code(name) for code, name in pairs}
    assert len(found) == 153
    assert all(code == meant for code, meant in found.items())
