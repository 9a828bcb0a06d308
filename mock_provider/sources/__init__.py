"""Where the package's data about hashicorp/aws and AWS is drawn from; needed to write it, and not installed with it."""
