"""A model file is believed only if all of it is as it should be."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlywarn.errors import StoreError
from earlywarn.model import serialisation as store
from earlywarn.model.horizon import on_day
from earlywarn.model.risk_model import RiskModel
from earlywarn.model.serialisation import (
    FORMAT,
    LARGEST,
    fingerprint,
    from_text,
    load_model,
    save_model,
    to_text,
)
from earlywarn.utils import files

MODEL = load_model()
TEXT = to_text(MODEL)
DOCUMENT = json.loads(TEXT)


def digest(document: dict) -> str:
    """The digest as an attacker works it out: it is no secret."""
    body = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(document: dict) -> str:
    return json.dumps({**document, "digest": digest(document)})


def doctored(*steps, value) -> dict:
    """The document with one place set to a value."""
    document = copy.deepcopy(DOCUMENT)
    place = document
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    return document


def without(*steps) -> dict:
    document = copy.deepcopy(DOCUMENT)
    place = document
    for step in steps[:-1]:
        place = place[step]
    del place[steps[-1]]
    return document


def refused(text: str | bytes, words: str | None = None) -> StoreError:
    """The error of a file that is refused before a model is built from it."""
    built = []

    class Spy(RiskModel):
        def __init__(self, **parts):
            built.append(parts)
            super().__init__(**parts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "RiskModel", Spy)
        with pytest.raises(StoreError, match=words) as told:
            from_text(text, where="here/model.json")
    # The golden rows can only be scored with a model; everything else is looked at before.
    assert not built or "golden" in told.value.problem
    assert told.value.where == "here/model.json"
    assert told.value.remedy
    assert len(str(told.value)) < 1500
    return told.value


# --- round trip -----------------------------------------------------------------------------------


def test_the_helper_works_out_the_digest_in_use():
    assert digest(DOCUMENT) == DOCUMENT["digest"]
    assert to_text(from_text(sealed(DOCUMENT))) == TEXT


def test_a_model_comes_back_with_the_same_bits(tmp_path):
    file = save_model(MODEL, tmp_path / "deep" / "folder")
    assert file == tmp_path / "deep" / "folder" / "model.json"
    again = load_model(file)
    assert to_text(again) == TEXT
    for name in ("coefficients", "thresholds", "centre", "orientation", "agreement", "covariance"):
        assert getattr(again, name).tobytes() == getattr(MODEL, name).tobytes()
    assert (again.columns, again.groups, again.classes) == (
        MODEL.columns,
        MODEL.groups,
        MODEL.classes,
    )
    assert again.info == MODEL.info
    X = np.random.default_rng(0).normal(size=(20, len(MODEL.columns)))
    assert again.risk(X).tobytes() == MODEL.risk(X).tobytes()
    assert load_model(file.parent).columns == MODEL.columns


def test_the_text_is_canonical_and_plain():
    assert TEXT.endswith("}\n")
    assert TEXT.isascii()
    assert json.dumps(json.loads(TEXT), indent=1, sort_keys=True) + "\n" == TEXT


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_text_or_path_a_file_or_a_folder(tmp_path, kind):
    assert save_model(MODEL, kind(tmp_path / "my.json")).name == "my.json"
    assert load_model(kind(tmp_path / "my.json")).columns == MODEL.columns


def test_the_fingerprint_follows_what_was_learnt():
    other = MODEL.shifted(1e-6)
    assert fingerprint(MODEL) == fingerprint(from_text(TEXT)) != fingerprint(other)
    assert MODEL.info["model_id"].endswith(fingerprint(MODEL))


def test_a_shifted_model_can_be_kept(tmp_path):
    save_model(MODEL.shifted(0.5), tmp_path)
    assert load_model(tmp_path).thresholds[-1] == MODEL.thresholds[-1] - 0.5


# --- damage ---------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(TEXT) - 3))
def test_a_truncated_file_is_refused(length):
    refused(TEXT.encode()[:length])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(TEXT) - 3), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_changes_nothing(place, byte):
    data = bytearray(TEXT.encode())
    data[place] = byte
    try:
        again = from_text(bytes(data))
    except StoreError:
        return
    assert to_text(again) == TEXT


def numbers_in(value, steps=()):
    """The place of every number of a document."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from numbers_in(part, (*steps, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from numbers_in(part, (*steps, index))
    elif type(value) in (int, float):
        yield steps, value


