"""The model gallery: it says what the library says now, shows all of it, and its rates are those of theory."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest

import hsnn_event as hsnn

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

import gallery
import gallery_pictures as pictures

ENTRIES = [entry for entries in gallery.GALLERY.values() for entry in entries]


def rates(entry, currents, end):
    spikes, _ = pictures.firing(entry.cells[0], np.array(currents), end, entry.dt, backend="reference")
    return pictures.rates(spikes, pictures.ONSET)


def entry_of(name):
    return next(entry for entry in ENTRIES if entry.name == name)


def test_the_page_says_what_the_library_says():
    assert gallery.PAGE.read_text(encoding="utf-8") == gallery.page(), "run: python docs/gallery.py text"


def test_every_model_has_a_section():
    shown = [entry.name for entry in ENTRIES] + [*gallery.SOURCES, "izhikevich_pattern", "IZHIKEVICH_PATTERNS"]
    assert sorted(shown) == sorted(hsnn.models.__all__)


@pytest.mark.parametrize("name", [*(entry.name for entry in ENTRIES), "sources", "izhikevich_pattern"])
def test_every_model_has_its_picture(name):
    picture = f"gallery-{name}.png"
    assert f"](pictures/{picture})" in gallery.PAGE.read_text(encoding="utf-8")
    assert 5_000 < (gallery.DOCS / "pictures" / picture).stat().st_size < 150_000


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_variable_of_a_model_is_told(entry):
    text = gallery.section(entry)
    model = entry.cells[0].model()
    for name in [*model.parameters, *model.inputs]:
        assert f"| `{name}` | " in text
    for state in model.dynamics:
        assert f"  d{state}/dt = " in text
    assert "Raises" not in text and ">>>" not in text


def test_variants_have_columns_of_their_own():
    rows = {row.split(" | ")[0]: row for row in gallery.section(entry_of("izhikevich2007")).splitlines()}
    assert rows["| `C`"] == "| `C` | 100 | 150 | 50 | 100 | 20 | 200 | 40 | pF |"  # the book's capacitances
    assert rows["| `b`"].endswith("| nS or nS/mV**2 |")


def test_rates_of_the_leaky_neuron_are_those_of_the_closed_form():
    currents = [370.0, 380.0, 450.0, 700.0, 1000.0, 0.0]  # it fires above C_m (V_th - E_L)/tau_m = 375 pA
    measured = rates(entry_of("lif_exp"), currents, 300.0)
    for rate, current in zip(measured, currents, strict=True):
        if current <= 375.0:
            assert rate == 0.0
            continue
        rise = 10.0 * math.log(current / (current - 375.0))
        assert rate == pytest.approx(1000.0 / (2.0 + 0.1 * math.ceil(rise / 0.1)), rel=1e-9)  # to the end of its step


def test_rates_of_the_quadratic_neuron_are_those_of_the_closed_form():
    currents = [90.0, 120.0, 300.0, 500.0]  # it fires above C_m a_0 (v_crit - v_rest)^2/(4 tau_m) = 98.4 pA
    measured = rates(entry_of("qif"), currents, 300.0)
    assert measured[0] == 0.0
    for rate, current in zip(measured[1:], currents[1:], strict=True):
        root = math.sqrt(current * 10.0 / (250.0 * 0.07) - 15.0**2 / 4)
        rise = 10.0 / (0.07 * root) * (math.atan((-30.0 + 57.5) / root) - math.atan((-68.0 + 57.5) / root))
        assert 2.0 + rise - 0.02 <= 1000.0 / rate <= 2.0 + rise + 0.12  # a step of the grid, and the method's error


def test_rates_are_those_of_mean_intervals():
    spikes = hsnn.SpikeData([10.0, 20.0, 25.0, 30.0, 50.0], [0, 0, 1, 0, 0], 3, 0.0, 60.0)
    assert pictures.rates(spikes, 15.0).tolist() == [2000.0 / 30.0, 0.0, 0.0]
