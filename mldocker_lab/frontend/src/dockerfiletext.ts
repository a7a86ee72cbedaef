/** What a text is, as far as we help with it. */
export type Kind = 'none' | 'dockerfile' | 'ignore' | 'cell';

/** The types of the two files, as JupyterLab's editor knows them. */
export const DOCKERFILE = 'text/x-dockerfile';
export const IGNORE = 'text/x-dockerignore';

const MAGIC = /^%%dockerfile\b/;

/** What an editor holds, by its type and its first line. */
export function kindOf(mimeType: string, first: string): Kind {
  if (mimeType === DOCKERFILE) {
    return 'dockerfile';
  }
  if (mimeType === IGNORE) {
    return 'ignore';
  }
  return MAGIC.test(first) ? 'cell' : 'none';
}

/** The type of a file by its name; null if it is none of ours. */
export function typeOf(path: string): string | null {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/(^|\.)dockerignore$/i.test(name)) {
    return IGNORE;
  }
  return /^dockerfile(\..+)?$/i.test(name) || /\.dockerfile$/i.test(name) ? DOCKERFILE : null;
}

/** The Dockerfile in a text, and where it begins: behind the magic of a cell. */
export function partOf(text: string, kind: Kind): { text: string; offset: number } {
  if (kind !== 'cell') {
    return { text, offset: 0 };
  }
  const offset = text.indexOf('\n') + 1 || text.length;
  return { text: text.slice(offset), offset };
}

/** The names of the stages before a place. */
export function stages(text: string): string[] {
  return [...text.matchAll(/^\s*FROM\s+.*?\sAS\s+(\S+)/gim)].map(match => match[1]);
}

/** What is being written at a place. */
export interface IWritten {
  /** An instruction's name, a base image, a flag, or a stage. */
  what: 'instruction' | 'base' | 'flag' | 'stage';
  /** The instruction of the line. */
  keyword: string;
  /** Where the word begins. */
  start: number;
}

/** What is being written at a place; null if nothing we know words for. */
export function written(text: string, at: number): IWritten | null {
  const begin = text.lastIndexOf('\n', at - 1) + 1;
  const line = text.slice(begin, at);
  const continued = /\\[ \t]*$/.test(text.slice(0, begin).trimEnd()) && begin > 0;
  const word = /\S*$/.exec(line)![0];
  if (!continued && /^\s*[A-Za-z]*$/.test(line)) {
    return { what: 'instruction', keyword: '', start: at - word.length };
  }
  const start = continued ? beginOf(text, begin) : begin;
  const keyword = (/^\s*([A-Za-z]+)/.exec(text.slice(start))?.[1] ?? '').toUpperCase();
  const from = /^(--from=)(\S*)$/.exec(word) ?? /^(--mount=\S*from=)([^,\s]*)$/.exec(word);
  if (from) {
    return { what: 'stage', keyword, start: at - from[2].length };
  }
  if (word.startsWith('-')) {
    return { what: 'flag', keyword, start: at - word.length };
  }
  if (keyword === 'FROM' && /^\s*FROM\s+(--\S+\s+)*\S*$/i.test(line)) {
    return { what: 'base', keyword, start: at - word.length };
  }
  return null;
}

/** Where the instruction begins that a continued line belongs to. */
function beginOf(text: string, begin: number): number {
  let at = begin;
  while (at > 0) {
    const before = text.lastIndexOf('\n', at - 2) + 1;
    if (!/\\[ \t]*$/.test(text.slice(before, at - 1))) {
      break;
    }
    at = before;
  }
  return at;
}
