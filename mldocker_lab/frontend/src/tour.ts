import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

/** A stop of the tour. */
export interface IStop {
  title: string;
  text: string;
  /** What it speaks of, as a CSS selector. */
  target: string;
  /** What brings it into sight. */
  before?: () => unknown;
}

const POINTED = 'mldockerlab-pointed';

/** A card that goes from stop to stop; it blocks nothing, and Escape ends it. */
export class Tour extends Widget {
  constructor(
    private _stops: IStop[],
    private _trans: TranslationBundle
  ) {
    super();
    this.addClass('mldockerlab-tour');
    this.node.setAttribute('role', 'dialog');
    this.node.setAttribute('aria-label', _trans.__('Tour'));
    this.node.tabIndex = -1;
  }

  /** Begin; the focus comes back when it ends. */
  async start(): Promise<void> {
    this._before = document.activeElement as HTMLElement | null;
    Widget.attach(this, document.body);
    document.addEventListener('keydown', this._pressed);
    await this._go(0);
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._point(null);
      document.removeEventListener('keydown', this._pressed);
      super.dispose();
      this._before?.focus();
    }
  }

  private async _go(at: number): Promise<void> {
    const stop = this._stops[at];
    await stop.before?.();
    if (this.isDisposed) {
      return;
    }
    this._point(document.querySelector(stop.target));
    const trans = this._trans;
    const last = at === this._stops.length - 1;
    const buttons = element('div', 'mldockerlab-buttons');
    if (at > 0) {
      buttons.append(button(trans.__('Back'), () => void this._go(at - 1)));
    }
    if (!last) {
      buttons.append(button(trans.__('Next'), () => void this._go(at + 1)));
    }
    buttons.append(button(last ? trans.__('Done') : trans.__('End the tour'), () => this.dispose()));
    const count = trans.__('%1 of %2', at + 1, this._stops.length);
    const said = element('div', '');
    said.setAttribute('aria-live', 'polite');
    said.append(element('h2', '', `${stop.title} (${count})`), element('p', '', stop.text));
    this.node.replaceChildren(said, buttons);
    this.node.focus();
  }

  private _point(target: Element | null): void {
    this._pointed?.classList.remove(POINTED);
    target?.classList.add(POINTED);
    this._pointed = target;
  }

  /** Wherever the focus is: a stop opens panels, and they take it when they are ready. */
  private _pressed = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !event.defaultPrevented) {
      event.stopPropagation();
      this.dispose();
    }
  };

  private _before: HTMLElement | null = null;
  private _pointed: Element | null = null;
}

function element(tag: string, name: string, text = ''): HTMLElement {
  const node = document.createElement(tag);
  node.className = name;
  node.textContent = text;
  return node;
}

function button(text: string, pressed: () => void): HTMLElement {
  const node = element('button', 'jp-mod-styled', text);
  node.onclick = pressed;
  return node;
}
