/** The application of the servers that run JavaScript: the files, `/echo`, and `/twice` for what came more than once. */
import { readFileSync } from 'node:fs';

export function application(folder) {
  const files = new Map(
    ['body.bin', 'small.txt'].map((name) => [`/${name}`, readFileSync(`${folder}/${name}`)]),
  );
  const seen = new Map();
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/twice') {
      return new Response(String([...seen.values()].filter((times) => times > 1).length));
    }
    if (pathname === '/echo') {
      const id = request.headers.get('x-id');
      if (id !== null) seen.set(id, (seen.get(id) ?? 0) + 1);
      return new Response(await request.arrayBuffer());
    }
    const file = files.get(pathname);
    return file === undefined ? new Response('nothing', { status: 404 }) : new Response(file);
  };
}
