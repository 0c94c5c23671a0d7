"""A passkey made of software: the answer of a device to a page that adds one."""

import json
import re
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client as Browser
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestedCredentialData, AuthenticatorData

NOBODY = bytes(16)  # the make of the device, which it does not tell
IDENTITY = b"a passkey of software"
FLAG = AuthenticatorData.FLAG
PAGE = "/account/security/passkeys/add/"


def add_passkey(browser: Browser, name: str = "Phone") -> object:
    """Add a passkey on the page for it, as a browser does; return the answer to the form."""
    page = browser.get(PAGE).content.decode()
    options = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    public = options["publicKey"]
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    data = AuthenticatorData.create(
        sha256(public["rp"]["id"].encode()).digest(),
        FLAG.UP | FLAG.UV | FLAG.AT,
        0,
        AttestedCredentialData.create(NOBODY, IDENTITY, key),
    )
    attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": bytes(data)})
    credential = _credential("create", public["challenge"], attestationObject=attestation)
    return browser.post(PAGE, {"credential": credential, "name": name})


def answer_of_a_stranger() -> str:
    """Return what a passkey answers that nobody has added."""
    data = AuthenticatorData.create(sha256(b"testserver").digest(), FLAG.UP | FLAG.UV, 0)
    return _credential("get", "AAAA", authenticatorData=bytes(data), signature=b"none")


def _credential(ceremony: str, challenge: str, **response: bytes) -> str:
    told = {"type": f"webauthn.{ceremony}", "challenge": challenge, "origin": "http://testserver"}
    response["clientDataJSON"] = json.dumps(told).encode()
    return json.dumps(
        {
            "id": websafe_encode(IDENTITY),
            "rawId": websafe_encode(IDENTITY),
            "type": "public-key",
            "response": {name: websafe_encode(value) for name, value in response.items()},
            "clientExtensionResults": {"credProps": {"rk": True}},
        }
    )
