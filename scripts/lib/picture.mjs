/** Pictures of pages for the documentation. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './run.mjs';

const MOST_BYTES = 150_000;

/**
 * Takes a picture of what a page shows, light and dark: docs/assets/NAME-light.webp and NAME-dark.webp.
 *
 * @throws Error when one has more than 150 kB.
 */
export async function takePictures(page, { name, width, height }) {
  for (const scheme of ['light', 'dark']) {
    const metrics = { width, height, deviceScaleFactor: 1.5, mobile: false };
    await page.send('Emulation.setDeviceMetricsOverride', metrics);
    const features = [{ name: 'prefers-color-scheme', value: scheme }];
    await page.send('Emulation.setEmulatedMedia', { features });
    // The bars of a page that is longer than its picture.
    await page.send('Emulation.setScrollbarsHidden', { hidden: true });
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 600))');
    const { data } = await page.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
    const bytes = Buffer.from(data, 'base64');
    const file = `docs/assets/${name}-${scheme}.webp`;
    if (bytes.length > MOST_BYTES) throw new Error(`${file} has ${bytes.length} bytes`);
    await writeFile(join(root, file), bytes);
    console.log(`${file}: ${bytes.length} bytes`);
  }
}
