// @ts-check
/** dashboard/theme.css: text can be read on every ground it stands on (WCAG 2, 4.5 to 1), light and dark. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const css = await readFile(new URL('../../dashboard/theme.css', import.meta.url), 'utf8');
const [light, dark] = css.split('@media (prefers-color-scheme: dark)').map((part) => {
  const colours = part.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g);
  return Object.fromEntries([...colours].map(([, name, value]) => [name, value]));
});

/** Relative luminance. @param {string} hex */
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * @param {string} a
 * @param {string} b
 */
function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const PAIRS = [
  ...['text', 'muted', 'good', 'busy', 'warn', 'bad', 'idle', 'accent'].flatMap((text) => (
    ['ground', 'surface', 'raised', 'hover'].map((ground) => [text, ground]))),
  ['on-accent', 'accent'], ['surface', 'bad'], ['text', 'bad-ground'], ['bad', 'bad-ground'],
];

for (const [scheme, colours] of Object.entries({ light, dark })) {
  test(`contrast in the ${scheme} scheme`, () => {
    for (const [text, ground] of PAIRS) {
      const ratio = contrast(colours[text], colours[ground]);
      assert.ok(ratio >= 4.5, `${text} on ${ground}: ${ratio.toFixed(2)}`);
    }
    for (const ground of ['ground', 'surface']) {
      assert.ok(contrast(colours['line-strong'], colours[ground]) >= 3, `borders of fields on ${ground}`);
    }
  });
}
