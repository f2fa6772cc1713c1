/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A REST system's contract (OpenAPI) while a mapping is compiled: which of its operations is
 * called, what its schemas say about the members of the legacy side's JSON, and about parameters.
 */
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/check.h"
#include "mappings/engine/compile.h"

static sl_jschemas_t *schemas_of(const sl_build_t *b)
{
  return b->m->contract ? sl_contract_schemas(b->m->contract) : NULL;
}

/* --- the operation -----------------------------------------------------------------------------
 */

const sl_oop_t *sl_b_oop(sl_build_t *b, const sl_op_t *op, const sl_xel_t *el)
{
  if (!schemas_of(b)) return NULL;
  const sl_contract_t *c = b->m->contract;
  const sl_oop_t *oop = sl_contract_oop(c, op->info.rest_method, op->rest_path);
  if (oop) return oop;
  const sl_xel_t *call = sl_xel_find(el->first, "call"), *from = call ? call : el;
  const sl_xat_t *at = sl_xel_at(from, "path");
  const char *words[64];
  size_t n = 0;
  for (size_t i = 0; i < sl_contract_oop_count(c) && n < 64; i++) {
    const sl_oop_t *o = sl_contract_oop_at(c, i);
    words[n++] = sl_b_printf(b, "%s %s", o->method, o->path);
  }
  const char *name = sl_b_printf(b, "%s %s", op->info.rest_method, op->rest_path);
  sl_b_error(b, "R302", at ? at->value_line : from->line, at ? at->value_col : from->col,
             sl_b_advice(b, name, words, n), "the contract has no operation %s", name);
  return NULL;
}

/* The answer that is mapped: the first success with JSON, else what is said of all. */
static const sl_oresponse_t *success(const sl_oop_t *oop)
{
  const sl_oresponse_t *best = NULL;
  for (size_t i = 0; i < oop->n_responses; i++) {
    const sl_oresponse_t *r = &oop->responses[i];
    bool good = (r->status >= 200 && r->status < 300) || r->status == 2;
    if (good && r->schema) return r;
    if (r->schema && r->status == 0) best = r;
  }
  return best;
}

void sl_b_oop_request(sl_bf_t *f, const sl_oop_t *oop)
{
  f->oop = oop;
  f->legacy_json->schema = oop->request;
}

void sl_b_oop_response(sl_bf_t *f, const sl_oop_t *oop)
{
  const sl_oresponse_t *good = success(oop);
  const sl_jschema_t **v = sl_b_alloc(f->b, (oop->n_responses + 1) * sizeof *v);
  f->oop = oop;
  f->legacy_json->schema = good ? good->schema : NULL;
  for (size_t i = 0; v && i < oop->n_responses; i++)
    if (oop->responses[i].schema && &oop->responses[i] != good)
      v[f->n_other_answers++] = oop->responses[i].schema;
  f->other_answers = v;
}

/* --- members -----------------------------------------------------------------------------------
 */

enum { MAX_NAMES = 256 };

/* Is the member one that the schema speaks of? All are where it names none. */
static bool spoken_of(const sl_jschema_t *schema, const sl_jschema_t *member, sl_str_t key)
{
  sl_str_t names[MAX_NAMES];
  size_t n = sl_jschema_property_names(schema, names, MAX_NAMES);
  for (size_t i = 0; i < n; i++)
    if (sl_str_eq(names[i], key)) return true;
  return member->nothing ? false : member != &sl_jschema_any || n == 0 || n == MAX_NAMES;
}

static const char *advice(sl_build_t *b, const sl_jschema_t *schema, const char *key)
{
  sl_str_t names[64];
  const char *words[64];
  size_t n = sl_jschema_property_names(schema, names, 64);
  for (size_t i = 0; i < n; i++) words[i] = names[i].p;
  return sl_b_advice(b, key, words, n);
}

const char *sl_b_json_meant(sl_bf_t *f, sl_bj_t *from, const char *key, const sl_xat_t *at)
{
  sl_str_t names[64];
  const char *words[64];
  size_t n = from->schema ? sl_jschema_property_names(from->schema, names, 64) : 0;
  for (size_t i = 0; i < n; i++) words[i] = names[i].p;
  const char *near = sl_b_near(f->b, at, key, words, n);
  if (!near) from->lost = true;
  return near;
}

static void no_member(sl_bf_t *f, const sl_bj_t *from, const char *key, const char *step,
                      const sl_xat_t *at)
{
  sl_build_t *b = f->b;
  char wanted[64];
  const sl_jschema_t *s = from->schema;
  /* step points into the attribute's text, or a part of it */
  size_t len = strlen(at->value);
  int offset = step >= at->value && step <= at->value + len ? (int)(step - at->value) : 0;
  unsigned types = sl_jschema_types(s);
  const char *where = from->pointer[0] ? from->pointer : f->depth ? "an item" : "the body";
  if (!(types & SL_JT_OBJECT))
    sl_b_error(b, types & SL_JT_ARRAY ? "R203" : "R201", at->value_line, at->value_col + offset,
               types & SL_JT_ARRAY ? sl_b_printf(b, "map it with <list legacy=\"%s\" …>",
                                                 from->pointer[0] ? from->pointer : "")
                                   : NULL,
               "no member %s in %s, which is of type %s", key, where,
               sl_jtypes_text(types, wanted));
  else
    sl_b_error(b, "R201", at->value_line, at->value_col + offset, advice(b, s, key),
               "no member %s in %s%s%s%s", key, where, s->title ? " (" : "",
               s->title ? s->title : "", s->title ? ")" : "");
}

