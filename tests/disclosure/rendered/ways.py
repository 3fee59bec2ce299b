"""Ways of hiding a sentence from readers, each beside its twin that a reader does see: small pages of our own.

In a page the element #hidden must not be seen, for a reason that holds `because`, and #seen must be.
"""

from dataclasses import dataclass

SENTENCE = "We earn a commission if you buy through links on this page."
FILLER = "Body text of the article, long enough to be read and to scroll past in a window. " * 12


@dataclass(frozen=True)
class Way:
    name: str
    because: str
    hidden: str
    seen: str
    css: str = ""
    window: tuple[int, int] = (360, 740)

    @property
    def html(self) -> str:
        return page(self.hidden + self.seen, self.css)


def page(body: str, css: str = "", head: str = "") -> str:
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Page</title><style>body{{font:18px/1.5 serif;color:#111;background:#fff;margin:16px}}{css}</style>{head}</head>"
        f"<body><article><h1>The best kettles, tested</h1>{body}<p>{FILLER}</p><p>{FILLER}</p></article></body></html>"
    )


def p(style: str = "", attrs: str = "", at: str = "hidden", text: str = SENTENCE) -> str:
    return f'<p id="{at}" {attrs} style="{style}">{text}</p>'


def both(
    name: str, because: str, hidden: str, seen: str = "", *, css: str = "", window: tuple[int, int] = (360, 740)
) -> Way:
    """A way that is a style of the sentence's own paragraph."""
    return Way(name, because, p(hidden), p(seen, at="seen"), css, window)


def inside(
    name: str, because: str, hidden: str, seen: str, *, css: str = "", window: tuple[int, int] = (360, 740)
) -> Way:
    """A way that is an element around the paragraph: `{}` stands for it."""
    return Way(name, because, hidden.format(p()), seen.format(p(at="seen")), css, window)


WAYS = (
    both("display none", "display: none", "display:none", "display:inline-block"),
    both("visibility hidden", "visibility", "visibility:hidden", "visibility:visible"),
    both("visibility collapse", "visibility", "visibility:collapse"),
    both("opacity nought", "opacity", "opacity:0", "opacity:.95"),
    inside("opacity of two around it", "opacity", '<div style="opacity:.2"><div style="opacity:.3">{}</div></div>', '<div style="opacity:.99">{}</div>'),
    inside("hidden around, visible inside", "visibility", '<div style="visibility:hidden">{}</div>', '<div style="visibility:hidden"><div style="visibility:visible">{}</div></div>'),
    both("content-visibility", "content-visibility", "content-visibility:hidden", "content-visibility:auto"),
    inside("content-visibility around", "content-visibility", '<div style="content-visibility:hidden">{}</div>', '<div style="content-visibility:auto">{}</div>'),
    both("filter opacity", "opacity", "filter:opacity(0)", "filter:opacity(1)"),
    both("blur", "blur", "filter:blur(6px)", "filter:blur(0px)"),
    both("screen readers only", "cuts it off", "position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0,0,0,0);white-space:nowrap"),
    both("clip of an absolute box", "clip", "position:absolute;clip:rect(0,0,0,0);top:90px", "position:relative;clip:rect(0,0,0,0)"),
    both("clip-path inset", "clip-path", "clip-path:inset(50%)", "clip-path:inset(0)"),
    both("clip-path circle", "clip-path", "clip-path:circle(0)", "clip-path:circle(900px)"),
    both("clip-path polygon", "clip-path", "clip-path:polygon(0 0,0 0,0 0)", "clip-path:polygon(0 0,100% 0,100% 100%,0 100%)"),
    inside("clip-path around", "clip-path", '<div style="clip-path:inset(0 0 100% 0)">{}</div>', '<div style="clip-path:inset(-10px)">{}</div>'),
    both("text-indent", "beside the window", "text-indent:-9999px", "text-indent:2em"),
    both("position far left", "beside the window", "position:absolute;left:-9999px;width:300px", "position:relative;left:2px"),
    both("position far right", "beside the window", "position:absolute;left:3000px;width:300px", "margin-left:20px"),
    both("position above", "above the page", "position:absolute;top:-900px", "position:relative;top:-2px"),
    both("margin to the left", "beside the window", "margin-left:-2000px;width:300px", "margin-left:-4px"),
    both("transform to the left", "beside the window", "transform:translateX(-2000px)", "transform:translateX(4px)"),
    both("transform scale nought", "", "transform:scale(0)", "transform:scale(1)"),
    both("scale property", "", "scale:0.01", "scale:1"),
    both("turned on its edge", "", "transform:rotateX(90deg)", "transform:rotate(0)"),
    both("mirrored", "mirror", "transform:scaleX(-1)", "transform:scaleX(1)"),
    both("font size nought", "font size", "font-size:0", "font-size:1em"),
    both("zoom nought", "", "zoom:0.02", "zoom:1"),
    both("no height", "cuts it off", "height:0;overflow:hidden", "height:0;overflow:visible;margin-bottom:70px"),
    both("max-height nought", "cuts it off", "max-height:0;overflow:hidden", "max-height:400px;overflow:hidden"),
    both("overflow clip", "cuts it off", "max-height:2px;overflow:clip", "overflow:clip"),
    both("no width", "", "width:0;overflow:hidden;white-space:nowrap", "width:auto;overflow:hidden"),
    inside("pushed out of its box", "cuts it off", '<div style="height:60px;overflow:hidden"><div style="height:80px"></div>{}</div>', '<div style="overflow:hidden">{}</div>'),
    inside("absolute in a box that cuts", "", '<div style="position:relative;height:40px;overflow:hidden"><div style="position:absolute;top:60px">{}</div></div>', '<div style="height:10px;overflow:hidden"><div style="position:absolute;top:500px">{}</div></div>'),
    inside("contain paint", "", '<div style="contain:paint;height:4px">{}</div>', '<div style="contain:layout">{}</div>'),
    both("white on white", "colour of its background", "color:#fff", "color:#222"),
    both("nearly white on white", "colour of its background", "color:#fdfdfd", "color:#333"),
    both("transparent colour", "", "color:transparent", "color:rgba(0,0,0,.9)"),
    both("transparent fill", "", "-webkit-text-fill-color:transparent", "-webkit-text-fill-color:#111"),
    both("black on black", "colour of its background", "background:#111", "background:#eee"),
    inside("white on a white box on black", "colour of its background", '<div style="background:#000"><div style="background:#fff;color:#fff">{}</div></div>', '<div style="background:#fff"><div style="background:#000;color:#fff">{}</div></div>'),
    both("letters on each other", "", "letter-spacing:-1em", "letter-spacing:.05em"),
    both("lines on each other", "lines", "line-height:0", "line-height:1.2"),
    inside("closed details", "details", "<details><summary>About</summary>{}</details>", "<details open><summary>About</summary>{}</details>"),
    inside("details in details", "details", "<details><summary>About</summary><details open>{}</details></details>", "<details><summary>{}</summary>More</details>"),
    inside("closed dialog", "dialog", "<dialog>{}</dialog>", '<dialog open style="position:static">{}</dialog>'),
    inside("popover", "pop-up", "<div popover>{}</div>", "<div>{}</div>"),
    inside("hidden attribute", "display: none", "<div hidden>{}</div>", "<div>{}</div>"),
    inside("hidden until found", "content-visibility", '<div hidden="until-found">{}</div>', "<div>{}</div>"),
    inside(
        "accordion", "press", '<button aria-expanded="false" aria-controls="panel">About</button><div id="panel" style="display:none">{}</div>',
        '<button aria-expanded="true" aria-controls="other">About</button><div id="other">{}</div>',
    ),
    inside(
        "accordion by height", "press", '<button aria-expanded="false" aria-controls="panel">About</button><div id="panel" style="max-height:0;overflow:hidden">{}</div>',
        '<button aria-expanded="true" aria-controls="other">About</button><div id="other" style="max-height:300px;overflow:hidden">{}</div>',
    ),
    inside(
        "another tab", "tab", '<div role="tablist"><button role="tab" aria-selected="false" aria-controls="second">About</button></div><div role="tabpanel" id="second" style="display:none">{}</div>',
        '<div role="tabpanel">{}</div>',
    ),
    inside("on hover", "hover", '<div class="tip"><i>?</i><div class="more">{}</div></div>', "<div>{}</div>", css=".more{display:none}.tip:hover .more{display:block}"),
    inside("on focus by opacity", "focus", '<div class="tip" tabindex="0"><div class="more">{}</div></div>', "<div>{}</div>", css=".more{opacity:0}.tip:focus .more{opacity:1}"),
    inside("tooltip", "point", '<span aria-describedby="t">i</span><div role="tooltip" id="t" style="visibility:hidden">{}</div>', "<div>{}</div>"),
    inside("checkbox hack", "", '<input type="checkbox" id="c"><label for="c">About</label><div class="box">{}</div>', "<div>{}</div>", css=".box{display:none}#c:checked~.box{display:block}"),
    both("line-clamp", "line-clamp", "display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:1;overflow:hidden;width:120px", "display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:9;overflow:hidden"),
    both("ellipsis", "ellipsis", "white-space:nowrap;overflow:hidden;text-overflow:ellipsis;width:90px", "overflow:hidden;text-overflow:ellipsis"),
    inside("second slide", "swipe", '<div style="overflow:hidden;width:300px"><div style="display:flex;width:600px"><div style="width:300px">One</div><div style="width:300px">{}</div></div></div>', '<div style="overflow:hidden;width:300px"><div style="display:flex;width:600px"><div style="width:300px">{}</div><div style="width:300px">Two</div></div></div>'),
    inside("scrolling row", "swipe", '<div style="overflow-x:auto;white-space:nowrap"><div style="display:inline-block;width:340px">One</div><div style="display:inline-block;width:300px;white-space:normal">{}</div></div>', '<div style="overflow-x:auto">{}</div>'),
    inside("scrolling box", "scroll", '<div style="overflow-y:scroll;height:60px"><div style="height:200px">One</div>{}</div>', '<div style="overflow-y:scroll;height:200px">{}<div style="height:200px">Two</div></div>'),
    inside("below a picture", "covers", '<div style="position:relative">{}<div style="position:absolute;inset:0;background:#cde"></div></div>', '<div style="position:relative">{}<div style="position:absolute;inset:0"></div></div>'),
    inside("below a cover that lets clicks through", "covers", '<div style="position:relative">{}<div style="position:absolute;inset:0;background:#fff;pointer-events:none"></div></div>', '<div style="position:relative;pointer-events:none">{}</div>'),
    inside("below its box's own ::after", "covers", '<div class="lid">{}</div>', '<div class="open">{}</div>', css=".lid,.open{position:relative}.lid::after,.open::after{content:'';position:absolute;inset:0}.lid::after{background:#fff}"),
    inside("behind its box's background", "covers", '<div style="background:#fff"><div style="position:relative;z-index:-1">{}</div></div>', '<div style="background:#fff"><div style="position:relative;z-index:1">{}</div></div>'),
    inside("pulled over by the next block", "covers", '{}<div style="margin-top:-90px;position:relative;height:90px;background:#eee">Next</div>', '{}<div style="margin-top:0;position:relative;height:90px;background:#eee">Next</div>'),
    both("only narrow windows hide it", "display: none", "", "", css="@media (max-width:600px){#hidden{display:none}}"),
    both("only touch screens hide it", "display: none", "", "", css="@media (hover:none){#hidden{display:none}}"),
    both("only wide windows hide it", "display: none", "", "", css="@media (min-width:1000px){#hidden{display:none}}", window=(1280, 800)),
    both("fades out after a while", "opacity", "animation:out 4s forwards", "animation:in 4s forwards", css="@keyframes out{to{opacity:0}}@keyframes in{from{opacity:0}}"),
    both("right to left", "", "direction:rtl;text-indent:-9999px", "direction:rtl"),
    both("standing text", "", "writing-mode:vertical-rl;height:0;overflow:hidden", "writing-mode:vertical-rl;height:200px"),
)  # fmt: skip
