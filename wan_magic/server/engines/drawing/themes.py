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
    "space": r"\bspace\b|galax|planet|cosmos|cosmic|nebula|astronaut|rocket|spaceship|\borbital|"
    r"universe|\bmars\b|太空|宇宙|星球|银河|星系|宇航|火箭|飞船",
    "underwater": r"underwater|\bfish|\bcoral|\breef|\bwhale|dolphin|jellyfish|deep sea|mermaid|"
    r"\bshark|turtle|水下|海底|鱼|珊瑚|鲸|海豚|水母|海龟",
    "fire": r"\bfire|\bfier|\bflame|\blava\b|volcan|\bdragon|inferno|explo[ds]|\bhell\b|burning|"
    r"火焰|火山|熔岩|烈火|燃烧|大火|爆炸|龙",
    "snow": r"\bsnow|\bwinter|\bice\b|\bicy\b|glacier|arctic|frozen|\bski\b|skiing|penguin|"
    r"christmas|雪|冬|冰|滑雪|企鹅|圣诞",
    "desert": r"desert|\bdunes?\b|camel|sahara|canyon|cactus|oasis|pyramid|\bsand storm|"
    r"沙漠|沙丘|骆驼|戈壁|仙人掌|金字塔",
    "city": r"\bcity|\bcities|street|skyline|skyscraper|\bneon|cyberpunk|downtown|\burban|\btown|"
    r"traffic|\btaxi|\bcars?\b|rooftop|subway|城市|都市|街|霓虹|赛博|高楼|大厦|楼顶|汽车|地铁",
    "sea": r"\bsea\b|ocean|beach|\bwaves?\b|\bcoast|\bisland|\bboat|\bsail|\bship\b|harbou?r|"
    r"\blake|\briver|lighthouse|\bsurf|seagull|\bbay\b|海|浪|沙滩|岛|船|湖|江|河|灯塔|帆",
    "forest": r"forest|\btrees?\b|\bwoods?\b|jungle|\bpines?\b|bamboo|\bdeer\b|\bwolf\b|\bfox\b|"
    r"\bbear\b|森林|树|林|竹|鹿|狼|狐|熊",
    "mountain": r"mountain|\bpeaks?\b|\balps|\bcliff|valley|castle|\beagle|hik(?:er|ing)|"
    r"山|峰|峡谷|悬崖|城堡|鹰",
    "meadow": r"meadow|\bgrass|\bfields?\b|flower|garden|\bfarm|\bhills?\b|\bspring\b|"
    r"\bhorses?\b|\bcats?\b|\bdogs?\b|\bpark\b|草|花|田|园|农|马|猫|狗|春",
}
_HOURS = {
    "night": r"\bnight|midnight|\bmoon|\bstars?\b|starry|\bdark|firefl|夜|月|星空|繁星|黑暗|萤火虫",
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
    for table in (_PLACES, _HOURS, _WEATHER)
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
    place, hour, weather = (_first(table, text) for table in _COMPILED)
    place = place or rng.choice(_FREE_PLACES)
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
