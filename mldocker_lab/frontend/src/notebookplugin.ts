import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CourseModel, isExercise } from './coursemodel';
import { ICourseModel } from './tokens';

/** Check, hint and reset in the toolbar of the course's notebooks; others stay as they are. */
export const notebook: JupyterFrontEndPlugin<void> = {
  id: 'mldocker-lab:notebook',
  description: 'Check, hint and reset in the toolbar of the course’s notebooks.',
  autoStart: true,
  requires: [ICourseModel, INotebookTracker],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: CourseModel,
    tracker: INotebookTracker,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mldocker-lab');
    const current = () => model.owner(tracker.currentWidget?.context.path ?? '');
    const exercise = () => {
      const one = current();
      return one !== null && isExercise(one);
    };
    const busy = () => model.running !== null && !model.running.ended;
    const names: string[] = [];
    const add = (
      name: string,
      label: string,
      caption: string,
      visible: () => boolean,
      run: () => Promise<unknown>
    ) => {
      const command = `mldocker-lab:notebook-${name}`;
      names.push(command);
      app.commands.addCommand(command, {
        label,
        caption,
        describedBy: { args: { type: 'object', properties: {} } },
        isVisible: visible,
        isEnabled: () => visible() && !busy(),
        execute: run
      });
    };
    // an exercise's notebook is saved first: what counts are its cells on disk
    const saved = (command: string) => async () => {
      const context = tracker.currentWidget?.context;
      if (context?.model.dirty) {
        await context.save();
      }
      await app.commands.execute(command);
    };
    add(
      'check',
      trans.__('Check'),
      trans.__('Run all checks of this exercise'),
      exercise,
      saved('mldocker-lab:check')
    );
    add(
      'hint',
      trans.__('Hint'),
      trans.__('One more hint for the first check that failed'),
      exercise,
      saved('mldocker-lab:hint')
    );
    add(
      'reset',
      trans.__('Reset'),
      trans.__('Back to how this was shipped; your version is kept'),
      () => current() !== null,
      () => app.commands.execute('mldocker-lab:reset')
    );
    const changed = () => names.forEach(name => app.commands.notifyCommandChanged(name));
    model.changed.connect(changed);
    tracker.currentChanged.connect(changed);
  }
};
