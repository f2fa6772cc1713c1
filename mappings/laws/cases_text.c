/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text. What the codec looks at: which characters there are (each of its own accord: the medium's,
 * the charset's), how long the text is in the unit of its width, what its ends are made of (blanks,
 * zeros: padding and trimming), whether it is nothing but blanks or zeros, and whether it is one of
 * the listed texts (cases.c). Nothing else: no two characters are looked at together. So:
 *
 *   length       0, 1, 2, around the width and around each bound of contract and schema, counted in
 *                characters of 1, 2, 3 and 4 bytes (a width in bytes lies between the extremes)
 *   × made of    a letter; blanks; zeros; a letter with blanks, zeros, tabs, line ends at its
 * front, its end, both characters   one of each class, at the front, inside, and at the end: white
 * space of each kind, controls, C1, Latin-1, outside of Latin-1, astral, non-characters, markup
 */
#include "mappings/laws/judge.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LENGTH = 5000, BOUNDS = 16 };

static const char *const classes[] = {
    " ",
    "0",
    "\t",
    "\n",
    "\r",
    "-",
    "+",
    "\"",
    "&",
    "<",
    ">",
    "'",
    "\\",
    "/",
    ".",
    "A",
    "z",
    "{",
    "\x01",
    "\x7f",
    "\xc2\x85",
    "\xc2\x80",
    "\xc2\xa0",
    "\xc3\xa9",
    "\xc3\x9f",
    "\xc4\x85",
    "\xd0\x96",
    "\xe2\x82\xac",
    "\xe6\x97\xa5",
    "\xef\xbf\xbe",
    "\xf0\x9f\x98\x80",
};
enum { N_CLASSES = sizeof classes / sizeof *classes };

/* One of each class in a text of length letters: first, in the middle, last. */
static void characters(sl_judge_t *self, size_t length, char *buf)
{
  for (int i = 0; i < N_CLASSES; i++) {
    size_t n = strlen(classes[i]), places[] = {0, length / 2, length - 1};
    for (size_t k = 0; k < (length < 3 ? length : 3); k++) {
      memset(buf, 'x', length + n);
      memcpy(buf + places[k], classes[i], n);
      sl_case_both(self, sl_strn(buf, length + n - 1));
    }
  }
  if (length == 3) sl_case_both(self, sl_strn("x\0x", 3));
}

/* length characters c, with front and end in place of the first and last. */
static void homogeneous(sl_judge_t *self, size_t length, const char *c, const char *front,
                        const char *end, char *buf)
{
  size_t n = 0, unit = strlen(c);
  for (size_t i = 0; i < length; i++) {
    const char *p = i == 0 && *front ? front : i + 1 == length && *end ? end : c;
    size_t len = p == c ? unit : strlen(p);
    memcpy(buf + n, p, len);
    n += len;
  }
  sl_case_both(self, sl_strn(buf, n));
}

static void lengths(sl_judge_t *self, size_t length, char *buf)
{
  static const char *const made_of[][3] = {
      {"x", "", ""},
      {" ", "", ""},
      {"0", "", ""},
      {"x", " ", ""},
      {"x", "", " "},
      {"x", " ", " "},
      {"x", "0", ""},
      {"x", "", "0"},
      {"x", "\t", ""},
      {"x", "", "\n"},
      {"7", "", ""},
      {"\xc3\xa9", "", ""},
      {" ", "x", ""},
      {"0", "", "x"},
      {"\xe2\x82\xac", "", ""},
      {"\xf0\x9f\x98\x80", "", ""},
      {" ", "", "x"},
      {" ", "0", ""},
      {"0", " ", ""},
      {"0", "", " "},
      {" ", "", "0"},
  };
  for (size_t i = 0; i < sizeof made_of / sizeof *made_of; i++)
    homogeneous(self, length, made_of[i][0], made_of[i][1], made_of[i][2], buf);
}

static void bound(size_t *v, size_t *n, int64_t at)
{
  for (int64_t i = at - 1; at >= 0 && i <= at + 1; i++) {
    bool there = i < 0 || i > MAX_LENGTH || *n == BOUNDS;
    for (size_t k = 0; k < *n && !there; k++) there = v[k] == (size_t)i;
    if (!there) v[(*n)++] = (size_t)i;
  }
}

void sl_cases_text(sl_judge_t *self)
{
  char *buf = malloc((size_t)(MAX_LENGTH + 2) * 4);
  size_t v[BOUNDS], n = 0;
  if (!buf) return;
  bound(v, &n, 1);
  if (self->codec->width) bound(v, &n, self->codec->width);
  if (self->codec->width_in_bytes) {
    bound(v, &n, self->codec->width / 2);
    bound(v, &n, self->codec->width / 3);
  }
  if (self->field->xtype) {
    bound(v, &n, self->field->xtype->facets.length);
    bound(v, &n, self->field->xtype->facets.min_length);
    bound(v, &n, self->field->xtype->facets.max_length);
  }
  if (self->field->schema) {
    sl_jfacets_t facets = sl_jschema_facets(self->field->schema);
    bound(v, &n, facets.min_length);
    bound(v, &n, facets.max_length);
  }
  const sl_jschema_t *d = self->domain.schema ? sl_canonical_plain(self->domain.schema) : NULL;
  if (d) bound(v, &n, d->min_length), bound(v, &n, d->max_length);
  for (size_t i = 0; i < n; i++) lengths(self, v[i], buf);
  characters(self, 1, buf);
  characters(self, 3, buf);
  if (d && d->min_length > 3 && d->min_length <= MAX_LENGTH)
    characters(self, (size_t)d->min_length, buf);
  free(buf);
}