NUMBERS = list(numbers_in(DOCUMENT))


def test_any_single_number_changed_is_refused():
    assert len(NUMBERS) > 500
    for steps, value in NUMBERS[:: max(len(NUMBERS) // 250, 1)]:
        refused(json.dumps(doctored(*steps, value=value + 1)))
        refused(json.dumps(doctored(*steps, value=-value if value else 1e-12)))


def without_effect(steps: tuple) -> bool:
    """Whether a number is in no answer: said of where the model comes from, or never read."""
    if steps[:2] == ("info", "levels"):
        # A day's level is told by how far it lies from that of the year to come, so that what the
        # two have in common cancels; the spread of the better grades' level is asked for nowhere.
        return steps[-1] in ("value", "value_variance") or (
            steps[2] == "better" and steps[-1] != "change"
        )
    if steps[:2] == ("info", "prior"):
        return steps[-1] not in ("risk", "below_good")
    if steps[:2] == ("model", "classes"):
        return True  # what the grades are called
    return steps[0] == "info" and steps[1] in ("training", "vintages", "target")


COUNTED = [(steps, value) for steps, value in NUMBERS if not without_effect(steps)]
SHARED = [steps for steps, _ in NUMBERS if steps[0] != "golden" and without_effect(steps)]


def mutated(steps: tuple, value: float) -> dict:
    """The document with one number a little larger, and with it what must be equal to it."""
    larger = value + 1 if isinstance(value, int) else value * 1.01 + 0.001
    document = doctored(*steps, value=larger)
    if steps[:2] == ("model", "covariance"):
        document["model"]["covariance"][steps[3]][steps[2]] = larger
    return document


def kind(steps: tuple) -> tuple:
    """What a number is, wherever in a list or under whatever indicator it stands."""
    names = [step for step in steps if isinstance(step, str)]
    return tuple(name for name in names if name not in DOCUMENT["info"]["reference"])


KINDS = {kind(steps): (steps, value) for steps, value in COUNTED}


def test_a_number_that_counts_is_missed_by_the_golden_rows_even_with_a_new_digest():
    """One of each kind; ``test_every_number_that_counts_is_missed`` takes all of them."""
    assert len(KINDS) > 20
    for steps, value in KINDS.values():
        refused(sealed(mutated(steps, value)))


def test_every_number_that_counts_is_missed():
    assert len(COUNTED) > 1500
    for steps, value in COUNTED:
        refused(sealed(mutated(steps, value)))


def test_a_number_that_is_not_held_is_in_no_answer():
    assert len(SHARED) > 30
    document = copy.deepcopy(DOCUMENT)
    for steps in SHARED:
        place = document
        for step in steps[:-1]:
            place = place[step]
        place[steps[-1]] += 1
    again, X = from_text(sealed(document)), np.zeros((1, len(MODEL.columns)))
    for day in ("2026-09-01", "2027-03-31", "2028-08-01"):
        one, other = on_day(MODEL, day), on_day(again, day)
        np.testing.assert_allclose(one.interval(X), other.interval(X), rtol=1e-12)
        np.testing.assert_allclose(one.probabilities(X), other.probabilities(X), rtol=1e-12)


@pytest.mark.parametrize("field", ["centre", "gradient", "deprivation", "tau2", "typical_sd"])
def test_a_reference_that_moved_is_refused_even_with_a_new_digest(field):
    """A plain value is compared with it: no row of levels would notice."""
    for name in ("referral_rate", "caseload", "rereferrals", "no_further_action"):
        value = DOCUMENT["info"]["reference"][name][field]
        steps = ("info", "reference", name, field)
        error = refused(sealed(doctored(*steps, value=value * 0.98 + 0.001)), "golden plain")
        assert error.found


@pytest.mark.parametrize(
    ("part", "place", "name"),
    [
        *(("rows", place, "upper") for place in range(7)),
        *(("rows", 1, name) for name in ("risk", "lower", "below_good")),
        *(("days", 2, name) for name in ("share_risk", "share_below_good", "upper")),
        *(("plain", 5, name) for name in ("usual", "value", "z", "se", "deprivation")),
    ],
)
def test_a_changed_golden_row_is_refused_even_with_a_new_digest(part, place, name):
    steps = ("golden", part, place, name)
    value = DOCUMENT["golden"][part][place][name]
    changed = doctored(*steps, value=value * (1 + 1e-6))
    assert "scores differently" in refused(sealed(changed)).problem
    refused(sealed(doctored(*steps, value=str(value))), "golden")
    refused(sealed(doctored(*steps, value=None)), "golden")
    refused(sealed(without(*steps)), "golden")


@pytest.mark.parametrize("golden", [[], None, {}, "x", DOCUMENT["golden"]["rows"], [1, 2, 3, 4]])
def test_golden_rows_that_are_not_there(golden):
    refused(sealed(doctored("golden", value=golden)), "golden")


@pytest.mark.parametrize("part", ["rows", "days", "plain"])
def test_golden_rows_that_are_not_complete(part):
    right = DOCUMENT["golden"][part]
    for wrong in ([], None, {}, right[:-1], [*right, 1], [1] * len(right), right[::-1]):
        refused(sealed(doctored("golden", part, value=wrong)), "golden")


def test_a_golden_row_of_another_row():
    row = DOCUMENT["golden"]["rows"][2]["row"]
    refused(sealed(doctored("golden", "rows", 1, "row", value=row)), "golden")
    refused(sealed(doctored("golden", "rows", 1, "row", value=row[:-1])), "golden")
    refused(sealed(doctored("golden", "rows", 1, "extra", value=1)), "golden")


# --- numbers that are none ------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e999"])
@pytest.mark.parametrize("place", ["coefficients", "thresholds", "centre", "covariance"])
def test_a_number_that_is_not_finite(number, place):
    steps = ("model", place, 0, 0) if place == "covariance" else ("model", place, 0)
    text = json.dumps(doctored(*steps, value="@@")).replace('"@@"', number)
    refused(text, "not finite")


@pytest.mark.parametrize("number", ["1" + "0" * 400, "1" + "0" * 5000, "1e300", "-1e308"])
def test_a_number_beyond_all_measure(number):
    document = doctored("model", "coefficients", 0, value="@@")
    if len(number) < 1000:
        document["model"]["coefficients"][0] = json.loads(number)
        refused(sealed(document))
    else:
        refused(json.dumps(document).replace('"@@"', number))


@pytest.mark.parametrize("value", [None, True, "0.1", [0.1], {}, [], ""])
@pytest.mark.parametrize("part", ["coefficients", "thresholds", "covariance", "agreement"])
def test_a_cell_that_is_no_number(part, value):
    steps = ("model", part, 0, 0) if part == "covariance" else ("model", part, 0)
    refused(sealed(doctored(*steps, value=value)))


# --- format ---------------------------------------------------------------------------------------


def test_a_newer_format_says_to_update():
    for number in (FORMAT + 1, 99):
        error = refused(sealed(doctored("format", value=number)), "newer format")
        assert "Update" in error.remedy
        assert f"format {number}" in error.found
    # A newer format may have other parts: the advice is still to update.
    refused(sealed({"format": FORMAT + 1, "kind": DOCUMENT["kind"], "weights": []}), "newer format")


@pytest.mark.parametrize("number", [1, 2])
def test_an_older_format_says_to_retrain(number):
    error = refused(sealed(doctored("format", value=number)), "older format")
    assert f"format {number}" in error.found
    assert "Retrain" in error.remedy


@pytest.mark.parametrize("number", [True, False, "1", 1.0, 1.5, 0, -1, None, [1], {}, "x" * 9999])
def test_an_odd_format_number(number):
    refused(sealed(doctored("format", value=number)), "format number")


def test_no_format_number():
    refused(sealed(without("format")), "format number")


@pytest.mark.parametrize("kind", ["", "another", None, 3, ["earlywarn risk model"]])
def test_another_kind_of_file(kind):
    refused(sealed(doctored("kind", value=kind)), "not a model")
    refused(sealed(without("kind")), "not a model")


# --- parts ----------------------------------------------------------------------------------------

LEVELS = [
    (),
    ("model",),
    ("info",),
    ("info", "target"),
    ("info", "training"),
    ("info", "prior"),
    ("golden",),
    ("golden", "rows", 0),
    ("info", "reference", "rereferrals"),
]


def part_of(steps):
    place = DOCUMENT
    for step in steps:
        place = place[step]
    return place


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: ".".join(map(str, level)) or "top")
def test_an_extra_or_missing_key_at_any_level(level):
    keys = list(part_of(level))
    assert keys
    refused(sealed(doctored(*level, "extra", value=1)))
    for key in keys:
        if (*level, key) == ("digest",):
            refused(json.dumps(without("digest")))
        else:
            refused(sealed(without(*level, key)))


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: ".".join(map(str, level)) or "top")
@pytest.mark.parametrize("value", [None, [], "text", 1, True])
def test_a_part_of_another_type(level, value):
    if level:
        refused(sealed(doctored(*level, value=value)))
    else:
        refused(json.dumps(value), "not a model")


