"""In which colours a page may be shown, and whether what it says can be seen in them."""

from collections.abc import Mapping
from typing import Any

#: How somebody may have the page shown: the console's own colours, and contrast themes.
COLOURS: Mapping[str, Mapping[str, Any]] = {
    "light": {"forced_colors": "none", "color_scheme": "light"},
    "dark": {"forced_colors": "none", "color_scheme": "dark"},
    "contrast theme": {"forced_colors": "active", "color_scheme": "light"},
    "dark contrast theme": {"forced_colors": "active", "color_scheme": "dark"},
}
#: The contrast of words, or of a line around something, with what is behind them (WCAG 2.2).
CONTRAST = """([selector, colour]) => {
    const rgba = text => {
        const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
        return [r, g, b, a];
    };
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
    const behind = each => {
        for (; each; each = each.parentElement) {
            const found = rgba(getComputedStyle(each).backgroundColor);
            if (found[3] > 0) return found;
        }
        return matchMedia("(forced-colors: active) and (prefers-color-scheme: dark)").matches
            ? [0, 0, 0] : [255, 255, 255];
    };
    return [...document.querySelectorAll(selector)].filter(each => each.checkVisibility())
        .filter(each => colour !== "color" || [...each.childNodes].some(
            word => word.nodeType === Node.TEXT_NODE && word.data.trim()))
        .map(each => {
        // A line around something is seen against what is outside of it.
        const outside = colour === "color" ? each : each.parentElement;
        const [one, other] = [light(rgba(getComputedStyle(each)[colour])), light(behind(outside))];
        return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    });
}"""
#: Whatever holds words of its own.
WORDS = "main *:not(svg *, option, script)"


def least_contrast(page, selector: str, colour: str = "color") -> float:
    """Return the least contrast of what the selector finds; something is found."""
    found = page.evaluate(CONTRAST, [selector, colour])
    assert found, selector
    return min(found)
