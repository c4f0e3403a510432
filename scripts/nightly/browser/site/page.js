/** The steps of the page; the script outside calls them. */

const SECONDS = 6;

/** Records noise, which no codec makes small, and stores it; the size in bytes. */
globalThis.recordVideo = async () => {
  const canvas = new OffscreenCanvas(640, 360);
  const context = canvas.getContext('2d');
  const chunks = [];
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      chunks.push({ data, time: chunk.timestamp / 1000, isKey: chunk.type === 'key' });
    },
    error: (error) => {
      throw error;
    },
  });
  encoder.configure({ codec: 'vp8', width: 640, height: 360, bitrate: 20_000_000 });
  const image = context.createImageData(640, 360);
  const pixels = new Uint32Array(image.data.buffer);
  for (let frame = 0; frame < SECONDS * 30; frame += 1) {
    for (let index = 0; index < pixels.length; index += 1) {
      pixels[index] = 0xff000000 | (Math.random() * 0xffffff);
    }
    context.putImageData(image, 0, 0);
    const picture = new VideoFrame(canvas, { timestamp: (frame * 1e6) / 30 });
    encoder.encode(picture, { keyFrame: frame % 15 === 0 });
    picture.close();
    if (encoder.encodeQueueSize > 4) await new Promise((done) => (encoder.ondequeue = done));
  }
  await encoder.flush();
  const video = webm(chunks, SECONDS * 1000);
  await fetch('/video.webm', { method: 'PUT', body: video });
  return video.size;
};

/** Seeks to shares of the video, one after another. */
globalThis.seek = async (shares) => {
  const video = document.querySelector('#video');
  video.src = '/video.webm';
  await new Promise((done, fail) => {
    video.addEventListener('loadedmetadata', done);
    video.addEventListener('error', () => fail(new Error(video.error.message)));
  });
  const results = [];
  for (const share of shares) {
    const wanted = share * video.duration;
    const seeked = new Promise((done) => video.addEventListener('seeked', done, { once: true }));
    video.currentTime = wanted;
    await seeked;
    results.push({ wanted, came: video.currentTime });
  }
  return results;
};

/** Sends the form, and moves the bar. */
globalThis.upload = () =>
  new Promise((resolve, reject) => {
    const steps = [];
    const request = new XMLHttpRequest();
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      document.querySelector('#progress').value = loaded / total;
      steps.push(loaded);
    });
    request.addEventListener('load', () => {
      resolve({ answer: JSON.parse(request.response), steps });
    });
    request.addEventListener('error', () => reject(new Error('the upload failed')));
    request.open('POST', '/upload');
    request.send(new FormData(document.querySelector('#form')));
  });

globalThis.received = [];
globalThis.reconnects = -1;

/** Receives events, and lists their ids. */
globalThis.listen = () => {
  const source = new EventSource('/events');
  source.addEventListener('open', () => (globalThis.reconnects += 1));
  source.addEventListener('message', ({ lastEventId }) => {
    received.push(Number(lastEventId));
    document.querySelector('#events').value = `${received.length}, the last ${lastEventId}`;
  });
};

// --- WebM (Matroska, RFC 9559): elements of an id, a size and contents --------------------------------------------

/** A WebM file of VP8 frames, with cues, so that a player can seek in it. */
function webm(frames, duration) {
  const groups = [];
  for (const frame of frames) {
    if (frame.isKey) groups.push([]);
    groups.at(-1).push(frame);
  }
  const clusters = groups.map((group) => {
    const start = Math.round(group[0].time);
    const blocks = group.map(({ data, time, isKey }) => {
      const offset = Math.round(time) - start;
      const head = [0x81, (offset >> 8) & 0xff, offset & 0xff, isKey ? 0x80 : 0];
      return element(0xa3, [new Uint8Array(head), data]);
    });
    return {
      start,
      parts: element(0x1f43b675, [element(0xe7, [number(start)]), ...blocks].flat()),
    };
  });
  const info = element(0x1549a966, [
    ...element(0x2ad7b1, [number(1_000_000)]),
    ...element(0x4489, [double(duration)]),
    ...element(0x4d80, [text('awaitio')]),
    ...element(0x5741, [text('awaitio')]),
  ]);
  const size = [...element(0xb0, [number(640)]), ...element(0xba, [number(360)])];
  const track = [
    ...element(0xd7, [number(1)]),
    ...element(0x73c5, [number(1)]),
    ...element(0x83, [number(1)]),
    ...element(0x86, [text('V_VP8')]),
    ...element(0xe0, size),
  ];
  const tracks = element(0x1654ae6b, element(0xae, track));
  // The positions of cues depend on the length of the cues, which is the same for any positions of eight bytes.
  const cues = (before) => {
    let position = before;
    const points = clusters.flatMap(({ start, parts }) => {
      const places = [...element(0xf7, [number(1)]), ...element(0xf1, [number(position)])];
      position += lengthOf(parts);
      return element(0xbb, [...element(0xb3, [number(start)]), ...element(0xb7, places)]);
    });
    return element(0x1c53bb6b, points);
  };
  const before = lengthOf(info) + lengthOf(tracks);
  const body = [...info, ...tracks, ...cues(before + lengthOf(cues(0)))];
  const segment = element(0x18538067, [...body, ...clusters.flatMap(({ parts }) => parts)]);
  const header = element(0x1a45dfa3, [
    ...element(0x4286, [number(1)]),
    ...element(0x42f7, [number(1)]),
    ...element(0x42f2, [number(4)]),
    ...element(0x42f3, [number(8)]),
    ...element(0x4282, [text('webm')]),
    ...element(0x4287, [number(2)]),
    ...element(0x4285, [number(2)]),
  ]);
  return new Blob([...header, ...segment], { type: 'video/webm' });
}

/** An element, as a list of its pieces. */
function element(id, contents) {
  const pieces = contents.flat();
  const size = new DataView(new ArrayBuffer(8));
  size.setBigUint64(0, BigInt(lengthOf(pieces)) | (1n << 56n));
  const name = [];
  for (let rest = id; rest > 0; rest = Math.floor(rest / 256)) name.unshift(rest % 256);
  return [new Uint8Array(name), new Uint8Array(size.buffer), ...pieces];
}

function lengthOf(pieces) {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function number(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value));
  return new Uint8Array(view.buffer);
}

function double(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return new Uint8Array(view.buffer);
}

function text(value) {
  return new TextEncoder().encode(value);
}
