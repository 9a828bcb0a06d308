"""Terraform's functions, as far as they need nothing but their arguments.

What is not here, or not certain, gives an `Unknown`: never a guess.
Source: https://developer.hashicorp.com/terraform/language/functions
"""

from policies.readers.functions import (
    arithmetic as arithmetic,
)
from policies.readers.functions import (
    collections as collections,
)
from policies.readers.functions import (
    dates as dates,
)
from policies.readers.functions import (
    encodings as encodings,
)
from policies.readers.functions import (
    formatting as formatting,
)
from policies.readers.functions import (
    networks as networks,
)
from policies.readers.functions import (
    paths as paths,
)
from policies.readers.functions import (
    provider as provider,
)
from policies.readers.functions import (
    texts as texts,
)
from policies.readers.functions.calling import FUNCTIONS as FUNCTIONS
from policies.readers.functions.calling import call as call
