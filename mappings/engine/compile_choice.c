/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/check.h"
#include "mappings/engine/compile.h"

/* A choice in a choice in a choice … of more levels than this is a mistake. */
enum { MAX_WITHIN = 8, MAX_STEPS = 16 };

/* --- which cases are there together
 * ------------------------------------------------------------------- */

bool sl_only_apart(sl_only_t a, sl_only_t b)
{
  for (; a.choice; a = a.choice->within)
    for (sl_only_t c = b; c.choice; c = c.choice->within)
      if (a.choice == c.choice && !(a.cases & c.cases)) return true;
  return false;
}

bool sl_only_same(sl_only_t a, sl_only_t b)
{
  return a.choice == b.choice && a.cases == b.cases;
}

bool sl_only_within(sl_only_t inner, sl_only_t outer)
{
  if (!outer.choice) return true;
  for (; inner.choice; inner = inner.choice->within)
    if (inner.choice == outer.choice) return !(inner.cases & ~outer.cases);
  return false;
}

/* Some choice that is made within `in`, and that all cases of are covered. */
bool sl_onlys_cover(const sl_only_t *v, size_t n, sl_only_t in)
{
  for (size_t i = 0; i < n; i++)
    if (sl_only_within(in, v[i])) return true;
  for (size_t i = 0; i < n; i++)
    for (sl_only_t o = v[i]; o.choice; o = o.choice->within) {
      const sl_choice_t *c = o.choice;
      bool all = c->within.choice == in.choice && sl_only_within(in, c->within);
      for (size_t k = 0; k < c->n_cases && all; k++)
        all = sl_onlys_cover(v, n, (sl_only_t){c, (uint64_t)1 << k});
      if (all) return true;
    }
  return false;
}

size_t sl_place_onlys(const sl_field_t *field, const sl_const_t *constant, sl_only_t *v, size_t max)
{
  size_t n = 0;
  for (; field && n < max; field = field->other)
    if (field->access != SL_READ_ONLY || field->generated) v[n++] = field->only;
  for (; constant && n < max; constant = constant->other) v[n++] = constant->only;
  return n;
}

bool sl_place_always(const sl_field_t *field, const sl_const_t *constant, sl_only_t in)
{
  sl_only_t v[SL_CASES_MAX];
  return sl_onlys_cover(v, sl_place_onlys(field, constant, v, SL_CASES_MAX), in);
}

const sl_xtype_t *sl_bc_type(const sl_bc_t *bc, sl_only_t only)
{
  for (; bc && bc->types && only.choice; only = only.choice->within)
    for (size_t i = 0; only.choice == bc->choice && i < bc->choice->n_cases; i++)
      if (only.cases >> i & 1) return bc->types[i];
  return NULL;
}

/* --- what the contract knows of the kinds
 * ------------------------------------------------------------- */

/* Type of a case that is named NAME or {namespace}NAME; NULL after an error. */
static const sl_xtype_t *type_of(sl_at_t at, const sl_xat_t *name)
{
  sl_build_t *b = at.f->b;
  const sl_xtype_t *base = at.x->type, *all[64], *found = NULL;
  const char *local = strchr(name->value, '}'), *words[65];
  size_t n = sl_contract_derived(b->m->contract, base, all, 64), n_words = 0;
  if (n > 64) n = 64;
  all[n == 64 ? 63 : n++] = base;
  bool with_ns = name->value[0] == '{' && local;
  local = with_ns ? local + 1 : name->value;
  for (size_t i = 0; i < n; i++) {
    words[n_words++] = all[i]->name;
    if (strcmp(all[i]->name, local)) continue;
    size_t len = strlen(all[i]->ns);
    if (with_ns && (strncmp(name->value + 1, all[i]->ns, len) || name->value[1 + len] != '}'))
      continue;
    if (found) {
      sl_b_error(b, "R202", name->value_line, name->value_col, "write it as {namespace}name",
                 "two types derived from %s are called %s", base->name, local);
      return NULL;
    }
    found = all[i];
  }
  if (!found)
    sl_b_error(b, "R260", name->value_line, name->value_col, sl_b_advice(b, local, words, n_words),
               "no type %s is derived from %s", name->value,
               base->name[0] ? base->name : at.x->name);
  else if (found->abstract)
    sl_b_error(b, "R260", name->value_line, name->value_col, "name the types derived from it",
               "the type %s is abstract: no record is of it", found->name);
  return found && !found->abstract ? found : NULL;
}

