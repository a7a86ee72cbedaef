import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  ICommandPalette,
  InputDialog,
  MainAreaWidget,
  showErrorMessage,
  WidgetTracker
} from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { EngineModel } from './enginemodel';
import { sidesIcon } from './icons';
import { Client } from './request';
import { IPairName, ISides } from './schema';
import { IChosen, SidesModel } from './sidesmodel';
import { SidesView } from './sidesview';
import { IClient, IEngineModel } from './tokens';

const COMMAND = 'mldocker-lab:side-by-side';
const PAIR = ['bad.Dockerfile', 'good.Dockerfile'];

/** Two Dockerfiles side by side. */
export const sides: JupyterFrontEndPlugin<void> = {
  id: 'mldocker-lab:sides',
  description: 'Two Dockerfiles side by side: what differs, live builds, what an edit costs.',
  autoStart: true,
  requires: [IClient, IDocumentManager],
  optional: [
    IEngineModel,
    INotebookTracker,
    IFileBrowserFactory,
    ILauncher,
    ICommandPalette,
    ILayoutRestorer,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    client: Client,
    documents: IDocumentManager,
    engine: EngineModel | null,
    notebooks: INotebookTracker | null,
    files: IFileBrowserFactory | null,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mldocker-lab');
    const tracker = new WidgetTracker<MainAreaWidget<SidesView>>({ namespace: 'mldocker-lab-sides' });
    const models = new WeakMap<MainAreaWidget, SidesModel>();
    let known: IPairName[] = [];

    const save = async (shown: ISides) => {
      for (const { path } of [shown.left, shown.right]) {
        const widget = documents.findWidget(path, null);
        const context = widget && documents.contextForWidget(widget);
        if (context?.model.dirty) {
          await context.save();
        }
      }
    };
    const insert = (shown: ISides, edit: string) => {
      const panel = notebooks?.currentWidget;
      if (panel) {
        app.shell.activateById(panel.id);
        NotebookActions.insertBelow(panel.content);
        const from = PathExt.dirname(panel.context.path);
        panel.content.activeCell?.model.sharedModel.setSource(code(shown, edit, from));
      }
    };
    const make = (path: string, chosen: Partial<IChosen>) => {
      const model = new SidesModel(client, path, () => void engine?.watch(), chosen);
      const view = new SidesView(() => ({
        model,
        trans,
        save,
        open: (file: string) => void documents.openOrReveal(file),
        insert: notebooks?.currentWidget ? insert : null
      }));
      const widget = new MainAreaWidget({ content: view });
      view.node.setAttribute('role', 'region'); // after it was wrapped: that has names of its own
      view.node.setAttribute('aria-label', trans.__('Side by side'));
      widget.id = `mldocker-lab-sides-${path}`;
      widget.title.label = PathExt.basename(path) || trans.__('Side by side');
      widget.title.caption = trans.__('Side by side: %1', path);
      widget.title.icon = sidesIcon;
      widget.title.closable = true;
      models.set(widget, model);
      notebooks?.currentChanged.connect(view.update, view);
      widget.disposed.connect(() => notebooks?.currentChanged.disconnect(view.update, view));
      documents.services.contents.fileChanged.connect((_, change) => {
        const changed = change.newValue?.path;
        if (changed && [model.sides?.left.path, model.sides?.right.path].includes(changed)) {
          void model.load();
        }
      });
      let kept = model.chosen;
      model.changed.connect(() => {
        if (kept !== model.chosen && tracker.has(widget)) {
          kept = model.chosen;
          void tracker.save(widget);
        }
      });
      void model.load();
      return widget;
    };
    const show = async (path: string, chosen: Partial<IChosen> = {}) => {
      let widget = tracker.find(one => models.get(one)?.path === path);
      if (!widget) {
        widget = make(path, chosen);
        app.shell.add(widget, 'main');
        await tracker.add(widget);
      }
      app.shell.activateById(widget.id);
    };
    const learn = async () => {
      known = (await client.ask('pairs', null, null)).pairs;
      return known;
    };
    const choose = async () => {
      const items = (await learn()).map(one => one.path);
      const title = trans.__('Compare which Dockerfiles?');
      return items.length ? (await InputDialog.getItem({ title, items })).value : null;
    };

    app.commands.addCommand(COMMAND, {
      label: args => (args['isLauncher'] ? trans.__('Side by Side') : trans.__('Side by Side …')),
      caption: trans.__('Compare two Dockerfiles: lines, steps, layers, what an edit costs'),
      icon: sidesIcon,
      describedBy: {
        args: { type: 'object', properties: { path: { type: 'string' }, chosen: { type: 'object' } } }
      },
      execute: async (args: any) => {
        try {
          const path = args.path ?? (await choose());
          if (path) {
            await show(path, args.chosen);
          }
        } catch (error) {
          await showErrorMessage(trans.__('This cannot be compared'), (error as Error).message);
        }
      }
    });
    palette?.addItem({ command: COMMAND, category: trans.__('Docker Course') });
    launcher?.add({ command: COMMAND, category: trans.__('Docker Course'), rank: 1 });

    /** The folder that the selection of the file browser means, if it holds two Dockerfiles. */
    const selected = (): string | null => {
      const browser = files?.tracker.currentWidget;
      const item = browser?.selectedItems().next().value;
      if (!browser || !item) {
        return null;
      }
      const near = known.find(one =>
        one.kind === 'exercise'
          ? item.path === one.path || item.path.startsWith(`${one.path}/`)
          : item.path === one.path
      );
      const names = [...browser.model.items()].map(one => one.name);
      const here = PAIR.includes(item.name) && PAIR.every(name => names.includes(name));
      return near?.path ?? (here ? PathExt.dirname(item.path) : null);
    };
    app.commands.addCommand(`${COMMAND}-here`, {
      label: trans.__('Compare Side by Side'),
      icon: sidesIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      isVisible: () => selected() !== null,
      execute: () => {
        const path = selected();
        return path === null ? undefined : show(path);
      }
    });

    if (restorer) {
      void restorer.restore(tracker, {
        command: COMMAND,
        args: widget => {
          const { path, chosen } = models.get(widget)!;
          return { path, chosen: { ...chosen } };
        },
        name: widget => models.get(widget)!.path
      });
    }
    void app.restored.then(() => learn().catch(() => null));
  }
};

/** Code that builds the same from a notebook in this folder. */
function code(shown: ISides, edit: string, from: string): string {
  const lines = ['import mldocker_lab as lab', ''];
  const named = (path: string) => JSON.stringify(PathExt.relative(from, path) || '.');
  if (shown.kind === 'pair') {
    lines.push(`pair = lab.build_pair(${named(shown.folder)})`);
    if (edit && edit !== 'nothing') {
      lines.push(`pair.edit(${JSON.stringify(edit)}).plot_edit()`);
    } else {
      lines.push('pair.plot()');
    }
  } else {
    const [start, answer] = shown.contexts;
    lines.push(`start, answer = lab.build(${named(start)}), lab.build(${named(answer)})`);
    lines.push('print(start)', 'answer');
  }
  return lines.join('\n');
}