def test_a_key_that_stands_twice():
    for name in ("format", "digest", "coefficients", "sunset"):
        twice = TEXT.replace(f'"{name}":', f'"{name}": 1, "{name}":', 1)
        assert twice != TEXT
        refused(twice, "twice")


@pytest.mark.parametrize(
    "steps",
    [
        ("info", "sunset"),
        ("info", "first_date"),
        ("info", "reference_date"),
        ("info", "model_id"),
        ("info", "target"),
        ("info", "training"),
        ("info", "prior"),
        ("info", "vintages"),
        ("info", "reference"),
    ],
    ids=lambda steps: steps[-1],
)
@pytest.mark.parametrize("value", [None, 5, "", [], ["2025-01-01"], "soon", "\ud800"])
def test_an_account_that_is_none(steps, value):
    if steps[-1] == "model_id" and value in ("soon", "\ud800"):
        assert from_text(sealed(doctored(*steps, value="soon"))).info["model_id"] == "soon"
    else:
        refused(sealed(doctored(*steps, value=value)))


@pytest.mark.parametrize("risk", [None, 0, 1, -0.1, 1.5, "0.1", True, [0.1]])
def test_a_prior_that_is_no_share(risk):
    refused(sealed(doctored("info", "prior", "risk", value=risk)), "prior")


