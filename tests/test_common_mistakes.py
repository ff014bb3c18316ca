"""Fifty mistakes that users make, each with the words of the error that let a reader mend it.

A row is the code that a user would write and what the text of the error must say: the object, the value, the way out.
"""

import pickle

import networkx as nx
import numpy as np
import pytest
from scipy import sparse

import hsnn_event as hsnn
from hsnn_event.errors import HsnnError

MISTAKES = [
    # the network
    ("hsnn.Network(dt=0)", "dt 0 at least"),
    ("hsnn.Network(dt='0.1')", "dt number '0.1'"),
    ("hsnn.Network(threads=0)", "threads 0 at least 1"),
    ("hsnn.Network(seed=-1)", "seed -1 at least 0"),
    ("hsnn.Network(seed=0.5)", "seed whole number 0.5"),
    ("hsnn.Network(timestep=0.1)", "Network 'timestep' dt"),
    ("hsnn.Network(backend='cuda')", "backend 'cuda' numba reference"),
    ("hsnn.Network(precision='float32')", "precision 'float32' double single"),
    ("hsnn.Network().run(100.0)", "no population net.population"),
    # populations and their values
    ("net.population('exc', 10, cell)", "population 'exc' already"),
    ("net.population('my cells', 10, cell)", "name identifier 'my cells'"),
    ("net.population('new', 10, hsnn.models.lif_exp)", "'new' NeuronModel models.lif_exp() call it lif_exp(...)"),
    ("net.population('new', 0, cell)", "'new' size 0 at least 1"),
    ("net.population('new', 10, cell, method='euler')", "method 'euler' rk2"),
    ("net['exec']", "population 'exec' 'exc'"),
    ("exc.set(tau=20.0)", "'exc' 'tau' 'tau_m'"),
    ("exc.set(v=[-60.0, -65.0])", "exc v (2,) (10,)"),
    ("exc.set(v=np.nan)", "exc v NaN"),
    ("exc.set(V_th=-50.0, at=0.05)", "at 0.05 multiple dt"),
    ("exc.get('V')", "'exc' 'V' mean 'v'?"),
    ("exc.set(i_E=1.0)", "'exc' 'i_E' mean 'I_e'?"),
    ("net['EXC']", "population 'EXC' mean 'exc'?"),
    ("hsnn.models.LIF_exp()", "models 'LIF_exp' mean 'lif_exp'?"),
    ("exc.get('V_m')", "'exc' 'V_m' v"),
    ("exc[8:12][[4]]", "'exc' index 4 0 to 1"),
    ("exc[12]", "'exc' index 12 0 to 9"),
    ("exc[np.zeros(9, bool)]", "'exc' mask (9,) 10"),
    ("exc[inh]", "'exc' index slice mask 'inh'"),
    ("exc + other['exc']", "'exc' another network"),
    ("exc[2:5].set(v=np.zeros(10))", "exc v (10,) (3,)"),
    ("exc.labelled(['cortex'])", "'exc' label 'cortex'"),
    # models
    ("hsnn.models.lif_exp(tau=20.0)", "lif_exp 'tau' 'tau_m'"),
    ("hsnn.models.lif_exp(tau_m=-20.0)", "lif_exp tau_m -20 above 0"),
    ("hsnn.models.lif_cond_exp(tau_syn={'exc': 5.0}, E_rev={'exc': 0.0, 'inh': -80.0})", "tau_syn E_rev inh same keys"),
    ("hsnn.models.adex(V_th=-50.0)", "adex 'V_th' V_T"),
    ("hsnn.models.izhikevich2007('rs')", "izhikevich2007 cell 'rs' 'RS'"),
    ("hsnn.models.izhikevich_pattern('tonic spiking')", "izhikevich_pattern 'tonic spiking' 'tonic_spiking'"),
    ("hsnn.models.lif(tau_m=20.0)", "models 'lif' lif_exp"),
    ("own(dynamics={'v': '(E_L - v)/tau'})", "own.dynamics['v'] 'tau' 'tau_m'"),
    ("own(dynamics={'v': '-v^2'})", "own.dynamics['v'] '^' **"),
    ("own(dynamics={'v': '(-v/tau_m'})", "own.dynamics['v'] '(-v/tau_m' never closed"),
    ("own(dynamics={'v': '-v + sin(E_L)'})", "own.dynamics['v'] function 'sin' exp"),
    ("own(dynamics={'v': '-v + t'})", "own.dynamics['v'] 't' time input"),
    ("own(dynamics={'v': 'v if v > 0 else 0'})", "own.dynamics['v'] 'v if v > 0 else 0' where(condition"),
    ("own(dynamics={'dv/dt': '-v'})", "own.dynamics 'dv/dt' state v"),
    ("own(reset={})", "own threshold reset= refractory="),
    ("own(threshold='v = 1')", "own.threshold 'v = 1' =="),
    ("own(receptors={'exc': {'g': 'g + weight'}})", "own receptors 'exc' 'g' v"),
    ("own(dynamics={'v': 'exp(xi)'})", "own.dynamics['v'] exp(xi) linear xi sigma*xi"),
    ("own(threshold='v > xi')", "own.threshold 'xi' white noise dynamics"),
    ("own(units={'v': 'mV', 'E_L': 'mV', 'tau_m': 'mV'})", "own.dynamics['v'] 1 mV/ms units"),
    ("own(units={'v': 'millivolt'})", "own.units['v'] 'millivolt' no unit mV"),
    ("cell.extend(parameter={'tau_w': 1.0})", "lif_exp.extend 'parameter' 'parameters'"),
    ("hsnn.channels.sodium() + hsnn.channels.potassium()", "Na begins with a cell membrane()"),
    ("hsnn.models.hodgkin_huxley() + hsnn.channels.sodium", "only components hsnn.channels.leak()"),
    ("hsnn.models.hodgkin_huxley() + hsnn.channels.sodium()", "'m' already states another name name='Na2'"),
    ("hsnn.receptors.ampa(tau=5.0)", "ampa argument 'tau' 'tau_syn'"),
    ("hsnn.receptors.ampa(kinetics='double_exponential')", "kinetics 'double_exponential' rise_decay"),
    ("hsnn.channels.Na()", "hsnn.channels 'Na' sodium"),
    # connections
    ("net.connect(exc, inh, hsnn.connect.bernoulli(p=20), weight=1.0, delay=1.0)", "bernoulli p 20 0 and 1"),
    ("net.connect(exc, inh, 'all_to_all', weight=1.0, delay=1.0)", "rule hsnn.connect 'all_to_all'"),
    ("net.connect(exc, inh, hsnn.connect.bernoulli, weight=1.0, delay=1.0)", "rule hsnn.connect call it: bernoulli(...)"),
    ("net.connect(exc, inh, graph, weight=1.0, delay=1.0)", "rule hsnn.connect Graph from_networkx(G)"),
    ("net.connect(exc, inh, np.ones((10, 5)), delay=1.0)", "rule hsnn.connect array from_dense(W)"),
    ("net.connect(exc, inh, sparse.eye_array(5), delay=1.0)", "rule hsnn.connect from_scipy(W)"),
    ("net.connect('exc', inh, every_pair, weight=1.0, delay=1.0)", "population view group 'exc' net['exc']"),
    ("net.record('exc', 'v')", "population view group 'exc' net['exc']"),
    ("net.connect(exc, inh, every_pair, delay=1.0)", "exc->inh weight all_to_all weight="),
    ("net.connect(exc, inh, every_pair, weight=1.0, delay=0.0)", "exc->inh delay 0 least one step 0.1"),
    ("net.connect(exc, inh, every_pair, weight=1.0, delay=-1.0)", "exc->inh delay -1 "),
    ("net.connect(exc, inh, every_pair, weight=1.0, delay=0.25)", "exc->inh delay 0.25 dt round_delays=True"),
    ("net.connect(exc, inh, every_pair, weight=np.ones(7), delay=1.0)", "exc->inh weight (7,) (50,)"),
    ("net.connect(exc, inh, every_pair, weight=np.full(50, np.nan), delay=1.0)", "exc->inh weight NaN"),
    ("net.couple(exc, inh, every_pair, conductance=-2.0)", "exc<->inh conductance -2 at least 0"),
    ("net.couple(exc, inh, every_pair, function='V_m_pre - V_m_post')", "exc<->inh function 'V_m_pre' v_pre"),
    ("net.connect(exc, inh, every_pair, weight=1.0, delay=1.0, receptor='ampa')", "exc->inh receptor 'ampa' default"),
    ("net.connect(exc, two, every_pair, weight=1.0, delay=1.0)", "exc->two receptor exc inh"),
    ("net.connect(exc, noise, every_pair, weight=1.0, delay=1.0)", "exc->noise poisson no receptor"),
    ("net.connect(exc, other['exc'], every_pair, weight=1.0, delay=1.0)", "'exc' another network this"),
    ("net.connect(exc, inh, every_pair, weights=1.0, delay=1.0)", "connect 'weights' 'weight'"),
    ("hsnn.connect.bernoulli(prob=0.1)", "bernoulli 'prob' p"),
    ("hsnn.connect.all_to_one()", "hsnn.connect 'all_to_one' all_to_all"),
    ("net.connect(exc, inh, hsnn.connect.one_to_one(), weight=1.0, delay=1.0)", "exc->inh one_to_one 10 5 exc[:10]"),
    ("net.connect(exc, inh, without_multapses, weight=1.0, delay=1.0)", "exc->inh fixed_indegree(20) 10 multapses=False"),
    ("net.connect(exc, inh, hsnn.connect.from_dense(np.ones((5, 10))), delay=1.0)", "exc->inh (5, 10) 10 sources W.T"),
    ("net.connect(exc, inh, hsnn.connect.from_edges([0], [5]), weight=1.0, delay=1.0)", "exc->inh targets 5 0 to 4"),
    ("net.connect(exc, exc, hsnn.connect.from_networkx(graph))", "edge (0, 1) 'w' weight='weight' weight=('w',"),
    ("net.connect(exc, inh, hsnn.connect.from_networkx(graph, weight='weight', delay=('d', 1.0)))", "sources= targets="),
    ("net.connect(inh, inh, hsnn.connect.from_networkx(graph, weight='weight', delay=('d', 1.0)))", "10 nodes 5 neurons"),
    ("projection.set(delay=2.0)", "exc->inh 'delay' weight"),
    # stimuli
    ("net.drive(exc, hsnn.stimuli.poisson(-5.0), weight=1.0)", "poisson rate -5 at least 0"),
    ("net.drive(exc, 800.0, weight=1.0)", "stimulus hsnn.stimuli 800.0"),
    ("net.drive(noise, hsnn.stimuli.current(100.0))", "noise poisson no input"),
    ("net.drive(exc, hsnn.stimuli.current(np.ones(3)))", "exc 3 values 10 targets one"),
    ("hsnn.steps([10.0, 5.0], [1.0, 2.0])", "steps times ascend 5 10"),
    ("net.population('fast', 5, hsnn.models.poisson(rate=20_000.0))", "'fast' rate 20000 10000"),
    ("net.population('list', 5, hsnn.models.spike_source([1.05], [0]))", "'list' 1.05 dt"),
    # recording and running
    ("net.record(exc, 'V_m')", "'exc' 'V_m' v"),
    ("net.record(exc, 'spike')", "'exc' 'spike' 'spikes'"),
    ("net.record(exc, 'spikes', every=1.0)", "'exc' spikes every="),
    ("net.record(exc, 'v', every=0.25)", "'exc' every 0.25 dt"),
    ("net.run(-1.0)", "duration -1 at least 0"),
    ("net.run(0.05)", "duration 0.05 dt"),
    ("net.run('1 s')", "duration number '1 s'"),
    ("net.at(5.0, 'look')", "callback look(net) 'look'"),
    ("net.steps(0.0)", "steps interval 0 0.1"),
    ("net.reset(trial=-1)", "trial -1 at least 0"),
    ("ran.population('late', 5, cell)", "population after the first run before"),
    ("ran.connect(ran['exc'], ran['exc'], every_pair, weight=1.0, delay=1.0)", "projection after the first run before"),
    # results and files
    ("result.spikes['inh']", "'inh' not recorded exc net.record"),
    ("result['exc.v']", "'exc.v' exc.spikes record"),
    ("result.spikes['exc'][100]", "100 10 neurons"),
    ("result.states['exc']['v']", "'exc' not recorded net.record"),
    ("result.spikes['exc'].rate(bin=0.0)", "bin 0"),
    ("result.spikes['exc'].window(5.0, 30.0)", "window 30 10"),
    ("hsnn.concatenate([result, result])", "an overlap 10 ms consecutive"),
    ("hsnn.Network.load('missing.h5')", "missing.h5 No such file"),
    ("hsnn.Network.load(text_file)", "notes.txt not"),
    ("hsnn.Result.load('missing.h5')", "missing.h5 No such file"),
    ("hsnn.Result.load(text_file)", "notes.txt not"),
    ("hsnn.open_recording(text_file)", "notes.txt not"),
    ("result.save('no/such/folder/run.h5')", "no/such/folder/run.h5 Look at folder"),
    # units
    ("net.run(5.0 * pint.mV)", "duration millivolt ms"),
    ("exc.set(V_th=0.05 * pint.s)", "exc V_th mV"),
    ("net.connect(exc, inh, every_pair, weight=1.0 * pint.nS, delay=1.0)", "exc->inh weight pA"),
]  # fmt: skip


