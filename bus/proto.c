/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/proto.h"

#include <stdio.h>
#include <stdlib.h>

#include "bus/reader.h"
#include "bus/writer.h"

static const char *const kinds[] = {
    [SL_BUS_CALL] = "call",
    [SL_BUS_REPLY] = "reply",
    [SL_BUS_CHUNK] = "chunk",
    [SL_BUS_CREDIT] = "credit",
    [SL_BUS_CANCEL] = "cancel",
    [SL_BUS_ANNOUNCE] = "announce",
    [SL_BUS_HEARTBEAT] = "heartbeat",
    [SL_BUS_UNKNOWN] = "unknown",
    [SL_BUS_BYE] = "bye",
    [SL_BUS_SUBSCRIBE] = "subscribe",
    [SL_BUS_SNAPSHOT] = "snapshot",
    [SL_BUS_UPDATE] = "update",
    [SL_BUS_GONE] = "gone",
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* What a kind cannot do without, beside v and kind. */
static const struct {
  bool id, operation, instance;
} needs[N_KINDS] = {
    [SL_BUS_CALL] = {.id = true, .operation = true},
    [SL_BUS_REPLY] = {.id = true},
    [SL_BUS_CHUNK] = {.id = true},
    [SL_BUS_CREDIT] = {.id = true},
    [SL_BUS_CANCEL] = {.id = true},
    [SL_BUS_ANNOUNCE] = {.instance = true},
    [SL_BUS_HEARTBEAT] = {.instance = true},
    [SL_BUS_BYE] = {.instance = true},
    [SL_BUS_GONE] = {.instance = true},
};

typedef enum member_type { TEXT, INT, STATUS, BOOL, LOAD, PAIRS, PROBLEM } member_type_t;

/* One row per header member drives both directions. */
typedef struct member {
  sl_str_t name;
  sl_str_t lead; /* what stands before its value in the frame */
  member_type_t type;
  size_t offset, n_offset;
} member_t;

#define AT(member) offsetof(sl_bus_header_t, member)
#define ROW(member, type)                                                                          \
  {                                                                                                \
    SL_STR(#member), SL_STR(",\"" #member "\":"), type, AT(member), 0                              \
  }
#define ROW_PAIRS(member)                                                                          \
  {                                                                                                \
    SL_STR(#member), SL_STR(",\"" #member "\":"), PAIRS, AT(member), AT(n_##member)                \
  }

static const member_t members[] = {
    ROW(id, TEXT),          ROW(operation, TEXT),   ROW(deadline_ms, INT),
    ROW_PAIRS(args),        ROW(principal, TEXT),   ROW(idempotency_key, TEXT),
    ROW(traceparent, TEXT), ROW(incarnation, TEXT), ROW(bytes, INT),
    ROW(show_wire, BOOL),   ROW(status, STATUS),    ROW_PAIRS(headers),
    ROW(problem, PROBLEM),  ROW(more, BOOL),        ROW(not_started, BOOL),
    ROW(load, LOAD),        ROW(wire, TEXT),        ROW(last, BOOL),
    ROW(failed, TEXT),      ROW(instance, TEXT),    ROW(bye, BOOL),
    ROW(young, BOOL),
};
enum { N_MEMBERS = sizeof members / sizeof *members };

/* The members of `problem` that are text, all char arrays of sl_problem_t. */
static const struct {
  const char *name;
  size_t offset, size;
} problem_texts[] = {
    {"type", offsetof(sl_problem_t, type), sizeof((sl_problem_t *)0)->type},
    {"title", offsetof(sl_problem_t, title), sizeof((sl_problem_t *)0)->title},
    {"detail", offsetof(sl_problem_t, detail), sizeof((sl_problem_t *)0)->detail},
    {"field", offsetof(sl_problem_t, field), sizeof((sl_problem_t *)0)->field},
    {"system", offsetof(sl_problem_t, system), sizeof((sl_problem_t *)0)->system},
    {"instance", offsetof(sl_problem_t, instance), sizeof((sl_problem_t *)0)->instance},
};
enum { N_PROBLEM_TEXTS = sizeof problem_texts / sizeof *problem_texts };

const char *sl_bus_kind_name(sl_bus_kind_t kind)
{
  return (size_t)kind < N_KINDS ? kinds[kind] : "?";
}

/* --- encoding ------------------------------------------------------------------------------ */

static void encode_pairs(const sl_bus_pair_t *pairs, size_t n, sl_buf_t *out)
{
  for (size_t i = 0; i < n; i++) {
    sl_buf_add(out, i ? ",[" : "[[", 2);
    sl_bus_write_text(out, pairs[i].name);
    sl_buf_addc(out, ',');
    sl_bus_write_text(out, pairs[i].value);
    sl_buf_addc(out, ']');
  }
  sl_buf_addc(out, ']');
}

static void encode_problem(const sl_problem_t *problem, sl_buf_t *out)
{
  sl_buf_addz(out, "{\"category\":");
  sl_bus_write_text(out, sl_str(sl_code_name(problem->code)));
  for (size_t i = 0; i < N_PROBLEM_TEXTS; i++) {
    const char *text = (const char *)problem + problem_texts[i].offset;
    if (!text[0]) continue;
    sl_buf_add(out, ",\"", 2);
    sl_buf_addz(out, problem_texts[i].name);
    sl_buf_add(out, "\":", 2);
    sl_bus_write_text(out, sl_strn(text, strnlen(text, problem_texts[i].size)));
  }
  if (problem->status > 0) {
    sl_buf_addz(out, ",\"status\":");
    sl_bus_write_int(out, problem->status);
  }
  if (problem->retry_after_s > 0) {
    sl_buf_addz(out, ",\"retry_after_s\":");
    sl_bus_write_int(out, problem->retry_after_s);
  }
  sl_buf_addc(out, '}');
}

static bool is_set(const member_t *m, const sl_bus_header_t *header)
{
  const char *at = (const char *)header + m->offset;
  switch (m->type) {
  case TEXT: return ((const sl_str_t *)at)->len > 0;
  case INT: return *(const int64_t *)at > 0;
  case STATUS: return *(const int *)at > 0;
  case BOOL: return *(const bool *)at;
  case LOAD: return *(const double *)at > 0;
  case PAIRS: return *(const size_t *)((const char *)header + m->n_offset) > 0;
  default: return header->has_problem;
  }
}

static void encode_value(const member_t *m, const sl_bus_header_t *header, sl_buf_t *out)
{
  const char *at = (const char *)header + m->offset;
  switch (m->type) {
  case TEXT: sl_bus_write_text(out, *(const sl_str_t *)at); break;
  case INT: sl_bus_write_int(out, *(const int64_t *)at); break;
  case STATUS: sl_bus_write_int(out, *(const int *)at); break;
  case BOOL: sl_buf_add(out, "true", 4); break;
  case LOAD: sl_bus_write_load(out, *(const double *)at); break;
  case PAIRS:
    encode_pairs(*(sl_bus_pair_t *const *)at, *(const size_t *)((const char *)header + m->n_offset),
                 out);
    break;
  default: encode_problem(&header->problem, out);
  }
}

void sl_bus_encode(const sl_bus_header_t *header, sl_buf_t *out)
{
  sl_buf_addz(out, "{\"v\":1,\"kind\":\"");
  sl_buf_addz(out, sl_bus_kind_name(header->kind));
  sl_buf_addc(out, '"');
  for (const member_t *m = members; m < members + N_MEMBERS; m++) {
    if (!is_set(m, header)) continue;
    sl_buf_adds(out, m->lead);
    encode_value(m, header, out);
  }
  sl_buf_addc(out, '}');
}

/* --- decoding ------------------------------------------------------------------------------ */

static bool decode_pair(sl_bus_reader_t *r, const sl_json_token_t *tok, sl_bus_pair_t *pair)
{
  sl_json_token_t end;
  if (tok->kind != SL_JSON_ARRAY)
    return sl_bus_reader_fail(r, SL_INVALID, "a pair [name, value] expected in column %u",
                              tok->col);
  if (!sl_bus_reader_text(r, &pair->name) || !sl_bus_reader_text(r, &pair->value)) return false;
  return !sl_bus_reader_item(r, &end)
             ? r->code == SL_OK
             : sl_bus_reader_fail(r, SL_INVALID, "a pair has two members (column %u)", end.col);
}

static bool decode_pairs(sl_bus_reader_t *r, sl_bus_pair_t **pairs_p, size_t *n_p)
{
  void *items = NULL;
  size_t n = 0;
  sl_json_token_t tok;
  if (!sl_bus_reader_array(r)) return false;
  while (sl_bus_reader_item(r, &tok)) {
    if (!sl_bus_reader_grow(r, &items, n, sizeof(sl_bus_pair_t), SL_BUS_MAX_PAIRS)) return false;
    if (!decode_pair(r, &tok, (sl_bus_pair_t *)items + n)) return false;
    n++;
  }
  *pairs_p = items;
  *n_p = n;
  return r->code == SL_OK;
}

/* Into a fixed array: what is too long is cut between two characters. */
static void copy_text(char *out, size_t size, sl_str_t text)
{
  size_t len = text.len < size ? text.len : size - 1;
  while (len < text.len && len > 0 && ((unsigned char)text.p[len] & 0xC0) == 0x80) len--;
  if (len) memcpy(out, text.p, len);
  out[len] = 0;
}

static bool decode_small_int(sl_bus_reader_t *r, int *out, int64_t max)
{
  int64_t n;
  if (!sl_bus_reader_int(r, &n)) return false;
  if (n > max) return sl_bus_reader_fail(r, SL_INVALID, "number above %lld", (long long)max);
  *out = (int)n;
  return true;
}

static bool decode_category(sl_bus_reader_t *r, sl_code_t *code_p)
{
  sl_str_t name;
  if (!sl_bus_reader_text(r, &name)) return false;
  /* An unknown category is of a later version: to us it is some error of theirs. */
  *code_p = SL_BUG;
  for (int code = SL_OK; code <= SL_BUG; code++)
    if (sl_str_eqz(name, sl_code_name((sl_code_t)code))) *code_p = (sl_code_t)code;
  return true;
}

static bool decode_problem_member(sl_bus_reader_t *r, sl_str_t name, sl_problem_t *problem)
{
  for (size_t i = 0; i < N_PROBLEM_TEXTS; i++) {
    sl_str_t text;
    if (!sl_str_eqz(name, problem_texts[i].name)) continue;
    if (!sl_bus_reader_text(r, &text)) return false;
    copy_text((char *)problem + problem_texts[i].offset, problem_texts[i].size, text);
    return true;
  }
  if (sl_str_eqz(name, "category")) return decode_category(r, &problem->code);
  if (sl_str_eqz(name, "status")) return decode_small_int(r, &problem->status, 999);
  if (sl_str_eqz(name, "retry_after_s"))
    return decode_small_int(r, &problem->retry_after_s, 1 << 30);
  return sl_bus_reader_skip(r);
}

static bool decode_problem(sl_bus_reader_t *r, sl_bus_header_t *header)
{
  sl_str_t name;
  if (!sl_bus_reader_object(r)) return false;
  memset(&header->problem, 0, sizeof header->problem);
  header->problem.code = SL_BUG;
  while (sl_bus_reader_member(r, &name))
    if (!decode_problem_member(r, name, &header->problem)) return false;
  header->has_problem = true;
  return r->code == SL_OK;
}

static bool decode_version(sl_bus_reader_t *r, bool *seen_p)
{
  int64_t version;
  if (!sl_bus_reader_int(r, &version)) return false;
  *seen_p = true;
  return version == SL_BUS_VERSION
             ? true
             : sl_bus_reader_fail(r, SL_INVALID, "version %lld is not spoken here, only %d",
                                  (long long)version, SL_BUS_VERSION);
}

static bool decode_kind(sl_bus_reader_t *r, int *kind_p)
{
  sl_str_t name;
  if (!sl_bus_reader_text(r, &name)) return false;
  for (int kind = 0; kind < N_KINDS; kind++) {
    if (!sl_str_eqz(name, kinds[kind])) continue;
    *kind_p = kind;
    return true;
  }
  return sl_bus_reader_fail(r, SL_INVALID, "unknown kind");
}

static bool decode_value(sl_bus_reader_t *r, const member_t *m, sl_bus_header_t *header)
{
  char *at = (char *)header + m->offset;
  switch (m->type) {
  case TEXT: return sl_bus_reader_text(r, (sl_str_t *)at);
  case INT: return sl_bus_reader_int(r, (int64_t *)at);
  case STATUS: return decode_small_int(r, (int *)at, 999);
  case BOOL: return sl_bus_reader_bool(r, (bool *)at);
  case LOAD: return sl_bus_reader_real(r, (double *)at);
  case PAIRS:
    return decode_pairs(r, (sl_bus_pair_t **)at, (size_t *)((char *)header + m->n_offset));
  default: return decode_problem(r, header);
  }
}

static const member_t *find_member(sl_str_t name)
{
  for (const member_t *m = members; m < members + N_MEMBERS; m++)
    if (sl_str_eq(m->name, name)) return m;
  return NULL;
}

static bool decode_members(sl_bus_reader_t *r, sl_bus_header_t *header)
{
  bool version_seen = false;
  int kind = -1;
  sl_str_t name;
  if (!sl_bus_reader_object(r)) return false;
  while (sl_bus_reader_member(r, &name)) {
    const member_t *m = find_member(name);
    bool ok = m                          ? decode_value(r, m, header)
              : sl_str_eqz(name, "v")    ? decode_version(r, &version_seen)
              : sl_str_eqz(name, "kind") ? decode_kind(r, &kind)
                                         : sl_bus_reader_skip(r);
    if (!ok) return false;
  }
  if (!sl_bus_reader_end(r)) return false;
  if (!version_seen) return sl_bus_reader_fail(r, SL_INVALID, "no version (v)");
  if (kind < 0) return sl_bus_reader_fail(r, SL_INVALID, "no kind");
  header->kind = (sl_bus_kind_t)kind;
  return true;
}

static bool check_needs(sl_bus_reader_t *r, const sl_bus_header_t *header)
{
  const char *missing = needs[header->kind].id && !header->id.len                 ? "id"
                        : needs[header->kind].operation && !header->operation.len ? "operation"
                        : needs[header->kind].instance && !header->instance.len   ? "instance"
                                                                                  : NULL;
  if (missing)
    return sl_bus_reader_fail(r, SL_INVALID, "a %s needs %s", kinds[header->kind], missing);
  if (header->id.len > SL_BUS_MAX_ID)
    return sl_bus_reader_fail(r, SL_TOO_LARGE, "id longer than %d bytes", SL_BUS_MAX_ID);
  return true;
}

sl_code_t sl_bus_decode(sl_str_t frame, sl_arena_t *arena, sl_bus_header_t *header, sl_err_t *err)
{
  memset(header, 0, sizeof *header);
  if (frame.len > SL_BUS_MAX_HEADER)
    return sl_err_set(err, SL_TOO_LARGE, "header: longer than %d bytes", SL_BUS_MAX_HEADER);
  sl_bus_reader_t r;
  sl_bus_reader_init(&r, frame, "header", arena, err);
  if (decode_members(&r, header)) check_needs(&r, header);
  sl_bus_reader_fini(&r);
  return r.code;
}
