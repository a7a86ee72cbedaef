import { ISignal, Signal } from '@lumino/signaling';

import { Client } from './request';
import { IClean, IEngineState } from './schema';

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

  /** Look again. */
  async refresh(): Promise<void> {
    if (!this._busy) {
      await this._do('', () => this._client.ask('engine', null, null));
    }
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
}
