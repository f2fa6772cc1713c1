/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/lines.h"

#include <string.h>

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

static const char *joined(const char *base, const char *path, sl_arena_t *arena)
{
  if (!path[0] || !strcmp(path, ".")) return base;
  if (!base[0]) return path;
  /* Pointers of JSON join without more. */
  const char *z = sl_arena_printf(arena, path[0] == '/' ? "%s%s" : "%s/%s", base, path);
  return z ? z : "";
}

const char *sl_line_place(const char *base, const char *object, const char *legacy,
                          sl_arena_t *arena)
{
  /* An argument of a call (path:id) is in no object of the body; what has no place is nowhere. */
  bool apart = !legacy[0] || (object[0] == '/' && legacy[0] != '/');
  return joined(base, apart ? legacy : joined(object, legacy, arena), arena);
}

const char *sl_line_name(const sl_line_t *line, sl_arena_t *arena)
{
  if (!line->json[0]) return line->http;
  const char *z = line->item ? sl_arena_printf(arena, "%s/*", line->json) : line->json;
  return z ? z : "";
}

static void add_field(struct gather *g, const sl_frame_t *frame, const sl_field_t *f,
                      const sl_list_t *within, const char *base)
{
  /* An item that is a plain value calls itself by its list's name. */
  bool plain = within && f->legacy == f->json;
  g->v[g->n++] =
      (sl_line_t){.frame = frame,
                  .within = within,
                  .field = f,
                  .item = within && f->json[0] && !strcmp(f->json, within->json),
                  .json = f->json,
                  .http = f->http,
                  .legacy = plain ? base : sl_line_place(base, f->object, f->legacy, g->arena),
                  .access = (sl_access_t)f->access,
                  .file = f->file,
                  .line = f->line,
                  .col = f->col};
}

static void gather(struct gather *g, const sl_frame_t *frame, const sl_list_t *within,
                   const char *base);

static void add_list(struct gather *g, const sl_frame_t *frame, const sl_list_t *l,
                     const sl_list_t *within, const char *base)
{
  const char *legacy = sl_line_place(base, l->object, l->legacy, g->arena);
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
  gather(g, l->item, l, l->form == SL_LIST_ZIP ? joined(base, l->object, g->arena) : legacy);
}

static void gather(struct gather *g, const sl_frame_t *frame, const sl_list_t *within,
                   const char *base)
{
  size_t k = 0;
  for (size_t i = 0; i <= frame->n_slots; i++) {
    const sl_field_t *f = i < frame->n_slots ? frame->fields[i] : NULL;
    for (; k < frame->n_lists && (!f || frame->lists[k]->order < f->order); k++) {
      const sl_list_t *l = frame->lists[k];
      if (l->form != SL_LIST_PART && l->form != SL_LIST_PICKED) add_list(g, frame, l, within, base);
    }
    if (f && f->notes) add_field(g, frame, f, within, base);
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
