import { Diagnostic, linter, lintGutter, lintKeymap } from '@codemirror/lint';
import { Compartment, Extension } from '@codemirror/state';
import { EditorView, hoverTooltip, keymap, ViewPlugin, ViewUpdate } from '@codemirror/view';
import { CodeEditor } from '@jupyterlab/codeeditor';
import { TranslationBundle } from '@jupyterlab/translation';

import { Kind, kindOf, partOf } from './dockerfiletext';
import { Client } from './request';
import { IDiagnosis, IHelp } from './schema';

/** What the user may choose. */
export interface IOptions {
  diagnostics: boolean;
  hover: boolean;
  delay: number;
}

/** What editors need to help with Dockerfiles. */
export class DockerfileHelp {
  constructor(
    private _client: Client,
    private _trans: TranslationBundle,
    private _open: (path: string) => void
  ) {}

  options: IOptions = { diagnostics: true, hover: true, delay: 300 };

  /** What the editor knows by heart; asked once. */
  words(): Promise<IHelp> {
    this._words ??= this._client.ask('help', null, null).catch(error => {
      this._words = null;
      throw error;
    });
    return this._words;
  }

  /** The extension of one editor; it costs nothing while the text is no Dockerfile. */
  extension(model: CodeEditor.IModel): Extension {
    const compartment = new Compartment();
    const kind = (view: EditorView) => kindOf(model.mimeType, view.state.doc.line(1).text);
    const inside = (now: Kind) => (now === 'none' ? [] : this._inside(now));
    class Watch {
      private _now: Kind = 'none';
      private _gone = false;

      constructor(readonly view: EditorView) {
        model.mimeTypeChanged.connect(this.look, this);
        this.look();
      }

      update(update: ViewUpdate): void {
        if (update.docChanged && update.changes.touchesRange(0, update.startState.doc.line(1).to)) {
          this.look();
        }
      }

      /** Switch after the update that is under way. */
      look(): void {
        const next = kind(this.view);
        if (next !== this._now) {
          this._now = next;
          queueMicrotask(() => {
            if (!this._gone) {
              this.view.dispatch({ effects: compartment.reconfigure(inside(this._now)) });
            }
          });
        }
      }

      destroy(): void {
        this._gone = true;
        model.mimeTypeChanged.disconnect(this.look, this);
      }
    }
    return [compartment.of([]), ViewPlugin.fromClass(Watch)];
  }

  private _inside(kind: Kind): Extension {
    const parts: Extension[] = [];
    if (this.options.diagnostics) {
      const lint = linter(view => this._lint(view, kind), { delay: this.options.delay });
      parts.push(lint, lintGutter(), keymap.of(lintKeymap));
    }
    if (this.options.hover && kind !== 'ignore') {
      parts.push(hoverTooltip((view, pos) => this._hover(view, pos)));
    }
    return parts;
  }

  private async _lint(view: EditorView, kind: Kind): Promise<Diagnostic[]> {
    const { text, offset } = partOf(view.state.doc.toString(), kind);
    const name = kind === 'ignore' ? '.dockerignore' : 'Dockerfile';
    try {
      const { diagnoses } = await this._client.ask('diagnose', null, { text, name });
      const length = view.state.doc.length;
      return diagnoses
        .filter(one => one.end + offset <= length)
        .map(one => this._diagnostic(one, offset));
    } catch (error) {
      const message = (error as Error).message;
      return [{ from: 0, to: Math.min(1, view.state.doc.length), severity: 'info', message }];
    }
  }

  private _diagnostic(one: IDiagnosis, offset: number): Diagnostic {
    return {
      from: one.start + offset,
      to: one.end + offset,
      severity: one.severity,
      source: one.id,
      message: one.message,
      renderMessage: () => this._message(one),
      actions: one.fixes.map(fix => ({
        name: fix.title,
        // the text may have moved since: edits keep their distance to what is underlined
        apply: (view, from) =>
          view.dispatch({
            changes: fix.edits.map(edit => ({
              from: edit.start - one.start + from,
              to: edit.end - one.start + from,
              insert: edit.text
            })),
            userEvent: 'input.fix'
          })
      }))
    };
  }

  private _message(one: IDiagnosis): HTMLElement {
    const trans = this._trans;
    const severity = {
      error: trans.__('Error'),
      warning: trans.__('Warning'),
      info: trans.__('Note')
    }[one.severity];
    const node = element('div', 'mldockerlab-tip');
    node.append(element('strong', '', `${severity}: ${one.message}`));
    for (const text of [one.why, one.hint && trans.__('Try: %1', one.hint)]) {
      if (text) {
        node.append(element('p', '', text));
      }
    }
    if (one.lesson) {
      const path = one.path;
      const name = trans.__('Lesson %1', one.lesson);
      const link = element(path ? 'button' : 'span', path ? 'mldockerlab-link' : '', name);
      if (path) {
        link.onclick = () => this._open(path);
      }
      node.append(link);
    }
    return node;
  }

  private async _hover(view: EditorView, pos: number) {
    const line = view.state.doc.lineAt(pos);
    const found = wordAt(line.text, pos - line.from);
    if (!found) {
      return null;
    }
    const { instructions } = await this.words();
    const first = /^\s*(?:ONBUILD\s+)?(\w+)/i.exec(line.text);
    const instruction = instructions.find(one => one.keyword === first?.[1].toUpperCase());
    if (!instruction) {
      return null;
    }
    const node = element('div', 'mldockerlab-tip');
    const flag = instruction.flags.find(one => found.text.startsWith(one.word.split('=')[0]));
    if (found.text.toUpperCase() === instruction.keyword) {
      node.append(
        element('strong', '', instruction.keyword),
        element('p', '', instruction.says),
        element('code', '', instruction.example)
      );
    } else if (flag && found.text.startsWith('--')) {
      node.append(element('strong', '', flag.word.split('=')[0]), element('p', '', flag.says));
    } else {
      return null;
    }
    return {
      pos: line.from + found.start,
      end: line.from + found.start + found.text.length,
      above: true,
      create: () => ({ dom: node })
    };
  }

  private _words: Promise<IHelp> | null = null;
}

function wordAt(text: string, at: number): { text: string; start: number } | null {
  for (const match of text.matchAll(/--[\w-]+|\w+/g)) {
    if (match.index! <= at && at <= match.index! + match[0].length) {
      return { text: match[0], start: match.index! };
    }
  }
  return null;
}

function element(tag: string, name = '', text = ''): HTMLElement {
  const node = document.createElement(tag);
  if (name) {
    node.className = name;
  }
  node.textContent = text;
  return node;
}
