/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sql_impl: what the sql*.c files share: compiled statements, and one call's state. */
#ifndef SL_ENGINE_SQL_IMPL_H
#define SL_ENGINE_SQL_IMPL_H

#include "mappings/engine/codec.h"
#include "mappings/engine/sql.h"

/* --- text (sql_text.c) ---------------------------------------------------------------------------
 */

typedef struct sl_sql_name {
  sl_str_t name; /* without its colon; in the text that was cut */
  size_t at;     /* of the colon */
} sl_sql_name_t;

typedef struct sl_sql_cut {
  sl_buf_t text;       /* with ? for each name */
  sl_buf_t names;      /* sl_sql_name_t, one for each ?, in order */
  sl_buf_t quoted;     /* sl_sql_name_t: names in literals, which are not cut out */
  const char *problem; /* what is wrong, at `at`; NULL: nothing */
  size_t at;
} sl_sql_cut_t;

/* Cuts the :names out of text. keys: how many placeholders `:page.keys` becomes. Literals, quoted
 * names, comments, dollar quotes and casts (::) are stepped over. Free with sl_sql_cut_fini. */
void sl_sql_cut(sl_sql_cut_t *self, sl_str_t text, unsigned keys);
void sl_sql_cut_fini(sl_sql_cut_t *self);
static inline size_t sl_sql_cut_count(const sl_sql_cut_t *self)
{
  return self->names.len / sizeof(sl_sql_name_t);
}
/* A table or column name as it goes into a statement: as it stands when it is plain (dots
 * allowed), in double quotes otherwise. */
void sl_sql_identifier(sl_buf_t *out, sl_str_t name);

/* --- compiled ------------------------------------------------------------------------------------
 */

typedef enum sl_bind_from {
  SL_BIND_PARAM,
  SL_BIND_AFTER,
  SL_BIND_LIMIT,
  SL_BIND_KEYS
} sl_bind_from_t;

typedef struct sl_bind {
  uint8_t from;
  uint16_t index;          /* PARAM: in op->params; AFTER: in page->key; KEYS: which placeholder */
  const sl_field_t *field; /* for its type; NULL: unknown */
} sl_bind_t;

typedef struct sl_variant {
  unsigned key;
  const char *text;
  const sl_bind_t *binds;
  size_t n_binds;
} sl_variant_t;

enum { SL_SQL_CONDITIONS = 7 }; /* six <if>, and how many :page.keys */

typedef struct sl_condition {
  enum { SL_COND_PARAM, SL_COND_AFTER, SL_COND_MANY } what;
  uint16_t param;
} sl_condition_t;

/* One <select>: a variant for each set of conditions that hold, by their bits. */
typedef struct sl_select_plan {
  sl_condition_t conditions[SL_SQL_CONDITIONS];
  unsigned n_conditions;
  const sl_variant_t *variants;
  const sl_field_t *const *parent; /* for=: the record's fields that rows are matched by */
} sl_select_plan_t;

/* One level of joined rows: the record, then the list in it, then the list in that. */
typedef struct sl_level {
  const sl_frame_t *frame;
  const sl_list_t *list; /* NULL: the record itself */
  const uint16_t *key;   /* indexes in frame->columns; rows with the same values are one record */
  size_t n_key;
} sl_level_t;

enum { SL_SQL_LEVELS = 8 };

typedef struct sl_levels {
  sl_level_t v[SL_SQL_LEVELS];
  unsigned n;
} sl_levels_t;

/* A table that is written to: the record's, or a list's. */
typedef struct sl_table_plan {
  const sl_list_t *list; /* NULL: the record's own */
  const sl_frame_t *frame;
  const char *table;
  const sl_column_plan_t **columns; /* that may be written, keys first */
  size_t n_columns, n_key;
  unsigned n_optional;             /* of the columns behind the keys: bits in a statement's key */
  const sl_column_plan_t **parent; /* list: the record's columns that its rows carry */
  size_t n_parent;
  unsigned key_insert, key_update, key_match, key_delete; /* first statement keys */
  unsigned key_rows, key_drop;
  uint8_t on_write; /* list: sl_on_write_t; ALIGN only with a key */
  const sl_column_plan_t **item_key;
  size_t n_item_key;
  /* With a base: what its answer has for the list, for each of columns (NULL: nothing) and for
   * item_key. */
  const sl_list_t *base_list;
  const sl_field_t **base_fields, **base_item_key;
} sl_table_plan_t;

