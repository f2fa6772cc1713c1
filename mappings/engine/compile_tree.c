/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/compile.h"
#include "mappings/engine/mask.h"

sl_bf_t *sl_bf_new(sl_build_t *b, const char *name, bool request)
{
  sl_bf_t *f = sl_b_alloc(b, sizeof *f);
  sl_frame_t *frame = sl_b_alloc(b, sizeof *frame);
  sl_bj_t *json = sl_b_alloc(b, sizeof *json), *legacy = sl_b_alloc(b, sizeof *legacy);
  if (!f || !frame || !json || !legacy) return NULL;
  json->pointer = legacy->pointer = json->key = legacy->key = "";
  frame->name = name;
  frame->mapping = b->m;
  frame->table = "";
  f->object = "";
  f->b = b;
  f->frame = frame;
  f->json = json;
  f->legacy_json = legacy;
  f->request = request;
  return f;
}

/* NULL for elements that the engine made up. */
const sl_notes_t *sl_b_notes(sl_build_t *b, const sl_xel_t *el)
{
  sl_notes_t *n = sl_b_alloc(b, sizeof *n);
  if (!n) return NULL;
  n->element = sl_b_printf(b, "%s", el->name);
  n->type = sl_b_printf(b, "%s", sl_xel_get(el, "type", ""));
  n->since = sl_b_printf(b, "%s", sl_xel_get(el, "since", ""));
  n->pii = sl_b_printf(b, "%s", sl_xel_get(el, "pii", ""));
  n->mask = sl_b_printf(b, "%s", sl_xel_get(el, "mask", ""));
  n->note = sl_b_printf(b, "%s", sl_xel_get(el, "note", ""));
  const sl_xat_t *value = sl_xel_at(el, "default");
  if (value) n->value_default = sl_b_dup(b, value->value, strlen(value->value));
  const sl_xat_t *made = sl_xel_at(el, "xpath");
  if (!made) made = sl_xel_at(el, "template");
  if (made) n->expression = sl_b_dup(b, made->value, strlen(made->value));
  n->modulo = sl_b_modulo(el);
  return n;
}

sl_field_t *sl_bf_field(sl_bf_t *f, const sl_xel_t *el)
{
  sl_build_t *b = f->b;
  sl_field_t *field = sl_b_alloc(b, sizeof *field);
  sl_field_t **v = sl_b_grow(b, f->fields, f->n_fields, sizeof *v);
  const sl_xel_t **els = sl_b_grow(b, f->els, f->n_fields, sizeof *els);
  if (!field || !v || !els) return NULL;
  f->fields = v;
  f->els = els;
  els[f->n_fields] = el;
  field->slot = (uint16_t)f->n_fields;
  field->json = field->http = field->legacy = field->label = "";
  field->object = f->object;
  field->order = (uint32_t)(f->n_fields + f->n_lists);
  field->line = el->line;
  field->col = el->col;
  field->notes = el->parent ? sl_b_notes(b, el) : NULL;
  field->only = f->only;
  sl_mask_parse(sl_xel_get(el, "mask", ""), field);
  if (f->n_fields >= UINT16_MAX) return b->failed = true, NULL;
  return v[f->n_fields++] = field;
}

sl_list_t *sl_bf_list(sl_bf_t *f, const sl_xel_t *el, sl_bf_t *item)
{
  sl_build_t *b = f->b;
  sl_list_t *list = sl_b_alloc(b, sizeof *list);
  sl_list_t **v = sl_b_grow(b, f->lists, f->n_lists, sizeof *v);
  sl_bf_t **items = sl_b_grow(b, f->items, f->n_lists, sizeof *items);
  const sl_xel_t **els = sl_b_grow(b, f->list_els, f->n_lists, sizeof *els);
  if (!list || !v || !items || !els) return NULL;
  f->lists = v;
  f->items = items;
  f->list_els = els;
  els[f->n_lists] = el;
  list->index = (uint16_t)f->n_lists;
  list->json = list->legacy = list->table = "";
  list->object = f->object;
  list->order = (uint32_t)(f->n_fields + f->n_lists);
  list->max = SL_UNBOUNDED;
  list->line = el->line;
  list->col = el->col;
  list->item = item->frame;
  list->notes = el->parent ? sl_b_notes(b, el) : NULL;
  list->drops = b->lossy || (list->notes && list->notes->modulo & SL_MODULO_GAPS);
  list->only = f->only;
  items[f->n_lists] = item;
  return v[f->n_lists++] = list;
}

