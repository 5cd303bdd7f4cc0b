"""What a User-Agent header tells: enough for the reports on devices, systems and browsers."""

from __future__ import annotations

from functools import lru_cache

UNKNOWN = "Unknown"

# The first mark found decides, so special cases come first.
_SYSTEMS = (
    ("windows nt 10", "WINDOWS_10"), ("windows", "WINDOWS"), ("iphone", "IOS"), ("ipad", "IOS"), ("android", "ANDROID"),
    ("cros", "CHROME_OS"), ("mac os x", "MAC_OS_X"), ("linux", "LINUX"),
)  # fmt: skip
_BROWSERS = (
    ("edg/", "EDGE"), ("opr/", "OPERA"), ("firefox/", "FIREFOX"), ("headlesschrome/", "CHROME"), ("chrome/", "CHROME"),
    ("crios/", "CHROME"), ("safari/", "SAFARI"),
)  # fmt: skip


@lru_cache(maxsize=1024)
def operating_system(agent: str) -> str:
    """Return the operating system's name in Kaltura's spelling."""
    return _first(_SYSTEMS, agent)


@lru_cache(maxsize=1024)
def browser(agent: str) -> str:
    """Return the browser's name in Kaltura's spelling."""
    return _first(_BROWSERS, agent)


@lru_cache(maxsize=1024)
def device(agent: str) -> str:
    """Return the kind of device."""
    lowered = agent.lower()
    if "ipad" in lowered or ("android" in lowered and "mobile" not in lowered):
        return "Tablet"
    if "mobile" in lowered:
        return "Mobile"
    return UNKNOWN if operating_system(agent) == UNKNOWN else "Computer"


def _first(marks: tuple[tuple[str, str], ...], agent: str) -> str:
    lowered = agent.lower()
    return next((name for mark, name in marks if mark in lowered), UNKNOWN)