typedef struct sl_sql_plan {
  const sl_select_plan_t *selects;      /* op->n_selects */
  int main_select;                      /* index of the one without for=; -1: none */
  sl_levels_t levels;                   /* of the main select's rows */
  sl_levels_t *list_levels;             /* of each select with for=, by its index */
  const sl_field_t *const *page_fields; /* page->n_key: fields of the rows' frame */
  sl_str_t before, after;               /* JSON around the rows */
  uint32_t binding;                     /* of cursors */
  const sl_table_plan_t *tables;        /* change: the record's table, then its lists' */
  size_t n_tables;
  const sl_field_t *base_match; /* the version in the base's answer; NULL: it has none */
  unsigned generated_key;       /* statement key of the first <generated> */
  const char *call_text;        /* of the procedure */
  unsigned call_key;
} sl_sql_plan_t;

/* The column plan called label in frame, or -1. */
int sl_frame_column(const sl_frame_t *frame, const char *label);
bool sl_label_eq(sl_str_t a, const char *b);

/* --- one call ------------------------------------------------------------------------------------
 */

enum { SL_NO_CELL = 0xffff };

/* The rows of one select on their way to records and JSON (sql_rows.c). */
typedef struct sl_rows {
  const sl_op_t *op;
  const sl_sql_plan_t *plan;
  const sl_levels_t *levels;
  size_t select;                 /* index in op->selects */
  uint16_t *cell[SL_SQL_LEVELS]; /* by the level's columns: index of the cell */
  uint16_t *page_cell, *parent_cell;
  sl_record_t *record[SL_SQL_LEVELS]; /* the current one of each level */
  size_t count;                       /* records of the first level */
} sl_rows_t;

/* An item of the consumer, and the row that it is to become of; NULL: a new one. */
typedef struct sl_pair {
  const sl_record_t *item, *old;
} sl_pair_t;

/* What one call does with a list's table. */
typedef struct sl_table_state {
  sl_record_t *first, *last; /* rows that are there, if they were selected for this */
  sl_pair_t *pairs;
  size_t n_pairs;
  const sl_record_t **gone; /* rows that no item is for */
  size_t n_gone;
} sl_table_state_t;

/* What is to be done with an update. */
typedef enum sl_verdict {
  SL_VERDICT_DO,
  SL_VERDICT_SAME, /* nothing has changed: it is left out */
  SL_VERDICT_STALE /* If-Match names another version than the base has */
} sl_verdict_t;

struct sl_sql {
  const sl_op_t *op;
  const sl_sql_plan_t *plan;
  sl_arena_t *arena;
  const sl_input_t *in;
  sl_record_t *request;
  sl_buf_t *out;
  size_t start; /* of the body in out */

  enum {
    SL_AT_START,
    SL_AT_ROWS, /* the rows of a list that is aligned */
    SL_AT_GENERATED,
    SL_AT_RECORD, /* insert or update of the record's row */
    SL_AT_CLEAR,  /* delete of a list's rows */
    SL_AT_DROP,   /* delete of one */
    SL_AT_ITEM,   /* insert or update of a list's row */
    SL_AT_CALL,   /* of a procedure */
    SL_AT_SELECT,
    SL_AT_LIST, /* select with for= */
    SL_AT_END
  } at;
  size_t index;             /* of the generated value, table or select */
  size_t nth;               /* of a table's items, or of its rows that go */
  sl_table_state_t *tables; /* by plan->tables */
  sl_legacy_t *generated;   /* by op->change.generated */

  /* the put rule */
  bool basing;             /* the base is being read */
  const sl_record_t *base; /* the record as it is, in the answer of op->base; NULL: not known */
  sl_buf_t ours, theirs;   /* JSON that is compared */

  /* reading: op itself, or what base= or reread= names */
  const sl_op_t *reading;
  const sl_sql_plan_t *reading_plan;
  sl_legacy_t *key_values; /* reread: by the reading operation's params */
  sl_rows_t rows;
  sl_record_t *first, *last; /* records that wait for their lists */
  sl_arena_t *item_arena;    /* joined rows that stream: one record at a time */
  bool opened;               /* the JSON before the rows is written */

  unsigned limit; /* page: rows wanted */
  bool has_after, more;
  sl_legacy_t *after;    /* page: the cursor's key */
  sl_legacy_t *page_end; /* page: key of the last row given out */

  bool out_given; /* what comes back from the procedure is in the record */

  bool head, ended;
  int status;
  sl_problem_t *problem;
};

/* sql_rows.c */
sl_code_t sl_rows_begin(sl_sql_t *self, size_t select, sl_err_t *err);
sl_code_t sl_rows_columns(sl_sql_t *self, const sl_str_t *labels, size_t n, sl_err_t *err);
sl_code_t sl_rows_row(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err);
/* The main select is over: what is still held is written, unless lists are to come. */
sl_code_t sl_rows_end(sl_sql_t *self, sl_err_t *err);
/* All records that were held, and the JSON behind the rows. */
sl_code_t sl_rows_finish(sl_sql_t *self, sl_err_t *err);