void sl_bf_http(sl_bf_t *f, const char *name, const sl_field_t *field)
{
  sl_http_end_t *v = sl_b_grow(f->b, f->http, f->n_http, sizeof *v);
  if (!v) return;
  f->http = v;
  v[f->n_http++] = (sl_http_end_t){sl_str(name), field};
}

/* --- XML paths
 * ---------------------------------------------------------------------------------------- */

struct step {
  const char *start; /* in the path, for the column */
  const char *ns;    /* NULL: not given */
  const char *name;
  bool attr;
  const char *test, *is; /* [@n='color']; NULL: no predicate */
  bool bad;              /* a predicate of another form */
};

/* [@NAME='text'] or [NAME='text'], p at its bracket; returns what is behind it. */
static const char *cut_predicate(sl_build_t *b, const char *p, struct step *s)
{
  size_t test = strcspn(p + 1, "=[]/'\"");
  const char *open = p + 1 + test;
  char mark = *open == '=' ? open[1] : '\0';
  const char *close = mark == '\'' || mark == '"' ? strchr(open + 2, mark) : NULL;
  s->bad = !close || !test || close[1] != ']' || (close[2] && close[2] != '/') ||
           (p[1] == '@' && test == 1);
  if (s->bad) return p + strlen(p);
  s->test = sl_b_dup(b, p + 1, test);
  s->is = sl_b_dup(b, open + 2, (size_t)(close - open) - 2);
  return close + 2;
}

/* The next step of a path: NAME, {uri}NAME, @NAME, NAME[@NAME='text']. */
static const char *cut(sl_build_t *b, const char *p, struct step *s)
{
  *s = (struct step){.start = p};
  if (*p == '@') s->attr = true, p++;
  const char *close = *p == '{' ? strchr(p, '}') : NULL;
  if (close) s->ns = sl_b_dup(b, p + 1, (size_t)(close - p) - 1), p = close + 1;
  size_t len = strcspn(p, "/[");
  s->name = sl_b_dup(b, p, len);
  p += len;
  if (*p == '[') p = cut_predicate(b, p, s);
  return *p == '/' ? p + 1 : p;
}

static void at_step(const sl_bf_t *f, const sl_xat_t *at, const char *path, const struct step *s,
                    const char *code, const char *fix, const char *text)
{
  int offset = path == at->value ? (int)(s->start - path) : 0;
  sl_b_error(f->b, code, at->value_line, at->value_col + offset, fix, "%s", text);
}

/* What stands for the head of a substitution group that is never there itself; NULL: it is none. */
static const char *substitutes(sl_build_t *b, const sl_xtype_t *type, const char *head)
{
  const char *names = NULL;
  for (size_t i = 0; i < type->n_children; i++) {
    const sl_xelem_t *elem = type->children[i].elem;
    if (!elem->head || strcmp(elem->head, head)) continue;
    names = names ? sl_b_printf(b, "%s or %s", names, elem->name) : elem->name;
  }
  return names ? sl_b_printf(b, "it stands for others: %s", names) : NULL;
}

static const char *child_advice(sl_build_t *b, const sl_xtype_t *type, const char *name)
{
  const char *words[64];
  size_t n = 0;
  const char *instead = substitutes(b, type, name);
  if (instead) return instead;
  for (size_t i = 0; i < type->n_children && n < 64; i++) words[n++] = type->children[i].elem->name;
  if (type->any_child)
    return sl_b_printf(b, "%s; or write {namespace}%s, which the contract leaves open",
                       sl_b_advice(b, name, words, n), name);
  return sl_b_advice(b, name, words, n);
}

