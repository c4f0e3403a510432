/** What the servers of compressed JSON and of a file answer, the same for all of them. */

import { fileURLToPath } from 'node:url';

/** A hundred and fifteen items: 10 KiB as JSON. */
export const CATALOGUE: readonly object[] = Array.from({ length: 115 }, (_, at) => ({
  sku: `AW-${1_000 + at}`,
  name: `Part ${((at + 1) * 2_654_435_761) % 4_294_967_296} of the catalogue`,
  price: ((at * 7_919) % 10_000) / 100,
  inStock: at % 3 !== 0,
}));

/** The folder with `file.txt`. */
export const FILE_ROOT: string = fileURLToPath(new URL('../../assets/', import.meta.url));
