/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/reader_json.h"

#include <stdio.h>
#include <string.h>
#include "core/json.h"
#include "mappings/engine/choice.h"
#include "mappings/engine/field.h"
#include "mappings/engine/lists.h"

/* Lists within lists; the compiler holds mappings to fewer. */
enum { MAX_LISTS = 32, SEEN_WORDS = 8 };

struct reader {
  sl_json_t json;
  sl_arena_t *arena;
  sl_err_t *err;
  bool legacy, reject_unknown;
  bool base;    /* legacy: what is not mapped is carried */
  bool partial; /* the consumer's: what is left out stays as it is */
  size_t unknown;
  const char *start, *end; /* of the record's object and of the text: to look ahead */
  struct {
    const sl_list_t *list;
    uint32_t index;
  } within[MAX_LISTS]; /* where we are, for messages */
  uint32_t n_within;
};

static sl_code_t read_value(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                            const sl_json_token_t *tok);
static bool takes(const struct reader *r, const sl_jnode_t *node);
static sl_code_t choices_made(struct reader *r, const sl_record_t *record);

/* --- messages
 * ------------------------------------------------------------------------------------------------
 */

/* The pointer of a value with the indexes of the lists it is in: "/orders/3/lines/0/sku". */
static void pointer_of(const struct reader *r, const char *pointer, const char *key, size_t key_len,
                       char *out, size_t size)
{
  size_t o = 0, base = 0;
  out[0] = '\0';
  for (uint32_t i = 0; i < r->n_within && o < size; i++) {
    const char *json = r->within[i].list->json;
    o += (size_t)snprintf(out + o, size - o, "%s/%u", json + base, r->within[i].index);
    base = strlen(json);
  }
  if (o < size) o += (size_t)snprintf(out + o, size - o, "%s", pointer);
  if (key && o < size)
    snprintf(out + o, size - o, "/%.*s", (int)(key_len < 60 ? key_len : 60), key);
}

static sl_code_t refuse(struct reader *r, const char *pointer, sl_str_t key, const char *text)
{
  char at[128];
  pointer_of(r, pointer, key.p, key.len, at, sizeof at);
  return sl_err_field(r->err, r->legacy ? SL_GARBAGE : SL_INVALID, at, "%s", text);
}

static sl_code_t syntax(struct reader *r)
{
  const sl_err_t *e = sl_json_error(&r->json);
  if (r->legacy)
    return sl_err_set(r->err, SL_GARBAGE, "the answer is not valid JSON (line %d, column %d)",
                      e->line, e->col);
  return sl_err_set(r->err, e->code, "line %d, column %d: %s", e->line, e->col, e->text);
}

static sl_code_t full(struct reader *r)
{
  return r->legacy ? sl_err_set(r->err, SL_GARBAGE, "the answer is larger than a message may be")
                   : sl_err_set(r->err, SL_TOO_LARGE, "the body is larger than a message may be");
}

/* --- values
 * --------------------------------------------------------------------------------------------------
 */

static sl_code_t next(struct reader *r, sl_json_token_t *tok)
{
  return sl_json_next(&r->json, tok) > SL_JSON_END ? SL_OK : syntax(r);
}

static sl_code_t skip(struct reader *r, const sl_json_token_t *tok)
{
  uint32_t depth = 1;
  if (tok->kind != SL_JSON_OBJECT && tok->kind != SL_JSON_ARRAY) return SL_OK;
  return sl_json_skip(&r->json, &depth) == SL_JSON_END ? SL_OK : syntax(r);
}

static bool set_slot(struct reader *r, const sl_json_token_t *tok, sl_slot_t *slot)
{
  static const struct {
    uint8_t consumer, legacy;
    const char *text;
  } states[] = {[SL_JSON_STRING] = {SL_J_STRING, SL_L_TEXT, NULL},
                [SL_JSON_NUMBER] = {SL_J_NUMBER, SL_L_TEXT, NULL},
                [SL_JSON_TRUE] = {SL_J_TRUE, SL_L_TEXT, "true"},
                [SL_JSON_FALSE] = {SL_J_FALSE, SL_L_TEXT, "false"},
                [SL_JSON_NULL] = {SL_J_NULL, SL_L_NIL, ""}};
  sl_str_t text = states[tok->kind].text ? sl_str(states[tok->kind].text) : tok->text;
  if (!states[tok->kind].text && !tok->stable) text = sl_arena_str(r->arena, text);
  *slot = (sl_slot_t){.p = text.p ? text.p : "",
                      .len = (uint32_t)text.len,
                      .state = r->legacy ? states[tok->kind].legacy : states[tok->kind].consumer,
                      .flags = r->legacy && tok->kind != SL_JSON_STRING ? SL_SLOT_BARE : 0};
  return text.p || !text.len;
}

