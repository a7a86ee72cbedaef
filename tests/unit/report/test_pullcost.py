"""What a node pulls, from layers written by hand."""

from __future__ import annotations

import pytest

from mldocker_lab.errors import UsageError
from mldocker_lab.report.layers import ImageReport, Layer
from mldocker_lab.report.pullcost import Pull, PullCost, after_an_edit


def image(name, **layers):
    return ImageReport(
        name, tuple(Layer(one, f"RUN {one}", size * 3, size, 1) for one, size in layers.items())
    )


OLD = image("shop:1", base=50_000_000, pip=20_000_000, app=1000)
NEW = image("shop:2", base=50_000_000, pip=20_000_000, app2=2000)


def test_only_new_layers_are_pulled():
    cost = PullCost((Pull("shop:2", NEW, OLD),))
    assert cost.bytes == 2000
    assert PullCost((Pull("shop:2", NEW),)).bytes == 70_002_000
    assert [layer["pulled"] for layer in cost.to_dict()["layers"]] == [False, False, True]


def test_the_order_of_layers_does_not_matter_to_a_registry():
    turned = image("shop:3", app2=2000, pip=20_000_000, base=50_000_000)
    assert PullCost((Pull("shop:3", turned, OLD),)).bytes == 2000


def test_a_fleet_pulls_each_release_on_each_node():
    cost = PullCost((Pull("shop:2", NEW, OLD),)).over(nodes=40, releases=12)
    assert cost.to_dict()["total_bytes"] == 2000 * 480
    text = repr(cost)
    assert "a node that has shop:1 pulls 2 kB" in text
    assert "40 nodes, 12 releases" in text
    assert "960 kB" in text


def test_bad_beside_good(edited):
    cost = after_an_edit(edited).over(20, 10)
    bad, good = cost.pulls
    assert bad.bytes == edited.sides[0].pull_again
    assert cost.total(good) == 200 * edited.sides[1].pull_again
    table = cost.tables()[0]
    assert [column.title for column in table.columns] == ["", "bad", "good", "bad ÷ good"]
    assert set(cost.to_dict()) == {"bad", "good"}


def test_a_pair_without_an_edit_says_what_to_do(pair):
    with pytest.raises(UsageError, match="not built again") as caught:
        after_an_edit(pair)
    assert "pair.edit" in caught.value.hint


def test_a_fleet_of_nobody(edited):
    with pytest.raises(UsageError, match="one node at least"):
        after_an_edit(edited).over(0, 1)
