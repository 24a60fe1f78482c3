"""What is drawn for a prompt, and what the table, the contradictions and the verdicts say."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from driver import places
from stockwright.core.axes import Dealer
from stockwright.core.errors import ModifiersInvalid
from stockwright.core.forbidden import Forbidden
from stockwright.core.kinds import load_kinds
from stockwright.core.modifiers.contradictions import Contradictions, contradict
from stockwright.core.modifiers.drawing import Stylist, extended
from stockwright.core.modifiers.phrases import content_words, is_modifier, makers, split_prompt
from stockwright.core.modifiers.table import FORMAT, ModifierTable, Phrase
from stockwright.core.modifiers.verdicts import Verdicts, parse_verdicts
from stockwright.core.themes import load_themes

SHIPPED = places.PROMPTS / "modifiers" / "photography.json"
SOURCE = SHIPPED.with_suffix(".txt")
RULES = Contradictions.load([places.PROMPTS])
FORBIDDEN = Forbidden.load([places.PROMPTS])


def table(*phrases: tuple[str, int, dict[str, int]], **totals: int) -> ModifierTable:
    return ModifierTable(tuple(Phrase(*phrase) for phrase in phrases), totals, {})


WOODS = table(
    ("morning fog", 30, {"forest": 28}),
    ("tall racks", 30, {"warehouse": 28}),
    ("film grain", 30, {}),
    forest=40,
    warehouse=40,
)


def draws(
    of: ModifierTable, subject: str, prompt: str, count: int = 1, times: int = 300, **options: Any
) -> Counter[str]:
    stylist = Stylist(of, RULES, FORBIDDEN, options.pop("verdicts", None))
    found: Counter[str] = Counter()
    for seed in range(times):
        found.update(stylist.draw(subject, prompt, count, Random(seed), **options))
    return found


@pytest.mark.parametrize(
    ("prompt", "phrases"),
    [
        ("a cat, Soft  Light., 35mm film", ["cat", "soft light", "35mm film"]),
        ("(dark:1.2) room, ((soft)) [light], {a|b}", ["dark room", "soft light", "a", "b"]),
        ("cup BREAK steam | haze; glow", ["cup", "steam", "haze", "glow"]),
        ("cup, <lora:film:0.6>, embedding:easy.pt, bokeh", ["cup", "bokeh"]),
        ("cup, __colour__ light, [day:night:0.5], haze", ["cup", "light", "haze"]),
        ("sky::2 hill::1 --ar 16:9 --no people, text", ["sky", "hill"]),
        ("https://x.org/a.png a cup, haze", ["cup", "haze"]),
        ("cup, haze\nNegative prompt: blur\nSteps: 20, Sampler: Euler", ["cup", "haze"]),
        (
            "bread and butter, f/2.8 lens. warm_light",
            ["bread and butter", "f/2.8 lens", "warm light"],
        ),
        (r"cup \(red\), “soft” light", ["cup red", "soft light"]),
        ("and a cup, with the haze", ["cup", "haze"]),
        (" , ...|BREAK", []),
        ("ПРИВЕТ, 光", ["привет", "光"]),
    ],
)
def test_a_prompt_falls_into_phrases(prompt: str, phrases: list[str]):
    assert split_prompt(prompt) == phrases


@pytest.mark.parametrize("phrase", ["soft light", "85mm lens", "f/2.8 lens", "lit by candles"])
def test_what_may_be_a_modifier(phrase: str):
    assert is_modifier(phrase)


@pytest.mark.parametrize(
    "phrase",
    [
        *("8k", "1girl", "1.5", "no people", "without text", "by anna bell", "art by anna bell"),
        *(
            "in the style of anna bell",
            "привет",
            "光",
            "a=b",
            "x" * 41,
            "one two three four five six 7",
        ),
    ],
)
def test_what_may_not(phrase: str):
    assert not is_modifier(phrase)


def test_names_after_by():
    assert [*makers("a bay by anna bell and tom & jo")] == ["anna bell", "tom", "jo"]
    assert not [*makers("room lit by candles")]


def test_content_words():
    assert content_words("A photo of old books in the library") == {"old", "book", "library"}


def test_probabilities_are_the_formula_and_add_up():
    excess = 28 - 40 * 30 / 90
    elsewhere = [30 - excess, 30 - excess, 30]
    elsewhere = [count / sum(elsewhere) for count in elsewhere]
    assert WOODS.probabilities("teapot") == pytest.approx(elsewhere)
    chances = WOODS.probabilities("a misty forest")
    assert chances[0] == pytest.approx((28 + (10 + 40 - 28) * elsewhere[0]) / (40 + 10))
    assert sum(chances) == pytest.approx(1)
    both = WOODS.probabilities("forest warehouse")
    assert sum(both) == pytest.approx(1)
    assert both[0] == pytest.approx(both[1])


def test_what_belongs_to_one_subject_is_rare_elsewhere():
    bound = table(("morning fog", 30, {"forest": 30}), ("film grain", 30, {}), forest=30)
    assert bound.probabilities("teapot") == pytest.approx([15 / 45, 30 / 45])
    several = table(("fog", 30, {"forest": 30, "wood": 30}), ("dew", 30, {}), forest=30, wood=30)
    assert several.probabilities("teapot") == pytest.approx([1.5 / 31.5, 30 / 31.5])


def test_what_goes_with_a_subject_is_drawn_for_it():
    forest, house = draws(WOODS, "forest", "forest"), draws(WOODS, "warehouse", "warehouse")
    assert forest["morning fog"] > 150 > 60 > forest["tall racks"]
    assert house["tall racks"] > 150
    assert house["morning fog"] == 0, "it contradicts a warehouse"


def test_the_subject_is_the_prompts_first_phrase_where_none_is_given():
    assert draws(WOODS, "", "A Forest, tea") == draws(WOODS, "a forest", "A Forest, tea")


def test_temperature():
    cold = draws(WOODS, "forest", "forest", temperature=0.0)
    assert cold == {"morning fog": 300}
    usual, hot = (draws(WOODS, "forest", "forest", temperature=t) for t in (1.0, 5.0))
    assert usual["morning fog"] > hot["morning fog"] > 0
    assert hot["film grain"] > usual["film grain"]


def test_draws_follow_the_probabilities():
    expected = [1000 * chance for chance in WOODS.probabilities("teapot")]
    found = draws(WOODS, "", "teapot", times=1000)
    assert [found[phrase.text] for phrase in WOODS.phrases] == pytest.approx(expected, rel=0.15)


def test_the_same_seed_draws_the_same():
    stylist = Stylist(ModifierTable.load(SHIPPED), RULES, FORBIDDEN)
    one, two, three = (stylist.draw("lake", "lake", 4, Random(seed)) for seed in (1, 1, 2))
    assert one == two != three
    assert len(set(one)) == 4


@pytest.mark.parametrize(
    ("prompt", "phrase"),
    [
        ("city at night", "morning light"),
        ("city, golden hour", "night"),
        ("photo of a lake", "oil painting"),
        ("black and white photo of a lake", "vivid colors"),
        ("snowy winter village", "autumn leaves"),
        ("empty meeting room, interior", "clear blue sky"),
        ("cup, blurred background, bokeh", "sharp focus"),
        ("lake under a cloudless sky", "overcast"),
    ],
)
def test_contradictions(prompt: str, phrase: str):
    assert contradict(RULES.claims(phrase), RULES.claims(prompt))
    assert not draws(table((phrase, 9, {})), "", prompt, times=5)
    assert draws(table((phrase, 9, {})), "", "teapot", times=5) == {phrase: 5}


def test_each_phrase_of_a_prompt_can_contradict():
    """One that speaks of two sides itself does not open both."""
    claims = RULES.claims("lake at noon, snow, office")
    assert len(claims) == 3
    for phrase in ("starry sky", "autumn leaves", "clear blue sky", "high midday sun, night"):
        assert contradict(RULES.claims(phrase), claims)
    assert not contradict(RULES.claims("golden hour"), RULES.claims("sunset at dawn"))
    assert contradict(RULES.claims("golden hour"), RULES.claims("sunset, midnight"))


# Of each line, nothing of the first pattern in a prompt goes with a modifier of the second.
IMPOSSIBLE = [
    (
        "empty interior|location photograph",
        "macro|product photo|flat lay|(seamless|white|dark|pastel|blurred|clean) background|steam",
    ),
    ("empty interior|still life", "sky|aerial|city|golden hour|pavement|fog|mist|lawns|leaves"),
    ("location photograph|still life", "high (ceiling|windows)|polished|indoor|lived-in"),
    ("location photograph", "studio|linen|light oak|copy space|window light|cosy"),
    ("still life", "wide angle|looking up|lit windows|greenery|leading lines|straight verticals"),
    ("front view", "low angle|three-quarter|top-down|flat lay|low camera"),
    ("high angle|high viewpoint|aerial", "low angle|low camera|looking up|frontal|one-point"),
    ("side profile", "frontal|three-quarter|top-down|flat lay|symmetrical"),
    ("flat lay", "low angle|low camera|frontal|three-quarter"),
    ("low angle|worm's eye", "aerial|top-down|flat lay|frontal view"),
    ("macro close-up|filling the frame", "negative space|copy space|minimalist"),
    ("close detail", "wide angle|leading lines|high ceiling|negative space"),
    ("telephoto", "wide angle"),
    ("blurred", "deep focus|sharp focus"),
    ("warm|amber", "cool tones|blue hour"),
    ("cool|icy|blue evening", "warm|golden|earthy"),
    ("night|blue hour|evening light", "daylight|morning|golden|blue sky"),
    ("night|blue hour", "long shadows"),
    ("morning|sunrise", "blue hour|city lights|starry|lit windows"),
    ("overcast|fog|storm clouds|hazy", "clear blue|crisp shadows|hard light|bright daylight"),
    ("overcast|drifting fog|storm clouds|midday", "long shadows|golden hour"),
    ("cloudless|midday", "overcast light|morning fog|mist|starry|wet pavement"),
    ("after rain", "clear blue sky|golden hour|bright daylight"),
    ("fresh snow|autumn leaves", "lush greenery|green lawns"),
    ("blossom|greenery|snow", "autumn leaves"),
    ("low-key|deep blacks", "airy|daylight|even lighting|(white|pastel) background"),
    ("high-key|bright white", "moody|dark background|dramatic light"),
    ("metal surface|stone surface|linen|seamless", "rustic wood|light oak"),
    ("(yellow|green|blue) background|wood table|linen|metal|stone s", "(white|dark|pastel) backg"),
    ("vivid|teal", "muted|pastel|earthy"),
    ("pastel colours", "vivid|high contrast"),
    ("softbox|spotlight|ceiling light", "natural light|daylight|overcast|window light"),
    ("sleek|futuristic", "vintage|dusty"),
    ("minimalist|glossy", "rough texture|dusty"),
]


def test_nothing_impossible_is_added_to_the_prompts_that_are_planned():
    stylist = Stylist(ModifierTable.load(SHIPPED), RULES, FORBIDDEN)
    seen: Counter[str] = Counter()
    for theme, kind in product(load_themes([places.PROMPTS]), load_kinds([places.PROMPTS])):
        dealer = Dealer(kind.axes, kind.clashes, Random(theme.id))
        for number, subject in enumerate(theme.seeds_of(kind.name)[::3]):
            drawn = dealer.deal(subject) or {}
            prompt = kind.compose(subject, theme.title.lower(), drawn, theme.look)
            added = ", ".join(stylist.draw(subject, prompt, 4, Random(number)))
            said = ", ".join(part for part in prompt.split(", ")[2:] if part != theme.look)
            for here, there in IMPOSSIBLE:
                if re.search(rf"\b(?:{here})", said):
                    seen[here] += 1
                    assert not re.search(rf"\b(?:{there})", added), (prompt, added)
    assert seen.keys() == {here for here, _ in IMPOSSIBLE}


def test_drawn_phrases_do_not_contradict_each_other():
    pair = table(("night sky", 9, {}), ("morning light", 9, {}), ("film grain", 9, {}))
    stylist = Stylist(pair, RULES, FORBIDDEN)
    for seed in range(20):
        drawn = stylist.draw("", "castle", 3, Random(seed))
        assert len(drawn) == 2
        assert "film grain" in drawn


def test_what_stands_on_two_sides_goes_with_both():
    hour = RULES.claims("golden hour")
    assert not contradict(hour, RULES.claims("morning"))
    assert not contradict(hour, RULES.claims("sunset"))
    assert contradict(hour, RULES.claims("midnight"))


def test_the_longest_phrase_of_a_group_counts():
    inside, outside = RULES.claims("interior"), RULES.claims("exterior")
    assert contradict(RULES.claims("office"), outside)
    assert not contradict(RULES.claims("office building"), outside)
    assert contradict(RULES.claims("office building"), inside)


def test_nothing_is_said_twice():
    words = table(("soft light", 9, {}), ("window lights", 9, {}), ("film grain", 9, {}))
    stylist = Stylist(words, RULES, FORBIDDEN)
    assert stylist.draw("", "room, (warm light:1.2)", 3, Random(1)) == ["film grain"]
    assert len(stylist.draw("", "room", 3, Random(1))) == 2


def test_forbidden_words_are_not_drawn(tmp_path: Path):
    (tmp_path / "forbidden.yaml").write_text("artists: [Anna Bell]\npeople: [dancers]\n")
    stylist = Stylist(
        table(("anna bell", 9, {}), ("dancer", 9, {})), RULES, Forbidden.load([tmp_path])
    )
    assert stylist.draw("", "stage", 2, Random(1)) == []
    assert stylist.draw("", "two dancers", 1, Random(1)) == []
    (tmp_path / "forbidden.yaml").write_text("people: [dancers, choir]\n")
    stylist = Stylist(table(("choir", 9, {})), RULES, Forbidden.load([tmp_path]))
    assert stylist.draw("", "two dancers", 1, Random(1)) == ["choir"]


def test_the_budget_holds():
    long = table(("a very long phrase indeed", 99, {}), ("haze", 1, {}))
    stylist = Stylist(long, RULES, FORBIDDEN)
    drawn = stylist.draw("", "tea", 2, Random(1), 0.0, lambda text: len(text.split()) <= 2)
    assert drawn == ["haze"]
    asked: list[str] = []

    def never(text: str) -> bool:
        asked.append(text)
        return False

    Stylist(ModifierTable.load(SHIPPED), RULES, FORBIDDEN).draw("", "tea", 4, Random(1), 1.0, never)
    assert len(asked) == 8, "not the whole table is tried"


def test_no_phrases_leave_a_prompt_as_it_is():
    assert Stylist(WOODS, RULES, FORBIDDEN).draw("", "tea", 0, Random(1)) == []
    assert extended("Tea. ", []) == "Tea. "
    assert extended("Tea. ", ["haze", "bokeh"]) == "Tea, haze, bokeh"


def test_verdicts_are_the_mean_of_a_beta_posterior():
    verdicts = Verdicts({"a": (6, 0), "b": (0, 6), "c": (3, 3)})
    weights = [verdicts.weight(phrase) for phrase in "abcd"]
    assert weights == pytest.approx([(8 / 10) / 0.5, (2 / 10) / 0.5, 1, 1])


def test_likes_and_dislikes_change_what_is_drawn():
    marks = {"morning fog": (0, 40), "film grain": (40, 0)}
    before = draws(WOODS, "forest", "forest")
    after = draws(WOODS, "forest", "forest", verdicts=Verdicts(marks))
    assert after["morning fog"] < before["morning fog"] / 2
    assert after["film grain"] > before["film grain"] * 2


def test_a_verdict_below_zero():
    with pytest.raises(ModifiersInvalid, match="from 0"):
        Verdicts({"haze": (0, -1)})


def test_a_table_is_read_as_it_was_written():
    again = ModifierTable.parse(WOODS.to_text(), "x")
    assert again.phrases == WOODS.phrases
    assert again.totals == WOODS.totals
    text = SHIPPED.read_text("utf-8")
    assert ModifierTable.parse(text, "x").to_text() == text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "other"}, "is no table of modifiers"),
        ({"phrases": {}}, "holds no phrases"),
        ({"phrases": {"haze": 3}}, "the phrase 'haze'"),
        ({"phrases": {"haze": [0, {}]}}, "the phrase 'haze'"),
        ({"phrases": {"haze": [2, {"lake": True}]}}, "the phrase 'haze'"),
        ({"phrases": {" ": [2, {}]}}, "the phrase ' '"),
        ({"phrases": {"haze": [10**400, {}]}}, "the phrase 'haze'"),
        ({"phrases": {"haze \ud800": [2, {}]}}, r"the phrase 'haze \\ud800'"),
        ({"subjects": {"lake": 10**400}}, "subjects"),
        ({"subjects": {"lake\udfff": 3}}, "subjects"),
        ({"subjects": {"lake": -1}}, "subjects"),
        ({"subjects": []}, "subjects"),
        ({"phrases": {"haze": [2, {"lake": 9}]}}, "more often with 'lake'"),
    ],
)
def test_a_table_with_a_fault(tmp_path: Path, change: dict[str, Any], said: str):
    good = {"format": FORMAT, "subjects": {"lake": 3}, "phrases": {"haze": [2, {"lake": 2}]}}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(good))
    assert ModifierTable.load(path).totals == {"lake": 3}
    path.write_text(json.dumps(good | change))
    with pytest.raises(ModifiersInvalid, match=said) as caught:
        ModifierTable.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[1", b"[1]", b"[" * 100_000])
def test_a_file_that_is_no_table(tmp_path: Path, body: bytes):
    path = tmp_path / "mine.json"
    path.write_bytes(body)
    with pytest.raises(ModifiersInvalid, match=r"mine\.json"):
        ModifierTable.load(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time: [night]", "key time: has one side"),
        ("time: [night, 'morning,,dawn']", "between two commas"),
        ("time: {night: morning}", "key time"),
        ("- night", "mapping"),
        ("time: [night", "not valid YAML"),
    ],
)
def test_contradictions_with_a_fault(tmp_path: Path, text: str, said: str):
    (tmp_path / "modifiers").mkdir()
    (tmp_path / "modifiers" / "contradictions.yaml").write_text(text)
    with pytest.raises(ModifiersInvalid, match=said):
        Contradictions.load([tmp_path])


def test_a_folders_groups_win_over_those_of_later_ones(tmp_path: Path):
    (tmp_path / "modifiers").mkdir()
    (tmp_path / "modifiers" / "contradictions.yaml").write_text(
        "season: [warm season, cold season]\nshape: [round, square]"
    )
    rules = Contradictions.load([tmp_path, tmp_path / "none", places.PROMPTS])
    assert not contradict(rules.claims("summer"), rules.claims("winter village"))
    assert contradict(rules.claims("round table"), rules.claims("square"))
    assert contradict(rules.claims("night"), rules.claims("noon"))


def test_the_prompts_that_come_along_do_not_contradict_themselves():
    for prompt in SOURCE.read_text("utf-8").splitlines():
        claims = RULES.claims(prompt)
        assert not contradict(claims, claims), prompt


def test_the_shipped_table_goes_by_subject():
    shipped = ModifierTable.load(SHIPPED)
    forest = draws(shipped, "pine forest", "pine forest", count=4, times=100)
    office = draws(shipped, "open office", "open office", count=4, times=100)
    assert forest["lush greenery"] > 10 * max(1, office["lush greenery"])
    assert office["indoor plants"] > 3 * max(1, forest["indoor plants"])
    assert not any(FORBIDDEN.reason(phrase.text) for phrase in shipped.phrases)


def test_likes_are_read_from_text():
    assert parse_verdicts("") == Verdicts()
    assert parse_verdicts('{"haze": [3, 1]}') == Verdicts({"haze": (3, 1)})


@pytest.mark.parametrize(
    "text", ["haze", "[]", '{"haze": 3}', '{"haze": [3]}', '{"haze": [true, 1]}', '{"a": [-1, 0]}']
)
def test_likes_that_are_none_are_told(text: str):
    with pytest.raises(ModifiersInvalid):
        parse_verdicts(text)
