import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { EVENTS, IEvent, IProblem, IRoutes, PREFIX, ROUTES } from './schema';

const TRIES = 4;
const PAUSE = 400; // milliseconds

/** What the server said went wrong, in words for people. */
export class Problem extends Error {
  constructor(readonly told: IProblem) {
    super(told.hint ? `${told.what}. Try: ${told.hint}` : told.what);
  }
}

/** Asks the lab's routes with the settings that JupyterLab itself uses. */
export class Client {
  constructor(private _settings: ServerConnection.ISettings) {}

  /** Ask one route. */
  async ask<K extends keyof IRoutes>(
    name: K,
    named: IRoutes[K]['named'],
    body: IRoutes[K]['body']
  ): Promise<IRoutes[K]['reply']> {
    const { verb, path, again } = ROUTES[name];
    const init: RequestInit = { method: verb };
    if (verb === 'POST') {
      init.body = JSON.stringify(body ?? {});
    }
    const response = await this._fetch(filled(path, named), init, again ? TRIES : 1);
    return (await response.json()) as IRoutes[K]['reply'];
  }

  /** Hear all events of a job, from the first to the last; `heard` gets all that are known. */
  async listen(job: string, heard: (events: IEvent[]) => void): Promise<void> {
    for (let tries = TRIES; ; tries -= 1) {
      try {
        return await this._listen(job, heard);
      } catch (error) {
        if (tries <= 1 || error instanceof Problem) {
          throw error;
        }
      }
    }
  }

  private async _listen(job: string, heard: (events: IEvent[]) => void): Promise<void> {
    const path = filled(EVENTS, { name: job });
    const response = await this._fetch(path, { method: 'GET' }, TRIES);
    const events: IEvent[] = [];
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      const parts = (rest + value).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        if (part.startsWith('data: ')) {
          events.push(JSON.parse(part.slice(6)) as IEvent);
          heard(events);
        }
      }
    }
  }

  private async _fetch(path: string, init: RequestInit, tries: number): Promise<Response> {
    const url = URLExt.join(this._settings.baseUrl, PREFIX, path);
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this._settings);
    } catch (error) {
      if (tries > 1) {
        // browsers give up what is under way when an interface comes or goes, as containers' do
        await new Promise(resolve => setTimeout(resolve, PAUSE));
        return this._fetch(path, init, tries - 1);
      }
      throw new Problem({
        code: 'no-server',
        what: 'JupyterLab’s server does not answer',
        hint: 'start it again, then load this page again'
      });
    }
    if (!response.ok) {
      throw new Problem(await problemOf(response));
    }
    return response;
  }
}

async function problemOf(response: Response): Promise<IProblem> {
  try {
    const told = (await response.json()) as IProblem;
    if (told.what) {
      return told;
    }
  } catch {
    // no JSON: an older server, or something between us
  }
  const code = `http-${response.status}`;
  return { code, what: `the server answered ${response.status}`, hint: '' };
}

function filled(path: string, named: { [name: string]: string } | null): string {
  return path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(named?.[name] ?? ''));
}
