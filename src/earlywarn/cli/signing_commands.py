"""The commands that sign a model file and check a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import earlywarn as ew
from earlywarn.cli import options
from earlywarn.model.serialisation import model_file
from earlywarn.model.signing import sign_file, signature_file

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from earlywarn.cli.options import Commands


def _sign_options(command: ArgumentParser) -> None:
    options.add(command, options.OVERWRITE)
    command.add_argument("model", metavar="MODEL", help="a model folder or file")
    command.add_argument("--key", required=True, metavar="KEY.pem", help="your private Ed25519 key")


def _signed_options(command: ArgumentParser) -> None:
    command.add_argument("model", metavar="MODEL", help="a model folder or file")
    command.add_argument(
        "--public-key", required=True, metavar="PUBLIC.pem", help="the signer's public key"
    )


def sign(chosen: Namespace) -> None:
    """Sign a model that can be loaded."""
    ew.load_model(chosen.model)
    place = sign_file(model_file(chosen.model), chosen.key, overwrite=chosen.overwrite)
    print(f"The signature is in {place}. Distribute it with the model.")


def signed(chosen: Namespace) -> None:
    """Check a model's signature and load it."""
    model = ew.load_model(chosen.model, public_key=chosen.public_key)
    print(
        f"{signature_file(model_file(chosen.model)).name} is right: "
        f"{model.info['model_id']} was signed by the holder of the key to {chosen.public_key}."
    )


COMMANDS: Commands = {"sign": (_sign_options, sign), "signed": (_signed_options, signed)}
