/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rest: from what the engine says about a request to what HTTP wants. */
#ifndef SL_REST_REST_H
#define SL_REST_REST_H

#include "core/arena.h"
#include "core/err.h"

/* base ("https://host/api") and target ("/v1/inv?x=1") as one address in the arena. SL_INVALID when
 * a segment of target's path is "." or "..", plain or escaped: a server would resolve it (RFC 3986
 * §6.2.2.3), and a consumer's argument would lead to another resource. NULL on any error. */
const char *sl_rest_url(sl_arena_t *arena, const char *base, const char *target, sl_err_t *err);

/* A header line as the HTTP client takes it; an empty value has a spelling of its own. NULL: the
 * arena is full. */
const char *sl_rest_header(sl_arena_t *arena, sl_str_t name, sl_str_t value);

#endif
