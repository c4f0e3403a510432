/**
 * A JSON API of notes: a contract says what is asked and answered, SQLite keeps it. What a client sends is checked before the
 * program sees it, what the program answers before it is sent, and /openapi.json describes both.
 *
 * Read first: `addNote`, then its `implement`. Node.js 22.13 or later, for node:sqlite.
 */

import * as z from 'zod';
import { contract, contractHandler, implement, openApi } from '@awaitio/http/contract';
import { readArguments } from '../support/program.ts';
import { serveHere } from '../support/serve-here.ts';
import { openDatabase } from '../support/sqlite.ts';

const Note = z.object({ id: z.int(), text: z.string().min(1).max(1_000) }).meta({ id: 'Note' });
const params = z.object({ id: z.coerce.number().int() });
const addNote = contract({
  method: 'POST',
  path: '/notes',
  body: Note.omit({ id: true }),
  responses: { 201: Note },
});
const allNotes = contract({ method: 'GET', path: '/notes', responses: { 200: z.array(Note) } });
const oneNote = contract({
  method: 'GET',
  path: '/notes/{id}',
  params,
  responses: { 200: Note, 404: null },
});

const given = readArguments({
  command: 'example json-api',
  role: 'listens',
  options: { file: { value: 'FILE', help: 'where the notes are kept (default: nowhere)' } },
});
const database = await openDatabase(given.options['file'] ?? ':memory:');
database.exec('CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)');
const insert = database.prepare('INSERT INTO notes (text) VALUES (?) RETURNING id, text');
const byId = database.prepare('SELECT id, text FROM notes WHERE id = ?');
const newest = database.prepare('SELECT id, text FROM notes ORDER BY id DESC LIMIT 100');
const note = (row: unknown): z.infer<typeof Note> => Note.parse(row);

const handler = contractHandler(
  [
    implement(addNote, ({ body }) => ({ status: 201, body: note(insert.get(body.text)) })),
    implement(allNotes, () => ({ status: 200, body: newest.all().map(note) })),
    implement(oneNote, (request) => {
      const row = byId.get(request.params.id);
      return row === undefined ? { status: 404 } : { status: 200, body: note(row) };
    }),
  ],
  { document: openApi([addNote, allNotes, oneNote], { title: 'Notes', version: '1.0.0' }) },
);
await serveHere(
  given,
  handler,
  (url) => `curl --json '{"text":"buy milk"}' ${url}/notes && curl ${url}/notes`,
);
