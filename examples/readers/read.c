/* Lay a prompt's PNG over a photo: ./read PROMPT.png PHOTO.ppm > LAID.ppm. docs/format.md is the format.
   cc -O2 read.c -lpng -ljansson -o read
   Needs Jansson, for the JSON, and libpng 1.6: decode.h beside it is about PNGs alone. */
#include "decode.h"
#include "ppm.h"
#include <jansson.h>

/* What the text chunk says, if the pixels are those that it is about: how wide a frame of grey the photo gets.
   Otherwise -1. */
static int frame_of(Decoded png)
{
    int version, h, w, height = png.height, width = png.width, size = 0, shrink = 0, frame = -1;
    const char *blend, *name;
    json_t *chunk = json_loadb(png.text, png.length, 0, NULL);
    if (!json_unpack(chunk, "{s:i, s:s, s:[ii!], s:{s:s, s?i, s?b}}", "version", &version, "blend", &blend,
                     "input_size", &h, &w, "template", "name", &name, "size", &size, "shrink", &shrink)
        && version == 1 && !strcmp(blend, png.channels == 3 ? "add" : "over") && h == height && w == width
        && strcmp(name, "random-patch") /* only bbprompt can place it */
        && (!shrink || (0 < size && size < width - size && size < height - size)))
        frame = shrink ? size : 0;
    json_decref(chunk);
    return frame;
}

static unsigned char clamp(int level) { return level < 0 ? 0 : level > 255 ? 255 : level; }

static const char *lay_decoded(Decoded png, Image photo, Image *laid)
{
    int frame = frame_of(png);
    if (frame < 0) return "a newer version, a random patch, or a text about other pixels";
    if (photo.width != png.width - 2 * frame || photo.height != png.height - 2 * frame)
        return "resize the photo to the prompt's size first, less its frame if it shrinks";
    size_t stride = 3 * (size_t)png.width, inside = 3 * (size_t)photo.width, size = stride * png.height;
    *laid = (Image){png.width, png.height, malloc(size)};
    if (!laid->rgb) return "no memory";
    memset(laid->rgb, 128, size);
    for (unsigned y = 0; y < photo.height; y++)
        memcpy(laid->rgb + (y + frame) * stride + 3 * frame, photo.rgb + y * inside, inside);
    unsigned char *over = png.pixels;
    for (unsigned char *to = laid->rgb; to < laid->rgb + size; to += 3, over += png.channels)
        for (int c = 0; c < 3; c++)
            if (png.channels == 3) to[c] = clamp(to[c] + over[c] - 128);
            else if (over[3] == 255) to[c] = over[c];
    return NULL;
}

/* NULL and *laid, whose rgb is the caller's to free; or what is wrong. The photo already has its size. */
static const char *lay(FILE *prompt, Image photo, Image *laid)
{
    Decoded png;
    const char *wrong = decode(prompt, 1 << 22, "bbprompt", &png);
    if (!wrong) wrong = lay_decoded(png, photo, laid);
    free(png.text), free(png.pixels);
    return wrong;
}

int main(int argc, char **argv)
{
    Image photo, laid;
    FILE *prompt = argc == 3 ? fopen(argv[1], "rb") : NULL;
    const char *wrong = "usage: read PROMPT.png PHOTO.ppm > LAID.ppm";
    if (prompt && read_ppm(argv[2], &photo)) wrong = lay(prompt, photo, &laid);
    if (wrong) fprintf(stderr, "%s\n", wrong);
    return wrong || !write_ppm(stdout, laid);
}
