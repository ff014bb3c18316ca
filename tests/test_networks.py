"""The reference networks declare what their papers say: sizes, synapses, weights, delays, drive."""

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.errors import GridError, UnknownNameError, ValueRangeError
from hsnn_event.networks import (
    NETWORKS,
    brette2007,
    brunel2000,
    izhikevich2003,
    microcircuit,
    pd14,
    quiet,
    reference_rates,
)

PD14 = pd14.parameters()


def test_the_full_microcircuit_has_the_published_size():
    scaled = pd14.scale_network(1.0, "dc")
    assert scaled.sizes.sum() == 77_169
    assert scaled.synapses.sum() == PD14["synapses_full_scale"]
    assert np.array_equal(scaled.sizes, PD14["neurons"])


def test_a_psp_of_0_15_mv_is_a_psc_of_87_8085_pa():
    assert round(0.15 * pd14.current_per_potential(), 4) == 87.8085


def test_the_potential_peaks_where_the_current_says():
    """The formula against the solution of the membrane equation on a fine grid."""
    neuron = PD14["neuron"]
    time = np.linspace(0.0, 20.0, 200_001)
    tau_m, tau_syn = neuron["tau_m"], neuron["tau_syn"]
    shape = np.exp(-time / tau_m) - np.exp(-time / tau_syn)
    potential = tau_m * tau_syn / (tau_m - tau_syn) / neuron["C_m"] * shape
    assert np.isclose(potential.max() * pd14.current_per_potential(), 1.0, rtol=1e-9)


def test_weights_follow_the_source_and_l4e_to_l23e_is_doubled():
    weights = pd14.full_weights() / (0.15 * pd14.current_per_potential())
    expected = np.ones((8, 8))
    expected[:, 1::2] = -4.0
    expected[0, 2] = 2.0
    assert np.allclose(weights, expected)


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.1])
def test_scaling_keeps_the_mean_input_and_its_variance(scale):
    """Rates times in-degrees times weights (and squared) add up to those of the full network."""
    full, scaled = pd14.scale_network(1.0, "dc"), pd14.scale_network(scale, "dc")
    rates, seconds = np.array(PD14["reference_mean_rates"]), PD14["neuron"]["tau_syn"] / 1000.0

    def moments(network, scale):
        # in-degrees over N * scale before rounding: half a neuron of 106 would be half a percent
        indegrees = network.synapses / (scale * full.sizes[:, np.newaxis])
        mean = seconds * (network.weights * indegrees) @ rates + network.currents
        return mean, (network.weights**2 * indegrees) @ rates

    for ours, theirs in zip(moments(scaled, scale), moments(full, 1.0), strict=True):
        assert np.allclose(ours, theirs, rtol=1e-4)  # numbers of synapses are rounded


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_poisson_drive_has_the_mean_of_dc_drive(scale):
    dc, poisson = pd14.scale_network(scale, "dc"), pd14.scale_network(scale, "poisson")
    seconds = PD14["neuron"]["tau_syn"] / 1000.0
    mean = seconds * poisson.external_rates * poisson.external_weight + poisson.currents
    assert np.allclose(mean, dc.currents)
    full = seconds * 8.0 * np.array(PD14["external_indegree"]) * 0.15 * pd14.current_per_potential()
    if scale == 1.0:
        assert np.allclose(dc.currents, full)
        assert not poisson.currents.any()


def test_the_microcircuit_declares_what_it_says():
    net = microcircuit(scale=0.01, seed=3, threads=2)
    scaled = pd14.scale_network(0.01, "dc")
    assert [each.name for each in net.populations.values()] == PD14["populations"]
    assert [each.size for each in net.populations.values()] == scaled.sizes.tolist()
    assert (net.seed, net.threads, net.dt) == (3, 2, 0.1)
    assert not net.records and not net.drives
    assert len(net.projections) == np.count_nonzero(scaled.synapses)
    counts = {projection.name: projection.rule.count for projection in net.projections.values()}
    assert counts["L4I->L23E.default"] == scaled.synapses[0, 3]
    models = [each.model for each in net.populations.values()]
    assert [model.parameters["I_e"] for model in models] == scaled.currents.tolist()
    differ = {name for name in models[0].parameters if len({model.parameters[name] for model in models}) > 1}
    assert differ == {"I_e"}


