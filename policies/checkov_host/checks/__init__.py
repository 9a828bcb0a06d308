"""For `checkov --external-checks-dir`: every rule of the catalogue as a Checkov check of the same id."""
