/* The C reader in a process of its own; see readers.py. */
#define main command_line
#include "../../examples/readers/read.c"
#undef main
#include <stdint.h>

static unsigned char *take(uint32_t *size)
{
    if (fread(size, 4, 1, stdin) != 1) exit(0);
    unsigned char *bytes = malloc(*size + 1);
    if (fread(bytes, 1, *size, stdin) != *size) exit(2);
    return bytes;
}

int main(void)
{
    for (;;) {
        uint32_t photo_size, prompt_size, length;
        unsigned char *ppm = take(&photo_size), *png = take(&prompt_size);
        int head = 0;
        Image photo, laid;
        sscanf((char *)ppm, "P6 %5u %5u 255%n", &photo.width, &photo.height, &head);
        photo.rgb = ppm + head + 1;
        FILE *file = fmemopen(png, prompt_size ? prompt_size : 1, "rb");
        const char *wrong = lay(file, photo, &laid);
        fclose(file);
        length = wrong ? strlen(wrong) : laid.width * laid.height * 3;
        putchar(wrong != NULL);
        fwrite(&length, 4, 1, stdout);
        fwrite(wrong ? (const void *)wrong : laid.rgb, 1, length, stdout);
        fflush(stdout);
        if (!wrong) free(laid.rgb);
        free(ppm), free(png);
    }
}
