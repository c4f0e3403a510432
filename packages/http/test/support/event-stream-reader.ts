/**
 * A reader of event streams, written from the text of WHATWG HTML (sections 9.2.5 and 9.2.6) and slow: what the writer is
 * checked against. It shares no code with it.
 */

/** An event as a program in the client gets it. */
export interface ReadEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

/** What a client knows at the end of a stream. */
export interface ReadStream {
  readonly events: readonly ReadEvent[];
  readonly lastEventId: string;
  readonly retry: number | undefined;
}

/** Reads a stream that arrives in pieces. */
export function readEvents(pieces: readonly Uint8Array[]): ReadStream {
  // "Streams must be decoded using the UTF-8 decode algorithm", which strips one leading BOM.
  const decoder = new TextDecoder();
  let text = '';
  for (const piece of pieces) text += decoder.decode(piece, { stream: true });
  text += decoder.decode();

  const events: ReadEvent[] = [];
  let data = '';
  let type = '';
  let id = '';
  let lastEventId = '';
  let retry: number | undefined;
  const dispatch = (): void => {
    lastEventId = id;
    if (data === '') {
      type = '';
      return;
    }
    if (data.endsWith('\n')) data = data.slice(0, -1);
    events.push({ type: type === '' ? 'message' : type, data, lastEventId });
    data = '';
    type = '';
  };
  const process = (field: string, value: string): void => {
    if (field === 'event') type = value;
    else if (field === 'data') data += `${value}\n`;
    else if (field === 'id') {
      if (!value.includes('\0')) id = value;
    } else if (field === 'retry' && /^[0-9]+$/.test(value)) retry = Number.parseInt(value, 10);
  };

  // Character by character, where the grammar says: a line ends with CR LF, LF, or CR.
  let line = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character !== '\r' && character !== '\n') {
      line += character;
      continue;
    }
    if (character === '\r' && text[at + 1] === '\n') at += 1;
    const colon = line.indexOf(':');
    if (line === '') dispatch();
    else if (colon === -1) process(line, '');
    else if (colon > 0) {
      const value = line.slice(colon + 1);
      process(line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value);
    }
    line = '';
  }
  // "Once the end of the file is reached, any pending data must be discarded."
  return { events, lastEventId, retry };
}
