"""Axes: what varies between pictures of one kind, such as its light, and how values are dealt out.

Every axis is a deck in which each value has as many cards as its weight says. A deal takes the
first cards that fit together. What did not fit stays on top, so that no value is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from .words import bare_words

Clash = tuple[tuple[str, ...], tuple[str, ...]]
"""Phrases (in bare words) of which one may not meet one of the other side."""
Side = tuple[int, int]
"""The number of a clash, and 0 or 1 for its sides."""
Combination = tuple[int, ...]
"""The place of a value for each axis."""


@dataclass(frozen=True, slots=True)
class Axis:
    """`values` and their `weights` have the same length, and each weight is above 0."""

    name: str
    values: tuple[str, ...]
    weights: tuple[float, ...]


def parse_clash(text: str) -> Clash | None:
    """The clash in `snow + lawn`, or `snow, frost + lawn, green field`; None if it is none."""
    sides = [[" ".join(bare_words(phrase)) for phrase in s.split(",")] for s in text.split("+")]
    if len(sides) != 2 or not all(phrase for side in sides for phrase in side):
        return None
    return tuple(sides[0]), tuple(sides[1])


class Table:
    """Which texts clash. Whole words count, letter case and plural do not.

    Args:
        clashes: as `parse_clash` reads them; others are passed over.
    """

    def __init__(self, clashes: Iterable[str]) -> None:
        self._clashes = [clash for text in clashes if (clash := parse_clash(text))]

    def sides(self, text: str) -> frozenset[Side]:
        """The sides of which the text holds a phrase."""
        words = f" {' '.join(bare_words(text))} "
        return frozenset(
            (number, side)
            for number, clash in enumerate(self._clashes)
            for side, phrases in enumerate(clash)
            if any(f" {phrase} " in words for phrase in phrases)
        )


def opposite(sides: frozenset[Side]) -> frozenset[Side]:
    """The sides with which these clash."""
    return frozenset((number, 1 - side) for number, side in sides)


class Dealer:
    """Deals a value of each axis, without replacement; a function of the generator and the calls.

    The n-th card of a value with the share s is due at a moment between n/s and (n+1)/s, drawn at
    random. So values of equal weight are decks with one card of each, shuffled and dealt one after
    the other, and any other weight keeps its share. What is due first is dealt first.

    Args:
        clashes: as `parse_clash` reads them.
    """

    def __init__(self, axes: Sequence[Axis], clashes: Sequence[str], rng: Random) -> None:
        self._table = Table(clashes)
        self._decks = [_Deck(axis, self._table, rng) for axis in axes]
        self._pasts: dict[str, _Past] = {}

    def deal(self, subject: str) -> dict[str, str] | None:
        """Values by the names of the axes: a combination that this subject has not had yet.

        No two of them clash, nor does one with the subject. So that the pictures of a subject do
        not look alike, all of them (on axes of equal weights) are new to it as long as that can
        be, and then at least two differ from each of its deals. None if no combination is left.
        """
        if subject not in self._pasts:
            self._pasts[subject] = _Past(opposite(self._table.sides(subject)))
        past = self._pasts[subject]
        while past.demand >= 0:
            combination = self._first(past)
            if combination is not None:
                past.add(self._decks, combination)
                cards = zip(self._decks, combination, strict=True)
                return {deck.axis.name: deck.take(card) for deck, card in cards}
            past.demand -= 1  # what is not there now never will be
        return None

    def take_back(self, drawn: Mapping[str, str]) -> None:
        """Puts the cards of a deal back. Its subject does not get the combination again."""
        for deck in self._decks:
            deck.put_back(drawn[deck.axis.name])

    def _first(self, past: _Past) -> Combination | None:
        hands = [(deck, past.open_cards(deck)) for deck in self._decks]
        if not all(cards for _, cards in hands):
            return None
        # The card that has waited longest leads, and the other axes fit in with it.
        hands.sort(key=lambda hand: hand[0].due[hand[1][0]])
        for chosen in _combinations(hands, past.closed, {}):
            combination = tuple(chosen[deck] for deck in self._decks)
            if not past.refuses(combination):
                return combination
        return None


class _Deck:
    """The cards of one axis; a card is the place of its value.

    `due`: when each is due. `sides` of clashes that each has, and those that each `closes`.
    `even`: all have the same weight.
    """

    def __init__(self, axis: Axis, table: Table, rng: Random) -> None:
        self.axis, self._rng = axis, rng
        self.sides = [table.sides(value) for value in axis.values]
        self.closes = [opposite(sides) for sides in self.sides]
        self._every = [sum(axis.weights) / weight for weight in axis.weights]
        self.even = len(set(axis.weights)) == 1
        self._dealt = [0] * len(axis.values)
        self.due = [every * rng.random() for every in self._every]

    def cards(self) -> list[int]:
        """All cards, the one that is due first in front."""
        return sorted(range(len(self.due)), key=self.due.__getitem__)

    def take(self, card: int) -> str:
        self._dealt[card] += 1
        self.due[card] = self._every[card] * (self._dealt[card] + self._rng.random())
        return self.axis.values[card]

    def put_back(self, value: str) -> None:
        card = self.axis.values.index(value)
        self._dealt[card] -= 1
        self.due[card] = self._every[card] * self._dealt[card]


class _Past:
    """What one subject was dealt, and what it may get now.

    Attributes:
        closed: sides of clashes that no card may have.
        demand: what a combination must be. 2: new, and so are its cards from decks of equal
            weights (others would lose their shares); 1: two cards differ from each past
            combination; 0: new; -1: there is none left.
    """

    def __init__(self, closed: frozenset[Side]) -> None:
        self.closed = closed
        self.demand = 2
        self._combinations: set[Combination] = set()
        self._parts: set[Combination] = set()
        self._cards: set[tuple[_Deck, int]] = set()

    def add(self, decks: Sequence[_Deck], combination: Combination) -> None:
        self._combinations.add(combination)
        self._parts.update(_but_one(combination))
        self._cards.update(zip(decks, combination, strict=True))

    def open_cards(self, deck: _Deck) -> list[int]:
        """The cards that do not clash with the subject, the one that is due first in front."""
        cards = [card for card in deck.cards() if deck.sides[card].isdisjoint(self.closed)]
        if self.demand == 2 and deck.even:
            return [card for card in cards if (deck, card) not in self._cards]
        return cards

    def refuses(self, combination: Combination) -> bool:
        near = self.demand == 1 and any(p in self._parts for p in _but_one(combination))
        return near or combination in self._combinations


_Hand = tuple[_Deck, list[int]]


def _combinations(
    hands: Sequence[_Hand], closed: frozenset[Side], chosen: dict[_Deck, int]
) -> Iterator[dict[_Deck, int]]:
    """Combinations without a clash, that of the first cards first. Yields one dict each time."""
    if not hands:
        yield chosen
        return
    (deck, cards), *others = hands
    for card in cards:
        if deck.sides[card].isdisjoint(closed):
            chosen[deck] = card
            yield from _combinations(others, closed | deck.closes[card], chosen)
            del chosen[deck]


def _but_one(combination: Combination) -> list[Combination]:
    """The combination with each of its cards in turn left open."""
    return [(*combination[:i], -1, *combination[i + 1 :]) for i in range(len(combination))]
