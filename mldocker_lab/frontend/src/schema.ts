// Written by mldocker_lab/server/typescript.py from schema.py and routes.py. Do not edit.

export interface IBuildWanted {
  path: string;
  cold: boolean;
  edit: string;
  add: string;
}

export interface IBuiltSide {
  name: string;
  seconds: number;
  bytes: number | null;
  pull: number | null;
  again: number | null;
  hits: number;
  of: number;
  steps: IBuiltStep[];
}

export interface IBuiltStep {
  step: number;
  text: string;
  status: 'run' | 'cached' | 'skipped' | 'metadata';
  seconds: number | null;
  bytes: number | null;
}

export interface IBytes {
  bytes: number;
}

export interface ICheck {
  id: string;
  says: string;
  possible: number;
  points: number;
  status: 'passed' | 'failed' | 'not-attempted' | 'error' | 'not-run';
  seen: string;
  why: string;
  hints: string[];
  left: number;
  stale: boolean;
  file: string | null;
  line: number | null;
}

export interface IClean {
  containers: string[];
  images: string[];
  done: boolean;
  left: string[];
}

export interface ICompletion {
  word: string;
  says: string;
}

export interface ICourse {
  lessons: ILessonState[];
  exercises: IExerciseState[];
  latest: ILatest | null;
  note: string;
}

export interface IDiagnose {
  text: string;
  name: string;
}

export interface IDiagnosis {
  id: string;
  severity: 'error' | 'warning' | 'info';
  message: string;
  why: string;
  hint: string;
  lesson: string;
  path: string | null;
  start: number;
  end: number;
  fixes: IFix[];
}

export interface IDiffRow {
  kind: 'same' | 'changed' | 'removed' | 'added';
  left_line: number | null;
  left: string;
  right_line: number | null;
  right: string;
}

export interface IDisk {
  free: number | null;
  state: 'ok' | 'warn' | 'bad' | 'unknown';
  says: string;
}

export interface IDone {
  text: string;
  course: ICourse;
}

export interface IEdit {
  start: number;
  end: number;
  text: string;
}

export interface IEngineState {
  state: 'running' | 'stopped' | 'none';
  name: string;
  version: string;
  builders: string[];
  private: boolean;
  why: string;
  hint: string;
  can_start: boolean;
  can_stop: boolean;
  images: number | null;
  containers: number | null;
  disk: IDisk;
}

export interface IEvent {
  kind: 'says' | 'checking' | 'checked' | 'step' | 'ended' | 'stopped' | 'failed';
  text: string;
  check: string;
  status: string;
  points: number;
  possible: number;
  moment: IMoment | null;
}

export interface IExerciseState {
  id: string;
  title: string;
  minutes: number;
  possible: number;
  score: number;
  state: 'new' | 'begun' | 'done';
  path: string | null;
  files: string[];
  needs: string[];
  checks: ICheck[];
  grade: IGrade | null;
}

export interface IFix {
  title: string;
  edits: IEdit[];
}

export interface IFolder {
  path: string;
}

export interface IGpu {
  host: string;
  basis: 'real GPU' | 'recorded host' | 'made-up host' | 'given facts' | 'no GPU';
  what: string;
  means: string;
  hosts: string[];
}

export interface IGrade {
  score: number;
  possible: number;
  at: string;
  stale: boolean;
}

export interface IHelp {
  instructions: IInstruction[];
  bases: ICompletion[];
}

export interface IHintAsked {
  check: string;
}

export interface IHintTold {
  check: string;
  seen: string;
  hints: string[];
  left: number;
  stale: boolean;
}

export interface IInstruction {
  keyword: string;
  says: string;
  example: string;
  flags: ICompletion[];
}

export interface IJob {
  id: string;
  kind: 'check' | 'grade' | 'build';
  about: string;
  doing: string;
  ended: boolean;
}

export interface IJobWanted {
  kind: 'check' | 'grade';
  exercise: string;
  checks: string[];
}

export interface IJobs {
  jobs: IJob[];
}

export interface ILatest {
  kind: 'lesson' | 'exercise';
  name: string;
  title: string;
  path: string;
}

export interface ILessonState {
  name: string;
  number: string;
  title: string;
  minutes: number | null;
  path: string | null;
  state: 'new' | 'begun' | 'done';
  marked: boolean;
  asked: number;
  predictions: IPrediction[];
}

export interface IMark {
  done: boolean;
}

export interface IMoment {
  side: 'left' | 'right';
  step: number;
  state: 'running' | 'run' | 'cached' | 'failed';
  seconds: number | null;
}

export interface IOutcome {
  edit: string;
  left: IBuiltSide | null;
  right: IBuiltSide | null;
  failed: string[];
  pictures: ('layers' | 'timeline' | 'edit')[];
}

export interface IPairName {
  kind: 'pair' | 'exercise';
  title: string;
  path: string;
}

