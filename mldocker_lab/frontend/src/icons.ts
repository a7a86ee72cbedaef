import { LabIcon } from '@jupyterlab/ui-components';

const svg = (body: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">${body}</svg>`;

/** The course: a stack of layers. */
export const courseIcon = new LabIcon({
  name: 'mldocker-lab:course',
  svgstr: svg(
    '<g class="jp-icon3" fill="#616161"><path d="M12 2 2 7l10 5 10-5z"/>' +
      '<path d="m4.5 10.5-2.5 1.3 10 5 10-5-2.5-1.3-7.5 3.8z"/>' +
      '<path d="m4.5 15.3-2.5 1.2 10 5 10-5-2.5-1.2-7.5 3.7z"/></g>'
  )
});

/** Two files beside each other. */
export const sidesIcon = new LabIcon({
  name: 'mldocker-lab:sides',
  svgstr: svg(
    '<path class="jp-icon3" fill="#616161" d="M2 3h9v18H2zm11 0h9v18h-9z' +
      'M4 6v2h5V6zm0 4v2h5v-2zm0 4v5h5v-5zm11-8v2h5V6zm0 4v9h5v-9z" fill-rule="evenodd"/>'
  )
});

/** The engine: a box with a heartbeat. */
export const engineIcon = new LabIcon({
  name: 'mldocker-lab:engine',
  svgstr: svg(
    '<path class="jp-icon3" fill="#616161" d="M3 4h18v16H3zm2 2v12h14V6z"/>' +
      '<path class="jp-icon3" fill="#616161" d="M6 13v-2h3l2-4 3 8 1.500-4H18v2h-1.500L14 18l-3-7-1 2z"/>'
  )
});
