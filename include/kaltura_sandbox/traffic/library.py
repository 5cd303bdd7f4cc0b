"""The titles of the made-up library, and which of them are watched when."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from .plan import DAY, HOUR, TrafficPlan

#: Categories, the upper ones first: id, name, id of the one above (0: none).
CATEGORIES = (
    (900_001, "Sciences", 0), (900_002, "Humanities", 0), (900_003, "Professions", 0),
    (900_011, "Physics", 900_001), (900_012, "Chemistry", 900_001), (900_013, "Biology", 900_001),
    (900_014, "Mathematics", 900_001), (900_015, "Computer Science", 900_001),
    (900_021, "History", 900_002), (900_022, "Languages", 900_002), (900_023, "Philosophy", 900_002),
    (900_031, "Law", 900_003), (900_032, "Medicine", 900_003), (900_033, "Economics", 900_003),
    (900_034, "Engineering", 900_003),
)  # fmt: skip
_DEPARTMENTS = tuple(each for each in CATEGORIES if each[2])
_TOPICS = {
    "Physics": ("Light and Waves", "Heat and Work", "Fields and Forces", "Quanta", "The Night Sky"),
    "Chemistry": ("The Periodic Table", "Bonds", "Acids and Bases", "Reaction Rates", "Polymers"),
    "Biology": ("The Cell", "Evolution", "Genetics", "Ecosystems", "How Plants Grow"),
    "Mathematics": ("Proofs", "Linear Maps", "Limits and Series", "Probability", "Groups"),
    "Computer Science": ("Algorithms", "Networks", "Operating Systems", "Databases", "Compilers"),
    "History": ("The Silk Road", "Revolutions", "Medieval Cities", "Sources and Archives", "Trade and Empire"),
    "Languages": ("Grammar", "Sounds of Speech", "Reading Poetry", "Translation Workshop", "Academic Writing"),
    "Philosophy": ("Ethics", "Logic", "What We Can Know", "Mind and Body", "Justice"),
    "Law": ("Contracts", "Constitutions", "Criminal Procedure", "Property", "Moot Court"),
    "Medicine": ("Anatomy", "The Heart", "Infection and Immunity", "Taking a History", "Sleep"),
    "Economics": ("Markets", "Money and Banking", "Game Theory", "Public Finance", "Statistics with Data"),
    "Engineering": ("Statics", "Materials", "Control", "Fluids", "Energy Systems"),
}
_MINUTES_SHORTEST, _MINUTES_LONGEST = 3, 90
_AGE_DAYS = 700
# Of a hundred titles so many are there before the traffic begins; the others come while it lasts.
_OLD = 0.75
_TEACHERS = 120
# How flat the most popular titles are; the smaller, the greater their share.
_TAIL = 0.004
_BYTES_A_SECOND_FROM, _BYTES_A_SECOND_TO = 90_000, 350_000
# Days after it came, and how much more a title is watched until then.
_FRESH = ((3, 6.0), (10, 3.0), (30, 1.5))


class Title(NamedTuple):
    """One title.

    :param entry_id: its id, which says that it is synthetic.
    :param name: its name.
    :param owner: the user who owns it.
    :param category_id: the category it is in.
    :param category: full name of the category.
    :param duration: milliseconds.
    :param size: bytes of its source.
    :param created: Unix seconds.
    :param popularity: how much it is watched beside others, in its old age.
    :param stay: chance that a viewer gets through the first quarter.
    """

    entry_id: str
    name: str
    owner: str
    category_id: int
    category: str
    duration: int
    size: int
    created: int
    popularity: float
    stay: float


@lru_cache(maxsize=4)
def titles(plan: TrafficPlan) -> tuple[Title, ...]:
    """Return all titles of a plan."""
    return tuple(_titles(plan))


@lru_cache(maxsize=64)
def shelf(plan: TrafficPlan, day: int) -> tuple[float, ...]:
    """Return how much is watched of each title and all before it.

    Titles can be watched from the day on that follows the one on which they came.

    :param day: Unix time in days.
    """
    return tuple(accumulate(title.popularity * _fresh(day - title.created // DAY) for title in titles(plan)))


def _fresh(age: int) -> float:
    if age < 1:
        return 0.0
    return next((factor for limit, factor in _FRESH if age <= limit), 1.0)


def full_names() -> dict[int, str]:
    """Return the full names of the categories by id."""
    names: dict[int, str] = {}
    for number, name, above in CATEGORIES:
        names[number] = f"{names[above]}>{name}" if above else name
    return names


def _titles(plan: TrafficPlan) -> Iterator[Title]:
    names = full_names()
    for number in range(plan.entries):
        # The first is always there, so that there is something to watch.
        old = number == 0 or plan.chance("old", number) < _OLD
        age = plan.chance("age", number)
        came = plan.start - (1 + int(age * _AGE_DAYS)) * DAY if old else plan.start + int(age * plan.days) * DAY
        category_id, department, _ = _DEPARTMENTS[int(plan.chance("department", number) * len(_DEPARTMENTS))]
        topics = _TOPICS[department]
        topic = topics[int(plan.chance("topic", number) * len(topics))]
        longer = plan.chance("duration", number)
        seconds = int(60 * (_MINUTES_SHORTEST + longer * longer * (_MINUTES_LONGEST - _MINUTES_SHORTEST)))
        rate = _BYTES_A_SECOND_FROM + int(plan.chance("rate", number) * (_BYTES_A_SECOND_TO - _BYTES_A_SECOND_FROM))
        yield Title(
            entry_id=f"0_syn{number + 1:05}",
            name=f"{department}: {topic}, lecture {int(plan.chance('lecture', number) * 14) + 1}",
            owner=f"teacher{int(plan.chance('owner', number) * _TEACHERS) + 1:03}",
            category_id=category_id, category=names[category_id], duration=seconds * 1000, size=seconds * rate,
            created=came + 8 * HOUR + int(plan.chance("clock", number) * 10 * HOUR),
            popularity=1 / (_TAIL + plan.chance("popularity", number)), stay=0.55 + 0.35 * plan.chance("stay", number),
        )  # fmt: skip
