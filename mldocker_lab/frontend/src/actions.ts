import { Dialog, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { DocumentRegistry, IDocumentWidget } from '@jupyterlab/docregistry';
import type { FileEditor } from '@jupyterlab/fileeditor';
import { TranslationBundle } from '@jupyterlab/translation';

import { CourseModel, isExercise } from './coursemodel';
import { IExerciseState, ILessonState } from './schema';

/** What panel, commands and toolbar do to the course. */
export class Actions {
  constructor(
    readonly model: CourseModel,
    private _documents: IDocumentManager,
    private _trans: TranslationBundle,
    private _showPanel: () => void
  ) {}

  /** Open a file where JupyterLab would. */
  async open(path: string): Promise<void> {
    this._documents.openOrReveal(path);
  }

  /** Open a lesson or an exercise. */
  async begin(one: ILessonState | IExerciseState): Promise<void> {
    if (one.path === null) {
      this._say('warning', this.model.course?.note ?? '');
      return;
    }
    await this.open(one.path);
    await this.model.opened(isExercise(one) ? 'exercise' : 'lesson', nameOf(one));
  }

  /** Open what was opened last, or the first lesson. */
  async goOn(): Promise<void> {
    const course = this.model.course;
    const latest = course?.latest;
    if (latest) {
      await this.open(latest.path);
      await this.model.opened(latest.kind, latest.name);
    } else if (course?.lessons.length) {
      await this.begin(course.lessons[0]);
    }
  }

  /** Open a file at a line, from 1. */
  async jump(path: string, line: number): Promise<void> {
    const widget = this._documents.openOrReveal(path, 'Editor') as
      | IDocumentWidget<FileEditor>
      | undefined;
    if (!widget) {
      return;
    }
    await widget.context.ready;
    await widget.revealed;
    const editor = widget.content.editor;
    const position = { line: Math.min(line, editor.lineCount) - 1, column: 0 };
    editor.setCursorPosition(position);
    editor.revealPosition(position);
    editor.focus();
  }

  /** Save what is open of an exercise, run checks, and show how it goes. */
  async check(exercise: IExerciseState, checks: string[] = []): Promise<void> {
    this._showPanel();
    await this._save(exercise);
    await this.model.run('check', exercise.id, checks);
  }

  /** Save, then have it graded. */
  async grade(exercise: IExerciseState): Promise<void> {
    this._showPanel();
    await this._save(exercise);
    await this.model.run('grade', exercise.id);
  }

  /** One more hint for a check, or for the first that failed. */
  async hint(exercise: IExerciseState, check = ''): Promise<void> {
    this._showPanel();
    try {
      const told = await this.model.hint(exercise.id, check);
      if (!told.hints.length) {
        this._say('info', this._trans.__('%1: there is no hint for this.', told.check));
      }
    } catch (error) {
      this._say('warning', (error as Error).message);
    }
  }

  /** Ask, then put something back. */
  async reset(one: ILessonState | IExerciseState): Promise<void> {
    const trans = this._trans;
    const kind = isExercise(one) ? 'exercise' : 'lesson';
    const { button } = await showDialog({
      title: trans.__('Back to the start: %1', one.title),
      body:
        kind === 'exercise'
          ? trans.__('Your answer goes back to its start. Your version is kept beside it.')
          : trans.__(
              'The notebook and its folders go back to how they were shipped, and your ' +
                'predictions are forgotten. Your version is kept in the lab’s folder.'
            ),
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Reset') })]
    });
    if (!button.accept) {
      return;
    }
    try {
      await this._save(one);
      const text = await this.model.reset(kind, nameOf(one));
      await Promise.all(this._opened(one).map(context => context.revert()));
      this._say('success', text);
    } catch (error) {
      this._say('error', (error as Error).message);
    }
  }

  /** Let somebody choose an exercise. */
  async choose(title: string): Promise<IExerciseState | null> {
    const known = this.model.course?.exercises ?? [];
    const items = known.map(one => `${one.id}: ${one.title}`);
    const { value } = await InputDialog.getItem({ title, items });
    return known.find(one => value?.startsWith(`${one.id}: `)) ?? null;
  }

  private _say(type: Notification.TypeOptions, text: string): void {
    if (text) {
      Notification.emit(text, type, { autoClose: type === 'error' ? false : 6000 });
    }
  }

  private async _save(one: ILessonState | IExerciseState): Promise<void> {
    const dirty = this._opened(one).filter(context => context.model.dirty);
    await Promise.all(dirty.map(context => context.save()));
  }

  /** The documents of a lesson or an exercise that are open. */
  private _opened(one: ILessonState | IExerciseState): DocumentRegistry.IContext<DocumentRegistry.IModel>[] {
    const paths = isExercise(one) ? one.files : one.path ? [one.path] : [];
    const found = paths.flatMap(path => {
      const widget = this._documents.findWidget(path, null);
      const context = widget && this._documents.contextForWidget(widget);
      return context ? [context] : [];
    });
    return found as DocumentRegistry.IContext<DocumentRegistry.IModel>[];
  }
}

/** What the server calls it. */
export function nameOf(one: ILessonState | IExerciseState): string {
  return isExercise(one) ? one.id : one.name;
}
