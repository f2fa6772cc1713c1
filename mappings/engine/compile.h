/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * compile: what the compile*.c files share while they turn a mapping file into plans. Frames are
 * built as linked trees (sl_bx_t, sl_bj_t), so that members can come in any order, and then laid
 * flat. After an error compiling goes on, to find all of them; the mapping is then thrown away.
 *
 * Everything lives in the mapping's arena. Without memory `b->failed` is set; builders then
 * return NULL and callers step over it.
 */
#ifndef SL_ENGINE_COMPILE_H
#define SL_ENGINE_COMPILE_H

#include "core/diag.h"
#include "mappings/contract/openapi.h"
#include "mappings/engine/codec.h"
#include "mappings/engine/plan.h"
#include "mappings/engine/xdoc.h"

/* A <type> or <code-table>. */
typedef struct sl_btype {
  const char *name;
  const sl_xel_t *el;
  bool used, checked;
  bool broken; /* a mistake was told at its declaration: none is told of its uses */
} sl_btype_t;

/* A file that is part of the mapping. Within the build, a line says which file it is in:
 * number << SL_FILE_SHIFT | line; 0 is the mapping's own. So positions stay two numbers wherever
 * they go, and messages find the file. Plans have plain lines: sl_bf_finish. */
enum { SL_FILE_SHIFT = 24, SL_MAX_FILES = 100 };

typedef struct sl_bdoc {
  sl_xdoc_t *doc; /* owned by who loads */
  const char *file;
  const char *real; /* its path without links: the same file is taken once */
} sl_bdoc_t;

typedef struct sl_bshape {
  const char *name;
  const sl_xel_t *el;
  const sl_xelem_t *elem; /* where an operation first used it; NULL: nowhere yet */
  const sl_xtype_t *type;
  const sl_jschema_t *schema; /* REST: what stands there */
  bool used, compiled;
  bool open; /* being expanded: using it again is a cycle */
} sl_bshape_t;

typedef struct sl_build {
  sl_mapping_t *m;
  sl_arena_t *arena;
  sl_diags_t *diags;
  const char *file; /* the mapping's own */
  sl_bdoc_t *docs;  /* the mapping's own, then imported ones */
  size_t n_docs;
  const sl_xel_t *root, *system;
  sl_btype_t *types;
  size_t n_types;
  sl_bshape_t *shapes;
  size_t n_shapes;
  sl_nulls_t nulls;
  size_t codecs_cap;
  const sl_xel_t *nameless_type, *nameless_shape; /* whose names are missing: the first unknown
                                                     names are taken for theirs */
  int guess_line, guess_col, guess_end;           /* the value last guessed: see sl_b_near */
  const sl_xel_t *bad_zip;  /* the zip whose list is misspelt: its shape may be looked at again */
  size_t max_file;          /* sl_load_opts_t */
  size_t told;              /* errors, with those that were told of the same place before */
  bool no_zone, no_charset; /* the system's are none: told */
  bool taken;               /* the line at hand claims what another has: told */
  bool failed;
  bool lossy; /* sl_load_opts_t: codecs take every loss, and what finds losses stays silent */
} sl_build_t;

/* --- frames under construction
 * --------------------------------------------------------------------- */

typedef struct sl_ba sl_ba_t;
typedef struct sl_bx sl_bx_t;
typedef struct sl_bj sl_bj_t;
typedef struct sl_bf sl_bf_t;
typedef struct sl_bc sl_bc_t;

struct sl_ba { /* an XML attribute */
  sl_ba_t *next;
  const char *name, *ns;
  const sl_xattr_t *decl; /* NULL without a contract */
  sl_field_t *field;
  sl_const_t *constant;
  sl_only_t only;
  bool ignored;
  int line;       /* of the <ignore> */
  uint16_t carry; /* as in sl_xattr_plan_t */
  bool kept;      /* written over a base: so is what is read-only */
};

