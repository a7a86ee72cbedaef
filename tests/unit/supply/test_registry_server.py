"""The registry's protocol, spoken by hand."""

from __future__ import annotations

import hashlib
import http.client
import socket
import threading

import pytest

from mldocker_lab.supply import registry_server

KIND = "application/vnd.docker.distribution.manifest.v2+json"
LAYER = b"the bytes of a layer" * 1000


def digest_of(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def server(tmp_path):
    made = registry_server.serve(tmp_path, "127.0.0.1", 0)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def ask(server):
    line = http.client.HTTPConnection("127.0.0.1", server.server_port)

    def asked(method, path, body=None, **options):
        line.request(method, path, body=body, **options)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()

    yield asked
    line.close()


def upload(ask, data, digest, **options):
    _, headers, _ = ask("POST", "/v2/some/python/blobs/uploads/")
    place = headers["Location"]
    status, headers, _ = ask("PATCH", place, data, **options)
    assert (status, headers["Range"]) == (202, f"0-{len(LAYER) - 1}")
    return ask("PUT", f"{place}?digest={digest}")


def test_it_says_that_it_is_a_registry(ask):
    assert ask("GET", "/v2/")[0] == 200
    assert ask("GET", "/")[0] == 404


def test_a_blob_comes_out_as_it_went_in(ask):
    digest = digest_of(LAYER)
    assert ask("HEAD", f"/v2/some/python/blobs/{digest}")[0] == 404
    status, headers, _ = upload(ask, LAYER, digest)
    assert (status, headers["Docker-Content-Digest"]) == (201, digest)
    status, headers, body = ask("GET", headers["Location"])
    assert (status, body) == (200, LAYER)
    _, headers, body = ask("HEAD", f"/v2/some/python/blobs/{digest}")
    assert (int(headers["Content-Length"]), body) == (len(LAYER), b"")


def test_a_blob_in_chunks_is_the_same_blob(ask):
    pieces = iter([LAYER[:7], LAYER[7:]])
    status, _, _ = upload(ask, pieces, digest_of(LAYER), encode_chunked=True,
                          headers={"Transfer-Encoding": "chunked"})  # fmt: skip
    assert status == 201


def test_a_blob_that_is_not_what_it_claims_to_be_is_refused(ask):
    claimed = digest_of(b"something else")
    assert upload(ask, LAYER, claimed)[0] == 400
    assert ask("HEAD", f"/v2/some/python/blobs/{claimed}")[0] == 404


def test_a_tag_can_be_moved_and_a_digest_cannot(ask):
    first, second = b'{"config": 1}', b'{"config": 2}'
    for manifest in (first, second):
        status, headers, _ = ask(
            "PUT", "/v2/some/python/manifests/3.11", manifest, headers={"Content-Type": KIND}
        )
        assert (status, headers["Docker-Content-Digest"]) == (201, digest_of(manifest))
    _, headers, body = ask("GET", "/v2/some/python/manifests/3.11")
    assert (headers["Content-Type"], body) == (KIND, second)
    assert ask("GET", f"/v2/some/python/manifests/{digest_of(first)}")[2] == first
    assert ask("PUT", f"/v2/some/python/manifests/{digest_of(first)}", second)[0] == 400


def test_whoever_begins_with_tls_hears_at_once_that_this_is_http(server):
    """Without a line feed in it, too: that word is what makes engines try again without TLS."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as line:
        line.sendall(b"\x16\x03\x01\x02\x00")
        assert line.recv(5) == b"HTTP/"
