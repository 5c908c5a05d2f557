"""The commands that sign a model file and check a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import earlywarn as ew
from earlywarn.cli import options
from earlywarn.model.serialisation import model_file
from earlywarn.model.signing import sign_file, signature_file

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_signing(add: Callable[..., argparse.ArgumentParser], subcommands: Any) -> None:
    """Add the commands to the command line."""
    command = add(
        subcommands, "sign", sign, "sign a model file with your key (extra sign)", options.OVERWRITE
    )
    command.add_argument("model", metavar="MODEL", help="a model folder or file")
    command.add_argument("--key", required=True, metavar="KEY.pem", help="your private Ed25519 key")
    command = add(
        subcommands,
        "signed",
        signed,
        "say whether a model file is signed by the holder of a key (extra sign)",
    )
    command.add_argument("model", metavar="MODEL", help="a model folder or file")
    command.add_argument(
        "--public-key", required=True, metavar="PUBLIC.pem", help="the signer's public key"
    )


def sign(chosen: argparse.Namespace) -> None:
    """Sign a model that can be loaded."""
    ew.load_model(chosen.model)
    place = sign_file(model_file(chosen.model), chosen.key, overwrite=chosen.overwrite)
    print(f"The signature is in {place}. Give it out beside the model.")


def signed(chosen: argparse.Namespace) -> None:
    """Load a model whose signature is right."""
    model = ew.load_model(chosen.model, public_key=chosen.public_key)
    print(
        f"{signature_file(model_file(chosen.model)).name} is right: "
        f"{model.info['model_id']} was signed by the holder of the key to {chosen.public_key}."
    )