/* The path named the record, and the body names it too: both have to mean the same one. */
static sl_code_t agree(struct reader *r, const sl_jnode_t *node, const sl_slot_t *http,
                       const sl_slot_t *body)
{
  sl_legacy_t a, b;
  sl_code_t code = sl_slot_write(node->field, http, r->arena, &a, r->err);
  if (!code) code = sl_slot_write(node->field, body, r->arena, &b, r->err);
  if (code) return code;
  if (a.state == b.state && sl_str_eq(a.text, b.text)) return SL_OK;
  return refuse(r, node->pointer, (sl_str_t){0}, "differs from the value in the path");
}

static sl_code_t read_field(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                            const sl_json_token_t *tok)
{
  sl_slot_t *slot = &record->slots[node->field->slot], value;
  if (tok->kind == SL_JSON_OBJECT || tok->kind == SL_JSON_ARRAY) {
    char text[96];
    snprintf(text, sizeof text, "is an %s, a %s was expected",
             tok->kind == SL_JSON_OBJECT ? "object" : "array",
             sl_codec_json_type(node->field->codec));
    return refuse(r, node->pointer, (sl_str_t){0}, text);
  }
  if (tok->text.len > UINT32_MAX || !set_slot(r, tok, &value)) return full(r);
  if (slot->flags & SL_SLOT_TEXT) return agree(r, node, slot, &value);
  *slot = value;
  return SL_OK;
}

/* All of one frame: what its choices need, and whether they are made. */
static sl_code_t read_record(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                             const sl_json_token_t *first)
{
  const char *outer = r->start;
  if (!record->frame->n_choices) return read_value(r, node, record, first);
  r->start = sl_json_rest(&r->json).p - 1; /* the brace was the last byte that was read */
  sl_code_t code = read_value(r, node, record, first);
  if (!code && !r->legacy) code = choices_made(r, record);
  r->start = outer;
  return code;
}

static sl_code_t read_item(struct reader *r, const sl_list_t *list, sl_record_t *record,
                           const sl_json_token_t *tok)
{
  sl_record_t *item = sl_record_add(record, list->index, r->arena);
  if (!item || (r->base && !sl_record_carry(item, r->arena))) return full(r);
  r->within[r->n_within - 1].index = record->lists[list->index].n - 1;
  if (list->gaps == SL_GAPS_NULL && !r->legacy && tok->kind == SL_JSON_NULL &&
      list->item->json->kind == SL_JN_OBJECT) {
    item->null = true;
    return SL_OK;
  }
  return read_record(r, r->legacy ? list->item->legacy_json : list->item->json, item, tok);
}

static sl_code_t read_list(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                           const sl_json_token_t *first)
{
  const sl_list_t *list = node->list;
  bool single = r->legacy && list->single_object && first->kind != SL_JSON_ARRAY;
  if (r->legacy && first->kind == SL_JSON_NULL)
    return record->lists[list->index].state = SL_L_NIL, SL_OK;
  if (first->kind != SL_JSON_ARRAY && !single)
    return refuse(r, node->pointer, (sl_str_t){0}, "an array was expected");
  if (r->n_within == MAX_LISTS) return full(r);
  record->lists[list->index].state = SL_L_TEXT;
  record->lists[list->index].bare = single;
  r->within[r->n_within].list = list;
  r->within[r->n_within++].index = 0;
  sl_code_t code = SL_OK;
  if (single) {
    code = read_item(r, list, record, first);
  } else {
    for (sl_json_token_t tok; !(code = next(r, &tok)) && tok.kind != SL_JSON_ARRAY_END;)
      if ((code = read_item(r, list, record, &tok))) break;
  }
  if (!code) r->n_within--;
  return code;
}

/* A numbered place: like a list of its one item, but that it is no array. */
static sl_code_t read_place(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                            const sl_json_token_t *first)
{
  sl_record_t *item = sl_record_add(record, node->list->index, r->arena);
  if (!item) return full(r);
  if (first->kind == SL_JSON_NULL && node->list->item->legacy_json->kind == SL_JN_OBJECT)
    return SL_OK;
  return read_value(r, node->list->item->legacy_json, item, first);
}

