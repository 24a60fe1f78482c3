"""A language model on a server, asked for real over HTTP."""

from __future__ import annotations

import socket
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from stockwright.core.addresses import LLM_KEY
from stockwright.core.asking import Ask, grammar
from stockwright.core.errors import LLMInvalid, LLMUnavailable
from stockwright.engine import transport
from stockwright.engine.chat import lines_of
from stockwright.engine.remote import RemoteLLM
from stockwright.engine.transport import Line, Status
from tests.llmserver import LLMServer, Reply

ASK = Ask(
    system="You name subjects.",
    turns=(("Theme: Music. List rooms.", "- recording studio\n- jazz bar\n"),),
    question="Theme: Medicine. List rooms.",
    opening="- hospital ward\n- dental clinic\n",
    grammar=grammar(["abc", "def", "ghi"]),
    max_tokens=36,
    temperature=0.8,
    seed=1,
    lines=3,
)
ROOMS = ["bbb room", "bbb hall", "bbb desk"]


class Waits(threading.Event):
    """Takes down how long was to be waited, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.seconds.append(timeout)
        return False


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_WAIT", 0.0)
    monkeypatch.delenv(LLM_KEY, raising=False)


@pytest.fixture
def server() -> Iterator[LLMServer]:
    with LLMServer() as running:
        yield running


def failing(llm: RemoteLLM, asks: int = 1) -> LLMUnavailable:
    with pytest.raises(LLMUnavailable) as caught:
        llm([ASK] * asks)
    return caught.value


def test_llama_server_gets_the_grammar(server: LLMServer):
    llm = RemoteLLM(server.url)
    assert llm([ASK]) == [ROOMS]
    (body,) = server.chats
    assert body == {
        "model": "small",
        "messages": [
            {"role": "system", "content": ASK.system},
            {"role": "user", "content": "Theme: Music. List rooms."},
            {"role": "assistant", "content": "- recording studio\n- jazz bar"},
            {
                "role": "user",
                "content": "Theme: Medicine. List rooms. Not these: hospital ward, dental clinic.",
            },
        ],
        "temperature": 0.8,
        "seed": 1,
        "max_tokens": 36,
        "stream": False,
        "chat_template_kwargs": {"enable_thinking": False},
        "grammar": ASK.grammar,
    }


@pytest.mark.parametrize(
    ("owner", "extra"),
    [
        ("vllm", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("library", {"reasoning_effort": "none"}),
        ("openai", {}),
    ],
)
def test_other_servers_get_a_schema(owner: str, extra: dict[str, Any]):
    with LLMServer(owner) as server:
        assert RemoteLLM(server.url)([ASK]) == [ROOMS]
        (body,) = server.chats
    assert "grammar" not in body
    schema = body["response_format"]["json_schema"]["schema"]
    texts = schema["properties"]["lines"]
    assert (schema["type"], texts["type"]) == ("object", "array")
    assert (texts["minItems"], texts["maxItems"]) == (3, 3)
    assert body["messages"][2]["content"] == '{"lines": ["recording studio", "jazz bar"]}'
    assert "JSON" in body["messages"][-1]["content"]
    assert body["max_tokens"] > ASK.max_tokens
    known = {"model", "messages", "temperature", "seed", "max_tokens", "stream", "response_format"}
    assert {key: value for key, value in body.items() if key not in known} == extra


@pytest.mark.parametrize(("owner", "field"), [("vllm", "response_format"), ("llamacpp", "grammar")])
def test_a_server_that_refuses_the_form_is_asked_in_words(owner: str, field: str):
    with LLMServer(owner) as server:
        server.refuses = ("response_format", "grammar")
        llm = RemoteLLM(server.url)
        assert llm([ASK]) == [ROOMS]
        assert llm([replace(ASK, seed=2)]) == [["ccc room", "ccc hall", "ccc desk"]]
        assert [field in body for body in server.chats] == [True, False, False]
        assert "Write 3 of them" in server.chats[-1]["messages"][-1]["content"]


def test_a_request_that_is_refused_in_any_form_shows_the_servers_words(server: LLMServer):
    server.first = [Reply(400, '{"error": {"message": "the context is full"}}')] * 2
    error = failing(llm := RemoteLLM(server.url))
    assert "400: the context is full" in error.what
    llm([ASK])
    assert "grammar" in server.chats[-1], "the form was not what was refused"


@pytest.mark.parametrize("owner", ["llamacpp", "vllm"])
def test_one_free_sentence(owner: str):
    with LLMServer(owner) as server:
        server.answer = lambda body: 'Here it is:\n\n"A Bright ward, soft light: calm."\n'
        free = replace(ASK, lines=0, grammar="", opening="")
        assert RemoteLLM(server.url)([free]) == [["A Bright ward, soft light: calm."]]
        (body,) = server.chats
    assert "grammar" not in body and "response_format" not in body
    assert body["messages"][-1]["content"] == ASK.question


def test_requests_are_under_way_at_once_and_keep_their_order(server: LLMServer):
    together, first_last = threading.Barrier(4, timeout=60), threading.Event()

    def before(body: dict[str, Any]) -> None:
        together.wait()
        if body["seed"] == 0:
            first_last.wait(60)
        elif body["seed"] == 3:
            first_last.set()

    server.before = before
    answers = RemoteLLM(server.url, parallel=4)([replace(ASK, seed=n) for n in range(4)])
    assert [lines[0] for lines in answers] == ["aaa room", "bbb room", "ccc room", "ddd room"]


def test_no_more_requests_than_parallel_are_under_way(server: LLMServer):
    lock, under_way, most = threading.Lock(), [0], [0]
    answer = server.answer

    def before(body: dict[str, Any]) -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])

    def last(body: dict[str, Any]) -> str:
        with lock:
            under_way[0] -= 1
        return answer(body)

    server.before, server.answer = before, last
    asks = [replace(ASK, seed=n) for n in range(12)]
    assert [lines[0][0] for lines in RemoteLLM(server.url, parallel=2)(asks)] == [*"abcdefghijab"]
    assert 1 <= most[0] <= 2


def test_an_interruption_does_not_wait_for_the_server(server: LLMServer):
    server.before = lambda body: server.over.wait(60)

    def check() -> None:
        if server.chats:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RemoteLLM(server.url, parallel=2, check=check)([ASK] * 8)
    assert not server.over.is_set()
    assert len(server.chats) <= 2, "what waits for its turn is not sent"


def test_one_failure_ends_the_call(server: LLMServer):
    server.first = [Reply(403, "no")]
    assert "does not" not in failing(RemoteLLM(server.url, parallel=1), asks=9).what
    assert len(server.chats) <= 2


@pytest.mark.parametrize(
    ("after", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("3600", 60.0), ("-3", 0.0), ("soon", 0.0), ("nan", 0.0), ("", 0.0)],
)
def test_a_busy_server_is_given_the_time_it_asks_for(server: LLMServer, after: str, seconds: float):
    server.first = [Reply(429, "busy", {"Retry-After": after})]
    line = Line(f"{server.url}/v1", "", 60, waits := Waits())
    line.post("/chat/completions", {"seed": 1})
    assert waits.seconds == [seconds]
    assert len(server.chats) == 2


def test_a_busy_server_may_name_a_moment(server: LLMServer):
    server.first = [Reply(503, "busy", {"Retry-After": formatdate(time.time() + 30)})]
    line = Line(f"{server.url}/v1", "", 60, waits := Waits())
    line.post("/chat/completions", {"seed": 1})
    assert 0 < waits.seconds[0] <= 30


def test_waits_grow_and_end(server: LLMServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transport, "FIRST_WAIT", 1.0)
    server.first = [Reply(500, "oh")] * 9
    line = Line(f"{server.url}/v1", "", 60, waits := Waits())
    with pytest.raises(Status, match="500: oh"):
        line.post("/chat/completions", {"seed": 1})
    assert waits.seconds == [1, 2, 4]


def test_a_server_that_stumbles_is_asked_again(server: LLMServer):
    server.first = [Reply(500, "oh"), Reply(503, ""), Reply(429, "", {"Retry-After": "0"})]
    assert RemoteLLM(server.url)([ASK]) == [ROOMS]
    assert len(server.chats) == 4


@pytest.mark.parametrize(("status", "words"), [(500, "500: oh"), (429, "429: oh")])
def test_a_server_that_only_stumbles_is_named(server: LLMServer, status: int, words: str):
    server.first = [Reply(status, "oh")] * 9
    error = failing(RemoteLLM(server.url))
    assert words in error.what and error.where == f"{server.url}/v1"


def test_a_stalled_request_is_sent_again(server: LLMServer):
    stalled = threading.Event()

    def before(body: dict[str, Any]) -> None:
        if not stalled.is_set():
            stalled.set()
            server.over.wait(60)

    server.before = before
    assert RemoteLLM(server.url, timeout=2.0)([ASK]) == [ROOMS]
    assert len(server.chats) >= 2


def test_a_server_that_never_answers_is_given_up(server: LLMServer):
    server.before = lambda body: server.over.wait(60)
    error = failing(RemoteLLM(server.url, timeout=0.2))
    assert "within 0.2 s, 4 times" in error.what and "timeout" in error.hint
    assert len(server.chats) == transport.TRIES


def test_nothing_at_the_address():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = failing(RemoteLLM(f"http://127.0.0.1:{port}"))
    assert "nothing answers" in error.what and str(port) in error.where
    assert "no server of this name" in failing(RemoteLLM("http://nowhere.invalid")).what


def test_a_key_is_sent_and_never_shown(
    server: LLMServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    server.key = "sk-right"
    llm = RemoteLLM(server.url, key_variable=f"{LLM_KEY}_2")
    asking = failing(llm)
    assert "asks for a key" in asking.what and f"{LLM_KEY}_2" in asking.hint
    monkeypatch.setenv(f"{LLM_KEY}_2", "sk-wrong")
    wrong = failing(llm)
    assert "does not accept the key (401: the key '...' is wrong)" in wrong.what
    monkeypatch.setenv(f"{LLM_KEY}_2", " sk-right\n")
    server.first = [Reply(500, "sk-right")]
    assert llm([ASK]) == [ROOMS]
    shown = f"{llm!r} {asking} {wrong} {caplog.text}"
    assert "sk-" not in shown


@pytest.mark.parametrize(
    "said",
    [
        '{"error": {"message": "wrong: sk-a\\/right"}}',  # as PHP writes a slash
        '{"error": {"message": "wrong: sk-a/\\u0072ight"}}',
        '{"error": "wrong: sk-a*****ght"}',
        '"' + "x" * 294 + 'sk-a/right"',
    ],
)
def test_a_key_that_is_quoted_in_another_form_is_not_shown(
    server: LLMServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, said: str
):
    caplog.set_level("DEBUG")
    monkeypatch.setenv(LLM_KEY, "sk-a/right")
    server.first = [Reply(500, said)] * 9
    error = failing(RemoteLLM(server.url))
    assert "sk-a" not in f"{error.what} {caplog.text}"
    assert "500" in caplog.text


def test_a_key_in_place_of_an_answer_is_not_shown(caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG")
    with socket.create_server(("127.0.0.1", 0)) as strange:

        def echo() -> None:
            client, _ = strange.accept()
            with client:
                client.recv(100_000)
                client.sendall(b"Bearer sk-right\r\n")

        thread = threading.Thread(target=echo)
        thread.start()
        line = Line(f"http://127.0.0.1:{strange.getsockname()[1]}", "sk-right", 60, Waits())
        with pytest.raises(LLMUnavailable) as caught:
            line.get("/models")
        thread.join()
    told = "".join(traceback.format_exception(caught.value))
    assert "sk-right" not in told + caplog.text


def test_an_answer_that_was_cut_off_is_asked_for_again(server: LLMServer):
    whole = '{"choices": [{"message": {"content": "- a ward"}}]}'
    server.first = [Reply(text=whole, headers={"Content-Length": str(len(whole) + 1)})]
    assert RemoteLLM(server.url)([ASK]) == [ROOMS]
    assert len(server.chats) == 2


@pytest.mark.parametrize("key", ["a b", "ключ", "a\nb"])
def test_a_damaged_key_is_not_sent(server: LLMServer, monkeypatch: pytest.MonkeyPatch, key: str):
    monkeypatch.setenv(LLM_KEY, key)
    with pytest.raises(LLMInvalid, match=LLM_KEY) as caught:
        RemoteLLM(server.url)([ASK])
    assert key not in str(caught.value)
    assert not server.asked


def test_a_redirect_does_not_get_the_key(server: LLMServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(LLM_KEY, "sk-right")
    with LLMServer() as elsewhere:
        server.always = Reply(302, "", {"Location": f"{elsewhere.url}/v1/models"})
        assert "another address (302)" in failing(RemoteLLM(server.url)).what
        assert not elsewhere.asked


def test_an_unknown_model_lists_those_there_are():
    with LLMServer("library", ("llama3:8b", "qwen2.5:7b")) as server:
        server.only_listed = True
        error = failing(RemoteLLM(server.url, "lama3"))
        assert "'lama3' not found" in error.what
        assert error.hint == "Its models are llama3:8b, qwen2.5:7b."


def test_the_first_model_is_taken_where_none_is_named():
    with LLMServer("vllm", ("one", "two")) as server:
        llm = RemoteLLM(server.url)
        assert not llm.is_open and not server.asked
        llm.open()
        assert llm.is_open and llm.fingerprint == f"{server.url}/v1 one"
        llm([ASK])
        assert server.chats[0]["model"] == "one"
        llm.close()
        server.models = ("two",)
        assert not llm.is_open and llm.fingerprint == f"{server.url}/v1 two"
        assert RemoteLLM(server.url, "mine").fingerprint == f"{server.url}/v1 mine"
        server.models = ()
        assert "has no model" in failing(RemoteLLM(server.url)).what


def test_a_server_without_a_list_of_models_needs_a_name(server: LLMServer):
    server.reply = lambda asked, usual=server.reply: (
        Reply(404, "nothing here") if asked.path.endswith("/models") else usual(asked)
    )
    assert "404: nothing here" in failing(RemoteLLM(server.url)).what
    assert RemoteLLM(server.url, "mine")([ASK]) == [ROOMS]


PAGE = "<!DOCTYPE html><html><body>Welcome</body></html>"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PAGE, "not JSON: '<!DOCTYPE html>"),
        ("", "not JSON"),
        ('{"choices": [', "not JSON"),
        ('"hello"', "not that of a language model's server"),
        ('{"data": 3}', "not that of a language model's server"),
    ],
)
def test_another_kind_of_server_is_told(server: LLMServer, text: str, words: str):
    server.always = Reply(text=text)
    error = failing(RemoteLLM(server.url))
    assert words in error.what and "llama-server" in error.hint


@pytest.mark.parametrize(
    "text",
    [PAGE, "[" * 9999, "{}", '{"choices": []}', '{"choices": [3]}', '{"choices": [{"message": 3}]}',
     '{"choices": [{"message": {"content": 3}}]}'],
)  # fmt: skip
def test_garbage_in_place_of_an_answer_is_told(server: LLMServer, text: str):
    server.first = [Reply(text=text)]
    assert "the answer is" in failing(RemoteLLM(server.url)).what


def test_what_is_no_web_server_is_told():
    with socket.create_server(("127.0.0.1", 0)) as strange:

        def greet() -> None:
            client, _ = strange.accept()
            with client:
                client.recv(100_000)
                client.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        error = failing(RemoteLLM(f"http://127.0.0.1:{strange.getsockname()[1]}"))
        thread.join()
    assert "no web server" in error.what


def test_a_model_that_only_thinks_is_told(server: LLMServer):
    message = {"content": "", "reasoning_content": "Well, the user"}
    server.choice = {"finish_reason": "length", "message": message}
    assert "only thought" in failing(RemoteLLM(server.url)).what


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("- dental chair\n- x-ray room\n- pharmacy\n", ["dental chair", "x-ray room", "pharmacy"]),
        ("1. Dental Chair\n2) X-ray room\n(3) Ward", ["dental chair", "x-ray room", "ward"]),
        ("* **Ward**: where patients lie\n• Lab - bright", ["ward", "lab"]),
        ("\"Ward\",\n'Lab'.\n\n", ["ward", "lab"]),
        ('["Ward", "Lab"]', ["ward", "lab"]),
        ('{"rooms": ["Ward", "Lab", 3]}', ["ward", "lab"]),
        ('```json\n{"lines": ["Ward"]}\n```', ["ward"]),
        ('{"lines": ["ward", "la\\u0062", "dental cha', ["ward", "lab"]),
        ("<think>Rooms: - bed\n</think>\n\n- ward", ["ward"]),
        ("Sure! Here are three:\n- ward", ["ward"]),
        ("a\nb\nc\nd\ne", ["a", "b", "c"]),
        ("null", []),
        ("[null, 3, true]", []),
        ("1) cup 2) pot 3) 3.5 mm jack", ["cup", "pot", "3.5 mm jack"]),
        ("1. cup\n2. room 2. left", ["cup", "room", "left"]),
        ("| no | name | use |\n|---:|:---|---|\n| 1 | Cup | tea |\n| 2 | Pot | |", ["cup", "pot"]),
        ("Name\n---\nward", ["ward"]),
        ('[{"name": "cup", "use": "for tea"}, {"name": "pot"}]', ["cup", "pot"]),
        ('{"1": "cup", "2": "pot"}', ["cup", "pot"]),
        ('{"lines": "cup, pot"}', ["cup", "pot"]),
        ('{"theme": "tea", "lines": {"a": ["cup", ["pot"]]}}', ["cup", "pot"]),
        ('{"theme": "tea", "things": ["cup"]}', ["cup"]),
        ('[{"name": "cup"}, {"name": "po', ["cup"]),
        ('"ward, lab"', ["ward", "lab"]),
        ("{}", []),
        ("", []),
    ],
)
def test_answers_are_read_leniently(text: str, lines: list[str]):
    assert lines_of(ASK, text, cut=False) == lines


def test_a_line_that_was_cut_off_is_left_out():
    assert lines_of(ASK, "- ward\n- dental cha", cut=True) == ["ward"]
    assert lines_of(replace(ASK, lines=0), "A bright ward with", cut=True) == []
