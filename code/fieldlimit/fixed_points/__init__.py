"""Fixed points of the field and of finite networks: found, certified, and counted."""

from fieldlimit.fixed_points.census import Census, census
from fieldlimit.fixed_points.certificate import (
    Certificate,
    FixedPointConstants,
    fixed_point_certificate,
    fixed_point_constants,
)
from fieldlimit.fixed_points.clt import FixedPointLaw, fixed_point_law
from fieldlimit.fixed_points.continuation import Branch, SpecialPoint, continuation, diagram
from fieldlimit.fixed_points.joint import joint_certificate, lesser_certificate
from fieldlimit.fixed_points.local import Curvature, curvature_at, local_certificate
from fieldlimit.fixed_points.majorant import Bend, Pairs, joint_radii, majorant_radii
from fieldlimit.fixed_points.needed import neurons_to_certify
from fieldlimit.fixed_points.newton import Radii, newton_kantorovich
from fieldlimit.fixed_points.posterior import Posterior, posterior_certificate, simulated_radius
from fieldlimit.fixed_points.preconditioned import preconditioned, projective_sup
from fieldlimit.fixed_points.rigorous import rigorous_certificate
from fieldlimit.fixed_points.search import (
    FixedPoint,
    FixedPoints,
    describe,
    fixed_points,
    index_sum,
    newton,
)
from fieldlimit.fixed_points.symmetry import Orbit, orbit, rotation_generators

__all__ = [
    "Bend",
    "Branch",
    "Census",
    "Certificate",
    "Curvature",
    "FixedPoint",
    "FixedPointConstants",
    "FixedPointLaw",
    "FixedPoints",
    "Orbit",
    "Pairs",
    "Posterior",
    "Radii",
    "SpecialPoint",
    "census",
    "continuation",
    "curvature_at",
    "describe",
    "diagram",
    "fixed_point_certificate",
    "fixed_point_constants",
    "fixed_point_law",
    "fixed_points",
    "index_sum",
    "joint_certificate",
    "joint_radii",
    "lesser_certificate",
    "local_certificate",
    "majorant_radii",
    "neurons_to_certify",
    "newton",
    "newton_kantorovich",
    "orbit",
    "posterior_certificate",
    "preconditioned",
    "projective_sup",
    "rigorous_certificate",
    "rotation_generators",
    "simulated_radius",
]