/* Kinds that the contract allows and no case names: an answer with one is refused. */
static void warn_left(const sl_bc_t *bc, sl_bf_t *f, const char *names)
{
  const sl_xat_t *at = sl_xel_at(bc->el, "legacy");
  if (*names)
    sl_b_warn(f->b, "W202", at->value_line, at->value_col, "add a <case> for each",
              "the contract has kinds of %s that no case names, and an answer with one is refused: "
              "%s",
              bc->x->path[0] ? bc->x->path : bc->x->name, names);
}

static void types_left(const sl_bc_t *bc, sl_bf_t *f)
{
  sl_build_t *b = f->b;
  const sl_xtype_t *all[64];
  const char *names = "";
  if (!bc->types || !bc->x->type) return;
  size_t n = sl_contract_derived(b->m->contract, bc->x->type, all, 64);
  if (n > 63) n = 63;
  all[n++] = bc->x->type;
  for (size_t i = 0; i < n; i++) {
    bool known = all[i]->abstract;
    for (size_t k = 0; k < bc->choice->n_cases && !known; k++) known = bc->types[k] == all[i];
    if (!known) names = sl_b_printf(b, "%s%s%s", names, *names ? ", " : "", all[i]->name);
  }
  warn_left(bc, f, names);
}

/* The other alternatives of the XSD choice, or members of the substitution group. */
static void elements_left(const sl_bc_t *bc, sl_bf_t *f)
{
  sl_build_t *b = f->b;
  const sl_xtype_t *t = bc->x->type;
  uint32_t number = 0;
  const char *names = "";
  if (!t) return;
  for (const sl_bx_t *c = bc->x->first; c && !number; c = c->next)
    if (c->only.choice == bc->choice && c->child) number = c->child->choice;
  for (size_t i = 0; number && i < t->n_children; i++) {
    const sl_bx_t *c = bc->x->first;
    if (t->children[i].choice != number) continue;
    while (c && c->child != &t->children[i]) c = c->next;
    if (!c) names = sl_b_printf(b, "%s%s%s", names, *names ? ", " : "", t->children[i].elem->name);
  }
  warn_left(bc, f, names);
}

/* The literals of a code against the contract's enumeration, both ways. */
static void codes_fit(const sl_bc_t *bc, sl_bf_t *f, const sl_xtype_t *type)
{
  sl_build_t *b = f->b;
  const char *names = "";
  char why[SL_WHY];
  if (!type) return;
  for (size_t i = 0; i < bc->choice->n_cases; i++) {
    const sl_xat_t *legacy = sl_xel_at(bc->case_els[i], "legacy");
    if (!sl_xtype_accepts(type, legacy->value, 0, why))
      sl_b_error(b, "T210", legacy->value_line, legacy->value_col, "correct the code",
                 "the contract has no such code in %s: \"%s\" %s", sl_xel_get(bc->el, "legacy", ""),
                 legacy->value, why);
  }
  for (size_t i = 0; i < type->facets.n_enums; i++) {
    bool known = false;
    for (size_t k = 0; k < bc->choice->n_cases && !known; k++)
      known = !strcmp(sl_xel_get(bc->case_els[k], "legacy", ""), type->facets.enums[i]);
    if (!known)
      names = sl_b_printf(b, "%s%s\"%s\"", names, *names ? ", " : "", type->facets.enums[i]);
  }
  warn_left(bc, f, names);
}

