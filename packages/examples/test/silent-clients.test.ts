import { expect, test } from '@jest/globals';
import { describeIf } from '../../core/test/support/capabilities.ts';
import { startServer } from './support/program.ts';

describeIf('signals')('at Ctrl-C', () => {
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