static const char *type_label(sl_build_t *b, const sl_bx_t *x)
{
  return x->type && x->type->name[0] ? sl_b_printf(b, "%s (type %s)", x->name, x->type->name)
                                     : x->name;
}

/* Of the cases being compiled, or of all. */
static sl_bx_t *existing(const sl_bf_t *f, const sl_bx_t *from, const struct step *s,
                         const char *ns)
{
  for (sl_bx_t *c = from->first; c; c = c->next)
    if (!strcmp(c->name, s->name) && (!ns || !c->ns || !strcmp(ns, c->ns)) &&
        !sl_only_apart(c->only, f->x_only) &&
        (s->is ? c->is && !strcmp(c->is, s->is) && !strcmp(c->test, s->test) : !c->is))
      return c;
  return NULL;
}

/* A line that is there in more cases than x was made for; false: x tells the case. */
static bool widen(const sl_bf_t *f, sl_bx_t *x)
{
  if (sl_only_within(f->x_only, x->only)) return true;
  if (x->only.choice->by == SL_BY_ELEMENT) return false;
  x->only = f->x_only;
  return true;
}

static sl_bx_t *new_child(sl_bf_t *f, sl_bx_t *from, const struct step *s, const sl_xchild_t *child)
{
  sl_bx_t *x = sl_b_alloc(f->b, sizeof *x);
  if (!x) return NULL;
  x->parent = from;
  x->name = s->name;
  x->ns = child ? child->elem->ns : s->ns;
  x->child = child;
  x->elem = child ? child->elem : NULL;
  x->type = child ? child->elem->type : NULL;
  x->test = s->test;
  x->is = s->is;
  x->picked = from->picked || s->is;
  const char *own = s->is ? sl_b_printf(f->b, "%s[%s='%s']", s->name, s->test, s->is) : s->name;
  x->path = from->path[0] ? sl_b_printf(f->b, "%s/%s", from->path, own) : own;
  /* What is below the element that tells a case needs no telling. */
  bool told = f->x_only.choice && f->x_only.choice->by == SL_BY_ELEMENT && f->x_element &&
              from != f->x_element->parent;
  if (!told) x->only = f->x_only;
  if (from->last)
    from->last->next = x;
  else
    from->first = x;
  from->last = x;
  return x;
}

struct guess {
  bool guessed; /* a step of the path is what was meant, and not what it says */
};

/* What a misspelt path leads to is not taken by it, as another line may be right there; but it is
 * no longer missing. */
static bool excuse(sl_bx_t *x, sl_ba_t *attr, const struct guess *g)
{
  if (!g->guessed) return false;
  if (attr)
    attr->ignored = true;
  else
    x->lost = true;
  return true;
}

/* The child that was meant, from an error on. */
static const sl_xchild_t *meant_child(sl_bf_t *f, sl_bx_t *from, struct step *s, const sl_xat_t *at,
                                      struct guess *g)
{
  const char *words[64], *near;
  size_t n = 0;
  bool ambiguous = false;
  for (; n < from->type->n_children && n < 64; n++) words[n] = from->type->children[n].elem->name;
  near = substitutes(f->b, from->type, s->name) ? NULL : sl_b_near(f->b, at, s->name, words, n);
  if (!near) return from->lost = true, (const sl_xchild_t *)NULL;
  s->name = near;
  g->guessed = true;
  return sl_xtype_child(from->type, NULL, near, &ambiguous);
}

