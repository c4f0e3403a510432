/** Imports a module and prints how many milliseconds that took. Argument: SPECIFIER. */

const specifier = process.argv[2] ?? '';
const start = performance.now();
await import(specifier);
console.log(JSON.stringify({ milliseconds: performance.now() - start }));
