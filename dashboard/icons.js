// @ts-check
/**
 * Icons, drawn on a 16 by 16 grid with a stroke of 1.6. Each state has a shape of its own, so that it
 * can be told without colour. An element with data-icon="name" gets its drawing from here.
 */

/** @type {Record<string, string>} */
const PATHS = {
  // states
  receiving: 'M4.5 2.8v10.4L13 8z M2 3v10',
  connected: 'M2.5 8.5l3.8 3.8 7.2-8.6',
  waiting: 'M4 2h8 M4 14h8 M4.5 2c0 3.5 3.5 4 3.5 6s-3.5 2.5-3.5 6 M11.5 2c0 3.5-3.5 4-3.5 6s3.5 2.5 3.5 6',
  connecting: 'M2.5 8h.01 M8 8h.01 M13.5 8h.01',
  retrying: 'M13.5 8a5.5 5.5 0 1 1-1.7-4 M13.5 1.5v3h-3',
  no_signal: 'M8 2L1.5 13.5h13z M8 6.5v3.5 M8 12h.01',
  error: 'M5.2 1.8h5.6l3.4 3.4v5.6l-3.4 3.4H5.2l-3.4-3.4V5.2z M5.8 5.8l4.4 4.4 M10.2 5.8l-4.4 4.4',
  stopped: 'M3.5 3.5h9v9h-9z',
  disabled: 'M8 2a6 6 0 1 0 .01 0 M3.8 3.8l8.4 8.4',
  active: 'M2 8h10 M8 4l4.5 4L8 12',
  standby: 'M5.5 3.5v9 M10.5 3.5v9',
  // actions
  play: 'M4.5 2.5v11L13.5 8z',
  stop: 'M3.5 3.5h9v9h-9z',
  add: 'M8 2.5v11 M2.5 8h11',
  edit: 'M2.5 13.5l.7-3.2 7.6-7.6 2.5 2.5-7.6 7.6z M9.3 4.2l2.5 2.5',
  delete: 'M2.5 4h11 M6 4V2.3h4V4 M4 4l.6 9.7h6.8L12 4 M6.8 6.5v4.7 M9.2 6.5v4.7',
  switch: 'M2 5.5h11 M10 2.5l3 3-3 3 M14 10.5H3 M6 7.5l-3 3 3 3',
  account: 'M2.5 13.5h11 M4 11V8 M8 11V3 M12 11V6',
  system: 'M2.5 3h11v7h-11z M8 10v3 M5 13.2h6',
  copy: 'M5.5 5.5h8v8h-8z M3.5 10.5h-1v-8h8v1',
  chevron: 'M5.5 3l5 5-5 5',
  close: 'M3.5 3.5l9 9 M12.5 3.5l-9 9',
  search: 'M7 2.5a4.5 4.5 0 1 0 .01 0 M10.3 10.3l3.5 3.5',
};

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Give the element the named drawing, unless it has it already.
 * @param {HTMLElement} element
 * @param {string} name
 */
export function setIcon(element, name) {
  if (element.dataset.icon === name && element.firstElementChild) return;
  element.dataset.icon = name;
  let path = element.querySelector('path');
  if (!path) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', '0 0 16 16');
    svg.setAttribute('aria-hidden', 'true');
    path = document.createElementNS(SVG, 'path');
    svg.append(path);
    element.replaceChildren(svg);
  }
  path.setAttribute('d', PATHS[name] ?? '');
}

/**
 * Draw every icon below root, also inside templates, whose copies then come with their icons.
 * @param {ParentNode} root
 */
export function drawIcons(root) {
  for (const element of root.querySelectorAll('[data-icon]')) {
    if (element instanceof HTMLElement) setIcon(element, element.dataset.icon ?? '');
  }
  for (const template of root.querySelectorAll('template')) drawIcons(template.content);
}
