/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * check: holds a frame under construction against its contract. What a path may name, the
 * compiler has checked when it walked there; these passes ask whether the values fit.
 *
 * They do not derive what a codec can say: they let it say it. For each line with a type of its
 * own, the codec writes the values at the edges of what it takes (most digits, full width, each
 * code, each boolean, a leap day, null), and the contract's type or column judges the text. So a
 * message shows a value that would go wrong, and no rule exists twice. What the codec refuses by
 * itself is no finding: the consumer is told at run time.
 *
 * Where a mapping has no type of its own, the contract's is taken, and there is nothing to check.
 * The codes of all rules are in docs/diagnostics.md.
 */
#ifndef SL_ENGINE_CHECK_H
#define SL_ENGINE_CHECK_H

#include "mappings/engine/compile.h"

/* A declared type takes from the contract what it does not say itself: bounds, digits, width,
 * enumerated texts. So they hold at run time, and need not be repeated in the mapping. */
void sl_check_narrow(sl_codec_spec_t *spec, const sl_xtype_t *xtype);

/* The same for a schema's (REST). */
void sl_check_narrow_json(sl_codec_spec_t *spec, const sl_jschema_t *schema);

/* Values of all fields and lists in f, its items included. Once per frame, before it is
 * finished. */
void sl_check_values(sl_bf_t *f);

/* The const el against the type of its element or attribute and what that is fixed to (NULL:
 * nothing), or against its table's column. */
void sl_check_const(sl_bf_t *f, const sl_xel_t *el, const sl_xtype_t *xtype, const char *fixed,
                    const sl_table_t *table);

/* SOAP requests: elements that the contract does not let stand as the mapping has them: of an
 * abstract type that no xsi:type makes concrete (R266), two alternatives of a choice (R222). */
void sl_check_form(sl_bf_t *f, const sl_xel_t *el);

/* The rows of an <outcome>, once compiled: codes that cannot come (R323, W203), rows that are never
 * reached (R322). */
void sl_check_outcome(sl_build_t *b, const sl_outcome_t *outcome, const sl_xel_t *el);
/* The same for the <fault>s of the operation el: W204. */
void sl_check_faults(sl_build_t *b, const sl_op_t *op, const sl_xel_t *el);

/* ODBC: the columns of an insert or update against the table's, el being that element. */
void sl_check_change(sl_bf_t *f, const sl_table_t *table, const sl_xel_t *el, bool insert);

/* ODBC: the rows of lists that an update replaces: columns that nobody maps would be lost (R221).
 */
void sl_check_rows(sl_bf_t *f);

/* The finished shapes against m->canonical (S201…); at: where the mapping names it. */
void sl_check_canonical(const sl_mapping_t *mapping, int line, int col, sl_diags_t *diags);

/* SOAP requests: elements and attributes that the contract demands and nobody writes (R220); when
 * the operation replaces a record, also those that its shape leaves out: they would be blanked
 * (R221). base: f is paired with one already, which keeps most of them. */
void sl_check_written(sl_bf_t *f, const sl_xel_t *el, bool replaces, bool base);
/* What to do about R221. Static. */
const char *sl_blanked_fix(bool base);
/* The same for REST; the two above call these. */
void sl_check_written_json(sl_bf_t *f, const sl_xel_t *el, bool replaces, bool base);
void sl_check_read_json(sl_bf_t *f, const sl_xel_t *el);
/* SOAP answers: what the contract promises and nobody maps or ignores (W301). */
void sl_check_read(sl_bf_t *f, const sl_xel_t *el);

#endif
