/* Lay a prompt's PNG over a photo: ./read PROMPT.png PHOTO.ppm > LAID.ppm. docs/format.md is the format.
   cc -O2 read.c -lpng -ljansson -o read                    (libpng 1.6 and Jansson, for the JSON) */
#include <jansson.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PIXELS = 1 << 22, MAX_TEXT = 1 << 26 };
typedef struct { unsigned width, height; unsigned char *rgb; } Image;

/* The text chunk, if it is one and fits the PNG: how wide a frame of grey goes around the photo, or -1. */
static int frame_of(const char *text, size_t length, const char *blend, unsigned width, unsigned height)
{
    int version, h, w, size = 0, shrink = 0, frame = -1;
    const char *said, *name;
    json_t *chunk = json_loadb(text, length, 0, NULL);
    if (!json_unpack(chunk, "{s:i, s:s, s:[ii!], s:{s:s, s?i, s?b}}", "version", &version, "blend", &said, "input_size",
                     &h, &w, "template", "name", &name, "size", &size, "shrink", &shrink)
        && version == 1 && !strcmp(said, blend) && strcmp(name, "random-patch") && h == (int)height && w == (int)width)
        frame = shrink ? size : 0;
    json_decref(chunk);
    return frame >= (int)width - frame || frame >= (int)height - frame || (shrink && frame < 1) ? -1 : frame;
}

/* The same of the only uncompressed text of bbprompt in the PNG. */
static int find_frame(png_structp png, png_infop info, const char *blend, unsigned width, unsigned height)
{
    png_textp texts, text = NULL;
    for (int i = png_get_text(png, info, &texts, NULL); i-- > 0;)
        if (!strcmp(texts[i].key, "bbprompt")) {
            if (text || texts[i].compression != PNG_ITXT_COMPRESSION_NONE) return -1;
            text = &texts[i];
        }
    return text ? frame_of(text->text, text->itxt_length, blend, width, height) : -1;
}

/* One pixel over the photo's at x, y: those below 0 have wrapped, and lie beyond its right and lower edge as well. */
static void blend(const unsigned char *pixel, int channels, Image photo, unsigned x, unsigned y, unsigned char *to)
{
    for (int c = 0; c < 3; c++) {
        int under = x < photo.width && y < photo.height ? photo.rgb[(y * photo.width + x) * 3 + c] : 128;
        int sum = under + pixel[c] - 128, added = sum < 0 ? 0 : sum > 255 ? 255 : sum;
        to[c] = (unsigned char)(channels == 3 ? added : pixel[3] == 255 ? pixel[c] : under);
    }
}

static void fail(png_structp png, png_const_charp why) { (void)why; longjmp(png_jmpbuf(png), 1); }
static void ignore(png_structp png, png_const_charp why) { (void)png, (void)why; }

/* 0 and *out, whose rgb is the caller's to free; or what is wrong. The photo already has the prompt's size. */
static const char *lay(FILE *prompt, Image photo, Image *out)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, fail, ignore);
    png_infop info = png_create_info_struct(png);
    const char *volatile wrong = "not a PNG, or a damaged one";
    out->rgb = NULL;
    if (setjmp(png_jmpbuf(png))) goto end;
    png_init_io(png, prompt);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_chunk_malloc_max(png, MAX_TEXT);
    png_read_info(png, info);
    unsigned width = out->width = png_get_image_width(png, info), height = out->height = png_get_image_height(png, info);
    int colour = png_get_color_type(png, info), channels = png_get_channels(png, info);
    wrong = "expected RGB or RGBA, 8 bits a channel, no interlace, at most 2^22 pixels";
    if ((colour != PNG_COLOR_TYPE_RGB && colour != PNG_COLOR_TYPE_RGBA) || png_get_bit_depth(png, info) != 8
        || png_get_interlace_type(png, info) || (size_t)width * height > MAX_PIXELS) goto end;
    wrong = "no prompt of bbprompt, a newer one, a random patch, or one for other pixels";
    int frame = find_frame(png, info, channels == 3 ? "add" : "over", width, height);
    if (frame < 0) goto end;
    wrong = "resize the photo to the prompt's size first, less its frame if it shrinks";
    if (photo.width != width - 2 * frame || photo.height != height - 2 * frame) goto end;
    wrong = "damaged pixels, or no memory";
    out->rgb = malloc(4 * (size_t)width * (height + 1)); /* its end holds one row of the prompt */
    if (!out->rgb) goto end;
    unsigned char *to = out->rgb, *row = out->rgb + 4 * (size_t)width * height;
    for (unsigned y = 0; y < height; y++) {
        png_read_row(png, row, NULL);
        for (unsigned x = 0; x < width; x++, to += 3) blend(row + x * channels, channels, photo, x - frame, y - frame, to);
    }
    png_read_end(png, NULL);
    wrong = NULL;
end:
    png_destroy_read_struct(&png, &info, NULL);
    if (wrong) free(out->rgb), out->rgb = NULL;
    return wrong;
}

static int read_ppm(const char *path, Image *photo)
{
    FILE *file = fopen(path, "rb");
    if (!file || fscanf(file, "P6 %5u %5u 255", &photo->width, &photo->height) != 2) return 0;
    fgetc(file);
    size_t size = (size_t)photo->width * photo->height * 3;
    photo->rgb = malloc(size);
    return photo->rgb && fread(photo->rgb, 1, size, file) == size && !fclose(file);
}

#ifndef BBPROMPT_NO_MAIN
int main(int argc, char **argv)
{
    Image photo, laid;
    FILE *prompt = argc == 3 ? fopen(argv[1], "rb") : NULL;
    const char *wrong = !prompt || !read_ppm(argv[2], &photo) ? "usage: read PROMPT.png PHOTO.ppm > LAID.ppm"
                                                              : lay(prompt, photo, &laid);
    if (wrong) return fprintf(stderr, "%s\n", wrong), 1;
    printf("P6\n%u %u\n255\n", laid.width, laid.height);
    return fwrite(laid.rgb, 3, (size_t)laid.width * laid.height, stdout) != (size_t)laid.width * laid.height;
}
#endif
