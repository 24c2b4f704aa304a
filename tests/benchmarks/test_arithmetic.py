"""What `make bench` makes of its figures; that it measures at all is for `make bench` itself."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from tests.benchmarks.costs import TICKS, megabytes, processor_seconds, tree
from tests.benchmarks.figures import Figure
from tests.benchmarks.picture import drawn
from tests.benchmarks.rounds import Spread, ratios


def test_a_ratio_is_taken_in_each_round_by_itself() -> None:
    """Two rounds on a busy machine and one on an idle one: the middle is what they agree on."""
    assert ratios([4, 40, 6], [1, 10, 2]) == Spread(least=3, middle=4, most=4)


def test_rounds_that_lack_a_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])


def test_a_spread_says_the_least_and_the_most_as_people_write_numbers() -> None:
    assert str(Spread.of([0.01634, 0.0182, 1234.6])) == "0.0163 to 1235"


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("", 7, "times", 6, reach=4), "**missed**"),
        (Figure("", 6, "times", 6, reach=4), "met"),
        (Figure("", 4, "times", 6, reach=4), "reached"),
        (Figure("", 149, "requests", least=150, reach=300), "**missed**"),
        (Figure("", 150, "requests", least=150, reach=300), "met"),
        (Figure("", 300, "requests", least=150, reach=300), "reached"),
        (Figure("", 0, "", 0), "met"),
        (Figure("", 1, "", 0), "**missed**"),
        (Figure("", 10_000, "ms"), ""),
    ],
)
def test_a_figure_says_whether_it_keeps_what_was_promised(figure: Figure, verdict: str) -> None:
    assert figure.verdict == verdict
    assert figure.is_missed == (verdict == "**missed**")


def test_small_numbers_keep_their_digits() -> None:
    assert Figure("", 0.01634, "ms").measured == "0.0163 ms"
    assert Figure("", 0.9, "times", least=0.9).budget == "at least 0.9 times"
    assert Figure("", 12_345.6, "requests").measured == "12,346 requests"


def test_what_a_child_spent_counts_while_it_runs_and_after_it_ended() -> None:
    before = processor_seconds([os.getpid()])
    work = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        assert child.stdin
        child.stdout.readline()
        assert child.pid in tree(os.getpid())
        running = processor_seconds([os.getpid()])
        assert megabytes([os.getpid()]) > megabytes([child.pid]) > 1
        child.communicate(b"\n")
    assert child.pid not in tree(os.getpid())
    tick = 1 / TICKS
    assert running - before >= 0.3 - 2 * tick
    assert processor_seconds([os.getpid()]) - running >= -2 * tick


def test_the_picture_has_a_bar_for_each_server_and_is_well_formed() -> None:
    bars = [Figure("a file & nginx", 0.016, "ms"), Figure("ours, uncached", 6, "ms")]
    picture = ET.fromstring(drawn("Milliseconds", bars))
    name = "{http://www.w3.org/2000/svg}"
    assert [bar.text for bar in picture.iter(f"{name}title")] == ["Milliseconds"]
    widths = [float(bar.get("width", "")) for bar in picture.iter(f"{name}rect")]
    assert len(widths) == 2
    assert 0 < widths[0] < widths[1]