/* Members of any name; those that come twice are found when all are there (lists.h). */
static sl_code_t read_pairs(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                            const sl_json_token_t *first)
{
  const sl_list_t *list = node->list;
  if (first->kind != SL_JSON_OBJECT)
    return refuse(r, node->pointer, (sl_str_t){0}, "an object was expected");
  record->lists[list->index].state = SL_L_TEXT;
  for (;;) {
    sl_json_token_t key, tok;
    sl_code_t code = next(r, &key);
    if (code || key.kind == SL_JSON_OBJECT_END) return code;
    sl_record_t *item = sl_record_add(record, list->index, r->arena);
    sl_str_t name = key.stable ? key.text : sl_arena_str(r->arena, key.text);
    if (!item || (key.text.len && !name.p) || key.text.len > UINT32_MAX) return full(r);
    item->slots[0] =
        (sl_slot_t){name.p ? name.p : "", (uint32_t)name.len, SL_J_STRING, SL_SLOT_TEXT};
    code = next(r, &tok);
    if (code) return code;
    if (tok.kind == SL_JSON_OBJECT || tok.kind == SL_JSON_ARRAY)
      return refuse(r, node->pointer, name,
                    tok.kind == SL_JSON_OBJECT ? "is an object, a plain value was expected"
                                               : "is an array, a plain value was expected");
    if (tok.text.len > UINT32_MAX || !set_slot(r, &tok, &item->slots[1])) return full(r);
  }
}

/* --- choices
 * ---------------------------------------------------------------------------------------------- */

static sl_code_t not_a_kind(struct reader *r, const sl_choice_t *choice)
{
  char words[160], text[200];
  snprintf(text, sizeof text, "one of these was expected: %s",
           sl_choice_words(choice, words, sizeof words));
  return refuse(r, choice->pointer, (sl_str_t){0}, text);
}

/* The member that names the kind. */
static sl_code_t read_kind(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                           const sl_json_token_t *tok)
{
  int i = tok->kind == SL_JSON_STRING ? sl_choice_find(node->names, tok->text, false) : -1;
  if (i < 0) return not_a_kind(r, node->names);
  sl_choice_set(node->names, record, (unsigned)i, SL_KIND_JSON);
  return SL_OK;
}

/* Do members tell this choice here, rather than a word of its own? */
static bool by_members(const struct reader *r, const sl_choice_t *choice)
{
  return r->legacy ? choice->by == SL_BY_ELEMENT : !choice->told;
}

/* Makes the choice that a member depends on, as far as can be: by looking ahead once. */
static sl_code_t make(struct reader *r, const sl_choice_t *choice, sl_record_t *record)
{
  enum { LOOKED = 1 };
  sl_slot_t *sel = &record->slots[choice->sel];
  if (sel->len || sel->state == LOOKED || by_members(r, choice)) return SL_OK;
  if (choice->within.choice) {
    sl_code_t code = make(r, choice->within.choice, record);
    if (code || !sl_only_holds(&choice->within, record)) return code;
  }
  int i = sl_choice_look(choice, sl_strn(r->start, (size_t)(r->end - r->start)), r->legacy);
  sel->state = LOOKED;
  if (i >= 0) sl_choice_set(choice, record, (unsigned)i, SL_KIND_UNSAID);
  if (i >= 0 || r->legacy) return SL_OK; /* sl_choices_read will tell */
  return i == SL_CHOICE_UNKNOWN ? not_a_kind(r, choice)
                                : refuse(r, choice->pointer, (sl_str_t){0}, "is required");
}

/* A member that only one case has tells the kind. */
static void told_by(struct reader *r, const sl_jnode_t *c, sl_record_t *record)
{
  const sl_choice_t *choice = c->only.choice;
  if (!by_members(r, choice) || record->slots[choice->sel].len ||
      !sl_only_holds(&choice->within, record) || (c->only.cases & (c->only.cases - 1)) ||
      (c->kind == SL_JN_OBJECT && !c->required && !r->legacy))
    return;
  unsigned i = 0;
  while (!(c->only.cases >> i & 1)) i++;
  sl_choice_set(choice, record, i, r->legacy ? SL_KIND_LEGACY : SL_KIND_JSON);
}

static void choices_around(struct reader *r, const sl_jnode_t *c, const sl_choice_t *choice,
                           sl_record_t *record)
{
  sl_jnode_t around = *c;
  if (!choice->within.choice) return;
  around.only = choice->within;
  choices_around(r, c, choice->within.choice, record);
  told_by(r, &around, record);
}

