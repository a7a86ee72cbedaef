import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, showDialog, showErrorMessage } from '@jupyterlab/apputils';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { DocumentWidget } from '@jupyterlab/docregistry';
import { FileEditor, IEditorTracker } from '@jupyterlab/fileeditor';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { DockerfileCompletion } from './completion';
import { DockerfileHelp } from './dockerfile';
import { typeOf } from './dockerfiletext';
import { Client } from './request';
import { sentBody } from './sent';
import { IClient } from './tokens';

/** Diagnostics, hover help, quick fixes and completion. */
export const dockerfile: JupyterFrontEndPlugin<void> = {
  id: 'mldocker-lab:dockerfile',
  description: 'Help in Dockerfiles, ignore files and %%dockerfile cells.',
  autoStart: true,
  requires: [IClient, IEditorExtensionRegistry],
  optional: [
    IEditorTracker,
    ICompletionProviderManager,
    ISettingRegistry,
    ITranslator,
    ICommandPalette
  ],
  activate: async (
    app: JupyterFrontEnd,
    client: Client,
    extensions: IEditorExtensionRegistry,
    tracker: IEditorTracker | null,
    completions: ICompletionProviderManager | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mldocker-lab');
    const open = (path: string) => void app.commands.execute('docmanager:open', { path });
    const help = new DockerfileHelp(client, trans, open);
    extensions.addExtension({
      name: 'mldocker-lab:dockerfile',
      factory: ({ model }) =>
        EditorExtensionRegistry.createImmutableExtension(help.extension(model))
    });
    completions?.registerProvider(new DockerfileCompletion(help));

    const type = (widget: DocumentWidget<FileEditor>) => {
      const follow = () => {
        const found = typeOf(widget.context.path);
        if (found) {
          widget.content.model.mimeType = found;
        }
      };
      void widget.context.ready.then(follow);
      widget.context.pathChanged.connect(follow);
    };
    tracker?.forEach(widget => type(widget as DocumentWidget<FileEditor>));
    tracker?.widgetAdded.connect((_, widget) => type(widget as DocumentWidget<FileEditor>));

    const command = 'mldocker-lab:what-is-sent';
    app.commands.addCommand(command, {
      label: trans.__('What Does a Build Send?'),
      describedBy: { args: { type: 'object', properties: { path: { type: 'string' } } } },
      isEnabled: () => tracker?.currentWidget != null,
      execute: async (args: any) => {
        const path = args.path ?? tracker?.currentWidget?.context.path;
        try {
          const sent = await client.ask('sent', null, { path });
          await showDialog({
            title: trans.__('What a build of %1 sends', sent.folder),
            body: sentBody(sent, trans),
            buttons: [Dialog.okButton()]
          });
        } catch (error) {
          await showErrorMessage(trans.__('This cannot be told'), (error as Error).message);
        }
      }
    });
    palette?.addItem({ command, category: trans.__('Docker Course') });

    const loaded = await settings?.load('mldocker-lab:dockerfile').catch(() => null);
    const follow = () => {
      const told = loaded?.composite as any;
      help.options = { ...help.options, ...(told ?? {}) };
    };
    loaded?.changed.connect(follow);
    follow();
  }
};
