/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xdoc: an XML file that a user wrote (mapping, deployment), as a small tree that knows the line
 * and column of every element, attribute and piece of text, so that messages can point there.
 *
 * libxml2 says whether the file is well-formed and valid; it knows only the line where a start
 * tag ends, so the positions come from a scan of the text of our own. No DOCTYPE (hence no
 * entities but the five of XML), no network, UTF-8 only, at most SL_XDOC_MAX bytes and 64 levels.
 *
 * The tree belongs to the xdoc; all its pointers live as long.
 */
#ifndef SL_ENGINE_XDOC_H
#define SL_ENGINE_XDOC_H

#include <stdbool.h>
#include <stddef.h>
#include "core/diag.h"

/* Bytes: what is taken where nothing is said, and the highest limit that can be set. */
enum { SL_XDOC_MAX = 4 * 1024 * 1024, SL_XDOC_LARGEST = 64 * 1024 * 1024 };

typedef struct sl_xdoc sl_xdoc_t;
typedef struct sl_xel sl_xel_t;

typedef struct sl_xat {
  const char *name, *value;  /* name without prefix; attributes in a namespace are left out */
  int line, col;             /* of the name */
  int value_line, value_col; /* of the value's first byte, behind the quote */
} sl_xat_t;

struct sl_xel {
  const char *name; /* local name; NULL: a piece of text */
  const char *ns;   /* namespace URI or "" */
  const char *text; /* a piece of text, entities resolved; elements: NULL */
  int line, col;    /* of '<', or of the text's first byte */
  const sl_xat_t *attrs;
  size_t n_attrs;
  const sl_xel_t *parent, *first, *next; /* first child, next sibling: elements and text */
  bool wrong; /* the schema refused something of it that nobody can guess: what only follows from
                 that need not be told */
};

/* Reads path; what is wrong goes to diags, and NULL comes back. Blocks on file reads. */
sl_xdoc_t *sl_xdoc_load(const char *path, sl_diags_t *diags);
/* The same, refusing what has more than max bytes (0: SL_XDOC_MAX). */
sl_xdoc_t *sl_xdoc_load_within(const char *path, size_t max, sl_diags_t *diags);
/* The same from memory, of at most SL_XDOC_MAX bytes; text is copied. */
sl_xdoc_t *sl_xdoc_parse(const char *file, const char *text, size_t len, sl_diags_t *diags);
void sl_xdoc_destroy(sl_xdoc_t **self_p);

const sl_xel_t *sl_xdoc_root(const sl_xdoc_t *self);
/* Adds to the lines of everything in it: for who keeps more in a line than that. Once, and after
 * validating. */
void sl_xdoc_add_to_lines(sl_xdoc_t *self, int add);

/* Checks it against the schema (a file name such as "mapping.xsd", found by sl_xdoc_schema_path).
 * All that is wrong goes to diags, in the user's words; true when nothing is.
 *
 * One mistake is one message, so that what comes after reads the tree as it was meant: where a
 * message asks "did you mean X?", the tree says X from then on. */
bool sl_xdoc_validate(sl_xdoc_t *self, const char *schema, sl_diags_t *diags);
/* Where a schema of ours lies: $SL_XSD_DIR, beside the program (installed, or built in its source
 * tree), or where it was configured to be installed. False: nowhere. */
bool sl_xdoc_schema_path(const char *schema, char *out, size_t size);

/* --- the tree ----------------------------------------------------------------------------------
 */

/* The attribute, or NULL. */
const sl_xat_t *sl_xel_at(const sl_xel_t *el, const char *name);
/* Its value, or preset when it is not there. */
const char *sl_xel_get(const sl_xel_t *el, const char *name, const char *preset);
bool sl_xel_is(const sl_xel_t *el, const char *name);
/* The first child element called name (NULL: any) from el on, el included: for loops over
 * siblings, starting with parent->first. NULL: no more. */
const sl_xel_t *sl_xel_find(const sl_xel_t *el, const char *name);
/* The first piece of text in el, "" if none. */
const char *sl_xel_text(const sl_xel_t *el);

/* --- messages
 * -------------------------------------------------------------------------------------- */

/* The candidate nearest to word by edit distance, if near enough to be meant; else NULL. */
const char *sl_xdoc_nearest(const char *word, const char *const *candidates, size_t n);

#endif
