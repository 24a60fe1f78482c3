"""Photos of a person: taken in, judged, cropped and described.

What is there changes at one moment only, when the record is written: photos and crops come into
being in a folder of their own and are moved when they are whole. What an interrupted command left
is removed by the next one.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from stockwright.core.addresses import llm_address
from stockwright.core.portraits import FILE, Intake, load_intake

from ..errors import AvatarInvalid, ConsentMissing, PhotosRefused
from ..events import Notice
from ..places import PROMPTS
from .cropping import has_crops, make_crops
from .examining import Chosen, examine
from .intake_events import Report
from .intake_worker import Folders, Worker
from .people import Folder, Person, make_private, new_token
from .reached import reached
from .staging import staging, sweep

LEAST = 10
"""Good photos that a training should have."""
WORD = "person"


def default_intake(own: Path | None = None) -> Intake:
    """What photos are judged by; `own`: a file that says what differs. Raises IntakeInvalid."""
    return load_intake([*([own] if own else []), PROMPTS / FILE])


def find_photos(paths: Sequence[Path]) -> list[Path]:
    """Files as they are given; of a folder all that lie in it and below it, hidden ones passed
    over. What they are is seen when they are added. Raises AvatarInvalid if there is none."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            files = (file for file in sorted(path.rglob("*")) if file.is_file())
            found += [file for file in files if not _hidden(file.relative_to(path))]
        elif path.is_file():
            found.append(path)
        else:
            raise AvatarInvalid(
                "there is no such file or folder", where=str(path), hint="Give photos or a folder."
            )
    if not found:
        raise AvatarInvalid(
            "there are no photos", where=", ".join(map(str, paths)), hint="Give photos or a folder."
        )
    return list(dict.fromkeys(found))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def add_photos(
    folder: Folder,
    sources: Sequence[Path],
    *,
    consent: str,
    word: str,
    least: int,
    models: Folders,
    report: Report,
    intake: Intake | None = None,
    captions: str | None = None,
) -> Person:
    """Takes photos of a person in, beside those that are there, and makes all crops.

    Args:
        consent: in words, what the person agreed to; it is kept with the time. May be empty where
            it is kept already.
        word: what the person is called: person, woman, man, child. Empty: as before, or person.
        least: good photos that there must be, with those that are there.
        models: model folders by name; face_detection and face_identity are looked into.
        intake: what photos are judged by, unless the pack's own.
        captions: address of a language model that sees and describes the crops, which are sent to
            it; empty for templates, None for what was given before.

    Raises:
        ConsentMissing: nobody ever said that the person agreed.
        PhotosRefused: there are fewer than `least` good photos; all stays as it was.
        IntakeFailed: photos cannot be examined here, or that model does not answer.
        LLMInvalid, AvatarInvalid, RunBusy, DiskTrouble.
    """
    intake = intake or default_intake()
    with _held(folder):
        _check_forgotten(folder)
        before = folder.read() if folder.exists else None
        person = _agreed(before, consent, word)
        if captions is not None:
            address = llm_address(captions) if captions else ""
            person = person.model_copy(update={"captions": address})
        sweep(folder, person)
        with staging(folder) as stage, Worker(intake, models) as worker:
            chosen = examine(folder, person, sources, intake.limits, worker, stage, report)
            _check_enough(len(person.photos), chosen, least)
            for photo in chosen.photos:
                make_private(folder.photos)
                (stage / Path(photo.file).name).replace(folder.path / photo.file)
            person = person.model_copy(update={"photos": (*person.photos, *chosen.photos)})
            if before == person and has_crops(folder, person, intake.crops):
                return person
            made = make_crops(folder, person, intake.crops, worker, stage, report)
    if before is not None and before.word != made.word:
        report(Notice(f"Called {made.word} from now on, not {before.word}: train again."))
    return made


@contextmanager
def _held(folder: Folder) -> Generator[None]:
    """Holds the folder. Of somebody who could not be added nothing stays."""
    with folder.held(new=True):
        try:
            yield
        finally:
            if not folder.exists:  # while it is held: another command may be at work a moment later
                sweep(folder, None)
                with contextlib.suppress(OSError):
                    (folder.path / "person.lock").unlink()
                    folder.path.rmdir()


def _check_forgotten(folder: Folder) -> None:
    """Whoever had the name before must be forgotten to the end: the note of where their photos and
    models lie would be written over."""
    if not folder.exists and reached(folder).token:
        raise AvatarInvalid(
            "somebody of this name is not forgotten everywhere yet",
            where=str(folder.path),
            hint="Give it again: python driver/avatar.py forget NAME",
        )


def _agreed(before: Person | None, consent: str, word: str) -> Person:
    consent, word = " ".join(consent.split()), " ".join(word.split())
    now = f"{datetime.now(UTC).isoformat(timespec='seconds')}: {consent}"
    if before is not None:
        return before.model_copy(update={"word": word or before.word})
    if not consent:
        raise ConsentMissing(
            "nobody says that the person agreed",
            where="--agreed",
            hint="Ask the person. Then give the same command with --agreed.",
        )
    return Person(token=new_token(), consent=now, word=word or WORD)


def _check_enough(there: int, chosen: Chosen, least: int) -> None:
    good = there + len(chosen.photos)
    if good >= least and good:
        return
    missing = max(least, 1) - good
    counts = Counter(fault for faults in chosen.refused for fault in faults)
    why = ", ".join(f"{count} {fault}" for fault, count in counts.most_common())
    refused = f"; {len(chosen.refused)} were refused ({why})" if chosen.refused else ""
    known = f"; {chosen.known} are there already" if chosen.known else ""
    raise PhotosRefused(
        f"there are {good} good photos, {missing} more"
        f" {'is' if missing == 1 else 'are'} needed{refused}{known}",
        where="photos",
        hint="Take more: sharp, in even light, the face large and free, from several sides, on"
        " several days.\n"
        + (f"Or be content with fewer, at the cost of likeness: --min {good}" if good else ""),
    )
