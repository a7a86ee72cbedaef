// The live view of builds. Python sends the state of every build (see widgets/state.py); this file
// draws it. Plain DOM, no imports: it works offline and needs no bundler.

const MARKS = {
  waiting: "○", running: "▶", cached: "□", done: "■", failed: "✗", skipped: "–", metadata: "·",
};
const CLOCK_MS = 200;
const SAY_MS = 3000; // a screen reader hears news at most this often
const MINUTE = 60;
const TAIL = 18; // characters at the end of a long instruction that always stay

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** 195300000 → "195 MB"; decimal units, as in Python's units.size. */
function size(bytes) {
  let unit = 0;
  while (bytes >= 999.5 && unit < UNITS.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || bytes >= 100 ? bytes.toFixed(0) : String(Number(bytes.toPrecision(3)));
  return `${digits} ${UNITS[unit]}`;
}

/** 4.23 → "4.2 s", 83 → "1 min 23 s". */
function took(seconds) {
  if (seconds < MINUTE - 0.05) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / MINUTE)} min ${String(whole % MINUTE).padStart(2, "0")} s`;
}

function make(tag, className, parent, attributes = {}) {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent?.append(node);
  return node;
}

/** Changes the text only if it differs, so that nothing is repainted or announced for nothing. */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function progressOf(side) {
  return `${side.finished} of ${side.counted} steps`;
}

/** One build: its head with a clock, its steps, its bytes, the end of its log. */
class Side {
  constructor(side, parent) {
    this.box = make("section", "mldocker-side", parent, { "aria-label": `build ${side.name}` });
    const head = make("header", "mldocker-head", this.box);
    say(make("span", "mldocker-name", head), side.name);
    this.word = make("span", "mldocker-word", head);
    this.clock = make("span", "mldocker-clock", head);
    const list = make("ol", "mldocker-steps", this.box);
    this.steps = side.steps.map((step) => this.row(step, list));
    this.moved = make("div", "mldocker-moved", this.box);
    this.message = make("pre", "mldocker-message", this.box, { hidden: "" });
    this.log = make("pre", "mldocker-log", this.box, { "aria-label": `end of the log of ${side.name}` });
  }

  row(step, list) {
    const item = make("li", "mldocker-step", list);
    const mark = make("span", "mldocker-mark", item, { "aria-hidden": "true" });
    const word = make("span", "mldocker-state", item);
    const text = make("code", "mldocker-text", item, { title: step.text });
    const clock = make("span", "mldocker-clock", item);
    // Both ends of an instruction matter, so it is the head's end that gives way.
    const cut = step.text.length > TAIL * 2 ? step.text.length - TAIL : step.text.length;
    say(make("span", "mldocker-text-head", text), step.text.slice(0, cut));
    say(make("span", "mldocker-text-tail", text), step.text.slice(cut));
    return { item, mark, word, clock };
  }

  update(side, scale) {
    this.side = side;
    this.heard = performance.now();
    this.box.dataset.outcome = side.outcome || (side.at === null ? "waiting" : "running");
    say(this.word, side.outcome || (side.at === null ? "waiting" : progressOf(side)));
    side.steps.forEach((step, i) => {
      const row = this.steps[i];
      row.item.dataset.state = step.state;
      say(row.mark, MARKS[step.state] ?? "");
      say(row.word, step.state);
    });
    this.bars(side.moved, scale);
    this.message.hidden = !side.message;
    say(this.message, side.message);
    say(this.log, side.log.join("\n"));
    this.tick();
  }

  bars(moved, scale) {
    while (this.moved.children.length > moved.length) this.moved.lastChild.remove();
    while (this.moved.children.length < moved.length) {
      const row = make("div", "mldocker-move", this.moved);
      make("span", "mldocker-what", row);
      make("span", "mldocker-fill", make("span", "mldocker-bar", row, { "aria-hidden": "true" }));
      make("span", "mldocker-bytes", row);
    }
    moved.forEach(({ what, done, total }, i) => {
      const [label, bar, bytes] = this.moved.children[i].children;
      say(label, what);
      bar.firstChild.style.width = `${(100 * done) / Math.max(scale[what], 1)}%`;
      say(bytes, total && done < total ? `${size(done)} of ${size(total)}` : size(done));
    });
  }

  /** The clocks go on between two messages, as long as the build does. */
  tick() {
    const { at, outcome, steps } = this.side;
    const now = outcome || at === null ? at : at + (performance.now() - this.heard) / 1000;
    say(this.clock, now === null ? "" : took(now));
    steps.forEach((step, i) => {
      const runs = step.state === "running" && step.started !== null && now !== null;
      const seconds = runs ? now - step.started : step.seconds;
      say(this.steps[i].clock, seconds === null ? "" : took(Math.max(seconds, 0)));
    });
  }
}

/** The longest bar of each kind: both builds' bars are drawn to one scale. */
function scales(sides) {
  const scale = {};
  for (const { what, done, total } of sides.flatMap((side) => side.moved)) {
    scale[what] = Math.max(scale[what] ?? 0, total ?? done, done);
  }
  return scale;
}

function news(sides) {
  return sides
    .map((side) => {
      const running = side.steps.find((step) => step.state === "running");
      const doing = !side.outcome && running ? `, running ${running.text}` : "";
      return `${side.name}: ${side.outcome || progressOf(side)}${doing}`;
    })
    .join("; ");
}

function render({ model, el }) {
  const root = make("div", "mldocker-pair", el);
  const note = make("p", "mldocker-note", root);
  const grid = make("div", "mldocker-grid", root);
  const stop = make("p", "mldocker-stop", root);
  say(stop, "To stop: interrupt the kernel (■ in the toolbar).");
  const status = make("div", "mldocker-news", root, { role: "status", "aria-live": "polite" });
  let shape = "";
  let drawn = [];
  let said = 0;

  function draw() {
    const sides = model.get("sides");
    const now = JSON.stringify(sides.map((side) => [side.name, side.steps.map((step) => step.text)]));
    if (now !== shape) {
      shape = now;
      grid.replaceChildren();
      drawn = sides.map((side) => new Side(side, grid));
    }
    const scale = scales(sides);
    sides.forEach((side, i) => drawn[i].update(side, scale));
    say(note, model.get("note"));
    note.hidden = !model.get("note");
    stop.hidden = sides.length > 0 && sides.every((side) => side.outcome);
    announce();
  }

  function announce() {
    if (!stop.hidden && performance.now() - said < SAY_MS) return;
    said = performance.now();
    say(status, news(model.get("sides")));
  }

  function tick() {
    drawn.forEach((side) => side.tick());
    announce();
  }

  model.on("change:sides", draw);
  model.on("change:note", draw);
  draw();
  const clock = setInterval(tick, CLOCK_MS);
  return () => {
    clearInterval(clock);
    model.off("change:sides", draw);
    model.off("change:note", draw);
  };
}

export default { render };
