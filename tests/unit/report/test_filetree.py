"""The tree of an image's files: sums, waste, paging and search, from a real ``docker save`` tar."""

from __future__ import annotations

import pytest
from saved_images import file, folder, gone, hard_link, link, save

from mldocker_lab.report.filetables import tables
from mldocker_lab.report.filetree import FileTree
from mldocker_lab.report.inspection import inspected
from mldocker_lab.report.layerindex import Kind
from mldocker_lab.report.savestream import read_path

LAYERS = [
    (
        "RUN install",
        [
            folder("app"),
            folder("app/data"),
            file("app/data/train.csv", 5000),
            file("app/data/test.csv", 1000),
            file("app/model.bin", 3000),
            hard_link("app/same.bin", "app/model.bin"),
            file("app/run.py", b"print(1)\n"),
            link("app/latest", "model.bin"),
            folder("app.old"),
            file("app.old/a", 10),
            file("implied/below/x", 7),
        ],
    ),
    ("RUN rm -rf app/data", [folder("app"), gone("app/data")]),
    ("COPY run.py app/", [folder("app"), file("app/run.py", b"print(22)\n")]),
    ("RUN chmod +x app/run.py", [folder("app"), file("app/run.py", b"print(22)\n", 0o755)]),
]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    contents = read_path(save(tmp_path_factory.mktemp("image") / "shop.tar", LAYERS))
    return inspected(contents.report, contents.indexes())


@pytest.fixture(scope="module")
def tree(image):
    return FileTree(image.indexes)


def names(found):
    return [node.name for node in found.nodes]


def the(found, name):
    (node,) = (node for node in found.nodes if node.name == name)
    return node


def test_a_folder_has_the_bytes_of_all_that_is_below_it(tree):
    app = the(tree.listing(0).children(), "app")
    assert (app.bytes, app.files, app.wasted) == (5000 + 1000 + 3000 + 9, 6, 5000 + 1000 + 9)
    assert app.path == "/app"
    assert app.opens


def test_names_that_begin_alike_are_told_apart(tree):
    assert names(tree.listing(0).children()) == ["app", "app.old", "implied"]
    assert names(tree.listing(0).children(b"app.old")) == ["a"]


def test_children_come_the_largest_first(tree):
    found = tree.listing(0).children(b"app")
    assert names(found) == ["data", "model.bin", "run.py", "latest", "same.bin"]
    assert the(found, "same.bin").kind is Kind.HARD_LINK
    assert the(found, "latest").link == "model.bin"


def test_a_folder_that_no_layer_lists_is_there_all_the_same(tree):
    implied = the(tree.listing(0).children(), "implied")
    assert (implied.bytes, implied.mode, implied.opens) == (7, None, True)
    assert [node.key for node in tree.listing(0).children(b"implied").nodes] == [b"implied\0below"]


def test_what_is_hidden_says_why_and_by_what(tree):
    data = the(tree.listing(0).children(b"app"), "data")
    train = tree.listing(0).children(b"app\0data").nodes[0]
    assert (data.reason, data.hidden_by, data.wasted) == ("deleted", 1, 6000)
    assert (train.reason, train.hidden_by, train.wasted) == ("deleted", 1, 5000)
    run = [the(tree.listing(layer).children(b"app"), "run.py") for layer in (0, 2, 3)]
    assert [(one.reason, one.hidden_by, one.wasted) for one in run] == [
        ("overwritten", 2, 9),
        ("metadata", 3, 10),
        (None, None, 0),
    ]


def test_a_layer_lists_its_marks_of_deletion(tree):
    (mark,) = tree.listing(1).children(b"app").nodes
    assert (mark.name, mark.kind, mark.bytes, mark.files) == ("data", Kind.DELETION, 0, 0)


def test_all_layers_together_are_what_a_node_pulls(image, tree):
    root = tree.listing(None).root
    assert (root.bytes, root.wasted) == (image.bytes, image.wasted_bytes)
    runs = [node for node in tree.listing(None).children(b"app").nodes if node.name == "run.py"]
    assert [(node.layer, node.bytes) for node in runs] == [(2, 10), (3, 10), (0, 9)]
    assert the(tree.listing(None).children(), "app").layer == 3


