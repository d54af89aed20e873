"""Brian2, C++ standalone, one thread, steps of 0.1 ms: `python brian2_lnp.py FEATURES.npz SECONDS KIND REPEATS`.

KIND dense: N^2 synapses; low-rank: each spike reaches the r coordinates of the state, and each neuron
reads its potential from them. Prints one line of JSON: seconds of the run as Brian2 reports them (on
the clock, without building), the least of the repeats, and the number of spikes.
"""

import json
import sys
import tempfile

import brian2 as b
import numpy as np


def build(d, kind):
    k, w, h0, I = d["k"], d["w"], d["h0"], d["I"]
    N, rank = k.shape
    rate, gain, threshold = (float(p) for p in d["phi"])
    names = {"tau": 20 * b.ms, "top": rate / (20 * b.ms), "gain": gain, "theta": threshold, "N_": N}
    spike = "rand() < top * dt / (1 + exp(-gain * (v - theta)))"
    if kind == "dense":
        G = b.NeuronGroup(
            N, "dv/dt = (I - v) / tau : 1\nI : 1", threshold=spike, method="exact", namespace=names
        )
        G.v, G.I = k @ h0, k @ I
        S = b.Synapses(G, G, "j_ : 1", on_pre="v_post += j_", namespace=names)
        S.connect()
        S.j_ = (w @ k.T / N).ravel()
    else:
        z = [f"z{c}" for c in range(rank)]
        Z = b.NeuronGroup(
            1,
            "\n".join(f"d{c}/dt = (I{c} - {c}) / tau : 1\nI{c} : 1" for c in z),
            method="exact",
            namespace=names,
        )
        for c, name in enumerate(z):
            setattr(Z, name, h0[c])
            setattr(Z, f"I{name}", I[c])
        read = " + ".join(f"k{c} * {c}l" for c in z)
        own = "\n".join(f"k{c} : 1 (constant)\nw{c} : 1 (constant)\n{c}l : 1 (linked)" for c in z)
        G = b.NeuronGroup(N, f"v = {read} : 1\n{own}", threshold=spike, namespace=names)
        for c, name in enumerate(z):
            setattr(G, f"k{name}", k[:, c])
            setattr(G, f"w{name}", w[:, c] / N)
            setattr(G, f"{name}l", b.linked_var(Z, name, index=np.zeros(N, dtype=int)))
        S = b.Synapses(G, Z, on_pre="\n".join(f"{c}_post += w{c}_pre" for c in z), namespace=names)
        S.connect()
    return b.Network(G, S, *([Z] if kind != "dense" else [])), b.SpikeMonitor(G, record=False)


if __name__ == "__main__":
    file, seconds, kind, repeats = sys.argv[1], float(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    best, count = float("inf"), 0
    with tempfile.TemporaryDirectory() as folder:
        b.set_device("cpp_standalone", directory=folder, build_on_run=False)
        b.defaultclock.dt = 0.1 * b.ms
        network, monitor = build(np.load(file), kind)
        network.add(monitor)
        network.run(seconds * b.second)
        b.device.build(directory=folder, compile=True, run=False)
        for _ in range(repeats):
            b.device.run(folder, with_output=False, run_args=[])
            best = min(best, float(b.device._last_run_time))
            count = int(monitor.num_spikes)
    print(json.dumps({"seconds": best, "spikes": count}))
