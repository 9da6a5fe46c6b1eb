// Lay a prompt's PNG over a photo: node read.mjs PROMPT.png PHOTO.ppm > LAID.ppm. docs/format.md is the format.
// The functions run in any browser too. Needs no packages: decode.mjs beside it is about PNGs alone.

import { decode } from "./decode.mjs";

// Uint8Array, { width, height, rgb } that already has its size -> { width, height, rgb }; throws what is wrong.
export async function lay(prompt, photo) {
  const { width, height, channels, pixels, texts } = await decode(prompt, 2 ** 22);
  const { blend, frame } = meaning(texts, width, height, channels);
  const w = width - 2 * frame, h = height - 2 * frame;
  need(photo.width === w && photo.height === h, `resize the photo to ${w} x ${h} first`);
  const rgb = new Uint8ClampedArray(width * height * 3).fill(128);
  for (let y = 0; y < h; y++)
    rgb.set(photo.rgb.subarray(y * w * 3, (y + 1) * w * 3), ((y + frame) * width + frame) * 3);
  for (let i = 0, at = 0; i < rgb.length; i += 3, at += channels)
    for (let c = 0; c < 3; c++)
      if (blend === "add") rgb[i + c] += pixels[at + c] - 128; // clamps
      else if (pixels[at + 3] === 255) rgb[i + c] = pixels[at + c];
  return { width, height, rgb };
}

// What the text chunk says, if the pixels are those that it is about: the frame is of grey, around the photo.
function meaning(texts, width, height, channels) {
  const { version, blend, input_size: size, template } = JSON.parse(onlyText(texts)) ?? {};
  need(version === 1 && typeof template?.name === "string", "a newer version, or damaged");
  need(template.name !== "random-patch", "a patch that only bbprompt can place");
  need(blend === (channels === 3 ? "add" : "over"), "blend and colours do not go together");
  need(size?.length === 2 && size[0] === height && size[1] === width, "the text is about pixels of another size");
  const frame = template.shrink ? template.size : 0;
  need(frame || !template.shrink, "no frame to shrink the photo into");
  need(Number.isInteger(frame) && frame >= 0 && 2 * frame < Math.min(width, height), "no room for the photo");
  return { blend, frame };
}

// An iTXt chunk is: keyword, 0, whether compressed, how, language, 0, translated keyword, 0, text.
function onlyText(texts) {
  const ours = texts.filter((text) => String.fromCharCode(...text.subarray(0, 9)) === "bbprompt\0");
  need(ours.length === 1, `${ours.length} prompts of bbprompt, expected one`);
  const text = ours[0], language = text.indexOf(0, 11), translated = text.indexOf(0, language + 1);
  need(text[9] === 0 && language > 0 && translated > 0, "a compressed or damaged text");
  return new TextDecoder("utf-8", { fatal: true }).decode(text.subarray(translated + 1));
}

function need(holds, what) {
  if (!holds) throw new Error(what);
}

export function readPpm(bytes) {
  const header = new TextDecoder("latin1").decode(bytes.subarray(0, 40)).match(/^P6\s(\d+)\s(\d+)\s255\s/);
  need(header, "the photo is not a PPM");
  const width = Number(header[1]), height = Number(header[2]), rgb = bytes.subarray(header[0].length);
  need(rgb.length === width * height * 3, "the photo is cut short");
  return { width, height, rgb };
}

if (globalThis.process?.argv[1]?.endsWith("read.mjs")) {
  const { readFileSync } = await import("node:fs");
  const [prompt, photo] = process.argv.slice(2, 4).map((path) => readFileSync(path));
  const { width, height, rgb } = await lay(prompt, readPpm(photo));
  process.stdout.write(`P6\n${width} ${height}\n255\n`);
  process.stdout.write(rgb);
}
