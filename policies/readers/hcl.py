from policies.readers.configuration import Block


def parse(text: str, file: str) -> list[Block]:
    raise NotImplementedError


def variables(text: str, file: str) -> dict[str, object]:
    raise NotImplementedError