/* The member *c_p belongs to cases: the node called like it that is of this record's. */
static sl_code_t choose(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                        const sl_json_token_t *tok, const sl_jnode_t **c_p)
{
  const sl_jnode_t *first = *c_p, *in = NULL, *open = NULL;
  if (!r->legacy && !takes(r, first)) return SL_OK;         /* passed over */
  if (r->legacy && tok->kind == SL_JSON_NULL) return SL_OK; /* not there */
  for (uint32_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *c = &node->children[i];
    if (!sl_str_eq(c->key, first->key)) continue;
    sl_code_t code = c->only.choice ? make(r, c->only.choice, record) : SL_OK;
    if (code) return code;
    if (c->only.choice) {
      choices_around(r, c, c->only.choice, record);
      told_by(r, c, record);
    }
    if (sl_only_holds(&c->only, record))
      in = !in || takes(r, c) ? c : in;
    else if (c->kind == SL_JN_OBJECT && by_members(r, c->only.choice) &&
             sl_choice_case(c->only.choice, record) < 0)
      open = c; /* its members will tell */
  }
  if (in || open) *c_p = in ? in : open;
  if (in || open) return SL_OK;
  const sl_choice_t *choice = first->only.choice;
  if (r->legacy && choice->by == SL_BY_ELEMENT)
    return refuse(r, first->pointer, (sl_str_t){0}, "is there beside another kind of record");
  if (r->legacy) return SL_OK; /* of another kind: sl_choices_read looks at it */
  int is = sl_choice_case(choice, record);
  char text[128];
  while (is < 0 && choice->within.choice) {
    choice = choice->within.choice;
    is = sl_choice_case(choice, record);
  }
  snprintf(text, sizeof text, "does not belong to kind \"%.*s\"",
           is >= 0 ? (int)choice->cases[is].json.len : 0, is >= 0 ? choice->cases[is].json.p : "");
  return refuse(r, first->pointer, (sl_str_t){0}, text);
}

/* The record is whole: is every choice made that has to be? */
static sl_code_t choices_made(struct reader *r, const sl_record_t *record)
{
  for (size_t i = 0; i < record->frame->n_choices; i++) {
    const sl_choice_t *c = record->frame->choices[i];
    if (c->optional || c->access == SL_READ_ONLY || record->slots[c->sel].len ||
        !sl_only_holds(&c->within, record))
      continue;
    return c->told ? refuse(r, c->pointer, (sl_str_t){0}, "is required")
                   : refuse(r, c->pointer, (sl_str_t){0},
                            "the members of one kind of record are required");
  }
  return SL_OK;
}

/* --- objects
 * -------------------------------------------------------------------------------------------------
 */

static bool takes(const struct reader *r, const sl_jnode_t *node)
{
  if (!r->legacy) return node->writable;
  return node->readable || (r->base && node->writable); /* what is only written may stay, too */
}

/* The child called key: one that takes a value, else one that is only named. */
static const sl_jnode_t *find(const struct reader *r, const sl_jnode_t *node, sl_str_t key,
                              uint32_t *guess)
{
  const sl_jnode_t *named = NULL;
  uint32_t n = node->n_children, i = *guess;
  for (uint32_t k = 0; k < n; k++, i++) {
    if (i >= n) i = 0;
    const sl_jnode_t *c = &node->children[i];
    if (!sl_str_eq(c->key, key)) continue;
    *guess = i + 1;
    if (takes(r, c)) return c;
    named = c;
  }
  return named;
}

static sl_code_t unknown_member(struct reader *r, const sl_jnode_t *node, sl_str_t key)
{
  r->unknown++;
  if (r->legacy && !r->reject_unknown) return SL_OK;
  return refuse(r, node->pointer, key,
                r->legacy ? "is unknown, and the mapping rejects such" : "there is no such member");
}

/* A member that no line maps, as it stands in the text from `from` on: name, colon and value. */
static sl_code_t carry(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                       const char *from)
{
  sl_json_token_t tok;
  sl_code_t code = next(r, &tok);
  if (!code) code = skip(r, &tok);
  if (code) return code;
  sl_str_t text = sl_strn(from, (size_t)(r->json.p - from));
  return sl_record_chunk(record, node->carry, text, r->arena) ? SL_OK : full(r);
}

/* The lines of one member, of which one reads and another writes: each has what the base says. */
static void share(const sl_jnode_t *node, const sl_jnode_t *c, sl_record_t *record)
{
  for (uint32_t i = 0; i < node->n_children; i++) {
    const sl_jnode_t *other = &node->children[i];
    if (other != c && other->twin && sl_str_eq(other->key, c->key))
      record->slots[other->field->slot] = record->slots[c->field->slot];
  }
}

