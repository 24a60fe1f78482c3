"""Likes and dislikes: what is kept of a picture, and what follows for modifiers."""

from __future__ import annotations

import math
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from driver.avatars.people import Folder, make_private, write_private
from driver.avatars.ratings import Ratings, modifiers_of, owner_of, rate
from driver.errors import AvatarUnknown, DiskTrouble
from driver.hashing import file_sha256
from driver.ledger import Ledger, StoredFile
from driver.order import Order
from stockwright.core.jobs import Job
from stockwright.core.kinds import Kind
from stockwright.core.loras import LoraUse
from stockwright.core.modifiers.verdicts import Verdicts
from stockwright.core.people import lora_name
from stockwright.core.themes import Theme
from tests.people import KEY, NAME, person, png

WISH = "astronaut on the moon"


def job(seed: int, *modifiers: str) -> Job:
    made = Job.create(
        theme="avatar", kind="portraits", subject=WISH, negative="blurry", seed=seed,
        prompt=", ".join(["(photo of ohwx man:1.05)", WISH, *modifiers]),
        axes=(("light", "soft light"),),
    )  # fmt: skip
    return replace(made, width=64, height=96)


def run(folder: Folder, name: str, *jobs: Job) -> list[Path]:
    """A run with a finished picture for each job."""
    place = folder.made / name
    make_private(place / "images")
    loras = (LoraUse(lora_name(folder.read().token, KEY), 0.8), LoraUse("film", 0.4))
    order = Order(
        themes=(Theme(id="avatar", title="avatar"),),
        kinds=(Kind("portraits", 1.0, "a portrait", "{subject}"),),
        count=len(jobs), seed=1, workflow="0" * 64, plan="0" * 64, loras=loras, style="film",
        checkpoint="sketch.safetensors",
    )  # fmt: skip
    (place / "order.yaml").write_text(order.to_yaml())
    ledger = Ledger(place / "run.sqlite")
    ledger.add(jobs)
    ledger.queue("graph", jobs)
    paths: list[Path] = []
    for one in jobs:
        path = place / "images" / f"{one.id}.png"
        write_private(path, png("obama") + one.id.encode())
        file = StoredFile(f"images/{path.name}", 64, 96, path.stat().st_size, file_sha256(path))
        ledger.finish("graph", {one.id: file})
        paths.append(path)
    ledger.close()
    return paths


def test_all_that_made_the_picture_is_kept(tmp_path: Path):
    folder = person(tmp_path)
    run(folder, "a-run", job(1, "35mm film"))
    made = job(7, "soft light", "35mm film")
    (picture,) = run(folder, "b-run", made)
    rating = rate(folder, picture, liked=True)
    assert Ratings(folder).all() == [rating]
    assert (rating.run, rating.file, rating.job) == ("b-run", f"images/{made.id}.png", made.id)
    assert (rating.prompt, rating.negative, rating.wish) == (made.prompt, made.negative, WISH)
    assert (rating.seed, rating.size, rating.axes) == (7, (64, 96), {"light": "soft light"})
    assert rating.modifiers == ("soft light", "35mm film")
    assert (rating.model, rating.style, rating.checkpoint) == (KEY, "film", "sketch.safetensors")
    assert rating.loras[1] == "film:0.4"
    assert rating.sha256 == file_sha256(picture)
    assert rating.liked
    assert Order.from_yaml(picture.parent.parent / "order.yaml").to_yaml() == rating.order


def test_the_last_verdict_counts(tmp_path: Path):
    folder = person(tmp_path)
    one, other = run(folder, "run", job(1, "film grain"), job(2, "film grain"))
    rate(folder, one, liked=True)
    rate(folder, other, liked=False)
    rate(folder, one, liked=False)
    assert [(rating.sha256, rating.liked) for rating in Ratings(folder).all()] == [
        (file_sha256(other), False),
        (file_sha256(one), False),
    ]
    assert Ratings(folder).marks() == {"film grain": (0, 2)}


