"""Chapter 11's explorers: what they draw is what the library and the theorems say."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from explorer import Explorer
from fieldlimit.eigenvalues import eigenvalue_constants, spectral_certificate, stability_radius
from fieldlimit.explorables import certified_spectrum, pseudospectra
from fieldlimit.field import finite_network
from fieldlimit.fixed_points import newton

STOPS = {
    "kernel": list(certified_spectrum.KERNELS),
    "N": [100, 10_000],
    "gain": [1.0, 3.0],
    "seed": [0, 1],
}


def test_every_corner_of_the_sliders_can_be_drawn():
    explorer = Explorer(certified_spectrum.frame, view=certified_spectrum.view, **STOPS)
    for corner in product(*STOPS.values()):
        for name, value in zip(STOPS, corner, strict=True):
            setattr(explorer, name, value)
        assert "certified" in explorer.description


def test_a_frame_depends_on_its_parameters_alone():
    parameters = {"kernel": "head direction", "N": 10_000, "gain": 2.0}
    once = certified_spectrum.frame(**parameters, seed=1)
    again = certified_spectrum.frame(**parameters, seed=1)
    for name, value in once.items():
        np.testing.assert_array_equal(value, again[name])


@pytest.mark.parametrize("kernel", certified_spectrum.KERNELS)
def test_the_discs_and_the_curve_are_those_of_the_theorem(kernel):
    frame = certified_spectrum.frame(kernel=kernel, N=10_000, gain=2.0, seed=0)
    model = certified_spectrum.model_of(kernel, 2.0)
    h = certified_spectrum.constants_at(kernel, 2.0).fixed_point.h
    certificate = spectral_certificate(eigenvalue_constants(model, h), 10_000, 0.05)
    centres = np.array([d.centre for d in certificate.discs])
    reach = np.hypot(
        frame["disc_re"] - centres.real[:, None], frame["disc_im"] - centres.imag[:, None]
    )
    np.testing.assert_allclose(reach.T, np.tile([d.radius for d in certificate.discs], (61, 1)))
    i = np.flatnonzero(certified_spectrum.SIZES == 10_000)[0]
    assert frame["shift"][i] == pytest.approx(certificate.shift)
    assert certificate.same_type and "stability is certified" in frame["verdict"]
    assert (frame["seen"] < certificate.shift).mean() >= 0.75  # 95 % are promised; 41 drawn


def test_a_network_on_places_is_a_network():
    """Counting the neurons of a place changes nothing."""
    model = certified_spectrum.model_of("head direction", 2.0)
    h = certified_spectrum.constants_at("head direction", 2.0).fixed_point.h
    one = finite_network(model, 500, rng=np.random.default_rng(4))
    share = np.bincount(one.locations[:, 0].astype(int), minlength=certified_spectrum.PLACES) / 500
    moved = certified_spectrum.moved_derivatives(model, h, share[None])[0]
    np.testing.assert_allclose(moved, one.derivative(newton(one, h[None])[0]), atol=1e-9)
    with pytest.raises(ValueError, match="kernel is one of symmetric, head direction"):
        certified_spectrum.model_of("none", 1.0)


def test_pseudospectra():
    """The eigenvalues stay where they are, the distance to instability falls, and the flow is e^{tA}."""
    from scipy.linalg import expm

    explorer = Explorer(
        pseudospectra.frame, view=pseudospectra.view, f=[0.0, 1.0, 4.0], size=[0.01, 0.1, 0.3]
    )
    assert "distance to instability" in explorer.description
    radii = []
    for f in (0.0, 1.0, 4.0):
        frame, A = pseudospectra.frame(f=f, size=0.1), pseudospectra.populations(f)
        np.testing.assert_allclose(np.sort(np.linalg.eigvals(A)), [-0.8, -0.4], atol=1e-9)
        assert frame["radius"] == stability_radius(A).lower
        assert frame["norm"][20] == pytest.approx(np.linalg.norm(expm(2 * A), 2))
        assert frame["unstable"] == 0 or frame["verdict"] == "some"
        radii.append(frame["radius"])
    assert radii[0] == pytest.approx(0.4, rel=1e-5) and radii[0] > radii[1] > radii[2]


def test_what_the_text_asks_the_reader_to_see():
    """The numbers quoted beside the second explorer, and those of the first that decide its story."""
    two, four = (pseudospectra.frame(f=f, size=0.1) for f in (2.0, 4.0))
    assert two["unstable"] == 0 and two["verdict"] == "no" and two["disc"] > 0.4  # across the axis
    assert four["unstable"] == 14 and f"{four['radius']:.3f}" == "0.078"
    assert pseudospectra.frame(f=4.0, size=0.05)["unstable"] == 0
    assert pseudospectra.frame(f=1.0, size=0.1)["peak"] == 1.0 and two["peak"] > 1.3
    counts = {}
    for kernel, N in product(certified_spectrum.KERNELS, (300, 1000, 3000, 10_000, 100_000)):
        constants = certified_spectrum.constants_at(kernel, 2.0)
        counts[kernel, N] = [d.count for d in spectral_certificate(constants, N, 0.05).discs]
    assert counts["head direction", 300] == [] and counts["head direction", 1000] == [3, 3, 3]
    assert counts["head direction", 3000] == [1, 1, 1]
    assert max(counts["symmetric", 3000]) > 2
    assert counts["symmetric", 10_000] == counts["symmetric", 100_000] == [1, 1, 1, 2, 2]
