import { ISignal, Signal } from '@lumino/signaling';

import { Client } from './request';
import { ICourse, IEvent, IExerciseState, IHintTold, ILessonState } from './schema';

/** A check or a grading while it runs, and what it said so far. */
export interface IRunning {
  job: string;
  kind: 'check' | 'grade';
  exercise: string;
  /** The check it is at. */
  check: string;
  /** What goes on, in a line. */
  says: string;
  /** Results so far. */
  results: IEvent[];
  ended: boolean;
}

/** What the panel shows. The server knows it; this is a copy with a signal. */
export class CourseModel {
  constructor(private _client: Client) {}

  /** Something changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The course; null until the server has answered. */
  get course(): ICourse | null {
    return this._course;
  }

  /** What went wrong last; empty if nothing did. */
  get problem(): string {
    return this._problem;
  }

  /** What runs, or ran last. */
  get running(): IRunning | null {
    return this._running;
  }

  /** Look again. */
  async refresh(): Promise<void> {
    await this._take(() => this._client.ask('course', null, null));
  }

  /** Begin a job, hear it to its end, and look again. */
  async run(kind: 'check' | 'grade', exercise: string, checks: string[] = []): Promise<void> {
    try {
      const job = await this._client.ask('jobBegin', null, { kind, exercise, checks });
      await this._follow(job.id, kind, exercise);
    } catch (error) {
      this._fail(error);
    }
    await this.refresh();
  }

  /** Go on hearing what was begun by another page, or before this one was loaded. */
  async resume(): Promise<void> {
    try {
      const { jobs } = await this._client.ask('jobList', null, null);
      const job = jobs.filter(one => !one.ended && one.kind !== 'build').pop();
      if (job && job.kind !== 'build') {
        await this._follow(job.id, job.kind, job.about);
        await this.refresh();
      }
    } catch (error) {
      this._fail(error);
    }
  }

  /** Stop what runs. */
  async stop(): Promise<void> {
    if (this._running && !this._running.ended) {
      this._update({ says: 'stopping …' });
      await this._client.ask('jobStop', { name: this._running.job }, null);
    }
  }

  /** One more hint. */
  async hint(exercise: string, check: string): Promise<IHintTold> {
    const told = await this._client.ask('hint', { name: exercise }, { check });
    await this.refresh();
    return told;
  }

  /** A lesson or an exercise was opened. */
  async opened(kind: 'lesson' | 'exercise', name: string): Promise<void> {
    const route = kind === 'lesson' ? 'lessonOpened' : 'exerciseOpened';
    await this._take(() => this._client.ask(route, { name }, null));
  }

  /** A lesson is done, says who learns. */
  async mark(lesson: string, done: boolean): Promise<void> {
    await this._take(() => this._client.ask('lessonMark', { name: lesson }, { done }));
  }

  /** Put something back; returns what was done, in words. */
  async reset(kind: 'lesson' | 'exercise', name: string): Promise<string> {
    const route = kind === 'lesson' ? 'lessonReset' : 'exerciseReset';
    const done = await this._client.ask(route, { name }, null);
    this._set(done.course);
    return done.text;
  }

  /** The lesson or exercise that a file of this path belongs to. */
  owner(path: string): ILessonState | IExerciseState | null {
    const course = this._course;
    if (!course || !path) {
      return null;
    }
    const lesson = course.lessons.find(one => one.path === path);
    const near = (one: IExerciseState) =>
      one.path !== null && path.startsWith(one.path.slice(0, one.path.lastIndexOf('/') + 1));
    return lesson ?? course.exercises.find(near) ?? null;
  }

  private async _follow(job: string, kind: 'check' | 'grade', exercise: string): Promise<void> {
    if (this._running?.job === job && !this._running.ended) {
      return;
    }
    this._running = { job, kind, exercise, check: '', says: '', results: [], ended: false };
    this._changed.emit();
    await this._client.listen(job, events => this._heard(events));
  }

  /** A stream that broke is heard again from the first event on, so all of them are looked at. */
  private _heard(events: IEvent[]): void {
    const last = events[events.length - 1];
    const ended = ['ended', 'stopped', 'failed'].includes(last.kind);
    this._update({
      results: events.filter(one => one.kind === 'checked'),
      check: ended ? '' : this._checking(events),
      says: last.kind === 'says' || ended ? last.text : '',
      ended
    });
  }

  /** The check that was begun and is not done. */
  private _checking(events: IEvent[]): string {
    const begun = events.filter(one => one.kind === 'checking' || one.kind === 'checked').pop();
    return begun?.kind === 'checking' ? begun.check : '';
  }

  private _update(part: Partial<IRunning>): void {
    if (this._running) {
      this._running = { ...this._running, ...part };
      this._changed.emit();
    }
  }

  private async _take(ask: () => Promise<ICourse>): Promise<void> {
    try {
      this._set(await ask());
    } catch (error) {
      this._fail(error);
    }
  }

  private _set(course: ICourse): void {
    const same = JSON.stringify(course) === JSON.stringify(this._course);
    if (!same || this._problem) {
      this._course = course;
      this._problem = '';
      this._changed.emit();
    }
  }

  private _fail(error: unknown): void {
    this._problem = error instanceof Error ? error.message : String(error);
    if (this._running && !this._running.ended) {
      this._running = { ...this._running, ended: true, check: '', says: this._problem };
    }
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _course: ICourse | null = null;
  private _problem = '';
  private _running: IRunning | null = null;
}

/** Whether it is an exercise. */
export function isExercise(one: ILessonState | IExerciseState): one is IExerciseState {
  return 'checks' in one;
}