def test_each_layer_adds_up_to_what_is_said_of_it(image, tree):
    wasted = image.wasted.by_layer()
    for number, layer in enumerate(image.layers):
        root = tree.listing(number).root
        told = (layer.bytes, layer.files, wasted.get(number, 0))
        assert (root.bytes, root.files, root.wasted) == told


def test_pages_follow_each_other_and_say_what_is_left(tree):
    listing = tree.listing(0)
    first = listing.children(b"app", 0, 2)
    second = listing.children(b"app", 2, 2)
    assert (names(first), first.total, first.rest) == (["data", "model.bin"], 5, 9)
    assert (names(second), second.total, second.rest) == (["run.py", "latest"], 5, 0)
    assert names(listing.children(b"app", 4, 2)) == ["same.bin"]
    assert names(listing.children(b"app", 9, 2)) == []


def test_only_what_is_wasted(tree):
    listing = tree.listing(None)
    assert names(listing.children(wasted=True)) == ["app"]
    assert [(node.name, node.wasted) for node in listing.children(b"app", wasted=True).nodes] == [
        ("data", 6000),
        ("run.py", 10),
        ("run.py", 9),
    ]


def test_search_finds_parts_of_paths(tree):
    listing = tree.listing(None)
    assert [node.path for node in listing.search("DATA/t").nodes] == [
        "/app/data/train.csv",
        "/app/data/test.csv",
    ]
    assert names(listing.search(".csv", 1)) == ["train.csv"]
    assert listing.search(".csv", 1).total == 2
    assert names(listing.search("/app.o")) == ["app.old", "a"]
    assert listing.search("nothing").nodes == listing.search("").nodes == []
    assert names(listing.search("model", wasted=True)) == []


def test_search_lists_a_folder_of_many_layers_once(tree):
    found = tree.listing(None).search("app")
    assert [node.path for node in found.nodes].count("/app") == 1
    assert found.nodes[0].bytes == tree.listing(None).children().nodes[0].bytes


def test_a_layer_that_is_listed_twice_counts_once_in_all(tmp_path):
    layer = ("COPY a", [file("a", 100)])
    contents = read_path(save(tmp_path / "twice.tar", [layer, ("COPY b", [file("b", 5)])]))
    a, b = contents.indexes()
    tree = FileTree([a, b, a])
    assert tree.listing(None).root.bytes == 105
    assert tree.listing(None).root.wasted == 0
    assert [tree.listing(number).root.bytes for number in range(3)] == [100, 5, 100]


def test_a_folder_in_the_place_of_a_file(tmp_path):
    layers = [("one", [file("x", 100)]), ("two", [folder("x"), file("x/y", 30)])]
    contents = read_path(save(tmp_path / "x.tar", layers))
    kinds = {
        (node.kind, node.bytes, node.wasted, node.reason)
        for node in FileTree(contents.indexes()).listing(None).children().nodes
    }
    assert kinds == {(Kind.FILE, 100, 100, "overwritten"), (Kind.FOLDER, 30, 0, None)}


def test_odd_names_survive(tmp_path):
    info, contents = file("plain", 3)
    info.name = "caf\udce9\n"
    path = save(tmp_path / "odd.tar", [("one", [(info, contents)])])
    (node,) = FileTree(read_path(path).indexes()).listing(0).children().nodes
    assert node.key == b"caf\xe9\n"
    assert node.name == "caf\\xe9\\n"


def test_an_image_without_files(tmp_path):
    tree = FileTree(read_path(save(tmp_path / "none.tar", [("one", [])])).indexes())
    assert tree.listing(0).children() == tree.listing(None).children() == ([], 0, 0)


def test_the_tables_show_the_largest_files_and_the_largest_wasted_ones(image):
    layers, files = tables(image)
    assert [row[0] for row in layers.rows] == [layer.instruction for layer in image.layers]
    assert files.rows[0][:4] == ("/app/data/train.csv", "5 kB", "✗ deleted", "RUN install")
    assert files.rows[0][4] == "RUN rm -rf app/data"
    assert files.rows[1][:3] == ("/app/model.bin", "3 kB", "")
    assert files.rows[-1][0] == "/implied/below/x"
    few = tables(image.show(1))[1].rows
    assert [row[0] for row in few] == ["/app/data/train.csv", "/app/model.bin"]
    assert max(map(len, files.to_text().splitlines())) <= 100