static sl_bx_t *walk_child(sl_bf_t *f, sl_bx_t *from, struct step *s, const char *path,
                           const sl_xat_t *at, bool repeats, struct guess *g)
{
  sl_build_t *b = f->b;
  bool ambiguous = false, wild = false;
  const sl_xchild_t *child = NULL;
  if (from->type) {
    child = sl_xtype_child(from->type, s->ns, s->name, &ambiguous);
    if (!child) wild = sl_b_wild(b, from, s->ns, s->name, repeats, &child);
    if (ambiguous)
      at_step(f, at, path, s, "R202", "write it as {namespace}name",
              sl_b_printf(b, "%s has elements called %s in two namespaces", type_label(b, from),
                          s->name));
    else if (!child && !wild && (from->type->n_children || from->type->any_child))
      at_step(f, at, path, s, "R201", child_advice(b, from->type, s->name),
              sl_b_printf(b, "no element %s in %s", s->name, type_label(b, from)));
    else if (!child && !wild)
      at_step(f, at, path, s, "R201", NULL,
              sl_b_printf(b, "no element %s in %s, which holds no elements", s->name,
                          type_label(b, from)));
    if (!child && !wild && !ambiguous && from->type->n_children)
      child = meant_child(f, from, s, at, g);
    if (!child && !wild) return from->lost = true, (sl_bx_t *)NULL;
  }
  sl_bx_t *x = existing(f, from, s, child ? child->elem->ns : s->ns);
  if (x && widen(f, x)) return x;
  if (!x) {
    x = new_child(f, from, s, child);
    if (x) x->wild = wild;
    return x;
  }
  at_step(f, at, path, s, "R211", "map it in that case",
          sl_b_printf(b, "%s belongs to a case, which it tells", x->path));
  return NULL;
}

static sl_ba_t *walk_attr(sl_bf_t *f, sl_bx_t *x, struct step *s, const char *path,
                          const sl_xat_t *at, struct guess *g)
{
  sl_build_t *b = f->b;
  const sl_xattr_t *decl = x->type ? sl_xtype_attr(x->type, s->ns, s->name) : NULL;
  if (x->type && !decl && !(x->type->any_attr && s->ns)) {
    const char *words[64];
    size_t n = 0;
    for (; n < x->type->n_attrs && n < 64; n++) words[n] = x->type->attrs[n].name;
    at_step(f, at, path, s, "R204",
            x->type->any_attr
                ? sl_b_printf(b, "write @{namespace}%s, which the contract leaves open", s->name)
                : sl_b_advice(b, s->name, words, n),
            sl_b_printf(b, "no attribute %s on %s", s->name, type_label(b, x)));
    s->name = sl_b_near(b, at, s->name, words, n);
    if (!s->name) return x->lost = true, (sl_ba_t *)NULL;
    decl = sl_xtype_attr(x->type, NULL, s->name);
    g->guessed = true;
  }
  for (sl_ba_t *a = x->attrs; a; a = a->next) {
    if (strcmp(a->name, s->name) || sl_only_apart(a->only, f->x_only) ||
        (x->type && strcmp(a->ns, decl    ? decl->ns
                                  : s->ns ? s->ns
                                          : "")))
      continue;
    if (!sl_only_within(f->x_only, a->only)) a->only = f->x_only;
    return a;
  }
  sl_ba_t *a = sl_b_alloc(b, sizeof *a);
  if (!a) return NULL;
  a->name = s->name;
  a->ns = decl ? decl->ns : s->ns ? s->ns : "";
  a->decl = decl;
  a->only = f->x_only;
  a->next = x->attrs;
  return x->attrs = a;
}

/* What a predicate looks at is written as it says. */
static bool add_test(sl_bf_t *f, sl_bx_t *x, const struct step *s, const char *path,
                     const sl_xat_t *at)
{
  sl_build_t *b = f->b;
  sl_ba_t *attr;
  char why[SL_WHY] = "";
  if (x->line) return true; /* done */
  x->line = at->value_line;
  x->col = at->value_col;
  sl_bx_t *to = sl_bx_walk(f, x, s->test, at, false, &attr);
  sl_const_t *c = to ? sl_b_alloc(b, sizeof *c) : NULL;
  if (!c || (to == x && !attr)) return false;
  *c = (sl_const_t){.text = sl_str(s->is), .label = s->test};
  *(attr ? &attr->constant : &to->constant) = c;
  const sl_xtype_t *type = attr ? (attr->decl ? attr->decl->type : NULL) : to->type;
  if (!type || sl_xtype_accepts(type, s->is, 0, why)) return true;
  at_step(f, at, path, s, "T207", NULL,
          sl_b_printf(b, "the contract refuses \"%s\" as %s of %s: it %s", s->is, s->test, x->name,
                      why));
  return false;
}

