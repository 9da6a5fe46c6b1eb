/* A decoder of PNGs, by libpng: 8 bits, RGB or RGBA, not interlaced, nothing damaged. */
#include <png.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    unsigned width, height, channels;
    unsigned char *pixels;
    char *text; /* of the only uncompressed iTXt chunk before the pixels that has the keyword */
    size_t length;
} Decoded;

static const char *decode_with(png_structp png, png_infop info, unsigned most_pixels, const char *keyword, Decoded *to)
{
    png_textp texts, text = NULL;
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_chunk_malloc_max(png, 1 << 26);
    png_read_info(png, info);
    int colour = png_get_color_type(png, info);
    if ((colour != PNG_COLOR_TYPE_RGB && colour != PNG_COLOR_TYPE_RGBA) || png_get_bit_depth(png, info) != 8
        || png_get_interlace_type(png, info)) return "expected RGB or RGBA, 8 bits a channel, no interlace";
    to->width = png_get_image_width(png, info), to->height = png_get_image_height(png, info);
    to->channels = png_get_channels(png, info);
    if (to->width > most_pixels / to->height) return "too many pixels";
    for (int i = png_get_text(png, info, &texts, NULL); i-- > 0;)
        if (!strcmp(texts[i].key, keyword)) {
            if (text) return "more than one text of this keyword";
            text = &texts[i];
        }
    if (!text || text->compression != PNG_ITXT_COMPRESSION_NONE) return "no text of this keyword, or a compressed one";
    size_t stride = (size_t)to->width * to->channels;
    to->length = text->itxt_length;
    to->text = malloc(to->length + 1);
    to->pixels = malloc(stride * to->height);
    if (!to->text || !to->pixels) return "no memory";
    memcpy(to->text, text->text, to->length);
    for (unsigned y = 0; y < to->height; y++) png_read_row(png, to->pixels + y * stride, NULL);
    png_read_end(png, NULL);
    return NULL;
}

/* libpng would print what is wrong, and warn of what is not. */
static void fail(png_structp png, png_const_charp why) { (void)why; longjmp(png_jmpbuf(png), 1); }
static void ignore(png_structp png, png_const_charp why) { (void)png, (void)why; }

/* NULL, or what is wrong; text and pixels are the caller's to free either way. */
static const char *decode(FILE *file, unsigned most_pixels, const char *keyword, Decoded *to)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, fail, ignore);
    png_infop info = png_create_info_struct(png);
    const char *volatile wrong = "not a PNG, a damaged one, or no memory";
    *to = (Decoded){0};
    if (info && !setjmp(png_jmpbuf(png))) { /* fail comes back here */
        png_init_io(png, file);
        wrong = decode_with(png, info, most_pixels, keyword, to);
    }
    png_destroy_read_struct(&png, &info, NULL);
    return wrong;
}
