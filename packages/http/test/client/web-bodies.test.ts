/** Bodies as streams of the web. */
import { describe, expect, test } from '@jest/globals';
import { HttpResponse } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

describe('a body as a stream of the web', () => {
  test('has the whole body, on either side', () =>
    simulated(async (world) => {
      await world.serve(async (request) =>
        HttpResponse.text(await new Response(request.body.toWeb()).text()),
      );
      const body = 'again '.repeat(50_000);
      const response = await world.client().post('http://server/', body);
      expect(await new Response(response.body.toWeb()).text()).toBe(body);
    }));

  test('is taken from the server only as fast as it is read', () =>
    simulated(async (world) => {
      let made = 0;
      await world.serve(() =>
        HttpResponse.stream(
          (function* () {
            for (; made < 10_000_000; made += 10_000) yield 'x'.repeat(10_000);
          })(),
        ),
      );
      const response = await world.client().get('http://server/');
      const reader = response.body.toWeb().getReader();
      await reader.read();
      await world.sleep(1_000);
      expect(made).toBeLessThan(5_000_000);
      await reader.cancel();
      await world.sleep(1_000);
      expect(made).toBeLessThan(10_000_000);
    }));

  test('fails as the body does, and is a second reader where there was a first', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const asking = world.client().get('http://server/');
      const wire = await server.accept();
      await wire.head();
      await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort');
      await wire.finish();
      const response = await asking;
      await expect(new Response(response.body.toWeb()).text()).rejects.toMatchObject({
        code: 'ERR_HTTP_TRUNCATED',
      });
      await expect(response.body.toWeb().getReader().read()).rejects.toMatchObject({
        code: 'ERR_BODY_USED',
      });
    }));

  test('that is cancelled before it is read closes the connection', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('x'.repeat(1_000_000)));
      const client = world.client();
      await (await client.get('http://server/')).body.toWeb().cancel();
      expect(client.statistics()['http://server']?.open ?? 0).toBe(0);
    }));
});

test('received fields become those of the web', () =>
  simulated(async (world) => {
    const headers = [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ] as const;
    await world.serve(() => HttpResponse.empty({ headers }));
    const response = await world.client().get('http://server/');
    expect(new Headers(response.headers).getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.toWeb().getSetCookie()).toEqual(response.headers.getSetCookie());
  }));
