// The JavaScript reader in a process of its own; see readers.py.
import { writeSync } from "node:fs";
import { lay, readPpm } from "../../examples/readers/read.mjs";

let waiting = Buffer.alloc(0);
const input = process.stdin[Symbol.asyncIterator]();

async function take(size) {
  while (waiting.length < size) {
    const { value, done } = await input.next();
    if (done) process.exit(0);
    waiting = Buffer.concat([waiting, value]);
  }
  const taken = waiting.subarray(0, size);
  waiting = waiting.subarray(size);
  return taken;
}

function send(bytes) {
  for (let at = 0; at < bytes.length; )
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
}

for (;;) {
  const photo = await take((await take(4)).readUInt32LE());
  const prompt = await take((await take(4)).readUInt32LE());
  let status = 0, answer;
  try {
    answer = Buffer.from((await lay(prompt, readPpm(photo))).rgb);
  } catch (error) {
    status = 1;
    answer = Buffer.from(String(error));
  }
  const head = Buffer.alloc(5);
  head.writeUInt8(status);
  head.writeUInt32LE(answer.length, 1);
  send(Buffer.concat([head, answer]));
}
