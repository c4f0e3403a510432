/** Node's permission model, as far as it restricts the network: with `--permission`, from Node 25, unless `--allow-net`. */

interface Permissions {
  has(scope: string): boolean;
}

/** Whether this process may open sockets. Older versions know no such permission, and their `has` says `false`. */
export function mayUseNetwork(): boolean {
  const { permission } = process as { permission?: Permissions };
  return (
    permission === undefined ||
    !process.allowedNodeEnvironmentFlags.has('--allow-net') ||
    permission.has('net')
  );
}

/** The error that Node itself would give. */
export function accessDenied(): Error {
  return Object.assign(new Error('this process may not use the network'), {
    code: 'ERR_ACCESS_DENIED',
  });
}
