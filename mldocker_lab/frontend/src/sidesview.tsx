import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IBuiltSide, ISides, IStep } from './schema';
import { SidesModel, Which } from './sidesmodel';
import { size } from './words';

const SIDES = ['left', 'right'] as const;
type Side = (typeof SIDES)[number];

const DIFF = { same: ' ', changed: '≠', removed: '−', added: '+' };
const STEP: { [state: string]: string } = {
  waiting: '·',
  running: '▶',
  run: '●',
  cached: '◇',
  failed: '✘',
  skipped: '–',
  metadata: ' '
};

export interface IProps {
  model: SidesModel;
  trans: TranslationBundle;
  /** Saves both Dockerfiles if they are open and changed. */
  save: (sides: ISides) => Promise<void>;
  open: (path: string) => void;
  /** Puts code that builds the same into the notebook used last; null if there is none. */
  insert: ((sides: ISides, edit: string) => void) | null;
}

/** Two Dockerfiles side by side, as a document. */
export class SidesView extends ReactWidget {
  constructor(private _props: () => IProps) {
    super();
    this.addClass('mldockerlab-panel');
    this.addClass('mldockerlab-sides');
    this.node.tabIndex = 0;
  }

  protected render(): React.ReactElement {
    const { model } = this._props();
    return <UseSignal signal={model.changed}>{() => <View {...this._props()} />}</UseSignal>;
  }
}

function View(props: IProps): React.ReactElement {
  const { model, trans } = props;
  const { sides, outcome, problem } = model;
  if (!sides) {
    return (
      <p className={problem ? 'mldockerlab-trouble' : ''} role="status">
        {problem || trans.__('Looking at the Dockerfiles …')}
      </p>
    );
  }
  return (
    <>
      <h1>{trans.__('%1: %2 and %3', sides.title, sides.left.name, sides.right.name)}</h1>
      <Buttons {...props} sides={sides} />
      <p role="status" className="mldockerlab-says" data-building={!!model.job}>
        {model.says}
      </p>
      {model.stale && !model.job && (
        <p className="mldockerlab-quiet" role="status">
          {trans.__('Changed since it was built: what is new has no result yet.')}
        </p>
      )}
      {[problem, sides.problem, ...(outcome?.failed ?? [])].filter(Boolean).map(text => (
        <p key={text} className="mldockerlab-trouble" role="alert">
          {text}
        </p>
      ))}
      <Steps model={model} sides={sides} trans={trans} />
      <Pictures {...props} sides={sides} />
      <Diff {...props} sides={sides} />
    </>
  );
}