def test_a_picture_is_known_by_its_content(tmp_path: Path):
    folder, other = person(tmp_path / "people"), person(tmp_path / "people", "boris")
    (picture,) = run(other, "run", job(1))
    copy = Path(shutil.copy(picture, tmp_path / "copy.png"))
    assert owner_of(copy, tmp_path / "people").name == "boris"
    assert rate(other, copy, liked=True).file == f"images/{job(1).id}.png"
    with pytest.raises(AvatarUnknown, match="no run made this picture"):
        rate(folder, copy, liked=True)
    copy.write_bytes(copy.read_bytes() + b"changed")
    with pytest.raises(AvatarUnknown, match="no run made this picture"):
        owner_of(copy, tmp_path / "people")
    with pytest.raises(AvatarUnknown, match="the picture cannot be read"):
        owner_of(tmp_path / "nothing.png", tmp_path / "people")
    assert Ratings(folder).all() == []


def test_weights_follow_from_likes_and_dislikes(tmp_path: Path):
    folder = person(tmp_path)
    assert Ratings(folder).modifier_weights() == {}
    assert not (folder.path / "ratings.sqlite").exists(), "nothing is made to look at nothing"
    liked = run(folder, "liked", *(job(seed, "soft light", "film grain") for seed in range(4)))
    not_liked = run(folder, "not", *(job(seed, "film grain", "hdr sky") for seed in range(10, 14)))
    for picture in liked:
        rate(folder, picture, liked=True)
    for picture in not_liked:
        rate(folder, picture, liked=False)
    ratings = Ratings(folder)
    assert ratings.modifier_weights() == {
        "soft light": pytest.approx(math.log(6 / 2)),
        "film grain": 0.0,
        "hdr sky": pytest.approx(math.log(2 / 6)),
    }
    verdicts = Verdicts(ratings.marks())
    for phrase, weight in ratings.modifier_weights().items():
        odds = math.exp(weight)
        assert verdicts.weight(phrase) == pytest.approx(2 * odds / (1 + odds)), "the same prior"


@pytest.mark.parametrize(
    ("prompt", "modifiers"),
    [
        (f"(photo of ohwx man:1.05), {WISH}, soft light", ("soft light",)),
        (f"photo of ohwx man {WISH}, (soft light:1.2), soft light", ("soft light",)),
        (f"photo of ohwx man, {WISH}", ()),
        (f"photo of ohwx man, {WISH}, in the style of someone, by a painter", ()),
    ],
)
def test_what_is_a_modifier(prompt: str, modifiers: tuple[str, ...]):
    assert modifiers_of(replace(job(1), prompt=prompt)) == modifiers


def test_only_the_owner_may_read(tmp_path: Path):
    folder = person(tmp_path)
    (picture,) = run(folder, "run", job(1))
    rate(folder, picture, liked=True)
    files = list(folder.path.glob("ratings.sqlite*"))
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600]


def test_no_name_of_the_person_is_kept(tmp_path: Path):
    folder = person(tmp_path)
    (picture,) = run(folder, "run", job(1))
    rate(folder, picture, liked=True)
    assert NAME.encode() not in (folder.path / "ratings.sqlite").read_bytes()


def test_a_damaged_file_says_so(tmp_path: Path):
    folder = person(tmp_path)
    (folder.path / "ratings.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(DiskTrouble, match="ratings cannot be used"):
        Ratings(folder).all()


def test_a_damaged_run_does_not_hide_the_others(tmp_path: Path):
    folder = person(tmp_path)
    make_private(folder.made / "a")
    (folder.made / "a" / "run.sqlite").write_bytes(b"no database" * 100)
    (picture,) = run(folder, "b", job(1))
    assert rate(folder, picture, liked=False).run == "b"
    (folder.made / "b" / "order.yaml").unlink()
    assert rate(folder, picture, liked=False).style == ""