def test_drawn_weights_and_delays_are_those_declared():
    net = microcircuit(scale=0.02, seed=5)
    for source, target, mean_delay in (("L4E", "L23E", 1.5), ("L4I", "L4E", 0.75)):
        projection = net.projections[f"{source}->{target}.default"]
        weights, delays = projection.get("weight"), projection.get("delay")
        mean = pd14.scale_network(0.02, "dc").weights[PD14["populations"].index(target), PD14["populations"].index(source)]
        n = projection.rule.count
        assert weights.size == delays.size == n
        assert (np.sign(weights) == np.sign(mean)).all()
        # five standard errors of the mean
        assert abs(weights.mean() / mean - 1.0) < 5 * 0.1 / np.sqrt(n)
        assert abs(weights.std() / abs(mean) - 0.1) < 5 * 0.1 / np.sqrt(2 * n)
        # redrawing what is below half a step raises the mean by 5.6 % (normal, mean 2 sd, cut there)
        steps = delays / 0.1
        assert np.allclose(steps, np.rint(steps)) and steps.min() >= 1
        assert 1.03 < delays.mean() / mean_delay < 1.08


def test_initial_potentials_have_the_moments_of_their_layer():
    net = microcircuit(scale=0.1, seed=1)
    for name, mean, sd in zip(PD14["populations"], PD14["initial_v_mean"], PD14["initial_v_sd"], strict=True):
        v = net[name].get("v")
        assert abs(v.mean() - mean) < 5 * sd / np.sqrt(v.size)
        assert abs(v.std() - sd) < 5 * sd / np.sqrt(2 * v.size)


def test_poisson_drive_reaches_every_population():
    net = microcircuit(scale=0.01, drive="poisson")
    scaled = pd14.scale_network(0.01, "poisson")
    drives = list(net.drives.values())
    assert [drive.target.name for drive in drives] == PD14["populations"]
    assert [drive.stimulus.value for drive in drives] == scaled.external_rates.tolist()
    assert {drive.weight for drive in drives} == {scaled.external_weight}


def test_cuba_and_coba_have_the_published_parameters():
    cuba, coba = brette2007("cuba", seed=1), brette2007("coba", seed=1)
    for net in (cuba, coba):
        assert (net["exc"].size, net["inh"].size) == (3200, 800)
        assert len(net.projections) == 4
        assert {projection.rule.p for projection in net.projections.values()} == {0.02}
        v = net["exc"].get("v")
        assert -60.0 <= v.min() < v.max() <= -50.0 and abs(v.mean() + 55.0) < 0.3
    assert {each.weight for each in cuba.projections.values()} == {1.62, -9.0}
    assert {each.weight for each in coba.projections.values()} == {6.0, 67.0}
    assert not cuba.drives
    (drive,) = coba.drives.values()
    assert (drive.target.size, drive.stimulus.value) == (50, 300.0)
    assert (drive.stimulus.start, drive.stimulus.stop) == (1.0, 51.0)


def test_one_picoampere_is_one_millivolt_of_drive_in_cuba():
    """The paper's jumps of 1.62 and -9 mV stand as currents: tau_m / C_m is 1 mV / pA."""
    parameters = brette2007("cuba")["exc"].model.parameters
    assert parameters["tau_m"] == parameters["C_m"] == 20.0


def test_benchmark_4_has_the_published_parameters_on_both_schedules():
    exact, clock = brette2007("exact", seed=1), brette2007("exact", seed=1, dt=0.125)
    assert exact.dt is None and clock.dt == 0.125
    assert {each.schedule for each in exact.populations.values()} == {"exact"}
    assert {each.schedule for each in clock.populations.values()} == {"clock"}
    assert {each.delay for each in exact.projections.values()} == {0.125}
    assert {each.delay for each in clock.projections.values()} == {1}
    parameters = exact["exc"].model.parameters
    expected = {"tau_m": 20.0, "E_L": -49.0, "V_th": -50.0, "V_reset": -60.0, "t_ref": 5.0}
    assert {name: parameters[name] for name in expected} == expected
    for net in (exact, clock):
        assert {name: each.weight for name, each in net.projections.items()} == {
            "exc->exc.default": 0.25, "exc->inh.default": 0.25, "inh->exc.default": -2.25, "inh->inh.default": -2.25,
        }  # fmt: skip
        assert {projection.rule.p for projection in net.projections.values()} == {0.02}
        assert not net.drives
    with pytest.raises(GridError, match=r"0\.125"):
        brette2007("exact", dt=0.1)


