"""UCF101 actions: Soomro et al. 2012, by the middle frame of each video, as CoOp has them.

``UCF-101-midframes/Apply_Eye_Makeup/v_ApplyEyeMakeup_g01_c01.jpg``; the official lists of ``ucfTrainTestlist`` name
videos, "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1".
"""

from __future__ import annotations

import re

from bbprompt.data.listing import listing
from bbprompt.data.named.coop import coop_source
from bbprompt.data.named.roots import locate, read_lines
from bbprompt.data.source import Source

URL = "https://www.crcv.ucf.edu/data/UCF101.php (middle frames: https://github.com/KaiyangZhou/CoOp)"
FRAMES, LISTS = "UCF-101-midframes", "ucfTrainTestlist"
WORD = re.compile("[A-Z][^A-Z]*")


def load_ucf101(argument: str, size: tuple[int, int] | None) -> Source:
    """Load by CoOp's split, or by the first official one: 9,537 videos, 3,783 of test.

    Raises:
        ConfigError: no folder was named.
        DataError: it does not hold the data set.
    """
    root = locate(argument, "ucf101", folder="ucf101", has=[FRAMES], url=URL)
    if source := coop_source(root, FRAMES, size, "UCF101"):
        return source
    actions = [line.split(" ")[1] for line in read_lines(root / LISTS / "classInd.txt")]
    number = {action: i for i, action in enumerate(actions)}
    names = [" ".join(WORD.findall(action)) for action in actions]
    pool, test = (
        listing(
            [
                (
                    root / FRAMES / "_".join(WORD.findall(action)) / f"{video.removesuffix('.avi')}.jpg",
                    number[action],
                )
                for action, video in (line.split(" ")[0].split("/") for line in read_lines(root / LISTS / file))
            ],
            names,
            size,
            where=root,
        )
        for file in ("trainlist01.txt", "testlist01.txt")
    )
    return Source(pool, test)
