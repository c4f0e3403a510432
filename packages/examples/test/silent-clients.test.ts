import { describe, expect, test } from '@jest/globals';
import { startServer } from './support/program.ts';

/** Windows ends a process that is sent a signal, and tells it nothing. */
const whereSignalsCome = process.platform === 'win32' ? describe.skip : describe;

whereSignalsCome('at Ctrl-C', () => {
  test.concurrent.each(['chat', 'lines-server'])(
    '%s lets silent clients go, with exit status 0',
    async (name) => {
      const server = await startServer(name);
      const client = await server.connect();
      await client.writeAll('x\r\n');
      // A server that has answered has the connection.
      await client.readLine();
      const { status, stdout } = await server.stop();
      expect(stdout).toMatch(/^Finishing \d connections?, up to 1 s; /m);
      expect(stdout).not.toContain('Cut ');
      expect(status).toBe(0);
    },
  );
});
