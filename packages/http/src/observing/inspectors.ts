/** Where this process is looked at: for messages that say where to see more. */

const open = new Set<string>();

/** An inspector is open at this URL, which holds no token. @returns ends that */
export function announceInspector(url: string): () => void {
  open.add(url);
  return () => {
    open.delete(url);
  };
}

/** What a message about a failure ends with: nothing when no inspector is open. */
export function whereToLook(): string {
  const [url] = open;
  return url === undefined ? '' : ` (the inspector at ${url} shows what else waits)`;
}