/* --- making it
 * -------------------------------------------------------------------------------------- */

static sl_field_t *kind_field(sl_at_t at, const sl_xel_t *el, sl_bc_t *bc)
{
  static const sl_xel_t nobody = {.name = "choice"};
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy"), *json = sl_xel_at(el, "json");
  sl_choice_t *c = bc->choice;
  sl_field_t *sel = sl_bf_field(at.f, &nobody);
  sl_field_t *kind = sel ? sl_bf_field(at.f, json ? el : &nobody) : NULL;
  if (!kind) return NULL;
  c->sel = sel->slot;
  c->kind = kind;
  c->access = kind->access = (uint8_t)sl_b_narrower(at.access, sl_b_access(el));
  kind->line = el->line, kind->col = el->col;
  sel->access = SL_READ_ONLY;
  sel->only = (sl_only_t){NULL, 0};
  kind->legacy = kind->label = sl_b_printf(b, "%s", legacy->value);
  c->label = kind->legacy;
  c->pointer = at.j->pointer;
  if (!json) {
    c->label = at.json_base[0] || at.j->pointer[0]
                   ? sl_b_printf(b, "%s%s", at.json_base, at.j->pointer)
                   : kind->legacy;
    return kind;
  }
  sl_bj_t *j = sl_bj_walk(at.f, at.j, json->value, json, SL_JN_FIELD, (sl_access_t)kind->access);
  if (!j) return kind;
  j->field = kind;
  j->names = c;
  c->told = true;
  c->pointer = j->pointer;
  c->label = kind->json = kind->label = sl_b_printf(b, "%s%s", at.json_base, j->pointer);
  return kind;
}

/* The names of the members from the root to j. */
static const sl_str_t *steps_to(sl_build_t *b, const sl_bj_t *j, uint16_t *n_p)
{
  uint16_t n = 0;
  for (const sl_bj_t *i = j; i && i->parent; i = i->parent) n++;
  sl_str_t *v = sl_b_alloc(b, (n + 1u) * sizeof *v);
  *n_p = v ? n : 0;
  for (; v && n > 0; j = j->parent) v[--n] = sl_str(j->key);
  return v;
}

static const sl_bj_t *find_kind(const sl_bj_t *j, const sl_field_t *kind)
{
  if (j->field == kind) return j;
  const sl_bj_t *found = NULL;
  for (const sl_bj_t *c = j->first; c && !found; c = c->next) found = find_kind(c, kind);
  return found;
}

/* Every case has both ends, and no literal comes twice. */
static bool cases_fit(sl_build_t *b, const sl_bc_t *bc)
{
  static const char *const ends[] = {"legacy", "json"};
  bool fine = true;
  for (size_t i = 0; i < bc->choice->n_cases; i++)
    for (size_t e = 0; e < 2; e++) {
      const sl_xat_t *at = sl_xel_at(bc->case_els[i], ends[e]);
      if (!at) return false; /* the schema said so */
      for (size_t k = 0; k < i; k++)
        if (!strcmp(sl_xel_get(bc->case_els[k], ends[e], ""), at->value)) {
          sl_b_error(b, "R261", at->value_line, at->value_col, "each case has a word of its own",
                     "the case \"%s\" is there twice (line %d)", at->value, bc->case_els[k]->line);
          fine = false;
          break;
        }
    }
  return fine;
}

