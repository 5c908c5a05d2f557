"""A signature says who made a model file; whatever else lies beside it is refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import earlywarn.cli.parser as cli
from earlywarn.errors import EarlyWarnError, MissingExtraError, StoreError
from earlywarn.model import signing
from earlywarn.model.serialisation import load_model, model_file
from earlywarn.model.signing import LENGTH, sign_file, signature_file

serialization = pytest.importorskip(
    "cryptography.hazmat.primitives.serialization", reason="needs the extra sign"
)
from cryptography.hazmat.primitives.asymmetric import ec, ed25519  # noqa: E402

PEM = serialization.Encoding.PEM


def written(private, folder: Path, name: str, password: bytes = b"") -> Path:
    """The two files of a key pair: the private one is given back."""
    hidden = serialization.BestAvailableEncryption(password) if password else None
    form = serialization.PrivateFormat.PKCS8
    text = private.private_bytes(PEM, form, hidden or serialization.NoEncryption())
    shown = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / f"{name}.public.pem").write_bytes(private.public_key().public_bytes(PEM, shown))
    (folder / f"{name}.pem").write_bytes(text)
    return folder / f"{name}.pem"


@pytest.fixture
def keys(tmp_path) -> Path:
    """A folder with two key pairs, mine and another's, and a copy of the model."""
    for name in ("mine", "other"):
        written(ed25519.Ed25519PrivateKey.generate(), tmp_path, name)
    shutil.copy(model_file(), tmp_path / "model.json")
    return tmp_path


def refused(folder: Path, words: str, key: str = "mine.public.pem") -> StoreError:
    with pytest.raises(StoreError, match=words) as fault:
        load_model(folder, public_key=folder / key)
    assert fault.value.remedy
    return fault.value


def test_a_signed_model_is_loaded_by_the_signers_key_alone(keys):
    place = sign_file(keys / "model.json", keys / "mine.pem")
    assert place == signature_file(keys / "model.json")
    assert place.stat().st_size == LENGTH
    model = load_model(keys, public_key=str(keys / "mine.public.pem"))
    assert model.info == load_model(keys).info
    fault = refused(keys, "not of this file by this key", "other.public.pem")
    assert "other.public.pem" in fault.expected


def test_an_unsigned_model_is_refused_where_a_key_is_given(keys):
    fault = refused(keys, "the file is not signed")
    assert "model.json.sig" in fault.expected


def test_a_changed_file_is_refused_even_where_it_would_load(keys):
    """An enemy changes the file and works out all that it checks by itself: not the signature."""
    sign_file(keys / "model.json", keys / "mine.pem")
    file = keys / "model.json"
    file.write_bytes(file.read_bytes() + b"\n")
    assert load_model(keys)
    refused(keys, "not of this file by this key")


@pytest.mark.parametrize("content", [b"", b"\0" * LENGTH, b"x" * (LENGTH + 1), b"-----BEGIN"])
def test_a_signature_that_is_none(keys, content):
    signature_file(keys / "model.json").write_bytes(content)
    refused(keys, "not of this file by this key")


def test_a_key_that_is_none(keys):
    sign_file(keys / "model.json", keys / "mine.pem")
    written(ec.generate_private_key(ec.SECP256R1()), keys, "curve")
    locked = written(ed25519.Ed25519PrivateKey.generate(), keys, "locked", password=b"secret")
    (keys / "text.pem").write_text("no key")
    for name in ("text.pem", "none.pem", "curve.public.pem", "mine.pem"):
        assert "openssl" in refused(keys, "not a public key", name).remedy
    for key in (locked, keys / "text.pem", keys / "curve.pem", keys / "mine.public.pem", keys):
        with pytest.raises(StoreError, match="not a private key"):
            sign_file(keys / "model.json", key, overwrite=True)


def test_a_signature_is_not_replaced_unasked(keys):
    place = sign_file(keys / "model.json", keys / "mine.pem")
    with pytest.raises(StoreError, match="there already"):
        sign_file(keys / "model.json", keys / "other.pem")
    before = place.read_bytes()
    assert sign_file(keys / "model.json", keys / "other.pem", overwrite=True) == place
    assert place.read_bytes() != before


def test_without_the_package_the_extra_is_named(keys, monkeypatch):
    def missing(*_: object, **__: object) -> None:
        raise MissingExtraError("cryptography is not installed", remedy="earlywarn[sign]")

    monkeypatch.setattr(signing, "require", missing)
    with pytest.raises(EarlyWarnError, match=r"earlywarn\[sign\]"):
        load_model(keys, public_key=keys / "mine.public.pem")
    assert load_model(keys)


def test_the_commands_sign_and_check(keys, capsys):
    files = [str(keys), "--key", str(keys / "mine.pem")]
    assert cli.main(["sign", *files]) == 0
    assert "model.json.sig" in capsys.readouterr().out
    check = ["signed", str(keys), "--public-key"]
    assert cli.main([*check, str(keys / "mine.public.pem")]) == 0
    assert "model.json.sig is right: any_inadequate-" in capsys.readouterr().out
    assert cli.main([*check, str(keys / "other.public.pem")]) == 2
    assert "not of this file by this key" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_makes_the_keys_and_checks_the_signature(keys):
    def run(words: str) -> str:
        done = subprocess.run(["openssl", *words.split()], cwd=keys, capture_output=True,  # noqa: S603, S607
                              text=True, check=True)  # fmt: skip
        return done.stdout

    run("genpkey -algorithm ed25519 -out key.pem")
    run("pkey -in key.pem -pubout -out public.pem")
    sign_file(keys / "model.json", keys / "key.pem")
    assert load_model(keys, public_key=keys / "public.pem")
    checked = "pkeyutl -verify -pubin -inkey public.pem -rawin -in model.json -sigfile "
    assert "Verified Successfully" in run(checked + "model.json.sig")
