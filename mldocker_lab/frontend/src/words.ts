import { TranslationBundle } from '@jupyterlab/translation';

/** Bytes in the unit people use: powers of ten, three digits. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let value = bytes;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return at === 0 ? `${value} bytes` : `${value.toPrecision(3).replace(/e\+?.*/, '')} ${units[at]}`;
}

/** A shape for each state: nothing is told by colour alone. */
export const MARKS: { [state: string]: string } = {
  new: '○',
  begun: '◐',
  done: '●',
  passed: '✔',
  failed: '✘',
  'not-attempted': '–',
  error: '!',
  'not-run': '·'
};

/** The state in words. */
export function word(state: string, trans: TranslationBundle): string {
  const words: { [state: string]: string } = {
    new: trans.__('new'),
    begun: trans.__('begun'),
    done: trans.__('done'),
    passed: trans.__('passed'),
    failed: trans.__('failed'),
    'not-attempted': trans.__('not attempted'),
    error: trans.__('could not be judged'),
    'not-run': trans.__('not run yet')
  };
  return words[state] ?? state;
}
