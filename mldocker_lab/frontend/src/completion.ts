import { CompletionHandler, ICompletionContext, ICompletionProvider } from '@jupyterlab/completer';

import { DockerfileHelp } from './dockerfile';
import { kindOf, stages, written } from './dockerfiletext';
import { ICompletion } from './schema';

/** Words that fit, where JupyterLab shows its own: with Tab. */
export class DockerfileCompletion implements ICompletionProvider {
  constructor(private _help: DockerfileHelp) {}

  readonly identifier = 'mldocker-lab:completion';
  readonly rank = 900;
  readonly renderer = null;

  async isApplicable(context: ICompletionContext): Promise<boolean> {
    const model = context.editor?.model;
    if (!model) {
      return false;
    }
    const first = model.sharedModel.source.split('\n', 1)[0];
    const kind = kindOf(model.mimeType, first);
    return kind === 'dockerfile' || kind === 'cell';
  }

  async fetch(
    request: CompletionHandler.IRequest
  ): Promise<CompletionHandler.ICompletionItemsReply> {
    const { text, offset } = request;
    const found = written(text, offset);
    if (!found) {
      return { start: offset, end: offset, items: [] };
    }
    const { instructions, bases } = await this._help.words();
    const before: ICompletion[] = stages(text.slice(0, offset)).map(word => ({ word, says: '' }));
    const known = {
      instruction: instructions.map(one => ({ word: one.keyword, says: one.says })),
      base: [...before, ...bases],
      stage: before,
      flag: instructions.find(one => one.keyword === found.keyword)?.flags ?? []
    }[found.what];
    const begun = text.slice(found.start, offset);
    const upper = begun === begun.toUpperCase() || found.what !== 'instruction';
    const items = known
      .filter(one => one.word.toLowerCase().startsWith(begun.toLowerCase()))
      .map(one => ({
        label: upper ? one.word : one.word.toLowerCase(),
        insertText: upper ? one.word : one.word.toLowerCase(),
        type: found.what,
        documentation: one.says
      }));
    return { start: found.start, end: offset, items };
  }
}
