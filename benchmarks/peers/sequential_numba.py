"""The limit: a sequential loop over the candidates, compiled, with the same screening as the library.

Runs in the peers' environment: `python sequential_numba.py FEATURES.npz DURATION REPEATS SEEDS...` prints
one line of JSON. The loop draws candidates below a bound of each block's rates, rejects most by the guessed
potential, accepts most of the others by it, and computes the potential of the rest, O(r) each. A
path that leaves its tube is followed again in a wider one, with new candidates: the cost of an exact
loop at least, which would have to keep the old ones. Sorting the neurons counts, as it does for the
library; compiling does not.
"""

import json
import math
import sys
import time

import numba
import numpy as np

SLOTS = 16


@numba.njit(cache=True, nogil=True)
def simulate(k, w, order, k32, size, rate, gain, threshold, I, z0, duration, window, screened, rng, times, neurons):  # fmt: skip
    N, r = k.shape
    count = (N + size - 1) // size
    kappa = 0.0
    for i in range(N):
        kappa = max(kappa, math.sqrt(np.dot(k[i], k[i])))
    z = z0.copy()
    guess = np.empty(r)
    pull = np.zeros(r)
    for i in range(N):
        p = rate / (1 + math.exp(-gain * (np.dot(k[i], z) - threshold))) / N
        for c in range(r):
            pull[c] += p * w[i, c]
    h = np.empty(N, np.float32)
    top = np.empty(count)
    slots = np.empty(count, np.int64)
    table = np.empty((SLOTS + 1) * count, np.int32)
    radius, level = 0.0, 4 * kappa / math.sqrt(N)
    spikes, undecided, left, t = 0, 0, 0, 0.0
    start = np.empty(r)
    while t < duration:
        span = min(window, duration - t)
        start[:] = z
        before = spikes
        radius = 1.3 * level * math.sqrt(span)
        for c in range(r):
            guess[c] = I[c] + pull[c] + math.exp(-span / 2) * (z[c] - I[c] - pull[c])
        rho = radius * kappa
        g32 = guess.astype(np.float32)
        h[:] = np.dot(g32, k32)
        total = 0.0
        for b in range(count):
            if screened:
                best = -1e30
                for i in range(b * size, min((b + 1) * size, N)):
                    best = max(best, h[i])
                top[b] = rate / (1 + math.exp(-gain * (best + rho - threshold)))
            else:
                top[b] = rate
            total += top[b]
        unit = total / (SLOTS * count)
        m = 0
        for b in range(count):
            slots[b] = math.ceil(top[b] / unit)
            for _ in range(slots[b]):
                table[m] = b
                m += 1
        pace = m * unit * size
        s = 0.0
        excursion = 0.0
        jumped = 0
        z[:] = z - I  # from here on e^s Y
        while True:
            s += rng.standard_exponential() / pace
            if s > span:
                break
            b = table[int(rng.random() * m)]
            within = rng.random() * size
            offset = int(within)
            place = b * size + offset
            if place >= N:
                continue
            u = (within - offset) * slots[b] * unit
            if screened:
                if u >= rate:
                    continue
                key = threshold + math.log(u / (rate - u)) / gain
                if h[place] + rho <= key:
                    continue
                i = order[place]
                accept = h[place] - rho > key
                if not accept:
                    undecided += 1
                    decay = math.exp(-s)
                    value = 0.0
                    for c in range(r):
                        value += k[i, c] * (I[c] + decay * z[c])
                    accept = value > key
            else:
                i = order[place]
                decay = math.exp(-s)
                value = 0.0
                for c in range(r):
                    value += k[i, c] * (I[c] + decay * z[c])
                accept = u < rate / (1 + math.exp(-gain * (value - threshold)))
            if accept:
                growth = math.exp(s) / N
                for c in range(r):
                    z[c] += growth * w[i, c]
                if spikes < len(times):
                    times[spikes] = t + s
                    neurons[spikes] = i
                spikes += 1
                jumped += 1
                if jumped % 32 == 0:
                    decay = math.exp(-s)
                    far = 0.0
                    for c in range(r):
                        far += (I[c] + decay * z[c] - guess[c]) ** 2
                    excursion = max(excursion, far)
        excursion = math.sqrt(excursion)
        level = max(0.95 * level, excursion / math.sqrt(span))
        if excursion > radius:
            left += 1
            spikes = before
            z[:] = start
            continue
        for c in range(r):
            end = math.exp(-span) * z[c]
            z[c] = I[c] + end
            pull[c] = (end - math.exp(-span) * (start[c] - I[c])) / (1 - math.exp(-span))
        t += span
    return spikes, undecided, left


def run(model, *arguments):
    """Sort the neurons, and simulate."""
    k, w, h0, I = model["k"], model["w"], model["h0"], model["I"]
    order = np.argsort(k @ h0).astype(np.int32)
    k32 = np.ascontiguousarray(k.astype(np.float32).take(order, axis=0).T)
    size = int(np.clip(np.sqrt(len(k)), 8, 256))
    return simulate(k, w, order, k32, size, *model["phi"], I, h0, *arguments)


def best(file, duration, repeats, window, screened, capacity, seeds):
    """Seconds, the least of several runs for each seed, and spikes, over all seeds together."""
    model = {name: np.ascontiguousarray(value) for name, value in np.load(file).items()}
    if np.array_equal(model["k"], model["w"]):  # one table, as in the library
        model["w"] = model["k"]
    times, neurons = np.zeros(capacity), np.zeros(capacity, np.int64)
    run(model, 0.01, window, screened, np.random.default_rng(0), times, neurons)
    found = []
    for seed in seeds:
        seconds = math.inf
        for _ in range(repeats):
            start = time.process_time()
            rng = np.random.default_rng(seed)
            spikes, undecided, left = run(model, duration, window, screened, rng, times, neurons)
            seconds = min(seconds, time.process_time() - start)
        found.append((seconds, spikes, undecided, left))
    seconds, spikes, undecided, left = np.sum(found, axis=0)
    return {
        "seconds": seconds,
        "spikes": int(spikes),
        "undecided": undecided / spikes,
        "left": int(left),
    }


if __name__ == "__main__":
    file, duration, repeats = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    seeds = [int(seed) for seed in sys.argv[4:]]
    N = len(np.load(file)["k"])
    capacity = int(1.5 * N * duration) + 1000
    found = [
        best(file, duration, repeats, window, True, capacity, seeds) for window in (0.1, 0.25, 0.5)
    ]
    fastest = min(found, key=lambda f: f["seconds"] / f["spikes"])
    plain = best(file, min(duration, 5.0), 1, 1.0, False, capacity, seeds)
    print(json.dumps({"screened": fastest, "plain": plain}))
