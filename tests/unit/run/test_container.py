from __future__ import annotations

from mldocker_lab.run.container import Container


def test_what_was_done_to_it_stands_in_its_report():
    container = Container(engine=None, image="mldocker-lab/none")
    container.mark("GPU lost")
    container.mark("GPU back")
    assert [mark.what for mark in container.report.marks] == ["GPU lost", "GPU back"]
