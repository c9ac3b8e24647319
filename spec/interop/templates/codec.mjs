// A codec under test, to begin with: it has `decode` of packets without a body. Put yours in its place.
//
// One JSON object a line on stdin, one a line on stdout. The operations are in spec/interop/README.md.

import { createInterface } from 'node:readline';

/** Bytes in, a packet out. Throw whatever you like: it is a refusal. */
function decode(request) {
  const data = Buffer.from(request.hex, 'hex');
  const length = data.readUInt32LE(18);
  if (length !== data.length - 22 || length !== 0) throw new Error('only packets without a body so far');
  return {
    id: data.readUInt32LE(0),
    status: data.readInt16LE(4),
    method: data.toString('latin1', 6, 17).replace(/\0+$/, ''),
    body_type: data[17],
    body: null,
  };
}

// encode, open, seal, handshake, accept, stream: add what you have.
const operations = { decode };
const hello = { name: 'my codec', version: '0.1', ops: Object.keys(operations), eras: ['2025'] };

function answer(line) {
  try {
    const request = JSON.parse(line);
    if (request.op === 'hello') return { ok: hello };
    if (!Object.hasOwn(operations, request.op)) return { unimplemented: String(request.op) };
    return { ok: operations[request.op](request) };
  } catch (why) {
    return { error: String(why) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(line))}\n`);
}
