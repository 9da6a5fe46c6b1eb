"""A prompt in other people's hands: its card as a folder of files, and that folder on the Hugging Face hub."""

from bbprompt.share.card import Said, write_card
from bbprompt.share.hub import pull, push
from bbprompt.share.reading import read_card

__all__ = ["Said", "pull", "push", "read_card", "write_card"]
