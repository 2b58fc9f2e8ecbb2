"""What a prompt is about: the place, the hour, the weather, and colours for them."""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from wan_magic.server.engines.planes import Colour

# The first match in the prompt decides, not the first row here.
_PLACES = {
    "space": r"\bspace\b|galax|planet|cosmos|cosmic|nebula|spaceship|\borbital|universe|\bmars\b|"
    r"太空|宇宙|星球|银河|星系|飞船",
    "underwater": r"underwater|\bcoral|\breef|deep sea|水下|海底|珊瑚|深海",
    "fire": r"\bfire(?!fl|work|place)|\bfier|\bflame|\blava\b|volcan|inferno|explo[ds]|burning|"
    r"火焰|火山|熔岩|烈火|燃烧|大火|爆炸",
    "snow": r"\bsnow|\bwinter|\bice\b(?!.cream)|\bicy\b|glacier|arctic|frozen|\bski\b|skiing|"
    r"christmas|雪|冬|冰(?!淇|激)|圣诞",
    "desert": r"desert|\bdunes?\b|sahara|canyon|oasis|pyramid|沙漠|沙丘|戈壁|金字塔",
    "city": r"\bcity|\bcities|street|skyline|skyscraper|\bneon|cyberpunk|downtown|\burban|\btown|"
    r"traffic|rooftop|subway|城市|都市|街|霓虹|赛博|高楼|大厦|楼顶|地铁|上海|马路",
    "sea": r"\bsea\b|seaside|ocean|beach|\bwaves\b|\bcoast|\bisland|\bboat|\bsail|\bship\b|"
    r"harbou?r|\blake|\briver|lighthouse|\bsurf|\bbay\b|海|浪|沙滩|岛|船|湖|江|河|灯塔",
    "forest": r"forest|\btrees?\b|\bwoods\b|jungle|\bpines?\b|bamboo|森林|树|林|竹",
    "mountain": r"mountain|\bpeaks?\b|\balps|\bcliff|valley|castle|山|峰|峡谷|悬崖|城堡",
    "meadow": r"meadow|\bgrass|\bfields?\b|flower|garden|\bfarm|\bhills?\b|\bpark\b|"
    r"草|花|田|园|农场",
}
# Whoever is in the prompt brings a place along, if the prompt names none.
_HINTS = {
    "space": r"astronaut|rocket|\balien|\bufo\b|宇航|火箭|外星",
    "underwater": r"\bfish|\bwhale|dolphin|jellyfish|mermaid|\bshark|turtle|鱼|鲸|海豚|海龟",
    "fire": r"\bdragon|\bdemon|龙|恶魔",
    "snow": r"penguin|polar bear|reindeer|企鹅|北极熊",
    "desert": r"camel|cactus|骆驼|仙人掌",
    "city": r"\bcars?\b|\btaxi|\bbus\b|robot|\bdanc|汽车|机器人|跳舞",
    "sea": r"seagull|pirate|海鸥|海盗",
    "forest": r"\bdeer\b|\bwol(?:f|ves)\b|\bfox|\bbears?\b|\bowl|dinosaur|鹿|狼|狐|熊|猴",
    "mountain": r"\beagle|hik(?:er|ing)|knight|鹰|骑士",
    "meadow": r"\bspring\b|\bhorse|\bcats?\b|\bkitten|\bdogs?\b|\bpupp|rabbit|\bcows?\b|butterfl|"
    r"马|猫|狗|兔|牛|春|蝴蝶",
}
_HOURS = {
    "night": r"\bnight|midnight|\bmoon|\bstars?\b|starry|\bdark|firefl|"
    r"夜|月亮|月光|明月|满月|星空|繁星|黑暗|萤火虫",
    "sunset": r"sunset|\bdusk|evening|golden hour|twilight|日落|黄昏|傍晚|夕阳|晚霞",
    "dawn": r"\bdawn|sunrise|morning|\bmist|\bfog|清晨|早晨|日出|黎明|朝阳|晨|雾",
    "day": r"\bday\b|daylight|\bnoon|\bsunny|\bsunshine|blue sky|白天|中午|正午|晴|阳光|蓝天",
}
_WEATHER = {
    "rain": r"\brain|storm|thunder|drizzle|typhoon|雨|暴风|雷|台风",
    "snow": r"snow(?:ing|fall|storm|flake)|blizzard|下雪|飘雪|大雪|暴雪",
}
_SKIES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "dawn": (
        ("2b3a67", "b56576", "ffd7ba"),
        ("355070", "c77d92", "f6d5b0"),
        ("4a6fa5", "c9a7c7", "ffe5d0"),
    ),
    "day": (
        ("2a6fc9", "73b1ea", "e2f1fb"),
        ("1f78c1", "79bfe8", "f7edd2"),
        ("3f88c5", "9ad1ea", "f4f9f1"),
    ),
    "sunset": (
        ("2d1b4e", "b5446e", "ffb26b"),
        ("3d1e6d", "e0533d", "ffd36e"),
        ("123357", "c15b6c", "f9c784"),
    ),
    "night": (
        ("050b22", "13245a", "35568f"),
        ("0a0a23", "2a1f5c", "66489c"),
        ("04141f", "0d3a4e", "2f7480"),
    ),
    "rain": (("20262e", "4b5661", "9aa5ab"), ("1d2433", "46546b", "8f9fb0")),
    "fire": (("120406", "5e100d", "ff7a24"), ("16060c", "7a1a12", "ffa03a")),
    "space": (
        ("03030c", "0d0b2b", "35195c"),
        ("02060f", "08203a", "0f4a5e"),
        ("08020f", "2a0a33", "6a1f4f"),
    ),
    "underwater": (
        ("8fe9e6", "1688ad", "05294a"),
        ("9be8c9", "128a8c", "04303b"),
        ("a8dcf5", "2566b8", "0a1c4d"),
    ),
}
_NEAR = {
    "sea": "063450", "forest": "0a2419", "city": "0b0e20", "fire": "140304", "snow": "eef4f9",
    "desert": "7c3d18", "meadow": "24501a", "mountain": "14222f", "space": "0a0818",
    "underwater": "021826",
}  # fmt: skip
_LIGHT = {"dawn": "fff0d0", "day": "fffbe6", "sunset": "fff0b8", "night": "f4f1de"}
_FREE_PLACES = ("meadow", "mountain", "sea", "desert", "forest")
_COMPILED = [
    {name: re.compile(pattern) for name, pattern in table.items()}
    for table in (_PLACES, _HOURS, _WEATHER, _HINTS)
]