ODD = ["", "a\nb", "a\x1b[31m", "a\u202eb", "\ud800", "x" * 301, 5, None, ["a"]]


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_a_title_that_can_not_be_shown(text):
    for part in ("name", "title"):
        refused(sealed(doctored("info", "target", part, value=text)), "target")
    refused(sealed(doctored("info", "model_id", value=text)), "model_id")
    if isinstance(text, str):
        refused(sealed(doctored("model", "columns", 0, value=text)), "columns")
        refused(sealed(doctored("info", "vintages", text, value=2025)), "vintages")


@pytest.mark.parametrize("name", ["../up", "a/b", "a\\b", ".hidden", "x" * 121, "a:b", " a"])
def test_a_name_that_no_file_can_bear(name):
    refused(sealed(doctored("info", "model_id", value=name)), "model_id")


@pytest.mark.parametrize("part", ["until", "first_start", "last_start"])
@pytest.mark.parametrize("day", ["", "soon", "2026-02-30", "9999-12-31", 20260820, None, "\ud800"])
def test_a_day_of_the_training_that_is_none(part, day):
    """What is read later as a day is looked at now: no traceback waits in a model."""
    refused(sealed(doctored("info", "training", part, value=day)))


@pytest.mark.parametrize("part", ["inspections", "events", "authorities"])
@pytest.mark.parametrize("count", [-1, 0, 1.5, "84", None, True, 10**12])
def test_a_count_of_the_training_that_is_none(part, count):
    refused(sealed(doctored("info", "training", part, value=count)), "training")


def test_days_out_of_order():
    for steps, day in (
        (("training", "until"), "2026-08-21"),
        (("training", "last_start"), "2026-08-21"),
        (("training", "first_start"), "2026-07-07"),
        (("sunset",), "2026-08-19"),
        (("first_date",), "2028-08-21"),
        (("levels", "cut"), "2026-08-19"),
    ):
        refused(sealed(doctored("info", *steps, value=day)))


