/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * writer_xml: record in JSON spelling → XML, elements in the order of the contract. Optional
 * elements with nothing in them are left out; required ones without a value, or with more or fewer
 * items than the contract allows, are SL_INVALID naming the field, but only when the element they
 * stand in is there. Characters that XML 1.0 cannot carry are the codecs' to refuse.
 */
#ifndef SL_ENGINE_WRITER_XML_H
#define SL_ENGINE_WRITER_XML_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "mappings/engine/plan.h"

/* The element frame->xml with its namespace declarations, appended to out. root: another name for
 * it (no namespace), or NULL. */
sl_code_t sl_xml_write(sl_record_t *record, const char *root, sl_arena_t *arena, sl_buf_t *out,
                       sl_err_t *err);

#endif
