// What a page's text looks like in this window. Runs in an isolated world: it shares the page's elements, not its
// objects, so no script of the page can change what is measured here. The page's elements can: a form's fields shadow
// the form's own properties. Whatever is read of an element is therefore read by the prototype's getter.
(() => {
  "use strict";
  const getter = (type, name) => {
    const { get } = Object.getOwnPropertyDescriptor(type.prototype, name);
    return (node) => get.call(node);
  };
  const method = (type, name) => {
    const own = type.prototype[name];
    return (node, ...rest) => own.apply(node, rest);
  };
  const parentNode = getter(Node, "parentNode");
  const nodeType = getter(Node, "nodeType");
  const firstChild = getter(Node, "firstChild");
  const nextSibling = getter(Node, "nextSibling");
  const isConnected = getter(Node, "isConnected");
  const rootOf = method(Node, "getRootNode");
  const within = method(Node, "contains");
  const localName = getter(Element, "localName");
  const shadowRoot = getter(Element, "shadowRoot");
  const elementId = getter(Element, "id");
  const classes = getter(Element, "className");
  const elementSlot = getter(Element, "assignedSlot");
  const textSlot = getter(Text, "assignedSlot");
  const attribute = method(Element, "getAttribute");
  const setAttribute = method(Element, "setAttribute");
  const matches = method(Element, "matches");
  const boxOf = method(Element, "getBoundingClientRect");
  const clientWidth = getter(Element, "clientWidth");
  const clientHeight = getter(Element, "clientHeight");
  const scrollWidth = getter(Element, "scrollWidth");
  const scrollHeight = getter(Element, "scrollHeight");
  const hasBox = method(Element, "checkVisibility");
  const zoomOf = getter(Element, "currentCSSZoom");
  const append = method(Node, "appendChild");
  const rootElement = getter(Document, "documentElement");
  const stackAt = method(Document, "elementsFromPoint");
  const stackInShadow = method(ShadowRoot, "elementsFromPoint");
  const topAt = method(Document, "elementFromPoint");
  const topInShadow = method(ShadowRoot, "elementFromPoint");
  const newRange = method(Document, "createRange");
  const first = method(Document, "querySelector");
  const all = method(Document, "querySelectorAll");

  const MARK = "data-affiliate-mark";
  const MOST_NODES = 400_000; // the largest pages that magazines serve have about 30,000
  const MOST_TEXTS = 150; // of one element
  const TEXT = 3, ELEMENT = 1;
  const UNSEEN = new Set(
    ["script", "style", "template", "noscript", "head", "title", "textarea", "select", "iframe", "object", "noembed", "noframes"],
  );
  const BLOCKS = new Set(
    ("p div li td th h1 h2 h3 h4 h5 h6 section article main aside header footer figure figcaption blockquote dd dt body " +
      "summary nav form center details dialog ul ol dl table").split(" "),
  );
  const REPLACED = new Set(["img", "video", "canvas", "iframe", "embed", "object", "input", "textarea", "select"]);

  const marked = [];
  let styles = new Map();
  let pseudos = new Map();

  // --- the tree as it is shown: shadow roots and slots instead of what they stand for

  const isElement = (node) => node !== null && nodeType(node) === ELEMENT;

  function childrenOf(element) {
    const shadow = shadowRoot(element);
    if (!shadow && localName(element) === "slot") {
      const assigned = HTMLSlotElement.prototype.assignedNodes.call(element);
      if (assigned.length) return assigned;
    }
    const found = [];
    for (let child = firstChild(shadow || element); child; child = nextSibling(child)) found.push(child);
    return found;
  }

  function parentOf(node) {
    const type = nodeType(node);
    const slot = type === ELEMENT ? elementSlot(node) : type === TEXT ? textSlot(node) : null;
    if (slot) return slot;
    const parent = parentNode(node);
    if (parent === null) return null;
    if (parent instanceof ShadowRoot) return parent.host;
    return isElement(parent) ? parent : null;
  }

  function* upFrom(element) {
    for (let one = element; one; one = parentOf(one)) yield one;
  }

  const style = (element) => {
    let known = styles.get(element);
    if (!known) styles.set(element, (known = getComputedStyle(element)));
    return known;
  };

  // What ::before or ::after paints over or under an element's text, null if nothing.
  const pseudo = (element, which) => {
    const key = which === "::before" ? 0 : 1;
    let known = pseudos.get(element);
    if (!known) pseudos.set(element, (known = [undefined, undefined]));
    if (known[key] === undefined) {
      const found = getComputedStyle(element, which);
      const paints = found.content !== "none" && found.content !== "normal" && found.display !== "none" &&
        (found.position === "absolute" || found.position === "fixed") && found.visibility === "visible";
      known[key] = paints ? found : null;
    }
    return known[key];
  };

  function forget() {
    styles = new Map();
    pseudos = new Map();
  }

  // --- the document, with a mark on every element

  function copied() {
    const inert = document.implementation.createHTMLDocument("");
    const root = rootElement(document);
    let top = null;
    const todo = [[root, null]];
    let seen = 0;
    while (todo.length) {
      const [node, into] = todo.pop();
      if (++seen > MOST_NODES) throw new Error(`the page has more than ${MOST_NODES} nodes`);
      if (nodeType(node) === TEXT) {
        append(into, inert.createTextNode(node.data));
      } else if (nodeType(node) === ELEMENT) {
        const copy = inert.importNode(node, false);
        setAttribute(copy, MARK, String(marked.length));
        marked.push(node);
        if (into) append(into, copy);
        else top = copy;
        const name = localName(node);
        if (name === "template" || name === "noscript" || name === "iframe") continue;
        const children = childrenOf(node);
        for (let at = children.length - 1; at >= 0; at--) todo.push([children[at], copy]);
      }
    }
    return "<!DOCTYPE html>" + top.outerHTML;
  }

  // The median size of running text, by characters: a label is compared with what is read, not with a headline.
  function runningText() {
    const sizes = new Map();
    const roots = ["article", "main, [role=main]"].flatMap((where) => [...all(document, where)]);
    const body = first(document, "body") || rootElement(document);
    for (const wanted of [(name) => name === "p" || name === "li" || name === "dd" || name === "blockquote", () => true]) {
      for (const root of [...roots, body]) {
        let letters = 0;
        sizes.clear();
        const todo = [root];
        while (todo.length && letters < 40_000) {
          const node = todo.pop();
          if (nodeType(node) === TEXT) {
            const length = node.data.trim().length;
            const holder = parentOf(node);
            if (length < 2 || !holder || !running(holder, root, wanted) || !hasBox(holder)) continue;
            const px = Math.round(effectivePx(holder) * 100) / 100;
            if (px < 1) continue;
            sizes.set(px, (sizes.get(px) || 0) + length);
            letters += length;
          } else if (nodeType(node) === ELEMENT && !UNSEEN.has(localName(node))) {
            todo.push(...childrenOf(node).reverse()); // in the order of reading: a comment section is no article
          }
        }
        if (letters >= 80) return median(sizes, letters);
      }
    }
    return sizes.size ? median(sizes, [...sizes.values()].reduce((a, b) => a + b)) : parseFloat(style(body).fontSize) || 16;
  }

  function running(holder, root, wanted) {
    let found = false;
    for (const one of upFrom(holder)) {
      const name = localName(one);
      if (/^(h[1-6]|nav|footer|aside|figcaption|button|label|form)$/.test(name)) return false;
      if (wanted(name)) found = true;
      if (one === root) return found;
    }
    return found;
  }

  function median(sizes, letters) {
    let passed = 0;
    for (const px of [...sizes.keys()].sort((a, b) => a - b)) {
      passed += sizes.get(px);
      if (passed * 2 >= letters) return px;
    }
    return 16;
  }

  // --- colours, as [red, green, blue, alpha] with alpha from 0 to 1

  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const colours = new Map();

  function colour(text) {
    let known = colours.get(text);
    if (!known) {
      const parts = /^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/.exec(text);
      if (parts) {
        known = [+parts[1], +parts[2], +parts[3], parts[4] === undefined ? 1 : +parts[4]];
      } else {
        pixel.clearRect(0, 0, 1, 1);
        pixel.fillStyle = "#000";
        pixel.fillStyle = text;
        pixel.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
        known = [r, g, b, a / 255];
      }
      colours.set(text, known);
    }
    return known;
  }

  const over = (top, under, alpha = 1) => {
    const a = top[3] * alpha;
    return [0, 1, 2].map((at) => top[at] * a + under[at] * (1 - a)).concat(1);
  };

  const blend = (one, other, share) => [0, 1, 2].map((at) => one[at] * share + other[at] * (1 - share)).concat(1);

  function luminance([r, g, b]) {
    const [x, y, z] = [r, g, b].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  }

  function ratio(one, other) {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  // What a style's background hides: its alpha, and whether a picture or gradient makes it unknown.
  function background(found, width) {
    const images = found.backgroundImage;
    const isPicture = images !== "none" && !isLine(found, width);
    return { paint: colour(found.backgroundColor), picture: isPicture ? images : "" };
  }

  // Underlines and little icons are drawn as backgrounds too.
  function isLine(found, width) {
    const sizes = found.backgroundSize.split(",").map((size) => size.trim().split(" "));
    return sizes.every(([x, y]) => {
      const small = (size) => size !== undefined && (/^0(px|%)?$/.test(size) || (size.endsWith("px") && parseFloat(size) <= 4));
      const icon = x.endsWith("px") && parseFloat(x) <= Math.min(48, width / 2) && found.backgroundRepeat.includes("no-repeat");
      return small(x) || small(y) || icon;
    });
  }

  const isClear = (picture) => /transparent|rgba\([^)]*, 0?\.\d+\)|rgba\([^)]*, 0\)|\/ 0?\.?\d*%?\)/.test(picture);

  // --- size and place

  // Font size in CSS pixels as it is painted: with zoom and the scaling of transforms.
  function effectivePx(element) {
    let px = parseFloat(style(element).fontSize) * (zoomOf(element) || 1);
    for (const one of upFrom(element)) px *= scaleOf(style(one)).size;
    return px;
  }

  function scaleOf(found) {
    let size = 1, mirrored = false;
    if (found.transform !== "none") {
      const matrix = new DOMMatrixReadOnly(found.transform);
      const across = Math.hypot(matrix.m11, matrix.m12), down = Math.hypot(matrix.m21, matrix.m22);
      size *= Math.min(across, down);
      mirrored = matrix.is2D && matrix.a * matrix.d - matrix.b * matrix.c < 0;
    }
    if (found.scale !== "none" && found.scale) {
      const [x, y = x] = found.scale.split(" ").map(Number);
      size *= Math.min(Math.abs(x), Math.abs(y));
      mirrored = mirrored !== x * y < 0;
    }
    return { size, mirrored };
  }

  const holdsFixed = (found) =>
    found.transform !== "none" || found.translate !== "none" || found.scale !== "none" || found.rotate !== "none" ||
    found.perspective !== "none" || found.filter !== "none" || (found.backdropFilter || "none") !== "none" ||
    /paint|layout|strict|content/.test(found.contain) || /transform|filter|perspective/.test(found.willChange);

  // The boxes around an element that can cut it off, from the inside out.
  function* boxesAround(element) {
    let position = style(element).position;
    let own = true;
    for (const one of upFrom(element)) {
      const found = style(one);
      if (found.display === "contents") continue;
      if (!own) {
        if (position === "fixed" && !holdsFixed(found)) continue;
        if (position === "absolute" && found.position === "static" && !holdsFixed(found)) continue;
        position = found.position;
      }
      own = false;
      yield one;
    }
  }

  const clips = (value) => value !== "visible";

  // `element` is where the text stands. What is left of a client rectangle inside all boxes around it, and what cut it.
  function inside(rect, element) {
    const left = { left: rect.left, right: rect.right, top: rect.top, bottom: rect.bottom };
    let by = null;
    const root = rootElement(document);
    const body = first(document, "body");
    for (const one of boxesAround(element)) {
      if (one === root || (one === body && style(root).overflowX === "visible" && style(root).overflowY === "visible")) continue;
      const found = style(one);
      if (found.display === "inline") continue;
      const cutsX = clips(found.overflowX) || /paint|strict|content/.test(found.contain);
      const cutsY = clips(found.overflowY) || /paint|strict|content/.test(found.contain);
      if (!cutsX && !cutsY) continue;
      const box = boxOf(one);
      const before = area(left);
      if (cutsX) (left.left = Math.max(left.left, box.left)), (left.right = Math.min(left.right, box.right));
      if (cutsY) (left.top = Math.max(left.top, box.top)), (left.bottom = Math.min(left.bottom, box.bottom));
      if (by === null && area(left) < 0.5 * before) by = one;
    }
    return { share: area(left) / Math.max(area(rect), 0.01), by };
  }

  const area = (rect) => Math.max(0, rect.right - rect.left) * Math.max(0, rect.bottom - rect.top);

  // --- why a text is not seen

  const named = (element) => {
    const name = localName(element);
    const id = elementId(element);
    const kind = typeof classes(element) === "string" ? classes(element).trim().split(/\s+/)[0] : "";
    return `<${name}${id ? ` id="${id.slice(0, 40)}"` : kind ? ` class="${kind.slice(0, 40)}"` : ""}>`;
  };

  // What a reader has to open first, "" if nothing is closed.
  function closed(element) {
    let below = null;
    for (const one of upFrom(element)) {
      const name = localName(one);
      if (name === "details" && attribute(one, "open") === null) {
        const summary = [...childrenOf(one)].find((child) => isElement(child) && localName(child) === "summary");
        const shown = summary && (within(summary, element) || summary === below);
        if (!shown && !inSummary(element, one)) return "open a closed <details>";
      }
      if (name === "dialog" && attribute(one, "open") === null) return `open the dialog ${named(one)}`;
      if (attribute(one, "popover") !== null && !matches(one, ":popover-open") && style(one).display === "none")
        return `open the pop-up ${named(one)}`;
      below = one;
    }
    return "";
  }

  function inSummary(element, details) {
    for (const one of upFrom(element)) {
      if (one === details) return false;
      if (localName(one) === "summary" && parentNode(one) === details) {
        for (let before = firstChild(details); before && before !== one; before = nextSibling(before))
          if (isElement(before) && localName(before) === "summary") return false;
        return true;
      }
    }
    return false;
  }

  // What shows an element with an id when it is pressed, by that id. Read once: a page at rest keeps its buttons.
  let controls = null;
  function controlsOf(id) {
    if (controls === null) {
      controls = new Map();
      const found = all(document, "[aria-controls], [popovertarget], [data-target], [data-bs-target]");
      for (const control of found)
        for (const name of ["aria-controls", "popovertarget", "data-target", "data-bs-target"])
          for (const target of (attribute(control, name) || "").split(/\s+/))
            if (target) controls.set(target.replace(/^#/, ""), control);
    }
    return controls.get(id);
  }

  // What a reader has to do so that a hidden element shows, "" if nothing is known.
  function shownBy(element) {
    for (const one of upFrom(element)) {
      const control = elementId(one) && controlsOf(elementId(one));
      if (control) return matches(control, "[role=tab]") ? "choose another tab" : `press ${named(control)}`;
      const role = attribute(one, "role");
      if (role === "tabpanel") return "choose another tab";
      if (role === "tooltip") return "point at something";
      if (role === "dialog" || role === "alertdialog") return `open the dialog ${named(one)}`;
    }
    return hovered(element) ? "point at something (:hover or :focus)" : "";
  }

  // The selectors of rules that show something only where the pointer or the focus is, without those states. Read once.
  let pointed = null;
  function pointedSelectors() {
    if (pointed !== null) return pointed;
    pointed = [];
    let rules = 0;
    for (const sheet of document.styleSheets) {
      let own;
      try {
        own = sheet.cssRules;
      } catch {
        continue; // another host's
      }
      for (const rule of own) {
        if (++rules > 5000 || pointed.length > 500) return pointed;
        const selector = rule.selectorText;
        if (!selector || !/:(hover|focus|active|checked|target)/.test(selector)) continue;
        if (!/display|visibility|opacity|height|clip|transform|left|top/.test(rule.cssText)) continue;
        pointed.push(selector.replace(/:(hover|focus-within|focus-visible|focus|active|checked|target)/g, "") || "*");
      }
    }
    return pointed;
  }

  // Whether a style sheet shows this element, or one around it, only where the pointer or the focus is.
  function hovered(element) {
    const hiding = [...upFrom(element)].filter((one) => {
      const found = style(one);
      return one === element || found.display === "none" || found.visibility !== "visible" || +found.opacity <= 0.05;
    });
    return pointedSelectors().some((selector) =>
      hiding.some((one) => {
        try {
          return matches(one, selector);
        } catch {
          return false;
        }
      }),
    );
  }

  // What hides the whole of an element's text by style, as {hidden} or {action}; null if nothing does.
  function hiddenByStyle(element) {
    const action = closed(element);
    if (action) return { action };
    let opacity = 1;
    const unseen = (hidden, where) => {
      const way = shownBy(where);
      return way ? { action: way } : { hidden };
    };
    for (const one of upFrom(element)) {
      const found = style(one);
      if (found.display === "none") return unseen("display: none", one);
      if (one !== element && found.contentVisibility === "hidden") return unseen("content-visibility: hidden", one);
      opacity *= +found.opacity;
      for (const [, kind, amount] of found.filter.matchAll(/(opacity|blur)\(([\d.]+)/g)) {
        if (kind === "opacity") opacity *= +amount;
        else if (+amount > 2) return unseen(`a blur of ${+amount} px`, one);
      }
      if (scaleOf(found).mirrored && scaleOf(found).size > 0) return { hidden: "a mirroring transform" };
    }
    if (style(element).visibility !== "visible") return unseen(`visibility: ${style(element).visibility}`, element);
    if (opacity < 0.1) return unseen(`opacity ${Math.round(opacity * 100) / 100}`, element);
    if (style(element).contentVisibility === "hidden") return unseen("content-visibility: hidden", element);
    const px = effectivePx(element);
    if (px < 1) return { hidden: "font size 0" };
    if (!hasBox(element)) return { hidden: "it has no box" };
    return null;
  }

  const tidy = (rects) => [...rects].filter((rect) => rect.width > 0 && rect.height > 0);

  function rectsOf(node, from, to) {
    const range = newRange(document);
    if (from === undefined) range.selectNodeContents(node);
    else range.setStart(node, from), range.setEnd(node, to);
    return tidy(range.getClientRects());
  }

  // Why a rectangle (client coordinates, page at its top) cannot be seen, null if it can.
  function hiddenByPlace(rect, element, px) {
    if (rect.width < 2 || rect.height < Math.min(4, px / 3)) return { hidden: "its box is too small to read" };
    const width = rootElement(document).clientWidth || innerWidth;
    if (rect.left + rect.width / 2 > width || rect.left + rect.width / 2 < 0) {
      const track = trackOf(element);
      return track ? { action: `swipe ${named(track)}` } : { hidden: "its place is beside the window" };
    }
    if (rect.bottom + scrollY <= 0) return { hidden: "its place is above the page" };
    const { share, by } = inside(rect, element);
    if (share >= 0.5) return null;
    return by ? cutBy(by, rect) : { hidden: "the boxes around it cut it off" };
  }

  // The row of slides in which an element stands, null if in none.
  function trackOf(element) {
    for (const one of boxesAround(element)) {
      const found = style(one);
      if (one === rootElement(document) || localName(one) === "body") return null;
      if (clips(found.overflowX) && scrollWidth(one) > clientWidth(one) + 8) return one;
    }
    return null;
  }

  function cutBy(box, rect) {
    const found = style(box);
    const around = boxOf(box);
    const beside = rect.left >= around.right - 1 || rect.right <= around.left + 1;
    const isOpen = around.width > 4 && around.height > 4;
    const scrolls = (value) => value === "auto" || value === "scroll";
    if (isOpen && scrolls(found.overflowY) && scrollHeight(box) > clientHeight(box)) return { action: `scroll within ${named(box)}` };
    if (isOpen && found.webkitLineClamp !== "none" && found.webkitLineClamp) return { action: `open the rest of ${named(box)} (line-clamp)` };
    if (isOpen && found.textOverflow.startsWith("ellipsis")) return { action: `open the rest of ${named(box)} (text-overflow: ellipsis)` };
    if (isOpen && beside && scrollWidth(box) > clientWidth(box) + 8) return { action: `swipe ${named(box)}` };
    const way = shownBy(box);
    if (way) return { action: way };
    const size = `${Math.round(around.width)}x${Math.round(around.height)} px`;
    return { hidden: `the box ${named(box)} of ${size} cuts it off` };
  }

  // --- covers

  // How much an element hides of what lies below it, 0 to 1; null where a picture may or may not.
  function veil(element) {
    let opacity = 1;
    for (const one of upFrom(element)) opacity *= +style(one).opacity;
    if (opacity < 0.05) return 0;
    const found = style(element);
    const name = localName(element);
    if (REPLACED.has(name)) return name === "img" && !(element.naturalWidth > 0) ? 0 : opacity;
    if (element instanceof SVGElement && !(element instanceof SVGSVGElement)) return found.fill === "none" ? 0 : opacity;
    const width = boxOf(element).width;
    let alpha = 0;
    for (const look of [found, pseudo(element, "::before"), pseudo(element, "::after")]) {
      if (!look) continue;
      const { paint, picture } = background(look, width);
      const own = look === found ? opacity : opacity * +look.opacity;
      alpha = Math.max(alpha, paint[3] * own);
      if (picture) alpha = Math.max(alpha, isClear(picture) ? 0.3 * own : own);
      if ((look.backdropFilter || "none").includes("blur")) alpha = 1;
    }
    return alpha;
  }

  // The elements at a point, topmost first, inside the shadow roots that `element` stands in.
  function stack(x, y, element) {
    const root = rootOf(element);
    return root instanceof ShadowRoot ? stackInShadow(root, x, y) : stackAt(document, x, y);
  }

  function topmost(x, y, element) {
    const root = rootOf(element);
    return root instanceof ShadowRoot ? topInShadow(root, x, y) : topAt(document, x, y);
  }

  const boxed = (element) => {
    for (const one of upFrom(element)) if (style(one).display !== "contents") return one;
    return element;
  };

  // What lies over a text of `element` at a point: {cover}, {missing: true} where the text is not there, or {below}.
  function at(x, y, element) {
    const target = boxed(element);
    const top = topmost(x, y, element);
    if (top && (top === target || within(target, top))) return { below: null };
    const found = stack(x, y, element);
    if (!found.some((one) => one === target || within(target, one))) {
      // Inert parts and lines that overflow a box without height are painted, and yet never hit.
      const cover = found.find((one) => !within(one, target) && veil(one) >= 0.5);
      return cover ? { cover } : clipped(element) ? { missing: true } : { below: found };
    }
    for (let place = 0; place < found.length; place++) {
      const one = found[place];
      if (one === target || within(target, one)) return { below: found.slice(place) };
      if (veil(one) >= 0.5) return { cover: one };
    }
    return { below: found };
  }

  const POSITIONS = [0.5, 0.22, 0.78]; // of the window's height: a reader scrolls a text from under a bar

  // The cover of a text node's part that no scrolling takes away, and what lies below the text where there is none.
  function covered(node, from, to, element) {
    let best = null;
    for (const position of [null, ...POSITIONS]) {
      const rects = rectsOf(node, from, to);
      if (!rects.length) return { hidden: "it has no box" };
      const isInView = scrollY === 0 && rects[0].top >= 0 && rects[rects.length - 1].bottom <= innerHeight;
      if (position === null && !isInView) continue; // the first window is looked at as it is
      if (position !== null) scrollTo({ left: 0, top: rects[0].top + scrollY - innerHeight * position, behavior: "instant" });
      const points = pointsOf(position === null ? rects : rectsOf(node, from, to));
      if (!points.length) continue;
      const seen = points.map(([x, y]) => at(x, y, element));
      const hidden = seen.filter((one) => one.below === undefined);
      const share = hidden.length / points.length;
      if (best === null || share < best.share) best = { share, hidden };
      if (share <= 0.34) return { below: stacksBelow(points, element) };
    }
    if (best === null) return { hidden: "its place cannot be scrolled to" };
    const cover = best.hidden.find((one) => one.cover);
    if (cover) return { hidden: `${named(cover.cover)} covers it` };
    if (first(document, "dialog:modal")) return { hidden: "an open dialog covers it" };
    return { hidden: clipped(element) || "something covers it" };
  }

  // What a text stands on, at its beginning, in its middle and at its end: itself and what lies below it.
  function stacksBelow(points, element) {
    const target = boxed(element);
    const chosen = [...new Set([points[0], points[points.length >> 1], points[points.length - 1]])];
    return chosen.map(([x, y]) => {
      const found = stack(x, y, element);
      const own = found.findIndex((one) => one === target || within(target, one));
      return own < 0 ? found : found.slice(own);
    });
  }

  function pointsOf(rects) {
    const lines = rects.length > 4 ? [0, 1, 2, 3].map((step) => rects[Math.round((step * (rects.length - 1)) / 3)]) : rects;
    const points = [];
    for (const rect of lines)
      for (const share of [0.1, 0.5, 0.9]) {
        const x = rect.left + rect.width * share, y = (rect.top + rect.bottom) / 2;
        if (x >= 0 && x < innerWidth && y >= 0 && y < innerHeight) points.push([x, y]);
      }
    return points;
  }

  function clipped(element) {
    for (const one of upFrom(element)) {
      const found = style(one);
      if (found.clipPath !== "none") return "clip-path";
      if (found.clip !== "auto" && /absolute|fixed/.test(found.position)) return "clip";
    }
    return "";
  }

  // --- contrast

  // The ratio of a text's colour to what lies below it, with all alpha; null where a picture or a gradient lies there.
  function contrastOver(element, below) {
    const found = style(element);
    const groups = [];
    for (const one of upFrom(element)) {
      const own = style(one);
      if (own.mixBlendMode !== "normal" || /(brightness|contrast|invert|hue|saturate|grayscale|sepia|url)/.test(own.filter)) return null;
      if ((own.maskImage || "none") !== "none") return null;
      if (own.backgroundClip.includes("text")) return null;
      const opacity = +own.opacity * [...own.filter.matchAll(/opacity\(([\d.]+)/g)].reduce((all, [, part]) => all * +part, 1);
      if (opacity < 1) groups.unshift({ element: one, opacity, entered: false, before: null });
    }
    const scheme = style(rootElement(document)).colorScheme;
    let base = /dark/.test(scheme) && !/light/.test(scheme) ? [18, 18, 18, 1] : [255, 255, 255, 1];
    let unknown = false;
    const enter = (inside) => {
      for (const group of groups)
        if (!group.entered && (inside === group.element || within(group.element, inside))) (group.entered = true), (group.before = base);
    };
    for (let place = below.length - 1; place >= 0; place--) {
      const one = below[place];
      if (within(element, one) && one !== element) continue;
      enter(one);
      const own = style(one);
      let opacity = 1;
      if (!within(one, element)) for (const up of upFrom(one)) opacity *= +style(up).opacity;
      if (opacity === 0) continue;
      if (REPLACED.has(localName(one)) || one instanceof SVGElement) {
        unknown = true;
        continue;
      }
      const box = boxOf(one);
      const { paint, picture } = background(own, box.width);
      if (paint[3] * opacity > 0.999) unknown = false;
      base = over(paint, base, opacity);
      if (picture) unknown = true;
      for (const which of ["::before", "::after"]) {
        const extra = pseudo(one, which);
        if (!extra || (extra.backgroundColor === "rgba(0, 0, 0, 0)" && extra.backgroundImage === "none")) continue;
        if (parseFloat(extra.width) >= box.width / 2 && parseFloat(extra.height) >= box.height / 2 && +extra.opacity > 0) unknown = true;
      }
    }
    if (unknown) return null;
    enter(element);
    let text = over(colour(found.webkitTextFillColor || found.color), base);
    let ground = base;
    for (const group of groups.reverse()) {
      if (!group.entered) continue;
      text = blend(text, group.before, group.opacity);
      ground = blend(ground, group.before, group.opacity);
    }
    return ratio(text, ground);
  }

  // --- looks

  function textsOf(element) {
    const own = [], inner = [];
    const todo = [[element, false]];
    while (todo.length && own.length < MOST_TEXTS && inner.length < MOST_TEXTS) {
      const [node, deeper] = todo.pop();
      if (nodeType(node) === TEXT) {
        if (node.data.trim()) (deeper ? inner : own).push(node);
      } else if (nodeType(node) === ELEMENT && !(node !== element && UNSEEN.has(localName(node)))) {
        const children = childrenOf(node);
        const nested = deeper || (node !== element && BLOCKS.has(localName(node)));
        for (let place = children.length - 1; place >= 0; place--) todo.push([children[place], nested]);
      }
    }
    return own.length ? own : inner;
  }

  // Words, or bits of eight letters where a script has no spaces: [from, to] in a text.
  function wordsOf(text) {
    const found = [];
    for (const { 0: word, index } of text.matchAll(/\S+/g)) {
      const step = word.length > 24 || /[\u3040-\u9fff]/.test(word) ? 4 : word.length;
      for (let from = 0; from < word.length; from += step) found.push([index + from, index + Math.min(word.length, from + step)]);
      if (found.length > 600) break;
    }
    return found;
  }

  // The parts of a text node that look alike, in order.
  function partsOf(node) {
    const element = parentOf(node);
    const px = effectivePx(element);
    const base = { font_px: px, bold: +style(element).fontWeight >= 700, contrast: null, hidden_by: "", action: "", rects: [] };
    const whole = (state) => [{ ...base, text: node.data, hidden_by: state.hidden || "", action: state.action || "", rects: rectsOf(node) }];
    const unseen = hiddenByStyle(element);
    if (unseen) return whole(unseen);
    const rects = rectsOf(node);
    if (!rects.length) return whole({ hidden: "it has no box" });
    const lying = piled(rects, node.data.trim().length, px, element);
    if (lying) return whole({ hidden: lying });
    const fits = (rect) => rect.left >= -1 && rect.right <= (rootElement(document).clientWidth || innerWidth) + 1 &&
      rect.bottom + scrollY > 0 && rect.height >= 4 && inside(rect, element).share > 0.97;
    let runs = [];
    if (rects.every(fits)) {
      runs = [{ from: 0, to: node.data.length, state: {} }];
    } else {
      for (const [from, to] of wordsOf(node.data)) {
        const rect = rectsOf(node, from, to)[0];
        const state = (rect ? hiddenByPlace(rect, element, px) : { hidden: "it has no box" }) || {};
        const last = runs[runs.length - 1];
        if (last && last.state.hidden === state.hidden && last.state.action === state.action) last.to = to;
        else runs.push({ from, to, state });
      }
    }
    return runs.map(({ from, to, state }) => {
      const part = { ...base, text: node.data.slice(from, to), hidden_by: state.hidden || "", action: state.action || "" };
      part.rects = rectsOf(node, from, to);
      if (part.hidden_by || part.action) return part;
      const { hidden, below } = covered(node, from, to, element);
      scrollTo({ left: 0, top: 0, behavior: "instant" });
      if (hidden) return { ...part, hidden_by: hidden };
      const ratios = below.map((under) => contrastOver(element, under));
      part.contrast = ratios.includes(null) || !ratios.length ? null : Math.min(...ratios);
      const fill = colour(style(element).webkitTextFillColor);
      const clear = fill[3] < 0.05 && ![...upFrom(element)].some((one) => style(one).backgroundClip.includes("text"));
      if (clear) part.hidden_by = "transparent text";
      else if (part.contrast !== null && part.contrast < 1.1) part.hidden_by = "text in the colour of its background";
      return part;
    });
  }

  // Letters or lines that lie on each other.
  function piled(rects, letters, px, element) {
    const isShortened = [...upFrom(element)].some((one) => style(one).textOverflow.startsWith("ellipsis"));
    const width = rects.reduce((sum, rect) => sum + rect.width, 0);
    const height = rects.reduce((sum, rect) => sum + rect.height, 0);
    if (letters > 3 && Math.max(width, height) / letters < px * 0.12) return "its letters lie on each other";
    for (let place = 1; !isShortened && place < rects.length; place++) {
      const [one, two] = [rects[place - 1], rects[place]];
      const across = Math.min(one.right, two.right) - Math.max(one.left, two.left);
      if (across > Math.min(one.width, two.width) / 2 && Math.abs(one.top - two.top) < px * 0.4 && one.height < one.width)
        return "its lines lie on each other";
    }
    return "";
  }

  const place = (rect) => ({ left: rect.left, right: rect.right, top: rect.top + scrollY, bottom: rect.bottom + scrollY });

  function look(mark) {
    forget();
    scrollTo({ left: 0, top: 0, behavior: "instant" });
    const element = marked[mark];
    const nothing = { parts: [], x: 0, y: 0, width: 0, height: 0, lines: 0, hidden_by: "it is no longer in the page", action: "" };
    if (!element || !isConnected(element)) return { ...nothing, is_fixed: false };
    nothing.is_fixed = [...upFrom(element)].some((one) => style(one).position === "fixed");
    const parts = textsOf(element).flatMap(partsOf);
    if (!parts.length) return { ...nothing, ...boxOnly(element) };
    const seen = parts.filter((part) => !part.hidden_by && !part.action);
    const rects = (seen.length ? seen : parts).flatMap((part) => part.rects).map(place);
    const box = around(rects);
    const lines = new Set(seen.flatMap((part) => part.rects).map((rect) => Math.round(rect.top / 4))).size;
    for (const part of parts) delete part.rects;
    return { ...nothing, parts, ...box, lines, hidden_by: "", action: "" };
  }

  // An element without text of its own, such as a link around a picture.
  function boxOnly(element) {
    const unseen = hiddenByStyle(element) || {};
    const pictures = [element, ...Element.prototype.querySelectorAll.call(element, "*")].slice(0, 50).map(boxOf);
    const rects = pictures.filter((rect) => rect.width > 1 && rect.height > 1);
    const hidden = unseen.hidden || (rects.length || unseen.action ? "" : "it has no box");
    return { ...around(rects.map(place)), hidden_by: hidden, action: unseen.action || "" };
  }

  function around(rects) {
    if (!rects.length) return { x: 0, y: 0, width: 0, height: 0 };
    // One by one: a text of a megabyte has more lines than a call may have arguments.
    const { left, top, right, bottom } = rects.reduce((all, rect) => ({
      left: Math.min(all.left, rect.left), top: Math.min(all.top, rect.top),
      right: Math.max(all.right, rect.right), bottom: Math.max(all.bottom, rect.bottom),
    }));
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  // --- what the window does before and between looks

  // Ends what runs to an end, so that a text that fades in or out is measured where it comes to rest.
  function rest() {
    for (const animation of document.getAnimations()) {
      const timing = animation.effect && animation.effect.getComputedTiming();
      if (animation.timeline instanceof DocumentTimeline && timing && Number.isFinite(timing.endTime)) {
        try {
          animation.finish();
        } catch {
          continue;
        }
      }
    }
  }

  // Until nothing has changed for `quiet` ms, at most `longest` ms.
  function settled(quiet, longest) {
    return new Promise((done) => {
      let timer = setTimeout(finish, quiet);
      const end = setTimeout(finish, longest);
      const observer = new MutationObserver(() => {
        clearTimeout(timer);
        timer = setTimeout(finish, quiet);
      });
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      function finish() {
        observer.disconnect();
        clearTimeout(timer);
        clearTimeout(end);
        done();
      }
    });
  }

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  return {
    async settle(quiet, longest) {
      await Promise.race([document.fonts.ready, pause(longest)]);
      await settled(quiet, longest);
      rest();
    },

    // Points count for what is painted, also where the page lets clicks through.
    screen() {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("*, *::before, *::after { pointer-events: auto !important; scroll-behavior: auto !important }");
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
      forget();
      scrollTo({ left: 0, top: 0, behavior: "instant" });
      const root = rootElement(document);
      return { html: copied(), text_px: runningText(), page_height: Math.max(scrollHeight(root), innerHeight) };
    },

    look,

    // The same once more, where it may show itself only when a reader comes to it.
    async lookAgain(mark, wait) {
      const element = marked[mark];
      if (!element || !isConnected(element)) return look(mark);
      Element.prototype.scrollIntoView.call(element, { block: "center", behavior: "instant" });
      await pause(wait);
      rest();
      return look(mark);
    },

    async scrollTo(y) {
      scrollTo({ left: 0, top: y, behavior: "instant" });
      await pause(50);
    },
  };
})()
