/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An object with members of a choice is described once for each case, with all of its members: so
 * every alternative can be closed. A member that names the kind tells them apart (oneOf); without
 * one, the members do (anyOf). */
#include "mappings/engine/schema_impl.h"

static const sl_made_t *made(const sl_scheme_t *self, const sl_choice_t *choice)
{
  for (size_t i = self->n_made; i-- > 0;)
    if (self->made[i].choice == choice) return &self->made[i];
  return NULL;
}

/* The case of choice; one within a case that was not made is none. -2: not known. */
static int chosen(const sl_scheme_t *self, const sl_choice_t *choice)
{
  const sl_made_t *m = made(self, choice);
  if (m) return m->chosen;
  if (!choice->within.choice) return -2;
  int outer = chosen(self, choice->within.choice);
  if (outer == -2) return -2;
  return outer >= 0 && choice->within.cases >> outer & 1 ? -2 : -1;
}

bool sl_scheme_present(const sl_scheme_t *self, const sl_jnode_t *node)
{
  if (node->names && chosen(self, node->names) == -1) return false;
  if (!node->only.choice) return true;
  int k = chosen(self, node->only.choice);
  return k == -2 || (k >= 0 && node->only.cases >> k & 1);
}

static const sl_choice_t *outermost(const sl_scheme_t *self, const sl_choice_t *choice)
{
  while (choice->within.choice && chosen(self, choice->within.choice) == -2)
    choice = choice->within.choice;
  return chosen(self, choice) == -2 ? choice : NULL;
}

const sl_choice_t *sl_scheme_open_choice(const sl_scheme_t *self, const sl_jnode_t *object)
{
  if (self->n_made == SL_SCHEME_CHOICES || self->n_branches >= SL_SCHEME_BRANCHES) return NULL;
  for (uint16_t i = 0; i < object->n_children; i++) {
    const sl_jnode_t *c = &object->children[i];
    const sl_choice_t *choice = c->names ? c->names : c->only.choice;
    choice = choice ? outermost(self, choice) : NULL;
    if (choice) return choice;
    if (c->kind != SL_JN_OBJECT) continue;
    choice = sl_scheme_open_choice(self, c);
    if (choice) return choice;
  }
  return NULL;
}

void sl_scheme_cases(sl_scheme_t *self, const sl_jnode_t *object, bool root,
                     const sl_choice_t *choice,
                     void (*one)(sl_scheme_t *self, const sl_jnode_t *object, bool root))
{
  sl_jsonw_key(&self->w, choice->told ? "oneOf" : "anyOf");
  sl_jsonw_array(&self->w);
  self->n_made++;
  for (int k = 0; k <= choice->n_cases; k++) {
    int is = k < choice->n_cases ? k : -1;
    if (is < 0 && choice->told && !choice->optional) continue;
    self->made[self->n_made - 1] = (sl_made_t){choice, is};
    self->n_branches++;
    sl_jsonw_object(&self->w);
    one(self, object, root);
    sl_jsonw_object_end(&self->w);
  }
  self->n_made--;
  sl_jsonw_array_end(&self->w);
}

void sl_scheme_kind(sl_scheme_t *self, const sl_choice_t *choice)
{
  int k = chosen(self, choice);
  if (k >= 0) {
    sl_jsonw_key(&self->w, "const");
    sl_jsonw_str(&self->w, choice->cases[k].json);
    return;
  }
  sl_jsonw_key(&self->w, "enum");
  sl_jsonw_array(&self->w);
  for (uint16_t i = 0; i < choice->n_cases; i++) sl_jsonw_str(&self->w, choice->cases[i].json);
  sl_jsonw_array_end(&self->w);
}
