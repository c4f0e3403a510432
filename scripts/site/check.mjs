/** What of the site can be checked in a moment, without building it; the gate's step `docs` does. */
import { strayPages } from './pages.mjs';

/** @returns {string[]} */
export function complaintsAboutPages() {
  return strayPages().map((file) => `${file} is in no group of the sidebar, see scripts/site/pages.mjs`);
}
