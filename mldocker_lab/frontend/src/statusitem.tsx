import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { EngineModel } from './enginemodel';
import { stateOf } from './enginepanel';
import { size } from './words';

/** The engine in the status bar; a click opens its panel. */
export class StatusItem extends ReactWidget {
  constructor(
    private _model: EngineModel,
    private _trans: TranslationBundle,
    private _open: () => void
  ) {
    super();
    this.addClass('mldockerlab-status');
  }

  protected render(): React.ReactElement {
    return <UseSignal signal={this._model.changed}>{() => this._item()}</UseSignal>;
  }

  private _item(): React.ReactElement {
    const { engine, busy, gpu, jobs } = this._model;
    const trans = this._trans;
    const state = engine?.state ?? 'none';
    const disk = engine?.disk;
    const low = disk && (disk.state === 'warn' || disk.state === 'bad');
    const text = busy || (engine ? stateOf(this._model, trans) : trans.__('no engine yet'));
    return (
      <button
        className="mldockerlab-statusbutton"
        data-engine={state}
        title={trans.__('Docker engine of the course')}
        onClick={this._open}
      >
        <span aria-hidden="true">{state === 'running' ? '● ' : '○ '}</span>
        {text}
        {gpu && (
          <span data-gpu={gpu.basis} title={`${gpu.what} ${gpu.means}`}>
            {' '}
            · {gpu.basis}
          </span>
        )}
        {jobs.length > 0 && <span> · {trans._n('%1 job', '%1 jobs', jobs.length)}</span>}
        {low && <span className="mldockerlab-low"> ⚠ {trans.__('%1 free', size(disk.free ?? 0))}</span>}
      </button>
    );
  }
}
