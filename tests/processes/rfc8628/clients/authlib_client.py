"""Goes through the device flow of the server at argv[1] with Authlib, and prints how each part ends."""

import sys

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

BASE = sys.argv[1]
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
session = OAuth2Session("a-device", token_endpoint_auth_method="none")


def post(path, form):
    requests.post(BASE + path, data=form, timeout=10).raise_for_status()


def start():
    form = {"client_id": "a-device"}
    return requests.post(BASE + "/oauth/device_authorization", data=form, timeout=10).json()


def exchange(started):
    return session.fetch_token(
        BASE + "/oauth/token",
        grant_type=GRANT,
        device_code=started["device_code"],
        client_id="a-device",
    )


def flow(started, decision):
    """Polls as RFC 8628, section 3.5, says, while a person decides after the third wait."""
    interval = started["interval"]
    waits = 0
    while True:
        try:
            return exchange(started)
        except OAuthError as error:
            if error.error == "slow_down":
                interval += 5
            elif error.error != "authorization_pending":
                raise
        post("/advance", {"seconds": interval})
        waits += 1
        if waits == 3:
            post("/decide", {"user_code": started["user_code"], "decision": decision})


def refusal(run):
    try:
        return f"not refused: {run()}"
    except OAuthError as error:
        return error.error


first = start()
print("approved", flow(first, "approve")["access_token"])
print(refusal(lambda: flow(start(), "deny")))
print(refusal(lambda: exchange(first)))
