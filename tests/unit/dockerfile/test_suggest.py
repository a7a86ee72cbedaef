"""What an ignore file could keep out: only what is there, and never what a COPY names."""

from __future__ import annotations

import pytest

from mldocker_lab.dockerfile.context import scan
from mldocker_lab.dockerfile.ignore import Patterns
from mldocker_lab.dockerfile.lookalikes import secret
from mldocker_lab.dockerfile.suggest import as_text, suggest

MB = 1_000_000


@pytest.fixture
def project(tmp_path):
    """Makes a folder of empty-looking files, by name and size."""

    def made(files, dockerfile="FROM x\nCOPY . .\n"):
        (tmp_path / "Dockerfile").write_text(dockerfile)
        for name, size in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.truncate(size)
        return tmp_path

    return made


def patterns(folder, *paths, mentioned="", look_first=False):
    found = suggest(scan(folder), paths, mentioned)
    return [one.pattern for one in found if one.look_first is look_first]


def test_what_machine_learning_projects_have_lying_around(project):
    names = [
        ".git/HEAD", "data/train.csv", "notebooks/a.ipynb", "wandb/run/x", "mlruns/0/meta.yaml",
        "src/__pycache__/a.pyc", ".venv/bin/python", "checkpoints/last.ckpt", "a/b/extra.ckpt",
        ".ipynb_checkpoints/a.ipynb", "lightning_logs/v/x", "train.log", ".DS_Store", "src/a.py",
    ]  # fmt: skip
    folder = project({name: 10 * MB - i for i, name in enumerate(names)})
    assert patterns(folder, "") == [
        ".git", "data", "notebooks", "wandb", "mlruns", "**/__pycache__", ".venv", "checkpoints",
        "**/*.ckpt", ".ipynb_checkpoints", "lightning_logs", "*.log", ".DS_Store", "Dockerfile",
    ]  # fmt: skip


def test_nothing_is_suggested_that_is_not_there_or_is_ignored_already(project):
    folder = project({"app.py": 1, "data/x": 1})
    (folder / ".dockerignore").write_text("data\nDockerfile\n.dockerignore\n")
    assert patterns(folder, "") == []


def test_each_file_is_counted_once_and_sums_are_exact(project):
    folder = project({"wandb/a.log": 5, "wandb/deep/b.ipynb": 7, "x.log": 11, "deep/y.log": 13})
    found = {one.pattern: (one.files, one.bytes) for one in suggest(scan(folder))}
    assert found == {"wandb": (2, 12), "**/*.log": (2, 24), "Dockerfile": (1, 16)}


def test_the_suggested_text_keeps_out_what_it_says(project):
    folder = project(
        {".git/x": 3, "a/__pycache__/b.pyc": 5, "data/d": 7, "m.onnx": 9, "s/[k].pem": 1, "z.py": 1}
    )
    found = suggest(scan(folder), ("",))
    (folder / ".dockerignore").write_text(as_text(found))
    left = {e.name for e in scan(folder).entries if e.kind == "file" and not e.ignored}
    assert left == {".dockerignore", "m.onnx", "z.py"}  # model weights only stand as a comment
    assert "# *.onnx" in as_text(found).splitlines()


@pytest.mark.parametrize(
    ("files", "paths", "kept"),
    [
        (["data/x"], ["data"], "data"),
        (["data/x"], ["data/x"], "data"),
        (["data/x"], ["d*/x"], "data"),
        (["data/x"], ["data/"], "data"),
        (["src/data.ckpt"], ["src"], "**/*.ckpt"),
        (["notebooks/a.ipynb"], ["notebooks/a.ipynb"], "notebooks"),
        ([".env"], [".env"], ".env"),
        ([".git/HEAD"], [".git/HEAD"], ".git"),
        (["wandb/settings"], ["wandb/settings"], "wandb"),
    ],
)
def test_what_copy_names_is_never_suggested(project, files, paths, kept):
    folder = project(dict.fromkeys(files, 1))
    assert kept in patterns(folder, "")  # COPY . names nothing
    assert kept not in patterns(folder, "", *(path.rstrip("/") for path in paths))


def test_what_tools_leave_behind_inside_a_named_folder_is_suggested(project):
    folder = project({"src/__pycache__/a.pyc": 1, "src/.git/HEAD": 1, "src/model.pt": 1})
    assert patterns(folder, "src") == ["**/.git", "**/__pycache__"]
    assert patterns(folder, "src", look_first=True) == []  # weights in it are what COPY is for


def test_what_an_image_may_need_is_to_be_looked_at_first(project):
    folder = project({"model.onnx": 1, "models/m": 1, "table.csv": 1, "data/x": 1})
    assert patterns(folder, "") == ["Dockerfile", "data"]
    assert patterns(folder, "", look_first=True) == ["*.csv", "*.onnx", "models"]
    spoken = 'CMD ["serve", "--data", "data/x"]'
    assert "data" in patterns(folder, "", mentioned=spoken, look_first=True)
    assert "data" in patterns(folder, "", mentioned="RUN update-database --metadata=my-data-set")


def test_the_dockerfile_itself_matters_only_to_who_copies_everything(project):
    folder = project({"app.py": 1, ".dockerignore": 0, "compose.yaml": 1})
    assert patterns(folder, "") == ["Dockerfile", "compose*.y*ml", ".dockerignore"]
    assert patterns(folder, "app.py") == []


def test_a_folder_called_env_or_runs_must_be_what_it_seems(project):
    files = {"env/settings.py": 1, "runs/plan.txt": 1}
    folder = project(files)
    assert patterns(folder, "app") == []
    project({"env/pyvenv.cfg": 1, "runs/a/events.out.tfevents.1": 1})
    assert patterns(folder, "app") == ["env", "runs"]


@pytest.mark.parametrize(
    "name",
    [
        ".env", "deploy/.env.production", "prod.env", "id_ed25519", "keys/server.pem", ".netrc",
        "kaggle.json", "my-service-account-1.json", "credentials.json", ".aws/credentials",
        ".streamlit/secrets.toml", "SECRETS.YAML", ".ssh/deploy", ".huggingface/token", ".npmrc",
    ],
)  # fmt: skip
def test_names_that_look_like_secrets(name):
    assert secret(name)


@pytest.mark.parametrize(
    "name",
    [
        ".env.example", ".env.template", "id_rsa.pub", "environment.yml", "env.py", "tokens.txt",
        "certs/cacert.pem", ".ssh/known_hosts", "credentials.py", "keyboard.json", "token.json",
    ],
)  # fmt: skip
def test_names_that_do_not(name):
    assert secret(name) is None


def test_odd_names_of_secrets_are_escaped(project):
    folder = project({"deep/#[x]*.pem": 1, "!a.key": 1})
    lines = patterns(folder, "app")
    assert sorted(lines) == ["**/!a.key", "**/#\\[x\\]\\*.pem"]
    ignored = Patterns.parse("\n".join(lines))
    assert ignored.ignored("deep/#[x]*.pem")
    assert ignored.ignored("!a.key")
