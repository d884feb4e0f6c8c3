// @ts-check
/** A command that can be copied. */

import { cloneTemplate, find, part, setText } from './dom.js';

const SHOWN_MS = 2_000;

/**
 * @param {HTMLElement} element whose text is copied
 * @returns {Promise<boolean>} whether that worked
 */
async function copyText(element) {
  try {
    await navigator.clipboard.writeText(element.textContent ?? '');
    return true;
  } catch {
    // Pages that came over plain HTTP from another host have no clipboard: the old way still does it,
    // and what it leaves selected can be copied by hand.
    getSelection()?.selectAllChildren(element);
    return document.execCommand('copy');
  }
}

/** @param {string} text */
export function makeCommand(text) {
  const element = cloneTemplate('command-template');
  const code = part(element, 'text');
  const label = part(element, 'copy');
  setText(code, text);
  find(element, 'button', HTMLButtonElement).addEventListener('click', async () => {
    setText(label, await copyText(code) ? 'Copied' : 'Press Ctrl+C');
    setTimeout(() => setText(label, 'Copy'), SHOWN_MS);
  });
  return element;
}
