/**
 * The file that this package runs from, as stacks name it: what tells its own frames from its caller's.
 *
 * A bundler that makes CommonJS leaves nothing of `import.meta`; there the file has its name from Node.
 */
const meta: { readonly url?: string } = import.meta;
export const ownFile: string = meta.url ?? (typeof __filename === 'string' ? __filename : '');
