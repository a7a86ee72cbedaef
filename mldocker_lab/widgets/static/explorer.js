// The explorer of an image's layers and files. The notebook shows tables (see widgets/explore.py);
// this file takes their place while a kernel answers, and gives it back when it no longer does.
// One folder's rows at a time come from the kernel. Plain DOM, no imports: it works offline.

const MARKS = { deleted: "✗", overwritten: "↻", metadata: "≈" };
const MEANINGS = {
  deleted: "nothing is there any more",
  overwritten: "something else was written there",
  metadata: "same contents, written again with another mode, owner or date",
};
const KIND_MARKS = {
  file: "", folder: "", "hard link": "⧉", link: "→", "special file": "◆", removes: "⊖", empties: "⊖",
};
const UNITS = ["B", "kB", "MB", "GB", "TB"];
const TAIL = 18; // characters at the end of a long instruction that always stay
const SEARCH_MS = 200; // quiet time before a search is sent
const BUSY_MS = 800; // a kernel that is silent for so long is said to be busy
const STEP = 10; // rows that PageUp and PageDown move by

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

function count(number, word) {
  const digits = String(number).replace(/\B(?=(\d{3})+$)/g, " ");
  return `${digits} ${word}${number === 1 ? "" : "s"}`;
}

function make(tag, name, parent, attributes = {}, text = "") {
  const node = document.createElement(tag);
  node.className = name && `mldocker-${name}`;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text) node.textContent = text;
  parent?.append(node);
  return node;
}

function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A bar of `bytes` on a scale that ends at `most`; the wasted part of it is hatched. */
function bar(parent, bytes, wasted, most) {
  const box = make("span", "bar", parent, { "aria-hidden": "true" });
  const part = (name, value) => {
    if (value > 0) make("span", name, box).style.width = `max(${(100 * value) / Math.max(most, 1)}%, 1px)`;
  };
  part("kept", bytes - wasted);
  part("waste", wasted);
}

/** A long instruction: both of its ends matter, so it is the head's end that gives way. */
function instruction(parent, text) {
  const code = make("span", "text", parent, { title: text });
  const cut = text.length > TAIL * 2 ? text.length - TAIL : text.length;
  make("span", "text-head", code, {}, text.slice(0, cut));
  make("span", "text-tail", code, {}, text.slice(cut));
}

/** Asks the kernel; an answer belongs to the question with its id. */
class Kernel {
  constructor(model) {
    this.model = model;
    this.name = Math.random().toString(36).slice(2);
    this.asked = 0;
    this.open = new Map();
    model.on("msg:custom", (message) => {
      const answered = this.open.get(message.id);
      this.open.delete(message.id);
      if (message.error) answered?.reject(new Error(message.error));
      else answered?.resolve(message);
    });
  }

  /** Whether it was shut down, where the page can tell. */
  get gone() {
    const manager = this.model.widget_manager;
    return Boolean(manager) && "kernel" in manager && !manager.kernel;
  }

  ask(question) {
    const id = `${this.name}-${(this.asked += 1)}`;
    return new Promise((resolve, reject) => {
      this.open.set(id, { resolve, reject });
      this.model.send({ id, ...question });
    });
  }
}

let made = 0;

/** One image: its layers on the left, the files of the chosen one on the right. */
class Explorer {
  constructor(kernel, summary, leave) {
    this.kernel = kernel;
    this.leave = leave;
    this.summary = summary;
    this.layer = null; // all layers together
    this.most = 1; // bytes at which a bar in the tree is full
    this.asked = 0; // only the last question about the whole tree is drawn
    this.rows = []; // what the tree shows, from top to bottom
    made += 1;
    this.id = `mldocker-explorer-${made}`;
    const attributes = { role: "group", "aria-label": `layers and files of ${summary.image}` };
    this.root = make("div", "explorer", null, { ...attributes, "data-lm-suppress-shortcuts": "true" });
    this.head();
    const grid = make("div", "grid", this.root);
    this.left(make("section", "side", grid));
    this.right(make("section", "side", grid));
    this.foot();
    this.choose(0);
  }

