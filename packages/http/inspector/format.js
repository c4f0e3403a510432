/** Numbers as people read them. */

/** A duration in milliseconds. */
export function duration(milliseconds) {
  const ms = Math.max(0, milliseconds);
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d`;
}

/** An age that is counted up once a second: whole seconds do not jump about. */
export function age(milliseconds) {
  const ms = Math.max(0, milliseconds);
  return ms < 1_000 ? '< 1 s' : duration(Math.floor(ms / 1_000) * 1_000).replace('.0 s', ' s');
}

/** A number of bytes. */
export function bytes(count) {
  if (count < 10_000) return `${count} B`;
  if (count < 10_000_000) return `${(count / 1_000).toFixed(count < 100_000 ? 1 : 0)} kB`;
  if (count < 10_000_000_000) return `${(count / 1_000_000).toFixed(1)} MB`;
  return `${(count / 1_000_000_000).toFixed(1)} GB`;
}

export const number = (count) => count.toLocaleString('en');

/** How hot an age is: 1 to 3, drawn as a colour beside the age itself. */
export function heat(milliseconds) {
  if (milliseconds < 1_000) return 0;
  if (milliseconds < 5_000) return 1;
  return milliseconds < 30_000 ? 2 : 3;
}

/** What a call on a socket waits for, in words; the call itself is in the details. */
export function waitWords(operation) {
  if (operation === 'readClosed') return 'for its end';
  if (/^(read|readable)/.test(operation)) return 'for bytes';
  if (/^(write|flush|shutdown)/.test(operation)) return 'for room to send';
  return `in ${operation}`;
}

/** The first line of a call site, without the folders that all have in common. */
export function place(site) {
  const line = site?.trim().split('\n')[0] ?? '';
  return line
    .replace(/^at /, '')
    .replace(/\(?(?:file:\/\/)?[^\s()]*\/([^/\s()]+\/[^/\s()]+?:\d+)(?::\d+)?\)?$/, '$1');
}
