"""NEST, one thread, steps of 0.1 ms: `python nest_lnp.py FEATURES.npz SECONDS`.

pp_psc_delta, whose rate is exponential in the potential: phi = (rate, gain) of the file mean
rate exp(gain h) per 20 ms. All N^2 connections. One line of JSON: seconds of simulation (processor
time), without building, and the number of spikes.
"""

import json
import os
import sys
import time

import nest
import numpy as np

if __name__ == "__main__":
    stdout = os.dup(1)
    os.dup2(2, 1)  # NEST prints
    d, seconds = np.load(sys.argv[1]), float(sys.argv[2])
    k, w, h0, I = d["k"], d["w"], d["h0"], d["I"]
    rate, gain = (float(p) for p in d["phi"])
    N = len(k)
    nest.set_verbosity("M_ERROR")
    nest.resolution = 0.1
    cells = nest.Create(
        "pp_psc_delta", N,
        {"tau_m": 20.0, "C_m": 20.0, "E_L": 0.0, "c_1": 0.0, "c_2": rate * 50.0, "c_3": gain,
         "dead_time": 0.0, "with_reset": False, "q_sfa": 0.0, "q_stc": 0.0}
        if "E_L" in nest.GetDefaults("pp_psc_delta") else
        {"tau_m": 20.0, "C_m": 20.0, "c_1": 0.0, "c_2": rate * 50.0, "c_3": gain, "dead_time": 0.0,
         "with_reset": False},
    )  # fmt: skip
    cells.set([{"V_m": float(v), "I_e": float(i)} for v, i in zip(k @ h0, k @ I, strict=True)])
    nest.Connect(cells, cells, "all_to_all", {"weight": k @ w.T / N, "delay": 0.1})
    counter = nest.Create("spike_recorder", params={"record_to": "memory"})
    nest.Connect(cells, counter)
    nest.Prepare()
    start = time.process_time()
    nest.Run(1000.0 * seconds)
    spent = time.process_time() - start
    nest.Cleanup()
    os.write(
        stdout, (json.dumps({"seconds": spent, "spikes": int(counter.n_events)}) + "\n").encode()
    )