  head() {
    const { image, bytes, wasted, pull_bytes, layers } = this.summary;
    const head = make("header", "head", this.root);
    make("span", "name", head, {}, image);
    const told = `${size(bytes)} of files in ${count(layers.length, "layer")}, `
      + `${size(wasted)} of it wasted, ${size(pull_bytes)} to pull`;
    make("span", "word", head, {}, told);
  }

  left(side) {
    const title = make("div", "title", side, { id: `${this.id}-layers` });
    make("span", "", title, {}, "layers");
    make("span", "word", title, {}, "lowest first");
    this.list = make("div", "layers", side, { role: "listbox", "aria-labelledby": title.id });
    const { bytes, wasted, layers } = this.summary;
    const most = Math.max(...layers.map((layer) => layer.bytes));
    const all = { instruction: "all layers together", bytes, wasted, files: 0 };
    this.options = [all, ...layers].map((layer, at) => this.option(layer, at, at ? most : 0));
    this.list.addEventListener("keydown", (event) => this.listKey(event));
  }

  option(layer, at, most) {
    const waste = layer.wasted ? `, ${size(layer.wasted)} wasted` : "";
    const label = `${at ? `layer ${at}: ` : ""}${layer.instruction}, ${size(layer.bytes)}${waste}`;
    const attributes = { role: "option", "aria-label": label, "aria-selected": "false", tabindex: "-1" };
    const option = make("div", "layer", this.list, attributes);
    make("span", "number", option, {}, at ? String(at) : "Σ");
    if (at) instruction(option, layer.instruction);
    else make("span", "text mldocker-all", option, {}, layer.instruction);
    make("span", "bytes", option, {}, size(layer.bytes));
    if (at) bar(option, layer.bytes, layer.wasted, most);
    else make("span", "bar mldocker-none", option);
    make("span", "wasted", option, {}, layer.wasted ? `▨ ${size(layer.wasted)} wasted` : "");
    option.addEventListener("click", () => this.choose(at, true));
    return option;
  }

  listKey(event) {
    const at = this.chosen;
    const last = this.options.length - 1;
    const to = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (to !== undefined) this.choose(to, true);
    else if (event.key === "ArrowRight" || event.key === "Enter") this.focus(this.rows[this.at]);
    else if (event.key === "/") this.input.focus();
    else return;
    event.preventDefault();
  }

