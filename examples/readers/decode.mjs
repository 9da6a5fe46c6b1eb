// A decoder of PNGs: 8 bits, RGB or RGBA, not interlaced, nothing damaged. A canvas would not say what is damaged.

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});
const crc = (bytes) => ~bytes.reduce((c, byte) => CRC[(c ^ byte) & 255] ^ (c >>> 8), ~0) >>> 0;
const ascii = (bytes) => String.fromCharCode(...bytes);
const refuse = (why) => { throw new Error(why); };

// Uint8Array -> { width, height, channels, pixels, texts }; texts are the iTXt chunks before the pixels, as bytes.
export async function decode(png, mostPixels) {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength), idat = [], texts = [];
  if (ascii(png.subarray(0, 16)) !== "\x89PNG\r\n\x1a\n\0\0\0\rIHDR") refuse("not a PNG");
  for (let at = 8, end = 0, type = ""; type !== "IEND"; at = end + 4) {
    if (at + 12 > png.length) refuse("truncated");
    end = at + 8 + view.getUint32(at);
    if (end + 4 > png.length) refuse("truncated");
    if (crc(png.subarray(at + 4, end)) !== view.getUint32(end)) refuse("damaged");
    type = ascii(png.subarray(at + 4, at + 8));
    if (type === "IDAT") idat.push(png.subarray(at + 8, end));
    if (type === "iTXt" && !idat.length) texts.push(png.subarray(at + 8, end));
  }
  const width = view.getUint32(16), height = view.getUint32(20), [depth, colour, ...methods] = png.subarray(24, 29);
  if (depth !== 8 || ![2, 6].includes(colour) || methods.some(Boolean)) refuse("expected 8 bits, RGB(A), no interlace");
  if (!width || !height || width * height > mostPixels) refuse("no pixels, or too many");
  const channels = colour === 2 ? 3 : 4, raw = await inflate(idat, height * (1 + width * channels));
  return { width, height, channels, pixels: unfilter(raw, width * channels, height, channels), texts };
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

function unfilter(raw, stride, height, channels) {
  const out = new Uint8Array(stride * height);
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
