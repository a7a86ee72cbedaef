import { ISignal, Signal } from '@lumino/signaling';

import { Client } from './request';
import { IBuildWanted, IEvent, IMoment, IOutcome, IPicture, ISides } from './schema';

export type Which = IOutcome['pictures'][number];

/** What the learner chose, and a page that is loaded again chooses too. */
export interface IChosen {
  /** The file that is edited in a copy; empty for none. */
  edit: string;
  /** The line that is appended to it. */
  add: string;
  /** The figure that is shown; empty for the first. */
  which: Which | '';
}

/** Two Dockerfiles, and the builds of them that this page began or found under way. */
export class SidesModel {
  constructor(
    private _client: Client,
    readonly path: string,
    private _begun: () => void,
    chosen: Partial<IChosen> = {}
  ) {
    this._chosen = { edit: '', add: '', which: '', ...chosen };
  }

  /** Something changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The Dockerfiles as they are on disk; null until the server has answered. */
  sides: ISides | null = null;
  /** What went wrong last. */
  problem = '';
  /** The builds under way; empty if there are none. */
  job = '';
  /** What goes on, in a line. */
  says = '';
  /** Steps as they stand while builds go on, by side and number. */
  moments = new Map<string, IMoment>();
  /** What the last builds came to. */
  outcome: IOutcome | null = null;
  /** A figure of that. */
  picture: IPicture | null = null;

  /** What the learner chose. */
  get chosen(): Readonly<IChosen> {
    return this._chosen;
  }

  /** Choose. */
  choose(part: Partial<IChosen>): void {
    this._chosen = { ...this._chosen, ...part };
    this._changed.emit();
  }

  /** Whether there are cold builds that an edit can be compared with. */
  get built(): boolean {
    return this.outcome?.left != null && this.outcome.right != null;
  }

  /** Whether an instruction is another one than was built. */
  get stale(): boolean {
    const built = { left: this.outcome?.left, right: this.outcome?.right };
    const rows = this.sides?.steps ?? [];
    return (['left', 'right'] as const).some(side => {
      const now = rows.flatMap(row => row[side]?.text ?? []);
      const then = built[side]?.steps.map(one => one.text);
      return then !== undefined && JSON.stringify(then) !== JSON.stringify(now);
    });
  }

  /** Read the Dockerfiles again; find what was built before this page was loaded, or is now. */
  async load(): Promise<void> {
    await this._try(async () => {
      this.sides = await this._client.ask('sides', null, { path: this.path });
      if (this.job || this.outcome) {
        return;
      }
      const { folder, built } = this.sides;
      if (built) {
        await this._take(built, this._chosen.which);
      }
      const { jobs } = await this._client.ask('jobList', null, null);
      const mine = jobs.filter(one => !one.ended && one.kind === 'build' && one.about === folder);
      if (mine.length) {
        await this._follow(mine.pop()!.id);
      }
    });
  }

  /** Build both. */
  async build(wanted: Omit<IBuildWanted, 'path'>): Promise<void> {
    await this._try(async () => {
      this.sides = await this._client.ask('sides', null, { path: this.path });
      const path = this.sides.folder;
      const job = await this._client.ask('buildBegin', null, { path, ...wanted });
      this._begun();
      await this._follow(job.id);
    });
  }

  /** Stop both, in the middle of a step. */
  async stop(): Promise<void> {
    await this._try(async () => {
      if (this.job) {
        await this._client.ask('jobStop', { name: this.job }, null);
      }
    });
  }

  /** Draw one of the figures. */
  async draw(which: Which): Promise<void> {
    await this._try(() => this._draw(which));
  }

  private async _draw(which: Which): Promise<void> {
    this.picture = await this._client.ask('picture', { name: this._last, which }, null);
    this.choose({ which });
  }

  private async _follow(job: string): Promise<void> {
    this.job = job;
    this.moments = new Map();
    this.outcome = this.picture = null;
    this._changed.emit();
    try {
      await this._client.listen(job, events => this._heard(events));
    } finally {
      this.job = '';
    }
    // what was stopped came to nothing: then it is what was built before, if that is still there
    this.sides = await this._client.ask('sides', null, { path: this.path });
    if (this.sides.built) {
      await this._take(this.sides.built);
    }
  }

  /** Show what a job came to, with the figure that is wanted or else the first. */
  private async _take(job: string, wanted: Which | '' = ''): Promise<void> {
    this._last = job;
    this.outcome = await this._client.ask('outcome', { name: job }, null);
    const { pictures } = this.outcome;
    if (pictures.length) {
      await this._draw(wanted && pictures.includes(wanted) ? wanted : pictures[0]);
    }
  }

  private _heard(events: IEvent[]): void {
    this.moments = new Map();
    for (const { moment } of events) {
      if (moment) {
        this.moments.set(`${moment.side}${moment.step}`, moment);
      }
    }
    const last = events[events.length - 1];
    this.says = last.text || this.says;
    this._changed.emit();
  }

  private async _try(work: () => Promise<void>): Promise<void> {
    try {
      this.problem = '';
      await work();
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _chosen: IChosen;
  private _last = '';
}
