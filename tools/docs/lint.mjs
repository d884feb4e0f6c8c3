// @ts-check
/*
 * Check that what the documents name exists: pages and sections behind links, targets and variables of make, options of
 * our programs, environment variables, routes of the API, files of the tree, names of the source such as counters, and
 * the messages that docs/TROUBLESHOOTING.md quotes; that docs/OPTIONS.md has every option, and docs/API.md every member
 * of docs/openapi.yaml; and that tables are whole. Prints what does not as PAGE:LINE: WHAT; the exit status is 1 then. No network: addresses of other hosts are not asked.
 *
 *   node tools/docs/lint.mjs [PAGE...]      in the root of the tree; default: every page
 */
import { dirname, normalize } from 'node:path';
import { existsSync } from 'node:fs';
import { readPage } from './markdown.mjs';
import { hasPath, members, messages, names, optionsOf, pages as allPages, paths, read, routes, targets } from './tree.mjs';

const FOLDERS = 'api|bpf|dashboard|docs|systemd|tests|tools|userspace|vagrant';
const OPTIONS = 'docs/OPTIONS.md';
const API = 'docs/API.md';
const QUOTES_MESSAGES = 'docs/TROUBLESHOOTING.md';
const MADE_TO_FAIL = 'tests/docs/';
/* Programs of others whose arguments may name ours. */
const OTHERS = /^\s*(sudo )?(journalctl|systemctl|docker|podman|apt|apt-get|dpkg|useradd|bpftool|curl|man|pgrep|buildah)\s/;
const OURS = /(?:^|[\s/])(medialive-distributor|media-source|(?:tools|tests|systemd)\/[a-z/-]+\.sh)\s(.*)$/;

/* Names of metrics are made of counters' names at run time; a test reads them from there. */
const METRIC = /^distributor_|_(total|seconds|bytes|bytes_per_second)$/;

/** @type {Map<string, import('./markdown.mjs').Page>} */
const known = new Map();
let bad = 0;

/** @param {string} path */
function pageAt(path) {
  const page = known.get(path) ?? readPage(read(path));
  known.set(path, page);
  return page;
}

/**
 * @param {string} where
 * @param {string} target
 */
function checkLink(where, target) {
  if (/^(https?|mailto):/.test(target)) return;
  const page = where.split(':')[0];
  const [file, section] = target.split('#');
  const path = file ? normalize(`${dirname(page)}/${file}`).replace(/\/$/, '') : page;
  if (!existsSync(path)) complain(where, `no such file: ${target}`);
  else if (section && !pageAt(path).anchors.has(section)) complain(where, `no such section: ${target}`);
}

/**
 * @param {string} where
 * @param {string} what
 */
function complain(where, what) {
  console.log(`${where}: ${what}`);
  bad = 1;
}

/**
 * What follows `make` in a command.
 * @param {string} where
 * @param {string} code
 */
