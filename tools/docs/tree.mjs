// @ts-check
/*
 * What the tree has that pages can name: files, targets of make, options, routes, names and messages of the source.
 */
import { readFileSync, readdirSync } from 'node:fs';

const SKIPPED = new Set(['node_modules', 'build', '.git', '.vagrant']);
const SOURCES = /\.(c|h|js|mjs|css|html|sh|yaml|yml|service|env|example|bash|8|1)$|(^|\/)(Makefile|Dockerfile|Vagrantfile|debian\/rules|debian\/control)$/;

/**
 * Every file and folder below the current one.
 * @param {string} [folder]
 * @returns {string[]}
 */
function walk(folder = '') {
  return readdirSync(folder || '.', { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = folder + entry.name;
    return entry.isDirectory() ? [path, ...walk(`${path}/`)] : [path];
  });
}

/** @param {string} path */
export const read = (path) => readFileSync(path, 'utf8');

export const paths = walk();
export const pages = paths.filter((path) => path.endsWith('.md'));

/** @param {RegExp} pattern */
const contents = (pattern) => paths.filter((path) => pattern.test(path)).map(read).join('\n');

const source = contents(SOURCES);

/** Every word of the source that could be a name of it. */
export const names = new Set(source.match(/[A-Za-z_]\w*/g));

/** The source in one line, with literals that the compiler joins joined and escaped quotes as quotes. */
export const messages = source.replace(/\s+/g, ' ').replaceAll('" "', '').replaceAll('\\"', '"');

/** Targets of make, those of lists too. */
export const targets = new Set(read('Makefile').split('\n').flatMap((line) =>
  /^[a-z][\w -]*:(?!=)/.test(line) ? line.split(':')[0].split(' ') : []));

/** Routes, with a star for each part that differs, as expressions. */
export const routes = [...contents(/^api\/.*\.c$/).matchAll(/"(?:GET|POST|PUT|DELETE)", "(\/[^"]*)"/g)].map(([, path]) => path);

/** Members of what the API takes and answers. */
export const members = new Set([...read('docs/openapi.yaml').split('\n  schemas:\n')[1]
  .matchAll(/^ {8,}([A-Za-z]\w*): \{/gm)].map(([, name]) => name));

/** @type {Map<string, Set<string>>} */
const options = new Map();

/**
 * The options of one of our own programs, with their dashes; undefined for others.
 * @param {string} program its name, or a script's path
 */
export function optionsOf(program) {
  const known = options.get(program);
  if (known) return known;
  /** @type {string[]} */
  let found;
  if (program === 'medialive-distributor') found = tableNames(/^userspace\/options\.c$/);
  else if (program === 'media-source') found = tableNames(/^tools\/media-source\/options\.c$/);
  else if (program.endsWith('.sh') && paths.includes(program)) found = read(program).match(/--[a-z][a-z-]*/g) ?? [];
  else return undefined;
  const set = new Set(found);
  options.set(program, set);
  return set;
}

/** @param {RegExp} pattern */
function tableNames(pattern) {
  return [...contents(pattern).matchAll(/[{]"([a-z][a-z-]*)"/g)].map(([, name]) => `--${name}`);
}

/**
 * Whether a path of the tree fits, in which stars stand for anything and {a,b} for each of a list.
 * @param {string} path
 */
export function hasPath(path) {
  if (path.startsWith('build/')) return true;
  const expressions = expand(path.replace(/\/$/, '')).map((one) =>
    new RegExp(`^${one.replace(/[.+?^$()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')}$`));
  return expressions.every((expression) => paths.some((known) => expression.test(known)));
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function expand(path) {
  const match = /^([^{]*)\{([^}]*)\}(.*)$/.exec(path);
  return match ? match[2].split(',').flatMap((part) => expand(match[1] + part + match[3])) : [path];
}
