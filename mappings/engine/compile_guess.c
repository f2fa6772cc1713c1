/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a misspelt name was meant to be. One mistake is one message: compiling goes on with the
 * name that the message asks for ("did you mean CUST_NO?"), so that nothing is missing afterwards
 * because of it; and what the guess brings with it is not told, as it may be wrong. */
#include <string.h>
#include "mappings/engine/compile.h"

const char *sl_b_near(sl_build_t *b, const sl_xat_t *at, const char *word, const char *const *words,
                      size_t n)
{
  const char *near = sl_xdoc_nearest(word, words, n);
  if (near) sl_b_guess(b, at);
  return near;
}

void sl_b_guess(sl_build_t *b, const sl_xat_t *at)
{
  b->guess_line = at->value_line;
  b->guess_col = at->value_col;
  b->guess_end = at->value_col + (int)strlen(at->value);
}

bool sl_b_guessed(const sl_build_t *b, int line, int col)
{
  return b->guess_line && line == b->guess_line && col >= b->guess_col && col <= b->guess_end;
}

bool sl_bf_broken(const sl_bf_t *f)
{
  bool broken = f->broken;
  for (size_t i = 0; i < f->n_lists && !broken; i++)
    broken = f->items[i] && sl_bf_broken(f->items[i]);
  return broken;
}

bool sl_b_nameless(const sl_op_t *ops, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (!ops[i].info.name[0]) return true;
  return false;
}
