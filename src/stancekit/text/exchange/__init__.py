"""Names of an example exchanged for others of their kind."""

from stancekit.text.exchange.exchanger import NameExchanger

__all__ = ["NameExchanger"]