struct sl_bx { /* an XML element */
  sl_bx_t *parent, *next, *first, *last;
  sl_ba_t *attrs;
  const char *name, *ns; /* ns NULL: any */
  const char *path;
  const sl_xchild_t *child; /* NULL: the root, or no contract */
  const sl_xelem_t *elem;
  const sl_xtype_t *type; /* NULL: no contract */
  sl_field_t *field;
  sl_const_t *constant;
  sl_list_t *list;
  sl_bf_t *item;         /* of list */
  const char *test, *is; /* a predicate's: [@n='color']; NULL: none */
  bool picked;           /* this, or what it is in, has a predicate */
  bool broken;           /* its predicate was refused */
  bool lost;             /* a line in it led nowhere: what it leaves open may be that line's */
  int line, col;         /* of the predicate's path, or of the <ignore> */
  bool ignored;
  uint16_t carry, rest, rest_attrs, place, hollow; /* as in sl_xnode_t */
  bool guarded;
  bool raw;     /* its XML is the value */
  bool kept;    /* written over a base: so is what is read-only */
  bool covered; /* a shape claims all of it: what nobody maps in it is an error in a PUT */
  bool wild;    /* what a wildcard of its parent's type lets in */
  bool any_ignored, any_attr_ignored, text_ignored; /* <ignore> of "*", "@*", "text()" in it */
  sl_only_t only;
  const sl_bc_t *by_type; /* its xsi:type decides this */
};

struct sl_bj { /* a JSON member */
  sl_bj_t *parent, *next, *first, *last;
  sl_jkind_t kind;
  const char *key;
  const char *pointer;
  sl_field_t *field;
  sl_const_t *constant;
  sl_list_t *list;
  sl_bf_t *item; /* of list */
  bool required;
  sl_access_t access;
  sl_bj_t *forgotten;         /* members that lines with mistakes went through */
  bool lost;                  /* as in sl_bx */
  const sl_jschema_t *schema; /* legacy side: what the contract says; NULL: nothing */
  bool covered;               /* legacy side: as in sl_bx */
  const sl_choice_t *names;   /* the choice whose kind it is */
  bool tells;                 /* being there, it tells a case */
  sl_only_t only;
  uint16_t carry, place; /* as in sl_jnode_t */
  bool kept;             /* written over a base: so is what is read-only */
};

/* A choice under construction. */
struct sl_bc {
  sl_choice_t *choice;
  const sl_xel_t *el;
  const sl_xel_t *const *case_els; /* by case */
  sl_bx_t *x;                      /* where it stands */
  const sl_xtype_t **types;        /* BY_TYPE: by case; NULL without a contract */
};

/* A numbered place of <slots>: like a list of one item, whose element has a name of its own. */
typedef struct sl_bplace {
  sl_list_t *list;
  const sl_bx_t *x; /* SOAP */
  const sl_bf_t *item;
} sl_bplace_t;

struct sl_bf { /* a frame */
  sl_build_t *b;
  sl_frame_t *frame;
  sl_bx_t *xml;
  sl_bj_t *json, *legacy_json;
  sl_field_t **fields;
  const sl_xel_t **els; /* of fields, for messages */
  sl_list_t **lists;
  const sl_xel_t **list_els;
  sl_bf_t **items; /* of lists; NULL for places: theirs is that of the slots */
  sl_bplace_t *places;
  sl_http_end_t *http, *rest;
  sl_column_plan_t *columns;
  const sl_xat_t **ignored; /* columns that an <ignore> names: its legacy= */
  size_t n_fields, n_lists, n_places, n_http, n_rest, n_columns,
      n_ignored;                /* caps follow from these: powers of two */
  bool request;                 /* it is written to the legacy system */
  struct sl_bcompute *computes; /* yet to be resolved */
  size_t n_computes;
  bool merge;         /* what the consumer leaves out stays as it is: no defaults */
  uint16_t n_carries; /* used so far */
  uint16_t place;     /* as in sl_frame_t */
  bool broken;        /* what it is made of is not known: nothing is asked of the whole */
  int depth;
  const sl_oop_t *oop;                      /* REST: what is called; NULL: no contract */
  const char *call_path;                    /* REST: as the mapping has it */
  const sl_jschema_t *const *other_answers; /* REST: bodies of other statuses */
  size_t n_other_answers;
  unsigned lost_params; /* REST: kinds (1 << sl_oin_t) of ends that named no parameter */
  sl_bc_t **choices;
  size_t n_choices;
  sl_only_t only;     /* the case being compiled: what is made now belongs to it */
  sl_only_t x_only;   /* the same for elements and attributes: a code does not tell them apart */
  const char *object; /* legacy path of the objects being compiled, as in sl_field_t; "" if none */
  const sl_bx_t *x_element; /* the element that tells the case being compiled */
};

