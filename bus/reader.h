/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reader: what decoding a header and decoding an offer have in common: take members and values
 * of a JSON text, text borrowed from it where it can be, else copied to the message's arena.
 * The first error stays; every function then returns false. Private to bus/.
 */
#ifndef SL_BUS_READER_H
#define SL_BUS_READER_H

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"

typedef struct sl_bus_reader {
  sl_json_t json;
  sl_arena_t *arena; /* borrowed */
  sl_err_t *err;     /* may be NULL */
  sl_code_t code;    /* SL_OK until something is wrong */
  const char *what;  /* "header", "offer": for messages */
} sl_bus_reader_t;

/* text is borrowed until fini. Nothing to free but by fini. */
void sl_bus_reader_init(sl_bus_reader_t *self, sl_str_t text, const char *what, sl_arena_t *arena,
                        sl_err_t *err);
void sl_bus_reader_fini(sl_bus_reader_t *self);

/* Notes an error (the first one counts) and returns false. */
bool sl_bus_reader_fail(sl_bus_reader_t *self, sl_code_t code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The next token must be a {, or a [. */
bool sl_bus_reader_object(sl_bus_reader_t *self);
bool sl_bus_reader_array(sl_bus_reader_t *self);
/* In an object: the next member's name, or false at its end and on error. The name lives until
 * the next call. */
bool sl_bus_reader_member(sl_bus_reader_t *self, sl_str_t *name_p);
/* Nothing but white space may be left. */
bool sl_bus_reader_end(sl_bus_reader_t *self);

/* One value of that type. Text lives as long as the text given to init and the arena. */
bool sl_bus_reader_text(sl_bus_reader_t *self, sl_str_t *out);
bool sl_bus_reader_bool(sl_bus_reader_t *self, bool *out);
/* 0 … 2^53. */
bool sl_bus_reader_int(sl_bus_reader_t *self, int64_t *out);
/* A number ≥ 0. */
bool sl_bus_reader_real(sl_bus_reader_t *self, double *out);
bool sl_bus_reader_skip(sl_bus_reader_t *self);

/* In an array: true when another item comes. *tok_p is its first token. */
bool sl_bus_reader_item(sl_bus_reader_t *self, sl_json_token_t *tok_p);
/* The text of a token that has to be a string. */
bool sl_bus_reader_token_text(sl_bus_reader_t *self, const sl_json_token_t *tok, sl_str_t *out);
/* An array of strings, at most max of them. */
bool sl_bus_reader_texts(sl_bus_reader_t *self, size_t max, sl_str_t **out_p, size_t *n_p);

/* Room for item n of a growing array of the arena; *items_p moves. False without memory, or when
 * n has reached max. The new item is zeroed. */
bool sl_bus_reader_grow(sl_bus_reader_t *self, void **items_p, size_t n, size_t size, size_t max);

#endif