static sl_bc_t *new_choice(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  sl_bc_t *bc = sl_b_alloc(b, sizeof *bc);
  sl_choice_t *c = sl_b_alloc(b, sizeof *c);
  size_t n = 0, i = 0;
  for (const sl_xel_t *k = el->first; (k = sl_xel_find(k, "case")); k = k->next) n++;
  const sl_xel_t **els = sl_b_alloc(b, (n + 1) * sizeof *els);
  sl_case_t *cases = sl_b_alloc(b, (n + 1) * sizeof *cases);
  sl_bc_t **v = sl_b_grow(b, at.f->choices, at.f->n_choices, sizeof *v);
  if (!bc || !c || !els || !cases || !v) return NULL;
  at.f->choices = v;
  if (n > SL_CASES_MAX) {
    sl_b_error(b, "R262", el->line, el->col, NULL, "a choice of more than %d cases", SL_CASES_MAX);
    return NULL;
  }
  for (const sl_xel_t *k = el->first; (k = sl_xel_find(k, "case")); k = k->next, i++) {
    els[i] = k;
    cases[i] = (sl_case_t){.legacy = sl_str(sl_b_printf(b, "%s", sl_xel_get(k, "legacy", ""))),
                           .json = sl_str(sl_b_printf(b, "%s", sl_xel_get(k, "json", ""))),
                           .xsi = sl_str("")};
  }
  c->cases = cases;
  c->n_cases = (uint16_t)n;
  c->base = -1;
  c->within = at.f->only;
  *bc = (sl_bc_t){.choice = c, .el = el, .case_els = els, .x = at.x};
  v[at.f->n_choices++] = bc;
  return bc;
}

/* --- the three ways to tell
 * ---------------------------------------------------------------------------- */

/* Name and type of each case; false after an error. */
static bool cases_of_types(sl_at_t at, sl_bc_t *bc)
{
  sl_build_t *b = at.f->b;
  sl_choice_t *c = bc->choice;
  bool fine = true;
  if (at.x->type) bc->types = sl_b_alloc(b, c->n_cases * sizeof *bc->types);
  for (size_t i = 0; i < c->n_cases; i++) {
    const sl_xat_t *legacy = sl_xel_at(bc->case_els[i], "legacy");
    sl_case_t *k = (sl_case_t *)(uintptr_t)&c->cases[i]; /* being built */
    const char *close = legacy->value[0] == '{' ? strchr(legacy->value, '}') : NULL;
    const char *name = close ? close + 1 : legacy->value;
    const char *ns =
        close ? sl_b_dup(b, legacy->value + 1, (size_t)(close - legacy->value) - 1) : NULL;
    if (!*name || strpbrk(name, ":/@[ ")) {
      sl_b_error(b, "R200", legacy->value_line, legacy->value_col, "NAME or {namespace}NAME",
                 "\"%s\" is no name of a type", legacy->value);
      fine = false;
      continue;
    }
    if (bc->types) {
      const sl_xtype_t *type = bc->types[i] = type_of(at, legacy);
      fine &= type != NULL;
      if (!type) continue;
      ns = type->ns;
      if (type == at.x->type) c->base = (int16_t)i;
    }
    k->name = sl_b_name(b, &b->m->names, name);
    k->ns = ns ? sl_b_name(b, &b->m->spaces, ns) : (uint16_t)SL_NS_ANY;
    bool prefixed = k->ns != SL_NS_ANY && k->ns != SL_NS_NONE;
    if (c->base != (int16_t)i)
      k->xsi = sl_str(prefixed ? sl_b_printf(b, " xsi:type=\"n%u:%s\"", k->ns, name)
                               : sl_b_printf(b, " xsi:type=\"%s\"", name));
  }
  return fine;
}

static bool by_type(sl_at_t at, const sl_xel_t *el, sl_bc_t *bc)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy");
  bc->choice->by = SL_BY_TYPE;
  if (b->m->kind != SL_KIND_SOAP) {
    sl_b_error(b, "R263", legacy->value_line, legacy->value_col, "name the code that tells them",
               "xsi:type is of XML, and this system is %s", sl_system_kind_name(b->m->kind));
    return false;
  }
  if (at.x->by_type) {
    sl_b_error(b, "R211", legacy->value_line, legacy->value_col, "one <choice> for each element",
               "the xsi:type of this element decides another choice already (line %d)",
               at.x->by_type->el->line);
    return false;
  }
  bc->choice->optional = at.x != at.f->xml;
  at.x->by_type = bc;
  return cases_of_types(at, bc);
}

