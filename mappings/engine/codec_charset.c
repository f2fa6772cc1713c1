/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which characters a legacy system can hold. Single-byte charsets become a table when the mapping
 * is compiled; multi-byte ones keep iconv descriptors, used only for text that is not plain ASCII.
 *
 * A character counts as held when it comes back as itself: iconv writes some that it reads as
 * others (SHIFT_JIS makes a fullwidth one of the backslash). */
#include "mappings/engine/codec_impl.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SINGLE_MAX = 256, ASCII = 128 };

struct sl_charset {
  char name[40];
  bool multibyte, unicode, ebcdic, plain;
  size_t unit;
  bool ascii[ASCII];           /* single-byte: the code points below 0x80 that it has */
  uint32_t points[SINGLE_MAX]; /* single-byte: sorted code points from 0xA0 */
  size_t n_points;
  iconv_t from_utf8, to_utf8; /* multi-byte only */
};

static const iconv_t no_iconv = (iconv_t)-1;

static int by_value(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

/* What no legacy system keeps in its charset: C1 controls (who writes ISO-8859-1 often means
 * CP1252), and in EBCDIC the line ends NEL (C1) and LF, and SUB. */
static bool is_lost_control(const sl_charset_t *self, uint32_t point)
{
  if (self->unicode) return false;
  return (point >= 0x80 && point < 0xA0) || (self->ebcdic && (point == 0x0A || point == 0x1A));
}

/* --- single-byte
 * ----------------------------------------------------------------------------------- */

/* Every byte on its own through iconv; a lead byte (EINVAL: incomplete) makes it multi-byte. Some
 * decoders hold a letter back, in case an accent follows: the second call gets it out. */
static void read_repertoire(sl_charset_t *self, iconv_t to_ucs4)
{
  uint32_t by_byte[256];
  for (int b = 0; b < 256 && !self->multibyte; b++) {
    char byte = (char)b, *in = &byte;
    unsigned char ucs[8];
    char *out = (char *)ucs;
    size_t in_left = 1, out_left = sizeof ucs;
    by_byte[b] = UINT32_MAX;
    iconv(to_ucs4, NULL, NULL, NULL, NULL);
    size_t rc = iconv(to_ucs4, &in, &in_left, &out, &out_left);
    if (rc == (size_t)-1 && errno == EINVAL) self->multibyte = true;
    if (rc != (size_t)-1) iconv(to_ucs4, NULL, NULL, &out, &out_left);
    if (rc != (size_t)-1 && out_left == sizeof ucs) self->multibyte = true; /* a shift */
    if (rc == (size_t)-1 || out_left != 4) continue;
    by_byte[b] = (uint32_t)ucs[0] << 24 | (uint32_t)ucs[1] << 16 | (uint32_t)ucs[2] << 8 | ucs[3];
  }
  if (self->multibyte) return;
  self->unit = 1;
  self->ebcdic = by_byte[0xC1] == 'A' && by_byte[0x40] == ' ';
  for (int b = 0; b < 256; b++) {
    if (by_byte[b] == UINT32_MAX || is_lost_control(self, by_byte[b])) continue;
    if (by_byte[b] < ASCII)
      self->ascii[by_byte[b]] = true;
    else
      self->points[self->n_points++] = by_byte[b];
  }
  qsort(self->points, self->n_points, sizeof self->points[0], by_value);
  self->plain = true;
  for (int p = 0x20; p < 0x7F; p++) self->plain &= self->ascii[p];
}

static bool has_point(const sl_charset_t *self, uint32_t point)
{
  if (point < ASCII) return self->ascii[point];
  return bsearch(&point, self->points, self->n_points, sizeof self->points[0], by_value) != NULL;
}

static bool single_fits(const sl_charset_t *self, sl_str_t text, size_t *bytes_p, uint32_t *bad_p)
{
  size_t n = 0, len;
  for (size_t i = 0; i < text.len; i += len, n++) {
    uint32_t point = sl_utf8_decode(text.p + i, &len);
    if (has_point(self, point)) continue;
    *bad_p = point;
    return false;
  }
  *bytes_p = n;
  return true;
}

/* --- multi-byte
 * ------------------------------------------------------------------------------------ */

/* There and back: what comes back is compared with the text as it comes. */
typedef struct trip {
  const sl_charset_t *charset;
  sl_str_t text;
  size_t back;  /* bytes of text that have come back */
  size_t bytes; /* in the charset */
} trip_t;

static bool comes_back(trip_t *trip, char *piece, size_t len, bool last)
{
  char utf8[256], *out = utf8;
  size_t room = sizeof utf8;
  if (len && iconv(trip->charset->to_utf8, &piece, &len, &out, &room) == (size_t)-1 && len)
    return false;
  if (last) iconv(trip->charset->to_utf8, NULL, NULL, &out, &room);
  size_t n = sizeof utf8 - room;
  if (n > trip->text.len - trip->back || memcmp(utf8, trip->text.p + trip->back, n)) return false;
  trip->back += n;
  return true;
}

/* One character (len 0: what the encoder still holds back, and its way back to ASCII). */
static bool goes(trip_t *trip, size_t at, size_t len)
{
  char piece[32], *out = piece, *in = (char *)(uintptr_t)(trip->text.p + at);
  size_t room = sizeof piece;
  size_t rc = iconv(trip->charset->from_utf8, len ? &in : NULL, len ? &len : NULL, &out, &room);
  if (rc == (size_t)-1 || (rc > 0 && at < trip->text.len)) return false; /* rc: replaced */
  trip->bytes += sizeof piece - room;
  return comes_back(trip, piece, sizeof piece - room, at == trip->text.len);
}

static bool multi_fits(const sl_charset_t *self, sl_str_t text, size_t *bytes_p, uint32_t *bad_p)
{
  trip_t trip = {self, text, 0, 0};
  size_t len;
  iconv(self->from_utf8, NULL, NULL, NULL, NULL);
  iconv(self->to_utf8, NULL, NULL, NULL, NULL);
  for (size_t i = 0; i < text.len; i += len) {
    *bad_p = sl_utf8_decode(text.p + i, &len);
    if (is_lost_control(self, *bad_p) || !goes(&trip, i, len)) return false;
  }
  if (!goes(&trip, text.len, 0) || trip.back != text.len) return false;
  *bytes_p = trip.bytes;
  return true;
}

static size_t bytes_of(const sl_charset_t *self, const char *text)
{
  size_t bytes = 0;
  uint32_t bad;
  return multi_fits(self, sl_str(text), &bytes, &bad) ? bytes : 0;
}

static bool open_both(sl_charset_t *self, char message[256])
{
  self->from_utf8 = iconv_open(self->name, "UTF-8");
  self->to_utf8 = iconv_open("UTF-8", self->name);
  if (self->from_utf8 == no_iconv || self->to_utf8 == no_iconv) {
    snprintf(message, 256, "charset \"%s\" can be read, but not written", self->name);
    return false;
  }
  size_t one = bytes_of(self, " "), two = bytes_of(self, "  ");
  self->unit = two - one;
  if (!one || two <= one || one != self->unit) {
    snprintf(message, 256, "charset \"%s\" puts a mark before each value: use UTF-16BE or the like",
             self->name);
    return false;
  }
  char in[8], *p = in, out[8], *q = out;
  size_t in_left = 1, out_left = sizeof out;
  in[0] = 'A';
  iconv(self->from_utf8, &p, &in_left, &q, &out_left);
  self->ebcdic = (unsigned char)out[0] == 0xC1;
  self->plain = true;
  for (char c[2] = {0x20, 0}; c[0] < 0x7F; c[0]++) self->plain &= bytes_of(self, c) == self->unit;
  return true;
}

/* --- both
 * ------------------------------------------------------------------------------------------ */

static bool names_unicode(const char *name)
{
  return !strncasecmp(name, "UTF", 3) || !strncasecmp(name, "UCS", 3) ||
         !strncasecmp(name, "GB18030", 7);
}

sl_charset_t *sl_charset_new(const char *name, char message[256])
{
  sl_charset_t *self = calloc(1, sizeof *self);
  iconv_t to_ucs4 = iconv_open("UCS-4BE", name);
  if (!self || to_ucs4 == no_iconv || strlen(name) >= sizeof self->name) {
    snprintf(message, 256, "no charset \"%.40s\": use a name that iconv knows (iconv -l)", name);
    if (to_ucs4 != no_iconv) iconv_close(to_ucs4);
    free(self);
    return NULL;
  }
  strcpy(self->name, name);
  self->from_utf8 = self->to_utf8 = no_iconv;
  self->unicode = names_unicode(name);
  read_repertoire(self, to_ucs4);
  iconv_close(to_ucs4);
  if (self->multibyte && !open_both(self, message)) sl_charset_destroy(&self);
  return self;
}

void sl_charset_destroy(sl_charset_t **self_p)
{
  sl_charset_t *self = *self_p;
  if (!self) return;
  if (self->from_utf8 != no_iconv) iconv_close(self->from_utf8);
  if (self->to_utf8 != no_iconv) iconv_close(self->to_utf8);
  free(self);
  *self_p = NULL;
}

bool sl_charset_multibyte(const sl_charset_t *self)
{
  return self->multibyte;
}

bool sl_charset_plain(const sl_charset_t *self)
{
  return self->plain;
}

size_t sl_charset_unit(const sl_charset_t *self)
{
  return self->unit;
}

const char *sl_charset_name(const sl_charset_t *self)
{
  return self->name;
}

bool sl_charset_fits(const sl_charset_t *self, sl_str_t text, size_t *bytes_p, uint32_t *bad_p)
{
  return self->multibyte ? multi_fits(self, text, bytes_p, bad_p)
                         : single_fits(self, text, bytes_p, bad_p);
}
