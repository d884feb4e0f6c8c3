// @ts-check
/** A picture of the page: node screenshot.mjs URL OUT.png [--dark] [--width N] [--height N] [--full] [--click SELECTOR]… */

import { launch, openPage } from './browser.mjs';

const [url, out, ...options] = process.argv.slice(2);
if (!url || !out) {
  console.error('usage: node screenshot.mjs URL OUT.png [--dark] [--width N] [--height N] [--full] [--click SELECTOR]…');
  process.exit(2);
}

/**
 * @param {string} name
 * @param {number} fallback
 */
function number(name, fallback) {
  const index = options.indexOf(name);
  return index < 0 ? fallback : Number(options[index + 1]);
}

const browser = await launch();
try {
  const { page } = await openPage(browser, url, {
    viewport: { width: number('--width', 1440), height: number('--height', 900) },
    colorScheme: options.includes('--dark') ? 'dark' : 'light',
  });
  await page.waitForSelector('#connection[data-state="live"]');
  for (const [i, option] of options.entries()) if (option === '--click') await page.locator(options[i + 1]).first().click();
  await page.waitForTimeout(300);
  await page.screenshot({ path: out, fullPage: options.includes('--full') });
} finally {
  await browser.close();
}
