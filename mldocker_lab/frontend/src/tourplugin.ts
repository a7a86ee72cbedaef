import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CourseModel } from './coursemodel';
import { ICourseModel } from './tokens';
import { IStop, Tour } from './tour';

const ID = 'mldocker-lab:tour';

/** A short tour, offered once. */
export const tour: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'A short tour when the course is opened for the first time.',
  autoStart: true,
  requires: [ICourseModel],
  optional: [ISettingRegistry, ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: CourseModel,
    settings: ISettingRegistry | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mldocker-lab');
    const show = (name: string) => () =>
      app.commands.hasCommand(name) ? app.commands.execute(name) : undefined;
    const stops: IStop[] = [
      {
        title: trans.__('The course'),
        text: trans.__(
          'Lessons and exercises, and how far you are. Unfold one to see your predictions, or ' +
            'what a check has seen. It is kept on this machine, whatever browser you use.'
        ),
        target: '#mldocker-lab-course',
        before: show('mldocker-lab:show-course')
      },
      {
        title: trans.__('The engine'),
        text: trans.__(
          'What builds your images: start it, stop it, see what lessons left on it and on your ' +
            'disk, and clean up.'
        ),
        target: '#mldocker-lab-engine',
        before: show('mldocker-lab:show-engine')
      },
      {
        title: trans.__('Your Dockerfile'),
        text: trans.__(
          'Open one: what is wrong is underlined while you write. Rest the pointer on it, or press ' +
            'F8, to read why, and to have it fixed. Tab completes.'
        ),
        target: '#jp-main-dock-panel'
      },
      {
        title: trans.__('All of it'),
        text: trans.__('Everything is in this menu, and in the command palette.'),
        target: '#jp-MainMenu'
      }
    ];
    const command = 'mldocker-lab:tour';
    let now: Tour | null = null;
    app.commands.addCommand(command, {
      label: trans.__('Show Me Around'),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        now?.dispose();
        now = new Tour(stops, trans);
        await now.start();
      }
    });
    palette?.addItem({ command, category: trans.__('Docker Course') });

    const offer = async () => {
      const loaded = await settings?.load(ID).catch(() => null);
      if (!loaded || loaded.composite['offer'] !== true) {
        return;
      }
      await loaded.set('offer', false); // once, in whatever browser
      Notification.emit(trans.__('This JupyterLab holds a course on Docker.'), 'info', {
        autoClose: 20_000,
        actions: [
          {
            label: trans.__('Show me around'),
            displayType: 'accent',
            callback: () => void app.commands.execute(command)
          }
        ]
      });
    };
    const look = () => {
      if (model.course) {
        model.changed.disconnect(look);
        if (model.course.lessons.length && !model.course.note) {
          void offer();
        }
      }
    };
    model.changed.connect(look);
    look();
  }
};
