"""Where the bytes are: packages by their records, folders; and what rarely belongs there."""

from __future__ import annotations

import pytest

from mldocker_lab.report.secrets import SHAPES, recognised, worth_reading

SITE = "usr/local/lib/python3.11/site-packages"


def record(*lines):
    return "\n".join(lines).encode() + b"\n"


def package(name, version, files, *, extra=()):
    """An installed distribution: its files, and the record that lists them."""
    info = f"{name}-{version}.dist-info"
    lines = [f"{path},sha256=x,{len(data)}" for path, data in files.items()]
    parts = {f"{SITE}/{path}": data for path, data in files.items()}
    parts[f"{SITE}/{info}/RECORD"] = record(*lines, f"{info}/RECORD,,", *extra)
    return parts


def unwanted(image):
    return {(one.kind, one.path): (one.bytes, one.hidden, one.files) for one in image.unwanted}


# -- packages ---------------------------------------------------------------------------------


def test_bytes_by_package(make):
    numpy = package(
        "numpy", "2.4.6", {"numpy/__init__.py": b"1" * 100, "numpy/core.so": b"2" * 900}
    )
    small = package("typing_extensions", "4.0", {"typing_extensions.py": b"3" * 50})
    image = make.taken_apart(numpy | small | {"app/app.py": b"4" * 5000})
    record_bytes = len(numpy[f"{SITE}/numpy-2.4.6.dist-info/RECORD"])
    found = [(one.name, one.version, one.bytes, one.files, one.path) for one in image.packages]
    assert found[0] == ("numpy", "2.4.6", 1000 + record_bytes, 3, f"/{SITE}")
    assert found[1][:2] == ("typing-extensions", "4.0")


def test_what_a_package_puts_elsewhere_counts_too(make):
    parts = package(
        "tool", "1", {"tool.py": b"1" * 10}, extra=["../../../bin/tool,,", '"a,b.txt",,']
    )
    parts |= {"usr/local/bin/tool": b"2" * 20, f"{SITE}/a,b.txt": b"3" * 30}
    (one,) = make.taken_apart(parts).packages
    assert one.bytes - len(parts[f"{SITE}/tool-1.dist-info/RECORD"]) == 60


def test_only_what_the_image_shows_counts(make):
    parts = package("numpy", "1", {"numpy/a.py": b"1" * 100, "numpy/tests/b.py": b"2" * 900})
    image = make.taken_apart(parts, {f"{SITE}/numpy/.wh.tests": b""})
    (one,) = image.packages
    assert one.bytes == 100 + len(parts[f"{SITE}/numpy-1.dist-info/RECORD"])


def test_a_package_that_was_upgraded_later(make):
    """The new one counts what is there, the old one is gone."""
    old = package("numpy", "1", {"numpy/a.py": b"1" * 100})
    new = package("numpy", "2", {"numpy/a.py": b"2" * 70})
    image = make.taken_apart(old, new | {f"{SITE}/.wh.numpy-1.dist-info": b""})
    (one,) = image.packages
    assert (one.version, one.bytes) == ("2", 70 + len(new[f"{SITE}/numpy-2.dist-info/RECORD"]))


def test_a_package_that_was_removed_is_none(make):
    parts = package("numpy", "1", {"numpy/a.py": b"1" * 100})
    gone = {f"{SITE}/.wh.numpy": b"", f"{SITE}/.wh.numpy-1.dist-info": b""}
    assert make.taken_apart(parts, gone).packages == ()


def test_older_packages_have_another_list(make):
    info = "usr/lib/python3/dist-packages/old_tool-1.2-py3.11.egg-info"
    parts = {
        f"{info}/installed-files.txt": b"../old_tool.py\nPKG-INFO\n",
        f"{info}/PKG-INFO": b"1" * 10,
        "usr/lib/python3/dist-packages/old_tool.py": b"2" * 30,
    }
    (one,) = make.taken_apart(parts).packages
    assert (one.name, one.version, one.bytes, one.files) == ("old-tool", "1.2", 40, 2)


@pytest.mark.parametrize(
    "data", [b"\xff\xfe,,\n", b'"unclosed,,\n', b"\0\0", b"../../../../../x,,"]
)
def test_records_that_make_no_sense(make, data):
    (one,) = make.taken_apart({f"{SITE}/x-1.dist-info/RECORD": data, "x": b"123"}).packages
    assert one.name == "x"


# -- folders and files ------------------------------------------------------------------------


def test_each_byte_counts_in_one_folder(make):
    image = make.taken_apart({"a/b/one": b"1" * 5000, "a/two": b"2" * 3000, "c/d/e": b"3" * 10})
    assert [tuple(one) for one in image.folders] == [("/a/b", 5000), ("/a", 3000)]


def test_many_small_folders_count_above(make):
    image = make.taken_apart({f"site/p{n}/x.py": b"1" * 100 for n in range(60)})
    assert [tuple(one) for one in image.folders] == [("/site", 6000)]


def test_the_largest_files_come_first(make):
    lower = {"a": b"1" * 10, "b": b"2" * 30}
    image = make.taken_apart(lower, {"c": b"3" * 20, ".wh.b": b""})
    assert [tuple(one) for one in image.largest] == [("/c", 20, 1), ("/a", 10, 0)]


