/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A schema, then (after a line of its own that is "---") a value. Any bytes are read or refused
 * with a diagnostic; what was read judges any value, and each of its samples, without falling over.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "mappings/contract/jschema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct asked {
  const sl_jschema_t *schema;
  size_t n;
};

static void on_sample(void *ctx, sl_json_kind_t kind, sl_str_t text)
{
  struct asked *a = ctx;
  char why[SL_WHY];
  if (++a->n > 200) return;
  sl_jverdict_t verdict = sl_jschema_accepts(a->schema, kind, text, why);
  SL_ASSERT((verdict == SL_JS_NO) == (why[0] != '\0') || verdict == SL_JS_MAYBE);
}

static void ask(sl_jschemas_t *s, const char *value, size_t len)
{
  sl_diags_t *diags = sl_diags_new();
  const sl_jschema_t *root = sl_jschemas_root(s);
  sl_str_t names[16];
  size_t n = sl_jschema_property_names(root, names, 16);
  sl_jverdict_t verdict = sl_jschema_validate(root, "v.json", value, len, diags);
  SL_ASSERT(verdict != SL_JS_NO || sl_diags_errors(diags) > 0);
  struct asked a = {root, 0};
  sl_jschema_samples(root, on_sample, &a);
  for (size_t i = 0; i < n; i++) {
    const sl_jschema_t *member = sl_jschema_member(s, root, names[i]);
    SL_ASSERT(member);
    a = (struct asked){member, 0};
    sl_jschema_samples(member, on_sample, &a);
    sl_jschema_requires(root, names[i]);
  }
  SL_ASSERT(sl_jschema_item(s, root, 0));
  sl_diags_destroy(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text = (const char *)data, *cut = memmem(text, size, "\n---\n", 5);
  size_t len = cut ? (size_t)(cut - text) : size;
  sl_diags_t *diags = sl_diags_new();
  sl_jschemas_t *s = sl_jschemas_parse("fuzz.json", text, len, diags);
  SL_ASSERT((s == NULL) == (sl_diags_errors(diags) > 0));
  if (s) ask(s, cut ? cut + 5 : "{}", cut ? size - len - 5 : 2);
  sl_jschemas_destroy(&s);
  sl_diags_destroy(&diags);
  return 0;
}