/* sql_change.c */
sl_code_t sl_change_generated(sl_sql_t *self, sl_sql_statement_t *out, sl_err_t *err);
/* A new row of table. */
sl_code_t sl_change_insert(sl_sql_t *self, const sl_table_plan_t *table, const sl_record_t *record,
                           sl_sql_statement_t *out, sl_err_t *err);
/* Legacy spelling of a field of the request, or what was generated for it. */
sl_code_t sl_change_value(sl_sql_t *self, const sl_record_t *record, const sl_field_t *field,
                          sl_legacy_t *out, sl_err_t *err);
/* Values for the params of an operation that reads the record, into self->key_values; false when
 * one cannot be told. */
bool sl_change_key_values(sl_sql_t *self, const sl_op_t *reading, sl_err_t *err);
/* The field of op's request that a param of reading means; NULL: none. */
const sl_field_t *sl_change_meant(const sl_op_t *op, const sl_op_t *reading,
                                  const sl_param_t *param);

/* sql_update.c */
sl_code_t sl_update_record(sl_sql_t *self, sl_sql_statement_t *out, sl_verdict_t *verdict_p,
                           sl_err_t *err);
sl_code_t sl_update_row(sl_sql_t *self, const sl_table_plan_t *table, const sl_pair_t *pair,
                        sl_sql_statement_t *out, sl_verdict_t *verdict_p, sl_err_t *err);
/* SELECT of a list's rows as they are: the columns that sl_table_reads. */
sl_code_t sl_update_rows(sl_sql_t *self, const sl_table_plan_t *table, sl_sql_statement_t *out,
                         sl_err_t *err);
/* DELETE of one row, or (old NULL) of all rows of the record. */
sl_code_t sl_update_delete(sl_sql_t *self, const sl_table_plan_t *table, const sl_record_t *old,
                           sl_sql_statement_t *out, sl_err_t *err);

/* sql_base.c. base: a record that holds what is there, old: its field for the same column. */
/* Did the consumer send what it reads as, letter by letter? A mask of it, too. */
bool sl_base_says_same(sl_sql_t *self, const sl_field_t *field, const sl_record_t *record,
                       const sl_field_t *old, const sl_record_t *base);
/* Is value, which would be written, the same, or another spelling of the same? */
bool sl_base_means_same(sl_sql_t *self, const sl_field_t *field, sl_legacy_t value,
                        const sl_field_t *old, const sl_record_t *base);
/* Takes the base's value for a field that the consumer left out; false: it has none. */
bool sl_base_fill(sl_sql_t *self, const sl_record_t *record, const sl_field_t *field,
                  const sl_record_t *base);

/* sql_align.c */
bool sl_table_identifies(const sl_table_plan_t *table, const sl_column_plan_t *column);
/* One line of the record itself, whatever kind it is of? */
bool sl_column_is_plain(const sl_column_plan_t *column);
/* Can it be compared with what is there? */
bool sl_table_reads(const sl_table_plan_t *table, size_t i);
/* Does this call write the list's rows? In a PATCH only if it was sent. */
bool sl_table_written(const sl_sql_t *self, const sl_table_plan_t *table);
/* Have its rows to be selected first? */
bool sl_align_reads(const sl_sql_t *self, const sl_table_plan_t *table);
sl_code_t sl_align_row(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err);
/* All that is there is known: which item is which row. SL_INVALID when one comes twice. */
sl_code_t sl_align(sl_sql_t *self, sl_err_t *err);
/* Will any row of a list change? */
sl_code_t sl_align_changes(sl_sql_t *self, bool *changes_p, sl_err_t *err);

/* sql_call.c */
sl_code_t sl_call_statement(sl_sql_t *self, sl_sql_statement_t *out, sl_err_t *err);
/* The values of the params that come back, in their order. */
sl_code_t sl_call_out(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err);
sl_code_t sl_call_complete(const sl_sql_t *self, sl_err_t *err);

/* sql_page.c */
sl_code_t sl_page_read(sl_sql_t *self, sl_err_t *err); /* limit= and cursor= */
sl_str_t sl_page_cursor(sl_sql_t *self);               /* of the next page; .p NULL: arena full */
sl_str_t sl_page_link(sl_sql_t *self);                 /* value of the Link header */
sl_str_t sl_page_location(sl_sql_t *self); /* of what was created; .p NULL: not to be told */

/* sql_run.c */
void sl_sql_param(sl_sql_param_t *out, sl_legacy_t value, const sl_field_t *field);

#endif