static sl_code_t read_member(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                             const sl_json_token_t *key, const char *from, uint32_t *guess,
                             uint64_t *seen)
{
  const sl_jnode_t *c = find(r, node, key->text, guess);
  sl_json_token_t tok;
  if (r->base && node->carry && (!c || c->kind == SL_JN_IGNORE))
    return carry(r, node, record, from);
  if (!c) {
    sl_code_t code = unknown_member(r, node, key->text);
    if (!code) code = next(r, &tok);
    return code ? code : skip(r, &tok);
  }
  sl_code_t code = next(r, &tok);
  if (!code && c->kinds) code = choose(r, node, record, &tok, &c);
  if (code) return code;
  size_t i = (size_t)(c - node->children);
  if (i < SEEN_WORDS * 64) {
    if (seen[i / 64] >> (i % 64) & 1) return refuse(r, c->pointer, (sl_str_t){0}, "comes twice");
    seen[i / 64] |= (uint64_t)1 << (i % 64);
  } else if (c->kind == SL_JN_FIELD && record->slots[c->field->slot].state) {
    return refuse(r, c->pointer, (sl_str_t){0}, "comes twice");
  }
  /* No such object; the records of another kind say so that they are not this one. */
  if (r->legacy && tok.kind == SL_JSON_NULL && c->kind == SL_JN_OBJECT) return SL_OK;
  if (!takes(r, c) || c->kind == SL_JN_CONST || c->kind == SL_JN_IGNORE) return skip(r, &tok);
  code = read_value(r, c, record, &tok);
  if (!code && r->base && c->twin) share(node, c, record);
  return code;
}

/* An object is there when a member is: without any it would come back as absent. */
static sl_code_t check_object(struct reader *r, const sl_jnode_t *node, bool any)
{
  bool partial = r->partial && !r->n_within; /* a PATCH that changes nothing of it */
  if (any || r->legacy || partial || !node->key.len || node->required || node->has_list)
    return SL_OK;
  return refuse(r, node->pointer, (sl_str_t){0}, "has no members: leave it out");
}

static sl_code_t read_object(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                             const sl_json_token_t *first)
{
  uint64_t seen[SEEN_WORDS] = {0};
  uint32_t guess = 0;
  if (first->kind != SL_JSON_OBJECT)
    return refuse(r, node->pointer, (sl_str_t){0}, "an object was expected");
  if (r->base && node->place && !sl_record_chunk(record, node->place, sl_str(""), r->arena))
    return full(r);
  for (bool any = false;; any = true) {
    sl_json_token_t key;
    const char *from = r->json.p;
    while (from < r->json.end && strchr(" \t\r\n,", *from)) from++;
    sl_code_t code = next(r, &key);
    if (!code && key.kind == SL_JSON_OBJECT_END) return check_object(r, node, any);
    if (code) return code;
    code = read_member(r, node, record, &key, from, &guess, seen);
    if (code) return code;
  }
}

static sl_code_t read_value(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                            const sl_json_token_t *tok)
{
  switch (node->kind) {
  case SL_JN_FIELD:
    return node->names && !r->legacy ? read_kind(r, node, record, tok)
                                     : read_field(r, node, record, tok);
  case SL_JN_LIST: return read_list(r, node, record, tok);
  case SL_JN_PAIRS: return read_pairs(r, node, record, tok);
  case SL_JN_PLACE: return read_place(r, node, record, tok);
  case SL_JN_OBJECT: return read_object(r, node, record, tok);
  default: return skip(r, tok);
  }
}

static sl_code_t read_root(struct reader *r, const sl_jnode_t *node, sl_record_t *record,
                           sl_str_t json)
{
  sl_json_token_t tok;
  sl_json_init(&r->json, NULL);
  sl_json_feed(&r->json, json.p ? json.p : "", json.len, true);
  r->end = json.p + json.len;
  sl_code_t code = next(r, &tok);
  if (!code) code = read_record(r, node, record, &tok);
  if (!code && sl_json_next(&r->json, &tok) != SL_JSON_END) code = syntax(r);
  sl_json_fini(&r->json);
  return code;
}

sl_code_t sl_json_read(sl_record_t *record, sl_arena_t *arena, sl_str_t json, bool partial,
                       sl_err_t *err)
{
  struct reader r = {.arena = arena, .err = err, .partial = partial};
  return read_root(&r, record->frame->json, record, json);
}

sl_code_t sl_json_read_legacy(sl_record_t *record, sl_arena_t *arena, sl_str_t json,
                              bool reject_unknown, size_t *unknown_p, sl_err_t *err)
{
  struct reader r = {.arena = arena,
                     .err = err,
                     .legacy = true,
                     .reject_unknown = reject_unknown,
                     .base = record->carries};
  sl_code_t code = read_root(&r, record->frame->legacy_json, record, json);
  *unknown_p += r.unknown;
  if (!code) code = sl_lists_gather(record, arena, 0, unknown_p, err);
  return code;
}