static bool repeats_here(const sl_bx_t *x)
{
  if (x->is) return false;
  return x->list || (x->child && x->child->max > 1);
}

sl_bx_t *sl_bx_walk(sl_bf_t *f, sl_bx_t *from, const char *path, const sl_xat_t *at, bool repeats,
                    sl_ba_t **attr_p)
{
  sl_bx_t *x = from;
  struct guess g = {.guessed = false};
  *attr_p = NULL;
  if (!from) return NULL;
  for (const char *p = path; *p;) {
    struct step s;
    p = cut(f->b, p, &s);
    if (!strcmp(s.name, ".") && !s.attr) continue;
    if (s.bad || (s.is && (x->picked || s.attr || !s.name[0]))) {
      at_step(f, at, path, &s, "R200", "NAME[@attribute='text'] or NAME[CHILD='text']",
              s.bad ? sl_b_printf(f->b, "\"%s\" has a predicate of another form", path)
                    : sl_b_printf(f->b, "\"%s\" has a predicate where none may be", path));
      return NULL;
    }
    if (!s.name[0] || (s.attr && *p)) {
      at_step(f, at, path, &s, "R200", "NAME/NAME, with @NAME only at the end",
              sl_b_printf(f->b, "\"%s\" is not a path", path));
      return NULL;
    }
    if (s.attr) {
      *attr_p = walk_attr(f, x, &s, path, at, &g);
      return *attr_p && !excuse(x, *attr_p, &g) ? x : NULL;
    }
    x = walk_child(f, x, &s, path, at, repeats && !*p, &g);
    if (x && s.is && !x->broken) x->broken = !add_test(f, x, &s, path, at);
    if (!x || x->broken) return NULL;
    if (x->list && x->list->whole && x->list->whole->form == SL_LIST_SLOTS) {
      at_step(f, at, path, &s, "R211", "leave it to the slots, or out of them",
              sl_b_printf(f->b, "%s is mapped already (%s)", x->path,
                          sl_b_where(f->b, x->list->line, at->line)));
      return NULL;
    }
    if (repeats_here(x) && !(repeats && !*p)) {
      at_step(f, at, path, &s, "R203",
              sl_b_printf(f->b, "map it with <list legacy=\"%s\" …>", x->path),
              sl_b_printf(f->b, "%s may come more than once", x->name));
      return NULL;
    }
  }
  return excuse(x, NULL, &g) ? NULL : x;
}

/* --- JSON pointers
 * ------------------------------------------------------------------------------------- */

static const char *token(sl_build_t *b, const char *p, const char **next_p)
{
  size_t len = strcspn(p, "/");
  char *t = sl_b_alloc(b, len + 1), *o = t;
  *next_p = p + len;
  for (size_t i = 0; t && i < len; i++) {
    if (p[i] == '~' && i + 1 < len)
      *o++ = p[++i] == '1' ? '/' : '~';
    else
      *o++ = p[i];
  }
  return t;
}

static sl_bj_t *new_member(sl_build_t *b, sl_bj_t *from, const char *key, const char *raw,
                           size_t raw_len)
{
  sl_bj_t *j = sl_b_alloc(b, sizeof *j);
  if (!j) return NULL;
  j->parent = from;
  j->key = key;
  j->pointer = sl_b_printf(b, "%s/%.*s", from->pointer, (int)raw_len, raw);
  if (from->last)
    from->last->next = j;
  else
    from->first = j;
  return from->last = j;
}

static bool disjoint(sl_access_t a, sl_access_t b)
{
  return a != b && a != SL_READ_WRITE && b != SL_READ_WRITE;
}

