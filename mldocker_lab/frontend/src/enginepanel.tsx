import { Dialog, ReactWidget, showDialog, showErrorMessage, UseSignal } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { EngineModel } from './enginemodel';
import { engineIcon } from './icons';
import { IClean } from './schema';
import { size } from './words';

interface IProps {
  model: EngineModel;
  trans: TranslationBundle;
}

/** The engine at the left side. */
export class EnginePanel extends ReactWidget {
  constructor(private _props: IProps) {
    super();
    this.id = 'mldocker-lab-engine';
    this.title.icon = engineIcon;
    this.title.caption = _props.trans.__('Docker engine');
    this.addClass('mldockerlab-panel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _props.trans.__('Docker engine'));
  }

  protected render(): React.ReactElement {
    return (
      <UseSignal signal={this._props.model.changed}>{() => <Engine {...this._props} />}</UseSignal>
    );
  }
}

function Engine({ model, trans }: IProps): React.ReactElement {
  const { engine, busy, problem, used } = model;
  if (!engine) {
    return (
      <p className={problem ? 'mldockerlab-trouble' : 'mldockerlab-quiet'} role="status">
        {problem || trans.__('Looking for an engine …')}
      </p>
    );
  }
  const rows: [string, string][] =
    engine.state === 'running'
      ? [
          [trans.__('version'), engine.version],
          [trans.__('builders'), engine.builders.join(', ')],
          [trans.__('whose'), engine.private ? trans.__('the lab’s own') : trans.__('yours')],
          [trans.__('why this one'), engine.why],
          [trans.__('images of the lab'), String(engine.images ?? '–')],
          [trans.__('containers of the lab'), String(engine.containers ?? '–')]
        ]
      : [];
  return (
    <>
      <div className="mldockerlab-head">
        <h1>{trans.__('Docker engine')}</h1>
        <p role="status" data-engine={engine.state}>
          <span aria-hidden="true" className="mldockerlab-mark">
            {engine.state === 'running' ? '●' : '○'}
          </span>
          {busy || stateOf(model, trans)}
        </p>
      </div>
      {problem && (
        <p className="mldockerlab-trouble" role="alert">
          {problem}
        </p>
      )}
      {engine.state !== 'running' && <p>{engine.why}</p>}
      {engine.hint && <p className="mldockerlab-note">{engine.hint}</p>}
      <div className="mldockerlab-buttons">
        {engine.can_start && (
          <button
            className="jp-mod-styled jp-mod-accept"
            disabled={!!busy}
            onClick={() => void model.start(trans.__('starting …'))}
          >
            {trans.__('Start the lab’s engine')}
          </button>
        )}
        {engine.can_stop && (
          <button
            className="jp-mod-styled"
            disabled={!!busy}
            onClick={() => void model.stop(trans.__('stopping …'))}
          >
            {trans.__('Stop the lab’s engine')}
          </button>
        )}
      </div>
      {rows.length > 0 && (
        <dl className="mldockerlab-facts">
          {rows.map(([name, value]) => (
            <React.Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </React.Fragment>
          ))}
        </dl>
      )}
      <Running model={model} trans={trans} />
      <Gpu model={model} trans={trans} />
      <h2>{trans.__('Disk')}</h2>
      <p className="mldockerlab-disk" data-disk={engine.disk.state}>
        {engine.disk.state === 'ok' ? '' : '⚠ '}
        {engine.disk.says}
      </p>
      <p>
        {used === null ? (
          <button className="mldockerlab-small" onClick={() => void model.measure()}>
            {trans.__('Count the bytes of the lab’s folder')}
          </button>
        ) : (
          trans.__('The lab’s folder takes %1 on disk.', size(used))
        )}
      </p>
      {engine.state === 'running' && (
        <button
          className="jp-mod-styled"
          disabled={!!busy}
          onClick={() => void cleanUp(model, trans)}
        >
          {trans.__('Clean up …')}
        </button>
      )}
    </>
  );
}

/** What pages began: each with its last word, and a button that stops it. */
function Running({ model, trans }: IProps): React.ReactElement | null {
  if (!model.jobs.length) {
    return null;
  }
  const verbs = { build: trans.__('builds'), check: trans.__('checks'), grade: trans.__('grades') };
  return (
    <>
      <h2>{trans.__('Running')}</h2>
      <ul className="mldockerlab-list" aria-label={trans.__('Running')}>
        {model.jobs.map(job => (
          <li key={job.id} data-job={job.kind}>
            <p>
              {verbs[job.kind]} <b>{job.about}</b>
            </p>
            <p className="mldockerlab-quiet">{job.doing || trans.__('waiting for its turn')}</p>
            <button
              className="mldockerlab-small"
              aria-label={trans.__('Stop %1', job.about)}
              onClick={() => void model.cancel(job.id)}
            >
              {trans.__('Stop')}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What results about GPUs rest on, and for which host. */
function Gpu({ model, trans }: IProps): React.ReactElement | null {
  const { gpu } = model;
  if (!gpu) {
    return null;
  }
  return (
    <>
      <h2>{trans.__('GPU')}</h2>
      <p>
        <span className="mldockerlab-badge" data-gpu={gpu.basis}>
          {gpu.basis}
        </span>{' '}
        {gpu.what ? `${gpu.what}: ` : ''}
        {gpu.means}
      </p>
      <label>
        {trans.__('on')}{' '}
        <select value={gpu.host} onChange={event => (model.host = event.target.value)}>
          {gpu.hosts.map(name => (
            <option key={name} value={name}>
              {name === 'here' ? trans.__('this machine') : name}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

/** The engine in a few words. */
export function stateOf(model: EngineModel, trans: TranslationBundle): string {
  const engine = model.engine;
  switch (engine?.state) {
    case 'running':
      return trans.__('%1 is running', engine.name);
    case 'stopped':
      return trans.__('the lab’s engine is stopped');
    default:
      return trans.__('no engine');
  }
}

/** Show what would go; remove it if somebody says so. */
export async function cleanUp(model: EngineModel, trans: TranslationBundle): Promise<void> {
  try {
    const found = await model.preview();
    const some = found.containers.length + found.images.length > 0;
    const { button } = await showDialog({
      title: some ? trans.__('Remove what lessons left?') : trans.__('Nothing to clean'),
      body: <Preview found={found} trans={trans} />,
      buttons: some
        ? [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Remove') })]
        : [Dialog.okButton()]
    });
    if (some && button.accept) {
      const done = await model.clean(trans.__('cleaning …'));
      if (done.left.length) {
        await showErrorMessage(trans.__('Some of it stays'), done.left.join('\n'));
      }
    }
  } catch (error) {
    await showErrorMessage(trans.__('Nothing was removed'), (error as Error).message);
  }
}

function Preview({ found, trans }: { found: IClean; trans: TranslationBundle }): React.ReactElement {
  const lists: [string, string[]][] = [
    [trans.__('Containers'), found.containers],
    [trans.__('Images'), found.images]
  ];
  return (
    <div className="mldockerlab-preview">
      {lists.map(
        ([name, items]) =>
          items.length > 0 && (
            <section key={name}>
              <h3>{`${name} (${items.length})`}</h3>
              <ul tabIndex={0} aria-label={name}>
                {items.map(one => (
                  <li key={one}>{one}</li>
                ))}
              </ul>
            </section>
          )
      )}
      <p>{trans.__('Only what carries the lab’s label is touched. Base images stay.')}</p>
    </div>
  );
}
