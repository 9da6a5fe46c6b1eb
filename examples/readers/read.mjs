// Lay a prompt's PNG over a photo: node read.mjs PROMPT.png PHOTO.ppm > LAID.ppm. docs/format.md is the format.
// The functions run in any browser too: no packages, only DecompressionStream.

const MAX_PIXELS = 2 ** 22;
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});
const crc = (bytes) => ~bytes.reduce((c, byte) => CRC[(c ^ byte) & 255] ^ (c >>> 8), ~0) >>> 0;
const refuse = (why) => { throw new Error(why); };

// Uint8Array, { width, height, rgb } that already has its size -> { width, height, rgb }; throws what is wrong.
export async function lay(prompt, photo) {
  const { width, height, channels, idat, text } = chunks(prompt);
  const { blend, frame } = meaning(text, width, height, channels), w = width - 2 * frame, h = height - 2 * frame;
  if (photo.width !== w || photo.height !== h) refuse(`resize the photo to ${w} x ${h} first`);
  const pixels = unfilter(await inflate(idat, height * (1 + width * channels)), width, height, channels);
  const rgb = new Uint8ClampedArray(width * height * 3).fill(128);
  for (let y = 0; y < h; y++) rgb.set(photo.rgb.subarray(y * w * 3, (y + 1) * w * 3), ((y + frame) * width + frame) * 3);
  for (let i = 0, at = 0; i < rgb.length; i += 3, at += channels)
    for (let c = 0; c < 3; c++)
      if (blend === "add") rgb[i + c] += pixels[at + c] - 128; // clamps
      else if (pixels[at + 3] === 255) rgb[i + c] = pixels[at + c];
  return { width, height, rgb };
}

function chunks(png) {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const ascii = (from, to) => String.fromCharCode(...png.subarray(from, to));
  if (ascii(0, 8) !== "\x89PNG\r\n\x1a\n" || png.length < 33 || ascii(12, 16) !== "IHDR") refuse("not a PNG");
  const width = view.getUint32(16), height = view.getUint32(20);
  const [depth, colour, ...methods] = png.subarray(24, 29);
  if (depth !== 8 || ![2, 6].includes(colour) || methods.some(Boolean)) refuse("expected 8 bits, RGB(A), no interlace");
  if (!width || !height || width * height > MAX_PIXELS) refuse("no pixels, or too many");
  const idat = [], texts = [];
  for (let at = 8, type = ""; type !== "IEND"; ) {
    if (at + 12 > png.length) refuse("truncated");
    const length = view.getUint32(at), end = at + 8 + length;
    if (end + 4 > png.length) refuse("truncated");
    if (crc(png.subarray(at + 4, end)) !== view.getUint32(end)) refuse("damaged");
    type = ascii(at + 4, at + 8);
    const data = png.subarray(at + 8, end);
    if (type === "IDAT") idat.push(data);
    if (type === "iTXt" && ascii(at + 8, Math.min(end, at + 17)) === "bbprompt\0" && !idat.length) texts.push(data);
    at = end + 4;
  }
  if (texts.length !== 1) refuse(`${texts.length} prompts of bbprompt, expected one`);
  return { width, height, channels: colour === 2 ? 3 : 4, idat, text: texts[0] };
}

function meaning(text, width, height, channels) {
  const language = text.indexOf(0, 11), translated = text.indexOf(0, language + 1);
  if (text[9] !== 0 || language < 0 || translated < 0) refuse("a compressed or damaged text");
  const chunk = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text.subarray(translated + 1)));
  const { version, blend, input_size: size, template } = chunk ?? {};
  if (version !== 1 || typeof template?.name !== "string" || template.name === "random-patch") refuse("a newer version, or a patch only bbprompt can place");
  if (blend !== (channels === 3 ? "add" : "over") || size?.length !== 2 || size[0] !== height || size[1] !== width)
    refuse("the pixels are not those that the chunk is about");
  const frame = template?.shrink ? template.size : 0;
  if (!Number.isInteger(frame) || frame < 0 || 2 * frame >= Math.min(width, height)) refuse("no room for the photo");
  return { blend, frame };
}

async function inflate(parts, size) {
  const raw = new Uint8Array(size);
  let at = 0;
  for await (const part of new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"))) {
    if (at + part.length > size) refuse("more pixels than announced");
    raw.set(part, at);
    at += part.length;
  }
  return at === size ? raw : refuse("fewer pixels than announced");
}

function unfilter(raw, width, height, channels) {
  const stride = width * channels, out = new Uint8Array(stride * height);
  const paeth = (a, b, c) => {
    const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
  };
  const guess = [() => 0, (a) => a, (_, b) => b, (a, b) => (a + b) >> 1, paeth];
  for (let y = 0; y < height; y++) {
    const filter = guess[raw[y * (stride + 1)]] ?? refuse("an unknown filter");
    for (let x = 0, i = y * stride; x < stride; x++, i++) {
      const left = x >= channels, above = y > 0;
      const a = left ? out[i - channels] : 0, b = above ? out[i - stride] : 0;
      out[i] = raw[y * (stride + 1) + 1 + x] + filter(a, b, left && above ? out[i - stride - channels] : 0);
    }
  }
  return out;
}

export function readPpm(bytes) {
  const [header, width, height] = new TextDecoder("latin1").decode(bytes.subarray(0, 40)).match(/^P6\s(\d+)\s(\d+)\s255\s/);
  return { width: Number(width), height: Number(height), rgb: bytes.subarray(header.length) };
}

if (globalThis.process?.argv[1]?.endsWith("read.mjs")) {
  const { readFileSync } = await import("node:fs");
  const [prompt, photo] = process.argv.slice(2, 4).map((path) => readFileSync(path));
  const { width, height, rgb } = await lay(prompt, readPpm(photo));
  process.stdout.write(`P6\n${width} ${height}\n255\n`);
  process.stdout.write(rgb);
}
