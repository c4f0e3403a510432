/** SQLite as Node.js has it from 22.13 on; on an older one it says what is missing. */

/** What is used of `node:sqlite`, whose types older versions of `@types/node` do not have. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): {
    get(...values: unknown[]): unknown;
    all(...values: unknown[]): unknown[];
  };
  close(): void;
}

interface Sqlite {
  readonly DatabaseSync: new (path: string) => Database;
}

/** Opens a database, `:memory:` for one that is nowhere; ends the process where there is no SQLite. */
export async function openDatabase(path: string): Promise<Database> {
  // Node says of some versions that SQLite is experimental: true, and no news to who runs an example.
  process.removeAllListeners('warning');
  const name = 'node:sqlite';
  let sqlite: Sqlite;
  try {
    sqlite = (await import(name)) as Sqlite;
  } catch {
    console.error(
      `This example needs Node.js 22.13 or later for node:sqlite; this is ${process.version}.`,
    );
    process.exit(1);
  }
  return new sqlite.DatabaseSync(path);
}
