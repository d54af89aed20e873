"""Neural fields as limits of spatially structured spiking networks, with explicit finite-size bounds."""