@pytest.mark.parametrize("dt", [None, 0.1])
def test_quiet_neurons_fire_as_often_as_they_are_driven(dt):
    net = quiet(2000, 20, rate=5.0, dt=dt, seed=2, threads=1)
    assert net.dt == dt and net.projections["cells->cells.default"].rule.count == 20
    net.record(net["cells"], "spikes")
    net.record(net["cells"][:50], "v", every=1.0)
    result = net.run(2000.0)
    expected = 2000 * 2.0 / (1 / 5.0 + 0.002)  # of a Poisson process that is dead for t_ref after an event
    assert abs(len(result.spikes["cells"]) - expected) < 4 * np.sqrt(expected)
    # what neurons send each other stays small: 100 events of 0.1 mV a second, 10 ms of which are seen, are 0.1 mV
    assert abs(result.states["cells"]["v"].values.mean() + 70.0 - 0.1) < 0.05
    with pytest.raises(ValueRangeError, match="10100 arrivals a second"):
        quiet(10, 101, rate=100.0)


def test_other_names_and_scales_are_refused():
    with pytest.raises(UnknownNameError, match="'cuba'"):
        brette2007("cube")
    with pytest.raises(UnknownNameError, match="'poisson'"):
        microcircuit(drive="poison")
    for scale in (0.0, -1.0, 1.5, float("nan")):
        with pytest.raises(ValueRangeError, match="scale"):
            microcircuit(scale=scale)


def test_every_reference_network_is_a_network_with_reference_rates():
    for name, build in NETWORKS.items():
        arguments = {"scale": 0.01} if name == "microcircuit" else {}
        net = build(seed=1, **arguments)
        assert isinstance(net, hsnn.Network) and not net.records
        assert set(reference_rates(name)) <= {*net.populations, "all"}


def test_the_thalamus_sends_a_pulse_into_layers_4_and_6():
    net = microcircuit(scale=0.1, drive="poisson", seed=2, thalamic=True, threads=1)
    thalamus = net["thalamus"]
    assert thalamus.size == 90
    mine = [projection for projection in net.projections.values() if projection.source is thalamus]
    assert [projection.target.name for projection in mine] == ["L4E", "L4I", "L6E", "L6I"]
    for projection in mine:
        k = PD14["populations"].index(projection.target.name)
        probability = PD14["thalamus"]["connection_probability"][k]
        # pairs that are connected at least once
        edges = projection.edges()
        pairs = len(np.unique(edges.sources * projection.target.size + edges.targets))
        expected = probability * 90 * projection.target.size
        # at a tenth of the size probabilities are the same, in-degrees a tenth
        assert abs(pairs / expected - 1.0) < 0.05
        assert 1.4 < edges.delays.mean() < 1.7 and edges.weights.min() >= 0.0
    net.record(thalamus, "spikes")
    spikes = net.run(720.0).spikes["thalamus"]
    assert spikes.times.min() > 700.0 and spikes.times.max() <= 710.0
    assert abs(len(spikes) - 90 * 1.2) < 4 * np.sqrt(90 * 1.2)
    other = microcircuit(scale=0.1, thalamic=hsnn.steps([0.0], [15.0]))["thalamus"].model.course
    assert other.times.tolist() == [0.0] and other.values.tolist() == [15.0]


def test_brunel_has_the_published_parameters():
    net = brunel2000("B")
    assert {name: each.weight for name, each in net.projections.items()} == pytest.approx(
        {"exc->exc.default": 0.1, "exc->inh.default": 0.1, "inh->exc.default": -0.6, "inh->inh.default": -0.6}
    )
    assert sorted({each.rule.count for each in net.projections.values()}) == [250, 1000]
    assert {each.delay for each in net.projections.values()} == {15}
    assert [drive.stimulus.value for drive in net.drives.values()] == [40_000.0] * 2  # 4 x 10 Hz x 1,000
    with pytest.raises(UnknownNameError, match="'E' is unknown"):
        brunel2000("E")


def test_the_neurons_of_izhikevich_differ_along_their_line():
    net = izhikevich2003(seed=3)
    exc, inh = net["exc"], net["inh"]
    r = (exc.get("c") + 65.0) / 15.0
    assert np.allclose(exc.get("d"), 8.0 - 6.0 * r) and 0.0 <= r.min() < 0.01 and 0.97 < r.max() <= 1.0
    assert abs(np.sqrt(r).mean() - 0.5) < 0.05
    assert np.allclose(inh.get("b"), 0.25 - 0.05 * (inh.get("a") - 0.02) / 0.08)
    assert [drive.stimulus.value for drive in net.drives.values()] == [5.0, 2.0]
