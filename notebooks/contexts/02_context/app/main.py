"""GET /?Wo+ist+der+Bahnhof answers with the language of the sentence."""

import json
from pathlib import Path
from urllib.parse import unquote_plus

MODEL = json.loads(Path(__file__).with_name("model.json").read_text(encoding="utf-8"))


def language(sentence):
    """The language whose most common words are most common in the sentence."""
    words = sentence.lower().split()
    return max(MODEL, key=lambda name: sum(word in MODEL[name] for word in words))


async def app(scope, _receive, send):
    answer = language(unquote_plus(scope.get("query_string", b"").decode()))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer.encode()})
