import { ISignal, Signal } from '@lumino/signaling';

import { Client } from './request';
import { IBuildWanted, IEvent, IMoment, IOutcome, IPicture, ISides } from './schema';

export type Which = IOutcome['pictures'][number];

/** Two Dockerfiles, and the builds of them that this page began or found under way. */
export class SidesModel {
  constructor(
    private _client: Client,
    readonly path: string,
    private _begun: () => void
  ) {}

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
  /** A figure of that, and which. */
  picture: IPicture | null = null;
  which: Which | '' = '';

  /** Whether there are cold builds that an edit can be compared with. */
  get built(): boolean {
    return this.outcome?.left != null && this.outcome.right != null;
  }

  /** Read the Dockerfiles again; hear builds that another page began. */
  async load(): Promise<void> {
    await this._try(async () => {
      this.sides = await this._client.ask('sides', null, { path: this.path });
      const { jobs } = await this._client.ask('jobList', null, null);
      const mine = jobs.filter(one => one.kind === 'build' && one.about === this.sides!.folder).pop();
      if (mine && !this.job && !this.outcome) {
        await this._follow(mine.id, true);
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
      await this._follow(job.id, wanted.cold);
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
    await this._try(async () => {
      this.picture = await this._client.ask('picture', { name: this._last, which }, null);
      this.which = which;
    });
  }

  private async _follow(job: string, cold: boolean): Promise<void> {
    const before = [this.outcome, this._last] as const;
    this.job = this._last = job;
    this.moments = new Map();
    this.outcome = this.picture = null;
    this.which = '';
    this._changed.emit();
    try {
      await this._client.listen(job, events => this._heard(events));
    } finally {
      this.job = '';
    }
    if (this._ended === 'ended') {
      this.outcome = await this._client.ask('outcome', { name: job }, null);
      if (this.outcome.pictures.length) {
        await this.draw(this.outcome.pictures[0]);
      }
    } else if (!cold) {
      [this.outcome, this._last] = before; // the cold builds are still there to compare with
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
    this._ended = last.kind;
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
  private _last = '';
  private _ended = '';
}
