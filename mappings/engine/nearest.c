/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/xdoc.h"

enum { MAX_WORD = 64 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
  unsigned m = a < b ? a : b;
  return m < c ? m : c;
}

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Levenshtein; a change of case alone costs nothing, as it is the likeliest slip. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
  unsigned row[MAX_WORD + 1];
  for (size_t j = 0; j <= nb; j++) row[j] = (unsigned)j;
  for (size_t i = 1; i <= na; i++) {
    unsigned diagonal = row[0];
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= nb; j++) {
      unsigned change = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
      diagonal = row[j];
      row[j] = least(row[j] + 1, row[j - 1] + 1, change);
    }
  }
  return row[nb];
}

const char *sl_xdoc_nearest(const char *word, const char *const *candidates, size_t n)
{
  size_t len = strlen(word);
  /* A third of the letters may differ: more is another word. */
  unsigned best = (unsigned)len / 3 + 1;
  const char *found = NULL;
  for (size_t i = 0; len <= MAX_WORD && i < n; i++) {
    size_t m = strlen(candidates[i]);
    if (m > MAX_WORD || !m) continue;
    unsigned d = distance(word, len, candidates[i], m);
    if (d < best || (d == best && !found && d < m)) best = d, found = candidates[i];
  }
  return found;
}