static bool by_element(sl_at_t at, const sl_xel_t *el, sl_bc_t *bc)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy");
  bc->choice->by = SL_BY_ELEMENT;
  bc->choice->optional = b->m->kind == SL_KIND_SOAP ? at.x != at.f->xml : at.lj->parent != NULL;
  if (b->m->kind != SL_KIND_ODBC) return true;
  sl_b_error(b, "R263", legacy->value_line, legacy->value_col, "name the column that tells them",
             "a row has all its columns: none of them tells the kind by being there");
  return false;
}

static bool by_code(sl_at_t at, const sl_xel_t *el, sl_bc_t *bc, sl_field_t *kind, bool distinct)
{
  sl_build_t *b = at.f->b;
  sl_choice_t *c = bc->choice;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy");
  c->by = SL_BY_CODE;
  sl_bx_t *x = at.x;
  c->optional = b->m->kind == SL_KIND_SOAP   ? x != at.f->xml
                : b->m->kind == SL_KIND_ODBC ? at.j->parent != NULL
                                             : at.lj->parent != NULL;
  if (!sl_b_legacy_end(at, el, legacy, kind)) return false;
  sl_ba_t *attr = NULL;
  x = b->m->kind == SL_KIND_SOAP ? sl_bx_walk(at.f, at.x, legacy->value, legacy, false, &attr)
                                 : NULL;
  if (x && distinct) codes_fit(bc, at.f, attr ? (attr->decl ? attr->decl->type : NULL) : x->type);
  return true;
}

static bool kind_codec(sl_at_t at, const sl_xel_t *el, const sl_bc_t *bc, sl_field_t *kind)
{
  sl_build_t *b = at.f->b;
  size_t n = bc->choice->n_cases;
  sl_code_row_t *rows = sl_b_alloc(b, (n + 1) * sizeof *rows);
  for (size_t i = 0; rows && i < n; i++)
    rows[i] =
        (sl_code_row_t){bc->choice->cases[i].legacy.p, bc->choice->cases[i].json.p, SL_READ_WRITE};
  kind->codec = rows ? sl_b_rows_codec(b, el, rows, n, kind->column) : NULL;
  return kind->codec;
}

/* --- the members of a case
 * ---------------------------------------------------------------------------- */

/* The element that is the case's: its members are below it. */
static bool enter_element(sl_at_t *at, const sl_bc_t *bc, size_t i)
{
  sl_build_t *b = at->f->b;
  const sl_xat_t *legacy = sl_xel_at(bc->case_els[i], "legacy");
  if (b->m->kind != SL_KIND_SOAP) {
    if (legacy->value[0] != '/') {
      sl_b_error(b, "R200", legacy->value_line, legacy->value_col, "legacy=\"/name\"",
                 "\"%s\" is not a JSON pointer, which the legacy side of this system needs",
                 legacy->value);
      return false;
    }
    at->lj = sl_bj_walk(at->f, at->lj, legacy->value, legacy, SL_JN_OBJECT, at->access);
    if (at->lj) at->lj->tells = true;
    return at->lj;
  }
  sl_ba_t *attr;
  const char *close = legacy->value[0] == '{' ? strchr(legacy->value, '}') : NULL;
  const char *name = close ? close + 1 : legacy->value;
  if (!*name || strpbrk(name, "/@{")) {
    sl_b_error(b, "R200", legacy->value_line, legacy->value_col, "NAME or {namespace}NAME",
               "\"%s\" is no name of an element", legacy->value);
    return false;
  }
  sl_bx_t *x = sl_bx_walk(at->f, at->x, legacy->value, legacy, false, &attr);
  if (!x) return false;
  if (!sl_only_same(x->only, at->f->only)) {
    sl_b_error(b, "R211", legacy->value_line, legacy->value_col, NULL,
               "%s is mapped outside of this case as well", x->path);
    return false;
  }
  at->x = x;
  at->f->x_element = x;
  return true;
}

