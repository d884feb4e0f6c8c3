// @ts-check
/*
 * What there is to check in a page of Markdown: its sections, links, pieces of code in the text, lines of code, and rows of
 * tables that have another number of cells than their head.
 */

/**
 * @typedef {{line: number, text: string}} Piece
 * @typedef {{anchors: Set<string>, links: Piece[], spans: Piece[], commands: Piece[], rows: Piece[]}} Page
 */

/**
 * The address of a section as GitHub makes it: small letters, no punctuation, hyphens for spaces.
 * @param {string} heading
 */
export function anchorOf(heading) {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  return text.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').trim().replaceAll(' ', '-');
}

/**
 * Lines that a backslash joins are one, with the number of the first.
 * @param {string} source
 * @returns {Page}
 */
export function readPage(source) {
  /** @type {Page} */
  const page = { anchors: new Set(), links: [], spans: [], commands: [], rows: [] };
  let fence = '', joined = '', began = 0, text = '', cells = 0;

  source.split('\n').forEach((raw, i) => {
    const line = i + 1;
    const mark = /^ *(```+|~~~+)/.exec(raw)?.[1] ?? '';
    if (fence) {
      if (mark === fence) fence = '';
      else {
        if (!joined) began = line;
        joined += raw.replace(/\\$/, ' ');
        if (raw.endsWith('\\')) return;
        page.commands.push({ line: began, text: joined });
        joined = '';
      }
    } else if (mark) fence = mark;
    else {
      const heading = /^#+ +(.*)$/.exec(raw);
      if (heading) addAnchor(page.anchors, anchorOf(heading[1]));
      const found = cellsOf(raw);
      if (found && cells && found !== cells) page.rows.push({ line, text: raw });
      cells = found && (cells || found);
      text += raw;
    }
    text += '\n';
  });
  readText(page, text);
  return page;
}

/**
 * How many cells a table's row has; 0: it is no row. A bar in code ends a cell too, unless a backslash is before it.
 * @param {string} line
 */
function cellsOf(line) {
  return line.startsWith('|') ? line.replaceAll('\\|', '').split('|').length : 0;
}

/**
 * @param {Set<string>} anchors
 * @param {string} id
 */
function addAnchor(anchors, id) {
  let unique = id;
  for (let n = 1; anchors.has(unique); n++) unique = `${id}-${n}`;
  anchors.add(unique);
}

/**
 * The text without blocks, each of its lines where it was. Spans may go over the end of a line.
 * @param {Page} page
 * @param {string} text
 */
function readText(page, text) {
  /** @param {number} index */
  const lineOf = (index) => text.slice(0, index).split('\n').length;

  for (const match of text.matchAll(/`([^`]+)`/g))
    page.spans.push({ line: lineOf(match.index), text: match[1].replaceAll('\n', ' ') });
  const prose = text.replace(/`[^`]+`/g, (span) => ' '.repeat(span.length - 1) + (span.includes('\n') ? '\n' : ' '));
  for (const match of prose.matchAll(/\]\(([^)\s]+)\)|(?:src|href|srcset)="([^"]+)"/g))
    page.links.push({ line: lineOf(match.index), text: match[1] ?? match[2] });
}