def test_a_reference_of_no_indicator():
    entry = DOCUMENT["info"]["reference"]["rereferrals"]
    refused(
        sealed(doctored("info", "reference", "shoes", value=entry)), "no indicator: found shoes"
    )


@pytest.mark.parametrize("value", [-0.1, None, "0.3", True, [0.3], float("1e301")])
def test_a_doubt_about_the_form_that_is_none(value):
    refused(sealed(doctored("model", "form_sd", value=value)), "form_sd")


@pytest.mark.parametrize("name", ["tau2", "typical_sd"])
def test_a_reference_with_a_negative_variance(name):
    refused(
        sealed(doctored("info", "reference", "rereferrals", name, value=-1e-9)), "negative variance"
    )


# --- shapes and values ----------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["coefficients", "thresholds", "centre", "orientation"])
def test_a_wrong_length(part):
    right = DOCUMENT["model"][part]
    for wrong in (right[:-1], [*right, 9.0], [], [right], 1.0, None, [[x] for x in right]):
        refused(sealed(doctored("model", part, value=wrong)))


def test_a_covariance_of_another_shape():
    right = DOCUMENT["model"]["covariance"]
    ragged = [right[0][:-1], *right[1:]]
    for wrong in (right[:-1], [row[:-1] for row in right], ragged, [], [[]], [*right, 1.0]):
        refused(sealed(doctored("model", "covariance", value=wrong)))


def test_thresholds_that_do_not_rise():
    low, middle, high = DOCUMENT["model"]["thresholds"]
    for wrong in ([middle, low, high], [low, low, high], [low, high, high]):
        refused(sealed(doctored("model", "thresholds", value=wrong)), "do not rise")


def test_a_covariance_that_is_none():
    right = DOCUMENT["model"]["covariance"]
    lopsided = copy.deepcopy(right)
    lopsided[0][1] += 0.01
    refused(sealed(doctored("model", "covariance", value=lopsided)), "not symmetric")
    negative = (-np.array(right)).tolist()
    refused(sealed(doctored("model", "covariance", value=negative)), "negative direction")
    turned = copy.deepcopy(right)
    turned[0][0] = -turned[0][0]
    refused(sealed(doctored("model", "covariance", value=turned)), "negative direction")


@pytest.mark.parametrize("value", [0, 2, -1.5, 1e-9])
def test_an_orientation_that_is_no_sign(value):
    refused(sealed(doctored("model", "orientation", 0, value=value)), "orientation")


@pytest.mark.parametrize("value", [-0.1, 1, 1.5])
def test_an_agreement_out_of_range(value):
    refused(sealed(doctored("model", "agreement", 0, value=value)), "agreement")


@pytest.mark.parametrize(
    "classes",
    [[], [3], None, "0123", [0, 1, 2, "3"], [0, 1, 2, True], [0, 1, 2], [0, 1, 2, 2], [1, 0, 2, 3]],
)
def test_grades_that_are_none(classes):
    refused(sealed(doctored("model", "classes", value=classes)))


@pytest.mark.parametrize("part", ["columns", "groups"])
def test_names_that_are_none(part):
    right = DOCUMENT["model"][part]
    for wrong in (right[:-1], [], None, [*right[:-1], 3], [*right[:-1], ""], "text", [right]):
        refused(sealed(doctored("model", part, value=wrong)))


def test_a_column_twice():
    columns = DOCUMENT["model"]["columns"]
    refused(sealed(doctored("model", "columns", value=[columns[1], *columns[1:]])), "columns")


def test_another_catalogue_says_to_retrain():
    error = refused(sealed(doctored("catalogue", value="0" * 64)), "another catalogue")
    assert "train" in error.remedy
    refused(sealed(doctored("catalogue", value=None)), "another catalogue")


@pytest.mark.parametrize("value", ["0" * 64, None, 5, DOCUMENT["digest"].upper(), ""])
def test_another_digest(value):
    refused(json.dumps(doctored("digest", value=value)), "not what was written")


