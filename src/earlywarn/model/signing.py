"""Signatures of model files, which show who made them (extra ``sign``).

Anyone who changes a file can work out its digest again, but only the holder of the key can sign it.
The signature is Ed25519 over the bytes of the file, 64 bytes in a separate file next to it; OpenSSL
can make and check it too. The key comes from elsewhere; nothing here makes, keeps or sends one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from earlywarn.errors import StoreError, require
from earlywarn.utils.files import check_outputs, write_whole, written_to
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from pathlib import Path

LENGTH = 64
"""Length of a signature in bytes."""
LARGEST_KEY = 10_000  # bytes; a key in PEM form is about a hundred
MAKE_KEYS = (
    "openssl genpkey -algorithm ed25519 -out key.pem makes a key, and "
    "openssl pkey -in key.pem -pubout -out public.pem what checks its signatures."
)


def signature_file(file: Path) -> Path:
    """The path of a file's signature.

    Examples
    --------
    >>> from pathlib import Path
    >>> signature_file(Path("models/model.json")).name
    'model.json.sig'
    """
    return file.with_name(file.name + ".sig")


def sign_file(file: Path, key: str | Path, *, overwrite: bool = False) -> Path:
    """Sign a file, and write the signature next to it.

    Parameters
    ----------
    file : Path
        What to sign.
    key : path
        A private Ed25519 key in PEM form, without a password.
    overwrite : bool
        Whether an existing signature may be replaced.

    Returns
    -------
    Path
        The signature's file.

    Raises
    ------
    StoreError
        If the key is not valid, or the signature can't be written.
    MissingExtraError
        Without the package ``cryptography``.
    """
    place = signature_file(file)
    check_outputs(place, overwrite=overwrite, what="a signature", fault=StoreError)
    private = _key(as_path(key, "key", StoreError), "private")
    signature = private.sign(file.read_bytes())
    with written_to(place, StoreError):
        write_whole(place, signature, overwrite=overwrite)
    return place


def check_signature(content: bytes, file: Path, public_key: str | Path) -> None:
    """Refuse bytes that the holder of a key has not signed.

    Parameters
    ----------
    content : bytes
        The content read from ``file``; it is checked before anything else is done with it.
    file : Path
        The file that the signature is next to.
    public_key : path
        The public Ed25519 key in PEM form.

    Raises
    ------
    StoreError
        If there is no signature, it belongs to another file or key, or the key is not valid.
    MissingExtraError
        Without the package ``cryptography``.
    """
    public, place = (
        _key(as_path(public_key, "public_key", StoreError), "public"),
        signature_file(file),
    )
    if not place.is_file():
        raise StoreError(
            "the file is not signed",
            where=str(file),
            expected=f"its signature, {place.name}, beside it",
            remedy="Ask whoever made it for the signature, or load it without a public key.",
        )
    fault = require("cryptography.exceptions", extra="sign").InvalidSignature
    try:
        public.verify(place.read_bytes() if place.stat().st_size == LENGTH else b"", content)
    except fault:
        raise StoreError(
            "the signature is not of this file by this key",
            where=str(file),
            found=place.name,
            expected=f"a signature by the holder of the key to {public_key}",
            remedy="The file is not loaded: it was changed, or signed by somebody else.",
        ) from None


def _key(file: Path, kind: str) -> Any:
    """Read a key, and refuse one that is not valid or of another kind."""
    keys = require("cryptography.hazmat.primitives.asymmetric.ed25519", extra="sign")
    forms = require("cryptography.hazmat.primitives.serialization", extra="sign")
    wanted = keys.Ed25519PrivateKey if kind == "private" else keys.Ed25519PublicKey
    try:
        with file.open("rb") as text:
            content = text.read(LARGEST_KEY)
        if kind == "private":
            found = forms.load_pem_private_key(content, password=None)
        else:
            found = forms.load_pem_public_key(content)
    # A key with a password raises TypeError, an unknown form the library's own exception.
    except Exception as error:
        raise _no_key(file, kind, f"{type(error).__name__}: {error}"[:80]) from error
    if not isinstance(found, wanted):
        raise _no_key(file, kind, type(found).__name__)
    return found


def _no_key(file: Path, kind: str, found: str) -> StoreError:
    return StoreError(
        f"not a {kind} key",
        where=str(file),
        found=found,
        expected=f"a {kind} Ed25519 key in PEM form, without a password",
        remedy=MAKE_KEYS,
    )