export interface IPairs {
  pairs: IPairName[];
}

export interface IPicture {
  png: string;
  alt: string;
  width: number;
}

export interface IPrediction {
  id: string;
  text: string;
  guess: string;
  measured: string;
}

export interface IProblem {
  code: string;
  what: string;
  hint: string;
}

export interface ISent {
  folder: string;
  ignore_file: string;
  files: ISentFile[];
  count: number;
  bytes: number;
  left_out: number;
}

export interface ISentFile {
  name: string;
  bytes: number;
  sent: boolean;
}

export interface ISideFile {
  name: string;
  path: string;
}

export interface ISides {
  kind: 'pair' | 'exercise';
  title: string;
  folder: string;
  contexts: string[];
  left: ISideFile;
  right: ISideFile;
  diff: IDiffRow[];
  steps: IStepRow[];
  files: string[];
  problem: string;
  built: string;
}

export interface IStep {
  step: number;
  text: string;
  line: number;
}

export interface IStepRow {
  left: IStep | null;
  right: IStep | null;
}

export interface ITold {
  text: string;
}

export interface IWords {
  diagnoses: IDiagnosis[];
}

export const PREFIX = 'mldocker-lab';

export const EVENTS = 'jobs/{name}/events';

export const ROUTES = {
  course: { verb: 'GET', path: 'course', again: true },
  lessonOpened: { verb: 'POST', path: 'lessons/{name}/opened', again: true },
  lessonMark: { verb: 'POST', path: 'lessons/{name}/mark', again: true },
  lessonReset: { verb: 'POST', path: 'lessons/{name}/reset', again: false },
  exerciseOpened: { verb: 'POST', path: 'exercises/{name}/opened', again: true },
  exerciseReset: { verb: 'POST', path: 'exercises/{name}/reset', again: false },
  hint: { verb: 'POST', path: 'exercises/{name}/hint', again: false },
  jobList: { verb: 'GET', path: 'jobs', again: true },
  jobBegin: { verb: 'POST', path: 'jobs', again: true },
  jobStop: { verb: 'DELETE', path: 'jobs/{name}', again: true },
  pairs: { verb: 'GET', path: 'pairs', again: true },
  sides: { verb: 'POST', path: 'sides', again: true },
  buildBegin: { verb: 'POST', path: 'builds', again: true },
  outcome: { verb: 'GET', path: 'builds/{name}', again: true },
  picture: { verb: 'GET', path: 'builds/{name}/pictures/{which}', again: true },
  gpu: { verb: 'GET', path: 'gpu/{name}', again: true },
  engine: { verb: 'GET', path: 'engine', again: true },
  engineStart: { verb: 'POST', path: 'engine/start', again: false },
  engineStop: { verb: 'POST', path: 'engine/stop', again: false },
  used: { verb: 'GET', path: 'used', again: true },
  cleanPreview: { verb: 'GET', path: 'clean', again: true },
  clean: { verb: 'POST', path: 'clean', again: false },
  diagnose: { verb: 'POST', path: 'diagnose', again: true },
  help: { verb: 'GET', path: 'help', again: true },
  sent: { verb: 'POST', path: 'sent', again: true },
} as const;

export interface IRoutes {
  course: { named: null; body: null; reply: ICourse };
  lessonOpened: { named: { name: string; }; body: null; reply: ICourse };
  lessonMark: { named: { name: string; }; body: IMark; reply: ICourse };
  lessonReset: { named: { name: string; }; body: null; reply: IDone };
  exerciseOpened: { named: { name: string; }; body: null; reply: ICourse };
  exerciseReset: { named: { name: string; }; body: null; reply: IDone };
  hint: { named: { name: string; }; body: IHintAsked; reply: IHintTold };
  jobList: { named: null; body: null; reply: IJobs };
  jobBegin: { named: null; body: IJobWanted; reply: IJob };
  jobStop: { named: { name: string; }; body: null; reply: IJob };
  pairs: { named: null; body: null; reply: IPairs };
  sides: { named: null; body: IFolder; reply: ISides };
  buildBegin: { named: null; body: IBuildWanted; reply: IJob };
  outcome: { named: { name: string; }; body: null; reply: IOutcome };
  picture: { named: { name: string; which: string; }; body: null; reply: IPicture };
  gpu: { named: { name: string; }; body: null; reply: IGpu };
  engine: { named: null; body: null; reply: IEngineState };
  engineStart: { named: null; body: null; reply: IEngineState };
  engineStop: { named: null; body: null; reply: IEngineState };
  used: { named: null; body: null; reply: IBytes };
  cleanPreview: { named: null; body: null; reply: IClean };
  clean: { named: null; body: null; reply: IClean };
  diagnose: { named: null; body: IDiagnose; reply: IWords };
  help: { named: null; body: null; reply: IHelp };
  sent: { named: null; body: IFolder; reply: ISent };
}
