/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * describe: a codec in words, for people: the lineage table, `sluice explain`, reports. And what
 * changed between two codecs, as the consumer and as the legacy system see it.
 */
#ifndef SL_LAWS_DESCRIBE_H
#define SL_LAWS_DESCRIBE_H

#include "core/buf.h"
#include "mappings/engine/codec.h"

/* "text, 30 characters, blanks behind, ISO-8859-1"; appended. NULL: nothing. */
void sl_describe_codec(const sl_codec_t *codec, sl_buf_t *out);
/* "nil = null, missing = absent, empty reads as null"; appended. */
void sl_describe_nulls(const sl_codec_t *codec, sl_buf_t *out);
/* The same of a line of frame: without the states that its contract leaves no room for. */
void sl_describe_nulls_of(const sl_frame_t *frame, const sl_field_t *field, sl_buf_t *out);
/* "empty scale", the words of a set of SL_MODULO_…; appended. */
void sl_describe_modulo(unsigned modulo, sl_buf_t *out);
/* "read-write" …; static. */
const char *sl_access_name(sl_access_t access);

/* How the JSON values of two codecs compare. */
typedef enum sl_domain_change {
  SL_DOMAIN_SAME,
  SL_DOMAIN_WIDER,    /* all that was there, and more */
  SL_DOMAIN_NARROWER, /* less than there was */
  SL_DOMAIN_OTHER     /* neither: another type, or more here and less there */
} sl_domain_change_t;
sl_domain_change_t sl_domain_compare(const sl_codec_t *before, const sl_codec_t *after);
/* Do both spell the same JSON value in the same way for the legacy system? As far as their
 * descriptions tell. */
bool sl_spelling_same(const sl_codec_t *before, const sl_codec_t *after);

#endif