bool sl_b_json_member(sl_bf_t *f, const sl_bj_t *from, const char *key, const char *step,
                      const sl_xat_t *at, const sl_jschema_t **out)
{
  sl_jschemas_t *all = schemas_of(f->b);
  sl_str_t name = sl_str(key);
  *out = NULL;
  if (!all || !from->schema) return true;
  const sl_jschema_t *member = sl_jschema_member(all, from->schema, name);
  bool good =
      (sl_jschema_types(from->schema) & SL_JT_OBJECT) && spoken_of(from->schema, member, name);
  /* What an answer of another status holds, a detail or a return code may be. */
  for (size_t i = 0; !good && !from->parent && i < f->n_other_answers; i++) {
    member = sl_jschema_member(all, f->other_answers[i], name);
    good = spoken_of(f->other_answers[i], member, name) && member != &sl_jschema_any;
  }
  if (!good && at) return no_member(f, from, key, step, at), false;
  *out = member == &sl_jschema_any ? NULL : member;
  return good;
}

/* --- fields and lists --------------------------------------------------------------------------
 */

static const sl_jschema_t *parent_schema(const sl_bj_t *j)
{
  return j->parent ? j->parent->schema : NULL;
}

static void promise(sl_field_t *field, const sl_jschema_t *schema)
{
  unsigned types = sl_jschema_types(schema);
  bool number = types & (SL_JT_NUMBER | SL_JT_INTEGER), text = types & SL_JT_STRING;
  field->nillable = types & SL_JT_NULL;
  field->spelled = number == text ? SL_SPELLED_ANY : text ? SL_SPELLED_TEXT : SL_SPELLED_NUMBER;
}

const sl_codec_t *sl_b_codec_json(sl_build_t *b, const sl_xel_t *el, const sl_jschema_t *schema)
{
  sl_codec_spec_t spec;
  if (!sl_b_codec_spec(b, el, NULL, NULL, SL_CODEC_TEXT, &spec)) return NULL;
  if (schema && el && sl_xel_at(el, "type"))
    sl_check_narrow_json(&spec, schema);
  else if (schema)
    sl_codec_spec_schema(&spec, schema);
  return sl_b_codec_make(b, &spec, el ? el : b->root);
}

/* `else R205, R203`: the place holds something else than a value. */
static bool holds_value(sl_build_t *b, const sl_xat_t *path, const char *name,
                        const sl_jschema_t *schema)
{
  unsigned types = sl_jschema_types(schema);
  if (types & ~(unsigned)(SL_JT_OBJECT | SL_JT_ARRAY | SL_JT_NULL)) return true;
  if (types & SL_JT_ARRAY)
    sl_b_error(b, "R203", path->value_line, path->value_col,
               sl_b_printf(b, "map it with <list legacy=\"%s\" …>", path->value), "%s is an array",
               name);
  else
    sl_b_error(b, "R205", path->value_line, path->value_col, "map its members, in an <object>",
               "%s is an object, not a value", name);
  return false;
}

bool sl_b_json_field(sl_build_t *b, const sl_xel_t *el, const sl_xat_t *path, const sl_bj_t *j,
                     sl_field_t *field)
{
  const sl_jschema_t *in = parent_schema(j);
  field->nillable = true;
  if (j->schema && path && !holds_value(b, path, path->value, j->schema)) return false;
  if (j->schema) promise(field, j->schema);
  field->required = in && sl_jschema_requires(in, sl_str(j->key));
  field->schema = j->schema;
  field->codec = sl_b_codec_json(b, el, j->schema);
  return true;
}

bool sl_b_json_list(sl_build_t *b, const sl_xat_t *path, const sl_bj_t *j, sl_bf_t *item,
                    sl_list_t *list)
{
  sl_jschemas_t *all = schemas_of(b);
  if (!all || !j->schema) return true;
  unsigned types = sl_jschema_types(j->schema);
  if (!(types & SL_JT_ARRAY)) {
    sl_b_error(b, "T204", path->value_line, path->value_col,
               types & SL_JT_OBJECT ? "use <object>, or correct the path" : "use <field>",
               "%s is no array: it is no list", path->value);
    return false;
  }
  const sl_jschema_t *s = sl_jschema_item(all, j->schema, 0);
  sl_jfacets_t facets = sl_jschema_facets(j->schema);
  item->legacy_json->schema = s == &sl_jschema_any ? NULL : s;
  list->min = facets.min_items > 0 ? (uint32_t)facets.min_items : 0;
  if (facets.max_items >= 0 && facets.max_items < SL_UNBOUNDED)
    list->max = (uint32_t)facets.max_items;
  return true;
}

