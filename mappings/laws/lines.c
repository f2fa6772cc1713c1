/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/lines.h"

static size_t count(const sl_frame_t *frame)
{
  size_t n = frame->n_slots + frame->n_lists;
  for (size_t i = 0; i < frame->n_lists; i++) n += count(frame->lists[i]->item);
  return n;
}

struct gather {
  sl_line_t *v;
  size_t n;
  sl_arena_t *arena;
};

static const char *path(struct gather *g, const char *base, const char *legacy)
{
  if (!base[0] || legacy[0] == '/' || !legacy[0]) /* pointers of JSON join without more */
    return base[0] ? sl_arena_printf(g->arena, "%s%s", base, legacy) : legacy;
  return sl_arena_printf(g->arena, "%s/%s", base, legacy);
}

static void gather(struct gather *g, const sl_frame_t *frame, const sl_list_t *within,
                   const char *base)
{
  for (size_t i = 0; i < frame->n_slots; i++) {
    const sl_field_t *f = frame->fields[i];
    if (!f->notes) continue;
    /* An item that is a plain value calls itself by its list's name. */
    bool plain = within && f->legacy == f->json;
    g->v[g->n++] = (sl_line_t){.frame = frame,
                               .within = within,
                               .field = f,
                               .json = f->json,
                               .http = f->http,
                               .legacy = plain ? base : path(g, base, f->legacy),
                               .access = (sl_access_t)f->access,
                               .file = f->file,
                               .line = f->line,
                               .col = f->col};
  }
  for (size_t i = 0; i < frame->n_lists; i++) {
    const sl_list_t *l = frame->lists[i];
    if (l->form == SL_LIST_PART || l->form == SL_LIST_PICKED) continue;
    const char *legacy = path(g, base, l->legacy);
    g->v[g->n++] = (sl_line_t){.frame = frame,
                               .within = within,
                               .list = l,
                               .json = l->json,
                               .http = "",
                               .legacy = legacy,
                               .access = (sl_access_t)l->access,
                               .file = l->file,
                               .line = l->line,
                               .col = l->col};
    /* The values of a zip stand in several lists, which they name themselves. */
    gather(g, l->item, l, l->form == SL_LIST_ZIP ? base : legacy);
  }
}

size_t sl_lines_of(const sl_frame_t *frame, sl_arena_t *arena, const sl_line_t **out_p)
{
  struct gather g = {.arena = arena};
  size_t n = count(frame);
  *out_p = g.v = n ? sl_arena_alloc(arena, n * sizeof *g.v) : NULL;
  if (g.v) gather(&g, frame, NULL, "");
  return g.n;
}