static void members_of_case(sl_at_t at, const sl_bc_t *bc, size_t i)
{
  sl_bf_t *f = at.f;
  sl_only_t only = f->only, x_only = f->x_only;
  const sl_bx_t *element = f->x_element;
  const char *object = f->object;
  sl_bx_t *x = at.x;
  const sl_xtype_t *type = x ? x->type : NULL;
  if (bc->types && !bc->types[i]) return;
  f->only = (sl_only_t){bc->choice, (uint64_t)1 << i};
  if (bc->choice->by != SL_BY_CODE) f->x_only = f->only, f->x_element = NULL;
  if (bc->types) x->type = bc->types[i];
  if (bc->choice->by == SL_BY_ELEMENT)
    f->object = sl_b_object(f, sl_xel_get(bc->case_els[i], "legacy", ""));
  if (bc->choice->by != SL_BY_ELEMENT || enter_element(&at, bc, i))
    sl_b_members(at, bc->case_els[i]);
  f->object = object;
  if (bc->types) x->type = type;
  f->only = only;
  f->x_only = x_only;
  f->x_element = element;
}

static bool all_named(const sl_xel_t *el)
{
  const sl_xel_t *k = sl_xel_find(el->first, "case");
  bool any = k;
  for (; k; k = sl_xel_find(k->next, "case"))
    if (!sl_xel_at(k, "legacy")) return false;
  return any;
}

void sl_b_choice(sl_at_t at, const sl_xel_t *el)
{
  sl_build_t *b = at.f->b;
  const sl_xat_t *legacy = sl_xel_at(el, "legacy");
  if (!legacy || !all_named(el)) return sl_b_lose(at); /* the schema said so */
  int depth = 0;
  for (sl_only_t o = at.f->only; o.choice; o = o.choice->within) depth++;
  if (depth >= MAX_WITHIN) {
    sl_b_error(b, "R232", el->line, el->col, NULL, "more than %d choices within choices",
               MAX_WITHIN);
    return;
  }
  sl_bc_t *bc = new_choice(at, el);
  if (!bc) return;
  bool distinct = cases_fit(b, bc);
  bool type = !strcmp(legacy->value, "@xsi:type"), element = !strcmp(legacy->value, "*");
  /* The members of an element that may be left out: so may the kind be. */
  sl_field_t *kind = kind_field(at, el, bc);
  if (!kind) return;
  at.access = (sl_access_t)kind->access;
  bool fine = type      ? by_type(at, el, bc)
              : element ? by_element(at, el, bc)
                        : by_code(at, el, bc, kind, distinct);
  if (distinct && !kind_codec(at, el, bc, kind)) return;
  for (size_t i = 0; i < bc->choice->n_cases && (fine || !element); i++) members_of_case(at, bc, i);
  if (at.f->request || !distinct) return;
  if (type && fine) types_left(bc, at.f);
  if (element && fine && b->m->kind == SL_KIND_SOAP) elements_left(bc, at.f);
}

/* --- when all lines are known
 * -------------------------------------------------------------------------- */

static bool has_pointer(const sl_bj_t *j, sl_only_t only, const char *pointer)
{
  if (j->kind != SL_JN_OBJECT && !strcmp(j->pointer, pointer) && j->only.choice == only.choice &&
      j->only.cases != only.cases)
    return true;
  for (const sl_bj_t *c = j->first; c; c = c->next)
    if (has_pointer(c, only, pointer)) return true;
  return false;
}

/* Without a member that names the kind, each member has to tell it. */
static void tells(sl_bf_t *f, const sl_bc_t *bc, const sl_bj_t *j, uint64_t *seen)
{
  if (j->only.choice == bc->choice && j->kind != SL_JN_OBJECT && j->kind != SL_JN_IGNORE) {
    const sl_xat_t *legacy = sl_xel_at(bc->el, "legacy");
    *seen |= j->only.cases;
    if (has_pointer(f->json, j->only, j->pointer))
      sl_b_error(f->b, "R264", legacy->value_line, legacy->value_col,
                 "add json=\"/…\": a member that names the kind",
                 "without json= the members tell the kind, and %s is in several cases", j->pointer);
  }
  for (const sl_bj_t *c = j->first; c; c = c->next) tells(f, bc, c, seen);
}

