"""How many neurons are enough: every conclusion of Part III for one model, on one event.

`certify(model, N, delta)` says what a network of N neurons has in common with its neural field near a
fixed point, with every constant and the statement it comes from, or which hypothesis fails.
`neurons_needed(model, delta)` is its inverse. What a model of your own has to promise is in
`fieldlimit.promises`.
"""

from fieldlimit.certify.agreement import agreement_time
from fieldlimit.certify.budget import Budget, Event, budget
from fieldlimit.certify.certificate import (
    Agreement,
    NetworkCertificate,
    certificate_at,
    certify,
)
from fieldlimit.certify.claims import Claim
from fieldlimit.certify.constants import (
    CertificateConstants,
    Departure,
    certificate_constants,
    settled_state,
)
from fieldlimit.certify.needed import NeuronsNeeded, Wanted, least_size, neurons_needed
from fieldlimit.certify.spectral import neurons_from_spectrum
from fieldlimit.certify.table import Constant
from fieldlimit.certify.whole import truncated_fixed_point

__all__ = [
    "Agreement",
    "Budget",
    "CertificateConstants",
    "Claim",
    "Constant",
    "Departure",
    "Event",
    "NetworkCertificate",
    "NeuronsNeeded",
    "Wanted",
    "agreement_time",
    "budget",
    "certificate_at",
    "certificate_constants",
    "certify",
    "least_size",
    "neurons_from_spectrum",
    "neurons_needed",
    "settled_state",
    "truncated_fixed_point",
]
