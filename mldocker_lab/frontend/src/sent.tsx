import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ISent, ISentFile } from './schema';
import { size } from './words';

interface INode {
  name: string;
  bytes: number;
  files: ISentFile[];
}

/** What a build sends, folder by folder; the biggest first. */
export function sentBody(sent: ISent, trans: TranslationBundle): React.ReactElement {
  const groups = new Map<string, INode>();
  for (const file of sent.files) {
    const slash = file.name.lastIndexOf('/');
    const name = slash < 0 ? '.' : file.name.slice(0, slash);
    const node = groups.get(name) ?? { name, bytes: 0, files: [] };
    node.files.push(file);
    node.bytes += file.bytes;
    groups.set(name, node);
  }
  const folders = [...groups.values()].sort((a, b) => b.bytes - a.bytes);
  return (
    <div className="mldockerlab-preview">
      <p>
        {trans.__('%1 files, %2', sent.count, size(sent.bytes))}{' '}
        {sent.ignore_file
          ? trans.__('%1 leaves out %2', sent.ignore_file, sent.left_out)
          : trans.__('Nothing is left out: there is no .dockerignore.')}
      </p>
      <ul tabIndex={0} aria-label={trans.__('Files')}>
        {folders.map(folder => (
          <li key={folder.name}>
            {folder.name} ({size(folder.bytes)})
            <ul>
              {folder.files.map(file => (
                <li key={file.name} data-sent={file.sent}>
                  {file.sent ? '→ ' : '✘ '}
                  {file.name.slice(file.name.lastIndexOf('/') + 1)}
                  {file.sent ? `, ${size(file.bytes)}` : `, ${trans.__('left out')}`}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </div>
  );
}
