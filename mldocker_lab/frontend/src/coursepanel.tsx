import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Actions } from './actions';
import { IRunning } from './coursemodel';
import { courseIcon } from './icons';
import { ICheck, ICourse, IExerciseState, ILessonState } from './schema';
import { MARKS, word } from './words';

interface IProps {
  actions: Actions;
  trans: TranslationBundle;
}

/** The course at the left side. */
export class CoursePanel extends ReactWidget {
  constructor(private _props: IProps) {
    super();
    this.id = 'mldocker-lab-course';
    this.title.icon = courseIcon;
    this.title.caption = _props.trans.__('Docker course');
    this.addClass('mldockerlab-panel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _props.trans.__('Docker course'));
  }

  protected render(): React.ReactElement {
    return (
      <UseSignal signal={this._props.actions.model.changed}>
        {() => <Course {...this._props} />}
      </UseSignal>
    );
  }
}

function Course(props: IProps): React.ReactElement {
  const { actions, trans } = props;
  const { course, problem, running } = actions.model;
  if (!course) {
    return problem ? (
      <Trouble text={problem} />
    ) : (
      <p className="mldockerlab-quiet">{trans.__('Reading the course …')}</p>
    );
  }
  return (
    <>
      <Head {...props} course={course} />
      {problem && <Trouble text={problem} />}
      {course.note && <p className="mldockerlab-note">{course.note}</p>}
      <Running {...props} running={running} />
      <h2>{trans.__('Lessons')}</h2>
      <ul className="mldockerlab-list" aria-label={trans.__('Lessons')}>
        {course.lessons.map(one => (
          <Lesson key={one.name} {...props} lesson={one} />
        ))}
      </ul>
      <h2>{trans.__('Exercises')}</h2>
      <ul className="mldockerlab-list" aria-label={trans.__('Exercises')}>
        {course.exercises.map(one => (
          <Exercise key={one.id} {...props} exercise={one} />
        ))}
      </ul>
    </>
  );
}

function Trouble({ text }: { text: string }): React.ReactElement {
  return (
    <p className="mldockerlab-trouble" role="alert">
      {text}
    </p>
  );
}

function Head({ actions, trans, course }: IProps & { course: ICourse }): React.ReactElement {
  const done = course.lessons.filter(one => one.state === 'done').length;
  const sum = (key: 'score' | 'possible') => course.exercises.reduce((all, one) => all + one[key], 0);
  const [score, possible] = [sum('score'), sum('possible')];
  const first = course.lessons.find(one => one.path !== null);
  return (
    <div className="mldockerlab-head">
      <h1>{trans.__('Docker for ML engineers')}</h1>
      <p>{trans.__('%1 of %2 lessons done', done, course.lessons.length)}</p>
      <progress
        max={course.lessons.length || 1}
        value={done}
        aria-label={trans.__('lessons done')}
      />
      <p>{trans.__('%1 of %2 points in practice', score, possible)}</p>
      <progress max={possible || 1} value={score} aria-label={trans.__('points in practice')} />
      {(course.latest || first) && (
        <button className="jp-mod-styled jp-mod-accept" onClick={() => void actions.goOn()}>
          {course.latest
            ? trans.__('Continue: %1', course.latest.title)
            : trans.__('Begin with the first lesson')}
        </button>
      )}
    </div>
  );
}

function Running(props: IProps & { running: IRunning | null }): React.ReactElement {
  const { actions, trans, running } = props;
  if (!running) {
    return <div role="status" />;
  }
  const verb = running.kind === 'check' ? trans.__('Checking') : trans.__('Grading');
  const title = running.ended ? running.exercise : `${verb} ${running.exercise}`;
  return (
    <section className="mldockerlab-running" aria-label={trans.__('What runs')}>
      <div role="status">
        <strong>{title}</strong>
        {running.results.map((one, n) => (
          <div key={n} className="mldockerlab-result" data-status={one.status}>
            <span aria-hidden="true">{MARKS[one.status]} </span>
            {one.check}: {word(one.status, trans)}, {trans.__('%1 of %2', one.points, one.possible)}
            {one.status !== 'passed' && one.text && `: ${one.text}`}
          </div>
        ))}
        {running.check && (
          <div className="mldockerlab-result">
            <span aria-hidden="true">▶ </span>
            {trans.__('%1: running', running.check)}
          </div>
        )}
        {running.says && <div className="mldockerlab-quiet">{running.says}</div>}
      </div>
      {!running.ended && (
        <button className="jp-mod-styled" onClick={() => void actions.model.stop()}>
          {trans.__('Stop')}
        </button>
      )}
    </section>
  );
}

interface IRow {
  name: string;
  title: string;
  state: string;
  side: string;
  trans: TranslationBundle;
  open: (() => void) | null;
  children: React.ReactNode;
}

/** A lesson or an exercise: a line, and more when it is unfolded. */
function Row({ name, title, state, side, trans, open, children }: IRow): React.ReactElement {
  const [unfolded, unfold] = React.useState(false);
  const body = `mldockerlab-body-${name}`;
  return (
    <li data-name={name} data-state={state}>
      <div className="mldockerlab-row">
        <button
          className="mldockerlab-fold"
          aria-expanded={unfolded}
          aria-controls={body}
          onClick={() => unfold(!unfolded)}
        >
          <span aria-hidden="true" className="mldockerlab-mark">
            {MARKS[state]}
          </span>
          <span className="mldockerlab-title">{title}</span>
          <span className="mldockerlab-side">
            {side}
            <span className="mldockerlab-unseen">, {word(state, trans)}</span>
          </span>
        </button>
        {open && (
          <button
            className="mldockerlab-small"
            aria-label={trans.__('Open %1', title)}
            onClick={open}
          >
            {trans.__('Open')}
          </button>
        )}
      </div>
      <div id={body} className="mldockerlab-body" hidden={!unfolded}>
        {unfolded && children}
      </div>
    </li>
  );
}

function Lesson({ actions, trans, lesson }: IProps & { lesson: ILessonState }): React.ReactElement {
  const told = lesson.predictions;
  return (
    <Row
      name={`lesson-${lesson.name}`}
      title={`${lesson.number} ${lesson.title}`}
      state={lesson.state}
      side={lesson.minutes ? trans.__('%1 min', lesson.minutes) : ''}
      trans={trans}
      open={lesson.path === null ? null : () => void actions.begin(lesson)}
    >
      <p>
        {lesson.asked
          ? trans.__('%1 of %2 predictions', told.filter(one => one.guess).length, lesson.asked)
          : trans.__('This lesson asks for no predictions.')}
      </p>
      {told.length > 0 && (
        <dl>
          {told.map(one => (
            <React.Fragment key={one.id}>
              <dt>{one.text}</dt>
              <dd>
                {trans.__('you said %1', one.guess || '–')}
                {one.measured && `, ${trans.__('it is %1', one.measured)}`}
              </dd>
            </React.Fragment>
          ))}
        </dl>
      )}
      <div className="mldockerlab-buttons">
        <button
          className="jp-mod-styled"
          onClick={() => void actions.model.mark(lesson.name, !lesson.marked)}
        >
          {lesson.marked ? trans.__('Not done yet') : trans.__('Mark as done')}
        </button>
        <button className="jp-mod-styled" onClick={() => void actions.reset(lesson)}>
          {trans.__('Reset')}
        </button>
      </div>
    </Row>
  );
}

function Exercise(props: IProps & { exercise: IExerciseState }): React.ReactElement {
  const { actions, trans, exercise } = props;
  const running = actions.model.running;
  const busy = running !== null && !running.ended;
  return (
    <Row
      name={`exercise-${exercise.id}`}
      title={`${exercise.id.slice(0, 2)} ${exercise.title}`}
      state={exercise.state}
      side={`${trans.__('%1 of %2', exercise.score, exercise.possible)} · ${trans.__('%1 min', exercise.minutes)}`}
      trans={trans}
      open={exercise.path === null ? null : () => void actions.begin(exercise)}
    >
      {exercise.files.length > 0 && (
        <p>
          {trans.__('You edit:')}{' '}
          {exercise.files.map(path => (
            <button
              key={path}
              className="mldockerlab-link"
              onClick={() => void actions.open(path)}
            >
              {path.slice(path.lastIndexOf('/') + 1)}
            </button>
          ))}
        </p>
      )}
      <ul className="mldockerlab-checks" aria-label={trans.__('Checks')}>
        {exercise.checks.map(one => (
          <Evidence key={one.id} {...props} check={one} busy={busy} />
        ))}
      </ul>
      {exercise.grade && (
        <p>
          {trans.__('Graded: %1 of %2 points', exercise.grade.score, exercise.grade.possible)}
          {exercise.grade.stale && ` (${trans.__('before your last change')})`}
        </p>
      )}
      <div className="mldockerlab-buttons">
        <button
          className="jp-mod-styled jp-mod-accept"
          disabled={busy}
          onClick={() => void actions.check(exercise)}
        >
          {trans.__('Check all')}
        </button>
        <button
          className="jp-mod-styled"
          disabled={busy}
          onClick={() => void actions.grade(exercise)}
        >
          {trans.__('Grade')}
        </button>
        <button
          className="jp-mod-styled"
          disabled={busy}
          onClick={() => void actions.reset(exercise)}
        >
          {trans.__('Reset')}
        </button>
      </div>
    </Row>
  );
}

interface IEvidence extends IProps {
  exercise: IExerciseState;
  check: ICheck;
  busy: boolean;
}

/** A check, and what it saw. */
function Evidence({ actions, trans, exercise, check, busy }: IEvidence): React.ReactElement {
  const { file, line } = check;
  const lost = check.status !== 'passed' && check.status !== 'not-run';
  return (
    <li data-check={check.id} data-status={check.status}>
      <div className="mldockerlab-row">
        <span className="mldockerlab-title">
          <span aria-hidden="true" className="mldockerlab-mark">
            {MARKS[check.status]}
          </span>
          <strong>{check.id}</strong>{' '}
          <span className="mldockerlab-quiet">
            {trans.__('%1 of %2', check.points, check.possible)}, {word(check.status, trans)}
            {check.stale && `, ${trans.__('before your last change')}`}
          </span>
        </span>
        <button
          className="mldockerlab-small"
          disabled={busy}
          aria-label={trans.__('Check %1', check.id)}
          onClick={() => void actions.check(exercise, [check.id])}
        >
          {trans.__('Check')}
        </button>
      </div>
      <p>{lost ? check.seen : check.says}</p>
      {lost && check.why && <p className="mldockerlab-quiet">{check.why}</p>}
      {lost && check.hints.length > 0 && (
        <ol className="mldockerlab-hints" aria-label={trans.__('Hints')}>
          {check.hints.map(text => (
            <li key={text}>{text}</li>
          ))}
        </ol>
      )}
      {lost && (
        <div className="mldockerlab-buttons">
          {check.left > 0 && (
            <button
              className="mldockerlab-small"
              aria-label={trans.__('One more hint for %1', check.id)}
              onClick={() => void actions.hint(exercise, check.id)}
            >
              {trans.__('Hint (%1 left)', check.left)}
            </button>
          )}
          {file && (
            <button
              className="mldockerlab-small"
              onClick={() => void actions.jump(file, line ?? 1)}
            >
              {line
                ? trans.__('Go to %1, line %2', file.slice(file.lastIndexOf('/') + 1), line)
                : trans.__('Go to %1', file.slice(file.lastIndexOf('/') + 1))}
            </button>
          )}
        </div>
      )}
    </li>
  );
}
