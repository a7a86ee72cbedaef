import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Poll } from '@lumino/polling';

import { EngineModel } from './enginemodel';
import { cleanUp, EnginePanel } from './enginepanel';
import { engineIcon } from './icons';
import { Client } from './request';
import { StatusItem } from './statusitem';
import { IClient, IEngineModel } from './tokens';

/** The engine panel and its commands. */
export const engine: JupyterFrontEndPlugin<EngineModel> = {
  id: 'mldocker-lab:engine',
  description: 'The engine panel: which engine there is, what the lab has on it, room on disk.',
  autoStart: true,
  requires: [IClient],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette, ISettingRegistry],
  provides: IEngineModel,
  activate: (
    app: JupyterFrontEnd,
    ask: Client,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    settings: ISettingRegistry | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mldocker-lab');
    const model = new EngineModel(ask);
    const panel = new EnginePanel({ model, trans });
    app.shell.add(panel, 'left', { rank: 901 });
    restorer?.add(panel, panel.id);

    const add = (name: string, label: string, run: () => unknown, enabled = () => true) => {
      const command = `mldocker-lab:${name}`;
      app.commands.addCommand(command, {
        label,
        icon: engineIcon,
        describedBy: { args: { type: 'object', properties: {} } },
        isEnabled: enabled,
        execute: run
      });
      palette?.addItem({ command, category: trans.__('Docker Course') });
    };
    add('show-engine', trans.__('Show the Engine'), () => app.shell.activateById(panel.id));
    add(
      'engine-start',
      trans.__('Start the Lab’s Engine'),
      () => model.start(trans.__('starting …')),
      () => model.engine?.can_start ?? false
    );
    add(
      'engine-stop',
      trans.__('Stop the Lab’s Engine'),
      () => model.stop(trans.__('stopping …')),
      () => model.engine?.can_stop ?? false
    );
    add(
      'clean',
      trans.__('Clean up the Engine …'),
      () => cleanUp(model, trans),
      () => model.engine?.state === 'running'
    );
    model.changed.connect(() => app.commands.notifyCommandChanged());

    const poll = new Poll({
      auto: false,
      factory: () => model.refresh(),
      frequency: { interval: 20_000, backoff: true, max: 120_000 },
      standby: 'when-hidden'
    });
    void app.restored.then(async () => {
      const loaded = await settings?.load('mldocker-lab:engine').catch(() => null);
      const follow = () => {
        const seconds = Number(loaded?.composite['refreshSeconds'] ?? 20);
        poll.frequency = { ...poll.frequency, interval: seconds * 1000 };
      };
      loaded?.changed.connect(follow);
      follow();
      await poll.start();
      await poll.refresh();
    });
    return model;
  }
};

/** The engine in the status bar. */
export const status: JupyterFrontEndPlugin<void> = {
  id: 'mldocker-lab:status',
  description: 'The engine in the status bar.',
  autoStart: true,
  requires: [IEngineModel, IStatusBar],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: EngineModel,
    bar: IStatusBar,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mldocker-lab');
    const open = () => void app.commands.execute('mldocker-lab:show-engine');
    bar.registerStatusItem('mldocker-lab:status', {
      align: 'left',
      rank: 90,
      item: new StatusItem(model, trans, open)
    });
  }
};
