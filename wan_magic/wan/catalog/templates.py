"""The video effects (``input.template``): one table.

Source: the video-effect template list (2025; Beijing only).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Template:
    """A video effect that replaces the prompt."""

    name: str
    label: str
    """Its name in the official list (Chinese)."""
    subject: str
    """What the image should show."""


_ROWS = {
    "anything": "squish 解压捏捏, rotation 转圈圈, poke 戳戳乐, inflate 气球膨胀,"
    " dissolve 分子扩散, melt 热浪融化, icecream 冰淇淋星球",
    "one person": "carousel 时光木马, singleheart 爱你哟, dance1 摇摆时刻, dance2 头号甩舞,"
    " dance3 星摇时刻, dance4 指感节奏, dance5 舞动开关, mermaid 人鱼觉醒, graduation 学术加冕,"
    " dragon 巨兽追袭, money 财从天降, jellyfish 水母之约, pupil 瞳孔穿越",
    "a person or an animal": "flying 魔法悬浮, rose 赠人玫瑰, crystalrose 闪亮玫瑰",
    "two people": "hug 爱的抱抱, frenchkiss 唇齿相依, coupleheart 双倍心动",
    "a person, as the first frame": "hanfu-1 唐韵翩然, solaron 机甲变身, magazine 闪耀封面,"
    " mech1 机械觉醒, mech2 赛博登场",
}
TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        name: Template(name, label, subject)
        for subject, row in _ROWS.items()
        for name, label in (entry.split() for entry in row.split(","))
    }
)
"""Every documented effect by name."""

KF2V = ("hanfu-1", "solaron", "magazine", "mech1", "mech2")
PLUS = tuple(name for name in TEMPLATES if name not in KF2V)
_PLUS_ONLY = (  # the turbo model lacks these
    *("melt", "icecream", "dance1", "dance2", "dance3", "dance4", "dance5", "mermaid"),
    *("graduation", "dragon", "money", "jellyfish", "pupil"),
)
TURBO = tuple(name for name in PLUS if name not in _PLUS_ONLY)
