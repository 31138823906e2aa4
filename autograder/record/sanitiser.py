"""A learner's HTML and Markdown made harmless: nothing runs, nothing loads, nothing breaks out of
its place.

Everything is escaped but tags and attributes of a short list, in their plainest spelling. One pass,
whatever the input: parsers that mend broken HTML take minutes for a few kilobytes of the wrong
kind.
"""

from __future__ import annotations

import html
import re

MAX_LENGTH = 500_000  # characters; what is longer is cut
MAX_DEPTH = 50
EMPTY = frozenset({"br", "hr", "img"})
TAGS = EMPTY | {
    "a", "b", "blockquote", "caption", "code", "del", "details", "div", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "i", "li", "ol", "p", "pre", "span", "strong", "sub", "summary", "sup",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
TOKEN = re.compile(
    r"<(?P<end>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9]{0,11})(?P<rest>(?:\s[^<>]{0,20000})?)/?>"
    r"|<(?P<gone>style|script)\b[^<>]{0,200}>|(?P<comment><!--)|[<>]"
)
ATTRIBUTE = re.compile(r"""([a-zA-Z]{1,12})\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""")
LINK = re.compile(r"(?:https?://|mailto:|#)[^\s\x00-\x1f]*\Z", re.IGNORECASE)
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=]*\Z")
ALLOWED = {
    "href": LINK,
    "src": PICTURE,
    "alt": re.compile(r"[^\x00-\x1f]*\Z"),
    "title": re.compile(r"[^\x00-\x1f]*\Z"),
    "colspan": re.compile(r"\d{1,3}\Z"),
    "rowspan": re.compile(r"\d{1,3}\Z"),
    "style": re.compile(r"text-align: ?(?:left|right|center);?\Z"),
}
WHERE = {
    "href": ("a",),
    "src": ("img",),
    "alt": ("img",),
    "colspan": ("td", "th"),
    "rowspan": ("td", "th"),
}

SCHEME = re.compile(
    r"(?<![\w:])(?!(?:https?|mailto):)([a-zA-Z][a-zA-Z0-9+.\-]{1,30}[\s\x00-\x20\\]{0,3}):(?=[^\s:])"
)
HIDDEN = re.compile(
    r"(?i)(j\s*a\s*v\s*a\s*s\s*c\s*r\s*i\s*p\s*t|v\s*b\s*s\s*c\s*r\s*i\s*p\s*t|d\s*a\s*t\s*a)(\s*\\?):"
)
COMMANDS = re.compile(
    r"\\(?=(?:href|url|require|style|class|cssId|data|def|let|gdef|edef|xdef|(?:re)?newcommand|"
    r"newenvironment|html|unicode|bbox|includegraphics)\b)"
)
TAG = re.compile(r"<(?=[a-zA-Z/!?])(?!/?(?:br|b|i|em|strong|sub|sup|code)>)")
BREAK = "\u200b"  # of no width: the word looks the same and means nothing


def clean_html(text: str) -> str:
    """HTML that holds only what is on the list. Tags are balanced; all else is shown as text or
    left out.
    """
    out: list[str] = []
    opened: list[str] = []
    text = _cut(text)
    at = 0
    for found in TOKEN.finditer(text):
        if found.start() < at:
            continue  # inside something that was left out
        out.append(_text(text[at : found.start()]))
        at = found.end()
        name = (found["gone"] or found["tag"] or "").lower()
        if name in ("style", "script") and not found["end"]:
            at = _after(text, f"</{name}>", at)
        elif found["comment"]:
            at = _after(text, "-->", at)
        elif name not in TAGS:
            out.append(html.escape(found[0]))
        elif name in EMPTY:
            out.append("" if found["end"] else f"<{name}{_attributes(name, found['rest'])}>")
        elif found["end"]:
            if name in opened:
                while (last := opened.pop()) != name:
                    out.append(f"</{last}>")
                out.append(f"</{name}>")
        elif len(opened) < MAX_DEPTH:
            opened.append(name)
            out.append(f"<{name}{_attributes(name, found['rest'])}>")
    out.append(_text(text[at:]))
    whole = "".join([*out, *(f"</{name}>" for name in reversed(opened))])
    return COMMANDS.sub(_broken, whole)  # MathJax looks into HTML as well


def _after(text: str, mark: str, at: int) -> int:
    """Where the text goes on behind `mark`; at its end when there is none."""
    end = text.find(mark, at)
    return len(text) if end < 0 else end + len(mark)


def _text(text: str) -> str:
    return html.escape(html.unescape(text), quote=False)


def _attributes(tag: str, rest: str) -> str:
    kept: dict[str, str] = {}
    for name, double, single in ATTRIBUTE.findall(rest or ""):
        name, value = name.lower(), html.unescape(double or single).strip()
        if name in ALLOWED and tag in WHERE.get(name, (tag,)) and ALLOWED[name].match(value):
            kept.setdefault(name, value)
    return "".join(f' {name}="{html.escape(value)}"' for name, value in kept.items())


def clean_markdown(text: str) -> str:
    """Markdown with the plainest HTML only, without pictures from elsewhere, and without links that
    run.
    """
    text = _cut(text)
    for _ in range(5):  # &amp;colon; is a colon in two steps
        plain = html.unescape(text)
        if plain == text:
            break
        text = plain
    else:
        text = text.replace("&", "&amp;")
    text = HIDDEN.sub(lambda m: re.sub(r"\s", "", m[1]) + BREAK + ":", text)
    text = SCHEME.sub(rf"\1{BREAK}:", text)
    text = clean_tex(text).replace("![", f"!{BREAK}[")
    return TAG.sub("&lt;", text)


def clean_tex(text: str) -> str:
    """LaTeX without the commands that reach beyond the formula."""
    return COMMANDS.sub(_broken, HIDDEN.sub(rf"\1{BREAK}:", _cut(text)))


def _broken(command: re.Match[str]) -> str:
    return command[0] + BREAK


def _cut(text: str) -> str:
    return text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH] + "\n… (the rest was left out)"
