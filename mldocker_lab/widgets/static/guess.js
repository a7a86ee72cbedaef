// A question's live form. The notebook shows the question as text (see widgets/guess.py); this file
// takes its place while a kernel answers, and gives it back when it no longer does. The kernel reads
// what is said, keeps it, and tells how it stands. Plain DOM, no imports: it works offline.

let made = 0;

function make(tag, name, parent, attributes = {}, text = "") {
  const node = document.createElement(tag);
  if (name) node.className = `mldocker-${name}`;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text) node.textContent = text;
  parent?.append(node);
  return node;
}

function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Text in which `backticks` mark code. */
function prose(parent, text) {
  text.split(/`([^`]+)`/).forEach((part, at) => {
    if (part) make(at % 2 ? "code" : "span", "", parent, {}, part);
  });
}

/** A number to type: sent when the field is left, on Enter, and by the button. */
class Typed {
  constructor(parent, { unit }, id, send) {
    const row = make("div", "row", parent);
    make("label", "", row, { for: `${id}-number` }, "your guess");
    const attributes = { id: `${id}-number`, type: "text", inputmode: "decimal", autocomplete: "off", size: "10" };
    this.input = make("input", "input", row, { ...attributes, "aria-describedby": `${id}-note` });
    if (unit) make("span", "unit", row, {}, unit);
    this.button = make("button", "button", row, { type: "button" }, "Keep my guess");
    this.sent = "";
    const commit = () => {
      const text = this.input.value.trim();
      if (!text || text === this.sent) return;
      this.sent = text;
      send(text);
    };
    this.input.addEventListener("change", commit);
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
      commit();
      event.preventDefault();
    });
    this.button.addEventListener("click", commit);
  }

  /** What is typed and not sent yet. */
  draft() {
    const text = this.input.value.trim();
    return text === this.sent ? "" : text;
  }

  resume(draft) {
    if (draft && !this.button.disabled) this.input.value = draft;
  }

  tell({ given, locked, error }) {
    if (error) this.sent = "";
    else {
      const draft = locked ? "" : this.draft(); // the kernel may tell twice, and somebody types fast
      this.sent = given === null ? "" : String(given);
      this.input.value = draft || this.sent;
    }
    this.input.toggleAttribute("readonly", locked);
    this.input.setAttribute("aria-invalid", String(Boolean(error)));
    this.button.disabled = locked;
  }
}

/** Choices, of which one holds; or steps, of which any number do. */
class Ticked {
  constructor(parent, { kind, choices, steps }, id, send) {
    this.steps = kind === "steps";
    const list = make("div", "list", parent, { role: this.steps ? "group" : "radiogroup", "aria-labelledby": `${id}-text` });
    this.boxes = (this.steps ? steps : choices).map((text) => {
      const label = make("label", "choice", list);
      const box = make("input", "", label, { type: this.steps ? "checkbox" : "radio", name: id });
      const words = make("span", "words", label);
      if (this.steps) make("code", "", words, {}, text);
      else prose(words, text);
      box.addEventListener("change", () => send(this.steps ? this.numbers() : text));
      return { box, text };
    });
    if (!this.steps) return;
    this.none = make("button", "button", list, { type: "button" }, "None of them");
    this.none.addEventListener("click", () => send([]));
  }

  numbers() {
    return this.boxes.flatMap(({ box }, at) => (box.checked ? [at + 1] : []));
  }

  tell({ given, locked }) {
    this.boxes.forEach(({ box, text }, at) => {
      box.checked = this.steps ? Boolean(given?.includes(at + 1)) : given === text;
      box.disabled = locked;
    });
    if (this.none) this.none.disabled = locked;
  }
}

class Guess {
  constructor(model, draft) {
    this.model = model;
    made += 1;
    const id = `mldocker-guess-${made}`;
    const question = model.get("question");
    const attributes = { role: "group", "aria-labelledby": `${id}-text`, "data-lm-suppress-shortcuts": "true" };
    this.root = make("div", "guess", null, attributes);
    this.root.addEventListener("keydown", (event) => {
      // The notebook would take arrows and Enter for itself; Shift+Enter and the like stay its own.
      if (!event.ctrlKey && !event.metaKey && !(event.shiftKey && event.key === "Enter")) event.stopPropagation();
    });
    const head = make("div", "head", this.root, { id: `${id}-text` });
    make("span", "word", head, {}, "Predict");
    prose(make("span", "text", head), question.text);
    const send = (answer) => model.send({ say: answer });
    const Form = question.kind === "number" ? Typed : Ticked;
    this.form = new Form(make("div", "form", this.root), question, id, send);
    this.note = make("div", "note", this.root, { id: `${id}-note`, role: "status" });
    this.tell();
    this.form.resume?.(draft);
  }

  tell() {
    const state = this.model.get("state");
    this.form.tell(state);
    let mark = "○";
    if (state.given !== null) mark = "●";
    if (state.locked) mark = "■";
    if (state.error) mark = "✗";
    this.root.dataset.state = state.error ? "error" : state.locked ? "locked" : state.given === null ? "open" : "kept";
    say(this.note, `${mark} ${state.error || state.note}`);
  }
}

/** Looks for the question wherever it is shown, now and later; only a kernel that answers fills it. */
function initialize({ model }) {
  const places = document.getElementsByClassName(model.get("place"));
  const shown = new Map();
  let live = false;
  let draft = ""; // of a form that went, for the one that comes in its place

  function look() {
    for (const place of shown.keys()) if (!place.isConnected) shown.delete(place);
    if (!live) return;
    for (const place of places) {
      if (place.dataset.mldockerLive) continue;
      place.dataset.mldockerLive = "true";
      for (const text of place.children) text.style.display = "none";
      const guess = new Guess(model, draft);
      place.append(guess.root);
      shown.set(place, guess);
      draft = "";
    }
  }

  /** The text comes back. */
  function leave() {
    for (const [place, guess] of shown) {
      delete place.dataset.mldockerLive;
      draft = guess.form.draft?.() || draft;
      guess.root.remove();
      for (const text of place.children) text.style.display = "";
    }
    shown.clear();
  }

  /** The kernel has told how the guess stands, so it is there. */
  const told = () => {
    live = true;
    shown.forEach((guess) => guess.tell());
    look();
  };
  const again = () => {
    leave();
    look();
  };
  const asked = () => {
    live = false;
    leave();
    try {
      model.send({ ask: "state" });
    } catch {
      // The kernel is gone: the text stays until a cell asks again.
    }
  };
  const watching = new MutationObserver(look);
  watching.observe(document.body, { childList: true, subtree: true });
  model.on("change:state", told);
  model.on("change:question", again);
  model.on("comm_live_update", asked);
  asked();
  return () => {
    watching.disconnect();
    model.off("change:state", told);
    model.off("change:question", again);
    model.off("comm_live_update", asked);
    leave();
  };
}

export default { initialize };
