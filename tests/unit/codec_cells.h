/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * codec_cells: values through a codec, as they stand in the tables of the codecs' tests. A state
 * stands in the legacy column as <missing> <nil> <empty> <blank>, a refusal as "!" and a part of
 * the message. */
#ifndef SL_TESTS_UNIT_CODEC_CELLS_H
#define SL_TESTS_UNIT_CODEC_CELLS_H

#include "mappings/engine/codec.h"

sl_legacy_t legacy_of(const char *cell);
void show_legacy(sl_legacy_t v, char out[256]);
/* JSON cell: "null", "absent", a string in quotes, or a bare number, true, false. */
sl_jstate_t json_of(const char *cell, sl_str_t *text);
void read_cell(const sl_codec_t *codec, sl_legacy_t legacy, char out[512]);
void write_cell(const sl_codec_t *codec, const char *json, sl_arena_t *arena, sl_legacy_t *out,
                char shown[512]);
/* Is got what the table wants? */
bool matches(const char *got, const char *want);

#endif
