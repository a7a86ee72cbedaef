"""What an image wastes, to the byte: every way in which a layer can hide what lies below it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

BIG, SMALL = b"b" * 5000, b"s" * 70


def wasted(image):
    """What is wasted: path, bytes, reason, by layer numbers."""
    return [tuple(one) for one in image.wasted]


def shown(image):
    return image.bytes - image.wasted_bytes


# -- the cases ------------------------------------------------------------------------------


def test_a_one_layer_image_wastes_nothing(make):
    image = make.taken_apart({"a": BIG, "d": None, "d/b": SMALL})
    assert (image.bytes, image.wasted_bytes, wasted(image)) == (5070, 0, [])


def test_an_empty_layer_wastes_nothing(make):
    image = make.taken_apart({"a": BIG}, bytes(1024), {"d": None})
    assert (image.bytes, image.wasted_bytes) == (5000, 0)


def test_a_file_deleted_later(make):
    image = make.taken_apart({"a": BIG, "b": SMALL}, {".wh.a": b""})
    assert wasted(image) == [("/a", 5000, "deleted", 0, 1)]
    assert image.bytes == 5070


def test_a_folder_deleted_later_wastes_all_that_is_below_it(make):
    lower = {"d": None, "d/a": BIG, "d/e": None, "d/e/b": SMALL, "dd": SMALL, "d.txt": SMALL}
    image = make.taken_apart(lower, {".wh.d": b""})
    assert wasted(image) == [("/d/a", 5000, "deleted", 0, 1), ("/d/e/b", 70, "deleted", 0, 1)]


def test_a_folder_that_was_deleted_and_made_again(make):
    lower = {"d": None, "d/a": BIG, "d/b": SMALL}
    image = make.taken_apart(lower, {".wh.d": b"", "d": None, "d/b": b"new"}, {"d/c": SMALL})
    assert wasted(image) == [("/d/a", 5000, "deleted", 0, 1), ("/d/b", 70, "overwritten", 0, 1)]
    assert shown(image) == 3 + 70


def test_a_folder_that_was_emptied(make):
    lower = {"d": None, "d/a": BIG, "d/b": SMALL, "dd": SMALL}
    image = make.taken_apart(lower, {"d": None, "d/.wh..wh..opq": b"", "d/b": SMALL, "d/c": b"1"})
    assert wasted(image) == [("/d/a", 5000, "deleted", 0, 1), ("/d/b", 70, "metadata", 0, 1)]
    assert shown(image) == 70 + 70 + 1


def test_the_mark_may_come_after_what_it_must_not_hide(make):
    """A deletion mark speaks of the layers below, wherever in its own tar it stands."""
    lower = {"d": None, "d/a": BIG}
    image = make.taken_apart(
        lower, {"d/new": SMALL, "d/.wh..wh..opq": b"", "x": b"1", ".wh.x": b""}
    )
    assert wasted(image) == [("/d/a", 5000, "deleted", 0, 1)]
    assert shown(image) == 71


def test_the_whole_image_emptied(make):
    image = make.taken_apart({"a": BIG, "d/b": SMALL}, {".wh..wh..opq": b"", "c": b"1"})
    assert [one[0] for one in wasted(image)] == ["/a", "/d/b"]
    assert shown(image) == 1


def test_a_file_overwritten(make):
    image = make.taken_apart({"a": BIG}, {"a": SMALL})
    assert wasted(image) == [("/a", 5000, "overwritten", 0, 1)]


def test_other_contents_of_the_same_size(make):
    image = make.taken_apart({"a": b"1" * 400}, {"a": b"2" * 400})
    assert wasted(image) == [("/a", 400, "overwritten", 0, 1)]


@pytest.mark.parametrize("change", [{"mode": 0o755}, {"uid": 1000}])
def test_a_chmod_or_chown_wastes_the_lower_copy(make, change):
    again = make.tar(make.entry("a", BIG, **change))
    image = make.taken_apart({"a": BIG}, again)
    assert wasted(image) == [("/a", 5000, "metadata", 0, 1)]
    assert image.bytes == 10_000


def test_a_chown_of_a_folder(make):
    lower = {"d": None, "d/a": BIG, "d/e": None, "d/e/b": SMALL}
    chowned = make.tar(*[make.entry(name, data, uid=7) for name, data in lower.items()])
    image = make.taken_apart(lower, chowned)
    assert wasted(image) == [("/d/a", 5000, "metadata", 0, 1), ("/d/e/b", 70, "metadata", 0, 1)]


def test_a_folder_that_is_only_listed_again_hides_nothing(make):
    image = make.taken_apart({"d": None, "d/a": BIG}, {"d": None, "d/b": SMALL})
    assert wasted(image) == []


def test_a_folder_replaced_by_a_file(make):
    image = make.taken_apart({"d": None, "d/a": BIG, "d/e/b": SMALL}, {"d": b"now a file"})
    assert wasted(image) == [("/d/a", 5000, "deleted", 0, 1), ("/d/e/b", 70, "deleted", 0, 1)]


def test_a_folder_replaced_by_a_link(make):
    image = make.taken_apart({"d/a": BIG}, make.tar(make.entry("d", b"", link="elsewhere")))
    assert wasted(image) == [("/d/a", 5000, "deleted", 0, 1)]


def test_a_file_replaced_by_a_folder_or_a_link(make):
    image = make.taken_apart(
        {"a": BIG, "b": SMALL}, make.tar(make.entry("a"), make.entry("b", b"", link="a"))
    )
    assert wasted(image) == [("/a", 5000, "overwritten", 0, 1), ("/b", 70, "overwritten", 0, 1)]


def test_the_first_to_hide_a_file_is_named(make):
    chmod = make.tar(make.entry("a", SMALL, mode=0o700))
    gone = {".wh.a": b""}
    image = make.taken_apart({"a": BIG}, gone, {"a": SMALL}, chmod, gone | {"x": None})
    assert wasted(image) == [
        ("/a", 5000, "deleted", 0, 1),
        ("/a", 70, "metadata", 2, 3),
        ("/a", 70, "deleted", 3, 4),
    ]


def test_files_without_bytes_are_not_listed(make):
    assert wasted(make.taken_apart({"a": b""}, {".wh.a": b""})) == []


# -- hard links -----------------------------------------------------------------------------


def linked(make, *names, data=BIG):
    """A layer with one file under several names."""
    first, *others = names
    return make.tar(make.entry(first, data), *[make.entry(n, b"", hard=first) for n in others])


def test_hard_links_count_once(make):
    image = make.taken_apart(linked(make, "a", "b", "c"))
    assert (image.bytes, image.layers[0].files, wasted(image)) == (5000, 3, [])


@pytest.mark.parametrize("gone", ["a", "b"])
def test_a_file_with_a_name_left_is_not_wasted(make, gone):
    image = make.taken_apart(linked(make, "a", "b"), {f".wh.{gone}": b""})
    assert (wasted(image), shown(image)) == ([], 5000)


def test_a_file_without_a_name_left_is_wasted_once(make):
    image = make.taken_apart(linked(make, "a", "d/b"), {".wh.a": b""}, {".wh.d": b""})
    assert wasted(image) == [("/a", 5000, "deleted", 0, 1)]


def test_a_chmod_copies_one_name_and_leaves_the_other(make):
    """The storage driver copies the file that is changed, and breaks the link."""
    image = make.taken_apart(linked(make, "a", "b"), make.tar(make.entry("a", BIG, mode=0o700)))
    assert (image.bytes, wasted(image)) == (10_000, [])


def test_all_names_of_a_file_written_again(make):
    image = make.taken_apart(linked(make, "a", "b"), linked(make, "b", "a"))
    assert wasted(image) == [("/a", 5000, "metadata", 0, 1)]


def test_a_name_in_a_later_layer_keeps_a_file(make):
    image = make.taken_apart({"a": BIG}, make.tar(make.entry("b", b"", hard="a")), {".wh.a": b""})
    assert (wasted(image), shown(image)) == ([], 5000)


def test_a_link_to_a_link(make):
    layer = make.tar(
        make.entry("a", BIG), make.entry("b", b"", hard="a"), make.entry("c", b"", hard="b")
    )
    assert wasted(make.taken_apart(layer, {".wh.a": b"", ".wh.b": b""})) == []
    assert wasted(make.taken_apart(layer, {".wh.a": b"", ".wh.b": b"", ".wh.c": b""})) == [
        ("/a", 5000, "deleted", 0, 1)
    ]


def test_links_that_lead_to_nothing_or_in_circles(make):
    circle = make.tar(make.entry("a", b"", hard="b"), make.entry("b", b"", hard="a"))
    image = make.taken_apart(circle, make.tar(make.entry("c", b"", hard="nothing")))
    assert (image.bytes, wasted(image)) == (0, [])


# -- twice in one layer ----------------------------------------------------------------------


def test_a_path_twice_in_one_layer_wastes_the_first(make):
    layer = make.tar(make.entry("a", BIG), make.entry("a", SMALL))
    image = make.taken_apart(layer)
    assert (image.bytes, wasted(image)) == (5070, [("/a", 5000, "overwritten", 0, 0)])


def test_the_same_file_twice_in_one_layer(make):
    layer = make.tar(make.entry("a", BIG), make.entry("./a", BIG, mode=0o700))
    assert wasted(make.taken_apart(layer)) == [("/a", 5000, "metadata", 0, 0)]


def test_a_folder_becomes_a_file_in_one_layer(make):
    layer = make.tar(make.entry("d/a", BIG), make.entry("d", b"file"))
    assert wasted(make.taken_apart(layer)) == [("/d/a", 5000, "deleted", 0, 0)]


def test_a_layer_that_is_listed_twice_is_stored_once(make):
    one, other = {"a": BIG}, {"a": SMALL}
    image = make.taken_apart(one, other, one)
    assert (image.bytes, wasted(image)) == (5070, [("/a", 70, "overwritten", 1, 2)])
    assert [layer["wasted_bytes"] for layer in image.to_dict()["layers"]] == [0, 70, 0]
    image = make.taken_apart(one, other, one, {".wh.a": b""})
    assert wasted(image) == [("/a", 5000, "deleted", 2, 3), ("/a", 70, "overwritten", 1, 2)]


# -- odd names -------------------------------------------------------------------------------


def test_names_that_differ_only_in_how_they_are_written(make):
    image = make.taken_apart(
        {"./a": BIG, "/b//c": SMALL}, {"a": BIG, "b/./c": SMALL, "b/x/../": None}
    )
    assert [(one[0], one[2]) for one in wasted(image)] == [("/a", "metadata"), ("/b/c", "metadata")]


def test_storage_drivers_notes_are_no_files(make):
    image = make.taken_apart({"a": BIG}, {".wh..wh.plnk/1": b"x", ".wh..wh.aufs": b""})
    assert (image.bytes, wasted(image)) == (5000, [])


def test_a_name_that_cannot_be_printed(make):
    image = make.taken_apart(
        {"a\x1b[2J\n": BIG, b"\xff".decode(errors="surrogateescape"): SMALL}, {".wh..wh..opq": b""}
    )
    assert [one[0] for one in wasted(image)] == ["/a\\x1b[2J\\n", "/\\xff"]


# -- against a file system in miniature ------------------------------------------------------

NAMES = st.sampled_from(["a", "d", "d/a", "d/b", "d/e", "d/e/f", "da", "x"])
MEMBERS = st.lists(
    st.one_of(
        st.tuples(st.just("file"), NAMES, st.sampled_from([b"1", b"22", b"33", b"333333"])),
        st.tuples(st.just("folder"), NAMES, st.none()),
        st.tuples(st.just("delete"), NAMES, st.none()),
        st.tuples(st.just("empty"), NAMES, st.none()),
    ),
    max_size=6,
)


def apply(state, number, members):
    """What a layer does to the files there are: path -> (layer, position, size)."""

    def remove(path, *, itself=True):
        for other in list(state):
            if other.startswith(path + "/") or (itself and other == path):
                del state[other]

    for what, path, _ in members:
        if what in ("delete", "empty"):
            remove(path, itself=what == "delete")
    for position, (what, path, data) in enumerate(members):
        if what == "file":
            remove(path)
            state[path] = (number, position, len(data))
        elif what == "folder":
            state.pop(path, None)


def member(make, what, path, data):
    folder, _, name = path.rpartition("/")
    inside = f"{folder}/" if folder else ""
    if what == "delete":
        return make.entry(f"{inside}.wh.{name}", b"")
    return make.entry(
        f"{path}/.wh..wh..opq" if what == "empty" else path, b"" if what == "empty" else data
    )


@settings(max_examples=400, deadline=None, database=None, derandomize=True)
@given(layers=st.lists(MEMBERS, min_size=1, max_size=4))
def test_what_is_shown_is_what_applying_the_layers_leaves(make, layers):
    state = {}
    for number, members in enumerate(layers):
        apply(state, number, members)
    tars = [make.tar(*[member(make, *one) for one in members]) for members in layers]
    last = {data: number for number, data in enumerate(tars)}
    left = sum(size for number, _, size in state.values() if last[tars[number]] == number)
    image = make.taken_apart(*tars)
    assert image.bytes - image.wasted_bytes == left
    assert image.wasted_bytes == sum(one.bytes for one in image.wasted)
