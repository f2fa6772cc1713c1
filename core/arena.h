/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * arena: the memory of one message. Everything that belongs to a message is taken from its
 * arena by bumping a pointer and goes away in one step; nothing is freed piece by piece.
 * A hard cap turns a hostile message into an error instead of a dead process.
 */
#ifndef SL_CORE_ARENA_H
#define SL_CORE_ARENA_H

#include <stddef.h>
#include "core/str.h"

typedef struct sl_arena sl_arena_t;

/* block_size: bytes of one block taken from malloc (0: 16 KiB). cap: bytes the arena may hold in
 * all (0: no cap). Returns NULL only when malloc fails. The caller owns it. */
sl_arena_t *sl_arena_new(size_t block_size, size_t cap);
void sl_arena_destroy(sl_arena_t **self_p);

/* Forget everything, keep the first block for the next message. All pointers handed out die. */
void sl_arena_reset(sl_arena_t *self);

/* Bytes aligned for any type, not cleared; NULL when the cap or malloc says no: the caller
 * answers SL_TOO_LARGE. Live until reset or destroy. */
void *sl_arena_alloc(sl_arena_t *self, size_t len);
void *sl_arena_zalloc(sl_arena_t *self, size_t len);
/* Like alloc, without alignment: for text. */
char *sl_arena_text(sl_arena_t *self, size_t len);

/* Copies; the first also puts a NUL behind the text (not counted in its length). */
char *sl_arena_strndup(sl_arena_t *self, const char *p, size_t len);
char *sl_arena_strdup(sl_arena_t *self, const char *z);
/* Copy of s; on failure .p is NULL (s.len > 0). An empty s gives a non-NULL empty text. */
sl_str_t sl_arena_str(sl_arena_t *self, sl_str_t s);
/* printf into the arena; NULL on failure. */
char *sl_arena_printf(sl_arena_t *self, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Bytes handed out so far. */
size_t sl_arena_used(const sl_arena_t *self);

#endif