def own(**changes):
    """A model of one's own, with something changed."""
    roles = {
        "parameters": {"tau_m": 10.0, "E_L": 0.0},
        "states": {"v": 0.0},
        "dynamics": {"v": "(E_L - v)/tau_m"},
        "threshold": "v >= 1",
        "reset": {"v": "0"},
    }
    return hsnn.NeuronModel(name="own", **{**roles, **changes})


@pytest.fixture(scope="module")
def workbench(tmp_path_factory):
    """What the rows speak of."""
    net, other, ran = (hsnn.Network(dt=0.1, seed=1, backend="reference") for _ in range(3))
    cell = hsnn.models.lif_exp()
    exc, inh = net.population("exc", 10, cell), net.population("inh", 5, cell)
    other.population("exc", 10, cell)
    every_pair = hsnn.connect.all_to_all()
    graph = nx.path_graph(10)
    nx.set_edge_attributes(graph, 1.0, "weight")
    ran.record(ran.population("exc", 10, cell), "spikes")
    text_file = tmp_path_factory.mktemp("files") / "notes.txt"
    text_file.write_text("These are my notes.")
    return {
        **{"hsnn": hsnn, "np": np, "sparse": sparse, "own": own, "pint": pytest.importorskip("pint").UnitRegistry()},
        **{"net": net, "other": other, "ran": ran, "cell": cell, "exc": exc, "inh": inh, "every_pair": every_pair},
        **{"graph": graph, "text_file": text_file, "result": ran.run(10.0)},
        "without_multapses": hsnn.connect.fixed_indegree(20, multapses=False),
        "two": net.population("two", 5, hsnn.models.lif_cond_exp()),
        "noise": net.population("noise", 5, hsnn.models.poisson(rate=10.0)),
        "projection": net.connect(exc, inh, every_pair, weight=1.0, delay=1.0),
    }


@pytest.mark.parametrize(("code", "words"), MISTAKES, ids=[code for code, _ in MISTAKES])
def test_the_error_lets_a_reader_mend_it(code, words, workbench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((HsnnError, AttributeError, TypeError)) as caught:
        eval(code, workbench)
    text = str(caught.value)
    missing = [word for word in words.split() if word not in text]
    assert not missing, f"{missing} not in: {text}"
    assert text.endswith(".") and "\n" not in text and len(text) < 500, text


def test_there_are_fifty():
    assert len({code for code, _ in MISTAKES}) >= 50


def test_public_functions_pickle_though_their_keywords_are_checked():
    for function in (hsnn.models.lif_exp, hsnn.connect.bernoulli):
        assert pickle.loads(pickle.dumps(function)) is function
    assert not hasattr(hsnn.models, "lif") and not hasattr(hsnn.connect, "__wrapped__")
