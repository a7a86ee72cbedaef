"""Files that look like secrets, by their names: nothing is opened to find them.

A name is a hint, not a proof. Examples and templates are no secrets.
"""

from __future__ import annotations

import re

__all__ = ["secret"]

_RULES = (
    (r"\.env(\..+)?|.+\.env", "environment file: tokens and passwords stand in it"),
    (r"id_(rsa|dsa|ecdsa|ed25519)(_sk)?", "private SSH key"),
    (r".+\.(pem|key|p12|pfx|ppk|jks|keystore)", "key or certificate"),
    (r"[._]netrc|\.git-credentials|\.pypirc|\.htpasswd", "passwords for other machines"),
    (r"\.npmrc|\.yarnrc\.yml", "registry token of npm"),
    (r"kaggle\.json", "Kaggle's API key"),
    (r"(client[_-]secrets?|credentials?|.*service[_-]?account.*)\.json", "credentials"),
    (r"application_default_credentials\.json|adc\.json", "Google Cloud credentials"),
    (r"secrets?\.(toml|ya?ml|json|env|txt)", "says itself that it is secret"),
    (r".+\.kdbx", "password safe"),
    (r".+\.tfstate(\.backup)?", "Terraform's state: passwords stand in it as plain text"),
    (r"\.vault[_-]?pass(word)?(\.txt)?", "password of a vault"),
)
_NAME = re.compile(
    "|".join(f"(?P<r{i}>{rule})" for i, (rule, _) in enumerate(_RULES)), re.IGNORECASE
)
_HARMLESS = re.compile(
    r"example|sample|template|dummy|\.dist\b|\.pub\b|cacert|ca-bundle|ca-cert", re.IGNORECASE
)
_PLACES = (
    (re.compile(r"(^|/)\.aws/(credentials|config)$"), "credentials of Amazon Web Services"),
    (re.compile(r"(^|/)\.docker/config\.json$"), "registry passwords of docker login"),
    (re.compile(r"(^|/)\.?huggingface/(stored_)?tokens?$"), "token of the Hugging Face hub"),
    (re.compile(r"(^|/)\.kube/config$"), "access to a Kubernetes cluster"),
    (re.compile(r"(^|/)\.ssh/(?!known_hosts|config$|authorized_keys).*(?<!\.pub)$"), "SSH key"),
    (re.compile(r"(^|/)\.streamlit/secrets\.toml$"), "secrets of Streamlit"),
    (re.compile(r"(^|/)\.databrickscfg$|(^|/)\.snowsql/config$"), "access to a data platform"),
    (re.compile(r"(^|/)\.azure/.*(token|Token|profile).*$"), "access to Azure"),
    (re.compile(r"(^|/)\.config/gcloud/.+\.(db|json)$"), "Google Cloud credentials"),
)


def secret(name: str) -> str | None:
    """Why a file looks like a secret, in words; None if it does not.

    Args:
        name: its path, with slashes.
    """
    base = name.rpartition("/")[2]
    found = _NAME.fullmatch(base)
    if found and found.lastgroup:
        why: str | None = _RULES[int(found.lastgroup[1:])][1]
    elif "/." in f"/{name}" or "huggingface" in name:
        why = next((why for place, why in _PLACES if place.search(name)), None)
    else:
        return None
    return None if _HARMLESS.search(base) else why