# -- what rarely belongs there ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind", "place"),
    [
        ("root/.cache/pip/http-v2/1/2/x.body", "pip cache", "/root/.cache/pip"),
        ("home/a/.cache/pip/selfcheck/x", "pip cache", "/home/a/.cache/pip"),
        ("opt/cache/wheels/0/a/b/x.whl", "pip cache", "/opt/cache"),
        ("root/.cache/uv/archive-v0/x", "uv cache", "/root/.cache/uv"),
        ("opt/conda/pkgs/numpy-1/x", "conda cache", "/opt/conda/pkgs"),
        ("root/.npm/_cacache/x", "npm cache", "/root/.npm/_cacache"),
        ("var/cache/apt/archives/gcc.deb", "apt cache", "/var/cache/apt"),
        ("var/lib/apt/lists/x_Packages", "apt lists", "/var/lib/apt/lists"),
        ("app/.git/objects/ab/cd", ".git", "/app/.git"),
        ("app/__pycache__/a.pyc", "bytecode", "**/__pycache__"),
        ("wheels/numpy-1-py3-none-any.whl", "wheel", "/wheels/numpy-1-py3-none-any.whl"),
    ],
)
def test_rubbish_is_named(make, path, kind, place):
    assert unwanted(make.taken_apart({path: b"12345"})) == {(kind, place): (5, 0, 1)}


@pytest.mark.parametrize(
    "path",
    [
        "usr/lib/python3.11/ensurepip/_bundled/pip-24-py3-none-any.whl",
        "usr/share/python-wheels/pip-24-py3-none-any.whl",
        "var/lib/dpkg/status",
        "app/.gitignore",
        "app/.github/workflows/ci.yml",
        "root/.cache/pipx",
        "app/http/1/2.txt",
    ],
)
def test_what_is_none_is_not_named(make, path):
    assert unwanted(make.taken_apart({path: b"12345"})) == {}


def test_what_a_later_layer_hides_is_named_with_what_it_hides(make):
    lower = {"root/.cache/pip/a": b"12345", "root/.cache/pip/b": b"6"}
    image = make.taken_apart(lower, {"root/.cache/pip/.wh.a": b""})
    assert unwanted(image) == {("pip cache", "/root/.cache/pip"): (6, 5, 2)}


@pytest.mark.parametrize(
    "name", ["model.safetensors", "a/best.pt", "m.onnx", "x.gguf", "hub/pytorch_model-00001.bin"]
)
def test_model_weights_are_named_from_a_megabyte_on(make, name):
    path = f"models/{name}"
    assert unwanted(make.taken_apart({path: b"1" * 999_999})) == {}
    found = unwanted(make.taken_apart({path: b"1" * 1_000_000}))
    assert found == {("model weights", f"/{path}"): (1_000_000, 0, 1)}
    assert unwanted(make.taken_apart({f"{SITE}/onnx/{name}": b"1" * 1_000_000})) == {}


SECRETS = [
    ("root/.ssh/id_ed25519", b"-----BEGIN OPENSSH PRIVATE KEY-----\nx", "a private key"),
    ("app/service.json", b'{"private_key": "-----BEGIN PRIVATE KEY-----\\nMII"}', "a private key"),
    ("app/settings.py", b"KEY = 'AKIAIOSFODNN7EXAMPLE'", "an AWS access key"),
    ("app/.git/config", b"[remote]\n url = https://me:hunter22@host/x.git", "a password"),
    ("root/.netrc", b"machine x login y password z", "a password"),
    ("root/.cache/huggingface/token", b"hf_" + b"a" * 34, "a Hugging Face token"),
    ("app/.env", b"DEBUG=1\nDB_PASSWORD=hunter22\n", "a password or token"),
    ("app/prod.env", b"export API_KEY='abcdef'\n", "a password or token"),
    (
        "root/.docker/config.json",
        b'{"auths": {"r": {"auth": "dXNlcg=="}}}',
        "a registry's password",
    ),
    ("etc/pip.conf", b"index-url = https://user:secret1@host/simple", "a password"),
]
HARMLESS = [
    ("etc/ssl/certs/ca.pem", b"-----BEGIN CERTIFICATE-----\nMII"),
    ("root/.ssh/id_ed25519.pub", b"ssh-ed25519 AAAA"),
    ("app/.env", b"DEBUG=1\nDB_PASSWORD=\nTOKEN=${TOKEN}\nAPI_KEY=<yours>\n"),
    ("app/settings.py", b"PASSWORD = os.environ['PASSWORD']"),
    ("etc/pip.conf", b"index-url = https://host/simple"),
    ("app/README", b"git clone https://user:pass@host"),
    (f"{SITE}/tornado/test/test.key", b"-----BEGIN PRIVATE KEY-----"),
    ("usr/share/doc/x/key.pem", b"-----BEGIN RSA PRIVATE KEY-----"),
]


@pytest.mark.parametrize(("path", "data", "words"), SECRETS)
def test_credentials_are_recognised_and_not_shown(make, path, data, words):
    image = make.taken_apart({path: data}, {"x": b"1", ".wh..wh..opq": b""})
    (one,) = [one for one in image.unwanted if one.kind == "secret"]
    assert (one.path, one.what, one.hidden) == (f"/{path}", words, len(data))
    assert data.decode() not in str(image.to_dict())


@pytest.mark.parametrize(("path", "data"), HARMLESS)
def test_what_is_no_credential_is_left_alone(make, path, data):
    assert [one for one in make.taken_apart({path: data}).unwanted if one.kind == "secret"] == []


def test_large_files_are_not_searched():
    assert worth_reading(b"app/x", 64 << 10)
    assert not worth_reading(b"app/x", (64 << 10) + 1)
    assert SHAPES[recognised(b"a", b"AKIAIOSFODNN7EXAMPLE")] == "an AWS access key"
