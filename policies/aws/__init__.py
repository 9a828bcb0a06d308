"""What the rules know of AWS: networks, flows, zones, stores, windows, policy documents."""