@dataclass(frozen=True)
class Theme:
    """What to draw.

    Attributes
    ----------
    place, hour, weather : str
        Names of the tables here; the weather may be empty.
    sky : tuple of colours
        At the top, halfway, and at the horizon.
    near : colour
        Of what stands in front; what is further away goes over into the horizon.
    light : colour
        Of the sun or the moon.
    """

    place: str
    hour: str
    weather: str
    sky: tuple[Colour, Colour, Colour]
    near: Colour
    light: Colour

    @property
    def accent(self) -> Colour:
        """The colour that says most about it: the lively one of its sky."""
        return max(self.sky, key=lambda c: (max(c) - min(c)) * (0.4 + max(c) / 255))

    def layer(self, depth: float) -> Colour:
        """Return the colour of something at a distance: 0 on the horizon, 1 in front."""
        return mix(mix(self.sky[2], self.sky[1], 0.45), self.near, depth)


def theme_for(words: str, rng: random.Random) -> Theme:
    """Choose what to draw for a prompt; chance decides what it leaves open.

    Examples
    --------
    >>> import random
    >>> theme = theme_for("夜晚的城市，下着雨", random.Random(1))
    >>> theme.place, theme.hour, theme.weather
    ('city', 'night', 'rain')
    """
    text = words.lower()
    place, hour, weather, hint = (_first(table, text) for table in _COMPILED)
    place = place or hint or rng.choice(_FREE_PLACES)
    hours = {"city": ("night", "sunset"), "desert": ("day", "sunset"), "snow": ("dawn", "day")}
    hour = hour or rng.choice(hours.get(place, ("dawn", "day", "sunset")))
    key = place if place in _SKIES else "rain" if weather == "rain" and hour == "day" else hour
    shift, rich = rng.uniform(-0.025, 0.025), rng.uniform(0.9, 1.15)
    top, middle, low = (_turned(hexed(c), shift, rich) for c in rng.choice(_SKIES[key]))
    near = _turned(hexed(_NEAR[place]), shift * 2, rich)
    if hour == "night" and place not in _SKIES:
        near = mix((3, 6, 16), near, 0.5)
    elif hour in ("sunset", "dawn") and place in ("snow", "desert", "meadow"):
        near = mix(near, top, 0.35)
    return Theme(place, hour, weather, (top, middle, low), near, hexed(_LIGHT[hour]))


def hexed(text: str) -> Colour:
    """Turn six hex digits into a colour."""
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def mix(a: Colour, b: Colour, k: float) -> Colour:
    """Mix two colours: all `a` at 0, all `b` at 1."""
    r, g, c = (round(p + (q - p) * k) for p, q in zip(a, b, strict=True))
    return r, g, c


def _turned(colour: Colour, shift: float, rich: float) -> Colour:
    h, s, v = colorsys.rgb_to_hsv(*(c / 255 for c in colour))
    r, g, b = colorsys.hsv_to_rgb((h + shift) % 1, min(s * rich, 1), v)
    return round(r * 255), round(g * 255), round(b * 255)


def _first(table: dict[str, re.Pattern[str]], text: str) -> str:
    found = [(m.start(), name) for name, p in table.items() if (m := p.search(text))]
    return min(found)[1] if found else ""
