/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Coverage of a REST system's messages: what its OpenAPI contract demands or promises, and nobody
 * writes or maps. */
#include <string.h>
#include "core/buf.h"
#include "mappings/engine/check.h"

enum { SHOWN = 12, MAX_TEXT = 400, MAX_NAMES = 256 };

struct names {
  sl_buf_t text;
  size_t n;
};

struct cover {
  sl_bf_t *f;
  sl_jschemas_t *all;
  struct names demanded, blanked, unread;
  bool replaces;
  bool items; /* within a list: new items have no base */
  bool anew;  /* within items that are not written over the base's */
};

static void gather(struct names *to, const char *base, const char *pointer, const char *name)
{
  if (++to->n > SHOWN || to->text.len > MAX_TEXT) return;
  sl_buf_printf(&to->text, "%s%s%s%s%s", to->text.len ? ", " : "", base, pointer, *name ? "/" : "",
                name);
}

static const char *gathered(sl_build_t *b, struct names *from)
{
  const char *names = sl_buf_z(&from->text);
  size_t shown = from->n > SHOWN ? SHOWN : from->n;
  return from->n > shown ? sl_b_printf(b, "%s and %zu more", names, from->n - shown)
                         : sl_b_dup(b, names, strlen(names));
}

/* Two lines may share a member, one for each direction: any of them. */
static const sl_bj_t *built(const sl_bj_t *in, sl_str_t key)
{
  const sl_bj_t *c = in->first;
  while (c && !sl_str_eqz(key, c->key)) c = c->next;
  return c;
}

/* It is not mapped because of a mistake that has been told. */
static bool excused(const sl_bj_t *in, sl_str_t key)
{
  const sl_bj_t *c = in->forgotten;
  if (in->lost) return true;
  while (c && !sl_str_eqz(key, c->key)) c = c->next;
  return c;
}

static bool writes(const sl_bj_t *j)
{
  if (j->kind == SL_JN_CONST || j->lost) return true;
  if (j->kind != SL_JN_OBJECT)
    return j->kind != SL_JN_IGNORE && (j->kept || j->access != SL_READ_ONLY);
  for (const sl_bj_t *c = j->first; c; c = c->next)
    if (writes(c)) return true;
  return false;
}

/* Does one of the lines of this name write? */
static bool written(const sl_bj_t *in, sl_str_t key)
{
  for (const sl_bj_t *c = in->first; c; c = c->next)
    if (sl_str_eqz(key, c->key) && writes(c)) return true;
  return false;
}

/* Where the content of j is: a list's is in the frame of its items. */
static void descend(struct cover *self, const char *base, const sl_bj_t *j, bool inside,
                    void (*into)(struct cover *self, const char *base, const sl_bj_t *j,
                                 bool inside))
{
  if (j->kind == SL_JN_OBJECT)
    into(self, base, j, inside);
  else if ((j->kind == SL_JN_LIST || j->kind == SL_JN_PLACE) && j->item) {
    bool items = self->items, anew = self->anew;
    self->items |= j->list->access != SL_READ_ONLY;
    self->anew |= self->items && j->list->on_write == SL_WRITE_REPLACE;
    into(self, sl_b_printf(self->f->b, "%s%s", base, j->pointer), j->item->legacy_json, inside);
    self->items = items;
    self->anew = anew;
  }
}

/* A base has it: it is carried from there. */
static bool carried(const struct cover *self, const sl_bj_t *j, bool required)
{
  return j->carry && !(required ? self->items : self->anew);
}