  right(side) {
    const title = make("div", "title", side, { id: `${this.id}-files` });
    this.title = make("span", "what", title);
    this.status = make("span", "word", title, { role: "status" });
    const tools = make("div", "tools", side);
    this.input = make("input", "search", tools, {
      type: "search", placeholder: "search paths  ( / )", "aria-label": "search paths", spellcheck: "false",
    });
    const label = make("label", "only", tools);
    this.only = make("input", "", label, { type: "checkbox" });
    make("span", "", label, {}, "▨ wasted only");
    this.tree = make("div", "tree", side, { role: "tree", "aria-labelledby": title.id });
    this.detail = make("div", "detail", side, { id: `${this.id}-detail` });
    this.input.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.load(), SEARCH_MS);
    });
    this.input.addEventListener("keydown", (event) => this.searchKey(event));
    this.only.addEventListener("change", () => this.load());
    this.tree.addEventListener("keydown", (event) => this.treeKey(event));
    this.tree.addEventListener("click", (event) => this.click(event));
    this.tree.addEventListener("focusin", (event) => this.stand(this.rowOf(event.target)));
  }

  foot() {
    const foot = make("footer", "foot", this.root);
    make("span", "", foot, {}, "▨ wasted: every node pulls it, no container shows it.");
    for (const [reason, meaning] of Object.entries(MARKS).map(([word]) => [word, MEANINGS[word]])) {
      make("span", "", foot, {}, `${MARKS[reason]} ${reason}: ${meaning}.`);
    }
  }

  choose(at, focus = false) {
    if (focus) this.options[at].focus();
    if (at === this.chosen) return;
    this.chosen = at;
    this.layer = at ? at - 1 : null;
    this.options.forEach((option, other) => {
      option.setAttribute("aria-selected", String(other === at));
      option.tabIndex = other === at ? 0 : -1;
    });
    const list = this.list.getBoundingClientRect();
    const here = this.options[at].getBoundingClientRect();
    if (here.bottom > list.bottom) this.list.scrollTop += here.bottom - list.bottom;
    if (here.top < list.top) this.list.scrollTop -= list.top - here.top;
    const what = at ? `files of layer ${at}` : "files of all layers";
    say(this.title, what);
    this.input.value = "";
    this.load();
  }

  /** Asks, and says so if the kernel takes its time; null if something else was asked meanwhile. */
  async ask(question) {
    if (this.kernel.gone) {
      this.leave();
      return null;
    }
    const turn = this.asked;
    const busy = setTimeout(() => say(this.status, "waiting for the kernel: it is busy, or gone …"), BUSY_MS);
    try {
      const answer = await this.kernel.ask({ layer: this.layer, wasted: this.only.checked, ...question });
      return turn === this.asked ? answer : null;
    } catch (error) {
      say(this.status, String(error.message));
      return null;
    } finally {
      clearTimeout(busy);
    }
  }

  /** The tree anew: the root's children, or what a search finds. */
  async load() {
    this.asked += 1;
    const text = this.input.value.trim();
    const answer = await this.ask(text ? { ask: "search", text } : { ask: "children", folder: "" });
    if (!answer) return;
    const sizes = answer.rows.map((row) => (this.only.checked ? row.wasted : row.bytes));
    this.most = Math.max(1, ...sizes);
    const held = this.tree.contains(document.activeElement);
    this.rows = [];
    this.at = 0;
    this.tree.replaceChildren();
    this.insert(0, answer, { level: 1, parent: null, found: Boolean(text), key: "" });
    this.told(answer, text);
    this.describe(this.rows[0]);
    if (held) (this.rows[0]?.node ?? this.options[this.chosen]).focus(); // whoever was in it stays in it
  }

  told(answer, text) {
    const shown = answer.rows.length;
    const some = answer.total > shown ? `the largest ${shown} of ` : "";
    let words = "";
    if (text) words = answer.total ? `${some}${count(answer.total, "match").replace("matchs", "matches")}` : "no match";
    else if (!answer.total) words = this.only.checked ? "nothing here is wasted" : "no files";
    say(this.status, words);
  }

  /** Puts rows into the tree at a position, and a row for those that were not sent. */
  insert(position, answer, { level, parent, found, key, before = 0 }) {
    const rows = answer.rows.map((data, at) => this.row(data, { level, parent, found, at: before + at, total: answer.total }));
    const left = answer.total - before - rows.length;
    if (left > 0 && !found) rows.push(this.more({ level, parent, key, start: before + rows.length, left, rest: answer.rest, total: answer.total }));
    const next = this.rows[position]?.node ?? null;
    for (const row of rows) this.tree.insertBefore(row.node, next);
    this.rows.splice(position, 0, ...rows);
    this.rows.forEach((row, at) => {
      row.node.tabIndex = at === this.at ? 0 : -1;
    });
    return rows;
  }

  row(data, { level, parent, found, at, total }) {
    const node = make("div", "row", null, {
      role: "treeitem", "aria-level": level, "aria-posinset": at + 1, "aria-setsize": total,
      "aria-label": this.label(data, found), "aria-describedby": this.detail.id,
    });
    node.dataset.kind = data.kind;
    if (data.reason) node.dataset.reason = data.reason;
    if (data.opens) node.setAttribute("aria-expanded", "false");
    const name = make("span", "entry", node);
    name.style.paddingInlineStart = `${(level - 1) * 1.1}em`;
    make("span", "twisty", name, { "aria-hidden": "true" }, data.opens ? "▸" : KIND_MARKS[data.kind]);
    const text = found ? data.path : data.name;
    const path = make("span", "path", name, { title: data.path });
    make("span", "", path, {}, data.kind === "folder" ? `${text}/` : text);
    if (data.link) make("span", "soft", path, {}, ` → ${data.link}`);
    this.mark(node, data);
    bar(node, data.bytes, data.wasted, this.most);
    make("span", "bytes", node, {}, data.kind === "removes" || data.kind === "empties" ? "" : size(data.bytes));
    return { node, data, level, parent, open: false };
  }

  mark(node, { reason, by, kind, wasted }) {
    const mark = make("span", "mark", node);
    if (reason) make("span", "reason", mark, {}, `${MARKS[reason]} ${reason} by ${by + 1}`);
    else if (kind === "removes") make("span", "soft", mark, {}, "⊖ removes it");
    else if (kind === "empties") make("span", "soft", mark, {}, "⊖ empties it");
    else if (wasted) make("span", "inside", mark, {}, `▨ ${size(wasted)} wasted`);
    else if (kind !== "file" && kind !== "folder" && kind !== "link") make("span", "soft", mark, {}, kind);
  }

  label({ name, path, kind, bytes, wasted, reason, by, link }, found) {
    const text = found ? path : name;
    if (kind === "removes" || kind === "empties") return `${kind} ${text}`;
    const to = link ? ` to ${link}` : "";
    const hidden = reason ? `, ${reason} by layer ${by + 1}` : "";
    const waste = wasted ? `, ${size(wasted)} wasted` : "";
    return `${text}, ${kind}${to}, ${size(bytes)}${waste}${hidden}`;
  }

  more({ level, parent, key, start, left, rest, total }) {
    const text = `… ${count(left, "more").replace("mores", "more")}, ${size(rest)}`;
    const node = make("div", "row mldocker-more", null, {
      role: "treeitem", "aria-level": level, "aria-posinset": start + 1, "aria-setsize": total, "aria-label": `show ${text}`,
    });
    const name = make("span", "entry", node);
    name.style.paddingInlineStart = `${(level - 1) * 1.1}em`;
    make("span", "twisty", name);
    make("span", "path", name, {}, text);
    return { node, more: { key, start }, level, parent };
  }

  describe(row) {
    this.detail.replaceChildren();
    if (!row?.data) return;
    const { path, kind, bytes, files, layer, by, reason, mode, owner, wasted } = row.data;
    make("span", "full", this.detail, {}, path);
    const made = (number) => this.summary.layers[number].instruction;
    const facts = [];
    if (kind === "removes") facts.push("marks as removed what lower layers have there");
    else if (kind === "empties") facts.push("hides what lower layers have below it");
    else {
      facts.push(kind === "folder" ? `${size(bytes)} in ${count(files, "file")}` : `${kind}, ${size(bytes)}`);
      if (wasted && wasted < bytes) facts.push(`${size(wasted)} wasted`);
      if (mode) facts.push(`mode ${mode}, owner ${owner}`);
      facts.push(`written by layer ${layer + 1}: ${made(layer)}`);
    }
    make("div", "soft", this.detail, {}, facts.join(" · "));
    if (reason) make("div", "why", this.detail, {}, `${MARKS[reason]} ${reason} by layer ${by + 1}: ${made(by)}`);
  }

  rowOf(node) {
    const found = node.closest(".mldocker-row");
    return this.rows.find((row) => row.node === found);
  }

  click(event) {
    const row = this.rowOf(event.target);
    if (!row) return;
    this.focus(row);
    this.act(row);
  }

  focus(row) {
    row?.node.focus();
  }

  /** The focus came to a row, by whatever way: Tab leads back to it. */
  stand(row) {
    if (!row) return;
    const before = this.rows[this.at];
    if (before) before.node.tabIndex = -1;
    this.at = this.rows.indexOf(row);
    row.node.tabIndex = 0;
    this.describe(row);
  }

  async act(row) {
    if (row.more) await this.extend(row);
    else if (row.data.opens) await (row.open ? this.close(row) : this.expand(row));
  }

  /** Opens a folder; and the one in it, if there is nothing else. */
  async expand(row) {
    if (row.open || !row.data.opens) return;
    row.open = true;
    const answer = await this.ask({ ask: "children", folder: row.data.key });
    const position = this.rows.indexOf(row) + 1;
    if (!answer || !position || !row.open) {
      row.open = false;
      return;
    }
    this.turn(row, true);
    const rows = this.insert(position, answer, { level: row.level + 1, parent: row, key: row.data.key });
    if (this.status.textContent.startsWith("waiting")) say(this.status, "");
    if (rows.length === 1 && rows[0].data?.opens) await this.expand(rows[0]);
  }

  close(row) {
    row.open = false;
    this.turn(row, false);
    const from = this.rows.indexOf(row) + 1;
    let to = from;
    while (to < this.rows.length && this.rows[to].level > row.level) to += 1;
    for (const gone of this.rows.splice(from, to - from)) gone.node.remove();
    if (this.at >= to) this.at -= to - from;
    else if (this.at >= from) this.focus(row);
  }

  turn(row, open) {
    row.node.setAttribute("aria-expanded", String(open));
    say(row.node.querySelector(".mldocker-twisty"), open ? "▾" : "▸");
  }

  async extend(row) {
    const { key, start } = row.more;
    const answer = await this.ask({ ask: "children", folder: key, start });
    const position = this.rows.indexOf(row);
    if (!answer || position < 0) return;
    const held = row.node.contains(document.activeElement);
    this.rows.splice(position, 1);
    row.node.remove();
    const rows = this.insert(position, answer, { level: row.level, parent: row.parent, key, before: start });
    if (held) this.focus(rows[0]);
  }

  searchKey(event) {
    if (event.key === "ArrowDown" || event.key === "Enter") this.focus(this.rows[this.at] ?? this.rows[0]);
    else if (event.key === "Escape") {
      this.input.value = "";
      this.load().then(() => this.focus(this.rows[0]));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  treeKey(event) {
    const row = this.rows[this.at];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = (to) => this.focus(this.rows[Math.max(0, Math.min(to, this.rows.length - 1))]);
    const keys = {
      ArrowDown: () => move(this.at + 1),
      ArrowUp: () => move(this.at - 1),
      PageDown: () => move(this.at + STEP),
      PageUp: () => move(this.at - STEP),
      Home: () => move(0),
      End: () => move(this.rows.length - 1),
      ArrowRight: () => (row.open ? move(this.at + 1) : this.act(row)),
      ArrowLeft: () => (row.open ? this.close(row) : row.parent && this.focus(row.parent)),
      Enter: () => this.act(row),
      " ": () => this.act(row),
      "/": () => this.input.focus(),
      Escape: () => this.options[this.chosen].focus(),
    };
    if (!(event.key in keys)) return;
    keys[event.key]();
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Looks for the tables of this image wherever they appear, now and later. */
function initialize({ model }) {
  const kernel = new Kernel(model);
  const places = document.getElementsByClassName(model.get("place"));
  const tried = new WeakSet();
  const shown = new Set();

  async function mount(place) {
    tried.add(place);
    const summary = await kernel.ask({ ask: "layers" });
    if (place.dataset.mldockerLive) return;
    place.dataset.mldockerLive = "true";
    for (const table of place.children) table.style.display = "none";
    place.append(new Explorer(kernel, summary, leave).root);
    shown.add(new WeakRef(place));
  }

  function look() {
    for (const place of places) if (!tried.has(place)) mount(place).catch(() => tried.delete(place));
  }

  /** The tables come back. */
  function leave() {
    for (const place of [...shown].map((held) => held.deref()).filter(Boolean)) {
      delete place.dataset.mldockerLive;
      place.querySelector(".mldocker-explorer")?.remove();
      for (const table of place.children) table.style.display = "";
      tried.delete(place);
    }
    shown.clear();
  }

  const watching = new MutationObserver(look);
  const changed = () => {
    leave();
    look();
  };
  watching.observe(document.body, { childList: true, subtree: true });
  model.on("comm_live_update", changed);
  look();
  return () => {
    watching.disconnect();
    model.off("comm_live_update", changed);
    leave();
  };
}

export default { initialize };
