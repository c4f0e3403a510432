import { expect, test } from '@jest/globals';
import { connectWebSocket } from '@awaitio/http/websocket';
import { startServer } from './support/program.ts';

test('shows a page, and passes what one window sends to all of them', async () => {
  const server = await startServer('web-chat');
  const address = `127.0.0.1:${server.port}`;
  const page = await (await fetch(`http://${address}/`)).text();
  expect(page).toContain('<form>');
  const windows = await Promise.all(
    [1, 2].map(() =>
      connectWebSocket(`ws://${address}/`, { headers: { Origin: `http://${address}` } }),
    ),
  );
  await windows[0]?.send('hello');
  for (const each of windows) expect(await each.receive()).toBe('hello');
  const elsewhere = connectWebSocket(`ws://${address}/`, {
    headers: { Origin: 'https://elsewhere.example' },
  });
  await expect(elsewhere).rejects.toMatchObject({ status: 403 });
  const ended = windows.map((each) => each.receive());
  expect(await server.stop()).toMatchObject({ stderr: '' });
  expect(await Promise.all(ended)).toEqual([null, null]);
});