static void cover(struct cover *self, const char *base, const sl_bj_t *j, bool inside)
{
  sl_str_t names[MAX_NAMES];
  if (!j->schema || j->kind != SL_JN_OBJECT) return;
  inside |= j->covered;
  size_t n = sl_jschema_property_names(j->schema, names, MAX_NAMES);
  for (size_t i = 0; i < n; i++) {
    const sl_jschema_t *member = sl_jschema_member(self->all, j->schema, names[i]);
    const sl_bj_t *c = built(j, names[i]);
    if (c ? c->kind == SL_JN_IGNORE : excused(j, names[i])) continue;
    if (member->nothing || member->read_only || sl_jschema_resolve(member)->read_only) continue;
    if (c && written(j, names[i]))
      descend(self, base, c, inside, cover);
    else if (!c && carried(self, j, sl_jschema_requires(j->schema, names[i])))
      continue;
    else if (sl_jschema_requires(j->schema, names[i]))
      gather(&self->demanded, base, j->pointer, names[i].p);
    else if (self->replaces && inside && !c)
      gather(&self->blanked, base, j->pointer, names[i].p);
  }
}

static void cover_params(struct cover *self)
{
  const sl_bf_t *f = self->f;
  static const char *const prefixes[] = {"path:", "query:", "header:", ""};
  for (size_t i = 0; f->oop && i < f->oop->n_params; i++) {
    const sl_oparam_t *p = &f->oop->params[i];
    bool sent = !p->required || p->in == SL_O_COOKIE || f->lost_params >> p->in & 1;
    for (size_t k = 0; !sent && k < f->n_rest; k++) sent = f->rest[k].field->param == p;
    if (!sent) gather(&self->demanded, sl_b_printf(f->b, "%s%s", prefixes[p->in], p->name), "", "");
  }
}

static void finish(struct cover *self)
{
  sl_buf_fini(&self->demanded.text);
  sl_buf_fini(&self->blanked.text);
  sl_buf_fini(&self->unread.text);
}

static bool start(struct cover *self, sl_bf_t *f)
{
  const sl_contract_t *c = f->b->m->contract;
  *self = (struct cover){.f = f, .all = c ? sl_contract_schemas(c) : NULL};
  return f->oop && self->all;
}

void sl_check_written_json(sl_bf_t *f, const sl_xel_t *el, bool replaces, bool base)
{
  struct cover self;
  sl_build_t *b = f->b;
  if (!start(&self, f) || !f->request) return;
  self.replaces = replaces;
  cover_params(&self);
  if (f->legacy_json->first || (f->oop->request && f->oop->request_required))
    cover(&self, "", f->legacy_json, false);
  if (self.demanded.n)
    sl_b_error(b, "R220", el->line, el->col, "map them, or add <const legacy=\"…\" value=\"…\"/>",
               "the contract demands what nothing writes: %s", gathered(b, &self.demanded));
  if (self.blanked.n)
    sl_b_error(b, "R221", el->line, el->col, sl_blanked_fix(base),
               "replacing the record would blank what is not mapped: %s",
               gathered(b, &self.blanked));
  finish(&self);
}

static void unread(struct cover *self, const char *base, const sl_bj_t *j, bool inside)
{
  sl_str_t names[MAX_NAMES];
  if (!j->schema || j->kind != SL_JN_OBJECT) return;
  size_t n = sl_jschema_property_names(j->schema, names, MAX_NAMES);
  for (size_t i = 0; i < n; i++) {
    const sl_jschema_t *member = sl_jschema_member(self->all, j->schema, names[i]);
    const sl_bj_t *c = built(j, names[i]);
    if (member->nothing || member->write_only || sl_jschema_resolve(member)->write_only) continue;
    if (!c && excused(j, names[i])) continue;
    if (!c)
      gather(&self->unread, base, j->pointer, names[i].p);
    else
      descend(self, base, c, inside, unread);
  }
}

void sl_check_read_json(sl_bf_t *f, const sl_xel_t *el)
{
  struct cover self;
  if (!start(&self, f) || f->request) return;
  unread(&self, "", f->legacy_json, false);
  if (self.unread.n)
    sl_b_warn(
        f->b, "W301", el->line, el->col, "map them, or add <ignore legacy=\"…\" reason=\"…\"/>",
        "the answer holds what is neither mapped nor ignored: %s", gathered(f->b, &self.unread));
  finish(&self);
}
