/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/boundary.h"

#include "core/json.h"
#include "core/jsonw.h"
#include "mappings/engine/run.h"
#include "mappings/laws/edit.h"
#include "mappings/laws/judge.h"
#include "mappings/laws/same.h"

#define MAX_MEMORY ((size_t)64 * 1024 * 1024)

struct boundary {
  const sl_shape_t *shape;
  const sl_line_t *line;
  sl_str_t json;
  sl_boundary_t *result;
  sl_arena_t *arena, *keep; /* of one case; of all */
  sl_buf_t value, record, legacy, back, restored;
};

/* The differences that need no word of the mapping: see judge.c. */
enum {
  FREE = SL_MODULO_NULL | SL_MODULO_ZONE | SL_MODULO_FRACTION | SL_MODULO_ALIAS | SL_MODULO_SPELLING
};

static sl_str_t spelled(struct boundary *b, sl_jstate_t state, sl_str_t text)
{
  static const char *const words[] = {
      [SL_J_NULL] = "null", [SL_J_TRUE] = "true", [SL_J_FALSE] = "false"};
  sl_buf_clear(&b->value);
  if (state == SL_J_ABSENT) return (sl_str_t){NULL, 0};
  if (state == SL_J_STRING)
    sl_json_quote(&b->value, text);
  else if (state == SL_J_NUMBER)
    sl_buf_adds(&b->value, text);
  else
    sl_buf_addz(&b->value, words[state]);
  return sl_buf_str(&b->value);
}

static void failed(struct boundary *b, const char *what, const char *detail)
{
  if (b->result->failed++) return;
  sl_buf_printf(&b->result->why, "%s = ", b->line->json);
  if (b->value.len)
    sl_buf_adds(&b->result->why, sl_buf_str(&b->value));
  else
    sl_buf_addz(&b->result->why, "(absent)");
  sl_buf_printf(&b->result->why, ": %s%s", what, detail);
}

static bool came_back(struct boundary *b, sl_jtext_t was)
{
  const sl_codec_t *codec = b->line->field->codec;
  const sl_notes_t *notes = b->line->field->notes;
  sl_jtext_t is;
  sl_buf_t why;
  is.state = sl_json_pick(sl_buf_str(&b->back), b->line->json, b->arena, &is.text);
  unsigned words = sl_equal_json(was, is) ? 0 : sl_json_difference(codec, was, is);
  unsigned given = (codec->unguarded ? 0 : codec->modulo) | FREE | (notes ? notes->modulo : 0);
  bool filled = was.state == SL_J_ABSENT && notes && notes->value_default;
  if (!sl_equal_json(was, is) && !filled && (!words || (words & given) != words)) {
    sl_str_t got = is.state == SL_J_ABSENT ? sl_str("nothing") : is.text;
    char text[128];
    snprintf(text, sizeof text, "%.*s", (int)(got.len < 100 ? got.len : 100), got.p);
    return failed(b, "it comes back as ", text), false;
  }
  /* Everything else of the record has to be as it was, to the digit. */
  sl_buf_clear(&b->restored);
  sl_str_t value = spelled(b, was.state, was.text);
  if (!sl_json_put(sl_buf_str(&b->back), b->line->json, value, &b->restored)) return true;
  sl_buf_init(&why, 0);
  bool same = sl_same_json(b->shape->frame->json, false, SL_SAME_BOTH, sl_buf_str(&b->record),
                           sl_buf_str(&b->restored), &why);
  if (!same) failed(b, "the record comes back changed: ", sl_buf_z(&why));
  sl_buf_fini(&why);
  return same;
}

static void one(void *context, sl_jstate_t state, sl_str_t text)
{
  struct boundary *b = context;
  sl_err_t err;
  if (state == SL_J_NUMBER && !sl_json_is_number(text)) return; /* no JSON says that */
  sl_arena_reset(b->arena);
  sl_str_t value = spelled(b, state, text);
  sl_buf_clear(&b->record);
  if (!sl_json_put(b->json, b->line->json, value, &b->record)) return;
  b->result->cases++;
  sl_buf_clear(&b->legacy);
  sl_code_t code =
      sl_shape_write(b->shape, b->arena, sl_buf_str(&b->record), b->shape->name, &b->legacy, &err);
  if (code == SL_INVALID || code == SL_TOO_LARGE) {
    b->result->refused++;
    return;
  }
  if (code) return failed(b, "it cannot be written: ", err.text);
  sl_buf_clear(&b->back);
  code = sl_shape_read(b->shape, b->arena, sl_buf_str(&b->legacy), &b->back, &err);
  if (code)
    failed(b, "what was written cannot be read: ", err.text);
  else
    came_back(b, (sl_jtext_t){state, text});
}

static void run_line(struct boundary *b, const sl_line_t *line)
{
  sl_str_t ignored;
  if (!line->field || !line->field->codec || !line->json[0] || line->access != SL_READ_WRITE)
    return;
  /* A list without an item has no place to put a value. */
  if (line->within && sl_json_pick(b->json, line->json, b->arena, &ignored) == SL_J_ABSENT) return;
  b->line = line;
  b->result->lines++;
  sl_judge_values(b->shape->mapping, line, b->shape->name, b->keep, one, b);
}

bool sl_boundary_run(const sl_shape_t *shape, sl_str_t json, sl_boundary_t *out)
{
  struct boundary b = {.shape = shape, .json = json, .result = out};
  const sl_line_t *lines;
  b.keep = sl_arena_new(0, 0);
  b.arena = sl_arena_new(0, MAX_MEMORY);
  size_t n = b.keep && b.arena ? sl_lines_of(shape->frame, b.keep, &lines) : 0;
  for (size_t i = 0; i < n; i++) run_line(&b, &lines[i]);
  sl_buf_t *all[] = {&b.value, &b.record, &b.legacy, &b.back, &b.restored};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) sl_buf_fini(all[i]);
  bool done = b.keep && b.arena;
  sl_arena_destroy(&b.keep);
  sl_arena_destroy(&b.arena);
  return done;
}