/* "ADDR{1..5}/TEXT", taken apart. */
typedef struct sl_places {
  const char *before, *after; /* "ADDR", "" */
  const char *rest;           /* XML and JSON: within the place: "/TEXT"; "" if none */
  unsigned from, n;
  int width; /* of the number, with zeros: {01..12} */
} sl_places_t;

/* Where members stand: a point in a frame's trees. */
typedef struct sl_at {
  sl_bf_t *f;
  sl_bx_t *x;
  sl_bj_t *j, *lj;
  sl_access_t access;
  const sl_table_t *table;   /* ODBC with a catalogue */
  const char *json_base;     /* of pointers in messages: the list that this item is in */
  const sl_places_t *places; /* ODBC: members are numbered columns */
} sl_at_t;

/* A <compute>, until all members are known that it may be made of. */
typedef struct sl_bcompute {
  sl_at_t at;
  const sl_xel_t *el;
  sl_field_t *field;
  sl_only_t only, x_only; /* of the frame, where it stands */
  const sl_bx_t *x_element;
  const char *object;
} sl_bcompute_t;

/* --- compile.c
 * -------------------------------------------------------------------------------------- */

void sl_b_error(sl_build_t *b, const char *code, int line, int col, const char *fix,
                const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void sl_b_warn(sl_build_t *b, const char *code, int line, int col, const char *fix, const char *fmt,
               ...) __attribute__((format(printf, 6, 7)));
void *sl_b_alloc(sl_build_t *b, size_t size); /* zeroed */
const char *sl_b_dup(sl_build_t *b, const char *p, size_t len);
const char *sl_b_printf(sl_build_t *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* v with room for one more after n elements of size bytes. */
void *sl_b_grow(sl_build_t *b, void *v, size_t n, size_t size);
/* "did you mean X?" or "one of: …"; NULL when there are no words. */
const char *sl_b_advice(sl_build_t *b, const char *word, const char *const *words, size_t n);
/* The word that was meant by the value of at, or a part of it: to go on with, after its error. What
 * is found wrong with that value from then on is not told: it would follow from the guess. NULL:
 * none is near. */
const char *sl_b_near(sl_build_t *b, const sl_xat_t *at, const char *word, const char *const *words,
                      size_t n);
void sl_b_guess(sl_build_t *b, const sl_xat_t *at);
/* Is the place within the value that was guessed last? */
bool sl_b_guessed(const sl_build_t *b, int line, int col);
/* Is f, or are its items, made of something that is not known after a mistake? */
bool sl_bf_broken(const sl_bf_t *f);
/* Has one of the n operations lost its name? It may be the one that another names. */
bool sl_b_nameless(const sl_op_t *ops, size_t n);
uint16_t sl_b_name(sl_build_t *b, sl_names_t *names, const char *name);

/* --- compile_compute.c
 * ------------------------------------------------------------------------------ */

/* A <compute>. What it is made of is looked up by sl_b_resolve. */
void sl_b_compute(sl_at_t at, const sl_xel_t *el);
/* All computes of f and of its items: once all lines are there, before anything is checked. What
 * they read and nobody maps becomes a field of its own. Calling it again does nothing. */
void sl_b_resolve(sl_bf_t *f);

/* --- compile_import.c
 * ------------------------------------------------------------------------------- */

/* The file and the line of a position in the build. */
const char *sl_b_file(const sl_build_t *b, int line);
static inline int sl_b_line(int line)
{
  return line & ((1 << SL_FILE_SHIFT) - 1);
}
/* "line 5", or "types.xml:5" where that is another file than from's. */
const char *sl_b_where(sl_build_t *b, int line, int from);
/* path relative to file, which is where it was named; malloced, NULL without memory. */
char *sl_b_beside(const char *file, const char *path);
/* Takes doc as one of the mapping's files; validated already. False: not taken. */
bool sl_b_take_doc(sl_build_t *b, sl_xdoc_t *doc, const char *file);
/* The <import>s of all files there are, and of those they bring. */
void sl_b_import(sl_build_t *b);
void sl_b_free_docs(sl_build_t *b);
/* Checks of a file of types on its own: do all its shapes' types and shapes exist? */
void sl_b_check_names(sl_build_t *b);

/* --- compile_default.c
 * ------------------------------------------------------------------------------ */

/* default= of el, whose codec field has by now: checked, and kept spelled as it is written. */
void sl_b_default(sl_at_t at, const sl_xel_t *el, sl_field_t *field);

/* --- compile_record.c
 * ------------------------------------------------------------------------------- */

/* A <record>. */
void sl_b_record(sl_at_t at, const sl_xel_t *el);

/* --- compile_types.c
 * -------------------------------------------------------------------------------- */

void sl_b_collect_types(sl_build_t *b);
void sl_b_nulls(const sl_xel_t *el, sl_nulls_t *out);
sl_access_t sl_b_access(const sl_xel_t *el);
bool sl_b_known_type(sl_build_t *b, const sl_xat_t *at); /* R104 if not */
unsigned sl_b_modulo(const sl_xel_t *el);                /* SL_MODULO_… */
/* Checks every declared type once, so that unused ones are known to be right too. */
void sl_b_check_types(sl_build_t *b);
/* The codec of a field: el carries type=, modulo= and null attributes (NULL: none); xtype and
 * column are what the contract says, either may be NULL. preset_kind when nobody says anything.
 * NULL after an error. */
const sl_codec_t *sl_b_codec(sl_build_t *b, const sl_xel_t *el, const sl_xtype_t *xtype,
                             const sl_column_t *column, sl_codec_kind_t preset_kind);
/* The same in two steps, for what has a word to say in between. */
bool sl_b_codec_spec(sl_build_t *b, const sl_xel_t *el, const sl_xtype_t *xtype,
                     const sl_column_t *column, sl_codec_kind_t preset_kind, sl_codec_spec_t *spec);
const sl_codec_t *sl_b_codec_make(sl_build_t *b, const sl_codec_spec_t *spec, const sl_xel_t *el);

/* A code table made of rows, for the kind of the choice el. */
const sl_codec_t *sl_b_rows_codec(sl_build_t *b, const sl_xel_t *el, const sl_code_row_t *rows,
                                  size_t n, const sl_column_t *column);

/* --- compile_tree.c
 * --------------------------------------------------------------------------------- */

sl_bf_t *sl_bf_new(sl_build_t *b, const char *name, bool request);
/* The element at path (child steps) from `from`, made when it is not there; *attr_p: the last
 * step's attribute, when it is one. at: the attribute to point at in messages. `repeats` allows
 * the last step to be a repeated element. NULL after an error. */
sl_bx_t *sl_bx_walk(sl_bf_t *f, sl_bx_t *from, const char *path, const sl_xat_t *at, bool repeats,
                    sl_ba_t **attr_p);
/* The node for pointer below from, made with its objects; an empty pointer is `from` itself. Only
 * its last member is new: NULL after an error (taken already). */
sl_bj_t *sl_bj_walk(sl_bf_t *f, sl_bj_t *from, const char *pointer, const sl_xat_t *at,
                    sl_jkind_t kind, sl_access_t access);
/* The member key (NULL: none) of `in` is not missing: a line with a mistake means it. */
void sl_bj_excuse(sl_build_t *b, sl_bj_t *in, const char *key);
sl_field_t *sl_bf_field(sl_bf_t *f, const sl_xel_t *el);
sl_list_t *sl_bf_list(sl_bf_t *f, const sl_xel_t *el, sl_bf_t *item);
void sl_bf_http(sl_bf_t *f, const char *name, const sl_field_t *field);

/* --- compile_wild.c: what a contract leaves open (xs:any, xs:anyAttribute, mixed content)
 * ------------------------------------------------------------------------------ */

/* Does the type of x let an element of this name in that it does not name itself? A name without a
 * namespace (ns NULL) has to be one that the contract declares. *child_p: what it then is, NULL:
 * anything. repeats: as for sl_bx_walk. */
bool sl_b_wild(sl_build_t *b, const sl_bx_t *x, const char *ns, const char *name, bool repeats,
               const sl_xchild_t **child_p);
/* Takes <ignore legacy="…"> that ends in a star, "@*" or "text()"; false: it is none of these. */
bool sl_b_ignore_open(sl_at_t at, const sl_xat_t *legacy);

/* --- compile_flat.c
 * --------------------------------------------------------------------------------- */

/* The finished frame; NULL without memory. */
const sl_frame_t *sl_bf_finish(sl_bf_t *f);

/* --- compile_field.c
 * -------------------------------------------------------------------------------- */

/* A <field>. */
void sl_b_field(sl_at_t at, const sl_xel_t *el);
/* P101, P102: is what el says to be personal data (pii=) in the URL? key: records are found by it.
 */
void sl_b_check_pii(sl_build_t *b, const sl_xel_t *el, const sl_xat_t *http, bool key);
/* The legacy end of a line: its codec and its place; el NULL: nothing is said. False after an
 * error. */
bool sl_b_legacy_end(sl_at_t at, const sl_xel_t *el, const sl_xat_t *path, sl_field_t *field);
/* json= and http= of a line, and its name in messages. */
void sl_b_consumer_ends(sl_at_t at, const sl_xel_t *el, sl_field_t *field);
/* A list whose items are plain values: one field, which is the item, at path within its element
 * ("." or "": all of it). */
void sl_b_scalar_items(sl_at_t at, const sl_xel_t *el, const char *path);
/* The field at a legacy path that only the engine reads (outcome, detail); shared with one that is
 * mapped. NULL after an error. */
sl_field_t *sl_b_probe(sl_at_t at, const sl_xat_t *path);
/* A constant of a case takes the place *at_p, beside the fields that other cases have there: what
 * is read in its case is no stranger. */
void sl_b_const_place(sl_at_t at, sl_field_t **at_p);
/* The line that writes a constant in a place where `only` would write, too; 0: none. */
int sl_b_const_line(const sl_const_t *constant, sl_only_t only);
/* The line that has something to say about a column which one with these would contradict; 0:
 * none. */
int sl_b_column_line(const sl_bf_t *f, const char *label, sl_access_t access, sl_only_t only);
/* R211: the place that path leads to belongs to another line. */
void sl_b_taken(sl_at_t at, const sl_xat_t *path, int line);
/* ODBC: the column called label where all that is there is of other cases than `only`, or a new
 * one. */
sl_column_plan_t *sl_b_column(sl_bf_t *f, const char *label, sl_only_t only);
/* The access of a line within something that has one of its own. */
sl_access_t sl_b_narrower(sl_access_t outer, sl_access_t own);

/* --- compile_rest.c: what an OpenAPI contract says; all do nothing without one
 * ------------------------------------------------------------------------------ */

/* The operation that op calls; NULL: no contract, or an error. */
const sl_oop_t *sl_b_oop(sl_build_t *b, const sl_op_t *op, const sl_xel_t *el);
/* What the roots of a request's and an answer's JSON are. */
void sl_b_oop_request(sl_bf_t *f, const sl_oop_t *oop);
void sl_b_oop_response(sl_bf_t *f, const sl_oop_t *oop);
/* R313, R321: statuses that the contract declares, and what the outcome makes of them. */
void sl_b_oop_statuses(sl_build_t *b, const sl_op_t *op, const sl_oop_t *oop, const sl_xel_t *el);
/* What the contract says about the member key of from, in *out (NULL: nothing); false after an
 * error. step: where it stands in at's text. */
bool sl_b_json_member(sl_bf_t *f, const sl_bj_t *from, const char *key, const char *step,
                      const sl_xat_t *at, const sl_jschema_t **out);
/* After an error of that: the member that was meant, or NULL. */
const char *sl_b_json_meant(sl_bf_t *f, sl_bj_t *from, const char *key, const sl_xat_t *at);
/* Codec and promises of a field at j; path NULL: it is an item. False after an error. */
bool sl_b_json_field(sl_build_t *b, const sl_xel_t *el, const sl_xat_t *path, const sl_bj_t *j,
                     sl_field_t *field);
/* Where the items of a list at j stand; false after an error. */
bool sl_b_json_list(sl_build_t *b, const sl_xat_t *path, const sl_bj_t *j, sl_bf_t *item,
                    sl_list_t *list);
/* Codec of a field at "path:…", "query:…" or "header:…" of the request; false after an error. */
bool sl_b_rest_end(sl_bf_t *f, const sl_xel_t *el, const sl_xat_t *path, sl_field_t *field);
/* As sl_b_codec, the contract being a schema (NULL: none). */
const sl_codec_t *sl_b_codec_json(sl_build_t *b, const sl_xel_t *el, const sl_jschema_t *schema);

/* --- compile_shape.c
 * -------------------------------------------------------------------------------- */

/* A line there could not be read: nothing that is missing there is told. */
void sl_b_lose(sl_at_t at);
sl_bshape_t *sl_b_shape(sl_build_t *b, const sl_xat_t *at);
/* The members of el (field, object, list, const, ignore), and of its shape=. */
void sl_b_members(sl_at_t at, const sl_xel_t *el);
/* The legacy path of what stands in legacy of the objects being compiled. */
const char *sl_b_object(const sl_bf_t *f, const char *legacy);
/* Shapes on their own. */
void sl_b_compile_shapes(sl_build_t *b);

/* --- compile_lists.c
 * -------------------------------------------------------------------------------- */

/* A new list for el (list, slots, zip, pairs) and the frame of its items; NULL after an error. */
sl_list_t *sl_b_list(sl_at_t at, const sl_xel_t *el, sl_list_form_t form, sl_bf_t **item_p);
/* The members of its items stand there, once json= is taken; .f NULL after an error. */
sl_at_t sl_b_list_json(sl_at_t at, const sl_xel_t *el, sl_list_t *list, sl_bf_t *item);
/* item is what stands at x. False without memory. */
bool sl_b_item_at(sl_build_t *b, sl_bf_t *item, const sl_bx_t *x);
/* legacy= of a list that is one repeated element or array. False after an error. */
bool sl_b_list_legacy(sl_at_t at, const sl_xat_t *legacy, sl_bf_t *item, sl_list_t *list, int line);
/* key= and what hangs on it, once the members are known. */
void sl_b_list_key(sl_at_t at, const sl_xel_t *el, sl_bf_t *item, sl_list_t *list);
/* The table that table= of el names; NULL: none, or no catalogue. */
const sl_table_t *sl_b_table(sl_build_t *b, const sl_xel_t *el);
const sl_notes_t *sl_b_notes(sl_build_t *b, const sl_xel_t *el);

void sl_b_slots(sl_at_t at, const sl_xel_t *el);
void sl_b_zip(sl_at_t at, const sl_xel_t *el);
void sl_b_pairs(sl_at_t at, const sl_xel_t *el);
/* The label of the nth numbered column: {n} in label is the number; without, label comes behind
 * the place's own name. */
const char *sl_b_place_label(sl_build_t *b, const sl_places_t *places, const char *label,
                             unsigned n);
/* --- compile_base.c
 * --------------------------------------------------------------------------------- */

/* Where a shape stands in a frame: what a write keeps of a base is looked for there. */
typedef struct sl_place {
  sl_bf_t *f;
  sl_bx_t *x;
  sl_bj_t *lj;
} sl_place_t;

/* write is written over what is read at base: both get the same carries for what neither maps.
 * Before the frames are finished, once. base and write may be the same place. */
void sl_b_pair(sl_place_t write, sl_place_t base);
/* The lines of f whose lists or masks ask for a base, which it does not have. */
void sl_b_no_base(sl_bf_t *f);

/* --- compile_choice.c
 * ------------------------------------------------------------------------------- */

/* A <choice>. */
void sl_b_choice(sl_at_t at, const sl_xel_t *el);
/* Are there no records in which both are? */
bool sl_only_apart(sl_only_t a, sl_only_t b);
bool sl_only_same(sl_only_t a, sl_only_t b);
/* Is what is there with `inner` always there with `outer`? */
bool sl_only_within(sl_only_t inner, sl_only_t outer);
/* Do these n hold, together, for every kind of record that `in` leaves open? */
bool sl_onlys_cover(const sl_only_t *v, size_t n, sl_only_t in);
/* When the fields and constants that share a place write to it; as many as fit into max. */
size_t sl_place_onlys(const sl_field_t *field, const sl_const_t *constant, sl_only_t *v,
                      size_t max);
/* Is it written in every kind of record that `in` leaves open? */
bool sl_place_always(const sl_field_t *field, const sl_const_t *constant, sl_only_t in);
/* The type that only's case of bc has; NULL: none. */
const sl_xtype_t *sl_bc_type(const sl_bc_t *bc, sl_only_t only);
/* The choices of f, with what is known only when all their lines are. */
void sl_b_finish_choices(sl_bf_t *f);

/* --- compile_picks.c
 * -------------------------------------------------------------------------------- */

/* XML predicates of the frame: how what is read finds its line. Once all members are known. */
void sl_b_picks(sl_bf_t *f);

/* --- compile_op.c
 * ----------------------------------------------------------------------------------- */

void sl_b_compile_ops(sl_build_t *b);

/* --- compile_example.c
 * ------------------------------------------------------------------------------ */

/* The examples, once operations and shapes are there. */
void sl_b_examples(sl_build_t *b);

/* --- compile_outcome.c
 * ------------------------------------------------------------------------------ */

void sl_b_outcomes(sl_build_t *b, sl_op_t *op, sl_at_t answer, const sl_xel_t *el);

/* --- compile_sql.c
 * ---------------------------------------------------------------------------------- */

/* params, page, select, insert, update of el into op; request holds the parameters' fields. */
void sl_b_sql(sl_build_t *b, sl_op_t *op, sl_at_t request, const sl_xel_t *el);
/* for= of selects, once the response is known. */
void sl_b_sql_lists(sl_build_t *b, sl_op_t *op, sl_bf_t *response, const sl_xel_t *el);
/* base= of el, once all n operations are there. */
void sl_b_sql_base(sl_build_t *b, const sl_op_t *ops, size_t n, sl_op_t *op, const sl_xel_t *el);
/* A new field of at.f for the param el, with its end in the message; the codec is left to the
 * caller. NULL without memory. */
sl_field_t *sl_b_param(sl_build_t *b, sl_at_t at, const sl_xel_t *el, sl_access_t access);

/* --- compile_call.c
 * --------------------------------------------------------------------------------- */

/* <call procedure=>, <result> and the modes of params: what is wrong about them. */
void sl_b_call(sl_build_t *b, sl_op_t *op, const sl_xel_t *el);
/* What comes back from the procedure: fields of the response, and the list of its rows. */
void sl_b_call_answer(sl_build_t *b, sl_op_t *op, sl_at_t response, const sl_xel_t *el);
/* The field of the response that an outcome of a database names: a param that comes back, or a
 * column of the record that is read. NULL after an error. */
sl_field_t *sl_b_sql_probe(sl_build_t *b, const sl_op_t *op, sl_at_t response,
                           const sl_xat_t *path);

#endif
