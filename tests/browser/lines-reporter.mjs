// One line a test, "ok - name", "not ok - name" or "ok - name # SKIP reason", for tests/run.sh.
// Suites and files, which node reports as well, are left out.

/** @param {AsyncIterable<{type: string, data: any}>} source */
export default async function* lines(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite' || data.name.endsWith('.test.mjs')) continue;
    if (data.skip !== undefined) {
      yield `ok - ${data.name} # SKIP ${data.skip}\n`;
    } else if (type === 'test:pass') {
      yield `ok - ${data.name}\n`;
    } else {
      const { error } = data.details;
      yield `not ok - ${data.name}\n  ${String(error?.cause?.stack ?? error?.stack ?? error)}\n`;
    }
  }
}