# --- files that are something else ----------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"\x00" * 100,
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"PK\x03\x04" + b"\xff" * 50,
        b"[]",
        b"null",
        b"3",
        b'"text"',
        b"{}",
        b"<html></html>",
        b"not json",
        b"{'format': 1}",
        TEXT.encode("utf-16"),
        TEXT.encode("utf-32"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode() + b"x",
        TEXT.encode() * 2,
        TEXT.replace("any_inadequate", "any\udcff", 1).encode("utf-8", "surrogateescape"),
        pickle.dumps({"format": 1}),
        pickle.dumps(MODEL),
    ],
    ids=range(21),
)
def test_another_kind_of_content(content, tmp_path):
    refused(content)
    file = tmp_path / "model.json"
    file.write_bytes(content)
    with pytest.raises(StoreError) as told:
        load_model(file)
    assert told.value.where == str(file)


@pytest.mark.parametrize("depth", [50, 100, 200, 300, 400, 450, 480, *range(900, 1000, 4), 10**5])
@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_deep_nesting(depth, pair):
    inner = "[" * depth + "]" * depth if pair == "[]" else '{"a":' * depth + "1" + "}" * depth
    refused(inner)
    text = json.dumps(doctored("info", "training", value="@@"))
    refused(text.replace('"@@"', inner))
    refused('{"kind": "earlywarn risk model", "format": 1, "x": ' + inner + "}")


def test_a_file_too_large_is_not_read(tmp_path, monkeypatch):
    file = tmp_path / "model.json"
    file.write_bytes(b" " * (LARGEST + 1))
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(StoreError, match="too large"):
        load_model(file)


def test_no_file(tmp_path):
    for place in (tmp_path, tmp_path / "none.json", tmp_path / "none"):
        with pytest.raises(StoreError, match="no model here") as told:
            load_model(place)
        assert str(tmp_path) in told.value.where


def test_a_folder_named_like_a_file(tmp_path):
    (tmp_path / "model.json").mkdir()
    with pytest.raises(StoreError):
        load_model(tmp_path)
    with pytest.raises(StoreError):
        save_model(MODEL, tmp_path)
    with pytest.raises(StoreError):
        save_model(MODEL, tmp_path, overwrite=True)


# --- writing --------------------------------------------------------------------------------------


def test_nothing_is_overwritten_unless_told(tmp_path):
    file = save_model(MODEL, tmp_path)
    before = file.read_bytes()
    with pytest.raises(StoreError, match="there already") as told:
        save_model(MODEL.shifted(1), tmp_path)
    assert "overwrite" in told.value.remedy
    assert file.read_bytes() == before
    save_model(MODEL.shifted(1), tmp_path, overwrite=True)
    assert load_model(tmp_path).thresholds[-1] == MODEL.thresholds[-1] - 1


@pytest.mark.parametrize("fault", [OSError("disk full"), KeyboardInterrupt(), MemoryError()])
def test_an_interrupted_write_leaves_the_old_file_whole(tmp_path, monkeypatch, fault):
    file = save_model(MODEL, tmp_path)
    before = file.read_bytes()

    def fails(*_):
        raise fault

    for name in ("replace", "chmod"):
        with monkeypatch.context() as patch:
            patch.setattr(files.Path, name, fails)
            with pytest.raises((type(fault), StoreError)):
                save_model(MODEL.shifted(1), tmp_path, overwrite=True)
        assert file.read_bytes() == before
        assert [p.name for p in tmp_path.iterdir()] == ["model.json"]


def test_a_place_that_can_not_be_written(tmp_path):
    (tmp_path / "file").write_text("text")
    with pytest.raises(StoreError) as told:
        save_model(MODEL, tmp_path / "file" / "below")
    assert told.value.where == str(tmp_path / "file")  # what is in the way
    assert "there is a file where a folder is needed" in str(told.value)


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    broken = [
        MODEL.shifted(float("nan")),
        MODEL.with_info({}),
        MODEL.with_info({**MODEL.info, "more": object()}),
        replace(MODEL, classes=("a", "b", "c", "d")),
        replace(MODEL, thresholds=MODEL.thresholds[::-1]),
    ]
    for model in broken:
        with pytest.raises(StoreError):
            save_model(model, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_nothing_of_the_file_is_run(tmp_path):
    text = TEXT.replace("any_inadequate", "__import__('os').system('x')")
    refused(text)
    for name in ("py/object", "__reduce__", "$type", "__class__"):
        refused(sealed({**DOCUMENT, name: "os.system"}))
