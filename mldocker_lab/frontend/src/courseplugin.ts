import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Poll } from '@lumino/polling';

import { Actions } from './actions';
import { CourseModel, isExercise } from './coursemodel';
import { CoursePanel } from './coursepanel';
import { courseIcon } from './icons';
import { Client } from './request';
import { IExerciseState, ILessonState } from './schema';
import { IClient, ICourseModel } from './tokens';

/** Asks the server. */
export const client: JupyterFrontEndPlugin<Client> = {
  id: 'mldocker-lab:client',
  description: 'Asks the routes of mldocker_lab.',
  autoStart: true,
  provides: IClient,
  activate: (app: JupyterFrontEnd) => new Client(app.serviceManager.serverSettings)
};

/** The course panel and its commands. */
export const course: JupyterFrontEndPlugin<CourseModel> = {
  id: 'mldocker-lab:course',
  description: 'The course panel: lessons, exercises, checks, hints.',
  autoStart: true,
  requires: [IClient, IDocumentManager],
  optional: [
    ITranslator,
    ILayoutRestorer,
    ICommandPalette,
    ILauncher,
    ISettingRegistry,
    ILabShell
  ],
  provides: ICourseModel,
  activate: (
    app: JupyterFrontEnd,
    ask: Client,
    documents: IDocumentManager,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    settings: ISettingRegistry | null,
    shell: ILabShell | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mldocker-lab');
    const model = new CourseModel(ask);
    const show = () => app.shell.activateById(panel.id);
    const actions = new Actions(model, documents, trans, show);
    const panel = new CoursePanel({ actions, trans });
    app.shell.add(panel, 'left', { rank: 900 });
    restorer?.add(panel, panel.id);

    const current = () => {
      const widget = app.shell.currentWidget;
      const path = widget ? documents.contextForWidget(widget)?.path : undefined;
      return path ? model.owner(path) : null;
    };
    const meant = (args: { exercise?: string }): IExerciseState | null => {
      const named = model.course?.exercises.find(one => one.id === args.exercise);
      const here = current();
      return named ?? (here && isExercise(here) ? here : null);
    };
    const add = (
      name: string,
      label: string,
      run: (args: any) => unknown,
      args: object = {}
    ) => {
      const command = `mldocker-lab:${name}`;
      app.commands.addCommand(command, {
        label,
        icon: courseIcon,
        describedBy: { args: { type: 'object', properties: args } as any },
        execute: run
      });
      palette?.addItem({ command, category: trans.__('Docker Course') });
      return command;
    };
    const which = { exercise: { type: 'string', description: trans.__('The exercise’s id') } };
    const onExercise =
      (title: string, run: (one: IExerciseState, args: any) => Promise<void>) =>
      async (args: any) => {
        const one = meant(args) ?? (await actions.choose(title));
        if (one) {
          await run(one, args);
        }
      };

    add('show-course', trans.__('Show the Course'), show);
    const goOn = add('continue', trans.__('Continue the Course'), () => actions.goOn());
    add(
      'check',
      trans.__('Check the Exercise'),
      onExercise(trans.__('Check which exercise?'), (one, args) =>
        actions.check(one, args.check ? [args.check] : [])
      ),
      { ...which, check: { type: 'string', description: trans.__('One check only') } }
    );
    add(
      'hint',
      trans.__('One More Hint'),
      onExercise(trans.__('A hint for which exercise?'), (one, args) =>
        actions.hint(one, args.check ?? '')
      ),
      { ...which, check: { type: 'string', description: trans.__('For this check') } }
    );
    add(
      'grade',
      trans.__('Grade the Exercise'),
      onExercise(trans.__('Grade which exercise?'), one => actions.grade(one)),
      which
    );
    add(
      'reset',
      trans.__('Back to the Start'),
      async (args: any) => {
        const named = model.course?.lessons.find(one => one.name === args.lesson);
        const here = named ?? meant(args) ?? current();
        const one: ILessonState | IExerciseState | null =
          here ?? (await actions.choose(trans.__('Reset which exercise?')));
        if (one) {
          await actions.reset(one);
        }
      },
      { ...which, lesson: { type: 'string', description: trans.__('The lesson’s name') } }
    );
    launcher?.add({ command: goOn, category: trans.__('Docker Course'), rank: 0 });

    const poll = new Poll({
      auto: false,
      factory: async () => {
        if (panel.isVisible) {
          await model.refresh();
        }
      },
      frequency: { interval: 10_000, backoff: true, max: 120_000 },
      standby: 'when-hidden'
    });
    void app.restored.then(async () => {
      const loaded = await settings?.load('mldocker-lab:course').catch(() => null);
      const follow = () => {
        const seconds = Number(loaded?.composite['refreshSeconds'] ?? 10);
        poll.frequency = { ...poll.frequency, interval: seconds * 1000 };
      };
      loaded?.changed.connect(follow);
      follow();
      await poll.start();
      await model.refresh();
      void model.resume();
      const opened = () => {
        const one = current();
        if (one && one.state === 'new') {
          void model.opened(
            isExercise(one) ? 'exercise' : 'lesson',
            isExercise(one) ? one.id : one.name
          );
        }
      };
      shell?.currentChanged.connect(opened);
      opened();
    });
    return model;
  }
};
