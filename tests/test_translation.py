"""Translating: what goes to a service, what comes back, what is paid for, and what goes wrong."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from stockwright.core.errors import TranslationInvalid, TranslationUnavailable
from stockwright.core.glossary import Glossary
from stockwright.engine.settings import find_yandex
from stockwright.engine.translation import AUTO, FILE, Translator
from stockwright.engine.yandex import ATTEMPTS, Yandex
from tests.yandexserver import FOLDER, KEY, Odd, YandexServer, pairs_of

NO_TERMS = Glossary({})


@pytest.fixture
def server() -> Iterator[YandexServer]:
    with YandexServer() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def yandex(server: YandexServer, waits: list[float]) -> Yandex:
    return Yandex(KEY, FOLDER, server.url, pause=waits.append)


@pytest.fixture
def translator(yandex: Yandex, tmp_path: Path) -> Translator:
    return Translator(lambda: yandex, tmp_path, NO_TERMS)


# Prompts


def test_syntax_stays_and_words_are_translated(translator: Translator, server: YandexServer):
    server.words = {"красный стул": "red chair", "окно": "window", "свет": "light"}
    prompt = (
        "((красный стул:1.2)), [окно] <lora:стиль:0.8> BREAK __цвет__, embedding:имя , {свет|a}"
    )
    assert translator.translate([prompt]) == [
        "((red chair:1.2)), [window] <lora:стиль:0.8> BREAK __цвет__, embedding:имя , {light|a}"
    ]
    assert server.texts == ["красный стул", "окно", "свет"]


@pytest.mark.parametrize("text", ["a  red chair ,(x:1.2)\r\n", "naïve café, 5 μm", "", " "])
def test_english_passes_untouched_and_needs_no_service(tmp_path: Path, text: str):
    def none() -> Yandex:
        raise AssertionError("nothing is to be translated")

    assert Translator(none, tmp_path, NO_TERMS).translate([text]) == [text]
    assert not list(tmp_path.iterdir())


def test_a_translation_brings_no_syntax_along(translator: Translator, server: YandexServer):
    server.words = {"стул": "a chair (old): [red]\n{a|b} AND <lora:x:1> __y__."}
    assert translator.translate(["(стул:1.2)"]) == ["(a chair old red a b and lora x 1 y:1.2)"]


def test_a_named_language_in_latin_letters(translator: Translator, server: YandexServer):
    server.words = {"ein Stuhl": "a chair"}
    assert translator.translate(["(ein Stuhl:1.1), 85"], "de") == ["(a chair:1.1), 85"]
    assert server.asked[0].body["sourceLanguageCode"] == "de"


def test_a_phrase_comes_once_however_often_it_stands(translator: Translator, server: YandexServer):
    assert translator.translate(["стул, стол", "стол, лампа"]) == ["stul, stol", "stol, lampa"]
    assert server.texts == ["стул", "стол", "лампа"]


def test_progress(translator: Translator):
    seen: list[tuple[int, int]] = []
    texts = [f"стул {i}" for i in range(250)]
    translator.translate(texts, report=lambda done, total: seen.append((done, total)))
    assert seen == [(100, 250), (200, 250), (250, 250)]


# Yandex's protocol


def test_a_request_as_documented(yandex: Yandex, server: YandexServer, tmp_path: Path):
    glossary = Glossary({"золотой час": "golden hour", "боке": "bokeh"})
    server.words = {"стул в золотом часе": "a chair at golden hour"}
    Translator(lambda: yandex, tmp_path, glossary).translate(["стул в золотом часе"])
    assert server.asked[0].authorization == f"Api-Key {KEY}"
    assert server.asked[0].body == {
        "texts": ["стул в золотом часе"],
        "sourceLanguageCode": "ru",
        "targetLanguageCode": "en",
        "format": "PLAIN_TEXT",
        "folderId": FOLDER,
        "glossaryConfig": {
            "glossaryData": {
                "glossaryPairs": [{"sourceText": "золотой час", "translatedText": "golden hour"}]
            }
        },
    }


def test_an_iam_token_and_no_folder(yandex: Yandex, server: YandexServer, tmp_path: Path):
    server.authorization = "Bearer t1.token"
    service = replace(yandex, key="t1.token", folder_id="")
    Translator(lambda: service, tmp_path, NO_TERMS).translate(["стул", "їжак"])
    without, named = sorted((asked.body for asked in server.asked), key=len)
    assert without.keys() == {"texts", "targetLanguageCode", "format"}
    assert named["sourceLanguageCode"] == "ru"


def test_batches_keep_to_the_limits(yandex: Yandex, server: YandexServer, tmp_path: Path):
    terms = {f"{i:03}слово": f"word {i}" for i in range(120)}
    texts = [f"{i:03}слово " + "и" * (i % 7 * 200) for i in range(120)]
    translator = Translator(lambda: yandex, tmp_path, Glossary(terms))
    assert len(translator.translate(texts)) == 120
    assert sorted(server.texts) == sorted(text.strip() for text in texts)
    assert all(len(pairs_of(asked.body)) <= 50 for asked in server.asked)


def test_of_too_many_terms_the_longest_are_sent(
    yandex: Yandex, server: YandexServer, tmp_path: Path
):
    words = [f"{i:02}слово" + "я" * (i % 8) for i in range(80)]
    glossary = Glossary(dict.fromkeys(words, "x"))
    Translator(lambda: yandex, tmp_path, glossary).translate([" ".join(words)])
    sent = [pair["sourceText"] for pair in pairs_of(server.asked[0].body)]
    assert sorted(map(len, sent)) == sorted(map(len, words))[-50:]


def test_a_phrase_that_fits_into_no_request(translator: Translator, server: YandexServer):
    with pytest.raises(TranslationInvalid, match="more than 10000 characters"):
        translator.translate(["я" * 10_001])
    assert not server.asked


# What goes wrong


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_asked_again(
    translator: Translator, server: YandexServer, waits: list[float], status: int
):
    server.odd = [Odd(status, "later")] * 3
    assert translator.translate(["стул"]) == ["stul"]
    assert waits == [1.0, 2.0, 4.0]
    assert len(server.asked) == 4


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_does_not_pass_is_given_up(
    translator: Translator, server: YandexServer, waits: list[float], status: int
):
    server.odd = [Odd(status, "limit on units exceeded")] * 9
    with pytest.raises(TranslationUnavailable, match=f"{status}: limit on units exceeded"):
        translator.translate(["стул"])
    assert len(server.asked) == ATTEMPTS
    assert len(waits) == ATTEMPTS - 1


@pytest.mark.parametrize(
    ("status", "hint"),
    [(400, "source language"), (401, "12 hours"), (403, "ai.translate.user"), (404, "_URL")],
)
def test_a_refusal_is_final(
    translator: Translator, server: YandexServer, waits: list[float], status: int, hint: str
):
    server.odd = [Odd(status, "so it is")]
    with pytest.raises(TranslationUnavailable, match=f"{status}: so it is") as raised:
        translator.translate(["стул"])
    assert hint in raised.value.hint
    assert (len(server.asked), waits) == (1, [])


def test_the_service_says_how_long_to_wait(
    translator: Translator, server: YandexServer, waits: list[float]
):
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    told = ["7", then, past, "soon"]
    server.odd = [Odd(429, headers={"Retry-After": value}) for value in told]
    translator.translate(["стул"])
    assert waits[0] == 7
    assert 20 < waits[1] <= 50
    assert waits[2:] == [0, 8]


def test_a_wait_that_is_too_long_is_not_begun(
    translator: Translator, server: YandexServer, waits: list[float]
):
    server.odd = [Odd(429, "hourly quota", headers={"Retry-After": "3600"})]
    with pytest.raises(TranslationUnavailable, match="hourly quota"):
        translator.translate(["стул"])
    assert (len(server.asked), waits) == (1, [])


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"{", "form"),
        (b"[]", "form"),
        (b'{"translations": 5}', "form"),
        (b'{"translations": [{"txt": "a"}]}', "form"),
        (b"\xff", "form"),
        (b'{"translations": []}', "0 translations came for 1"),
        (b'{"translations": [{"text": "a"}, {"text": "b"}]}', "2 translations came for 1"),
        (b'{"translations": [{"text": 5}]}', "translations came"),
        (b'{"translations": [{"text": " ."}]}', "no English text came"),
    ],
)
def test_broken_answers(translator: Translator, server: YandexServer, body: bytes, what: str):
    server.odd = [Odd(body=body)]
    with pytest.raises(TranslationUnavailable, match=what):
        translator.translate(["стул"])
    assert len(server.asked) == 1, "it may have been paid for"
    assert translator.translate(["стул"]) == ["stul"]


def test_an_error_that_is_not_the_services_own(translator: Translator, server: YandexServer):
    server.odd = [Odd(403, body=b"<html>")]
    with pytest.raises(TranslationUnavailable, match="403: Forbidden"):
        translator.translate(["стул"])


def test_connections_that_stall_or_break(yandex: Yandex, server: YandexServer, tmp_path: Path):
    server.odd = [Odd(stall=True), Odd(cut=True)]
    service = replace(yandex, timeout=0.5)
    assert Translator(lambda: service, tmp_path, NO_TERMS).translate(["стул"]) == ["stul"]
    assert len(server.asked) == 3


def test_nobody_answers(yandex: Yandex, waits: list[float], tmp_path: Path):
    service = replace(yandex, url="http://127.0.0.1:1")
    with pytest.raises(TranslationUnavailable, match="cannot be reached"):
        Translator(lambda: service, tmp_path, NO_TERMS).translate(["стул"])
    assert len(waits) == ATTEMPTS - 1


def test_a_redirect_does_not_get_the_key(translator: Translator, server: YandexServer):
    with YandexServer() as other:
        server.odd = [Odd(307, headers={"Location": other.url})]
        with pytest.raises(TranslationUnavailable, match="307"):
            translator.translate(["стул"])
        assert not other.asked


# What is paid for


def test_nothing_is_paid_twice(translator: Translator, server: YandexServer):
    texts = ["красный стул, лампа", "a стол"]
    first = translator.translate(texts)
    assert translator.translate(texts) == first
    assert len(server.asked) == 1
    translator.translate(["лампа, ковёр"])
    assert server.asked[1].body["texts"] == ["ковёр"]


def test_a_crash_in_the_middle_keeps_what_was_paid(translator: Translator, server: YandexServer):
    texts = [f"стул {i}" for i in range(250)]
    calls: list[int] = []

    def crash(done: int, total: int) -> None:
        calls.append(done)
        if done == 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        translator.translate(texts, report=crash)
    assert translator.translate(texts) == [f"stul {i}" for i in range(250)]
    assert sorted(server.texts) == sorted(texts)


def test_a_service_that_fails_in_the_middle(translator: Translator, server: YandexServer):
    texts = [f"стул {i}" for i in range(150)]
    translator.translate(texts[:1])
    server.odd = [Odd(401)]
    with pytest.raises(TranslationUnavailable):
        translator.translate(texts)
    del server.asked[:]
    translator.translate(texts)
    assert sorted(server.texts) == sorted(texts[1:])


def test_one_empty_answer_does_not_waste_the_others(translator: Translator, server: YandexServer):
    server.words = {"стул": ""}
    with pytest.raises(TranslationUnavailable, match="'стул'"):
        translator.translate(["лампа, стул"])
    server.words = {}
    assert translator.translate(["лампа, стул"]) == ["lampa, stul"]
    assert server.texts == ["лампа", "стул", "стул"]


def test_several_at_once_pay_once(yandex: Yandex, server: YandexServer, tmp_path: Path):
    texts = [f"стул {i}" for i in range(120)]
    gate = threading.Barrier(4)

    def work(_: int) -> list[str]:
        gate.wait()
        return Translator(lambda: yandex, tmp_path, NO_TERMS).translate(texts)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    assert all(result == results[0] for result in results)
    assert sorted(server.texts) == sorted(texts)


def test_another_language_glossary_or_service_counts_apart(
    yandex: Yandex, server: YandexServer, tmp_path: Path
):
    def run(glossary: Mapping[str, str], source: str = AUTO) -> str:
        return Translator(lambda: yandex, tmp_path, Glossary(glossary)).translate(["боке"], source)[
            0
        ]

    assert run({}) == "boke"
    assert run({"боке": "bokeh"}) == "bokeh"
    assert run({"стул": "chair"}) == "boke", "a term that is not in the text changes nothing"
    assert run({}, "uk") == "boke"
    assert len(server.asked) == 3


@pytest.mark.parametrize("content", [b"no database at all" * 99, None])
def test_a_file_of_translations_that_cannot_be_used(
    translator: Translator, tmp_path: Path, content: bytes | None
):
    if content is None:
        (tmp_path / FILE).mkdir()
    else:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(TranslationUnavailable, match="cannot be used"):
        translator.translate(["стул"])


def test_a_file_of_a_later_version(translator: Translator, server: YandexServer, tmp_path: Path):
    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute("PRAGMA user_version = 99")
    with pytest.raises(TranslationUnavailable, match="later version"):
        translator.translate(["стул"])
    assert not server.asked


# Secrets


@pytest.mark.parametrize(
    "odd",
    [
        Odd(401, f"Unknown api key '{KEY}'"),
        Odd(403, f"Permission to [resource-manager.folder {FOLDER}] denied"),
        Odd(400, f"Unknown api key '{KEY[:4]}*****{KEY[-4:]}'"),
        Odd(500, f"{KEY} {FOLDER}"),
        Odd(403, body=f"<html>{KEY}".encode()),
        Odd(body=KEY.encode()),
    ],
)
def test_no_secret_in_errors_and_logs(
    translator: Translator, server: YandexServer, caplog: pytest.LogCaptureFixture, odd: Odd
):
    caplog.set_level(logging.DEBUG)
    server.odd = [odd] * ATTEMPTS
    with pytest.raises(TranslationUnavailable) as raised:
        translator.translate(["стул"])
    logging.getLogger("test").error("it failed", exc_info=raised.value)
    for secret in (KEY, FOLDER, f"{KEY[:4]}*", KEY[-4:]):
        assert secret not in caplog.text
    assert KEY not in repr(translator.find())
    assert FOLDER not in repr(translator.find())


def test_settings_come_from_the_environment_or_a_file(tmp_path: Path):
    def find(**environment: str) -> Yandex | None:
        return find_yandex(tmp_path, environment, lambda _: None)

    assert find() is None
    assert find(YANDEX_TRANSLATE_KEY=" ") is None
    found = find(YANDEX_TRANSLATE_KEY=" k1\n", YANDEX_TRANSLATE_URL="http://localhost:1/api/")
    assert found and (found.key, found.folder_id) == ("k1", "")
    assert found.url == "http://localhost:1/api"
    (tmp_path / "translate.yaml").write_text("yandex_key: k2\nyandex_folder_id: 0123\n")
    found = find(YANDEX_TRANSLATE_KEY="k1")
    assert found and (found.key, found.folder_id) == ("k1", "0123")
    found = find()
    assert found and (found.key, found.url) == ("k2", "https://translate.api.cloud.yandex.net")
    (tmp_path / "translate.yaml").write_text("# empty\n")
    assert find() is None


@pytest.mark.parametrize(
    "text",
    [
        "yandex_key: AQVNsecret: x",
        "yandex_key: [AQVNsecret",
        "AQVNsecret",
        "AQVNsecret: x",
        "yandex_key: [AQVNsecret]",
        "yandex_key: AQVNsecret два",
        "- AQVNsecret",
    ],
)
def test_a_settings_file_is_never_quoted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
):
    (tmp_path / "translate.yaml").write_text(text, "utf-8")
    with pytest.raises(TranslationInvalid, match=r"translate\.yaml") as raised:
        find_yandex(tmp_path, {}, lambda _: None)
    logging.getLogger("test").error("it failed", exc_info=raised.value)
    assert "AQVNsecret" not in caplog.text


@pytest.mark.parametrize("url", ["host:80", "ftp://host", "http://", "http://[::1", "http://a b"])
def test_addresses(tmp_path: Path, url: str):
    environment = {"YANDEX_TRANSLATE_KEY": KEY, "YANDEX_TRANSLATE_URL": url}
    with pytest.raises(TranslationInvalid, match="YANDEX_TRANSLATE_URL: is no address"):
        find_yandex(tmp_path, environment, lambda _: None)