function checkMake(where, code) {
  for (const match of code.matchAll(/(?:^|[\s(;])make ([A-Za-z-][^|&;#>)]*)/g)) {
    for (const word of match[1].trim().split(/\s+/)) {
      const [name, value] = word.split('=');
      if (word.startsWith('-')) continue;
      if (value !== undefined && !names.has(name)) complain(where, `make knows no ${name}`);
      if (value === undefined && !targets.has(name)) complain(where, `no target of make: ${name}`);
    }
  }
}

/**
 * Options of our own programs, in each part of a pipe or list.
 * @param {string} where
 * @param {string} code
 */
function checkOptions(where, code) {
  for (const part of code.split(/\|\||&&|[|;]/)) {
    const ours = OTHERS.test(part) ? null : OURS.exec(part);
    const options = ours && optionsOf(ours[1]);
    if (!ours || !options) continue;
    for (const [option] of ours[2].matchAll(/(?<=^|\s)--[a-z][a-z-]*/g))
      if (!options.has(option)) complain(where, `${ours[1]} has no option ${option}`);
  }
}

/**
 * @param {string} where
 * @param {string} code
 */
function checkRoutes(where, code) {
  for (const match of code.matchAll(/(?<![\w/.])(?:http:\/\/[^/\s"]*)?(\/api\/[^\s"'`?)<,…]*|\/(?:metrics|ws)(?![\w/]))/g)) {
    const path = match[1].replace(/[.;:]+$/, '').replace(/\$\(/g, '$');
    const fits = routes.some((route) => path.endsWith('/') ? route.startsWith(path) :
      new RegExp(`^${route.replace(/[.]/g, '\\.').replaceAll('*', '[^/]+')}$`).test(path));
    if (!fits) complain(where, `no such route: ${path}`);
  }
}

/**
 * Files of the tree; of userspace/ also without that folder's name.
 * @param {string} where
 * @param {string} code
 */
function checkPaths(where, code) {
  const here = dirname(where.split(':')[0]);
  for (const raw of code.split(/[\s"'()=]+/)) {
    const path = raw.replace(/[.,;:]+$/, '').replace(/^\.\//, '');
    const full = new RegExp(`^(${FOLDERS})/[\\w.{},*/-]+$`).test(path);
    const short = /^(base|ingest|media|relay|output|control)\/[\w{},*]+\.[a-z]+$/.test(path);
    if ((full || short) && ![path, `userspace/${path}`, `${here}/${path}`].some(hasPath)) complain(where, `no such file: ${path}`);
  }
}

/**
 * What spans and commands have in common.
 * @param {string} where
 * @param {string} code
 */
function checkCode(where, code) {
  checkMake(where, code);
  checkOptions(where, code);
  checkRoutes(where, code);
  checkPaths(where, code);
  for (const [name] of code.matchAll(/\bDISTRIBUTOR_[A-Z_]*[A-Z]\b/g))
    if (!names.has(name)) complain(where, `no such variable: ${name}`);
}

/**
 * A span may also be a name of the source, an option by itself, or a message in quotes.
 * @param {string} where
 * @param {string} code
 */
function checkSpan(where, code) {
  const option = /^--[a-z][a-z-]+/.exec(code)?.[0];
  const message = where.startsWith(QUOTES_MESSAGES) && !/^"\w+": /.test(code) && /^"(.*)"$/.exec(code)?.[1];
  if (!message) checkCode(where, code);
  if (/^[a-z]+(_[a-z0-9]+)+$/.test(code) && !METRIC.test(code) && !names.has(code)) complain(where, `not in the source: ${code}`);
  if (option && !['medialive-distributor', 'media-source', ...paths.filter((path) => path.endsWith('.sh'))]
    .some((program) => optionsOf(program)?.has(option))) complain(where, `nothing here has the option ${option}`);
  for (const piece of message ? message.split('…').map((text) => text.trim()) : [])
    if (piece.length > 3 && !messages.includes(piece)) complain(where, `the program does not say: ${piece}`);
}

/**
 * By its whole name, or by an end such as `_bytes` on a page that has another name with the same beginning.
 * @param {string} member
 * @param {Set<string>} words
 */
function isNamed(member, words) {
  return words.has(member) || [...member.matchAll(/_/g)].some(({ index }) => words.has(member.slice(index)) &&
    [...words].some((word) => word.startsWith(member.slice(0, index + 1))));
}

const asked = process.argv.slice(2);
for (const path of asked.length ? asked : allPages.filter((page) => !page.startsWith(MADE_TO_FAIL))) {
  const page = pageAt(path);
  for (const { line } of page.rows) complain(`${path}:${line}`, 'the row has more or fewer cells than the head of the table');
  for (const { line, text } of page.links) checkLink(`${path}:${line}`, text);
  for (const { line, text } of page.commands) checkCode(`${path}:${line}`, text);
  for (const { line, text } of page.spans) checkSpan(`${path}:${line}`, text);
}
for (const option of asked.length ? [] : optionsOf('medialive-distributor') ?? [])
  if (!read(OPTIONS).includes(`\`${option}`)) complain(OPTIONS, `the option ${option} is missing`);
const words = new Set(read(API).match(/[A-Za-z_]\w*/g));
for (const member of asked.length ? [] : members)
  if (!isNamed(member, words)) complain(API, `the member ${member} is missing`);
process.exit(bad);
