/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xdoc_private: what xdoc.c and xdoc_validate.c share. The libxml2 document stands beside our
 * tree; each of its element nodes carries our sl_xel_t in _private.
 */
#ifndef SL_ENGINE_XDOC_PRIVATE_H
#define SL_ENGINE_XDOC_PRIVATE_H

#include <libxml/tree.h>
#include "core/arena.h"
#include "mappings/engine/xdoc.h"

struct sl_xdoc {
  sl_arena_t *arena;
  const char *file;
  const sl_xel_t *root;
  xmlDocPtr doc;
};

#endif
