import { ISignal, Signal } from '@lumino/signaling';

import { Client } from './request';
import { IClean, IEngineState, IGpu, IJob } from './schema';

const WATCH = 1000; // milliseconds between two looks at what runs

/** What the engine panel and the status bar show. */
export class EngineModel {
  constructor(private _client: Client) {}

  /** Something changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The engine; null until the server has answered. */
  get engine(): IEngineState | null {
    return this._engine;
  }

  /** What is being done, in words; empty if nothing is. */
  get busy(): string {
    return this._busy;
  }

  /** What went wrong last. */
  get problem(): string {
    return this._problem;
  }

  /** Bytes on disk of the lab's folder; null until somebody asked. */
  get used(): number | null {
    return this._used;
  }

  /** What results about GPUs rest on; null until the server has answered. */
  get gpu(): IGpu | null {
    return this._gpu;
  }

  /** What pages began and has not ended. */
  get jobs(): IJob[] {
    return this._jobs;
  }

  /** The host whose GPU is meant: "here", or one that is recorded. */
  get host(): string {
    return this._host;
  }

  set host(name: string) {
    this._host = name;
    void this._look();
  }

  /** Look again. */
  async refresh(): Promise<void> {
    await this._look();
    if (!this._busy) {
      await this._do('', () => this._client.ask('engine', null, null));
    }
  }

  /** Look at what runs again and again, until nothing does. */
  async watch(): Promise<void> {
    if (this._watching) {
      return;
    }
    this._watching = true;
    try {
      do {
        const { jobs } = await this._client.ask('jobList', null, null);
        this._jobs = jobs.filter(one => !one.ended);
        this._changed.emit();
        await new Promise(resolve => setTimeout(resolve, WATCH));
      } while (this._jobs.length);
    } catch {
      this._jobs = []; // the panel says that the server does not answer
    } finally {
      this._watching = false;
    }
    await this.refresh();
  }

  /** Stop something that runs. */
  async cancel(job: string): Promise<void> {
    await this._client.ask('jobStop', { name: job }, null);
    await this.watch();
  }

  /** Start the lab's own engine. */
  async start(says: string): Promise<void> {
    await this._do(says, () => this._client.ask('engineStart', null, null));
  }

  /** Stop the lab's own engine. */
  async stop(says: string): Promise<void> {
    await this._do(says, () => this._client.ask('engineStop', null, null));
  }

  /** Count the bytes of the lab's folder. */
  async measure(): Promise<void> {
    this._used = (await this._client.ask('used', null, null)).bytes;
    this._changed.emit();
  }

  /** What cleaning would remove. */
  preview(): Promise<IClean> {
    return this._client.ask('cleanPreview', null, null);
  }

  /** Remove it, and look again. */
  async clean(says: string): Promise<IClean> {
    this._busy = says;
    this._changed.emit();
    try {
      return await this._client.ask('clean', null, null);
    } finally {
      this._busy = '';
      this._used = null;
      await this.refresh();
      this._changed.emit();
    }
  }

  private async _look(): Promise<void> {
    try {
      const [gpu, { jobs }] = await Promise.all([
        this._client.ask('gpu', { name: this._host }, null),
        this._client.ask('jobList', null, null)
      ]);
      const before = JSON.stringify(this._gpu);
      this._gpu = gpu;
      if (before !== JSON.stringify(gpu)) {
        this._changed.emit();
      }
      if (jobs.some(one => !one.ended)) {
        void this.watch();
      }
    } catch {
      this._gpu = null; // the engine's answer says what is wrong
    }
  }

  private async _do(says: string, ask: () => Promise<IEngineState>): Promise<void> {
    const before = JSON.stringify([this._engine, this._problem]);
    this._busy = says;
    if (says) {
      this._changed.emit();
    }
    try {
      this._engine = await ask();
      this._problem = '';
    } catch (error) {
      this._problem = error instanceof Error ? error.message : String(error);
    } finally {
      this._busy = '';
      if (says || before !== JSON.stringify([this._engine, this._problem])) {
        this._changed.emit();
      }
    }
  }

  private _changed = new Signal<this, void>(this);
  private _engine: IEngineState | null = null;
  private _busy = '';
  private _problem = '';
  private _used: number | null = null;
  private _gpu: IGpu | null = null;
  private _jobs: IJob[] = [];
  private _host = 'here';
  private _watching = false;
}
