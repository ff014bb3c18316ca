"""A first run: another process compiles the driver; where that cannot be, this one does."""

import os
import subprocess
import sys

import pytest

CODE = """
import sys
sys.executable = {executable!r}
import hsnn_event as hsnn
from hsnn_event.backends.numba import driver
net = hsnn.Network(dt=0.1)
cells = net.population("cells", 3, hsnn.models.lif_exp(I_e=400.0))
net.record(cells, "spikes")
print(len(net.run(100.0).spikes["cells"]), len(driver.advance.stats.cache_hits))
"""


@pytest.mark.parametrize("executable, from_the_other", [(sys.executable, 1), ("/nowhere/python", 0), ("", 0)])
def test_a_first_run_compiles_the_driver_in_either_process(tmp_path, executable, from_the_other):
    environment = {**os.environ, "HSNN_EVENT_CACHE": str(tmp_path), "NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    code = CODE.format(executable=executable)
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    n_spikes, n_hits = map(int, run.stdout.split())
    assert n_spikes > 0 and n_hits == from_the_other
    assert len(list(tmp_path.rglob("driver.advance-*.nbi"))) == 1