static void check_told(sl_bf_t *f, const sl_bc_t *bc)
{
  uint64_t seen = 0;
  tells(f, bc, f->json, &seen);
  for (size_t i = 0; i < f->n_choices; i++) { /* a case may be all choice */
    const sl_only_t *within = &f->choices[i]->choice->within;
    if (within->choice == bc->choice) seen |= within->cases;
  }
  for (size_t i = 0; i < bc->choice->n_cases; i++) {
    const sl_xel_t *el = bc->case_els[i];
    if (!(seen >> i & 1))
      sl_b_error(f->b, "R264", el->line, el->col, "add json=\"/…\" to the choice, or a member here",
                 "without json= the members tell the kind, and the case \"%s\" has none",
                 sl_xel_get(el, "json", ""));
  }
}

/* No alternative has to be there, when the contract demands none. */
static bool demanded(const sl_bc_t *bc)
{
  for (const sl_bx_t *c = bc->x->first; c; c = c->next)
    if (c->only.choice == bc->choice && c->child) return c->child->demanded;
  return true;
}

/* A restriction may leave out what its base has: lines for all kinds cannot name it. */
static void fits_type(sl_bf_t *f, const sl_bc_t *bc, size_t i)
{
  sl_build_t *b = f->b;
  const sl_xtype_t *type = bc->types[i];
  sl_only_t only = {bc->choice, (uint64_t)1 << i};
  const sl_xat_t *legacy = sl_xel_at(bc->case_els[i], "legacy");
  const char *names = "";
  for (const sl_bx_t *c = bc->x->first; c; c = c->next)
    if (c->child && !c->ignored && !sl_only_apart(c->only, only) &&
        !sl_xtype_child(type, c->child->elem->ns, c->child->elem->name, NULL))
      names = sl_b_printf(b, "%s%s%s", names, *names ? ", " : "", c->name);
  for (const sl_ba_t *a = bc->x->attrs; a; a = a->next)
    if (a->decl && !a->ignored && !sl_only_apart(a->only, only) &&
        !sl_xtype_attr(type, a->decl->ns, a->decl->name))
      names = sl_b_printf(b, "%s%s@%s", names, *names ? ", " : "", a->name);
  if (*names)
    sl_b_error(b, "R265", legacy->value_line, legacy->value_col, "map it in the cases that have it",
               "the type %s has no %s, which is mapped for all kinds", type->name, names);
}

void sl_b_finish_choices(sl_bf_t *f)
{
  sl_build_t *b = f->b;
  const sl_choice_t **v = f->n_choices ? sl_b_alloc(b, f->n_choices * sizeof *v) : NULL;
  for (size_t i = 0; v && i < f->n_choices; i++) {
    sl_bc_t *bc = f->choices[i];
    sl_choice_t *c = bc->choice;
    v[i] = c;
    if (!c->kind) continue; /* an error was reported */
    const sl_bj_t *j = c->told ? find_kind(f->json, c->kind) : NULL,
                  *lj = c->by == SL_BY_CODE ? find_kind(f->legacy_json, c->kind) : NULL;
    if (j) c->steps = steps_to(b, j, &c->n_steps);
    if (lj) c->legacy_steps = steps_to(b, lj, &c->n_legacy_steps);
    if (c->by == SL_BY_ELEMENT && bc->x && bc->x->type && !demanded(bc)) c->optional = true;
    if (!c->told) check_told(f, bc);
    for (size_t k = 0; bc->types && k < c->n_cases; k++)
      if (bc->types[k]) fits_type(f, bc, k);
  }
  f->frame->choices = v;
  f->frame->n_choices = v ? f->n_choices : 0;
}
