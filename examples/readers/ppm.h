/* Images, and PPM files of them: a photo in the simplest form. */
#include <stdio.h>
#include <stdlib.h>

typedef struct { unsigned width, height; unsigned char *rgb; } Image;

/* Whether it was read; photo->rgb is the caller's to free. */
static int read_ppm(const char *path, Image *photo)
{
    FILE *file = fopen(path, "rb");
    if (!file || fscanf(file, "P6 %5u %5u 255", &photo->width, &photo->height) != 2) return 0;
    fgetc(file);
    size_t size = 3 * (size_t)photo->width * photo->height;
    photo->rgb = malloc(size);
    return photo->rgb && fread(photo->rgb, 1, size, file) == size && !fclose(file);
}

/* Whether it was written. */
static int write_ppm(FILE *file, Image image)
{
    size_t size = 3 * (size_t)image.width * image.height;
    fprintf(file, "P6\n%u %u\n255\n", image.width, image.height);
    return fwrite(image.rgb, 1, size, file) == size && !fflush(file);
}
