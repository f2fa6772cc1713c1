/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which characters a legacy system can hold. Single-byte charsets become a table when the mapping
 * is compiled; multi-byte ones keep an iconv descriptor, used only for text that is not ASCII. */
#include "mappings/engine/codec_impl.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SINGLE_MAX = 256 };

struct sl_charset {
  char name[40];
  bool multibyte, utf8;
  uint32_t points[SINGLE_MAX]; /* sorted code points above 0x7F */
  size_t n_points;
  iconv_t from_utf8; /* multi-byte only */
};

static int by_value(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

/* Every byte on its own through iconv; a lead byte (EINVAL: incomplete) makes it multi-byte. */
static void read_repertoire(sl_charset_t *self, iconv_t to_ucs4)
{
  for (int b = 0; b < 256 && !self->multibyte; b++) {
    char byte = (char)b, *in = &byte;
    unsigned char ucs[8];
    char *out = (char *)ucs;
    size_t in_left = 1, out_left = sizeof ucs;
    iconv(to_ucs4, NULL, NULL, NULL, NULL);
    size_t rc = iconv(to_ucs4, &in, &in_left, &out, &out_left);
    if (rc == (size_t)-1 && errno == EINVAL) self->multibyte = true;
    if (rc == (size_t)-1 || out_left != 4) continue;
    uint32_t point =
        (uint32_t)ucs[0] << 24 | (uint32_t)ucs[1] << 16 | (uint32_t)ucs[2] << 8 | ucs[3];
    if (point > 0x7F) self->points[self->n_points++] = point;
  }
  qsort(self->points, self->n_points, sizeof self->points[0], by_value);
}

sl_charset_t *sl_charset_new(const char *name, char message[256])
{
  sl_charset_t *self = calloc(1, sizeof *self);
  iconv_t to_ucs4 = iconv_open("UCS-4BE", name);
  if (!self || to_ucs4 == (iconv_t)-1 || strlen(name) >= sizeof self->name) {
    snprintf(message, 256, "no charset \"%.40s\": use a name that iconv knows (iconv -l)", name);
    if (to_ucs4 != (iconv_t)-1) iconv_close(to_ucs4);
    free(self);
    return NULL;
  }
  strcpy(self->name, name);
  self->from_utf8 = (iconv_t)-1;
  read_repertoire(self, to_ucs4);
  iconv_close(to_ucs4);
  if (!self->multibyte) return self;
  self->utf8 = !strcasecmp(name, "UTF-8") || !strcasecmp(name, "UTF8");
  if (!self->utf8) self->from_utf8 = iconv_open(name, "UTF-8");
  return self;
}

void sl_charset_destroy(sl_charset_t **self_p)
{
  sl_charset_t *self = *self_p;
  if (!self) return;
  if (self->from_utf8 != (iconv_t)-1) iconv_close(self->from_utf8);
  free(self);
  *self_p = NULL;
}

bool sl_charset_multibyte(const sl_charset_t *self)
{
  return self->multibyte;
}

const char *sl_charset_name(const sl_charset_t *self)
{
  return self->name;
}

/* The character at p and its length; the text is well-formed. */
static uint32_t decode(const char *p, size_t *len_p)
{
  const unsigned char *u = (const unsigned char *)p;
  if (u[0] < 0x80) return *len_p = 1, u[0];
  if (u[0] < 0xE0) return *len_p = 2, (u[0] & 0x1Fu) << 6 | (u[1] & 0x3Fu);
  if (u[0] < 0xF0) return *len_p = 3, (u[0] & 0x0Fu) << 12 | (u[1] & 0x3Fu) << 6 | (u[2] & 0x3Fu);
  *len_p = 4;
  return (u[0] & 0x07u) << 18 | (u[1] & 0x3Fu) << 12 | (u[2] & 0x3Fu) << 6 | (u[3] & 0x3Fu);
}

static bool has_point(const sl_charset_t *self, uint32_t point)
{
  return point < 0x80 ||
         bsearch(&point, self->points, self->n_points, sizeof self->points[0], by_value) != NULL;
}

static bool single_fits(const sl_charset_t *self, sl_str_t text, size_t *bytes_p, uint32_t *bad_p)
{
  size_t n = 0, len;
  for (size_t i = 0; i < text.len; i += len, n++) {
    uint32_t point = decode(text.p + i, &len);
    if (has_point(self, point)) continue;
    *bad_p = point;
    return false;
  }
  *bytes_p = n;
  return true;
}

/* Through iconv in pieces, only to count; stateful charsets count their way back to ASCII too. */
static bool multi_fits(const sl_charset_t *self, sl_str_t text, size_t *bytes_p, uint32_t *bad_p)
{
  char piece[512], *in = (char *)(uintptr_t)text.p;
  size_t left = text.len, bytes = 0;
  iconv(self->from_utf8, NULL, NULL, NULL, NULL);
  while (left) {
    char *out = piece;
    size_t out_left = sizeof piece;
    size_t rc = iconv(self->from_utf8, &in, &left, &out, &out_left);
    bytes += sizeof piece - out_left;
    if (rc != (size_t)-1 || errno == E2BIG) continue;
    size_t len;
    *bad_p = decode(in, &len);
    return false;
  }
  char *out = piece;
  size_t out_left = sizeof piece;
  iconv(self->from_utf8, NULL, NULL, &out, &out_left);
  *bytes_p = bytes + sizeof piece - out_left;
  return true;
}

bool sl_charset_fits(const sl_charset_t *self, sl_str_t text, size_t *bytes_p, uint32_t *bad_p)
{
  if (!self->multibyte) return single_fits(self, text, bytes_p, bad_p);
  *bytes_p = text.len;
  if (self->utf8 || self->from_utf8 == (iconv_t)-1) return true;
  return multi_fits(self, text, bytes_p, bad_p);
}