function Buttons(props: IProps & { sides: ISides }): React.ReactElement {
  const { model, trans, sides, save } = props;
  const { edit: file, add: line } = model.chosen;
  const begin = async (cold: boolean) => {
    await save(sides);
    await model.build({ cold, edit: cold ? '' : file, add: cold || !file ? '' : line });
  };
  const busy = !!model.job;
  return (
    <form
      className="mldockerlab-buttons"
      onSubmit={event => {
        event.preventDefault();
        void begin(false);
      }}
    >
      <button
        type="button"
        className="jp-mod-styled jp-mod-accept"
        disabled={busy || !!sides.problem}
        onClick={() => void begin(true)}
      >
        {trans.__('Build both from cold')}
      </button>
      <button
        type="button"
        className="jp-mod-styled"
        disabled={!busy}
        onClick={() => void model.stop()}
      >
        {trans.__('Stop')}
      </button>
      {model.built && (
        <>
          <label>
            {trans.__('Edit, in a copy,')}{' '}
            <select value={file} onChange={event => model.choose({ edit: event.target.value })}>
              <option value="">{trans.__('nothing')}</option>
              {sides.files.map(name => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <input
            type="text"
            value={line}
            disabled={!file}
            aria-label={trans.__('Line to append')}
            placeholder={trans.__('a comment, or this line')}
            onChange={event => model.choose({ add: event.target.value })}
          />
          <button type="submit" className="jp-mod-styled" disabled={busy}>
            {trans.__('Build again')}
          </button>
        </>
      )}
    </form>
  );
}

function Steps(props: {
  model: SidesModel;
  sides: ISides;
  trans: TranslationBundle;
}): React.ReactElement {
  const { model, sides, trans } = props;
  const built = { left: model.outcome?.left, right: model.outcome?.right };
  const most = Math.max(
    1,
    ...SIDES.flatMap(side => built[side]?.steps.map(one => one.bytes ?? 0) ?? [])
  );
  return (
    <table className="mldockerlab-steps">
      <caption>{trans.__('Steps, beside each other where they do the same')}</caption>
      <thead>
        <tr>
          {SIDES.map(side => (
            <th key={side} scope="col">
              {sides[side].name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {sides.steps.map((row, at) => (
          <tr key={at}>
            {SIDES.map(side => (
              <td key={side}>
                {row[side] && (
                  <Step side={side} one={row[side]!} {...{ model, most, trans }} built={built[side]} />
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
      {(built.left || built.right) && (
        <tfoot>
          <tr>
            {SIDES.map(side => (
              <td key={side} data-total={side}>
                {built[side] ? total(built[side]!, trans) : trans.__('failed')}
              </td>
            ))}
          </tr>
        </tfoot>
      )}
    </table>
  );
}

function Step(props: {
  side: Side;
  one: IStep;
  model: SidesModel;
  built: IBuiltSide | null | undefined;
  most: number;
  trans: TranslationBundle;
}): React.ReactElement {
  const { side, one, model, built, most, trans } = props;
  const done = built?.steps.find(step => step.step === one.step && step.text === one.text);
  const moment = model.moments.get(`${side}${one.step}`);
  const makes = /^(RUN|COPY|ADD)\b/i.test(one.text);
  const state = done?.status ?? moment?.state ?? (makes ? 'waiting' : 'metadata');
  const words: { [state: string]: string } = {
    waiting: model.job ? trans.__('waiting') : '',
    running: trans.__('running'),
    run: trans.__('ran'),
    cached: trans.__('from the cache'),
    failed: trans.__('failed'),
    skipped: trans.__('not needed'),
    metadata: ''
  };
  const seconds = done ? done.seconds : moment?.seconds;
  const facts = [
    makes ? words[state] : '',
    makes && state === 'run' && seconds != null ? `${seconds.toFixed(1)} s` : '',
    makes && done?.bytes != null ? size(done.bytes) : ''
  ].filter(Boolean);
  return (
    <div className="mldockerlab-step" data-state={makes ? state : 'metadata'}>
      <span aria-hidden="true" className="mldockerlab-mark">
        {makes ? STEP[state] : ''}
      </span>
      <code>{one.text}</code>
      <span className="mldockerlab-quiet">{facts.join(' · ')}</span>
      {makes && !!done?.bytes && (
        <span
          aria-hidden="true"
          className="mldockerlab-bar"
          style={{ width: `${Math.max(0.5, (100 * done.bytes) / most)}%` }}
        />
      )}
    </div>
  );
}

function total(one: IBuiltSide, trans: TranslationBundle): string {
  return [
    `${one.seconds.toFixed(1)} s`,
    trans.__('%1 of %2 steps from the cache', one.hits, one.of),
    one.bytes === null ? '' : trans.__('%1 in files', size(one.bytes)),
    one.again === null
      ? one.pull === null
        ? ''
        : trans.__('%1 to pull', size(one.pull))
      : trans.__('%1 to pull again', size(one.again))
  ]
    .filter(Boolean)
    .join(' · ');
}

function Pictures(props: IProps & { sides: ISides }): React.ReactElement | null {
  const { model, trans, sides, insert } = props;
  const { outcome, picture } = model;
  const { which } = model.chosen;
  if (!outcome || !picture) {
    return null;
  }
  const names: { [one in Which]: string } = {
    layers: trans.__('Layers'),
    timeline: trans.__('Time'),
    edit: trans.__('What the edit costs')
  };
  const url = `data:image/png;base64,${picture.png}`;
  return (
    <section aria-label={trans.__('Figure')}>
      <div className="mldockerlab-buttons">
        {outcome.pictures.map(one => (
          <button
            key={one}
            className="mldockerlab-small"
            aria-pressed={one === which}
            onClick={() => void model.draw(one)}
          >
            {names[one]}
          </button>
        ))}
        <a className="mldockerlab-link" href={url} download={`${sides.title}-${which}.png`}>
          {trans.__('Save as PNG')}
        </a>
        <button
          className="mldockerlab-small"
          disabled={!insert}
          title={insert ? '' : trans.__('Open a notebook first')}
          onClick={() => insert?.(sides, outcome.edit)}
        >
          {trans.__('Insert into the notebook')}
        </button>
      </div>
      <img src={url} alt={picture.alt} width={picture.width} />
    </section>
  );
}

function Diff(props: IProps & { sides: ISides }): React.ReactElement {
  const { sides, trans, open } = props;
  const words = {
    same: '',
    changed: trans.__('differs'),
    removed: trans.__('only left'),
    added: trans.__('only right')
  };
  return (
    <table className="mldockerlab-diff">
      <caption>{trans.__('The Dockerfiles, line by line')}</caption>
      <thead>
        <tr>
          <th scope="col">
            <Name {...{ open, trans }} {...sides.left} />
          </th>
          <th scope="col">
            <span className="mldockerlab-unseen">{trans.__('How they differ')}</span>
          </th>
          <th scope="col">
            <Name {...{ open, trans }} {...sides.right} />
          </th>
        </tr>
      </thead>
      <tbody>
        {sides.diff.map((row, at) => (
          <tr key={at} data-diff={row.kind}>
            <td>
              <Line number={row.left_line} text={row.left} />
            </td>
            <td>
              <span aria-hidden="true">{DIFF[row.kind]}</span>
              <span className="mldockerlab-unseen">{words[row.kind]}</span>
            </td>
            <td>
              <Line number={row.right_line} text={row.right} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Name(props: {
  name: string;
  path: string;
  open: (path: string) => void;
  trans: TranslationBundle;
}): React.ReactElement {
  return (
    <button
      className="mldockerlab-link"
      aria-label={props.trans.__('Edit %1', props.path)}
      onClick={() => props.open(props.path)}
    >
      {props.path.split('/').slice(-2).join('/')}
    </button>
  );
}

function Line({ number, text }: { number: number | null; text: string }): React.ReactElement {
  return number === null ? (
    <></>
  ) : (
    <>
      <span className="mldockerlab-number">{number}</span>
      <code>{text}</code>
    </>
  );
}