/* An object that was made on the way to a member that is none: the next line may know better. */
static void forget(sl_bj_t *j)
{
  sl_bj_t **at = j->parent && !j->first ? &j->parent->first : NULL;
  if (!at || j->parent->last != j) return;
  j->parent->last = NULL;
  for (; *at != j; at = &(*at)->next) j->parent->last = *at;
  *at = NULL;
  j->next = j->parent->forgotten;
  j->parent->forgotten = j;
}

/* The member that a misspelt pointer means: another line may have it, but it is not missing. */
void sl_bj_excuse(sl_build_t *b, sl_bj_t *in, const char *key)
{
  sl_bj_t *j = key ? sl_b_alloc(b, sizeof *j) : NULL;
  if (!j) return;
  j->key = key;
  j->next = in->forgotten;
  in->forgotten = j;
}

/* An object that is there in the cases of both. */
static bool join(const sl_bf_t *f, sl_bj_t *j)
{
  if (sl_only_within(f->only, j->only)) return true;
  if (j->tells) return false;
  if (j->only.choice == f->only.choice)
    j->only.cases |= f->only.cases;
  else
    j->only = sl_only_within(j->only, f->only) ? f->only : (sl_only_t){NULL, 0};
  return true;
}

/* The member for one token: an object on the way, or the new one at the end. */
static sl_bj_t *member(sl_bf_t *f, sl_bj_t *from, const char *key, const char *raw, size_t raw_len,
                       bool last, sl_jkind_t kind, sl_access_t access, const sl_xat_t *at)
{
  for (sl_bj_t *c = from->first; c; c = c->next) {
    if (strcmp(c->key, key)) continue;
    bool object = !last || kind == SL_JN_OBJECT;
    if (object && c->kind == SL_JN_OBJECT && join(f, c)) return c;
    if (sl_only_apart(c->only, f->only)) continue;
    if (!object && c->kind == SL_JN_FIELD && kind == SL_JN_FIELD && disjoint(c->access, access))
      continue;
    if (f->b->taken) return NULL; /* the line is there twice: told at its legacy end */
    sl_b_error(f->b, "R210", at->value_line, at->value_col, NULL,
               c->kind == SL_JN_OBJECT || object
                   ? "%s is an object here and something else elsewhere"
                   : "%s is filled twice",
               c->pointer);
    f->b->taken = true;
    return NULL;
  }
  const sl_jschema_t *schema;
  if (!sl_b_json_member(f, from, key, raw, at, &schema)) {
    key = sl_b_json_meant(f, from, key, at);
    sl_bj_excuse(f->b, from, key);
    if (!key) forget(from);
    return NULL;
  }
  sl_bj_t *j = new_member(f->b, from, key, raw, raw_len);
  if (j) j->only = f->only;
  if (j && last) j->kind = kind, j->access = access;
  if (j) j->schema = schema;
  return j;
}

sl_bj_t *sl_bj_walk(sl_bf_t *f, sl_bj_t *from, const char *pointer, const sl_xat_t *at,
                    sl_jkind_t kind, sl_access_t access)
{
  if (!*pointer) {
    if (kind == SL_JN_OBJECT) return from;
    if (from->parent || from->first || from->kind != SL_JN_OBJECT) {
      sl_b_error(f->b, "R210", at ? at->value_line : 0, at ? at->value_col : 0,
                 "name it: json=\"/…\"",
                 "an empty pointer is the whole value, and there are other members");
      return NULL;
    }
    from->kind = kind;
    from->access = access;
    return from;
  }
  if (from->kind != SL_JN_OBJECT) {
    sl_b_error(f->b, "R210", at->value_line, at->value_col, NULL,
               "the whole value is mapped already");
    return NULL;
  }
  for (const char *p = pointer, *next; from && *p == '/'; p = next) {
    const char *key = token(f->b, p + 1, &next);
    if (!key) return NULL;
    from = member(f, from, key, p + 1, (size_t)(next - p) - 1, !*next, kind, access, at);
  }
  return *pointer == '/' ? from : NULL;
}