/* --- parameters --------------------------------------------------------------------------------
 */

static const struct {
  const char *prefix;
  sl_oin_t in;
  const char *what;
} ends[] = {{"path:", SL_O_PATH, "path"},
            {"query:", SL_O_QUERY, "query"},
            {"header:", SL_O_HEADER, "header"}};

/* Names of the path's are the call's own; the others are the contract's. */
static void no_param(sl_bf_t *f, const sl_xat_t *path, sl_oin_t in, const char *name)
{
  sl_build_t *b = f->b;
  const char *words[64];
  size_t n = 0;
  f->lost_params |= 1u << in;
  for (size_t k = 0; in != SL_O_PATH && k < f->oop->n_params && n < 64; k++)
    if (f->oop->params[k].in == in)
      words[n++] = sl_b_printf(b, "%s%s", ends[in].prefix, f->oop->params[k].name);
  for (const char *p = f->call_path; in == SL_O_PATH && (p = strchr(p, '{')) && n < 64; p++)
    words[n++] = sl_b_printf(b, "path:%.*s", (int)strcspn(p + 1, "}"), p + 1);
  sl_b_error(b, "R209", path->value_line, path->value_col, sl_b_advice(b, path->value, words, n),
             "%s %s has no %s parameter %s", f->oop->method,
             in == SL_O_PATH ? f->call_path : f->oop->path, ends[in].what, name);
}

bool sl_b_rest_end(sl_bf_t *f, const sl_xel_t *el, const sl_xat_t *path, sl_field_t *field)
{
  sl_build_t *b = f->b;
  const sl_oparam_t *p = NULL;
  for (size_t i = 0; f->oop && i < 3; i++) {
    size_t len = strlen(ends[i].prefix);
    if (strncmp(path->value, ends[i].prefix, len)) continue;
    p = sl_oop_param(f->oop, ends[i].in, path->value + len, f->call_path);
    /* Headers are sent for many reasons that no contract tells. */
    if (p || ends[i].in == SL_O_HEADER) break;
    no_param(f, path, ends[i].in, path->value + len);
  }
  field->nillable = true;
  field->required = p && p->required;
  field->param = p;
  field->schema = p ? p->schema : NULL;
  field->codec = sl_b_codec_json(b, el, p ? p->schema : NULL);
  return true;
}

/* --- statuses ----------------------------------------------------------------------------------
 */

static bool named(const sl_outcome_t *o, const sl_oresponse_t *r, bool *success_p)
{
  char code[4];
  memcpy(code, r->text, 3);
  code[3] = '\0';
  for (size_t i = 0; i < o->n_whens; i++) {
    const sl_when_t *w = &o->whens[i];
    if (w->is && (w->prefix ? strncmp(w->is, code, w->is_len) : strcmp(w->is, code))) continue;
    *success_p = w->status < 400;
    return w->is != NULL;
  }
  return false;
}

/* Is something wrong about an outcome in el? It may be the one that judges the status. */
static bool unclear(const sl_build_t *b, const sl_xel_t *el)
{
  for (const sl_xel_t *o = el->first; (o = sl_xel_find(o, "outcome")); o = o->next) {
    const sl_xat_t *code = sl_xel_at(o, "legacy");
    if (o->wrong || !code || sl_b_guessed(b, code->value_line, code->value_col)) return true;
    for (const sl_xel_t *w = o->first; (w = sl_xel_find(w, NULL)); w = w->next)
      if (w->wrong) return true;
  }
  return false;
}

void sl_b_oop_statuses(sl_build_t *b, const sl_op_t *op, const sl_oop_t *oop, const sl_xel_t *el)
{
  if (unclear(b, el) || unclear(b, b->system)) return;
  const sl_outcome_t *judge = NULL;
  const char *errors = "";
  for (size_t i = 0; i < op->n_outcomes; i++)
    if (op->outcomes[i].source == SL_FROM_STATUS) judge = &op->outcomes[i];
  for (size_t i = 0; i < oop->n_responses; i++) {
    const sl_oresponse_t *r = &oop->responses[i];
    bool success = true;
    if (r->status < 100) continue; /* default, 4XX: nothing that could be named */
    if (!judge && r->status >= 400)
      errors = sl_b_printf(b, "%s%s%s", errors, *errors ? ", " : "", r->text);
    if (judge && r->status < 300 && !named(judge, r, &success) && !success)
      sl_b_error(b, "R321", el->line, el->col,
                 sl_b_printf(b, "add <when is=\"%s\" status=\"…\"/> to the outcome", r->text),
                 "the contract declares the success %s, which the outcome takes for an error",
                 r->text);
  }
  if (*errors)
    sl_b_error(b, "R313", el->line, el->col,
               "add <outcome legacy=\"#status\"> with a <when> for each, and an <otherwise>",
               "the contract declares the statuses %s, and nothing says what they mean", errors);
}
